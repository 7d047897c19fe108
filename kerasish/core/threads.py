"""Reading ahead: the items of an iterator, made in a thread while the reader works."""

from __future__ import annotations

import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from kerasish.core.context import local, scope


class Ahead(Iterator):
    """An iterator's items, up to ``size`` of them made ahead of time in a daemon thread.

    Exceptions come out in their place, with their traceback. The thread starts with the first item asked for, and ends with
    the items, when this iterator is dropped, or with ``close``.

    Args:
        scope: makes the block in which the items are made; what is local to a thread is taken over there.
        name: of the thread.
    """

    def __init__(self, stream: Iterator, size: int, scope: Callable[[], Any], name: str) -> None:
        self._queue = _Queue(size)
        self._thread = threading.Thread(target=_fill, args=(self._queue, stream, scope), name=name, daemon=True)
        self.close = weakref.finalize(self, self._queue.close)  # also at the interpreter's exit

    def __next__(self) -> Any:
        if not self._thread.ident:
            self._thread.start()
        kind, value = self._queue.get()
        if kind == "item":
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
            self._changed.wait_for(lambda: self._items or self._closed)
            item = self._items.popleft() if self._items else ("end", None)
            self._changed.notify_all()
            return item

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._items.clear()
            self._changed.notify_all()


def _fill(queue: _Queue, stream: Iterator, scope: Callable[[], Any]) -> None:
    """The thread: the items, and the exceptions that making them raised, into the queue."""
    with scope():
        wanted = True
        while wanted:
            try:
                wanted = queue.put("item", next(stream))
            except StopIteration:
                queue.put("end", None)
                return
            except BaseException as error:
                wanted = queue.put("error", error)


def inherited(**more: Any) -> Callable[[], Any]:
    """What makes the block in which a thread sees the device, policy and custom objects that its starter sees now.

    Args:
        more: further thread-local values (context.py) of that block.
    """
    values = {"device": local.device, "policy": local.policy, "custom_objects": local.custom_objects, **more}
    return lambda: scope(**values)
