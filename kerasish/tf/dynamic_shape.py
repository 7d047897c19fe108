"""``DynamicRaggedShape``: the shape of a ragged tensor, with the lengths of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from kerasish.core import dispatch
from kerasish.core.dtypes import DType, as_dtype, int64
from kerasish.core.errors import fail
from kerasish.core.ragged import RaggedTensor, nested
from kerasish.core.ragged_partition import RowPartition, from_uniform, splits_of
from kerasish.core.shape import TensorShape
from kerasish.core.tensor import Tensor
from kerasish.tf import row_partition

_SHOWN = 10  # rows' lengths


class DynamicRaggedShape:
    """The lengths of rows for each ragged dimension, and the sizes of the others.

    Args:
        row_partitions: one for each dimension from the second on that may be ragged.
        inner_shape: of the flat values.
        dtype: int32 or int64.
        validate, static_inner_shape: have no effect: everything is known.
    """

    def __init__(
        self,
        row_partitions: Sequence[RowPartition],
        inner_shape: Any,
        dtype: Any = None,
        validate: bool = False,
        static_inner_shape: Any = None,
    ) -> None:
        raw = dispatch.raw(inner_shape).tolist() if dispatch.is_tensor(inner_shape) else inner_shape
        self._inner = tuple(int(n) for n in raw)
        self._dtype = as_dtype(dtype if dtype is not None else int64)
        own = (getattr(partition, "_partition", partition) for partition in row_partitions)
        self._partitions = tuple(partition.to(self._dtype.torch) for partition in own)

    row_partitions = property(lambda self: tuple(map(row_partition.RowPartition, self._partitions)))
    dtype = property(lambda self: self._dtype)
    num_row_partitions = property(lambda self: len(self._partitions))
    rank = property(lambda self: len(self._partitions) + len(self._inner))
    inner_rank = property(lambda self: len(self._inner))

    @classmethod
    def from_tensor(cls, t: Any, dtype: DType | None = None) -> DynamicRaggedShape:
        """The shape of a ragged or dense tensor."""
        if isinstance(t, RaggedTensor):
            return cls(t._partitions, t.flat_values.shape, dtype)
        return cls((), tuple(t.shape), dtype)

    @classmethod
    def from_row_partitions(cls, row_partitions: Sequence[RowPartition], dtype: Any = None) -> DynamicRaggedShape:
        """With a vector of flat values."""
        if not row_partitions:
            raise ValueError("row_partitions cannot be empty")
        last = getattr(row_partitions[-1], "_partition", row_partitions[-1])
        return cls(row_partitions, (last.nvals,), dtype)

    @classmethod
    def from_lengths(
        cls, lengths: Sequence[Any], num_row_partitions: int | None = None, dtype: Any = int64
    ) -> DynamicRaggedShape:
        """From sizes, and tuples of row lengths for ragged dimensions.

        Raises:
            ValueError: the first size is a tuple, or lengths do not fit each other.
        """
        kind = as_dtype(dtype).torch
        last = max((i for i, n in enumerate(lengths) if not isinstance(n, int)), default=0)
        count = last if num_row_partitions is None else num_row_partitions
        if lengths and not isinstance(lengths[0], int):
            raise fail(ValueError, "The outermost dimension cannot be ragged", received=lengths[0])
        rows, parts = (lengths[0] if lengths else 1), []
        for n in lengths[1 : count + 1]:
            if isinstance(n, int):
                parts.append(from_uniform(n, rows * n, rows, kind))
            else:
                if len(n) != rows:
                    raise fail(ValueError, "Row lengths do not fit", f"{rows} of them", len(n))
                parts.append(RowPartition(splits_of(torch.tensor(n, dtype=kind))))
            rows = parts[-1].nvals
        return cls(parts, (rows, *lengths[count + 1 :]) if lengths else (), dtype)

    @property
    def inner_shape(self) -> Tensor:
        """The shape of the flat values."""
        return Tensor(torch.tensor(self._inner, dtype=self._dtype.torch))

    def static_lengths(self, ragged_lengths: bool = True) -> list:
        """Sizes, and tuples of row lengths (None without ``ragged_lengths``)."""
        if not self._partitions:
            return list(self._inner)
        out: list = [self._partitions[0].nrows]
        for partition in self._partitions:
            lengths = tuple(partition.lengths.tolist())
            out.append(partition.uniform if partition.uniform is not None else lengths if ragged_lengths else None)
        return [*out, *self._inner[1:]]

    def is_uniform(self, axis: int) -> bool:
        """Whether the dimension has one size."""
        if not 0 <= axis < self.rank:
            raise IndexError(f"Expected 0 <= axis < {self.rank}. Received axis={axis}")
        return not 0 < axis <= len(self._partitions) or self._partitions[axis - 1].uniform is not None

    def with_dtype(self, dtype: Any) -> DynamicRaggedShape:
        return DynamicRaggedShape(self._partitions, self._inner, dtype)

    def __getitem__(self, index: Any) -> Any:
        """A size, or the shape of the first dimensions.

        Raises:
            ValueError: the dimension is ragged.
        """
        if isinstance(index, slice):
            start, stop, step = index.indices(self.rank)
            if start or step != 1:
                raise NotImplementedError("Only slices from the first dimension on are served")
            return self._first(stop)
        axis = index.__index__()
        axis = axis + self.rank if axis < 0 else axis
        if not 0 <= axis < self.rank:
            raise IndexError(f"Index {index} is out of range for a shape of rank {self.rank}")
        if not self.is_uniform(axis):
            raise ValueError(f"Index {axis} is not uniform")
        return Tensor(torch.tensor(self.static_lengths()[axis], dtype=self._dtype.torch))

    def _first(self, stop: int) -> DynamicRaggedShape:
        if stop <= 1:
            return DynamicRaggedShape((), self.static_lengths()[:stop], self._dtype)
        parts = self._partitions[: stop - 1]
        if not parts:
            return DynamicRaggedShape((), self._inner[:stop], self._dtype)
        inner = (parts[-1].nvals, *self._inner[1 : stop - len(self._partitions)])
        return DynamicRaggedShape(parts, inner, self._dtype)

    def _filled(self, flat: Any) -> Any:
        """A tensor of this shape of its flat values."""
        return nested(flat, self._partitions)

    def _to_tensor_shape(self) -> TensorShape:
        return TensorShape(self.static_lengths(ragged_lengths=False))

    def __eq__(self, other: object) -> Any:
        if not isinstance(other, DynamicRaggedShape):
            return False
        return Tensor(torch.tensor(self.static_lengths() == other.static_lengths()))

    def __hash__(self) -> int:
        return hash(tuple(self.static_lengths()))

    def __repr__(self) -> str:
        shown = []
        for n in self.static_lengths():
            long = isinstance(n, tuple) and len(n) > _SHOWN
            shown.append(f"({', '.join(map(str, n[:_SHOWN]))}, ...)" if long else _written(n))
        return f"<DynamicRaggedShape lengths=[{', '.join(shown)}] num_row_partitions={len(self._partitions)}>"


def _written(n: Any) -> str:
    return f"({', '.join(map(str, n))})" if isinstance(n, tuple) and len(n) != 1 else str(n)
