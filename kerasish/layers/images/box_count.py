"""MaxNumBoundingBoxes."""

from __future__ import annotations

from typing import Any

from torch.nn import functional as F

from kerasish.core.dispatch import boundary, raw
from kerasish.layers.images.base import ImageLayer


class MaxNumBoundingBoxes(ImageLayer):
    """Gives every image the same number of bounding boxes: the first ones, or theirs and empty ones.

    Args:
        max_number: that number.
        fill_value: the coordinates and the label of empty boxes.

    Input and output shape: a dictionary with "images" and "bounding_boxes", whose "boxes" are ``(batch, boxes, 4)`` and
    whose "labels" are ``(batch, boxes)``; or images alone.
    """

    _not_in_config = ("fill_value",)

    def __init__(self, max_number: int, fill_value: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.max_number = int(max_number)
        self.fill_value = int(fill_value)

    @boundary
    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        return images

    @boundary
    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any = None, training: bool = True) -> Any:
        boxes, labels = (raw(bounding_boxes[name])[:, : self.max_number] for name in ("boxes", "labels"))
        missing = self.max_number - boxes.shape[1]
        return {
            **bounding_boxes,
            "boxes": F.pad(boxes, (0, 0, 0, missing), value=self.fill_value),
            "labels": F.pad(labels, (0, missing), value=self.fill_value),
        }

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shapes with the new number of boxes.

        Raises:
            KeyError: there is something else than "boxes" and "labels" with the boxes.
        """
        if not isinstance(input_shape, dict) or "bounding_boxes" not in input_shape:
            return input_shape
        given = input_shape["bounding_boxes"]
        if unknown := set(given) - {"boxes", "labels"}:
            raise KeyError(
                f"There are unsupported keys in `bounding_boxes`: {sorted(unknown)}. "
                "Only `boxes` and `labels` are supported."
            )
        sized = {key: [shape[0], self.max_number, *shape[2:]] for key, shape in given.items()}
        return {**input_shape, "bounding_boxes": sized}
