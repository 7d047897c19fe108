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
from kerasish.core.context import settings
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


# how boxes lie to each other ------------------------------------------------------------------------------------------


def _image_sizes(image_shape: Any) -> tuple[Number, Number]:
    if image_shape is None:
        return None, None
    height, width, _ = image_shape
    return height, width


def _needs_image_shape(form: str) -> Exception:
    return fail(
        ValueError,
        "When using relative bounding box formats (e.g. `rel_yxyx`) the `image_shape` argument must be provided",
        received=f"bounding_box_format={form!r}, image_shape=None",
    )


def compute_iou(
    boxes1: Any, boxes2: Any, form: str, use_masking: bool = False, mask_val: float = -1, image_shape: Any = None
) -> torch.Tensor:
    """What each box of one set has in common with each of another: the intersection's area over the union's.

    Args:
        boxes1, boxes2: (boxes, 4) or (batch, boxes, 4).
        form: the boxes' format.
        use_masking: whether pairs with a box of negative numbers get ``mask_val``.
        image_shape: (height, width, channels), for relative formats.

    Returns:
        (boxes of the first, boxes of the second), or a batch of that.

    Raises:
        ValueError: a rank does not fit, or the shape of the image is missing.
    """
    boxes1, boxes2 = raw(boxes1), raw(boxes2)
    for name, boxes in (("boxes1", boxes1), ("boxes2", boxes2)):
        if boxes.ndim not in (2, 3):
            raise fail(
                ValueError,
                f"compute_iou() expects {name} to be batched, or to be unbatched",
                "rank 2 or 3",
                tuple(boxes.shape),
            )
    if "rel" in form and image_shape is None:
        raise _needs_image_shape(form)
    height, width = _image_sizes(image_shape)
    first, second = (convert_format(b, form, "xyxy", height, width) for b in (boxes1, boxes2))
    a, b = first.unsqueeze(-2), second.unsqueeze(-3)
    sides = torch.minimum(a[..., 2:], b[..., 2:]) - torch.maximum(a[..., :2], b[..., :2])
    common = sides.clamp(min=0).prod(-1)
    union = area(first).unsqueeze(-1) + area(second).unsqueeze(-2) - common
    found = common / (union + settings.epsilon)
    if not use_masking:
        return found
    outside = (boxes1.amax(-1) < 0).unsqueeze(-1) | (boxes2.amax(-1) < 0).unsqueeze(-2)
    return torch.where(outside, torch.as_tensor(mask_val, dtype=found.dtype), found)


def compute_ciou(boxes1: Any, boxes2: Any, form: str, image_shape: Any = None) -> torch.Tensor:
    """Intersection over union of pairs of boxes, less for middles that are apart and for other shapes (Zheng et al. 2020).

    Args:
        boxes1, boxes2: (..., 4), pair by pair.
        form: the boxes' format, an absolute one.

    Raises:
        ValueError: the format is relative.
    """
    if "rel" in form:
        raise _needs_image_shape(form)
    height, width = _image_sizes(image_shape)
    tiny = settings.epsilon
    first, second = (convert_format(b, form, "xyxy", height, width) for b in (boxes1, boxes2))
    (x1, y1, r1, b1), (x2, y2, r2, b2) = first.unbind(-1), second.unbind(-1)
    w1, h1, w2, h2 = r1 - x1, b1 - y1 + tiny, r2 - x2, b2 - y2 + tiny
    common = (torch.minimum(r1, r2) - torch.maximum(x1, x2)).clamp(min=0) * (
        torch.minimum(b1, b2) - torch.maximum(y1, y2)
    ).clamp(min=0)
    iou = common / (w1 * h1 + w2 * h2 - common + 2 * tiny)
    around = (torch.maximum(r1, r2) - torch.minimum(x1, x2)) ** 2 + (torch.maximum(b1, b2) - torch.minimum(y1, y2)) ** 2
    apart = ((x1 + r1) / 2 - (x2 + r2) / 2) ** 2 + ((y1 + b1) / 2 - (y2 + b2) / 2) ** 2
    shape = 4 / math.pi**2 * (torch.arctan(w2 / h2) - torch.arctan(w1 / h1)) ** 2
    weight = shape / (shape - iou + (1 + tiny))
    return iou - (apart / (around + tiny) + shape * weight)


# boxes as differences from anchors ------------------------------------------------------------------------------------


def _variance(variance: Any) -> torch.Tensor | None:
    if variance is None:
        return None
    variance = raw(variance, torch.float32).float()
    if variance.shape[-1:] != (4,):
        raise fail(ValueError, "`variance` must be length 4", received=variance.tolist())
    return variance


def _check_encoding(name: str, form: str) -> None:
    if form not in ("center_xywh", "center_yxhw"):
        raise fail(ValueError, f"`{name}` should be one of 'center_xywh' or 'center_yxhw'", received=form)


def encode_deltas(
    anchors: Any,
    boxes: Any,
    anchor_format: str,
    box_format: str,
    encoding_format: str = "center_yxhw",
    variance: Any = None,
    image_shape: Any = None,
) -> torch.Tensor:
    """Boxes as differences from anchors: of the middles, in sizes of the anchor, and logarithms of the sizes' quotients.

    Args:
        anchors: (anchors, 4).
        boxes: (anchors, 4) or (batch, anchors, 4).
        encoding_format: "center_xywh" or "center_yxhw": the order of the differences.
        variance: four numbers by which the differences are divided.
        image_shape: (height, width, channels), for relative formats.

    Raises:
        ValueError: a format or a length does not fit.
    """
    variance = _variance(variance)
    _check_encoding("encoding_format", encoding_format)
    height, width = _image_sizes(image_shape)
    a = convert_format(anchors, anchor_format, encoding_format, height, width)
    b = convert_format(boxes, box_format, encoding_format, height, width)
    sizes = a[..., 2:].clamp(min=settings.epsilon)
    moved = (b[..., :2] - a[..., :2]) / sizes
    deltas = torch.cat([moved, torch.log(b[..., 2:].clamp(min=settings.epsilon) / sizes)], -1)
    return deltas if variance is None else deltas / variance


def decode_deltas(
    anchors: Any,
    deltas: Any,
    anchor_format: str,
    box_format: str,
    encoded_format: str = "center_yxhw",
    variance: Any = None,
    image_shape: Any = None,
) -> Any:
    """The boxes that ``encode_deltas`` gave those differences for.

    Args:
        anchors, deltas: arrays as there, or dictionaries of such arrays with the same keys.

    Raises:
        ValueError: a format or a length does not fit.
    """
    variance = _variance(variance)
    _check_encoding("encoded_format", encoded_format)
    if isinstance(anchors, dict) and isinstance(deltas, dict):
        rest = anchor_format, box_format, encoded_format, variance, image_shape
        return {level: decode_deltas(anchor, deltas[level], *rest) for level, anchor in anchors.items()}
    height, width = _image_sizes(image_shape)
    a, d = convert_format(anchors, anchor_format, encoded_format, height, width), raw(deltas)
    if variance is not None:
        d = d * variance
    boxes = torch.cat([d[..., :2] * a[..., 2:] + a[..., :2], torch.exp(d[..., 2:]) * a[..., 2:]], -1)
    return convert_format(boxes, encoded_format, box_format, height, width)
