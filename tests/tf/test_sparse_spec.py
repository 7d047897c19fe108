"""SparseTensorSpec describes sparse tensors as TensorSpec does dense ones."""

from __future__ import annotations

import pickle

import pytest

from kerasish import tf

SPARSE = tf.SparseTensor([[0, 1]], [1.0], [3, 4])


def test_it_prints_as_tensorflows():
    assert repr(tf.SparseTensorSpec([None, 3])) == "SparseTensorSpec(TensorShape([None, 3]), tf.float32)"
    assert repr(tf.SparseTensorSpec()) == "SparseTensorSpec(TensorShape(None), tf.float32)"
    assert tf.type_spec_from_value(SPARSE) == tf.SparseTensorSpec([3, 4])


@pytest.mark.parametrize(
    ("spec", "fits"),
    [
        (tf.SparseTensorSpec([None, 4]), True),
        (tf.SparseTensorSpec(None), True),
        (tf.SparseTensorSpec([None, 3]), False),
        (tf.SparseTensorSpec([None, 4], "int32"), False),
    ],
)
def test_it_knows_what_it_describes(spec, fits):
    assert spec.is_compatible_with(SPARSE) is fits
    assert tf.SparseTensorSpec.from_value(SPARSE).is_subtype_of(spec) is fits


def test_the_narrowest_of_two_leaves_open_what_differs():
    a, b = tf.SparseTensorSpec([2, 3]), tf.SparseTensorSpec([4, 3])
    assert a.most_specific_common_supertype([b]) == tf.SparseTensorSpec([None, 3])
    assert a.most_specific_common_supertype([tf.SparseTensorSpec([2, 3], "int32")]) is None


def test_it_refuses_dense_tensors_and_is_pickled():
    with pytest.raises(TypeError, match="Expected SparseTensor or SparseTensorValue"):
        tf.SparseTensorSpec.from_value(tf.ones([2]))
    assert pickle.loads(pickle.dumps(tf.SparseTensorSpec([2]))) == tf.SparseTensorSpec([2])
