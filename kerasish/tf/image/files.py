"""Image files as tensors and back."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch, dtypes
from kerasish.core.errors import DTypeMismatchError, InvalidArgumentError, NotServedError, fail
from kerasish.tf.image.colours import converted
from kerasish.tf.texts import one_text
from kerasish.utils.images import decode_image as decoded
from kerasish.utils.images import pillow


def decode_jpeg(
    contents: Any,
    channels: int = 0,
    ratio: int = 1,
    fancy_upscaling: bool = True,
    try_recover_truncated: bool = False,
    acceptable_fraction: float = 1,
    dct_method: str = "",
    name: str | None = None,
) -> Any:
    """A JPEG file's bytes as uint8 (height, width, channels).

    Args:
        channels: 1, 3, or 0 for the file's own number.
        ratio: take every n-th pixel: 1, 2, 4 or 8. Only 1 is served.
        dct_method: a hint: "", "INTEGER_FAST" or "INTEGER_ACCURATE"; pixels are those of Pillow's decoder.

    Raises:
        InvalidArgumentError: it is not an image, or is damaged, or the hint is none.
        NotImplementedError: options of a decoder that Pillow does not have.
    """
    if dct_method not in ("", "INTEGER_FAST", "INTEGER_ACCURATE"):
        raise InvalidArgumentError(
            f"dct_method must be one of {{'', 'INTEGER_FAST', 'INTEGER_ACCURATE'}}, got {dct_method}"
        )
    if not fancy_upscaling:
        raise fail(NotImplementedError, "decode_jpeg always smooths what it scales up", "fancy_upscaling=True", False)
    if ratio != 1 or try_recover_truncated or acceptable_fraction != 1:
        raise fail(NotImplementedError, "decode_jpeg decodes whole images only", "ratio=1, acceptable_fraction=1")
    return _wrapped(_decoded(contents, channels))


def decode_png(contents: Any, channels: int = 0, dtype: Any = dtypes.uint8, name: str | None = None) -> Any:
    """A PNG file's bytes as (height, width, channels); ``channels`` 0 is the file's own number.

    Raises:
        InvalidArgumentError: it is not an image, or is damaged.
        TypeError: another dtype than uint8 or uint16.
        NotImplementedError: uint16 of a file of colours with 16 bits.
    """
    kind = dtypes.as_dtype(dtype)
    if kind not in (dtypes.uint8, dtypes.uint16):
        raise fail(
            DTypeMismatchError, "decode_png decodes 8 or 16 bits", "dtype=tf.uint8 or tf.uint16", f"dtype={dtype}"
        )
    return _wrapped(_decoded(contents, channels) if kind == dtypes.uint8 else _decoded_wide(contents, channels))


def decode_bmp(contents: Any, channels: int = 0, name: str | None = None) -> Any:
    """A BMP file's bytes as uint8 (height, width, channels)."""
    return _wrapped(_decoded(contents, channels))


def decode_gif(contents: Any, name: str | None = None) -> Any:
    """All frames of a GIF file, as uint8 (frames, height, width, 3)."""
    return _wrapped(_frames(one_text(contents)))


def decode_image(
    contents: Any,
    channels: int | None = None,
    dtype: Any = dtypes.uint8,
    name: str | None = None,
    expand_animations: bool = True,
) -> Any:
    """A BMP, GIF, JPEG or PNG file's bytes as (height, width, channels); GIF: (frames, height, width, 3).

    Args:
        dtype: of the result; floats are from 0 to 1.
        expand_animations: False: the first frame only.
    """
    data = one_text(contents)
    animated = data[:3] == b"GIF" and expand_animations
    x = torch.from_numpy(_frames(data) if animated else _decoded(contents, channels or 0))
    return dispatch.wrap(converted(x, dtypes.as_dtype(dtype)))


def encode_png(image: Any, compression: int = -1, name: str | None = None) -> Any:
    """uint8 or uint16 (height, width, channels) as a PNG file's bytes."""
    x = dispatch.raw(image)
    if x.dtype is torch.uint16 and x.ndim == 3 and 1 <= x.shape[2] <= 4:
        return _text(_png_of_16_bits(x.numpy(force=True), compression))
    return _encoded(image, "PNG", {} if compression < 0 else {"compress_level": int(compression)})


def encode_jpeg(
    image: Any,
    format: str = "",  # noqa: A002
    quality: int = 95,
    progressive: bool = False,
    optimize_size: bool = False,
    chroma_downsampling: bool = True,
    density_unit: str = "in",
    x_density: int = 300,
    y_density: int = 300,
    xmp_metadata: str = "",
    name: str | None = None,
) -> Any:
    """uint8 (height, width, channels) as a JPEG file's bytes.

    Args:
        format: "grayscale" for 1 channel, "rgb" for 3, or "": by the channels.
        quality: from 0 to 100.
        progressive: whether the picture is stored from coarse to fine.
        optimize_size: a smaller file at some cost of time.
        chroma_downsampling: whether colours have half the resolution.
        density_unit: of the densities: pixels per inch, "in", or per centimetre, "cm".
        xmp_metadata: stored beside the picture.

    Raises:
        InvalidArgumentError: another format or unit, or a format that the channels do not fit.
    """
    if format not in _JPEG_CHANNELS:
        raise InvalidArgumentError(f"format must be one of {sorted(_JPEG_CHANNELS)}, got {format!r}")
    if not 0 <= int(quality) <= 100:
        raise InvalidArgumentError(f"quality must be in [0,100], got {quality}")
    if density_unit not in _PER_INCH:
        raise InvalidArgumentError(f"density_unit must be one of {sorted(_PER_INCH)}, got {density_unit!r}")
    options: dict[str, Any] = {
        "quality": int(quality),
        "progressive": bool(progressive),
        "optimize": bool(optimize_size),
        "subsampling": "4:2:0" if chroma_downsampling else "4:4:4",
        "dpi": tuple(round(density * _PER_INCH[density_unit]) for density in (x_density, y_density)),
    }
    if xmp_metadata:
        options["xmp"] = xmp_metadata.encode() if isinstance(xmp_metadata, str) else xmp_metadata
    return _encoded(image, "JPEG", options, _JPEG_CHANNELS[format])


_PER_INCH = {"in": 1, "cm": 2.54}
_JPEG_CHANNELS = {"": (1, 3), "grayscale": (1,), "rgb": (3,)}


def adjust_jpeg_quality(image: Any, jpeg_quality: Any, dct_method: str = "", name: str | None = None) -> Any:
    """An image as it is after it was stored as JPEG with a quality from 0 to 100.

    Args:
        dct_method: a hint for the decoder.

    Raises:
        InvalidArgumentError: another quality.
    """
    x = dispatch.raw(image)
    pixels = dispatch.wrap(converted(x, dtypes.uint8, saturate=True))
    stored = decode_jpeg(encode_jpeg(pixels, quality=int(jpeg_quality)), dct_method=dct_method)
    return dispatch.wrap(converted(dispatch.raw(stored), dtypes.as_dtype(x.dtype), saturate=True))


def is_jpeg(contents: Any, name: str | None = None) -> Any:
    """Whether a file's bytes begin as those of JPEG files do."""
    return dispatch.wrap(torch.tensor(one_text(contents)[:3] == b"\xff\xd8\xff"))


def extract_jpeg_shape(contents: Any, output_type: Any = dtypes.int32, name: str | None = None) -> Any:
    """(height, width, channels) of a JPEG file, without decoding it.

    Raises:
        InvalidArgumentError: it is none.
    """
    data = one_text(contents)
    try:
        image = pillow("tf.image").open(io.BytesIO(data), formats=("JPEG",))
    except (OSError, SyntaxError, ValueError):
        raise InvalidArgumentError(f"Invalid JPEG data, size {len(data)} [Op:ExtractJpegShape]") from None
    shape = (image.height, image.width, len(image.getbands()))
    return dispatch.wrap(torch.tensor(shape, dtype=dtypes.to_torch(output_type)))


def decode_and_crop_jpeg(
    contents: Any,
    crop_window: Any,
    channels: int = 0,
    ratio: int = 1,
    fancy_upscaling: bool = True,
    try_recover_truncated: bool = False,
    acceptable_fraction: float = 1,
    dct_method: str = "",
    name: str | None = None,
) -> Any:
    """A part of a JPEG file's image: ``crop_window`` is (top, left, height, width). See ``decode_jpeg``.

    Raises:
        InvalidArgumentError: it is not an image, or the part is not within it.
    """
    image = decode_jpeg(
        contents, channels, ratio, fancy_upscaling, try_recover_truncated, acceptable_fraction, dct_method
    )
    top, left, height, width = (int(n) for n in dispatch.raw(crop_window))
    if min(top, left) < 0 or min(height, width) < 1 or top + height > image.shape[0] or left + width > image.shape[1]:
        raise InvalidArgumentError("jpeg::Uncompress failed. Invalid JPEG data or crop window. [Op:DecodeAndCropJpeg]")
    return image[top : top + height, left : left + width]


def decode_webp(contents: Any, channels: int = 0, dtype: Any = dtypes.uint8, name: str | None = None) -> Any:
    """A WebP file's bytes as uint8 (height, width, channels), or (frames, height, width, channels) if it moves.

    Args:
        channels: 3, 4, or 0 for the file's own number.

    Raises:
        InvalidArgumentError: it is not such a file, or is damaged.
    """
    if dtypes.as_dtype(dtype) != dtypes.uint8:
        raise fail(NotImplementedError, "decode_webp decodes 8 bits", "dtype=tf.uint8", f"dtype={dtype}")
    try:
        image = pillow("tf.image").open(io.BytesIO(one_text(contents)), formats=("WEBP",))
        mode = {0: image.mode, 3: "RGB", 4: "RGBA"}[channels]
        frames = []
        for place in range(getattr(image, "n_frames", 1)):
            image.seek(place)
            frames.append(np.asarray(image.convert(mode)))
    except (OSError, SyntaxError, ValueError, EOFError, KeyError) as error:
        raise InvalidArgumentError(f"Failed to decode WebP data: {error} [Op:DecodeWebP]") from error
    return _wrapped(np.stack(frames) if len(frames) > 1 else frames[0])


def decode_jxl(contents: Any, channels: int = 0, dtype: Any = dtypes.uint8, name: str | None = None) -> Any:
    """Not served: Pillow does not read JPEG XL.

    Raises:
        NotServedError: always.
    """
    raise fail(NotServedError, "tf.image.decode_jxl is not served", "a JPEG, PNG, GIF, BMP or WebP file")


decode_jxl.__kerasish_stub__ = True  # type: ignore[attr-defined]


def _decoded(contents: Any, channels: int) -> np.ndarray:
    data = one_text(contents)
    if channels not in (0, 1, 3, 4):
        raise InvalidArgumentError(f"channels must be 0, 1, 3 or 4, got {channels}")
    wanted = channels or _own_channels(data)
    if wanted == 2:
        return np.asarray(pillow("tf.image").open(io.BytesIO(data), formats=("PNG",)).convert("LA"))
    return decoded(data, wanted, "contents")


def _decoded_wide(contents: Any, channels: int) -> np.ndarray:
    """A PNG file's pixels as uint16; those of 8 bits times 257, as the format says."""
    data = one_text(contents)
    if data[24:25] != b"\x10":  # where a PNG file has the bits of a channel
        return _decoded(contents, channels).astype(np.uint16) * np.uint16(257)
    if data[25:26] != b"\x00" or channels not in (0, 1):
        raise fail(NotImplementedError, "decode_png reads 16 bits of grey images only", received="a file of colours")
    try:
        pixels = np.asarray(pillow("tf.image").open(io.BytesIO(data), formats=("PNG",)))
    except (OSError, SyntaxError, ValueError) as error:
        raise InvalidArgumentError(f"Invalid PNG data: {error}") from error
    return pixels.astype(np.uint16)[:, :, None]


def _own_channels(data: bytes) -> int:
    try:
        image = pillow("tf.image").open(io.BytesIO(data), formats=("BMP", "GIF", "JPEG", "PNG"))
    except (OSError, SyntaxError, ValueError) as error:
        raise InvalidArgumentError(
            f"Unknown image file format. One of JPEG, PNG, GIF, BMP required: {error}"
        ) from error
    return {"1": 1, "L": 1, "I": 1, "I;16": 1, "RGBA": 4, "LA": 2}.get(image.mode, 3)


def _frames(data: bytes) -> np.ndarray:
    try:
        image = pillow("tf.image").open(io.BytesIO(data), formats=("GIF",))
        frames = []
        for place in range(image.n_frames):
            image.seek(place)
            frames.append(np.asarray(image.convert("RGB")))
        return np.stack(frames)
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise InvalidArgumentError(f"Invalid GIF data: {error}") from error


def _encoded(image: Any, form: str, options: dict, channels: tuple = (1, 2, 3, 4)) -> Any:
    x = np.asarray(dispatch.raw(image).numpy(force=True))
    if x.dtype != np.uint8 or x.ndim != 3:
        raise InvalidArgumentError(f"image must be uint8 of rank 3. Received: {x.dtype} of shape {x.shape}")
    if x.shape[2] not in channels:
        raise InvalidArgumentError(f"image must have one of {channels} channels. Received an image of shape {x.shape}")
    buffer = io.BytesIO()
    pillow("tf.image").fromarray(x[:, :, 0] if x.shape[2] == 1 else x).save(buffer, form, **options)
    return _text(buffer.getvalue())


def _text(data: bytes) -> Any:
    result = np.empty((), dtype=object)
    result[()] = data
    return dispatch.wrap(result)


def _png_of_16_bits(x: np.ndarray, compression: int) -> bytes:
    """A PNG file (ISO/IEC 15948) of 16 bits a channel, its rows without filters."""
    height, width, channels = x.shape
    rows = np.zeros((height, 1 + width * channels * 2), np.uint8)  # each begins with the number of its filter, none
    rows[:, 1:] = np.frombuffer(x.astype(">u2").tobytes(), np.uint8).reshape(height, -1)
    head = struct.pack(">IIBBBBB", width, height, 16, {1: 0, 2: 4, 3: 2, 4: 6}[channels], 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows.tobytes(), compression)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )


def _wrapped(x: np.ndarray) -> Any:
    return dispatch.wrap(torch.from_numpy(np.ascontiguousarray(x)))
