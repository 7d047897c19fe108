"""RandomCrop."""

from __future__ import annotations

from typing import Any

import torch

from kerasish.core import random as streams
from kerasish.core.dispatch import boundary
from kerasish.core.random import make_default_seed
from kerasish.layers.images.base import RandomImageLayer
from kerasish.ops import boxes as box_ops
from kerasish.ops.conv import check_data_format
from kerasish.ops.image_resize import resize_images


class RandomCrop(RandomImageLayer):
    """In training, cuts a part of that size out of all images, at the same random place.

    Images that are not larger in both directions are resized to it instead. Otherwise than in training, images stay.

    Args:
        height, width: of the part, in pixels.
        seed: an integer.
        data_format: "channels_last" or "channels_first"; default: the image data format.
        name: of the layer.

    Input shape: ``(batch, height, width, channels)`` or ``(height, width, channels)``, or channels first; or a dictionary
    with "images".
    """

    def __init__(
        self,
        height: int,
        width: int,
        seed: int | None = None,
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        drawn = make_default_seed() if seed is None else seed  # a number for the config; the generator draws its own
        super().__init__(seed=seed, name=name, **kwargs)
        self.autocast = False  # labels keep their dtype
        self.seed = drawn
        self.height = height
        self.width = width
        self.data_format = check_data_format(data_format)

    @boundary
    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> tuple:
        """The first row and the first column of the part."""
        height, width = self._sizes(self._images_of(data).shape)
        if training and height > self.height and width > self.width:
            seed = self.generator if seed is None else seed
            return tuple(
                streams.uniform_raw((), streams.draw_seed(seed), 0.0, float(room + 1)).to(torch.int32)
                for room in (height - self.height, width - self.width)
            )
        tall = max(min(height, int(float(width * self.height) / self.width)), 1)
        wide = max(min(width, int(float(height * self.width) / self.height)), 1)
        return int(float(height - tall) / 2), int(float(width - wide) / 2)

    @boundary
    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        if not training:
            return images
        images = self._computed(images)
        rows, columns, _ = self._axes(images.ndim)
        for axis, begin, size in zip((rows, columns), transformation, (self.height, self.width), strict=True):
            begin = min(int(begin), images.shape[axis])
            images = images.narrow(axis, begin, min(size, images.shape[axis] - begin))
        size = (self.height, self.width)
        if self._sizes(images.shape) == size:
            return images
        return self._computed(resize_images(images, size, data_format=self.data_format))

    @boundary
    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        return self.transform_images(segmentation_masks, transformation) if training else segmentation_masks

    @boundary
    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any = None, training: bool = True) -> Any:
        if not training:
            return bounding_boxes
        height, width = self.height, self.width
        top, left = (int(begin) for begin in transformation)
        boxes = box_ops.convert_format(bounding_boxes["boxes"], self.bounding_box_format, "xyxy", height, width)
        boxes = box_ops.pad(boxes, -top, -left).clamp(min=0)
        boxes = box_ops.convert_format(boxes, "xyxy", self.bounding_box_format, height, width)
        return {"boxes": boxes, "labels": bounding_boxes["labels"]}

    def compute_output_shape(self, input_shape: Any, *args: Any, **kwargs: Any) -> tuple:
        return self._with_sizes(input_shape, self.height, self.width)

    def _shape_rule_applies(self, args: tuple, kwargs: dict) -> bool:
        return not isinstance(args[0] if args else kwargs.get("data"), dict)
