"""InceptionV3 (``keras.applications.inception_v3``)."""

from __future__ import annotations

from typing import Any

from kerasish import layers
from kerasish.applications.assembly import Options, architecture, channel_axis
from kerasish.applications.files import Pretrained
from kerasish.applications.imagenet_utils import decode_predictions as decode_predictions
from kerasish.applications.imagenet_utils import preprocessing
from kerasish.core.registry import publish

# A block is parallel chains of convolutions, (filters, kernel) or (filters, kernel, "half"): stride 2 without padding.
# The pooling chain stands last: how many filters after averaging, or None: the largest of 3×3, half the size.
_Chain = tuple


def _squares(pool: int) -> tuple:
    return (((64, 1),), ((48, 1), (64, 5)), ((64, 1), (96, 3), (96, 3)), pool)


def _sevens(filters: int) -> tuple:
    """With kernels 1×7 and 7×1."""
    row, column = (1, 7), (7, 1)
    twice = ((filters, 1), (filters, column), (filters, row), (filters, column), (192, row))
    return (((192, 1),), ((filters, 1), (filters, row), (192, column)), twice, 192)


_BLOCKS = {
    "mixed0": _squares(32),
    "mixed1": _squares(64),
    "mixed2": _squares(64),
    "mixed3": (((384, 3, "half"),), ((64, 1), (96, 3), (96, 3, "half")), None),
    "mixed4": _sevens(128),
    "mixed5": _sevens(160),
    "mixed6": _sevens(160),
    "mixed7": _sevens(192),
    "mixed8": (((192, 1), (320, 3, "half")), ((192, 1), (192, (1, 7)), (192, (7, 1)), (192, 3, "half")), None),
}

__all__ = ["InceptionV3", "decode_predictions", "preprocess_input"]


def _body(x: Any, options: Options) -> Any:
    x = _conv(x, 32, 3, "half")
    x = _conv(x, 32, 3, "valid")
    x = _conv(x, 64, 3)
    x = layers.MaxPooling2D(3, strides=2)(x)
    x = _conv(x, 80, 1, "valid")
    x = _conv(x, 192, 3, "valid")
    x = layers.MaxPooling2D(3, strides=2)(x)
    for name, (*chains, pool) in _BLOCKS.items():
        branches = [_chain(x, chain) for chain in chains]
        x = _joined([*branches, _pooled(x, pool)], name)
    for i in (0, 1):
        x = _fan_block(x, i)
    return x


def _conv(x: Any, filters: int, kernel: Any, how: str = "same") -> Any:
    padding, strides = ("valid", 2) if how == "half" else (how, 1)
    x = layers.Conv2D(filters, kernel, strides=strides, padding=padding, use_bias=False)(x)
    x = layers.BatchNormalization(axis=channel_axis(), scale=False)(x)
    return layers.Activation("relu")(x)


def _chain(x: Any, chain: _Chain) -> Any:
    for conv in chain:
        x = _conv(x, *conv)
    return x


def _pooled(x: Any, filters: int | None) -> Any:
    if filters is None:
        return layers.MaxPooling2D(3, strides=2)(x)
    return _conv(layers.AveragePooling2D(3, strides=1, padding="same")(x), filters, 1)


def _joined(branches: list, name: str | None = None) -> Any:
    return layers.Concatenate(axis=channel_axis(), name=name)(branches)


def _fan_block(x: Any, i: int) -> Any:
    """The last two blocks, in which two chains end in a row and a column side by side."""
    plain = _conv(x, 320, 1)
    single = _conv(x, 384, 1)
    single = _joined([_conv(single, 384, (1, 3)), _conv(single, 384, (3, 1))], f"mixed9_{i}")
    double = _chain(x, ((448, 1), (384, 3)))
    double = _joined([_conv(double, 384, (1, 3)), _conv(double, 384, (3, 1))])
    return _joined([plain, single, double, _pooled(x, 192)], f"mixed{9 + i}")


InceptionV3 = architecture(
    "InceptionV3",
    "inception_v3",
    _body,
    Pretrained.tf_kernels(
        "inception_v3", "inception_v3", "9a0d58056eeedaa3f26cb7ebd46da564", "bcbd6486424b2319ff4ef7d526e38f63"
    ),
    default_size=299,
    min_size=75,
)
preprocess_input = preprocessing("tf")

publish(__name__, globals(), __all__)
