"""MobileNet (``keras.applications.mobilenet``)."""

from __future__ import annotations

from typing import Any

from kerasish import layers
from kerasish.applications.assembly import Options, channel_axis, described, entry, load, model_of, pooled
from kerasish.applications.files import KERAS, Pretrained
from kerasish.applications.imagenet_utils import decode_predictions as decode_predictions
from kerasish.applications.imagenet_utils import preprocessing, validate_activation
from kerasish.applications.mobile_sizes import default_size, image_sizes, trained_size
from kerasish.core.errors import fail
from kerasish.core.registry import publish
from kerasish.models import Model

_SIZES = (128, 160, 192, 224)  # of the images that there are weights for
_ALPHAS = {0.25: "2_5", 0.5: "5_0", 0.75: "7_5", 1.0: "1_0"}
_BLOCKS = (  # (filters, stride)
    (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1), (512, 1), (512, 1), (512, 1), (512, 1),
    (1024, 2), (1024, 1),
)  # fmt: skip

__all__ = ["MobileNet", "decode_predictions", "preprocess_input"]


def MobileNet(
    input_shape: Any = None,
    alpha: float = 1.0,
    depth_multiplier: int = 1,
    dropout: float = 0.001,
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str | None = None,
) -> Model:
    """The architecture MobileNet.

    ``alpha`` scales the number of filters, ``depth_multiplier`` is that of the depthwise convolutions, ``dropout`` the rate
    before the classifier.
    """
    options = Options(include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name)
    size = default_size(image_sizes(input_shape), _SIZES)
    options = options.with_shape(size)
    sizes = image_sizes(options.input_shape)
    rows = sizes[0]
    if weights == "imagenet":
        _check_pretrained(alpha, depth_multiplier)
        rows = trained_size(sizes, _SIZES)
    images = entry(options)
    x = _convolutions(images, alpha, depth_multiplier)
    x = _top(x, options, dropout) if include_top else pooled(x, pooling)
    model = model_of(options.named(f"mobilenet_{alpha:0.2f}_{rows}"), images, x)
    stem = f"mobilenet_{_ALPHAS.get(alpha)}_{rows}_tf"
    return load(model, options, Pretrained.at(f"{KERAS}mobilenet/", f"{stem}.h5", f"{stem}_no_top.h5"))


def _check_pretrained(alpha: float, depth_multiplier: int) -> None:
    if depth_multiplier != 1:
        raise fail(
            ValueError,
            "If imagenet weights are being loaded, depth multiplier must be 1",
            received=f"depth_multiplier={depth_multiplier}",
        )
    if alpha not in _ALPHAS:
        raise fail(
            ValueError,
            "If imagenet weights are being loaded, alpha can be one of `0.25`, `0.50`, `0.75` or `1.0` only",
            received=f"alpha={alpha}",
        )


def _convolutions(x: Any, alpha: float, depth_multiplier: int) -> Any:
    x = layers.Conv2D(int(32 * alpha), 3, strides=2, padding="same", use_bias=False, name="conv1")(x)
    x = _norm_relu(x, "conv1")
    for block, (filters, stride) in enumerate(_BLOCKS, 1):
        if stride == 2:
            x = layers.ZeroPadding2D(((0, 1), (0, 1)), name=f"conv_pad_{block}")(x)
        x = layers.DepthwiseConv2D(
            3,
            strides=stride,
            padding="same" if stride == 1 else "valid",
            depth_multiplier=depth_multiplier,
            use_bias=False,
            name=f"conv_dw_{block}",
        )(x)
        x = _norm_relu(x, f"conv_dw_{block}")
        x = layers.Conv2D(int(filters * alpha), 1, padding="same", use_bias=False, name=f"conv_pw_{block}")(x)
        x = _norm_relu(x, f"conv_pw_{block}")
    return x


def _norm_relu(x: Any, name: str) -> Any:
    x = layers.BatchNormalization(axis=channel_axis(-1), name=f"{name}_bn")(x)
    return layers.ReLU(6.0, name=f"{name}_relu")(x)


def _top(x: Any, options: Options, dropout: float) -> Any:
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Dropout(dropout, name="dropout")(x)
    x = layers.Conv2D(options.classes, 1, padding="same", name="conv_preds")(x)
    x = layers.Reshape((options.classes,), name="reshape_2")(x)
    validate_activation(options.classifier_activation, options.weights)
    return layers.Activation(options.classifier_activation, name="predictions")(x)


described(MobileNet, "MobileNet", 224, 32)
preprocess_input = preprocessing("tf")

publish(__name__, globals(), __all__)
