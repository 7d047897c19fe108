"""``tf.summary.experimental``: the default step, and scopes of names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kerasish.core.context import local
from kerasish.core.errors import missing_name
from kerasish.tf.scopes import name_scope
from kerasish.tf.summary.writer import get_step as get_step
from kerasish.tf.summary.writer import set_step as set_step


@contextmanager
def summary_scope(name: str, default_name: str = "summary", values: Any = None) -> Iterator[tuple[str, str]]:
    """A block in a name scope: (the tag that a summary of this name has, the scope)."""
    used = name or default_name
    tag = "/".join((*local.name_scopes, used))
    with name_scope(used) as scope:
        yield tag, scope


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
