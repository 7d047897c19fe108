"""Messages as Protocol Buffers' Python classes behave: attributes, presence, containers, text.

A class lists its fields; ``Message`` does the rest. A message that is read for the first time as a field of another is not
yet part of it: it becomes so when something in it changes.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from kerasish.core import wire
from kerasish.core.wire import DecodeError
from kerasish.tf.train.descriptors import Descriptor, FieldDescriptor, entry_name
from kerasish.tf.train.fields import DEFAULTS, FIXED, Enum, Field, Map, Repeated, checked


class Message:
    """Base of the messages.

    Args:
        fields: by name; messages may be given as dictionaries.

    Raises:
        TypeError, ValueError: values of other kinds, unknown names.
    """

    __slots__ = ("_owner", "_present", "_unknown", "_values")
    __hash__ = None  # type: ignore[assignment]
    _fields: dict[str, Field] = {}
    _name = ""
    DESCRIPTOR: ClassVar[Descriptor]

    def __init_subclass__(cls) -> None:
        cls._read_table()

    @classmethod
    def _read_table(cls) -> None:
        """Make what follows from the table of fields."""
        for name, field in cls._fields.items():
            setattr(cls, f"{name.upper()}_FIELD_NUMBER", field.number)
        cls._by_number = {field.number: (name, field) for name, field in cls._fields.items()}
        for name, field in cls._fields.items():
            if field.label == "map":
                setattr(cls, entry_name(name), cls._entry_class(name))
        cls.DESCRIPTOR = Descriptor(cls)

    @classmethod
    def _entry_class(cls, name: str) -> type[Message]:
        """The class of messages of a map's key and value."""
        own = entry_name(name)
        if own not in vars(cls):
            field = cls._fields[name]
            parts = {"key": Field(1, field.key), "value": Field(2, field.kind)}
            setattr(cls, own, type(own, (Message,), {"_fields": parts, "_name": f"{cls._name}.{own}", "__slots__": ()}))
        return vars(cls)[own]

    def __init__(self, *args: Any, **fields: Any) -> None:
        if args:
            raise TypeError("No positional arguments allowed")
        self._reset()
        for name, value in fields.items():
            field = self._field(name)
            if value is None:
                continue
            self._take(name, field, value)

    def _reset(self) -> None:
        put = functools.partial(object.__setattr__, self)
        put("_values", {})
        put("_owner", None)
        put("_present", False)
        put("_unknown", b"")

    def _field(self, name: str) -> Field:
        field = self._fields.get(name)
        if field is None:
            raise ValueError(f'Protocol message {type(self).__name__} has no "{name}" field.')
        return field

    def _take(self, name: str, field: Field, value: Any) -> None:
        """Set a field from a value given to the constructor."""
        if field.label == "map":
            if not hasattr(value, "keys"):
                raise TypeError(f"bad argument type for built-in operation: a {type(value).__name__} for a map")
            getattr(self, name).MergeFrom(value)
        elif field.label == "repeated":
            getattr(self, name).extend(value)
        elif isinstance(field.kind, type):
            if isinstance(value, dict):
                value = field.kind(**value)
            if not isinstance(value, field.kind):
                raise TypeError(
                    "Parameter to initialize message field must be dict or instance of same class: expected "
                    f"{field.kind} got {type(value)}."
                )
            getattr(self, name).CopyFrom(value)
        else:
            setattr(self, name, value)

    # presence

    def SetInParent(self) -> None:
        """Make this message part of the one that it was read from."""
        object.__setattr__(self, "_present", True)
        if self._owner is not None:
            self._owner()

    def _set(self, name: str) -> None:
        """Note that a field has changed; of a group it is now the one that is set."""
        group = self._fields[name].label
        if group not in ("", "repeated", "map"):
            for other, field in self._fields.items():
                if other != name and field.label == group:
                    self._values.pop(other, None)
        self.SetInParent()

    def __getattr__(self, name: str) -> Any:
        field = type(self)._fields.get(name)
        if field is None:
            raise AttributeError(name)
        found = self._values.get(name)
        if found is not None:
            return found
        changed = functools.partial(self._set, name)
        if field.label == "repeated":
            found = Repeated(field, f"{self._name}.{name}", changed)
        elif field.label == "map":
            found = Map(field, changed, functools.partial(self._entry_class, name))
        elif isinstance(field.kind, type):
            found = field.kind()
            found._owner = changed
        else:
            return DEFAULTS.get(field.kind, 0)
        self._values[name] = found
        return found

    def __setattr__(self, name: str, value: Any) -> None:
        if name in Message.__slots__:
            object.__setattr__(self, name, value)
            return
        field = self._fields.get(name)
        if field is None:
            raise AttributeError(f'Protocol message {type(self).__name__} has no "{name}" field.')
        if field.label in ("map", "repeated"):
            raise AttributeError(
                f'Assignment not allowed to map, or repeated field "{name}" in protocol message object.'
            )
        if isinstance(field.kind, type):
            raise AttributeError(f'Assignment not allowed to message field "{name}" in protocol message object.')
        self._values[name] = checked(field.kind, value, f"{self._name}.{name}")
        self._set(name)

    def _has(self, name: str) -> bool:
        value = self._values.get(name)
        if isinstance(value, Message):
            return value._present
        return bool(value) if isinstance(value, (Repeated, Map)) else value is not None

    def HasField(self, field_name: str) -> bool:
        """Whether a message, or a field of a group, is set.

        Raises:
            ValueError: there is no such field, or it is one that is never absent.
        """
        field = self._field(field_name)
        if field.label in ("map", "repeated") or not (field.label or field.holds_messages):
            raise ValueError(f"Field {self._name}.{field_name} does not have presence.")
        return self._has(field_name)

    def WhichOneof(self, oneof_group: str) -> str | None:
        """The name of the field of a group that is set."""
        if oneof_group not in {field.label for field in self._fields.values()} - {"", "map", "repeated"}:
            raise ValueError(f'Protocol message {type(self).__name__} has no "{oneof_group}" field.')
        return next((n for n, f in self._fields.items() if f.label == oneof_group and self._has(n)), None)

    def ListFields(self) -> list[tuple[FieldDescriptor, Any]]:
        """(description, value) of each field that is set, by number."""
        described = sorted(self.DESCRIPTOR.fields, key=lambda field: field.number)
        return [(field, self._values[field.name]) for field in described if self._listed(field.name)]

    def _listed(self, name: str) -> bool:
        value = self._values.get(name)
        return self._has(name) and (
            isinstance(value, Message) or self._fields[name].label not in ("", "repeated", "map") or bool(value)
        )

    def UnknownFields(self) -> Any:
        """What the class knows nothing of: an object of ``google.protobuf``, where that is installed.

        Raises:
            ImportError: it is not.
        """
        try:
            from google.protobuf import unknown_fields
            from google.protobuf.empty_pb2 import Empty
        except ImportError:
            raise ImportError("UnknownFields needs Protocol Buffers' package: pip install protobuf") from None
        return unknown_fields.UnknownFieldSet(Empty.FromString(self._unknown))

    def HasExtension(self, field_descriptor: Any) -> bool:
        """Whether an extension is set: messages have none.

        Raises:
            KeyError: always.
        """
        raise self._no_extension(field_descriptor)

    ClearExtension = HasExtension

    Extensions: ClassVar[Mapping] = MappingProxyType({})  # the values of extensions: none

    def _no_extension(self, field: Any) -> KeyError:
        return KeyError(f"Extension {getattr(field, 'full_name', field)!r} does not extend message type {self._name!r}")

    def ClearField(self, field_name: str) -> None:
        """Take away a field, or what is set of a group."""
        group = [name for name, field in self._fields.items() if field.label == field_name]
        if not group:
            self._field(field_name)
        for name in group or [field_name]:
            self._values.pop(name, None)

    def Clear(self) -> None:
        """Take away everything."""
        self._values.clear()
        self._unknown = b""

    # copies

    def _copy(self) -> Any:
        copy = type(self)()
        copy.MergeFrom(self)
        return copy

    def CopyFrom(self, other_msg: Any) -> None:
        """Become equal to another message of the class."""
        if other_msg is self:
            return
        self._same_class(other_msg, "CopyFrom")
        self.Clear()
        self.MergeFrom(other_msg)
        self.SetInParent()

    def _same_class(self, other: Any, what: str) -> None:
        if type(other) is not type(self):
            raise TypeError(
                f"Parameter to {what}() must be instance of same class: expected {type(self)} got {type(other)}."
            )

    def MergeFrom(self, other_msg: Any) -> None:
        """Take over what is set in another message of the class: lists grow, entries of maps are replaced."""
        self._same_class(other_msg, "MergeFrom")
        for name, field in self._fields.items():
            if not other_msg._has(name):
                continue
            value = other_msg._values[name]
            if field.label in ("map", "repeated"):
                getattr(self, name).MergeFrom(value)
            elif isinstance(value, Message):
                getattr(self, name).MergeFrom(value)
                getattr(self, name).SetInParent()
            else:
                setattr(self, name, value)
        self._unknown = self._unknown + other_msg._unknown

    def __deepcopy__(self, memo: dict) -> Any:
        return self._copy()

    __copy__ = _copy

    def __reduce__(self) -> tuple:
        return type(self).FromString, (self.SerializeToString(),)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self.SerializeToString() == other.SerializeToString()  # type: ignore[attr-defined]

    # bytes

    def SerializeToString(self, *, deterministic: bool | None = None) -> bytes:
        """The message as bytes; maps in the order of their keys, always."""
        parts = []
        for name, field in sorted(self._fields.items(), key=lambda pair: pair[1].number):
            if self._listed(name):
                parts.append(_written(field, self._values[name]))
        return b"".join([*parts, self._unknown])

    SerializePartialToString = SerializeToString

    def ByteSize(self) -> int:
        return len(self.SerializeToString())

    @classmethod
    def FromString(cls, s: Any) -> Any:
        """The message that bytes are of.

        Raises:
            DecodeError: they are of none.
        """
        message = cls()
        message.MergeFromString(s)
        return message

    def ParseFromString(self, serialized: Any) -> int:
        """Become the message that bytes are of; their number."""
        self.Clear()
        return self.MergeFromString(serialized)

    def MergeFromString(self, serialized: Any) -> int:
        """Take over what is set in the message that bytes are of; their number."""
        if not isinstance(serialized, (bytes, bytearray, memoryview)):
            raise TypeError(f"expected bytes, {type(serialized).__name__} found")
        data = bytes(serialized)
        try:
            self._read(data, 0, len(data))
        except (DecodeError, UnicodeDecodeError) as error:
            raise DecodeError(f"Error parsing message with type '{self._name}': {error}") from None
        return len(data)

    def _read(self, data: bytes, start: int, end: int) -> None:
        known = type(self)._by_number
        for number, kind, value, first in wire.fields(data, start, end):
            name, field = known.get(number, ("", None))
            if field is None or not _read_field(self, name, field, data, kind, value):
                stop = (
                    value[1]
                    if isinstance(value, tuple)
                    else wire.varint(data, wire.varint(data, first, end)[1], end)[1]
                )
                self._unknown = self._unknown + data[first:stop]
        object.__setattr__(self, "_present", True)

    def IsInitialized(self, errors: list | None = None) -> bool:
        return True

    def FindInitializationErrors(self) -> list[str]:
        return []

    def DiscardUnknownFields(self) -> None:
        self._unknown = b""

    # text

    def __str__(self) -> str:
        return "".join(f"{line}\n" for line in self._lines())

    __repr__ = __str__

    def __dir__(self) -> list[str]:
        return sorted({*object.__dir__(self), *self._fields})

    def _lines(self) -> Iterator[str]:
        for name, field in sorted(self._fields.items(), key=lambda pair: pair[1].number):
            if not self._listed(name):
                continue
            value = self._values[name]
            if field.label == "map":
                for key in sorted(value):
                    inner = [f"key: {_text(key)}", *_shown("value", field, value[key])]
                    yield from (f"{name} {{", *(f"  {line}" for line in inner), "}")
                continue
            for item in value if field.label == "repeated" else [value]:
                yield from _shown(name, field, item)


def _shown(name: str, field: Field, item: Any) -> list[str]:
    if isinstance(item, Message):
        return _block(name, item)
    label = field.kind.name_of(item) if isinstance(field.kind, Enum) else None
    return [f"{name}: {label or _text(item)}"]


def _block(name: str, message: Message) -> list[str]:
    return [f"{name} {{", *(f"  {line}" for line in message._lines()), "}"]


_ESCAPES = {10: "\\n", 13: "\\r", 9: "\\t", 34: '\\"', 39: "\\'", 92: "\\\\"}


def _quoted(value: bytes, text: bool = False) -> str:
    units: Iterable[int] = map(ord, value.decode()) if text else value
    plain = (lambda unit: unit >= 32 and unit != 127) if text else (lambda unit: 32 <= unit < 127)
    return '"' + "".join(_ESCAPES.get(u) or (chr(u) if plain(u) else f"\\{u:03o}") for u in units) + '"'


def _text(value: Any) -> str:
    if isinstance(value, (bytes, str)):
        return _quoted(value if isinstance(value, bytes) else value.encode(), isinstance(value, str))
    if isinstance(value, bool):
        return str(value).lower()
    return _float_text(value) if isinstance(value, float) else str(value)


def _float_text(value: float) -> str:
    """A number as C's ``%g`` writes it, with six digits, or nine if a float32 needs more."""
    short = f"{value:.6g}"
    return short if value != value or np.float32(short) == np.float32(value) else f"{value:.9g}"


# fields on the wire ---------------------------------------------------------------------------------------------------


def _written(field: Field, value: Any) -> bytes:
    if field.label == "map":
        of_key, of_value = Field(1, field.key), Field(2, field.kind)
        entries = [_written(of_key, key) + _written(of_value, value[key]) for key in sorted(value)]
        return b"".join(wire.write_bytes(field.number, entry) for entry in entries)
    if isinstance(field.kind, type):
        items = value if field.label == "repeated" else [value]
        return b"".join(wire.write_bytes(field.number, item.SerializeToString()) for item in items)
    items = value._items if field.label == "repeated" else [value]
    if field.kind in ("bytes", "string"):
        encoded = [item if isinstance(item, bytes) else item.encode() for item in items]
        return b"".join(wire.write_bytes(field.number, item) for item in encoded)
    if field.kind in FIXED:
        with np.errstate(over="ignore"):
            content = np.array(items, np.float64).astype(FIXED[field.kind]).tobytes()
        kind = wire.FIXED32 if field.kind == "float" else wire.FIXED64
    else:
        content, kind = wire.write_varints(map(int, items)), wire.VARINT
    if field.label == "repeated":
        return wire.write_bytes(field.number, content)
    return wire.write_varint(field.number << 3 | kind) + content


def _read_field(message: Message, name: str, field: Field, data: bytes, kind: int, value: Any) -> bool:
    """Take a field from the wire; False if it is written in another way than such a field is."""
    if field.label == "map" or isinstance(field.kind, type) or field.kind in ("bytes", "string"):
        if kind != wire.BYTES:
            return False
        if field.label == "map":
            _read_entry(message, name, data, *value)
        elif isinstance(field.kind, type):
            holder = getattr(message, name)
            inner = field.kind() if field.label == "repeated" else holder
            inner._read(data, *value)
            if field.label == "repeated":
                holder._items.append(holder._owned(inner))
        else:
            content = data[slice(*value)]
            _keep(message, name, field, [content if field.kind == "bytes" else content.decode()])
    else:
        items = _numbers(field.kind, data, kind, value)
        if items is None:
            return False
        _keep(message, name, field, items)
    message._set(name)
    return True


def _keep(message: Message, name: str, field: Field, items: list) -> None:
    if field.label == "repeated":
        getattr(message, name)._items.extend(items)
    elif items:
        message._values[name] = items[-1]


def _numbers(wanted: str, data: bytes, kind: int, value: Any) -> list | None:
    """Numbers of a field, written one by one or packed."""
    if wanted in FIXED:
        alone = wire.FIXED32 if wanted == "float" else wire.FIXED64
        return wire.numbers(data, *value, FIXED[wanted]).tolist() if kind in (alone, wire.BYTES) else None
    if kind == wire.VARINT:
        items = [wire.signed(value)]
    elif kind == wire.BYTES:
        items = wire.varints(data, *value).tolist()
    else:
        return None
    return [bool(item) for item in items] if wanted == "bool" else items


def _read_entry(message: Message, name: str, data: bytes, start: int, end: int) -> None:
    entries, field = getattr(message, name), message._fields[name]
    if not field.holds_messages:
        entry = message._entry_class(name)()
        entry._read(data, start, end)
        entries[entry.key] = entry.value
        return
    key, content = "", []
    for number, kind, value, _ in wire.fields(data, start, end):
        if kind == wire.BYTES and number == 1:
            key = data[slice(*value)].decode()
        elif kind == wire.BYTES and number == 2:
            content.append(value)
    entries._items.pop(key, None)
    made = entries[key]
    for place in content:
        made._read(data, *place)
