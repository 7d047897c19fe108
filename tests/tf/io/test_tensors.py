"""Serialized tensors. What TensorFlow writes is in ../recorded/io.txt."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish import tf
from kerasish.tf.errors import InvalidArgumentError
from kerasish.tf.io.tensors import TensorProto


@settings(deadline=None, max_examples=30)
@given(
    st.sampled_from(["int8", "uint16", "int64", "float16", "float64", "complex64", "bool"]),
    st.lists(st.integers(0, 4), max_size=3),
)
def test_tensors_come_back(dtype, shape):
    value = np.arange(int(np.prod(shape))).reshape(shape).astype(dtype)
    found = tf.io.parse_tensor(tf.io.serialize_tensor(value), dtype)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found.numpy(), value)


def test_a_shape_is_bounded_by_its_message():
    proto = TensorProto(dtype=1, float_val=[1.0])
    proto.tensor_shape.dim.add(size=1 << 38)
    with pytest.raises(InvalidArgumentError, match="Cannot parse tensor"):
        tf.io.parse_tensor(proto.SerializeToString(), tf.float32)


@settings(deadline=None, max_examples=30)
@given(st.binary(max_size=40))
def test_any_bytes_give_a_tensor_or_an_error(data):
    try:
        tf.io.parse_tensor(data, tf.float32)
    except InvalidArgumentError:
        return
