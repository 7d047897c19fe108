"""Datasets of the features in files of ``tf.train.Example`` messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerasish.tf.data.csv import matching, shuffled_and_repeated
from kerasish.tf.data.dataset import AUTOTUNE, Dataset
from kerasish.tf.data.readers import TFRecordDataset
from kerasish.tf.io.parsing import ordered, parse_example


def parse_example_dataset(
    features: dict, num_parallel_calls: int | None = 1, deterministic: bool | None = None
) -> Callable[[Dataset], Dataset]:
    """``tf.io.parse_example`` of the elements, which are string vectors; for ``Dataset.apply``.

    Raises:
        ValueError: no features, or of an unknown kind.
    """
    if features is None:
        raise ValueError("Argument `features` is required, but not specified.")
    ordered(features)
    return lambda dataset: dataset.map(
        lambda texts: parse_example(texts, features), num_parallel_calls, deterministic=deterministic
    )


def make_batched_features_dataset(
    file_pattern: Any,
    batch_size: Any,
    features: dict,
    reader: Any = None,
    label_key: str | None = None,
    reader_args: Any = None,
    num_epochs: int | None = None,
    shuffle: bool = True,
    shuffle_buffer_size: int = 10000,
    shuffle_seed: int | None = None,
    prefetch_buffer_size: int | None = None,
    reader_num_threads: int | None = None,
    parser_num_threads: int | None = None,
    sloppy_ordering: bool = False,
    drop_final_batch: bool = False,
) -> Dataset:
    """Batches of the features in files of examples: dictionaries of tensors, with a label if one is named.

    Args:
        file_pattern: a path with wildcards, or a list.
        features: as for ``tf.io.parse_example``.
        reader: makes a dataset of strings of a file's name; default: ``TFRecordDataset``.
        label_key: of the feature that becomes the second part of elements.
        reader_args: further arguments of ``reader``.
        num_epochs: None: without end.
        shuffle: whether examples come in random order, from a buffer of ``shuffle_buffer_size``.
        prefetch_buffer_size: batches to make ahead.
        reader_num_threads: files to read in turn. parser_num_threads: threads that parse.
        sloppy_ordering: the order is the same with it.
        drop_final_batch: whether a smaller last batch is left out.

    Raises:
        ValueError: no such files, or no such feature.
    """
    make = TFRecordDataset if reader is None else reader
    paths = matching(file_pattern)
    dataset = Dataset.from_tensor_slices(paths)
    if shuffle:
        dataset = dataset.shuffle(len(paths), shuffle_seed)
    dataset = dataset.interleave(lambda path: make(path, *(reader_args or [])), reader_num_threads or 1)
    dataset = shuffled_and_repeated(dataset, shuffle, num_epochs, shuffle_buffer_size, shuffle_seed)
    dataset = dataset.batch(batch_size, drop_remainder=drop_final_batch or num_epochs is None)
    dataset = dataset.apply(parse_example_dataset(features, parser_num_threads or 1))
    if label_key:
        if label_key not in features:
            raise ValueError(
                f"The `label_key` provided ({label_key}) must be one of the `features` keys: {features.keys()}."
            )
        dataset = dataset.map(lambda found: (found, found.pop(label_key)))
    return dataset.prefetch(AUTOTUNE if prefetch_buffer_size is None else prefetch_buffer_size)
