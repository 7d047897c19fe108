"""ConvNeXt Tiny, Small, Base, Large and XLarge (``keras.applications.convnext``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from kerasish import initializers, layers
from kerasish.applications.assembly import Options, described, entry, load, model_of, needs_channels_last, pooled
from kerasish.applications.files import KERAS, Pretrained
from kerasish.applications.imagenet_utils import decode_predictions as decode_predictions
from kerasish.applications.imagenet_utils import preprocessing, validate_activation
from kerasish.core.registry import publish
from kerasish.models import Model, Sequential

_MEANS, _DEVIATIONS = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet's red, green and blue, 0 to 1

__all__ = [
    "ConvNeXtBase", "ConvNeXtLarge", "ConvNeXtSmall", "ConvNeXtTiny", "ConvNeXtXLarge", "decode_predictions",
    "preprocess_input",
]  # fmt: skip


class StochasticDepth(layers.Layer):
    """In training, zeros for a share of the samples, and the others scaled up to make up for them.

    Args:
        drop_path_rate: that share.
    """

    def __init__(self, drop_path_rate: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.drop_path_rate = drop_path_rate

    def call(self, x: torch.Tensor, training: bool | None = None) -> torch.Tensor:
        if not training:
            return x
        keep = 1 - self.drop_path_rate
        kept = torch.rand((x.shape[0],) + (1,) * (x.ndim - 1), dtype=x.dtype, device=x.device) < keep
        return x / keep * kept

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape


class LayerScale(layers.Layer):
    """The channels, each times a weight.

    Args:
        init_values: what the weights start with.
        projection_dim: number of channels.
    """

    def __init__(self, init_values: float, projection_dim: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.init_values = init_values
        self.projection_dim = projection_dim

    def build(self, _: Any) -> None:
        initializer = initializers.Constant(self.init_values)
        self.gamma = self.add_weight(shape=(self.projection_dim,), initializer=initializer, trainable=True)

    def call(self, x: torch.Tensor) -> torch.Tensor:
        return x * self._parameters["gamma"]

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape


def _convnext(size: str, depths: tuple, channels: tuple, *digests: str) -> Callable[..., Model]:
    title, default_name = f"ConvNeXt{size}", f"convnext_{size.lower()}"
    pretrained = Pretrained.at(f"{KERAS}convnext/", f"{default_name}.h5", f"{default_name}_notop.h5", digests)  # type: ignore[arg-type]
    check_format = needs_channels_last("ConvNeXt")

    def build(
        include_top: bool = True,
        include_preprocessing: bool = True,
        weights: Any = "imagenet",
        input_tensor: Any = None,
        input_shape: Any = None,
        pooling: str | None = None,
        classes: int = 1000,
        classifier_activation: Any = "softmax",
        name: str | None = default_name,
    ) -> Model:
        check_format()
        options = Options(
            include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name
        ).with_shape(224)
        x = images = entry(options)
        if include_preprocessing and options.input_shape[-1] == 3:
            x = _preprocessed(x, name)
        x = _stages(x, depths, channels, name)
        if include_top:
            x = _head(x, options)
        else:
            x = layers.LayerNormalization(epsilon=1e-6)(pooled(x, pooling))
        return load(model_of(options, images, x), options, pretrained)

    build.__doc__ = f"""The architecture {title}.

    With ``include_preprocessing`` the images' values are 0 to 255. Layers are named after the model.
    """
    return described(build, title, 224, 32)


def _preprocessed(x: Any, name: str | None) -> Any:
    mean = [mean * 255 for mean in _MEANS]
    variance = [(deviation * 255) ** 2 for deviation in _DEVIATIONS]
    return layers.Normalization(mean=mean, variance=variance, name=f"{name}_prestem_normalization")(x)


def _norm(name: str) -> Any:
    return layers.LayerNormalization(epsilon=1e-6, name=name)


def _stages(x: Any, depths: tuple, channels: tuple, name: str | None) -> Any:
    """Four stages; before each one the height and width become smaller, by 4 and then by 2."""
    stem = Sequential(
        [layers.Conv2D(channels[0], 4, strides=4, name=f"{name}_stem_conv"), _norm(f"{name}_stem_layernorm")],
        name=f"{name}_stem",
    )
    shrinking = [stem]
    for i, wider in enumerate(channels[1:]):
        parts = [
            _norm(f"{name}_downsampling_layernorm_{i}"),
            layers.Conv2D(wider, 2, strides=2, name=f"{name}_downsampling_conv_{i}"),
        ]
        shrinking.append(Sequential(parts, name=f"{name}_downsampling_block_{i}"))
    for stage, (shrink, depth, width) in enumerate(zip(shrinking, depths, channels, strict=True)):
        x = shrink(x)
        for block in range(depth):
            x = _block(x, width, f"{name}_stage_{stage}_block_{block}")
    return x


def _block(inputs: Any, channels: int, name: str) -> Any:
    x = layers.Conv2D(channels, 7, padding="same", groups=channels, name=f"{name}_depthwise_conv")(inputs)
    x = _norm(f"{name}_layernorm")(x)
    x = layers.Dense(4 * channels, name=f"{name}_pointwise_conv_1")(x)
    x = layers.Activation("gelu", name=f"{name}_gelu")(x)
    x = layers.Dense(channels, name=f"{name}_pointwise_conv_2")(x)
    x = LayerScale(1e-6, channels, name=f"{name}_layer_scale")(x)
    return inputs + layers.Activation("linear", name=f"{name}_identity")(x)


def _head(x: Any, options: Options) -> Any:
    validate_activation(options.classifier_activation, options.weights)
    x = layers.GlobalAveragePooling2D(name=f"{options.name}_head_gap")(x)
    x = _norm(f"{options.name}_head_layernorm")(x)
    return layers.Dense(options.classes, activation=options.classifier_activation, name=f"{options.name}_head_dense")(x)


_DEEP = (3, 3, 27, 3)
ConvNeXtTiny = _convnext(
    "Tiny",
    (3, 3, 9, 3),
    (96, 192, 384, 768),
    "8ae6e78ce2933352b1ef4008e6dd2f17bc40771563877d156bc6426c7cf503ff",
    "d547c096cabd03329d7be5562c5e14798aa39ed24b474157cef5e85ab9e49ef1",
)
ConvNeXtSmall = _convnext(
    "Small",
    _DEEP,
    (96, 192, 384, 768),
    "ce1277d8f1ee5a0ef0e171469089c18f5233860ceaf9b168049cb9263fd7483c",
    "6fc8009faa2f00c1c1dfce59feea9b0745eb260a7dd11bee65c8e20843da6eab",
)
ConvNeXtBase = _convnext(
    "Base",
    _DEEP,
    (128, 256, 512, 1024),
    "52cbb006d3dadd03f6e095a8ca1aca47aecdd75acb4bc74bce1f5c695d0086e6",
    "40a20c5548a5e9202f69735ecc06c990e6b7c9d2de39f0361e27baeb24cb7c45",
)
ConvNeXtLarge = _convnext(
    "Large",
    _DEEP,
    (192, 384, 768, 1536),
    "070c5ed9ed289581e477741d3b34beffa920db8cf590899d6d2c67fba2a198a6",
    "96f02b6f0753d4f543261bc9d09bed650f24dd6bc02ddde3066135b63d23a1cd",
)
ConvNeXtXLarge = _convnext(
    "XLarge",
    _DEEP,
    (256, 512, 1024, 2048),
    "c1f5ccab661354fc3a79a10fa99af82f0fbf10ec65cb894a3ae0815f17a889ee",
    "de3f8a54174130e0cecdc71583354753d557fcf1f4487331558e2a16ba0cfe05",
)
preprocess_input = preprocessing(None)

publish(__name__, globals(), __all__)
publish("kerasish.src.applications.convnext", globals(), ("LayerScale", "StochasticDepth"))  # the path in Keras's files
LayerScale.__module__ = StochasticDepth.__module__ = __name__
