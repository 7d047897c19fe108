"""What the tests of tf.data share."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish import tf

Dataset = tf.data.Dataset


def plain(value: Any) -> Any:
    """NumPy values of an element as Python's; text as str."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, (tuple, list)):
        return tuple(plain(part) for part in value)
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, np.ndarray) and value.dtype == object:
        return [text.decode() for text in value.reshape(-1)]
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value


def values(dataset: Any) -> list:
    """All elements, as Python values."""
    return [plain(element) for element in dataset.as_numpy_iterator()]


def numbers(*args: Any) -> Any:
    return Dataset.range(*args)


def pairs() -> Any:
    return Dataset.from_tensor_slices((np.arange(4), np.array([10, 20, 30, 40], np.float32)))


def records() -> Any:
    return Dataset.from_tensor_slices({"a": np.arange(4), "b": np.array(list("wxyz"))})


def ragged() -> Any:
    """0, 1, 2, 3, 4 elements, each its own number."""
    return Dataset.range(5).map(lambda x: tf.fill([x], x))
