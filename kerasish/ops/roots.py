"""Square roots and reciprocals whose gradient is 0 where nothing flows back, as TensorFlow's.

torch gives NaN there at 0 (0 · ∞) and outside of the domain (0 · NaN): ``where(x > 0, sqrt(x), 0)`` would spoil a model.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch


def _function(forward: Callable, slope: Callable, flat: float) -> Callable[[torch.Tensor], torch.Tensor]:
    """``forward`` with the derivative ``slope(result)``, which is 0 for the result ``flat``."""

    class Rooted(torch.autograd.Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(x: torch.Tensor) -> torch.Tensor:
            return forward(x)

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            ctx.save_for_backward(output)
            ctx.save_for_forward(output)

        @staticmethod
        def backward(ctx: Any, *gradients: Any) -> Any:
            (result,), gradient = ctx.saved_tensors, gradients[0]
            usual = torch.isfinite(result) & (result != 0)
            return gradient * slope(torch.where(usual | (gradient != 0), result, flat)).conj()

        @staticmethod
        def jvp(ctx: Any, *tangents: Any) -> Any:
            return tangents[0] * slope(ctx.saved_tensors[0])

    def apply(x: torch.Tensor) -> torch.Tensor:
        return Rooted.apply(x) if x.requires_grad else forward(x)

    apply.__doc__ = forward.__doc__
    return apply


sqrt = _function(torch.sqrt, lambda y: 0.5 / y, math.inf)
rsqrt = _function(torch.rsqrt, lambda y: -0.5 * y * y * y, 0.0)
reciprocal = _function(torch.reciprocal, lambda y: -y * y, 0.0)
