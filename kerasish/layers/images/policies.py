"""Layers that apply some of many augmentations: RandAugment (Cubuk et al. 2019) and AugMix (Hendrycks et al. 2019)."""

from __future__ import annotations

import random as python_random
from typing import Any

import torch

from kerasish.core import random as streams
from kerasish.core.context import settings
from kerasish.core.dispatch import boundary, raw
from kerasish.core.dtypes import to_torch
from kerasish.core.random_gamma import beta_raw, gamma_raw
from kerasish.layers.images.affine import RandomRotation, RandomShear, RandomTranslation
from kerasish.layers.images.base import RandomImageLayer, tensor_of
from kerasish.layers.images.colours import RandomColorDegeneration
from kerasish.layers.images.equalize import AutoContrast, Equalization
from kerasish.layers.images.sharpness import RandomSharpness
from kerasish.layers.images.tones import RandomBrightness, RandomContrast, RandomPosterization, Solarization

_COLOUR_LAYERS = {
    "random_brightness": RandomBrightness,
    "random_color_degeneration": RandomColorDegeneration,
    "random_contrast": RandomContrast,
    "random_sharpness": RandomSharpness,
}


class PolicyLayer(RandomImageLayer):
    """A layer with one of each of the layers that it chooses from, under their names."""

    _USE_BASE_FACTOR = False
    _FACTOR_BOUNDS = (0, 1)
    _names: tuple[str, ...]

    def _make(self, names: tuple[str, ...], given: dict) -> None:
        """Make these layers, in this order: each draws its seed. ``given``: arguments of all of them."""
        ranged = {"value_range": self.value_range, **given}
        seeded = {"seed": self.seed, **given}
        both = {"seed": self.seed, **ranged}
        shape = {"interpolation": self.interpolation, **seeded}
        factor = self.factor
        makers: dict[str, Any] = {
            "random_shear": lambda: RandomShear(x_factor=factor, y_factor=factor, **shape),
            "random_translation": lambda: RandomTranslation(height_factor=factor, width_factor=factor, **shape),
            "random_rotation": lambda: RandomRotation(factor=factor, **shape),
            "solarization": lambda: Solarization(addition_factor=factor, threshold_factor=factor, **both),
            "random_posterization": lambda: RandomPosterization(factor=max(1, int(8 * factor[1])), **both),
            "auto_contrast": lambda: AutoContrast(**ranged),
            "equalization": lambda: Equalization(**ranged),
        }
        for name in names:
            make = makers[name] if name in makers else lambda kind=_COLOUR_LAYERS[name]: kind(factor=factor, **both)
            setattr(self, name, make())

    def build(self, input_shape: Any) -> None:
        for name in self._names:
            getattr(self, name).build(input_shape)


class RandAugment(PolicyLayer):
    """Applies randomly chosen augmentations to a batch, one after another.

    Args:
        value_range: smallest and largest value of a pixel.
        num_ops: how many are applied.
        factor: from 0 to 1: (lower, upper) of their strength, or one number f for (0, f).
        interpolation: "nearest" or "bilinear".
        seed: an integer.
        data_format: "channels_last" or "channels_first"; default: the image data format.

    Input and output shape: ``(batch, height, width, 3)`` or ``(height, width, 3)``, or channels first; or a dictionary with
    "images".

    Raises:
        ValueError: ``factor`` is out of its range.
    """

    _names = (
        "random_shear", "random_translation", "random_rotation", "random_brightness", "random_color_degeneration",
        "random_contrast", "random_sharpness", "random_posterization", "solarization", "auto_contrast", "equalization",
    )  # fmt: skip
    _made = (
        "random_shear", "random_translation", "random_rotation", "random_brightness", "random_color_degeneration",
        "random_contrast", "random_sharpness", "solarization", "random_posterization", "auto_contrast", "equalization",
    )  # fmt: skip

    def __init__(
        self,
        value_range: Any = (0, 255),
        num_ops: int = 2,
        factor: Any = 0.5,
        interpolation: str = "bilinear",
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.value_range = value_range
        self.num_ops = num_ops
        self._set_factor(factor)
        self.interpolation = interpolation
        self._make(self._made, {"data_format": data_format, **kwargs})

    @boundary
    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> dict | None:
        if not training:
            return None
        images = self._images_of(data)
        chosen = streams.keras_integers_raw(
            (self.num_ops,), streams.draw_seed(self.generator), 0, len(self._names), "int32"
        )
        transforms = {
            name: getattr(self, name).get_random_transformation(images, training=training, seed=self.generator)
            for name in self._names
        }
        return {"transforms": transforms, "layer_idxes": chosen.to(images.device)}

    def _chosen(self, transformation: dict) -> list[tuple[Any, Any]]:
        """The layers to apply, each with its transformation."""
        names = list(transformation["transforms"])
        chosen = (names[int(index)] for index in transformation["layer_idxes"])
        return [(getattr(self, name), transformation["transforms"][name]) for name in chosen]

    @boundary
    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        images = self._computed(images)
        if training:
            for layer, drawn in self._chosen(transformation):
                images = layer.transform_images(images, drawn)
        return self._computed(images)

    @boundary
    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any = None, training: bool = True) -> Any:
        if training:
            order = sorted(self._chosen(transformation), key=lambda pair: self._order(pair[0]))
            for layer, drawn in dict(order).items():  # each once, in the order of the list, as in Keras
                bounding_boxes = layer.transform_bounding_boxes(dict(bounding_boxes), drawn)
            boxes = raw(bounding_boxes["boxes"])
            dtype = torch.promote_types(boxes.dtype, to_torch(self.compute_dtype))
            return {**bounding_boxes, "boxes": boxes.to(dtype)}
        return bounding_boxes

    def _order(self, layer: Any) -> int:
        return next(i for i, name in enumerate(self._names) if getattr(self, name) is layer)

    @boundary
    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        if training:
            for layer, drawn in self._chosen(transformation):
                segmentation_masks = layer.transform_segmentation_masks(segmentation_masks, drawn)
        return segmentation_masks


class AugMix(PolicyLayer):
    """Mixes images with the results of several chains of randomly chosen augmentations.

    Args:
        value_range: smallest and largest value of a pixel, at which results are cut off.
        num_chains: how many chains are mixed.
        chain_depth: augmentations in a chain, at most.
        factor: from 0 to 1: (lower, upper) of their strength, or one number f for (0, f).
        alpha: parameter of the distributions of the weights (Dirichlet among chains, beta against the image itself).
        all_ops: whether brightness, contrast, colour and sharpness are changed too.
        interpolation: "nearest" or "bilinear".
        seed: an integer. Which layers are chosen comes from Python's generator.
        data_format: "channels_last" or "channels_first"; default: the image data format.

    Input and output shape: ``(batch, height, width, 3)`` or ``(height, width, 3)``, or channels first; or a dictionary with
    "images".

    Raises:
        ValueError: ``factor`` is out of its range.
    """

    _shapes = ("random_shear", "random_translation", "random_rotation")
    _values = ("random_posterization", "solarization", "auto_contrast", "equalization")

    def __init__(
        self,
        value_range: Any = (0, 255),
        num_chains: int = 3,
        chain_depth: int = 3,
        factor: Any = 0.3,
        alpha: float = 1.0,
        all_ops: bool = True,
        interpolation: str = "bilinear",
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        self.value_range = value_range
        self.num_chains = num_chains
        self.chain_depth = chain_depth
        self._set_factor(factor)
        self.alpha = alpha
        self.all_ops = all_ops
        self.interpolation = interpolation
        colours = tuple(_COLOUR_LAYERS) if all_ops else ()
        self._names = (*self._shapes, *self._values, *colours)
        made = (*self._shapes, "solarization", "random_posterization", "auto_contrast", "equalization", *colours)
        self._make(made, {"data_format": data_format, **kwargs})

    @boundary
    def get_random_transformation(self, data: Any, training: bool = True, seed: Any = None) -> dict | None:
        if not training:
            return None
        images, seed = self._images_of(data), seed or self.generator
        parts = gamma_raw((self.num_chains,), streams.draw_seed(seed), self.alpha, settings.floatx)
        weight = beta_raw((), streams.draw_seed(seed), self.alpha, self.alpha, settings.floatx)
        return {
            "chain_mixing_weights": (parts / parts.sum()).to(images.device),
            "weight_sample": weight.to(images.device),
            "chain_transforms": [self._chain(images) for _ in range(self.num_chains)],
        }

    def _chain(self, images: torch.Tensor) -> list[dict]:
        steps = []
        for _ in range(self.chain_depth):
            name = python_random.choice([*self._names, None])
            if name is not None:
                drawn = getattr(self, name).get_random_transformation(images, seed=self.generator)
                steps.append({"layer_name": name, "transformation": drawn})
        return steps

    def _mixed(self, values: torch.Tensor, transformation: dict, method: str) -> torch.Tensor:
        """Values, mixed with those that the chains make of them by a method of their layers."""
        weights = self._computed(tensor_of(transformation["chain_mixing_weights"], values))
        own = self._computed(tensor_of(transformation["weight_sample"], values))
        mixed = torch.zeros_like(values)
        for weight, chain in zip(weights, transformation["chain_transforms"], strict=True):
            made = values
            for step in chain:
                made = getattr(getattr(self, step["layer_name"]), method)(made, step["transformation"])
            mixed = mixed + made * weight
        return own * values + (1 - own) * mixed

    @boundary
    def transform_images(self, images: Any, transformation: Any = None, training: bool = True) -> Any:
        images = self._computed(images)
        if not training:
            return images
        return self._computed(self._mixed(images, transformation, "transform_images").clamp(*self.value_range))

    @boundary
    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any = None, training: bool = True
    ) -> Any:
        if not training:
            return segmentation_masks
        return self._mixed(raw(segmentation_masks), transformation, "transform_segmentation_masks")
