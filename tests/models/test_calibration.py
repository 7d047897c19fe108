"""GPTQ and AWQ: models quantized on data."""

import numpy as np
import pytest
import torch

import kerasish as keras
from kerasish import layers, quantizers
from kerasish.models.calibration import calibrate
from kerasish.quantizers.awq import Magnitudes, awq_quantize

pytestmark = pytest.mark.filterwarnings("ignore:.*quantiz")  # of layers that have no such mode


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
    model.quantize(config=config)
    head = structure["sequential_blocks"][1]
    assert head.dtype_policy.name == f"{policy}_from_float32" and head.quantized_kernel.dtype == "uint8"
    assert "_kernel" not in head.__dict__ and structure["pre_block_layers"][0].quantization_mode is None
    after = model(TOKENS).numpy()
    assert np.isfinite(after).all() and np.abs(after - before).max() > 0
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(keras.saving.load_model(tmp_path / "model.keras")(TOKENS), after)


# Keras 3.15's results for weights and inputs of NumPy's seeds: options, quantized kernel, zero points, groups
GPTQ = [
    (
        0,
        {"weight_bits": 4, "group_size": 2},
        [[255, 0, 255, 0, 15, 240], [255, 15, 255, 15, 240, 31], [0, 15, 0, 15, 14, 1]],
        [[16, 11, 3], [8, 11, 16], [252, 9, 6], [15, 19, 5], [14, 10, 24]],
        [0.0, 0.5, 1.0, 1.5, 2.0, 2.5],
    ),
    (
        4,
        {"weight_bits": 3, "group_size": 4, "activation_order": True},
        [[7, 1, 7, 6, 0, 0], [0, 0, 3, 7, 7, 2], [7, 2, 0, 7, 0, 4], [0, 0, 6, 2, 7, 7], [7, 7, 3, 2, 7, 0]],
        [[0, 3], [3, 7], [3, 3], [3, 1], [4, 253]],
        [1.0, 0.25, 0.5, 0.0, 1.25, 0.75],
    ),
]


@pytest.mark.parametrize(("seed", "options", "kernel", "zero", "groups"), GPTQ)
def test_gptq_gives_keras_numbers(seed, options, kernel, zero, groups):
    random = np.random.RandomState(seed)
    x = (random.standard_normal((30, 6)) @ random.standard_normal((6, 6))).astype("float32")
    weights = (random.standard_normal((6, 5)) * 0.5).astype("float32")
    layer = layers.Dense(5, use_bias=False)
    layer.build((None, 6))
    layer.set_weights([weights])
    structure = {"pre_block_layers": [layers.Embedding(30, 6, weights=[x])], "sequential_blocks": [layer]}
    config = quantizers.GPTQConfig([np.arange(30)], Letters(), num_samples=1, sequence_length=30, **options)
    layer.quantize(config=config)
    calibrate(config, structure)
    assert layer.quantized_kernel.numpy().tolist() == kernel
    assert layer.kernel_zero.numpy().tolist() == zero
    np.testing.assert_allclose(layer.g_idx, groups)


def test_awq_gives_keras_numbers():
    random = np.random.RandomState(0)
    weights = random.standard_normal((5, 4)).astype("float32") * np.float32(0.5)
    seen = Magnitudes(4)
    seen.update(torch.from_numpy(np.abs(random.standard_normal((1, 4))).astype("float32")))
    found = awq_quantize(
        torch.from_numpy(weights), seen, quantizers.AWQConfig(None, None, num_grid_points=5, group_size=2)
    )
    assert found["kernel"].tolist() == [
        [15, 15, 15, 15], [15, 0, 15, 0], [0, 15, 15, 15], [15, 15, 15, 15], [15, 0, 15, 0]
    ]  # fmt: skip
    assert found["zero"].tolist() == [[252, 244], [5, 2], [3, 254], [253, 211], [2, 11]]
    np.testing.assert_allclose(found["factors"], np.ones(4))
    np.testing.assert_allclose(found["scale"][0], [0.045463, 0.042072], rtol=1e-5)


def test_awq_scales_inputs_that_are_large_up():
    random = np.random.RandomState(3)
    weights = torch.from_numpy(random.standard_normal((16, 8)).astype("float32"))
    seen = Magnitudes(8)
    seen.update(torch.tensor([[100.0, *[0.1] * 7]]))
    factors = awq_quantize(weights, seen, quantizers.AWQConfig(None, None, group_size=-1))["factors"]
    assert factors[0] > 1 > factors[1:].max()


def test_what_calibration_needs_is_demanded():
    model, structure = _model()
    config = quantizers.GPTQConfig(["text"], Letters(), quantization_layer_structure=None)
    with pytest.raises(ValueError, match="valid quantization structure"):
        model.quantize(config=config)
    model, structure = _model()
    config = quantizers.GPTQConfig(None, None, quantization_layer_structure=structure)
    with pytest.raises(ValueError, match="dataset and a tokenizer"):
        model.quantize(config=config)
    model, structure = _model()
    config = quantizers.AWQConfig("one text", Letters(), quantization_layer_structure=structure)
    with pytest.raises(TypeError, match="must be an iterable"):
        model.quantize(config=config)


def test_mixed_policies_are_calibrated_in_float32():
    table, block = layers.Embedding(11, 8), layers.Dense(4, dtype="mixed_bfloat16")
    inputs = keras.Input((None,), dtype="int32")
    model = keras.Model(inputs, block(table(inputs)))
    structure = {"pre_block_layers": [table], "sequential_blocks": [block]}
    config = quantizers.GPTQConfig(
        ["some text"] * 4,
        Letters(),
        num_samples=4,
        sequence_length=6,
        quantization_layer_structure=structure,
        group_size=4,
    )
    before = model(TOKENS).numpy().astype("float32")
    model.quantize(config=config)
    after = model(TOKENS).numpy().astype("float32")
    assert block.dtype_policy.name == "gptq/4/4_from_mixed_bfloat16" and np.abs(after - before).max() < 0.05
