"""``tf.CriticalSection``, and promises about tensors."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import torch

from kerasish.core import device as devices
from kerasish.core import dispatch
from kerasish.core.errors import InvalidArgumentError
from kerasish.tf.arrays import identity


class CriticalSection:
    """Functions that run in one thread at a time.

    Args:
        name, shared_name: sections of one ``shared_name`` exclude each other.
        critical_section_def, import_scope: of graphs, of no use here.
    """

    _shared: dict[str, threading.RLock] = {}  # noqa: RUF012

    def __init__(
        self,
        name: str | None = None,
        shared_name: str | None = None,
        critical_section_def: Any = None,
        import_scope: Any = None,
    ) -> None:
        self._name = name or "critical_section"
        made = threading.RLock()
        self._lock = made if shared_name is None else self._shared.setdefault(shared_name, made)

    @property
    def name(self) -> str:
        return self._name

    def execute(self, fn: Callable, exclusive_resource_access: bool = True, name: str | None = None) -> Any:
        """The function's result; others of this section wait meanwhile."""
        with self._lock:
            return fn()


def check_pinned(tensor: Any, name: str | None = None) -> Any:
    """The tensor itself.

    Raises:
        InvalidArgumentError: its memory is not pinned for a GPU.
    """
    raw = dispatch.raw(tensor)
    if not isinstance(raw, torch.Tensor) or not devices.is_pinned(raw):
        raise InvalidArgumentError("not pinned [Op:CheckPinned]")
    return dispatch.wrap(raw)


def guarantee_const(input: Any, name: str | None = None) -> Any:  # noqa: A002 - TensorFlow's name
    """The tensor, of which it is promised that it stays what it is."""
    return identity(input)
