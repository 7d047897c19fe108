"""Random numbers without a seed of their own."""

import numpy as np

import kerasish as keras


def test_the_global_generator_made_while_a_shape_is_worked_out_can_be_drawn_from():
    keras.backend.clear_session()
    inputs = keras.Input((2,))
    outputs = keras.layers.Lambda(lambda x: x + keras.random.normal((2,), stddev=0.0))(inputs)
    found = keras.Model(inputs, outputs).predict(np.ones((3, 2)), verbose=0)
    np.testing.assert_array_equal(found, np.ones((3, 2)))
