"""Functions that run on many elements at once give what they give for each; the others run on each."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch
from data_checks import Dataset, numbers, plain, values
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode

import kerasish as keras
from kerasish import tf
from kerasish.core.errors import InvalidArgumentError
from kerasish.tf.data import mapped, transforms

X = np.random.RandomState(0).uniform(-2, 2, (50, 2, 3)).astype("float32")
Y = np.arange(50, dtype="int64") % 4


@pytest.fixture(autouse=True)
def _no_global_seed():
    yield
    tf.random.set_seed(None)


@pytest.fixture
def calls(monkeypatch):
    """The functions that Map calls, in order."""
    made = []

    def counted(function, element):
        made.append(function)
        return call(function, element)

    call = transforms.call
    monkeypatch.setattr(transforms, "call", counted)
    return made


def slices():
    return Dataset.from_tensor_slices((X, Y))


FUNCTIONS = {
    "scale": lambda x, y: (x / 255.0, y),
    "one_hot": lambda x, y: (tf.reshape(x, [6]), tf.one_hot(y, 4)),
    "reductions": lambda x, y: (tf.reduce_max(x, axis=0), tf.reduce_sum(x)),
    "per element": lambda x, y: (x - tf.reduce_mean(x), tf.argmax(x, axis=-1)),
    "matmul": lambda x, y: tf.matmul(x, x, transpose_b=True),
    "transpose": lambda x, y: (tf.transpose(x), x[0], x[:, ::2], x[..., tf.newaxis]),
    "gather": lambda x, y: tf.gather([10.0, 20.0, 30.0, 40.0], y),
    "where": lambda x, y: tf.where(x > 0, x, tf.zeros_like(x)),
    "constant": lambda x, y: (x, tf.constant([1, 2]), 5),
    "dict": lambda x, y: {"a": {"x": x, "y": y}, "b": tf.cast(y, tf.float32)},
    "None": lambda x, y: (x, None),
    "list": lambda x, y: [y, x],
    "swapped": lambda x, y: (y, x),
    "shape": lambda x, y: (tf.shape(x), x * float(x.shape[0])),
    "concat": lambda x, y: tf.concat([x, x * 2], axis=0),
    "casts": lambda x, y: (tf.cast(x, tf.int32), tf.cast(y, tf.bool), tf.cast(x, tf.float64)),
    "nan": lambda x, y: tf.sqrt(x),
    "sorted": lambda x, y: tf.sort(x, axis=-1),
    "softmax": lambda x, y: tf.nn.softmax(x),
    "padded": lambda x, y: tf.pad(x, [[1, 0], [0, 2]]),
    "keras.ops": lambda x, y: keras.ops.flip(keras.ops.clip(x, -1, 1), axis=0),
}


def same(a, b):
    tf.nest.assert_same_structure(a, b)
    for first, second in zip(tf.nest.flatten(a), tf.nest.flatten(b)):
        if first is None:
            assert second is None
            continue
        assert (first.dtype, first.shape) == (second.dtype, second.shape)
        np.testing.assert_allclose(first.numpy(), second.numpy(), rtol=1e-6)


def each(dataset, monkeypatch):
    """The elements if every function runs on each element."""
    with monkeypatch.context() as patch:
        patch.setattr(transforms, "is_plain", lambda function: False)
        return list(dataset)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_many_at_once_give_what_each_gives(monkeypatch, calls, name):
    dataset = slices().map(FUNCTIONS[name]).batch(8)
    expected = each(dataset, monkeypatch)
    assert len(calls) == 50
    calls.clear()
    found = list(dataset)
    assert len(calls) == 5 + 2  # tried: the first alone, three together, three alone; then 48 and 2
    for a, b in zip(found, expected, strict=True):
        same(a, b)
        assert all(leaf is None or leaf._t.is_contiguous() for leaf in tf.nest.flatten(a))
    calls.clear()
    list(dataset)
    assert len(calls) == 2


STEPS = [
    lambda d: d.shuffle(7, seed=3),
    lambda d: d.shuffle(100, seed=1, reshuffle_each_iteration=False),
    lambda d: d.repeat(2),
    lambda d: d.take(11),
    lambda d: d.skip(4),
    lambda d: d.shard(3, 1),
    lambda d: d.enumerate().map(lambda i, part: part),
    lambda d: d.prefetch(2),
    lambda d: d.cache(),
    lambda d: d.map(lambda *parts: tuple(part + 1 for part in parts) if len(parts) > 5 else parts),
    lambda d: d.map(lambda x, y: (x * 2.0, y + 1)),
    lambda d: d.map(lambda x, y: (x - tf.reduce_mean(x), y), num_parallel_calls=2),
    lambda d: d.batch(3).unbatch(),
    lambda d: tf.data.Dataset.zip((d, d.map(lambda x, y: y))).map(lambda both, y: (both[0], y)),
]


@given(st.lists(st.integers(0, len(STEPS) - 1), max_size=4), st.integers(1, 60), st.booleans())
@settings(deadline=None, max_examples=30)
def test_pipelines_give_the_same_elements_in_the_same_order(chosen, size, drop):
    def make():
        tf.random.set_seed(4)
        dataset = slices().map(FUNCTIONS["scale"])
        for number in chosen:
            dataset = STEPS[number](dataset)
        return dataset.batch(size, drop_remainder=drop)

    patch = pytest.MonkeyPatch()
    expected, again = (lambda d: (each(d, patch), each(d, patch)))(make())
    dataset = make()
    for found, other in zip((list(dataset), list(dataset)), (expected, again)):
        for a, b in zip(found, other, strict=True):
            same(a, b)


def random_numbers(x):
    return x + tf.random.uniform([2, 3])


OF_EACH = {
    "printed": (lambda x: print("seen") or x, True),
    "random": (random_numbers, False),
    "value read": (lambda x: x * float(x[0, 0]), False),
    "branch on values": (lambda x: x if x[0, 0] > 0 else -x, False),
    "ragged": (lambda x: tf.boolean_mask(x, x > 0), False),
    "text": (lambda x: tf.strings.as_string(x), False),
}


@pytest.mark.parametrize("name", OF_EACH)
def test_what_has_effects_or_reads_values_runs_on_each(calls, capsys, name):
    function, prints = OF_EACH[name]
    list(Dataset.from_tensor_slices(X[:10]).map(function))
    assert len(calls) >= 10
    assert capsys.readouterr().out.count("seen") == (1 if prints else 0)  # where it is traced


def test_text_beside_numbers_runs_on_each(calls):
    dataset = Dataset.from_tensor_slices((["a", "b", "c"], [1, 2, 3])).map(lambda s, n: (s, n + 1))
    assert values(dataset) == [("a", 2), ("b", 3), ("c", 4)]
    assert len(calls) == 3


def test_random_numbers_are_those_of_one_element_after_another():
    tf.random.set_seed(1)
    found = list(Dataset.range(3).map(lambda i: tf.random.uniform([])).batch(3))[0].numpy()
    assert len(set(found.tolist())) == 3


def test_an_element_that_fails_does_so_in_its_place():
    table = tf.constant([1.0, 2.0, 3.0])
    dataset = Dataset.from_tensor_slices(np.array([0, 1, 2, 0, 7, 1, 2])).map(lambda i: tf.gather(table, i))
    iterator = iter(dataset)
    assert [float(next(iterator)) for _ in range(4)] == [1.0, 2.0, 3.0, 1.0]
    with pytest.raises(InvalidArgumentError):
        next(iterator)
    assert [float(value) for value in iterator] == [2.0, 3.0]
    assert values(dataset.batch(2).take(2)) == [[1.0, 2.0], [3.0, 1.0]]
    assert values(dataset.ignore_errors()) == [1.0, 2.0, 3.0, 1.0, 2.0, 3.0]


def test_results_whose_shapes_depend_on_values_later_on_are_found_out():
    dataset = Dataset.from_tensor_slices(np.array([1, 1, 1, 1, 2])).map(lambda n: tf.range(n))
    assert values(dataset) == [[0], [0], [0], [0], [0, 1]]
    with pytest.raises(InvalidArgumentError, match="different shapes"):
        list(dataset.batch(5))
    assert values(dataset.padded_batch(5)) == [[[0, 0], [0, 0], [0, 0], [0, 0], [0, 1]]]


def test_functions_run_once_where_results_are_cached(calls):
    dataset = slices().map(FUNCTIONS["scale"]).cache()
    first = values(dataset.batch(50))
    calls.clear()
    assert values(dataset.batch(50)) == first
    assert values(dataset.shuffle(50, seed=1).batch(50)) != first
    assert not calls


def test_a_function_reads_names_where_the_step_is_made(calls):
    scale = 2

    def function(i):
        return i * scale

    dataset = numbers(40).map(function).batch(40)
    scale = 3
    assert values(dataset) == [list(range(0, 80, 2))]
    assert len(calls) < 40


class Counted(TorchDispatchMode):
    def __init__(self):
        super().__init__()
        self.names = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.names.append(func.overloadpacket.__name__)
        return func(*args, **(kwargs or {}))


def test_batches_of_shuffled_rows_are_gathered_together():
    dataset = Dataset.from_tensor_slices((np.zeros((2000, 8), "float32"), np.zeros(2000))).shuffle(2000).batch(8)
    with Counted() as counted:
        assert sum(1 for _ in dataset) == 250
    assert counted.names.count("index_select") == 2
    assert counted.names.count("split") == 2


def test_what_is_gathered_together_is_bounded():
    rows = np.zeros((100, 100_000), "float32")
    first = next(iter(Dataset.from_tensor_slices(rows).shuffle(100).batch(4)))
    assert first._t.untyped_storage().nbytes() == first._t.nbytes
    element = next(iter(Dataset.from_tensor_slices(rows).shuffle(100).map(lambda x: x + 1)))
    assert element._t.untyped_storage().nbytes() <= 8 * (512 << 10)


def test_no_pass_is_begun_before_it_is_needed():
    """An order that nobody asked for goes to the next iterator."""
    dataset = numbers(8).shuffle(8, seed=1)
    first, second = values(dataset), values(dataset)
    assert first != second
    dataset = numbers(8).shuffle(8, seed=1)
    repeated = iter(dataset.repeat().batch(2))
    assert sum([plain(next(repeated).numpy()) for _ in range(4)], []) == first
    assert values(dataset) == second


def test_prefetch_starts_no_thread_for_tensor_operations():
    before = threading.active_count()
    iterator = iter(slices().shuffle(50).batch(8).map(FUNCTIONS["scale"]).prefetch(2))
    next(iterator)
    assert threading.active_count() == before


def test_batches_made_ahead_are_ready_to_be_copied(monkeypatch):
    staged = []

    def recorded(tensor, device):
        staged.append(threading.current_thread().name)
        return tensor

    monkeypatch.setattr("kerasish.core.device.reads_ahead", lambda device: True)
    monkeypatch.setattr("kerasish.core.device.staged", recorded)
    dataset = Dataset.from_generator(lambda: iter(range(3)), output_signature=tf.TensorSpec([], tf.int32))
    assert values(dataset.prefetch(1)) == [0, 1, 2]
    assert staged == ["tf.data prefetch"] * 3


def test_a_table_needs_two_rows_to_be_tried():
    assert values(Dataset.from_tensor_slices([5]).map(lambda x: x + 1).batch(2)) == [[6]]
    source = Dataset.from_tensor_slices(np.zeros((0, 2)))._node.table()
    assert mapped.mapped(source, lambda element: element) is None


def test_warnings_of_vmap_mean_each(monkeypatch, recwarn):
    dataset = slices().map(lambda x, y: tf.linalg.det(x[:, :2] + tf.eye(2)))
    expected = [plain(value) for value in each(dataset.batch(50), monkeypatch)[0].numpy()]
    np.testing.assert_allclose(values(dataset.batch(50))[0], expected, rtol=1e-5)
    assert not recwarn.list


def test_results_are_on_the_device_of_the_loop():
    with tf.device("cpu"):
        batch = next(iter(slices().map(FUNCTIONS["scale"]).batch(4)))
    assert batch[0]._t.device == torch.device("cpu")
