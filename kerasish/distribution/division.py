"""Dividing a model's variables among processes, and gathering them where its layers compute.

    begin of training → divide(model) : each process keeps its part of the variables that the layout map names
    call of a layer   → gather its variables → compute with the whole → let go of it; backward gathers again what it needs

A layer of the model gathers all that it and its sublayers have, as torch's ``fully_shard`` does for modules: memory holds
the wholes of one layer at a time. Every layer works that way, whatever it computes, and results are those of one process.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

from kerasish.core import divided
from kerasish.core.layout import Layout
from kerasish.core.replicas import is_first
from kerasish.core.variable import Variable
from kerasish.layers.layer import Layer
from kerasish.layers.tracking import structure_changed


def divide(model: Any, distribution: Any) -> None:
    """Let this process keep only its part of the variables that a distribution divides.

    Raises:
        ValueError: a layout has another number of axes than its variable.
    """
    variables = model.trainable_variables
    layouts = [distribution.get_variable_layout(variable) for variable in variables]
    chosen = [(v, layout) for v, layout in zip(variables, layouts) if not layout.is_replicated]
    if not chosen and variables:
        _tell_of_no_match(variables, distribution)
    new = [(v, layout) for v, layout in chosen if not divided.is_divided(v)]
    for variable, layout in new:
        divided.divide(variable, *_placed(variable, layout))
    if new:
        _divide_slots(model)
        for layer in _units(model):
            found = [v for v in layer.variables if divided.is_divided(v)]
            if found:
                gathering = layer.__dict__.get("_gathering") or _Gathering(layer)
                layer.__dict__["_gathering"] = gathering
                gathering.variables = found
        structure_changed()


def _tell_of_no_match(variables: list[Variable], distribution: Any) -> None:
    """Warn of a map that is meant to divide variables and names none of these."""
    layouts = getattr(distribution, "_layout_map", {})
    if is_first() and any(not layout.is_replicated for layout in layouts.values()):
        warnings.warn(
            f"No variable is divided: the keys {list(layouts)} of the LayoutMap match no path. The paths are "
            f"{[v.path for v in variables[:4]]}{' and so on' if len(variables) > 4 else ''}.",
            stacklevel=2,
        )


def _divide_slots(model: Any) -> None:
    """State that the optimizer has already."""
    compiled = getattr(model, "_k_compiled", None)
    optimizer = getattr(compiled, "optimizer", None)
    if optimizer is None or not optimizer.built:
        return
    for variable in model.trainable_variables:
        if divided.is_divided(variable):
            layout = variable._layout
            for slot in optimizer.slots_of(variable):
                if slot.shape == variable.shape and not divided.is_divided(slot):
                    divided.divide(slot, layout.mesh, layout.placements)


def _placed(variable: Variable, layout: Any) -> tuple[Any, tuple]:
    """Torch's mesh and placements for the stored tensor of a variable."""
    from torch.distributed.tensor import Replicate, Shard

    mesh, axes = layout.device_mesh, layout.axes
    if len(axes) != len(variable.shape):
        raise ValueError(
            f"The layout {axes} has {len(axes)} axes; variable '{variable.path}' has {len(variable.shape)}: "
            f"{tuple(variable.shape)}."
        )
    placements = []
    for name in mesh.axis_names:
        placements.append(Shard(_stored_axis(variable, axes.index(name))) if name in axes else Replicate())
    return mesh.backend_mesh, tuple(placements)


def _stored_axis(variable: Variable, axis: int) -> int:
    """Which axis of the stored tensor a logical one is; the longest if it is stored in another shape altogether."""
    layout = variable._layout
    if layout is None:
        return axis
    if type(layout) is Layout:
        return layout.order[axis]
    shape = list(variable.stored.shape)
    return shape.index(max(shape))


def _units(model: Any) -> Iterator[Layer]:
    """The outermost layers that are no models: each gathers for itself and all below it."""
    for layer in model._layers:
        if hasattr(layer, "fit"):
            yield from _units(layer)
        else:
            yield layer


class _Gathering:
    """What a layer does around its calls: it gathers its divided variables before and lets go of them afterwards."""

    def __init__(self, layer: Layer) -> None:
        self.variables: list[Variable] = []
        self._depth = 0
        self._block: Any = None
        layer.register_forward_pre_hook(self._before)
        layer.register_forward_hook(self._after, always_call=True)

    def _before(self, layer: Any, args: Any) -> None:
        self._depth += 1
        if self._depth == 1:
            self._block = divided.computing(self.variables)
            self._block.__enter__()

    def _after(self, layer: Any, args: Any, outputs: Any) -> None:
        self._depth -= 1
        if not self._depth:
            self._block.__exit__(None, None, None)
