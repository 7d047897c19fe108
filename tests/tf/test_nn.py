"""Gradients of ``tf.nn``, with numbers that TensorFlow gives."""

import numpy as np
import pytest

from kerasish import tf

X = np.sin(np.arange(24) * 1.3).reshape(2, 3, 4)


def weighted(x):
    return float(np.sum(np.asarray(x) * np.cos(np.arange(np.size(x))).reshape(np.shape(x))))


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize(
    ("axes", "expected"),
    [
        ([0], [0.0234, -0.3159, 1.1415, 14.0241]),
        ([0, 2], [-0.004, 0.4274, 0.2085, 0.4448]),
        ([-1], [0.6227, -0.1334, 0.3902, 1.4831]),
        (2, [0.6227, -0.1334, 0.3902, 1.4831]),
        ([0, 1, 2], [0.0051, 0.5002, 0.0428, 0.0289]),
        (None, [0.0051, 0.5002, 0.0428, 0.0289]),
        ([], [0.7805, 0.0, -0.5409, 0.0]),
    ],
)
def test_moments_and_their_first_and_second_derivatives(axes, expected, keepdims):
    x = tf.constant(X)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            mean, variance = tf.nn.moments(x, axes, keepdims=keepdims)
            total = tf.reduce_sum(variance * variance + mean)
        gradient = inner.gradient(total, x)
        norm = tf.reduce_sum(gradient * gradient)
    found = [mean, variance, gradient, outer.gradient(norm, x)]
    np.testing.assert_allclose([weighted(t) for t in found], expected, atol=6e-5)


def test_max_pool_across_channels():
    x = np.arange(24, dtype="float32").reshape(1, 2, 2, 6) % 7
    expected = x.reshape(1, 2, 2, 2, 3).max(-1)
    for pool in (tf.nn.max_pool, tf.nn.max_pool2d):
        np.testing.assert_array_equal(pool(x, (1, 1, 1, 3), (1, 1, 1, 3), "VALID"), expected)


@pytest.mark.parametrize(
    ("ksize", "strides", "words"),
    [
        ((1, 1, 1, 4), (1, 1, 1, 4), "evenly divide"),
        ((1, 1, 1, 3), (1, 1, 1, 2), "equal the depth stride"),
        ((1, 1, 1, 3), 1, "equal the depth stride"),
        ((1, 2, 2, 3), (1, 1, 1, 3), "exactly one of"),
    ],
)
def test_max_pool_across_channels_refuses(ksize, strides, words):
    with pytest.raises(tf.errors.UnimplementedError, match=words):
        tf.nn.max_pool(np.ones((1, 4, 4, 6), "float32"), ksize, strides, "VALID")
