"""Spectrograms and lapped transforms are undone, and have gradients; numbers are in recorded/signal.txt."""

import numpy as np
import pytest

import kerasish as keras
from kerasish import tf

SIGNAL = np.random.default_rng(0).normal(size=(2, 48)).astype("float32")


@pytest.mark.parametrize(("length", "step"), [(8, 4), (12, 3), (16, 8)])
def test_inverse_stft_with_its_window_undoes_stft(length, step):
    spectrum = tf.signal.stft(SIGNAL, length, step)
    back = tf.signal.inverse_stft(spectrum, length, step, window_fn=tf.signal.inverse_stft_window_fn(step))
    inside = slice(length, back.shape[-1] - length)
    np.testing.assert_allclose(back.numpy()[:, inside], SIGNAL[:, inside], atol=1e-5)


@pytest.mark.parametrize("norm", [None, "ortho"])
@pytest.mark.parametrize("window", [None, tf.signal.vorbis_window, tf.signal.kaiser_bessel_derived_window])
def test_inverse_mdct_undoes_mdct(window, norm):
    lapped = tf.signal.mdct(SIGNAL, 16, window_fn=window, norm=norm)
    back = tf.signal.inverse_mdct(lapped, window_fn=window, norm=norm)
    np.testing.assert_allclose(back.numpy()[:, 8:-8], SIGNAL[:, 8:-8], atol=1e-5)


def test_the_gradient_of_a_power_spectrum_is_the_derivative():
    x = tf.Variable(SIGNAL[0, :8].astype("float64"))
    with tf.GradientTape() as tape:
        power = tf.reduce_sum(tf.abs(tf.signal.rfft(x)) ** 2)
    frequencies = np.fft.rfft(np.eye(8))
    expected = 2 * (frequencies @ np.conj(np.fft.rfft(x.numpy()))).real
    np.testing.assert_allclose(tape.gradient(power, x), expected, rtol=1e-9)


def test_symbolic_signals_have_frames():
    inputs = keras.Input((48,))
    spectrum = keras.layers.Lambda(lambda x: tf.abs(tf.signal.stft(x, 8, 4)))(inputs)
    assert spectrum.shape == (None, 11, 5)
    model = keras.Model(inputs, spectrum)
    np.testing.assert_allclose(model(SIGNAL), tf.abs(tf.signal.stft(SIGNAL, 8, 4)), rtol=1e-5, atol=1e-6)


def test_a_scalar_has_no_frames():
    with pytest.raises(ValueError, match="axis"):
        tf.signal.frame(tf.constant(3.0), 2, 1)
