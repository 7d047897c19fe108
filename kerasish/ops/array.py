"""Shapes in ``keras.ops``: reshaping, joining, splitting, repeating, padding, diagonals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from kerasish.core import symbolic
from kerasish.core.dispatch import Array, Arrays, Strong, op, strings
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.ops.common import Axis, axis_index, axis_indices, integer_shape, moves

# reshaping ------------------------------------------------------------------------------------------------------------


def _new_shape(shape: Any) -> list[int]:
    """The argument of ``reshape``; ``None`` stands for an unknown dimension of a KerasTensor, to be inferred."""
    if isinstance(shape, (tuple, list)):
        shape = [-1 if dim is None else dim for dim in shape]
    return integer_shape(shape)


def _reshape_strings(x: np.ndarray, newshape: Any) -> np.ndarray:
    return x.reshape(_new_shape(newshape))


@op
@strings(_reshape_strings)
def reshape(x: Array, newshape: Any) -> Any:
    """The elements of x in another shape; one dimension may be -1, to be inferred.

    Raises:
        InvalidArgumentError: the number of elements does not fit.
    """
    try:
        return torch.reshape(x, newshape)  # half a microsecond faster than the method
    except (RuntimeError, TypeError):
        sizes = _new_shape(newshape)
    try:
        return x.reshape(sizes)
    except RuntimeError:
        if symbolic.has_stand_in(x, sizes):
            return reshaped_stand_in(x, sizes)
        raise InvalidArgumentError(
            f"Input to reshape is a tensor with {x.numel()} values (shape {tuple(x.shape)}), which do not fit the "
            f"requested shape {tuple(sizes)} [Op:Reshape]"
        ) from None


def reshaped_stand_in(x: torch.Tensor, sizes: list[int]) -> torch.Tensor:
    """What reshaping gives in a trace where the sizes that stand for unknown ones do not fit those asked for."""
    known = math.prod(size for size in sizes if size != -1)
    return x.new_empty([max(x.numel() // max(known, 1), 1) if size == -1 else size for size in sizes])


def _ravel_strings(x: np.ndarray) -> np.ndarray:
    return x.reshape(-1)


@op
@strings(_ravel_strings)
def ravel(x: Array) -> Any:
    """The elements of x as a vector."""
    return x.reshape(-1)


def _squeezed(shape: Sequence[int], axis: Axis) -> list[int]:
    axes = [i for i, n in enumerate(shape) if n == 1] if axis is None else axis_indices(axis, len(shape))
    for a in axes:
        if shape[a] != 1:
            raise fail(
                ValueError,
                f"Cannot squeeze axis={axis}, because the dimension is not 1",
                received=f"shape {tuple(shape)}",
            )
    return [n for i, n in enumerate(shape) if i not in axes]


def _squeeze_strings(x: np.ndarray, axis: Axis = None) -> np.ndarray:
    return x.reshape(_squeezed(x.shape, axis))


@op
@strings(_squeeze_strings)
def squeeze(x: Array, axis: Axis = None) -> Any:
    """x without its dimensions of length 1, or without those named.

    Raises:
        ValueError: a named dimension has another length.
    """
    if type(axis) is int and -x.ndim <= axis < x.ndim and x.shape[axis] == 1:
        return x.squeeze(axis)
    return x.reshape(_squeezed(x.shape, axis))


def _expanded(shape: Sequence[int], axis: int | Sequence[int]) -> list[int]:
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    rank = len(shape) + len(axes)
    for a in axes:
        if not -rank <= a < rank:
            raise ValueError(f"axis {a} is out of bounds for an array with dimension {rank}.")
    sizes = iter(shape)
    new = axis_indices(axes, rank)
    return [1 if i in new else next(sizes) for i in range(rank)]


def _expand_strings(x: np.ndarray, axis: Any) -> np.ndarray:
    return x.reshape(_expanded(x.shape, axis))


@op
@strings(_expand_strings)
def expand_dims(x: Array, axis: int | Sequence[int]) -> Any:
    """x with dimensions of length 1 at the places that ``axis`` names in the result."""
    if type(axis) is int:
        try:
            return x.unsqueeze(axis)
        except IndexError:  # worded below
            pass
    return x.reshape(_expanded(x.shape, axis))


def _broadcast_strings(x: np.ndarray, shape: Any) -> np.ndarray:
    return np.broadcast_to(x, integer_shape(shape)).copy()


@op
@strings(_broadcast_strings)
def broadcast_to(x: Array, shape: Any) -> Any:
    """x repeated along new axes and axes of length 1 so that it has ``shape``."""
    sizes = integer_shape(shape)
    try:
        return x.expand(sizes)
    except RuntimeError:
        raise InvalidArgumentError(f"Incompatible shapes: {list(x.shape)} vs. {sizes} [Op:BroadcastTo]") from None


# order of axes and elements -------------------------------------------------------------------------------------------


def _permutation(axes: Any, rank: int) -> list[int]:
    if axes is None:
        return list(range(rank))[::-1]
    order = [axis_index(a, rank) for a in axes]
    if sorted(order) != list(range(rank)):
        raise fail(
            ValueError,
            "`axes` must be a valid permutation of the input dimensions (no duplicates)",
            received=f"axes={list(axes)} for input of rank {rank}",
        )
    return order


def _transpose_strings(x: np.ndarray, axes: Any = None) -> np.ndarray:
    return x.transpose(_permutation(axes, x.ndim))


@op
@strings(_transpose_strings)
def transpose(x: Array, axes: Sequence[int] | None = None) -> Any:
    """x with its axes in the order ``axes``, reversed by default.

    Raises:
        ValueError: ``axes`` is no permutation.
    """
    if axes is not None:
        try:
            return torch.permute(x, axes)
        except (RuntimeError, TypeError, IndexError):  # worded below
            pass
    return torch.permute(x, _permutation(axes, x.ndim))


@op
@moves
def moveaxis(x: Array, source: int | Sequence[int], destination: int | Sequence[int]) -> Any:
    """x with the axes ``source`` at the places ``destination``; the others keep their order."""
    return torch.movedim(x, source, destination)


@op
@moves
def swapaxes(x: Array, axis1: int, axis2: int) -> Any:
    """x with two axes exchanged."""
    return x.transpose(axis1, axis2)


@op
@moves
def flip(x: Array, axis: Axis = None) -> Any:
    """x in reverse order along axes, all by default."""
    return torch.flip(x, axis_indices(axis, x.ndim))


@op
@moves
def flipud(x: Array) -> Any:
    """x in reverse order along the first axis."""
    return torch.flip(x, [axis_index(0, x.ndim)])


@op
@moves
def fliplr(x: Array) -> Any:
    """x in reverse order along the second axis."""
    return torch.flip(x, [axis_index(1, x.ndim)])


@op
@moves
def roll(x: Array, shift: int | Sequence[int], axis: Axis = None) -> Any:
    """x shifted along axes (flattened by default), what leaves one end entering at the other."""
    if axis is None:
        return torch.roll(x.reshape(-1), shift).reshape(x.shape)
    axes = list(axis) if isinstance(axis, (tuple, list)) else [axis]
    shifts = list(shift) if isinstance(shift, (tuple, list)) else [shift] * len(axes)
    return torch.roll(x, shifts, axes)


@op
@moves
def rot90(array: Array, k: int = 1, axes: Sequence[int] = (0, 1)) -> Any:
    """``array`` turned k times by 90° in the plane of two axes, from the first towards the second.

    Raises:
        ValueError: it has fewer than two dimensions, or the axes are not two different ones.
    """
    if array.ndim < 2:
        raise ValueError(f"Input array must have at least 2 dimensions. Received: array.ndim={array.ndim}")
    if len(axes) != 2 or len({axis_index(a, array.ndim) for a in axes}) < 2:
        raise ValueError(f"Invalid axes: {axes}. Axes must be a tuple of two different dimensions.")
    return torch.rot90(array, k, list(axes))


# joining --------------------------------------------------------------------------------------------------------------


def _join(xs: Sequence[torch.Tensor], axis: int, name: str) -> torch.Tensor:
    try:
        return torch.cat(tuple(xs), axis)
    except RuntimeError:
        shapes = [list(x.shape) for x in xs]
        raise InvalidArgumentError(
            f"ConcatOp : Dimensions of the inputs must match except along axis {axis}: shapes {shapes} [Op:{name}]"
        ) from None


def _concatenate_strings(xs: Sequence[np.ndarray], axis: int = 0) -> np.ndarray:
    return np.concatenate(xs, axis)


@op
@strings(_concatenate_strings)
def concatenate(xs: Arrays, axis: int = 0) -> Any:
    """Tensors joined along an existing axis.

    Raises:
        InvalidArgumentError: their other dimensions differ.
    """
    return _join(xs, axis, "ConcatV2")


def _stack_strings(x: Sequence[np.ndarray], axis: int = 0) -> np.ndarray:
    return np.stack(x, axis)


@op
@strings(_stack_strings)
def stack(x: Arrays, axis: int = 0) -> Any:
    """Tensors of one shape joined along a new axis.

    Raises:
        InvalidArgumentError: their shapes differ.
    """
    parts = tuple(x)
    try:
        return torch.stack(parts, axis)
    except RuntimeError:
        raise InvalidArgumentError(
            f"Shapes of all inputs must match: got {[list(part.shape) for part in parts]}. [Op:Pack]"
        ) from None


@op
@moves
def append(x1: Strong, x2: Strong, axis: int | None = None) -> Any:
    """x1 with x2 joined to its end along an axis; both flattened by default."""
    return torch.cat((x1.reshape(-1), x2.reshape(-1))) if axis is None else _join((x1, x2), axis, "ConcatV2")


@op
@moves
def hstack(xs: Arrays) -> Any:
    """Tensors joined along the second axis, vectors along the first."""
    parts = [torch.atleast_1d(x) for x in xs]
    return _join(parts, 0 if parts[0].ndim == 1 else 1, "ConcatV2")


@op
@moves
def vstack(xs: Arrays) -> Any:
    """Tensors joined along the first axis, vectors as rows."""
    return _join([torch.atleast_2d(x) for x in xs], 0, "ConcatV2")


@op
@moves
def dstack(xs: Arrays) -> Any:
    """Tensors joined along the third axis, vectors as rows (1, n, 1), matrices as (m, n, 1)."""
    return _join([torch.atleast_3d(x) for x in xs], 2, "ConcatV2")


# splitting ------------------------------------------------------------------------------------------------------------


def _sections(length: int, indices_or_sections: Any, axis: int) -> list[int]:
    """The lengths of the parts of an axis, given their number or the places to cut.

    Raises:
        InvalidArgumentError: the number does not divide the length, or a place is outside.
    """
    if hasattr(indices_or_sections, "__index__") and not getattr(indices_or_sections, "ndim", 0):
        number = indices_or_sections.__index__()
        if number <= 0 or length % number:
            raise InvalidArgumentError(
                f"Number of ways to split should evenly divide the split dimension, but got split_dim {axis} "
                f"(size = {length}) and num_split {number} [Op:Split]"
            )
        return [length // number] * number
    places = [0, *integer_shape(indices_or_sections), length]
    sizes = [after - before for before, after in zip(places, places[1:], strict=False)]
    if min(sizes) < 0:
        raise InvalidArgumentError(f"Split size must be >= 0: cuts {places[1:-1]} of a length of {length} [Op:SplitV]")
    return sizes


def _split_strings(x: np.ndarray, indices_or_sections: Any, axis: int = 0) -> list[np.ndarray]:
    axis = axis_index(axis, x.ndim)
    return np.split(x, np.cumsum(_sections(x.shape[axis], indices_or_sections, axis))[:-1], axis)


def _split(x: torch.Tensor, indices_or_sections: Any, axis: int) -> list[torch.Tensor]:
    axis = axis_index(axis, x.ndim)
    return list(torch.split(x, _sections(x.shape[axis], indices_or_sections, axis), axis))


@op
@strings(_split_strings)
def split(x: Array, indices_or_sections: Any, axis: int = 0) -> Any:
    """A list of the parts of x along an axis: so many equal ones, or cut before the given indices.

    Raises:
        InvalidArgumentError: it cannot be cut so.
    """
    return _split(x, indices_or_sections, axis)


@op
@moves
def array_split(x: Array, indices_or_sections: int, axis: int = 0) -> Any:
    """A list of so many parts of x along an axis; the first ones are longer by one where they cannot be equal.

    Raises:
        TypeError: the number is not an integer.
    """
    if not isinstance(indices_or_sections, int):
        raise fail(
            TypeError,
            "Argument `indices_or_sections` must be of type `int`",
            received=f"indices_or_sections={indices_or_sections}",
        )
    return list(torch.tensor_split(x, indices_or_sections, axis_index(axis, x.ndim)))


@op
@moves
def hsplit(x: Array, indices_or_sections: Any) -> Any:
    """``split`` along the second axis, of vectors along the first."""
    return _split(x, indices_or_sections, 0 if x.ndim == 1 else 1)


@op
@moves
def vsplit(x: Array, indices_or_sections: Any) -> Any:
    """``split`` along the first axis."""
    return _split(x, indices_or_sections, 0)


@op
@moves
def dsplit(x: Array, indices_or_sections: Any) -> Any:
    """``split`` along the third axis."""
    return _split(x, indices_or_sections, 2)


@op
@moves
def unstack(x: Array, num: int | None = None, axis: int = 0) -> Any:
    """A list of the slices of x along an axis, which they lose.

    Raises:
        InvalidArgumentError: ``num`` is given and not the length of the axis.
    """
    axis = axis_index(axis, x.ndim)
    if num is not None and num != x.shape[axis]:
        if symbolic.has_stand_in(x):
            return [x.select(axis, 0)] * num
        raise InvalidArgumentError(f"Input shape axis {axis} must equal {num}, got shape {list(x.shape)} [Op:Unpack]")
    return list(x.unbind(axis))
