"""Resizing in ``tf.compat.v1.image``: as TensorFlow 1 did, from pixels' corners rather than their centres.

Place ``i`` of the result is place ``i · old / new`` of the image, or, with ``align_corners``, ``i · (old - 1) / (new - 1)``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from kerasish.core.dispatch import Array, Index, strict_op
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.tf.image import boxes as modern_boxes
from kerasish.tf.image import drawn
from kerasish.tf.image.places import _resized, _size_of, check_rank

_STEPS = 1024  # fractions for which TensorFlow has the weights of a cubic


class ResizeMethod:
    """How ``resize`` finds values between pixels."""

    BILINEAR = 0
    NEAREST_NEIGHBOR = 1
    BICUBIC = 2
    AREA = 3


def _places(old: int, new: int, align_corners: bool, half_pixel_centers: bool) -> np.ndarray:
    """Where the places of the result are in the image."""
    if align_corners and half_pixel_centers:
        raise InvalidArgumentError("If half_pixel_centers is True, align_corners must be False.")
    scale = (
        np.float32(old - 1) / np.float32(new - 1) if align_corners and new > 1 else np.float32(old) / np.float32(new)
    )
    at = np.arange(new, dtype=np.float32)
    return (at + np.float32(0.5)) * scale - np.float32(0.5) if half_pixel_centers else at * scale


def _linear(old: int, at: np.ndarray) -> np.ndarray:
    """Weights (new, old) of the two pixels around each place."""
    before = np.floor(at)
    part = at - before
    return _weights(old, before, [(0, 1 - part), (1, part)])


def _cubic(old: int, at: np.ndarray, slope: float) -> np.ndarray:
    """Weights (new, old) of the four pixels around each place: R. Keys' kernel with the given slope."""
    before = np.floor(at)
    near = (np.rint((at - before) * _STEPS) / _STEPS).astype(np.float32)

    def inner(x: np.ndarray) -> np.ndarray:
        return ((slope + 2) * x - (slope + 3)) * x * x + 1

    def outer(x: np.ndarray) -> np.ndarray:
        return ((slope * x - 5 * slope) * x + 8 * slope) * x - 4 * slope

    parts = [(-1, outer(near + 1)), (0, inner(near)), (1, inner(1 - near)), (2, outer(2 - near))]
    return _weights(old, before, parts)


def _weights(old: int, before: np.ndarray, parts: list[tuple[int, np.ndarray]]) -> np.ndarray:
    rows = np.zeros((len(before), old), np.float32)
    for step, weight in parts:
        np.add.at(rows, (np.arange(len(before)), np.clip(before + step, 0, old - 1).astype(int)), weight)
    return rows


def _along_both(images: torch.Tensor, rows: np.ndarray, columns: np.ndarray) -> torch.Tensor:
    x = images.float()
    high, wide = (torch.from_numpy(weights).to(x.device) for weights in (rows, columns))
    return torch.einsum("hi,...ijc,wj->...hwc", high, x, wide)


@strict_op
def resize_bilinear(
    images: Array, size: Any, align_corners: bool = False, name: str | None = None, half_pixel_centers: bool = False
) -> Any:
    """Images of another size, float32.

    Args:
        images: (batch, height, width, channels).
        size: the new height and width.
        align_corners: whether the outer pixels keep their places.
        half_pixel_centers: whether places are those of pixels' centres, as in TensorFlow 2.

    Raises:
        InvalidArgumentError: both are asked for.
    """
    rows, columns = (
        _linear(old, np.clip(_places(old, new, align_corners, half_pixel_centers), 0, old - 1))
        for old, new in zip(images.shape[-3:-1], _size_of(size))
    )
    return _along_both(images, rows, columns)


@strict_op
def resize_bicubic(
    images: Array, size: Any, align_corners: bool = False, name: str | None = None, half_pixel_centers: bool = False
) -> Any:
    """Images of another size, float32, by cubics; arguments as of ``resize_bilinear``."""
    if half_pixel_centers:
        _places(1, 1, align_corners, half_pixel_centers)
        return _resized(images, *_size_of(size), "bicubic", False)
    rows, columns = (
        _cubic(old, _places(old, new, align_corners, False), -0.75)
        for old, new in zip(images.shape[-3:-1], _size_of(size))
    )
    return _along_both(images, rows, columns)


@strict_op
def resize_nearest_neighbor(
    images: Array, size: Any, align_corners: bool = False, name: str | None = None, half_pixel_centers: bool = False
) -> Any:
    """Images of another size and the same dtype, whose pixels are pixels of theirs; arguments as of ``resize_bilinear``."""
    y = images
    for axis, old, new in zip((-3, -2), images.shape[-3:-1], _size_of(size)):
        at = _places(old, new, align_corners, half_pixel_centers)
        at = np.floor(at + 0.5) if align_corners or half_pixel_centers else np.floor(at)
        y = y.index_select(y.ndim + axis, torch.from_numpy(np.clip(at, 0, old - 1).astype("int64")).to(y.device))
    return y


@strict_op
def resize_area(images: Array, size: Any, align_corners: bool = False, name: str | None = None) -> Any:
    """Images of another size, float32, whose pixels are means over areas."""
    if align_corners:
        raise fail(NotImplementedError, "resize_area(align_corners=True) is not served", received=align_corners)
    return _resized(images, *_size_of(size), "area", False)


_NUMBERS: dict[Any, int] = {"bilinear": 0, "nearest": 1, "bicubic": 2, "area": 3}  # by TensorFlow 2's names
_BY_METHOD = {0: resize_bilinear, 1: resize_nearest_neighbor, 2: resize_bicubic, 3: resize_area}


@strict_op
def resize(
    images: Array,
    size: Any,
    method: Any = ResizeMethod.BILINEAR,
    align_corners: bool = False,
    preserve_aspect_ratio: bool = False,
    name: str | None = None,
) -> Any:
    """Images of another size; as they are if they have it.

    Args:
        images: (batch, height, width, channels) or (height, width, channels).
        size: the new height and width.
        method: one of ``ResizeMethod``, of today's too.
        align_corners: whether the outer pixels keep their places.
        preserve_aspect_ratio: the largest size inside ``size`` with the relation of the images' sides.

    Raises:
        ValueError: the method is unknown, or ranks do not fit.
    """
    check_rank(images)
    high, wide = _size_of(size)
    height, width = images.shape[-3:-1]
    if preserve_aspect_ratio:
        scale = min(np.float32(high) / np.float32(height), np.float32(wide) / np.float32(width))
        high, wide = (int(np.rint(scale * np.float32(side))) for side in (height, width))
    if (high, wide) == (height, width):
        return images.view_as(images)
    method = _NUMBERS.get(method, method)
    if method not in _BY_METHOD:
        raise fail(ValueError, "Resize method is not implemented", f"one of {sorted(_BY_METHOD)}", f"method={method}")
    batch = images if images.ndim == 4 else images.unsqueeze(0)
    y = _BY_METHOD[method].raw(batch, (high, wide), align_corners)
    return y if images.ndim == 4 else y.squeeze(0)


resize_images = resize


def crop_and_resize(
    image: Any,
    boxes: Any,
    box_ind: Any = None,
    crop_size: Any = None,
    method: str = "bilinear",
    extrapolation_value: float = 0,
    name: str | None = None,
    box_indices: Any = None,
) -> Any:
    """``tf.image.crop_and_resize``, whose ``box_indices`` were called ``box_ind``."""
    which = box_indices if box_ind is None else box_ind
    return modern_boxes.crop_and_resize(image, boxes, which, crop_size, method, extrapolation_value)


def draw_bounding_boxes(images: Array, boxes: Index, name: str | None = None, colors: Any = None) -> Any:
    """``tf.image.draw_bounding_boxes``, with the colours last."""
    return drawn.draw_bounding_boxes(images, boxes, colors)
