"""What it is that a traced function calls: the user's own, a report, something of random numbers.

``rewriting`` asks when it rewrites a function, and the rewritten function when it runs.
"""

from __future__ import annotations

import collections
import contextlib
import functools
import logging
import site
import sys
import sysconfig
import types
from typing import Any

import numpy as np

_REPORTING = {"numpy", "matplotlib", "tqdm", "absl", "wandb", "rich", "IPython", "pandas", "termcolor", "loguru"}
PLAIN: tuple[type, ...] = (bool, int, float, complex, str, bytes, tuple, list, dict, set, np.ndarray, np.generic)
_DRAWING = {"random", "time", "secrets"}  # modules whose functions give something else each time
# modules whose functions call what they are given: no effects themselves
_CALLING = {"__main__", "functools", "_functools", "itertools", "collections", "_collections", "operator", "_operator"}
_BUILTIN = (type, types.BuiltinFunctionType)
# of builtins; the others call, or change, what they are given
_REPORTING_BUILTINS = {"print", "input", "open", "exec", "eval", "breakpoint", "help"}
_block = contextlib.contextmanager(lambda: iter(())).__code__
_LIBRARIES = tuple({*sysconfig.get_paths().values(), *site.getsitepackages(), site.getusersitepackages()})


def is_users(function: types.FunctionType) -> bool:
    """Whether a Python function was written by the user: not one of ours, of a package or of the standard library."""
    if (function.__module__ or "").partition(".")[0] in ("kerasish", "torch", *sys.stdlib_module_names):
        return (function.__module__ or "") == "__main__"
    return not is_of_library(function.__code__.co_filename)


def is_of_library(path: str) -> bool:
    """Whether a file is one of an installed package or of the standard library."""
    return path.startswith((*_LIBRARIES, "<frozen"))


def is_block(function: Any) -> bool:
    """Whether it was made by ``contextlib.contextmanager``."""
    return getattr(function, "__code__", None) is _block and type(function.__wrapped__) is types.FunctionType


def is_ours(value: Any) -> bool:
    return type(value).__module__.partition(".")[0] == "kerasish"


def is_effect(function: Any) -> bool:
    """Whether a call whose result is not used concerns Python's own state only."""
    while isinstance(function, functools.partial):
        function = function.func
    if getattr(function, "__module__", None) == "builtins" and isinstance(function, _BUILTIN):
        return function.__name__ in _REPORTING_BUILTINS
    if isinstance(function, types.BuiltinMethodType):  # of C: print, list.append, time.sleep
        owner = function.__self__
        if isinstance(owner, types.ModuleType):
            return owner.__name__ not in _CALLING
        return owner is None or isinstance(owner, (*PLAIN, collections.deque)) or _is_reporting(type(owner).__module__)
    if isinstance(getattr(function, "__self__", None), logging.Logger):
        return True
    return _is_reporting(getattr(function, "__module__", None))


def _is_reporting(module: str | None) -> bool:
    root = (module or "").partition(".")[0]
    return root in _REPORTING or (root in sys.stdlib_module_names and root not in _CALLING)


def is_operation(function: Any) -> bool:
    """Whether it is a function of this library: those take part in a graph, ``tf.print`` too."""
    return isinstance(function, types.FunctionType) and (function.__module__ or "").partition(".")[0] == "kerasish"


def is_reporter(function: Any) -> bool:
    """Whether it is known to report, and to return nothing."""
    return function is print or (
        isinstance(function, types.FunctionType) and function.__module__ in ("logging", "warnings")
    )


def is_drawing(function: Any) -> bool:
    """Whether it gives Python's or NumPy's random numbers, or the time."""
    if not isinstance(function, (types.MethodType, types.BuiltinFunctionType)):
        return False
    owner = function.__self__
    return owner.__name__ in _DRAWING if isinstance(owner, types.ModuleType) else draws(owner)


def draws(value: Any) -> bool:
    """Whether it is a generator of random numbers."""
    module = type(value).__module__
    return module == "random" or module.startswith("numpy.random.")


def is_users_block(value: Any) -> bool:
    return isinstance(value, type) and type(value.__dict__.get("__enter__")) is types.FunctionType


def is_users_class(value: Any) -> bool:
    """Whether it is a user's class of Python objects, whose methods may change what they hold."""
    start = getattr(value, "__init__", None) if isinstance(value, type) else None
    return type(start) is types.FunctionType and is_users(start)


def is_users_function(value: Any) -> bool:
    return type(value) is types.FunctionType and is_users(value)
