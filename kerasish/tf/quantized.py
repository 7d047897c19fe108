"""Tensors of quantized integers: ``tf.quantization.quantize``, ``dequantize`` and ``quantized_concat``.

A ``QuantizedTensor`` holds integers and says that they are quantized. Operations that only move elements take it, and give
one; ``tf.cast`` and ``tf.bitcast`` give plain integers; whatever would compute with it refuses, as in TensorFlow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from kerasish.core import dispatch, dtypes
from kerasish.core.composite import Served
from kerasish.core.dtypes import DType, as_dtype
from kerasish.core.errors import InvalidArgumentError, NotFoundError, fail
from kerasish.core.shape import TensorShape
from kerasish.core.storage import numpy_text
from kerasish.core.tensor import BINARY_OPERATORS, Tensor, convert
from kerasish.tf import arrays, creation, indexing, tiling

_INTEGERS = {"qint8": "int8", "quint8": "uint8", "qint16": "int16", "quint16": "uint16", "qint32": "int32"}
_MODES = ("MIN_COMBINED", "MIN_FIRST", "SCALED")


class QuantizedTensor(Served):
    """Quantized integers.

    Args:
        integers: a tensor of the integers' plain dtype.
        dtype: ``tf.qint8``, ``tf.quint8``, ``tf.qint16``, ``tf.quint16`` or ``tf.qint32``.
    """

    __slots__ = ("_dtype", "_integers")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, integers: Tensor, dtype: DType) -> None:
        self._integers, self._dtype = integers, dtype

    dtype = property(lambda self: self._dtype)
    shape = property(lambda self: self._integers.shape)
    ndim = property(lambda self: self._integers.ndim)
    device = property(lambda self: self._integers.device)

    def get_shape(self) -> TensorShape:
        return self.shape

    def numpy(self) -> Any:
        """The integers."""
        return self._integers.numpy()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.numpy(), dtype=dtype)

    def __len__(self) -> int:
        return len(self._integers)

    def __getitem__(self, key: Any) -> QuantizedTensor:
        return QuantizedTensor(self._integers[key], self._dtype)

    def __iter__(self) -> Iterator[QuantizedTensor]:
        return (QuantizedTensor(part, self._dtype) for part in self._integers)

    def __eq__(self, other: object) -> Any:
        if not isinstance(other, QuantizedTensor) or other.dtype != self.dtype:
            return NotImplemented
        return self._integers == other._integers

    def __ne__(self, other: object) -> Any:
        equal = self.__eq__(other)
        return equal if equal is NotImplemented else ~equal

    def __repr__(self) -> str:
        shape, text = tuple(self.shape), numpy_text(np.asarray(self.numpy()))
        return f"<tf.Tensor: shape={shape}, dtype={self._dtype.name}, numpy={text}>"

    def __str__(self) -> str:
        array = np.asarray(self.numpy())
        separator = "\n" if array.ndim > 1 else ""
        return f"tf.Tensor({separator}{array}, shape={tuple(self.shape)}, dtype={self._dtype.name})"

    def _call(self, operation: Callable, args: tuple, kwargs: dict) -> Any:
        if operation not in self._handlers:
            raise InvalidArgumentError(
                f"{operation.__name__}() does not take tensors of {self._dtype.name}. tf.quantization.dequantize gives "
                "floats, tf.cast integers."
            )
        return super()._call(operation, args, kwargs)


def _refused(name: str) -> Callable:
    def refuse(self: QuantizedTensor, other: Any) -> Any:
        raise InvalidArgumentError(
            f"Value for attr 'T' of {self.dtype.name} is not in the list of allowed values [Op:{name}]"
        )

    return refuse


for _name in (*BINARY_OPERATORS, "lt", "le", "gt", "ge"):
    setattr(QuantizedTensor, f"__{_name}__", _refused(_name))
    setattr(QuantizedTensor, f"__r{_name}__", _refused(_name))


def _moving(operation: Callable) -> None:
    """Let an operation that only moves elements take quantized ones, alone or in a list."""

    @QuantizedTensor.serve(operation)
    def moved(x: Any, *args: Any, **kwargs: Any) -> Any:
        first = x[0] if isinstance(x, (list, tuple)) else x
        plain = [part._integers for part in x] if isinstance(x, (list, tuple)) else x._integers
        made = operation(plain, *args, **kwargs)
        if isinstance(made, (list, tuple)):
            return [QuantizedTensor(part, first.dtype) for part in made]
        return QuantizedTensor(made, first.dtype)


for _operation in (
    arrays.identity, arrays.reshape, arrays.expand_dims, arrays.squeeze, arrays.concat, arrays.stack, arrays.split,
    arrays.slice, arrays.strided_slice, arrays.broadcast_to, indexing.gather, indexing.gather_nd,
):  # fmt: skip
    _moving(_operation)


def _measuring(operation: Callable) -> None:
    @QuantizedTensor.serve(operation)
    def measured(x: QuantizedTensor, *args: Any, **kwargs: Any) -> Any:
        return operation(x._integers, *args, **kwargs)


for _operation in (arrays.shape, arrays.size, arrays.rank, creation.cast, tiling.bitcast):
    _measuring(_operation)


class QuantizeV2(NamedTuple):
    """Quantized numbers, and what the smallest and the largest of them stand for."""

    output: QuantizedTensor
    output_min: Tensor
    output_max: Tensor


class QuantizedConcat(NamedTuple):
    """The same of a concatenation."""

    output: QuantizedTensor
    output_min: Tensor
    output_max: Tensor


def _integer_limits(kind: DType, narrow_range: bool = False) -> tuple[int, int]:
    limits = np.iinfo(_INTEGERS[kind.name])
    return int(limits.min) + narrow_range, int(limits.max)


def _away(x: np.ndarray) -> np.ndarray:
    """Rounded, halves away from 0."""
    return np.trunc(x + np.copysign(np.float32(0.5), x))


def _as_integers(numbers: np.ndarray, kind: DType) -> np.ndarray:
    """Floats as integers; what is too large for 32 bits is the smallest one, as processors have it."""
    whole = np.asarray(numbers, np.float64).astype(np.int64)
    low, high = _integer_limits(kind)
    if kind.name == "qint32":
        return np.where((whole < low) | (whole > high), low, whole).astype(np.int32)
    return whole.clip(low, high).astype(_INTEGERS[kind.name])


def _check_kind(kind: DType, operation: str) -> None:
    if kind.name not in _INTEGERS:
        raise InvalidArgumentError(
            f"Value for attr 'T' of {kind.name} is not in the list of allowed values: {', '.join(_INTEGERS)} [Op:{operation}]"
        )


def _check_mode(mode: str, operation: str) -> None:
    if mode not in _MODES:
        raise InvalidArgumentError(
            f"Value for attr 'mode' of {mode!r} is not in the list of allowed values: {', '.join(_MODES)} [Op:{operation}]"
        )


def _column(value: Any, axis: int | None, rank: int) -> np.ndarray:
    """Bounds as an array that broadcasts along the other axes.

    Raises:
        InvalidArgumentError: not one bound, or not one for each slice.
    """
    bounds = np.asarray(convert(value, "float32").numpy(), np.float32)
    if axis is None:
        if bounds.ndim:
            raise InvalidArgumentError(f"Bounds must be scalars without an axis. Received: shape {list(bounds.shape)}")
        return bounds
    return bounds.reshape([-1 if i == axis % rank else 1 for i in range(rank)])


def quantize(
    input: Any,
    min_range: Any,
    max_range: Any,
    T: Any,  # noqa: N803
    mode: str = "MIN_COMBINED",
    round_mode: str = "HALF_AWAY_FROM_ZERO",
    name: str | None = None,
    narrow_range: bool = False,
    axis: int | None = None,
    ensure_minimum_range: float = 0.01,
) -> QuantizeV2:
    """Floats as quantized integers.

    Args:
        min_range, max_range: what the integers' range stands for, made to hold 0; with ``axis`` one for each slice.
        T: a quantized dtype.
        mode: "MIN_COMBINED" and "MIN_FIRST" lay the smallest integer at ``min_range``, "SCALED" 0 at 0.
        round_mode: "HALF_AWAY_FROM_ZERO", or "HALF_TO_EVEN" with "SCALED".
        narrow_range: whether "SCALED" leaves out the smallest integer.
        ensure_minimum_range: the least width of the range, times its largest bound if that is above 1.

    Raises:
        InvalidArgumentError: arguments that do not fit, or ``max_range`` is below ``min_range``.
    """
    kind = as_dtype(T)
    _check_kind(kind, "QuantizeV2")
    _check_mode(mode, "QuantizeV2")
    if round_mode not in ("HALF_AWAY_FROM_ZERO", "HALF_TO_EVEN"):
        raise InvalidArgumentError(f"Value for attr 'round_mode' of {round_mode!r} is not known [Op:QuantizeV2]")
    if round_mode == "HALF_TO_EVEN" and mode != "SCALED":
        raise InvalidArgumentError(
            f"Round mode 'HALF_TO_EVEN' only supported for mode 'SCALED', but mode is '{mode}'. [Op:QuantizeV2]"
        )
    x = np.asarray(creation.cast(input, "float32").numpy(), np.float32)
    low, high = (_column(bound, axis, x.ndim) for bound in (min_range, max_range))
    if (high < low).any():
        raise InvalidArgumentError("input_max_range must be larger than input_min_range. [Op:QuantizeV2]")
    low = np.minimum(low, np.float32(0))
    width = np.maximum(np.float32(1), np.maximum(abs(low), abs(high))) * np.float32(ensure_minimum_range)
    high = np.maximum(np.maximum(high, low + width), np.float32(0))
    with np.errstate(all="ignore"):
        numbers, low, high = _quantized(x, low, high, kind, mode, round_mode, narrow_range, axis is None)
    made = QuantizedTensor(convert(np.ascontiguousarray(_as_integers(numbers, kind)).reshape(x.shape)), kind)
    return QuantizeV2(
        made, *(convert(np.asarray(b, np.float32).reshape(-1 if axis is not None else ())) for b in (low, high))
    )


def _quantized(
    x: np.ndarray, low: Any, high: Any, kind: DType, mode: str, round_mode: str, narrow: bool, whole: bool
) -> tuple:
    """Rounded numbers, and the range that they have; ``whole``: one range for all, which oneDNN computes for 8 bits."""
    least, most = _integer_limits(kind)
    signed = least < 0
    quick = whole and kind.size == 1 and not narrow
    if mode == "SCALED":
        if quick and round_mode == "HALF_TO_EVEN":
            bound = np.maximum(abs(low), abs(high))
            scale = np.float32(127.5 if signed else 255) / bound
            return np.rint(x * scale).clip(least, most), -bound if signed else np.zeros_like(bound), bound
        low, high, scale = _scaled_range(low, high, kind, narrow)
        numbers = x.clip(low, high) * scale
        return (np.rint(numbers) if round_mode == "HALF_TO_EVEN" else _away(numbers)), low, high
    if mode == "MIN_FIRST" and not (quick and not signed):
        return _from_floats(x, low, high, kind), low, high
    scale = np.asarray((most - least) / (np.float64(high) - np.float64(low)), np.float32)
    steps = (x.clip(low, high) - low) * scale
    if mode == "MIN_FIRST":
        return np.rint(steps), low, high
    return (
        (_away(steps - np.float32((most - least + 1) / 2)) if signed else np.floor(steps + np.float32(0.5))),
        low,
        high,
    )


def _scaled_range(low: Any, high: Any, kind: DType, narrow: bool) -> tuple:
    """The range that holds both bounds with 0 at 0, and how many integers there are to 1."""
    least, most = _integer_limits(kind, narrow)
    largest = np.finfo(np.float32).max
    below = np.where(least * low > 0, np.float32(least) / low, largest)
    above = np.where(most * high > 0, np.float32(most) / high, largest)
    scale = np.minimum(below, above).astype(np.float32)
    low = np.float32(least) / scale
    return np.where(abs(low) < np.finfo(np.float32).tiny, np.float32(0), low), np.float32(most) / scale, scale


def _from_floats(x: np.ndarray, low: Any, high: Any, kind: DType) -> np.ndarray:
    """Floats as integers of "MIN_FIRST": the smallest one is at ``low``, rounded to a step."""
    steps, least, most = 1 << (8 * kind.size), *_integer_limits(kind)
    span = (np.float64(high) - np.float64(low)) * (steps / (steps - 1.0))
    scale = np.asarray(steps / span, np.float32)
    numbers = _away(x * scale) - (_away(low * scale) - np.float32(least))
    upper = np.float32(most) if kind.size < 4 else np.nextafter(np.float32(most), np.float32(0))
    return np.minimum(np.maximum(numbers, np.float32(least)), upper)


def _to_floats(integers: np.ndarray, low: Any, high: Any, kind: DType) -> np.ndarray:
    """What integers of "MIN_FIRST" stand for."""
    steps, least, _ = 1 << (8 * kind.size), *_integer_limits(kind)
    step = (high - low) * np.float32(steps / (steps - 1.0)) / np.float32(steps)
    first = _away(low / step) * step
    return (first + (integers.astype(np.float64) - least) * np.float64(step)).astype(np.float32)


def dequantize(
    input: Any,
    min_range: Any,
    max_range: Any,
    mode: str = "MIN_COMBINED",
    name: str | None = None,
    axis: int | None = None,
    narrow_range: bool = False,
    dtype: Any = dtypes.float32,
) -> Tensor:
    """What quantized integers stand for; see ``quantize``.

    Args:
        dtype: float32, or bfloat16.

    Raises:
        InvalidArgumentError: ``input`` is not quantized, or arguments that do not fit.
        NotFoundError: "SCALED" 32-bit integers, as in TensorFlow on CPUs.
    """
    if not isinstance(input, QuantizedTensor):
        _check_kind(as_dtype(convert(input).dtype), "Dequantize")
    _check_mode(mode, "Dequantize")
    kind, integers = input.dtype, np.asarray(input.numpy())
    if mode == "SCALED" and kind.name == "qint32":
        raise NotFoundError("There is no kernel that dequantizes 'SCALED' qint32 [Op:Dequantize]")
    low, high = (_column(bound, axis, integers.ndim) for bound in (min_range, max_range))
    least, most = _integer_limits(kind)
    if mode == "MIN_FIRST":
        made = _to_floats(integers, low, high, kind)
    elif mode == "SCALED":
        scale = high / np.float32(most)
        if least:
            scale = np.maximum(low / np.float32(least + narrow_range), scale)
        made = integers.astype(np.float32) * scale
    else:
        scale = (high - low) / np.float32(most - least)
        half = np.float32((most - least + 1) / 2 if least else 0)
        made = (integers.astype(np.float32) + half) * scale + low
    return creation.cast(convert(np.asarray(made, np.float32)), dtype)


def quantized_concat(
    concat_dim: Any,
    values: Sequence[Any],
    input_mins: Sequence[Any],
    input_maxes: Sequence[Any],
    name: str | None = None,
) -> QuantizedConcat:
    """Quantized tensors one after another along an axis, in a range that holds all of theirs.

    Raises:
        InvalidArgumentError: values that are not quantized, or of several dtypes.
    """
    kinds = {value.dtype for value in values if isinstance(value, QuantizedTensor)}
    if len(kinds) != 1 or not all(isinstance(value, QuantizedTensor) for value in values):
        raise fail(InvalidArgumentError, "Quantized tensors of one dtype are concatenated", received=list(values))
    kind = kinds.pop()
    lows, highs = ([np.float32(convert(bound).numpy()) for bound in bounds] for bounds in (input_mins, input_maxes))
    low, high = np.float32(min(0, *lows)), np.float32(max(highs))
    parts = []
    for value, own_low, own_high in zip(values, lows, highs):
        integers = np.asarray(value.numpy())
        if (own_low, own_high) != (low, high):
            numbers = _from_floats(_to_floats(integers, own_low, own_high, kind), low, high, kind)
            integers = _as_integers(numbers, kind)
        parts.append(convert(integers))
    joined = arrays.concat(parts, int(dispatch.raw(concat_dim)) if dispatch.is_tensor(concat_dim) else concat_dim)
    return QuantizedConcat(QuantizedTensor(joined, kind), convert(low), convert(high))
