"""MelSpectrogram: the power of sound by time and pitch."""

from __future__ import annotations

import math
from typing import Any

import torch

from kerasish.core import dispatch
from kerasish.core.dtypes import to_torch
from kerasish.core.errors import fail
from kerasish.core.tensor import Tensor
from kerasish.layers.data_layer import DataLayer
from kerasish.ops.fft import stft

_BREAK, _Q = 700.0, 1127.0  # Hz at which the mel scale turns from linear to logarithmic; mels per e-fold above it


class MelSpectrogram(DataLayer):
    """The power of audio signals in bands of the mel scale, by time, in decibels or not.

    Args:
        fft_length: elements of a Fourier transform.
        sequence_stride: elements from one window to the next.
        sequence_length: elements of a window; default: ``fft_length``.
        window: "hann", "hamming", the weights themselves, or None.
        sampling_rate: elements per second.
        num_mel_bins: how many bands there are.
        min_freq, max_freq: where the bands begin and end, in Hz; by default the end is half of ``sampling_rate``.
        power_to_db: whether the result is in decibels: 10 · log10(power / ``ref_power``).
        top_db: how far below the loudest of the batch values may be, in decibels.
        mag_exp: exponent of magnitudes: 1 for energy, 2 for power.
        min_power: what powers are raised to at least.
        ref_power: the power of 0 decibels.

    Input shape: ``(time,)`` or ``(batch, time)``. Output shape: ``(num_mel_bins, windows)``, or that of a batch.

    Raises:
        ValueError: ``sequence_length`` is larger than ``fft_length``.
    """

    def __init__(
        self,
        fft_length: int = 2048,
        sequence_stride: int = 512,
        sequence_length: int | None = None,
        window: Any = "hann",
        sampling_rate: int = 16000,
        num_mel_bins: int = 128,
        min_freq: float = 20.0,
        max_freq: float | None = None,
        power_to_db: bool = True,
        top_db: float = 80.0,
        mag_exp: float = 2.0,
        min_power: float = 1e-10,
        ref_power: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.fft_length = fft_length
        self.sequence_stride = sequence_stride
        self.sequence_length = sequence_length or fft_length
        if fft_length < self.sequence_length:
            raise fail(
                ValueError,
                "`fft_length` must be greater than or equal to `sequence_length`",
                received=f"`sequence_length`={self.sequence_length}, `fft_length`={fft_length}",
            )
        self.window = window
        self.sampling_rate = sampling_rate
        self.num_mel_bins = num_mel_bins
        self.min_freq = min_freq
        self.max_freq = max_freq or int(sampling_rate / 2)
        self.power_to_db = power_to_db
        self.top_db = top_db
        self.mag_exp = mag_exp
        self.min_power = min_power
        self.ref_power = ref_power

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        dtype = to_torch(self.compute_dtype)
        x = inputs.to(dtype if dtype in (torch.float32, torch.float64) else torch.float32)
        real, imaginary = stft.raw(
            x, self.sequence_length, self.sequence_stride, self.fft_length, self.window, center=True
        )
        magnitude = torch.sqrt(real.square() + imaginary.square()) ** self.mag_exp
        mel = magnitude @ self._weights(magnitude)
        if self.power_to_db:
            mel = self._decibels(mel)
        return mel.swapaxes(-1, -2).to(dtype)

    def _decibels(self, power: torch.Tensor) -> torch.Tensor:
        reference = 10.0 * math.log10(max(abs(self.ref_power), self.min_power))
        decibels = 10.0 * torch.log10(power.clamp(min=self.min_power)) - reference
        return torch.maximum(decibels, decibels.max() - self.top_db)

    def _weights(self, like: torch.Tensor) -> torch.Tensor:
        matrix = self.linear_to_mel_weight_matrix(
            self.num_mel_bins, like.shape[-1], self.sampling_rate, self.min_freq, self.max_freq
        )
        return dispatch.raw(matrix).to(like)

    def linear_to_mel_weight_matrix(
        self,
        num_mel_bins: int = 20,
        num_spectrogram_bins: int = 129,
        sampling_rate: int = 8000,
        lower_edge_hertz: float = 125.0,
        upper_edge_hertz: float = 3800.0,
        dtype: Any = "float32",
    ) -> Tensor:
        """What each frequency of a transform counts in each band: triangles that overlap by half, on the mel scale.

        Returns:
            (num_spectrogram_bins, num_mel_bins), with nothing for frequency 0. Computed in float32, as Keras does.
        """
        kind = torch.float32
        hertz = torch.linspace(0.0, sampling_rate / 2.0, num_spectrogram_bins, dtype=kind)[1:]
        ends = [_mel(torch.tensor(float(edge), dtype=kind)).item() for edge in (lower_edge_hertz, upper_edge_hertz)]
        edges = torch.linspace(ends[0], ends[1], num_mel_bins + 2, dtype=kind)
        lower, center, upper = edges[:-2], edges[1:-1], edges[2:]
        mel = _mel(hertz).unsqueeze(1)
        rising, falling = (mel - lower) / (center - lower), (upper - mel) / (upper - center)
        triangles = torch.minimum(rising, falling).clamp(min=0.0)
        weights = torch.nn.functional.pad(triangles, (0, 0, 1, 0))
        return Tensor(weights.to(to_torch(dtype)))

    def compute_output_shape(self, input_shape: Any) -> tuple:
        *batch, time = tuple(input_shape)
        count = None if time is None else (time + self.sequence_stride + 1) // self.sequence_stride
        return (*batch, self.num_mel_bins, count)


def _mel(hertz: torch.Tensor) -> torch.Tensor:
    return _Q * torch.log(1.0 + hertz / _BREAK)
