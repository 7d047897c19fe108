"""Metric: the base class — accumulators on the device, updated by each batch and read when somebody looks.

    update_state(y_true, y_pred, sample_weight)   adds a batch to the accumulators
    result()                                      a scalar from them
    reset_state()                                 zeros

Built-in metrics compute on raw tensors (``raw_update``, ``raw_result``) and change their accumulators in place; nothing is
read back to the host. A user's ``update_state`` and ``result`` get and give ``Tensor``s.
"""

from __future__ import annotations

import inspect
from typing import Any

import torch

from kerasish import initializers
from kerasish.core import dispatch, registry, tree
from kerasish.core.context import automatic_name, scope
from kerasish.core.dtypes import get_policy, standardize, to_torch
from kerasish.core.errors import fail
from kerasish.core.shape import standardize_shape
from kerasish.core.variable import Variable, Weight
from kerasish.losses.base import same_rank, to_dtype, to_float


class Metric:
    """A quantity accumulated over batches.

    Args:
        dtype: of the accumulators; default ``floatx``.
        name: default: from the class's name, numbered.
    """

    _keras_metric = True

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        metric = object.__new__(cls)
        state = metric.__dict__
        state["_variables"] = []
        state["_metrics"] = []
        state["_init_arguments"] = (args, kwargs)
        return metric

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self.name = name or automatic_name(type(self))
        self._dtype_policy = get_policy(dtype)
        self._dtype = self._dtype_policy.compute_dtype

    dtype = property(lambda self: self._dtype)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "raw_update" in cls.__dict__ or "update_state" in cls.__dict__:
            cls._user_update = "update_state" in cls.__dict__

    _user_update = True  # whether ``update_state`` is the user's, and ``raw_update`` has to go through it

    # accumulators

    def add_variable(
        self, shape: Any = (), initializer: Any = "zeros", dtype: Any = None, aggregation: str = "sum", name: str | None = None
    ) -> Weight:
        """An accumulator of this metric.

        Args:
            aggregation: how the replicas' values are combined in distributed training.
        """
        shape, dtype = standardize_shape(shape), standardize(dtype or self._dtype)
        value = initializers.make(initializers.get(initializer or "zeros"), shape, dtype)
        with scope(overlay=None):
            variable = Weight(dispatch.wrap(value), dtype=dtype, trainable=False, aggregation=aggregation, name=name)
        variable._path = f"{self.name}/{variable.name}"
        self._variables.append(variable)
        return variable

    def add_weight(
        self, *args: Any, shape: Any = (), initializer: Any = None, dtype: Any = None, name: str | None = None, **kwargs: Any
    ) -> Weight:
        """Old name of ``add_variable``; Keras 2's first argument is the name."""
        order = ("name", "shape") if args and isinstance(args[0], str) else ("shape", "initializer", "dtype", "name")
        given = {"shape": shape, "initializer": initializer, "dtype": dtype, "name": name, **dict(zip(order, args)), **kwargs}
        if unknown := set(given) - {"shape", "initializer", "dtype", "name", "aggregation", "synchronization"}:
            raise fail(TypeError, f"add_weight() got an unexpected keyword argument '{min(unknown)}'")
        given.pop("synchronization", None)
        return self.add_variable(**given)

    @property
    def variables(self) -> list[Variable]:
        """The accumulators, those of metrics held in attributes included."""
        return list(self._variables) + [v for metric in self._metrics for v in metric.variables]

    non_trainable_variables = weights = non_trainable_weights = variables

    def __setattr__(self, name: str, value: Any) -> None:
        for part in tree.flatten(value) if isinstance(value, (list, tuple, dict)) else (value,):
            if isinstance(part, Metric) and not any(part is m for m in self._metrics):
                self._metrics.append(part)
            elif isinstance(part, Variable) and not any(part is v for v in self.variables):
                self._variables.append(part)
        object.__setattr__(self, name, value)

    def reset_state(self) -> None:
        """Set the accumulators to zero."""
        for variable in self.variables:
            accumulate_set(variable, torch.zeros_like(variable.stored))

    def reset_states(self) -> None:
        """Keras 2's name of ``reset_state``."""
        self.reset_state()

    # what subclasses define

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Add a batch. Takes ``(y_true, y_pred, sample_weight=None)``, or ``(values, sample_weight=None)``."""
        if type(self).raw_update is Metric.raw_update:
            raise NotImplementedError(f"Metric {type(self).__name__} does not define `update_state`.")
        args, kwargs = tree.map_structure(_raw, (args, kwargs))
        with torch.no_grad():
            self.raw_update(*args, **kwargs)

    def result(self) -> Any:
        """The quantity so far, a scalar Tensor (a dictionary of them for some metrics)."""
        if type(self).raw_result is Metric.raw_result:
            raise NotImplementedError(f"Metric {type(self).__name__} does not define `result`.")
        with torch.no_grad():
            return dispatch.wrap(self.raw_result())

    def raw_update(self, *args: Any, **kwargs: Any) -> None:
        """``update_state`` on raw tensors; built-in metrics override this one."""
        args, kwargs = tree.map_structure(_wrap, (args, kwargs))
        self.update_state(*args, **kwargs)

    def raw_result(self) -> Any:
        """``result`` as raw tensors; built-in metrics override this one."""
        return tree.map_structure(_raw, self.result())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Add a batch and return the quantity so far."""
        self.update_state(*args, **kwargs)
        return self.result()

    def merge_state(self, metrics: Any) -> None:
        """Add the accumulators of other metrics of this class to this one's.

        Raises:
            ValueError: a metric with other accumulators.
        """
        for metric in metrics:
            if len(metric.variables) != len(self.variables):
                raise fail(ValueError, f"Metric {metric} is not compatible with {self}")
            for own, other in zip(self.variables, metric.variables):
                accumulate(own, other.stored)

    # stateless use

    def stateless_update_state(self, metric_variables: list, *args: Any, **kwargs: Any) -> list:
        """The accumulators after a batch, without changing this metric's own."""
        overlay = self._overlay(metric_variables)
        with scope(overlay=overlay):
            self.update_state(*args, **kwargs)
            return [v.snapshot() for v in self.variables]

    def stateless_result(self, metric_variables: list) -> Any:
        with scope(overlay=self._overlay(metric_variables)):
            return self.result()

    def stateless_reset_state(self) -> list:
        return [dispatch.wrap(torch.zeros_like(v.stored)) for v in self.variables]

    def _overlay(self, values: list) -> dict:
        own = self.variables
        if len(values) != len(own):
            raise fail(ValueError, "Argument `metric_variables` must fit the metric", f"{len(own)} values", len(values))
        return {id(v): (v, dispatch.raw(value)) for v, value in zip(own, values)}

    # configuration

    def get_config(self) -> dict:
        """The arguments that ``from_config`` makes an equal metric from."""
        config = {"name": self.name, "dtype": self._dtype}
        builtin = next(cls for cls in type(self).__mro__ if registry.is_builtin(cls))
        parameters = inspect.signature(builtin.__init__).parameters
        for key, parameter in list(parameters.items())[1:]:
            if key not in config and parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
                config[key] = getattr(self, key)
        return config

    @classmethod
    def from_config(cls, config: dict) -> Any:
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


def _wrap(x: Any) -> Any:
    return dispatch.wrap(x) if isinstance(x, torch.Tensor) else x


def _raw(x: Any) -> Any:
    if dispatch.is_tensor(x) or hasattr(x, "__array__"):
        mask = getattr(x, "_keras_mask", None)
        t = dispatch.raw(x)
        if mask is not None and isinstance(t, torch.Tensor):
            t._keras_mask = dispatch.raw(mask)
        return t
    return x


def tensors(*values: Any) -> list[torch.Tensor]:
    """Targets, predictions or values given in any form, as raw tensors of ``floatx`` or their own float dtype."""
    return [dispatch.raw(value) for value in values]


def accumulate(variable: Variable, value: Any) -> None:
    """variable += value, in place."""
    if variable._shared:
        variable.make_writable()
    if isinstance(value, torch.Tensor) and value.requires_grad:
        value = value.detach()
    variable.stored.add_(value)


def accumulate_set(variable: Variable, value: torch.Tensor) -> None:
    """variable = value, in place."""
    if variable._shared:
        variable.make_writable(copy=False)
    variable.stored.copy_(value)


class Mean(Metric):
    """The weighted mean of the values given so far.

    Args:
        name, dtype: as of ``Metric``.
    """

    def __init__(self, name: str | None = "mean", dtype: Any = None) -> None:
        super().__init__(dtype=dtype, name=name)
        self.total = self.add_variable(name="total")
        self.count = self.add_variable(name="count")

    def raw_update(self, values: Any, sample_weight: Any = None) -> None:
        values, weight = weighted(values, sample_weight, to_torch(self._dtype))
        if weight is None:
            accumulate(self.total, values.sum())
            accumulate(self.count, values.numel())
        else:
            accumulate(self.total, (values * weight).sum())
            accumulate(self.count, weight.expand_as(values).sum())

    def raw_result(self) -> torch.Tensor:
        return torch.nan_to_num(self.total.stored / self.count.stored, nan=0.0, posinf=0.0, neginf=0.0)


def weighted(values: Any, sample_weight: Any, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Values and their weights in one dtype and rank: extra axes of the values are averaged, as Keras does; the values'
    mask multiplies the weights."""
    values = dispatch.raw(values)
    mask = getattr(values, "_keras_mask", None)
    values = to_dtype(values, dtype) if not values.is_floating_point() else to_float(values, dtype)
    weight = None if sample_weight is None else to_dtype(dispatch.raw(sample_weight), dtype)
    if mask is not None:
        mask = mask.to(dtype)
        if weight is not None:
            mask, weight = same_rank(mask, weight)
        weight = mask if weight is None else weight * mask
    if weight is None:
        return values, None
    values, weight = same_rank(values, weight)
    if values.ndim > weight.ndim:
        values = values.mean(dim=tuple(range(weight.ndim, values.ndim)))
    return values, weight


