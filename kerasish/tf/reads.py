"""Plain values of Python's that a traced call read from objects: later calls of the trace find them as they were then.

A graph holds ``self.rate`` as a constant. Here the body runs at each call, so its reads of attributes and items are noted by
place and owner in the traced call. What the body itself assigns without a condition (see ``rewriting``) is read anew.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from kerasish.core import tree
from kerasish.core.tensor import Tensor
from kerasish.core.variable import Variable

FIXED = frozenset((bool, int, float, complex, str, bytes, tuple))


def _is_plain(value: Any) -> bool:
    return type(value) in FIXED and (type(value) is not tuple or all(map(_is_plain, value)))


class _Kept:
    """What was read at one place: always the same, or one value after another."""

    __slots__ = ("_position", "_values", "owner")

    def __init__(self, owner: Callable, values: list) -> None:
        self.owner, self._values, self._position = owner, values, 0

    def rewind(self) -> None:
        self._position = 0

    def next(self) -> Any:
        value = self._values[min(self._position, len(self._values) - 1)]
        self._position += 1
        return value


class Reads:
    """The reads of one trace."""

    __slots__ = ("_counted", "_kept", "_noted", "noting")

    def __init__(self) -> None:
        self.noting = True  # until the traced call has ended
        self._noted: dict[tuple, tuple[Any, Callable, Any, list]] = {}
        self._kept: dict[tuple, _Kept] = {}
        self._counted: list[_Kept] = []  # those whose values differ

    def note(self, place: tuple, owner: Any, read: Callable, name: Any, value: Any) -> None:
        """In the traced call: ``read(owner, name)`` has given ``value``."""
        if self.noting and (place in self._noted or _is_plain(value)):
            self._noted.setdefault(place, (owner, read, name, []))[3].append(value)

    def note_result(self, place: tuple, value: Any) -> Any:
        """In the traced call: a function that draws numbers, or tells the time, has given ``value``."""
        if self.noting and not any(isinstance(x, (Tensor, Variable)) for x in tree.flatten(value)):
            copied = value.copy() if isinstance(value, np.ndarray) else value
            self._noted.setdefault(place, (None, _nothing, None, []))[3].append(copied)
        return value

    def value(self, place: tuple, owner: Any, value: Any) -> Any:
        """In a later call: what the traced one found where this one finds ``value``."""
        kept = self._kept.get(place)
        return value if kept is None or kept.owner() is not owner else kept.next()

    def result(self, place: tuple) -> Callable | None:
        """In a later call: what stands for the function of ``note_result``; None: itself."""
        kept = self._kept.get(place)
        return None if kept is None else lambda *args, **kwargs: kept.next()

    def rewind(self) -> None:
        """A call begins."""
        for kept in self._counted:
            kept.rewind()

    def settle(self, assigned: set[str], counted: set[str]) -> None:
        """After the traced call: see what stays.

        Args:
            assigned: attributes that the body assigns.
            counted: those that it assigns in traced calls only.
        """
        for place, (owner, read, name, values) in self._noted.items():
            if owner is None:
                self._keep(place, _nothing, values, differ=True)
            elif name in counted or (name not in assigned and _stays(owner, read, name, values)):
                reference = _reference(owner)
                if reference is not None:
                    self._keep(place, reference, values, differ=any(value != values[0] for value in values))
        self._noted, self.noting = {}, False

    def _keep(self, place: tuple, owner: Callable, values: list, differ: bool) -> None:
        kept = self._kept[place] = _Kept(owner, values if differ else values[:1])
        if len(values) > 1 and differ:
            self._counted.append(kept)


def _nothing(*_: Any) -> None:
    return None


def _stays(owner: Any, read: Callable, name: Any, values: list) -> bool:
    """Whether every read gave one value, which is there still."""
    try:
        values = [*values, read(owner, name)]
    except (AttributeError, LookupError):
        return False
    return all(type(value) is type(values[0]) and value == values[0] for value in values)


def _reference(owner: Any) -> Callable | None:
    """Gives the owner while it is there; None if it cannot be referred to."""
    if isinstance(owner, (list, dict)):
        return lambda: owner
    try:
        return weakref.ref(owner)
    except TypeError:
        return None
