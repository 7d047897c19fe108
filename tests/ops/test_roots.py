"""Gradients of roots and reciprocals where nothing flows back, as TensorFlow's; and everywhere else the usual ones."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import kerasish.ops as ops
import kerasish.tf as tf
from kerasish.core.autodiff import GradientTape
from kerasish.ops import roots


def gradient(function, values):
    x = ops.convert_to_tensor(np.array(values))
    with GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return tape.gradient(y, x).numpy()


@pytest.mark.parametrize("function", [ops.sqrt, tf.sqrt, ops.rsqrt, tf.math.rsqrt, ops.reciprocal, tf.math.reciprocal])
def test_nothing_flows_through_what_a_condition_leaves_out(function):
    found = gradient(lambda x: ops.where(x > 0, function(x), 0.0), [0.0, -1.0, 4.0])
    slope = {"sqrt": 0.25, "rsqrt": -0.0625, "reciprocal": -0.0625}[function.__name__]
    np.testing.assert_array_equal(found, [0, 0, slope])


def test_the_deviation_of_equal_numbers_has_no_gradient_where_it_is_left_out():
    found = gradient(lambda x: ops.where(x[:, 0] > 1, ops.std(x, axis=1), 0.0), [[1.0, 1.0], [2.0, 4.0]])
    np.testing.assert_allclose(found, [[0, 0], [-0.5, 0.5]])


def test_what_counts_has_the_infinite_gradient_at_zero():
    assert gradient(ops.sqrt, 0.0) == np.inf
    assert gradient(ops.reciprocal, 0.0) == -np.inf
    assert np.isnan(gradient(ops.sqrt, -1.0))


@pytest.mark.parametrize("function", [roots.sqrt, roots.rsqrt, roots.reciprocal])
@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
def test_first_and_second_derivatives_are_those_of_the_function(function, dtype):
    x = torch.linspace(0.4, 2.0, 5, dtype=dtype, requires_grad=True)
    x = (x * (1 + 0.5j)).detach().requires_grad_() if dtype.is_complex else x
    assert torch.autograd.gradcheck(function, x)
    assert torch.autograd.gradgradcheck(function, x)


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")
def test_they_can_be_mapped_and_differentiated_forwards():
    x = torch.tensor([[1.0, 4.0], [4.0, 1.0]])
    slopes = torch.func.vmap(torch.func.grad(lambda row: roots.sqrt(row).sum()))(x)
    torch.testing.assert_close(slopes, torch.tensor([[0.5, 0.25], [0.25, 0.5]]))
    _, bend = torch.func.jvp(torch.func.grad(lambda row: roots.sqrt(row).sum()), (x[0],), (torch.ones(2),))
    torch.testing.assert_close(bend, torch.tensor([-0.25, -0.03125]))
