"""Reductions of ragged tensors, cumulative sums, softmax, and segments of rows."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import torch

from kerasish.core import dispatch
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.ragged import RaggedTensor, position
from kerasish.core.ragged_index import take_raw
from kerasish.core.ragged_partition import RowPartition, splits_of
from kerasish.core.tensor import Tensor, convert
from kerasish.tf import arrays, creation, math, nn, segments, sparse_arrays, sparse_math
from kerasish.tf import reductions as dense
from kerasish.tf.ragged.arrays import expand_dims

# segments -------------------------------------------------------------------------------------------------------------


def aggregate(function: Callable, data: Any, ids: torch.Tensor, count: int) -> Any:
    """``function`` (an unsorted segment one) of the rows of a value with the same id; of ragged rows place by place."""
    if not isinstance(data, RaggedTensor):
        device = dispatch.raw(data).device
        return function(data, Tensor(ids.to(device)), count)
    partition = data._partition
    lengths = partition.lengths.long()
    wanted = torch.zeros(count, dtype=torch.int64)
    fits = ids >= 0
    wanted = wanted.scatter_reduce(0, ids[fits], lengths[fits], "amax") if len(ids) else wanted
    splits = splits_of(wanted)
    starts = torch.where(fits, splits[:-1][ids.clamp(min=0)] if count else 0, 0)
    inner = torch.repeat_interleave(starts, lengths) + partition.offsets()
    inner = torch.where(torch.repeat_interleave(fits, lengths), inner, -1)
    values = aggregate(function, data.values, inner, int(splits[-1]))
    return RaggedTensor._remade(values, RowPartition(splits.to(partition.splits.dtype)))


def _segments(function: Callable, data: Any, segment_ids: Any, num_segments: Any) -> Any:
    count = int(num_segments)
    if isinstance(segment_ids, RaggedTensor):
        if not isinstance(data, RaggedTensor):
            raise ValueError("`data` must be ragged where `segment_ids` is")
        for p, q in zip(data._partitions, segment_ids._partitions):
            if not p.same(q):
                raise InvalidArgumentError("segment_ids should have the same row splits as data")
        inner = data
        for _ in segment_ids._partitions:
            inner = inner.values
        return _segments(function, inner, segment_ids.flat_values, count)
    ids = dispatch.raw(convert(segment_ids)).cpu().long()
    if isinstance(data, RaggedTensor):
        if ids.ndim != 1 or len(ids) != data._partition.nrows:
            raise InvalidArgumentError(
                f"segment_ids must be a vector of {data._partition.nrows} numbers, got shape {tuple(ids.shape)}"
            )
        if len(ids) and int(ids.max()) >= count:
            place = int((ids >= count).nonzero()[0])
            raise InvalidArgumentError(f"segment_ids[{place}] = {int(ids[place])} is out of range [0, {count})")
    return aggregate(function, data, ids, count)


def _serve_segments(function: Callable) -> None:
    @RaggedTensor.serve(function)
    def on_ragged(data: Any, segment_ids: Any, num_segments: Any, name: str | None = None) -> Any:
        return _segments(function, data, segment_ids, num_segments)


for _name in ("sum", "prod", "max", "min"):
    _serve_segments(getattr(segments, f"unsorted_segment_{_name}"))


@RaggedTensor.serve(segments.unsorted_segment_mean)
def unsorted_segment_mean(data: Any, segment_ids: Any, num_segments: Any, name: str | None = None) -> Any:
    total = _segments(segments.unsorted_segment_sum, data, segment_ids, num_segments)
    sizes = _segments(segments.unsorted_segment_sum, _ones(data), segment_ids, num_segments)
    return math.divide(total, math.maximum(sizes, 1))


@RaggedTensor.serve(segments.unsorted_segment_sqrt_n)
def unsorted_segment_sqrt_n(data: Any, segment_ids: Any, num_segments: Any, name: str | None = None) -> Any:
    total = _segments(segments.unsorted_segment_sum, data, segment_ids, num_segments)
    sizes = _segments(segments.unsorted_segment_sum, _ones(data), segment_ids, num_segments)
    return math.divide(total, math.sqrt(math.maximum(sizes, 1)))


def _ones(data: Any) -> Any:
    return creation.ones_like(data)


# reductions -----------------------------------------------------------------------------------------------------------


def _reduce(whole: Callable, segment: Callable, x: Any, axis: Any, keepdims: bool) -> Any:
    """A reduction along some axes, one after another from the last on.

    Args:
        whole: the reduction of a dense tensor.
        segment: the same of segments of its rows, which are numbered in any order.
    """
    if not isinstance(x, RaggedTensor):
        return whole(x, axis, keepdims)
    if axis is None:
        out = whole(x.flat_values, None, False)
        # there the values keep their axes and as many as all of the tensor's but one are put before
        return arrays.reshape(out, [1] * (x.shape.rank + x.flat_values.shape.rank - 1)) if keepdims else out
    axes = _axes(axis, x.shape.rank)
    for a in reversed(axes):
        x = _reduce_one(whole, segment, x, a, keepdims)
    return x


def _axes(axis: Any, rank: int) -> list[int]:
    if dispatch.is_tensor(axis):
        axis = dispatch.raw(axis).tolist()
    if isinstance(axis, (list, tuple)):
        return sorted({position(int(a), rank) for a in axis})
    return [position(axis, rank)]


def _reduce_one(whole: Callable, segment: Callable, x: Any, axis: int, keepdims: bool) -> Any:
    if not isinstance(x, RaggedTensor):
        return whole(x, axis, keepdims)
    partition = x._partition
    if axis == 0:
        out = aggregate(segment, x.values, partition.offsets(), partition.longest)
        return _with_axis(out, 0) if keepdims else out
    if axis == 1:
        out = aggregate(segment, x.values, partition.rowids.long(), partition.nrows)
        return _with_axis(out, 1) if keepdims else out
    return x._remade(_reduce_one(whole, segment, x.values, axis - 1, keepdims), partition)


def _with_axis(x: Any, axis: int) -> Any:
    return expand_dims(x, axis) if isinstance(x, RaggedTensor) else arrays.expand_dims(x, axis)


def _of_bools(function: Callable) -> Callable:
    """A segment function of truth values by way of integers: those that no value has are as it says."""

    def segment(data: Any, ids: Any, count: int) -> Any:
        return creation.cast(function(creation.cast(data, "int32"), ids, count), "bool")

    return segment


def _any(data: Any, ids: Any, count: int) -> Any:
    return math.greater(segments.unsorted_segment_sum(creation.cast(data, "int32"), ids, count), 0)


_SEGMENTS: dict[Callable, Callable] = {
    dense.reduce_sum: segments.unsorted_segment_sum,
    dense.reduce_prod: segments.unsorted_segment_prod,
    dense.reduce_max: segments.unsorted_segment_max,
    dense.reduce_min: segments.unsorted_segment_min,
    dense.reduce_all: _of_bools(segments.unsorted_segment_prod),
    dense.reduce_any: _any,
}


def _serve_reduction(whole: Callable, segment: Callable) -> None:
    @RaggedTensor.serve(whole)
    def on_ragged(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Any:
        if whole in _OF_BOOLS and input_tensor.dtype != "bool":  # TensorFlow takes the whole parts of numbers
            input_tensor = creation.cast(creation.cast(input_tensor, "int32"), "bool")
        return _reduce(whole, segment, input_tensor, axis, bool(keepdims))


_OF_BOOLS = (dense.reduce_all, dense.reduce_any)

for _whole, _segment in _SEGMENTS.items():
    _serve_reduction(_whole, _segment)


def _serve_order(function: Callable) -> None:
    @RaggedTensor.serve(function)
    def on_ragged(x: Any, name: str | None = None) -> Any:
        return function(x.flat_values)


for _function in (math.is_non_decreasing, math.is_strictly_increasing):
    _serve_order(_function)


def _sum(x: Any, axis: Any, keepdims: bool) -> Any:
    return _reduce(dense.reduce_sum, segments.unsorted_segment_sum, x, axis, keepdims)


@RaggedTensor.serve(dense.reduce_mean)
def reduce_mean(input_tensor: Any, axis: Any = None, keepdims: bool | None = None, name: str | None = None) -> Any:
    """Means; of integers as float64, of rows without values NaN."""
    keepdims = bool(keepdims)
    return math.divide(_sum(input_tensor, axis, keepdims), _sum(_ones(input_tensor), axis, keepdims))


@RaggedTensor.serve(dense.reduce_variance)
def reduce_variance(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Any:
    """The mean square less the square of the mean, at least 0; squares of integers wrap around, as there."""
    mean = reduce_mean(input_tensor, axis, keepdims)
    found = math.subtract(reduce_mean(math.square(input_tensor), axis, keepdims), math.square(mean))
    return math.maximum(found, creation.zeros_like(found))


@RaggedTensor.serve(dense.reduce_std)
def reduce_std(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Any:
    return math.sqrt(reduce_variance(input_tensor, axis, keepdims))


@RaggedTensor.serve(dense.reduce_logsumexp)
def reduce_logsumexp(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Any:
    largest = arrays.stop_gradient(dense.reduce_max(input_tensor, axis, True))
    total = dense.reduce_sum(math.exp(math.subtract(input_tensor, largest)), axis, keepdims)
    return math.add(math.log(total), largest if keepdims else dense.reduce_max(largest, axis))


_BINCOUNT = inspect.signature(dense.bincount)


@RaggedTensor.serve(dense.bincount)
def bincount(arr: Any, *args: Any, **kwargs: Any) -> Any:
    """How often each number occurs, in all rows or (``axis=-1``) in each."""
    bound = _BINCOUNT.bind(arr, *args, **kwargs)
    given = bound.arguments
    by_rows = given.get("axis") == -1
    weights = given.get("weights")
    if not by_rows:
        bound.arguments.update(arr=arr.flat_values, weights=None if weights is None else weights.flat_values)
        return dense.bincount(*bound.args, **bound.kwargs)
    bounds = {name: given.get(name) for name in ("minlength", "maxlength")}
    found = sparse_math.bincount(arr, weights, -1, **bounds, binary_output=given.get("binary_output", False))
    counts = sparse_arrays.to_dense(found)
    if weights is None:
        counts = creation.cast(counts, given.get("dtype", "int32"))
    return counts


# along rows -----------------------------------------------------------------------------------------------------------


@RaggedTensor.serve(dense.cumsum)
def cumsum(x: Any, axis: Any = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None) -> Any:
    """Sums of each value and those before it, along a ragged dimension place by place."""
    return _cumsum(x, position(axis, x.shape.rank), exclusive, reverse)


def _cumsum(x: Any, axis: int, exclusive: bool, reverse: bool) -> Any:
    if not isinstance(x, RaggedTensor):
        return dense.cumsum(x, axis, exclusive, reverse)
    inner_rows = axis >= 2 and isinstance(x.values, RaggedTensor)
    if inner_rows or axis > x.ragged_rank:
        return x._remade(_cumsum(x.values, axis - 1, exclusive, reverse), x._partition)
    padded = x.to_tensor()
    summed = dense.cumsum(padded, axis, exclusive, reverse)
    return x._around(_picked(x, summed))


def _picked(x: RaggedTensor, padded: Any) -> Any:
    """The flat values of a dense tensor that is filled up as ``x.to_tensor()`` is."""
    flat = dispatch.raw(padded)
    place = torch.arange(x._partitions[0].nrows)
    for axis, partition in enumerate(x._partitions, 1):
        place = place[partition.rowids.long()] * flat.shape[axis] + partition.offsets()
    depth = x.ragged_rank + 1
    return dispatch.wrap(take_raw(flat.reshape(-1, *flat.shape[depth:]), place))


@RaggedTensor.serve(nn.softmax)
def softmax(logits: Any, axis: Any = None, name: str | None = None) -> Any:
    """exp(x) over its sum along an axis, by default the last."""
    axis = -1 if axis is None else axis
    exps = math.exp(math.subtract(logits, arrays.stop_gradient(dense.reduce_max(logits, axis, True))))
    return math.divide(exps, dense.reduce_sum(exps, axis, True))
