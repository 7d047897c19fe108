"""A model's outputs as a list, and what users give for them (targets, losses, weights ...) in the same order."""

from __future__ import annotations

from typing import Any

from kerasish.core import tree
from kerasish.core.errors import fail


class Outputs:
    """The flat view of a model's predictions: a name for each, in order.

    Args:
        y_pred: the first predictions, nested as the model returns them.
        names: names of a functional model's outputs, if it has them.
    """

    def __init__(self, y_pred: Any, names: list[str] | None) -> None:
        self.single = not isinstance(y_pred, (list, tuple, dict))
        paths = [path for path, _ in tree.flatten_with_path(y_pred)]
        self.deep = any(len(path) > 1 for path in paths)  # structures within a structure
        self._structure = tree.map_structure(lambda _: 0, y_pred)
        self._paths = paths
        if isinstance(y_pred, dict) and not self.deep:
            self.keys: list | None = list(y_pred)
            self.names = [str(key) for key in self.keys]
        else:
            self.keys = None
            count = len(paths)
            self.names = list(names) if names and len(names) == count else [f"output_{i + 1}" for i in range(count)]
            if count == 1 and not names:
                self.names = ["output"]
        self.prefixed = len(self.names) > 1 and bool(names or self.keys)  # whether logs have the outputs' names
        self.active: set[int] = set()  # outputs with a loss: targets may be given for these alone
        self.aliases = {name: i for i, name in enumerate(names or [])}  # a dict may also go by the layers' names

    def label(self, i: int, loss: str) -> str:
        """What an output's loss is called in logs: its path, where places in lists give way to names."""
        path = self._paths[i]
        if not self.deep:
            return self.names[i] if self.prefixed else loss
        if isinstance(path[-1], int):
            path = (*path[:-1], self.names[i] if self.prefixed else loss)
        return "/".join(map(str, path))

    def flatten_predictions(self, y_pred: Any) -> list:
        if self.single:
            return [y_pred]
        return [y_pred[key] for key in self.keys] if self.keys is not None else tree.flatten(y_pred)

    def spread(self, value: Any, what: str, broadcast: bool = False) -> list:
        """A structure of the user's (targets, weights, losses ...) as a list with one entry per output.

        Args:
            broadcast: whether one value alone stands for every output.

        Raises:
            ValueError: it fits neither the outputs' number nor their names.
        """
        count = len(self.names)
        if value is None:
            return [None] * count
        if self.deep:
            return self._spread_deep(value, what, broadcast)
        if isinstance(value, dict):
            return self._by_name(value, what)
        if count == 1:
            if isinstance(value, (list, tuple)) and len(value) == 1:
                return list(value)
            return [value]
        if isinstance(value, (list, tuple)):
            if len(value) == count:
                return list(value)
            if what == "y" and len(value) == len(self.active):
                given = iter(value)
                return [next(given) if i in self.active else None for i in range(count)]
            raise fail(
                ValueError, f"`{what}` does not fit the model's outputs {self.names}", f"{count} entries", len(value)
            )
        if broadcast:
            return [value] * count
        if what == "y" and len(self.active) == 1:
            return [value if i in self.active else None for i in range(count)]
        raise fail(
            ValueError, f"`{what}` does not fit the model's outputs", f"one entry for each of {self.names}", value
        )

    def _spread_deep(self, value: Any, what: str, broadcast: bool) -> list:
        if isinstance(value, dict) and value and all(key in self.aliases for key in value):
            return [value.get(name) for name in self.names]
        if isinstance(value, (list, tuple)) and len(value) == len(self.names) and not any(map(tree.is_nested, value)):
            return list(value)
        return self._follow(self._structure, value, what, broadcast)

    def _follow(self, structure: Any, value: Any, what: str, broadcast: bool) -> list:
        """The entries of a structure that is one of the outputs', but may end before that does."""
        if not tree.is_nested(structure):
            return [value]
        if value is None or (broadcast and not tree.is_nested(value)):
            return [value] * len(tree.flatten(structure))
        if isinstance(structure, dict):
            fits = isinstance(value, dict) and set(value) <= set(structure)
            pairs = [(structure[key], value.get(key)) for key in sorted(structure)] if fits else []
        else:
            fits = isinstance(value, (list, tuple)) and len(value) == len(structure)
            pairs = list(zip(structure, value)) if fits else []
        if not fits:
            raise fail(ValueError, f"`{what}` does not have the structure of the model's outputs", self._shown(), value)
        return [entry for part, entries in pairs for entry in self._follow(part, entries, what, broadcast)]

    def _shown(self) -> Any:
        return tree.pack_as(self._structure, self.names)

    def _by_name(self, value: dict, what: str) -> list:
        found = [None] * len(self.names)
        for key, entry in value.items():
            if key in self.names:
                found[self.names.index(key)] = entry
            elif self.keys is not None and key in self.keys:
                found[self.keys.index(key)] = entry
            elif key in self.aliases:
                found[self.aliases[key]] = entry
            else:
                raise fail(ValueError, f"`{what}` names an output that the model does not have: '{key}'", self.names)
        return found
