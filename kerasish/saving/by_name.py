"""Checkpoints whose values are found by variables' names, as ``tf.compat.v1.train.Saver`` writes them."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from typing import Any

from kerasish.core import deferred
from kerasish.core.errors import NotFoundError
from kerasish.core.variable import Variable
from kerasish.saving import object_graph, trackables
from kerasish.saving.bundle import Bundle
from kerasish.saving.restoring import read_value

_FULL_NAME = "VARIABLE_VALUE"


class NamedRestoration:
    """One reading of a Saver's checkpoint into the variables below a root; those made later get their values then.

    Args:
        bundle: the checkpoint.
        root: the object below which variables are looked for.
        more: children of the root besides its own.
    """

    def __init__(self, bundle: Bundle, root: Any, more: dict[str, Any] | None = None) -> None:
        self.bundle, self.more = bundle, more or {}
        self._root, self._root_key = weakref.ref(root), trackables.identity(root)
        self._set: dict[int, weakref.ref] = {}  # identities of the variables that have their values
        self._waiting = set(bundle.entries)
        self._work()
        deferred.pending[:] = [r for r in deferred.pending if r.is_of_use and r._root_key != self._root_key]
        if self._waiting:
            deferred.pending.append(self)

    @property
    def is_of_use(self) -> bool:
        """Whether the root is there, which may grow."""
        return self._root() is not None

    def extend(self, owner: Any) -> None:
        """Look for variables that are new."""
        self._work()

    def variables(self) -> list[Variable]:
        """The variables below the root."""
        root = self._root()
        things = [] if root is None else object_graph.ObjectGraph(root, more=self.more).things
        return [thing for thing in things if isinstance(thing, Variable)]

    def unset(self) -> list[Variable]:
        """The variables below the root that the checkpoint has no value for."""
        return [v for v in self.variables() if id(v) not in self._set or self._set[id(v)]() is not v]

    def _work(self) -> None:
        found = [v for v in self.unset() if v.path in self.bundle]
        for variable, array in [(v, read_value(self.bundle, v, v.path)) for v in found]:
            trackables.values(variable)[_FULL_NAME].set(array)
            self._set[id(variable)] = weakref.ref(variable)
            self._waiting.discard(variable.path)
        if not self._waiting and self in deferred.pending:
            deferred.pending.remove(self)


def keys_by_name(bundle: Bundle) -> dict[str, str]:
    """Where the values of variables are, by the variables' names."""
    if object_graph.KEY not in bundle:
        return {name: name for name in bundle.entries}
    nodes = object_graph.from_bytes(bundle.read(object_graph.KEY)[()])
    return {
        attribute.full_name: attribute.key for node in nodes for attribute in node.attributes if attribute.full_name
    }


def restore(bundle: Bundle, variables: Mapping[str, Variable]) -> None:
    """Set variables by name; all are compared before the first is set.

    Raises:
        NotFoundError: the checkpoint has none of a name.
        ValueError, InvalidArgumentError: a value has another shape or dtype than its variable.
    """
    keys = keys_by_name(bundle)
    for name in variables:
        if name not in keys:
            raise NotFoundError(f"Key {name} not found in checkpoint")
    read = [(variable, read_value(bundle, variable, keys[name])) for name, variable in variables.items()]
    for variable, array in read:
        trackables.values(variable)[_FULL_NAME].set(array)


def tensors(variables: Mapping[str, Variable]) -> dict[str, Any]:
    """What ``bundle.write`` takes, for variables by name."""
    return {name: trackables.values(variable)[_FULL_NAME].get for name, variable in variables.items()}
