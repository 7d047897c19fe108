"""Elementwise mathematics: values against NumPy, dtypes by Keras's rules."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from ops_checks import same

import kerasish.ops as ops
from kerasish.core import dtypes
from kerasish.core.autodiff import GradientTape
from kerasish.core.context import settings
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.tensor import Tensor
from kerasish.core.variable import Variable

NUMBERS = "uint8 uint16 uint32 uint64 int8 int16 int32 int64 float16 float32 float64".split()
X = np.array([[-1.5, -0.5, 0.0], [0.25, 0.5, 2.5]], "float32")
UNIT = np.array([-0.9, -0.5, 0.0, 0.3, 0.99], "float32")
POSITIVE = np.array([0.1, 1.0, 2.5, 30.0], "float32")

UNARY = [
    ("exp", X, np.exp), ("exp2", X, np.exp2), ("expm1", X, np.expm1), ("log", POSITIVE, np.log),
    ("log2", POSITIVE, np.log2), ("log10", POSITIVE, np.log10), ("log1p", POSITIVE, np.log1p), ("sqrt", POSITIVE, np.sqrt),
    ("rsqrt", POSITIVE, lambda x: 1 / np.sqrt(x)), ("cbrt", X, np.cbrt), ("sin", X, np.sin), ("cos", X, np.cos),
    ("tan", X, np.tan), ("arcsin", UNIT, np.arcsin), ("arccos", UNIT, np.arccos), ("arctan", X, np.arctan),
    ("sinh", X, np.sinh), ("cosh", X, np.cosh), ("tanh", X, np.tanh), ("arcsinh", X, np.arcsinh),
    ("arccosh", POSITIVE + 1, np.arccosh), ("arctanh", UNIT, np.arctanh), ("deg2rad", X, np.deg2rad),
    ("rad2deg", X, np.rad2deg), ("sinc", X, np.sinc), ("ceil", X, np.ceil), ("floor", X, np.floor), ("trunc", X, np.trunc),
    ("round", X, np.round), ("abs", X, np.abs), ("absolute", X, np.abs), ("fabs", X, np.fabs), ("negative", X, np.negative),
    ("square", X, np.square), ("reciprocal", POSITIVE, np.reciprocal), ("sign", X, np.sign), ("i0", X, np.i0),
    ("signbit", X, np.signbit), ("copy", X, np.copy), ("real", X, np.real), ("imag", X, np.imag), ("angle", X, np.angle),
    ("isreal", X, np.isreal), ("conj", X, np.conj), ("conjugate", X, np.conj), ("logical_not", X, np.logical_not),
    ("erf", X, np.vectorize(math.erf, otypes="f")), ("erfc", X, np.vectorize(math.erfc, otypes="f")),
]  # fmt: skip


@pytest.mark.parametrize(("name", "x", "reference"), UNARY, ids=[row[0] for row in UNARY])
def test_unary_agrees_with_numpy(name, x, reference):
    same(
        getattr(ops, name)(x),
        np.asarray(reference(x)),
        "float32" if name not in ("signbit", "isreal", "logical_not") else "bool",
    )


@pytest.mark.parametrize("dtype", NUMBERS)
@pytest.mark.parametrize("name", ["exp", "log", "sqrt", "sin", "tanh", "floor", "ceil", "fabs", "erf", "reciprocal"])
def test_functions_of_floats_turn_integers_into_floatx(name, dtype):
    expected = dtype if dtype.startswith("float") else "float32"
    assert getattr(ops, name)(np.array([1, 2], dtype)).dtype == expected


@pytest.mark.parametrize("name", ["deg2rad", "rad2deg", "cbrt", "i0"])
def test_a_few_functions_keep_the_precision_of_int64(name):
    assert getattr(ops, name)(np.array([1, 2], "int64")).dtype == "float64"
    assert getattr(ops, name)(np.array([1, 2], "int32")).dtype == "float32"


@pytest.mark.parametrize("dtype", [*NUMBERS, "bool"])
def test_dtype_preserving_functions(dtype):
    x = np.array([1, 0, 3], dtype)
    for name in ("abs", "trunc", "nan_to_num", "copy", "real", "imag"):
        assert getattr(ops, name)(x).dtype == dtype
    assert ops.square(x).dtype == ("int32" if dtype == "bool" else dtype)


def test_integers_convert_to_floatx_of_the_day():
    before = settings.floatx
    settings.floatx = "float16"
    try:
        assert ops.exp(np.array([1, 2])).dtype == "float16"
        assert ops.add(np.array([1, 2]), 1.5).dtype == "float16"
        assert ops.divide(1, 2).dtype == "float16"
    finally:
        settings.floatx = before


BINARY = [
    ("add", np.add), ("subtract", np.subtract), ("multiply", np.multiply), ("divide", np.divide),
    ("true_divide", np.divide), ("floor_divide", lambda x, y: np.floor(x / y)), ("mod", np.mod), ("fmod", np.fmod),
    ("maximum", np.maximum), ("minimum", np.minimum), ("fmax", np.fmax), ("fmin", np.fmin), ("arctan2", np.arctan2),
    ("hypot", np.hypot), ("logaddexp", np.logaddexp), ("logaddexp2", np.logaddexp2), ("heaviside", np.heaviside),
    ("nextafter", np.nextafter), ("equal", np.equal), ("not_equal", np.not_equal), ("less", np.less),
    ("less_equal", np.less_equal), ("greater", np.greater), ("greater_equal", np.greater_equal),
    ("logical_and", np.logical_and), ("logical_or", np.logical_or), ("logical_xor", np.logical_xor), ("isclose", np.isclose),
]  # fmt: skip
SPECIAL = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 0.5, -0.5, 1.0, -1.0, 2.5, -2.5], "float32")


@pytest.mark.parametrize(("name", "reference"), BINARY, ids=[row[0] for row in BINARY])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy's, about NaN
def test_binary_agrees_with_numpy_on_special_values(name, reference):
    x, y = np.repeat(SPECIAL, len(SPECIAL)), np.tile(SPECIAL, len(SPECIAL))
    same(getattr(ops, name)(x, y), reference(x, y))


@given(st.sampled_from(["add", "multiply", "maximum", "power"]), st.sampled_from(NUMBERS), st.sampled_from(NUMBERS))
def test_two_dtypes_meet_by_keras_promotion(name, first, second):
    result = getattr(ops, name)(np.ones(2, first), np.ones(2, second))
    assert result.dtype.name == dtypes.result_type(first, second)


SCALARS = [
    ("float16", 2, "float16"), ("float16", 2.5, "float16"), ("bfloat16", 2.5, "bfloat16"), ("float64", 1.5, "float64"),
    ("int8", 2, "int8"), ("uint8", 2, "uint8"), ("int64", 2, "int64"), ("int32", 2.5, "float32"), ("uint8", 2.5, "float32"),
    ("bool", 2, "int32"), ("bool", 2.5, "float32"), ("float32", True, "float32"), ("uint8", True, "uint8"),
    ("float16", np.float64(1.5), "float64"), ("int32", np.int64(1), "int64"), ("float32", [1, 2], "float32"),
    ("int8", [1.0, 2.0], "float32"),
]  # fmt: skip


@pytest.mark.parametrize(("dtype", "scalar", "expected"), SCALARS)
@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "maximum", "power"])
def test_python_scalars_are_weak_on_either_side(name, dtype, scalar, expected):
    x = ops.cast(np.array([1, 1]), dtype)
    function = getattr(ops, name)
    assert function(x, scalar).dtype == expected
    assert function(scalar, x).dtype == expected


def test_half_precision_promotion_does_not_depend_on_order():
    a, b = ops.cast([1.0], "float16"), ops.cast([1.0], "bfloat16")
    assert ops.add(a, b).dtype == ops.add(b, a).dtype == "float32"
    assert ops.where(True, a, b).dtype == ops.concatenate([b, a]).dtype == "float32"


def test_two_python_numbers_give_int32_and_floatx():
    same(ops.add(1, 2), np.int32(3))
    same(ops.add(1, 2.5), np.float32(3.5))
    same(ops.divide(1, 2), np.float32(0.5))
    same(ops.floor_divide(-7, 2), np.int32(-4))


def test_division_of_integers_is_in_floats():
    same(ops.divide(np.array([1, 2], "int64"), np.array([2, 4], "int64")), np.array([0.5, 0.5], "float32"))
    same(ops.divide(True, 2), np.float32(0.5))
    same(ops.divide(3, np.array([2], "uint8")), np.array([1.5], "float32"))


def test_small_unsigned_sums_wrap_as_in_numpy():
    same(ops.add(np.array([200], "uint8"), 100), np.array([44], "uint8"))
    for dtype in ("uint16", "uint32", "uint64"):
        x, y = np.array([3, 7], dtype), np.array([5, 2], dtype)
        same(ops.add(x, y), x + y)
        same(ops.subtract(x, y), x - y)
        same(ops.mod(x, y), x % y)
        same(ops.less(x, y), x < y)
        same(ops.maximum(x, 4), np.maximum(x, 4).astype(dtype))


@pytest.mark.parametrize("name", ["mod", "fmod", "floor_divide"])
def test_integer_division_by_zero_fails(name):
    with pytest.raises(InvalidArgumentError, match="(?i)zero"):
        getattr(ops, name)(np.array([1]), np.array([0]))


def test_negative_integer_powers_fail():
    with pytest.raises(InvalidArgumentError, match="negative integer powers"):
        ops.power(np.array([2, 3]), -1)


def test_shapes_that_do_not_broadcast_fail():
    with pytest.raises(InvalidArgumentError, match=r"\[Op:AddV2\]"):
        ops.add(np.ones(3), np.ones(4))


def test_divide_no_nan_has_values_and_gradients_without_nan():
    x, y = ops.array([1.0, 2.0, 0.0]), ops.array([2.0, 0.0, 0.0])
    with GradientTape() as tape:
        tape.watch([x, y])
        z = ops.divide_no_nan(x, y)
    same(z, np.array([0.5, 0, 0], "float32"))
    dx, dy = tape.gradient(z, [x, y])
    same(dx, np.array([0.5, 0, 0], "float32"))
    same(dy, np.array([-0.25, 0, 0], "float32"))


def test_hypot_neither_overflows_nor_underflows():
    same(ops.hypot(np.float32(3e30), np.float32(4e30)), np.float32(5e30))
    assert float(ops.hypot(np.float32(3e-30), np.float32(4e-30))) == pytest.approx(5e-30)


def test_logaddexp_of_minus_infinities_is_minus_infinity():
    assert float(ops.logaddexp(-np.inf, -np.inf)) == -np.inf


def test_clip_keeps_the_dtype_unless_a_bound_is_a_float():
    same(ops.clip(X, -1, 1), np.clip(X, -1, 1))
    same(ops.clip(np.arange(4), 1, 2), np.clip(np.arange(4), 1, 2))
    same(ops.clip(np.arange(4), 0.5, 2.5), np.array([0.5, 1, 2, 2.5], "float32"))
    same(ops.clip([True, False], 0, 1), np.array([1, 0], "int32"))
    same(ops.clip(np.float64([0.0, 1.0]), 0.1, 0.9), np.array([0.1, 0.9]))
    same(ops.clip(X, np.float32([-1, 0, 0]), 1), np.clip(X, np.float32([-1, 0, 0]), 1))
    same(ops.clip(X, None, 0), np.minimum(X, 0))
    assert math.isnan(ops.clip(np.nan, 0.0, 1.0))


def test_maximum_with_a_number_passes_the_gradient_at_the_bound():
    x = ops.array([-1.0, 0.0, 2.0])
    with GradientTape() as tape:
        tape.watch(x)
        y = ops.maximum(x, 0.0)
    same(tape.gradient(y, x), np.array([0, 1, 1], "float32"))


@pytest.mark.parametrize("decimals", [-1, 0, 1, 2])
def test_round_agrees_with_numpy(decimals):
    x = np.array([-12.345, 0.5, 1.5, 25.0, 37.077])
    same(ops.round(x, decimals), np.round(x, decimals))
    same(ops.round(np.array([15, 25, -15, 4]), decimals), np.round(np.array([15, 25, -15, 4]), decimals))


def test_nan_to_num_replaces_nan_and_infinities():
    x = np.array([np.nan, np.inf, -np.inf, 1.0])
    same(ops.nan_to_num(x, nan=7, posinf=8, neginf=9), np.array([7.0, 8, 9, 1]))
    same(ops.nan_to_num(x), np.nan_to_num(x))
    same(ops.nan_to_num(np.array([1, 2])), np.array([1, 2]))


@pytest.mark.parametrize(
    "name", ["bitwise_and", "bitwise_or", "bitwise_xor", "left_shift", "right_shift", "gcd", "lcm"]
)
@pytest.mark.parametrize("dtype", ["uint8", "int8", "int32", "int64", "uint16", "uint32"])
def test_integer_functions_agree_with_numpy(name, dtype):
    x, y = np.array([6, 12, 100], dtype), np.array([4, 1, 3], dtype)
    if name == "lcm":
        x = x // 4
    same(getattr(ops, name)(x, y), getattr(np, name)(x, y))


def test_bits_of_floats_fail():
    with pytest.raises((InvalidArgumentError, NotImplementedError)):
        ops.bitwise_and(np.ones(2, "float32"), np.ones(2, "float32"))


def test_bitwise_not_and_its_other_name():
    same(ops.bitwise_not(np.array([0, 5], "int8")), np.array([-1, -6], "int8"))
    same(ops.bitwise_invert(np.array([0, 5], "uint8")), np.array([255, 250], "uint8"))


def test_ldexp_needs_integer_exponents():
    same(ops.ldexp([1.5, 2.0], [2, -1]), np.array([6, 1], "float32"))
    with pytest.raises(TypeError, match="integer exponent"):
        ops.ldexp([1.5], [2.0])


def test_complex_parts():
    z = np.array([1 + 2j, -3 - 4j], "complex64")
    same(ops.real(z), z.real)
    same(ops.imag(z), z.imag)
    same(ops.abs(z), np.abs(z))
    same(ops.angle(z), np.angle(z))
    same(ops.conj(z), np.conj(z))
    same(ops.view_as_real(z), np.stack([z.real, z.imag], -1))
    same(ops.view_as_complex(np.stack([z.real, z.imag], -1)), z)
    with pytest.raises(ValueError, match="last axis of real and imaginary part"):
        ops.view_as_complex(np.ones((2, 3), "float32"))


def test_view_reads_the_same_bytes_as_another_dtype():
    x = np.arange(8, dtype="float32").reshape(2, 4)
    same(ops.view(x, "int32"), x.view("int32"))
    same(ops.view(x, "float16"), x.view("float16"))
    same(ops.view(x.astype("float16"), "float32"), x.astype("float16").view("float32"))


def test_allclose_is_a_boolean_scalar():
    same(ops.allclose([1.0, 2.0], [1.0, 2.0 + 1e-7]), np.bool_(True))
    same(ops.allclose([1.0, np.nan], [1.0, np.nan]), np.bool_(False))
    same(ops.allclose([1.0, np.nan], [1.0, np.nan], equal_nan=True), np.bool_(True))


def test_tests_of_numbers():
    for name in ("isnan", "isinf", "isfinite", "isposinf", "isneginf"):
        same(getattr(ops, name)(SPECIAL), getattr(np, name)(SPECIAL))
        assert getattr(ops, name)(np.arange(3)).dtype == "bool"


def test_strings_compare():
    same(ops.equal(np.array(["a", "b"]), "a"), np.array([True, False]))
    same(ops.not_equal(["a", "b"], ["a", "c"]), np.array([False, True]))
    with pytest.raises(InvalidArgumentError, match="of string is not in the list of allowed values"):
        ops.add(np.array(["a"]), "b")


# what goes in comes out -----------------------------------------------------------------------------------------------


def test_torch_tensors_give_torch_tensors():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    out = ops.add(x, np.ones(2, "float32"))
    assert type(out) is torch.Tensor
    out.sum().backward()
    assert x.grad.tolist() == [1.0, 1.0]
    assert isinstance(ops.add(x, ops.ones(2)), Tensor)


def test_variables_are_read():
    v = Variable(np.array([1.0, 2.0], "float32"))
    before = ops.reshape(v, (2, 1))
    v.assign([5.0, 6.0])
    same(before, np.array([[1], [2]], "float32"))
    same(ops.multiply(v, 2), np.array([10, 12], "float32"))


@pytest.mark.parametrize(
    "name", "mod fmod arctan2 hypot logaddexp logaddexp2 heaviside inner outer append kron dot nextafter".split()
)
def test_numbers_count_as_float32_beside_half_precision(name):
    half = ops.convert_to_tensor([0.5, 2.0], dtype="float16")
    for pair in ((half, 1.5), (1.5, half)):
        assert getattr(ops, name)(*pair).dtype == "float32"
    assert ops.add(half, 1.5).dtype == ops.floor_divide(half, 1.5).dtype == "float16"


@pytest.mark.parametrize(
    "name", "bitwise_and bitwise_or bitwise_xor gcd lcm mod fmod inner outer append kron dot".split()
)
def test_numbers_count_as_int32_beside_small_integers(name):
    small = ops.convert_to_tensor([1, 6], dtype="int8")
    assert getattr(ops, name)(small, 4).dtype == "int32"
    assert ops.multiply(small, 4).dtype == "int8"


def test_complex_numbers_fit_complex_tensors():
    assert ops.inner(ops.convert_to_tensor([1 + 1j], dtype="complex64"), 1 + 2j).dtype == "complex64"


def test_bits_move_by_as_many_places_as_there_are():
    x = ops.convert_to_tensor([3, -4, 7], dtype="int8")
    places = ops.convert_to_tensor([-1, -4, 9], dtype="int8")
    assert ops.bitwise_left_shift(x, places).numpy().tolist() == [3, -4, -128]
    assert ops.bitwise_right_shift(x, places).numpy().tolist() == [3, -4, 0]
    assert ops.bitwise_left_shift(x, 1).dtype == "int8"
    assert ops.bitwise_left_shift(1, x).dtype == "int32"


@pytest.mark.parametrize("name", ["gcd", "lcm", "bitwise_and"])
def test_dtypes_without_a_kernel_raise_what_tensorflow_raises(name):
    x = ops.ones((2,), dtype="float32")
    with pytest.raises(InvalidArgumentError, match="not implemented for"):
        getattr(ops, name)(x, x)
    with pytest.raises(TypeError, match=name):
        getattr(ops, name)(x, x)


def test_division_of_unsigned_integers_by_zero_raises():
    x = ops.convert_to_tensor([1, 2], dtype="uint16")
    with pytest.raises(InvalidArgumentError, match="FloorDivide"):
        ops.floor_divide(x, ops.zeros_like(x))
    with pytest.raises(InvalidArgumentError):
        x // ops.zeros_like(x)
    with pytest.raises(InvalidArgumentError):
        5 // ops.zeros((2,), dtype="int32")


@pytest.mark.parametrize("dtype", ["uint16", "uint32"])
def test_operators_compute_with_wide_unsigned_integers(dtype):
    x = ops.convert_to_tensor([1, 2], dtype=dtype)
    for result, expected in ((x + 2, [3, 4]), (x + x, [2, 4]), (x * 3, [3, 6]), (5 - x, [4, 3])):
        assert result.dtype == dtype
        assert result.numpy().tolist() == expected


@pytest.mark.parametrize("dtype", ["float32", "int32"])
@pytest.mark.parametrize("wrap", [lambda b: b, lambda b: ops.convert_to_tensor(b)])
def test_the_lower_bound_wins_where_bounds_of_clip_cross(dtype, wrap):
    x = ops.convert_to_tensor([-2, 0, 2], dtype=dtype)
    assert ops.clip(x, wrap(1), wrap(-1)).numpy().tolist() == [1, 1, 1]


def test_equal_bounds_of_clip_have_the_gradients_of_the_sides_that_they_hold():
    x, low, high = (ops.convert_to_tensor(v) for v in ([-2.0, -1.0, 0.0, 1.0, 2.0], 0.0, 0.0))
    with GradientTape() as tape:
        tape.watch([x, low, high])
        y = ops.clip(x, low, high) * np.array([1.0, 2.0, 3.0, 4.0, 5.0], "float32")
    x_grad, low_grad, high_grad = (g.numpy().tolist() for g in tape.gradient(y, [x, low, high]))
    assert (x_grad, low_grad, high_grad) == ([0, 0, 3, 0, 0], 3, 9)


def test_arccosh_has_no_gradient_below_one():
    x = ops.convert_to_tensor([-2.0, -1.0, 0.5, 2.0])
    with GradientTape() as tape:
        tape.watch(x)
        y = ops.arccosh(x)
    np.testing.assert_allclose(tape.gradient(y, x).numpy(), [np.nan, np.nan, np.nan, 1 / np.sqrt(3)], rtol=1e-6)
