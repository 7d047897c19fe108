"""The wire format of Protocol Buffers: numbers, lengths, fields. Nothing is allocated that the bytes given do not hold.

A message is a sequence of fields; each begins with a key, ``number << 3 | kind``. Integers are written seven bits a byte, the
lowest first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_MASK = (1 << 64) - 1
_FEW = 24  # integers below which Python's loop is faster than NumPy's calls


class DecodeError(Exception):
    """Bytes that are no message."""


def _corrupt() -> DecodeError:
    return DecodeError("Wire format was corrupt")


# reading --------------------------------------------------------------------------------------------------------------


def varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    """The unsigned integer at a place, and the place after it."""
    value = shift = 0
    while at < end and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & _MASK, at
        shift += 7
    raise _corrupt()


def signed(value: int) -> int:
    """The same 64 bits as a signed integer."""
    return value - (1 << 64) if value >> 63 else value


def fields(data: bytes, start: int, end: int) -> Iterator[tuple[int, int, Any, int]]:
    """(number, kind, value, place of its key) of each field between two places.

    The value is an integer, or the pair (start, end) of the bytes that make it up.

    Raises:
        DecodeError: something else stands there.
    """
    at = start
    while at < end:
        first = at
        key, at = varint(data, at, end)
        kind, number = key & 7, key >> 3
        if kind == VARINT:
            value, at = varint(data, at, end)
            yield number, kind, value, first
            continue
        if kind == BYTES:
            size, at = varint(data, at, end)
        elif kind in (FIXED32, FIXED64):
            size = 4 if kind == FIXED32 else 8
        else:
            raise _corrupt()
        if not number or size > end - at:
            raise _corrupt()
        yield number, kind, (at, at + size), first
        at += size


def varints(data: bytes, start: int, end: int) -> np.ndarray:
    """The signed integers between two places, int64."""
    if end - start <= _FEW:
        values, at = [], start
        while at < end:
            value, at = varint(data, at, end)
            values.append(signed(value))
        return np.array(values, np.int64)
    part = np.frombuffer(data, np.uint8, end - start, start)
    ends = np.flatnonzero(part < 0x80)
    if not len(ends) or ends[-1] != len(part) - 1:
        raise _corrupt()
    starts = np.concatenate([[0], ends[:-1] + 1])
    sizes = ends - starts + 1
    if sizes.max() > 10:
        raise _corrupt()
    shifts = (np.arange(len(part)) - np.repeat(starts, sizes)).astype(np.uint64) * np.uint64(7)
    return np.bitwise_or.reduceat((part & 0x7F).astype(np.uint64) << shifts, starts).view(np.int64)


def numbers(data: bytes, start: int, end: int, dtype: str) -> np.ndarray:
    """Numbers of fixed size between two places; ``dtype`` is NumPy's, little-endian."""
    size = np.dtype(dtype).itemsize
    if (end - start) % size:
        raise _corrupt()
    return np.frombuffer(data, dtype, (end - start) // size, start)


# writing --------------------------------------------------------------------------------------------------------------


def write_varint(value: int) -> bytes:
    value &= _MASK
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def write_varints(values: Iterable[int]) -> bytes:
    """Integers one after another."""
    values = list(values)
    if len(values) <= _FEW:
        return b"".join(map(write_varint, values))
    left = np.array(values, np.int64).view(np.uint64)
    columns, used = [], []
    more = np.ones(len(left), bool)
    while more.any():
        used.append(more)
        columns.append((left & np.uint64(0x7F)).astype(np.uint8))
        left = left >> np.uint64(7)
        more = left != 0
        columns[-1] |= more.astype(np.uint8) << 7
    return np.stack(columns, 1)[np.stack(used, 1)].tobytes()


def write_bytes(number: int, content: bytes) -> bytes:
    """A field of bytes."""
    return write_varint(number << 3 | BYTES) + write_varint(len(content)) + content


def write_number(number: int, value: int) -> bytes:
    """A field of an integer."""
    return write_varint(number << 3) + write_varint(value)
