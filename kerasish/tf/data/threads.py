"""Steps that run in threads of their own: elements ahead of time, functions on several elements at once."""

from __future__ import annotations

import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from kerasish.core.context import scope
from kerasish.core.random import OpSeeds
from kerasish.tf.data.node import Node, RowStep, Run, Threads
from kerasish.tf.data.rows import Block


class Prefetch(RowStep):
    """The same elements, up to ``size`` of them made ahead of time in a thread.

    The thread exists only where users' code runs upstream: batches of whole arrays are made faster than handed over.
    """

    name = "_PrefetchDataset"

    def __init__(self, node: Node, size: int) -> None:
        super().__init__(node)
        self._size = size

    def rows(self, run: Run) -> Iterator[Block]:
        return self.input.rows(run)

    def elements(self, run: Run) -> Iterator:
        if not self._size or not self.runs_python or run.probing:
            return self.input.stream(run)
        return Ahead(self.input, self._size, run)


class Ahead(Iterator):
    """A node's elements, made in a daemon thread that ends when this iterator is dropped."""

    def __init__(self, node: Node, size: int, run: Run) -> None:
        self._queue = _Queue(size)
        part = run.in_thread()
        arguments = (self._queue, node.stream(part), Threads(part))
        self._thread = threading.Thread(target=_fill, args=arguments, name="tf.data prefetch", daemon=True)
        weakref.finalize(self, self._queue.close)  # also at the interpreter's exit

    def __next__(self) -> Any:
        if not self._thread.ident:
            self._thread.start()
        kind, value = self._queue.get()
        if kind == "element":
            return value
        if kind == "end":
            self._queue.put(kind, value)  # for whoever asks again
            raise StopIteration
        try:
            raise value
        finally:
            del value  # or the traceback's frame and the exception keep each other, and what they hold, alive


class _Queue:
    """At most ``size`` results between the thread and its reader."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._items: deque = deque()
        self._changed = threading.Condition()
        self._closed = False

    def put(self, kind: str, value: Any) -> bool:
        """Wait for room, then enter a result; False if nobody wants it any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or len(self._items) < self._size)
            if not self._closed:
                self._items.append((kind, value))
                self._changed.notify_all()
            return not self._closed

    def get(self) -> tuple[str, Any]:
        with self._changed:
            self._changed.wait_for(lambda: self._items)
            item = self._items.popleft()
            self._changed.notify_all()
            return item

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._items.clear()
            self._changed.notify_all()


def _fill(queue: _Queue, stream: Iterator, threads: Threads) -> None:
    """The thread: the elements, and the exceptions that making them raised, into the queue."""
    with threads.scope():
        wanted = True
        while wanted:
            try:
                wanted = queue.put("element", next(stream))
            except StopIteration:
                queue.put("end", None)
                return
            except BaseException as error:
                wanted = queue.put("error", error)


def in_threads(function: Callable, stream: Iterator, workers: int, run: Run) -> Iterator:
    """``function`` on the elements of ``stream``, ``workers`` of them at a time; results in order."""
    return _Parallel(function, stream, workers, run)


class _Parallel(Iterator):
    def __init__(self, function: Callable, stream: Iterator, workers: int, run: Run) -> None:
        self._function, self._stream, self._workers = function, stream, workers
        self._run, self._threads = run, Threads(run)
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="tf.data map")
        self._waiting: deque = deque()
        weakref.finalize(self, self._pool.shutdown, wait=False, cancel_futures=True)

    def __next__(self) -> Any:
        while len(self._waiting) < self._workers:
            try:
                element = next(self._stream)
            except StopIteration:
                break
            self._waiting.append(self._pool.submit(self._apply, element, self._seeds()))
        if not self._waiting:
            raise StopIteration
        return self._waiting.popleft().result()

    def _seeds(self) -> OpSeeds | None:
        """Random numbers of one call: they do not depend on which thread is faster."""
        seeds = self._run.seeds
        return None if seeds is None else OpSeeds(seeds.source.getrandbits(64))

    def _apply(self, element: Any, seeds: OpSeeds | None) -> Any:
        with self._threads.scope(), scope(op_seeds=seeds):
            return self._function(element)
