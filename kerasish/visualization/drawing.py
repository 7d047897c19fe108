"""Boxes and masks drawn into images. Boxes need Pillow, which is imported where it is used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from kerasish.core.context import settings
from kerasish.core.dispatch import raw, wrap
from kerasish.core.errors import fail
from kerasish.ops.boxes import convert_format

Colour = tuple[int, int, int]


def to_array(x: Any) -> np.ndarray:
    """Anything with values as a NumPy array."""
    return x if isinstance(x, np.ndarray) else raw(x).detach().cpu().numpy()


def needs(package: str, install: str, name: str) -> ImportError:
    """The error for a function whose optional package is missing."""
    return ImportError(f"`{name}` needs the package {package}. Install it with `pip install {install}`.")


def batch_of_images(images: Any, data_format: str | None) -> np.ndarray:
    """A batch of images as (batch, height, width, channels).

    Raises:
        ValueError: these are not four axes.
    """
    array = to_array(images)
    if array.ndim != 4:
        raise fail(ValueError, "`images` must be a batched 4D tensor", received=f"images.shape={array.shape}")
    first = (data_format or settings.image_data_format) == "channels_first"
    return np.moveaxis(array, 1, -1) if first else array


def draw_bounding_boxes(
    images: Any,
    bounding_boxes: Any,
    bounding_box_format: str,
    class_mapping: Mapping[int, str] | None = None,
    color: Colour = (128, 128, 128),
    line_thickness: int = 2,
    text_thickness: int = 1,
    font_scale: float = 1.0,
    data_format: str | None = None,
) -> np.ndarray:
    """Images with the outlines of boxes, and the names of their classes above.

    Args:
        images: (batch, height, width, channels), or channels first; floats of at most 1 count from 0 to 1, others to 255.
        bounding_boxes: "boxes" (batch, boxes, 4), "labels" (batch, boxes), those with the label -1 are left out, and
            maybe "confidences" (batch, boxes), which are written behind the names.
        bounding_box_format: of the boxes, for example "xyxy".
        class_mapping: label → name; boxes without one have an outline only.
        color: red, green and blue, up to 255.
        line_thickness, text_thickness: in pixels.
        font_scale: 1 is a height of about 22 pixels.

    Returns:
        uint8, in the images' format.

    Raises:
        ValueError: ``images`` are no batch, or a key is missing.
        TypeError: ``bounding_boxes`` is no dictionary.
        ImportError: Pillow is not installed.
    """
    channels_last = batch_of_images(images, data_format)
    if not isinstance(bounding_boxes, dict):
        raise fail(
            TypeError, "`bounding_boxes` should be a dict", received=f"{bounding_boxes} of type {type(bounding_boxes)}"
        )
    if "boxes" not in bounding_boxes or "labels" not in bounding_boxes:
        raise fail(
            ValueError,
            "`bounding_boxes` should be a dict containing 'boxes' and 'labels' keys",
            received=bounding_boxes,
        )
    height, width = channels_last.shape[1:3]
    corners = to_array(convert_format(bounding_boxes["boxes"], bounding_box_format, "xyxy", height, width))
    labels, confidences = to_array(bounding_boxes["labels"]), bounding_boxes.get("confidences")
    sure = None if confidences is None else to_array(confidences)
    names = class_mapping or {}
    drawn = []
    for i, image in enumerate(_as_bytes(channels_last)):
        outlines = []
        for j, box in enumerate(corners[i].astype("int32")):
            label = int(labels[i][j])
            if label != -1:
                name = names.get(label)
                text = name if name is None or sure is None else f"{name} | {sure[i][j]:.2f}"
                outlines.append((box.tolist(), text))
        drawn.append(_draw(image, outlines, color, line_thickness, text_thickness or line_thickness, font_scale))
    out = np.stack(drawn)
    return np.moveaxis(out, -1, 1) if (data_format or settings.image_data_format) == "channels_first" else out


def _as_bytes(images: np.ndarray) -> np.ndarray:
    if images.dtype.kind == "f" and images.size:
        images = np.clip(images, 0, 1) * 255 if images.max() <= 1 else np.clip(images, 0, 255)
    return images.astype("uint8")


def _draw(
    image: np.ndarray, outlines: list, color: Colour, thickness: int, text_thickness: int, font_scale: float
) -> np.ndarray:
    """One image with outlines and texts."""
    try:
        from PIL import Image, ImageDraw, ImageFont
    except ImportError:
        raise needs("Pillow", "pillow", "draw_bounding_boxes") from None
    grey = image.shape[-1] == 1
    canvas = Image.fromarray(image[..., 0] if grey else image)
    pen = ImageDraw.Draw(canvas)
    channels = 1 if grey else image.shape[-1]
    ink: Any = int(color[0]) if grey else (*(int(c) for c in color), 255)[:channels]
    reach = (thickness - 1) // 2, thickness // 2  # inwards and outwards of the line through the corners
    for (x1, y1, x2, y2), text in outlines:
        x1, x2, y1, y2 = min(x1, x2), max(x1, x2), min(y1, y2), max(y1, y2)
        frame = (x1 - reach[1], y1 - reach[1], x2 + reach[1], y2 + reach[1])
        if thickness < 0:
            pen.rectangle((x1, y1, x2, y2), fill=ink)
        else:
            pen.rectangle(frame, outline=ink, width=max(sum(reach) + 1, 1))
        if text is not None:
            font = ImageFont.load_default(size=max(22 * font_scale, 1))
            place = _text_place(x1, y1, font_scale, text_thickness)
            pen.text(place, text, fill=ink, font=font, anchor="ls", stroke_width=max(text_thickness - 1, 0))
    out = np.asarray(canvas)
    return out[..., None] if grey else out


def _text_place(x: int, y: int, font_scale: float, thickness: int) -> tuple[int, int]:
    """Where a text begins: above the box's corner, or inside if there is no room above."""
    tall = 2 * int(font_scale * 12)
    return (x, y - 8) if y - 8 - tall > 0 else (x + 3, y + tall + thickness + 3)


def draw_segmentation_masks(
    images: Any,
    segmentation_masks: Any,
    num_classes: int | None = None,
    color_mapping: Mapping[int, Any] | None = None,
    alpha: float = 0.8,
    blend: bool = True,
    ignore_index: int = -1,
    data_format: str | None = None,
) -> Any:
    """Images coloured by the classes of their pixels.

    Args:
        images: (batch, height, width, 3) from 0 to 255, or channels first.
        segmentation_masks: integers, (batch, height, width, 1), or channels first.
        num_classes: classes from this on are not coloured; default: the largest class.
        color_mapping: class → red, green and blue up to 255; default: colours that are far from each other.
        alpha: how much of the colour is mixed in.
        blend: whether colours are mixed with the image; else they cover it.
        ignore_index: pixels of this class stay as they are.

    Returns:
        (batch, height, width, 3), a NumPy array of uint8; without ``blend`` a Tensor of floats.

    Raises:
        ValueError: ``images`` are no batch.
        TypeError: the masks are not integers.
    """
    pictures = batch_of_images(images, data_format).astype("float32")
    masks = to_array(segmentation_masks)
    if (data_format or settings.image_data_format) == "channels_first":
        masks = np.moveaxis(masks, 1, -1)
    if masks.dtype.kind not in "iu":
        raise fail(
            TypeError,
            "`segmentation_masks` must be in integer dtype",
            received=f"segmentation_masks.dtype={masks.dtype}",
        )
    classes = masks[..., 0]
    count = int(classes.max()) if num_classes is None else num_classes
    colours = palette(count) if color_mapping is None else [color_mapping[i] for i in range(count)]
    drawn = pictures.copy()
    for i, colour in enumerate(colours):
        drawn[classes == i] = np.asarray(colour, "float32")
    if not blend:
        return wrap(torch.from_numpy(drawn))
    mixed = pictures * np.float32(1 - alpha) + drawn * np.float32(alpha)
    return np.where(classes[..., None] != ignore_index, mixed, pictures).astype("uint8")


def palette(count: int) -> list[list[int]]:
    """So many colours that are far from each other, beginning with black."""
    return [[i * step % 255 for step in (2**25 - 1, 2**15 - 1, 2**21 - 1)] for i in range(count)]
