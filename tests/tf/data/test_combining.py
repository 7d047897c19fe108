"""Several datasets, and functions whose results are datasets. Results are TensorFlow's."""

from __future__ import annotations

import numpy as np
import pytest
from data_checks import Dataset, numbers, pairs, values

from kerasish import tf
from kerasish.core.errors import InvalidArgumentError

INFINITE, UNKNOWN = -1, -2


def tens():
    return Dataset.range(10, 13)


def choices(*numbers_):
    return Dataset.from_tensor_slices(np.array(numbers_))


def twice(x):
    return Dataset.from_tensors(x).repeat(2)


TABLE = [
    ("zip", lambda: Dataset.zip(numbers(3), numbers(2)), [(0, 0), (1, 1)], 2),
    ("zip tuple", lambda: Dataset.zip((numbers(3), tens())), [(0, 10), (1, 11), (2, 12)], 3),
    ("zip dict", lambda: Dataset.zip({"a": numbers(1), "b": tens()}), [{"a": 0, "b": 10}], 1),
    ("zip nested", lambda: Dataset.zip((numbers(1), (tens(), pairs()))), [(0, (10, (0, 10.0)))], 1),
    ("zip one", lambda: Dataset.zip((numbers(2),)), [(0,), (1,)], 2),
    ("zip alone", lambda: Dataset.zip(numbers(2)), [0, 1], 2),
    ("zip named", lambda: Dataset.zip(datasets=(numbers(1), numbers(1))), [(0, 0)], 1),
    ("zip endless", lambda: Dataset.zip((numbers(2).repeat(), numbers(3))), [(0, 0), (1, 1), (0, 2)], 3),
    ("zip filtered", lambda: Dataset.zip((numbers(3).filter(lambda x: x > 0), tens())), [(1, 10), (2, 11)], UNKNOWN),
    ("zip skipped", lambda: Dataset.zip((numbers(6).skip(2), numbers(9).shard(3, 1))).batch(2),
     [([2, 3], [1, 4]), ([4], [7])], 2),
    ("concatenate", lambda: numbers(2).concatenate(tens()), [0, 1, 10, 11, 12], 5),
    ("concatenate endless", lambda: numbers(2).repeat().concatenate(tens()).take(3), [0, 1, 0], 3),
    ("flat_map", lambda: numbers(4).flat_map(Dataset.range), [0, 0, 1, 0, 1, 2], UNKNOWN),
    ("flat_map pairs", lambda: pairs().batch(2).flat_map(lambda x, y: Dataset.from_tensor_slices(x)), [0, 1, 2, 3], UNKNOWN),
    ("interleave", lambda: numbers(4).interleave(Dataset.range, cycle_length=2), [0, 0, 1, 0, 1, 2], UNKNOWN),
    ("interleave blocks", lambda: numbers(1, 5).interleave(lambda x: Dataset.from_tensors(x).repeat(3), 2, 2),
     [1, 1, 2, 2, 1, 2, 3, 3, 4, 4, 3, 4], UNKNOWN),
    ("interleave parallel", lambda: numbers(4).interleave(twice, 2, num_parallel_calls=2), [0, 1, 0, 1, 2, 3, 2, 3], UNKNOWN),
    ("interleave wide", lambda: numbers(6).interleave(Dataset.range, 4, 2),
     [0, 0, 1, 0, 1, 0, 1, 0, 1, 2, 2, 3, 2, 3, 4], UNKNOWN),
    ("choose", lambda: Dataset.choose_from_datasets([numbers(3), tens()], choices(0, 1, 1, 0)), [0, 10, 11, 1], UNKNOWN),
    ("choose stops", lambda: Dataset.choose_from_datasets([numbers(1), tens()], choices(0, 0, 1)), [0], UNKNOWN),
    ("choose goes on", lambda: Dataset.choose_from_datasets([numbers(1), tens()], choices(0, 0, 1), False), [0, 10], UNKNOWN),
    ("sample by one", lambda: Dataset.sample_from_datasets([numbers(2), tens()], [1.0, 0.0]), [0, 1], 2),
    ("sample none", lambda: Dataset.sample_from_datasets([numbers(2), tens()], [0.0, -1.0]), [], 0),
    ("datasets as parts", lambda: numbers(2).map(lambda x: (x, Dataset.range(3))).flat_map(lambda x, d: d.take(x + 1)),
     [0, 0, 1], UNKNOWN),
]  # fmt: skip


@pytest.mark.parametrize(("make", "expected", "size"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_combination(make, expected, size):
    dataset = make()
    assert values(dataset) == expected
    assert values(dataset) == expected
    assert int(dataset.cardinality()) == size


def test_cardinality_of_samples():
    endless = Dataset.sample_from_datasets([numbers(2).repeat(), tens().repeat()])
    assert int(endless.cardinality()) == INFINITE


def test_concatenated_specifications_are_merged():
    both = numbers(3).batch(2, True).concatenate(numbers(3).batch(3, True))
    assert both.element_spec == tf.TensorSpec([None], tf.int64)


REFUSED = [
    ("zip list", lambda: Dataset.zip([numbers(1), numbers(1)]), TypeError, "list"),
    ("zip nothing", lambda: Dataset.zip(), TypeError, "at least one"),
    ("zip number", lambda: Dataset.zip((numbers(1), 5)), TypeError, "zip"),
    ("concatenate", lambda: numbers(1).concatenate(pairs()), TypeError, "Incompatible"),
    ("concatenate dtype", lambda: numbers(1).concatenate(Dataset.from_tensors(1)), TypeError, "Incompatible"),
    ("flat_map", lambda: list(numbers(2).flat_map(lambda x: x)), TypeError, "must return a `Dataset`"),
    ("interleave 0", lambda: numbers(2).interleave(Dataset.range, 0), InvalidArgumentError, "cycle_length"),
    ("interleave block", lambda: numbers(2).interleave(Dataset.range, 1, 0), InvalidArgumentError, "block_length"),
    ("choose none", lambda: Dataset.choose_from_datasets([], choices(0)), ValueError, "not be empty"),
    ("choose far", lambda: list(Dataset.choose_from_datasets([numbers(1)], choices(1))), InvalidArgumentError, "1 >= 1"),
    ("choose dtype", lambda: Dataset.choose_from_datasets([numbers(1)], Dataset.from_tensors(0)), TypeError, "int64"),
    ("sample none", lambda: Dataset.sample_from_datasets([]), ValueError, "not be empty"),
    ("sample length", lambda: Dataset.sample_from_datasets([numbers(1)], [0.5, 0.5]), ValueError, "same length"),
    ("sample ints", lambda: Dataset.sample_from_datasets([numbers(1), tens()], [1, 2]), TypeError, "float32"),
    ("sample kinds", lambda: Dataset.sample_from_datasets([numbers(1), pairs()]), TypeError, "compatible"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "error", "words"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_combination_refuses(make, error, words):
    with pytest.raises(error, match=words):
        make()
