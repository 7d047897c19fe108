"""``keras.ops.image``: functions on images, ``(batch, height, width, channels)`` or ``(height, width, channels)``."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name
from kerasish.core.registry import publish
from kerasish.ops.image_color import hsv_to_rgb as hsv_to_rgb
from kerasish.ops.image_color import rgb_to_grayscale as rgb_to_grayscale
from kerasish.ops.image_color import rgb_to_hsv as rgb_to_hsv
from kerasish.ops.image_filters import gaussian_blur as gaussian_blur
from kerasish.ops.image_filters import sobel_edges as sobel_edges
from kerasish.ops.image_filters import ssim as ssim
from kerasish.ops.image_frames import crop_images as crop_images
from kerasish.ops.image_frames import extract_patches as extract_patches
from kerasish.ops.image_frames import extract_patches_3d as extract_patches_3d
from kerasish.ops.image_frames import pad_images as pad_images
from kerasish.ops.image_resize import resize as resize
from kerasish.ops.image_resize import scale_and_translate as scale_and_translate
from kerasish.ops.image_warp import affine_transform as affine_transform
from kerasish.ops.image_warp import elastic_transform as elastic_transform
from kerasish.ops.image_warp import map_coordinates as map_coordinates
from kerasish.ops.image_warp import perspective_transform as perspective_transform

__all__ = [
    "affine_transform", "crop_images", "elastic_transform", "extract_patches", "extract_patches_3d", "gaussian_blur",
    "hsv_to_rgb", "map_coordinates", "pad_images", "perspective_transform", "resize", "rgb_to_grayscale", "rgb_to_hsv",
    "scale_and_translate", "sobel_edges", "ssim",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())


publish(__name__, globals(), __all__)
