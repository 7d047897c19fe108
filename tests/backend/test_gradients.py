"""Gradients of symbolic tensors, as scripts of Keras 2 take them."""

import numpy as np
import pytest

import kerasish as keras
from kerasish import backend as K
from kerasish import layers, tf
from kerasish.core.errors import NotServedError
from kerasish.models import plan

X = np.random.RandomState(0).rand(2, 8, 8, 1).astype("float32")


def classifier():
    keras.utils.set_random_seed(3)
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(3, 3, activation="relu", name="conv"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(4, activation="softmax"),
        ]
    )


def test_the_gradient_with_respect_to_the_input_can_be_computed_with():
    model = classifier()
    loss = K.mean(model.get_layer("conv").output[:, :, :, 1])
    grads = K.gradients(loss, model.input)[0]
    assert grads.shape == (None, 8, 8, 1)
    iterate = K.function([model.input], [loss, grads / (K.sqrt(K.mean(K.square(grads))) + 1e-5)])
    found_loss, found = iterate([X])
    x = tf.constant(X)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = tf.reduce_mean(model.get_layer("conv")(x)[..., 1])
    expected = tape.gradient(value, x).numpy()
    np.testing.assert_allclose(found_loss, value.numpy(), rtol=1e-6)
    np.testing.assert_allclose(found, expected / (np.sqrt(np.mean(expected**2)) + 1e-5), rtol=1e-4)


def test_the_gradient_with_respect_to_a_layers_output():
    model = classifier()
    conv, dense = model.get_layer("conv"), model.layers[-1]
    loss = model.output[:, 2]
    found = K.function([model.input], K.gradients(loss, conv.output))([X])[0]
    kernel = dense.get_weights()[0]
    p = model.predict(X, verbose=0)
    expected = p[:, 2:3] * (kernel[:, 2] - p @ kernel.T) / 36  # of the softmax, by way of the mean over 6 x 6
    np.testing.assert_allclose(found, np.broadcast_to(expected[:, None, None], (2, 6, 6, 3)), rtol=1e-4, atol=1e-7)


def test_several_inputs_and_one_that_the_loss_does_not_depend_on():
    a, b, c = (keras.Input((3,)) for _ in range(3))
    found = K.gradients(K.sum(a * a * b), [a, c])
    assert found[1] is None
    values = np.arange(6.0).reshape(2, 3), np.full((2, 3), 2.0)
    np.testing.assert_allclose(K.function([a, b], found[:1])(values)[0], 4 * values[0])


def test_a_gradient_in_a_loss_is_trained_through():
    inputs = keras.Input((2,))
    dense = layers.Dense(1, use_bias=False)
    outputs = dense(inputs)
    model = keras.Model(inputs, outputs)
    model.add_loss(K.mean(K.square(K.gradients(outputs, inputs)[0])))  # the mean of the kernel's squares
    model.compile(keras.optimizers.SGD(0.1))
    kernel = model.get_weights()[0]
    model.fit(np.ones((4, 2)), verbose=0, batch_size=4)
    np.testing.assert_allclose(model.get_weights()[0], kernel * 0.9, rtol=1e-5)


def test_weights_are_refused():
    model = classifier()
    with pytest.raises(NotServedError, match="GradientTape"):
        K.gradients(K.mean(model.output), model.trainable_weights)


def test_a_gradient_is_lowered_once(monkeypatch):
    made = []
    lower = plan.Plan.__init__
    monkeypatch.setattr(plan.Plan, "__init__", lambda self, *args: made.append(args) or lower(self, *args))
    model = classifier()
    grads = K.gradients(K.mean(model.output), model.input)
    iterate = K.function([model.input], grads)
    iterate([X])
    before = len(made)
    for _ in range(3):
        iterate([X])
    assert len(made) == before
