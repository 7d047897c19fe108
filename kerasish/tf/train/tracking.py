"""Objects whose attributes checkpoints follow, and the lists and dicts that they hold."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kerasish.core import deferred


class ListWrapper(list):
    """A list that is an attribute of an object in a checkpoint: values restored before may wait for what is appended."""

    def __init__(self, values: Iterable = ()) -> None:
        super().__init__(map(wrapped, values))

    def append(self, value: Any) -> None:
        super().append(wrapped(value))
        _changed(self)

    def extend(self, values: Iterable) -> None:
        super().extend(map(wrapped, values))
        _changed(self)

    def insert(self, index: Any, value: Any) -> None:
        super().insert(index, wrapped(value))
        _changed(self)

    def __iadd__(self, values: Iterable) -> ListWrapper:  # type: ignore[override,misc]
        self.extend(values)
        return self

    def __setitem__(self, index: Any, value: Any) -> None:
        super().__setitem__(index, [*map(wrapped, value)] if isinstance(index, slice) else wrapped(value))
        _changed(self)

    def __repr__(self) -> str:
        return f"ListWrapper({list.__repr__(self)})"

    __hash__ = object.__hash__  # type: ignore[assignment]


class DictWrapper(dict):
    """A dict that is an attribute of an object in a checkpoint: values restored before may wait for new items."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__({key: wrapped(value) for key, value in dict(*args, **kwargs).items()})

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, wrapped(value))
        _changed(self)

    def update(self, *args: Any, **kwargs: Any) -> None:
        for key, value in dict(*args, **kwargs).items():
            self[key] = value

    def setdefault(self, key: Any, default: Any = None) -> Any:
        if key not in self:
            self[key] = default
        return self[key]

    def __repr__(self) -> str:
        return f"DictWrapper({dict.__repr__(self)})"

    __str__ = dict.__repr__
    __hash__ = object.__hash__  # type: ignore[assignment]


def wrapped(value: Any) -> Any:
    """A plain list or dict in the form that checkpoints follow; anything else as it is."""
    if type(value) is list:
        return ListWrapper(value)
    if type(value) is dict:
        return DictWrapper(value)
    if type(value) is tuple and any(type(part) in (list, dict, tuple) for part in value):
        return tuple(map(wrapped, value))
    return value


def _changed(thing: Any) -> None:
    if deferred.pending:
        deferred.note(thing)


class AutoTrackable:
    """An object whose attributes checkpoints follow."""

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, wrapped(value))
        if deferred.pending:
            deferred.note(self)
