"""``tf.math.special``: Bessel functions and integrals without closed form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from kerasish.core.errors import missing_name
from kerasish.tf import integrals
from kerasish.tf.alias import FLOATS, define
from kerasish.tf.gammas import differentiable


def _left(function: Callable, value: float) -> Callable:
    """``function`` with a value of TensorFlow's for negative numbers, where torch says NaN."""
    return lambda x: torch.where(x < 0, value, function(x))


def _i1_slope(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    zero = x == 0
    return torch.where(zero, 1, _i0(x) - y / torch.where(zero, 1, x))


def _i1e_slope(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    zero = x == 0
    return torch.where(zero, 0.5, _i0e(x) - y * (torch.sgn(x) + 1 / torch.where(zero, 1, x)))


def _j1_slope(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    zero = x == 0
    return torch.where(zero, 0.5, _j0(x) - _j1(x) / torch.where(zero, 1, x))


_INF = float("inf")
_i0 = differentiable(torch.special.i0, lambda x, y: _i1(x))
_i0e = differentiable(torch.special.i0e, lambda x, y: _i1e(x) - torch.sgn(x) * y)
_i1 = differentiable(torch.special.i1, _i1_slope)
_i1e = differentiable(torch.special.i1e, _i1e_slope)
_j0 = differentiable(torch.special.bessel_j0, lambda x, y: -_j1(x))
_j1 = differentiable(torch.special.bessel_j1, _j1_slope)
_k0 = differentiable(_left(torch.special.modified_bessel_k0, _INF), lambda x, y: -_k1(x))
_k1 = differentiable(_left(torch.special.modified_bessel_k1, _INF), lambda x, y: -_k0(x) - _k1(x) / x)
_k0e = differentiable(_left(torch.special.scaled_modified_bessel_k0, _INF), lambda x, y: y - _k1e(x))
_k1e = differentiable(_left(torch.special.scaled_modified_bessel_k1, _INF), lambda x, y: y * (1 - 1 / x) - _k0e(x))
_y0 = differentiable(_left(torch.special.bessel_y0, -_INF), lambda x, y: -_y1(x))
_y1 = differentiable(_left(torch.special.bessel_y1, -_INF), lambda x, y: _y0(x) - _y1(x) / x)
_dawsn = differentiable(integrals.dawson, lambda x, y: 1 - 2 * x * y)
_expint = differentiable(integrals.exponential_integral, lambda x, y: torch.exp(x) / x)
_fresnel_cos = differentiable(integrals.fresnel_cosine, lambda x, y: torch.cos(torch.pi / 2 * x * x))
_fresnel_sin = differentiable(integrals.fresnel_sine, lambda x, y: torch.sin(torch.pi / 2 * x * x))
_spence = differentiable(
    integrals.dilogarithm, lambda x, y: torch.where(x == 1, -1, torch.log(x) / torch.where(x == 1, 1, 1 - x))
)

define(globals(), FLOATS, {
    "bessel_i0(x, name=None)": (_i0, "The modified Bessel function of the first kind, order 0."),
    "bessel_i0e(x, name=None)": (_i0e, "exp(-|x|) · bessel_i0(x)."),
    "bessel_i1(x, name=None)": (_i1, "The modified Bessel function of the first kind, order 1."),
    "bessel_i1e(x, name=None)": (_i1e, "exp(-|x|) · bessel_i1(x)."),
    "bessel_j0(x, name=None)": (_j0, "The Bessel function of the first kind, order 0."),
    "bessel_j1(x, name=None)": (_j1, "The Bessel function of the first kind, order 1."),
    "bessel_k0(x, name=None)": (
        _k0, "The modified Bessel function of the second kind, order 0; infinite for negative x.",
    ),
    "bessel_k0e(x, name=None)": (_k0e, "exp(x) · bessel_k0(x)."),
    "bessel_k1(x, name=None)": (
        _k1, "The modified Bessel function of the second kind, order 1; infinite for negative x.",
    ),
    "bessel_k1e(x, name=None)": (_k1e, "exp(x) · bessel_k1(x)."),
    "bessel_y0(x, name=None)": (_y0, "The Bessel function of the second kind, order 0; -∞ for negative x."),
    "bessel_y1(x, name=None)": (_y1, "The Bessel function of the second kind, order 1; -∞ for negative x."),
    "dawsn(x, name=None)": (_dawsn, "Dawson's integral exp(-x²) ∫₀ˣ exp(t²) dt."),
    "expint(x, name=None)": (_expint, "The exponential integral Ei(x) = ∫ exp(t) / t dt from -∞ to x, for x > 0."),
    "fresnel_cos(x, name=None)": (_fresnel_cos, "Fresnel's integral ∫₀ˣ cos(π t² / 2) dt."),
    "fresnel_sin(x, name=None)": (_fresnel_sin, "Fresnel's integral ∫₀ˣ sin(π t² / 2) dt."),
    "spence(x, name=None)": (_spence, "Spence's integral ∫ log(t) / (1 - t) dt from 1 to x, for x ≥ 0."),
})  # fmt: skip


def __getattr__(name: str) -> Any:
    raise missing_name("kerasish.tf.math.special", name, globals())
