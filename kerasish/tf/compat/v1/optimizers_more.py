"""Optimizers of ``tf.compat.v1.train`` that pull weights towards zero: proximal descent, and dual averaging."""

from __future__ import annotations

from typing import Any

import torch

from kerasish.core.variable import Variable
from kerasish.tf.compat.v1.optimizers import Optimizer, _number


def _shrunk(value: torch.Tensor, rate: Any, l1: float, l2: float) -> torch.Tensor:
    """Nearer to zero by ``rate * l1``, not beyond, and divided by 1 + rate * l2."""
    return torch.sign(value) * torch.clamp(value.abs() - rate * l1, min=0.0) / (1.0 + rate * l2)


class ProximalGradientDescentOptimizer(Optimizer):
    """Gradient descent, after which the values are pulled towards zero (Duchi and Singer, 2009).

    Args:
        l1_regularization_strength, l2_regularization_strength: how strongly; 0 or more.
    """

    def __init__(
        self,
        learning_rate: Any,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "ProximalGradientDescent",
    ) -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate
        self._l1, self._l2 = l1_regularization_strength, l2_regularization_strength

    def _update(self, variable: Variable, value: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
        rate = _number(self._learning_rate)
        return value - _shrunk(value - rate * gradient, rate, self._l1, self._l2)


class ProximalAdagradOptimizer(Optimizer):
    """Adagrad, after which the values are pulled towards zero with each element's own rate.

    Args:
        initial_accumulator_value: where the sums of squares begin; above 0.
        l1_regularization_strength, l2_regularization_strength: how strongly; 0 or more.

    Raises:
        ValueError: a first sum that is not positive.
    """

    def __init__(
        self,
        learning_rate: Any,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "ProximalAdagrad",
    ) -> None:
        if initial_accumulator_value <= 0.0:
            raise ValueError(f"initial_accumulator_value must be positive: {initial_accumulator_value}")
        super().__init__(use_locking, name)
        self._learning_rate, self._first = learning_rate, initial_accumulator_value
        self._l1, self._l2 = l1_regularization_strength, l2_regularization_strength

    def _update(self, variable: Variable, value: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
        total = self._slot(variable, "accumulator", self._first) + gradient * gradient
        self._keep(variable, accumulator=total)
        rate = _number(self._learning_rate) / total.sqrt()
        return value - _shrunk(value - rate * gradient, rate, self._l1, self._l2)


class AdagradDAOptimizer(Optimizer):
    """Adagrad with dual averaging: values come from the sums of all gradients (Duchi, Hazan and Singer, 2011).

    Args:
        global_step: the variable that counts steps.
        initial_gradient_squared_accumulator_value: where the sums of squares begin; above 0.
        l1_regularization_strength, l2_regularization_strength: how strongly values are pulled towards zero; 0 or more.

    Raises:
        ValueError: a first sum that is not positive.
    """

    def __init__(
        self,
        learning_rate: Any,
        global_step: Any,
        initial_gradient_squared_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "AdagradDA",
    ) -> None:
        if initial_gradient_squared_accumulator_value <= 0.0:
            raise ValueError(
                "initial_gradient_squared_accumulator_value must be positive: "
                f"{initial_gradient_squared_accumulator_value}"
            )
        super().__init__(use_locking, name)
        self._learning_rate, self._first = learning_rate, initial_gradient_squared_accumulator_value
        self._l1, self._l2, self._global_step = l1_regularization_strength, l2_regularization_strength, global_step

    def _update(self, variable: Variable, value: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
        rate, step = _number(self._learning_rate), int(self._global_step.numpy()) + 1
        total = self._slot(variable, "gradient_accumulator", 0.0) + gradient
        squares = self._slot(variable, "gradient_squared_accumulator", self._first) + gradient * gradient
        self._keep(variable, gradient_accumulator=total, gradient_squared_accumulator=squares)
        if self._l1 > 0:
            total = torch.sign(total) * torch.clamp(total.abs() - self._l1 * step, min=0.0)
        return value + rate * total / (self._l2 * step * rate + squares.sqrt())
