"""Datasets of the contents of files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerasish.tf.data.dataset import Dataset, integer
from kerasish.tf.data.files import Contents, Lines, Pieces, Records, file_names
from kerasish.tf.data.node import Node


class _Files(Dataset):
    """Base of these datasets."""

    def _of_files(self, filenames: Any, make: Callable[[Node], Contents], parallel: Any) -> None:
        """Read files one after another, or ``parallel`` of them in turn, an element from each."""
        files = file_names(filenames)
        if parallel is None:
            Dataset.__init__(self, make(files))
            return
        node = (
            Dataset(files).interleave(lambda file: Dataset(make(file_names(file))), integer(parallel, "parallel"))._node
        )
        Dataset.__init__(self, node)
        self._node.name = make(files).name


class TextLineDataset(_Files):
    """The lines of text files, as strings, without their ends.

    Args:
        filenames: a name, a list, a tensor or a dataset of names.
        compression_type: None, "", "GZIP" or "ZLIB".
        buffer_size: bytes to read at a time.
        num_parallel_reads: how many files are read in turn, a line from each; default: one after another.
    """

    def __init__(
        self,
        filenames: Any,
        compression_type: str | None = None,
        buffer_size: int | None = None,
        num_parallel_reads: int | None = None,
        name: str | None = None,
    ) -> None:
        self._of_files(filenames, lambda files: Lines(files, compression_type, buffer_size), num_parallel_reads)


class TFRecordDataset(_Files):
    """The records of TFRecord files, as strings.

    Args:
        filenames: a name, a list, a tensor or a dataset of names.
        compression_type: None, "", "GZIP" or "ZLIB".
        buffer_size: bytes to read at a time.
        num_parallel_reads: how many files are read in turn, a record from each; default: one after another.

    Raises:
        DataLossError: while reading, if a file is damaged or is no such file.
    """

    def __init__(
        self,
        filenames: Any,
        compression_type: str | None = None,
        buffer_size: int | None = None,
        num_parallel_reads: int | None = None,
        name: str | None = None,
    ) -> None:
        self._of_files(filenames, lambda files: Records(files, compression_type, buffer_size), num_parallel_reads)


class FixedLengthRecordDataset(_Files):
    """Pieces of files of one length, as strings.

    Args:
        filenames: a name, a list, a tensor or a dataset of names.
        record_bytes: of a piece.
        header_bytes, footer_bytes: to leave out in front of the first and behind the last one.
        buffer_size: bytes to read at a time.
        compression_type: None, "", "GZIP" or "ZLIB".
        num_parallel_reads: how many files are read in turn, a piece from each; default: one after another.

    Raises:
        InvalidArgumentError: while reading, if a file is no multiple of such pieces.
    """

    def __init__(
        self,
        filenames: Any,
        record_bytes: Any,
        header_bytes: Any = None,
        footer_bytes: Any = None,
        buffer_size: int | None = None,
        compression_type: str | None = None,
        num_parallel_reads: int | None = None,
        name: str | None = None,
    ) -> None:
        sizes = (
            integer(record_bytes, "record_bytes"),
            integer(header_bytes or 0, "header_bytes"),
            integer(footer_bytes or 0, "footer_bytes"),
        )
        self._of_files(filenames, lambda files: Pieces(files, compression_type, buffer_size, sizes), num_parallel_reads)
