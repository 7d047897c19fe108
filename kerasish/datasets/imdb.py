"""Reviews of films, positive or negative: 25,000 + 25,000 lists of words' numbers (``keras.datasets.imdb``)."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from kerasish.core.errors import fail
from kerasish.core.registry import publish
from kerasish.datasets.files import Pair, fetch, read_json, read_npz
from kerasish.datasets.sequences import as_objects, limit_words, mark_words, shorter_than

_HASH = "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"
_WORDS_HASH = "bfafd718b763782e994055a2d397834f"


def load_data(
    path: str = "imdb.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int | None = 3,
    **kwargs: Any,
) -> tuple[Pair, Pair]:
    """``(x_train, y_train), (x_test, y_test)``: arrays of lists of numbers, and labels 0 or 1.

    Args:
        path: name of the file in the cache.
        num_words: words are numbered by frequency; greater numbers are replaced. None keeps all but the greatest.
        skip_top: so many of the most frequent are replaced.
        maxlen: reviews of that many numbers, or more, are left out.
        seed: of the shuffle.
        start_char: number in front of each review, or None.
        oov_char: number that stands for replaced words; None leaves them out.
        index_from: added to each word's number.

    Raises:
        ValueError: no review is shorter than ``maxlen``.
    """
    if "nb_words" in kwargs:
        warnings.warn("The `nb_words` argument in `load_data` has been renamed `num_words`.", stacklevel=2)
        num_words = kwargs.pop("nb_words")
    if kwargs:
        raise fail(TypeError, "Unrecognized keyword arguments", received=f"{kwargs}")
    arrays = read_npz(fetch("imdb.npz", path, _HASH), objects=True)
    rng = np.random.RandomState(seed)
    parts = [_part(arrays, name, rng, start_char, index_from, maxlen) for name in ("train", "test")]
    if maxlen and not all(x for x, _ in parts):
        raise fail(
            ValueError,
            f"After filtering for sequences shorter than maxlen={maxlen}, no sequence was kept",
            hint="Increase maxlen.",
        )
    words = limit_words([*parts[0][0], *parts[1][0]], num_words, skip_top, oov_char)
    labels, cut = np.concatenate([parts[0][1], parts[1][1]]), len(parts[0][0])
    return (as_objects(words[:cut]), labels[:cut]), (as_objects(words[cut:]), labels[cut:])


def _part(arrays: dict, name: str, rng: Any, start_char: Any, index_from: Any, maxlen: int | None) -> tuple[list, Any]:
    x, y = arrays[f"x_{name}"], arrays[f"y_{name}"]
    order = np.arange(len(x))
    rng.shuffle(order)
    words = list(mark_words(x[order], start_char, index_from))
    return shorter_than(maxlen, words, y[order]) if maxlen else (words, y[order])


def get_word_index(path: str = "imdb_word_index.json") -> dict[str, int]:
    """Words to their numbers, before ``index_from`` is added."""
    return read_json(fetch("imdb_word_index.json", path, _WORDS_HASH))


__all__ = ["get_word_index", "load_data"]
publish(__name__, globals(), __all__)
