"""Random orders: with seeds they are TensorFlow's own (all lists are recorded from it)."""

from __future__ import annotations

import numpy as np
import pytest
from data_checks import Dataset, numbers, values
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish import tf
from kerasish.tf.data.randomness import exchanged


@pytest.fixture(autouse=True)
def _no_global_seed():
    tf.random.set_seed(None)
    yield
    tf.random.set_seed(None)


ORDERS = [
    (
        lambda: numbers(10).shuffle(10, seed=1),
        [[0, 9, 5, 1, 2, 7, 3, 8, 6, 4], [8, 9, 7, 5, 4, 6, 2, 1, 0, 3], [5, 6, 7, 1, 3, 0, 9, 8, 4, 2]],
    ),
    (lambda: numbers(10).shuffle(4, seed=1), [[0, 4, 5, 1, 2, 7, 9, 8, 6, 3], [2, 1, 3, 4, 6, 8, 7, 9, 5, 0]]),
    (lambda: numbers(10).shuffle(4, 1, reshuffle_each_iteration=False), [[3, 4, 0, 5, 2, 7, 8, 9, 1, 6]] * 2),
    (lambda: numbers(10).shuffle(100, seed=7), [[2, 8, 6, 5, 9, 1, 0, 3, 7, 4], [9, 1, 3, 0, 6, 4, 7, 8, 2, 5]]),
    (lambda: numbers(10).shuffle(-2, seed=7), [[2, 8, 6, 5, 9, 1, 0, 3, 7, 4], [9, 1, 3, 0, 6, 4, 7, 8, 2, 5]]),
    (
        lambda: numbers(10).shuffle(5, seed=7).repeat(2),
        [
            [2, 4, 0, 3, 8, 1, 6, 5, 7, 9, 4, 0, 3, 7, 2, 6, 1, 8, 9, 5],
            [1, 0, 6, 7, 4, 8, 5, 3, 2, 9, 1, 0, 4, 5, 6, 7, 9, 8, 3, 2],
        ],
    ),
    (
        lambda: numbers(10).repeat(2).shuffle(5, seed=7),
        [
            [2, 4, 0, 3, 8, 1, 9, 0, 5, 3, 2, 4, 5, 7, 6, 9, 6, 7, 1, 8],
            [4, 0, 3, 7, 2, 6, 8, 9, 5, 1, 2, 5, 4, 0, 1, 7, 3, 8, 6, 9],
        ],
    ),
]
WITH_GLOBAL_SEED_0 = [
    (lambda: Dataset.random(seed=4).take(3), [[4062412553, 2400858247, 104428176]] * 2),
    (
        lambda: Dataset.random(seed=4, rerandomize_each_iteration=True).take(3),
        [[111940370, 2268916389, 1777365633], [1176362179, 2774015184, 3327992473]],
    ),
    (
        lambda: Dataset.sample_from_datasets([numbers(5), numbers(10, 15)], seed=3),
        [[0, 10, 11, 12, 1, 2, 3, 13, 4, 14]] * 2,
    ),
    (
        lambda: Dataset.sample_from_datasets([numbers(5), numbers(10, 15)], [0.2, 0.8], 3, False, True),
        [[10, 11, 12, 13, 14, 0, 1, 2, 3, 4], [0, 10, 11, 1, 12, 13, 14, 2, 3, 4]],
    ),
]


@pytest.mark.parametrize(("make", "passes"), ORDERS)
def test_seeded_orders_are_tensorflows(make, passes):
    dataset = make()
    assert [values(dataset) for _ in passes] == passes


@pytest.mark.parametrize(("make", "passes"), WITH_GLOBAL_SEED_0)
def test_random_datasets_and_samples_are_tensorflows(make, passes):
    tf.random.set_seed(0)
    dataset = make()
    assert [values(dataset) for _ in passes] == passes


def test_orders_from_the_global_seed():
    tf.random.set_seed(5)
    first, second = numbers(10).shuffle(10), numbers(10).shuffle(10)
    assert values(first) == [7, 5, 4, 1, 0, 9, 6, 3, 8, 2]
    assert values(first) == [9, 1, 6, 4, 2, 7, 0, 5, 8, 3]
    assert values(second) == [1, 7, 4, 2, 3, 0, 8, 9, 5, 6]
    assert values(numbers(10).shuffle(10, seed=0)) == [6, 2, 5, 1, 7, 0, 4, 3, 8, 9]
    tf.random.set_seed(0)
    both_zero = numbers(10).shuffle(10, seed=0)
    assert values(both_zero) == [4, 9, 1, 0, 7, 3, 5, 2, 8, 6]
    large, negative = numbers(10).shuffle(5, seed=2**40 + 3), numbers(6).shuffle(5, seed=-1)
    assert values(large) == [2, 1, 0, 4, 7, 6, 5, 3, 8, 9]
    assert values(negative) == [3, 5, 4, 2, 0, 1]


def test_a_finished_repeat_has_begun_one_pass_more():
    tf.random.set_seed(0)
    dataset = numbers(10).shuffle(10, seed=0).batch(3).repeat(2)
    assert values(dataset)[:4] == [[4, 9, 1], [0, 7, 3], [5, 2, 8], [6]]
    assert values(dataset)[:4] == [[0, 3, 5], [1, 8, 7], [6, 2, 9], [4]]


def test_functions_with_seeds_draw_tensorflows_numbers_each_pass():
    tf.random.set_seed(0)
    dataset = numbers(3).map(lambda x: tf.random.uniform([], seed=1))
    expected = [0.5397301912307739, 0.5400135517120361, 0.43089258670806885]
    np.testing.assert_allclose(values(dataset), expected, rtol=1e-6)
    np.testing.assert_allclose(values(dataset), expected, rtol=1e-6)


@settings(deadline=None, max_examples=30)
@given(size=st.integers(0, 60), buffer=st.integers(1, 70), seed=st.integers(0, 9), batch=st.integers(1, 7))
def test_rows_and_single_elements_are_shuffled_alike(size, buffer, seed, batch):
    def chain(dataset):
        return values(dataset.shuffle(buffer, seed).batch(batch))

    whole = chain(numbers(size).skip(1).concatenate(numbers(0)))  # no longer a table
    assert chain(numbers(size).skip(1)) == whole
    flat = [x for group in whole for x in group]
    assert sorted(flat) == list(range(1, size))
    assert all(x <= place + buffer for place, x in enumerate(flat))


def test_long_inputs_pass_the_buffer_in_pieces():
    whole = values(numbers(20000).shuffle(3000, seed=5).batch(7))
    assert whole == values(numbers(20000).filter(lambda x: True).shuffle(3000, seed=5).batch(7))
    assert sorted(x for group in whole for x in group) == list(range(20000))


def test_without_seeds_orders_differ():
    assert values(numbers(100).shuffle(100)) != values(numbers(100).shuffle(100))
    assert values(numbers(5).shuffle(1)) == [0, 1, 2, 3, 4]


def test_parts_split_from_a_fixed_order_do_not_meet():
    dataset = numbers(10).shuffle(10, reshuffle_each_iteration=False)
    for _ in range(2):
        assert sorted(values(dataset.take(7)) + values(dataset.skip(7))) == list(range(10))


def test_samples_follow_their_weights():
    endless = Dataset.sample_from_datasets([numbers(1).repeat(), numbers(1, 2).repeat()], [0.9, 0.1], seed=1)
    assert 0.07 < np.mean(values(endless.take(3000))) < 0.13
    weights = Dataset.from_tensors([0.0, 1.0]).repeat(3)
    assert values(Dataset.sample_from_datasets([numbers(5), numbers(5, 9)], weights)) == [5, 6, 7]


@given(st.integers(1, 60), st.integers(0, 60), st.integers(0, 5))
@settings(deadline=None, max_examples=30)
def test_items_that_change_places_are_followed_back(size, arriving, seed):
    """Against the exchange step by step, on a buffer that is filled up as it is emptied, and on one that is emptied."""
    random = np.random.RandomState(seed)
    for left in (np.full(arriving, size), np.arange(size, 0, -1)):
        total = size + arriving if len(left) == arriving else size
        drawn = np.arange(len(left)) + (random.randint(0, 2**31, len(left)) % left)
        line = list(range(total))
        for k, place in enumerate(drawn.tolist()):
            line[k], line[place] = line[place], line[k]
        leaving, staying = exchanged(drawn, total)
        assert [*leaving.tolist(), *staying.tolist()] == line


@pytest.mark.parametrize(("count", "size"), [(5000, 300), (2500, 1024), (2048, 7), (1030, 1030), (3000, 5000)])
def test_streams_and_tables_are_shuffled_alike(count, size):
    stream = Dataset.from_generator(lambda: iter(range(count)), output_signature=tf.TensorSpec([], tf.int64))
    found = values(stream.shuffle(size, seed=3))
    assert found == values(numbers(count).shuffle(size, seed=3))
    assert sorted(found) == list(range(count))
