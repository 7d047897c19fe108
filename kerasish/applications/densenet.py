"""DenseNet121, DenseNet169, DenseNet201 (``keras.applications.densenet``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerasish import layers
from kerasish.applications.assembly import NAMED, Options, architecture, channel_axis, needs_channels_last
from kerasish.applications.files import Pretrained
from kerasish.applications.imagenet_utils import decode_predictions as decode_predictions
from kerasish.applications.imagenet_utils import preprocessing
from kerasish.core.registry import publish
from kerasish.models import Model

GROWTH = 32  # channels that each block adds

__all__ = ["DenseNet121", "DenseNet169", "DenseNet201", "decode_predictions", "preprocess_input"]


def _densenet(title: str, depths: tuple[int, ...], *digests: str) -> Callable[..., Model]:
    def body(x: Any, options: Options) -> Any:
        x = layers.ZeroPadding2D(3)(x)
        x = layers.Conv2D(64, 7, strides=2, use_bias=False, name="conv1_conv")(x)
        x = _norm_relu(x, "conv1_")
        x = layers.ZeroPadding2D(1)(x)
        x = layers.MaxPooling2D(3, strides=2, name="pool1")(x)
        for stage, blocks in enumerate(depths, 2):
            for block in range(1, blocks + 1):
                x = _block(x, f"conv{stage}_block{block}")
            if stage < len(depths) + 1:
                x = _transition(x, f"pool{stage}")
        return _norm_relu(x, "")

    name = title.lower()
    pretrained = Pretrained.tf_kernels("densenet", name, *digests)
    return architecture(title, name, body, pretrained, pool_names=NAMED, check=needs_channels_last("DenseNet"))


def _norm_relu(x: Any, prefix: str) -> Any:
    x = layers.BatchNormalization(axis=channel_axis(), epsilon=1.001e-5, name=f"{prefix}bn")(x)
    return layers.Activation("relu", name=f"{prefix}relu")(x)


def _block(x: Any, name: str) -> Any:
    """x, and ``GROWTH`` channels computed from it."""
    new = _norm_relu(x, f"{name}_0_")
    new = layers.Conv2D(4 * GROWTH, 1, use_bias=False, name=f"{name}_1_conv")(new)
    new = _norm_relu(new, f"{name}_1_")
    new = layers.Conv2D(GROWTH, 3, padding="same", use_bias=False, name=f"{name}_2_conv")(new)
    return layers.Concatenate(axis=channel_axis(), name=f"{name}_concat")([x, new])


def _transition(x: Any, name: str) -> Any:
    """Half the channels, height and width."""
    x = _norm_relu(x, f"{name}_")
    x = layers.Conv2D(x.shape[channel_axis()] // 2, 1, use_bias=False, name=f"{name}_conv")(x)
    return layers.AveragePooling2D(2, strides=2, name=f"{name}_pool")(x)


DenseNet121 = _densenet(
    "DenseNet121", (6, 12, 24, 16), "9d60b8095a5708f2dcce2bca79d332c7", "30ee3e1110167f948a6b9946edeeb738"
)
DenseNet169 = _densenet(
    "DenseNet169", (6, 12, 32, 32), "d699b8f76981ab1b30698df4c175e90b", "b8c4d4c20dd625c148057b9ff1c1176b"
)
DenseNet201 = _densenet(
    "DenseNet201", (6, 12, 48, 32), "1ceb130c1ea1b78c3bf6114dbdfd8807", "c13680b51ded0fb44dff2d8f86ac8bb1"
)
preprocess_input = preprocessing("torch")

publish(__name__, globals(), __all__)
