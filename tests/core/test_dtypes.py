"""Dtypes are strings; TensorFlow's print as its dtype objects, those of Keras's variables and symbolic tensors as strings."""

import pickle

import kerasish as keras
from kerasish import tf


def test_dtypes_of_keras_print_as_their_names():
    layer = keras.layers.Dense(2)
    x = keras.Input((3,))
    for dtype in (x.dtype, layer(x).dtype, layer.kernel.dtype, keras.Variable([1.0]).dtype):
        assert [str(dtype), repr(dtype), f"{dtype}", f"{dtype:>8}"] == ["float32", "'float32'", "float32", " float32"]
        assert dtype == tf.float32 and tf.float32 == dtype and dtype == "float32" and dtype != tf.int32
        assert dtype.is_floating and hash(dtype) == hash(tf.float32) and tf.as_dtype(dtype) is tf.float32
        assert repr(pickle.loads(pickle.dumps(dtype))) == "'float32'"
    assert str(tf.Variable(1.0).dtype) == str(layer.kernel.value.dtype) == "<dtype: 'float32'>"
