"""Fourier transforms, against their definition as sums."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ops_checks import same

import kerasish as keras
from kerasish import ops
from kerasish.core.errors import InvalidArgumentError


def values(*shape, seed=0, dtype="float64"):
    return np.random.RandomState(seed).standard_normal(shape).astype(dtype)


def dft(x, sign=-1):
    """The transform of the last axis, as a product with the matrix of its definition."""
    n = x.shape[-1]
    return x @ np.exp(sign * 2j * np.pi * np.outer(np.arange(n), np.arange(n)) / n)


def both(actual, expected):
    same(actual[0], expected.real)
    same(actual[1], expected.imag)


@given(st.integers(1, 9), st.integers(0, 99))
@settings(deadline=None, max_examples=20)
def test_fft_is_the_sum_of_its_definition(n, seed):
    real, imaginary = values(2, n, seed=seed), values(2, n, seed=seed + 1)
    both(ops.fft((real, imaginary)), dft(real + 1j * imaginary))


def test_fft_keeps_float32():
    parts = ops.fft((values(3, dtype="float32"), values(3, dtype="float32")))
    assert [part.dtype for part in parts] == ["float32", "float32"]


def test_fft2_transforms_two_axes_and_ifft2_undoes_it():
    real, imaginary = values(2, 3, 4), values(2, 3, 4, seed=1)
    once = dft(real + 1j * imaginary)
    both(ops.fft2((real, imaginary)), np.swapaxes(dft(np.swapaxes(once, -1, -2)), -1, -2))
    back = ops.ifft2(ops.fft2((real, imaginary)))
    same(back[0], real)
    same(back[1], imaginary)


@pytest.mark.parametrize("length", [None, 3, 5, 8])
def test_rfft_is_half_of_the_transform_of_the_axis_cut_or_filled(length):
    x = values(2, 5)
    size = length or 5
    taken = np.zeros((2, size))
    taken[:, : min(size, 5)] = x[:, :size]
    both(ops.rfft(x, length), dft(taken)[:, : size // 2 + 1])


@pytest.mark.parametrize("length", [4, 5, 6])
def test_irfft_undoes_rfft(length):
    x = values(3, length)
    same(ops.irfft(ops.rfft(x), length), x)


def test_irfft_has_an_even_length_unless_told():
    assert ops.irfft(ops.rfft(values(2, 5))).shape == (2, 4)


@pytest.mark.parametrize(("length", "weights"), [(4, [0, 0.5, 1, 0.5]), (3, [0, 1, 0])])
def test_stft_weights_by_a_hann_window_as_tensorflow_has_it(length, weights):
    x = values(9)
    frames = np.stack([x[i : i + length] * weights for i in range(0, 9 - length + 1, 2)])
    both(ops.stft(x, length, 2, length, center=False), dft(frames)[:, : length // 2 + 1])


def test_stft_fills_short_windows_on_both_sides():
    x = values(8)
    weights = np.array([0, 1.0, 2.0, 3.0, 0, 0])
    frames = np.stack([x[0:6], x[2:8]]) * weights
    both(ops.stft(x, 3, 2, 6, window=[1.0, 2.0, 3.0], center=False), dft(frames)[:, :4])


def test_stft_mirrors_the_ends():
    x = np.arange(6.0)
    padded = np.array([2, 1, 0, 1, 2, 3, 4, 5, 4, 3.0])
    frames = np.stack([padded[i : i + 4] for i in range(0, 7, 3)])
    both(ops.stft(x, 4, 3, 4, window=None), dft(frames)[:, :3])


def test_stft_of_less_than_a_window_has_no_windows():
    assert ops.stft(values(2, 3), 4, 1, 4, center=False)[0].shape == (2, 0, 3)


@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize("window", ["hamming", None, [0.5, 1.0, 1.0, 0.5, 0.25, 2.0]])
def test_istft_undoes_stft(window, center):
    x = values(2, 24)
    back = ops.istft(ops.stft(x, 6, 2, 6, window, center), 6, 2, 6, length=24, window=window, center=center)
    factor = 3 if window is None else 1  # without weights, overlaps are added up three times
    same(back[:, 4:20], factor * x[:, 4:20])  # at the ends fewer windows meet


def test_istft_is_zero_where_no_window_has_weight():
    x = ops.istft(ops.stft(values(8), 4, 4, 4, center=False), 4, 4, 4, center=False)
    assert x.numpy()[[0, 4]].tolist() == [0, 0]


def test_transforms_of_symbolic_tensors():
    x = keras.Input((16,))
    real, imaginary = ops.stft(x, 4, 2, 8)
    assert real.shape == imaginary.shape == (None, 9, 5)
    model = keras.Model(x, ops.istft((real, imaginary), 4, 2, 8))
    data = values(2, 16, dtype="float32")
    np.testing.assert_allclose(model(data), data, atol=1e-5)
    assert ops.rfft(x, 7)[0].shape == (None, 4)


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: ops.fft(values(3)), ValueError, "tuple of two tensors"),
        (lambda: ops.fft((values(3), values(4))), ValueError, "same shape"),
        (lambda: ops.fft((np.arange(3), np.arange(3))), ValueError, "not of type float"),
        (lambda: ops.fft2((values(3), values(3))), ValueError, "rank >= 2"),
        (lambda: ops.rfft(values()), ValueError, "rank >= 1"),
        (lambda: ops.rfft(values(3, dtype="float16")), ValueError, "float32 or float64"),
        (lambda: ops.stft(values(9, dtype="float16"), 4, 2, 4), TypeError, "float32 or float64"),
        (lambda: ops.stft(values(9), 4, 0, 4), ValueError, "positive integer"),
        (lambda: ops.stft(values(9), 4, 2, 3), ValueError, "equal or larger"),
        (lambda: ops.stft(values(9), 4, 2, 4, window="box"), ValueError, "hamming"),
        (lambda: ops.stft(values(9), 4, 2, 4, window=[1.0]), ValueError, r"\[sequence_length\]"),
        (lambda: ops.stft(values(3), 8, 2, 8), InvalidArgumentError, "mirrored"),
        (lambda: ops.istft((values(3), values(3)), 4, 2, 4), ValueError, "rank >= 2"),
        (lambda: ops.istft((values(2, 3), values(2, 3)), 4, 0, 4), ValueError, "positive integer"),
        (lambda: ops.istft((values(2, 3), values(2, 3)), 5, 2, 4), InvalidArgumentError, "does not fit"),
    ],
)
def test_what_does_not_fit_is_refused(call, kind, words):
    with pytest.raises(kind, match=words):
        call()
