"""The part on layers, sections 10 to 13: the tour of types, statefulness, what weights are given, parameter counts."""

import numpy as np
import pytest

from kerasish import tf

keras = tf.keras
layers, Layer = keras.layers, keras.layers.Layer

RNG = np.random.default_rng(0)


def data(*shape):
    return RNG.normal(size=shape).astype("float32")


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


# 10. The tour -------------------------------------------------------------------------------------------------------


def test_10_input_declares_shape_and_dtype_and_has_no_weights():
    inputs = keras.Input(shape=(4,), dtype="int32", name="tokens")
    assert (tuple(inputs.shape), inputs.dtype, inputs.name) == ((None, 4), "int32", "tokens")
    layer = keras.Model(inputs, layers.Embedding(5, 2)(inputs)).layers[0]
    assert isinstance(layer, layers.InputLayer)
    assert layer.weights == []


@pytest.mark.parametrize(
    ("rank", "name", "parameters"),
    [(1, "Conv1D", 3 * 2 * 4 + 4), (2, "Conv2D", 9 * 2 * 4 + 4), (3, "Conv3D", 27 * 2 * 4 + 4)],
)
def test_10_convolutions_over_one_two_and_three_dimensions(rank, name, parameters):
    layer = getattr(layers, name)(filters=4, kernel_size=3, strides=2, padding="same")
    x = data(2, *[7] * rank, 2)
    assert layer(x).shape == (2, *[4] * rank, 4)
    assert layer.count_params() == parameters
    assert tuple(layer.kernel.shape) == (*[3] * rank, 2, 4)
    config = layer.get_config()
    assert [config[key] for key in ("filters", "padding")] == [4, "same"]
    assert tuple(config["kernel_size"]) == (3,) * rank
    assert tuple(config["strides"]) == (2,) * rank


@pytest.mark.parametrize(("padding", "length"), [("valid", 5), ("same", 7), ("causal", 7)])
def test_10_conv1d_is_a_sum_over_windows(padding, length):
    x, layer = data(2, 7, 3), layers.Conv1D(4, 3, padding=padding)
    out = layer(x).numpy()
    ahead = {"valid": (0, 0), "same": (1, 1), "causal": (2, 0)}[padding]
    padded = np.pad(x, [(0, 0), ahead, (0, 0)])
    kernel, bias = layer.get_weights()
    expected = [sum(padded[:, t + k] @ kernel[k] for k in range(3)) + bias for t in range(length)]
    np.testing.assert_allclose(out, np.stack(expected, axis=1), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize(("kind", "function"), [("MaxPooling", np.max), ("AveragePooling", np.mean)])
def test_10_pooling_halves_each_dimension(rank, kind, function):
    x = data(2, *[6] * rank, 3)
    out = getattr(layers, f"{kind}{rank}D")()(x).numpy()
    blocks = x.reshape(2, *[3, 2] * rank, 3)
    expected = function(blocks, axis=tuple(range(2, 2 + 2 * rank, 2)))
    np.testing.assert_allclose(out, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize(("kind", "function"), [("GlobalMaxPooling", np.max), ("GlobalAveragePooling", np.mean)])
def test_10_global_pooling_leaves_one_value_a_channel(rank, kind, function):
    x = data(2, *[5] * rank, 3)
    out = getattr(layers, f"{kind}{rank}D")()(x).numpy()
    np.testing.assert_allclose(out, function(x, axis=tuple(range(1, rank + 1))), rtol=1e-5, atol=1e-6)


def test_10_flatten_makes_one_vector_of_each_sample():
    x = data(2, 3, 4, 5)
    np.testing.assert_array_equal(layers.Flatten()(x).numpy(), x.reshape(2, 60))


@pytest.mark.parametrize("rate", [0.2, 0.5])
def test_10_dropout_zeroes_units_in_training(rate):
    x = np.ones((100, 100), "float32")
    out = layers.Dropout(rate, seed=1)(x, training=True).numpy()
    assert abs((out == 0).mean() - rate) < 0.02
    np.testing.assert_allclose(out[out != 0], 1 / (1 - rate), rtol=1e-6)
    np.testing.assert_array_equal(layers.Dropout(rate)(x).numpy(), x)


def test_10_batch_normalization_normalizes_over_the_batch():
    x, layer = 5 * data(64, 3) + 2, layers.BatchNormalization(gamma_initializer="random_uniform")
    out = layer(x, training=True).numpy()
    gamma, beta = layer.gamma.numpy(), layer.beta.numpy()
    np.testing.assert_allclose(out, gamma * (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-3) + beta, rtol=1e-3, atol=1e-5)
    layer.set_weights([np.ones(3), np.zeros(3), np.full(3, 2.0), np.full(3, 9.0)])
    np.testing.assert_allclose(layer(x).numpy(), (x - 2) / np.sqrt(9 + 1e-3), rtol=1e-4, atol=1e-5)


def test_10_layer_normalization_normalizes_each_sample():
    x = 5 * data(4, 6) + 2
    expected = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-3)
    np.testing.assert_allclose(layers.LayerNormalization()(x).numpy(), expected, rtol=1e-3, atol=1e-4)


def test_10_embedding_is_a_table_of_vectors():
    layer, tokens = layers.Embedding(10, 4), np.array([[1, 2, 9], [0, 0, 3]])
    out = layer(tokens).numpy()
    (table,) = layer.get_weights()
    assert table.shape == (10, 4)
    np.testing.assert_array_equal(out, table[tokens])


def test_10_simple_rnn_steps_through_time():
    x, layer = data(2, 5, 3), layers.SimpleRNN(4)
    out = layer(x).numpy()
    kernel, recurrent, bias = layer.get_weights()
    h = np.zeros((2, 4))
    for t in range(5):
        h = np.tanh(x[:, t] @ kernel + h @ recurrent + bias)
    np.testing.assert_allclose(out, h, rtol=1e-4, atol=1e-5)


def test_10_lstm_has_four_gates_and_two_states():
    x, layer = data(2, 5, 3), layers.LSTM(4, return_state=True)
    out, last, carry = (value.numpy() for value in layer(x))
    kernel, recurrent, bias = layer.get_weights()
    h = c = np.zeros((2, 4))
    for t in range(5):
        i, f, g, o = np.split(x[:, t] @ kernel + h @ recurrent + bias, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
    for ours, expected in ((out, h), (last, h), (carry, c)):
        np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-5)
    assert bias[4:8].tolist() == [1.0] * 4  # the forget gate's bias begins at one


def test_10_gru_has_three_gates():
    x, layer = data(2, 5, 3), layers.GRU(4)
    out = layer(x).numpy()
    kernel, recurrent, bias = layer.get_weights()
    h = np.zeros((2, 4))
    for t in range(5):
        z, r, n = np.split(x[:, t] @ kernel + bias[0], 3, axis=1)
        hz, hr, hn = np.split(h @ recurrent + bias[1], 3, axis=1)
        z, r = sigmoid(z + hz), sigmoid(r + hr)
        h = z * h + (1 - z) * np.tanh(n + r * hn)
    np.testing.assert_allclose(out, h, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", ["SimpleRNN", "LSTM", "GRU"])
def test_10_rnns_return_the_last_output_or_all(kind):
    x = data(2, 5, 3)
    layer = getattr(layers, kind)(4, return_sequences=True)
    last = getattr(layers, kind).from_config({**layer.get_config(), "return_sequences": False})
    out = layer(x)
    last(x)
    last.set_weights(layer.get_weights())
    assert out.shape == (2, 5, 4)
    np.testing.assert_allclose(last(x).numpy(), out[:, -1].numpy(), rtol=1e-4, atol=1e-6)


def test_10_time_distributed_applies_one_layer_to_every_step():
    x, inner = data(2, 5, 3), layers.Dense(4)
    out = layers.TimeDistributed(inner)(x).numpy()
    for t in range(5):
        np.testing.assert_allclose(out[:, t], inner(x[:, t]).numpy(), rtol=1e-5, atol=1e-6)
    assert inner.count_params() == 16


def test_10_activation_and_lambda_are_layers_of_functions():
    x = data(2, 3)
    np.testing.assert_allclose(layers.Activation("tanh")(x).numpy(), np.tanh(x), rtol=1e-5)
    np.testing.assert_allclose(layers.Lambda(lambda t: t * t + 1)(x).numpy(), x * x + 1, rtol=1e-5)


# 11. Stateless and stateful -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["SimpleRNN", "LSTM", "GRU"])
def test_11_stateless_layers_begin_every_batch_anew(kind):
    x, layer = data(2, 5, 3), getattr(layers, kind)(4)
    assert layer.stateful is False
    np.testing.assert_array_equal(layer(x).numpy(), layer(x).numpy())


@pytest.mark.parametrize("kind", ["SimpleRNN", "LSTM", "GRU"])
def test_11_stateful_layers_go_on_where_the_last_batch_ended(kind):
    x, layer = data(2, 6, 3), getattr(layers, kind)(4, stateful=True)
    model = keras.Sequential([keras.Input((None, 3), batch_size=2), layer])
    model(x[:, :3])
    continued = model(x[:, 3:]).numpy()
    layer.reset_states()
    whole = model(x).numpy()
    np.testing.assert_allclose(continued, whole, rtol=1e-4, atol=1e-6)


def test_11_stateful_layers_need_a_fixed_batch_size():
    with pytest.raises(ValueError, match="batch"):
        keras.Sequential([keras.Input((None, 3)), layers.LSTM(4, stateful=True)])


def test_11_a_stateful_layer_resets_at_a_sequences_boundary():
    x, layer = data(2, 3, 3), layers.LSTM(4, stateful=True)
    first = layer(x).numpy()
    second = layer(x).numpy()
    layer.reset_states()
    assert np.abs(first - second).max() > 1e-4
    np.testing.assert_allclose(layer(x).numpy(), first, rtol=1e-5, atol=1e-6)


# 12. Initializers, regularizers, constraints ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "mean", "deviation", "bound"),
    [
        ("glorot_uniform", 0, np.sqrt(2 / 300), np.sqrt(6 / 300)),
        ("he_normal", 0, np.sqrt(2 / 100), 2 * np.sqrt(2 / 100) / 0.8796),
        ("random_normal", 0, 0.05, np.inf),
        ("zeros", 0, 0, 0),
        ("ones", 1, 0, 1),
    ],
)
def test_12_initializers(name, mean, deviation, bound):
    keras.utils.set_random_seed(0)
    layer = Layer()
    values = layer.add_weight(shape=(100, 200), initializer=name, name="w").numpy()
    assert values.mean() == pytest.approx(mean, abs=2e-3)
    assert values.std() == pytest.approx(deviation, rel=0.02)
    assert np.abs(values).max() <= bound + 1e-6


@pytest.mark.parametrize(
    ("regularizer", "penalty"),
    [
        (lambda: keras.regularizers.l2(1e-4), lambda w: 1e-4 * (w**2).sum()),
        (lambda: keras.regularizers.l1(1e-4), lambda w: 1e-4 * abs(w).sum()),
        (lambda: "l2", lambda w: 0.01 * (w**2).sum()),
        (lambda: "l1", lambda w: 0.01 * abs(w).sum()),
        (lambda: keras.regularizers.L1L2(1e-3, 1e-2), lambda w: 1e-3 * abs(w).sum() + 1e-2 * (w**2).sum()),
    ],
    ids=["l2 object", "l1 object", "l2", "l1", "both"],
)
def test_12_regularizers_add_to_the_loss(regularizer, penalty):
    x, y = data(8, 4), data(8, 2)
    layer = layers.Dense(2, kernel_regularizer=regularizer())
    model = keras.Sequential([keras.Input((4,)), layer])
    model.compile("sgd", "mse")
    kernel = layer.kernel.numpy()
    plain = ((x @ kernel + layer.bias.numpy() - y) ** 2).mean()
    assert float(layer.losses[0]) == pytest.approx(penalty(kernel), rel=1e-5)
    assert model.evaluate(x, y, verbose=0) == pytest.approx(plain + penalty(kernel), rel=1e-4)


@pytest.mark.parametrize(
    ("constraint", "holds"),
    [
        ("max_norm", lambda w: (np.linalg.norm(w, axis=0) <= 2 + 1e-4).all()),
        ("non_neg", lambda w: (w >= 0).all()),
        ("unit_norm", lambda w: np.allclose(np.linalg.norm(w, axis=0), 1, atol=1e-4)),
    ],
)
def test_12_constraints_hold_after_each_update(constraint, holds):
    layer = layers.Dense(3, kernel_constraint=constraint)
    model = keras.Sequential([keras.Input((4,)), layer])
    model.compile(keras.optimizers.SGD(5.0), "mse")
    for _ in range(3):
        model.train_on_batch(data(8, 4), 10 * data(8, 3))
        assert holds(layer.kernel.numpy())


def test_12_weights_take_all_three():
    layer = Layer()
    weight = layer.add_weight(
        shape=(4, 2),
        name="w",
        initializer=keras.initializers.Constant(2.0),
        regularizer=keras.regularizers.l2(0.5),
        constraint=keras.constraints.max_norm(1.0),
    )
    assert (weight.numpy() == 2).all()
    assert float(layer.losses[0]) == 0.5 * 8 * 4
    keras.optimizers.SGD(0.0).apply_gradients([(tf.zeros((4, 2)), weight)])
    np.testing.assert_allclose(np.linalg.norm(weight.numpy(), axis=0), 1, rtol=1e-5)


# 13. Counts ---------------------------------------------------------------------------------------------------------


def built(layer, *shape):
    layer.build(shape)
    return layer


@pytest.mark.parametrize(("units", "inputs", "count"), [(64, 100, 6464), (32, 100, 3232), (10, 64, 650), (16, 4, 80)])
def test_13_dense(units, inputs, count):
    assert built(layers.Dense(units), None, inputs).count_params() == inputs * units + units == count
    assert built(layers.Dense(units, use_bias=False), None, inputs).count_params() == inputs * units


def test_13_conv2d_by_the_formula_and_not_by_the_documents_result():
    # The document gives kernel_h * kernel_w * in_channels * filters + filters, and then 9248 for a 3 x 3 kernel with
    # 32 filters on 3 channels. Its formula yields 896; 9248 is the count for 32 channels.
    assert built(layers.Conv2D(filters=32, kernel_size=(3, 3)), None, 28, 28, 3).count_params() == 896
    assert built(layers.Conv2D(filters=32, kernel_size=(3, 3)), None, 28, 28, 32).count_params() == 9248
    assert built(layers.Conv2D(32, (3, 3), use_bias=False), None, 28, 28, 3).count_params() == 864


@pytest.mark.parametrize("channels", [1, 3, 64])
def test_13_batch_normalization_has_two_and_two_a_channel(channels):
    layer = built(layers.BatchNormalization(), None, channels)
    assert sum(int(np.prod(w.shape)) for w in layer.trainable_weights) == 2 * channels
    assert sum(int(np.prod(w.shape)) for w in layer.non_trainable_weights) == 2 * channels
    assert layer.count_params() == 4 * channels


@pytest.mark.parametrize(("kind", "gates", "biases"), [("SimpleRNN", 1, 1), ("LSTM", 4, 1), ("GRU", 3, 2)])
@pytest.mark.parametrize(("units", "inputs"), [(32, 10), (7, 3)])
def test_13_recurrent_layers_have_one_block_of_weights_a_gate(kind, gates, biases, units, inputs):
    layer = built(getattr(layers, kind)(units), None, 5, inputs)
    assert layer.count_params() == gates * (inputs * units + units * units + biases * units)


@pytest.mark.parametrize(("words", "size"), [(1000, 16), (10, 4)])
def test_13_embedding(words, size):
    assert built(layers.Embedding(words, size), None, 3).count_params() == words * size


@pytest.mark.parametrize(
    "layer",
    [layers.Flatten(), layers.Dropout(0.5), layers.MaxPooling2D(), layers.Activation("relu")],
    ids=lambda x: type(x).__name__,
)
def test_13_layers_without_weights_count_nothing(layer):
    assert built(layer, None, 4, 4, 2).count_params() == 0
