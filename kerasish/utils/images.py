"""Images between files, Pillow's objects and arrays (``keras.utils.load_img`` and its like)."""

from __future__ import annotations

import io
import os
import pathlib
import warnings
from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch
from kerasish.core.context import settings
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.ops.conv import check_data_format
from kerasish.ops.image_resize import INTERPOLATIONS, crop_to, resample

_INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")
_MODES = {"grayscale": "L", "rgb": "RGB", "rgba": "RGBA"}
_GRAY_MODES = ("L", "I;16", "I")


def pillow(user: str) -> Any:
    """The module ``PIL.Image``.

    Raises:
        ImportError: it is not installed.
    """
    try:
        from PIL import Image
    except ImportError:
        raise ImportError(f"Could not import PIL.Image. The use of `{user}` requires PIL: pip install pillow") from None
    return Image


def array_to_img(x: Any, data_format: str | None = None, scale: bool = True, dtype: Any = None) -> Any:
    """A Pillow image from an array (height, width, channels) of 1, 3 or 4 channels.

    Args:
        data_format: "channels_last" or "channels_first"; None for the global one.
        scale: whether to spread the values over 0..255; else they are taken as they are.
        dtype: of the computation; None for the global float type.

    Raises:
        ValueError: another rank or number of channels.
        ImportError: Pillow is missing.
    """
    data_format = check_data_format(data_format)
    image = pillow("array_to_img")
    x = np.asarray(x, dtype=dtype or settings.floatx)
    if x.ndim != 3:
        raise fail(ValueError, "Expected image array to have rank 3 (single image)", received=f"shape {x.shape}")
    if data_format == "channels_first":
        x = x.transpose(1, 2, 0)
    if scale:
        x = x - np.min(x)
        largest = np.max(x)
        if largest != 0:
            x /= largest
        x *= 255
    channels = x.shape[2]
    if channels not in (1, 3, 4):
        raise fail(ValueError, f"Unsupported channel number: {channels}")
    if channels > 1:
        return image.fromarray(x.astype("uint8"))
    return image.fromarray(x[:, :, 0].astype("int32" if np.max(x) > 255 else "uint8"))


def img_to_array(img: Any, data_format: str | None = None, dtype: Any = None) -> np.ndarray:
    """An array (height, width, channels) from a Pillow image.

    Args:
        data_format: "channels_last" or "channels_first"; None for the global one.
        dtype: None for the global float type.

    Raises:
        ValueError: something of another rank than 2 or 3.
    """
    data_format = check_data_format(data_format)
    x = np.asarray(img, dtype=dtype or settings.floatx)
    if x.ndim == 2:
        return x[None] if data_format == "channels_first" else x[:, :, None]
    if x.ndim != 3:
        raise fail(ValueError, f"Unsupported image shape: {x.shape}")
    return x.transpose(2, 0, 1) if data_format == "channels_first" else x


def save_img(
    path: Any,
    x: Any,
    data_format: str | None = None,
    file_format: str | None = None,
    scale: bool = True,
    **kwargs: Any,
) -> None:
    """Write an array as an image file.

    Args:
        path: a path, or a file object.
        file_format: such as "png"; None: by the path's ending.
        scale: whether to spread the values over 0..255.
        **kwargs: for Pillow's ``save``.
    """
    if file_format is None and isinstance(path, (str, pathlib.Path)):
        file_format = pathlib.Path(path).suffix[1:].lower()
    if file_format and file_format.lower() == "jpg":
        file_format = "jpeg"
    image = array_to_img(x, data_format=data_format, scale=scale)
    if image.mode == "RGBA" and file_format == "jpeg":
        warnings.warn("The JPEG format does not support RGBA images, converting to RGB.", stacklevel=2)
        image = image.convert("RGB")
    image.save(path, format=file_format, **kwargs)


def load_img(
    path: Any,
    color_mode: str = "rgb",
    target_size: Any = None,
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
) -> Any:
    """A file as a Pillow image.

    Args:
        path: a path, or ``io.BytesIO``.
        color_mode: "grayscale", "rgb" or "rgba".
        target_size: (height, width) to resize to.
        interpolation: "nearest", "bilinear", "bicubic", "hamming", "box" or "lanczos".
        keep_aspect_ratio: whether to cut the largest part in the middle of the target's proportions, before resizing.

    Raises:
        TypeError: something else than a path.
        ValueError: another colour mode or interpolation.
    """
    image = pillow("load_img")
    if isinstance(path, io.BytesIO):
        img = image.open(path)
    elif isinstance(path, (os.PathLike, bytes, str)):
        with open(path, "rb") as file:
            img = image.open(io.BytesIO(file.read()))
    else:
        raise fail(TypeError, f"path should be path-like or io.BytesIO, not {type(path)}")
    if color_mode not in _MODES:
        raise fail(ValueError, 'color_mode must be "grayscale", "rgb", or "rgba"')
    if img.mode not in (_GRAY_MODES if color_mode == "grayscale" else (_MODES[color_mode],)):
        img = img.convert(_MODES[color_mode])
    if target_size is None or img.size == (target_size[1], target_size[0]):
        return img
    if interpolation not in _INTERPOLATIONS:
        raise fail(
            ValueError,
            f"Invalid interpolation method {interpolation} specified. Supported methods are {', '.join(_INTERPOLATIONS)}",
        )
    box = _centre(img.size, (target_size[1], target_size[0])) if keep_aspect_ratio else None
    return img.resize((target_size[1], target_size[0]), getattr(image.Resampling, interpolation.upper()), box=box)


def _centre(size: tuple[int, int], target: tuple[int, int]) -> tuple[int, int, int, int]:
    """The largest box in the middle with the target's proportions: left, top, right, bottom."""
    (width, height), (wide, high) = size, target
    crop_height, crop_width = min(height, width * high // wide), min(width, height * wide // high)
    left, top = (width - crop_width) // 2, (height - crop_height) // 2
    return left, top, left + crop_width, top + crop_height


def smart_resize(
    x: Any, size: Any, interpolation: str = "bilinear", data_format: str = "channels_last", **kwargs: Any
) -> Any:
    """Images cut to the proportions of ``size``, in the middle, and resized.

    Args:
        x: (height, width, channels) or (batch, height, width, channels); or channels first.
        size: (height, width).
        interpolation: "bilinear", "nearest", "bicubic", "lanczos3", "lanczos5" or "area".

    Returns:
        An array for an array, else a tensor.

    Raises:
        ValueError: another rank or size.
    """
    kwargs.pop("backend_module", None)
    if kwargs:
        raise fail(TypeError, f"smart_resize() got unexpected keyword arguments: {list(kwargs)}")
    if len(size) != 2:
        raise fail(ValueError, "Expected `size` to be a tuple of 2 integers", received=size)
    raw = dispatch.raw(x)
    if raw.ndim not in (3, 4):
        raise fail(
            ValueError,
            "Expected an image array with shape `(height, width, channels)`, or `(batch_size, height, width, channels)`, "
            f"but got input with incorrect rank, of shape {tuple(raw.shape)}",
        )
    resized = crop_and_resize(raw, (int(size[0]), int(size[1])), interpolation, data_format)
    return resized.numpy(force=True) if isinstance(x, np.ndarray) else dispatch.wrap(resized)


def crop_and_resize(x: torch.Tensor, size: tuple[int, int], interpolation: str, data_format: str) -> torch.Tensor:
    """float32, or for "nearest" the dtype of ``x``.

    Raises:
        ValueError: another interpolation.
    """
    if interpolation not in INTERPOLATIONS:
        raise fail(
            ValueError,
            "Invalid value for argument `interpolation`",
            f"one of {INTERPOLATIONS}",
            f"interpolation={interpolation}",
        )
    batched, last = x.ndim == 4, data_format == "channels_last"
    y = x if batched else x[None]
    y = crop_to(y.permute(0, 3, 1, 2) if last else y, size)
    y = resample(y, size, interpolation, False)
    y = y if interpolation == "nearest" else y.float()
    y = y.permute(0, 2, 3, 1) if last else y
    return y if batched else y[0]


# files as TensorFlow decodes them -------------------------------------------------------------------------------------


def decode_image(data: bytes, channels: int, where: str) -> np.ndarray:
    """The first picture of a BMP, GIF, JPEG or PNG file, as uint8 (height, width, channels).

    Args:
        channels: 1, 3 or 4.
        where: the file's name, for messages.

    Raises:
        InvalidArgumentError: it is not such a file, or is damaged.
    """
    try:
        img = pillow("image_dataset_from_directory").open(io.BytesIO(data), formats=("BMP", "GIF", "JPEG", "PNG"))
        if img.format == "JPEG" and channels == 1:
            img.draft("L", None)  # brightness is what the file holds
        if img.mode.startswith("I"):  # 16 bits: the upper 8 count
            return _with_channels((np.asarray(img, np.uint32) >> 8).astype("uint8")[:, :, None], channels)
        mode = {1: "L", 3: "RGB", 4: "RGBA"}[channels]
        if channels == 1 and img.mode not in ("1", "L", "LA"):
            return _brightness(np.asarray(img.convert("RGB"), np.int64))
        return np.array(img if img.mode == mode else img.convert(mode)).reshape(img.height, img.width, channels)
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise InvalidArgumentError(f"The file '{where}' is not an image that can be decoded: {error}") from error


def _brightness(rgb: np.ndarray) -> np.ndarray:
    """libpng's weights, in 32768ths, and its rounding downwards."""
    return (rgb @ np.array([9797, 19234, 3737]) >> 15).astype("uint8")[:, :, None]


def _with_channels(gray: np.ndarray, channels: int) -> np.ndarray:
    x = np.repeat(gray, channels, axis=2)
    if channels == 4:
        x[:, :, 3] = 255
    return x
