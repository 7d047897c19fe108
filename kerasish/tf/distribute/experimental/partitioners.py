"""``tf.distribute.experimental.partitioners``: into how many parts a variable would be cut."""

from __future__ import annotations

from typing import Any

from kerasish.core.dtypes import as_dtype
from kerasish.core.errors import missing_name
from kerasish.core.shape import TensorShape


class Partitioner:
    """Says for each axis of a variable into how many parts it is cut."""

    def __call__(self, shape: Any, dtype: Any, axis: int = 0) -> list[int]:
        """Parts along each axis, all of them 1 but along ``axis``."""
        raise NotImplementedError


def _parts(shape: Any, axis: int, count: int) -> list[int]:
    parts = [1] * len(TensorShape(shape))
    parts[axis] = min(count, TensorShape(shape)[axis])
    return parts


def _row_bytes(shape: Any, dtype: Any, axis: int, bytes_per_string: int) -> int:
    size = bytes_per_string if as_dtype(dtype).name == "string" else as_dtype(dtype).size
    for place, length in enumerate(TensorShape(shape)):
        size *= length if place != axis else 1
    return size


class FixedShardsPartitioner(Partitioner):
    """So many parts, whatever the size.

    Args:
        num_shards: how many.
    """

    def __init__(self, num_shards: int) -> None:
        self._num_shards = num_shards

    def __call__(self, shape: Any, dtype: Any, axis: int = 0) -> list[int]:
        return _parts(shape, axis, self._num_shards)


class MinSizePartitioner(Partitioner):
    """As many parts as have at least a certain size.

    Args:
        min_shard_bytes: of a part.
        max_shards: at most so many.
        bytes_per_string: what an element of text counts.

    Raises:
        ValueError: a number that is not positive.
    """

    def __init__(self, min_shard_bytes: int = 256 << 10, max_shards: int = 1, bytes_per_string: int = 16) -> None:
        _check_positive(min_shard_bytes=min_shard_bytes, max_shards=max_shards, bytes_per_string=bytes_per_string)
        self._min_shard_bytes = min_shard_bytes
        self._max_shards = max_shards
        self._bytes_per_string = bytes_per_string

    def __call__(self, shape: Any, dtype: Any, axis: int = 0) -> list[int]:
        total = _row_bytes(shape, dtype, axis, self._bytes_per_string) * TensorShape(shape)[axis]
        return _parts(shape, axis, max(1, min(self._max_shards, total // self._min_shard_bytes)))


class MaxSizePartitioner(Partitioner):
    """As few parts as have at most a certain size.

    Args:
        max_shard_bytes: of a part.
        max_shards: at most so many; None: no bound.
        bytes_per_string: what an element of text counts.

    Raises:
        ValueError: a number that is not positive.
    """

    def __init__(self, max_shard_bytes: int, max_shards: int | None = None, bytes_per_string: int = 16) -> None:
        _check_positive(max_shard_bytes=max_shard_bytes, bytes_per_string=bytes_per_string)
        if max_shards:
            _check_positive(max_shards=max_shards)
        self._max_shard_bytes = max_shard_bytes
        self._max_shards = max_shards
        self._bytes_per_string = bytes_per_string

    def __call__(self, shape: Any, dtype: Any, axis: int = 0) -> list[int]:
        rows = max(1, self._max_shard_bytes // _row_bytes(shape, dtype, axis, self._bytes_per_string))
        count = -(-TensorShape(shape)[axis] // rows)
        return _parts(shape, axis, min(count, self._max_shards) if self._max_shards else count)


def _check_positive(**numbers: int) -> None:
    for name, value in numbers.items():
        if value < 1:
            raise ValueError(f"Argument `{name}` must be positive. Received: {value}")


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
