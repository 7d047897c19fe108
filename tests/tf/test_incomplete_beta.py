"""The regularized incomplete beta function."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish import tf

POSITIVE = st.floats(0.1, 50)
UNIT = st.floats(0.001, 0.999)


def double(x):
    return tf.constant(x, tf.float64)


@settings(deadline=None, max_examples=30)
@given(POSITIVE, POSITIVE, UNIT)
def test_it_is_one_minus_its_mirror_image(a, b, x):
    whole = tf.math.betainc(double(a), double(b), double(x)) + tf.math.betainc(double(b), double(a), double(1 - x))
    assert whole.numpy() == pytest.approx(1)


@pytest.mark.parametrize("n", [1, 3, 8])
def test_whole_numbers_give_binomial_tails(n):
    p, k = 0.3, 2
    tail = sum(math.comb(n + k, i) * p**i * (1 - p) ** (n + k - i) for i in range(k, n + k + 1))
    assert tf.math.betainc(double(k), double(n + 1), double(p)).numpy() == pytest.approx(tail)


def test_the_gradient_is_the_density_and_broadcast_arguments_sum_it():
    x = double(0.25)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.math.betainc(double([1.0, 2.0]), double(1.0), x)  # x and x²
    np.testing.assert_allclose(y, [0.25, 0.0625])
    assert tape.gradient(y, x).numpy() == pytest.approx(1 + 0.5)
