"""Elementwise mathematics of ``keras.ops``, on raw torch tensors.

Dtypes follow Keras: the decorator promotes the arguments of a call to one dtype; functions that are only defined for
floats convert integers first (``floating``). Names of Python's own functions (``abs``, ``round``) are shadowed here.
"""

from __future__ import annotations

import math
from typing import Any

import torch

from kerasish.core.arithmetic import power as power_raw
from kerasish.core.dispatch import Array, Operand, Strong, op, raw
from kerasish.ops import roots
from kerasish.ops.common import alias, floating, floating_wide, larger, numbers, smaller

# arithmetic -----------------------------------------------------------------------------------------------------------


@op
def add(x1: Operand, x2: Operand) -> Any:
    """x1 + x2, elementwise with broadcasting; for booleans: or."""
    return x1 + x2


@op
def subtract(x1: Operand, x2: Operand) -> Any:
    """x1 - x2, elementwise with broadcasting."""
    return x1 - x2


@op
def multiply(x1: Operand, x2: Operand) -> Any:
    """x1 · x2, elementwise with broadcasting; for booleans: and."""
    return x1 * x2


@op
def true_divide(x1: Operand, x2: Operand) -> Any:
    """x1 / x2, elementwise with broadcasting; integers are divided as floats."""
    return floating(x1) / floating(x2)


divide = alias("divide", true_divide)


@op
def divide_no_nan(x1: Array, x2: Array) -> Any:
    """x1 / x2, and 0 where x2 is 0; the gradient there is 0 too."""
    x1, x2 = floating(x1), floating(x2)
    zero = x2 == 0
    # the divisor is replaced before the division: where() alone would let NaN into the gradient
    return torch.where(zero, 0, x1 / torch.where(zero, 1, x2))


@op
def floor_divide(x1: Operand, x2: Operand) -> Any:
    """⌊x1 / x2⌋, elementwise with broadcasting.

    Raises:
        InvalidArgumentError: an integer is divided by 0.
    """
    floats = (x1 if isinstance(x1, torch.Tensor) else x2).is_floating_point()
    return torch.floor(x1 / x2) if floats else x1 // x2  # of floats from the rounded quotient: 1.0 // 0.1 is 10


@op
def mod(x1: Strong, x2: Strong) -> Any:
    """The remainder of x1 / x2 with the sign of x2 (Python's ``%``).

    Raises:
        InvalidArgumentError: an integer is divided by 0.
    """
    if x2.requires_grad:  # torch has no derivative for the divisor: -⌊x1 / x2⌋
        with torch.no_grad():
            quotient = torch.floor(x1 / x2)
        return x1 % x2.detach() + quotient * (x2.detach() - x2)
    return numbers(x1) % numbers(x2)


@op
def fmod(x1: Strong, x2: Strong) -> Any:
    """The remainder of x1 / x2 with the sign of x1 (C's ``fmod``).

    Raises:
        InvalidArgumentError: an integer is divided by 0.
    """
    return torch.fmod(numbers(x1), numbers(x2))


@op
def power(x1: Operand, x2: Operand) -> Any:
    """x1 to the power x2, elementwise with broadcasting.

    Raises:
        InvalidArgumentError: an integer to a negative integer power.
    """
    return power_raw(x1, x2)


@op
def negative(x: Array) -> Any:
    """-x, elementwise."""
    return -x


@op
def absolute(x: Array) -> Any:
    """|x|, elementwise."""
    return x.clone() if x.dtype is torch.bool else torch.abs(x)


abs = alias("abs", absolute)


@op
def fabs(x: Array) -> Any:
    """|x| as a float, elementwise."""
    return torch.abs(floating(x))


@op
def square(x: Array) -> Any:
    """x², elementwise; booleans become int32."""
    return torch.square(numbers(x))


@op
def reciprocal(x: Array) -> Any:
    """1 / x, elementwise; integers become floats."""
    return roots.reciprocal(floating(x))


@op
def maximum(x1: Operand, x2: Operand) -> Any:
    """The larger of x1 and x2, elementwise with broadcasting; NaN wins."""
    if isinstance(x1, torch.Tensor):
        return larger(x1, x2)
    return torch.where(x2 <= x1, x1, x2)  # of equals the number is meant: no gradient


@op
def minimum(x1: Operand, x2: Operand) -> Any:
    """The smaller of x1 and x2, elementwise with broadcasting; NaN wins."""
    if isinstance(x1, torch.Tensor):
        return smaller(x1, x2)
    return torch.where(x2 >= x1, x1, x2)


@op
def fmax(x1: Array, x2: Array) -> Any:
    """The larger of x1 and x2, elementwise with broadcasting; the number wins over NaN."""
    return torch.fmax(x1, x2)


@op
def fmin(x1: Array, x2: Array) -> Any:
    """The smaller of x1 and x2, elementwise with broadcasting; the number wins over NaN."""
    return torch.fmin(x1, x2)


_PLAIN = (int, float)


def _bound(value: Any) -> Any:
    return value if value is None or type(value) in (int, float) else raw(value)


@op
def clip(x: Array, x_min: Any, x_max: Any) -> Any:
    """x between x_min and x_max (``None``: no bound), elementwise, in the dtype of x. Where the bounds cross, x_min wins.

    Booleans become int32; integers with a bound that is a float become floats.
    """
    if type(x_min) in _PLAIN and type(x_max) in _PLAIN and x.is_floating_point() and x_min <= x_max:
        return torch.clamp(x, x_min, x_max)
    bounds = [_bound(x_min), _bound(x_max)]
    x = numbers(x)
    if any(isinstance(b, float) or (isinstance(b, torch.Tensor) and b.is_floating_point()) for b in bounds):
        x = floating(x)
    if any(isinstance(b, torch.Tensor) for b in bounds):
        bounds = [None if b is None else torch.as_tensor(b, dtype=x.dtype, device=x.device) for b in bounds]
    low, high = bounds
    x = x if high is None else torch.clamp(x, max=high)
    return x if low is None else torch.clamp(x, min=low)


@op
def sign(x: Array) -> Any:
    """-1, 0 or 1 (x / |x| for complex numbers), elementwise; NaN stays."""
    result = torch.sgn(x)
    return torch.where(torch.isnan(x), x, result) if x.is_floating_point() else result


@op
def heaviside(x1: Strong, x2: Strong) -> Any:
    """0 where x1 < 0, x2 where x1 = 0, 1 where x1 > 0; NaN stays."""
    x1 = floating_wide(x1)
    steps = torch.where(x1 == 0, floating_wide(x2), (x1 > 0).to(x1.dtype))  # torch.heaviside has no gradient
    return steps.masked_fill(torch.isnan(x1), float("nan"))


@op
def gcd(x1: Strong, x2: Strong) -> Any:
    """The greatest common divisor of integers, elementwise with broadcasting."""
    return torch.gcd(x1, x2)


@op
def lcm(x1: Strong, x2: Strong) -> Any:
    """The least common multiple of integers, elementwise with broadcasting."""
    return torch.lcm(x1, x2)


# exponentials and logarithms ------------------------------------------------------------------------------------------


@op
def exp(x: Array) -> Any:
    """eˣ, elementwise."""
    return torch.exp(floating(x))


@op
def exp2(x: Array) -> Any:
    """2ˣ, elementwise."""
    return torch.exp2(floating(x))


@op
def expm1(x: Array) -> Any:
    """eˣ - 1, exact for small x, elementwise."""
    return torch.expm1(floating(x))


@op
def log(x: Array) -> Any:
    """The natural logarithm, elementwise."""
    return torch.log(floating(x))


@op
def log2(x: Array) -> Any:
    """The logarithm to base 2, elementwise."""
    return torch.log2(floating(x))


@op
def log10(x: Array) -> Any:
    """The logarithm to base 10, elementwise."""
    return torch.log10(floating(x))


@op
def log1p(x: Array) -> Any:
    """log(1 + x), exact for small x, elementwise."""
    return torch.log1p(floating(x))


@op
def logaddexp(x1: Strong, x2: Strong) -> Any:
    """log(eˣ¹ + eˣ²) without overflow, elementwise with broadcasting."""
    return torch.logaddexp(floating(x1), floating(x2))


@op
def logaddexp2(x1: Strong, x2: Strong) -> Any:
    """log₂(2ˣ¹ + 2ˣ²) without overflow, elementwise with broadcasting."""
    return torch.logaddexp2(floating(x1), floating(x2))


@op
def sqrt(x: Array) -> Any:
    """√x, elementwise."""
    return roots.sqrt(floating(x))


@op
def rsqrt(x: Array) -> Any:
    """1 / √x, elementwise."""
    return roots.rsqrt(floating(x))


@op
def cbrt(x: Array) -> Any:
    """The real cube root, elementwise."""
    x = floating_wide(x)
    return torch.copysign(torch.abs(x).pow(1 / 3), x)


@op
def hypot(x1: Strong, x2: Strong) -> Any:
    """√(x1² + x2²) without overflow, elementwise with broadcasting."""
    return torch.hypot(floating_wide(x1), floating_wide(x2))


# trigonometry ---------------------------------------------------------------------------------------------------------


@op
def sin(x: Array) -> Any:
    """The sine, x in radians."""
    return torch.sin(floating(x))


@op
def cos(x: Array) -> Any:
    """The cosine, x in radians."""
    return torch.cos(floating(x))


@op
def tan(x: Array) -> Any:
    """The tangent, x in radians."""
    return torch.tan(floating(x))


@op
def arcsin(x: Array) -> Any:
    """The inverse sine, in radians."""
    return torch.asin(floating(x))


@op
def arccos(x: Array) -> Any:
    """The inverse cosine, in radians."""
    return torch.acos(floating(x))


@op
def arctan(x: Array) -> Any:
    """The inverse tangent, in radians."""
    return torch.atan(floating(x))


@op
def arctan2(x1: Strong, x2: Strong) -> Any:
    """The angle of the point (x2, x1), in radians from -π to π."""
    return torch.atan2(floating(x1), floating(x2))


@op
def sinh(x: Array) -> Any:
    """The hyperbolic sine."""
    return torch.sinh(floating(x))


@op
def cosh(x: Array) -> Any:
    """The hyperbolic cosine."""
    return torch.cosh(floating(x))


@op
def tanh(x: Array) -> Any:
    """The hyperbolic tangent."""
    return torch.tanh(floating(x))


@op
def arcsinh(x: Array) -> Any:
    """The inverse hyperbolic sine."""
    return torch.asinh(floating(x))


@op
def arccosh(x: Array) -> Any:
    """The inverse hyperbolic cosine; NaN below 1."""
    x = floating(x)
    if x.requires_grad and not x.is_complex():
        x = x * torch.where(x > -1, 1.0, float("nan")).to(x.dtype)  # torch's gradient is a number below -1
    return torch.acosh(x)


@op
def arctanh(x: Array) -> Any:
    """The inverse hyperbolic tangent."""
    return torch.atanh(floating(x))


@op
def deg2rad(x: Array) -> Any:
    """Degrees to radians."""
    return floating_wide(x) * (math.pi / 180)


@op
def rad2deg(x: Array) -> Any:
    """Radians to degrees."""
    return floating_wide(x) * (180 / math.pi)


@op
def sinc(x: Array) -> Any:
    """sin(πx) / (πx), and 1 at 0."""
    return torch.sinc(floating(x))
