"""Square roots and reciprocals whose gradient is 0 where nothing flows back, as TensorFlow's.

torch gives NaN there at 0 (0 · ∞) and outside of the domain (0 · NaN): ``where(x > 0, sqrt(x), 0)`` would spoil a model.
torch's own operation is used, with a hook that mends its gradient; a function of Python's costs ten times as much. That
one serves where hooks do not: in torch.compile, in torch.func, and for gradients of gradients.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import torch
from torch.compiler import is_dynamo_compiling


class _Saved:
    """In place of a context: the result that was kept."""

    def __init__(self, result: torch.Tensor) -> None:
        self.saved_tensors = (result,)


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

    def mend(x: torch.Tensor, inner: tuple, outer: tuple) -> tuple:
        """The gradient for the input ``x``, in place of torch's (``inner``), for that of the result (``outer``)."""
        if outer[0] is None:
            return inner
        if torch.is_grad_enabled():
            return (Rooted.backward(_Saved(Rooted.apply(x)), *outer),)
        usual = torch.isfinite(inner[0]) | (outer[0] != 0)
        return (torch.where(usual, inner[0], 0.0),)

    def apply(x: torch.Tensor) -> torch.Tensor:
        if not (x.requires_grad and torch.is_grad_enabled()):
            return forward(x)
        if is_dynamo_compiling() or torch._C._are_functorch_transforms_active():
            return Rooted.apply(x)
        y = forward(x)
        y.grad_fn.register_hook(functools.partial(mend, x))
        return y

    apply.__doc__ = forward.__doc__
    return apply


sqrt = _function(torch.sqrt, lambda y: 0.5 / y, math.inf)
rsqrt = _function(torch.rsqrt, lambda y: -0.5 * y * y * y, 0.0)
reciprocal = _function(torch.reciprocal, lambda y: -y * y, 0.0)
