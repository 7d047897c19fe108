"""RandomPerspective: images as seen from another place."""

from __future__ import annotations

from typing import Any

import torch

from kerasish.core.dispatch import boundary
from kerasish.core.dtypes import to_torch
from kerasish.core.errors import fail
from kerasish.layers.image_base import BaseImagePreprocessingLayer
from kerasish.layers.images.affine import check_choice
from kerasish.layers.images.base import RandomImageLayer, batch_of, spread, tensor_of
from kerasish.ops import boxes as box_ops
from kerasish.ops import image as image_ops


class RandomPerspective(RandomImageLayer):
    """Moves the corners of some images, each to another place.

    Args:
        factor: from 0 to 1: (lower, upper) of the probability, or one number f for (0, f).
        scale: from 0 to 1: how far corners are moved at most; 1: by half their distance from the upper left corner.
        interpolation: "nearest" or "bilinear".
        fill_value: of what lies outside of the image.
        seed: an integer.
        data_format: "channels_last" or "channels_first"; default: the image data format.

    Input and output shape: ``(batch, height, width, channels)`` or ``(height, width, channels)``, or channels first; or a
    dictionary with "images".

    Raises:
        ValueError: ``factor`` or ``scale`` is out of its range.
        NotImplementedError: there is no such ``interpolation``.
    """

    _USE_BASE_FACTOR = False
    _FACTOR_BOUNDS = (0, 1)

    def __init__(
        self,
        factor: Any = 1.0,
        scale: float = 1.0,
        interpolation: str = "bilinear",
        fill_value: float = 0.0,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self._set_factor(factor)
        if scale < 0.0 or scale > 1.0:
            raise fail(
                ValueError, "The `scale` argument should be a number in the range [0,1]", received=f"scale={scale}"
            )
        check_choice("interpolation", interpolation, ("nearest", "bilinear"))
        self.scale = scale
        self.fill_value = fill_value
        self.interpolation = interpolation

    @boundary
    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> dict | None:
        if not training:
            return None
        images = self._images_of(data)
        count, seed = batch_of(images), seed or self.generator
        height, width = self._sizes(images.shape)
        probability = self._uniform(images, (count,), *self.factor, seed)
        chosen = self._uniform(images, (count,), 0.0, 1.0, seed) < probability
        reach = 0.5 * self.scale
        moved = self._uniform(images, (count, 4, 2), -reach, reach, seed, self.compute_dtype)
        corners = [[0.0, 0.0], [width - 1, 0.0], [0.0, height - 1], [width - 1, height - 1]]
        start = torch.tensor(corners, dtype=moved.dtype, device=moved.device).repeat(count, 1, 1)
        return {
            "apply_perspective": chosen,
            "start_points": start,
            "end_points": start + start * moved,
            "input_shape": tuple(images.shape),
        }

    transform_images = BaseImagePreprocessingLayer.transform_images
    transform_segmentation_masks = BaseImagePreprocessingLayer.transform_segmentation_masks

    def _transform_images(self, images: torch.Tensor, transformation: Any, interpolation: str) -> torch.Tensor:
        if transformation is None:
            return images
        single = images.ndim == 3
        batch = images.unsqueeze(0) if single else images
        moved = image_ops.perspective_transform.raw(
            batch,
            *(tensor_of(transformation[name], images) for name in ("start_points", "end_points")),
            interpolation=interpolation,
            fill_value=self.fill_value,
            data_format=self.data_format,
        )
        moved = torch.where(spread(tensor_of(transformation["apply_perspective"], images)), moved, batch)
        return moved.squeeze(0) if single else moved

    @boundary
    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any = None, training: bool = True) -> Any:
        if not training or transformation is None:
            return bounding_boxes
        height, width = self._sizes(transformation["input_shape"])
        boxes = box_ops.convert_format(bounding_boxes["boxes"], self.bounding_box_format, "xyxy", height, width)
        start, end, chosen = (
            tensor_of(transformation[name], boxes) for name in ("start_points", "end_points", "apply_perspective")
        )
        matrix = homography(end.to(boxes.dtype), start.to(boxes.dtype))
        around = _around(boxes, torch.linalg.inv(matrix).to(to_torch(self.compute_dtype)))
        moved = {**bounding_boxes, "boxes": torch.where(chosen.bool()[:, None, None], around, boxes)}
        moved = box_ops.clip_to_image_size(moved, height, width)
        dtype = moved["boxes"].dtype
        return box_ops.convert_format(moved, "xyxy", self.bounding_box_format, height, width, dtype)


def homography(source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """(batch, 3, 3): the projections that take four points, (batch, 4, 2), to four others."""
    x, y = source.unbind(-1)
    u, v = target.unbind(-1)
    one, zero = torch.ones_like(x), torch.zeros_like(x)
    rows = [
        torch.stack([x, y, one, zero, zero, zero, -x * u, -y * u], -1),
        torch.stack([zero, zero, zero, x, y, one, -x * v, -y * v], -1),
    ]
    solved = torch.linalg.solve(torch.cat(rows, 1), torch.cat([u, v], 1))
    return torch.cat([solved, torch.ones_like(solved[:, :1])], 1).reshape(-1, 3, 3)


def _around(boxes: torch.Tensor, matrix: torch.Tensor) -> torch.Tensor:
    """The smallest boxes around boxes ("xyxy", (batch, boxes, 4)) whose corners were projected."""
    x1, y1, x2, y2 = boxes.to(matrix.dtype).unbind(-1)
    corners = [torch.stack([x, y, torch.ones_like(x)], -1) for x, y in ((x1, y1), (x2, y2), (x1, y2), (x2, y1))]
    moved = torch.stack(corners, 2) @ matrix.transpose(1, 2).unsqueeze(1)
    points = moved[..., :2] / moved[..., 2:]
    return torch.cat([points.amin(2), points.amax(2)], -1)
