"""``tf.summary.experimental``: the default step, and scopes of names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kerasish.core.context import local
from kerasish.core.errors import missing_name
from kerasish.core.tensor import convert
from kerasish.tf.scopes import name_scope
from kerasish.tf.summary import writer as writers
from kerasish.tf.summary.writer import get_step as get_step
from kerasish.tf.summary.writer import set_step as set_step


@contextmanager
def summary_scope(name: str, default_name: str = "summary", values: Any = None) -> Iterator[tuple[str, str]]:
    """A block in a name scope: (the tag that a summary of this name has, the scope)."""
    used = name or default_name
    tag = "/".join((*local.name_scopes, used))
    with name_scope(used) as scope:
        yield tag, scope


def write_raw_pb(tensor: Any, step: Any = None, name: str | None = None) -> Any:
    """Write a serialized ``tf.compat.v1.Summary``, a text.

    Returns:
        Whether it was written, a bool tensor.

    Raises:
        ValueError: there is no step.
    """
    step = get_step() if step is None else step
    if step is None:
        raise ValueError(
            "No step set. Please specify one either through the `step` argument or through "
            "tf.summary.experimental.set_step()"
        )
    if not bool(writers.should_record_summaries()):
        return convert(False)
    content = convert(tensor, "string").numpy()
    return convert(writers.state.writer.send(lambda file: file.summary(content, int(step))))  # type: ignore[union-attr]


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
