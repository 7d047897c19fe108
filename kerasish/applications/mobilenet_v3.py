"""MobileNetV3Small and MobileNetV3Large; here are what is public in ``keras.applications.mobilenet_v3``, and the models."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from kerasish import config, layers
from kerasish.applications.assembly import (
    NAMED,
    Options,
    channel_axis,
    described,
    divisible,
    entry,
    load,
    model_of,
    pooled,
)
from kerasish.applications.files import KERAS, Pretrained
from kerasish.applications.imagenet_utils import correct_pad, preprocessing, validate_activation
from kerasish.applications.imagenet_utils import decode_predictions as decode_predictions
from kerasish.applications.mobile_sizes import check_tensor, image_sizes, trained_size
from kerasish.core.errors import fail
from kerasish.core.registry import publish
from kerasish.core.symbolic import is_keras_tensor
from kerasish.models import Model

_DIGESTS = {
    "large_224_0.75": ("765b44a33ad4005b3ac83185abf1d0eb", "40af19a13ebea4e2ee0c676887f69a2e"),
    "large_224_1.0": ("59e551e166be033d707958cf9e29a6a7", "07fb09a5933dd0c8eaafa16978110389"),
    "large_minimalistic_224_1.0": ("675e7b876c45c57e9e63e6d90a36599c", "ec5221f64a2f6d1ef965a614bdae7973"),
    "small_224_0.75": ("cb65d4e5be93758266aa0a7f2c6708b7", "ebdb5cc8e0b497cd13a7c275d475c819"),
    "small_224_1.0": ("8768d4c2e7dee89b9d02b2d03d65d862", "d3e8ec802a04aa4fc771ee12a9a9b836"),
    "small_minimalistic_224_1.0": ("99cd97fb2fcdad2bf028eb838de69e37", "cde8136e733e811080d9fcd8a252f7e4"),
}

# (how much wider inside, filters, kernel, stride, squeeze-and-excitation, activation); kernel and activation "own" are the
# model's: 5 and hard_swish, 3 and relu in a minimalistic one, which has no squeeze-and-excitation
_SMALL = (
    (1, 16, 3, 2, True, "relu"), (72 / 16, 24, 3, 2, False, "relu"), (88 / 24, 24, 3, 1, False, "relu"),
    (4, 40, "own", 2, True, "own"), (6, 40, "own", 1, True, "own"), (6, 40, "own", 1, True, "own"),
    (3, 48, "own", 1, True, "own"), (3, 48, "own", 1, True, "own"), (6, 96, "own", 2, True, "own"),
    (6, 96, "own", 1, True, "own"), (6, 96, "own", 1, True, "own"),
)  # fmt: skip
_LARGE = (
    (1, 16, 3, 1, False, "relu"), (4, 24, 3, 2, False, "relu"), (3, 24, 3, 1, False, "relu"),
    (3, 40, "own", 2, True, "relu"), (3, 40, "own", 1, True, "relu"), (3, 40, "own", 1, True, "relu"),
    (6, 80, 3, 2, False, "own"), (2.5, 80, 3, 1, False, "own"), (2.3, 80, 3, 1, False, "own"),
    (2.3, 80, 3, 1, False, "own"), (6, 112, 3, 1, True, "own"), (6, 112, 3, 1, True, "own"),
    (6, 160, "own", 2, True, "own"), (6, 160, "own", 1, True, "own"), (6, 160, "own", 1, True, "own"),
)  # fmt: skip

__all__ = ["decode_predictions", "preprocess_input"]


def _mobilenet_v3(title: str, size: str, blocks: tuple, last_filters: int) -> Callable[..., Model]:
    def build(
        input_shape: Any = None,
        alpha: float = 1.0,
        minimalistic: bool = False,
        include_top: bool = True,
        weights: Any = "imagenet",
        input_tensor: Any = None,
        classes: int = 1000,
        pooling: str | None = None,
        dropout_rate: float = 0.2,
        classifier_activation: Any = "softmax",
        include_preprocessing: bool = True,
        name: str | None = title,
    ) -> Model:
        options = Options(
            include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name
        )
        options = dataclasses.replace(options, input_shape=_settled_shape(input_shape, input_tensor))
        if weights == "imagenet":
            _check_pretrained(options.input_shape, alpha, minimalistic)
        images = entry(options)
        x = layers.Rescaling(scale=1.0 / 127.5, offset=-1.0)(images) if include_preprocessing else images
        x = _convolutions(x, blocks, alpha, minimalistic)
        if include_top:
            filters = divisible(last_filters * alpha) if alpha > 1.0 else last_filters
            x = _top(x, options, filters, minimalistic, dropout_rate)
        else:
            x = pooled(x, pooling, NAMED)
        return load(model_of(options, images, x), options, _pretrained(size, alpha, minimalistic))

    build.__doc__ = f"""The architecture {title}.

    ``alpha`` scales the number of filters. ``minimalistic`` leaves out what some accelerators lack: squeeze-and-excitation,
    hard_swish, 5×5 kernels. ``dropout_rate`` is that before the classifier. With ``include_preprocessing`` the images'
    values are 0 to 255.
    """
    return described(build, title, "any size, also with the top; 224", 32)


def _settled_shape(input_shape: Any, input_tensor: Any) -> Any:
    check_tensor(input_shape, input_tensor)
    if input_shape is None:
        sizes = image_sizes(input_tensor.shape) if is_keras_tensor(input_tensor) else (None, None)
        input_shape = (3, *sizes) if config.image_data_format() == "channels_first" else (*sizes, 3)
    rows, columns = image_sizes(input_shape)
    if rows and columns and (rows < 32 or columns < 32):
        raise fail(ValueError, "Input size must be at least 32x32", received=f"`input_shape={input_shape}`")
    return input_shape


def _check_pretrained(input_shape: Any, alpha: float, minimalistic: bool) -> None:
    if alpha not in ((1.0,) if minimalistic else (0.75, 1.0)):
        raise fail(
            ValueError,
            "If imagenet weights are being loaded, alpha can be one of `0.75`, `1.0` for non minimalistic or `1.0` for "
            "minimalistic only",
            received=f"alpha={alpha}, minimalistic={minimalistic}",
        )
    trained_size(image_sizes(input_shape), (224,))


def _pretrained(size: str, alpha: float, minimalistic: bool) -> Pretrained:
    model = f"{size}{'_minimalistic' if minimalistic else ''}_224_{float(alpha)}"
    stem = f"weights_mobilenet_v3_{model}_float"
    digests = _DIGESTS.get(model, (None, None))
    return Pretrained.at(f"{KERAS}mobilenet_v3/", f"{stem}.h5", f"{stem}_no_top_v2.h5", digests)


# layers ---------------------------------------------------------------------------------------------------------------


def _convolutions(x: Any, blocks: tuple, alpha: float, minimalistic: bool) -> Any:
    x = layers.Conv2D(16, 3, strides=2, padding="same", use_bias=False, name="conv")(x)
    x = _active(_norm(x, "conv_bn"), "own", minimalistic)
    for block, (widening, filters, kernel, stride, squeeze, activation) in enumerate(blocks):
        if kernel == "own":
            kernel = 3 if minimalistic else 5
        filters, squeeze = divisible(filters * alpha), squeeze and not minimalistic
        x = _block(x, block, widening, filters, kernel, stride, squeeze, activation, minimalistic)
    x = layers.Conv2D(divisible(x.shape[channel_axis(-1)] * 6), 1, padding="same", use_bias=False, name="conv_1")(x)
    return _active(_norm(x, "conv_1_bn"), "own", minimalistic)


def _norm(x: Any, name: str) -> Any:
    return layers.BatchNormalization(axis=channel_axis(-1), epsilon=1e-3, momentum=0.999, name=name)(x)


def _active(x: Any, activation: str, minimalistic: bool) -> Any:
    if activation == "relu" or minimalistic:
        return layers.ReLU()(x)
    return layers.Activation("hard_swish")(x)


def _block(
    inputs: Any,
    block: int,
    widening: float,
    filters: int,
    kernel: int,
    stride: int,
    squeeze: bool,
    activation: str,
    minimalistic: bool,
) -> Any:
    channels = inputs.shape[channel_axis(-1)]
    wide = divisible(channels * widening)
    prefix = f"expanded_conv_{block}_" if block else "expanded_conv_"
    x = inputs
    if block:
        x = layers.Conv2D(wide, 1, padding="same", use_bias=False, name=f"{prefix}expand")(x)
        x = _active(_norm(x, f"{prefix}expand_bn"), activation, minimalistic)
    if stride == 2:
        x = layers.ZeroPadding2D(correct_pad(x, kernel), name=f"{prefix}depthwise_pad")(x)
    padding = "same" if stride == 1 else "valid"
    x = layers.DepthwiseConv2D(kernel, strides=stride, padding=padding, use_bias=False, name=f"{prefix}depthwise")(x)
    x = _active(_norm(x, f"{prefix}depthwise_bn"), activation, minimalistic)
    if squeeze:
        x = _squeeze_and_excite(x, wide, f"{prefix}squeeze_excite_")
    x = layers.Conv2D(filters, 1, padding="same", use_bias=False, name=f"{prefix}project")(x)
    x = _norm(x, f"{prefix}project_bn")
    return layers.Add(name=f"{prefix}add")([inputs, x]) if stride == 1 and channels == filters else x


def _squeeze_and_excite(inputs: Any, channels: int, prefix: str) -> Any:
    """The channels, weighted by what their means over the positions say."""
    x = layers.GlobalAveragePooling2D(keepdims=True, name=f"{prefix}avg_pool")(inputs)
    x = layers.Conv2D(divisible(channels * 0.25), 1, padding="same", name=f"{prefix}conv")(x)
    x = layers.ReLU(name=f"{prefix}relu")(x)
    x = layers.Conv2D(channels, 1, padding="same", name=f"{prefix}conv_1")(x)
    x = layers.ReLU(6.0)(x + 3.0) * (1.0 / 6.0)
    return layers.Multiply(name=f"{prefix}mul")([inputs, x])


def _top(x: Any, options: Options, filters: int, minimalistic: bool, dropout_rate: float) -> Any:
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Conv2D(filters, 1, padding="same", name="conv_2")(x)
    x = _active(x, "own", minimalistic)
    if dropout_rate > 0:
        x = layers.Dropout(dropout_rate)(x)
    x = layers.Conv2D(options.classes, 1, padding="same", name="logits")(x)
    x = layers.Flatten()(x)
    validate_activation(options.classifier_activation, options.weights)
    return layers.Activation(options.classifier_activation, name="predictions")(x)


MobileNetV3Small = _mobilenet_v3("MobileNetV3Small", "small", _SMALL, 1024)
MobileNetV3Large = _mobilenet_v3("MobileNetV3Large", "large", _LARGE, 1280)
preprocess_input = preprocessing(None)

publish(__name__, globals(), __all__)
