"""Convolutions in the forms of TensorFlow's kernels, against ``tf.nn`` and its gradients."""

import numpy as np
import pytest

from kerasish import tf

X, W = (1, 5, 4, 2), (3, 2, 2, 1)  # axes of length 1 too: torch's own strides are ambiguous there


def draw(seed, shape):
    return tf.constant(np.random.RandomState(seed).randn(*shape).astype("float32"))


@pytest.mark.parametrize("channels", [(2, 1), (1, 2), (1, 1), (3, 4)])
@pytest.mark.parametrize("padding", ["SAME", "VALID"])
@pytest.mark.parametrize("stride", [1, 2])
def test_conv2d_backprop_gives_the_gradients_of_conv2d(channels, padding, stride):
    x, w = draw(0, (2, 5, 4, channels[0])), draw(1, (3, 2, *channels))
    with tf.GradientTape() as tape:
        tape.watch((x, w))
        y = tf.nn.conv2d(x, w, stride, padding)
    outer = draw(2, y.shape)
    by_input, by_filter = tape.gradient(y, (x, w), outer)
    rest = (outer, [1, stride, stride, 1], padding)
    np.testing.assert_allclose(tf.conv2d_backprop_input_v2(x, w, *rest), by_input, atol=1e-5)
    np.testing.assert_allclose(tf.conv2d_backprop_filter_v2(x, w, *rest), by_filter, atol=1e-5)


def test_conv_with_explicit_padding_is_a_convolution_of_the_padded_input():
    x, w = draw(0, X), draw(1, W)
    padded = tf.pad(x, [[0, 0], [1, 0], [0, 2], [0, 0]])
    found = tf.conv(x, w, [1] * 4, "EXPLICIT", explicit_paddings=[0, 0, 1, 0, 0, 2, 0, 0])
    np.testing.assert_allclose(found, tf.nn.conv2d(padded, w, 1, "VALID"), atol=1e-5)


def test_conv_refuses_what_it_does_not_know():
    x, w = draw(0, X), draw(1, W)
    with pytest.raises(tf.errors.InvalidArgumentError, match="padding"):
        tf.conv(x, w, [1] * 4, "FULL")
    with pytest.raises(tf.errors.InvalidArgumentError, match="data_format"):
        tf.conv(x, w, [1] * 4, "SAME", data_format="NHWC")
    with pytest.raises(tf.errors.InvalidArgumentError, match="groups"):
        tf.conv(x, w, [1] * 4, "SAME", groups=2)


def test_extract_volume_patches_of_one_plane_are_those_of_an_image():
    x = draw(0, (2, 1, 5, 4, 2))
    volume = tf.extract_volume_patches(x, [1, 1, 3, 2, 1], [1, 1, 2, 1, 1], "SAME")
    image = tf.image.extract_patches(x[:, 0], [1, 3, 2, 1], [1, 2, 1, 1], [1, 1, 1, 1], "SAME")
    np.testing.assert_array_equal(volume[:, 0], image)


def test_extract_volume_patches_needs_five_dimensions():
    with pytest.raises(tf.errors.InvalidArgumentError, match="5-dim"):
        tf.extract_volume_patches(draw(0, X), [1] * 5, [1] * 5, "VALID")
