"""Lookup tables that datasets fill."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish.core.dtypes import as_dtype, string
from kerasish.core.tensor import StringTensor
from kerasish.tf.data.dataset import Dataset
from kerasish.tf.lookup.initializers import TableInitializerBase
from kerasish.tf.lookup.tables import StaticHashTable, StaticVocabularyTable


class DatasetInitializer(TableInitializerBase):
    """Pairs that are the elements of a dataset.

    Args:
        dataset: of tuples of a key and a value, both scalars.

    Raises:
        ValueError: other elements.
    """

    def __init__(self, dataset: Dataset) -> None:
        spec = dataset.element_spec
        if not isinstance(spec, tuple) or len(spec) != 2:
            raise ValueError(f"element_spec structure for dataset is expected to be a tuple of two. Received: {spec}")
        for part in spec:
            if not part.shape.is_compatible_with([]):
                raise ValueError(f"Keys and values of a table are scalars. Received: {spec}")
        self.dataset = dataset
        super().__init__(*(part.dtype for part in spec))

    def _pairs(self) -> tuple[np.ndarray, np.ndarray]:
        pairs = list(self.dataset)
        columns = []
        for i, dtype in enumerate((self._key_dtype, self._value_dtype)):
            column = np.empty(len(pairs), dtype=object if dtype == string else dtype.as_numpy_dtype)
            column[:] = [pair[i]._t.item() if isinstance(pair[i], StringTensor) else pair[i].numpy() for pair in pairs]
            columns.append(column)
        return columns[0], columns[1]


def table_from_dataset(
    dataset: Dataset | None = None,
    num_oov_buckets: int = 0,
    vocab_size: int | None = None,
    default_value: Any = None,
    hasher_spec: Any = None,
    key_dtype: Any = string,
    name: str | None = None,
) -> Any:
    """A table of the pairs in a dataset.

    Args:
        num_oov_buckets: for keys that are not among them; else they get ``default_value``.
        vocab_size: elements to take; default: all.
        hasher_spec: only TensorFlow's default, the fast hash.

    Raises:
        ValueError: arguments that do not go together.
    """
    if dataset is None:
        raise ValueError("`dataset` must be specified.")
    if num_oov_buckets < 0:
        raise ValueError(f"`num_oov_buckets` must be greater than or equal to 0, got {num_oov_buckets}.")
    if hasher_spec is not None:
        raise ValueError("Only the default hasher is served.")
    if vocab_size is not None:
        if vocab_size < 1:
            raise ValueError(f"`vocab_size` must be greater than 0, got {vocab_size}.")
        dataset = dataset.take(vocab_size)
    kind = as_dtype(key_dtype)
    if kind != string and not kind.is_integer:
        raise TypeError(f"Only integer and string keys are served, got {kind.name}.")
    initializer = DatasetInitializer(dataset)
    if num_oov_buckets:
        return StaticVocabularyTable(initializer, num_oov_buckets, lookup_key_dtype=kind)
    return StaticHashTable(initializer, -1 if default_value is None else default_value)


def index_table_from_dataset(
    dataset: Dataset | None = None,
    num_oov_buckets: int = 0,
    vocab_size: int | None = None,
    default_value: Any = -1,
    hasher_spec: Any = None,
    key_dtype: Any = string,
    name: str | None = None,
) -> Any:
    """A table from the elements of a dataset to their places; see ``table_from_dataset``."""
    if dataset is None:
        raise ValueError("`dataset` must be specified.")
    pairs = dataset.enumerate().map(lambda place, element: (element, place))
    return table_from_dataset(pairs, num_oov_buckets, vocab_size, default_value, hasher_spec, key_dtype, name)
