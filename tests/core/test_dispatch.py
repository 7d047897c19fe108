"""Operations: how little stands between the call and torch, and that the short ways give what the long ones do."""

import numpy as np
import pytest
import torch
from call_counts import python_calls
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish import Input, Model, ops, tf

A = np.arange(12, dtype="float32").reshape(3, 4) - 5
B = np.linspace(1, 3, 12, dtype="float32").reshape(3, 4)


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


# Calls of operations on Tensors → the most Python functions that may be entered, with a tape or without.
FEW = {
    "a * 2.0": 1, "2.0 * a": 2, "a / b": 1, "a == b": 2, "a[0]": 2, "a[:, 1:2]": 6, "a + v": 3, "v * a": 5,
    "tf.multiply(a, b)": 1, "tf.divide(a, 2.0)": 2, "tf.pow(a, 2.0)": 1, "tf.equal(a, b)": 2, "tf.exp(x=a)": 1,
    "tf.maximum(a, 0.5)": 2, "tf.add(a, v)": 3, "tf.matmul(a, b, transpose_b=True)": 3, "tf.nn.softmax(a, axis=-1)": 3,
    "tf.reduce_sum(a)": 2, "tf.reduce_sum(a, axis=1, keepdims=True)": 3, "tf.reduce_mean(a, axis=[0, 1])": 3,
    "tf.reduce_max(a)": 3, "tf.argmax(a, axis=1)": 4, "tf.cast(a, tf.int32)": 4, "tf.cast(a, tf.float64)": 3,
    "tf.reshape(a, [4, -1])": 2, "tf.transpose(a)": 2, "tf.expand_dims(a, 0)": 2, "tf.squeeze(a[None], axis=0)": 6,
    "tf.concat([a, b], axis=0)": 3, "tf.stack([a, b])": 3, "tf.where(a > b, a, 0.0)": 4, "tf.gather(a, i)": 4,
    "tf.clip_by_value(a, 0.0, 1.0)": 3, "tf.unstack(a)": 7, "tf.zeros_like(a)": 4, "tf.zeros((2, 3))": 6,
    "tf.range(5)": 4, "tf.identity(a)": 2, "tf.stop_gradient(a)": 2,
    "ops.add(a, 1.0)": 2, "ops.matmul(a, b.T)": 9, "ops.sum(a, axis=-1)": 4, "ops.mean(a)": 3, "ops.max(a, axis=1)": 4,
    "ops.reshape(a, (4, 3))": 2, "ops.transpose(a, (1, 0))": 2, "ops.stack([a, b], axis=1)": 3, "ops.clip(a, 0, 1)": 2,
    "ops.concatenate([a, b], axis=-1)": 4, "ops.where(a > 0, a, b)": 4, "ops.cast(a, 'int32')": 6, "ops.relu(a)": 2,
    "ops.expand_dims(a, -1)": 2, "ops.squeeze(a[None], 0)": 6, "ops.einsum('ij,kj->ik', a, b)": 7, "ops.arange(4)": 5,
}  # fmt: skip


@pytest.mark.parametrize("text", FEW)
@pytest.mark.parametrize("recorded", [False, True])
def test_the_most_used_operations_enter_few_functions(text, recorded):
    a, b, v, i = tf.constant(A), tf.constant(B), tf.Variable(A), tf.constant([0, 2])
    call = eval(f"lambda: {text}", {"a": a, "b": b, "v": v, "i": i, "tf": tf, "ops": ops})
    if not recorded:
        assert python_calls(call) <= FEW[text]
        return
    with tf.GradientTape() as tape:
        tape.watch([a, b])
        assert python_calls(call) <= FEW[text] + 3


def test_arguments_by_position_and_by_name_and_of_other_kinds_give_the_same():
    expected = A.sum(1, keepdims=True)
    for x in (tf.constant(A), tf.Variable(A), A, A.tolist()):
        for result in (
            tf.reduce_sum(x, 1, True, "s"),
            tf.reduce_sum(x, axis=[1], keepdims=True),
            tf.reduce_sum(keepdims=True, axis=tf.constant(1), input_tensor=x),
            ops.sum(x, keepdims=True, axis=-1),
        ):
            assert isinstance(result, tf.Tensor)
            np.testing.assert_allclose(result, expected, rtol=1e-6)
    assert type(ops.sum(torch.from_numpy(A), 1)) is type(tf.reduce_sum(torch.from_numpy(A), 1)) is torch.Tensor


def test_symbolic_calls_keep_what_was_given():
    x = Input((4,))
    model = Model(x, ops.sum(ops.concatenate([x, ops.clip(x, 0, 1)], axis=-1), 1, keepdims=True))
    again = Model.from_config(model.get_config())
    np.testing.assert_allclose(again(A), model(A), rtol=1e-6)
    np.testing.assert_allclose(model(A)[:, 0], A.sum(1) + A.clip(0, 1).sum(1), rtol=1e-6)


def test_gradients_that_come_with_other_arguments_than_the_tensors_are_recorded():
    x, low = tf.constant([1.0, 2.0]), tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = ops.clip(x, low * 2.0, 10.0) + ops.max(x, initial=low * 1.0)
    assert float(tape.gradient(y, low)) == 6.0


@pytest.mark.parametrize("target", ["int32", "int64"])
@pytest.mark.parametrize("source", ["float16", "bfloat16", "float32", "float64"])
def test_floats_that_no_integer_holds_become_the_smallest_one(source, target):
    values = tf.cast(tf.constant([np.nan, np.inf, -np.inf, 1.75, -2.5] * 9, tf.float64), source)
    smallest = np.iinfo(target).min
    expected = np.array([smallest, smallest, smallest, 1, -2] * 9)
    np.testing.assert_array_equal(tf.cast(values, target), expected)
    np.testing.assert_array_equal(tf.cast(values[::2], target), expected[::2])


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


@pytest.mark.parametrize(
    "call",
    [
        lambda: ops.relu(None),
        lambda: ops.add(None, 1.0),
        lambda: ops.add(1.0, None),
        lambda: tf.one_hot(None, 3),
        lambda: ops.scatter_update(np.ones((2, 2)), [[0, 0]], None),
    ],
)
def test_none_is_no_tensor(call):
    with pytest.raises(ValueError, match="Attempt to convert a value \\(None\\)"):
        call()


def test_text_is_no_index():
    with pytest.raises(TypeError, match="text was given"):
        ops.scatter_update(np.ones((2, 2)), [[0, 0]], ["a"])


def test_arrays_of_floats_are_indices_of_tf_one_hot_only_where_they_are_no_tensors():
    for indices in (np.array([1.0, 0.0]), np.array([1.0, 0.0], "float16"), [True, False]):
        np.testing.assert_array_equal(tf.one_hot(indices, 2), [[0, 1], [1, 0]])
    assert tf.one_hot([], 3).shape == (0, 3)
    for indices in ([1.0, 0.0], tf.constant([1.0, 0.0])):
        with pytest.raises(tf.errors.InvalidArgumentError, match="not in the list of allowed values"):
            tf.one_hot(indices, 2)


def test_small_integers_are_indices():
    assert tf.gather(tf.constant([1.0, 2.0]), np.array([1], "int16")).numpy() == [2.0]
    assert tf.nn.embedding_lookup(tf.constant([[1.0], [2.0]]), np.array([1], "int16")).numpy() == [[2.0]]


@pytest.mark.parametrize("function", ["add", "matmul"])
def test_an_array_that_comes_first_has_its_own_dtype(function):
    x, a = tf.eye(2), np.eye(2)
    assert getattr(tf, function)(x, a).dtype == "float32"
    with pytest.raises(tf.errors.InvalidArgumentError, match="expected to be a double tensor but is a float tensor"):
        getattr(tf, function)(a, x)
