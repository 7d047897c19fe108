"""TensorFlow 1's ways to split texts and to make ragged values: ``tf.compat.v1.string_split``, ``strings``, ``ragged``."""

from __future__ import annotations

from typing import Any

import torch

from kerasish.core import dispatch
from kerasish.core.errors import fail
from kerasish.core.ragged import RaggedTensor
from kerasish.core.ragged_partition import RowPartition, splits_of
from kerasish.core.tensor import convert
from kerasish.tf import ragged as modern_ragged
from kerasish.tf import strings as modern
from kerasish.tf.ragged.making import RaggedTensorValue, constant_value, placeholder
from kerasish.tf.texts import one_text, vector


def string_split(
    source: Any,
    sep: Any = None,
    skip_empty: bool = True,
    delimiter: Any = None,
    result_type: str = "SparseTensor",
    name: str | None = None,
) -> Any:
    """The parts of texts between separators, each byte of ``sep`` being one; without any, the bytes.

    Args:
        skip_empty: whether to leave out empty parts; an empty text has no parts either way.
        delimiter: the old name of ``sep``.
        result_type: "SparseTensor" or "RaggedTensor".

    Raises:
        ValueError: another ``result_type``, or texts that are no vector.
    """
    texts = dispatch.raw(convert(source, "string"))
    if texts.ndim != 1:
        raise fail(ValueError, "string_split takes a vector of texts", received=f"shape {texts.shape}")
    given = delimiter if sep is None else sep
    separators = b" " if given is None else one_text(given)
    rows = [_parts(text, separators, skip_empty) for text in texts]
    lengths = torch.tensor([len(row) for row in rows], dtype=torch.int64)
    flat = dispatch.wrap(vector([part for row in rows for part in row]))
    return _as(RaggedTensor._remade(flat, RowPartition(splits_of(lengths))), result_type)


def _parts(text: bytes, separators: bytes, skip_empty: bool) -> list[bytes]:
    if not separators or not text:
        parts = [bytes([byte]) for byte in text]
    else:
        table = bytes.maketrans(separators, separators[:1] * len(separators))
        parts = text.translate(table).split(separators[:1])
    return [part for part in parts if part] if skip_empty else parts


def _as(ragged: RaggedTensor, result_type: str) -> Any:
    if result_type not in ("SparseTensor", "RaggedTensor"):
        raise ValueError("result_type must be 'RaggedTensor' or 'SparseTensor'.")
    return ragged if result_type == "RaggedTensor" else ragged.to_sparse()


class _Namespace:
    """A module's names, some of which are as they were in TensorFlow 1."""

    def __init__(self, module: Any, **own: Any) -> None:
        self.__dict__.update(own, _module=module)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


def _split(
    input: Any = None,
    sep: Any = None,
    maxsplit: int = -1,
    result_type: str = "SparseTensor",
    source: Any = None,
    name: str | None = None,
) -> Any:
    """The parts of each text between separators, as a sparse tensor or (``result_type="RaggedTensor"``) a ragged one."""
    given = source if input is None else input
    given = given if isinstance(given, RaggedTensor) else convert(given, "string")
    rank = given.shape.rank
    if not rank:
        given = dispatch.wrap(dispatch.raw(given).reshape(1))
    return _as(modern.split(given, sep, maxsplit), result_type)


def _length(input: Any, name: str | None = None, unit: str = "BYTE") -> Any:
    """The lengths of texts; ``name`` comes before ``unit`` here."""
    return modern.length(input, unit)


_split.__name__, _length.__name__ = "split", "length"
strings = _Namespace(modern, split=_split, length=_length)
ragged = _Namespace(
    modern_ragged, RaggedTensorValue=RaggedTensorValue, constant_value=constant_value, placeholder=placeholder
)
