"""``tf.distribute.coordinator``: functions that workers run when they are free; here the workers are threads.

One function runs at a time, since they share variables and a processor; which worker runs which is not determined, as
in TensorFlow.
"""

from __future__ import annotations

import collections
import threading
from collections.abc import Callable, Iterator
from typing import Any

from kerasish.core import dispatch, tree
from kerasish.core.errors import CancelledError, fail, missing_name
from kerasish.tf.data.elements import NestedDataset
from kerasish.tf.distribute.servers import ParameterServerStrategy

_worker = threading.local()


def experimental_get_current_worker_index() -> int:
    """Which worker runs the function that asks.

    Raises:
        RuntimeError: it is not run by a worker.
    """
    found = getattr(_worker, "index", None)
    if found is None:
        raise RuntimeError(
            "The method `experimental_get_current_worker_index` must be called from a function that a ClusterCoordinator "
            "runs."
        )
    return found


class RemoteValue:
    """What a scheduled function will give."""

    def __init__(self) -> None:
        self._done = threading.Event()
        self._value: Any = None
        self._error: BaseException | None = None

    def _set(self, value: Any = None, error: BaseException | None = None) -> None:
        self._value, self._error = value, error
        self._done.set()

    def get(self) -> Any:
        """The result, once it is there.

        Raises:
            Exception: what the function raised; CancelledError: it was not run, since another one failed.
        """
        self._done.wait()
        if self._error is not None:
            raise self._error
        return self._value

    def fetch(self) -> Any:
        """The same, with NumPy values instead of tensors."""
        return tree.map_structure(lambda x: x.numpy() if dispatch.is_tensor(x) else x, self.get())


class PerWorkerValue:
    """A value for each worker.

    Args:
        values: in the workers' order.
    """

    def __init__(self, values: Any) -> None:
        self._values = tuple(values)


class _PerWorkerDataset(PerWorkerValue):
    """A dataset for each worker; iterating gives an iterator for each."""

    def __iter__(self) -> Any:
        return _PerWorkerIterator(iter(dataset) for dataset in self._values)

    @property
    def element_spec(self) -> Any:
        """Specifications of the elements."""
        return self._values[0].element_spec


class _PerWorkerIterator(PerWorkerValue):
    """An iterator for each worker; elements are taken in the functions that workers run."""

    def __iter__(self) -> Iterator:
        return self  # type: ignore[return-value]

    def __next__(self) -> Any:
        raise fail(
            NotImplementedError, "Iterators of workers give elements in scheduled functions alone: pass them there"
        )

    @property
    def element_spec(self) -> Any:
        """Specifications of the elements."""
        return self._values[0].element_spec


class ClusterCoordinator:
    """Schedules functions on the workers of a strategy; there is one for each strategy.

    Args:
        strategy: a ``ParameterServerStrategy``.

    Raises:
        ValueError: another strategy.
    """

    def __new__(cls, strategy: Any) -> ClusterCoordinator:
        """The coordinator of the strategy, which the first call makes."""
        found = getattr(strategy, "_cluster_coordinator", None)
        return super().__new__(cls) if found is None else found

    def __init__(self, strategy: Any) -> None:
        if not isinstance(strategy, ParameterServerStrategy):
            raise ValueError(
                "Only `tf.distribute.experimental.ParameterServerStrategy` is supported to work with `ClusterCoordinator` "
                "currently."
            )
        if getattr(strategy, "_cluster_coordinator", None) is self:
            return
        strategy._cluster_coordinator = self  # type: ignore[attr-defined]
        self._strategy = strategy
        self._waiting: collections.deque = collections.deque()
        self._changed = threading.Condition()
        self._running, self._error = 0, None
        self._computing = threading.Lock()
        for index in range(strategy._num_workers):
            threading.Thread(target=self._work, args=(index,), daemon=True, name=f"worker {index}").start()

    @property
    def strategy(self) -> Any:
        """The strategy."""
        return self._strategy

    def _work(self, index: int) -> None:
        _worker.index = index
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                result, fn, args, kwargs = self._waiting.popleft()
                self._running += 1
            try:
                args, kwargs = tree.map_structure(lambda x: self._own(x, index), (args, kwargs))
                with self._computing:
                    result._set(fn(*args, **kwargs))
            except BaseException as error:
                self._failed(result, error)
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    @staticmethod
    def _own(value: Any, index: int) -> Any:
        """A worker's part of an argument."""
        if isinstance(value, RemoteValue):
            return value.get()
        return value._values[index] if isinstance(value, PerWorkerValue) else value

    def _failed(self, result: RemoteValue, error: BaseException) -> None:
        with self._changed:
            result._set(error=error)
            self._error = self._error or error
            while self._waiting:
                self._waiting.popleft()[0]._set(
                    error=CancelledError(None, None, "The corresponding function is cancelled: another one failed.")
                )

    def _raise_error(self) -> None:
        with self._changed:
            error, self._error = self._error, None
        if error is not None:
            raise error

    def schedule(self, fn: Callable, args: Any = None, kwargs: dict | None = None) -> RemoteValue:
        """Let a worker call a function, soon. Arguments may be results of others and values of each worker.

        Raises:
            TypeError: ``fn`` cannot be called. Exception: what an earlier function raised.
        """
        if not callable(fn):
            raise TypeError("`fn` must be a callable.")
        self._raise_error()
        result = RemoteValue()
        with self._changed:
            self._waiting.append((result, fn, tuple(args or ()), dict(kwargs or {})))
            self._changed.notify_all()
        return result

    def join(self) -> None:
        """Wait until all functions that were scheduled have run.

        Raises:
            Exception: what one of them raised.
        """
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting and not self._running)
        self._raise_error()

    def done(self) -> bool:
        """Whether all have run; raises what one of them raised."""
        with self._changed:
            finished = not self._waiting and not self._running
        if finished:
            self._raise_error()
        return finished

    def fetch(self, val: Any) -> Any:
        """A structure with results, as NumPy values, in the place of ``RemoteValue``."""
        return tree.map_structure(lambda x: x.fetch() if isinstance(x, RemoteValue) else x, val)

    def create_per_worker_dataset(self, dataset_fn: Any) -> Any:
        """A dataset for each worker: what a function gives, or one and the same dataset."""
        count = self._strategy._num_workers
        if isinstance(dataset_fn, NestedDataset):
            return _PerWorkerDataset([dataset_fn] * count)
        if not callable(dataset_fn):
            raise TypeError("`dataset_fn` must be a dataset, or a function that returns one.")
        return _PerWorkerDataset(dataset_fn() for _ in range(count))


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
