"""Layers that move elements: values, strings, errors. Recorded numbers are Keras 3.15's on TensorFlow 2.21.

``test_spatial`` has what these layers share with the convolution and pooling ones.
"""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish.core.symbolic import KerasTensor
from kerasish.core.tensor import convert
from kerasish.layers.core import Masking
from kerasish.layers.reshape import (
    Cropping1D,
    Cropping2D,
    Cropping3D,
    Flatten,
    Permute,
    RepeatVector,
    Reshape,
    ZeroPadding1D,
    ZeroPadding2D,
    ZeroPadding3D,
)
from kerasish.layers.upsampling import UpSampling1D, UpSampling2D, UpSampling3D


def array(*shape):
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype("float32")


# samples --------------------------------------------------------------------------------------------------------------


def test_flatten():
    x = array(2, 3, 4, 5)
    np.testing.assert_array_equal(Flatten()(x).numpy(), x.reshape(2, 60))
    first = Flatten(data_format="channels_first")(np.arange(6).reshape(1, 2, 3))
    np.testing.assert_array_equal(first, [[0, 3, 1, 4, 2, 5]])
    assert Flatten()(np.ones(3)).shape == (3, 1)
    assert Flatten().compute_output_shape((None, None, 4)) == (None, None)
    assert Flatten()(KerasTensor((None, 0, 4))).shape == (None, 0)


def test_flatten_of_contiguous_data_is_a_view():
    x = torch.tensor(array(2, 3, 4))
    assert Flatten()(x).data_ptr() == x.data_ptr()
    assert Reshape((4, 3))(x).data_ptr() == x.data_ptr()


@pytest.mark.parametrize(
    ("target", "shape", "expected"),
    [
        ((3, 4), (None, 12), (None, 3, 4)),
        ((-1, 4), (None, 12), (None, 3, 4)),
        ((-1, 4), (None, None), (None, None, 4)),
        ((2, 2), (None, None, 4), (None, 2, 2)),
        ((), (None, 1), (None,)),
        ((-1, 2), (5, 0), (5, 0, 2)),
        ((-1,), (None, 3, 4), (None, 12)),
    ],
)
def test_shapes_of_reshape(target, shape, expected):
    assert Reshape(target).compute_output_shape(shape) == expected
    assert Reshape(target)(KerasTensor(shape)).shape == expected


@settings(max_examples=40, deadline=None)
@given(st.permutations([1, 2, 3, 4]), st.integers(0, 4), st.integers(0, 3))
def test_reshape_keeps_the_order_of_elements(sizes, hole, batch):
    x = np.arange(batch * 24).reshape(batch, 24)
    target = [-1 if i == hole else size for i, size in enumerate(sizes)]
    np.testing.assert_array_equal(Reshape(target)(x).numpy(), x.reshape(batch, *sizes))
    np.testing.assert_array_equal(Flatten()(x.reshape(batch, *sizes)).numpy(), x)


@settings(max_examples=20, deadline=None)
@given(st.permutations([1, 2, 3]))
def test_permute_is_numpys_transpose(dims):
    x = array(2, 3, 4, 5)
    np.testing.assert_array_equal(Permute(dims)(x).numpy(), x.transpose(0, *dims))


def test_repeat_vector():
    x = array(2, 3)
    np.testing.assert_array_equal(RepeatVector(4)(x).numpy(), np.repeat(x[:, None], 4, 1))


def test_strings_are_moved_too():
    words = np.array([["a", "b", "c", "d"]])
    assert Reshape((2, 2))(words).numpy().tolist() == [[[b"a", b"b"], [b"c", b"d"]]]
    assert Flatten()(convert(words.reshape(1, 2, 2))).numpy().tolist() == [[b"a", b"b", b"c", b"d"]]
    with pytest.raises(ValueError, match="total size of the tensor must be unchanged"):
        Reshape((3,))(words)


# borders --------------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(1, 3), st.sampled_from(["channels_last", "channels_first"]))
def test_cropping_undoes_zero_padding(data, n, data_format):
    pairs = data.draw(st.tuples(*[st.tuples(st.integers(0, 3), st.integers(0, 3))] * n))
    x = array(2, *range(1, n + 1), 2)
    widths = [(0, 0), *pairs, (0, 0)]
    if n == 1:
        (argument,), options = pairs, {}
    else:
        argument, options = pairs, {"data_format": data_format}
    padded = np.pad(x, widths)
    if n > 1 and data_format == "channels_first":
        x, padded = np.moveaxis(x, -1, 1), np.moveaxis(padded, -1, 1)
    pad, crop = (ZeroPadding1D, ZeroPadding2D, ZeroPadding3D)[n - 1], (Cropping1D, Cropping2D, Cropping3D)[n - 1]
    y = pad(argument, **options)(x)
    np.testing.assert_array_equal(y.numpy(), padded)
    np.testing.assert_array_equal(crop(argument, **options)(y).numpy(), x)


@pytest.mark.parametrize(
    ("kind", "given_widths", "settled"),
    [
        (Cropping1D, 2, (2, 2)),
        (Cropping1D, [1, 2], (1, 2)),
        (Cropping2D, 1, ((1, 1), (1, 1))),
        (Cropping2D, (1, 2), ((1, 1), (2, 2))),
        (Cropping2D, [[1, 2], 3], ((1, 2), (3, 3))),
        (Cropping3D, (1, 2, 3), ((1, 1), (2, 2), (3, 3))),
    ],
)
def test_widths_are_settled(kind, given_widths, settled):
    assert kind(given_widths).cropping == settled
    padding = {Cropping1D: ZeroPadding1D, Cropping2D: ZeroPadding2D, Cropping3D: ZeroPadding3D}[kind]
    assert padding(given_widths).padding == settled


def test_defaults_are_keras():
    assert Cropping1D().cropping == ZeroPadding1D().padding == (1, 1)
    assert Cropping2D().cropping == ((0, 0), (0, 0))
    assert ZeroPadding2D().padding == ((1, 1), (1, 1))
    assert Cropping3D().cropping == ZeroPadding3D().padding == ((1, 1), (1, 1), (1, 1))


# enlarging ------------------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 3), st.data(), st.sampled_from(["float32", "float64", "int32", "bool"]))
def test_nearest_repeats_elements(n, data, dtype):
    factors = data.draw(st.tuples(*[st.integers(1, 50 if n == 1 else 5)] * n))
    x = (array(2, *range(2, n + 2), 2) > 0).astype(dtype)
    expected = x
    for axis, factor in enumerate(factors, 1):
        expected = expected.repeat(factor, axis)
    layer = UpSampling1D(factors[0]) if n == 1 else (UpSampling2D, UpSampling3D)[n - 2](factors)
    y = UpSampling1D(factors[0], dtype=dtype)(x) if n == 1 and dtype == "float64" else layer(x)
    np.testing.assert_array_equal(y.numpy(), expected)


@pytest.mark.parametrize(
    ("interpolation", "expected", "integers"),
    [
        ("nearest", [1, 1, 2, 2, 4, 4], [1, 1, 1, 200, 200, 200, 4, 4, 4]),
        ("area", [1, 1, 2, 2, 4, 4], [1, 1, 1, 200, 200, 200, 4, 4, 4]),
        ("bilinear", [1, 1.25, 1.75, 2.5, 3.5, 4], [1, 1, 67, 134, 200, 135, 69, 4, 4]),
        (
            "bicubic",
            [0.9117648, 1.1459854, 1.6412214, 2.5114503, 3.6423359, 4.1764708],
            [0, 1, 63, 150, 200, 151, 65, 4, 0],
        ),
        (
            "lanczos3",
            [0.9456214, 1.0611607, 1.4783537, 2.6553044, 3.6915183, 4.2231646],
            [0, 1, 70, 155, 200, 156, 72, 4, 0],
        ),
    ],
)
def test_interpolations_give_the_recorded_numbers(interpolation, expected, integers):
    x = np.array([1.0, 2, 4], "float32").reshape(1, 1, 3, 1)
    y = UpSampling2D((1, 2), interpolation=interpolation)(x)
    np.testing.assert_allclose(y.numpy().ravel(), expected, rtol=1e-6)
    turned = UpSampling2D((2, 1), interpolation=interpolation)(x.reshape(1, 3, 1, 1))
    np.testing.assert_allclose(turned.numpy().ravel(), expected, rtol=1e-6)
    bytes_ = np.array([1, 200, 4], "uint8").reshape(1, 1, 3, 1)
    np.testing.assert_array_equal(UpSampling2D((1, 3), interpolation=interpolation)(bytes_).numpy().ravel(), integers)


@pytest.mark.parametrize(
    "interpolation", ["bilinear", "bicubic", "lanczos3", "lanczos5", "mitchellcubic", "gaussian", "area"]
)
def test_interpolations_keep_constants(interpolation):
    y = UpSampling2D((2, 3), interpolation=interpolation)(np.full((1, 3, 2, 2), 7.0))
    np.testing.assert_allclose(y.numpy(), np.full((1, 6, 6, 2), 7.0), rtol=1e-6)


# masks and errors -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layer", [Flatten(), Reshape((-1,)), Permute((2, 1)), Cropping1D(), UpSampling1D()])
def test_masks_end_here(layer):
    x = Masking()(array(2, 5, 3))
    with pytest.warns(UserWarning, match="does not support masking"):
        layer(x)


X = np.ones((1, 4, 6, 3), "float32")


@pytest.mark.parametrize(
    ("kind", "call", "words"),
    [
        (ValueError, lambda: Flatten("last"), "The `data_format` argument must be one of"),
        (ValueError, lambda: Flatten()(np.float32(3)), "expected min_ndim=1, found ndim=0"),
        (ValueError, lambda: Reshape((3, 4))(np.ones((2, 13))), "input_shape=(13,), target_shape=(3, 4)"),
        (ValueError, lambda: Reshape((3, 4))(KerasTensor((None, 13))), "total size of the tensor must be unchanged"),
        (ValueError, lambda: Reshape((4,))(np.ones((2, 12))), "input_shape=(12,), target_shape=(4,)"),
        (ValueError, lambda: Reshape((-1, 4))(np.ones((2, 13))), "cannot be divided by the specified dimensions"),
        (ValueError, lambda: Reshape((-1, -1)), "There must be at most one unknown dimension (-1) in `target_shape`."),
        (ValueError, lambda: Reshape((-2, 1)), "must be a non-negative integer, or `-1`"),
        (TypeError, lambda: Reshape(4), "not iterable"),
        (ValueError, lambda: Permute((0, 1)), "must be consecutive and start from 1. Received dims=(0, 1)"),
        (ValueError, lambda: Permute((2, 1))(np.ones((3, 4))), "expected ndim=3, found ndim=2"),
        (ValueError, lambda: RepeatVector(0), "Argument `n` should be a positive integer. Received: n=0"),
        (TypeError, lambda: RepeatVector(2.0), "Expected an integer value for `n`, got <class 'float'>."),
        (ValueError, lambda: RepeatVector(2)(X), "expected ndim=2, found ndim=4"),
        (ValueError, lambda: Cropping1D((1, 2, 3)), "The `cropping` argument must be a tuple of 2 integers"),
        (ValueError, lambda: Cropping1D((2, 2))(X[:, :, 0]), "must be smaller than the input length"),
        (
            ValueError,
            lambda: Cropping2D((1, 2, 3)),
            "`cropping` should have two elements. Received: cropping=(1, 2, 3).",
        ),
        (ValueError, lambda: Cropping2D(((1, 2, 3), 1)), "The `1st entry of cropping` argument must be a tuple of 2"),
        (ValueError, lambda: Cropping2D(-1), "`cropping` cannot be negative. Received: cropping=-1."),
        (ValueError, lambda: Cropping2D(None), "`cropping` should be either an int, a tuple of 2 ints"),
        (ValueError, lambda: Cropping2D((2, 0))(X), "smaller than the corresponding spatial dimension of the input"),
        (ValueError, lambda: Cropping3D(2)(KerasTensor((None, 9, 9, 4, 3))), "input_shape=(None, 9, 9, 4, 3)"),
        (ValueError, lambda: ZeroPadding1D(-1), "do not satisfy `value >= 0`"),
        (
            ValueError,
            lambda: ZeroPadding2D(((1, 2), (3, -4))),
            "The `2nd entry of padding` argument must be a tuple of 2",
        ),
        (ValueError, lambda: ZeroPadding3D((1, 2)), "`padding` should have 3 elements."),
        (ValueError, lambda: ZeroPadding2D()(X[0]), "expected ndim=4, found ndim=3"),
        (ValueError, lambda: UpSampling1D(0), "Argument `size` should be a positive integer. Received: size=0"),
        (TypeError, lambda: UpSampling1D((2,)), "Expected an integer value for `size`, got <class 'tuple'>."),
        (ValueError, lambda: UpSampling2D((2, 0)), "The `size` argument must be a tuple of 2 integers"),
        (ValueError, lambda: UpSampling2D(2, interpolation="cubic"), "Invalid value for argument `interpolation`."),
        (ValueError, lambda: UpSampling3D(2)(X), "expected ndim=5, found ndim=4"),
    ],
)
def test_wrong_arguments_raise(kind, call, words):
    with pytest.raises(kind) as error:
        call()
    assert words in str(error.value)
