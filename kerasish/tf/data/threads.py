"""Steps that run in threads of their own: elements ahead of time, functions on several elements at once."""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch

from kerasish.core import device as devices
from kerasish.core import tree
from kerasish.core.context import scope
from kerasish.core.random import OpSeeds
from kerasish.core.tensor import Tensor
from kerasish.core.threads import Ahead, inherited
from kerasish.tf.data.node import Node, RowStep, Run
from kerasish.tf.data.rows import Block


class Prefetch(RowStep):
    """The same elements, up to ``size`` of them made ahead of time in a thread.

    The thread exists only where users' code runs upstream that may wait for something: batches of whole arrays, and what
    functions of nothing but tensor operations make of them, come faster than they are handed over (140 µs a batch).
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
        return _ahead(self.input, self._size, run)


def _ahead(node: Node, size: int, run: Run) -> Iterator:
    part = run.in_thread()
    stream, device = node.stream(part), devices.current()
    if devices.reads_ahead(device):
        stream = map(lambda element: tree.map_structure(lambda leaf: _staged(leaf, device), element), stream)
    return Ahead(stream, size, inherited(op_seeds=part.seeds, in_dataset=True), "tf.data prefetch")


def _staged(leaf: Any, device: torch.device) -> Any:
    return Tensor(devices.staged(leaf._t, device)) if type(leaf) is Tensor else leaf


def in_threads(function: Callable, stream: Iterator, workers: int, run: Run) -> Iterator:
    """``function`` on the elements of ``stream``, ``workers`` of them at a time; results in order."""
    return _Parallel(function, stream, workers, run)


class _Parallel(Iterator):
    def __init__(self, function: Callable, stream: Iterator, workers: int, run: Run) -> None:
        self._function, self._stream, self._workers = function, stream, workers
        self._run, self._scope = run, inherited(in_dataset=True)
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="tf.data map")
        self._waiting: deque = deque()
        self._count = 0
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

    def _seeds(self) -> OpSeeds:
        """Random numbers of one call: they do not depend on which thread is faster."""
        self._count += 1
        return OpSeeds(self._run.seeds.source.getrandbits(64), self._count - 1)

    def _apply(self, element: Any, seeds: OpSeeds) -> Any:
        with self._scope(), scope(op_seeds=seeds):
            return self._function(element)
