"""Sparse data for training: the rows of sparse tensors and of scipy's sparse matrices, held so that batches can be cut."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from kerasish.core import device as devices
from kerasish.core.dtypes import floatx
from kerasish.core.errors import fail
from kerasish.core.sparse import SparseTensor
from kerasish.ops import coordinates


class SparseRows:
    """Rows of a sparse tensor: places in row-major order and, for each row, where its first one is.

    It does what data of the feeds do: has a length, is sliced, gathered and split; ``batch`` gives its rows as a
    SparseTensor.
    """

    def __init__(self, starts: torch.Tensor, others: torch.Tensor, values: Any, shape: tuple) -> None:
        self.starts = starts  # (rows + 1,): row i has the places from starts[i] to starts[i + 1]
        self.others = others  # (n, rank - 1): the indices of each place but for the row
        self.values = values
        self.shape = shape

    @classmethod
    def of(cls, sp: SparseTensor) -> SparseRows:
        """The rows of a sparse tensor."""
        sp = coordinates.reorder(sp)
        indices = sp.raw_indices
        rows = indices[:, 0].contiguous()
        starts = torch.searchsorted(rows, torch.arange(sp.shape[0] + 1, device=rows.device))
        values = sp.raw_values
        return cls(
            starts, indices[:, 1:], values if isinstance(values, np.ndarray) else values.detach(), tuple(sp.shape)
        )

    ndim = property(lambda self: len(self.shape))
    dtype = property(lambda self: self.values.dtype)
    nbytes = property(lambda self: self.others.nbytes + self.values.nbytes)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice) -> SparseRows:
        first, last, step = rows.indices(len(self))
        if step != 1:
            return self.take(torch.arange(first, last, step))
        last = max(first, last)
        begin, end = self.starts[first], self.starts[last]
        return SparseRows(
            self.starts[first : last + 1] - begin,
            self.others[begin:end],
            self.values[begin:end],
            (last - first, *self.shape[1:]),
        )

    def take(self, order: torch.Tensor) -> SparseRows:
        """The rows of these numbers, in that order."""
        order = order.to(self.starts.device)
        counts = (self.starts[1:] - self.starts[:-1])[order]
        starts = torch.cat([counts.new_zeros(1), counts.cumsum(0)])
        shift = torch.repeat_interleave(self.starts[:-1][order] - starts[:-1], counts)
        chosen = torch.arange(len(shift), device=shift.device) + shift
        return SparseRows(
            starts, self.others[chosen], coordinates.take(self.values, chosen), (len(order), *self.shape[1:])
        )

    def batch(self) -> SparseTensor:
        """These rows as a SparseTensor."""
        counts = self.starts[1:] - self.starts[:-1]
        rows = torch.repeat_interleave(torch.arange(len(counts), device=counts.device), counts)
        made = SparseTensor.of_raw(torch.cat([rows[:, None], self.others], 1), self.values, self.shape)
        made._orders["ordered"] = True
        return made

    def batches(self, size: int) -> Any:
        """SparseTensors of ``size`` rows, the last of what is left."""
        return (self[at : at + size].batch() for at in range(0, len(self), size))


def is_sparse_data(value: Any) -> bool:
    """Whether it is a SparseTensor or one of scipy's sparse matrices or arrays."""
    return isinstance(value, SparseTensor) or is_scipy(value)


def is_scipy(value: Any) -> bool:
    """Whether it is one of scipy's sparse matrices or arrays; scipy need not be installed."""
    return type(value).__module__.startswith("scipy.sparse") and hasattr(value, "tocoo")


def sparse_rows(value: Any, what: str) -> SparseRows:
    """The rows of sparse data; floats in ``floatx``, as those of arrays.

    Raises:
        ValueError: it has no batch axis.
    """
    sp = from_scipy(value) if is_scipy(value) else value
    if not len(sp.shape):
        raise fail(ValueError, f"`{what}` must have a batch dimension", received=str(value))
    values = sp.raw_values
    if isinstance(values, torch.Tensor) and values.is_floating_point() and values.dtype is not floatx():
        sp = sp.with_raw(values.to(floatx()))
    return SparseRows.of(sp)


def from_scipy(value: Any) -> SparseTensor:
    """One of scipy's sparse matrices as a SparseTensor; entries of one place are added up."""
    coo = value.tocoo()
    coo.sum_duplicates()
    indices = torch.from_numpy(np.stack([np.asarray(axis, np.int64) for axis in (coo.row, coo.col)], 1))
    made = SparseTensor.of_raw(indices, torch.from_numpy(np.array(coo.data)), coo.shape)
    device = devices.current()
    if device.type != "cpu":
        made = SparseTensor.of_raw(made.raw_indices.to(device), made.raw_values.to(device), made.shape)
    return coordinates.reorder(made)
