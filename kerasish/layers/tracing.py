"""Output shapes of user code, by running it on fake tensors: tensors with shapes and dtypes, but no storage."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from kerasish.core import device as devices
from kerasish.core import symbolic, tree
from kerasish.core.context import local, scope
from kerasish.core.errors import InvalidArgumentError, add_context
from kerasish.core.symbolic import KerasTensor


def trace(layer: Any, args: tuple, kwargs: dict) -> Any:
    """Run a layer on fake tensors of two batch sizes; variables, seeds and losses are left as they were."""
    unknown = any(isinstance(x, KerasTensor) and None in x.shape for x in tree.flatten((args, kwargs)))
    losses = {id(part): list(part._losses) for part in layer._flatten_layers()}
    # not layer.parameters(): users may have an attribute of that name
    weight = next((variable.stored for variable in layer.weights if variable._is_parameter), None)
    device = devices.current() if weight is None or weight.is_meta else weight.device
    try:
        return symbolic.merge(_runs(layer, args, kwargs, device, symbolic.PROBES if unknown else symbolic.PROBES[:1]))
    except Exception as error:
        unfit = isinstance(error, InvalidArgumentError) and not isinstance(error, ValueError)
        told = ValueError(str(error)) if unfit else error  # as in symbolic.infer
        add_context(
            told,
            f"This happened while the output shape of layer '{layer.name}' was worked out for a symbolic call, unknown "
            f"dimensions being taken as {symbolic.PROBES[0]}. If its call() needs values, give it a method "
            "compute_output_shape(self, input_shape).",
            more=not local.tracing,
        )
        if told is error:
            raise
        raise told from error
    finally:
        for part in layer._flatten_layers():
            part._losses[:] = losses.get(id(part), ())


def _runs(layer: Any, args: tuple, kwargs: dict, device: Any, probes: tuple) -> list:
    """The results for each size that stands for an unknown one; for others if those do not suit the layer."""
    try:
        return [_run(layer, args, kwargs, device, probe) for probe in probes]
    except Exception:
        if len(probes) == 1:
            raise
        for others in (symbolic.SMALL_PROBES, symbolic.ROUND_PROBES):  # a table of positions, say, may be shorter
            with suppress(Exception):
                return [_run(layer, args, kwargs, device, probe) for probe in others]
        raise


def _run(layer: Any, args: tuple, kwargs: dict, device: Any, probe: int) -> Any:
    with symbolic.fake_mode(), scope(overlay={}, tracing=True, recording=0, tapes=(), device=device):
        filled = tree.map_structure(
            lambda x: symbolic.placeholder(x, probe, device) if isinstance(x, KerasTensor) else x, (args, kwargs)
        )
        return layer(*filled[0], **filled[1])
