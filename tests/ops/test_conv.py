"""Convolutions against the definition, written out in NumPy, and against numbers of the real library."""

import importlib
import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish.core.autodiff import GradientTape
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.shape import same_padding
from kerasish.core.symbolic import KerasTensor
from kerasish.core.tensor import Tensor, convert
from kerasish.ops.conv import (
    conv,
    conv_transpose,
    convolve,
    convolve_transpose,
    depthwise_conv,
    separable_conv,
    transposed_length,
)


def pads(sizes, window, strides, padding, dilation):
    if padding == "causal":
        return [((k - 1) * d, 0) for k, d in zip(window, dilation)]
    if padding == "valid":
        return [(0, 0)] * len(sizes)
    return [same_padding(*values) for values in zip(sizes, window, strides, dilation)]


def by_definition(x, kernel, strides, padding, dilation):
    """The convolution of (batch, *spatial, in) with (*window, in / groups, out), by loops over the window."""
    n = x.ndim - 2
    window = kernel.shape[:n]
    x = np.pad(x, [(0, 0), *pads(x.shape[1:-1], window, strides, padding, dilation), (0, 0)])
    out = [(s - (k - 1) * d - 1) // t + 1 for s, k, d, t in zip(x.shape[1:-1], window, dilation, strides)]
    groups = x.shape[-1] // kernel.shape[-2]
    result = np.zeros((x.shape[0], *out, kernel.shape[-1]))
    for place in itertools.product(*(range(k) for k in window)):
        cut = tuple(slice(p * d, p * d + o * t, t) for p, d, o, t in zip(place, dilation, out, strides))
        parts = np.split(x[(slice(None), *cut)], groups, -1)
        kernels = np.split(kernel[place], groups, -1)
        result += np.concatenate([a @ b for a, b in zip(parts, kernels)], -1)
    return result


def random(*shape):
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype("float32")


@st.composite
def convolutions(draw):
    n = draw(st.integers(1, 3))
    groups = draw(st.sampled_from([1, 1, 2]))
    dilation = draw(st.tuples(*[st.integers(1, 2)] * n))
    strides = draw(st.tuples(*[st.integers(1, 3)] * n)) if max(dilation) == 1 else (1,) * n
    window = draw(st.tuples(*[st.integers(1, 3)] * n))
    sizes = [draw(st.integers((k - 1) * d + 1, 7)) for k, d in zip(window, dilation)]
    padding = draw(st.sampled_from(["valid", "same"] + ["causal"] * (n == 1)))
    return (draw(st.integers(1, 2)), *sizes, 2 * groups), (*window, 2, 2 * groups), strides, padding, dilation


@settings(max_examples=60, deadline=None)
@given(convolutions(), st.sampled_from(["channels_last", "channels_first"]))
def test_conv_follows_the_definition(case, data_format):
    shape, kernel_shape, strides, padding, dilation = case
    x, kernel = random(*shape), random(*kernel_shape)
    given_x = x if data_format == "channels_last" else np.moveaxis(x, -1, 1)
    y = conv(given_x, kernel, strides, padding, data_format, dilation).numpy()
    y = y if data_format == "channels_last" else np.moveaxis(y, 1, -1)
    np.testing.assert_allclose(y, by_definition(x, kernel, strides, padding, dilation), rtol=1e-4, atol=1e-4)


@settings(max_examples=40, deadline=None)
@given(convolutions())
def test_conv_transpose_is_the_gradient_of_conv(case):
    shape, kernel_shape, strides, padding, dilation = case
    if padding == "causal":
        padding = "valid"
    x = torch.zeros(*shape[:-1], kernel_shape[-2], requires_grad=True)
    kernel = torch.from_numpy(random(*kernel_shape))
    y = conv(x, kernel, strides, padding, "channels_last", dilation)
    weights = torch.randn_like(y)
    (expected,) = torch.autograd.grad(y, x, weights)
    lengths = x.shape[1:-1]
    extra = []
    for size, length, k, stride, rate in zip(y.shape[1:-1], lengths, kernel.shape, strides, dilation):
        extra.append(length - transposed_length(size, k, stride, padding, 0, rate))
    got = convolve_transpose(
        weights, kernel.permute(-1, -2, *range(x.ndim - 2)), None, strides, padding, tuple(extra), dilation,
        "channels_last",
    )  # fmt: skip
    torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("size", "window", "stride", "padding", "output_padding", "dilation", "length"),
    [
        (5, 3, 2, "same", None, 1, 10),
        (5, 3, 2, "valid", None, 1, 11),
        (5, 2, 3, "valid", None, 1, 15),
        (5, 3, 2, "same", 0, 1, 9),
        (5, 3, 2, "same", 1, 1, 10),
        (5, 4, 2, "valid", 1, 1, 13),
        (5, 3, 1, "valid", None, 2, 9),
        (None, 3, 2, "same", None, 1, None),
    ],
)
def test_transposed_length_is_keras_s(size, window, stride, padding, output_padding, dilation, length):
    assert transposed_length(size, window, stride, padding, output_padding, dilation) == length
    if size is not None:
        x, kernel = random(1, size, 2), random(window, 3, 2)
        assert conv_transpose(x, kernel, stride, padding, output_padding, "channels_last", dilation).shape == (
            1,
            length,
            3,
        )


# numbers that Keras 3.15 on TensorFlow 2.21 gave for these inputs and kernels
@pytest.mark.parametrize(
    ("x", "kernel", "stride", "padding", "output_padding", "expected"),
    [
        ([1, 2, 3], [1, 2, 3], 2, "same", None, [1, 2, 5, 4, 9, 6]),
        ([1, 2, 3], [1, 2, 3], 2, "same", 0, [2, 5, 4, 9, 6]),
        ([1, 2, 3], [1, 2, 3], 2, "same", 1, [1, 2, 5, 4, 9, 6]),
        ([1, 2, 3], [1, 2, 3, 4], 2, "valid", 1, [1, 2, 5, 8, 9, 14, 9, 12, 0]),
        ([1, 2, 3], [1, 2], 3, "valid", None, [1, 2, 0, 2, 4, 0, 3, 6, 0]),
        ([1, 2, 3], [1, 2], 3, "same", None, [1, 2, 0, 2, 4, 0, 3, 6, 0]),
    ],
)
def test_conv_transpose_gives_recorded_numbers(x, kernel, stride, padding, output_padding, expected):
    x = np.array(x, "float32").reshape(1, -1, 1)
    kernel = np.array(kernel, "float32").reshape(-1, 1, 1)
    y = conv_transpose(x, kernel, stride, padding, output_padding, "channels_last").numpy()
    assert y.ravel().tolist() == expected


def test_same_padding_puts_the_odd_zero_after():
    y = conv(np.ones((1, 4, 1), "float32"), np.array([[[1.0]], [[10.0]]], "float32"), padding="same")
    assert y.numpy().ravel().tolist() == [11, 11, 11, 1]


def test_causal_padding_looks_back_only():
    x = np.arange(1, 5, dtype="float32").reshape(1, 4, 1)
    y = conv(x, np.array([1.0, 10.0], "float32").reshape(2, 1, 1), padding="causal", dilation_rate=2)
    assert y.numpy().ravel().tolist() == [10, 20, 31, 42]


def test_depthwise_conv_orders_channels_by_input_channel():
    x = np.array([1.0, 2.0], "float32").reshape(1, 1, 1, 2)
    kernel = np.array([[1.0, 10.0], [100.0, 1000.0]], "float32").reshape(1, 1, 2, 2)
    assert depthwise_conv(x, kernel).numpy().ravel().tolist() == [1, 10, 200, 2000]


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_depthwise_and_separable_conv_are_grouped_convolutions(n, padding):
    x, kernel = random(2, *[6] * n, 3), random(*[3] * n, 3, 2)
    depthwise = depthwise_conv(x, kernel, 2, padding)
    columns = [
        by_definition(x[..., c : c + 1], kernel[..., c : c + 1, :], (2,) * n, padding, (1,) * n) for c in range(3)
    ]
    expected = np.concatenate(columns, -1)
    np.testing.assert_allclose(depthwise.numpy(), expected, rtol=1e-4, atol=1e-4)
    pointwise = random(*[1] * n, 6, 4)
    y = separable_conv(x, kernel, pointwise, 2, padding)
    np.testing.assert_allclose(y.numpy(), expected @ pointwise.reshape(6, 4), rtol=1e-4, atol=1e-4)


def test_channels_last_data_reaches_torch_without_a_copy(monkeypatch):
    seen = []

    def spy(x, *args):
        seen.append(x)
        return torch.nn.functional.conv2d(x, *args)

    module = importlib.import_module("kerasish.ops.conv")  # kerasish.ops.conv itself is the function
    monkeypatch.setitem(module.CONV, 2, spy)
    x = torch.randn(2, 8, 8, 3)
    y = convolve(x, torch.randn(4, 3, 3, 3), torch.randn(4), (1, 1), "same", (1, 1), 1, "channels_last")
    assert seen[0].data_ptr() == x.data_ptr()
    assert seen[0].is_contiguous(memory_format=torch.channels_last)
    assert y.shape == (2, 8, 8, 4) and y.is_contiguous()
    x = torch.randn(2, 8, 3)
    y = convolve(x, torch.randn(4, 3, 3), None, (1,), "valid", (1,), 1, "channels_last")
    assert seen[1].data_ptr() == x.data_ptr()
    assert y.shape == (2, 6, 4) and y.is_contiguous()


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("size", [6, 7, 8])
def test_pointwise_conv_with_strides_takes_every_other_input(n, padding, size, monkeypatch):
    # handed to torch with strides, its backward pass corrupts memory (see convolve)
    seen = []
    module = importlib.import_module("kerasish.ops.conv")
    for rank, function in list(module.CONV.items()):

        def watched(x, kernel, bias, strides, *rest, function=function):
            seen.append(strides)
            return function(x, kernel, bias, strides, *rest)

        monkeypatch.setitem(module.CONV, rank, watched)
    x = torch.tensor(random(8, *[size] * n, 3), dtype=torch.float64, requires_grad=True)
    kernel = torch.tensor(random(4, 3, *[1] * n), dtype=torch.float64, requires_grad=True)
    out = convolve(x, kernel, None, (2,) * n, padding, (1,) * n, 1, "channels_last")
    weights = torch.tensor(random(*out.shape), dtype=torch.float64)
    into_x, into_kernel = torch.autograd.grad((out * weights).sum(), [x, kernel])
    cut = (slice(None), *[slice(None, None, 2)] * n)
    matrix = kernel.detach().reshape(4, 3).T
    np.testing.assert_allclose(out.detach(), x.detach()[cut] @ matrix, atol=1e-12)
    expected = torch.zeros_like(x)
    expected[cut] = weights @ matrix.T
    np.testing.assert_allclose(into_x, expected, atol=1e-12)
    columns = weights.reshape(-1, 4).T @ x.detach()[cut].reshape(-1, 3)
    np.testing.assert_allclose(into_kernel.reshape(4, 3), columns, atol=1e-10)
    assert all(set(strides) == {1} for strides in seen) and seen


@pytest.mark.parametrize("dtype", ["float64", "float16", "bfloat16"])
@pytest.mark.parametrize("n", [1, 2, 3])
def test_other_float_types_work_on_the_cpu(dtype, n):
    x = torch.from_numpy(random(1, *[4] * n, 2)).to(getattr(torch, dtype))
    kernel = torch.from_numpy(random(*[2] * n, 2, 2)).to(x.dtype)
    for function in (conv, conv_transpose, depthwise_conv):
        expected = function(x.double(), kernel.double(), padding="same")
        got = function(x, kernel, padding="same")
        assert got.dtype == x.dtype
        torch.testing.assert_close(got.double(), expected, rtol=0.05, atol=0.1)


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_gradients_flow_to_input_and_kernel(padding):
    x, kernel = convert(random(1, 5, 5, 2)), convert(random(2, 2, 2, 3))
    with GradientTape() as tape:
        tape.watch([x, kernel])
        y = conv(x, kernel, 2, padding)
    dx, dk = tape.gradient(y, [x, kernel])
    assert dx.shape == x.shape and dk.shape == kernel.shape
    t = torch.from_numpy(random(1, 4, 4, 2)).double().requires_grad_()
    k = torch.from_numpy(random(3, 3, 3, 2)).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda a, b: conv_transpose(a, b, 2, padding), (t, k))


def test_what_goes_in_comes_out():
    x, kernel = random(1, 5, 2), random(2, 2, 3)
    assert type(conv(x, kernel)) is Tensor
    assert type(conv(torch.from_numpy(x), kernel)) is torch.Tensor
    assert conv(KerasTensor((None, None, 2)), kernel, 2, "same").shape == (None, None, 3)
    assert conv_transpose(KerasTensor((None, 5, 2)), random(3, 4, 2), 2, "same").shape == (None, 10, 4)


X, K = np.ones((1, 5, 5, 4), "float32"), np.ones((2, 2, 4, 6), "float32")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: conv(X, K, padding="full"), "`padding` argument must be one of 'valid', 'same', 'causal'"),
        (lambda: conv(X, K, padding="causal"), "one spatial axis"),
        (lambda: conv(X, K, data_format="NHWC"), "`data_format` argument must be one of"),
        (lambda: conv(X, K, strides=(1, 2, 3)), "`strides`"),
        (lambda: conv(X, K, strides=0), "The `strides` argument must be a tuple of 2 integers"),
        (lambda: conv(X, K, strides=2, dilation_rate=2), "`strides > 1` not supported in conjunction"),
        (lambda: conv(X[..., :3], K), "input channels=3"),
        (lambda: conv(X, K[:, :, :2, :5]), "evenly divisible"),
        (lambda: conv(X[0, 0], K), "spatial axes"),
        (lambda: conv(X, K[0]), "rank 4"),
        (lambda: depthwise_conv(X[..., :3], K), "must match the kernel's input channels. Received: input channels=3"),
        (lambda: conv_transpose(X, K[..., :3]), "must match the kernel's input channels"),
        (lambda: conv_transpose(X, K[..., :4], 2, "causal"), "one of 'valid', 'same'"),
        (lambda: conv_transpose(X, K[..., :4], 2, output_padding=2), "`output_padding` must be smaller than `strides`"),
    ],
)
def test_wrong_arguments_raise_value_errors(call, words):
    with pytest.raises(ValueError) as error:
        call()
    assert words in str(error.value)


def test_window_larger_than_the_input_raises():
    with pytest.raises(InvalidArgumentError):
        conv(X[:, :1], K)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_a_strided_transposed_convolution_by_single_weights_spreads_products(padding, data_format):
    # handed to torch as it is, its backward pass writes beyond its buffers (torch 2.13, channels last)
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(2, 4, 3, 3)), rng.normal(size=(3, 2))
    products = np.zeros((2, 8, 9, 2))
    products[:, ::2, ::3] = x @ w
    given = convert(x if data_format == "channels_last" else np.moveaxis(x, -1, 1))
    with GradientTape() as tape:
        tape.watch(given)
        y = conv_transpose(given, w.T[None, None], (2, 3), padding, data_format=data_format) + 0.0
    shown = y.numpy() if data_format == "channels_last" else np.moveaxis(y.numpy(), 1, -1)
    np.testing.assert_allclose(shown, products, rtol=1e-12)
    gradient = tape.gradient(y, given).numpy()
    gradient = gradient if data_format == "channels_last" else np.moveaxis(gradient, 1, -1)
    np.testing.assert_allclose(gradient, np.broadcast_to(w.sum(1), x.shape), rtol=1e-12)
