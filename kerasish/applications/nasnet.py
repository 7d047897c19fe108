"""NASNetMobile and NASNetLarge (``keras.applications.nasnet``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerasish import layers
from kerasish.applications.assembly import (
    Options,
    channel_axis,
    classifier,
    described,
    entry,
    load,
    model_of,
    needs_channels_last,
    pooled,
)
from kerasish.applications.files import KERAS, Pretrained, WeightsFile
from kerasish.applications.imagenet_utils import correct_pad, preprocessing
from kerasish.applications.imagenet_utils import decode_predictions as decode_predictions
from kerasish.core.context import name_scope
from kerasish.core.errors import fail
from kerasish.core.registry import publish
from kerasish.models import Model

__all__ = ["NASNetLarge", "NASNetMobile", "decode_predictions", "preprocess_input"]


def _nasnet(
    title: str, default_size: int, filters: int, blocks: int, stem_filters: int, skip_reduction: bool, *digests: str
) -> Callable[..., Model]:
    """The model with ``blocks`` normal cells in each of its three stages; ``filters`` in the first, doubled twice."""
    size = title.removeprefix("NASNet").lower()
    folder = f"{KERAS}nasnet/NASNet-{size}"
    pretrained = Pretrained(
        WeightsFile(f"nasnet_{size}.h5", f"{folder}.h5", digests[0]),
        WeightsFile(f"nasnet_{size}_no_top.h5", f"{folder}-no-top.h5", digests[1]),
    )
    check_format = needs_channels_last("NASNet")

    def build(
        input_shape: Any = None,
        include_top: bool = True,
        weights: Any = "imagenet",
        input_tensor: Any = None,
        pooling: str | None = None,
        classes: int = 1000,
        classifier_activation: Any = "softmax",
        name: str | None = f"nasnet_{size}",
    ) -> Model:
        if not include_top and input_shape is None and size == "mobile":
            input_shape = (224, 224, 3)
        check_format()
        options = Options(
            include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name
        )
        if isinstance(input_shape, tuple) and None in input_shape and weights == "imagenet":
            raise fail(
                ValueError,
                "When specifying the input shape of a NASNet and loading `ImageNet` weights, the input_shape argument must "
                "be static (no None entries)",
                received=f"`input_shape={input_shape}`",
            )
        options = options.with_shape(default_size)
        images = entry(options)
        x = _cells(images, filters, blocks, stem_filters, skip_reduction)
        x = classifier(x, options, pool_name=None) if include_top else pooled(x, pooling)
        return load(model_of(options, images, x), options, pretrained)

    return described(build, title, default_size, 32)


def _cells(x: Any, filters: int, blocks: int, stem_filters: int, skip_reduction: bool) -> Any:
    x = layers.Conv2D(stem_filters, 3, strides=2, use_bias=False, kernel_initializer="he_normal", name="stem_conv1")(x)
    x, previous = _norm(x, "stem_bn1"), None
    for i, part in ((1, 4), (2, 2)):
        x, previous = _cell(_reduction_cell, x, previous, filters // part, f"stem_{i}")
    for stage in range(3):
        if stage:
            x, before = _cell(_reduction_cell, x, previous, filters * 2**stage, f"reduce_{stage * blocks}")
            previous = previous if skip_reduction else before
        first = stage * blocks + (stage > 0)
        for i in range(first, first + blocks):
            x, previous = _cell(_normal_cell, x, previous, filters * 2**stage, f"{i}")
    return layers.Activation("relu")(x)


def _cell(kind: Callable[..., Any], x: Any, previous: Any, filters: int, cell: str) -> tuple:
    """The cell's output, and its input, which is "previous" to the next."""
    title = "normal" if kind is _normal_cell else "reduction"
    with name_scope(f"{title}_A_block_{cell}"):
        return kind(x, _adjusted(previous, x, filters, cell), filters, cell), x


def _norm(x: Any, name: str) -> Any:
    return layers.BatchNormalization(axis=channel_axis(-1), momentum=0.9997, epsilon=1e-3, name=name)(x)


def _pointwise(x: Any, filters: int, name: str) -> Any:
    return layers.Conv2D(filters, 1, padding="same", use_bias=False, kernel_initializer="he_normal", name=name)(x)


def _separable(x: Any, filters: int, kernel: int, name: str, stride: int = 1) -> Any:
    """Two separable convolutions, each between relu and normalization; the first may halve the size."""
    with name_scope(f"separable_conv_block_{name}"):
        for i in (1, 2):
            x = layers.Activation("relu")(x)
            halved = i == 1 and stride == 2
            if halved:
                x = layers.ZeroPadding2D(correct_pad(x, kernel), name=f"separable_conv_1_pad_{name}")(x)
            x = layers.SeparableConv2D(
                filters,
                kernel,
                strides=2 if halved else 1,
                padding="valid" if halved else "same",
                use_bias=False,
                name=f"separable_conv_{i}_{name}",
            )(x)
            x = _norm(x, f"separable_conv_{i}_bn_{name}")
    return x


def _adjusted(previous: Any, x: Any, filters: int, cell: str) -> Any:
    """The cell before last's output in the size and with the channels of this one."""
    if previous is None:
        return x
    if previous.shape[-2] != x.shape[-2]:
        with name_scope("adjust_block"), name_scope(f"adjust_reduction_block_{cell}"):
            return _halved(previous, filters, cell)
    if previous.shape[channel_axis(-1)] != filters:
        with name_scope("adjust_block"), name_scope(f"adjust_projection_block_{cell}"):
            previous = layers.Activation("relu")(previous)
            previous = _pointwise(previous, filters, f"adjust_conv_projection_{cell}")
            return _norm(previous, f"adjust_bn_{cell}")
    return previous


def _halved(x: Any, filters: int, cell: str) -> Any:
    """Every second position, and every second one shifted by one, half of the channels from each."""
    x = layers.Activation("relu", name=f"adjust_relu_1_{cell}")(x)
    halves = []
    for i in (1, 2):
        half = x
        if i == 2:
            half = layers.ZeroPadding2D(((0, 1), (0, 1)))(half)
            half = layers.Cropping2D(((1, 0), (1, 0)))(half)
        half = layers.AveragePooling2D(1, strides=2, name=f"adjust_avg_pool_{i}_{cell}")(half)
        halves.append(_pointwise(half, filters // 2, f"adjust_conv_{i}_{cell}"))
    return _norm(layers.Concatenate(axis=channel_axis(-1))(halves), f"adjust_bn_{cell}")


def _average(x: Any, name: str) -> Any:
    return layers.AveragePooling2D(3, strides=1, padding="same", name=name)(x)


def _added(a: Any, b: Any, name: str | None = None) -> Any:
    return layers.Add(name=name)([a, b])


def _normal_cell(x: Any, p: Any, filters: int, cell: str) -> Any:
    """A cell of its input ``x`` and the one before's output ``p``."""
    h = layers.Activation("relu")(x)
    h = _norm(_pointwise(h, filters, f"normal_conv_1_{cell}"), f"normal_bn_1_{cell}")
    with name_scope("block_1"):
        left = _separable(h, filters, 5, f"normal_left1_{cell}")
        first = _added(left, _separable(p, filters, 3, f"normal_right1_{cell}"), f"normal_add_1_{cell}")
    with name_scope("block_2"):
        left = _separable(p, filters, 5, f"normal_left2_{cell}")
        second = _added(left, _separable(p, filters, 3, f"normal_right2_{cell}"), f"normal_add_2_{cell}")
    third = _added(_average(h, f"normal_left3_{cell}"), p, f"normal_add_3_{cell}")
    left = _average(p, f"normal_left4_{cell}")
    fourth = _added(left, _average(p, f"normal_right4_{cell}"), f"normal_add_4_{cell}")
    with name_scope("block_5"):
        fifth = _added(_separable(h, filters, 3, f"normal_left5_{cell}"), h, f"normal_add_5_{cell}")
    outputs = [p, first, second, third, fourth, fifth]
    return layers.Concatenate(axis=channel_axis(-1), name=f"normal_concat_{cell}")(outputs)


def _reduction_cell(x: Any, p: Any, filters: int, cell: str) -> Any:
    """As ``_normal_cell``, with half the height and width."""
    h = layers.Activation("relu")(x)
    h = _norm(_pointwise(h, filters, f"reduction_conv_1_{cell}"), f"reduction_bn_1_{cell}")
    padded = layers.ZeroPadding2D(correct_pad(h, 3), name=f"reduction_pad_1_{cell}")(h)
    with name_scope("block_1"):
        left = _separable(h, filters, 5, f"reduction_left1_{cell}", 2)
        first = _added(left, _separable(p, filters, 7, f"reduction_right1_{cell}", 2), f"reduction_add_1_{cell}")
    with name_scope("block_2"):
        left = layers.MaxPooling2D(3, strides=2, name=f"reduction_left2_{cell}")(padded)
        second = _added(left, _separable(p, filters, 7, f"reduction_right2_{cell}", 2), f"reduction_add_2_{cell}")
    with name_scope("block_3"):
        left = layers.AveragePooling2D(3, strides=2, name=f"reduction_left3_{cell}")(padded)
        third = _added(left, _separable(p, filters, 5, f"reduction_right3_{cell}", 2), f"reduction_add3_{cell}")
    fourth = _added(second, _average(first, f"reduction_left4_{cell}"))
    with name_scope("block_5"):
        left = _separable(first, filters, 3, f"reduction_left4_{cell}")
        right = layers.MaxPooling2D(3, strides=2, name=f"reduction_right5_{cell}")(padded)
        fifth = _added(left, right, f"reduction_add4_{cell}")
    outputs = [second, third, fourth, fifth]
    return layers.Concatenate(axis=channel_axis(-1), name=f"reduction_concat_{cell}")(outputs)


NASNetMobile = _nasnet(
    "NASNetMobile", 224, 44, 4, 32, False, "020fb642bf7360b370c678b08e0adf61", "1ed92395b5b598bdda52abe5c0dbfd63"
)
NASNetLarge = _nasnet(
    "NASNetLarge", 331, 168, 6, 96, True, "11577c9a518f0070763c2b964a382f17", "d81d89dc07e6e56530c4e77faddd61b5"
)
preprocess_input = preprocessing("tf")

publish(__name__, globals(), __all__)
