"""A layer's call as ``torch.compile`` traces it: the steps of ``Layer.__call__``, in a form that makes one graph.

It leaves out what only costs a traced call: errors are not explained, shapes not noted, nothing is built. It reads no
process-wide count or set whose change would compile the graph anew.
"""

from __future__ import annotations

import types
from typing import Any

import torch
from torch import nn

from kerasish.core import tree
from kerasish.core.context import local, scope
from kerasish.core.errors import fail
from kerasish.core.symbolic import KerasTensor
from kerasish.layers.input_spec import check_input
from kerasish.layers.tracing import trace


def _give_own_code(parent: nn.Module, name: str, child: Any) -> None:
    """When torch.compile takes a layer, let it see a ``__call__`` with a code object of this layer's own.

    It keeps its graphs with the code and gives up at the ninth: all layers together would share one. The attribute is there
    only until torch.compile has fetched it, see ``Layer._initialize_hook``.
    """
    if name == "_orig_mod" and hasattr(child, "_keras_layer"):
        call = type(child).__call__
        own = types.FunctionType(
            call.__code__.replace(), call.__globals__, call.__name__, call.__defaults__, call.__closure__
        )
        child.__dict__["__call__"] = types.MethodType(own, child)


nn.modules.module.register_module_module_registration_hook(_give_own_code)


def build_before_tracing(layer: Any, args: tuple, kwargs: dict) -> None:
    """Build a layer that was handed to torch.compile without weights, for the inputs of its first call."""

    def symbolic(x: Any) -> Any:
        return KerasTensor(tuple(x.shape), x.dtype) if isinstance(x, torch.Tensor) else x

    if not layer.built:
        trace(layer, *tree.map_structure(symbolic, (args, kwargs)))


def traced_call(layer: Any, args: tuple, kwargs: dict) -> Any:
    """Apply a built layer to tensors.

    Raises:
        RuntimeError: the layer is not built. (One that was itself given to torch.compile is built before its first call.)
    """
    if not layer.built:
        raise fail(
            RuntimeError,
            f"torch.compile met layer '{layer.name}', which has no weights yet",
            hint="Call the model once, or its build(input_shape), before a compiled function uses it.",
        )
    spec = layer._call_spec
    if not args:
        args, kwargs = spec.first_by_position(kwargs)
    if len(args) > 1 and spec.takes_training:
        args, kwargs = layer._named_training(args, kwargs)
    args, kwargs, wrapped = layer._k_prepare(args, kwargs)
    mask = layer._take_masks(args, kwargs)
    training = layer._take_training(kwargs)
    if layer.input_spec is not None:
        check_input(layer.input_spec, args[0] if args else None, layer.name)
    outputs = _run(layer, args, kwargs, training, wrapped)
    if mask is not None or layer.activity_regularizer is not None or layer._makes_mask:
        layer._k_finish(args, outputs, mask)
    return outputs


def _run(layer: Any, args: tuple, kwargs: dict, training: bool | None, wrapped: bool) -> Any:
    if not local.call_layers:
        _forget_losses(layer)
    if not layer._user_call and not layer._layers:
        return layer._run_raw(args, kwargs, wrapped)
    with scope(**layer._k_scopes(training)):
        return layer._k_run_user(args, kwargs, wrapped) if layer._user_call else layer._run_raw(args, kwargs, wrapped)


def _forget_losses(layer: Any) -> None:
    """Drop the penalties of the last call, unread: how many there were must not matter to the graph."""
    for part in layer._flatten_layers():
        if part._user_call or part.activity_regularizer is not None:
            object.__setattr__(part, "_losses", [])
