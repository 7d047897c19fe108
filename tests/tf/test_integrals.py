"""Integrals without closed form, against their definitions by Gauss-Legendre quadrature."""

import numpy as np
import pytest
import torch

from kerasish import tf

POINTS, WEIGHTS = np.polynomial.legendre.leggauss(60)


def integral(function, low, high, parts=40):
    edges = np.linspace(low, high, parts + 1)
    half = (edges[1:] - edges[:-1])[:, None] / 2
    x = edges[:-1, None] + half * (POINTS + 1)
    return float((function(x) * WEIGHTS * half).sum())


def spence_slope(t):
    near = np.abs(t - 1) < 1e-7
    return np.where(near, -1.0, np.log(t) / np.where(near, 1, 1 - t))


@pytest.mark.parametrize("x", [-7.3, -1.6, -0.19, 0.0, 0.1, 0.21, 1.4, 1.6, 5.5, 30.0])
def test_dawsn_and_fresnel_integrals_are_what_they_are_called(x):
    scaled = integral(lambda t: np.exp(t * t - x * x), 0, x, 400)
    np.testing.assert_allclose(tf.math.special.dawsn(np.float64(x)), scaled, rtol=1e-11, atol=1e-14)
    cosine = integral(lambda t: np.cos(np.pi / 2 * t * t), 0, x, 400)
    sine = integral(lambda t: np.sin(np.pi / 2 * t * t), 0, x, 400)
    np.testing.assert_allclose(tf.math.special.fresnel_cos(np.float64(x)), cosine, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(tf.math.special.fresnel_sin(np.float64(x)), sine, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("x", [0.05, 0.4, 0.5, 0.9, 1.0, 1.3, 1.5, 1.7, 4.0, 120.0])
def test_spence_and_expint_are_what_they_are_called(x):
    np.testing.assert_allclose(
        tf.math.special.spence(np.float64(x)), integral(spence_slope, 1, x, 400), rtol=1e-10, atol=1e-12
    )
    gamma = 0.5772156649015329
    entire = integral(lambda t: np.expm1(t) / np.where(t == 0, 1, t), 0, x, 200)  # Ein(-x) with the other sign
    np.testing.assert_allclose(tf.math.special.expint(np.float64(x)), gamma + np.log(x) + entire, rtol=1e-10)


def test_integrals_have_their_limits():
    ends = tf.constant([np.inf, -np.inf, np.nan], tf.float64)
    np.testing.assert_array_equal(tf.math.special.dawsn(ends), [0, 0, np.nan])
    np.testing.assert_array_equal(tf.math.special.fresnel_cos(ends), [0.5, -0.5, np.nan])
    np.testing.assert_array_equal(tf.math.special.spence(tf.constant([-1.0, 0.0])), np.float32([np.nan, np.pi**2 / 6]))
    np.testing.assert_array_equal(tf.math.special.expint(tf.constant([-1.0, 0.0])), [np.nan, -np.inf])


@pytest.mark.parametrize("function", [tf.math.igamma, tf.math.igammac])
@pytest.mark.parametrize(("a", "x"), [(0.3, 0.01), (0.7, 2.5), (2.0, 2.9), (3.0, 4.5), (12.0, 9.0), (40.0, 70.0)])
def test_incomplete_gamma_has_both_derivatives(function, a, x):
    a, x = tf.constant(a, tf.float64), tf.constant(x, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch((a, x))
        y = function(a, x)
    by_order, by_place = tape.gradient(y, (a, x))
    step = 1e-5
    order = (function(a + step, x) - function(a - step, x)) / (2 * step)
    place = (function(a, x + step) - function(a, x - step)) / (2 * step)
    np.testing.assert_allclose(by_order, order, rtol=1e-6, atol=1e-11)
    np.testing.assert_allclose(by_place, place, rtol=1e-6, atol=1e-11)


def test_incomplete_gamma_sums_its_gradients_over_what_was_broadcast():
    a = tf.constant([[1.0], [2.0]])
    with tf.GradientTape() as tape:
        tape.watch(a)
        y = tf.math.igamma(a, tf.constant([0.5, 1.5, 2.5]))
    assert tape.gradient(y, a).shape == (2, 1)


def test_gamma_numbers_have_the_derivative_of_their_quantiles():
    alpha = torch.tensor([0.4, 1.0, 6.0], dtype=torch.float64)
    with tf.GradientTape() as tape:
        given = tf.constant(alpha.numpy())
        tape.watch(given)
        y = tf.random.stateless_gamma((3,), (1, 2), given, dtype=tf.float64)
    slope = torch._standard_gamma_grad(alpha, torch.from_numpy(y.numpy()))
    np.testing.assert_allclose(tape.gradient(y, given), slope.numpy(), rtol=1e-3)  # torch's is an approximation
