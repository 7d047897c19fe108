"""What all architectures share: arguments, the entry, the top, pretrained weights, and the layers' usual forms."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from typing import Any

from kerasish import config, layers
from kerasish.applications.files import Pretrained, fetch
from kerasish.applications.imagenet_utils import obtain_input_shape, validate_activation
from kerasish.core.errors import fail
from kerasish.core.symbolic import is_keras_tensor
from kerasish.models import Model

NAMED = ("avg_pool", "max_pool")  # names of the last pooling layers, where they have any
UNNAMED = (None, None)

_ARGUMENTS = """

    Args:
        include_top: whether the model ends with the classifier of ``classes`` units.
        weights: None (random), "imagenet" (downloaded once, kept in ``~/.keras/models``) or the path of a weights file.
        input_tensor: a KerasTensor to take as the images, instead of a new input.
        input_shape: of one image, in the order of ``image_data_format()``; at least {min_size}×{min_size} pixels.
            Default: {default_size}×{default_size} with the top, any size without.
        pooling: without the top: None (the last feature maps), "avg" or "max" (pooled to (batch, channels)).
        classes: number of classes; 1000 for "imagenet" with the top.
        classifier_activation: of the top; None gives logits.
        name: of the model.

    Raises:
        ValueError: ``weights`` is no file, or an argument that does not go with the weights or the architecture.
    """


@dataclasses.dataclass(frozen=True)
class Options:
    """The arguments that all architectures have, as the caller gave them."""

    include_top: bool = True
    weights: Any = "imagenet"
    input_tensor: Any = None
    input_shape: Any = None
    pooling: str | None = None
    classes: int = 1000
    classifier_activation: Any = "softmax"
    name: str | None = None

    def __post_init__(self) -> None:
        if self.weights not in ("imagenet", None) and not os.path.exists(self.weights):
            raise fail(
                ValueError,
                "The `weights` argument should be either `None` (random initialization), 'imagenet' (pre-training on "
                "ImageNet), or the path to the weights file to be loaded",
                received=f"weights={self.weights}",
            )
        if self.weights == "imagenet" and self.include_top and self.classes != 1000:
            raise fail(
                ValueError,
                "If using `weights='imagenet'` with `include_top=True`, `classes` should be 1000",
                received=f"classes={self.classes}",
            )

    def with_shape(self, default_size: int, min_size: int = 32) -> Options:
        """The same with the settled ``input_shape``."""
        shape = obtain_input_shape(
            self.input_shape, default_size, min_size, config.image_data_format(), self.include_top, self.weights
        )
        return dataclasses.replace(self, input_shape=shape)

    def named(self, name: str) -> Options:
        """The same with this name, if the caller gave none."""
        return self if self.name is not None else dataclasses.replace(self, name=name)


# from images to a model ------------------------------------------------------------------------------------------------


def entry(options: Options) -> Any:
    """The symbolic images."""
    tensor = options.input_tensor
    if is_keras_tensor(tensor):
        return tensor
    return layers.Input(shape=options.input_shape) if tensor is None else layers.Input(tensor=tensor)


def model_of(options: Options, images: Any, outputs: Any) -> Model:
    """The model, from where ``images`` come from."""
    inputs = images if options.input_tensor is None else source_inputs(images)
    return Model(inputs, outputs, name=options.name)


def source_inputs(tensor: Any) -> list:
    """The entries of the graph that a symbolic tensor was computed from."""
    operation, index, _ = tensor._keras_history
    if operation is None:
        return [tensor]
    node = operation._inbound_nodes[index]
    if node.is_input:
        return list(node.outputs)
    sources = {id(source): source for x in node.input_tensors for source in source_inputs(x)}
    return list(sources.values())


def pooled(x: Any, pooling: str | None, names: tuple = UNNAMED) -> Any:
    """The end of a model without its top."""
    if pooling == "avg":
        return layers.GlobalAveragePooling2D(name=names[0])(x)
    return layers.GlobalMaxPooling2D(name=names[1])(x) if pooling == "max" else x


def classifier(x: Any, options: Options, pool_name: str | None = "avg_pool", dropout: float = 0, **dense: Any) -> Any:
    """The usual top: means over the positions, dropout if the architecture has it, one dense layer."""
    x = layers.GlobalAveragePooling2D(name=pool_name)(x)
    if dropout > 0:
        x = layers.Dropout(dropout, name="top_dropout")(x)
    return predictions(x, options, **dense)


def predictions(x: Any, options: Options, **dense: Any) -> Any:
    validate_activation(options.classifier_activation, options.weights)
    return layers.Dense(options.classes, activation=options.classifier_activation, name="predictions", **dense)(x)


def load(model: Model, options: Options, pretrained: Pretrained) -> Model:
    """The model with the weights that were asked for."""
    if options.weights == "imagenet":
        model.load_weights(fetch(pretrained.top if options.include_top else pretrained.without_top))
    elif options.weights is not None:
        model.load_weights(options.weights)
    return model


def architecture(
    title: str,
    default_name: str,
    body: Callable[[Any, Options], Any],
    pretrained: Pretrained,
    default_size: int = 224,
    min_size: int = 32,
    top: Callable[[Any, Options], Any] = classifier,
    pool_names: tuple = UNNAMED,
    check: Callable[[], None] | None = None,
) -> Callable[..., Model]:
    """A public function with the arguments that most architectures have, in the usual order.

    Args:
        title: its name: "ResNet50".
        default_name: the model's name: "resnet50".
        body: from the images to the last feature maps.
        top: the classifier.
        check: raises if the architecture cannot be had.
    """

    def build(
        include_top: bool = True,
        weights: Any = "imagenet",
        input_tensor: Any = None,
        input_shape: Any = None,
        pooling: str | None = None,
        classes: int = 1000,
        classifier_activation: Any = "softmax",
        name: str | None = default_name,
    ) -> Model:
        if check is not None:
            check()
        options = Options(
            include_top, weights, input_tensor, input_shape, pooling, classes, classifier_activation, name
        ).with_shape(default_size, min_size)
        images = entry(options)
        x = body(images, options)
        x = top(x, options) if include_top else pooled(x, pooling, pool_names)
        return load(model_of(options, images, x), options, pretrained)

    return described(build, title, default_size, min_size)


def described(function: Callable, title: str, default_size: Any, min_size: int) -> Callable:
    """``function`` under its public name, with the common arguments explained."""
    function.__name__ = function.__qualname__ = title
    about = (function.__doc__ or f"The architecture {title}.").rstrip()
    function.__doc__ = about + _ARGUMENTS.format(default_size=default_size, min_size=min_size)
    return function


# layers and numbers ----------------------------------------------------------------------------------------------------


def channel_axis(last: int = 3) -> int:
    """The axis of the channels; ``last``: how an architecture counts it for channels-last data, 3 or -1."""
    return 1 if config.image_data_format() == "channels_first" else last


def needs_channels_last(family: str) -> Callable[[], None]:
    """A check for architectures that Keras has for channels-last data only."""

    def check() -> None:
        if config.image_data_format() == "channels_first":
            raise fail(
                ValueError,
                f"{family} does not support the `channels_first` image data format",
                hint="Switch to `channels_last` with keras.config.set_image_data_format, or in ~/.keras/keras.json.",
            )

    return check


def divisible(value: float, divisor: int = 8) -> int:
    """The nearest multiple of ``divisor``, one more if that would take away over a tenth."""
    nearest = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return nearest + divisor if nearest < 0.9 * value else nearest
