"""Arrays as batches: the data goes to the device once, a batch is an index operation there, shuffling a permutation."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import torch

from kerasish.core import device as devices
from kerasish.core import dispatch, tree
from kerasish.core.context import settings
from kerasish.core.dtypes import floatx
from kerasish.core.errors import fail
from kerasish.core.ragged import RaggedTensor
from kerasish.core.random_discrete import seeded_orders
from kerasish.core.storage import storage
from kerasish.core.tensor import StringTensor, Tensor
from kerasish.training.batch import Batch, Feed, class_weights, moved
from kerasish.training.disk_rows import DiskRows, is_on_disk
from kerasish.training.ragged_rows import RaggedRows, ragged_rows
from kerasish.training.sparse_rows import SparseRows, is_sparse_data, sparse_rows

_ROWS = (SparseRows, RaggedRows, DiskRows)  # what is cut and gathered by methods of its own
_CUT_TOGETHER = 1024  # batches that one operation cuts, at most: each is an object


class ArrayFeed(Feed):
    """Batches of arrays held on the device.

    Args:
        shuffle: False, True (all rows in random order) or "batch" (the rows of each batch in random order). With a global
            seed the order is TensorFlow's, the same in each epoch, otherwise a new one.
    """

    def __init__(
        self, x: Any, y: Any, sample_weight: Any, batch_size: int, shuffle: Any, class_weight: dict | None = None
    ) -> None:
        if not isinstance(batch_size, (int, np.integer)) or batch_size < 1:
            kind = ValueError if isinstance(batch_size, (int, np.integer)) else TypeError
            raise fail(kind, "`batch_size` must be a positive integer", received=f"batch_size={batch_size!r}")
        if isinstance(shuffle, str) and shuffle != "batch":
            raise fail(ValueError, "`shuffle` must be a boolean or 'batch'", received=f"shuffle={shuffle!r}")
        data = (_to_arrays(x, "x"), _to_arrays(y, "y"), _to_arrays(sample_weight, "sample_weight"))
        data = tree.lists_to_tuples(data)  # which users' steps may ask for: TensorFlow's datasets know no lists
        if class_weight:
            targets = data[1].read() if isinstance(data[1], DiskRows) else data[1]
            data = (data[0], targets, class_weights(targets, class_weight))
        self.samples = _check_sizes(data)
        self.data = moved(data, devices.current())
        self.batch_size = int(batch_size)
        self.batches = -(-self.samples // self.batch_size)
        self.shuffle = shuffle if isinstance(shuffle, str) else bool(shuffle)
        self._seeded: tuple[int, torch.Tensor] | None = None  # a global seed, and the order that it gives

    def __iter__(self) -> Iterator[Batch]:
        together = devices.gathered_together(devices.current())
        if not together:
            batches = self._one_by_one()
        else:
            batches = self._in_groups(together)
        if any(tree.is_nested(part) for part in self.data):
            return (tree.pack_as(self.data, parts) for parts in batches)
        return iter(batches)

    def _in_groups(self, together: int) -> Iterator[tuple]:
        """The rows of several batches are gathered at once, as much as memory allows, and then cut: 5 µs a batch in place
        of 25 for an index operation for x and one for y. A batch that somebody keeps is never written to."""
        flat, size = tree.flatten(self.data), self.batch_size
        order = self._order()
        group = _CUT_TOGETHER
        if order is not None:
            batch_bytes = sum(map(_bytes, flat)) * size // max(self.samples, 1)
            group = max(1, min(group, together // max(batch_bytes, 1)))
        for start in range(0, self.samples, group * size):
            yield from zip(*_columns(flat, order, slice(start, start + group * size), size))

    def _one_by_one(self) -> Iterator[tuple]:
        """Where a slice's bounds would be constants of a program each."""
        flat, size, starts = tree.flatten(self.data), self.batch_size, range(0, self.samples, self.batch_size)
        order = self._order()
        order = torch.arange(self.samples) if order is None else order
        return (tuple(map(_piece, _rows(flat, order[start : start + size]))) for start in starts)

    def _order(self) -> torch.Tensor | None:
        """The order of the rows in an epoch; None as they are."""
        if not self.shuffle:
            return None
        size = self.batch_size if self.shuffle == "batch" else self.samples
        starts = range(0, self.samples, size)
        if settings.global_seed is None:
            parts = [torch.randperm(min(size, self.samples - start)) + start for start in starts]
            return parts[0] if len(parts) == 1 else torch.cat(parts)
        if self._seeded is None or self._seeded[0] != settings.global_seed:
            orders = seeded_orders([min(size, self.samples - start) for start in starts])
            parts = [torch.from_numpy(part) + start for part, start in zip(orders, starts)]
            self._seeded = (settings.global_seed, torch.cat(parts))
        return self._seeded[1]


def _columns(flat: list, order: torch.Tensor | None, rows: slice, size: int) -> list[Iterable]:
    """The batches of some rows, array by array. (No name holds the rows themselves: they go with their last batch.)"""
    if order is None:
        return [_cut(None if t is None else t[rows], size) for t in flat]
    return [_cut(t, size) for t in _rows(flat, order[rows])]


def _rows(flat: list, order: torch.Tensor) -> list:
    on_device = order.to(devices.current())
    return [_take(t, order if isinstance(t, np.ndarray) else on_device) for t in flat]


def _piece(t: Any) -> Any:
    return t.batch() if isinstance(t, _ROWS) else t


def _take(t: Any, order: torch.Tensor) -> Any:
    if t is None:
        return None
    if isinstance(t, _ROWS):
        return t.take(order)
    if isinstance(t, np.ndarray):
        return t[order.numpy()]
    return t.index_select(0, order.to(t.device))


def _cut(t: Any, size: int) -> Iterable:
    """Pieces of ``size`` rows; None without end for what is missing."""
    if isinstance(t, torch.Tensor):
        return t.split(size)
    if isinstance(t, _ROWS):
        return t.batches(size)
    return itertools.repeat(None) if t is None else (t[at : at + size] for at in range(0, len(t), size))


def _bytes(t: Any) -> int:
    return 0 if t is None else t.nbytes


def _to_arrays(value: Any, what: str) -> Any:
    """What a user passes for x, y or weights as raw tensors (string arrays stay NumPy), structures kept.

    A list of numbers, or of lists of numbers, is one array; a list of arrays is several.
    """
    if value is None:
        return None
    if is_sparse_data(value):
        return sparse_rows(value, what)
    if isinstance(value, RaggedTensor):
        return ragged_rows(value)
    if isinstance(value, dict):
        return {key: _to_arrays(v, what) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        first = value[0] if len(value) else None
        if first is not None and (hasattr(first, "shape") or isinstance(first, dict)) and not np.isscalar(first):
            if getattr(first, "ndim", 1) == 0 or getattr(first, "shape", None) == ():
                return _one_array(np.asarray([np.asarray(v) for v in value]), what)
            return [_to_arrays(v, what) for v in value]
        if isinstance(first, (list, tuple)) and len(first) and hasattr(first[0], "shape"):
            return [_to_arrays(v, what) for v in value]
        return _one_array(storage(list(value)), what)
    if hasattr(value, "iloc"):  # pandas
        return _one_array(_from_pandas(value), what)
    return _one_array(value, what)


def _from_pandas(value: Any) -> np.ndarray:
    array = value.to_numpy()
    if array.dtype == object:
        try:
            array = array.astype(np.float32)
        except (TypeError, ValueError):
            return storage(array)
    return array


def _one_array(value: Any, what: str) -> Any:
    """One array as a raw tensor (sparse and ragged data as their rows); floats in ``floatx``, as Keras casts them."""
    if is_sparse_data(value):
        return sparse_rows(value, what)
    if isinstance(value, RaggedTensor):
        return ragged_rows(value)
    if isinstance(value, _ROWS):
        return value
    if type(value) is np.ndarray and value.dtype == np.float32 and value.ndim and settings.floatx == "float32":
        flags = value.flags
        if flags.c_contiguous and flags.writeable:
            return torch.from_numpy(value)
    if isinstance(value, StringTensor):
        return value._t
    if is_on_disk(value):
        return DiskRows(value)
    if dispatch.is_tensor(value):
        t = dispatch.raw(value)
        t = t.detach() if isinstance(t, torch.Tensor) else t
    elif (
        isinstance(value, np.ndarray) and value.dtype.kind in "biufc" and value.dtype.isnative and value.flags.writeable
    ):
        t = torch.from_numpy(value) if all(s >= 0 for s in value.strides) else storage(value)
    else:
        try:
            t = storage(value)
        except (TypeError, ValueError) as error:
            raise fail(
                ValueError, f"`{what}` cannot be used as data: {error}", "arrays, tensors or a source of batches"
            ) from None
    if t.ndim == 0:
        if isinstance(value, (int, float)) or hasattr(value, "shape"):
            raise fail(ValueError, f"`{what}` must have a batch dimension", "an array", f"the scalar {value!r}")
        raise fail(ValueError, f"Unrecognized data type: {what}={value!r} (of type {type(value)})")
    if isinstance(t, np.ndarray):
        return t
    return t.to(floatx()) if t.is_floating_point() and t.dtype is not floatx() else t


def single_batch(x: Any, batch_size: Any) -> Any:
    """``x`` as one batch on the device, if it is arrays of no more samples than that; else None: a feed has to be made."""
    size = 32 if batch_size is None else batch_size
    if is_on_disk(x):
        return DiskRows(x).read() if type(size) is int and 0 < len(x) <= size else None
    if type(x) is np.ndarray and x.ndim and type(size) is int and 0 < len(x) <= size:
        return moved(_one_array(x, "x"), devices.current())
    if is_sparse_data(x) or isinstance(x, RaggedTensor):
        return None
    flat = tree.flatten(x)
    if type(size) is not int or not all(isinstance(t, (np.ndarray, torch.Tensor, Tensor)) for t in flat):
        return None
    if not flat or any(map(is_on_disk, flat)) or any(not t.shape or not 0 < t.shape[0] <= size for t in flat):
        return None
    arrays = _to_arrays(x, "x")
    if len(flat) > 1:
        _check_sizes((arrays, None, None))
    return moved(arrays, devices.current())


def _samples(data: Any) -> int:
    return next(len(t) for t in tree.flatten(data) if t is not None)


def _check_sizes(data: tuple) -> int:
    """The number of samples.

    Raises:
        ValueError: arrays with different numbers, or none at all.
    """
    sizes = {name: [len(t) for t in tree.flatten(part) if t is not None] for name, part in zip("xyw", data)}
    found = {n for values in sizes.values() for n in values}
    if not sizes["x"]:
        raise fail(ValueError, "`x` must be data", received="x=None")
    if len(found) > 1:
        labels = {"x": "x", "y": "y", "w": "sample_weight"}
        lines = "\n".join(f"'{labels[n]}' sizes: {', '.join(map(str, s))}" for n, s in sizes.items() if s)
        raise ValueError(
            f"Data cardinality is ambiguous. Make sure all arrays contain the same number of samples.\n{lines}"
        )
    return found.pop()


def sample_count(x: Any) -> int:
    """How many samples some arrays hold."""
    return _samples(_to_arrays(x, "x"))


def split_arrays(data: tuple, fraction: float) -> tuple[tuple, tuple]:
    """The arrays without their last part, and that part.

    Raises:
        ValueError: nothing would be left.
    """
    arrays = tuple(_to_arrays(part, name) for part, name in zip(data, ("x", "y", "sample_weight")))
    count = _check_sizes(arrays)
    if not 0 < fraction <= 1:
        raise fail(ValueError, "`validation_split` must be between 0 and 1", received=f"{fraction}")
    at = int(np.floor(count * (1.0 - fraction)))
    if at in (0, count):
        raise ValueError(
            f"Training data contains {count} samples, which is not sufficient to split it into a validation and training "
            f"set as specified by `validation_split={fraction}`. Either provide more data, or a different value for the "
            "`validation_split` argument."
        )

    def cut(part: slice) -> tuple:
        return tuple(tree.map_structure(lambda t: None if t is None else t[part], a) for a in arrays)

    return cut(slice(0, at)), cut(slice(at, None))
