"""Special functions, rounding, and the parts of a number, in ``keras.ops``. ``round`` is shadowed here."""

from __future__ import annotations

from typing import Any

import torch

from kerasish.core import dtypes
from kerasish.core.dispatch import Array, Index, Strong, op
from kerasish.core.errors import fail
from kerasish.ops.common import alias, floating, floating_wide, in_float32, torch_dtype

# special functions ----------------------------------------------------------------------------------------------------


@op
def erf(x: Array) -> Any:
    """The error function 2/√π ∫₀ˣ exp(-t²) dt."""
    return torch.erf(floating(x))


@op
def erfc(x: Array) -> Any:
    """1 - erf(x), exact for large x."""
    return torch.erfc(floating(x))


@op
def erfinv(x: Array) -> Any:
    """The inverse of the error function on (-1, 1)."""
    return torch.erfinv(floating(x))


@op
def i0(x: Array) -> Any:
    """The modified Bessel function of the first kind, of order 0."""
    return torch.i0(floating_wide(x))


# rounding and the parts of a number -----------------------------------------------------------------------------------


@op
def ceil(x: Array) -> Any:
    """The smallest integer ≥ x, as a float."""
    return torch.ceil(floating(x))


@op
def floor(x: Array) -> Any:
    """The largest integer ≤ x, as a float."""
    return torch.floor(floating(x))


@op
def trunc(x: Array) -> Any:
    """x without its fraction; integers stay."""
    return torch.trunc(x) if x.is_floating_point() else x.clone()


@op
def round(x: Array, decimals: int = 0) -> Any:
    """x to ``decimals`` places, halves to even; integers stay integers (negative ``decimals`` round them to tens)."""
    if x.is_floating_point():
        return torch.round(x, decimals=decimals)
    if decimals >= 0:
        return x.clone()
    return torch.round(x.double(), decimals=decimals).to(x.dtype)


@op
def nextafter(x1: Strong, x2: Strong) -> Any:
    """The next float after x1 in the direction of x2."""
    return torch.nextafter(floating(x1), floating(x2))


@op
def ldexp(x1: Array, x2: Index) -> Any:
    """x1 · 2ˣ², for integers x2.

    Raises:
        TypeError: x2 is not of an integer dtype.
    """
    if x2.is_floating_point() or x2.is_complex() or x2.dtype is torch.bool:
        raise fail(TypeError, "ldexp needs an integer exponent", "an integer dtype", dtypes.as_dtype(x2.dtype).name)
    x1 = floating(x1)
    return x1 * torch.exp2(x2.to(x1.dtype))  # torch.ldexp's gradient is 0 for negative exponents


@op
def nan_to_num(x: Array, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    """x with NaN and infinities replaced; infinities by the dtype's largest and smallest numbers by default."""
    return torch.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)


@op
def copy(x: Array) -> Any:
    """A copy of x."""
    return x.clone()


# complex numbers ------------------------------------------------------------------------------------------------------


@op
def real(x: Array) -> Any:
    """The real part; x itself if it is real."""
    return x.real if x.is_complex() else x


@op
def imag(x: Array) -> Any:
    """The imaginary part; 0 if x is real."""
    return x.imag if x.is_complex() else torch.zeros_like(x)


@op
def conj(x: Array) -> Any:
    """The complex conjugate; x itself if it is real."""
    return torch.conj(x).resolve_conj()


conjugate = alias("conjugate", conj)


@op
def angle(x: Array) -> Any:
    """The argument of a complex number in radians; 0 or π for real ones."""
    return in_float32(torch.angle, floating(x))


@op
def view_as_complex(x: Array) -> Any:
    """Pairs (real, imaginary) of real numbers along the last axis as complex numbers.

    Raises:
        ValueError: the last axis is not of length 2.
    """
    if x.ndim == 0 or x.shape[-1] != 2 or x.is_complex():
        raise fail(
            ValueError, "view_as_complex needs a last axis of real and imaginary part", "(..., 2)", tuple(x.shape)
        )
    x = x if x.dtype is torch.float64 else x.float()
    return torch.complex(x[..., 0], x[..., 1])


@op
def view_as_real(x: Array) -> Any:
    """Complex numbers as pairs (real, imaginary) along a new last axis."""
    return torch.stack((x.real, x.imag) if x.is_complex() else (x, torch.zeros_like(x)), -1)


@op
def view(x: Array, dtype: Any = None) -> Any:
    """The same bytes read as another dtype; the last axis stretches or shrinks with the element size."""
    if dtype is None:
        return x
    return x.contiguous().view(torch_dtype(dtype))
