"""CRC-32C (Castagnoli), as records carry it.

A checksum is a remainder of polynomials over bits, so parts of a text may be summed at the same time and joined afterwards:
appending n zero bytes to a text is a linear map of its sum, kept here as four tables of 256 entries.
"""

from __future__ import annotations

import functools

import numpy as np

_POLYNOMIAL = 0x82F63B78  # the lowest bit stands for the highest power
_LANE = 32  # bytes of a part
_SHORT = 2048  # bytes below which the plain loop is faster


@functools.cache
def _table() -> list[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)
        table.append(value)
    return table


def _plain(data: bytes, crc: int) -> int:
    table = _table()
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc


@functools.cache
def _array() -> np.ndarray:
    return np.array(_table(), np.uint32)


@functools.cache
def _zeros(doublings: int) -> np.ndarray:
    """The map of ``_LANE << doublings`` zero bytes, (4, 256): one table for each byte of a sum."""
    values = (np.arange(256, dtype=np.uint32)[None] << (8 * np.arange(4, dtype=np.uint32))[:, None]).astype(np.uint32)
    if doublings:
        return _mapped(_mapped(values, doublings - 1), doublings - 1)
    for _ in range(_LANE):
        values = _array()[values & 0xFF] ^ values >> np.uint32(8)
    return values


def _mapped(crc: np.ndarray, doublings: int) -> np.ndarray:
    table = _zeros(doublings)
    return (
        table[0][crc & 0xFF]
        ^ table[1][crc >> np.uint32(8) & 0xFF]
        ^ table[2][crc >> np.uint32(16) & 0xFF]
        ^ table[3][crc >> np.uint32(24)]
    )


def crc32c(data: bytes) -> int:
    """The checksum of a text."""
    if len(data) < _SHORT:
        return _plain(data, 0xFFFFFFFF) ^ 0xFFFFFFFF
    count = 1 << (-(-len(data) // _LANE) - 1).bit_length()
    padded = np.zeros(count * _LANE, np.uint8)  # zeros in front change nothing
    padded[-len(data) :] = np.frombuffer(data, np.uint8)
    padded[len(padded) - len(data) :][:4] ^= 0xFF  # the start value of the sum
    bytes_of_lanes = np.ascontiguousarray(padded.reshape(count, _LANE).T)
    crc, table = np.zeros(count, np.uint32), _array()
    for column in bytes_of_lanes:
        crc = table[(crc ^ column) & 0xFF] ^ crc >> np.uint32(8)
    doublings = 0
    while len(crc) > 1:
        crc = _mapped(crc[0::2], doublings) ^ crc[1::2]
        doublings += 1
    return int(crc[0]) ^ 0xFFFFFFFF


def masked(data: bytes) -> int:
    """The checksum as records store it."""
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
