"""Segments in symbolic models; their values are in recorded/."""

import numpy as np
import pytest

import kerasish as keras
from kerasish import tf

_FUNCTIONS = ["sum", "mean", "max", "sqrt_n"]


class Gathered(keras.layers.Layer):
    """What reaches the nodes of a graph along its edges."""

    def __init__(self, function, **kwargs):
        super().__init__(**kwargs)
        self.function = function

    def call(self, inputs):
        nodes, pairs = inputs
        return self.function(tf.gather(nodes, pairs[:, 1]), pairs[:, 0], num_segments=tf.shape(nodes)[0])


@pytest.mark.parametrize("name", _FUNCTIONS)
def test_the_number_of_segments_may_be_a_size_of_a_symbolic_tensor(name):
    nodes, pairs = keras.Input((3,)), keras.Input((2,), dtype="int32")
    model = keras.Model([nodes, pairs], Gathered(getattr(tf.math, f"unsorted_segment_{name}"))([nodes, pairs]))
    assert model.output_shape == (None, 3)
    x = np.arange(12, dtype="float32").reshape(4, 3)
    edges = np.array([[0, 1], [0, 2], [3, 3], [-1, 0]], dtype="int32")
    out = model([x, edges]).numpy()
    expected = {"sum": x[1] + x[2], "mean": (x[1] + x[2]) / 2, "max": x[2], "sqrt_n": (x[1] + x[2]) / np.sqrt(2)}
    np.testing.assert_allclose(out[0], expected[name], rtol=1e-6)
    np.testing.assert_allclose(out[3], x[3], rtol=1e-6)


def test_an_id_beyond_the_segments_is_refused():
    with pytest.raises(tf.errors.InvalidArgumentError, match="out of range"):
        tf.math.unsorted_segment_mean(tf.ones((2, 2)), [0, 5], num_segments=3)
