"""Reductions: values against NumPy over axes, dtypes by Keras's rules, NaN, empty tensors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from ops_checks import same

import kerasish.ops as ops
from kerasish.core.autodiff import GradientTape
from kerasish.core.errors import InvalidArgumentError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(2, 3, 4)).astype("float32")
WITH_NAN = X.copy()
WITH_NAN[0, 1, 2] = np.nan
WITH_NAN[1, :, 0] = np.nan
AXES = [None, 0, -1, 1, (0, 1), (0, 2), (-1, -3), [1], (), (0, 1, 2)]
PLAIN = ["sum", "prod", "mean", "max", "min", "amax", "amin", "std", "var", "ptp", "median", "all", "any"]
NAN = ["nansum", "nanprod", "nanmean", "nanmax", "nanmin", "nanstd", "nanvar"]


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", AXES, ids=str)
@pytest.mark.parametrize("name", PLAIN)
def test_reduction_agrees_with_numpy(name, axis, keepdims):
    numpy_axis = tuple(axis) if isinstance(axis, list) else axis
    if name == "median" and axis == ():  # NumPy takes it for all axes
        expected = X
    else:
        expected = getattr(np, name)(X, axis=numpy_axis, keepdims=keepdims)
    same(getattr(ops, name)(X, axis=axis, keepdims=keepdims), expected)


@pytest.mark.parametrize("axis", [None, 0, -1, (0, 1)], ids=str)
@pytest.mark.parametrize("name", NAN)
def test_reduction_without_nan_agrees_with_numpy(name, axis):
    same(getattr(ops, name)(WITH_NAN, axis=axis), getattr(np, name)(WITH_NAN, axis=axis))


@given(
    hnp.arrays("float64", hnp.array_shapes(min_dims=1, max_dims=4, max_side=4), elements=st.floats(-5, 5)),
    st.data(),
)
def test_any_axes_of_any_shape(x, data):
    count = data.draw(st.integers(1, x.ndim))
    axes = tuple(data.draw(st.permutations(range(x.ndim)))[:count])
    signed = tuple(a - x.ndim if data.draw(st.booleans()) else a for a in axes)
    keepdims = data.draw(st.booleans())
    for name in ("sum", "prod", "mean", "max", "median", "var", "all"):
        same(getattr(ops, name)(x, axis=signed, keepdims=keepdims), getattr(np, name)(x, axis=axes, keepdims=keepdims))
    same(ops.count_nonzero(x, axis=signed), np.count_nonzero(x, axis=axes).astype("int32"))


SUMS = {
    "bool": "int32", "int8": "int32", "int16": "int32", "int32": "int32", "int64": "int64", "uint8": "uint32",
    "uint16": "uint32", "uint32": "uint32", "uint64": "uint64", "float16": "float16", "bfloat16": "bfloat16",
    "float32": "float32", "float64": "float64",
}  # fmt: skip


@pytest.mark.parametrize(("dtype", "expected"), SUMS.items())
def test_dtypes_of_results(dtype, expected):
    x = ops.cast(np.array([[1, 1], [0, 1]]), dtype)
    floating = dtype if "float" in dtype else "float32"
    for name in ("sum", "prod", "nansum", "nanprod"):
        assert getattr(ops, name)(x).dtype == expected
    for name in ("mean", "std", "var", "median", "average", "logsumexp", "nanmean", "nanmedian"):
        assert getattr(ops, name)(x).dtype == floating
    for name in ("max", "min", "amax", "nanmin"):
        assert getattr(ops, name)(x).dtype == dtype
    for name in ("argmax", "argmin", "count_nonzero", "nanargmax"):
        assert getattr(ops, name)(x).dtype == "int32"
    for name in ("cumsum", "cumprod"):
        assert getattr(ops, name)(x).dtype == ("int32" if dtype == "bool" else dtype)
    assert ops.all(x).dtype == ops.any(x, axis=0).dtype == "bool"
    assert ops.quantile(x, 0.5).dtype == floating


def test_large_integer_sums_do_not_lose_digits():
    x = np.full(3, 2**40 + 1)
    same(ops.sum(x), np.int64(3 * (2**40 + 1)))
    same(ops.sum(np.full(1000, 255, "uint8")), np.uint32(255000))


def test_given_dtype_is_used():
    same(ops.prod(np.array([2, 3]), dtype="float64"), np.float64(6))
    same(ops.cumsum(np.array([1, 2]), dtype="float32"), np.array([1, 3], "float32"))


@pytest.mark.parametrize("name", ["sum", "max", "argmax", "cumsum"])
def test_an_axis_that_does_not_exist_fails(name):
    with pytest.raises(
        InvalidArgumentError, match="axis 3 is out of bounds|Invalid reduction dimension \\(3 for input with 3"
    ):
        getattr(ops, name)(X, axis=3)


def test_an_axis_named_twice_fails():
    with pytest.raises(InvalidArgumentError, match="twice"):
        ops.sum(X, axis=(0, -3))


def test_an_axis_that_is_no_integer_fails():
    with pytest.raises(TypeError, match="'axis' must be an integer"):
        ops.sum(X, axis=1.0)


def test_empty_tensors():
    empty = np.zeros((0, 3), "float32")
    same(ops.sum(empty, axis=0), np.zeros(3, "float32"))
    same(ops.prod(empty, axis=0), np.ones(3, "float32"))
    same(ops.mean(empty, axis=0), np.full(3, np.nan, "float32"))
    same(ops.std(empty, axis=0), np.full(3, np.nan, "float32"))
    same(ops.max(empty, axis=1), np.zeros(0, "float32"))
    same(ops.logsumexp(empty, axis=0), np.full(3, -np.inf, "float32"))
    with pytest.raises(InvalidArgumentError, match="Cannot compute the max of an empty tensor"):
        ops.max(empty, axis=0)


def test_initial_joins_the_extremes():
    same(ops.max(np.zeros((0, 3), "float32"), axis=0, initial=1), np.ones(3, "float32"))
    same(ops.max(X, axis=(0, 1), initial=0.5), np.max(X, axis=(0, 1), initial=0.5))
    same(ops.min(np.arange(3, 6), initial=1), np.int64(1))


def test_nan_wins_in_extremes_and_medians():
    x = np.array([1.0, np.nan, 3.0])
    for name in ("max", "min", "median", "mean", "sum"):
        assert np.isnan(getattr(ops, name)(x).numpy())
    assert np.isnan(ops.quantile(x, 0.1).numpy())


def test_slices_of_nothing_but_nan():
    x = np.array([[np.nan, np.nan], [1.0, np.nan]], "float32")
    for name in ("nanmax", "nanmin", "nanmean", "nanmedian", "nanstd"):
        result = getattr(ops, name)(x, axis=1).numpy()
        assert np.isnan(result[0])
        assert not np.isnan(result[1])
    same(ops.nansum(x, axis=1), np.array([0, 1], "float32"))
    same(ops.nanargmax(x, axis=1), np.array([-1, 0], "int32"))
    same(ops.nanargmin(x, axis=0), np.array([1, -1], "int32"))


def test_infinities_are_not_nan():
    x = np.array([1.0, np.inf, np.nan])
    assert np.isnan(ops.nanstd(x).numpy())  # ∞ - ∞, as in NumPy
    same(ops.nancumsum(x), np.array([1, np.inf, np.inf]))


def test_argmax_takes_the_first_of_equals():
    x = np.array([[1, 3, 3], [2, 2, 0]])
    same(ops.argmax(x, axis=1), np.array([1, 0], "int32"))
    same(ops.argmin(x, axis=1, keepdims=True), np.array([[0], [2]], "int32"))
    same(ops.argmax(x), np.int32(1))
    same(ops.argmax(x, keepdims=True), np.array([[1]], "int32"))
    same(ops.argmax(np.array([False, True, True])), np.int32(1))


@pytest.mark.parametrize("axis", [None, 0, -1])
@pytest.mark.parametrize("name", ["cumsum", "cumprod", "nancumsum", "nancumprod"])
def test_running_sums_agree_with_numpy(name, axis):
    same(getattr(ops, name)(WITH_NAN, axis=axis), getattr(np, name)(WITH_NAN, axis=axis))


def test_logsumexp_does_not_overflow():
    same(ops.logsumexp(np.array([1000.0, 1000.0])), np.float64(1000 + np.log(2)))
    same(ops.logsumexp(X, axis=(0, 2), keepdims=True), np.log(np.exp(X).sum((0, 2), keepdims=True)))


def test_average_counts_weights():
    x = np.arange(12.0, dtype="float32").reshape(3, 4)
    same(ops.average(x), np.float32(5.5))
    same(ops.average(x, weights=x), np.average(x, weights=x).astype("float32"))
    same(ops.average(x, axis=1, weights=[1, 2, 3, 4]), np.average(x, axis=1, weights=[1, 2, 3, 4]).astype("float32"))
    same(ops.average(x, axis=-2, weights=[1.0, 0, 3]), np.average(x, axis=0, weights=[1, 0, 3]).astype("float32"))
    same(ops.average(x, axis=(0, 1), weights=x), np.average(x, weights=x).astype("float32"))
    same(ops.average(x, weights=[1, 2, 3, 4]), np.float32(6))  # weights of every row
    with pytest.raises(InvalidArgumentError):
        ops.average(x, axis=1, weights=[1, 2, 3])


@pytest.mark.parametrize("method", ["linear", "lower", "higher", "midpoint", "nearest"])
@pytest.mark.parametrize("n", [1, 5, 11, 12])
def test_quantiles_agree_with_numpy(n, method):
    x = RNG.permutation(n).astype("float32")
    for q in (0, 0.1, 0.3, 0.5, 0.7, 0.9, 1):
        same(ops.quantile(x, q, method=method), np.float32(np.quantile(x, q, method=method)))
        same(ops.percentile(x, 100 * q, method=method), np.float32(np.percentile(x, 100 * q, method=method)))


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2)], ids=str)
def test_axes_of_quantiles_come_first(axis, keepdims):
    q = np.array([0.2, 0.5, 1.0])
    expected = np.quantile(X, q, axis=axis, keepdims=keepdims).astype("float32")
    same(ops.quantile(X, q, axis=axis, keepdims=keepdims), expected)
    same(ops.nanquantile(X, q, axis=axis, keepdims=keepdims), expected)
    same(
        ops.nanquantile(WITH_NAN, q, axis=axis, keepdims=keepdims),
        np.nanquantile(WITH_NAN, q, axis=axis, keepdims=keepdims).astype("float32"),
    )


def test_quantiles_may_be_a_matrix():
    same(ops.quantile(X, [[0.2, 0.5]], axis=1), np.quantile(X, [0.2, 0.5], axis=1)[None].astype("float32"))


def test_an_unknown_quantile_method_fails():
    with pytest.raises(ValueError, match="method=foo"):
        ops.quantile(X, 0.5, method="foo")


def test_median_of_an_even_number_is_the_mean_of_the_middle():
    same(ops.median(np.array([4, 1, 3, 2])), np.float32(2.5))
    same(ops.nanmedian(np.array([4, 1, np.nan, 2, 3])), np.float64(2.5))


def test_differences_and_integrals():
    for axis in (0, 1, -1):
        same(ops.diff(X, axis=axis), np.diff(X, axis=axis))
        same(ops.diff(X, n=2, axis=axis), np.diff(X, n=2, axis=axis))
    same(ops.diff(np.array([True, False, False])), np.array([True, False]))
    trapezoid = getattr(np, "trapezoid", None) or np.trapz
    same(ops.trapezoid(X, dx=2.0, axis=1), trapezoid(X, dx=2.0, axis=1))
    same(
        ops.trapezoid(X, x=np.array([0, 1, 4], "float32"), axis=1),
        trapezoid(X, x=np.array([0, 1, 4]), axis=1).astype("float32"),
    )
    same(ops.trapezoid(X, x=X), trapezoid(X, x=X))
    same(ops.trapezoid(np.zeros(0, "float32")), np.float32(0))


def test_gradient_of_max_is_shared_by_equals():
    x = ops.array([1.0, 3.0, 3.0])
    with GradientTape() as tape:
        tape.watch(x)
        y = ops.max(x)
    same(tape.gradient(y, x), np.array([0, 0.5, 0.5], "float32"))


def test_trapezoid_has_the_dtype_of_y():
    x = ops.convert_to_tensor([0.0, 1.0, 3.0], dtype="float64")
    result = ops.trapezoid(ops.convert_to_tensor([1, 2, 3]), x)
    assert result.dtype == "float32"
    assert float(result) == 6.5


def test_cumsum_counts_truth_values_in_int32():
    result = ops.cumsum(ops.convert_to_tensor([1, 0, 5]), dtype="bool")
    assert result.dtype == "int32"
    assert result.numpy().tolist() == [1, 1, 2]


@pytest.mark.parametrize("function", [ops.nanmax, ops.nanmin, ops.nanmedian])
def test_nan_reductions_of_nothing_are_nan(function):
    x = np.zeros((2, 0), "float32")
    assert np.isnan(function(x))
    assert np.isnan(function(x, axis=1)).all() and tuple(function(x, axis=1).shape) == (2,)
    assert tuple(function(x, axis=0).shape) == (0,)
