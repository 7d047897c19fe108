"""Dtype policies of quantized layers, and maps of policies."""

import numpy as np
import pytest

import kerasish as keras
from kerasish import dtype_policies


@pytest.mark.parametrize(
    ("name", "cls", "mode", "compute"),
    [
        ("int8_from_float32", dtype_policies.QuantizedDTypePolicy, "int8", "float32"),
        ("int8_from_mixed_bfloat16", dtype_policies.QuantizedDTypePolicy, "int8", "bfloat16"),
        ("int4_from_float32", dtype_policies.QuantizedDTypePolicy, "int4", "float32"),
        ("int4/64_from_float32", dtype_policies.Int4DTypePolicy, "int4", "float32"),
        ("float8_from_mixed_bfloat16", dtype_policies.QuantizedFloat8DTypePolicy, "float8", "bfloat16"),
        ("gptq/3/-1_from_float32", dtype_policies.GPTQDTypePolicy, "gptq", "float32"),
        ("awq/4/32_from_float32", dtype_policies.AWQDTypePolicy, "awq", "float32"),
    ],
)
def test_names_make_policies_that_can_be_serialized(name, cls, mode, compute):
    policy = dtype_policies.get(name)
    assert type(policy) is cls and policy.name == name
    assert (policy.quantization_mode, policy.compute_dtype) == (mode, compute)
    again = dtype_policies.deserialize(dtype_policies.serialize(policy))
    assert again == policy and again.name == name
    assert policy != dtype_policies.get("float32")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("int8_from_float16", "doesn't work well"),
        ("int3_from_float32", "valid pair"),
        ("int4/0_from_float32", "block_size"),
        ("gptq/5/8_from_float32", "weight_bits"),
        ("awq/8/8_from_float32", "weight_bits"),
        ("gptq/4_from_float32", "format"),
        ("gptq/a/8_from_float32", "integers"),
    ],
)
def test_wrong_names_are_refused(name, words):
    with pytest.raises(ValueError, match=words):
        dtype_policies.get(name)


def test_maps_match_whole_paths():
    policies = dtype_policies.DTypePolicyMap("float32", {"a/.*": dtype_policies.get("mixed_bfloat16")})
    policies["b"] = "float64"
    assert policies["a/dense"].name == "mixed_bfloat16" and policies["b"].name == "float64"
    assert policies["c"].name == "float32" and len(policies) == 2 and set(policies) == {"a/.*", "b"}
    assert policies.name == "map_float32"
    with pytest.raises(ValueError, match="already exist"):
        policies["b"] = "float32"
    policies["a/d.*"] = "float16"
    with pytest.raises(ValueError, match="multiple"):
        policies["a/dense"]
    again = dtype_policies.deserialize(dtype_policies.serialize(policies))
    assert again == policies
    with pytest.raises(ValueError, match="cannot be a `DTypePolicyMap`"):
        dtype_policies.DTypePolicyMap(policies)


def test_a_layer_takes_its_policy_from_a_map_once_its_path_is_known():
    policies = dtype_policies.DTypePolicyMap("float32", {"wide": dtype_policies.get("float64")})
    layer = keras.layers.Dense(2, dtype=policies, name="wide")
    assert layer.compute_dtype == "float32"
    layer.build((None, 3))
    assert layer.compute_dtype == layer.kernel.dtype == "float64"
    assert layer.dtype_policy is policies
    again = keras.layers.Dense.from_config(layer.get_config())
    again.build((None, 3))
    assert again.kernel.dtype == "float64"


def test_a_quantized_layers_policy_goes_into_its_map():
    policies = dtype_policies.DTypePolicyMap("float32")
    layer = keras.layers.Dense(2, dtype=policies, name="dense")
    layer(np.ones((1, 3), "float32"))
    layer.quantize("int8")
    assert policies["dense"].name == "int8_from_float32" and layer.quantization_mode == "int8"


def test_a_policy_found_by_its_path_counts_from_the_first_call():
    policies = dtype_policies.DTypePolicyMap(policy_map={"m/a": keras.DTypePolicy("float16")})

    class Model(keras.Model):
        def __init__(self):
            super().__init__(name="m", dtype=policies)
            self.a = keras.layers.Dense(2, name="a", dtype=self.dtype_policy)
            self.b = keras.layers.Dense(2, name="b", dtype=self.dtype_policy)

        def call(self, x):
            return self.b(self.a(x))

    model = Model()
    assert model(np.ones((2, 4), "float32")).dtype == "float32"
    assert [w.dtype.name for w in model.weights] == ["float16"] * 2 + ["float32"] * 2


def test_a_dictionary_that_is_no_policy_is_refused():
    for make in (lambda: keras.layers.Dense(1, dtype={"a": 1}), lambda: keras.metrics.Mean(dtype={"a": 1})):
        with pytest.raises(ValueError, match="Not the configuration of a dtype policy"):
            make()
