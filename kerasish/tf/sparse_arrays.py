"""``tf.sparse``: sparse tensors made, taken apart, put together and brought into other shapes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from kerasish.core import device as devices
from kerasish.core import dispatch
from kerasish.core.dtypes import DType, as_dtype, float32
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.sparse import SparseTensor, not_dense
from kerasish.core.tensor import convert
from kerasish.ops import coordinates
from kerasish.tf.slices import IndexedSlices
from kerasish.tf.sparse_op import integers, raw, sparse, sparse_op

# from and to dense ----------------------------------------------------------------------------------------------------


@sparse_op
def from_dense(tensor: Any, name: str | None = None) -> Any:
    """The elements of a dense tensor that are not zero, at their places."""
    if isinstance(tensor, SparseTensor):
        raise not_dense(tensor, "from_dense")
    dense = raw(tensor)
    if dense.ndim == 0:
        raise InvalidArgumentError("WhereOp : Unhandled input dimensions: 0 [Op:Where]")
    return coordinates.from_dense(dense)


@sparse_op
def to_dense(sp_input: Any, default_value: Any = None, validate_indices: bool = True, name: str | None = None) -> Any:
    """The dense tensor.

    Args:
        default_value: what stands where there is no value; 0, or an empty string, by default.
        validate_indices: whether the places must be in order, each once. If not, a place's last value counts.

    Raises:
        InvalidArgumentError: places are outside, or not in order.
    """
    sp = sparse(sp_input)
    coordinates.demand_inside(sp, "SparseToDense")
    if validate_indices:
        coordinates.demand_ordered(sp, "SparseToDense")
    if default_value is None:
        return coordinates.to_dense(sp)
    default = raw(default_value, sp.dtype)
    if default.ndim:
        raise InvalidArgumentError("default_value should be a scalar. [Op:SparseToDense]")
    return coordinates.to_dense(sp, default.item() if isinstance(default, np.ndarray) else default)


@sparse_op
def to_indicator(sp_input: Any, vocab_size: int, name: str | None = None) -> Any:
    """Which numbers occur in each row: bools of shape (..., vocab_size), true at the values along the last axis.

    Raises:
        InvalidArgumentError: a value is not among 0, ..., vocab_size - 1.
    """
    sp = sparse(sp_input)
    values = sp.raw_values.long()
    indices = torch.cat([sp.raw_indices[:, :-1], values[:, None]], 1)
    made = SparseTensor.of_raw(indices, torch.ones_like(values, dtype=torch.bool), (*sp.shape[:-1], int(vocab_size)))
    coordinates.demand_inside(made, "SparseToDense")
    return coordinates.to_dense(made, False)


@sparse_op
def eye(num_rows: Any, num_columns: Any = None, dtype: Any = float32, name: str | None = None) -> Any:
    """Ones on the diagonal of a matrix."""
    rows, columns = _size(num_rows, "num_rows"), _size(num_rows if num_columns is None else num_columns, "num_columns")
    count = min(rows, columns)
    if count < 0:
        raise InvalidArgumentError(f"Requires start <= limit when delta > 0: 0/{count} [Op:Range]")
    target: DType = as_dtype(dtype)
    if target.torch is None:
        raise TypeError("Cannot convert 1 to EagerTensor of dtype string")
    place = torch.arange(count, device=devices.current())
    return SparseTensor.of_raw(
        torch.stack([place, place], 1), torch.ones_like(place, dtype=target.torch), (rows, columns)
    )


def _size(value: Any, name: str) -> int:
    array = np.asarray(value)
    if array.ndim or array.dtype.kind not in "iu":
        raise TypeError(f"{name} must be an integer value")
    return int(array)


# parts ----------------------------------------------------------------------------------------------------------------


@sparse_op
def reorder(sp_input: Any, name: str | None = None) -> Any:
    """The same, with its places in row-major order."""
    return coordinates.reorder(sparse(sp_input))


@sparse_op
def retain(sp_input: Any, to_retain: Any) -> Any:
    """The values where ``to_retain``, bools of shape (n,), is true.

    Raises:
        ValueError: there are more or fewer bools than values.
    """
    sp, keep = sparse(sp_input), raw(to_retain).bool()
    if len(keep) != len(sp.raw_indices):
        raise ValueError(f"Dimensions {len(sp.raw_indices)} and {len(keep)} are not compatible")
    return coordinates.retain(sp, keep)


@sparse_op
def slice(sp_input: Any, start: Any, size: Any, name: str | None = None) -> Any:
    """The part of ``size`` from ``start``, cut off where the tensor ends.

    Raises:
        InvalidArgumentError: these are not as many numbers as there are axes, or a size is negative.
    """
    sp, begin, count = sparse(sp_input), integers(convert(start, "int64")), integers(convert(size, "int64"))
    rank = len(sp.shape)
    for what, given in (("start", begin), ("size", count)):
        if len(given) != rank:
            raise InvalidArgumentError(f"Expected {what} to be a vector of length {rank} [Op:SparseSlice]")
    if min(count, default=0) < 0:
        raise InvalidArgumentError(f"Expected a non-negative size, got {min(count)} [Op:SparseSlice]")
    shape = [max(0, min(n, total - first)) for first, n, total in zip(begin, count, sp.shape)]
    return _cut(sp, begin, shape)


def _cut(sp: SparseTensor, begin: Sequence[int], shape: Sequence[int]) -> SparseTensor:
    indices = sp.raw_indices - torch.tensor(list(begin), dtype=torch.int64, device=sp.raw_indices.device)
    inside = ((indices >= 0) & (indices < torch.tensor(list(shape), device=indices.device))).all(1)
    kept = coordinates.retain(sp, inside, shape)
    return SparseTensor.of_raw(indices[inside], kept.raw_values, shape)


@sparse_op
def split(sp_input: Any = None, num_split: int | None = None, axis: Any = None, name: str | None = None) -> Any:
    """Parts along an axis; the first ones are longer by one where the length does not divide.

    Raises:
        ValueError: an argument is missing.
        InvalidArgumentError: no such axis, or fewer elements than parts.
    """
    for what, given in (("sp_input", sp_input), ("num_split", num_split), ("axis", axis)):
        if given is None:
            raise ValueError(f"{what} is required")
    sp, count, place = sparse(sp_input), int(num_split), int(axis)  # type: ignore[arg-type]
    if count < 1:
        raise InvalidArgumentError(f"Value for attr 'num_split' of {count} must be at least minimum 1")
    if not -len(sp.shape) <= place < len(sp.shape):
        raise InvalidArgumentError(f"Input axis should be in range [0, {len(sp.shape)}), got {place} [Op:SparseSplit]")
    place %= len(sp.shape)
    if count > sp.shape[place]:
        raise InvalidArgumentError(
            f"Input num_split should be between 1 and the splitting dimension size ({sp.shape[place]}), got {count}"
        )
    each, more = divmod(sp.shape[place], count)
    parts, start = [], 0
    for number in range(count):
        begin, shape = [0] * len(sp.shape), list(sp.shape)
        begin[place], shape[place] = start, each + (number < more)
        parts.append(_cut(sp, begin, shape))
        start += shape[place]
    return parts


@sparse_op
def mask(a: Any, mask_indices: Any, name: str | None = None) -> Any:
    """The slices of an ``IndexedSlices`` whose indices are not among ``mask_indices``."""
    indices = dispatch.raw(a.indices)
    masked = raw(mask_indices) if np.size(mask_indices) else indices[:0]
    keep = ~torch.isin(indices, masked.to(indices.dtype))
    return IndexedSlices(dispatch.wrap(dispatch.raw(a.values)[keep]), dispatch.wrap(indices[keep]), a.dense_shape)


# shapes ---------------------------------------------------------------------------------------------------------------


@sparse_op
def reshape(sp_input: Any, shape: Any, name: str | None = None) -> Any:
    """Another shape of as many elements; one length may be -1.

    Raises:
        InvalidArgumentError: there are more or fewer elements.
    """
    sp = sparse(sp_input)
    if np.ndim(shape) != 1:
        raise InvalidArgumentError(f"Target shape should be a vector but received shape {list(np.shape(shape))}")
    return coordinates.reshape(sp, _resolved(sp, integers(np.asarray(shape, dtype=np.int64))))


def _resolved(sp: SparseTensor, wanted: list[int]) -> list[int]:
    total = math.prod(sp.shape)
    open_ = [i for i, size in enumerate(wanted) if size == -1]
    if len(open_) > 1:
        raise InvalidArgumentError(f"only one output dimension may be -1, not both {open_[0]} and {open_[1]}")
    if any(size < -1 for size in wanted):
        raise InvalidArgumentError(f"size {wanted} must be non-negative")
    known = math.prod(size for size in wanted if size != -1)
    if open_:
        if known == 0:
            raise InvalidArgumentError("reshape cannot infer the missing input size for an empty tensor")
        wanted = [total // known if size == -1 else size for size in wanted]
    if math.prod(wanted) != total:
        raise InvalidArgumentError(
            f"Input to reshape is a SparseTensor with {total} dense values, but the requested shape has "
            f"{math.prod(wanted)}. input_shape={list(sp.shape)} output_shape={wanted}"
        )
    return wanted


@sparse_op
def transpose(sp_input: Any, perm: Any = None, name: str | None = None) -> Any:
    """Axes in the order ``perm``, reversed by default.

    Raises:
        ValueError: ``perm`` has another length than there are axes.
        InvalidArgumentError: it names an axis that is not there.
    """
    sp = sparse(sp_input)
    rank = len(sp.shape)
    axes = list(range(rank))[::-1] if perm is None else integers(perm)
    if len(axes) != rank:
        raise ValueError(f"Dimensions {len(axes)} and {rank} are not compatible")
    bad = [i for i, axis in enumerate(axes) if not 0 <= axis < rank]
    if bad:
        raise InvalidArgumentError(f"indices[{bad[0]}] = {axes[bad[0]]} is not in [0, {rank}) [Op:GatherV2]")
    return coordinates.transpose(sp, axes)


@sparse_op
def expand_dims(sp_input: Any, axis: Any = None, name: str | None = None) -> Any:
    """An axis of length 1 more, at ``axis``; the last one by default."""
    sp = sparse(sp_input)
    rank, place = len(sp.shape), -1 if axis is None else int(axis)
    if not -rank - 1 <= place <= rank:
        raise InvalidArgumentError(f"Expected size[1] in [0, {rank}], but got {place} [Op:Slice]")
    return coordinates.expand(sp, place if place >= 0 else place + rank + 1)


@sparse_op
def reset_shape(sp_input: Any, new_shape: Any = None) -> Any:
    """A larger dense shape, or the smallest that holds all values.

    Raises:
        ValueError: ``new_shape`` has other axes, or is smaller than the shape.
    """
    sp = sparse(sp_input)
    indices = sp.raw_indices
    if new_shape is None:
        tight = (indices.max(0).values + 1).tolist() if len(indices) else [0] * len(sp.shape)
        return SparseTensor.of_raw(indices, sp.raw_values, tight)
    shape = integers(new_shape)
    if len(shape) != len(sp.shape):
        raise ValueError(f"Dimensions {len(shape)} and {len(sp.shape)} are not compatible")
    if any(new < old for new, old in zip(shape, sp.shape)):
        raise ValueError(
            "Requested new_shape should have dimension sizes >= sp_input.shape. "
            f"Found new_shape ({shape}), sp_input.shape ({list(sp.shape)})."
        )
    return SparseTensor.of_raw(indices, sp.raw_values, shape)


@sparse_op
def concat(axis: Any, sp_inputs: Any, expand_nonconcat_dims: bool = False, name: str | None = None) -> Any:
    """Sparse tensors one after the other along an axis.

    Args:
        expand_nonconcat_dims: whether the other axes may differ; the result has the longest.

    Raises:
        TypeError: not a list of sparse tensors.
        InvalidArgumentError: ranks, dtypes or shapes differ, or there is no such axis.
    """
    if not isinstance(sp_inputs, (list, tuple)):
        raise TypeError("Inputs must be a list or tuple.")
    parts = [sparse(part) for part in sp_inputs]
    if not parts:
        raise InvalidArgumentError("SparseConcat needs at least one input [Op:SparseConcat]")
    if len(parts) == 1:
        return parts[0]
    first = parts[0]
    place, rank = int(axis), len(first.shape)
    for part in parts[1:]:
        coordinates.demand_same_dtype(first, part, "SparseConcat")
        if len(part.shape) != rank:
            raise InvalidArgumentError(
                f"Ranks of all input tensors must match: expected {rank} but got {len(part.shape)}"
            )
    if not -rank <= place < rank:
        raise InvalidArgumentError(f"Concat dimension must be in range [{-rank}, {rank}), got {place}")
    place %= rank
    return coordinates.reorder(coordinates.concat(parts, place, _joint_shape(parts, place, expand_nonconcat_dims)))


def _joint_shape(parts: list[SparseTensor], axis: int, expand: bool) -> list[int]:
    shape = [max(sizes) for sizes in zip(*(part.shape for part in parts))]
    for part in parts:
        if not expand and any(size != most for i, (size, most) in enumerate(zip(part.shape, shape)) if i != axis):
            raise InvalidArgumentError(
                f"Input shapes must match: expected {list(parts[0].shape)} but got {list(part.shape)} [Op:SparseConcat]"
            )
    shape[axis] = sum(part.shape[axis] for part in parts)
    return shape


@sparse_op
def fill_empty_rows(sp_input: Any, default_value: Any, name: str | None = None) -> Any:
    """A value at the first place of each row that has none.

    Returns:
        The sparse tensor, rows in order, and bools of shape (rows,): which rows had no value.

    Raises:
        InvalidArgumentError: a row lies outside.
    """
    sp = sparse(sp_input)
    default = raw(default_value, sp.dtype)
    if default.ndim:
        raise InvalidArgumentError(
            f"default_value must be a scalar, saw: {list(default.shape)} [Op:SparseFillEmptyRows]"
        )
    return filled_rows(sp, default)


def filled_rows(sp: SparseTensor, default: Any) -> tuple[SparseTensor, torch.Tensor]:
    """What ``fill_empty_rows`` computes, on raw storage."""
    indices, values, count = sp.raw_indices, sp.raw_values, sp.shape[0]
    rows = indices[:, 0]
    outside = ((rows < 0) | (rows >= count)).nonzero()
    if len(outside):
        where = int(outside[0])
        raise InvalidArgumentError(f"indices({where}, 0) is invalid: {int(rows[where])} >= {count}")
    missing = torch.ones(count, dtype=torch.bool, device=indices.device)
    missing[rows] = False
    added = missing.nonzero()
    added = torch.cat([added, added.new_zeros((len(added), indices.shape[1] - 1))], 1)
    order = torch.argsort(torch.cat([rows, added[:, 0]]), stable=True)
    if isinstance(values, np.ndarray):
        both = np.concatenate([values, np.full(len(added), default.item(), dtype=object)])
    else:
        both = torch.cat([values, default.to(values.dtype).expand(len(added))])
    return SparseTensor.of_raw(torch.cat([indices, added])[order], coordinates.take(both, order), sp.shape), missing
