"""Type specifications: what is known of a value before it is there (``tf.TensorSpec`` and its kin)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from kerasish.core import dispatch, tree
from kerasish.core.dtypes import DType, as_dtype, float32
from kerasish.core.errors import fail
from kerasish.core.registry import publish_alias
from kerasish.core.shape import TensorShape
from kerasish.core.symbolic import KerasTensor
from kerasish.core.tensor import Tensor


class TypeSpec:
    """Describes a kind of value: the base of ``TensorSpec``, ``tf.data.DatasetSpec`` and others."""

    @property
    def value_type(self) -> type:
        """The class of the values that it describes."""
        raise NotImplementedError(f"{type(self).__name__}.value_type")

    def _key(self) -> tuple:
        """What two equal specifications have in common."""
        return _hashable(self._serialize())

    _state: tuple[str, ...] | None = None  # the attributes that the constructor takes

    def _serialize(self) -> tuple:
        """What the constructor takes."""
        if self._state is None:
            raise NotImplementedError(f"{type(self).__name__}._serialize")
        return tuple(getattr(self, name) for name in self._state)

    @classmethod
    def _deserialize(cls, serialization: tuple) -> TypeSpec:
        """A specification made of what ``_serialize`` gave."""
        return cls(*serialization)

    def is_subtype_of(self, other: TypeSpec) -> bool:
        """Whether every value that this describes is described by ``other``, too."""
        return self == other

    def is_compatible_with(self, spec_or_value: Any) -> bool:
        """Whether a value, or some value of another specification, may be described by this."""
        other = spec_or_value if isinstance(spec_or_value, TypeSpec) else spec_of(spec_or_value)
        return self == other

    def most_specific_common_supertype(self, others: Sequence[TypeSpec]) -> TypeSpec | None:
        """The narrowest specification of all values of this and the others; None if there is none."""
        return self if all(self == other for other in others) else None

    # what tensors its values are made of

    @property
    def _component_specs(self) -> Any:
        """The specifications of a value's parts, in any structure."""
        raise NotImplementedError(f"{type(self).__name__}._component_specs")

    def _to_components(self, value: Any) -> Any:
        """A value's parts, nested as their specifications."""
        raise NotImplementedError(f"{type(self).__name__}._to_components")

    def _from_components(self, components: Any) -> Any:
        """A value made of such parts."""
        raise NotImplementedError(f"{type(self).__name__}._from_components")

    def flatten(self) -> list[TensorSpec]:
        """The specifications of the tensors that a value is made of."""
        return [leaf for part in tree.flatten(self._component_specs) for leaf in part.flatten()]

    def to_tensors(self, value: Any) -> list:
        """The tensors that a value is made of, in the order of ``flatten``."""
        parts = zip(tree.flatten(self._component_specs), tree.flatten(self._to_components(value)))
        return [tensor for spec, part in parts for tensor in spec.to_tensors(part)]

    def from_tensors(self, tensors: Iterator[Any]) -> Any:
        """A value made of tensors in that order."""
        return self._from_components(tree.map_structure(lambda spec: spec.from_tensors(tensors), self._component_specs))

    def placeholder_value(self, placeholder_context: Any) -> Any:
        """What stands for a value while a function is traced: made of symbolic tensors."""
        return self._from_components(
            tree.map_structure(lambda spec: spec.placeholder_value(placeholder_context), self._component_specs)
        )

    def cast(self, value: Any, casting_context: Any) -> Any:
        """The value as one of this type; a specification if ``casting_context.allow_specs``.

        Raises:
            TypeError: it is none.
        """
        if isinstance(value, TypeSpec) and getattr(casting_context, "allow_specs", False):
            found: Any = value
        else:
            found = spec_of(value)
        if not found.is_subtype_of(self):
            raise TypeError(f"Can not cast {value!r} to {self}")
        return value

    def most_specific_compatible_type(self, other: TypeSpec) -> TypeSpec:
        """The narrowest specification of the values of both.

        Raises:
            ValueError: there is none.
        """
        common = self.most_specific_common_supertype([other])
        if common is None:
            raise ValueError(f"No TypeSpec is compatible with both {self} and {other}")
        return common

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._key() == other._key()  # type: ignore[attr-defined]

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((type(self).__name__, self._key()))

    def __str__(self) -> str:
        return repr(self)


def _hashable(value: Any) -> Any:
    if isinstance(value, dict):
        return tuple((key, _hashable(inner)) for key, inner in sorted(value.items()))
    return tuple(map(_hashable, value)) if isinstance(value, (list, tuple)) else value


class TensorSpec(TypeSpec):
    """Shape and dtype of a tensor.

    Args:
        shape: dimensions may be None (unknown); ``None`` alone is an unknown rank.
        dtype: anything that names a dtype.
        name: of the argument that it describes.

    Raises:
        ValueError, TypeError: ``shape`` is no shape.
    """

    def __init__(self, shape: Any, dtype: Any = float32, name: str | None = None) -> None:
        try:
            self._shape = TensorShape(shape)
        except (TypeError, ValueError) as error:
            if "must be >= 0" in str(error):
                raise
            raise fail(
                TypeError,
                f"Failed to convert '{shape!r}' to a shape",
                hint="A shape should either be single dimension (e.g. 10), or an iterable of dimensions.",
            ) from None
        for dim in self._shape:
            if dim is not None and dim < 0:
                raise ValueError(f"Dimension {dim} must be >= 0")
        self._dtype = as_dtype(dtype)
        self._name = name

    shape = property(lambda self: self._shape)
    name = property(lambda self: self._name)

    @property
    def dtype(self) -> DType:
        return self._dtype

    @property
    def value_type(self) -> type:
        return Tensor

    @classmethod
    def from_spec(cls, spec: Any, name: str | None = None) -> TensorSpec:
        """A specification with the shape and dtype of another one, or of a Keras input."""
        return cls(spec.shape, spec.dtype, name or spec.name)

    @classmethod
    def from_tensor(cls, tensor: Any, name: str | None = None) -> TensorSpec:
        """The specification of a tensor, with all of its dimensions."""
        if not dispatch.is_tensor(tensor):
            raise fail(ValueError, "`tensor` should be a tf.Tensor", received=repr(type(tensor)))
        return cls(tuple(tensor.shape), tensor.dtype, name)

    def is_compatible_with(self, spec_or_tensor: Any) -> bool:
        """Whether dtypes agree and shapes do where both are known; only tensors and specifications are."""
        if not isinstance(spec_or_tensor, TensorSpec) and not dispatch.is_tensor(spec_or_tensor):
            return False
        return self._dtype == spec_or_tensor.dtype and self._shape.is_compatible_with(spec_or_tensor.shape)

    def flatten(self) -> list[TensorSpec]:
        return [self]

    def to_tensors(self, value: Any) -> list:
        return [self.cast(value, None)]

    def from_tensors(self, tensors: Iterator[Any]) -> Any:
        return next(tensors)

    def placeholder_value(self, placeholder_context: Any) -> Any:
        return KerasTensor(self._shape, self._dtype, name=self._name)

    def cast(self, value: Any, casting_context: Any) -> Any:
        if isinstance(value, TensorSpec) and getattr(casting_context, "allow_specs", False):
            tensor: Any = value
        else:
            tensor = value if dispatch.is_tensor(value) else dispatch.wrap(dispatch.raw(value, self._dtype.torch))
        if not self.is_compatible_with(tensor):
            raise TypeError(f"Can not cast {value!r} to {self}")
        return tensor

    def is_subtype_of(self, other: TypeSpec) -> bool:
        if not isinstance(other, TensorSpec) or self._dtype != other._dtype:
            return False
        if other._shape.rank is None:
            return True
        return self._shape.rank == other._shape.rank and all(
            b is None or a == b for a, b in zip(self._shape, other._shape)
        )

    def most_specific_common_supertype(self, others: Sequence[TypeSpec]) -> TensorSpec | None:
        shape = self._shape
        for other in others:
            if not isinstance(other, TensorSpec) or other._dtype != self._dtype:
                return None
            shape = shape.most_specific_compatible_shape(other._shape)
        name = self._name if all(other.name == self._name for other in others) else None
        return TensorSpec(shape, self._dtype, name)

    def _key(self) -> tuple:
        return self._shape, self._dtype, self._name

    def __repr__(self) -> str:
        return f"TensorSpec(shape={self._shape}, dtype={self._dtype!r}, name={self._name!r})"

    def __reduce__(self) -> tuple:
        return TensorSpec, (self._shape, self._dtype, self._name)


publish_alias("tf.TensorSpec", TensorSpec)  # for what stands below


class NoneTensorSpec(TypeSpec):
    """Describes None."""

    _state = ()

    @property
    def value_type(self) -> type:
        return type(None)

    @classmethod
    def from_value(cls, value: Any) -> NoneTensorSpec:
        """The specification of None."""
        return cls()

    def most_specific_compatible_shape(self, other: Any) -> NoneTensorSpec:
        """Itself.

        Raises:
            ValueError: ``other`` is another kind of specification.
        """
        if type(other) is not type(self):
            raise ValueError(f"No shape of {other} is one of None")
        return self

    _component_specs = ()

    def _to_components(self, value: Any) -> Any:
        return ()

    def _from_components(self, components: Any) -> Any:
        return None

    def _key(self) -> tuple:
        return ()

    def __repr__(self) -> str:
        return "NoneTensorSpec()"


def spec_of(value: Any) -> TypeSpec:
    """The specification of one value (``tf.type_spec_from_value``): a tensor, None, or what has a specification.

    Raises:
        TypeError: something else.
    """
    if value is None:
        return NoneTensorSpec()
    if isinstance(value, KerasTensor):
        return TensorSpec(value.shape, value.dtype, value.name)
    if dispatch.is_tensor(value):
        return TensorSpec(tuple(value.shape), value.dtype)
    if hasattr(value, "_type_spec"):
        return value._type_spec
    try:
        return TensorSpec.from_tensor(dispatch.wrap(dispatch.raw(value)))
    except (TypeError, ValueError):
        raise TypeError(f"Could not build a TypeSpec for {value!r} with type {type(value).__name__}") from None
