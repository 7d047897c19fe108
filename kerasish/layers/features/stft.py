"""STFTSpectrogram: short-time Fourier transforms, by convolutions that can be trained."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from kerasish import initializers
from kerasish.core import registry
from kerasish.core.context import settings
from kerasish.core.errors import fail
from kerasish.core.shape import window_output
from kerasish.core.variable import Weight
from kerasish.layers.conv import LAYOUTS
from kerasish.layers.input_spec import InputSpec
from kerasish.layers.layer import Layer
from kerasish.ops.conv import check_data_format, convolve
from kerasish.ops.signal_windows import check_window

MODES = ("log", "magnitude", "psd", "real", "imag", "angle", "stft")


class STFTSpectrogram(Layer):
    """The spectrum of signals by time, from one Fourier transform for each window.

    The transforms are convolutions with kernels that begin as cosines and sines, and are trained unless
    ``trainable=False``.

    Args:
        mode: of a transform: "magnitude", its logarithm ("log"), "psd" (the power, twice for all frequencies but the first
            and last), "real", "imag", "angle" in radians, or "stft": the real parts, then the imaginary ones.
        frame_length: elements of a window.
        frame_step: elements from one window to the next; default: half of ``frame_length``.
        fft_length: elements of a transform, which zeros fill up; default: the next power of two from ``frame_length``.
        window: the name of a window, its weights, or None.
        periodic: whether a named window is periodic instead of symmetric.
        scaling: "density" divides the window by √Σ window², "spectrum" by Σ window, None by nothing.
        padding: "valid", or "same": zeros at both ends, so that each step has its window.
        expand_dims: whether frequencies have an axis of their own.
        data_format: "channels_last" or "channels_first"; default: the image data format.

    Input shape: ``(batch, time, channels)``, or channels first. Output shape, for f = fft_length // 2 + 1 frequencies
    (twice as many for "stft"): ``(batch, windows, channels · f)``, or ``(batch, windows, f, channels)`` with
    ``expand_dims``; channels first ``(batch, channels · f, windows)`` and ``(batch, channels, windows, f)``.

    Raises:
        ValueError: an argument is out of its range.
        TypeError: a call on something else than float16, float32 or float64.
    """

    _config_last = ("expand_dims",)

    def __init__(
        self,
        mode: str = "log",
        frame_length: int = 256,
        frame_step: int | None = None,
        fft_length: int | None = None,
        window: Any = "hann",
        periodic: bool = False,
        scaling: str | None = "density",
        padding: str = "valid",
        expand_dims: bool = False,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        _check_lengths(frame_length, frame_step, fft_length)
        _check_choice("mode", mode, MODES)
        _check_choice("scaling", scaling, ("density", "spectrum", None))
        _check_choice("padding", padding, ("valid", "same"))
        if isinstance(window, str):
            check_window(window)
        super().__init__(**kwargs)
        self.mode = mode
        self.frame_length = frame_length
        self.frame_step = frame_step
        self._frame_step = frame_step or frame_length // 2
        self.fft_length = fft_length
        self._fft_length = fft_length or 2 ** math.ceil(math.log2(frame_length))
        self.window = registry.deserialize_inner(window) if isinstance(window, dict) else window
        self.periodic = periodic
        self.scaling = scaling
        self.padding = padding
        self.expand_dims = expand_dims
        self.data_format = check_data_format(data_format)
        self.input_spec = InputSpec(ndim=3)

    def build(self, input_shape: Any) -> None:
        if self.mode != "imag":
            self.real_kernel = self._add_kernel("real")
        if self.mode != "real":
            self.imag_kernel = self._add_kernel("imag")

    def _add_kernel(self, side: str) -> Weight:
        window = self.window if isinstance(self.window, (str, type(None))) else np.asarray(self.window)
        return self.add_weight(
            name=f"{side}_kernel",
            shape=(self.frame_length, 1, self._fft_length // 2 + 1),
            initializer=initializers.STFT(side, window, self.scaling, self.periodic),
            layout=LAYOUTS["channels_first"][1],
        )

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        if inputs.dtype not in (torch.float16, torch.float32, torch.float64):
            raise fail(TypeError, "Invalid input type", "`float16`, `float32` or `float64`", inputs.dtype)
        x = inputs.movedim(-1, 1) if self.data_format == "channels_last" else inputs
        real = self._transformed(x, "real_kernel") if self.mode != "imag" else x
        imag = self._transformed(x, "imag_kernel") if self.mode != "real" else x
        return self._arranged(self._settled_spectrum(real, imag))

    def _transformed(self, x: torch.Tensor, kernel: str) -> torch.Tensor:
        """(batch, channels, time) → (batch, channels, frequencies, windows)."""
        self._check_length(x.shape[-1])
        weight = self._parameters[kernel].to(x.dtype)
        signals = x.reshape(-1, 1, x.shape[-1])
        y = convolve(signals, weight, None, (self._frame_step,), self.padding, (1,), 1, "channels_first")
        return y.reshape(*x.shape[:2], *y.shape[1:])

    def _settled_spectrum(self, real: torch.Tensor, imag: torch.Tensor) -> torch.Tensor:
        """What ``mode`` asks for."""
        mode = self.mode
        if mode in ("real", "imag"):
            return real if mode == "real" else imag
        if mode == "angle":
            return torch.atan2(imag, real)
        if mode == "stft":
            return torch.cat([real, imag], dim=2)
        power = real.square() + imag.square()
        if mode == "psd":
            return power + F.pad(power[:, :, 1:-1], (0, 0, 1, 1))
        magnitude = power.clamp(min=settings.epsilon).sqrt()
        return magnitude if mode == "magnitude" else magnitude.clamp(min=settings.epsilon).log()

    def _arranged(self, y: torch.Tensor) -> torch.Tensor:
        """(batch, channels, frequencies, windows) as ``expand_dims`` and ``data_format`` say."""
        last = self.data_format == "channels_last"
        if self.expand_dims:
            return y.permute(0, 3, 2, 1) if last else y.transpose(2, 3)
        y = y.flatten(1, 2)
        return y.transpose(1, 2) if last else y

    def _check_length(self, time: int | None) -> int | None:
        """The number of windows."""
        count = window_output(time, self.frame_length, self._frame_step, self.padding)
        if count is not None and count <= 0:
            raise fail(
                ValueError,
                "Computed output size would be zero or negative",
                f"a signal of at least {self.frame_length} elements",
                time,
            )
        return count

    def compute_output_shape(self, input_shape: Any) -> tuple:
        last = self.data_format == "channels_last"
        batch, time, channels = input_shape if last else (input_shape[0], input_shape[2], input_shape[1])
        frequencies = (self._fft_length // 2 + 1) * (2 if self.mode == "stft" else 1)
        windows = self._check_length(time)
        if self.expand_dims:
            return (batch, windows, frequencies, channels) if last else (batch, channels, windows, frequencies)
        return (batch, windows, frequencies * channels) if last else (batch, frequencies * channels, windows)

    def get_config(self) -> dict:
        window = list(self.window) if isinstance(self.window, list) else self.window
        return {**super().get_config(), "window": window}


def _check_lengths(frame: int, step: int | None, fft: int | None) -> None:
    if step is not None and (step > frame or step < 1):
        raise fail(
            ValueError,
            "`frame_step` should be a positive integer not greater than `frame_length`",
            received=f"frame_step={step}, frame_length={frame}",
        )
    if fft is not None and fft < frame:
        raise fail(
            ValueError,
            "`fft_length` should be not less than `frame_length`",
            received=f"fft_length={fft}, frame_length={frame}",
        )
    if fft is not None and (fft & -fft) != fft:
        warnings.warn(f"`fft_length` is recommended to be a power of two. Received fft_length={fft}", stacklevel=4)


def _check_choice(name: str, value: Any, options: tuple) -> None:
    if value not in options:
        raise fail(ValueError, f"Invalid `{name}` of STFTSpectrogram", f"one of {options}", f"{name}={value}")
