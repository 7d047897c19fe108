"""Datasets of the contents of files."""

from __future__ import annotations

from typing import Any

from kerasish.tf.data.dataset import Dataset
from kerasish.tf.data.files import Lines, file_names


class TextLineDataset(Dataset):
    """The lines of text files, as strings, without their ends.

    Args:
        filenames: a name, a list, a tensor or a dataset of names.
        compression_type: None, "" or "GZIP".
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
        files = file_names(filenames)
        if num_parallel_reads is None:
            super().__init__(Lines(files, compression_type, buffer_size))
            return

        def lines(file: Any) -> Dataset:
            return TextLineDataset(file, compression_type, buffer_size)

        super().__init__(Dataset(files).interleave(lines, num_parallel_reads)._node)
        self._node.name = Lines.name
