"""Layers whose ``call`` gives an object that stands for a tensor, as probability distributions do."""

import numpy as np
import pytest

import kerasish as keras
from kerasish import tf


class Doubled:
    """Knows the tensor that it stands for."""

    def __init__(self, value):
        self.value = value

    shape = property(lambda self: self.value.shape)
    dtype = property(lambda self: self.value.dtype)


tf.register_tensor_conversion_function(Doubled, lambda x, dtype=None, name=None, as_ref=False: x.value)


class Gives(keras.layers.Layer):
    """Returns the object alone from a call of its own, which has it and the tensor."""

    def __call__(self, inputs, *args, **kwargs):
        found, _ = super().__call__(inputs, *args, **kwargs)
        return found

    def call(self, inputs):
        made = Doubled(inputs * 2.0)
        made.value.maker = made
        return made, made.value


def _model(*after, **options):
    ones = {"kernel_initializer": "ones", "use_bias": False}
    return keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dense(1, **ones),
            Gives(**options),
            *(keras.layers.Dense(n, **ones) for n in after),
        ]
    )


X = np.array([[1.0, 2.0], [3.0, 4.0]], "float32")


def test_a_model_returns_the_object():
    found = _model()(X)
    assert isinstance(found, Doubled)
    np.testing.assert_allclose(found.value, [[6.0], [14.0]])


def test_the_loss_sees_the_object_and_its_gradient_reaches_the_weights():
    model, seen = _model(), []

    def loss(y, prediction):
        seen.append(type(prediction))
        return (y - prediction.value) ** 2

    model.compile(keras.optimizers.SGD(0.001), loss)
    history = model.fit(X, np.zeros((2, 1), "float32"), epochs=2, verbose=0)
    assert set(seen) == {Doubled}
    np.testing.assert_allclose(history.history["loss"][0], (36.0 + 196.0) / 2)
    assert history.history["loss"][1] < history.history["loss"][0]


def test_a_loss_of_ours_takes_the_tensor():
    model = _model()
    model.compile("sgd", "mse")
    np.testing.assert_allclose(model.evaluate(X, np.zeros((2, 1)), verbose=0), (36.0 + 196.0) / 2)


def test_layers_after_it_take_the_tensor():
    model = _model(3)
    np.testing.assert_allclose(model.predict(X, verbose=0), [[6.0] * 3, [14.0] * 3])
    model.compile(keras.optimizers.SGD(0.001), "mse")
    model.fit(X, np.zeros((2, 3), "float32"), verbose=0)
    assert all(np.all(np.asarray(w) != 1.0) for w in model.get_weights())


def test_penalties_see_the_object_and_what_was_set_on_the_tensor():
    seen = []

    def penalty(x):
        seen.append(x)
        return tf.reduce_sum(tf.convert_to_tensor(x))

    model = _model(activity_regularizer=penalty)
    model.compile("sgd", lambda y, p: p.value * 0.0)
    seen.clear()
    loss = model.evaluate(X, np.zeros((2, 1)), verbose=0)
    assert loss == pytest.approx(2 * 20.0 / 2)  # of both outputs, for each sample
    assert isinstance(seen[0], Doubled)
    assert isinstance(seen[1].maker, Doubled)


def test_seeds_that_are_drawn_inside_a_layer_are_not_asked_for_while_shapes_are_found():
    class Noisy(keras.layers.Layer):
        def call(self, x):
            seed = tf.random.uniform((2,), maxval=9, dtype=tf.int32)
            return x + tf.random.stateless_uniform(tf.shape(x), seed)

    assert keras.Sequential([keras.Input((3,)), Noisy()]).output_shape == (None, 3)


def test_built_in_layers_and_models_take_the_object():
    given = Doubled(tf.constant(X))
    np.testing.assert_allclose(keras.layers.Reshape((2, 1))(given), X[..., None])
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, kernel_initializer="ones")])
    np.testing.assert_allclose(model(given), [[3.0], [7.0]])


@pytest.mark.parametrize("batch_size", [1, 2])
def test_predict_returns_the_arrays_of_the_object(batch_size):
    predicted = _model().predict(X, batch_size=batch_size, verbose=0)
    assert type(predicted) is np.ndarray
    np.testing.assert_allclose(predicted, [[6.0], [14.0]])


def test_a_layer_that_asks_for_values_gives_the_object_too():
    class Asks(Gives):
        def call(self, inputs):
            return super().call(inputs if float(tf.reduce_sum(inputs)) > -1e9 else -inputs)

    model = keras.Sequential([keras.Input((2,)), Asks()])
    assert isinstance(model(X), Doubled)
