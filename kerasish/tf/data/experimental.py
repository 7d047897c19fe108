"""``tf.data.experimental``: older names of what ``tf.data.Dataset`` has as methods, and options."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from kerasish.core.dtypes import int64, string
from kerasish.core.errors import OutOfRangeError, missing_name
from kerasish.core.tensor import Tensor
from kerasish.tf.data import elements
from kerasish.tf.data import service as service
from kerasish.tf.data.csv import CsvDataset as CsvDataset
from kerasish.tf.data.csv import make_csv_dataset as make_csv_dataset
from kerasish.tf.data.database import Rows
from kerasish.tf.data.dataset import AUTOTUNE as AUTOTUNE
from kerasish.tf.data.dataset import INFINITE_CARDINALITY as INFINITE_CARDINALITY
from kerasish.tf.data.dataset import SHARD_HINT as SHARD_HINT
from kerasish.tf.data.dataset import UNKNOWN_CARDINALITY as UNKNOWN_CARDINALITY
from kerasish.tf.data.dataset import Dataset, integer
from kerasish.tf.data.features import make_batched_features_dataset as make_batched_features_dataset
from kerasish.tf.data.features import parse_example_dataset as parse_example_dataset
from kerasish.tf.data.iterators import Iterator
from kerasish.tf.data.iterators import Optional as Optional
from kerasish.tf.data.lookup import DatasetInitializer as DatasetInitializer
from kerasish.tf.data.lookup import index_table_from_dataset as index_table_from_dataset
from kerasish.tf.data.lookup import table_from_dataset as table_from_dataset
from kerasish.tf.data.memory import AssertCardinality
from kerasish.tf.data.options import AutoShardPolicy as AutoShardPolicy
from kerasish.tf.data.options import AutotuneAlgorithm as AutotuneAlgorithm
from kerasish.tf.data.options import AutotuneOptions as AutotuneOptions
from kerasish.tf.data.options import DistributeOptions as DistributeOptions
from kerasish.tf.data.options import ExternalStatePolicy as ExternalStatePolicy
from kerasish.tf.data.options import OptimizationOptions as OptimizationOptions
from kerasish.tf.data.options import ServiceOptions as ServiceOptions
from kerasish.tf.data.options import ThreadingOptions as ThreadingOptions
from kerasish.tf.data.resampling import CopyToDevice, GroupByReducer
from kerasish.tf.data.resampling import Reducer as Reducer
from kerasish.tf.data.service import distributed_save as distributed_save
from kerasish.tf.data.service import from_variant as from_variant
from kerasish.tf.data.service import get_model_proto as get_model_proto
from kerasish.tf.data.service import make_saveable_from_iterator as make_saveable_from_iterator
from kerasish.tf.data.service import to_variant as to_variant
from kerasish.tf.data.sources import Given
from kerasish.tf.io.records import TFRecordWriter as RecordWriter

Transformation = Callable[[Dataset], Dataset]

# datasets -------------------------------------------------------------------------------------------------------------

Counter = Dataset.counter


def RandomDataset(
    seed: int | None = None, rerandomize_each_iteration: bool | None = None, name: str | None = None
) -> Any:
    """``Dataset.random``."""
    made = Dataset.random(seed, rerandomize_each_iteration)
    made._node.name = "RandomDatasetV2"
    return made


sample_from_datasets = Dataset.sample_from_datasets


def choose_from_datasets(
    datasets: Sequence[Dataset], choice_dataset: Dataset, stop_on_empty_dataset: bool = False
) -> Dataset:
    """``Dataset.choose_from_datasets``, which does not stop at an empty dataset by default."""
    return Dataset.choose_from_datasets(datasets, choice_dataset, stop_on_empty_dataset)


def from_list(elements: Sequence, name: str | None = None) -> Dataset:
    """The elements of a list, each a structure of values.

    Raises:
        ValueError: the list is empty.
        TypeError: the elements differ in structure or dtypes.
    """
    if not isinstance(elements, list):
        raise ValueError("Invalid `elements`. `elements` must be a list.")
    return _from_list(elements)


def _from_list(values: Sequence) -> Dataset:
    if not values:
        raise ValueError("Invalid `elements`. `elements` should not be empty.")
    with elements.host_scope():
        given = [elements.normalise(element) for element in values]
    merged = elements.spec(given[0])
    for element in given[1:]:
        merged = elements.merge_specs(merged, elements.spec(element))
        if merged is None:
            raise TypeError(f"Invalid `elements`: {elements.spec(given[0])} and {elements.spec(element)} differ.")
    return Dataset(Given(given, merged))


def dense_to_ragged_batch(
    batch_size: Any, drop_remainder: bool = False, row_splits_dtype: Any = int64
) -> Transformation:
    """``Dataset.ragged_batch``, as a transformation for ``apply``."""
    return lambda dataset: dataset.ragged_batch(batch_size, drop_remainder, row_splits_dtype)


# questions ------------------------------------------------------------------------------------------------------------


def cardinality(dataset: Dataset) -> Tensor:
    """``dataset.cardinality()``."""
    return dataset.cardinality()


def get_single_element(dataset: Dataset) -> Any:
    """``dataset.get_single_element()``."""
    if not isinstance(dataset, Dataset):
        raise TypeError(f"Invalid `dataset`. Expected a `tf.data.Dataset` object but got {type(dataset)}.")
    return dataset.get_single_element()


def get_structure(dataset_or_iterator: Any) -> Any:
    """The ``element_spec`` of a dataset or iterator."""
    if not isinstance(dataset_or_iterator, (Dataset, Iterator)):
        raise TypeError(
            "Invalid `dataset_or_iterator`. It must be a `tf.data.Dataset` or tf.data.Iterator object, but got "
            f"{type(dataset_or_iterator)}."
        )
    return dataset_or_iterator.element_spec


def get_next_as_optional(iterator: Iterator) -> Optional:
    """The iterator's next element, or an Optional without a value."""
    return iterator.get_next_as_optional()


def at(dataset: Dataset, index: Any) -> Any:
    """The element at a position.

    Raises:
        OutOfRangeError: there is none.
    """
    position = integer(index, "index")
    found = [] if position < 0 else list(dataset.skip(position).take(1))
    if not found:
        raise OutOfRangeError(f"Index out of range [0, {int(dataset.cardinality())}):{position}")
    return found[0]


class TFRecordWriter:
    """Writes a dataset's elements, which are strings, to a TFRecord file.

    Args:
        compression_type: None, "", "GZIP" or "ZLIB".
    """

    def __init__(self, filename: Any, compression_type: str | None = None) -> None:
        self._filename, self._compression_type = filename, compression_type

    def write(self, dataset: Dataset) -> None:
        """Write the file.

        Raises:
            TypeError: ``dataset`` is no dataset, or of other elements.
        """
        if not isinstance(dataset, Dataset):
            raise TypeError(f"Invalid `dataset.` Expected a `tf.data.Dataset` object but got {type(dataset)}.")
        spec = dataset.element_spec
        if getattr(spec, "dtype", None) != string or spec.shape.rank != 0:
            raise TypeError(f"Invalid `dataset`. Expected scalar strings but got {spec}.")
        with RecordWriter(self._filename, self._compression_type) as writer:
            for record in dataset:
                writer.write(record._t.item())


# transformations, for Dataset.apply -----------------------------------------------------------------------------------


def assert_cardinality(expected_cardinality: Any) -> Transformation:
    """The same elements, whose number is known."""
    size = integer(expected_cardinality, "expected_cardinality")
    return lambda dataset: Dataset(AssertCardinality(dataset._node, size))


def bucket_by_sequence_length(
    element_length_func: Callable,
    bucket_boundaries: Sequence,
    bucket_batch_sizes: Sequence,
    padded_shapes: Any = None,
    padding_values: Any = None,
    pad_to_bucket_boundary: bool = False,
    no_padding: bool = False,
    drop_remainder: bool = False,
) -> Transformation:
    """``Dataset.bucket_by_sequence_length``."""
    rest = (padded_shapes, padding_values, pad_to_bucket_boundary, no_padding, drop_remainder)
    return lambda dataset: dataset.bucket_by_sequence_length(
        element_length_func, bucket_boundaries, bucket_batch_sizes, *rest
    )


def enumerate_dataset(start: Any = 0) -> Transformation:
    """``Dataset.enumerate``."""
    return lambda dataset: dataset.enumerate(start)


def group_by_window(
    key_func: Callable, reduce_func: Callable, window_size: Any = None, window_size_func: Callable | None = None
) -> Transformation:
    """``Dataset.group_by_window``."""
    return lambda dataset: dataset.group_by_window(key_func, reduce_func, window_size, window_size_func)


def ignore_errors(log_warning: bool = False) -> Transformation:
    """``Dataset.ignore_errors``."""
    return lambda dataset: dataset.ignore_errors(log_warning)


def map_and_batch(
    map_func: Callable,
    batch_size: Any,
    num_parallel_batches: int | None = None,
    drop_remainder: bool = False,
    num_parallel_calls: int | None = None,
) -> Transformation:
    """``Dataset.map``, then ``Dataset.batch``.

    Raises:
        ValueError: both numbers of parallel batches and calls.
    """
    if num_parallel_batches is not None and num_parallel_calls is not None:
        raise ValueError(
            "`map_and_batch` allows only one of `num_parallel_batches` and `num_parallel_calls` to be set."
        )
    calls = (
        num_parallel_calls if num_parallel_batches is None else num_parallel_batches * integer(batch_size, "batch_size")
    )
    return lambda dataset: dataset.map(map_func, calls).batch(batch_size, drop_remainder)


def parallel_interleave(
    map_func: Callable,
    cycle_length: Any,
    block_length: Any = 1,
    sloppy: bool = False,
    buffer_output_elements: int | None = None,
    prefetch_input_elements: int | None = None,
) -> Transformation:
    """``Dataset.interleave``; the order is the same with ``sloppy``."""
    return lambda dataset: dataset.interleave(map_func, cycle_length, block_length, num_parallel_calls=AUTOTUNE)


def scan(initial_state: Any, scan_func: Callable) -> Transformation:
    """``Dataset.scan``."""
    return lambda dataset: dataset.scan(initial_state, scan_func)


def shuffle_and_repeat(buffer_size: Any, count: Any = None, seed: int | None = None) -> Transformation:
    """``Dataset.shuffle``, then ``Dataset.repeat``."""
    return lambda dataset: dataset.shuffle(buffer_size, seed).repeat(count)


def take_while(predicate: Callable) -> Transformation:
    """``Dataset.take_while``."""
    return lambda dataset: dataset.take_while(predicate)


def unbatch() -> Transformation:
    """``Dataset.unbatch``."""
    return lambda dataset: dataset.unbatch()


def unique() -> Transformation:
    """``Dataset.unique``."""
    return lambda dataset: dataset.unique()


def dense_to_sparse_batch(batch_size: Any, row_shape: Any) -> Transformation:
    """``Dataset.sparse_batch``."""
    return lambda dataset: dataset.sparse_batch(batch_size, row_shape)


def rejection_resample(
    class_func: Callable, target_dist: Any, initial_dist: Any = None, seed: int | None = None
) -> Transformation:
    """``Dataset.rejection_resample``."""
    return lambda dataset: dataset.rejection_resample(class_func, target_dist, initial_dist, seed)


def snapshot(
    path: str, compression: str = "AUTO", reader_func: Callable | None = None, shard_func: Callable | None = None
) -> Transformation:
    """``Dataset.snapshot``."""
    return lambda dataset: dataset.snapshot(path, compression, reader_func, shard_func)


def save(
    dataset: Dataset,
    path: str,
    compression: str | None = None,
    shard_func: Callable | None = None,
    checkpoint_args: Any = None,
) -> None:
    """``Dataset.save``."""
    dataset.save(path, compression, shard_func, checkpoint_args)


def load(
    path: str, element_spec: Any = None, compression: str | None = None, reader_func: Callable | None = None
) -> Dataset:
    """``Dataset.load``."""
    return Dataset.load(path, element_spec, compression, reader_func)


def group_by_reducer(key_func: Callable, reducer: Reducer) -> Transformation:
    """One element for each key, in the keys' order of appearance: what a ``Reducer`` makes of the elements with that key.

    Args:
        key_func: from element to an int64 scalar.
    """
    return lambda dataset: Dataset(GroupByReducer(dataset._node, key_func, reducer))


def pad_to_cardinality(cardinality: Any, mask_key: str = "valid") -> Transformation:
    """Dictionaries with a further key that tells whether they are elements or zeros added up to a number of elements.

    Raises:
        ValueError: elements are no dictionaries, have the key already, or are more than wanted or of unknown number.
    """

    def pad(dataset: Dataset) -> Dataset:
        spec, size = dataset.element_spec, int(dataset.cardinality())
        if not isinstance(spec, dict):
            raise ValueError("`pad_to_cardinality` requires its input dataset to be a dictionary.")
        if mask_key in spec:
            raise ValueError(f"The mask key {mask_key} is already in the dataset.")
        if size < 0:
            raise ValueError(
                f"The dataset passed into `pad_to_cardinality` must have a known cardinality, but has {size}"
            )
        if size > cardinality:
            raise ValueError(f"The dataset's cardinality {size} is larger than the wanted {cardinality}.")
        zeros = {key: _zeros(leaf) for key, leaf in spec.items()}
        added = Dataset.from_tensors({**zeros, mask_key: False}).repeat(int(cardinality) - size)
        return dataset.map(lambda element: {**element, mask_key: True}).concatenate(added)

    return pad


def _zeros(leaf: Any) -> Any:
    shape = tuple(leaf.shape)
    return np.full(shape, b"", object) if leaf.dtype == string else Tensor(torch.zeros(shape, dtype=leaf.dtype.torch))


def copy_to_device(target_device: str, source_device: str = "/cpu:0") -> Transformation:
    """The elements on another device, such as "/gpu:0"."""
    return lambda dataset: Dataset(CopyToDevice(dataset._node, target_device))


def prefetch_to_device(device: str, buffer_size: int | None = None) -> Transformation:
    """``copy_to_device``, some elements ahead."""
    return lambda dataset: copy_to_device(device)(dataset).prefetch(AUTOTUNE if buffer_size is None else buffer_size)


class SqlDataset(Dataset):
    """The rows that a query of a database gives.

    Args:
        driver_name: "sqlite".
        data_source_name: the file's name.
        query: in SQL.
        output_types: tuple of dtypes, one for each column.

    Raises:
        InvalidArgumentError: another driver.
    """

    def __init__(self, driver_name: str, data_source_name: str, query: str, output_types: Any) -> None:
        super().__init__(Rows(driver_name, data_source_name, query, output_types))


def enable_debug_mode() -> None:
    """In TensorFlow: functions of datasets run as Python from now on. Here they always do."""


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
