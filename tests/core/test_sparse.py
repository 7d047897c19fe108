"""SparseTensor: its parts, its printing, and what its operators do with dense tensors."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from kerasish import tf


def sparse(values=(1.0, 2.0), shape=(3, 4)):
    return tf.SparseTensor([[0, 1], [2, 0]], values, shape)


def dense(x):
    return x._numpy()


def test_a_sparse_tensor_prints_its_parts():
    assert str(sparse()) == (
        "SparseTensor(indices=tf.Tensor(\n[[0 1]\n [2 0]], shape=(2, 2), dtype=int64), values=tf.Tensor([1. 2.], "
        "shape=(2,), dtype=float32), dense_shape=tf.Tensor([3 4], shape=(2,), dtype=int64))"
    )


def test_the_parts_are_tensors():
    s = sparse()
    assert s.indices.dtype == "int64" and s.dense_shape.numpy().tolist() == [3, 4]
    assert s.shape == (3, 4) and s.get_shape() == (3, 4) and s.dtype == "float32" and s.consumers() == []
    assert tf.is_tensor(s) and not hasattr(s, "op") and not hasattr(s, "numpy")


@pytest.mark.parametrize(
    ("parts", "kind", "words"),
    [
        (([0, 1], [1.0], [3, 4]), ValueError, "must have rank 2"),
        (([[0, 1]], [1.0, 2.0], [3, 4]), ValueError, "Dimensions 1 and 2"),
        (([[0, 1]], [[1.0]], [3, 4]), ValueError, "must have rank 1"),
        (([[0, 1]], [1.0], [3, 4, 5]), ValueError, "Dimensions 2 and 3"),
        (([[0.5, 1]], [1.0], [3, 4]), TypeError, "int64"),
        ((tf.constant([[0, 1]]), [1.0], [3, 4]), ValueError, "indices: Tensor conversion requested dtype int64"),
        (([[0, 1]], sparse(), [3, 4]), ValueError, "Attempt to convert a value"),
        (([[0, 1]], [1.0], [-3, 4]), ValueError, "must be >= 0"),
    ],
)
def test_parts_that_do_not_fit_are_refused(parts, kind, words):
    with pytest.raises(kind, match=words):
        tf.SparseTensor(*parts)


def test_numpy_indices_of_any_integers_are_taken():
    made = tf.SparseTensor(np.array([[0, 1]], np.int32), [1.0], np.array([3, 4], np.int32))
    assert made.indices.dtype == "int64"


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda s, d: s * d, [3, 6]),
        (lambda s, d: d * s, [3, 6]),
        (lambda s, d: s / d, [1 / 3, 2 / 3]),
        (lambda s, d: s * 2, [2, 4]),
        (lambda s, d: s * tf.constant([1.0, 2.0, 3.0, 4.0]), [2, 2]),
        (lambda s, d: s * np.full([3, 1], 5.0, np.float32), [5, 10]),
        (lambda s, d: tf.Variable(d) * s, [3, 6]),
        (lambda s, d: s * tf.Variable(d), [3, 6]),
    ],
)
def test_dense_tensors_are_read_at_the_places(function, expected):
    out = function(sparse(), tf.fill([3, 4], 3.0))
    assert isinstance(out, tf.SparseTensor) and out.shape == (3, 4)
    np.testing.assert_allclose(out.values.numpy(), expected, rtol=1e-6)


def test_integers_are_divided_in_double():
    assert (sparse([1, 2]) / 2).values.dtype == "float64"


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        (lambda s, d: s + d, ValueError),
        (lambda s, d: d + s, ValueError),
        (lambda s, d: d / s, ValueError),
        (lambda s, d: d - s, ValueError),
        (lambda s, d: s * s, ValueError),
        (lambda s, d: s == d, ValueError),
        (lambda s, d: d @ s, ValueError),
        (lambda s, d: s * tf.ones([3, 4], "float64"), ValueError),
        (lambda s, d: s * tf.ones([4, 4]), tf.errors.InvalidArgumentError),
        (lambda s, d: s * tf.ones([2, 3, 4]), tf.errors.InvalidArgumentError),
        (lambda s, d: 2.0 * s, TypeError),
        (lambda s, d: s + s, TypeError),
        (lambda s, d: -s, TypeError),
        (lambda s, d: s[0], TypeError),
        (lambda s, d: tf.convert_to_tensor(s), ValueError),
        (lambda s, d: tf.exp(s), ValueError),
    ],
)
def test_other_operators_are_refused(function, kind):
    with pytest.raises(kind):
        function(sparse(), tf.ones([3, 4]))


def test_values_can_be_exchanged():
    assert sparse().with_values([3, 4]).dtype == "int32"
    with pytest.raises(ValueError, match="Dimensions 2 and 1"):
        sparse().with_values([3.0])


def test_a_triple_of_parts_is_a_value():
    value = tf.compat.v1.SparseTensorValue([[0, 1]], [1.0], [3, 4])
    assert tf.SparseTensor.from_value(value).shape == (3, 4)
    with pytest.raises(TypeError, match="neither a SparseTensor nor SparseTensorValue"):
        tf.SparseTensor.from_value(3)


def test_it_is_printed_by_the_contents_of_its_parts(capsys):
    tf.print(sparse(), [sparse()], {"s": tf.sparse.from_dense(["", "b"])})
    numbers = "'SparseTensor(indices=[[0 1]\n [2 0]], values=[1 2], shape=[3 4])'"
    text = "'SparseTensor(indices=[[1]], values=[\"b\"], shape=[2])'"
    assert capsys.readouterr().err == f"{numbers} [{numbers}] {{'s': {text}}}\n"


def test_a_known_shape_is_checked():
    sparse().set_shape([3, None])
    with pytest.raises(ValueError, match="incompatible"):
        sparse().set_shape([2, None])


def test_gradients_reach_values_and_dense_operands():
    s, d = sparse(), tf.Variable(tf.fill([3, 4], 3.0))
    with tf.GradientTape() as tape:
        tape.watch(s.values)
        loss = tf.reduce_sum((s * d).values ** 2)
    by_values, by_dense = tape.gradient(loss, [s.values, d])
    np.testing.assert_allclose(by_values.numpy(), [18, 36])
    np.testing.assert_allclose(by_dense.numpy(), [[0, 6, 0, 0], [0, 0, 0, 0], [24, 0, 0, 0]])


def test_copies_and_pickles_are_equal():
    for other in (copy.copy(sparse()), copy.deepcopy(sparse()), pickle.loads(pickle.dumps(sparse()))):
        np.testing.assert_array_equal(dense(other), dense(sparse()))
