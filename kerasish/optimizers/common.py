"""What the optimizers of ours share: their constructors' common arguments, their slots and their numbers.

A rule is ``update(params, grads, variables, *numbers(learning_rate, step))``; elementwise rules work on tensors in stored
layout.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np
import torch

from kerasish.core import deferred
from kerasish.core.context import local
from kerasish.core.device import has_fused_updates
from kerasish.core.variable import Variable
from kerasish.optimizers.base import Optimizer

if TYPE_CHECKING:
    from typing_extensions import Unpack as Unpack

Tensors = list[torch.Tensor]


class Common(TypedDict, total=False):
    """The arguments that every optimizer takes; see ``Optimizer``."""

    weight_decay: float | None
    clipnorm: float | None
    clipvalue: float | None
    global_clipnorm: float | None
    use_ema: bool
    ema_momentum: float
    ema_overwrite_frequency: int | None
    loss_scale_factor: float | None
    gradient_accumulation_steps: int | None
    name: str | None
    lr: float
    decay: float


def with_common_arguments(init: Callable) -> Callable:
    """Publish a rule's constructor with the arguments of ``Optimizer`` after its own, by position too, as Keras has them."""
    own = [p for p in inspect.signature(init).parameters.values() if p.kind is not p.VAR_KEYWORD]
    names = {p.name for p in own}
    base = inspect.signature(Optimizer.__init__)
    parameters = [*own, *(p for p in base.parameters.values() if p.name not in names)]
    positions = [p.name for p in parameters[1:-1]]

    @functools.wraps(init)
    def construct(self: Any, *args: Any, **kwargs: Any) -> None:
        if len(args) > len(positions):
            raise TypeError(
                f"{type(self).__name__} takes at most {len(positions)} arguments but {len(args)} were given"
            )
        init(self, **dict(zip(positions, args)), **kwargs)

    construct.__signature__ = base.replace(parameters=parameters)  # type: ignore[attr-defined]
    return construct


class Rule(Optimizer):
    """An optimizer of ours."""

    _slot_names: tuple[str, ...] = ()  # given to each variable, one variable after another
    _number: type = np.float32  # in which Keras computes what depends on the step

    def build(self, variables: Iterable[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        if any(v.dtype == "float64" for v in self._k_updated):
            self._number = np.float64
        self._add_slots(self._k_updated)
        if deferred.pending:
            deferred.note(self)

    def power(self, base: float, step: int) -> float:
        """base ** step in the precision of the variables, which counts: of 1 - 0.999 ** step it changes the fifth digit."""
        return float(self._number(np.float32(base)) ** self._number(step))

    def _add_slots(self, variables: list[Variable]) -> None:
        if self._slot_names:
            self.add_optimizer_variables(variables, self._slot_names)

    def adam_correction(self, beta_1: float, beta_2: float, step: int) -> float:
        """√(1 - β₂ᵗ) / (1 - β₁ᵗ)."""
        return (1.0 - self.power(beta_2, step)) ** 0.5 / (1.0 - self.power(beta_1, step))


FUSED_DTYPES = (torch.float32, torch.float64, torch.float16, torch.bfloat16)


def fused(params: Tensors) -> bool:
    """Whether torch has kernels that update all of these at once; in a graph, the compiler fuses the formulas better."""
    first = params[0]
    if local.capturing is not None or not has_fused_updates(first.device) or first.dtype not in FUSED_DTYPES:
        return False
    return all(p.dtype is first.dtype and p.device == first.device for p in params)


def fraction(value: float, name: str) -> float:
    """A decay rate as it is.

    Raises:
        ValueError: not in [0, 1).
    """
    if not 0 <= value < 1:
        raise ValueError(f"Argument `{name}` must be in the range [0, 1). Received: {name}={value}")
    return value


def subtract(params: Tensors, updates: Iterable[torch.Tensor], rate: Any) -> None:
    """``params -= rate * updates``; ``updates`` are overwritten."""
    steps = list(updates)
    torch._foreach_mul_(steps, rate)
    torch._foreach_sub_(params, steps)


def move_square_average(averages: Tensors, values: Tensors, weight: float) -> None:
    """``averages += (values² - averages) * weight``."""
    torch._foreach_mul_(averages, 1.0 - weight)
    torch._foreach_addcmul_(averages, values, values, weight)
