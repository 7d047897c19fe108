"""The elementwise rules: SGD, the Adam family, RMSprop, Adagrad, Adadelta, Ftrl, Lion.

Formulas are Keras's, which are not torch's: in Adam and its kin epsilon stands outside of the bias correction (Kingma and Ba
2015, the formula at the end of their section 2), in RMSprop and Adagrad inside of the root, and SGD's velocity contains the
learning rate.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import torch

from kerasish.core.variable import Variable, Weight
from kerasish.initializers import Constant
from kerasish.optimizers.rule import (
    Common,
    Rule,
    Tensors,
    fraction,
    move_square_average,
    single,
    subtract,
    with_common_arguments,
)

if TYPE_CHECKING:
    from typing_extensions import Unpack as Unpack

_FUSED_DEVICES = ("cpu", "cuda")
_FUSED_DTYPES = (torch.float32, torch.float64, torch.float16, torch.bfloat16)


def _fused(params: Tensors) -> bool:
    """Whether torch has kernels that update all of these at once."""
    first = params[0]
    if first.device.type not in _FUSED_DEVICES or first.dtype not in _FUSED_DTYPES:
        return False
    return all(p.dtype is first.dtype and p.device == first.device for p in params)


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
        if isinstance(momentum, bool) or not 0 <= momentum <= 1:
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
        torch._foreach_mul_(velocities, self.momentum)
        torch._foreach_sub_(velocities, steps)
        if self.nesterov:
            torch._foreach_add_(params, velocities, alpha=self.momentum)
            torch._foreach_sub_(params, steps)
        else:
            torch._foreach_add_(params, velocities)


def _descend(params: Tensors, grads: Tensors, rate: Any) -> None:
    if _fused(params):
        options = {"weight_decay": 0.0, "momentum": 0.0, "dampening": 0.0, "nesterov": False, "maximize": False}
        torch._fused_sgd_(params, grads, [], lr=rate, is_first_step=False, **options)
    else:
        torch._foreach_sub_(params, torch._foreach_mul(grads, rate))


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

    def numbers(self, learning_rate: float, step: int) -> tuple[float, ...]:
        return (learning_rate * adam_correction(self.beta_1, self.beta_2, step),)

    def update(self, params: Tensors, grads: Tensors, variables: list[Variable], *numbers: Any) -> None:
        (rate,) = numbers
        means, squares = self.slots("momentum", variables), self.slots("velocity", variables)
        largest = self.slots("velocity_hat", variables) if self.amsgrad else []
        adam_update(params, grads, means, squares, largest, rate, self.beta_1, self.beta_2, self.epsilon)


def adam_correction(beta_1: float, beta_2: float, step: int) -> float:
    """√(1 - β₂ᵗ) / (1 - β₁ᵗ)."""
    return (1.0 - single(beta_2) ** step) ** 0.5 / (1.0 - single(beta_1) ** step)


@functools.cache
def _never(device: torch.device) -> torch.Tensor:
    """A step count for which torch's own bias correction is 1."""
    return torch.full((), 1e30, device=device)


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
    if _fused(params):
        steps = [_never(params[0].device)] * len(params)
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

    def numbers(self, learning_rate: float, step: int) -> tuple[float, ...]:
        return (learning_rate / (1.0 - single(self.beta_1) ** step),)

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
        self._u_product: Weight = self._host_variable(1.0, "float32", "variable")
        self._u_product._path = "variable"  # the real one belongs to nobody
        self._u_product._trainable = True

    def _u(self, step: int) -> float:
        return self.beta_1 * (1.0 - 0.5 * 0.96**step)

    def numbers(self, learning_rate: float, step: int) -> tuple[float, ...]:
        now, then = self._u(step), self._u(step + 1)
        product = self._u_product.stored.item() * now
        of_mean = learning_rate * then / (1.0 - product * then)
        of_gradient = learning_rate * (1.0 - now) / (1.0 - product)
        return of_mean, of_gradient, 1.0 / (1.0 - single(self.beta_2) ** step)

    def raw_apply(self, grads: Tensors, variables: list[Variable]) -> None:
        step = self.step
        super().raw_apply(grads, variables)
        if self.step > step:
            self._u_product.make_writable()
            self._u_product.stored.mul_(self._u(step))

    def update(self, params: Tensors, grads: Tensors, variables: list[Variable], *numbers: Any) -> None:
        of_mean, of_gradient, correction = numbers
        means, squares = self.slots("momentum", variables), self.slots("velocity", variables)
        torch._foreach_lerp_(means, grads, 1.0 - self.beta_1)
        move_square_average(squares, grads, 1.0 - self.beta_2)
        steps = torch._foreach_mul(means, of_mean)
        torch._foreach_add_(steps, torch._foreach_mul(grads, of_gradient))
        roots = torch._foreach_mul(squares, correction)
        torch._foreach_sqrt_(roots)
        torch._foreach_add_(roots, self.epsilon)
        torch._foreach_div_(steps, roots)
        torch._foreach_sub_(params, steps)


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
        shrinkage = 2.0 * self.l2_shrinkage_regularization_strength
        if shrinkage:
            grads = list(torch._foreach_add(grads, params, alpha=shrinkage))
        before = torch._foreach_pow(sums, -self.learning_rate_power)
        torch._foreach_addcmul_(sums, grads, grads)
        after = torch._foreach_pow(sums, -self.learning_rate_power)
        change = torch._foreach_div(torch._foreach_sub(after, before), rate)
        torch._foreach_add_(linears, grads)
        torch._foreach_sub_(linears, torch._foreach_mul(change, params))
        curvatures = torch._foreach_div(after, rate)
        penalty = 2.0 * (self.l2_regularization_strength + self.beta / (2.0 * rate))
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
        steps = torch._foreach_lerp(means, grads, 1.0 - self.beta_1)
        torch._foreach_sign_(steps)
        subtract(params, steps, numbers[0])
        torch._foreach_lerp_(means, grads, 1.0 - self.beta_2)
