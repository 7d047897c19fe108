"""Arguments that are ranges: of factors that are drawn, and of the values of pixels."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import fail


def _is_pair(value: Any) -> bool:
    return isinstance(value, (tuple, list)) and len(value) == 2


def checked_value_range(value_range: Any) -> list:
    """The smallest and the largest value of a pixel.

    Raises:
        ValueError: these are not two numbers.
    """
    if not _is_pair(value_range):
        raise fail(
            ValueError,
            "The `value_range` argument should be a list of two numbers",
            received=f"value_range={value_range}",
        )
    return sorted(value_range)


def overlapping_range(name: str, factor: Any, low: float, high: float) -> tuple[float, float]:
    """(lower, upper) of two numbers whose range overlaps that from ``low`` to ``high``, or of one number's both sides.

    Raises:
        ValueError: it is neither, or out of the range.
    """
    if _is_pair(factor) and factor[0] <= high and factor[1] >= low:
        lower, upper = sorted(factor)
        return lower, upper
    if isinstance(factor, (int, float)) and low <= factor <= high:
        return max(-abs(factor), low), abs(factor)
    raise fail(
        ValueError,
        f"The `{name}` argument should be a number (or a list of two numbers) in the range [{low}, {high}]",
        received=f"{name}={factor}",
    )


def range_within(
    name: str, factor: Any, low: float, high: float, open_low: bool = False, mirrored: bool = True
) -> tuple[float, float]:
    """(lower, upper) of two numbers that both lie between ``low`` and ``high``, or of one such number.

    Args:
        open_low: whether ``low`` itself is excluded.
        mirrored: whether one number f stands for -f to f, rather than 0 to f.

    Raises:
        ValueError: it is neither, or a number lies outside.
    """
    pair = _is_pair(factor)
    numbers = factor if pair else [factor]
    if not pair and not isinstance(factor, (int, float)):
        numbers = [float("nan")]
    if not all((low < n if open_low else low <= n) and n <= high for n in numbers):
        span = f"{'(' if open_low else '['}{low}, {high}]"
        raise fail(
            ValueError,
            f"The `{name}` argument should be a number (or a list of two numbers) in the range {span}",
            received=f"{name}={factor}",
        )
    if pair:
        lower, upper = sorted(factor)
        return lower, upper
    return (-abs(factor), abs(factor)) if mirrored else (0, factor)
