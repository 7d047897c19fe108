"""What ``ref()`` of tensors and variables gives."""

from __future__ import annotations

from typing import Any


class Reference:
    """A hashable stand-in for an unhashable tensor or variable (``x.ref()``); ``deref()`` gives it back."""

    __slots__ = ("_referent",)

    def __init__(self, referent: Any) -> None:
        self._referent = referent

    def deref(self) -> Any:
        return self._referent

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reference) and self._referent is other._referent

    def __hash__(self) -> int:
        return id(self._referent)

    def __repr__(self) -> str:
        return f"<Reference wrapping {self._referent!r}>"
