"""Ragged ranges and partitions; row splits and segment ids. Python's ``range`` is shadowed here."""

from __future__ import annotations

import math
from typing import Any

import torch

from kerasish.core import dispatch, dtypes
from kerasish.core.dtypes import as_dtype
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.core.ragged import RaggedTensor, splits_kind
from kerasish.core.ragged_index import count_rows, plain, take_rows
from kerasish.core.ragged_partition import RowPartition, integers, splits_of
from kerasish.core.tensor import Tensor, convert

# ranges ---------------------------------------------------------------------------------------------------------------


def range(
    starts: Any,
    limits: Any = None,
    deltas: Any = 1,
    dtype: Any = None,
    name: str | None = None,
    row_splits_dtype: Any = dtypes.int64,
) -> RaggedTensor:
    """A row ``start, start + delta, …`` before ``limit`` for each of several starts, limits and steps.

    Scalars hold for all rows; with ``starts`` alone rows go from 0 to it.

    Raises:
        InvalidArgumentError: a step is 0, or the vectors differ in length.
    """
    starts, limits = (0, starts) if limits is None else (starts, limits)
    parts = [convert(v, dtype) if dtype is not None else convert(v) for v in (starts, limits, deltas)]
    if dtype is None:
        order = ["int32", "int64", "float32", "float64"]
        for part in parts:
            if part.dtype not in order:
                raise fail(TypeError, "tf.ragged.range takes int32, int64, float32 and float64", received=part.dtype)
        target = as_dtype(max((part.dtype for part in parts), key=order.index))
    else:
        target = as_dtype(dtype)
    first, last, step = (dispatch.raw(part).to(target.torch) for part in parts)
    for part, what in ((first, "starts"), (last, "limits"), (step, "deltas")):
        if part.ndim > 1:
            raise InvalidArgumentError(f"{what} must be a scalar or vector [Op:RaggedRange]")
    if len({len(part) for part in (first, last, step) if part.ndim}) > 1:
        raise InvalidArgumentError("starts, limits, and deltas must have the same shape [Op:RaggedRange]")
    first, last, step = (part.reshape(-1) for part in torch.broadcast_tensors(first, last, step))
    if bool((step == 0).any()):
        raise InvalidArgumentError("Requires delta != 0 [Op:RaggedRange]")
    counts = _counts(first, last, step, target)
    splits = splits_of(counts.cpu())
    rows = torch.repeat_interleave(torch.arange(len(counts)), counts.cpu())
    place = (torch.arange(len(rows)) - splits[:-1][rows]).to(first.device)
    values = first[rows] + place.to(target.torch) * step[rows]
    return RaggedTensor._remade(dispatch.wrap(values), RowPartition(splits.to(splits_kind(row_splits_dtype))))


def _counts(first: torch.Tensor, last: torch.Tensor, step: torch.Tensor, target: Any) -> torch.Tensor:
    if target.is_integer:
        wide = (last.long() - first.long(), step.long())
        counts = -torch.div(-wide[0], wide[1], rounding_mode="floor")
    else:
        counts = torch.ceil(torch.abs((last - first) / step))
        counts = torch.where((last - first) * step < 0, 0, counts).long()
    return counts.clamp(min=0)


# row splits and segments ----------------------------------------------------------------------------------------------


def row_splits_to_segment_ids(splits: Any, name: str | None = None, out_type: Any = None) -> Tensor:
    """For each value the number of its row.

    Raises:
        ValueError: ``splits`` is no vector, or is empty.
    """
    raw = integers(splits, "splits")
    if not len(raw):
        raise ValueError("Invalid row_splits: []")
    ids = RowPartition(raw).rowids
    return Tensor(ids if out_type is None else ids.to(as_dtype(out_type).torch))


def segment_ids_to_row_splits(
    segment_ids: Any, num_segments: Any = None, out_type: Any = None, name: str | None = None
) -> Tensor:
    """The row splits of rows that values belong to by number.

    Raises:
        TypeError: the numbers are no integers.
    """
    given = convert(segment_ids)
    if given.dtype not in ("int32", "int64"):
        raise TypeError(
            f"Argument `tensor` (name: segment_ids) must be of type integer. Received `tensor` = {segment_ids} of dtype: "
            f"{given.dtype!r}"
        )
    if given.ndim != 1:
        raise ValueError(f"Shape {given.shape} must have rank 1")
    ids = dispatch.raw(given).cpu()
    kind = out_type or (dtypes.int64 if isinstance(segment_ids, (list, tuple)) else given.dtype)
    counts = torch.bincount(ids, minlength=0 if num_segments is None else int(num_segments))
    if num_segments is not None:
        counts = counts[: int(num_segments)]
    return Tensor(splits_of(counts).to(as_dtype(kind).torch))


def stack_dynamic_partitions(data: Any, partitions: Any, num_partitions: Any, name: str | None = None) -> RaggedTensor:
    """The slices of ``data`` in rows by number: row i has those that ``partitions`` puts into i, in their order.

    Args:
        partitions: of the shape of the first dimensions of ``data``; ragged where that is.

    Raises:
        ValueError: ``partitions`` is a scalar.
        InvalidArgumentError: a number is out of range.
    """
    count = int(num_partitions)
    if isinstance(partitions, RaggedTensor):
        if not isinstance(data, RaggedTensor):
            data = RaggedTensor.from_tensor(data, ragged_rank=partitions.ragged_rank)
        if not all(p.same(q) for p, q in zip(data._partitions, partitions._partitions)):
            raise InvalidArgumentError("Inputs must have identical ragged splits")
        inner = data
        for _ in partitions._partitions:
            inner = inner.values
        return stack_dynamic_partitions(inner, partitions.flat_values, count)
    data = data if isinstance(data, RaggedTensor) else convert(data)
    ids = dispatch.raw(convert(partitions)).cpu()
    if not ids.ndim:
        raise ValueError("Argument `partitions` must have a known rank greater than 0")
    if ids.ndim > 1:
        data = data.merge_dims(0, ids.ndim - 1) if isinstance(data, RaggedTensor) else _outer_merged(data, ids.ndim)
        ids = ids.reshape(-1)
    if len(ids) != count_rows(data):
        raise InvalidArgumentError(
            f"data.shape must start with partitions.shape, got {data.shape} and {tuple(ids.shape)}"
        )
    wrong = (ids < 0) | (ids >= count)
    if bool(wrong.any()):
        place = int(wrong.nonzero()[0])
        raise InvalidArgumentError(f"partitions[{place}] = {int(ids[place])} is not in [0, {count})")
    order = torch.sort(ids, stable=True).indices
    kind = data._splits_dtype if isinstance(data, RaggedTensor) else ids.dtype
    lengths = torch.bincount(ids, minlength=count).to(kind)
    return RaggedTensor._remade(plain(take_rows(data, order)), RowPartition(splits_of(lengths)))


def _outer_merged(data: Tensor, count: int) -> Tensor:
    raw = dispatch.raw(data)
    return dispatch.wrap(raw.reshape(int(math.prod(raw.shape[:count])), *raw.shape[count:]))
