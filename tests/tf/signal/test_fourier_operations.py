"""tf.fftnd and its kin: TensorFlow has them for GPUs only, so NumPy's are what they are compared with."""

import numpy as np
import pytest

from kerasish import tf

X = np.arange(6, dtype="float32").reshape(2, 3)


def test_values_are_numpys():
    z = tf.constant(X, tf.complex64)
    np.testing.assert_allclose(tf.fftnd(input=z, fft_length=[2, 3], axes=[0, 1]), np.fft.fftn(X), atol=1e-5)
    np.testing.assert_allclose(tf.ifftnd(z, [2, 2], [-2, -1]), np.fft.ifftn(X, [2, 2], [0, 1]), atol=1e-5)
    np.testing.assert_allclose(tf.rfftnd(X, [2, 3], [0, 1]), np.fft.rfftn(X), atol=1e-5)
    back = tf.irfftnd(tf.rfftnd(X, [2, 3], [0, 1]), [2, 3], [0, 1])
    np.testing.assert_allclose(back, X, atol=1e-5)


def test_dtypes_as_asked_for():
    assert tf.rfftnd(X, [2, 3], [0, 1], Tcomplex=tf.complex128).dtype == tf.complex128
    assert tf.irfftnd(tf.constant(X, tf.complex64), [2, 4], [0, 1], Treal=tf.float64).dtype == tf.float64


def test_sizes_and_axes_are_needed():
    with pytest.raises(TypeError, match="fft_length"):
        tf.fftnd(X)
