"""What traced functions do to Python's own objects: to those that a call makes in each call, to others while it is traced."""

import functools
import heapq
import weakref

import pytest

from kerasish import tf

# what a call makes is changed in each call ------------------------------------------------------------------------------


def _put(held, x):
    held.append(x)


def _count(held):
    held["n"] = held.get("n", 0)
    held["n"] += 1


def _in_closure(x):
    out = []

    def step(y):
        out.append(y)

    _called_twice(step, x)
    return sum(out)


def _called_twice(function, x):
    function(x)
    function(x)


def _in_shared_name(x):
    total = 0.0

    def step(y):
        nonlocal total
        total = total + y

    _called_twice(step, x)
    return total


def _in_function_within(x):
    def inner(y):
        own = []
        own.append(y)
        own.append(y)
        return sum(own)

    return inner(x)


def _in_argument(x):
    out = []
    _put(out, x)
    _put(out, x)
    return sum(out)


def _in_dictionary(x):
    held = {}
    _count(held)
    _count(held)
    return x * float(held["n"])


def _in_class_within(x):
    class Own:
        def __init__(self):
            self.items = []

        def add(self, y):
            self.items.append(y)
            return self

    return sum(Own().add(x).add(x).items)


def _by_calls_of_calls(x):
    out = []

    def add(y):
        out.append(y)

    list(map(add, [x]))
    functools.reduce(lambda _, y: add(y), [x, x])
    return sum(out)


class _Holder:
    pass


def _by_setattr(x):
    holder = _Holder()
    setattr(holder, "value", x)  # noqa: B010 - that is the point
    return holder.value * 2.0


def _by_heap(x):
    waiting = []
    heapq.heappush(waiting, 2)
    heapq.heappush(waiting, 1)
    return x * float(len(waiting))


_BODIES = [_in_closure, _in_shared_name, _in_function_within, _in_argument, _in_dictionary, _in_class_within]


@pytest.mark.parametrize("body", [*_BODIES, _by_calls_of_calls, _by_setattr, _by_heap])
def test_what_a_call_makes_is_changed_in_each_call(body):
    f = tf.function(body)
    assert [float(f(tf.constant(1.0))) for _ in range(3)] == [2, 2, 2]


def test_what_is_there_before_is_changed_in_the_traced_call_only():
    kept, counts = [], {}

    @tf.function
    def f(x):
        _put(kept, 1)
        _count(counts)
        return x

    for _ in range(3):
        f(tf.constant(1.0))
    assert kept == [1] and counts == {"n": 1}


def test_a_trace_does_not_hold_the_lists_that_its_call_made():
    held = []

    class Marked(float):
        pass

    @tf.function
    def f(x):
        out = []
        marked = Marked(1.0)
        held.append(weakref.ref(marked))
        _put(out, marked)
        return x

    f(tf.constant(1.0))
    assert held[0]() is None


def _loud(x, seen=[]):  # noqa: B006 - it is meant to stay
    seen.append("called")
    return x * 2.0


class _Stepping:
    def __init__(self):
        self.steps = 0

    def step(self, x):
        self.steps += 1
        return x + 1.0

    @tf.function
    def run(self, x):
        return tf.map_fn(self.step, x), tf.nest.map_structure(self.step, [x])


@pytest.mark.parametrize(
    "body",
    [
        lambda x: [*map(_loud, [x])],
        lambda x: tf.map_fn(_loud, x),
        lambda x: tf.nest.map_structure(_loud, x),
        lambda x: tf.while_loop(lambda y: tf.reduce_sum(y) < 0.0, _loud, [x]),
        lambda x: tf.distribute.get_strategy().run(_loud, args=(x,)),
    ],
)
def test_functions_that_a_call_is_given_have_effects_in_the_traced_call_only(body):
    f, seen = tf.function(body), _loud.__defaults__[0]
    f(tf.constant([1.0, 2.0]))
    seen.clear()
    f(tf.constant([3.0, 4.0]))
    assert seen == []


def test_methods_that_a_call_is_given_have_effects_in_the_traced_call_only():
    stepping = _Stepping()
    for _ in range(3):
        stepping.run(tf.constant([1.0, 2.0]))
    assert stepping.steps == 2


def test_python_functions_have_effects_in_each_call():
    seen = _loud.__defaults__[0]
    seen.clear()

    @tf.function
    def f(x):
        return tf.py_function(_loud, [x], tf.float32), tf.numpy_function(_loud, [x], tf.float32)

    for _ in range(3):
        f(tf.constant(1.0))
    assert len(seen) == 6
