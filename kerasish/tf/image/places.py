"""Sizes and places: resizing, cropping, padding, turning images, and cutting them into patches."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from kerasish.core import dispatch
from kerasish.core.dispatch import Array, strict_op
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.ops.common import integer_shape
from kerasish.ops.image_frames import patches
from kerasish.ops.image_resize import resample


class ResizeMethod:
    """How ``resize`` finds values between pixels."""

    AREA = "area"
    BICUBIC = "bicubic"
    BILINEAR = "bilinear"
    GAUSSIAN = "gaussian"
    LANCZOS3 = "lanczos3"
    LANCZOS5 = "lanczos5"
    MITCHELLCUBIC = "mitchellcubic"
    NEAREST_NEIGHBOR = "nearest"


_METHODS = frozenset(value for name, value in vars(ResizeMethod).items() if name.isupper())


def check_rank(x: torch.Tensor) -> None:
    """Raise a ValueError unless it is an image or a batch of images."""
    if x.ndim not in (3, 4):
        raise ValueError(f"'images' must have either 3 or 4 dimensions. Received: shape={tuple(x.shape)}")


# sizes ----------------------------------------------------------------------------------------------------------------


@strict_op
def resize(
    images: Array,
    size: Any,
    method: str = ResizeMethod.BILINEAR,
    preserve_aspect_ratio: bool = False,
    antialias: bool = False,
    name: str | None = None,
) -> Any:
    """Images of another size, float32 unless the method is "nearest".

    Args:
        images: (batch, height, width, channels) or (height, width, channels).
        size: the new height and width.
        method: one of ``ResizeMethod``.
        preserve_aspect_ratio: the largest size inside ``size`` with the relation of the images' sides.
        antialias: widen the window where images get smaller.

    Raises:
        ValueError: the method is unknown, or ranks do not fit.
    """
    check_rank(images)
    method = _method(method)
    high, wide = _size_of(size)
    height, width = images.shape[-3:-1]
    if preserve_aspect_ratio:
        scale = min(np.float32(high) / np.float32(height), np.float32(wide) / np.float32(width))
        high, wide = (int(np.rint(scale * np.float32(side))) for side in (height, width))
    return _resized(images, high, wide, method, antialias)


def _method(method: Any) -> str:
    method = getattr(method, "value", method)
    if method not in _METHODS:
        raise fail(ValueError, "Resize method is not implemented", f"one of {sorted(_METHODS)}", f"method={method}")
    return method


def _size_of(size: Any) -> tuple[int, int]:
    sides = integer_shape(size)
    if len(sides) != 2:
        raise fail(
            ValueError, "'size' must be a 1-D Tensor of 2 elements: new_height, new_width", received=f"size={size}"
        )
    return sides[0], sides[1]


_SMOOTHING = ("gaussian", "mitchellcubic")  # these change images that keep their size


def _resized(images: torch.Tensor, height: int, width: int, method: str, antialias: bool) -> torch.Tensor:
    if (height, width) == tuple(images.shape[-3:-1]) and method not in _SMOOTHING:
        return images.view_as(images) if method == "nearest" else images.float().view_as(images)
    batch = images if images.ndim == 4 else images.unsqueeze(0)
    if batch.dtype in (torch.float16, torch.bfloat16) and method != "nearest":
        batch = batch.float()
    y = resample(batch.permute(0, 3, 1, 2), (height, width), method, antialias).permute(0, 2, 3, 1)
    y = y if method == "nearest" else y.float()
    return y if images.ndim == 4 else y.squeeze(0)


@strict_op
def resize_with_pad(
    image: Array, target_height: int, target_width: int, method: str = ResizeMethod.BILINEAR, antialias: bool = False
) -> Any:
    """Images resized into the given size, with black on both sides of what keeps its form."""
    check_rank(image)
    method = _method(method)
    height, width = image.shape[-3:-1]
    ratio = max(height / target_height, width / target_width)
    high, wide = int(height / ratio), int(width / ratio)
    top, left = max(0, int((target_height - height / ratio) / 2)), max(0, int((target_width - width / ratio) / 2))
    return _padded(_resized(image, high, wide, method, antialias), top, left, target_height, target_width)


@strict_op
def resize_with_crop_or_pad(image: Array, target_height: int, target_width: int) -> Any:
    """The middle of images, or images in the middle of black ones, of the given size."""
    check_rank(image)
    for name, target in (("target_height", target_height), ("target_width", target_width)):
        if target <= 0:
            raise fail(ValueError, f"{name} must be > 0", received=target)
    height, width = image.shape[-3:-1]
    top, left = max((height - target_height) // 2, 0), max((width - target_width) // 2, 0)
    x = image[..., top : top + min(height, target_height), left : left + min(width, target_width), :]
    rows, columns = max(target_height - height, 0), max(target_width - width, 0)
    return _padded(x, rows // 2, columns // 2, target_height, target_width)


@strict_op
def crop_to_bounding_box(
    image: Array, offset_height: int, offset_width: int, target_height: int, target_width: int
) -> Any:
    """The given part of images.

    Raises:
        ValueError: it is not inside.
    """
    check_rank(image)
    height, width = image.shape[-3:-1]
    if min(offset_height, offset_width) < 0 or min(target_height, target_width) <= 0:
        raise ValueError("offsets must be >= 0 and target sizes > 0.")
    if offset_height + target_height > height or offset_width + target_width > width:
        raise ValueError(f"height must be >= target + offset. Received: shape={tuple(image.shape)}")
    return image[..., offset_height : offset_height + target_height, offset_width : offset_width + target_width, :]


@strict_op
def pad_to_bounding_box(
    image: Array, offset_height: int, offset_width: int, target_height: int, target_width: int
) -> Any:
    """Images at the given place of larger black ones.

    Raises:
        ValueError: there is not enough room.
    """
    check_rank(image)
    return _padded(image, offset_height, offset_width, target_height, target_width)


def _padded(x: torch.Tensor, top: int, left: int, height: int, width: int) -> torch.Tensor:
    below, right = height - top - x.shape[-3], width - left - x.shape[-2]
    if min(top, left) < 0:
        raise ValueError(f"offset_height and offset_width must be >= 0. Received: {top}, {left}")
    if min(below, right) < 0:
        raise ValueError(
            f"height must be <= target - offset. Received: shape={tuple(x.shape)}, target={height}, {width}"
        )
    return F.pad(x, (0, 0, left, right, top, below))


@strict_op
def central_crop(image: Array, central_fraction: float) -> Any:
    """The middle of images: ``central_fraction`` of each side.

    Raises:
        ValueError: the fraction is not in (0, 1].
    """
    check_rank(image)
    if not 0 < central_fraction <= 1:
        raise fail(ValueError, "central_fraction must be within (0, 1]", received=central_fraction)
    top, left = (int((side - side * central_fraction) / 2) for side in image.shape[-3:-1])
    return image[..., top : image.shape[-3] - top, left : image.shape[-2] - left, :]


# turning --------------------------------------------------------------------------------------------------------------


@strict_op
def flip_left_right(image: Array) -> Any:
    """Images mirrored at their vertical axis."""
    check_rank(image)
    return image.flip(-2)


@strict_op
def flip_up_down(image: Array) -> Any:
    """Images mirrored at their horizontal axis."""
    check_rank(image)
    return image.flip(-3)


@strict_op
def transpose(image: Array, name: str | None = None) -> Any:
    """Images with rows and columns exchanged."""
    check_rank(image)
    return image.transpose(-3, -2)


@strict_op
def rot90(image: Array, k: int = 1, name: str | None = None) -> Any:
    """Images turned by 90° counter-clockwise, ``k`` times.

    Raises:
        TypeError: ``k`` is no integer.
    """
    check_rank(image)
    return torch.rot90(image, int(dispatch.raw(k, torch.int32)) % 4, (-3, -2))


# patches --------------------------------------------------------------------------------------------------------------


@strict_op
def extract_patches(images: Array, sizes: Any, strides: Any, rates: Any, padding: str, name: str | None = None) -> Any:
    """The patches of images, each as the channels of one place.

    Args:
        images: (batch, height, width, channels).
        sizes, strides, rates: (1, rows, columns, 1): of a patch, from patch to patch, between its elements.
        padding: "VALID", or "SAME": patches may reach over the ends, where zeros are.

    Raises:
        ValueError: ranks or padding do not fit.
    """
    if images.ndim != 4:
        raise ValueError(f"Shape must be rank 4 but is rank {images.ndim}")
    inner = []
    for name_, value in (("ksizes", sizes), ("strides", strides), ("rates", rates)):
        numbers = integer_shape(value)
        if len(numbers) != 4 or numbers[0] != 1 or numbers[3] != 1:
            raise InvalidArgumentError(f"{name_} must be [1, rows, columns, 1]. Received: {value}")
        inner.append(tuple(numbers[1:3]))
    size, steps, rate = inner
    room = [n - (k - 1) * r for n, k, r in zip(images.shape[1:3], size, rate, strict=True)]
    if padding.upper() == "VALID" and min(room) < 1:
        places = [max(0, -(-n // step)) for n, step in zip(room, steps, strict=True)]
        return images.new_zeros(len(images), *places, size[0] * size[1] * images.shape[3])
    return patches(images, *inner, padding.lower())
