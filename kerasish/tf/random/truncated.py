"""``tf.random.stateless_parameterized_truncated_normal``: normal numbers between limits that each may have of its own.

By rejection, in one of three ways: from a normal law where the limits leave much of it, else from a uniform or an exponential
one (Robert, "Simulation of truncated normal variables", 1995), whichever is refused less often.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch

from kerasish.core import device as devices
from kerasish.core import dispatch, dtypes
from kerasish.core import random as streams
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.random import Stream, shape_of
from kerasish.tf.random.draws import tracing

_WIDE = 1.7  # standard deviations: limits beyond leave a normal law enough
_UNITS = {"float16": streams._unit_half, "float32": streams._unit, "float64": streams._unit_double}
_AHEAD = 64  # blocks of words made at a time


class _Words:
    """The numbers of one stream, block by block; all parameters' numbers come from it, one after the other."""

    def __init__(self, stream: Stream, kind: str) -> None:
        self._stream, self._next, self._kind = stream, 0, kind
        self._blocks: Iterator[np.ndarray] = iter(())

    def block(self) -> np.ndarray:
        """Four words."""
        found = next(self._blocks, None)
        if found is None:
            places = np.arange(self._next, self._next + _AHEAD, dtype=np.uint64)
            self._next += _AHEAD
            self._blocks = iter(self._stream.blocks(places))
            found = next(self._blocks)
        return found

    def uniforms(self) -> np.ndarray:
        return _UNITS[self._kind](self.block())

    def normals(self) -> np.ndarray:
        made = streams._box_muller_double if self._kind == "float64" else streams._box_muller
        return made(self.block()[None])[0].astype(self._kind)


def _accepted(words: _Words, low: Any, high: Any) -> Iterator[Any]:
    """Standard normal numbers between two limits, the lower of which is the nearer one to 0."""
    kind = type(low)
    root = np.sqrt(low * low + kind(4))
    cutoff = kind(2) * np.exp(kind(0.5) + low * (low - root) / kind(4)) / (low + root)
    if (low < -_WIDE and high >= 0) or (high > _WIDE and low <= 0):
        while True:
            yield from (x for x in words.normals() if low <= x <= high)
    elif high - low < cutoff:
        most = kind(0) if low < 0 else low * low
        while True:
            proposed, tested = words.uniforms() * (high - low) + low, words.uniforms()
            yield from proposed[tested <= np.exp((most - proposed * proposed) / kind(2))]
    else:
        rate = (low + root) / kind(2)
        while True:
            numbers = words.uniforms()
            for x, tested in zip(-np.log(numbers[0::2]) / rate + low, numbers[1::2]):
                away = rate - x if low < rate else low - rate
                if tested <= np.exp(-away * away / kind(2)) and x < high:
                    yield x


def _drawn(words: _Words, count: int, mean: Any, deviation: Any, low: Any, high: Any) -> list:
    valid = np.isfinite(mean) and np.isfinite(deviation) and low < high and deviation > 0
    if not valid or (np.isinf(low) and np.isinf(high)):
        raise InvalidArgumentError("Invalid parameters [Op:StatelessParameterizedTruncatedNormal]")
    if (np.isinf(low) and low < 0) or high < mean:
        low, high, deviation = high, low, -deviation
    limits = (low - mean) / deviation, (high - mean) / deviation
    with np.errstate(divide="ignore"):
        return [x * deviation + mean for x in itertools.islice(_accepted(words, *limits), count)]


def truncated_between(sizes: tuple, stream: Callable[[], Stream], parameters: Sequence[Any]) -> Any:
    """Normal floats between limits, made of the numbers of one stream.

    Args:
        sizes: of the result; they end with those that the parameters have together.
        stream: makes the stream, where numbers are drawn.
        parameters: means, standard deviations, lower and upper limits.

    Raises:
        InvalidArgumentError: the sizes do not end so, the dtypes differ, or limits or deviations are no such.
    """
    kinds = {dtypes.as_dtype(x.dtype) for x in parameters if dispatch.is_tensor(x)}
    raws = [dispatch.raw(x) for x in parameters]
    kinds |= {dtypes.as_dtype(x.dtype) for x in raws}
    if len(kinds) > 1 or next(iter(kinds)).name not in _UNITS:
        raise InvalidArgumentError(
            f"The parameters must be of one dtype out of {', '.join(_UNITS)}, got {sorted(kind.name for kind in kinds)}"
        )
    kind = kinds.pop()
    values = np.broadcast_arrays(*(x.detach().cpu().numpy() for x in raws))
    inner = values[0].shape
    if sizes[len(sizes) - len(inner) :] != inner:
        raise InvalidArgumentError("Shape passed in must end with broadcasted shape.")
    if tracing():
        return dispatch.wrap(torch.zeros(sizes, dtype=kind.torch, device=devices.current()))
    words, each = _Words(stream(), kind.name), int(np.prod(sizes[: len(sizes) - len(inner)]))
    found = np.empty((each, *inner), values[0].dtype)
    for place in np.ndindex(*inner):
        found[(slice(None), *place)] = _drawn(words, each, *(x[place] for x in values))
    return dispatch.wrap(torch.from_numpy(found.reshape(sizes)).to(devices.current()))


def stateless_parameterized_truncated_normal(
    shape: Any,
    seed: Any,
    means: Any = 0.0,
    stddevs: Any = 1.0,
    minvals: Any = -2.0,
    maxvals: Any = 2.0,
    name: str | None = None,
) -> Any:
    """Normal floats between limits; the same for the same seed, two integers.

    Args:
        shape: of the result; it ends with the shape that the parameters have together.
        means, stddevs: of the normal law.
        minvals, maxvals: the limits; one of the two may be infinite.

    Raises:
        InvalidArgumentError: the shape does not end so, the dtypes differ, or limits or deviations are no such.
    """
    seeds = tuple(int(v) for v in dispatch.raw(seed))
    if len(seeds) != 2:
        raise InvalidArgumentError(f"seed must have shape [2], not [{len(seeds)}]")
    return truncated_between(shape_of(shape), lambda: Stream(seeds), (means, stddevs, minvals, maxvals))
