"""Weak tensors: what makes them, how they print, what keeps them weak, and that a mode leaves no trace."""

import copy

import numpy as np
import pytest

from kerasish import tf
from kerasish.core.tensor import Tensor
from kerasish.core.variable import TFVariable, Variable
from kerasish.tf import weak
from kerasish.tf.experimental.numpy import behavior

tnp = tf.experimental.numpy


@pytest.fixture
def promoting():
    """Enables a mode for one test."""
    yield lambda mode="all": tnp.experimental_enable_numpy_behavior(dtype_conversion_mode=mode)
    behavior.disable()


def is_weak(value):
    assert isinstance(value, Tensor)
    return isinstance(value, weak.WeakTensor)


def test_prints_that_it_is_weak(promoting):
    promoting()
    x = tf.constant(5)
    assert repr(x) == "<tf.Tensor: shape=(), dtype=int32, numpy=5, weak=True>"
    assert str(x) == "tf.Tensor(5, shape=(), dtype=int32, weak=True)"
    assert f"{x}" == "5 weakly typed"
    assert type(x).__name__ == "EagerWeakTensor"
    assert repr(x.to_tensor()) == repr(x.tensor) == "<tf.Tensor: shape=(), dtype=int32, numpy=5>"


@pytest.mark.parametrize(
    ("expression", "dtype", "weakly"),
    [
        ("tf.constant(5)", "int32", True),
        ("tf.constant([5.0, 10.0, 3])", "float32", True),
        ("tf.constant(1j)", "complex128", True),
        ("tf.constant([])", "float32", True),
        ("tf.constant(5, tf.int32)", "int32", False),
        ("tf.constant(True)", "bool", False),
        ("tf.constant(np.float64(1))", "float64", False),
        ("tf.constant(tf.constant(10, tf.int16), tf.float32)", "float32", False),
        ("tf.convert_to_tensor(5)", "int32", False),
        ("tf.convert_to_tensor(w)", "int32", False),
        ("tf.cast(w, tf.int32)", "int32", False),
        ("tf.math.abs([100.0, 4.0])", "float32", True),
        ("-w", "int32", True),
        ("w / 2", "float64", True),
        ("w + 1.5", "float32", True),
        ("w + tf.constant(3.1, tf.float16)", "float16", False),
        ("np.array(3.2, np.float16) + tf.constant(1, tf.int8) + w", "float16", False),
        ("tf.constant(1, tf.int8) + tf.constant(1, tf.uint32)", "int64", False),
        ("tf.constant(1, tf.uint64) + tf.constant(1, tf.int8)", "float64", True),
        ("tf.constant(True) * 2", "bool", False),
        ("2 ** f", "float32", False),
        ("w == 5.0", "bool", False),
        ("w[...]", "int32", False),
        ("list(tf.constant([1, 2]))[0]", "int32", True),
        ("tf.add(np.array(1, np.int8), w)", "int8", False),
        ("tf.maximum(w, 2.5)", "float32", False),
        ("tf.reduce_mean([1, 2])", "int32", True),
        ("tf.concat([w[None], w[None]], 0)", "int32", False),
        ("tf.function(lambda x: x * 2)(2)", "int32", True),
        ("tf.function(lambda x: x * 2)(w)", "int32", True),
        ("tf.function(lambda x: x, input_signature=[tf.TensorSpec([], tf.int32)])(w)", "int32", False),
        ("tf.Variable(w) + 1", "int32", False),
        ("v * 2", "float32", False),
        ("w.T", "int32", True),
        ("w.reshape(1, 1)", "int32", True),
        ("w.astype(tf.float32)", "float32", False),
        ("tnp.array(1.0)", "float32", True),
        ("tnp.sum([1, 2])", "int32", True),
        ("tnp.add(1, 2.5)", "float64", False),
        ("tnp.log10(w)", "float64", True),
        ("tnp.argsort([2, 1])", "int32", False),
        ("tnp.zeros(2)", "float32", False),
        ("tf.keras.layers.Dense(2)(tf.constant([[1.0, 2.0]]))", "float32", False),
        ("tf.math.erfcinv(f)", "float64", False),
        ("tf.linalg.matvec([[1, 2]], [1.0, 2.0])", "float32", False),
    ],
)
def test_dtype_and_weakness_of_results(promoting, expression, dtype, weakly):
    promoting()
    names = {"tf": tf, "tnp": tnp, "np": np, "w": tf.constant(5), "f": tf.constant([1.5], tf.float32)}
    out = eval(expression, names | {"v": tf.Variable([1.5])})
    assert (out.dtype, is_weak(out)) == (dtype, weakly)


@pytest.mark.parametrize(("first", "second"), [("int32", "float32"), ("int8", "uint32"), ("float16", "bfloat16")])
def test_safe_mode_refuses_where_all_promotes(promoting, first, second):
    a, b = tf.ones([], first), tf.ones([], second)
    promoting("all")
    assert float(a + b) == 2
    promoting("safe")
    for operation in (lambda: a + b, lambda: tf.multiply(a, b), lambda: tf.Variable(a) - b, lambda: a == b):
        with pytest.raises(TypeError, match="In promotion mode PromoMode.SAFE"):
            operation()


def test_assignments_convert_what_the_variable_can_hold(promoting):
    promoting()
    v = tf.Variable(10, dtype=tf.int32)
    v.assign_add(tf.constant(5, tf.int16))
    v.assign_sub(1)
    assert v.numpy() == 14
    x = tf.Variable(1.0)
    x.assign(2)
    assert x.numpy() == 2
    with pytest.raises(
        TypeError, match=r"Variable dtype is immutable. Calling assign of Variable \(with dtype <dtype: 'int32'>\)"
    ):
        v.assign(2.5)


def test_comparisons_other_than_equality_do_not_promote(promoting):
    promoting()
    with pytest.raises(tf.errors.InvalidArgumentError):
        tf.constant(1) < tf.constant(1.5, tf.float32)  # noqa: B015


def test_gradients_of_weak_tensors_are_weak(promoting):
    promoting()
    x, y = tf.constant([1.0, 2.0]), tf.constant([3.0, 4.0], tf.float32)
    with tf.GradientTape() as tape:
        tape.watch([x, y])
        z = tf.reduce_sum(x * x * y)
    dx, dy = tape.gradient(z, [x, y])
    np.testing.assert_array_equal(dx.numpy(), [6, 16])
    np.testing.assert_array_equal(dy.numpy(), [1, 4])
    assert is_weak(dx)
    assert not is_weak(dy)


def test_copies_are_the_same_object(promoting):
    promoting()
    x = tf.constant(1)
    assert copy.copy(x) is x
    assert copy.deepcopy(x) is x


def test_only_some_dtypes_can_be_weak():
    with pytest.raises(TypeError, match="not allowed as a weak type"):
        weak.WeakTensor.from_tensor(tf.constant(1, tf.int8))
    with pytest.raises(tf.errors.InvalidArgumentError, match="WeakTensor can only be constructed from"):
        weak.WeakTensor.from_tensor(1)


def members():
    classes = [Tensor, Variable, TFVariable, weak.WeakTensor, tf.GradientTape]
    spaces = [tf, tf.math, tf.nn, tf.linalg, tnp, tf.compat.v1]
    return [dict(vars(owner)) for owner in classes + spaces]


@pytest.mark.parametrize("modes", [("all",), ("safe", "all", "legacy"), ("legacy", "legacy", "off")])
def test_nothing_stays_exchanged(promoting, modes):
    before = members()
    for mode in modes:
        promoting(mode)
    assert members() != before
    behavior.disable()
    assert members() == before


def test_modes_may_be_changed(promoting):
    a, b = tf.constant(1, tf.int32), tf.constant(1.5, tf.float32)
    promoting("all")
    assert (a + b).dtype == "float32"
    promoting("legacy")
    assert (a + b).dtype == "float64"
    assert repr(tf.constant(5)) == "<tf.Tensor: shape=(), dtype=int32, numpy=5>"
    promoting("off")
    with pytest.raises(tf.errors.InvalidArgumentError):
        a + b


def test_names_of_tables_are_served():
    for table in (weak.UNARY, weak.BINARY, weak.COMPARING, weak.MEETING, weak.OF_WEAK, weak.EACH):
        for path, names in table.items():
            module = weak._modules(tf, path)[0]
            assert [name for name in names.split() if name not in vars(module)] == []


def test_training_in_a_mode(promoting):
    promoting()
    model = tf.keras.Sequential([tf.keras.layers.Lambda(lambda x: x * 2 + 1), tf.keras.layers.Dense(1)])
    model.compile("adam", "mse")
    history = model.fit(np.ones((8, 2)), np.ones((8, 1)), verbose=0)
    assert np.isfinite(history.history["loss"][0])
