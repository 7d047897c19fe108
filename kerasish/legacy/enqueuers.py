"""Keras 2's ``OrderedEnqueuer`` and ``GeneratorEnqueuer``: batches that threads fetch ahead."""

from __future__ import annotations

import queue
import random
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from kerasish.core.errors import NotServedError, fail


class SequenceEnqueuer:
    """Base class: batches of a sequence, fetched ahead by threads.

    Args:
        sequence: what has the batches.
        use_multiprocessing: must be False: processes are not served here.

    Raises:
        NotServedError: ``use_multiprocessing``.
    """

    def __init__(self, sequence: Any, use_multiprocessing: bool = False) -> None:
        if use_multiprocessing:
            raise NotServedError(
                f"'keras.utils.{type(self).__name__}(use_multiprocessing=True)' is not served by kerasish. Threads fetch the "
                "batches; model.fit with a keras.utils.PyDataset(use_multiprocessing=True) has processes."
            )
        self.sequence = sequence
        self.use_multiprocessing = use_multiprocessing
        self.queue: Any = None
        self.stop_signal: threading.Event | None = None
        self.run_thread: threading.Thread | None = None
        self.workers = 0

    def is_running(self) -> bool:
        """Whether ``start`` was called, and ``stop`` not yet."""
        return self.stop_signal is not None and not self.stop_signal.is_set()

    def start(self, workers: int = 1, max_queue_size: int = 10) -> None:
        """Begin to fetch.

        Args:
            workers: threads.
            max_queue_size: batches that wait at most.
        """
        self.workers = workers
        self.queue = queue.Queue(max_queue_size)
        self.stop_signal = threading.Event()
        self.run_thread = threading.Thread(target=self._run, daemon=True)
        self.run_thread.start()

    def stop(self, timeout: float | None = None) -> None:
        """Fetch no more.

        Args:
            timeout: seconds to wait for the thread.
        """
        if self.stop_signal is None:
            return
        self.stop_signal.set()
        while True:  # a thread that waits for room finds it
            try:
                self.queue.get_nowait()
            except queue.Empty:
                break
        if self.run_thread is not None:
            self.run_thread.join(timeout)

    def _put(self, item: Any) -> bool:
        """Whether there was room before ``stop``."""
        while self.is_running():
            try:
                self.queue.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def _run(self) -> None:
        """Fetch until ``stop``."""
        raise NotImplementedError

    def get(self) -> Iterator[Any]:
        """The batches, in order."""
        raise NotImplementedError


class OrderedEnqueuer(SequenceEnqueuer):
    """Batches of a ``keras.utils.Sequence``, over and over, in order or in a new random order each time.

    Args:
        sequence: has ``__len__``, ``__getitem__`` and, if it wants, ``on_epoch_end``.
        shuffle: whether the order is random.
    """

    def __init__(self, sequence: Any, use_multiprocessing: bool = False, shuffle: bool = False) -> None:
        super().__init__(sequence, use_multiprocessing)
        self.shuffle = shuffle

    def _run(self) -> None:
        order = list(range(len(self.sequence)))
        with ThreadPoolExecutor(self.workers or 1) as pool:
            while self.is_running():
                if self.shuffle:
                    random.shuffle(order)
                found = []
                for i in order:
                    found.append(pool.submit(self.sequence.__getitem__, i))
                    if not self._put(found[-1]):
                        for future in found:
                            future.cancel()
                        return
                for future in found:  # the next order begins when this one is fetched
                    future.exception()
                getattr(self.sequence, "on_epoch_end", lambda: None)()

    def get(self) -> Iterator[Any]:
        """The batches, in order; what fetching one raises is raised here."""
        while self.is_running():
            try:
                future: Future = self.queue.get(timeout=1)
            except queue.Empty:
                continue
            try:
                batch = future.result()
            except BaseException:
                self.stop()
                raise
            if batch is not None:
                yield batch


class GeneratorEnqueuer(SequenceEnqueuer):
    """Batches of a generator.

    Args:
        generator: gives them; its code is run by one thread at a time.

    Raises:
        ValueError: in ``start``, for several workers: a generator is no more than one.
    """

    def __init__(self, generator: Any, use_multiprocessing: bool = False) -> None:
        super().__init__(generator, use_multiprocessing)

    def start(self, workers: int = 1, max_queue_size: int = 10) -> None:
        if workers > 1:
            raise fail(
                ValueError,
                "A generator cannot be run by several workers",
                received=f"workers={workers}",
                hint="Make it a keras.utils.Sequence.",
            )
        super().start(workers, max_queue_size)

    def _run(self) -> None:
        try:
            for batch in self.sequence:
                if not self._put((batch, None)):
                    return
            self._put((None, StopIteration()))
        except Exception as error:  # raised where the batch is asked for
            self._put((None, error))

    def get(self) -> Iterator[Any]:
        """The batches, in order, until the generator ends; what it raises is raised here."""
        while self.is_running():
            try:
                batch, error = self.queue.get(timeout=1)
            except queue.Empty:
                continue
            if error is not None:
                self.stop()
                if isinstance(error, StopIteration):
                    return
                raise error
            if batch is not None:
                yield batch
