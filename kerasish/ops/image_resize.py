"""Resizing of images: TensorFlow's sampling rules, and ``keras.ops.image.resize`` and ``scale_and_translate``.

Every pixel has its middle at a half (0.5, 1.5, …). A new pixel is a mean of the old ones around its place, weighted by a
kernel of the distance; what would lie outside of the image does not count, and weights add up to 1. So a resized image is
``rows @ image @ columns`` with two matrices that depend on sizes alone. Bilinear interpolation is torch's own. (Its kernels
with antialiasing have the same rule, but give wrong numbers for images of one channel whose memory is channels last, torch
2.13; its bicubic one without has another constant.)
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from kerasish.core import dtypes
from kerasish.core.dispatch import Array, Index, op
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.ops.conv import check_data_format
from kerasish.ops.create import saturate_cast

INTERPOLATIONS = ("bilinear", "nearest", "lanczos3", "lanczos5", "bicubic", "area")
_REFUSED = (torch.bool, torch.uint32, torch.uint64)  # no kernel of TensorFlow's takes them


# kernels --------------------------------------------------------------------------------------------------------------


def triangle(d: Any) -> Any:
    """Linear interpolation: 1 - d up to 1."""
    return np.maximum(0, 1 - d)


def cubic(d: Any) -> Any:
    """Keys's cubic convolution with a = -1/2 (1981)."""
    near = (1.5 * d - 2.5) * d * d + 1
    far = ((-0.5 * d + 2.5) * d - 4) * d + 2
    return np.where(d < 1, near, np.where(d < 2, far, 0))


def mitchell(d: Any) -> Any:
    """Mitchell and Netravali's cubic with B = C = 1/3 (1988)."""
    near = ((7 * d - 12) * d * d + 16 / 3) / 6
    far = (((-7 / 3 * d + 12) * d - 20) * d + 32 / 3) / 6
    return np.where(d < 1, near, np.where(d < 2, far, 0))


def gaussian(d: Any) -> Any:
    """exp(-d² / (2 σ²)) with σ = 1/2, 0 from 3 σ on."""
    return np.where(d < 1.5, np.exp(-2 * d * d), 0)


def lanczos(radius: int) -> Callable:
    """sinc(d) · sinc(d / radius), 0 beyond ``radius``."""
    return lambda d: np.where(d <= radius, np.sinc(d) * np.sinc(d / radius), 0)


KERNELS: dict[str, tuple[float, Callable]] = {  # name → radius, function of the distance
    "bilinear": (1, triangle),
    "bicubic": (2, cubic),
    "lanczos3": (3, lanczos(3)),
    "lanczos5": (5, lanczos(5)),
    "mitchellcubic": (2, mitchell),
    "gaussian": (1.5, gaussian),
}


# weights --------------------------------------------------------------------------------------------------------------


def _normalized(weights: np.ndarray) -> np.ndarray:
    """Rows that add up to 1; rows without any weight stay 0."""
    total = weights.sum(1, keepdims=True)
    return np.where(np.abs(total) > 1e-35, weights * (1 / np.where(total == 0, 1, total)), 0)


def kernel_weights(size: int, new: int, kernel: str, antialias: bool) -> np.ndarray:
    """(new, size): the weight of each old pixel in each new one. With ``antialias`` the kernel is as wide as a new pixel."""
    radius, function = KERNELS[kernel]
    step = np.float32(1) / (
        np.float32(new) / np.float32(size)
    )  # float32 throughout: ties of integers fall as in TensorFlow
    wide = np.maximum(step, np.float32(1)) if antialias else np.float32(1)
    middles = (np.arange(new, dtype=np.float32) + np.float32(0.5)) * step
    apart = np.abs(np.arange(size, dtype=np.float32) + np.float32(0.5) - middles[:, None])
    return _normalized(np.where(apart <= radius * wide, function(apart / wide), 0).astype(np.float32))


def _table_cubic_weights(size: int, new: int) -> np.ndarray:
    """Bicubic weights without antialiasing: TensorFlow reads the kernel from a table of 1024 steps a pixel."""
    step = np.float32(size) / np.float32(new)
    place = (np.arange(new, dtype=np.float32) + np.float32(0.5)) * step - np.float32(0.5)
    first = np.floor(place)
    fraction = np.rint((place - first) * 1024).astype(np.int64)
    weights = np.zeros((new, size), np.float32)
    for tap in range(-1, 3):
        column = first.astype(np.int64) + tap
        row = np.flatnonzero((column >= 0) & (column < size))
        weights[row, column[row]] = cubic(np.abs(tap - fraction[row] / 1024))
    return _normalized(weights)


def _area_weights(size: int, new: int) -> np.ndarray:
    """How much of each old pixel lies in a new one."""
    step = np.float32(size) / np.float32(new)
    start = (np.arange(new, dtype=np.float32) * step)[:, None]
    end = (np.arange(1, new + 1, dtype=np.float32) * step)[:, None]
    old = np.arange(size, dtype=np.float32)
    return np.maximum(0, np.minimum(end, old + 1) - np.maximum(start, old))


@functools.lru_cache(64)
def _weights(size: int, new: int, interpolation: str, antialias: bool) -> np.ndarray:
    if interpolation == "area":
        return _area_weights(size, new)
    if interpolation == "bicubic" and not antialias:
        return _table_cubic_weights(size, new)
    return kernel_weights(size, new, interpolation, antialias)


def nearest_places(size: int, new: int) -> np.ndarray:
    """For each new pixel the old one in which its middle lies, in float32 as TensorFlow counts."""
    step = np.float32(size) / np.float32(new)
    places = np.floor((np.arange(new, dtype=np.float32) + np.float32(0.5)) * step)
    return np.minimum(places.astype(np.int64), size - 1)


# resampling -----------------------------------------------------------------------------------------------------------


def along(x: torch.Tensor, weights: torch.Tensor, axis: int) -> torch.Tensor:
    """``x`` with the elements along ``axis`` replaced by sums of them, weighted by the rows of ``weights`` (new, size)."""
    return torch.tensordot(x, weights, ([axis], [1])).movedim(-1, axis)


def _between_rows(x: torch.Tensor, axis: int, new: int) -> torch.Tensor:
    """Linear interpolation along one axis."""
    step = np.float32(x.shape[axis]) / np.float32(new)
    places = (np.arange(new, dtype=np.float32) + np.float32(0.5)) * step - np.float32(0.5)
    low = np.floor(places)
    part = torch.as_tensor(places - low, device=x.device).reshape(-1, *(1,) * (x.ndim - 1 - axis))
    ends = (torch.as_tensor(i.clip(0, x.shape[axis] - 1).astype(np.int64), device=x.device) for i in (low, low + 1))
    first, second = (x.index_select(axis, i) for i in ends)
    return first + (second - first) * part


def resample(x: torch.Tensor, size: tuple[int, int], interpolation: str, antialias: bool) -> torch.Tensor:
    """A batch of images, channels first, of another size.

    Args:
        x: (batch, channels, height, width).
        size: the new height and width.
        interpolation: one of ``INTERPOLATIONS``, "mitchellcubic" or "gaussian".
        antialias: widen the kernel where the image gets smaller; "nearest" and "area" have none.

    Returns:
        float32, float64 for float64; for "nearest" the dtype of ``x``. What comes from integers is computed in TensorFlow's
        order, so that it rounds to the same integers.

    Raises:
        InvalidArgumentError: there is nothing to take, or nothing wanted.
    """
    if min(*size, *x.shape[2:]) <= 0:
        raise InvalidArgumentError(f"Sizes must be positive to resize images from {tuple(x.shape[2:])} to {size}.")
    if interpolation == "nearest":
        for axis, new in zip((2, 3), size):
            if x.shape[axis] != new:
                x = x.index_select(axis, torch.as_tensor(nearest_places(x.shape[axis], new), device=x.device))
        return x
    whole = not x.is_floating_point()
    if x.dtype is not torch.float64:
        x = x.float()
    with nullcontext() if x.is_meta else torch.autocast(x.device.type, enabled=False):
        if interpolation == "bilinear" and not antialias and whole:
            return _between_rows(_between_rows(x, 3, size[1]), 2, size[0])
        if interpolation == "bilinear" and not antialias:
            return F.interpolate(x, size, mode="bilinear", align_corners=False)
        parts = np.float32(x.shape[2] / size[0]) * np.float32(x.shape[3] / size[1]) if interpolation == "area" else None
        axes = ((3, size[1]), (2, size[0]))
        for axis, new in axes if interpolation == "area" else axes[::-1]:
            weights = torch.as_tensor(_weights(x.shape[axis], new, interpolation, antialias), device=x.device)
            x = along(x, weights.to(x.dtype), axis)
    return x if parts is None else x * float(1 / parts)  # at the end, as TensorFlow does: integers are rounded next


def as_dtype_of(resized: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """Resized images in the dtype of the images: integers are rounded, and no value leaves the dtype's range."""
    if resized.dtype is dtype:
        return resized
    if not dtype.is_floating_point:
        resized = resized.round()
    return saturate_cast.raw(resized, dtypes.as_dtype(dtype))


def centred(size: tuple[int, int], target: tuple[int, int], largest: bool) -> list[tuple[int, int]]:
    """Start and length of the part with the target's shape: the largest one inside of the image, or the smallest around.

    Args:
        size: the image's height and width.
        target: height and width whose relation the part has.
        largest: the largest part inside; else the smallest around: then starts are how much lies before the image.
    """
    (height, width), (high, wide) = size, target
    fitting = [int(np.float32(width * high) / np.float32(wide)), int(np.float32(height * wide) / np.float32(high))]
    if largest:
        lengths = [max(min(own, fit), 1) for own, fit in zip(size, fitting)]
    else:
        lengths = [max(own, fit) for own, fit in zip(size, fitting)]
    return [(abs(own - length) // 2, length) for own, length in zip(size, lengths)]


def crop_to(x: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """The largest part in the middle of channels-first images whose sides have the relation of ``size``."""
    (top, height), (left, width) = centred(tuple(x.shape[-2:]), size, True)
    return x[..., top : top + height, left : left + width]


def pad_to(x: torch.Tensor, size: tuple[int, int], value: float) -> torch.Tensor:
    """Channels-first images with as much ``value`` on both sides as brings their sides into the relation of ``size``."""
    (top, _), (left, _) = centred(tuple(x.shape[-2:]), size, False)
    return F.pad(x, (left, left, top, top), value=value)


def resize_images(
    x: torch.Tensor,
    size: tuple[int, int],
    interpolation: str = "bilinear",
    antialias: bool = False,
    crop: bool = False,
    pad: bool = False,
    fill_value: float = 0.0,
    data_format: str = "channels_last",
) -> torch.Tensor:
    """Images of another size in their own dtype; ``crop`` or ``pad`` brings them to the relation of the sides before.

    Args:
        x: (batch, height, width, channels) or (height, width, channels), or channels first.
    """
    last, batched = data_format == "channels_last", x.ndim == 4
    y = x if batched else x.unsqueeze(0)
    if last:
        y = torch.permute(y, (0, 3, 1, 2))
    if crop:
        y = crop_to(y, size)
    elif pad:
        y = pad_to(y, size, fill_value)
    if tuple(y.shape[2:]) != size:
        y = as_dtype_of(resample(y, size, interpolation, antialias), x.dtype)
    if last:
        y = torch.permute(y, (0, 2, 3, 1))
    return y if batched else y.squeeze(0)


# keras.ops ------------------------------------------------------------------------------------------------------------


def check_images(x: torch.Tensor, name: str = "images") -> None:
    """Raise unless these are one image or a batch of them."""
    if x.ndim not in (3, 4):
        raise ValueError(
            f"Invalid {name} rank: expected rank 3 (single image) or rank 4 (batch of images). "
            f"Received input with shape: {name}.shape={tuple(x.shape)}"
        )


def check_resizing(interpolation: Any, crop: Any, pad: Any, fill_mode: Any) -> None:
    """Raise for settings of a resizing that do not exist or contradict each other."""
    if crop and pad:
        raise ValueError("Only one of `pad_to_aspect_ratio` & `crop_to_aspect_ratio` can be `True`.")
    if interpolation not in INTERPOLATIONS:
        raise fail(
            ValueError,
            "Invalid value for argument `interpolation`",
            f"one of {INTERPOLATIONS}",
            f"interpolation={interpolation}",
        )
    if fill_mode != "constant":
        raise fail(
            ValueError, "Invalid value for argument `fill_mode`", "'constant', the only one", f"fill_mode={fill_mode}"
        )


def check_kind(x: torch.Tensor) -> None:
    """Raise for dtypes that images do not have."""
    if x.dtype in _REFUSED or x.is_complex():
        raise InvalidArgumentError(
            f"Images of dtype {dtypes.as_dtype(x.dtype).name} cannot be resized; cast them before."
        )


@op
def resize(
    images: Array,
    size: Any,
    interpolation: str = "bilinear",
    antialias: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    data_format: str | None = None,
) -> Any:
    """Images of another size, in the dtype that they have.

    Args:
        images: (batch, height, width, channels) or (height, width, channels), or channels first.
        size: the new (height, width).
        interpolation: "bilinear", "nearest", "bicubic", "lanczos3", "lanczos5" or "area".
        antialias: whether pixels are means over all that they stand for when an image gets smaller.
        crop_to_aspect_ratio: cut the largest part in the middle that need not be distorted.
        pad_to_aspect_ratio: put a frame of ``fill_value`` around the image so that it need not be distorted.
        fill_mode: "constant".

    Raises:
        ValueError: size, rank or settings do not fit.
    """
    if len(size) != 2:
        raise fail(ValueError, "Expected `size` to be a tuple of 2 integers", received=f"size={size}")
    size = (int(size[0]), int(size[1]))
    if size[0] <= 0 or size[1] <= 0:
        raise fail(ValueError, "`size` must have positive height and width", received=f"size={size}")
    check_images(images)
    check_resizing(interpolation, crop_to_aspect_ratio, pad_to_aspect_ratio, fill_mode)
    check_kind(images)
    return resize_images(
        images,
        size,
        interpolation,
        bool(antialias),
        bool(crop_to_aspect_ratio),
        bool(pad_to_aspect_ratio),
        fill_value,
        check_data_format(data_format),
    )


_METHODS = {
    "linear": "bilinear",
    "bilinear": "bilinear",
    "trilinear": "bilinear",
    "cubic": "bicubic",
    "bicubic": "bicubic",
    "tricubic": "bicubic",
    "lanczos3": "lanczos3",
    "lanczos5": "lanczos5",
}


def _torch_kernel(name: str, d: torch.Tensor) -> torch.Tensor:
    """The kernels as functions of tensors, through which gradients flow to scale and translation."""
    if name == "bilinear":
        return torch.relu(1 - d)
    if name == "bicubic":
        near = (1.5 * d - 2.5) * d * d + 1
        far = ((-0.5 * d + 2.5) * d - 4) * d + 2
        return torch.where(d < 1, near, torch.where(d < 2, far, 0))
    radius = int(name[-1])
    safe = torch.where(d > 1e-3, d, 1)
    waves = radius * torch.sin(math.pi * d) * torch.sin(math.pi * d / radius) / (math.pi * safe) ** 2
    return torch.where(d > radius, 0, torch.where(d > 1e-3, waves, 1))


def _moved_weights(
    size: int, new: int, scale: torch.Tensor, shift: torch.Tensor, kernel: str, antialias: bool
) -> torch.Tensor:
    """(new, size): weights for an axis that is scaled and then shifted; new pixels that fall outside have none."""
    inverse = 1 / scale
    wide = inverse.clamp(min=1) if antialias else 1.0
    places = (torch.arange(new, dtype=scale.dtype, device=scale.device) + 0.5 - shift) * inverse - 0.5
    old = torch.arange(size, dtype=scale.dtype, device=scale.device)
    weights = _torch_kernel(kernel, (places[:, None] - old).abs() / wide)
    total = weights.sum(1, keepdim=True)
    some = total.abs() > 1000 * torch.finfo(torch.float32).eps
    weights = torch.where(some, weights / torch.where(total == 0, 1, total), 0)
    inside = (places >= -0.5) & (places <= size - 0.5)
    return torch.where(inside[:, None], weights, 0)


@op
def scale_and_translate(
    images: Array,
    output_shape: Any,
    scale: Index,
    translation: Index,
    spatial_dims: Any,
    method: str,
    antialias: bool = True,
) -> Any:
    """Images whose axes are scaled and then moved, into arrays of another shape; what lies outside is 0.

    Args:
        images: any shape.
        output_shape: the shape of the result; only the sizes of ``spatial_dims`` may differ.
        scale, translation: one number for each of ``spatial_dims``.
        method: "linear", "bilinear", "trilinear", "cubic", "bicubic", "tricubic", "lanczos3" or "lanczos5".
        antialias: whether pixels are means over all that they stand for when an image gets smaller.

    Raises:
        ValueError: there is no such method.
    """
    if method not in _METHODS:
        raise fail(ValueError, "Invalid value for argument `method`", f"one of {set(_METHODS)}", f"method={method}")
    common = dtypes.to_torch(dtypes.result_type(scale.dtype, translation.dtype))
    scale, translation = scale.to(common), translation.to(common)
    if not common.is_floating_point:
        scale, translation = (
            scale.to(dtypes.to_torch(dtypes.floatx())),
            translation.to(dtypes.to_torch(dtypes.floatx())),
        )
    whole = not images.is_floating_point()
    out = images.float() if whole else images
    for place, axis in enumerate(spatial_dims):
        axis = int(axis) % images.ndim
        weights = _moved_weights(
            images.shape[axis], int(output_shape[axis]), scale[place], translation[place], _METHODS[method], antialias
        )
        out = along(out, weights.to(out.dtype), axis)
    if whole and len(spatial_dims):
        out = out.round().clamp(images.min(), images.max())
    return out.to(images.dtype)
