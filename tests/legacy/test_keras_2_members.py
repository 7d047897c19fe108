"""Members that layers and models have in Keras 2, and what losses and stacked cells see in programs for it."""

import copy
import pickle

import numpy as np
import pytest

import kerasish as keras
from kerasish import tf
from kerasish.core.errors import NotServedError


@pytest.fixture
def keras_2(monkeypatch):
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "1")


def test_nodes():
    x = keras.Input((2,))
    first, second, third = (keras.layers.Dense(n) for n in (3, 4, 5))
    y = first(x)
    second(y)
    z = third(y)
    third(y)
    (node,) = first.inbound_nodes
    assert node.outbound_layer is node.layer is first
    assert (node.input_shapes, node.output_shapes) == ((None, 2), (None, 3))
    assert [n.layer for n in first.outbound_nodes] == [second, third, third]
    assert third.outbound_nodes == []
    assert node.output_tensors == [y]
    joined = keras.layers.Add()([z, z])
    assert len(third.outbound_nodes) == 1
    assert joined._keras_history.operation.inbound_nodes[0].input_shapes == [(None, 5), (None, 5)]


def test_copies_have_no_followers():
    layer = keras.layers.Dense(3)
    keras.layers.Dense(1)(layer(keras.Input((2,))))
    assert layer.outbound_nodes
    for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert other.outbound_nodes == []
        assert len(other.inbound_nodes) == 1


def test_save_spec():
    a, b = keras.Input((2,), name="a"), keras.Input((3,), batch_size=4, name="b", dtype="int32")
    model = keras.Model([a, b], keras.layers.Concatenate()([a, tf.cast(b, "float32")]))
    first, second = tf.TensorSpec((None, 2), name="a"), tf.TensorSpec((4, 3), "int32", name="b")
    assert model.save_spec() == ([[first, second]], {})
    assert model.state_updates == []
    assert keras.Sequential([keras.layers.Dense(2)]).save_spec() is None

    class Mine(keras.Model):
        def call(self, x):
            return x

    mine = Mine()
    assert mine.save_spec() is None
    mine(np.ones([2, 3], "float32"))
    with pytest.raises(NotServedError, match="call"):
        mine.save_spec()


@pytest.mark.usefixtures("keras_2")
def test_targets_have_the_rank_of_predictions_in_programs_for_keras_2():
    seen = []

    class Mine(keras.losses.Loss):
        def call(self, y_true, y_pred):
            seen.append((y_true.shape, y_pred.shape))
            return tf.reduce_mean(tf.square(y_true - y_pred), -1)

    def metric(y_true, y_pred):
        seen.append((y_true.shape, y_pred.shape))
        return tf.reduce_mean(tf.square(y_true - y_pred), -1)

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", Mine(), metrics=[metric])
    logs = model.evaluate(np.ones([4, 2], "float32"), np.arange(4, dtype="float32"), verbose=0, return_dict=True)
    assert set(seen) == {((4, 1), (4, 1))}
    assert logs["loss"] == pytest.approx(logs["metric"])


def test_targets_keep_their_rank_otherwise():
    seen = []

    class Mine(keras.losses.Loss):
        def call(self, y_true, y_pred):
            seen.append(tuple(y_true.shape))
            return tf.reduce_mean(tf.square(tf.expand_dims(y_true, -1) - y_pred), -1)

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", Mine())
    model.evaluate(np.ones([4, 2], "float32"), np.arange(4, dtype="float32"), verbose=0)
    assert set(seen) == {(4,)}


@pytest.mark.usefixtures("keras_2")
def test_stacked_cells_have_tuples_of_states_in_programs_for_keras_2():
    cells = keras.layers.StackedRNNCells([keras.layers.LSTMCell(2), keras.layers.GRUCell(3)])
    assert cells.state_size == ([2, 2], 3)
    states = cells.get_initial_state(batch_size=2)
    assert type(states) is tuple
    assert type(states[0]) is list
    assert states[1].shape == (2, 3)
    _, new = cells(np.ones([2, 4], "float32"), states)
    assert type(new) is tuple
    assert new[1].shape == (2, 3)
    layer = keras.layers.RNN(cells, return_state=True, return_sequences=True)
    first = layer(np.ones([2, 3, 4], "float32"))
    again = layer(np.ones([2, 3, 4], "float32"), initial_state=list(first[1:]))
    assert again[0].shape == (2, 3, 3)


def test_stacked_cells_have_lists_otherwise():
    cells = keras.layers.StackedRNNCells([keras.layers.LSTMCell(2), keras.layers.GRUCell(3)])
    assert cells.state_size == [[2, 2], 3]
    assert [type(state) for state in cells.get_initial_state(batch_size=2)] == [list, list]


def test_symbolic_tensors_of_a_known_length_have_elements(keras_2):
    x = keras.Input((3,))
    assert [tuple(size.shape) for size in tf.shape(x)] == [(), ()]
    with pytest.raises(TypeError, match="unknown first dimension"):
        iter(x)
    with pytest.raises(TypeError, match="over a scalar"):
        iter(tf.reduce_sum(x))


def test_symbolic_tensors_have_no_elements_in_keras_3():
    with pytest.raises(NotImplementedError, match="iteration"):
        iter(tf.shape(keras.Input((3,))))


def test_shapes_of_symbolic_tensors_broadcast():
    x = keras.Input((3,))
    sizes = tf.broadcast_dynamic_shape(tf.shape(x), [1, 3])
    model = keras.Model(x, tf.zeros(sizes) + x)
    assert model(np.ones((2, 3), "float32")).shape == (2, 3)
