"""Utilities for data, names and training loops (``keras.utils``)."""

from __future__ import annotations

from typing import Any

from kerasish.backend import standardize_dtype as standardize_dtype
from kerasish.config import disable_interactive_logging as disable_interactive_logging
from kerasish.config import enable_interactive_logging as enable_interactive_logging
from kerasish.config import is_interactive_logging_enabled as is_interactive_logging_enabled
from kerasish.core import old_names
from kerasish.core.context import clear_session as clear_session
from kerasish.core.errors import public_dir
from kerasish.core.random import set_random_seed as set_random_seed
from kerasish.core.registry import CustomObjectScope as CustomObjectScope
from kerasish.core.registry import above, publish
from kerasish.core.registry import deserialize_keras_object as deserialize_keras_object
from kerasish.core.registry import get_custom_objects as get_custom_objects
from kerasish.core.registry import get_registered_name as get_registered_name
from kerasish.core.registry import get_registered_object as get_registered_object
from kerasish.core.registry import register_keras_serializable as register_keras_serializable
from kerasish.core.registry import serialize_keras_object as serialize_keras_object
from kerasish.core.symbolic import is_keras_tensor as is_keras_tensor
from kerasish.training.feed import pack_x_y_sample_weight as pack_x_y_sample_weight
from kerasish.training.feed import unpack_x_y_sample_weight as unpack_x_y_sample_weight
from kerasish.training.progress import Progbar as Progbar
from kerasish.utils import bounding_boxes as bounding_boxes
from kerasish.utils import data_utils as data_utils
from kerasish.utils import generic_utils as generic_utils
from kerasish.utils import image_utils as image_utils
from kerasish.utils import layer_utils as layer_utils
from kerasish.utils import legacy as legacy
from kerasish.utils import np_utils as np_utils
from kerasish.utils import vis_utils as vis_utils
from kerasish.utils.config import Config as Config
from kerasish.utils.download import get_file as get_file
from kerasish.utils.feature_space import FeatureSpace as FeatureSpace
from kerasish.utils.graphs import get_source_inputs as get_source_inputs
from kerasish.utils.images import array_to_img as array_to_img
from kerasish.utils.images import img_to_array as img_to_array
from kerasish.utils.images import load_img as load_img
from kerasish.utils.images import save_img as save_img
from kerasish.utils.model_plots import model_to_dot as model_to_dot
from kerasish.utils.model_plots import plot_model as plot_model
from kerasish.utils.numerical import normalize as normalize
from kerasish.utils.numerical import to_categorical as to_categorical
from kerasish.utils.py_dataset import PyDataset as PyDataset
from kerasish.utils.sequences import pad_sequences as pad_sequences

custom_object_scope = CustomObjectScope
Sequence = PyDataset

# Made of tf.data's datasets, which stand above: found in the registry when they are asked for.
_ABOVE = (
    "audio_dataset_from_directory", "image_dataset_from_directory", "split_dataset", "text_dataset_from_directory",
    "timeseries_dataset_from_array",
)  # fmt: skip

__all__ = [
    "Config", "CustomObjectScope", "FeatureSpace", "Progbar", "PyDataset", "Sequence", "array_to_img",
    "audio_dataset_from_directory", "clear_session", "custom_object_scope", "deserialize_keras_object",
    "disable_interactive_logging", "enable_interactive_logging", "get_custom_objects", "get_file",
    "get_registered_name", "get_registered_object", "get_source_inputs", "image_dataset_from_directory",
    "img_to_array", "is_interactive_logging_enabled", "is_keras_tensor", "legacy", "load_img", "model_to_dot",
    "normalize", "pack_x_y_sample_weight", "pad_sequences", "plot_model", "register_keras_serializable", "save_img",
    "serialize_keras_object", "set_random_seed", "split_dataset", "standardize_dtype", "text_dataset_from_directory",
    "timeseries_dataset_from_array", "to_categorical", "unpack_x_y_sample_weight",
]  # fmt: skip
_OWN = (
    "Config", "FeatureSpace", "Progbar", "PyDataset", "array_to_img", "get_file", "get_source_inputs", "img_to_array",
    "load_img", "model_to_dot", "normalize", "pack_x_y_sample_weight", "pad_sequences", "plot_model", "save_img",
    "to_categorical",
)  # fmt: skip
publish(__name__, globals(), _OWN)


def __getattr__(name: str) -> Any:
    if name in _ABOVE:
        return above(f"keras.utils.{name}")
    return old_names.found(__name__, name, globals())


def __dir__() -> list[str]:
    return public_dir(__name__, globals())
