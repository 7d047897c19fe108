"""Saving and loading models, and registering what files may name (``keras.saving``)."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name
from kerasish.core.registry import CustomObjectScope as CustomObjectScope
from kerasish.core.registry import deserialize_keras_object as deserialize_keras_object
from kerasish.core.registry import get_custom_objects as get_custom_objects
from kerasish.core.registry import get_registered_name as get_registered_name
from kerasish.core.registry import get_registered_object as get_registered_object
from kerasish.core.registry import publish
from kerasish.core.registry import register_keras_serializable as register_keras_serializable
from kerasish.core.registry import serialize_keras_object as serialize_keras_object
from kerasish.saving.file_editor import KerasFileEditor as KerasFileEditor
from kerasish.saving.model_files import load_model as load_model
from kerasish.saving.model_files import load_weights as load_weights
from kerasish.saving.model_files import save_model as save_model
from kerasish.saving.model_files import save_weights as save_weights

custom_object_scope = CustomObjectScope

__all__ = [
    "CustomObjectScope", "KerasFileEditor", "custom_object_scope", "deserialize_keras_object", "get_custom_objects",
    "get_registered_name", "get_registered_object", "load_model", "load_weights", "register_keras_serializable",
    "save_model", "save_weights", "serialize_keras_object",
]  # fmt: skip
publish(__name__, globals(), __all__)


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
