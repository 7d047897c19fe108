"""Optimizers of ``tf.compat.v1.train``, as they work where operations run as they are called."""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterable
from typing import Any

import torch

from kerasish.core import dispatch
from kerasish.core.autodiff import GradientTape
from kerasish.core.context import on_clear_session
from kerasish.core.tensor import convert
from kerasish.core.variable import TFVariable, Variable
from kerasish.optimizers.schedules import single
from kerasish.tf.scopes import name_scope

_slots_made: collections.Counter = collections.Counter()  # by the names of the variable and the optimizer
on_clear_session(_slots_made.clear)


class Optimizer:
    """Updates variables from gradients; a rule is the method ``_update``.

    Args:
        use_locking: of graphs; without effect.
        name: of the optimizer.

    Raises:
        ValueError: no name.
    """

    GATE_NONE, GATE_OP, GATE_GRAPH = 0, 1, 2
    _slot_names: tuple[str, ...] = ()

    def __init__(self, use_locking: bool, name: str) -> None:
        if not name:
            raise ValueError("Must specify the optimizer name")
        self._name = name
        self._slots: dict[Any, dict[str, TFVariable]] = {}  # by the variable's reference
        self._powers: list[TFVariable] = []  # of Adam

    def minimize(
        self,
        loss: Callable,
        global_step: Any = None,
        var_list: Any = None,
        gate_gradients: int = GATE_OP,
        aggregation_method: Any = None,
        colocate_gradients_with_ops: bool = False,
        name: str | None = None,
        grad_loss: Any = None,
    ) -> Any:
        """Take the gradients of a loss and apply them.

        Args:
            loss: a function without arguments.
            global_step: a variable that is counted up.
            var_list: default: the variables that the function reads.
            grad_loss: the gradient of the loss itself.

        Raises:
            RuntimeError: ``loss`` is a tensor. ValueError: no gradient.
        """
        return self.apply_gradients(self.compute_gradients(loss, var_list, grad_loss=grad_loss), global_step, name)

    def compute_gradients(
        self,
        loss: Callable,
        var_list: Any = None,
        gate_gradients: int = GATE_OP,
        aggregation_method: Any = None,
        colocate_gradients_with_ops: bool = False,
        grad_loss: Any = None,
    ) -> list[tuple]:
        """Pairs ``(gradient, variable)``; see ``minimize``."""
        if not callable(loss) or dispatch.is_tensor(loss):
            raise RuntimeError(
                "`loss` passed to Optimizer.compute_gradients should be a function when eager execution is enabled."
            )
        with GradientTape() as tape:
            if var_list is not None:
                tape.watch(list(var_list))
            value = loss()
        variables = list(tape.watched_variables() if var_list is None else var_list)
        return list(zip(tape.gradient(value, variables, grad_loss), variables))

    def apply_gradients(self, grads_and_vars: Iterable, global_step: Any = None, name: str | None = None) -> None:
        """Update variables from pairs ``(gradient, variable)``, and count ``global_step`` up.

        Raises:
            ValueError: no pairs, or none with a gradient.
        """
        pairs = list(grads_and_vars)
        if not pairs:
            raise ValueError("No variables provided.")
        given = [(g, v) for g, v in pairs if g is not None]
        if not given:
            raise ValueError(f"No gradients provided for any variable: {[repr(v) for _, v in pairs]}.")
        with torch.no_grad():
            self._begin()
            for gradient, variable in given:
                raw = dispatch.raw(convert(gradient)).to(variable.stored.dtype)
                value = dispatch.raw(convert(variable))
                step = self._update(variable, value, raw)
                variable.assign(dispatch.wrap(value - step))
            self._finish()
        if global_step is not None:
            global_step.assign_add(1)

    def _begin(self) -> None:
        """Called before the updates."""

    def _finish(self) -> None:
        """Called after them."""

    def _update(self, variable: Variable, value: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
        """What is subtracted from a variable's value."""
        raise NotImplementedError

    # state

    def _slot(self, variable: Variable, name: str, first: float) -> torch.Tensor:
        slots = self._slots.setdefault(variable.ref(), {})
        if name not in slots:
            value = torch.full_like(dispatch.raw(convert(variable)), first)
            owner = getattr(variable, "path", variable.name).removesuffix(":0")
            count = _slots_made[owner, self._name]
            _slots_made[owner, self._name] += 1
            with name_scope(f"{owner}/"):
                own = f"{self._name}_{count}" if count else self._name
                slots[name] = TFVariable(dispatch.wrap(value), trainable=False, name=own)
        return dispatch.raw(convert(slots[name]))

    def _keep(self, variable: Variable, **values: torch.Tensor) -> None:
        for name, value in values.items():
            self._slots[variable.ref()][name].assign(dispatch.wrap(value))

    def get_slot(self, var: Variable, name: str) -> Any:
        """A variable of the optimizer that belongs to another one; None if there is none."""
        return self._slots.get(var.ref(), {}).get(name)

    def get_slot_names(self) -> list[str]:
        """The names that ``get_slot`` takes."""
        return sorted({name for slots in self._slots.values() for name in slots})

    def get_name(self) -> str:
        """The optimizer's name."""
        return self._name

    def variables(self) -> list:
        """The optimizer's own variables, by name."""
        own = [*self._powers, *(slot for slots in self._slots.values() for slot in slots.values())]
        return sorted(own, key=lambda variable: variable.name)


def _number(value: Any) -> Any:
    """A hyperparameter, which may be a function or a tensor."""
    value = value() if callable(value) and not dispatch.is_tensor(value) else value
    return float(value.numpy()) if hasattr(value, "numpy") else float(value)


class GradientDescentOptimizer(Optimizer):
    """variable -= learning_rate * gradient."""

    def __init__(self, learning_rate: Any, use_locking: bool = False, name: str = "GradientDescent") -> None:
        super().__init__(use_locking, name)
        self._learning_rate = learning_rate

    def _update(self, variable: Variable, value: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
        return gradient * _number(self._learning_rate)


class MomentumOptimizer(Optimizer):
    """a = momentum * a + gradient; variable -= learning_rate * a (Nesterov's: gradient + momentum * a)."""

    def __init__(
        self,
        learning_rate: Any,
        momentum: Any,
        use_locking: bool = False,
        name: str = "Momentum",
        use_nesterov: bool = False,
    ) -> None:
        super().__init__(use_locking, name)
        self._learning_rate, self._momentum, self._use_nesterov = learning_rate, momentum, use_nesterov

    def _update(self, variable: Variable, value: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
        momentum = _number(self._momentum)
        total = self._slot(variable, "momentum", 0.0) * momentum + gradient
        self._keep(variable, momentum=total)
        return _number(self._learning_rate) * (gradient + momentum * total if self._use_nesterov else total)


class AdamOptimizer(Optimizer):
    """Adam, with both bias corrections in the learning rate."""

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta1: Any = 0.9,
        beta2: Any = 0.999,
        epsilon: Any = 1e-08,
        use_locking: bool = False,
        name: str = "Adam",
        use_own_namescope_for_non_slot_vars: bool = False,
    ) -> None:
        super().__init__(use_locking, name)
        self._lr, self._beta1, self._beta2, self._epsilon = learning_rate, beta1, beta2, epsilon

    def _begin(self) -> None:
        self._now = _number(self._beta1), _number(self._beta2)
        if not self._powers:
            names = ("beta1_power", "beta2_power")
            self._powers = [TFVariable(beta, trainable=False, name=n) for beta, n in zip(self._now, names)]

    def _finish(self) -> None:
        for power, beta in zip(self._powers, self._now):
            power.assign(power * beta)

    def _update(self, variable: Variable, value: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
        (beta1, beta2), (power1, power2) = self._now, (float(power.numpy()) for power in self._powers)
        m = self._slot(variable, "m", 0.0) * beta1 + gradient * (1 - single(beta1))
        v = self._slot(variable, "v", 0.0) * beta2 + gradient * gradient * (1 - single(beta2))
        self._keep(variable, m=m, v=v)
        return _number(self._lr) * (1 - power2) ** 0.5 / (1 - power1) * m / (v.sqrt() + _number(self._epsilon))


class AdagradOptimizer(Optimizer):
    """Adagrad: learning rates shrink with the squares summed so far.

    Raises:
        ValueError: a first sum that is not positive.
    """

    def __init__(
        self,
        learning_rate: Any,
        initial_accumulator_value: float = 0.1,
        use_locking: bool = False,
        name: str = "Adagrad",
    ) -> None:
        if initial_accumulator_value <= 0.0:
            raise ValueError(f"initial_accumulator_value must be positive: {initial_accumulator_value}")
        super().__init__(use_locking, name)
        self._learning_rate, self._first = learning_rate, initial_accumulator_value

    def _update(self, variable: Variable, value: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
        total = self._slot(variable, "accumulator", self._first) + gradient * gradient
        self._keep(variable, accumulator=total)
        return _number(self._learning_rate) * gradient / total.sqrt()


class AdadeltaOptimizer(Optimizer):
    """Adadelta: steps in the units of the steps so far."""

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: Any = 0.95,
        epsilon: Any = 1e-08,
        use_locking: bool = False,
        name: str = "Adadelta",
    ) -> None:
        super().__init__(use_locking, name)
        self._lr, self._rho, self._epsilon = learning_rate, rho, epsilon

    def _update(self, variable: Variable, value: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
        rho, epsilon = _number(self._rho), _number(self._epsilon)
        squares = self._slot(variable, "accum", 0.0) * rho + gradient * gradient * (1 - rho)
        steps = self._slot(variable, "accum_update", 0.0)
        step = gradient * (steps + epsilon).sqrt() / (squares + epsilon).sqrt()
        self._keep(variable, accum=squares, accum_update=steps * rho + step * step * (1 - rho))
        return _number(self._lr) * step


class RMSPropOptimizer(Optimizer):
    """RMSProp, whose mean of squares begins with ones."""

    def __init__(
        self,
        learning_rate: Any,
        decay: Any = 0.9,
        momentum: Any = 0.0,
        epsilon: Any = 1e-10,
        use_locking: bool = False,
        centered: bool = False,
        name: str = "RMSProp",
    ) -> None:
        super().__init__(use_locking, name)
        self._learning_rate, self._decay, self._momentum = learning_rate, decay, momentum
        self._epsilon, self._centered = epsilon, centered

    def _update(self, variable: Variable, value: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
        decay = _number(self._decay)
        squares = self._slot(variable, "rms", 1.0) * decay + gradient * gradient * (1 - decay)
        spread = squares
        if self._centered:
            mean = self._slot(variable, "mg", 0.0) * decay + gradient * (1 - decay)
            self._keep(variable, mg=mean)
            spread = squares - mean * mean
        step = self._slot(variable, "momentum", 0.0) * _number(self._momentum)
        step = step + _number(self._learning_rate) * gradient / (spread + _number(self._epsilon)).sqrt()
        self._keep(variable, rms=squares, momentum=step)
        return step


class FtrlOptimizer(Optimizer):
    """Follow the regularized leader; beta and shrinkage as in McMahan et al.

    Raises:
        ValueError: a strength or first sum below 0, or a power above 0.
    """

    def __init__(
        self,
        learning_rate: Any,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "Ftrl",
        accum_name: str | None = None,
        linear_name: str | None = None,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float | None = None,
    ) -> None:
        super().__init__(use_locking, name)
        strengths = {
            "initial_accumulator_value": initial_accumulator_value,
            "l1_regularization_strength": l1_regularization_strength,
            "l2_regularization_strength": l2_regularization_strength,
            "l2_shrinkage_regularization_strength": l2_shrinkage_regularization_strength,
        }
        for argument, strength in strengths.items():
            if strength < 0.0:
                raise ValueError(f"{argument} {strength} needs to be positive or zero")
        if learning_rate_power > 0.0:
            raise ValueError(f"learning_rate_power {learning_rate_power} needs to be negative or zero")
        self._learning_rate, self._power, self._first = learning_rate, learning_rate_power, initial_accumulator_value
        self._l1, self._l2 = l1_regularization_strength, l2_regularization_strength
        self._shrinkage, self._beta = l2_shrinkage_regularization_strength, beta or 0.0
        self._names = accum_name or "accum", linear_name or "linear"

    def _update(self, variable: Variable, value: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
        rate, (accum_name, linear_name) = _number(self._learning_rate), self._names
        accum, linear = self._slot(variable, accum_name, self._first), self._slot(variable, linear_name, 0.0)
        shrunk = gradient + 2 * self._shrinkage * value
        total = accum + gradient * gradient
        linear = linear + shrunk - (total.pow(-self._power) - accum.pow(-self._power)) / rate * value
        self._keep(variable, **{accum_name: total, linear_name: linear})
        l2 = self._l2 + self._beta / (2 * rate)
        curvature = total.pow(-self._power) / rate + 2 * l2
        new = (linear.clamp(-self._l1, self._l1) - linear) / curvature
        return value - new
