"""Vocabularies: tokens and their indices, either way, and how much tokens tell about documents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch

from kerasish.core import device as devices
from kerasish.core.errors import fail


class Vocabulary:
    """The tokens of a lookup layer: first the special ones, then its own.

    Args:
        keys: its own, as bytes or integers.
        special: the mask token, if it has an index, and the one that stands for unknown tokens, as often as that has one.
        unknown: what indices of no token stand for; None where they are not asked for.
        text: whether tokens are bytes.
    """

    def __init__(self, keys: list, special: list, unknown: Any, text: bool) -> None:
        self.keys = keys
        self._special, self._unknown = special, unknown
        self._table: dict[bytes, int] = {}
        self._sorted: tuple[torch.Tensor, torch.Tensor] | None = None
        if text:
            self._table = {key: i for i, key in enumerate(keys, len(special))}
        else:
            order = np.argsort(np.array(keys, dtype=np.int64), kind="stable")
            ordered = np.array(keys, dtype=np.int64)[order]
            self._sorted = torch.from_numpy(ordered), torch.from_numpy(order + len(special))

    def indices(self, tokens: Any) -> torch.Tensor:
        """The index of each token, -1 for those that are not known."""
        if self._sorted is None:
            get = self._table.get
            found = np.array([get(text, -1) for text in tokens.reshape(-1)], dtype=np.int64)
            return torch.from_numpy(found.reshape(tokens.shape)).to(devices.current())
        ordered, places = (t.to(tokens.device) for t in self._sorted)
        if not len(ordered):
            return torch.full_like(tokens, -1)
        at = torch.searchsorted(ordered, tokens.contiguous()).clamp(max=len(ordered) - 1)
        return torch.where(ordered[at] == tokens, places[at], -1)

    @staticmethod
    def equal(tokens: Any, key: Any) -> torch.Tensor:
        """Where a token is ``key``."""
        if isinstance(tokens, np.ndarray):
            same = np.array([text == key for text in tokens.reshape(-1)], dtype=bool)
            return torch.from_numpy(same.reshape(tokens.shape))
        return tokens == key

    def tokens(self, indices: torch.Tensor) -> Any:
        """The token of each index; the mask token for 0 and the one for unknown ones elsewhere."""
        every = [*self._special, *self.keys, self._unknown]
        count = len(every) - 1
        if self._sorted is not None:
            inside = (indices >= 0) & (indices < count)
            return torch.tensor(every, device=indices.device)[torch.where(inside, indices, count)]
        out = np.empty(indices.numel(), dtype=object)
        out[:] = [every[i if 0 <= i < count else count] for i in indices.reshape(-1).tolist()]
        return out.reshape(tuple(indices.shape))


class TokenCounts:
    """How often tokens were seen, and in how many documents."""

    def __init__(self) -> None:
        self.tokens: Counter = Counter()
        self.documents: Counter = Counter()
        self.seen = 0  # documents

    def update(self, documents: Iterable[list]) -> None:
        for document in documents:
            self.tokens.update(document)
            self.documents.update(set(document))
            self.seen += 1

    def frequent(self, left_out: list) -> list:
        """The tokens, most frequent first; among equals the later in order first."""
        for token in left_out:
            self.tokens.pop(token, None)
        return sorted(self.tokens, key=lambda token: (self.tokens[token], token), reverse=True)

    def idf(self, tokens: list) -> np.ndarray:
        """How much tokens tell: log(1 + documents / (1 + documents that have the token))."""
        return np.log(1 + self.seen / (1 + np.array([self.documents[token] for token in tokens], dtype=np.float64)))


def read_lines(path: str) -> list[bytes]:
    """The lines of a file, without what ends them."""
    with open(path, "rb") as file:
        lines = file.read().split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    return [line.removesuffix(b"\r") for line in lines]


def padded_idf(weights: Any, tokens: int, front: int, size: int | None) -> np.ndarray:
    """Weights of all indices: the average for ``front`` special tokens, then ``weights``, then 0 up to ``size``.

    Raises:
        ValueError: there are not ``tokens`` weights in a row.
    """
    weights = np.asarray(weights)
    if len(weights) != tokens:
        raise fail(ValueError, "`idf_weights` must be the same length as vocabulary", tokens, len(weights))
    if weights.ndim != 1:
        raise fail(ValueError, "TF-IDF data must be a 1-index array", received=f"shape {weights.shape}")
    back = 0 if size is None else size - front - tokens
    average = weights.mean() if front and len(weights) else 0
    return np.concatenate([np.full(front, average), weights, np.zeros(back)])
