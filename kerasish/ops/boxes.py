"""Bounding boxes: their formats, and what happens to them when an image is cut, padded or turned.

The formulas behind ``keras.utils.bounding_boxes`` and the layers that change images. A box is four numbers on the last axis:

    xyxy          left, top, right, bottom            yxyx          top, left, bottom, right
    xywh          left, top, width, height
    center_xywh   the middle's x and y, width, height center_yxhw   the middle's y and x, height, width

``rel_`` in front of a format: x and widths in image widths, y and heights in image heights, rather than in pixels.
Everything here computes on raw tensors.
"""

from __future__ import annotations

import math
from typing import Any

import torch

from kerasish.core import dtypes
from kerasish.core.dispatch import raw
from kerasish.core.errors import fail

FORMATS = (
    "xyxy",
    "yxyx",
    "xywh",
    "center_xywh",
    "center_yxhw",
    "rel_xyxy",
    "rel_yxyx",
    "rel_xywh",
    "rel_center_xywh",
)
Number = Any  # a Python number or a tensor that broadcasts


def _corners(boxes: torch.Tensor, form: str) -> tuple[torch.Tensor, ...]:
    """Left, top, right and bottom of boxes in a format without ``rel_``."""
    a, b, c, d = boxes.split(1, -1)
    if form == "xyxy":
        return a, b, c, d
    if form == "yxyx":
        return b, a, d, c
    if form == "xywh":
        return a, b, a + c, b + d
    if form == "center_yxhw":
        a, b, c, d = b, a, d, c
    return a - c / 2, b - d / 2, a + c / 2, b + d / 2


def _from_corners(corners: tuple[torch.Tensor, ...], form: str) -> tuple[torch.Tensor, ...]:
    left, top, right, bottom = corners
    if form == "xyxy":
        return corners
    if form == "yxyx":
        return top, left, bottom, right
    width, height = right - left, bottom - top
    if form == "xywh":
        return left, top, width, height
    middle = left + width / 2, top + height / 2
    return (*middle, width, height) if form == "center_xywh" else (*middle[::-1], height, width)


def convert_format(
    boxes: Any, source: str, target: str, height: Number = None, width: Number = None, dtype: Any = "float32"
) -> Any:
    """Boxes in another format.

    Args:
        boxes: (..., 4), or a dictionary with such "boxes", which are replaced.
        source, target: names of formats.
        height, width: of the images in pixels; needed between ``rel_`` formats and others.
        dtype: of the result.

    Raises:
        ValueError: there is no such format, the last axis is not 4 long, or a size of the image is missing.
    """
    if isinstance(boxes, dict):
        boxes["boxes"] = convert_format(boxes["boxes"], source, target, height, width, dtype)
        return boxes
    boxes = raw(boxes)
    if boxes.shape[-1] != 4:
        raise fail(ValueError, "`boxes` must be a tensor with the last dimension of 4", received=tuple(boxes.shape))
    source, target = source.lower(), target.lower()
    if source not in FORMATS or target not in FORMATS:
        raise fail(ValueError, "Invalid source or target format", f"one of {FORMATS}", f"{source!r} and {target!r}")
    relative, wanted = source.startswith("rel_"), target.startswith("rel_")
    if (relative or wanted) and (width is None or height is None):
        raise fail(
            ValueError,
            "convert_format() must receive `height` and `width` to transform between relative and absolute formats",
            received=f"source={source!r}, target={target!r}, height={height}, width={width}",
        )
    boxes = boxes.to(dtypes.to_torch(dtypes.standardize(dtype)))
    if source == target:
        return boxes
    corners = _corners(boxes, source.removeprefix("rel_"))
    if relative != wanted:
        sizes = [_like(side, boxes) for side in (width, height, width, height)]
        corners = tuple(c * side if relative else c / side for c, side in zip(corners, sizes, strict=True))
    return torch.cat(_from_corners(corners, target.removeprefix("rel_")), -1)


def _like(value: Number, boxes: torch.Tensor) -> Any:
    return value.to(boxes.dtype) if isinstance(value, torch.Tensor) else float(value)


def clip(boxes: torch.Tensor, height: Number, width: Number) -> torch.Tensor:
    """Boxes ("xyxy") with what lies outside of the image cut off."""
    return torch.cat([_between(x, side) for x, side in zip(boxes.split(1, -1), (width, height) * 2)], -1)


def _between(x: torch.Tensor, high: Number) -> torch.Tensor:
    if isinstance(high, torch.Tensor):
        return torch.minimum(x.clamp(min=0), high.to(x.dtype))
    return x.clamp(0, high)


def clip_to_image_size(
    bounding_boxes: dict, height: Number = None, width: Number = None, bounding_box_format: str = "xyxy"
) -> dict:
    """A dictionary of boxes with what lies outside of the image cut off; boxes of which nothing is left get the label -1.

    Args:
        bounding_boxes: "boxes" (..., boxes, 4), and maybe "labels" (..., boxes).
        height, width: of the image; needed for "xyxy".
        bounding_box_format: "xyxy" or "rel_xyxy".

    Raises:
        NotImplementedError: another format.
        ValueError: a size is missing.
    """
    if bounding_box_format not in ("xyxy", "rel_xyxy"):
        raise fail(
            NotImplementedError,
            "Boxes are clipped in the formats 'xyxy' and 'rel_xyxy' only",
            received=bounding_box_format,
        )
    if bounding_box_format == "xyxy" and (height is None or width is None):
        raise ValueError("`height` and `width` must be set if `format='xyxy'`.")
    boxes, labels = raw(bounding_boxes["boxes"]), bounding_boxes.get("labels")
    boxes = clip(boxes, height, width) if bounding_box_format == "xyxy" else clip(boxes, 1.0, 1.0)
    result = {**bounding_boxes, "boxes": boxes}
    if labels is not None:
        labels = raw(labels)
        result["labels"] = torch.where(area(boxes) > 0, labels, torch.full_like(labels, -1))
    return result


def area(boxes: torch.Tensor) -> torch.Tensor:
    """Width times height of boxes given by corners."""
    a, b, c, d = boxes.unbind(-1)
    return (c - a) * (d - b)


def crop(boxes: torch.Tensor, top: Number, left: Number, height: Number, width: Number) -> torch.Tensor:
    """Boxes ("xyxy") in a part of the image that begins at ``(left, top)``; what lies outside of it is cut off."""
    return clip(pad(boxes, -top, -left), height, width)


def pad(boxes: torch.Tensor, top: Number, left: Number) -> torch.Tensor:
    """Boxes ("xyxy") in an image that has ``left`` columns and ``top`` rows more in front."""
    x1, y1, x2, y2 = boxes.split(1, -1)
    return torch.cat([x1 + left, y1 + top, x2 + left, y2 + top], -1)


def affine_matrix(
    angle: torch.Tensor,
    translate_x: Number,
    translate_y: Number,
    scale: Number,
    shear_x: Number,
    shear_y: Number,
    height: Number,
    width: Number,
    center_x: Number = 0.5,
    center_y: Number = 0.5,
) -> torch.Tensor:
    """(batch, 2, 3): where an image that is turned, sheared, scaled and moved takes the point (x, y, 1).

    Args:
        angle, shear_x, shear_y: in degrees, (batch,).
        translate_x, translate_y: in parts of ``width - 1`` and ``height - 1``.
        scale: how many times as large the boxes become, (batch,).
        center_x, center_y: the fixed point, in parts of ``width - 1`` and ``height - 1``.
    """
    x0, y0 = center_x * (width - 1), center_y * (height - 1)
    xt, yt = x0 - translate_x * (width - 1), y0 - translate_y * (height - 1)
    turn, sx, sy = (-degrees * (math.pi / 180) for degrees in (angle, shear_x, shear_y))
    # without scaling: a rotation and a shear, of determinant 1
    a = torch.cos(turn - sy) / torch.cos(sy)
    b = a * torch.tan(sx) + torch.sin(turn)
    c = -torch.sin(turn - sy) / torch.cos(sy)
    d = torch.cos(turn) - c * torch.tan(sx)
    rows = []
    for first, second, fixed in ((d * scale, -b * scale, x0), (-c * scale, a * scale, y0)):
        rows.append(torch.stack([first, second, fixed - first * xt - second * yt], -1))
    return torch.stack(rows, 1)


def transform(boxes: torch.Tensor, matrix: torch.Tensor) -> torch.Tensor:
    """The smallest boxes around boxes whose corners were moved.

    Args:
        boxes: "xyxy", (batch, boxes, 4).
        matrix: (batch, 2, 3), as of ``affine_matrix``.
    """
    x1, y1, x2, y2 = boxes.to(matrix.dtype).unbind(-1)
    points = torch.stack([torch.stack(p, -1) for p in ((x1, y1), (x2, y1), (x2, y2), (x1, y2))], 2)
    moved = torch.einsum("bnpc,bdc->bnpd", points, matrix[:, :, :2]) + matrix[:, None, None, :, 2]
    return torch.cat([moved.amin(2), moved.amax(2)], -1)


# what users give ------------------------------------------------------------------------------------------------------


def densify(bounding_boxes: Any, batched: bool) -> dict:
    """A dictionary's "boxes" and "labels" as tensors; lists of boxes get as many for each image.

    Boxes that are added are 0 everywhere and have the label -1.

    Raises:
        ValueError: a key is missing, or shapes or kinds do not fit.
    """
    _check_boxes(bounding_boxes)
    boxes, labels = bounding_boxes["boxes"], bounding_boxes["labels"]
    if not isinstance(boxes, list):
        return {**bounding_boxes, "boxes": raw(boxes).to(torch.float32), "labels": raw(labels)}
    if batched:
        most = max((len(part) for part in boxes), default=0)
        boxes = [[*part, *[[0.0] * 4] * (most - len(part))] for part in boxes]
        labels = [[*part, *[-1] * (most - len(part))] for part in labels]
    return {
        **bounding_boxes,
        "boxes": torch.tensor(boxes, dtype=torch.float32),
        "labels": torch.tensor(labels, dtype=torch.int32),
    }


def _check_boxes(bounding_boxes: Any) -> None:
    if not isinstance(bounding_boxes, dict) or "labels" not in bounding_boxes or "boxes" not in bounding_boxes:
        raise fail(
            ValueError,
            "Expected the `bounding_boxes` argument to be a dict with keys 'boxes' and 'labels'",
            received=f"bounding_boxes={bounding_boxes}",
        )
    boxes, labels = bounding_boxes["boxes"], bounding_boxes["labels"]
    if isinstance(boxes, list):
        if not isinstance(labels, list) or len(labels) != len(boxes):
            raise fail(ValueError, "If 'boxes' are a list, 'labels' must be one of the same length", received=labels)
        return
    ranks = len(boxes.shape), len(labels.shape)
    if ranks not in ((2, 1), (2, 2), (3, 2), (3, 3)):
        raise fail(
            ValueError,
            "The ranks of a dictionary of bounding boxes do not fit",
            "'boxes' of rank 2 (boxes, 4) with 'labels' of rank 1 or 2, or of rank 3 (batch, boxes, 4) with 2 or 3",
            f"'boxes' of shape {tuple(boxes.shape)}, 'labels' of shape {tuple(labels.shape)}",
        )
