"""``tf.IndexedSlices``: some slices of a larger tensor; dense operations take it as that tensor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kerasish.core import dispatch, tree
from kerasish.core.composite import CompositeTensor
from kerasish.core.dtypes import DType, as_dtype, float32, int64
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.shape import TensorShape
from kerasish.core.tensor import Tensor, convert
from kerasish.tf.arrays import identity
from kerasish.tf.creation import cast
from kerasish.tf.math import scalar_mul
from kerasish.tf.spec import TensorSpec, TypeSpec


class IndexedSlices(CompositeTensor):
    """Slices ``values[i]`` of a larger tensor, at ``indices[i]`` along its first axis.

    Gradients are never of this class here: they are dense.

    Args:
        dense_shape: the larger tensor's; needed to convert to a tensor.
    """

    def __init__(self, values: Any, indices: Any, dense_shape: Any = None) -> None:
        self.values: Tensor = convert(values)
        self.indices: Tensor = convert(indices)
        self.dense_shape: Tensor | None = None if dense_shape is None else convert(dense_shape)

    @property
    def dtype(self) -> DType:
        return self.values.dtype

    @property
    def device(self) -> str:
        return self.values.device

    @property
    def shape(self) -> TensorShape:
        return TensorShape(None) if self.dense_shape is None else TensorShape(self.dense_shape.numpy().tolist())

    def __getattr__(self, name: str) -> Any:
        if name in ("name", "op", "graph"):
            raise AttributeError(f"Tensor.{name} is undefined when eager execution is enabled.", name=name, obj=self)
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'", name=name, obj=self)

    def consumers(self) -> list:
        return []

    def __neg__(self) -> IndexedSlices:
        return IndexedSlices(-self.values, self.indices, self.dense_shape)

    def __str__(self) -> str:
        shape = "" if self.dense_shape is None else f", dense_shape={self.dense_shape!s}"
        return f"IndexedSlices(indices={self.indices!s}, values={self.values!s}{shape})"

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """The larger tensor: slices with the same index are added, the others are zeros.

        Raises:
            ValueError: ``dense_shape`` is unknown.
        """
        dense = self._dense().numpy()
        return dense if dtype is None else dense.astype(dtype)

    def _dense(self) -> Tensor:
        if self.dense_shape is None:
            raise ValueError(f"Tensor conversion requested for IndexedSlices without dense_shape: {self!s}")
        values, indices = dispatch.raw(self.values), dispatch.raw(self.indices).long()
        shape = tuple(self.dense_shape.numpy().tolist())
        outside = ((indices < 0) | (indices >= shape[0])).nonzero()
        if len(outside):
            place = int(outside[0])
            raise InvalidArgumentError(f"segment_ids[{place}] = {int(indices[place])} is out of range [0, {shape[0]})")
        return dispatch.wrap(values.new_zeros(shape).index_add(0, indices, values))

    @property
    def _tensors_within(self) -> tuple:
        parts = (self.values, self.indices)
        return parts if self.dense_shape is None else (*parts, self.dense_shape)

    def _with_tensors(self, components: Sequence[Any]) -> IndexedSlices:
        return IndexedSlices(*components)

    @property
    def _type_spec(self) -> IndexedSlicesSpec:
        shape = None if self.dense_shape is None else self.dense_shape.dtype
        return IndexedSlicesSpec(self.shape, self.dtype, self.indices.dtype, shape, self.indices.shape)

    def _call(self, operation: Callable, args: tuple, kwargs: dict) -> Any:
        """See ``CompositeTensor``: operations that do not know slices get the larger tensor."""
        handler = self._handlers.get(operation)
        if handler is not None:
            return handler(*args, **kwargs)
        args, kwargs = tree.map_structure(lambda x: x._dense() if isinstance(x, IndexedSlices) else x, (args, kwargs))
        return operation(*args, **kwargs)

    def _with_values(self, values: Any) -> IndexedSlices:
        return IndexedSlices(values, self.indices, self.dense_shape)


@IndexedSlices.serve(identity)
def _identity(input: IndexedSlices, name: str | None = None) -> IndexedSlices:
    return input._with_values(identity(input.values))


@IndexedSlices.serve(cast)
def _cast(x: IndexedSlices, dtype: Any, name: str | None = None) -> IndexedSlices:
    return x._with_values(cast(x.values, dtype))


@IndexedSlices.serve(scalar_mul)
def _scalar_mul(scalar: Any, x: IndexedSlices, name: str | None = None) -> IndexedSlices:
    return x._with_values(scalar_mul(scalar, x.values))


class IndexedSlicesSpec(TypeSpec):
    """What is known of an ``IndexedSlices``.

    Args:
        shape: of the larger tensor.
        dtype, indices_dtype: of the slices and of the indices.
        dense_shape_dtype: of the dense shape; None if there is none.
        indices_shape: of the indices, one length.
    """

    _state = ("_shape", "_values_dtype", "_indices_dtype", "_dense_shape_dtype", "_indices_shape")

    def __init__(
        self,
        shape: Any = None,
        dtype: Any = float32,
        indices_dtype: Any = int64,
        dense_shape_dtype: Any = None,
        indices_shape: Any = None,
    ) -> None:
        self._shape = TensorShape(shape)
        self._values_dtype = as_dtype(dtype)
        self._indices_dtype = as_dtype(indices_dtype)
        self._dense_shape_dtype = None if dense_shape_dtype is None else as_dtype(dense_shape_dtype)
        self._indices_shape = TensorShape([None] if indices_shape is None else indices_shape)

    @property
    def value_type(self) -> type:
        return IndexedSlices

    @property
    def _component_specs(self) -> tuple:
        rows = self._shape[1:] if self._shape.rank else TensorShape(None)
        specs = (
            TensorSpec(self._indices_shape.concatenate(rows), self._values_dtype),
            TensorSpec(self._indices_shape, self._indices_dtype),
        )
        if self._dense_shape_dtype is None:
            return specs
        return (*specs, TensorSpec([self._shape.rank], self._dense_shape_dtype))

    def _to_components(self, value: IndexedSlices) -> tuple:
        return value._tensors_within

    def _from_components(self, tensor_list: Sequence[Any]) -> IndexedSlices:
        return IndexedSlices(*tensor_list)

    def _key(self) -> tuple:
        return (
            self._shape, self._values_dtype, self._indices_dtype, self._dense_shape_dtype, self._indices_shape,
        )  # fmt: skip

    def __repr__(self) -> str:
        return f"IndexedSlicesSpec({', '.join(map(repr, self._key()))})"

    def __reduce__(self) -> tuple:
        return IndexedSlicesSpec, self._key()


def own_values(x: Any) -> Any:
    """The part of a gradient that norms are computed of: the slices of an ``IndexedSlices``, else itself."""
    return x.values if isinstance(x, IndexedSlices) else x


def like(x: Any, values: Any) -> Any:
    """``values`` in the place of x's own, as slices where x is of slices."""
    return x._with_values(values) if isinstance(x, IndexedSlices) else values
