"""Low-rank adapters."""

import copy

import numpy as np
import pytest
import torch

import kerasish as keras
from kerasish import layers, tf

X = np.random.RandomState(0).standard_normal((4, 6)).astype("float32")
IMAGE = np.random.RandomState(1).standard_normal((2, 5, 5, 4)).astype("float32")
CASES = [
    pytest.param(lambda **k: layers.Dense(3, **k), X, "kernel", id="Dense"),
    pytest.param(
        lambda **k: layers.EinsumDense("ab,bcd->acd", (2, 3), bias_axes="cd", **k), X, "kernel", id="EinsumDense"
    ),
    pytest.param(lambda **k: layers.Embedding(6, 4, **k), np.array([[0, 5], [2, 2]]), "embeddings", id="Embedding"),
    pytest.param(lambda **k: layers.Conv2D(4, 2, groups=2, **k), IMAGE, "kernel", id="Conv2D"),
    pytest.param(lambda **k: layers.Conv1D(3, 2, padding="causal", **k), IMAGE[0], "kernel", id="Conv1D"),
]


def _adapted(make, x, name):
    layer = make()
    before = layer(x).numpy()
    layer.enable_lora(2, lora_alpha=6.0)
    a, b = (getattr(layer, f"lora_{name}_{letter}") for letter in "ab")
    np.testing.assert_allclose(layer(x), before, rtol=1e-5, atol=1e-6)  # the second begins with zeros
    b.assign(np.random.RandomState(2).standard_normal(b.shape))
    return layer, a, b


@pytest.mark.parametrize(("make", "x", "name"), CASES)
def test_the_layer_computes_with_the_sum_of_its_weight_and_the_product(make, x, name):
    layer, a, b = _adapted(make, x, name)
    stored = getattr(layer, f"_{name}")
    expected = stored.numpy() + 3.0 * (a.numpy() @ b.numpy())
    np.testing.assert_allclose(getattr(layer, name), expected, rtol=1e-5, atol=1e-6)
    plain = make()
    plain(x)
    plain.set_weights([expected, *(w.numpy() for w in layer.weights if w.name == "bias")])
    np.testing.assert_allclose(layer(x), plain(x), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("make", "x", "name"), CASES)
def test_only_the_adapters_and_the_bias_are_trained(make, x, name):
    layer, a, b = _adapted(make, x, name)
    names = {w.name for w in layer.trainable_weights} - {"bias"}
    assert names == {f"lora_{name}_a", f"lora_{name}_b"}
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(x) ** 2)
    assert all(float(tf.reduce_sum(g**2)) > 0 for g in tape.gradient(loss, [a, b]))


@pytest.mark.parametrize(("make", "x", "name"), CASES)
def test_files_have_the_sum(make, x, name):
    layer, _, _ = _adapted(make, x, name)
    store = {}
    layer.save_own_variables(store)
    assert len(store) == len([w for w in layer.weights if "lora" not in w.name])
    plain = make()
    plain(x)
    plain.load_own_variables(store)
    np.testing.assert_allclose(layer(x), plain(x), rtol=1e-4, atol=1e-5)
    again = type(layer).from_config(layer.get_config())
    assert (again.lora_rank, again.lora_alpha) == (2, 6.0)
    again(x)
    again.load_own_variables(store)
    np.testing.assert_allclose(layer(x), again(x), rtol=1e-4, atol=1e-5)


def test_the_constructors_arguments_do_the_same():
    layer = layers.Dense(3, lora_rank=2, lora_alpha=8)
    layer.build((None, 4))
    assert layer.lora_enabled and layer.lora_alpha == 8 and layer.lora_kernel_a.shape == (4, 2)
    assert "lora_rank" not in layers.Dense(3).get_config()


def test_a_compiled_model_follows_and_is_saved(tmp_path):
    model = keras.Sequential([keras.Input((6,)), layers.Dense(5, activation="relu"), layers.Dense(1)])
    before = model.predict(X, verbose=0)
    for layer in model.layers:
        layer.enable_lora(2)
    model.compile("adam", "mse")
    kernel = model.layers[0]._kernel.numpy()
    model.fit(X, np.ones((4, 1)), epochs=3, verbose=0)
    np.testing.assert_array_equal(model.layers[0]._kernel, kernel)
    after = model.predict(X, verbose=0)
    assert np.abs(after - before).max() > 1e-4
    model.save(tmp_path / "model.keras")
    np.testing.assert_allclose(
        keras.saving.load_model(tmp_path / "model.keras").predict(X, verbose=0), after, atol=1e-5
    )
    np.testing.assert_allclose(copy.deepcopy(model).predict(X, verbose=0), after, atol=1e-6)


def test_a_subclass_that_calls_the_layer_follows():
    class Doubled(layers.Dense):
        def call(self, inputs):
            return 2 * super().call(inputs)

    layer = Doubled(3, use_bias=False)
    layer(X)
    layer.enable_lora(2, b_initializer="ones")
    np.testing.assert_allclose(layer(X), 2 * X @ layer.kernel.numpy(), rtol=1e-4, atol=1e-5)


def test_weights_keep_their_names_for_torch():
    layer = layers.Dense(3)
    layer.build((None, 6))
    layer.enable_lora(2)
    assert list(layer.state_dict()) == ["kernel", "bias", "lora_kernel_a", "lora_kernel_b"]
    assert isinstance(layer(torch.from_numpy(X)), torch.Tensor)


def test_misuse_is_refused():
    layer = layers.Dense(3)
    with pytest.raises(ValueError, match="isn't yet built"):
        layer.enable_lora(2)
    with pytest.raises(AttributeError, match="must build"):
        layer.kernel  # noqa: B018
    layer.build((None, 6))
    layer.enable_lora(2)
    with pytest.raises(ValueError, match="already enabled"):
        layer.enable_lora(2)
    constrained = layers.Dense(3, kernel_constraint="non_neg")
    constrained.build((None, 6))
    with pytest.raises(ValueError, match="incompatible with kernel constraints"):
        constrained.enable_lora(2)


def test_adapters_cannot_be_merged_into_float8():
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4)])
    model.layers[0].enable_lora(2)
    model.layers[0].quantize("float8")
    with pytest.raises(ValueError, match="Unsupported quantization mode"):
        model.layers[0].save_own_variables({})
