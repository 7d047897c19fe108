"""GPTQ and AWQ: models quantized on data."""

import numpy as np
import pytest

import kerasish as keras
from kerasish import layers, quantizers


class Letters:
    def tokenize(self, text):
        return np.array([ord(letter) % 11 for letter in text])


def _model():
    keras.utils.set_random_seed(1)
    table = layers.Embedding(11, 8, name="table")
    block = keras.Sequential([keras.Input((None, 8)), layers.Dense(16, activation="relu"), layers.Dense(8)])
    head = layers.EinsumDense("abc,cde->abde", (None, 2, 3), bias_axes="de", name="head")
    inputs = keras.Input((None,), dtype="int32")
    return keras.Model(inputs, head(block(table(inputs)))), {
        "pre_block_layers": [table],
        "sequential_blocks": [block, head],
    }


TOKENS = np.random.RandomState(0).randint(0, 11, (3, 6))


@pytest.mark.parametrize(
    ("kind", "options", "policy"),
    [
        ("GPTQConfig", {"group_size": 4}, "gptq/4/4"),
        ("GPTQConfig", {"weight_bits": 8, "group_size": -1, "activation_order": True}, "gptq/8/-1"),
        ("AWQConfig", {"group_size": 4}, "awq/4/4"),
        ("AWQConfig", {"group_size": -1}, "awq/4/-1"),
    ],
)
def test_models_are_quantized_on_data_and_saved(kind, options, policy, tmp_path):
    model, structure = _model()
    before = model(TOKENS).numpy()
    config = getattr(quantizers, kind)(
        ["the quick brown fox"] * 4,
        Letters(),
        num_samples=8,
        sequence_length=6,
        quantization_layer_structure=structure,
        **options,
    )
    with pytest.warns(UserWarning, match="quantiz"):
        model.quantize(config=config)
    head = structure["sequential_blocks"][1]
    assert head.dtype_policy.name == f"{policy}_from_float32" and head.quantized_kernel.dtype == "uint8"
    assert "_kernel" not in head.__dict__ and structure["pre_block_layers"][0].quantization_mode is None
    after = model(TOKENS).numpy()
    scale = np.abs(before).max()
    assert 0 < np.abs(after - before).max() < (0.02 if policy.startswith("gptq/8") else 0.5) * scale
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(keras.saving.load_model(tmp_path / "model.keras")(TOKENS), after)


def test_gptq_makes_up_for_rounding():
    """The error of the outputs on the data is smaller than that of rounding each weight by itself."""
    random = np.random.RandomState(0)
    x = (random.standard_normal((200, 12)) @ random.standard_normal((12, 12))).astype("float32")
    layer = layers.Dense(6, use_bias=False)
    layer(x)
    kernel = layer.kernel.numpy()

    def error(damping):
        plain = keras.Sequential([keras.Input((None, 12)), layers.Dense(6, use_bias=False)])
        plain.set_weights([kernel])
        look = layers.Embedding(200, 12, weights=[x])
        structure = {"pre_block_layers": [look], "sequential_blocks": [plain]}
        config = quantizers.GPTQConfig(
            [np.arange(200)], Letters(), num_samples=1, sequence_length=200, weight_bits=3, hessian_damping=damping,
            group_size=-1, quantization_layer_structure=structure,
        )  # fmt: skip
        plain.quantize(config=config, filters="dense")
        return np.abs(plain(x[None]).numpy()[0] - x @ kernel).mean()

    low, high = kernel.min(0), kernel.max(0)
    scale = (high - low) / 7
    rounded = (np.clip(np.round(kernel / scale + np.round(-low / scale)), 0, 7) - np.round(-low / scale)) * scale
    assert error(0.01) < 0.9 * np.abs(x @ rounded - x @ kernel).mean()


def test_what_calibration_needs_is_demanded():
    model, structure = _model()
    config = quantizers.GPTQConfig(["text"], Letters(), quantization_layer_structure=None)
    with pytest.warns(UserWarning, match="quantize"), pytest.raises(ValueError, match="valid quantization structure"):
        model.quantize(config=config)
    model, structure = _model()
    config = quantizers.GPTQConfig(None, None, quantization_layer_structure=structure)
    with pytest.warns(UserWarning, match="quantize"), pytest.raises(ValueError, match="dataset and a tokenizer"):
        model.quantize(config=config)
    model, structure = _model()
    config = quantizers.AWQConfig("one text", Letters(), quantization_layer_structure=structure)
    with pytest.warns(UserWarning, match="quantize"), pytest.raises(TypeError, match="must be an iterable"):
        model.quantize(config=config)
