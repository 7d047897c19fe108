"""Layers that bring images to a range of values and to a size: Rescaling, Resizing, CenterCrop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from kerasish.core import registry
from kerasish.core.context import settings
from kerasish.core.dispatch import boundary, raw
from kerasish.core.dtypes import to_torch
from kerasish.core.shape import TensorShape
from kerasish.core.symbolic import KerasTensor
from kerasish.layers.image_base import BaseImagePreprocessingLayer, PlainDataLayer
from kerasish.ops import boxes as box_ops
from kerasish.ops.image_resize import centred, check_kind, check_resizing, crop_to, resize_images


class Rescaling(PlainDataLayer):
    """``inputs * scale + offset``.

    Args:
        scale, offset: numbers, or arrays that broadcast with the inputs: one for each channel.

    Input and output shape: any.

    >>> Rescaling(1 / 4)(np.array([0, 51, 255])).numpy().tolist()
    [0.0, 12.75, 63.75]
    """

    _settled = ("scale", "offset")

    _by_value = True

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale = scale
        self.offset = offset
        self.supports_masking = True

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        dtype = to_torch(self.compute_dtype)
        scale, offset = (raw(_plain(x)).to(inputs.device, dtype) for x in (self.scale, self.offset))
        if scale.ndim and settings.image_data_format == "channels_first":
            scale = scale.reshape(*scale.shape, *(1,) * (3 - scale.ndim))
        return inputs.to(dtype) * scale + offset

    def _lowered(self, inputs: KerasTensor, training: bool) -> tuple[Callable, ...] | None:
        if not all(isinstance(x, (int, float)) for x in (self.scale, self.offset)):
            return None
        dtype = to_torch(self.compute_dtype)
        scale, offset = (torch.tensor(float(x), dtype=dtype).item() for x in (self.scale, self.offset))
        if dtype.itemsize < 4:
            return None  # torch would round once, not after each step
        return (lambda x: x.to(dtype) * scale + offset,)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        return TensorShape(input_shape)

    def get_config(self) -> dict:
        parts = {name: registry.serialize_keras_object(_plain(getattr(self, name))) for name in ("scale", "offset")}
        return {**super().get_config(), **parts}

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> Rescaling:
        config = dict(config)
        for name in ("scale", "offset"):
            config[name] = registry.deserialize_keras_object(config[name], custom_objects=custom_objects)
        return cls(**config)


def _plain(value: Any) -> Any:
    """A tracked list as a list, a NumPy number as Python's."""
    if isinstance(value, np.generic):
        return value.item()
    return [_plain(v) for v in value] if isinstance(value, (list, tuple)) else value


class Resizing(BaseImagePreprocessingLayer):
    """Images of another size.

    Args:
        height, width: the new size.
        interpolation: "bilinear", "nearest", "bicubic", "lanczos3", "lanczos5" or "area".
        crop_to_aspect_ratio: cut the largest part in the middle that need not be distorted.
        pad_to_aspect_ratio: put a frame of ``fill_value`` around the image so that it need not be distorted.
        fill_mode: "constant".
        antialias: whether pixels are means over all that they stand for when an image gets smaller.
        data_format: "channels_last" or "channels_first"; default: the image data format.

    Input shape: ``(batch, height, width, channels)`` or ``(height, width, channels)``, or channels first; or a dictionary
    with "images". Integers stay integers.

    >>> Resizing(32, 48)(np.zeros((1, 20, 20, 3))).shape
    TensorShape([1, 32, 48, 3])
    """

    _USE_BASE_FACTOR = False

    def __init__(
        self,
        height: int,
        width: int,
        interpolation: str = "bilinear",
        crop_to_aspect_ratio: bool = False,
        pad_to_aspect_ratio: bool = False,
        fill_mode: str = "constant",
        fill_value: float = 0.0,
        antialias: bool = False,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.height = height
        self.width = width
        self.interpolation = interpolation
        self.crop_to_aspect_ratio = crop_to_aspect_ratio
        self.pad_to_aspect_ratio = pad_to_aspect_ratio
        self.fill_mode = fill_mode
        self.fill_value = fill_value
        self.antialias = bool(antialias)

    def _transform_images(self, images: torch.Tensor, transformation: Any, interpolation: str) -> torch.Tensor:
        crop, pad = self.crop_to_aspect_ratio, self.pad_to_aspect_ratio
        check_resizing(interpolation, crop, pad, self.fill_mode)
        check_kind(images)
        size = (self.height, self.width)
        return resize_images(images, size, interpolation, self.antialias, crop, pad, self.fill_value, self.data_format)

    @boundary
    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        return self._transform_images(images, transformation, self.interpolation)

    @boundary
    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        return self._transform_images(segmentation_masks, transformation, "nearest")

    def transform_labels(self, labels: Any, transformation: Any = None, training: bool = True) -> Any:
        return labels

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> tuple[int, int]:
        """Height and width of the images."""
        return self._sizes((data["images"] if isinstance(data, dict) else data).shape)

    @boundary
    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any, training: bool = True) -> Any:
        height, width = transformation
        given = bounding_boxes["boxes"]
        none = (given == -1).all(-1, keepdim=True) | (given == 0).all(-1, keepdim=True)
        boxes = box_ops.convert_format(given, self.bounding_box_format, "xyxy", height, width)
        moved = {**bounding_boxes, "boxes": self._move(boxes, height, width)}
        moved = box_ops.clip_to_image_size(moved, self.height, self.width)
        moved["boxes"] = torch.where(none, 0.0, moved["boxes"])
        return box_ops.convert_format(moved, "xyxy", self.bounding_box_format, self.height, self.width)

    def _move(self, boxes: torch.Tensor, height: int, width: int) -> torch.Tensor:
        """Boxes ("xyxy") of an image of that size in the resized one."""
        height, width = (
            np.float32(height),
            np.float32(width),
        )  # whether a rest is floored up or down depends on rounding
        tall, wide = self.height / height, self.width / width
        x = y = np.float32(0)
        if self.pad_to_aspect_ratio:
            tall = wide = min(tall, wide)
            x, y = (self.width - width * wide) // 2, (self.height - height * tall) // 2
        elif self.crop_to_aspect_ratio:
            shape = width / height
            wider = shape > self.width / self.height
            new_width = self.height * shape if wider else np.float32(self.width)
            new_height = np.float32(self.height) if wider else self.width / shape
            wide, tall = new_width / width, new_height / height
            x, y = -((new_width - self.width) // 2), -((new_height - self.height) // 2)
        return boxes * boxes.new_tensor([wide, tall, wide, tall]) + boxes.new_tensor([x, y, x, y])

    def compute_output_shape(self, input_shape: Any) -> tuple:
        return self._with_sizes(input_shape, self.height, self.width)


class CenterCrop(BaseImagePreprocessingLayer):
    """The part of that size in the middle of images; images that are smaller are enlarged until it fits.

    Args:
        height, width: of the part.
        data_format: "channels_last" or "channels_first"; default: the image data format.

    Input shape: ``(batch, height, width, channels)`` or ``(height, width, channels)``, or channels first; or a dictionary
    with "images".

    >>> CenterCrop(2, 2)(np.arange(16.0).reshape(4, 4, 1)).numpy()[..., 0].tolist()
    [[5.0, 6.0], [9.0, 10.0]]
    """

    _USE_BASE_FACTOR = False

    def __init__(self, height: int, width: int, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.height = height
        self.width = width

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> dict:
        """The shape of the images."""
        return {"input_shape": tuple((data["images"] if isinstance(data, dict) else data).shape)}

    @boundary
    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        dtype = to_torch(self.compute_dtype)
        height, width = self._sizes(images.shape)
        top, left = (height - self.height) // 2, (width - self.width) // 2
        first = images.ndim - (2 if self.data_format == "channels_first" else 3)
        if top >= 0 and left >= 0:
            return images.narrow(first, top, self.height).narrow(first + 1, left, self.width).to(dtype)
        images = images.to(dtype)
        last = self.data_format == "channels_last"
        part = crop_to(images.movedim(-1, -3) if last else images, (self.height, self.width))
        if tuple(part.shape[-2:]) != (self.height, self.width):
            part = part.float()  # whatever the policy, as in Keras
        resized = resize_images(part, (self.height, self.width), data_format="channels_first")
        return resized.movedim(-3, -1) if last else resized

    def transform_labels(self, labels: Any, transformation: Any = None, training: bool = True) -> Any:
        return labels

    @boundary
    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        return self.transform_images(segmentation_masks, transformation, training=training)

    @boundary
    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any, training: bool = True) -> Any:
        height, width = self._sizes(transformation["input_shape"])
        out = dict(bounding_boxes)
        boxes = box_ops.convert_format(out["boxes"], self.bounding_box_format, "xyxy", height, width)
        if height >= self.height and width >= self.width:
            top, left = (height - self.height) // 2, (width - self.width) // 2
            out["boxes"] = box_ops.crop(boxes, top, left, self.height, self.width)
        else:
            (top, high), (left, wide) = centred((height, width), (self.height, self.width), True)
            boxes = box_ops.crop(boxes, top, left, high, wide)
            tall, broad = self.height / high, self.width / wide
            out["boxes"] = boxes * boxes.new_tensor([broad, tall, broad, tall])
        out = box_ops.clip_to_image_size(out, self.height, self.width)
        return box_ops.convert_format(out, "xyxy", self.bounding_box_format, self.height, self.width)

    def compute_output_shape(self, input_shape: Any) -> tuple:
        if len(input_shape) not in (3, 4) or isinstance(input_shape[0], (list, tuple)):
            raise ValueError(
                "`input_shape` must be a non-nested tuple or list of rank-1 with size 3 (unbatched) or 4 (batched). "
                f"Received: input_shape={input_shape}"
            )
        return self._with_sizes(input_shape, self.height, self.width)
