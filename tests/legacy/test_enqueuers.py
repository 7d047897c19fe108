"""Keras 2's OrderedEnqueuer and GeneratorEnqueuer."""

import pytest

import kerasish as keras
from kerasish.core.errors import NotServedError


class Numbers(keras.utils.Sequence):
    def __init__(self, fails_at=None):
        self.ends, self.fails_at = 0, fails_at

    def __len__(self):
        return 3

    def __getitem__(self, i):
        if i == self.fails_at:
            raise OSError("gone")
        return i * 10

    def on_epoch_end(self):
        self.ends += 1


def test_batches_come_in_order_over_and_over():
    data = Numbers()
    enqueuer = keras.utils.OrderedEnqueuer(data)
    assert not enqueuer.is_running()
    enqueuer.start(workers=3, max_queue_size=2)
    batches = enqueuer.get()
    assert [next(batches) for _ in range(7)] == [0, 10, 20, 0, 10, 20, 0]
    assert data.ends >= 2
    enqueuer.stop()
    assert not enqueuer.is_running()
    assert list(batches) == []


def test_shuffled_orders_have_each_batch_once():
    enqueuer = keras.utils.OrderedEnqueuer(Numbers(), shuffle=True)
    enqueuer.start()
    batches = enqueuer.get()
    assert sorted(next(batches) for _ in range(3)) == [0, 10, 20]
    enqueuer.stop(timeout=5)


def test_what_fetching_raises_is_raised_where_the_batch_is_asked_for():
    enqueuer = keras.utils.OrderedEnqueuer(Numbers(fails_at=1))
    enqueuer.start()
    batches = enqueuer.get()
    assert next(batches) == 0
    with pytest.raises(OSError, match="gone"):
        next(batches)
    assert not enqueuer.is_running()


def test_a_generator_ends():
    enqueuer = keras.utils.GeneratorEnqueuer(i for i in range(3))
    enqueuer.start()
    assert list(enqueuer.get()) == [0, 1, 2]
    assert not enqueuer.is_running()


def test_a_generator_that_fails():
    def numbers():
        yield 1
        raise KeyError("there")

    enqueuer = keras.utils.GeneratorEnqueuer(numbers())
    enqueuer.start()
    batches = enqueuer.get()
    assert next(batches) == 1
    with pytest.raises(KeyError, match="there"):
        next(batches)


def test_processes_and_several_workers_of_a_generator_are_refused():
    with pytest.raises(NotServedError, match="use_multiprocessing"):
        keras.utils.OrderedEnqueuer(Numbers(), use_multiprocessing=True)
    with pytest.raises(ValueError, match="workers=2"):
        keras.utils.GeneratorEnqueuer(iter([])).start(workers=2)
