"""Convolutions, pooling, padding and sizes with Keras 2's names, against ``keras.ops`` and plain NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from kerasish import backend as K  # noqa: N812 - as everybody calls it
from kerasish.core.errors import InvalidArgumentError

X = np.random.RandomState(0).standard_normal((2, 5, 6, 3)).astype("float32")
KERNEL = np.random.RandomState(1).standard_normal((2, 3, 3, 4)).astype("float32")


def test_a_convolution_of_channels_first_is_the_same_with_the_channels_in_front():
    last = K.conv2d(X, KERNEL, (2, 1), "same")
    first = K.conv2d(np.moveaxis(X, -1, 1), KERNEL, (2, 1), "same", "channels_first")
    np.testing.assert_allclose(np.moveaxis(first.numpy(), 1, -1), last, atol=1e-5)


def test_a_causal_convolution_sees_no_later_inputs():
    x = np.zeros((1, 4, 1), "float32")
    x[0, 1] = 1
    y = K.conv1d(x, np.array([[[2.0]], [[3.0]]], "float32"), padding="causal")
    np.testing.assert_array_equal(y[0, :, 0], [0, 3, 2, 0])


@pytest.mark.parametrize(("padding", "shape"), [("same", (2, 5, 6, 3)), ("valid", (2, 6, 8, 3))])
def test_conv2d_transpose_is_the_gradient_of_conv2d(padding, shape):
    forward = K.conv2d(np.ones(shape, "float32"), KERNEL, padding=padding)
    y = np.random.RandomState(2).standard_normal(forward.shape).astype("float32")
    back = K.conv2d_transpose(y, KERNEL, shape, padding=padding)
    x = np.random.RandomState(3).standard_normal(shape).astype("float32")
    left = float(np.sum(back.numpy() * x))
    right = float(np.sum(K.conv2d(x, KERNEL, padding=padding).numpy() * y))
    assert back.shape == shape
    assert abs(left - right) < 1e-2


def test_a_local_convolution_with_one_kernel_everywhere_is_a_convolution():
    kernel = np.broadcast_to(KERNEL.reshape(1, 18, 4), (16, 18, 4))
    np.testing.assert_allclose(K.local_conv2d(X, kernel, (2, 3), (1, 1), (4, 4)), K.conv2d(X, KERNEL), atol=1e-5)
    one = np.broadcast_to(KERNEL[:, 0].reshape(1, 6, 4), (4, 6, 4))
    np.testing.assert_allclose(
        K.local_conv1d(X[:, :, 0], one, (2,), (1,)), K.conv1d(X[:, :, 0], KERNEL[:, 0]), atol=1e-5
    )


def test_paddings_and_sizes():
    assert K.temporal_padding(X[:, 0], (2, 1)).shape == (2, 9, 3)
    assert K.spatial_2d_padding(X, ((1, 2), (3, 0))).shape == (2, 8, 9, 3)
    assert K.spatial_3d_padding(X[:, :, None], data_format="channels_first").shape == (2, 5, 3, 8, 5)
    assert K.resize_images(X, 2, 3, "channels_last", "bilinear").shape == (2, 10, 18, 3)
    np.testing.assert_array_equal(K.resize_images(X, 2, 1, "channels_last"), np.repeat(X, 2, 1))
    np.testing.assert_array_equal(
        K.resize_volumes(X[..., None], 1, 2, 2, "channels_last")[:, :, ::2, ::2], X[..., None]
    )


def test_pools():
    np.testing.assert_allclose(K.pool2d(X, (5, 6), pool_mode="avg")[:, 0, 0], X.mean((1, 2)), atol=1e-6)
    np.testing.assert_array_equal(K.pool3d(X[:, None], (1, 5, 6))[:, 0, 0, 0], X.max((1, 2)))


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: K.conv2d(X, KERNEL, padding="full"), ValueError, "Invalid padding"),
        (lambda: K.conv2d(X, KERNEL, data_format="NHWC"), ValueError, "Unknown data_format"),
        (lambda: K.conv2d_transpose(X, KERNEL.swapaxes(2, 3), (2, 9, 9, 4)), InvalidArgumentError, "does not give"),
        (lambda: K.pool2d(X, (2, 2), pool_mode="sum"), ValueError, "pooling mode"),
        (lambda: K.pool2d(X, (2,)), ValueError, "pool_size"),
        (lambda: K.separable_conv2d(X, KERNEL, KERNEL, strides=(1,)), ValueError, "strides"),
        (lambda: K.temporal_padding(X[0], (1,)), ValueError, "2 integers"),
        (lambda: K.spatial_2d_padding(X, (1, 2, 3)), ValueError, "2 tuples"),
        (lambda: K.resize_images(X, 2, 2, "channels_last", "sharp"), ValueError, "interpolation"),
        (lambda: K.resize_images(X, 2, 2, "last"), ValueError, "data_format"),
        (lambda: K.resize_volumes(X, 2, 2, 2, "last"), ValueError, "data_format"),
    ],
)
def test_what_does_not_fit_is_refused(call, kind, words):
    with pytest.raises(kind, match=words):
        call()
