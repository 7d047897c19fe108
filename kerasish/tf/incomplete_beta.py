"""The regularized incomplete beta function, which torch lacks."""

from __future__ import annotations

from typing import Any

import torch

_ROUNDS = 300  # of the continued fraction; tens are enough unless a and b are in the thousands
_TINY = 1e-300


def _fraction(a: torch.Tensor, b: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """The continued fraction of I(x; a, b) for x < (a + 1) / (a + b + 2), by Lentz's method."""
    c = torch.ones_like(x)
    d = 1 / _nonzero(1 - (a + b) * x / (a + 1))
    value = d.clone()
    for m in range(1, _ROUNDS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for part in (even, odd):
            d, c = 1 / _nonzero(1 + part * d), _nonzero(1 + part / c)
            value = value * c * d
        if torch.all(((c * d - 1).abs() < 1e-16) | ~torch.isfinite(value)):
            break
    return value


def _nonzero(x: torch.Tensor) -> torch.Tensor:
    return torch.where(x.abs() < _TINY, _TINY, x)


def _log_density(a: torch.Tensor, b: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """log(xᵃ (1 - x)ᵇ / B(a, b))."""
    return torch.lgamma(a + b) - torch.lgamma(a) - torch.lgamma(b) + torch.xlogy(a, x) + b * torch.log1p(-x)


class _Incomplete(torch.autograd.Function):
    """I(x; a, b); only x has a gradient, as in TensorFlow."""

    @staticmethod
    def forward(ctx: Any, a: torch.Tensor, b: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(a, b, x)
        kind = x.dtype
        a, b, x = (t.double() for t in torch.broadcast_tensors(a, b, x))
        mirrored = x > (a + 1) / (a + b + 2)
        a, b, y = torch.where(mirrored, b, a), torch.where(mirrored, a, b), torch.where(mirrored, 1 - x, x)
        value = torch.exp(_log_density(a, b, y)) * _fraction(a, b, y) / a
        value = torch.where(mirrored, 1 - value, value)
        value = torch.where(x == 0, 0.0, torch.where(x == 1, 1.0, value))
        outside = (x < 0) | (x > 1) | (a <= 0) | (b <= 0) | torch.isnan(x)
        return torch.where(outside, torch.nan, value).to(kind)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple:
        a, b, x = ctx.saved_tensors
        density = torch.exp(_log_density(a, b, x) - torch.log(x) - torch.log1p(-x))
        return None, None, (gradient * density).sum_to_size(x.shape)


def betainc_raw(a: torch.Tensor, b: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """I(x; a, b) of raw tensors, with broadcasting."""
    return _Incomplete.apply(a, b, x)
