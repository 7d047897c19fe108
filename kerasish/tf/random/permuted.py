"""``tf.random.experimental.index_shuffle``: the place of one index in a random order that is never made as a whole.

An index is encrypted by a block cipher whose blocks just hold the largest index: Simon (Beaulieu et al. 2013) with a key of
three words and few rounds. Results above the largest index are encrypted again until one is within.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch, dtypes
from kerasish.core.errors import InvalidArgumentError
from kerasish.tf.random.draws import tracing

_Z = "10101111011100000011010010011000101000010001111110010110110011"  # Simon's constants z2, first bit first
_FIRST_WORD = 0x1DB2A80C  # what ``index_shuffle`` puts before the seed's two integers; found from TensorFlow's results
_MIN_BITS = 16
_DTYPES = ("int32", "uint32", "int64", "uint64")


def _turned(word: Any, by: int, bits: int) -> Any:
    """A word of ``bits`` bits, turned to the left."""
    by %= bits
    mask = (1 << bits) - 1
    if isinstance(word, int):
        return (word << by | word >> (bits - by)) & mask
    return (word << np.uint64(by) | word >> np.uint64(bits - by)) & np.uint64(mask)


def _round_keys(key: tuple, rounds: int, bits: int) -> list[int]:
    mask = (1 << bits) - 1
    keys = [word & mask for word in key]
    for i in range(rounds - 3):
        mixed = _turned(keys[-1], -3, bits)
        mixed ^= _turned(mixed, -1, bits)
        # TensorFlow keeps the constants in a word of this size, so later ones are zero
        constant = int(_Z[i]) if i < min(bits, len(_Z)) else 0
        keys.append((~keys[i] & mask) ^ mixed ^ constant ^ 3)
    return keys


def _encrypted(values: np.ndarray, keys: list[int], bits: int) -> np.ndarray:
    left, right = values & np.uint64((1 << bits) - 1), values >> np.uint64(bits)
    for key in keys:
        spread = (_turned(left, 1, bits) & _turned(left, 8, bits)) ^ _turned(left, 2, bits)
        left, right = right ^ spread ^ np.uint64(key), left
    return right << np.uint64(bits) | left


def shuffled(indices: np.ndarray, key: tuple, largest: int, rounds: int) -> np.ndarray:
    """The places of ``indices`` (uint64) in an order of 0 … ``largest`` that three 32-bit words tell."""
    size = max((largest - 1).bit_length() if largest > 1 else 0, _MIN_BITS)
    bits = (size + size % 2) // 2
    keys = _round_keys(key, rounds, bits)
    if size == _MIN_BITS:  # a small order may take thousands of steps, each of which is a look into a table
        table = _encrypted(np.arange(1 << size, dtype=np.uint64), keys, bits)

        def encrypted(values: np.ndarray) -> np.ndarray:
            return table[values.astype(np.int64)]

    else:

        def encrypted(values: np.ndarray) -> np.ndarray:
            return _encrypted(values, keys, bits)

    found = encrypted(indices)
    while (out := found > largest).any():
        found[out] = encrypted(found[out])
    return found


def _integers(value: Any, kind: str | None, name: str) -> Any:
    """A value as a tensor of one of four dtypes."""
    tensor = dispatch.wrap(dispatch.raw(value, None if kind is None else dtypes.to_torch(kind)))
    if tensor.dtype.name not in _DTYPES:
        raise InvalidArgumentError(
            f"Value for attr '{name}' of {tensor.dtype.name} is not in the list of allowed values: {', '.join(_DTYPES)}"
        )
    return tensor


def random_index_shuffle(index: Any, seed: Any, max_index: Any, rounds: int = 4, name: str | None = None) -> Any:
    """The place of each index in a random order of 0 … ``max_index``.

    Args:
        index: an integer, or (n,) of them, int32, uint32, int64 or uint64.
        seed: (3,) or (n, 3): each seed is an order.
        max_index: the largest index, or (n,) of them.
        rounds: of the cipher: an even number, 4 or more.

    Raises:
        InvalidArgumentError: an index is not within 0 … ``max_index``, or shapes or dtypes do not fit.
    """
    has_kind = next((x for x in (index, max_index) if dispatch.is_tensor(x)), None)
    kind = None if has_kind is None else dispatch.wrap(dispatch.raw(has_kind)).dtype.name
    index, largest = _integers(index, kind, "dtype"), _integers(max_index, kind, "dtype")
    seed = _integers(seed, None, "Tseed")
    if rounds < 4 or rounds % 2:
        raise InvalidArgumentError(f"rounds must be an even number of at least 4, got {rounds} [Op:RandomIndexShuffle]")
    if tracing():
        return dispatch.wrap(torch.zeros_like(dispatch.raw(index)))
    places, keys, limits = (np.asarray(x.numpy()) for x in (index, seed, largest))
    count = max([len(x) for x, rank in ((places, 1), (keys, 2), (limits, 1)) if x.ndim == rank], default=1)
    if not count:
        raise InvalidArgumentError("Index must be a scalar or vector. [Op:RandomIndexShuffle]")
    _check_shapes(places, keys, limits, count)
    if (limits < 0).any() or (places < 0).any() or (places > limits).any():
        raise InvalidArgumentError(
            f"index must be >= 0 and <= max_index, which must be >= 0; got {places} and {limits} [Op:RandomIndexShuffle]"
        )
    found = np.empty(count, np.uint64)
    all_places, all_keys = np.broadcast_to(places, (count,)).astype(np.uint64), np.broadcast_to(keys, (count, 3))
    rows = np.column_stack([all_keys.astype(np.int64) & 0xFFFFFFFF, np.broadcast_to(limits, (count,)).astype(np.int64)])
    unique, which = np.unique(rows, axis=0, return_inverse=True)
    for i, (*key, limit) in enumerate(unique.tolist()):
        mine = which.reshape(-1) == i
        found[mine] = shuffled(all_places[mine], tuple(key), limit % 2**64, rounds)
    if not (places.ndim or keys.ndim == 2 or limits.ndim):
        found = found.reshape(())
    return dispatch.wrap(torch.from_numpy(found.astype(np.int64)).to(dispatch.raw(index).dtype))


def _check_shapes(places: np.ndarray, keys: np.ndarray, limits: np.ndarray, count: int) -> None:
    if places.ndim > 1 or (places.ndim and len(places) != count):
        raise InvalidArgumentError("Index must be a scalar or vector. [Op:RandomIndexShuffle]")
    if keys.shape not in ((3,), (count, 3)):
        raise InvalidArgumentError(
            f"Seed must be a vector of size [3] or a matrix of size [{count}, 3] but got {list(keys.shape)}. "
            "[Op:RandomIndexShuffle]"
        )
    if limits.shape not in ((), (count,)):
        raise InvalidArgumentError(
            f"Maxval must be a scalar or a vector of the same size as index but got {list(limits.shape)} "
            "[Op:RandomIndexShuffle]"
        )


def index_shuffle(index: Any, seed: Any, max_index: Any) -> Any:
    """The place of each index in a random order of 0 … ``max_index`` that two integers tell.

    Args:
        index: an integer, or (n,) of them, int32, uint32, int64 or uint64.
        seed: (2,).
        max_index: the largest index, or (n,) of them.

    Raises:
        InvalidArgumentError: an index is not within 0 … ``max_index``, or shapes or dtypes do not fit.
    """
    numbers = dispatch.raw(seed)
    if numbers.ndim == 0:
        raise InvalidArgumentError("Seed must have two elements, got a scalar")
    word = torch.full((1, *numbers.shape[1:]), _FIRST_WORD, dtype=numbers.dtype)
    if numbers.dtype in (torch.uint32, torch.uint64):  # torch cannot join these
        joined = torch.cat([word.to(torch.int64), numbers.to(torch.int64)]).to(numbers.dtype)
    else:
        joined = torch.cat([word, numbers])
    return random_index_shuffle(index, dispatch.wrap(joined), max_index)
