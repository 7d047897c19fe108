"""Conditions on values that a layer of a functional model is yet to see."""

import collections

import numpy as np
import pytest

import kerasish as keras
from kerasish import tf


@pytest.mark.parametrize("default", [None, lambda: tf.constant([0.0])])
def test_a_case_in_a_layer_is_decided_when_it_runs(default):
    class Sign(keras.layers.Layer):
        def call(self, x):
            total = tf.reduce_sum(x)
            pairs = [(total > 3, lambda: x * 2), (total > 0, lambda: x)]
            return tf.case(pairs, default and (lambda: x + default()))

    inputs = keras.Input((1,))
    model = keras.Model(inputs, Sign()(inputs))
    assert model.output_shape == (None, 1)
    found = [model.predict(np.array([[value]]), verbose=0).item() for value in (4.0, 1.0)]
    assert found == [8, 1]
    if default is None:
        with pytest.raises(tf.errors.InvalidArgumentError, match="None of conditions"):
            model.predict(np.array([[-1.0]]), verbose=0)
    else:
        assert model.predict(np.array([[-1.0]]), verbose=0).item() == -1


def test_while_loop_hands_tensor_arrays_and_named_tuples_on():
    Parts = collections.namedtuple("Parts", "written total")

    def body(i, parts):
        return i + 1, Parts(parts.written.write(i, tf.cast(i, tf.float32) ** 2), parts.total + i)

    start = Parts(tf.TensorArray(tf.float32, size=0, dynamic_size=True), 0)
    last, parts = tf.while_loop(lambda i, _: i < 4, body, [0, start])
    assert parts.written.stack().numpy().tolist() == [0.0, 1.0, 4.0, 9.0]
    assert (int(last), int(parts.total)) == (4, 6)


@pytest.mark.parametrize("in_function", [False, True])
@pytest.mark.parametrize("given", [list, tuple])
@pytest.mark.parametrize("returned", [list, tuple])
def test_while_loop_gives_what_the_body_returns_and_in_functions_what_went_in(given, returned, in_function):
    def loop():
        return tf.while_loop(lambda i, s: i < 3, lambda i, s: returned((i + 1, s + i)), given((tf.constant(0), 0)))

    result = (tf.function(loop) if in_function else loop)()
    assert type(result) is (given if in_function else returned)
    assert [int(x) for x in result] == [3, 3]


def test_while_loop_in_a_function_keeps_a_list_of_one_and_lists_within():
    one = tf.function(lambda: tf.while_loop(lambda i: i < 3, lambda i: i + 1, [tf.constant(0)]))()
    assert isinstance(one, list) and int(one[0]) == 3
    inner = tf.function(lambda: tf.while_loop(lambda x: x[0] < 3, lambda x: ((x[0] + 1, x[1]),), [[0, 5]]))()
    assert isinstance(inner[0], list) and [int(x) for x in inner[0]] == [3, 5]


def test_elements_of_a_tensor_array_that_were_read_are_zeros_once_all_were_asked_for():
    array = tf.TensorArray(tf.float32, 2).write(0, [1.0]).write(1, [2.0])
    assert array.read(1).numpy().tolist() == [2.0]
    with pytest.raises(tf.errors.InvalidArgumentError, match="twice"):
        array.read(1)
    assert array.stack().numpy().tolist() == [[1.0], [0.0]]
    assert array.read(1).numpy().tolist() == [0.0]


def test_unstack_and_split_replace_all_elements_of_a_tensor_array():
    array = tf.TensorArray(tf.float32, 3)
    assert array.unstack([[1.0], [2.0]]).size() == 2
    with pytest.raises(ValueError, match="Cannot unstack 3 tensors"):
        array.unstack([1.0, 2.0, 3.0])
    assert array.split([1.0, 2.0, 3.0], [1, 2]).read(1).numpy().tolist() == [2.0, 3.0]
    with pytest.raises(tf.errors.InvalidArgumentError, match="sum of lengths is 2"):
        array.split([1.0, 2.0, 3.0], [1, 1])

    @tf.function
    def stacked(x):
        return tf.TensorArray(tf.float32, 3).unstack(x).stack()

    with pytest.raises(tf.errors.InvalidArgumentError, match="expected a list with 3 elements"):
        stacked(tf.constant([1.0, 2.0]))
