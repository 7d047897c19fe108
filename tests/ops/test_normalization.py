import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish.core.tensor import Tensor
from kerasish.ops.normalization import batch_normalization, layer_normalization, moments, normalize, rms_normalization

X = np.array([[1.0, -2.0, 3.0], [0.0, 4.0, -1.0]], "float32")


@st.composite
def arrays_and_axes(draw):
    shape = draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    axes = draw(st.lists(st.integers(0, len(shape) - 1), min_size=1, unique=True))
    return np.random.default_rng(len(shape)).standard_normal(shape) * 3 + 1, tuple(axes)


@settings(max_examples=60, deadline=None)
@given(arrays_and_axes(), st.booleans())
def test_moments_are_mean_and_biased_variance(case, keepdims):
    x, axes = case
    mean, variance = moments(x, axes, keepdims=keepdims)
    np.testing.assert_allclose(mean.numpy(), x.mean(axes, keepdims=keepdims), atol=1e-12)
    np.testing.assert_allclose(variance.numpy(), x.var(axes, keepdims=keepdims), atol=1e-12)


def test_moments_along_no_axes_are_the_elements_and_zero():
    mean, variance = moments(X, [])
    np.testing.assert_array_equal(mean.numpy(), X)
    np.testing.assert_array_equal(variance.numpy(), np.zeros_like(X))


def test_moments_of_halves_are_summed_in_float32_and_stay_in_range():
    mean, variance = moments((X * 300).astype("float16"), [0, 1])
    assert mean.dtype == variance.dtype == "float16"
    assert (mean.numpy(), variance.numpy()) == (250.0, 65504.0)


def test_synchronized_moments_of_one_process_are_its_own():
    for a, b in zip(moments(X, 0, synchronized=True), moments(X, 0)):
        assert np.array_equal(a.numpy(), b.numpy())


@pytest.mark.skipif(sys.platform != "linux", reason="names Linux's loopback device")
def test_synchronized_moments_of_a_process_group(monkeypatch):
    monkeypatch.setenv("GLOO_SOCKET_IFNAME", "lo")
    torch.distributed.init_process_group("gloo", store=torch.distributed.HashStore(), rank=0, world_size=1)
    try:
        x = torch.randn(6, 3, dtype=torch.float64, requires_grad=True)
        for a, b in zip(moments(x, 0, synchronized=True), moments(x, 0)):
            torch.testing.assert_close(a, b)
            torch.testing.assert_close(*(torch.autograd.grad(m.sum(), x, retain_graph=True)[0] for m in (a, b)))
    finally:
        torch.distributed.destroy_process_group()


@settings(max_examples=60, deadline=None)
@given(arrays_and_axes(), st.booleans(), st.booleans())
def test_layer_normalization_along_any_axes(case, scaled, shifted):
    x, axes = case
    axes = tuple(sorted(axes))
    shape = [x.shape[a] for a in axes]
    rng = np.random.default_rng(0)
    gamma = rng.standard_normal(shape) if scaled else None
    beta = rng.standard_normal(shape) if shifted else None
    broadcast = [n if i in axes else 1 for i, n in enumerate(x.shape)]
    expected = (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + 1e-3)
    expected = expected * (gamma.reshape(broadcast) if scaled else 1) + (beta.reshape(broadcast) if shifted else 0)
    y = layer_normalization(x, gamma, beta, axis=axes, epsilon=1e-3)
    np.testing.assert_allclose(y.numpy(), expected, atol=1e-9)


def test_layer_normalization_computes_halves_in_their_dtype_with_any_weights():
    y = layer_normalization(X.astype("float16"), np.float32([1, 2, 3]))
    assert y.dtype == "float16"
    np.testing.assert_allclose(y.numpy(), [[0.1622, -2.5957, 3.4062], [-0.4629, 2.7773, -2.7773]], atol=2e-3)


def test_layer_normalization_default_epsilon_is_keras_s():
    y = layer_normalization(np.array([[0.0, 1e-4]], "float32")).numpy()
    np.testing.assert_allclose(y, [[-0.1562, 0.1562]], atol=1e-4)  # 5e-5 / sqrt(2.5e-9 + 1e-7)


def test_layer_normalization_rms_scaling_warns_and_divides_by_the_standard_deviation():
    with pytest.warns(UserWarning, match="rms_scaling=True"):
        y = layer_normalization(X, rms_scaling=True)
    np.testing.assert_allclose(y.numpy()[0], X[0] / X[0].std(), rtol=1e-5)
    with pytest.raises(TypeError, match="unexpected keyword argument 'center'"):
        layer_normalization(X, center=True)


@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_batch_normalization_uses_one_axis(axis):
    n = X.shape[axis]
    mean, variance, offset, scale = (np.arange(1, n + 1, dtype="float32") * f for f in (1, 2, 3, 4))
    shape = [1, 1]
    shape[axis] = n
    expected = (X - mean.reshape(shape)) / np.sqrt(variance.reshape(shape) + 0.001) * scale.reshape(shape)
    y = batch_normalization(X, mean, variance, axis, offset, scale)
    np.testing.assert_allclose(y.numpy(), expected + offset.reshape(shape), rtol=1e-5, atol=1e-5)
    y = batch_normalization(X.astype("float16"), mean, variance, axis)
    assert y.dtype == "float16"


def test_batch_normalization_differentiates_through_the_moments():
    x = torch.randn(6, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda t: batch_normalization(t, *moments(t, 0), -1), (x,))


def test_rms_normalization():
    expected = X / np.sqrt((X * X).mean(-1, keepdims=True) + 1e-7)
    np.testing.assert_allclose(rms_normalization(X).numpy(), expected, rtol=1e-6)
    np.testing.assert_allclose(rms_normalization(X, np.float32([1, 2, 3])).numpy(), expected * [1, 2, 3], rtol=1e-6)
    np.testing.assert_allclose(rms_normalization(X, 2.0).numpy(), expected * 2, rtol=1e-6)
    halves = rms_normalization((X * 300).astype("float16"))  # the squares do not fit into float16
    assert halves.dtype == "float16"
    np.testing.assert_allclose(halves.numpy(), expected, atol=2e-3)


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("axis", [-1, 0, None])
def test_normalize(order, axis):
    norm = (np.abs(X) ** order).sum(axis, keepdims=True) ** (1 / order)
    y = normalize(X, axis=axis, order=order)
    assert type(y) is Tensor
    np.testing.assert_allclose(y.numpy(), X / norm, rtol=1e-5)


def test_normalize_leaves_zeros_and_respects_epsilon():
    assert not normalize(X * 0).numpy().any()
    np.testing.assert_allclose(normalize(X, epsilon=100.0).numpy(), X / 100)
    with pytest.raises(ValueError, match=r"Argument `order` must be an int >= 1. Received: order=0"):
        normalize(X, order=0)
