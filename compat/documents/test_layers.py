"""The part on layers, sections 1 to 9 and 14 to 20: what a layer is, its state, properties, methods, reuse, files."""

import json
import re

import numpy as np
import pytest

from kerasish import tf

keras = tf.keras
layers, Dense, Layer = keras.layers, keras.layers.Dense, keras.layers.Layer

DATA = np.random.default_rng(0).normal(size=(5, 8)).astype("float32")


class OwnDense(Layer):
    """The documents' custom layer: weights in ``build``, mathematics in ``call``."""

    def __init__(self, units, kernel_regularizer=None, kernel_constraint=None, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.kernel_constraint = keras.constraints.get(kernel_constraint)

    def build(self, input_shape):
        self.kernel = self.add_weight(
            name="kernel",
            shape=(input_shape[-1], self.units),
            initializer="glorot_uniform",
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            trainable=True,
        )
        self.bias = self.add_weight(name="bias", shape=(self.units,), initializer="zeros")

    def call(self, inputs):
        return tf.matmul(inputs, self.kernel) + self.bias

    def get_config(self):
        return {
            **super().get_config(),
            "units": self.units,
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
            "kernel_constraint": keras.constraints.serialize(self.kernel_constraint),
        }


# 1, 2. Tensor in, tensor out ----------------------------------------------------------------------------------------


def test_1_a_layer_is_a_function_with_a_memory():
    layer = Dense(3)
    out = layer(tf.constant(DATA))
    assert isinstance(out, tf.Tensor)
    assert (tuple(out.shape), out.dtype) == ((5, 3), tf.float32)
    assert all(isinstance(w, (tf.Variable, keras.Variable)) for w in layer.weights)


@pytest.mark.parametrize("shape", [(None, 28, 28, 3), (None, 8)])
def test_2_the_first_dimension_is_a_batch_of_unknown_size(shape):
    assert tuple(keras.Input(shape=shape[1:]).shape) == shape


@pytest.mark.parametrize("batch", [1, 4])
def test_2_dense_turns_batch_by_input_dim_into_batch_by_units(batch):
    assert Dense(6)(np.ones((batch, 8), "float32")).shape == (batch, 6)


# 3, 4. Computation and activation -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("activation", "function"),
    [
        ("relu", lambda z: np.maximum(z, 0)),
        ("sigmoid", lambda z: 1 / (1 + np.exp(-z))),
        ("tanh", np.tanh),
        ("softmax", lambda z: np.exp(z) / np.exp(z).sum(-1, keepdims=True)),
        ("linear", lambda z: z),
        (None, lambda z: z),
    ],
)
def test_3_dense_computes_activation_of_x_times_w_plus_b(activation, function):
    layer = Dense(3, activation=activation, bias_initializer="random_normal")
    out = layer(DATA).numpy()
    w, b = layer.get_weights()
    assert (w.shape, b.shape) == ((8, 3), (3,))
    np.testing.assert_allclose(out, function(DATA @ w + b), rtol=1e-5, atol=1e-6)


def test_3_conv2d_computes_activation_of_a_convolution_plus_bias():
    x = np.random.default_rng(1).normal(size=(2, 6, 5, 3)).astype("float32")
    layer = layers.Conv2D(4, (3, 2), activation="relu", bias_initializer="random_normal")
    out = layer(x).numpy()
    kernel, bias = layer.get_weights()
    assert (kernel.shape, bias.shape) == ((3, 2, 3, 4), (4,))
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 2), axis=(1, 2))  # batch, row, column, channel, h, w
    expected = np.maximum(np.einsum("brcihw,hwio->brco", windows, kernel) + bias, 0)
    np.testing.assert_allclose(out, expected, rtol=1e-4, atol=1e-5)


# 5. State -----------------------------------------------------------------------------------------------------------


def test_5_a_custom_layers_weights_are_made_by_add_weight():
    layer = OwnDense(4)
    assert layer.weights == []
    layer(DATA)
    assert [tuple(w.shape) for w in layer.weights] == [(8, 4), (4,)]
    limit = np.sqrt(6 / (8 + 4))  # glorot_uniform
    assert np.abs(layer.kernel.numpy()).max() <= limit
    assert not layer.bias.numpy().any()


def test_5_kinds_of_state():
    layer = layers.BatchNormalization()
    layer.build((None, 3))
    names = [[w.name.split("/")[-1].split(":")[0] for w in ws] for ws in (layer.weights, layer.non_trainable_weights)]
    assert names == [["gamma", "beta", "moving_mean", "moving_variance"], ["moving_mean", "moving_variance"]]


@pytest.mark.parametrize("style", ["keras 2", "keras 3"])
def test_5_both_call_styles_of_add_weight(style):
    layer = Layer()
    if style == "keras 2":
        made = layer.add_weight("scale", shape=(2,), initializer="ones")
    else:
        made = layer.add_weight((2,), "ones", name="scale")
    assert made.name.split(":")[0].endswith("scale")
    assert made.numpy().tolist() == [1.0, 1.0]
    assert len(layer.trainable_weights) == 1


def test_5_weights_can_be_read_and_set():
    layer = Dense(2)
    layer.build((None, 8))
    layer.set_weights([np.ones((8, 2)), np.array([1.0, -1.0])])
    np.testing.assert_allclose(layer(DATA).numpy(), DATA.sum(axis=1, keepdims=True) + [1.0, -1.0], rtol=1e-5, atol=1e-5)
    layer.kernel.assign(np.zeros((8, 2)))
    np.testing.assert_array_equal(layer(DATA).numpy(), np.tile([1.0, -1.0], (5, 1)))


# 6, 14. Forward pass, loss, backward pass, update -------------------------------------------------------------------


def test_6_one_step_with_a_tape():
    layer, y = Dense(1), np.arange(5, dtype="float32")[:, None]
    optimizer = keras.optimizers.SGD(0.1)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(layer(DATA) - y))
    gradients = tape.gradient(loss, layer.trainable_weights)
    kernel, bias = layer.get_weights()
    error = DATA @ kernel + bias - y
    expected = [2 * DATA.T @ error / 5, 2 * error.mean(axis=0)]
    for ours, formula in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(ours.numpy(), formula, rtol=1e-4, atol=1e-5)
    optimizer.apply_gradients(zip(gradients, layer.trainable_weights))
    np.testing.assert_allclose(layer.kernel.numpy(), kernel - 0.1 * expected[0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(layer.bias.numpy(), bias - 0.1 * expected[1], rtol=1e-4, atol=1e-5)


def test_6_a_loop_of_steps_lowers_the_loss_as_fit_does():
    losses, y = [], DATA[:, :1]
    layer, optimizer = Dense(1), keras.optimizers.SGD(0.1)
    layer.build((None, 8))
    model = keras.Sequential([keras.Input((8,)), Dense(1)])
    model.set_weights(layer.get_weights())
    for _ in range(10):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((layer(DATA) - y) ** 2)
        optimizer.apply_gradients(zip(tape.gradient(loss, layer.trainable_variables), layer.trainable_variables))
        losses.append(float(loss))
    model.compile(keras.optimizers.SGD(0.1), "mse")
    np.testing.assert_allclose(model.fit(DATA, y, epochs=10, verbose=0).history["loss"], losses, rtol=1e-4)
    assert losses[-1] < losses[0]


def test_6_batch_normalization_updates_its_running_statistics_in_training_only():
    layer = layers.BatchNormalization()
    x = 3 * DATA + 7
    layer(x, training=False)
    np.testing.assert_array_equal(layer.moving_mean.numpy(), np.zeros(8))
    layer(x, training=True)
    np.testing.assert_allclose(layer.moving_mean.numpy(), 0.01 * x.mean(axis=0), rtol=1e-4)
    np.testing.assert_allclose(layer.moving_variance.numpy(), 0.99 + 0.01 * x.var(axis=0), rtol=1e-4)


# 7. Properties ------------------------------------------------------------------------------------------------------


def test_7_properties_of_a_layer():
    layer = Dense(3, name="third", activity_regularizer="l2")
    assert (layer.name, layer.trainable, layer.built, layer.dtype) == ("third", True, False, "float32")
    layer(DATA)
    assert layer.built
    assert len(layer.weights) == len(layer.trainable_weights) == 2
    assert layer.non_trainable_weights == []
    assert layer.input_spec.axes == {-1: 8}
    assert len(layer.losses) == 1


def test_7_names_are_unique():
    keras.backend.clear_session()
    assert [Dense(1).name for _ in range(3)] == ["dense", "dense_1", "dense_2"]


def test_7_two_layers_of_one_name_cannot_be_in_one_model():
    with pytest.raises(ValueError, match="same"):
        keras.Sequential([keras.Input((2,)), Dense(2, name="same"), Dense(2, name="same")])


def test_7_a_layer_that_is_not_trainable_is_not_updated():
    frozen, free = Dense(3, name="frozen"), Dense(1, name="free")
    frozen.trainable = False
    model = keras.Sequential([keras.Input((8,)), frozen, free])
    assert frozen.trainable_weights == []
    assert len(frozen.non_trainable_weights) == 2
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.fit(DATA, DATA[:, :1], epochs=2, verbose=0)
    changed = [bool(np.abs(a - b).max() > 0) for a, b in zip(before, model.get_weights(), strict=True)]
    assert changed == [False, False, True, True]


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
def test_7_dtype_is_what_the_layer_computes_in(dtype):
    layer = Dense(2, dtype=dtype)
    assert layer.dtype == dtype
    assert layer(DATA).dtype == dtype
    assert layer.kernel.dtype == dtype


def test_7_input_spec_refuses_other_shapes():
    layer = Dense(2, name="reader")
    layer(DATA)
    with pytest.raises(ValueError, match=r"(?s)reader.*axis -1.*8.*\(5, 7\)"):
        layer(DATA[:, :7])


# 8. Methods ---------------------------------------------------------------------------------------------------------


def test_8_the_minimal_layer_builds_when_it_is_called():
    class Minimal(Layer):
        def __init__(self, units):
            super().__init__()
            self.units = units

        def build(self, input_shape):
            self.seen = tuple(input_shape)
            self.w = self.add_weight(shape=(input_shape[-1], self.units), initializer="random_normal")

        def call(self, inputs):
            return tf.matmul(inputs, self.w)

    layer = Minimal(3)
    assert not layer.built
    out = layer(DATA)
    assert layer.seen == (5, 8)
    np.testing.assert_allclose(out.numpy(), DATA @ layer.w.numpy(), rtol=1e-4, atol=1e-6)


def test_8_call_may_take_a_training_flag():
    seen = []

    class Watching(Layer):
        def call(self, inputs, training=False):
            seen.append(training)
            return inputs

    layer = Watching()
    layer(DATA)
    layer(DATA, training=True)
    model = keras.Sequential([keras.Input((8,)), layer])
    del seen[2:]
    model(DATA)
    model(DATA, training=True)
    assert [bool(flag) for flag in seen] == [False, True, False, True]


@pytest.mark.parametrize(
    ("layer", "given", "expected"),
    [
        (Dense(4), (None, 8), (None, 4)),
        (layers.Conv2D(4, 3, strides=2, padding="same"), (None, 28, 28, 3), (None, 14, 14, 4)),
        (layers.Flatten(), (None, 3, 4), (None, 12)),
        (layers.LSTM(6, return_sequences=True), (None, 10, 3), (None, 10, 6)),
        (layers.MaxPooling2D(), (None, 9, 8, 2), (None, 4, 4, 2)),
    ],
)
def test_8_output_shapes_are_computed_without_data(layer, given, expected):
    assert tuple(layer.compute_output_shape(given)) == expected


# 9. Trainable and not -----------------------------------------------------------------------------------------------


def test_9_an_embedding_can_be_fixed(capsys):
    model = keras.Sequential([keras.Input((3,)), layers.Embedding(10, 4, trainable=False), layers.Flatten(), Dense(1)])
    model.compile("sgd", "mse")
    before = model.layers[0].get_weights()[0]
    model.fit(np.arange(9).reshape(3, 3), np.ones((3, 1)), epochs=1, verbose=0)
    np.testing.assert_array_equal(before, model.layers[0].get_weights()[0])
    model.summary()
    counts = re.findall(r"(Total|Non-trainable|Trainable) params: (\d+)", capsys.readouterr().out)
    assert dict(counts) == {"Total": "53", "Trainable": "13", "Non-trainable": "40"}


def test_9_summary_counts_the_running_statistics_as_not_trainable(capsys):
    model = keras.Sequential([keras.Input((8,)), Dense(4), layers.BatchNormalization()])
    model.summary()
    counts = re.findall(r"(Total|Non-trainable|Trainable) params: (\d+)", capsys.readouterr().out)
    assert dict(counts) == {"Total": "52", "Trainable": "44", "Non-trainable": "8"}


# 15. Sharing --------------------------------------------------------------------------------------------------------


def test_15_one_instance_shares_its_weights():
    shared = Dense(32)
    inputs1, inputs2 = keras.Input((8,)), keras.Input((8,))
    model = keras.Model([inputs1, inputs2], [shared(inputs1), shared(inputs2)])
    assert len(model.weights) == 2
    first, second = model([DATA, DATA])
    np.testing.assert_array_equal(first.numpy(), second.numpy())


def test_15_two_instances_have_weights_of_their_own():
    inputs = keras.Input((8,))
    model = keras.Model(inputs, [Dense(32)(inputs), Dense(32)(inputs)])
    assert len(model.weights) == 4
    first, second = model(DATA)
    assert np.abs(first.numpy() - second.numpy()).max() > 0


# 16. Configurations -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "layer",
    [
        Dense(3, activation="relu", kernel_regularizer="l2", name="one"),
        layers.Conv2D(4, 3, strides=2, padding="same", kernel_initializer="he_normal"),
        layers.LSTM(5, return_sequences=True, dropout=0.1),
        layers.BatchNormalization(momentum=0.9),
        layers.Embedding(10, 4, mask_zero=True),
        layers.Bidirectional(layers.GRU(3)),
        OwnDense(4, kernel_regularizer="l1", kernel_constraint="max_norm"),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_16_from_config_makes_the_same_layer(layer):
    config = layer.get_config()
    assert config["name"] == layer.name
    again = type(layer).from_config(json.loads(json.dumps(config)))
    assert again.get_config() == config
    assert again is not layer


def test_16_the_architecture_is_json_and_the_weights_are_a_file(tmp_path):
    model = keras.Sequential([keras.Input((8,)), OwnDense(4, kernel_regularizer="l2"), Dense(1)])
    custom = {"OwnDense": OwnDense}
    again = keras.models.model_from_json(model.to_json(), custom_objects=custom)
    assert [type(layer) for layer in again.layers] == [type(layer) for layer in model.layers]
    path = str(tmp_path / "only.weights.h5")
    model.save_weights(path)
    again.load_weights(path)
    np.testing.assert_array_equal(again(DATA).numpy(), model(DATA).numpy())


# 17. Attributes -----------------------------------------------------------------------------------------------------


def test_17_a_dense_layer_inspected():
    layer = Dense(10, activation="relu", name="dense1")
    y = layer(tf.random.normal((4, 8)))
    assert layer.built is True
    assert [w.name.split("/")[-1].split(":")[0] for w in layer.weights] == ["kernel", "bias"]
    assert all(a is b for a, b in zip(layer.weights, layer.trainable_weights, strict=True))
    assert tuple(layer.output_shape) == (None, 10)
    assert y.shape == (4, 10)


def test_17_a_custom_layers_regularizer_and_constraint():
    layer = OwnDense(3, kernel_regularizer=keras.regularizers.l2(0.1), kernel_constraint=keras.constraints.MaxNorm(0.5))
    model = keras.Sequential([keras.Input((8,)), layer])
    np.testing.assert_allclose(float(layer.losses[0]), 0.1 * (layer.kernel.numpy() ** 2).sum(), rtol=1e-5)
    model.compile(keras.optimizers.SGD(1.0), "mse")
    model.fit(DATA, 10 * np.ones((5, 3)), epochs=1, verbose=0)
    norms = np.linalg.norm(layer.kernel.numpy(), axis=0)
    np.testing.assert_allclose(norms, 0.5, rtol=1e-4)  # the step was larger, so the constraint has cut it


# 18. The summary ----------------------------------------------------------------------------------------------------


def test_18_the_table_cell_by_cell(capsys):
    stated = [
        ["Layer", "(type)", "Output", "Shape", "Param", "#"],
        ["dense1", "(Dense)", "(None,", "64)", "6464"],
        ["dense2", "(Dense)", "(None,", "10)", "650"],
        ["Total", "params:", "7,114"],
        ["Trainable", "params:", "7,114"],
        ["Non-trainable", "params:", "0"],
    ]
    keras.Sequential([keras.Input((100,)), Dense(64, name="dense1"), Dense(10, name="dense2")]).summary()
    lines = capsys.readouterr().out.split("\n")[1:]
    rows = [line.split() for line in lines if line.strip() and set(line.strip()) not in ({"_"}, {"="})]
    assert rows == stated


def test_18_a_fixed_batch_is_shown(capsys):
    keras.Sequential([keras.Input((3,), batch_size=7), Dense(2)]).summary()
    assert "(7, 2)" in capsys.readouterr().out


# 19. Other terms ----------------------------------------------------------------------------------------------------


def test_19_input_shape_leaves_the_batch_out():
    model = keras.Sequential([layers.Conv2D(4, 3, input_shape=(28, 28, 1))])
    assert tuple(model.input_shape) == (None, 28, 28, 1)
    assert tuple(model.output_shape) == (None, 26, 26, 4)


@pytest.mark.parametrize(("dtype", "layer"), [("int32", layers.Embedding(5, 2)), ("float32", Dense(2))])
def test_19_inputs_have_a_dtype(dtype, layer):
    inputs = keras.Input((3,), dtype=dtype)
    assert inputs.dtype == dtype
    assert keras.Model(inputs, layer(inputs))(np.ones((2, 3), dtype)).dtype == "float32"


def test_19_masked_steps_are_ignored():
    x = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")
    padded = np.concatenate([x, np.zeros((2, 2, 3), "float32")], axis=1)
    layer = layers.LSTM(4)
    model = keras.Sequential([keras.Input((None, 3)), layers.Masking(), layer])
    np.testing.assert_allclose(model(padded).numpy(), layer(x).numpy(), rtol=1e-4, atol=1e-6)


def test_19_an_embedding_makes_a_mask():
    mask = layers.Embedding(5, 2, mask_zero=True).compute_mask(np.array([[1, 2, 0, 0]]))
    assert np.asarray(mask).tolist() == [[True, True, False, False]]


@pytest.mark.parametrize(
    ("layer", "supports"),
    [
        (layers.LSTM(2), True),
        (layers.Masking(), True),
        (layers.Dropout(0.1), True),
        (layers.Conv2D(2, 3), False),
        (layers.Flatten(), False),
        (Layer(), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_19_supports_masking(layer, supports):
    assert layer.supports_masking is supports


def test_19_an_activity_regularizer_adds_a_loss_from_the_outputs():
    layer = Dense(3, activity_regularizer=keras.regularizers.l1(0.1))
    model = keras.Sequential([keras.Input((8,)), layer])
    out = model(DATA).numpy()
    np.testing.assert_allclose(float(model.losses[0]), 0.1 * np.abs(out).sum() / 5, rtol=1e-5)


@pytest.mark.parametrize("layer", [layers.Dropout(0.5, seed=0), layers.BatchNormalization()])
def test_19_training_and_inference_differ(layer):
    inference, training = layer(DATA, training=False).numpy(), layer(DATA, training=True).numpy()
    assert np.abs(inference - training).max() > 0.1
    np.testing.assert_array_equal(
        layer(DATA).numpy(), layer(DATA, training=False).numpy()
    )  # without the flag: inference


# 20. Dense, end to end ----------------------------------------------------------------------------------------------


def test_20_the_walk_through_a_dense_layer():
    layer = Dense(32, activation="relu", input_shape=(100,))
    layer.build(input_shape=(None, 100))
    assert (tuple(layer.kernel.shape), tuple(layer.bias.shape)) == ((100, 32), (32,))
    assert layer.count_params() == 100 * 32 + 32 == 3232
    x = np.random.default_rng(2).normal(size=(6, 100)).astype("float32")
    z = x @ layer.kernel.numpy() + layer.bias.numpy()
    with tf.GradientTape() as tape:
        y = layer(x)
        loss = tf.reduce_sum(y)
    np.testing.assert_allclose(y.numpy(), np.maximum(z, 0), rtol=1e-4, atol=1e-4)
    d_kernel, d_bias = tape.gradient(loss, [layer.kernel, layer.bias])
    np.testing.assert_allclose(d_kernel.numpy(), x.T @ (z > 0), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(d_bias.numpy(), (z > 0).sum(axis=0), rtol=1e-5)
    before = layer.get_weights()
    keras.optimizers.SGD(0.1).apply_gradients([(d_kernel, layer.kernel), (d_bias, layer.bias)])
    np.testing.assert_allclose(layer.kernel.numpy(), before[0] - 0.1 * d_kernel.numpy(), rtol=1e-5, atol=1e-6)
