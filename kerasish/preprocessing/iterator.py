"""Batches of rows by number, endlessly or by index: what the iterators of images have in common."""

from __future__ import annotations

import threading
from collections.abc import Iterator as Generator
from typing import Any

import numpy as np

from kerasish.core.errors import fail
from kerasish.utils.py_dataset import PyDataset


class Iterator(PyDataset):
    """Batches of images, for ``fit`` (``iterator[i]``) and for loops of users, which never end (``next(iterator)``).

    Args:
        n: number of images.
        batch_size: images in a batch; the last of an epoch may have fewer.
        shuffle: whether to shuffle in each epoch.
        seed: seeds NumPy's global generator before each batch, raised by the number of batches so far.
        **kwargs: for ``PyDataset``.
    """

    white_list_formats = ("png", "jpg", "jpeg", "bmp", "ppm", "tif", "tiff")

    def __init__(self, n: int, batch_size: int, shuffle: bool, seed: int | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n = n
        self.batch_size = batch_size
        self.seed = seed
        self.shuffle = shuffle
        self.batch_index = 0
        self.total_batches_seen = 0
        self.lock = threading.Lock()
        self.index_array: Any = None
        self.index_generator = self._flow_index()

    def _set_index_array(self) -> None:
        self.index_array = np.random.permutation(self.n) if self.shuffle else np.arange(self.n)

    def _seed(self) -> None:
        if self.seed is not None:
            np.random.seed(self.seed + self.total_batches_seen)

    def __getitem__(self, idx: int) -> Any:
        if idx >= len(self):
            raise fail(ValueError, f"Asked to retrieve element {idx}, but the Sequence has length {len(self)}")
        self._seed()
        self.total_batches_seen += 1
        if self.index_array is None:
            self._set_index_array()
        return self._get_batches_of_transformed_samples(
            self.index_array[self.batch_size * idx : self.batch_size * (idx + 1)]
        )

    def __len__(self) -> int:
        return -(-self.n // self.batch_size)

    def on_epoch_end(self) -> None:
        """Shuffle anew."""
        self._set_index_array()

    def reset(self) -> None:
        """Let ``next`` begin another epoch."""
        self.batch_index = 0

    def _flow_index(self) -> Generator[np.ndarray]:
        self.reset()
        while True:
            self._seed()
            if self.batch_index == 0:
                self._set_index_array()
            start = self.batch_index * self.batch_size % self.n if self.n else 0
            self.batch_index = self.batch_index + 1 if self.n > start + self.batch_size else 0
            self.total_batches_seen += 1
            yield self.index_array[start : start + self.batch_size]

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> Any:
        with self.lock:
            index_array = next(self.index_generator)
        return self._get_batches_of_transformed_samples(index_array)

    def _get_batches_of_transformed_samples(self, index_array: np.ndarray) -> Any:
        raise NotImplementedError
