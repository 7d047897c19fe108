"""Pairs of words and windows of series, as Keras 2 had them."""

from __future__ import annotations

import json
import random
from typing import Any

import numpy as np

from kerasish.core.errors import fail
from kerasish.utils.py_dataset import PyDataset


class TimeseriesGenerator(PyDataset):
    """Batches of windows of a series, each with the target of the step after it.

    Args:
        data, targets: arrays or lists of one length; the first axis is time.
        length: of the windows, in steps.
        sampling_rate: every which step of a window is taken.
        stride: steps from one window to the next.
        start_index, end_index: the first and last steps that are used.
        shuffle: whether windows are drawn at random, by NumPy's generator.
        reverse: whether windows run backwards.
        batch_size: windows in a batch.

    Raises:
        ValueError: lengths differ, or there is no step left for a target.
    """

    def __init__(
        self,
        data: Any,
        targets: Any,
        length: int,
        sampling_rate: int = 1,
        stride: int = 1,
        start_index: int = 0,
        end_index: int | None = None,
        shuffle: bool = False,
        reverse: bool = False,
        batch_size: int = 128,
    ) -> None:
        super().__init__()
        if len(data) != len(targets):
            raise ValueError(
                f"Data and targets have to be of same length. Data length is {len(data)} while target length is "
                f"{len(targets)}"
            )
        self.data, self.targets = data, targets
        self.length, self.sampling_rate, self.stride = length, sampling_rate, stride
        self.start_index = start_index + length
        self.end_index = len(data) - 1 if end_index is None else end_index
        self.shuffle, self.reverse, self.batch_size = shuffle, reverse, batch_size
        if self.start_index > self.end_index:
            raise ValueError(
                f"`start_index+length={self.start_index} > end_index={self.end_index}` is disallowed, as no part of the "
                "sequence would be left to be used as current step."
            )

    def __len__(self) -> int:
        step = self.batch_size * self.stride
        return (self.end_index - self.start_index + step) // step

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        if self.shuffle:
            rows = np.random.randint(self.start_index, self.end_index + 1, size=self.batch_size)
        else:
            first = self.start_index + self.batch_size * self.stride * index
            rows = np.arange(first, min(first + self.batch_size * self.stride, self.end_index + 1), self.stride)
        windows = np.array([self.data[row - self.length : row : self.sampling_rate] for row in rows])
        targets = np.array([self.targets[row] for row in rows])
        return (windows[:, ::-1, ...] if self.reverse else windows), targets

    def get_config(self) -> dict:
        """The arguments; the data as JSON texts. ``start_index`` is that of the first target.

        Raises:
            TypeError: JSON cannot hold the data.
        """
        names = ("length", "sampling_rate", "stride", "start_index", "end_index", "shuffle", "reverse", "batch_size")
        data = {"data": _json("Data", self.data), "targets": _json("Targets", self.targets)}
        return {**data, **{name: getattr(self, name) for name in names}}

    def to_json(self, **kwargs: Any) -> str:
        """``get_config`` as a JSON text; ``kwargs`` are for ``json.dumps``."""
        return json.dumps({"class_name": type(self).__name__, "config": self.get_config()}, **kwargs)


def _json(what: str, values: Any) -> str:
    try:
        return json.dumps(values.tolist() if isinstance(values, np.ndarray) else values)
    except TypeError:
        raise fail(TypeError, f"{what} not JSON Serializable: {values}") from None


def make_sampling_table(size: int, sampling_factor: float = 1e-05) -> np.ndarray:
    """For words in the order of their frequency, the probability that ``skipgrams`` keeps one.

    Frequencies are taken to follow Zipf's law: that of rank r is 1 / (r (log r + 0.577) + 1/2 - 1/(12 r)).
    """
    rank = np.arange(size)
    rank[0] = 1
    inverse_frequency = rank * (np.log(rank) + 0.577) + 0.5 - 1.0 / (12.0 * rank)
    share = sampling_factor * inverse_frequency
    return np.minimum(1.0, share / np.sqrt(share))


def skipgrams(
    sequence: Any,
    vocabulary_size: int,
    window_size: int = 4,
    negative_samples: float = 1.0,
    shuffle: bool = True,
    categorical: bool = False,
    sampling_table: Any = None,
    seed: int | None = None,
) -> tuple[list, list]:
    """Pairs of words that stand near each other, labelled 1, and of random ones, labelled 0.

    Random numbers are Python's, drawn in Keras's order.

    Args:
        sequence: of words as numbers; 0 is no word.
        window_size: how far apart words of a pair may be.
        negative_samples: random pairs for each real one.
        shuffle: whether pairs come in random order.
        categorical: whether labels are [0, 1] and [1, 0].
        sampling_table: see ``make_sampling_table``.
        seed: of the order; default: a random one.
    """
    couples, labels = [], []
    for i, word in enumerate(sequence):
        if not word or (sampling_table is not None and sampling_table[word] < random.random()):
            continue
        for j in range(max(0, i - window_size), min(len(sequence), i + window_size + 1)):
            if j != i and sequence[j]:
                couples.append([word, sequence[j]])
                labels.append([0, 1] if categorical else 1)
    if negative_samples > 0:
        count = int(len(labels) * negative_samples)
        words = [couple[0] for couple in couples]
        random.shuffle(words)
        couples += [[words[i % len(words)], random.randint(1, int(vocabulary_size - 1))] for i in range(count)]
        labels += [[1, 0] if categorical else 0] * count
    if shuffle:
        seed = random.randint(0, int(10e6)) if seed is None else seed
        for values in (couples, labels):
            random.seed(seed)
            random.shuffle(values)
    return couples, labels
