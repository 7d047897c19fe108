"""News of 46 topics: 11,228 lists of words' numbers (``keras.datasets.reuters``)."""

from __future__ import annotations

import numpy as np

from kerasish.core.registry import publish
from kerasish.datasets.files import Pair, fetch, read_json, read_npz
from kerasish.datasets.sequences import as_objects, limit_words, mark_words, shorter_than

_HASH = "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916"
_WORDS_HASH = "4d44cc38712099c9e383dc6e5f11a921"
_LABELS = (
    "cocoa grain veg-oil earn acq wheat copper housing money-supply coffee sugar trade reserves ship cotton carcass crude "
    "nat-gas cpi money-fx interest gnp meal-feed alum oilseed gold tin strategic-metal livestock retail ipi iron-steel "
    "rubber heat jobs lei bop zinc orange pet-chem dlr gas silver wpi hog lead"
)


def load_data(
    path: str = "reuters.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    test_split: float = 0.2,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int | None = 3,
) -> tuple[Pair, Pair]:
    """``(x_train, y_train), (x_test, y_test)``: arrays of lists of numbers, and topics 0..45.

    Args:
        test_split: fraction for testing.

    The other arguments are those of ``keras.datasets.imdb.load_data``.
    """
    arrays = read_npz(fetch("reuters.npz", path, _HASH), objects=True)
    order = np.arange(len(arrays["x"]))
    np.random.RandomState(seed).shuffle(order)
    x, y = mark_words(arrays["x"][order], start_char, index_from), arrays["y"][order]
    if maxlen:
        x, y = shorter_than(maxlen, x, y)
    words = limit_words(x, num_words, skip_top, oov_char)
    cut = int(len(words) * (1 - test_split))
    return (as_objects(words[:cut]), np.array(y[:cut])), (as_objects(words[cut:]), np.array(y[cut:]))


def get_word_index(path: str = "reuters_word_index.json") -> dict[str, int]:
    """Words to their numbers, before ``index_from`` is added."""
    return read_json(fetch("reuters_word_index.json", path, _WORDS_HASH))


def get_label_names() -> tuple[str, ...]:
    """The topics' names, in the order of their numbers."""
    return tuple(_LABELS.split())


__all__ = ["get_label_names", "get_word_index", "load_data"]
publish(__name__, globals(), __all__)
