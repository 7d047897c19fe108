"""What fills a static table: pairs given as tensors, or the lines of a file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from kerasish.core import dispatch
from kerasish.core.dtypes import DType, as_dtype, int64, string
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.storage import to_numpy
from kerasish.core.tensor import convert
from kerasish.tf.io.gfile import GFile


def host(raw: Any) -> np.ndarray:
    """Storage as an array."""
    return raw if isinstance(raw, np.ndarray) else to_numpy(raw)


class TableInitializerBase:
    """Base of what fills tables.

    Args:
        key_dtype, value_dtype: of the table's keys and values.
    """

    def __init__(self, key_dtype: Any, value_dtype: Any) -> None:
        self._key_dtype, self._value_dtype = as_dtype(key_dtype), as_dtype(value_dtype)

    @property
    def key_dtype(self) -> DType:
        return self._key_dtype

    @property
    def value_dtype(self) -> DType:
        return self._value_dtype

    def initialize(self, table: Any) -> None:
        """Fill a table.

        Raises:
            TypeError: its dtypes are others.
        """
        for what, own, theirs in (
            ("key", self._key_dtype, table.key_dtype),
            ("value", self._value_dtype, table.value_dtype),
        ):
            if own != theirs:
                raise TypeError(f"Invalid {what} dtype, expected {str(own)} but got {str(theirs)}.")
        table._fill(*self._pairs())

    def _pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """Keys and values."""
        raise NotImplementedError(type(self).__name__)


class KeyValueTensorInitializer(TableInitializerBase):
    """Pairs that are given as tensors.

    Args:
        keys, values: of shape (pairs,).
        key_dtype, value_dtype: what to make of values that are no tensors.
    """

    def __init__(
        self, keys: Any, values: Any, key_dtype: Any = None, value_dtype: Any = None, name: str | None = None
    ) -> None:
        self._keys, self._values = convert(keys, key_dtype), convert(values, value_dtype)
        self._name = name
        super().__init__(self._keys.dtype, self._values.dtype)

    def _pairs(self) -> tuple[np.ndarray, np.ndarray]:
        return host(self._keys._t), host(self._values._t)


class TextFileIndex:
    """What stands for the line itself, or for its number from 0, among the numbers of columns."""

    WHOLE_LINE = -2
    LINE_NUMBER = -1


class TextFileInitializer(TableInitializerBase):
    """Pairs that are columns of a text file, which is read when a table is made.

    Args:
        filename: a path.
        key_index, value_index: number of a column from 0, or a ``TextFileIndex``.
        vocab_size: lines to read; default: all.
        delimiter: one character, between columns.
        value_index_offset: what line numbers begin with, as values.

    Raises:
        ValueError: columns and dtypes that do not go together.
    """

    def __init__(
        self,
        filename: Any,
        key_dtype: Any,
        key_index: int,
        value_dtype: Any,
        value_index: int,
        vocab_size: int | None = None,
        delimiter: str = "\t",
        name: str | None = None,
        value_index_offset: int = 0,
    ) -> None:
        super().__init__(key_dtype, value_dtype)
        if not isinstance(filename, os.PathLike) and not dispatch.is_tensor(filename) and not filename:
            raise ValueError("`filename` argument required for tf.lookup.TextFileInitializer")
        self._filename = filename
        for what, index, dtype in (
            ("key", key_index, self._key_dtype),
            ("value", value_index, self._value_dtype),
        ):
            _check_column(what, index, dtype)
        if vocab_size is not None and vocab_size <= 0:
            raise ValueError(f"`vocab_size` should be > 0, received: {vocab_size}")
        self._columns = key_index, value_index
        self._vocab_size, self._offset = vocab_size, value_index_offset
        self._delimiter = delimiter.encode() if isinstance(delimiter, str) else delimiter
        self._name = name

    def _path(self) -> str:
        return os.fsdecode(np.asarray(dispatch.raw(os.fspath(self._filename) if isinstance(self._filename, os.PathLike)
                                                   else self._filename)).item())  # fmt: skip

    def _pairs(self) -> tuple[np.ndarray, np.ndarray]:
        keys, values = [], []
        for number, line in enumerate(self._lines()):
            parts = line.split(self._delimiter) if self._delimiter else [line]
            keys.append(self._cell(self._columns[0], self._key_dtype, number, line, parts))
            values.append(self._cell(self._columns[1], self._value_dtype, number, line, parts))
            if self._columns[1] == TextFileIndex.LINE_NUMBER:
                values[-1] += self._offset
        return _array(keys, self._key_dtype), _array(values, self._value_dtype)

    def _lines(self) -> Iterator[bytes]:
        place = count = 0
        with GFile(self._path(), "rb") as file:
            for line in file:
                if count == self._vocab_size:
                    return
                place += len(line)
                text = line.removesuffix(b"\n").replace(b"\r", b"")
                if not text:
                    raise InvalidArgumentError(
                        f"Invalid content in {self._path()}: empty line found at position {place}."
                    )
                yield text
                count += 1
        if self._vocab_size is not None and count < self._vocab_size:
            raise InvalidArgumentError(
                f"Invalid vocab_size in {self._path()}: expected {self._vocab_size} but got {count}"
            )

    def _cell(self, index: int, dtype: DType, number: int, line: bytes, parts: list[bytes]) -> Any:
        if index == TextFileIndex.LINE_NUMBER:
            return number
        if index != TextFileIndex.WHOLE_LINE and index >= len(parts):
            raise InvalidArgumentError(
                f"Invalid number of columns in {self._path()} line {number} ({line.decode('utf-8', 'replace')}) : expected "
                f"at least {index + 1} got {len(parts)}"
            )
        text = line if index == TextFileIndex.WHOLE_LINE else parts[index]
        if dtype == string:
            return text
        try:
            return int(text) if dtype.is_integer else float(text)
        except ValueError:
            raise InvalidArgumentError(
                f"Field {text.decode('utf-8', 'replace')} in line {number} is not a valid {dtype.name}."
            ) from None


def _check_column(what: str, index: int, dtype: DType) -> None:
    if index < -2:
        raise ValueError(f"`{what}_index` should be >= -2, received: {index}.")
    if index == TextFileIndex.LINE_NUMBER and dtype != int64:
        raise ValueError(f"`{what}_dtype` must be int64 if `{what}_index` is {index}, received: {str(dtype)}")
    if index == TextFileIndex.WHOLE_LINE and not dtype.is_integer and dtype != string:
        raise ValueError(
            f"`{what}_dtype` should be either integer or string for `{what}_index` {index}, received: {str(dtype)}"
        )


def _array(items: list, dtype: DType) -> np.ndarray:
    out = np.empty(len(items), dtype=object if dtype == string else dtype.as_numpy_dtype)
    out[:] = items
    return out
