"""Which calls of a function of ``tf.function`` share a trace: keys of arguments.

Tensors count by dtype and shape, Python's values by equality, other objects by identity.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import torch

from kerasish.core.composite import CompositeTensor
from kerasish.core.tensor import Tensor
from kerasish.core.variable import Variable
from kerasish.tf.declared import Declared
from kerasish.tf.spec import TensorSpec, TypeSpec, spec_of


class _Object:
    """Stands for an object in a key: equal where it is the same one, and equal to nothing once that is gone."""

    __slots__ = ("_hash", "_reference")

    def __init__(self, value: Any) -> None:
        self._hash = id(value)
        try:
            self._reference: Callable = weakref.ref(value)
        except TypeError:
            self._reference = lambda: value

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        mine = self._reference()
        return isinstance(other, _Object) and mine is not None and mine is other._reference()


def key(value: Any, variables: list) -> Any:
    """What two arguments of one trace have in common; ``variables`` collects those met, whose repetitions count."""
    kind = type(value)
    if kind is Tensor:
        t = value._t
        return t.dtype, t.shape
    if kind in (bool, int, float, complex, str, bytes, type(None)):
        return value
    if isinstance(value, (list, tuple)):
        return kind, *[key(part, variables) for part in value]
    if isinstance(value, dict):
        return kind, *[(name, key(part, variables)) for name, part in value.items()]
    if isinstance(value, Variable):
        index = next((i for i, seen in enumerate(variables) if seen is value), len(variables))
        variables.append(value)
        return Variable, value.dtype, tuple(value.shape), value.trainable, index
    if type(value) is Declared:
        return value._t.dtype, None if value._static.rank is None else tuple(value._static)
    if isinstance(value, (Tensor, CompositeTensor)):
        return spec_of(value)
    if isinstance(value, TypeSpec):
        return key_of_spec(value)
    if isinstance(spec := getattr(value, "_type_spec", None), TypeSpec):  # datasets, their iterators, optional values
        return spec
    own = getattr(value, "__tf_tracing_type__", None)
    return _Object(value) if own is None else own(None)


def key_of_spec(spec: TypeSpec) -> Any:
    """The key of the tensors of a specification."""
    if type(spec) is not TensorSpec or spec.dtype.name == "string":
        return spec
    return spec.dtype.torch, None if spec.shape.rank is None else torch.Size(spec.shape) if (
        spec.shape.is_fully_defined()
    ) else tuple(spec.shape)


def generalised(first: Any, second: Any) -> Any:
    """A key of both: shapes with None where they differ, None for another rank; None if there is no such key."""
    if first == second:
        return first
    if not isinstance(first, tuple) or not isinstance(second, tuple) or len(first) != len(second):
        return None
    if len(first) == 2 and isinstance(first[0], torch.dtype):
        if first[0] != second[0]:
            return None
        if first[1] is None or second[1] is None or len(first[1]) != len(second[1]):
            return first[0], None
        return first[0], tuple(a if a == b else None for a, b in zip(first[1], second[1]))
    parts = tuple(generalised(a, b) for a, b in zip(first, second))
    missing = any(part is None and a is not None for part, a in zip(parts, first))
    return None if missing else parts


def covers(general: Any, special: Any) -> bool:
    """Whether a key with unknown sizes is one of the calls with ``special``."""
    return generalised(general, special) == general


def general(key: Any, value: Any) -> Any:
    """Arguments with specifications instead of the tensors whose sizes are unknown in their key."""
    if type(value) is Tensor:
        return TensorSpec(key[1], value.dtype) if key[1] is None or None in key[1] else value
    if isinstance(value, (list, tuple)) and type(value) in (list, tuple):
        return type(value)(general(mine, part) for mine, part in zip(key[1:], value))
    if type(value) is dict:
        return {name: general(mine, part) for (name, mine), part in zip(key[1:], value.values())}
    return value


def outline(value: Any) -> Any:
    """The structure of arguments, with their leaves by identity."""
    if isinstance(value, dict):
        return {name: outline(part) for name, part in value.items()}
    return [outline(part) for part in value] if isinstance(value, (list, tuple)) else id(value)
