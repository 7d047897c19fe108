"""``tf.sparse.cross`` and ``cross_hashed``: all combinations of the features of several columns, row by row."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from kerasish.core.errors import InvalidArgumentError
from kerasish.core.sparse import SparseTensor, is_sparse_value
from kerasish.ops.hashing import fingerprint64, fingerprint_pair
from kerasish.tf.sparse_op import raw, sparse, sparse_op

_DEFAULT_KEY = 0xDECAFCAFFE  # TensorFlow's


@sparse_op
def cross(inputs: Any, name: str | None = None, separator: Any = None) -> Any:
    """The combinations of the features in each row, as strings joined by ``separator`` ("_X_" by default).

    Args:
        inputs: a list of sparse or dense matrices of strings or integers, with as many rows.

    Raises:
        TypeError: not a list.
        InvalidArgumentError: the numbers of rows differ.
    """
    between = b"_X_" if separator is None else separator if isinstance(separator, bytes) else str(separator).encode()

    def joined(features: tuple) -> bytes:
        return between.join(x if isinstance(x, bytes) else str(x).encode() for x in features)

    return _crossed(inputs, joined, object)


@sparse_op
def cross_hashed(inputs: Any, num_buckets: int = 0, hash_key: int | None = None, name: str | None = None) -> Any:
    """The combinations of the features in each row, hashed to int64.

    Args:
        inputs: a list of sparse or dense matrices of strings or integers, with as many rows.
        num_buckets: how many numbers there are; 0 for all of 63 bits.
        hash_key: what the hash starts with.

    Raises:
        TypeError: not a list.
        InvalidArgumentError: the numbers of rows differ, or ``num_buckets`` is negative.
    """
    if num_buckets < 0:
        raise InvalidArgumentError(f"Value for attr 'num_buckets' of {num_buckets} must be at least minimum 0")
    start, limit = _DEFAULT_KEY if hash_key is None else hash_key, num_buckets or 2**63 - 1

    def hashed(features: tuple) -> int:
        value = start
        for x in features:
            value = fingerprint_pair(value, fingerprint64(x) if isinstance(x, bytes) else x % 2**64)
        return value % limit

    return _crossed(inputs, hashed, np.int64)


def _crossed(inputs: Any, join: Callable[[tuple], Any], kind: Any) -> SparseTensor:
    if not isinstance(inputs, (list, tuple)):
        raise TypeError("Inputs must be a list")
    columns = [_rows(x) for x in inputs]
    if len({len(rows) for rows in columns}) > 1:
        raise InvalidArgumentError(
            f"Expected batch size {len(columns[0])} of all inputs, got {[len(c) for c in columns]}"
        )
    places, found, width = [], [], 0
    for number, row in enumerate(zip(*columns)):
        combined = [join(features) for features in itertools.product(*row)]
        places += [(number, i) for i in range(len(combined))]
        found += combined
        width = max(width, len(combined))
    values = np.empty(len(found), dtype=kind)
    values[:] = found
    indices = torch.tensor(places, dtype=torch.int64).reshape(-1, 2)
    shape = (len(columns[0]) if columns else 0, width)
    return SparseTensor.of_raw(indices, values if kind is object else torch.from_numpy(values), shape)


def _rows(x: Any) -> list[list]:
    """The features of each row: bytes or integers."""
    if not is_sparse_value(x):
        dense = raw(x)
        return (dense if isinstance(dense, np.ndarray) else dense.long()).tolist()
    sp = sparse(x)
    values = sp.raw_values
    rows: list[list] = [[] for _ in range(sp.shape[0])]
    for row, value in zip(
        sp.raw_indices[:, 0].tolist(), (values if isinstance(values, np.ndarray) else values.long()).tolist()
    ):
        rows[row].append(value)
    return rows
