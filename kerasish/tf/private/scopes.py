"""``tensorflow.python.framework.ops``: the scope of names that operations open for themselves."""

from __future__ import annotations

import contextlib
from typing import Any

from kerasish.tf.compat.v1 import scopes
from kerasish.tf.scopes import executing_eagerly


def name_scope(
    name: str | None, default_name: str | None = None, values: Any = None, skip_on_eager: bool = True
) -> Any:
    """``tf.compat.v1.name_scope`` in traced functions; where operations run as they are called, nothing, unless asked for."""
    if skip_on_eager and executing_eagerly():
        return contextlib.nullcontext()
    return scopes.name_scope(name, default_name, values)


__all__ = ["name_scope"]
