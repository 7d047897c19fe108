"""What messages say of themselves, as the descriptors of ``google.protobuf`` do: its JSON and text formats read them.

A descriptor is a view of a class's table of fields.
"""

from __future__ import annotations

import functools
from types import SimpleNamespace
from typing import Any

from kerasish.tf.train.fields import DEFAULTS, Enum, Field

# Protocol Buffers' numbers: of the types of fields, and of the types that languages have for them.
_TYPES = {"double": 1, "float": 2, "int64": 3, "int32": 5, "bool": 8, "string": 9, "bytes": 12}
_OF_LANGUAGES = {"double": 5, "float": 6, "int64": 2, "int32": 1, "bool": 7, "string": 9, "bytes": 9}
_MESSAGE, _CPP_MESSAGE, _ENUM, _CPP_ENUM = 11, 10, 14, 8
_ONE, _MANY = 1, 3
_LABELS = ("", "repeated", "map")
_FILE = SimpleNamespace(name="kerasish.proto", package="tensorflow", syntax="proto3")


def entry_name(field: str) -> str:
    """``feature_list`` → ``FeatureListEntry``: what the messages of a map's keys and values are called."""
    return "".join(word.capitalize() for word in field.split("_")) + "Entry"


class EnumDescriptor:
    """The names of an enumeration's numbers."""

    is_closed = False

    def __init__(self, enum: Enum) -> None:
        self.full_name, self.name = enum.name, enum.name.rpartition(".")[2]
        self.values = [
            SimpleNamespace(name=name, number=number, index=i, GetOptions=lambda: _Options(False))
            for i, (name, number) in enumerate(enum.values.items())
        ]
        self.values_by_name = {value.name: value for value in self.values}
        self.values_by_number = {value.number: value for value in self.values}


class _Options:
    """A field's or message's options: whether it is a map's entry; extensions there are none of."""

    def __init__(self, map_entry: bool) -> None:
        self.map_entry = map_entry
        self.message_set_wire_format = False

    def HasExtension(self, extension: Any) -> bool:
        return False


class FieldDescriptor:
    """One field of a message.

    Args:
        owner: the message's descriptor.
        name, field: as in the class's table.
        index: its place in the table.
    """

    is_extension = is_required = False
    extension_scope = None
    has_options = False

    def __init__(self, owner: Descriptor, name: str, field: Field, index: int) -> None:
        self.containing_type, self.name, self.index, self._field = owner, name, index, field
        self.file = _FILE
        self.number = field.number
        self.full_name = f"{owner.full_name}.{name}"
        words = name.split("_")
        self.json_name = self.camelcase_name = words[0] + "".join(word.capitalize() for word in words[1:])
        self.is_repeated = field.label in ("repeated", "map")
        self.label = _MANY if self.is_repeated else _ONE
        self.is_packed = (
            field.label == "repeated" and not field.holds_messages and field.kind not in ("string", "bytes")
        )
        if field.label == "map" or field.holds_messages:
            self.type, self.cpp_type = _MESSAGE, _CPP_MESSAGE
        elif isinstance(field.kind, Enum):
            self.type, self.cpp_type = _ENUM, _CPP_ENUM
        else:
            self.type, self.cpp_type = _TYPES[field.kind], _OF_LANGUAGES[field.kind]
        self.has_presence = not self.is_repeated and bool(field.label or field.holds_messages)

    @property
    def message_type(self) -> Descriptor | None:
        """The descriptor of the messages that it holds; of a map, those of keys and values."""
        if self._field.label == "map":
            return self.containing_type._concrete_class._entry_class(self.name).DESCRIPTOR
        return self._field.kind.DESCRIPTOR if self._field.holds_messages else None

    @functools.cached_property
    def enum_type(self) -> EnumDescriptor | None:
        return EnumDescriptor(self._field.kind) if isinstance(self._field.kind, Enum) else None

    @property
    def default_value(self) -> Any:
        if self.is_repeated:
            return []
        return None if self._field.holds_messages else DEFAULTS.get(self._field.kind, 0)

    @property
    def containing_oneof(self) -> OneofDescriptor | None:
        """The group of fields of which one can be set."""
        return self.containing_type.oneofs_by_name.get(self._field.label)

    def GetOptions(self) -> _Options:
        return _Options(False)


class OneofDescriptor:
    """Fields of which one can be set."""

    def __init__(self, owner: Descriptor, name: str, fields: list[FieldDescriptor]) -> None:
        self.containing_type, self.name, self.fields = owner, name, fields
        self.full_name = f"{owner.full_name}.{name}"


class Descriptor:
    """A class of messages.

    Args:
        of: the class, with its name and table of fields.
    """

    is_extendable = False
    file = _FILE
    containing_type = None

    def __init__(self, of: type) -> None:
        self._concrete_class: Any = of
        self.full_name = of._name  # type: ignore[attr-defined]
        self.name = self.full_name.rpartition(".")[2]
        self.has_options = self._is_entry

    @property
    def _is_entry(self) -> bool:
        return self.name.endswith("Entry") and list(self._concrete_class._fields) == ["key", "value"]

    @functools.cached_property
    def fields(self) -> list[FieldDescriptor]:
        table = self._concrete_class._fields.items()
        return [FieldDescriptor(self, name, field, i) for i, (name, field) in enumerate(table)]

    @property
    def fields_by_name(self) -> dict[str, FieldDescriptor]:
        return {field.name: field for field in self.fields}

    @property
    def fields_by_number(self) -> dict[int, FieldDescriptor]:
        return {field.number: field for field in self.fields}

    @property
    def fields_by_camelcase_name(self) -> dict[str, FieldDescriptor]:
        return {field.camelcase_name: field for field in self.fields}

    @functools.cached_property
    def oneofs(self) -> list[OneofDescriptor]:
        groups = dict.fromkeys(field._field.label for field in self.fields if field._field.label not in _LABELS)
        return [OneofDescriptor(self, n, [f for f in self.fields if f._field.label == n]) for n in groups]

    @property
    def oneofs_by_name(self) -> dict[str, OneofDescriptor]:
        return {group.name: group for group in self.oneofs}

    @property
    def nested_types(self) -> list[Descriptor]:
        return [field.message_type for field in self.fields if field._field.label == "map"]  # type: ignore[misc]

    def GetOptions(self) -> _Options:
        return _Options(self._is_entry)
