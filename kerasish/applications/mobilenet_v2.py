"""MobileNetV2 (``keras.applications.mobilenet_v2``)."""

from __future__ import annotations

from typing import Any

from kerasish import layers
from kerasish.applications.assembly import (
    Options,
    channel_axis,
    classifier,
    described,
    divisible,
    entry,
    load,
    model_of,
    pooled,
)
from kerasish.applications.files import KERAS, Pretrained
from kerasish.applications.imagenet_utils import correct_pad, preprocessing
from kerasish.applications.imagenet_utils import decode_predictions as decode_predictions
from kerasish.applications.mobile_sizes import check_tensor, default_size, image_sizes, trained_size
from kerasish.core.errors import fail
from kerasish.core.registry import publish
from kerasish.core.symbolic import is_keras_tensor
from kerasish.models import Model

_SIZES = (96, 128, 160, 192, 224)  # of the images that there are weights for
_ALPHAS = (0.35, 0.5, 0.75, 1.0, 1.3, 1.4)
_STAGES = (
    (16, 1, 1),
    (24, 2, 2),
    (32, 2, 3),
    (64, 2, 4),
    (96, 1, 3),
    (160, 2, 3),
    (320, 1, 1),
)  # filters, stride, blocks

__all__ = ["MobileNetV2", "decode_predictions", "preprocess_input"]


def MobileNetV2(
    input_shape: Any = None,
    alpha: float = 1.0,
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = None,
) -> Model:
    """The architecture MobileNetV2. ``alpha`` scales the number of filters."""
    options = Options(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    check_tensor(input_shape, input_tensor)
    given = input_tensor.shape if input_shape is None and is_keras_tensor(input_tensor) else input_shape
    options = options.with_shape(default_size(image_sizes(given), _SIZES))
    sizes = image_sizes(options.input_shape)
    rows = sizes[0]
    if weights == "imagenet":
        if alpha not in _ALPHAS:
            raise fail(
                ValueError,
                "If imagenet weights are being loaded, alpha must be one of `0.35`, `0.50`, `0.75`, `1.0`, `1.3` or `1.4` "
                "only",
                received=f"`alpha={alpha}`",
            )
        rows = trained_size(sizes, _SIZES)
    images = entry(options)
    x = _convolutions(images, alpha)
    x = classifier(x, options, pool_name=None) if include_top else pooled(x, pooling)
    model = model_of(options.named(f"mobilenetv2_{alpha:0.2f}_{rows}"), images, x)
    stem = f"mobilenet_v2_weights_tf_dim_ordering_tf_kernels_{float(alpha)}_{rows}"
    return load(model, options, Pretrained.at(f"{KERAS}mobilenet_v2/", f"{stem}.h5", f"{stem}_no_top.h5"))


def _convolutions(x: Any, alpha: float) -> Any:
    x = layers.Conv2D(divisible(32 * alpha), 3, strides=2, padding="same", use_bias=False, name="Conv1")(x)
    x = layers.ReLU(6.0, name="Conv1_relu")(_norm(x, "bn_Conv1"))
    block = 0
    for filters, first_stride, blocks in _STAGES:
        for i in range(blocks):
            x = _block(x, divisible(int(filters * alpha)), first_stride if i == 0 else 1, block)
            block += 1
    last = divisible(1280 * alpha) if alpha > 1.0 else 1280
    x = layers.Conv2D(last, 1, use_bias=False, name="Conv_1")(x)
    return layers.ReLU(6.0, name="out_relu")(_norm(x, "Conv_1_bn"))


def _norm(x: Any, name: str) -> Any:
    return layers.BatchNormalization(axis=channel_axis(-1), epsilon=1e-3, momentum=0.999, name=name)(x)


def _block(inputs: Any, filters: int, stride: int, block: int) -> Any:
    """Six times the channels, a depthwise convolution, ``filters`` channels; the first block widens nothing."""
    channels = inputs.shape[channel_axis(-1)]
    prefix = f"block_{block}_" if block else "expanded_conv_"
    x = inputs
    if block:
        x = layers.Conv2D(6 * channels, 1, padding="same", use_bias=False, name=f"{prefix}expand")(x)
        x = layers.ReLU(6.0, name=f"{prefix}expand_relu")(_norm(x, f"{prefix}expand_BN"))
    if stride == 2:
        x = layers.ZeroPadding2D(correct_pad(x, 3), name=f"{prefix}pad")(x)
    padding = "same" if stride == 1 else "valid"
    x = layers.DepthwiseConv2D(3, strides=stride, padding=padding, use_bias=False, name=f"{prefix}depthwise")(x)
    x = layers.ReLU(6.0, name=f"{prefix}depthwise_relu")(_norm(x, f"{prefix}depthwise_BN"))
    x = layers.Conv2D(filters, 1, padding="same", use_bias=False, name=f"{prefix}project")(x)
    x = _norm(x, f"{prefix}project_BN")
    return layers.Add(name=f"{prefix}add")([inputs, x]) if channels == filters and stride == 1 else x


described(MobileNetV2, "MobileNetV2", 224, 32)
preprocess_input = preprocessing("tf")

publish(__name__, globals(), __all__)
