"""What a traced call changed of Python's state, put back for later calls of its trace.

A graph knows how lists, counters and flags stood at each place of the body while it was traced: what is pushed on a list from
outside can be popped and read again. Here the body runs at each call. So a later call begins with all that the traced call
changed as it was before that, changes it in the same way, and leaves it as it found it.
"""

from __future__ import annotations

import collections
import sys
import threading
import types
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from kerasish.core import tree
from kerasish.core.composite import CompositeTensor
from kerasish.core.tensor import Tensor

CONTAINERS = (list, dict, set, collections.deque)
_PLAIN = (bool, int, float, complex, str, bytes, type(None), np.ndarray, np.generic)
_TENSORS = (Tensor, CompositeTensor, torch.Tensor)
_MISSING: Any = object()
_ONLY_HERE = 3  # references that ``sys.getrefcount`` tells of what one entry, and the loop over them, hold
_LONG = 4096  # items of a container that grew outside: it is not copied at each call


class _Container:
    """A list, dictionary, set or deque, with what was in it before the traced call."""

    __slots__ = ("_start", "held")

    def __init__(self, held: Any) -> None:
        self.held, self._start = held, _content(held)

    def is_kept(self, made_variables: bool) -> bool:
        """Whether it holds what a call may not make again: variables, layers."""
        now = self.held.values() if isinstance(self.held, dict) else self.held
        return any(_is_kept(x) or (made_variables and not _is_value(x)) for x in now)

    def holds_objects(self) -> bool:
        """Whether there were objects in it before, which a trace would keep from going."""
        parts = [*self._start, *self._start.values()] if isinstance(self._start, dict) else self._start
        return not all(isinstance(x, (*CONTAINERS, *_TENSORS, *_PLAIN, tuple, type)) or callable(x) for x in parts)

    def grew(self) -> bool:
        return len(self.held) > _LONG + 4 * len(self._start)

    def forget(self) -> None:
        self._start = []

    def begin(self) -> Any:
        now = _content(self.held)
        _fill(self.held, self._start)
        return now

    def end(self, before: Any) -> None:
        _fill(self.held, before)


class _Place:
    """An attribute of an object or class, a global name, or a variable of a function around.

    Attributes:
        counts: what it is given depends on what it was: such statements run in traced calls only.
    """

    __slots__ = ("_names", "_owner", "_start", "counts", "name")

    def __init__(self, owner: Any, names: Any, name: str, counts: bool) -> None:
        self._owner, self._names, self.name, self.counts = (
            weakref.ref(owner) if names is None else None,
            names,
            name,
            counts,
        )
        self._start = self.value()

    def _held(self) -> Any:
        if self._names is not None:
            return self._names
        owner = self._owner()  # type: ignore[misc]
        return None if owner is None else owner.__dict__

    def value(self) -> Any:
        held = self._held()
        if isinstance(held, types.CellType):
            return _MISSING if held == types.CellType() else held.cell_contents
        return _MISSING if held is None else held.get(self.name, _MISSING)

    def is_gone(self) -> bool:
        return self._held() is None

    def begin(self) -> Any:
        now = self.value()
        self._put(self._start)
        return now

    def end(self, before: Any) -> None:
        if self.counts or not _has_tensor(self.value()):  # a tensor that the call has left is its result
            self._put(before)

    def _put(self, value: Any) -> None:
        held = self._held()
        if held is None:
            return
        if isinstance(held, types.CellType):
            if value is not _MISSING:
                held.cell_contents = value
            return
        owner = None if self._owner is None else self._owner()
        if isinstance(owner, type):
            type.__delattr__(owner, self.name) if value is _MISSING and self.name in held else None
            type.__setattr__(owner, self.name, value) if value is not _MISSING else None
        elif value is _MISSING:
            held.pop(self.name, None)
        else:
            held[self.name] = value


class Changes:
    """What one trace changes.

    Attributes:
        containers: those that the traced call changed and that are still there, by identity.
        names: the global names that are put back.
    """

    __slots__ = ("_assigned", "_lock", "_noting", "_places", "_put_back", "containers", "names")

    def __init__(self) -> None:
        self._noting = True
        self._lock = threading.RLock()  # what is put back is seen by all threads: calls of one trace take turns
        self.containers: dict[int, Any] = {}
        self.names: set[str] = set()
        self._places: dict[tuple, _Place] = {}
        self._put_back: dict[int, Any] = {}
        self._assigned: set[Any] = set()

    def __bool__(self) -> bool:
        """Whether there is something to put back."""
        return not self._noting and bool(self._put_back or self._places)

    def note(self, held: Any) -> None:
        """In the traced call: the container, if it is one, will be changed."""
        if self._noting and isinstance(held, CONTAINERS) and id(held) not in self.containers:
            self.containers[id(held)] = _Container(held)

    def note_attribute(self, owner: Any, name: str, counts: bool) -> None:
        """In the traced call: an attribute will be changed."""
        if not self._noting or name.startswith("__"):
            return
        known = self._places.get((id(owner), name))
        if known is not None:
            known.counts = known.counts or counts
            return
        if not hasattr(owner, "__dict__") or hasattr(getattr(type(owner), name, None), "__set__"):
            return  # a property does more
        try:
            self._places[id(owner), name] = _Place(owner, None, name, counts)
        except TypeError:  # it cannot be referred to weakly
            return

    def note_names(self, names: dict, stored: set[str]) -> None:
        """In the traced call: a function that assigns global names will run."""
        for name in stored:
            if (id(names), name) not in self._assigned:
                self._assigned.add((id(names), name))
                if self._noting:
                    self._places[id(names), name] = _Place(None, names, name, counts=False)

    def note_cells(self, cells: dict[str, types.CellType], stored: set[str]) -> None:
        """In the traced call: a function that assigns variables of those around it will run."""
        for name in stored & set(cells):
            if id(cells[name]) not in self._assigned:
                self._assigned.add(id(cells[name]))
                if self._noting:
                    self._places[id(cells[name]), name] = _Place(None, cells[name], name, counts=False)

    def has(self, held: Any) -> bool:
        """Whether a container is put back."""
        return id(held) in self._put_back

    def has_attribute(self, owner: Any, name: str | None) -> bool:
        """Whether an attribute is put back."""
        return (id(owner), name) in self._places

    def is_assigned(self, names: Any, name: str | None = None) -> bool:
        """Whether a function of the trace assigns a global name, or what is in a cell."""
        return (id(names) if name is None else (id(names), name)) in self._assigned

    def settle(self, made_variables: bool) -> None:
        """After the traced call: see what is put back.

        What was made to stay, variables and layers, is not made again, nor do the flags that tell of it change.
        """
        self._noting = False
        for key, entry in list(self.containers.items()):
            if sys.getrefcount(entry.held) <= _ONLY_HERE - 1:  # the call's own
                del self.containers[key]
        kept = {key for key, entry in self.containers.items() if entry.is_kept(made_variables)}
        values = {key: place.value() for key, place in self._places.items() if not place.is_gone()}
        lasting = {key for key, value in values.items() if not (_is_value(value) or _has_tensor(value))}
        once = made_variables or bool(kept or lasting)
        self._put_back = {
            key: entry for key, entry in self.containers.items() if key not in kept and not entry.holds_objects()
        }
        for key in self.containers.keys() - self._put_back.keys():
            self.containers[key].forget()
        self._places = {
            key: self._places[key]
            for key, value in values.items()
            if key not in lasting and not (once and not self._places[key].counts and _is_value(value))
        }
        self.names = {place.name for place in self._places.values() if place._names is not None}

    @contextmanager
    def put_back(self) -> Iterator[None]:
        """A later call's block."""
        with self._lock:
            for key in [key for key, entry in self._put_back.items() if entry.grew()]:
                del self._put_back[key]
            entries = [*self._put_back.values(), *self._places.values()]
            held = [entry.begin() for entry in entries]
            try:
                yield
            finally:
                for entry, before in zip(entries, held):
                    entry.end(before)


def _content(held: Any) -> Any:
    return dict(held) if isinstance(held, dict) else list(held)


def _fill(held: Any, content: Any) -> None:
    """Let a container hold something else, without what subclasses do about it."""
    if isinstance(held, list):
        list.__setitem__(held, slice(None), content)
        return
    kind: Callable = next(kind for kind in CONTAINERS if isinstance(held, kind))
    kind.clear(held)  # type: ignore[attr-defined]
    if isinstance(held, collections.OrderedDict):
        for key, value in content.items():
            collections.OrderedDict.__setitem__(held, key, value)
    else:
        (kind.extend if kind is collections.deque else kind.update)(held, content)  # type: ignore[attr-defined]


def _is_value(value: Any) -> bool:
    """Whether it is Python's own: numbers, texts, or nothing, or not there."""
    if isinstance(value, (list, tuple, set, dict)):
        return all(map(_is_value, value.values() if isinstance(value, dict) else value))
    return value is _MISSING or isinstance(value, _PLAIN)


def _has_tensor(value: Any) -> bool:
    return any(isinstance(x, _TENSORS) for x in tree.flatten(value))


def _is_kept(value: Any) -> bool:
    """Whether it is one of our objects that last: a variable, layer, function, table."""
    if isinstance(value, (*_TENSORS, *_PLAIN)):
        return False
    return any(kind.__module__.partition(".")[0] in ("kerasish", "torch") for kind in type(value).__mro__)
