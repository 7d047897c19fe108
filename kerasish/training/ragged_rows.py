"""Ragged data for training: the rows of ragged tensors, cut into batches that are ragged tensors."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from kerasish.core import device as devices
from kerasish.core import dispatch, ragged_index
from kerasish.core.dtypes import as_dtype, floatx, to_torch
from kerasish.core.ragged import RaggedTensor
from kerasish.core.tensor import StringTensor


class RaggedRows:
    """Rows of a ragged tensor.

    It does what data of the feeds do: has a length, is sliced, gathered and split; ``batch`` gives its rows as a
    RaggedTensor.
    """

    def __init__(self, value: RaggedTensor) -> None:
        self.value = value

    ndim = property(lambda self: len(self.value.shape))
    dtype = property(lambda self: self.value.dtype)
    shape = property(lambda self: self.value.shape)

    @property
    def nbytes(self) -> int:
        return int(dispatch.raw(self.value.flat_values).nbytes)

    def __len__(self) -> int:
        return ragged_index.count_rows(self.value)

    def __getitem__(self, rows: slice) -> RaggedRows:
        first, last, step = rows.indices(len(self))
        if step != 1:
            return self.take(torch.arange(first, last, step))
        return RaggedRows(ragged_index.slice_rows(self.value, first, max(first, last)))

    def take(self, order: torch.Tensor) -> RaggedRows:
        """The rows of these numbers, in that order."""
        return RaggedRows(ragged_index.take_rows(self.value, order.cpu()))

    def batch(self) -> RaggedTensor:
        """These rows as a RaggedTensor."""
        return self.value

    def batches(self, size: int) -> Iterator[RaggedTensor]:
        """RaggedTensors of ``size`` rows, the last of what is left."""
        return (self[at : at + size].batch() for at in range(0, len(self), size))


def ragged_rows(value: RaggedTensor) -> RaggedRows:
    """The rows of a ragged tensor on the current device; floats in ``floatx``, as those of arrays."""
    flat = value.flat_values
    if isinstance(flat, StringTensor):
        return RaggedRows(value)
    raw = dispatch.raw(flat).detach().to(devices.current())
    if raw.is_floating_point() and as_dtype(raw.dtype) != as_dtype(floatx()):
        raw = raw.to(to_torch(floatx()))
    return RaggedRows(value.with_flat_values(dispatch.wrap(raw)))
