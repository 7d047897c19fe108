"""The data that ``adapt`` takes: an array, a dataset, a ``PyDataset`` or any iterable of batches."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch
from kerasish.core.errors import fail

ROWS = 128  # of a batch made from a dataset of single samples


def features_of(batch: Any) -> Any:
    """``x`` of ``(x, y)`` or ``(x, y, sample_weight)``."""
    return batch[0] if isinstance(batch, tuple) else batch


def is_array(data: Any) -> bool:
    """Whether ``data`` is one array: of NumPy, a tensor, or of pandas."""
    return isinstance(data, np.ndarray) or dispatch.is_tensor(data) or (hasattr(data, "__array__") and _shaped(data))


def is_dataset(data: Any) -> bool:
    """Whether ``data`` is a ``tf.data.Dataset``."""
    return hasattr(data, "element_spec") and hasattr(data, "batch")


def is_sequence(data: Any) -> bool:
    """Whether ``data`` is a ``PyDataset``: batches by number."""
    return hasattr(data, "num_batches") and hasattr(data, "__getitem__")


def _shaped(data: Any) -> bool:
    return isinstance(getattr(data, "shape", None), tuple)


class Batches:
    """A source of batches, with the shape of its features known before the first is read.

    Args:
        data: a dataset, a ``PyDataset`` or an iterable of arrays, or of tuples that begin with one.

    Raises:
        TypeError: it is none of these, or its elements are no arrays.
        ValueError: there is no batch.
    """

    def __init__(self, data: Any) -> None:
        if is_dataset(data):
            if len(features_of(data.element_spec).shape) == 1:
                data = data.batch(ROWS)
            self.shape = tuple(features_of(data.element_spec).shape)
            self._batches = iter(data)
        elif is_sequence(data):
            self.shape = tuple(features_of(data[0]).shape)
            self._batches = iter(data)
        elif hasattr(data, "__iter__"):
            self._peek(iter(data))
        else:
            raise fail(
                TypeError,
                f"adapt() cannot read data of type {type(data)}",
                "an array, a tensor, a `tf.data.Dataset`, a `keras.utils.PyDataset`, or an iterable of batches",
            )

    def _peek(self, batches: Iterator) -> None:
        nothing = object()
        first = next(batches, nothing)
        if first is nothing:
            raise fail(ValueError, "adapt() received an empty iterable (no batches)", "at least one batch")
        features = features_of(first)
        if not hasattr(features, "shape"):
            raise fail(
                TypeError,
                "adapt() expects an iterable that yields arrays or tensors with a `.shape` attribute",
                received=f"an element of type {type(features).__name__}",
            )
        self.shape = tuple(features.shape)
        self._batches = itertools.chain([first], batches)

    def __iter__(self) -> Iterator[torch.Tensor]:
        return (dispatch.raw(features_of(batch)) for batch in self._batches)
