"""``tf.random_normal_initializer`` and its kin: TensorFlow's own initializers, which differ from Keras's of the same names.

Without a seed they draw like any stateful random operation: other values at each call, under ``tf.random.set_seed``. Files
name Keras's initializers in their place.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish import initializers
from kerasish.core import dispatch, dtypes
from kerasish.core.errors import fail
from kerasish.core.random import shape_of
from kerasish.core.registry import write_as
from kerasish.tf.creation import constant
from kerasish.tf.random import normal, stateless_normal, stateless_uniform, uniform

_PARTITION = ("partition_shape", "partition_offset")


def _part(shape: Any, options: dict) -> tuple:
    """The shape to fill: the variable's, or that of the one part of it that is asked for.

    Raises:
        TypeError: unknown options.
    """
    for name in options:
        if name not in _PARTITION:
            raise TypeError(f"Keyword argument should be one of {list(_PARTITION)}. Received: {name}")
    return shape_of(shape if options.get("partition_shape") is None else options["partition_shape"])


def _check(dtype: Any, integers: bool) -> dtypes.DType:
    kind = dtypes.as_dtype(dtype)
    if not (kind.is_floating or (integers and kind.is_integer)):
        expected = "floating point or integer" if integers else "floating point"
        raise fail(ValueError, f"Argument `dtype` is expected to be {expected}", received=repr(kind))
    return kind


class random_normal_initializer(initializers.RandomNormal):  # noqa: N801 (TensorFlow's name)
    """Normal numbers. With a seed, an integer, each call gives the same ones."""

    def __init__(self, mean: Any = 0.0, stddev: Any = 0.05, seed: int | None = None) -> None:
        self.mean, self.stddev, self.seed, self._init_seed = mean, stddev, seed, seed

    def __call__(self, shape: Any, dtype: Any = dtypes.float32, **kwargs: Any) -> Any:
        kind, sizes = _check(dtype, integers=False), _part(shape, kwargs)
        if self.seed is None:
            return normal(sizes, self.mean, self.stddev, kind)
        return stateless_normal(sizes, (self.seed, 0), self.mean, self.stddev, kind)

    def raw(self, shape: tuple[int, ...], dtype: Any) -> Any:
        return dispatch.raw(self(shape, dtypes.as_dtype(dtype)))


class random_uniform_initializer(initializers.RandomUniform):  # noqa: N801
    """Uniform numbers in [minval, maxval); integers for an integer dtype. With a seed each call gives the same ones."""

    def __init__(self, minval: Any = -0.05, maxval: Any = 0.05, seed: int | None = None) -> None:
        self.minval, self.maxval, self.seed, self._init_seed = minval, maxval, seed, seed

    def __call__(self, shape: Any, dtype: Any = dtypes.float32, **kwargs: Any) -> Any:
        kind, sizes = _check(dtype, integers=True), _part(shape, kwargs)
        low, high = (int(self.minval), int(self.maxval)) if kind.is_integer else (self.minval, self.maxval)
        if self.seed is None:
            return uniform(sizes, low, high, kind)
        return stateless_uniform(sizes, (self.seed, 0), low, high, kind)

    def raw(self, shape: tuple[int, ...], dtype: Any) -> Any:
        return dispatch.raw(self(shape, dtypes.as_dtype(dtype)))


class constant_initializer(initializers.Constant):  # noqa: N801
    """A number everywhere, or a list or array of as many values as the shape has places.

    Args:
        support_partition: whether parts of a variable may be asked for.

    Raises:
        TypeError: on a call, where there are more or fewer values.
    """

    def __init__(self, value: Any = 0, support_partition: bool = False) -> None:
        if not (np.isscalar(value) or isinstance(value, (list, tuple, np.ndarray))):
            expected = "a Python scalar, a list or tuple of values, or numpy.ndarray"
            raise fail(TypeError, "Invalid type for initial value", expected, repr(value))
        super().__init__(value)
        self.support_partition = support_partition

    def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Any:
        sizes = _part(shape, kwargs)
        if kwargs and not self.support_partition:
            raise ValueError("constant_initializer does not support a partition of a variable; see support_partition")
        return constant(self.value, dtype=None if dtype is None else dtypes.as_dtype(dtype), shape=sizes)

    def raw(self, shape: tuple[int, ...], dtype: Any) -> Any:
        return dispatch.raw(self(shape, dtypes.as_dtype(dtype)))


for _initializer, _name in (
    (random_normal_initializer, "RandomNormal"),
    (random_uniform_initializer, "RandomUniform"),
    (constant_initializer, "Constant"),
):
    _initializer.__module__ = "kerasish.initializers"
    write_as(f"keras.initializers.{_name}", _initializer)
