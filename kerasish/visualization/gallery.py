"""Images side by side, with matplotlib, which is imported where it is used."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from kerasish.core.errors import fail
from kerasish.visualization.drawing import (
    Colour,
    batch_of_images,
    draw_bounding_boxes,
    draw_segmentation_masks,
    needs,
    to_array,
)


def _pyplot(name: str) -> Any:
    try:
        from matplotlib import pyplot
    except ImportError:
        raise needs("matplotlib", "matplotlib", name) from None
    return pyplot


def plot_image_gallery(
    images: Any,
    y_true: Any = None,
    y_pred: Any = None,
    label_map: Mapping | None = None,
    rows: int | None = None,
    cols: int | None = None,
    value_range: tuple[float, float] = (0, 255),
    scale: float = 2,
    path: Any = None,
    show: bool | None = None,
    transparent: bool = True,
    dpi: float = 60,
    legend_handles: Any = None,
    data_format: str | None = None,
) -> None:
    """Show images in rows and columns, or write the picture to a file.

    Args:
        images: (batch, height, width, channels), or channels first.
        y_true, y_pred: classes, which are named above the images.
        label_map: class → name.
        rows, cols: how many; default: about a square.
        value_range: the images' smallest and largest value.
        scale: inches for each image.
        path: of a file; default: the picture is shown.
        show: whether it is shown; default: where there is no ``path``.
        transparent, dpi: of the file.
        legend_handles: matplotlib's, for a legend below.

    Raises:
        ValueError: ``images`` are no batch, ``path`` is given with ``show``, or names are missing.
        ImportError: matplotlib is not installed.
    """
    plt = _pyplot("plot_image_gallery")
    if path is not None and show:
        raise ValueError("plot_image_gallery() expects either `path` to be set, or `show` to be true.")
    if (y_true is not None or y_pred is not None) and label_map is None:
        raise ValueError("If `y_true` or `y_pred` are provided, a `label_map` must also be provided.")
    pictures = batch_of_images(images, data_format)
    rows = rows or math.ceil(math.sqrt(len(pictures)))
    cols = cols or math.ceil(len(pictures) // rows)
    low, high = value_range
    if (low, high) != (0, 255):
        pictures = (pictures.astype("float32") - low) / (high - low) * 255
    figure, axes = plt.subplots(
        rows, cols, figsize=(cols * scale, rows * scale), frameon=False, layout="tight", squeeze=False
    )
    if legend_handles is not None:
        figure.legend(handles=legend_handles, loc="lower center")
    for index, axis in enumerate(axes.flat):
        axis.axis("off")
        if index < len(pictures):
            axis.imshow(pictures[index].astype("uint8"))
            axis.margins(x=0, y=0)
            axis.set_title(_title(index, y_true, y_pred, label_map), fontsize=8)
    if path is not None:
        figure.savefig(path, pad_inches=0, bbox_inches="tight", transparent=transparent, dpi=dpi)
        plt.close(figure)
    elif show or show is None:
        plt.show()
        plt.close(figure)


def _title(index: int, y_true: Any, y_pred: Any, names: Mapping | None) -> str:
    parts = []
    for word, given in (("Label", y_true), ("Pred", y_pred)):
        if given is not None and index < len(given):
            parts.append(f"{word}: {(names or {}).get(to_array(given)[index].item(), 'Unknown')}")
    return "  ".join(parts)


def plot_bounding_box_gallery(
    images: Any,
    bounding_box_format: str,
    y_true: Any = None,
    y_pred: Any = None,
    value_range: tuple[float, float] = (0, 255),
    true_color: Colour = (0, 188, 212),
    pred_color: Colour = (255, 235, 59),
    line_thickness: int = 2,
    font_scale: float = 1.0,
    text_thickness: int | None = None,
    class_mapping: Mapping[int, str] | None = None,
    ground_truth_mapping: Mapping[int, str] | None = None,
    prediction_mapping: Mapping[int, str] | None = None,
    legend: bool = False,
    legend_handles: Any = None,
    rows: int | None = None,
    cols: int | None = None,
    data_format: str | None = None,
    **kwargs: Any,
) -> None:
    """Show images with true and predicted boxes.

    Args:
        images: (batch, height, width, channels), or channels first.
        y_true, y_pred: dictionaries as of ``draw_bounding_boxes``.
        true_color, pred_color: of their boxes.
        class_mapping: label → name; ``ground_truth_mapping`` and ``prediction_mapping`` go before it.
        legend: whether the two colours are explained.

    All else: as of ``plot_image_gallery`` and ``draw_bounding_boxes``.

    Raises:
        ValueError: ``images`` are no batch, or ``legend`` is given with ``legend_handles``.
        ImportError: matplotlib or Pillow is not installed.
    """
    _pyplot("plot_bounding_box_gallery")
    drawn = batch_of_images(images, data_format)
    given = (
        (y_true, true_color, ground_truth_mapping or class_mapping),
        (y_pred, pred_color, prediction_mapping or class_mapping),
    )
    for boxes, color, names in given:
        if boxes is not None:
            drawn = draw_bounding_boxes(
                drawn,
                boxes,
                bounding_box_format,
                names,
                color,
                line_thickness,
                text_thickness or line_thickness,
                font_scale,
                "channels_last",
            )
    if legend:
        if legend_handles:
            raise ValueError(
                "Only pass `legend` OR `legend_handles` to `keras.visualization.plot_bounding_box_gallery()`."
            )
        from matplotlib import patches

        words = (true_color, "Ground Truth"), (pred_color, "Prediction")
        legend_handles = [patches.Patch(color=np.array(color) / 255, label=word) for color, word in words]
    plot_image_gallery(
        drawn,
        value_range=value_range,
        legend_handles=legend_handles,
        rows=rows,
        cols=cols,
        data_format="channels_last",
        **kwargs,
    )


def plot_segmentation_mask_gallery(
    images: Any,
    num_classes: int,
    value_range: tuple[float, float] = (0, 255),
    y_true: Any = None,
    y_pred: Any = None,
    color_mapping: Mapping[int, Any] | None = None,
    blend: bool = True,
    alpha: float = 0.8,
    ignore_index: int = -1,
    data_format: str | None = None,
    **kwargs: Any,
) -> None:
    """Show images, and beside each the image with its true and its predicted mask.

    Args:
        images: (batch, height, width, channels), or channels first.
        y_true, y_pred: masks of classes, (batch, height, width, 1), or channels first.

    All else: as of ``plot_image_gallery`` and ``draw_segmentation_masks``.

    Raises:
        ValueError: ``images`` are no batch.
        ImportError: matplotlib is not installed.
    """
    pictures = batch_of_images(images, data_format)
    columns = [pictures]
    for masks in (y_true, y_pred):
        if masks is not None:
            classes = batch_of_images(masks, data_format).astype("int32")
            options = (num_classes, color_mapping, alpha, blend, ignore_index, "channels_last")
            columns.append(to_array(draw_segmentation_masks(pictures, classes, *options)))
    gallery = np.stack(columns, 1).reshape(-1, *pictures.shape[1:])
    if "rows" in kwargs or "cols" in kwargs:
        raise fail(TypeError, "Rows and columns follow from the images and masks", received=sorted(kwargs))
    plot_image_gallery(
        gallery,
        value_range=value_range,
        rows=len(pictures),
        cols=len(columns),
        data_format="channels_last",
        **kwargs,
    )
