"""``keras.utils.bounding_boxes``: formats of boxes, how much they have in common, and boxes of images that are changed."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import torch

from kerasish.core import tree
from kerasish.core.dispatch import is_tensor, raw, wrap
from kerasish.core.errors import fail, missing_name
from kerasish.core.registry import publish
from kerasish.ops import boxes as box_ops

F = TypeVar("F", bound=Callable)


def _public(function: F) -> F:
    """A function on raw tensors for anything: torch tensors give torch tensors, all else gives Tensors."""

    @functools.wraps(function)
    def public(*args: Any, **kwargs: Any) -> Any:
        given = [x for x in tree.flatten((args, kwargs)) if is_tensor(x) or isinstance(x, np.ndarray)]
        args, kwargs = tree.map_structure(
            lambda x: raw(x) if is_tensor(x) or isinstance(x, np.ndarray) else x, (args, kwargs)
        )
        out = function(*args, **kwargs)
        return out if given and all(isinstance(x, torch.Tensor) for x in given) else wrap(out)

    return public  # type: ignore[return-value]


def _only_corners(form: str) -> None:
    if form != "xyxy":
        raise fail(NotImplementedError, "This is served for boxes in the format 'xyxy' only", received=form)


def convert_format(
    boxes: Any, source: str, target: str, height: Any = None, width: Any = None, dtype: Any = "float32"
) -> Any:
    """Boxes in another format.

    Args:
        boxes: (..., 4), or a dictionary with such "boxes", which are replaced.
        source, target: "xyxy", "yxyx", "xywh", "center_xywh", "center_yxhw", "rel_xyxy", "rel_yxyx", "rel_xywh" or
            "rel_center_xywh".
        height, width: of the images in pixels; needed between ``rel_`` formats and others.
        dtype: of the result.

    Raises:
        ValueError: there is no such format, the last axis is not 4 long, or a size of the image is missing.
    """
    if isinstance(boxes, dict):
        boxes["boxes"] = convert_format(boxes["boxes"], source, target, height, width, dtype)
        return boxes
    return _converted(boxes, source, target, height, width, dtype)


_converted = _public(box_ops.convert_format)


@_public
def clip_to_image_size(
    bounding_boxes: Any, height: Any = None, width: Any = None, bounding_box_format: str = "xyxy"
) -> Any:
    """A dictionary of boxes with what lies outside of the image cut off; boxes of which nothing is left get the label -1.

    Args:
        bounding_boxes: "boxes" (..., boxes, 4), and maybe "labels" (..., boxes).
        height, width: of the image; needed for "xyxy".
        bounding_box_format: "xyxy" or "rel_xyxy".

    Raises:
        NotImplementedError: another format.
        ValueError: a size is missing.
    """
    return box_ops.clip_to_image_size(bounding_boxes, height, width, bounding_box_format)


@_public
def affine_transform(
    boxes: Any,
    angle: Any,
    translate_x: Any,
    translate_y: Any,
    scale: Any,
    shear_x: Any,
    shear_y: Any,
    height: Any,
    width: Any,
    center_x: Any = None,
    center_y: Any = None,
    bounding_box_format: str = "xyxy",
) -> Any:
    """The smallest boxes around boxes that are turned, moved, scaled and sheared.

    Args:
        boxes: (batch, boxes, 4).
        angle, shear_x, shear_y: in degrees, (batch,).
        translate_x, translate_y: in parts of ``width - 1`` and ``height - 1``, (batch,).
        scale: (batch,).
        height, width: of the images.
        center_x, center_y: the fixed point, in parts of the image; default: its middle.

    Raises:
        NotImplementedError: another format than "xyxy".
    """
    _only_corners(bounding_box_format)
    center_x, center_y = (0.5 if center is None else center for center in (center_x, center_y))
    numbers = (angle, translate_x, translate_y, scale, shear_x, shear_y)
    angle, *rest = (raw(x) for x in numbers)
    return box_ops.transform(raw(boxes), box_ops.affine_matrix(angle, *rest, height, width, center_x, center_y))


@_public
def crop(boxes: Any, top: Any, left: Any, height: Any, width: Any, bounding_box_format: str = "xyxy") -> Any:
    """Boxes in a part of the image that begins at ``(left, top)``; what lies outside of it is cut off.

    Raises:
        NotImplementedError: another format than "xyxy".
    """
    _only_corners(bounding_box_format)
    return box_ops.crop(raw(boxes), top, left, height, width)


@_public
def pad(
    boxes: Any, top: Any, left: Any, height: Any = None, width: Any = None, bounding_box_format: str = "xyxy"
) -> Any:
    """Boxes in an image that has ``left`` columns and ``top`` rows more in front; its new size does not matter.

    Raises:
        NotImplementedError: another format than "xyxy".
    """
    _only_corners(bounding_box_format)
    return box_ops.pad(raw(boxes), top, left)


@_public
def compute_iou(
    boxes1: Any,
    boxes2: Any,
    bounding_box_format: str,
    use_masking: bool = False,
    mask_val: Any = -1,
    image_shape: Any = None,
) -> Any:
    """What each box of one set has in common with each of another: the intersection's area over the union's.

    Args:
        boxes1, boxes2: (boxes, 4) or (batch, boxes, 4).
        use_masking: whether pairs with a box of negative numbers get ``mask_val``.
        image_shape: (height, width, channels), for relative formats.

    Returns:
        (boxes of the first, boxes of the second), or a batch of that.

    Raises:
        ValueError: a rank does not fit, or the shape of the image is missing.
    """
    return box_ops.compute_iou(boxes1, boxes2, bounding_box_format, use_masking, mask_val, image_shape)


@_public
def compute_ciou(boxes1: Any, boxes2: Any, bounding_box_format: str, image_shape: Any = None) -> Any:
    """Intersection over union of pairs of boxes, less for middles that are apart and for other shapes (Zheng et al. 2020).

    Args:
        boxes1, boxes2: (..., 4), pair by pair.

    Raises:
        ValueError: the format is relative.
    """
    return box_ops.compute_ciou(boxes1, boxes2, bounding_box_format, image_shape)


@_public
def encode_box_to_deltas(
    anchors: Any,
    boxes: Any,
    anchor_format: str,
    box_format: str,
    encoding_format: str = "center_yxhw",
    variance: Any = None,
    image_shape: Any = None,
) -> Any:
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
    return box_ops.encode_deltas(anchors, boxes, anchor_format, box_format, encoding_format, variance, image_shape)


@_public
def decode_deltas_to_boxes(
    anchors: Any,
    boxes_delta: Any,
    anchor_format: str,
    box_format: str,
    encoded_format: str = "center_yxhw",
    variance: Any = None,
    image_shape: Any = None,
) -> Any:
    """The boxes that ``encode_box_to_deltas`` gave those differences for.

    Args:
        anchors, boxes_delta: arrays as there, or dictionaries of such arrays with the same keys.

    Raises:
        ValueError: a format or a length does not fit.
    """
    return box_ops.decode_deltas(anchors, boxes_delta, anchor_format, box_format, encoded_format, variance, image_shape)


__all__ = [
    "affine_transform", "clip_to_image_size", "compute_ciou", "compute_iou", "convert_format", "crop",
    "decode_deltas_to_boxes", "encode_box_to_deltas", "pad",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())


publish(__name__, globals(), __all__)
