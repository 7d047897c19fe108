"""Reductions of ``tf.math`` over segments: slices of a tensor along its first axis that have the same id."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from kerasish import ops
from kerasish.core.arithmetic import divide
from kerasish.core.context import local
from kerasish.core.dispatch import WIDE_UNSIGNED, Array, Index, strict_op
from kerasish.core.errors import InvalidArgumentError
from kerasish.ops.sorting import segment_extremes
from kerasish.tf.alias import FLOATS_AND_COMPLEX, NUMBERS, REALS, check

# ascending ids --------------------------------------------------------------------------------------------------------


def _count(data: torch.Tensor, ids: torch.Tensor) -> int:
    """The number of segments of ascending ids.

    Raises:
        InvalidArgumentError: they do not ascend, or are not as many as the slices of ``data``.
    """
    if ids.is_floating_point():
        raise InvalidArgumentError(
            "Value for attr 'Tindices' of float is not in the list of allowed values: int32, int64"
        )
    if ids.ndim != 1 or data.ndim == 0 or len(ids) != len(data):
        raise InvalidArgumentError("segment_ids should be the same size as dimension 0 of input.")
    if ids.device.type == "meta":
        raise NotImplementedError("the number of segments is one of the ids")
    if not len(ids):
        return 0
    if local.tracing and getattr(ids, "constant", None) is None:
        return len(ids)  # which is as unknown as the number of segments is
    if bool((ids[1:] < ids[:-1]).any()):
        raise InvalidArgumentError("segment ids are not increasing")
    count = int(ids[-1]) + 1
    if int(ids[0]) < 0:
        raise InvalidArgumentError(
            f"Segment id {int(ids[0])} out of range [0, {count}), possibly because 'segment_ids' input is not sorted."
        )
    return count


def _sizes(data: torch.Tensor, ids: torch.Tensor, count: int) -> torch.Tensor:
    """How many slices each segment has, shaped to broadcast with the results."""
    places = ids.reshape(-1).long().clamp(-1, count) + 1  # the first and the last count what is left out
    sizes = places.new_zeros(count + 2).index_add(0, places, torch.ones_like(places))[1:-1]
    return sizes.reshape(count, *[1] * (data.ndim - ids.ndim))


def _reduced(function: Callable, data: torch.Tensor, ids: torch.Tensor, count: int) -> torch.Tensor:
    """``function`` of ``keras.ops``; in int64 where torch has no kernels for the dtype."""
    if data.dtype in WIDE_UNSIGNED:
        return function(data.long(), ids, count).to(data.dtype)
    return function(data, ids, count)


def _mean(total: torch.Tensor, sizes: torch.Tensor) -> torch.Tensor:
    sizes = sizes.clamp(min=1)
    if total.is_floating_point() or total.is_complex():
        return total / sizes.to(total.dtype)
    return torch.div(total.long(), sizes, rounding_mode="trunc").to(total.dtype)  # sums are below 2⁶³


@strict_op
def segment_sum(data: Array, segment_ids: Index, name: str | None = None) -> Any:
    """Sums of the slices of each segment; ids ascend; 0 for an id that nothing has."""
    check(data, NUMBERS, "SegmentSum")
    return _reduced(ops.segment_sum.raw, data, segment_ids, _count(data, segment_ids))


@strict_op
def segment_prod(data: Array, segment_ids: Index, name: str | None = None) -> Any:
    """Products of the slices of each segment; ids ascend; 1 for an id that nothing has."""
    check(data, NUMBERS, "SegmentProd")
    return _reduced(ops.segment_prod.raw, data, segment_ids, _count(data, segment_ids))


@strict_op
def segment_mean(data: Array, segment_ids: Index, name: str | None = None) -> Any:
    """Means of the slices of each segment, of integers without fraction; ids ascend; 0 for an id that nothing has."""
    check(data, NUMBERS, "SegmentMean")
    count = _count(data, segment_ids)
    return _mean(_reduced(ops.segment_sum.raw, data, segment_ids, count), _sizes(data, segment_ids, count))


def _extreme(kind: str, data: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    count = _count(data, ids)
    found = _ordered(lambda x, *given: segment_extremes(x, *given, kind), data, ids, count)
    if data.dtype is not torch.uint64:
        return found
    return torch.where(_sizes(data, ids, count) > 0, found.long(), 0).to(found.dtype)  # no longer 0 where it was turned


def _ordered(function: Callable, data: torch.Tensor, ids: torch.Tensor, count: int) -> torch.Tensor:
    """``_reduced`` for smallest and largest elements: uint64 keeps its order where the highest bit is turned."""
    if data.dtype is not torch.uint64:
        return _reduced(function, data, ids, count)
    turn = torch.iinfo(torch.int64).min
    return (function(data.long() ^ turn, ids, count) ^ turn).to(data.dtype)


@strict_op
def segment_max(data: Array, segment_ids: Index, name: str | None = None) -> Any:
    """The largest of the slices of each segment, elementwise; ids ascend; 0 for an id that nothing has."""
    check(data, REALS, "SegmentMax")
    return _extreme("amax", data, segment_ids)


@strict_op
def segment_min(data: Array, segment_ids: Index, name: str | None = None) -> Any:
    """The smallest of the slices of each segment, elementwise; ids ascend; 0 for an id that nothing has."""
    check(data, REALS, "SegmentMin")
    return _extreme("amin", data, segment_ids)


# ids in any order -----------------------------------------------------------------------------------------------------


def _flattened(data: torch.Tensor, ids: torch.Tensor, num_segments: Any) -> tuple[torch.Tensor, torch.Tensor, int]:
    """Data and ids with the axes that the ids have made one, and the number of segments.

    Raises:
        InvalidArgumentError: the shapes do not fit, or an id is too large. Negative ids are fine: they count nowhere.
    """
    count = int(num_segments)
    if count < 0:
        raise InvalidArgumentError(f"Input num_segments == {count} must not be negative.")
    if tuple(data.shape[: ids.ndim]) != tuple(ids.shape):
        raise InvalidArgumentError(
            f"data.shape = {list(data.shape)} does not start with segment_ids.shape = {list(ids.shape)}"
        )
    flat = ids.reshape(-1)
    seen = ids.device.type == "cpu" and not local.tracing and flat.numel()  # elsewhere large ids are left out
    if seen and int(flat.max()) >= count:
        place = int((flat >= count).nonzero()[0])
        raise InvalidArgumentError(f"segment_ids[{place}] = {int(flat[place])} is out of range [0, {count})")
    return data.reshape(flat.numel(), *data.shape[ids.ndim :]), flat, count


@strict_op
def unsorted_segment_sum(data: Array, segment_ids: Index, num_segments: Any, name: str | None = None) -> Any:
    """Sums of the slices with the same id; 0 for an id that nothing has. Slices with negative ids are left out.

    Args:
        segment_ids: of the shape of the first axes of ``data``.
        num_segments: the length of the result.
    """
    return _reduced(ops.segment_sum.raw, *_flattened(data, segment_ids, num_segments))


@strict_op
def unsorted_segment_prod(data: Array, segment_ids: Index, num_segments: Any, name: str | None = None) -> Any:
    """Products of the slices with the same id; 1 for an id that nothing has. See ``unsorted_segment_sum``."""
    return _reduced(ops.segment_prod.raw, *_flattened(data, segment_ids, num_segments))


@strict_op
def unsorted_segment_max(data: Array, segment_ids: Index, num_segments: Any, name: str | None = None) -> Any:
    """The largest of the slices with the same id; the dtype's smallest number for an id that nothing has."""
    check(data, REALS, "UnsortedSegmentMax")
    return _ordered(ops.segment_max.raw, *_flattened(data, segment_ids, num_segments))


@strict_op
def unsorted_segment_min(data: Array, segment_ids: Index, num_segments: Any, name: str | None = None) -> Any:
    """The smallest of the slices with the same id; the dtype's largest number for an id that nothing has."""
    check(data, REALS, "UnsortedSegmentMin")
    return _ordered(ops.segment_min.raw, *_flattened(data, segment_ids, num_segments))


@strict_op
def unsorted_segment_mean(data: Array, segment_ids: Index, num_segments: Any, name: str | None = None) -> Any:
    """Means of the slices with the same id, of integers as floats; 0 for an id that nothing has."""
    rows, ids, count = _flattened(data, segment_ids, num_segments)
    total, sizes = _reduced(ops.segment_sum.raw, rows, ids, count), _sizes(rows, ids, count).clamp(min=1)
    return divide(total, sizes.to(total.dtype))


@strict_op
def unsorted_segment_sqrt_n(data: Array, segment_ids: Index, num_segments: Any, name: str | None = None) -> Any:
    """Sums of the slices with the same id over the square root of their number.

    Raises:
        DTypeMismatchError: the data are integers.
    """
    check(data, FLOATS_AND_COMPLEX, "Sqrt")
    rows, ids, count = _flattened(data, segment_ids, num_segments)
    return _reduced(ops.segment_sum.raw, rows, ids, count) / _sizes(rows, ids, count).clamp(min=1).to(data.dtype).sqrt()
