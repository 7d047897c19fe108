"""``tf.Module``: an object whose variables and submodules are found by looking through its attributes."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from typing import Any

from kerasish.core import deferred
from kerasish.core.context import local, snake_case
from kerasish.core.variable import Variable
from kerasish.layers.layer import Layer
from kerasish.layers.tracking import NoDependency
from kerasish.tf.scopes import name_scope


class Module:
    """A container of variables, other modules and layers.

    Args:
        name: a Python identifier; default: from the class's name.

    Raises:
        ValueError: ``name`` is no identifier.
    """

    _TF_MODULE_IGNORED_PROPERTIES = frozenset(("_name", "_scope_name"))

    def __init__(self, name: str | None = None) -> None:
        name = snake_case(type(self).__name__) if name is None else name
        if not re.fullmatch(r"[A-Za-z_]\w*", name):
            raise ValueError(f"{name!r} is not a valid module name. Module names must be valid Python identifiers.")
        self._name = name
        self._scope_name = "/".join((*local.name_scopes, name))

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value.value if type(value) is NoDependency else value)
        if deferred.pending:
            deferred.note(self)

    def _no_dependency(self, value: Any) -> Any:
        """What is to be assigned to an attribute that checkpoints need not follow; called by packages' modules."""
        return value

    @property
    def name(self) -> str:
        return self._name

    @property
    def name_scope(self) -> name_scope:
        """``with module.name_scope: ...``: names of the block begin with the module's."""
        return name_scope(f"{self._scope_name}/")

    @property
    def variables(self) -> tuple:
        """The variables of this module and those below, attribute by attribute in alphabetical order."""
        return tuple(self._flatten(lambda value: isinstance(value, Variable)))

    @property
    def trainable_variables(self) -> tuple:
        return tuple(variable for variable in self.variables if variable.trainable)

    @property
    def non_trainable_variables(self) -> tuple:
        return tuple(variable for variable in self.variables if not variable.trainable)

    @property
    def submodules(self) -> tuple:
        """The modules and layers below this one, at any depth."""
        return tuple(self._flatten(lambda value: isinstance(value, (Module, Layer))))

    def _flatten(self, predicate: Callable[[Any], bool]) -> Iterator[Any]:
        """What fulfils the predicate among the attributes, and in the modules among them; everything once."""
        seen = {id(self)}
        pending = list(_attributes(self))
        while pending:
            value = pending.pop(0)
            if id(value) in seen:
                continue
            seen.add(id(value))
            if predicate(value):
                yield value
            if isinstance(value, Module):
                pending.extend(_attributes(value))
            elif isinstance(value, Layer):
                pending.extend([*value._flatten_layers()][1:])
                pending.extend(value.variables)

    @classmethod
    def with_name_scope(cls, method: Callable) -> Callable:
        """A method that runs in the module's ``name_scope``."""

        @functools.wraps(method)
        def in_scope(self: Module, *args: Any, **kwargs: Any) -> Any:
            with self.name_scope:
                return method(self, *args, **kwargs)

        return in_scope


def _attributes(module: Module) -> Iterator[Any]:
    for name in sorted(vars(module)):
        if name not in module._TF_MODULE_IGNORED_PROPERTIES:
            yield from _leaves(vars(module)[name])


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for key in sorted(value, key=str):
            yield from _leaves(value[key])
    elif isinstance(value, (list, tuple, set)):
        for item in value:
            yield from _leaves(item)
    else:
        yield value
