"""Metric: the base class — accumulators on the device, updated by each batch and read when somebody looks.

    update_state(y_true, y_pred, sample_weight)   adds a batch to the accumulators
    result()                                      a scalar from them
    reset_state()                                 zeros

Built-in metrics compute on raw tensors (``raw_update``, ``raw_result``) and change their accumulators in place; nothing is
read back to the host. A user's ``update_state`` and ``result`` get and give ``Tensor``s.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable
from typing import Any

import torch
from torch.compiler import is_dynamo_compiling

from kerasish import initializers
from kerasish.core import dispatch, registry, tree
from kerasish.core.context import automatic_name, current_path, local, scope, settings
from kerasish.core.device import current, end_update, fill, full
from kerasish.core.dtypes import get_policy, standardize, to_torch
from kerasish.core.errors import fail, torch_failure
from kerasish.core.initial_value import Fresh
from kerasish.core.masks import raw_with_mask, wrap_with_mask
from kerasish.core.shape import standardize_shape
from kerasish.core.variable import Variable, Weight
from kerasish.losses.base import (
    aligned_weight,
    combined_weight,
    incompatible,
    raw_numbers,
    times,
    to_float,
)
from kerasish.metrics.tally import Tally, keep_tally
from kerasish.ops.math import divide_no_nan


class Metric:
    """A quantity accumulated over batches.

    A subclass defines ``update_state`` and ``result`` on Tensors or, in the library, ``raw_update`` and ``raw_result`` on raw
    tensors. Each class gets the other pair from the one that it defines, so that ``super()`` and training find either.

    Args:
        dtype: of the accumulators; default ``floatx``, whatever the global dtype policy is.
        name: default: from the class's name, numbered.
    """

    _keras_metric = True

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        metric = object.__new__(cls)
        metric.__dict__.update(_variables=[], _metrics=[])  # before any __init__, for __setattr__
        return metric

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self.name = name or automatic_name(type(self))
        self._dtype_policy = get_policy(dtype or settings.floatx)
        self._dtype = self._dtype_policy.compute_dtype

    dtype = property(lambda self: self._dtype)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        own = cls.__dict__
        if "raw_update" in own:
            cls.update_state = _public_update(own["raw_update"])  # type: ignore[method-assign]
        elif "update_state" in own:
            cls.raw_update = Metric.raw_update  # type: ignore[method-assign]
        if "raw_result" in own:
            cls.result = _public_result(own["raw_result"])  # type: ignore[method-assign]
        elif "result" in own:
            cls.raw_result = Metric.raw_result  # type: ignore[method-assign]

    # accumulators

    def add_variable(
        self,
        shape: Any = (),
        initializer: Any = "zeros",
        dtype: Any = None,
        aggregation: str = "sum",
        name: str | None = None,
    ) -> Weight:
        """An accumulator of this metric.

        Args:
            aggregation: how the replicas' values are combined in distributed training.
        """
        shape, dtype = standardize_shape(shape), standardize(dtype or self._dtype)
        value = initializers.make(initializers.get(initializer or "zeros"), shape, dtype)
        with scope(overlay=None):
            variable = Weight(
                Fresh(value), dtype=dtype, trainable=False, autocast=False, aggregation=aggregation, name=name
            )
        variable._path = current_path(self.name, variable.name)
        self._variables.append(variable)
        return variable

    def add_weight(self, *args: Any, synchronization: Any = None, **kwargs: Any) -> Weight:
        """Old name of ``add_variable``, with the arguments (shape, initializer, dtype, name), or, of Keras 2, (name, shape).

        Args:
            synchronization: noted on the variable, as ``aggregation`` is.
        """
        order = ("name", "shape") if args and isinstance(args[0], str) else ("shape", "initializer", "dtype", "name")
        given = {**dict(zip(order, args)), **kwargs}
        if unknown := set(given) - {"shape", "initializer", "dtype", "name", "aggregation"}:
            raise fail(TypeError, f"add_weight() got an unexpected keyword argument '{min(unknown)}'")
        if given.get("shape", ()) is None:  # Keras 2's scalar
            given["shape"] = ()
        variable = self.add_variable(**given)
        if synchronization is not None:
            variable.synchronization = synchronization
        return variable

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
            accumulate_set(variable, 0)

    def reset_states(self) -> None:
        """Keras 2's name of ``reset_state``."""
        self.reset_state()

    # what subclasses define

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Add a batch. Takes ``(y_true, y_pred, sample_weight=None)``, or ``(values, sample_weight=None)``."""
        raise NotImplementedError(f"Metric {type(self).__name__} does not define `update_state`.")

    def result(self) -> Any:
        """The quantity so far, a scalar Tensor (a dictionary of them for some metrics)."""
        raise NotImplementedError(f"Metric {type(self).__name__} does not define `result`.")

    def raw_update(self, *args: Any, **kwargs: Any) -> None:
        """``update_state`` on raw tensors."""
        args, kwargs = tree.map_structure(wrap_with_mask, (args, kwargs))
        self.update_state(*args, **kwargs)

    def raw_result(self) -> Any:
        """``result`` as raw tensors, which later updates do not change."""
        return tree.map_structure(raw_with_mask, tree.map_structure(_read, self.result()))

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
            shapes = [[tuple(v.shape) for v in m.variables] for m in (self, metric)]
            if shapes[0] != shapes[1]:
                raise fail(ValueError, f"Metric {metric} is not compatible with {self}", *shapes)
            for own, other in zip(self.variables, metric.variables):
                accumulate(own, other.read())

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


def _public_update(raw_update: Callable) -> Callable:
    """``update_state`` of a class whose ``raw_update`` is this one."""

    @functools.wraps(raw_update)
    def update_state(self: Metric, *args: Any, **kwargs: Any) -> None:
        args, kwargs = tree.map_structure(raw_with_mask, (args, kwargs))
        with torch.no_grad():
            try:
                raw_update(self, *args, **kwargs)
            except (RuntimeError, IndexError, AttributeError, TypeError) as error:
                raise torch_failure(error) from error.__cause__
        end_update(current())

    return update_state


def _public_result(raw_result: Callable) -> Callable:
    """``result`` of a class whose ``raw_result`` is this one."""

    @functools.wraps(raw_result)
    def result(self: Metric) -> Any:
        with torch.no_grad():
            return dispatch.wrap(raw_result(self))

    return result


def _read(x: Any) -> Any:
    return x.snapshot() if isinstance(x, Variable) else x


# accumulators ---------------------------------------------------------------------------------------------------------


def accumulate(variable: Variable, value: Any, scale: float = 1) -> None:
    """variable += scale · value, in place; of a number that the host counts, there."""
    if local.overlay is not None:
        value = value.detach() if isinstance(value, torch.Tensor) else value
        variable.write(variable.read() + scale * value)
        return
    owner = variable._owner
    if type(owner) is Tally and (not isinstance(value, torch.Tensor) or is_dynamo_compiling()):
        owner.add(value, scale)
        return
    if not isinstance(value, torch.Tensor):
        value, scale = scale * value, 1
    elif value.requires_grad:
        value = value.detach()
    if variable._shared:
        variable.make_writable()
    if scale == 1:
        variable.stored.add_(value)
    else:
        variable.stored.add_(value, alpha=scale)


def accumulate_set(variable: Variable, value: Any) -> None:
    """variable = value (a tensor of its shape, or a number), in place."""
    if local.overlay is not None:
        like = variable.read()
        variable.write(value if isinstance(value, torch.Tensor) else torch.full_like(like, value))
        return
    if type(variable._owner) is Tally and not isinstance(value, torch.Tensor):
        variable._owner.set(value)
        return
    if variable._shared:
        variable.make_writable(copy=False)
    if isinstance(value, torch.Tensor):
        variable.stored.copy_(value)
    else:
        fill(variable.stored, value)


# means ----------------------------------------------------------------------------------------------------------------


class Mean(Metric):
    """The weighted mean of the values given so far; a sample's values after its first axis are averaged.

    Args:
        name, dtype: as of ``Metric``.
    """

    def __init__(self, name: str | None = "mean", dtype: Any = None) -> None:
        super().__init__(dtype=dtype, name=name)
        self.total = self.add_variable(name="total")
        self.count = self.add_variable(name="count")
        keep_tally(self.count)
        self._raw_dtype = to_torch(self._dtype)

    def raw_update(self, values: Any, sample_weight: Any = None) -> None:
        values, weight = weighted(values, sample_weight, self._raw_dtype)
        if values.ndim and not values.numel():
            return
        per_sample = 1 if values.ndim < 2 else math.prod(values.shape[1:])
        if weight is None:
            accumulate(self.total, _sum(values), 1 / per_sample)
            accumulate(self.count, values.shape[0] if values.ndim else 1)
        elif not isinstance(weight, torch.Tensor):  # the batch's size, for the running loss
            accumulate(self.total, values.mean() if values.ndim else values, weight)
            accumulate(self.count, weight)
        elif not weight.ndim:
            accumulate(self.total, values.mean() * weight)
            accumulate(self.count, weight)
        else:
            values = times(values, weight)
            accumulate(self.total, values.sum(), 1 / per_sample)
            accumulate(self.count, weight.sum(), values.numel() / weight.numel() / per_sample)

    def raw_result(self) -> torch.Tensor:
        total, owner = self.total.read(), self.count._owner
        if local.overlay is not None or type(owner) is not Tally:
            return divide_no_nan.raw(total, self.count.read())
        number = owner.value()
        if isinstance(number, torch.Tensor):
            return divide_no_nan.raw(total, number)
        if not number:
            return torch.zeros_like(total)
        # elsewhere torch multiplies by the inverse of a number, which is not the same in the last digit
        return total / (number if total.is_cpu else full((), number, total.dtype, total.device))


def _sum(values: torch.Tensor) -> torch.Tensor:
    """The sum; of booleans on the host by the faster kernel. (Tensors of a graph that is traced have another type.)"""
    if values.dtype is torch.bool and type(values) is torch.Tensor and values.is_cpu:
        return torch.count_nonzero(values)
    return values.sum()


def weighted(values: Any, sample_weight: Any, dtype: torch.dtype) -> tuple[torch.Tensor, Any]:
    """Values and their weights in one dtype, ready to be multiplied; the mask that values carry multiplies the weights.

    Boolean values without weights stay as they are, since their sum needs no more. A weight that is a Python number
    stays one.

    Raises:
        InvalidArgumentError: there are more weights than values.
    """
    if not isinstance(values, torch.Tensor):
        values = raw_numbers(values, dtype)
    mask = getattr(values, "_keras_mask", None)
    if sample_weight is None and mask is None:
        return (values if values.dtype in (torch.bool, dtype) else to_float(values, dtype)), None
    values = to_float(values, dtype)
    if mask is not None:
        mask = mask.to(dtype)
        sample_weight = mask if sample_weight is None else combined_weight(sample_weight, mask)
    if isinstance(sample_weight, (int, float)):
        return values, sample_weight
    values, weight = aligned_weight(values, sample_weight)
    if weight.ndim > values.ndim:
        raise incompatible(values, weight)
    if 0 < weight.ndim < values.ndim:
        weight = weight.reshape(*weight.shape, *(1,) * (values.ndim - weight.ndim))
    return values, weight


def weight_of_each(values: torch.Tensor, sample_weight: Any, dtype: torch.dtype) -> torch.Tensor:
    """The weight of each value, in the values' shape.

    Raises:
        InvalidArgumentError: the weights do not broadcast to the values.
    """
    aligned, weight = aligned_weight(values, sample_weight, dtype)
    try:
        return weight.expand_as(aligned).reshape(values.shape)
    except RuntimeError:
        raise incompatible(weight, values) from None
