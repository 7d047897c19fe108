"""Random numbers of datasets: TensorFlow's own, so that the same seeds give the same orders."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from kerasish.core.random import Stream, op_stream, philox

_CHUNK = 1024  # words made at a time where they are asked for one by one
_MIXING_KEY = (0x3EC8F720, 0x02461E29)  # the key that Stream mixes seeds with


class Words:
    """The 32-bit words that one pass over a random dataset draws from, by position."""

    def __init__(self, key: int, high: int) -> None:
        self._stream = Stream.at(key, high << 64)

    def at(self, start: int, count: int) -> np.ndarray:
        """``count`` words from the one numbered ``start`` on, as int64."""
        first = start // 4
        blocks = self._stream.blocks(np.arange(first, -(-(start + count) // 4), dtype=np.uint64))
        return blocks.reshape(-1)[start - 4 * first :][:count].astype(np.int64)


class Seeds:
    """What the passes over a random dataset draw from: words of its own seed and the global one.

    Args:
        seed: None takes one of an operation's seeds, as TensorFlow does.
        renewed: whether each pass has words of its own, or all the same.
    """

    def __init__(self, seed: int | None, renewed: bool) -> None:
        stream = op_stream("dataset", seed, 0)
        self._pair = (stream.key[0] | stream.key[1] << 32, stream.start >> 64)
        self._renewed = renewed
        self._passes = 0

    @property
    def state(self) -> tuple[int, int, int]:
        """The seeds, and how many passes began: what ``go_to`` takes."""
        return (*self._pair, self._passes)

    def go_to(self, state: tuple[int, int, int]) -> None:
        """Let the next pass be the one that was next when ``state`` was asked for."""
        self._pair, self._passes = (state[0], state[1]), state[2]

    def next_pass(self, probing: bool = False) -> Words:
        """The words of the next pass. One that only looks at a few elements, for their specification, does not count."""
        own = Words(*self._pair)
        if not self._renewed:
            return own
        key, high = own.at(2 * self._passes, 2).tolist()
        self._passes += not probing
        return Words(key, high)


def places(words: Words, start: int, left: np.ndarray) -> np.ndarray:
    """Which items leave a shuffle buffer, from the one numbered ``start`` on; the numbers begin at the buffer's first place.

    TensorFlow's buffer is a ring: the k-th item that leaves it is drawn from the ``left`` ones that begin at place k; the
    first of these is moved to where it was, and the item that arrives takes its place. Without the ring, on a line that
    goes on as items arrive, that is: the items at k and at the place that is drawn change places.
    """
    return np.arange(len(left)) + words.at(start, len(left)) % left


def exchanged(drawn: np.ndarray, total: int) -> tuple[np.ndarray, np.ndarray]:
    """Which of ``total`` items leave, in order, if the k-th one that leaves and that at k change places; and which stay.

    Args:
        drawn: what ``places`` gives: for each k a place not before k.

    Step by step in Python this takes 220 ns an item, so 70: each place's item is followed back to where it comes from.
    """
    steps = np.arange(len(drawn))
    keys = (drawn << 32) | steps
    keys.sort()
    place, step = keys >> 32, keys & 0xFFFFFFFF
    before = np.full(len(drawn), -1)  # the last step before that drew the same place
    before[step[1:]] = np.where(place[1:] == place[:-1], step[:-1], -1)
    origin = np.arange(total)
    origin[place] = step  # the last step that drew the place put there what was at its own
    stays = drawn == steps
    origin[: len(drawn)] = np.where(stays, np.where(before < 0, steps, before), origin[: len(drawn)])
    following = origin[origin]
    while not np.array_equal(origin, following):
        origin, following = following, following[following]
    here = origin[: len(drawn)]
    return np.where(stays, here, np.where(before < 0, drawn, here[before])), origin[len(drawn) :]


def shuffled(stream: Iterator, size: int | None, words: Words) -> Iterator:
    """Items in random order: each is drawn from the ``size`` first ones that are still there (None: from all)."""
    items = list(itertools.islice(stream, size))
    size, count = len(items), 0
    full = np.full(_CHUNK, size)
    for item in stream:
        at = count % _CHUNK
        if not at:
            drawn = places(words, count, full).tolist()
            del items[: count and _CHUNK]
        items.append(item)
        items[at], items[drawn[at]] = items[drawn[at]], items[at]
        count += 1
        leaving, items[at] = items[at], None
        yield leaving
    del items[: len(items) - size]
    order, _ = exchanged(places(words, count, np.arange(size, 0, -1)), size)
    for number in order.tolist():
        leaving, items[number] = items[number], None
        yield leaving


def units(words: Words) -> Iterator[float]:
    """Doubles in [0, 1): each is what ``tf.random.stateless_uniform`` makes first of two words as its seed."""
    for start in itertools.count(0, 2 * _CHUNK):
        seeds = np.zeros((_CHUNK, 4), dtype=np.uint32)
        seeds[:, 0::2] = words.at(start, 2 * _CHUNK).reshape(-1, 2)
        yield from _first_units(seeds).tolist()


def _first_units(seeds: np.ndarray) -> np.ndarray:
    """Stream's arithmetic for many seeds at once, each four words: their mixture is key and counter of a block."""
    mixed = philox(seeds, _MIXING_KEY)
    counter = np.zeros_like(mixed)
    counter[:, 2:] = mixed[:, 2:]
    first, second = philox(counter, mixed[:, :2].T.astype(np.uint64)).astype(np.uint64).T[:2]
    bits = (first & np.uint64(0xFFFFF)) << np.uint64(32) | second | np.uint64(1023 << 52)
    return bits.view(np.float64) - 1.0
