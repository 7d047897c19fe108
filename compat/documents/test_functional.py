"""The part on the functional API: Input, calling layers, shapes, advantages, the limits it names."""

import numpy as np
import pytest

from kerasish import tf

keras = tf.keras
Dense, Input, Model = keras.layers.Dense, keras.Input, keras.Model

DATA = np.random.default_rng(0).normal(size=(32, 4)).astype("float32")


def chunks():
    inputs = Input(shape=(4,))
    x = Dense(16, activation="relu")(inputs)
    x = Dense(8, activation="relu")(x)
    outputs = Dense(1, activation="sigmoid")(x)
    return inputs, x, outputs


# 2. Input -----------------------------------------------------------------------------------------------------------


def test_2_input_is_symbolic_and_has_a_batch_of_any_size():
    inputs = Input(shape=(4,))
    assert tuple(inputs.shape) == (None, 4)
    assert inputs.dtype == "float32"
    assert keras.layers.Input is keras.Input
    assert not hasattr(inputs, "numpy")


@pytest.mark.parametrize(("arguments", "shape"), [({"batch_size": 5}, (5, 4)), ({}, (None, 4))])
def test_2_the_batch_size_may_be_given(arguments, shape):
    assert tuple(Input(shape=(4,), **arguments).shape) == shape


def test_2_each_example_must_have_the_stated_features():
    inputs, _, outputs = chunks()
    with pytest.raises(ValueError, match="shape"):
        Model(inputs, outputs)(np.ones((2, 5), "float32"))


# 3. Dense -----------------------------------------------------------------------------------------------------------


def test_3_a_layer_is_called_like_a_function():
    inputs = Input(shape=(4,))
    layer = Dense(16, activation="relu")
    x = layer(inputs)
    assert tuple(x.shape) == (None, 16)
    kernel, bias = layer.get_weights()
    np.testing.assert_allclose(
        Model(inputs, x)(DATA).numpy(), np.maximum(DATA @ kernel + bias, 0), rtol=1e-5, atol=1e-6
    )


# 4. Shapes ----------------------------------------------------------------------------------------------------------


def test_4_the_flow_of_shapes():
    inputs, _, outputs = chunks()
    layers = Model(inputs, outputs).layers
    assert [type(layer).__name__ for layer in layers] == ["InputLayer", "Dense", "Dense", "Dense"]
    assert [tuple(layer.output.shape)[1:] for layer in layers] == [(4,), (16,), (8,), (1,)]
    assert [tuple(layer.input.shape)[1:] for layer in layers[1:]] == [(4,), (16,), (8,)]


# 5. The chunk way ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [lambda i, o: Model(i, o), lambda i, o: Model(inputs=i, outputs=o)])
def test_5_the_first_and_the_last_tensor_make_a_model(make):
    inputs, _, outputs = chunks()
    model = make(inputs, outputs)
    assert model.count_params() == 225
    assert tuple(model.input_shape) == (None, 4)
    assert tuple(model.output_shape) == (None, 1)


def test_5_a_model_is_the_composition_of_its_layers():
    layers = [Dense(16, activation="relu"), Dense(8, activation="relu"), Dense(1, activation="sigmoid")]

    def model_fn(x):
        for layer in layers:
            x = layer(x)
        return x

    inputs = Input(shape=(4,))
    model = Model(inputs, model_fn(inputs))
    np.testing.assert_allclose(model(DATA).numpy(), model_fn(DATA).numpy(), rtol=1e-6)


def test_5_a_model_is_called_like_a_layer():
    inputs, _, outputs = chunks()
    inner = Model(inputs, outputs)
    other = Input(shape=(4,))
    outer = Model(other, inner(other))
    np.testing.assert_array_equal(outer(DATA).numpy(), inner(DATA).numpy())
    assert outer.count_params() == 225


def test_5_the_summary_begins_with_the_input(capsys):
    keras.backend.clear_session()
    inputs, _, outputs = chunks()
    Model(inputs, outputs).summary()
    lines = [line.rstrip() for line in capsys.readouterr().out.strip("\n").split("\n")]
    assert "(InputLayer)" in lines[4]
    assert lines[5:] == [
        " dense (Dense)               (None, 16)                80",
        " dense_1 (Dense)             (None, 8)                 136",
        " dense_2 (Dense)             (None, 1)                 9",
        "=" * 65,
        "Total params: 225",
        "Trainable params: 225",
        "Non-trainable params: 0",
        "_" * 65,
    ]


# 6. Advantages ------------------------------------------------------------------------------------------------------


def test_6_several_inputs_and_outputs_train_together():
    a, b = Input(shape=(4,), name="a"), Input(shape=(4,), name="b")
    joined = keras.layers.Concatenate()([a, b])
    model = Model([a, b], [Dense(1, name="left")(joined), Dense(2, name="right")(joined)])
    model.compile(optimizer="sgd", loss="mse")
    history = model.fit([DATA, DATA], [DATA[:, :1], DATA[:, :2]], epochs=2, verbose=0)
    assert history.history["loss"][1] < history.history["loss"][0]


def test_6_any_layers_output_is_accessible():
    inputs, x, outputs = chunks()
    model = Model(inputs, outputs)
    features = Model(model.input, model.layers[2].output)
    np.testing.assert_allclose(Model(inputs, x)(DATA).numpy(), features(DATA).numpy())
    assert features(DATA).shape == (32, 8)
    assert features.layers[1] is model.layers[1]


def test_6_an_output_can_be_used_for_a_new_branch():
    inputs, x, outputs = chunks()
    both = Model(inputs, [outputs, Dense(3)(x)])
    first, second = both(DATA)
    np.testing.assert_allclose(first.numpy(), Model(inputs, outputs)(DATA).numpy(), rtol=1e-6)
    assert second.shape == (32, 3)


def test_6_a_residual_block():
    inputs = Input(shape=(8, 8, 3))
    x = keras.layers.Conv2D(3, 3, padding="same", activation="relu")(inputs)
    x = keras.layers.Conv2D(3, 3, padding="same")(x)
    model = Model(inputs, keras.layers.ReLU()(keras.layers.Add()([x, inputs])))
    assert tuple(model.output_shape) == (None, 8, 8, 3)
    assert model(np.zeros((2, 8, 8, 3), "float32")).shape == (2, 8, 8, 3)


def test_6_an_inception_block():
    inputs = Input(shape=(8, 8, 3))
    towers = [keras.layers.Conv2D(4, size, padding="same")(inputs) for size in (1, 3, 5)]
    towers.append(keras.layers.MaxPooling2D(3, strides=1, padding="same")(inputs))
    model = Model(inputs, keras.layers.Concatenate()(towers))
    assert tuple(model.output_shape) == (None, 8, 8, 15)


def test_6_a_siamese_model_embeds_both_sides_with_the_same_weights():
    embed = keras.Sequential([Dense(8, activation="relu"), Dense(2)])
    a, b = Input(shape=(4,)), Input(shape=(4,))
    model = Model([a, b], keras.layers.Subtract()([embed(a), embed(b)]))
    assert np.abs(model([DATA, DATA]).numpy()).max() == 0
    assert len(model.trainable_weights) == 4


def test_6_an_encoder_and_its_decoder():
    inputs = Input(shape=(4,))
    code = Dense(2, activation="relu")(inputs)
    auto, encoder = Model(inputs, Dense(4)(code)), Model(inputs, code)
    auto.compile("adam", "mse")
    before = encoder.get_weights()[0].copy()
    auto.fit(DATA, DATA, epochs=1, verbose=0)
    assert np.abs(encoder.get_weights()[0] - before).max() > 0  # trained as a part of the other
    assert encoder(DATA).shape == (32, 2)


# 7. Limits ----------------------------------------------------------------------------------------------------------


def test_7_the_graph_is_fixed_once_defined():
    inputs, x, outputs = chunks()
    model = Model(inputs, outputs)
    Dense(3)(x)  # a branch that no output leads to is not a part of the model
    assert len(model.layers) == 4
    assert model.count_params() == 225


def test_7_inputs_that_do_not_lead_to_the_output_are_an_error():
    _, _, outputs = chunks()
    with pytest.raises(ValueError):  # noqa: PT011
        Model(Input(shape=(4,)), outputs)


def test_7_layers_that_do_not_fit_are_named():
    images = Input(shape=(8, 8, 3))
    layer = keras.layers.LSTM(4, name="reader")
    with pytest.raises(ValueError, match="reader"):
        layer(images)


# 9. Comparison ------------------------------------------------------------------------------------------------------


def test_9_both_apis_produce_the_same_network():
    inputs, _, outputs = chunks()
    functional = Model(inputs, outputs)
    sequential = keras.Sequential(
        [Dense(16, activation="relu", input_shape=(4,)), Dense(8, activation="relu"), Dense(1, activation="sigmoid")]
    )
    assert [tuple(w.shape) for w in functional.weights] == [tuple(w.shape) for w in sequential.weights]
    sequential.set_weights(functional.get_weights())
    np.testing.assert_array_equal(sequential(DATA).numpy(), functional(DATA).numpy())
