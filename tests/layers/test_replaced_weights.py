"""A tensor in the place of a layer's weight: the layer computes with it, as in Keras 2 (weight norms, fast weights)."""

import copy

import numpy as np
import pytest

import kerasish as keras
from kerasish import tf

X = np.random.default_rng(0).normal(size=(2, 5, 4)).astype("float32")


@pytest.mark.parametrize(
    ("layer", "name"),
    [
        (keras.layers.Dense(3), "kernel"),
        (keras.layers.Conv1D(3, 2), "kernel"),
        (keras.layers.BatchNormalization(), "gamma"),
        (keras.layers.EinsumDense("abc,cd->abd", (None, 3)), "kernel"),
    ],
)
def test_layers_compute_with_the_tensor_and_gradients_reach_what_it_is_made_of(layer, name):
    layer(X)
    variable = getattr(layer, name)
    twice = copy.deepcopy(layer)
    getattr(twice, name).assign(2.0 * variable)
    with tf.GradientTape(persistent=True) as tape:
        setattr(layer, name, 2.0 * variable)
        y, expected = layer(X), twice(X)
    np.testing.assert_allclose(y, expected, rtol=1e-6, atol=1e-6)
    got, wanted = tape.gradient(y, variable), tape.gradient(expected, getattr(twice, name))
    np.testing.assert_allclose(got, 2.0 * wanted, rtol=1e-5, atol=1e-5)
    setattr(layer, name, variable)  # its place again
    assert getattr(layer, name) is variable
    variable.assign(2.0 * variable)
    np.testing.assert_allclose(layer(X), expected, rtol=1e-6, atol=1e-6)


def test_arrays_count_like_tensors():
    layer = keras.layers.Dense(3, use_bias=False)
    layer(X)
    layer.kernel = np.ones((4, 3), "float32")
    np.testing.assert_allclose(layer(X), X.sum(-1, keepdims=True).repeat(3, -1), rtol=1e-5, atol=1e-6)


def test_a_cell_within_a_recurrent_layer():
    layer = keras.layers.LSTM(3)
    layer(X)
    layer.cell.recurrent_kernel = tf.zeros((3, 12))
    other = keras.layers.LSTM(3)
    other(X)
    kernel, bias = layer.get_weights()  # as in Keras 2, what was replaced is no weight of the layer
    other.set_weights([kernel, np.zeros((3, 12), "float32"), bias])
    np.testing.assert_allclose(layer(X), other(X), rtol=1e-5, atol=1e-6)


def test_a_copy_of_a_model_with_weights_after_one_step_has_second_order_gradients():
    def net():
        return keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, "tanh"), keras.layers.Dense(1)])

    model, fast = net(), net()
    x, y = X[:, 0], np.ones((2, 1), "float32")
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            loss = tf.reduce_mean((model(x) - y) ** 2)
        gradients = inner.gradient(loss, model.trainable_variables)
        for layer, other, (kernel, bias) in zip(fast.layers, model.layers, [gradients[:2], gradients[2:]]):
            layer.kernel = other.kernel - 0.1 * kernel
            layer.bias = other.bias - 0.1 * bias
        after = tf.reduce_mean((fast(x) - y) ** 2)
    meta = outer.gradient(after, model.trainable_variables)
    assert float(after) < float(loss)
    step = 1e-2
    model.layers[0].bias.assign_add([step, 0, 0])

    def value():
        weights = model.get_weights()
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((model(x) - y) ** 2)
        moved = [w - 0.1 * g.numpy() for w, g in zip(weights, tape.gradient(loss, model.trainable_variables))]
        plain = net()
        plain.set_weights(moved)
        return float(tf.reduce_mean((plain(x) - y) ** 2))

    above = value()
    model.layers[0].bias.assign_sub([2 * step, 0, 0])
    np.testing.assert_allclose(meta[1][0], (above - value()) / (2 * step), rtol=2e-2, atol=1e-4)


class Standardized(keras.layers.Dense):
    def call(self, inputs):
        kept = self.kernel
        self.kernel = kept - tf.reduce_mean(kept, axis=0)
        outputs = super().call(inputs)
        self.kernel = kept
        return outputs


def test_a_subclass_that_exchanges_its_kernel_for_a_call_trains():
    model = keras.Sequential([keras.Input((4,)), Standardized(2, use_bias=False)])
    model.compile("sgd", "mse")
    x = X[:, 0]
    before = model.layers[0].kernel.numpy()
    np.testing.assert_allclose(model(x), x @ (before - before.mean(0)), rtol=1e-5, atol=1e-6)
    model.fit(x, x[:, :2], epochs=2, verbose=0)
    after = model.layers[0].kernel.numpy()
    assert not np.allclose(after, before)
    np.testing.assert_allclose((after - before).sum(0), 0.0, atol=1e-6)  # no gradient along the mean


@pytest.mark.parametrize("kind", [lambda: keras.layers.Dense(2), lambda: keras.layers.Conv1D(2, 1)])
def test_a_variable_in_a_weights_place_is_computed_with_and_trained(kind):
    layer = kind()
    x = tf.ones((1, 1, 3))
    layer(x)
    own = tf.Variable(tf.ones(layer.kernel.shape), name="own")
    layer.kernel = own
    assert layer(x).numpy().tolist() == [[[3, 3]]]
    assert [w.name for w in layer.weights] == ["bias", "own:0"]
    assert {name for name, _ in layer.named_parameters()} == {"kernel", "bias"}
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(x))
    np.testing.assert_array_equal(tape.gradient(loss, own), np.ones(own.shape))
    own.assign(tf.zeros_like(own))
    assert layer(x).numpy().tolist() == [[[0, 0]]]


def test_a_variable_with_two_attributes_keeps_the_first_place():
    layer = keras.layers.Conv1D(2, 1)
    x = tf.ones((1, 1, 3))
    layer(x)
    layer.kernel = tf.Variable(tf.ones((1, 3, 2)))
    layer.direction = layer.kernel
    assert layer(x).numpy().tolist() == [[[3, 3]]]
    layer.kernel = layer.direction * 2.0  # as weight normalization does
    assert layer(x).numpy().tolist() == [[[6, 6]]]
    layer.direction.assign(tf.zeros((1, 3, 2)))
    layer.kernel = layer.direction * 2.0
    assert layer(x).numpy().tolist() == [[[0, 0]]]


def test_a_new_weight_in_the_place_of_another_is_computed_with():
    layer = keras.layers.Dense(2)
    layer(tf.ones((1, 3)))
    layer.bias = layer.add_weight(name="bias", shape=(2,), initializer="ones")
    layer.kernel.assign(np.zeros((3, 2)))
    assert layer(tf.ones((1, 3))).numpy().tolist() == [[1, 1]]
