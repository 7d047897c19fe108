"""Small colour images in 10 classes: 50,000 + 10,000 of 32×32 (``keras.datasets.cifar10``)."""

from __future__ import annotations

import os

from kerasish.core.registry import publish
from kerasish.datasets.cifar import read_batches, unpacked
from kerasish.datasets.files import Pair

_HASH = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"


def load_data() -> tuple[Pair, Pair]:
    """``(x_train, y_train), (x_test, y_test)``: uint8 images (n, 32, 32, 3) and classes (n, 1)."""
    folder = unpacked("cifar-10-batches-py-target", "cifar-10-python.tar.gz", "cifar-10-batches-py", _HASH)
    x_train, y_train = read_batches([os.path.join(folder, f"data_batch_{n}") for n in range(1, 6)], b"labels")
    x_test, y_test = read_batches([os.path.join(folder, "test_batch")], b"labels")
    return (x_train, y_train.astype("uint8")), (x_test, y_test.astype("uint8"))


__all__ = ["load_data"]
publish(__name__, globals(), __all__)
