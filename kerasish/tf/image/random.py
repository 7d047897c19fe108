"""Random changes of images; they draw TensorFlow's numbers, one call of ``tf.random.uniform`` each."""

from __future__ import annotations

from typing import Any

from kerasish.core import dispatch, dtypes
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.core.shape import TensorShape
from kerasish.ops.common import integer_shape
from kerasish.tf.arrays import slice as cut
from kerasish.tf.creation import convert_to_tensor
from kerasish.tf.image import colours, places
from kerasish.tf.indexing import where
from kerasish.tf.random import uniform


def random_flip_left_right(image: Any, seed: int | None = None) -> Any:
    """Each image mirrored at its vertical axis, or not."""
    return _flipped(image, places.flip_left_right, seed)


def random_flip_up_down(image: Any, seed: int | None = None) -> Any:
    """Each image mirrored at its horizontal axis, or not."""
    return _flipped(image, places.flip_up_down, seed)


def _flipped(image: Any, flip: Any, seed: int | None) -> Any:
    image = convert_to_tensor(image)
    flipped = flip(image)
    if len(image.shape) == 3:
        return flipped if float(uniform([], 0, 1.0, seed=seed)) < 0.5 else image
    drawn = uniform([image.shape[0]], seed=seed)
    return where(drawn[:, None, None, None] > 0.5, flipped, image)  # one half rounds to 0


def random_brightness(image: Any, max_delta: float, seed: int | None = None) -> Any:
    """``adjust_brightness`` by up to ``max_delta`` either way.

    Raises:
        ValueError: ``max_delta`` is negative.
    """
    if max_delta < 0:
        raise fail(ValueError, "max_delta must be non-negative", received=max_delta)
    return colours.adjust_brightness(image, uniform([], -max_delta, max_delta, seed=seed))


def random_contrast(image: Any, lower: float, upper: float, seed: int | None = None) -> Any:
    """``adjust_contrast`` by a factor between ``lower`` and ``upper``.

    Raises:
        ValueError: not 0 <= lower < upper.
    """
    return colours.adjust_contrast(image, _factor(lower, upper, seed))


def random_saturation(image: Any, lower: float, upper: float, seed: int | None = None) -> Any:
    """``adjust_saturation`` by a factor between ``lower`` and ``upper``.

    Raises:
        ValueError: not 0 <= lower < upper.
    """
    return colours.adjust_saturation(image, _factor(lower, upper, seed))


def _factor(lower: float, upper: float, seed: int | None) -> Any:
    if upper <= lower:
        raise ValueError("upper must be > lower.")
    if lower < 0:
        raise ValueError("lower must be non-negative.")
    return uniform([], lower, upper, seed=seed)


def random_hue(image: Any, max_delta: float, seed: int | None = None) -> Any:
    """``adjust_hue`` by up to ``max_delta`` turns either way.

    Raises:
        ValueError: not 0 <= max_delta <= 0.5.
    """
    if not 0 <= max_delta <= 0.5:
        raise fail(ValueError, "max_delta must be within [0, 0.5]", received=max_delta)
    return colours.adjust_hue(image, uniform([], -max_delta, max_delta, seed=seed))


def random_crop(value: Any, size: Any, seed: int | None = None, name: str | None = None) -> Any:
    """A part of ``value`` of the given shape, from anywhere.

    Raises:
        InvalidArgumentError: it does not fit.
    """
    value = convert_to_tensor(value)
    shape, size = tuple(TensorShape(value.shape)), integer_shape(size)
    if len(shape) != len(size) or any(own < wanted for own, wanted in zip(shape, size)):
        raise InvalidArgumentError(f"Need value.shape >= size, got {list(shape)} {list(size)}")
    drawn = dispatch.raw(uniform([len(shape)], maxval=dtypes.int32.max, dtype=dtypes.int32, seed=seed)).tolist()
    starts = [number % (own - wanted + 1) for number, own, wanted in zip(drawn, shape, size)]
    return cut(value, starts, size)
