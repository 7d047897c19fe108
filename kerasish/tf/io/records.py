"""TFRecord files: byte strings with their lengths and checksums.

length (8 bytes) · checksum of these · content · checksum of it (4 bytes each); integers are little-endian
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import IO, Any

from kerasish.core.crc32c import crc32c, masked
from kerasish.core.errors import DataLossError, FailedPreconditionError
from kerasish.tf.io.gfile import opened
from kerasish.tf.io.streams import WINDOW, exactly


class TFRecordCompressionType:
    """The compressions' numbers."""

    NONE, ZLIB, GZIP = 0, 1, 2


class TFRecordOptions:
    """How records are written.

    Args:
        compression_type: None, "", "GZIP", "ZLIB", a ``TFRecordCompressionType`` or other options.
        flush_mode, input_buffer_size, output_buffer_size, compression_method: kept; files are the same.
        window_bits: base-2 logarithm of the window, 8 to 15; negative for none of zlib's header, above 15 for gzip's.
        compression_level: 0 (none) to 9.
        mem_level: 1 to 9. compression_strategy: zlib's number.

    Raises:
        ValueError: another compression.
    """

    compression_type_map = {
        TFRecordCompressionType.ZLIB: "ZLIB",
        TFRecordCompressionType.GZIP: "GZIP",
        TFRecordCompressionType.NONE: "",
    }

    def __init__(
        self,
        compression_type: Any = None,
        flush_mode: int | None = None,
        input_buffer_size: int | None = None,
        output_buffer_size: int | None = None,
        window_bits: int | None = None,
        compression_level: int | None = None,
        compression_method: int | None = None,
        mem_level: int | None = None,
        compression_strategy: int | None = None,
    ) -> None:
        self.get_compression_type_string(compression_type)
        self.compression_type = compression_type
        self.flush_mode = flush_mode
        self.input_buffer_size = input_buffer_size
        self.output_buffer_size = output_buffer_size
        self.window_bits = window_bits
        self.compression_level = compression_level
        self.compression_method = compression_method
        self.mem_level = mem_level
        self.compression_strategy = compression_strategy

    @classmethod
    def get_compression_type_string(cls, options: Any) -> str:
        """ "", "GZIP" or "ZLIB" for options, or for what they are made of.

        Raises:
            ValueError: another compression.
        """
        if not options:
            return ""
        if isinstance(options, TFRecordOptions):
            return cls.get_compression_type_string(options.compression_type)
        if options in cls.compression_type_map:
            return cls.compression_type_map[options]
        if options in ("", "GZIP", "ZLIB"):
            return options
        raise ValueError(f'Not a valid compression_type: "{options}"')

    def _compressor(self) -> Any:
        kind = self.get_compression_type_string(self)
        if not kind:
            return None
        bits = WINDOW[kind] if self.window_bits is None else self.window_bits
        bits += 16 if kind == "GZIP" and 8 <= bits <= 15 else 0
        return zlib.compressobj(
            zlib.Z_DEFAULT_COMPRESSION if self.compression_level is None else self.compression_level,
            zlib.DEFLATED,
            bits,
            zlib.DEF_MEM_LEVEL if self.mem_level is None else self.mem_level,
            zlib.Z_DEFAULT_STRATEGY if self.compression_strategy is None else self.compression_strategy,
        )


class TFRecordWriter:
    """Writes records to a file.

    Args:
        path: the file; it is replaced.
        options: ``TFRecordOptions``, or a compression.

    Raises:
        NotFoundError: there is no such folder.
    """

    def __init__(self, path: Any, options: Any = None) -> None:
        self._options = options if isinstance(options, TFRecordOptions) else TFRecordOptions(options)
        self._compressor = self._options._compressor()
        self._file: IO[bytes] | None = opened(path, "wb")

    def _open_file(self) -> IO[bytes]:
        if self._file is None:
            raise FailedPreconditionError("Writer is closed.")
        return self._file

    def write(self, record: Any) -> None:
        """Append a record.

        Args:
            record: bytes, or text, which is encoded in UTF-8.

        Raises:
            FailedPreconditionError: the writer is closed.
            TypeError: something else.
        """
        if not isinstance(record, (bytes, str)):
            raise TypeError(f"write(): incompatible function arguments. Expected bytes or str. Received: {record!r}")
        content = record.encode("utf-8") if isinstance(record, str) else record
        length = struct.pack("<Q", len(content))
        parts = length, struct.pack("<I", masked(crc32c(length))), content, struct.pack("<I", masked(crc32c(content)))
        self._put(b"".join(parts))

    def _put(self, data: bytes) -> None:
        self._open_file().write(data if self._compressor is None else self._compressor.compress(data))

    def flush(self) -> None:
        """Hand all that was written to the operating system.

        Raises:
            FailedPreconditionError: the writer is closed.
        """
        file = self._open_file()
        if self._compressor is not None:
            file.write(self._compressor.flush(zlib.Z_SYNC_FLUSH))
        file.flush()

    def close(self) -> None:
        """Finish the file."""
        if self._file is not None:
            if self._compressor is not None:
                self._file.write(self._compressor.flush())
            self._file.close()
            self._file = None

    def __enter__(self) -> TFRecordWriter:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_file", None) is not None:
            self.close()


def records(file: IO[bytes]) -> Iterator[bytes]:
    """The records of a file that is open for reading.

    Raises:
        DataLossError: it is damaged, ends within a record, or is no such file.
    """
    at = 0
    while len(header := exactly(file, 12)) == 12:
        length, checksum = struct.unpack("<QI", header)
        if masked(crc32c(header[:8])) != checksum:
            raise DataLossError(f"corrupted record at {at} (Is this even a TFRecord file?)")
        content = exactly(file, length)
        footer = exactly(file, 4)
        if len(content) != length or len(footer) != 4:
            raise DataLossError(f"truncated record at {at}' failed with Read less bytes than requested")
        if masked(crc32c(content)) != struct.unpack("<I", footer)[0]:
            raise DataLossError(f"corrupted record at {at + 12}")
        yield content
        at += length + 16
