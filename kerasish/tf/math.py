"""``tf.math``: elementwise mathematics, reductions and segments, with TensorFlow's strict dtypes.

The elementwise functions are here; ``reductions``, ``segments`` and ``special`` have the others. Names of Python's own
functions (``abs``, ``pow``, ``round``) are shadowed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from kerasish import ops
from kerasish.core.arithmetic import divide as divide_raw
from kerasish.core.arithmetic import floor_divide, remainder
from kerasish.core.arithmetic import power as power_raw
from kerasish.core.dispatch import Array, Arrays, Index, Operand, first_by_itself, strict_op, strings
from kerasish.core.errors import InvalidArgumentError, missing_name
from kerasish.core.logits import note
from kerasish.ops import roots
from kerasish.ops.common import larger, smaller, whole
from kerasish.tf import gammas
from kerasish.tf import special as special
from kerasish.tf.alias import (
    BOOLS,
    FLOATS,
    FLOATS_AND_COMPLEX,
    NUMBERS,
    REALS,
    SIGNED,
    SINGLE_OR_DOUBLE,
    define,
    refused,
)
from kerasish.tf.approximate import approx_max_k as approx_max_k
from kerasish.tf.approximate import approx_min_k as approx_min_k
from kerasish.tf.incomplete_beta import betainc_raw
from kerasish.tf.integrals import lower_gamma, upper_gamma
from kerasish.tf.reductions import accumulate_n as accumulate_n
from kerasish.tf.reductions import add_n as add_n
from kerasish.tf.reductions import argmax as argmax
from kerasish.tf.reductions import argmin as argmin
from kerasish.tf.reductions import bincount as bincount
from kerasish.tf.reductions import confusion_matrix as confusion_matrix
from kerasish.tf.reductions import count_nonzero as count_nonzero
from kerasish.tf.reductions import cumprod as cumprod
from kerasish.tf.reductions import cumsum as cumsum
from kerasish.tf.reductions import cumulative_logsumexp as cumulative_logsumexp
from kerasish.tf.reductions import in_top_k as in_top_k
from kerasish.tf.reductions import l2_normalize as l2_normalize
from kerasish.tf.reductions import lbeta as lbeta
from kerasish.tf.reductions import reduce_all as reduce_all
from kerasish.tf.reductions import reduce_any as reduce_any
from kerasish.tf.reductions import reduce_euclidean_norm as reduce_euclidean_norm
from kerasish.tf.reductions import reduce_logsumexp as reduce_logsumexp
from kerasish.tf.reductions import reduce_max as reduce_max
from kerasish.tf.reductions import reduce_mean as reduce_mean
from kerasish.tf.reductions import reduce_min as reduce_min
from kerasish.tf.reductions import reduce_prod as reduce_prod
from kerasish.tf.reductions import reduce_std as reduce_std
from kerasish.tf.reductions import reduce_sum as reduce_sum
from kerasish.tf.reductions import reduce_variance as reduce_variance
from kerasish.tf.reductions import top_k as top_k
from kerasish.tf.reductions import zero_fraction as zero_fraction
from kerasish.tf.segments import segment_max as segment_max
from kerasish.tf.segments import segment_mean as segment_mean
from kerasish.tf.segments import segment_min as segment_min
from kerasish.tf.segments import segment_prod as segment_prod
from kerasish.tf.segments import segment_sum as segment_sum
from kerasish.tf.segments import unsorted_segment_max as unsorted_segment_max
from kerasish.tf.segments import unsorted_segment_mean as unsorted_segment_mean
from kerasish.tf.segments import unsorted_segment_min as unsorted_segment_min
from kerasish.tf.segments import unsorted_segment_prod as unsorted_segment_prod
from kerasish.tf.segments import unsorted_segment_sqrt_n as unsorted_segment_sqrt_n
from kerasish.tf.segments import unsorted_segment_sum as unsorted_segment_sum
from kerasish.tf.sobol import sobol_sample as sobol_sample
from kerasish.tf.special import bessel_i0 as bessel_i0
from kerasish.tf.special import bessel_i0e as bessel_i0e
from kerasish.tf.special import bessel_i1 as bessel_i1
from kerasish.tf.special import bessel_i1e as bessel_i1e

# of one number --------------------------------------------------------------------------------------------------------


def _without_gradient(function: Callable, doc: str) -> tuple[Callable, str]:
    """A function through which TensorFlow sends no gradient, not even zeros."""
    return (lambda x: function(x.detach() if x.requires_grad else x)), doc


def _reciprocal_no_nan(x: torch.Tensor) -> torch.Tensor:
    """1 / x, and 0 where x is 0."""
    return ops.divide_no_nan.raw(torch.ones_like(x), x)


def _erfcinv(x: torch.Tensor) -> torch.Tensor:
    """The inverse of 1 - erf, on (0, 2)."""
    return torch.special.ndtri(x / 2) / -math.sqrt(2)


def _angle(x: torch.Tensor) -> torch.Tensor:
    """The argument of a complex number in radians; of a real one 0 or π."""
    return torch.angle(x) if x.is_complex() else (x < 0).to(x.dtype) * math.pi


def _sigmoid(x: torch.Tensor) -> torch.Tensor:
    """1 / (1 + e⁻ˣ)."""
    return note(torch.sigmoid(x), x, "Sigmoid")


define(globals(), FLOATS_AND_COMPLEX, {
    "acos(x, name=None)": (torch.acos, "The inverse cosine, in radians."),
    "acosh(x, name=None)": ops.arccosh,
    "asin(x, name=None)": (torch.asin, "The inverse sine, in radians."),
    "asinh(x, name=None)": (torch.asinh, "The inverse hyperbolic sine."),
    "atan(x, name=None)": (torch.atan, "The inverse tangent, in radians."),
    "atanh(x, name=None)": (torch.atanh, "The inverse hyperbolic tangent."),
    "cos(x, name=None)": (torch.cos, "The cosine, x in radians."),
    "cosh(x, name=None)": (torch.cosh, "The hyperbolic cosine."),
    "exp(x, name=None)": (torch.exp, "eˣ."),
    "expm1(x, name=None)": (torch.expm1, "eˣ - 1, exact for small x."),
    "log(x, name=None)": (torch.log, "The natural logarithm."),
    "log1p(x, name=None)": (torch.log1p, "log(1 + x), exact for small x."),
    "reciprocal(x, name=None)": (roots.reciprocal, "1 / x."),
    "reciprocal_no_nan(x: Array, name=None)": _reciprocal_no_nan,
    "rsqrt(x, name=None)": (roots.rsqrt, "1 / √x."),
    "sigmoid(x, name=None)": _sigmoid,
    "sin(x, name=None)": (torch.sin, "The sine, x in radians."),
    "sinh(x, name=None)": (torch.sinh, "The hyperbolic sine."),
    "sqrt(x, name=None)": (roots.sqrt, "√x."),
    "tan(x, name=None)": (torch.tan, "The tangent, x in radians."),
    "tanh(x, name=None)": (torch.tanh, "The hyperbolic tangent."),
    "angle(input: Array, name=None)": _angle,
})  # fmt: skip
define(globals(), FLOATS, {
    "ceil(x: Array, name=None)": _without_gradient(torch.ceil, "The smallest integer ≥ x, as a float."),
    "digamma(x: Array, name=None)": (
        gammas.digamma, "The logarithmic derivative of the gamma function; NaN at its poles 0, -1, -2, ...",
    ),
    "erf(x, name=None)": (torch.erf, "The error function 2/√π ∫₀ˣ exp(-t²) dt."),
    "erfc(x, name=None)": (torch.erfc, "1 - erf(x), exact for large x."),
    "erfinv(x, name=None)": (torch.erfinv, "The inverse of the error function, on (-1, 1)."),
    "floor(x: Array, name=None)": _without_gradient(torch.floor, "The largest integer ≤ x, as a float."),
    "is_finite(x, name=None)": (torch.isfinite, "Neither infinite nor NaN."),
    "is_inf(x, name=None)": (torch.isinf, "Infinite, of either sign."),
    "is_nan(x, name=None)": (torch.isnan, "Not a number."),
    "lgamma(x: Array, name=None)": (gammas.lgamma, "log |Γ(x)|."),
    "log_sigmoid(x, name=None)": (F.logsigmoid, "log(1 / (1 + e⁻ˣ))."),
    "rint(x: Array, name=None)": _without_gradient(torch.round, "The nearest integer, halves to even, as a float."),
    "softplus(features, name=None)": ops.softplus,
    "softsign(features, name=None)": ops.softsign,
})  # fmt: skip
define(globals(), SINGLE_OR_DOUBLE, {
    "erfcinv(x: Array, name=None)": _erfcinv,
    "ndtri(x, name=None)": (torch.special.ndtri, "The quantile function of the normal distribution."),
})  # fmt: skip
define(globals(), SIGNED, {
    "abs(x, name=None)": (torch.abs, "|x|."),
    "negative(x, name=None)": (torch.neg, "-x."),
    "sign(x, name=None)": ops.sign,
})  # fmt: skip
define(globals(), NUMBERS, {
    "round(x: Array, name=None)": _without_gradient(
        lambda x: torch.round(x) if x.is_floating_point() else x,
        "The nearest integer, halves to even, in the dtype of x.",
    ),
    "square(x, name=None)": (torch.square, "x²."),
    "conj(x, name=None)": ops.conj,
    "imag(input, name=None)": ops.imag,
    "real(input, name=None)": ops.real,
})  # fmt: skip


def _checked_axis(x: torch.Tensor, axis: Any) -> int:
    axis = -1 if axis is None else axis if type(axis) is int else whole(axis, "axis")
    if not -x.ndim <= axis < x.ndim:
        raise InvalidArgumentError(
            f"`dim` must be in the range [{-x.ndim}, {x.ndim}) where {x.ndim} is the number of dimensions in the input. "
            f"Received: dim={axis}"
        )
    return axis


def _softmax(x: torch.Tensor, axis: Any = None) -> torch.Tensor:
    """eˣ over its sum along an axis, the last by default."""
    last = axis is None and x.ndim > 0
    axis = -1 if last else _checked_axis(x, axis)
    result = torch.softmax(x, axis)
    if last or axis in (-1, x.ndim - 1):
        result._keras_logits, result._logits_kind = x, "Softmax"  # type: ignore[attr-defined]  # see core/logits
    return result


def _log_softmax(x: torch.Tensor, axis: Any = None) -> torch.Tensor:
    """The logarithm of ``softmax(x, axis)``."""
    return torch.log_softmax(x, _checked_axis(x, axis))


define(globals(), FLOATS, {
    "softmax(logits: Array, axis=None, name=None)": _softmax,
    "log_softmax(logits: Array, axis=None, name=None)": _log_softmax,
})  # fmt: skip


# of two numbers -------------------------------------------------------------------------------------------------------


def _truncated(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """x / y without its fraction, and without a gradient."""
    return torch.div(x.detach(), y.detach(), rounding_mode="trunc")


def _squared_difference(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """(x - y)², or |x - y|² of complex numbers, with broadcasting."""
    difference = x - y
    return difference * difference.conj() if difference.is_complex() else difference * difference


def _no_nan(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """x / y, and 0 where y is 0; integers of up to 16 bits are divided as float32, longer ones as float64."""
    if not (x.is_floating_point() or x.is_complex()):
        wide = torch.float32 if x.element_size() <= 2 else torch.float64
        x, y = x.to(wide), y.to(wide)
    return ops.divide_no_nan.raw(x, y)


def _multiplied_no_nan(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """x · y, and 0 where y is 0 even if x is infinite or NaN."""
    return torch.where((y == 0) & ~torch.isfinite(x), 0, x * y)


def _zero_or(function: Callable, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """x · function(y), and 0 where x is 0; y is replaced there, so that no NaN comes into the gradient."""
    zero = x == 0
    return torch.where(zero, 0, x * function(torch.where(zero, torch.ones_like(y), y)))


def _xlogy(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """x · log(y), and 0 where x is 0."""
    return _zero_or(torch.log, x, y)


def _xlog1py(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """x · log(1 + y), and 0 where x is 0."""
    return _zero_or(torch.log1p, x, y)


def _xdivy(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """x / y, and 0 where x is 0."""
    return _zero_or(torch.reciprocal, x, y)


define(globals(), NUMBERS, {
    "subtract(x: Array, y: Operand, name=None)": (torch.sub, "x - y, with broadcasting."),
    "multiply(x: Array, y: Operand, name=None)": (torch.mul, "x · y, with broadcasting."),
    "divide(x: Array, y: Operand, name=None)": (
        divide_raw, "x / y, with broadcasting; integers of up to 16 bits become float32, longer ones float64.",
    ),
    "truediv(x: Array, y: Operand, name=None)": (
        divide_raw, "x / y, with broadcasting; integers of up to 16 bits become float32, longer ones float64.",
    ),
    "squared_difference(x: Array, y: Array, name=None)": _squared_difference,
    "divide_no_nan(x: Array, y: Array, name=None)": _no_nan,
})  # fmt: skip
define(globals(), SIGNED, {"pow(x: Array, y: Operand, name=None)": (power_raw, "x to the power y, with broadcasting.")})
define(globals(), FLOATS_AND_COMPLEX, {
    "realdiv(x: Array, y: Array, name=None)": (torch.true_divide, "x / y of floats, with broadcasting."),
    "multiply_no_nan(x: Array, y: Array, name=None)": _multiplied_no_nan,
    "xdivy(x: Array, y: Array, name=None)": _xdivy,
    "xlogy(x: Array, y: Array, name=None)": _xlogy,
    "xlog1py(x: Array, y: Array, name=None)": _xlog1py,
})  # fmt: skip
define(globals(), REALS, {
    "floordiv(x: Array, y: Array, name=None)": (floor_divide, "⌊x / y⌋, with broadcasting."),
    "floormod(x: Array, y: Array, name=None)": (remainder, "The remainder of x / y with the sign of y."),
    "mod(x: Array, y: Array, name=None)": (remainder, "The remainder of x / y with the sign of y."),
    "truncatediv(x: Array, y: Array, name=None)": _truncated,
    "truncatemod(x: Array, y: Array, name=None)": (torch.fmod, "The remainder of x / y with the sign of x."),
    "maximum(x: Array, y: Operand, name=None)": larger,
    "minimum(x: Array, y: Operand, name=None)": smaller,
})  # fmt: skip
define(globals(), FLOATS, {
    "atan2(y: Array, x: Array, name=None)": (torch.atan2, "The angle of the point (x, y), in radians from -π to π."),
    "igamma(a: Array, x: Array, name=None)": (lower_gamma, "The regularized lower incomplete gamma function P(a, x)."),
    "igammac(a: Array, x: Array, name=None)": (
        upper_gamma, "The regularized upper incomplete gamma function Q(a, x).",
    ),
    "nextafter(x1: Array, x2: Array, name=None)": gammas.next_after,
})  # fmt: skip
define(globals(), SINGLE_OR_DOUBLE, {
    "betainc(a: Array, b: Array, x: Array, name=None)": (
        betainc_raw, "The regularized incomplete beta function I(x; a, b). Only x has a gradient.",
    ),
    "polygamma(a: Array, x: Array, name=None)": (
        gammas.polygamma, "The a-th derivative of ``digamma``, for whole a ≥ 0: (-1)ᵃ⁺¹ a! ζ(a + 1, x).",
    ),
    "zeta(x: Array, q: Array, name=None)": (gammas.zeta, "The Hurwitz zeta function Σ (n + q)⁻ˣ."),
})  # fmt: skip


def _add_strings(x: np.ndarray, y: np.ndarray, name: str | None = None) -> np.ndarray:
    return np.asarray(x + y, dtype=object)


@strict_op
@first_by_itself
@strings(_add_strings)
def add(x: Array, y: Operand, name: str | None = None) -> Any:
    """x + y, with broadcasting; strings are joined."""
    if x.dtype not in NUMBERS:  # not by check(): its call is a tenth of the time of adding
        raise refused(x.dtype, NUMBERS, "AddV2")
    return torch.add(x, y)


# comparisons and logic ------------------------------------------------------------------------------------------------


def _equal_strings(x: np.ndarray, y: np.ndarray, name: str | None = None) -> torch.Tensor:
    return torch.from_numpy(np.asarray(x == y, dtype=bool))


def _unequal_strings(x: np.ndarray, y: np.ndarray, name: str | None = None) -> torch.Tensor:
    return torch.from_numpy(np.asarray(x != y, dtype=bool))


@strict_op
@strings(_equal_strings)
def equal(x: Array, y: Operand, name: str | None = None) -> Any:
    """x = y, with broadcasting."""
    return torch.eq(x, y)


@strict_op
@strings(_unequal_strings)
def not_equal(x: Array, y: Operand, name: str | None = None) -> Any:
    """x ≠ y, with broadcasting."""
    return torch.ne(x, y)


define(globals(), REALS, {
    "less(x: Array, y: Operand, name=None)": (torch.lt, "x < y, with broadcasting."),
    "less_equal(x: Array, y: Operand, name=None)": (torch.le, "x ≤ y, with broadcasting."),
    "greater(x: Array, y: Operand, name=None)": (torch.gt, "x > y, with broadcasting."),
    "greater_equal(x: Array, y: Operand, name=None)": (torch.ge, "x ≥ y, with broadcasting."),
})  # fmt: skip
define(globals(), BOOLS, {
    "logical_and(x: Array, y: Array, name=None)": (torch.logical_and, "Both x and y."),
    "logical_or(x: Array, y: Array, name=None)": (torch.logical_or, "x or y, or both."),
    "logical_xor(x: Array, y: Array, name='LogicalXor')": (torch.logical_xor, "Either x or y."),
    "logical_not(x, name=None)": (torch.logical_not, "Not x."),
})  # fmt: skip


# others ---------------------------------------------------------------------------------------------------------------


@strict_op
def scalar_mul(scalar: Operand, x: Array, name: str | None = None) -> Any:
    """A number times a tensor.

    Raises:
        ValueError: ``scalar`` is not a scalar.
    """
    if isinstance(scalar, torch.Tensor) and scalar.ndim:
        raise ValueError(f"The input scalar must be a 0-D value. Received shape {tuple(scalar.shape)}.")
    return x * scalar


@strict_op
def polyval(coeffs: Arrays, x: Array, name: str | None = None) -> Any:
    """The value at x of the polynomial with these coefficients, the highest power's first (Horner's scheme).

    Raises:
        ValueError: ``coeffs`` is not a list.
    """
    if not isinstance(coeffs, list):
        raise ValueError(f"Argument coeffs must be list type. Received type {type(coeffs)}.")
    if not coeffs:
        return torch.zeros_like(x)
    value = coeffs[0]
    for coefficient in coeffs[1:]:
        value = value * x + coefficient
    return value


@strict_op
def invert_permutation(x: Index, name: str | None = None) -> Any:
    """The permutation y with y[x[i]] = i.

    Raises:
        InvalidArgumentError: x is not a vector that has each of 0 … n - 1 once.
    """
    if x.ndim != 1:
        raise InvalidArgumentError(f"invert_permutation expects a 1D vector. [shape {tuple(x.shape)}]")
    inverse = torch.argsort(x)
    if x.device.type != "meta" and not torch.equal(x[inverse].long(), torch.arange(len(x), device=x.device)):
        raise InvalidArgumentError(f"{x.tolist()} is not a permutation: an element is duplicated or out of range.")
    return inverse.to(x.dtype)


@strict_op
def is_non_decreasing(x: Array, name: str | None = None) -> Any:
    """Whether x[i] ≤ x[i + 1] throughout the flattened tensor."""
    flat = x.reshape(-1)
    return (flat[:-1] <= flat[1:]).all()


@strict_op
def is_strictly_increasing(x: Array, name: str | None = None) -> Any:
    """Whether x[i] < x[i + 1] throughout the flattened tensor."""
    flat = x.reshape(-1)
    return (flat[:-1] < flat[1:]).all()


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
