"""``tf.experimental.numpy``: sums, means, extremes, sorting and what else goes along axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from kerasish.core.arithmetic import divide
from kerasish.core.dtypes import to_torch
from kerasish.core.errors import AxisError
from kerasish.ops.common import axis_indices
from kerasish.tf.alias import FLOATS, NUMBERS, REALS, REALS_AND_BOOLS, Kinds, check, refused
from kerasish.tf.experimental.numpy.conversion import (
    cast,
    common_type,
    promoted,
    public,
    raw_array,
    settings,
    to_inexact,
    torch_type,
)


def _axes(axis: Any, rank: int) -> list[int]:
    """An axis, axes or None (all of them), from 0.

    Raises:
        InvalidArgumentError: there is none of that number.
    """
    if axis is None:
        return list(range(rank))
    given = raw_array(axis).reshape(-1).tolist()
    for a in given:
        if not -rank <= a < rank:
            raise AxisError(f"Invalid reduction dimension ({a} for input with {rank} dimension(s))")
    return axis_indices(given, rank)


def _axis(axis: int, rank: int, name: str) -> int:
    if not -rank <= axis < rank:
        raise AxisError(f"Expected dimension in the range [{-rank}, {rank}), but got {axis} [Op:{name}]")
    return axis % rank


def _no_out(out: Any, name: str) -> None:
    if out is not None:
        raise ValueError(f"Setting out is not supported in tf.experimental.numpy.{name}. Received: out={out!r}.")


_WIDE = (torch.int32, torch.int64, torch.uint32, torch.uint64)
_UNSIGNED = (torch.uint8, torch.uint16, torch.uint32, torch.uint64)

# sums and means -------------------------------------------------------------------------------------------------------


def _summed_dtype(x: torch.Tensor, dtype: Any) -> torch.Tensor:
    """x in the dtype of its sums: the one asked for, of integers and bools one of 64 bits (32 in promotion modes)."""
    if dtype is not None:
        return cast(x, torch_type(dtype))
    if x.is_floating_point() or x.is_complex():
        return x
    if settings.kind is not None:
        return x if x.dtype in _WIDE else x.to(torch.uint32 if x.dtype in _UNSIGNED else torch.int32)
    return x.to(torch.uint64 if x.dtype in _UNSIGNED else torch.int64)


def _total(x: torch.Tensor, axes: list[int], keepdims: bool) -> torch.Tensor:
    if x.dtype is torch.bool:
        return _along(torch.any, x, axes, keepdims)
    working = x.to(torch.int64) if x.dtype in _UNSIGNED else x
    return _along(torch.sum, working, axes, keepdims).to(x.dtype)


def _along(function: Callable, x: torch.Tensor, axes: list[int], keepdims: bool) -> torch.Tensor:
    """A reduction of torch's that takes axes; none of them is no reduction."""
    return function(x, dim=axes, keepdim=keepdims) if axes else x


def _product(x: torch.Tensor, axes: list[int], keepdims: bool) -> torch.Tensor:
    working = x.to(torch.int64) if x.dtype in _UNSIGNED or x.dtype is torch.bool else x
    for a in sorted(axes, reverse=True):
        working = working.prod(dim=a, keepdim=keepdims)
    return working.to(x.dtype)


def _of_floats(a: Any) -> torch.Tensor:
    """What may be asked for NaN: integers are, complex numbers are not."""
    x = raw_array(a)
    if x.is_complex():
        raise refused(x.dtype, FLOATS, "IsNan")
    return x


def _not_nan(x: torch.Tensor, value: float) -> torch.Tensor:
    return torch.where(torch.isnan(x), torch.full((), value, dtype=x.dtype, device=x.device), x)


@public
def sum(a: Any, axis: Any = None, dtype: Any = None, keepdims: bool | None = None) -> Any:
    """The sum; of integers in int64."""
    x = _summed_dtype(raw_array(a), dtype)
    return _total(x, _axes(axis, x.ndim), bool(keepdims))


@public
def prod(a: Any, axis: Any = None, dtype: Any = None, keepdims: bool | None = None) -> Any:
    """The product; of integers in int64."""
    x = _summed_dtype(raw_array(a), dtype)
    return _product(x, _axes(axis, x.ndim), bool(keepdims))


@public
def nansum(a: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Any:
    """The sum of what is not NaN."""
    return sum(_not_nan(_of_floats(a), 0), axis, dtype, keepdims)._t


@public
def nanprod(a: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Any:
    """The product of what is not NaN."""
    return prod(_not_nan(_of_floats(a), 1), axis, dtype, keepdims)._t


def _averaged_dtype(x: torch.Tensor, dtype: Any) -> torch.Tensor:
    if dtype is not None:
        return cast(x, torch_type(dtype))
    return x if x.is_floating_point() or x.is_complex() else to_inexact(x)


def _mean(x: torch.Tensor, axes: list[int], keepdims: bool) -> torch.Tensor:
    if x.is_floating_point() or x.is_complex():
        return _along(torch.mean, x, axes, keepdims)
    count = torch.Size([x.shape[a] for a in axes]).numel() or 1
    return torch.div(_along(torch.sum, x, axes, keepdims), count, rounding_mode="trunc").to(x.dtype)


@public
def mean(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool | None = None) -> Any:
    """The mean; of integers as a float."""
    _no_out(out, "mean")
    x = _averaged_dtype(raw_array(a), dtype)
    return _mean(x, _axes(axis, x.ndim), bool(keepdims))


@public
def nanmean(a: Any, axis: Any = None, dtype: Any = None, keepdims: bool | None = None) -> Any:
    """The mean of what is not NaN."""
    x = raw_array(a)
    if x.dtype is torch.bool or not (x.is_floating_point() or x.is_complex()):
        return mean(x, axis, dtype, None, keepdims)._t
    check(x, FLOATS, "IsNan")
    total = nansum(x, axis, dtype, bool(keepdims))._t
    counts = sum(~torch.isnan(x), axis, None, keepdims)._t
    return divide(total, counts.to(total.dtype))


@public
def var(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: int = 0, keepdims: bool | None = None
) -> Any:
    """The mean square distance from the mean; divided by n - ``ddof``."""
    _no_out(out, "var")
    x = raw_array(a)
    working = _averaged_dtype(x if dtype is None else raw_array(x, common_type(x, torch_type(dtype))), None)
    axes = _axes(axis, x.ndim)
    centred = working - _along(torch.mean, working, axes, True)
    squares = (centred * centred.conj()).real if centred.is_complex() else torch.square(centred)
    count = torch.Size([x.shape[a] for a in axes]).numel() - ddof
    result = _along(torch.sum, squares, axes, bool(keepdims)) / count
    return result if dtype is None else cast(result, to_torch(dtype))  # Python's float is float32 to ``tf.cast``


@public
def std(a: Any, axis: Any = None, keepdims: bool | None = None) -> Any:
    """The square root of the variance."""
    return torch.sqrt(var(a, axis, keepdims=keepdims)._t)


@public
def average(a: Any, axis: int | None = None, weights: Any = None, returned: bool = False) -> Any:
    """The weighted mean along an axis (of all elements); with ``returned`` also the sum of the weights.

    Raises:
        ValueError: ``axis`` is no integer.
        InvalidArgumentError: weights that neither have a's shape nor are one per element of the axis.
    """
    if axis is not None and not isinstance(axis, int):
        raise ValueError("Argument `axis` must be an integer. Tuples are not supported.")
    x = to_inexact(raw_array(a))
    axes = _axes(axis, x.ndim)
    if weights is None:
        result = _along(torch.mean, x, axes, False)
        count = torch.Size([x.shape[a] for a in axes]).numel()
        return (result, torch.full_like(result, count)) if returned else result
    x, w = map(to_inexact, promoted(x, weights))
    if w.shape != x.shape:
        if axis is None or w.ndim != 1 or w.shape[0] != x.shape[axis]:
            raise AxisError(f"Weights of shape {list(w.shape)} do not fit data of shape {list(x.shape)}, axis {axis}.")
        w = w.reshape([-1 if i == axes[0] else 1 for i in range(x.ndim)])
    total = _along(torch.sum, w.expand(x.shape), axes, False)
    result = _along(torch.sum, x * w, axes, False) / total
    return (result, total) if returned else result


# truth and counts -----------------------------------------------------------------------------------------------------


@public
def all(a: Any, axis: Any = None, keepdims: bool | None = None) -> Any:
    """Whether no element is zero."""
    x = cast(raw_array(a), torch.bool)
    return _along(torch.all, x, _axes(axis, x.ndim), bool(keepdims))


@public
def any(a: Any, axis: Any = None, keepdims: bool | None = None) -> Any:
    """Whether an element is not zero."""
    x = cast(raw_array(a), torch.bool)
    return _along(torch.any, x, _axes(axis, x.ndim), bool(keepdims))


@public
def count_nonzero(a: Any, axis: Any = None) -> Any:
    """How many elements are not zero."""
    x = raw_array(a).to(torch.bool)
    return _along(torch.sum, x.to(torch.int64), _axes(axis, x.ndim), False)


# extremes -------------------------------------------------------------------------------------------------------------


def _extreme(x: torch.Tensor, axis: Any, keepdims: bool | None, largest: bool, name: str) -> torch.Tensor:
    axes = _axes(axis, x.ndim)
    if x.dtype is torch.bool:
        return _along(torch.any if largest else torch.all, x, axes, bool(keepdims))
    check(x, REALS, name)
    if torch.Size([x.shape[a] for a in axes]).numel() == 0:
        shape = [1 if i in axes else n for i, n in enumerate(x.shape) if keepdims or i not in axes]
        if x.is_floating_point():
            return x.new_full(shape, -float("inf") if largest else float("inf"))
        limits = torch.iinfo(x.dtype)
        return x.new_full(shape, limits.min if largest else limits.max)
    return _along(torch.amax if largest else torch.amin, x, axes, bool(keepdims))


@public
def max(a: Any, axis: Any = None, keepdims: bool | None = None) -> Any:
    """The largest element."""
    return _extreme(raw_array(a), axis, keepdims, True, "Max")


@public
def min(a: Any, axis: Any = None, keepdims: bool | None = None) -> Any:
    """The smallest element."""
    return _extreme(raw_array(a), axis, keepdims, False, "Min")


@public
def amax(a: Any, axis: Any = None, out: Any = None, keepdims: bool | None = None) -> Any:
    """The largest element."""
    _no_out(out, "amax")
    return _extreme(raw_array(a), axis, keepdims, True, "Max")


@public
def amin(a: Any, axis: Any = None, out: Any = None, keepdims: bool | None = None) -> Any:
    """The smallest element."""
    _no_out(out, "amin")
    return _extreme(raw_array(a), axis, keepdims, False, "Min")


@public
def ptp(a: Any, axis: Any = None, keepdims: bool | None = None) -> Any:
    """The distance between the largest and the smallest element."""
    x = raw_array(a)
    return _extreme(x, axis, keepdims, True, "Max") - _extreme(x, axis, keepdims, False, "Min")


def _place(a: Any, axis: int | None, function: Callable, name: str) -> torch.Tensor:
    x = raw_array(a)
    check(x, REALS_AND_BOOLS, name)
    x = x.to(torch.uint8) if x.dtype is torch.bool else x
    if axis is None or x.ndim == 0:
        x, axis = x.reshape(-1), 0
    return function(x, dim=_axis(axis, x.ndim, name))


@public
def argmax(a: Any, axis: int | None = None) -> Any:
    """The place of the first largest element."""
    return _place(a, axis, torch.argmax, "ArgMax")


@public
def argmin(a: Any, axis: int | None = None) -> Any:
    """The place of the first smallest element."""
    return _place(a, axis, torch.argmin, "ArgMin")


# along an axis --------------------------------------------------------------------------------------------------------


def _running(a: Any, axis: int | None, dtype: Any, function: Callable, name: str) -> torch.Tensor:
    x = raw_array(a)
    if dtype is None:
        check(x, NUMBERS, name)
        if x.dtype in _UNSIGNED:
            x = x.to(torch_type(float if x.dtype is torch.uint64 else int))
    x = _summed_dtype(x, dtype)
    if axis is None:
        x, axis = x.reshape(-1), 0
    if not -x.ndim <= axis < x.ndim:
        raise AxisError(f"Expected scan axis in the range [{-x.ndim}, {x.ndim}), but got {axis} [Op:{name}]")
    working = x.to(torch.int64) if x.dtype in _UNSIGNED or x.dtype is torch.bool else x
    return function(working, dim=axis).to(x.dtype)


@public
def cumsum(a: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """Sums of the elements up to each."""
    return _running(a, axis, dtype, torch.cumsum, "Cumsum")


@public
def cumprod(a: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """Products of the elements up to each."""
    return _running(a, axis, dtype, torch.cumprod, "Cumprod")


@public
def diff(a: Any, n: int = 1, axis: int = -1) -> Any:
    """Differences between neighbours, n times.

    Raises:
        ValueError: n is negative, or there is no such axis.
    """
    x = raw_array(a)
    if n < 0:
        raise ValueError(f"Argument `order` must be a non-negative integer. Received: axis={n}")
    if not -x.ndim <= axis < x.ndim:
        raise ValueError(f"Argument `axis` (received axis={axis}) is out of bounds for a rank of {x.ndim}.")
    return torch.diff(x, n=n, dim=axis)


_SORTABLE = Kinds("bfloat16 half float double int8 int16 int32 int64 uint8 uint16 uint32 uint64")


def _ordered(a: Any, axis: int | None, kind: str, order: Any, kinds: tuple) -> tuple[torch.Tensor, int]:
    if kind not in kinds:
        raise ValueError(
            f"Invalid value for argument `kind`. Only kind={' and '.join(kinds)} are served, got {kind!r}."
        )
    if order is not None:
        raise ValueError("The `order` argument is not supported. Pass order=None.")
    x = raw_array(a)
    check(x, _SORTABLE, "TopKV2")
    if axis is None or (x.ndim == 0 and "stable" in kinds):
        x, axis = x.reshape(-1), 0
    return x, _axis(axis, x.ndim, "Sort")


@public
def sort(a: Any, axis: int | None = -1, kind: str = "quicksort", order: Any = None) -> Any:
    """Sorted along an axis.

    Raises:
        ValueError: another ``kind`` than "quicksort", or an ``order``.
    """
    x, axis = _ordered(a, axis, kind, order, ("quicksort",))
    return torch.sort(x, dim=axis).values


@public
def argsort(a: Any, axis: int | None = -1, kind: str = "quicksort", order: Any = None) -> Any:
    """The places that sort an axis.

    Raises:
        ValueError: another ``kind`` than "quicksort" and "stable", or an ``order``.
    """
    x, axis = _ordered(a, axis, kind, order, ("quicksort", "stable"))
    places = torch.sort(x, dim=axis, stable=True).indices
    return places if settings.kind is None else places.to(torch.int32)
