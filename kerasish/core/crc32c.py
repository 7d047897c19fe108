"""CRC-32C, the checksum of records, event files and checkpoints.

Data is cut into lanes of one length, NumPy takes two bytes of every lane at a time, and the lanes' checksums are joined in
pairs: the checksum of ``a + b`` is that of ``a``, moved over as many zero bytes as ``b`` has, exclusive-or that of ``b``.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

_POLYNOMIAL = 0x82F63B78  # Castagnoli's, reflected
_SHORT = 512  # bytes below which Python's loop is faster
_PIECE = 1 << 19  # bytes that are taken at a time: they stay in the cache
_LONGEST_LANE = 4096


def crc32c(data: Any, crc: int = 0) -> int:
    """The checksum of bytes, or of what is as memory is; ``crc``: of what came before them."""
    view = memoryview(data).cast("B")
    state = crc ^ 0xFFFFFFFF
    for start in range(0, len(view), _PIECE):
        piece = view[start : start + _PIECE]
        state = _short(piece, state) if len(piece) < _SHORT else _long(piece, state)
    return state ^ 0xFFFFFFFF


def masked(crc: int) -> int:
    """A checksum as it is stored beside the data that it is of: rotated and moved."""
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def unmasked(stored: int) -> int:
    """The checksum that ``masked`` was given."""
    crc = (stored - 0xA282EAD8) & 0xFFFFFFFF
    return (crc >> 17 | crc << 15) & 0xFFFFFFFF


def _short(data: Any, state: int) -> int:
    table = _bytes_table()
    for byte in data:
        state = table[(state ^ byte) & 0xFF] ^ state >> 8
    return state


def _long(data: Any, state: int) -> int:
    lane = 64
    while lane < _LONGEST_LANE and lane * lane * 16 < len(data):
        lane *= 2
    front = -len(data) % lane
    padded = np.zeros(front + len(data), np.uint8)  # zeros in front change nothing
    padded[front:] = np.frombuffer(data, np.uint8)
    padded[front : front + 4] ^= np.frombuffer(state.to_bytes(4, "little"), np.uint8)
    columns = np.ascontiguousarray(padded.reshape(-1, lane).view("<u2").T)
    table = _words_table()
    states = np.zeros(columns.shape[1], np.uint32)
    for words in columns:
        states = table.take(states.astype(np.uint16) ^ words) ^ states >> 16
    length = lane.bit_length() - 1
    while len(states) > 1:
        if len(states) % 2:
            states = np.concatenate([np.zeros(1, np.uint32), states])
        states = _move(states[::2], _over_zeros(length)) ^ states[1::2]
        length += 1
    return int(states[0])


@functools.cache
def _bytes_table() -> list[int]:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (_POLYNOMIAL if byte & 1 else 0)
        table.append(byte)
    return table


@functools.cache
def _words_table() -> np.ndarray:
    """What two bytes do to a state that they fill."""
    single = np.array(_bytes_table(), np.uint32)
    words = np.arange(1 << 16, dtype=np.uint32)
    once = single[words & 0xFF] ^ words >> 8
    return single[once & 0xFF] ^ once >> 8


@functools.cache
def _over_zeros(power: int) -> np.ndarray:
    """What 2**power zero bytes do to each byte of a state, (4, 256)."""
    if power > 1:
        half = _over_zeros(power - 1)
        return _move(half, half)
    states = np.arange(256, dtype=np.uint32) << np.array([[0], [8], [16], [24]], np.uint32)
    return _words_table()[states & 0xFFFF] ^ states >> 16


def _move(states: np.ndarray, tables: np.ndarray) -> np.ndarray:
    return (
        tables[0][states & 0xFF]
        ^ tables[1][states >> 8 & 0xFF]
        ^ tables[2][states >> 16 & 0xFF]
        ^ tables[3][states >> 24]
    )
