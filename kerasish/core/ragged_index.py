"""Rows of ragged tensors: gathering them, and ``ragged[key]``.

A *value* here is a Tensor or a RaggedTensor; its rows are its slices along the first axis.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch
from kerasish.core.composite import CompositeTensor
from kerasish.core.errors import DTypeMismatchError, InvalidArgumentError
from kerasish.core.ragged_partition import RowPartition, from_uniform, ranges, splits_of
from kerasish.core.storage import bits, of_bits


def count_rows(value: Any) -> int:
    """How many rows a value has.

    Raises:
        ValueError: it is a scalar.
    """
    if isinstance(value, CompositeTensor):
        return value._partition.nrows
    if not value.shape.rank:
        raise ValueError("A scalar has no rows")
    return value.shape[0]


def take_raw(raw: Any, rows: torch.Tensor) -> Any:
    """Rows of a tensor's storage."""
    if isinstance(raw, np.ndarray):
        return raw[rows.numpy()]
    return of_bits(bits(raw).index_select(0, rows.to(raw.device)), raw.dtype)


def take_rows(value: Any, rows: torch.Tensor) -> Any:
    """The rows of a value that ``rows`` (int64, on the host) numbers."""
    if isinstance(value, CompositeTensor):
        partition, inside = value._partition.take(rows)
        return value._remade(take_rows(value.values, inside), partition)
    return dispatch.wrap(take_raw(dispatch.raw(value), rows))


def plain(value: Any) -> Any:
    """A value no dimension of which is known to be uniform, as TensorFlow's kernels for rows leave it."""
    if not isinstance(value, CompositeTensor):
        return value
    return value._remade(plain(value.values), RowPartition(value._partition.splits))


def slice_rows(value: Any, start: int, stop: int) -> Any:
    """The rows from ``start`` to ``stop``."""
    if isinstance(value, CompositeTensor):
        partition = value._partition
        splits = partition.splits[start : stop + 1]
        if not len(splits):
            splits = partition.splits[:1]
        inner = slice_rows(value.values, int(splits[0]), int(splits[-1]))
        return value._remade(inner, RowPartition(splits - splits[0], partition.uniform))
    return dispatch.wrap(dispatch.raw(value)[start:stop])


# ragged[key] ----------------------------------------------------------------------------------------------------------

_WRONG = (
    "Only integers, slices (`:`), ellipsis (`...`), tf.newaxis (`None`) and scalar tf.int32/tf.int64 tensors are valid "
    "indices, got {!r}"
)


def getitem(ragged: Any, key: Any) -> Any:
    """``ragged[key]``: integers, slices, ``...``, ``tf.newaxis`` and scalar integer tensors.

    Raises:
        TypeError: another kind of key.
        ValueError: an integer where rows have different lengths.
        IndexError, InvalidArgumentError: out of bounds.
    """
    keys = [_key(part) for part in (key if isinstance(key, (tuple, list)) else [key])]
    if keys.count(Ellipsis) > 1:
        raise ValueError("At most one Ellipsis may be used")
    if Ellipsis in keys:
        at = keys.index(Ellipsis)
        used = sum(part is not None for part in keys) - 1
        missing = ragged.shape.rank - used
        if missing < 0:
            raise InvalidArgumentError(f"Too many indices for RaggedTensor of rank {ragged.shape.rank}")
        keys[at : at + 1] = [slice(None)] * missing
    return _outer(ragged, keys)


def _key(part: Any) -> Any:
    if part is None or part is Ellipsis:
        return part
    if isinstance(part, slice):
        ends = [None if end is None else _integer(end, part) for end in (part.start, part.stop, part.step)]
        if ends[2] == 0:
            raise InvalidArgumentError("slice step cannot be zero")
        return slice(*ends)
    return _integer(part, part)


def _integer(value: Any, shown: Any) -> int:
    if isinstance(value, bool):
        raise DTypeMismatchError(f"A boolean is no index: x[{value}]. Masks are for tf.ragged.boolean_mask.")
    if getattr(value, "ndim", 0):
        raise TypeError(_WRONG.format(shown))
    try:
        return value.__index__()
    except (AttributeError, TypeError):
        raise TypeError(_WRONG.format(shown)) from None


def _outer(value: Any, keys: list) -> Any:
    """A value indexed from its first dimension on."""
    if not keys or not isinstance(value, CompositeTensor):
        return value[tuple(keys)] if keys else value
    key, *rest = keys
    if key is None:
        inner = _outer(value, rest)
        return _grouped(value, inner, count_rows(inner)) if inner.shape.rank else inner[None]
    if isinstance(key, slice):
        start, stop, step = key.indices(value._partition.nrows)
        if step == 1:
            return _inner(slice_rows(value, start, max(start, stop)), rest)
        return _inner(take_rows(value, torch.arange(*_numpy_range(start, stop, step))), rest)
    partition = value._partition
    row = key + partition.nrows if key < 0 else key
    if row >= partition.nrows:
        raise IndexError(f"Row key {key} out of bounds")
    if row < 0:
        raise InvalidArgumentError(f"slice index {row} of dimension 0 out of bounds. [Op:StridedSlice]")
    return _outer(slice_rows(value.values, int(partition.splits[row]), int(partition.splits[row + 1])), rest)


def _numpy_range(start: int, stop: int, step: int) -> tuple[int, int, int]:
    """The same numbers for torch: an empty one in a form that it takes; it has no negative steps."""
    numbers = range(start, stop, step)
    return (numbers[0], numbers[-1] + (1 if step > 0 else -1), step) if len(numbers) else (0, 0, step)


def _grouped(like: Any, value: Any, size: int) -> Any:
    """A value whose rows are put into groups of ``size``."""
    rows = count_rows(value)
    count = rows // size if size else 1
    return like._remade(value, from_uniform(size, rows, count, like._splits_dtype))


def _inner(value: Any, keys: list) -> Any:
    """A value, all of whose rows are kept, indexed from its second dimension on."""
    if not keys:
        return value
    if not isinstance(value, CompositeTensor):
        return value[(slice(None), *keys)]
    key, *rest = keys
    partition = value._partition
    if key is None:
        inner = _inner(value, rest)
        return value._remade(inner, from_uniform(1, count_rows(inner), None, value._splits_dtype))
    if isinstance(key, slice):
        if key == slice(None):
            return value._remade(_inner(value.values, rest), partition)
        cut, places = _sliced(partition, key)
        return value._remade(_inner(take_rows(value.values, places), rest), cut)
    if partition.uniform is None:
        raise ValueError("Cannot index into an inner ragged dimension.")
    place = key + partition.uniform if key < 0 else key
    if not 0 <= place < partition.uniform:
        raise InvalidArgumentError(f"slice index {key} of dimension 1 out of bounds. [Op:StridedSlice]")
    return _inner(take_rows(value.values, partition.starts.long() + place), rest)


def _sliced(partition: RowPartition, key: slice) -> tuple[RowPartition, torch.Tensor]:
    """Each row's slice: the partition of what is left, and the numbers of the values that are."""
    lengths = partition.lengths.long()
    step = 1 if key.step is None else key.step
    low, high = (torch.zeros_like(lengths), lengths) if step > 0 else (torch.full_like(lengths, -1), lengths - 1)

    def bound(given: int | None, default: torch.Tensor) -> torch.Tensor:
        if given is None:
            return default
        place = lengths + given if given < 0 else torch.full_like(lengths, given)
        return torch.minimum(torch.maximum(place, low), high)

    start = bound(key.start, low if step > 0 else high)
    stop = bound(key.stop, high if step > 0 else low)
    distance = (stop - start) if step > 0 else (start - stop)
    counts = torch.div(distance + abs(step) - 1, abs(step), rounding_mode="floor").clamp(min=0)
    within = ranges(torch.zeros_like(counts), counts)
    places = torch.repeat_interleave(partition.starts.long() + start, counts) + within * step
    uniform = None if partition.uniform is None else len(range(*key.indices(partition.uniform)))
    return RowPartition(splits_of(counts.to(partition.splits.dtype)), uniform), places
