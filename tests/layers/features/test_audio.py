"""MelSpectrogram."""

import numpy as np
import pytest

import kerasish as keras
from kerasish.layers import MelSpectrogram


def test_a_tone_is_in_its_band():
    time = np.arange(4000) / 8000
    tones = np.stack([np.sin(2 * np.pi * 500 * time), np.sin(2 * np.pi * 2000 * time)]).astype("float32")
    layer = MelSpectrogram(fft_length=256, sequence_stride=100, sampling_rate=8000, num_mel_bins=16, power_to_db=False)
    out = layer(tones).numpy()
    assert out.shape == tuple(layer.compute_output_shape((2, 4000))) == (2, 16, 41)
    mels = 1127 * np.log(1 + np.array([500, 2000]) / 700)
    low, high = 1127 * np.log(1 + np.array([20, 4000]) / 700)
    band = (mels - low) / (high - low) * 17 - 1
    assert np.abs(out[:, :, 20].argmax(1) - band).max() <= 0.6


def test_decibels_end_at_top_db():
    x = np.random.default_rng(0).normal(size=(500,)).astype("float32")
    options = {"fft_length": 64, "sequence_stride": 16, "num_mel_bins": 8}
    power = MelSpectrogram(power_to_db=False, **options)(x).numpy()
    decibels = MelSpectrogram(top_db=20.0, ref_power=0.5, **options)(x).numpy()
    want = 10 * np.log10(np.maximum(power, 1e-10)) - 10 * np.log10(0.5)
    np.testing.assert_allclose(decibels, np.maximum(want, want.max() - 20), atol=1e-4)


def test_weights_are_triangles_that_overlap_by_half():
    weights = MelSpectrogram().linear_to_mel_weight_matrix(10, 257).numpy()
    assert weights.shape == (257, 10)
    assert not weights[0].any()
    inner = weights[weights.argmax(0)[0] : weights.argmax(0)[-1]]
    np.testing.assert_allclose(inner.sum(1), 1.0, atol=1e-5)


def test_symbolic_and_configuration():
    layer = MelSpectrogram(fft_length=64, sequence_stride=16, num_mel_bins=8)
    assert layer(keras.Input((500,))).shape == (None, 8, 32)
    assert MelSpectrogram.from_config(layer.get_config()).get_config() == layer.get_config()


def test_windows_longer_than_transforms_are_refused():
    with pytest.raises(ValueError, match="fft_length"):
        MelSpectrogram(fft_length=8, sequence_length=9)
