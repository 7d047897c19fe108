"""What traces of tf.function keep of the plain values that they read from objects."""

import gc

import numpy as np
import pytest

from kerasish import tf


class Holder:
    def __init__(self, value):
        self.value = value


def test_another_owner_has_its_own_values():
    @tf.function
    def f(x):
        return x * current[0].value

    current = [Holder(2)]
    assert f(tf.constant(1)).numpy() == 2
    current[0] = Holder(3)  # a graph has no way to see it; here it is another object
    assert f(tf.constant(1)).numpy() == 3


def test_an_owner_is_not_kept_alive():
    @tf.function
    def f(x):
        return x * held.pop().value

    held = [Holder(2)]
    f(tf.constant(1))
    gc.collect()
    assert not [x for x in gc.get_objects() if type(x) is Holder]


def test_what_the_body_assigns_is_read_anew():
    holder = Holder(0)

    @tf.function
    def f(x):
        holder.value = len(seen)
        return x + holder.value

    seen = [1]
    assert f(tf.constant(1)).numpy() == 2
    seen.append(1)
    assert f(tf.constant(1)).numpy() == 3


def test_values_that_changed_in_the_traced_call_come_in_their_order():
    holder = Holder(0)

    @tf.function
    def f(x):
        for _ in range(4):
            holder.value += 1
            x = x * 10 + holder.value
        return x

    assert [f(tf.constant(0)).numpy() for _ in range(3)] == [1234] * 3
    assert holder.value == 4


def test_a_failed_traced_call_keeps_nothing():
    holder = Holder(0)

    @tf.function
    def f(x):
        if holder.value == 0:
            raise KeyError("zero")
        return x * holder.value

    with pytest.raises(KeyError, match="zero"):
        f(tf.constant(1))
    holder.value = 5
    assert f(tf.constant(1)).numpy() == 5


def test_missing_attributes_and_items_are_told_of_as_ever():
    @tf.function
    def attribute(x):
        return x * Holder(1).missing

    @tf.function
    def item(x):
        return x * table["missing"]

    table = {}
    with pytest.raises(AttributeError, match="'Holder' object has no attribute 'missing'"):
        attribute(tf.constant(1))
    with pytest.raises(KeyError, match="missing"):
        item(tf.constant(1))


def test_drawn_arrays_are_not_shared():
    @tf.function
    def f():
        noise = np.random.normal(size=3)
        total = noise.sum()
        noise *= 0
        return total

    assert f().numpy() == f().numpy() != 0
