"""``tf.compat.v1.Dimension``: one size of a shape, which may be unknown."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any


class Dimension:
    """A size, or None if it is unknown; what is computed with an unknown one is unknown.

    Raises:
        TypeError: no integer.
        ValueError: it is negative.
    """

    __slots__ = ("_value",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, value: Any) -> None:
        if isinstance(value, Dimension):
            value = value._value
        try:
            self._value = None if value is None else operator.index(value)
        except TypeError:
            raise TypeError(
                "Dimension value must be integer or None or have an __index__ method, got value "
                f"'{value!r}' with type '{type(value)!r}'"
            ) from None
        if self._value is not None and self._value < 0:
            raise ValueError(f"Dimension {self._value} must be >= 0")

    value = property(lambda self: self._value)

    def __int__(self) -> int:
        return self._value  # type: ignore[return-value] - Python refuses None

    __index__ = __int__

    def __repr__(self) -> str:
        return f"Dimension({self._value})"

    def __str__(self) -> str:
        return "?" if self._value is None else str(self._value)

    def is_compatible_with(self, other: Any) -> bool:
        """Whether they are equal, or one is unknown."""
        theirs = Dimension(other)._value
        return self._value is None or theirs is None or self._value == theirs

    def assert_is_compatible_with(self, other: Any) -> None:
        """Raise ValueError unless they are compatible."""
        if not self.is_compatible_with(other):
            raise ValueError(f"Dimensions {self} and {other} are not compatible")

    def merge_with(self, other: Any) -> Dimension:
        """What is known of both.

        Raises:
            ValueError: they differ.
        """
        other = Dimension(other)
        self.assert_is_compatible_with(other)
        return Dimension(other if self._value is None else self)

    def _with(self, other: Any, function: Callable[[int, int], Any], swap: bool = False) -> Any:
        try:
            theirs = Dimension(other)._value
        except (TypeError, ValueError):
            return NotImplemented
        if self._value is None or theirs is None:
            return None
        return function(theirs, self._value) if swap else function(self._value, theirs)

    def _computed(self, other: Any, function: Callable[[int, int], int], swap: bool = False) -> Any:
        found = self._with(other, function, swap)
        return found if found is NotImplemented else Dimension(found)

    def __truediv__(self, other: Any) -> Any:
        raise TypeError(
            f"unsupported operand type(s) for /: 'Dimension' and '{type(other).__name__}', please use // instead"
        )

    def __rtruediv__(self, other: Any) -> Any:
        raise TypeError(
            f"unsupported operand type(s) for /: '{type(other).__name__}' and 'Dimension', please use // instead"
        )


def _define() -> None:
    for name in ("add", "sub", "mul", "floordiv", "mod"):
        function = getattr(operator, name)
        setattr(Dimension, f"__{name}__", lambda self, other, f=function: self._computed(other, f))
        setattr(Dimension, f"__r{name}__", lambda self, other, f=function: self._computed(other, f, swap=True))
    for name in ("eq", "ne", "lt", "le", "gt", "ge"):
        function = getattr(operator, name)
        setattr(Dimension, f"__{name}__", lambda self, other, f=function: self._with(other, f))


_define()
