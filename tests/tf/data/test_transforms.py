"""Functions on elements; their choice, order and repetition. Results are TensorFlow's."""

from __future__ import annotations

import threading
from collections import namedtuple

import numpy as np
import pytest
from data_checks import Dataset, numbers, pairs, ragged, records, values

from kerasish import tf
from kerasish.core.errors import InvalidArgumentError

INFINITE, UNKNOWN = -1, -2
Point = namedtuple("Point", "a b")
zero = tf.constant(0, tf.int64)


def spec(shape, dtype):
    return tf.TensorSpec(shape, dtype)


TABLE = [
    ("map", lambda: numbers(3).map(lambda x: x * 2), [0, 2, 4], 3),
    ("map tuple", lambda: pairs().map(lambda x, y: (y, x)).take(1), [(10.0, 0)], 1),
    ("map star", lambda: pairs().map(lambda *parts: parts[0]), [0, 1, 2, 3], 4),
    ("map dict", lambda: records().map(lambda d: {**d, "c": d["a"] + 1}).take(1), [{"a": 0, "b": "w", "c": 1}], 1),
    ("map list", lambda: numbers(2).map(lambda x: [x, x + 1]), [(0, 1), (1, 2)], 2),
    ("map nested list", lambda: numbers(2).map(lambda x: (x, [x, x + 1])), [(0, [0, 1]), (1, [1, 2])], 2),
    ("map constant", lambda: numbers(2).map(lambda x: "s"), ["s", "s"], 2),
    ("map None part", lambda: numbers(2).map(lambda x: (x, None)), [(0, None), (1, None)], 2),
    ("map namedtuple", lambda: numbers(2).map(lambda x: Point(x, x + 1)).map(lambda p: p.b), [1, 2], 2),
    ("map default", lambda: numbers(3).map(lambda x, y=2: x * y), [0, 2, 4], 3),
    ("map op", lambda: numbers(2).map(tf.identity), [0, 1], 2),
    ("map cond", lambda: numbers(3).map(lambda x: tf.cond(x > 1, lambda: x, lambda: -x)), [0, -1, 2], 3),
    ("map parallel", lambda: numbers(20).map(lambda x: x + 1, num_parallel_calls=4), list(range(1, 21)), 20),
    ("map autotune", lambda: numbers(2).map(lambda x: x, tf.data.AUTOTUNE, deterministic=False), [0, 1], 2),
    ("filter", lambda: numbers(6).filter(lambda x: x % 2 == 0), [0, 2, 4], UNKNOWN),
    ("filter bool", lambda: numbers(2).filter(lambda x: True), [0, 1], UNKNOWN),
    ("filter tuple", lambda: pairs().filter(lambda x, y: y > 15).map(lambda x, y: x), [1, 2, 3], UNKNOWN),
    ("filter dict", lambda: records().filter(lambda d: d["b"] == "x"), [{"a": 1, "b": "x"}], UNKNOWN),
    ("take_while", lambda: numbers(6).take_while(lambda x: x < 3), [0, 1, 2], UNKNOWN),
    ("scan", lambda: numbers(5).scan(zero, lambda s, x: (s + x, s + x)), [0, 1, 3, 6, 10], 5),
    ("scan count", lambda: numbers(2, 4).scan(0, lambda s, x: (s + 1, (x, s))), [(2, 0), (3, 1)], 2),
    ("take", lambda: numbers(6).take(2), [0, 1], 2),
    ("take all", lambda: numbers(3).take(-1), [0, 1, 2], 3),
    ("take more", lambda: numbers(3).take(9), [0, 1, 2], 3),
    ("skip", lambda: numbers(6).skip(4), [4, 5], 2),
    ("skip all", lambda: numbers(6).skip(-1), [], 0),
    ("skip endless", lambda: numbers(3).repeat().skip(4).take(2), [1, 2], 2),
    ("shard", lambda: numbers(6).shard(3, 1), [1, 4], 2),
    ("shard unknown", lambda: numbers(6).filter(lambda x: x > 0).shard(2, 0), [1, 3, 5], UNKNOWN),
    ("repeat", lambda: numbers(2).repeat(2), [0, 1, 0, 1], 4),
    ("repeat none", lambda: numbers(2).repeat(0), [], 0),
    ("repeat nothing", lambda: numbers(0).repeat(), [], 0),
    ("repeat filtered nothing", lambda: numbers(2).filter(lambda x: x > 5).repeat(), [], INFINITE),
    ("enumerate", lambda: numbers(2, 4).enumerate(5), [(5, 2), (6, 3)], 2),
    ("enumerate tuple", lambda: pairs().enumerate().take(1), [(0, (0, 10.0))], 1),
    ("unique", lambda: Dataset.from_tensor_slices([1, 2, 1, 3]).unique(), [1, 2, 3], UNKNOWN),
    ("unique text", lambda: Dataset.from_tensor_slices(["a", "b", "a"]).unique(), ["a", "b"], UNKNOWN),
    ("unique rows", lambda: Dataset.from_tensor_slices([[1, 2], [1, 2]]).unique(), [[1, 2]], UNKNOWN),
    ("apply", lambda: numbers(3).apply(lambda d: d.take(1)), [0], 1),
    ("prefetch", lambda: numbers(3).map(lambda x: x).prefetch(2), [0, 1, 2], 3),
    ("cache", lambda: numbers(3).map(lambda x: x).cache().repeat(2), [0, 1, 2] * 2, 6),
    ("cache ragged", lambda: ragged().cache().repeat(2).take(8).skip(7), [[2, 2]], 1),
]


@pytest.mark.parametrize(("make", "expected", "size"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_step(make, expected, size):
    dataset = make()
    assert values(dataset) == expected
    assert values(dataset) == expected
    assert int(dataset.cardinality()) == size


REFUSED = [
    ("map arity", lambda: pairs().map(lambda x: x), TypeError, "lambda"),
    ("map no function", lambda: numbers(3).map(5), ValueError, "callable"),
    ("map workers", lambda: numbers(3).map(lambda x: x, num_parallel_calls=0), InvalidArgumentError, "greater than"),
    ("map None", lambda: list(numbers(3).map(lambda x: None)), InvalidArgumentError, "output_types"),
    ("map None spec", lambda: numbers(3).map(lambda x: None).element_spec, InvalidArgumentError, "output_types"),
    ("filter int", lambda: list(numbers(3).filter(lambda x: x)), ValueError, "Invalid `predicate`.*int64"),
    ("filter vector", lambda: list(numbers(3).batch(2).filter(lambda x: x > 1)), ValueError, "Invalid `predicate`"),
    ("take_while int", lambda: list(numbers(3).take_while(lambda x: x)), ValueError, "Invalid `predicate`"),
    ("scan no pair", lambda: list(numbers(3).scan(zero, lambda s, x: s)), TypeError, "Invalid `scan_func`"),
    ("scan dtype", lambda: list(numbers(3).scan(0, lambda s, x: (x, x))), TypeError, "int32.*int64"),
    ("shard none", lambda: numbers(3).shard(0, 0), InvalidArgumentError, "num_shards = 0"),
    ("shard index", lambda: numbers(3).shard(3, 3), InvalidArgumentError, "between 0 and 2"),
    ("shuffle", lambda: numbers(3).shuffle(0), InvalidArgumentError, "buffer_size"),
    ("prefetch", lambda: numbers(3).prefetch(-2), InvalidArgumentError, "buffer_size"),
    ("unique floats", lambda: Dataset.from_tensor_slices([1.0]).unique(), TypeError, "does not support type"),
    ("take None", lambda: numbers(3).take(None), ValueError, "NoneType"),
    ("apply", lambda: numbers(3).apply(lambda d: 5), TypeError, "transformation_func"),
    ("cache number", lambda: numbers(3).cache(3), TypeError, "int"),
    ("len endless", lambda: len(numbers(3).repeat()), TypeError, "infinite"),
]


@pytest.mark.parametrize(("make", "error", "words"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_step_refuses(make, error, words):
    with pytest.raises(error, match=words):
        make()


@pytest.mark.parametrize("workers", [None, 1, 3])
def test_a_functions_exception_comes_through_with_its_traceback(workers):
    def broken(x):
        if int(x) == 2:
            raise ZeroDivisionError("at two")
        return x

    iterator = iter(numbers(5).map(broken, num_parallel_calls=workers))
    assert [int(next(iterator)), int(next(iterator))] == [0, 1]
    with pytest.raises(ZeroDivisionError, match="at two") as caught:
        next(iterator)
    assert "broken" in [frame.name for frame in caught.traceback]


def test_prefetch_hands_on_exceptions_and_ends():
    def broken(x):
        return 1 // (2 - int(x))

    iterator = iter(numbers(3).map(broken).prefetch(1))
    assert [int(next(iterator)), int(next(iterator))] == [0, 1]
    with pytest.raises(ZeroDivisionError):
        next(iterator)


def test_prefetch_threads_end_with_their_iterators():
    before = threading.active_count()
    seen = []
    iterator = iter(numbers(1000).map(lambda x: seen.append(1) or x).prefetch(2))
    next(iterator)
    thread = iterator._stream._thread
    assert thread.is_alive()
    del iterator
    thread.join(5)
    assert not thread.is_alive()
    assert threading.active_count() <= before


def test_elements_are_made_when_they_are_asked_for():
    seen = []
    iterator = iter(numbers(100).map(lambda x: seen.append(1) or x).batch(5))
    next(iterator)
    assert len(seen) == 5


def test_cache_runs_functions_once_and_only_a_whole_pass_counts():
    seen = []
    dataset = numbers(4).map(lambda x: seen.append(1) or x).cache()
    next(iter(dataset))
    assert values(dataset) == values(dataset) == [0, 1, 2, 3]
    assert len(seen) == 5


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: numbers(3).map(lambda x: tf.cast(x, tf.float32) / 2.0), spec([], tf.float32)),
        (lambda: numbers(3).batch(2).map(tf.reduce_sum), spec([], tf.int64)),
        (lambda: pairs().batch(2).map(lambda x, y: (x, y)), (spec([None], tf.int64), spec([None], tf.float32))),
        (lambda: ragged(), spec([None], tf.int64)),
        (lambda: numbers(3).map(lambda x: tf.one_hot(x, 3)), spec([3], tf.float32)),
        (lambda: Dataset.from_tensor_slices(["a b", "c"]).map(lambda s: tf.strings.split(s, " ")), spec([None], tf.string)),
        (lambda: Dataset.from_tensor_slices(["a b"]).map(tf.strings.length), spec([], tf.int32)),
        (lambda: Dataset.from_tensor_slices(["1"]).map(tf.strings.to_number), spec([], tf.float32)),
    ],
)  # fmt: skip
def test_specification_of_results(make, expected):
    assert make().element_spec == expected


def test_specification_leaves_bad_elements_out():
    def checked(x):
        return tf.debugging.check_numerics(1 / x, "x")

    dataset = Dataset.from_tensor_slices([1.0, 0.0, 2.0]).map(checked).ignore_errors()
    assert dataset.element_spec == spec([], tf.float32)
    assert values(dataset) == [1.0, 0.5]


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: numbers(5).reduce(np.int64(0), lambda s, x: s + x), 10),
        (lambda: numbers(5).reduce(0, lambda s, _: s + 1), 5),
        (lambda: pairs().reduce(0.0, lambda s, xy: s + xy[1]), 100.0),
        (lambda: records().reduce(zero, lambda s, d: s + d["a"]), 6),
        (lambda: Dataset.from_tensor_slices(["a", "b"]).reduce("", lambda s, x: s + x), b"ab"),
        (lambda: numbers(0).reduce(7, lambda s, x: s), 7),
        (lambda: numbers(2).reduce((0, zero), lambda s, x: (s[0] + 1, s[1] + x))[1], 1),
    ],
)
def test_reduce(make, expected):
    assert make().numpy() == expected


def test_reduce_refuses():
    with pytest.raises(InvalidArgumentError, match="initial_state=1, output=2"):
        numbers(3).reduce(0, lambda s, x: (s, s))
    with pytest.raises(TypeError):
        pairs().reduce(0.0, lambda s, x, y: s + y)


def test_functions_see_no_tape_of_the_loop_around():
    v = tf.Variable(2.0)
    with tf.GradientTape() as tape:
        y = next(iter(Dataset.from_tensors(3.0).map(lambda x: x * v))) * v
    assert float(tape.gradient(y, v)) == 6.0


def test_cache_keeps_elements_in_a_folder_once_a_pass_is_complete(tmp_path):
    calls = []

    def made():
        calls.append(1)
        yield from range(3)

    source = Dataset.from_generator(made, output_signature=tf.TensorSpec([], "int64"))
    kept = source.cache(str(tmp_path / "kept"))
    assert [int(x) for x in kept.take(2)] == [0, 1]
    assert not (tmp_path / "kept").exists()  # it was left before its end
    assert [int(x) for x in kept] == [0, 1, 2] == [int(x) for x in kept]
    assert len(calls) == 2
    again = source.cache(str(tmp_path / "kept"))
    assert [int(x) for x in again] == [0, 1, 2]
    assert len(calls) == 2


def test_results_of_unknown_shape_have_the_shapes_that_the_program_states():
    def read(i):
        return tf.py_function(lambda j: tf.ones((2, 3)), [i], tf.float32)

    def set_shape(x):
        x.set_shape((None, 3))
        return x

    source = tf.data.Dataset.range(3).map(read)
    assert source.element_spec.shape.rank is None
    assert source.map(lambda x: x).element_spec.shape.rank is None
    for function in (set_shape, lambda x: tf.ensure_shape(x, (None, 3)), lambda x: tf.ensure_shape(x + 1, (None, 3))):
        assert source.map(function).element_spec.shape.as_list() == [None, 3]
    assert source.map(lambda x: tf.reshape(x, (6,))).element_spec.shape.as_list() == [6]
