"""Sorting, searching, counting and grouping in ``keras.ops``."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch

from kerasish.core import dtypes
from kerasish.core.dispatch import Array, Index, op, symbolic
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.ops import coordinates, specs
from kerasish.ops.common import axis_index, floating, needs_values

# order ----------------------------------------------------------------------------------------------------------------


def _sorted(x: torch.Tensor, axis: int | None) -> Any:
    if axis is None:
        x, axis = x.reshape(-1), 0
    return torch.sort(x, dim=axis_index(axis, x.ndim), stable=True)


@op
def sort(x: Array, axis: int | None = -1) -> Any:
    """x in ascending order along an axis (``None``: flattened); NaN comes last."""
    return _sorted(x, axis).values


@op
def argsort(x: Array, axis: int | None = -1) -> Any:
    """The indices, as int32, that sort x along an axis (``None``: flattened); equal elements keep their order."""
    return _sorted(x, axis).indices.int()


@op
def argpartition(x: Array, kth: int, axis: int = -1) -> Any:
    """Indices, as int32, that put the kth smallest element in its place, smaller ones before it, larger ones after."""
    axis_index(kth, x.shape[axis_index(axis, x.ndim)])
    return _sorted(x, axis).indices.int()


class TopK(NamedTuple):
    """The largest elements and where they are."""

    values: Any
    indices: Any


@op
def top_k(x: Array, k: int, sorted: bool = True) -> Any:
    """The k largest elements along the last axis and their indices (int32), largest first, of equals the first ones.

    torch's own ``topk`` promises nothing about equal elements, so it only finds the k-th value here; a full sort would
    take eight times as long for 50 000 columns.

    Raises:
        InvalidArgumentError: the last axis has fewer than k elements.
    """
    k = k.__index__()
    if x.ndim == 0 or not 0 <= k <= x.shape[-1]:
        raise InvalidArgumentError(f"input must have at least k columns. Had {tuple(x.shape)}, needed {k} [Op:TopKV2]")
    if k == 0:
        return TopK(x[..., :0], x[..., :0].int())
    key = x.detach().byte() if x.dtype is torch.bool else x.detach()
    if key.is_floating_point():
        key = torch.where(torch.isnan(key), float("inf"), key)
    smallest = torch.topk(key, k).values[..., -1:]
    above = key > smallest
    ties = key == smallest
    chosen = above | (ties & (ties.cumsum(-1, dtype=torch.int64) <= k - above.sum(-1, keepdim=True)))
    n = x.shape[-1]
    indices = torch.topk(torch.where(chosen, torch.arange(n, 0, -1, device=x.device), 0), k).indices
    order = torch.sort(key.gather(-1, indices), dim=-1, descending=True, stable=True).indices
    indices = indices.gather(-1, order)
    return TopK(x.gather(-1, indices), indices.int())


@op
def in_top_k(targets: Index, predictions: Array, k: int) -> Any:
    """Whether ``predictions[i, targets[i]]`` is among the k largest of row i; ties count as in.

    A target outside the row, or a prediction that is not finite, gives False.
    """
    targets = targets.long()
    inside = (targets >= 0) & (targets < predictions.shape[-1])
    chosen = predictions.gather(-1, torch.where(inside, targets, 0).unsqueeze(-1))
    larger = (predictions > chosen).sum(-1)
    return inside & torch.isfinite(chosen.squeeze(-1)) & torch.isfinite(predictions).all(-1) & (larger < k)


# search ---------------------------------------------------------------------------------------------------------------


@op
def searchsorted(sorted_sequence: Array, values: Array, side: str = "left") -> Any:
    """Where ``values`` would go in a sorted vector so that it stays sorted, as int32.

    Args:
        side: of equal elements: "left" gives the place before them, "right" the one after.

    Raises:
        ValueError: ``sorted_sequence`` is not a vector, or ``side`` something else.
    """
    if sorted_sequence.ndim != 1:
        raise fail(
            ValueError,
            "`searchsorted` only supports 1-D sorted sequences",
            received=f"sorted_sequence.shape={tuple(sorted_sequence.shape)}",
            hint="`keras.ops.vectorized_map` extends it to more dimensions.",
        )
    if side not in ("left", "right"):
        raise fail(ValueError, "Argument `side` must be either 'right' or 'left'", received=f"side={side!r}")
    return torch.searchsorted(sorted_sequence.contiguous(), values.contiguous(), out_int32=True, side=side)


@op
def digitize(x: Array, bins: Array) -> Any:
    """The number of the bin that each element falls into, as int32: i where bins[i-1] ≤ x < bins[i].

    ``bins`` must ascend, which is not checked: that would wait for the device.
    """
    if x.dtype is torch.bool:
        x, bins = x.byte(), bins.byte()
    return torch.bucketize(x, bins.contiguous(), out_int32=True, right=True)


@op
def isin(x1: Array, x2: Array, assume_unique: bool = False, invert: bool = False) -> Any:
    """Whether each element of x1 is one of x2's (with ``invert``: is not)."""
    if x1.dtype is torch.bool:
        x1, x2 = x1.byte(), x2.byte()
    return torch.isin(x1, x2, assume_unique=assume_unique, invert=invert)


# counts ---------------------------------------------------------------------------------------------------------------


@op
@symbolic(specs.bincount)
def bincount(x: Index, weights: Index | None = None, minlength: int = 0, sparse: bool = False) -> Any:
    """How often each integer 0, 1, ... occurs in a vector, or in each row of a matrix; with weights, their sums.

    Returns:
        max(x) + 1, at least ``minlength``, counts as int32, or sums in the weights' dtype.

    Raises:
        InvalidArgumentError: a number is negative.
    """
    if x.ndim not in (1, 2):
        raise fail(ValueError, "bincount needs a vector or a matrix", received=f"x.shape={tuple(x.shape)}")
    needs_values(x, "bincount")
    rows = x.long() if x.ndim == 2 else x.long().unsqueeze(0)
    if rows.numel() and int(rows.min()) < 0:
        raise InvalidArgumentError("Input arr must be non-negative! [Op:DenseBincount]")
    length = max(int(rows.max()) + 1 if rows.numel() else 0, int(minlength))
    dtype = torch.int32 if weights is None else weights.dtype
    counts = torch.zeros((rows.shape[0], length), dtype=dtype, device=x.device)
    amounts = torch.ones_like(rows, dtype=dtype) if weights is None else weights.reshape(rows.shape)
    counts = counts.scatter_add(1, rows, amounts).reshape((*x.shape[:-1], length))
    return coordinates.from_dense(counts) if sparse else counts


@op
@symbolic(specs.histogram)
def histogram(x: Array, bins: int = 10, range: Any = None) -> Any:
    """Counts of a vector's elements in ``bins`` intervals of equal width, and their bins + 1 edges.

    Args:
        range: (low, high) of the intervals, the extremes by default; elements outside are left out.

    Raises:
        TypeError: ``bins`` is not an integer.
        ValueError: ``bins`` is negative, or x is not a vector.
    """
    if not isinstance(bins, int):
        raise fail(TypeError, "Argument `bins` must be of type `int`", received=f"bins={bins}")
    if bins < 0:
        raise fail(ValueError, "Argument `bins` should be a non-negative integer", received=f"bins={bins}")
    if x.ndim != 1:
        raise fail(ValueError, "Input tensor must be 1-dimensional", received=f"input.shape={tuple(x.shape)}")
    values = floating(x).double()
    low, high = (values.min(), values.max()) if range is None else (values.new_tensor(float(v)) for v in range)
    edges = low + (high - low) * torch.linspace(0, 1, bins + 1, dtype=torch.float64, device=x.device)
    inside = values[(values >= low) & (values <= high)]
    index = (torch.searchsorted(edges, inside, right=True) - 1).clamp(0, bins - 1)
    counts = torch.zeros(bins, dtype=torch.int64, device=x.device).index_add(0, index, torch.ones_like(index))
    return counts.to(x.dtype), edges.to(floating(x).dtype)


@op
@symbolic(specs.unique)
def unique(
    x: Array,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    size: int | None = None,
    fill_value: Any = None,
) -> Any:
    """The different elements of x, or slices of x along ``axis``.

    Args:
        sorted: in ascending order; otherwise in the order of their first appearance.
        return_index, return_inverse, return_counts: also return where each first appears, which of them each element
            of x is, and how often each appears (int32).
        size: cut or pad to this many; ``fill_value`` (0) pads the values, the first one's index and 0 the others.
    """
    dim = None if axis is None else axis_index(axis, x.ndim)
    found = torch.unique(x, return_inverse=True, return_counts=True, dim=dim)
    values, inverse, counts = found
    flat = inverse.reshape(-1)
    places = torch.arange(flat.numel(), device=x.device)
    first = torch.full_like(counts, flat.numel()).scatter_reduce(0, flat, places, "amin")
    along = dim or 0
    if not sorted:
        order = torch.argsort(first)
        values, first, counts = values.movedim(along, 0)[order].movedim(0, along), first[order], counts[order]
        inverse = torch.argsort(order)[inverse]
    if size is not None:
        values = _sized(values, size, along, 0 if fill_value is None else fill_value)
        first = _sized(first, size, 0, int(first[0]) if first.numel() else 0)
        counts = _sized(counts, size, 0, 0)
    results = [values]
    results += [part.int() for part, wanted in ((first, return_index), (inverse, return_inverse)) if wanted]
    results += [counts.int()] if return_counts else []
    return tuple(results) if len(results) > 1 else values


def _sized(x: torch.Tensor, size: int, axis: int, filling: Any) -> torch.Tensor:
    """``x`` cut or padded at the end of an axis."""
    missing = size - x.shape[axis]
    if missing <= 0:
        return x.narrow(axis, 0, size)
    shape = [*x.shape[:axis], missing, *x.shape[axis + 1 :]]
    return torch.cat([x, torch.full(shape, filling, dtype=x.dtype, device=x.device)], axis)


# groups ---------------------------------------------------------------------------------------------------------------


def _segments(data: torch.Tensor, ids: torch.Tensor, count: int | None, kind: str, empty: Any) -> torch.Tensor:
    """Reduce the slices of ``data`` along its first axis whose ids agree; ``empty`` is one operand of each."""
    if ids.ndim != 1:
        raise fail(
            ValueError,
            "Argument `segment_ids` should be an 1-D vector",
            received=f"shape {tuple(ids.shape)}",
            hint="Flatten it and the first axes of data.",
        )
    ids = ids.long()
    if count is None:
        needs_values(ids, "a segment reduction without num_segments")
        count = int(ids.max()) + 1 if ids.numel() else 0
    # one segment more takes the slices whose ids are outside, which count nowhere
    shape = [count + 1, *data.shape[1:]]
    start = torch.full(shape, empty, dtype=data.dtype, device=data.device)
    ids = torch.where((ids < 0) | (ids >= count), count, ids)
    index = ids.reshape(-1, *[1] * (data.ndim - 1)).expand(data.shape)
    return start.scatter_reduce(0, index, data, kind)[:count]


def segment_extremes(data: torch.Tensor, ids: torch.Tensor, count: int | None, kind: str) -> torch.Tensor:
    """The largest ("amax") or smallest ("amin") of each segment's own slices; 0 for an id that nothing has."""
    end = "min" if kind == "amax" else "max"
    bound = float("-inf" if kind == "amax" else "inf") if data.is_floating_point() else _bound(data, end)
    found = _segments(data, ids, count, kind, bound)
    filled = torch.zeros(len(found) + 1, dtype=torch.bool, device=data.device)  # the last for ids of no segment
    places = torch.where((ids >= 0) & (ids < len(found)), ids, len(found)).long()
    filled = filled.index_fill(0, places, True)[:-1]
    return torch.where(filled.reshape(-1, *[1] * (data.ndim - 1)), found, 0)


@op
@symbolic(specs.segment)
def segment_sum(data: Array, segment_ids: Index, num_segments: int | None = None, sorted: bool = False) -> Any:
    """Sums of the slices of ``data`` along its first axis that have the same id; 0 for an id that nothing has.

    Args:
        num_segments: the length of the result, max(segment_ids) + 1 by default.
        sorted: whether the ids ascend; they need not.

    Slices with ids outside 0 … num_segments - 1 are left out.

    Raises:
        ValueError: ``segment_ids`` is not a vector.
    """
    return _segments(data, segment_ids, num_segments, "sum", 0)


@op
@symbolic(specs.segment)
def segment_prod(data: Array, segment_ids: Index, num_segments: int | None = None, sorted: bool = False) -> Any:
    """Products of the slices of ``data`` with the same id; 1 for an id that nothing has. See ``segment_sum``."""
    return _segments(data, segment_ids, num_segments, "prod", 1)


def _bound(data: torch.Tensor, which: str) -> float:
    bound = getattr(dtypes.as_dtype(data.dtype), which)
    return float(bound) if data.is_floating_point() else bound  # bfloat16's are scalars that torch does not know


@op
@symbolic(specs.segment)
def segment_max(data: Array, segment_ids: Index, num_segments: int | None = None, sorted: bool = False) -> Any:
    """The largest of the slices of ``data`` with the same id; the dtype's smallest number for an id that nothing has.

    Where the ids are ``sorted`` and nothing says how many there are, it is 0 instead. See ``segment_sum``.
    """
    if sorted and num_segments is None:
        return segment_extremes(data, segment_ids, None, "amax")
    return _segments(data, segment_ids, num_segments, "amax", _bound(data, "min"))


@op
@symbolic(specs.segment)
def segment_min(data: Array, segment_ids: Index, num_segments: int | None = None, sorted: bool = False) -> Any:
    """The smallest of the slices of ``data`` with the same id; the dtype's largest number for an id that nothing has.

    See ``segment_sum``.
    """
    return _segments(data, segment_ids, num_segments, "amin", _bound(data, "max"))
