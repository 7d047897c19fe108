"""Functions and classes of ``keras.quantizers``."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kerasish as keras
from kerasish import quantizers, tf


def test_abs_max_quantize_uses_the_whole_range_and_its_scale_leads_back():
    x = np.array([[1.0, -2.0, 0.5], [0.1, 0.4, -0.3]], "float32")
    integers, scale = quantizers.abs_max_quantize(x, axis=-1)
    assert integers.numpy().tolist() == [[64, -127, 32], [32, 127, -95]]
    np.testing.assert_allclose(integers.numpy() / scale.numpy(), x, atol=2 / 127)
    assert integers.dtype == "int8" and scale.shape == (2, 1)


def test_a_quantizers_axis_in_the_call_comes_before_that_of_the_constructor():
    x = np.ones((2, 3), "float32")
    quantizer = quantizers.AbsMaxQuantizer(axis=0)
    assert quantizer(x)[1].shape == (1, 3)
    assert quantizer(x, axis=1)[1].shape == (2, 1)
    assert quantizers.AbsMaxQuantizer()(x)[1].shape == (2, 1)
    assert quantizer.get_config() == {
        "axis": (0,), "value_range": (-127, 127), "epsilon": 1e-7, "output_dtype": "int8"
    }  # fmt: skip


def test_a_range_beyond_int8_is_refused():
    with pytest.raises(ValueError, match=r"within the interval \[-128, 127\]"):
        quantizers.AbsMaxQuantizer(value_range=(-129, 127))


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 5), st.integers(1, 5), st.sampled_from([0, 1, -1]), st.sampled_from(["int8", "uint8"]))
def test_unpacking_undoes_packing(rows, columns, axis, dtype):
    low = -8 if dtype == "int8" else 0
    x = np.random.RandomState(rows).randint(low, low + 16, (rows, columns)).astype(dtype)
    packed, shape, length = quantizers.pack_int4(x, axis=axis, dtype=dtype)
    assert shape == tuple(packed.shape) and length == x.shape[axis]
    assert packed.shape[axis] == (length + 1) // 2
    np.testing.assert_array_equal(quantizers.unpack_int4(packed, length, axis=axis, dtype=dtype), x)


def test_the_first_of_two_packed_values_is_in_the_low_half():
    packed, _, _ = quantizers.pack_int4(np.array([1, -2], "int8"))
    assert packed.numpy().tolist() == [1 - 32]


def test_packing_demands_bytes():
    with pytest.raises(TypeError, match="Expected int8 tensor"):
        quantizers.pack_int4(np.ones(2, "int32"))
    with pytest.raises(ValueError, match="'int8' or 'uint8'"):
        quantizers.pack_int4(np.ones(2, "int8"), dtype="int4")


def test_groups_have_their_own_ranges():
    x = np.array([[0.0], [15.0], [-1.0], [0.5]], "float32")
    integers, scale, zero = quantizers.abs_max_quantize_grouped_with_zero_point(x, block_size=2)
    np.testing.assert_allclose(scale, [[1.0], [0.1]], rtol=1e-6)
    assert zero.numpy().tolist() == [[-8], [2]]
    assert integers.numpy().tolist() == [[-8], [7], [-8], [7]]


def test_fake_quantization_rounds_to_a_grid_with_zero_and_stops_gradients_outside():
    x = tf.constant([-2.0, -0.26, 0.0, 0.4, 3.0])
    low, high = tf.constant(-1.0), tf.constant(2.0)
    with tf.GradientTape() as tape:
        tape.watch([x, low, high])
        y = quantizers.fake_quant_with_min_max_vars(x, low, high, num_bits=2)
        total = tf.reduce_sum(y * tf.constant([1.0, 2.0, 3.0, 4.0, 5.0]))
    assert y.numpy().tolist() == [-1.0, 0.0, 0.0, 0.0, 2.0]
    gradients = tape.gradient(total, [x, low, high])
    assert gradients[0].numpy().tolist() == [0.0, 2.0, 3.0, 4.0, 0.0]
    assert [float(g) for g in gradients[1:]] == [1.0, 5.0]


def test_fake_quantization_is_part_of_functional_models():
    inputs = keras.Input((3,))
    outputs = quantizers.fake_quant_with_min_max_vars(inputs, 0.0, 3.0, num_bits=2)
    model = keras.Model(inputs, outputs)
    assert model(np.array([[0.4, 1.6, 7.0]], "float32")).numpy().tolist() == [[0.0, 2.0, 3.0]]


def test_float8_scales_keep_the_largest_number_in_range():
    scale = quantizers.compute_float8_scale(np.float32(896.0), np.float32(1.0), np.float32(448.0))
    assert float(scale) == 2.0
    assert float(quantizers.compute_float8_scale(np.float32(0.0), np.float32(3.0), np.float32(448.0))) == 3.0
    history = quantizers.compute_float8_amax_history(np.array([1.0, -5.0], "float32"), np.arange(3, dtype="float32"))
    assert history.numpy().tolist() == [5.0, 2.0, 0.0]
    rounded = quantizers.quantize_and_dequantize(
        np.array([1000.0, 0.3], "float32"), np.float32(1.0), "float8_e4m3fn", "float32"
    )
    assert rounded.numpy().tolist() == [448.0, 0.3125]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: quantizers.Int4QuantizationConfig(block_size=0), "block_size must be"),
        (lambda: quantizers.Int4QuantizationConfig(quantizers.AbsMaxQuantizer(value_range=(-8, 7))), "sub-channel"),
        (lambda: quantizers.Int4QuantizationConfig(quantizers.AbsMaxQuantizer(), block_size=None), "value_range"),
        (lambda: quantizers.GPTQConfig(None, None, weight_bits=5), "weight_bits 5"),
        (lambda: quantizers.GPTQConfig(None, None, hessian_damping=2), "hessian_damping"),
        (lambda: quantizers.AWQConfig(None, None, weight_bits=8), "only supports 4-bit"),
        (lambda: quantizers.AWQConfig(None, None, group_size=0), "group_size"),
    ],
)
def test_wrong_configurations_are_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_configurations_come_back_from_their_configs():
    config = quantizers.Int8QuantizationConfig(quantizers.AbsMaxQuantizer(axis=0), None)
    again = quantizers.deserialize(quantizers.serialize(config))
    assert again.mode == "int8" and again.weight_quantizer.axis == (0,) and again.activation_quantizer is None
    gptq = quantizers.GPTQConfig(["text"], None, weight_bits=8, group_size=32)
    assert gptq.dtype_policy_string() == "gptq/8/32"
    again = quantizers.deserialize(quantizers.serialize(gptq))
    assert (again.weight_bits, again.group_size, again.dataset) == (8, 32, None)


def test_get_takes_names_configs_and_objects():
    quantizer = quantizers.AbsMaxQuantizer(axis=1)
    assert quantizers.get(quantizer) is quantizer
    assert isinstance(quantizers.get("abs_max_quantizer"), keras.quantizers.AbsMaxQuantizer)
    assert quantizers.get(quantizers.serialize(quantizer)).axis == (1,)
    with pytest.raises(ValueError, match="Could not interpret quantizer"):
        quantizers.get("nothing")


def test_a_quantizer_of_no_kind_leaves_values_alone_and_has_no_config():
    assert keras.Quantizer is keras.quantizers.Quantizer
    assert keras.Quantizer(output_dtype="int8")(1) == 1
    with pytest.raises(NotImplementedError, match=r"does not implement get_config\(\)"):
        keras.Quantizer().get_config()


def test_a_configuration_of_no_kind_has_no_mode():
    with pytest.raises(NotImplementedError, match="Subclasses must implement this property"):
        _ = keras.quantizers.QuantizationConfig().mode
    assert keras.quantizers.Float8QuantizationConfig().mode == "float8"
    assert keras.quantizers.Float8QuantizationConfig().get_config() == {}
