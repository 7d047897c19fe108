"""Texts as lists of words and their indices, as Keras 2 had it (``keras.preprocessing.text``)."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from kerasish.core.errors import fail, missing_name, public_dir

_FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'
_TABLES = ("word_counts", "word_docs", "index_docs", "index_word", "word_index")


def text_to_word_sequence(input_text: str, filters: str = _FILTERS, lower: bool = True, split: str = " ") -> list[str]:
    """The words of a text.

    Args:
        filters: characters that separate words, as ``split`` does.
        lower: whether words are in lower case.
    """
    text = input_text.lower() if lower else input_text
    text = text.translate(str.maketrans(dict.fromkeys(filters, split)))
    return [word for word in text.split(split) if word]


def one_hot(
    input_text: str,
    n: int,
    filters: str = _FILTERS,
    lower: bool = True,
    split: str = " ",
    analyzer: Callable[[str], Iterable[str]] | None = None,
) -> list[int]:
    """Each word's hash, by Python's ``hash``, as a number from 1 to n - 1."""
    return hashing_trick(input_text, n, hash, filters, lower, split, analyzer)


def hashing_trick(
    text: str,
    n: int,
    hash_function: Any = None,
    filters: str = _FILTERS,
    lower: bool = True,
    split: str = " ",
    analyzer: Callable[[str], Iterable[str]] | None = None,
) -> list[int]:
    """Each word's hash as a number from 1 to n - 1.

    Args:
        hash_function: a function of a word, or "md5"; default: Python's ``hash``, which differs between processes.
        analyzer: what splits the text, instead of ``text_to_word_sequence``.
    """
    if hash_function == "md5":
        hash_function = _md5
    words = text_to_word_sequence(text, filters, lower, split) if analyzer is None else analyzer(text)
    return [(hash_function or hash)(word) % (n - 1) + 1 for word in words]


def _md5(word: str) -> int:
    return int(hashlib.md5(word.encode(), usedforsecurity=False).hexdigest(), 16)


class Tokenizer:
    """Numbers the words of texts by their frequency, from 1 on.

    Args:
        num_words: only words with smaller numbers are kept.
        filters, lower, split: see ``text_to_word_sequence``.
        char_level: whether characters are the words.
        oov_token: if given, it is number 1, and stands for unknown and left-out words.
        analyzer: what splits a text, instead of ``text_to_word_sequence``.

    Attributes:
        word_counts, word_docs: how often each word was seen, and in how many texts.
        word_index, index_word: words to numbers, and back.
        index_docs: ``word_docs`` by number.
        document_count: how many texts were seen.
    """

    def __init__(
        self,
        num_words: int | None = None,
        filters: str = _FILTERS,
        lower: bool = True,
        split: str = " ",
        char_level: bool = False,
        oov_token: str | None = None,
        analyzer: Callable[[str], Iterable[str]] | None = None,
        **kwargs: Any,
    ) -> None:
        if "nb_words" in kwargs:
            warnings.warn("The `nb_words` argument in `Tokenizer` has been renamed `num_words`.", stacklevel=2)
            num_words = kwargs.pop("nb_words")
        self.document_count = kwargs.pop("document_count", 0)
        if kwargs:
            raise TypeError(f"Unrecognized keyword arguments: {kwargs}")
        self.num_words = num_words
        self.filters = filters
        self.lower = lower
        self.split = split
        self.char_level = char_level
        self.oov_token = oov_token
        self.analyzer = analyzer
        self.word_counts: dict[str, int] = OrderedDict()
        self.word_docs: dict[str, int] = defaultdict(int)
        self.index_docs: dict[int, int] = defaultdict(int)
        self.word_index: dict[str, int] = {}
        self.index_word: dict[int, str] = {}

    def _words(self, text: Any) -> Any:
        """The words of a text, or of a list of words."""
        if isinstance(text, list):
            return [word.lower() for word in text] if self.lower else text
        if self.char_level:
            return text.lower() if self.lower else text
        if self.analyzer is not None:
            return self.analyzer(text)
        return text_to_word_sequence(text, self.filters, self.lower, self.split)

    def fit_on_texts(self, texts: Iterable) -> None:
        """Count the words of more texts, and number them anew."""
        for text in texts:
            self.document_count += 1
            words = self._words(text)
            for word in words:
                self.word_counts[word] = self.word_counts.get(word, 0) + 1
            for word in set(words):
                self.word_docs[word] += 1
        ordered = sorted(self.word_counts, key=lambda word: -self.word_counts[word])
        special = [] if self.oov_token is None else [self.oov_token]
        self.word_index = {word: i for i, word in enumerate([*special, *ordered], 1)}
        self.index_word = {i: word for word, i in self.word_index.items()}
        for word, count in self.word_docs.items():
            self.index_docs[self.word_index[word]] = count

    def fit_on_sequences(self, sequences: list) -> None:
        """Count in how many of the sequences each number is; for ``sequences_to_matrix``."""
        self.document_count += len(sequences)
        for sequence in sequences:
            for i in set(sequence):
                self.index_docs[i] += 1

    def texts_to_sequences(self, texts: Iterable) -> list[list[int]]:
        """The numbers of each text's words."""
        return list(self.texts_to_sequences_generator(texts))

    def texts_to_sequences_generator(self, texts: Iterable) -> Iterator[list[int]]:
        """``texts_to_sequences``, one by one."""
        unknown = self.word_index.get(self.oov_token)  # type: ignore[arg-type]
        for text in texts:
            numbers = (self.word_index.get(word) for word in self._words(text))
            kept = [unknown if number is None or self._left_out(number) else number for number in numbers]
            yield [number for number in kept if number is not None]

    def _left_out(self, number: int) -> bool:
        return bool(self.num_words) and number >= self.num_words

    def sequences_to_texts(self, sequences: Iterable) -> list[str]:
        """The words of each sequence of numbers, joined by spaces."""
        return list(self.sequences_to_texts_generator(sequences))

    def sequences_to_texts_generator(self, sequences: Iterable) -> Iterator[str]:
        """``sequences_to_texts``, one by one."""
        unknown = self.index_word.get(self.word_index.get(self.oov_token))  # type: ignore[arg-type]
        for sequence in sequences:
            words = [unknown if self._left_out(i) else self.index_word.get(i, unknown) for i in sequence]
            yield " ".join(word for word in words if word is not None)

    def texts_to_matrix(self, texts: Iterable, mode: str = "binary") -> np.ndarray:
        """A row for each text; see ``sequences_to_matrix``."""
        return self.sequences_to_matrix(self.texts_to_sequences(texts), mode)

    def sequences_to_matrix(self, sequences: list, mode: str = "binary") -> np.ndarray:
        """A row for each sequence and a column for each number, float64.

        Args:
            mode: "binary": does it occur; "count": how often; "freq": in what share; "tfidf": (1 + log count) times
                log(1 + texts / (1 + texts that have it)).

        Raises:
            ValueError: another mode, or nothing was counted that the size or the weights could come from.
        """
        if not self.num_words and not self.word_index:
            raise ValueError("Specify a dimension (`num_words` argument), or fit on some text data first.")
        if mode == "tfidf" and not self.document_count:
            raise ValueError("Fit the Tokenizer on some data before using tfidf mode.")
        if mode not in ("binary", "count", "freq", "tfidf"):
            raise fail(ValueError, f"Unknown vectorization mode: {mode}")
        columns = self.num_words or len(self.word_index) + 1
        matrix = np.zeros((len(sequences), columns))
        for row, sequence in zip(matrix, sequences, strict=True):
            for i, count in Counter(sequence).items():
                if i < columns:
                    row[i] = self._weight(mode, i, count, len(sequence))
        return matrix

    def _weight(self, mode: str, i: int, count: int, length: int) -> float:
        if mode == "tfidf":
            return (1 + np.log(count)) * np.log(1 + self.document_count / (1 + self.index_docs.get(i, 0)))
        return {"binary": 1, "count": count, "freq": count / length}[mode]

    def get_config(self) -> dict:
        """The settings, and what was counted as JSON texts."""
        names = ("num_words", "filters", "lower", "split", "char_level", "oov_token", "document_count")
        tables = {name: json.dumps(getattr(self, name)) for name in _TABLES}
        return {**{name: getattr(self, name) for name in names}, **tables}

    def to_json(self, **kwargs: Any) -> str:
        """A JSON text that ``tokenizer_from_json`` reads; ``kwargs`` are for ``json.dumps``."""
        return json.dumps({"class_name": type(self).__name__, "config": self.get_config()}, **kwargs)


def tokenizer_from_json(json_string: str) -> Tokenizer:
    """The Tokenizer that ``to_json`` described."""
    config = json.loads(json_string)["config"]
    tables = {name: json.loads(config.pop(name)) for name in _TABLES}
    tokenizer = Tokenizer(**config)
    for name, table in tables.items():
        setattr(tokenizer, name, {int(key): value for key, value in table.items()} if "index_" in name else table)
    return tokenizer


__all__ = ["Tokenizer", "hashing_trick", "one_hot", "text_to_word_sequence", "tokenizer_from_json"]
for _name in __all__:
    globals()[_name].__module__ = __name__


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())


def __dir__() -> list[str]:
    return public_dir(__name__, globals())
