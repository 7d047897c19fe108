"""Arrays of classes and vectors: one-hot rows, unit norm."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish import ops
from kerasish.core import dispatch
from kerasish.core.errors import fail


def to_categorical(x: Any, num_classes: int | None = None) -> Any:
    """Integer classes as one-hot rows: (n,) or (n, 1) → (n, num_classes), float64 for arrays, float32 for tensors.

    In arrays a negative class counts from the end, as an index does; in tensors classes out of range give rows of zeros.

    Args:
        num_classes: default: the largest class plus 1.

    Raises:
        IndexError: a class of an array that is not below ``num_classes``, or below its negative.
        ValueError: NaN among the classes.
    """
    if dispatch.is_tensor(x):
        return _tensor_rows(x, num_classes)
    values = np.asarray(x)
    if values.dtype.kind == "f" and np.isnan(values).any():
        raise fail(ValueError, "to_categorical was given NaN, which no integer stands for", "class numbers from 0")
    values = values.astype("int64")
    if values.ndim > 1 and values.shape[-1] == 1:
        values = values.reshape(values.shape[:-1])
    num_classes = num_classes or int(values.max()) + 1
    if values.size and (values.max() >= num_classes or values.min() < -num_classes):
        raise fail(
            IndexError,
            "to_categorical was given classes out of range",
            f"{-num_classes} to {num_classes - 1}",
            f"{values.min()} to {values.max()}",
        )
    out = np.zeros((*values.shape, num_classes))
    np.put_along_axis(out, values[..., None] % num_classes, 1.0, axis=-1)
    return out


def _tensor_rows(x: Any, num_classes: int | None) -> Any:
    if num_classes is None:
        num_classes = int(ops.max(x)) + 1
    if len(x.shape) > 1 and x.shape[-1] == 1:
        x = ops.squeeze(x, -1)
    return ops.one_hot(ops.cast(x, "int64"), num_classes)


def normalize(x: Any, axis: int = -1, order: int = 2) -> Any:
    """``x`` divided by its norm along ``axis``; zero vectors stay zero. A vector of NumPy's becomes a row."""
    if not isinstance(x, np.ndarray):
        return ops.normalize(x, axis=axis, order=order)
    norms = np.atleast_1d(np.linalg.norm(x, order, axis))
    norms[norms == 0] = 1
    return x / np.expand_dims(norms, axis)
