"""Route: the short way through a layer's call, for inputs like those that have gone the long way.

``Layer.__call__`` finds out how its inputs are converted, whether they fit, what is to be built, which scopes and masks
there are. For one tensor without a mask that depends on its shape and dtype and on the structure of the layers only: a
``Route`` remembers it, and is followed while ``structure.version`` has not moved on. What may change from call to call
(modes, tapes, scopes) is looked at each time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch, tree
from kerasish.core.autodiff import recording
from kerasish.core.context import local, settings
from kerasish.core.dtypes import as_dtype, to_torch
from kerasish.core.masks import raw_with_mask, wrap_with_mask
from kerasish.core.symbolic import KerasTensor
from kerasish.core.tensor import Tensor
from kerasish.layers.calling import as_output
from kerasish.layers.tracking import structure

MISSED = object()  # what a route gives for inputs that have to go the long way
_SHAPES = 64  # that a route keeps; data of more sizes than this begins anew


class Route:
    """How a layer is called on one tensor of some dtype and rank, of the shapes that it has been called on before.

    Args:
        layer: has been called on ``t`` the long way, and no hook, mask or penalty had a part in it.
        t: a raw tensor.
    """

    __slots__ = ("calls", "cast", "dtype", "follows_mode", "options", "rank", "shapes", "takes_mode", "user", "version")

    def __init__(self, layer: Any, t: torch.Tensor) -> None:
        spec = layer._call_spec
        self.version, self.dtype, self.rank = structure.version, t.dtype, t.ndim
        self.shapes = {t.shape}
        wanted = to_torch(layer._dtype_policy.compute_dtype) if layer.autocast and t.is_floating_point() else t.dtype
        self.cast = wanted if wanted is not t.dtype else None
        self.user = layer._user_call
        self.takes_mode = spec.takes_training
        self.follows_mode = self.takes_mode or self.user or bool(layer._layers)
        self.options = dict.fromkeys((*(("mask",) if spec.takes_mask else ()), *spec.mask_names))
        self.calls: dict[bool | None, Callable] = {}

    def __reduce__(self) -> tuple:
        return type(None), ()  # a copy of the layer finds its own way

    @staticmethod
    def note(layer: Any, x: Any) -> None:
        """Let the layer take the short way for inputs like ``x``, on which it has just been called, if it may."""
        if layer._k_has_hooks() or layer._dtype_policy.is_mixed or local.tracing:
            return
        t = x._t if type(x) is Tensor else x if type(x) in (torch.Tensor, np.ndarray) else None
        if type(t) is np.ndarray and t.dtype.kind in "fiub":
            t = dispatch.raw(t)
        if type(t) is not torch.Tensor or local.overlay is not None or getattr(x, "_keras_mask", None) is not None:
            return
        route = layer.__dict__.get("_k_route")
        fits = route is not None and route.version == structure.version and route.dtype is t.dtype
        if fits and route.rank == t.ndim and len(route.shapes) < _SHAPES:
            route.shapes.add(t.shape)
        else:
            layer.__dict__["_k_route"] = Route(layer, t)

    def follow(self, layer: Any, x: Any, training: Any) -> Any:
        """The outputs of a layer for an input, or ``MISSED``."""
        if self.version != structure.version or local.overlay is not None or local.autocast is not None:
            return MISSED
        kind = type(x)
        if kind is Tensor:
            if "_keras_mask" in x.__dict__:
                return MISSED
            t = x._t
            if t.requires_grad:
                t = dispatch.live(x)
        elif kind is torch.Tensor:
            if getattr(x, "_keras_mask", None) is not None:
                return MISSED
            t = x
        elif kind is np.ndarray and x.shape in self.shapes and x.dtype.kind in "fiub":
            t = dispatch.raw(x)
        else:
            return MISSED
        if t.dtype is not self.dtype or t.shape not in self.shapes or settings.run_functions_eagerly:
            return MISSED
        if self.cast is not None:
            t = t.to(self.cast)
        if training is None and self.follows_mode:
            training = local.training
            if training is None:
                training = layer._call_spec.training_default
                if training is None and layer.training:
                    training = True
        elif training is not True and training is not False and training is not None:
            return MISSED
        call = self.calls.get(training) or self._settle(layer, t, training)
        if not local.call_layers:
            layer._clear_losses()
        try:
            if self.user:
                return call(
                    layer, t if kind is torch.Tensor else x if t is getattr(x, "_t", None) else dispatch.wrap(t)
                )
            return call(layer, t) if kind is torch.Tensor else self._recorded(layer, call, t)
        except Exception as error:
            layer._k_explain(error, (x,), {"training": training} if self.takes_mode else {})
            raise

    def _recorded(self, layer: Any, call: Callable, t: torch.Tensor) -> Any:
        """A call on one of our tensors: recorded by TensorFlow's rule, its results ours."""
        if local.tapes:
            layer._note_access()
        before = torch.is_grad_enabled()
        torch._C._set_grad_enabled(local.recording != 0)
        try:
            out = call(layer, t)
            if type(out) is torch.Tensor and "_keras_mask" not in out.__dict__:
                return dispatch.wrap(out) if out.requires_grad else Tensor(out)
            return tree.map_structure(wrap_with_mask, out)
        finally:
            torch._C._set_grad_enabled(before)

    def _settle(self, layer: Any, t: torch.Tensor, training: bool | None) -> Callable:
        """The call for a mode, as a function of the layer and a tensor."""
        options = {**self.options, "training": training} if self.takes_mode else self.options
        if self.user:
            call = _in_scopes(_user_call(options), training)
        else:
            call = layer._k_program(t, training) or _bare(layer, t, training)
            if call is None:
                call = _raw_call(options)
                call = _in_scopes(call, training) if layer._layers else call
        self.calls[training] = call
        return call


def _bare(layer: Any, t: torch.Tensor, training: bool | None) -> Callable | None:
    """A layer as the bare functions that it names, if it does."""
    functions = layer._lowered(KerasTensor((None,) * t.ndim, as_dtype(t.dtype)), bool(training))
    if functions is None:
        return None
    if len(functions) == 1:
        only = functions[0]
        return lambda layer, t: only(t)

    def call(layer: Any, t: torch.Tensor) -> torch.Tensor:
        for function in functions:
            t = function(t)
        return t

    return call


def _raw_call(options: dict) -> Callable:
    return lambda layer, t: layer._raw_call(t, **options)


def _user_call(options: dict) -> Callable:
    """A user's ``call``, for a tensor of ours or of torch's: the result is one of the same kind."""

    def call(layer: Any, x: Any) -> Any:
        if layer._k_torch_modules:
            layer._set_torch_mode(local.training)
        if not isinstance(x, torch.Tensor):
            out = layer.call(x, **options)
            return out if type(out) is Tensor else tree.map_structure(as_output, out)
        with recording():
            return tree.map_structure(raw_with_mask, layer.call(dispatch.wrap(x), **options))

    return call


def _in_scopes(call: Callable, training: bool | None) -> Callable:
    """A call that layers below can look around from: they see the layer, and the mode."""

    def scoped(layer: Any, x: Any) -> Any:
        layers, mode = local.call_layers, local.training
        local.call_layers, local.training = (*layers, layer), training
        try:
            return call(layer, x)
        finally:
            local.call_layers, local.training = layers, mode

    return scoped
