"""The files that CIFAR-10 and CIFAR-100 come in: batches of images, channels first, in an archive."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from kerasish.core.context import settings
from kerasish.datasets.files import read_pickle
from kerasish.utils.download import get_file

_HOST = "https://www.cs.toronto.edu/~kriz/"


def unpacked(folder: str, archive: str, inner: str, file_hash: str) -> str:
    path = get_file(fname=folder, origin=_HOST + archive, extract=True, file_hash=file_hash)
    return os.path.join(path, inner)


def read_batches(paths: Sequence[str], labels: bytes) -> tuple[np.ndarray, np.ndarray]:
    """uint8 images of the global data format, and labels of shape (n, 1)."""
    images, numbers = [], []
    for path in paths:
        with open(path, "rb") as file:
            batch = read_pickle(file.read(), path)
        images.append(batch[b"data"])
        numbers.extend(batch[labels])
    x = np.concatenate(images).reshape(-1, 3, 32, 32)
    if settings.image_data_format == "channels_last":
        x = x.transpose(0, 2, 3, 1)
    return x, np.reshape(numbers, (len(numbers), 1))
