"""``tf.experimental.RowPartition``: how values are put into rows."""

from __future__ import annotations

from typing import Any

import torch

from kerasish.core import ragged_partition as partitions
from kerasish.core.dtypes import FROM_TORCH, DType, as_dtype, to_torch
from kerasish.core.tensor import Tensor, convert


class RowPartition:
    """How values are put into rows. Made by ``from_row_splits`` and its like.

    Raises:
        ValueError: it is made in another way.
    """

    def __init__(
        self,
        row_splits: Any,
        row_lengths: Any = None,
        value_rowids: Any = None,
        nrows: Any = None,
        uniform_row_length: Any = None,
        nvals: Any = None,
        internal: Any = False,
    ) -> None:
        if not isinstance(row_splits, partitions.RowPartition):
            raise ValueError(
                "RowPartition constructor is private; please use one of the factory methods instead "
                "(e.g., RowPartition.from_row_lengths())"
            )
        self._partition = row_splits

    # what makes one

    @classmethod
    def from_row_splits(
        cls, row_splits: Any, validate: bool = True, dtype: Any = None, dtype_hint: Any = None
    ) -> RowPartition:
        """Rows from ``row_splits[i]`` to ``row_splits[i + 1]``."""
        kind = _kind(row_splits, dtype, dtype_hint)
        return cls(partitions.from_splits(_numbers(row_splits, kind), validate, to_torch(kind)))

    @classmethod
    def from_row_lengths(
        cls, row_lengths: Any, validate: bool = True, dtype: Any = None, dtype_hint: Any = None
    ) -> RowPartition:
        """Rows of these lengths."""
        kind = _kind(row_lengths, dtype, dtype_hint)
        return cls(partitions.from_lengths(_numbers(row_lengths, kind), validate, to_torch(kind)))

    @classmethod
    def from_value_rowids(
        cls, value_rowids: Any, nrows: Any = None, validate: bool = True, dtype: Any = None, dtype_hint: Any = None
    ) -> RowPartition:
        """Each value in the row that it names; the names rise.

        Args:
            nrows: how many rows there are; default: up to the last one that has a value.
        """
        kind = _kind(value_rowids, dtype, dtype_hint)
        return cls(partitions.from_rowids(_numbers(value_rowids, kind), nrows, validate, to_torch(kind)))

    @classmethod
    def from_row_starts(
        cls, row_starts: Any, nvals: Any, validate: bool = True, dtype: Any = None, dtype_hint: Any = None
    ) -> RowPartition:
        """Rows that start there; ``nvals`` values in all."""
        kind = _kind(row_starts, dtype, dtype_hint)
        return cls(partitions.from_starts(_numbers(row_starts, kind), int(nvals), validate, to_torch(kind)))

    @classmethod
    def from_row_limits(
        cls, row_limits: Any, validate: bool = True, dtype: Any = None, dtype_hint: Any = None
    ) -> RowPartition:
        """Rows that end there."""
        kind = _kind(row_limits, dtype, dtype_hint)
        return cls(partitions.from_limits(_numbers(row_limits, kind), validate, to_torch(kind)))

    @classmethod
    def from_uniform_row_length(
        cls,
        uniform_row_length: Any,
        nvals: Any = None,
        nrows: Any = None,
        validate: bool = True,
        dtype: Any = None,
        dtype_hint: Any = None,
    ) -> RowPartition:
        """Rows of one length.

        Args:
            nvals, nrows: how many values and rows there are; one is enough, unless the length is 0.

        Raises:
            ValueError: neither is given, or they do not fit.
        """
        if nvals is None and nrows is None:
            raise ValueError("Either (or both) of nvals and nrows must be specified")
        kind, size = _kind(uniform_row_length, dtype, dtype_hint), int(uniform_row_length)
        count = int(nvals) if nvals is not None else int(nrows) * size
        return cls(partitions.from_uniform(size, count, None if nrows is None else int(nrows), to_torch(kind)))

    # what it is

    @property
    def dtype(self) -> DType:
        return FROM_TORCH[self._partition.splits.dtype]

    @property
    def static_nrows(self) -> int:
        return self._partition.nrows

    @property
    def static_nvals(self) -> int:
        return self._partition.nvals

    @property
    def static_uniform_row_length(self) -> int | None:
        return self._partition.uniform

    def _scalar(self, value: int, out_type: Any = None) -> Tensor:
        return convert(value, self.dtype if out_type is None else as_dtype(out_type))

    def _vector(self, values: torch.Tensor) -> Tensor:
        return Tensor(values.to(self._partition.splits.dtype))

    def row_splits(self) -> Tensor:
        """Where rows start, and the end, (nrows + 1,)."""
        return self._vector(self._partition.splits)

    def value_rowids(self) -> Tensor:
        """The row of each value, (nvals,)."""
        return self._vector(self._partition.rowids)

    def row_starts(self) -> Tensor:
        """Where rows start, (nrows,)."""
        return self._vector(self._partition.starts)

    def row_limits(self) -> Tensor:
        """Where rows end, (nrows,)."""
        return self._vector(self._partition.limits)

    def row_lengths(self) -> Tensor:
        """The rows' lengths, (nrows,)."""
        return self._vector(self._partition.lengths)

    def offsets_in_rows(self) -> Tensor:
        """The place of each value in its row, (nvals,)."""
        return self._vector(self._partition.offsets())

    def nvals(self) -> Tensor:
        """How many values there are."""
        return self._scalar(self._partition.nvals)

    def nrows(self) -> Tensor:
        """How many rows there are."""
        return self._scalar(self._partition.nrows)

    def uniform_row_length(self) -> Tensor | None:
        """The rows' length, if one was promised."""
        uniform = self._partition.uniform
        return None if uniform is None else self._scalar(uniform)

    def is_uniform(self) -> bool:
        """Whether the rows were promised to be of one length."""
        return self._partition.uniform is not None

    def with_dtype(self, dtype: Any) -> RowPartition:
        """The same with numbers of another dtype.

        Raises:
            ValueError: neither int32 nor int64.
        """
        if as_dtype(dtype) not in ("int32", "int64"):
            raise ValueError("dtype must be int32 or int64")
        return RowPartition(self._partition.to(to_torch(dtype)))

    def __repr__(self) -> str:
        if self._partition.uniform is not None:
            return f"tf.RowPartition(nrows={self._partition.nrows}, uniform_row_length={self._partition.uniform})"
        return f"tf.RowPartition(row_splits={self.row_splits().numpy()})"


def _kind(value: Any, dtype: Any, hint: Any) -> DType:
    """The dtype of a partition's numbers: the one asked for, else that of a tensor or array, else int64."""
    if dtype is not None:
        return as_dtype(dtype)
    own = getattr(value, "dtype", hint)
    return as_dtype(own if own is not None and as_dtype(own) == "int32" else "int64")


def _numbers(value: Any, kind: DType) -> Tensor:
    try:
        return convert(value, kind)
    except TypeError as error:
        raise ValueError(str(error)) from None
