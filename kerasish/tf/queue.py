"""``tf.queue``: queues of tensors, for threads of one process."""

from __future__ import annotations

import bisect
import collections
import random
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasish.core.context import local
from kerasish.core.dtypes import as_dtype, int64
from kerasish.core.errors import CancelledError, InvalidArgumentError, OutOfRangeError, missing_name
from kerasish.core.shape import TensorShape
from kerasish.tf.arrays import stack
from kerasish.tf.creation import constant, convert_to_tensor


class QueueBase:
    """What the kinds of queues share. An element is one tensor or a tuple of them, or a dict where there are names.

    Args:
        dtypes: the components'.
        shapes: the components', needed to take several elements at once.
        names: the components'.
        queue_ref: of graphs, of no use here.

    Raises:
        ValueError: the lists differ in length.
    """

    def __init__(self, dtypes: Any, shapes: Any, names: Any, queue_ref: Any) -> None:
        self._dtypes = [as_dtype(d) for d in (dtypes if isinstance(dtypes, (list, tuple)) else [dtypes])]
        if shapes is not None:
            single = isinstance(shapes, TensorShape) or not shapes or not _is_shape(shapes[0])
            listed = [shapes] if single and not (shapes == [] and len(self._dtypes) == 0) else shapes
            self._shapes: list = [TensorShape(shape) for shape in listed]
            if len(self._shapes) != len(self._dtypes):
                raise ValueError("Queue shapes must have the same length as dtypes")
        else:
            self._shapes = [TensorShape(None) for _ in self._dtypes]
        self._names = [names] if isinstance(names, str) else list(names) if names is not None else None
        if self._names is not None and len(self._names) != len(self._dtypes):
            raise ValueError("Queue names must have the same length as dtypes")
        self._queue_ref, self._capacity, self._name = queue_ref, -1, "queue"
        self._items: Any = collections.deque()
        self._closed, self._cancelled = False, False
        self._changed = threading.Condition()

    dtypes = property(lambda self: list(self._dtypes))
    shapes = property(lambda self: list(self._shapes))
    names = property(lambda self: self._names)
    name = property(lambda self: self._name)
    queue_ref = property(lambda self: self._queue_ref)

    @staticmethod
    def from_list(index: Any, queues: Sequence[QueueBase]) -> QueueBase:
        """One of several queues of the same dtypes.

        Raises:
            TypeError: no list of queues.
        """
        if not queues or not all(isinstance(queue, QueueBase) for queue in queues):
            raise TypeError("A list of queues expected")
        if any(queue.dtypes != queues[0].dtypes for queue in queues):
            raise TypeError("Queues do not have matching component dtypes.")
        return queues[int(convert_to_tensor(index))]

    # putting in -------------------------------------------------------------------------------------------------------

    def _tensors_within(self, vals: Any) -> list:
        if self._names is not None:
            if not isinstance(vals, dict):
                raise ValueError("Queue must have names to enqueue a dictionary" if vals else "No values to enqueue")
            if set(vals) != set(self._names):
                raise ValueError(
                    f"Keys in dictionary to enqueue do not match names of Queue.  Dictionary: {sorted(vals)}, Queue: "
                    f"{sorted(self._names)}"
                )
            vals = [vals[name] for name in self._names]
        elif isinstance(vals, dict):
            raise ValueError("Queue must have names to enqueue a dictionary")
        if not isinstance(vals, (list, tuple)) or (len(self._dtypes) == 1 and len(vals) != 1):
            vals = [vals]
        if len(vals) != len(self._dtypes):
            raise ValueError(f"Expected {len(self._dtypes)} components, got {len(vals)}.")
        return [convert_to_tensor(value, dtype=dtype) for value, dtype in zip(vals, self._dtypes)]

    def enqueue(self, vals: Any, name: str | None = None) -> None:
        """Add an element; wait while the queue is full.

        Raises:
            ValueError: other components than the queue's.
            CancelledError: the queue is closed.
        """
        parts = self._tensors_within(vals)
        for part, shape in zip(parts, self._shapes):
            if not shape.is_compatible_with(part.shape):
                raise ValueError(f"Shapes {part.shape} and {shape} are incompatible")
        self._put(parts)

    def enqueue_many(self, vals: Any, name: str | None = None) -> None:
        """Add the elements that stand along the first axis of the components; see ``enqueue``."""
        parts = self._tensors_within(vals)
        counts = {part.shape[0] for part in parts}
        if len(counts) > 1:
            raise ValueError(f"Components have different numbers of elements: {sorted(counts)}")
        for i in range(counts.pop()):
            self._put([part[i] for part in parts])

    def _put(self, parts: list) -> None:
        if local.tracing:  # only shapes are asked for
            return
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._capacity < 0 or len(self._items) < self._capacity)
            if self._closed:
                raise CancelledError(f"Queue '{self._name}' is closed.")
            self._insert(parts)
            self._changed.notify_all()

    def _insert(self, parts: list) -> None:
        self._items.append(parts)

    # taking out -------------------------------------------------------------------------------------------------------

    def dequeue(self, name: str | None = None) -> Any:
        """Take an element out; wait for one.

        Raises:
            OutOfRangeError: the queue is closed and empty.
        """
        return self._given(self._take(1, 1)[0])

    def dequeue_many(self, n: Any, name: str | None = None) -> Any:
        """Take n elements out, as components with one more axis.

        Raises:
            OutOfRangeError: the queue is closed and has not as many.
            ValueError: the components' shapes are not known.
        """
        return self._batched(self._take(int(convert_to_tensor(n)), None))

    def dequeue_up_to(self, n: Any, name: str | None = None) -> Any:
        """``dequeue_many``, of fewer elements where the queue is closed and has not as many."""
        return self._batched(self._take(int(convert_to_tensor(n)), 1))

    def _take(self, count: int, least: int | None) -> list[list]:
        least = count if least is None else least
        if local.tracing:
            raise InvalidArgumentError(f"What queue '{self._name}' holds is not known where only shapes are asked for.")
        with self._changed:
            self._changed.wait_for(lambda: self._available() >= count or self._closed)
            if self._closed and len(self._items) < least:
                raise OutOfRangeError(
                    f"Queue '{self._name}' is closed and has insufficient elements (requested {count}, current size "
                    f"{len(self._items)})"
                )
            taken = [self._next() for _ in range(min(count, len(self._items)))]
            self._changed.notify_all()
            return taken

    def _available(self) -> int:
        return len(self._items)

    def _next(self) -> list:
        return self._items.popleft()

    def _batched(self, rows: list[list]) -> Any:
        if any(shape.rank is None for shape in self._shapes):
            raise InvalidArgumentError("Queue's DequeueMany requires the components to have specified shapes.")
        return self._given([self._stacked([row[i] for row in rows], i) for i in range(len(self._dtypes))])

    def _stacked(self, values: list, place: int) -> Any:
        return stack(values, axis=0)

    def _given(self, parts: list) -> Any:
        if self._names is not None:
            return dict(zip(self._names, parts))
        return parts[0] if len(parts) == 1 else parts

    # state ------------------------------------------------------------------------------------------------------------

    def close(self, cancel_pending_enqueues: bool = False, name: str | None = None) -> None:
        """Let nothing be added any more; who waits for elements that cannot come gets an error."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def is_closed(self, name: str | None = None) -> Any:
        return constant(self._closed)

    def size(self, name: str | None = None) -> Any:
        """How many elements there are, as int32."""
        return constant(len(self._items))


def _is_shape(value: Any) -> bool:
    return value is None or isinstance(value, (list, tuple, TensorShape))


class FIFOQueue(QueueBase):
    """The element that came first goes first.

    Args:
        capacity: of how many elements; negative: of any number.
        dtypes, shapes, names: the components'.
        shared_name: of no use in one process.
    """

    def __init__(
        self,
        capacity: Any,
        dtypes: Any,
        shapes: Any = None,
        names: Any = None,
        shared_name: str | None = None,
        name: str = "fifo_queue",
    ) -> None:
        super().__init__(dtypes, shapes, names, None)
        self._capacity, self._name = int(capacity), name


class PaddingFIFOQueue(QueueBase):
    """A ``FIFOQueue`` whose elements may differ in sizes that are None; those taken out together are filled up with zeros.

    Args:
        capacity, dtypes, names, shared_name: of ``FIFOQueue``.
        shapes: the components', perhaps with None.
    """

    def __init__(
        self,
        capacity: Any,
        dtypes: Any,
        shapes: Any,
        names: Any = None,
        shared_name: str | None = None,
        name: str = "padding_fifo_queue",
    ) -> None:
        super().__init__(dtypes, shapes, names, None)
        self._capacity, self._name = int(capacity), name

    def _stacked(self, values: list, place: int) -> Any:
        arrays = [np.asarray(value.numpy()) for value in values]
        sizes = [max(sizes) for sizes in zip(*(array.shape for array in arrays))]
        filling = b"" if arrays[0].dtype == object else 0
        padded = [
            np.pad(array, [(0, size - n) for n, size in zip(array.shape, sizes)], constant_values=filling)
            for array in arrays
        ]
        return constant(np.stack(padded), dtype=self._dtypes[place])


class PriorityQueue(QueueBase):
    """The element with the lowest number goes first.

    Args:
        capacity, shapes, names, shared_name: of ``FIFOQueue``.
        types: the components' dtypes; a number of int64 comes before them.
    """

    def __init__(
        self,
        capacity: Any,
        types: Any,
        shapes: Any = None,
        names: Any = None,
        shared_name: str | None = None,
        name: str = "priority_queue",
    ) -> None:
        types = list(types) if isinstance(types, (list, tuple)) else [types]
        if shapes is not None:
            shapes = [[], *(shapes if shapes and _is_shape(shapes[0]) else [shapes])]
        super().__init__([int64, *types], shapes, names, None)
        self._capacity, self._name, self._items = int(capacity), name, []

    def _insert(self, parts: list) -> None:
        bisect.insort(self._items, parts, key=lambda item: int(item[0]))

    def _next(self) -> list:
        return self._items.pop(0)


class RandomShuffleQueue(QueueBase):
    """Any element goes next.

    Args:
        capacity, dtypes, shapes, names, shared_name: of ``FIFOQueue``.
        min_after_dequeue: so many stay, until the queue is closed, so that there is a choice.
        seed: of the choice; the order is not TensorFlow's.
    """

    def __init__(
        self,
        capacity: Any,
        min_after_dequeue: Any,
        dtypes: Any,
        shapes: Any = None,
        names: Any = None,
        seed: int | None = None,
        shared_name: str | None = None,
        name: str = "random_shuffle_queue",
    ) -> None:
        super().__init__(dtypes, shapes, names, None)
        self._capacity, self._name, self._items = int(capacity), name, []
        self._least, self._random = int(min_after_dequeue), random.Random(seed)

    def _available(self) -> int:
        return len(self._items) - self._least

    def _next(self) -> list:
        return self._items.pop(self._random.randrange(len(self._items)))


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
