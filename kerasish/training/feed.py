"""Data for training: anything a user passes, as an iterator of batches of raw tensors on the device.

Arrays that fit go to the device once; a batch is then an index operation there, shuffling a permutation. Everything else
(generators, ``tf.data``, ``PyDataset``, torch's ``DataLoader``) is converted batch by batch.

A feed yields ``(x, y, sample_weight)``; ``y`` and ``sample_weight`` may be None.
"""

from __future__ import annotations

import itertools
import multiprocessing
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import numpy as np
import torch

from kerasish.core import device as devices
from kerasish.core import dispatch, tree
from kerasish.core.dtypes import floatx
from kerasish.core.errors import fail
from kerasish.core.storage import cast_raw, storage
from kerasish.core.tensor import StringTensor, Tensor

Batch = tuple[Any, Any, Any]
_PERMUTED_COPY_LIMIT = 256 << 20  # bytes; larger data is gathered batch by batch


class Feed:
    """An iterable of batches, once per epoch.

    Attributes:
        batches: how many an epoch has; None if that is not known.
        batch_size: samples of a batch; None if the source decides.
    """

    batches: int | None = None
    batch_size: int | None = None
    restarts = True  # whether a second epoch begins anew

    def __iter__(self) -> Iterator[Batch]:
        raise NotImplementedError

    def begin_epoch(self) -> None:
        """Called before each epoch."""

    def end_epoch(self) -> None:
        """Called after each epoch."""

    def spare_pass(self) -> None:
        """Called at the end of an epoch that was all of a pass: Keras begins another pass there, which nobody takes."""


def unpack_x_y_sample_weight(data: Any) -> tuple[Any, Any, Any]:
    """``(x, y, sample_weight)`` from ``x``, ``(x, y)`` or all three; None for what is missing.

    Raises:
        ValueError: more than three parts.
    """
    if isinstance(data, list):
        data = tuple(data)
    if not isinstance(data, tuple):
        return data, None, None
    if len(data) > 3:
        raise ValueError(
            "Data is expected to be in format `x`, `(x,)`, `(x, y)`, or `(x, y, sample_weight)`, found: "
            f"a tuple of {len(data)}"
        )
    return (*data, None, None)[:3]


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """``x``, ``(x, y)`` or all three: as short as the parts given allow. A list or tuple ``x`` alone becomes ``(x,)``."""
    if y is None and sample_weight is None:
        return (x,) if isinstance(x, (tuple, list)) else x
    return (x, y) if sample_weight is None else (x, y, sample_weight)


def make_feed(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    batch_size: int | None = None,
    shuffle: Any = False,
    class_weight: dict | None = None,
    steps: int | None = None,
) -> Feed:
    """The feed for the arguments of ``fit``, ``evaluate`` or ``predict``.

    Raises:
        ValueError: targets beside a source that yields them, contradictory weights, sizes that differ, or a kind of data
            that is not known.
    """
    if isinstance(x, Feed):
        return x
    if is_batch_source(x):
        for argument, part, what in (("y", y, "targets"), ("sample_weights", sample_weight, "sample weights")):
            if part is not None:
                kind = "generator" if hasattr(x, "__next__") else type(x).__name__
                raise ValueError(
                    f"When providing `x` as a {kind}, `{argument}` should not be passed. Instead, the {what} should be "
                    f"included as part of the {kind}."
                )
        feed: Feed = SourceFeed(x, shuffle)
        return WeightedFeed(feed, class_weight) if class_weight else feed
    if class_weight and sample_weight is not None:
        raise ValueError(_BOTH_WEIGHTS)
    if isinstance(x, torch.utils.data.Dataset):
        raise fail(
            ValueError, f"Unrecognized data type: x={x} (of type {type(x)})",
            hint="It yields samples, not batches: wrap it in a torch.utils.data.DataLoader.",
        )  # fmt: skip
    if batch_size is None and steps is not None:
        count = _samples(_to_arrays(x, "x"))
        batch_size = -(-count // steps)
    return ArrayFeed(x, y, sample_weight, batch_size or 32, shuffle, class_weight)


def is_batch_source(x: Any) -> bool:
    """Whether ``x`` yields batches rather than being an array or a structure of arrays."""
    if (
        x is None
        or isinstance(x, (np.ndarray, torch.Tensor, Tensor, list, tuple, dict, str))
        or hasattr(x, "__array__")
    ):
        return False
    if isinstance(x, torch.utils.data.Dataset):
        return False
    is_sequence = hasattr(x, "__getitem__") and hasattr(x, "__len__")
    return hasattr(x, "__next__") or hasattr(x, "__iter__") or is_sequence


# arrays ---------------------------------------------------------------------------------------------------------------


class ArrayFeed(Feed):
    """Batches of arrays held on the device.

    Args:
        shuffle: False, True (a new permutation each epoch) or "batch" (whole batches change places).
    """

    def __init__(
        self, x: Any, y: Any, sample_weight: Any, batch_size: int, shuffle: Any, class_weight: dict | None = None
    ) -> None:
        if isinstance(batch_size, bool) or not isinstance(batch_size, (int, np.integer)) or batch_size < 1:
            raise fail(ValueError, "`batch_size` must be a positive integer", received=f"batch_size={batch_size!r}")
        if shuffle not in (True, False, "batch"):
            raise fail(ValueError, "`shuffle` must be a boolean or 'batch'", received=f"shuffle={shuffle!r}")
        data = (_to_arrays(x, "x"), _to_arrays(y, "y"), _to_arrays(sample_weight, "sample_weight"))
        if class_weight:
            data = (data[0], data[1], class_weights(data[1], class_weight))
        self.samples = _check_sizes(data)
        self.data = tree.map_structure(_to_device, data)
        self.batch_size = int(batch_size)
        self.batches = -(-self.samples // self.batch_size)
        self.shuffle = shuffle

    def __iter__(self) -> Iterator[Batch]:
        flat = tree.flatten(self.data)
        size = self.batch_size
        order, starts = None, range(0, self.samples, size)
        by_index = devices.compiles(devices.current())  # there a slice's bounds would be constants of a program each
        if self.shuffle == "batch":
            starts = (torch.randperm(len(starts)) * size).tolist()
        elif self.shuffle:
            order = torch.randperm(self.samples)
            if not by_index and sum(_bytes(t) for t in flat) <= _PERMUTED_COPY_LIMIT:
                flat, order = [_take(t, order) for t in flat], None
        if by_index and order is None:
            order = torch.arange(self.samples)
        nested = any(tree.is_nested(part) for part in self.data)
        for start in starts:
            if order is None:
                parts = [None if t is None else t[start : start + size] for t in flat]
            else:
                parts = _rows(flat, order[start : start + size])
            yield tree.pack_as(self.data, parts) if nested else tuple(parts)


def _rows(flat: list, order: torch.Tensor) -> list:
    moved = order.to(devices.current())
    return [_take(t, order if isinstance(t, np.ndarray) else moved) for t in flat]


def _take(t: Any, order: torch.Tensor) -> Any:
    if t is None:
        return None
    if isinstance(t, np.ndarray):
        return t[order.numpy()]
    return t.index_select(0, order.to(t.device))


def _bytes(t: Any) -> int:
    return 0 if t is None else t.nbytes


def _to_arrays(value: Any, what: str) -> Any:
    """What a user passes for x, y or weights as raw tensors (string arrays stay NumPy), structures kept.

    A list of numbers, or of lists of numbers, is one array; a list of arrays is several.
    """
    if value is None:
        return None
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
    """One array as a raw tensor; floats in ``floatx``, as Keras casts them."""
    if isinstance(value, StringTensor):
        return value._t
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


def _to_device(t: Any) -> Any:
    if not isinstance(t, torch.Tensor):
        return t
    device = devices.current()
    return t if t.device == device else t.to(device)


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


def split(data: tuple, fraction: float) -> tuple[tuple, tuple]:
    """The data without its last part, and that part: ``validation_split``, taken before any shuffling.

    Raises:
        ValueError: not arrays, or nothing would be left.
    """
    for part in data:
        if is_batch_source(part):
            raise ValueError(
                "Argument `validation_split` is only supported for tensors or NumPy arrays. "
                f"Found incompatible type in the input: [{type(part)}]"
            )
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


# sources of batches ---------------------------------------------------------------------------------------------------


class SourceFeed(Feed):
    """Batches from a generator, a ``tf.data.Dataset``, a ``PyDataset`` (or Keras 2's ``Sequence``) or a ``DataLoader``."""

    def __init__(self, source: Any, shuffle: Any = False) -> None:
        self.source = source
        self.shuffle = bool(shuffle)
        self.indexed = (
            hasattr(source, "__getitem__") and hasattr(source, "__len__") and not hasattr(source, "element_spec")
        )
        self.indexed = self.indexed and not isinstance(source, torch.utils.data.DataLoader)
        self.restarts = not hasattr(source, "__next__")
        self._running: Iterator | None = None
        self.batches = self._count()

    def _count(self) -> int | None:
        if hasattr(self.source, "num_batches"):
            return self.source.num_batches
        if hasattr(self.source, "cardinality"):
            count = int(self.source.cardinality())
            return count if count >= 0 else None
        try:
            return len(self.source)
        except TypeError:
            return None

    def __iter__(self) -> Iterator[Batch]:
        if self.indexed:
            return self._from_items()
        if self.restarts:
            return (to_batch(element) for element in self.source)
        if self._running is None:  # a generator goes on where the last epoch stopped
            self._running = (to_batch(element) for element in self.source)
        return self._running

    def _from_items(self) -> Iterator[Batch]:
        source = self.source
        order: Iterable[int] = itertools.count() if self.batches is None else range(self.batches)
        if self.shuffle and self.batches is not None:
            order = torch.randperm(self.batches).tolist()
        workers = int(getattr(source, "workers", 1) or 1)
        if workers <= 1 and not getattr(source, "use_multiprocessing", False):
            return (to_batch(source[i]) for i in order)
        return _fetched_ahead(source, order, workers, int(getattr(source, "max_queue_size", 10)))

    def begin_epoch(self) -> None:
        getattr(self.source, "on_epoch_begin", lambda: None)()

    def end_epoch(self) -> None:
        getattr(self.source, "on_epoch_end", lambda: None)()

    def spare_pass(self) -> None:
        if hasattr(type(self.source), "element_spec"):  # asking the dataset would run its functions
            iter(self.source)  # takes seeds where it shuffles: without, later epochs would not have Keras's orders


def _fetched_ahead(source: Any, order: Iterable[int], workers: int, ahead: int) -> Iterator[Batch]:
    """Items fetched by several threads or processes, in order, at most ``ahead`` of them waiting."""
    if getattr(source, "use_multiprocessing", False):
        pool, get = _process_pool(source, workers), _item
    else:
        pool, get = ThreadPoolExecutor(workers), source.__getitem__
    indices = iter(order)
    waiting = [pool.submit(get, i) for i in itertools.islice(indices, max(ahead, workers))]
    try:
        while waiting:
            done = waiting.pop(0).result()
            waiting.extend(pool.submit(get, i) for i in itertools.islice(indices, 1))
            yield to_batch(done)
    finally:
        pool.shutdown(cancel_futures=True)


def _process_pool(source: Any, workers: int) -> Executor:
    """Processes that hold the data set: forked where that is possible, so that it need not be picklable."""
    method = "fork" if "fork" in multiprocessing.get_all_start_methods() else None
    context = multiprocessing.get_context(method)
    return ProcessPoolExecutor(workers, context, initializer=_hold, initargs=(source,))


_held: list = []  # in a worker process: its data set


def _hold(source: Any) -> None:
    torch.set_num_threads(1)  # a forked process must not use its parent's OpenMP threads
    _held[:] = [source]


def _item(index: int) -> Any:
    return _held[0][index]


_BOTH_WEIGHTS = "You cannot `class_weight` and `sample_weight` at the same time."


class WeightedFeed(Feed):
    """Another feed's batches with the sample weights that their classes have."""

    def __init__(self, feed: Feed, class_weight: dict) -> None:
        self.feed = feed
        self.class_weight = class_weight
        self.batches, self.batch_size, self.restarts = feed.batches, feed.batch_size, feed.restarts

    def __iter__(self) -> Iterator[Batch]:
        for x, y, weight in self.feed:
            if weight is not None:
                raise ValueError(_BOTH_WEIGHTS)
            yield x, y, class_weights(y, self.class_weight)

    def begin_epoch(self) -> None:
        self.feed.begin_epoch()

    def end_epoch(self) -> None:
        self.feed.end_epoch()

    def spare_pass(self) -> None:
        self.feed.spare_pass()


def to_batch(element: Any) -> Batch:
    """What a source yields as ``(x, y, sample_weight)`` of raw tensors on the device.

    Raises:
        ValueError: more than three parts.
    """
    if isinstance(element, list) and (not element or np.isscalar(element[0])):
        element = (element,)  # numbers: a batch of x, not parts
    return tuple(_batch_part(part) for part in unpack_x_y_sample_weight(element))  # type: ignore[return-value]


def _batch_part(part: Any) -> Any:
    if part is None:
        return None
    if isinstance(part, (dict, tuple)) or (isinstance(part, list) and part and hasattr(part[0], "shape")):
        return tree.map_structure(_batch_part, part)
    if isinstance(part, torch.Tensor):
        t: Any = part
    elif isinstance(part, StringTensor):
        return part._t
    elif dispatch.is_tensor(part):
        t = dispatch.raw(part)
    else:
        t = storage(part)
    if isinstance(t, np.ndarray):
        return t
    if t.is_floating_point() and t.dtype is torch.float64 and floatx() is not torch.float64:
        t = t.to(floatx())
    return _to_device(t)


def class_weights(y: Any, class_weight: dict) -> torch.Tensor:
    """The weight of each sample, from its class: labels (rounded), or one-hot rows; classes not named weigh 1.

    Raises:
        TypeError: the weights are no dictionary.
        ValueError: several targets, or targets of three or more dimensions.
    """
    if not isinstance(class_weight, dict):
        raise fail(TypeError, "`class_weight` must be a dictionary from class to weight", received=repr(class_weight))
    if not isinstance(y, torch.Tensor):
        raise fail(
            ValueError, "`class_weight` is only supported for models with a single output", received=f"y={type(y)}"
        )
    if y.ndim > 2:
        raise fail(
            ValueError,
            "`class_weight` not supported for 3+ dimensional targets",
            received=f"y of shape {tuple(y.shape)}",
        )
    if y.ndim == 2 and y.shape[1] > 1:
        labels = y.argmax(-1)
    else:
        labels = cast_raw(y.reshape(-1).round() if y.is_floating_point() else y.reshape(-1), torch.int64)
    weights = {int(label): float(weight) for label, weight in class_weight.items()}
    lowest = min(weights)
    table = [weights.get(label, 1.0) for label in range(lowest, max(weights) + 1)] + [1.0]  # the last: any other class
    place = (labels - lowest).masked_fill((labels < lowest) | (labels > max(weights)), len(table) - 1)
    return torch.tensor(table, dtype=torch.float32, device=y.device)[place]
