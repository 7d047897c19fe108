"""Which functions are nothing but tensor operations: only of those is it known that they may run on many elements at once."""

from __future__ import annotations

import random

import numpy as np
import pytest
from data_checks import Dataset

import kerasish as keras
from kerasish import tf
from kerasish.tf import cast as cast_alone
from kerasish.tf.plain import is_plain

MEAN = np.array([0.5, 0.25], np.float32)
SCALES = [1.0, 2.0]
SIZE = (2, 1)
STRING = tf.constant("a")
seen = []
flag = True
variable = tf.Variable(1.0)
layer = keras.layers.ReLU()


def normalised(x, y, by=255.0):
    x = tf.cast(x, tf.float32) / by
    if x.shape.rank == 1:
        x = tf.expand_dims(x, -1)
    return tf.reshape(x, SIZE), tf.one_hot(y, 3)


@tf.function
def graph(x):
    return x * 2


def calls_another(d):
    d["x"] = graph(d["x"]) - 1
    d.update(y=len(d))
    return d


def loops(x):
    total = tf.zeros([2])
    for scale in SCALES:
        total += x * scale
    return total


PLAIN = {
    "arithmetic": lambda x, y: (x / 255.0, y),
    "operations": normalised,
    "tf.function": graph,
    "operation alone": tf.identity,
    "imported name": lambda x: cast_alone(x, "float32"),
    "keras.ops": lambda x: keras.ops.one_hot(x, 3),
    "an array": lambda x: (x - MEAN) / np.float32(2),
    "another function": calls_another,
    "builtins": lambda x: x[: len(x) // 2] ** abs(-2),
    "nested names": lambda x: tf.math.log(x + np.pi) + tf.float32.max,
    "keywords": lambda x: tf.reduce_sum(x, axis=-1, keepdims=True),
    "a star": lambda *parts: parts[0],
    "branches on shapes": lambda x: x if x.shape[0] == 2 else -x,
}


@pytest.mark.parametrize("name", PLAIN)
def test_tensor_operations_are_plain(name):
    assert is_plain(PLAIN[name])


def prints(x):
    print(x)
    return x


def counts(x):
    global flag
    flag = not flag
    return x


def tries(x):
    try:
        return float(x)
    except TypeError:
        return x


def raises(x):
    if x.shape.rank is None:
        raise ValueError("rank")
    return x


def imports(x):
    import math

    return x + math.pi


def generates(x):
    yield x


def nested(x):
    return tf.cond(x > 1, lambda: x, lambda: -x)


def closed_over():
    count = 0

    def step(x):
        nonlocal count
        count += 1
        return x

    return step


class Callable:
    def __call__(self, x):
        return x

    def method(self, x):
        return x


OTHER = {
    "print": prints,
    "tf.print": lambda x: tf.print(x) or x,
    "appends": lambda x: seen.append(1) or x,
    "appends to another name": lambda x, out=seen: out.append(1) or x,
    "global": counts,
    "nonlocal": closed_over(),
    "python's random": lambda x: x * random.random(),
    "numpy's random": lambda x: x * np.random.rand(),
    "tf.random": lambda x: x + tf.random.uniform([2]),
    "stateless random": lambda x: x + tf.random.stateless_uniform([2], [1, 2]),
    "dropout": lambda x: tf.nn.dropout(x, 0.5),
    "variable": lambda x: x * variable,
    "layer": lambda x: layer(x),
    "layer itself": layer,
    "numpy function": lambda x: np.sqrt(x),
    "py_function": lambda x: tf.py_function(np.sqrt, [x], tf.float32),
    "tf.strings": lambda x: tf.strings.length(x),
    "a text tensor": lambda x: (x, STRING),
    "reads the value": lambda x: x.numpy() + 1,
    "text of a value": lambda x: f"{x}",
    "tries": tries,
    "raises": raises,
    "imports": imports,
    "generator": generates,
    "functions in it": nested,
    "callable": Callable(),
    "method": Callable().method,
    "calls one that prints": lambda x: prints(x) + 1,
    "unknown name": lambda x: nothing_of_that_name(x),  # noqa: F821
    "unknown member": lambda x: tf.no_such_operation(x),
    "a dataset": lambda x: Dataset.from_tensors(x),
    "private": lambda x: x.__class__,
    "builtin type": int,
    "in place beside a list": loops,  # += might change the list
}


@pytest.mark.parametrize("name", OTHER)
def test_what_is_not_known_is_not_plain(name):
    assert not is_plain(OTHER[name])


def test_what_a_name_stands_for_now_counts(monkeypatch):
    function = lambda x: normalised(x, 1)  # noqa: E731
    assert is_plain(function)
    monkeypatch.setitem(globals(), "normalised", lambda x, y: prints(x))
    assert not is_plain(function)
