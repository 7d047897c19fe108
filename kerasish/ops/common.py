"""What the operations share: dtypes that a computation needs, and axes as users write them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
import torch

from kerasish.core import dtypes, tree
from kerasish.core.dispatch import OPS, is_tensor
from kerasish.core.errors import AxisError, DTypeMismatchError, InvalidArgumentError, fail
from kerasish.core.storage import host

F = TypeVar("F", bound=Callable)

Axis = int | Sequence[int] | None


def alias(name: str, operation: Callable) -> Callable:
    """A second public name of an operation."""
    OPS[name] = operation
    return operation


def torch_dtype(dtype: Any) -> torch.dtype:
    """The torch dtype that a user's ``dtype`` argument names.

    Raises:
        ValueError: nothing of that name is known.
        TypeError: it is ``string``, which torch does not have.
    """
    known = dtypes.BY_NAME.get(dtype) if type(dtype) is str else None
    return dtypes.to_torch(dtypes.standardize(dtype) if known is None else known)


def nan_note(values: torch.Tensor) -> str:
    """For messages about integers that came from ``values``: a sentence if one of them was NaN, else nothing."""
    if values.is_floating_point() and bool(values.isnan().any()):
        return " The data contains NaN, which no integer stands for."
    return ""


def floating(x: Any) -> Any:
    """``x`` as floats: integers and booleans become ``floatx``, int64 too, as in Keras; Python numbers pass."""
    if not isinstance(x, torch.Tensor) or x.is_floating_point() or x.is_complex():
        return x
    return x.to(dtypes.floatx())


def floating_wide(x: torch.Tensor) -> torch.Tensor:
    """Like ``floating``, but int64 becomes float64: a few functions of Keras keep its precision."""
    return x.double() if x.dtype is torch.int64 else floating(x)


def numbers(x: torch.Tensor) -> torch.Tensor:
    """Booleans as int32; anything else as it is."""
    return x.int() if x.dtype is torch.bool else x


def in_float32(function: Callable[..., torch.Tensor], *xs: torch.Tensor) -> torch.Tensor:
    """``function(*xs)`` of tensors of one dtype; 16-bit ones are computed in float32, the result has their dtype."""
    dtype = xs[0].dtype
    if dtype in (torch.float16, torch.bfloat16):
        return function(*(x.float() for x in xs)).to(dtype)
    return function(*xs)


def whole(value: Any, name: str) -> int:
    """An argument that is an integer, as Python's.

    Raises:
        DTypeMismatchError: it is none.
    """
    try:
        return value.__index__()
    except (AttributeError, TypeError):
        raise fail(DTypeMismatchError, f"'{name}' must be an integer", received=repr(value)) from None


def axis_index(axis: int, rank: int) -> int:
    """``axis`` counted from the front.

    Raises:
        AxisError: a tensor of ``rank`` dimensions has no such axis.
    """
    index = axis if type(axis) is int else whole(axis, "axis")
    if not -rank <= index < rank:
        raise AxisError(f"axis {index} is out of bounds for a tensor of {rank} dimensions")
    return index % rank


def axis_indices(axis: Axis, rank: int) -> list[int]:
    """The axes of a reduction, counted from the front; ``None`` means all of them.

    Raises:
        InvalidArgumentError: one of them does not exist, or stands twice.
    """
    if axis is None:
        return list(range(rank))
    if type(axis) is int:
        return [_reduced(axis, rank)]
    if getattr(axis, "ndim", 0):  # a vector as an array or tensor
        axis = list(axis)
    axes = [_reduced(a, rank) for a in (axis if isinstance(axis, (tuple, list)) else (axis,))]
    if len(axes) > 1 and len(set(axes)) < len(axes):
        twice = next(a for a in axes if axes.count(a) > 1)
        raise InvalidArgumentError(
            f"Invalid reduction arguments: Axes contains duplicate dimension: {twice}: {tuple(axes)} names it twice"
        )
    return axes


def _reduced(axis: int, rank: int) -> int:
    try:
        return axis_index(axis, rank)
    except AxisError:
        raise AxisError(
            f"Invalid reduction dimension ({whole(axis, 'axis')} for input with {rank} dimension(s): no such axis"
        ) from None


def integer_shape(shape: Any) -> list[int]:
    """A shape given as int, sequence (of ints or scalar tensors) or tensor, as a list of ints; -1 passes.

    Scalar tensors of floats among the dimensions are cut to integers, as TensorFlow does when it packs the list.
    """
    kind = type(shape)
    if kind is not list and kind is not tuple and hasattr(shape, "__index__") and not getattr(shape, "ndim", 0):
        return [shape.__index__()]
    try:
        return [dim if type(dim) is int else dim.__index__() for dim in shape]
    except (AttributeError, TypeError):
        if isinstance(shape, (list, tuple)) and any(map(is_tensor, shape)):
            return integer_shape([int(dim) if is_tensor(dim) and not dim.ndim else dim for dim in shape])
        raise fail(DTypeMismatchError, "A shape must be a sequence of integers", received=repr(shape)) from None


def needs_values(x: torch.Tensor, name: str) -> None:
    """Raise if ``x`` has no values because only shapes are being traced; the caller of the trace words it."""
    if x.device.type == "meta":
        raise NotImplementedError(f"the length of the result of {name} is one of them")


_SMALLEST_MAX = 65504.0  # the largest float16: all numbers up to it can be had in any floating dtype


def _within(x: torch.Tensor, y: Any) -> Any:
    """A number that the dtype of ``x`` can hold: floats beyond it are infinite."""
    if type(y) is float and x.is_floating_point() and abs(y) > torch.finfo(x.dtype).max:
        return math.copysign(math.inf, y)
    return y


def larger(x: torch.Tensor, y: Any) -> torch.Tensor:
    """The larger of x and y, with broadcasting; NaN wins."""
    if not isinstance(y, torch.Tensor):
        return x.clamp(min=y if -_SMALLEST_MAX <= y <= _SMALLEST_MAX else _within(x, y))
    if not (x.requires_grad or y.requires_grad):
        return torch.maximum(x, y)
    return torch.where((x >= y) | torch.isnan(x), x, y)  # of equals x gets the gradient; torch would halve it


def smaller(x: torch.Tensor, y: Any) -> torch.Tensor:
    """The smaller of x and y, with broadcasting; NaN wins."""
    if not isinstance(y, torch.Tensor):
        return x.clamp(max=y if -_SMALLEST_MAX <= y <= _SMALLEST_MAX else _within(x, y))
    if not (x.requires_grad or y.requires_grad):
        return torch.minimum(x, y)
    return torch.where((x <= y) | torch.isnan(x), x, y)


# functions that take strings, too ---------------------------------------------------------------------------------------


def moves(function: F) -> F:
    """Mark, below ``@op``, a function that only moves elements: strings go to where their positions go.

    It then also serves string tensors, of which a raw one is an array of Python's bytes: it is called with integers in
    their place. Zeros that it puts in between (by padding) become empty strings.
    """

    def on_strings(*args: Any, **kwargs: Any) -> Any:
        pool: list[np.ndarray] = [np.array([b""], dtype=object)]

        def positions(x: Any) -> Any:
            if not (type(x) is np.ndarray and x.dtype == object):
                return x
            start = sum(len(part) for part in pool)
            pool.append(x.reshape(-1))
            return torch.arange(start, start + x.size).reshape(x.shape)

        values, named = tree.map_structure(positions, (list(args), kwargs))
        moved = function(*values, **named)
        strings = np.concatenate(pool)
        return tree.map_structure(lambda p: np.asarray(strings[host(p)], dtype=object), moved)

    function.strings = on_strings  # type: ignore[attr-defined]
    return function
