"""Windows of ``tf.signal``: weights that fade a frame out at both ends."""

from __future__ import annotations

import math
from typing import Any

import torch

from kerasish.core import device as devices
from kerasish.core import dispatch, dtypes
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.ops.common import whole


def _length(window_length: Any) -> int:
    count = dispatch.raw(window_length) if dispatch.is_tensor(window_length) else window_length
    if getattr(count, "ndim", 0):
        raise fail(ValueError, "A window's length must be a scalar", received=repr(window_length))
    length = whole(count, "window_length")
    if length < 0:
        raise InvalidArgumentError(f"Requires start <= limit when delta > 0: 0/{length} [Op:Range]")
    return length


def _made(window: torch.Tensor, dtype: Any) -> Any:
    """The window, computed in float64, in the dtype that is asked for.

    Raises:
        ValueError: it is no floating-point dtype.
    """
    kind = dtypes.as_dtype(dtype)
    if not kind.is_floating:
        raise fail(ValueError, "dtype must be a floating point type", received=repr(kind))
    return dispatch.wrap(window.to(device=devices.current(), dtype=kind.torch))


def _raised_cosine(window_length: Any, periodic: Any, dtype: Any, a: float, b: float) -> Any:
    count = _length(window_length)
    if count < 2:
        return _made(torch.ones(count), dtype)
    period = count if periodic and count % 2 == 0 else count - 1  # windows of odd length are always symmetric
    angle = torch.arange(count, dtype=torch.float64) * (2 * math.pi / period)
    return _made(a - b * torch.cos(angle), dtype)


def hann_window(window_length: Any, periodic: bool = True, dtype: Any = dtypes.float32, name: str | None = None) -> Any:
    """½ − ½ cos. ``periodic`` repeats after ``window_length`` values instead of being symmetric, if that is even."""
    return _raised_cosine(window_length, periodic, dtype, 0.5, 0.5)


def hamming_window(
    window_length: Any, periodic: bool = True, dtype: Any = dtypes.float32, name: str | None = None
) -> Any:
    """0.54 − 0.46 cos. ``periodic`` repeats after ``window_length`` values instead of being symmetric, if that is even."""
    return _raised_cosine(window_length, periodic, dtype, 0.54, 0.46)


def _kaiser(count: int, beta: Any) -> torch.Tensor:
    beta = torch.as_tensor(float(beta), dtype=torch.float64)
    if count == 1:
        return torch.ones(1)
    place = torch.linspace(-1, 1, count, dtype=torch.float64)
    width = beta * torch.sqrt((1 - place * place).clamp(min=0))
    return torch.special.i0e(width) * torch.exp(width - beta) / torch.special.i0e(beta)


def kaiser_window(window_length: Any, beta: float = 12.0, dtype: Any = dtypes.float32, name: str | None = None) -> Any:
    """Kaiser's window; a larger ``beta`` is narrower."""
    return _made(_kaiser(_length(window_length), beta), dtype)


def kaiser_bessel_derived_window(
    window_length: Any, beta: float = 12.0, dtype: Any = dtypes.float32, name: str | None = None
) -> Any:
    """Square roots of the running sums of a Kaiser window, there and back; of even length."""
    total = _kaiser(_length(window_length) // 2 + 1, beta).double().cumsum(0)
    half = torch.sqrt(total[:-1] / total[-1])
    return _made(torch.cat([half, half.flip(0)]), dtype)


def vorbis_window(window_length: Any, dtype: Any = dtypes.float32, name: str | None = None) -> Any:
    """The window of Vorbis: the sine of a squared sine."""
    count = _length(window_length)
    inner = torch.sin((torch.arange(count, dtype=torch.float64) + 0.5) * (math.pi / max(count, 1)))
    return _made(torch.sin(inner * inner * (math.pi / 2)), dtype)
