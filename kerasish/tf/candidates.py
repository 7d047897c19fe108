"""Candidate samplers: classes drawn at random to stand for all others in a loss. The numbers are TensorFlow's own."""

from __future__ import annotations

import csv
import math
import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from kerasish.core import dispatch
from kerasish.core import random as streams
from kerasish.core.errors import InvalidArgumentError, NotServedError, fail
from kerasish.core.random import Stream

_BLOCKS = 512  # counters that TensorFlow sets aside for each candidate
_CHUNK = 1024
_LARGEST = np.finfo(np.float32).max


class UniformCandidateSampler(NamedTuple):
    """Candidates, and how often the true classes and they are expected among them."""

    sampled_candidates: Any
    true_expected_count: Any
    sampled_expected_count: Any


class LogUniformCandidateSampler(NamedTuple):
    """See ``UniformCandidateSampler``."""

    sampled_candidates: Any
    true_expected_count: Any
    sampled_expected_count: Any


class LearnedUnigramCandidateSampler(NamedTuple):
    """See ``UniformCandidateSampler``."""

    sampled_candidates: Any
    true_expected_count: Any
    sampled_expected_count: Any


class FixedUnigramCandidateSampler(NamedTuple):
    """See ``UniformCandidateSampler``."""

    sampled_candidates: Any
    true_expected_count: Any
    sampled_expected_count: Any


class AllCandidateSampler(NamedTuple):
    """See ``UniformCandidateSampler``."""

    sampled_candidates: Any
    true_expected_count: Any
    sampled_expected_count: Any


class ComputeAccidentalHits(NamedTuple):
    """Where candidates are true classes: row, place among the candidates, and a weight that puts a logit out."""

    indices: Any
    ids: Any
    weights: Any


class Words:
    """The numbers that a stream gives one after another."""

    def __init__(self, stream: Stream) -> None:
        self._stream, self._words, self._place = stream, [], 0
        self._block = 0

    def word(self) -> int:
        """32 bits."""
        if self._place == len(self._words):
            index = np.arange(self._block, self._block + _CHUNK // 4, dtype=np.uint64)
            self._words, self._place = self._stream.blocks(index).reshape(-1).tolist(), 0
            self._block += len(index)
        self._place += 1
        return self._words[self._place - 1]

    def pair(self) -> int:
        """64 bits, the low ones first."""
        low = self.word()
        return low | self.word() << 32

    def below(self, count: int, wide: bool = False) -> int:
        """An integer in [0, count): the rest of a division, without the numbers that would favour small ones."""
        draw, top = (self.pair, 2**64) if wide else (self.word, 2**32)
        if count & (count - 1) == 0:
            return draw() & (count - 1)
        refused = (top - 1) % count + 1
        while (bits := draw()) < refused:
            pass
        return bits % count

    def unit(self) -> float:
        """A float32 in [0, 1)."""
        return (self.word() & 0x7FFFFF) / 2**23

    def unit_double(self) -> float:
        """A float64 in [0, 1): 20 bits of one word, then all of the next."""
        high = self.word() & 0xFFFFF
        return (high << 32 | self.word()) / 2**52


# distributions --------------------------------------------------------------------------------------------------------


class _Uniform:
    def __init__(self, size: int) -> None:
        self._size = size

    def draw(self, words: Words) -> int:
        return words.below(self._size, wide=True)

    def probability(self, value: int) -> float:
        return 1 / self._size


class _LogUniform:
    """Zipf's law, roughly: frequent classes come first."""

    def __init__(self, size: int) -> None:
        self._size, self._range = size, math.log1p(size)

    def draw(self, words: Words) -> int:
        return int(math.exp(words.unit_double() * self._range) - 1) % self._size

    def probability(self, value: int) -> float:
        return math.log((value + 2) / (value + 1)) / self._range


class _Learned:
    """Each class as often as it was seen among the true ones, and once more."""

    def __init__(self, size: int) -> None:
        self._weights = np.ones(size, dtype=np.int64)

    def draw(self, words: Words) -> int:
        place = words.below(int(self._weights.sum()))
        return int(np.searchsorted(np.cumsum(self._weights), place, side="right"))

    def probability(self, value: int) -> float:
        return float(self._weights[value] / self._weights.sum())

    def learn(self, classes: np.ndarray) -> None:
        np.add.at(self._weights, classes.reshape(-1), 1)


class _Weighted:
    """Classes with given weights, by the alias method (Walker 1977)."""

    def __init__(self, weights: Sequence[float]) -> None:
        self._weights = np.asarray(weights, dtype=np.float32)
        total = np.float32(self._weights.sum(dtype=np.float32))
        count = len(self._weights)
        share = (self._weights * np.float32(count / total)).tolist()
        other = list(range(count))
        low = [i for i in range(count) if share[i] < 1]
        high = [i for i in range(count) if share[i] >= 1]
        while low and high:
            small, large = low.pop(), high.pop()
            other[small] = large
            share[large] = float(np.float32(share[large] - (1 - share[small])))
            (low if share[large] < 1 else high).append(large)
        for i in low + high:
            share[i] = 1.0
        self._share, self._other, self._total = share, other, float(total)

    def draw(self, words: Words) -> int:
        part, place = words.unit(), words.below(len(self._share))
        return place if part < self._share[place] else self._other[place]

    def probability(self, value: int) -> float:
        return float(self._weights[value]) / self._total if 0 <= value < len(self._weights) else 0.0


# samplers -------------------------------------------------------------------------------------------------------------


def _checked(true_classes: Any, num_true: int, num_sampled: int, range_max: int, unique: bool) -> np.ndarray:
    """The true classes, (batch, num_true).

    Raises:
        InvalidArgumentError: the arguments do not fit each other.
    """
    classes = np.asarray(dispatch.raw(true_classes, torch.int64).cpu())
    if classes.ndim != 2:
        raise InvalidArgumentError("true_classes must be a matrix")
    if classes.shape[1] != num_true:
        raise InvalidArgumentError(
            f"true_classes must have num_true columns, expected: {classes.shape[1]} was: {num_true}"
        )
    if num_sampled < 1:
        raise InvalidArgumentError(f"Value for attr 'num_sampled' of {num_sampled} must be at least minimum 1")
    if unique and num_sampled > range_max:
        raise InvalidArgumentError("Sampler's range is too small.")
    if ((classes < 0) | (classes >= range_max)).any():
        raise InvalidArgumentError(f"`true_candidate` out of range [0, {range_max}), received {classes.max()}")
    return classes.astype(np.int64)


def _expected(probability: float, count: int, tries: int) -> float:
    """How often a class is expected among ``count`` candidates; if they differ, in ``tries`` draws."""
    return probability * count if tries == count else -math.expm1(tries * math.log1p(-probability))


def _sampled(kind: type, law: Any, classes: np.ndarray, count: int, unique: bool, seed: Any) -> Any:
    """Candidates of a law, with the counts that are expected."""
    words = Words(streams.op_stream(kind.__name__, seed, _BLOCKS * count))
    drawn: list[int] = []
    seen: set[int] = set()
    tries = 0
    while len(drawn) < count:
        value = law.draw(words)
        tries += 1
        if not unique or value not in seen:
            seen.add(value)
            drawn.append(value)
    of = [_expected(law.probability(value), count, tries) for value in drawn]
    true = np.array([_expected(law.probability(int(c)), count, tries) for c in classes.reshape(-1)], dtype=np.float32)
    return _result(kind, np.array(drawn, dtype=np.int64), true.reshape(classes.shape), np.array(of, dtype=np.float32))


def _result(kind: type, *arrays: np.ndarray) -> Any:
    return kind(*(dispatch.wrap(torch.from_numpy(array)) for array in arrays))


def _sampler(kind: type, law: Callable[[int], Any]) -> Callable:
    def draw(
        true_classes: Any, num_true: int, num_sampled: int, unique: bool, range_max: int, seed: int | None = None
    ) -> Any:
        classes = _checked(true_classes, num_true, int(num_sampled), int(range_max), unique)
        return _sampled(kind, law(int(range_max)), classes, int(num_sampled), unique, seed)

    return draw


_uniform = _sampler(UniformCandidateSampler, _Uniform)
_log_uniform = _sampler(LogUniformCandidateSampler, _LogUniform)


def uniform_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    seed: int | None = None,
    name: str | None = None,
) -> Any:
    """Classes in [0, range_max), all as probable.

    Args:
        true_classes: int64 (batch, num_true), for which expected counts are given.
        num_sampled: how many are drawn; ``unique``: all different.

    Raises:
        InvalidArgumentError: the arguments do not fit each other.
    """
    return _uniform(true_classes, num_true, num_sampled, unique, range_max, seed)


def log_uniform_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    seed: int | None = None,
    name: str | None = None,
) -> Any:
    """Classes in [0, range_max), with probability log((k + 2) / (k + 1)) / log(range_max + 1).

    See ``uniform_candidate_sampler``.
    """
    return _log_uniform(true_classes, num_true, num_sampled, unique, range_max, seed)


def learned_unigram_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    seed: int | None = None,
    name: str | None = None,
) -> Any:
    """Classes in [0, range_max), as probable as they were frequent among the true classes of earlier calls.

    Calls with the same arguments learn together. See ``uniform_candidate_sampler``.
    """
    classes = _checked(true_classes, num_true, int(num_sampled), int(range_max), unique)
    key = ("learned", num_true, int(num_sampled), unique, int(range_max), seed)
    known = _learned_laws()
    law = known.setdefault(key, _Learned(int(range_max)))
    result = _sampled(LearnedUnigramCandidateSampler, law, classes, int(num_sampled), unique, seed)
    law.learn(classes)
    return result


def _learned_laws() -> dict:
    """What was learnt since the global seed was set, in this context: it is kept with the streams' counts."""
    seeds = streams.current_op_seeds()
    return seeds.used.setdefault("learned classes", {})


def fixed_unigram_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    vocab_file: str = "",
    distortion: float = 1.0,
    num_reserved_ids: int = 0,
    num_shards: int = 1,
    shard: int = 0,
    unigrams: Any = (),
    seed: int | None = None,
    name: str | None = None,
) -> Any:
    """Classes in [0, range_max), with given weights.

    Args:
        vocab_file: lines of comma-separated values of which the last is the weight; or ``unigrams``, the weights.
        distortion: weights are raised to this power.
        num_reserved_ids: so many classes before the first weight, never drawn.
        num_shards, shard: every ``num_shards``-th class only, from ``shard`` on.

    Raises:
        InvalidArgumentError: the arguments do not fit each other.
    """
    classes = _checked(true_classes, num_true, int(num_sampled), int(range_max), unique)
    if bool(vocab_file) == bool(len(unigrams)):
        raise InvalidArgumentError("Must provide exactly one of vocab_file and unigrams.")
    if num_shards != 1 or shard:
        raise fail(NotServedError, "Sampling some of the classes only is not served", "num_shards=1", num_shards)
    given = _weights_of(vocab_file) if vocab_file else [float(weight) for weight in unigrams]
    weights = [0.0] * num_reserved_ids + [float(np.float32(weight) ** np.float32(distortion)) for weight in given]
    if len(weights) != range_max:
        raise InvalidArgumentError(f"range is {range_max} must be equal to weights size {len(weights)}")
    return _sampled(FixedUnigramCandidateSampler, _Weighted(weights), classes, int(num_sampled), unique, seed)


def _weights_of(path: str) -> list[float]:
    with open(path, encoding="utf-8", newline="") as file:
        return [float(row[-1]) for row in csv.reader(file) if row]


def all_candidate_sampler(
    true_classes: Any, num_true: int, num_sampled: int, unique: bool, seed: int | None = None, name: str | None = None
) -> Any:
    """All classes: 0 … num_sampled - 1."""
    classes = _checked(true_classes, num_true, int(num_sampled), sys.maxsize, False)
    ones = np.ones(classes.shape, dtype=np.float32)
    return _result(AllCandidateSampler, np.arange(num_sampled), ones, np.ones(num_sampled, dtype=np.float32))


def compute_accidental_hits(
    true_classes: Any, sampled_candidates: Any, num_true: int, seed: int | None = None, name: str | None = None
) -> Any:
    """Where candidates are among the true classes of a row: rows, places among the candidates, and weights."""
    classes = _checked(true_classes, num_true, 1, sys.maxsize, False)
    places: dict[int, int] = {}
    for place, value in enumerate(np.asarray(dispatch.raw(sampled_candidates, torch.int64).cpu()).tolist()):
        places[value] = place  # the last of equal ones
    hits = [(row, places[c]) for row, found in enumerate(classes.tolist()) for c in found if c in places]
    rows, ids = np.array(hits, dtype=np.int64).reshape(-1, 2).T
    weights = np.full(len(hits), -_LARGEST, dtype=np.float32)
    return _result(ComputeAccidentalHits, rows.astype(np.int32), ids.copy(), weights)
