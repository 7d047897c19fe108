"""Compressed files, read and written piece by piece."""

from __future__ import annotations

import io
import zlib
from typing import IO, Any

from kerasish.core.errors import DataLossError

WINDOW = {"ZLIB": zlib.MAX_WBITS, "GZIP": 16 + zlib.MAX_WBITS}  # zlib's code for the two formats
_PIECE = 256 << 10  # bytes


class Inflated(io.RawIOBase):
    """The contents of a compressed file.

    Args:
        compression: "ZLIB" or "GZIP".

    Raises:
        DataLossError: while reading, if it is no such file or ends too early.
    """

    def __init__(self, file: IO[bytes], compression: str) -> None:
        self._file, self._window = file, WINDOW[compression]
        self._engine = zlib.decompressobj(self._window)
        self._begun = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        wanted = min(len(buffer), _PIECE)
        while True:
            if self._engine.eof:
                self._restart()
            content = self._engine.unconsumed_tail or self._file.read(_PIECE)
            if not content:
                if self._begun:
                    raise DataLossError("Unexpected end of a compressed file")
                return 0
            self._begun = True
            try:
                part = self._engine.decompress(content, wanted)
            except zlib.error as error:
                raise DataLossError(
                    f"inflate() failed with {str(error).partition('while')[0].strip()}: {error}"
                ) from None
            if part:
                buffer[: len(part)] = part
                return len(part)

    def _restart(self) -> None:
        """Behind a member of a gzip file another one may follow."""
        rest = self._engine.unused_data
        self._engine = zlib.decompressobj(self._window)
        self._begun = False
        if rest:
            self._file = _Joined(rest, self._file)

    def close(self) -> None:
        self._file.close()
        super().close()


class _Joined:
    """Bytes, then a file."""

    def __init__(self, first: bytes, rest: Any) -> None:
        self._first, self._rest = first, rest

    def read(self, count: int) -> bytes:
        first, self._first = self._first, b""
        return first or self._rest.read(count)

    def close(self) -> None:
        self._rest.close()


def reading(file: IO[bytes], compression: str, buffer_size: int | None = None) -> IO[bytes]:
    """A file for reading what is in it; compressions that are not known are none, as in TensorFlow."""
    if compression not in WINDOW:
        return file
    return io.BufferedReader(Inflated(file, compression), buffer_size or _PIECE)


def exactly(file: IO[bytes], count: int) -> bytes:
    """The next ``count`` bytes, or what is left; memory grows with what is there, whatever ``count`` says."""
    parts, left = [], count
    while left > 0:
        part = file.read(min(left, 1 << 20))
        if not part:
            break
        parts.append(part)
        left -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)
