"""``tf.TensorArray``: a list of tensors of one dtype that loops write to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from kerasish import ops
from kerasish.core import dispatch
from kerasish.core.context import local
from kerasish.core.dtypes import as_dtype, float32
from kerasish.core.errors import InvalidArgumentError, OpError, OutOfRangeError, fail
from kerasish.core.shape import TensorShape
from kerasish.core.tensor import Tensor, convert
from kerasish.ops.common import integer_shape
from kerasish.tf.spec import TypeSpec, spec_of


def _outside(message: str) -> OpError:
    """There is no such element: as eager arrays tell it, or as the operations in a function do."""
    return (OutOfRangeError if local.function is None else InvalidArgumentError)(message)


class TensorArray:
    """A list of tensors of one dtype. What writes to it returns it, as in ``ta = ta.write(i, x)``.

    Args:
        dtype: of the elements.
        size: how many there are at first (0).
        dynamic_size: whether writing beyond the end makes it longer.
        clear_after_read: whether an element can be read only once (yes by default).
        infer_shape: whether all elements must have the shape of the first.
        element_shape: their shape, of which dimensions may be unknown.
        tensor_array_name, handle, flow, colocate_with_first_write_call: concern graphs. ``handle`` and ``flow`` must be None.

    Raises:
        ValueError: ``handle`` or ``flow`` is given.
    """

    is_loop_value = True  # loops hand it on

    def __init__(
        self,
        dtype: Any,
        size: Any = None,
        dynamic_size: bool | None = None,
        clear_after_read: bool | None = None,
        tensor_array_name: str | None = None,
        handle: Any = None,
        flow: Any = None,
        infer_shape: bool = True,
        element_shape: Any = None,
        colocate_with_first_write_call: bool = True,
        name: str | None = None,
    ) -> None:
        if handle is not None or flow is not None:
            raise fail(ValueError, "A TensorArray's `handle` and `flow` belong to graphs", "None")
        self._dtype = as_dtype(dtype)
        self._dynamic = bool(dynamic_size)
        self._clears = True if clear_after_read is None else bool(clear_after_read)
        self._infer_shape = infer_shape
        self._shape = TensorShape(element_shape)
        self._size = 0 if size is None else int(size)
        self._elements: list[Any] = [None] * self._size
        self._read: set[int] = set()

    dtype = property(lambda self: self._dtype)
    dynamic_size = property(lambda self: self._dynamic)
    element_shape = property(lambda self: self._shape)
    handle = property(lambda self: None)
    flow = property(lambda self: convert(0.0))

    @property
    def _type_spec(self) -> TensorArraySpec:
        return TensorArraySpec(self._shape, self._dtype, self._dynamic, self._infer_shape)

    def identity(self) -> TensorArray:
        """A TensorArray with the same elements."""
        other = object.__new__(TensorArray)
        other.__dict__.update(self.__dict__, _elements=list(self._elements), _read=set(self._read))
        return other

    def grad(self, source: str, flow: Any = None, name: str | None = None) -> Any:
        """Gradients are a tape's: ``tape.gradient``."""
        raise fail(NotImplementedError, "TensorArray.grad belongs to graphs; use tf.GradientTape")

    def size(self, name: str | None = None) -> Tensor:
        """The number of elements, int32."""
        return convert(len(self._elements) if local.function is None or self._dynamic else self._size)

    def close(self, name: str | None = None) -> None:
        """Forget the elements."""
        self._elements.clear()

    # one element

    def write(self, index: Any, value: Any, name: str | None = None) -> TensorArray:
        """Set the element at ``index``.

        Raises:
            OutOfRangeError (InvalidArgumentError in a ``tf.function``): the array is shorter and has no dynamic size.
            InvalidArgumentError: the value has another dtype.
            ValueError: the value has another shape.
        """
        place = int(index)
        if place < 0 or (place >= len(self._elements) and not self._dynamic):
            if local.function is not None:
                raise InvalidArgumentError(
                    f"Trying to modify element {place} in a list with {len(self._elements)} elements."
                )
            raise _outside(
                f"Tried to write to index {place} but array is not resizeable and size is: {len(self._elements)}"
            )
        tensor = value if dispatch.is_tensor(value) else convert(value, self._dtype)
        self._check_dtype(tensor)
        shape = TensorShape(tensor.shape)
        if not self._shape.is_compatible_with(shape):
            if local.function is not None:
                raise ValueError(f"Inconsistent shapes: saw {shape} but expected {self._shape}")
            raise ValueError(f"Incompatible shape for value ({tuple(shape)}), expected ({tuple(self._shape)})")
        if self._infer_shape:
            self._shape = self._shape.merge_with(shape)
        self._elements += [None] * (place + 1 - len(self._elements))
        self._elements[place] = convert(tensor)
        self._read.discard(place)
        return self

    def _check_dtype(self, tensor: Any) -> None:
        if tensor.dtype == self._dtype:
            return
        if local.function is not None:
            names = (dispatch.WORDS.get(kind.name, kind.name) for kind in (tensor.dtype, self._dtype))
            raise InvalidArgumentError("Invalid data types; op elements {} but list elements {}".format(*names))
        raise InvalidArgumentError(
            f"TensorArray dtype is {self._dtype.name} but Op is trying to write dtype {tensor.dtype.name}"
        )

    def read(self, index: Any, name: str | None = None) -> Tensor:
        """The element at ``index``; zeros if it was not written and the shape is known.

        Raises:
            OutOfRangeError (InvalidArgumentError in a ``tf.function``): there is no such element.
            InvalidArgumentError: it was read before, and cleared (not in a ``tf.function``).
        """
        place = int(index)
        if not 0 <= place < len(self._elements):
            raise _outside(f"Tried to read from index {place} but array size is: {len(self._elements)}")
        if self._elements[place] is None and place in self._read and local.function is None:
            raise InvalidArgumentError(
                f"Could not read index {place} twice because it was cleared after a previous read (perhaps try setting "
                "clear_after_read = false?)"
            )
        element = self._element(place)
        if self._clears and local.function is None:
            self._elements[place] = None
            self._read.add(place)
        return element

    def _element(self, place: int) -> Tensor:
        element = self._elements[place]
        if element is not None:
            return element
        if not self._shape.is_fully_defined():
            if local.function is not None:
                raise InvalidArgumentError(
                    f"Tried to read or stack an uninitialized tensor, and the list has a non-fully-defined element_shape: "
                    f"{self._shape}"
                )
            raise ValueError(
                f"Cannot convert a partially known TensorShape {self._shape} to a Tensor: element {place} was not written."
            )
        zeros = ops.zeros(self._shape, dtype=self._dtype)
        if local.function is None:
            self._elements[place] = zeros  # so that it can be read again, though it was read and cleared
        return zeros

    # many

    def stack(self, name: str | None = None) -> Tensor:
        """All elements, stacked along a new first axis.

        Raises:
            InvalidArgumentError: in a ``tf.function``, ``unstack`` or ``split`` have put another number of them here than
                the array was made for.
        """
        if local.function is not None and not self._dynamic and len(self._elements) != self._size:
            raise InvalidArgumentError(
                f"Operation expected a list with {self._size} elements but got a list with {len(self._elements)} elements."
            )
        if not self._elements:
            return ops.zeros([0, *(n or 0 for n in self._shape)], dtype=self._dtype)
        return ops.stack([self._element(i) for i in range(len(self._elements))])

    def gather(self, indices: Any, name: str | None = None) -> Tensor:
        """The elements at ``indices``, stacked."""
        return ops.stack([self._element(i) for i in integer_shape(indices)])

    def concat(self, name: str | None = None) -> Tensor:
        """All elements, joined along their first axes.

        Raises:
            InvalidArgumentError: there are none.
        """
        if not self._elements:
            raise InvalidArgumentError("There are no elements to join: the array is empty.")
        return ops.concatenate([self._element(i) for i in range(len(self._elements))])

    def unstack(self, value: Any, name: str | None = None) -> TensorArray:
        """Put the slices of ``value`` along its first axis in the place of all elements.

        Raises:
            ValueError: there are more of them than elements, and the array has no dynamic size (not in a ``tf.function``).
        """
        if local.function is not None:
            tensor = value if dispatch.is_tensor(value) else convert(value, self._dtype)
            self._elements = [None] * len(tensor)
            return self.scatter(range(len(tensor)), tensor)
        parts = list(convert(value))
        if len(parts) > len(self._elements) and not self._dynamic:
            raise ValueError(
                f"Cannot unstack {len(parts)} tensors into a TensorArray of static size {len(self._elements)} "
            )
        self._elements = parts  # as they are, without a look at their shapes
        return self

    def scatter(self, indices: Any, value: Any, name: str | None = None) -> TensorArray:
        """Set the elements at ``indices`` to the slices of ``value`` along its first axis."""
        tensor = value if dispatch.is_tensor(value) else convert(value, self._dtype)
        for place, part in zip(integer_shape(indices), tensor, strict=True):
            self.write(place, part)
        return self

    def split(self, value: Any, lengths: Any, name: str | None = None) -> TensorArray:
        """Put the parts of ``value``, of these lengths along its first axis, in the place of all elements.

        Raises:
            InvalidArgumentError: the lengths are no vector, do not add up to the size of ``value``, or are not as many as
                there are elements, and the array has no dynamic size (the last not in a ``tf.function``).
        """
        tensor = value if dispatch.is_tensor(value) else convert(value, self._dtype)
        sizes = convert(lengths).numpy()
        self._check_lengths(tensor, sizes)
        self._elements = [dispatch.wrap(part) for part in torch.split(dispatch.raw(tensor), sizes.tolist())]
        return self

    def _check_lengths(self, tensor: Any, sizes: np.ndarray) -> None:
        """Raises InvalidArgumentError if a tensor cannot be split into as many parts of these sizes as there are elements."""
        if sizes.ndim != 1:
            raise InvalidArgumentError(f"Expected lengths to be a vector, received shape: {list(sizes.shape)} ")
        if not len(tensor.shape):
            raise InvalidArgumentError("Expected value to be at least a vector, but received shape: [] ")
        if sizes.sum() != tensor.shape[0]:
            raise InvalidArgumentError(
                "Expected sum of lengths to be equal to values.shape[0], but sum of lengths is "
                f"{sizes.sum()} and value's shape is: {list(tensor.shape)} "
            )
        if not self._dynamic and len(sizes) != len(self._elements) and local.function is None:
            raise InvalidArgumentError(
                f"TensorArray's size is not equal to the size of lengths ({len(self._elements)} vs. {len(sizes)}), and the "
                "TensorArray is not marked as dynamically resizeable."
            )


class TensorArraySpec(TypeSpec):
    """Describes a ``TensorArray``.

    Args:
        element_shape: of its elements; dimensions may be unknown.
        dtype: of its elements.
        dynamic_size: whether writing beyond the end makes it longer.
        infer_shape: whether all elements must have the shape of the first.
    """

    _state = ("_element_shape", "_dtype", "_dynamic_size", "_infer_shape")

    def __init__(
        self, element_shape: Any = None, dtype: Any = float32, dynamic_size: bool = False, infer_shape: bool = True
    ) -> None:
        self._element_shape = TensorShape(element_shape)
        self._dtype = as_dtype(dtype)
        self._dynamic_size, self._infer_shape = dynamic_size, infer_shape

    @property
    def value_type(self) -> type:
        return TensorArray

    @classmethod
    def from_value(cls, value: Any) -> TensorArraySpec:
        """The specification of an array.

        Raises:
            TypeError: it is no ``TensorArray``.
        """
        if not isinstance(value, TensorArray):
            raise TypeError(f"Expected value to be a TensorArray, but got: `{type(value)}`")
        return value._type_spec

    def _fits(self, other: Any) -> bool:
        return (
            isinstance(other, TensorArraySpec)
            and (self._dtype, self._dynamic_size) == (other._dtype, other._dynamic_size)
            and self._element_shape.is_compatible_with(other._element_shape)
        )

    def is_subtype_of(self, other: TypeSpec) -> bool:
        return self._fits(other)

    def is_compatible_with(self, other: Any) -> bool:
        return self._fits(other if isinstance(other, TypeSpec) else spec_of(other))

    def most_specific_common_supertype(self, others: Sequence[TypeSpec]) -> TensorArraySpec | None:
        same = (other for other in others if isinstance(other, TensorArraySpec))
        kinds = [(other._dtype, other._dynamic_size, other._infer_shape) for other in same]
        mine = (self._dtype, self._dynamic_size, self._infer_shape)
        return self if len(kinds) == len(others) and all(kind == mine for kind in kinds) else None

    def _key(self) -> tuple:
        return self._element_shape, self._dtype, self._dynamic_size, self._infer_shape

    def __repr__(self) -> str:
        shape, kind, *rest = self._key()
        return f"TensorArraySpec({shape!r}, {kind!r}, {rest[0]}, {rest[1]})"
