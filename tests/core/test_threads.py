"""Reading ahead: order, bounds, exceptions and the thread's end."""

from __future__ import annotations

import gc
import itertools
import threading

import pytest
import torch

from kerasish import tf
from kerasish.core.context import local, scope
from kerasish.core.threads import Ahead, inherited


def ahead(stream, size=2):
    return Ahead(iter(stream), size, inherited(), "ahead under test")


def alive():
    found = [thread for thread in threading.enumerate() if thread.name == "ahead under test"]
    for thread in found:
        thread.join(0.2)
    return [thread for thread in found if thread.is_alive()]


@pytest.mark.parametrize("size", [1, 2, 50])
def test_items_come_in_order_and_the_end_stays(size):
    iterator = ahead(range(20), size)
    assert list(iterator) == list(range(20))
    assert next(iterator, "end") == next(iterator, "end") == "end"
    assert not alive()


def test_no_more_than_its_size_is_made_ahead():
    made = []
    iterator = ahead((made.append(i) or i for i in itertools.count()), 3)
    assert made == []
    assert next(iterator) == 0
    alive()  # it has had time
    assert len(made) <= 1 + 3 + 1
    iterator.close()
    assert not alive()


def test_iteration_goes_on_after_an_exception_of_an_iterator_that_does():
    iterator = ahead(map(lambda i: 6 // i, [3, 0, 2]))
    assert next(iterator) == 2
    with pytest.raises(ZeroDivisionError) as caught:
        next(iterator)
    assert "<lambda>" in [frame.name for frame in caught.traceback]
    assert list(iterator) == [3]


def test_a_closed_one_has_ended():
    iterator = ahead(itertools.count())
    next(iterator)
    iterator.close()
    iterator.close()
    assert list(iterator) == []
    assert not alive()


def test_the_thread_ends_when_it_is_dropped_without_the_garbage_collector():
    gc.disable()
    try:
        iterator = ahead(itertools.count())
        next(iterator)
        del iterator
        assert not alive()
    finally:
        gc.enable()


def test_what_the_starter_sees_is_seen():
    with tf.device("cpu"), scope(custom_objects=("those",)):
        block = inherited(training=True)
    seen = list(Ahead(map(lambda _: (local.device, local.custom_objects, local.training), [0]), 1, block, "x"))
    assert seen == [(torch.device("cpu"), ("those",), True)]
    assert (local.custom_objects, local.training) == ((), None)
