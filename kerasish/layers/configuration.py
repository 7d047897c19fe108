"""Configurations: a layer's constructor arguments as plain data."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from kerasish import activations
from kerasish.core import registry
from kerasish.layers.tracking import TrackedDict, TrackedList

BASE_ARGUMENTS = ("name", "trainable", "dtype")


@functools.cache
def init_arguments(cls: type) -> tuple[str, ...]:
    """Names of a class's own constructor arguments: those of the base class and catch-alls left out."""
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
    left_out = (*BASE_ARGUMENTS, "autocast", *getattr(cls, "_not_in_config", ()))
    return tuple(
        p.name for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL) and p.name not in left_out
    )


def serialize_argument(value: Any) -> Any:
    """An attribute as a config holds it: activations by name, tuples as they are, objects serialized."""
    if isinstance(value, (TrackedList, TrackedDict)):
        value = (list if isinstance(value, list) else dict)(value)
    if isinstance(value, tuple) or value is None or type(value) in (int, float, str, bool):
        return value
    if inspect.isfunction(value):
        return activations.serialize(value)
    return registry.serialize_keras_object(value)


def in_order(cls: type) -> Callable:
    """A built-in class's ``get_config`` whose keys are in Keras's order.

    After the arguments of the base class come those that ``_config_first`` names, at the end those of ``_config_last``.
    """
    get_config, first, last = cls.get_config, cls._config_first, cls._config_last  # type: ignore[attr-defined]
    front = (*(key for key in BASE_ARGUMENTS if key not in first), *first)

    @functools.wraps(get_config)
    def ordered(self: Any) -> dict:
        config = get_config(self)
        middle = (key for key in config if key not in front and key not in last)
        return {key: config[key] for key in (*front, *middle, *last) if key in config}

    return ordered


def captured_arguments(obj: Any, args: tuple, kwargs: dict) -> dict:
    """The constructor's arguments of a user's class without ``get_config``, if they are plain data or serializable.

    Raises:
        NotImplementedError: one of them is neither, or was passed through ``*args``.
    """
    signature = inspect.signature(type(obj).__init__)
    bound = signature.bind(obj, *args, **kwargs)
    bound.apply_defaults()
    captured = {}
    for parameter in list(signature.parameters.values())[1:]:
        value = bound.arguments[parameter.name]
        if parameter.kind is parameter.VAR_KEYWORD:
            captured.update({key: _captured(obj, key, v) for key, v in value.items() if key not in BASE_ARGUMENTS})
        elif parameter.kind is parameter.VAR_POSITIONAL:
            if value:
                raise _not_captured(obj, f"*{parameter.name}", value)
        elif parameter.name not in BASE_ARGUMENTS:
            captured[parameter.name] = _captured(obj, parameter.name, value)
    return captured


def _captured(obj: Any, name: str, value: Any) -> Any:
    try:
        return registry.serialize_keras_object(value)
    except (TypeError, ValueError):
        raise _not_captured(obj, name, value) from None


def _not_captured(obj: Any, name: str, value: Any) -> Exception:
    return NotImplementedError(
        f"Object {type(obj).__name__} was created by passing non-serializable argument values in `__init__()`, and "
        f"therefore the object must override `get_config()` in order to be serializable. The argument is '{name}': "
        f"{value!r}. Return it, serialized, from get_config() and undo that in from_config()."
    )


def take_base_arguments(cls: type, config: dict) -> dict:
    """Take out of ``config`` what the base class needs and ``__init__`` of a user's class does not accept."""
    parameters = inspect.signature(cls.__init__).parameters
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return {}
    return {key: config.pop(key) for key in BASE_ARGUMENTS if key in config and key not in parameters}


def plain_argument(value: Any) -> Any:
    """A config value for a user's class: serialized objects in it become objects again."""
    if isinstance(value, dict) and {"class_name", "config"} <= set(value):
        return registry.deserialize_inner(value)
    return value
