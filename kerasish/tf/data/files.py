"""Files as sources: their names and their lines."""

from __future__ import annotations

import glob
import gzip
from collections.abc import Iterator
from typing import Any

import numpy as np

from kerasish.core.dtypes import string
from kerasish.core.errors import InvalidArgumentError, NotFoundError, fail
from kerasish.core.storage import from_strings
from kerasish.core.tensor import StringTensor
from kerasish.tf.data.elements import NestedDataset
from kerasish.tf.data.node import UNKNOWN, Node, Run
from kerasish.tf.data.sources import Slices
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


class Lines(Node):
    """The lines of files, without their ends.

    Args:
        compression: None, "" or "GZIP".
        buffer_size: bytes to read at a time.

    Raises:
        ValueError: another compression.
    """

    name = "TextLineDatasetV2"

    def __init__(self, files: Node, compression: Any, buffer_size: int | None) -> None:
        super().__init__(files)
        compression = compression.decode() if isinstance(compression, bytes) else compression
        if compression not in (None, "", "GZIP"):
            raise fail(ValueError, "This `compression_type` is not served", "None, '' or 'GZIP'", repr(compression))
        self._compressed = compression == "GZIP"
        self._buffer_size = buffer_size or 256 << 10

    def infer_spec(self) -> Any:
        return TensorSpec([], string)

    def cardinality(self) -> int:
        return UNKNOWN

    def elements(self, run: Run) -> Iterator:
        for name in self.input.stream(run):
            with self._open(name.numpy().decode()) as file:
                for line in file:
                    text = line.removesuffix(b"\n").removesuffix(b"\r")
                    yield StringTensor(np.asarray(text, dtype=object))

    def _open(self, path: str) -> Any:
        try:
            return gzip.open(path, "rb") if self._compressed else open(path, "rb", buffering=self._buffer_size)
        except FileNotFoundError:
            raise NotFoundError(f"{path}; No such file or directory") from None
