"""Filters of images, and how alike two images are."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F

from kerasish.core import dtypes
from kerasish.core.dispatch import Array, op
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.shape import same_padding
from kerasish.ops.common import in_float32
from kerasish.ops.conv import check_data_format
from kerasish.ops.image_resize import check_images


def _bell(size: int, sigma: Any, like: torch.Tensor) -> torch.Tensor:
    """``size`` values of a normal distribution around the middle, with sum 1."""
    x = torch.arange(size, dtype=like.dtype, device=like.device) - (size - 1) / 2
    bell = torch.exp(-0.5 * (x / sigma) ** 2)
    return bell / bell.sum()


def _each_channel(x: torch.Tensor, kernel: torch.Tensor, padding: str) -> torch.Tensor:
    """Channels-first images, every channel filtered by the same kernel (height, width)."""
    if padding == "same":
        (top, bottom), (left, right) = (same_padding(n, k, 1) for n, k in zip(x.shape[2:], kernel.shape))
        x = F.pad(x, (left, right, top, bottom))
    flat = x.reshape(-1, 1, *x.shape[2:])
    return F.conv2d(flat, kernel[None, None]).reshape(
        *x.shape[:2], *(n - k + 1 for n, k in zip(x.shape[2:], kernel.shape))
    )


def blur(x: torch.Tensor, kernel_size: tuple[int, int], sigma: Any) -> torch.Tensor:
    """Channels-first images (batch, channels, height, width), smoothed; zeros lie around them.

    The two axes of a kernel that is not square are those of its matrix in the order in which Keras writes it.
    """
    first, second = (_bell(k, s, x) for k, s in zip(kernel_size, sigma))
    if kernel_size[0] != kernel_size[1]:
        return _each_channel(x, torch.outer(second, first).reshape(kernel_size), "same")
    return _each_channel(_each_channel(x, second[:, None], "same"), first[None], "same")


def _floats(images: torch.Tensor, name: str) -> None:
    if not images.is_floating_point():
        kind = dtypes.as_dtype(images.dtype).name
        raise InvalidArgumentError(
            f"'{name}' takes images of a float dtype. Received: images.dtype={kind}. Cast them before."
        )


@op
def gaussian_blur(
    images: Array, kernel_size: Any = (3, 3), sigma: Any = (1.0, 1.0), data_format: str | None = None
) -> Any:
    """Images, each pixel a mean of those around it, weighted by a normal distribution; zeros lie around the images.

    Args:
        images: floats, (batch, height, width, channels) or (height, width, channels), or channels first.
        kernel_size: in pixels, two numbers.
        sigma: the standard deviations in pixels.

    Raises:
        ValueError: the rank does not fit.
        InvalidArgumentError: the images are not floats.
    """
    check_images(images)
    _floats(images, "gaussian_blur")
    last = check_data_format(data_format) == "channels_last"
    x = images if images.ndim == 4 else images.unsqueeze(0)
    x = x.movedim(-1, 1) if last else x
    size, deviations = tuple(int(k) for k in kernel_size), tuple(sigma)
    y = in_float32(lambda t: blur(t, size, deviations), x)
    y = y.movedim(1, -1) if last else y
    return y if images.ndim == 4 else y.squeeze(0)


@op
def sobel_edges(images: Array, data_format: str | None = None) -> Any:
    """How steeply images rise downwards and to the right, by Sobel's filters; images are mirrored at their edges.

    Args:
        images: floats, (batch, height, width, channels), or channels first.

    Returns:
        The images' shape with an axis of 2 appended: downwards, to the right.

    Raises:
        InvalidArgumentError: the rank is not 4.
    """
    if images.ndim != 4:
        raise InvalidArgumentError(
            f"Invalid images rank: expected rank 4 (batch of images). Received: images.shape={tuple(images.shape)}"
        )
    _floats(images, "sobel_edges")
    last = check_data_format(data_format) == "channels_last"
    x = F.pad(images.movedim(-1, 1) if last else images, (1, 1, 1, 1), mode="reflect")
    down = x[:, :, 2:] - x[:, :, :-2]
    right = x[..., 2:] - x[..., :-2]
    down = down[..., :-2] + 2 * down[..., 1:-1] + down[..., 2:]
    right = right[:, :, :-2] + 2 * right[:, :, 1:-1] + right[:, :, 2:]
    edges = torch.stack([down, right], -1)
    return edges.movedim(1, 3) if last else edges


@op
def ssim(
    image1: Array,
    image2: Array,
    max_val: float = 1.0,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
    data_format: str | None = None,
) -> Any:
    """How alike two images are, by their structure: 1 for equal ones (Wang et al. 2004).

    Args:
        image1, image2: (batch, height, width, channels) or (height, width, channels), or channels first.
        max_val: the range of values, 1 or 255.
        filter_size, filter_sigma: of the window in which means and variances are taken, in pixels.
        k1, k2: they keep divisors from 0.

    Returns:
        A number for each pair of images.

    Raises:
        ValueError: a rank does not fit.
        InvalidArgumentError: images are smaller than the window.
    """
    check_images(image1, "image1")
    check_images(image2, "image2")
    axes = (image1.ndim - 3, image1.ndim - 2)
    if check_data_format(data_format) == "channels_first":
        axes = (image1.ndim - 2, image1.ndim - 1)
    if min(image1.shape[a] for a in axes) < filter_size:
        raise InvalidArgumentError(
            f"Images must be at least as large as the filter of {filter_size} pixels. Received: {tuple(image1.shape)}"
        )
    wide = dtypes.to_torch(dtypes.result_type(image1.dtype, float))
    batch = [x if x.ndim == 4 else x.unsqueeze(0) for x in (image1.to(wide), image2.to(wide))]
    if check_data_format(data_format) == "channels_last":
        batch = [x.movedim(-1, 1) for x in batch]
    c1, c2 = (k1 * max_val) ** 2, (k2 * max_val) ** 2
    likeness = in_float32(lambda a, b: _ssim(a, b, filter_size, filter_sigma, c1, c2), *batch)
    return (likeness if image1.ndim == 4 else likeness.squeeze(0)).to(image1.dtype)


def _ssim(a: torch.Tensor, b: torch.Tensor, size: int, sigma: float, c1: float, c2: float) -> torch.Tensor:
    return ssim_maps(a, b, size, sigma, c1, c2)[0].mean((2, 3)).mean(-1)


def ssim_maps(
    a: torch.Tensor, b: torch.Tensor, size: int, sigma: float, c1: float, c2: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """How alike two batches of images (channels first) are around each pixel, and that without their brightness."""
    bell = _bell(size, sigma, a)

    def mean(x: torch.Tensor) -> torch.Tensor:
        return _each_channel(_each_channel(x, bell[:, None], "valid"), bell[None], "valid")

    mean_a, mean_b = mean(a), mean(b)
    spread = mean(a * a) - mean_a * mean_a + mean(b * b) - mean_b * mean_b
    together = mean(a * b) - mean_a * mean_b
    contrast = 2 * together + c2, spread + c2
    top = (2 * mean_a * mean_b + c1) * contrast[0]
    bottom = (mean_a * mean_a + mean_b * mean_b + c1) * contrast[1]
    return top / bottom, contrast[0] / contrast[1]
