"""Which variables a function uses: noted where their values are looked up while it is traced."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class Accessed(dict):
    """Values that variables have while a function is traced; it notes which variables are read or written.

    Args:
        values: those so far.
    """

    def __init__(self, values: dict) -> None:
        super().__init__(values)
        self.variables: dict[int, Any] = {}  # in the order of their first use

    def note(self, variables: Iterable) -> None:
        """Note variables of which the values are read elsewhere."""
        for variable in variables:
            self.variables.setdefault(id(variable), variable)

    def get(self, key: int, default: Any = None) -> Any:
        if default is not None:
            self.variables.setdefault(key, default[0])
        return super().get(key, default)

    def __setitem__(self, key: int, value: Any) -> None:
        self.variables.setdefault(key, value[0])
        super().__setitem__(key, value)
