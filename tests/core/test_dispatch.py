"""Operations: how little stands between the call and torch, and that the short ways give what the long ones do."""

import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish import ops, tf

A = np.arange(12, dtype="float32").reshape(3, 4) - 5
B = np.linspace(1, 3, 12, dtype="float32").reshape(3, 4)


def python_calls(function):
    """How many Python functions a call enters."""
    count = 0

    def note(frame, event, argument):
        nonlocal count
        count += event == "call"

    function()
    sys.setprofile(note)
    try:
        function()
    finally:
        sys.setprofile(None)
    return count - 1


@pytest.mark.parametrize(
    ("call", "most"),
    [
        (lambda a, b: a + b, 2),
        (lambda a, b: a * 2.0, 3),
        (lambda a, b: 2.0 - a, 6),
        (lambda a, b: a > b, 2),
        (lambda a, b: -a, 2),
        (lambda a, b: a[1], 2),
        (lambda a, b: tf.add(a, b), 3),
        (lambda a, b: tf.add(a, 1.0), 3),
        (lambda a, b: tf.nn.relu(a), 3),
        (lambda a, b: tf.exp(a), 3),
        (lambda a, b: tf.maximum(a, b), 5),
        (lambda a, b: ops.add(a, b), 3),
    ],
)
def test_an_operation_on_tensors_enters_few_functions(call, most):
    a, b = tf.constant(A), tf.constant(B)
    assert python_calls(lambda: call(a, b)) - 1 <= most  # itself not counted


BINARY = {
    "add": (lambda a, b: a + b, tf.add),
    "subtract": (lambda a, b: a - b, tf.subtract),
    "multiply": (lambda a, b: a * b, tf.multiply),
    "maximum": (None, tf.maximum),
    "greater": (lambda a, b: a > b, tf.greater),
}


@pytest.mark.parametrize("name", BINARY)
def test_tensors_variables_arrays_and_numbers_give_the_same(name):
    operator, function = BINARY[name]
    expected = getattr(np, name)(A, B)
    forms = [tf.constant, tf.Variable, np.asarray]
    for left in forms:
        for right in forms:
            a, b = left(A), right(B)
            np.testing.assert_array_equal(function(a, b), expected)
            np.testing.assert_array_equal(function(y=b, x=a), expected)
            if operator is not None and left is not np.asarray:
                np.testing.assert_array_equal(operator(a, b), expected)
                np.testing.assert_array_equal(operator(a, 2.0), getattr(np, name)(A, np.float32(2)))
    torch_result = ops.add(torch.from_numpy(A), torch.from_numpy(B))
    assert type(torch_result) is torch.Tensor


def test_gradients_pass_tensors_and_variables_and_numbers():
    v, x = tf.Variable(B), tf.constant(A)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = (x + v) * (v - x) * 2.0 / tf.add(v, 1.0) - tf.multiply(x, v)
    dx, dv = tape.gradient(y, [x, v])
    assert tape.watched_variables()[0] is v
    np.testing.assert_allclose(dx, -4 * A / (B + 1) - B, rtol=1e-5)
    np.testing.assert_allclose(dv, 4 * B / (B + 1) - 2 * (B**2 - A**2) / (B + 1) ** 2 - A, rtol=1e-4)
    with tf.GradientTape() as tape:
        z = y + v  # y belongs to another recording
    assert tape.gradient(z, x) is None
    assert not (x + v)._t.requires_grad and not tf.add(y, v)._t.requires_grad


def test_results_keep_their_values_when_a_variable_is_assigned():
    v, x = tf.Variable(B), tf.constant(np.zeros_like(B))
    results = [x + v, tf.add(x, v), tf.maximum(x, v), v[0:2], v[1]]
    before = [np.asarray(r) for r in results]
    v.assign(-B)
    for result, then in zip(results, before):
        np.testing.assert_array_equal(result, then)


@pytest.mark.parametrize("call", [lambda a, b: a + b, tf.add, lambda a, b: b - a, tf.maximum])
def test_mixed_dtypes_are_refused(call):
    with pytest.raises((tf.errors.InvalidArgumentError, TypeError)):
        call(tf.constant(A), tf.constant(B, tf.float64))
    with pytest.raises((tf.errors.InvalidArgumentError, TypeError)):
        call(tf.constant(A), tf.Variable(B.astype("float64")))
    with pytest.raises((tf.errors.InvalidArgumentError, TypeError, ValueError)):
        call(tf.constant([1, 2]), 1.5)


def test_shapes_that_do_not_fit_are_told_and_unequal_ones_compare_as_unequal():
    with pytest.raises(tf.errors.InvalidArgumentError, match="Incompatible shapes"):
        tf.constant(A) + tf.Variable(np.ones(3, "float32"))
    with pytest.raises(tf.errors.InvalidArgumentError):
        tf.add(tf.constant(A), tf.constant([1.0, 2.0, 3.0]))
    assert not (tf.constant([1, 2]) == tf.constant([1, 2, 3])).numpy()
    np.testing.assert_array_equal(tf.constant([[1], [2]]) == tf.constant([1, 2]), [[True, False], [False, True]])


def test_arguments_are_counted_as_python_does():
    for call in (lambda: tf.add(tf.constant(A)), lambda: tf.exp(), lambda: tf.exp(tf.constant(A), nonsense=1)):
        with pytest.raises(TypeError):
            call()


_bound = st.none() | st.integers(-5, 5)
_step = st.none() | st.integers(-3, 3).filter(bool)
_index = st.integers(-4, 4) | st.builds(slice, _bound, _bound, _step) | st.just(...) | st.none()


@settings(deadline=None, max_examples=30)
@given(key=_index | st.lists(_index, max_size=3).map(tuple))
def test_indices_give_what_numpy_gives(key):
    array = np.arange(24).reshape(4, 3, 2)
    parts = key if isinstance(key, tuple) else (key,)
    try:
        expected = array[key]
    except IndexError:
        expected = None
    if sum(part is ... for part in parts) > 1 or expected is None:
        with pytest.raises(tf.errors.InvalidArgumentError):
            tf.constant(array)[key]
    else:
        np.testing.assert_array_equal(tf.constant(array)[key], expected)
