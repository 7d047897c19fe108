"""Random changes of images; they draw TensorFlow's numbers, one call of ``tf.random.uniform`` each."""

from __future__ import annotations

import functools
from typing import Any

from kerasish.core import dispatch, dtypes
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.core.shape import TensorShape
from kerasish.ops.common import integer_shape
from kerasish.tf.arrays import slice as cut
from kerasish.tf.creation import convert_to_tensor
from kerasish.tf.image import colours, files, places
from kerasish.tf.indexing import where
from kerasish.tf.random import stateless_uniform, uniform

Draw = Any  # like ``tf.random.uniform``, with the seed set


def _stateful(seed: int | None) -> Draw:
    return functools.partial(uniform, seed=seed)


def _stateless(seed: Any) -> Draw:
    return functools.partial(stateless_uniform, seed=seed)


def random_flip_left_right(image: Any, seed: int | None = None) -> Any:
    """Each image mirrored at its vertical axis, or not."""
    return _flipped(image, places.flip_left_right, _stateful(seed))


def random_flip_up_down(image: Any, seed: int | None = None) -> Any:
    """Each image mirrored at its horizontal axis, or not."""
    return _flipped(image, places.flip_up_down, _stateful(seed))


def _flipped(image: Any, flip: Any, draw: Draw) -> Any:
    image = convert_to_tensor(image)
    flipped = flip(image)
    if len(image.shape) == 3:
        return flipped if float(draw([], minval=0, maxval=1.0)) < 0.5 else image
    drawn = draw([image.shape[0]])
    return where(drawn[:, None, None, None] > 0.5, flipped, image)  # one half rounds to 0


def random_brightness(image: Any, max_delta: float, seed: int | None = None) -> Any:
    """``adjust_brightness`` by up to ``max_delta`` either way.

    Raises:
        ValueError: ``max_delta`` is negative.
    """
    return _brightened(image, max_delta, _stateful(seed))


def _brightened(image: Any, max_delta: float, draw: Draw) -> Any:
    if max_delta < 0:
        raise fail(ValueError, "max_delta must be non-negative", received=max_delta)
    return colours.adjust_brightness(image, draw([], minval=-max_delta, maxval=max_delta))


def random_contrast(image: Any, lower: float, upper: float, seed: int | None = None) -> Any:
    """``adjust_contrast`` by a factor between ``lower`` and ``upper``.

    Raises:
        ValueError: not 0 <= lower < upper.
    """
    return colours.adjust_contrast(image, _factor(lower, upper, _stateful(seed)))


def random_saturation(image: Any, lower: float, upper: float, seed: int | None = None) -> Any:
    """``adjust_saturation`` by a factor between ``lower`` and ``upper``.

    Raises:
        ValueError: not 0 <= lower < upper.
    """
    return colours.adjust_saturation(image, _factor(lower, upper, _stateful(seed)))


def _factor(lower: float, upper: float, draw: Draw) -> Any:
    if upper <= lower:
        raise ValueError("upper must be > lower.")
    if lower < 0:
        raise ValueError("lower must be non-negative.")
    return draw([], minval=lower, maxval=upper)


def random_hue(image: Any, max_delta: float, seed: int | None = None) -> Any:
    """``adjust_hue`` by up to ``max_delta`` turns either way.

    Raises:
        ValueError: not 0 <= max_delta <= 0.5.
    """
    return _turned(image, max_delta, _stateful(seed))


def _turned(image: Any, max_delta: float, draw: Draw) -> Any:
    if not 0 <= max_delta <= 0.5:
        raise fail(ValueError, "max_delta must be within [0, 0.5]", received=max_delta)
    return colours.adjust_hue(image, draw([], minval=-max_delta, maxval=max_delta))


def random_crop(value: Any, size: Any, seed: int | None = None, name: str | None = None) -> Any:
    """A part of ``value`` of the given shape, from anywhere.

    Raises:
        InvalidArgumentError: it does not fit.
    """
    return _cropped(value, size, _stateful(seed))


def _cropped(value: Any, size: Any, draw: Draw) -> Any:
    value = convert_to_tensor(value)
    shape, size = tuple(TensorShape(value.shape)), integer_shape(size)
    if len(shape) != len(size) or any(own < wanted for own, wanted in zip(shape, size)):
        raise InvalidArgumentError(f"Need value.shape >= size, got {list(shape)} {list(size)}")
    drawn = dispatch.raw(draw([len(shape)], maxval=dtypes.int32.max, dtype=dtypes.int32)).tolist()
    starts = [number % (own - wanted + 1) for number, own, wanted in zip(drawn, shape, size)]
    return cut(value, starts, size)


def random_jpeg_quality(image: Any, min_jpeg_quality: Any, max_jpeg_quality: Any, seed: int | None = None) -> Any:
    """``adjust_jpeg_quality`` with a quality from ``min_jpeg_quality`` up to below ``max_jpeg_quality``.

    Raises:
        ValueError: not 0 <= min_jpeg_quality < max_jpeg_quality <= 100.
    """
    return _compressed(image, min_jpeg_quality, max_jpeg_quality, _stateful(seed))


def _compressed(image: Any, low: Any, high: Any, draw: Draw) -> Any:
    if low < 0 or high < 0 or low > 100 or high > 100:
        raise ValueError("jpeg encoding range must be between 0 and 100.")
    if low >= high:
        raise ValueError("`min_jpeg_quality` must be less than `max_jpeg_quality`.")
    return files.adjust_jpeg_quality(image, int(draw([], minval=low, maxval=high, dtype=dtypes.int32)))


# the seed is an argument: two integers --------------------------------------------------------------------------------


def stateless_random_flip_left_right(image: Any, seed: Any) -> Any:
    """``random_flip_left_right``; the same for the same seed, two integers."""
    return _flipped(image, places.flip_left_right, _stateless(seed))


def stateless_random_flip_up_down(image: Any, seed: Any) -> Any:
    """``random_flip_up_down``; the same for the same seed, two integers."""
    return _flipped(image, places.flip_up_down, _stateless(seed))


def stateless_random_brightness(image: Any, max_delta: float, seed: Any) -> Any:
    """``random_brightness``; the same for the same seed, two integers."""
    return _brightened(image, max_delta, _stateless(seed))


def stateless_random_contrast(image: Any, lower: float, upper: float, seed: Any) -> Any:
    """``random_contrast``; the same for the same seed, two integers."""
    return colours.adjust_contrast(image, _factor(lower, upper, _stateless(seed)))


def stateless_random_saturation(image: Any, lower: float, upper: float, seed: Any = None) -> Any:
    """``random_saturation``; the same for the same seed, two integers."""
    return colours.adjust_saturation(image, _factor(lower, upper, _stateless(seed)))


def stateless_random_hue(image: Any, max_delta: float, seed: Any) -> Any:
    """``random_hue``; the same for the same seed, two integers."""
    return _turned(image, max_delta, _stateless(seed))


def stateless_random_crop(value: Any, size: Any, seed: Any, name: str | None = None) -> Any:
    """``random_crop``; the same for the same seed, two integers."""
    return _cropped(value, size, _stateless(seed))


def stateless_random_jpeg_quality(image: Any, min_jpeg_quality: Any, max_jpeg_quality: Any, seed: Any) -> Any:
    """``random_jpeg_quality``; the same for the same seed, two integers."""
    return _compressed(image, min_jpeg_quality, max_jpeg_quality, _stateless(seed))
