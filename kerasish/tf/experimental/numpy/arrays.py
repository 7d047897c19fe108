"""``tf.experimental.numpy``: shapes, joining, cutting, picking."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch
from kerasish.core.dtypes import as_dtype
from kerasish.core.errors import AxisError, InvalidArgumentError
from kerasish.core.shape import TensorShape
from kerasish.ops import grid, index
from kerasish.ops.array import moveaxis as _moveaxis
from kerasish.ops.array import reshape as _reshape
from kerasish.ops.array import roll as _roll
from kerasish.ops.array import swapaxes as _swapaxes
from kerasish.ops.array import transpose as _transpose
from kerasish.tf.alias import NUMBERS, check
from kerasish.tf.experimental.numpy.conversion import (
    cast,
    promoted,
    promoted_pair,
    public,
    raw_array,
    settings,
)
from kerasish.tf.experimental.numpy.reductions import sum as total

# shapes ---------------------------------------------------------------------------------------------------------------


def shape(a: Any) -> TensorShape:
    """The sizes of the axes."""
    return TensorShape(raw_array(a).shape)


def ndim(a: Any) -> int:
    """The number of axes."""
    return raw_array(a).ndim


def size(x: Any, axis: int | None = None) -> Any:
    """The number of elements, or of those along an axis."""
    if axis is not None:
        raise NotImplementedError("axis argument is not supported in the current `np.size` implementation")
    return 1 if isinstance(x, numbers.Real) else np.int64(raw_array(x).numel())


def _by_columns(x: torch.Tensor, sizes: Any) -> torch.Tensor:
    reversed_axes = tuple(range(x.ndim))[::-1]
    out = _reshape.raw(x.permute(reversed_axes), list(sizes)[::-1])
    return out.permute(tuple(range(out.ndim))[::-1])


@public
def reshape(a: Any, newshape: Any, order: str = "C") -> Any:
    """The elements in another shape, in the order of rows ("C") or columns ("F").

    Raises:
        ValueError: another order.
    """
    if order not in ("C", "F"):
        raise ValueError(f"Unsupported order argument {order}")
    x = raw_array(a)
    sizes = [int(newshape)] if isinstance(newshape, (int, np.integer)) else raw_array(newshape).reshape(-1).tolist()
    return _by_columns(x, sizes) if order == "F" else _reshape.raw(x, sizes)


@public
def ravel(a: Any) -> Any:
    """All elements in one row."""
    return raw_array(a).reshape(-1)


@public
def flatten(a: Any, order: str = "C") -> Any:
    """All elements in one row, row by row ("C", "A", "K") or column by column ("F").

    Raises:
        ValueError: another order.
    """
    if order not in ("C", "A", "K", "F"):
        raise ValueError("order can only be 'C', 'A', 'K' (all row major) or 'F' (column major).")
    x = raw_array(a)
    return _by_columns(x, [-1]) if order == "F" else x.reshape(-1)


@public
def expand_dims(a: Any, axis: int) -> Any:
    """With an axis of size 1 more."""
    x = raw_array(a)
    if not isinstance(axis, (int, np.integer)):
        raise InvalidArgumentError(f"'dim' must be a tensor with a single value. Received: {axis!r} [Op:ExpandDims]")
    if not -x.ndim - 1 <= axis <= x.ndim:
        raise AxisError(f"Tried to expand dim index {axis} for tensor with {x.ndim} dimensions. [Op:ExpandDims]")
    return x.unsqueeze(axis)


@public
def squeeze(a: Any, axis: Any = None) -> Any:
    """Without axes of size 1."""
    x = raw_array(a)
    if axis is None:
        return x.squeeze()
    axes = [axis] if isinstance(axis, int) else list(axis)
    for i in axes:
        if not -x.ndim <= i < x.ndim:
            raise AxisError(f"Tried to squeeze dim index {i} for tensor with {x.ndim} dimensions. [Op:Squeeze]")
        if x.shape[i] != 1:
            raise InvalidArgumentError(f"Can not squeeze dim[{i}], expected a dimension of 1, got {x.shape[i]}")
    return x.squeeze(axes)


@public
def transpose(a: Any, axes: Any = None) -> Any:
    """The axes in another order; reversed by default."""
    x, order = raw_array(a), None if axes is None else raw_array(axes).reshape(-1).tolist()
    if order is not None and sorted(i + x.ndim if i < 0 else i for i in order) != list(range(x.ndim)):
        raise AxisError(f"transpose expects an order of {x.ndim} axes. Received: {order} [Op:Transpose]")
    return _transpose.raw(x, order)


@public
def moveaxis(a: Any, source: Any, destination: Any) -> Any:
    """With axes at other places."""
    return _moveaxis.raw(raw_array(a), source, destination)


@public
def swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    """With two axes exchanged."""
    return _swapaxes.raw(raw_array(a), axis1, axis2)


@public
def broadcast_to(array: Any, shape: Any) -> Any:
    """Repeated along axes of size 1 to a shape."""
    return raw_array(array).broadcast_to(raw_array(shape).reshape(-1).tolist())


@public
def broadcast_arrays(*args: Any, **kwargs: Any) -> Any:
    """Arrays, each repeated to their common shape.

    Raises:
        ValueError: ``subok=True`` or an unknown argument.
    """
    if kwargs.pop("subok", False):
        raise ValueError("subok=True is not supported.")
    if kwargs:
        raise ValueError(f"Received unsupported arguments {list(kwargs)}")
    if len(args) < 2:
        return tuple(map(raw_array, args))
    return list(torch.broadcast_tensors(*map(raw_array, args)))


def _at_least(arrays: tuple, rank: int) -> Any:
    out = []
    for value in arrays:
        x = raw_array(value)
        while x.ndim < rank:
            x = x.unsqueeze(-1 if rank == 3 and x.ndim == 2 else 0)
        out.append(x)
    return out[0] if len(out) == 1 else out


@public
def atleast_1d(*arys: Any) -> Any:
    """Numbers as vectors."""
    return _at_least(arys, 1)


@public
def atleast_2d(*arys: Any) -> Any:
    """Numbers and vectors as matrices of one row."""
    return _at_least(arys, 2)


@public
def atleast_3d(*arys: Any) -> Any:
    """With axes of size 1 in front of and behind a vector, behind a matrix."""
    return _at_least(arys, 3)


# flips ----------------------------------------------------------------------------------------------------------------


@public
def flip(m: Any, axis: int | None = None) -> Any:
    """In reverse order along an axis, or all."""
    x = raw_array(m)
    return x.flip(list(range(x.ndim)) if axis is None else [_inside(axis, x.ndim)])


def _inside(axis: int, rank: int) -> int:
    if not -rank <= axis < rank:
        raise AxisError(f"Axis {axis} is out of bounds for an array of {rank} axes.")
    return axis % rank


@public
def flipud(m: Any) -> Any:
    """In reverse order along the first axis."""
    return raw_array(m).flip([0])


@public
def fliplr(m: Any) -> Any:
    """In reverse order along the second axis; numbers as they are."""
    x = raw_array(m)
    return x.flip([1]) if x.ndim else x


@public
def roll(a: Any, shift: Any, axis: Any = None) -> Any:
    """Shifted along axes; what leaves at the end comes in at the start."""
    return _roll.raw(raw_array(a), shift, axis)


@public
def rot90(m: Any, k: int = 1, axes: Any = (0, 1)) -> Any:
    """Turned by 90 degrees k times; what is not turned is given back as it is."""
    if k % 4 == 0:
        return m
    x = raw_array(m)
    if x.ndim < 2:
        raise InvalidArgumentError(f"A matrix is needed to turn, got a rank of {x.ndim}.")
    return torch.rot90(x, k, tuple(axes))


# joining and cutting --------------------------------------------------------------------------------------------------


def _separate(arrays: Any) -> list[torch.Tensor]:
    return promoted(*(arrays if settings.kind is not None else map(raw_array, arrays)))


@public
def concatenate(arys: Any, axis: int | None = 0) -> Any:
    """Arrays behind each other."""
    parts = promoted(*arys) if isinstance(arys, (list, tuple)) else [raw_array(arys)]
    if axis is None:
        raise ValueError("An axis is needed: None is not served.")
    return _joined(parts, axis)


def _joined(parts: list[torch.Tensor], axis: int) -> torch.Tensor:
    if len(parts) == 1 and isinstance(axis, (int, np.integer)):
        return parts[0]
    for x in parts:
        _inside(axis, x.ndim)
        if x.ndim != parts[0].ndim or any(
            n != m for i, (n, m) in enumerate(zip(x.shape, parts[0].shape, strict=True)) if i != axis % x.ndim
        ):
            raise InvalidArgumentError("ConcatOp : Dimensions of inputs should match [Op:ConcatV2]")
    return torch.cat(parts, axis)


@public
def stack(arrays: Any, axis: int = 0) -> Any:
    """Arrays as the parts of a new axis."""
    if not isinstance(arrays, (list, tuple)):
        x = raw_array(arrays)
        return x if axis == 0 else _swapaxes.raw(x, 0, axis)
    if not arrays:
        return torch.zeros(0)
    parts = promoted(*arrays)
    rank = parts[0].ndim + 1
    if not -rank <= axis < rank:
        raise ValueError(f"Argument `axis` = {axis} not in range [{-rank}, {rank})")
    return torch.stack(parts, axis)


@public
def append(arr: Any, values: Any, axis: int | None = None) -> Any:
    """Values behind an array; both as one row without an axis."""
    if axis is not None:
        return _joined(promoted(arr, values), axis)
    return torch.cat([x.reshape(-1) for x in _separate((arr, values))])


@public
def hstack(tup: Any) -> Any:
    """Arrays side by side: along the second axis, vectors along the first."""
    parts = [x.reshape(1) if x.ndim == 0 else x for x in _separate(tup)]
    return _joined(parts, 0 if parts[0].ndim == 1 else 1)


@public
def vstack(tup: Any) -> Any:
    """Arrays below each other; vectors are rows."""
    return _joined([_at_least((x,), 2) for x in _separate(tup)], 0)


@public
def dstack(tup: Any) -> Any:
    """Arrays behind each other along the third axis."""
    return _joined([_at_least((x,), 3) for x in _separate(tup)], 2)


def _cut(x: torch.Tensor, indices_or_sections: Any, axis: int, kind: type[Exception] = ValueError) -> list:
    axis = _inside(axis, x.ndim)
    if isinstance(indices_or_sections, (int, np.integer)):
        if x.shape[axis] % indices_or_sections:
            raise kind(f"{indices_or_sections} parts of an axis of size {x.shape[axis]} are not of equal size.")
        return list(x.split(x.shape[axis] // int(indices_or_sections), axis))
    return list(x.tensor_split([int(i) for i in indices_or_sections], axis))


@public
def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    """Cut into so many equal parts, or at these places."""
    return _cut(raw_array(ary), indices_or_sections, axis, InvalidArgumentError)


@public
def hsplit(ary: Any, indices_or_sections: Any) -> Any:
    """Cut along the second axis, a vector along the first."""
    x = raw_array(ary)
    return _cut(x, indices_or_sections, min(1, x.ndim - 1))


@public
def vsplit(ary: Any, indices_or_sections: Any) -> Any:
    """Cut along the first axis."""
    return _cut(raw_array(ary), indices_or_sections, 0)


@public
def dsplit(ary: Any, indices_or_sections: Any) -> Any:
    """Cut along the third axis."""
    return _cut(raw_array(ary), indices_or_sections, 2)


# repeating and filling up ---------------------------------------------------------------------------------------------


@public
def tile(a: Any, reps: Any) -> Any:
    """Repeated as a whole along axes."""
    times = raw_array(reps, np.int64).reshape(-1).tolist()
    x = raw_array(a)
    return x.repeat([1] * (x.ndim - len(times)) + times)


@public
def repeat(a: Any, repeats: Any, axis: int | None = None) -> Any:
    """Each element, or each slice along an axis, so many times."""
    x = raw_array(a)
    if axis is None:
        x, axis = x.reshape(-1), 0
    if not -x.ndim <= axis < x.ndim:
        raise IndexError(f"axis {axis} is out of range for {x.ndim} axes")
    times = raw_array(repeats, np.int64).reshape(-1)
    if times.shape[0] not in (1, x.shape[axis]):
        raise ValueError(f"{times.shape[0]} repeats do not fit an axis of size {x.shape[axis]}.")
    return torch.repeat_interleave(x, times, axis)


@public
def pad(array: Any, pad_width: Any, mode: str, **kwargs: Any) -> Any:
    """Filled up at both ends of each axis.

    Args:
        mode: "constant" (with ``constant_values``), "reflect" or "symmetric".

    Raises:
        ValueError: another mode.
    """
    mode = str(mode).lower()
    if mode not in ("constant", "reflect", "symmetric"):
        raise ValueError(f"Unsupported padding mode: {mode}")
    x = raw_array(array)
    widths = raw_array(pad_width, np.int32).tolist()
    if np.shape(widths) != (x.ndim, 2):
        raise InvalidArgumentError(f"paddings must be a matrix of {x.ndim} rows and 2 columns: {widths} [Op:Pad]")
    values = kwargs.get("constant_values", 0)
    return grid.pad.raw(x, widths, mode, values if mode == "constant" else None)


# diagonals ------------------------------------------------------------------------------------------------------------


@public
def diag(v: Any, k: int = 0) -> Any:
    """A matrix with a vector on its diagonal, or a matrix's diagonal.

    Raises:
        ValueError: neither a vector nor a matrix.
    """
    x = raw_array(v)
    if x.ndim not in (1, 2):
        raise AxisError(f"Shape {tuple(x.shape)} must have rank 1 or 2")
    return torch.diag(x, k) if x.ndim == 1 or -x.shape[0] < k < x.shape[1] else x.new_zeros(0)


@public
def diagflat(v: Any, k: int = 0) -> Any:
    """A matrix with all elements on its diagonal."""
    return torch.diag(raw_array(v).reshape(-1), k)


@public
def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The diagonal of two axes, as the last axis."""
    x = raw_array(a)
    if x.ndim < 2:
        raise InvalidArgumentError(f"A matrix is needed, got a rank of {x.ndim}.")
    return x.diagonal(offset, axis1, axis2)


@public
def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None) -> Any:
    """The sum of the diagonal; of integers mostly in int64."""
    x = raw_array(a, dtype)
    if x.ndim < 2:
        raise InvalidArgumentError(f"A matrix is needed, got a rank of {x.ndim}.")
    values = x.diagonal(offset, axis1, axis2)
    last = (axis1 % x.ndim, axis2 % x.ndim) == (x.ndim - 2, x.ndim - 1)
    kind = x.dtype if dtype is None and offset == 0 and last else dtype  # TensorFlow has an operation for these
    if kind is not None:
        check(x, NUMBERS, "Sum")
    return total(values, -1, kind)._t


def _triangle(m: Any, k: int, lower: bool, name: str) -> torch.Tensor:
    x = raw_array(m)
    if x.ndim < 2:
        raise ValueError(f"Argument to {name} must have rank at least 2")
    if x.dtype is torch.bool:
        raise TypeError("Cannot convert 0 to EagerTensor of dtype bool")
    return x.tril(k) if lower else x.triu(k)


@public
def tril(m: Any, k: int = 0) -> Any:
    """The diagonal and what is below it; zeros above."""
    return _triangle(m, k, True, "tril")


@public
def triu(m: Any, k: int = 0) -> Any:
    """The diagonal and what is above it; zeros below."""
    return _triangle(m, k, False, "triu")


# picking --------------------------------------------------------------------------------------------------------------


@public
def nonzero(a: Any) -> Any:
    """The places of what is not zero, one vector per axis."""
    x = raw_array(a)
    x = cast(x.reshape(1) if x.ndim == 0 else x, torch.bool)
    return list(torch.nonzero(x, as_tuple=True))


@public
def where(condition: Any, x: Any = None, y: Any = None) -> Any:
    """x where the condition holds, y elsewhere; without them the places where it does.

    Raises:
        ValueError: one of x and y alone.
    """
    chosen = raw_array(condition, np.bool_)
    if (x is None) != (y is None):
        raise ValueError("Both x and y must be ndarrays, or both must be None.")
    if x is None:
        return list(torch.nonzero(chosen.reshape(1) if chosen.ndim == 0 else chosen, as_tuple=True))
    return torch.where(chosen, *promoted(x, y))


@public
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """Of several choices the first whose condition holds.

    Raises:
        ValueError: not as many conditions as choices, or none.
    """
    if len(condlist) != len(choicelist):
        raise ValueError(f"condlist must have length equal to choicelist ({len(condlist)} vs {len(choicelist)})")
    if not condlist:
        raise ValueError("condlist must be non-empty")
    result, *choices = promoted(default, *choicelist)
    for condition, choice in list(zip(condlist, choices, strict=True))[::-1]:
        result = torch.where(raw_array(condition, np.bool_), choice, result)
    return result


@public
def take(a: Any, indices: Any, axis: int | None = None, out: Any = None, mode: str = "clip") -> Any:
    """Elements, or slices along an axis, at these places.

    Args:
        mode: what places outside count as: the nearest inside ("clip") or around the end ("wrap").

    Raises:
        ValueError: ``out``, or another mode.
    """
    if out is not None:
        raise ValueError("out argument is not supported in take.")
    if mode not in ("raise", "clip", "wrap"):
        raise ValueError(f"Invalid mode '{mode}' for take")
    if mode == "raise":
        raise ValueError("The 'raise' mode of take is not served; use 'clip' or 'wrap'.")
    x, places = raw_array(a), raw_array(indices).to(torch.int64)
    if axis is None:
        x, axis = x.reshape(-1), 0
    size = x.shape[_inside(axis, x.ndim)]
    places = places.clamp(0, size - 1) if mode == "clip" else torch.remainder(places, size)
    return index.take.raw(x, places, axis)


@public
def take_along_axis(arr: Any, indices: Any, axis: int | None) -> Any:
    """Elements along an axis at places that an array of the same rank says."""
    x, places = raw_array(arr), raw_array(indices).to(torch.int64)
    if axis is None:
        x, axis = x.reshape(-1), 0
        places = places.reshape(-1) if places.ndim != 1 else places
    if x.ndim != places.ndim:
        raise ValueError("indices and arr must have the same rank")
    return index.take_along_axis.raw(x, places, axis)


@public
def compress(condition: Any, a: Any, axis: int | None = None) -> Any:
    """The slices along an axis for which a condition holds."""
    chosen, x = raw_array(condition, np.bool_), raw_array(a)
    if chosen.ndim != 1:
        raise ValueError("condition must be a 1-d array.")
    if axis is None:
        x, axis = x.reshape(-1), 0
    places = torch.nonzero(chosen).reshape(-1)
    if len(places) and int(places[-1]) >= x.shape[axis]:
        raise ValueError(f"Place {int(places[-1])} is outside of an axis of size {x.shape[axis]}.")
    if x.dtype in dispatch.WIDE_UNSIGNED:  # torch picks none of these
        return index.take.raw(x.to(torch.int64), places, axis).to(x.dtype)
    return index.take.raw(x, places, axis)


@public
def clip(a: Any, a_min: Any, a_max: Any) -> Any:
    """Not below one bound, not above the other.

    Raises:
        ValueError: neither bound.
    """
    if a_min is None and a_max is None:
        raise ValueError("Not more than one of `a_min` and `a_max` may be `None`.")
    given = [b for b in (a_min, a_max) if b is not None]
    x, *bounds = (promoted if len(given) == 2 else promoted_pair)(a, *given)
    if a_max is not None:
        x = torch.minimum(x, bounds[-1])
    return torch.maximum(x, bounds[0]) if a_min is not None else x  # where they cross, the lower bound wins


@public
def ix_(*args: Any) -> Any:
    """Places per axis, shaped so that together they pick a block.

    Raises:
        ValueError: an argument is no vector, or of floats.
    """
    out = []
    for i, value in enumerate(args):
        x = raw_array(value)
        if x.ndim != 1:
            raise ValueError("Arguments must be 1-d")
        if x.is_floating_point() or x.is_complex():
            raise ValueError(f"Only integer and bool dtypes are supported, got {as_dtype(x.dtype)!s}")
        x = torch.nonzero(x).reshape(-1) if x.dtype is torch.bool else x
        out.append(x.reshape([-1 if j == i else 1 for j in range(len(args))]))
    return out


@public
def polyval(p: Any, x: Any) -> Any:
    """A polynomial's value; the highest power's coefficient comes first."""
    coefficients, values = promoted_pair(p, x)
    check(values, NUMBERS, "Mul")
    try:
        return _horner(coefficients, values)
    except NotImplementedError as error:
        return dispatch.in_int64(_horner, [coefficients, values], {}, error)


def _horner(coefficients: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    result = torch.zeros_like(values)
    for c in coefficients.unbind(0):
        result = result * values + c
    return result


def isscalar(num: Any) -> bool:
    """Whether a value is a number, of Python, NumPy or a tensor without axes."""
    if dispatch.is_tensor(num):
        return raw_array(num).ndim == 0
    return num.ndim == 0 if isinstance(num, np.ndarray) else bool(np.isscalar(num))
