"""The gamma function's kin with TensorFlow's gradients, which torch lacks or has otherwise at poles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from kerasish.ops.common import in_float32


def differentiable(function: Callable, derivative: Callable) -> Callable:
    """A function with its derivative, which torch lacks; ``derivative(x, y)`` is made of others here.

    16-bit floats are computed in float32.
    """

    class Special(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
            y = in_float32(function, x)
            ctx.save_for_backward(x, y)
            return y

        @staticmethod
        def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
            x, y = ctx.saved_tensors
            return gradient * derivative(x, y)

    return lambda x: Special.apply(x) if x.requires_grad else in_float32(function, x)


def _of_second(function: Callable, slope: Callable) -> Callable:
    """A function of an order and a number that has a derivative by the number alone: ``slope(order, x)``."""

    class Second(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, order: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
            ctx.save_for_backward(order, x)
            return function(order, x)

        @staticmethod
        def backward(ctx: Any, gradient: torch.Tensor) -> tuple:
            order, x = ctx.saved_tensors
            return None, (gradient * slope(order, x)).sum_to_size(x.shape)

    def public(order: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        order = order.detach() if order.requires_grad else order
        return Second.apply(order, x) if x.requires_grad else function(order, x)

    return public


def _digamma(x: torch.Tensor) -> torch.Tensor:
    """The logarithmic derivative of the gamma function; NaN at its poles 0, -1, -2, ..."""
    return torch.where((x <= 0) & (x == torch.floor(x)), torch.nan, torch.digamma(x))


def _polygamma(a: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    sign = torch.where(torch.remainder(a, 2) == 0, -1, 1).to(x.dtype)
    values = sign * torch.exp(torch.lgamma(a + 1)) * torch.special.zeta(a + 1, x)
    values = torch.where((a < 0) | (a != torch.floor(a)), torch.nan, values)
    return torch.where(a == 0, _digamma(x), values)


class _Next(torch.autograd.Function):
    """The next float, whose slope is 1 by where it starts and 0 by where it goes."""

    @staticmethod
    def forward(ctx: Any, x1: torch.Tensor, x2: torch.Tensor) -> torch.Tensor:
        ctx.shapes = x1.shape, x2.shape
        return torch.nextafter(x1, x2)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple:
        first, second = ctx.shapes
        return gradient.sum_to_size(first), gradient.new_zeros(second)


def next_after(x1: torch.Tensor, x2: torch.Tensor) -> torch.Tensor:
    """The next float after x1 in the direction of x2."""
    return _Next.apply(x1, x2) if x1.requires_grad or x2.requires_grad else torch.nextafter(x1, x2)


digamma = differentiable(_digamma, lambda x, y: in_float32(lambda x: polygamma(torch.ones_like(x), x), x))
lgamma = differentiable(torch.lgamma, lambda x, y: digamma(x))
zeta = _of_second(torch.special.zeta, lambda s, q: -s * zeta(s + 1, q))
polygamma = _of_second(_polygamma, lambda a, x: polygamma(a + 1, x))
