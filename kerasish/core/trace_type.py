"""What values are to traces of ``tf.function``: the interface that dtypes, shapes and specifications have in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any


class TraceType:
    """A type of values that hold no tensors; each such type has its own value alone (``tf.types.experimental.TraceType``)."""

    __slots__ = ()

    def is_subtype_of(self, other: Any) -> bool:
        """Whether every value of this type is one of ``other``."""
        return self == other

    def most_specific_common_supertype(self, others: Sequence[Any]) -> Any:
        """The narrowest type of the values of this and the others; None if there is none."""
        return self if all(self == other for other in others) else None

    def flatten(self) -> list:
        """The specifications of the tensors in a value."""
        return []

    def to_tensors(self, value: Any) -> list:
        """The tensors in a value, in the order of ``flatten``."""
        return []

    def from_tensors(self, tensors: Iterator[Any]) -> Any:
        """A value made of tensors in that order."""
        return self.placeholder_value(None)

    def placeholder_value(self, placeholder_context: Any) -> Any:
        """What stands for a value while a function is traced."""
        return None

    def cast(self, value: Any, cast_context: Any) -> Any:
        """The value as one of this type.

        Raises:
            AssertionError: it is none.
        """
        if value != self.placeholder_value(None):
            raise AssertionError(f"Can not cast {value!r} to type {self!r}")
        return value
