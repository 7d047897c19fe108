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


def test_built_in_cells_take_keras_2s_arguments_of_initial_states():
    lstm, gru = keras.layers.LSTMCell(4), keras.layers.GRUCell(4)
    for states in (
        lstm.get_initial_state(batch_size=2, dtype="float64"),
        lstm.get_initial_state(tf.zeros((2, 3), "float64")),
    ):
        assert [(tuple(s.shape), s.dtype) for s in states] == [((2, 4), tf.float64)] * 2
    assert tuple(gru.get_initial_state(batch_size=2, dtype="float32").shape) == (2, 4)  # no list of one
    assert [tuple(s.shape) for s in gru.get_initial_state(2)] == [(2, 4)]
    stacked = keras.layers.StackedRNNCells([lstm, gru])
    assert stacked.get_initial_state(batch_size=2, dtype="float64")[1][0].dtype == tf.float64


def test_dropout_masks_of_cells_under_keras_2s_names():
    cell = keras.layers.LSTMCell(4, dropout=0.5, seed=1)
    x = tf.ones((2, 3))
    assert cell.get_dropout_mask_for_cell(x, False) is None
    assert len(cell.get_dropout_mask_for_cell(x, True, count=4)) == 4
    assert tuple(cell.get_dropout_mask_for_cell(x, True).shape) == (2, 3)
    assert cell.get_recurrent_dropout_mask_for_cell(x, True) is None


def test_shapes_are_answered_in_kind():
    dense = keras.layers.Dense(4)
    assert dense.compute_output_shape(tf.TensorShape([None, 3])).as_list() == [None, 4]
    assert type(dense.compute_output_shape((None, 3))) is tuple


def test_attributes_of_keras_2_that_packages_use():
    class Held(keras.layers.Wrapper):
        def __init__(self, layer):
            super().__init__(layer)
            self._initialized = self.add_weight(shape=None, dtype="bool", initializer="zeros", trainable=False)
            self._track_trackable(keras.layers.Dense(2), "other")

        def call(self, x):
            return self.layer(x)

    held = Held(keras.layers.Dense(3))
    assert tuple(held(tf.ones((1, 2))).shape) == (1, 3)  # a name of ours would have been overwritten
    assert held.other in held._flatten_layers()
    assert held._compute_dtype == "float32"
    assert held._compute_dtype_object is tf.float32
