"""Texts as lists of words' numbers: what IMDB and Reuters have in common."""

from __future__ import annotations

from typing import Any

import numpy as np


def mark_words(sequences: Any, start_char: int | None, index_from: int | None) -> Any:
    """Raise the words' numbers by ``index_from`` and put ``start_char`` in front."""
    if start_char is not None:
        return [[start_char, *(word + index_from for word in words)] for words in sequences]
    if index_from:
        return [[word + index_from for word in words] for words in sequences]
    return sequences


def shorter_than(maxlen: int, sequences: Any, labels: Any) -> tuple[list, list]:
    kept = [(words, label) for words, label in zip(sequences, labels, strict=True) if len(words) < maxlen]
    return [words for words, _ in kept], [label for _, label in kept]


def limit_words(sequences: Any, num_words: int | None, skip_top: int, oov_char: int | None) -> list:
    """Replace by ``oov_char`` (None: leave out) words below ``skip_top`` and from ``num_words`` on.

    Without ``num_words`` the greatest number is the bound, and is not kept itself, as in Keras.
    """
    bound = num_words or max(max(words) for words in sequences)
    if oov_char is not None:
        return [[word if skip_top <= word < bound else oov_char for word in words] for words in sequences]
    return [[word for word in words if skip_top <= word < bound] for words in sequences]


def as_objects(sequences: Any) -> np.ndarray:
    return np.array(sequences, dtype="object")
