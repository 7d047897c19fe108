"""RandomSharpness: images between a smoothed and a sharpened form of themselves."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F

from kerasish.core.dispatch import boundary
from kerasish.core.dtypes import to_torch
from kerasish.layers.images.base import FactorLayer, batch_of, spread, tensor_of

_EDGE, _MIDDLE = 1.0 / 13.0, 5.0 / 13.0  # the smoothing kernel's


class RandomSharpness(FactorLayer):
    """Moves images towards a smoothed form of themselves (a factor below 0.5) or away from it (above).

    Args:
        factor: from 0 to 1: (lower, upper), or one number f for (0, f). 0 is smoothed, 0.5 as it was, 1 sharpened.
        value_range: smallest and largest value of a pixel, at which results are cut off.
        data_format: "channels_last" or "channels_first"; default: the image data format.
        seed: an integer.

    Input and output shape: ``(batch, height, width, channels)`` or ``(height, width, channels)``, or channels first; or a
    dictionary with "images".

    Raises:
        ValueError: ``factor`` is out of its range or ``value_range`` not two numbers.
    """

    _USE_BASE_FACTOR = False
    _FACTOR_BOUNDS = (0, 1)

    @boundary
    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> dict:
        images = self._images_of(data)
        return {"factor": self._uniform(images, (batch_of(images),), *self.factor, seed)}

    @boundary
    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        images = self._computed(images)
        if not training:
            return images
        factor = spread(tensor_of(transformation["factor"], images) * 2).to(to_torch(self.compute_dtype))
        return (images + (1.0 - factor) * (self._smoothed(images) - images)).clamp(*self.value_range)

    def _smoothed(self, images: torch.Tensor) -> torch.Tensor:
        last = self.data_format == "channels_last"
        planes = images.movedim(-1, -3) if last else images
        channels = planes.shape[-3]
        kernel = planes.new_full((channels, 1, 3, 3), _EDGE)
        kernel[:, :, 1, 1] = _MIDDLE
        smoothed = F.conv2d(planes, kernel, padding=1, groups=channels)
        return smoothed.movedim(-3, -1) if last else smoothed
