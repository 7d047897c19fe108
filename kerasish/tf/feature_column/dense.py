"""Columns that make numbers of categories, and sequences of numbers."""

from __future__ import annotations

import math
from collections import namedtuple
from collections.abc import Mapping
from typing import Any

import torch

from kerasish.core import dispatch
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.shape import TensorShape
from kerasish.tf.feature_column.columns import (
    DenseColumn,
    Features,
    Ids,
    SequenceCategoricalColumn,
    feature,
    ids_of,
)
from kerasish.tf.io.features import VarLenFeature


def _counts(found: Ids, rows: torch.Tensor, count: int, depth: int) -> torch.Tensor:
    """How often each category occurs in each of ``count`` rows, or the sum of its weights."""
    inside = (found.values >= 0) & (found.values < depth)
    kept = found.chosen(inside)
    out = torch.zeros(count * depth, dtype=torch.float32, device=kept.rows.device)
    weights = torch.ones(len(kept.values), device=kept.rows.device) if kept.weights is None else kept.weights
    return out.index_add(0, rows[inside] * depth + kept.values, weights).reshape(count, depth)


class IndicatorColumn(DenseColumn, namedtuple("IndicatorColumn", ("categorical_column",))):
    """How often each category occurs, or the sum of its weights."""

    __slots__ = ()

    @property
    def name(self) -> str:
        return f"{self.categorical_column.name}_indicator"

    @property
    def parse_example_spec(self) -> dict:
        return self.categorical_column.parse_example_spec

    @property
    def variable_shape(self) -> TensorShape:
        return TensorShape([1, self.categorical_column.num_buckets])

    def _dense(self, features: Features, weights: Mapping[str, torch.Tensor]) -> torch.Tensor:
        refuse_sequence(self)
        found = self.categorical_column._ids(features)
        return _counts(found, found.rows, found.batch, self.categorical_column.num_buckets)

    def _sequence(self, features: Features, weights: Mapping[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        found = demand_sequence(self)._ids(features)
        depth = self.categorical_column.num_buckets
        rows = found.rows * found.width + found.steps
        made = _counts(found, rows, found.batch * found.width, depth)
        return made.reshape(found.batch, found.width, depth), lengths(found)


class EmbeddingColumn(
    DenseColumn,
    namedtuple(
        "EmbeddingColumn",
        (
            "categorical_column", "dimension", "combiner", "initializer", "ckpt_to_load_from", "tensor_name_in_ckpt",
            "max_norm", "trainable", "use_safe_embedding_lookup",
        ),
    ),
):  # fmt: skip
    """The rows of a table for the categories, combined to one."""

    __slots__ = ()

    @property
    def name(self) -> str:
        return f"{self.categorical_column.name}_embedding"

    @property
    def parse_example_spec(self) -> dict:
        return self.categorical_column.parse_example_spec

    @property
    def variable_shape(self) -> TensorShape:
        return TensorShape([self.dimension])

    def _rows(self, found: Ids, table: torch.Tensor) -> torch.Tensor:
        if len(found.values) and int(found.values.max()) >= len(table):
            raise InvalidArgumentError(f"{self.name}: index {int(found.values.max())} is not in [0, {len(table)})")
        rows = table[found.values]
        if self.max_norm is None:
            return rows
        norms = rows.norm(dim=1, keepdim=True)
        return rows * self.max_norm / norms.clamp(min=self.max_norm)

    def _dense(self, features: Features, weights: Mapping[str, torch.Tensor]) -> torch.Tensor:
        refuse_sequence(self)
        found = self.categorical_column._ids(features)
        found = found.chosen(found.values >= 0)
        if found.weights is not None and self.combiner != "sum":
            found = found.chosen(found.weights > 0)
        return self._combined(found, self._rows(found, weights[self.name]))

    def _combined(self, found: Ids, rows: torch.Tensor) -> torch.Tensor:
        own = torch.ones_like(rows[:, :1]) if found.weights is None else found.weights[:, None].to(rows.dtype)
        zeros = rows.new_zeros((found.batch, self.dimension))
        total = zeros.index_add(0, found.rows, rows * own)
        if self.combiner == "sum":
            return total
        parts = own if self.combiner == "mean" else own * own
        size = zeros[:, :1].index_add(0, found.rows, parts)
        return total / torch.where(size == 0, 1.0, size if self.combiner == "mean" else size.sqrt())

    def _sequence(self, features: Features, weights: Mapping[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        found = demand_sequence(self)._ids(features)
        kept = found.chosen(found.values >= 0)
        rows = self._rows(kept, weights[self.name])
        made = rows.new_zeros((found.batch * found.width, self.dimension))
        made = made.index_add(0, kept.rows * found.width + kept.steps, rows)
        return made.reshape(found.batch, found.width, self.dimension), lengths(found)


class SequenceNumericColumn(
    DenseColumn, namedtuple("SequenceNumericColumn", ("key", "shape", "default_value", "dtype", "normalizer_fn"))
):
    """Numbers that come in sequences."""

    __slots__ = ()

    @property
    def parse_example_spec(self) -> dict:
        return {self.key: VarLenFeature(self.dtype)}

    @property
    def variable_shape(self) -> TensorShape:
        return TensorShape(self.shape)

    def _sequence(self, features: Features, weights: Mapping[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        value = feature(features, self.key)
        if self.normalizer_fn is not None:
            value = self.normalizer_fn(value if hasattr(value, "dense_shape") else dispatch.wrap(value))
            value = feature({self.key: value}, self.key)
        found = ids_of(value, self.default_value)
        size = math.prod(self.shape)
        steps = -(-found.width // size)
        out = torch.full((found.batch, steps * size), float(self.default_value), device=found.rows.device)
        out[found.rows, found.steps] = found.values.to(torch.float32)
        return out.reshape(found.batch, steps, size), -(-lengths(found) // size)


def lengths(found: Ids) -> torch.Tensor:
    """How many places each sample has, int64."""
    out = torch.zeros(found.batch, dtype=torch.int64, device=found.rows.device)
    return out.scatter_reduce(0, found.rows, found.steps + 1, "amax")


def refuse_sequence(column: Any) -> None:
    """Raise if a column's categories come in sequences."""
    if isinstance(column.categorical_column, SequenceCategoricalColumn):
        raise ValueError(
            f"In {type(column).__name__}: {column.name}. categorical_column must not be of type SequenceCategoricalColumn. "
            "Suggested fix A: If you wish to use DenseFeatures, use a non-sequence categorical_column_with_*. Suggested fix "
            "B: If you wish to create sequence input, use SequenceFeatures instead of DenseFeatures."
        )


def demand_sequence(column: Any) -> SequenceCategoricalColumn:
    """The column's categories, which come in sequences."""
    if not isinstance(column.categorical_column, SequenceCategoricalColumn):
        raise ValueError(
            f"In {type(column).__name__}: {column.name}. categorical_column must be of type SequenceCategoricalColumn to use "
            "SequenceFeatures. Suggested fix: Use one of sequence_categorical_column_with_*."
        )
    return column.categorical_column
