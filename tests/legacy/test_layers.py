"""``AbstractRNNCell`` of Keras 2, and the cells that programs derive from it."""

import numpy as np
import pytest

import kerasish as keras
from kerasish import tf


class Minimal(keras.layers.AbstractRNNCell):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    @property
    def state_size(self):
        return self.units

    @property
    def output_size(self):
        return self.units

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")
        self.built = True

    def call(self, inputs, states):
        new = tf.tanh(tf.matmul(inputs, self.kernel) + 0.5 * states[0])
        return new, [new]


def test_a_derived_cell_runs_in_an_rnn_from_zeros():
    x = np.random.default_rng(0).normal(size=(2, 3, 4)).astype("float32")
    layer = keras.layers.RNN(Minimal(5), return_sequences=True)
    got = layer(x).numpy()
    kernel, state = layer.cell.kernel.numpy(), np.zeros((2, 5))
    for step in range(3):
        state = np.tanh(x[:, step] @ kernel + 0.5 * state)
        np.testing.assert_allclose(got[:, step], state, rtol=1e-5, atol=1e-6)


def test_initial_states_follow_inputs_or_sizes():
    cell = Minimal(5)
    assert cell.get_initial_state(tf.zeros((3, 2), "float64")).dtype == tf.float64
    assert tuple(cell.get_initial_state(batch_size=2, dtype="float32").shape) == (2, 5)
    with pytest.raises(ValueError, match="needs `inputs`, or `batch_size` and `dtype`"):
        cell.get_initial_state(batch_size=2)
    with pytest.raises(NotImplementedError):
        keras.layers.AbstractRNNCell().state_size  # noqa: B018
