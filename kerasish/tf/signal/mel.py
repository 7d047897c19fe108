"""The mel scale in ``tf.signal``: frequencies as the ear spaces them."""

from __future__ import annotations

import math
from typing import Any

import torch

from kerasish.core import device as devices
from kerasish.core import dispatch, dtypes
from kerasish.core.dispatch import Array, strict_op
from kerasish.core.errors import fail
from kerasish.tf.signal.fourier import dct


def _mel(hertz: Any) -> Any:
    return 1127.0 * torch.log1p(torch.as_tensor(hertz, dtype=torch.float64) / 700.0)


def _check(bins: int, rate: float, low: float, high: float, kind: dtypes.DType) -> None:
    if bins <= 0:
        raise fail(ValueError, "num_mel_bins must be positive", received=bins)
    if low < 0:
        raise fail(ValueError, "lower_edge_hertz must be non-negative", received=low)
    if low >= high:
        raise fail(ValueError, "lower_edge_hertz must be smaller than upper_edge_hertz", received=f"{low} >= {high}")
    if rate <= 0:
        raise fail(ValueError, "sample_rate must be positive", received=rate)
    if high > rate / 2:
        raise fail(ValueError, "upper_edge_hertz must not be larger than sample_rate / 2", received=high)
    if not kind.is_floating:
        raise fail(ValueError, "dtype must be a floating point type", received=repr(kind))


def linear_to_mel_weight_matrix(
    num_mel_bins: int = 20,
    num_spectrogram_bins: int = 129,
    sample_rate: Any = 8000,
    lower_edge_hertz: float = 125.0,
    upper_edge_hertz: float = 3800.0,
    dtype: Any = dtypes.float32,
    name: str | None = None,
) -> Any:
    """(num_spectrogram_bins, num_mel_bins): triangles of weights, evenly spaced in mel, to multiply spectrograms with.

    Args:
        sample_rate: samples per second; the spectrogram's bins go from 0 to half of it.
    """
    kind, rate = dtypes.as_dtype(dtype), float(sample_rate)
    low, high = float(lower_edge_hertz), float(upper_edge_hertz)
    _check(int(num_mel_bins), rate, low, high, kind)
    bins = _mel(torch.linspace(0, rate / 2, int(num_spectrogram_bins), dtype=torch.float64))[1:, None]
    edges = torch.linspace(float(_mel(low)), float(_mel(high)), int(num_mel_bins) + 2, dtype=torch.float64)
    left, middle, right = edges[:-2], edges[1:-1], edges[2:]
    rising, falling = (bins - left) / (middle - left), (right - bins) / (right - middle)
    weights = torch.minimum(rising, falling).clamp(min=0)
    weights = torch.cat([weights.new_zeros(1, weights.shape[1]), weights])  # frequency 0 has no place in mel
    return dispatch.wrap(weights.to(device=devices.current(), dtype=kind.torch))


@strict_op
def mfccs_from_log_mel_spectrograms(log_mel_spectrograms: Array, name: str | None = None) -> Any:
    """Mel-frequency cepstral coefficients: an orthogonal cosine transform, over the last axis, of log mel spectrograms."""
    bins = log_mel_spectrograms.shape[-1]
    if not bins:
        raise fail(ValueError, "num_mel_bins must be positive", received=f"shape {tuple(log_mel_spectrograms.shape)}")
    return dct.raw(log_mel_spectrograms) * math.sqrt(0.5 / bins)
