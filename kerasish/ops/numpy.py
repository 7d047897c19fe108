"""``keras.ops.numpy``: the operations that NumPy has too.

The rule: what the real library calls ``keras.ops.numpy.x`` is ``keras.ops.x``, the same object. Names are looked up when
they are asked for, so that the list of the real library's names need not be read at import.
"""

from __future__ import annotations

import functools
from typing import Any

from kerasish.core.errors import missing_name, real_names
from kerasish.ops import array as _array
from kerasish.ops import control, create, grid, index, linalg, logic, math, nn, reduce, sorting, special

_FILES = (_array, create, grid, index, linalg, logic, math, nn, reduce, sorting, special, control)
_PREFIX = "keras.ops.numpy."


@functools.cache
def _find(name: str) -> Any:
    """The operation of that name; None if the real namespace has none. (Kept here: as a global it would hide a builtin.)"""
    known = _PREFIX + name in real_names()
    return next((getattr(file, name) for file in _FILES if known and hasattr(file, name)), None)


def __dir__() -> list[str]:
    names = (name.removeprefix(_PREFIX) for name in real_names() if name.startswith(_PREFIX))
    return sorted(name for name in names if _find(name) is not None)


def __getattr__(name: str) -> Any:
    if name == "__all__":
        return __dir__()
    found = _find(name)
    if found is None:
        raise missing_name(__name__, name, __dir__())
    return found
