"""Sources of batches: generators, ``tf.data``, ``PyDataset`` (or Keras 2's ``Sequence``), torch's ``DataLoader``.

Where the device is not the CPU, batches are fetched and converted in a thread while it computes, into memory that copies to
the device need not wait for.
"""

from __future__ import annotations

import itertools
import multiprocessing
import random as python_random
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import torch

from kerasish.core import device as devices
from kerasish.core import tree
from kerasish.core.context import scope
from kerasish.core.errors import fail
from kerasish.core.threads import Ahead, inherited
from kerasish.training.batch import Batch, Feed, class_weights, on_device, prepared, to_batch

_AHEAD = 2  # batches fetched ahead of the one in use


class SourceFeed(Feed):
    """Batches from a generator, a ``tf.data.Dataset``, a ``PyDataset`` (or Keras 2's ``Sequence``) or a ``DataLoader``."""

    def __init__(self, source: Any, shuffle: Any = False) -> None:
        self.source = source
        self.shuffle = bool(shuffle)
        self.indexed = (
            hasattr(source, "__getitem__") and hasattr(source, "__len__") and not hasattr(source, "element_spec")
        )
        self.indexed = self.indexed and not isinstance(source, torch.utils.data.DataLoader)
        self.restarts = self.indexed or not hasattr(source, "__next__")
        self._sampler = getattr(source, "sampler", None)
        in_parts = isinstance(self._sampler, torch.utils.data.DistributedSampler)
        self._epochs = itertools.count() if in_parts else None  # the sampler's, on which its order depends
        self.divided = in_parts or bool(getattr(source, "is_divided", False))
        self._running: Iterator | None = None
        self._stops: list[Callable] = []  # ends the thread that reads ahead
        self.batches = self._count()

    def _count(self) -> int | None:
        if hasattr(self.source, "num_batches"):
            return self.source.num_batches
        if hasattr(self.source, "cardinality"):
            cardinality = self.source.cardinality  # a number of distributed datasets
            count = int(cardinality() if callable(cardinality) else cardinality)
            return count if count >= 0 else None
        try:
            return len(self.source)
        except TypeError:
            return None

    def __iter__(self) -> Iterator[Batch]:
        if self._running is not None:
            return self._running
        elements = self._from_items() if self.indexed else iter(self.source)
        # a dataset's elements are made where they are wanted, and its own ``prefetch`` makes them ahead of time
        ahead = devices.reads_ahead(devices.current()) and not hasattr(self.source, "element_spec")
        batches = _ahead_of_use(elements, self._stops) if ahead else map(to_batch, elements)
        if not self.restarts:  # a generator goes on where the last epoch stopped
            self._running = batches
        return batches

    def _from_items(self) -> Iterator:
        source = self.source
        order: Iterable[int] = itertools.count() if self.batches is None else range(self.batches)
        if self.shuffle and self.batches is not None:
            order = list(order)
            python_random.shuffle(order)  # Python's generator, as in Keras
        workers = int(getattr(source, "workers", 1) or 1)
        if workers <= 1 and not getattr(source, "use_multiprocessing", False):
            return (source[i] for i in order)
        return _fetched_by_workers(source, order, workers, int(getattr(source, "max_queue_size", 10)))

    def abandon(self) -> None:
        while self._stops:
            self._stops.pop()()

    def begin_epoch(self) -> None:
        self._number_epoch()
        getattr(self.source, "on_epoch_begin", lambda: None)()

    def _number_epoch(self) -> None:
        if self._epochs is not None:
            self._sampler.set_epoch(next(self._epochs))  # type: ignore[union-attr]

    def end_epoch(self) -> None:
        getattr(self.source, "on_epoch_end", lambda: None)()

    def spare_pass(self) -> None:
        if hasattr(type(self.source), "element_spec"):  # asking the dataset would run its functions
            iter(self.source)  # takes seeds where it shuffles: without, later epochs would not have Keras's orders

    def skip_pass(self) -> None:
        if not self.restarts or self.indexed:
            return
        elements = iter(self.source)
        if not hasattr(self.source, "element_spec"):
            next(elements, None)  # a loader draws its order with the first batch


def _ahead_of_use(elements: Iterator, stops: list) -> Iterator[Batch]:
    """Batches fetched in a thread; ``stops`` then holds what ends it. It ends when this generator is dropped, too."""
    device = devices.current()
    stream = map(lambda element: _staged(element, device), elements)
    first = next(stream, None)  # in this thread: sources that shuffle take their seeds from torch's generator now
    if first is None:
        return
    ahead = Ahead(stream, _AHEAD, inherited(), "kerasish feed")
    stops[:] = [ahead.close]
    yield on_device(first)
    yield from map(on_device, ahead)


def _staged(element: Any, device: torch.device) -> Batch:
    """A source's element as a batch on the host, ready to be copied to ``device``."""
    with scope(device=torch.device("cpu")):
        batch = prepared(element)
    return tree.map_structure(lambda t: devices.staged(t, device) if isinstance(t, torch.Tensor) else t, batch)


def _fetched_by_workers(source: Any, order: Iterable[int], workers: int, ahead: int) -> Iterator:
    """Items fetched by several threads or processes, in order, at most ``ahead`` of them waiting."""
    if getattr(source, "use_multiprocessing", False):
        pool, get = _process_pool(source, workers), _item
    else:
        pool, get = ThreadPoolExecutor(workers), source.__getitem__
    indices = iter(order)
    waiting = deque((i, pool.submit(get, i)) for i in itertools.islice(indices, max(ahead, workers)))
    try:
        while waiting:
            at, job = waiting.popleft()
            done = job.result()
            waiting.extend((i, pool.submit(get, i)) for i in itertools.islice(indices, 1))
            yield done
    except BrokenExecutor as error:
        raise fail(
            RuntimeError,
            f"A worker process of {type(source).__name__} ended before batch {at} of the data set was there",
            hint="Something killed it, such as the system when memory ran out, or it called `exit`.",
        ) from error
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


BOTH_WEIGHTS = "You cannot `class_weight` and `sample_weight` at the same time."


class WeightedFeed(Feed):
    """Another feed's batches with the sample weights that their classes have."""

    def __init__(self, feed: Feed, class_weight: dict) -> None:
        self.feed = feed
        self.class_weight = class_weight
        self.batches, self.batch_size, self.restarts = feed.batches, feed.batch_size, feed.restarts
        self.divided = feed.divided

    def __iter__(self) -> Iterator[Batch]:
        for x, y, weight in self.feed:
            if weight is not None:
                raise ValueError(BOTH_WEIGHTS)
            yield x, y, class_weights(y, self.class_weight)

    def begin_epoch(self) -> None:
        self.feed.begin_epoch()

    def end_epoch(self) -> None:
        self.feed.end_epoch()

    def spare_pass(self) -> None:
        self.feed.spare_pass()

    def skip_pass(self) -> None:
        self.feed.skip_pass()

    def abandon(self) -> None:
        self.feed.abandon()
