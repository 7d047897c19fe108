"""``experimental_enable_numpy_behavior``: promotion, methods and indexing; the numbers are NumPy's."""

import numpy as np
import pytest

from kerasish import tf
from kerasish.tf.experimental.numpy import behavior

tnp = tf.experimental.numpy


@pytest.fixture
def numpy_behavior():
    """Enabled for one test."""
    yield tnp.experimental_enable_numpy_behavior
    behavior.disable()


def test_without_it_dtypes_must_agree_and_tensors_lack_numpys_methods():
    x = tf.constant([1, 2])
    with pytest.raises((tf.errors.InvalidArgumentError, TypeError)):
        x + tf.constant([1.5, 2.5])
    assert not hasattr(x, "astype")


@pytest.mark.parametrize(
    ("expression", "dtype", "values"),
    [
        ("x + 1.5", "float64", [[2.5, 3.5], [4.5, 5.5]]),
        ("1.5 + x", "float64", [[2.5, 3.5], [4.5, 5.5]]),
        ("x + tf.constant([1.5, 2.5])", "float64", [[2.5, 4.5], [4.5, 6.5]]),
        ("x // 2", "int32", [[0, 1], [1, 2]]),
        ("x > 1.5", "bool", [[False, True], [True, True]]),
        ("x == tf.constant([1.0, 2.0])", "bool", [[True, True], [False, False]]),
        ("x @ tf.constant([[1.0], [2.0]])", "float64", [[5], [11]]),
        ("tf.constant([1.0]) + [1, 2]", "float32", [2, 3]),
        ("tf.constant([True]) + 1", "int64", [2]),
        ("v + x", "float64", [[2, 4], [4, 6]]),
        ("v + 1", "float32", [2, 3]),
        ("x.T", "int32", [[1, 3], [2, 4]]),
        ("x.astype(float)", "float32", [[1, 2], [3, 4]]),
        ("x.reshape(4, order='F')", "int32", [1, 3, 2, 4]),
        ("x.reshape(2, 2, 1)", "int32", [[[1], [2]], [[3], [4]]]),
        ("x.mean()", "float64", 2.5),
        ("x.max(0)", "int32", [3, 4]),
        ("x.min(axis=1, keepdims=True)", "int32", [[1], [3]]),
        ("x.clip(2, 3)", "int32", [[2, 2], [3, 3]]),
        ("x[[1, 0]]", "int32", [[3, 4], [1, 2]]),
        ("x[:, [1, 0]]", "int32", [[2, 1], [4, 3]]),
        ("x[[0, 1], [1, 0]]", "int32", [2, 3]),
        ("x[x > 2]", "int32", [3, 4]),
        ("x[None, [0]]", "int32", [[[1, 2]]]),
        ("x[-1]", "int32", [3, 4]),
    ],
)
def test_enabled_gives_numpys_results(numpy_behavior, expression, dtype, values):
    numpy_behavior()
    names = {"x": tf.constant([[1, 2], [3, 4]]), "v": tf.Variable([1.0, 2.0]), "tf": tf}
    out = eval(expression, names)
    assert out.dtype == dtype
    np.testing.assert_array_equal(out.numpy(), values)


def test_enabled_keeps_gradients(numpy_behavior):
    numpy_behavior()
    x = tf.constant([1.0, 2.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tnp.sum((x * np.float64(2.0)).reshape(2, 1) ** 2)
    np.testing.assert_array_equal(tape.gradient(y, x).numpy(), [8, 16])


def test_prefer_float32(numpy_behavior):
    numpy_behavior(prefer_float32=True)
    assert tnp.array([1.5]).dtype == "float32"
    assert tnp.asarray(np.float64(1.5)).dtype == "float32"  # a float of Python's, too
    assert tnp.add(1, 1.5).dtype == "float32"
    assert tnp.zeros(2).dtype == "float64"  # as in TensorFlow: only values are float32


def test_other_modes_are_refused(numpy_behavior):
    with pytest.raises(ValueError, match="The provided promotion mode new does not exist"):
        numpy_behavior(dtype_conversion_mode="new")


@pytest.mark.parametrize("expression", ["x @ x", "x @ tf.constant([1.0, 2.0])", "v @ x", "[1, 2] @ x"])
def test_vectors_have_products_with_numpys_promotion(numpy_behavior, expression):
    numpy_behavior()
    names = {"tf": tf, "x": tf.constant([1, 2]), "v": tf.Variable([1.0, 2.0])}
    assert eval(expression, names).numpy() == 5


def test_gradient_through_functions():
    x = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
    with tf.GradientTape() as tape:
        y = tnp.sum(tnp.dot(tnp.log(x), tnp.ones((2, 1))))
    np.testing.assert_allclose(tape.gradient(y, x).numpy(), 1 / x.numpy(), rtol=1e-6)


def test_tuples_within_a_key_pick_elements(numpy_behavior):
    numpy_behavior()
    x, a = tnp.arange(24).reshape(2, 3, 4), np.arange(24).reshape(2, 3, 4)
    np.testing.assert_array_equal(x[:, (True, False, True)], a[:, (True, False, True)])
    np.testing.assert_array_equal(x[1, (0, 0, 1), tnp.asarray([0, 1, 1])], a[1, (0, 0, 1), [0, 1, 1]])


@pytest.mark.parametrize(
    "expression",
    [
        "tnp.negative(u)",
        "tnp.abs(u)",
        "tnp.power(u, u)",
        "tnp.square(b)",
        "tnp.subtract(b, b)",
        "tnp.cumsum(b)",
        "tnp.sort(b)",
        "tnp.dot(u, u)",
        "tnp.matmul(s, s)",
        "tnp.nansum(c)",
        "tnp.arctan2(i, i)",
        "tnp.gcd(u, u)",
        "tnp.vander(b)",
    ],
)
def test_dtypes_that_have_no_kernel(numpy_behavior, expression):
    numpy_behavior()
    names = {
        name: tf.cast([1, 2], dtype) for name, dtype in zip("ubsci", ("uint8", "bool", "int16", "complex64", "int32"))
    }
    with pytest.raises(tf.errors.InvalidArgumentError):
        eval(expression, names | {"tnp": tnp})


@pytest.mark.parametrize(
    ("expression", "dtype"),
    [
        ("tnp.exp(tf.constant(1, tf.bfloat16))", "float64"),
        ("tnp.log10(tf.constant(1.0))", "float64"),
        ("tnp.hypot(tf.constant(1.0), 2)", "float64"),
        ("tnp.geomspace(1, 8, 4)", "float64"),
        ("tnp.linspace(tf.constant(0.0), 1, 3)", "float32"),
        ("tnp.equal(tf.constant(1), 1.5)", "bool"),
        ("tnp.cumsum(tf.constant([1], tf.uint64))", "float64"),
        ("tnp.average(tf.constant([1.0], tf.bfloat16))", "float64"),
        ("tnp.argsort([2, 1])", "int64"),
    ],
)
def test_dtypes_of_functions(numpy_behavior, expression, dtype):
    numpy_behavior()
    assert eval(expression, {"tf": tf, "tnp": tnp}).dtype == dtype
