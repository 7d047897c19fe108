"""``tf.sets``: each row (along the last axis) as a set."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from kerasish.core.errors import InvalidArgumentError, missing_name
from kerasish.core.sparse import SparseTensor
from kerasish.core.tensor import convert
from kerasish.ops import coordinates
from kerasish.tf.sparse_op import raw, sparse_op

_DTYPES = ("int8", "int16", "int32", "int64", "uint8", "uint16", "string")


@sparse_op
def size(a: Any, validate_indices: bool = True) -> Any:
    """How many distinct values each row of a sparse tensor has, as int32.

    Args:
        validate_indices: whether the places must be in order.

    Raises:
        TypeError: not a sparse tensor, or one of floats.
    """
    if not isinstance(a, SparseTensor):
        raise TypeError(f"Expected `SparseTensor`, got {convert(a)}.")
    _demand_dtype(a, "a")
    if validate_indices:
        coordinates.demand_ordered(a, "SetSize")
    rows, shape = _sets(a)
    counts = [len(rows.get(number, ())) for number in range(math.prod(shape))]
    return torch.tensor(counts, dtype=torch.int32).reshape(shape)


@sparse_op
def intersection(a: Any, b: Any, validate_indices: bool = True) -> Any:
    """What the rows of ``a`` and ``b`` have in common, in order, as a sparse tensor. See ``union``."""
    return _combined(a, b, set.intersection, validate_indices)


@sparse_op
def difference(a: Any, b: Any, aminusb: bool = True, validate_indices: bool = True) -> Any:
    """What is in the rows of ``a`` and not in those of ``b``, or the reverse, as a sparse tensor. See ``union``."""
    return _combined(a, b, set.difference if aminusb else lambda x, y: y - x, validate_indices)


@sparse_op
def union(a: Any, b: Any, validate_indices: bool = True) -> Any:
    """What is in the rows of ``a`` or ``b``, in order, as a sparse tensor.

    Args:
        a, b: dense or sparse, of integers or strings and of rank 2 or more; all axes but the last must agree.
        validate_indices: whether the places of sparse ones must be in order.

    Raises:
        TypeError: dtypes differ, or are floats.
        InvalidArgumentError: shapes do not fit, or places are not in order.
    """
    return _combined(a, b, set.union, validate_indices)


def _combined(a: Any, b: Any, function: Callable, validate: bool) -> SparseTensor:
    first, second = (x if isinstance(x, SparseTensor) else convert(x) for x in (a, b))
    if first.dtype != second.dtype:
        raise TypeError(f"Types don't match, {first.dtype!r} vs {second.dtype!r}.")
    _demand_dtype(first, "a")
    for x in (first, second):
        if len(x.shape) < 2:
            raise InvalidArgumentError(f"Shape {list(x.shape)} has rank {len(x.shape)} < 2.")
        if validate and isinstance(x, SparseTensor):
            coordinates.demand_ordered(x, "SetOperation")
    (left, shape), (right, other) = _sets(first), _sets(second)
    if shape != other:
        raise InvalidArgumentError(f"Mismatched shapes {list(shape)} vs. {list(other)}.")
    rows = [sorted(function(left.get(i, set()), right.get(i, set()))) for i in range(math.prod(shape))]
    return _sparse(rows, shape, first)


def _sparse(rows: list[list], shape: tuple, like: Any) -> SparseTensor:
    keys = torch.tensor([i for i, row in enumerate(rows) for _ in row], dtype=torch.int64)
    column = torch.tensor([j for row in rows for j in range(len(row))], dtype=torch.int64)
    indices = torch.cat([coordinates.places(keys, shape), column[:, None]], 1)
    found = [value for row in rows for value in row]
    values: Any = np.empty(len(found), dtype=object)
    values[:] = found
    if like.dtype != "string":
        values = torch.tensor(found, dtype=like.dtype.torch)
    return SparseTensor.of_raw(indices, values, (*shape, max(map(len, rows), default=0)))


def _demand_dtype(x: Any, name: str) -> None:
    if x.dtype.name not in _DTYPES:
        raise TypeError(f"'{name}' has invalid dtype `{x.dtype!r}` not in supported dtypes: {', '.join(_DTYPES)}")


def _sets(x: Any) -> tuple[dict[int, set], tuple]:
    """Each row's set by the row's number, and the shape of the rows."""
    if not isinstance(x, SparseTensor):
        dense = raw(x)
        shape = tuple(dense.shape[:-1])
        return {i: set(row) for i, row in enumerate(dense.reshape(-1, dense.shape[-1]).tolist())}, shape
    shape, rows = tuple(x.shape[:-1]), {}
    keys = coordinates.keys(x.raw_indices[:, :-1], shape)
    for key, value in zip(keys.tolist(), x.raw_values.tolist()):
        rows.setdefault(key, set()).add(value)
    return rows, shape


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
