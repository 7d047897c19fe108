"""Gamma and beta numbers: TensorFlow's own, by rejection (Marsaglia and Tsang 2000)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from kerasish.core.dtypes import as_dtype
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.core.random import _RESERVED, Stream, _box_muller_double, _finish, _unit_double

_BETA_STEP = 12  # between the seeds of the two gamma numbers that make a beta number


def gamma_raw(shape: tuple, seed: tuple[int, int] | Stream, alpha: Any, dtype: Any = "float32") -> torch.Tensor:
    """Gamma numbers of scale 1 for a stateless seed, or from a stream.

    Args:
        shape: of the result; it ends with the shape of ``alpha``.
        alpha: the shape parameter, a number or an array.
    """
    kind = as_dtype(dtype)
    rounded = "float32" if kind.name == "bfloat16" else kind.name
    alphas = np.asarray(alpha, rounded)
    check_end(shape, alphas.shape)
    count = int(np.prod(shape))
    repeats = count // max(alphas.size, 1)
    # the samples of one alpha follow each other, in the result they lie apart
    stream = seed if isinstance(seed, Stream) else Stream(seed)
    values = _samples(stream, np.repeat(alphas.reshape(-1).astype("float64"), repeats))
    values = values.reshape(alphas.size, repeats).T.astype(rounded)
    return _finish(np.maximum(values, np.finfo(rounded).tiny), shape, dtype)


def check_end(shape: tuple, end: tuple) -> None:
    """Refuse a shape that does not end with ``end``, the one that the distribution's parameters have together.

    Raises:
        InvalidArgumentError: it does not.
    """
    if end and shape[-len(end) :] != end:
        raise fail(InvalidArgumentError, "The shape must end with that of the parameters", end, shape)


def beta_raw(shape: tuple, seed: tuple[int, int], alpha: Any, beta: Any, dtype: Any = "float32") -> torch.Tensor:
    """Beta numbers for a stateless seed: of two gamma numbers, the part of the first in their sum."""
    second = (seed[0] + _BETA_STEP, seed[1] + _BETA_STEP)
    first = gamma_raw(shape, seed, np.broadcast_to(np.asarray(alpha), shape), dtype)
    return first / (first + gamma_raw(shape, second, np.broadcast_to(np.asarray(beta), shape), dtype))


class _Numbers:
    """Pairs of numbers, from blocks that each sample takes at its own pace; the second of a pair is used first.

    Args:
        draw: ``samples`` → pairs of float64 for them.
    """

    def __init__(self, count: int, draw: Callable) -> None:
        self._draw = draw
        self._pairs = np.zeros((count, 2))
        self._left = np.zeros(count, dtype=np.int64)

    def take(self, samples: np.ndarray) -> np.ndarray:
        empty = samples[self._left[samples] == 0]
        if len(empty):
            self._pairs[empty] = self._draw(empty)
            self._left[empty] = 2
        self._left[samples] -= 1
        return self._pairs[samples, self._left[samples]]


def _samples(stream: Stream, alphas: np.ndarray) -> np.ndarray:
    """A sample for each alpha, of float64."""
    block = np.arange(len(alphas), dtype=np.uint64) * np.uint64(_RESERVED)

    def words(samples: np.ndarray) -> np.ndarray:
        taken = stream.blocks(block[samples])
        block[samples] += np.uint64(1)
        return taken

    normals = _Numbers(len(alphas), lambda samples: _box_muller_double(words(samples)))
    uniforms = _Numbers(len(alphas), lambda samples: _unit_double(words(samples).reshape(-1)).reshape(-1, 2))
    out = np.empty(len(alphas))
    exponential = np.flatnonzero(alphas == 1.0)
    out[exponential] = -np.log1p(-uniforms.take(exponential))
    out[~(alphas >= 0)] = np.nan  # no such distribution; rejection would never end
    pending = np.flatnonzero((alphas >= 0) & (alphas != 1.0))
    d = alphas + np.where(alphas < 1, 2.0 / 3.0, -1.0 / 3.0)
    while len(pending):
        x = normals.take(pending)
        v = 1.0 + x / (3.0 * np.sqrt(d[pending]))
        tried, x, v = pending[v > 0], x[v > 0], v[v > 0] ** 3
        u = uniforms.take(tried)
        with np.errstate(divide="ignore"):
            taken = (u < 1.0 - 0.0331 * x**4) | (np.log(u) < 0.5 * x * x + d[tried] * (1.0 - v + np.log(v)))
        done = tried[taken]
        out[done] = d[done] * v[taken]
        small = done[alphas[done] < 1]
        out[small] *= uniforms.take(small) ** (1.0 / alphas[small])
        pending = np.setdiff1d(pending, done, assume_unique=True)
    return out
