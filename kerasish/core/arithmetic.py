"""Division and powers of raw torch tensors where TensorFlow's rules are not torch's."""

from __future__ import annotations

from typing import Any

import torch

from kerasish.core.dtypes import FROM_TORCH
from kerasish.core.shortcut import Direct


def divide(x: torch.Tensor, y: Any) -> torch.Tensor:
    """True division; integers become floats: of 32 bits for types up to 16 bits, otherwise of 64."""
    if not (x if isinstance(x, torch.Tensor) else y).dtype.is_floating_point:
        kind = FROM_TORCH[(x if isinstance(x, torch.Tensor) else y).dtype]
        if kind.is_integer:
            wide = torch.float32 if kind.size <= 2 else torch.float64
            x = x.to(wide) if isinstance(x, torch.Tensor) else x
            y = y.to(wide) if isinstance(y, torch.Tensor) else y
    return torch.true_divide(x, y) if isinstance(x, torch.Tensor) else x / y


def floor_divide(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """⌊x / y⌋; of floats from the rounded quotient, as in TensorFlow: 1.0 // 0.1 is 10."""
    if not x.is_floating_point():
        return torch.floor_divide(x, y)
    quotient = torch.floor(x / y)
    return quotient.detach() if quotient.requires_grad else quotient


def power(x: Any, y: Any) -> torch.Tensor:
    """x to the power y. Bases without a logarithm give their exponents a gradient of 0, where torch's is NaN."""
    if not (isinstance(y, torch.Tensor) and y.requires_grad):
        return torch.pow(x, y)
    if not isinstance(x, torch.Tensor):
        x = torch.as_tensor(x, dtype=y.dtype, device=y.device)
    has_log = x != 0 if x.is_complex() else x > 0
    finite = torch.where(torch.isfinite(y), y, 0)
    without = torch.pow(torch.where(has_log, 1, x), y.detach())  # at 1 for the others, whose slope here counts with 0
    without = without * (1 + 0 * (finite - finite.detach()))  # what is no number has no slope either
    return torch.where(has_log, torch.pow(torch.where(has_log, x, 1), y), without)


power.direct = Direct(torch.pow, None, (), constant="y")  # type: ignore[attr-defined]


class _Remainder(torch.autograd.Function):
    """x mod y with slopes of 1 and -⌊x / y⌋, where torch rounds the quotient otherwise."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x, y)
        return torch.remainder(x, y)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple:
        x, y = ctx.saved_tensors
        return gradient.sum_to_size(x.shape), (-gradient * floor_divide(x, y)).sum_to_size(y.shape)


def remainder(x: Any, y: Any) -> torch.Tensor:
    """What the floored division of x by y leaves; it has the sign of y."""
    if isinstance(y, torch.Tensor) and y.requires_grad:
        return _Remainder.apply(torch.as_tensor(x, dtype=y.dtype, device=y.device), y)
    return torch.remainder(x, y)


remainder.direct = Direct(torch.remainder, None, (), constant="y")  # type: ignore[attr-defined]
