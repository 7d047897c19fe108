"""RandomFlip."""

from __future__ import annotations

from typing import Any

import torch

from kerasish.core.dispatch import boundary
from kerasish.core.errors import fail
from kerasish.layers.images.base import RandomImageLayer, tensor_of
from kerasish.ops import boxes as box_ops

_SIDEWAYS = ("horizontal", "horizontal_and_vertical")
_UPSIDE_DOWN = ("vertical", "horizontal_and_vertical")


class RandomFlip(RandomImageLayer):
    """Mirrors half of the images.

    Args:
        mode: "horizontal" (left and right are exchanged), "vertical" (top and bottom) or "horizontal_and_vertical".
        seed: an integer.
        data_format: "channels_last" or "channels_first"; default: the image data format.

    Input and output shape: ``(batch, height, width, channels)`` or ``(height, width, channels)``, or channels first; or a
    dictionary with "images".

    Raises:
        ValueError: there is no such ``mode``.
    """

    _config_first = ("data_format", "seed", "mode")

    _USE_BASE_FACTOR = False

    def __init__(
        self,
        mode: str = "horizontal_and_vertical",
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.autocast = False  # labels keep their dtype
        if mode not in {*_SIDEWAYS, *_UPSIDE_DOWN}:
            raise fail(
                ValueError, "Unknown `mode` of RandomFlip", sorted({*_SIDEWAYS, *_UPSIDE_DOWN}), f"mode={mode!r}"
            )
        self.mode = mode

    @boundary
    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> dict | None:
        if not training:
            return None
        images = self._images_of(data)
        shape = (1,) * 3 if images.ndim == 3 else (images.shape[0], 1, 1, 1)
        return {"flips": self._uniform(images, shape, 0, 1, seed) <= 0.5, "input_shape": tuple(images.shape)}

    @boundary
    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        images = self._computed(images)
        if not training or transformation is None:
            return images
        flips = tensor_of(transformation["flips"], images)
        rows, columns, _ = self._axes(images.ndim)
        axes = [axis for axis, modes in ((columns, _SIDEWAYS), (rows, _UPSIDE_DOWN)) if self.mode in modes]
        flipped = torch.where(flips, images.flip(axes), images) if axes else images
        return flipped.reshape(images.shape)

    @boundary
    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        return self.transform_images(segmentation_masks, transformation, training=training)

    @boundary
    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any = None, training: bool = True) -> Any:
        if not training:
            return bounding_boxes
        height, width = self._sizes(transformation["input_shape"])
        boxes = box_ops.convert_format(bounding_boxes["boxes"], self.bounding_box_format, "rel_xyxy", height, width)
        flips = tensor_of(transformation["flips"], boxes).squeeze(-1)
        left, top, right, bottom = boxes.split(1, -1)
        if self.mode in _SIDEWAYS:
            left, right = torch.where(flips, 1 - right, left), torch.where(flips, 1 - left, right)
        if self.mode in _UPSIDE_DOWN:
            top, bottom = torch.where(flips, 1 - bottom, top), torch.where(flips, 1 - top, bottom)
        moved = {**bounding_boxes, "boxes": torch.cat([left, top, right, bottom], -1)}
        moved = box_ops.clip_to_image_size(moved, height, width)
        return box_ops.convert_format(moved, "rel_xyxy", self.bounding_box_format, height, width)
