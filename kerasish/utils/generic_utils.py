"""Keras 2's ``keras.utils.generic_utils``."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from kerasish.core import tree
from kerasish.core.registry import CustomObjectScope as CustomObjectScope
from kerasish.core.registry import get_custom_objects as get_custom_objects
from kerasish.core.registry import get_registered_name as get_registered_name
from kerasish.core.registry import get_registered_object as get_registered_object
from kerasish.core.registry import register_keras_serializable as register_keras_serializable
from kerasish.training.progress import Progbar as Progbar
from kerasish.utils.legacy import deserialize_keras_object as deserialize_keras_object
from kerasish.utils.legacy import serialize_keras_object as serialize_keras_object

custom_object_scope = CustomObjectScope


def has_arg(fn: Callable, name: str, accept_all: bool = False) -> bool:
    """Whether a function takes an argument of that name.

    Args:
        accept_all: whether ``**kwargs`` counts.
    """
    parameters = inspect.signature(fn).parameters
    by_name = name in parameters and parameters[name].kind in (
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        inspect.Parameter.KEYWORD_ONLY,
    )
    return by_name or (accept_all and any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values()))


def to_list(x: Any) -> list:
    """A list as it is, anything else in one."""
    return x if isinstance(x, list) else [x]


def object_list_uid(object_list: Any) -> str:
    """Text that is the same for the same objects."""
    return ", ".join(str(abs(id(x))) for x in tree.flatten(object_list))
