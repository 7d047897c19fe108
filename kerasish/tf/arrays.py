"""Shapes in ``tf``: reshaping, joining, splitting, repeating, padding, and what a tensor's shape is.

Names of Python's own functions (``slice``) are shadowed here.
"""

from __future__ import annotations

import builtins
import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from kerasish import ops
from kerasish.core import dispatch, dtypes, symbolic
from kerasish.core import shape as shapes
from kerasish.core.context import local
from kerasish.core.dispatch import Array, Arrays, strict_op, strings
from kerasish.core.errors import InvalidArgumentError, ShapeMismatchError, fail
from kerasish.core.indexing import index_raw
from kerasish.core.shape import TensorShape
from kerasish.core.tensor import Tensor
from kerasish.ops.array import reshaped_stand_in
from kerasish.ops.common import integer_shape, moves, whole
from kerasish.tf import symbolic_results
from kerasish.tf.dynamic_shape import DynamicRaggedShape

# what a tensor's shape is ---------------------------------------------------------------------------------------------
# These numbers are known to the host and needed there, so they stay on it whatever device the tensor is on.


def _numbers(value: Any, out_type: Any) -> torch.Tensor:
    return torch.tensor(value, dtype=dtypes.to_torch("int32" if out_type is None else out_type), device="cpu")


def _shape_of_strings(input: np.ndarray, out_type: Any = None, name: str | None = None) -> torch.Tensor:
    return _numbers(input.shape, out_type)


@strict_op
@strings(_shape_of_strings)
def shape(input: Array, out_type: Any = None, name: str | None = None) -> Any:
    """The shape as a vector, int32 by default."""
    return _numbers(input.shape, out_type)


def shape_n(input: Sequence, out_type: Any = dtypes.int32, name: str | None = None) -> list:
    """The shapes of several tensors."""
    return [shape(x, out_type) for x in input]


def _size_of_strings(input: np.ndarray, out_type: Any = None, name: str | None = None) -> torch.Tensor:
    return _numbers(input.size, out_type)


@strict_op
@strings(_size_of_strings)
def size(input: Array, out_type: Any = None, name: str | None = None) -> Any:
    """The number of elements, as an int32 by default."""
    return _numbers(input.numel(), out_type)


def _rank_of_strings(input: np.ndarray, name: str | None = None) -> torch.Tensor:
    return _numbers(input.ndim, None)


@strict_op
@strings(_rank_of_strings)
def rank(input: Array, name: str | None = None) -> Any:
    """The number of dimensions, as an int32."""
    return _numbers(input.ndim, None)


def _states_shape(operation: Callable) -> Callable:
    """Let a dataset's trial of its function know what shape the program says that the result has."""

    @functools.wraps(operation)
    def stated(x: Array, shape: Any, name: str | None = None) -> Any:
        result = operation(x, shape, name)
        if local.shapeless:
            local.shapeless[id(result)] = (result, TensorShape(shape))
        return result

    return stated


@_states_shape
@strict_op
@moves
@dispatch.symbolic(symbolic_results.ensure_shape)
def ensure_shape(x: Array, shape: Any, name: str | None = None) -> Any:
    """x itself.

    Raises:
        InvalidArgumentError: x has not this shape, in which ``None`` stands for any length.
    """
    if not TensorShape(shape).is_compatible_with(x.shape):
        raise ShapeMismatchError(
            f"Shape of tensor input {list(x.shape)} is not compatible with expected shape {list(TensorShape(shape))}. "
            "[Op:EnsureShape]"
        )
    return x


def broadcast_static_shape(shape_x: Any, shape_y: Any) -> TensorShape:
    """The shape of an elementwise result, given as ``TensorShape``.

    Raises:
        ValueError: the shapes do not fit.
    """
    first, second = TensorShape(shape_x), TensorShape(shape_y)
    if first.rank is None or second.rank is None:
        return TensorShape(None)
    return TensorShape(shapes.broadcast_shapes(first, second))


def broadcast_dynamic_shape(shape_x: Any, shape_y: Any) -> Tensor:
    """The shape of an elementwise result, as a vector.

    Raises:
        InvalidArgumentError: the shapes do not fit.
    """
    if symbolic.any_symbolic((shape_x, shape_y)):
        return symbolic.call(broadcast_dynamic_shape, (shape_x, shape_y), {})
    first, second = integer_shape(shape_x), integer_shape(shape_y)
    try:
        result = shapes.broadcast_shapes(first, second)
    except ValueError:
        raise InvalidArgumentError(f"Incompatible shapes: {first} vs. {second} [Op:BroadcastArgs]") from None
    wide = any(dispatch.is_tensor(shape) and shape.dtype == "int64" for shape in (shape_x, shape_y))
    return dispatch.wrap(_numbers(result, dtypes.int64 if wide else None))


# reshaping ------------------------------------------------------------------------------------------------------------


@strict_op
@moves
def reshape(tensor: Array, shape: Any, name: str | None = None) -> Any:
    """The elements of a tensor in another shape; one dimension may be -1, to be inferred.

    Raises:
        InvalidArgumentError: the number of elements does not fit.
    """
    try:
        return torch.reshape(tensor, shape)  # half a microsecond faster than the method
    except (RuntimeError, TypeError):
        if isinstance(shape, DynamicRaggedShape):
            return shape._filled(dispatch.wrap(tensor.reshape(shape._inner)))
        sizes = integer_shape(shape)
    try:
        return tensor.reshape(sizes)
    except RuntimeError:
        if symbolic.has_stand_in(tensor, sizes):
            return reshaped_stand_in(tensor, sizes)
        raise InvalidArgumentError(_misfit(tensor.numel(), sizes)) from None


def _misfit(count: int, sizes: list[int]) -> str:
    inferred = [i for i, n in enumerate(sizes) if n == -1]
    known = torch.Size(n for n in sizes if n != -1).numel()
    if len(inferred) > 1:
        return f"Only one input size may be -1, not both {inferred[0]} and {inferred[1]} [Op:Reshape]"
    if any(n < -1 for n in sizes):
        return f"Size {sizes.index(min(sizes))} must be non-negative, not {min(sizes)} [Op:Reshape]"
    needs = f"requires a multiple of {known}" if inferred else f"has {known}"
    return f"Input to reshape is a tensor with {count} values, but the requested shape {needs} [Op:Reshape]"


@strict_op
@moves
def expand_dims(input: Array, axis: Any, name: str | None = None) -> Any:
    """The tensor with a dimension of length 1 at the place ``axis`` of the result.

    Raises:
        InvalidArgumentError: there is no such place.
    """
    if not isinstance(axis, int):
        places = integer_shape(axis)
        if len(places) != 1:
            raise InvalidArgumentError("'dim' must be a tensor with a single value [Op:ExpandDims]")
        axis = places[0]
    try:
        return input.unsqueeze(axis)
    except IndexError:
        raise InvalidArgumentError(
            f"Tried to expand dim index {axis} for tensor with {input.ndim} dimensions. [Op:ExpandDims]"
        ) from None


@strict_op
@moves
def squeeze(input: Array, axis: Any = None, name: str | None = None) -> Any:
    """The tensor without its dimensions of length 1, or without those named.

    Raises:
        InvalidArgumentError: a named dimension has another length, or does not exist.
    """
    if axis is None:
        return input.squeeze()
    if type(axis) is int and -input.ndim <= axis < input.ndim and input.shape[axis] == 1:
        return input.squeeze(axis)
    named = set()
    for place in integer_shape(axis):
        if not -input.ndim <= place < input.ndim:
            raise InvalidArgumentError(
                f"Tried to squeeze dim index {place} for tensor with {input.ndim} dimensions. [Op:Squeeze]"
            )
        if input.shape[place] != 1:
            raise InvalidArgumentError(
                f"Can not squeeze dim[{place}], expected a dimension of 1, got {input.shape[place]} [Op:Squeeze]"
            )
        named.add(place % input.ndim)
    return input.squeeze(tuple(named)) if named else input.squeeze()


_REVERSED = [tuple(range(rank - 1, -1, -1)) for rank in range(65)]  # torch's tensors have at most 64 axes


@strict_op
@moves
def transpose(a: Array, perm: Any = None, conjugate: bool = False, name: str | None = "transpose") -> Any:
    """The tensor with its axes in the order ``perm``, reversed by default; ``conjugate`` also conjugates it.

    Raises:
        InvalidArgumentError: ``perm`` is no permutation.
    """
    if not conjugate and not a.is_complex():
        try:
            return torch.permute(a, _REVERSED[a.ndim] if perm is None else perm)
        except (RuntimeError, TypeError, IndexError):  # worded below
            pass
    order = list(range(a.ndim))[::-1] if perm is None else [p % a.ndim if p < 0 else p for p in integer_shape(perm)]
    if len(order) != a.ndim:
        raise InvalidArgumentError(
            f"transpose expects a vector of size {a.ndim}. But input(1) is a vector of size {len(order)} [Op:Transpose]"
        )
    missing = set(range(a.ndim)) - set(order)
    if missing:
        raise InvalidArgumentError(f"{min(missing)} is missing from {{{','.join(map(str, order))}}}. [Op:Transpose]")
    result = a.permute(order)
    return torch.conj(result).resolve_conj() if conjugate and a.is_complex() else result


@strict_op
@moves
def broadcast_to(input: Array, shape: Any, name: str | None = None) -> Any:
    """The tensor repeated along new axes and axes of length 1 so that it has ``shape``.

    Raises:
        InvalidArgumentError: it does not fit.
    """
    return ops.broadcast_to.raw(input, shape)


@strict_op
@moves
def identity(input: Array, name: str | None = None) -> Any:
    """The tensor, or its value where the original may change."""
    return input.view_as(input)


@strict_op
@moves
def stop_gradient(input: Array, name: str | None = None) -> Any:
    """The tensor as a constant: gradients do not pass."""
    return input.detach()


def identity_n(input: Sequence, name: str | None = None) -> list:
    """Several tensors, or their values where the originals may change.

    Raises:
        InvalidArgumentError: there is none.
    """
    if not len(input):
        raise InvalidArgumentError("Length for attr 'T' of 0 must be at least minimum 1 [Op:IdentityN]")
    return [identity(x) for x in input]


# joining --------------------------------------------------------------------------------------------------------------


def _on_one_device(parts: list[torch.Tensor]) -> list[torch.Tensor]:
    """Numbers of a shape, which are on the host, together with others: all on the others' device."""
    devices = {part.device for part in parts if part.device.type != "cpu"}
    return [part.to(next(iter(devices))) for part in parts] if devices else parts


@strict_op
@moves
def concat(values: Arrays, axis: Any, name: str | None = "concat") -> Any:
    """Tensors joined along an existing axis.

    Raises:
        InvalidArgumentError: their other dimensions differ, or they are scalars.
    """
    try:
        if len(values) > 1:
            return torch.cat(values, axis)
    except (RuntimeError, IndexError, TypeError):  # worded below
        pass
    if isinstance(values, torch.Tensor) or len(values) == 1:
        return values if isinstance(values, torch.Tensor) else values[0]
    try:
        return torch.cat(values, axis if type(axis) is int else whole(axis, "axis"))
    except (RuntimeError, IndexError, ValueError) as error:
        if len({part.device for part in values}) > 1:
            return torch.cat(_on_one_device(values), axis.__index__())
        raise InvalidArgumentError(_why_not_joined(values, axis.__index__()) or f"{error} [Op:ConcatV2]") from None


def _why_not_joined(values: list[torch.Tensor], axis: int) -> str | None:
    if not values:
        return "concat needs at least one tensor [Op:ConcatV2]"
    first = values[0]
    if first.ndim == 0:
        return "ConcatOp : Can't concatenate scalars (use tf.stack instead) [Op:ConcatV2]"
    if not -first.ndim <= axis < first.ndim:
        return (
            f"ConcatOp : Expected concatenating dimensions in the range [{-first.ndim}, {first.ndim}), but got {axis}"
        )
    for i, other in enumerate(values[1:], 1):
        if other.ndim != first.ndim:
            return (
                f"ConcatOp : Ranks of all input tensors should match: shape[0] = {list(first.shape)} vs. "
                f"shape[{i}] = {list(other.shape)} [Op:ConcatV2]"
            )
        for place, (n, m) in enumerate(zip(first.shape, other.shape)):
            if n != m and place != axis % first.ndim:
                return (
                    f"ConcatOp : Dimension {place} in both shapes must be equal: shape[0] = {list(first.shape)} vs. "
                    f"shape[{i}] = {list(other.shape)} [Op:ConcatV2]"
                )
    return None


@strict_op
@moves
def stack(values: Arrays, axis: Any = 0, name: str | None = "stack") -> Any:
    """Tensors of one shape joined along a new axis; of Python's numbers as ``tf.constant`` makes them.

    Raises:
        InvalidArgumentError: their shapes differ.
        ValueError: there is no such axis.
    """
    try:
        return torch.stack(values, axis)
    except (RuntimeError, IndexError, TypeError):  # worded below
        pass
    if isinstance(values, torch.Tensor):
        if not values.ndim:
            return values
        values = list(values.unbind(0))
    if not values:
        return torch.zeros(0)
    axis, first = axis if type(axis) is int else whole(axis, "axis"), values[0]
    if not -first.ndim - 1 <= axis <= first.ndim:
        raise ValueError(f"Argument `axis` = {axis} not in range [{-first.ndim - 1}, {first.ndim + 1})")
    try:
        return torch.stack(values, axis)
    except RuntimeError:
        if len({part.device for part in values}) > 1:
            return torch.stack(_on_one_device(values), axis)
        i = next(i for i, part in enumerate(values) if part.shape != first.shape)
        raise InvalidArgumentError(
            f"Shapes of all inputs must match: values[0].shape = {list(first.shape)} != values[{i}].shape = "
            f"{list(values[i].shape)} [Op:Pack]"
        ) from None


def parallel_stack(values: Any, name: str | None = "parallel_stack") -> Any:
    """Tensors of one shape as one tensor, along a new first axis; in functions of ``tf.function`` only.

    Raises:
        RuntimeError: called elsewhere.
    """
    if local.function is None:
        raise RuntimeError("tf.parallel_stack() is not compatible with eager execution.")
    return stack(values)


@strict_op
@moves
def meshgrid(*args: Array, indexing: str = "xy", name: str | None = None) -> Any:
    """A list of tensors: the coordinates, along each axis, of all points of the grid that vectors span.

    Args:
        indexing: "xy" has the first two axes exchanged, as pictures have them; "ij" not.

    Raises:
        ValueError: another ``indexing``.
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(f"Argument `indexing` parameter must be either 'xy' or 'ij', got '{indexing}'")
    return ops.meshgrid.raw(*args, indexing=indexing) if args else []


# splitting ------------------------------------------------------------------------------------------------------------


def _axis_of(x: torch.Tensor, axis: Any) -> int:
    axis = axis if type(axis) is int else whole(axis, "axis")
    if not -x.ndim <= axis < x.ndim:
        raise ValueError(f"Argument `axis` = {axis} not in range [{-x.ndim}, {x.ndim})")
    return axis


@strict_op
@moves
def unstack(value: Array, num: int | None = None, axis: Any = 0, name: str | None = "unstack") -> Any:
    """A list of the slices of a tensor along an axis, which they lose.

    Raises:
        ValueError: there is no such axis.
        InvalidArgumentError: ``num`` is given and not its length.
    """
    if num is None and type(axis) is int and -value.ndim <= axis < value.ndim:
        return list(value.unbind(axis))
    return ops.unstack.raw(value, num, _axis_of(value, axis))


@strict_op
@moves
def split(
    value: Array, num_or_size_splits: Any, axis: Any = 0, num: int | None = None, name: str | None = "split"
) -> Any:
    """A list of the parts of a tensor along an axis: so many equal ones, or of the given lengths.

    Args:
        num_or_size_splits: the number of parts, or the list of their lengths, one of which may be -1.
        num: the number of parts, where their lengths are in a tensor.

    Raises:
        ValueError: the number of parts is given as a tensor.
        InvalidArgumentError: the parts do not fit.
    """
    axis = axis if type(axis) is int else whole(axis, "axis")
    if not -value.ndim <= axis < value.ndim:
        raise InvalidArgumentError(
            f"-input rank(-{value.ndim}) <= split_dim < input rank ({value.ndim}), but got {axis} [Op:Split]"
        )
    length = value.shape[axis]
    if dispatch.is_tensor(num_or_size_splits) and not num_or_size_splits.ndim:
        raise ValueError(
            "Rank-0 tensors are not supported as the num_or_size_splits argument to split. Argument provided: "
            f"{num_or_size_splits}"
        )
    if isinstance(num_or_size_splits, (int, np.integer)):
        if num_or_size_splits < 1:
            raise InvalidArgumentError(f"Value for attr 'num_split' of {num_or_size_splits} must be at least minimum 1")
        if length % num_or_size_splits:
            raise InvalidArgumentError(
                f"Number of ways to split should evenly divide the split dimension, but got split_dim {axis} (size = "
                f"{length}) and num_split {num_or_size_splits} [Op:Split]"
            )
        return list(torch.split(value, length // num_or_size_splits, axis)) if length else [value] * num_or_size_splits
    return list(torch.split(value, _part_lengths(integer_shape(num_or_size_splits), length, num), axis))


def _part_lengths(lengths: list[int], length: int, num: int | None) -> list[int]:
    if num is not None and num != len(lengths):
        raise InvalidArgumentError(
            "size of the split_tensor must be 1-D and have the same elements as outputs got 1 -D and "
            f"{len(lengths)} elements [Op:SplitV]"
        )
    given = sum(n for n in lengths if n != -1)
    if lengths.count(-1) == 1 and given <= length:
        return [length - given if n == -1 else n for n in lengths]
    if given != length or -1 in lengths:
        raise InvalidArgumentError(
            "Determined shape must either match input shape along split_dim exactly if fully specified, or be less than "
            f"the size of the input along split_dim if not fully specified. Got: {given} [Op:SplitV]"
        )
    return lengths


@strict_op
@moves
def slice(input_: Array, begin: Any, size: Any, name: str | None = None) -> Any:
    """The block of ``size`` that begins at ``begin``; a size of -1 reaches to the end.

    Raises:
        InvalidArgumentError: the block reaches outside.
    """
    starts, sizes = integer_shape(begin), integer_shape(size)
    if not len(starts) == len(sizes) == input_.ndim:
        raise InvalidArgumentError(
            f"Expected begin and size arguments to be 1-D tensors of size {input_.ndim}, but got shapes "
            f"[{len(starts)}] and [{len(sizes)}] instead. [Op:Slice]"
        )
    for axis, start in enumerate(starts):
        if not 0 <= start <= input_.shape[axis]:
            raise InvalidArgumentError(
                f"Expected begin[{axis}] in [0, {input_.shape[axis]}], but got {start} [Op:Slice]"
            )
    return ops.slice.raw(input_, starts, sizes)


@strict_op
@moves
def strided_slice(
    input_: Array,
    begin: Any,
    end: Any,
    strides: Any = None,
    begin_mask: int = 0,
    end_mask: int = 0,
    ellipsis_mask: int = 0,
    new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
    var: Any = None,
    name: str | None = None,
) -> Any:
    """``input_[begin:end:strides]`` along each axis; bit i of a mask concerns the i-th entry.

    Args:
        begin_mask, end_mask: entries without a begin or end.
        ellipsis_mask, new_axis_mask, shrink_axis_mask: entries that are ``...``, ``tf.newaxis``, or single indices.

    Raises:
        NotImplementedError: ``var`` is given, the variable that an assignment to a slice in a graph would change.
    """
    if var is not None:
        raise fail(NotImplementedError, "strided_slice's `var` belongs to assignments to slices in graphs")
    starts, stops = integer_shape(begin), integer_shape(end)
    steps = [1] * len(starts) if strides is None else integer_shape(strides)
    key: list[Any] = []
    for i, (start, stop, step) in enumerate(zip(starts, stops, steps)):
        bit = 1 << i
        if ellipsis_mask & bit:
            key.append(Ellipsis)
        elif new_axis_mask & bit:
            key.append(None)
        elif shrink_axis_mask & bit:
            key.append(start)
        else:
            first, last = (None if begin_mask & bit else start), (None if end_mask & bit else stop)
            key.append(builtins.slice(first, last, step))
    return index_raw(input_, tuple(key))
