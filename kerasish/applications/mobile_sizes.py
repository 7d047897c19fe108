"""The image sizes that the MobileNets have weights for."""

from __future__ import annotations

import warnings
from typing import Any

from kerasish import config
from kerasish.core.errors import fail
from kerasish.core.symbolic import is_keras_tensor


def image_sizes(shape: Any) -> tuple:
    """(height, width) of an image's shape or, with a batch axis, of a tensor's; (None, None) without one."""
    if shape is None:
        return None, None
    first = int(config.image_data_format() == "channels_first") + (len(shape) == 4)
    return tuple(shape[first : first + 2])


def default_size(sizes: tuple, trained: tuple[int, ...]) -> int:
    """The size of images with these weights: theirs, if it is square and among the trained ones, else 224."""
    return sizes[0] if sizes[0] == sizes[1] and sizes[0] in trained else 224


def trained_size(sizes: tuple, trained: tuple[int, ...]) -> int:
    """The size whose weights are loaded; warns where the images are of another one."""
    if sizes[0] != sizes[1] or sizes[0] not in trained:
        among = f"in {list(trained)}" if len(trained) > 1 else f"{trained[0]}"
        warnings.warn(
            f"`input_shape` is undefined or non-square, or `rows` is not {among}. Weights for input shape (224, 224) will "
            "be loaded as the default.",
            stacklevel=3,
        )
        return 224
    return sizes[0]


def check_tensor(input_shape: Any, input_tensor: Any) -> None:
    """Raise ValueError if the two contradict each other."""
    if input_shape is None or input_tensor is None:
        return
    if not is_keras_tensor(input_tensor):
        raise fail(ValueError, "`input_tensor` is not a Keras tensor", received=f"input_tensor={input_tensor}")
    axis = 1 if config.image_data_format() == "channels_first" else 2
    if input_tensor.shape[axis] != input_shape[1]:
        raise fail(
            ValueError,
            f"input_shape[1] must equal input_tensor.shape[{axis}]",
            received=f"input_shape={input_shape}, input_tensor.shape={tuple(input_tensor.shape)}",
        )
