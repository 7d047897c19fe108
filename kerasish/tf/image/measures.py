"""Measures of images: how alike two are, and how much values change from pixel to pixel."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F

from kerasish import ops
from kerasish.core import dtypes
from kerasish.core.dispatch import Array, strict_op
from kerasish.core.errors import InvalidArgumentError
from kerasish.ops.image_filters import ssim_maps
from kerasish.tf.alias import SIGNED, check
from kerasish.tf.image.colours import converted


@strict_op
def psnr(a: Array, b: Array, max_val: Any, name: str | None = None) -> Any:
    """The peak signal-to-noise ratio of images in decibels, one number per image.

    Args:
        max_val: the range of values: 255, 1.
    """
    top = converted(torch.as_tensor(max_val).to(a.dtype), dtypes.float32)
    x, y = converted(a, dtypes.float32), converted(b, dtypes.float32)
    error = ((x - y) ** 2).mean((-3, -2, -1))
    return 20 * torch.log10(top) - 10 * torch.log10(error)


@strict_op
def ssim(
    img1: Array,
    img2: Array,
    max_val: Any,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
    return_index_map: bool = False,
) -> Any:
    """How alike images are by their structure (Wang et al. 2004), 1 for equal ones: one number per image.

    Args:
        max_val: the range of values: 255, 1.
        return_index_map: whether there is a number for each place of the window: (..., height, width).

    Raises:
        InvalidArgumentError: images are smaller than the window.
    """
    top = float(converted(torch.as_tensor(max_val).to(img1.dtype), dtypes.float32))
    x, y = (converted(img, dtypes.float32) for img in (img1, img2))
    batch = x.shape[:-3]
    x, y = (img.reshape(-1, *img.shape[-3:]) for img in (x, y))
    if return_index_map:
        first = [img.movedim(-1, 1) for img in (x, y)]
        places = ssim_maps(*first, filter_size, filter_sigma, (k1 * top) ** 2, (k2 * top) ** 2)[0].mean(1)
        return places.reshape(*batch, *places.shape[1:])
    return ops.image.ssim.raw(x, y, top, filter_size, filter_sigma, k1, k2, "channels_last").reshape(batch)


@strict_op
def ssim_multiscale(
    img1: Array,
    img2: Array,
    max_val: Any,
    power_factors: Any = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333),
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
) -> Any:
    """``ssim`` at several scales (Wang et al. 2003): one number per image.

    Args:
        power_factors: how much each scale counts; each is half as large as the one before.

    Raises:
        InvalidArgumentError: images are smaller than the window at some scale.
    """
    top = float(converted(torch.as_tensor(max_val).to(img1.dtype), dtypes.float32))
    x, y = (converted(img, dtypes.float32) for img in (img1, img2))
    batch = x.shape[:-3]
    x, y = (img.reshape(-1, *img.shape[-3:]).movedim(-1, 1) for img in (x, y))
    product: Any = 1.0
    for scale, power in enumerate(power_factors):
        if scale:
            x, y = (_halved(img) for img in (x, y))
        if min(x.shape[-2:]) < filter_size:
            raise InvalidArgumentError(f"Images are smaller than the filter of {filter_size} pixels: {tuple(x.shape)}")
        whole, contrast = ssim_maps(x, y, filter_size, filter_sigma, (k1 * top) ** 2, (k2 * top) ** 2)
        last = scale == len(power_factors) - 1
        product = product * torch.relu((whole if last else contrast).mean((2, 3))) ** power
    return product.mean(-1).reshape(batch)


def _halved(x: torch.Tensor) -> torch.Tensor:
    """Means of two by two pixels; the last row or column counts twice where their number is odd."""
    return F.avg_pool2d(F.pad(x, [0, x.shape[-1] % 2, 0, x.shape[-2] % 2], mode="replicate"), 2)


@strict_op
def total_variation(images: Array, name: str | None = None) -> Any:
    """The sum of the absolute differences of neighbouring pixels; one number per image of a batch."""
    if images.ndim not in (3, 4):
        raise ValueError(f"'images' must be either 3 or 4-dimensional. Received: shape={tuple(images.shape)}")
    check(images, SIGNED, "Abs")
    down, right = (images.diff(dim=axis).abs().sum((-3, -2, -1), dtype=images.dtype) for axis in (-3, -2))
    return down + right


@strict_op
def image_gradients(image: Array) -> Any:
    """Differences to the next row and to the next column, 0 at the ends: two tensors of the shape of ``image``.

    Raises:
        ValueError: the rank is not 4.
    """
    if image.ndim != 4:
        raise ValueError(f"image_gradients expects a 4D tensor [batch_size, h, w, d], not {tuple(image.shape)}.")
    return F.pad(image.diff(dim=1), (0, 0, 0, 0, 0, 1)), F.pad(image.diff(dim=2), (0, 0, 0, 1))


@strict_op
def sobel_edges(image: Array) -> Any:
    """How steeply images rise downwards and to the right, as a last axis of 2."""
    return ops.image.sobel_edges.raw(image, "channels_last")
