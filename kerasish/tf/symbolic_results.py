"""Symbolic results of TensorFlow's operations that need values: the sizes that depend on them are ``None``.

Each function is the rule (``dispatch.symbolic``) of the operation of its name and has its signature. See ``ops/specs.py``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from kerasish.core import dtypes, tree
from kerasish.core.symbolic import KerasTensor


class Unique(NamedTuple):
    """The different elements, and which of them each element is."""

    y: Any
    idx: Any


class UniqueWithCounts(NamedTuple):
    """The different elements, which of them each element is, and how often each occurs."""

    y: Any
    idx: Any
    count: Any


def unique(x: KerasTensor, out_idx: Any = dtypes.int32, name: str | None = None) -> Any:
    return Unique(KerasTensor((None,), x.dtype), KerasTensor(x.shape, out_idx))


def unique_with_counts(x: KerasTensor, out_idx: Any = dtypes.int32, name: str | None = None) -> Any:
    return UniqueWithCounts(*unique(x, out_idx), KerasTensor((None,), out_idx))


def where(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Any:
    alone = x is None and y is None
    return KerasTensor((None, len(condition.shape)), "int64") if alone else NotImplemented


def boolean_mask(tensor: Any, mask: Any, axis: Any = None, name: str | None = None) -> Any:
    first, ranks = int(axis or 0), len(mask.shape)
    if not ranks or first < 0:
        return NotImplemented
    sizes = tuple(tensor.shape)
    for size, known in zip(sizes[first : first + ranks], mask.shape):
        if None not in (size, known) and size != known:
            raise ValueError(f"Shapes {tuple(tensor.shape)} and {tuple(mask.shape)} are incompatible")
    return KerasTensor((*sizes[:first], None, *sizes[first + ranks :]), dtypes.as_dtype(tensor.dtype))


def dynamic_partition(data: Any, partitions: Any, num_partitions: int, name: str | None = None) -> Any:
    rest = tuple(data.shape)[len(partitions.shape) :]
    return [KerasTensor((None, *rest), dtypes.as_dtype(data.dtype)) for _ in range(num_partitions)]


def as_string(input: KerasTensor, *args: Any, **kwargs: Any) -> Any:
    return KerasTensor(input.shape, "string")


def to_number(input: KerasTensor, out_type: Any = dtypes.float32, name: str | None = None) -> Any:
    return KerasTensor(input.shape, out_type)


def format(template: str, inputs: Any, placeholder: str = "{}", summarize: int = 3, name: str | None = None) -> Any:
    return KerasTensor((), "string")


def py_function(func: Any, inp: Any, Tout: Any, *args: Any) -> Any:
    """Results of the dtypes that are told, of unknown rank: a program tells it by ``set_shape`` or ``tf.ensure_shape``."""
    return tree.map_structure(lambda kind: KerasTensor(None, getattr(kind, "dtype", kind)), Tout)


def ensure_shape(x: KerasTensor, shape: Any, name: str | None = None) -> Any:
    return KerasTensor(x.shape.merge_with(shape), x.dtype)
