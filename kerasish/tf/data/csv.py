"""Datasets of the rows of CSV files."""

from __future__ import annotations

import csv
import math
from collections import Counter, OrderedDict
from collections.abc import Iterator, Sequence
from typing import IO, Any

import numpy as np

from kerasish.core.dtypes import DType, as_dtype, float32, float64, int32, int64, string
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.tensor import StringTensor, Tensor, convert
from kerasish.tf.data.dataset import AUTOTUNE, Dataset
from kerasish.tf.data.files import Contents, file_names
from kerasish.tf.data.node import Node, Run
from kerasish.tf.io.gfile import glob, opened
from kerasish.tf.io.streams import reading
from kerasish.tf.io.texts import Columns, filled, split_record
from kerasish.tf.spec import TensorSpec


class Rows(Contents):
    """The rows of CSV files, each a tuple of scalars.

    Args:
        columns: what is in the fields that are taken.
        chosen: their numbers; None: all.
    """

    name = "CsvDatasetV2"

    def __init__(
        self,
        files: Node,
        compression: Any,
        buffer_size: int | None,
        columns: Columns,
        header: bool,
        chosen: list | None,
    ) -> None:
        super().__init__(files, compression, buffer_size)
        self._columns, self._header, self._chosen = columns, header, chosen

    def infer_spec(self) -> Any:
        return tuple(TensorSpec([], dtype) for dtype in self._columns.dtypes)

    def elements(self, run: Run) -> Iterator:
        return map(self._element, super().elements(run))  # which goes on behind a row that is an error

    def _element(self, text: Any) -> tuple:
        pairs = zip(self._row(text._t.item()), self._columns.dtypes, strict=True)
        columns = [filled([value], dtype).reshape(()) for value, dtype in pairs]
        return tuple(StringTensor(x) if isinstance(x, np.ndarray) else Tensor(x) for x in columns)

    def strings(self, file: IO[bytes], path: str) -> Iterator[bytes]:
        """The records: lines, also empty ones, and those that follow within quotes."""
        left_out, parts = self._header, []
        for line in file:
            parts.append(line)
            if self._columns.quotes and b"".join(parts).count(b'"') % 2:
                continue
            record = b"".join(parts).removesuffix(b"\n").removesuffix(b"\r")
            parts = []
            if not left_out:
                yield record
            left_out = False
        if parts:
            yield b"".join(parts)
        elif left_out:
            raise InvalidArgumentError("Can't read header of file")

    def _row(self, record: bytes) -> list:
        found = split_record(record, self._columns.delimiter, self._columns.quotes) or [b""]
        if self._chosen is not None:
            found = [found[k] for k in self._chosen if k < len(found)]
        wanted = len(self._columns.dtypes)
        row = [self._columns.cell(part, k, "in record") for k, part in enumerate(found[:wanted])]
        if len(found) != wanted:
            have = "more" if len(found) > wanted else str(len(found))
            raise InvalidArgumentError(f"Expect {wanted} fields but have {have} in record")
        return row


def _default(value: Any) -> Any:
    """What a column's default stands for: a dtype demands a value in every row."""
    if isinstance(value, DType) or (isinstance(value, str) and value in ("float32", "float64", "int32", "int64")):
        dtype = as_dtype(value)
        return convert(np.empty(0, dtype=object if dtype == string else dtype.as_numpy_dtype), dtype)
    return value


class CsvDataset(Dataset):
    """The rows of CSV files, as tuples of scalars.

    Args:
        filenames: a name, a list, a tensor or a dataset of names.
        record_defaults: for each column that is taken a dtype, if it must have a value in each row, or the value of empty
            fields.
        compression_type: None, "", "GZIP" or "ZLIB".
        buffer_size: bytes to read at a time.
        header: whether the first line of each file is left out.
        field_delim: between fields.
        use_quote_delim: whether ``"`` encloses fields.
        na_value: another text for empty fields.
        select_cols: numbers of the columns to take, ascending.
        exclude_cols: numbers of the columns to leave out.

    Raises:
        InvalidArgumentError: columns that do not fit ``record_defaults``; while reading, rows that do not.
    """

    def __init__(
        self,
        filenames: Any,
        record_defaults: Sequence,
        compression_type: str | None = None,
        buffer_size: int | None = None,
        header: bool = False,
        field_delim: str = ",",
        use_quote_delim: bool = True,
        na_value: str = "",
        select_cols: Sequence[int] | None = None,
        exclude_cols: Sequence[int] | None = None,
    ) -> None:
        columns = Columns([_default(value) for value in record_defaults], na_value, field_delim, use_quote_delim)
        chosen = self._chosen(select_cols, exclude_cols, len(columns.dtypes))
        super().__init__(Rows(file_names(filenames), compression_type, buffer_size, columns, bool(header), chosen))

    @staticmethod
    def _chosen(select: Sequence[int] | None, exclude: Sequence[int] | None, size: int) -> list | None:
        if select and exclude:
            raise InvalidArgumentError("Either select_cols or exclude_cols should be empty")
        for name, numbers in {"select_cols": select, "exclude_cols": exclude}.items():
            if numbers and any(a >= b for a, b in zip(numbers, numbers[1:])):
                raise InvalidArgumentError(f"{name} should be strictly increasing indices")
        if select and len(select) != size:
            raise InvalidArgumentError("select_cols should match output size")
        if exclude:
            return [k for k in range(size + len(exclude)) if k not in set(exclude)]
        return list(map(int, select)) if select else None


# batches of columns ---------------------------------------------------------------------------------------------------


def matching(file_pattern: Any) -> list[str]:
    """The files that a pattern, or one of several, matches, in alphabetical order.

    Raises:
        ValueError: there are none, or no pattern.
    """
    patterns = list(file_pattern) if isinstance(file_pattern, (list, tuple)) else [file_pattern]
    if not patterns:
        raise ValueError("Argument `file_pattern` should not be empty.")
    found = []
    for pattern in patterns:
        names = glob(str(pattern))
        if not names:
            raise ValueError(f"No files match `file_pattern` {pattern}.")
        found.extend(names)
    return sorted(found)


def _rows_of(path: str, compression: str | None, reader: dict) -> Iterator[list[str]]:
    with opened(path, "rb") as file:
        lines = (line.decode("utf-8") for line in reading(file, compression or ""))
        yield from csv.reader(lines, **reader)


def inferred_names(paths: list[str], compression: str | None, reader: dict) -> list[str]:
    """The names of columns in the first lines.

    Raises:
        ValueError: these differ between files.
    """
    names = next(_rows_of(paths[0], compression, reader))
    for path in paths[1:]:
        others = next(_rows_of(path, compression, reader))
        if others != names:
            raise ValueError(f"All input CSV files should have the same column names in the header row. File {path} has "
                             "different column names.")  # fmt: skip
    return names


_RANK = [int32, int64, float32, float64, string]


def _kind(text: str, na_value: str, before: DType | None) -> DType | None:
    """The narrowest dtype of a column that has this text in it and was of ``before``."""
    if text in ("", na_value):
        return before
    at = 0 if before is None else _RANK.index(before)
    for dtype in _RANK[at:]:
        if dtype == string or _fits(text, dtype):
            return dtype
    return string


def _fits(text: str, dtype: DType) -> bool:
    try:
        if dtype.is_integer:
            return dtype.min <= int(text) <= dtype.max
        value = float(text)
    except ValueError:
        return False
    if dtype == float64:
        return True
    return not math.isfinite(value) or abs(value) <= float(np.finfo(np.float32).max)


def inferred_defaults(
    rows: Iterator[list[str]], chosen: list[int], width: int, na_value: str, most: int | None
) -> list:
    """Default values of the dtypes that columns seem to have: 0, 0.0 or ""."""
    kinds: list[DType | None] = [None] * len(chosen)
    for number, row in enumerate(rows):
        if most is not None and number >= most:
            break
        if len(row) != width:
            raise ValueError(
                f"Problem inferring types: CSV row {row} has {len(row)} number of fields. Expected: {width}."
            )
        kinds = [_kind(row[k], na_value, kind) for k, kind in zip(chosen, kinds)]
    return [_zero(kind) for kind in kinds]


def _zero(kind: DType | None) -> Tensor:
    dtype = string if kind is None else kind
    return convert([""], string) if dtype == string else convert(np.zeros(1, dtype.as_numpy_dtype), dtype)


def _numbers(select_columns: Sequence, names: list[str]) -> list[int]:
    """The numbers of columns that are chosen by name or number, ascending."""
    if not select_columns:
        return list(range(len(names)))
    for column in select_columns:
        if isinstance(column, str) and column not in names:
            raise ValueError(f"Value '{column}' specified in `select_columns` not present in `column_names` {names}.")
    numbers = [names.index(column) if isinstance(column, str) else int(column) for column in select_columns]
    if len(set(numbers)) < len(numbers):
        raise ValueError(f"`select_columns` contains duplicate columns: {list(select_columns)}.")
    if any(not 0 <= number < len(names) for number in numbers):
        raise ValueError(f"`select_columns` contains invalid column indices: {list(select_columns)}.")
    return sorted(numbers)


def _names(
    given: Sequence[str] | None, paths: list[str], header: bool, compression: str | None, reader: dict
) -> list[str]:
    if given is None and not header:
        raise ValueError("Expected `column_names` or `header` arguments. Neither is provided.")
    names = inferred_names(paths, compression, reader) if given is None else list(given)
    repeated = {name for name, count in Counter(names).items() if count > 1}
    if repeated:
        raise ValueError(
            f"Either `column_names` argument or CSV header row contains duplicate column names: {repeated}."
        )
    return names


def make_csv_dataset(
    file_pattern: Any,
    batch_size: Any,
    column_names: Sequence[str] | None = None,
    column_defaults: Sequence | None = None,
    label_name: str | None = None,
    select_columns: Sequence | None = None,
    field_delim: str = ",",
    use_quote_delim: bool = True,
    na_value: str = "",
    header: bool = True,
    num_epochs: int | None = None,
    shuffle: bool = True,
    shuffle_buffer_size: int = 10000,
    shuffle_seed: int | None = None,
    prefetch_buffer_size: int | None = None,
    num_parallel_reads: int | None = None,
    sloppy: bool = False,
    num_rows_for_inference: int | None = 100,
    compression_type: str | None = None,
    ignore_errors: bool = False,
    encoding: str = "utf-8",
) -> Dataset:
    """Batches of CSV files' columns: an OrderedDict from names to tensors (batch,), with a label if one is named.

    Args:
        file_pattern: a path with wildcards, or a list.
        column_names: default: from the first line.
        column_defaults: a dtype or a default value for each column that is taken; default: guessed from the first
            ``num_rows_for_inference`` rows (None: from all).
        label_name: a column that becomes the second part of elements.
        select_columns: names or numbers of the columns to take.
        num_epochs: None: without end.
        shuffle: whether rows come in random order, from a buffer of ``shuffle_buffer_size``.
        prefetch_buffer_size: batches to make ahead.
        num_parallel_reads: files to read in turn.
        sloppy: the order is the same with it.
        ignore_errors: whether rows that cannot be read are left out.
        encoding: only "utf-8".

    Raises:
        ValueError: no such files, names or columns.
    """
    if encoding.lower().replace("-", "") != "utf8":
        raise ValueError(f"Only `encoding='utf-8'` is served. Received: {encoding}")
    paths = matching(file_pattern)
    reader = {"delimiter": field_delim, "quoting": csv.QUOTE_MINIMAL if use_quote_delim else csv.QUOTE_NONE}
    names = _names(column_names, paths, header, compression_type, reader)
    if select_columns is None and column_defaults is not None and len(column_defaults) < len(names):
        chosen = list(range(len(names)))
    else:
        chosen = _numbers(select_columns or [], names)
    if column_defaults is None:
        rows = (row for path in paths for row in _body(path, compression_type, reader, header))
        column_defaults = inferred_defaults(rows, chosen, len(names), na_value, num_rows_for_inference)
    if select_columns is not None and len(column_defaults) != len(chosen):
        raise ValueError("If specified, `column_defaults` and `select_columns` must have same length.")
    kept = [names[k] for k in chosen]
    if label_name is not None and label_name not in kept:
        raise ValueError(f"`label_name` provided must be one of the columns: {kept}. Received: {label_name}.")

    def of_file(path: Any) -> Dataset:
        columns = chosen if select_columns is not None else None
        return CsvDataset(
            path, column_defaults, compression_type, None, header, field_delim, use_quote_delim, na_value, columns
        )

    dataset = Dataset.from_tensor_slices(paths)
    if shuffle:
        dataset = dataset.shuffle(len(paths), shuffle_seed)
    dataset = dataset.interleave(of_file, num_parallel_reads or 1)
    if ignore_errors:
        dataset = dataset.ignore_errors()
    dataset = shuffled_and_repeated(dataset, shuffle, num_epochs, shuffle_buffer_size, shuffle_seed)
    dataset = dataset.batch(batch_size, drop_remainder=num_epochs is None)

    def named(*columns: Any) -> Any:
        found = OrderedDict(zip(kept, columns))
        return found if label_name is None else (found, found.pop(label_name))

    return dataset.map(named).prefetch(AUTOTUNE if prefetch_buffer_size is None else prefetch_buffer_size)


def _body(path: str, compression: str | None, reader: dict, header: bool) -> Iterator[list[str]]:
    rows = _rows_of(path, compression, reader)
    if header:
        next(rows, None)
    return rows


def shuffled_and_repeated(
    dataset: Dataset, shuffle: bool, epochs: int | None, buffer_size: int, seed: int | None
) -> Dataset:
    """``epochs`` passes over a dataset, each in another order."""
    if shuffle:
        dataset = dataset.shuffle(buffer_size, seed)
    return dataset if epochs == 1 else dataset.repeat(epochs)
