"""Byte strings as numbers and columns: raw memory, CSV, base 64, compressed and JSON."""

from __future__ import annotations

import base64
import binascii
import json
import re
import sys
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch, symbolic
from kerasish.core.context import local
from kerasish.core.dtypes import DType, as_dtype, string, to_torch
from kerasish.core.errors import DataLossError, DTypeMismatchError, InvalidArgumentError
from kerasish.core.ragged import RaggedTensor
from kerasish.core.tensor import Tensor, convert
from kerasish.ops.strings import each
from kerasish.tf.io.streams import WINDOW
from kerasish.tf.train.example import Example

_RAW = "float16 float32 float64 int32 uint16 uint8 int16 int8 int64 complex64 complex128 bool bfloat16".split()
_CELLS = "float32 float64 int32 int64 string".split()
C_NAMES = {"float32": "float", "float64": "double"}


def text_array(value: Any) -> np.ndarray:
    """A string tensor, or what becomes one, as an array of bytes.

    Raises:
        TypeError: it is no text.
    """
    return convert(value, string)._t


def unknown_size(texts: np.ndarray) -> int:
    """A stand-in for a size that depends on a text's content, where functions are traced: it differs between two runs."""
    return symbolic.PROBES[1] if stand_in_text(texts) else symbolic.PROBES[0]


def stand_in_text(texts: np.ndarray) -> bytes:
    """The text that stands for those of a run in which functions are traced."""
    return texts.reshape(-1)[0] if texts.size else b""


def stand_in(shape: Sequence[int], dtype: DType, text: bytes = b"") -> Any:
    """Raw storage of a shape, for a result whose values are not known yet; ``text`` stands for strings."""
    if dtype == string:
        return np.full(tuple(shape), text, dtype=object)
    return torch.zeros(tuple(shape), dtype=to_torch(dtype))


# raw memory -----------------------------------------------------------------------------------------------------------


def decode_raw(
    input_bytes: Any,
    out_type: Any,
    little_endian: bool = True,
    fixed_length: int | None = None,
    name: str | None = None,
) -> Tensor:
    """The numbers that strings are the memory of, of shape ``input.shape + (numbers,)``.

    Args:
        little_endian: their byte order.
        fixed_length: bytes of each string; longer ones are cut, shorter ones filled up with zeros.

    Raises:
        InvalidArgumentError: strings of different lengths, or of no multiple of a number's.
    """
    dtype = as_dtype(out_type)
    if dtype.name not in _RAW:
        raise InvalidArgumentError(
            f"Value for attr 'out_type' of {dtype.name} is not in the list of allowed values: {', '.join(_RAW)}"
        )
    texts = text_array(input_bytes)
    if local.tracing:
        size = unknown_size(texts) if fixed_length is None else fixed_length // dtype.size
        return dispatch.wrap(stand_in([*texts.shape, size], dtype))
    items = texts.reshape(-1).tolist()
    if fixed_length is not None:
        if fixed_length % dtype.size:
            raise InvalidArgumentError(
                f"fixed_length ({fixed_length}) must be a multiple of the size of out_type ({dtype.size})"
            )
        items = [item[:fixed_length].ljust(fixed_length, b"\0") for item in items]
    _check_lengths(items, dtype)
    return dispatch.wrap(from_memory(b"".join(items), dtype, little_endian).reshape(*texts.shape, *_last(items, dtype)))


def _last(items: list[bytes], dtype: DType) -> tuple[int]:
    return (len(items[0]) // dtype.size if items else 0,)


def _check_lengths(items: list[bytes], dtype: DType) -> None:
    for i, item in enumerate(items):
        if len(item) != len(items[0]):
            raise InvalidArgumentError(
                f"DecodeRaw requires input strings to all be the same size, but element {i} has size {len(items[0])} != "
                f"{len(item)}"
            )
    if items and len(items[0]) % dtype.size:
        raise InvalidArgumentError(
            f"Input to DecodeRaw has length {len(items[0])} that is not a multiple of {dtype.size}, the size of "
            f"{dtype.name}"
        )


def from_memory(memory: bytes, dtype: DType, little_endian: bool = True) -> torch.Tensor:
    """Numbers, one after another, from their memory."""
    carrier = np.dtype(np.int16) if dtype.name == "bfloat16" else np.dtype(dtype.as_numpy_dtype)
    array = np.frombuffer(memory, carrier)
    if little_endian != (sys.byteorder == "little") and dtype.size > 1:
        array = array.byteswap()
    found = torch.from_numpy(array.copy())
    return found.view(torch.bfloat16) if dtype.name == "bfloat16" else found


# CSV ------------------------------------------------------------------------------------------------------------------


def split_record(text: bytes, delimiter: bytes, quotes: bool) -> list[bytes]:
    """The fields of a record of a CSV file.

    Raises:
        InvalidArgumentError: quotes or ends of lines where they cannot be.
    """
    if (not quotes or b'"' not in text) and b"\n" not in text and b"\r" not in text:
        return text.split(delimiter) if text else []
    fields, at = [], 0
    while at < len(text):
        if quotes and text[at : at + 1] == b'"':
            field, at = _quoted(text, at + 1, delimiter)
        else:
            end = text.find(delimiter, at)
            end = len(text) if end < 0 else end
            field = text[at:end]
            if re.search(rb'["\r\n]' if quotes else rb"[\r\n]", field):
                raise InvalidArgumentError("Unquoted fields cannot have quotes/CRLFs inside")
            at = end + 1
        fields.append(field)
    if text.endswith(delimiter) and at == len(text):
        fields.append(b"")
    return fields


def _quoted(text: bytes, at: int, delimiter: bytes) -> tuple[bytes, int]:
    """The field after an opening quote, and the place after its delimiter."""
    parts = []
    while True:
        end = text.find(b'"', at)
        if end < 0:
            raise InvalidArgumentError("Quoted field has to end with quote followed by delim or end")
        parts.append(text[at:end])
        after = text[end + 1 : end + 2]
        if after == b'"':
            parts.append(b'"')
            at = end + 2
            continue
        if after not in (delimiter, b""):
            raise InvalidArgumentError("Quote inside a string has to be escaped by another quote")
        return b"".join(parts), end + 2


_WHOLE = re.compile(rb"\s*[-+]?\d+\s*")


def number(text: bytes, dtype: DType) -> Any:
    """The number that a text writes out.

    Raises:
        ValueError: it is none of that dtype.
    """
    if dtype.is_integer:
        value = int(text) if _WHOLE.fullmatch(text) else int("")
        if not dtype.min <= value <= dtype.max:
            raise ValueError(value)
        return value
    if b"_" in text:
        raise ValueError(text)
    return float(text)


class Columns:
    """Default values and dtypes of the fields of records.

    Args:
        defaults: for each field a tensor of one value, or of none where the field must be there.

    Raises:
        InvalidArgumentError: several values, or a dtype that fields cannot have.
    """

    def __init__(self, defaults: Sequence, na_value: Any, delimiter: Any, quotes: bool) -> None:
        self.delimiter = delimiter.encode() if isinstance(delimiter, str) else bytes(delimiter)
        self.na_value = na_value.encode() if isinstance(na_value, str) else bytes(na_value)
        self.quotes = quotes
        if len(self.delimiter) != 1:
            raise InvalidArgumentError("field_delim should be only 1 char")
        tensors = [convert(default) for default in map(_no_dtype, defaults)]
        if not tensors:
            raise InvalidArgumentError("Length for attr 'OUT_TYPE' of 0 must be at least minimum 1")
        for i, tensor in enumerate(tensors):
            if tensor.dtype.name not in _CELLS:
                raise DTypeMismatchError(
                    f"Value for attr 'OUT_TYPE' of {tensor.dtype.name} is not in the list of allowed values: "
                    f"{', '.join(_CELLS)}"
                )
            if int(np.prod(tensor.shape)) > 1:
                raise InvalidArgumentError(
                    f"There should only be 1 default per field but field {i} has {int(np.prod(tensor.shape))}"
                )
        self.dtypes = [tensor.dtype for tensor in tensors]
        self.defaults = [_only(tensor) for tensor in tensors]

    def cell(self, text: bytes, i: int, where: str, mark: str = "") -> Any:
        """The value of field ``i``.

        Args:
            where: "in record 3", for errors.

        Raises:
            InvalidArgumentError: it must be there and is not, or is no number.
        """
        dtype = self.dtypes[i]
        if not text or text == self.na_value:
            if not self.defaults[i]:
                raise InvalidArgumentError(f"Field {i} is required but missing {where}!")
            return self.defaults[i][0]
        if dtype == string:
            return text
        try:
            return number(text, dtype)
        except ValueError:
            kind = C_NAMES.get(dtype.name, dtype.name)
            raise InvalidArgumentError(
                f"Field {i} {where} is not a valid {kind}: {text.decode('utf-8', 'replace')}"
            ) from None


def _no_dtype(default: Any) -> Any:
    if isinstance(default, DType):
        raise ValueError(f"Attempt to convert a value ({default!r}) with an unsupported type ({DType}) to a Tensor.")
    return default


def _only(tensor: Tensor) -> list:
    values = np.asarray(tensor.numpy(), dtype=object if tensor.dtype == string else None).reshape(-1)
    return values.tolist()


def filled(items: list, dtype: DType) -> Any:
    """Values in raw storage, of shape (values,)."""
    if dtype == string:
        out = np.empty(len(items), dtype=object)
        out[:] = items
        return out
    with np.errstate(over="ignore"):
        return torch.from_numpy(np.array(items, dtype=dtype.as_numpy_dtype).reshape(-1))


def decode_csv(
    records: Any,
    record_defaults: Sequence,
    field_delim: str = ",",
    use_quote_delim: bool = True,
    na_value: str = "",
    select_cols: Sequence[int] | None = None,
    name: str | None = None,
) -> list[Tensor]:
    """The fields of records as tensors of the records' shape.

    Args:
        record_defaults: for each field its value where it is empty; an empty tensor demands one. They give the dtypes.
        use_quote_delim: whether ``"`` encloses fields.
        na_value: another text for empty fields.
        select_cols: numbers of the fields to take, ascending; default: all.

    Raises:
        InvalidArgumentError: records with other numbers of fields, or with fields that are no numbers.
        ValueError: ``select_cols`` is not ascending, or of another length than ``record_defaults``.
    """
    if select_cols is not None and any(a >= b for a, b in zip(select_cols, select_cols[1:])):
        raise ValueError("select_cols is not strictly increasing.")
    if select_cols is not None and select_cols and select_cols[0] < 0:
        raise ValueError("select_cols contains negative values.")
    if select_cols is not None and len(select_cols) != len(record_defaults):
        raise ValueError("Length of select_cols and record_defaults do not match.")
    columns = Columns(record_defaults, na_value, field_delim, use_quote_delim)
    texts = text_array(records)
    if local.tracing:
        return dispatch.wrap([stand_in(texts.shape, dtype, stand_in_text(texts)) for dtype in columns.dtypes])
    rows = []
    for i, text in enumerate(texts.reshape(-1)):
        found = split_record(text, columns.delimiter, use_quote_delim)
        if select_cols is not None:
            found = [found[k] for k in select_cols if k < len(found)]
        if len(found) != len(columns.dtypes):
            raise InvalidArgumentError(f"Expect {len(columns.dtypes)} fields but have {len(found)} in record {i}")
        rows.append([columns.cell(part, k, f"in record {i}") for k, part in enumerate(found)])
    made = [filled([row[k] for row in rows], dtype) for k, dtype in enumerate(columns.dtypes)]
    return dispatch.wrap([column.reshape(texts.shape) for column in made])


# base 64, compressed, JSON --------------------------------------------------------------------------------------------


def _each(function: Callable[[bytes], bytes], value: Any) -> Any:
    if isinstance(value, RaggedTensor):
        return value.with_flat_values(_each(function, value.flat_values))
    return dispatch.wrap(each(function, text_array(value)))


def encode_base64(input: Any, pad: bool = False, name: str | None = None) -> Tensor:
    """Strings in web-safe base 64.

    Args:
        pad: whether to fill up to groups of four with ``=``.
    """

    def encode(text: bytes) -> bytes:
        found = base64.urlsafe_b64encode(text)
        return found if pad else found.rstrip(b"=")

    return _each(encode, input)


def _from_base64(text: bytes) -> bytes:
    if len(text) % 4 == 1:
        raise InvalidArgumentError("Base64 string length cannot be 1 modulo 4.")
    bare = text.rstrip(b"=") if len(text) % 4 == 0 and not text.endswith(b"===") else text
    if not re.fullmatch(rb"[A-Za-z0-9_-]*", bare):
        raise InvalidArgumentError("Invalid character found in base64.")
    try:
        return base64.urlsafe_b64decode(bare + b"=" * (-len(bare) % 4))
    except binascii.Error:
        raise InvalidArgumentError("Invalid character found in base64.") from None


def decode_base64(input: Any, name: str | None = None) -> Tensor:
    """Strings that were in web-safe base 64, filled up or not.

    Raises:
        InvalidArgumentError: they are not.
    """
    return _each(_from_base64, input)


def decode_compressed(bytes: Any, compression_type: str = "", name: str | None = None) -> Tensor:
    """Strings that were compressed.

    Args:
        compression_type: "", "ZLIB" or "GZIP".

    Raises:
        InvalidArgumentError: another compression.
        DataLossError: they are not.
    """
    if compression_type not in ("", *WINDOW):
        raise InvalidArgumentError("Only ZLIB, GZIP or NONE are supported compressions")

    def decode(text: Any) -> Any:
        if not compression_type:
            return text
        try:
            return zlib.decompressobj(WINDOW[compression_type]).decompress(text)
        except zlib.error as error:
            raise DataLossError(f"inflate() failed: {error}") from None

    return _each(decode, bytes)


def decode_json_example(json_examples: Any, name: str | None = None) -> Tensor:
    """``tf.train.Example`` messages written in JSON, as messages' bytes.

    Raises:
        InvalidArgumentError: they are not.
    """

    def decode(text: bytes) -> bytes:
        try:
            return _example(json.loads(text)).SerializeToString()
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise InvalidArgumentError(f"Error while parsing JSON: {error}") from None

    return _each(decode, json_examples)


_LISTS = {"bytesList": "bytes_list", "floatList": "float_list", "int64List": "int64_list"}
_READ: dict[str, Callable[[Any], Any]] = {
    "bytes_list": lambda value: base64.b64decode(value),
    "float_list": float,
    "int64_list": int,
}


def _example(content: dict) -> Example:
    example = Example()
    for key, features in content.items():
        if key != "features":
            raise ValueError(f"no such field: {key!r}")
        example.features.SetInParent()
        for entry, by_name in features.items():
            if entry != "feature":
                raise ValueError(f"no such field: {entry!r}")
            for name, feature in by_name.items():
                _read_feature(example.features.feature[name], feature)
    return example


def _read_feature(target: Any, content: dict) -> None:
    for kind, values in content.items():
        name = _LISTS.get(kind, kind)
        holder = getattr(target, name)
        holder.SetInParent()
        holder.value.extend([_READ[name](value) for value in values.get("value", [])])
