"""Pictures of images with boxes and masks (``keras.visualization``)."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name
from kerasish.core.registry import publish
from kerasish.visualization.drawing import draw_bounding_boxes as draw_bounding_boxes
from kerasish.visualization.drawing import draw_segmentation_masks as draw_segmentation_masks
from kerasish.visualization.gallery import plot_bounding_box_gallery as plot_bounding_box_gallery
from kerasish.visualization.gallery import plot_image_gallery as plot_image_gallery
from kerasish.visualization.gallery import plot_segmentation_mask_gallery as plot_segmentation_mask_gallery

__all__ = [
    "draw_bounding_boxes", "draw_segmentation_masks", "plot_bounding_box_gallery", "plot_image_gallery",
    "plot_segmentation_mask_gallery",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())


publish(__name__, globals(), __all__)
