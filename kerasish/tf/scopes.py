"""Contexts and settings of ``tf``'s top level: names, devices, eager execution."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kerasish.core.context import ScopeName, local, scope
from kerasish.core.device import scope as device_scope


class name_scope:  # noqa: N801 - TensorFlow's name
    """``with tf.name_scope("layer") as scope: ...`` — a name that the block's names begin with.

    Args:
        name: added to the enclosing scopes' names; one that ends with "/" stands for itself.

    Raises:
        ValueError: ``name`` is no text.
    """

    def __init__(self, name: str) -> None:
        if not isinstance(name, str):
            raise ValueError("name for name_scope must be a string.")
        self._name = name

    @property
    def name(self) -> str:
        return self._name

    def __enter__(self) -> str:
        self._before = local.name_scopes
        if not self._name or self._name.endswith("/"):
            parts = [part for part in self._name.split("/") if part]
            local.name_scopes = tuple(ScopeName(part, absolute=not i) for i, part in enumerate(parts))
        else:
            local.name_scopes = (*self._before, ScopeName(self._name))
        return "/".join(local.name_scopes) + "/" if local.name_scopes else ""

    def __exit__(self, *exception: Any) -> None:
        local.name_scopes = self._before


def get_current_name_scope() -> str:
    """The names of the open scopes, joined by "/"."""
    return "/".join(local.name_scopes)


class _DeviceContext:
    """What ``tf.device`` gives; it may be entered again and again. Programs print its ``_device_name``."""

    def __init__(self, name: Any) -> None:
        self._device_name = name
        self._entered: list = []

    def __enter__(self) -> None:
        inner = device_scope(self._device_name)
        inner.__enter__()
        self._entered.append(inner)

    def __exit__(self, *exception: Any) -> None:
        self._entered.pop().__exit__(*exception)


def device(device_name: Any) -> Any:
    """``with tf.device("/GPU:0"): ...`` — new tensors go there; ``None`` lifts an outer scope.

    Raises:
        RuntimeError: a function is given, which only graphs take.
        ValueError: the name is not that of a device.
    """
    if callable(device_name):
        raise RuntimeError("tf.device does not support functions when eager execution is enabled.")
    return _DeviceContext(device_name)


@contextmanager
def init_scope() -> Iterator[None]:
    """A block outside of any function being traced and any tape."""
    with scope(recording=0, tapes=(), function=None):
        yield


@contextmanager
def control_dependencies(control_inputs: Any) -> Iterator[None]:
    """A block that comes after ``control_inputs``, as every line of an eager program does."""
    if callable(control_inputs):
        control_inputs()
    yield


def executing_eagerly() -> bool:
    """Whether operations run as they are called: everywhere but in the functions of ``tf.function``."""
    return local.function is None


def inside_function() -> bool:
    """Whether a function of ``tf.function`` is running."""
    return local.function is not None


def get_logger() -> logging.Logger:
    """The logger named "tensorflow"."""
    return logging.getLogger("tensorflow")


class AggregationMethod:
    """How gradients that arrive at one place are added; all give the same sum."""

    ADD_N = DEFAULT = 0
    EXPERIMENTAL_TREE = 1
    EXPERIMENTAL_ACCUMULATE_N = 2
