"""Sorted-string tables, in which TensorFlow keeps the index of a checkpoint: byte strings in order, each with a value.

A table is a row of blocks and a footer. A block holds entries whose keys leave out what they share with the one before, then
the places where nothing is left out, and is followed by a byte for the compression and a checksum. The last block but one,
the index, says where the others are; the footer says where the index is.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Iterator

from kerasish.core import wire
from kerasish.core.crc32c import crc32c, masked
from kerasish.core.errors import DataLossError

MAGIC = 0xDB4775248B80FB57
MAX_TABLE = 1 << 30  # bytes
_FOOTER = 48
_TRAILER = 5
_BLOCK = 1 << 18  # bytes after which a block ends
_INTERVAL = 16  # entries between two whole keys
_KEYS = 1 << 26  # bytes that keys may take, whatever the file's size
_RATIO = 64  # and how many times the file's size


# writing --------------------------------------------------------------------------------------------------------------


def write(entries: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The bytes of a table of entries, which are in order."""
    out = bytearray()
    index = []
    block: list[tuple[bytes, bytes]] = []
    size = 0
    for key, value in entries:
        block.append((key, value))
        size += len(key) + len(value)
        if size >= _BLOCK:
            index.append((key, _append(out, block, _INTERVAL)))
            block, size = [], 0
    if block:
        index.append((block[-1][0], _append(out, block, _INTERVAL)))
    meta = _append(out, [], _INTERVAL)
    places = meta + _append(out, index, 1)
    return bytes(out) + places.ljust(_FOOTER - 8, b"\0") + struct.pack("<Q", MAGIC)


def _append(out: bytearray, entries: list[tuple[bytes, bytes]], interval: int) -> bytes:
    """Write a block; returns where it is, as the index has it."""
    block = bytearray()
    restarts = []
    last = b""
    for i, (key, value) in enumerate(entries):
        shared = 0
        if i % interval:
            shared = len(os.path.commonprefix([last, key]))
        else:
            restarts.append(len(block))
        block += wire.write_varint(shared) + wire.write_varint(len(key) - shared) + wire.write_varint(len(value))
        block += key[shared:] + value
        last = key
    restarts = restarts or [0]
    block += struct.pack(f"<{len(restarts) + 1}I", *restarts, len(restarts)) + b"\0"
    place = wire.write_varint(len(out)) + wire.write_varint(len(block) - 1)
    out += block + struct.pack("<I", masked(crc32c(block)))
    return place


# reading --------------------------------------------------------------------------------------------------------------


def read(path: str) -> dict[bytes, bytes]:
    """All entries of a table.

    Raises:
        DataLossError: the file is no table, or damaged.
    """
    size = os.path.getsize(path)
    if size > MAX_TABLE:
        raise DataLossError(f"{path}: a table of {size} bytes is too large")
    with open(path, "rb") as file:
        data = file.read(MAX_TABLE)
    if len(data) < _FOOTER or struct.unpack_from("<Q", data, len(data) - 8)[0] != MAGIC:
        raise DataLossError(f"{path}: not an sstable (bad magic number)")
    try:
        _, at = _place(data, len(data) - _FOOTER, len(data) - 8)
        index, _ = _place(data, at, len(data) - 8)
        return _all(path, data, index)
    except wire.DecodeError:
        raise DataLossError(f"{path}: the table is damaged") from None


def _all(path: str, data: bytes, index: tuple[int, int]) -> dict[bytes, bytes]:
    """What all blocks hold; they follow one another, and keys, which may repeat each other's beginnings, have bounds."""
    found: dict[bytes, bytes] = {}
    left = max(_KEYS, _RATIO * len(data))
    end = 0
    for _, handle in _entries(path, data, index):
        place, _ = _place(handle, 0, len(handle))
        if place[0] < end:
            raise DataLossError(f"{path}: blocks overlap")
        end = sum(place)
        for key, value in _entries(path, data, place):
            left -= len(key)
            if left < 0:
                raise DataLossError(f"{path}: keys expand beyond reason")
            found[key] = value
    return found


def _place(data: bytes, at: int, end: int) -> tuple[tuple[int, int], int]:
    start, at = wire.varint(data, at, end)
    size, at = wire.varint(data, at, end)
    return (start, size), at


def _entries(path: str, data: bytes, place: tuple[int, int]) -> Iterator[tuple[bytes, bytes]]:
    start, size = place
    end = start + size
    if end + _TRAILER > len(data) - _FOOTER or size < 8:
        raise DataLossError(f"{path}: truncated block read")
    kind, stored = struct.unpack_from("<BI", data, end)
    if masked(crc32c(data[start : end + 1])) != stored:
        raise DataLossError(f"{path}: block checksum mismatch")
    if kind:
        raise DataLossError(f"{path}: bad block type (compressed tables are not read)")
    (count,) = struct.unpack_from("<I", data, end - 4)
    end -= 4 + 4 * count
    if end < start:
        raise DataLossError(f"{path}: bad block contents")
    at, last = start, b""
    while at < end:
        shared, at = wire.varint(data, at, end)
        own, at = wire.varint(data, at, end)
        length, at = wire.varint(data, at, end)
        if shared > len(last) or own + length > end - at:
            raise DataLossError(f"{path}: bad entry in block")
        last = last[:shared] + data[at : at + own]
        at += own
        yield last, data[at : at + length]
        at += length
