"""Pieces of clothing: 60,000 + 10,000 grey images of 28×28 in 10 classes (``keras.datasets.fashion_mnist``)."""

from __future__ import annotations

import gzip
import os

import numpy as np

from kerasish.core.registry import publish
from kerasish.datasets.files import Pair, fetch


def load_data() -> tuple[Pair, Pair]:
    """``(x_train, y_train), (x_test, y_test)``: uint8 images (n, 28, 28) and classes (n,)."""
    y_train = _read("train-labels-idx1-ubyte.gz", 8)
    x_train = _read("train-images-idx3-ubyte.gz", 16)
    y_test = _read("t10k-labels-idx1-ubyte.gz", 8)
    x_test = _read("t10k-images-idx3-ubyte.gz", 16)
    return (
        (x_train.reshape(len(y_train), 28, 28), y_train),
        (x_test.reshape(len(y_test), 28, 28), y_test),
    )


def _read(name: str, header: int) -> np.ndarray:
    path = fetch(name, name, None, cache_subdir=os.path.join("datasets", "fashion-mnist"))
    with gzip.open(path, "rb") as file:
        return np.frombuffer(file.read(), np.uint8, offset=header)


__all__ = ["load_data"]
publish(__name__, globals(), __all__)
