"""keras.ops on sparse tensors: which keep them sparse, which give dense tensors, which refuse."""

from __future__ import annotations

import numpy as np
import pytest

import kerasish as keras
from kerasish import ops, tf


def sparse(values=(1.0, 2.0), indices=((0, 1), (2, 0)), shape=(3, 4)):
    return tf.SparseTensor(np.array(indices), values, shape)


OTHER = ((0, 1), (1, 1))


@pytest.mark.parametrize("name", ["abs", "sqrt", "tanh", "log1p", "expm1", "sin", "floor", "negative", "square"])
def test_functions_of_zero_that_are_zero_keep_places(name):
    s = sparse()
    out = getattr(ops, name)(s)
    assert isinstance(out, tf.SparseTensor) and out.raw_indices is s.raw_indices
    np.testing.assert_array_equal(out.values.numpy(), getattr(ops, name)(s.values).numpy())


@pytest.mark.parametrize("name", ["exp", "cos", "log", "reciprocal", "isfinite"])
def test_the_others_give_dense_tensors(name):
    out = getattr(ops, name)(sparse())
    np.testing.assert_array_equal(out.numpy(), getattr(ops, name)(sparse()._numpy()).numpy())


@pytest.mark.parametrize("name", ["relu", "softmax", "mean", "power", "sigmoid", "isnan"])
def test_what_has_no_rule_is_refused(name):
    with pytest.raises(ValueError, match="Attempt to convert a value"):
        getattr(ops, name)(*([sparse()] * (2 if name == "power" else 1)))


@pytest.mark.parametrize(
    ("name", "function"),
    [("add", np.add), ("subtract", np.subtract), ("maximum", np.maximum), ("minimum", np.minimum)],
)
def test_pairs_have_the_places_of_either(name, function):
    a, b = sparse(), sparse((-1.0, 2.0), OTHER)
    out = getattr(ops, name)(a, b)
    assert out.indices.numpy().tolist() == [[0, 1], [1, 1], [2, 0]]
    np.testing.assert_array_equal(out._numpy(), function(a._numpy(), b._numpy()))
    with_dense = getattr(ops, name)(a, np.ones((3, 4), "float32"))
    np.testing.assert_array_equal(with_dense.numpy(), function(a._numpy(), 1))


def test_products_have_the_places_of_both():
    out = ops.multiply(sparse(), sparse((-1.0, 2.0), OTHER))
    assert out.indices.numpy().tolist() == [[0, 1]] and out.values.numpy().tolist() == [-1]
    assert ops.multiply(2.0, sparse()).values.numpy().tolist() == [2, 4]
    assert ops.divide(sparse([1, 2]), 2).values.numpy().tolist() == [0.5, 1]


@pytest.mark.parametrize("second", ["dense", "sparse"])
def test_matrices_are_multiplied(second):
    a, b = sparse(), sparse((3.0, 1.0, 5.0), ((0, 2), (1, 0), (1, 1)), (4, 3))
    out = ops.matmul(a, b if second == "sparse" else b._numpy())
    assert isinstance(out, tf.SparseTensor) is (second == "sparse")
    np.testing.assert_array_equal(ops.convert_to_numpy(out), a._numpy() @ b._numpy())
    np.testing.assert_array_equal(ops.matmul(b._numpy(), a).numpy(), b._numpy() @ a._numpy())


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda s: ops.transpose(s), lambda d: d.T),
        (lambda s: ops.reshape(s, (2, -1)), lambda d: d.reshape(2, 6)),
        (lambda s: ops.expand_dims(s, 1), lambda d: d[:, None]),
        (lambda s: ops.squeeze(ops.expand_dims(s, 0)), lambda d: d),
        (lambda s: ops.sum(s, axis=1, keepdims=True), lambda d: d.sum(1, keepdims=True)),
        (lambda s: ops.concatenate([s, s], axis=1), lambda d: np.concatenate([d, d], 1)),
        (lambda s: ops.cast(s, "int32"), lambda d: d.astype("int32")),
    ],
)
def test_shapes_change_and_the_tensor_stays_sparse(function, expected):
    out = function(sparse())
    assert isinstance(out, tf.SparseTensor)
    np.testing.assert_array_equal(out._numpy(), expected(sparse()._numpy()))


def test_conversion_keeps_or_drops_sparseness():
    s = sparse()
    assert ops.convert_to_tensor(s) is s and ops.is_tensor(s) and ops.shape(s) == (3, 4)
    dense = ops.convert_to_tensor(s, "int32", sparse=False)
    assert dense.dtype == "int32" and dense.numpy().sum() == 3


def test_codes_can_be_sparse():
    one = ops.one_hot([0, -1, 2], 3, sparse=True)
    assert one.indices.numpy().tolist() == [[0, 0], [1, 0], [2, 2]] and one.values.numpy().tolist() == [1, 0, 1]
    assert ops.bincount([1, 1, 3], sparse=True).values.numpy().tolist() == [2, 1]
    assert ops.multi_hot([[0, 2]], 3, sparse=True).indices.numpy().tolist() == [[0, 0], [0, 2]]


def test_symbolic_tensors_know_that_they_are_sparse():
    x = keras.Input((4,), sparse=True)
    assert "sparse=True" in repr(x)
    assert ops.add(x, x).sparse and ops.abs(x).sparse and (x * 2.0).sparse
    assert not ops.exp(x).sparse and not ops.add(x, keras.Input((4,))).sparse
