"""Reductions, cumulative sums and quantiles of ``keras.ops``.

``axis`` is an integer, a sequence of integers (reduced together) or ``None`` for all axes; negative ones count from the
end; an empty sequence reduces nothing. Names of Python's own functions (``all``, ``max``, ``sum``) are shadowed here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from kerasish.core.dispatch import Array, Index, op, raw
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.ops import roots
from kerasish.ops.common import Axis, axis_index, axis_indices, floating, in_float32, numbers, torch_dtype

# The dtype of the sum of small integers: wide enough for about 2²⁴ of them.
_SUM_DTYPES = {
    torch.bool: torch.int32, torch.int8: torch.int32, torch.int16: torch.int32,
    torch.uint8: torch.uint32, torch.uint16: torch.uint32,
}  # fmt: skip


_EVERY = tuple(tuple(range(rank)) for rank in range(9))  # axis


def over(function: Callable, x: torch.Tensor, axis: Axis, keepdims: bool) -> torch.Tensor:
    """``function(x, axes, keepdims)``, where torch would take an empty list of axes for all of them."""
    rank = x.ndim
    if type(keepdims) is not bool:
        keepdims = bool(keepdims)  # NumPy's users write 1
    if type(axis) is int:
        if -rank <= axis < rank:
            return function(x, axis, keepdims)
    elif axis is None and rank:
        return function(x, _EVERY[rank] if rank < len(_EVERY) else tuple(range(rank)), keepdims)
    elif type(axis) in (list, tuple) and axis and rank:
        try:
            return function(x, axis, keepdims)
        except (IndexError, TypeError, RuntimeError):  # an axis twice or outside, which is worded below
            pass
    axes = axis_indices(axis, rank)
    return function(x, axes, keepdims) if axes else function(x.unsqueeze(-1), [rank], False)


def _last(x: torch.Tensor, axis: Axis) -> torch.Tensor:
    """``x`` with the reduced axes flattened into one, the last."""
    axes = axis_indices(axis, x.ndim)
    kept = [a for a in range(x.ndim) if a not in axes]
    return x.permute(kept + sorted(axes)).reshape([x.shape[a] for a in kept] + [_count(x, axes)])


def _count(x: torch.Tensor, axes: list[int]) -> int:
    count = 1
    for a in axes:
        count *= x.shape[a]
    return count


def _kept(result: torch.Tensor, axis: Axis, keepdims: bool, rank: int) -> torch.Tensor:
    """Put axes of length 1 back where ``_last`` took them."""
    if keepdims:
        for a in sorted(axis_indices(axis, rank)):
            result = result.unsqueeze(a)
    return result


# sums -----------------------------------------------------------------------------------------------------------------


def total(x: torch.Tensor, axis: Axis = None, keepdims: bool = False) -> torch.Tensor:
    """The sum over axes on raw tensors, in the dtype that Keras gives it."""
    if x.is_floating_point() or x.is_complex():
        return torch.sum(x) if axis is None and not keepdims else over(torch.sum, x, axis, keepdims)
    result = over(lambda x, a, k: torch.sum(x, a, k, dtype=torch.int64), x, axis, keepdims)
    return result.to(_SUM_DTYPES.get(x.dtype, x.dtype))


@op
def sum(x: Array, axis: Axis = None, keepdims: bool = False) -> Any:
    """The sum over axes; booleans and small integers add up in 32 bits."""
    return total(x, axis, keepdims)


def _prod(x: torch.Tensor, axis: Axis, keepdims: bool) -> torch.Tensor:
    result = torch.prod(_last(x, axis), -1).to(_SUM_DTYPES.get(x.dtype, x.dtype))
    return _kept(result, axis, keepdims, x.ndim)


@op
def prod(x: Array, axis: Axis = None, keepdims: bool = False, dtype: Any = None) -> Any:
    """The product over axes; booleans and small integers multiply in 32 bits."""
    return _prod(x if dtype is None else x.to(torch_dtype(dtype)), axis, keepdims)


@op
def mean(x: Array, axis: Axis = None, keepdims: bool = False) -> Any:
    """The mean over axes; of nothing NaN."""
    x = floating(x)
    return torch.mean(x) if axis is None and not keepdims else over(torch.mean, x, axis, keepdims)


def _var(x: torch.Tensor, axis: Axis, keepdims: bool) -> torch.Tensor:
    x = floating(x)
    if _count(x, axis_indices(axis, x.ndim)) == 0:  # torch warns
        return over(torch.mean, x.abs(), axis, keepdims)
    return over(lambda x, a, k: torch.var(x, a, correction=0, keepdim=k), x, axis, keepdims)


@op
def var(x: Array, axis: Axis = None, keepdims: bool = False) -> Any:
    """The variance over axes: the mean of |x - mean|², divided by the number of elements."""
    return _var(x, axis, keepdims)


@op
def std(x: Array, axis: Axis = None, keepdims: bool = False) -> Any:
    """The standard deviation over axes: the square root of ``var``."""
    return roots.sqrt(_var(x, axis, keepdims))


@op
def average(x: Array, axis: Axis = None, weights: Array | None = None) -> Any:
    """The mean over axes, each element counted ``weights`` times.

    Weights have the shape of x, or one that broadcasts to it; or they are a vector along a single ``axis``.
    """
    x = floating(x)
    if weights is None:
        return over(torch.mean, x, axis, False)
    weights = floating(weights)
    if weights.ndim == 1 and x.ndim > 1 and axis is not None and len(axis_indices(axis, x.ndim)) == 1:
        shape = [1] * x.ndim
        shape[axis_indices(axis, x.ndim)[0]] = -1
        weights = weights.reshape(shape)
    weights = weights.expand(torch.broadcast_shapes(weights.shape, x.shape))
    return over(torch.sum, x * weights, axis, False) / over(torch.sum, weights, axis, False)


@op
def logsumexp(x: Array, axis: Axis = None, keepdims: bool = False) -> Any:
    """log Σ eˣ over axes, without overflow."""
    return over(torch.logsumexp, floating(x), axis, keepdims)


# truth and counts -----------------------------------------------------------------------------------------------------


@op
def all(x: Array, axis: Axis = None, keepdims: bool = False) -> Any:
    """Whether no element over the axes is 0 or false."""
    return over(torch.all, x != 0, axis, keepdims)


@op
def any(x: Array, axis: Axis = None, keepdims: bool = False) -> Any:
    """Whether an element over the axes is other than 0 or false."""
    return over(torch.any, x != 0, axis, keepdims)


@op
def count_nonzero(x: Array, axis: Axis = None) -> Any:
    """How many elements over the axes are other than 0, as int32."""
    return over(torch.sum, x != 0, axis, False).int()


# extremes -------------------------------------------------------------------------------------------------------------


def _extreme(function: Callable, join: Callable, x: torch.Tensor, axis: Axis, keepdims: bool, initial: Any) -> Any:
    if initial is None and x.numel():
        return over(function, x, axis, keepdims)
    axes = axis_indices(axis, x.ndim)
    if initial is None:
        if _count(x, axes) == 0:
            raise InvalidArgumentError(
                f"Cannot compute the {function.__name__[1:]} of an empty tensor: {tuple(x.shape)}"
            )
        return over(function, x, axis, keepdims)
    initial = raw(initial).to(x)
    if _count(x, axes) == 0:
        shape = [1 if i in axes else n for i, n in enumerate(x.shape) if keepdims or i not in axes]
        return initial.expand(shape).clone()
    return join(over(function, x, axis, keepdims), initial)


@op
def max(x: Array, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> Any:
    """The largest element over axes, at least ``initial``; NaN wins.

    Raises:
        InvalidArgumentError: there is no element, and no ``initial``.
    """
    return _extreme(torch.amax, torch.maximum, x, axis, keepdims, initial)


@op
def min(x: Array, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> Any:
    """The smallest element over axes, at most ``initial``; NaN wins.

    Raises:
        InvalidArgumentError: there is no element, and no ``initial``.
    """
    return _extreme(torch.amin, torch.minimum, x, axis, keepdims, initial)


@op
def amax(x: Array, axis: Axis = None, keepdims: bool = False) -> Any:
    """The largest element over axes; NaN wins."""
    return _extreme(torch.amax, torch.maximum, x, axis, keepdims, None)


@op
def amin(x: Array, axis: Axis = None, keepdims: bool = False) -> Any:
    """The smallest element over axes; NaN wins."""
    return _extreme(torch.amin, torch.minimum, x, axis, keepdims, None)


@op
def ptp(x: Array, axis: Axis = None, keepdims: bool = False) -> Any:
    """The largest minus the smallest element over axes."""
    largest = _extreme(torch.amax, torch.maximum, x, axis, keepdims, None)
    return largest - _extreme(torch.amin, torch.minimum, x, axis, keepdims, None)


def _position(function: Callable, x: torch.Tensor, axis: int | None, keepdims: bool) -> torch.Tensor:
    x = x.byte() if x.dtype is torch.bool else x
    if axis is None:
        result = function(x.reshape(-1))
        return (result.reshape([1] * x.ndim) if keepdims else result).int()
    return function(x, axis_index(axis, x.ndim), keepdims).int()


@op
def argmax(x: Array, axis: int | None = None, keepdims: bool = False) -> Any:
    """The index of the first largest element along an axis, or in the flattened tensor, as int32; NaN counts as largest."""
    return _position(torch.argmax, x, axis, keepdims)


@op
def argmin(x: Array, axis: int | None = None, keepdims: bool = False) -> Any:
    """The index of the first smallest element along an axis, or in the flattened tensor, as int32; NaN counts as smallest."""
    return _position(torch.argmin, x, axis, keepdims)


# cumulative -----------------------------------------------------------------------------------------------------------


def _running(function: Callable, x: torch.Tensor, axis: int | None, dtype: Any) -> torch.Tensor:
    x = numbers(x if dtype is None else x.to(torch_dtype(dtype)))  # truth values are counted in int32
    if axis is None:
        x, axis = x.reshape(-1), 0
    return function(x, axis_index(axis, x.ndim), dtype=x.dtype)


@op
def cumsum(x: Array, axis: int | None = None, dtype: Any = None) -> Any:
    """Running sums along an axis (of the flattened tensor by default)."""
    return _running(torch.cumsum, x, axis, dtype)


@op
def cumprod(x: Array, axis: int | None = None, dtype: Any = None) -> Any:
    """Running products along an axis (of the flattened tensor by default)."""
    return _running(torch.cumprod, x, axis, dtype)


@op
def diff(a: Array, n: int = 1, axis: int = -1) -> Any:
    """Differences of neighbours along an axis, taken ``n`` times."""
    return torch.diff(a, n, axis_index(axis, a.ndim))


@op
def trapezoid(y: Array, x: Index | None = None, dx: float = 1.0, axis: int = -1) -> Any:
    """The integral of y along an axis by the trapezoidal rule, at points x or at distances ``dx``, in y's dtype.

    Args:
        x: like y, or a vector.
    """
    y = floating(y).movedim(axis, -1)
    width: Any = dx
    if x is not None:
        x = x.to(y.dtype)
        width = torch.diff(x if x.ndim == 1 else x.movedim(axis, -1))
    return in_float32(lambda pairs: (pairs * width / 2).sum(-1), y[..., 1:] + y[..., :-1])


# quantiles ------------------------------------------------------------------------------------------------------------

_METHODS = ("linear", "lower", "higher", "midpoint", "nearest")


def _quantiles(
    x: torch.Tensor, q: torch.Tensor, axis: Axis, method: str, keepdims: bool, skip_nan: bool
) -> torch.Tensor:
    """Values at positions q·(n - 1) of the sorted elements over the axes; q's own axes come first in the result."""
    if method not in _METHODS:
        raise fail(ValueError, "Invalid quantile method", f"one of {_METHODS}", f"method={method}")
    rows = _last(x, axis).sort(-1).values  # NaN at the end
    if skip_nan and not rows.shape[-1]:
        rows = rows.new_full((*rows.shape[:-1], 1), float("nan"))
    missing = torch.isnan(rows)
    count = (~missing).sum(-1, keepdim=True) if skip_nan else torch.full_like(rows[..., :1], rows.shape[-1])
    position = (count - 1).clamp(min=0).double() * q.reshape(-1)
    lower, upper = position.floor(), position.ceil()
    if method == "nearest":
        lower = upper = position.round()
    low, high = (rows.gather(-1, index.long()) for index in (lower, upper))
    if method == "linear":
        fraction = (position - lower).to(x.dtype)
        low = torch.where(fraction == 0, low, low + (high - low) * fraction)
    elif method == "midpoint":
        low = torch.where(lower == upper, low, (low + high) / 2)
    elif method == "higher":
        low = high
    nothing = missing.all(-1, keepdim=True) if skip_nan else missing.any(-1, keepdim=True)
    result = low.masked_fill(nothing, float("nan")).movedim(-1, 0)
    results = [_kept(part, axis, keepdims, x.ndim) for part in result]
    return torch.stack(results).reshape(q.shape + results[0].shape) if results else result.reshape(q.shape)


def _quantile(x: torch.Tensor, q: Any, axis: Axis, method: str, keepdims: bool, skip_nan: bool) -> Any:
    q = raw(q, torch.float64).double().to(x.device)  # a float32 0.3 would miss the fourth of eleven elements
    return in_float32(lambda x: _quantiles(x, q, axis, method, keepdims, skip_nan), floating(x))


@op
def quantile(x: Array, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Any:
    """The q-th quantiles over axes, q in [0, 1] a number or a tensor, whose axes come first; NaN wins.

    Args:
        method: between two elements: "linear", "lower", "higher", "midpoint" or "nearest".
    """
    return _quantile(x, q, axis, method, keepdims, False)


@op
def percentile(x: Array, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Any:
    """The q-th percentiles over axes, q in [0, 100]; see ``quantile``."""
    return _quantile(x, raw(q, torch.float64).double() / 100, axis, method, keepdims, False)


@op
def median(x: Array, axis: Axis = None, keepdims: bool = False) -> Any:
    """The median over axes; of an even number the mean of the middle two; NaN wins."""
    return _quantile(x, 0.5, axis, "linear", keepdims, False)


# without NaN ----------------------------------------------------------------------------------------------------------


def _filled(x: torch.Tensor, value: float) -> torch.Tensor:
    """``x`` with NaN replaced; dtypes without NaN as they are."""
    return torch.where(torch.isnan(x), value, x) if x.is_floating_point() or x.is_complex() else x


def _present(x: torch.Tensor, axis: Axis, keepdims: bool = False) -> torch.Tensor:
    """How many elements over the axes are not NaN."""
    return over(torch.sum, ~torch.isnan(x), axis, keepdims)


@op
def nansum(x: Array, axis: Axis = None, keepdims: bool = False) -> Any:
    """The sum over axes of what is not NaN."""
    return total(_filled(x, 0), axis, keepdims)


@op
def nanprod(x: Array, axis: Axis = None, keepdims: bool = False) -> Any:
    """The product over axes of what is not NaN."""
    return _prod(_filled(x, 1), axis, keepdims)


def _nanmean(x: torch.Tensor, axis: Axis, keepdims: bool) -> torch.Tensor:
    return over(torch.sum, _filled(x, 0), axis, keepdims) / _present(x, axis, keepdims)


@op
def nanmean(x: Array, axis: Axis = None, keepdims: bool = False) -> Any:
    """The mean over axes of what is not NaN."""
    return _nanmean(floating(x), axis, keepdims)


def _nanvar(x: torch.Tensor, axis: Axis, keepdims: bool) -> torch.Tensor:
    missing = torch.isnan(x)
    squares = torch.abs(x.masked_fill(missing, 0) - _nanmean(x, axis, True)).square().masked_fill(missing, 0)
    return over(torch.sum, squares, axis, keepdims) / _present(x, axis, keepdims)


@op
def nanvar(x: Array, axis: Axis = None, keepdims: bool = False) -> Any:
    """The variance over axes of what is not NaN."""
    return in_float32(lambda x: _nanvar(x, axis, keepdims), floating(x))


@op
def nanstd(x: Array, axis: Axis = None, keepdims: bool = False) -> Any:
    """The standard deviation over axes of what is not NaN."""
    return in_float32(lambda x: roots.sqrt(_nanvar(x, axis, keepdims)), floating(x))


def _nan_extreme(function: Callable, x: torch.Tensor, axis: Axis, keepdims: bool, filling: float) -> torch.Tensor:
    if not x.is_floating_point():
        return over(function, x, axis, keepdims)
    present = _present(x, axis, keepdims)
    if not x.numel():
        return torch.full_like(present, float("nan"), dtype=x.dtype)
    return torch.where(present == 0, float("nan"), over(function, _filled(x, filling), axis, keepdims))


@op
def nanmax(x: Array, axis: Axis = None, keepdims: bool = False) -> Any:
    """The largest element over axes that is not NaN; NaN if there is none."""
    return _nan_extreme(torch.amax, x, axis, keepdims, -float("inf"))


@op
def nanmin(x: Array, axis: Axis = None, keepdims: bool = False) -> Any:
    """The smallest element over axes that is not NaN; NaN if there is none."""
    return _nan_extreme(torch.amin, x, axis, keepdims, float("inf"))


def _nan_position(function: Callable, x: torch.Tensor, axis: int | None, keepdims: bool, filling: float) -> Any:
    result = _position(function, _filled(x, filling), axis, keepdims)
    return result.masked_fill(_present(x, axis, keepdims) == 0, -1)


@op
def nanargmax(x: Array, axis: int | None = None, keepdims: bool = False) -> Any:
    """The index of the largest element that is not NaN, as int32; -1 if there is none."""
    return _nan_position(torch.argmax, x, axis, keepdims, -float("inf"))


@op
def nanargmin(x: Array, axis: int | None = None, keepdims: bool = False) -> Any:
    """The index of the smallest element that is not NaN, as int32; -1 if there is none."""
    return _nan_position(torch.argmin, x, axis, keepdims, float("inf"))


@op
def nancumsum(x: Array, axis: int | None = None, dtype: Any = None) -> Any:
    """Running sums along an axis, NaN counted as 0."""
    return _running(torch.cumsum, _filled(x, 0), axis, dtype)


@op
def nancumprod(x: Array, axis: int | None = None, dtype: Any = None) -> Any:
    """Running products along an axis, NaN counted as 1."""
    return _running(torch.cumprod, _filled(x, 1), axis, dtype)


@op
def nanquantile(x: Array, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Any:
    """The q-th quantiles over axes of what is not NaN; see ``quantile``."""
    return _quantile(x, q, axis, method, keepdims, True)


@op
def nanpercentile(x: Array, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Any:
    """The q-th percentiles over axes of what is not NaN; see ``quantile``."""
    return _quantile(x, raw(q, torch.float64).double() / 100, axis, method, keepdims, True)


@op
def nanmedian(x: Array, axis: Axis = None, keepdims: bool = False) -> Any:
    """The median over axes of what is not NaN."""
    return _quantile(x, 0.5, axis, "linear", keepdims, True)
