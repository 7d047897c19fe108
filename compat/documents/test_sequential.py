"""The part on Sequential: building it, what its layers compute, its counts and its table."""

import numpy as np
import pytest

from kerasish import tf

keras = tf.keras
Dense, Sequential = keras.layers.Dense, keras.Sequential

DATA = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")


def listed():
    return Sequential(
        [Dense(16, input_shape=(4,), activation="relu"), Dense(8, activation="relu"), Dense(1, activation="sigmoid")]
    )


def added():
    model = Sequential()
    model.add(Dense(16, activation="relu", input_shape=(4,)))
    model.add(Dense(8, activation="relu"))
    model.add(Dense(1, activation="sigmoid"))
    return model


def lines_of(model, capsys):
    model.summary()
    return [line.rstrip() for line in capsys.readouterr().out.strip("\n").split("\n")]


# 1, 2. What it is, and its names ------------------------------------------------------------------------------------


def test_1_the_names_are_the_same_objects_everywhere():
    assert keras.Sequential is keras.models.Sequential
    assert keras.layers.Activation("relu").activation is keras.activations.relu


# 3, 4. Building -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("build", [listed, added])
def test_4_the_layers_are_held_in_order(build):
    model = build()
    assert [layer.units for layer in model.layers] == [16, 8, 1]
    assert [layer.activation.__name__ for layer in model.layers] == ["relu", "relu", "sigmoid"]


def test_4_layers_can_be_added_and_removed_later():
    model = listed()
    removed = model.pop()
    assert removed.units == 1
    assert tuple(model.output_shape) == (None, 8)
    model.add(Dense(3, activation="softmax"))
    assert tuple(model.output_shape) == (None, 3)
    assert model(DATA).shape == (64, 3)


def test_4_a_model_without_an_input_shape_is_built_by_its_first_data():
    model = Sequential([Dense(16, activation="relu"), Dense(1)])
    assert not model.built
    assert model.weights == []
    model(DATA)
    assert model.built
    assert model.count_params() == 80 + 17


@pytest.mark.parametrize(("index", "kernel", "bias"), [(0, (4, 16), (16,)), (1, (16, 8), (8,)), (2, (8, 1), (1,))])
def test_4_shapes_of_weights_and_biases(index, kernel, bias):
    layer = listed().layers[index]
    assert [tuple(w.shape) for w in layer.weights] == [kernel, bias]
    assert tuple(layer.kernel.shape) == kernel
    assert tuple(layer.bias.shape) == bias


def test_4_each_layer_computes_activation_of_input_times_weights_plus_bias():
    model, x = listed(), DATA
    functions = [lambda z: np.maximum(0, z), lambda z: np.maximum(0, z), lambda z: 1 / (1 + np.exp(-z))]
    for layer, function in zip(model.layers, functions, strict=True):
        weights, bias = layer.get_weights()
        expected = function(x @ weights + bias)
        x = layer(x).numpy()
        np.testing.assert_allclose(x, expected, rtol=1e-5, atol=1e-6)
        assert x.shape == (64, layer.units)


# 5. Counts ----------------------------------------------------------------------------------------------------------


def test_5_the_table_of_layers():
    layers = listed().layers
    assert [tuple(layer.input.shape)[1:] for layer in layers] == [(4,), (16,), (8,)]
    assert [tuple(layer.output.shape)[1:] for layer in layers] == [(16,), (8,), (1,)]
    assert [layer.count_params() for layer in layers] == [4 * 16 + 16, 16 * 8 + 8, 8 * 1 + 1] == [80, 136, 9]
    assert listed().count_params() == 225


# 6. Activations -----------------------------------------------------------------------------------------------------

GRID = np.linspace(-6, 6, 49, dtype="float32").reshape(7, 7)

FORMULAS = {
    "relu": lambda x: np.maximum(0, x),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": lambda x: (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x)),
    "softmax": lambda x: np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True),
    "linear": lambda x: x,
}


@pytest.mark.parametrize("name", sorted(FORMULAS))
def test_6_activations_follow_their_formulas(name):
    expected = FORMULAS[name](GRID)
    np.testing.assert_allclose(keras.activations.get(name)(tf.constant(GRID)).numpy(), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(keras.layers.Activation(name)(GRID).numpy(), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("name", "low", "high"), [("sigmoid", 0, 1), ("tanh", -1, 1), ("softmax", 0, 1)])
def test_6_bounded_activations_stay_inside_their_range(name, low, high):
    values = keras.activations.get(name)(tf.constant(GRID)).numpy()
    assert low < values.min() < values.max() < high


def test_6_relu_has_no_upper_bound():
    assert keras.activations.relu(tf.constant([-1e30, 0.0, 1e30])).numpy().tolist() == [
        0.0,
        0.0,
        float(np.float32(1e30)),
    ]


def test_6_softmax_sums_to_one():
    np.testing.assert_allclose(keras.activations.softmax(tf.constant(GRID)).numpy().sum(axis=-1), 1, rtol=1e-6)


@pytest.mark.parametrize("name", sorted(FORMULAS))
def test_6_inside_dense_or_as_a_layer_of_its_own_is_the_same(name):
    inside = Sequential([Dense(16, activation=name, input_shape=(4,))])
    apart = Sequential([Dense(16, input_shape=(4,)), keras.layers.Activation(name)])
    apart.set_weights(inside.get_weights())
    np.testing.assert_allclose(inside(DATA).numpy(), apart(DATA).numpy(), rtol=1e-6)


def test_6_without_activations_a_stack_is_one_linear_map():
    model = Sequential([Dense(16, input_shape=(4,)), Dense(8), Dense(1)])
    w1, _, w2, _, w3, _ = model.get_weights()
    np.testing.assert_allclose(model(DATA).numpy(), DATA @ (w1 @ w2 @ w3), rtol=1e-4, atol=1e-5)


# 7. The table -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("build", [listed, added])
def test_7_the_summary_line_by_line(build, capsys, table):
    keras.backend.clear_session()
    assert lines_of(build(), capsys) == table.split("\n")


def test_7_names_count_on_until_the_session_is_cleared(capsys):
    keras.backend.clear_session()
    listed()
    lines = lines_of(listed(), capsys)
    assert lines[0] == 'Model: "sequential_1"'
    assert [line.split()[0] for line in lines[4:7]] == ["dense_3", "dense_4", "dense_5"]


def test_7_none_stands_for_a_batch_of_any_size():
    model = listed()
    assert tuple(model.output_shape)[0] is None
    assert [model(DATA[:n]).shape for n in (1, 7, 64)] == [(1, 1), (7, 1), (64, 1)]


def test_7_a_summary_can_go_elsewhere(capsys):
    lines = []
    listed().summary(print_fn=lines.append)
    assert capsys.readouterr().out == ""
    assert "Total params: 225" in "\n".join(lines)


# 8. Training --------------------------------------------------------------------------------------------------------


def test_8_compile_and_fit_lower_what_the_model_minimizes():
    keras.utils.set_random_seed(3)
    model, labels = listed(), (DATA.sum(axis=1) > 0).astype("int32")
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    history = model.fit(DATA, labels, epochs=10, batch_size=32, verbose=0)
    assert sorted(history.history) == ["accuracy", "loss"]
    assert history.history["loss"][-1] < history.history["loss"][0]


# 9 - 12 -------------------------------------------------------------------------------------------------------------


def test_9_four_features_become_one_value_between_0_and_1():
    values = listed().predict(10 * DATA, verbose=0)
    assert values.shape == (64, 1)
    assert values.min() >= 0
    assert values.max() <= 1


def test_10_units_input_shape_and_activation_are_arguments():
    layer = Dense(units=16, input_shape=(4,), activation="relu")
    config = layer.get_config()
    assert (config["units"], config["activation"], config["use_bias"]) == (16, "relu", True)


def test_12_each_dense_layer_is_weights_bias_activation():
    for layer in listed().layers:
        assert len(layer.weights) == 2
        assert callable(layer.activation)
