"""Ragged tensors from Python lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch, dtypes
from kerasish.core.dtypes import as_dtype
from kerasish.core.ragged import RaggedTensor, nested, splits_kind
from kerasish.core.ragged_partition import RowPartition
from kerasish.core.shape import TensorShape
from kerasish.core.tensor import Tensor, convert

# lists ----------------------------------------------------------------------------------------------------------------


def constant(
    pylist: Any,
    dtype: Any = None,
    ragged_rank: int | None = None,
    inner_shape: Any = None,
    name: str | None = None,
    row_splits_dtype: Any = dtypes.int64,
) -> Any:
    """Nested lists whose rows may differ in length; a Tensor where there is nothing but one list.

    Args:
        ragged_rank: how many dimensions are ragged; default: all but the first and those of ``inner_shape``.
        inner_shape: of the values, which are then arrays of one shape.

    Raises:
        ValueError: scalars at different depths, or a shape that does not fit.
    """
    kind = splits_kind(row_splits_dtype)
    flat, splits = _taken_apart(pylist, ragged_rank, inner_shape)
    if splits is None:
        return convert(flat, dtype) if dtype is not None or not _empty(flat) else convert(flat, dtypes.float32)
    shape, values = flat
    if not len(values) and dtype is None:
        dtype = dtypes.float32
    tensor = convert(values, dtype)
    if shape is not None and tuple(tensor.shape[1:]) != tuple(shape):
        tensor = _in_shape(tensor, shape)
    return nested(tensor, [RowPartition(torch.tensor(s, dtype=kind)) for s in splits])


def constant_value(
    pylist: Any,
    dtype: Any = None,
    ragged_rank: int | None = None,
    inner_shape: Any = None,
    row_splits_dtype: Any = "int64",
) -> Any:
    """The same as NumPy arrays, in a ``RaggedTensorValue`` (TensorFlow 1)."""
    made = constant(pylist, None if dtype is None else as_dtype(dtype), ragged_rank, inner_shape)
    kind = np.dtype(row_splits_dtype)

    def value(x: Any) -> Any:
        if not isinstance(x, RaggedTensor):
            array = x.numpy()
            plain = dtype is None and isinstance(array, np.ndarray) and array.dtype == np.int32
            return array.astype(np.int64) if plain else array
        return RaggedTensorValue(value(x.values), x.row_splits.numpy().astype(kind))

    return value(made)


class RaggedTensorValue:
    """A ragged tensor of NumPy arrays (``tf.compat.v1.ragged.RaggedTensorValue``).

    Raises:
        TypeError: ``row_splits`` is no array, or ``values`` neither an array nor such a value.
        ValueError: ``row_splits`` is no vector of integers.
    """

    def __init__(self, values: Any, row_splits: Any) -> None:
        if not (isinstance(row_splits, (np.ndarray, np.generic)) and row_splits.dtype in (np.int64, np.int32)):
            raise TypeError(
                f"Argument `row_splits` must be a Numpy array with dtype int32 or int64. Received {row_splits}."
            )
        if not isinstance(values, (np.ndarray, np.generic, RaggedTensorValue)):
            raise TypeError(f"Argument `values` must be a Numpy array or a RaggedTensorValue. Received {values}.")
        self._values, self._row_splits = values, row_splits

    values = property(lambda self: self._values)
    row_splits = property(lambda self: self._row_splits)
    dtype = property(lambda self: self._values.dtype)

    @property
    def flat_values(self) -> Any:
        inner = self._values
        return inner.flat_values if isinstance(inner, RaggedTensorValue) else inner

    @property
    def nested_row_splits(self) -> tuple:
        inner = self._values
        return (self._row_splits, *(inner.nested_row_splits if isinstance(inner, RaggedTensorValue) else ()))

    @property
    def ragged_rank(self) -> int:
        return len(self.nested_row_splits)

    @property
    def shape(self) -> tuple:
        return (self._row_splits.shape[0] - 1, None, *self._values.shape[1:])

    def to_list(self) -> list:
        inner = self._values
        items = inner.to_list() if isinstance(inner, RaggedTensorValue) else inner.tolist()
        return [items[a:b] for a, b in zip(self._row_splits[:-1], self._row_splits[1:])]

    def __str__(self) -> str:
        return f"<tf.RaggedTensorValue {self.to_list()}>"

    def __repr__(self) -> str:
        return f"tf.RaggedTensorValue(values={self._values!r}, row_splits={self._row_splits!r})"


def placeholder(dtype: Any, ragged_rank: int, value_shape: Any = None, name: str | None = None) -> Any:
    """A place for a value of a graph, of which there are none.

    Raises:
        RuntimeError: always.
    """
    raise RuntimeError("tf.placeholder() is not compatible with eager execution.")


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.ndim > 0)


def _empty(value: Any) -> bool:
    return _is_list(value) and not len(value)


def _scalar_depth(value: Any) -> int | None:
    """How deep the scalars lie; None if there are none.

    Raises:
        ValueError: at different depths.
    """
    if not _is_list(value):
        if dispatch.is_tensor(value) and value.shape.rank:
            raise ValueError("A tensor cannot be part of nested lists; use tf.ragged.stack")
        return 0
    if isinstance(value, np.ndarray) and value.dtype != object:
        return value.ndim if value.size else None
    depths = {_scalar_depth(item) for item in value} - {None}
    if len(depths) > 1:
        raise ValueError("all scalar values must have the same nesting depth")
    return depths.pop() + 1 if depths else None


def _depth(value: Any) -> int:
    if not _is_list(value):
        return 0
    return 1 + max([_depth(item) for item in value], default=0)


def _taken_apart(pylist: Any, ragged_rank: int | None, inner_shape: Any) -> tuple[Any, list | None]:
    """((inner shape, values), row splits) of nested lists; (the list, None) if no dimension is ragged."""
    if ragged_rank is not None and ragged_rank < 0:
        raise ValueError(f"Invalid pylist={pylist}: incorrect nesting; ragged_rank={ragged_rank} is negative")
    depth, deepest = _scalar_depth(pylist), _depth(pylist)
    if depth is None:
        inner = 0 if inner_shape is None else len(tuple(TensorShape(inner_shape)))
        depth = max(deepest, (1 if ragged_rank is None else ragged_rank + 1) + inner)
    if not _is_list(pylist):
        if ragged_rank:
            raise ValueError(f"Invalid pylist={pylist}: incompatible with ragged_rank={ragged_rank}")
        if inner_shape:
            raise ValueError(f"Invalid pylist={pylist}: incompatible with dim(inner_shape)={len(inner_shape)}")
        return pylist, None
    if ragged_rank is not None and ragged_rank > 0 and depth <= ragged_rank:
        raise ValueError(
            f"pylist has scalar values depth {depth}, but ragged_rank={ragged_rank} requires scalar value depth greater "
            f"than {ragged_rank}"
        )
    if inner_shape is not None:
        inner_shape = tuple(TensorShape(inner_shape))
        if ragged_rank is None:
            ragged_rank = depth - 1 - len(inner_shape)
        elif depth != ragged_rank + 1 + len(inner_shape):
            raise ValueError(
                f"Invalid pylist={pylist}: incompatible with ragged_rank={ragged_rank} and "
                f"dim(inner_shape)={len(inner_shape)}"
            )
    elif ragged_rank is None:
        ragged_rank = max(1, depth - 1) if depth > 1 else 0
    if ragged_rank <= 0:
        return pylist, None
    values, splits = list(pylist), []
    for _ in range(ragged_rank):
        ends = [0]
        for row in values:
            ends.append(ends[-1] + len(row))
        splits.append(ends)
        values = [item for row in values for item in row]
    if inner_shape is None:
        inner_shape = _common_shape(values, depth - 1 - ragged_rank)
    return (inner_shape, values), splits


def _common_shape(values: list, rank: int) -> tuple | None:
    """The shape that all of the values have; None where there are none.

    Raises:
        ValueError: they differ.
    """
    if not values:
        return (0,) * rank if rank else None
    shapes = set()
    for value in values:
        shape, part = [], value
        while _is_list(part):
            shape.append(len(part))
            part = part[0] if len(part) else None
        shapes.add(tuple(shape))
    if len(shapes) > 1:
        raise ValueError("inner values have inconsistent shape")
    return None


def _in_shape(tensor: Tensor, shape: Sequence[int]) -> Tensor:
    """The values in that shape; only none at all can be put into another one."""
    if tensor.shape.num_elements() or tensor.shape[0]:
        raise TypeError(
            f"tf.ragged.constant with unsupported shape: inner values have shape {tensor.shape[1:]}, but inner_shape is "
            f"{tuple(shape)}"
        )
    return dispatch.wrap(dispatch.raw(tensor).reshape(0, *shape))
