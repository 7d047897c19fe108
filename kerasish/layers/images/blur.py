"""RandomGaussianBlur."""

from __future__ import annotations

from typing import Any

import torch

from kerasish.core.dispatch import boundary
from kerasish.core.errors import fail
from kerasish.layers.images.base import RandomImageLayer, batch_of, spread, tensor_of
from kerasish.layers.images.ranges import overlapping_range
from kerasish.ops import image as image_ops


class RandomGaussianBlur(RandomImageLayer):
    """Blurs some images, all as much.

    Args:
        factor: from 0 to 1: (lower, upper) of the probability, or one number f for (0, f).
        kernel_size: height and width of the kernel in pixels, odd numbers, or one number for both.
        sigma: from 0 to 1: (lower, upper) of the standard deviation in pixels, or one number s for (0, s).
        value_range: smallest and largest value of a pixel, at which results are cut off.
        data_format: "channels_last" or "channels_first"; default: the image data format.
        seed: an integer.

    Input and output shape: ``(batch, height, width, channels)`` or ``(height, width, channels)``, or channels first; or a
    dictionary with "images".

    Raises:
        ValueError: ``factor`` or ``sigma`` is out of its range or ``kernel_size`` not odd.
    """

    _USE_BASE_FACTOR = False
    _FACTOR_BOUNDS = (0, 1)

    def __init__(
        self,
        factor: Any = 1.0,
        kernel_size: Any = 3,
        sigma: Any = 1.0,
        value_range: Any = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self._set_factor(factor)
        self.kernel_size = _checked_size(kernel_size)
        self.sigma = overlapping_range("sigma", sigma, *self._FACTOR_BOUNDS)
        self.value_range = value_range

    @boundary
    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> dict | None:
        if not training:
            return None
        images = self._images_of(data)
        count, seed = (batch_of(images),), seed or self.generator
        probability = self._uniform(images, count, *self.factor, seed)
        chosen = self._uniform(images, count, 0.0, 1.0, seed) < probability
        width = self._uniform(images, (2,), *self.sigma, seed, self.compute_dtype) + 1e-6
        return {"should_apply_blur": chosen, "blur_factor": width}

    @boundary
    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        images = self._computed(images)
        if not training or transformation is None:
            return images
        width, chosen = (tensor_of(transformation[name], images) for name in ("blur_factor", "should_apply_blur"))
        blurred = image_ops.gaussian_blur.raw(
            images, kernel_size=self.kernel_size, sigma=width, data_format=self.data_format
        )
        return self._computed(torch.where(spread(chosen), blurred, images).clamp(*self.value_range))


def _checked_size(size: Any) -> tuple:
    pair = size if isinstance(size, (tuple, list)) else (size, size)
    if not all(isinstance(n, (int, float)) for n in pair) or len(pair) != 2:
        raise fail(
            ValueError,
            "The `kernel_size` argument should be a number (or a list of two numbers)",
            received=f"kernel_size={size}",
        )
    if any(n % 2 == 0 for n in pair):
        raise fail(ValueError, "kernel_size must be an odd number", received=f"kernel_size={size}")
    return tuple(pair)
