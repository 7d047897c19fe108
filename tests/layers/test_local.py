"""Locally connected layers: the three ways of storing a kernel are one computation."""

from __future__ import annotations

import numpy as np
import pytest

from kerasish import layers, tf

X = np.random.RandomState(0).standard_normal((2, 6, 5, 3))
RANDOM = np.random.RandomState(1)


def dense_of(kernel, outputs, window, strides, shape, filters):
    """The kernel of implementation 1 as that of implementation 2, channels last."""
    full = np.zeros((*shape, *outputs, filters))
    for p, place in enumerate(np.ndindex(*outputs)):
        block = tuple(slice(i * s, i * s + k) for i, s, k in zip(place, strides, window))
        full[(*block, slice(None), *place)] = kernel[p].reshape(*window, shape[-1], filters)
    return full


@pytest.mark.parametrize("strides", [(1, 1), (2, 1)])
def test_implementations_agree(strides):
    one = layers.LocallyConnected2D(2, (3, 2), strides, dtype="float64")
    wanted = one(X)
    kernel, bias = (RANDOM.standard_normal(w.shape) for w in one.weights)
    one.set_weights([kernel, bias])
    wanted = one(X).numpy()
    outputs = wanted.shape[1:3]
    full = dense_of(kernel, outputs, (3, 2), strides, (6, 5, 3), 2)
    two = layers.LocallyConnected2D(2, (3, 2), strides, implementation=2, dtype="float64")
    two.build(X.shape)
    two.set_weights([full + (full == 0) * 9.0, bias])  # what lies outside of the windows does not count
    np.testing.assert_allclose(two(X), wanted, atol=1e-12)
    matrix = full.reshape(6 * 5 * 3, -1).T
    three = layers.LocallyConnected2D(2, (3, 2), strides, implementation=3, dtype="float64")
    three.build(X.shape)
    three.set_weights([matrix[matrix != 0], bias])
    np.testing.assert_allclose(three(X), wanted, atol=1e-12)
    assert one.compute_output_shape(X.shape) == wanted.shape


@pytest.mark.parametrize("implementation", [1, 2])
def test_channels_first_is_the_same_with_the_channels_in_front(implementation):
    last = layers.LocallyConnected1D(2, 3, implementation=implementation, dtype="float64")
    first = layers.LocallyConnected1D(
        2, 3, data_format="channels_first", implementation=implementation, dtype="float64"
    )
    x = X[:, :, 0]
    wanted = last(x)
    moved = np.moveaxis(x, -1, 1)
    first.build(moved.shape)
    kernel, bias = last.get_weights()
    if implementation == 1:
        kernel = kernel.reshape(4, 3, 3, 2).swapaxes(1, 2).reshape(4, 9, 2)
    else:
        kernel = kernel.transpose(1, 0, 3, 2)
    first.set_weights([kernel, bias])
    np.testing.assert_allclose(np.moveaxis(first(moved).numpy(), 1, -1), wanted, atol=1e-12)


def test_same_padding_sees_fewer_inputs_at_the_ends():
    layer = layers.LocallyConnected1D(1, 3, padding="same", implementation=3, use_bias=False, kernel_initializer="ones")
    np.testing.assert_array_equal(layer(np.ones((1, 4, 1)))[0, :, 0], [2, 3, 3, 2])


def test_gradients_and_config():
    layer = layers.LocallyConnected1D(2, 2, activation="tanh")
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(X[:, :, 0].astype("float32")))
    assert [tuple(g.shape) for g in tape.gradient(loss, layer.trainable_weights)] == [(5, 6, 2), (5, 2)]
    again = layers.LocallyConnected1D.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert again.get_config()["implementation"] == 1


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: layers.LocallyConnected1D(2, 3, padding="same"), "only 'valid'"),
        (lambda: layers.LocallyConnected1D(2, 3, implementation=4), "implementation mode"),
        (lambda: layers.LocallyConnected1D(2, 3).build((None, None, 3)), "fully-defined"),
        (lambda: layers.LocallyConnected1D(2, 9)(np.ones((1, 4, 1))), "zero or negative"),
    ],
)
def test_what_does_not_fit_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()
