"""RaggedTensor: what it is made of, what it refuses, copies and gradients."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish import tf

LISTS = st.lists(st.lists(st.integers(-9, 9), max_size=4), min_size=1, max_size=5)


def ragged(rows):
    return tf.ragged.constant(rows, dtype=tf.int32)


@settings(deadline=None, max_examples=30)
@given(LISTS)
def test_lists_come_back(rows):
    assert ragged(rows).to_list() == rows


@settings(deadline=None, max_examples=30)
@given(LISTS, st.integers(-5, 5), st.integers(-5, 5), st.sampled_from([1, 2, -1, -2, None]))
def test_rows_are_sliced_as_python_slices_lists(rows, start, stop, step):
    key = slice(start, stop, step)
    assert ragged(rows)[:, key].to_list() == [row[key] for row in rows]
    assert ragged(rows)[key].to_list() == rows[key]


@settings(deadline=None, max_examples=30)
@given(LISTS)
def test_a_dense_tensor_and_lengths_give_the_rows_again(rows):
    r = ragged(rows)
    assert tf.RaggedTensor.from_tensor(r.to_tensor(), lengths=r.row_lengths()).to_list() == rows


@settings(deadline=None, max_examples=20)
@given(LISTS)
def test_sums_of_rows_are_those_of_lists(rows):
    assert tf.reduce_sum(ragged(rows), axis=1).numpy().tolist() == [sum(row) for row in rows]


def test_it_is_no_array_and_has_no_length():
    r = ragged([[1], [2, 3]])
    for use in (len, hash, bool):
        with pytest.raises(TypeError):
            use(r)
    with pytest.raises(ValueError, match="constructor is private"):
        tf.RaggedTensor(1, 2)


def test_copies_and_pickles_are_equal():
    r = ragged([[[1], []], [[2, 3]]])
    for other in (copy.copy(r), copy.deepcopy(r), pickle.loads(pickle.dumps(r))):
        assert other.to_list() == r.to_list() and other.shape == r.shape


def test_gradients_flow_through_the_values():
    x = tf.constant([1.0, 2.0, 3.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        r = tf.RaggedTensor.from_row_lengths(x, [2, 0, 1])
        y = tf.reduce_sum(tf.reduce_sum(r * r, axis=1) * [1.0, 5.0, 10.0])
    np.testing.assert_allclose(tape.gradient(y, x), [2.0, 4.0, 60.0])


def test_a_gradient_with_respect_to_rows_has_rows():
    r = tf.ragged.constant([[1.0], [2.0, 3.0]])
    with tf.GradientTape() as tape:
        tape.watch(r)
        y = tf.reduce_sum(r * r)
    assert tape.gradient(y, r).to_list() == [[2.0], [4.0, 6.0]]


@pytest.mark.parametrize(
    ("splits", "kind", "words"),
    [
        ([0, 2, 4], tf.errors.InvalidArgumentError, "do not form a valid RaggedTensor"),
        ([1, 3], tf.errors.InvalidArgumentError, "do not form a valid RaggedTensor"),
        ([0, 2, 1, 3], tf.errors.InvalidArgumentError, "x >= 0"),
        ([], ValueError, "may not be empty"),
        ([0.0, 3.0], ValueError, "int32 or int64"),
        ([[0, 3]], ValueError, "must have rank 1"),
    ],
)
def test_wrong_row_splits_are_refused(splits, kind, words):
    with pytest.raises(kind, match=words):
        tf.RaggedTensor.from_row_splits([1, 2, 3], splits)


def test_an_operation_for_dense_tensors_only_is_refused():
    with pytest.raises(ValueError, match="transpose.*RaggedTensor"):
        tf.transpose(ragged([[1], [2, 3]]))
