"""Branches, loops, scans, vectorization and gradients."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from ops_checks import same

import kerasish.ops as ops
from kerasish.core.autodiff import GradientTape
from kerasish.core.symbolic import KerasTensor
from kerasish.core.variable import Variable

X = np.arange(12, dtype="float32").reshape(3, 4)


# branches -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pred", [True, 1, np.bool_(True), np.array([True])])
def test_cond_runs_one_branch(pred):
    ran = []
    assert ops.cond(pred, lambda: ran.append("true") or 1, lambda: ran.append("false")) == 1
    assert ran == ["true"]
    assert ops.cond(ops.array(False), lambda: 1, lambda: 2) == 2


def test_cond_passes_gradients():
    v = Variable(3.0)
    with GradientTape() as tape:
        y = ops.cond(ops.array(True), lambda: v * v, lambda: v)
    same(tape.gradient(y, v), np.float32(6))


def test_symbolic_branches_must_agree():
    pred = KerasTensor((), "bool")
    with pytest.raises(ValueError, match="should return outputs of the same kind"):
        ops.cond(pred, lambda: ops.zeros(2), lambda: ops.zeros(3))
    with pytest.raises(ValueError, match="same kind"):
        ops.switch(KerasTensor((), "int32"), [lambda: ops.zeros(2), lambda: ops.zeros(2, "int32")])
    assert ops.switch(KerasTensor((), "int32"), [lambda x: x, lambda x: x + 1], KerasTensor((None, 2))).shape == (
        None,
        2,
    )


@pytest.mark.parametrize(("index", "expected"), [(0, 3), (1, 6), (9, 6), (-4, 3)])
def test_switch_takes_the_nearest_branch(index, expected):
    assert int(ops.switch(index, [lambda a: a, lambda a: a * 2], ops.array(3))) == expected


# loops ----------------------------------------------------------------------------------------------------------------


def test_while_loop():
    same(ops.while_loop(lambda i: i < 3, lambda i: i + 1, 0), np.int32(3))
    same(ops.while_loop(lambda i: i < 9, lambda i: i + 1, 0, maximum_iterations=2), np.int32(2))
    i, x = ops.while_loop(lambda i, x: i < 3, lambda i, x: [i + 1, x * 2.0], [0, ops.array([1.0, 2.0])])
    same(i, np.int32(3))
    same(x, np.array([8, 16], "float32"))
    same(ops.while_loop(lambda d: d["a"] < 3, lambda d: {"a": d["a"] + 1}, {"a": 0})["a"], np.int32(3))


def test_while_loop_demands_one_structure():
    with pytest.raises(ValueError, match="length"):
        ops.while_loop(lambda i, j: i < 3, lambda i, j: (i + 1,), (0, 1))


def test_fori_loop():
    same(ops.fori_loop(0, 4, lambda i, v: v + i, 0), np.int32(6))
    same(ops.fori_loop(2, 2, lambda i, v: v + i, 1.5), np.float32(1.5))


def test_loops_pass_gradients():
    v = Variable(2.0)
    with GradientTape() as tape:
        y = ops.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * v), (0, ops.array(1.0)))[1]
    same(tape.gradient(y, v), np.float32(12))


def test_scan():
    carry, ys = ops.scan(lambda c, x: (c + x, c * x), ops.array(1.0), ops.array([1.0, 2.0, 3.0]))
    same(carry, np.float32(7))
    same(ys, np.array([1, 4, 12], "float32"))
    carry, ys = ops.scan(lambda c, x: (c + x, c * x), 1.0, np.array([1, 2, 3], "float32"), reverse=True)
    same(carry, np.float32(7))
    same(ys, np.array([6, 8, 3], "float32"))


def test_scan_over_structures_and_over_nothing():
    carry, ys = ops.scan(lambda c, x: (c + x["a"], {"s": c}), ops.array(1.0), {"a": ops.array([1.0, 2.0])})
    same(carry, np.float32(4))
    same(ys["s"], np.array([1, 2], "float32"))
    carry, ys = ops.scan(lambda c, x: (c + 1, c), ops.array(0), length=3)
    same(ys, np.array([0, 1, 2], "int32"))
    same(ops.scan(lambda c, x: (c, None), ops.array(0), length=2)[1], np.zeros(2, "int32"))
    same(ops.scan(lambda c, x: (c, c), ops.array(0), length=0)[1], np.zeros(0, "int32"))
    carry, ys = ops.scan(lambda c, x: (c + x, None), ops.zeros(4), X)
    same(carry, X.sum(0))
    same(ys, np.zeros((3, 4), "float32"))


def test_scan_refuses_another_carry():
    with pytest.raises(ValueError, match="keep its structure"):
        ops.scan(lambda c, x: ((c, c), x), ops.zeros(4), X)
    with pytest.raises(ValueError, match="keep its shape"):
        ops.scan(lambda c, x: (ops.concatenate([c, x]), x), ops.zeros(4), X)


def test_scan_refuses_bad_arguments():
    with pytest.raises(TypeError, match="`f` should be a callable"):
        ops.scan(1, 0)
    with pytest.raises(ValueError, match="Got no `xs` to scan over and `length` not provided"):
        ops.scan(lambda c, x: (c, x), 0)
    with pytest.raises(ValueError, match="disagree"):
        ops.scan(lambda c, x: (c, x), 0, X, length=2)
    with pytest.raises(ValueError, match="unroll"):
        ops.scan(lambda c, x: (c, x), 0, X, unroll=0)
    with pytest.raises(ValueError, match="one length"):
        ops.scan(lambda c, x: (c, x), 0, (X, X[:2]))


@given(st.integers(1, 9), st.booleans())
def test_associative_scan_of_matrices_keeps_their_order(n, reverse):
    matrices = np.random.default_rng(n).integers(-2, 3, (n, 2, 2)).astype("float64")
    expected = [matrices[-1 if reverse else 0]]
    for matrix in matrices[-2::-1] if reverse else matrices[1:]:
        expected.append(expected[-1] @ matrix)
    same(ops.associative_scan(ops.matmul, matrices, reverse=reverse), np.array(expected[::-1] if reverse else expected))


def test_associative_scan_along_axes_and_over_structures():
    same(ops.associative_scan(lambda a, b: a + b, X, axis=1), np.cumsum(X, 1))
    same(ops.associative_scan(ops.maximum, X, axis=-2, reverse=True), np.maximum.accumulate(X[::-1])[::-1])
    a, b = np.array([1.0, 2, 3, 4, 5]), np.array([5.0, 4, 3, 2, 1])
    first, second = ops.associative_scan(lambda p, q: (p[0] * q[0], p[1] * q[0] + q[1]), (a, b), reverse=True)
    same(first, np.array([120.0, 120, 60, 20, 5]))
    same(second, np.array([51.0, 46, 21, 6, 1]))
    with pytest.raises(ValueError, match="same length along axis 0"):
        ops.associative_scan(lambda p, q: p, (X, X[:2]))


# vectorization --------------------------------------------------------------------------------------------------------


def test_map_over_structures():
    same(ops.map(lambda row: row * 2, X), X * 2)
    sums, rows = ops.map(lambda r: (r[0] + r[1], r[0]), (X, X))
    same(sums, X + X)
    same(rows, X)
    same(ops.map(lambda r: ops.sum(r["a"]), {"a": X}), X.sum(1))
    with pytest.raises(TypeError, match="callable"):
        ops.map(1, X)


def test_vectorized_map():
    same(ops.vectorized_map(ops.sum, X), X.sum(1))
    same(ops.vectorized_map(lambda r: r[0] * r[1] + 1, (X, X)), X * X + 1)
    same(
        ops.vectorized_map(lambda r: {"m": ops.matmul(r, r)}, np.stack([np.eye(2)] * 3))["m"], np.stack([np.eye(2)] * 3)
    )


def test_vectorized_map_of_a_function_that_depends_on_values():
    same(ops.vectorized_map(lambda r: ops.cond(r[0] > 3, lambda: r, lambda: -r), X), np.where(X[:, :1] > 3, X, -X))


def test_vectorized_map_passes_gradients():
    x = ops.array(X)
    with GradientTape() as tape:
        tape.watch(x)
        y = ops.vectorized_map(lambda r: ops.sum(r * r), x)
    same(tape.gradient(y, x), 2 * X)


def test_vectorize():
    def scaled_sum(row, factor):
        return ops.sum(row) * factor

    same(
        ops.vectorize(scaled_sum, signature="(n),()->()")(X, np.array([[1.0], [2.0]], "float32")),
        X.sum(1) * [[1], [2]],
        "float32",
    )
    same(ops.vectorize(lambda a, b: a + b)(X, X[0]), X + X[0])
    same(ops.vectorize(lambda a, b: a + b, excluded={1})(X, 2.0), X + 2)
    same(ops.vectorize(lambda a, shift: a + shift, excluded={"shift"})(X, shift=1.0), X + 1)
    with pytest.raises(ValueError, match="gufunc signature"):
        ops.vectorize(lambda a: a, signature="n->n")(X)
    with pytest.raises(TypeError, match="number of positional arguments"):
        ops.vectorize(lambda a: a, signature="(n),(n)->()")(X)
    with pytest.raises(ValueError, match="callable"):
        ops.vectorize(1)


def test_torch_tensors_stay_torch_tensors():
    x = torch.from_numpy(X.copy())
    assert type(ops.map(lambda r: r * 2, x)) is torch.Tensor
    assert type(ops.vectorized_map(lambda r: r * 2, x)) is torch.Tensor
    assert type(ops.associative_scan(lambda a, b: a + b, x)) is torch.Tensor
    assert type(ops.vectorize(lambda r: r * 2)(x)) is torch.Tensor


# gradients ------------------------------------------------------------------------------------------------------------


def test_stop_gradient():
    v = Variable(3.0)
    with GradientTape() as tape:
        y = v * ops.stop_gradient(v)
    same(tape.gradient(y, v), np.float32(3))


def test_custom_gradient():
    @ops.custom_gradient
    def log1pexp(x):
        e = ops.exp(x)

        def grad(*args, upstream=None):
            if upstream is None:
                (upstream,) = args
            return ops.multiply(upstream, 1.0 - 1.0 / (1.0 + e))

        return ops.log(1.0 + e), grad

    v = Variable(100.0)
    with GradientTape() as tape:
        y = log1pexp(v)
    same(tape.gradient(y, v), np.float32(1))


# symbolic use ---------------------------------------------------------------------------------------------------------


def test_constants_keep_their_values_in_symbolic_calls():
    x = KerasTensor((None, 4), "float32")
    assert ops.slice(x, ops.convert_to_tensor([1, 0]), (1, 2)).shape == (1, 2)
    assert ops.slice_update(x, ops.convert_to_tensor([1, 0]), ops.ones((1, 2))).shape == (None, 4)
    assert ops.roll(x, ops.convert_to_tensor(2), axis=1).shape == (None, 4)
    assert ops.fori_loop(ops.convert_to_tensor(1), ops.convert_to_tensor(3), lambda i, a: a * 2, x).shape == (None, 4)


def test_loop_bounds_may_be_symbolic():
    x = KerasTensor((None, 4), "float32")
    assert ops.fori_loop(0, KerasTensor((), "int32"), lambda i, a: a * 2, x).shape == (None, 4)


def test_sizes_that_are_asked_for_settle_unknown_ones():
    x = KerasTensor((None, 4), "float32")
    assert ops.reshape(x, (3, 2, 2)).shape == (3, 2, 2)
    assert ops.reshape(x, (5, -1)).shape == (5, None)
    assert [part.shape for part in ops.unstack(x, 3)] == [(4,)] * 3
    carry, ys = ops.scan(lambda c, row: (c + row, c), ops.zeros(4), x, length=3)
    assert (carry.shape, ys.shape) == ((4,), (3, 4))
    with pytest.raises(ValueError, match="do not fit"):
        ops.reshape(KerasTensor((3, 4), "float32"), (5, 2))


def test_conditions_must_be_scalars():
    with pytest.raises(ValueError, match="ambiguous"):
        ops.cond(ops.array([True, False]), lambda: 1, lambda: 2)
    with pytest.raises(ValueError, match="ambiguous"):
        ops.while_loop(lambda a: a < 5, lambda a: a + 1, ops.zeros(3))
    with pytest.raises(ValueError, match="at least one function"):
        ops.switch(0, [])


def test_map_refuses_what_has_no_slices():
    for xs in (ops.array(1.0), ops.zeros((0, 2)), ()):
        with pytest.raises(ValueError, match="slice"):
            ops.map(lambda a: a, xs)
    with pytest.raises(ValueError, match="one shape"):
        ops.map(lambda a: ops.arange(int(a)), ops.array([1, 2]))


def test_vectorized_map_repeats_single_slices_and_passes_none():
    out = ops.vectorized_map(lambda pair: pair[0] + pair[1], (ops.array(X), ops.array(X[:1])))
    same(out, X + X[:1])
    assert ops.vectorized_map(lambda a: None, ops.array(X)) is None


@pytest.mark.parametrize("n", range(1, 10))
def test_associative_scan_joins_pairs_first(n):
    joined = ops.associative_scan(lambda a, b: a - b, ops.arange(1.0, n + 1.0))
    expected = [1, -1, -4, 0, -5, 1, -6, 0, -9]  # of the tree of pairs, as Keras joins them
    same(joined, np.array(expected[:n], "float32"))
