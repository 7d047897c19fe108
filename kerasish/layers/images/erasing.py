"""RandomErasing (Zhong et al. 2017)."""

from __future__ import annotations

from typing import Any

import torch

from kerasish.core import random as streams
from kerasish.core.dispatch import boundary
from kerasish.core.dtypes import to_torch
from kerasish.layers.images.base import batch_of, spread, tensor_of
from kerasish.layers.images.patches import PatchLayer
from kerasish.layers.images.ranges import overlapping_range


class RandomErasing(PatchLayer):
    """Fills a rectangle of some images with one colour or with noise.

    Args:
        factor: from 0 to 1: (lower, upper) of the probability, or one number f for (0, f).
        scale: from 0 to 1: (lower, upper) of the part of the image that is filled, or one number s for (0, s).
        fill_value: a number, or three for the channels; default: normal noise.
        value_range: smallest and largest value of a pixel.
        seed: an integer.
        data_format: "channels_last" or "channels_first"; default: the image data format.

    Input and output shape: ``(batch, height, width, channels)`` or ``(height, width, channels)``, or channels first; or a
    dictionary with "images".

    Raises:
        ValueError: ``factor`` or ``scale`` is out of its range; in a call: ``fill_value`` is neither of the two.
    """

    _USE_BASE_FACTOR = False
    _FACTOR_BOUNDS = (0, 1)

    def __init__(
        self,
        factor: Any = 1.0,
        scale: Any = (0.02, 0.33),
        fill_value: Any = None,
        value_range: Any = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self._set_factor(factor)
        self.scale = overlapping_range("scale", scale, *self._FACTOR_BOUNDS)
        self.fill_value = fill_value
        self.value_range = value_range

    @boundary
    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> dict | None:
        if not training:
            return None
        images = self._images_of(data)
        count, seed = batch_of(images), seed or self.generator
        parts = self._uniform(images, (count, 2), *self.scale, seed, self.compute_dtype).sqrt()
        height, width = self._sizes(images.shape)
        x = self._bounds(images, width, parts[:, 0], seed)
        y = self._bounds(images, height, parts[:, 1], seed)
        masks = self._patches(images, x, y)
        probability = self._uniform(images, (count,), *self.factor, seed)
        chosen = self._uniform(images, (count,), 0.0, 1.0, seed) < probability
        return {"apply_erasing": chosen, "batch_masks": masks, "fill_value": self._filling(images, seed)}

    def _filling(self, images: torch.Tensor, seed: Any) -> torch.Tensor:
        """What images like these are filled with."""
        dtype = to_torch(self.compute_dtype)
        if self.fill_value is None:
            noise = streams.normal_raw(tuple(images.shape), streams.draw_seed(seed), dtype=self.compute_dtype)
            filling = noise.to(images.device) * self.value_range[1]
        else:
            filling = torch.empty(images.shape, dtype=dtype, device=images.device)
            filling[...] = self._colour(images)
        return filling.clamp(*self.value_range)

    def _colour(self, images: torch.Tensor) -> torch.Tensor:
        value = self.fill_value
        several = isinstance(value, (tuple, list))
        if not isinstance(value, (int, float)) and not (several and len(value) == 3):
            raise ValueError(
                "The `fill_value` argument should be a number (or a list of three numbers). "
                f"Received: fill_value={value}"
            )
        colour = torch.tensor(list(value) if several else [value], device=images.device)
        return colour.reshape(-1, 1, 1) if self.data_format == "channels_first" else colour

    @boundary
    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        images = self._computed(images)
        if not training:
            return images
        masks, chosen, filling = (
            tensor_of(transformation[name], images) for name in ("batch_masks", "apply_erasing", "fill_value")
        )
        return self._computed(torch.where(spread(chosen) & masks, filling, images))
