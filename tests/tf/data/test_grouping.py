"""Batches, windows and groups. Results are TensorFlow's."""

from __future__ import annotations

import pytest
from data_checks import Dataset, numbers, pairs, ragged, records, values

from kerasish import tf
from kerasish.core.errors import DataLossError, InvalidArgumentError

UNKNOWN = -2


def spec(shape, dtype=tf.int64):
    return tf.TensorSpec(shape, dtype)


def lengths():
    rows = [[1], [1, 2], [1, 2, 3], [1] * 5, [2], [3, 3]]
    return Dataset.from_generator(lambda: iter(rows), output_signature=spec([None]))


def size(x):
    return tf.shape(x)[0]


def window_rows(dataset):
    return [values(window) for window in dataset]


minus = tf.constant(-1, tf.int64)

TABLE = [
    ("batch", lambda: numbers(5).batch(2), [[0, 1], [2, 3], [4]], 3, spec([None])),
    ("batch drop", lambda: numbers(5).batch(2, drop_remainder=True), [[0, 1], [2, 3]], 2, spec([2])),
    ("batch tuple", lambda: pairs().batch(3).skip(1), [([3], [40.0])], 1, (spec([None]), spec([None], tf.float32))),
    ("batch dict", lambda: records().batch(3, True), [{"a": [0, 1, 2], "b": ["w", "x", "y"]}], 1, None),
    ("batch twice", lambda: numbers(4).batch(2, True).batch(2), [[[0, 1], [2, 3]]], 1, spec([None, 2])),
    ("batch None", lambda: numbers(2).map(lambda x: (x, None)).batch(2), [([0, 1], None)], 1, None),
    ("batch too large", lambda: numbers(2).batch(5, True), [], 0, spec([5])),
    ("batch by tensor", lambda: numbers(3).batch(tf.constant(2, tf.int64)), [[0, 1], [2]], 2, spec([None])),
    ("batch mapped", lambda: numbers(3).map(lambda x: x + 1).batch(2), [[1, 2], [3]], 2, spec([None])),
    ("padded", lambda: ragged().padded_batch(3), [[[0, 0], [1, 0], [2, 2]], [[3, 3, 3, 0], [4] * 4]], 2, spec([None, None])),
    ("padded to", lambda: ragged().padded_batch(2, [5]).take(1), [[[0] * 5, [1, 0, 0, 0, 0]]], 1, spec([None, 5])),
    (
        "padded with",
        lambda: ragged().map(lambda x: (x, tf.size(x))).padded_batch(2, ([None], []), (minus, 0), True).skip(1),
        [([[2, 2, -1], [3, 3, 3]], [2, 3])],
        1,
        (spec([2, None]), spec([2], tf.int32)),
    ),
    (
        "padded dict",
        lambda: ragged().map(lambda x: {"t": tf.fill(tf.shape(x), "s")}).padded_batch(3, {"t": [-1]}).take(1),
        [{"t": ["", "", "s", "", "s", "s"]}],
        1,
        {"t": spec([None, None], tf.string)},
    ),
    ("padded scalars", lambda: numbers(3).padded_batch(2), [[0, 1], [2]], 2, spec([None])),
    ("unbatch", lambda: numbers(5).batch(2).unbatch(), [0, 1, 2, 3, 4], UNKNOWN, spec([])),
    ("unbatch known", lambda: numbers(5).batch(2, True).unbatch(), [0, 1, 2, 3], 4, spec([])),
    ("unbatch ragged", lambda: ragged().unbatch().take(4), [1, 2, 2, 3], UNKNOWN, spec([])),
    ("unbatch tuple", lambda: Dataset.from_tensors(([1, 2], ["a", "b"])).unbatch(), [(1, "a"), (2, "b")], 2, None),
    ("rebatch", lambda: numbers(7).batch(3).rebatch(2), [[0, 1], [2, 3], [4, 5], [6]], UNKNOWN, spec([None])),
    ("rebatch list", lambda: numbers(7).batch(3).rebatch([2, 1]), [[0, 1], [2], [3, 4], [5], [6]], UNKNOWN, spec([None])),
    ("rebatch drop", lambda: numbers(5).batch(3).rebatch(2, True), [[0, 1], [2, 3]], UNKNOWN, spec([2])),
    (
        "windows in batches",
        lambda: numbers(5).window(3, 1, drop_remainder=True).flat_map(lambda w: w.batch(3)).map(lambda w: (w[:-1], w[-1])),
        [([0, 1], 2), ([1, 2], 3), ([2, 3], 4)],
        UNKNOWN,
        (spec([None]), spec([])),
    ),
    (
        "windows of pairs",
        lambda: pairs().window(2).flat_map(lambda a, b: Dataset.zip((a, b)).batch(2)),
        [([0, 1], [10.0, 20.0]), ([2, 3], [30.0, 40.0])],
        UNKNOWN,
        None,
    ),
    (
        "group_by_window",
        lambda: numbers(10).group_by_window(lambda x: x % 2, lambda k, d: d.batch(3), window_size=3),
        [[0, 2, 4], [1, 3, 5], [6, 8], [7, 9]],
        UNKNOWN,
        spec([None]),
    ),
    (
        "group sizes",
        lambda: numbers(10).group_by_window(lambda x: x % 2, lambda k, d: d.batch(9), window_size_func=lambda k: k + 2),
        [[0, 2], [1, 3, 5], [4, 6], [8], [7, 9]],
        UNKNOWN,
        spec([None]),
    ),
    (
        "buckets",
        lambda: lengths().bucket_by_sequence_length(size, [2, 4], [2, 2, 2]),
        [[[1, 2, 0], [1, 2, 3]], [[1], [2]], [[3, 3]], [[1, 1, 1, 1, 1]]],
        UNKNOWN,
        spec([None, None]),
    ),
    (
        "buckets to their ends",
        lambda: lengths().bucket_by_sequence_length(
            size, [3, 6], [2, 2, 2], pad_to_bucket_boundary=True, drop_remainder=True
        ),
        [[[1, 0], [1, 2]], [[1, 2, 3, 0, 0], [1] * 5], [[2, 0], [3, 3]]],
        UNKNOWN,
        None,
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("make", "expected", "count", "element_spec"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_grouping(make, expected, count, element_spec):
    dataset = make()
    assert values(dataset) == expected
    assert int(dataset.cardinality()) == count
    if element_spec is not None:
        assert dataset.element_spec == element_spec


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ({"size": 3}, [[0, 1, 2], [3, 4, 5], [6]]),
        ({"size": 3, "shift": 3, "drop_remainder": True}, [[0, 1, 2], [3, 4, 5]]),
        ({"size": 3, "shift": 1}, [[0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 5], [4, 5, 6], [5, 6], [6]]),
        ({"size": 3, "shift": 2, "stride": 2}, [[0, 2, 4], [2, 4, 6], [4, 6], [6]]),
        ({"size": 2, "shift": 4}, [[0, 1], [4, 5]]),
        ({"size": 3, "stride": 2}, [[0, 2, 4], [3, 5], [6]]),
        ({"size": 3, "shift": 5, "stride": 2, "drop_remainder": True}, [[0, 2, 4]]),
    ],
)
def test_window(args, expected):
    dataset = numbers(7).window(**args)
    assert window_rows(dataset) == expected
    assert len(dataset) == len(expected)
    assert dataset.element_spec == tf.data.DatasetSpec(spec([]))


def test_window_of_a_dict_is_a_dict_of_datasets():
    first = next(iter(records().window(2)))
    assert values(first["a"]) == [0, 1]
    assert values(first["b"]) == ["w", "x"]


REFUSED = [
    ("batch 0", lambda: numbers(3).batch(0), InvalidArgumentError, "Batch size"),
    ("batch float", lambda: numbers(3).batch(2.0), TypeError, "2.0"),
    ("batch ragged", lambda: list(ragged().batch(2)), InvalidArgumentError, r"different shapes.*\[0\].*\[1\]"),
    ("padded small", lambda: list(ragged().padded_batch(5, [2])), DataLossError, "smaller size"),
    ("padded dtype", lambda: numbers(3).padded_batch(2, padding_values=1.5), TypeError, "padding_values.*int64"),
    ("padded rank", lambda: numbers(3).padded_batch(2, [None]), ValueError, "not compatible"),
    ("padded structure", lambda: pairs().padded_batch(2, [None]), TypeError, "tuple"),
    (
        "padded unknown",
        lambda: Dataset.from_generator(lambda: iter([[1]]), tf.int32).padded_batch(2),
        ValueError,
        "unknown rank",
    ),
    ("unbatch scalars", lambda: numbers(3).unbatch(), ValueError, "scalar"),
    ("unbatch lengths", lambda: Dataset.from_tensors(([1, 2], [1, 2, 3])).unbatch(), ValueError, "both 2 and 3"),
    ("rebatch scalars", lambda: numbers(3).rebatch(2), ValueError, "scalar"),
    ("window 0", lambda: numbers(3).window(0), InvalidArgumentError, "Window size"),
    ("window shift", lambda: numbers(3).window(1, 0), InvalidArgumentError, "Window shift"),
    ("group without size", lambda: numbers(3).group_by_window(len, len), ValueError, "window_size"),
    (
        "group key",
        lambda: list(numbers(3).group_by_window(lambda x: tf.cast(x, tf.int32), lambda k, d: d, 1)),
        ValueError,
        "key_func.*int64",
    ),
    (
        "group result",
        lambda: list(numbers(3).group_by_window(lambda x: x, lambda k, d: k, 1)),
        TypeError,
        "reduce_func",
    ),
    ("buckets", lambda: lengths().bucket_by_sequence_length(size, [3], [2]), ValueError, "bucket_batch_sizes"),
    (
        "last bucket",
        lambda: list(lengths().bucket_by_sequence_length(size, [2], [2, 2], pad_to_bucket_boundary=True)),
        InvalidArgumentError,
        "pad_to_bucket_boundary",
    ),
]


@pytest.mark.parametrize(("make", "error", "words"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_grouping_refuses(make, error, words):
    with pytest.raises(error, match=words):
        make()
