"""Normal numbers within limits of their own: TensorFlow's, by rejection (Robert 1995)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from kerasish.core.dtypes import as_dtype
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.core.random import Stream, _box_muller, _box_muller_double, _finish, _stream, _unit, _unit_double
from kerasish.core.random_gamma import check_end

_NORMAL_INSIDE = 1.3  # standard deviations between mean and a limit from which on plain normal numbers are tried
_CHUNK = 64  # blocks drawn at once


def truncated_between_raw(shape: tuple, seed: Any, parameters: tuple, dtype: Any = "float32") -> torch.Tensor:
    """Normal numbers for a stateless seed or a stream.

    Args:
        shape: of the result; it ends with the shape of the parameters.
        parameters: mean, deviation, lowest and highest number, which broadcast.

    Raises:
        InvalidArgumentError: a deviation is not positive, or no number lies between the limits, or both are infinite.
    """
    kind = as_dtype(dtype).name
    wide = np.float64 if kind == "float64" else np.float32
    mean, deviation, low, high = np.broadcast_arrays(*(np.asarray(value, wide) for value in parameters))
    if not np.all((deviation > 0) & (low < high) & (np.isfinite(low) | np.isfinite(high))):
        raise fail(InvalidArgumentError, "Invalid parameters", "stddevs > 0, minvals < maxvals, one of them finite")
    check_end(shape, mean.shape)
    batches = mean.size
    repeats = int(np.prod(shape)) // max(batches, 1)
    out = np.empty((repeats, batches), wide)
    stream, block = _stream(seed), 0
    for batch in range(batches if repeats else 0):
        one = (values.flat[batch] for values in (mean, deviation, low, high))
        out[:, batch], used = _samples(stream, block, repeats, *one)
        block += used
    return _finish(out, shape, dtype)


def _samples(
    stream: Stream, block: int, count: int, mean: Any, deviation: Any, low: Any, high: Any
) -> tuple[np.ndarray, int]:
    """``count`` numbers from a block of the stream on, and how many blocks that took."""
    if (np.isinf(low) and low < 0) or high < mean:  # so that the limit that counts is the lower one
        low, high, deviation = high, low, -deviation
    bottom, top = (low - mean) / deviation, (high - mean) / deviation
    kind = mean.dtype.type
    root = np.sqrt(bottom * bottom + kind(4))
    with np.errstate(divide="ignore", over="ignore"):
        cutoff = kind(2) * np.exp(kind(0.5) + bottom * (bottom - root) / kind(4)) / (bottom + root)
    if (bottom < -_NORMAL_INSIDE and top >= 0) or (top > _NORMAL_INSIDE and bottom <= 0):
        tries, blocks_of_try = _normal(bottom, top), 1
    elif top - bottom < cutoff:
        tries, blocks_of_try = _uniform(bottom, top), 2
    else:
        tries, blocks_of_try = _exponential(bottom, top), 1
    taken, step, found = [], 0, 0
    while True:
        at = np.arange(block + step, block + step + _CHUNK, dtype=np.uint64)
        values, accepted = tries(stream.blocks(at))
        places = np.flatnonzero(accepted)[: count - found]
        taken.append(values.reshape(-1)[places])
        found += len(places)
        if found == count:
            used = step + (places[-1] // values.shape[1] + 1) * blocks_of_try
            return np.concatenate(taken) * deviation + mean, int(used)
        step += _CHUNK


def _units(words: np.ndarray, kind: type) -> np.ndarray:
    """Uniform numbers of blocks, one row each."""
    flat = words.reshape(-1)
    return (_unit_double(flat) if kind is np.float64 else _unit(flat)).reshape(len(words), -1)


def _normal(bottom: Any, top: Any) -> Callable:
    def tries(words: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        values = _box_muller_double(words) if type(bottom) is np.float64 else _box_muller(words)
        values = values.reshape(len(words), -1)
        return values, (values >= bottom) & (values <= top)

    return tries


def _uniform(bottom: Any, top: Any) -> Callable:
    kind = type(bottom)
    highest = kind(0) if bottom < 0 else bottom * bottom

    def tries(words: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        units = _units(words, kind)
        values = units[0::2] * (top - bottom) + bottom
        return values, units[1::2] <= np.exp((highest - values * values) / kind(2))

    return tries


def _exponential(bottom: Any, top: Any) -> Callable:
    kind = type(bottom)
    rate = (bottom + np.sqrt(bottom * bottom + kind(4))) / kind(2)

    def tries(words: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        units = _units(words, kind)
        with np.errstate(divide="ignore"):
            values = -np.log(units[:, 0::2]) / rate + bottom
        distance = rate - values if bottom < rate else np.full_like(values, bottom - rate)
        return values, (units[:, 1::2] <= np.exp(-distance * distance / kind(2))) & (values < top)

    return tries
