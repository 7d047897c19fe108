"""Elementwise rules: SGD, RMSprop, Adagrad, Adadelta, Ftrl, Lion.

Formulas are Keras's, which are not torch's: SGD's velocity contains the learning rate; RMSprop's and Adagrad's epsilon stands
inside of the root.
"""

from __future__ import annotations

import numbers
from typing import TYPE_CHECKING, Any

import torch

from kerasish.core.variable import Variable
from kerasish.initializers import Constant
from kerasish.optimizers.common import (
    Common,
    Rule,
    Tensors,
    fused,
    move_square_average,
    subtract,
    with_common_arguments,
)
from kerasish.optimizers.schedules import single

if TYPE_CHECKING:
    from typing_extensions import Unpack as Unpack


class SGD(Rule):
    """Gradient descent: ``variable -= learning_rate * gradient``.

    Args:
        momentum: if positive, a velocity is kept: ``velocity = momentum * velocity - learning_rate * gradient``, and added.
        nesterov: whether ``momentum * velocity - learning_rate * gradient`` is added instead (Sutskever et al. 2013).

    Raises:
        ValueError: ``momentum`` is not in [0, 1].
    """

    @with_common_arguments
    def __init__(
        self, learning_rate: Any = 0.01, momentum: float = 0.0, nesterov: bool = False, **common: Unpack[Common]
    ) -> None:
        super().__init__(learning_rate, **common)
        if isinstance(momentum, bool) or not isinstance(momentum, numbers.Real) or not 0 <= momentum <= 1:
            raise ValueError(f"`momentum` must be a float between [0, 1]. Received: momentum={momentum}")
        self.momentum = momentum
        self.nesterov = nesterov

    def _add_slots(self, variables: list[Variable]) -> None:
        if self.momentum:
            self.add_optimizer_variables(variables, "momentum")

    def update(self, params: Tensors, grads: Tensors, variables: list[Variable], *numbers: Any) -> None:
        (rate,) = numbers
        if not self.momentum:
            _descend(params, grads, rate)
            return
        velocities = self.slots("momentum", variables)
        steps = torch._foreach_mul(grads, rate)
        torch._foreach_mul_(velocities, single(self.momentum))
        torch._foreach_sub_(velocities, steps)
        if self.nesterov:
            torch._foreach_add_(params, velocities, alpha=single(self.momentum))
            torch._foreach_sub_(params, steps)
        else:
            torch._foreach_add_(params, velocities)


def _descend(params: Tensors, grads: Tensors, rate: Any) -> None:
    if fused(params):
        options = {"weight_decay": 0.0, "momentum": 0.0, "dampening": 0.0, "nesterov": False, "maximize": False}
        torch._fused_sgd_(params, grads, [], lr=rate, is_first_step=False, **options)
    else:
        torch._foreach_sub_(params, torch._foreach_mul(grads, rate))


class RMSprop(Rule):
    """Gradients over the root of their mean square (Hinton 2012).

    ``v = ρ v + (1 - ρ) g²; variable -= learning_rate · g / √(v + ε)``

    Args:
        rho: ρ.
        momentum: if positive, of a velocity that the steps are added to.
        epsilon: ε.
        centered: whether the square of the mean gradient is taken from v.
    """

    @with_common_arguments
    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        **common: Unpack[Common],
    ) -> None:
        super().__init__(learning_rate, **common)
        self.rho = rho
        self.momentum = momentum
        self.epsilon = epsilon
        self.centered = centered

    def _add_slots(self, variables: list[Variable]) -> None:
        self.add_optimizer_variables(variables, "velocity")
        if self.momentum > 0:
            self.add_optimizer_variables(variables, "momentum")
        if self.centered:
            self.add_optimizer_variables(variables, "average_gradient")

    def update(self, params: Tensors, grads: Tensors, variables: list[Variable], *numbers: Any) -> None:
        (rate,) = numbers
        squares = self.slots("velocity", variables)
        move_square_average(squares, grads, 1.0 - self.rho)
        roots = torch._foreach_add(squares, self.epsilon)
        if self.centered:
            means = self.slots("average_gradient", variables)
            torch._foreach_lerp_(means, grads, 1.0 - self.rho)
            torch._foreach_addcmul_(roots, means, means, -1.0)
        torch._foreach_sqrt_(roots)
        steps = torch._foreach_div(grads, roots)
        if self.momentum > 0:
            velocities = self.slots("momentum", variables)
            torch._foreach_mul_(velocities, self.momentum)
            torch._foreach_add_(velocities, torch._foreach_mul(steps, rate))
            torch._foreach_sub_(params, velocities)
        else:
            subtract(params, steps, rate)


class Adagrad(Rule):
    """Gradients over the root of the sum of their squares (Duchi et al. 2011).

    ``s += g²; variable -= learning_rate · g / √(s + ε)``

    Args:
        initial_accumulator_value: first value of s.
        epsilon: ε.
    """

    @with_common_arguments
    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        **common: Unpack[Common],
    ) -> None:
        super().__init__(learning_rate, **common)
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = epsilon

    def _add_slots(self, variables: list[Variable]) -> None:
        self.add_optimizer_variables(variables, "accumulator", Constant(self.initial_accumulator_value))

    def update(self, params: Tensors, grads: Tensors, variables: list[Variable], *numbers: Any) -> None:
        sums = self.slots("accumulator", variables)
        torch._foreach_addcmul_(sums, grads, grads)
        roots = torch._foreach_add(sums, self.epsilon)
        torch._foreach_sqrt_(roots)
        subtract(params, torch._foreach_div(grads, roots), numbers[0])


class Adadelta(Rule):
    """Gradients over the root of their mean square, times that of the steps so far (Zeiler 2012).

    ``v = ρ v + (1 - ρ) g²; d = g √(w + ε) / √(v + ε); w = ρ w + (1 - ρ) d²; variable -= learning_rate · d``

    Args:
        rho, epsilon: ρ and ε.
    """

    _slot_names = ("accumulated_grad", "accumulated_delta_var")

    @with_common_arguments
    def __init__(
        self, learning_rate: Any = 0.001, rho: float = 0.95, epsilon: float = 1e-7, **common: Unpack[Common]
    ) -> None:
        super().__init__(learning_rate, **common)
        self.rho = rho
        self.epsilon = epsilon

    def update(self, params: Tensors, grads: Tensors, variables: list[Variable], *numbers: Any) -> None:
        of_grads, of_steps = (self.slots(name, variables) for name in self._slot_names)
        move_square_average(of_grads, grads, 1.0 - self.rho)
        steps = torch._foreach_add(of_steps, self.epsilon)
        torch._foreach_div_(steps, torch._foreach_add(of_grads, self.epsilon))
        torch._foreach_sqrt_(steps)
        torch._foreach_mul_(steps, grads)
        move_square_average(of_steps, steps, 1.0 - self.rho)
        subtract(params, steps, numbers[0])


class Ftrl(Rule):
    """Follow the regularized leader (McMahan et al. 2013), for sparse linear models.

    Args:
        learning_rate_power: how the rate falls with the sum of squares; at most 0.
        initial_accumulator_value: first value of that sum.
        l1_regularization_strength, l2_regularization_strength: penalties of the problem that each step solves.
        l2_shrinkage_regularization_strength: penalty that is added to the loss.
        beta: β of the paper.

    Raises:
        ValueError: an argument of the wrong sign.
    """

    _slot_names = ("accumulator", "linear")

    @with_common_arguments
    def __init__(
        self,
        learning_rate: Any = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
        **common: Unpack[Common],
    ) -> None:
        super().__init__(learning_rate, **common)
        self.learning_rate_power = learning_rate_power
        self.initial_accumulator_value = initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        self.beta = beta
        for name in (
            "initial_accumulator_value",
            "l1_regularization_strength",
            "l2_regularization_strength",
            "l2_shrinkage_regularization_strength",
        ):
            if getattr(self, name) < 0:
                raise ValueError(f"`{name}` needs to be positive or zero. Received: {name}={getattr(self, name)}.")
        if learning_rate_power > 0:
            raise ValueError(
                "`learning_rate_power` needs to be negative or zero. Received: "
                f"learning_rate_power={learning_rate_power}."
            )

    def _add_slots(self, variables: list[Variable]) -> None:
        first = Constant(self.initial_accumulator_value)
        self.add_optimizer_variables(variables, self._slot_names, [first, "zeros"])

    def update(self, params: Tensors, grads: Tensors, variables: list[Variable], *numbers: Any) -> None:
        (rate,) = numbers
        sums, linears = (self.slots(name, variables) for name in self._slot_names)
        before = torch._foreach_pow(sums, -self.learning_rate_power)
        torch._foreach_addcmul_(sums, grads, grads)
        after = torch._foreach_pow(sums, -self.learning_rate_power)
        change = torch._foreach_div(torch._foreach_sub(after, before), rate)
        torch._foreach_add_(linears, grads)
        if self.l2_shrinkage_regularization_strength:
            torch._foreach_add_(linears, params, alpha=2.0 * self.l2_shrinkage_regularization_strength)
        torch._foreach_sub_(linears, torch._foreach_mul(change, params))
        curvatures = torch._foreach_div(after, rate)
        penalty: Any = 2.0 * self.l2_regularization_strength
        if self.beta:
            penalty = penalty + self.beta / torch.as_tensor(rate, dtype=params[0].dtype)  # a rate of 0 gives infinity
        l1 = self.l1_regularization_strength
        for param, linear, curvature in zip(params, linears, curvatures):
            param.copy_((linear.clamp(-l1, l1) - linear) / (curvature + penalty))


class Lion(Rule):
    """The sign of an interpolated gradient (Chen et al. 2023).

    ``variable -= learning_rate · sign(β₁ m + (1 - β₁) g); m = β₂ m + (1 - β₂) g``

    Args:
        beta_1, beta_2: β₁ and β₂.

    Raises:
        ValueError: β₁ is not in (0, 1].
    """

    _slot_names = ("momentum",)

    @with_common_arguments
    def __init__(
        self, learning_rate: Any = 0.001, beta_1: float = 0.9, beta_2: float = 0.99, **common: Unpack[Common]
    ) -> None:
        super().__init__(learning_rate, **common)
        if not 0 < beta_1 <= 1:
            raise ValueError(
                "Argument `beta_1` must be in the [0, 1] range. Otherwise, the optimizer degenerates to SignSGD. "
                f"Received: beta_1={beta_1}."
            )
        self.beta_1 = beta_1
        self.beta_2 = beta_2

    def update(self, params: Tensors, grads: Tensors, variables: list[Variable], *numbers: Any) -> None:
        means = self.slots("momentum", variables)
        steps = torch._foreach_lerp(means, grads, 1.0 - single(self.beta_1))
        torch._foreach_sign_(steps)
        subtract(params, steps, numbers[0])
        torch._foreach_lerp_(means, grads, 1.0 - single(self.beta_2))
