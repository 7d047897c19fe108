"""Losses made of a model's symbolic tensors."""

import numpy as np
import pytest

import kerasish as keras
from kerasish import backend as K
from kerasish import layers

X = np.random.RandomState(0).rand(12, 4).astype("float32")


def fixed(model):
    """The same weights in every library: uniform by place, biases zero."""
    values = []
    for i, w in enumerate(model.get_weights()):
        draw = np.random.RandomState(i).uniform(-0.3, 0.3, w.shape).astype(w.dtype)
        values.append(draw if w.any() else w)
    model.set_weights(values)
    return model


def penalized():
    inputs = keras.Input((4,))
    hidden = layers.Dense(3, name="a")(inputs)
    model = keras.Model(inputs, layers.Dense(2, name="b")(hidden))
    model.add_loss(K.mean(K.sum(K.square(hidden), axis=-1)))
    model.add_loss(K.mean(model.output) * 0.1)
    extra = layers.Dense(1, name="extra")(hidden)
    model.add_loss(K.sum(K.square(extra)) * 0.01)
    return inputs, model


@pytest.mark.parametrize("eager", [False, True])
def test_expressions_of_symbolic_tensors_count_in_training_and_evaluation(eager):
    _, model = penalized()
    model.compile("sgd", "mse", run_eagerly=eager)
    fixed(model)
    history = model.fit(X, X[:, :2], batch_size=4, epochs=2, verbose=0, shuffle=False).history
    np.testing.assert_allclose(history["loss"], [0.5148037672, 0.4647566378], rtol=1e-5)  # Keras 2's numbers
    np.testing.assert_allclose(model.evaluate(X, X[:, :2], verbose=0, batch_size=5), 0.4366556406, rtol=1e-5)
    np.testing.assert_allclose(model.get_weights()[1], [-0.00736206, -0.02648784, -0.02820351], rtol=1e-4)


def test_layers_that_only_a_loss_depends_on_are_trained():
    _, model = penalized()
    assert [w.path for w in model.weights] == ["a/kernel", "a/bias", "b/kernel", "b/bias", "extra/kernel", "extra/bias"]
    model.compile("sgd", "mse")
    before = model.get_weights()[4].copy()
    model.fit(X, X[:, :2], verbose=0)
    assert np.abs(model.get_weights()[4] - before).max() > 0


def test_a_nested_models_losses_count_too():
    inputs, inner = penalized()
    model = keras.Model(inputs, layers.Dense(1)(inner(inputs)))
    model.compile("sgd", "mse")
    fixed(inner).compile("sgd", "mse")
    inner.fit(X, X[:, :2], batch_size=4, epochs=2, verbose=0, shuffle=False)
    fixed(model)
    history = model.fit(X, X[:, :1], batch_size=4, epochs=2, verbose=0, shuffle=False).history
    np.testing.assert_allclose(history["loss"], [0.5046189427, 0.4375041425], rtol=1e-5)  # Keras 2's numbers


def test_a_model_without_another_loss_is_trained_by_the_added_one():
    inputs = keras.Input((4,))
    outputs = layers.Dense(4, use_bias=False)(inputs)
    model = keras.Model(inputs, outputs)
    model.add_loss(K.mean(K.square(inputs - outputs)))
    model.compile("sgd")
    first, last = model.fit(X, epochs=2, validation_data=(X, None), verbose=0, shuffle=False).history["val_loss"]
    expected = np.mean((X - X @ model.get_weights()[0]) ** 2)
    np.testing.assert_allclose(last, expected, rtol=1e-5)
    assert last < first
    assert len(model.losses) == 1
    assert model.predict(X, verbose=0).shape == (12, 4)


def test_a_loss_of_tensors_that_are_not_the_models_is_refused():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(2)])
    with pytest.raises(ValueError, match="does not depend on the model's inputs"):
        model.add_loss(K.mean(keras.Input((3,))))


def test_a_function_given_to_add_loss_counts_in_every_step():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(2, use_bias=False)])
    dense = model.layers[0]
    dense.add_loss(lambda: 0.5 * K.sum(K.square(dense.kernel)))
    model.compile("sgd", "mse")
    kernel = model.get_weights()[0]
    found = model.evaluate(X, X[:, :2], verbose=0)
    expected = np.mean((X @ kernel - X[:, :2]) ** 2) + 0.5 * np.sum(kernel**2)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    np.testing.assert_allclose(model.evaluate(X, X[:, :2], verbose=0), expected, rtol=1e-5)
    model.fit(X, X[:, :2], verbose=0, batch_size=12)
    gradient = 2 * X.T @ (X @ kernel - X[:, :2]) / 24 + kernel
    np.testing.assert_allclose(model.get_weights()[0], kernel - 0.01 * gradient, rtol=1e-4, atol=1e-6)


def test_a_metric_of_a_symbolic_tensor():
    inputs = keras.Input((4,))
    hidden = layers.Dense(3)(inputs)
    model = keras.Model(inputs, layers.Dense(2)(hidden))
    model.add_metric(K.mean(hidden), name="hidden", aggregation="mean")
    model.compile("sgd", "mse", metrics=["mae"])
    kernel = model.get_weights()[0]
    found = model.evaluate(X, X[:, :2], verbose=0, return_dict=True)
    assert list(found) == ["loss", "mae", "hidden"]
    np.testing.assert_allclose(found["hidden"], np.mean(X @ kernel), rtol=1e-4, atol=1e-6)
    assert list(model.fit(X, X[:, :2], verbose=0).history) == ["loss", "mae", "hidden"]


def test_predictions_work_out_no_losses_and_no_metrics():
    runs = []

    def counted(x):
        runs.append(1)
        return keras.ops.mean(x)

    inputs = keras.Input((4,))
    outputs = layers.Dense(2)(inputs)
    model = keras.Model(inputs, outputs)
    penalty = layers.Lambda(counted, output_shape=())(outputs)
    model.add_loss(penalty)
    model.add_metric(penalty, name="size", aggregation="mean")
    model.compile("sgd", "mse")
    expected = np.array(model(X))
    before = model.get_metrics_result()["size"]
    runs.clear()
    np.testing.assert_allclose(model.predict(X, verbose=0), expected, rtol=1e-6)
    assert not runs
    assert model.get_metrics_result()["size"] == before
    model.evaluate(X, np.zeros((12, 2)), verbose=0)
    assert runs
