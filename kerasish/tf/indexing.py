"""Reading and writing parts of tensors in ``tf``: gather, scatter, masks, conditions, order and uniqueness."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from kerasish import ops
from kerasish.core import dispatch, dtypes
from kerasish.core.context import local
from kerasish.core.dispatch import Array, Arrays, Index, Operand, strict_op, strings, whole_indices
from kerasish.core.errors import InvalidArgumentError, NotFoundError
from kerasish.core.storage import bits, of_bits
from kerasish.core.tensor import Tensor
from kerasish.ops.common import integer_shape, moves, needs_values, whole
from kerasish.tf import symbolic_results
from kerasish.tf.alias import BOOLS, INTEGERS, REALS, check
from kerasish.tf.symbolic_results import Unique, UniqueWithCounts

# reading --------------------------------------------------------------------------------------------------------------


@strict_op
@moves
def gather(
    params: Array,
    indices: Index,
    validate_indices: bool | None = None,
    axis: Any = None,
    batch_dims: int = 0,
    name: str | None = None,
) -> Any:
    """Slices of ``params`` along an axis at integer indices.

    Args:
        axis: by default the first after the batch dimensions.
        batch_dims: so many first axes of params and indices belong together.

    Returns:
        A tensor of shape params.shape[:axis] + indices.shape[batch_dims:] + params.shape[axis + 1:].

    Raises:
        InvalidArgumentError: an index is out of bounds; negative ones are.
    """
    if axis is None and batch_dims == 0 and indices.ndim == 1 and params.ndim:
        try:
            return torch.index_select(params, 0, indices)  # which takes int32 and int64
        except (RuntimeError, IndexError):  # worded below
            pass
    check(indices, INTEGERS, "GatherV2")
    if indices.dtype is not torch.int32 and indices.dtype is not torch.int64:
        indices = indices.long()
    batch = batch_dims + indices.ndim if batch_dims < 0 else batch_dims
    axis = batch_dims if axis is None else whole(axis, "axis")
    axis = axis + params.ndim if axis < 0 else axis
    if not 0 <= axis < params.ndim:
        raise InvalidArgumentError(f"Shape must be at least rank {axis + 1} but is rank {params.ndim} [Op:GatherV2]")
    try:
        return _batch_gather(params, indices, axis, batch) if batch else _gather(params, indices, axis)
    except NotImplementedError:  # a dtype without kernels, which is computed in another
        raise
    except (RuntimeError, IndexError):
        raise _outside(indices, params.shape[axis]) or InvalidArgumentError(
            f"params.shape {list(params.shape)} and indices.shape {list(indices.shape)} do not fit with batch_dims="
            f"{batch} and axis={axis} [Op:GatherV2]"
        ) from None


def _gather(params: torch.Tensor, indices: torch.Tensor, axis: int) -> torch.Tensor:
    if indices.ndim == 1:
        return params.index_select(axis, indices)
    flat = params.index_select(axis, indices.reshape(-1))
    return flat.reshape(params.shape[:axis] + indices.shape + params.shape[axis + 1 :])


def _batch_gather(params: torch.Tensor, indices: torch.Tensor, axis: int, batch: int) -> torch.Tensor:
    first, before, after = params.shape[:batch], params.shape[batch:axis], params.shape[axis + 1 :]
    if indices.shape[:batch] != first:
        raise InvalidArgumentError(
            f"params.shape[0]: {params.shape[0]} should be equal to indices.shape[0]: {indices.shape[0]} [Op:GatherV2]"
        )
    rest = indices.shape[batch:]
    rows = params.reshape(first.numel(), before.numel(), params.shape[axis], after.numel())
    index = indices.long().reshape(first.numel(), 1, rest.numel(), 1)
    index = index.expand(-1, rows.shape[1], -1, rows.shape[3])
    return rows.gather(2, index).reshape(first + before + rest + after)


def _outside(indices: torch.Tensor, size: int) -> InvalidArgumentError | None:
    """The error for the first index that is out of bounds, if one is."""
    flat = indices.reshape(-1)
    wrong = ((flat < 0) | (flat >= size)).nonzero()
    if not len(wrong):
        return None
    place = np.unravel_index(int(wrong[0]), tuple(indices.shape)) if indices.ndim else ()
    where_ = f"[{','.join(str(int(i)) for i in place)}]" if place else ""
    return InvalidArgumentError(f"indices{where_} = {int(flat[wrong[0]])} is not in [0, {size}) [Op:GatherV2]")


def _coordinates(indices: torch.Tensor, shape: torch.Size, what: str) -> tuple[torch.Tensor, ...]:
    """Rows of indices as one tensor for each axis that they name.

    Raises:
        InvalidArgumentError: there are more than axes, or one is out of bounds.
    """
    check(indices, INTEGERS, "GatherNd")
    depth = indices.shape[-1]
    if depth > len(shape):
        raise InvalidArgumentError(
            f"index innermost dimension length must be <= {what} rank; saw: {depth} vs. {len(shape)}"
        )
    looks = indices.device.type == "cpu" and not local.tracing
    if looks and indices.numel():  # elsewhere a look at them would wait for the device
        rows = indices.reshape(-1, depth)
        limits = torch.tensor(shape[:depth], dtype=torch.int64)
        wrong = ((rows < 0) | (rows >= limits)).any(-1).nonzero()
        if len(wrong):
            i = int(wrong[0])
            raise InvalidArgumentError(
                f"indices[{i}] = {rows[i].tolist()} does not index into {what} shape {list(shape)}"
            )
    return indices.long().unbind(-1)


@strict_op
@moves
def gather_nd(
    params: Array, indices: Index, batch_dims: int = 0, name: str | None = None, bad_indices_policy: str = ""
) -> Any:
    """Elements or slices of ``params`` that rows of indices name.

    Args:
        indices: (..., k): each row names a place along the first k axes (after the batch dimensions).
        batch_dims: so many first axes of params and indices belong together.
        bad_indices_policy: "" and "ERROR" refuse indices that are out of bounds, "IGNORE" gives zeros for them.

    Raises:
        InvalidArgumentError: an index is out of bounds.
    """
    batch = whole(batch_dims, "batch_dims")
    if _ignores(bad_indices_policy):
        inside = _inside(indices, params.shape[batch:])
        found = gather_nd.raw(params, torch.where(inside[..., None], indices, 0), batch)
        return torch.where(inside.reshape(inside.shape + (1,) * (found.ndim - inside.ndim)), found, 0)
    places = _coordinates(indices, params.shape[batch:], "param")
    if batch:
        rank = indices.ndim - 1
        own = [torch.arange(n, device=params.device) for n in params.shape[:batch]]
        shaped = [t.reshape([-1 if j == i else 1 for j in range(rank)]) for i, t in enumerate(own)]
        places = (*shaped, *places)
    if not places:
        return params.expand(*indices.shape[:-1], *params.shape)
    return params[places]


def _ignores(policy: str) -> bool:
    """Whether indices that are out of bounds are left out.

    Raises:
        NotFoundError: an unknown policy.
    """
    if policy not in ("", "DEFAULT", "ERROR", "IGNORE"):
        raise NotFoundError(f"Could not find device for node: no kernel has bad_indices_policy={policy!r}")
    return policy == "IGNORE"


def _inside(indices: torch.Tensor, shape: Any) -> torch.Tensor:
    """Which rows of indices name a place along the first axes of ``shape``."""
    sizes = torch.tensor(shape[: indices.shape[-1]], dtype=indices.dtype, device=indices.device)
    return ((indices >= 0) & (indices < sizes)).all(-1)


def _kept(indices: torch.Tensor, updates: torch.Tensor, shape: Any, policy: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Indices and updates without those that the policy leaves out."""
    if not _ignores(policy):
        return indices, updates
    inside = _inside(indices, shape)
    return indices[inside], updates[inside]


@strict_op
@dispatch.symbolic(symbolic_results.boolean_mask)
def boolean_mask(tensor: Array, mask: Index, axis: Any = None, name: str | None = "boolean_mask") -> Any:
    """The elements or slices of a tensor where the mask is true, in a row along the axes that the mask has.

    Args:
        mask: of the shape of the tensor's axes from ``axis`` (0) on.

    Raises:
        ValueError: the mask is a scalar or of another shape.
    """
    return _masked(tensor, mask, axis)


def _masked_strings(tensor: np.ndarray, mask: torch.Tensor, axis: Any = None, name: str | None = None) -> np.ndarray:
    places = _masked(torch.arange(tensor.size).reshape(tensor.shape), mask, axis)
    return np.asarray(tensor.reshape(-1)[places.numpy()], dtype=object)


def _masked(tensor: torch.Tensor, mask: torch.Tensor, axis: Any) -> torch.Tensor:
    if mask.ndim == 0:
        raise ValueError("mask cannot be scalar.")
    first = 0 if axis is None else whole(axis, "axis") % max(tensor.ndim, 1)
    named = tensor.shape[first : first + mask.ndim]
    if tuple(named) != tuple(mask.shape):
        raise ValueError(f"Shapes {tuple(named)} and {tuple(mask.shape)} are incompatible")
    needs_values(mask, "boolean_mask")
    flat = tensor.reshape(tensor.shape[:first] + (named.numel(),) + tensor.shape[first + mask.ndim :])
    return of_bits(bits(flat).index_select(first, mask.reshape(-1).nonzero().reshape(-1)), tensor.dtype)


boolean_mask = strict_op(strings(_masked_strings)(boolean_mask.raw))


# writing --------------------------------------------------------------------------------------------------------------


def _check_updates(indices: torch.Tensor, updates: torch.Tensor, shape: Any) -> None:
    if updates.ndim == 0:
        raise InvalidArgumentError("Updates shape must have rank at least one. Found: []")
    wanted = tuple(indices.shape[:-1]) + tuple(shape[indices.shape[-1] :])
    if tuple(updates.shape) != wanted:
        raise InvalidArgumentError(
            f"Dimensions of updates {list(updates.shape)} must match indices {list(indices.shape)} and shape {list(shape)}: "
            f"expected {list(wanted)}"
        )


@strict_op
def scatter_nd(
    indices: Index, updates: Array, shape: Any, bad_indices_policy: str = "", name: str | None = None
) -> Any:
    """Zeros of ``shape`` with ``updates`` added at the elements or slices that rows of ``indices`` name.

    Raises:
        InvalidArgumentError: an index is out of bounds, or the shapes do not fit.
    """
    sizes = torch.Size(integer_shape(shape))
    indices, updates = _kept(indices, updates, sizes, bad_indices_policy)
    places = _coordinates(indices, sizes, "")
    _check_updates(indices, updates, sizes)
    return updates.new_zeros(sizes).index_put(places, updates, accumulate=True)


def _scattered(tensor: torch.Tensor, indices: torch.Tensor, updates: torch.Tensor, reduction: str | None) -> Any:
    _coordinates(indices, tensor.shape, "")
    _check_updates(indices, updates, tensor.shape)
    return ops.scatter_update.raw(tensor, indices, updates, reduction)


@strict_op
@moves
def tensor_scatter_nd_update(tensor: Array, indices: Index, updates: Array, name: str | None = None) -> Any:
    """The tensor with the elements or slices that rows of ``indices`` name replaced; of several the last one counts.

    Raises:
        InvalidArgumentError: an index is out of bounds, or the shapes do not fit.
    """
    return _scattered(tensor, indices, updates, None)


@strict_op
def tensor_scatter_nd_add(
    tensor: Array, indices: Index, updates: Array, bad_indices_policy: str = "", name: str | None = None
) -> Any:
    """The tensor with ``updates`` added at the places that rows of ``indices`` name."""
    return _scattered(tensor, *_kept(indices, updates, tensor.shape, bad_indices_policy), "add")


@strict_op
def tensor_scatter_nd_sub(
    tensor: Array, indices: Index, updates: Array, bad_indices_policy: str = "", name: str | None = None
) -> Any:
    """The tensor with ``updates`` subtracted at the places that rows of ``indices`` name."""
    return _scattered(tensor, *_kept(indices, -updates, tensor.shape, bad_indices_policy), "add")


@strict_op
def tensor_scatter_nd_max(
    tensor: Array, indices: Index, updates: Array, bad_indices_policy: str = "", name: str | None = None
) -> Any:
    """The tensor, or ``updates`` where they are larger, at the places that rows of ``indices`` name."""
    return _scattered(tensor, *_kept(indices, updates, tensor.shape, bad_indices_policy), "max")


@strict_op
def tensor_scatter_nd_min(
    tensor: Array, indices: Index, updates: Array, bad_indices_policy: str = "", name: str | None = None
) -> Any:
    """The tensor, or ``updates`` where they are smaller, at the places that rows of ``indices`` name."""
    return _scattered(tensor, *_kept(indices, updates, tensor.shape, bad_indices_policy), "min")


@strict_op
@moves
@dispatch.symbolic(symbolic_results.dynamic_partition)
def dynamic_partition(data: Array, partitions: Index, num_partitions: int, name: str | None = None) -> Any:
    """A list of ``num_partitions`` tensors: the slices of ``data`` by the number in ``partitions``, in their order.

    Raises:
        InvalidArgumentError: a number is out of bounds.
    """
    check(partitions, INTEGERS, "DynamicPartition")
    needs_values(partitions, "dynamic_partition")
    flat = partitions.reshape(-1)
    if flat.numel() and not local.tracing and not 0 <= int(flat.min()) <= int(flat.max()) < num_partitions:
        raise InvalidArgumentError(f"partitions is not in [0, {num_partitions}) [Op:DynamicPartition]")
    rows = data.reshape(flat.numel(), *data.shape[partitions.ndim :])
    plain = bits(rows)
    parts = [plain.index_select(0, (flat == i).nonzero().reshape(-1)) for i in range(num_partitions)]
    return [of_bits(part, data.dtype) for part in parts]


@strict_op
@moves
def dynamic_stitch(indices: Any, data: Arrays, name: str | None = None) -> Any:
    """The reverse of ``dynamic_partition``: slices of ``data`` put to the places in ``indices``; the last one counts."""
    places = [dispatch.raw(i) for i in indices]
    flat = torch.cat([i.reshape(-1).long() for i in places])
    rows = torch.cat([d.reshape(i.numel(), *d.shape[i.ndim :]) for i, d in zip(places, data)])
    length = int(flat.max()) + 1 if flat.numel() else 0
    return rows.new_zeros(length, *rows.shape[1:]).index_put((flat,), rows)


# conditions -----------------------------------------------------------------------------------------------------------


@strict_op
@moves
@dispatch.symbolic(symbolic_results.where)
def where(condition: Index, x: Array | None = None, y: Operand | None = None, name: str | None = None) -> Any:
    """x where the condition holds, y elsewhere, with broadcasting; with a condition alone, where it holds.

    Returns:
        With a condition alone, a row of indices (int64) for each element that is not 0: (n, rank).

    Raises:
        ValueError: only one of x and y is given.
        InvalidArgumentError: with x and y, the condition is not boolean.
    """
    if (x is None) != (y is None):
        raise ValueError("x and y must both be non-None or both be None.")
    if x is None:
        if condition.ndim == 0:
            raise InvalidArgumentError("WhereOp : Unhandled input dimensions: 0 [Op:Where]")
        needs_values(condition, "where")
        return torch.nonzero(condition)
    check(condition, BOOLS, "SelectV2")
    return torch.where(condition, x, y)


@strict_op
@whole_indices
def one_hot(
    indices: Index,
    depth: Any,
    on_value: Any = None,
    off_value: Any = None,
    axis: int | None = None,
    dtype: Any = None,
    name: str | None = None,
) -> Any:
    """``on_value`` (1) at the place that an index tells along a new axis of length ``depth``, ``off_value`` (0) elsewhere.

    An index outside has ``off_value`` everywhere. The dtype is that of the values, or float32.

    Raises:
        TypeError: the dtypes of the values differ.
    """
    check(indices, INTEGERS, "OneHot")
    try:
        count = depth.__index__()
    except (AttributeError, TypeError):
        raise TypeError(f"Cannot convert {depth!r} to EagerTensor of dtype int32") from None
    place = -1 if axis is None else axis
    if place < -1:
        raise InvalidArgumentError(
            f"Expected axis to be -1 or between [0, {indices.ndim}]. But received: {place} [Op:OneHot]"
        )
    if on_value is None and off_value is None:
        wanted = dtypes.float32 if dtype is None else dtypes.as_dtype(dtype)
        return ops.one_hot.raw(indices, count, place, wanted)
    codes = ops.one_hot.raw(indices, count, place, "bool")
    on, off = _hot_values(on_value, off_value, None if dtype is None else dtypes.as_dtype(dtype))
    if isinstance(on, np.ndarray):
        return np.where(codes.cpu().numpy(), on, off)
    return torch.where(codes, on, off)


def _hot_values(on_value: Any, off_value: Any, dtype: Any) -> tuple[Any, Any]:
    """Both values as raw scalars of one dtype."""
    target = None if dtype is None else dtype.torch
    given = on_value if on_value is not None else off_value
    like = dispatch.raw(given, target)
    if isinstance(like, np.ndarray):
        return dispatch.raw(on_value), dispatch.raw(off_value)
    on = like.new_ones(()) if on_value is None else dispatch.raw(on_value, target)
    off = like.new_zeros(()) if off_value is None else dispatch.raw(off_value, target)
    first, second = dtypes.as_dtype(on.dtype), dtypes.as_dtype(off.dtype)
    if first != second:
        raise TypeError(f"dtype {first!s} of on_value does not match dtype {second!s} of off_value")
    if dtype is not None and first != dtype:
        raise TypeError(f"dtype {first!s} of on_value does not match dtype parameter {dtype!s}")
    return on, off


@strict_op
def unravel_index(indices: Index, dims: Any, name: str | None = None) -> Any:
    """Indices into a flattened tensor of shape ``dims`` as coordinates: (rank, ...)."""
    sizes = integer_shape(dims)
    if not sizes or (isinstance(dims, int) and indices.ndim) or indices.ndim > 1:
        raise InvalidArgumentError("The indices can only be scalar or vector, and dims a vector [Op:UnravelIndex]")
    check(indices, INTEGERS, "UnravelIndex")
    if isinstance(dims, Tensor) and dims.dtype == "int64":
        indices = indices.long()
    limit = torch.Size(sizes).numel()
    if indices.device.type == "cpu" and bool(((indices < 0) | (indices >= limit)).any()):
        raise InvalidArgumentError("index is out of bound as with dims [Op:UnravelIndex]")
    return torch.stack(ops.unravel_index.raw(indices, sizes))


# order and uniqueness -------------------------------------------------------------------------------------------------


def _different(x: Any, out_idx: Any) -> tuple[Any, torch.Tensor, torch.Tensor]:
    """The different elements in the order of their first appearance, the number of each element's, and counts."""
    if x.ndim != 1:
        raise InvalidArgumentError("unique expects a 1D vector. [Op:Unique]")
    wanted = dtypes.to_torch(out_idx)
    if isinstance(x, np.ndarray):
        numbers: dict[bytes, int] = {}
        idx = torch.tensor([numbers.setdefault(text, len(numbers)) for text in x], dtype=wanted)
        y = np.empty(len(numbers), dtype=object)
        y[:] = list(numbers)
        return y, idx, torch.bincount(idx, minlength=len(numbers)).to(wanted)
    needs_values(x, "unique")
    y, idx, count = ops.unique.raw(x, sorted=False, return_inverse=True, return_counts=True)
    return y, idx.to(wanted), count.to(wanted)


def _unique(x: Any, out_idx: Any = dtypes.int32, name: str | None = None) -> Unique:
    return Unique(*_different(x, out_idx)[:2])


def _unique_with_counts(x: Any, out_idx: Any = dtypes.int32, name: str | None = None) -> UniqueWithCounts:
    return UniqueWithCounts(*_different(x, out_idx))


@strict_op
@strings(_unique)
@dispatch.symbolic(symbolic_results.unique)
def unique(x: Array, out_idx: Any = dtypes.int32, name: str | None = None) -> Any:
    """The different elements of a vector in the order of their first appearance, and which of them each element is."""
    return _unique(x, out_idx)


@strict_op
@strings(_unique_with_counts)
@dispatch.symbolic(symbolic_results.unique_with_counts)
def unique_with_counts(x: Array, out_idx: Any = dtypes.int32, name: str | None = None) -> Any:
    """The different elements of a vector, which of them each element is, and how often each occurs."""
    return _unique_with_counts(x, out_idx)


@strict_op
def searchsorted(
    sorted_sequence: Array, values: Array, side: str = "left", out_type: Any = dtypes.int32, name: str | None = None
) -> Any:
    """Where ``values`` would go in sorted rows so that these stay sorted.

    Args:
        sorted_sequence, values: of the same shape up to the last axis.
        side: of equal elements, "left" gives the place before them, "right" the one after.

    Raises:
        ValueError: another ``side``.
    """
    if side not in ("left", "right"):
        raise ValueError(f"Argument `side` must be either 'right' or 'left'. Received: `side` = '{side}'.")
    check(sorted_sequence, REALS, "LowerBound")
    if not sorted_sequence.ndim or not values.ndim:
        raise InvalidArgumentError("searchsorted needs at least vectors [Op:LowerBound]")
    rows, wanted = (t.reshape(t.shape[:-1].numel(), t.shape[-1]).contiguous() for t in (sorted_sequence, values))
    if len(rows) != len(wanted):
        raise InvalidArgumentError(
            f"Leading dims of sorted_sequence {list(sorted_sequence.shape)} and values {list(values.shape)} must match"
        )
    found = torch.searchsorted(rows, wanted, right=side == "right")
    if side == "left" and wanted.is_floating_point():
        found = torch.where(wanted.isnan(), 0, found)  # nothing is less than NaN
    return found.reshape(values.shape).to(dtypes.to_torch(out_type or dtypes.int32))


def _sorted(values: torch.Tensor, axis: Any, direction: str) -> Any:
    if direction not in ("ASCENDING", "DESCENDING"):
        raise ValueError(
            f"Argument `direction` should be one of ASCENDING, DESCENDING. Received: direction={direction}"
        )
    check(values, REALS, "TopKV2")
    if not values.ndim:
        raise InvalidArgumentError("A scalar has no axis to sort along [Op:TopKV2]")
    return torch.sort(values, dim=whole(axis, "axis"), descending=direction == "DESCENDING", stable=True)


@strict_op
def sort(values: Array, axis: Any = -1, direction: str = "ASCENDING", name: str | None = None) -> Any:
    """The tensor in order along an axis.

    Raises:
        ValueError: ``direction`` is neither "ASCENDING" nor "DESCENDING".
    """
    return _sorted(values, axis, direction).values


@strict_op
def argsort(
    values: Array, axis: Any = -1, direction: str = "ASCENDING", stable: bool = False, name: str | None = None
) -> Any:
    """The indices (int32) that sort the tensor along an axis; equal elements keep their order."""
    return _sorted(values, axis, direction).indices.int()


# histograms -----------------------------------------------------------------------------------------------------------


def _bins(values: torch.Tensor, value_range: Any, nbins: int) -> torch.Tensor:
    bounds = dispatch.raw(value_range)
    if bounds.numel() != 2:
        raise InvalidArgumentError(f"value_range should be a vector of 2 elements, but got shape {list(bounds.shape)}")
    low, high = (float(v) for v in bounds.tolist())
    if nbins < 1:
        raise InvalidArgumentError(f"nbins should be a positive number, but got '{nbins}'")
    if not low < high:
        raise InvalidArgumentError(f"value_range should satisfy value_range[0] < value_range[1]: [{low}, {high}]")
    scaled = (values.double() - low) / (high - low) * nbins
    return torch.floor(scaled).clamp(0, nbins - 1).long()


@strict_op
def histogram_fixed_width_bins(
    values: Array, value_range: Any, nbins: Any = 100, dtype: Any = dtypes.int32, name: str | None = None
) -> Any:
    """The number of the interval that each element falls into, of ``nbins`` of equal width; the outer ones are open.

    As in TensorFlow the numbers are int32, whatever ``dtype`` says.
    """
    return _bins(values, value_range, int(nbins)).int()


@strict_op
def histogram_fixed_width(
    values: Array, value_range: Any, nbins: Any = 100, dtype: Any = dtypes.int32, name: str | None = None
) -> Any:
    """How many elements fall into each of ``nbins`` intervals of equal width; the outer ones are open."""
    count = int(nbins)
    found = torch.bincount(_bins(values, value_range, count).reshape(-1), minlength=count)
    return found.to(dtypes.to_torch(dtype))
