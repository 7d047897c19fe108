"""Values into storage and back: Python, NumPy and text as torch tensors, by TensorFlow's rules.

Strings are NumPy object arrays of bytes, since torch has none.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.compiler import is_dynamo_compiling

from kerasish.core import device as devices
from kerasish.core import dispatch, kernels
from kerasish.core.context import local
from kerasish.core.dtypes import DType, as_dtype, string, to_torch
from kerasish.core.errors import InvalidArgumentError, UnsupportedValueError, ValuesNeededError, fail
from kerasish.core.shape import TensorShape

_PYTHON_DTYPES = {bool: torch.bool, float: torch.float32, complex: torch.complex128}
_VECTORS = {
    float: (torch.float32, torch.float64),
    int: (torch.int32, torch.int64),
}  # by Python's type, the usual one first
_NATIVE = frozenset(
    map(np.dtype, ("bool", "int8", "int16", "int32", "int64", "uint8", "float16", "float32", "float64"))
)
# dtypes that Python numbers are put into one by one; for others TensorFlow makes a tensor first, and casts it
_TAKES_BIG = frozenset(("uint64", "float16", "float32", "float64"))
_TAKES_BOOLS = _TAKES_BIG | {"int32", "int64"}
_OUT_OF_RANGE = "Can't convert Python sequence with out-of-range integer to Tensor."
WIDER_THAN_NUMPY = {torch.bfloat16: "bfloat16", torch.float8_e4m3fn: "float8_e4m3fn", torch.float8_e5m2: "float8_e5m2"}


def storage(value: Any, dtype: Any = None) -> Any:
    """A new ``torch.Tensor`` (or object array of bytes) with the contents of a Python or NumPy value.

    Python integers give int32 (int64 where they need it), floats float32, complex complex128; NumPy keeps its dtype.
    The result never shares memory with ``value``.

    Raises:
        TypeError: ``value`` does not fit ``dtype`` without loss (1.5 as int32, text as a number).
        ValueError: nested sequences of unequal lengths or of mixed kinds, or something that is no tensor at all.
    """
    kind = type(value)
    if kind is np.ndarray and dtype is None and value.dtype in _NATIVE:
        return _place(torch.from_numpy(value.copy()))
    target = None if dtype is None else as_dtype(dtype)
    if kind in (float, bool, int):
        return _from_number(value, kind, target)
    if (kind is list or kind is tuple) and (made := _from_numbers(value, target)) is not None:
        return made
    if isinstance(value, (str, bytes)) or target is string:
        if isinstance(value, DType):
            raise _unsupported(value)
        if target not in (None, string):
            raise TypeError(f"Cannot convert {_short(value)} to EagerTensor of dtype {kernels.word(target.name)}")
        return from_strings(value)
    if isinstance(value, torch.Tensor):
        out = value.detach().clone()
    elif isinstance(value, (np.ndarray, np.generic)):
        objects = isinstance(value, np.ndarray) and value.dtype == object and target is not None
        out = _from_sequence(value.tolist(), target) if objects else from_numpy(np.asarray(value))
    elif kind in (TensorShape, torch.Size):
        if None in value:
            raise ValueError(f"Cannot convert a partially known TensorShape {value} to a Tensor.")
        out = torch.tensor(tuple(value), dtype=torch.int32)
    elif isinstance(value, (list, tuple, range)):
        out = _from_sequence(value, target)
    elif kind is complex:
        if target is not None:
            _demand_kind(value, complex, target)
        out = torch.tensor(value, dtype=torch.complex128)
    elif _conversions and (converted := registered(value, target)) is not None:
        return dispatch.raw(converted)
    elif hasattr(value, "__array__"):
        out = from_numpy(np.asarray(value))
    else:
        raise _unsupported(value)
    if not isinstance(out, torch.Tensor):
        if target is not None:
            raise TypeError(f"Cannot convert {_short(value)} to EagerTensor of dtype {kernels.word(target.name)}")
        return out
    return _place(out if target is None else out.to(target.torch))


def _unsupported(value: Any) -> Exception:
    """The error of a value that is no tensor at all."""
    return UnsupportedValueError(
        f"Attempt to convert a value ({value!r}) with an unsupported type ({type(value)}) to a Tensor."
    )


_conversions: list[
    tuple[float, tuple[type, ...], Callable]
] = []  # by priority: classes, and what makes a tensor of them


def register_tensor_conversion_function(base_type: Any, conversion_func: Callable, priority: int = 100) -> None:
    """Let operations take objects of a class (``tf.register_tensor_conversion_function``).

    Args:
        base_type: the class, or a tuple of classes.
        conversion_func: called with a value, ``dtype`` (or None), ``name`` and ``as_ref`` (False); returns a Tensor, or
            ``NotImplemented`` to leave the value to others.
        priority: functions with lower ones are asked first.

    Raises:
        TypeError: an argument is of another kind, or the class is one of numbers or arrays.
    """
    classes = base_type if isinstance(base_type, tuple) else (base_type,)
    if not all(isinstance(cls, type) for cls in classes):
        raise TypeError(f"Argument `base_type` must be a type or a tuple of types. Obtained: {base_type}")
    if any(issubclass(cls, (int, float, np.generic, np.ndarray)) for cls in classes):
        raise TypeError("Cannot register conversions for Python numeric types and NumPy scalars and arrays.")
    if not callable(conversion_func):
        raise TypeError(f"Argument `conversion_func` must be callable. Received {conversion_func}.")
    _conversions.append((priority, classes, conversion_func))
    _conversions.sort(key=lambda entry: entry[0])


def has_conversions() -> bool:
    """Whether any class is registered."""
    return bool(_conversions)


def registered(value: Any, target: DType | None = None) -> Any:
    """What a registered function makes of an object; None if there is none for it."""
    for _, classes, function in _conversions:
        if not isinstance(value, classes):
            continue
        made = function(value, dtype=target, name=None, as_ref=False)
        if made is NotImplemented:
            continue
        where = f"Conversion function {function} for type {classes[0] if len(classes) == 1 else classes} returned"
        if not dispatch.is_tensor(made):
            raise RuntimeError(f"{where} non-Tensor: {made!r}")
        if target is not None and as_dtype(made.dtype) != target:
            actual = as_dtype(made.dtype).name
            raise RuntimeError(f"{where} incompatible dtype: requested = {target.name}, actual = {actual}")
        return made
    return None


def _place(tensor: torch.Tensor) -> torch.Tensor:
    device = devices.current()
    return tensor if device.type == "cpu" else tensor.to(device)


def _from_number(value: Any, kind: type, target: DType | None) -> torch.Tensor:
    if target is None:
        wanted = _PYTHON_DTYPES.get(kind)
        if wanted is None:
            wanted = torch.int32 if -(2**31) <= value < 2**31 else torch.int64
        return torch.tensor(value, dtype=wanted, device=devices.current())
    _demand_kind(value, kind, target)
    if kind is int and not -(2**63) <= value < 2**63 and target.name not in _TAKES_BIG:
        raise ValueError(_OUT_OF_RANGE)
    if target.is_integer and kind is int:
        value = _wrapped(value, target)
    return torch.tensor(value, dtype=target.torch, device=devices.current())


def _from_numbers(value: list | tuple, target: DType | None) -> torch.Tensor | None:
    """A vector of Python's floats, or of integers that their dtype holds; None for anything else."""
    kinds = set(map(type, value))
    allowed = _VECTORS.get(kinds.pop()) if len(kinds) == 1 else None
    if allowed is None or (target is not None and target.torch not in allowed):
        return None
    try:
        return torch.tensor(value, dtype=allowed[0] if target is None else target.torch, device=devices.current())
    except (RuntimeError, ValueError):  # an integer that needs more bits
        return None


def _wrapped(value: int, target: DType) -> int:
    """TensorFlow wraps what an integer type cannot hold: ``tf.constant(-1, tf.uint8)`` is 255."""
    count = 1 << (8 * target.size)
    value %= count
    return value - count if target.kind == "int" and value >= count // 2 else value


def _demand_kind(value: Any, kind: type, target: DType) -> None:
    """Raise unless a Python number of type ``kind`` may become ``target``."""
    if kind is bool and target.name in ("int8", "int16", "bfloat16"):
        raise TypeError(f"Cannot convert {_short(value)} to EagerTensor of dtype {kernels.word(target.name)}")
    if kind is bool and target.name == "uint64":
        return
    allowed = {
        bool: ("bool", "int", "float"), int: ("int", "uint", "float", "complex"), float: ("float", "complex"),
        complex: ("complex",),
    }  # fmt: skip
    if target.kind not in allowed.get(kind, ()):
        raise TypeError(f"Cannot convert {_short(value)} to EagerTensor of dtype {kernels.word(target.name)}")


def from_numpy(array: np.ndarray) -> Any:
    if type(array) is np.ndarray and array.dtype in _NATIVE:
        return torch.from_numpy(array.copy())
    name = array.dtype.name
    if array.dtype.kind in "OSU":
        _demand_text(array)
        return from_strings(array)
    if name in ("bfloat16", "float8_e4m3fn", "float8_e5m2"):
        bits = array.astype(array.dtype, copy=True).view(np.int16 if name == "bfloat16" else np.int8)
        return torch.from_numpy(bits).view(to_torch(name))
    if array.dtype.kind not in "biufc" or array.dtype.itemsize > 16 or name == "float128":
        raise fail(ValueError, f"Failed to convert a NumPy array to a Tensor (Unsupported object type {array.dtype})")
    native = np.dtype(name)  # the one of this size that torch knows, in the machine's order of bytes
    return torch.from_numpy(np.array(array, dtype=native, copy=True, order="C"))


def _demand_text(array: np.ndarray) -> None:
    if array.dtype == object:
        for item in array.reshape(-1):
            if not isinstance(item, (str, bytes, dispatch._types.string)):
                kind = type(item).__name__
                raise ValueError(f"Failed to convert a NumPy array to a Tensor (Unsupported object type {kind}).")


def _first_leaf(value: Any) -> Any:
    while isinstance(value, (list, tuple)) and len(value):
        value = value[0]
    return value


def _from_sequence(value: Any, target: DType | None) -> Any:
    first = _first_leaf(value)
    if dispatch.is_tensor(first) or any(dispatch.is_tensor(_first_leaf(item)) for item in value):
        like = next(item for item in map(_first_leaf, value) if dispatch.is_tensor(item))
        dtype = target or as_dtype(like.dtype)
        if dtype.name == "string":
            return _stacked_strings(value)
        parts = [dispatch.raw(item, None if dispatch.is_tensor(item) else dtype.torch) for item in value]
        if isinstance(parts[0], np.ndarray) and {np.shape(part) for part in parts} == {parts[0].shape}:
            return np.stack(parts)
        try:
            return torch.stack(parts)
        except (RuntimeError, TypeError):
            shapes = [list(part.shape) for part in parts]
            raise InvalidArgumentError(f"Shapes of all inputs must match: got {shapes}. [Op:Pack]") from None
    if isinstance(first, (str, bytes)):
        return from_strings(value)
    try:
        array = np.array(value)
    except (ValueError, OverflowError) as error:
        if isinstance(error, OverflowError):
            raise fail(ValueError, f"Can't convert Python sequence {_short(value)} to Tensor: {error}") from None
        raise ValueError("Can't convert non-rectangular Python sequence to Tensor.") from None
    kind = array.dtype.kind
    if kind in "SU":
        return from_strings(value)
    if kind == "c" and target is not None and target.name == "complex128":
        return from_numpy(array)  # the one complex dtype that numbers are put into one by one
    if kind == "c" and type(first) in (int, float):
        raise ValueError("Can't convert Python sequence with mixed types to Tensor.")
    mixed = type(first) is bool and kind != "b"
    if mixed and (target is None or target.name not in _TAKES_BOOLS or (kind == "f" and target.kind != "float")):
        raise ValueError("Can't convert Python sequence with mixed types to Tensor.")
    if type(first) in (int, bool) and kind in "uOf":
        array = _big_integers(array, value, target)
        kind = array.dtype.kind
    if kind == "O":
        raise fail(
            UnsupportedValueError, f"Attempt to convert a value ({_short(value)}) with an unsupported type to a Tensor"
        )
    out = from_numpy(array)
    if target is None:
        if kind in "iu":
            small = array.size == 0 or (array.min() >= -(2**31) and array.max() < 2**31)
            return out.to(torch.int32 if small else torch.int64)
        if kind != "f":
            return out
        own = isinstance(first, (np.floating, np.ndarray)) and first.dtype.kind == "f"  # NumPy's floats keep their size
        return out.to(to_torch(first.dtype) if own else torch.float32)
    if array.size and not mixed:
        _demand_kind(value, {"b": bool, "i": int, "u": int, "f": float, "c": complex}[kind], target)
    return out


def _big_integers(array: np.ndarray, value: Any, target: DType | None) -> np.ndarray:
    """Python integers that int64 does not hold, or may not, as an array that ``target`` can be made from."""
    if array.dtype.kind == "f":
        if target is None or target.name != "uint64":
            return array
        array = np.array(value, dtype=object)  # NumPy makes floats of large integers beside small ones
    if all(isinstance(item, (int, np.integer)) for item in array.reshape(-1)):
        if target is not None and target.name in _TAKES_BIG and target.kind == "float":
            return array.astype(np.float64)
        if target is None or target.name != "uint64" or array.min() < 0 or array.max() >= 2**64:
            raise ValueError(_OUT_OF_RANGE)
        return array.astype(np.uint64)
    return array


def from_strings(value: Any) -> np.ndarray:
    """Text and bytes, nested or not, as an object array of bytes; text is encoded as UTF-8."""
    array = np.array(value, dtype=object) if not isinstance(value, np.ndarray) else value.astype(object)
    flat = array.reshape(-1)
    out = np.empty(flat.shape, dtype=object)
    for i, item in enumerate(flat):
        if isinstance(item, str):
            out[i] = item.encode("utf-8")
        elif isinstance(item, bytes):
            out[i] = bytes(item)
        elif isinstance(item, dispatch._types.string):
            out[i] = item._t.item()
        elif isinstance(item, (list, tuple)):
            raise ValueError("Can't convert non-rectangular Python sequence to Tensor.")
        elif any(isinstance(other, (str, bytes)) for other in flat):
            raise ValueError("Can't convert Python sequence with mixed types to Tensor.")
        else:
            raise TypeError(f"Cannot convert {_short(value)} to EagerTensor of dtype string")
    return out.reshape(array.shape)


def _stacked_strings(value: Any) -> np.ndarray:
    """A list of string tensors, text beside them maybe."""
    parts = [storage(item, as_dtype("string")) for item in value]
    if len({part.shape for part in parts}) > 1:
        shapes = [list(part.shape) for part in parts]
        raise InvalidArgumentError(f"Shapes of all inputs must match: got {shapes}. [Op:Pack]")
    return np.stack(parts)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 80 else text[:77] + "..."


def to_numpy(tensor: torch.Tensor) -> np.ndarray:
    """The contents as a NumPy array of the same dtype; may share memory with ``tensor``."""
    tensor = tensor.detach()
    if tensor.device.type != "cpu":
        tensor = tensor.cpu()
    if tensor.is_conj() or tensor.is_neg():
        tensor = tensor.resolve_conj().resolve_neg()
    wide = WIDER_THAN_NUMPY.get(tensor.dtype)
    if wide is not None:
        bits = tensor.view(torch.int16 if wide == "bfloat16" else torch.int8)
        return bits.numpy().view(as_dtype(wide).as_numpy_dtype)
    try:
        return tensor.numpy()
    except RuntimeError:
        if not local.tracing:
            raise
        known = getattr(tensor, "constant", None)  # of a fake tensor: made from numbers, such as a shape
        if known is not None:
            from torch._subclasses.fake_tensor import unset_fake_temporarily

            with unset_fake_temporarily():
                return known.numpy()
        raise ValuesNeededError(
            "The value of a symbolic tensor was asked for (in a condition, a loop, a NumPy call or .numpy()), while only "
            "the shapes of a layer's call() are being worked out."
        ) from None


def one_number(values: Any) -> Any:
    """An array of one element without its axes: ``float([1.5])``, which NumPy allowed before 2.4; others as they are."""
    return values.reshape(()) if getattr(values, "size", 0) == 1 and getattr(values, "ndim", 0) else values


def host(x: torch.Tensor) -> np.ndarray:
    """A tensor's numbers; zeros where only shapes are worked out."""
    try:
        return to_numpy(x)
    except NotImplementedError:  # it has no storage
        return np.zeros(tuple(x.shape), as_dtype(x.dtype).as_numpy_dtype)


# the methods of a dtype's own, which take a third of the time that ``to`` needs to find out what it was given
_CONVERSIONS = {
    torch.float32: torch.Tensor.float,
    torch.float64: torch.Tensor.double,
    torch.float16: torch.Tensor.half,
    torch.bfloat16: torch.Tensor.bfloat16,
    torch.int8: torch.Tensor.char,
    torch.int16: torch.Tensor.short,
    torch.int32: torch.Tensor.int,
    torch.int64: torch.Tensor.long,
    torch.uint8: torch.Tensor.byte,
    torch.bool: torch.Tensor.bool,
}


def cast_raw(x: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """``x`` in another dtype; floats too large for an integer, and NaN, become its smallest value as in TensorFlow."""
    source = x.dtype
    if source is dtype:
        return x
    if (dtype is torch.int32 or dtype is torch.int64) and source.is_floating_point:
        plain = type(x) is torch.Tensor and x.is_cpu and not is_dynamo_compiling()
        if not (plain and _processor_does(source, dtype)):
            return _to_integer(x, dtype)
    elif source.is_complex and not dtype.is_complex:
        x = x.real
    convert = _CONVERSIONS.get(dtype)
    return x.to(dtype) if convert is None else convert(x)


def _to_integer(x: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    info = torch.iinfo(dtype)
    wide = x.double()
    fits = (wide >= info.min) & (wide <= info.max)  # False for NaN
    return torch.where(fits, x, 0).to(dtype).masked_fill(~fits, info.min)


@functools.cache
def _processor_does(source: torch.dtype, dtype: torch.dtype) -> bool:
    """Whether the host's own conversion gives the smallest integer for what does not fit: x86 does, others saturate."""
    values = [math.nan, math.inf, -math.inf, 6e4, -3e9, 3e9, 2.0**31, 2.0**63, -1e19, 3e38, 1.5]
    probe = torch.tensor(values * 17, dtype=torch.float64).to(source)  # enough for vectors, and some are left over
    return all(torch.equal(part.to(dtype), _to_integer(part, dtype)) for part in (probe, probe[::3], probe[:1]))


dispatch.register(constant=storage)


def numpy_text(array: np.ndarray) -> str:
    """How TensorFlow writes an array inside a ``repr``: scalars bare, several lines from a line of their own."""
    if array.ndim == 0:
        value = array[()]
        return repr(value) if isinstance(value, bytes) else str(value)
    text = repr(array)
    return "\n" + text if "\n" in text else text


_AS_SIGNED = {torch.uint16: torch.int16, torch.uint32: torch.int32, torch.uint64: torch.int64}


def bits(x: torch.Tensor) -> torch.Tensor:
    """The same bits as signed integers, where torch has no kernels for the dtype: enough to move and to add elements."""
    return x.view(_AS_SIGNED[x.dtype]) if x.dtype in _AS_SIGNED else x


def of_bits(x: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """What ``bits`` made, as it was; other tensors, and their gradients, as they are."""
    return x if x.dtype is dtype else x.view(dtype)
