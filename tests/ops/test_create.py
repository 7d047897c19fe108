"""New tensors, conversion and casts."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from ops_checks import same

import kerasish.ops as ops
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.symbolic import KerasTensor
from kerasish.core.tensor import StringTensor, Tensor
from kerasish.core.variable import Variable


def test_constants():
    same(ops.zeros((2, 1)), np.zeros((2, 1), "float32"))
    same(ops.zeros(3, dtype="int32"), np.zeros(3, "int32"))
    same(ops.ones([2], dtype=bool), np.ones(2, bool))
    same(ops.empty((2,)), np.zeros(2, "float32"))
    same(ops.full((2,), 3), np.full(2, 3, "float32"))
    same(ops.full((2, 2), [1, 2], dtype="int64"), np.full((2, 2), [1, 2]))
    same(ops.full((1,), 0.1, dtype="float64"), np.full(1, 0.1))
    same(ops.full((1,), 3.5, dtype="int32"), np.full(1, 3, "int32"))
    same(ops.zeros(ops.array([2, 3])), np.zeros((2, 3), "float32"))
    with pytest.raises(ValueError, match="sequence of integers"):
        ops.zeros("ab")


def test_constants_like_others():
    x = np.array([[1.5, 2.5]])
    same(ops.zeros_like(x), np.zeros_like(x))
    same(ops.empty_like(x, dtype="int8"), np.zeros((1, 2), "int8"))
    same(ops.ones_like([1, 2]), np.ones(2, "int32"))
    same(ops.full_like(x, 0.1), np.full_like(x, 0.1))
    same(ops.full_like(np.array([1, 2]), 2.7), np.array([2, 2]))
    same(ops.full_like(x, [7, 8], dtype="int32"), np.array([[7, 8]], "int32"))


def test_diagonal_matrices():
    for k in (-1, 0, 2):
        same(ops.eye(3, 4, k=k), np.eye(3, 4, k, "float32"))
        same(ops.tri(3, 4, k=k, dtype="int32"), np.tri(3, 4, k, "int32"))
    same(ops.identity(2, dtype="bool"), np.eye(2, dtype=bool))
    same(ops.eye(ops.array(2)), np.eye(2, dtype="float32"))
    with pytest.raises(TypeError, match="Argument `N` must be an integer"):
        ops.eye(2.5)


ARANGES = [
    ((3,), "int32"), ((3.0,), "float32"), ((1, 3), "int32"), ((0, 1, 0.25), "float32"), ((5, 0, -2), "int32"),
    ((0.5, 3), "float32"), ((np.int64(3),), "int64"), ((0, 3, None), "int32"), ((2, 2), "int32"), ((1, 8, 3), "int32"),
]  # fmt: skip


@pytest.mark.parametrize(("args", "dtype"), ARANGES, ids=str)
def test_arange_agrees_with_numpy(args, dtype):
    same(ops.arange(*args), np.arange(*(a for a in args if a is not None)).astype(dtype))


def test_arange_of_a_dtype_and_of_tensors():
    same(ops.arange(3, dtype="float16"), np.arange(3, dtype="float16"))
    same(ops.arange(0, 1, 0.5, dtype="int32"), np.array([0, 0], "int32"))
    same(ops.arange(ops.array(3)), np.arange(3, dtype="int32"))
    with pytest.raises(InvalidArgumentError, match="Requires start <= limit"):
        ops.arange(3, 1)
    with pytest.raises(InvalidArgumentError, match="delta=0"):
        ops.arange(0, 1, 0)


@pytest.mark.parametrize("num", [0, 1, 2, 7])
@pytest.mark.parametrize("endpoint", [True, False])
def test_spaced_values_agree_with_numpy(num, endpoint):
    for name, start, stop in (("linspace", -1, 2.5), ("logspace", 0, 2), ("geomspace", 1, 1000), ("geomspace", -1, -8)):
        expected = getattr(np, name)(start, stop, num, endpoint=endpoint)
        same(getattr(ops, name)(start, stop, num, endpoint=endpoint), expected.astype("float32"))
    start, stop = np.array([1.0, 2.0]), np.array([3.0, 8.0])
    for name in ("linspace", "logspace", "geomspace"):
        for axis in (0, -1):
            expected = getattr(np, name)(start, stop, num, endpoint=endpoint, axis=axis)
            same(getattr(ops, name)(start, stop, num, endpoint=endpoint, axis=axis), expected)


def test_linspace_options():
    values, step = ops.linspace(0, 1, 5, retstep=True)
    same(values, np.linspace(0, 1, 5, dtype="float32"))
    same(step, np.float32(0.25))
    same(ops.linspace(0, 10, 5, dtype="int32"), np.array([0, 2, 5, 7, 10], "int32"))
    same(ops.linspace(0.1, 0.3, 3, dtype="float64"), np.linspace(0.1, 0.3, 3))
    same(ops.logspace(0, 3, 4, base=2), np.array([1, 2, 4, 8], "float32"))
    with pytest.raises(ValueError, match="non-negative"):
        ops.linspace(0, 1, -1)


@pytest.mark.parametrize("n", [0, 1, 2, 5, 8])
def test_windows_agree_with_numpy(n):
    for name in ("bartlett", "blackman", "hamming", "hanning"):
        same(getattr(ops, name)(n), getattr(np, name)(n).astype("float32"))
    same(ops.kaiser(n, 14.0), np.kaiser(n, 14.0).astype("float32"))


# conversion -----------------------------------------------------------------------------------------------------------


def test_python_values_become_int32_and_floatx():
    same(ops.convert_to_tensor([1, 2]), np.array([1, 2], "int32"))
    same(ops.convert_to_tensor([1, 2.5]), np.array([1, 2.5], "float32"))
    same(ops.convert_to_tensor(True), np.bool_(True))
    same(ops.array([1, 2], dtype="float16"), np.array([1, 2], "float16"))
    same(ops.convert_to_tensor([0.1], dtype="float64"), np.array([0.1]))
    assert isinstance(ops.convert_to_tensor(["a"]), StringTensor)


def test_conversion_casts_freely():
    same(ops.convert_to_tensor([1.5, -2.5], dtype="int32"), np.array([1, -2], "int32"))
    same(ops.convert_to_tensor(np.array([1.0, 0.0]), dtype="bool"), np.array([True, False]))
    same(ops.convert_to_tensor(ops.ones(2), dtype="int8"), np.ones(2, "int8"))


def test_conversion_copies_arrays_and_keeps_tensors():
    array = np.ones(2, "float32")
    tensor = ops.convert_to_tensor(array)
    array[0] = 5
    same(tensor, np.ones(2, "float32"))
    assert ops.convert_to_tensor(tensor) is tensor
    assert type(ops.convert_to_tensor(torch.ones(2))) is torch.Tensor
    variable = Variable([1.0, 2.0])
    before = ops.convert_to_tensor(variable)
    variable.assign([3.0, 4.0])
    same(before, np.array([1, 2], "float32"))


def test_conversion_to_numpy_copies():
    tensor = ops.ones(2)
    array = ops.convert_to_numpy(tensor)
    array[0] = 5
    same(tensor, np.ones(2, "float32"))
    assert ops.convert_to_numpy([1, 2]).tolist() == [1, 2]
    assert ops.convert_to_numpy([ops.ones(1), ops.zeros(1)]).tolist() == [[1.0], [0.0]]
    assert ops.convert_to_numpy(torch.ones(1, requires_grad=True)).tolist() == [1.0]
    assert ops.convert_to_numpy(Variable([1.0])).tolist() == [1.0]
    assert ops.convert_to_numpy(ops.array(["a"])).tolist() == [b"a"]
    with pytest.raises(ValueError, match="KerasTensor is symbolic"):
        ops.convert_to_numpy(KerasTensor((2,)))


def test_is_tensor():
    assert ops.is_tensor(ops.ones(1))
    assert ops.is_tensor(torch.ones(1))
    assert ops.is_tensor(Variable(1.0))
    assert not ops.is_tensor(np.ones(1))
    assert not ops.is_tensor(KerasTensor((2,)))


CASTS = [
    ([1.7, -1.7], "int32", [1, -1]),
    ([0, 2], "bool", [False, True]),
    ([np.nan, 3e9, -3e9], "int32", [-(2**31)] * 3),
    ([1, 2], "complex64", [1, 2]),
    ([300, 5], "uint8", [44, 5]),
]


@pytest.mark.parametrize(("values", "dtype", "expected"), CASTS)
def test_casts(values, dtype, expected):
    same(ops.cast(values, dtype), np.array(expected, dtype))


def test_a_cast_from_complex_keeps_the_real_part():
    same(ops.cast(np.array([1 + 2j]), "float32"), np.array([1], "float32"))


SATURATED = [
    ([300, -5], "uint8", [255, 0]),
    ([300.7, -500.0, 1.9], "int8", [127, -128, 1]),
    ([3e9, -3e9, 2.0**31], "int32", [2**31 - 1, -(2**31), 2**31 - 1]),
    ([1e30], "int64", [2**63 - 1]),
    ([1e9, -1e9, 1.5], "float16", [65504, -65504, 1.5]),
    ([True], "int8", [1]),
    ([300, 3], "uint16", [300, 3]),
]


@pytest.mark.parametrize(("values", "dtype", "expected"), SATURATED)
def test_saturating_casts(values, dtype, expected):
    same(ops.saturate_cast(values, dtype), np.array(expected, dtype))


def test_shape_ndim_size_and_dtype():
    assert ops.shape(ops.ones((2, 3))) == (2, 3)
    assert type(ops.shape(ops.ones((2, 3)))) is tuple
    assert ops.shape(KerasTensor((None, 3))) == (None, 3)
    assert ops.shape(torch.ones(2)) == ops.shape([1, 2]) == (2,)
    assert ops.ndim([[1]]) == 2
    same(ops.size(np.ones((2, 3))), np.int32(6))
    assert ops.dtype(np.ones(1)) == ops.dtype(torch.ones(1).double()) == "float64"
    assert ops.dtype(ops.ones(1, "bfloat16")) == "bfloat16"


def test_unknown_dtypes_fail():
    for call in (
        lambda: ops.zeros(2, dtype="foo"),
        lambda: ops.cast([1], "foo"),
        lambda: ops.cumsum([1], dtype="floaty"),
    ):
        with pytest.raises(ValueError, match="Invalid dtype"):
            call()


def test_strings_are_refused_by_casts():
    with pytest.raises(InvalidArgumentError, match="Cast string to int32 is not supported"):
        ops.cast(ops.array(["1"]), "int32")


def test_results_are_tensors():
    for value in (ops.zeros(1), ops.eye(1), ops.arange(2), ops.linspace(0, 1, 2), ops.hamming(3)):
        assert type(value) is Tensor
