"""Rules that see a variable as a whole: Lamb (its norm), Adafactor (rows and columns), Muon (a matrix).

Rows and columns are those of the logical layout. A layout may give copies, so results are written back, never updated there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import torch

from kerasish.core.dispatch import boundary
from kerasish.core.variable import Variable
from kerasish.optimizers.adam import adam_update
from kerasish.optimizers.common import (
    Common,
    Rule,
    Tensors,
    fraction,
    move_square_average,
    subtract,
    with_common_arguments,
)
from kerasish.optimizers.schedules import single

if TYPE_CHECKING:
    from typing_extensions import Unpack as Unpack


def _logical(tensor: torch.Tensor, variable: Variable) -> torch.Tensor:
    return variable._layout.to_logical(tensor) if variable._layout is not None else tensor


def _stored(tensor: torch.Tensor, variable: Variable) -> torch.Tensor:
    return variable._layout.to_stored(tensor) if variable._layout is not None else tensor


class Lamb(Rule):
    """Adam with steps as long as the variable's own norm (You et al. 2020), for large batches.

    Args:
        beta_1, beta_2, epsilon: as of ``Adam``, but with the bias corrected before epsilon is added.
    """

    _k_elementwise = False
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

    def _k_numbers(self, learning_rate: float, step: int) -> tuple[float, ...]:
        return (
            learning_rate,
            1.0 / (1.0 - self.power(self.beta_1, step)),
            1.0 / (1.0 - self.power(self.beta_2, step)),
        )

    def update(self, params: Tensors, grads: Tensors, variables: list[Variable], *numbers: Any) -> None:
        rate, of_mean, of_square = numbers
        means, squares = self.slots("momentum", variables), self.slots("velocity", variables)
        torch._foreach_lerp_(means, grads, 1.0 - self.beta_1)
        move_square_average(squares, grads, 1.0 - self.beta_2)
        roots = torch._foreach_mul(squares, of_square)
        torch._foreach_sqrt_(roots)
        torch._foreach_add_(roots, self.epsilon)
        steps = torch._foreach_mul(means, of_mean)
        torch._foreach_div_(steps, roots)
        for param, step in zip(params, steps):
            own, of_step = torch.linalg.vector_norm(param), torch.linalg.vector_norm(step)
            step.mul_(torch.where((own > 0) & (of_step > 0), own / of_step, 1.0))
        subtract(params, steps, rate)


class Adafactor(Rule):
    """Adam that keeps mean squares of rows and columns only (Shazeer and Stern 2018), with steps relative to the variable.

    Args:
        beta_2_decay: at step t mean squares forget ``t ** beta_2_decay`` of the past.
        epsilon_1: added to squared gradients.
        epsilon_2: least root mean square of a variable that steps are relative to.
        clip_threshold: largest root mean square of a step, before the learning rate.
        relative_step: whether the learning rate is at most ``1 / √t``.
    """

    _k_elementwise = False

    @with_common_arguments
    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_2_decay: float = -0.8,
        epsilon_1: float = 1e-30,
        epsilon_2: float = 1e-3,
        clip_threshold: float = 1.0,
        relative_step: bool = True,
        **common: Unpack[Common],
    ) -> None:
        super().__init__(learning_rate, **common)
        self.beta_2_decay = beta_2_decay
        self.epsilon_1 = epsilon_1
        self.epsilon_2 = epsilon_2
        self.clip_threshold = clip_threshold
        self.relative_step = relative_step

    def _add_slots(self, variables: list[Variable]) -> None:
        for variable in variables:
            shape, label = tuple(variable.shape), variable._name.partition(":")[0]
            for name, kept in (("row", shape[:-1]), ("column", (*shape[:-2], *shape[-1:]))):
                if len(shape) < 2:  # what Keras's files hold there
                    slot = self._host_variable(0, "int32", label)
                else:
                    slot = self.add_variable(kept, dtype=variable.dtype, name=label)
                    slot._install(slot.stored.to(variable.stored.device))
                self._k_slots.setdefault(name, {})[self._get_variable_index(variable)] = slot
            self.add_optimizer_variables([variable], "velocity")

    def _k_numbers(self, learning_rate: float, step: int) -> tuple[float, ...]:
        if self.relative_step:
            learning_rate = min(learning_rate, step**-0.5)
        return learning_rate, step**self.beta_2_decay

    def update(self, params: Tensors, grads: Tensors, variables: list[Variable], *numbers: Any) -> None:
        rate, forgotten = numbers
        squares = torch._foreach_mul(grads, grads)
        torch._foreach_add_(squares, self.epsilon_1)
        velocities = self.slots("velocity", variables)
        for param, grad, square, velocity, variable in zip(params, grads, squares, velocities, variables):
            if param.ndim < 2:
                velocity.lerp_(square, forgotten)
            else:
                velocity.copy_(_stored(self._factored(_logical(square, variable), variable, forgotten), variable))
            step = grad / torch.sqrt(velocity)
            step /= torch.clamp(_rms(step) / self.clip_threshold, min=1.0)
            step *= torch.clamp(_rms(param), min=self.epsilon_2) * rate
            param.sub_(step)

    def _factored(self, square: torch.Tensor, variable: Variable, forgotten: Any) -> torch.Tensor:
        """The outer product of the mean squares of rows and columns, over their mean."""
        (row,), (column,) = self.slots("row", [variable]), self.slots("column", [variable])
        row.lerp_(square.mean(-1), forgotten)
        column.lerp_(square.mean(-2), forgotten)
        return (row / row.mean(-1, keepdim=True)).unsqueeze(-1) * column.unsqueeze(-2)


def _rms(x: torch.Tensor) -> torch.Tensor:
    return x.square().mean().sqrt()


class Muon(Rule):
    """Momentum made orthogonal, for the matrices of hidden layers (Jordan et al. 2024); Adam for the other variables.

    Args:
        adam_beta_1, adam_beta_2, epsilon: of the Adam part.
        adam_weight_decay: weight decay of the variables that Adam updates; ``weight_decay`` is for the matrices.
        exclude_layers: patterns; matrices whose paths contain one are left to Adam.
        exclude_embeddings: whether matrices with "embedding" in their paths are.
        muon_a, muon_b, muon_c: coefficients of the Newton-Schulz iteration.
        adam_lr_ratio: Adam's learning rate is ``learning_rate * adam_lr_ratio``.
        momentum: of the matrices' gradients.
        ns_steps: number of Newton-Schulz iterations.
        nesterov: whether Nesterov's momentum is taken.
        rms_rate: if given, steps are scaled by ``rms_rate * √max(rows, columns)``.
    """

    _k_elementwise = False

    def __init__(
        self,
        learning_rate: Any = 0.001,
        adam_beta_1: float = 0.9,
        adam_beta_2: float = 0.999,
        adam_weight_decay: float = 0.004,
        epsilon: float = 1e-7,
        weight_decay: float = 0.004,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        exclude_layers: Any = None,
        exclude_embeddings: bool = True,
        muon_a: float = 3.4445,
        muon_b: float = -4.775,
        muon_c: float = 2.0315,
        adam_lr_ratio: float = 1,
        momentum: float = 0.95,
        ns_steps: int = 5,
        nesterov: bool = True,
        rms_rate: float | None = 0.2,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            learning_rate,
            weight_decay,
            clipnorm,
            clipvalue,
            global_clipnorm,
            use_ema,
            ema_momentum,
            ema_overwrite_frequency,
            loss_scale_factor,
            gradient_accumulation_steps,
            name,
            **kwargs,
        )
        self.adam_beta_1 = fraction(adam_beta_1, "adam_beta_1")
        self.adam_beta_2 = fraction(adam_beta_2, "adam_beta_2")
        self.adam_weight_decay = adam_weight_decay
        self.epsilon = epsilon
        self.exclude_layers = exclude_layers or []
        self.exclude_embeddings = exclude_embeddings
        self.muon_a = muon_a
        self.muon_b = muon_b
        self.muon_c = muon_c
        self.adam_lr_ratio = adam_lr_ratio
        self.momentum = momentum
        self.ns_steps = ns_steps
        self.nesterov = nesterov
        self.rms_rate = rms_rate

    def get_config(self) -> dict:
        config = super().get_config()
        for key in ("exclude_embeddings", "adam_weight_decay", "rms_rate"):  # in Keras's order
            config[key] = config.pop(key)
        return config

    def _is_for_adam(self, variable: Variable) -> bool:
        path = variable.path
        if len(variable.shape) != 2 or (self.exclude_embeddings and "embedding" in path.lower()):
            return True
        return any(re.search(pattern, path) for pattern in self.exclude_layers)

    def _add_slots(self, variables: list[Variable]) -> None:
        self._k_slots["velocity"] = {}
        for variable in variables:
            names = ("momentum", "velocity") if self._is_for_adam(variable) else ("momentum",)
            self.add_optimizer_variables([variable], names)

    def _split(self, params: Tensors, grads: Tensors, variables: list[Variable]) -> tuple[list, list]:
        """Triples of parameter, gradient and variable: the matrices, and those for Adam."""
        adam = self._k_slots["velocity"]
        parts: tuple[list, list] = ([], [])
        for triple in zip(params, grads, variables):
            parts[self._get_variable_index(triple[2]) in adam].append(triple)
        return parts

    def _k_decays(self) -> tuple[float, ...]:
        return single(self.weight_decay or 0.0), single(self.adam_weight_decay or 0.0)

    def _k_shrink(self, params: Tensors, variables: list[Variable], amounts: tuple) -> None:
        for part, amount, decay in zip(self._split(params, params, variables), amounts, self._k_decays()):
            if decay:
                self._shrink_by(amount, [t[0] for t in part], [t[2] for t in part])

    def _k_numbers(self, learning_rate: float, step: int) -> tuple[float, ...]:
        correction = self.adam_correction(self.adam_beta_1, self.adam_beta_2, step)
        return learning_rate, learning_rate * self.adam_lr_ratio * correction

    def update(self, params: Tensors, grads: Tensors, variables: list[Variable], *numbers: Any) -> None:
        rate, adam_rate = numbers
        matrices, others = self._split(params, grads, variables)
        if matrices:
            self._update_matrices(*map(list, zip(*matrices)), rate)
        if others:
            params, grads, variables = map(list, zip(*others))
            means, squares = self.slots("momentum", variables), self.slots("velocity", variables)
            betas = self.adam_beta_1, self.adam_beta_2
            adam_update(params, grads, means, squares, [], adam_rate, *betas, self.epsilon)

    def _update_matrices(self, params: Tensors, grads: Tensors, variables: list[Variable], rate: Any) -> None:
        means = self.slots("momentum", variables)
        torch._foreach_mul_(means, self.momentum)
        torch._foreach_add_(means, grads)
        if self.nesterov:
            means = list(torch._foreach_add(grads, means, alpha=self.momentum))
        steps = []
        for mean, variable in zip(means, variables):
            step = self.zeropower_via_newtonschulz5.raw(self, _logical(mean, variable), self.ns_steps)
            steps.append(_stored(self.lr_adjust.raw(self, step), variable))
        subtract(params, steps, rate)

    @boundary
    def lr_adjust(self, x: torch.Tensor) -> torch.Tensor:
        """``x`` times ``rms_rate * √max(rows, columns)``, so that the steps of all matrices have one root mean square."""
        return x if self.rms_rate is None else x * (self.rms_rate * max(x.shape[-2:]) ** 0.5)

    @boundary
    def transpose_last_axis(self, X: torch.Tensor) -> torch.Tensor:  # noqa: N803 - Keras's name
        """``X`` with its last two axes exchanged."""
        return X.mT

    @boundary
    def zeropower_via_newtonschulz5(self, x: torch.Tensor, steps: int) -> torch.Tensor:
        """The orthogonal matrix nearest to ``x``, nearly: singular values of about 1, by a quintic Newton-Schulz iteration.

        Raises:
            ValueError: ``x`` has less than 2 axes.
        """
        if x.ndim < 2:
            raise ValueError(
                f"Expected gradient or momentum to have at least 2 dimensions. Received: shape={tuple(x.shape)}"
            )
        tall = x.shape[-2] > x.shape[-1]
        if tall:
            x = x.mT
        x = x / (torch.linalg.matrix_norm(x, keepdim=True) + 1e-7)
        for _ in range(steps):
            gram = x @ x.mT
            x = self.muon_a * x + (self.muon_b * gram + self.muon_c * gram @ gram) @ x
        return x.mT if tall else x
