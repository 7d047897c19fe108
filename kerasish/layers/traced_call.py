"""A layer's call as ``torch.compile`` traces it: the steps of ``Layer.__call__``, in a form that makes one graph.

It leaves out what only costs a traced call: errors are not explained, shapes not noted, nothing is built. It reads no
process-wide count or set whose change would compile the graph anew.
"""

from __future__ import annotations

from typing import Any

from kerasish.core.context import local, scope
from kerasish.core.errors import fail
from kerasish.layers.input_spec import check_input


def traced_call(layer: Any, args: tuple, kwargs: dict) -> Any:
    """Apply a built layer to tensors.

    Raises:
        RuntimeError: the layer is not built.
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
    args, kwargs, wrapped = layer._prepare(args, kwargs)
    mask = layer._take_masks(args, kwargs)
    training = layer._take_training(kwargs)
    if layer.input_spec is not None:
        check_input(layer.input_spec, args[0] if args else None, layer.name)
    outputs = _run(layer, args, kwargs, training, wrapped)
    if mask is not None or layer.activity_regularizer is not None or layer._makes_mask:
        layer._finish(args, outputs, mask)
    return outputs


def _run(layer: Any, args: tuple, kwargs: dict, training: bool | None, wrapped: bool) -> Any:
    if not local.call_layers:
        _forget_losses(layer)
    if not layer._user_call and not layer._layers:
        return layer._run_raw(args, kwargs, wrapped)
    with scope(**layer._scopes(training)):
        return layer._run_user(args, kwargs, wrapped) if layer._user_call else layer._run_raw(args, kwargs, wrapped)


def _forget_losses(layer: Any) -> None:
    """Drop the penalties of the last call, unread: how many there were must not matter to the graph."""
    for part in layer._flatten_layers():
        if part._user_call or part.activity_regularizer is not None:
            object.__setattr__(part, "_losses", [])
