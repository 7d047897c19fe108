"""Files as sources: their names and their lines."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from typing import IO, Any

import numpy as np

from kerasish.core.dtypes import string
from kerasish.core.errors import DataLossError, InternalError, InvalidArgumentError, fail
from kerasish.core.storage import from_strings
from kerasish.core.tensor import StringTensor, Tensor
from kerasish.tf.data.elements import NestedDataset
from kerasish.tf.data.node import UNKNOWN, Node, Run
from kerasish.tf.data.sources import Slices
from kerasish.tf.io.gfile import opened
from kerasish.tf.io.records import records
from kerasish.tf.io.streams import WINDOW, exactly, reading
from kerasish.tf.spec import TensorSpec


def matching_files(patterns: Any) -> list[str]:
    """Files that match a pattern, or one of several, in alphabetical order.

    Raises:
        InvalidArgumentError: there are none.
    """
    names = [name.decode() for name in _names(patterns).reshape(-1)]
    found = sorted({path for name in names for path in glob.glob(name)})
    if not found:
        raise InvalidArgumentError(f"No files matched pattern: {', '.join(names)}")
    return found


def _names(names: Any) -> np.ndarray:
    plain = _plain(names)
    return plain._t if isinstance(plain, StringTensor) else from_strings(plain)


def _plain(names: Any) -> Any:
    if isinstance(names, Tensor) and not isinstance(names, StringTensor):
        raise TypeError(f"The `filenames` argument must contain `tf.string` elements. Got `{names.dtype!r}` elements.")
    if not isinstance(names, Iterable) and not hasattr(names, "__fspath__"):
        raise TypeError(f"The `filenames` argument must contain `tf.string` elements. Got {names!r}.")
    if isinstance(names, (StringTensor, str, bytes)):
        return names
    if hasattr(names, "__fspath__"):
        return names.__fspath__()
    return [_plain(name) for name in names]


def file_names(names: Any) -> Node:
    """The names of files, given as text, a list of it, a tensor or a dataset, as a node."""
    if isinstance(names, NestedDataset):
        return names._node
    return Slices(StringTensor(_names(names).reshape(-1)))


class Contents(Node):
    """Strings that files hold; subclasses say which.

    Args:
        compression: None, "", "GZIP" or "ZLIB"; another one is none, as in TensorFlow.
        buffer_size: bytes to read at a time.
    """

    def __init__(self, files: Node, compression: Any, buffer_size: int | None) -> None:
        super().__init__(files)
        text = compression.numpy() if isinstance(compression, StringTensor) else compression
        self._compression = text.decode() if isinstance(text, bytes) else text or ""
        self._buffer_size = None if buffer_size is None else int(buffer_size)

    def infer_spec(self) -> Any:
        return TensorSpec([], string)

    def cardinality(self) -> int:
        return UNKNOWN

    def elements(self, run: Run) -> Iterator:
        for name in self.input.stream(run):
            path = name.numpy().decode()
            with opened(path, "rb", max(self._buffer_size or 256 << 10, 2)) as file:
                for text in self.strings(reading(file, self._compression, self._buffer_size), path):
                    yield StringTensor(np.asarray(text, dtype=object))

    def strings(self, file: IO[bytes], path: str) -> Iterator[bytes]:
        """What is in an open file."""
        raise NotImplementedError(type(self).__name__)


class Lines(Contents):
    """The lines of files, without their ends.

    Raises:
        ValueError: a compression that is not known.
    """

    name = "TextLineDatasetV2"

    def __init__(self, files: Node, compression: Any, buffer_size: int | None) -> None:
        super().__init__(files, compression, buffer_size)
        if self._compression not in ("", *WINDOW):
            raise fail(
                ValueError, "This `compression_type` is not served", "None, '', 'GZIP', 'ZLIB'", repr(compression)
            )

    def strings(self, file: IO[bytes], path: str) -> Iterator[bytes]:
        for line in file:
            yield line.removesuffix(b"\n").removesuffix(b"\r")


class Records(Contents):
    """The records of TFRecord files."""

    name = "TFRecordDatasetV2"

    def strings(self, file: IO[bytes], path: str) -> Iterator[bytes]:
        return records(file)


class Pieces(Contents):
    """Files cut into pieces of one length.

    Args:
        sizes: bytes of a piece, of what stands before the first and behind the last one.
    """

    name = "FixedLengthRecordDatasetV2"

    def __init__(self, files: Node, compression: Any, buffer_size: int | None, sizes: tuple[int, int, int]) -> None:
        super().__init__(files, compression, buffer_size)
        self._sizes = sizes

    def strings(self, file: IO[bytes], path: str) -> Iterator[bytes]:
        size, header, footer = self._sizes
        if size < 1:
            raise InvalidArgumentError(f"`record_bytes` must be greater than 0 but found {size}")
        if self._compression not in WINDOW:
            body = os.path.getsize(path) - header - footer
            if body >= 0 and body % size:
                raise self._not_whole(path, f"has body length {body} bytes, which")
        if len(exactly(file, header)) < header:
            raise InternalError(f'Input file "{path}" ends within the header of {header} bytes.')
        held = exactly(file, footer)
        while True:
            part = exactly(file, size)
            held += part
            if len(part) < size:
                break
            yield held[:size]
            held = held[size:]
        if len(held) != footer:
            raise self._not_whole(path, "has a body whose length")

    def _not_whole(self, path: str, body: str) -> Exception:
        size, header, footer = self._sizes
        return (DataLossError if self._compression in WINDOW else InvalidArgumentError)(
            f'Excluding the header ({header} bytes) and footer ({footer} bytes), input file "{path}" {body} is not an '
            f"exact multiple of the record length ({size} bytes)."
        )
