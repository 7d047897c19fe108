"""InceptionResNetV2 (``keras.applications.inception_resnet_v2``)."""

from __future__ import annotations

from typing import Any

import torch

from kerasish import layers
from kerasish.applications.assembly import Options, architecture, channel_axis
from kerasish.applications.files import Pretrained
from kerasish.applications.imagenet_utils import decode_predictions as decode_predictions
from kerasish.applications.imagenet_utils import preprocessing
from kerasish.core.registry import publish

# Parallel chains of convolutions: (filters, kernel) or (filters, kernel, "half"), stride 2 without padding.
_FIRST = (((96, 1),), ((48, 1), (64, 5)), ((64, 1), (96, 3), (96, 3)))
_RESIDUAL = {
    "block35": (((32, 1),), ((32, 1), (32, 3)), ((32, 1), (48, 3), (64, 3))),
    "block17": (((192, 1),), ((128, 1), (160, (1, 7)), (192, (7, 1)))),
    "block8": (((192, 1),), ((192, 1), (224, (1, 3)), (256, (3, 1)))),
}
_SHRINKING = {
    "mixed_6a": (((384, 3, "half"),), ((256, 1), (256, 3), (384, 3, "half"))),
    "mixed_7a": (
        ((256, 1), (384, 3, "half")),
        ((256, 1), (288, 3, "half")),
        ((256, 1), (288, 3), (320, 3, "half")),
    ),
}

__all__ = ["InceptionResNetV2", "decode_predictions", "preprocess_input"]


class CustomScaleLayer(layers.Layer):
    """``inputs[0] + scale * inputs[1]``.

    Args:
        scale: a number.
    """

    def __init__(self, scale: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, inputs: list[torch.Tensor]) -> torch.Tensor:
        return inputs[0] + inputs[1] * self.scale

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape[0]


def _body(x: Any, options: Options) -> Any:
    x = _conv(x, 32, 3, "half")
    x = _conv(x, 32, 3, "valid")
    x = _conv(x, 64, 3)
    x = layers.MaxPooling2D(3, strides=2)(x)
    x = _conv(x, 80, 1, "valid")
    x = _conv(x, 192, 3, "valid")
    x = layers.MaxPooling2D(3, strides=2)(x)
    branches = _chains(x, _FIRST)
    averages = layers.AveragePooling2D(3, strides=1, padding="same")(x)
    x = _joined([*branches, _conv(averages, 64, 1)], "mixed_5b")
    for i in range(1, 11):
        x = _block(x, 0.17, "block35", i)
    x = _shrunk(x, "mixed_6a")
    for i in range(1, 21):
        x = _block(x, 0.1, "block17", i)
    x = _shrunk(x, "mixed_7a")
    for i in range(1, 10):
        x = _block(x, 0.2, "block8", i)
    x = _block(x, 1.0, "block8", 10, active=False)
    return _conv(x, 1536, 1, name="conv_7b")


def _conv(x: Any, filters: int, kernel: Any, how: str = "same", name: str | None = None) -> Any:
    padding, strides = ("valid", 2) if how == "half" else (how, 1)
    x = layers.Conv2D(filters, kernel, strides=strides, padding=padding, use_bias=False, name=name)(x)
    x = layers.BatchNormalization(axis=channel_axis(), scale=False, name=name and f"{name}_bn")(x)
    return layers.Activation("relu", name=name and f"{name}_ac")(x)


def _chains(x: Any, chains: tuple) -> list:
    branches = []
    for chain in chains:
        branch = x
        for conv in chain:
            branch = _conv(branch, *conv)
        branches.append(branch)
    return branches


def _joined(branches: list, name: str) -> Any:
    return layers.Concatenate(axis=channel_axis(), name=name)(branches)


def _shrunk(x: Any, name: str) -> Any:
    branches = _chains(x, _SHRINKING[name])
    return _joined([*branches, layers.MaxPooling2D(3, strides=2)(x)], name)


def _block(x: Any, scale: float, kind: str, i: int, active: bool = True) -> Any:
    """x, and ``scale`` times what the block's chains compute from it."""
    name = f"{kind}_{i}"
    mixed = _joined(_chains(x, _RESIDUAL[kind]), f"{name}_mixed")
    update = layers.Conv2D(x.shape[channel_axis()], 1, padding="same", name=f"{name}_conv")(mixed)
    x = CustomScaleLayer(scale)([x, update])
    return layers.Activation("relu", name=f"{name}_ac")(x) if active else x


InceptionResNetV2 = architecture(
    "InceptionResNetV2",
    "inception_resnet_v2",
    _body,
    Pretrained.tf_kernels(
        "inception_resnet_v2",
        "inception_resnet_v2",
        "e693bd0210a403b3192acc6073ad2e96",
        "d19885ff4a710c122648d3b5c3b684e4",
    ),
    default_size=299,
    min_size=75,
)
preprocess_input = preprocessing("tf")

publish(__name__, globals(), __all__)
publish("kerasish.src.applications.inception_resnet_v2", globals(), ("CustomScaleLayer",))  # the path in Keras's files
CustomScaleLayer.__module__ = __name__
