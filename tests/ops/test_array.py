"""Shapes: reshaping, joining, splitting, repeating, padding, diagonals, patterns; on tensors, strings and symbols."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from ops_checks import same

import kerasish.ops as ops
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.symbolic import KerasTensor
from kerasish.core.tensor import StringTensor

V = np.arange(5, dtype="float32")
M = np.arange(12, dtype="int32").reshape(3, 4)
T = np.arange(24, dtype="float32").reshape(2, 3, 4)

TABLE = [
    ("reshape", (T, (4, -1)), {}, lambda: T.reshape(4, -1)),
    ("reshape", (T, -1), {}, lambda: T.reshape(-1)),
    ("reshape", (T, np.array([6, 4])), {}, lambda: T.reshape(6, 4)),
    ("ravel", (T,), {}, lambda: T.ravel()),
    ("squeeze", (T[None, :, None],), {}, lambda: T),
    ("squeeze", (T[None, :, None],), {"axis": (0, -3)}, lambda: T),
    ("expand_dims", (T, 1), {}, lambda: T[:, None]),
    ("expand_dims", (T, (0, -1)), {}, lambda: T[None, ..., None]),
    ("transpose", (T,), {}, lambda: T.transpose()),
    ("transpose", (T, (1, -1, 0)), {}, lambda: T.transpose(1, 2, 0)),
    ("moveaxis", (T, 0, -1), {}, lambda: np.moveaxis(T, 0, -1)),
    ("moveaxis", (T, (0, 1), (-1, 0)), {}, lambda: np.moveaxis(T, (0, 1), (-1, 0))),
    ("swapaxes", (T, 0, -1), {}, lambda: T.swapaxes(0, -1)),
    ("flip", (T,), {}, lambda: np.flip(T)),
    ("flip", (T, (0, -1)), {}, lambda: np.flip(T, (0, -1))),
    ("fliplr", (M,), {}, lambda: np.fliplr(M)),
    ("flipud", (M,), {}, lambda: np.flipud(M)),
    ("roll", (M, 5), {}, lambda: np.roll(M, 5)),
    ("roll", (M, (1, -2)), {"axis": (0, 1)}, lambda: np.roll(M, (1, -2), (0, 1))),
    ("rot90", (M,), {}, lambda: np.rot90(M)),
    ("rot90", (T,), {"k": 2, "axes": (2, 1)}, lambda: np.rot90(T, 2, (2, 1))),
    ("broadcast_to", (V, (3, 5)), {}, lambda: np.broadcast_to(V, (3, 5))),
    ("concatenate", ([M, M.astype("float16")],), {"axis": -1}, lambda: np.concatenate([M, M], -1).astype("float16")),
    ("stack", ([M, M],), {"axis": -1}, lambda: np.stack([M, M], -1)),
    ("stack", (M,), {"axis": 1}, lambda: np.stack(list(M), 1)),
    ("append", (M, V), {}, lambda: np.append(M, V).astype("float32")),
    ("append", (M, M[:1]), {"axis": 0}, lambda: np.append(M, M[:1], 0)),
    ("hstack", ([M, M],), {}, lambda: np.hstack([M, M])),
    ("hstack", ([V, V],), {}, lambda: np.hstack([V, V])),
    ("vstack", ([V, V],), {}, lambda: np.vstack([V, V])),
    ("dstack", ([V, V],), {}, lambda: np.dstack([V, V])),
    ("dstack", ([M, M],), {}, lambda: np.dstack([M, M])),
    ("tile", (M, 2), {}, lambda: np.tile(M, 2)),
    ("tile", (M, (2, 1, 3)), {}, lambda: np.tile(M, (2, 1, 3))),
    ("repeat", (M, 2), {}, lambda: np.repeat(M, 2)),
    ("repeat", (M, [1, 0, 2]), {"axis": 0}, lambda: np.repeat(M, [1, 0, 2], 0)),
    ("repeat", (M, np.array([2])), {"axis": -1}, lambda: np.repeat(M, 2, -1)),
    ("diag", (M,), {"k": 1}, lambda: np.diag(M, 1)),
    ("diag", (V,), {"k": -2}, lambda: np.diag(V, -2)),
    ("diagflat", (M,), {"k": 1}, lambda: np.diagflat(M, 1)),
    ("diagonal", (T,), {"offset": 1, "axis1": 0, "axis2": 2}, lambda: np.diagonal(T, 1, 0, 2)),
    ("tril", (T,), {"k": -1}, lambda: np.tril(T, -1)),
    ("triu", (T,), {"k": 1}, lambda: np.triu(T, 1)),
    ("vander", (V,), {}, lambda: np.vander(V)),
    ("vander", (M[0],), {"N": 3, "increasing": True}, lambda: np.vander(M[0], 3, True)),
    ("vander", (V,), {"N": 0}, lambda: np.vander(V, 0)),
]


@pytest.mark.parametrize(("name", "args", "kwargs", "expected"), TABLE, ids=lambda v: v if isinstance(v, str) else "")
def test_shape_function_agrees_with_numpy(name, args, kwargs, expected):
    result = expected()
    same(getattr(ops, name)(*args, **kwargs), result, args[0].dtype.name if name == "vander" else None)


FAILURES = [
    (lambda: ops.reshape(T, 5), InvalidArgumentError, r"24 values.*requested shape \(5,\)"),
    (lambda: ops.reshape(T, "ab"), ValueError, "sequence of integers"),
    (lambda: ops.squeeze(T, 0), ValueError, "Cannot squeeze axis=0, because the dimension is not 1"),
    (lambda: ops.expand_dims(T, 5), ValueError, "axis 5 is out of bounds"),
    (lambda: ops.transpose(T, (0, 0, 1)), ValueError, "valid permutation"),
    (lambda: ops.broadcast_to(M, (3, 5)), InvalidArgumentError, r"Incompatible shapes: \[3,4\] vs. \[3,5\]"),
    (lambda: ops.concatenate([M, M[:1]], -1), InvalidArgumentError, r"shapes \[\[3,4\], \[1,4\]\]"),
    (lambda: ops.stack([M, V]), InvalidArgumentError, "Shapes of all inputs must match"),
    (lambda: ops.split(M, 2), InvalidArgumentError, "evenly divide"),
    (lambda: ops.split(M, [1, 9], 1), InvalidArgumentError, "Split size must be >= 0"),
    (lambda: ops.array_split(M, [1]), TypeError, "must be of type `int`"),
    (lambda: ops.unstack(M, 2), InvalidArgumentError, "Input shape axis 0 must equal 2"),
    (lambda: ops.rot90(V), ValueError, "at least 2 dimensions"),
    (lambda: ops.rot90(M, axes=(0, -2)), ValueError, "two different dimensions"),
    (lambda: ops.pad(M, 1, mode="mirror"), ValueError, "mode=mirror"),
    (lambda: ops.pad(M, 1, mode="reflect", constant_values=2), ValueError, "can only be provided when"),
    (lambda: ops.pad(M, [[1, 2, 3]]), ValueError, "does not fit"),
    (lambda: ops.pad(M, -1), ValueError, "must not be negative"),
    (lambda: ops.pad(M, 1, constant_values=1.5), TypeError, "Cannot pad"),
    (lambda: ops.meshgrid(V, V, indexing="foo"), ValueError, "either 'xy' or 'ij'"),
    (lambda: ops.diag(T), ValueError, "1d or 2d"),
    (lambda: ops.vander(M), ValueError, "1-dimensional"),
    (lambda: ops.vander(V, N=-1), ValueError, "non-negative"),
]


@pytest.mark.parametrize(("call", "error", "words"), FAILURES)
def test_bad_shapes_fail_with_words(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_splits_are_lists():
    for parts, expected in (
        (ops.split(T, 2, axis=-1), np.split(T, 2, -1)),
        (ops.split(T, [1, 3], axis=2), np.split(T, [1, 3], 2)),
        (ops.array_split(T, 3, axis=2), np.array_split(T, 3, 2)),
        (ops.hsplit(M, 2), np.hsplit(M, 2)),
        (ops.hsplit(V, [2]), np.hsplit(V, [2])),
        (ops.vsplit(M, 3), np.vsplit(M, 3)),
        (ops.dsplit(T, 2), np.dsplit(T, 2)),
        (ops.unstack(M, axis=-1), list(M.T)),
        (ops.meshgrid(V, M[0]), np.meshgrid(V, M[0])),
        (ops.meshgrid(V, V[:2], V[:3], indexing="ij"), np.meshgrid(V, V[:2], V[:3], indexing="ij")),
    ):
        assert type(parts) is list
        assert len(parts) == len(expected)
        for part, array in zip(parts, expected, strict=True):
            same(part, array)


@given(
    hnp.array_shapes(min_dims=1, max_dims=3, min_side=2, max_side=5),
    st.sampled_from(["constant", "reflect", "symmetric", "edge", "wrap"]),
    st.data(),
)
def test_padding_agrees_with_numpy(shape, mode, data):
    x = np.arange(np.prod(shape), dtype="float32").reshape(shape)
    widths = [(data.draw(st.integers(0, 7)), data.draw(st.integers(0, 7))) for _ in shape]
    same(ops.pad(x, widths, mode=mode), np.pad(x, widths, mode=mode))


def test_padding_widths_broadcast():
    same(ops.pad(M, 1), np.pad(M, 1))
    same(ops.pad(M, (1, 2)), np.pad(M, (1, 2)))
    same(ops.pad(M, ((1, 0), (0, 2)), constant_values=7), np.pad(M, ((1, 0), (0, 2)), constant_values=7))
    same(ops.pad(V, 1, constant_values=np.float32(2.5)), np.pad(V, 1, constant_values=2.5))
    same(ops.pad(np.array([True]), 1, mode="CONSTANT"), np.array([False, True, False]))


def test_extract_sequences():
    same(ops.extract_sequences(M, 3, 1), np.lib.stride_tricks.sliding_window_view(M, 3, -1))
    assert ops.extract_sequences(M, 5, 1).shape == (3, 0, 5)


# patterns -------------------------------------------------------------------------------------------------------------


def test_rearrange():
    x = np.arange(2 * 3 * 4 * 6).reshape(2, 3, 4, 6)
    same(ops.rearrange(x, "b c h w -> b h w c"), x.transpose(0, 2, 3, 1))
    same(ops.rearrange(x, "b c h w -> b (c h w)"), x.reshape(2, -1))
    same(ops.rearrange(x, "b c (h p) (w q) -> b (h w) (p q c)", p=2, q=3),
         x.reshape(2, 3, 2, 2, 2, 3).transpose(0, 2, 4, 3, 5, 1).reshape(2, 4, 18))  # fmt: skip
    same(ops.rearrange(x, "b ... w -> w b ..."), np.moveaxis(x, -1, 0))
    same(ops.rearrange(x, "b c h w -> b 1 c (h w)"), x.reshape(2, 1, 3, 24))
    same(ops.rearrange(x[:, :1], "b 1 h w -> b h w"), x[:, 0])


@pytest.mark.parametrize(
    ("pattern", "lengths", "words"),
    [
        ("a b -> a", {}, "names other axes"),
        ("a b c -> a b c", {}, "does not fit a tensor of 2 dimensions"),
        ("(a b) c -> a b c", {}, "Pass the lengths"),
        ("(a b) c -> a b c", {"a": 2}, "does not fit"),
        ("a b", {}, "must have one '->'"),
        ("(a b -> a b", {}, "open"),
        ("a) b -> a b", {}, "do not match"),
        ("a a -> a", {}, "twice"),
        ("a ? -> a ?", {}, "unknown character"),
    ],
)
def test_bad_patterns_fail(pattern, lengths, words):
    with pytest.raises(ValueError, match=words):
        ops.rearrange(M, pattern, **lengths)


# strings --------------------------------------------------------------------------------------------------------------


def test_strings_have_shapes_too():
    words = np.array([["a", "b"], ["c", "d"]])
    for result, expected in (
        (ops.reshape(words, (4,)), [b"a", b"b", b"c", b"d"]),
        (ops.ravel(words), [b"a", b"b", b"c", b"d"]),
        (ops.transpose(words), [[b"a", b"c"], [b"b", b"d"]]),
        (ops.expand_dims(words, 0), [[[b"a", b"b"], [b"c", b"d"]]]),
        (ops.squeeze(words[:, :1], -1), [b"a", b"c"]),
        (ops.concatenate([words, words[:1]], axis=0), [[b"a", b"b"], [b"c", b"d"], [b"a", b"b"]]),
        (ops.stack(["x", "y"]), [b"x", b"y"]),
        (ops.tile(["x"], 2), [b"x", b"x"]),
        (ops.broadcast_to(["x"], (2, 1)), [[b"x"], [b"x"]]),
        (ops.split(words, 2)[1], [[b"c", b"d"]]),
        (ops.take(words, [1, -1], axis=1), [[b"b", b"b"], [b"d", b"d"]]),
        (ops.take(words, 2), b"c"),
        (ops.where([True, False], ["x", "y"], "z"), [b"x", b"z"]),
    ):
        assert isinstance(result, StringTensor)
        assert np.array_equal(result.numpy(), np.array(expected, dtype=object))


# symbols --------------------------------------------------------------------------------------------------------------

N = None


def K(*shape, dtype="float32"):  # noqa: N802 - short in a long table
    return KerasTensor(shape, dtype)


SYMBOLIC = [
    (lambda: ops.reshape(K(N, 4), (-1, 2, 2)), (N, 2, 2), "float32"),
    (lambda: ops.reshape(K(N, 4), (2, -1)), (2, N), "float32"),
    (lambda: ops.reshape(K(N, 4), (N, 2, 2)), (N, 2, 2), "float32"),
    (lambda: ops.squeeze(K(N, 1, 3)), (N, 3), "float32"),
    (lambda: ops.expand_dims(K(N, 3), -1), (N, 3, 1), "float32"),
    (lambda: ops.transpose(K(N, 3, 4)), (4, 3, N), "float32"),
    (lambda: ops.moveaxis(K(N, 4, 5), -1, 1), (N, 5, 4), "float32"),
    (lambda: ops.concatenate([K(N, 3), K(N, 3, dtype="int32")], axis=-1), (N, 6), "float32"),
    (lambda: ops.concatenate([K(N, 3), K(N, 3)], axis=0), (N, 3), "float32"),
    (lambda: ops.stack([K(N, 3), K(N, 3)], axis=1), (N, 2, 3), "float32"),
    (lambda: ops.tile(K(N, 3), (1, 2)), (N, 6), "float32"),
    (lambda: ops.repeat(K(N, 3), [1, 2, 3], axis=1), (N, 6), "float32"),
    (lambda: ops.pad(K(N, 3), [[0, 0], [1, 1]], mode="reflect"), (N, 5), "float32"),
    (lambda: ops.split(K(N, 9), 3, axis=1)[2], (N, 3), "float32"),
    (lambda: ops.array_split(K(N, 9), 2, axis=1)[1], (N, 4), "float32"),
    (lambda: ops.unstack(K(N, 3), axis=1)[0], (N,), "float32"),
    (lambda: ops.add(K(N, 1), K(1, 4)), (N, 4), "float32"),
    (lambda: ops.multiply(K(N, dtype="int32"), 2.5), (N,), "float32"),
    (lambda: ops.add(1, K(N, dtype="bool")), (N,), "int32"),
    (lambda: ops.less(K(N, 3), 0), (N, 3), "bool"),
    (lambda: ops.clip(K(N, 4, dtype="int32"), 0, 1), (N, 4), "int32"),
    (lambda: ops.sum(K(N, 3, dtype="uint8"), axis=1, keepdims=True), (N, 1), "uint32"),
    (lambda: ops.mean(K(N, 3, dtype="int64")), (), "float32"),
    (lambda: ops.argmax(K(N, 9), axis=-1), (N,), "int32"),
    (lambda: ops.quantile(K(N, 4), [0.1, 0.5], axis=1), (2, N), "float32"),
    (lambda: ops.top_k(K(N, 9), 3).indices, (N, 3), "int32"),
    (lambda: ops.sort(K(N, 9)), (N, 9), "float32"),
    (lambda: ops.take(K(10, 3), K(N, 2, dtype="int32"), axis=0), (N, 2, 3), "float32"),
    (lambda: ops.where(K(N, 3, dtype="bool"), K(N, 3), 0), (N, 3), "float32"),
    (lambda: ops.scatter_update(K(10, 4), K(N, 1, dtype="int32"), K(N, 4)), (10, 4), "float32"),
    (lambda: ops.segment_sum(K(N, 4), K(N, dtype="int32"), num_segments=5), (5, 4), "float32"),
    (lambda: ops.get_item(K(N, 3, 4), (Ellipsis, slice(1, 3))), (N, 3, 2), "float32"),
    (lambda: K(N, 3, 4)[:, 0], (N, 4), "float32"),
    (lambda: ops.matmul(K(N, 2, 3), K(3, 5)), (N, 2, 5), "float32"),
    (lambda: ops.einsum("bij,bjk->bik", K(N, 2, 3), K(N, 3, 4)), (N, 2, 4), "float32"),
    (lambda: ops.tensordot(K(N, 3), K(3, 5), axes=1), (N, 5), "float32"),
    (lambda: ops.norm(K(N, 3), axis=-1), (N,), "float32"),
    (lambda: ops.svd(K(N, 3, 2))[1], (N, 2), "float32"),
    (lambda: ops.solve(K(N, 3, 3), K(N, 3, 1)), (N, 3, 1), "float32"),
    (lambda: ops.cast(K(N, 3), "int8"), (N, 3), "int8"),
    (lambda: ops.zeros_like(K(N, 3), dtype="int32"), (N, 3), "int32"),
    (lambda: ops.size(K(N, 3)), (), "int32"),
    (lambda: ops.rearrange(K(N, 4, 6), "b (h w) c -> b h (w c)", h=2), (N, 2, 12), "float32"),
    (lambda: ops.extract_sequences(K(N, 10), 4, 2), (N, 4, 4), "float32"),
    (lambda: ops.vectorized_map(lambda r: r * 2, K(N, 4)), (N, 4), "float32"),
    (lambda: ops.map(lambda r: ops.sum(r), K(N, 4)), (N,), "float32"),
    (lambda: ops.scan(lambda c, x: (c + x, c), K(3), K(4, 3))[1], (4, 3), "float32"),
    (lambda: ops.associative_scan(lambda a, b: a + b, K(4, 3)), (4, 3), "float32"),
    (lambda: ops.while_loop(lambda x: True, lambda x: x * 2, K(N, 3)), (N, 3), "float32"),
    (lambda: ops.fori_loop(0, 3, lambda i, v: v * 2, K(N, 3)), (N, 3), "float32"),
    (lambda: ops.cond(K(dtype="bool"), lambda: ops.zeros(2), lambda: ops.ones(2)), (2,), "float32"),
    (lambda: K(N, 3) @ K(3, 2), (N, 2), "float32"),
    (lambda: -(K(N, 3) ** 2) / 2, (N, 3), "float32"),
    (lambda: K(N, dtype="int32") & K(N, dtype="int32"), (N,), "bool"),
]


@pytest.mark.parametrize(("call", "shape", "dtype"), SYMBOLIC)
def test_symbolic_shapes(call, shape, dtype):
    result = call()
    assert isinstance(result, KerasTensor)
    assert tuple(result.shape) == shape
    assert result.dtype == dtype


@pytest.mark.parametrize(
    "call", [lambda x: ops.swapaxes(x, 0, 3), lambda x: ops.moveaxis(x, 3, 0), lambda x: ops.flip(x, 5)]
)
def test_axes_that_do_not_exist_raise_both_libraries_errors(call):
    for error in (ValueError, InvalidArgumentError):
        with pytest.raises(error, match="ut of (bounds|range)|Invalid reduction dimension"):
            call(ops.ones((2, 3)))


def test_meshgrid_keeps_the_dtypes():
    first, second = ops.meshgrid(ops.ones((2,), dtype="int32"), ops.convert_to_tensor([0.5, 1.5, 2.5]))
    assert (first.dtype, second.dtype) == ("int32", "float32")
    assert second.numpy().tolist() == [[0.5, 0.5], [1.5, 1.5], [2.5, 2.5]]
