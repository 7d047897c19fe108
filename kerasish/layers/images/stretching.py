"""Keras 2's RandomHeight and RandomWidth: batches of a random size."""

from __future__ import annotations

from typing import Any

import torch

from kerasish.core.dtypes import to_torch
from kerasish.core.errors import fail
from kerasish.layers.images.base import RandomImageLayer
from kerasish.ops.image_resize import resize_images


class RandomStretch(RandomImageLayer):
    """The common part of the two: in training, one axis of a batch gets a random size.

    Args:
        factor: above -1: (lower, upper) of what the size grows by, in parts of it, or one number f for (-f, f).
        interpolation: "bilinear", "nearest", "bicubic", "lanczos3", "lanczos5" or "area".
        seed: an integer.
    """

    _USE_BASE_FACTOR = False
    _place: int  # 0: the height is stretched, 1: the width

    def __init__(self, factor: Any, interpolation: str = "bilinear", seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed=seed, **kwargs)
        self.factor = factor
        lower, upper = factor if isinstance(factor, (tuple, list)) else (-factor, factor)
        if upper < lower:
            raise fail(
                ValueError,
                "`factor` argument cannot have an upper bound lesser than the lower bound",
                received=f"factor={factor}",
            )
        if lower < -1.0 or upper < -1.0:
            raise fail(ValueError, "`factor` must have values larger than -1", received=f"factor={factor}")
        self.interpolation = interpolation
        self._bounds = (lower, upper)

    def call(self, data: torch.Tensor, training: bool = True) -> torch.Tensor:
        images = self._computed(self._images_of(data))
        if not training:
            return images
        lower, upper = self._bounds
        size = list(self._sizes(images.shape))
        grown = self._uniform(images, (), 1.0 + lower, 1.0 + upper, None)
        size[self._place] = int(grown * size[self._place])
        resized = resize_images(images, tuple(size), self.interpolation, data_format=self.data_format)
        return resized.to(to_torch(self.compute_dtype))

    def compute_output_shape(self, input_shape: Any) -> tuple:
        size = list(self._sizes(input_shape))
        size[self._place] = None
        return self._with_sizes(input_shape, *size)

    def get_config(self) -> dict:
        config = super().get_config()
        del config["data_format"]
        return config


class RandomHeight(RandomStretch):
    """In training, gives a batch of images a random height.

    Args:
        factor: above -1: (lower, upper) of what the height grows by, in parts of it, or one number f for (-f, f).
        interpolation: "bilinear", "nearest", "bicubic", "lanczos3", "lanczos5" or "area".
        seed: an integer.

    Input shape: ``(batch, height, width, channels)`` or ``(height, width, channels)``.
    Output shape: ``(batch, random height, width, channels)``.

    Raises:
        ValueError: ``factor`` is out of its range.
    """

    _place = 0


class RandomWidth(RandomStretch):
    """In training, gives a batch of images a random width.

    Args:
        factor: above -1: (lower, upper) of what the width grows by, in parts of it, or one number f for (-f, f).
        interpolation: "bilinear", "nearest", "bicubic", "lanczos3", "lanczos5" or "area".
        seed: an integer.

    Input shape: ``(batch, height, width, channels)`` or ``(height, width, channels)``.
    Output shape: ``(batch, height, random width, channels)``.

    Raises:
        ValueError: ``factor`` is out of its range.
    """

    _place = 1
