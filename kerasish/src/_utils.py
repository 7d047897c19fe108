"""What packages take from ``keras.src.utils`` and ``keras.src.api_export``: names, argument checks, printing, tracking."""

from __future__ import annotations

import functools
import importlib
import re
import sys
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from kerasish.activations import _OURS
from kerasish.core import context, dispatch, dtypes
from kerasish.core.registry import public_name
from kerasish.core.shape import tuple_of
from kerasish.core.tree import map_structure
from kerasish.layers.tracking import TrackedDict as TrackedDict
from kerasish.layers.tracking import TrackedList as TrackedList
from kerasish.src._tensorflow import conv_output_length as conv_output_length

# The activations by name; what packages add is found by that name.
ALL_OBJECTS_DICT = _OURS

# api_export ------------------------------------------------------------------------------------------------------------


class keras_export:  # noqa: N801 - Keras's name
    """Decorator that states under which public path a class or function is found; the object stays what it is."""

    def __init__(self, path: str | list[str]) -> None:
        self.path = path

    def __call__(self, symbol: Any) -> Any:
        return symbol


def get_name_from_symbol(symbol: Any) -> str | None:
    """The public path of a class or function."""
    return public_name(symbol)


# names -----------------------------------------------------------------------------------------------------------------


def to_snake_case(name: str) -> str:
    """``"MyLayer"`` → ``"my_layer"``."""
    return context.snake_case(name)


def uniquify(name: str) -> str:
    """``"dense"``, then ``"dense_1"``, ``"dense_2"``, ..."""
    return context.unique_name(name)


def auto_name(prefix: str) -> str:
    """A name that was not given yet, in snake case."""
    return context.unique_name(context.snake_case(prefix))


def get_object_name(obj: Any) -> str:
    """An object's ``name``, or its ``__name__`` or class's name in snake case."""
    if hasattr(obj, "name"):
        return obj.name
    return context.snake_case(getattr(obj, "__name__", None) or type(obj).__name__)


# arguments -------------------------------------------------------------------------------------------------------------


def standardize_tuple(value: Any, n: int, name: str, allow_zero: bool = False) -> tuple:
    """An int or a sequence of ``n`` ints as a tuple of ``n`` ints.

    Raises:
        ValueError: wrong length, not integers, or not positive.
    """
    return tuple_of(value, n, name, allow_zero)


def standardize_padding(value: Any, allow_causal: bool = False) -> str:
    """A kind of padding in lower case.

    Raises:
        ValueError: neither "valid" nor "same", nor "causal" where that is allowed.
    """
    allowed = {"valid", "same", "causal"} if allow_causal else {"valid", "same"}
    if isinstance(value, (list, tuple)) or str(value).lower() not in allowed:
        raise ValueError(f"The `padding` argument must be one of {allowed}. Received: {value}")
    return str(value).lower()


def validate_string_arg(
    value: Any,
    allowable_strings: Iterable,
    caller_name: str,
    arg_name: str,
    allow_none: bool = False,
    allow_callables: bool = False,
) -> None:
    """Refuse what is none of some strings.

    Raises:
        ValueError: it is none.
    """
    if (allow_none and value is None) or (allow_callables and callable(value)):
        return
    if not isinstance(value, str) or value not in allowable_strings:
        kinds = [text for text, is_allowed in (("`None`", allow_none), ("a `callable`", allow_callables)) if is_allowed]
        more = f" or {' or '.join(kinds)}" if kinds else ""
        raise ValueError(
            f"Unknown argument value for `{arg_name}` of {caller_name}. Expected one of {tuple(allowable_strings)}{more}. "
            f"Received: {value}"
        )


def default(method: Callable) -> Callable:
    """Mark a method as one that subclasses need not have replaced; ``is_default`` tells."""
    method._is_default = True  # type: ignore[attr-defined]
    return method


def is_default(method: Callable) -> bool:
    return getattr(method, "_is_default", False)


def to_list(x: Any) -> list:
    """A list as it is, anything else as the one item of a list."""
    return x if isinstance(x, list) else [x]


def remove_by_id(lst: list, value: Any) -> None:
    """Take an object, not one that is equal to it, out of a list."""
    lst[:] = [item for item in lst if item is not value]


def pythonify_logs(logs: dict | None) -> dict:
    """Logs with numbers for tensors, inner dictionaries unfolded, sorted by name."""
    found: dict = {}
    for key in sorted(logs or {}):
        value = (logs or {})[key]
        if isinstance(value, dict):
            found.update(pythonify_logs(value))
        else:
            found[key] = float(value) if np.ndim(value) == 0 else value
    return found


# numbers and structures ------------------------------------------------------------------------------------------------


def dtype_size(dtype: Any) -> int:
    """How many bits a number of a dtype takes."""
    return dtypes.as_dtype(dtypes.standardize(dtype)).size * 8


def is_float(dtype: Any) -> bool:
    return "float" in str(dtype)


def cast_to_common_dtype(tensors: Any) -> Any:
    """Tensors in the widest float dtype among them; unchanged if there is none."""
    floats = [dtypes.standardize(x.dtype) for x in tensors if dtypes.as_dtype(dtypes.standardize(x.dtype)).is_floating]
    if not floats:
        return tensors
    widest = dtypes.to_torch(max(floats, key=dtype_size))
    return map_structure(lambda x: dispatch.wrap(dispatch.raw(x).to(widest)), list(tensors))


# printing --------------------------------------------------------------------------------------------------------------


def print_msg(message: Any, line_break: bool = True) -> None:
    """Print a text, or log it where interactive logging is off."""
    text = f"{message}\n" if line_break else str(message)
    sys.stdout.write(text)
    sys.stdout.flush()


def ask_to_proceed_with_overwrite(filepath: Any) -> bool:
    """Ask at the terminal whether a file may be replaced."""
    answer = ""
    while answer not in ("y", "n"):
        answer = input(f"[WARNING] {filepath} already exists - overwrite? [y/n]").strip().lower()
    return answer == "y"


# tracebacks, tracking, other backends ----------------------------------------------------------------------------------


def filter_traceback(fn: Callable) -> Callable:
    """The function as it is: tracebacks here have no frames to hide."""
    return fn


def inject_argument_info_in_traceback(fn: Callable, object_name: str | None = None) -> Callable:
    """The function as it is: layers explain their arguments on the raising path themselves."""
    return fn


def no_automatic_dependency_tracking(fn: Callable) -> Callable:
    """A method whose assignments of lists and dictionaries to ``self`` leave them as plain ones, their layers unknown."""

    @functools.wraps(fn)
    def call(*args: Any, **kwargs: Any) -> Any:
        with DotNotTrackScope():
            return fn(*args, **kwargs)

    return call


symbolic_types: list[type] = []  # of packages: classes whose objects layers hand on as they are


def register_symbolic_tensor_type(cls: type) -> None:
    """Tell of a class that stands for tensors: its objects pass between layers as they are."""
    symbolic_types.append(cls)


class DotNotTrackScope:
    """Within it attributes of layers and models are not tracked."""

    def __enter__(self) -> DotNotTrackScope:
        self._scope = context.scope(tracking=False)
        self._scope.__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        self._scope.__exit__(*exception)


def is_tracking_enabled() -> bool:
    return context.local.tracking


def in_tf_graph() -> bool:
    """Whether TensorFlow is tracing a graph; there is none here."""
    return False


def in_grain_data_pipeline() -> bool:
    """Whether one of grain's data pipelines calls; only if grain is loaded at all."""
    frame = sys._getframe(1) if "grain" in sys.modules else None
    while frame is not None:
        if re.match(r"grain(\.|$)", frame.f_globals.get("__name__", "")):
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False


class LazyModule:
    """A module that is imported at its first use.

    Args:
        name: of the module.
        pip_name: what to install, for the message.
    """

    def __init__(self, name: str, pip_name: str | None = None, import_error_msg: str | None = None) -> None:
        self.name = name
        self.pip_name = pip_name or name
        self.module: Any = None
        self._message = import_error_msg or (
            f"This requires the {name} module. You can install it via `pip install {self.pip_name}`"
        )
        self._available: bool | None = None

    @property
    def available(self) -> bool:
        """Whether it can be imported."""
        if self._available is None:
            try:
                self.initialize()
            except ImportError:
                self._available = False
            else:
                self._available = True
        return self._available

    def initialize(self) -> None:
        """Import it.

        Raises:
            ImportError: it is not installed.
        """
        try:
            self.module = importlib.import_module(self.name)
        except ImportError:
            raise ImportError(self._message) from None

    def __getattr__(self, name: str) -> Any:
        if name == "_api_export_path":
            raise AttributeError(name)
        if self.module is None:
            self.initialize()
        return getattr(self.module, name)


__all__ = [
    "ALL_OBJECTS_DICT", "DotNotTrackScope", "LazyModule", "TrackedDict", "TrackedList",
    "ask_to_proceed_with_overwrite", "auto_name",
    "cast_to_common_dtype", "conv_output_length",
    "default", "dtype_size", "filter_traceback", "get_name_from_symbol", "get_object_name",
    "in_grain_data_pipeline", "in_tf_graph", "inject_argument_info_in_traceback", "is_default", "is_float",
    "is_tracking_enabled", "keras_export", "no_automatic_dependency_tracking", "print_msg", "pythonify_logs",
    "register_symbolic_tensor_type", "remove_by_id", "standardize_padding", "standardize_tuple", "to_list",
    "to_snake_case", "uniquify", "validate_string_arg",
]  # fmt: skip
