"""Recurrent cells: ours, the users', stacked ones."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from kerasish.core import tree
from kerasish.core.autodiff import GradientTape
from kerasish.core.shape import TensorShape
from kerasish.core.tensor import Tensor, convert
from kerasish.layers.cells import GRUCell, LSTMCell, SimpleRNNCell, StackedRNNCells
from kerasish.layers.layer import Layer
from kerasish.layers.recurrent import GRU, LSTM
from kerasish.layers.rnn import RNN
from kerasish.ops import matmul, tanh

DATA = np.random.RandomState(0).randn(3, 5, 4).astype("float32")
MASK = np.array([[False, True, True, False, True], [True, True, True, False, False], [False] * 5])


def randomized(layer: Layer, seed: int = 1) -> Layer:
    """The layer, built, with random weights."""
    layer.build((None, 5, 4))
    random = np.random.RandomState(seed)
    layer.set_weights([random.randn(*w.shape).astype("float32") for w in layer.weights])
    return layer


class Counter(Layer):
    """A cell of a user's: a plain recurrence, and a second state that counts the steps."""

    def __init__(self, units: int = 3, **kwargs) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.state_size = [units, 1]

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")

    def call(self, inputs, states, training=None):
        hidden, steps = states
        assert isinstance(inputs, Tensor)
        assert isinstance(hidden, Tensor)
        output = tanh(matmul(inputs, self.kernel) + hidden)
        return output, [output, steps + 1.0]

    def get_config(self):
        return {**super().get_config(), "units": self.units}


def test_cells_of_the_users():
    layer = RNN(Counter(), return_sequences=True, return_state=True)
    x = convert(DATA)
    with GradientTape() as tape:
        outputs, hidden, steps = layer(x, mask=MASK)
    assert tape.gradient(outputs, layer.cell.kernel).numpy().any()
    assert steps.numpy()[:, 0].tolist() == MASK.sum(1).tolist()
    kernel, state, before = layer.get_weights()[0], np.zeros((3, 3)), np.zeros((3, 3))
    for t in range(5):
        valid, new = MASK[:, t : t + 1], np.tanh(DATA[:, t] @ kernel + state)
        state, before = np.where(valid, new, state), np.where(valid, new, before)
        np.testing.assert_allclose(outputs[:, t], before, atol=1e-5)
    np.testing.assert_allclose(hidden, state, atol=1e-5)
    raw = layer(torch.from_numpy(DATA))
    assert type(raw[0]) is torch.Tensor and raw[0].requires_grad
    assert layer.compute_output_shape((3, 5, 4)) == ((3, 5, 3), (3, 3), (3, 1))


def test_cells_that_extend_ours():
    class Doubled(LSTMCell):
        def call(self, inputs, states, training=None):
            output, states = super().call(inputs, states, training=training)
            return output * 2.0, states

    plain = randomized(RNN(LSTMCell(3), return_sequences=True))
    doubled = randomized(RNN(Doubled(3, recurrent_dropout=0.5), return_sequences=True))
    np.testing.assert_allclose(doubled(DATA), 2 * plain(DATA).numpy(), atol=1e-5)
    doubled(DATA, training=True)
    assert doubled.cell._k_drawn == {}


def test_initial_state_of_a_users_cell():
    class Ones(Counter):
        def get_initial_state(self, inputs=None, batch_size=None, dtype=None):
            return [np.ones((batch_size, 3), dtype), np.zeros((batch_size, 1), dtype)]

    layer = RNN(Ones())
    expected = np.tanh(DATA[:, 0] @ randomized(layer).get_weights()[0] + 1)
    np.testing.assert_allclose(layer(DATA[:, :1]), expected, atol=1e-5)


@pytest.mark.parametrize("answer", ["list", "tuple", "bare"])
def test_a_cell_with_one_state_may_return_it_in_any_form(answer):
    class Sum(Layer):
        state_size = 4

        def call(self, inputs, states):
            new = states[0] + inputs
            return new, {"list": [new], "tuple": (new,), "bare": new}[answer]

    np.testing.assert_allclose(RNN(Sum())(DATA), DATA.sum(1), atol=1e-5)


def test_cells_take_single_steps():
    for cls, count in ((SimpleRNNCell, 1), (LSTMCell, 2), (GRUCell, 1)):
        cell = cls(3)
        states = cell.get_initial_state(batch_size=3)
        output, new = cell(DATA[:, 0], states)
        assert tuple(output.shape) == (3, 3) and len(new) == count and isinstance(new, list)
        layer = RNN(cell)
        np.testing.assert_allclose(layer(DATA[:, :1]), output, atol=1e-6)
    output, state = GRUCell(3)(DATA[:, 0], states[0])
    assert isinstance(state, Tensor)


def test_stacked_cells_are_layers_on_each_other():
    stacked = RNN([LSTMCell(3), GRUCell(2)], return_sequences=True, return_state=True)
    assert stacked.cell.state_size == [[3, 3], 2] and stacked.cell.output_size == 2
    stacked.build((3, 5, 4))
    assert len(stacked.weights) == 6
    first, second = LSTM(3, return_sequences=True, return_state=True), GRU(2, return_sequences=True, return_state=True)
    middle, h, c = first(DATA, mask=MASK)
    last, g = second(middle, mask=MASK)
    stacked.set_weights(first.get_weights() + second.get_weights())
    outputs, lstm_states, gru_states = stacked(DATA, mask=MASK)
    np.testing.assert_allclose(outputs, last, atol=1e-6)
    for a, b in zip([*lstm_states, *gru_states], [h, c, g], strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
    again = stacked(DATA, initial_state=[lstm_states, gru_states])[0]
    np.testing.assert_allclose(stacked(DATA, initial_state=[*lstm_states, *gru_states])[0], again)


def test_stacked_cells_of_several_kinds():
    mixed = RNN([Counter(3), GRUCell(2), Counter(4)], return_state=True)
    output, *states = mixed(DATA)
    assert tuple(output.shape) == (3, 4)
    assert [[tuple(s.shape) for s in tree.flatten(part)] for part in states] == [
        [(3, 3), (3, 1)],
        [(3, 2)],
        [(3, 4), (3, 1)],
    ]
    cell = StackedRNNCells([LSTMCell(2), GRUCell(3)])
    output, states = cell(DATA[:, 0], cell.get_initial_state(batch_size=3))
    assert tuple(output.shape) == (3, 3)
    assert [len(part) for part in states] == [2, 1]


def test_states_of_a_higher_rank():
    class Images(Layer):
        state_size = [TensorShape([4]), TensorShape([2, 2])]

        def call(self, inputs, states):
            return inputs, [states[0] + inputs, states[1] + 1.0]

    layer = RNN(Images(), return_state=True)
    output, total, count = layer(DATA, mask=MASK)
    assert tuple(output.shape) == (3, 4)
    np.testing.assert_allclose(total, (DATA * MASK[..., None]).sum(1), atol=1e-5)
    assert count.numpy()[:, 1, 1].tolist() == MASK.sum(1).tolist()
    assert layer.compute_output_shape((3, 5, 4)) == ((3, 4), (3, 4), (3, 2, 2))


def test_cells_keep_their_masks_until_reset():
    cell = LSTMCell(3, dropout=0.5, recurrent_dropout=0.5)
    masks = cell.get_dropout_mask(DATA[:, 0])
    assert len(masks) == 4 and isinstance(masks[0], Tensor) and set(np.unique(masks[0])) <= {0, 2}
    assert cell.get_dropout_mask(DATA[:, 0])[0].numpy().tolist() == masks[0].numpy().tolist()
    cell.reset_dropout_mask()
    cell.reset_recurrent_dropout_mask()
    assert cell._k_drawn == {}
    assert isinstance(SimpleRNNCell(3, dropout=0.5).get_dropout_mask(DATA[:, 0]), Tensor)
    assert len(GRUCell(3, dropout=0.5).get_dropout_mask(DATA[:, 0])) == 3
    assert GRUCell(3).get_recurrent_dropout_mask(DATA[:, 0]) is None
    assert (LSTMCell(3, dropout=2.0).dropout, LSTMCell(3, recurrent_dropout=-1.0).recurrent_dropout) == (1.0, 0.0)


def test_a_bad_state_size():
    class Bad(Layer):
        state_size = 3.5

        def call(self, inputs, states):
            return inputs, states

    with pytest.raises(ValueError, match="state_size must be an integer, or a list/tuple of integers"):
        RNN(Bad())


def test_a_cell_that_returns_too_few_states():
    class Few(Counter):
        def call(self, inputs, states):
            return states[0], [states[0]]

    with pytest.raises(ValueError, match="has 2 states but was passed 1 states"):
        RNN(Few())(DATA)
