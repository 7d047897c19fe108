"""Passes over datasets, their looks, options, files, and older names."""

from __future__ import annotations

import collections
import gzip

import numpy as np
import pytest
from data_checks import Dataset, numbers, pairs, records, values

from kerasish import tf
from kerasish.core.errors import (
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    NotServedError,
    OutOfRangeError,
)

experimental = tf.data.experimental


def test_iterators_give_tensors_and_end():
    iterator = iter(numbers(2))
    assert isinstance(iterator, collections.abc.Iterator)
    assert iterator.element_spec == tf.TensorSpec([], tf.int64)
    assert tf.is_tensor(next(iterator))
    assert int(iterator.get_next()) == 1
    assert not iterator.get_next_as_optional().has_value()
    with pytest.raises(OutOfRangeError, match="End of sequence"):
        iterator.get_next()
    with pytest.raises(StopIteration):
        next(iterator)


def test_numpy_iterators_give_numpy_values():
    first = next(records().as_numpy_iterator())
    assert isinstance(first["a"], np.int64)
    assert first["b"] == b"w"
    assert pairs().batch(2).as_numpy_iterator().next()[1].dtype == np.float32
    with pytest.raises(TypeError, match="as_numpy_iterator"):
        list(numbers(4).window(2).as_numpy_iterator())


def test_single_elements():
    assert int(numbers(1).get_single_element()) == 0
    for dataset, words in [(numbers(0), "empty"), (numbers(2), "more than one")]:
        with pytest.raises(InvalidArgumentError, match=words):
            dataset.get_single_element()


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: numbers(3), "<_RangeDataset element_spec=TensorSpec(shape=(), dtype=tf.int64, name=None)>"),
        (
            lambda: pairs().batch(2),
            "<_BatchDataset element_spec=(TensorSpec(shape=(None,), dtype=tf.int64, name=None), "
            "TensorSpec(shape=(None,), dtype=tf.float32, name=None))>",
        ),
        (
            lambda: records().shuffle(2).map(lambda d: d["b"]),
            "<_MapDataset element_spec=TensorSpec(shape=(), dtype=tf.string, name=None)>",
        ),
        (
            lambda: numbers(3).map(lambda x: x, num_parallel_calls=2),
            "<_ParallelMapDataset element_spec=TensorSpec(shape=(), dtype=tf.int64, name=None)>",
        ),
        (
            lambda: numbers(3).window(2),
            "<_WindowDataset element_spec=DatasetSpec(TensorSpec(shape=(), dtype=tf.int64, name=None), TensorShape([]))>",
        ),
    ],
)
def test_repr(make, text):
    assert repr(make()) == text
    assert str(make()) == text


def test_repr_does_not_fail_where_functions_do():
    assert repr(numbers(1).map(lambda x: x.missing)) == "<_MapDataset element_spec=<unknown>>"


def test_element_spec_of_a_function_that_tells_a_size():
    """The elements' rows may be fewer, their steps not: the function says how many there are."""

    def split(window):
        steps = window[:, 6:, :]
        steps.set_shape([None, 1, None])
        return steps

    windows = tf.data.Dataset.from_generator(
        lambda: iter([np.zeros((4, 7, 2), "float32")] * 2), output_signature=tf.TensorSpec([None, None, 2], tf.float32)
    )
    assert windows.map(split).element_spec == tf.TensorSpec([None, 1, 2], tf.float32)


def test_datasets_are_true_and_not_made_directly():
    assert numbers(0)
    with pytest.raises(TypeError, match="static methods"):
        Dataset([1, 2])
    with pytest.raises(TypeError):
        numbers(3)[0]


# options --------------------------------------------------------------------------------------------------------------


def test_options_are_kept_and_merged():
    options = tf.data.Options()
    options.experimental_deterministic = False
    options.experimental_distribute.auto_shard_policy = experimental.AutoShardPolicy.OFF
    more = tf.data.Options()
    more.threading.private_threadpool_size = 4
    found = numbers(3).with_options(options).map(lambda x: x).with_options(more).options()
    assert found.deterministic is False
    assert found.experimental_distribute.auto_shard_policy is experimental.AutoShardPolicy.OFF
    assert found.threading.private_threadpool_size == 4
    assert numbers(3).options() == tf.data.Options()


def test_options_refuse_other_names_and_types():
    options = tf.data.Options()
    with pytest.raises(AttributeError, match="foo"):
        options.foo = 1
    with pytest.raises(TypeError, match="deterministic"):
        options.deterministic = 3
    with pytest.raises(TypeError, match="options"):
        numbers(1).with_options(5)


# files ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"one\ntwo\r\n\nthree")
    (tmp_path / "b.txt").write_bytes(b"x\ny\n")
    (tmp_path / "c.gz").write_bytes(gzip.compress(b"z1\nz2\n"))
    return tmp_path


def test_lines_of_files(folder):
    a, b = folder / "a.txt", str(folder / "b.txt")
    assert values(tf.data.TextLineDataset(a)) == ["one", "two", "", "three"]
    assert values(tf.data.TextLineDataset([str(a), b]).skip(3)) == ["three", "x", "y"]
    assert values(tf.data.TextLineDataset(Dataset.from_tensors(b))) == ["x", "y"]
    assert values(tf.data.TextLineDataset(str(folder / "c.gz"), "GZIP")) == ["z1", "z2"]
    turns = tf.data.TextLineDataset([str(a), b], num_parallel_reads=2)
    assert values(turns) == ["one", "x", "two", "y", "", "three"]
    assert repr(turns).startswith("<TextLineDatasetV2")


def test_lines_refuse(folder):
    with pytest.raises(NotFoundError, match="missing; No such file"):
        list(tf.data.TextLineDataset(str(folder / "missing")))
    with pytest.raises(ValueError, match="compression_type"):
        tf.data.TextLineDataset(str(folder / "a.txt"), "ZIP")


def test_list_files(folder):
    names = [str(folder / "a.txt"), str(folder / "b.txt")]
    assert values(Dataset.list_files(str(folder / "*.txt"), shuffle=False)) == names
    assert sorted(values(Dataset.list_files(names, seed=1))) == names
    lines = Dataset.list_files(str(folder / "*.txt"), shuffle=False).flat_map(tf.data.TextLineDataset)
    assert values(lines.skip(3)) == ["three", "x", "y"]
    with pytest.raises(InvalidArgumentError, match="No files matched"):
        Dataset.list_files(str(folder / "*.none"))


# older names ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: numbers(4).filter(lambda x: x > 0).apply(experimental.assert_cardinality(3)), [1, 2, 3]),
        (lambda: numbers(2).apply(experimental.enumerate_dataset(2)), [(2, 0), (3, 1)]),
        (lambda: numbers(3).apply(experimental.map_and_batch(lambda x: x + 1, 2)), [[1, 2], [3]]),
        (lambda: numbers(3).apply(experimental.take_while(lambda x: x < 1)), [0]),
        (lambda: numbers(3).batch(2).apply(experimental.unbatch()), [0, 1, 2]),
        (lambda: Dataset.from_tensor_slices([1, 1]).apply(experimental.unique()), [1]),
        (lambda: numbers(3).apply(experimental.scan(np.int64(0), lambda s, x: (s + x, s))), [0, 0, 1]),
        (lambda: numbers(3).apply(experimental.shuffle_and_repeat(1, 2)), [0, 1, 2, 0, 1, 2]),
        (lambda: experimental.from_list([(1, "a"), (2, "b")]), [(1, "a"), (2, "b")]),
        (lambda: experimental.Counter(3).take(2), [3, 4]),
    ],
)
def test_experimental_datasets(make, expected):
    assert values(make()) == expected


def test_experimental_questions():
    assert experimental.AUTOTUNE == tf.data.AUTOTUNE == -1
    assert int(experimental.cardinality(numbers(3))) == 3
    assert int(experimental.at(numbers(3), 1)) == 1
    assert experimental.get_structure(numbers(3)) == tf.TensorSpec([], tf.int64)
    with pytest.raises(OutOfRangeError, match="5"):
        experimental.at(numbers(3), 5)
    assert len(numbers(4).filter(lambda x: x > 0).apply(experimental.assert_cardinality(3))) == 3


@pytest.mark.parametrize(("size", "words"), [(2, "at least 3"), (4, "only 3")])
def test_asserted_cardinality_is_checked(size, words):
    for source in (numbers(3), numbers(3).map(lambda x: x)):
        with pytest.raises(FailedPreconditionError, match=words):
            list(source.apply(experimental.assert_cardinality(size)))


def test_ignore_errors_goes_on_and_warns():
    dataset = Dataset.from_tensor_slices([1, 0, 2]).map(lambda x: 2 // int(x))
    with pytest.warns(UserWarning, match="zero"):
        assert values(dataset.ignore_errors(log_warning=True)) == [2, 1]


def test_unknown_names_are_plain_attribute_errors():
    with pytest.raises(AttributeError, match="nope") as caught:
        _ = tf.data.nope
    assert not isinstance(caught.value, NotServedError)
