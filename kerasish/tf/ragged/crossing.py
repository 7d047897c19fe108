"""Feature crosses of ragged and dense tensors: for each row, all combinations of one value of each."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.core.ragged import RaggedTensor
from kerasish.core.ragged_partition import RowPartition, splits_of
from kerasish.core.sparse import SparseTensor
from kerasish.core.tensor import convert
from kerasish.ops.hashing import fingerprint64, fingerprint_pair

_KEY = 0xDECAFCAFFE  # TensorFlow's own
_WORD = 1 << 64


def _rows(inputs: Any) -> tuple[list[list[list]], torch.dtype]:
    """The rows of each input, as lists of bytes or integers.

    Raises:
        TypeError: ``inputs`` is no list, or one is neither text nor integers.
        ValueError: one is not a batch of rows.
        InvalidArgumentError: their numbers of rows differ.
    """
    if isinstance(inputs, RaggedTensor) or not isinstance(inputs, (list, tuple)):
        raise TypeError("Inputs must be a list")
    found, kind = [], torch.int64
    for value in inputs:
        value = value if isinstance(value, (RaggedTensor, SparseTensor)) else convert(value)
        if value.shape.rank != 2:
            raise ValueError(f"tf.ragged.cross only supports inputs with rank=2 (received rank {value.shape.rank})")
        if value.dtype != "string" and not value.dtype.is_integer:
            raise fail(TypeError, "Unexpected dtype for inputs", "strings or integers", value.dtype)
        if isinstance(value, SparseTensor):
            value = RaggedTensor.from_value_rowids(value.values, value.indices[:, 0], value.dense_shape[0])
        if isinstance(value, RaggedTensor):
            kind = value._splits_dtype
            found.append(value.to_list())
        else:
            found.append(np.asarray(value.numpy()).tolist())
    counts = {len(rows) for rows in found}
    if len(counts) > 1:
        raise InvalidArgumentError(f"inputs must all have the same batch dimension size, got {sorted(counts)}")
    return found, kind


def _crossed(inputs: Any) -> tuple[list[tuple], torch.Tensor]:
    """The combinations of all rows, and how many each has."""
    features, kind = _rows(inputs)
    made = [list(itertools.product(*row)) for row in zip(*features)]
    return [items for row in made for items in row], splits_of(torch.tensor([len(row) for row in made], dtype=kind))


def cross(inputs: Sequence[Any], name: str | None = None) -> RaggedTensor:
    """The combinations of the rows' values as texts joined by ``_X_``."""
    combined, splits = _crossed(inputs)
    out = np.empty(len(combined), dtype=object)
    out[:] = [b"_X_".join(x if isinstance(x, bytes) else str(x).encode() for x in items) for items in combined]
    return RaggedTensor._remade(dispatch.wrap(out), RowPartition(splits))


def cross_hashed(
    inputs: Sequence[Any], num_buckets: int = 0, hash_key: int | None = None, name: str | None = None
) -> RaggedTensor:
    """The combinations of the rows' values as hashes (int64).

    Args:
        num_buckets: hashes are taken modulo it; 0: they are any nonnegative number.
        hash_key: that hashes start with.
    """
    combined, splits = _crossed(inputs)
    first = _KEY if not hash_key else int(hash_key)
    most = int(num_buckets) or (1 << 63) - 1
    out = np.empty(len(combined), dtype=np.int64)
    for i, items in enumerate(combined):
        word = first
        for x in items:
            word = fingerprint_pair(word, fingerprint64(x) if isinstance(x, bytes) else x % _WORD)
        out[i] = word % most
    return RaggedTensor._remade(dispatch.wrap(torch.from_numpy(out)), RowPartition(splits))
