"""New tensors in ``keras.ops``: constants, ranges, grids, windows, and conversion from and to other things."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from kerasish.core import device as devices
from kerasish.core import dispatch, dtypes, symbolic, tree
from kerasish.core.composite import CompositeTensor
from kerasish.core.dispatch import Array, op, raw, strings, wrap
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.core.ragged import RaggedTensor
from kerasish.core.sparse import SparseTensor
from kerasish.core.storage import cast_raw, storage, to_numpy
from kerasish.core.tensor import convert
from kerasish.ops import coordinates
from kerasish.ops.common import axis_index, integer_shape, torch_dtype

# constants ------------------------------------------------------------------------------------------------------------


def _float_or(dtype: Any) -> torch.dtype:
    return dtypes.floatx() if dtype is None else torch_dtype(dtype)


def _constant(value: Any, wanted: torch.dtype) -> torch.Tensor:
    """A value of any kind in the wanted dtype: exactly where the dtype allows it, otherwise cast (1.5 is 1 as int32)."""
    if not dispatch.is_tensor(value):
        try:
            return storage(value, wanted)
        except TypeError:
            return cast_raw(storage(value), wanted)
    return cast_raw(raw(value), wanted)


def full(shape: Any, fill_value: Any, dtype: Any = None) -> Any:
    """A tensor of ``shape`` filled with a number, or with a tensor that broadcasts to it; ``floatx`` by default."""
    return wrap(_constant(fill_value, _float_or(dtype)).expand(integer_shape(shape)).clone())


def zeros(shape: Any, dtype: Any = None) -> Any:
    """A tensor of zeros; of dtype ``floatx`` by default."""
    return wrap(torch.zeros(integer_shape(shape), dtype=_float_or(dtype), device=devices.current()))


def ones(shape: Any, dtype: Any = None) -> Any:
    """A tensor of ones; of dtype ``floatx`` by default."""
    return wrap(torch.ones(integer_shape(shape), dtype=_float_or(dtype), device=devices.current()))


def empty(shape: Any, dtype: Any = None) -> Any:
    """A tensor whose contents do not matter (zeros, so that they are the same each time)."""
    return zeros(shape, dtype)


def _dtype_like(x: torch.Tensor, dtype: Any) -> torch.dtype:
    return x.dtype if dtype is None else torch_dtype(dtype)


@op
def zeros_like(x: Array, dtype: Any = None) -> Any:
    """Zeros in the shape of x, and in its dtype by default."""
    return torch.zeros_like(x, dtype=_dtype_like(x, dtype))


@op
def empty_like(x: Array, dtype: Any = None) -> Any:
    """A tensor in the shape of x whose contents do not matter (zeros)."""
    return torch.zeros_like(x, dtype=_dtype_like(x, dtype))


@op
def ones_like(x: Array, dtype: Any = None) -> Any:
    """Ones in the shape of x, and in its dtype by default."""
    return torch.ones_like(x, dtype=_dtype_like(x, dtype))


@op
def full_like(x: Array, fill_value: Any, dtype: Any = None) -> Any:
    """``fill_value`` in the shape of x, and in its dtype by default."""
    return _constant(fill_value, _dtype_like(x, dtype)).to(x.device).expand(x.shape).clone()


def eye(N: Any, M: Any = None, k: int = 0, dtype: Any = None) -> Any:
    """Ones on the k-th diagonal (above the main one for k > 0) of N rows and M columns, N by default."""
    rows, columns = _integer(N, "N"), _integer(N if M is None else M, "M")
    diagonal = torch.arange(columns, device=devices.current()) - torch.arange(rows, device=devices.current())[:, None]
    return wrap((diagonal == int(k)).to(_float_or(dtype)))


def identity(n: Any, dtype: Any = None) -> Any:
    """The identity matrix of n rows."""
    return eye(n, dtype=dtype)


def tri(N: Any, M: Any = None, k: int = 0, dtype: Any = None) -> Any:
    """Ones on the k-th diagonal and below, zeros above, in N rows and M columns, N by default."""
    rows, columns = _integer(N, "N"), _integer(N if M is None else M, "M")
    return wrap(torch.ones(rows, columns, dtype=_float_or(dtype), device=devices.current()).tril(int(k)))


def _integer(value: Any, name: str) -> int:
    try:
        return value.__index__()
    except (AttributeError, TypeError):
        raise fail(
            TypeError, f"Argument `{name}` must be an integer or an integer tensor", received=repr(value)
        ) from None


# ranges ---------------------------------------------------------------------------------------------------------------


def _kind(value: Any) -> Any:
    """What ``result_type`` needs to know of an argument: its dtype, or the type of a Python number."""
    return type(value) if type(value) in (bool, int, float) else raw(value).dtype


def _number(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Any:
    """``start``, ``start + step``, ... below ``stop``; with one argument 0, 1, ... below it.

    The dtype follows the arguments: integers give int32, a float gives ``floatx``.

    Raises:
        InvalidArgumentError: ``step`` is 0 or leads away from ``stop``.
    """
    if type(start) is int and dtype is step is None and (stop is None or type(stop) is int):
        first, last = (0, start) if stop is None else (start, stop)
        if 0 <= first <= last < 2**31:
            return wrap(torch.arange(first, last, dtype=torch.int32, device=devices.current()))
    given = [value for value in (start, stop, step) if value is not None]
    common = dtypes.result_type(*map(_kind, given)) if dtype is None else dtype
    start, stop = (0, start) if stop is None else (start, stop)
    step = 1 if step is None else step
    first, last, stride = map(_number, (start, stop, step))
    if stride == 0 or (last - first) * stride < 0:
        raise InvalidArgumentError(f"Requires start <= limit when delta > 0: {first}/{last}, delta={stride} [Op:Range]")
    wanted = torch_dtype(common)
    whole = all(isinstance(v, int) for v in (first, last, stride))
    count = -(-(last - first) // stride) if whole else math.ceil((last - first) / stride)
    steps = torch.arange(count, device=devices.current(), dtype=torch.int64 if whole else torch.float64)
    return wrap((first + steps * stride).to(wanted))


def _spaced(start: Any, stop: Any, num: int, endpoint: bool, dtype: Any) -> tuple[torch.Tensor, torch.Tensor, Any]:
    """``num`` evenly spaced float64 values along a new first axis, their distance, and the dtype for the result."""
    num = _integer(num, "num")
    if num < 0:
        raise fail(ValueError, "`num` must be a non-negative integer", received=f"num={num}")
    common = dtypes.result_type(_kind(start), _kind(stop), float)
    first, last = raw(start, torch.float64).double(), raw(stop, torch.float64).double()
    gaps = num - 1 if endpoint else num
    step = (last - first) / gaps if gaps > 0 else torch.full_like(last - first, math.nan)
    place = torch.arange(num, dtype=torch.float64, device=first.device)
    values = first + (torch.einsum("i,...->i...", place, step) if gaps > 0 else place.reshape(-1, *[1] * step.ndim))
    if endpoint and num > 1:
        values[-1] = last
    if gaps <= 0:
        values = first.expand(num, *step.shape).clone()
    return values, step, torch_dtype(common if dtype is None else dtype)


def _drawn(function: Callable) -> Callable:
    """A function that takes symbolic tensors too."""

    @functools.wraps(function)
    def public(*args: Any, **kwargs: Any) -> Any:
        if symbolic.any_symbolic(args, kwargs):
            return symbolic.call(public, args, kwargs)
        return function(*args, **kwargs)

    return public


@_drawn
def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """``num`` evenly spaced values from ``start`` to ``stop``, along a new axis where these are tensors.

    Args:
        endpoint: whether ``stop`` is the last of them.
        retstep: also return the distance between two.

    Raises:
        ValueError: ``num`` is negative.
    """
    values, step, wanted = _spaced(start, stop, num, endpoint, dtype)
    if not wanted.is_floating_point:
        values = values.floor()
    values = wrap(values.movedim(0, axis_index(axis, values.ndim)).to(wanted))
    return (values, wrap(step.to(wanted))) if retstep else values


@_drawn
def logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10, dtype: Any = None, axis: int = 0
) -> Any:
    """``base`` to the power of ``num`` evenly spaced exponents from ``start`` to ``stop``; see ``linspace``."""
    exponents, _, wanted = _spaced(start, stop, num, endpoint, dtype)
    values = raw(base, torch.float64).double().to(exponents.device) ** exponents
    return wrap(values.movedim(0, axis_index(axis, values.ndim)).to(wanted))


@_drawn
def geomspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0) -> Any:
    """``num`` values from ``start`` to ``stop`` with a constant quotient; both have the same sign. See ``linspace``."""
    first, last = raw(start, torch.float64).double(), raw(stop, torch.float64).double()
    exponents, _, _ = _spaced(torch.log(first.abs()), torch.log(last.abs()), num, endpoint, None)
    values = torch.exp(exponents) * torch.sign(first)
    if endpoint and num > 1:
        values[-1] = last  # not by way of logarithms, which would round it
    if num > 0:
        values[0] = first
    wanted = torch_dtype(dtypes.result_type(_kind(start), _kind(stop), float) if dtype is None else dtype)
    return wrap(values.movedim(0, axis_index(axis, values.ndim)).to(wanted))


# windows --------------------------------------------------------------------------------------------------------------


def _window(x: Any, values: Any) -> Any:
    """``values(n, t)`` of float64 numbers t = 0 … n - 1 as floatx; one point is 1."""
    n = int(_number(raw(x)))
    t = torch.arange(n, dtype=torch.float64, device=devices.current())
    window = values(n - 1, t) if n > 1 else torch.ones_like(t)
    return wrap(window.to(dtypes.floatx()))


def bartlett(x: Any) -> Any:
    """The triangular window of x points, 0 at both ends."""
    return _window(x, lambda last, t: 1 - (2 * t / last - 1).abs())


def blackman(x: Any) -> Any:
    """The Blackman window of x points: 0.42 - 0.5 cos(2πt/(n-1)) + 0.08 cos(4πt/(n-1))."""
    return _window(
        x, lambda last, t: 0.42 - 0.5 * torch.cos(2 * math.pi * t / last) + 0.08 * torch.cos(4 * math.pi * t / last)
    )


def hamming(x: Any) -> Any:
    """The Hamming window of x points: 0.54 - 0.46 cos(2πt/(n-1))."""
    return _window(x, lambda last, t: 0.54 - 0.46 * torch.cos(2 * math.pi * t / last))


def hanning(x: Any) -> Any:
    """The Hann window of x points: 0.5 - 0.5 cos(2πt/(n-1))."""
    return _window(x, lambda last, t: 0.5 - 0.5 * torch.cos(2 * math.pi * t / last))


def kaiser(x: Any, beta: Any) -> Any:
    """The Kaiser window of x points: I₀(β√(1 - (2t/(n-1) - 1)²)) / I₀(β)."""
    slope = float(_number(raw(beta)))

    def values(last: int, t: torch.Tensor) -> torch.Tensor:
        inner = torch.sqrt((1 - (2 * t / last - 1) ** 2).clamp(min=0))
        return torch.i0(slope * inner) / torch.i0(torch.full_like(t, slope))

    return _window(x, values)


# conversion -----------------------------------------------------------------------------------------------------------


def convert_to_tensor(x: Any, dtype: Any = None, sparse: bool | None = None, ragged: bool | None = None) -> Any:
    """x as a tensor; a tensor of the wanted dtype as it is, anything else cast (1.5 becomes 1 as int32).

    Args:
        sparse, ragged: False makes a sparse or ragged tensor dense; otherwise it stays what it is.
    """
    if isinstance(x, RaggedTensor):
        x = x.to_tensor() if ragged is False else x
        return x if dtype is None or x.dtype == dtypes.as_dtype(dtype) else cast(x, dtype)
    if isinstance(x, SparseTensor):
        made = x if sparse is not False else wrap(coordinates.to_dense(coordinates.reorder(x)))
        return made if dtype is None or made.dtype == dtypes.as_dtype(dtype) else cast(made, dtype)
    if not dispatch.is_tensor(x):
        if dtype is None or dtypes.as_dtype(dtype) == "string":
            return wrap(storage(x, dtype))
        return wrap(_constant(x, torch_dtype(dtype)))
    x = x if isinstance(x, torch.Tensor) or dispatch.is_symbolic(x) else convert(x)
    return x if dtype is None or x.dtype == dtypes.as_dtype(dtype) else cast(x, dtype)


def array(x: Any, dtype: Any = None) -> Any:
    """x as a tensor, of ``dtype`` if one is given."""
    return convert_to_tensor(x, dtype)


def convert_to_numpy(x: Any) -> np.ndarray:
    """x as a NumPy array of its own.

    Raises:
        ValueError: x is symbolic and has no value.
    """
    if isinstance(x, torch.Tensor):
        return to_numpy(x).copy()
    if isinstance(x, RaggedTensor):
        return x.to_tensor().numpy()
    if isinstance(x, SparseTensor):
        return dispatch.wrap(coordinates.to_dense(coordinates.reorder(x))).numpy()
    if dispatch.is_tensor(x):
        return np.array(x.__array__())
    if tree.is_nested(x) and any(dispatch.is_tensor(leaf) for leaf in tree.flatten(x)):
        return to_numpy(storage(x))
    return np.array(x)


def is_tensor(x: Any) -> bool:
    """Whether x is a tensor or variable with a value, or made of such: not a NumPy array, not a symbolic KerasTensor."""
    return (dispatch.is_tensor(x) and not dispatch.is_symbolic(x)) or (isinstance(x, CompositeTensor) and x._is_tensor)


def _cast_strings(x: np.ndarray, dtype: Any) -> np.ndarray:
    if dtypes.standardize(dtype) != "string":
        raise InvalidArgumentError(f"Cast string to {dtypes.standardize(dtype)} is not supported [Op:Cast]")
    return x


@op
@strings(_cast_strings)
def cast(x: Array, dtype: Any) -> Any:
    """x in another dtype; floats lose their fraction, complex numbers their imaginary part."""
    return cast_raw(x, torch_dtype(dtype))


@op
def saturate_cast(x: Array, dtype: Any) -> Any:
    """x in another dtype; what lies outside its range becomes its smallest or largest number."""
    target = dtypes.as_dtype(dtype)
    source = dtypes.as_dtype(x.dtype)
    if target.kind in ("bool", "complex") or source.kind in ("bool", "complex"):
        return cast_raw(x, target.torch)
    number = float if source.is_floating else int  # the limits of bfloat16 are no numbers to torch
    low, high = number(max(source.min, target.min)), number(min(source.max, target.max))
    clipped = x.clamp(low, high)
    if source.is_floating and target.is_integer:  # the upper bound as a float may be just outside the range
        top = min(target.max, 2**63 - 1)
        clipped = torch.where(x >= high, top, cast_raw(clipped, torch.int64)).clamp(target.min, top)
    return clipped.to(target.torch)


# what a tensor is -----------------------------------------------------------------------------------------------------


def shape(x: Any) -> tuple:
    """The shape as a tuple of integers, ``None`` for unknown dimensions of a KerasTensor."""
    if dispatch.is_tensor(x) or hasattr(x, "shape"):
        return tuple(x.shape)
    return tuple(raw(x).shape)


def ndim(x: Any) -> int:
    """The number of dimensions."""
    return len(shape(x))


def _size_strings(x: np.ndarray) -> torch.Tensor:
    return torch.tensor(x.size, dtype=torch.int32)


@op
@strings(_size_strings)
def size(x: Array) -> Any:
    """The number of elements, as an int32 scalar."""
    return torch.full((), x.numel(), dtype=torch.int32, device=x.device)


def dtype(x: Any) -> str:
    """The name of the dtype of a tensor, variable or array."""
    return dtypes.standardize(x.dtype if hasattr(x, "dtype") else raw(x).dtype)
