"""Boxes drawn: at random, as outlines on images, and glimpses cut out around points."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import torch

from kerasish.core import dispatch
from kerasish.core import random as streams
from kerasish.core.dispatch import Array, Index, strict_op
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.random import Stream
from kerasish.ops.common import integer_shape
from kerasish.tf.candidates import Words
from kerasish.tf.image.colours import of_single


class SampleDistortedBoundingBoxV2(NamedTuple):
    """For ``tf.slice``: where the part begins, its size; and the same as a box."""

    begin: Any
    size: Any
    bboxes: Any


class StatelessSampleDistortedBoundingBox(NamedTuple):
    """See ``SampleDistortedBoundingBoxV2``."""

    begin: Any
    size: Any
    bboxes: Any


def sample_distorted_bounding_box(
    image_size: Any,
    bounding_boxes: Any,
    seed: int = 0,
    min_object_covered: Any = 0.1,
    aspect_ratio_range: Any = None,
    area_range: Any = None,
    max_attempts: int | None = None,
    use_image_if_no_bounding_boxes: bool | None = None,
    name: str | None = None,
) -> Any:
    """A random part of an image that covers enough of one of its boxes.

    Args:
        image_size: (height, width, channels), integers.
        bounding_boxes: (images, boxes, 4), as parts of the sides.
        seed: 0: another part at each call.
        min_object_covered: how much of a box must be in the part.
        aspect_ratio_range: of width to height; default: (0.75, 1.33).
        area_range: of the part's area to the image's; default: (0.05, 1).
        max_attempts: so many parts are drawn (100); if none will do, it is the whole image.
        use_image_if_no_bounding_boxes: whether the image counts as a box if there are none.

    Raises:
        InvalidArgumentError: there are no boxes, or the arguments do not fit.
    """
    attempts = 100 if max_attempts is None else int(max_attempts)
    stream = streams.op_stream("distorted bounding box", seed or None, attempts)
    drawn = _part(stream, image_size, bounding_boxes, min_object_covered, aspect_ratio_range, area_range, attempts,
                  bool(use_image_if_no_bounding_boxes))  # fmt: skip
    return SampleDistortedBoundingBoxV2(*drawn)


def stateless_sample_distorted_bounding_box(
    image_size: Any,
    bounding_boxes: Any,
    seed: Any,
    min_object_covered: Any = 0.1,
    aspect_ratio_range: Any = None,
    area_range: Any = None,
    max_attempts: int | None = None,
    use_image_if_no_bounding_boxes: bool | None = None,
    name: str | None = None,
) -> Any:
    """``sample_distorted_bounding_box``; the same for the same seed, two integers."""
    first, second = (int(number) for number in dispatch.raw(seed))
    attempts = 100 if max_attempts is None else int(max_attempts)
    drawn = _part(Stream((first, second)), image_size, bounding_boxes, min_object_covered, aspect_ratio_range, area_range,
                  attempts, bool(use_image_if_no_bounding_boxes))  # fmt: skip
    return StatelessSampleDistortedBoundingBox(*drawn)


def _part(
    stream: Stream, image_size: Any, boxes: Any, covered: Any, ratios: Any, areas: Any, attempts: int, whole: bool
) -> tuple:
    sizes = dispatch.raw(image_size)
    height, width = (int(n) for n in sizes[:2])
    low_ratio, high_ratio = (float(r) for r in (ratios or (0.75, 1.33)))
    given = np.asarray(dispatch.raw(boxes, torch.float32).cpu(), dtype=np.float32)
    if given.ndim != 3 or given.shape[-1] != 4:
        raise InvalidArgumentError(f"bounding_boxes must have shape [batch, boxes, 4], got {list(given.shape)}")
    scale = np.array([height, width, height, width], dtype=np.float32)
    objects = (given.reshape(-1, 4) * scale).astype(np.int64).tolist()
    if not objects:
        if not whole:
            raise InvalidArgumentError(
                "No bounding boxes provided as input. One must enable use_image_if_no_bounding_boxes if you wish to not "
                "provide any bounding boxes."
            )
        objects = [[0, 0, height, width]]
    words, found = Words(stream), None
    for _ in range(attempts):
        ratio = np.float32(words.unit()) * np.float32(high_ratio - low_ratio) + np.float32(low_ratio)
        box = _crop(width, height, areas or (0.05, 1.0), float(ratio), words)
        if box is not None and _covers(box, objects, float(covered)):
            found = box
            break
    top, left, bottom, right = found or (0, 0, height, width)
    kind = sizes.dtype if isinstance(sizes, torch.Tensor) else torch.int32
    corner = torch.tensor([top, left, 0], dtype=kind)
    size = torch.tensor([bottom - top, right - left, -1], dtype=kind)
    parts = np.array([[[top, left, bottom, right]]], dtype=np.float32) / scale
    return tuple(dispatch.wrap(part) for part in (corner, size, torch.from_numpy(parts)))


def _crop(width: int, height: int, areas: Any, ratio: float, words: Words) -> tuple | None:
    """A rectangle of a given ratio of sides, with an area within bounds; None if there is none."""
    low, high = (float(np.float32(area) * np.float32(width * height)) for area in areas)
    tall, tallest = round(math.sqrt(low / ratio)), round(math.sqrt(high / ratio))
    if round(tallest * ratio) > width:
        tallest = int((width + 0.5 - 1e-7) / ratio)
        tallest -= round(tallest * ratio) > width
    tallest = min(tallest, height)
    tall = min(tall, tallest)
    if tall < tallest:
        tall += words.below(tallest - tall + 1)
    wide = round(tall * ratio)
    if wide * tall < low:
        tall += 1
        wide = round(tall * ratio)
    if wide * tall > high:
        tall -= 1
        wide = round(tall * ratio)
    if not low <= wide * tall <= high or not 0 < wide <= width or not 0 < tall <= height:
        return None
    top = words.below(height - tall) if tall < height else 0
    left = words.below(width - wide) if wide < width else 0
    return top, left, top + tall, left + wide


def _covers(box: tuple, objects: list, least: float) -> bool:
    top, left, bottom, right = box
    for y0, x0, y1, x1 in objects:
        area = max(y1 - y0, 0) * max(x1 - x0, 0)
        common = max(min(bottom, y1) - max(top, y0), 0) * max(min(right, x1) - max(left, x0), 0)
        if area >= 1 and common / area >= least:
            return True
    return False


# outlines -------------------------------------------------------------------------------------------------------------

_COLOURS = (
    (1, 1, 0, 1), (0, 0, 1, 1), (1, 0, 0, 1), (0, 1, 0, 1), (0.5, 0, 0.5, 1),
    (0.5, 0.5, 0, 1), (0.5, 0, 0, 1), (0, 0, 0.5, 1), (0, 1, 1, 1), (1, 0, 1, 1),
)  # fmt: skip


@of_single
def draw_bounding_boxes(images: Array, boxes: Index, colors: Any, name: str | None = None) -> Any:
    """Images with the outlines of boxes, one pixel wide.

    Args:
        images: (batch, height, width, channels), floats in [0, 1]; arrays and lists count as float32.
        boxes: (batch, boxes, 4), as parts of the sides.
        colors: a list of colours, used in turn; None: ten of TensorFlow's.

    Raises:
        InvalidArgumentError: shapes do not fit, or the images are neither float32 nor float16.
    """
    if images.dtype not in (torch.float32, torch.float16):
        raise dispatch.unsupported_dtype("DrawBoundingBoxesV2", images.dtype, "float, half")
    images = images.detach()  # boxes are drawn without gradients
    batch, height, width, channels = images.shape
    if boxes.ndim != 3 or boxes.shape[0] != batch or boxes.shape[2] != 4:
        raise InvalidArgumentError("boxes must have shape (batch, boxes, 4)")
    given = torch.tensor(_COLOURS) if colors is None else dispatch.raw(colors).float()
    table = given if len(given) else torch.tensor(_COLOURS)
    if channels == 1 and colors is None:
        table = torch.ones_like(table)
    drawn = images.clone()
    for image, own in zip(drawn, boxes.float().tolist()):
        for number, (y0, x0, y1, x1) in enumerate(own):
            corners = int(y0 * (height - 1)), int(x0 * (width - 1)), int(y1 * (height - 1)), int(x1 * (width - 1))
            _outline(image, corners, table[number % len(table), :channels].to(image))
    return drawn


def _outline(image: torch.Tensor, corners: tuple, colour: torch.Tensor) -> None:
    (height, width), (top, left, bottom, right) = image.shape[:2], corners
    if top > bottom or left > right or top >= height or bottom < 0 or left >= width or right < 0:
        return
    rows = slice(max(top, 0), min(bottom, height - 1) + 1)
    columns = slice(max(left, 0), min(right, width - 1) + 1)
    for row in (top, bottom):
        if 0 <= row < height:
            image[row, columns] = colour
    for column in (left, right):
        if 0 <= column < width:
            image[rows, column] = colour


# glimpses -------------------------------------------------------------------------------------------------------------


@strict_op
def extract_glimpse(
    input: Array,
    size: Any,
    offsets: Index,
    centered: bool = True,
    normalized: bool = True,
    noise: str = "uniform",
    name: str | None = None,
) -> Any:
    """Parts of images at given places; what is outside of the image is filled with noise.

    Args:
        input: float32 (batch, height, width, channels).
        size: height and width of the parts.
        offsets: (batch, 2): y and x.
        centered: whether offsets are from the image's centre: then (-1, -1) is its upper left corner, (1, 1) the lower right.
        normalized: whether offsets are parts of the sides; otherwise they are pixels.
        noise: "uniform", "gaussian" or "zero".

    Raises:
        InvalidArgumentError: another kind of noise, or shapes that do not fit.
    """
    if noise not in ("uniform", "gaussian", "zero"):
        raise InvalidArgumentError(
            f"The noise could only be uniform, gaussian, or zero, got{noise} [Op:ExtractGlimpseV2]"
        )
    high, wide = integer_shape(size)
    batch, height, width, channels = input.shape
    if offsets.shape != (batch, 2):
        raise InvalidArgumentError(
            f"offsets must have shape [{batch}, 2], got {list(offsets.shape)} [Op:ExtractGlimpseV2]"
        )
    parts = []
    for image, (y, x) in zip(input, offsets.float().tolist()):
        top, left = _corner(y, height, high, centered, normalized), _corner(x, width, wide, centered, normalized)
        parts.append(_glimpse(image, top, left, high, wide, noise))
    return torch.stack(parts)


def _corner(offset: float, side: int, window: int, centered: bool, normalized: bool) -> int:
    if not normalized:
        return int(offset + side / 2 if centered else offset)
    return int(offset * side / 2 + side / 2 - window / 2 if centered else offset * side)


def _glimpse(image: torch.Tensor, top: int, left: int, high: int, wide: int, noise: str) -> torch.Tensor:
    make = {"uniform": torch.rand, "gaussian": torch.randn, "zero": torch.zeros}[noise]
    part = make(high, wide, image.shape[2], dtype=image.dtype, device=image.device)
    rows = slice(max(top, 0), max(min(top + high, image.shape[0]), 0))
    columns = slice(max(left, 0), max(min(left + wide, image.shape[1]), 0))
    seen = image[rows, columns]
    if seen.numel():
        first, second = rows.start - top, columns.start - left
        part[first : first + seen.shape[0], second : second + seen.shape[1]] = seen
    return part
