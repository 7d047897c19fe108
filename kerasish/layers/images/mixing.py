"""Layers that mix the images of a batch with each other: MixUp (Zhang et al. 2017) and CutMix (Yun et al. 2019)."""

from __future__ import annotations

from typing import Any

import torch

from kerasish.core import random as streams
from kerasish.core.context import settings
from kerasish.core.dispatch import boundary, raw
from kerasish.core.dtypes import to_torch
from kerasish.core.random_gamma import beta_raw
from kerasish.layers.images.base import RandomImageLayer, batch_of, spread, tensor_of
from kerasish.layers.images.patches import PatchLayer


def _partners(transformation: dict, values: torch.Tensor) -> torch.Tensor:
    """What each sample of a batch is mixed with."""
    return values.index_select(0, tensor_of(transformation["permutation_order"], values).long())


def _mixed(transformation: dict, values: torch.Tensor, rank: int) -> torch.Tensor:
    """Samples and their partners, weighted; the weights spread over ``rank`` axes."""
    weight = tensor_of(transformation["mix_weight"], values).reshape(-1, *(1,) * (rank - 1))
    return weight * values + (1.0 - weight) * _partners(transformation, values)


class MixUp(RandomImageLayer):
    """Mixes each image, and its label, with another one of the batch.

    Args:
        alpha: both parameters of the beta distribution of the weights.
        data_format: "channels_last" or "channels_first"; default: the image data format.
        seed: an integer.

    Input and output shape: ``(batch, height, width, channels)`` or ``(height, width, channels)``, or channels first; or a
    dictionary with "images". Labels are one-hot, ``(batch, classes)``.
    """

    def __init__(
        self, alpha: float = 0.2, data_format: str | None = None, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.alpha = alpha

    @boundary
    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> dict:
        images = self._images_of(data)
        count, seed = batch_of(images), self.generator if seed is None else seed
        order = streams.order_raw(count, streams.draw_seed(seed))
        weight = beta_raw((count,), streams.draw_seed(seed), self.alpha, self.alpha, settings.floatx)
        return {"mix_weight": weight.to(images.device), "permutation_order": order.to(images.device)}

    @boundary
    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        if not training:
            return images
        images = self._computed(images)
        weight = tensor_of(transformation["mix_weight"], images).to(images.dtype)
        return _mixed({**transformation, "mix_weight": weight}, images, 4)

    @boundary
    def transform_labels(self, labels: Any, transformation: Any = None, training: bool = True) -> Any:
        return _mixed(transformation, labels, 2) if training else labels

    @boundary
    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any = None, training: bool = True) -> Any:
        """Each image gets the boxes of both."""
        if not training:
            return bounding_boxes
        boxes, labels = (raw(bounding_boxes[name]) for name in ("boxes", "labels"))
        labels = torch.cat([labels, _partners(transformation, labels)], min(1, labels.ndim - 1))
        return {"boxes": torch.cat([boxes, _partners(transformation, boxes)], 1), "labels": labels}

    @boundary
    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        return _mixed(transformation, segmentation_masks, 4) if training else segmentation_masks


class CutMix(PatchLayer):
    """Replaces a rectangle of each image by that of another one of the batch; labels are mixed by area.

    Args:
        factor: from 0 to 1: (lower, upper) of the parameter of the beta distribution of the weights, or one number f
            for (0, f).
        seed: an integer.
        data_format: "channels_last" or "channels_first"; default: the image data format.

    Input and output shape: ``(batch, height, width, channels)``, or channels first; or a dictionary with "images". Labels
    are one-hot, ``(batch, classes)``. Single images stay as they are.

    Raises:
        ValueError: ``factor`` is out of its range.
        NotImplementedError: in a call with bounding boxes.
    """

    _USE_BASE_FACTOR = False
    _FACTOR_BOUNDS = (0, 1)

    def __init__(
        self, factor: Any = 1.0, seed: int | None = None, data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self._set_factor(factor)

    @boundary
    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> dict | None:
        images = self._images_of(data)
        if not training or images.ndim == 3:
            return None
        count, seed = images.shape[0], seed or self.generator
        height, width = self._sizes(images.shape)
        alpha = (self._uniform(images, (), *self.factor, seed, self.compute_dtype) + 1e-6).item()
        weight = beta_raw((count,), streams.draw_seed(seed), alpha, alpha, self.compute_dtype).to(images.device)
        side = (1.0 - weight).sqrt()
        x = self._bounds(images, width, side, seed)
        y = self._bounds(images, height, side, seed)
        order = streams.order_raw(count, streams.draw_seed(seed)).to(torch.int32)
        area = (x[1] - x[0]) * (y[1] - y[0]) / (width * height)
        return {
            "permutation_order": order.to(images.device),
            "batch_masks": self._patches(images, x, y),
            "mix_weight": spread(1.0 - area),
        }

    @boundary
    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        images = self._computed(images)
        if not training or transformation is None:
            return images
        masks = tensor_of(transformation["batch_masks"], images)
        return torch.where(masks, _partners(transformation, images), images)

    @boundary
    def transform_labels(self, labels: Any, transformation: Any = None, training: bool = True) -> Any:
        if not training or transformation is None:
            return labels
        if not labels.is_floating_point():
            labels = labels.to(to_torch(self.compute_dtype))
        return _mixed(transformation, labels, 2)

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any = None, training: bool = True) -> Any:
        raise NotImplementedError("CutMix has no rule for bounding boxes.")

    @boundary
    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        return self.transform_images(segmentation_masks, transformation, training=training)
