"""Assertions in layers of functional models: they are made when the layer runs."""

import numpy as np
import pytest

import kerasish as keras
from kerasish import tf

ASSERTIONS = {
    "Assert": lambda x: tf.debugging.Assert(tf.reduce_all(x > 0), [x]),
    "assert_greater": lambda x: tf.debugging.assert_greater(x, 0.0),
    "assert_near": lambda x: tf.debugging.assert_near(x, tf.abs(x)),
    "assert_none_equal": lambda x: tf.debugging.assert_none_equal(x, -1.0),
    "assert_positive": lambda x: tf.debugging.assert_positive(x),
    "check_numerics": lambda x: tf.debugging.check_numerics(tf.math.log(x), "log"),
}


@pytest.mark.parametrize("name", ASSERTIONS)
def test_assertions_wait_for_the_values(name):
    class Checked(keras.layers.Layer):
        def call(self, x):
            ASSERTIONS[name](x)
            return x * 2

    inputs = keras.Input((2,))
    model = keras.Model(inputs, Checked()(inputs))
    assert model.output_shape == (None, 2)
    assert model.predict(np.ones((3, 2)), verbose=0).sum() == 12
    with pytest.raises(tf.errors.InvalidArgumentError):
        model.predict(-np.ones((3, 2)), verbose=0)


def test_an_assertion_about_the_batch_size_waits_too():
    class Fours(keras.layers.Layer):
        def call(self, x):
            tf.debugging.assert_equal(tf.shape(x)[0], 4)
            return x

    inputs = keras.Input((2,))
    model = keras.Model(inputs, Fours()(inputs))
    assert model.predict(np.ones((4, 2)), verbose=0).shape == (4, 2)
    with pytest.raises(tf.errors.InvalidArgumentError, match="did not hold"):
        model.predict(np.ones((3, 2)), verbose=0)
