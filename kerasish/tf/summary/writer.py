"""Where summaries go: writers, the default one, the step, and whether anything is recorded."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from kerasish.core import dispatch
from kerasish.core.tensor import convert
from kerasish.training.events import EventWriter

_MAX_QUEUE = 10  # values after which a file is brought up to date
_FLUSH_MILLIS = 2 * 60 * 1000


class _State(threading.local):
    writer: SummaryWriter | None = None
    step: Any = None
    condition: Any = True


state = _State()


class SummaryWriter:
    """Where summaries are written; made by ``create_file_writer`` or ``create_noop_writer``."""

    def set_as_default(self, step: Any = None) -> None:
        """Let summaries go here, from now on.

        Args:
            step: default for their ``step``.
        """
        self.check_open()
        state.writer = self
        if step is not None:
            state.step = step

    @contextmanager
    def as_default(self, step: Any = None) -> Iterator[SummaryWriter]:
        """A block whose summaries go here."""
        before = state.writer, state.step
        self.set_as_default(step)
        try:
            yield self
            self.flush()
        finally:
            state.writer, state.step = before

    def check_open(self) -> None:
        """Raise RuntimeError if it was closed."""

    def init(self) -> None:
        """Nothing: it is ready."""

    def flush(self) -> None:
        """Bring the file up to date."""

    def close(self) -> None:
        """Write no more."""

    def send(self, write: Callable[[EventWriter], None]) -> bool:
        """Let a function write to the file; whether there is one."""
        return False


class FileWriter(SummaryWriter):
    """Writes to an event file."""

    def __init__(self, logdir: str, max_queue: int, flush_millis: int, suffix: str) -> None:
        self._events: EventWriter | None = EventWriter(logdir, suffix)
        self._max_queue, self._queued = max_queue, 0
        self._seconds, self._flushed = flush_millis / 1000, time.monotonic()

    def check_open(self) -> None:
        if self._events is None:
            raise RuntimeError(f"SummaryWriter {self!r} is already closed")

    def flush(self) -> None:
        if self._events is not None:
            self._events.flush()
        self._queued, self._flushed = 0, time.monotonic()

    def close(self) -> None:
        self.flush()
        if self._events is not None:
            self._events.close()
        self._events = None

    def send(self, write: Callable[[EventWriter], None]) -> bool:
        self.check_open()
        assert self._events is not None
        write(self._events)
        self._queued += 1
        if self._queued > self._max_queue or time.monotonic() - self._flushed >= self._seconds:
            self.flush()
        return True


class NoopWriter(SummaryWriter):
    """Writes nothing."""


def create_file_writer(
    logdir: Any,
    max_queue: int | None = None,
    flush_millis: int | None = None,
    filename_suffix: str | None = None,
    name: str | None = None,
    experimental_trackable: bool = False,
    experimental_mesh: Any = None,
) -> SummaryWriter:
    """A writer to a new event file, which TensorBoard reads.

    Args:
        logdir: its folder; made if it is not there.
        max_queue: the file is brought up to date after so many values; default 10.
        flush_millis: it is so with a value that comes so much later than it last was; default two minutes.
        filename_suffix: ends the file's name; default ".v2".
        name, experimental_trackable, experimental_mesh: TensorFlow's, of no use here.

    Raises:
        ValueError: no ``logdir``.
        TypeError: it is no path.
    """
    if logdir is None:
        raise ValueError("Argument `logdir` cannot be None")
    suffix = ".v2" if filename_suffix is None else str(filename_suffix)
    folder = logdir.decode() if isinstance(logdir, bytes) else logdir
    if dispatch.is_tensor(folder):
        folder = convert(folder).numpy().decode()
    if not isinstance(folder, (str, os.PathLike)):
        raise TypeError(f"Cannot convert {logdir!r} to a path")
    queue = _MAX_QUEUE if max_queue is None else int(max_queue)
    return FileWriter(os.fspath(folder), queue, _FLUSH_MILLIS if flush_millis is None else int(flush_millis), suffix)


def create_noop_writer() -> SummaryWriter:
    """A writer that writes nothing."""
    return NoopWriter()


def flush(writer: SummaryWriter | None = None, name: str | None = None) -> None:
    """Bring a writer's file up to date; default: the default writer's."""
    target = state.writer if writer is None else writer
    if target is not None:
        target.flush()


@contextmanager
def record_if(condition: Any) -> Iterator[None]:
    """A block whose summaries are written only if a condition holds: a bool, a tensor, or a function that gives one."""
    before, state.condition = state.condition, condition
    try:
        yield
    finally:
        state.condition = before


def should_record_summaries() -> Any:
    """Whether summaries are written now: there is a default writer, and the condition of ``record_if`` holds."""
    if state.writer is None or isinstance(state.writer, NoopWriter):
        return convert(False)
    condition = state.condition() if callable(state.condition) else state.condition
    return convert(bool(condition))


def get_step() -> Any:
    """The default step; None if there is none."""
    return state.step


def set_step(step: Any) -> None:
    """Set the default step: a number, or a variable, which is read each time."""
    state.step = step
