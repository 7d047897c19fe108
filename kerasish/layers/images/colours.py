"""Layers that change the colours of images: hue, saturation, towards grey; and several of them with light and contrast."""

from __future__ import annotations

from typing import Any

import torch

from kerasish.core.context import settings
from kerasish.core.dispatch import boundary
from kerasish.core.dtypes import to_torch
from kerasish.core.errors import fail
from kerasish.layers.images.base import FactorLayer, RandomImageLayer, batch_of, rescaled, spread, tensor_of
from kerasish.layers.images.tones import RandomBrightness, RandomContrast
from kerasish.ops import image as image_ops
from kerasish.ops.conv import check_data_format


class RandomHue(RandomImageLayer):
    """Turns the colours of an image round the colour wheel.

    Args:
        factor: from 0 to 1: (lower, upper) in half turns, either way; or one number f for (0, f).
        value_range: smallest and largest value of a pixel.
        data_format: "channels_last" or "channels_first"; default: the image data format.
        seed: an integer.

    Input and output shape: ``(batch, height, width, 3)`` or ``(height, width, 3)``, or channels first; or a dictionary with
    "images".

    Raises:
        ValueError: ``factor`` is out of its range.
    """

    _FACTOR_BOUNDS = (0, 1)

    def __init__(
        self,
        factor: Any,
        value_range: Any = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self._set_factor(factor)
        self.value_range = value_range

    @boundary
    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> dict:
        images = self._images_of(data)
        count = (batch_of(images),)
        back = self._uniform(images, count, 0, 1, seed) > 0.5
        turn = self._uniform(images, count, *self.factor, seed)
        return {"factor": torch.where(back, -turn, turn) * 0.5}

    @boundary
    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        if not training:
            return images
        images = rescaled(self._computed(images), self.value_range, (0, 1), torch.float32)
        turn = spread(tensor_of(transformation["factor"], images).to(images.dtype)).squeeze(-1)
        hsv = image_ops.rgb_to_hsv.raw(images, data_format=self.data_format)
        channel = self._axes(hsv.ndim)[2]
        hue, saturation, value = hsv.unbind(channel)
        hue = hue + turn
        hue = torch.where(hue > 1.0, hue - 1.0, hue)
        hue = torch.where(hue < 0.0, hue + 1.0, hue)
        hsv = torch.stack([hue, saturation, value], channel)
        rgb = image_ops.hsv_to_rgb.raw(hsv, data_format=self.data_format).clamp(0, 1)
        return self._computed(rescaled(rgb, (0, 1), self.value_range, torch.float32))


class RandomSaturation(FactorLayer):
    """Makes the colours of an image weaker or stronger.

    Args:
        factor: from 0 (grey) over 0.5 (as it was) to 1: (lower, upper), or one number.
        value_range: between which the saturation is kept.
        data_format: "channels_last" or "channels_first"; default: the image data format.
        seed: an integer.

    Input and output shape: ``(batch, height, width, 3)`` or ``(height, width, 3)``, or channels first; or a dictionary with
    "images".

    Raises:
        ValueError: ``factor`` is out of its range or ``value_range`` not two numbers.
    """

    @boundary
    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> dict:
        images = self._images_of(data)
        factor = self._uniform(images, (batch_of(images),), *self.factor, seed)
        return {"factor": factor / (1 - factor + settings.epsilon)}

    @boundary
    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        if not training:
            return images
        images = images if images.is_floating_point() else self._computed(images)
        factor = tensor_of(transformation["factor"], images).to(to_torch(self.compute_dtype))
        hsv = image_ops.rgb_to_hsv.raw(images, data_format=self.data_format)
        channel = self._axes(hsv.ndim)[2]
        hue, saturation, value = hsv.unbind(channel)
        saturation = (saturation * factor.reshape(*factor.shape, 1, 1)).clamp(*self.value_range)
        hsv = torch.stack([hue, saturation, value], channel)
        return image_ops.hsv_to_rgb.raw(hsv, data_format=self.data_format)


class RandomGrayscale(RandomImageLayer):
    """Takes the colour out of some images.

    Args:
        factor: the probability, from 0 to 1.
        data_format: "channels_last" or "channels_first"; default: the image data format.
        seed: an integer.

    Input and output shape: ``(batch, height, width, 3)`` or ``(height, width, 3)``, or channels first; or a dictionary with
    "images". Grey images have three equal channels.

    Raises:
        ValueError: ``factor`` is not between 0 and 1.
    """

    _not_in_config = ("seed",)

    def __init__(
        self, factor: float = 0.5, data_format: str | None = None, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(seed=seed, **kwargs)
        if factor < 0 or factor > 1:
            raise fail(ValueError, "`factor` should be between 0 and 1", received=f"factor={factor}")
        self.factor = factor
        self.data_format = check_data_format(data_format)

    @boundary
    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> torch.Tensor:
        images = self._images_of(data)
        return spread(self._uniform(images, (batch_of(images),), 0, 1, seed) < self.factor)

    @boundary
    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        if not training:
            return images
        if transformation is None:
            transformation = self.get_random_transformation(images)
        grey = image_ops.rgb_to_grayscale.raw(images, data_format=self.data_format)
        return torch.where(tensor_of(transformation, images), grey, images)

    def compute_dtype_of_output(self, args: tuple) -> Any:
        first = args[0]
        return self.compute_dtype if isinstance(first, dict) else first.dtype


class RandomColorDegeneration(FactorLayer):
    """Moves the colours of an image towards grey.

    Args:
        factor: from 0 (as it was) to 1 (grey): (lower, upper), or one number f for (-f, f).
        value_range: smallest and largest value of a pixel, at which results are cut off.
        data_format: "channels_last" or "channels_first"; default: the image data format.
        seed: an integer.

    Input and output shape: ``(batch, height, width, 3)`` or ``(height, width, 3)``, or channels first; or a dictionary with
    "images".

    Raises:
        ValueError: ``factor`` is out of its range or ``value_range`` not two numbers.
    """

    @boundary
    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> dict:
        images = self._images_of(data)
        return {"factor": self._uniform(images, (batch_of(images), 1, 1, 1), *self.factor, seed)}

    @boundary
    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        if not training:
            return images
        images = self._computed(images)
        factor = tensor_of(transformation["factor"], images).to(images.dtype)
        grey = image_ops.rgb_to_grayscale.raw(images, data_format=self.data_format)
        return (images + factor * (grey - images)).clamp(*self.value_range)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The input's shape.

        Raises:
            ValueError: the rank is neither 3 nor 4, or there are not 3 channels.
        """
        if isinstance(input_shape, dict):
            return {key: shape for key, shape in input_shape.items()}
        if len(input_shape) not in (3, 4):
            raise fail(
                ValueError, "Invalid images rank", "rank 3 (single image) or rank 4 (batch of images)", input_shape
            )
        channels = input_shape[-1 if self.data_format == "channels_last" else -3]
        if channels not in (None, 3):
            raise ValueError(f"Input images must have 3 channels, but received images with {channels} channels.")
        return input_shape


class RandomColorJitter(RandomImageLayer):
    """Changes brightness, contrast, saturation and hue of images, in this order.

    Args:
        value_range: smallest and largest value of a pixel.
        brightness_factor: as of ``RandomBrightness``; default: it stays. The other three likewise.
        contrast_factor: as of ``RandomContrast``.
        saturation_factor: as of ``RandomSaturation``.
        hue_factor: as of ``RandomHue``.
        seed: an integer.
        data_format: "channels_last" or "channels_first"; default: the image data format.

    Input and output shape: ``(batch, height, width, 3)`` or ``(height, width, 3)``, or channels first; or a dictionary with
    "images".

    Raises:
        ValueError: a factor is out of its range.
    """

    def __init__(
        self,
        value_range: Any = (0, 255),
        brightness_factor: Any = None,
        contrast_factor: Any = None,
        saturation_factor: Any = None,
        hue_factor: Any = None,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.value_range = value_range
        self.brightness_factor = brightness_factor
        self.contrast_factor = contrast_factor
        self.saturation_factor = saturation_factor
        self.hue_factor = hue_factor
        given = {"value_range": value_range, "seed": seed, "data_format": self.data_format}
        self.random_brightness = self._made(RandomBrightness, brightness_factor, given)
        self.random_contrast = self._made(RandomContrast, contrast_factor, given)
        self.random_saturation = self._made(RandomSaturation, saturation_factor, given)
        self.random_hue = self._made(RandomHue, hue_factor, given)

    @staticmethod
    def _made(kind: type, factor: Any, given: dict) -> Any:
        return None if factor is None else kind(factor=factor, **given)

    def build(self, input_shape: Any) -> None:
        for layer in self._steps():
            layer.build(input_shape)

    def _steps(self) -> list:
        steps = (self.random_brightness, self.random_contrast, self.random_saturation, self.random_hue)
        return [layer for layer in steps if layer is not None]

    @boundary
    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        if not training:
            return images
        images = self._computed(images)
        for layer in self._steps():
            drawn = layer.get_random_transformation(images, seed=self.generator)
            images = layer.transform_images(images, drawn)
        return self._computed(images)
