"""What ``tf.io.parse_example`` and its kin are told about features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from kerasish.core.dtypes import int32


class FixedLenFeature(NamedTuple):
    """A feature with a given number of values.

    Args:
        shape: of an example's tensor.
        dtype: float32, int64 or string.
        default_value: where an example lacks the feature; None: it must not.
    """

    shape: Any
    dtype: Any
    default_value: Any = None


class VarLenFeature(NamedTuple):
    """A feature with any number of values; gives a SparseTensor."""

    dtype: Any


class FixedLenSequenceFeature(NamedTuple):
    """A feature with any number of rows of a given shape; gives a tensor that is filled up in batches.

    Args:
        shape: of a row.
        dtype: float32, int64 or string.
        allow_missing: whether examples may lack the feature, which then has no rows.
        default_value: to fill up with; default: zeros, empty strings.
    """

    shape: Any
    dtype: Any
    allow_missing: Any = False
    default_value: Any = None


class SparseFeature(NamedTuple):
    """A SparseTensor whose places and values are two features, or more for several axes.

    Args:
        index_key: name of the feature of places, or a list of names, one for each axis.
        value_key: name of the feature of values.
        size: of the tensor, or a list of sizes.
        already_sorted: whether places are in order.
    """

    index_key: Any
    value_key: Any
    dtype: Any
    size: Any
    already_sorted: Any = False


class RowSplits(NamedTuple):
    """Partition by where rows begin and end."""

    key: Any


class RowLengths(NamedTuple):
    """Partition by the rows' lengths."""

    key: Any


class RowStarts(NamedTuple):
    """Partition by where rows begin."""

    key: Any


class RowLimits(NamedTuple):
    """Partition by where rows end."""

    key: Any


class ValueRowIds(NamedTuple):
    """Partition by the row of each value."""

    key: Any


class UniformRowLength(NamedTuple):
    """Partition into rows of one length."""

    length: Any


class _RaggedFeature(NamedTuple):
    dtype: Any
    value_key: Any
    partitions: tuple
    row_splits_dtype: Any
    validate: bool


class RaggedFeature(_RaggedFeature):
    """A feature with any number of values, in rows; gives a RaggedTensor.

    Args:
        dtype: float32, int64 or string.
        value_key: name of the feature of values; default: the key of this.
        partitions: how values are put into rows, from the outermost: ``RaggedFeature.RowSplits("key")`` and its kin.
        row_splits_dtype: int32 or int64.
        validate: whether to check the partitions.
    """

    RowSplits = RowSplits
    RowLengths = RowLengths
    RowStarts = RowStarts
    RowLimits = RowLimits
    ValueRowIds = ValueRowIds
    UniformRowLength = UniformRowLength
    __slots__ = ()

    def __new__(
        cls,
        dtype: Any,
        value_key: Any = None,
        partitions: Sequence = (),
        row_splits_dtype: Any = int32,
        validate: bool = False,
    ) -> RaggedFeature:
        kinds = (RowSplits, RowLengths, RowStarts, RowLimits, ValueRowIds, UniformRowLength)
        for partition in partitions:
            if not isinstance(partition, kinds):
                raise TypeError(f"partitions must be a list of partition objects {[k.__name__ for k in kinds]}")
        return super().__new__(cls, dtype, value_key, tuple(partitions), row_splits_dtype, validate)
