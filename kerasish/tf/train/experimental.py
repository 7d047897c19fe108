"""``tf.train.experimental``: Python values in checkpoints, and names about the sharding of files."""

from __future__ import annotations

import abc
from typing import Any

from kerasish.core.errors import missing_name
from kerasish.saving import trackables
from kerasish.saving.trackables import Value


class PythonState(abc.ABC):
    """An object that a checkpoint keeps as bytes; a class of it says which."""

    @abc.abstractmethod
    def serialize(self) -> Any:
        """The state as bytes or text."""

    @abc.abstractmethod
    def deserialize(self, string_value: bytes) -> None:
        """Set the state from what ``serialize`` gave."""


@trackables.children.register
def _(thing: PythonState, dialect: str = trackables.KERAS_3) -> dict[str, Any]:
    return {}


@trackables.values.register
def _(thing: PythonState) -> dict[str, Value]:
    return {"py_state": Value(thing.serialize, thing.deserialize)}


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
