"""Arrays of classes and vectors: one-hot rows, unit norm."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish import ops
from kerasish.core import dispatch
from kerasish.core.errors import fail


def to_categorical(x: Any, num_classes: int | None = None) -> Any:
    """Integer classes as one-hot rows: (n,) or (n, 1) → (n, num_classes), float64 for arrays, float32 for tensors.

    Args:
        num_classes: default: the largest class plus 1.

    Raises:
        IndexError: a class that is negative or not below ``num_classes``.
        ValueError: NaN among the classes.
    """
    is_tensor = dispatch.is_tensor(x)
    values = np.asarray(x)
    if values.dtype.kind == "f" and np.isnan(values).any():
        raise fail(ValueError, "to_categorical was given NaN, which no integer stands for", "class numbers from 0")
    values = values.astype("int64")
    if values.ndim > 1 and values.shape[-1] == 1:
        values = values.reshape(values.shape[:-1])
    if num_classes is None:
        num_classes = int(values.max()) + 1
    elif values.size and (values.max() >= num_classes or values.min() < 0):
        raise fail(
            IndexError,
            "to_categorical was given classes out of range",
            f"0 to {num_classes - 1}",
            f"{values.min()} to {values.max()}",
        )
    out = np.zeros((*values.shape, num_classes), dtype="float32" if is_tensor else "float64")
    np.put_along_axis(out, values[..., None], 1.0, axis=-1)
    return dispatch.wrap(dispatch.raw(out)) if is_tensor else out


def normalize(x: Any, axis: int = -1, order: int = 2) -> Any:
    """``x`` divided by its norm along ``axis``; zero vectors stay zero. A vector of NumPy's becomes a row."""
    if not isinstance(x, np.ndarray):
        return ops.normalize(x, axis=axis, order=order)
    norms = np.atleast_1d(np.linalg.norm(x, order, axis))
    norms[norms == 0] = 1
    return x / np.expand_dims(norms, axis)
