"""The learning phase, functions of parts of models, loops and CTC with Keras 2's names."""

from __future__ import annotations

import numpy as np
import pytest

import kerasish as keras
from kerasish import backend as K  # noqa: N812 - as everybody calls it
from kerasish import tf
from kerasish.core.errors import InvalidArgumentError, NotServedError


def step(x, states):
    output = 2 * states[0] + x
    return output, [output, states[1] + 1]


STATES = [np.zeros((2, 1), "float32"), np.zeros((2, 1), "float32")]
X = np.array([[[1.0], [2.0], [3.0]], [[4.0], [5.0], [6.0]]], "float32")


@pytest.fixture(autouse=True)
def phase():
    yield
    K.clear_session()


def test_the_learning_phase_is_that_of_calls_without_training():
    layer = keras.layers.Dropout(0.5)
    x = np.ones((1, 200), "float32")
    assert K.learning_phase() == 0
    K.set_learning_phase(1)
    assert K.learning_phase() == 1
    assert 0 in layer(x).numpy()
    assert 0 not in layer(x, training=False).numpy()
    with K.learning_phase_scope(0):
        assert 0 not in layer(x).numpy()
    assert K.learning_phase() == 1
    K.clear_session()
    assert K.learning_phase() == 0
    with pytest.raises(ValueError, match="0 or 1"):
        K.set_learning_phase(2)


def test_phases_choose_between_values_and_functions():
    assert K.in_train_phase(1, 2) == 2
    assert K.in_train_phase(lambda: 1, lambda: 2, training=True) == 1
    assert K.in_test_phase(1, 2, training=True) == 2


def test_a_function_gives_arrays_of_parts_of_a_model():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), keras.layers.Dropout(0.5)])
    x = np.ones((2, 3), "float32")
    hidden = K.function([model.input], [model.layers[0].output])
    (values,) = hidden([x])
    assert isinstance(values, np.ndarray)
    np.testing.assert_allclose(values, model.layers[0](x), atol=1e-6)
    one = K.function(model.input, model.output)
    assert one(x).shape == (2, 4)
    phased = K.function([model.input, K.learning_phase()], [model.output])
    assert (phased([np.ones((40, 3), "float32"), 1])[0] == 0).any()
    assert not (phased([np.ones((40, 3), "float32"), 0])[0] == 0).any()
    with pytest.raises(ValueError, match="updates"):
        K.function(model.input, model.output, updates=[1])


def test_placeholders_are_symbolic():
    assert K.placeholder((None, 3)).shape == (None, 3)
    assert K.placeholder(ndim=2, dtype="int32").dtype == "int32"
    assert K.is_sparse(K.placeholder((2,), sparse=True)) and not K.is_sparse(K.placeholder((2,)))
    with pytest.raises(NotServedError, match="ragged"):
        K.placeholder((2,), ragged=True)


def test_labels_up_to_their_lengths_are_sparse():
    sparse = K.ctc_label_dense_to_sparse(np.array([[1, 2, 3], [4, 5, 6]]), np.array([[2], [1]]))
    assert sparse.indices.numpy().tolist() == [[0, 0], [0, 1], [1, 0]] and sparse.values.numpy().tolist() == [1, 2, 4]
    assert K.is_sparse(sparse) and sparse.shape == (2, 3)


@pytest.mark.parametrize("name", ["get_session"])
def test_what_belongs_to_tensorflow_1_says_so(name):
    with pytest.raises(NotServedError, match=name):
        getattr(K, name)()
    assert getattr(K, name).__kerasish_stub__


def test_folds_go_from_the_left_and_from_the_right():
    x = np.array([1.0, 2.0, 3.0], "float32")
    assert float(K.foldl(lambda a, b: a - b, x)) == -4
    assert float(K.foldr(lambda a, b: a - b, x)) == 0
    assert float(K.foldl(lambda a, b: a - b, x, np.float32(10))) == 4


def test_rnn_runs_a_step_over_time():
    last, outputs, states = K.rnn(step, X, STATES)
    np.testing.assert_array_equal(outputs[:, :, 0], [[1, 4, 11], [4, 13, 32]])
    np.testing.assert_array_equal(last, outputs[:, -1])
    np.testing.assert_array_equal(states[1], [[3], [3]])


def test_rnn_goes_backwards_and_takes_time_first():
    _, outputs, _ = K.rnn(step, X.swapaxes(0, 1), STATES, go_backwards=True, time_major=True)
    np.testing.assert_array_equal(outputs[:, 0, 0], [3, 8, 17])
    _, outputs, _ = K.rnn(step, X, STATES, return_all_outputs=False)
    assert outputs.shape == (2, 1, 1)


@pytest.mark.parametrize("zero", [False, True])
def test_rnn_leaves_masked_steps_out(zero):
    mask = np.array([[True, False, True], [False, True, True]])
    _, outputs, states = K.rnn(step, X, STATES, mask=mask, zero_output_for_mask=zero)
    np.testing.assert_array_equal(outputs[:, :, 0], [[1, 0 if zero else 1, 5], [0, 5, 16]])
    np.testing.assert_array_equal(states[1], [[2], [2]])


def test_rnn_counts_the_steps_that_input_length_gives_and_passes_constants():
    _, outputs, _ = K.rnn(step, X, STATES, input_length=np.array([1, 3], "int32"))
    np.testing.assert_array_equal(outputs[0, :, 0], [1, 1, 1])
    _, outputs, _ = K.rnn(lambda x, s: (x + s[1], [s[0]]), X, STATES[:1], constants=[np.float32(10)])
    np.testing.assert_array_equal(outputs[0, :, 0], [11, 12, 13])


def test_ctc_of_certain_probabilities():
    y = np.full((1, 4, 3), 0.01, "float32")
    for t, label in enumerate([0, 0, 2, 1]):
        y[0, t, label] = 0.98
    loss = K.ctc_batch_cost(np.array([[0, 1]]), y, np.array([[4]]), np.array([[2]]))
    assert loss.shape == (1, 1)
    assert 0.0 < float(loss[0, 0]) < 0.2
    for greedy in (True, False):
        (labels, *_), scores = K.ctc_decode(y, np.array([4]), greedy=greedy)
        assert labels.numpy().tolist() == [[0, 1, -1, -1]]
        assert scores.shape == (1, 1)


@pytest.mark.parametrize(
    ("labels", "frames", "words"), [(0, 4, "zero in batch 0"), (2, 1, "required: 2, available: 1")]
)
def test_ctc_needs_labels_and_a_frame_for_each(labels, frames, words):
    with pytest.raises(InvalidArgumentError, match=words):
        K.ctc_batch_cost(np.array([[0, 1]]), np.full((1, 4, 3), 0.3, "float32"), [[frames]], [[labels]])


def test_ctc_of_repeated_labels_without_room_is_infinite_with_the_softmax_as_gradient():
    y = tf.constant([[[0.2, 0.3, 0.5], [0.1, 0.6, 0.3], [0.7, 0.2, 0.1]]])
    with tf.GradientTape() as tape:
        tape.watch(y)
        loss = K.ctc_batch_cost(np.array([[1, 1]]), y, np.array([[2]]), np.array([[2]]))
    assert float(loss[0, 0]) == np.inf
    gradient = tape.gradient(loss, y).numpy()  # softmax(log(y)) = y, over y: 1 in frames that count
    np.testing.assert_allclose(gradient[0], [[1, 1, 1], [1, 1, 1], [0, 0, 0]], atol=1e-5)


def test_small_helpers(capsys):
    K.print_tensor(K.constant([1.0, 2.0]), "values:")
    assert "values: [1. 2.]" in capsys.readouterr().out
    K.manual_variable_initialization(False)
    with pytest.raises(NotServedError):
        K.manual_variable_initialization(True)
    keras.layers.Dense(1)
    K.reset_uids()
    assert keras.layers.Dense(1).name == "dense"
    with K.name_scope("part"):
        pass
