"""Functions traced from specifications of ragged and sparse tensors."""

import pytest

from kerasish import tf
from kerasish.tf.samples import sample

SPECS = [
    tf.RaggedTensorSpec([None, None], tf.int32),
    tf.RaggedTensorSpec([3, None, None], tf.float32, row_splits_dtype=tf.int32),
    tf.RaggedTensorSpec([None, None, 2], tf.float64, ragged_rank=1),
    tf.RaggedTensorSpec([None, 4, None], tf.string, ragged_rank=2),
    tf.SparseTensorSpec([None, 3], tf.float32),
    tf.TensorSpec([None, 2], tf.int64),
]


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_samples_fit_their_specification(spec):
    assert all(spec.is_compatible_with(sample(spec, size)) for size in (6, 9))


def test_tracing_from_specifications_changes_no_variable():
    total = tf.Variable(1.0)

    @tf.function
    def f(r):
        total.assign_add(tf.cast(r.nrows(), tf.float32))
        return r

    concrete = f.get_concrete_function(tf.RaggedTensorSpec([None, None], tf.int32))
    assert total.numpy() == 1.0
    concrete(tf.ragged.constant([[1], [2, 3]]))
    assert total.numpy() == 3.0


def test_other_kinds_of_arguments_are_refused():
    concrete = tf.function(lambda r: r).get_concrete_function(tf.RaggedTensorSpec([None, None], tf.int32))
    with pytest.raises(TypeError, match="Can not cast"):
        concrete(tf.ragged.constant([[1.0]]))
