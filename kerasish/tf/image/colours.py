"""Colours of images: dtypes and their ranges, brightness, contrast, hue, saturation, and other spaces of colours."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import torch

from kerasish import ops
from kerasish.core import dispatch, dtypes
from kerasish.core.dispatch import Array, Index, strict_op
from kerasish.core.errors import AxisError, ChoiceError, FailedPreconditionError, ShapeMismatchError, fail
from kerasish.core.storage import cast_raw
from kerasish.core.tensor import convert
from kerasish.tf.alias import FLOATS, check

# dtypes ---------------------------------------------------------------------------------------------------------------


@strict_op
def convert_image_dtype(image: Array, dtype: Any, saturate: bool = False, name: str | None = None) -> Any:
    """Images in another dtype, scaled: floats reach from 0 to 1, integers to the largest number of their dtype.

    Args:
        saturate: bring what lies outside of the new range to its ends; otherwise integers wrap around.
    """
    return converted(image, dtypes.as_dtype(dtype), saturate)


def converted(x: torch.Tensor, target: Any, saturate: bool = False) -> torch.Tensor:
    """``convert_image_dtype`` of raw tensors."""
    source = dtypes.as_dtype(x.dtype)
    if source == target:
        return x
    if x.dtype in dispatch.WIDE_UNSIGNED:
        x = x.long()
    cast = ops.saturate_cast.raw if saturate else (lambda y, dtype: cast_raw(y, dtype.torch))
    if source.is_floating:
        return cast_raw(x, target.torch) if target.is_floating else cast(x * (target.max + 0.5), target)
    if target.is_floating:
        return cast_raw(x, target.torch) * torch.tensor(1.0 / source.max, dtype=target.torch, device=x.device)
    if source.max > target.max:
        return cast(torch.div(x, (source.max + 1) // (target.max + 1), rounding_mode="floor"), target)
    return cast(x, target) * ((target.max + 1) // (source.max + 1))


def _adjusted(function: Any, x: torch.Tensor) -> torch.Tensor:
    """A function of floats on images of any dtype, whose dtype they keep."""
    if x.dtype in (torch.float16, torch.float32):
        return function(x)
    return converted(function(converted(x, dtypes.float32)), dtypes.as_dtype(x.dtype), saturate=True)


def _number(value: Any, x: torch.Tensor) -> Any:
    return value.to(x.dtype) if isinstance(value, torch.Tensor) else value


# light ----------------------------------------------------------------------------------------------------------------


@strict_op
def adjust_brightness(image: Array, delta: Index) -> Any:
    """``image + delta``, with ``delta`` as a part of the whole range: (-1, 1)."""
    return _adjusted(lambda x: x + _number(delta, x), image)


@strict_op
def adjust_contrast(images: Array, contrast_factor: Index) -> Any:
    """Distances from each channel's mean times ``contrast_factor``.

    Raises:
        ValueError: the rank is below 3.
    """
    _check_rank(images)

    def stretched(x: torch.Tensor) -> torch.Tensor:
        wide = x.float()
        mean = wide.mean((-3, -2), keepdim=True)
        return ((wide - mean) * _number(contrast_factor, wide) + mean).to(x.dtype)

    return _adjusted(stretched, images)


@strict_op
def adjust_gamma(image: Array, gamma: Index = 1, gain: Index = 1) -> Any:
    """``gain · image ** gamma`` for images from 0 to 1, and integers scaled to that.

    Raises:
        ValueError: ``gamma`` is negative.
    """
    if gamma < 0:
        raise fail(ValueError, "Gamma should be a non-negative real number", received=f"gamma={gamma}")
    return _adjusted(lambda x: _number(gain, x) * x ** _number(gamma, x), image)


@strict_op
def per_image_standardization(image: Array) -> Any:
    """Images with mean 0 and variance 1, each by itself; a deviation below 1/√(number of values) counts as that."""
    _check_rank(image)
    x = image.float()
    axes = (-3, -2, -1)
    deviation = x.std(axes, correction=0, keepdim=True)
    least = x[..., 0, 0, 0].numel() / x.numel() if x.numel() else 1.0
    return (x - x.mean(axes, keepdim=True)) / deviation.clamp(min=least**0.5)


def _check_rank(x: torch.Tensor) -> None:
    if x.ndim < 3:
        raise AxisError(f"Images must be at least three-dimensional. Received: shape={tuple(x.shape)}")


# hue and saturation ---------------------------------------------------------------------------------------------------


def of_single(function: Any) -> Any:
    """Publish a function of floats whose arguments are float32 unless they are tensors with a dtype of their own."""
    published = strict_op(function)

    @functools.wraps(function)
    def converting(images: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(images, (np.ndarray, list, tuple)):
            images = convert(images, dtypes.float32)
        return published(images, *args, **kwargs)

    converting.raw = published.raw  # type: ignore[attr-defined]
    return converting


@of_single
def rgb_to_hsv(images: Array, name: str | None = None) -> Any:
    """Hue, saturation and value, from 0 to 1, of floats (..., 3) from 0 to 1; of arrays and lists as float32."""
    return _pixels(ops.image.rgb_to_hsv.raw, images)


@of_single
def hsv_to_rgb(images: Array, name: str | None = None) -> Any:
    """Red, green and blue of floats (..., 3) that give hue, saturation and value; of arrays and lists as float32."""
    return _pixels(ops.image.hsv_to_rgb.raw, images)


def _pixels(function: Any, x: torch.Tensor) -> torch.Tensor:
    check(x, FLOATS, "RGBToHSV")
    if x.shape[-1:] != (3,):
        raise FailedPreconditionError(f"input must have 3 channels but instead has {tuple(x.shape)[-1:]} channels.")
    return function(x.reshape(1, 1, -1, 3), "channels_last").reshape(x.shape)


@strict_op
def adjust_hue(image: Array, delta: Index, name: str | None = None) -> Any:
    """Colours turned by ``delta``, in turns: from -1 to 1.

    Raises:
        InvalidArgumentError: ``delta`` is outside.
    """
    if not -1 <= delta <= 1:
        raise ChoiceError(f"delta must be in the interval [-1, 1]. Received: delta={delta}")

    _check_rank(image)

    def turned(x: torch.Tensor) -> torch.Tensor:
        hue, saturation, value = _pixels(ops.image.rgb_to_hsv.raw, x).unbind(-1)
        hue = torch.remainder(hue + _number(delta, x), 1.0)
        return _pixels(ops.image.hsv_to_rgb.raw, torch.stack([hue, saturation, value], -1))

    return _adjusted(turned, image)


@strict_op
def adjust_saturation(image: Array, saturation_factor: Index, name: str | None = None) -> Any:
    """Saturation times ``saturation_factor``, between 0 and 1."""
    _check_rank(image)

    def stretched(x: torch.Tensor) -> torch.Tensor:
        hue, saturation, value = _pixels(ops.image.rgb_to_hsv.raw, x).unbind(-1)
        saturation = (saturation * _number(saturation_factor, x)).clamp(0, 1)
        return _pixels(ops.image.hsv_to_rgb.raw, torch.stack([hue, saturation, value], -1))

    return _adjusted(stretched, image)


# other spaces of colours ----------------------------------------------------------------------------------------------

_LUMA = (0.2989, 0.5870, 0.1140)
_RGB_YUV = (
    (0.299, -0.14714119, 0.61497538),
    (0.587, -0.28886916, -0.51496512),
    (0.114, 0.43601035, -0.10001026),
)
_YUV_RGB = ((1.0, 1.0, 1.0), (0.0, -0.394642334, 2.03206185), (1.13988303, -0.58062185, 0.0))
_RGB_YIQ = ((0.299, 0.59590059, 0.2115), (0.587, -0.27455667, -0.52273617), (0.114, -0.32134392, 0.31119955))
_YIQ_RGB = ((1.0, 1.0, 1.0), (0.95598634, -0.27201283, -1.10674021), (0.6208248, -0.64720424, 1.70423049))


def _mixed(x: torch.Tensor, matrix: tuple) -> torch.Tensor:
    if not x.is_floating_point():
        raise fail(TypeError, "Colours must be floats", received=f"dtype={dtypes.as_dtype(x.dtype).name}")
    return torch.matmul(x, torch.tensor(matrix, dtype=x.dtype, device=x.device))


@strict_op
def rgb_to_grayscale(images: Array, name: str | None = None) -> Any:
    """Brightness as one channel: (..., 3) → (..., 1).

    Raises:
        ValueError: there are not 3 channels.
    """
    if images.shape[-1:] != (3,):
        raise ShapeMismatchError(f"Dimensions must be equal, but are {tuple(images.shape)[-1:]} and 3.")
    wide = images if images.dtype in (torch.float16, torch.float32) else converted(images, dtypes.float32)
    return converted(_mixed(wide, _LUMA).unsqueeze(-1), dtypes.as_dtype(images.dtype))


@strict_op
def grayscale_to_rgb(images: Array, name: str | None = None) -> Any:
    """The one channel three times: (..., 1) → (..., 3).

    Raises:
        ValueError: there is another number of channels.
    """
    if images.shape[-1:] != (1,):
        raise ValueError(f"Last dimension of a grayscale image should be size 1. Received: {tuple(images.shape)}")
    return images.repeat(*[1] * (images.ndim - 1), 3)


@strict_op
def rgb_to_yuv(images: Array) -> Any:
    """Brightness and two colour differences (PAL) of floats (..., 3)."""
    return _mixed(images, _RGB_YUV)


@strict_op
def yuv_to_rgb(images: Array) -> Any:
    """Red, green and blue of brightness and colour differences (PAL)."""
    return _mixed(images, _YUV_RGB)


@strict_op
def rgb_to_yiq(images: Array) -> Any:
    """Brightness and two colour differences (NTSC) of floats (..., 3)."""
    return _mixed(images, _RGB_YIQ)


@strict_op
def yiq_to_rgb(images: Array) -> Any:
    """Red, green and blue of brightness and colour differences (NTSC)."""
    return _mixed(images, _YIQ_RGB)
