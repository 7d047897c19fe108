"""What calling a layer needs beside the layer: signatures, and tensors crossing between user code and library code.

Library code computes on raw ``torch.Tensor``s, user code on ``Tensor``s; masks travel on either, as ``_keras_mask``.
"""

from __future__ import annotations

import dis
import functools
import inspect
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np
import torch

from kerasish.core import deferred, dispatch, tree
from kerasish.core.autodiff import recording
from kerasish.core.context import local, scope
from kerasish.core.dtypes import as_dtype, to_torch
from kerasish.core.masks import raw_with_mask, wrap_with_mask
from kerasish.core.tensor import convert
from kerasish.core.variable import Variable
from kerasish.layers import tracking

_OF_CALL = ("_call_spec", "_user_call", "_raw_call", "_lowered", "_lowered_join")  # what is made of a class's ``call``
LATE_METHODS = ("call", "build", "compute_mask")  # what a program may set on a class once it is there


class CallSpec:
    """What the base class needs to know of a ``call``'s signature; made once per class.

    Args:
        call: the function.
        bound: whether it is an instance's own, without ``self``.
        owner: the layer's class.
    """

    def __init__(self, call: Callable, bound: bool = False, owner: type = object) -> None:
        parameters = list(inspect.signature(call).parameters.values())[0 if bound else 1 :]
        named = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
        self.names = [p.name for p in named]
        self.takes_any_keyword = any(p.kind is p.VAR_KEYWORD for p in parameters)
        self.takes_training = "training" in self.names or (self.takes_any_keyword and _reads_training(call))
        self.takes_mask = "mask" in self.names
        self.asks_for_mask = self.takes_mask and _asks_for_mask(call, owner)
        default = next((p.default for p in named if p.name == "training"), None)
        self.training_default = default if isinstance(default, bool) else None
        self.mask_names = {f"{name}_mask": name for name in self.names if f"{name}_mask" in self.names}
        self.needs_inputs = bool(named) and named[0].default is named[0].empty

    def first_by_position(self, kwargs: dict) -> tuple[tuple, dict]:
        """Arguments that were all given by name, with the first of the signature by position.

        Raises:
            TypeError: it was not given and has no default.
        """
        if not self.names or self.names[0] not in kwargs:
            if self.needs_inputs:
                raise TypeError(f"missing a required argument: '{self.names[0]}'")
            return (), kwargs
        rest = dict(kwargs)
        return (rest.pop(self.names[0]),), rest


def _asks_for_mask(call: Callable, owner: type) -> bool:
    """Whether a user's ``call``, or a method that it may hand its mask on to, asks whether there is one."""
    methods = [
        method
        for cls in owner.__mro__
        if cls is not object and not is_ours(cls)
        for name, method in vars(cls).items()
        if inspect.isfunction(method) and name not in ("call", "compute_mask") and not is_ours(method)
    ]
    return not is_ours(call) and any(compares_with_none(function, "mask") for function in (call, *methods))


def _reads_training(call: Callable) -> bool:
    """Whether a user's ``call(self, x, **kwargs)`` asks for ``kwargs["training"]``, as Keras 2 allowed."""
    code = getattr(inspect.unwrap(call), "__code__", None)
    return not is_ours(call) and code is not None and "training" in code.co_consts


def compares_with_none(function: Callable, name: str) -> bool:
    """Whether a function has a test of an argument being None, as its byte code shows it."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    read = compared = False  # whether the step before read the argument, and whether the one before that did for None
    for step in dis.get_instructions(code) if code is not None else ():
        if (read and "NONE" in step.opname) or (compared and step.opname == "IS_OP"):
            return True
        compared = read and step.opname.startswith("LOAD_CONST") and step.argval is None
        last = step.argval[-1] if isinstance(step.argval, tuple) and step.argval else step.argval
        read = step.opname.startswith(("LOAD_FAST", "LOAD_DEREF")) and last == name
    return False


def several_tensors(args: tuple, kwargs: dict) -> bool:
    """Whether a call was given tensors, or structures of nothing else, besides its first argument."""
    for value in (*args[1:], *kwargs.values()):
        leaves = tree.flatten(value)
        if any(leaf is not None for leaf in leaves) and all(
            leaf is None or dispatch.is_tensor(leaf) for leaf in leaves
        ):
            return True
    return False


def is_ours(function: Any) -> bool:
    return (getattr(function, "__module__", None) or "").partition(".")[0] == "kerasish"


def settle_late(cls: type) -> bool:
    """Prepare methods that were set on a class, or on one above it, after its definition; whether there were any."""
    found = False
    for base in cls.__mro__:
        known = base.__dict__.get("_known_methods")
        late = known and {name for name, one in known.items() if base.__dict__.get(name, one) is not one}
        if late:
            _prepare_late(base, late)
            found = True
    return found


def _prepare_late(cls: Any, late: set[str]) -> None:
    """A method that is put back brings back all that was made of it at first, so that built-in layers are fast again."""
    first = cls.__dict__.get("_first_call")
    if "call" in late and first is None:
        first = {name: cls.__dict__.get(name) for name in _OF_CALL}
        first["call"] = cls._known_methods["call"]
        cls._first_call = first
    if "call" in late and cls.__dict__["call"] is first["call"]:
        for name, value in first.items():
            setattr(cls, name, value)
        cls._known_methods = {**cls._known_methods, "call": first["call"]}
        late = late - {"call"}
    cls._prepare_methods(late)


def adapt(call: Callable) -> Callable:
    """A user's ``call`` for raw tensors: wrapped on the way in, unwrapped on the way out."""

    def raw_call(self: Any, *args: Any, **kwargs: Any) -> Any:
        with recording():
            args, kwargs = tree.map_structure(wrap_with_mask, (args, kwargs))
            return tree.map_structure(raw_with_mask, call(self, *args, **kwargs))

    return raw_call


def wrap_build(build: Callable) -> Callable:
    """``build`` that also notes that it was done, and for which shapes."""

    @functools.wraps(build)
    def wrapped(self: Any, *args: Any, **kwargs: Any) -> None:
        outermost = not self._k_building
        object.__setattr__(self, "_k_building", True)
        try:
            if outermost:
                self._note_build(args, kwargs)
            with inside(self):
                build(self, *args, **kwargs)
        finally:
            if outermost:
                object.__setattr__(self, "_k_building", False)
        if outermost:
            self.built = True
            tracking.structure_changed()
            if deferred.pending:
                deferred.note(self)

    return wrapped


def inside(layer: Any) -> Any:
    """A block for the layer's own code: what is built in it gets the layer's path."""
    if local.call_layers and local.call_layers[-1] is layer:
        return nullcontext()
    return scope(call_layers=(*local.call_layers, layer), direct_builds=(*local.direct_builds, layer))


# tensors crossing the boundary ---------------------------------------------------------------------------------------


def as_output(x: Any) -> Any:
    """What a user's call returned, as ours: a torch tensor or array made inside becomes a Tensor."""
    if isinstance(x, (torch.Tensor, np.ndarray)):
        return dispatch.wrap(dispatch.raw(x))
    return x.snapshot() if isinstance(x, Variable) else x


def tensor_constant(x: Any) -> Any:
    return convert(x) if isinstance(x, np.ndarray) else x


def cast_float(x: Any, dtype: Any) -> Any:
    if dtype is None or not isinstance(x, torch.Tensor) or not x.is_floating_point():
        return x
    wanted = to_torch(dtype)
    return x if x.dtype is wanted else x.to(wanted)


def is_number_list(value: Any) -> bool:
    """Whether a (nested) list holds plain numbers: data, not a list of inputs."""
    while isinstance(value, (list, tuple)) and value:
        value = value[0]
    return isinstance(value, (int, float, bool)) and not dispatch.is_tensor(value)


def has_tensors(value: Any) -> bool:
    return any(hasattr(x, "shape") and hasattr(x, "dtype") for x in tree.flatten(value))


def describe(x: Any) -> str:
    if dispatch.is_tensor(x):
        return f"Tensor(shape={tuple(x.shape)}, dtype={as_dtype(x.dtype).name})"
    text = repr(x)
    return text if len(text) < 60 else text[:57] + "..."
