"""Frames of signals in ``tf.signal``, and what is computed frame by frame: spectrograms and lapped transforms."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F

from kerasish.core.dispatch import Array, strict_op
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.core.tensor import convert
from kerasish.ops.common import axis_index
from kerasish.ops.fft import overlap_add
from kerasish.tf.signal.fourier import dct, idct, irfft, rfft
from kerasish.tf.signal.windows import hann_window, vorbis_window

_HANN = functools.partial(hann_window, periodic=True)
_PLAIN = math.sqrt(0.5)  # a window of a lapped transform that is the same everywhere


@strict_op
def frame(
    signal: Array,
    frame_length: int,
    frame_step: int,
    pad_end: bool = False,
    pad_value: float = 0,
    axis: int = -1,
    name: str | None = None,
) -> Any:
    """(..., time, ...) → (..., frames, frame_length, ...): pieces that start every ``frame_step`` values of ``axis``.

    Args:
        pad_end: whether frames that reach beyond the end count, filled up with ``pad_value``.
    """
    size, step = int(frame_length), int(frame_step)
    if step < 1 or size < 0:
        raise fail(InvalidArgumentError, "Frames need a length and a positive step", received=(size, step))
    place = axis_index(axis, signal.ndim)
    x = signal.movedim(place, -1)
    count = -(-x.shape[-1] // step) if pad_end else max(0, 1 + (x.shape[-1] - size) // step)
    missing = (count - 1) * step + size - x.shape[-1]
    if pad_end and missing > 0:
        x = torch.cat([x, x.new_full((*x.shape[:-1], missing), pad_value)], -1)
    if not count:
        return x.new_zeros((*x.shape[:-1], 0, size)).movedim((-2, -1), (place, place + 1))
    return x.unfold(-1, size, step)[..., :count, :].movedim((-2, -1), (place, place + 1))


@strict_op
def overlap_and_add(signal: Array, frame_step: int, name: str | None = None) -> Any:
    """(..., frames, frame length) → (..., time): each frame begins ``frame_step`` after the last; overlaps are added."""
    if signal.ndim < 2:
        raise fail(ValueError, "overlap_and_add needs frames", "a rank of at least 2", f"shape {tuple(signal.shape)}")
    return overlap_add(signal, int(frame_step))


def _enclosing_power(length: int) -> int:
    return 1 << max(length - 1, 0).bit_length()


def stft(
    signals: Any,
    frame_length: Any,
    frame_step: Any,
    fft_length: Any = None,
    window_fn: Callable | None = _HANN,
    pad_end: bool = False,
    name: str | None = None,
) -> Any:
    """Short-time Fourier transform: (..., time) → (..., frames, fft_length // 2 + 1), complex.

    Args:
        fft_length: default: the power of two that holds a frame.
        window_fn: from a length and ``dtype`` to a window, or None.
    """
    size = int(frame_length)
    frames = frame(signals, size, frame_step, pad_end=pad_end)
    if window_fn is not None:
        frames = frames * window_fn(size, dtype=frames.dtype)
    return rfft(frames, [_enclosing_power(size) if fft_length is None else int(fft_length)])


@strict_op
def _fitted(frames: Array, length: int) -> Any:
    return F.pad(frames, (0, length - frames.shape[-1]))


def inverse_stft(
    stfts: Any,
    frame_length: Any,
    frame_step: Any,
    fft_length: Any = None,
    window_fn: Callable | None = _HANN,
    name: str | None = None,
) -> Any:
    """From the transforms of frames back to a signal; give ``inverse_stft_window_fn``'s window to undo ``stft``."""
    size = int(frame_length)
    frames = irfft(convert(stfts), [_enclosing_power(size) if fft_length is None else int(fft_length)])
    frames = _fitted(frames, size)
    if window_fn is not None:
        frames = frames * window_fn(size, dtype=frames.dtype)
    return overlap_and_add(frames, frame_step)


@strict_op
def _undoing(window: Array, step: int) -> Any:
    size = window.shape[0]
    total = F.pad(window * window, (0, -size % step)).reshape(-1, step).sum(0)
    return window / total.repeat(-(-size // step))[:size]


def inverse_stft_window_fn(frame_step: Any, forward_window_fn: Callable = _HANN, name: str | None = None) -> Callable:
    """The ``window_fn`` for ``inverse_stft`` that undoes ``stft`` with ``forward_window_fn``."""

    def window_fn(frame_length: Any, dtype: Any) -> Any:
        return _undoing(forward_window_fn(frame_length, dtype=dtype), int(frame_step))

    return window_fn


# lapped transforms ----------------------------------------------------------------------------------------------------


@strict_op
def _folded(frames: Array) -> Any:
    a, b, c, d = frames.chunk(4, -1)
    return torch.cat([-c.flip(-1) - d, a - b.flip(-1)], -1)


@strict_op
def _unfolded(halves: Array) -> Any:
    first, second = halves.chunk(2, -1)
    return torch.cat([second, -second.flip(-1), -first.flip(-1), -first], -1)


def mdct(
    signals: Any,
    frame_length: Any,
    window_fn: Callable | None = vorbis_window,
    pad_end: bool = False,
    norm: str | None = None,
    name: str | None = None,
) -> Any:
    """Modified cosine transform of frames that overlap by half: (..., time) → (..., frames, frame_length // 2).

    Raises:
        ValueError: ``frame_length`` is no multiple of 4.
    """
    size = int(frame_length)
    if size % 4:
        raise fail(ValueError, "The frame length must be a multiple of 4", received=size)
    frames = frame(signals, size, size // 2, pad_end=pad_end)
    frames = frames * (_PLAIN if window_fn is None else window_fn(size, dtype=frames.dtype))
    return dct(_folded(frames), type=4, norm=norm)


def inverse_mdct(
    mdcts: Any, window_fn: Callable | None = vorbis_window, norm: str | None = None, name: str | None = None
) -> Any:
    """From ``mdct`` back to a signal: (..., frames, half a frame's length) → (..., time)."""
    halves = idct(mdcts, type=4, norm=norm)
    half = halves.shape[-1]
    frames = _unfolded(halves if norm is not None else halves * (0.5 / half))
    frames = frames * (_PLAIN if window_fn is None else window_fn(2 * half, dtype=frames.dtype))
    return overlap_and_add(frames, half)
