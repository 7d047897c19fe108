"""Tensors of the bytes of ``tf.train.SequenceExample`` messages."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch
from kerasish.core.context import local
from kerasish.core.dtypes import DType, int64
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.shape import TensorShape
from kerasish.core.sparse import SparseTensor
from kerasish.core.tensor import convert
from kerasish.tf.io import features as specs
from kerasish.tf.io import parsing
from kerasish.tf.io.parsing import Batch, Steps, flat, ordered, padded
from kerasish.tf.io.texts import C_NAMES, stand_in, stand_in_text, unknown_size

_CONTEXT = (specs.VarLenFeature, specs.FixedLenFeature, specs.RaggedFeature)
_LISTS = (specs.VarLenFeature, specs.FixedLenSequenceFeature, specs.RaggedFeature)


def steps_of(key: str, dtype: DType, batch: Batch, sequences: list[Steps], missing: bool) -> list[list]:
    """For each example the values of its steps.

    Args:
        missing: whether an example may lack the feature.

    Raises:
        InvalidArgumentError: it lacks it and may not, or has values of another dtype.
    """
    found = []
    for i, sequence in enumerate(sequences):
        steps = sequence.lists.get(key)
        if steps is None and not missing:
            raise InvalidArgumentError(
                f"Name: <unknown>, Feature list '{key}' is required but could not be found.  Did you mean to include it in "
                "feature_list_dense_missing_assumed_empty or feature_list_dense_defaults?"
            )
        for values in steps or []:
            if values is not None and values.dtype != dtype.name:
                kinds = [C_NAMES.get(name, name) for name in (values.dtype, dtype.name)]
                text = f"Data types don't match. Data type: {kinds[0]} but expected type: {kinds[1]}"
                raise batch.wrong(key, i, f"Feature list: {text}")
        found.append([[] if values is None else values.items for values in steps or []])
    return found


def dense_steps(
    key: str, feature: specs.FixedLenSequenceFeature, batch: Batch, sequences: list[Steps]
) -> tuple[Any, list[int]]:
    """A raw tensor (examples, most steps, *shape), and the numbers of steps."""
    dtype = parsing.checked_dtype(key, feature)
    shape = TensorShape(feature.shape).as_list()
    if batch.rows is None:
        full = [batch.unknown, *shape]
        return stand_in(full if batch.single else [batch.count, *full], dtype, batch.text), [0] * batch.count
    size = math.prod(shape)
    parts = steps_of(key, dtype, batch, sequences, bool(feature.allow_missing))
    for i, steps in enumerate(parts):
        for place, values in enumerate(steps):
            if len(values) != size:
                raise batch.wrong(
                    key,
                    i,
                    f"Feature list index: {place}.  Number of {C_NAMES.get(dtype.name, dtype.name)} values != expected.  "
                    f"values size: {len(values)} but output shape: {shape}",
                )
    rows = [[value for values in steps for value in values] for steps in parts]
    made = padded(rows, [len(steps) for steps in parts], shape, dtype, b"" if dtype.name == "string" else 0)
    return (made[0] if batch.single else made), [len(steps) for steps in parts]


def sparse_steps(key: str, feature: specs.VarLenFeature, batch: Batch, sequences: list[Steps]) -> SparseTensor:
    """A SparseTensor (examples, most steps, most values)."""
    dtype = parsing.checked_dtype(key, feature)
    if batch.rows is None:
        shape = [batch.unknown, batch.unknown]
        return parsing.sparse_stand_in(shape if batch.single else [batch.count, *shape], dtype, batch.unknown)
    parts = steps_of(key, dtype, batch, sequences, missing=True)
    indices = [
        (i, step, place)
        for i, steps in enumerate(parts)
        for step, values in enumerate(steps)
        for place in range(len(values))
    ]
    shape = [
        len(parts),
        max((len(steps) for steps in parts), default=0),
        max((len(values) for steps in parts for values in steps), default=0),
    ]
    made = np.array(indices, np.int64).reshape(-1, 3)
    values = flat([values for steps in parts for values in steps], dtype)
    return parsing.sparse_of(made, values, shape, batch.single)


PARSERS: dict[type, Callable] = {specs.VarLenFeature: sparse_steps}


def _parse(texts: np.ndarray, context: Any, lists: Any) -> tuple[dict, dict, dict]:
    if not context and not lists:
        raise ValueError("Both context_features and sequence_features are None, but at least one should have values.")
    asked = ordered(context or {}, _CONTEXT), ordered(lists or {}, _LISTS)
    read = [] if local.tracing else parsing.sequences(texts, *asked)
    rows = None if local.tracing else [sequence.context for sequence in read]
    batch = Batch(rows, texts.size, unknown_size(texts), stand_in_text(texts), texts.ndim == 0)
    found, lengths = {}, {}
    for key, feature in asked[1]:
        if isinstance(feature, specs.FixedLenSequenceFeature):
            found[key], counts = dense_steps(key, feature, batch, read)
            lengths[key] = torch.zeros(batch.count, dtype=torch.int64) if rows is None else convert(counts, int64)._t
        else:
            found[key] = parsing.parser_of(feature, PARSERS)(key, feature, batch, read)
    return parsing.parse_batch(asked[0], batch), *map(_wrapped, (found, lengths))


def _wrapped(tensors: dict) -> dict:
    return {key: dispatch.wrap(value) for key, value in tensors.items()}


def parse_single_sequence_example(
    serialized: Any,
    context_features: dict | None = None,
    sequence_features: dict | None = None,
    example_name: Any = None,
    name: str | None = None,
) -> tuple[dict, dict]:
    """The features of one ``tf.train.SequenceExample``, given as bytes: those of its context, and those of its steps.

    Args:
        serialized: string of rank 0.
        context_features: from names to ``FixedLenFeature``, ``VarLenFeature`` or ``RaggedFeature``.
        sequence_features: from names to ``FixedLenSequenceFeature``, ``VarLenFeature`` or ``RaggedFeature``.

    Raises:
        InvalidArgumentError: the bytes are no such message, or features are not what was said.
        ValueError: no features, or of an unknown kind.
    """
    context, lists, _ = _parse(parsing.texts_of(serialized, 0), context_features, sequence_features)
    return context, lists


def parse_sequence_example(
    serialized: Any,
    context_features: dict | None = None,
    sequence_features: dict | None = None,
    example_names: Any = None,
    name: str | None = None,
) -> tuple[dict, dict, dict]:
    """The features of several ``tf.train.SequenceExample``s, given as bytes, and the numbers of steps of the dense ones.

    Args:
        serialized: string of shape (examples,).
        context_features, sequence_features: as for ``parse_single_sequence_example``.

    Raises:
        InvalidArgumentError: the bytes are no such messages, or features are not what was said.
        ValueError: no features, or of an unknown kind.
    """
    return _parse(parsing.texts_of(serialized, 1), context_features, sequence_features)
