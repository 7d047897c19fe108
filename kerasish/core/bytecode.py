"""Lambda expressions in files, as Keras writes them: their bytecode by ``marshal``, as text in base64.

The only code of the library that makes a function out of what a file holds. It is reached with ``safe_mode=False`` alone,
which whoever loads the file has to pass; nothing in a file can ask for it.
"""

from __future__ import annotations

import base64
import marshal
import sys
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from kerasish.core.errors import fail


def encode(function: types.FunctionType) -> dict:
    """A function's code, default arguments and the values that it encloses."""
    cells = function.__closure__
    return {
        "code": base64.encodebytes(marshal.dumps(function.__code__)).decode("ascii"),
        "defaults": function.__defaults__,
        "closure": tuple(cell.cell_contents for cell in cells) if cells else None,
    }


def decode(config: Any, names: dict) -> Callable:
    """The function for what ``encode`` gave; running it runs whatever the file's author wrote.

    Args:
        config: ``code``, ``defaults`` and ``closure``; Keras 2 has the three in a list.
        names: what its global names may also mean, besides those of the running program and ``np``, ``keras``, ``tf``.

    Raises:
        ValueError: it is no function's code, or that of another version of Python.
    """
    parts = dict(zip(("code", "defaults", "closure"), config)) if isinstance(config, (list, tuple)) else dict(config)
    try:
        code = marshal.loads(base64.b64decode(parts["code"]))
        if not isinstance(code, types.CodeType):
            raise ValueError(f"{type(code).__name__} is no code")
        defaults, closure = parts.get("defaults"), parts.get("closure")
        cells = None if closure is None else tuple(types.CellType(value) for value in closure)
        function = types.FunctionType(code, _names(names), code.co_name, None, cells)
    except (ValueError, TypeError, EOFError, KeyError) as error:
        raise fail(
            ValueError,
            f"The code of a lambda in the file cannot be used ({error})",
            hint="Such code belongs to one version of Python: the one that wrote the file.",
        ) from error
    function.__defaults__ = None if defaults is None else tuple(defaults)
    return function


def _names(names: dict) -> dict:
    """What a lambda's global names mean: its program may have been another one."""
    modules = {"keras": "keras", "tf": "tensorflow", "torch": "torch"}
    known = {"np": np, **{name: sys.modules[module] for name, module in modules.items() if module in sys.modules}}
    if "keras" in known:
        known["K"] = known["keras"].backend
    return {**known, **vars(sys.modules["__main__"]), **names}
