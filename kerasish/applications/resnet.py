"""ResNet50, ResNet101, ResNet152, and what they share with their second version (``keras.applications.resnet``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerasish import layers
from kerasish.applications.assembly import NAMED, Options, architecture, channel_axis
from kerasish.applications.files import Pretrained
from kerasish.applications.imagenet_utils import decode_predictions as decode_predictions
from kerasish.applications.imagenet_utils import preprocessing
from kerasish.core.registry import publish
from kerasish.models import Model

DEPTHS = {"50": (3, 4, 6, 3), "101": (3, 4, 23, 3), "152": (3, 8, 36, 3)}  # blocks in the four stages
FILTERS = (64, 128, 256, 512)

__all__ = ["ResNet101", "ResNet152", "ResNet50", "decode_predictions", "preprocess_input"]


def resnet(title: str, body: Callable[[Any, Options], Any], *digests: str) -> Callable[..., Model]:
    name = title.lower()
    pretrained = Pretrained.tf_kernels("resnet", name, *digests)
    return architecture(title, name, body, pretrained, pool_names=NAMED)


def norm(x: Any, name: str) -> Any:
    return layers.BatchNormalization(axis=channel_axis(), epsilon=1.001e-5, name=name)(x)


def norm_relu(x: Any, name: str, prefix: str = "") -> Any:
    return layers.Activation("relu", name=f"{name}_{prefix}relu")(norm(x, f"{name}_{prefix}bn"))


def stem(x: Any, normalized: bool) -> Any:
    """A quarter of the images' size, 64 channels."""
    x = layers.ZeroPadding2D(3, name="conv1_pad")(x)
    x = layers.Conv2D(64, 7, strides=2, name="conv1_conv")(x)
    if normalized:
        x = norm_relu(x, "conv1")
    x = layers.ZeroPadding2D(1, name="pool1_pad")(x)
    return layers.MaxPooling2D(3, strides=2, name="pool1_pool")(x)


def _body(depths: tuple[int, ...]) -> Callable[[Any, Options], Any]:
    def body(x: Any, options: Options) -> Any:
        x = stem(x, normalized=True)
        for stage, (blocks, filters) in enumerate(zip(depths, FILTERS, strict=True), 2):
            for block in range(1, blocks + 1):
                stride = 2 if block == 1 and stage > 2 else 1
                x = _block(x, filters, stride, f"conv{stage}_block{block}", projected=block == 1)
        return x

    return body


def _block(x: Any, filters: int, stride: int, name: str, projected: bool) -> Any:
    shortcut = x
    if projected:
        shortcut = layers.Conv2D(4 * filters, 1, strides=stride, name=f"{name}_0_conv")(x)
        shortcut = norm(shortcut, f"{name}_0_bn")
    x = layers.Conv2D(filters, 1, strides=stride, name=f"{name}_1_conv")(x)
    x = norm_relu(x, name, "1_")
    x = layers.Conv2D(filters, 3, padding="same", name=f"{name}_2_conv")(x)
    x = norm_relu(x, name, "2_")
    x = layers.Conv2D(4 * filters, 1, name=f"{name}_3_conv")(x)
    x = norm(x, f"{name}_3_bn")
    x = layers.Add(name=f"{name}_add")([shortcut, x])
    return layers.Activation("relu", name=f"{name}_out")(x)


ResNet50 = resnet(
    "ResNet50", _body(DEPTHS["50"]), "2cb95161c43110f7111970584f804107", "4d473c1dd8becc155b73f8504c6f6626"
)
ResNet101 = resnet(
    "ResNet101", _body(DEPTHS["101"]), "f1aeb4b969a6efcfb50fad2f0c20cfc5", "88cf7a10940856eca736dc7b7e228a21"
)
ResNet152 = resnet(
    "ResNet152", _body(DEPTHS["152"]), "100835be76be38e30d865e96f2aaae62", "ee4c566cf9a93f14d82f913c2dc6dd0c"
)
preprocess_input = preprocessing("caffe")

publish(__name__, globals(), __all__)
