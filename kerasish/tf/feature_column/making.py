"""The functions of ``tf.feature_column``: they check what they are given and make columns."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from kerasish import initializers
from kerasish.core.dtypes import as_dtype, float32, string
from kerasish.core.errors import NotServedError
from kerasish.tf.feature_column.columns import (
    BucketizedColumn,
    CategoricalColumn,
    CrossedColumn,
    FeatureColumn,
    HashedCategoricalColumn,
    IdentityCategoricalColumn,
    NumericColumn,
    SequenceCategoricalColumn,
    VocabularyFileCategoricalColumn,
    VocabularyListCategoricalColumn,
    WeightedCategoricalColumn,
)
from kerasish.tf.feature_column.dense import EmbeddingColumn, IndicatorColumn, SequenceNumericColumn
from kerasish.tf.io import gfile


def _check_key(key: Any) -> None:
    if not isinstance(key, str):
        raise ValueError(f"key must be a string. Got: type {type(key)}. Given key: {key}.")


def _shape(shape: Any, key: str) -> tuple[int, ...]:
    sizes = tuple(shape) if isinstance(shape, Iterable) else (shape,)
    for size in sizes:
        if isinstance(size, bool) or not isinstance(size, (int, np.integer)):
            raise TypeError(f"shape dimensions must be integer. shape: {sizes}, key: {key}")
        if size < 1:
            raise ValueError(f"shape dimensions must be greater than 0. shape: {sizes}, key: {key}")
    return sizes


def _check_numeric(dtype: Any, key: str, normalizer_fn: Any) -> Any:
    kind = as_dtype(dtype)
    if not (kind.is_integer or kind.is_floating):
        raise ValueError(f"dtype must be convertible to float. dtype: {kind!s}, key: {key}")
    if normalizer_fn is not None and not callable(normalizer_fn):
        raise TypeError(f"normalizer_fn must be a callable. Given: {normalizer_fn}")
    return kind


def _default(value: Any, shape: tuple[int, ...], dtype: Any, key: str) -> Any:
    """A default value as nested tuples of a shape."""
    if value is None:
        return None
    array = np.asarray(value)
    if dtype.is_integer and array.dtype.kind == "f":
        raise TypeError(
            f"default_value must be compatible with dtype. default_value: {value}, dtype: {dtype!s}, key: {key}"
        )
    if array.dtype.kind not in "iuf":
        raise TypeError(
            f"default_value must be compatible with dtype. default_value: {value}, dtype: {dtype!s}, key: {key}"
        )
    if array.ndim and array.shape != shape:
        raise ValueError(
            f"The shape of default_value must be equal to given shape. default_value: {value}, shape: {shape}, key: {key}"
        )
    return _tuples(np.broadcast_to(array, shape).tolist())


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def numeric_column(
    key: str,
    shape: Any = (1,),
    default_value: Any = None,
    dtype: Any = float32,
    normalizer_fn: Callable | None = None,
) -> NumericColumn:
    """A feature that is numbers.

    Args:
        key: its name.
        shape: of a sample's numbers.
        default_value: where examples lack it: a number, or numbers of that shape.
        dtype: of the numbers in files.
        normalizer_fn: a function that changes the tensor.

    Raises:
        ValueError, TypeError: values of other kinds.
    """
    _check_key(key)
    sizes = _shape(shape, key)
    kind = _check_numeric(dtype, key, normalizer_fn)
    return NumericColumn(key, sizes, _default(default_value, sizes, kind, key), kind, normalizer_fn)


def bucketized_column(source_column: NumericColumn, boundaries: Sequence) -> BucketizedColumn:
    """Numbers by the interval between ``boundaries`` that they lie in.

    Args:
        source_column: made by ``numeric_column``, of one axis.
        boundaries: ascending.

    Raises:
        ValueError: values of other kinds.
    """
    if not isinstance(source_column, (NumericColumn, SequenceNumericColumn)):
        raise ValueError(f"source_column must be a column generated with numeric_column(). Given: {source_column}")
    if len(source_column.shape) > 1:
        raise ValueError(f"source_column must be one-dimensional column. Given: {source_column}")
    if not isinstance(boundaries, (list, tuple, np.ndarray)):
        raise ValueError("boundaries must be a sorted list.")
    if not len(boundaries):
        raise ValueError("boundaries must not be empty.")
    if any(a >= b for a, b in zip(boundaries, boundaries[1:])):
        raise ValueError("boundaries must be a sorted list.")
    return BucketizedColumn(source_column, tuple(boundaries))


def categorical_column_with_identity(
    key: str, num_buckets: int, default_value: int | None = None
) -> IdentityCategoricalColumn:
    """A feature that is categories from 0 to ``num_buckets - 1``.

    Args:
        default_value: what others become; None: they are no category.

    Raises:
        ValueError: no buckets, or a default that is none of them.
    """
    if num_buckets < 1:
        raise ValueError(f"num_buckets {num_buckets} < 1, column_name {key}")
    if default_value is not None and not 0 <= default_value < num_buckets:
        raise ValueError(f"default_value {default_value} not in range [0, {num_buckets}), column_name {key}")
    _check_key(key)
    return IdentityCategoricalColumn(key, num_buckets, default_value)


def _check_oov(key: str, num_oov_buckets: int, has_default: bool) -> None:
    if num_oov_buckets and num_oov_buckets < 0:
        raise ValueError(f"Invalid num_oov_buckets {num_oov_buckets} in {key}.")
    if num_oov_buckets and has_default:
        raise ValueError(f"Can't specify both num_oov_buckets and default_value in {key}.")


def categorical_column_with_vocabulary_list(
    key: str, vocabulary_list: Sequence, dtype: Any = None, default_value: Any = -1, num_oov_buckets: int = 0
) -> VocabularyListCategoricalColumn:
    """A feature whose categories are the places of a list.

    Args:
        dtype: string or integer; default: the list's.
        default_value: the category of what is not in the list.
        num_oov_buckets: categories behind the list's that take what is not in it.

    Raises:
        ValueError: values that do not go together.
    """
    if vocabulary_list is None or not len(vocabulary_list):
        raise ValueError(f"vocabulary_list {vocabulary_list} must be non-empty, column_name: {key}")
    if len(set(vocabulary_list)) != len(vocabulary_list):
        raise ValueError(f"Duplicate keys in vocabulary_list {vocabulary_list}, column_name: {key}")
    own = as_dtype(np.array(vocabulary_list).dtype)
    _check_oov(key, num_oov_buckets, default_value != -1)
    _demand_categories(f"column_name: {key} vocabulary", own)
    kind = own if dtype is None else as_dtype(dtype)
    if kind.is_integer != own.is_integer:
        raise ValueError(f"dtype {kind!s} and vocabulary dtype {own!s} do not match, column_name: {key}")
    _demand_categories(f"column_name: {key}", kind)
    _check_key(key)
    return VocabularyListCategoricalColumn(key, tuple(vocabulary_list), kind, default_value, num_oov_buckets)


def _demand_categories(what: str, dtype: Any) -> None:
    if dtype != string and not dtype.is_integer:
        raise ValueError(f"{what} dtype must be string or integer. dtype: {dtype!s}.")


def categorical_column_with_vocabulary_file(
    key: str,
    vocabulary_file: Any,
    vocabulary_size: int | None = None,
    dtype: Any = string,
    default_value: Any = None,
    num_oov_buckets: int = 0,
    file_format: str | None = None,
) -> VocabularyFileCategoricalColumn:
    """A feature whose categories are the lines of a file.

    Args:
        vocabulary_size: lines to take; default: all.
        default_value: the category of what is not in the file; default: none.
        num_oov_buckets: categories behind the file's that take what is not in it.
        file_format: only text.

    Raises:
        ValueError: there is no such file, or values that do not go together.
    """
    if not vocabulary_file:
        raise ValueError(f"Missing vocabulary_file in {key}.")
    if file_format not in (None, "tfrecord_gzip"):
        raise ValueError(f"Invalid file_format {file_format} in {key}.")
    if file_format is not None:
        raise NotServedError("file_format='tfrecord_gzip' is not served by kerasish. Write the vocabulary as text.")
    if vocabulary_size is None:
        if not gfile.exists(vocabulary_file):
            raise ValueError(f"vocabulary_file in {key} does not exist.")
        with gfile.GFile(vocabulary_file, "rb") as file:
            vocabulary_size = sum(1 for _ in file)
    if vocabulary_size < 1:
        raise ValueError(f"Invalid vocabulary_size in {key}.")
    _check_oov(key, num_oov_buckets, default_value is not None)
    kind = as_dtype(dtype)
    _demand_categories(f"column_name: {key}", kind)
    _check_key(key)
    default = -1 if default_value is None else default_value
    return VocabularyFileCategoricalColumn(
        key, vocabulary_file, vocabulary_size, num_oov_buckets or 0, kind, default, file_format
    )


def categorical_column_with_hash_bucket(
    key: str, hash_bucket_size: int, dtype: Any = string
) -> HashedCategoricalColumn:
    """A feature whose categories are hashes: FarmHash's fingerprint of the text modulo ``hash_bucket_size``.

    Raises:
        ValueError: no buckets, or numbers that are no integers.
    """
    if hash_bucket_size is None:
        raise ValueError(f"hash_bucket_size must be set. key: {key}")
    if hash_bucket_size < 1:
        raise ValueError(f"hash_bucket_size must be at least 1. hash_bucket_size: {hash_bucket_size}, key: {key}")
    _check_key(key)
    kind = as_dtype(dtype)
    _demand_categories(f"column_name: {key}", kind)
    return HashedCategoricalColumn(key, hash_bucket_size, kind)


def crossed_column(keys: Sequence, hash_bucket_size: int, hash_key: int | None = None) -> CrossedColumn:
    """Combinations of the categories of several features, hashed.

    Args:
        keys: names of features, or categorical columns other than hashed ones.
        hash_key: a number that changes the hashes.

    Raises:
        ValueError: no buckets, or columns of other kinds.
    """
    if not hash_bucket_size or hash_bucket_size < 1:
        raise ValueError(f"hash_bucket_size must be > 1. hash_bucket_size: {hash_bucket_size}")
    if not keys or len(keys) < 2:
        raise ValueError(f"keys must be a list with length > 1. Given: {keys}")
    for key in keys:
        if not isinstance(key, (str, CategoricalColumn)):
            raise ValueError(
                "Unsupported key type. All keys must be either string, or categorical column except "
                f"HashedCategoricalColumn. Given: {key}"
            )
        if isinstance(key, HashedCategoricalColumn):
            raise ValueError(
                "categorical_column_with_hash_bucket is not supported for crossing. Hashing before crossing will increase "
                f"probability of collision. Instead, use the feature name as a string. Given: {key}"
            )
    return CrossedColumn(tuple(keys), hash_bucket_size, hash_key)


def weighted_categorical_column(
    categorical_column: CategoricalColumn, weight_feature_key: str, dtype: Any = float32
) -> WeightedCategoricalColumn:
    """Categories with the weights that another feature gives them.

    Raises:
        ValueError: weights that are no numbers.
    """
    if dtype is None or not (as_dtype(dtype).is_integer or as_dtype(dtype).is_floating):
        raise ValueError(f"dtype {dtype!s} is not convertible to float.")
    return WeightedCategoricalColumn(categorical_column, weight_feature_key, as_dtype(dtype))


def indicator_column(categorical_column: CategoricalColumn) -> IndicatorColumn:
    """How often each category occurs, or the sum of its weights.

    Raises:
        ValueError: ``categorical_column`` is none.
    """
    if not isinstance(categorical_column, CategoricalColumn):
        raise ValueError(f"Unsupported input type. Input must be a CategoricalColumn. Given: {categorical_column}")
    return IndicatorColumn(categorical_column)


def _check_embedding(dimension: Any, initializer: Any, what: str, ckpt: Any, tensor_name: Any) -> None:
    if dimension is None or dimension < 1:
        raise ValueError(f"Invalid dimension {dimension}.")
    if (ckpt is None) != (tensor_name is None):
        raise ValueError("Must specify both `ckpt_to_load_from` and `tensor_name_in_ckpt` or none of them.")
    if ckpt is not None:
        raise NotServedError("`ckpt_to_load_from` is not served by kerasish. Load the layer's weights instead.")
    if initializer is not None and not callable(initializer):
        raise ValueError(f"initializer must be callable if specified. Embedding of column_name: {what}")


def embedding_column(
    categorical_column: CategoricalColumn,
    dimension: int,
    combiner: str = "mean",
    initializer: Any = None,
    ckpt_to_load_from: Any = None,
    tensor_name_in_ckpt: Any = None,
    max_norm: float | None = None,
    trainable: bool = True,
    use_safe_embedding_lookup: bool = True,
) -> EmbeddingColumn:
    """The rows of a table for the categories, combined to one.

    Args:
        dimension: of a row.
        combiner: "mean", "sqrtn" (the sum over the root of their number) or "sum".
        initializer: default: truncated normal, of standard deviation 1/√dimension.
        ckpt_to_load_from, tensor_name_in_ckpt: not served.
        max_norm: the largest norm of a row.
        use_safe_embedding_lookup: samples without a category get zeros, always.

    Raises:
        ValueError: values of other kinds.
    """
    _check_embedding(
        dimension, initializer, getattr(categorical_column, "name", categorical_column), ckpt_to_load_from,
        tensor_name_in_ckpt,
    )  # fmt: skip
    if combiner not in ("mean", "sqrtn", "sum"):
        raise ValueError(f"combiner must be one of 'mean', 'sqrtn' or 'sum', got {combiner}")
    if initializer is None:
        initializer = initializers.TruncatedNormal(mean=0.0, stddev=1 / math.sqrt(dimension))
    return EmbeddingColumn(
        categorical_column, dimension, combiner, initializer, ckpt_to_load_from, tensor_name_in_ckpt, max_norm, trainable,
        use_safe_embedding_lookup,
    )  # fmt: skip


def shared_embeddings(
    categorical_columns: Sequence,
    dimension: int,
    combiner: str = "mean",
    initializer: Any = None,
    shared_embedding_collection_name: str | None = None,
    ckpt_to_load_from: Any = None,
    tensor_name_in_ckpt: Any = None,
    max_norm: float | None = None,
    trainable: bool = True,
    use_safe_embedding_lookup: bool = True,
) -> Any:
    """One table for several columns: TensorFlow has it in graphs only, and there are none here.

    Raises:
        RuntimeError: always, as in TensorFlow outside of graphs.
    """
    raise RuntimeError(
        "shared_embedding_columns are not supported when eager execution is enabled. Share a keras.layers.Embedding instead."
    )


def sequence_numeric_column(
    key: str, shape: Any = (1,), default_value: Any = 0.0, dtype: Any = float32, normalizer_fn: Callable | None = None
) -> SequenceNumericColumn:
    """A feature that is sequences of numbers.

    Args:
        shape: of a step's numbers.
        default_value: to fill up sequences with.

    Raises:
        ValueError, TypeError: values of other kinds.
    """
    sizes = _shape(shape, key)
    kind = _check_numeric(dtype, key, normalizer_fn)
    _check_key(key)
    return SequenceNumericColumn(key, sizes, default_value, kind, normalizer_fn)


def sequence_categorical_column_with_identity(
    key: str, num_buckets: int, default_value: int | None = None
) -> SequenceCategoricalColumn:
    """``categorical_column_with_identity`` for sequences."""
    return SequenceCategoricalColumn(categorical_column_with_identity(key, num_buckets, default_value))


def sequence_categorical_column_with_hash_bucket(
    key: str, hash_bucket_size: int, dtype: Any = string
) -> SequenceCategoricalColumn:
    """``categorical_column_with_hash_bucket`` for sequences."""
    return SequenceCategoricalColumn(categorical_column_with_hash_bucket(key, hash_bucket_size, dtype))


def sequence_categorical_column_with_vocabulary_list(
    key: str, vocabulary_list: Sequence, dtype: Any = None, default_value: Any = -1, num_oov_buckets: int = 0
) -> SequenceCategoricalColumn:
    """``categorical_column_with_vocabulary_list`` for sequences."""
    return SequenceCategoricalColumn(
        categorical_column_with_vocabulary_list(key, vocabulary_list, dtype, default_value, num_oov_buckets)
    )


def sequence_categorical_column_with_vocabulary_file(
    key: str,
    vocabulary_file: Any,
    vocabulary_size: int | None = None,
    num_oov_buckets: int = 0,
    default_value: Any = None,
    dtype: Any = string,
) -> SequenceCategoricalColumn:
    """``categorical_column_with_vocabulary_file`` for sequences."""
    return SequenceCategoricalColumn(
        categorical_column_with_vocabulary_file(
            key, vocabulary_file, vocabulary_size, dtype, default_value, num_oov_buckets
        )
    )


def make_parse_example_spec(feature_columns: Iterable) -> dict:
    """What to tell ``tf.io.parse_example`` to get the features of columns.

    Raises:
        ValueError: something else among them, or two that read one feature in different ways.
    """
    spec: dict = {}
    for column in feature_columns:
        if not isinstance(column, FeatureColumn):
            raise ValueError(f"All feature_columns must be FeatureColumn instances. Given: {column}")
        for key, value in column.parse_example_spec.items():
            if key in spec and value != spec[key]:
                raise ValueError(
                    f"feature_columns contain different parse_spec for key {key}. Given {value} and {spec[key]}"
                )
            spec[key] = value
    return spec
