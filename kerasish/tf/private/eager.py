"""``tensorflow.python.eager.context``: how and where operations run."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from kerasish.core import device as machine
from kerasish.core.context import local
from kerasish.core.errors import NotServedError
from kerasish.tf.config import list_logical_devices, list_physical_devices
from kerasish.tf.scopes import executing_eagerly, init_scope


def num_gpus() -> int:
    """How many GPUs the process sees."""
    return machine.count_of_type("gpu")


def eager_mode() -> Any:
    """A block whose operations run as they are called."""
    return init_scope()


@contextlib.contextmanager
def graph_mode() -> Iterator[None]:
    """Refuse to build graphs.

    Raises:
        NotServedError: always.
    """
    raise NotServedError("Graphs of TensorFlow 1 are not served. Use tf.function instead.")
    yield


class Context:
    """What ``context()`` tells of the process."""

    executing_eagerly = staticmethod(executing_eagerly)
    list_logical_devices = staticmethod(list_logical_devices)
    list_physical_devices = staticmethod(list_physical_devices)
    num_gpus = staticmethod(num_gpus)

    @property
    def scope_name(self) -> str:
        """The names of the ``tf.name_scope`` blocks around, with "/" after each."""
        return "".join(f"{part}/" for part in local.name_scopes)


_CONTEXT = Context()


def context() -> Context:
    """The process's one context."""
    return _CONTEXT


__all__ = ["Context", "context", "eager_mode", "graph_mode", "num_gpus"]
