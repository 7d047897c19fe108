"""Properties of layers and models that a user's class may take for an attribute of its own."""

from __future__ import annotations

from typing import Any

_MISSING = object()


class overridable(property):  # noqa: N801 - it is used as ``property`` is
    """A property that tells what was assigned to the attribute of its name, where something was.

    Keras has these names on graphs of layers only, or not at all: classes of users call theirs ``inputs`` or ``input_shape``.
    """

    name: str

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is not None and (own := instance.__dict__.get(self.name, _MISSING)) is not _MISSING:
            return own
        return super().__get__(instance, owner)

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.name] = value

    def __delete__(self, instance: Any) -> None:
        try:
            del instance.__dict__[self.name]
        except KeyError:
            raise AttributeError(self.name) from None
