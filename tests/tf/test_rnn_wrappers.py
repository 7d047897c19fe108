"""Wrappers of recurrent cells."""

import numpy as np
import pytest

from kerasish import tf

INPUTS = np.float32([[1, -2], [0.5, 3]])
STATE = np.float32([[0.1, 0.2], [0.3, -0.4]])


def cell():
    return tf.keras.layers.SimpleRNNCell(2, kernel_initializer="ones", recurrent_initializer="ones")


def step():
    return np.tanh(INPUTS.sum(1, keepdims=True) + STATE.sum(1, keepdims=True)) * np.ones(2, "float32")


def test_residual_wrapper_adds_the_inputs():
    outputs, states = tf.nn.RNNCellResidualWrapper(cell())(INPUTS, [STATE])
    np.testing.assert_allclose(outputs, step() + INPUTS, rtol=1e-5)
    np.testing.assert_allclose(states[0], step(), rtol=1e-5)


def test_residual_wrapper_takes_another_function():
    outputs, _ = tf.nn.RNNCellResidualWrapper(cell(), residual_fn=lambda i, o: o - i)(INPUTS, [STATE])
    np.testing.assert_allclose(outputs, step() - INPUTS, rtol=1e-5)


def test_residual_wrapper_refuses_other_shapes():
    wrapper = tf.nn.RNNCellResidualWrapper(tf.keras.layers.SimpleRNNCell(3))
    with pytest.raises(ValueError, match="differ"):
        wrapper(INPUTS, [np.zeros((2, 3), "float32")])


def test_device_wrapper_computes_what_the_cell_does():
    wrapper = tf.nn.RNNCellDeviceWrapper(cell(), "/CPU:0")
    np.testing.assert_allclose(wrapper(INPUTS, [STATE])[0], step(), rtol=1e-5)
    assert (wrapper.state_size, wrapper.output_size) == (2, 2)


def test_dropout_wrapper_drops_outputs_whether_it_trains_or_not():
    outputs, states = tf.nn.RNNCellDropoutWrapper(cell(), output_keep_prob=0.5, seed=1)(
        np.tile(INPUTS, (200, 1)), [np.tile(STATE, (200, 1))]
    )
    kept = outputs.numpy() != 0
    assert 0.35 < kept.mean() < 0.65
    np.testing.assert_allclose(outputs.numpy()[kept], (2 * states[0].numpy())[kept], rtol=1e-5)


def test_dropout_wrapper_refuses_shares_that_are_none():
    with pytest.raises(ValueError, match="between 0 and 1"):
        tf.nn.RNNCellDropoutWrapper(cell(), input_keep_prob=2.0)
    with pytest.raises(NotImplementedError, match="variational"):
        tf.nn.RNNCellDropoutWrapper(cell(), variational_recurrent=True)


def test_wrapped_cells_run_in_rnn_layers_and_train():
    model = tf.keras.Sequential([tf.keras.Input((4, 2)), tf.keras.layers.RNN(tf.nn.RNNCellResidualWrapper(cell()))])
    assert len(model.trainable_variables) == 3
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.fit(np.random.RandomState(0).randn(8, 4, 2).astype("float32"), np.zeros((8, 2), "float32"), verbose=0)
    assert any(np.abs(a - b).max() > 0 for a, b in zip(before, model.get_weights()))
