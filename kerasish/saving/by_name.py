"""Checkpoints whose values are found by variables' names, as ``tf.compat.v1.train.Saver`` writes them."""

from __future__ import annotations

import weakref
from typing import Any

from kerasish.core import deferred
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
