"""From a checkpoint's values to objects: nodes are matched with objects by the names that lead from one to the next.

All values that have found an object are read and compared first, then set. What has not found one waits, and is set when
the object is made (see ``core/deferred.py``).
"""

from __future__ import annotations

import re
import warnings
import weakref
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from kerasish.core import deferred
from kerasish.core.errors import DataLossError, InvalidArgumentError
from kerasish.core.variable import Variable
from kerasish.saving import object_graph, trackables
from kerasish.saving.bundle import Bundle
from kerasish.saving.object_graph import Node

_MOST_WAITING = 15  # checkpoints of which something waits; older ones are let go
_PLACE = re.compile(r"layer-\d+")
_ENUM_NAMES = {"float32": "float", "float64": "double", "float16": "half"}


class Restoration:
    """One reading of a checkpoint into the objects below a root.

    Args:
        bundle: the checkpoint.
        nodes: its graph of objects.
        root: the object that is matched with the first node.
        more: children of the root besides its own.
    """

    def __init__(self, bundle: Bundle, nodes: list[Node], root: Any, more: dict[str, Any] | None = None) -> None:
        self.bundle, self.nodes = bundle, nodes
        self.more = more or {}
        self.set_nodes: set[int] = set()  # nodes whose values an object has
        self._found: dict[int, Any] = {}  # node → the object, or a weak reference to it
        self._numbers: dict[Any, int] = {}  # identity of an object → its node
        self._root, self._root_key = _reference(root), trackables.identity(root)
        self._work([(root, 0)])
        deferred.pending[:] = [r for r in deferred.pending if r.is_of_use and r._root_key != self._root_key][
            -_MOST_WAITING:
        ]
        if self.waits:
            deferred.pending.append(self)

    @property
    def is_of_use(self) -> bool:
        """Whether an object that may still grow is there."""
        return any(self.found(number) is not None for number in self._found)

    @property
    def waits(self) -> bool:
        """Whether there are values that no object has yet."""
        return any(node.attributes and i not in self.set_nodes for i, node in enumerate(self.nodes))

    def found(self, number: int) -> Any:
        """The object of a node; None if there is none."""
        held = self._found.get(number)
        return held() if isinstance(held, weakref.ref) else held

    def extend(self, owner: Any) -> None:
        """Look for objects below one that may have more than before."""
        number = self._numbers.get(trackables.identity(owner))
        if number is None or self.found(number) is not owner:
            return
        self._work([(owner, number)])
        if not self.waits:
            self.end()

    def end(self) -> None:
        """Wait no longer."""
        if self in deferred.pending:
            deferred.pending.remove(self)

    def _work(self, start: list[tuple[Any, int]]) -> None:
        matched = list(self._match(start))
        matched += self._match_slots()
        pairs = [
            (thing, value, attribute, number)
            for thing, number in matched
            for attribute in self.nodes[number].attributes
            if (value := trackables.values(thing).get(attribute.name)) is not None
        ]
        pairs = [pair for pair in pairs if not self._of_other_batches(pair[0], pair[2].key + pair[1].suffix)]
        read = [
            (value, read_value(self.bundle, thing, attribute.key + value.suffix))
            for thing, value, attribute, _ in pairs
        ]
        for value, array in read:
            value.set(array)
        self.set_nodes.update(number for *_, number in pairs)
        loaded = [thing for thing, *_ in pairs if isinstance(thing, Variable)]
        for thing, _ in matched:
            if hasattr(thing, "_after_loading"):
                thing._after_loading(loaded)

    def _match(self, pending: list[tuple[Any, int]]) -> Iterator[tuple[Any, int]]:
        """(object, node) of what was not matched before; known containers on the way are looked through again."""
        first = len(pending)
        while pending:
            thing, number = pending.pop(0)
            new = self._enter(thing, number)
            if new:
                yield thing, number
            first -= 1
            if not new and first < 0 and not isinstance(thing, (list, dict, tuple, trackables.Part)):
                continue
            for name, child in self._children(number):
                found = self._child(thing, number, name)
                if found is not None:
                    pending.append((found, child))

    def _children(self, number: int) -> list[tuple[str, int]]:
        """A node's children, without places of layers that are also counted among those with weights: which other steps of
        a graph count as layers has changed."""
        own = self.nodes[number].children
        if not any(name.startswith("layer_with_weights-") for name, _ in own):
            return own
        return [(name, child) for name, child in own if not _PLACE.fullmatch(name) or not self.nodes[child].has_values]

    def _child(self, thing: Any, number: int, name: str) -> Any:
        if number == 0 and name in self.more:
            return self.more[name]
        if isinstance(thing, trackables.Optimizer) and name == "_variables":
            dialect = trackables.KERAS_2 if self._is_keras_2(number) else trackables.KERAS_3
            return self._fitting((trackables.children(thing, dialect) or {})[name], thing, number)
        return trackables.find(thing, name)

    def _fitting(self, listed: Any, optimizer: Any, number: int) -> Any:
        """An optimizer's variables, if those of the checkpoint have their shapes."""
        child = dict(self.nodes[number].children)["_variables"]
        for name, place in self.nodes[child].children:
            for attribute in self.nodes[place].attributes if name in listed.inside else ():
                entry = self.bundle.entries.get(attribute.key)
                if entry is not None and tuple(listed.inside[name].shape) != entry.shape:
                    warnings.warn(
                        f"Skipping variable loading for optimizer '{optimizer.name}', because its variables are in another "
                        "order, or have other shapes, than those of the checkpoint.",
                        stacklevel=2,
                    )
                    return None
        return listed

    def _is_keras_2(self, number: int) -> bool:
        """Whether an optimizer's node is one of Keras 2, which has no learning rate among its variables."""
        own = dict(self.nodes[number].children)
        rate = own.get("_learning_rate")
        return rate is not None and all(child != rate for _, child in self.nodes[own["_variables"]].children)

    def _enter(self, thing: Any, number: int) -> bool:
        key = trackables.identity(thing)
        known = self._numbers.get(key)
        if known is not None and (held := self.found(known)) is not None and trackables.identity(held) == key:
            return False
        if number in self.set_nodes and self.found(number) is not None:
            return False
        self._numbers[key] = number
        self._found[number] = _reference(thing)
        return True

    def _match_slots(self) -> Iterable[tuple[Any, int]]:
        for number, node in enumerate(self.nodes):
            optimizer = self.found(number) if node.slots else None
            for original, name, slot_number in node.slots if optimizer is not None else ():
                variable = self.found(original)
                slot = None if variable is None else trackables.slot(optimizer, variable, name)
                if slot is not None and self._enter(slot, slot_number):
                    yield slot, slot_number

    def _of_other_batches(self, thing: Any, key: str) -> bool:
        """Whether a variable is the state of a stateful layer, and the checkpoint's is one of batches of another size.

        Keras 2 has no states in checkpoints, and models trained there are made anew for batches of one.
        """
        if not isinstance(thing, Variable) or thing._key not in getattr(
            thing._owner, "_non_persistent_buffers_set", ()
        ):
            return False
        shape = self.bundle.entries[key].shape
        return shape is not None and not thing.shape.is_compatible_with(shape)

    # what was found

    def path(self, number: int) -> str:
        """How a node is reached from the root, for messages."""
        paths = {0: "(root)"}
        pending = [0]
        while pending:
            at = pending.pop(0)
            for name, child in self.nodes[at].children:
                if child not in paths:
                    paths[child] = f"{paths[at]}.{name}"
                    pending.append(child)
        return paths.get(number, "(root)")

    def unfound(self) -> list[int]:
        """The nodes with values that no object has."""
        return [i for i, node in enumerate(self.nodes) if node.attributes and i not in self.set_nodes]

    def unset(self) -> list[Any]:
        """The objects below the root that have values but got none from the checkpoint."""
        root = self._root() if isinstance(self._root, weakref.ref) else self._root
        if root is None:
            return []
        graph = object_graph.ObjectGraph(root, more=self.more)
        given = {trackables.identity(self.found(i)) for i in self.set_nodes if self.found(i) is not None}
        return [
            thing
            for thing, node in zip(graph.things, graph.nodes)
            if node.attributes and trackables.identity(thing) not in given
        ]


def read_value(bundle: Bundle, thing: Any, key: str) -> Any:
    """A value as a variable, or another object with values, takes it.

    Raises:
        ValueError: it has another shape than the variable.
        InvalidArgumentError: it has another dtype.
    """
    array = bundle.read(key)
    entry = bundle.entries[key]
    if not isinstance(thing, Variable):
        return array[()] if not array.ndim else array
    own = thing.stored
    dtype = "string" if isinstance(own, np.ndarray) else str(own.dtype).removeprefix("torch.")
    if entry.dtype != dtype:
        stored = entry.dtype.name  # type: ignore[union-attr] - reading it has shown that there is one
        raise InvalidArgumentError(
            f"tensor_name = {key}; expected dtype {_ENUM_NAMES.get(dtype, dtype)} does not equal original dtype "
            f"{_ENUM_NAMES.get(stored, stored)} [Op:RestoreV2]"
        )
    if not thing.shape.is_compatible_with(array.shape):
        raise ValueError(
            f"Received incompatible tensor with shape {array.shape} when attempting to restore variable with shape "
            f"{tuple(thing.shape)} and name {thing.name}."
        )
    return array


def _reference(thing: Any) -> Any:
    try:
        return weakref.ref(thing)
    except TypeError:
        return thing


def read(bundle: Bundle, root: Any, more: dict[str, Any] | None = None) -> Restoration:
    """Set the objects below a root from a checkpoint.

    Raises:
        DataLossError: it is damaged.
        ValueError: a value has another shape than its variable.
        InvalidArgumentError: a value has another dtype, or the checkpoint has no graph of objects.
    """
    if object_graph.KEY not in bundle:
        raise InvalidArgumentError(
            f"'{bundle.prefix}' has no graph of objects: it was written by a Saver of TensorFlow 1. "
            "tf.train.load_checkpoint reads its values by name."
        )
    data = bundle.read(object_graph.KEY)
    if data.dtype != object or data.ndim:
        raise DataLossError(f"{object_graph.KEY} is damaged")
    return Restoration(bundle, object_graph.from_bytes(data[()]), root, more)
