"""``tf.autograph``: functions run as they are written, so there is nothing to convert and little to say."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any


def set_verbosity(level: int, alsologtostdout: bool = False) -> None:
    """Conversions would be logged; there are none."""


def trace(*args: Any) -> None:
    """Print the arguments, as is done while a function is traced."""
    print(*args)


def to_graph(entity: Callable, recursive: bool = True, experimental_optional_features: Any = None) -> Callable:
    """The function itself: it runs eagerly."""
    return entity


def _do_not_convert(func: Callable | None = None) -> Callable:
    """The function itself, also as a decorator with parentheses."""
    return (lambda function: function) if func is None else func


experimental = SimpleNamespace(do_not_convert=_do_not_convert)
