"""Sorting, searching, counting and grouping, against NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from ops_checks import same

import kerasish.ops as ops
from kerasish.core.autodiff import GradientTape
from kerasish.core.errors import InvalidArgumentError

X = np.random.default_rng(0).integers(0, 5, (3, 6)).astype("float32")  # with equal elements


@pytest.mark.parametrize("dtype", ["float32", "float16", "int8", "int64", "uint8", "uint32", "bool"])
@pytest.mark.parametrize("axis", [0, -1, None])
def test_order_agrees_with_numpy(axis, dtype):
    x = X.astype(dtype)
    same(ops.sort(x, axis=axis), np.sort(x, axis=axis))
    same(ops.argsort(x, axis=axis), np.argsort(x, axis=axis, kind="stable").astype("int32"))


def test_nan_is_sorted_to_the_end():
    same(ops.sort(np.array([2, np.nan, 1])), np.array([1, 2, np.nan]))


def test_argpartition_puts_the_kth_in_place():
    order = ops.argpartition(X, 2, axis=1).numpy()
    values = np.take_along_axis(X, order, 1)
    assert (values[:, :2] <= values[:, 2:3]).all()
    assert (values[:, 3:] >= values[:, 2:3]).all()
    with pytest.raises(InvalidArgumentError):
        ops.argpartition(X, 6)


@given(hnp.arrays("int32", st.tuples(st.integers(1, 3), st.integers(1, 8)), elements=st.integers(0, 3)), st.data())
def test_top_k_takes_the_first_of_equals(x, data):
    k = data.draw(st.integers(0, x.shape[1]))
    order = np.argsort(-x, axis=1, kind="stable")[:, :k]
    values, indices = ops.top_k(x, k)
    same(values, np.take_along_axis(x, order, 1))
    same(indices, order.astype("int32"))


def test_top_k_of_floats():
    x = np.array([3.0, np.inf, -1.0, 3.0])
    result = ops.top_k(x, 3)
    same(result.values, np.array([np.inf, 3, 3]))
    same(result.indices, np.array([1, 0, 3], "int32"))
    assert int(ops.top_k(np.array([1.0, np.nan, 2.0]), 1).indices[0]) == 1
    with pytest.raises(InvalidArgumentError, match="at least k columns"):
        ops.top_k(x, 5)


def test_top_k_has_gradients():
    x = ops.array([1.0, 3.0, 2.0])
    with GradientTape() as tape:
        tape.watch(x)
        y = ops.sum(ops.top_k(x, 2).values * ops.array([1.0, 10.0]))
    same(tape.gradient(y, x), np.array([0, 1, 10], "float32"))


def test_in_top_k_counts_ties_as_in():
    predictions = np.array([[0.1, 0.9, 0.2], [0.5, 0.5, 0.5], [0.3, 0.2, 0.1]], "float32")
    same(ops.in_top_k([1, 2, 2], predictions, 1), np.array([True, True, False]))
    same(ops.in_top_k([0, 7, -1], predictions, 3), np.array([True, False, False]))
    same(ops.in_top_k([1], np.array([[0.1, np.nan, 0.2]], "float32"), 2), np.array([False]))


@pytest.mark.parametrize("side", ["left", "right"])
def test_searchsorted_agrees_with_numpy(side):
    edges, values = np.array([1.0, 2, 2, 3]), np.array([[2.0, 5], [0, 2.5]])
    same(ops.searchsorted(edges, values, side=side), np.searchsorted(edges, values, side=side).astype("int32"))


def test_searchsorted_refuses_matrices_and_other_sides():
    with pytest.raises(ValueError, match="only supports 1-D sorted sequences"):
        ops.searchsorted([[1, 2]], [1])
    with pytest.raises(ValueError, match="either 'right' or 'left'"):
        ops.searchsorted([1, 2], [1], side="foo")


def test_digitize_agrees_with_numpy():
    x, bins = np.array([[0.0, 1.0], [1.5, 9.0]]), np.array([1.0, 2.0, 3.0])
    same(ops.digitize(x, bins), np.digitize(x, bins).astype("int32"))
    same(ops.digitize(np.array([0, 1, 2]), [1, 2]), np.array([0, 1, 2], "int32"))


def test_isin():
    same(ops.isin(X, [1, 2]), np.isin(X, [1, 2]))
    same(ops.isin(X, [1, 2], invert=True), np.isin(X, [1, 2], invert=True))
    same(ops.isin([True, False], [True]), np.array([True, False]))


def test_bincount():
    same(ops.bincount([1, 1, 3]), np.array([0, 2, 0, 1], "int32"))
    same(ops.bincount([1, 1, 3], minlength=6), np.array([0, 2, 0, 1, 0, 0], "int32"))
    same(ops.bincount([1, 1, 3], weights=[0.5, 1, 2]), np.array([0, 1.5, 0, 2], "float32"))
    same(ops.bincount([[1, 1, 3], [0, 0, 0]]), np.array([[0, 2, 0, 1], [3, 0, 0, 0]], "int32"))
    same(ops.bincount(np.zeros(0, "int32")), np.zeros(0, "int32"))
    with pytest.raises(InvalidArgumentError, match="non-negative"):
        ops.bincount([-1, 2])
    with pytest.raises(ValueError, match="vector or a matrix"):
        ops.bincount(np.zeros((1, 1, 1), "int32"))


@pytest.mark.parametrize(("bins", "limits"), [(10, None), (3, (0, 6)), (4, (1.5, 2.5))])
def test_histogram_agrees_with_numpy(bins, limits):
    x = np.random.default_rng(1).normal(2, 2, 50).astype("float32")
    counts, edges = ops.histogram(x, bins=bins, range=limits)
    expected_counts, expected_edges = np.histogram(x, bins=bins, range=limits)
    same(counts, expected_counts.astype("float32"))
    same(edges, expected_edges.astype("float32"))


def test_histogram_of_bad_arguments_fails():
    with pytest.raises(TypeError, match="must be of type `int`"):
        ops.histogram(X[0], bins=[0, 1])
    with pytest.raises(ValueError, match="non-negative"):
        ops.histogram(X[0], bins=-1)
    with pytest.raises(ValueError, match="1-dimensional"):
        ops.histogram(X)


@pytest.mark.parametrize("axis", [None, 0, 1])
@pytest.mark.parametrize("dtype", ["float32", "int64", "uint16"])
def test_unique_agrees_with_numpy(dtype, axis):
    x = np.array([[3, 1, 3, 1], [3, 1, 3, 0], [3, 1, 3, 1]], dtype)
    values, index, inverse, counts = ops.unique(
        x, return_index=True, return_inverse=True, return_counts=True, axis=axis
    )
    expected = np.unique(x, return_index=True, return_inverse=True, return_counts=True, axis=axis)
    same(values, expected[0])
    same(index, expected[1].astype("int32"))
    same(inverse, expected[2].reshape(inverse.shape).astype("int32"))
    same(counts, expected[3].astype("int32"))


def test_unique_in_order_of_appearance():
    values, index, inverse = ops.unique([3, 1, 3, 2], sorted=False, return_index=True, return_inverse=True)
    same(values, np.array([3, 1, 2], "int32"))
    same(index, np.array([0, 1, 3], "int32"))
    same(inverse, np.array([0, 1, 0, 2], "int32"))


def test_unique_of_a_given_size():
    same(ops.unique([3, 1, 3, 2], size=2), np.array([1, 2], "int32"))
    values, index, inverse, counts = ops.unique(
        [3, 1, 3, 2], size=5, fill_value=-1, return_index=True, return_inverse=True, return_counts=True
    )
    same(values, np.array([1, 2, 3, -1, -1], "int32"))
    same(index, np.array([1, 3, 0, 1, 1], "int32"))
    same(inverse, np.array([2, 0, 2, 1], "int32"))
    same(counts, np.array([1, 1, 2, 0, 0], "int32"))


def test_segments():
    ids = [0, 2, 0]
    same(ops.segment_sum(X, ids), np.stack([X[0] + X[2], np.zeros(6), X[1]]).astype("float32"))
    same(ops.segment_prod(X, ids, num_segments=3), np.stack([X[0] * X[2], np.ones(6), X[1]]).astype("float32"))
    same(
        ops.segment_max(np.arange(4, dtype="int32"), [0, 0, 2, 2], num_segments=4),
        np.array([1, -(2**31), 3, -(2**31)], "int32"),
    )
    same(ops.segment_max(np.arange(3, dtype="int32"), [0, 0, 2], sorted=True), np.array([1, 0, 2], "int32"))
    smallest = np.finfo("float32").max
    same(ops.segment_min(np.arange(4, dtype="float32"), [1, 1, 2, 2]), np.array([smallest, 0, 2], "float32"))
    same(ops.segment_sum([1.0, 2.0, 4.0], [0, -1, 5], num_segments=2), np.array([1, 0], "float32"))
    same(ops.segment_sum(np.zeros((0, 2), "float32"), np.zeros(0, "int32")), np.zeros((0, 2), "float32"))
    with pytest.raises(ValueError, match="1-D vector"):
        ops.segment_sum(X, [ids])
