"""Preparing images for models trained on ImageNet, and reading their predictions (``keras.applications.imagenet_utils``)."""

from __future__ import annotations

import functools
import json
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from kerasish import activations, config, ops
from kerasish.applications.files import WeightsFile, fetch
from kerasish.core.errors import fail
from kerasish.core.registry import publish

CLASS_INDEX_PATH = "https://storage.googleapis.com/download.tensorflow.org/data/imagenet_class_index.json"
_CLASS_INDEX = WeightsFile("imagenet_class_index.json", CLASS_INDEX_PATH, "c2c37ea517e94d9795004a39431a14cb")

_MEANS = {"caffe": (103.939, 116.779, 123.68), "torch": (0.485, 0.456, 0.406)}  # of ImageNet, caffe's in the order BGR
_DEVIATIONS = {"caffe": None, "torch": (0.229, 0.224, 0.225)}

__all__ = ["decode_predictions", "preprocess_input"]


# images ---------------------------------------------------------------------------------------------------------------


def preprocess_input(x: Any, data_format: str | None = None, mode: str = "caffe") -> Any:
    """Scale images as a model's training did.

    Args:
        x: array, tensor or symbolic tensor, (height, width, 3) or (batch, height, width, 3), values 0 to 255. An array of
            floats is overwritten, as in Keras; one of integers becomes one of ``floatx``.
        data_format: "channels_last" or "channels_first"; default: ``image_data_format()``.
        mode: "caffe" (BGR, each channel's mean subtracted), "tf" (-1 to 1) or "torch" (0 to 1, then each channel
            normalized).

    Raises:
        ValueError: an unknown ``mode`` or ``data_format``.
    """
    if mode not in ("caffe", "tf", "torch"):
        raise fail(ValueError, "Unknown mode", "mode to be one of `caffe`, `tf` or `torch`", f"mode={mode}")
    data_format = data_format if data_format is not None else config.image_data_format()
    if data_format not in ("channels_first", "channels_last"):
        raise fail(
            ValueError,
            "Unknown data format",
            "data_format to be one of `channels_first` or `channels_last`",
            f"data_format={data_format}",
        )
    if isinstance(x, np.ndarray):
        return _preprocess_array(x, data_format, mode)
    return _preprocess_tensor(x, data_format, mode)


def preprocessing(mode: str | None) -> Callable[..., Any]:
    """The ``preprocess_input`` of an architecture; None: its models have preprocessing inside, images stay as they are."""
    if mode is None:

        def preprocess(x: Any, data_format: str | None = None) -> Any:
            """x itself: the models have preprocessing inside. (``data_format`` is there for the sake of the others.)"""
            return x

    else:

        def preprocess(x: Any, data_format: str | None = None) -> Any:
            return preprocess_input(x, data_format=data_format, mode=mode)

        preprocess.__doc__ = f'``imagenet_utils.preprocess_input(x, data_format, mode="{mode}")``.'
    preprocess.__name__ = preprocess.__qualname__ = "preprocess_input"
    return preprocess


def _channel_axis(rank: int, data_format: str) -> int:
    """Of an image, or of a batch."""
    if data_format == "channels_last":
        return rank - 1
    return 0 if rank == 3 else 1


def _preprocess_array(x: np.ndarray, data_format: str, mode: str) -> np.ndarray:
    if not np.issubdtype(x.dtype, np.floating):
        x = x.astype(config.floatx())
    if mode == "tf":
        x /= 127.5
        x -= 1.0
        return x
    if mode == "torch":
        x /= 255.0
    axis = _channel_axis(x.ndim, data_format)
    if mode == "caffe":
        x = np.flip(x, axis)
    channels, deviations = np.moveaxis(x, axis, 0), _DEVIATIONS[mode]
    for i, mean in enumerate(_MEANS[mode]):
        channels[i] -= mean
        if deviations is not None:
            channels[i] /= deviations[i]
    return x


def _preprocess_tensor(x: Any, data_format: str, mode: str) -> Any:
    if mode == "tf":
        return x / 127.5 - 1.0
    if mode == "torch":
        x = x / 255.0
    axis = _channel_axis(len(x.shape), data_format)
    if mode == "caffe":
        x = ops.stack([x[(*[slice(None)] * axis, i)] for i in (2, 1, 0)], axis=axis)
    shape = [1] * len(x.shape)
    shape[axis] = 3
    x = x + _constant(-np.array(_MEANS[mode]), shape, x)
    deviations = _DEVIATIONS[mode]
    return x if deviations is None else x / _constant(np.array(deviations), shape, x)


def _constant(values: np.ndarray, shape: list[int], like: Any) -> Any:
    """The values in the kind and dtype of ``like``."""
    if isinstance(like, torch.Tensor):
        return torch.as_tensor(values.reshape(shape), dtype=like.dtype, device=like.device)
    return ops.convert_to_tensor(values.reshape(shape), dtype=like.dtype)


# predictions ----------------------------------------------------------------------------------------------------------


def decode_predictions(preds: Any, top: int = 5) -> list[list[tuple]]:
    """The ``top`` most probable classes of each sample: ``(WordNet's number, name, score)``, the best first.

    The names come from ``imagenet_class_index.json`` in Keras's cache folder, downloaded if it is not there.

    Args:
        preds: (samples, 1000), an array or a tensor.

    Raises:
        ValueError: ``preds`` has another shape.
    """
    if len(preds.shape) != 2 or preds.shape[1] != 1000:
        raise fail(
            ValueError,
            "`decode_predictions` takes a batch of predictions",
            "a 2D array of shape (samples, 1000)",
            f"array with shape: {tuple(preds.shape)}",
        )
    names = _class_index()
    results = []
    for scores in ops.convert_to_numpy(preds):
        best = scores.argsort()[-top:][::-1]
        found = [(*names[str(i)], scores[i]) for i in best]
        results.append(sorted(found, key=lambda entry: entry[2], reverse=True))
    return results


@functools.cache
def _class_index() -> dict[str, list[str]]:
    with open(fetch(_CLASS_INDEX), encoding="utf-8") as file:
        return json.load(file)


# what architectures ask for; Keras's own modules have these names ------------------------------------------------------


def obtain_input_shape(
    input_shape: Any, default_size: int, min_size: int, data_format: str, require_flatten: bool, weights: Any = None
) -> tuple:
    """The shape of a model's images, (height, width, channels) or (channels, height, width), None where any will do.

    Args:
        input_shape: what the user gave, or None.
        default_size: height and width where nothing is given and the model needs to know.
        min_size: the smallest height and width, in pixels.
        data_format: "channels_last" or "channels_first".
        require_flatten: whether the model has its top.
        weights: what the user gave; with "imagenet" there must be 3 channels.

    Raises:
        ValueError: a shape that is too small, not of three axes, or not what the weights were trained with.
    """
    first = data_format == "channels_first"
    channels = 3
    if weights != "imagenet" and input_shape and len(input_shape) == 3:
        channels = input_shape[0 if first else -1]
        if channels not in (1, 3):
            warnings.warn(
                "This model usually expects 1 or 3 input channels. "
                f"However, it was passed an input_shape with {channels} input channels.",
                stacklevel=2,
            )
    default = (channels, default_size, default_size) if first else (default_size, default_size, channels)
    if weights == "imagenet" and require_flatten:
        if input_shape is not None and input_shape != default:
            raise fail(
                ValueError,
                f"When setting `include_top=True` and loading `imagenet` weights, `input_shape` should be {default}",
                received=f"input_shape={input_shape}",
            )
        return default
    if input_shape:
        _check_shape(input_shape, min_size, first, weights)
    else:
        input_shape = default if require_flatten else ((3, None, None) if first else (None, None, 3))
    if require_flatten and None in input_shape:
        raise fail(
            ValueError,
            "If `include_top` is True, you should specify a static `input_shape`",
            received=f"input_shape={input_shape}",
        )
    return input_shape


def _check_shape(input_shape: Any, min_size: int, first: bool, weights: Any) -> None:
    if len(input_shape) != 3:
        raise fail(ValueError, "`input_shape` must be a tuple of three integers", received=f"input_shape={input_shape}")
    if input_shape[0 if first else -1] != 3 and weights == "imagenet":
        raise fail(ValueError, "The input must have 3 channels", received=f"`input_shape={input_shape}`")
    sizes = input_shape[1:] if first else input_shape[:2]
    if any(size is not None and size < min_size for size in sizes):
        raise fail(
            ValueError, f"Input size must be at least {min_size}x{min_size}", received=f"input_shape={input_shape}"
        )


def correct_pad(inputs: Any, kernel_size: Any) -> tuple:
    """Zeros to pad ``inputs`` with, ((top, bottom), (left, right)), where "valid" and a stride of 2 shall be as "same"."""
    first = 2 if config.image_data_format() == "channels_first" else 1
    sizes = inputs.shape[first : first + 2]
    kernel = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    adjust = (1, 1) if sizes[0] is None else tuple(1 - size % 2 for size in sizes)
    return tuple((side // 2 - less, side // 2) for side, less in zip(kernel, adjust, strict=True))


def validate_activation(classifier_activation: Any, weights: Any) -> None:
    """Pretrained weights belong to a softmax, or to the logits under it.

    Raises:
        ValueError: any other activation.
    """
    if weights is None:
        return
    activation = activations.get(classifier_activation)
    if activation not in (activations.softmax, activations.linear):
        raise fail(
            ValueError,
            "Only `None` and `softmax` activations are allowed for the `classifier_activation` argument when using "
            "pretrained weights, with `include_top=True`",
            received=f"classifier_activation={activation}",
        )


publish(__name__, globals(), __all__)
