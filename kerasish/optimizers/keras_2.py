"""Optimizers written for Keras 2: rules of one variable, hyperparameters by name and slots.

    class Plain(keras.optimizers.Optimizer):
        def __init__(self, learning_rate=0.01, name="Plain", **kwargs):
            super().__init__(name, **kwargs)
            self._set_hyper("learning_rate", learning_rate)

        def _create_slots(self, var_list): …                     # add_slot(variable, "m")
        def _resource_apply_dense(self, grad, var, apply_state=None): …     # get_slot(var, "m"), var.assign

The first argument of such classes' base is a name. Those of Keras 2.11 to 2.15 have ``update_step(gradient, variable)``
instead of the last method, and ``_build_learning_rate``.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch, registry
from kerasish.core.context import scope
from kerasish.core.dtypes import to_torch
from kerasish.core.errors import fail
from kerasish.core.variable import Variable
from kerasish.optimizers.schedules import LearningRateSchedule
from kerasish.optimizers.state import OptimizerState


@functools.cache
def takes_rate(update_step: Callable) -> bool:
    """Whether a user's ``update_step`` wants the learning rate after gradient and variable, as Keras 3's does."""
    parameters = inspect.signature(update_step).parameters.values()
    return len(parameters) > 3 or any(p.kind is p.VAR_POSITIONAL for p in parameters)


@functools.cache
def _parameter_names(rule: Callable) -> tuple[str, ...]:
    """What a method takes after ``self``; asked for at each step, so settled once."""
    return tuple(inspect.signature(rule).parameters)[1:]


class Keras2Optimizer(OptimizerState):
    """What Keras 2's base class of optimizers gave to those derived from it."""

    _use_locking = False
    _HAS_AGGREGATE_GRAD = True
    update_step: Callable
    compute_gradients: Callable
    build: Callable

    # hyperparameters

    def _set_hyper(self, name: str, value: Any) -> None:
        """Keep a hyperparameter: a number, a function without arguments or, of ``learning_rate``, a schedule."""
        if name == "learning_rate":
            self._learning_rate = self._build_learning_rate(value)
        elif name == "decay":
            self.decay = float(value)
        else:
            self._hyper[name] = value

    def _get_hyper(self, name: str, dtype: Any = None) -> Any:
        """A hyperparameter as a tensor; a schedule as itself."""
        value = self._learning_rate if name == "learning_rate" else self.__dict__.get(name)
        value = self._hyper[name] if value is None else value
        if isinstance(value, LearningRateSchedule):
            return value
        if callable(value) and not dispatch.is_tensor(value):
            value = value()
        t = dispatch.raw(value)
        t = t if isinstance(t, torch.Tensor) else torch.tensor(t)
        return dispatch.wrap(t if dtype is None else t.to(to_torch(dtype)))

    def __getattr__(self, name: str) -> Any:
        found = inspect.getattr_static(type(self), name, None)
        if isinstance(found, property):
            return found.fget(self)  # type: ignore[misc] - a property that failed: let it say why itself
        hyper = self.__dict__.get("_hyper", {})
        if name in hyper:
            return hyper[name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'", name=name, obj=self)

    def _serialize_hyperparameter(self, name: str) -> Any:
        """A hyperparameter as ``get_config`` wants it."""
        value = self._get_hyper(name)
        return (
            registry.serialize_keras_object(value) if isinstance(value, LearningRateSchedule) else value.numpy().item()
        )

    def _decayed_lr(self, var_dtype: Any) -> Any:
        """The learning rate of the next step, as a tensor."""
        return dispatch.wrap(torch.tensor(self._k_rate(), dtype=to_torch(var_dtype)))

    def _build_learning_rate(self, learning_rate: Any) -> Any:
        """A schedule or function as it is; else the learning rate variable, set to the number."""
        if not isinstance(self._learning_rate, Variable):
            raise fail(
                ValueError, f"The learning rate of optimizer '{self.name}' is set already", received=learning_rate
            )
        self.learning_rate = (
            registry.deserialize_keras_object(learning_rate) if isinstance(learning_rate, dict) else learning_rate
        )
        return self._learning_rate

    @property
    def _initial_decay(self) -> float:
        return self.decay

    @property
    def _name(self) -> str:
        return self.name

    @property
    def _weights(self) -> list[Variable]:
        return self._variables

    # slots

    def _create_all_weights(self, var_list: Sequence[Variable]) -> None:
        self._create_slots(var_list)

    def _create_hypers(self) -> None:
        """Hyperparameters are there as soon as they are set."""

    def _create_slots(self, var_list: Sequence[Variable]) -> None:
        """Make the slots for these variables; of a class of our own: build it, for another that calls its rule."""
        if not self.built:
            self.build(var_list)

    def add_slot(self, var: Variable, slot_name: str, initializer: Any = "zeros", shape: Any = None) -> Variable:
        """The slot of a variable, made if it is not there.

        Args:
            initializer: a name, an initializer or the first value.
            shape: default: the variable's.
        """
        if id(var) not in self._index_dict:  # another optimizer calls the rule, and this one is not built
            self._trainable_variables.append(var)
            self._k_updated.append(var)
            self._k_index()
        position = self._index_dict[id(var)]
        table = self._k_slots.setdefault(slot_name, {})
        if position not in table:
            has_value = dispatch.is_tensor(initializer) or not (isinstance(initializer, str) or callable(initializer))
            rule = "zeros" if has_value else initializer
            if has_value and shape is None and np.shape(initializer) != tuple(var.shape):
                shape = np.shape(initializer)
            if shape is None:
                slot = self.add_variable_from_reference(var, slot_name, rule)
            else:
                slot = self.add_variable(shape, rule, var.dtype.name, name=f"{var.path.replace('/', '_')}_{slot_name}")
            if has_value:
                slot.assign(initializer)
            table[position] = slot
        return table[position]

    def get_slot(self, var: Variable, slot_name: str) -> Variable:
        """The slot of a variable.

        Raises:
            KeyError: there is none of that name.
        """
        return self._k_slots[slot_name][self._index_dict[id(var)]]

    def get_slot_names(self) -> list[str]:
        """The names of all slots."""
        return list(self._k_slots)

    def _var_key(self, variable: Variable) -> int:
        """What ``_index_dict`` knows a variable by."""
        return id(variable)

    def _track_trackable(self, trackable: Any, name: str, overwrite: bool = False) -> Any:
        """Count another optimizer's state to this one's, once both are built."""
        if isinstance(trackable, OptimizerState):
            self._k_nested.append(trackable)
        return trackable

    def _begin_keras_2(self, variables: Sequence[Variable]) -> None:
        """The slots of a rule in Keras 2's style."""
        self._create_hypers()
        self._create_slots(variables)
        for optimizer in self._k_nested:
            for variable in optimizer._variables:
                self._k_track(variable)

    # the update

    @property
    def is_keras_2(self) -> bool:
        """Whether the rule is ``_resource_apply_dense``."""
        return type(self)._resource_apply_dense is not Keras2Optimizer._resource_apply_dense

    def _apply_keras_2(self, grads: Iterable[torch.Tensor], variables: Sequence[Variable]) -> None:
        state = self._prepare(variables)
        options = {"apply_state": state} if "apply_state" in self._dense_apply_args else {}
        with scope(recording=0, tapes=()):
            for grad, variable in zip(grads, variables):
                logical = variable._layout.to_logical(grad) if variable._layout is not None else grad
                self._resource_apply_dense(dispatch.wrap(logical), variable, **options)

    @property
    def _dense_apply_args(self) -> tuple[str, ...]:
        return _parameter_names(type(self)._resource_apply_dense)

    @property
    def _sparse_apply_args(self) -> tuple[str, ...]:
        return _parameter_names(type(self)._resource_apply_sparse)

    def _prepare(self, var_list: Iterable[Variable]) -> dict:
        """What the rule needs, for each device and dtype."""
        state: dict = {}
        for key in {(variable.device, variable.dtype.base_dtype): None for variable in var_list}:
            state[key] = {}
            self._prepare_local(*key, state)
        return state

    def _prepare_local(self, var_device: Any, var_dtype: Any, apply_state: dict) -> None:
        apply_state[var_device, var_dtype]["lr_t"] = self._decayed_lr(var_dtype)

    def _fallback_apply_state(self, var_device: Any, var_dtype: Any) -> dict:
        state: dict = {(var_device, var_dtype): {}}
        self._prepare_local(var_device, var_dtype, state)
        return state[var_device, var_dtype]

    def _resource_apply_dense(self, grad: Any, var: Variable, apply_state: Any = None) -> None:
        """Update one variable by this class's own rule."""
        self.update_step(grad, var, self._decayed_lr(var.dtype))

    def _resource_apply_sparse(self, grad: Any, var: Variable, indices: Any, apply_state: Any = None) -> None:
        """Update some rows of a variable."""
        raise fail(
            NotImplementedError,
            f"Optimizer '{self.name}' has no rule of its own for some rows of a variable",
            hint="Gradients of rows are dense here: _resource_apply_dense gets them.",
        )

    def _resource_scatter_add(self, x: Variable, i: Any, v: Any) -> Variable:
        rows = dispatch.raw(x).detach().clone()
        x.assign(dispatch.wrap(rows.index_add_(0, dispatch.raw(i).reshape(-1).long(), dispatch.raw(v))))
        return x

    def _resource_scatter_update(self, x: Variable, i: Any, v: Any) -> Variable:
        rows = dispatch.raw(x).detach().clone()
        rows[dispatch.raw(i).long()] = dispatch.raw(v)
        x.assign(dispatch.wrap(rows))
        return x

    def _compute_gradients(self, loss: Any, var_list: Any, grad_loss: Any = None, tape: Any = None) -> list[tuple]:
        if grad_loss is not None:
            raise fail(ValueError, "`grad_loss` is not served: multiply the loss by it", received=grad_loss)
        return self.compute_gradients(loss, var_list, tape)
