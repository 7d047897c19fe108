"""Random numbers without a seed of their own."""

import numpy as np
import pytest

import kerasish as keras
from kerasish import tf


def test_the_global_generator_made_while_a_shape_is_worked_out_can_be_drawn_from():
    keras.backend.clear_session()
    inputs = keras.Input((2,))
    outputs = keras.layers.Lambda(lambda x: x + keras.random.normal((2,), stddev=0.0))(inputs)
    found = keras.Model(inputs, outputs).predict(np.ones((3, 2)), verbose=0)
    np.testing.assert_array_equal(found, np.ones((3, 2)))


@pytest.mark.parametrize(
    ("seed", "expected"),  # recorded from TensorFlow: its whole part is the key, its hash starts the generator
    [(1, [0.16513085, 0.9014813]), (1.0, [0.16513085, 0.9014813]), (1.5, [0.35878658, 0.80696523])],
)
def test_the_global_seed_may_be_a_float(seed, expected):
    tf.random.set_seed(seed)
    np.testing.assert_allclose(tf.random.uniform([2]), expected, rtol=1e-6)
    np.testing.assert_allclose(tf.random.normal([2], seed=3), [-0.67086124, 0.22357145], rtol=1e-6)
    keras.utils.set_random_seed(0)


def test_get_seed_tells_an_operations_two_seeds():
    get_seed = tf.compat.v1.get_seed
    tf.random.set_seed(5)
    assert get_seed(3) == (5, 3)
    first, second = get_seed(None), get_seed(None)
    assert (first, second) == ((5, 1097127993), (5, 1539898300))  # what TensorFlow tells
    tf.random.set_seed(0)
    assert tf.compat.v1.random.get_seed(0) == (0, 2**31 - 1)


def test_get_seed_without_a_global_seed(monkeypatch):
    monkeypatch.setattr("kerasish.core.context.settings.global_seed", None)
    assert tf.compat.v1.get_seed(None) == (None, None)
    assert tf.compat.v1.get_seed(7) == (87654321, 7)
