"""``tf.experimental.numpy.random``: NumPy's old random functions with TensorFlow's numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish.core.errors import missing_name
from kerasish.core.random import set_seed
from kerasish.tf import random as tf_random
from kerasish.tf.experimental.numpy.conversion import numpy_type, public, raw_array, torch_type


def _size(size: Any) -> list[int]:
    if size is None:
        return []
    return [int(size)] if isinstance(size, (int, np.integer)) else [int(n) for n in raw_array(size).reshape(-1)]


def seed(s: int) -> None:
    """Start all of TensorFlow's random numbers anew.

    Raises:
        ValueError: no number.
    """
    set_seed(int(np.asarray(s)))


def randn(*args: int) -> Any:
    """Normal numbers of the given sizes."""
    return standard_normal(args)


def standard_normal(size: Any = None) -> Any:
    """Normal numbers."""
    return tf_random.normal(_size(size), dtype=numpy_type(float).name)


@public
def uniform(low: Any = 0.0, high: Any = 1.0, size: Any = None) -> Any:
    """Numbers in [low, high)."""
    low, high = (raw_array(v, numpy_type(float)) for v in (low, high))
    sizes = list(np.broadcast_shapes(low.shape, high.shape)) if size is None else _size(size)
    return raw_array(tf_random.uniform(sizes, dtype=numpy_type(float).name)) * (high - low) + low


@public
def poisson(lam: Any = 1.0, size: Any = None) -> Any:
    """Poisson numbers, ``size`` of them for each expectation in ``lam``, as int64 (int32 if float32 is preferred)."""
    rate = raw_array(lam, numpy_type(float))
    return raw_array(tf_random.poisson([] if size is None else _size(size), rate), np.int64)


def random(size: Any = None) -> Any:
    """Numbers in [0, 1)."""
    return uniform(0.0, 1.0, size)


def rand(*size: int) -> Any:
    """Numbers in [0, 1) of the given sizes."""
    return uniform(0.0, 1.0, size)


def randint(low: Any, high: Any = None, size: Any = None, dtype: Any = np.int64) -> Any:
    """Integers in [low, high), or in [0, low)."""
    low, high = (0, low) if high is None else (low, high)
    kind = torch_type(dtype)
    wide = kind if kind in (torch_type(np.int32), torch_type(np.int64)) else torch_type(np.int64)
    low, high = (raw_array(v, wide) for v in (low, high))
    drawn = tf_random.uniform(_size(size), low, high, dtype=wide)
    return public(lambda x: raw_array(x, dtype))(drawn)


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
