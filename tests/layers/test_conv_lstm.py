"""Convolutional LSTMs, against the formula written out and against LSTM."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kerasish as keras
from kerasish import layers, ops, tf

KINDS = {1: layers.ConvLSTM1D, 2: layers.ConvLSTM2D, 3: layers.ConvLSTM3D}


def data(*shape, seed=0):
    return np.random.RandomState(seed).standard_normal(shape).astype("float64")


def expected(x, kernel, recurrent, bias, padding="valid", strides=1, dilation=1):
    """Hidden states of all steps, by the formula."""
    sigmoid = lambda v: 1 / (1 + np.exp(-v))  # noqa: E731
    h = c = None
    steps = []
    for t in range(x.shape[1]):
        gates = np.asarray(ops.conv(x[:, t], kernel, strides, padding, "channels_last", dilation)) + bias
        if h is not None:
            gates = gates + np.asarray(ops.conv(h, recurrent, 1, "same", "channels_last"))
        i, f, g, o = np.split(gates, 4, -1)
        c = sigmoid(i) * np.tanh(g) + (0 if c is None else sigmoid(f) * c)
        h = sigmoid(o) * np.tanh(c)
        steps.append(h)
    return np.stack(steps, 1)


@given(
    st.integers(1, 3), st.integers(1, 3), st.sampled_from(["valid", "same"]), st.sampled_from([(1, 1), (2, 1), (1, 2)])
)
@settings(deadline=None, max_examples=8)
def test_the_outputs_are_those_of_the_formula(rank, kernel, padding, steps):
    strides, dilation = steps
    layer = KINDS[rank](
        2, kernel, strides=strides, padding=padding, dilation_rate=dilation, return_sequences=True, dtype="float64"
    )
    x = data(2, 3, *(5,) * rank, 2)
    layer.build(x.shape)
    weights = [data(*w.shape, seed=i) * 0.3 for i, w in enumerate(layer.weights)]
    layer.set_weights(weights)
    wanted = expected(x, *weights, padding, strides, dilation)
    np.testing.assert_allclose(layer(x), wanted, atol=1e-12)
    assert layer.compute_output_shape(x.shape) == wanted.shape
    assert layer(keras.Input(x.shape[1:])).shape == (None, *wanted.shape[1:])


def test_on_one_point_it_is_an_lstm():
    conv, lstm = layers.ConvLSTM1D(3, 1, dtype="float64"), layers.LSTM(3, dtype="float64")
    x = data(2, 4, 1, 5)
    conv.build(x.shape)
    lstm.build((2, 4, 5))
    lstm.set_weights([w.reshape(w.shape[-2:]) if w.ndim == 3 else w for w in conv.get_weights()])
    np.testing.assert_allclose(conv(x)[:, 0], lstm(x[:, :, 0]), atol=1e-12)


def test_channels_first_is_the_same_with_the_channels_in_front():
    last, first = (
        layers.ConvLSTM2D(2, (3, 2), data_format=f, return_sequences=True, return_state=True, dtype="float64")
        for f in ("channels_last", "channels_first")
    )
    x = data(2, 3, 5, 4, 2)
    outputs = last(x)
    moved = np.moveaxis(x, -1, 2)
    first.build(moved.shape)
    first.set_weights(last.get_weights())
    for a, b, axis in zip(first(moved), outputs, (2, 1, 1)):
        np.testing.assert_allclose(a, np.moveaxis(b.numpy(), -1, axis), atol=1e-12)
    shapes = [(2, 3, 2, 3, 3), (2, 2, 3, 3), (2, 2, 3, 3)]
    assert [tuple(s) for s in first.compute_output_shape(moved.shape)] == shapes


def test_states_are_returned_and_taken_and_kept():
    layer = layers.ConvLSTM1D(2, 3, padding="same", return_state=True, dtype="float64")
    x = data(2, 4, 5, 3)
    whole = layer(x)
    _, *states = layer(x[:, :2])
    for a, b in zip(layer(x[:, 2:], initial_state=states), whole):
        np.testing.assert_allclose(a, b, atol=1e-12)
    kept = layers.ConvLSTM1D(2, 3, padding="same", stateful=True, dtype="float64")
    kept.build((2, 2, 5, 3))
    kept.set_weights(layer.get_weights())
    kept(x[:, :2])
    np.testing.assert_allclose(kept(x[:, 2:]), whole[0], atol=1e-12)
    kept.reset_state()
    np.testing.assert_allclose(kept(x[:, :2]), layer(x[:, :2])[0], atol=1e-12)


def test_masked_steps_repeat_the_output_and_go_backwards_begins_at_the_end():
    layer = layers.ConvLSTM1D(2, 3, return_sequences=True, dtype="float64")
    x = data(1, 3, 5, 3)
    masked = layer(x, mask=np.array([[True, False, True]])).numpy()
    np.testing.assert_array_equal(masked[:, 0], masked[:, 1])
    np.testing.assert_allclose(masked[:, 2], layer(x[:, [0, 2]])[:, 1], atol=1e-12)
    back = layers.ConvLSTM1D.from_config({**layer.get_config(), "go_backwards": True})
    back.build(x.shape)
    back.set_weights(layer.get_weights())
    np.testing.assert_allclose(back(x), layer(x[:, ::-1]), atol=1e-12)


@pytest.mark.parametrize("name", ["dropout", "recurrent_dropout"])
def test_dropout_is_of_training_only_and_of_one_mask_for_all_steps(name):
    layer = layers.ConvLSTM1D(3, 1, seed=1, return_sequences=True, **{name: 0.5})
    x = np.ones((2, 4, 6, 2), "float32")
    assert np.array_equal(layer(x), layer(x))
    first, second = layer(x, training=True), layer(x, training=True)
    assert not np.allclose(first, second)
    assert np.isfinite(first).all()


def test_the_gates_are_projected_with_their_own_masks():
    layer = layers.ConvLSTM1D(2, 1, dropout=0.5, dtype="float64")
    x = np.ones((1, 1, 1, 1))
    layer.build(x.shape)
    layer.cell.__dict__["_k_drawn"]["dropout"] = [ops.ones((1, 1, 1), "float64")._t * m for m in (0.0, 1.0, 2.0, 3.0)]
    weights = [np.full((1, 1, 8), 0.5), np.zeros((1, 2, 8)), np.zeros(8)]
    layer.set_weights(weights)
    i, c, o = 0.5, 0.5 * np.tanh(1.0), 1 / (1 + np.exp(-1.5))
    np.testing.assert_allclose(layer(x, training=True), np.full((1, 1, 2), o * np.tanh(c)), atol=1e-12)
    assert i * np.tanh(1.0) == c


def test_gradients_reach_every_weight():
    layer = layers.ConvLSTM2D(2, 2, recurrent_dropout=0.3, dropout=0.3)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(data(2, 3, 4, 4, 1).astype("float32"), training=True))
    gradients = tape.gradient(loss, layer.trainable_weights)
    assert [tuple(g.shape) for g in gradients] == [(2, 2, 1, 8), (2, 2, 2, 8), (8,)]


def test_it_is_saved_with_all_its_arguments(tmp_path):
    model = keras.Sequential(
        [keras.Input((3, 5, 5, 2)), layers.ConvLSTM2D(2, 3, strides=2, dropout=0.1, seed=3, unroll=True)]
    )
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    assert again.layers[0].get_config() == model.layers[0].get_config()
    assert again.layers[0].get_config()["unroll"] is True
    x = data(2, 3, 5, 5, 2).astype("float32")
    np.testing.assert_array_equal(again(x), model(x))


def test_the_cell_takes_one_step_in_any_rnn():
    whole = layers.ConvLSTM1D(2, 3, padding="same")
    x = data(2, 3, 4, 1).astype("float32")
    wanted = whole(x)
    states = whole.cell.get_initial_state(2)
    for t in range(3):
        output, states = whole.cell(x[:, t], states)
    np.testing.assert_allclose(output, wanted, atol=1e-6)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: layers.ConvLSTM1D(0, 3), "filters"),
        (lambda: layers.ConvLSTM1D(2, 3, strides=2, dilation_rate=2), "not compatible"),
        (lambda: layers.ConvLSTM1D(2, 3, padding="causal"), "padding"),
        (lambda: layers.ConvLSTM2D(2, 3)(keras.Input((4, None, 5, 1))), "static input shapes"),
        (lambda: layers.ConvLSTM1D(2, 9)(np.ones((1, 2, 4, 1))), "zero or negative"),
        (lambda: layers.ConvLSTM1D(2, 3)(np.ones((1, 2, 4))), "ndim"),
    ],
)
def test_what_does_not_fit_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_other_sizes_than_those_it_was_built_for_are_refused():
    layer = layers.ConvLSTM1D(2, 3)
    layer(np.ones((1, 2, 5, 1)))
    with pytest.raises(ValueError, match="built for other inputs"):
        layer(np.ones((1, 2, 6, 1)))
