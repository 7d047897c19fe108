"""EfficientNetV2 B0 to B3, S, M and L (``keras.applications.efficientnet_v2``)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from kerasish import initializers, layers
from kerasish.applications.assembly import (
    NAMED,
    Options,
    channel_axis,
    classifier,
    described,
    entry,
    load,
    model_of,
    pooled,
)
from kerasish.applications.efficientnet import (
    CONV_INITIALIZER,
    DENSE_INITIALIZER,
    conv,
    norm,
    norm_active,
    shortcut,
    squeeze_and_excite,
)
from kerasish.applications.files import KERAS, Pretrained
from kerasish.applications.imagenet_utils import decode_predictions as decode_predictions
from kerasish.applications.imagenet_utils import preprocessing
from kerasish.core.registry import publish
from kerasish.models import Model

MOMENTUM = 0.9  # of the normalizations' averages


class _Stage(NamedTuple):
    blocks: int
    filters: int
    widening: int  # how much wider blocks are inside
    stride: int  # of the first block
    fused: bool  # one 3×3 convolution instead of a pointwise and a depthwise one, and no squeeze-and-excitation


def _stages(stem: int, *rows: tuple) -> tuple[int, tuple[_Stage, ...]]:
    """The stem's filters, and the stages; the first three of an architecture are fused."""
    return stem, tuple(_Stage(*row, fused=i < 3) for i, row in enumerate(rows))


_B = _stages(32, (1, 16, 1, 1), (2, 32, 4, 2), (2, 48, 4, 2), (3, 96, 4, 2), (5, 112, 6, 1), (8, 192, 6, 2))
_S = _stages(24, (2, 24, 1, 1), (4, 48, 4, 2), (4, 64, 4, 2), (6, 128, 4, 2), (9, 160, 6, 1), (15, 256, 6, 2))
_M = _stages(
    24, (3, 24, 1, 1), (5, 48, 4, 2), (5, 80, 4, 2), (7, 160, 4, 2), (14, 176, 6, 1), (18, 304, 6, 2), (5, 512, 6, 1)
)
_L = _stages(
    32, (4, 32, 1, 1), (7, 64, 4, 2), (7, 96, 4, 2), (10, 192, 4, 2), (19, 224, 6, 1), (25, 384, 6, 2), (7, 640, 6, 1)
)

__all__ = [
    "EfficientNetV2B0", "EfficientNetV2B1", "EfficientNetV2B2", "EfficientNetV2B3", "EfficientNetV2L", "EfficientNetV2M",
    "EfficientNetV2S", "decode_predictions", "preprocess_input",
]  # fmt: skip


def _efficientnet_v2(
    variant: str, plan: tuple, size: int, *digests: str, width: float = 1.0, depth: float = 1.0
) -> Callable[..., Model]:
    title, default_name = f"EfficientNetV2{variant}", f"efficientnetv2-{variant.lower()}"
    pretrained = Pretrained.at(f"{KERAS}efficientnet_v2/", f"{default_name}.h5", f"{default_name}_notop.h5", digests)  # type: ignore[arg-type]

    def build(
        include_top: bool = True,
        weights: Any = "imagenet",
        input_tensor: Any = None,
        input_shape: Any = None,
        pooling: str | None = None,
        classes: int = 1000,
        classifier_activation: Any = "softmax",
        include_preprocessing: bool = True,
        name: str | None = default_name,
    ) -> Model:
        options = Options(
            include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name
        ).with_shape(size)
        x = images = entry(options)
        if include_preprocessing:
            x = _preprocessed(x, options, normalized=plan is _B)
        x = _convolutions(x, plan, width, depth)
        if include_top:
            zeros = initializers.Constant(0.0)
            x = classifier(x, options, dropout=0.2, kernel_initializer=DENSE_INITIALIZER, bias_initializer=zeros)
        else:
            x = pooled(x, pooling, NAMED)
        return load(model_of(options, images, x), options, pretrained)

    build.__doc__ = f"""The architecture {title}.

    With ``include_preprocessing`` the images' values are 0 to 255, without it -1 to 1.
    """
    return described(build, title, size, 32)


def _preprocessed(x: Any, options: Options, normalized: bool) -> Any:
    axis = channel_axis()
    if normalized and options.input_shape[axis - 1] == 3:
        x = layers.Rescaling(scale=1.0 / 255)(x)
        mean, variance = [0.485, 0.456, 0.406], [0.229**2, 0.224**2, 0.225**2]
        return layers.Normalization(mean=mean, variance=variance, axis=axis)(x)
    return layers.Rescaling(scale=1.0 / 128.0, offset=-1)(x)


def _rounded(filters: float) -> int:
    """The nearest multiple of 8, not 0."""
    return max(8, int(filters + 4) // 8 * 8)


def _convolutions(x: Any, plan: tuple, width: float, depth: float) -> Any:
    stem, stages = plan
    channels = _rounded(stem * width)
    x = norm_active(conv(x, channels, 3, "stem_conv", strides=2), "stem_", MOMENTUM)
    done, planned = 0, float(sum(stage.blocks for stage in stages))  # of depth 1, as in Keras: rates go beyond 0.2
    for number, stage in enumerate(stages, 1):
        filters = _rounded(stage.filters * width)
        for i in range(math.ceil(depth * stage.blocks)):
            stride = stage.stride if i == 0 else 1
            name, rate = f"block{number}{chr(ord('a') + i)}_", 0.2 * done / planned
            block = _fused_block if stage.fused else _block
            y = block(x, name, channels, filters, stage.widening, stride)
            x = shortcut(y, x, name, rate) if stride == 1 and channels == filters else y
            done, channels = done + 1, filters
    x = conv(x, _rounded(1280 * width), 1, "top_conv")
    return norm_active(x, "top_", MOMENTUM)


def _block(x: Any, name: str, channels: int, filters: int, widening: int, stride: int) -> Any:
    wide = channels * widening
    x = norm_active(conv(x, wide, 1, f"{name}expand_conv"), f"{name}expand_", MOMENTUM)
    x = layers.DepthwiseConv2D(
        3,
        strides=stride,
        padding="same",
        use_bias=False,
        depthwise_initializer=CONV_INITIALIZER,
        name=f"{name}dwconv2",
    )(x)
    x = norm_active(x, name, MOMENTUM)
    x = squeeze_and_excite(x, name, wide, max(1, int(channels * 0.25)))
    return norm(conv(x, filters, 1, f"{name}project_conv"), f"{name}project_bn", MOMENTUM)


def _fused_block(x: Any, name: str, channels: int, filters: int, widening: int, stride: int) -> Any:
    if widening == 1:
        return norm_active(conv(x, filters, 3, f"{name}project_conv", stride), f"{name}project_", MOMENTUM)
    x = conv(x, channels * widening, 3, f"{name}expand_conv", stride)
    x = norm_active(x, f"{name}expand_", MOMENTUM)
    return norm(conv(x, filters, 1, f"{name}project_conv"), f"{name}project_bn", MOMENTUM)


EfficientNetV2B0 = _efficientnet_v2(
    "B0", _B, 224, "21ecbf6da12460d5c40bb2f29ceb2188", "893217f2bb855e2983157299931e43ff"
)
EfficientNetV2B1 = _efficientnet_v2(
    "B1", _B, 240, "069f0534ff22adf035c89e2d9547a9dc", "0e80663031ca32d657f9caa404b6ec37", depth=1.1
)
EfficientNetV2B2 = _efficientnet_v2(
    "B2", _B, 260, "424e49f28180edbde1e94797771950a7", "1dfe2e7a5d45b6632553a8961ea609eb", width=1.1, depth=1.2
)
EfficientNetV2B3 = _efficientnet_v2(
    "B3", _B, 300, "1f1fc43bd98a6e4fd8fdfd551e02c7a0", "f6abf7b5849ac99a89b50dd3fd532856", width=1.2, depth=1.4
)
EfficientNetV2S = _efficientnet_v2("S", _S, 384, "e1d88a8495beba45748fedd0cecbe016", "af0682fb74e8c54910f2d4393339c070")
EfficientNetV2M = _efficientnet_v2("M", _M, 480, "a3bf6aa3276309f4fc6a34aa114c95cd", "1b8dc055df72dde80d614482840fe342")
EfficientNetV2L = _efficientnet_v2("L", _L, 480, "27e6d408b53c7ebc868fefa357689935", "b0b66b5c863aef5b46e8608fe1711615")
preprocess_input = preprocessing(None)

publish(__name__, globals(), __all__)
