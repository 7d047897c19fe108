"""Reading endpoints that are functions of Python (``kerasish/export/python_functions.py`` writes them).

The file holds two pickles: the functions, and the source texts of the code in them, by file name. With its text a function
of ``tf.function`` is treated as where it was written, and a traceback shows its lines.
"""

from __future__ import annotations

import linecache
import marshal
import pathlib
import pickle
import types
from typing import Any

from kerasish.core.errors import fail

_MISSING = (OSError, EOFError, pickle.UnpicklingError, ImportError, AttributeError, TypeError, ValueError)


def read(path: pathlib.Path, python: str) -> dict[str, Any]:
    """The functions of a file, by name, and what else belongs to them.

    Args:
        path: of the file.
        python: the version of Python that wrote it.

    Raises:
        ValueError: it cannot be read.
    """
    try:
        with open(path, "rb") as file:
            content, sources = pickle.load(file), pickle.load(file)
    except _MISSING as error:
        hint = f"It was written by Python {python}; what it imports must be there."
        if isinstance(error, ModuleNotFoundError) and (error.name or "").startswith("cloudpickle"):
            hint = "pip install cloudpickle"
        raise fail(ValueError, f"The functions in '{path}' cannot be read: {error}", hint=hint) from error
    for name, text in sources.items():
        linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    return content


def code(data: bytes) -> types.CodeType:
    """A function's code, from the bytes that stand for it in the file."""
    return marshal.loads(data)
