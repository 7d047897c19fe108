"""Comparisons, logic, bits and tests of numbers in ``keras.ops``."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from kerasish.core.dispatch import Array, Operand, Strong, op, strings
from kerasish.ops.common import alias, floating, numbers


def _equal_strings(x1: np.ndarray, x2: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.asarray(x1 == x2, dtype=bool))


def _unequal_strings(x1: np.ndarray, x2: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.asarray(x1 != x2, dtype=bool))


# comparisons ----------------------------------------------------------------------------------------------------------


@op
@strings(_equal_strings)
def equal(x1: Operand, x2: Operand) -> Any:
    """x1 = x2, elementwise with broadcasting."""
    return x1 == x2


@op
@strings(_unequal_strings)
def not_equal(x1: Operand, x2: Operand) -> Any:
    """x1 ≠ x2, elementwise with broadcasting."""
    return x1 != x2


@op
def less(x1: Operand, x2: Operand) -> Any:
    """x1 < x2, elementwise with broadcasting."""
    return x1 < x2


@op
def less_equal(x1: Operand, x2: Operand) -> Any:
    """x1 ≤ x2, elementwise with broadcasting."""
    return x1 <= x2


@op
def greater(x1: Operand, x2: Operand) -> Any:
    """x1 > x2, elementwise with broadcasting."""
    return x1 > x2


@op
def greater_equal(x1: Operand, x2: Operand) -> Any:
    """x1 ≥ x2, elementwise with broadcasting."""
    return x1 >= x2


@op
def isclose(x1: Array, x2: Array, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Any:
    """|x1 - x2| ≤ atol + rtol·|x2|, elementwise with broadcasting; infinities are close to themselves."""
    return torch.isclose(numbers(x1), numbers(x2), rtol, atol, equal_nan)


@op
def allclose(x1: Array, x2: Array, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Any:
    """Whether all elements are close (see ``isclose``), as a boolean scalar."""
    return torch.isclose(numbers(x1), numbers(x2), rtol, atol, equal_nan).all()


# logic ----------------------------------------------------------------------------------------------------------------


def _truth(x: torch.Tensor) -> torch.Tensor:
    return x if x.dtype is torch.bool else x != 0


@op
def logical_and(x1: Array, x2: Array) -> Any:
    """x1 and x2, elementwise with broadcasting; numbers count as true unless 0."""
    return _truth(x1) & _truth(x2)


@op
def logical_or(x1: Array, x2: Array) -> Any:
    """x1 or x2, elementwise with broadcasting; numbers count as true unless 0."""
    return _truth(x1) | _truth(x2)


@op
def logical_xor(x1: Array, x2: Array) -> Any:
    """Either x1 or x2, elementwise with broadcasting; numbers count as true unless 0."""
    return _truth(x1) ^ _truth(x2)


@op
def logical_not(x: Array) -> Any:
    """Not x, elementwise; numbers count as true unless 0."""
    return ~_truth(x)


# bits -----------------------------------------------------------------------------------------------------------------


@op
def bitwise_and(x: Strong, y: Strong) -> Any:
    """The bits set in both integers."""
    return torch.bitwise_and(x, y)


@op
def bitwise_or(x: Strong, y: Strong) -> Any:
    """The bits set in either integer."""
    return torch.bitwise_or(x, y)


@op
def bitwise_xor(x: Strong, y: Strong) -> Any:
    """The bits set in exactly one of the integers."""
    return torch.bitwise_xor(x, y)


@op
def bitwise_not(x: Array) -> Any:
    """Every bit of an integer inverted."""
    return torch.bitwise_not(x)


bitwise_invert = alias("bitwise_invert", bitwise_not)


def _places(y: torch.Tensor) -> torch.Tensor:
    return y if y.dtype is torch.bool else y.clamp(0, 8 * y.itemsize - 1)


@op
def bitwise_left_shift(x: Strong, y: Array) -> Any:
    """The bits of x moved y places up; y counts as 0 where negative, and at most as one place less than there are."""
    return torch.bitwise_left_shift(x, _places(y))


left_shift = alias("left_shift", bitwise_left_shift)


@op
def bitwise_right_shift(x: Strong, y: Array) -> Any:
    """The bits of x moved y places down; negative numbers stay negative. y as for the left shift."""
    return torch.bitwise_right_shift(x, _places(y))


right_shift = alias("right_shift", bitwise_right_shift)


# tests of numbers -----------------------------------------------------------------------------------------------------


@op
def isfinite(x: Array) -> Any:
    """Neither infinite nor NaN."""
    return torch.isfinite(x)


@op
def isinf(x: Array) -> Any:
    """Infinite, of either sign."""
    return torch.isinf(x)


@op
def isnan(x: Array) -> Any:
    """Not a number."""
    return torch.isnan(x)


@op
def isneginf(x: Array) -> Any:
    """-∞; always false for complex numbers."""
    return torch.zeros_like(x, dtype=torch.bool) if x.is_complex() else torch.isneginf(x)


@op
def isposinf(x: Array) -> Any:
    """+∞; always false for complex numbers."""
    return torch.zeros_like(x, dtype=torch.bool) if x.is_complex() else torch.isposinf(x)


@op
def isreal(x: Array) -> Any:
    """Without imaginary part."""
    return torch.isreal(x)


@op
def signbit(x: Array) -> Any:
    """Whether the sign bit is set: negative numbers, and -0.0."""
    return torch.signbit(floating(x) if x.dtype is torch.bool else x)
