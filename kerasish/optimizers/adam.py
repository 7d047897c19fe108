"""Adam and its kin: Adam, AdamW, Adamax, Nadam, ScheduleFreeAdamW.

Epsilon stands outside of the bias correction (Kingma and Ba 2015, the formula at the end of their section 2), as in Keras and
not as in torch. The correction is therefore part of the learning rate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from kerasish.core.variable import Variable
from kerasish.optimizers.common import (
    Common,
    Rule,
    Tensors,
    fraction,
    fused,
    move_square_average,
    subtract,
    with_common_arguments,
)
from kerasish.optimizers.schedules import single

if TYPE_CHECKING:
    from typing_extensions import Unpack as Unpack


class Adam(Rule):
    """Steps of the mean gradient over the root of its mean square (Kingma and Ba 2015).

    ``m += (g - m)(1 - β₁); v += (g² - v)(1 - β₂); variable -= learning_rate √(1 - β₂ᵗ) / (1 - β₁ᵗ) · m / (√v + ε)``

    Args:
        beta_1, beta_2: β₁ and β₂.
        epsilon: ε.
        amsgrad: whether the largest v so far takes the place of v (Reddi et al. 2018).

    Raises:
        ValueError: β₁ or β₂ is not in [0, 1).
    """

    _slot_names = ("momentum", "velocity")

    @with_common_arguments
    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **common: Unpack[Common],
    ) -> None:
        super().__init__(learning_rate, **common)
        self.beta_1 = fraction(beta_1, "beta_1")
        self.beta_2 = fraction(beta_2, "beta_2")
        self.epsilon = epsilon
        self.amsgrad = amsgrad

    def _add_slots(self, variables: list[Variable]) -> None:
        super()._add_slots(variables)
        if self.amsgrad:
            self.add_optimizer_variables(variables, "velocity_hat")

    def _k_numbers(self, learning_rate: float, step: int) -> tuple[float, ...]:
        return (learning_rate * self.adam_correction(self.beta_1, self.beta_2, step),)

    def update(self, params: Tensors, grads: Tensors, variables: list[Variable], *numbers: Any) -> None:
        (rate,) = numbers
        means, squares = self.slots("momentum", variables), self.slots("velocity", variables)
        largest = self.slots("velocity_hat", variables) if self.amsgrad else []
        adam_update(params, grads, means, squares, largest, rate, self.beta_1, self.beta_2, self.epsilon)


_far_steps: dict[torch.device, torch.Tensor] = {}


def _far_step(device: torch.device) -> torch.Tensor:
    """A step count for which torch's own bias correction is 1."""
    step = _far_steps.get(device)
    if step is None:
        step = torch.full((), 1e30, dtype=torch.float32, device=device)
        if type(step) is torch.Tensor:  # not while a graph is traced with tensors that stand for others
            _far_steps[device] = step
    return step


def adam_update(
    params: Tensors,
    grads: Tensors,
    means: Tensors,
    squares: Tensors,
    largest: Tensors,
    rate: Any,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> None:
    """Adam's update with a rate that contains the bias correction."""
    if fused(params):
        steps = [_far_step(params[0].device)] * len(params)
        options = {"weight_decay": 0.0, "amsgrad": bool(largest), "maximize": False}
        torch._fused_adam_(
            params, grads, means, squares, largest, steps, lr=rate, beta1=beta_1, beta2=beta_2, eps=epsilon, **options
        )
        return
    torch._foreach_lerp_(means, grads, 1.0 - beta_1)
    move_square_average(squares, grads, 1.0 - beta_2)
    if largest:
        torch._foreach_maximum_(largest, squares)
    roots = torch._foreach_sqrt(largest or squares)
    torch._foreach_add_(roots, epsilon)
    subtract(params, torch._foreach_div(means, roots), rate)


class AdamW(Adam):
    """Adam with weight decay, which shrinks variables apart from the gradient (Loshchilov and Hutter 2019).

    Args:
        weight_decay: variables shrink by ``variable * weight_decay * learning_rate``.

    Raises:
        ValueError: ``weight_decay`` is None, or as of ``Adam``.
    """

    @with_common_arguments
    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **common: Unpack[Common],
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay, **common)
        if self.weight_decay is None:
            raise ValueError(f"Argument `weight_decay` must be a float. Received: weight_decay={weight_decay}")


class Adamax(Rule):
    """Adam with the largest gradient in place of the mean square (Kingma and Ba 2015, section 7.1).

    ``m += (g - m)(1 - β₁); u = max(β₂ u, |g|); variable -= learning_rate / (1 - β₁ᵗ) · m / (u + ε)``

    Args:
        beta_1, beta_2, epsilon: β₁, β₂ and ε.
    """

    _slot_names = ("momentum", "norm")

    @with_common_arguments
    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **common: Unpack[Common],
    ) -> None:
        super().__init__(learning_rate, **common)
        self.beta_1 = fraction(beta_1, "beta_1")
        self.beta_2 = fraction(beta_2, "beta_2")
        self.epsilon = epsilon

    def _k_numbers(self, learning_rate: float, step: int) -> tuple[float, ...]:
        return (learning_rate / (1.0 - self.power(self.beta_1, step)),)

    def update(self, params: Tensors, grads: Tensors, variables: list[Variable], *numbers: Any) -> None:
        means, norms = self.slots("momentum", variables), self.slots("norm", variables)
        torch._foreach_lerp_(means, grads, 1.0 - self.beta_1)
        torch._foreach_mul_(norms, self.beta_2)
        torch._foreach_maximum_(norms, torch._foreach_abs(grads))
        subtract(params, torch._foreach_div(means, torch._foreach_add(norms, self.epsilon)), numbers[0])


class Nadam(Rule):
    """Adam with Nesterov's momentum (Dozat 2016): β₁ is warmed up as ``u = β₁ (1 - 0.96ᵗ / 2)``.

    Args:
        beta_1, beta_2, epsilon: as of ``Adam``.
    """

    _slot_names = ("momentum", "velocity")

    @with_common_arguments
    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **common: Unpack[Common],
    ) -> None:
        super().__init__(learning_rate, **common)
        self.beta_1 = fraction(beta_1, "beta_1")
        self.beta_2 = fraction(beta_2, "beta_2")
        self.epsilon = epsilon

    def _add_slots(self, variables: list[Variable]) -> None:
        super()._add_slots(variables)
        self._u_product = self._host_variable(1.0, np.dtype(self._number).name, "variable")

    def _after_loading(self, loaded: list[Variable]) -> None:
        """Files of Keras 2 have the step, and not the product that goes with it."""
        if any(variable is self._u_product for variable in loaded):
            return
        product = 1.0
        for step in range(1, self._k_this_step):
            product *= self.beta_1 * (1.0 - 0.5 * 0.96**step)
        self._u_product.assign(product)

    def _k_numbers(self, learning_rate: float, step: int) -> tuple[float, ...]:
        beta_1 = single(self.beta_1)
        now, then = (beta_1 * (1.0 - 0.5 * self.power(0.96, i)) for i in (step, step + 1))
        product = self._product(step)
        of_mean = learning_rate * then / (1.0 - product * then)
        of_gradient = learning_rate * (1.0 - now) / (1.0 - product)
        return of_mean, of_gradient, 1.0 / (1.0 - self.power(self.beta_2, step))

    def _product(self, step: int) -> float:
        """u₁ u₂ … uₜ."""
        return self._u_product.stored.item() * self.beta_1 * (1.0 - 0.5 * 0.96**step)

    def _k_advance(self, phase: tuple) -> None:
        if phase[0]:
            product = self._product(self._k_this_step)
            self._u_product.make_writable(copy=False)
            self._u_product.stored.fill_(product)
        super()._k_advance(phase)

    def update(self, params: Tensors, grads: Tensors, variables: list[Variable], *numbers: Any) -> None:
        of_mean, of_gradient, correction = numbers
        means, squares = self.slots("momentum", variables), self.slots("velocity", variables)
        torch._foreach_lerp_(means, grads, 1.0 - single(self.beta_1))
        move_square_average(squares, grads, 1.0 - single(self.beta_2))
        steps = torch._foreach_mul(means, of_mean)
        torch._foreach_add_(steps, torch._foreach_mul(grads, of_gradient))
        roots = torch._foreach_mul(squares, correction)
        torch._foreach_sqrt_(roots)
        torch._foreach_add_(roots, self.epsilon)
        torch._foreach_div_(steps, roots)
        torch._foreach_sub_(params, steps)


class ScheduleFreeAdamW(Rule):
    """Adam whose variables are the mean of its iterates, so that no schedule is needed (Defazio et al. 2024).

    ``v += (g² - v)(1 - β₂); z -= learning_rate · g / (√(v / (1 - β₂ᵗ)) + ε); variable += (z - variable) / t``

    Args:
        beta_1: kept for configurations. As in Keras 3.15 gradients are taken at the mean itself, not between it and z.
        beta_2, epsilon: β₂ and ε.
        warmup_steps: steps in which the learning rate rises linearly from 0.
    """

    @with_common_arguments
    def __init__(
        self,
        learning_rate: Any = 0.0025,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        warmup_steps: int = 0,
        **common: Unpack[Common],
    ) -> None:
        super().__init__(learning_rate, **common)
        self.beta_1 = fraction(beta_1, "beta_1")
        self.beta_2 = fraction(beta_2, "beta_2")
        self.epsilon = epsilon
        self.warmup_steps = warmup_steps

    def _add_slots(self, variables: list[Variable]) -> None:
        self.add_optimizer_variables(variables, ("momentum", "velocity"))
        iterates = self.slots("momentum", variables)  # z
        with torch.no_grad():
            torch._foreach_copy_(iterates, [v.stored for v in variables])

    def _k_numbers(self, learning_rate: float, step: int) -> tuple[float, ...]:
        if step < self.warmup_steps:
            learning_rate *= step / self.warmup_steps
        return learning_rate, 1.0 / (1.0 - self.power(self.beta_2, step)), 1.0 / step

    def update(self, params: Tensors, grads: Tensors, variables: list[Variable], *numbers: Any) -> None:
        rate, correction, weight = numbers
        iterates, squares = self.slots("momentum", variables), self.slots("velocity", variables)
        move_square_average(squares, grads, 1.0 - single(self.beta_2))
        roots = torch._foreach_mul(squares, correction)
        torch._foreach_sqrt_(roots)
        torch._foreach_add_(roots, self.epsilon)
        subtract(iterates, torch._foreach_div(grads, roots), rate)
        subtract(params, torch._foreach_sub(params, iterates), weight)
