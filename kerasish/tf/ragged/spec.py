"""``tf.RaggedTensorSpec``: what is known of a ragged tensor before it is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish.core import dispatch
from kerasish.core.dtypes import DType, as_dtype, float32, int64
from kerasish.core.errors import fail
from kerasish.core.ragged import RaggedTensor
from kerasish.core.shape import TensorShape
from kerasish.core.tensor import Tensor
from kerasish.tf.spec import TensorSpec, TypeSpec


class RaggedTensorSpec(TypeSpec):
    """Shape, dtype and number of ragged dimensions of a ragged tensor.

    Args:
        shape: None stands for unknown and for ragged dimensions.
        dtype: of the values.
        ragged_rank: how many dimensions are given by partitions; default: all but the outermost.
        row_splits_dtype: int32 or int64.
        flat_values_spec: for values that are no plain tensors; must be None.

    Raises:
        ValueError: the rank is unknown, or too small.
        TypeError: ``ragged_rank`` is no integer.
    """

    def __init__(
        self,
        shape: Any = None,
        dtype: Any = float32,
        ragged_rank: int | None = None,
        row_splits_dtype: Any = int64,
        flat_values_spec: Any = None,
    ) -> None:
        if flat_values_spec is not None and not isinstance(flat_values_spec, TensorSpec):
            raise fail(TypeError, "`flat_values_spec` must be a tf.TensorSpec", received=repr(flat_values_spec))
        if flat_values_spec is not None:
            dtype = flat_values_spec.dtype
        self._shape = TensorShape(shape)
        self._row_splits_dtype = as_dtype(row_splits_dtype)
        if self._row_splits_dtype not in ("int32", "int64"):
            raise ValueError(
                f"Argument `row_splits_dtype` must be int32 or int64. Received {self._row_splits_dtype!r}."
            )
        self._dtype = None if dtype is None else as_dtype(dtype)
        self._flat_values_spec = flat_values_spec
        rank = self._shape.rank
        if ragged_rank is None:
            if rank is None:
                raise ValueError("Must specify ragged_rank or a shape with a known rank.")
            ragged_rank = max(rank - 1, 0)
        if not isinstance(ragged_rank, int) or isinstance(ragged_rank, bool):
            raise TypeError(f"Argument `ragged_rank` must be an int. Received {ragged_rank}.")
        if rank is not None and ragged_rank >= max(rank, 1):
            raise ValueError(f"Argument `ragged_rank` ({ragged_rank}) must be less than rank ({rank}).")
        self._ragged_rank = ragged_rank

    def _serialize(self) -> tuple:
        state = (self._shape, self._dtype, self._ragged_rank, self._row_splits_dtype)
        return state if self._flat_values_spec is None else (*state, self._flat_values_spec)

    shape = property(lambda self: self._shape)
    ragged_rank = property(lambda self: self._ragged_rank)
    row_splits_dtype = property(lambda self: self._row_splits_dtype)
    flat_values_spec = property(lambda self: self._flat_values_spec)

    @property
    def dtype(self) -> DType:
        return self._dtype

    @property
    def value_type(self) -> type:
        return RaggedTensor if self._ragged_rank else Tensor

    @classmethod
    def from_value(cls, value: Any) -> RaggedTensorSpec:
        """The specification of a ragged tensor, with the sizes that it has."""
        if isinstance(value, RaggedTensor):
            return cls(value.shape, value.dtype, value.ragged_rank, as_dtype(value._splits_dtype))
        if not dispatch.is_tensor(value):
            raise fail(TypeError, "A ragged tensor is needed", received=repr(type(value)))
        return cls(tuple(value.shape), value.dtype, 0)

    @property
    def _component_specs(self) -> list[TensorSpec]:
        shape, rank = self._shape, self._ragged_rank
        inner = TensorShape(None) if shape.rank is None else [None, *shape[rank + 1 :]] if rank else shape
        rows = shape[0] if shape.rank else None
        sizes = [None if rows is None else rows + 1] + [None] * (rank - 1)
        splits = [TensorSpec([size], self._row_splits_dtype) for size in sizes[:rank]]
        return [TensorSpec(inner, self._dtype), *splits]

    def _to_components(self, value: Any) -> list:
        return [value.flat_values, *value.nested_row_splits] if isinstance(value, RaggedTensor) else [value]

    def _from_components(self, components: Any) -> Any:
        flat, *splits = components
        return RaggedTensor.from_nested_row_splits(flat, splits) if splits else flat

    def is_compatible_with(self, spec_or_value: Any) -> bool:
        """Whether kinds agree, and sizes do where both are known. A dense tensor fits if no dimension is ragged."""
        other = spec_or_value
        if not isinstance(other, TypeSpec):
            if not isinstance(other, RaggedTensor) and (self._ragged_rank or not dispatch.is_tensor(other)):
                return False
            other = RaggedTensorSpec.from_value(other)
        return (
            isinstance(other, RaggedTensorSpec)
            and (self._dtype, self._ragged_rank, self._row_splits_dtype)
            == (other._dtype, other._ragged_rank, other._row_splits_dtype)
            and self._shape.is_compatible_with(other._shape)
        )

    def is_subtype_of(self, other: TypeSpec) -> bool:
        common = self.most_specific_common_supertype([other])
        return common is not None and common == other

    def most_specific_common_supertype(self, others: Sequence[TypeSpec]) -> RaggedTensorSpec | None:
        shape = self._shape
        for other in others:
            if not isinstance(other, RaggedTensorSpec) or self._kind() != other._kind():
                return None
            shape = shape.most_specific_compatible_shape(other._shape)
        return RaggedTensorSpec(shape, self._dtype, self._ragged_rank, self._row_splits_dtype)

    def _kind(self) -> tuple:
        return self._dtype, self._ragged_rank, self._row_splits_dtype

    def _key(self) -> tuple:
        return (self._shape, *self._kind())

    def _batched(self, size: int | None) -> RaggedTensorSpec:
        """The specification of a batch of such values."""
        shape = TensorShape([size]) + self._shape
        rank = self._ragged_rank + 1 if self._shape.rank is None else min(self._ragged_rank + 1, len(shape) - 1)
        return RaggedTensorSpec(shape, self._dtype, rank, self._row_splits_dtype)

    def _unbatched(self) -> TypeSpec:
        """The specification of the rows of such values; of dense ones where only the rows' lengths differ."""
        if self._shape.rank == 0:
            raise ValueError("Unbatching a tensor is only supported for rank >= 1")
        return RaggedTensorSpec(self._shape[1:], self._dtype, max(self._ragged_rank - 1, 0), self._row_splits_dtype)

    def __repr__(self) -> str:
        return f"RaggedTensorSpec({self._shape!r}, {self._dtype!r}, {self._ragged_rank!r}, {self._row_splits_dtype!r})"

    def __reduce__(self) -> tuple:
        return RaggedTensorSpec, (self._shape, self._dtype, self._ragged_rank, self._row_splits_dtype)


RaggedTensor._spec = RaggedTensorSpec.from_value
