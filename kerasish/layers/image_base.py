"""What layers that change images share: images alone, or dictionaries of images with labels, boxes and masks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from kerasish.core import tree
from kerasish.core.context import local
from kerasish.core.dispatch import boundary, raw
from kerasish.core.dtypes import to_torch
from kerasish.core.errors import fail
from kerasish.layers.data_layer import DataLayer
from kerasish.ops import boxes as box_ops
from kerasish.ops.conv import check_data_format


class PlainDataLayer(DataLayer):
    """A layer for a pipeline of data: it has nothing to build, and its outputs are of the compute dtype."""

    _stacks_lists = True

    def _k_compute(self, call: Callable, args: tuple, kwargs: dict) -> Any:
        return call(*args, **kwargs)  # no autocast: what is computed in which dtype, a layer says itself


class BaseImagePreprocessingLayer(PlainDataLayer):
    """The common part of the layers that change images.

    A call takes images, ``(batch, height, width, channels)`` or ``(height, width, channels)``, or channels first, or a
    dictionary of "images" and, if wanted, "labels", "segmentation_masks" and "bounding_boxes" (a dictionary of "boxes"
    and "labels"). A layer says how it changes each of them; one call changes all of them in the same way, which
    ``get_random_transformation`` draws.

    Args:
        factor: how much is changed at most, for layers that have such a number: (lower, upper), or one number.
        bounding_box_format: of the boxes that come in and go out, for example "xyxy".
        data_format: "channels_last" or "channels_first"; default: the image data format.

    Raises:
        ValueError: ``factor`` is out of its range, or was given to a layer that has none.
    """

    _config_first = ("data_format",)

    _USE_BASE_FACTOR = True
    _FACTOR_BOUNDS = (-1, 1)
    _casts_lists = False

    def __init__(
        self, factor: Any = None, bounding_box_format: str | None = None, data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.bounding_box_format = bounding_box_format
        self.data_format = check_data_format(data_format)
        if self._USE_BASE_FACTOR:
            self._set_factor(factor or 0.0)
        elif factor is not None:
            raise fail(
                ValueError,
                f"Layer {type(self).__name__} does not take a `factor` argument",
                received=f"factor={factor}",
            )

    def _set_factor(self, factor: Any) -> None:
        low, high = self._FACTOR_BOUNDS
        pair = isinstance(factor, (tuple, list)) and len(factor) == 2 and factor[0] <= high and factor[1] >= low
        if not pair and not (isinstance(factor, (int, float)) and low <= factor <= high):
            raise fail(
                ValueError,
                "The `factor` argument should be a number (or a list of two numbers) "
                f"in the range [{self._FACTOR_BOUNDS[0]}, {self._FACTOR_BOUNDS[1]}]",
                received=f"factor={factor}",
            )
        self.factor = tuple(sorted(factor)) if pair else (max(-abs(factor), low), abs(factor))

    # what a layer says

    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> Any:
        """What all parts of ``data`` are changed by; None for layers that need no such thing."""
        return None

    def _transform_images(self, images: torch.Tensor, transformation: Any, interpolation: str) -> torch.Tensor:
        raise NotImplementedError

    @boundary
    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        """A batch of images, changed."""
        images = images.to(to_torch(self.compute_dtype))
        return self._transform_images(images, transformation, self.interpolation) if training else images

    def transform_labels(self, labels: Any, transformation: Any = None, training: bool = True) -> Any:
        """A batch of labels, changed."""
        raise NotImplementedError

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any, training: bool = True) -> Any:
        """A batch's dictionary of boxes, changed."""
        raise NotImplementedError

    @boundary
    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        """A batch of masks, changed; each pixel keeps the class of one pixel."""
        if not training:
            return segmentation_masks
        return self._transform_images(segmentation_masks, transformation, "nearest")

    # one sample

    @boundary
    def transform_single_image(self, image: Any, transformation: Any, training: bool = True) -> Any:
        """One image, changed."""
        return self.transform_images(image.unsqueeze(0), transformation=transformation, training=training).squeeze(0)

    @boundary
    def transform_single_label(self, label: Any, transformation: Any, training: bool = True) -> Any:
        """One label, changed."""
        return self.transform_labels(label.unsqueeze(0), transformation=transformation, training=training).squeeze(0)

    @boundary
    def transform_single_bounding_box(self, bounding_box: Any, transformation: Any, training: bool = True) -> Any:
        """The dictionary of one image's boxes, changed."""
        batch = {key: x.unsqueeze(0) if key in ("boxes", "labels") else x for key, x in bounding_box.items()}
        out = self.transform_bounding_boxes(batch, transformation=transformation, training=training)
        return {key: x.squeeze(0) if key in ("boxes", "labels") else x for key, x in out.items()}

    @boundary
    def transform_single_segmentation_mask(
        self, segmentation_mask: Any, transformation: Any, training: bool = True
    ) -> Any:
        """One mask, changed."""
        masks = segmentation_mask.unsqueeze(0)
        return self.transform_segmentation_masks(masks, transformation=transformation, training=training).squeeze(0)

    # a call

    def _is_batched(self, images: Any) -> bool:
        if len(images.shape) not in (3, 4):
            raise fail(
                ValueError,
                f"Layer '{self.name}' takes images of rank 3 (single image) or 4 (batch of images)",
                received=f"data.shape={tuple(images.shape)}",
            )
        return len(images.shape) == 4

    def _computed(self, x: Any) -> torch.Tensor:
        """``x`` in the dtype that the layer computes in."""
        return x.to(to_torch(self.compute_dtype))

    def call(self, data: Any, training: bool = True) -> Any:
        if local.in_dataset:  # there Keras casts everything, integers too
            data = tree.map_structure(lambda x: self._computed(x) if isinstance(x, torch.Tensor) else x, data)
        transformation = self.get_random_transformation(data, training=training)
        how = {"transformation": transformation, "training": training}
        if not isinstance(data, dict):
            return (self.transform_images if self._is_batched(data) else self.transform_single_image)(data, **how)
        batched = self._is_batched(data["images"])
        out = dict(data)
        out["images"] = (self.transform_images if batched else self.transform_single_image)(data["images"], **how)
        if "bounding_boxes" in data:
            self._needs_format()
            boxes = box_ops.densify(data["bounding_boxes"], batched)
            change = self.transform_bounding_boxes if batched else self.transform_single_bounding_box
            out["bounding_boxes"] = change(boxes, **how)
        if "labels" in data:
            change = self.transform_labels if batched else self.transform_single_label
            out["labels"] = change(raw(data["labels"]), **how)
        if "segmentation_masks" in data:
            change = self.transform_segmentation_masks if batched else self.transform_single_segmentation_mask
            out["segmentation_masks"] = change(data["segmentation_masks"], **how)
        return out

    def _needs_format(self) -> None:
        if not self.bounding_box_format:
            raise ValueError(
                "You passed an input with a 'bounding_boxes' key, but you didn't specify a bounding box format. Pass a "
                f"`bounding_box_format` argument to your {type(self).__name__} layer, e.g. `bounding_box_format='xyxy'`."
            )

    def _shape_rule_applies(self, args: tuple, kwargs: dict) -> bool:
        return not isinstance(args[0] if args else kwargs.get("data"), dict)

    def _with_sizes(self, shape: Any, height: int | None, width: int | None) -> tuple:
        """The shape of images or of a batch of them with another height and width."""
        shape = list(shape)
        first = -2 if self.data_format == "channels_first" else -3
        shape[first : first + 2 or None] = height, width
        return tuple(shape)

    def _sizes(self, shape: Any) -> tuple[int, int]:
        """Height and width in a shape of images."""
        first = -2 if self.data_format == "channels_first" else -3
        return shape[first], shape[first + 1]

    def get_config(self) -> dict:
        config = {**super().get_config(), "data_format": self.data_format}
        if self.bounding_box_format is not None:
            config["bounding_box_format"] = self.bounding_box_format
        return config
