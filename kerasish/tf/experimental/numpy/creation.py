"""``tf.experimental.numpy``: arrays from values, sizes and ranges."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch
from kerasish.ops.common import integer_shape
from kerasish.tf.alias import SIGNED, check
from kerasish.tf.experimental.numpy.conversion import (
    cast,
    common_type,
    default_float,
    numpy_type,
    public,
    raw_array,
    torch_type,
)


def _sizes(shape: Any) -> list[int]:
    values = raw_array(shape) if not isinstance(shape, (int, np.integer)) else None
    return [int(shape)] if values is None else integer_shape(values.reshape(-1).tolist())


def _filled(shape: Any, value: float, dtype: Any) -> torch.Tensor:
    kind = torch_type(default_float() if dtype is None else dtype)
    return torch.full(_sizes(shape), value, dtype=kind, device=raw_array(0).device)


@public
def zeros(shape: Any, dtype: Any = float) -> Any:
    """Zeros; float64 by default."""
    return _filled(shape, 0, dtype)


@public
def ones(shape: Any, dtype: Any = float) -> Any:
    """Ones; float64 by default."""
    return _filled(shape, 1, dtype)


@public
def empty(shape: Any, dtype: Any = float) -> Any:
    """Zeros; float64 by default."""
    return _filled(shape, 0, dtype)


def _like(a: Any, value: float, dtype: Any) -> torch.Tensor:
    x = raw_array(a)
    return torch.full_like(x, value, dtype=x.dtype if dtype is None else torch_type(dtype))


@public
def zeros_like(a: Any, dtype: Any = None) -> Any:
    """Zeros of a's shape and dtype."""
    return _like(a, 0, dtype)


@public
def ones_like(a: Any, dtype: Any = None) -> Any:
    """Ones of a's shape and dtype."""
    return _like(a, 1, dtype)


@public
def empty_like(a: Any, dtype: Any = None) -> Any:
    """Zeros of a's shape and dtype."""
    return _like(a, 0, dtype)


@public
def full(shape: Any, fill_value: Any, dtype: Any = None) -> Any:
    """A value, repeated."""
    return raw_array(fill_value, dtype).broadcast_to(_sizes(shape)).clone()


@public
def full_like(
    a: Any, fill_value: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None
) -> Any:
    """A value in a's shape and dtype.

    Raises:
        ValueError: another ``order`` than "K", ``subok=False``, or a ``shape``.
    """
    if order != "K":
        raise ValueError("Non-standard orders are not supported.")
    if not subok:
        raise ValueError("subok being False is not supported.")
    if shape:
        raise ValueError("Overriding the shape is not supported.")
    x = raw_array(a)
    return cast(raw_array(fill_value), x.dtype if dtype is None else torch_type(dtype)).broadcast_to(x.shape).clone()


@public
def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = float) -> Any:
    """Ones on a diagonal of N rows and M columns."""
    N, columns = int(N), int(M or N)
    return torch.ones(N, columns, dtype=torch_type(dtype), device=raw_array(0).device).tril(k).triu(k)


@public
def identity(n: int, dtype: Any = float) -> Any:
    """Ones on the diagonal of n rows and columns."""
    return eye(n, dtype=dtype)._t


@public
def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Any:
    """Ones on a diagonal and below it."""
    kind = torch_type(float if dtype is None else dtype)
    N, columns = int(N), int(N if M is None else M)
    return torch.ones(N, columns, dtype=kind, device=raw_array(0).device).tril(k)


@public
def array(val: Any, dtype: Any = None, copy: bool = True, ndmin: int = 0) -> Any:
    """A value as a tensor of at least ``ndmin`` dimensions."""
    x = raw_array(val, dtype)
    x = x.clone() if copy else x
    return x.reshape([1] * (ndmin - x.ndim) + list(x.shape)) if ndmin > x.ndim else x


@public
def asarray(a: Any, dtype: Any = None) -> Any:
    """A value as a tensor."""
    return raw_array(a, dtype)


@public
def asanyarray(a: Any, dtype: Any = None) -> Any:
    """A value as a tensor."""
    return raw_array(a, dtype)


@public
def ascontiguousarray(a: Any, dtype: Any = None) -> Any:
    """A value as a tensor of at least one dimension."""
    x = raw_array(a, dtype)
    return x if x.ndim else x.reshape(1)


# ranges ---------------------------------------------------------------------------------------------------------------


@public
def arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = None) -> Any:
    """Numbers from start (0 if there is no stop) up to stop.

    Raises:
        ValueError: a step of zero.
    """
    if not step:
        raise ValueError("step must be non-zero")
    kind = common_type(start, step) if stop is None else common_type(start, step, stop)
    kind = kind if dtype is None else numpy_type(dtype)
    low, high = (0, start) if stop is None else (start, stop)
    values = [
        v.item() if dispatch.is_tensor(v) or isinstance(v, np.generic) else v for v in map(_number, (low, high, step))
    ]
    if (values[2] > 0 and values[0] > values[1]) or (values[2] < 0 and values[0] < values[1]):
        return torch.zeros(0, dtype=torch_type(kind), device=raw_array(0).device)
    return (
        cast(torch.arange(*values, dtype=None, device=raw_array(0).device), torch_type(kind))
        if kind.kind in "iub"
        else (torch.arange(*values, dtype=torch.float64, device=raw_array(0).device).to(torch_type(kind)))
    )


def _number(value: Any) -> Any:
    return raw_array(value).item()


def _spread(start: torch.Tensor, stop: torch.Tensor, num: int, endpoint: bool, axis: int) -> tuple:
    """``num`` steps between two tensors along a new axis, and the size of a step."""
    start, stop = torch.broadcast_tensors(start, stop)
    parts = (num - 1) if endpoint else num
    step = (stop - start) / parts if parts else torch.full_like(start, float("nan"))
    places = torch.arange(num, dtype=start.dtype, device=start.device).reshape([num] + [1] * start.ndim)
    values = start + places * (step if parts else torch.zeros_like(step))
    if endpoint and num > 1:
        values = torch.cat([values[:-1], stop[None]])
    return torch.movedim(values, 0, axis), step


@public
def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = float,
    axis: int = 0,
) -> Any:
    """``num`` numbers from start to stop at equal distances.

    Args:
        dtype: has no effect, as in TensorFlow, which gives its default kind of float.

    Raises:
        ValueError: a negative ``num``.
    """
    if num < 0:
        raise ValueError(f"Argument `num` (number of samples) must be non-negative. Received: num={num}.")
    common = common_type([start * 1.0, stop * 1.0])
    low, high = raw_array(start, common), raw_array(stop, common)
    values, step = _spread(low, high, num, endpoint, axis)
    return (values, step) if retstep else values


@public
def logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10.0, dtype: Any = None, axis: int = 0
) -> Any:
    """``num`` powers of base whose exponents go from start to stop.

    Args:
        dtype: has no effect, as in TensorFlow.
    """
    common = common_type([start * 1.0, stop * 1.0])
    low, high, radix = (raw_array(x, common) for x in (start, stop, base))
    values, _ = _spread(low, high, num, endpoint, axis)
    return torch.pow(radix, values)


@public
def geomspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0) -> Any:
    """``num`` numbers from start to stop at equal ratios."""
    common = numpy_type(dtype) if dtype is not None else common_type(start, stop, float(num), default_float())
    low, high = (cast(raw_array(x), torch_type(np.promote_types(common, np.float32))) for x in (start, stop))
    sign = torch.where((low < 0) & (high < 0), -torch.ones_like(low), torch.ones_like(low))
    exponents, _ = _spread(torch.log(low * sign), torch.log(high * sign), num, endpoint, 0)
    values = torch.exp(exponents)
    if num:
        values = torch.cat([(low * sign).broadcast_to(values[:1].shape), values[1:]])
    if endpoint and num > 1:
        values = torch.cat([values[:-1], (high * sign).broadcast_to(values[:1].shape)])
    values = torch.movedim(values * sign, 0, axis)
    return cast(values, torch_type(common))


@public
def meshgrid(*xi: Any, **kwargs: Any) -> Any:
    """Coordinates of a grid, one array per axis.

    Raises:
        ValueError: ``sparse=True`` or ``copy=False``, which are not served, or an unknown argument.
    """
    if kwargs.get("sparse", False):
        raise ValueError("Function `meshgrid` does not support returning sparse arrays yet.")
    if not kwargs.get("copy", True):
        raise ValueError("Function `meshgrid` only supports copy=True.")
    given = [raw_array(x) for x in xi]
    places = torch.meshgrid(
        *(torch.arange(x.numel(), device=x.device) for x in given), indexing=kwargs.get("indexing", "xy")
    )
    grids = [x.reshape(-1)[at] for x, at in zip(given, places, strict=True)]
    return [raw_array(dispatch.wrap(x) * dispatch.wrap(torch.ones_like(x, dtype=given[0].dtype))) for x in grids]


@public
def diag_indices(n: int, ndim: int = 2) -> Any:
    """The places of a diagonal in ``ndim`` dimensions of size n.

    Raises:
        ValueError: a negative size or number of dimensions.
    """
    if n < 0 or ndim < 0:
        raise ValueError(f"n and ndim must be non-negative. Received: n={n}, ndim={ndim}.")
    return (torch.arange(n, dtype=torch.int32, device=raw_array(0).device),) * ndim


@public
def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    """Powers of x's elements in columns.

    Raises:
        ValueError: x is no vector, or N is negative.
    """
    values = raw_array(x)
    if values.ndim != 1:
        raise ValueError("x must be a one-dimensional array")
    count = values.shape[0] if N is None else N
    if count < 0:
        raise ValueError("N must be nonnegative")
    check(values, SIGNED, "Pow")
    powers = torch.arange(count, device=values.device)
    return cast(torch.pow(values[:, None], powers if increasing else powers.flip(0)), values.dtype)
