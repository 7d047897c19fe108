"""``tf.SparseTensorSpec``: what is known of a sparse tensor before it is there; and TensorFlow 1's triple of its parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from kerasish.core.dtypes import DType, as_dtype, float32, int64
from kerasish.core.shape import TensorShape
from kerasish.core.sparse import SparseTensor, is_sparse_value
from kerasish.tf.spec import TensorSpec, TypeSpec


class SparseTensorValue(NamedTuple):
    """The parts of a sparse tensor as arrays or lists (``tf.compat.v1.SparseTensorValue``)."""

    indices: Any
    values: Any
    dense_shape: Any


class SparseTensorSpec(TypeSpec):
    """Shape and dtype of a sparse tensor.

    Args:
        shape: of the dense tensor; dimensions may be None (unknown); ``None`` alone is an unknown rank.
        dtype: of the values.
    """

    _state = ("_shape", "_dtype")

    def __init__(self, shape: Any = None, dtype: Any = float32) -> None:
        self._shape = TensorShape(shape)
        self._dtype = as_dtype(dtype)

    shape = property(lambda self: self._shape)

    @property
    def dtype(self) -> DType:
        return self._dtype

    @property
    def value_type(self) -> type:
        return SparseTensor

    @classmethod
    def from_value(cls, value: Any) -> SparseTensorSpec:
        """The specification of a sparse tensor, or of a triple of its parts.

        Raises:
            TypeError: it is neither.
        """
        if not is_sparse_value(value):
            raise TypeError(
                f"Expected SparseTensor or SparseTensorValue. Received: {value} of type {type(value).__name__}."
            )
        sparse = SparseTensor.from_value(value)
        return cls(sparse.shape, sparse.dtype)

    @property
    def _component_specs(self) -> list[TypeSpec]:
        rank = self._shape.rank
        return [TensorSpec([None, rank], int64), TensorSpec([None], self._dtype), TensorSpec([rank], int64)]

    def _to_components(self, value: Any) -> list:
        value = SparseTensor.from_value(value)
        return [value.indices, value.values, value.dense_shape]

    def _from_components(self, tensor_list: Sequence[Any]) -> SparseTensor:
        made = SparseTensor(*tensor_list)
        made.shape.assert_is_compatible_with(self._shape)
        return made

    def is_compatible_with(self, spec_or_value: Any) -> bool:
        """Whether a sparse tensor, or one of another specification, may be described by this."""
        other = spec_or_value
        if is_sparse_value(other):
            other = SparseTensorSpec.from_value(other)
        if not isinstance(other, SparseTensorSpec):
            return False
        return self._dtype == other._dtype and self._shape.is_compatible_with(other._shape)

    def is_subtype_of(self, other: TypeSpec) -> bool:
        if not isinstance(other, SparseTensorSpec):
            return False
        return self._dtype == other._dtype and self._shape.is_subtype_of(other._shape)

    def most_specific_common_supertype(self, others: Sequence[TypeSpec]) -> SparseTensorSpec | None:
        if any(not isinstance(other, SparseTensorSpec) or other._dtype != self._dtype for other in others):
            return None
        shapes = [other._shape for other in others]  # type: ignore[attr-defined]
        return SparseTensorSpec(self._shape.most_specific_common_supertype(shapes), self._dtype)

    def _key(self) -> tuple:
        return self._shape, self._dtype

    def __repr__(self) -> str:
        return f"SparseTensorSpec({self._shape!r}, {self._dtype!r})"

    def __reduce__(self) -> tuple:
        return SparseTensorSpec, (self._shape, self._dtype)


SparseTensor._type_spec = property(lambda self: SparseTensorSpec(self.shape, self.dtype))  # type: ignore[attr-defined]
