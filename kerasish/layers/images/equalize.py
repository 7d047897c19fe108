"""Layers that spread the values of an image over the whole range: AutoContrast, Equalization."""

from __future__ import annotations

from typing import Any

import torch

from kerasish.core.dispatch import boundary
from kerasish.core.dtypes import to_torch
from kerasish.layers.images.base import ImageLayer, rescaled
from kerasish.layers.images.ranges import checked_value_range
from kerasish.ops.conv import check_data_format

_LEVELS = (0, 255)


class AutoContrast(ImageLayer):
    """Stretches each channel of an image so that its values reach from one end of the range to the other.

    Args:
        value_range: smallest and largest value of a pixel.

    Input and output shape: ``(batch, height, width, channels)`` or ``(height, width, channels)``, or channels first; or a
    dictionary with "images".

    Raises:
        ValueError: ``value_range`` is not two numbers.
    """

    _USE_BASE_FACTOR = False

    def __init__(self, value_range: Any = (0, 255), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.value_range = checked_value_range(value_range)

    @boundary
    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        dtype = to_torch(self.compute_dtype)
        levels = rescaled(images, self.value_range, _LEVELS, dtype).to(dtype)
        axes = self._axes(images.ndim)[:2]
        low, high = levels.amin(axes, keepdim=True), levels.amax(axes, keepdim=True)
        scale = 255.0 / (high - low)
        stretched = rescaled((levels * scale - low * scale).clamp(0.0, 255.0), _LEVELS, self.value_range, dtype)
        return torch.where(stretched.isnan(), images.to(dtype), stretched)  # a channel of one value stays


class Equalization(ImageLayer):
    """Gives the values of each channel, over the whole batch, about equal frequencies.

    Args:
        value_range: smallest and largest value of a pixel.
        bins: of the histogram.
        data_format: "channels_last" or "channels_first"; default: the image data format.

    Input and output shape: ``(batch, height, width, channels)`` or ``(height, width, channels)``, or channels first; or a
    dictionary with "images".

    Raises:
        ValueError: ``value_range`` is not two numbers.
    """

    _config_first = ("data_format", "bins")

    def __init__(
        self, value_range: Any = (0, 255), bins: int = 256, data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.bins = bins
        self.value_range = checked_value_range(value_range)
        self.data_format = check_data_format(data_format)

    @boundary
    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        if not training:
            return images
        images = self._computed(images)
        axis = self._axes(images.ndim)[2]
        planes = [self._equalized(plane) for plane in images.unbind(axis)]
        return self._computed(torch.stack(planes, axis))

    def _equalized(self, plane: torch.Tensor) -> torch.Tensor:
        levels = self._scaled(plane, self.value_range, _LEVELS)
        if self.bins <= 0:  # no histogram: as it is, like Keras
            return self._scaled(levels, _LEVELS, self.value_range)
        places = (levels.float() * (self.bins - 1) / 255.0).to(torch.int32).clamp(0, self.bins - 1)
        histogram = torch.bincount(places.reshape(-1), minlength=self.bins)
        filled = histogram.nonzero()
        if len(filled) > 1:
            below = histogram.cumsum(0)
            first = below[filled[0, 0]]
            table = ((below - first) * 255).double() / (below[-1] - first).clamp(min=1)
            index = (levels / 255.0 * (self.bins - 1)).clamp(0, self.bins - 1).to(torch.int32)
            levels = table.round().clamp(0, 255)[index.long()]
        return self._scaled(levels, _LEVELS, self.value_range)

    @staticmethod
    def _scaled(values: torch.Tensor, source: Any, target: Any) -> torch.Tensor:
        scale = (target[1] - target[0]) / (source[1] - source[0])
        return values * scale + (target[0] - source[0] * scale)
