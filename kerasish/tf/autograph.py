"""``tf.autograph``: what ``tf.function`` makes of a function's text. Conditions and loops on tensors stay Python's."""

from __future__ import annotations

import enum
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
    """The function itself: it runs operation by operation.

    Raises:
        ValueError: it is none.
    """
    if not callable(entity):
        raise fail(ValueError, "to_graph() takes a function", received=repr(entity))
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


class _Feature(enum.Enum):
    """Parts of the conversion, which TensorFlow can leave out."""

    ALL = "ALL"
    AUTO_CONTROL_DEPS = "AUTO_CONTROL_DEPS"
    ASSERT_STATEMENTS = "ASSERT_STATEMENTS"
    BUILTIN_FUNCTIONS = "BUILTIN_FUNCTIONS"
    EQUALITY_OPERATORS = "EQUALITY_OPERATORS"
    LISTS = "LISTS"
    NAME_SCOPES = "NAME_SCOPES"

    @classmethod
    def all(cls) -> tuple:
        """All of them."""
        return tuple(cls)

    @classmethod
    def all_but(cls, exclude: Any) -> tuple:
        """All but some."""
        left_out = exclude if isinstance(exclude, (list, tuple, set)) else (exclude,)
        return tuple(set(cls.all()) - {*left_out, cls.ALL})


_Feature.__name__ = _Feature.__qualname__ = "Feature"


def _set_loop_options(
    parallel_iterations: int = 10,
    swap_memory: bool = True,
    maximum_iterations: Any = None,
    shape_invariants: Any = None,
) -> None:
    """How the enclosing loop on tensors of a ``tf.function`` is run; elsewhere it says nothing, as in TensorFlow.

    Args:
        maximum_iterations: rounds after which it ends. Packages' functions run as they are written: their loops do not.
        shape_invariants: shapes of what its rounds hand on may differ.
        parallel_iterations, swap_memory: of TensorFlow's graphs; the results are the same.
    """
    if local.function is None:
        return
    loop = next((block for block in reversed(local.function.blocks) if block.repeats), None)
    if loop is None:
        return
    if maximum_iterations is not None:
        loop.limit = int(maximum_iterations)
    loop.has_invariants = loop.has_invariants or shape_invariants is not None


experimental = SimpleNamespace(do_not_convert=_do_not_convert, Feature=_Feature, set_loop_options=_set_loop_options)
