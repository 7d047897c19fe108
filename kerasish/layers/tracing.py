"""Output shapes of user code, by running it on fake tensors: tensors with shapes and dtypes, but no storage."""

from __future__ import annotations

from typing import Any

from kerasish.core import device as devices
from kerasish.core import symbolic, tree
from kerasish.core.context import local, scope
from kerasish.core.errors import InvalidArgumentError, add_context
from kerasish.core.symbolic import KerasTensor


def trace(layer: Any, args: tuple, kwargs: dict) -> Any:
    """Run a layer on fake tensors of two batch sizes; variables, seeds and losses are left as they were."""
    from torch._subclasses.fake_tensor import FakeTensorMode  # 0.2 s to import: only when a user's code is traced

    unknown = any(isinstance(x, KerasTensor) and None in x.shape for x in tree.flatten((args, kwargs)))
    losses = {id(part): list(part._losses) for part in layer._flatten_layers()}
    # not layer.parameters(): users may have an attribute of that name
    weight = next((variable.stored for variable in layer.weights if variable._is_parameter), None)
    device = devices.current() if weight is None or weight.is_meta else weight.device
    runs = []
    try:
        for probe in symbolic.PROBES if unknown else symbolic.PROBES[:1]:
            mode = FakeTensorMode(allow_non_fake_inputs=True)
            with mode, scope(overlay={}, tracing=True, recording=0, tapes=(), device=device):
                filled = tree.map_structure(
                    lambda x, p=probe: symbolic.placeholder(x, p, device) if isinstance(x, KerasTensor) else x,
                    (args, kwargs),
                )
                runs.append(layer(*filled[0], **filled[1]))
    except Exception as error:
        if isinstance(error, InvalidArgumentError) and not isinstance(error, ValueError):
            raise ValueError(str(error)) from error  # as in symbolic.infer
        add_context(
            error,
            f"This happened while the output shape of layer '{layer.name}' was worked out for a symbolic call. If its "
            "call() needs values, give it a method compute_output_shape(self, input_shape).",
            more=not local.tracing,
        )
        raise
    finally:
        for part in layer._flatten_layers():
            part._losses[:] = losses.get(id(part), ())
    return symbolic.merge(runs)
