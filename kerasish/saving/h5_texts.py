"""Text attributes of HDF5 files, read without the HDF5 library.

The library copies texts of variable length out of the file's heaps without comparing the lengths that the file states in two
places, and walks heaps without looking for a way out: a damaged file makes it crash or run for ever (seen with HDF5 1.14 and
2.0). Attributes are where Keras keeps its texts, so this small part of the format is read here, bounds checked. Names of
sections are those of the HDF5 File Format Specification 3.0. Attributes are looked for in object headers, where they are as
long as an object has no more than eight of them or they are smaller than 64 KiB; Keras's are.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_ATTRIBUTE, _CONTINUATION = 0x000C, 0x0010
_STRING, _VARIABLE_LENGTH = 3, 9
MAX_BLOCKS = 10_000
MAX_TEXTS = 100_000
FREE_SIZE = 64 << 20  # bytes that all texts of an attribute may have in a smaller file


class Texts:
    """The text attributes of one file.

    Args:
        data: the file's bytes, an ``mmap`` or a ``memoryview``. No slice of it is kept, so that it can be closed.

    Raises:
        ValueError: a file of unusual layout.
    """

    def __init__(self, data: Any) -> None:
        self._data = data
        self._heaps: dict[int, dict[int, tuple[int, int]]] = {}
        version = self._number(8, 1)
        sizes = self._bytes(13, 2) if version < 2 else self._bytes(9, 2)
        base = self._number(24 if version == 0 else 28 if version == 1 else 12, 8)
        if self._bytes(0, 8) != _SIGNATURE or sizes != b"\x08\x08" or base:
            raise ValueError("an HDF5 file of unusual layout")

    def read(self, header: int, name: str) -> list[str] | None:
        """The texts of an attribute, one or many; None if there is none of that name.

        Args:
            header: the address of the object's header.

        Raises:
            ValueError: the attribute holds no texts, or the file is damaged.
        """
        for kind, start, end in self._messages(header):
            if kind == _ATTRIBUTE:
                texts = self._attribute(start, end, name)
                if texts is not None:
                    return texts
        return None

    def _bytes(self, place: int, size: int) -> bytes:
        if place < 0 or size < 0 or place + size > len(self._data):
            raise ValueError("an address outside of the file")
        return bytes(self._data[place : place + size])

    def _number(self, place: int, size: int) -> int:
        return int.from_bytes(self._bytes(place, size), "little")

    def _messages(self, header: int) -> Iterator[tuple[int, int, int]]:
        """Kind, start and end of the messages of an object header, of version 1 (IV.A.1.a) or 2 (IV.A.1.b)."""
        new = self._bytes(header, 4) == b"OHDR"
        if self._number(header + 4 if new else header, 1) != (2 if new else 1):
            raise ValueError("an object header of an unusual version")
        flags = self._number(header + 5, 1) if new else 0
        prefix = (4 if not flags & 0x04 else 6) if new else 8  # bytes before a message's contents
        if new:
            width = 1 << (flags & 0x03)
            place = header + 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
            blocks = [(place + width, self._number(place, width))]
        else:
            blocks = [(header + 16, self._number(header + 8, 4))]
        for place, size in blocks:  # grows while it is walked
            end = place + size
            if len(blocks) > MAX_BLOCKS or end > len(self._data):
                raise ValueError("an object header without end")
            while place + prefix <= end:
                kind = self._number(place, 1 if new else 2)
                size = self._number(place + (1 if new else 2), 2)
                start, place = place + prefix, place + prefix + size
                if place > end:
                    raise ValueError("a message that exceeds its header")
                if kind == _CONTINUATION:
                    where, length = self._number(start, 8), self._number(start + 8, 8)
                    blocks.append((where + 4, length - 8) if new else (where, length))  # signature and checksum
                yield kind, start, place

    def _attribute(self, start: int, end: int, wanted: str) -> list[str] | None:
        """The texts of an attribute message (IV.A.2.m) if it has the wanted name."""
        version, flags = self._number(start, 1), self._number(start + 1, 1)
        sizes = [self._number(start + place, 2) for place in (2, 4, 6)]
        place = start + (9 if version == 3 else 8)
        name = self._bytes(place, sizes[0]).partition(b"\0")[0]
        if name != wanted.encode("utf-8"):
            return None
        if version not in (1, 2, 3) or (version > 1 and flags):
            raise ValueError(f"an attribute '{wanted}' of an unusual kind")
        if version == 1:
            sizes = [-(-size // 8) * 8 for size in sizes]
        kind = place + sizes[0]
        space = kind + sizes[1]
        return self._elements(kind, self._count(space), space + sizes[2], end, wanted)

    def _count(self, space: int) -> int:
        """How many elements a dataspace message (IV.A.2.b) declares."""
        version, rank = self._number(space, 1), self._number(space + 1, 1)
        if version == 2 and self._number(space + 3, 1) == 2:
            return 0
        count = 1
        for i in range(rank):
            count *= self._number(space + (8 if version == 1 else 4) + 8 * i, 8)
        if count > MAX_TEXTS:
            raise ValueError(f"an attribute of {count} elements")
        return count

    def _elements(self, kind: int, count: int, place: int, end: int, name: str) -> list[str]:
        cls, subclass, size = self._number(kind, 1) & 0x0F, self._number(kind + 1, 1) & 0x0F, self._number(kind + 4, 4)
        if count == 0:
            return []  # h5py stores an empty list as numbers
        if cls == _STRING and place + count * size <= end:
            parts = [self._bytes(place + i * size, size) for i in range(count)]
            return [part.rstrip(b"\0").decode("utf-8") for part in parts]
        if cls != _VARIABLE_LENGTH or subclass != 1 or size != 16 or place + count * 16 > end:
            raise ValueError(f"an attribute '{name}' that holds no texts")
        found, left = [], max(FREE_SIZE, len(self._data))
        for i in range(count):
            length, heap, index = struct.unpack_from("<IQI", self._data, place + 16 * i)
            left -= length
            if left < 0:
                raise ValueError(f"an attribute '{name}' of texts beyond the file's size")
            found.append(self._text(length, heap, index))
        return found

    def _text(self, length: int, heap: int, index: int) -> str:
        if not length:
            return ""
        if heap not in self._heaps:
            self._heaps[heap] = dict(self._entries(heap))
        start, size = self._heaps[heap].get(index, (0, 0))
        if length > size:
            raise ValueError("a text that exceeds its place in a heap")
        return self._bytes(start, length).rstrip(b"\0").decode("utf-8")

    def _entries(self, heap: int) -> Iterator[tuple[int, tuple[int, int]]]:
        """Index, and place and size, of the entries of a global heap (III.E)."""
        if self._bytes(heap, 8) != b"GCOL\x01\0\0\0":
            raise ValueError("a heap that is none")
        end = heap + self._number(heap + 8, 8)
        if end > len(self._data):
            raise ValueError("a heap that exceeds the file")
        place = heap + 16
        while place + 16 <= end:
            index, size = self._number(place, 2), self._number(place + 8, 8)
            if index == 0:
                return  # free space
            if place + 16 + size > end:
                raise ValueError("an entry that exceeds its heap")
            yield index, (place + 16, size)
            place += 16 + -(-size // 8) * 8
