"""Event files, which TensorBoard reads: records of serialized ``tensorflow.Event`` messages, written without TensorFlow.

A record is its length, a checksum of that, the message, a checksum of it. Values are written as TensorFlow 2 writes them:
tensors, with the name of the plugin that shows them. (The writer in torch needs the package ``tensorboard``, which a script
that only logs does not have to have installed, and writes the older form, which readers list under other kinds.)
"""

from __future__ import annotations

import itertools
import os
import socket
import struct
import time
import weakref
import zlib
from typing import Any

import numpy as np

from kerasish.core import crc32c
from kerasish.core.wire import write_bytes, write_number

_BUCKETS = 30
_MOST_IMAGES = 3
_DTYPES = {"float32": 1, "float64": 2, "string": 7}
_count = itertools.count()


class EventWriter:
    """A new event file.

    Args:
        folder: is made if it is not there.
    """

    def __init__(self, folder: str) -> None:
        os.makedirs(folder, exist_ok=True)
        name = f"events.out.tfevents.{int(time.time())}.{socket.gethostname()}.{os.getpid()}.{next(_count)}.v2"
        self._file = open(os.path.join(folder, name), "ab")
        weakref.finalize(self, self._file.close)  # of a run that was interrupted
        self._write(write_bytes(3, b"brain.Event:2"))
        self.flush()

    def scalar(self, tag: str, value: Any, step: int) -> None:
        """A number."""
        self._value(tag, _tensor(np.float32(value)), "scalars", step)

    def histogram(self, tag: str, values: np.ndarray, step: int) -> None:
        """How often numbers occur, in 30 intervals of equal width."""
        self._value(tag, _tensor(_buckets(values)), "histograms", step)

    def images(self, tag: str, images: np.ndarray, step: int) -> None:
        """The first three of some images (n, height, width, channels), whose values are in [0, 1]."""
        pixels = (np.clip(images[:_MOST_IMAGES], 0.0, 1.0) * 255.5).astype(np.uint8)
        height, width = images.shape[1:3]
        parts = [str(width).encode(), str(height).encode(), *map(_png, pixels)]
        self._value(tag, _strings(parts, (len(parts),)), "images", step)

    def keras_model(self, tag: str, text: str, step: int) -> None:
        """A model's configuration as JSON, from which its graph is drawn."""
        self._value(tag, _strings([text.encode()], ()), "graph_keras_model", step, content=b"1")

    def _value(self, tag: str, tensor: bytes, plugin: str, step: int, content: bytes = b"") -> None:
        plugin_data = write_bytes(1, plugin.encode()) + (write_bytes(2, content) if content else b"")
        metadata = write_bytes(1, plugin_data)
        value = write_bytes(1, tag.encode()) + write_bytes(8, tensor) + write_bytes(9, metadata)
        self._write((write_number(2, int(step)) if step else b"") + write_bytes(5, write_bytes(1, value)))

    def _write(self, event: bytes) -> None:
        event = struct.pack("<Bd", 1 << 3 | 1, time.time()) + event
        length = struct.pack("<Q", len(event))
        self._file.write(length + _checksum(length) + event + _checksum(event))

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self._file.close()


# values ---------------------------------------------------------------------------------------------------------------


def _buckets(values: np.ndarray) -> np.ndarray:
    """(left, right, count) of each interval; where all numbers are one, the last one has them."""
    values = np.asarray(values, dtype=np.float64).reshape(-1)
    if not values.size:
        return np.zeros((_BUCKETS, 3))
    low, high = values.min(), values.max()
    if not high > low:
        counts = np.zeros(_BUCKETS)
        counts[-1] = values.size
        return np.stack([np.full(_BUCKETS, low), np.full(_BUCKETS, low), counts], axis=1)
    edges = np.linspace(low, high, _BUCKETS + 1)
    place = np.clip(np.floor((values - low) / ((high - low) / _BUCKETS)), 0, _BUCKETS - 1)
    counts = np.bincount(place.astype(np.int64), minlength=_BUCKETS)
    return np.stack([edges[:-1], edges[1:], counts], axis=1)


def _png(image: np.ndarray) -> bytes:
    """An image of 1, 3 or 4 channels as a PNG file."""
    height, width, channels = image.shape
    color = {1: 0, 3: 2, 4: 6}[channels]
    rows = np.concatenate([np.zeros((height, 1), np.uint8), image.reshape(height, -1)], axis=1)  # each row unfiltered

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, color, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows.tobytes())) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


# messages -------------------------------------------------------------------------------------------------------------


def _tensor(value: Any) -> bytes:
    array = np.asarray(value)
    return (
        write_number(1, _DTYPES[array.dtype.name])
        + write_bytes(2, _shape(array.shape))
        + write_bytes(4, array.astype(array.dtype.newbyteorder("<")).tobytes())
    )


def _strings(values: list[bytes], shape: tuple) -> bytes:
    return (
        write_number(1, _DTYPES["string"])
        + write_bytes(2, _shape(shape))
        + b"".join(write_bytes(8, value) for value in values)
    )


def _shape(shape: tuple) -> bytes:
    return b"".join(write_bytes(2, write_number(1, size)) for size in shape)


def _checksum(data: bytes) -> bytes:
    return struct.pack("<I", crc32c.masked(crc32c.crc32c(data)))
