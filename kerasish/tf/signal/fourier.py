"""Fourier and cosine transforms of ``tf.signal``, over the last axes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from kerasish.core import dispatch
from kerasish.core.dispatch import Array, Index, strict_op
from kerasish.core.errors import AxisError, DTypeMismatchError, InvalidArgumentError, fail
from kerasish.ops.common import integer_shape

_COMPLEX = {torch.float32: torch.complex64, torch.float64: torch.complex128}
_NUMPY = {torch.float32: np.float32, torch.complex64: np.complex64}
_Transform = Callable[..., torch.Tensor]


def _complex(x: torch.Tensor, rank: int, name: str, error: type[Exception] = DTypeMismatchError) -> torch.Tensor:
    if not x.is_complex():
        own = str(x.dtype).removeprefix("torch.")
        raise error(
            f"Value for attr 'Tcomplex' of {own} is not in the list of allowed values: complex64, complex128 [Op:{name}]"
        )
    _need_rank(x, rank, name)
    return x


def _need_rank(x: torch.Tensor, rank: int, name: str) -> None:
    if x.ndim < rank:
        raise AxisError(f"Input must have rank at least {rank} but got: {list(x.shape)} [Op:{name}]")


def _real(x: torch.Tensor, rank: int, name: str, error: type[Exception] = DTypeMismatchError) -> torch.Tensor:
    if x.dtype not in _COMPLEX:
        raise fail(
            error, f"'{name}' transforms real numbers", "float32 or float64", str(x.dtype).removeprefix("torch.")
        )
    _need_rank(x, rank, name)
    return x


def _converting(function: Callable, dtype: torch.dtype, complex_stays: bool = True) -> Callable:
    """Publish a transform that takes values which are no tensors, NumPy's arrays of any numbers too, in one dtype.

    Args:
        complex_stays: whether Python's complex numbers are double all the same.
    """

    def convert(value: Any) -> torch.Tensor:
        if isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in "biufc":
            value = value.real if value.dtype.kind == "c" and not dtype.is_complex else value
            return dispatch.raw(value.astype(_NUMPY[dtype]))
        converted = dispatch.raw(value)
        if not isinstance(converted, torch.Tensor):
            raise InvalidArgumentError(f"'{function.__name__}' does not take tensors of dtype string.")
        return converted if converted.is_complex() and complex_stays else converted.to(dtype)

    function.convert = convert  # type: ignore[attr-defined]
    return strict_op(function)


def _axes(rank: int) -> list[int]:
    return list(range(-rank, 0))


def _sizes(fft_length: Any, rank: int) -> list[int] | None:
    """The lengths to which the last axes are cut or filled up; None keeps them.

    Raises:
        InvalidArgumentError: there are not as many as the transform has axes.
    """
    if fft_length is None:
        return None
    sizes = integer_shape(fft_length)
    if len(sizes) != rank:
        raise InvalidArgumentError(f"fft_length must have shape [{rank}]. Received: {sizes}")
    return sizes


def _complex_transform(transform: _Transform, rank: int, name: str, about: str) -> Callable:
    def run(input: Index, name: str | None = None) -> Any:  # noqa: A002 (TensorFlow's name)
        x = _complex(input, rank, shown)
        return transform(x, dim=_axes(rank)) if x.numel() else x  # torch refuses to transform nothing

    shown = name
    run.__name__ = run.__qualname__ = name
    run.__doc__ = f"{about} of complex numbers over the last {rank} axes."
    return _converting(run, torch.complex64)


def _real_transform(rank: int, name: str) -> Callable:
    def run(input_tensor: Index, fft_length: Any = None, name: str | None = None) -> Any:
        x, sizes = _real(input_tensor, rank, shown, ValueError), _sizes(fft_length, rank)
        if not x.numel() and sizes is None:
            last = x.shape[-1] // 2 + 1 if x.shape[-1] else 0
            return torch.zeros((*x.shape[:-1], last), dtype=torch.promote_types(x.dtype, torch.complex64))
        return torch.fft.rfftn(x, s=sizes, dim=_axes(rank))

    shown = name
    run.__name__ = run.__qualname__ = name
    run.__doc__ = f"Fourier transform of real numbers over the last {rank} axes, cut or filled up to ``fft_length``."
    return _converting(run, torch.float32)


def _inverse_real_transform(rank: int, name: str) -> Callable:
    def run(input_tensor: Index, fft_length: Any = None, name: str | None = None) -> Any:
        x = _complex(input_tensor, rank, shown, ValueError)
        return torch.fft.irfftn(x, s=_sizes(fft_length, rank), dim=_axes(rank))

    shown = name
    run.__name__ = run.__qualname__ = name
    run.__doc__ = (
        f"Inverse of ``{name[1:]}``: real numbers of the lengths ``fft_length``; the last one even by default."
    )
    return _converting(run, torch.complex64, complex_stays=False)


fft = _complex_transform(torch.fft.fftn, 1, "fft", "Fourier transform")
fft2d = _complex_transform(torch.fft.fftn, 2, "fft2d", "Fourier transform")
fft3d = _complex_transform(torch.fft.fftn, 3, "fft3d", "Fourier transform")
ifft = _complex_transform(torch.fft.ifftn, 1, "ifft", "Inverse Fourier transform")
ifft2d = _complex_transform(torch.fft.ifftn, 2, "ifft2d", "Inverse Fourier transform")
ifft3d = _complex_transform(torch.fft.ifftn, 3, "ifft3d", "Inverse Fourier transform")
rfft, rfft2d, rfft3d = (_real_transform(n, name) for n, name in ((1, "rfft"), (2, "rfft2d"), (3, "rfft3d")))
irfft, irfft2d, irfft3d = (
    _inverse_real_transform(n, name) for n, name in ((1, "irfft"), (2, "irfft2d"), (3, "irfft3d"))
)


def _nd(transform: Callable, name: str, about: str, check: Callable) -> Callable:
    """A transform over any axes."""

    def run(
        input_tensor: Array, fft_length: Any = None, axes: Any = None, norm: str | None = None, name: str | None = None
    ) -> Any:
        over = list(range(input_tensor.ndim)) if axes is None else integer_shape(axes)
        sizes = None if fft_length is None else integer_shape(fft_length)
        return transform(check(input_tensor, 1, shown), s=sizes, dim=over, norm=norm)

    shown = name
    run.__name__ = run.__qualname__ = name
    run.__doc__ = (
        f"{about} over axes, all by default, cut or filled up to ``fft_length``. TensorFlow has it on GPUs alone."
    )
    return strict_op(run)


fftnd = _nd(torch.fft.fftn, "fftnd", "Fourier transform of complex numbers", _complex)
ifftnd = _nd(torch.fft.ifftn, "ifftnd", "Inverse Fourier transform of complex numbers", _complex)
rfftnd = _nd(torch.fft.rfftn, "rfftnd", "Fourier transform of real numbers", _real)
irfftnd = _nd(torch.fft.irfftn, "irfftnd", "Inverse Fourier transform, to real numbers,", _complex)


def _shift_axes(x: torch.Tensor, axes: Any) -> list[int]:
    return list(range(x.ndim)) if axes is None else integer_shape(axes)


@strict_op
def fftshift(x: Array, axes: Any = None, name: str | None = None) -> Any:
    """Move frequency 0 to the middle of ``axes``, of all by default."""
    return torch.fft.fftshift(x, dim=_shift_axes(x, axes))


@strict_op
def ifftshift(x: Array, axes: Any = None, name: str | None = None) -> Any:
    """Undo ``fftshift``."""
    return torch.fft.ifftshift(x, dim=_shift_axes(x, axes))


# cosine transforms ----------------------------------------------------------------------------------------------------


def _check_cosine(kind: Any, n: Any, axis: int, norm: Any, rank_and_length: tuple[int, int]) -> None:
    rank, length = rank_and_length
    if axis != -1:
        raise NotImplementedError("The DCT is computed over the last axis only.")
    if n is not None and int(n) < 1:
        raise fail(ValueError, "n should be a positive integer or None", received=n)
    if kind not in (1, 2, 3, 4):
        raise fail(ValueError, "Types I, II, III and IV (I)DCT are supported", received=f"type={kind}")
    if kind == 1:
        if norm == "ortho":
            raise ValueError("Normalization is not supported for the Type-I DCT.")
        if length < 2:
            raise ValueError("Type-I DCT requires the dimension to be greater than one.")
    if norm not in (None, "ortho"):
        raise fail(ValueError, "Unknown normalization", "None or 'ortho'", norm)


def _turned(x: torch.Tensor, half: float) -> torch.Tensor:
    """exp(i · half · k), k counting the places of the last axis, in the complex dtype that goes with x."""
    angle = torch.arange(x.shape[-1], dtype=torch.float64, device=x.device) * half
    return torch.polar(torch.ones_like(angle), angle).to(_COMPLEX[x.dtype])


def _ends(x: torch.Tensor, first: float, others: float) -> torch.Tensor:
    return F.pad(x[..., :1] * first, (0, x.shape[-1] - 1)) + F.pad(x[..., 1:] * others, (1, 0))


def _dct2(x: torch.Tensor, norm: str | None) -> torch.Tensor:
    n = x.shape[-1]
    y = 2 * (torch.fft.rfft(x, n=2 * n)[..., :n] * _turned(x, -math.pi / (2 * n))).real
    return y if norm is None else _ends(y, math.sqrt(0.25 / n), math.sqrt(0.5 / n))


def _dct3(x: torch.Tensor, norm: str | None) -> torch.Tensor:
    n = x.shape[-1]
    x = x * n if norm is None else _ends(x, math.sqrt(n), math.sqrt(n / 2))
    return torch.fft.irfft(2 * _turned(x, math.pi / (2 * n)) * x, n=2 * n)[..., :n]


def _cosine(x: torch.Tensor, kind: int, n: Any, axis: int, norm: str | None) -> torch.Tensor:
    _real(x, 1, "dct", TypeError)
    if n is not None and axis in (-1, x.ndim - 1) and int(n) >= 1:
        x = F.pad(x, (0, int(n) - x.shape[-1]))
    _check_cosine(kind, n, axis, norm, (x.ndim, x.shape[-1]))
    if kind == 1:
        return torch.fft.rfft(torch.cat([x, x[..., 1:-1].flip(-1)], -1)).real
    if kind == 2:
        return _dct2(x, norm)
    if kind == 3:
        return _dct3(x, norm)
    length = x.shape[-1]
    y = _dct2(F.pad(x, (0, length)), None)[..., 1::2]
    return y if norm is None else y * math.sqrt(0.5 / length)


@strict_op
def dct(
    input: Array,  # noqa: A002
    type: int = 2,  # noqa: A002
    n: int | None = None,
    axis: int = -1,
    norm: str | None = None,
    name: str | None = None,
) -> Any:
    """Discrete cosine transform of type 1, 2, 3 or 4 over the last axis.

    Args:
        n: the length to which the axis is cut or filled up with zeros.
        norm: None, or "ortho" for an orthogonal transform.
    """
    return _cosine(input, type, n, axis, norm)


@strict_op
def idct(
    input: Array,  # noqa: A002
    type: int = 2,  # noqa: A002
    n: int | None = None,
    axis: int = -1,
    norm: str | None = None,
    name: str | None = None,
) -> Any:
    """Inverse of ``dct`` of that type, but for a factor (2n, or 2(n − 1) for type 1) where ``norm`` is None."""
    return _cosine(input, {1: 1, 2: 3, 3: 2, 4: 4}.get(type, type), n, axis, norm)
