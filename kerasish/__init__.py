"""Keras, and the core of TensorFlow's Python API, as a library on PyTorch.

    import kerasish as keras                 # new code
    from kerasish import tf                  # tf.constant, tf.GradientTape, tf.data, ...
    kerasish.install()                       # notebooks: from here on `import tensorflow as tf` is kerasish
    python -m kerasish script.py             # an unmodified TensorFlow or Keras script

This module is the Keras namespace (``keras.*``); ``kerasish.tf`` is TensorFlow's.
"""

from __future__ import annotations

import gc as _gc
import importlib
from typing import Any

_collecting = _gc.isenabled()
_gc.disable()  # one full collection among torch's half a million objects would be half of the time that this import takes

from kerasish import activations as activations
from kerasish import backend as backend
from kerasish import callbacks as callbacks
from kerasish import config as config
from kerasish import constraints as constraints
from kerasish import dtype_policies as dtype_policies
from kerasish import initializers as initializers
from kerasish import layers as layers
from kerasish import losses as losses
from kerasish import metrics as metrics
from kerasish import mixed_precision as mixed_precision
from kerasish import models as models
from kerasish import ops as ops
from kerasish import optimizers as optimizers
from kerasish import preprocessing as preprocessing
from kerasish import random as random
from kerasish import regularizers as regularizers
from kerasish import saving as saving
from kerasish import tree as tree
from kerasish import utils as utils
from kerasish.about import KERAS_2_VERSION as _KERAS_2_VERSION
from kerasish.about import KERAS_VERSION as _KERAS_VERSION
from kerasish.about import VERSION as __kerasish_version__  # noqa: F401
from kerasish.core import old_names as _old_names
from kerasish.core.context import legacy_by_name as _legacy_by_name
from kerasish.core.context import name_scope as name_scope
from kerasish.core.device import scope as device
from kerasish.core.dtypes import DTypePolicy as DTypePolicy
from kerasish.core.registry import announce_above as _announce_above
from kerasish.core.registry import publish as _publish
from kerasish.core.registry import publish_later as _publish_later
from kerasish.core.remat import RematScope as RematScope
from kerasish.core.remat import remat as remat
from kerasish.core.stateless import StatelessScope as StatelessScope
from kerasish.core.stateless import SymbolicScope as SymbolicScope
from kerasish.core.symbolic import KerasTensor as KerasTensor
from kerasish.core.variable import Variable as Variable
from kerasish.dropin import install as install
from kerasish.dropin import uninstall as uninstall
from kerasish.initializers import Initializer as Initializer
from kerasish.layers import Input as Input
from kerasish.layers import InputSpec as InputSpec
from kerasish.layers import Layer as Layer
from kerasish.layers.operation import Operation as Operation
from kerasish.losses import Loss as Loss
from kerasish.metrics import Metric as Metric
from kerasish.models import Model as Model
from kerasish.models import Sequential as Sequential
from kerasish.models.function import Function as Function
from kerasish.optimizers import Optimizer as Optimizer
from kerasish.quantizers import Quantizer as Quantizer
from kerasish.regularizers import Regularizer as Regularizer

if _collecting:
    _gc.enable()

FloatDTypePolicy = DTypePolicy


def version() -> str:
    """The version of Keras whose API this is, or Keras 2's where the environment makes ``tf.keras`` that."""
    return _KERAS_2_VERSION if _legacy_by_name() else _KERAS_VERSION


def load_ipython_extension(ipython: Any) -> None:
    """``%load_ext kerasish``: the same as ``kerasish.install()``."""
    install()


def unload_ipython_extension(ipython: Any) -> None:
    uninstall()


__all__ = [
    "DTypePolicy", "FloatDTypePolicy", "Function", "Initializer", "Input", "InputSpec", "KerasTensor", "Layer",
    "Loss", "Metric", "Model", "Operation", "Optimizer", "Quantizer", "Regularizer", "RematScope", "Sequential",
    "StatelessScope", "SymbolicScope", "Variable", "activations", "applications", "backend", "callbacks", "config",
    "constraints", "datasets", "device", "distillation", "distribution", "dtype_policies", "export", "initializers",
    "install", "layers", "legacy", "losses", "metrics", "mixed_precision", "models", "name_scope", "ops",
    "optimizers", "preprocessing", "quantizers", "random", "regularizers", "remat", "saving", "tree", "uninstall",
    "utils", "version", "visualization", "wrappers",
]  # fmt: skip
_publish(
    __name__,
    globals(),
    (
        "DTypePolicy",
        "Function",
        "KerasTensor",
        "Operation",
        "RematScope",
        "StatelessScope",
        "SymbolicScope",
        "Variable",
        "name_scope",
        "remat",
        "version",
    ),
)


# Imported when they are first asked for, by a program or by a file that names a class of theirs.
_LATER = (
    "applications", "datasets", "distillation", "distribution", "export", "legacy", "quantizers", "src",
    "visualization", "wrappers",
)  # fmt: skip
for _name in _LATER:
    _publish_later(f"keras.{_name}", lambda module=f"{__name__}.{_name}": importlib.import_module(module))

_publish_later(
    "keras.layers.experimental",
    lambda: [importlib.import_module(f"{__name__}.legacy.{name}") for name in ("fourier", "layers")],
)
for _name in ("tf", "tf.bitwise", "tf.linalg", "tf.math", "tf.nn", "tf.random", "tf.strings"):
    _publish_later(_name, lambda: importlib.import_module(f"{__name__}.tf"))

# Of keras.utils and keras.preprocessing, but made of tf.data's datasets.
_ABOVE = {
    "audio_dataset_from_directory": "directories",
    "image_dataset_from_directory": "directories",
    "split_dataset": "series",
    "text_dataset_from_directory": "directories",
    "timeseries_dataset_from_array": "series",
}
for _name, _file in _ABOVE.items():
    _load = lambda module=f"{__name__}.tf.data.{_file}": importlib.import_module(module)  # noqa: E731
    _announce_above(f"keras.utils.{_name}", _load)
for _name in ("keras.layers.DenseFeatures", "keras.experimental.SequenceFeatures"):
    _announce_above(_name, lambda: importlib.import_module(f"{__name__}.tf.feature_column"))
_announce_above("tf.data.Dataset", lambda: importlib.import_module(f"{__name__}.tf.data"))
_announce_above("tf.TensorSpec", lambda: importlib.import_module(f"{__name__}.tf.spec"))


_announce_above("tensorflow.saved_model.save", lambda: importlib.import_module(f"{__name__}.tf.saved_model.writing"))
_announce_above("keras.src.export.export_model", lambda: importlib.import_module(f"{__name__}.export"))


def __getattr__(name: str) -> Any:
    if name in _LATER or name == "tf":
        return importlib.import_module(f"{__name__}.{name}")
    if name == "__version__":  # as programs test it, who may set the environment first
        return version()
    if name == "__internal__":
        return importlib.import_module(f"{__name__}.src").module("keras.src")
    return _old_names.found(__name__, name, globals())
