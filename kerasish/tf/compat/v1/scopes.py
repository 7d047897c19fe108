"""``tf.compat.v1.name_scope``: a name for what a function makes, with another where the caller gives none."""

from __future__ import annotations

from typing import Any

from kerasish.tf.scopes import name_scope as _name_scope


class name_scope(_name_scope):  # noqa: N801 - TensorFlow's name
    """``with tf.compat.v1.name_scope(name, "add", [x, y]) as scope: ...``.

    Args:
        name: as of ``tf.name_scope``, or None.
        default_name: the name where ``name`` is None; without both the names in the block begin with nothing.
        values: tensors, which name a graph in TensorFlow 1: all are in one here.

    Raises:
        ValueError: the name is no text.
    """

    def __init__(self, name: str | None, default_name: str | None = None, values: Any = None) -> None:
        super().__init__(name if name is not None else default_name or "")
