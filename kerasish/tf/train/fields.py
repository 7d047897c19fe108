"""The fields of messages: their kinds, and what repeated fields and maps hold."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableSequence
from typing import Any, NamedTuple

import numpy as np


class Enum:
    """A kind of fields whose numbers have names.

    Args:
        name: of the kind.
        values: numbers by name.
    """

    def __init__(self, name: str, values: dict[str, int]) -> None:
        self.name, self.values = name, values

    def name_of(self, number: int) -> str | None:
        """The name of a number; None if it has none."""
        return next((name for name, value in self.values.items() if value == number), None)


class Field(NamedTuple):
    """A field of a message.

    Args:
        number: on the wire.
        kind: "bytes", "string", "float", "double", "int64", "int32", "bool", an ``Enum`` or a class of messages.
        label: "" (one), "repeated", "map" or the name of a group of which one can be set.
        key: the kind of a map's keys: "string" or "int32".
    """

    number: int
    kind: Any
    label: str = ""
    key: str = "string"

    @property
    def holds_messages(self) -> bool:
        return isinstance(self.kind, type)


FIXED = {"float": "<f4", "double": "<f8"}
DEFAULTS = {"bytes": b"", "string": "", "float": 0.0, "double": 0.0, "bool": False}
_BITS = {"int64": 63, "int32": 31}


def checked(kind: Any, value: Any, where: str) -> Any:
    """A scalar as a field of this kind keeps it.

    Raises:
        TypeError: of another kind. ValueError: an integer that is too large.
    """
    if kind == "bytes":
        if not isinstance(value, bytes):
            raise TypeError(f"expected bytes, {type(value).__name__} found")
        return bytes(value)
    if kind == "string":
        if not isinstance(value, (str, bytes)):
            raise TypeError(f"bad argument type for built-in operation: a {type(value).__name__}")
        return value if isinstance(value, str) else value.decode()
    if kind in FIXED:
        if isinstance(value, (str, bytes)):
            raise TypeError(f"must be real number, not {type(value).__name__}")
        with np.errstate(over="ignore"):
            return float(value) if kind == "double" else float(np.float32(float(value)))
    if kind == "bool":
        return bool(value)
    if isinstance(kind, Enum):
        if isinstance(value, str) and value not in kind.values:
            raise ValueError(f'unknown enum label "{value}"')
        return kind.values[value] if isinstance(value, str) else operator.index(value)
    if isinstance(value, (bool, np.bool_)):
        raise TypeError(f"Field {where}: Expected an int, got a boolean.")
    number = operator.index(value)
    if not -(1 << _BITS[kind]) <= number < 1 << _BITS[kind]:
        raise ValueError(f"Value out of range: {number}")
    return number


class Repeated(MutableSequence):
    """The values of a repeated field."""

    __slots__ = ("_changed", "_field", "_items", "_where")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, field: Field, where: str, changed: Callable[[], None]) -> None:
        self._field, self._where, self._changed = field, where, changed
        self._items: list = []

    def _taken(self, value: Any) -> Any:
        if not self._field.holds_messages:
            return checked(self._field.kind, value, self._where)
        if not isinstance(value, self._field.kind):
            raise TypeError(f"Parameter must be instance of same class: expected {self._field.kind} got {type(value)}.")
        return self._owned(value._copy())

    def _owned(self, message: Any) -> Any:
        message._owner = self._changed
        return message

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: Any) -> Any:
        return self._items[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        if self._field.holds_messages:
            raise TypeError("does not support assignment")
        self._items[index] = list(map(self._taken, value)) if isinstance(index, slice) else self._taken(value)
        self._changed()

    def __delitem__(self, index: Any) -> None:
        del self._items[index]

    def insert(self, index: int, value: Any) -> None:
        self._items.insert(index, self._taken(value))
        self._changed()

    def extend(self, values: Iterable) -> None:
        if not isinstance(values, Iterable):
            raise TypeError("must assign iterable" if values is not None else "'NoneType' object is not iterable")
        plain = {"int64": "i", "float": "f"}.get(self._field.kind)
        if isinstance(values, np.ndarray) and values.ndim == 1 and values.dtype.kind == plain and values.itemsize <= 8:
            taken = (values if plain == "i" else values.astype(np.float32)).tolist()
        else:
            taken = [self._taken(value) for value in values]
        self._items.extend(taken)
        if taken:
            self._changed()

    MergeFrom = extend

    def add(self, **fields: Any) -> Any:
        """Append a message made of these fields, and return it."""
        if not self._field.holds_messages:
            raise AttributeError("'RepeatedScalarContainer' object has no attribute 'add'")
        message = self._owned(self._field.kind(**fields))
        self._items.append(message)
        self._changed()
        return message

    def sort(self, *, key: Callable | None = None, reverse: bool = False) -> None:
        self._items.sort(key=key, reverse=reverse)

    def reverse(self) -> None:
        self._items.reverse()

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Repeated):
            return self._items == other._items
        return self._items == other if isinstance(other, list) else NotImplemented

    def __repr__(self) -> str:
        return repr(self._items)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        own = {"float": np.float32, "double": np.float64, "int64": np.int64, "int32": np.int32, "bool": np.bool_}
        if not isinstance(self._field.kind, str) or self._field.kind not in own:
            return np.array(self._items, dtype=dtype)
        return np.array(self._items, dtype=own[self._field.kind] if dtype is None else dtype)


class Map(Mapping):
    """A field from strings or integers to values: what is asked for and not there is made.

    Args:
        entry: gives the class of messages of a key and a value.
    """

    __slots__ = ("_changed", "_entry", "_field", "_items")

    def __init__(self, field: Field, changed: Callable[[], None], entry: Callable[[], type]) -> None:
        self._field, self._changed, self._entry = field, changed, entry
        self._items: dict[Any, Any] = {}

    def _key(self, key: Any) -> Any:
        return checked(self._field.key, key, "key")

    def __getitem__(self, key: Any) -> Any:
        key = self._key(key)
        if key not in self._items:
            self._items[key] = self._made()
            self._changed()
        return self._items[key]

    get_or_create = __getitem__

    def _made(self) -> Any:
        if not self._field.holds_messages:
            return DEFAULTS.get(self._field.kind, 0)
        made = self._field.kind()
        made._owner = self._changed
        return made

    def __contains__(self, key: object) -> bool:
        return self._key(key) in self._items

    def get(self, key: Any, default: Any = None) -> Any:
        return self._items.get(self._key(key), default)

    def __setitem__(self, key: Any, value: Any) -> None:
        if self._field.holds_messages:
            raise ValueError("Message objects may not be assigned")
        self._items[self._key(key)] = checked(self._field.kind, value, "value")
        self._changed()

    def __delitem__(self, key: Any) -> None:
        del self._items[key]

    def pop(self, key: Any, *default: Any) -> Any:
        return self._items.pop(key, *default)

    def clear(self) -> None:
        self._items.clear()

    def __iter__(self) -> Iterator:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return repr(self._items)

    def GetEntryClass(self) -> type:
        """The class of messages of a key and a value."""
        return self._entry()

    def update(self, other: Any) -> None:
        """Take over the values of another mapping."""
        for key, value in dict(other).items():
            self[key] = value

    def MergeFrom(self, other: Any) -> None:
        """Take over the other's entries."""
        for key in other:
            if not self._field.holds_messages:
                self[key] = other[key]
            elif isinstance(other[key], dict):
                self[key].CopyFrom(self._field.kind(**other[key]))
            else:
                self[key].CopyFrom(other[key])
