"""Where elements come from."""

from __future__ import annotations

import collections

import numpy as np
import pytest
import torch
from data_checks import Dataset, values
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish import tf
from kerasish.core.errors import InvalidArgumentError, NotServedError

Point = collections.namedtuple("Point", "a b")


def spec(shape, dtype):
    return tf.TensorSpec(shape, dtype)


SLICES = [
    ([1, 2, 3], [1, 2, 3], spec([], tf.int32)),
    ([1.0, 2], [1.0, 2.0], spec([], tf.float32)),
    ([[1, 2], [3, 4]], [[1, 2], [3, 4]], spec([2], tf.int32)),
    (["a", "é"], ["a", "é"], spec([], tf.string)),
    (np.arange(6).reshape(3, 2), [[0, 1], [2, 3], [4, 5]], spec([2], tf.int64)),
    (np.array([True, False]), [True, False], spec([], tf.bool)),
    ([np.ones(1), np.zeros(1)], [[1.0], [0.0]], spec([1], tf.float64)),
    (([1, 2], [3.0, 4.0]), [(1, 3.0), (2, 4.0)], (spec([], tf.int32), spec([], tf.float32))),
    ({"b": [1], "a": ["x"]}, [{"b": 1, "a": "x"}], {"b": spec([], tf.int32), "a": spec([], tf.string)}),
    (
        ({"k": ([5, 6], [7, 8])}, [0, 1]),
        [({"k": (5, 7)}, 0), ({"k": (6, 8)}, 1)],
        ({"k": (spec([], tf.int32),) * 2}, spec([], tf.int32)),
    ),
    ((np.arange(2), None), [(0, None), (1, None)], None),
    (np.zeros((0, 3), np.float32), [], spec([3], tf.float32)),
    ([], [], spec([], tf.float32)),
    (torch.tensor([1, 2]), [1, 2], spec([], tf.int64)),
]


@pytest.mark.parametrize(("given_", "expected", "element_spec"), SLICES)
def test_from_tensor_slices(given_, expected, element_spec):
    dataset = Dataset.from_tensor_slices(given_)
    assert values(dataset) == expected
    assert len(dataset) == len(expected)
    if element_spec is not None:
        assert dataset.element_spec == element_spec


def test_slices_of_a_namedtuple_are_namedtuples():
    element = next(iter(Dataset.from_tensor_slices(Point([1, 2], ["a", "b"]))))
    assert isinstance(element, Point)
    assert int(element.a) == 1


def test_slices_of_an_ordered_dict_keep_its_order():
    given_ = collections.OrderedDict([("z", [1]), ("a", [2])])
    assert list(next(iter(Dataset.from_tensor_slices(given_)))) == ["z", "a"]


def test_slices_do_not_follow_later_writes_to_the_array():
    array = np.arange(3)
    dataset = Dataset.from_tensor_slices(array)
    array[:] = 9
    assert values(dataset) == [0, 1, 2]


@pytest.mark.parametrize(
    ("given_", "words"),
    [
        (5, "rank >= 1"),
        (([1, 2], [1, 2, 3]), "Dimensions 2 and 3 are not compatible"),
        ([[1, 2], [3]], "inhomogeneous|non-rectangular"),
        ((), "should not be empty"),
    ],
)
def test_from_tensor_slices_refuses(given_, words):
    with pytest.raises(ValueError, match=words):
        Dataset.from_tensor_slices(given_)


def test_from_tensors_is_one_element():
    assert values(Dataset.from_tensors([1, 2, 3])) == [[1, 2, 3]]
    assert values(Dataset.from_tensors(([1], {"a": "x"})).repeat(2)) == [([1], {"a": "x"})] * 2
    with pytest.raises(InvalidArgumentError):
        Dataset.from_tensors(None)


@pytest.mark.parametrize("args", [(5,), (2, 5), (1, 10, 3), (5, 1), (5, 1, -2)])
def test_range_is_pythons(args):
    dataset = Dataset.range(*args)
    assert values(dataset) == list(range(*args))
    assert len(dataset) == len(range(*args))
    assert dataset.element_spec == spec([], tf.int64)


def test_range_of_another_type():
    assert next(iter(Dataset.range(1, output_type=tf.float32))).dtype == tf.float32


@pytest.mark.parametrize(
    ("args", "error"), [((), ValueError), ((1, 2, 3, 4), ValueError), ((1, 5, 0), InvalidArgumentError)]
)
def test_range_refuses(args, error):
    with pytest.raises(error):
        Dataset.range(*args)


def test_counter_has_no_end():
    dataset = Dataset.counter(5, 2)
    assert values(dataset.take(3)) == [5, 7, 9]
    assert dataset.cardinality() == tf.data.INFINITE_CARDINALITY


# generators -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("items", "signature", "expected"),
    [
        ([1, 2], spec([], tf.float32), [1.0, 2.0]),
        ([1.7], spec([], tf.int32), [1]),
        (["a", b"b"], spec([], tf.string), ["a", "b"]),
        ([(1, [1, 2])], (spec([], tf.int32), spec([None], tf.float32)), [(1, [1.0, 2.0])]),
        ([{"a": 1, "b": [2]}], {"a": spec([], tf.int32), "b": spec([1], tf.int64)}, [{"a": 1, "b": [2]}]),
        ([(1, (2, 3))], (spec([], tf.int32), (spec([], tf.int32),) * 2), [(1, (2, 3))]),
        ([(np.zeros((1, 1)), 1)], (spec(None, tf.float32), spec([], tf.int64)), [([[0.0]], 1)]),
    ],
)
def test_from_generator_converts_to_its_signature(items, signature, expected):
    dataset = Dataset.from_generator(lambda: iter(items), output_signature=signature)
    assert values(dataset) == expected
    assert values(dataset) == expected  # a new generator each time
    assert dataset.element_spec == signature
    with pytest.raises(TypeError, match="length is unknown"):
        len(dataset)


def test_from_generator_with_output_types_and_args():
    def count(n, text):
        assert isinstance(n, np.integer)
        assert text == b"t"
        for i in range(n):
            yield i, [1] * i

    dataset = Dataset.from_generator(count, (tf.int64, tf.int32), ([], [None]), args=(3, "t"))
    assert values(dataset) == [(0, []), (1, [1]), (2, [1, 1])]
    assert dataset.element_spec == (spec([], tf.int64), spec([None], tf.int32))
    assert Dataset.from_generator(range, tf.int32, args=(2,)).element_spec == spec(None, tf.int32)


@pytest.mark.parametrize(
    ("item", "signature"),
    [
        ([1, 2], spec([3], tf.int32)),
        ((1,), (spec([], tf.int32),) * 2),
        ([1, 2], (spec([], tf.int32),) * 2),
        ("a", spec([], tf.int32)),
        ({"a": 1}, {"a": spec([], tf.int32), "b": spec([], tf.int32)}),
    ],
)
def test_elements_that_do_not_fit_say_so(item, signature):
    dataset = Dataset.from_generator(lambda: iter([item]), output_signature=signature)
    with pytest.raises(InvalidArgumentError, match="`generator` yielded an element"):
        list(dataset)


@pytest.mark.parametrize(
    ("kwargs", "words"),
    [
        ({}, "you need to provide"),
        ({"output_types": tf.int32, "output_signature": spec([], tf.int32)}, "`output_types`"),
        ({"output_shapes": (), "output_signature": spec([], tf.int32)}, "`output_shapes`"),
        ({"output_signature": tf.int32}, "tf.TypeSpec"),
        ({"output_types": [tf.int32, tf.int32]}, "DType"),
    ],
)
def test_from_generator_refuses(kwargs, words):
    with pytest.raises(TypeError, match=words):
        Dataset.from_generator(lambda: iter([1]), **kwargs)


def test_a_generators_exception_comes_through_with_its_traceback():
    def broken():
        yield 1
        raise KeyError("here")

    iterator = iter(Dataset.from_generator(broken, output_signature=spec([], tf.int32)))
    next(iterator)
    with pytest.raises(KeyError, match="here") as caught:
        next(iterator)
    assert "broken" in [frame.name for frame in caught.traceback]


def test_generators_are_read_as_needed():
    read = []

    def endless():
        while True:
            read.append(len(read))
            yield read[-1]

    dataset = Dataset.from_generator(endless, output_signature=spec([], tf.int64)).shuffle(10).batch(4)
    next(iter(dataset))
    assert len(read) <= 20


@settings(deadline=None, max_examples=20)
@given(
    size=st.integers(0, 40), batch=st.integers(1, 9), drop=st.booleans(), skip=st.integers(0, 9),
    repeat=st.integers(1, 3), shards=st.integers(1, 3), take=st.integers(-1, 50),
)  # fmt: skip
def test_rows_and_single_elements_agree(size, batch, drop, skip, repeat, shards, take):
    def chain(dataset):
        return dataset.skip(skip).repeat(repeat).shard(shards, shards - 1).enumerate().take(take).batch(batch, drop)

    array = np.arange(2 * size).reshape(size, 2)
    whole = Dataset.from_tensor_slices(array)
    single = Dataset.from_generator(lambda: iter(array), output_signature=spec([2], tf.int64))
    rows = [row for _ in range(repeat) for row in array.tolist()[skip:]][shards - 1 :: shards]
    rows = list(enumerate(rows if take < 0 else rows[:take]))
    groups = [rows[i : i + batch] for i in range(0, len(rows), batch)]
    expected = [tuple(map(list, zip(*group))) for group in groups if not drop or len(group) == batch]
    assert values(chain(whole)) == expected
    assert values(chain(single)) == expected
    assert len(chain(whole)) == len(expected)


@pytest.mark.parametrize("name", ["fingerprint"])
def test_methods_that_are_not_served_say_so(name):
    with pytest.raises(NotServedError, match=f"tf.data.Dataset.{name}"):
        getattr(Dataset.range(3), name)
    assert not hasattr(Dataset, name)


def test_each_public_member_of_the_class_has_documentation():
    """A popular notebook lists them so."""
    for name in dir(Dataset):
        if not name.startswith("_"):
            assert getattr(Dataset, name).__doc__.split("\n")[0], name
