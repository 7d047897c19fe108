"""Handwritten digits: 60,000 + 10,000 grey images of 28×28 (``keras.datasets.mnist``)."""

from __future__ import annotations

from kerasish.core.registry import publish
from kerasish.datasets.files import Pair, fetch, read_npz

_HASH = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"


def load_data(path: str = "mnist.npz") -> tuple[Pair, Pair]:
    """``(x_train, y_train), (x_test, y_test)``: uint8 images (n, 28, 28) and digits (n,).

    Args:
        path: name of the file in the cache.
    """
    arrays = read_npz(fetch("mnist.npz", path, _HASH))
    return (arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])


__all__ = ["load_data"]
publish(__name__, globals(), __all__)
