"""Layers that turn, enlarge, move or shear images."""

from __future__ import annotations

import math
from typing import Any

import torch

from kerasish.core.dispatch import boundary
from kerasish.core.errors import fail
from kerasish.layers.image_base import BaseImagePreprocessingLayer
from kerasish.layers.images.base import RandomImageLayer, batch_of, tensor_of
from kerasish.layers.images.ranges import range_within
from kerasish.ops import boxes as box_ops
from kerasish.ops import image as image_ops
from kerasish.ops.conv import check_data_format

_FILL_MODES = ("reflect", "wrap", "constant", "nearest")
_INTERPOLATIONS = ("nearest", "bilinear")


def check_choice(name: str, value: Any, choices: Any) -> None:
    """Refuse what is not among the choices.

    Raises:
        NotImplementedError: ``value`` is not.
    """
    if value not in choices:
        raise fail(NotImplementedError, f"Unknown `{name}` {value}", f"one of {tuple(sorted(choices))}")


class AffineLayer(RandomImageLayer):
    """A layer that takes each pixel of its result from ``matrix · (x, y, 1)`` of the image.

    Args:
        fill_mode: what lies outside of the image: "reflect", "wrap", "constant" or "nearest".
        interpolation: "nearest" or "bilinear".
        fill_value: of what lies outside, for "constant".
    """

    _USE_BASE_FACTOR = False
    _box_formats = ("xyxy", "xyxy")  # of the boxes that ``_moved_boxes`` takes and gives

    def __init__(self, fill_mode: str, interpolation: str, fill_value: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_choice("fill_mode", fill_mode, _FILL_MODES)
        check_choice("interpolation", interpolation, _INTERPOLATIONS)
        self.fill_mode = fill_mode
        self.interpolation = interpolation
        self.fill_value = fill_value

    def _matrix(self, transformation: dict, images: torch.Tensor) -> torch.Tensor:
        """(batch, 8), as of ``ops.image.affine_transform``."""
        raise NotImplementedError

    def _transform_images(self, images: torch.Tensor, transformation: Any, interpolation: str) -> torch.Tensor:
        if transformation is None:
            return images
        single = images.ndim == 3
        moved = image_ops.affine_transform.raw(
            images.unsqueeze(0) if single else images,
            self._matrix(transformation, images).to(images.device, torch.float32),
            interpolation=interpolation,
            fill_mode=self.fill_mode,
            fill_value=self.fill_value,
            data_format=self.data_format,
        )
        return moved.squeeze(0) if single else moved

    def _moved_boxes(self, boxes: torch.Tensor, transformation: dict, height: int, width: int) -> torch.Tensor:
        """Boxes in the first of ``_box_formats``, moved as the image is, in the second."""
        raise NotImplementedError

    def _box_sides(self, transformation: dict) -> tuple[int, int]:
        return self._sizes(transformation["input_shape"])

    def _box_dtype(self) -> str:
        return "float32"

    @boundary
    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any = None, training: bool = True) -> Any:
        if not training:
            return bounding_boxes
        (given, moved), form, dtype = self._box_formats, self.bounding_box_format, self._box_dtype()
        sides = self._box_sides(transformation)
        boxes = box_ops.convert_format(bounding_boxes["boxes"], form, given, *sides, dtype)
        boxes = {**bounding_boxes, "boxes": self._moved_boxes(boxes, transformation, *sides)}
        return box_ops.convert_format(box_ops.clip_to_image_size(boxes, *sides, moved), moved, form, *sides, dtype)

    transform_images = BaseImagePreprocessingLayer.transform_images
    transform_segmentation_masks = BaseImagePreprocessingLayer.transform_segmentation_masks


def _rows(*columns: Any) -> torch.Tensor:
    """(batch, 8) of numbers and (batch,) tensors."""
    like = next(c for c in columns if isinstance(c, torch.Tensor))
    dtype = torch.promote_types(like.dtype, torch.float32)
    full = [c.to(dtype) if isinstance(c, torch.Tensor) else like.new_full(like.shape, c, dtype=dtype) for c in columns]
    return torch.stack(full, -1)


class RandomRotation(AffineLayer):
    """Turns images about their middle.

    Args:
        factor: from -1 to 1, in full turns: (lower, upper), or one number f for (-f, f).
        fill_mode: what lies outside of the image: "reflect", "wrap", "constant" or "nearest".
        interpolation: "nearest" or "bilinear".
        seed: an integer.
        fill_value: of what lies outside, for "constant".
        data_format: "channels_last" or "channels_first"; default: the image data format.

    Input and output shape: ``(batch, height, width, channels)`` or ``(height, width, channels)``, or channels first; or a
    dictionary with "images".

    Raises:
        ValueError: ``factor`` is out of its range.
        NotImplementedError: there is no such ``fill_mode`` or ``interpolation``.
    """

    _config_first = ("data_format", "factor", "fill_mode", "fill_value")

    _USE_BASE_FACTOR = True

    def __init__(
        self,
        factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            fill_mode, interpolation, fill_value, seed=seed, factor=factor, data_format=data_format, **kwargs
        )

    @boundary
    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> dict | None:
        if not training:
            return None
        images = self._images_of(data)
        height, width = self._sizes(images.shape)
        lower, upper = (turns * 360.0 for turns in self.factor)
        angle = self._uniform(images, (batch_of(images),), lower, upper, seed)
        turn = angle * torch.tensor(math.pi / 180.0, dtype=angle.dtype)
        cos, sin = turn.cos(), turn.sin()
        x, y = 0.5 * (width - 1), 0.5 * (height - 1)
        matrix = _rows(cos, -sin, x - x * cos + y * sin, sin, cos, y - x * sin - y * cos, 0.0, 0.0)
        return {
            "angle": angle,
            "rotation_matrix": matrix.squeeze(0) if images.ndim == 3 else matrix,
            "image_height": height,
            "image_width": width,
            "batch_size": batch_of(images),
        }

    def _matrix(self, transformation: dict, images: torch.Tensor) -> torch.Tensor:
        return tensor_of(transformation["rotation_matrix"], images).reshape(-1, 8)

    def _box_sides(self, transformation: dict) -> tuple[int, int]:
        return transformation["image_height"], transformation["image_width"]

    def _moved_boxes(self, boxes: torch.Tensor, transformation: dict, height: int, width: int) -> torch.Tensor:
        angle = tensor_of(transformation["angle"], boxes)
        matrix = box_ops.affine_matrix(angle, 0.0, 0.0, 1.0, *(torch.zeros_like(angle),) * 2, height, width)
        return box_ops.transform(boxes, matrix)


class RandomTranslation(AffineLayer):
    """Moves images up or down and to the left or right.

    Args:
        height_factor: from -1 to 1, in image heights: (lower, upper), or one number f for (-f, f). Positive: downwards.
        width_factor: likewise, in image widths. Positive: to the right.
        fill_mode: what lies outside of the image: "reflect", "wrap", "constant" or "nearest".
        interpolation: "nearest" or "bilinear".
        seed: an integer.
        fill_value: of what lies outside, for "constant".
        data_format: "channels_last" or "channels_first"; default: the image data format.

    Input and output shape: ``(batch, height, width, channels)`` or ``(height, width, channels)``, or channels first; or a
    dictionary with "images".

    Raises:
        ValueError: a factor is out of its range.
        NotImplementedError: there is no such ``fill_mode`` or ``interpolation``.
    """

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, fill_value, seed=seed, data_format=data_format, **kwargs)
        self.height_factor = height_factor
        self.height_lower, self.height_upper = range_within("height_factor", height_factor, -1.0, 1.0)
        self.width_factor = width_factor
        self.width_lower, self.width_upper = range_within("width_factor", width_factor, -1.0, 1.0)

    @boundary
    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> dict | None:
        if not training:
            return None
        images = self._images_of(data)
        height, width = self._sizes(images.shape)
        shape = (batch_of(images), 1)
        down = self._uniform(images, shape, self.height_lower, self.height_upper, seed) * height
        right = self._uniform(images, shape, self.width_lower, self.width_upper, seed) * width
        return {"translations": torch.cat([right, down], 1).float(), "input_shape": tuple(images.shape)}

    def _matrix(self, transformation: dict, images: torch.Tensor) -> torch.Tensor:
        right, down = tensor_of(transformation["translations"], images).unbind(1)
        return _rows(1.0, 0.0, -right, 0.0, 1.0, -down, 0.0, 0.0)

    def _moved_boxes(self, boxes: torch.Tensor, transformation: dict, height: int, width: int) -> torch.Tensor:
        moves = tensor_of(transformation["translations"], boxes).to(boxes.dtype).repeat(1, 2)
        return boxes + (moves.unsqueeze(1) if boxes.ndim == 3 else moves)


class RandomZoom(AffineLayer):
    """Enlarges or shrinks what images show.

    Args:
        height_factor: above -1, up to 1: (lower, upper), or one number f for (-f, f). The result shows 1 + f times as much
            of the height: positive factors shrink, negative ones enlarge.
        width_factor: likewise; default: that of the height, drawn once for both.
        fill_mode: what lies outside of the image: "reflect", "wrap", "constant" or "nearest".
        interpolation: "nearest" or "bilinear".
        seed: an integer.
        fill_value: of what lies outside, for "constant".
        data_format: "channels_last" or "channels_first"; default: the image data format.

    Input and output shape: ``(batch, height, width, channels)`` or ``(height, width, channels)``, or channels first; or a
    dictionary with "images".

    Raises:
        ValueError: a factor is out of its range.
        NotImplementedError: there is no such ``fill_mode`` or ``interpolation``.
    """

    _box_formats = ("xyxy", "rel_xyxy")

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any = None,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, fill_value, seed=seed, **kwargs)
        self.height_factor = height_factor
        self.height_lower, self.height_upper = range_within("height_factor", height_factor, -1.0, 1.0, open_low=True)
        self.width_factor = width_factor
        if width_factor is not None:
            self.width_lower, self.width_upper = range_within("width_factor", width_factor, -1.0, 1.0, open_low=True)
        self.data_format = check_data_format(data_format)

    @boundary
    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> dict | None:
        if not training:
            return None
        images = self._images_of(data)
        shape = (batch_of(images), 1)
        height = self._uniform(images, shape, 1.0 + self.height_lower, 1.0 + self.height_upper, seed)
        width = height
        if self.width_factor is not None:
            width = self._uniform(images, shape, 1.0 + self.width_lower, 1.0 + self.width_upper, seed)
        return {"height_zoom": height, "width_zoom": width, "input_shape": tuple(images.shape)}

    def _matrix(self, transformation: dict, images: torch.Tensor) -> torch.Tensor:
        height, width = self._sizes(images.shape)
        wide, tall = (tensor_of(transformation[name], images).float()[:, 0] for name in ("width_zoom", "height_zoom"))
        x, y = (width - 1.0) / 2.0 * (1.0 - wide), (height - 1.0) / 2.0 * (1.0 - tall)
        return _rows(wide, 0.0, x, 0.0, tall, y, 0.0, 0.0)

    def _moved_boxes(self, boxes: torch.Tensor, transformation: dict, height: int, width: int) -> torch.Tensor:
        shown = []  # of each side: begin and length of the part of the image that is seen
        for name, side in (("width_zoom", width), ("height_zoom", height)):
            zoom = tensor_of(transformation[name], boxes).float()
            zoom = zoom.unsqueeze(-1) if boxes.ndim == 3 else zoom
            begin = (side - 1.0) / 2.0 * (1.0 - zoom)
            end = zoom * side + begin
            shown.append((begin, end, end - begin))
        parts = [
            (torch.minimum(torch.maximum(x, begin), end) - begin) / length
            for x, (begin, end, length) in zip(boxes.split(1, -1), (*shown, *shown), strict=True)
        ]
        return torch.cat(parts, -1)


class RandomShear(AffineLayer):
    """Shears images: moves rows to the side the further down they lie, or columns down the further right they lie.

    Args:
        x_factor: from 0 to 1: (lower, upper) of the shear of rows, either way; or one number f for (-f, f).
        y_factor: likewise, of columns.
        interpolation: "nearest" or "bilinear".
        fill_mode: what lies outside of the image: "reflect", "wrap", "constant" or "nearest".
        fill_value: of what lies outside, for "constant".
        data_format: "channels_last" or "channels_first"; default: the image data format.
        seed: an integer.

    Input and output shape: ``(batch, height, width, channels)`` or ``(height, width, channels)``, or channels first; or a
    dictionary with "images".

    Raises:
        ValueError: a factor is out of its range.
        NotImplementedError: there is no such ``fill_mode`` or ``interpolation``.
    """

    _config_first = ("data_format", "x_factor", "y_factor", "fill_mode", "interpolation", "seed")

    _box_formats = ("rel_xyxy", "rel_xyxy")

    def __init__(
        self,
        x_factor: Any = 0.0,
        y_factor: Any = 0.0,
        interpolation: str = "bilinear",
        fill_mode: str = "reflect",
        fill_value: float = 0.0,
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, fill_value, seed=seed, data_format=data_format, **kwargs)
        self.x_factor = range_within("x_factor", x_factor, 0, 1.0)
        self.y_factor = range_within("y_factor", y_factor, 0, 1.0)

    @classmethod
    def from_config(cls, config: dict) -> Any:
        """A new layer for a config of ``get_config``, whose factors reach below 0 where one number was given."""
        config = dict(config)
        for name in ("x_factor", "y_factor"):
            factor = config.get(name)
            if isinstance(factor, (list, tuple)) and len(factor) == 2 and factor[0] == -factor[1]:
                config[name] = factor[1]
        return super().from_config(config)

    @boundary
    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> dict | None:
        if not training:
            return None
        images = self._images_of(data)
        shape = (batch_of(images), 1)
        back = self._uniform(images, shape, 0, 1, seed, self.compute_dtype) > 0.5
        y = self._uniform(images, shape, *self.y_factor, seed, self.compute_dtype)
        x = self._uniform(images, shape, *self.x_factor, seed, self.compute_dtype)
        shear = torch.cat([x, y], 1)
        return {"shear_factor": torch.where(back, -shear, shear), "input_shape": tuple(images.shape)}

    def _matrix(self, transformation: dict, images: torch.Tensor) -> torch.Tensor:
        x, y = tensor_of(transformation["shear_factor"], images).unbind(1)
        return _rows(1.0, x, 0.0, y, 1.0, 0.0, 0.0, 0.0)

    def _box_dtype(self) -> str:
        return self.compute_dtype

    def _moved_boxes(self, boxes: torch.Tensor, transformation: dict, height: int, width: int) -> torch.Tensor:
        return _sheared(boxes, tensor_of(transformation["shear_factor"], boxes).to(boxes.dtype))


def _sheared(boxes: torch.Tensor, shear: torch.Tensor) -> torch.Tensor:
    """Boxes around sheared boxes, whose sides are moved one after another: first the columns', then the rows'."""
    x, y = shear.split(1, -1)
    left, top, right, bottom = boxes.unbind(-1)
    left = left - x * torch.where(x < 0, top, bottom)
    right = right - x * torch.where(x < 0, bottom, top)
    # of the columns as they are now
    upper = top - y * torch.where(y > 0, right, left)
    lower = bottom - y * torch.where(y > 0, left, right)
    return torch.stack([left, upper, right, lower], -1)
