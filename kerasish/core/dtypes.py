"""Data types: TensorFlow's dtype objects, their torch and NumPy counterparts, Keras's promotion rules and policies."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.compiler import is_dynamo_compiling

from kerasish.core.context import local, settings
from kerasish.core.errors import close_matches, fail
from kerasish.core.trace_type import TraceType


class DType(str):
    """One element type: a string, as dtypes are in Keras 3, that prints and behaves as TensorFlow's dtype objects.

    It compares equal to its name and to the NumPy and torch type of the same kind; ``str`` and ``repr`` are TensorFlow's:
    ``<dtype: 'float32'>`` and ``tf.float32``.
    """

    name: str = ""
    as_datatype_enum: int = 0
    kind: str  # one of "float", "int", "uint", "bool", "complex", "string", "quantized", "handle"
    size: int = 0  # bytes of one element
    torch: torch.dtype | None

    def __new__(cls, type_enum: Any, handle_data: Any = None) -> DType:
        """The dtype of TensorFlow's number.

        Args:
            handle_data: of handles, which there are none of; must be None.

        Raises:
            TypeError: there is no dtype of that number.
        """
        if handle_data is not None:
            raise fail(TypeError, "Dtypes of handles are not served", received=repr(handle_data))
        number = int(type_enum)
        if number not in _BY_ENUM:
            raise TypeError(f"{number} does not correspond to a valid tensorflow::DataType")
        return _BY_ENUM[number]

    @classmethod
    def _made(cls, name: str, enum: int, kind: str, size: int, torch_dtype: torch.dtype | None) -> DType:
        dtype = str.__new__(cls, name)
        dtype.name = name
        dtype.as_datatype_enum = enum
        dtype.kind = kind
        dtype.size = size
        dtype.torch = torch_dtype
        return dtype

    @property
    def as_numpy_dtype(self) -> type:
        return _numpy_type(self.name)

    is_floating = property(lambda self: self.kind == "float")
    is_integer = property(lambda self: self.kind in ("int", "uint"))
    is_unsigned = property(lambda self: self.kind == "uint")
    is_bool = property(lambda self: self.kind == "bool")
    is_complex = property(lambda self: self.kind == "complex")
    is_numeric = property(lambda self: self.kind in ("float", "int", "uint", "complex"))
    is_quantized = property(lambda self: self.kind == "quantized")
    is_numpy_compatible = property(lambda self: self.kind != "handle")
    base_dtype = property(lambda self: self)

    @property
    def real_dtype(self) -> DType:
        return {"complex64": float32, "complex128": float64}.get(self.name, self)

    @property
    def min(self) -> Any:
        return self._limit("min")

    @property
    def max(self) -> Any:
        return self._limit("max")

    @property
    def limits(self) -> tuple:
        """The range of an image's intensities: (0, 1) of floats, (0, max) of integers."""
        if self.kind == "bool":
            return 0, True
        if self.kind not in ("float", "int", "uint") or (self.kind == "float" and self.size < 4):
            raise ValueError(f"{self!s} does not have defined limits.")
        return 0, 1 if self.kind == "float" else self.max

    def _limit(self, which: str) -> Any:
        if self.kind not in ("float", "int", "uint"):
            raise TypeError(f"Cannot find {which}imum value of {self!r}.")
        if self.torch is None:
            import ml_dtypes  # NumPy itself has no such types

            of = ml_dtypes.finfo if self.kind == "float" else ml_dtypes.iinfo
            return getattr(of(self.as_numpy_dtype), which)
        if self.kind == "float":
            return self.as_numpy_dtype(getattr(torch.finfo(self.torch), which))
        return getattr(torch.iinfo(self.torch), which)

    flatten, to_tensors, from_tensors = TraceType.flatten, TraceType.to_tensors, TraceType.from_tensors
    placeholder_value, cast = TraceType.placeholder_value, TraceType.cast
    is_subtype_of, most_specific_common_supertype = (
        TraceType.is_subtype_of,
        TraceType.most_specific_common_supertype,
    )

    def is_compatible_with(self, other: Any) -> bool:
        return self == other

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str):
            if is_dynamo_compiling():  # which cannot call str.__eq__
                return self.name == (other.name if isinstance(other, DType) else other)
            return str.__eq__(self, other)
        if isinstance(other, torch.dtype) or other is None:
            return self.torch is not None and self.torch is other
        try:
            return as_dtype(other) is self
        except TypeError:
            return False

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__

    def __int__(self) -> int:
        return self.as_datatype_enum

    def __repr__(self) -> str:
        return f"tf.{self.name}"

    def __str__(self) -> str:
        return f"<dtype: {self.name!r}>"

    def __reduce__(self) -> tuple:
        return as_dtype, (self.name,)


class NamedDType(DType):
    """A dtype as Keras's variables and symbolic tensors have it: a string that prints as such.

    Args:
        dtype: TensorFlow's dtype, which it is equal to and has the attributes of.
    """

    def __new__(cls, dtype: DType) -> NamedDType:
        made = str.__new__(cls, dtype.name)
        made.__dict__.update(vars(dtype))
        made._dtype = dtype
        return made

    def __eq__(self, other: object) -> bool:
        return self._dtype == other

    __hash__ = str.__hash__

    def __repr__(self) -> str:
        return repr(self.name)

    def __str__(self) -> str:
        return self.name

    def __reduce__(self) -> tuple:
        return NamedDType, (self._dtype,)


def named(dtype: DType) -> NamedDType:
    """The same dtype, printed as its name."""
    return _NAMED[dtype.name]


@functools.cache
def _numpy_type(name: str) -> type:
    if name[0] == "q":
        return np.dtype([(name, {"qint": "i", "quint": "u"}[name.rstrip("1236 8")] + str(BY_NAME[name].size))])
    if name == "bfloat16" or name in _SMALL or name.startswith("float8"):
        import ml_dtypes  # NumPy itself has no such types

        return getattr(ml_dtypes, name)
    return {"string": object, "bool": np.bool_}.get(name) or getattr(np, name)


float16 = DType._made("float16", 19, "float", 2, torch.float16)
bfloat16 = DType._made("bfloat16", 14, "float", 2, torch.bfloat16)
float32 = DType._made("float32", 1, "float", 4, torch.float32)
float64 = DType._made("float64", 2, "float", 8, torch.float64)
float8_e4m3fn = DType._made("float8_e4m3fn", 25, "float", 1, torch.float8_e4m3fn)
float8_e5m2 = DType._made("float8_e5m2", 24, "float", 1, torch.float8_e5m2)
int8 = DType._made("int8", 6, "int", 1, torch.int8)
int16 = DType._made("int16", 5, "int", 2, torch.int16)
int32 = DType._made("int32", 3, "int", 4, torch.int32)
int64 = DType._made("int64", 9, "int", 8, torch.int64)
uint8 = DType._made("uint8", 4, "uint", 1, torch.uint8)
uint16 = DType._made("uint16", 17, "uint", 2, torch.uint16)
uint32 = DType._made("uint32", 22, "uint", 4, torch.uint32)
uint64 = DType._made("uint64", 23, "uint", 8, torch.uint64)
bool_ = DType._made("bool", 10, "bool", 1, torch.bool)
complex64 = DType._made("complex64", 8, "complex", 8, torch.complex64)
complex128 = DType._made("complex128", 18, "complex", 16, torch.complex128)
string = DType._made("string", 7, "string", 0, None)

ALL = (
    float16, bfloat16, float32, float64, float8_e4m3fn, float8_e5m2, int8, int16, int32, int64,
    uint8, uint16, uint32, uint64, bool_, complex64, complex128, string,
)  # fmt: skip
# Names that programs compare with; there are no tensors of them
QUANTIZED = tuple(
    DType._made(name, enum, "quantized", size, None)
    for name, enum, size in (
        ("qint8", 11, 1),
        ("quint8", 12, 1),
        ("qint32", 13, 4),
        ("qint16", 15, 2),
        ("quint16", 16, 2),
    )
)
HANDLES = (DType._made("resource", 20, "handle", 0, None), DType._made("variant", 21, "handle", 0, None))
SMALL = tuple(
    DType._made(name, enum, kind, 1, None)
    for name, enum, kind in (
        ("float8_e4m3fnuz", 26, "float"),
        ("float8_e4m3b11fnuz", 27, "float"),
        ("float8_e5m2fnuz", 28, "float"),
        ("int4", 29, "int"),
        ("uint4", 30, "uint"),
        ("int2", 31, "int"),
        ("uint2", 32, "uint"),
        ("float4_e2m1fn", 33, "float"),
    )
)
_SMALL = frozenset(SMALL)
BY_NAME = {dtype.name: dtype for dtype in (*ALL, *QUANTIZED, *HANDLES, *SMALL)}
_ALIASES = {"half": float16, "float": float32, "double": float64, "int": int32, "long": int64, "str": string}
_ALIASES |= {"object": string, "bytes": string, "boolean": bool_}
_PYTHON: dict[Any, DType] = {bool: bool_, int: int32, float: float32, complex: complex128, str: string, bytes: string}
FROM_TORCH: dict[torch.dtype, DType] = {dtype.torch: dtype for dtype in ALL if dtype.torch is not None}
_BY_ENUM = {dtype.as_datatype_enum: dtype for dtype in BY_NAME.values()}


_NAMED = {name: NamedDType(dtype) for name, dtype in BY_NAME.items()}


def as_dtype(type_value: Any) -> DType:
    """The DType for a name, DType, torch or NumPy dtype, Python type or TensorFlow enum number.

    Raises:
        TypeError: nothing of that name is known.
    """
    if type(type_value) is DType:
        return type_value
    if type(type_value) is torch.dtype:
        return FROM_TORCH[type_value]
    if type_value is None:  # NumPy would take it for float64
        raise TypeError("Cannot convert the argument `type_value`: None to a TensorFlow DType.")
    if isinstance(type_value, str):
        found = BY_NAME.get(type_value) or _ALIASES.get(type_value) or BY_NAME.get(type_value.removeprefix("torch."))
        if found is None:
            raise TypeError(
                f"Cannot convert the argument `type_value`: {type_value!r} to a TensorFlow DType. "
                f"{close_matches(type_value, BY_NAME)}".rstrip()
            )
        return found
    try:
        if type_value in _PYTHON:
            return _PYTHON[type_value]
        if isinstance(type_value, int) and type_value in _BY_ENUM:
            return _BY_ENUM[type_value]
        name = np.dtype(type_value).name
    except TypeError:
        name = str(type_value)
    if name.startswith(("str", "bytes")):
        return string
    found = BY_NAME.get(name) or _ALIASES.get(name)
    if found is None:
        raise TypeError(f"Cannot convert the argument `type_value`: {type_value!r} to a TensorFlow DType.")
    return found


def to_torch(value: Any) -> torch.dtype:
    """The torch dtype for anything that ``as_dtype`` takes.

    Raises:
        TypeError: the type is unknown, or is ``string``, which torch does not have.
    """
    if type(value) is torch.dtype:
        return value
    if type(value) is DType and value.torch is not None:
        return value.torch
    dtype = BY_NAME.get(value) if type(value) is str else None
    dtype = as_dtype(value) if dtype is None else dtype
    if dtype.torch is None:
        raise fail(TypeError, f"A tensor of dtype {dtype.name} cannot take part in this operation", "a numeric dtype")
    return dtype.torch


def standardize(value: Any) -> str:
    """The canonical name of a dtype; ``None`` gives the default float (``keras.config.floatx``)."""
    if value is None:
        return settings.floatx
    if value is int:
        return "int64"
    try:
        return as_dtype(getattr(value, "name", value) if not isinstance(value, type) else value).name
    except TypeError as error:
        raise ValueError(f"Invalid dtype: {value!r}. {error}") from None


def floatx() -> torch.dtype:
    return to_torch(settings.floatx)


# promotion ------------------------------------------------------------------------------------------------------------

_WEAK = {bool: "bool", int: "int", float: "float", complex: "complex64"}
_JOIN = {frozenset(("float16", "bfloat16")): "float32"}


@functools.cache
def _result_type(names: tuple[str, ...], default_float: str) -> str:
    """Keras's lattice: Python scalars are weak, any float beats any integer, 64-bit integers do not widen floats."""
    strong = [name for name in names if name not in ("int", "float")]
    weak = [name for name in names if name in ("int", "float")]
    joined = functools.reduce(_join, strong) if strong else None
    if joined is None:
        return default_float if "float" in weak else "int32"
    kind = BY_NAME[joined].kind
    if "float" in weak and kind not in ("float", "complex"):
        return default_float
    if "int" in weak and kind == "bool":
        return "int32"
    return joined


def _join(a: str, b: str) -> str:
    if a == b:
        return a
    if frozenset((a, b)) in _JOIN:
        return _JOIN[frozenset((a, b))]
    first, second = BY_NAME[a], BY_NAME[b]
    order = {"bool": 0, "uint": 1, "int": 1, "float": 2, "complex": 3}
    if order[first.kind] != order[second.kind]:
        return a if order[first.kind] > order[second.kind] else b
    if first.kind == second.kind:
        return a if first.size > second.size else b
    unsigned, signed = (first, second) if first.kind == "uint" else (second, first)
    if signed.size > unsigned.size:
        return signed.name
    return {1: "int16", 2: "int32", 4: "int64"}.get(unsigned.size, settings.floatx)


def result_type(*values: Any) -> str:
    """The dtype that Keras computes in when ``values`` (dtypes, or Python types for scalars) meet.

    >>> result_type("int32", "float16")
    'float16'
    >>> result_type("int32", float)
    'float32'
    """
    names = []
    for value in values:
        if value in _WEAK and not isinstance(value, (str, DType)):
            names.append(_WEAK[value])
        else:
            names.append(standardize(value))
    return _result_type(tuple(names), settings.floatx) if names else settings.floatx


# policies -------------------------------------------------------------------------------------------------------------


class DTypePolicy:
    """Which dtype a layer computes in and which its variables have: a dtype's name, or ``mixed_float16/bfloat16``."""

    def __init__(self, name: str | None = None) -> None:
        name = settings.floatx if name is None else name
        if not isinstance(name, str):
            raise fail(TypeError, "'name' must be a string, such as 'mixed_bfloat16'", received=repr(name))
        self._name = name
        if name in ("mixed_float16", "mixed_bfloat16"):
            self._compute, self._variable = name.removeprefix("mixed_"), "float32"
        else:
            try:
                self._compute = self._variable = standardize(name)
            except ValueError:
                known = [*BY_NAME, "mixed_float16", "mixed_bfloat16"]
                raise fail(
                    ValueError, f"Cannot convert '{name}' to a mixed precision policy", hint=close_matches(name, known)
                ) from None

    name = property(lambda self: self._name)
    compute_dtype = property(lambda self: self._compute)
    variable_dtype = property(lambda self: self._variable)
    quantization_mode = property(lambda self: None)

    @property
    def is_mixed(self) -> bool:
        return self._compute != self._variable

    def convert_input(self, x: Any, autocast: bool, dtype: Any) -> Any:
        """Cast a floating-point tensor to ``dtype`` when ``autocast`` is set; anything else is returned as it is."""
        kind = getattr(x, "dtype", None)
        if autocast and kind is not None and as_dtype(kind).is_floating:
            return x.to(to_torch(dtype)) if isinstance(x, torch.Tensor) else x.astype(dtype)
        return x

    def get_config(self) -> dict:
        return {"name": self._name}

    @classmethod
    def from_config(cls, config: dict) -> DTypePolicy:
        return cls(**config)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other._name == self._name

    def __hash__(self) -> int:
        return hash(self._name)

    def __repr__(self) -> str:
        return f'<{type(self).__name__} "{self._name}">'


QUANTIZATION_MODES = ("int8", "float8", "int4", "gptq", "awq")
POLICY_CLASSES: dict[str, type] = {"DTypePolicy": DTypePolicy, "FloatDTypePolicy": DTypePolicy, "Policy": DTypePolicy}
# Makes policies of names that begin with a mode of quantization; quantized_policies puts itself here.
policy_readers: list[Callable[[str], DTypePolicy]] = []


def get_policy(identifier: Any = None) -> DTypePolicy:
    """The policy for a name, a dtype, a policy or its config; ``None`` gives the default one."""
    if isinstance(identifier, DTypePolicy):
        return identifier
    if identifier is None:
        return local.policy or DTypePolicy(settings.floatx)
    if isinstance(identifier, dict):
        config = identifier.get("config", identifier)
        if not isinstance(config, dict):
            return get_policy(config)
        if not identifier.keys() & {"name", "config", "class_name"}:
            raise fail(ValueError, "Not the configuration of a dtype policy", "a dictionary with a name", identifier)
        return POLICY_CLASSES[identifier.get("class_name", "DTypePolicy")].from_config(config)
    if type(identifier) is str:
        if identifier.startswith("mixed"):
            return DTypePolicy(identifier)
        if "_from_" in identifier or identifier.startswith(("gptq", "awq", "int4")):
            return policy_readers[0](identifier)
    return DTypePolicy(standardize(identifier))


def set_default_policy(identifier: Any) -> None:
    """Set this thread's default policy (``keras.config.set_dtype_policy``)."""
    local.policy = None if identifier is None else get_policy(identifier)
