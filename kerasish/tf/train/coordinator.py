"""``tf.train.Coordinator``: threads that stop together."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kerasish.core.errors import OutOfRangeError


class Coordinator:
    """Asks threads to stop, and hands the first exception of one on to who joins them.

    Args:
        clean_stop_exception_types: exceptions that mean a regular end; default: OutOfRangeError.
    """

    def __init__(self, clean_stop_exception_types: Any = None) -> None:
        self._clean = (OutOfRangeError,) if clean_stop_exception_types is None else tuple(clean_stop_exception_types)
        self._lock, self._stop = threading.Lock(), threading.Event()
        self._error: BaseException | None = None
        self._threads: set[threading.Thread] = set()
        self._joined = False

    @property
    def joined(self) -> bool:
        """Whether ``join`` has ended."""
        return self._joined

    def request_stop(self, ex: Any = None) -> None:
        """Ask all threads to stop; ``ex`` is what ``join`` raises, an exception or ``sys.exc_info()``."""
        error = ex[1] if isinstance(ex, tuple) else ex
        if error is not None and not isinstance(error, BaseException):
            raise TypeError(f"ex must be an exception or what sys.exc_info() gives. Received: {ex!r}.")
        with self._lock:
            if self._joined and error is not None and not isinstance(error, self._clean):
                raise error
            if not self._stop.is_set() and error is not None and not isinstance(error, self._clean):
                self._error = error
            self._joined = False
            self._stop.set()

    def clear_stop(self) -> None:
        """Forget the stop and its exception."""
        with self._lock:
            self._error, self._joined = None, False
            self._stop.clear()

    def should_stop(self) -> bool:
        """Whether threads are to stop."""
        return self._stop.is_set()

    @contextmanager
    def stop_on_exception(self) -> Iterator[None]:
        """A block whose exception asks all threads to stop."""
        try:
            yield
        except BaseException as error:
            self.request_stop(error)

    def wait_for_stop(self, timeout: float | None = None) -> bool:
        """Wait until a stop is asked for, at most so many seconds; whether it was."""
        return self._stop.wait(timeout)

    def register_thread(self, thread: threading.Thread) -> None:
        """Let ``join`` wait for a thread too."""
        with self._lock:
            self._threads.add(thread)

    def join(self, threads: Any = None, stop_grace_period_secs: float = 120, ignore_live_threads: bool = False) -> None:
        """Wait for all threads, after a stop no longer than the grace period.

        Raises:
            RuntimeError: threads still run then, unless that is to be ignored. What ``request_stop`` was given.
        """
        waited = [*self._threads, *(t for t in threads or () if t not in self._threads)]
        while any(t.is_alive() for t in waited) and not self.wait_for_stop(0.05):
            pass
        end = time.monotonic() + stop_grace_period_secs
        for thread in waited:
            thread.join(max(0.0, end - time.monotonic()))
        alive = [t.name for t in waited if t.is_alive()]
        with self._lock:
            self._joined, self._threads = True, set()
            error = self._error
        if error is not None:
            raise error
        if alive and not ignore_live_threads:
            raise RuntimeError(f"Coordinator stopped with threads still running: {' '.join(alive)}")

    def raise_requested_exception(self) -> None:
        """Raise what ``request_stop`` was given, if anything."""
        if self._error is not None:
            raise self._error
