"""VGG16, and what it shares with VGG19 (``keras.applications.vgg16``)."""

from __future__ import annotations

from typing import Any

from kerasish import layers
from kerasish.applications.assembly import Options, architecture, predictions
from kerasish.applications.files import Pretrained
from kerasish.applications.imagenet_utils import decode_predictions as decode_predictions
from kerasish.applications.imagenet_utils import preprocessing
from kerasish.core.registry import publish

FILTERS = (64, 128, 256, 512, 512)  # of the convolutions in each block

__all__ = ["VGG16", "decode_predictions", "preprocess_input"]


def vgg(title: str, counts: tuple[int, ...], *digests: str) -> Any:
    """The model with ``counts`` convolutions in its blocks."""

    def body(x: Any, options: Options) -> Any:
        for block, (count, filters) in enumerate(zip(counts, FILTERS, strict=True), 1):
            for i in range(1, count + 1):
                conv = layers.Conv2D(filters, 3, activation="relu", padding="same", name=f"block{block}_conv{i}")
                x = conv(x)
            x = layers.MaxPooling2D(2, strides=2, name=f"block{block}_pool")(x)
        return x

    name = title.lower()
    return architecture(title, name, body, Pretrained.tf_kernels(name, name, *digests), top=_top)


def _top(x: Any, options: Options) -> Any:
    x = layers.Flatten(name="flatten")(x)
    for name in ("fc1", "fc2"):
        x = layers.Dense(4096, activation="relu", name=name)(x)
    return predictions(x, options)


VGG16 = vgg("VGG16", (2, 2, 3, 3, 3), "64373286793e3c8b2b4e3219cbf3544b", "6d6bbae143d832006294945121d1f1fc")
preprocess_input = preprocessing("caffe")

publish(__name__, globals(), __all__)
