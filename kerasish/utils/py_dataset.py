"""Data sets as Python objects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


class PyDataset:
    """A data set as a Python object: batch ``i`` is ``dataset[i]``, ``len(dataset)`` their number.

    Args:
        workers: threads, or processes, that fetch batches.
        use_multiprocessing: whether they are processes.
        max_queue_size: batches fetched ahead.
    """

    workers = 1  # here for subclasses that do not call ``super().__init__()``
    use_multiprocessing = False
    max_queue_size = 10

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10) -> None:
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = max_queue_size

    def __getitem__(self, index: int) -> Any:
        """Batch ``index``: ``x``, ``(x, y)`` or ``(x, y, sample_weight)``."""
        raise NotImplementedError

    @property
    def num_batches(self) -> int | None:
        """How many batches an epoch has; None for endless data."""
        try:
            return len(self)  # type: ignore[arg-type]
        except TypeError:
            return None

    def __iter__(self) -> Iterator:
        for i in range(self.num_batches or 0):
            yield self[i]

    def on_epoch_begin(self) -> None:
        """Called before each epoch."""

    def on_epoch_end(self) -> None:
        """Called after each epoch."""
