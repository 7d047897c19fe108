"""``tf.math.special``: Bessel functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from kerasish.core.errors import missing_name
from kerasish.tf.alias import FLOATS, define


def _bessel(function: Callable, derivative: Callable) -> Callable:
    """A Bessel function with its derivative, which torch lacks; ``derivative(x, y)`` is made of others here."""

    class Bessel(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
            y = function(x)
            ctx.save_for_backward(x, y)
            return y

        @staticmethod
        def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
            x, y = ctx.saved_tensors
            return gradient * derivative(x, y)

    return lambda x: Bessel.apply(x) if x.requires_grad else function(x)


def _j1_slope(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    zero = x == 0
    return torch.where(zero, 0.5, _j0(x) - _j1(x) / torch.where(zero, 1, x))


_j0 = _bessel(torch.special.bessel_j0, lambda x, y: -_j1(x))
_j1 = _bessel(torch.special.bessel_j1, _j1_slope)
_k0 = _bessel(torch.special.modified_bessel_k0, lambda x, y: -_k1(x))
_k1 = _bessel(torch.special.modified_bessel_k1, lambda x, y: -_k0(x) - _k1(x) / x)
_k0e = _bessel(torch.special.scaled_modified_bessel_k0, lambda x, y: _k0e(x) - _k1e(x))
_k1e = _bessel(torch.special.scaled_modified_bessel_k1, lambda x, y: _k1e(x) * (1 - 1 / x) - _k0e(x))
_y0 = _bessel(torch.special.bessel_y0, lambda x, y: -_y1(x))
_y1 = _bessel(torch.special.bessel_y1, lambda x, y: _y0(x) - _y1(x) / x)

define(globals(), FLOATS, {
    "bessel_i0(x, name=None)": (torch.special.i0, "The modified Bessel function of the first kind, order 0."),
    "bessel_i0e(x, name=None)": (torch.special.i0e, "exp(-|x|) · bessel_i0(x)."),
    "bessel_i1(x, name=None)": (torch.special.i1, "The modified Bessel function of the first kind, order 1."),
    "bessel_i1e(x, name=None)": (torch.special.i1e, "exp(-|x|) · bessel_i1(x)."),
    "bessel_j0(x, name=None)": (_j0, "The Bessel function of the first kind, order 0."),
    "bessel_j1(x, name=None)": (_j1, "The Bessel function of the first kind, order 1."),
    "bessel_k0(x, name=None)": (
        _k0, "The modified Bessel function of the second kind, order 0.",
    ),
    "bessel_k0e(x, name=None)": (_k0e, "exp(x) · bessel_k0(x)."),
    "bessel_k1(x, name=None)": (
        _k1, "The modified Bessel function of the second kind, order 1.",
    ),
    "bessel_k1e(x, name=None)": (_k1e, "exp(x) · bessel_k1(x)."),
    "bessel_y0(x, name=None)": (_y0, "The Bessel function of the second kind, order 0."),
    "bessel_y1(x, name=None)": (_y1, "The Bessel function of the second kind, order 1."),
})  # fmt: skip


def __getattr__(name: str) -> Any:
    raise missing_name("kerasish.tf.math.special", name, globals())
