"""Exceptions: one way to word them, TensorFlow's class tree, and the error for a name that is not served.

OpError                      what a failed TensorFlow operation raises (``tf.errors``)
├── InvalidArgumentError     a value that an operation cannot take
│   ├── ShapeMismatchError   also a ValueError: TensorFlow raises that one in graphs
│   └── DTypeMismatchError   also a TypeError: TensorFlow raises either, depending on the operand's side
├── NotFoundError, OutOfRangeError, ... (one per canonical status code)
NotServedError               also AttributeError and NotImplementedError: the real libraries have it, we don't
"""

from __future__ import annotations

import difflib
import dis
import functools
import pathlib
import re
from collections.abc import Callable, Iterable
from typing import Any

from torch.compiler import is_dynamo_compiling

from kerasish.core.kernels import operation


def fail(
    kind: type[Exception], what: str, expected: object = None, received: object = None, hint: str | None = None
) -> Exception:
    """Word an error the house's way: what went wrong, what was expected, what came, and one hint.

    Returns the exception, for ``raise fail(...)``.
    """
    parts = [what if what.endswith((".", "?", "!", ":")) else what + "."]
    if expected is not None:
        parts.append(f"Expected {expected}.")
    if received is not None:
        parts.append(f"Received: {received}.")
    if hint:
        parts.append(hint)
    return kind(" ".join(parts))


def note(error: BaseException, text: str) -> None:
    """Add a line to what is shown of an error, which stays what it is; Python 3.10 cannot."""
    if hasattr(error, "add_note"):
        error.add_note(text)


def no_attribute(owner: Any, name: str, message: str | None = None) -> AttributeError:
    """The error of ``owner.name`` where there is none; with what Python's suggestions need, where torch can trace that."""
    kind = type(owner).__name__
    kind = owner._shown if kind == "EagerTensor" else kind
    message = message or f"'{kind}' object has no attribute '{name}'"
    return AttributeError(message) if is_dynamo_compiling() else AttributeError(message, name=name, obj=owner)


def add_context(error: BaseException, context: str, more: bool = False) -> None:
    """Put ``context`` under an exception's own message, once; called on the raising path only.

    Exceptions whose arguments are not one message (``KeyError(3)``, ``OSError``) are left as they are. ``more``: under a
    context that it may have already.
    """
    if (
        (getattr(error, "_has_context", False) and not more)
        or len(error.args) != 1
        or not isinstance(error.args[0], str)
    ):
        return
    error.args = (f"{error.args[0]}\n\n{context}",)
    error._has_context = True  # type: ignore[attr-defined]


def close_matches(name: str, options: Iterable[str]) -> str:
    """'Did you mean "adam"?' for a misspelt name, or an empty string."""
    by_lower = {option.lower(): option for option in options}
    found = difflib.get_close_matches(name.lower(), list(by_lower), n=3, cutoff=0.6)
    if not found:
        return ""
    return "Did you mean " + " or ".join(f"'{by_lower[match]}'" for match in found) + "?"


# torch's failures --------------------------------------------------------------------------------------------------------

_NOT_OF_SHAPES = re.compile(r"memory|alloc|CUDA|grad|backward", re.IGNORECASE)
_OF_TEXT = re.compile(
    r"'numpy.ndarray' object has no attribute|unsupported operand type.*'bytes'"
)  # raw text is an array
_RAISES = {dis.opmap[name] for name in ("RAISE_VARARGS", "RERAISE")}


def torch_failure(error: Exception) -> Exception:
    """What a built-in layer, loss or metric raises for ``error``: for shapes that torch refused a ShapeMismatchError.

    For text where it computes with numbers a NotNumbersError. Anything else comes back as it is, and so do errors that user
    code, or a ``raise``, has made.
    """
    text = str(error)
    if type(error) in (AttributeError, TypeError) and _OF_TEXT.search(text) and failed_under_ours(error):
        return NotNumbersError("Text was given where numbers are needed")
    torchs = type(error) is RuntimeError or (type(error) is IndexError and "dim" in text.lower())
    if not torchs or _NOT_OF_SHAPES.search(text) or not failed_under_ours(error):
        return error
    return (AxisError if text.startswith("Dimension out of range") else ShapeMismatchError)(text)


def failed_under_ours(error: Exception) -> bool:
    """Whether our own code called what failed, and did not raise the error itself."""
    last, at = None, error.__traceback__
    while at is not None:
        if not at.tb_frame.f_globals.get("__name__", "").startswith("torch."):
            last = at
        at = at.tb_next
    if last is None or not last.tb_frame.f_globals.get("__name__", "").startswith("kerasish."):
        return False
    return last.tb_frame.f_code.co_code[last.tb_lasti] not in _RAISES


# TensorFlow's error classes -------------------------------------------------------------------------------------------


_SHAPE = re.compile(r"(indices\[\d+\] = |in )?(\[-?\d+(?:, -?\d+)+\])")  # an index or a range keeps its spaces
_OPERATION = re.compile(r"(?<=\[Op:)[a-z][a-z0-9_]*(?=\])")


def _worded(message: str) -> str:
    """A message with shapes and operations' names as TensorFlow writes them: ``[2,3] vs. [3] [Op:AddV2]``."""
    if "[" not in message or message.startswith("Cannot convert"):
        return message
    message = _SHAPE.sub(lambda shape: shape[0] if shape[1] else shape[0].replace(" ", ""), message)
    return _OPERATION.sub(lambda name: operation(name[0]), message)


class OpError(Exception):
    """A failed TensorFlow operation; takes a message, or TensorFlow's own ``(node_def, op, message)``.

    ``OpError`` itself also takes the ``error_code``; a dictionary as the last argument is the payloads.
    """

    error_code = 2

    def __init__(
        self, node_def: Any = None, op: Any = None, message: Any = None, error_code: Any = None, *args: Any
    ) -> None:
        if op is None and message is None and error_code is None:
            node_def, message = None, "" if node_def is None else node_def
        self._node_def, self._op = node_def, op
        if isinstance(error_code, int):
            self.error_code = error_code
        given = (error_code, *args)
        self._payloads = given[-1] if isinstance(given[-1], dict) else {}
        super().__init__("" if message is None else _worded(message) if isinstance(message, str) else message)

    @property
    def node_def(self) -> Any:
        return self._node_def

    @property
    def op(self) -> Any:
        return self._op

    @property
    def message(self) -> str:
        return self.args[0]

    @property
    def experimental_payloads(self) -> dict:
        return self._payloads


def name_operation(error: OpError, name: str) -> None:
    """End an operation's message with ``[Op:Name]``, unless it has that or shows as an error of Python's."""
    given = error.args[0] if len(error.args) == 1 else None
    if isinstance(given, str) and "[Op:" not in given and type(error).__name__ not in ("TypeError", "ValueError"):
        error.args = (f"{given} [Op:{operation(name)}]",)


class CancelledError(OpError):
    error_code = 1


class UnknownError(OpError):
    error_code = 2


class InvalidArgumentError(OpError):
    error_code = 3


def shown_as(name: str) -> Callable[[type], type]:
    """Decorate a class that is several of TensorFlow's with the name that programs find in ``type(error).__name__``."""

    def decorate(cls: type) -> type:
        _mixed[cls.__name__] = cls
        cls._own_name = cls.__name__  # type: ignore[attr-defined]
        cls.__name__ = cls.__qualname__ = name
        cls.__reduce__ = _reduced  # type: ignore[method-assign]
        return cls

    return decorate


_mixed: dict[str, type] = {}


def _reduced(error: Any) -> tuple:
    return _remade, (error._own_name, error.args), vars(error)


def _remade(name: str, args: tuple) -> Exception:
    """A pickled error of a class whose name is not its own."""
    cls = _mixed[name]
    error: Exception = cls.__new__(cls, *args)
    error.args = args
    return error


def of_python(error: Exception) -> Exception:
    """The error of a Python function that an operation runs: one of TensorFlow's that is also of the error's own class.

    Errors of TensorFlow's stay what they are, and so do those whose class cannot have another base.
    """
    if isinstance(error, OpError):
        return error
    kind = type(error)
    if kind not in _of_python:
        base = next((ours for theirs, ours in _PYTHONS_ERRORS.items() if isinstance(error, theirs)), UnknownError)
        try:
            _of_python[kind] = type(base.__name__, (base, kind), {"__reduce__": lambda self: (base, (str(self),))})
        except TypeError:
            _of_python[kind] = None
    mixed = _of_python[kind]
    return error if mixed is None else mixed(f"{kind.__name__}: {error}")


_of_python: dict[type, Any] = {}


@shown_as("InvalidArgumentError")
class AxisError(InvalidArgumentError, ValueError):
    """No such axis. TensorFlow's operations raise InvalidArgumentError, Keras's ValueError; this is both."""


@shown_as("InvalidArgumentError")
class EmptyRangeError(InvalidArgumentError, ValueError):
    """No numbers between two limits. TensorFlow raises InvalidArgumentError, or ValueError where it looks before: both."""


@shown_as("InvalidArgumentError")
class ShapeMismatchError(InvalidArgumentError, ValueError):
    """Shapes that do not fit. TensorFlow raises InvalidArgumentError where it computes, ValueError in a graph: both."""


class NotLocatedError(TypeError, ValueError):
    """A configuration names what is nowhere. Keras raises ValueError if its module is there, otherwise TypeError: both."""


@shown_as("ValueError")
class ChoiceError(InvalidArgumentError, ValueError):
    """An argument is none of the values that it may have. TensorFlow raises either, by where it notices; this is both."""


@shown_as("InvalidArgumentError")
class NotNumbersError(InvalidArgumentError, ValueError):
    """Text where numbers are needed. TensorFlow's operations raise InvalidArgumentError, Keras ValueError: both."""


@shown_as("ValueError")
class UnknownSizeError(ValueError, TypeError):
    """A size that has to be known is not. Keras raises either, depending on the layer; this is both."""


@shown_as("ValueError")
class UnsupportedValueError(ValueError, TypeError):
    """A value of a kind that is no tensor. TensorFlow raises ValueError, and TypeError while it traces; this is both."""


@shown_as("InvalidArgumentError")
class DTypeMismatchError(InvalidArgumentError, ValueError, TypeError):
    """Operands of different dtypes, or of one without a kernel. TensorFlow raises any of the three, by where it notices."""


@shown_as("TypeError")
class ConversionError(DTypeMismatchError):
    """A value that cannot be had in the dtype of the other operands, which TensorFlow notices before an operation does."""


class DeadlineExceededError(OpError):
    error_code = 4


class NotFoundError(OpError):
    error_code = 5


class AlreadyExistsError(OpError):
    error_code = 6


class PermissionDeniedError(OpError):
    error_code = 7


class ResourceExhaustedError(OpError):
    error_code = 8


class FailedPreconditionError(OpError):
    error_code = 9


class AbortedError(OpError):
    error_code = 10


class OutOfRangeError(OpError):
    error_code = 11


class UnimplementedError(OpError):
    error_code = 12


class InternalError(OpError):
    error_code = 13


class UnavailableError(OpError):
    error_code = 14


class DataLossError(OpError):
    error_code = 15


class UnauthenticatedError(OpError):
    error_code = 16


class OperatorNotAllowedInGraphError(TypeError):
    """A Python operation that needs a value met a symbolic tensor, which has none."""


class ValuesNeededError(NotImplementedError):
    """The value of a tensor was asked for while only shapes are worked out."""


# names that are not served --------------------------------------------------------------------------------------------


class NotServedError(AttributeError, NotImplementedError):
    """A name that TensorFlow or Keras has and kerasish does not; ``hasattr`` sees it as absent."""


@functools.cache
def real_names() -> frozenset[str]:
    """Every public name of Keras 3.15, tf.keras and TensorFlow 2.21, written ``keras.x`` or ``tf.x``."""
    path = pathlib.Path(__file__).with_name("real_names.txt")
    return frozenset(path.read_text(encoding="utf-8").split())


def public_path(module: str) -> str:
    """The real library's path for one of our modules: ``kerasish.tf.math`` is ``tf.math``."""
    if module == "kerasish.tf" or module.startswith("kerasish.tf."):
        return module.removeprefix("kerasish.")
    return "keras" + module.removeprefix("kerasish")


def missing_name(module: str, name: str, served: Iterable[str]) -> AttributeError:
    """The error for ``module.name`` when we lack it: ours if the real libraries have it, a plain one if nobody does."""
    path = f"{public_path(module)}.{name}"
    known = not name.startswith("_") and path in real_names()
    if not known:
        return AttributeError(f"module {module!r} has no attribute {name!r}", name=name)
    public = [other for other in served if f"{public_path(module)}.{other}" in real_names()]
    nearest = difflib.get_close_matches(name, public, n=1, cutoff=0.5)
    where = public_path(module)
    hint = f"The nearest name that works is '{where}.{nearest[0]}'." if nearest else f"dir({where}) lists what works."
    return NotServedError(f"'{path}' is part of the real library but is not served by kerasish yet. {hint}")


def public_dir(module: str, namespace: dict) -> list[str]:
    """What ``dir`` of a public module lists: what it exports, its names that the real libraries have, Python's own.

    Everything in it if that is nothing public: a module of the engine.
    """
    path = public_path(module)
    public = {name for name in namespace if f"{path}.{name}" in real_names()} | set(namespace.get("__all__", ()))
    own = {name for name in namespace if name.startswith("__")}
    return sorted(public | own) if public else sorted(namespace)


_PYTHONS_ERRORS: dict[type, type] = {
    TypeError: InvalidArgumentError,
    ValueError: InvalidArgumentError,
    StopIteration: OutOfRangeError,
    MemoryError: ResourceExhaustedError,
    NotImplementedError: UnimplementedError,
}
