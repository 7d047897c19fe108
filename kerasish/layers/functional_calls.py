"""Members of Layer for calls with other values of its variables, and for calls that keep less for the backward pass."""

from __future__ import annotations

import contextlib
import functools
import math
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn

from kerasish import activations
from kerasish.core import remat, tree
from kerasish.core.context import local
from kerasish.core.dtypes import as_dtype
from kerasish.core.stateless import StatelessScope
from kerasish.core.symbolic import KerasTensor
from kerasish.core.tensor import Tensor


def stateless_call(
    self: Any,
    trainable_variables: Any,
    non_trainable_variables: Any,
    *args: Any,
    return_losses: bool = False,
    **kwargs: Any,
) -> tuple:
    """Call the layer with other values of its variables, which stay as they are.

    Args:
        trainable_variables, non_trainable_variables: values in the order of the attributes of those names.
        return_losses: whether the penalties are returned too.

    Returns:
        The outputs, the new values of the non-trainable variables, and the penalties.

    Raises:
        ValueError: the layer is not built, or there are more or fewer values than variables.
    """
    if not self.built:
        raise ValueError(
            f"To call stateless_call, {type(self).__name__} must be built (i.e. its variables must have been already "
            "created). You can build it by calling it on some data."
        )
    pairs: list = []
    for name, values in (
        ("trainable_variables", trainable_variables), ("non_trainable_variables", non_trainable_variables),
    ):  # fmt: skip
        own = getattr(self, name)
        if len(values) != len(own):
            raise ValueError(
                f"Argument `{name}` must be a list of tensors corresponding 1:1 to {type(self).__name__}().{name}. "
                f"Received list with length {len(values)}, but expected {len(own)} variables."
            )
        pairs += zip(own, values)
    with StatelessScope(pairs, collect_losses=return_losses) as scope, _without_own_penalty(self):
        outputs = self(*args, **kwargs)
        losses = self.losses if return_losses else None
        new = [scope.get_current_value(variable) for variable in self.non_trainable_variables]
        self._clear_losses()  # they belong to the other values
    return (outputs, new, losses) if return_losses else (outputs, new)


@contextlib.contextmanager
def _without_own_penalty(layer: Any) -> Iterator[None]:
    """A block in which calls of the layer itself add no activity penalty; its sublayers' do. Keras runs ``call`` alone."""
    own, layer.__dict__["activity_regularizer"] = layer.activity_regularizer, None
    try:
        yield
    finally:
        layer.__dict__["activity_regularizer"] = own


def rematerialized_call(self: Any, layer_call: Callable, *args: Any, **kwargs: Any) -> Callable:
    """``layer_call`` for these arguments, as the ``RematScope`` wants it in which the layer was made.

    Args:
        layer_call: the layer's ``call``.
    """
    mode = self._remat_mode
    if mode is None:
        return layer_call
    if mode.mode == "activations":
        return _with_activation(self, layer_call)
    if (
        mode.mode == "full"
        or (mode.mode == "list_of_layers" and self.name in mode.layer_names)
        or (mode.mode == "larger_than" and _output_size(self, args, kwargs) > mode.output_size_threshold)
    ):
        return functools.partial(_run, layer_call, self)
    return layer_call


def _run(layer_call: Callable, layer: Any, *args: Any, **kwargs: Any) -> Any:
    return remat.run(layer_call, layer, args, kwargs)


def _with_activation(layer: Any, layer_call: Callable) -> Callable:
    """The call with an activation function that is computed again."""
    activation = layer.__dict__.get("activation")
    if activation is None or activation is activations.linear or isinstance(activation, nn.Module):
        return layer_call

    def again(*args: Any, **kwargs: Any) -> Any:
        return remat.run(activation, None, args, kwargs)

    again.raw = lambda *args: remat.run(activations.raw(activation), None, args, {})  # type: ignore[attr-defined]

    def call(*args: Any, **kwargs: Any) -> Any:
        layer.__dict__["activation"] = again
        try:
            return layer_call(*args, **kwargs)
        finally:
            layer.__dict__["activation"] = activation

    return call


def _output_size(layer: Any, args: tuple, kwargs: dict) -> int:
    """The number of elements of the outputs; 0 if it cannot be told."""

    def like(x: Any) -> Any:
        return KerasTensor(tuple(x.shape), as_dtype(x.dtype)) if isinstance(x, (torch.Tensor, Tensor)) else x

    tensors = {key: value for key, value in kwargs.items() if value is not None and key not in ("training", "mask")}
    try:
        spec = layer.compute_output_spec(*tree.map_structure(like, list(args)), **tree.map_structure(like, tensors))
    except (NotImplementedError, TypeError, ValueError):
        return 0
    return sum(math.prod(d or 1 for d in x.shape) for x in tree.flatten(spec) if isinstance(x, KerasTensor))


class _Rematerialized:
    """What stands for ``call`` in a layer that was made in a ``RematScope``; a copy of the layer gets one of its own."""

    def __init__(self, layer: Any, name: str) -> None:
        self.layer, self.name = layer, name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        own = getattr(type(self.layer), self.name).__get__(self.layer)
        if local.tracing:
            return own(*args, **kwargs)
        return self.layer.rematerialized_call(own, *args, **kwargs)(*args, **kwargs)


def _no_functions(*_: Any) -> None:
    """Nothing leaner than ``call``."""


def rematerialize(layer: Any) -> None:
    """Let a new layer follow the ``RematScope`` that it is made in."""
    mode = remat.current_mode()
    if mode is None:
        return
    state = layer.__dict__
    state["_remat_mode"] = mode
    for name in ("call", "_raw_call"):
        state[name] = _Rematerialized(layer, name)
    state["_lowered"] = state["_lowered_join"] = _no_functions
