"""Convolution layers: values, layouts, weights, arguments, errors. Recorded numbers are Keras 3.15's on TensorFlow 2.21.

``test_spatial`` has what these layers share with the pooling and reshaping ones.
"""

import itertools
import random

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.profiler import ProfilerActivity, profile

from kerasish import regularizers
from kerasish.core import random as randomness
from kerasish.core.autodiff import GradientTape
from kerasish.core.symbolic import KerasTensor
from kerasish.core.tensor import Tensor, convert
from kerasish.layers import conv, conv_depthwise, conv_transpose
from kerasish.layers.conv import Conv1D, Conv2D, Conv3D
from kerasish.layers.conv_depthwise import DepthwiseConv1D, DepthwiseConv2D, SeparableConv1D, SeparableConv2D
from kerasish.layers.conv_transpose import Conv1DTranspose, Conv2DTranspose, Conv3DTranspose
from kerasish.layers.core import Input, Masking
from kerasish.models.functional import Functional


def array(*shape):
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype("float32")


def built(layer, shape, *weights):
    layer.build(shape)
    if weights:
        layer.set_weights([np.reshape(w, tuple(v.shape)) for w, v in zip(weights, layer.weights)])
    return layer


# values ---------------------------------------------------------------------------------------------------------------


def by_definition(x, kernel, strides, dilation):
    """The "valid" convolution of (batch, *spatial, in) with (*window, in, out)."""
    window = kernel.shape[:-2]
    out = [(s - (k - 1) * d - 1) // t + 1 for s, k, d, t in zip(x.shape[1:-1], window, dilation, strides)]
    y = np.zeros((x.shape[0], *out, kernel.shape[-1]))
    for place in itertools.product(*(range(k) for k in window)):
        cut = tuple(slice(p * d, p * d + o * t, t) for p, d, o, t in zip(place, dilation, out, strides))
        y += x[(slice(None), *cut)] @ kernel[place]
    return y


@st.composite
def windows(draw):
    n = draw(st.integers(1, 3))
    window = draw(st.tuples(*[st.integers(1, 3)] * n))
    strides = draw(st.tuples(*[st.integers(1, 3)] * n))
    dilation = draw(st.tuples(*[st.integers(1, 3)] * n)) if max(strides) == 1 else (1,) * n
    sizes = tuple((k - 1) * d + draw(st.integers(1, 4)) for k, d in zip(window, dilation))
    return sizes, window, strides, dilation


@settings(max_examples=60, deadline=None)
@given(windows(), st.integers(1, 2), st.integers(1, 3), st.integers(1, 3))
def test_convolutions_follow_the_definition(case, batch, channels, filters):
    sizes, window, strides, dilation = case
    layer = (Conv1D, Conv2D, Conv3D)[len(sizes) - 1](filters, window, strides, dilation_rate=dilation)
    x, kernel, bias = array(batch, *sizes, channels), array(*window, channels, filters), array(filters)
    y = built(layer, x.shape, kernel, bias)(x).numpy()
    np.testing.assert_allclose(y, by_definition(x, kernel, strides, dilation) + bias, rtol=1e-4, atol=1e-4)


@settings(max_examples=60, deadline=None)
@given(windows(), st.integers(1, 3), st.integers(1, 3))
def test_transposed_convolutions_are_gradients_of_convolutions(case, channels, filters):
    sizes, window, strides, dilation = case
    n = len(sizes)
    x, kernel = array(1, *sizes, channels), array(*window, filters, channels)
    transposed = (Conv1DTranspose, Conv2DTranspose, Conv3DTranspose)[n - 1]
    layer = built(transposed(filters, window, strides, dilation_rate=dilation, use_bias=False), x.shape, kernel)
    y = layer(x)
    forward = (Conv1D, Conv2D, Conv3D)[n - 1](channels, window, strides, dilation_rate=dilation, use_bias=False)
    v = convert(array(*y.shape))
    built(forward, v.shape, kernel)
    with GradientTape() as tape:
        tape.watch(v)
        z = forward(v)
    if z.shape == x.shape:  # the windows cover the outputs up to their ends
        np.testing.assert_allclose(tape.gradient(z, v, x).numpy(), y.numpy(), rtol=1e-4, atol=1e-4)
    assert y.shape == tuple(layer.compute_output_shape(x.shape))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"strides": 2, "padding": "same"}, [[1, 2, 5, 4], [4, 5, 14, 10], [10, 14, 36, 24], [12, 15, 34, 20]]),
        (
            {"strides": 2},
            [[1, 2, 5, 4, 6], [4, 5, 14, 10, 12], [10, 14, 36, 24, 30], [12, 15, 34, 20, 24], [21, 24, 55, 32, 36]],
        ),
        (
            {"strides": 3, "padding": "same"},
            [
                [1, 2, 3, 2, 4, 6],
                [4, 5, 6, 8, 10, 12],
                [7, 8, 9, 14, 16, 18],
                [3, 6, 9, 4, 8, 12],
                [12, 15, 18, 16, 20, 24],
                [21, 24, 27, 28, 32, 36],
            ],
        ),
        (
            {"strides": 2, "output_padding": (1, 0)},
            [
                [1, 2, 5, 4, 6],
                [4, 5, 14, 10, 12],
                [10, 14, 36, 24, 30],
                [12, 15, 34, 20, 24],
                [21, 24, 55, 32, 36],
                [0, 0, 0, 0, 0],
            ],
        ),
    ],
)
def test_transposed_convolution_gives_the_recorded_numbers(arguments, expected):
    layer = built(Conv2DTranspose(1, 3, use_bias=False, **arguments), (1, 2, 2, 1), np.arange(1.0, 10))
    np.testing.assert_array_equal(layer(np.array([[[[1.0], [2]], [[3], [4]]]]))[0, :, :, 0], expected)


def test_causal_outputs_do_not_see_later_inputs():
    layer = Conv1D(2, 3, padding="causal", dilation_rate=2)
    x = array(1, 9, 2)
    y = layer(x).numpy()
    x[:, 5:] = 0
    np.testing.assert_array_equal(layer(x).numpy()[:, :5], y[:, :5])
    assert (layer(x).numpy()[:, 5:] != y[:, 5:]).all()


def test_groups_split_the_channels():
    x = array(2, 5, 5, 4)
    layer = Conv2D(6, 3, groups=2)
    y = layer(x).numpy()
    kernel, bias = layer.get_weights()
    assert kernel.shape == (3, 3, 2, 6)
    for half in (0, 1):
        part = built(Conv2D(3, 3), (None, 5, 5, 2), kernel[..., 3 * half : 3 * half + 3], bias[3 * half : 3 * half + 3])
        np.testing.assert_allclose(part(x[..., 2 * half : 2 * half + 2]), y[..., 3 * half : 3 * half + 3], atol=1e-5)


@pytest.mark.parametrize("n", [1, 2])
def test_depthwise_outputs_of_a_channel_stand_together(n):
    x = array(2, *(5,) * n, 3)
    layer = (DepthwiseConv1D, DepthwiseConv2D)[n - 1](2, depth_multiplier=2)
    y = layer(x).numpy()
    kernel = layer.get_weights()[0]
    assert kernel.shape == (*(2,) * n, 3, 2)
    assert layer.depthwise_kernel is layer.kernel
    for channel in range(3):
        one = kernel[..., channel : channel + 1, :]
        expected = by_definition(x[..., channel : channel + 1], one, (1,) * n, (1,) * n)
        np.testing.assert_allclose(y[..., 2 * channel : 2 * channel + 2], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("n", [1, 2])
def test_separable_is_depthwise_then_pointwise(n):
    x = array(2, *(7,) * n, 3)
    layer = (SeparableConv1D, SeparableConv2D)[n - 1](
        4, 3, strides=2, padding="same", depth_multiplier=2, activation="tanh"
    )
    y = layer(x).numpy()
    deep, point, bias = layer.get_weights()
    first = (DepthwiseConv1D, DepthwiseConv2D)[n - 1](3, 2, "same", depth_multiplier=2, use_bias=False)
    second = (Conv1D, Conv2D)[n - 1](4, 1, activation="tanh")
    middle = built(first, x.shape, deep)(x)
    np.testing.assert_allclose(built(second, middle.shape, point, bias)(middle).numpy(), y, rtol=1e-5, atol=1e-5)


def test_strides_and_dilation_together_in_depthwise_layers():
    x = np.arange(81.0).reshape(1, 9, 9, 1)
    layer = DepthwiseConv2D(3, strides=3, dilation_rate=(2, 1), depthwise_initializer="ones")
    np.testing.assert_array_equal(layer(x)[0, :, :, 0], [[171, 198, 225], [414, 441, 468]])
    layer = DepthwiseConv2D(3, strides=2, dilation_rate=2, padding="same", depthwise_initializer="ones")
    np.testing.assert_array_equal(layer(x)[0, 0, :, 0], [40, 66, 78, 90, 64])


# weights --------------------------------------------------------------------------------------------------------------

WEIGHTS = [
    (Conv1D(4, 3), (None, 8, 2), {"kernel": (3, 2, 4), "bias": (4,)}),
    (Conv2D(4, 3, groups=2), (None, 8, 8, 6), {"kernel": (3, 3, 3, 4), "bias": (4,)}),
    (Conv3D(4, (1, 2, 3), use_bias=False), (None, 8, 8, 8, 2), {"kernel": (1, 2, 3, 2, 4)}),
    (Conv1DTranspose(4, 3), (None, 8, 2), {"kernel": (3, 4, 2), "bias": (4,)}),
    (Conv2DTranspose(4, (3, 2), data_format="channels_first"), (None, 5, 8, 8), {"kernel": (3, 2, 4, 5), "bias": (4,)}),
    (Conv3DTranspose(4, 2), (None, 8, 8, 8, 2), {"kernel": (2, 2, 2, 4, 2), "bias": (4,)}),
    (DepthwiseConv1D(3), (None, 8, 5), {"kernel": (3, 5, 1), "bias": (5,)}),
    (DepthwiseConv2D((3, 2), depth_multiplier=2), (None, 8, 8, 3), {"kernel": (3, 2, 3, 2), "bias": (6,)}),
    (
        SeparableConv1D(4, 3, depth_multiplier=2),
        (None, 8, 3),
        {"depthwise_kernel": (3, 3, 2), "pointwise_kernel": (1, 6, 4), "bias": (4,)},
    ),
    (
        SeparableConv2D(4, (3, 2)),
        (None, 8, 8, 3),
        {"depthwise_kernel": (3, 2, 3, 1), "pointwise_kernel": (1, 1, 3, 4), "bias": (4,)},
    ),
]


@pytest.mark.parametrize(("layer", "shape", "expected"), WEIGHTS)
def test_weights_have_keras_names_and_shapes(layer, shape, expected):
    layer.build(shape)
    assert {w.name: tuple(w.shape) for w in layer.weights} == expected
    assert all(getattr(layer, name).path == f"{layer.name}/{name}" for name in expected)
    assert layer.count_params() == sum(int(np.prod(s)) for s in expected.values())
    assert list(layer.state_dict()) == list(expected)
    rng = np.random.default_rng(0)
    values = [rng.standard_normal(s).astype("float32") for s in expected.values()]
    layer.set_weights(values)
    for given_value, got in zip(values, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(got, given_value)


def test_initial_weights_are_tensorflows():
    random.seed(7)
    randomness.set_seed(7)
    layer = built(Conv2D(2, (1, 2)), (None, 4, 4, 2))
    first = [-0.3162395, 0.398147, 0.7862049, -0.2952559, -0.1944637, 0.0291089, -0.3550385, 0.2679287]
    np.testing.assert_allclose(layer.kernel.numpy().ravel(), first, atol=1e-6)
    layer = built(SeparableConv2D(2, (1, 2), depth_multiplier=2), (None, 4, 4, 2))
    deep = [0.7421433, 0.6568123, -0.5538545, 0.0937804, 0.6581492, -0.3011221, -0.1309916, -0.3245956]
    point = [0.9776556, -0.389843, 0.0909731, -0.1636567, -0.1998918, 0.5876799, -0.3314655, -0.8178163]
    np.testing.assert_allclose(layer.depthwise_kernel.numpy().ravel(), deep, atol=1e-6)
    np.testing.assert_allclose(layer.pointwise_kernel.numpy().ravel(), point, atol=1e-6)
    layer = built(Conv1DTranspose(2, 2), (None, 4, 2))
    last = [0.6134984, 0.1691819, 0.4539767, 0.1196818, -0.6530039, -0.0809621, 0.2657331, -0.7812843]
    np.testing.assert_allclose(layer.kernel.numpy().ravel(), last, atol=1e-6)


def test_stored_kernels_are_torchs():
    x = array(2, 6, 6, 3)
    layer = Conv2D(4, 3)
    y = layer(x).numpy()
    state = layer.state_dict()
    theirs = torch.nn.Conv2d(3, 4, 3)
    theirs.load_state_dict({"weight": state["kernel"], "bias": state["bias"]})
    other = theirs(torch.tensor(x).permute(0, 3, 1, 2)).permute(0, 2, 3, 1).detach().numpy()
    np.testing.assert_allclose(y, other, atol=1e-5)
    state["kernel"].zero_()
    assert not layer.kernel.numpy().any()


def test_regularizers_constraints_and_penalties_see_keras_layout():
    seen = []

    def shape_of(value):
        seen.append(tuple(value.shape))
        return value

    layer = DepthwiseConv2D(2, depthwise_constraint=shape_of, depthwise_regularizer="l2", activity_regularizer="l1")
    layer(array(4, 3, 3, 5))
    layer.kernel.constraint(layer.kernel)
    assert seen == [(2, 2, 5, 1)]
    expected = 0.01 * (layer.kernel.numpy() ** 2).sum()
    assert float(layer.losses[1]) == pytest.approx(expected, rel=1e-5)
    assert isinstance(SeparableConv1D(1, 1, pointwise_regularizer="l1").pointwise_regularizer, regularizers.L1)


# layout in memory -----------------------------------------------------------------------------------------------------


def copies(call):
    """Shapes of the sources of the copies that torch makes in a call, in its kernels too."""
    with profile(activities=[ProfilerActivity.CPU], record_shapes=True) as recorded:
        call()
    source = {"aten::clone": 0, "aten::contiguous": 0, "aten::copy_": 1, "aten::constant_pad_nd": 0}
    return [event.input_shapes[source[event.name]] for event in recorded.events() if event.name in source]


UNCOPIED = [
    (Conv1D(8, 3), (4, 20, 8)),
    (Conv1D(8, 3, padding="same", data_format="channels_first"), (4, 8, 20)),
    (Conv2D(8, 3), (4, 9, 9, 8)),
    (Conv2D(8, 3, padding="same", activation="relu"), (4, 9, 9, 1)),
    (Conv2D(8, 1), (4, 9, 9, 8)),
    (Conv2D(1, 3), (1, 9, 9, 3)),
    (Conv2D(8, 3, data_format="channels_first"), (4, 8, 9, 9)),
    (Conv3D(8, 3), (2, 5, 5, 5, 8)),
    (Conv2DTranspose(8, 4, strides=2, padding="same"), (4, 5, 5, 8)),
    (DepthwiseConv2D(3, depth_multiplier=2), (4, 9, 9, 8)),
    (SeparableConv2D(8, 3), (4, 9, 9, 8)),
]


@pytest.mark.parametrize(("layer", "shape"), UNCOPIED)
def test_data_and_kernels_are_not_copied(layer, shape):
    x = torch.tensor(array(*shape), requires_grad=True)
    y = layer(x)
    assert y.is_contiguous()
    assert copies(lambda: x.transpose(1, 2).contiguous()) == [list(x.transpose(1, 2).shape)] * 3
    assert [s for s in copies(lambda: layer(x)) if np.prod(s) > 8] == []  # a bias of 8 may be spread over the outputs
    gradients = torch.autograd.grad(y.square().sum(), [x, *layer.parameters()])
    assert gradients[0].is_contiguous()
    for gradient, parameter in zip(gradients[1:], layer.parameters(), strict=True):
        assert gradient.stride() == parameter.stride()


@pytest.mark.parametrize("shape", [*itertools.product((1, 2), (1, 3), (1, 4), (1, 3))])
@pytest.mark.parametrize("kind", [Conv2D, Conv2DTranspose])
def test_axes_of_length_one_have_gradients(kind, shape):
    batch, filters, size, channels = shape
    layer = kind(filters, min(size, 3))
    x = torch.tensor(array(batch, size, size, channels), requires_grad=True)
    y = layer(x)
    kernel, bias = torch.autograd.grad(y.sum(), list(layer.parameters()))
    assert kernel.stride() == layer.kernel.stored.stride()
    np.testing.assert_allclose(bias, np.full(filters, y.numel() / filters))


def test_assigned_kernels_keep_their_layout():
    layer = built(Conv2D(4, 3), (None, 5, 5, 2))
    strides = layer.kernel.stored.stride()
    kernel = layer.kernel.value
    layer.kernel.assign(np.ones((3, 3, 2, 4)))
    assert layer.kernel.stored.stride() == strides == (18, 1, 6, 2)
    assert (kernel.numpy() != 1).all()


# subclasses and older dialects ----------------------------------------------------------------------------------------


class Standardized(Conv2D):
    def convolution_op(self, inputs, kernel):
        assert isinstance(inputs, Tensor) and isinstance(kernel, Tensor)
        assert kernel.shape == self.kernel.shape
        return super().convolution_op(inputs, kernel * 2.0)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_an_overridden_convolution_op_is_used(data_format):
    x = array(2, 3, 3, 3)
    layer = Standardized(4, 2, data_format=data_format, bias_initializer="ones")
    y = layer(x)
    kernel, bias = layer.get_weights()
    plain = built(Conv2D(4, 2, data_format=data_format), x.shape, kernel * 2, bias)
    np.testing.assert_allclose(y.numpy(), plain(x).numpy(), atol=1e-5)
    with GradientTape() as tape:
        y = layer(x)
    assert tape.gradient(y, layer.kernel).shape == (2, 2, 3, 4)
    raw = layer(torch.tensor(x))
    raw.sum().backward()
    assert layer.kernel.stored.grad is not None
    inputs = Input(x.shape[1:])
    np.testing.assert_array_equal(Functional(inputs, layer(inputs))(x).numpy(), layer(x).numpy())


@pytest.mark.parametrize(
    ("kind", "arguments", "left_over"),
    [
        (Conv2DTranspose, {"filters": 2, "kernel_size": 3}, {"groups": 1}),
        (DepthwiseConv2D, {"kernel_size": [3, 3]}, {"groups": 1}),
        (
            SeparableConv2D,
            {"filters": 2, "kernel_size": 3},
            {"groups": 1, "kernel_initializer": {}, "kernel_regularizer": None, "kernel_constraint": None},
        ),
    ],
)
def test_configs_of_keras_2_are_taken(kind, arguments, left_over):
    layer = kind.from_config({"name": "old", "dtype": "float32", **arguments, **left_over})
    assert layer.kernel_size == (3, 3)
    with pytest.raises(ValueError, match="Unrecognized keyword arguments"):
        kind(**arguments, groups=1)


def test_aliases():
    assert conv.Convolution2D is Conv2D
    assert conv_transpose.Convolution3DTranspose is Conv3DTranspose
    assert conv_depthwise.SeparableConvolution1D is SeparableConv1D


def test_conv3d_transpose_takes_both_orders_of_arguments():
    for arguments in (("same", "channels_first", 1), ("same", 1, "channels_first")):
        layer = Conv3DTranspose(2, 3, 2, *arguments)
        assert (layer.data_format, layer.output_padding) == ("channels_first", (1, 1, 1))


def test_masks_end_at_convolutions():
    x = Masking()(array(2, 5, 3))
    with pytest.warns(UserWarning, match="does not support masking"):
        y = Conv1D(4, 2)(x)
    assert getattr(y, "_keras_mask", None) is None


# errors ---------------------------------------------------------------------------------------------------------------

X = np.ones((1, 5, 5, 4), "float32")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: Conv2D(0, 3),
            "Invalid value for argument `filters`. Expected a strictly positive value.",
        ),
        (
            lambda: Conv2D(4, (3, 0)),
            "The `kernel_size` argument must be a tuple of 2 integers. Received kernel_size=(3, 0)",
        ),
        (lambda: Conv1D(4, (3, 3)), "The `kernel_size` argument must be a tuple of 1 integers"),
        (lambda: Conv2D(4, 3, strides=0), "including values {0} that do not satisfy `value > 0`"),
        (lambda: Conv2D(4, 3, strides=2, dilation_rate=2), "`strides > 1` not supported in conjunction with"),
        (lambda: Conv3DTranspose(4, 3, 2, dilation_rate=2), "`strides > 1` not supported in conjunction with"),
        (lambda: Conv2D(4, 3, padding="causal"), "The `padding` argument must be one of 'valid', 'same'"),
        (lambda: Conv2D(4, 3, data_format="NHWC"), "The `data_format` argument must be one of"),
        (lambda: Conv2D(4, 3, groups=0), "The number of groups must be a positive integer. Received: groups=0."),
        (lambda: Conv2D(4, 3, groups=3), "The number of filters must be evenly divisible by the number of groups"),
        (lambda: Conv2D(3, 3, groups=3)(X), "Received groups=3, but the input has 4 channels"),
        (lambda: Conv2D(4, 3, activation="rellu"), "Could not interpret activation function identifier: rellu"),
        (lambda: Conv2D(4, 3, foo=1), "Unrecognized keyword arguments passed to Conv2D: {'foo': 1}"),
        (lambda: DepthwiseConv2D(3, depth_multiplier=0), "Invalid value for argument `depth_multiplier`"),
        (lambda: SeparableConv1D(2, 3, padding="causal"), "The `padding` argument must be one of"),
        (lambda: Conv1DTranspose(2, 3, 2, output_padding=2), "`output_padding` must be strictly less than `strides`"),
        (lambda: Conv1DTranspose(2, 3, 2, output_padding=-1), "do not satisfy `value >= 0`"),
        (lambda: Conv2D(4, 6)(X), "Computed output size would be zero or negative"),
        (lambda: Conv2D(4, 3, dilation_rate=3)(KerasTensor((None, 5, 9, 4))), "Computed output size would be zero"),
        (lambda: built(DepthwiseConv2D(6), (None, 9, 9, 4))(X), "Computed output size would be zero or negative"),
        (lambda: Conv1DTranspose(2, 2, padding="same", output_padding=0)(X[:, 0, :1]), "would be zero or negative"),
        (lambda: Conv2D(4, 3)(X[0]), "expected min_ndim=4, found ndim=3. Full shape received: (5, 5, 4)"),
        (lambda: Conv2D(4, 3)(X[None]), "expected max_ndim=4, found ndim=5"),
        (lambda: built(Conv2D(4, 3), (None, 5, 5, 3))(X), "expected axis -1 of input shape to have value 3"),
        (lambda: Conv2D(4, 3).build((5, 5, 4)), "expects inputs of rank 4. Received: input_shape=(5, 5, 4)"),
        (lambda: SeparableConv2D(4, 3)(KerasTensor((None, 5, 5, None))), "axis -1 of its input must be known"),
    ],
)
def test_wrong_arguments_raise_value_errors(call, words):
    with pytest.raises(ValueError) as error:
        call()
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("sizes", "window", "strides"),
    [((1, 4, 4), (1, 3, 3), (1, 1, 2)), ((5, 4), (3, 3), (1, 2)), ((6, 4), (3, 3), (1, 3)), ((5,), (3,), (3,))],
)
def test_images_of_one_channel_whose_last_columns_are_left_out(sizes, window, strides):
    x = np.random.default_rng(0).normal(size=(3, *sizes, 1)).astype("float32")
    layer = (Conv1D, Conv2D, Conv3D)[len(sizes) - 1](2, window, strides)
    inputs = Input((*sizes, 1))
    model = Functional(inputs, layer(inputs))
    expected = by_definition(x, layer.kernel.numpy(), strides, (1,) * len(sizes))
    np.testing.assert_allclose(layer(x), expected, rtol=1e-4, atol=1e-4)  # torch reads the next image there
    np.testing.assert_allclose(model.predict(x, verbose=0), expected, rtol=1e-4, atol=1e-4)
