"""Xception (``keras.applications.xception``)."""

from __future__ import annotations

from typing import Any

from kerasish import layers
from kerasish.applications.assembly import Options, architecture, channel_axis
from kerasish.applications.files import Pretrained
from kerasish.applications.imagenet_utils import decode_predictions as decode_predictions
from kerasish.applications.imagenet_utils import preprocessing
from kerasish.core.registry import publish

_SHRINKING = {2: (128, 128), 3: (256, 256), 4: (728, 728), 13: (728, 1024)}  # block → filters of its two convolutions

__all__ = ["Xception", "decode_predictions", "preprocess_input"]


def _body(x: Any, options: Options) -> Any:
    x = _conv(x, 32, "block1_conv1", strides=2)
    x = _conv(x, 64, "block1_conv2")
    for block in range(2, 14):
        x = _shrinking_block(x, block) if block in _SHRINKING else _middle_block(x, block)
    for i, filters in enumerate((1536, 2048), 1):
        x = _separable(x, filters, f"block14_sepconv{i}")
        x = _relu(x, f"block14_sepconv{i}_act")
    return x


def _norm(x: Any, name: str | None = None) -> Any:
    return layers.BatchNormalization(axis=channel_axis(-1), name=name)(x)


def _relu(x: Any, name: str) -> Any:
    return layers.Activation("relu", name=name)(x)


def _conv(x: Any, filters: int, name: str, strides: int = 1) -> Any:
    x = layers.Conv2D(filters, 3, strides=strides, use_bias=False, name=name)(x)
    return _relu(_norm(x, f"{name}_bn"), f"{name}_act")


def _separable(x: Any, filters: int, name: str) -> Any:
    x = layers.SeparableConv2D(filters, 3, padding="same", use_bias=False, name=name)(x)
    return _norm(x, f"{name}_bn")


def _shrinking_block(x: Any, block: int) -> Any:
    """Half the height and width, more channels."""
    first, second = _SHRINKING[block]
    residual = _norm(layers.Conv2D(second, 1, strides=2, padding="same", use_bias=False)(x))
    if block > 2:  # what comes to block 2 is active already
        x = _relu(x, f"block{block}_sepconv1_act")
    x = _separable(x, first, f"block{block}_sepconv1")
    x = _relu(x, f"block{block}_sepconv2_act")
    x = _separable(x, second, f"block{block}_sepconv2")
    x = layers.MaxPooling2D(3, strides=2, padding="same", name=f"block{block}_pool")(x)
    return layers.Add()([x, residual])


def _middle_block(x: Any, block: int) -> Any:
    residual = x
    for i in (1, 2, 3):
        x = _relu(x, f"block{block}_sepconv{i}_act")
        x = _separable(x, 728, f"block{block}_sepconv{i}")
    return layers.Add()([x, residual])


Xception = architecture(
    "Xception",
    "xception",
    _body,
    Pretrained.tf_kernels(
        "xception", "xception", "0a58e3b7378bc2990ea3b43d5981f1f6", "b0042744bf5b25fce3cb969f33bebb97"
    ),
    default_size=299,
    min_size=71,
)
preprocess_input = preprocessing("tf")

publish(__name__, globals(), __all__)
