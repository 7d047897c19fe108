"""``tf.autograph``: what ``tf.function`` makes of a function's text. Conditions and loops on tensors stay Python's."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

from kerasish.core.context import local
from kerasish.core.errors import fail
from kerasish.tf import rewriting


def set_verbosity(level: int, alsologtostdout: bool = False) -> None:
    """Conversions would be logged; those made here are small and silent."""


def trace(*args: Any) -> None:
    """Print the arguments, in traced calls only."""
    if local.function is None or local.function.tracing:
        print(*args)


def to_graph(entity: Callable, recursive: bool = True, experimental_optional_features: Any = None) -> Callable:
    """The function itself: it runs operation by operation."""
    return entity


def to_code(entity: Callable, recursive: bool = True, experimental_optional_features: Any = None) -> str:
    """The text of a function as ``tf.function`` runs it.

    Raises:
        ValueError: its text is not known.
    """
    if not callable(entity):
        raise fail(ValueError, "to_code() takes a function", received=repr(entity))
    return rewriting.source(getattr(entity, "python_function", entity))


def _do_not_convert(func: Callable | None = None) -> Callable:
    """A function whose statements run in every call, also as a decorator with parentheses."""
    if func is None:
        return _do_not_convert
    with suppress(AttributeError):  # of C
        func._keeps_python = True  # type: ignore[attr-defined]
    return func


experimental = SimpleNamespace(do_not_convert=_do_not_convert)
