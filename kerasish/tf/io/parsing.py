"""Tensors of the bytes of ``tf.train.Example`` and ``tf.train.SequenceExample`` messages."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import torch

from kerasish.core import dispatch, wire
from kerasish.core.context import local
from kerasish.core.dtypes import DType, as_dtype, int64, string
from kerasish.core.errors import InvalidArgumentError, NotServedError
from kerasish.core.shape import TensorShape
from kerasish.core.sparse import SparseTensor
from kerasish.core.tensor import StringTensor, convert
from kerasish.core.wire import DecodeError
from kerasish.tf.io import features as specs
from kerasish.tf.io.texts import C_NAMES, filled, stand_in, stand_in_text, unknown_size

_LISTS = {1: "string", 2: "float32", 3: "int64"}  # number of a list in a Feature → dtype of its values


# reading --------------------------------------------------------------------------------------------------------------


class Values(NamedTuple):
    """What a feature of one example holds."""

    dtype: str
    items: Any  # bytes in a list, numbers in an array

    @property
    def count(self) -> int:
        return len(self.items)


def _texts_by_name(data: bytes, start: int, end: int) -> Iterator[tuple[str, tuple[int, int]]]:
    """(name, place of the message) of the entries of a map."""
    for number, kind, entry, _ in wire.fields(data, start, end):
        if number != 1 or kind != wire.BYTES:
            continue
        key, place = b"", (0, 0)
        for part, part_kind, value, _ in wire.fields(data, *entry):
            if part == 1 and part_kind == wire.BYTES:
                key = data[slice(*value)]
            elif part == 2 and part_kind == wire.BYTES:
                place = value
        yield key.decode("utf-8", "replace"), place


def _values(data: bytes, start: int, end: int) -> Values | None:
    """The values in a Feature; None if none of its lists is there."""
    found = None
    for number, kind, place, _ in wire.fields(data, start, end):
        if number in _LISTS and kind == wire.BYTES:
            found = Values(_LISTS[number], _items(data, number, *place))
    return found


def _items(data: bytes, number: int, start: int, end: int) -> Any:
    parts: list = []
    for field, kind, value, _ in wire.fields(data, start, end):
        if field != 1:
            continue
        if number == 1 and kind == wire.BYTES:
            parts.append(data[slice(*value)])
        elif number == 2 and kind in (wire.BYTES, wire.FIXED32):
            parts.append(wire.numbers(data, *value, "<f4"))
        elif number == 3 and kind == wire.BYTES:
            parts.append(wire.varints(data, *value))
        elif number == 3 and kind == wire.VARINT:
            parts.append(np.array([wire.signed(value)], np.int64))
    if number == 1:
        return parts
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.empty(0, np.float32 if number == 2 else np.int64)


Row = dict[str, Values]


def _features(data: bytes, start: int, end: int, wanted: set[str]) -> Row:
    found = {}
    for name, place in _texts_by_name(data, start, end):
        if name in wanted:
            values = _values(data, *place)
            if values is None:
                found.pop(name, None)
            else:
                found[name] = values
    return found


def _example(data: bytes, wanted: set[str]) -> Row:
    row: Row = {}
    for number, kind, place, _ in wire.fields(data, 0, len(data)):
        if number == 1 and kind == wire.BYTES:
            row.update(_features(data, *place, wanted))
    return row


class Steps(NamedTuple):
    """A SequenceExample's features."""

    context: Row
    lists: dict[str, list[Values | None]]


def _sequence(data: bytes, context: set[str], lists: set[str]) -> Steps:
    found = Steps({}, {})
    for number, kind, place, _ in wire.fields(data, 0, len(data)):
        if number == 1 and kind == wire.BYTES:
            found.context.update(_features(data, *place, context))
        elif number == 2 and kind == wire.BYTES:
            for name, steps in _texts_by_name(data, *place):
                if name in lists:
                    parts = [f for f in wire.fields(data, *steps) if f[0] == 1 and f[1] == wire.BYTES]
                    found.lists[name] = [_values(data, *part[2]) for part in parts]
    return found


def _read(text: bytes, read: Callable, what: str, *wanted: Any) -> Any:
    try:
        return read(text, *wanted)
    except DecodeError:
        shown = text[:200].decode("latin-1")
        raise InvalidArgumentError(f"Could not parse {what} input, value: '{shown}'") from None


# what is asked for ----------------------------------------------------------------------------------------------------


class Batch(NamedTuple):
    """Rows of examples that are parsed together.

    Attributes:
        rows: None where there are only stand-ins.
        count: of examples.
        unknown: a stand-in for sizes that the content decides. text: one for strings.
        single: whether there is one example, whose tensors have no axis for it.
    """

    rows: list[Row] | None
    count: int
    unknown: int
    text: bytes
    single: bool

    def wrong(self, key: str, index: int, text: str) -> InvalidArgumentError:
        """The error for a value of an example."""
        where = f"Key: {key}." if self.single else f"Name: <unknown>, Key: {key}, Index: {index}."
        return InvalidArgumentError(f"{where}  {text}")

    def of(self, key: str, dtype: DType) -> list[Any]:
        """The values of each example, None where it has none.

        Raises:
            InvalidArgumentError: they have another dtype.
        """
        found = []
        for i, row in enumerate(self.rows or []):
            values = row.get(key)
            if values is not None and values.dtype != dtype.name:
                theirs, wanted = (C_NAMES.get(name, name) for name in (values.dtype, dtype.name))
                raise self.wrong(key, i, f"Data types don't match. Data type: {theirs} but expected type: {wanted}")
            found.append(values)
        return found


def checked_dtype(key: str, feature: Any) -> DType:
    """The dtype of a feature's values.

    Raises:
        ValueError: none is given. InvalidArgumentError: messages have no such values.
    """
    if feature.dtype is None:
        raise ValueError(f"Missing type for feature {key}. Received feature={feature}.")
    dtype = as_dtype(feature.dtype)
    if dtype.name not in _LISTS.values():
        raise InvalidArgumentError(
            f"Value for attr 'Tdense' of {dtype.name} is not in the list of allowed values: float, int64, string"
        )
    return dtype


def _fixed_shape(key: str, feature: Any) -> list[int]:
    if feature.shape is None:
        raise ValueError(f"Missing shape for feature {key}. Received feature={feature}.")
    shape = TensorShape(feature.shape).as_list()
    if shape and shape[0] is None:
        raise ValueError(
            f"First dimension of shape for feature {key} unknown. Consider using FixedLenSequenceFeature. Received "
            f"feature={feature}."
        )
    if None in shape:
        raise ValueError(
            f"All dimensions of shape for feature {key} need to be known but received {shape}. Received feature={feature}."
        )
    return shape


def flat(values: list, dtype: DType) -> Any:
    """The values of several examples one after another, in raw storage."""
    if dtype == string:
        return filled([text for part in values for text in part], dtype)
    kind = dtype.as_numpy_dtype
    return torch.from_numpy(np.concatenate([np.empty(0, kind), *(np.asarray(part, kind) for part in values)]))


def _default(key: str, feature: Any, dtype: DType, shape: list[int]) -> list:
    """The values that stand for a missing feature."""
    tensor = convert(feature.default_value, dtype)
    size = math.prod(shape)
    given = tensor._t.reshape(-1).tolist()
    if len(given) != size:
        raise InvalidArgumentError(
            f"Input to reshape is a tensor with {len(given)} values, but the requested shape has {size}"
        )
    return given


def fixed(key: str, feature: specs.FixedLenFeature, batch: Batch) -> Any:
    """A dense tensor, raw."""
    dtype, shape = checked_dtype(key, feature), _fixed_shape(key, feature)
    full = shape if batch.single else [batch.count, *shape]
    default = None if feature.default_value is None else _default(key, feature, dtype, shape)
    if batch.rows is None:
        return stand_in(full, dtype, batch.text)
    size, kind = math.prod(shape), C_NAMES.get(dtype.name, dtype.name)
    parts = []
    for i, values in enumerate(batch.of(key, dtype)):
        if values is None and default is None:
            where = "" if batch.single else "Name: <unknown>, "
            raise InvalidArgumentError(f"{where}Feature: {key} (data type: {kind}) is required but could not be found.")
        if values is not None and values.count != size:
            raise batch.wrong(
                key,
                i,
                f"Number of {kind} values != expected.  Values size: {values.count} but output shape: {shape}",
            )
        parts.append(default if values is None else values.items)
    return flat(parts, dtype).reshape(full)


def _filler(key: str, feature: specs.FixedLenSequenceFeature, dtype: DType) -> Any:
    if feature.default_value is None:
        return b"" if dtype == string else 0
    return _default(key, feature, dtype, [])[0]


def padded(parts: list, widths: list[int], shape: list[int], dtype: DType, filler: Any) -> Any:
    """Rows of ``shape``, several for each example, in one raw tensor (examples, most rows, *shape)."""
    most, size = max(widths, default=0), math.prod(shape)
    out: Any = np.full((len(parts), most * size), filler, dtype=object if dtype == string else dtype.as_numpy_dtype)
    for i, part in enumerate(parts):
        out[i, : len(part)] = part
    out = out.reshape(len(parts), most, *shape)
    return out if dtype == string else torch.from_numpy(out)


def fixed_rows(key: str, feature: specs.FixedLenSequenceFeature, batch: Batch) -> Any:
    """A tensor with an axis of rows, raw."""
    dtype, shape = checked_dtype(key, feature), _fixed_shape(key, feature)
    if not feature.allow_missing:
        raise ValueError("Unsupported: FixedLenSequenceFeature requires allow_missing to be True.")
    if batch.rows is None:
        full = [batch.unknown, *shape]
        return stand_in(full if batch.single else [batch.count, *full], dtype, batch.text)
    size = math.prod(shape)
    parts = []
    for i, values in enumerate(batch.of(key, dtype)):
        parts.append([] if values is None else values.items)
        if size and len(parts[-1]) % size:
            kind = C_NAMES.get(dtype.name, dtype.name)
            raise batch.wrong(key, i, f"Number of {kind} values is not a multiple of stride length: {size}")
    made = padded(parts, [len(p) // max(size, 1) for p in parts], shape, dtype, _filler(key, feature, dtype))
    return made[0] if batch.single else made


def sparse_of(indices: np.ndarray, values: Any, shape: list[int], single: bool) -> SparseTensor:
    """A SparseTensor of places whose first axis is the example's."""
    if single:
        indices, shape = indices[:, 1:], shape[1:]
    return SparseTensor.of_raw(torch.from_numpy(np.ascontiguousarray(indices)), values, shape)


def sparse_stand_in(shape: list[int], dtype: DType, unknown: int) -> SparseTensor:
    return SparseTensor.of_raw(torch.zeros((unknown, len(shape)), dtype=torch.int64), stand_in([unknown], dtype), shape)


def places(widths: list[int]) -> np.ndarray:
    """(row, column) of the values of rows of these lengths."""
    rows = np.repeat(np.arange(len(widths)), widths)
    columns = np.concatenate([np.empty(0, np.int64), *(np.arange(n) for n in widths)])
    return np.stack([rows, columns], 1).astype(np.int64)


def variable(key: str, feature: specs.VarLenFeature, batch: Batch) -> SparseTensor:
    """A SparseTensor (examples, most values)."""
    dtype = checked_dtype(key, feature)
    if batch.rows is None:
        shape = [batch.unknown] if batch.single else [batch.count, batch.unknown]
        return sparse_stand_in(shape, dtype, batch.unknown)
    parts = [[] if values is None else values.items for values in batch.of(key, dtype)]
    widths = [len(part) for part in parts]
    return sparse_of(places(widths), flat(parts, dtype), [len(parts), max(widths, default=0)], batch.single)


def sparse(key: str, feature: specs.SparseFeature, batch: Batch) -> SparseTensor:
    """A SparseTensor (examples, *sizes).

    Raises:
        ValueError: as many places as values, and as many sizes as names, are wanted.
    """
    dtype = checked_dtype(key, feature)
    keys = [feature.index_key] if isinstance(feature.index_key, str) else list(feature.index_key)
    sizes = [feature.size] if not isinstance(feature.size, (list, tuple)) else list(feature.size)
    if len(keys) != len(sizes):
        raise ValueError(f"SparseFeature {key}: {len(keys)} index keys and {len(sizes)} sizes. Received {feature}.")
    sizes = [int(size) for size in sizes]
    if batch.rows is None:
        return sparse_stand_in(sizes if batch.single else [batch.count, *sizes], dtype, batch.unknown)
    parts = [[] if values is None else values.items for values in batch.of(feature.value_key, dtype)]
    widths = [len(part) for part in parts]
    columns = [np.repeat(np.arange(len(parts)), widths)]
    for name in keys:
        found = [np.empty(0, np.int64) if v is None else v.items for v in batch.of(name, int64)]
        if [len(part) for part in found] != widths:
            raise InvalidArgumentError(f"SparseFeature {key}: other numbers of places in {name} than of values")
        columns.append(np.concatenate([np.empty(0, np.int64), *found]))
    indices, values = np.stack(columns, 1).astype(np.int64), flat(parts, dtype)
    if not feature.already_sorted:
        order = np.lexsort(indices.T[::-1])
        indices = indices[order]
        values = values[order if dtype == string else torch.from_numpy(order)]
    return sparse_of(indices, values, [len(parts), *sizes], batch.single)


PARSERS: dict[type, Callable] = {
    specs.VarLenFeature: variable,
    specs.FixedLenFeature: fixed,
    specs.FixedLenSequenceFeature: fixed_rows,
    specs.SparseFeature: sparse,
}
_DENSE = (specs.FixedLenFeature, specs.FixedLenSequenceFeature)
_ORDER = (specs.VarLenFeature, *_DENSE, specs.RaggedFeature, specs.SparseFeature)


def _keys_of(name: str, feature: Any) -> Iterator[str]:
    """The names of the features of a message that one asks for."""
    if isinstance(feature, specs.SparseFeature):
        yield from [feature.index_key] if isinstance(feature.index_key, str) else feature.index_key
        yield feature.value_key
    elif isinstance(feature, specs.RaggedFeature):
        yield name if feature.value_key is None else feature.value_key
        yield from (partition.key for partition in feature.partitions if hasattr(partition, "key"))
    else:
        yield name


def ordered(features: Any, kinds: tuple[type, ...] = _ORDER) -> list[tuple[str, Any]]:
    """(name, feature) in TensorFlow's order: by kind, dense ones together, then by name.

    Raises:
        ValueError: something else among them. TypeError: names that are no strings.
    """
    for key, feature in features.items():
        if not isinstance(feature, kinds):
            raise ValueError(f"Unsupported {type(feature).__name__} {feature} for key '{key}'")
        if not isinstance(key, str):
            raise TypeError(f"Cannot convert [{key!r}] to EagerTensor of dtype string")

    def rank(pair: tuple[str, Any]) -> tuple[int, str]:
        kind = type(pair[1])
        return _ORDER.index(_DENSE[0] if kind in _DENSE else kind), pair[0]

    return sorted(features.items(), key=rank)


def wanted_keys(features: list[tuple[str, Any]]) -> set[str]:
    return {key for name, feature in features for key in _keys_of(name, feature)}


def parser_of(feature: Any, parsers: dict[type, Callable]) -> Callable:
    """What makes a tensor of such a feature.

    Raises:
        NotServedError: nothing does.
    """
    if type(feature) not in parsers:
        raise NotServedError(
            f"tf.io.{type(feature).__name__} is not served by kerasish yet. Use VarLenFeature instead."
        )
    return parsers[type(feature)]


def parse_batch(features: list[tuple[str, Any]], batch: Batch) -> dict[str, Any]:
    """The tensors of all features."""
    found = {name: parser_of(feature, PARSERS)(name, feature, batch) for name, feature in features}
    return {name: dispatch.wrap(value) for name, value in found.items()}


# functions ------------------------------------------------------------------------------------------------------------


def _texts(serialized: Any) -> np.ndarray:
    tensor = convert(serialized)
    if not isinstance(tensor, StringTensor):
        raise ValueError(
            f"Tensor conversion requested dtype string for Tensor with dtype {tensor.dtype.name}: {tensor!r}"
        )
    return tensor._t


def _check_features(features: Any) -> list[tuple[str, Any]]:
    if features is None:
        raise ValueError("Invalid argument: features cannot be None.")
    if not features:
        raise ValueError("Invalid argument: features cannot be empty.")
    asked = ordered(features)
    _check_kinds(asked)
    _check_keys(asked)
    for _, feature in asked:  # TensorFlow converts defaults before it looks at a message
        if isinstance(feature, _DENSE) and feature.dtype is not None and feature.default_value is not None:
            convert(feature.default_value, as_dtype(feature.dtype))
    return asked


def _check_keys(features: list[tuple[str, Any]]) -> None:
    """Refuse features of different kinds that are made of the same feature of a message.

    Raises:
        ValueError: there are such.
    """
    keys: dict[str, dict[str, None]] = {"dense": {}, "sparse": {}, "ragged": {}}
    for name, feature in sorted(features, key=operator.itemgetter(0)):
        dense = "dense" if isinstance(feature, _DENSE) else "sparse"
        kind = "ragged" if isinstance(feature, specs.RaggedFeature) else dense
        keys[kind].update(dict.fromkeys(_keys_of(name, feature)))
    for one, other in (("dense", "sparse"), ("dense", "ragged"), ("ragged", "sparse")):
        common = set(keys[one]) & set(keys[other])
        if common:
            raise ValueError(
                f"{one.capitalize()} and {other} keys must not intersect; {one}_keys: {list(keys[one])}, "
                f"{other}_keys: {list(keys[other])}, intersection: {common}"
            )


def _check_kinds(features: list[tuple[str, Any]]) -> None:
    """Raise ValueError for features that contradict themselves or one another."""
    sparse = dict[str, DType]()
    for key, feature in features:
        if isinstance(feature, _DENSE):
            if feature.dtype is not None:
                _fixed_shape(key, feature)
            if isinstance(feature, specs.FixedLenSequenceFeature) and not feature.allow_missing:
                raise ValueError("Unsupported: FixedLenSequenceFeature requires allow_missing to be True.")
        elif isinstance(feature, (specs.VarLenFeature, specs.SparseFeature)) and feature.dtype is not None:
            value = getattr(feature, "value_key", key)
            for name in _keys_of(key, feature):
                dtype = as_dtype(feature.dtype) if name == value else int64
                before = sparse.setdefault(name, dtype)
                if before != dtype:
                    raise ValueError(f"Conflicting type {before} vs {dtype} for feature {name}.")


def _parse(texts: np.ndarray, features: Any) -> dict[str, Any]:
    asked, single = _check_features(features), texts.ndim == 0
    wanted = wanted_keys(asked)
    rows = None if local.tracing else [_read(text, _example, "example", wanted) for text in texts.reshape(-1)]
    return parse_batch(asked, Batch(rows, texts.size, unknown_size(texts), stand_in_text(texts), single))


def parse_single_example(serialized: Any, features: dict, example_names: Any = None, name: str | None = None) -> dict:
    """The features of one ``tf.train.Example``, given as bytes.

    Args:
        serialized: string of rank 0.
        features: from names to ``FixedLenFeature`` and its kin.

    Raises:
        InvalidArgumentError: the bytes are no such message, or features are not what was said.
        ValueError: ``serialized`` is no scalar; no features, or of an unknown kind.
    """
    _check_features(features)
    texts = _texts(serialized)
    if texts.ndim:
        raise ValueError("Input serialized must be a scalar")
    return _parse(texts, features)


def parse_example(serialized: Any, features: dict, example_names: Any = None, name: str | None = None) -> dict:
    """The features of several ``tf.train.Example``s, given as bytes.

    Args:
        serialized: string of shape (examples,), or of rank 0 for one.
        features: from names to ``FixedLenFeature`` and its kin.

    Raises:
        InvalidArgumentError: the bytes are no such messages, or features are not what was said.
        ValueError: no features, or of an unknown kind.
    """
    _check_features(features)
    texts = _texts(serialized)
    if texts.ndim > 1:
        raise InvalidArgumentError(f"Expected serialized to be a scalar or vector, got shape: {list(texts.shape)}")
    return _parse(texts, features)


def sequences(texts: np.ndarray, context: list, lists: list) -> list[Steps]:
    """The features of SequenceExamples."""
    keys = wanted_keys(context), wanted_keys(lists)
    return [_read(text, _sequence, "sequence example", *keys) for text in texts.reshape(-1)]


def texts_of(serialized: Any, rank: int) -> np.ndarray:
    """Serialized messages, in an array of a rank.

    Raises:
        ValueError: of another rank.
    """
    texts = _texts(serialized)
    if texts.ndim != rank:
        raise ValueError("Input serialized must be a scalar" if rank == 0 else "Input serialized must be a vector")
    return texts
