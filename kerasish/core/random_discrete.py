"""Permutations, classes, binomial and Poisson numbers: TensorFlow's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from kerasish.core import random as streams
from kerasish.core.random import _RESERVED, Stream, _unit_double
from kerasish.core.random_gamma import check_end

_TAILS = """0.0810614667953272 0.0413406959554092 0.0276779256849983 0.0207906721037650 0.0166446911898211 0.0138761288230707
0.0118967099458917 0.0104112652619720 0.00925546218271273 0.00833056343336287"""
_TAIL = np.array([float(number) for number in _TAILS.split()])  # log(k!) less Stirling's approximation, k = 0 … 9
_RESERVED_WAITING = 42  # blocks that TensorFlow reserves for each sample where it adds up waiting times
_BY_REJECTION = 10  # expected successes from which numbers are drawn by rejection


def order(count: int, stream: Stream) -> np.ndarray:
    """A random permutation of 0 … count - 1 (Fisher and Yates, from the front; a word modulo what is left)."""
    places = list(range(count))
    if count > 1:
        steps = stream.take(count - 1) % np.arange(count, 1, -1, dtype=np.uint32)
        for i, step in enumerate(steps.tolist()):
            j = i + step
            places[i], places[j] = places[j], places[i]
    return np.array(places, dtype=np.int64)


def seeded_orders(counts: list[int]) -> list[np.ndarray]:
    """Permutations of so many numbers each, as an operation without a seed draws them one after another in an iterator."""
    key, high = streams.global_key(0)
    orders, start = [], 0
    for count in counts:
        orders.append(order(count, Stream.at(key, (high << 64) + start)))
        start += -(-(count - 1) // 4)
    return orders


def categorical_raw(rows: torch.Tensor, count: int, stream: Stream) -> torch.Tensor:
    """Classes drawn from unnormalised log-probabilities: (batch, classes) → (batch, count) int64."""
    wide = rows.detach().double().cpu().numpy()
    # each sample takes a double: a place in the cumulative sums of e^(logit - max)
    places = streams.uniform_raw((len(wide), count), stream, dtype="float64").cpu().numpy()
    with np.errstate(invalid="ignore"):
        sums = np.cumsum(np.where(np.isfinite(wide), np.exp(wide - wide.max(1, keepdims=True)), 0), axis=1)
    found = np.empty((len(wide), count), dtype=np.int64)
    for i, row in enumerate(sums):
        found[i] = np.searchsorted(row, places[i] * row[-1], side="right")
    return torch.from_numpy(found.clip(max=wide.shape[1] - 1)).to(rows.device)


def binomial_raw(shape: tuple, stream: Stream, counts: Any, probabilities: Any) -> np.ndarray:
    """Numbers of successes, float64.

    Args:
        shape: of the result; ``counts`` and ``probabilities`` broadcast to its end.
    """
    precision = np.result_type(*(np.asarray(v).dtype for v in (counts, probabilities)), np.float32)
    counts, probabilities = (np.asarray(v, "float64") for v in (counts, probabilities))
    kinds = np.broadcast_shapes(counts.shape, probabilities.shape)
    check_end(shape, kinds)
    size = int(np.prod(kinds))
    repeats = int(np.prod(shape)) // max(size, 1)
    # the samples of one pair follow each other, in the result they lie apart
    n, p = (np.repeat(np.broadcast_to(v, kinds).reshape(-1), repeats) for v in (counts, probabilities))
    values = np.where((n <= 0) | (p <= 0), 0.0, np.where(p >= 1, n, np.nan))
    rare = np.minimum(p, 1 - p)
    drawn = np.flatnonzero((n > 0) & (p > 0) & (p < 1))
    often = n[drawn].astype(precision) * rare[drawn].astype(precision) >= _BY_REJECTION
    for part, draw, apart in (
        (drawn[often], _by_rejection, _RESERVED),
        (drawn[~often], _by_waiting, _RESERVED_WAITING),
    ):
        found = draw(n[part], rare[part], _Doubles(stream, part, apart))
        values[part] = np.where(p[part] <= 0.5, found, n[part] - found)
    return values.reshape(size, repeats).T.reshape(shape)


def poisson_raw(shape: tuple, stream: Stream, rates: np.ndarray) -> np.ndarray:
    """Poisson numbers, float64.

    Args:
        shape: of the result; it ends with the shape of ``rates``.
    """
    check_end(shape, rates.shape)
    repeats = int(np.prod(shape)) // max(rates.size, 1)
    # the samples of one rate follow each other, in the result they lie apart
    rate = np.repeat(rates.astype("float64").reshape(-1), repeats)
    values = np.zeros(len(rate))
    possible = np.isfinite(rate) & (rate > 0)
    for part, draw in (
        (np.flatnonzero(possible & (rate < _BY_REJECTION)), _by_multiplying),
        (np.flatnonzero(possible & (rate >= _BY_REJECTION)), _poisson_by_rejection),
    ):
        values[part] = draw(rate[part], _Doubles(stream, part, _RESERVED))
    return values.reshape(rates.size, repeats).T.reshape(shape)


def _by_multiplying(rate: np.ndarray, words: _Doubles) -> np.ndarray:
    """How many uniform numbers can be multiplied before the product is at most e⁻ʳᵃᵗᵉ (Knuth 1969)."""
    found, product, least = np.zeros(len(rate)), np.ones(len(rate)), np.exp(-rate)
    pending = np.arange(len(rate))
    while len(pending):
        product[pending] *= words.take(pending)
        pending = pending[product[pending] > least[pending]]
        found[pending] += 1
    return found


def _poisson_by_rejection(rate: np.ndarray, words: _Doubles) -> np.ndarray:
    """Transformed rejection with squeeze (Hörmann 1993, PTRS)."""
    b = 0.931 + 2.53 * np.sqrt(rate)
    a = -0.059 + 0.02483 * b
    alpha = 1.1239 + 1.1328 / (b - 3.4)
    found = np.zeros(len(rate))
    pending = np.arange(len(rate))
    while len(pending):
        u = words.take(pending) - 0.5
        v = words.take(pending)
        us = 0.5 - np.abs(u)
        at = pending
        with np.errstate(divide="ignore", invalid="ignore"):
            k = np.floor((2 * a[at] / us + b[at]) * u + rate[at] + 0.43)
            height = np.log(v * alpha[at] / (a[at] / (us * us) + b[at]))
        factorial = torch.lgamma(torch.from_numpy(np.maximum(k, 0) + 1)).numpy()
        bound = -rate[at] + k * np.log(rate[at]) - factorial
        inside = (k >= 0) & ~((us < 0.013) & (v > us))
        taken = ((us >= 0.07) & (v <= 0.9277 - 3.6224 / (b[at] - 2))) | (inside & (height <= bound))
        found[at[taken]] = k[taken]
        pending = at[~taken]
    return found


class _Doubles:
    """Uniform doubles, two to a block, of each sample's own blocks; the second of a pair is used first.

    Args:
        places: of the samples among all.
        apart: blocks between those of one place and the next.
    """

    def __init__(self, stream: Stream, places: np.ndarray, apart: int) -> None:
        self._stream = stream
        self._next = places.astype(np.uint64) * np.uint64(apart)
        self._pairs = np.zeros((len(places), 2))
        self._left = np.zeros(len(places), dtype=np.int64)

    def take(self, samples: np.ndarray) -> np.ndarray:
        empty = samples[self._left[samples] == 0]
        if len(empty):
            words = self._stream.blocks(self._next[empty])
            self._pairs[empty] = _unit_double(words.reshape(-1)).reshape(-1, 2)
            self._next[empty] += np.uint64(1)
            self._left[empty] = 2
        self._left[samples] -= 1
        return self._pairs[samples, self._left[samples]]


def _by_waiting(n: np.ndarray, p: np.ndarray, words: _Doubles) -> np.ndarray:
    """As many as there are geometric waiting times whose sum stays within ``n``."""
    found, waited = np.zeros(len(n)), np.zeros(len(n))
    pending = np.arange(len(n))
    while len(pending):
        with np.errstate(divide="ignore"):
            waited[pending] += np.ceil(np.log(words.take(pending)) / np.log1p(-p[pending]))
        pending = pending[waited[pending] <= n[pending]]
        found[pending] += 1
    return found


def _tail(k: np.ndarray) -> np.ndarray:
    square = (k + 1) * (k + 1)
    series = (1.0 / 12 - (1.0 / 360 - 1.0 / 1260 / square) / square) / (k + 1)
    return np.where(k <= 9, _TAIL[np.clip(k, 0, 9).astype(int)], series)


def _by_rejection(n: np.ndarray, p: np.ndarray, words: _Doubles) -> np.ndarray:
    """Transformed rejection with squeeze (Hörmann 1993)."""
    spread = np.sqrt(n * p * (1 - p))
    b = 1.15 + 2.53 * spread
    a = -0.0873 + 0.0248 * b + 0.01 * p
    alpha = (2.83 + 5.1 / b) * spread
    found = np.zeros(len(n))
    pending = np.arange(len(n))
    while len(pending):
        u = words.take(pending) - 0.5
        v = words.take(pending)
        us = 0.5 - np.abs(u)
        at = pending
        with np.errstate(divide="ignore", invalid="ignore"):
            k = np.floor((2 * a[at] / us + b[at]) * u + n[at] * p[at] + 0.5)
            inside = (k >= 0) & (k <= n[at])
            height = np.log(v * alpha[at] / (a[at] / (us * us) + b[at]))
            bound = _log_ratio(np.clip(k, 0, n[at]), n[at], p[at])
        taken = ((us >= 0.07) & (v <= 0.92 - 4.2 / b[at])) | (inside & (height <= bound))
        found[at[taken]] = k[taken]
        pending = at[~taken]
    return found


def _log_ratio(k: np.ndarray, n: np.ndarray, p: np.ndarray) -> np.ndarray:
    """The logarithm of the probability of ``k`` over that of the mode."""
    odds = p / (1 - p)
    m = np.floor((n + 1) * p)
    return (
        (m + 0.5) * np.log((m + 1) / (odds * (n - m + 1)))
        + (n + 1) * np.log((n - m + 1) / (n - k + 1))
        + (k + 0.5) * np.log(odds * (n - k + 1) / (k + 1))
        + _tail(m) + _tail(n - m) - _tail(k) - _tail(n - k)
    )  # fmt: skip
