"""Operations that arrange the rows of ragged tensors: joining, repeating, reversing, dimensions of size 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from kerasish.core import dispatch, dtypes
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.ragged import RaggedTensor, position
from kerasish.core.ragged_index import count_rows, plain, slice_rows, take_rows
from kerasish.core.ragged_partition import RowPartition, from_uniform, ranges, splits_of
from kerasish.core.tensor import Tensor, convert
from kerasish.tf import arrays, linalg, tiling
from kerasish.tf.dynamic_shape import DynamicRaggedShape

# what is known of one -------------------------------------------------------------------------------------------------


@RaggedTensor.serve(arrays.size)
def size(input: Any, out_type: Any = None, name: str | None = None) -> Tensor:
    return arrays.size(input.flat_values, out_type or dtypes.int32)


@RaggedTensor.serve(arrays.rank)
def rank(input: Any, name: str | None = None) -> Tensor:
    return Tensor(torch.tensor(input.shape.rank, dtype=torch.int32))


@RaggedTensor.serve(arrays.shape)
def shape(input: Any, out_type: Any = None, name: str | None = None) -> DynamicRaggedShape:
    kind = dtypes.int32 if out_type is None else dtypes.as_dtype(out_type)
    return DynamicRaggedShape.from_tensor(input, kind)


# dimensions of size 1 -------------------------------------------------------------------------------------------------


@RaggedTensor.serve(arrays.expand_dims)
def expand_dims(input: Any, axis: Any, name: str | None = None) -> Any:
    """With a new dimension of size 1 at ``axis``."""
    return _expanded(input, position(int(axis), input.shape.rank + 1))


def _expanded(x: Any, axis: int) -> Any:
    if not isinstance(x, RaggedTensor):
        return arrays.expand_dims(x, axis)
    if axis == 0:
        return x._remade(x, from_uniform(count_rows(x), count_rows(x), 1, x._splits_dtype))
    if axis == 1:
        return x._remade(x, from_uniform(1, count_rows(x), None, x._splits_dtype))
    return x._remade(_expanded(x.values, axis - 1), x._partition)


@RaggedTensor.serve(arrays.squeeze)
def squeeze(input: Any, axis: Any = None, name: str | None = None) -> Any:
    """Without dimensions of size 1, which are to be named.

    Raises:
        ValueError: none is named.
        InvalidArgumentError: one has another size.
    """
    if axis is None:
        raise ValueError("Ragged.squeeze must have an axis argument.")
    axes = [axis] if isinstance(axis, int) else [int(a) for a in axis]
    for a in sorted({position(a, input.shape.rank) for a in axes}, reverse=True):
        input = _squeezed(input, a)
    return plain(input)


def _squeezed(x: Any, axis: int) -> Any:
    if not isinstance(x, RaggedTensor):
        return arrays.squeeze(x, [axis])
    partition = x._partition
    if axis == 0:
        if partition.nrows != 1:
            raise _not_squeezable(0)
        return x.values
    if axis == 1:
        if bool((partition.lengths != 1).any()):
            raise _not_squeezable(1)
        return x.values
    return x._remade(_squeezed(x.values, axis - 1), partition)


def _not_squeezable(axis: int) -> InvalidArgumentError:
    return InvalidArgumentError(f"the given axis (axis = {axis}) is not squeezable!")


# joining --------------------------------------------------------------------------------------------------------------


@RaggedTensor.serve(arrays.concat)
def concat(values: Any, axis: Any, name: str | None = "concat") -> Any:
    """Joined along an axis.

    Raises:
        ValueError: ranks differ, or there is no such axis.
        InvalidArgumentError: along a later axis, the rows differ in number.
    """
    if not isinstance(values, (list, tuple)):
        values = [values]
    return _joined(values, int(axis), False)


@RaggedTensor.serve(arrays.stack)
def stack(values: Any, axis: Any = 0, name: str | None = "stack") -> Any:
    """One beside the other along a new axis; rows may differ in number."""
    return _joined(values if isinstance(values, (list, tuple)) else [values], int(axis), True)


def ragged_stack(values: Any, axis: int = 0, name: str | None = None) -> Any:
    """Tensors one beside the other along a new axis; they may differ in size.

    Raises:
        ValueError: ranks differ, or there is no such axis.
    """
    return _joined(values if isinstance(values, (list, tuple)) else [values], axis, True)


def _joined(values: Sequence[Any], axis: int, stacked: bool) -> Any:
    if not len(values):
        raise ValueError("rt_inputs may not be empty.")
    values = [value if isinstance(value, RaggedTensor) else convert(value) for value in values]
    ranks = {value.shape.rank for value in values}
    first = values[0].shape.rank
    if len(ranks) > 1:
        other = next(value for value in values if value.shape.rank != first)
        raise ValueError(f"Shape {other.shape} must have rank {first}")
    axis = position(axis, first + stacked)
    dense = not any(isinstance(value, RaggedTensor) for value in values)
    if dense and (not stacked or first < 1 + axis or axis > 0):
        return arrays.stack(values, axis) if stacked else arrays.concat(values, axis)
    if len(values) == 1 and not stacked:
        return values[0]
    return _along(_alike(values, axis, stacked), axis, stacked)


def _alike(values: list, axis: int, stacked: bool) -> list:
    """As many ragged dimensions for all."""
    rank = max((value.ragged_rank for value in values if isinstance(value, RaggedTensor)), default=0)
    rank = max(rank, min(axis, values[0].shape.rank - 1), int(stacked and axis == 0 and values[0].shape.rank > 1))
    kinds = {value._splits_dtype for value in values if isinstance(value, RaggedTensor)}
    if len(kinds) > 1:
        raise ValueError(
            "Input RaggedTensors have mismatched row_splits dtypes; use RaggedTensor.with_row_splits_dtype() to convert "
            "them to compatible dtypes."
        )
    return [deepened(value, rank, kinds.copy().pop() if kinds else torch.int64) for value in values]


def deepened(value: Any, ragged_rank: int, kind: torch.dtype) -> Any:
    """The value with so many dimensions given by partitions."""
    if not ragged_rank:
        return value
    if isinstance(value, RaggedTensor):
        return value._remade(deepened(value.values, ragged_rank - 1, kind), value._partition)
    rows, width = value.shape[:2]
    flat = arrays.reshape(value, [rows * width, *value.shape[2:]])
    return RaggedTensor._remade(deepened(flat, ragged_rank - 1, kind), from_uniform(width, rows * width, rows, kind))


def _along(values: list, axis: int, stacked: bool) -> Any:
    if axis == 0:
        whole = _end_to_end(values)
        if not stacked:
            return plain(whole)
        counts = torch.tensor([count_rows(value) for value in values])
        kind = whole._splits_dtype if isinstance(whole, RaggedTensor) else torch.int32  # that of the vectors' shapes
        return RaggedTensor._remade(plain(whole), RowPartition(splits_of(counts.to(kind))))
    if axis == 1:
        return _side_by_side(values, stacked)
    first = values[0]
    if not isinstance(first, RaggedTensor):
        return arrays.stack(values, axis) if stacked else arrays.concat(values, axis)
    for other in values[1:]:
        if not first._partition.same(other._partition):
            raise InvalidArgumentError(
                "Inputs must have identical ragged splits\nCondition x == y did not hold.\nFirst 3 elements of x:\n"
                f"{first._partition.splits[:3].tolist()}\nFirst 3 elements of y:\n{other._partition.splits[:3].tolist()}"
            )
    return first._remade(_along([value.values for value in values], axis - 1, stacked), first._partition)


def joined_rows(values: list, kind: torch.dtype) -> Any:
    """Values, alike in their ragged dimensions, as the rows of one."""
    counts = torch.tensor([count_rows(value) for value in values], dtype=kind)
    return RaggedTensor._remade(_end_to_end(values), RowPartition(splits_of(counts)))


def _end_to_end(values: list) -> Any:
    """The rows of one after those of the other."""
    if not isinstance(values[0], RaggedTensor):
        return arrays.concat(values, 0)
    parts = [value._partition for value in values]
    lengths = torch.cat([part.lengths for part in parts])
    sizes = {part.uniform for part in parts}
    uniform = sizes.pop() if len(sizes) == 1 else None
    return RaggedTensor._remade(_end_to_end([v.values for v in values]), RowPartition(splits_of(lengths), uniform))


def _side_by_side(values: list, stacked: bool) -> Any:
    """Each row of one followed by that row of the next."""
    rows, count = count_rows(values[0]), len(values)
    for i, value in enumerate(values[1:], 1):
        if count_rows(value) != rows:
            raise InvalidArgumentError(
                f"Input tensors at index 0 (=x) and {i} (=y) have incompatible shapes.\nCondition x == y did not hold.\n"
                f"First 1 elements of x:\n[{rows}]\nFirst 1 elements of y:\n[{count_rows(value)}]"
            )
    if not isinstance(values[0], RaggedTensor):
        return arrays.stack(values, 1) if stacked else arrays.concat(values, 1)
    order = torch.arange(rows * count).reshape(count, rows).T.reshape(-1)
    mixed = plain(take_rows(_end_to_end(values), order))
    if stacked:
        ends = torch.arange(rows + 1, dtype=mixed._splits_dtype) * count
        return RaggedTensor._remade(mixed, RowPartition(ends))
    return RaggedTensor._remade(mixed.values, RowPartition(mixed._partition.splits[::count].clone()))


# repeating, reversing, splitting --------------------------------------------------------------------------------------


@RaggedTensor.serve(tiling.tile)
def tile(input: Any, multiples: Any, name: str | None = None) -> Any:
    """Repeated so many times along each dimension."""
    counts = [int(n) for n in dispatch.raw(convert(multiples)).tolist()]
    if len(counts) < input.shape.rank:
        raise IndexError(f"index {len(counts)} is out of bounds for axis 0 with size {len(counts)}")
    return _tiled(input, counts)


def _tiled(x: Any, counts: list[int]) -> Any:
    """First the rows as a whole, then, inside of them, their values."""
    if not isinstance(x, RaggedTensor):
        return tiling.tile(x, counts)
    first, second, *rest = counts
    partition = x._partition
    inner = _tiled(x.values, [1, *rest])
    starts = partition.starts.long().repeat_interleave(second) if second != 1 else partition.starts.long()
    lengths = partition.lengths.long().repeat_interleave(second) if second != 1 else partition.lengths.long()
    places = ranges(starts, lengths).repeat(first)
    sizes = (partition.lengths * second).repeat(first)
    uniform = None if partition.uniform is None else partition.uniform * second
    return x._remade(take_rows(inner, places), RowPartition(splits_of(sizes), uniform))


@RaggedTensor.serve(tiling.reverse)
def reverse(tensor: Any, axis: Any, name: str | None = None) -> Any:
    """In reverse order along some dimensions.

    Raises:
        TypeError: ``axis`` is no list.
    """
    if dispatch.is_tensor(axis):
        axis = dispatch.raw(axis).tolist()
    if not isinstance(axis, (list, tuple)) or not all(isinstance(a, int) for a in axis):
        raise TypeError("`axis` must be a list of int or a constant tensor when reversing axes in a ragged tensor")
    keys = [slice(None)] * tensor.shape.rank
    for a in axis:
        keys[position(a, tensor.shape.rank)] = slice(None, None, -1)
    return tensor[tuple(keys)]


@RaggedTensor.serve(arrays.split)
def split(
    value: Any, num_or_size_splits: Any, axis: Any = 0, num: int | None = None, name: str | None = "split"
) -> list:
    """Parts along the first dimension, or along one that is not ragged.

    Raises:
        ValueError: the dimension is ragged.
        InvalidArgumentError: the parts do not add up.
    """
    axis = position(int(axis), value.shape.rank)
    length = value.shape[axis]
    if length is None:
        raise ValueError(f"Cannot split a ragged dimension. Got `value` with shape {shape(value)!r} and `axis` {axis}.")
    sizes = dispatch.raw(convert(num_or_size_splits)).tolist()
    if isinstance(sizes, int):
        if sizes <= 0 or length % sizes:
            raise _uneven(length, sizes)
        sizes = [length // sizes] * sizes
    elif sum(sizes) != length:
        raise _uneven(length, sum(sizes))
    ends = splits_of(torch.tensor(sizes)).tolist()
    if axis == 0:
        return [slice_rows(value, start, stop) for start, stop in zip(ends[:-1], ends[1:])]
    before = (slice(None),) * axis
    return [value[(*before, slice(start, stop))] for start, stop in zip(ends[:-1], ends[1:])]


def _uneven(length: int, other: int) -> InvalidArgumentError:
    return InvalidArgumentError(
        "Cannot exactly split the `axis` dimension of `value` with the given `num_or_size_split`.\nCondition x == y did not "
        f"hold.\nFirst 1 elements of x:\n[{length}]\nFirst 1 elements of y:\n[{other}]"
    )


@RaggedTensor.serve(arrays.reshape)
def reshape(tensor: Any, shape: Any, name: str | None = None) -> Any:
    """The flat values in a shape, a dense tensor."""
    return arrays.reshape(tensor.flat_values, shape)


# products -------------------------------------------------------------------------------------------------------------


@RaggedTensor.serve(linalg.matmul)
def matmul(a: Any, b: Any, *args: Any, **kwargs: Any) -> Any:
    """Matrix products of a batch of matrices, some of them with different numbers of rows or columns."""
    if a.shape.rank != b.shape.rank:
        raise ValueError("`a` and `b` must have the same rank.")
    if a.shape.rank < 2:
        raise ValueError("`a` and `b` must have rank at least 2")
    if a.shape.rank == 2:
        for x in (a, b):
            if isinstance(x, RaggedTensor) and len(set(x._partition.lengths.tolist())) > 1:
                raise InvalidArgumentError(
                    "The matrices in `a` and `b` may not be ragged in their innermost dimension."
                )
        dense = [x.to_tensor() if isinstance(x, RaggedTensor) else x for x in (a, b)]
        return linalg.matmul(*dense, *args, **kwargs)
    if count_rows(a) != count_rows(b):
        raise InvalidArgumentError(f"Batch dimensions of `a` and `b` differ: {a.shape} and {b.shape}")
    rows = [matmul_one(x, y, args, kwargs) for x, y in zip(a, b)]
    ragged = any(isinstance(x, RaggedTensor) and x.shape[-2] is None for x in (a, b))
    return _joined(rows, 0, True) if ragged or isinstance(rows[0], RaggedTensor) else arrays.stack(rows)


def matmul_one(x: Any, y: Any, args: tuple, kwargs: dict) -> Any:
    if isinstance(x, RaggedTensor) or isinstance(y, RaggedTensor):
        return matmul(x, y, *args, **kwargs)
    return linalg.matmul(x, y, *args, **kwargs)
