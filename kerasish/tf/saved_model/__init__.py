"""``tf.saved_model``: functions and models as programs, in a format of our own (see ``kerasish/layers/exported.py``)."""

from __future__ import annotations

import os
from typing import Any

from kerasish.core.errors import missing_name
from kerasish.tf.creation import constant
from kerasish.tf.saved_model import experimental as experimental
from kerasish.tf.saved_model.options import LoadOptions as LoadOptions
from kerasish.tf.saved_model.options import SaveOptions as SaveOptions
from kerasish.tf.saved_model.reading import contains_saved_model as contains_saved_model
from kerasish.tf.saved_model.reading import load as load
from kerasish.tf.saved_model.writing import save as save

ASSETS_DIRECTORY, ASSETS_KEY, DEBUG_DIRECTORY = "assets", "saved_model_assets", "debug"
DEBUG_INFO_FILENAME_PB = "saved_model_debug_info.pb"
CLASSIFY_INPUTS, CLASSIFY_METHOD_NAME = "inputs", "tensorflow/serving/classify"
CLASSIFY_OUTPUT_CLASSES, CLASSIFY_OUTPUT_SCORES = "classes", "scores"
PREDICT_INPUTS, PREDICT_METHOD_NAME, PREDICT_OUTPUTS = "inputs", "tensorflow/serving/predict", "outputs"
REGRESS_INPUTS, REGRESS_METHOD_NAME, REGRESS_OUTPUTS = "inputs", "tensorflow/serving/regress", "outputs"
DEFAULT_SERVING_SIGNATURE_DEF_KEY = "serving_default"
GPU, SERVING, TPU, TRAINING = "gpu", "serve", "tpu", "train"
SAVED_MODEL_FILENAME_PB, SAVED_MODEL_FILENAME_PBTXT, SAVED_MODEL_SCHEMA_VERSION = (
    "saved_model.pb",
    "saved_model.pbtxt",
    1,
)
VARIABLES_DIRECTORY, VARIABLES_FILENAME = "variables", "variables"


class Asset:
    """A file that goes with an object; where it is now.

    Args:
        path: of the file.
    """

    def __init__(self, path: Any) -> None:
        self._path = os.fspath(path)

    @property
    def asset_path(self) -> Any:
        """The path, as a string tensor."""
        return constant(self._path)


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
