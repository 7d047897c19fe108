"""How a tensor's rows are grouped into rows of different lengths: one ragged dimension.

Splits live on the host: every step asks them for numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch, dtypes
from kerasish.core.errors import InvalidArgumentError, fail


def ranges(starts: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """The numbers ``start, start + 1, …`` of several runs, one run after the other (int64)."""
    lengths = lengths.long()
    before = lengths.cumsum(0) - lengths
    return torch.repeat_interleave(starts.long() - before, lengths) + torch.arange(int(lengths.sum()))


def splits_of(lengths: torch.Tensor) -> torch.Tensor:
    """Row splits for these lengths, in their dtype."""
    splits = lengths.new_zeros(len(lengths) + 1)
    torch.cumsum(lengths, 0, out=splits[1:])
    return splits


def integers(value: Any, name: str, preferred: torch.dtype | None = None, rank: int = 1) -> torch.Tensor:
    """A partition's tensor, on the host; Python's numbers are int64 unless another dtype is preferred.

    Raises:
        ValueError: another dtype than int32 and int64, or another rank.
    """
    if isinstance(value, (list, tuple)) and not len(value):
        out = torch.zeros(0, dtype=preferred or torch.int64)
    elif isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in "iu":
        out = dispatch.raw(value).to(preferred or torch.int64)
    elif dispatch.is_tensor(value) or isinstance(value, (np.ndarray, np.generic)):
        out = dispatch.raw(value)
    else:
        try:
            out = dispatch.raw(value, preferred or torch.int64)
        except TypeError:
            out = dispatch.raw(value)
    if not isinstance(out, torch.Tensor) or out.dtype not in (torch.int32, torch.int64):
        raise ValueError(f"{name} must have dtype int32 or int64")
    if out.ndim != rank:
        raise ValueError(f"Shape {tuple(out.shape)} must have rank {rank}")
    return out.detach().cpu()


class RowPartition:
    """One ragged dimension: the row splits, and the rows' common length where that is promised.

    Attributes:
        splits: int32 or int64, from 0 to the number of values.
        uniform: the length of every row, or None.
    """

    __slots__ = ("splits", "uniform")

    def __init__(self, splits: torch.Tensor, uniform: int | None = None) -> None:
        self.splits = splits
        self.uniform = uniform

    @property
    def nrows(self) -> int:
        return len(self.splits) - 1

    @property
    def nvals(self) -> int:
        return int(self.splits[-1])

    @property
    def starts(self) -> torch.Tensor:
        return self.splits[:-1]

    @property
    def limits(self) -> torch.Tensor:
        return self.splits[1:]

    @property
    def lengths(self) -> torch.Tensor:
        return self.splits[1:] - self.splits[:-1]

    @property
    def rowids(self) -> torch.Tensor:
        """For each value the number of its row."""
        return torch.repeat_interleave(torch.arange(self.nrows, dtype=self.splits.dtype), self.lengths)

    @property
    def longest(self) -> int:
        return int(self.lengths.max()) if self.nrows else 0

    def offsets(self) -> torch.Tensor:
        """For each value its place within its row."""
        return torch.arange(self.nvals) - torch.repeat_interleave(self.starts.long(), self.lengths)

    def to(self, dtype: torch.dtype) -> RowPartition:
        return self if self.splits.dtype is dtype else RowPartition(self.splits.to(dtype), self.uniform)

    def take(self, rows: torch.Tensor) -> tuple[RowPartition, torch.Tensor]:
        """These rows only: their partition, and the numbers of their values."""
        lengths = self.lengths[rows]
        return RowPartition(splits_of(lengths), self.uniform), ranges(self.starts[rows], lengths)

    def same(self, other: RowPartition) -> bool:
        return self.splits is other.splits or (
            len(self.splits) == len(other.splits) and bool((self.splits == other.splits).all())
        )


# what makes one -------------------------------------------------------------------------------------------------------


def _not_valid(where: str, x: torch.Tensor, condition: str, y: torch.Tensor | None = None) -> InvalidArgumentError:
    if y is None:
        shown = [str(n) for n in x.tolist()]
        kind = dtypes.as_dtype(x.dtype).name
        more = f"Condition {condition} did not hold element-wise:\nx (shape=({len(x)},) dtype={kind}) = \n{shown}"
    else:
        more = f"Condition {condition} did not hold.\nFirst 1 elements of x:\n{x.reshape(-1)[:1].tolist()}"
        more += f"\nFirst 1 elements of y:\n{y.reshape(-1)[:1].tolist()}"
    return InvalidArgumentError(f"Arguments to {where} do not form a valid RaggedTensor\n{more}")


def _demand_no_negative(x: torch.Tensor, where: str) -> None:
    if bool((x < 0).any()):
        raise _not_valid(where, x, "x >= 0")


def _demand_zero(first: torch.Tensor, where: str) -> None:
    if int(first) != 0:
        raise _not_valid(where, first, "x == y", torch.zeros_like(first))


def from_splits(row_splits: Any, validate: bool = True, preferred: torch.dtype | None = None) -> RowPartition:
    """The partition with these splits.

    Raises:
        ValueError: they are empty, no vector, or no integers.
        InvalidArgumentError: they do not start at 0, or fall.
    """
    if isinstance(row_splits, (list, tuple)) and not len(row_splits):
        raise ValueError("row_splits tensor may not be empty.")
    splits = integers(row_splits, "row_splits", preferred)
    if not len(splits):
        raise ValueError("row_splits tensor may not be empty.")
    if validate:
        _demand_zero(splits[0], "from_row_splits")
        _demand_no_negative(splits[1:] - splits[:-1], "from_row_splits")
    return RowPartition(splits)


def from_lengths(row_lengths: Any, validate: bool = True, preferred: torch.dtype | None = None) -> RowPartition:
    """The partition into rows of these lengths."""
    lengths = integers(row_lengths, "row_lengths", preferred)
    if validate:
        _demand_no_negative(lengths, "from_row_lengths")
    return RowPartition(splits_of(lengths))


def from_rowids(
    value_rowids: Any, nrows: Any = None, validate: bool = True, preferred: torch.dtype | None = None
) -> RowPartition:
    """The partition where each value says the number of its row.

    Args:
        nrows: how many rows there are; default: up to the last one that has a value.

    Raises:
        ValueError: ``nrows`` is negative, or too small.
        InvalidArgumentError: the numbers fall or are negative.
    """
    ids = integers(value_rowids, "value_rowids", preferred)
    least = int(ids[-1]) + 1 if len(ids) else 0
    if nrows is None:
        count = least
    else:
        count = int(integers(nrows, "nrows", ids.dtype, rank=0))
        if count < 0:
            raise ValueError(f"Expected nrows >= 0; got {count}")
        if count < least:
            raise ValueError(f"Expected nrows >= value_rowids[-1] + 1; got nrows={count}, value_rowids[-1]={least - 1}")
    if validate and len(ids):
        _demand_no_negative(ids[1:] - ids[:-1], "from_value_rowids")
        _demand_no_negative(ids[:1], "from_value_rowids")
    return RowPartition(splits_of(torch.bincount(ids, minlength=count).to(ids.dtype)))


def from_starts(
    row_starts: Any, nvals: int, validate: bool = True, preferred: torch.dtype | None = None
) -> RowPartition:
    """The partition into rows that start there."""
    starts = integers(row_starts, "row_starts", preferred)
    if validate and len(starts):
        _demand_zero(starts[0], "from_row_starts")
        _demand_no_negative(starts[1:] - starts[:-1], "from_row_starts")
        _demand_no_negative(nvals - starts[-1:], "from_row_starts")
    end = torch.tensor([nvals], dtype=starts.dtype)
    return RowPartition(torch.cat([starts, end]) if len(starts) else end)


def from_limits(row_limits: Any, validate: bool = True, preferred: torch.dtype | None = None) -> RowPartition:
    """The partition into rows that end there."""
    limits = integers(row_limits, "row_limits", preferred)
    if validate and len(limits):
        _demand_no_negative(limits[:1], "from_row_limits")
        _demand_no_negative(limits[1:] - limits[:-1], "from_row_limits")
    return RowPartition(torch.cat([limits.new_zeros(1), limits]))


def from_uniform(length: Any, nvals: int, nrows: Any = None, dtype: torch.dtype = torch.int64) -> RowPartition:
    """The partition into rows of one length.

    Args:
        nrows: how many; needed where the length is 0.

    Raises:
        ValueError: the values do not come out even, or a number is negative.
    """
    size = integers(length, "uniform_row_length", dtype, rank=0)
    dtype, width = size.dtype, int(size)
    if width < 0:
        raise ValueError(f"`uniform_row_length` must be a nonnegative value. Found: {width}")
    if nrows is None:
        count = nvals // width if width else 0
    else:
        count = int(integers(nrows, "nrows", dtype, rank=0))
        if count < 0:
            raise fail(ValueError, "`nrows` must not be negative", received=count)
    if count * width != nvals:
        raise ValueError(f"uniform_row_length={width} times nrows={count} must equal nvals={nvals}")
    return RowPartition(torch.arange(count + 1, dtype=dtype) * width, width)


def check_values(partition: RowPartition, count: int) -> None:
    """Raise InvalidArgumentError unless the partition is of that many values."""
    if partition.nvals != count:
        raise _not_valid("_from_row_partition", partition.splits[-1], "x == y", torch.tensor(count))
