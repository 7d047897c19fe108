"""Which dtype values meet in, in the promotion modes "all" and "safe" of ``tf.experimental.numpy``.

A *kind* is a dtype and whether it is weak. What a user gave no dtype, Python's numbers first of all, is weak: it takes the
dtype of what it meets where that can hold numbers like it. Kinds meet in the first that follows both in this order,

    bool → int32* → int64* → uint8 … int64 → float32* → float64* → bfloat16, float16 → float32 → float64 → complex

(* weak), with NumPy's rule among integers, except that float16 and bfloat16 meet in float32, float64 and complex64 in
complex128, and integers with weak floats in weak float64. The whole table is compared with TensorFlow's in the tests.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch

from kerasish.core import dispatch, dtypes
from kerasish.core.dtypes import DType
from kerasish.core.shape import TensorShape
from kerasish.tf.slices import IndexedSlices


class Kind(NamedTuple):
    """A dtype, and whether it gives way to others."""

    dtype: DType
    weak: bool = False


class NoPromotionError(NotImplementedError):
    """Values that the promotion modes have no rule for: their operations are as without a mode."""


_ORDER = {"bool": 0, "int": 1, "uint": 1, "float": 2, "complex": 3}
_OF_PYTHON = {bool: Kind(dtypes.bool_), int: Kind(dtypes.int32, True), float: Kind(dtypes.float32, True),
              complex: Kind(dtypes.complex128, True)}  # fmt: skip
_IN_LATTICE = frozenset(
    "bool uint8 uint16 uint32 uint64 int8 int16 int32 int64 bfloat16 float16 float32 float64 complex64 complex128".split()
)

# two kinds ------------------------------------------------------------------------------------------------------------


def join(a: Kind, b: Kind) -> Kind:
    """The kind in which two meet.

    Raises:
        NoPromotionError: there is none, as of strings and numbers.
    """
    if a == b:
        if a.dtype.name in _IN_LATTICE or a.dtype.kind == "string":
            return a
    elif a.dtype.name in _IN_LATTICE and b.dtype.name in _IN_LATTICE:
        low, high = sorted((a, b), key=lambda kind: (_ORDER[kind.dtype.kind], kind.dtype.size))
        if low.dtype.kind == "bool":
            return high
        if low.weak and high.weak:
            return high
        if low.weak or high.weak:
            return _with_weak(*((low, high) if low.weak else (high, low)))
        return _of_strong(low.dtype, high.dtype)
    raise NoPromotionError(
        f"Implicit Conversion between {a.dtype!s} and {b.dtype!s} is not allowed. Please convert the input manually if you "
        "need to."
    )


def _with_weak(weak: Kind, strong: Kind) -> Kind:
    if _ORDER[weak.dtype.kind] <= _ORDER[strong.dtype.kind]:
        return strong
    if strong.dtype.is_integer:
        return Kind(dtypes.complex128 if weak.dtype.is_complex else dtypes.float64, True)
    return Kind(_complex_of(strong.dtype))


def _complex_of(dtype: DType) -> DType:
    return dtypes.complex128 if dtype is dtypes.float64 else dtypes.complex64


def _of_strong(low: DType, high: DType) -> Kind:
    """Of two dtypes, the one of the lower order, or of the smaller size, first."""
    if low.is_integer and high.is_integer and low.is_unsigned != high.is_unsigned:
        signed, unsigned = (high, low) if low.is_unsigned else (low, high)
        if signed.size > unsigned.size:
            return Kind(signed)
        return Kind(dtypes.as_dtype(f"int{16 * unsigned.size}")) if unsigned.size < 8 else Kind(dtypes.float64, True)
    if low.is_floating and high.is_floating and low.size == high.size:
        return Kind(dtypes.float32)
    if low.is_floating and high.is_complex:
        return Kind(max(_complex_of(low), high, key=lambda dtype: dtype.size))
    return Kind(high)


def is_risky(a: Kind, b: Kind, result: Kind) -> bool:
    """Whether meeting may lose precision or takes more bits than either had: what the mode "safe" refuses."""
    if result.dtype not in (a.dtype, b.dtype):
        return True
    digits = result.dtype.size // (2 if result.dtype.is_complex else 1)
    if not (result.dtype.is_floating or result.dtype.is_complex):
        return False
    return any(kind.dtype.is_integer and not kind.weak and 2 * kind.dtype.size > digits for kind in (a, b))


# values ---------------------------------------------------------------------------------------------------------------


def kind_of(value: Any) -> Kind:
    """The kind of a tensor, an array, a number or a dtype.

    Raises:
        OverflowError: a Python integer of more than 32 bits.
        NoPromotionError: a value of another sort.
    """
    if type(value) in _OF_PYTHON:
        if type(value) is int and not -(2**31) <= value < 2**31:
            raise OverflowError(f"Python int {value} too large to convert to np.int32")
        return _OF_PYTHON[type(value)]
    if isinstance(value, DType):
        return Kind(value)
    if isinstance(value, (str, bytes)):
        return Kind(dtypes.string)
    if isinstance(value, dispatch._types.composite) and not isinstance(value, IndexedSlices):
        raise NoPromotionError(f"Auto dtype conversion semantics does not support {type(value)} type.")
    if isinstance(value, TensorShape):
        return Kind(dtypes.int32)
    if isinstance(value, type) and value in _OF_PYTHON:
        return _OF_PYTHON[value]
    of = value if isinstance(value, (torch.dtype, np.dtype, type)) else getattr(value, "dtype", None)
    try:
        return Kind(dtypes.as_dtype(of), getattr(value, "is_weak", False))
    except (TypeError, ValueError):
        pass
    for cls, kind in _OF_PYTHON.items():
        if isinstance(value, cls):
            return kind
    raise NoPromotionError(f"Auto dtype conversion semantics does not support {type(value)} type.")


def _leaves(value: Any) -> list:
    if isinstance(value, (list, tuple)) and not isinstance(value, TensorShape):
        return [leaf for item in value for leaf in _leaves(item)]
    if isinstance(value, dict):
        return [leaf for key in sorted(value) for leaf in _leaves(value[key])]
    return [value]


def result_kind(*values: Any, safe: bool) -> Kind:
    """The kind in which all the values, and those in lists, meet; None counts for nothing.

    Raises:
        TypeError: ``safe``, and two kinds meet in a third or lose precision.
        NoPromotionError: values that the modes have no rule for.
    """
    kinds = [kind_of(leaf) for value in values if value is not None for leaf in _leaves(value)]
    result = kinds[0] if kinds else Kind(dtypes.float32, True)
    for kind in kinds[1:]:
        met = join(result, kind)
        if safe and is_risky(result, kind, met):
            raise TypeError(
                f"In promotion mode PromoMode.SAFE, implicit dtype promotion between ({result.dtype!s}, "
                f"weak={result.weak}) and ({kind.dtype!s}, weak={kind.weak}) is disallowed. You need to explicitly specify "
                "the dtype in your op, or relax your dtype promotion rules (such as from SAFE mode to ALL mode)."
            )
        result = met
    return result
