"""``tensorflow.python.framework``'s type specifications and their registry, for packages' own composite tensors."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kerasish.core.composite import CompositeTensor
from kerasish.core.dtypes import as_dtype, float32
from kerasish.core.shape import TensorShape
from kerasish.core.tensor import convert
from kerasish.core.variable import TFVariable
from kerasish.tf.nest import map_structure
from kerasish.tf.spec import TensorSpec, TypeSpec
from kerasish.tf.weak import WeakTensor

_NAME_TO_TYPE_SPEC: dict[str, type] = {}
_TYPE_SPEC_TO_NAME: dict[type, str] = {}


class BatchableTypeSpec(TypeSpec):
    """The base of specifications of values that can be stacked: a class states ``_batch`` and ``_unbatch``."""

    def _batch(self, batch_size: int | None) -> TypeSpec:
        raise NotImplementedError(f"{type(self).__name__}._batch")

    def _unbatch(self) -> TypeSpec:
        raise NotImplementedError(f"{type(self).__name__}._unbatch")


class BoundedTensorSpec(TensorSpec):
    """Shape and dtype of a tensor whose elements lie within bounds.

    Args:
        minimum, maximum: numbers, or arrays that broadcast to the shape; both bounds belong to the range.

    Raises:
        ValueError: a bound is None, or does not broadcast to the shape.
    """

    def __init__(self, shape: Any, dtype: Any, minimum: Any, maximum: Any, name: str | None = None) -> None:
        super().__init__(shape, dtype, name)
        for side, bound in (("minimum", minimum), ("maximum", maximum)):
            if bound is None:
                raise ValueError(f"`{side}` can not be None.")
            if self.shape.rank is not None and not _fits(np.shape(bound), list(self.shape)):
                raise ValueError(f"`{side}` {bound} is not compatible with shape {self.shape}.")
        self._minimum, self._maximum = (np.array(x, dtype=self.dtype.as_numpy_dtype) for x in (minimum, maximum))
        self._minimum.setflags(write=False)
        self._maximum.setflags(write=False)

    minimum = property(lambda self: self._minimum)
    maximum = property(lambda self: self._maximum)

    @classmethod
    def from_spec(cls, spec: Any, name: str | None = None) -> BoundedTensorSpec:
        """The same, of any specification (dm_env's are of arrays); of one without bounds, with those of its dtype."""
        dtype = as_dtype(spec.dtype)
        low, high = getattr(spec, "minimum", dtype.min), getattr(spec, "maximum", dtype.max)
        return cls(spec.shape, dtype, low, high, name or spec.name)

    def _serialize(self) -> tuple:
        return (self.shape, self.dtype, self._minimum, self._maximum, self.name)

    def _key(self) -> tuple:
        bounds = [(bound.shape, *bound.reshape(-1).tolist()) for bound in (self._minimum, self._maximum)]
        return (tuple(self.shape) if self.shape.rank is not None else None, self.dtype, *bounds, self.name)

    def __repr__(self) -> str:
        return (
            f"BoundedTensorSpec(shape={self.shape}, dtype={self.dtype!r}, name={self.name!r}, minimum={self._minimum!r}, "
            f"maximum={self._maximum!r})"
        )


def _fits(given: Sequence[int], shape: Sequence[int | None]) -> bool:
    """Whether a shape broadcasts to another one."""
    pairs = zip(reversed(given), reversed(shape))
    return len(given) <= len(shape) and all(size in (1, wanted) or wanted is None for size, wanted in pairs)


def unknown_shape(rank: int | None = None) -> TensorShape:
    """A shape of which only the rank may be known."""
    return TensorShape(None if rank is None else [None] * rank)


class VariableSpec(TensorSpec):
    """Shape, dtype and trainability of a variable.

    Args:
        alias_id: which of a function's variables are one.
    """

    def __init__(self, shape: Any, dtype: Any = float32, trainable: bool = True, alias_id: int | None = None) -> None:
        super().__init__(shape, dtype)
        self.trainable = trainable
        self.alias_id = alias_id

    @property
    def value_type(self) -> type:
        return TFVariable

    @classmethod
    def from_value(cls, value: Any) -> VariableSpec:
        """The specification of a variable."""
        return cls(value.shape, value.dtype, value.trainable)

    def is_compatible_with(self, spec_or_value: Any) -> bool:
        """Whether it is a variable, or a specification of one, of this dtype and a shape like this."""
        if not isinstance(spec_or_value, (VariableSpec, TFVariable)):
            return False
        return self.dtype == spec_or_value.dtype and self.shape.is_compatible_with(spec_or_value.shape)

    def is_subtype_of(self, other: TypeSpec) -> bool:
        return isinstance(other, VariableSpec) and self.trainable == other.trainable and super().is_subtype_of(other)

    def most_specific_common_supertype(self, others: Sequence[TypeSpec]) -> VariableSpec | None:
        common = super().most_specific_common_supertype(others)
        if common is None or any(getattr(other, "trainable", None) != self.trainable for other in others):
            return None
        return VariableSpec(common.shape, common.dtype, self.trainable, self.alias_id)

    def _key(self) -> tuple:
        return self.shape, self.dtype, self.trainable, self.alias_id

    def __repr__(self) -> str:
        return (
            f"VariableSpec(shape={self.shape}, dtype={self.dtype!r}, trainable={self.trainable!r}, "
            f"alias_id={self.alias_id!r})"
        )


def register(name: str) -> Callable[[type], type]:
    """A decorator that gives a class of specifications a name, "project.Type".

    Raises:
        TypeError: the name is no text, or the class describes no type.
        ValueError: the name has another form, or it or the class is taken.
    """
    if not isinstance(name, str):
        raise TypeError(f"Expected `name` to be a string; got {name!r}")
    if not re.fullmatch(r"\w+(\.\w+)+", name):
        form = "'{project_name}.{type_name}' (e.g. 'my_project.MyTypeSpec')"
        raise ValueError(f"Registered name must have the form {form}; got {name!r}.")

    def decorate(cls: type) -> type:
        if not (isinstance(cls, type) and issubclass(cls, TypeSpec)):
            raise TypeError(f"Expected `cls` to be a TypeSpec; got {cls!r}")
        if cls in _TYPE_SPEC_TO_NAME:
            taken = _TYPE_SPEC_TO_NAME[cls]
            raise ValueError(f"Class {cls.__module__}.{cls.__name__} has already been registered with name {taken}.")
        if name in _NAME_TO_TYPE_SPEC:
            other = _NAME_TO_TYPE_SPEC[name]
            raise ValueError(f"Name {name} has already been registered for class {other.__module__}.{other.__name__}.")
        _TYPE_SPEC_TO_NAME[cls] = name
        _NAME_TO_TYPE_SPEC[name] = cls
        return cls

    return decorate


def get_name(cls: type) -> str:
    """The name that a class of specifications has been registered under."""
    if not (isinstance(cls, type) and issubclass(cls, TypeSpec)):
        raise TypeError(f"Expected `cls` to be a TypeSpec; got {cls!r}")
    if cls not in _TYPE_SPEC_TO_NAME:
        raise ValueError(f"TypeSpec {cls.__module__}.{cls.__name__} has not been registered.")
    return _TYPE_SPEC_TO_NAME[cls]


def lookup(name: str) -> type:
    """The class of specifications of a name."""
    if not isinstance(name, str):
        raise TypeError(f"Expected `name` to be a string; got {name!r}")
    if name not in _NAME_TO_TYPE_SPEC:
        raise ValueError(f"No TypeSpec has been registered with name {name!r}")
    return _NAME_TO_TYPE_SPEC[name]


def as_shape(shape: Any) -> TensorShape:
    """A shape as a ``tf.TensorShape``."""
    return TensorShape(shape)


def constant_value_as_shape(tensor: Any) -> TensorShape:
    """The shape that a vector of sizes holds; -1 is a size that is not known."""
    sizes = np.asarray(convert(tensor)).reshape(-1).tolist()
    return TensorShape([None if size == -1 else int(size) for size in sizes])


def convert_variables_to_tensors(values: Any) -> Any:
    """A structure with what variables hold in their places; composite tensors of variables are made anew."""

    def snapshot(value: Any) -> Any:
        if isinstance(value, CompositeTensor) and hasattr(value, "_convert_variables_to_tensors"):
            return value._convert_variables_to_tensors()
        return value.value() if isinstance(value, TFVariable) else value

    return map_structure(snapshot, values)


DenseSpec = TensorSpec

__all__ = [
    "_NAME_TO_TYPE_SPEC",
    "_TYPE_SPEC_TO_NAME",
    "BatchableTypeSpec",
    "BoundedTensorSpec",
    "CompositeTensor",
    "DenseSpec",
    "VariableSpec",
    "WeakTensor",
    "as_shape",
    "constant_value_as_shape",
    "convert_variables_to_tensors",
    "get_name",
    "lookup",
    "register",
    "unknown_shape",
]
