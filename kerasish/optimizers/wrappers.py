"""Optimizers around optimizers: LossScaleOptimizer for float16, MultiOptimizer for several rules in one model."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from typing import Any

import torch

from kerasish.core import dispatch, divided, registry
from kerasish.core.errors import fail
from kerasish.core.variable import Variable
from kerasish.optimizers.base import Optimizer
from kerasish.optimizers.state import CallableList

_COMMON = frozenset(inspect.signature(Optimizer.__init__).parameters) - {"self", "learning_rate", "kwargs"}


class LossScaleOptimizer(Optimizer):
    """Keeps small gradients from vanishing in float16: the loss is scaled up, gradients are scaled down again.

    The scale doubles after ``dynamic_growth_steps`` updates; when a gradient is not finite, it is halved and the update is
    left out. Whether gradients are finite is the one thing that an update has to read back from the device.

    Args:
        inner_optimizer: makes the updates.
        initial_scale: the first scale.

    Raises:
        ValueError: an argument that belongs to ``inner_optimizer``.
        TypeError: ``inner_optimizer`` is no optimizer.
    """

    def __init__(
        self,
        inner_optimizer: Optimizer,
        initial_scale: float = 2.0**15,
        dynamic_growth_steps: int = 2000,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if not kwargs.pop("dynamic", True):  # Keras 2's
            raise fail(
                ValueError,
                "LossScaleOptimizer no longer supports `dynamic=False`",
                hint="Instead, set `loss_scale_factor` on the optimizer itself.",
            )
        for key in kwargs:
            if key in _COMMON:
                raise ValueError(
                    f"LossScaleOptimizer does not support `{key}`. Instead, set `{key}` on the `inner_optimizer`."
                )
        if kwargs:
            names = ", ".join(f"`{key}`" for key in kwargs)
            raise ValueError(f"LossScaleOptimizer does not support arguments: {names}.")
        if not isinstance(inner_optimizer, Optimizer):
            raise fail(TypeError, "`inner_optimizer` must be an optimizer", received=repr(inner_optimizer))
        super().__init__(0.0, name=name)
        self.inner_optimizer = inner_optimizer
        self.initial_scale = initial_scale
        self.dynamic_growth_steps = dynamic_growth_steps

    def build(self, variables: Iterable[Variable]) -> None:
        if self.built:
            return
        variables = list(variables)
        self.step_counter = self._host_variable(0, "int64", "step_counter")
        self.dynamic_scale = self._host_variable(self.initial_scale, "float32", "dynamic_scale")
        self.inner_optimizer.build(variables)
        super().build(variables)

    @property
    def variables(self) -> list[Variable]:
        """Its own state, then the inner optimizer's."""
        return CallableList([*self._variables, *self.inner_optimizer.variables])

    @property
    def host_variables(self) -> list[Variable]:
        return [*self._k_hosted, *self.inner_optimizer.host_variables]

    @property
    def iterations(self) -> Any:
        return self.inner_optimizer.iterations

    @property
    def learning_rate(self) -> Any:
        """The inner optimizer's."""
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        self.inner_optimizer.learning_rate = value

    capturable = property(lambda self: False)  # whether gradients are finite is read back

    def scale(self) -> float:
        """The present scale."""
        return self.dynamic_scale.stored.item() if self.built else float(self.initial_scale)

    def scale_loss(self, loss: Any) -> Any:
        """The loss times the scale."""
        return self.inner_optimizer.scale_loss(loss) * self.scale()

    def check_finite(self, grads: Iterable) -> bool:
        """Whether no gradient has an infinity or NaN."""
        with torch.no_grad():
            return self._finite([dispatch.raw(g) for g in grads if g is not None], [])

    @staticmethod
    def _finite(grads: list[torch.Tensor], variables: list[Variable]) -> bool:
        return bool(torch.stack(divided.norms(grads, variables, math.inf)).isfinite().all())

    def raw_apply(self, grads: list[torch.Tensor], variables: list[Variable]) -> None:
        scale = self.scale()
        if self._finite(grads, variables):
            self.inner_optimizer.raw_apply(divided.quotients(grads, scale), variables)
            done = int(self.step_counter) + 1
            if done >= self.dynamic_growth_steps:
                done, scale = 0, scale * 2.0
        else:
            done, scale = 0, scale / 2.0
        self.step_counter.assign(done)
        self.dynamic_scale.assign(scale)

    def exclude_from_weight_decay(self, var_list: Any = None, var_names: Any = None) -> None:
        self.inner_optimizer.exclude_from_weight_decay(var_list, var_names)

    def finalize_variable_values(self, var_list: Iterable[Variable]) -> None:
        self.inner_optimizer.finalize_variable_values(var_list)

    def get_config(self) -> dict:
        return {
            "name": self.name,
            "inner_optimizer": registry.serialize_keras_object(self.inner_optimizer),
            "initial_scale": self.initial_scale,
            "dynamic_growth_steps": self.dynamic_growth_steps,
        }

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> LossScaleOptimizer:
        inner = registry.deserialize_keras_object(config["inner_optimizer"], custom_objects)
        return cls(**{**config, "inner_optimizer": inner})


class OptimizerMap(MutableMapping):
    """Which optimizer updates a variable: a dictionary of patterns, each to match a variable's whole path.

    Args:
        default_optimizer: for variables that no pattern matches.
        optimizer_map: patterns and their optimizers.

    Raises:
        TypeError: ``default_optimizer`` is no optimizer, or ``optimizer_map`` no dictionary.
    """

    def __init__(self, default_optimizer: Optimizer, optimizer_map: dict[str, Optimizer] | None = None) -> None:
        if not isinstance(default_optimizer, Optimizer):
            raise TypeError(f"default_optimizer must be a Keras Optimizer instance. Received: {default_optimizer}")
        if optimizer_map is not None and not isinstance(optimizer_map, dict):
            raise TypeError(f"optimizer_map must be a dictionary. Received: {optimizer_map}")
        self._default_optimizer = default_optimizer
        self._optimizers: dict[str, Optimizer] = {}
        self.update(optimizer_map or {})

    @property
    def default_optimizer(self) -> Optimizer:
        return self._default_optimizer

    def __call__(self, variable: Variable) -> Optimizer:
        """The optimizer of a variable."""
        return self[variable.path]

    def __getitem__(self, key: str) -> Optimizer:
        """The optimizer for a path: of the pattern equal to it, else of the one that matches it, else the default one.

        Raises:
            ValueError: several patterns match.
        """
        if key in self._optimizers:
            return self._optimizers[key]
        matches = [pattern for pattern in self._optimizers if re.fullmatch(pattern, key)]
        if len(matches) > 1:
            raise ValueError(f"Multiple optimizers assigned to variable {key}. The patterns are {matches}.")
        return self._optimizers[matches[0]] if matches else self._default_optimizer

    def __setitem__(self, key: str, optimizer: Optimizer) -> None:
        if key in self._optimizers:
            raise ValueError(
                f"'{key}' already exists in the OptimizerMap with value {self._optimizers[key]}. Please make sure to not "
                "use duplicated keys."
            )
        if not isinstance(key, str):
            raise ValueError(f"key must be a string. Received: {key}")
        if not isinstance(optimizer, Optimizer):
            raise ValueError(f"optimizer must be a Keras Optimizer instance. Received: {optimizer}")
        if isinstance(optimizer, (LossScaleOptimizer, MultiOptimizer)):
            raise ValueError(f"optimizer cannot be a {type(optimizer).__name__}.")
        self._optimizers[key] = optimizer

    def __delitem__(self, key: str) -> None:
        del self._optimizers[key]

    def __len__(self) -> int:
        return len(self._optimizers)

    def __iter__(self) -> Iterator[str]:
        return iter(self._optimizers)

    def get_config(self) -> dict:
        serialize = registry.serialize_keras_object
        return {
            "default_optimizer": serialize(self._default_optimizer),
            "optimizer_map": {key: serialize(optimizer) for key, optimizer in self._optimizers.items()},
        }

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> OptimizerMap:
        return cls(**{key: registry.deserialize_keras_object(value, custom_objects) for key, value in config.items()})


class MultiOptimizer(Optimizer):
    """Hands each variable to the optimizer that ``optimizer_map`` names for it.

    Args:
        optimizer_map: an ``OptimizerMap``, or a function from a variable to an optimizer.
        loss_scale_factor: overrides that of the optimizers.
    """

    def __init__(
        self,
        optimizer_map: OptimizerMap | Callable[[Variable], Optimizer],
        loss_scale_factor: float | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(0.0, loss_scale_factor=loss_scale_factor, name=name)
        self.optimizer_map = optimizer_map
        self._optimizers: list[Optimizer] = []
        self._optimizer_of: list[int] = []  # of each trainable variable
        if isinstance(optimizer_map, OptimizerMap):
            for optimizer in (*optimizer_map.values(), optimizer_map.default_optimizer):
                self._add(optimizer)

    def _add(self, optimizer: Optimizer) -> int:
        for i, known in enumerate(self._optimizers):
            if optimizer is known:
                return i
        optimizer.loss_scale_factor = self.loss_scale_factor
        self._optimizers.append(optimizer)
        return len(self._optimizers) - 1

    @property
    def optimizers(self) -> list[Optimizer]:
        return list(self._optimizers)

    @property
    def loss_scale_factor(self) -> float | None:  # type: ignore[override]
        """What ``scale_loss`` multiplies by; all optimizers divide by the same."""
        return self._loss_scale_factor

    @loss_scale_factor.setter
    def loss_scale_factor(self, value: float | None) -> None:
        self._loss_scale_factor = value
        for optimizer in self.__dict__.get("_optimizers", ()):
            optimizer.loss_scale_factor = value

    def build(self, variables: Iterable[Variable]) -> None:
        if self.built:
            return
        variables = list(variables)
        for variable in variables:
            optimizer = self.optimizer_map(variable)
            if not isinstance(optimizer, Optimizer):
                raise ValueError(f"Optimizer for variable {variable} is not an Optimizer instance.")
            self._optimizer_of.append(self._add(optimizer))
        for i, optimizer in enumerate(self._optimizers):
            own = [v for v, j in zip(variables, self._optimizer_of) if i == j]
            if own:
                optimizer.build(own)
        super().build(variables)

    @property
    def variables(self) -> list[Variable]:
        """Its own state, then that of its optimizers."""
        return CallableList([*self._variables, *(v for optimizer in self._optimizers for v in optimizer.variables)])

    @property
    def host_variables(self) -> list[Variable]:
        return [*self._k_hosted, *(v for optimizer in self._optimizers for v in optimizer.host_variables)]

    @property
    def learning_rate(self) -> Any:
        raise AttributeError(
            "Learning rate cannot be accessed on a MultiOptimizer. Access the learning rate on the individual "
            "sub-optimizers instead."
        )

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        raise AttributeError(
            "Learning rate cannot be set on a MultiOptimizer. Set the learning rate on the individual sub-optimizers "
            "instead."
        )

    def slots_of(self, variable: Variable) -> list[Variable]:
        return self._optimizer_for(variable).slots_of(variable)

    @property
    def capturable(self) -> bool:
        return all(optimizer.capturable for optimizer in self._optimizers)

    # one step of each optimizer that has variables

    def _stepping(self) -> list[Optimizer]:
        return [optimizer for optimizer in self._optimizers if optimizer.built]

    def _k_phase(self) -> tuple:
        """For each of them its own, and how many numbers it has then."""
        phases = [optimizer._k_phase() for optimizer in self._stepping()]
        return tuple((own, len(o.step_values(own))) for o, own in zip(self._stepping(), phases))

    def step_values(self, phase: tuple) -> tuple[float, ...]:
        values = (optimizer.step_values(own) for optimizer, (own, _) in zip(self._stepping(), phase))
        return tuple(value for own in values for value in own)

    def device_step(self, grads: list[torch.Tensor], variables: list[Variable], phase: tuple, values: tuple) -> None:
        for optimizer, (own, count) in zip(self._stepping(), phase):
            part = [(g, v) for g, v in zip(grads, variables) if self._optimizer_for(v) is optimizer]
            if part:
                optimizer.device_step([g for g, _ in part], [v for _, v in part], own, values[:count])
            values = values[count:]

    def _optimizer_for(self, variable: Variable) -> Optimizer:
        return self._optimizers[self._optimizer_of[self._get_variable_index(variable)]]

    def _k_advance(self, phase: tuple) -> None:
        for optimizer, (own, _) in zip(self._stepping(), phase):
            optimizer._k_advance(own)
        super()._k_advance(phase)

    def exclude_from_weight_decay(self, var_list: Any = None, var_names: Any = None) -> None:
        for optimizer in self._optimizers:
            optimizer.exclude_from_weight_decay(var_list, var_names)

    def finalize_variable_values(self, var_list: Iterable[Variable]) -> None:
        variables = list(var_list)
        for i, optimizer in enumerate(self._optimizers):
            optimizer.finalize_variable_values(
                [v for v in variables if self._optimizer_of[self._get_variable_index(v)] == i]
            )

    def get_config(self) -> dict:
        return {
            "optimizer_map": registry.serialize_keras_object(self.optimizer_map),
            "loss_scale_factor": self.loss_scale_factor,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> MultiOptimizer:
        optimizer_map = registry.deserialize_keras_object(config["optimizer_map"], custom_objects)
        return cls(**{**config, "optimizer_map": optimizer_map})
