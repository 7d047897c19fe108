"""``tensorflow.python.ops.gen_…_ops``: the raw operations by their Python names, with arguments by position, too."""

from __future__ import annotations

from typing import Any

from kerasish.tf import raw_ops
from kerasish.tf.raw_ops.table import PRIVATE, ROWS, python_name

_OPERATIONS = {f"_{python_name(name)}" if name in PRIVATE else python_name(name): name for name in ROWS}

__all__ = sorted(_OPERATIONS)  # noqa: PLE0605 - the table's names


def __getattr__(name: str) -> Any:
    if name not in _OPERATIONS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
    return getattr(raw_ops, _OPERATIONS[name]).__wrapped__
