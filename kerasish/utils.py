"""Utilities for data, names and training loops (``keras.utils``)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from kerasish.core import dispatch
from kerasish.core.context import clear_session as clear_session
from kerasish.core.errors import fail, missing_name
from kerasish.core.random import set_random_seed as set_random_seed
from kerasish.core.registry import CustomObjectScope as CustomObjectScope
from kerasish.core.registry import deserialize_keras_object as deserialize_keras_object
from kerasish.core.registry import get_custom_objects as get_custom_objects
from kerasish.core.registry import get_registered_name as get_registered_name
from kerasish.core.registry import get_registered_object as get_registered_object
from kerasish.core.registry import publish
from kerasish.core.registry import register_keras_serializable as register_keras_serializable
from kerasish.core.registry import serialize_keras_object as serialize_keras_object
from kerasish.core.symbolic import is_keras_tensor as is_keras_tensor
from kerasish.training.feed import pack_x_y_sample_weight as pack_x_y_sample_weight
from kerasish.training.feed import unpack_x_y_sample_weight as unpack_x_y_sample_weight
from kerasish.training.progress import Progbar as Progbar

custom_object_scope = CustomObjectScope


def to_categorical(x: Any, num_classes: int | None = None) -> Any:
    """Integer classes as one-hot rows: (n,) or (n, 1) → (n, num_classes), float32 for arrays.

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
    out = np.zeros((*values.shape, num_classes), dtype="float32")
    np.put_along_axis(out, values[..., None], 1.0, axis=-1)
    return dispatch.wrap(dispatch.raw(out)) if is_tensor else out


def normalize(x: Any, axis: int = -1, order: int = 2) -> Any:
    """``x`` divided by its norm along ``axis``; zero vectors stay zero."""
    array = np.asarray(x)
    norms = np.atleast_1d(np.linalg.norm(array, order, axis))
    norms[norms == 0] = 1
    out = array / np.expand_dims(norms, axis)
    return dispatch.wrap(dispatch.raw(out)) if dispatch.is_tensor(x) else out


def pad_sequences(
    sequences: Any,
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> np.ndarray:
    """Sequences of different lengths as one array (samples, maxlen, ...).

    Args:
        maxlen: default: the longest sequence's length.
        padding: "pre" fills on the left, "post" on the right.
        truncating: "pre" cuts on the left, "post" on the right.
        value: what to fill with.

    Raises:
        ValueError: not a sequence of sequences, unequal inner shapes, or an unknown side.
    """
    for name, side in (("padding", padding), ("truncating", truncating)):
        if side not in ("pre", "post"):
            raise fail(ValueError, f"`{name}` must be 'pre' or 'post'", received=repr(side))
    try:
        lengths = [len(sequence) for sequence in sequences]
    except TypeError:
        raise fail(ValueError, "`sequences` must be a list of iterables", received=f"{sequences!r}"[:200]) from None
    maxlen = max(lengths, default=0) if maxlen is None else maxlen
    inner = next((np.asarray(s).shape[1:] for s, n in zip(sequences, lengths) if n), ())
    is_text = np.issubdtype(np.dtype(dtype), np.str_) or np.dtype(dtype) == object
    if isinstance(value, str) and not is_text:
        raise ValueError(f"`dtype` {dtype} is not compatible with `value`'s type: {type(value)}\nUse dtype=object.")
    out = np.full((len(lengths), maxlen, *inner), value, dtype=dtype)
    for i, sequence in enumerate(sequences):
        if not len(sequence) or maxlen == 0:
            continue
        kept = np.asarray(sequence[-maxlen:] if truncating == "pre" else sequence[:maxlen], dtype=dtype)
        if kept.shape[1:] != inner:
            raise ValueError(
                f"Shape of sample {kept.shape[1:]} of sequence at position {i} is different from expected shape {inner}"
            )
        if padding == "post":
            out[i, : len(kept)] = kept
        else:
            out[i, -len(kept) :] = kept
    return out


class PyDataset:
    """A data set as a Python object: batch ``i`` is ``dataset[i]``, ``len(dataset)`` their number.

    Args:
        workers: threads, or processes, that fetch batches.
        use_multiprocessing: whether they are processes.
        max_queue_size: batches fetched ahead.
    """

    workers = 1  # here for subclasses that do not call ``super().__init__()``
    use_multiprocessing = False
    max_queue_size = 10

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10) -> None:
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = max_queue_size

    def __getitem__(self, index: int) -> Any:
        """Batch ``index``: ``x``, ``(x, y)`` or ``(x, y, sample_weight)``."""
        raise NotImplementedError

    @property
    def num_batches(self) -> int | None:
        """How many batches an epoch has; None for endless data."""
        try:
            return len(self)  # type: ignore[arg-type]
        except TypeError:
            return None

    def __iter__(self) -> Iterator:
        for i in range(self.num_batches or 0):
            yield self[i]

    def on_epoch_begin(self) -> None:
        """Called before each epoch."""

    def on_epoch_end(self) -> None:
        """Called after each epoch."""


Sequence = PyDataset

__all__ = [
    "CustomObjectScope", "Progbar", "PyDataset", "Sequence", "clear_session", "custom_object_scope",
    "deserialize_keras_object", "get_custom_objects", "get_registered_name", "get_registered_object", "is_keras_tensor",
    "normalize", "pack_x_y_sample_weight", "pad_sequences", "register_keras_serializable", "serialize_keras_object",
    "set_random_seed", "to_categorical", "unpack_x_y_sample_weight",
]  # fmt: skip
publish(
    __name__,
    globals(),
    ("Progbar", "PyDataset", "normalize", "pack_x_y_sample_weight", "pad_sequences", "to_categorical"),
)


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
