"""Serialized objects as Keras 2 had them: ``{"class_name": ..., "config": ...}`` (``keras.utils.legacy``).

Classes and functions come from the registry and from the tables that the caller passes, from nothing else.
"""

from __future__ import annotations

import inspect
from typing import Any

from kerasish.core.errors import fail
from kerasish.core.registry import (
    CustomObjectScope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    publish,
)

_MARK = "__passive_serialization__"  # a config's entry that was an object


def serialize_keras_object(instance: Any) -> Any:
    """Plain data of an object: a class's name and config, a function's name, or None.

    Raises:
        ValueError: something without ``get_config`` and name.
    """
    if instance is None:
        return None
    instance = inspect.unwrap(instance) if callable(instance) else instance
    if hasattr(instance, "get_config"):
        config = {key: _serialized_entry(value) for key, value in instance.get_config().items()}
        return {"class_name": get_registered_name(type(instance)), "config": config}
    if hasattr(instance, "__name__"):
        return get_registered_name(instance)
    raise fail(ValueError, f"Cannot serialize {instance} because it doesn't implement `get_config()`")


def _serialized_entry(value: Any) -> Any:
    if isinstance(value, (str, dict)) or not (hasattr(value, "get_config") or hasattr(value, "__name__")):
        return value
    data = serialize_keras_object(value)
    return {**data, _MARK: True} if isinstance(data, dict) else data


def deserialize_keras_object(
    identifier: Any, module_objects: Any = None, custom_objects: Any = None, printable_module_name: str = "object"
) -> Any:
    """The object for what ``serialize_keras_object`` gave.

    Args:
        identifier: a dict, a name, a function (which is returned) or None.
        module_objects: names to classes and functions.
        custom_objects: the same, looked at first.
        printable_module_name: what messages call the object.

    Raises:
        ValueError: an unknown name, or something else.
    """
    if identifier is None or inspect.isfunction(identifier):
        return identifier
    if isinstance(identifier, str):
        found = _named(identifier, module_objects, custom_objects, printable_module_name)
        return found() if inspect.isclass(found) else found
    if not isinstance(identifier, dict):
        raise fail(ValueError, f"Could not interpret serialized {printable_module_name}: {identifier}")
    if "class_name" not in identifier or "config" not in identifier:
        raise fail(
            ValueError,
            f"Improper config format for {identifier}",
            "a dict with `class_name` and `config` as keys",
        )
    cls = _named(identifier["class_name"], module_objects, custom_objects, printable_module_name)
    config = identifier["config"]
    if isinstance(config, dict):
        config = {key: _restored(key, value, module_objects, custom_objects) for key, value in config.items()}
    with CustomObjectScope(custom_objects):
        if not hasattr(cls, "from_config"):
            return cls(**config)
        if "custom_objects" in inspect.signature(cls.from_config).parameters:
            return cls.from_config(config, custom_objects={**get_custom_objects(), **(custom_objects or {})})
        return cls.from_config(config)


def _restored(key: str, value: Any, module_objects: Any, custom_objects: Any) -> Any:
    if key == "name":
        return value
    if isinstance(value, dict) and _MARK in value:
        return deserialize_keras_object(value, module_objects, custom_objects, "config_item")
    if isinstance(value, str):
        found = get_registered_object(value, custom_objects, module_objects)
        return found if inspect.isfunction(found) else value
    return value


def _named(name: Any, module_objects: Any, custom_objects: Any, what: str) -> Any:
    found = (custom_objects or {}).get(name) or get_registered_object(name, custom_objects, module_objects)
    if found is None:
        raise fail(
            ValueError,
            f"Unknown {what}: '{name}'",
            hint="Please ensure you are using a `keras.utils.custom_object_scope` and that this object is included in "
            "the scope.",
        )
    return found


__all__ = ["deserialize_keras_object", "serialize_keras_object"]
publish(__name__, globals(), __all__)
