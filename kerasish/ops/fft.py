"""Fourier transforms of ``keras.ops``: of whole axes and of short windows.

Complex numbers are pairs of tensors, the real and the imaginary parts, of shape (..., length).
"""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F

from kerasish.core.dispatch import Array, Arrays, op, raw
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.ops.common import floating
from kerasish.ops.grid import pad

_WINDOWS = ("hann", "hamming")


def _complex(x: Any, rank: int = 1) -> torch.Tensor:
    """The complex tensor of a pair.

    Raises:
        ValueError: it is no pair, of different shapes, of fewer than ``rank`` axes, or of integers.
        TypeError: its floats are of 16 bits.
    """
    if not isinstance(x, (tuple, list)) or len(x) != 2:
        raise fail(ValueError, "Input `x` should be a tuple of two tensors - real and imaginary", received=f"x={x}")
    real, imaginary = x
    if real.shape != imaginary.shape:
        raise fail(
            ValueError,
            "Both the real and imaginary parts should have the same shape",
            received=f"x[0].shape = {tuple(real.shape)}, x[1].shape = {tuple(imaginary.shape)}",
        )
    if not real.is_floating_point():
        raise fail(ValueError, "At least one tensor in input `x` is not of type float", received=str(real.dtype))
    if real.ndim < rank:
        raise fail(ValueError, f"Input should have rank >= {rank}", received=f"input.shape = {tuple(real.shape)}")
    return torch.complex(_float32_or_64(real), _float32_or_64(imaginary))


def _float32_or_64(x: torch.Tensor, error: type = TypeError) -> torch.Tensor:
    if x.dtype not in (torch.float32, torch.float64):
        raise fail(error, "Invalid input type", "float32 or float64", f"input type={x.dtype}")
    return x


def _parts(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    return x.real, x.imag


@op
def fft(x: Arrays) -> Any:
    """The Fourier transform along the last axis.

    Args:
        x: the pair of real and imaginary parts.

    Returns:
        The pair of the result's parts, of the same shape.

    Raises:
        ValueError: ``x`` is not a pair of float tensors of one shape.
    """
    return _parts(torch.fft.fft(_complex(x)))


@op
def fft2(x: Arrays) -> Any:
    """The Fourier transform along the last two axes, of a pair and as a pair, like ``fft``."""
    return _parts(torch.fft.fft2(_complex(x, 2)))


@op
def ifft2(x: Arrays) -> Any:
    """The inverse of ``fft2``."""
    return _parts(torch.fft.ifft2(_complex(x, 2)))


@op
def rfft(x: Array, fft_length: int | None = None) -> Any:
    """The Fourier transform of real numbers along the last axis, of which the first half is all.

    Args:
        x: float32 or float64; integers become ``floatx``.
        fft_length: the axis is cut or filled with zeros to that length; default: its own.

    Returns:
        The pair of real and imaginary parts, of shape (..., fft_length // 2 + 1).
    """
    if x.ndim < 1:
        raise fail(ValueError, "Input should have rank >= 1", received="input.shape = ()")
    return _parts(torch.fft.rfft(_float32_or_64(floating(x), ValueError), n=_length(fft_length)))


def _length(fft_length: Any) -> int | None:
    return None if fft_length is None else int(fft_length)


@op
def irfft(x: Arrays, fft_length: int | None = None) -> Any:
    """The inverse of ``rfft``.

    Args:
        x: the pair of real and imaginary parts, (..., n).
        fft_length: the length of the result; default 2 · (n - 1), so an odd one must be given.
    """
    return torch.fft.irfft(_complex(x), n=_length(fft_length))


# short windows --------------------------------------------------------------------------------------------------------


def _check(sequence_stride: Any, window: Any) -> None:
    if not isinstance(sequence_stride, int) or sequence_stride <= 0:
        raise fail(
            ValueError, "`sequence_stride` must be a positive integer", received=f"sequence_stride={sequence_stride}"
        )
    if isinstance(window, str) and window not in _WINDOWS:
        raise fail(
            ValueError,
            'If a string is passed to `window`, it must be one of `"hann"`, `"hamming"`',
            received=f"window={window}",
        )


def window_of(window: Any, length: int, fft_length: int, like: torch.Tensor) -> torch.Tensor | None:
    """The weights of a window in the middle of ``fft_length`` places; ``None`` for none.

    Windows of even length are periodic and those of odd length symmetric, as TensorFlow's are.
    """
    if window is None:
        return None
    if isinstance(window, str):
        make = torch.hann_window if window == "hann" else torch.hamming_window
        values = make(length, periodic=length % 2 == 0, dtype=like.dtype, device=like.device)
    else:
        values = raw(window, like.dtype).to(like)
    if values.shape != (length,):
        raise fail(ValueError, "The shape of `window` must be equal to [sequence_length]", [length], list(values.shape))
    if fft_length < length:
        raise InvalidArgumentError(f"A window of {length} elements does not fit into transforms of {fft_length}.")
    before = (fft_length - length) // 2
    return F.pad(values, (before, fft_length - length - before))


def _stft_shape_error(x: torch.Tensor, fft_length: int) -> Exception:
    return InvalidArgumentError(
        f"The {fft_length // 2} elements that are mirrored at each end of an axis must be fewer than its {x.shape[-1]}."
    )


@op
def stft(
    x: Array, sequence_length: int, sequence_stride: int, fft_length: int, window: Any = "hann", center: bool = True
) -> Any:
    """The Fourier transforms of windows along the last axis.

    Args:
        x: a tensor of shape (..., time), float32 or float64.
        sequence_length: the length of a window, in elements.
        sequence_stride: from the start of one window to the next.
        fft_length: the length of the transforms, at least ``sequence_length``.
        window: "hann", "hamming", the weights themselves (``sequence_length`` of them), or None for no weights.
        center: mirror ``fft_length // 2`` elements at both ends, so that the t-th window has its middle at
            t · ``sequence_stride``; otherwise it begins there.

    Returns:
        The pair of real and imaginary parts, of shape (..., windows, fft_length // 2 + 1).

    Raises:
        TypeError: ``x`` is not of float32 or float64.
        ValueError: arguments that do not fit each other.
    """
    _check(sequence_stride, window)
    if fft_length < sequence_length:
        raise fail(
            ValueError,
            "`fft_length` must equal or larger than `sequence_length`",
            received=f"sequence_length={sequence_length}, fft_length={fft_length}",
        )
    _float32_or_64(x)
    if center:
        half = fft_length // 2
        if half >= x.shape[-1]:
            raise _stft_shape_error(x, fft_length)
        x = pad.raw(x, [(0, 0)] * (x.ndim - 1) + [(half, half)], mode="reflect")
    weights = window_of(window, sequence_length, fft_length, x)
    if x.shape[-1] < fft_length:
        none = x.new_zeros((*x.shape[:-1], 0, fft_length // 2 + 1))
        return none, none.clone()
    frames = x.unfold(-1, fft_length, sequence_stride)
    return _parts(torch.fft.rfft(frames if weights is None else frames * weights))


@op
def istft(
    x: Arrays,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    length: int | None = None,
    window: Any = "hann",
    center: bool = True,
) -> Any:
    """The inverse of ``stft``: windows transformed back, weighted and added where they overlap.

    Args:
        x: the pair of real and imaginary parts, (..., windows, fft_length // 2 + 1).
        length: of the result; default: all that the windows cover.
        sequence_length, sequence_stride, fft_length, window, center: as they were for ``stft``.

    Raises:
        ValueError: arguments that do not fit each other.
    """
    _check(sequence_stride, window)
    spectrum = _complex(x, 2)
    frames = torch.fft.irfft(spectrum, n=fft_length)
    weights = window_of(window, sequence_length, fft_length, frames)
    if weights is not None:
        total = _overlapping(weights.square(), sequence_stride)
        frames = frames * torch.where(total == 0, 0, weights / total)
    signal = overlap_add(frames, sequence_stride)
    start = fft_length // 2 if center else 0
    end = signal.shape[-1] - start if length is None else start + length
    return signal[..., start:end]


def _overlapping(weights: torch.Tensor, stride: int) -> torch.Tensor:
    """At each place of a window the sum of the weights that the windows around it have there."""
    size = weights.shape[0]
    columns = F.pad(weights, (0, -size % stride)).reshape(-1, stride)
    return columns.sum(0).repeat(columns.shape[0])[:size]


def overlap_add(frames: torch.Tensor, stride: int) -> torch.Tensor:
    """(..., windows, length) → (..., time): each window starts ``stride`` after the one before; overlaps are added."""
    *batch, count, length = frames.shape
    total = max(count - 1, 0) * stride + length if count else 0
    places = torch.arange(count, device=frames.device)[:, None] * stride + torch.arange(length, device=frames.device)
    signal = frames.new_zeros((*batch, total))
    return signal.index_add(-1, places.reshape(-1), frames.reshape(*batch, count * length))
