"""The columns of ``tf.feature_column``: what a feature is called, and how numbers are made of it.

A dense column gives a raw tensor (batch, numbers); a categorical one gives ``Ids``, any number for each sample.
"""

from __future__ import annotations

import math
from collections import namedtuple
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import torch

from kerasish.core import dispatch
from kerasish.core.dtypes import as_dtype, int64, string
from kerasish.core.shape import TensorShape
from kerasish.core.sparse import SparseTensor
from kerasish.ops.hashing import fingerprint64, fingerprint_pair
from kerasish.ops.strings import each
from kerasish.tf.io.features import FixedLenFeature, VarLenFeature
from kerasish.tf.lookup.initializers import KeyValueTensorInitializer, TextFileIndex, TextFileInitializer
from kerasish.tf.lookup.tables import StaticHashTable, StaticVocabularyTable

HASH_KEY = 0xDECAFCAFFE  # what crossed features are hashed with, if no other key is given
Features = Mapping[str, Any]


class Ids(NamedTuple):
    """Categories of the samples of a batch.

    Attributes:
        rows, steps: int64 of shape (values,): the sample that each belongs to, and its place there.
        values: int64, or an array of bytes.
        weights: float32, or None.
        batch, width: numbers of samples and of places.
    """

    rows: torch.Tensor
    steps: torch.Tensor
    values: Any
    weights: torch.Tensor | None
    batch: int
    width: int

    def chosen(self, keep: torch.Tensor) -> Ids:
        """Those where ``keep`` is true."""
        values = self.values[keep.cpu().numpy()] if isinstance(self.values, np.ndarray) else self.values[keep]
        weights = None if self.weights is None else self.weights[keep]
        return self._replace(rows=self.rows[keep], steps=self.steps[keep], values=values, weights=weights)


def feature(features: Features, key: str) -> Any:
    """A feature's raw tensor or SparseTensor, with an axis for the numbers of a sample.

    Raises:
        ValueError: there is none, or it has no axis for samples.
    """
    if key not in features:
        raise ValueError(f"Feature {key} is not in features dictionary.")
    value = features[key]
    if isinstance(value, SparseTensor):
        return value
    raw = dispatch.raw(value)
    if not raw.ndim:
        raise ValueError(f"Feature (key: {key}) cannot have rank 0. Given: {value}")
    return raw[:, None] if raw.ndim == 1 else raw


def ids_of(value: Any, ignored: Any = None) -> Ids:
    """The entries of a SparseTensor, or those of a dense tensor that are not ``ignored`` ("" or -1)."""
    if isinstance(value, SparseTensor):
        indices, shape = value.raw_indices, tuple(value.shape)
        return Ids(indices[:, 0], indices[:, -1], value.raw_values, None, shape[0], shape[-1])
    if isinstance(value, np.ndarray):
        flat = value.reshape(len(value), -1)
        places = np.argwhere(flat != (b"" if ignored is None else ignored))
        rows, steps = torch.from_numpy(places).unbind(1)
        return Ids(rows, steps, flat[places[:, 0], places[:, 1]], None, *flat.shape)
    flat = value.reshape(len(value), -1)
    rows, steps = torch.nonzero(flat != (-1 if ignored is None else ignored), as_tuple=True)
    return Ids(rows, steps, flat[rows, steps], None, *flat.shape)


def _all_of(value: Any) -> Ids:
    """All entries of a tensor."""
    if isinstance(value, SparseTensor):
        return ids_of(value)
    flat = value.reshape(len(value), -1)
    batch, width = flat.shape
    rows = torch.arange(batch).repeat_interleave(width)
    return Ids(rows, torch.arange(width).repeat(batch), flat.reshape(-1), None, batch, width)


class FeatureColumn:
    """Base of the columns."""

    __slots__ = ()

    @property
    def name(self) -> str:
        """What it is called among other columns."""
        return self.key  # type: ignore[attr-defined]

    @property
    def parse_example_spec(self) -> dict:
        """What to tell ``tf.io.parse_example``."""
        raise NotImplementedError(type(self).__name__)


class DenseColumn(FeatureColumn):
    """Base of the columns of numbers."""

    __slots__ = ()

    @property
    def variable_shape(self) -> TensorShape:
        """The shape of a sample's numbers."""
        raise NotImplementedError(type(self).__name__)

    def _dense(self, features: Features, weights: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """The numbers of a batch.

        Args:
            weights: of embeddings, by the columns' names.
        """
        raise NotImplementedError(type(self).__name__)


class CategoricalColumn(FeatureColumn):
    """Base of the columns of categories, from 0 to ``num_buckets - 1``."""

    __slots__ = ()

    @property
    def num_buckets(self) -> int:
        """How many categories there are."""
        raise NotImplementedError(type(self).__name__)

    def _ids(self, features: Features) -> Ids:
        """The categories in a batch; those out of range are none."""
        raise NotImplementedError(type(self).__name__)

    @property
    def parse_example_spec(self) -> dict:
        return {self.key: VarLenFeature(self._text_or_int)}  # type: ignore[attr-defined]

    @property
    def _text_or_int(self) -> Any:
        return self.dtype  # type: ignore[attr-defined]

    def _read(self, features: Features) -> Ids:
        """The feature's entries, text or int64.

        Raises:
            ValueError: of another kind than the column's.
        """
        value = feature(features, self.key)  # type: ignore[attr-defined]
        is_text = isinstance(value.raw_values if isinstance(value, SparseTensor) else value, np.ndarray)
        wanted = as_dtype(self._text_or_int)
        if is_text != (wanted == string):
            raise ValueError(
                f"Column dtype and SparseTensors dtype must be compatible. key: {self.key}, column dtype: "  # type: ignore[attr-defined]
                f"{wanted.name}, tensor dtype: {'string' if is_text else 'a number'}"
            )
        found = ids_of(value)
        if not is_text and found.values.is_floating_point():
            raise ValueError(f"Invalid input, not integer. key: {self.key} dtype: {found.values.dtype}")  # type: ignore[attr-defined]
        return found if is_text else found._replace(values=found.values.long())


class NumericColumn(
    DenseColumn, namedtuple("NumericColumn", ("key", "shape", "default_value", "dtype", "normalizer_fn"))
):
    """A feature that is numbers."""

    __slots__ = ()

    @property
    def parse_example_spec(self) -> dict:
        return {self.key: FixedLenFeature(self.shape, self.dtype, self.default_value)}

    @property
    def variable_shape(self) -> TensorShape:
        return TensorShape(self.shape)

    def _numbers(self, features: Features) -> torch.Tensor:
        value = feature(features, self.key)
        if isinstance(value, SparseTensor):
            raise ValueError(f"The corresponding Tensor of numerical column must be a Tensor. key: {self.key}")
        if self.normalizer_fn is not None:
            value = dispatch.raw(self.normalizer_fn(dispatch.wrap(value)))
        return value.to(torch.float32).reshape(len(value), *self.shape)

    def _dense(self, features: Features, weights: Mapping[str, torch.Tensor]) -> torch.Tensor:
        return self._numbers(features).reshape(-1, math.prod(self.shape))


class BucketizedColumn(DenseColumn, CategoricalColumn, namedtuple("BucketizedColumn", ("source_column", "boundaries"))):
    """Numbers by the interval that they lie in."""

    __slots__ = ()

    @property
    def name(self) -> str:
        return f"{self.source_column.name}_bucketized"

    @property
    def parse_example_spec(self) -> dict:
        return self.source_column.parse_example_spec

    @property
    def variable_shape(self) -> TensorShape:
        return TensorShape((*self.source_column.shape, len(self.boundaries) + 1))

    @property
    def num_buckets(self) -> int:
        return (len(self.boundaries) + 1) * self.source_column.shape[0]

    def _buckets(self, features: Features) -> torch.Tensor:
        numbers = self.source_column._numbers(features)
        edges = torch.tensor(self.boundaries, dtype=torch.float32, device=numbers.device)
        return torch.bucketize(numbers, edges, right=True)

    def _dense(self, features: Features, weights: Mapping[str, torch.Tensor]) -> torch.Tensor:
        codes = torch.nn.functional.one_hot(self._buckets(features), len(self.boundaries) + 1)
        return codes.reshape(len(codes), -1).to(torch.float32)

    def _ids(self, features: Features) -> Ids:
        buckets = self._buckets(features)
        offsets = (len(self.boundaries) + 1) * torch.arange(buckets.shape[1], device=buckets.device)
        return ids_of(buckets + offsets)


class IdentityCategoricalColumn(
    CategoricalColumn, namedtuple("IdentityCategoricalColumn", ("key", "number_buckets", "default_value"))
):
    """A feature that is categories already."""

    __slots__ = ()
    _text_or_int = int64

    @property
    def num_buckets(self) -> int:
        return self.number_buckets

    def _ids(self, features: Features) -> Ids:
        found = self._read(features)
        if self.default_value is None:
            return found
        inside = (found.values >= 0) & (found.values < self.number_buckets)
        return found._replace(values=torch.where(inside, found.values, self.default_value))


class _Vocabulary(CategoricalColumn):
    __slots__ = ()

    def _table(self) -> Any:
        raise NotImplementedError(type(self).__name__)

    def _ids(self, features: Features) -> Ids:
        found = self._read(features)
        return found._replace(values=self._table()._find(found.values).to(found.rows.device))


class VocabularyListCategoricalColumn(
    _Vocabulary,
    namedtuple(
        "VocabularyListCategoricalColumn", ("key", "vocabulary_list", "dtype", "default_value", "num_oov_buckets")
    ),
):
    """A feature whose categories are the places of a list."""

    __slots__ = ()

    @property
    def num_buckets(self) -> int:
        return len(self.vocabulary_list) + self.num_oov_buckets

    def _table(self) -> Any:
        kind = string if as_dtype(self.dtype) == string else int64
        size = len(self.vocabulary_list)
        pairs = KeyValueTensorInitializer(list(self.vocabulary_list), list(range(size)), kind, int64)
        if self.num_oov_buckets:
            return StaticVocabularyTable(pairs, self.num_oov_buckets)
        return StaticHashTable(pairs, self.default_value)


class VocabularyFileCategoricalColumn(
    _Vocabulary,
    namedtuple(
        "VocabularyFileCategoricalColumn",
        ("key", "vocabulary_file", "vocabulary_size", "num_oov_buckets", "dtype", "default_value", "file_format"),
    ),
):
    """A feature whose categories are the lines of a file."""

    __slots__ = ()

    @property
    def num_buckets(self) -> int:
        return self.vocabulary_size + self.num_oov_buckets

    def _table(self) -> Any:
        kind = string if as_dtype(self.dtype) == string else int64
        lines = TextFileInitializer(
            self.vocabulary_file, kind, TextFileIndex.WHOLE_LINE, int64, TextFileIndex.LINE_NUMBER, self.vocabulary_size
        )
        if self.num_oov_buckets:
            return StaticVocabularyTable(lines, self.num_oov_buckets)
        return StaticHashTable(lines, self.default_value)


class HashedCategoricalColumn(
    CategoricalColumn, namedtuple("HashedCategoricalColumn", ("key", "hash_bucket_size", "dtype"))
):
    """A feature whose categories are hashes."""

    __slots__ = ()

    @property
    def num_buckets(self) -> int:
        return self.hash_bucket_size

    def _ids(self, features: Features) -> Ids:
        found = self._read(features)
        texts = found.values
        if isinstance(texts, torch.Tensor):
            texts = np.array([b"%d" % value for value in texts.tolist()], dtype=object)
        hashed = each(lambda text: fingerprint64(text) % self.hash_bucket_size, texts, np.int64)
        return found._replace(values=torch.from_numpy(hashed).to(found.rows.device))


class CrossedColumn(CategoricalColumn, namedtuple("CrossedColumn", ("keys", "hash_bucket_size", "hash_key"))):
    """Combinations of the categories of several features, hashed."""

    __slots__ = ()

    def _leaves(self) -> Iterator[Any]:
        for key in self.keys:
            yield from key._leaves() if isinstance(key, CrossedColumn) else [key]

    @property
    def name(self) -> str:
        return "_X_".join(sorted(key if isinstance(key, str) else key.name for key in self._leaves()))

    @property
    def parse_example_spec(self) -> dict:
        spec = {}
        for key in self.keys:
            spec.update({key: VarLenFeature(string)} if isinstance(key, str) else key.parse_example_spec)
        return spec

    @property
    def num_buckets(self) -> int:
        return self.hash_bucket_size

    def _words(self, features: Features, key: Any) -> list[list[int]]:
        """For each sample the 64-bit words that stand for its values of one feature."""
        found = _all_of(feature(features, key)) if isinstance(key, str) else key._ids(features)
        words: list[list[int]] = [[] for _ in range(found.batch)]
        values = found.values
        if isinstance(values, torch.Tensor) and values.is_floating_point():
            raise ValueError(f"Unsupported dtype for crossed feature {key}: {values.dtype}")
        listed = map(fingerprint64, values) if isinstance(values, np.ndarray) else values.tolist()
        for row, word in zip(found.rows.tolist(), listed):
            words[row].append(word % (1 << 64))
        return words

    def _ids(self, features: Features) -> Ids:
        start = HASH_KEY if self.hash_key is None else self.hash_key
        made: list[list[int]] = []
        dense = [isinstance(key, str) and not isinstance(features.get(key), SparseTensor) for key in self._leaves()]
        ordered = sorted(zip(dense, range(len(dense)), self._leaves()), key=lambda leaf: leaf[:2])  # as TensorFlow does
        for number, (_, _, key) in enumerate(ordered):
            words = self._words(features, key)
            made = [[start]] * len(words) if number == 0 else made
            made = [
                [fingerprint_pair(h, word) for h in row for word in new] for row, new in zip(made, words, strict=True)
            ]
        widths = [len(row) for row in made]
        rows = torch.repeat_interleave(torch.arange(len(made)), torch.tensor(widths, dtype=torch.int64))
        steps = torch.tensor([step for width in widths for step in range(width)], dtype=torch.int64)
        values = torch.tensor([h % self.hash_bucket_size for row in made for h in row], dtype=torch.int64)
        return Ids(rows, steps, values, None, len(made), max(widths, default=0))


class WeightedCategoricalColumn(
    CategoricalColumn,
    namedtuple("WeightedCategoricalColumn", ("categorical_column", "weight_feature_key", "dtype")),
):
    """Categories with the weights that another feature gives them."""

    __slots__ = ()

    @property
    def name(self) -> str:
        return f"{self.categorical_column.name}_weighted_by_{self.weight_feature_key}"

    @property
    def parse_example_spec(self) -> dict:
        own = {self.weight_feature_key: VarLenFeature(self.dtype)}
        return {**self.categorical_column.parse_example_spec, **own}

    @property
    def num_buckets(self) -> int:
        return self.categorical_column.num_buckets

    def _ids(self, features: Features) -> Ids:
        found = self.categorical_column._ids(features)
        weights = ids_of(feature(features, self.weight_feature_key), 0.0)
        if len(weights.values) != len(found.values):
            raise ValueError(
                f"{self.name}: there are {len(found.values)} categories and {len(weights.values)} weights in the batch."
            )
        return found._replace(weights=weights.values.to(torch.float32))


class SequenceCategoricalColumn(CategoricalColumn, namedtuple("SequenceCategoricalColumn", ("categorical_column",))):
    """Categories that come in sequences."""

    __slots__ = ()

    @property
    def name(self) -> str:
        return self.categorical_column.name

    @property
    def parse_example_spec(self) -> dict:
        return self.categorical_column.parse_example_spec

    @property
    def num_buckets(self) -> int:
        return self.categorical_column.num_buckets

    def _ids(self, features: Features) -> Ids:
        return self.categorical_column._ids(features)
