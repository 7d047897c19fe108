"""What traced calls change of Python's state, found again as it was by later calls of their trace."""

from __future__ import annotations

import collections
import contextlib
import heapq
import itertools
import threading

import pytest

import kerasish.tf as tf

DEPTH = 0
STACK: list = [1.0]
SCOPES: list = [10.0]
CACHE: dict = {}


def results(function, values=(1.0, 2.0, 3.0)):
    return [float(function(tf.constant(v))) for v in values]


def test_lists_from_outside_are_pushed_read_and_popped():
    @tf.function
    def go(x):
        STACK.append(2.0)
        y = x * STACK[-1]
        STACK.append(5.0)
        y = y * STACK[-1] + len(STACK)
        STACK.pop()
        y = y + STACK[-1]
        STACK.pop()
        return y

    assert results(go) == [15.0, 25.0, 35.0]
    assert STACK == [1.0]


def test_what_pops_from_outside_gives_is_of_the_traced_call():
    waiting, numbers = [5, 4, 3], {"b": 2}
    owner = type("Owner", (), {})()
    owner.count = itertools.count()

    @tf.function
    def go(x):
        return x * waiting.pop() + numbers.pop("b", 7) + next(owner.count)

    assert results(go) == [5.0, 8.0, 11.0]
    assert waiting == [5, 4]
    assert numbers == {}
    assert next(owner.count) == 1


def test_skips_are_kept_in_attributes():
    class Net:
        def __init__(self):
            self.skips = []

        def down(self, x):
            self.skips.append(x)
            return x * 2

        @tf.function
        def go(self, x):
            self.outs = []
            for _ in range(3):
                x = self.down(x)
            for _ in range(3):
                x = x + self.skips.pop()
                self.outs.append(x)
            return tf.add_n(list(self.outs))

    net = Net()
    assert results(net.go) == [12.0 + 14.0 + 15.0, 82.0, 123.0]
    assert len(net.outs) == 3


def test_scopes_of_users():
    @contextlib.contextmanager
    def scope(value):
        SCOPES.append(value)
        try:
            yield len(SCOPES)
        finally:
            SCOPES.pop()

    @tf.function
    def go(x):
        with scope(2.0) as n:
            y = x * SCOPES[-1] + n
            with scope(3.0) as n2:
                y = y * SCOPES[-1] + n2
        return y + SCOPES[-1]

    assert results(go) == [25.0, 31.0, 37.0]
    assert SCOPES == [10.0]


def test_global_depth_of_a_recursion():
    def recursive(x):
        global DEPTH
        DEPTH += 1
        result = x * DEPTH if DEPTH >= 3 else recursive(x) + DEPTH
        DEPTH -= 1
        return result

    go = tf.function(recursive)
    assert results(go) == [6.0, 9.0, 12.0]
    assert DEPTH == 0


def test_functions_that_share_a_variable_see_it_change():
    n = 0

    def more():
        nonlocal n
        n += 1

    def now():
        return n

    @tf.function
    def go(x):
        before = now()
        more()
        return x * (10 * before + now())

    assert results(go) == [1.0, 2.0, 3.0]


def test_counters_of_classes_and_what_their_parents_do():
    seen = []

    class Base:
        count = 0

        def __init__(self, value):
            Base.count += 1
            self.number = Base.count
            self.items = [value]

        def add(self, value):
            seen.append(1)
            self.items.append(value)

    class Derived(Base):
        def add(self, value):
            super().add(value)
            super().add(value * 2)

    @tf.function
    def go(x):
        one, two = Base(x), Derived(x)
        two.add(x)
        return tf.add_n(two.items) * two.number + one.number + len(seen)

    assert results(go) == [4.0 * 2 + 1 + 2, 19.0, 27.0]
    assert Base.count == 2
    assert seen == [1, 1]


def test_values_kept_in_the_traced_call_are_computed_anew():
    def cached(x):
        if "a" not in CACHE:
            CACHE["a"] = x * 2
        return CACHE["a"]

    class Owner:
        def __init__(self):
            self.kept, self.state = None, tf.zeros([])

        @tf.function
        def go(self, x):
            if self.kept is None:
                self.kept = x * 3
            self.state = self.state * 0.5 + x
            return self.kept + self.state + cached(x)

    owner = Owner()
    assert results(owner.go) == [6.0, 12.0, 18.0]


def test_what_is_made_to_stay_is_made_once():
    class Owner(tf.Module):
        def __init__(self):
            self.built, self.held, self.named = False, [], {}

        @tf.function
        def go(self, x):
            if not self.built:
                self.weight = tf.Variable(1.0)
                self.held.append(tf.Variable(2.0))
                self.named["b"] = tf.Variable(1.0)
                self.built = True
            self.weight.assign_add(x)
            return self.weight * self.held[0] + self.named["b"]

    owner = Owner()
    assert results(owner.go) == [5.0, 9.0, 15.0]
    assert len(owner.held) == 1


def test_queues_and_heaps_made_in_the_call():
    def push(queue, value):
        queue.append(value)

    @tf.function
    def go(x):
        queue, heap = collections.deque(), []
        push(queue, x)
        push(queue, x * 2)
        heapq.heappush(heap, 3)
        heapq.heappush(heap, 1)
        return queue.popleft() + queue[0] * heapq.heappop(heap) + len(heap)

    assert results(go) == [4.0, 7.0, 10.0]


def test_lists_changed_in_either_branch():
    log = []

    @tf.function
    def go(x):
        if x > 2.0:
            log.append(1)
        else:
            log.append(2)
        return x + len(log)

    assert results(go) == [3.0, 4.0, 5.0]


def test_threads_take_turns():
    held, found = [], {}

    @tf.function
    def go(x):
        held.append(1)
        y = x * len(held)
        held.append(2)
        y += len(held)
        held.pop()
        return y

    go(tf.constant(0.0))

    def work(first):
        for i in range(first, first + 10):
            found[i] = float(go(tf.constant(float(i))))

    threads = [threading.Thread(target=work, args=(10 * i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {i: i + 2.0 for i in range(30)}
    assert held == [1]


def test_errors_leave_the_state_as_it_was():
    held = []

    @tf.function
    def go(x):
        held.append(1)
        tf.debugging.assert_positive(x)
        return x * len(held)

    go(tf.constant(1.0))
    with pytest.raises(tf.errors.InvalidArgumentError):
        go(tf.constant(-1.0))
    assert held == [1]


def test_arguments_that_are_changed_are_refused():
    @tf.function
    def go(given, x):
        given.append(x)
        return tf.add_n(given)

    with pytest.raises(ValueError, match="should not modify its Python input arguments"):
        go([tf.constant(1.0)], tf.constant(2.0))


def test_a_later_call_may_turn_out_to_need_gradients():
    gradients = getattr(tf, "gradients")  # noqa: B009 - its name would tell that the function is to be recorded
    held = []

    @tf.function
    def f(x, flag):
        held.append(x)
        held.append(x)
        y = held.pop() * x
        result = gradients(y, x)[0] if flag > 0 else y
        return result + float(len(held))

    results = [float(f(tf.constant(x), tf.constant(flag))) for x, flag in ((2.0, -1), (3.0, 1), (4.0, 1), (5.0, -1))]
    assert results == [5.0, 7.0, 9.0, 26.0]
    assert len(held) == 1
