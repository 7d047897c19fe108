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
from kerasish.core.dtypes import as_dtype, string
from kerasish.core.wire import write_bytes, write_number

_BUCKETS = 30
_MOST_IMAGES = 3
_count = itertools.count()


class EventWriter:
    """A new event file.

    Args:
        folder: is made if it is not there.
        suffix: ends the file's name.
    """

    def __init__(self, folder: str, suffix: str = ".v2") -> None:
        os.makedirs(folder, exist_ok=True)
        name = f"events.out.tfevents.{int(time.time())}.{socket.gethostname()}.{os.getpid()}.{next(_count)}{suffix}"
        self._file = open(os.path.join(folder, name), "ab")
        weakref.finalize(self, self._file.close)  # of a run that was interrupted
        self._write(write_bytes(3, b"brain.Event:2"))
        self.flush()

    def scalar(self, tag: str, value: Any, step: int) -> None:
        """A number."""
        self.value(tag, tensor(np.float32(value)), "scalars", step)

    def histogram(self, tag: str, values: np.ndarray, step: int) -> None:
        """How often numbers occur, in 30 intervals of equal width."""
        self.value(tag, tensor(buckets(values)), "histograms", step)

    def images(self, tag: str, images: np.ndarray, step: int) -> None:
        """The first three of some images (n, height, width, channels), whose values are in [0, 1]."""
        self.value(tag, pictures(images, _MOST_IMAGES), "images", step)

    def keras_model(self, tag: str, text: str, step: int) -> None:
        """A model's configuration as JSON, from which its graph is drawn."""
        self.value(tag, strings([text.encode()], ()), "graph_keras_model", step, content=b"1")

    def value(
        self,
        tag: str,
        tensor: bytes,
        plugin: str,
        step: int,
        content: bytes = b"",
        kind: int = 0,
        description: str = "",
        metadata: bytes | None = None,
    ) -> None:
        """Any value.

        Args:
            tensor: what ``tensor``, ``strings`` or ``pictures`` gave.
            plugin: what shows it.
            content: a message for that.
            kind: TensorBoard's number of the class of data; 0 says nothing.
            metadata: a ``SummaryMetadata`` message in place of what the other arguments make up.
        """
        if metadata is None:
            metadata = write_bytes(1, write_bytes(1, plugin.encode()) + (write_bytes(2, content) if content else b""))
            metadata += write_bytes(3, description.encode()) if description else b""
            metadata += write_number(4, kind) if kind else b""
        value = write_bytes(1, tag.encode()) + write_bytes(8, tensor) + write_bytes(9, metadata)
        self.summary(write_bytes(1, value), step)

    def summary(self, content: bytes, step: int) -> None:
        """A serialized ``Summary`` message."""
        self._write((write_number(2, int(step)) if step else b"") + write_bytes(5, content))

    def _write(self, event: bytes) -> None:
        event = struct.pack("<Bd", 1 << 3 | 1, time.time()) + event
        length = struct.pack("<Q", len(event))
        self._file.write(length + _checksum(length) + event + _checksum(event))

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self._file.close()


# values ---------------------------------------------------------------------------------------------------------------


def buckets(values: np.ndarray, count: int = _BUCKETS) -> np.ndarray:
    """(left, right, count) of each interval; where all numbers are one, the last one has them."""
    values = np.asarray(values, dtype=np.float64).reshape(-1)
    if not values.size or not count:
        return np.zeros((count, 3))
    low, high = values.min(), values.max()
    if not high > low:
        counts = np.zeros(count)
        counts[-1] = values.size
        return np.stack([np.full(count, low), np.full(count, low), counts], axis=1)
    edges = np.linspace(low, high, count + 1)
    place = np.clip(np.floor((values - low) / ((high - low) / count)), 0, count - 1)
    counts = np.bincount(place.astype(np.int64), minlength=count)
    return np.stack([edges[:-1], edges[1:], counts], axis=1)


def pictures(images: np.ndarray, most: int) -> bytes:
    """The first of some images (n, height, width, channels), floats in [0, 1] or uint8: the tensor that holds them."""
    pixels = images[: int(most)]
    if pixels.dtype != np.uint8:
        pixels = (np.clip(pixels, 0.0, 1.0) * 255.5).astype(np.uint8)
    height, width = images.shape[1:3]
    parts = [str(width).encode(), str(height).encode(), *map(_png, pixels)]
    return strings(parts, (len(parts),))


def _png(image: np.ndarray) -> bytes:
    """An image of 1 to 4 channels as a PNG file."""
    height, width, channels = image.shape
    color = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    rows = np.concatenate([np.zeros((height, 1), np.uint8), image.reshape(height, -1)], axis=1)  # each row unfiltered

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, color, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows.tobytes())) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


# messages -------------------------------------------------------------------------------------------------------------


def tensor(value: Any) -> bytes:
    array = np.asarray(value)
    return (
        write_number(1, as_dtype(array.dtype).as_datatype_enum)
        + write_bytes(2, _shape(array.shape))
        + write_bytes(4, array.astype(array.dtype.newbyteorder("<")).tobytes())
    )


def strings(values: list[bytes], shape: tuple) -> bytes:
    return (
        write_number(1, string.as_datatype_enum)
        + write_bytes(2, _shape(shape))
        + b"".join(write_bytes(8, value) for value in values)
    )


def _shape(shape: tuple) -> bytes:
    return b"".join(write_bytes(2, write_number(1, size)) for size in shape)


def _checksum(data: bytes) -> bytes:
    return struct.pack("<I", crc32c.masked(crc32c.crc32c(data)))
