"""TensorFlow's operations that need values, in functional models: sizes that depend on values are unknown there."""

import numpy as np
import pytest

import kerasish as keras
from kerasish import tf

DATA = np.array([[1.0, 2, 3], [1, 1, 2]], "float32")
WRITTEN = [[b"1.000000", b"2.000000", b"3.000000"], [b"1.000000", b"1.000000", b"2.000000"]]

CASES = {
    "unique": (lambda x: tf.unique(tf.reshape(x, [-1])), [(None,), (None,)], [[1, 2, 3], [0, 1, 2, 0, 0, 1]]),
    "field": (lambda x: [tf.unique(tf.reshape(x, [-1])).y * 2], [(None,)], [[2, 4, 6]]),
    "counts": (
        lambda x: tf.unique_with_counts(tf.reshape(x, [-1])),
        [(None,)] * 3,
        [[1, 2, 3], [0, 1, 2, 0, 0, 1], [3, 2, 1]],
    ),
    "as_string": (lambda x: [tf.as_string(x)], [(None, 3)], [WRITTEN]),
    "format": (lambda x: [tf.strings.format("v={}", x)], [()], [b"v=[[1 2 3]\n [1 1 2]]"]),
    "to_number": (lambda x: [tf.strings.to_number(tf.as_string(x)) * 2], [(None, 3)], [(DATA * 2).tolist()]),
    "where": (lambda x: [tf.where(x > 1)], [(None, 2)], [[[0, 1], [0, 2], [1, 2]]]),
    "boolean_mask": (lambda x: [tf.boolean_mask(x, x > 1)], [(None,)], [[2, 3, 2]]),
    "rows": (lambda x: [tf.boolean_mask(x, x[:, 1] > 1)], [(None, 3)], [[[1, 2, 3]]]),
    "partition": (
        lambda x: tf.dynamic_partition(x, tf.cast(x[:, 1] > 1, "int32"), 2),
        [(None, 3)] * 2,
        [[[1, 1, 2]], [[1, 2, 3]]],
    ),
    "py_function": (
        lambda x: [tf.ensure_shape(tf.py_function(lambda a: a * 2, [x], tf.float32), [None, 3])],
        [(None, 3)],
        [(DATA * 2).tolist()],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_an_operation_that_needs_values_can_be_drawn(name):
    make, shapes, values = CASES[name]
    x = keras.Input((3,))
    drawn = make(x)
    assert [tuple(y.shape) for y in drawn] == shapes
    model = keras.Model(x, list(drawn))
    for results in (model(tf.constant(DATA)), model.predict(DATA, verbose=0)):
        assert [np.asarray(y).tolist() for y in keras.tree.flatten(results)] == values


def test_a_python_function_has_the_shape_that_the_program_says():
    x = keras.Input((3,))
    y = tf.numpy_function(lambda a: a * 2, [x], tf.float32)
    assert y.shape.rank is None
    y.set_shape((None, 3))
    np.testing.assert_array_equal(keras.Model(x, y).predict(DATA, verbose=0), DATA * 2)


def test_gradients_pass_a_python_function():
    x = keras.Input((3,))
    squared = tf.py_function(lambda a: a * a, [keras.layers.Dense(2, kernel_initializer="ones")(x)], tf.float32)
    model = keras.Model(x, tf.reduce_sum(tf.ensure_shape(squared, [None, 2]), axis=1))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model(DATA))
    np.testing.assert_allclose(tape.gradient(loss, model.layers[1].kernel), [[20, 20], [32, 32], [52, 52]])


def test_a_mask_of_another_shape_is_refused_while_the_model_is_drawn():
    x = keras.Input((3,))
    with pytest.raises(ValueError, match="incompatible"):
        tf.boolean_mask(x, tf.constant([[True, False]]))


def test_shapes_that_cannot_be_are_refused_while_the_model_is_drawn():
    with pytest.raises(ValueError, match="(?i)incompatible|compatible"):
        tf.ensure_shape(keras.Input((3,)), [None, 4])
