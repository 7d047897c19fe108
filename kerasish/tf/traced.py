"""What functions given to ``tf.cond`` and loops do in traced calls: both branches tell of themselves, and rounds once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from kerasish.core import dispatch, symbolic, tree
from kerasish.core.context import local
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.tensor import convert
from kerasish.tf import code_names

_DOES_MORE = {
    "assign",
    "enqueue",
    "get_next",
    "insert",
    "io",
    "next",
    "numpy_function",
    "py_function",
    "random",
    "summary",
}


class Untaken:
    """The branch of a condition that is not taken, in a traced call: run without values, for what it prints and returns.

    Raises:
        InvalidArgumentError: the condition is no truth value.
    """

    def __init__(self, pred: Any, true_fn: Any, false_fn: Any) -> None:
        if pred.dtype.name != "bool":
            raise InvalidArgumentError(
                f"Input 'pred' passed {pred.dtype.name} expected bool while building NodeDef 'cond'"
            )
        self._result = self._later = None
        if not dispatch.raw(pred).is_meta:
            self._holds = bool(pred)
            if self._holds:
                self._later = false_fn
            else:
                self._result = _without_values(true_fn)

    def compare(self, result: Any) -> None:
        """Raise TypeError if the branch that ran returned another dtype or structure."""
        if self._later is not None:
            self._result = _without_values(self._later)
        if self._result is not None and all(x is not None for x in tree.flatten((self._result, result))):
            _check_alike(*((result, self._result) if self._holds else (self._result, result)))


def _without_values(function: Any) -> Any:
    """What a branch that is not taken would return, as far as a run without values tells; None: it does not."""
    if code_names.mentions(function, _DOES_MORE):
        return None
    try:
        return symbolic.run_without_values(function, (), {})
    except Exception:  # it needs values
        return None


def _check_alike(first: Any, second: Any) -> None:
    kinds = [
        [getattr(x, "dtype", None) for x in tree.flatten(tree.map_structure(_tensor_or_same, r))]
        for r in (first, second)
    ]
    if kinds[0] != kinds[1] or tree.is_nested(first) != tree.is_nested(second):
        raise TypeError(
            "true_fn and false_fn arguments to tf.cond must have the same number, type, and overall structure of return "
            f"values.\n\ntrue_fn output: {first}\nfalse_fn output: {second}"
        )


def _tensor_or_same(value: Any) -> Any:
    return (
        convert(value) if isinstance(value, (bool, int, float, complex, str, bytes, np.ndarray, np.generic)) else value
    )


def followed(function: Any) -> Any:
    """A user's function as the function of ``tf.function`` that is running calls it: with effects in traced calls only."""
    trace = local.function
    return function if trace is None or trace.in_python else trace.callable(function)


@contextlib.contextmanager
def rounds() -> Iterator[Callable]:
    """A block whose function is called after each round of a loop: in a traced call the first one alone has effects."""
    trace = local.function
    before = trace is not None and trace.tracing

    def done() -> None:
        if before and not trace.in_python:
            trace.tracing = False

    try:
        yield done
    finally:
        if trace is not None:
            trace.tracing = before
