"""Powers of tensors and their gradients; expected numbers are TensorFlow's."""

import numpy as np
import pytest

from kerasish import ops, tf
from kerasish.core.arithmetic import power


@pytest.mark.parametrize("function", [lambda x, y: x**y, tf.pow, ops.power])
def test_power_gives_exponents_of_negative_bases_a_gradient_of_zero(function):
    x, y = tf.constant([-2.0, 0.0, 3.0]), tf.constant([2.0, 1.5, 2.0])
    with tf.GradientTape() as tape:
        tape.watch([x, y])
        result = function(x, y)
    of_bases, of_exponents = tape.gradient(result, [x, y])
    np.testing.assert_allclose(of_bases, [-4.0, 0.0, 6.0])
    np.testing.assert_allclose(of_exponents, [0.0, 0.0, 9.0 * np.log(3.0)], rtol=1e-6)


@pytest.mark.parametrize(("base", "expected"), [(-2.0, [0.0, 0.0]), (2.0, [4 * np.log(2), 2 * np.log(2)])])
def test_power_of_a_number_has_a_gradient(base, expected):
    y = tf.Variable([2.0, 1.0])
    with tf.GradientTape() as tape:
        result = base**y
    np.testing.assert_allclose(tape.gradient(result, y), expected, rtol=1e-6)


def test_power_of_complex_bases_keeps_their_logarithm():
    y = tf.constant([2.0 + 0j, 1.0 + 0j])
    with tf.GradientTape() as tape:
        tape.watch(y)
        result = tf.constant([-1.0 + 0j, 0j]) ** y
    np.testing.assert_allclose(tape.gradient(result, y), [np.conj(np.log(-1 + 0j)), 0], atol=1e-6)


def test_second_gradients_of_powers_are_derivatives():
    x, y = tf.constant(3.0), tf.constant(2.0)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(y)
            result = x**y
        first = inner.gradient(result, y)  # xʸ ln x
    np.testing.assert_allclose(outer.gradient(first, x), 2 * 3 * np.log(3.0) + 3, rtol=1e-5)


def test_power_is_torchs_without_gradients():
    import torch

    assert power(torch.tensor([2.0]), 3).tolist() == [8.0]


def test_second_gradients_that_are_zero_can_be_read():
    x = tf.constant([0.3, -0.4])
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = tf.abs(x)
        first = inner.gradient(y, x)
    assert outer.gradient(first, x).numpy().tolist() == [0.0, 0.0]
