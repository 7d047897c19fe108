"""TensorFlow's checkpoint files, read and written without TensorFlow.

    prefix.index                    a table (see ``table.py``): name of a tensor → dtype, shape, and where its bytes are
    prefix.data-00000-of-00001      the bytes, one tensor after another

Nothing that a file says about sizes is trusted: what it promises must lie in the data files, and checksums are compared.
"""

from __future__ import annotations

import glob
import math
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerasish.core import wire
from kerasish.core.crc32c import crc32c, masked
from kerasish.core.dtypes import DType, as_dtype, string
from kerasish.core.errors import DataLossError, NotFoundError, UnimplementedError
from kerasish.saving import table
from kerasish.saving.archive import replacing, sync

_HEADER = b""
_MAX_SHARDS = 1 << 17
_VARIANT = 21  # the dtype of datasets' states, which only TensorFlow reads


def index_path(prefix: str) -> str:
    return f"{prefix}.index"


def data_path(prefix: str, shard: int, count: int) -> str:
    return f"{prefix}.data-{shard:05d}-of-{count:05d}"


def is_bundle(prefix: Any) -> bool:
    """Whether there is a checkpoint of this prefix."""
    return os.path.isfile(index_path(os.fspath(prefix)))


def remove(prefix: Any) -> None:
    """Remove a checkpoint's files, those that are there."""
    prefix = os.fspath(prefix)
    for name in (index_path(prefix), *glob.glob(f"{glob.escape(prefix)}.data-?????-of-?????")):
        with suppress(FileNotFoundError):
            os.remove(name)


@dataclass(frozen=True)
class Entry:
    """Where a tensor's bytes are, and what they are."""

    enum: int  # TensorFlow's number of the dtype
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int
    checksum: int
    sliced: bool

    @property
    def dtype(self) -> DType | None:
        """The dtype; None where only TensorFlow has it."""
        try:
            return as_dtype(self.enum)
        except TypeError:
            return None


# reading --------------------------------------------------------------------------------------------------------------


class Bundle:
    """A checkpoint, open for reading: ``entries`` by name, and their values by ``read``.

    Args:
        prefix: the files' names without ``.index``.

    Raises:
        NotFoundError: there is none.
        DataLossError: it is damaged.
    """

    def __init__(self, prefix: Any) -> None:
        self.prefix = os.fspath(prefix)
        if not is_bundle(self.prefix):
            raise NotFoundError(
                "Unsuccessful TensorSliceReader constructor: Failed to find any matching files for "
                f"{self.prefix}{_hint(self.prefix)}"
            )
        path = index_path(self.prefix)
        found = table.read(path)
        try:
            self._shards = _header(path, found.pop(_HEADER, None))
            self.entries = {_text(key): _entry(value) for key, value in sorted(found.items())}
        except (wire.DecodeError, UnicodeDecodeError):
            raise DataLossError(f"{path}: an entry is damaged") from None

    def __contains__(self, name: str) -> bool:
        return name in self.entries

    def read(self, name: str) -> np.ndarray:
        """A tensor's value; strings as an array of bytes objects.

        Raises:
            NotFoundError: there is none of this name.
            DataLossError: its bytes are missing or damaged.
        """
        entry = self.entries.get(name)
        if entry is None:
            raise NotFoundError(f"Key {name} not found in checkpoint")
        if entry.dtype is None:
            what = "a state of TensorFlow's own (DT_VARIANT)" if entry.enum == _VARIANT else f"of dtype {entry.enum}"
            raise UnimplementedError(f"'{name}' is {what}, which only TensorFlow reads")
        if entry.sliced:
            raise UnimplementedError(f"'{name}' is stored in slices of a partitioned variable, which are not read")
        data = self._bytes(name, entry)
        if entry.dtype == string:
            return _strings(data, entry, self._where(entry))
        if masked(crc32c(data)) != entry.checksum:
            raise self._wrong_checksum(entry, masked(crc32c(data)))
        return np.frombuffer(data, np.dtype(entry.dtype.as_numpy_dtype).newbyteorder("<")).reshape(entry.shape).copy()

    def _where(self, entry: Entry) -> str:
        return f"TensorBundle at {self.prefix} shard {entry.shard} ({entry.size} bytes)"

    def _wrong_checksum(self, entry: Entry, found: int) -> DataLossError:
        return DataLossError(
            f"{self._where(entry)}: Checksum does not match: stored {entry.checksum} vs. calculated on the restored "
            f"bytes {found}"
        )

    def _bytes(self, name: str, entry: Entry) -> bytes:
        assert entry.dtype is not None
        path = data_path(self.prefix, entry.shard, self._shards)
        expected = math.prod(entry.shape) * entry.dtype.size
        if entry.dtype != string and entry.size != expected:
            raise DataLossError(f"'{name}' of shape {entry.shape} takes {expected} bytes, not {entry.size}")
        try:
            with open(path, "rb") as file:
                if entry.shard >= self._shards or entry.offset + entry.size > os.fstat(file.fileno()).st_size:
                    raise DataLossError(f"{path}: '{name}' is not in it: Read less bytes than requested")
                file.seek(entry.offset)
                data = file.read(entry.size)
        except FileNotFoundError:
            raise NotFoundError(f"{path}; No such file or directory") from None
        if len(data) != entry.size:
            raise DataLossError(f"{path}: Read less bytes than requested")
        return data


def _hint(prefix: str) -> str:
    return "" if not os.path.exists(prefix) else f" ('{prefix}' itself is there, but a checkpoint has '{prefix}.index')"


def _text(key: bytes) -> str:
    # A slice of a partitioned variable has a key that is no text; its whole has one that is.
    return key.decode("latin-1") if key[:1] == b"\0" else key.decode()


def _header(path: str, value: bytes | None) -> int:
    if value is None:
        raise DataLossError(f"{path}: it is a table, but no index of a checkpoint")
    count = endian = 0
    for number, kind, part, _ in wire.fields(value, 0, len(value)):
        if kind == wire.VARINT:
            count = part if number == 1 else count
            endian = part if number == 2 else endian
    if endian:
        raise UnimplementedError(f"{path}: a checkpoint of a big-endian machine")
    if not 0 < count <= _MAX_SHARDS:
        raise DataLossError(f"{path}: {count} data files")
    return count


def _entry(value: bytes) -> Entry:
    found: dict[int, int] = {}
    shape: tuple[int, ...] = ()
    sliced = False
    for number, kind, part, _ in wire.fields(value, 0, len(value)):
        if number == 2 and kind == wire.BYTES:
            shape = _shape(value, *part)
        elif number == 6 and kind == wire.FIXED32:
            found[6] = int.from_bytes(value[slice(*part)], "little")
        elif number == 7:
            sliced = True
        elif kind == wire.VARINT:
            found[number] = part
    return Entry(*(found.get(1, 0), shape), *(found.get(n, 0) for n in (3, 4, 5, 6)), sliced)


def _shape(data: bytes, start: int, end: int) -> tuple[int, ...]:
    sizes = []
    for number, kind, part, _ in wire.fields(data, start, end):
        if number == 2 and kind == wire.BYTES:
            size = 0
            for inner, inner_kind, value, _ in wire.fields(data, *part):
                if inner == 1 and inner_kind == wire.VARINT:
                    size = wire.signed(value)
            if size < 0:
                raise wire.DecodeError("A negative size")
            sizes.append(size)
    return tuple(sizes)


def _strings(data: bytes, entry: Entry, where: str) -> np.ndarray:
    count, at = math.prod(entry.shape), 0
    if count > len(data):
        raise DataLossError(f"{where}: {count} strings do not fit")
    lengths = []
    try:
        for _ in range(count):
            length, at = wire.varint(data, at, len(data))
            lengths.append(length)
    except wire.DecodeError:
        raise DataLossError(f"{where}: the lengths of strings are damaged") from None
    if at + 4 + sum(lengths) != len(data):
        raise DataLossError(f"{where}: strings do not fill it")
    crc = crc32c(_length_bytes(lengths))
    if masked(crc) != int.from_bytes(data[at : at + 4], "little") or masked(crc32c(data[at:], crc)) != entry.checksum:
        raise DataLossError(f"{where}: Checksum does not match")
    at += 4
    out = np.empty(count, object)
    for i, length in enumerate(lengths):
        out[i] = data[at : at + length]
        at += length
    return out.reshape(entry.shape)


def _length_bytes(lengths: Iterable[int]) -> bytes:
    """Lengths as they count in the checksum: in four bytes, or eight if they need them."""
    return b"".join(length.to_bytes(4 if length < 1 << 32 else 8, "little") for length in lengths)


# writing --------------------------------------------------------------------------------------------------------------


def write(prefix: Any, tensors: dict[str, Callable[[], Any]]) -> None:
    """Write a checkpoint; both of its files are written before either is put in place, the index last.

    Args:
        prefix: names the files; missing folders are made.
        tensors: name → function that gives the value: an array, or bytes.
    """
    prefix = os.fspath(prefix)
    entries = [(_HEADER, wire.write_number(1, 1) + wire.write_bytes(3, wire.write_number(1, 1)))]
    offset = 0
    with replacing(index_path(prefix)) as index, replacing(data_path(prefix, 0, 1)) as temporary:
        with open(temporary, "wb") as file:
            for name in sorted(tensors, key=str.encode):
                array = _array(tensors[name]())
                dtype = string if array.dtype == object else as_dtype(array.dtype)
                data, checksum = _string_bytes(array) if dtype == string else _plain_bytes(array)
                file.write(data)
                entries.append((name.encode(), _entry_bytes(dtype, array.shape, offset, len(data), checksum)))
                offset += len(data)
        with open(index, "wb") as file:
            file.write(table.write(entries))
        sync(index)  # a full disk is noticed before the data of the checkpoint before is replaced


def _array(value: Any) -> np.ndarray:
    if isinstance(value, (bytes, str)):
        out = np.empty((), object)
        out[()] = value
        return out
    array = np.asarray(value)
    return array.astype(object) if array.dtype.kind in "SU" else array


def _plain_bytes(array: np.ndarray) -> tuple[bytes, int]:
    data = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
    return data, crc32c(data)


def _string_bytes(array: np.ndarray) -> tuple[bytes, int]:
    values = [v.encode() if isinstance(v, str) else bytes(v) for v in array.reshape(-1)]
    crc = crc32c(_length_bytes(map(len, values)))
    rest = masked(crc).to_bytes(4, "little") + b"".join(values)
    return b"".join(wire.write_varint(len(v)) for v in values) + rest, crc32c(rest, crc)


def _entry_bytes(dtype: DType, shape: tuple, offset: int, size: int, checksum: int) -> bytes:
    sizes = b"".join(wire.write_bytes(2, wire.write_number(1, n) if n else b"") for n in shape)
    return b"".join(
        [
            wire.write_number(1, dtype.as_datatype_enum),
            wire.write_bytes(2, sizes),
            wire.write_number(4, offset) if offset else b"",
            wire.write_number(5, size) if size else b"",
            wire.write_varint(6 << 3 | wire.FIXED32) + masked(checksum).to_bytes(4, "little"),
        ]
    )
