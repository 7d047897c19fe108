"""``tf.fftnd`` and its kin: the operations themselves, whose sizes and axes must be given (``tf.signal`` has defaults)."""

from __future__ import annotations

from typing import Any

from kerasish.core import dtypes
from kerasish.tf.creation import cast
from kerasish.tf.signal import fourier


def fftnd(input: Any, fft_length: Any, axes: Any, name: str | None = None) -> Any:  # noqa: A002
    """The Fourier transform over several axes."""
    return fourier.fftnd(input, fft_length, axes)


def ifftnd(input: Any, fft_length: Any, axes: Any, name: str | None = None) -> Any:  # noqa: A002
    """The inverse of ``fftnd``."""
    return fourier.ifftnd(input, fft_length, axes)


def rfftnd(
    input: Any,  # noqa: A002
    fft_length: Any,
    axes: Any,
    Tcomplex: Any = dtypes.complex64,  # noqa: N803
    name: str | None = None,
) -> Any:
    """The Fourier transform of real numbers over several axes, without the half of the last that repeats."""
    return cast(fourier.rfftnd(input, fft_length, axes), Tcomplex)


def irfftnd(
    input: Any,  # noqa: A002
    fft_length: Any,
    axes: Any,
    Treal: Any = dtypes.float32,  # noqa: N803
    name: str | None = None,
) -> Any:
    """The inverse of ``rfftnd``."""
    return cast(fourier.irfftnd(input, fft_length, axes), Treal)
