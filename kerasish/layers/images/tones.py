"""Layers that change the values of pixels one by one: brightness, contrast, inverted, posterized and solarized images."""

from __future__ import annotations

from typing import Any

import torch

from kerasish.core import random as streams
from kerasish.core.dispatch import boundary
from kerasish.core.dtypes import to_torch
from kerasish.layers.images.base import FactorLayer, RandomImageLayer, batch_of, rescaled, spread, tensor_of
from kerasish.layers.images.ranges import checked_value_range, range_within

_LEVELS = (0, 255)


class RandomBrightness(RandomImageLayer):
    """Adds a random number to all pixels of an image.

    Args:
        factor: from -1 to 1, in parts of the range of values: (lower, upper), or one number f for (-f, f).
        value_range: smallest and largest value of a pixel, at which results are cut off.
        seed: an integer.

    Input and output shape: ``(batch, height, width, channels)`` or ``(height, width, channels)``, or channels first; or a
    dictionary with "images".

    Raises:
        ValueError: ``factor`` is out of its range or ``value_range`` not two numbers.
    """

    def __init__(self, factor: Any, value_range: Any = (0, 255), seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed=seed, factor=factor, **kwargs)
        self.value_range = checked_value_range(value_range)

    @boundary
    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> dict:
        images = self._images_of(data)
        shape = (1,) * 3 if images.ndim == 3 else (images.shape[0], 1, 1, 1)
        if not training:
            return {"rgb_delta": images.new_zeros(shape, dtype=torch.float32)}
        delta = self._uniform(images, shape, *self.factor, seed)
        return {"rgb_delta": delta * (self.value_range[1] - self.value_range[0])}

    @boundary
    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        if not training:
            return images
        # bytes neither run over nor leave the range
        wide = images.dtype if images.is_floating_point() else torch.int32
        delta = tensor_of(transformation["rgb_delta"], images).to(wide)
        return (images.to(wide) + delta).clamp(*self.value_range).to(images.dtype)


class RandomContrast(RandomImageLayer):
    """Moves the pixels of each channel away from its mean, or towards it, by a random factor.

    Args:
        factor: from 0 to 1: (lower, upper), for factors from 1 - lower to 1 + upper, or one number for both.
        value_range: smallest and largest value of a pixel, at which results are cut off.
        seed: an integer.

    Input and output shape: ``(batch, height, width, channels)`` or ``(height, width, channels)``, or channels first; or a
    dictionary with "images".

    Raises:
        ValueError: ``factor`` is out of its range.
    """

    _FACTOR_BOUNDS = (0, 1)

    def __init__(self, factor: Any, value_range: Any = (0, 255), seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed=seed, **kwargs)
        self._set_factor(factor)
        self.value_range = value_range

    @boundary
    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> dict:
        images = self._images_of(data)
        shape = (1,) * 3 if images.ndim == 3 else (images.shape[0], 1, 1, 1)
        if not training:
            return {"contrast_factor": images.new_zeros(shape, dtype=torch.float32)}
        lower, upper = 1.0 - self.factor[0], 1.0 + self.factor[1]
        return {"contrast_factor": self._uniform(images, shape, lower, upper, seed, self.compute_dtype)}

    @boundary
    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        if not training:
            return images
        images = images if images.is_floating_point() else self._computed(images)
        factor = tensor_of(transformation["contrast_factor"], images).to(images.dtype)
        rows, columns, _ = self._axes(images.ndim)
        mean = images.mean(rows, keepdim=True).mean(columns, keepdim=True)
        return ((images - mean) * factor + mean).clamp(*self.value_range)


class RandomInvert(RandomImageLayer):
    """Turns some images into their negatives.

    Args:
        factor: from 0 to 1: (lower, upper) of the probability, or one number f for (0, f).
        value_range: smallest and largest value of a pixel; a value becomes the largest minus itself.
        seed: an integer.
        data_format: "channels_last" or "channels_first"; default: the image data format.

    Input and output shape: ``(batch, height, width, channels)`` or ``(height, width, channels)``, or channels first; or a
    dictionary with "images".

    Raises:
        ValueError: ``factor`` is out of its range.
    """

    _USE_BASE_FACTOR = False
    _FACTOR_BOUNDS = (0, 1)

    def __init__(
        self,
        factor: Any = 1.0,
        value_range: Any = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self._set_factor(factor)
        self.value_range = value_range

    @boundary
    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> dict | None:
        if not training:
            return None
        images = self._images_of(data)
        count, seed = (batch_of(images),), seed or self.generator
        probability = self._uniform(images, count, *self.factor, seed)
        return {"apply_inversion": self._uniform(images, count, 0, 1, seed) < probability}

    @boundary
    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        if not training:
            return images
        images = self._computed(images)
        inverted = spread(tensor_of(transformation["apply_inversion"], images))
        return torch.where(inverted, self.value_range[1] - images, images)


class RandomPosterization(FactorLayer):
    """Keeps only the upper bits of pixels, of 8.

    Args:
        factor: from 1 to 8: (lower, upper) of the number of bits, the upper one excluded unless both are equal; or one
            number n for (1, n).
        value_range: smallest and largest value of a pixel.
        data_format: "channels_last" or "channels_first"; default: the image data format.
        seed: an integer.

    Input and output shape: ``(batch, height, width, channels)`` or ``(height, width, channels)``, or channels first; or a
    dictionary with "images".

    Raises:
        ValueError: ``factor`` is out of its range or ``value_range`` not two numbers.
    """

    _USE_BASE_FACTOR = False
    _FACTOR_BOUNDS = (1, 8)

    @boundary
    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> dict:
        images = self._images_of(data)
        lower, upper = (int(bits) for bits in self.factor)
        if self.factor[0] == self.factor[1]:
            kept = torch.full((batch_of(images),), lower, dtype=torch.uint8)
        else:
            pair = streams.draw_seed(self.generator if seed is None else seed)
            kept = streams.keras_integers_raw((batch_of(images),), pair, lower, upper, "uint8")
        return {"shift_factor": (8 - kept).to(images.device)}

    @boundary
    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        if not training:
            return images
        dtype = to_torch(self.compute_dtype)
        shift = spread(tensor_of(transformation["shift_factor"], images)).to(torch.int32)
        levels = rescaled(images, self.value_range, _LEVELS, dtype).to(torch.int32) & 255
        return rescaled(((levels >> shift) << shift).to(dtype), _LEVELS, self.value_range, dtype)


class Solarization(RandomImageLayer):
    """Adds a random number to pixels and inverts those that reach a random threshold.

    Args:
        addition_factor: from 0 to 1: (lower, upper), or one number f for (0, f); of what is added.
        threshold_factor: from 0 to 1, as ``addition_factor``; of the threshold.
        value_range: smallest and largest value of a pixel.
        seed: an integer.

    Input and output shape: ``(batch, height, width, channels)`` or ``(height, width, channels)``, or channels first; or a
    dictionary with "images".

    Raises:
        ValueError: a factor is out of its range or ``value_range`` not two numbers.
    """

    _config_first = ("data_format", "value_range")

    _USE_BASE_FACTOR = False

    def __init__(
        self,
        addition_factor: Any = 0.0,
        threshold_factor: Any = 0.0,
        value_range: Any = (0, 255),
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, **kwargs)
        self.addition_factor = range_within("addition_factor", addition_factor, 0, 1.0, mirrored=False)
        self.threshold_factor = range_within("threshold_factor", threshold_factor, 0, 1.0, mirrored=False)
        self.value_range = checked_value_range(value_range)

    @boundary
    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> dict | None:
        if not training:
            return None
        images = self._images_of(data)
        shape = (1,) * 3 if images.ndim == 3 else (images.shape[0], 1, 1, 1)

        def drawn(factor: tuple) -> torch.Tensor:
            return self._uniform(images, shape, factor[0], factor[1] * 255, seed, self.compute_dtype)

        return {"additions": drawn(self.addition_factor), "thresholds": drawn(self.threshold_factor)}

    @boundary
    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        images = self._computed(images)
        if not training or transformation is None:
            return images
        additions, thresholds = (
            tensor_of(transformation[name], images).to(images.dtype) for name in ("additions", "thresholds")
        )
        raised = (rescaled(images, self.value_range, _LEVELS, images.dtype) + additions).clamp(0, 255)
        return rescaled(torch.where(raised < thresholds, raised, 255 - raised), _LEVELS, self.value_range, images.dtype)
