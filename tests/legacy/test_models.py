"""Models and helpers of Keras 2."""

from __future__ import annotations

import numpy as np
import pytest

import kerasish as keras
from kerasish.core.errors import NotServedError
from kerasish.legacy.models import LinearModel, WideDeepModel, count_params

X = np.random.RandomState(0).standard_normal((64, 3)).astype("float32")
Y = X @ np.array([[1.0], [-2.0], [0.5]], "float32") + 3


def test_a_linear_model_learns_a_line():
    model = LinearModel()
    model.compile(keras.optimizers.SGD(0.1), "mse")
    model.fit(X, Y, epochs=30, verbose=0)
    np.testing.assert_allclose(model.get_weights()[1].ravel() if model.get_weights()[0].shape == (1,) else
                               model.get_weights()[0].ravel(), [1, -2, 0.5], atol=0.05)  # fmt: skip


@pytest.mark.parametrize("named", [True, False])
def test_a_linear_model_adds_up_its_inputs(named):
    model = LinearModel(units=2, activation="relu", kernel_initializer="ones", use_bias=False)
    inputs = {"a": X, "b": X[:, :2]} if named else [X, X[:, :2]]
    wanted = np.maximum(X.sum(1) + X[:, :2].sum(1), 0)
    np.testing.assert_allclose(model(inputs)[:, 1], wanted, atol=1e-5)
    again = LinearModel.from_config(model.get_config())
    assert again.get_config() == model.get_config()
    if named:
        with pytest.raises(ValueError, match="other inputs"):
            model({"a": X})


def test_a_wide_and_deep_model_adds_two():
    model = WideDeepModel(LinearModel(), keras.Sequential([keras.layers.Dense(4, "relu"), keras.layers.Dense(1)]))
    model.compile(["adam"], "mse")
    first = model.evaluate(X, Y, verbose=0)
    model.fit(X, Y, epochs=3, verbose=0)
    assert model.evaluate(X, Y, verbose=0) < first
    np.testing.assert_allclose(model(X), model.linear_model(X) + model.dnn_model(X), atol=1e-6)
    with pytest.raises(NotServedError, match="one optimizer"):
        model.compile(["sgd", "adam"], "mse")


def test_helpers_about_models():
    a, b = keras.Input((3,)), keras.Input((3,))
    middle = keras.layers.Add()([keras.layers.Dense(3)(a), b])
    model = keras.Model([a, b], middle)
    assert count_params(model.weights + model.weights) == 12
    with pytest.warns(UserWarning, match="one device"):
        assert keras.utils.multi_gpu_model(model, gpus=2) is model


def test_model_from_config_takes_the_class_along():
    net = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    again = keras.models.model_from_config({"class_name": "Sequential", "config": net.get_config()})
    assert again.get_config() == net.get_config()
    with pytest.raises(TypeError, match="expects a dictionary, not a list"):
        keras.models.model_from_config([])


class Returned(keras.layers.Embedding):
    """Also returns its weights."""

    def compute_output_shape(self, input_shape):
        return [super().compute_output_shape(input_shape), (self.input_dim, self.output_dim)]

    def call(self, inputs):
        return [super().call(inputs), self.embeddings + 0.0]


def test_a_subclass_of_embedding_with_two_results():
    inputs = keras.Input((None,))
    outputs, weights = Returned(5, 2)(inputs)
    assert (tuple(outputs.shape), tuple(weights.shape)) == ((None, None, 2), (5, 2))
    rows, table = keras.Model(inputs, [outputs, weights])(np.array([[1, 3]]))
    np.testing.assert_array_equal(rows[0], table.numpy()[[1, 3]])


def test_names_that_packages_ask_for():
    net = keras.Sequential([keras.layers.Dense(2, input_shape=(3,))])
    assert not net._is_compiled
    net.compile("sgd", "mse")
    assert net._is_compiled
    assert (repr(net.layers[0].input_shape), repr(net.layers[0].output_shape)) == ("(None, 3)", "(None, 2)")
