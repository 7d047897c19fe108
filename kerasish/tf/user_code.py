"""How errors in functions of ``tf.function`` are told: with the user's lines while tracing, else with the operation's place.

An exception stays what it is; only its message grows. Where that is not a single text, as in classes of the user's with more
arguments, nothing is changed.
"""

from __future__ import annotations

import linecache
import re
from typing import Any

from kerasish.core.errors import InvalidArgumentError, OpError, ShapeMismatchError
from kerasish.tf import callees

_OF_SHAPES = re.compile(r"\b(shapes?|dimensions?|size-incompatible|ranks?|out of bounds)\b")
_OPERATION = re.compile(r"\s*\[Op:(\w+)\]")
_TEXTS = (
    AssertionError,
    AttributeError,
    NameError,
    NotImplementedError,
    RuntimeError,
    TypeError,
    UnboundLocalError,
    ValueError,
)


class _KeyError(KeyError):
    """A KeyError that shows its message as it is."""

    def __str__(self) -> str:
        return str(self.message)


_KeyError.__name__ = _KeyError.__qualname__ = "KeyError"


def _lines(error: BaseException) -> list[str]:
    """The user's lines that led to an error, outermost first."""
    found, at = [], error.__traceback__
    while at is not None:
        code = at.tb_frame.f_code
        module = at.tb_frame.f_globals.get("__name__") or ""
        if module.partition(".")[0] not in ("kerasish", "torch") and not callees.is_of_library(code.co_filename):
            line = linecache.getline(code.co_filename, at.tb_lineno).strip() or "<source unavailable>"
            found += [f'    File "{code.co_filename}", line {at.tb_lineno}, in {code.co_name}  *', f"        {line}"]
        at = at.tb_next
    return found


def _is_told(error: BaseException) -> bool:
    return getattr(error, "_is_told", False) or not isinstance(error, Exception)


def _retold(error: Any, message: str) -> Any:
    """The error with another message; itself, unless it is a KeyError."""
    if type(error) is KeyError:
        made = _KeyError(*error.args)
        made.message = message  # type: ignore[attr-defined]
        made.__traceback__, made.__cause__, made.__suppress_context__ = error.__traceback__, error.__cause__, True
        error = made
    else:
        error.args = (message, *error.args[1:])
    error._is_told = True
    return error


def while_tracing(error: BaseException) -> BaseException:
    """An error that a traced call raised, as TensorFlow tells it.

    Shapes that do not fit are ValueErrors there.
    """
    kind = type(error)
    plain = kind.__init__ in (Exception.__init__, ValueError.__init__) or kind in (*_TEXTS, KeyError)
    if _is_told(error) or not (plain or isinstance(error, OpError)):
        return error
    if len(error.args) > 1 or (error.args and kind is not KeyError and not isinstance(error.args[0], str)):
        return error
    if kind is InvalidArgumentError and _OF_SHAPES.search(str(error)):
        made = ShapeMismatchError(str(error))
        made.__traceback__, made.__cause__, made.__suppress_context__ = error.__traceback__, error.__cause__, True
        error = made
    name = kind.__name__
    if name == "InvalidArgumentError":  # one of the classes that are several of TensorFlow's
        name = next((base.__name__ for base in (TypeError, ValueError) if isinstance(error, base)), name)
    cause = f"{name}: {error}".splitlines()
    return _retold(error, "\n".join(["in user code:", "", *_lines(error), "", *(f"    {line}" for line in cause), ""]))


def while_running(error: OpError, function: str) -> None:
    """Let an operation's error tell what a graph's run tells.

    Args:
        function: its name.
    """
    if _is_told(error) or not isinstance(error.args[0] if error.args else None, str):
        return
    message, operation = str(error), _OPERATION.search(str(error))
    name = operation[1] if operation else type(error).__name__.removesuffix("Error")
    places = "\n\n".join(line.removesuffix("  *").removeprefix("  ") for line in _lines(error)[::2])
    _retold(
        error,
        f"Graph execution error:\n\nDetected at node {name} defined at (most recent call last):\n{places}\n\n"
        f"{_OPERATION.sub('', message)}\n\t [[{{{{node {name}}}}}]] [Op:{function}]",
    )


def is_of_values(error: OpError) -> bool:
    """Whether an operation's error is about values, so that tracing would not have found it."""
    return not isinstance(error, (ValueError, TypeError)) and not _OF_SHAPES.search(str(error))
