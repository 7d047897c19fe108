"""The graph of objects in a checkpoint: which object is made of which others, and where their values are.

It lies in the checkpoint as a message (TensorFlow's ``TrackableObjectGraph``). A value's name is made of the names on the
shortest way to its object: ``model/layer-1/kernel/.ATTRIBUTES/VARIABLE_VALUE``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from kerasish.core import wire
from kerasish.core.errors import DataLossError
from kerasish.core.variable import Variable
from kerasish.saving import trackables
from kerasish.saving.trackables import KERAS_2, KERAS_3

KEY = "_CHECKPOINTABLE_OBJECT_GRAPH"


@dataclass
class Attribute:
    name: str
    full_name: str
    key: str


@dataclass
class Node:
    """An object: children by name, its own values, and slots as (node of the variable, name, node of the slot)."""

    children: list[tuple[str, int]] = field(default_factory=list)
    attributes: list[Attribute] = field(default_factory=list)
    slots: list[tuple[int, str, int]] = field(default_factory=list)
    has_values: bool = False


# from objects ---------------------------------------------------------------------------------------------------------


class ObjectGraph:
    """The objects below one, nearest first.

    Args:
        root: the first of them.
        dialect: whose names values get; the other dialect's names lead to the same objects.
        more: children of the root besides its own.
    """

    def __init__(self, root: Any, dialect: str = KERAS_3, more: dict[str, Any] | None = None) -> None:
        self.things: list[Any] = [root]
        self.nodes: list[Node] = [Node()]
        self.tensors: dict[str, Callable[[], Any]] = {}  # name in the file → value
        self._numbers = {trackables.identity(root): 0}
        self._paths = [""]
        at = 0
        while at < len(self.things):
            thing = self.things[at]
            own = dict(trackables.children(thing, dialect) or {})
            if at == 0:
                own.update(more or {})
            for name, child in own.items():
                self.nodes[at].children.append((name, self._number(child, at, name)))
            at += 1
        other = KERAS_2 if dialect == KERAS_3 else KERAS_3
        for thing, node in zip(self.things, self.nodes):
            self._add_other_names(thing, node, other)
        for thing, node, path in zip(self.things, self.nodes, self._paths):
            self._add_values(thing, node, path)
        self._spread_values()

    def variables(self) -> list[tuple[list[str], Variable]]:
        """The variables, each with the attributes that lead to it on the shortest way."""
        found = []
        for thing, path in zip(self.things, self._paths):
            if isinstance(thing, Variable) and path:
                found.append((path.rstrip("/").split("/"), thing))
        return found

    def _number(self, child: Any, parent: int, name: str) -> int:
        key = trackables.identity(child)
        if key not in self._numbers:
            self._numbers[key] = len(self.things)
            self.things.append(child)
            self.nodes.append(Node())
            self._paths.append(f"{self._paths[parent]}{_escaped(name)}/")
        return self._numbers[key]

    def _add_other_names(self, thing: Any, node: Node, dialect: str) -> None:
        known = {name for name, _ in node.children}
        for name, child in (trackables.children(thing, dialect) or {}).items():
            number = self._numbers.get(trackables.identity(child))
            if name not in known and number is not None:
                node.children.append((name, number))

    def _add_values(self, thing: Any, node: Node, path: str) -> None:
        for name, value in trackables.values(thing).items():
            key = f"{path}.ATTRIBUTES/{name}"
            node.attributes.append(Attribute(name, thing.path if isinstance(thing, Variable) else "", key))
            self.tensors[key + value.suffix] = value.get

    def _spread_values(self) -> None:
        parents: list[list[int]] = [[] for _ in self.nodes]
        for i, node in enumerate(self.nodes):
            for _, child in node.children:
                parents[child].append(i)
        pending = [i for i, node in enumerate(self.nodes) if node.attributes]
        while pending:
            i = pending.pop()
            if not self.nodes[i].has_values:
                self.nodes[i].has_values = True
                pending.extend(parents[i])


def _escaped(name: str) -> str:
    return name.replace(".", "..").replace("/", ".S")


# to and from bytes ----------------------------------------------------------------------------------------------------


def to_bytes(nodes: list[Node]) -> bytes:
    return b"".join(wire.write_bytes(1, _node_bytes(node)) for node in nodes)


def _node_bytes(node: Node) -> bytes:
    parts = [
        wire.write_bytes(1, _optional(1, number) + wire.write_bytes(2, name.encode())) for name, number in node.children
    ]
    for attribute in node.attributes:
        texts = enumerate((attribute.name, attribute.full_name, attribute.key), 1)
        parts.append(wire.write_bytes(2, b"".join(wire.write_bytes(n, text.encode()) for n, text in texts if text)))
    for original, name, number in node.slots:
        parts.append(
            wire.write_bytes(3, _optional(1, original) + wire.write_bytes(2, name.encode()) + _optional(3, number))
        )
    parts.append(wire.write_bytes(5, _optional(1, int(node.has_values))))
    return b"".join(parts)


def _optional(field_number: int, value: int) -> bytes:
    return wire.write_number(field_number, value) if value else b""


def from_bytes(data: bytes) -> list[Node]:
    """The nodes of a graph, the root first.

    Raises:
        DataLossError: the message is damaged, or a node names one that is not there.
    """
    try:
        nodes = [
            _node(data, *part)
            for number, kind, part, _ in wire.fields(data, 0, len(data))
            if (number, kind) == (1, wire.BYTES)
        ]
    except (wire.DecodeError, UnicodeDecodeError):
        raise DataLossError(f"{KEY} is damaged") from None
    named = [
        n for node in nodes for n in (*(child for _, child in node.children), *(n for s in node.slots for n in s[::2]))
    ]
    if not nodes or any(number >= len(nodes) for number in named):
        raise DataLossError(f"{KEY} names an object that it does not have")
    return nodes


def keys_by_full_name(data: bytes) -> dict[str, str]:
    """The names in the file of variables by their own names, for those who know a graph's variables by these."""
    attributes = [attribute for node in from_bytes(data) for attribute in node.attributes]
    return {attribute.full_name: attribute.key for attribute in attributes if attribute.full_name}


def _node(data: bytes, start: int, end: int) -> Node:
    node = Node()
    for number, kind, part, _ in wire.fields(data, start, end):
        if kind != wire.BYTES:
            continue
        numbers, texts = _message(data, *part)
        if number == 1:
            node.children.append((texts.get(2, ""), numbers.get(1, 0)))
        elif number == 2:
            node.attributes.append(Attribute(*(texts.get(n, "") for n in (1, 2, 3))))
        elif number == 3:
            node.slots.append((numbers.get(1, 0), texts.get(2, ""), numbers.get(3, 0)))
        elif number == 5:
            node.has_values = bool(numbers.get(1))
    return node


def _message(data: bytes, start: int, end: int) -> tuple[dict[int, int], dict[int, str]]:
    """The integers and the texts of a small message, by field."""
    numbers: dict[int, int] = {}
    texts: dict[int, str] = {}
    for number, kind, part, _ in wire.fields(data, start, end):
        if kind == wire.VARINT:
            numbers[number] = part
        elif kind == wire.BYTES:
            texts[number] = data[slice(*part)].decode()
    return numbers, texts
