"""What an object is made of, as checkpoints name it: children by name, and the values that it has itself.

Checkpoints of Keras 3 and of Keras 2 call the same layer by different names (``_operations/1`` and ``layer_with_weights-0``),
so an object has children in two *dialects*. Files are written in one of them, with the names of the other beside.
Packages above register their own classes with ``children`` and ``values``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import singledispatch
from typing import Any, NamedTuple

import numpy as np

from kerasish.core.variable import Variable
from kerasish.layers.conv_depthwise import DepthwiseConvolution
from kerasish.layers.layer import Layer
from kerasish.metrics.base import Metric
from kerasish.optimizers.base import Optimizer

KERAS_3, KERAS_2 = "keras 3", "keras 2"

_BOOKKEEPING = frozenset(vars(Layer(name="layer"))) | {"_k_network", "_k_stack", "_k_entry", "_k_compiled", "_k_step"}
_CONTAINERS = (list, tuple, dict)


class Value(NamedTuple):
    """A value that an object has: how it is read, and how it is set from an array (or bytes) of a file."""

    get: Callable[[], Any]
    set: Callable[[Any], None]
    suffix: str = ""  # of the tensor's name in the file


class Part:
    """A container that a checkpoint names and that the object has in another form.

    Args:
        owner: the object.
        name: of the container.
        inside: its children.
    """

    def __init__(self, owner: Any, name: str, inside: dict[str, Any]) -> None:
        self.owner, self.name, self.inside = owner, name, inside


def identity(thing: Any) -> Any:
    """What tells whether two are the same thing."""
    return (id(thing.owner), thing.name) if isinstance(thing, Part) else id(thing)


@singledispatch
def values(thing: Any) -> dict[str, Value]:
    """The values of an object's own, by the names of the attributes that checkpoints give them."""
    return {}


@values.register
def _(thing: Variable) -> dict[str, Value]:
    return {"VARIABLE_VALUE": Value(thing.numpy, lambda array: _assign(thing, array))}


def _assign(variable: Variable, array: Any) -> None:
    variable.assign(np.asarray(array) if not isinstance(array, bytes) else array)


@singledispatch
def children(thing: Any, dialect: str = KERAS_3) -> dict[str, Any] | None:
    """What an object is made of, by name; None if checkpoints do not know such objects."""
    return None


@children.register
def _(thing: Part, dialect: str = KERAS_3) -> dict[str, Any]:
    return thing.inside


@children.register
def _(thing: Variable, dialect: str = KERAS_3) -> dict[str, Any]:
    return {}


@children.register(list)
@children.register(tuple)
def _(thing: Any, dialect: str = KERAS_3) -> dict[str, Any]:
    return {str(i): value for i, value in enumerate(thing) if is_trackable(value)}


@children.register
def _(thing: dict, dialect: str = KERAS_3) -> dict[str, Any]:
    found = {}
    for key, value in thing.items():
        if is_trackable(value):
            if not isinstance(key, str):
                raise ValueError(
                    f"Unable to save the object {thing} (a dictionary wrapper constructed automatically on attribute "
                    "assignment). The wrapped dictionary contains a non-string key which maps to a trackable object or "
                    "mutable data structure.\n\nIf you don't need this dictionary checkpointed, wrap it in a "
                    "non-trackable object; it will be subsequently ignored."
                )
            found[key] = value
    return found


@children.register
def _(thing: Metric, dialect: str = KERAS_3) -> dict[str, Any]:
    found = attributes(thing, ("_variables", "_metrics"))
    return {**found, **_rest(found, {v._name: v for v in thing.variables})}


@children.register
def _(thing: Optimizer, dialect: str = KERAS_3) -> dict[str, Any]:
    own = list(thing._variables)
    found: dict[str, Any] = {}
    if dialect == KERAS_2:
        kept = [v for v in own if v is not thing.__dict__.get("_learning_rate")]
        found["_variables"] = Part(thing, "_variables of Keras 2", dict(_numbered(kept)))
    else:
        found["_variables"] = Part(thing, "_variables", dict(_numbered(own)))
        found["_trainable_variables"] = Part(thing, "_trainable_variables", dict(_numbered(thing._trainable_variables)))
    skipped = (
        "_variables",
        "_trainable_variables",
        "_k_updated",
        "_k_hosted",
        "_k_undecayed",
        "_k_slots",
        "_index_dict",
    )
    return {**found, **attributes(thing, skipped)}


@children.register
def _(thing: Layer, dialect: str = KERAS_3) -> dict[str, Any]:
    found = _of_graph(thing, dialect)
    optimizer = getattr(thing, "optimizer", None)
    if isinstance(optimizer, Optimizer):
        found["optimizer"] = optimizer
    names = _KERAS_2_NAMES if dialect == KERAS_2 else _STATES
    if dialect == KERAS_3 and "lora_rank" in vars(thing):  # these keep it behind a property
        names = _PRIVATE
    elif dialect == KERAS_2 and isinstance(thing, DepthwiseConvolution):
        names = _DEPTHWISE
    found.update({names.get(name, name): value for name, value in attributes(thing, _BOOKKEEPING).items()})
    variables = {v._key: v for v in (*thing._trainable_variables, *thing._non_trainable_variables)}
    return {**found, **_rest(found, variables)}


# Our attributes → the names in checkpoints.
_STATES = {"_states": "states"}
_PRIVATE = {"kernel": "_kernel", "embeddings": "_embeddings"}
_DEPTHWISE = {"kernel": "depthwise_kernel"}
_KERAS_2_NAMES = {
    **_STATES, "_kernel": "kernel", "_embeddings": "embeddings", "adapt_mean": "mean", "adapt_variance": "variance",
}  # fmt: skip


def _of_graph(model: Any, dialect: str) -> dict[str, Any]:
    """The layers of a model that is given by a graph or a list."""
    network = getattr(model, "_k_network", None)
    stacked = hasattr(model, "_k_stack")
    if network is None and not stacked:
        return {}
    if dialect == KERAS_2:
        found: dict[str, Any] = {}
        weighted = 0
        for i, layer in enumerate(model.layers if stacked else network.operations):
            if not isinstance(layer, Layer):
                continue
            if layer.weights:
                found[f"layer_with_weights-{weighted}"] = layer
                weighted += 1
            found[f"layer-{i}"] = layer
        return found
    operations = [None, *model.layers] if stacked else list(network.operations)
    listed = {str(i): operation for i, operation in enumerate(operations) if isinstance(operation, Layer)}
    part = Part(model, "_operations", listed)
    return {"_functional": Part(model, "_functional", {"_operations": part})} if stacked else {"_operations": part}


def _numbered(things: list) -> list[tuple[str, Any]]:
    return [(str(i), thing) for i, thing in enumerate(things)]


def attributes(thing: Any, skipped: Any, empty: bool = False) -> dict[str, Any]:
    """The attributes of an object that checkpoints know, in the order in which they were set."""
    return {name: value for name, value in vars(thing).items() if name not in skipped and is_trackable(value, empty)}


def _rest(found: Mapping[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Those of ``more`` that are not found yet, directly or in containers."""
    known: set[int] = set()
    pending = list(found.values())
    while pending:
        value = pending.pop()
        known.add(id(value))
        if isinstance(value, (list, tuple)):
            pending.extend(value)
        elif isinstance(value, dict):
            pending.extend(value.values())
    return {name: value for name, value in more.items() if id(value) not in known and name not in found}


def is_trackable(value: Any, empty: bool = True) -> bool:
    """Whether checkpoints know such objects; ``empty``: containers that hold none of them count too."""
    if isinstance(value, tuple) or (not empty and isinstance(value, _CONTAINERS) and not hasattr(value, "__dict__")):
        return any(map(is_trackable, value.values() if isinstance(value, dict) else value))
    return isinstance(value, _CONTAINERS) or children.dispatch(type(value)) is not _unknown


_unknown = children.dispatch(object)


# reading: other names -------------------------------------------------------------------------------------------------


def find(thing: Any, name: str) -> Any:
    """The child that a checkpoint of any age calls ``name``; None if there is none."""
    for dialect in (KERAS_3, KERAS_2):
        found = (children(thing, dialect) or {}).get(name)
        if found is not None:
            return found
    if isinstance(thing, Layer) and name == "root":  # a model that was the root of its own checkpoint names itself so
        return thing
    if isinstance(thing, Optimizer):
        other = _OLD_OPTIMIZER.get(name)
        return None if other is None else _variable(thing, other)
    if isinstance(thing, Layer):
        own = children(thing) or {}
        return own.get(f"_{name}", own.get(name.lstrip("_")))
    return None


_OLD_OPTIMIZER = {"iter": "_iterations", "iterations": "_iterations", "learning_rate": "_learning_rate"}


def _variable(thing: Any, name: str) -> Any:
    value = thing.__dict__.get(name)
    return value if isinstance(value, Variable) else None


# Slots as the optimizers of TensorFlow 2.0 to 2.10 called them → as they are called now.
OLD_SLOTS: dict[str, tuple[str, ...]] = {
    "m": ("momentum",), "v": ("velocity", "norm"), "vhat": ("velocity_hat",), "rms": ("velocity",),
    "mg": ("average_gradient",), "momentum": ("momentum",), "accumulator": ("accumulator",), "linear": ("linear",),
    "accum_grad": ("accumulated_grad",), "accum_var": ("accumulated_delta_var",),
}  # fmt: skip


def slot(optimizer: Any, variable: Any, name: str) -> Variable | None:
    """An optimizer's slot of a variable, by the name that older checkpoints give it."""
    if not isinstance(optimizer, Optimizer):
        return None
    position = optimizer._index_dict.get(id(variable))
    for new in OLD_SLOTS.get(name, ()):
        found = optimizer._k_slots.get(new, {}).get(position)  # type: ignore[arg-type]
        if found is not None:
            return found
    return None
