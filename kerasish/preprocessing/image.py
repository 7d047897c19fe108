"""Preparation of images (``keras.preprocessing.image``)."""

from __future__ import annotations

from typing import Any

from kerasish.core.errors import missing_name
from kerasish.core.registry import publish
from kerasish.preprocessing.affine import apply_affine_transform as apply_affine_transform
from kerasish.preprocessing.affine import apply_brightness_shift as apply_brightness_shift
from kerasish.preprocessing.affine import apply_channel_shift as apply_channel_shift
from kerasish.preprocessing.affine import random_brightness as random_brightness
from kerasish.preprocessing.affine import random_channel_shift as random_channel_shift
from kerasish.preprocessing.affine import random_rotation as random_rotation
from kerasish.preprocessing.affine import random_shear as random_shear
from kerasish.preprocessing.affine import random_shift as random_shift
from kerasish.preprocessing.affine import random_zoom as random_zoom
from kerasish.preprocessing.image_batches import DataFrameIterator as DataFrameIterator
from kerasish.preprocessing.image_batches import DirectoryIterator as DirectoryIterator
from kerasish.preprocessing.image_batches import NumpyArrayIterator as NumpyArrayIterator
from kerasish.preprocessing.image_generator import ImageDataGenerator as ImageDataGenerator
from kerasish.preprocessing.iterator import Iterator as Iterator
from kerasish.utils.images import array_to_img as array_to_img
from kerasish.utils.images import img_to_array as img_to_array
from kerasish.utils.images import load_img as load_img
from kerasish.utils.images import save_img as save_img
from kerasish.utils.images import smart_resize as smart_resize

__all__ = [
    "DataFrameIterator", "DirectoryIterator", "ImageDataGenerator", "Iterator", "NumpyArrayIterator",
    "apply_affine_transform", "apply_brightness_shift", "apply_channel_shift", "array_to_img", "img_to_array", "load_img",
    "random_brightness", "random_channel_shift", "random_rotation", "random_shear", "random_shift", "random_zoom",
    "save_img", "smart_resize",
]  # fmt: skip
publish(__name__, globals(), __all__)


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
