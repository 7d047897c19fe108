"""Raw operations of images."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import torch

from kerasish import tf
from kerasish.core.dispatch import Array, Index, strict_op
from kerasish.core.errors import InvalidArgumentError, NotServedError, fail
from kerasish.ops.common import integer_shape
from kerasish.ops.image_resize import along
from kerasish.ops.image_warp import FILL_MODES, INTERPOLATIONS, warp

# transformations ------------------------------------------------------------------------------------------------------


@strict_op
def _projected(
    images: Array, transforms: Index, size: tuple, fill_value: Any, interpolation: str, fill_mode: str
) -> Any:
    return warp(images, transforms, interpolation, fill_mode, float(fill_value), size)


@strict_op
def _backwards(transforms: Index) -> Any:
    """The transforms from the old places to the new ones."""
    whole = torch.cat([transforms.float(), torch.ones_like(transforms[:, :1], dtype=torch.float32)], 1)
    inverse = torch.linalg.inv(whole.reshape(-1, 3, 3)).reshape(-1, 9)
    return inverse[:, :8] / inverse[:, 8:]


def projected(
    images: Any, transforms: Any, output_shape: Any, fill_value: Any, interpolation: str, fill_mode: str
) -> Any:
    """Images drawn by projective transformations; see ``ops.image_warp.warp``.

    The gradient is TensorFlow's: what came from above, drawn back by the inverse transformation.

    Args:
        output_shape: height and width of the result.
        interpolation: "NEAREST" or "BILINEAR".
        fill_mode: "CONSTANT", "REFLECT", "WRAP" or "NEAREST".

    Raises:
        InvalidArgumentError: a rank does not fit, or a setting does not exist (TensorFlow then gives any numbers).
    """
    way, outside = interpolation.lower(), fill_mode.lower()
    if not (interpolation + fill_mode).isupper() or way not in INTERPOLATIONS or outside not in FILL_MODES:
        raise fail(
            InvalidArgumentError,
            "Invalid setting of ImageProjectiveTransform",
            "NEAREST or BILINEAR, and CONSTANT, REFLECT, WRAP or NEAREST",
            f"{interpolation} and {fill_mode}",
        )
    images, transforms = tf.convert_to_tensor(images), tf.convert_to_tensor(transforms)
    if len(images.shape) != 4:
        raise InvalidArgumentError(f"input images must be a batch of images. Received: shape {images.shape}")
    if len(transforms.shape) != 2 or transforms.shape[1] != 8:
        raise InvalidArgumentError(
            f"Input transform should be num_images x 8 or 1 x 8. Received: shape {transforms.shape}"
        )
    size, old_size = tuple(integer_shape(output_shape)), tuple(images.shape[1:3])
    if len(size) != 2:
        raise InvalidArgumentError(f"output shape must have two elements. Received: {list(size)}")

    @tf.custom_gradient
    def drawn(images: Any) -> tuple:
        def back(upstream: Any) -> Any:
            return _projected(upstream, _backwards(transforms), old_size, 0.0, way, outside)

        return _projected(images, transforms, size, fill_value, way, outside), back

    return drawn(images)


# sizes ----------------------------------------------------------------------------------------------------------------


def _places(size: int, new: int, align_corners: bool) -> np.ndarray:
    """Where new pixels lie among the old ones if pixels are points, the first ones in the same place."""
    aligned = align_corners and new > 1
    step = np.float32((size - 1 if aligned else size) / np.float32(new - 1 if aligned else new))
    return np.arange(new, dtype=np.float32) * step


@functools.lru_cache(64)
def _linear_weights(size: int, new: int, align_corners: bool) -> np.ndarray:
    places = _places(size, new, align_corners)
    low = np.floor(places)
    weights, rows = np.zeros((new, size), np.float32), np.arange(new)
    np.add.at(weights, (rows, low.astype(np.int64).clip(0, size - 1)), 1 - (places - low))
    np.add.at(weights, (rows, np.ceil(places).astype(np.int64).clip(0, size - 1)), places - low)
    return weights


@functools.lru_cache(64)
def _cubic_weights(size: int, new: int, align_corners: bool) -> np.ndarray:
    """Keys's kernel (1981) with a = -0.75, read from a table of 1024 steps a pixel; outside the last pixels repeat."""
    places = _places(size, new, align_corners)
    first = np.floor(places)
    fraction = np.rint((places - first) * 1024) / 1024
    weights, rows = np.zeros((new, size), np.float32), np.arange(new)
    for tap in range(-1, 3):
        d = np.abs(tap - fraction)
        near, far = (1.25 * d - 2.25) * d * d + 1, ((-0.75 * d + 3.75) * d - 6) * d + 3
        column = (first.astype(np.int64) + tap).clip(0, size - 1)
        np.add.at(weights, (rows, column), np.where(d <= 1, near, far).astype(np.float32))
    return weights


def _checked(images: torch.Tensor, size: Any, align_corners: bool, half_pixel_centers: bool) -> list[int]:
    if images.ndim != 4:
        raise InvalidArgumentError(f"input must be 4-dimensional. Received: {list(images.shape)}")
    if align_corners and half_pixel_centers:
        raise InvalidArgumentError("If half_pixel_centers is True, align_corners must be False.")
    new = [int(side) for side in integer_shape(size)]
    if len(new) != 2 or min(*new, *images.shape[1:3]) <= 0:
        raise InvalidArgumentError(f"Sizes must be two positive numbers. Received: {new} for {list(images.shape)}")
    return new


@strict_op
def _weighted(images: Array, size: Any, align_corners: bool, half_pixel_centers: bool, method: str) -> Any:
    new = _checked(images, size, align_corners, half_pixel_centers)
    if half_pixel_centers:
        return tf.image.resize.raw(images, new, method).float()
    make = _linear_weights if method == "bilinear" else _cubic_weights
    x = images.float()
    for axis in (1, 2):
        weights = torch.as_tensor(make(images.shape[axis], new[axis - 1], align_corners), device=x.device)
        x = along(x.movedim(-1, 1), weights, axis + 1).movedim(1, -1)
    return x


def resized_bilinear(images: Any, size: Any, align_corners: bool, half_pixel_centers: bool) -> Any:
    """Images of another size in float32, between four pixels."""
    return _weighted(images, size, align_corners, half_pixel_centers, "bilinear")


def resized_bicubic(images: Any, size: Any, align_corners: bool, half_pixel_centers: bool) -> Any:
    """Images of another size in float32, between sixteen pixels."""
    return _weighted(images, size, align_corners, half_pixel_centers, "bicubic")


@strict_op
def resized_nearest(images: Array, size: Any, align_corners: bool, half_pixel_centers: bool) -> Any:
    """Images of another size whose pixels are old ones."""
    new = _checked(images, size, align_corners, half_pixel_centers)
    if half_pixel_centers:
        return tf.image.resize.raw(images, new, "nearest")
    for axis, side in enumerate(new, 1):
        places = _places(images.shape[axis], side, align_corners)
        whole = np.floor(places + np.float32(0.5)) if align_corners else np.floor(places)
        index = np.minimum(whole.astype(np.int64), images.shape[axis] - 1)
        images = images.index_select(axis, torch.as_tensor(index, device=images.device))
    return images


def resized_area(images: Any, size: Any, align_corners: bool) -> Any:
    """Images of another size in float32: means of what old pixels a new one covers.

    Raises:
        NotServedError: the corners are to be in the same places.
    """
    if align_corners:
        raise NotServedError("'tf.raw_ops.ResizeArea' with align_corners=True is not served by kerasish.")
    return tf.cast(tf.image.resize(images, size, "area"), "float32")


def of_size(images: Any, size: Any) -> Any:
    """Zeros like the images, of another height and width."""
    images = tf.convert_to_tensor(images)
    return tf.zeros([images.shape[0], *integer_shape(size), images.shape[3]], images.dtype)


# choosing boxes -------------------------------------------------------------------------------------------------------


def suppressed(
    boxes: Any, scores: Any, count: Any, iou_threshold: Any, score_threshold: Any, sigma: Any, padded: bool
) -> tuple:
    """Numbers of chosen boxes, their scores, and how many they are; with ``padded`` zeros follow, up to ``count``."""
    chosen, kept = tf.image.non_max_suppression_with_scores(boxes, scores, count, iou_threshold, score_threshold, sigma)
    valid = tf.size(chosen)
    if padded:
        missing = [[0, int(count) - int(valid)]]
        chosen, kept = tf.pad(chosen, missing), tf.pad(kept, missing)
    return chosen, kept, valid
