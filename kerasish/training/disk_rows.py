"""Rows of arrays that lie in files (``numpy.memmap``), read batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from kerasish.core import device as devices
from kerasish.core.dtypes import floatx
from kerasish.core.replicas import together


class DiskRows:
    """Some rows of an array, which are read when they are needed; floats become ``floatx``.

    Args:
        array: in a file.
        rows: a slice, or numbers of rows.
    """

    def __init__(self, array: np.ndarray, rows: Any = slice(None)) -> None:
        self._array, self._rows = array, rows
        self._count = len(range(*rows.indices(len(array)))) if isinstance(rows, slice) else len(rows)
        self.shape = (self._count, *array.shape[1:])
        self.ndim = array.ndim

    def __len__(self) -> int:
        return self._count

    @property
    def nbytes(self) -> int:
        return self._count * self._array.dtype.itemsize * int(np.prod(self.shape[1:], dtype=np.int64))

    def __getitem__(self, part: slice) -> DiskRows:
        if not isinstance(self._rows, slice):
            return DiskRows(self._array, self._rows[part])
        found = range(*self._rows.indices(len(self._array)))[part]
        return DiskRows(self._array, slice(found.start, found.stop, found.step))

    def take(self, order: torch.Tensor) -> DiskRows:
        """The rows of these numbers, in that order."""
        own = self._rows
        rows = np.arange(*own.indices(len(self._array))) if isinstance(own, slice) else own
        return DiskRows(self._array, rows[order.cpu().numpy()])

    def read(self) -> torch.Tensor:
        """These rows on the device."""
        rows = np.array(self._array[self._rows])
        t = torch.from_numpy(rows if rows.dtype.isnative else rows.astype(rows.dtype.newbyteorder("=")))
        t = t.to(floatx()) if t.is_floating_point() and t.dtype is not floatx() else t
        device = devices.current()
        return t if t.device == device else devices.staged(t, device).to(device, non_blocking=True)

    def batch(self) -> Any:
        """These rows as a step takes them: where several processes compute together, each reads its own of them."""
        return self if together() else self.read()

    def batches(self, size: int) -> Iterator:
        """``size`` rows each, the last of what is left."""
        return (self[at : at + size].batch() for at in range(0, len(self), size))


def is_on_disk(value: Any) -> bool:
    """Whether it is an array of numbers, or a view of one, that lies in a file."""
    if not isinstance(value, np.ndarray) or value.ndim == 0 or value.dtype.kind not in "biufc":
        return False
    while isinstance(value, np.ndarray):
        if getattr(value, "_mmap", None) is not None:
            return True
        value = value.base
    return False
