"""The graph of objects in a checkpoint, and the one below an object, to be looked at."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import InvalidArgumentError
from kerasish.saving import bundle, object_graph, trackables
from kerasish.saving.object_graph import Node


class TrackableView:
    """The objects below one.

    Args:
        root: the object.
    """

    def __init__(self, root: Any) -> None:
        self._root = root

    @property
    def root(self) -> Any:
        return self._root

    @classmethod
    def children(cls, obj: Any, save_type: Any = "checkpoint", **kwargs: Any) -> dict[str, Any]:
        """What an object is made of, by name."""
        return dict(trackables.children(obj) or {})

    def descendants(self) -> list[Any]:
        """The root and all objects below it, nearest first."""
        return list(object_graph.ObjectGraph(self._root).things)


class CheckpointView:
    """The objects that a checkpoint knows, by number; the root is 0.

    Args:
        save_path: of the checkpoint.

    Raises:
        NotFoundError, DataLossError: there is no such checkpoint, or it is damaged.
        InvalidArgumentError: it has no graph of objects.
    """

    def __init__(self, save_path: Any) -> None:
        reader = bundle.Bundle(save_path)
        if object_graph.KEY not in reader:
            raise InvalidArgumentError(f"The specified checkpoint '{save_path}' is not an object-based checkpoint.")
        self._nodes: list[Node] = object_graph.from_bytes(reader.read(object_graph.KEY)[()])

    def children(self, node_id: int) -> dict[str, int]:
        """The numbers of what an object is made of, by name."""
        return dict(self._nodes[node_id].children)

    def descendants(self) -> list[int]:
        """The numbers of the root and all objects below it, nearest first."""
        found = [0]
        for number in found:
            found += [child for child in dict.fromkeys(self.children(number).values()) if child not in found]
        return found

    def match(self, obj: Any) -> dict[int, Any]:
        """The objects below one by the numbers that they have in the checkpoint."""
        found: dict[int, Any] = {0: obj}
        for number in self.descendants():
            for name, child in self._nodes[number].children:
                thing = trackables.find(found[number], name) if number in found else None
                if thing is not None and child not in found:
                    found[child] = thing
        return found

    def diff(self, obj: Any) -> tuple[list[Any], dict[int, Any], list[int]]:
        """Objects that the checkpoint lacks, what is in both by number, and numbers of objects that are not below ``obj``."""
        matched = self.match(obj)
        known = {trackables.identity(thing) for thing in matched.values()}
        lacking = [t for t in object_graph.ObjectGraph(obj).things if trackables.identity(t) not in known]
        return lacking, matched, [number for number in self.descendants() if number not in matched]
