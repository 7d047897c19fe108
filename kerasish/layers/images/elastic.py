"""RandomElasticTransform (Simard et al. 2003)."""

from __future__ import annotations

from typing import Any

import torch

from kerasish.core.dispatch import boundary
from kerasish.layers.image_base import BaseImagePreprocessingLayer
from kerasish.layers.images.affine import check_choice
from kerasish.layers.images.base import RandomImageLayer, batch_of, tensor_of
from kerasish.layers.images.ranges import overlapping_range
from kerasish.ops import image as image_ops


class RandomElasticTransform(RandomImageLayer):
    """Distorts some images as if they were drawn on rubber.

    Args:
        factor: from 0 to 1: (lower, upper) of the probability, or one number f for (0, f).
        scale: from 0 to 1: (lower, upper) of the strength, or one number s for (0, s).
        interpolation: "nearest" or "bilinear".
        fill_mode: what lies outside of the image: "reflect", "wrap", "constant", "nearest" or "mirror".
        fill_value: of what lies outside, for "constant".
        value_range: smallest and largest value of a pixel, at which results are cut off.
        seed: an integer.
        data_format: "channels_last" or "channels_first"; default: the image data format.

    Input and output shape: ``(batch, height, width, channels)`` or ``(height, width, channels)``, or channels first; or a
    dictionary with "images".

    Raises:
        ValueError: ``factor`` or ``scale`` is out of its range.
        NotImplementedError: there is no such ``fill_mode`` or ``interpolation``.
    """

    _USE_BASE_FACTOR = False
    _FACTOR_BOUNDS = (0, 1)

    def __init__(
        self,
        factor: Any = 1.0,
        scale: Any = 1.0,
        interpolation: str = "bilinear",
        fill_mode: str = "reflect",
        fill_value: float = 0.0,
        value_range: Any = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self._set_factor(factor)
        self.scale = overlapping_range("scale", scale, *self._FACTOR_BOUNDS)
        check_choice("interpolation", interpolation, ("nearest", "bilinear"))
        check_choice("fill_mode", fill_mode, ("constant", "mirror", "nearest", "reflect", "wrap"))
        self.interpolation = interpolation
        self.fill_mode = fill_mode
        self.fill_value = fill_value
        self.value_range = value_range

    @boundary
    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> dict | None:
        if not training or self.scale[1] == 0 or self.factor[1] == 0:
            return None
        images = self._images_of(data)
        count, seed = (batch_of(images),), seed or self.generator
        probability = self._uniform(images, count, *self.factor, seed)
        chosen = self._uniform(images, count, 0.0, 1.0, seed) < probability
        strength = self._uniform(images, (), *self.scale, seed, self.compute_dtype)
        return {"apply_transform": chosen, "distortion_factor": strength, "seed": seed}

    transform_images = BaseImagePreprocessingLayer.transform_images
    transform_segmentation_masks = BaseImagePreprocessingLayer.transform_segmentation_masks

    def get_elastic_transform_params(self, height: int, width: int, factor: Any) -> tuple:
        """How far pixels move at most, and how wide the fields of movement are smoothed."""
        return max(height, width) * (0.1 * factor), min(height, width) * (0.05 * factor)

    def _transform_images(self, images: torch.Tensor, transformation: Any, interpolation: str) -> torch.Tensor:
        if transformation is None:
            return images
        strength = tensor_of(transformation["distortion_factor"], images)
        alpha, sigma = self.get_elastic_transform_params(*self._sizes(images.shape), strength)
        distorted = image_ops.elastic_transform.raw(
            images,
            alpha=alpha,
            sigma=sigma,
            interpolation=interpolation,
            fill_mode=self.fill_mode,
            fill_value=self.fill_value,
            seed=transformation["seed"],
            data_format=self.data_format,
        )
        chosen = tensor_of(transformation["apply_transform"], images).reshape(-1, *(1,) * (images.ndim - 1))
        return self._computed(torch.where(chosen, distorted, images).clamp(*self.value_range))
