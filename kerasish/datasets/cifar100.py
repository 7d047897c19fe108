"""Small colour images in 100 classes, grouped in 20: 50,000 + 10,000 of 32×32 (``keras.datasets.cifar100``)."""

from __future__ import annotations

import os

from kerasish.core.errors import fail
from kerasish.core.registry import publish
from kerasish.datasets.cifar import read_batches, unpacked
from kerasish.datasets.files import Pair

_HASH = "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7"


def load_data(label_mode: str = "fine") -> tuple[Pair, Pair]:
    """``(x_train, y_train), (x_test, y_test)``: uint8 images (n, 32, 32, 3) and int64 classes (n, 1).

    Args:
        label_mode: "fine" for 100 classes, "coarse" for 20.
    """
    if label_mode not in ("fine", "coarse"):
        raise fail(ValueError, '`label_mode` must be one of `"fine"`, `"coarse"`', received=f"label_mode={label_mode}")
    folder = unpacked("cifar-100-python-target", "cifar-100-python.tar.gz", "cifar-100-python", _HASH)
    labels = f"{label_mode}_labels".encode()
    train, test = (read_batches([os.path.join(folder, name)], labels) for name in ("train", "test"))
    return train, test


__all__ = ["load_data"]
publish(__name__, globals(), __all__)
