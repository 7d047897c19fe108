"""The feed for whatever a user passes as data: an iterable of batches of raw tensors on the device, once per epoch.

Arrays that fit go to the device once (arrays.py); everything else (generators, ``tf.data``, ``PyDataset``, torch's
``DataLoader``) is converted batch by batch (sources.py). batch.py tells what a batch is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from kerasish.core.errors import fail
from kerasish.core.ragged import RaggedTensor
from kerasish.core.tensor import Tensor
from kerasish.training.arrays import ArrayFeed, sample_count, split_arrays
from kerasish.training.batch import Feed as Feed
from kerasish.training.batch import class_weights as class_weights
from kerasish.training.batch import pack_x_y_sample_weight as pack_x_y_sample_weight
from kerasish.training.batch import to_batch as to_batch
from kerasish.training.batch import unpack_x_y_sample_weight as unpack_x_y_sample_weight
from kerasish.training.disk_rows import DiskRows
from kerasish.training.ragged_rows import RaggedRows
from kerasish.training.sources import BOTH_WEIGHTS, SourceFeed, WeightedFeed
from kerasish.training.sparse_rows import SparseRows, is_sparse_data


def make_feed(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    batch_size: int | None = None,
    shuffle: Any = False,
    class_weight: dict | None = None,
    steps: int | None = None,
) -> Feed:
    """The feed for the arguments of ``fit``, ``evaluate`` or ``predict``.

    Raises:
        ValueError: targets beside a source that yields them, contradictory weights, sizes that differ, or a kind of data
            that is not known.
    """
    if isinstance(x, Feed):
        return x
    if is_batch_source(x):
        for argument, part, what in (("y", y, "targets"), ("sample_weights", sample_weight, "sample weights")):
            if part is not None:
                kind = "generator" if hasattr(x, "__next__") else type(x).__name__
                raise ValueError(
                    f"When providing `x` as a {kind}, `{argument}` should not be passed. Instead, the {what} should be "
                    f"included as part of the {kind}."
                )
        feed: Feed = SourceFeed(x, shuffle)
        return WeightedFeed(feed, class_weight) if class_weight else feed
    if class_weight and sample_weight is not None:
        raise ValueError(BOTH_WEIGHTS)
    if isinstance(x, torch.utils.data.Dataset):
        raise fail(
            ValueError, f"Unrecognized data type: x={x} (of type {type(x)})",
            hint="It yields samples, not batches: wrap it in a torch.utils.data.DataLoader.",
        )  # fmt: skip
    if batch_size is None and steps is not None:
        batch_size = -(-sample_count(x) // steps)
    return ArrayFeed(x, y, sample_weight, batch_size or 32, shuffle, class_weight)


def is_batch_source(x: Any) -> bool:
    """Whether ``x`` yields batches rather than being an array or a structure of arrays."""
    if (
        x is None
        or isinstance(x, (np.ndarray, torch.Tensor, Tensor, list, tuple, dict, str))
        or is_sparse_data(x)
        or isinstance(x, (SparseRows, RaggedRows, DiskRows, RaggedTensor))
        or hasattr(x, "__array__")
    ):
        return False
    if isinstance(x, torch.utils.data.Dataset):
        return False
    is_sequence = hasattr(x, "__getitem__") and hasattr(x, "__len__")
    return hasattr(x, "__next__") or hasattr(x, "__iter__") or is_sequence


def split(data: tuple, fraction: float) -> tuple[tuple, tuple]:
    """The data without its last part, and that part: ``validation_split``, taken before any shuffling.

    Raises:
        ValueError: not arrays, or nothing would be left.
    """
    for part in data:
        if is_batch_source(part):
            raise ValueError(
                "Argument `validation_split` is only supported for tensors or NumPy arrays. "
                f"Found incompatible type in the input: [{type(part)}]"
            )
    return split_arrays(data, fraction)
