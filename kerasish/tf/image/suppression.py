"""More ways to choose boxes that do not overlap: of several classes, padded, by given overlaps, by lowering scores."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch

from kerasish.core import dispatch
from kerasish.core.dispatch import Array, strict_op
from kerasish.core.errors import InvalidArgumentError, NotServedError, fail
from kerasish.tf.image.boxes import _kept, suppressed


class CombinedNonMaxSuppression(NamedTuple):
    """The best boxes of each image, their scores and classes, and how many there are."""

    nmsed_boxes: Any
    nmsed_scores: Any
    nmsed_classes: Any
    valid_detections: Any


@strict_op
def combined_non_max_suppression(
    boxes: Array,
    scores: Array,
    max_output_size_per_class: Any,
    max_total_size: Any,
    iou_threshold: Any = 0.5,
    score_threshold: Any = float("-inf"),
    pad_per_class: bool = False,
    clip_boxes: bool = True,
    name: str | None = None,
) -> Any:
    """The best boxes of each image, chosen for each class apart, best first; filled up with zeros.

    Args:
        boxes: (batch, boxes, classes or 1, 4).
        scores: (batch, boxes, classes).
        pad_per_class: whether results have at most ``max_output_size_per_class`` times the classes.
        clip_boxes: whether corners are moved into [0, 1].
    """
    each, most, classes = int(max_output_size_per_class), int(max_total_size), scores.shape[2]
    if most <= 0 or each <= 0:
        raise InvalidArgumentError(
            "max_size_per_class and max_total_size must be positive [Op:CombinedNonMaxSuppression]"
        )
    size = min(most, each * classes) if pad_per_class else most
    found = torch.zeros(len(boxes), size, 4, dtype=boxes.dtype, device=boxes.device)
    values, kinds = (torch.zeros(len(boxes), size, dtype=boxes.dtype, device=boxes.device) for _ in range(2))
    counts = torch.zeros(len(boxes), dtype=torch.int32, device=boxes.device)
    for i in range(len(boxes)):
        best: list[tuple] = []
        for kind in range(classes):
            own = boxes[i, :, kind if boxes.shape[2] > 1 else 0]
            kept = _kept(own, scores[i, :, kind], each, float(iou_threshold), float(score_threshold)).tolist()
            best.extend((-float(scores[i, place, kind]), kind, place, own[place]) for place in kept)
        best = sorted(best, key=lambda item: item[0])[:size]
        for j, (_, kind, place, box) in enumerate(best):
            found[i, j], values[i, j], kinds[i, j] = box, scores[i, place, kind], kind
        counts[i] = len(best)
    return CombinedNonMaxSuppression(found.clamp(0, 1) if clip_boxes else found, values, kinds, counts)


def non_max_suppression_padded(
    boxes: Any,
    scores: Any,
    max_output_size: Any,
    iou_threshold: Any = 0.5,
    score_threshold: Any = float("-inf"),
    pad_to_max_output_size: bool = False,
    name: str | None = None,
    sorted_input: bool = False,
    canonicalized_coordinates: bool = False,
    tile_size: int = 512,
) -> Any:
    """Places of the best boxes that do not overlap, filled up with 0, and how many they are.

    Args:
        boxes: (..., boxes, 4).
        scores: (..., boxes).
        pad_to_max_output_size: False, for one image only: nothing is filled up.
        sorted_input, canonicalized_coordinates, tile_size: what TensorFlow may rely on, and how it splits the work.

    Raises:
        ValueError: several images that are not to be filled up.
    """
    corners, values = dispatch.raw(boxes), dispatch.raw(scores)
    many = values.ndim > 1
    if many and not pad_to_max_output_size:
        raise ValueError("`pad_to_max_output_size` (set to False) must be True for batched input")
    rows, counts = [], []
    for own, score in zip(corners.reshape(-1, *corners.shape[-2:]), values.reshape(-1, values.shape[-1])):
        kept = _kept(own, score, max_output_size, float(iou_threshold), float(score_threshold))
        counts.append(len(kept))
        if pad_to_max_output_size:
            kept = torch.nn.functional.pad(kept, (0, int(max_output_size) - len(kept)))
        rows.append(kept)
    batch = values.shape[:-1]
    places = torch.stack(rows).reshape(*batch, -1) if many else rows[0]
    valid = torch.tensor(counts, dtype=torch.int32).reshape(batch)
    return dispatch.wrap(places), dispatch.wrap(valid)


@strict_op
def non_max_suppression_overlaps(
    overlaps: Array,
    scores: Array,
    max_output_size: Any,
    overlap_threshold: float = 0.5,
    score_threshold: float = float("-inf"),
    name: str | None = None,
) -> Any:
    """Places of the best boxes, best first, without those whose overlap with a better one is above the threshold.

    Args:
        overlaps: (boxes, boxes).
    """
    table = overlaps.tolist()
    kept, _ = suppressed(
        scores.tolist(), lambda i, j: table[i][j], int(max_output_size), overlap_threshold, score_threshold
    )
    return torch.tensor(kept, dtype=torch.int32, device=scores.device)


def generate_bounding_box_proposals(
    scores: Any,
    bbox_deltas: Any,
    image_info: Any,
    anchors: Any,
    nms_threshold: Any = 0.7,
    pre_nms_topn: Any = 6000,
    min_size: Any = 16,
    post_nms_topn: int = 300,
    name: str | None = None,
) -> Any:
    """Not served: TensorFlow itself has it for CUDA devices only.

    Raises:
        NotServedError: always.
    """
    raise fail(
        NotServedError,
        "tf.image.generate_bounding_box_proposals is not served (TensorFlow has it on GPUs only)",
        hint="tf.image.combined_non_max_suppression chooses boxes.",
    )


generate_bounding_box_proposals.__kerasish_stub__ = True  # type: ignore[attr-defined]
