"""Products, decompositions and solutions, against NumPy and by what defines them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ops_checks import same

import kerasish.ops as ops
from kerasish.core.autodiff import GradientTape
from kerasish.core.errors import InvalidArgumentError

RNG = np.random.default_rng(0)


def draw(*shape, dtype="float64"):
    return RNG.normal(size=shape).astype(dtype)


A = draw(2, 3, 3)
SPD = A @ A.swapaxes(-1, -2) + 3 * np.eye(3)

PRODUCTS = [
    ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 4)), ((2, 3), (3, 4)), ((5, 2, 3), (3, 4)), ((5, 1, 2, 3), (6, 3, 4)),
    ((3,), (5, 3, 4)), ((0, 3), (3, 4)), ((2, 0), (0, 4)),
]  # fmt: skip


@pytest.mark.parametrize(("first", "second"), PRODUCTS, ids=str)
def test_products_agree_with_numpy(first, second):
    x, y = draw(*first), draw(*second)
    same(ops.matmul(x, y), x @ y)
    same(ops.dot(x, y), np.dot(x, y))


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int16", "int32", "int64", "float16", "float32", "complex64"])
def test_products_keep_their_dtype(dtype):
    x = np.array([[1, 0], [1, 1]], dtype)
    for name in ("matmul", "dot", "inner"):
        same(getattr(ops, name)(x, x), getattr(np, name)(x, x))
    same(ops.tensordot(x, x, 1), (x @ x).astype(dtype))
    same(ops.outer(x, x), np.outer(x, x))
    same(ops.kron(x, x), np.kron(x, x))
    assert ops.einsum("ij,jk->ik", x, x).dtype == dtype


def test_int8_products_add_up_in_int32():
    x = np.full((2, 2), 100, "int8")
    same(ops.matmul(x, x), np.full((2, 2), 20000, "int32"))
    same(ops.einsum("ij,jk->ik", x, x), np.full((2, 2), 20000, "int32"))


def test_products_of_scalars():
    same(ops.dot(draw(2) * 0 + 1, 2.0), np.full(2, 2.0))
    with pytest.raises(InvalidArgumentError, match="ndims must be >= 1"):
        ops.matmul(A, 2.0)


def test_products_that_do_not_fit_fail():
    with pytest.raises(InvalidArgumentError, match=r"In\[0\]: \[3,4\], In\[1\]: \[3,4\]"):
        ops.matmul(np.ones((3, 4)), np.ones((3, 4)))


def test_other_products_agree_with_numpy():
    x, y = draw(2, 5, 3), draw(4, 3)
    same(ops.inner(x, y), np.inner(x, y))
    same(ops.outer(x, y), np.outer(x, y))
    same(ops.kron(y, y[:2]), np.kron(y, y[:2]))
    z = draw(2, 3) + 1j * draw(2, 3)
    same(ops.vdot(z, z + 1j), np.asarray(np.vdot(z, z + 1j)))
    for axes in (0, 1, [[1], [1]], ([0, 1], [0, 1]), [0, 0]):
        same(ops.tensordot(y[:3], y[:3], axes=axes), np.tensordot(y[:3], y[:3], axes=axes))


EINSUMS = [
    ("ij,jk", ((2, 3), (3, 4))), ("ij->", ((2, 3),)), ("ii", ((3, 3),)), ("ii->i", ((3, 3),)),
    ("i,j,k->ijk", ((2,), (3,), (4,))), ("...ij,...jk->...ik", ((5, 2, 3), (5, 3, 4))),
    ("bthd,bshd->bhts", ((2, 3, 4, 5), (2, 6, 4, 5))), ("abcd,cde->abe", ((2, 3, 4, 5), (4, 5, 6))),
]  # fmt: skip


@pytest.mark.parametrize(("subscripts", "shapes"), EINSUMS)
def test_einsum_agrees_with_numpy(subscripts, shapes):
    operands = [draw(*shape) for shape in shapes]
    same(ops.einsum(subscripts, *operands), np.asarray(np.einsum(subscripts, *operands)))
    whole = [(10 * operand).astype("int32") for operand in operands]
    same(ops.einsum(subscripts, *whole), np.asarray(np.einsum(subscripts, *whole)))


def test_einsum_promotes():
    assert ops.einsum("i,i", np.ones(2, "int32"), np.ones(2, "float16")).dtype == "float16"


@pytest.mark.parametrize(
    ("first", "second", "axes"),
    [((4, 3), (4, 3), {}), ((3,), (4, 3), {}), ((3, 4), (3, 4), {"axis": 0}), ((3, 4), (4, 3), {"axisa": 0, "axisc": 0}),
     ((2, 4, 3), (4, 3), {})],
)  # fmt: skip
def test_cross_agrees_with_numpy(first, second, axes):
    x, y = draw(*first), draw(*second)
    same(ops.cross(x, y, **axes), np.cross(x, y, **axes))


def test_cross_of_vectors_of_two():
    same(ops.cross([1, 2], [4, 5]), np.int32(-3))
    same(ops.cross([1, 2], [4, 5, 6]), np.array([12, -6, -3], "int32"))
    with pytest.raises(ValueError, match="2 or 3"):
        ops.cross(np.ones(4), np.ones(4))


def test_trace_sums_in_wide_integers():
    x = np.full((3, 3), 200, "uint8")
    same(ops.trace(x), np.uint32(600))
    same(ops.trace(A, offset=1, axis1=1, axis2=2), np.trace(A, 1, 1, 2))


def test_distances_and_correlations():
    x, y = draw(4, 3), draw(5, 3)
    same(ops.cdist(x, y), np.linalg.norm(x[:, None] - y, axis=-1))
    same(ops.cdist(x[:1].astype("float16"), x[:1].astype("float16")), np.zeros((1, 1), "float16"))
    same(ops.corrcoef(x), np.corrcoef(x))


@given(st.integers(1, 8), st.integers(1, 8), st.sampled_from(["full", "same", "valid"]))
def test_correlate_agrees_with_numpy(m, n, mode):
    x, y = draw(m), draw(n)
    same(ops.correlate(x, y, mode=mode), np.correlate(x, y, mode))


def test_correlate_dtypes_and_failures():
    assert ops.correlate(np.array([1, 2, 3]), np.array([0, 1])).dtype == "float64"
    assert ops.correlate([1, 2, 3], [0, 1]).dtype == "float32"
    with pytest.raises(ValueError, match="Mode must be one of"):
        ops.correlate([1.0], [1.0], mode="foo")
    with pytest.raises(ValueError, match="vectors"):
        ops.correlate(A, [1.0])


# norms ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("ord", [None, 0, 1, 2, 3, 2.5, -1, -2, np.inf, -np.inf])
def test_vector_norms_agree_with_numpy(ord, keepdims):
    same(ops.norm(A, ord=ord, axis=1, keepdims=keepdims), np.linalg.norm(A, ord, 1, keepdims))


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("ord", [None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf])
def test_matrix_norms_agree_with_numpy(ord, keepdims):
    same(ops.norm(A, ord=ord, axis=(0, 2), keepdims=keepdims), np.linalg.norm(A, ord, (0, 2), keepdims))
    same(ops.norm(A[0], ord=ord), np.asarray(np.linalg.norm(A[0], ord)))


def test_norm_of_everything_and_of_integers():
    same(ops.norm(A), np.asarray(np.linalg.norm(A)))
    same(ops.norm([3, 4]), np.float32(5))


@pytest.mark.parametrize(
    ("kwargs", "words"),
    [
        ({"ord": 3}, "Invalid `ord` argument for matrix norm. Received: ord=3"),
        ({"ord": "foo"}, "Invalid `ord` argument for matrix norm"),
        ({"ord": "fro", "axis": 1}, "Invalid `ord` argument for vector norm"),
    ],
)
def test_bad_norms_fail(kwargs, words):
    with pytest.raises(ValueError, match=words):
        ops.norm(A[0], **kwargs)
    with pytest.raises(ValueError, match="Invalid axis values"):
        ops.norm(A, axis=(0, 1, 2))


# matrices -------------------------------------------------------------------------------------------------------------


def test_determinants_agree_with_numpy():
    same(ops.det(A), np.linalg.det(A))
    sign, logarithm = ops.slogdet(A)
    same(sign, np.linalg.slogdet(A)[0])
    same(logarithm, np.linalg.slogdet(A)[1])
    same(ops.logdet(SPD), np.linalg.slogdet(SPD)[1])
    assert np.isnan(ops.logdet(np.diag([1.0, -1.0])).numpy())


def test_decompositions_multiply_back():
    x = draw(2, 4, 3)
    for mode in ("reduced", "complete"):
        q, r = ops.qr(x, mode=mode)
        same(ops.matmul(q, r), x)
        same(
            ops.matmul(ops.transpose(q, (0, 2, 1)), q),
            np.broadcast_to(np.eye(q.shape[-1]), q.shape[:1] + q.shape[-1:] * 2),
        )
    u, s, vh = ops.svd(x, full_matrices=False)
    same(ops.matmul(u * ops.expand_dims(s, 1), vh), x)
    assert ops.svd(x)[0].shape == (2, 4, 4)
    same(ops.svd(x, compute_uv=False), np.linalg.svd(x, compute_uv=False))
    values, vectors = ops.eigh(SPD)
    same(values, np.linalg.eigvalsh(SPD))
    same(ops.matmul(SPD, vectors), vectors.numpy() * values.numpy()[:, None])
    values, vectors = ops.eig(A)
    same(ops.matmul(A, vectors), vectors.numpy() * values.numpy()[:, None])
    lower = ops.cholesky(SPD)
    same(ops.matmul(lower, ops.transpose(lower, (0, 2, 1))), SPD)
    same(ops.cholesky(SPD, upper=True), lower.numpy().swapaxes(1, 2))
    same(ops.cholesky_inverse(lower), np.linalg.inv(SPD))


def test_lu_factors_multiply_back():
    x = draw(4, 4)
    factors, rows = ops.lu_factor(x)
    assert rows.dtype == "int32"
    lower = np.tril(factors.numpy(), -1) + np.eye(4)
    same(ops.matmul(lower, np.triu(factors.numpy())), x[rows.numpy()])


def test_solutions_solve():
    b, vector = draw(2, 3, 2), draw(2, 3)
    same(ops.solve(SPD, b), np.linalg.solve(SPD, b))
    same(ops.solve(SPD, vector), np.linalg.solve(SPD, vector[..., None])[..., 0])
    same(ops.inv(SPD), np.linalg.inv(SPD))
    same(ops.solve_triangular(np.triu(SPD), b), np.linalg.solve(np.triu(SPD), b))
    same(ops.solve_triangular(SPD, b, lower=True), np.linalg.solve(np.tril(SPD), b))
    for shape in ((4, 3), (3, 4)):
        a, right = draw(*shape), draw(shape[0], 2)
        same(ops.lstsq(a, right), np.linalg.lstsq(a, right, rcond=None)[0])
        same(ops.lstsq(a, right[:, 0], rcond=0.5), np.linalg.lstsq(a, right[:, 0], rcond=0.5)[0])
        same(ops.pinv(a), np.linalg.pinv(a))
        same(ops.pinv(a, rcond=0.4), np.linalg.pinv(a, rcond=0.4))
    same(ops.matrix_rank(np.arange(12.0).reshape(3, 4)), np.int32(2))
    same(ops.matrix_rank(np.diag([5.0, 1.0]), tol=2.0), np.int32(1))


@pytest.mark.parametrize("dtype", ["int32", "float16", "bfloat16"])
def test_integers_and_short_floats_are_computed_in_float32(dtype):
    x = ops.cast(np.array([[4, 1], [1, 3]]), dtype)
    expected = "float32" if dtype == "int32" else dtype
    for result in (
        ops.det(x),
        ops.inv(x),
        ops.cholesky(x),
        ops.solve(x, x),
        ops.qr(x)[0],
        ops.svd(x)[1],
        ops.eigh(x)[0],
    ):
        assert result.dtype == expected
    assert float(ops.det(x)) == pytest.approx(11, rel=1e-2)


@pytest.mark.parametrize("name", ["det", "inv", "cholesky", "slogdet", "eigh", "eig"])
def test_square_matrices_are_demanded(name):
    with pytest.raises(ValueError, match="Expected a square matrix"):
        getattr(ops, name)(np.ones((3, 4)))
    with pytest.raises(ValueError, match="rank >= 2"):
        getattr(ops, name)(np.ones(3))


def test_matrices_without_solution_fail():
    with pytest.raises(InvalidArgumentError):
        ops.inv(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="Cholesky decomposition failed"):
        ops.cholesky(-np.eye(2))
    with pytest.raises(ValueError, match="Incompatible shapes between `a` and `b`"):
        ops.solve(np.eye(2), np.ones((2, 2, 1)))
    with pytest.raises(ValueError, match="Incompatible shapes"):
        ops.solve(np.eye(2), np.ones(3))
    with pytest.raises(ValueError, match="mode=foo"):
        ops.qr(np.eye(2), mode="foo")


# derivatives ----------------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")  # from torch's own forward mode
def test_jvp():
    value, derivative = ops.jvp(lambda x: x * x, (ops.array(3.0),), (ops.array(1.0),))
    same(value, np.float32(9))
    same(derivative, np.float32(6))
    values, derivatives = ops.jvp(lambda a, b: (a * b, ops.exp(a)), (3.0, 2.0), (1.0, 0.0))
    same(values[0], np.float32(6))
    same(derivatives[0], np.float32(2))
    same(derivatives[1], np.float32(np.exp(3)))
    *_, aux = ops.jvp(lambda x: (x * x, {"x": x}), (ops.array(3.0),), (ops.array(1.0),), has_aux=True)
    same(aux["x"], np.float32(3))


def test_gradients_pass_through_solutions():
    x = ops.array(SPD[0])
    with GradientTape() as tape:
        tape.watch(x)
        y = ops.logdet(x)
    same(tape.gradient(y, x), np.linalg.inv(SPD[0]).T)


def test_matrices_with_nan_have_nan_for_singular_values():
    x = np.array([[[np.nan, 1.0], [1.0, 2.0]], [[3.0, 0.0], [0.0, 4.0]]], "float32")
    u, s, v = ops.svd(x)
    assert np.isnan(u[0]).all() and np.isnan(s[0]).all() and np.isnan(v[0]).all()
    np.testing.assert_allclose(s[1], [4.0, 3.0], rtol=1e-6)
    np.testing.assert_allclose(ops.svd(x, compute_uv=False)[1], [4.0, 3.0], rtol=1e-6)
    assert np.isnan(ops.pinv(x)[0]).all()
    np.testing.assert_allclose(ops.pinv(x)[1], [[1 / 3, 0], [0, 0.25]], rtol=1e-6)
    assert ops.matrix_rank(x).numpy().tolist() == [0, 2]
    for ord, expected in (("nuc", 7.0), (2, 4.0), (-2, 3.0)):
        norms = ops.norm(x, ord=ord, axis=(1, 2), keepdims=True).numpy()
        assert norms.shape == (2, 1, 1) and np.isnan(norms[0, 0, 0])
        np.testing.assert_allclose(norms[1, 0, 0], expected, rtol=1e-6)


@pytest.mark.parametrize("shape", [(4, 3), (3, 4), (2, 4, 3), (5, 2)])
def test_full_matrices_of_svd_have_the_gradient_of_what_they_add(shape):
    x = RNG.normal(size=shape)
    rank = min(shape[-2:])

    def projections(x):  # unlike the vectors themselves, defined without a choice
        u, _, vh = ops.svd(x)
        added = (u[..., rank:], ops.swapaxes(vh, -1, -2)[..., rank:])
        return sum(
            ops.sum(ops.square(ops.matmul(part, ops.swapaxes(part, -1, -2))) * np.arange(1.0, part.shape[-2] + 1))
            for part in added
            if part.shape[-1]
        )

    tensor = ops.convert_to_tensor(x)
    with GradientTape() as tape:
        tape.watch(tensor)
        y = projections(tensor)
    found = tape.gradient(y, tensor).numpy()
    step = RNG.normal(size=shape) * 1e-6
    difference = (float(projections(x + step)) - float(projections(x - step))) / 2
    np.testing.assert_allclose((found * step).sum(), difference, rtol=1e-5)


def test_logdet_reads_the_lower_triangle_of_a_positive_definite_matrix():
    for x in ([[2.0, 5.0], [0.5, 3.0]], [[2.0, -1.0], [0.5, 3.0]]):
        same(ops.logdet(np.array(x)), np.log(2 * 3 - 0.25))
    for x in ([[-1.0, 0.0], [0.0, -2.0]], [[0.0, 1.0], [1.0, 0.0]]):
        assert np.isnan(ops.logdet(np.array(x)).numpy())
