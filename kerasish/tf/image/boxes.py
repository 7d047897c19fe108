"""Boxes (top, left, bottom, right): cutting them out of images, and choosing those that do not overlap."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from typing import Any

import torch

from kerasish.core.dispatch import Array, Index, strict_op
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.ops.common import integer_shape


@strict_op
def crop_and_resize(
    image: Array,
    boxes: Index,
    box_indices: Index,
    crop_size: Any,
    method: str = "bilinear",
    extrapolation_value: float = 0.0,
    name: str | None = None,
) -> Any:
    """The parts of images in boxes, all resized to one size, as float32 (boxes, height, width, channels).

    Args:
        image: (batch, height, width, channels).
        boxes: (boxes, 4), as parts of the sides; top > bottom turns the part over.
        box_indices: (boxes,), the image that a box is of.
        crop_size: height and width of the results.
        method: "bilinear" or "nearest".
        extrapolation_value: what is outside of the images.

    Raises:
        ValueError: an unknown method.
    """
    if method not in ("bilinear", "nearest"):
        raise fail(ValueError, "method must be 'bilinear' or 'nearest'", received=f"method={method}")
    high, wide = integer_shape(crop_size)
    x, boxes, which = image.float(), torch.as_tensor(boxes).float(), torch.as_tensor(box_indices).long()
    y_in, y0, y1, y_part = _between(boxes[:, 0], boxes[:, 2], x.shape[1], high, method)
    x_in, x0, x1, x_part = _between(boxes[:, 1], boxes[:, 3], x.shape[2], wide, method)
    images = which[:, None, None]

    def row(y: torch.Tensor) -> torch.Tensor:
        left, right = (x[images, y[:, :, None], column[:, None, :]] for column in (x0, x1))
        return left + (right - left) * x_part[:, None, :, None]

    top = row(y0)
    values = top + (row(y1) - top) * y_part[:, :, None, None]
    inside = (y_in[:, :, None] & x_in[:, None, :])[..., None]
    return torch.where(inside, values, float(extrapolation_value))


def _between(start: torch.Tensor, end: torch.Tensor, size: int, new: int, method: str) -> tuple[torch.Tensor, ...]:
    """For each of ``new`` places along an axis: is it inside, the pixels before and after it, and how far it is between."""
    if new > 1:
        step = (end - start) * (size - 1) / (new - 1)
        place = start[:, None] * (size - 1) + torch.arange(new, device=start.device) * step[:, None]
    else:
        place = (0.5 * (start + end) * (size - 1))[:, None]
    inside = (place >= 0) & (place <= size - 1)
    place = torch.where(inside, place, 0)
    if method == "nearest":
        place = torch.floor(place + 0.5)
    before = place.floor()
    return inside, before.long(), place.ceil().long(), place - before


@strict_op
def non_max_suppression(
    boxes: Array,
    scores: Array,
    max_output_size: Any,
    iou_threshold: float = 0.5,
    score_threshold: float = float("-inf"),
    name: str | None = None,
) -> Any:
    """The places of the best boxes, best first, without those that overlap a better one by more than ``iou_threshold``.

    Args:
        boxes: (boxes, 4), two opposite corners.
        scores: (boxes,).
        max_output_size: at most so many.
        score_threshold: boxes whose score is not above it do not count.

    Raises:
        InvalidArgumentError: ``iou_threshold`` is not in [0, 1].
    """
    return _kept(boxes, scores, max_output_size, iou_threshold, score_threshold)


@strict_op
def non_max_suppression_with_scores(
    boxes: Array,
    scores: Array,
    max_output_size: Any,
    iou_threshold: float = 0.5,
    score_threshold: float = float("-inf"),
    soft_nms_sigma: float = 0.0,
    name: str | None = None,
) -> Any:
    """Places and scores of the best boxes that do not overlap; see ``non_max_suppression``.

    Args:
        soft_nms_sigma: not 0: boxes that overlap a better one stay, but their scores fall (Bodla et al. 2017).
    """
    if soft_nms_sigma:
        return _softened(
            boxes, scores, int(max_output_size), float(iou_threshold), float(score_threshold), soft_nms_sigma
        )
    kept = _kept(boxes, scores, max_output_size, iou_threshold, score_threshold)
    return kept, scores[kept.long()]


def _kept(boxes: torch.Tensor, scores: torch.Tensor, most: Any, iou: float, least: float) -> torch.Tensor:
    if scores.shape != boxes.shape[:1] or int(most) < 0:
        raise InvalidArgumentError(
            f"scores has incompatible shape, or the size {most} is negative: {list(boxes.shape)}, {list(scores.shape)}"
        )
    if not 0 <= iou <= 1:
        raise InvalidArgumentError("iou_threshold must be in [0, 1]")
    device = boxes.device
    boxes, scores = boxes.cpu(), scores.cpu()  # each box decides on those after it: on a device, one wait for each
    corners = torch.cat([torch.minimum(boxes[:, :2], boxes[:, 2:]), torch.maximum(boxes[:, :2], boxes[:, 2:])], 1)
    areas = (corners[:, 2] - corners[:, 0]) * (corners[:, 3] - corners[:, 1])
    order = torch.argsort(scores, descending=True, stable=True)
    order = order[scores[order] > least]
    kept = []
    while len(order) and len(kept) < int(most):
        best, order = order[0], order[1:]
        kept.append(best)
        low = torch.maximum(corners[order, :2], corners[best, :2])
        high = torch.minimum(corners[order, 2:], corners[best, 2:])
        common = (high - low).clamp(min=0).prod(1)
        together = areas[order] + areas[best] - common
        empty = (areas[order] <= 0) | (areas[best] <= 0)
        order = order[empty | (common <= iou * together)]
    return (torch.stack(kept).int() if kept else torch.zeros(0, dtype=torch.int32)).to(device)


def _softened(
    boxes: torch.Tensor, scores: torch.Tensor, most: int, iou: float, least: float, sigma: float
) -> tuple[torch.Tensor, torch.Tensor]:
    low, high = torch.minimum(boxes[:, :2], boxes[:, 2:]), torch.maximum(boxes[:, :2], boxes[:, 2:])
    areas = (high - low).prod(1)
    common = (torch.minimum(high[:, None], high) - torch.maximum(low[:, None], low)).clamp(min=0).prod(2)
    overlaps = torch.where((areas[:, None] > 0) & (areas > 0), common / (areas[:, None] + areas - common), 0).tolist()
    kept, values = suppressed(scores.tolist(), lambda i, j: overlaps[i][j], most, iou, least, float(sigma))
    return torch.tensor(kept, dtype=torch.int32), torch.tensor(values, dtype=scores.dtype)


def suppressed(
    scores: list[float], overlap: Callable[[int, int], float], most: int, limit: float, least: float, sigma: float = 0.0
) -> tuple[list[int], list[float]]:
    """Places and scores of what is chosen: the best next one, if it does not overlap the chosen ones beyond ``limit``.

    Args:
        overlap: of a candidate and a chosen one.
        sigma: not 0: instead of that, scores fall with each overlap (Bodla et al. 2017).
    """
    queue = [(-score, place, 0) for place, score in enumerate(scores) if score > least]
    heapq.heapify(queue)
    kept: list[int] = []
    values: list[float] = []
    while queue and len(kept) < most:
        score, place, known = heapq.heappop(queue)
        before = value = -score
        dropped = False
        for j in range(len(kept) - 1, known - 1, -1):
            common = overlap(place, kept[j])
            if not sigma and common > limit:
                dropped = True
                break
            if sigma:
                value *= math.exp(-0.5 / sigma * common * common)
            if value <= least:
                break
        if dropped:
            continue
        if value == before:
            kept.append(place)
            values.append(value)
        elif value > least:
            heapq.heappush(queue, (-value, place, len(kept)))
    return kept, values
