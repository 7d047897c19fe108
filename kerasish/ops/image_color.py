"""Colours of images: grey, and hue, saturation and value."""

from __future__ import annotations

from typing import Any

import torch

from kerasish.core import dtypes
from kerasish.core.dispatch import Array, op
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.ops.conv import check_data_format
from kerasish.ops.image_resize import check_images

_LUMA = (0.2989, 0.5870, 0.1140)


def _channels(images: torch.Tensor, data_format: str | None) -> int:
    """The axis of the channels, counted from the end."""
    check_images(images)
    return -1 if check_data_format(data_format) == "channels_last" else -3


@op
def rgb_to_grayscale(images: Array, data_format: str | None = None) -> Any:
    """The brightness of images: 0.2989 red + 0.5870 green + 0.1140 blue, as one channel of the images' dtype.

    Args:
        images: (batch, height, width, 3) or (height, width, 3), or channels first; one channel is returned as it is.

    Raises:
        ValueError: rank or number of channels do not fit.
    """
    axis = _channels(images, data_format)
    if images.shape[axis] not in (1, 3):
        raise fail(
            ValueError,
            "Invalid channel size",
            "3 (RGB) or 1 (grayscale)",
            f"images.shape={tuple(images.shape)}",
        )
    if images.shape[axis] == 1:
        return images.view_as(images)
    wide = images.to(dtypes.to_torch(dtypes.result_type(images.dtype, float)))
    weights = torch.tensor(_LUMA, dtype=wide.dtype, device=wide.device)
    return torch.tensordot(wide, weights, ([axis], [0])).unsqueeze(axis).to(images.dtype)


def _colour_planes(images: torch.Tensor, data_format: str | None) -> tuple[tuple[torch.Tensor, ...], int]:
    axis = _channels(images, data_format)
    if not images.is_floating_point():
        raise fail(
            ValueError, "Invalid images dtype", "a float dtype", f"images.dtype={dtypes.as_dtype(images.dtype).name}"
        )
    if images.shape[axis] != 3:
        raise InvalidArgumentError(f"Images must have 3 channels. Received: images.shape={tuple(images.shape)}")
    return images.unbind(axis), axis


@op
def rgb_to_hsv(images: Array, data_format: str | None = None) -> Any:
    """Hue, saturation and value of colours, all from 0 to 1.

    Args:
        images: floats from 0 to 1, (batch, height, width, 3) or (height, width, 3), or channels first.

    Raises:
        ValueError: rank or dtype do not fit.
        InvalidArgumentError: there are not 3 channels.
    """
    (red, green, blue), axis = _colour_planes(images, data_format)
    # of equal channels the gradient belongs to the first as the largest and to the last as the smallest, as in TensorFlow
    value = torch.where((red >= green) & (red >= blue), red, torch.where(green >= blue, green, blue))
    least = torch.where((blue <= red) & (blue <= green), blue, torch.where(green <= red, green, red))
    spread = value - least
    coloured = spread > 0
    saturation = torch.where(value > 0, spread / torch.where(value > 0, value, 1), 0)
    unit = 1 / (6 * torch.where(coloured, spread, 1))
    hue = torch.where(green == value, unit * (blue - red) + 2 / 6, unit * (red - green) + 4 / 6)
    hue = torch.where(red == value, unit * (green - blue), hue)
    hue = torch.where(coloured, hue, 0)
    hue = torch.where(hue < 0, hue + 1, hue)
    return torch.stack([hue, saturation, value], axis)


@op
def hsv_to_rgb(images: Array, data_format: str | None = None) -> Any:
    """Red, green and blue of colours that are given by hue, saturation and value.

    Args:
        images: floats from 0 to 1, (batch, height, width, 3) or (height, width, 3), or channels first.

    Raises:
        ValueError: rank or dtype do not fit.
        InvalidArgumentError: there are not 3 channels.
    """
    (hue, saturation, value), axis = _colour_planes(images, data_format)
    turn = hue * 6
    pure = [(turn - 3).abs() - 1, 2 - (turn - 2).abs(), 2 - (turn - 4).abs()]
    return torch.stack([(1 - saturation + saturation * part.clamp(0, 1)) * value for part in pure], axis)
