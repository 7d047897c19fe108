"""tf.function(jit_compile=True): bodies of tensor operations become programs, others run as they are and say so."""

import warnings

import pytest

from kerasish import tf
from kerasish.tf import compiling


@pytest.fixture
def soon(monkeypatch):
    monkeypatch.setattr(compiling, "CALLS", 3)
    monkeypatch.setattr(compiling.torch, "compile", lambda module: module)  # the compiler itself takes a minute


def test_a_body_of_tensor_operations_is_compiled_after_some_calls(soon):
    @tf.function(jit_compile=True)
    def f(x, y):
        return {"sum": tf.reduce_sum(tf.nn.relu(x) * y, axis=0), "x": x}

    x, y = tf.constant([[1.0, -2.0], [3.0, 4.0]]), tf.constant([[2.0, 2.0], [2.0, 2.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(6):
            result = f(x, y)
    assert result["sum"].numpy().tolist() == [8.0, 8.0]
    assert next(iter(f._traces.by_key.values())).program._compiled is not None
    with tf.GradientTape() as tape:  # gradients need the operations
        tape.watch(x)
        total = tf.reduce_sum(f(x, y)["sum"])
    assert tape.gradient(total, x).numpy().tolist() == [[2.0, 0.0], [2.0, 2.0]]


def test_a_body_that_does_more_runs_as_it_is_and_says_so_once(soon):
    v = tf.Variable(0.0)

    @tf.function(jit_compile=True)
    def f(x):
        v.assign_add(x)
        return v * 1.0

    with pytest.warns(
        UserWarning, match=r"'f' was to be compiled \(jit_compile=True\) but runs operation by operation"
    ) as told:
        results = [float(f(tf.constant(1.0))) for _ in range(6)]
    assert results == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    assert len(told) == 1
