"""``tf.experimental.numpy``: functions of single elements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from kerasish import ops
from kerasish.core import dispatch
from kerasish.core.arithmetic import divide as divide_raw
from kerasish.core.arithmetic import floor_divide as floor_raw
from kerasish.core.arithmetic import power as power_raw
from kerasish.ops import math
from kerasish.tf.alias import (
    ANY,
    FLOATS,
    FLOATS_AND_COMPLEX,
    INTEGERS_AND_BOOLS,
    NUMBERS,
    REALS,
    REALS_AND_BOOLS,
    SIGNED,
    SINGLE_OR_DOUBLE,
    check,
)
from kerasish.tf.experimental.numpy.conversion import (
    cast,
    met_by_double,
    promoted,
    promoted_pair,
    public,
    raw_array,
    table,
    to_inexact,
    torch_type,
)

# one argument ---------------------------------------------------------------------------------------------------------


def _as_it_is(function: Callable, x: Any) -> Any:
    return function(raw_array(x))


def _in_floats(function: Callable, x: Any) -> Any:
    return function(to_inexact(raw_array(x)))


def _sinc(x: torch.Tensor) -> torch.Tensor:
    angle = x * np.pi
    return torch.where(
        x == 0, torch.ones_like(x), torch.sin(angle) / angle
    )  # as TensorFlow does, at the dtype's precision


def _exp2(x: torch.Tensor) -> torch.Tensor:
    return torch.exp2(x)


def _cbrt(x: torch.Tensor) -> torch.Tensor:
    return torch.sign(x) * torch.abs(x) ** (1.0 / 3.0)


def _sign(x: torch.Tensor) -> torch.Tensor:
    return ops.sign.raw(x)


def _signbit(x: torch.Tensor) -> torch.Tensor:
    return torch.zeros_like(x) if x.dtype is torch.bool else x < 0


def _iscomplex(x: torch.Tensor) -> torch.Tensor:
    return x.imag != 0 if x.is_complex() else torch.zeros_like(x, dtype=torch.bool)


def _copied(x: torch.Tensor) -> torch.Tensor:
    return torch.clone(x)


def _divided(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return divide_raw(x, y) if x.dtype is not torch.bool else torch.true_divide(to_inexact(x), to_inexact(y))


def _scaled(factor: float) -> Callable:
    return lambda x: x * factor


def _finite(x: torch.Tensor) -> torch.Tensor:
    return torch.isfinite(x)


table(globals(), "x", _in_floats, None, {
    "arccos": (torch.acos, "The angle whose cosine is x."),
    "arccosh": (torch.acosh, "The inverse hyperbolic cosine."),
    "arcsin": (torch.asin, "The angle whose sine is x."),
    "arcsinh": (torch.asinh, "The inverse hyperbolic sine."),
    "arctan": (torch.atan, "The angle whose tangent is x."),
    "arctanh": (torch.atanh, "The inverse hyperbolic tangent."),
    "cos": (torch.cos, "The cosine."),
    "cosh": (torch.cosh, "The hyperbolic cosine."),
    "exp": (torch.exp, "e to the power of x."),
    "exp2": (_exp2, "2 to the power of x."),
    "expm1": (torch.expm1, "exp(x) - 1, exact for small x."),
    "log": (torch.log, "The natural logarithm."),
    "log10": (lambda x: met_by_double(torch.log(x)) / np.log(10), "The logarithm to the base 10."),
    "log1p": (torch.log1p, "log(1 + x), exact for small x."),
    "log2": (lambda x: met_by_double(torch.log(x)) / np.log(2), "The logarithm to the base 2."),
    "sin": (torch.sin, "The sine."),
    "sinc": (_sinc, "sin(pi x) / (pi x), and 1 at 0."),
    "sinh": (torch.sinh, "The hyperbolic sine."),
    "sqrt": (torch.sqrt, "The square root."),
    "tan": (torch.tan, "The tangent."),
    "tanh": (torch.tanh, "The hyperbolic tangent."),
})  # fmt: skip

table(
    globals(),
    "x",
    _in_floats,
    FLOATS,
    {
        "cbrt": (_cbrt, "The cube root."),
        "ceil": (torch.ceil, "The next integer above, as a float."),
        "fix": (torch.trunc, "The next integer towards zero, as a float."),
        "floor": (torch.floor, "The next integer below, as a float."),
        "isfinite": (_finite, "Where elements are neither infinite nor NaN."),
        "isnan": (torch.isnan, "Where elements are NaN."),
    },
)
table(globals(), "x", _in_floats, FLOATS_AND_COMPLEX, {
    "deg2rad": (_scaled(np.pi / 180.0), "Degrees as radians."),
})  # fmt: skip

table(globals(), "a", _as_it_is, None, {"copy": (_copied, "A copy.")})
table(globals(), "x", _as_it_is, None, {"positive": (_copied, "x.")})
table(globals(), "x", _as_it_is, None, {
    "iscomplex": (_iscomplex, "Where elements have an imaginary part."),
    "isreal": (lambda x: ~_iscomplex(x), "Where elements have no imaginary part."),
    "logical_not": (lambda x: ~cast(x, torch.bool), "Where elements are zero."),
    "signbit": (_signbit, "Where elements are negative."),
})  # fmt: skip
table(globals(), "x", _as_it_is, INTEGERS_AND_BOOLS, {"bitwise_not": (torch.bitwise_not, "Every bit inverted.")})
table(globals(), "x", _as_it_is, SIGNED, {
    "abs": (torch.abs, "The magnitude."),
    "absolute": (torch.abs, "The magnitude."),
    "fabs": (torch.abs, "The magnitude."),
})  # fmt: skip
table(globals(), "x", _as_it_is, FLOATS_AND_COMPLEX, {"reciprocal": (torch.reciprocal, "1 / x.")})
table(globals(), "x", _as_it_is, SIGNED, {"negative": (torch.neg, "Minus x.")})
table(globals(), "x", _as_it_is, NUMBERS, {"square": (torch.square, "x times x.")})
table(globals(), "x", _as_it_is, NUMBERS, {
    "conj": (lambda x: torch.conj_physical(x), "The complex conjugate."),
    "conjugate": (lambda x: torch.conj_physical(x), "The complex conjugate."),
})  # fmt: skip
table(globals(), "val", _as_it_is, NUMBERS, {
    "real": (lambda x: x.real if x.is_complex() else x, "The real part."),
})  # fmt: skip
table(globals(), "val", _as_it_is, None, {
    "imag": (lambda x: x.imag if x.is_complex() else torch.zeros_like(x), "The imaginary part."),
})  # fmt: skip


@public
def sign(x: Any, out: Any = None, where: Any = None, **kwargs: Any) -> Any:
    """-1, 0 or 1 by the sign.

    Raises:
        ValueError: ``out``, ``where`` or other arguments of NumPy's, which are not served.
    """
    if out is not None or where is not None or kwargs:
        raise ValueError("tf.experimental.numpy.sign doesn't support setting out, where or other arguments.")
    x = raw_array(x)
    check(x, SIGNED, "Sign")
    return _sign(x)


@public
def angle(z: Any, deg: bool = False) -> Any:
    """The angle of complex numbers, in radians or degrees; of real ones in float32, as TensorFlow gives it."""
    x = raw_array(z)
    value = torch.angle(x) if x.is_complex() else torch.where(to_inexact(x) < 0, np.pi, 0.0).to(torch.float32)
    return value * (180.0 / np.pi) if deg else value


@public
def around(a: Any, decimals: int = 0) -> Any:
    """Rounded to so many decimals, halves to even ones; integers stay integers."""
    x = raw_array(a)
    if x.is_floating_point() or x.is_complex():
        wide = x
    else:
        wide = x.to(torch_type(float))
    factor = torch.tensor(10.0**decimals).to(wide.dtype)  # TensorFlow's is a float32 first: 0.1 is not exact
    out = torch.round(wide * factor) / factor if decimals else torch.round(wide)
    return cast(out, x.dtype)


def round(a: Any, decimals: int = 0) -> Any:
    """Rounded to so many decimals, halves to even ones; integers stay integers."""
    return around(a, decimals)


# two arguments --------------------------------------------------------------------------------------------------------


def _together(function: Callable, x1: Any, x2: Any) -> Any:
    return function(*promoted_pair(x1, x2))


def _compared(function: Callable, x1: Any, x2: Any) -> Any:
    return function(*promoted(x1, x2))


def _as_truth_values(function: Callable, x1: Any, x2: Any) -> Any:
    return function(raw_array(x1, np.bool_), raw_array(x2, np.bool_))


def _together_in_floats(function: Callable, x1: Any, x2: Any) -> Any:
    return function(*map(to_inexact, promoted_pair(x1, x2)))


def _bools_as_integers(function: Callable, x1: Any, x2: Any) -> Any:
    x, y = promoted_pair(x1, x2)
    return function(x.to(torch.int8), y.to(torch.int8)) if x.dtype is torch.bool else function(x, y)


def _divmod(x: torch.Tensor, y: torch.Tensor) -> tuple:
    return floor_raw(x, y), torch.remainder(x, y)


def _heaviside_of(function: Callable, x1: Any, x2: Any) -> Any:
    x, y = promoted_pair(x1, x2)
    check(x, NUMBERS, "Less")
    return function(to_inexact(x), to_inexact(y))


def _heaviside(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return torch.where(x < 0, torch.zeros_like(y), torch.where(x > 0, torch.ones_like(y), y))


def _integers(function: Callable, x1: Any, x2: Any) -> Any:
    x, y = promoted_pair(x1, x2)
    if x.is_floating_point() or x.is_complex():
        raise ValueError("Arguments to gcd must be integers.")
    check(x, SIGNED, "Abs")
    return function(x, y)


def _lcm(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return torch.lcm(x, y)


def _add(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return torch.add(x, y)  # of bools: or


table(globals(), "x1, x2", _together, None, {
    "add": (_add, "x1 + x2; of bools, whether either is true."),
    "multiply": (torch.mul, "x1 times x2."),
})  # fmt: skip
table(globals(), "x1, x2", _together, NUMBERS, {"subtract": (torch.sub, "x1 - x2.")})
table(globals(), "x1, x2", _together, INTEGERS_AND_BOOLS, {
    "bitwise_and": (torch.bitwise_and, "Bits that both have."),
    "bitwise_or": (torch.bitwise_or, "Bits that one has."),
    "bitwise_xor": (torch.bitwise_xor, "Bits that exactly one has."),
})  # fmt: skip
table(globals(), "x1, x2", _together, REALS_AND_BOOLS, {
    "maximum": (math.maximum, "The larger of the two."),
    "minimum": (math.minimum, "The smaller of the two."),
})  # fmt: skip
table(globals(), "x1, x2", _compared, None, {
    "equal": (torch.eq, "Where x1 is x2."),
    "not_equal": (torch.ne, "Where x1 is not x2."),
})  # fmt: skip
table(globals(), "x1, x2", _compared, REALS_AND_BOOLS, {
    "greater": (torch.gt, "Where x1 > x2."),
    "greater_equal": (torch.ge, "Where x1 >= x2."),
    "less": (torch.lt, "Where x1 < x2."),
    "less_equal": (torch.le, "Where x1 <= x2."),
})  # fmt: skip
table(globals(), "x1, x2", _as_truth_values, None, {
    "logical_and": (torch.logical_and, "Where neither is zero."),
    "logical_or": (torch.logical_or, "Where one is not zero."),
    "logical_xor": (torch.logical_xor, "Where exactly one is not zero."),
})  # fmt: skip
table(globals(), "x1, x2", _bools_as_integers, REALS, {
    "divmod": (_divmod, "The quotient, rounded down, and what is left."),
    "floor_divide": (floor_raw, "The quotient, rounded down."),
    "mod": (torch.remainder, "What the division leaves, of the divisor's sign."),
    "remainder": (torch.remainder, "What the division leaves, of the divisor's sign."),
})  # fmt: skip
table(globals(), "x1, x2", _together, SIGNED, {
    "float_power": (power_raw, "x1 to the power of x2; as in TensorFlow in their common dtype."),
    "power": (power_raw, "x1 to the power of x2."),
})  # fmt: skip
table(globals(), "x1, x2", _together, ANY, {
    "divide": (_divided, "x1 / x2; integers of up to 16 bits become float32, longer ones float64."),
    "true_divide": (_divided, "x1 / x2; integers of up to 16 bits become float32, longer ones float64."),
})  # fmt: skip
table(globals(), "x1, x2", _together, FLOATS, {"arctan2": (torch.atan2, "The angle of the point (x2, x1).")})
table(globals(), "x1, x2", _heaviside_of, FLOATS, {
    "heaviside": (_heaviside, "0 where x1 < 0, 1 where x1 > 0, x2 where x1 is 0."),
})  # fmt: skip
table(globals(), "x1, x2", _together, SINGLE_OR_DOUBLE, {
    "nextafter": (torch.nextafter, "The float after x1 in the direction of x2."),
})  # fmt: skip
table(globals(), "x1, x2", _integers, None, {
    "gcd": (torch.gcd, "The greatest common divisor."),
    "lcm": (_lcm, "The least common multiple."),
})  # fmt: skip


# of several, with the operators of what they are given ---------------------------------------------------------------

_tnp = globals()  # the functions of the tables above


def hypot(x1: Any, x2: Any) -> Any:
    """The length of the vector (x1, x2)."""
    return _tnp["sqrt"](_tnp["square"](x1) + _tnp["square"](x2))


def logaddexp(x1: Any, x2: Any) -> Any:
    """log(exp(x1) + exp(x2))."""
    larger, delta = _tnp["maximum"](x1, x2), x1 - x2
    apart = larger + _tnp["log1p"](_tnp["exp"](-_tnp["abs"](delta)))
    return apart if _comparable(delta) else _finite_or_sum(delta, x1 + x2, apart)


def logaddexp2(x1: Any, x2: Any) -> Any:
    """The same to the base 2."""
    larger, delta = _tnp["maximum"](x1, x2), x1 - x2
    apart = larger + _tnp["log1p"](_tnp["exp2"](-_tnp["abs"](delta))) / np.log(2)
    return apart if _comparable(delta) else _finite_or_sum(delta, x1 + x2, apart)


def _comparable(delta: Any) -> bool:
    return not raw_array(delta).is_floating_point()


@public
def _finite_or_sum(delta: Any, total: Any, apart: Any) -> Any:
    """Both infinite of one sign, or NaN: their sum."""
    x, y = raw_array(total), raw_array(apart)
    return torch.where(torch.isnan(raw_array(delta)), cast(x, y.dtype), y)


def rad2deg(x: Any) -> Any:
    """Radians as degrees."""
    return x * (180.0 / np.pi)


def isinf(x: Any) -> Any:
    """Where elements are infinite; of integers False."""
    return _is(torch.isinf, x) if x.dtype.is_floating else False


def isneginf(x: Any) -> Any:
    """Where elements are minus infinity; of integers False."""
    return _is(torch.isneginf, x) if x.dtype.is_floating else False


def isposinf(x: Any) -> Any:
    """Where elements are plus infinity; of integers False."""
    return _is(torch.isposinf, x) if x.dtype.is_floating else False


@public
def _is(function: Callable, x: Any) -> Any:
    return function(raw_array(x))


# questions about two or about dtypes ----------------------------------------------------------------------------------


@public
def isclose(a: Any, b: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Any:
    """Where |a - b| <= atol + rtol |b|."""
    x, y = promoted_pair(a, b)
    if not (x.is_floating_point() or x.is_complex()):
        return (dispatch.wrap(x) == dispatch.wrap(y))._t  # False where the shapes do not fit
    close = torch.abs(x - y) <= atol + rtol * torch.abs(y)
    close = close & torch.isfinite(y) | (x == y)
    return close | (torch.isnan(x) & torch.isnan(y)) if equal_nan else close


@public
def allclose(a: Any, b: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Any:
    """Whether all elements are close."""
    return isclose(a, b, rtol, atol, equal_nan)._t.all()


@public
def array_equal(a1: Any, a2: Any) -> Any:
    """Whether two arrays have the same shape and elements."""
    x, y = promoted(a1, a2)
    return torch.eq(x, y).all() if x.shape == y.shape else torch.tensor(False)


def iscomplexobj(x: Any) -> bool:
    """Whether x has a complex dtype."""
    return raw_array(x).is_complex()


def isrealobj(x: Any) -> bool:
    """Whether x has no complex dtype."""
    return not iscomplexobj(x)
