"""Configurations: a layer's constructor arguments as plain data."""

from __future__ import annotations

import functools
import inspect
from typing import Any

from kerasish import activations
from kerasish.core import registry
from kerasish.layers.tracking import TrackedDict, TrackedList

BASE_ARGUMENTS = ("name", "trainable", "dtype", "autocast")


@functools.cache
def init_arguments(cls: type) -> tuple[str, ...]:
    """Names of a class's own constructor arguments: those of the base class and catch-alls left out."""
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
    left_out = (*BASE_ARGUMENTS, *getattr(cls, "_not_in_config", ()))
    return tuple(
        p.name for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL) and p.name not in left_out
    )


def serialize_argument(value: Any) -> Any:
    """An attribute as a config holds it: activations by name, tuples as they are, objects serialized."""
    if isinstance(value, (TrackedList, TrackedDict)):
        value = type(value).__mro__[1](value)
    if isinstance(value, tuple) or value is None or type(value) in (int, float, str, bool):
        return value
    if inspect.isfunction(value):
        return activations.serialize(value)
    return registry.serialize_keras_object(value)


def plain_argument(value: Any) -> Any:
    """A config value for a user's class: serialized objects in it become objects again."""
    if isinstance(value, dict) and {"class_name", "config"} <= set(value):
        return registry.deserialize_keras_object(value)
    return value
