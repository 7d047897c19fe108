"""Gather, scatter, slices and conditions, against NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ops_checks import same

import kerasish.ops as ops
from kerasish.core.autodiff import GradientTape
from kerasish.core.errors import InvalidArgumentError

X = np.arange(24, dtype="float32").reshape(2, 3, 4)
M = X[0]


@pytest.mark.parametrize("axis", [None, 0, 1, -1])
@pytest.mark.parametrize("indices", [0, [0, 1], [[-1, 0], [1, 1]], np.zeros((0,), "int64")], ids=str)
def test_take_agrees_with_numpy(indices, axis):
    same(ops.take(X, indices, axis=axis), np.take(X, indices, axis=axis))


@pytest.mark.parametrize(
    "call", [lambda: ops.take(X, [0, 5], axis=1), lambda: ops.take(X, -25), lambda: ops.take(X, [0.0])]
)
def test_take_of_a_bad_index_fails(call):
    with pytest.raises(InvalidArgumentError):
        call()


@given(st.integers(-3, 2), st.data())
def test_take_along_axis_agrees_with_numpy(axis, data):
    size = X.shape[axis]
    shape = list(X.shape)
    shape[axis] = data.draw(st.integers(1, 5))
    count = int(np.prod(shape))
    indices = np.array(data.draw(st.lists(st.integers(-size, size - 1), min_size=count, max_size=count)))
    indices = indices.reshape(shape)
    same(ops.take_along_axis(X, indices, axis=axis), np.take_along_axis(X, indices, axis))


def test_take_along_axis_broadcasts_and_flattens():
    same(ops.take_along_axis(M, np.array([[0, -1]]), axis=1), M[:, [0, -1]])
    same(ops.take_along_axis(M, np.array([0, 5])), np.array([0, 5], "float32"))
    with pytest.raises(InvalidArgumentError):
        ops.take_along_axis(M, np.array([[9], [0], [0]]), axis=1)


KEYS = [
    0, -1, slice(1, None), slice(None, None, -1), Ellipsis, None, (0, 1), (slice(None), 1), (Ellipsis, 0),
    (0, None, slice(0, 2)), np.array([1, 0]), [1, 1], (slice(None), np.array([0, 2])), X > 5,
]  # fmt: skip


@pytest.mark.parametrize("key", KEYS, ids=lambda key: repr(key)[:20])
def test_get_item_agrees_with_numpy(key):
    same(ops.get_item(X, key), X[key])


def test_get_item_outside_fails():
    with pytest.raises(InvalidArgumentError, match="out of bounds"):
        ops.get_item(X, 2)


def test_slices():
    same(ops.slice(M, (1, 1), (2, 2)), M[1:3, 1:3])
    same(ops.slice(M, [1, 1], [-1, 2]), M[1:, 1:3])
    same(ops.slice(M, ops.array([0, 1]), (1, 3)), M[:1, 1:])
    with pytest.raises(InvalidArgumentError, match=r"Expected size\[0\] in \[0, 2\], but got 5"):
        ops.slice(M, (1, 1), (5, 2))


def test_slice_update_keeps_the_dtype_and_moves_blocks_inside():
    expected = M.copy()
    expected[1:2, 1:3] = 0
    same(ops.slice_update(M, [1, 1], np.zeros((1, 2), "float64")), expected)
    expected = M.copy()
    expected[1:3, 2:4] = 0
    same(ops.slice_update(M, [2, 3], np.zeros((2, 2), "float32")), expected)
    assert M[1, 1] == 5  # the input is left alone


def test_scatter_adds():
    same(ops.scatter([[0], [2], [0]], [1.0, 2.0, 4.0], (4,)), np.array([5, 0, 2, 0], "float32"))
    same(ops.scatter([[0, 1], [2, 2]], [1, 2], (3, 3)), np.array([[0, 1, 0], [0, 0, 0], [0, 0, 2]], "int32"))
    same(ops.scatter([[0], [2]], np.ones((2, 3)), (3, 3)), np.array([[1.0] * 3, [0] * 3, [1] * 3]))
    with pytest.raises(InvalidArgumentError):
        ops.scatter([[7]], [1], (3,))


@pytest.mark.parametrize(
    ("reduction", "ufunc"), [("add", np.add), ("max", np.maximum), ("min", np.minimum), ("mul", np.multiply)]
)
def test_scatter_update_reduces(reduction, ufunc):
    indices = np.array([[0, 1], [2, 3], [0, 1], [-1, 0]])
    updates = np.array([3, -7, 5, 2], "float32")
    expected = M.copy()
    ufunc.at(expected, tuple(indices.T), updates)
    same(ops.scatter_update(M, indices, updates, reduction=reduction), expected)
    rows = np.array([[0], [2], [0]])
    updates = np.arange(12, dtype="float32").reshape(3, 4) - 5
    expected = M.copy()
    ufunc.at(expected, rows[:, 0], updates)
    same(ops.scatter_update(M, rows, updates, reduction=reduction), expected)


def test_scatter_update_replaces_in_the_inputs_dtype():
    expected = M.copy()
    expected[0, 1], expected[2, 3] = 100, 200
    same(ops.scatter_update(M, [[0, 1], [2, 3]], [100, 200]), expected)
    same(ops.scatter_update(M, [[0], [1]], np.zeros((2, 4))), np.concatenate([np.zeros((2, 4), "float32"), M[2:]]))
    with pytest.raises(ValueError, match="Invalid reduction: foo. Supported values are"):
        ops.scatter_update(M, [[0, 1]], [1.0], reduction="foo")
    with pytest.raises(InvalidArgumentError):
        ops.scatter_update(M, [[3, 0]], [1.0], reduction="max")


def test_unravel_index():
    rows, columns = ops.unravel_index(np.array([[5, 11], [-1, 0]]), (3, 4))
    same(rows, np.array([[1, 2], [2, 0]]))
    same(columns, np.array([[1, 3], [3, 0]]))
    assert ops.unravel_index(np.array([5], "int32"), (3, 4))[0].dtype == "int32"


def test_where_chooses():
    same(ops.where(M > 5, M, -M), np.where(M > 5, M, -M))
    same(ops.where([True, False], 1, 2.5), np.array([1, 2.5], "float32"))
    same(ops.where([True, False], 1, 2), np.array([1, 2], "int32"))
    same(ops.where([[1], [0]], [1.0, 2.0], 0), np.array([[1, 2], [0, 0]], "float32"))
    assert ops.where([True], np.ones(1, "float16"), 1.5).dtype == "float16"
    assert ops.where([True], np.ones(1, "int8"), 1.5).dtype == "float32"


def test_where_with_a_condition_alone_gives_indices():
    for function in (ops.where, ops.nonzero):
        rows, columns = function(M > 9)
        same(rows, np.array([2, 2], "int32"))
        same(columns, np.array([2, 3], "int32"))
    with pytest.raises(ValueError, match="either both should be `None`"):
        ops.where(M > 5, M)


def test_select_takes_the_first_condition_that_holds():
    same(ops.select([M > 3, M > 1], [M, 2 * M], default=-1), np.select([M > 3, M > 1], [M, 2 * M], -1))
    same(ops.select([M > 3], [M]), np.select([M > 3], [M]))
    with pytest.raises(ValueError, match="as many conditions"):
        ops.select([M > 3], [])


def test_gradients_reach_what_was_gathered():
    x = ops.array(M)
    with GradientTape() as tape:
        tape.watch(x)
        y = ops.sum(ops.take(x, [0, 0, -1], axis=0)) + ops.sum(ops.scatter_update(x, [[0], [1]], np.zeros((2, 4))))
    same(tape.gradient(y, x), np.array([[2.0] * 4, [0] * 4, [2] * 4], "float32"))


@pytest.mark.parametrize(
    ("indices", "updates"), [([[0, 0]], 1.0), ([[0]], [1.0]), ([[0]], [1.0, 2.0, 3.0]), ([[0, 1]], [1.0, 2.0])]
)
def test_updates_have_the_shape_of_what_they_replace(indices, updates):
    with pytest.raises(InvalidArgumentError, match="Updates of indices"):
        ops.scatter_update(np.zeros((2, 3)), indices, updates)


@pytest.mark.parametrize(("starts", "updates"), [([0], [[1.0]]), ([0, 0], [1.0]), ([0, 0, 0], [[1.0]])])
def test_slice_update_takes_a_start_for_each_axis(starts, updates):
    with pytest.raises(InvalidArgumentError, match="a start for each axis"):
        ops.slice_update(np.zeros((2, 3)), starts, updates)
