"""``tf.variable_creator_scope``: functions that programs put between ``tf.Variable(…)`` and the variable."""

from __future__ import annotations

import contextlib
import contextvars
import enum
import functools
from collections.abc import Callable, Iterator
from typing import Any

from kerasish.core.errors import fail
from kerasish.core.naming import Named


class VariableSynchronization(enum.Enum):
    """When the replicas of a variable agree."""

    AUTO = 0
    NONE = 1
    ON_WRITE = 2
    ON_READ = 3


class VariableAggregation(enum.Enum):
    """How replicas of a variable are combined."""

    NONE = 0
    SUM = 1
    MEAN = 2
    ONLY_FIRST_REPLICA = 3


def replica_rule(kind: type[enum.Enum], value: Any) -> Any:
    """A member of one of these, or of a kin of it; ``value`` may be Keras's name of it, or None for the first.

    Raises:
        ValueError: there is none of that name.
    """
    if value is None:
        return next(iter(kind))
    if not isinstance(value, str):
        return value
    found = kind.__members__.get(value.upper())
    if found is None:
        raise fail(ValueError, f"Invalid variable {kind.__name__}", ", ".join(kind.__members__), value)
    return found


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


class Created(Named):
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
