"""Ragged tensors of the features of messages."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch
from kerasish.core.dtypes import as_dtype, int64, to_torch
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.ragged import RaggedTensor
from kerasish.tf.io import features as specs
from kerasish.tf.io import parsing, sequences
from kerasish.tf.io.parsing import Batch, checked_dtype, flat
from kerasish.tf.io.texts import stand_in


def of_lengths(values: Any, lengths: Any, feature: specs.RaggedFeature) -> Any:
    """Rows of these lengths."""
    sizes = torch.as_tensor(np.asarray(lengths, np.int64)).to(to_torch(as_dtype(feature.row_splits_dtype)))
    return RaggedTensor.from_row_lengths(dispatch.wrap(values), dispatch.wrap(sizes), validate=False)


def _partitioned(values: Any, partition: Any, row: parsing.Row, feature: specs.RaggedFeature) -> Any:
    """Values put into rows as one partition says, which an example's features hold."""
    if isinstance(partition, specs.UniformRowLength):
        if not isinstance(values, RaggedTensor):
            return _in_rows(values, partition.length)
        return RaggedTensor.from_uniform_row_length(values, partition.length)
    found = row.get(partition.key)
    none = [0] if type(partition) is specs.RowSplits else []
    numbers = torch.from_numpy(np.array(none if found is None else found.items, np.int64))
    given = dispatch.wrap(numbers.to(to_torch(as_dtype(feature.row_splits_dtype))))
    make = {
        specs.RowSplits: RaggedTensor.from_row_splits,
        specs.RowLengths: RaggedTensor.from_row_lengths,
        specs.RowStarts: RaggedTensor.from_row_starts,
        specs.RowLimits: RaggedTensor.from_row_limits,
        specs.ValueRowIds: RaggedTensor.from_value_rowids,
    }[type(partition)]
    return make(values, given, validate=feature.validate)


def _in_rows(values: Any, length: int) -> Any:
    """A dense tensor's values in rows of one length."""
    raw = dispatch.raw(values)
    if length < 1 or len(raw) % length:
        raise InvalidArgumentError(f"{len(raw)} values cannot be put into rows of length {length}")
    return dispatch.wrap(raw.reshape(len(raw) // length, length, *raw.shape[1:]))


def ragged(key: str, feature: specs.RaggedFeature, batch: Batch) -> Any:
    """A RaggedTensor (examples, *rows); of one example without the axis of examples."""
    dtype = checked_dtype(key, feature)
    name = key if feature.value_key is None else feature.value_key
    if batch.rows is None:
        return _stand_in(feature, batch, dtype)
    parts = [[] if values is None else values.items for values in batch.of(name, dtype)]
    if not feature.partitions:
        values = flat(parts, dtype)
        return values if batch.single else of_lengths(values, [len(part) for part in parts], feature)
    for partition in feature.partitions:
        if hasattr(partition, "key"):
            batch.of(partition.key, int64)
    examples = []
    for part, row in zip(parts, batch.rows, strict=True):
        values = dispatch.wrap(flat([part], dtype))
        for partition in reversed(feature.partitions):
            values = _partitioned(values, partition, row, feature)
        examples.append(values)
    return examples[0] if batch.single else joined(examples, feature)


def joined(examples: list, feature: specs.RaggedFeature) -> Any:
    """The ragged tensors of examples, behind an axis of examples.

    Rows of one length stay so: only their numbers differ.
    """
    lengths = [
        int(example.shape[0] if not isinstance(example, RaggedTensor) else example.nrows()) for example in examples
    ]
    if not isinstance(examples[0], RaggedTensor):
        raw = [dispatch.raw(example) for example in examples]
        return of_lengths(np.concatenate(raw) if isinstance(raw[0], np.ndarray) else torch.cat(raw), lengths, feature)
    return of_lengths(_stacked(examples), lengths, feature)


def _stacked(examples: list) -> Any:
    """The rows of ragged tensors, one after another."""
    inner = [example.values for example in examples]
    sizes = np.concatenate([np.asarray(example.row_lengths().numpy()) for example in examples])
    if isinstance(inner[0], RaggedTensor):
        values: Any = _stacked(inner)
    else:
        raw = [dispatch.raw(part) for part in inner]
        values = dispatch.wrap(np.concatenate(raw) if isinstance(raw[0], np.ndarray) else torch.cat(raw))
    uniform = examples[0].uniform_row_length
    if uniform is not None:
        return RaggedTensor.from_uniform_row_length(values, int(uniform), nrows=len(sizes))
    kind = examples[0].row_splits.dtype
    return RaggedTensor.from_row_lengths(
        values, dispatch.wrap(torch.from_numpy(sizes).to(to_torch(kind))), validate=False
    )


def _stand_in(feature: specs.RaggedFeature, batch: Batch, dtype: Any) -> Any:
    """A tensor whose rows stand for ragged ones; where partitions are given it is found from examples."""
    if feature.partitions:
        raise ValueError("The shape of partitioned features depends on their values.")
    values = stand_in([batch.unknown], dtype, batch.text)
    if batch.single:
        return values
    return of_lengths(stand_in([batch.count], dtype, batch.text), [1] * batch.count, feature)


def ragged_steps(key: str, feature: specs.RaggedFeature, batch: Batch, read: list[sequences.Steps]) -> Any:
    """A RaggedTensor (examples, steps, values)."""
    dtype = checked_dtype(key, feature)
    name = key if feature.value_key is None else feature.value_key
    if feature.partitions or batch.rows is None:
        raise ValueError(f"RaggedFeature {key} of a feature list: partitions are not served.")
    parts = sequences.steps_of(name, dtype, batch, read, missing=True)
    values = flat([values for steps in parts for values in steps], dtype)
    inner = of_lengths(values, [len(values) for steps in parts for values in steps], feature)
    return inner if batch.single else of_lengths(inner, [len(steps) for steps in parts], feature)


parsing.PARSERS[specs.RaggedFeature] = ragged
sequences.PARSERS[specs.RaggedFeature] = ragged_steps
