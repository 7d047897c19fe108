"""The part on models: the two ways to build one, the components that all have, the workflow."""

import numpy as np
import pytest

from kerasish import tf

keras = tf.keras
Dense = keras.layers.Dense

DATA = np.random.default_rng(0).random((96, 4)).astype("float32")
LABELS = (DATA.sum(axis=1) > 2).astype("int32")


def stacked():
    return keras.Sequential(
        [Dense(16, activation="relu", input_shape=(4,)), Dense(8, activation="relu"), Dense(1, activation="sigmoid")]
    )


def connected():
    inputs = keras.Input(shape=(4,))
    x = Dense(16, activation="relu")(inputs)
    x = Dense(8, activation="relu")(x)
    return keras.Model(inputs=inputs, outputs=Dense(1, activation="sigmoid")(x))


def by_hand(model, x):
    """What three dense layers compute: relu, relu, sigmoid."""
    w1, b1, w2, b2, w3, b3 = model.get_weights()
    hidden = np.maximum(np.maximum(x @ w1 + b1, 0) @ w2 + b2, 0)
    return 1 / (1 + np.exp(-(hidden @ w3 + b3)))


# A model is a function with trainable parameters --------------------------------------------------------------------


@pytest.mark.parametrize("build", [stacked, connected])
def test_a_model_maps_inputs_to_outputs_with_its_parameters(build):
    model = build()
    np.testing.assert_allclose(model(DATA).numpy(), by_hand(model, DATA), rtol=1e-5)
    model.set_weights([w + 0.1 for w in model.get_weights()])
    np.testing.assert_allclose(model(DATA).numpy(), by_hand(model, DATA), rtol=1e-5)


def test_training_finds_the_parameters_of_a_price():
    rng = np.random.default_rng(1)
    house = rng.random((256, 3)).astype("float32")  # size, bedrooms, location
    price = house @ [[3.0], [1.0], [0.5]] + 2.0
    model = keras.Sequential([Dense(1, input_shape=(3,))])
    model.compile(optimizer=keras.optimizers.Adam(0.1), loss="mse")
    model.fit(house, price, epochs=60, verbose=0)
    kernel, bias = model.get_weights()
    np.testing.assert_allclose(kernel[:, 0], [3.0, 1.0, 0.5], atol=0.05)
    np.testing.assert_allclose(bias, [2.0], atol=0.05)


# 1. Sequential ------------------------------------------------------------------------------------------------------


def test_1_each_layers_output_is_the_next_ones_input():
    model = stacked()
    assert [layer.units for layer in model.layers] == [16, 8, 1]
    x = tf.constant(DATA)
    for layer in model.layers:
        x = layer(x)
    np.testing.assert_array_equal(x.numpy(), model(DATA).numpy())


def test_1_one_input_and_one_output():
    model = stacked()
    assert len(model.inputs) == len(model.outputs) == 1
    assert tuple(model.input_shape) == (None, 4)
    assert tuple(model.output_shape) == (None, 1)


# 2. Functional ------------------------------------------------------------------------------------------------------


def test_2_several_inputs_and_outputs():
    a, b = keras.Input(shape=(4,), name="a"), keras.Input(shape=(2,), name="b")
    joined = keras.layers.concatenate([Dense(3)(a), b])
    model = keras.Model([a, b], [Dense(1)(joined), Dense(2)(joined)])
    first, second = model([DATA, DATA[:, :2]])
    assert first.shape == (96, 1)
    assert second.shape == (96, 2)


def test_2_a_shared_layer_has_one_set_of_weights():
    a, b = keras.Input(shape=(4,)), keras.Input(shape=(4,))
    shared = Dense(3)
    model = keras.Model([a, b], keras.layers.add([shared(a), shared(b)]))
    assert model.count_params() == 4 * 3 + 3
    np.testing.assert_allclose(model([DATA, 2 * DATA]).numpy(), (shared(DATA) + shared(2 * DATA)).numpy(), rtol=1e-5)


def test_2_a_residual_connection():
    inputs = keras.Input(shape=(4,))
    hidden = Dense(4, activation="relu")
    model = keras.Model(inputs, keras.layers.Add()([inputs, hidden(inputs)]))
    np.testing.assert_allclose(model(DATA).numpy(), DATA + hidden(DATA).numpy(), rtol=1e-6)


def test_2_each_call_connects_one_more_layer():
    model = connected()
    assert [type(layer).__name__ for layer in model.layers] == ["InputLayer", "Dense", "Dense", "Dense"]
    assert [tuple(layer.output.shape) for layer in model.layers] == [(None, 4), (None, 16), (None, 8), (None, 1)]


# Comparison ---------------------------------------------------------------------------------------------------------


def test_both_ways_give_the_same_model():
    one, other = stacked(), connected()
    assert one.count_params() == other.count_params() == 225
    other.set_weights(one.get_weights())
    np.testing.assert_array_equal(one.predict(DATA, verbose=0), other.predict(DATA, verbose=0))


def test_sequential_refuses_a_layer_with_two_inputs():
    model = keras.Sequential([keras.Input((4,))])
    with pytest.raises(ValueError, match="list"):
        model.add(keras.layers.Add())


# 3. Components ------------------------------------------------------------------------------------------------------


def test_3_layers_weights_and_biases():
    model = stacked()
    assert len(model.layers) == 3
    assert [tuple(w.shape) for w in model.weights] == [(4, 16), (16,), (16, 8), (8,), (8, 1), (1,)]
    assert [w.name.split("/")[-1].split(":")[0] for w in model.weights] == ["kernel", "bias"] * 3


def test_3_the_loss_measures_the_error_of_the_prediction():
    model = stacked()
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    p = by_hand(model, DATA)[:, 0]
    loss, accuracy = model.evaluate(DATA, LABELS, verbose=0)
    assert loss == pytest.approx(-np.mean(np.where(LABELS == 1, np.log(p), np.log(1 - p))), rel=1e-4)
    assert accuracy == pytest.approx(np.mean((p > 0.5) == LABELS), abs=1e-6)


@pytest.mark.parametrize(
    ("optimizer", "change"), [("sgd", lambda g: -0.01 * g), ("adam", lambda g: -0.001 * g / (abs(g) + 1e-7))]
)
def test_3_the_optimizer_updates_the_weights(optimizer, change):
    model = keras.Sequential([Dense(1, input_shape=(4,))])
    model.compile(optimizer=optimizer, loss="mse")
    kernel, bias = model.get_weights()
    error = DATA @ kernel + bias - LABELS[:, None]
    model.fit(DATA, LABELS[:, None], batch_size=96, epochs=1, verbose=0)
    gradient = 2 * DATA.T @ error / 96
    np.testing.assert_allclose(model.get_weights()[0] - kernel, change(gradient), rtol=2e-3, atol=1e-6)


# Workflow -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("build", [stacked, connected])
def test_compile_fit_evaluate_predict(build):
    model = build()
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    history = model.fit(DATA, LABELS, epochs=10, batch_size=32, verbose=0)
    assert len(history.history["loss"]) == 10
    assert history.history["loss"][-1] < history.history["loss"][0]
    loss, accuracy = model.evaluate(DATA, LABELS, verbose=0)
    assert loss > 0
    assert 0 <= accuracy <= 1
    predictions = model.predict(DATA[:5], verbose=0)
    assert isinstance(predictions, np.ndarray)
    assert predictions.shape == (5, 1)
    np.testing.assert_allclose(predictions, by_hand(model, DATA[:5]), rtol=1e-5)
