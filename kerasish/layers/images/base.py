"""What layers that augment images share: the seed, the draws, and that most leave labels, boxes and masks alone.

Random numbers are those of Keras on TensorFlow, draw by draw, for the same seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from kerasish.core import random as streams
from kerasish.core.context import settings
from kerasish.core.errors import fail
from kerasish.core.random import SeedGenerator
from kerasish.layers.image_base import BaseImagePreprocessingLayer
from kerasish.layers.images.ranges import checked_value_range


class ImageLayer(BaseImagePreprocessingLayer):
    """A layer whose outputs have the shape of its inputs, and which leaves labels, boxes and masks as they are."""

    def transform_labels(self, labels: Any, transformation: Any = None, training: bool = True) -> Any:
        return labels

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any = None, training: bool = True) -> Any:
        return bounding_boxes

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        return segmentation_masks

    def compute_output_shape(self, input_shape: Any) -> Any:
        return input_shape

    def _shape_rule_applies(self, args: tuple, kwargs: dict) -> bool:
        return True

    def _axes(self, rank: int) -> tuple[int, int, int]:
        """The axes of rows, columns and channels, counted from the front."""
        rows = rank - (2 if self.data_format == "channels_first" else 3)
        return rows, rows + 1, rank - 3 if self.data_format == "channels_first" else rank - 1


class RandomImageLayer(ImageLayer):
    """A layer that draws how it changes images.

    Args:
        seed: an integer; default: one from Python's generator.
    """

    def __init__(self, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed = seed
        self.generator = SeedGenerator(seed)

    @classmethod
    def from_config(cls, config: dict) -> Any:
        """A new layer for a config of ``get_config``; of Keras 2's too, which say how numbers are drawn."""
        return super().from_config({key: value for key, value in config.items() if key != "rng_type"})

    def _get_seed_generator(self, backend: Any = None) -> SeedGenerator:
        return self.generator

    def _images_of(self, data: Any) -> torch.Tensor:
        """The images in what a layer is called with.

        Raises:
            ValueError: their rank is neither 3 nor 4.
        """
        images = data["images"] if isinstance(data, dict) else data
        if len(images.shape) not in (3, 4):
            raise fail(
                ValueError,
                "Expected the input image to be rank 3 or 4",
                received=f"inputs.shape={tuple(images.shape)}",
            )
        return images

    def _uniform(
        self, images: torch.Tensor, shape: Sequence[int], low: float, high: float, seed: Any, dtype: str | None = None
    ) -> torch.Tensor:
        """Uniform numbers on the images' device. ``seed``: an integer or a generator; None for the layer's own."""
        pair = streams.draw_seed(self.generator if seed is None else seed)
        drawn = streams.keras_uniform_raw(tuple(shape), pair, low, high, dtype or settings.floatx)
        return drawn.to(images.device)


class FactorLayer(RandomImageLayer):
    """A layer whose changes are as strong as a factor says, which is drawn.

    Args:
        factor: (lower, upper) of the factor, or one number.
        value_range: smallest and largest value of a pixel.
        data_format: "channels_last" or "channels_first"; default: the image data format.
        seed: an integer; default: one from Python's generator.

    Raises:
        ValueError: ``factor`` is out of its range or ``value_range`` not two numbers.
    """

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
        self.value_range = checked_value_range(value_range)


def batch_of(images: torch.Tensor) -> int:
    """How many images there are."""
    return images.shape[0] if images.ndim == 4 else 1


def spread(values: torch.Tensor) -> torch.Tensor:
    """One number for each image, (batch,), to compute with (batch, ...) images."""
    return values.reshape(-1, 1, 1, 1)


def tensor_of(value: Any, images: torch.Tensor) -> torch.Tensor:
    """A part of a transformation, which may be given as plain numbers."""
    return torch.as_tensor(value, device=images.device)


def rescaled(images: torch.Tensor, source: Any, target: Any, dtype: torch.dtype) -> torch.Tensor:
    """Values of one range in another; they stay as they are if the two are equal."""
    if source[0] == target[0] and source[1] == target[1]:
        return images
    images = images.to(dtype)
    images = (images - source[0]) / (source[1] - source[0])
    return images * (target[1] - target[0]) + target[0]
