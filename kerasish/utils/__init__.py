"""Utilities for data, names and training loops (``keras.utils``)."""

from __future__ import annotations

from typing import Any

from kerasish.core.context import clear_session as clear_session
from kerasish.core.errors import missing_name
from kerasish.core.random import set_random_seed as set_random_seed
from kerasish.core.registry import CustomObjectScope as CustomObjectScope
from kerasish.core.registry import deserialize_keras_object as deserialize_keras_object
from kerasish.core.registry import get_custom_objects as get_custom_objects
from kerasish.core.registry import get_registered_name as get_registered_name
from kerasish.core.registry import get_registered_object as get_registered_object
from kerasish.core.registry import publish
from kerasish.core.registry import register_keras_serializable as register_keras_serializable
from kerasish.core.registry import serialize_keras_object as serialize_keras_object
from kerasish.core.symbolic import is_keras_tensor as is_keras_tensor
from kerasish.training.feed import pack_x_y_sample_weight as pack_x_y_sample_weight
from kerasish.training.feed import unpack_x_y_sample_weight as unpack_x_y_sample_weight
from kerasish.training.progress import Progbar as Progbar
from kerasish.utils import bounding_boxes as bounding_boxes
from kerasish.utils.download import get_file as get_file
from kerasish.utils.numerical import normalize as normalize
from kerasish.utils.numerical import to_categorical as to_categorical
from kerasish.utils.py_dataset import PyDataset as PyDataset
from kerasish.utils.sequences import pad_sequences as pad_sequences

custom_object_scope = CustomObjectScope
Sequence = PyDataset

__all__ = [
    "CustomObjectScope", "Progbar", "PyDataset", "Sequence", "clear_session", "custom_object_scope",
    "deserialize_keras_object", "get_custom_objects", "get_file", "get_registered_name", "get_registered_object",
    "is_keras_tensor", "normalize", "pack_x_y_sample_weight", "pad_sequences", "register_keras_serializable",
    "serialize_keras_object", "set_random_seed", "to_categorical", "unpack_x_y_sample_weight",
]  # fmt: skip
publish(
    __name__,
    globals(),
    ("Progbar", "PyDataset", "get_file", "normalize", "pack_x_y_sample_weight", "pad_sequences", "to_categorical"),
)


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
