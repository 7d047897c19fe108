"""``keras.layers.DenseFeatures`` and ``keras.experimental.SequenceFeatures``: columns as layers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from kerasish import initializers
from kerasish.core import dispatch, registry
from kerasish.core.dtypes import DType
from kerasish.core.errors import fail
from kerasish.core.symbolic import KerasTensor
from kerasish.layers.calling import inside
from kerasish.layers.features.encoding import TextLayer
from kerasish.layers.layer import Layer
from kerasish.tf.feature_column import columns as kinds
from kerasish.tf.feature_column import dense
from kerasish.tf.feature_column.columns import DenseColumn, FeatureColumn
from kerasish.tf.feature_column.dense import EmbeddingColumn, IndicatorColumn, SequenceNumericColumn

_CLASSES = {
    cls.__name__: cls
    for module in (kinds, dense)
    for cls in vars(module).values()
    if isinstance(cls, type) and issubclass(cls, FeatureColumn) and hasattr(cls, "_fields")
}


def sorted_columns(given: Any, wanted: tuple[type, ...], hint: str) -> list:
    """Columns by name.

    Raises:
        ValueError: none, others, or two of one name.
    """
    if isinstance(given, FeatureColumn):
        given = [given]
    if isinstance(given, Iterator):
        given = list(given)
    if isinstance(given, dict):
        raise ValueError("Expected feature_columns to be iterable, found dict.")
    if not given:
        raise ValueError("feature_columns must not be empty.")
    names: dict[str, Any] = {}
    for column in given:
        if not isinstance(column, FeatureColumn):
            raise ValueError(
                f"Items of feature_columns must be a FeatureColumn. Given (type {type(column)}): {column}."
            )
    for column in given:
        if not isinstance(column, wanted):
            raise ValueError(f"Items of feature_columns must be a {wanted[0]}. {hint} Given: {column}")
        if column.name in names:
            raise ValueError(
                f"Duplicate feature column name found for columns: {column} and {names[column.name]}. This usually means "
                "that these columns refer to same base feature. Either one must be discarded or a duplicated but renamed "
                "item must be inserted in features dict."
            )
        names[column.name] = column
    return [names[name] for name in sorted(names)]


def _is_plain(values: Any) -> bool:
    """Whether a feature is a list of Python's, of numbers or of text."""
    return isinstance(values, (list, tuple, str, bytes, int, float))


class _ToFill:
    """A dictionary that is to be filled: one among a call's arguments is copied on the way."""

    def __init__(self, parts: dict) -> None:
        self.parts = parts


class _Table(Layer):
    """The table of an embedding column."""

    def __init__(self, column: EmbeddingColumn) -> None:
        super().__init__(name=column.name, trainable=column.trainable)
        self._shape = column.categorical_column.num_buckets, column.dimension
        self._initializer = column.initializer

    def build(self, input_shape: Any = None) -> None:
        self.embedding_weights = self.add_weight(
            name="embedding_weights", shape=self._shape, initializer=self._initializer
        )
        self.built = True


class _Features(TextLayer):
    """Base of the two: holds columns and their tables.

    Args:
        feature_columns: columns.
        trainable: whether the tables may be trained.
    """

    _takes_sparse = True
    _wanted: tuple[type, ...] = (DenseColumn,)
    _hint = "You can wrap a categorical column with an embedding_column or indicator_column."

    def __init__(self, feature_columns: Any, trainable: bool = True, name: str | None = None, **kwargs: Any) -> None:
        partitioner = kwargs.pop("partitioner", None)
        if partitioner is not None:
            raise fail(ValueError, "Variables are not partitioned here", "partitioner=None", partitioner)
        super().__init__(trainable=trainable, name=name, **kwargs)
        self.feature_columns = sorted_columns(feature_columns, self._wanted, self._hint)
        self._tables = {c.name: _Table(c) for c in self.feature_columns if isinstance(c, EmbeddingColumn)}

    def _k_prepare(self, args: tuple, kwargs: dict) -> tuple[tuple, dict, bool]:
        if args and isinstance(args[0], dict):
            args = ({key: self._given(x) if _is_plain(x) else x for key, x in args[0].items()}, *args[1:])
        if isinstance(kwargs.get("cols_to_output_tensors"), dict):
            kwargs = {**kwargs, "cols_to_output_tensors": _ToFill(kwargs["cols_to_output_tensors"])}
        return super()._k_prepare(args, kwargs)

    def build(self, input_shape: Any = None) -> None:
        with inside(self):
            for table in self._tables.values():
                table.build()
        self.built = True

    def _weights_by_column(self) -> dict[str, torch.Tensor]:
        return {name: table.embedding_weights.logical for name, table in self._tables.items()}

    def get_config(self) -> dict:
        columns = [_config(column) for column in self.feature_columns]
        return {**super().get_config(), "feature_columns": columns, "partitioner": None}

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> Any:
        config = {**config, "feature_columns": [_column(c, custom_objects) for c in config["feature_columns"]]}
        return cls(**config)


class DenseFeatures(_Features):
    """The numbers of dense columns, side by side in the order of the columns' names.

    Args:
        feature_columns: dense columns: numeric, bucketized, indicator and embedding ones.
        trainable: whether embeddings may be trained.

    Call arguments: a dictionary from features' names to tensors (batch, …).

    Output shape: ``(batch, numbers)``.

    Raises:
        ValueError: no columns, others, or two of one name.
    """

    def call(self, features: Any, cols_to_output_tensors: Any = None, training: bool | None = None) -> torch.Tensor:
        if not isinstance(features, dict):
            raise ValueError("We expected a dictionary here. Instead we got: ", features)
        tables, parts = self._weights_by_column(), []
        for column in self.feature_columns:
            part = column._dense(features, tables)
            parts.append(part)
            if cols_to_output_tensors is not None:
                cols_to_output_tensors.parts[column] = dispatch.wrap(part)
        return torch.cat(parts, -1)

    @property
    def _width(self) -> int:
        return sum(column.variable_shape.num_elements() for column in self.feature_columns)

    def compute_output_shape(self, input_shape: Any) -> tuple:
        batch = next((shape[0] for shape in input_shape.values() if shape), None)
        return (batch, self._width)

    def compute_output_spec(self, features: Any, *args: Any, **kwargs: Any) -> KerasTensor:
        return KerasTensor((next(iter(features.values())).shape[0], self._width), "float32")


class SequenceFeatures(_Features):
    """The numbers of sequence columns, side by side, and the sequences' lengths.

    Args:
        feature_columns: indicator and embedding columns of sequences, and numeric ones of sequences.
        trainable: whether embeddings may be trained.

    Call arguments: a dictionary from features' names to SparseTensors (batch, steps).

    Output shape: ``(batch, steps, numbers)`` and ``(batch,)``, int64.

    Raises:
        ValueError: no columns, others, or two of one name; sequences of different lengths.
    """

    _wanted = (SequenceNumericColumn, IndicatorColumn, EmbeddingColumn)
    _hint = "Columns of sequences are wanted."

    def call(self, features: Any, training: bool | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        if not isinstance(features, dict):
            raise ValueError("We expected a dictionary here. Instead we got: ", features)
        tables = self._weights_by_column()
        parts, sizes = zip(*(column._sequence(features, tables) for column in self.feature_columns), strict=True)
        if any(not torch.equal(size, sizes[0]) for size in sizes):
            raise ValueError("The sequences of all features must have the same lengths.")
        return torch.cat(parts, -1), sizes[0]

    def compute_output_spec(self, features: Any, *args: Any, **kwargs: Any) -> tuple:
        batch = next(iter(features.values())).shape[0]
        width = sum(column.variable_shape.num_elements() for column in self.feature_columns)
        return KerasTensor((batch, None, width), "float32"), KerasTensor((batch,), "int64")


# configurations -------------------------------------------------------------------------------------------------------


def _config(column: Any) -> dict:
    """A column as plain data."""
    values = {}
    for name, value in zip(column._fields, column, strict=True):
        if isinstance(value, FeatureColumn):
            value = _config(value)
        elif isinstance(value, DType):
            value = value.name
        elif name == "keys":
            value = [key if isinstance(key, str) else _config(key) for key in value]
        elif isinstance(value, initializers.Initializer):
            value = initializers.serialize(value)
        elif name == "normalizer_fn" and value is not None:
            value = registry.serialize_keras_object(value)
        values[name] = value
    return {"class_name": type(column).__name__, "config": values}


def _column(data: dict, custom_objects: dict | None) -> Any:
    """The column of plain data; functions in it come from the registry.

    Raises:
        ValueError: it names a vocabulary file: what comes from a file must not read others.
    """
    if data["class_name"] == "VocabularyFileCategoricalColumn":
        raise fail(
            ValueError,
            f"The configuration of a column names a vocabulary file: {data['config'].get('vocabulary_file')!r}",
            "categorical_column_with_vocabulary_list",
        )
    cls, values = _CLASSES[data["class_name"]], dict(data["config"])
    for name, value in values.items():
        if isinstance(value, dict) and value.get("class_name") in _CLASSES:
            values[name] = _column(value, custom_objects)
        elif name == "keys":
            values[name] = tuple(_column(key, custom_objects) if isinstance(key, dict) else key for key in value)
        elif name == "dtype":
            values[name] = kinds.as_dtype(value)
        elif name == "initializer":
            values[name] = initializers.get(value)
        elif name == "normalizer_fn" and value is not None:
            values[name] = registry.deserialize_keras_object(value, custom_objects=custom_objects)
        elif isinstance(value, list):
            values[name] = tuple(value)
    return cls(**values)
