"""Layers and models with quantized weights."""

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers, quantizers, tf

pytestmark = pytest.mark.filterwarnings("ignore:Layer .* does not have a `quantize` method")
X = np.random.RandomState(0).standard_normal((4, 6)).astype("float32")


def _dense(mode, **arguments):
    layer = layers.Dense(5, **arguments)
    before = layer(X).numpy()
    layer.quantize(mode)
    return layer, before


def test_int8_weights_are_integers_with_a_scale_for_each_output():
    layer = layers.Dense(2, use_bias=False)
    layer.build((None, 2))
    layer.set_weights([np.array([[1.0, -4.0], [-2.0, 1.0]], "float32")])
    layer.quantize("int8")
    assert layer.kernel.numpy().tolist() == [[64, -127], [-127, 32]] and layer.kernel.dtype == "int8"
    np.testing.assert_allclose(layer.kernel_scale, [63.5, 31.75], rtol=1e-6)
    # inputs (1, 0.25) become (127, 32); the products are exact
    expected = (127 * np.array([64, -127]) + 32 * np.array([-127, 32])) / np.array([63.5, 31.75]) / 127
    np.testing.assert_allclose(layer(np.array([[1.0, 0.25]], "float32"))[0], expected, rtol=1e-6)


@pytest.mark.parametrize(("mode", "tolerance"), [("int8", 0.05), ("int4", 0.6), ("float8", 0.4)])
def test_outputs_stay_near_and_the_policy_says_how(mode, tolerance):
    layer, before = _dense(mode)
    np.testing.assert_allclose(layer(X), before, atol=tolerance)
    assert np.abs(layer(X).numpy() - before).max() > 1e-5
    name = "int4/128" if mode == "int4" else mode
    assert layer.dtype_policy.name == f"{name}_from_float32" and layer.quantization_mode == mode
    assert layer.get_config()["quantization_config"]["class_name"].lower().startswith(mode)


@pytest.mark.parametrize("mode", ["int8", "int4"])
def test_the_gradient_of_the_inputs_is_that_of_the_float_kernel(mode):
    layer, _ = _dense(mode, use_bias=False)
    x = tf.constant(X)
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_sum(layer(x))
    kernel = layer._dequantized().numpy()
    np.testing.assert_allclose(tape.gradient(loss, x), np.tile(kernel.sum(1), (4, 1)), rtol=1e-5, atol=1e-6)


def test_packed_kernels_have_half_the_columns():
    layer, _ = _dense("int4")
    assert layer._kernel.shape == (6, 3) and layer._kernel.dtype == "int8" and layer.kernel.shape == (6, 5)
    assert np.abs(layer.kernel.numpy()).max() <= 8


@pytest.mark.parametrize("block_size", [None, -1, 2, 4])
def test_groups_of_inputs_have_their_own_scales(block_size):
    layer = layers.Dense(5)
    layer(X)
    signs = np.array([[1], [-1]] * 3)  # so that 0 is in the range of every group
    layer.kernel.assign(np.abs(layer.kernel.numpy()) * signs)
    before = layer(X).numpy()
    layer.quantize(config=quantizers.Int4QuantizationConfig(block_size=block_size))
    groups = {2: (3, 5), 4: (2, 5)}.get(block_size, (5,))
    assert layer.kernel_scale.shape == groups
    assert layer.dtype_policy.name == f"int4/{block_size or -1}_from_float32"
    np.testing.assert_allclose(layer(X), before, atol=0.6)


def test_float8_scales_follow_what_training_sees():
    model = keras.Sequential([keras.Input((6,)), layers.Dense(5), layers.Dense(1)])
    model.quantize("float8")
    model.compile("sgd", "mse")
    model.fit(X, np.ones((4, 1)), batch_size=4, epochs=2, verbose=0, shuffle=False)
    first = model.layers[0]
    np.testing.assert_allclose(first.inputs_amax_history.numpy()[:1], [np.abs(X).max()], rtol=1e-6)
    np.testing.assert_allclose(first.inputs_scale, np.abs(X).max() / 448, rtol=1e-6)
    assert first.outputs_grad_amax_history.numpy()[0] > 0


def test_a_model_quantizes_its_layers_and_is_lowered_anew():
    model = keras.Sequential(
        [keras.Input((6,)), layers.Dense(5, name="a", activation="relu"), layers.Dense(2, name="b")]
    )
    before = model.predict(X, verbose=0)
    with pytest.warns(UserWarning, match="InputLayer does not have a `quantize`"):
        model.quantize("int8")
    assert [layer.quantization_mode for layer in model.layers] == ["int8", "int8"]
    after = model.predict(X, verbose=0)
    assert 0 < np.abs(after - before).max() < 0.1


@pytest.mark.parametrize("filters", ["^a", ["nothing", "^a$"], lambda layer: layer.name == "a"])
def test_filters_choose_layers(filters):
    model = keras.Sequential([keras.Input((6,)), layers.Dense(5, name="a"), layers.Dense(2, name="b")])
    model.quantize("int8", filters=filters)
    assert [layer.quantization_mode for layer in model.layers] == ["int8", None]


def test_attentions_projections_are_quantized():
    attention = layers.MultiHeadAttention(2, 3)
    inputs = keras.Input((4, 6))
    model = keras.Model(inputs, attention(inputs, inputs))
    x = np.random.RandomState(1).standard_normal((2, 4, 6)).astype("float32")
    before = model(x).numpy()
    model.quantize("int8")
    assert attention.query_dense.kernel.dtype == attention.output_dense.kernel.dtype == "int8"
    assert 0 < np.abs(model(x).numpy() - before).max() < 0.1


@pytest.mark.parametrize("mode", ["int8", "int4", "float8"])
@pytest.mark.parametrize("kind", ["model.keras", "model.weights.h5"])
def test_quantized_models_are_saved(mode, kind, tmp_path):
    def make(quantized):
        model = keras.Sequential([keras.Input((6,)), layers.Dense(5, activation="relu"), layers.Dense(2)])
        if quantized:
            model.quantize(mode)
        return model

    model = make(True)
    path = tmp_path / kind
    if kind.endswith(".keras"):
        model.save(path)
        again = keras.saving.load_model(path)
    else:
        model.save_weights(path)
        again = make(True)
        again.load_weights(path)
    assert again.layers[0].dtype_policy == model.layers[0].dtype_policy
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))


def test_adapters_on_integers_are_merged_by_quantizing_again():
    layer, _ = _dense("int8")
    layer.enable_lora(2, b_initializer="ones")
    expected = layer(X).numpy()
    store = {}
    layer.save_own_variables(store)
    again = layers.Dense.from_config({**layer.get_config(), "lora_rank": None})
    again(X)
    again.load_own_variables(store)
    assert np.asarray(store["0"]).dtype == np.int8
    np.testing.assert_allclose(again(X), expected, atol=0.1)


def test_a_policy_in_the_constructor_builds_quantized_weights():
    layer = layers.Dense(5, dtype="int4/2_from_float32")
    layer.build((None, 6))
    assert layer.kernel_scale.shape == (3, 5) and layer.g_idx.numpy().tolist() == [0, 0, 1, 1, 2, 2]
    table = layers.Embedding(5, 3, dtype="int8_from_float32")
    assert table(np.array([1])).shape == (1, 3) and table.embeddings.dtype == "int8"


def test_setting_a_policy_quantizes():
    layer = layers.Dense(5)
    layer(X)
    layer.dtype_policy = "int8_from_float32"
    assert layer.kernel.dtype == "int8"
    other = layers.Dense(5)
    other(X)
    with pytest.raises(ValueError, match="Implicitly enabling GPTQ"):
        other.dtype_policy = "gptq/4/2_from_float32"


@pytest.mark.parametrize(
    ("act", "error", "words"),
    [
        (lambda: layers.Dense(2).quantize("int8"), ValueError, "isn't yet built"),
        (lambda: _dense("int8")[0].quantize("int8"), ValueError, "already quantized"),
        (lambda: _dense("int7"), ValueError, "Invalid quantization mode"),
        (lambda: _dense("gptq"), ValueError, "GPTQConfig"),
        (lambda: _dense("int8", dtype="float16"), ValueError, "doesn't work well"),
        (lambda: _dense("int8")[0].enable_lora(2) or _dense(None), ValueError, "either `mode` or `config`"),
    ],
)
def test_misuse_is_refused(act, error, words):
    with pytest.raises(error, match=words):
        act()


def test_contradictions_and_layers_without_modes_are_refused():
    layer = layers.Dense(2)
    layer(X)
    with pytest.raises(ValueError, match="Contradictory"):
        layer.quantize("int8", config=quantizers.Int4QuantizationConfig())
    table = layers.Embedding(3, 2)
    table(np.array([0]))
    with pytest.raises(NotImplementedError, match="quantization_mode=float8"):
        table.quantize("float8")
    norm = layers.BatchNormalization()
    norm(X)
    with pytest.raises(NotImplementedError, match="does not have a `quantize` method"):
        norm.quantize("int8")

    class Own(layers.Dense):
        pass

    own = Own(2)
    own(X)
    with pytest.raises(NotImplementedError, match="Own"):
        own.quantize("int8")
    own.quantize("int8", type_check=False)
    assert own.kernel.dtype == "int8"


@pytest.mark.parametrize(
    ("mode", "config"),
    [("int8", None), ("int4", None), ("int4", keras.quantizers.Int4QuantizationConfig(block_size=3)), ("float8", None)],
)
def test_quantized_layers_within_attention_come_back(tmp_path, mode, config):
    """Keras cannot read such a file of its own: the attention's configuration does not say that its parts are quantized."""
    x = keras.Input((5, 8))
    model = keras.Model(x, keras.layers.MultiHeadAttention(2, 4)(x, x))
    model.quantize(mode, config=config)
    data = np.random.default_rng(0).normal(size=(2, 5, 8)).astype("float32")
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(loaded(data), model(data))
    plain = keras.Model(x, keras.layers.MultiHeadAttention(2, 4)(x, x))
    with pytest.raises(ValueError, match="expected 2 variables"):
        plain.load_weights(tmp_path / "m.keras")


class _OneScale(quantizers.Quantizer):
    """A user's quantizer: no axis of its own, two results."""

    def __call__(self, x, axis, to_numpy=False):
        scale = 127 / keras.ops.max(keras.ops.abs(x), axis=axis, keepdims=True)
        return keras.ops.cast(keras.ops.round(x * scale), "int8"), scale


def test_quantizers_of_the_users_for_inputs():
    layer = layers.Dense(5)
    before = layer(X).numpy()
    layer.quantize(config=quantizers.Int8QuantizationConfig(activation_quantizer=_OneScale()))
    np.testing.assert_allclose(layer(X).numpy(), before, atol=0.05)
