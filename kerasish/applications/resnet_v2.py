"""ResNet50V2, ResNet101V2, ResNet152V2: normalized before each convolution (``keras.applications.resnet_v2``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerasish import layers
from kerasish.applications.assembly import Options
from kerasish.applications.imagenet_utils import decode_predictions as decode_predictions
from kerasish.applications.imagenet_utils import preprocessing
from kerasish.applications.resnet import DEPTHS, FILTERS, norm_relu, resnet, stem
from kerasish.core.registry import publish

__all__ = ["ResNet101V2", "ResNet152V2", "ResNet50V2", "decode_predictions", "preprocess_input"]


def _body(depths: tuple[int, ...]) -> Callable[[Any, Options], Any]:
    def body(x: Any, options: Options) -> Any:
        x = stem(x, normalized=False)
        for stage, (blocks, filters) in enumerate(zip(depths, FILTERS, strict=True), 2):
            for block in range(1, blocks + 1):
                stride = 2 if block == blocks and stage < 5 else 1
                x = _block(x, filters, stride, f"conv{stage}_block{block}", projected=block == 1)
        return norm_relu(x, "post")

    return body


def _block(x: Any, filters: int, stride: int, name: str, projected: bool) -> Any:
    active = norm_relu(x, name, "preact_")
    shortcut = x
    if projected:
        shortcut = layers.Conv2D(4 * filters, 1, strides=stride, name=f"{name}_0_conv")(active)
    elif stride > 1:
        shortcut = layers.MaxPooling2D(1, strides=stride)(x)
    x = layers.Conv2D(filters, 1, use_bias=False, name=f"{name}_1_conv")(active)
    x = norm_relu(x, name, "1_")
    x = layers.ZeroPadding2D(1, name=f"{name}_2_pad")(x)
    x = layers.Conv2D(filters, 3, strides=stride, use_bias=False, name=f"{name}_2_conv")(x)
    x = norm_relu(x, name, "2_")
    x = layers.Conv2D(4 * filters, 1, name=f"{name}_3_conv")(x)
    return layers.Add(name=f"{name}_out")([shortcut, x])


ResNet50V2 = resnet(
    "ResNet50V2", _body(DEPTHS["50"]), "3ef43a0b657b3be2300d5770ece849e0", "fac2f116257151a9d068a22e544a4917"
)
ResNet101V2 = resnet(
    "ResNet101V2", _body(DEPTHS["101"]), "6343647c601c52e1368623803854d971", "c0ed64b8031c3730f411d2eb4eea35b5"
)
ResNet152V2 = resnet(
    "ResNet152V2", _body(DEPTHS["152"]), "a49b44d1979771252814e80f8ec446f9", "ed17cf2e0169df9d443503ef94b23b33"
)
preprocess_input = preprocessing("tf")

publish(__name__, globals(), __all__)
