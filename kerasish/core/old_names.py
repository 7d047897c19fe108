"""Names of Keras 1 and 2 that are others today: the tables, and the rule that serves them.

Public modules ask ``found`` for attributes that they lack, and the drop-in asks ``today`` for modules. Arguments that have
other names today are in ``layers/old_arguments.py``.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import Any

from kerasish.core.errors import NotServedError, missing_name, public_path

_LAYERS = """
    advanced_activations attention convolutional convolutional_recurrent core cudnn_recurrent dense_attention embeddings
    experimental local merge merging noise normalization normalization_v2 pooling preprocessing recurrent recurrent_v2
    regularization reshaping rnn rnn_cell_wrapper_v2 wrappers
""".split()
_UTILS = "conv_utils data_utils generic_utils io_utils layer_utils np_utils tf_utils vis_utils".split()
_OPTIMIZERS = """
    adadelta_v2 adagrad_v2 adam_v2 adamax_v2 experimental ftrl_v2 gradient_descent_v2 nadam_v2 optimizer_v2 rmsprop_v2
""".split()
_ENGINE = "base_layer functional input_layer input_spec network sequential topology".split()

# Old modules, and the public ones that have their names today.
MODULES: dict[str, str] = {
    "keras.engine": "keras",
    **{f"keras.{name}": "keras" for name in _ENGINE},
    **{f"keras.layers.{name}": "keras.layers" for name in _LAYERS},
    **{f"keras.utils.{name}": "keras.utils" for name in _UTILS},
    **{f"keras.optimizers.{name}": "keras.optimizers" for name in _OPTIMIZERS},
    "keras.backend.experimental": "keras.backend",
    "keras.backend_config": "keras.config",
    "keras.backend.tensorflow_backend": "keras.backend",
    "keras.experimental": "keras.legacy.models",
    "keras.initializations": "keras.initializers",
    "keras.initializers.initializers_v1": "keras.initializers",
    "keras.initializers.initializers_v2": "keras.initializers",
    "keras.objectives": "keras.losses",
    "keras.optimizer_v2": "keras.optimizers",
    "keras.wrappers.scikit_learn": "keras.wrappers.scikit_learn",
}

# Old names, and where the thing is today.
NAMES: dict[str, str] = {
    "keras.backend.image_dim_ordering": "keras.legacy.models.image_dim_ordering",
    "keras.backend.set_image_dim_ordering": "keras.legacy.models.set_image_dim_ordering",
    "keras.constraints.maxnorm": "keras.constraints.MaxNorm",
    "keras.constraints.nonneg": "keras.constraints.NonNeg",
    "keras.constraints.unitnorm": "keras.constraints.UnitNorm",
    "keras.initializers.normal": "keras.initializers.RandomNormal",
    "keras.initializers.one": "keras.initializers.Ones",
    "keras.initializers.uniform": "keras.initializers.RandomUniform",
    "keras.initializers.zero": "keras.initializers.Zeros",
    "keras.layers.experimental.RandomFourierFeatures": "keras.legacy.fourier.RandomFourierFeatures",
    "keras.layers.experimental.SyncBatchNormalization": "keras.legacy.layers.SyncBatchNormalization",
    "keras.layers.AbstractRNNCell": "keras.legacy.layers.AbstractRNNCell",
    "keras.layers.AtrousConvolution1D": "keras.layers.Conv1D",
    "keras.layers.AtrousConvolution2D": "keras.layers.Conv2D",
    "keras.layers.CuDNNGRU": "keras.layers.GRU",
    "keras.layers.CuDNNLSTM": "keras.layers.LSTM",
    "keras.layers.Deconvolution2D": "keras.layers.Conv2DTranspose",
    "keras.layers.Deconvolution3D": "keras.layers.Conv3DTranspose",
    "keras.layers.DepthwiseConvolution2D": "keras.layers.DepthwiseConv2D",
    "keras.losses.cosine": "keras.losses.cosine_similarity",
    "keras.losses.cosine_proximity": "keras.losses.cosine_similarity",
    "keras.metrics.cosine": "keras.metrics.CosineSimilarity",
    "keras.models.model_from_config": "keras.legacy.models.model_from_config",
    "keras.regularizers.l1l2": "keras.regularizers.L1L2",
    "keras.utils.DeterministicRandomTestTool": "keras.legacy.migrating.DeterministicRandomTestTool",
    "keras.utils.GeneratorEnqueuer": "keras.legacy.enqueuers.GeneratorEnqueuer",
    "keras.utils.OrderedEnqueuer": "keras.legacy.enqueuers.OrderedEnqueuer",
    "keras.utils.SequenceEnqueuer": "keras.legacy.enqueuers.SequenceEnqueuer",
    "keras.utils.count_params": "keras.legacy.models.count_params",
    "keras.utils.multi_gpu_model": "keras.legacy.models.multi_gpu_model",
}

# What cannot be had, and what to write instead.
GONE: dict[str, str] = {
    "keras.backend.disable_tf_random_generator": "Random numbers follow keras.utils.set_random_seed and each layer's seed.",
    "keras.backend.enable_tf_random_generator": "Random numbers follow keras.utils.set_random_seed and each layer's seed.",
    "keras.backend.is_tf_random_generator_enabled": "Random numbers follow keras.utils.set_random_seed.",
    "keras.dtensor": "Use keras.distribution.",
    "keras.experimental.SidecarEvaluator": "It watches a cluster's checkpoints. Call model.load_weights and model.evaluate.",
    "keras.layers.experimental.DynamicEmbedding": "Its table grows as it trains. Use StringLookup and Embedding.",
    "keras.layers.experimental.DynamicLookup": "Its table changes while it trains. Use keras.layers.StringLookup.",
    "keras.estimator": "Estimators are TensorFlow 1's. Use the model itself: model.fit(data).",
    "keras.models.model_from_yaml": "Files of YAML could run code. Use keras.models.model_from_json(model.to_json()).",
    "keras.utils.SidecarEvaluator": "It watches a cluster's checkpoints. Call model.load_weights and model.evaluate.",
    "keras.utils.experimental": "DatasetCreator is for parameter servers. Pass a tf.data.Dataset to fit.",
    "keras.utils.get_or_create_layer": "It is for migration from TensorFlow 1. Keep the layer as an attribute.",
    "keras.utils.warmstart_embedding_matrix": "Copy the rows of words that both vocabularies have into the new matrix.",
    "keras.utils.track_tf1_style_variables": "It is for migration from TensorFlow 1. Use layers and add_weight.",
}


def today(module: str) -> str | None:
    """The public module for an old one or for something within it; None where the name is no old one."""
    if module != module.lower():  # a class, which cannot be imported as a module
        return None
    parts = module.split(".")
    prefixes = (".".join(parts[:n]) for n in range(len(parts), 1, -1))
    return next((MODULES[prefix] for prefix in prefixes if prefix in MODULES), None)


def found(module: str, name: str, served: Iterable[str]) -> Any:
    """What ``module.name`` was called in Keras 1 or 2.

    Args:
        module: the asking module, which has no such attribute.
        served: the names that it has, for the message.

    Raises:
        AttributeError: it is no old name either.
        NotServedError: it is one, of something that there is not.
    """
    path = f"{public_path(module)}.{name}"
    if path in MODULES:
        return importlib.import_module("kerasish" + MODULES[path].removeprefix("keras"))
    if path in NAMES:
        home, _, thing = NAMES[path].rpartition(".")
        return getattr(importlib.import_module("kerasish" + home.removeprefix("keras")), thing)
    if path in GONE:
        raise NotServedError(f"'{path}' of Keras 2 is not served by kerasish. {GONE[path]}")
    raise missing_name(module, name, served)
