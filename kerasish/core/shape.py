"""Shapes: TensorFlow's TensorShape, and the arithmetic of broadcasting and of strided windows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch

from kerasish.core.dimensions import Dimension
from kerasish.core.errors import DTypeMismatchError, ShapeMismatchError, fail
from kerasish.core.trace_type import TraceType


def _dimension(value: Any) -> int:
    """One known dimension.

    Raises:
        TypeError: it is no integer.
        ValueError: it is negative.
    """
    try:
        size = value.__index__()
    except AttributeError:
        raise TypeError(
            f"Dimension value must be integer or None or have an __index__ method. Received: {value!r}"
        ) from None
    if size < 0:
        raise ValueError(f"Dimension {size} must be >= 0")
    return size


class TensorShape(tuple):
    """A shape whose dimensions may be unknown (``None``); prints ``(2, None)`` and reprs ``TensorShape([2, None])``.

    It is a tuple, as Keras 3 code expects, with TensorFlow's methods. ``TensorShape(None)`` has an unknown rank.
    """

    is_leaf = True  # in nested structures
    _unknown_rank = False

    def __new__(cls, dims: Any = ()) -> TensorShape:
        if type(dims) is TensorShape:
            return dims
        if dims is None:
            shape = super().__new__(cls, ())
            shape._unknown_rank = True
            return shape
        if type(dims) is torch.Size:
            return super().__new__(cls, dims)
        if isinstance(dims, int) or not hasattr(dims, "__iter__"):
            if hasattr(dims, "unknown_rank"):  # a message, as ``as_proto`` gives it
                return cls(None if dims.unknown_rank else [None if dim.size == -1 else dim.size for dim in dims.dim])
            dims = (dims,)
        return super().__new__(cls, [None if d is None else _dimension(d) for d in dims])

    @property
    def rank(self) -> int | None:
        return None if self._unknown_rank else len(self)

    ndims = rank

    @property
    def dims(self) -> list[Dimension] | None:
        return None if self._unknown_rank else [Dimension(size) for size in self]

    def as_list(self) -> list:
        if self._unknown_rank:
            raise ValueError("as_list() is not defined on an unknown TensorShape.")
        return list(self)

    def num_elements(self) -> int | None:
        if not self.is_fully_defined():
            return None
        count = 1
        for dim in self:
            count *= dim
        return count

    def is_fully_defined(self) -> bool:
        return not self._unknown_rank and None not in self

    def assert_is_fully_defined(self) -> None:
        if not self.is_fully_defined():
            raise ValueError(f"Shape {self} is not fully defined")

    def is_compatible_with(self, other: Any) -> bool:
        other = TensorShape(other)
        if self._unknown_rank or other._unknown_rank:
            return True
        return len(self) == len(other) and all(
            a is None or b is None or a == b for a, b in zip(self, other, strict=True)
        )

    def assert_is_compatible_with(self, other: Any) -> None:
        if not self.is_compatible_with(other):
            raise ValueError(f"Shapes {self} and {TensorShape(other)} are incompatible")

    def assert_has_rank(self, rank: int) -> None:
        if self.rank not in (None, rank):
            raise ValueError(f"Shape {self} must have rank {rank}")

    def assert_same_rank(self, other: Any) -> None:
        other = TensorShape(other)
        if None not in (self.rank, other.rank) and self.rank != other.rank:
            raise ValueError(f"Shapes {self} and {other} must have the same rank")

    def with_rank(self, rank: int) -> TensorShape:
        if self._unknown_rank:
            return TensorShape([None] * rank)
        self.assert_has_rank(rank)
        return self

    def with_rank_at_least(self, rank: int) -> TensorShape:
        if self.rank is not None and self.rank < rank:
            raise ValueError(f"Shape {self} must have rank at least {rank}")
        return self

    def with_rank_at_most(self, rank: int) -> TensorShape:
        if self.rank is not None and self.rank > rank:
            raise ValueError(f"Shape {self} must have rank at most {rank}")
        return self

    def merge_with(self, other: Any) -> TensorShape:
        other = TensorShape(other)
        self.assert_is_compatible_with(other)
        if self._unknown_rank:
            return other
        if other._unknown_rank:
            return self
        return TensorShape([b if a is None else a for a, b in zip(self, other, strict=True)])

    def most_specific_compatible_shape(self, other: Any) -> TensorShape:
        other = TensorShape(other)
        if self.rank is None or self.rank != other.rank:
            return TensorShape(None)
        return TensorShape([a if a == b else None for a, b in zip(self, other, strict=True)])

    def most_specific_common_supertype(self, others: Iterable[Any]) -> TensorShape:
        shape = self
        for other in others:
            shape = shape.most_specific_compatible_shape(other)
        return shape

    flatten, to_tensors, from_tensors = TraceType.flatten, TraceType.to_tensors, TraceType.from_tensors
    placeholder_value, cast = TraceType.placeholder_value, TraceType.cast

    def is_subtype_of(self, other: TensorShape) -> bool:
        """Whether every shape that fits this one fits ``other``."""
        if not isinstance(other, TensorShape):
            return False
        if other._unknown_rank:
            return True
        return self.rank == other.rank and all(b is None or a == b for a, b in zip(self, other, strict=True))

    def concatenate(self, other: Any) -> TensorShape:
        other = TensorShape(other)
        if self._unknown_rank or other._unknown_rank:
            return TensorShape(None)
        return TensorShape((*self, *other))

    def __add__(self, other: Any) -> TensorShape:
        return self.concatenate(other)

    def __radd__(self, other: Any) -> TensorShape:
        return TensorShape(other).concatenate(self)

    def __getitem__(self, key: Any) -> Any:
        if self._unknown_rank:
            return TensorShape(None) if isinstance(key, slice) else None
        value = super().__getitem__(key)
        return TensorShape(value) if isinstance(key, slice) else value

    def __bool__(self) -> bool:
        return not self._unknown_rank

    def __len__(self) -> int:
        if self._unknown_rank:
            raise ValueError("Cannot take the length of shape with unknown rank.")
        return super().__len__()

    def __eq__(self, other: object) -> bool:
        if isinstance(other, TensorShape):
            return self._unknown_rank == other._unknown_rank and super().__eq__(other)
        if other is None:
            return self._unknown_rank
        if isinstance(other, int):
            return False
        try:
            return not self._unknown_rank and super().__eq__(tuple(other))  # type: ignore[call-overload]
        except TypeError:
            return False

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return super().__hash__()

    def __str__(self) -> str:
        return "<unknown>" if self._unknown_rank else super().__repr__()

    def __repr__(self) -> str:
        return "TensorShape(None)" if self._unknown_rank else f"TensorShape({list(self)})"

    def __reduce__(self) -> tuple:
        return TensorShape, (None if self._unknown_rank else tuple(self),)


def standardize_shape(shape: Any) -> tuple:
    """A shape given as int, list, TensorShape or torch.Size, as a plain tuple of ints and None.

    Raises:
        ValueError: a dimension is negative or not an integer.
    """
    if isinstance(shape, int) and not isinstance(shape, bool):
        shape = (shape,)
    if shape is None or isinstance(shape, str) or not isinstance(shape, Iterable):
        raise fail(DTypeMismatchError, "A shape must be a tuple of integers or None", received=repr(shape))
    dims = []
    for dim in shape:
        if dim is None:
            dims.append(None)
            continue
        try:
            dims.append(dim.__index__())
        except (AttributeError, TypeError):
            raise fail(
                ValueError, f"Cannot convert '{shape}' to a shape: found the dimension {dim!r}", "integers or None"
            ) from None
        if dims[-1] < 0:
            raise fail(ShapeMismatchError, f"Cannot convert '{shape}' to a shape", "no negative dimension", dims[-1])
    return tuple(dims)


def broadcast_shapes(first: Sequence, second: Sequence) -> tuple:
    """The shape of an elementwise result; unknown dimensions stay unknown unless the other side fixes them."""
    rank = max(len(first), len(second))
    a = (1,) * (rank - len(first)) + tuple(first)
    b = (1,) * (rank - len(second)) + tuple(second)
    out = []
    for x, y in zip(a, b, strict=True):
        if x == 1 or x == y:
            out.append(y)
        elif y == 1:
            out.append(x)
        elif x is None or y is None:
            out.append(y if x is None else x)
        else:
            raise fail(ValueError, f"Cannot broadcast shapes {tuple(first)} and {tuple(second)} together")
    return tuple(out)


# windows: convolution and pooling -------------------------------------------------------------------------------------


def tuple_of(value: Any, n: int, name: str, allow_zero: bool = False) -> tuple:
    """An int or a sequence of ``n`` ints as a tuple of ``n`` ints; ``name`` is the argument's, for the message.

    Raises:
        ValueError: wrong length, not integers, or not positive.
    """
    wrong = f"The `{name}` argument must be a tuple of {n} integers. Received {name}={value}"
    if hasattr(value, "__index__") and not isinstance(value, bool) and not getattr(value, "ndim", 0):
        values = (value.__index__(),) * n
    else:
        try:
            values = tuple(value)
        except TypeError:
            raise ValueError(wrong) from None
        if len(values) != n or any(not hasattr(v, "__index__") or isinstance(v, bool) for v in values):
            raise ValueError(wrong)
        values = tuple(v.__index__() for v in values)
    low = {v for v in values if v < (0 if allow_zero else 1)}
    if low:
        condition = "value >= 0" if allow_zero else "value > 0"
        raise ValueError(f"{wrong}, including values {low} that do not satisfy `{condition}`")
    return values


def same_padding(size: int, window: int, stride: int, dilation: int = 1) -> tuple[int, int]:
    """Zeros before and after one axis under TensorFlow's "same" rule: the odd one goes after.

    The output has ceil(size / stride) positions, so (out - 1)·stride + reach - size zeros are needed.
    """
    reach = (window - 1) * dilation + 1
    total = max((-(-size // stride) - 1) * stride + reach - size, 0)
    return total // 2, total - total // 2


def window_output(size: int | None, window: int, stride: int, padding: str, dilation: int = 1) -> int | None:
    """Length of one axis after a convolution or pooling with "valid", "same" or "causal" padding."""
    if size is None:
        return None
    if padding in ("same", "causal"):
        return -(-size // stride)
    return (size - (window - 1) * dilation - 1) // stride + 1


def channels_axis(data_format: str, rank: int) -> int:
    """Index of the channels axis of a batch of ``rank`` dimensions."""
    return 1 if data_format == "channels_first" else rank - 1
