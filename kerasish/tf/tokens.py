"""Splitting texts, and n-grams of what they were split into."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch
from kerasish.core.dispatch import Array
from kerasish.core.errors import DTypeMismatchError, fail
from kerasish.core.ragged import RaggedTensor, nested
from kerasish.core.ragged_partition import RowPartition, splits_of
from kerasish.core.tensor import convert
from kerasish.ops import strings as texts
from kerasish.tf.texts import of_text, one_text, rows_as, vector


@of_text
def split(input: Array, sep: Any = None, maxsplit: int = -1, name: str | None = None) -> Any:
    """The parts of each text between separators; without one, between runs of white space.

    A single text gives a vector; a tensor of texts gives a ragged tensor of one dimension more.
    """
    between = b"" if sep is None else one_text(sep)
    most = -1 if maxsplit is None else int(maxsplit)
    return rows_as(input, [texts.split(text, between, most) for text in input.reshape(-1)], vector)


@of_text
def bytes_split(input: Array, name: str | None = None) -> Any:
    """The bytes of each text, as texts of one byte; see ``split`` for the shape."""
    return rows_as(input, [[bytes([byte]) for byte in text] for text in input.reshape(-1)], vector)


# n-grams --------------------------------------------------------------------------------------------------------------


def ngrams(
    data: Any,
    ngram_width: Any,
    separator: str = " ",
    pad_values: Any = None,
    padding_width: int | None = None,
    preserve_short_sequences: bool = False,
    name: str | None = None,
) -> Any:
    """Runs of ``ngram_width`` texts of each row, joined; for several widths those of the first one come first.

    Args:
        ngram_width: one width, or several.
        pad_values: what rows are extended with: one text, or a pair for the left and the right.
        padding_width: by how much at most; default: one less than the width.
        preserve_short_sequences: whether a row that is too short for any is joined as a whole.

    Raises:
        ValueError, TypeError: arguments that do not go together; ``data`` is a scalar.
    """
    widths = [ngram_width] if isinstance(ngram_width, int) else list(ngram_width)
    pads = _pads(pad_values, padding_width, widths)
    if not isinstance(data, RaggedTensor):
        data = convert(data, "string") if not dispatch.is_tensor(data) else data
    if data.dtype != "string":
        raise DTypeMismatchError(f"tf.strings.ngrams expected a string tensor but got a {data.dtype.name} tensor")
    if not data.shape.rank:
        raise ValueError("Data must have rank>0")

    def of_row(row: list) -> list:
        made = []
        for width in widths:
            count = width - 1 if padding_width is None else min(width - 1, padding_width)
            whole = [pads[0]] * count + row + [pads[1]] * count if pads else row
            made += [separator.encode().join(whole[i : i + width]) for i in range(len(whole) - width + 1)]
        if not made and preserve_short_sequences and row:
            count = max(min(w - 1, w - 1 if padding_width is None else padding_width) for w in widths)
            whole = [pads[0]] * count + row + [pads[1]] * count if pads else row
            made = [separator.encode().join(whole)]
        return made

    if isinstance(data, RaggedTensor):
        return _of_rows(data, of_row)
    array = np.asarray(dispatch.raw(data))
    if array.shape == (0,):
        return dispatch.wrap(array)
    made = [of_row(list(row)) for row in array.reshape(math.prod(array.shape[:-1]), array.shape[-1])]
    flat = vector([text for row in made for text in row])
    return dispatch.wrap(flat.reshape(*array.shape[:-1], len(made[0]) if made else 0))


def _pads(pad_values: Any, padding_width: Any, widths: Sequence[int]) -> tuple[bytes, bytes] | None:
    if any(width < 1 for width in widths):
        raise ValueError(f"All ngram_widths must be greater than 0. Got {widths[0] if len(widths) == 1 else widths}")
    if pad_values is None:
        if padding_width is not None:
            raise ValueError("pad_values must be provided if padding_width is set.")
        return None
    if padding_width is not None and padding_width < 1:
        raise ValueError("padding_width must be greater than 0.")
    pair = pad_values if isinstance(pad_values, (list, tuple)) else (pad_values, pad_values)
    if len(pair) != 2 or not all(isinstance(text, (str, bytes)) for text in pair):
        raise fail(TypeError, "pad_values must be a string, tuple of strings, or None", received=pad_values)
    left, right = (text.encode() if isinstance(text, str) else text for text in pair)
    return left, right


def _of_rows(data: RaggedTensor, of_row: Any) -> RaggedTensor:
    if isinstance(data.values, RaggedTensor):
        return data._remade(_of_rows(data.values, of_row), data._partition)
    if data.values.shape.rank > 1:
        return data._remade(ngrams_of(data.values, of_row), data._partition)
    made = [of_row(row) for row in data.to_list()]
    lengths = torch.tensor([len(row) for row in made], dtype=data._splits_dtype)
    return data._remade(dispatch.wrap(vector([t for row in made for t in row])), RowPartition(splits_of(lengths)))


def joined_along(data: Any, axis: int, between: bytes) -> Any:
    """The texts of a ragged tensor joined along one axis; a dense one where no ragged dimension is left."""
    if not isinstance(data, RaggedTensor):
        array = np.moveaxis(np.asarray(dispatch.raw(data)), axis, -1)
        out = vector([between.join(row) for row in array.reshape(-1, array.shape[-1])])
        return dispatch.wrap(out.reshape(array.shape[:-1]))
    if axis > 1:
        return data._remade(joined_along(data.values, axis - 1, between), data._partition)
    rows = data.to_list()
    made = _columns(rows, between) if axis == 0 else [_joined_row(row, between) for row in rows]
    return _from_lists(made, data.shape.rank - 1, data._splits_dtype)


def _joined_row(row: list, between: bytes) -> Any:
    """The texts of a row as one; of rows in it, column by column."""
    if row and isinstance(row[0], list):
        return _columns(row, between)
    return between.join(row)


def _columns(rows: list, between: bytes) -> list:
    """Rows of different lengths joined place by place."""
    longest = max(map(len, rows), default=0)
    return [_joined_row([row[i] for row in rows if len(row) > i], between) for i in range(longest)]


def _from_lists(made: Any, rank: int, kind: Any) -> Any:
    """Nested lists of texts as a ragged tensor of that rank, or a dense one of rank 1."""
    parts = []
    values = made
    for _ in range(rank - 1):
        values = [row if isinstance(row, list) else [] for row in values]
        parts.append(RowPartition(splits_of(torch.tensor([len(row) for row in values], dtype=kind))))
        values = [item for row in values for item in row]
    return nested(dispatch.wrap(vector(values)), parts)


def ngrams_of(values: Any, of_row: Any) -> Any:
    """N-grams along the last axis of a dense tensor."""
    array = np.asarray(dispatch.raw(values))
    flat = vector([text for row in array.reshape(-1, array.shape[-1]) for text in of_row(list(row))])
    return dispatch.wrap(flat.reshape(*array.shape[:-1], -1 if flat.size else 0))
