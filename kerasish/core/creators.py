"""``tf.variable_creator_scope``: functions that programs put between ``tf.Variable(…)`` and the variable."""

from __future__ import annotations

import contextlib
import contextvars
import functools
from collections.abc import Callable, Iterator
from typing import Any

_creators: contextvars.ContextVar[tuple[Callable, ...]] = contextvars.ContextVar("variable_creators", default=())


@contextlib.contextmanager
def variable_creator_scope(variable_creator: Callable) -> Iterator[None]:
    """A block in which ``tf.Variable(…)`` is what ``variable_creator(next_creator, **arguments)`` returns.

    Inner blocks' creators are asked first; ``next_creator`` is the one outside, and at last what makes the variable.
    """
    token = _creators.set((*_creators.get(), variable_creator))
    try:
        yield
    finally:
        _creators.reset(token)


_CREATED = (
    "initial_value", "trainable", "validate_shape", "caching_device", "name", "variable_def", "dtype", "import_scope",
    "constraint", "synchronization", "aggregation", "shape", "experimental_enable_variable_lifting",
)  # fmt: skip


class Created(type):
    """The class of ``tf.Variable``: asks the creators of ``variable_creator_scope`` first."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        creators = _creators.get()
        if not creators or "_asks_creators" not in vars(cls):
            return super().__call__(*args, **kwargs)

        def ask(depth: int, **arguments: Any) -> Any:
            if depth:
                return creators[depth - 1](functools.partial(ask, depth - 1), **arguments)
            arguments.pop("experimental_enable_variable_lifting", None)
            return super(Created, cls).__call__(**arguments)

        given: dict[str, Any] = dict.fromkeys(_CREATED)
        given.update({"validate_shape": True, "synchronization": "auto", "aggregation": "none"})
        return ask(len(creators), **{**given, **dict(zip(_CREATED, args)), **kwargs})
