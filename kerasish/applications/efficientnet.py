"""EfficientNetB0 to B7, and what they share with their second version (``keras.applications.efficientnet``)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from kerasish import layers
from kerasish.applications.assembly import NAMED, Options, architecture, channel_axis, classifier, divisible
from kerasish.applications.files import Pretrained
from kerasish.applications.imagenet_utils import correct_pad, preprocessing
from kerasish.applications.imagenet_utils import decode_predictions as decode_predictions
from kerasish.core.registry import publish
from kerasish.models import Model

_FOLDER = "https://storage.googleapis.com/keras-applications/"
_STAGES = (  # (kernel, blocks, filters, how much wider inside, stride of the first block)
    (3, 1, 16, 1, 1), (3, 2, 24, 6, 2), (5, 2, 40, 6, 2), (3, 3, 80, 6, 2), (5, 3, 112, 6, 1), (5, 4, 192, 6, 2),
    (3, 1, 320, 6, 1),
)  # fmt: skip
_DEVIATIONS = (0.229, 0.224, 0.225)  # of ImageNet's red, green and blue

CONV_INITIALIZER = {
    "class_name": "VarianceScaling",
    "config": {"scale": 2.0, "mode": "fan_out", "distribution": "truncated_normal"},
}
DENSE_INITIALIZER = {
    "class_name": "VarianceScaling",
    "config": {"scale": 1.0 / 3.0, "mode": "fan_out", "distribution": "uniform"},
}

__all__ = [
    "EfficientNetB0", "EfficientNetB1", "EfficientNetB2", "EfficientNetB3", "EfficientNetB4", "EfficientNetB5",
    "EfficientNetB6", "EfficientNetB7", "decode_predictions", "preprocess_input",
]  # fmt: skip


def _efficientnet(
    variant: str, width: float, depth: float, size: int, dropout: float, *digests: str
) -> Callable[..., Model]:
    """The model whose filters are ``width`` times those of B0, its blocks ``depth`` times as many."""

    def body(x: Any, options: Options) -> Any:
        x = _preprocessed(x, pretrained=options.weights == "imagenet")
        x = layers.ZeroPadding2D(correct_pad(x, 3), name="stem_conv_pad")(x)
        x = conv(x, divisible(32 * width), 3, "stem_conv", strides=2, padding="valid")
        x = norm_active(x, "stem_")
        x = _blocks(x, width, depth)
        x = conv(x, divisible(1280 * width), 1, "top_conv")
        return norm_active(x, "top_")

    def top(x: Any, options: Options) -> Any:
        return classifier(x, options, dropout=dropout, kernel_initializer=DENSE_INITIALIZER)

    name = f"efficientnet{variant.lower()}"
    pretrained = Pretrained.at(_FOLDER, f"{name}.h5", f"{name}_notop.h5", digests)  # type: ignore[arg-type]
    return architecture(f"EfficientNet{variant}", name, body, pretrained, size, top=top, pool_names=NAMED)


def _preprocessed(x: Any, pretrained: bool) -> Any:
    """0 to 1, then normalized; the weights for ImageNet were trained with one more scaling."""
    x = layers.Rescaling(1.0 / 255.0)(x)
    x = layers.Normalization(axis=channel_axis())(x)
    if pretrained:
        x = layers.Rescaling([1.0 / math.sqrt(deviation) for deviation in _DEVIATIONS])(x)
    return x


def _blocks(x: Any, width: float, depth: float) -> Any:
    counts = [math.ceil(depth * blocks) for _, blocks, *_ in _STAGES]
    done, channels = 0, divisible(32 * width)
    for stage, ((kernel, _, filters, widening, stride), count) in enumerate(zip(_STAGES, counts, strict=True), 1):
        filters = divisible(filters * width)
        for i in range(count):
            name = f"block{stage}{chr(ord('a') + i)}_"
            rate = 0.2 * done / float(sum(counts))
            x = _block(x, name, channels, filters, kernel, widening, stride if i == 0 else 1, rate)
            done, channels = done + 1, filters
    return x


def _block(
    inputs: Any, name: str, channels: int, filters: int, kernel: int, widening: int, stride: int, rate: float
) -> Any:
    wide, x = channels * widening, inputs
    if widening != 1:
        x = norm_active(conv(x, wide, 1, f"{name}expand_conv"), f"{name}expand_")
    if stride == 2:
        x = layers.ZeroPadding2D(correct_pad(x, kernel), name=f"{name}dwconv_pad")(x)
    x = layers.DepthwiseConv2D(
        kernel,
        strides=stride,
        padding="valid" if stride == 2 else "same",
        use_bias=False,
        depthwise_initializer=CONV_INITIALIZER,
        name=f"{name}dwconv",
    )(x)
    x = norm_active(x, name)
    x = squeeze_and_excite(x, name, wide, max(1, int(channels * 0.25)))
    x = norm(conv(x, filters, 1, f"{name}project_conv"), f"{name}project_bn")
    return shortcut(x, inputs, name, rate) if stride == 1 and channels == filters else x


# layers, also of EfficientNetV2 ----------------------------------------------------------------------------------------


def conv(x: Any, filters: int, kernel: int, name: str, strides: int = 1, padding: str = "same") -> Any:
    return layers.Conv2D(
        filters,
        kernel,
        strides=strides,
        padding=padding,
        use_bias=False,
        kernel_initializer=CONV_INITIALIZER,
        name=name,
    )(x)


def norm(x: Any, name: str, momentum: float = 0.99) -> Any:
    return layers.BatchNormalization(axis=channel_axis(), momentum=momentum, name=name)(x)


def norm_active(x: Any, prefix: str, momentum: float = 0.99) -> Any:
    return layers.Activation("swish", name=f"{prefix}activation")(norm(x, f"{prefix}bn", momentum))


def squeeze_and_excite(x: Any, name: str, channels: int, squeezed: int) -> Any:
    """The channels, weighted by what their means over the positions say."""
    means = layers.GlobalAveragePooling2D(name=f"{name}se_squeeze")(x)
    shape = (channels, 1, 1) if channel_axis() == 1 else (1, 1, channels)
    weights = layers.Reshape(shape, name=f"{name}se_reshape")(means)
    for filters, activation, part in ((squeezed, "swish", "reduce"), (channels, "sigmoid", "expand")):
        weights = layers.Conv2D(
            filters,
            1,
            padding="same",
            activation=activation,
            kernel_initializer=CONV_INITIALIZER,
            name=f"{name}se_{part}",
        )(weights)
    return layers.Multiply(name=f"{name}se_excite")([x, weights])


def shortcut(x: Any, inputs: Any, name: str, rate: float) -> Any:
    """Inputs and block added up; in training the block is left out for a share ``rate`` of the samples."""
    if rate > 0:
        x = layers.Dropout(rate, noise_shape=(None, 1, 1, 1), name=f"{name}drop")(x)
    return layers.Add(name=f"{name}add")([x, inputs])


EfficientNetB0 = _efficientnet(
    "B0", 1.0, 1.0, 224, 0.2, "902e53a9f72be733fc0bcb005b3ebbac", "50bc09e76180e00e4465e1a485ddc09d"
)
EfficientNetB1 = _efficientnet(
    "B1", 1.0, 1.1, 240, 0.2, "1d254153d4ab51201f1646940f018540", "74c4e6b3e1f6a1eea24c589628592432"
)
EfficientNetB2 = _efficientnet(
    "B2", 1.1, 1.2, 260, 0.3, "b15cce36ff4dcbd00b6dd88e7857a6ad", "111f8e2ac8aa800a7a99e3239f7bfb39"
)
EfficientNetB3 = _efficientnet(
    "B3", 1.2, 1.4, 300, 0.3, "ffd1fdc53d0ce67064dc6a9c7960ede0", "af6d107764bb5b1abb91932881670226"
)
EfficientNetB4 = _efficientnet(
    "B4", 1.4, 1.8, 380, 0.4, "18c95ad55216b8f92d7e70b3a046e2fc", "ebc24e6d6c33eaebbd558eafbeedf1ba"
)
EfficientNetB5 = _efficientnet(
    "B5", 1.6, 2.2, 456, 0.4, "ace28f2a6363774853a83a0b21b9421a", "38879255a25d3c92d5e44e04ae6cec6f"
)
EfficientNetB6 = _efficientnet(
    "B6", 1.8, 2.6, 528, 0.5, "165f6e37dce68623721b423839de8be5", "9ecce42647a20130c1f39a5d4cb75743"
)
EfficientNetB7 = _efficientnet(
    "B7", 2.0, 3.1, 600, 0.5, "8c03f828fec3ef71311cd463b6759d99", "cbcfe4450ddf6f3ad90b1b398090fe4a"
)
preprocess_input = preprocessing(None)

publish(__name__, globals(), __all__)
