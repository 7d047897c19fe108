"""Pooling against the definition in NumPy; folding and blocks against small worked examples."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish.core.errors import InvalidArgumentError
from kerasish.core.shape import same_padding
from kerasish.ops import pool as module
from kerasish.ops.pool import (
    adaptive_average_pool,
    adaptive_max_pool,
    average_pool,
    depth_to_space,
    fold,
    max_pool,
    pool,
    space_to_depth,
    unfold,
)


def by_definition(x, size, strides, padding, reduce):
    """Each window of (batch, *spatial, channels), cut off at the borders and reduced."""
    lengths = x.shape[1:-1]
    before = [same_padding(*v)[0] if padding == "same" else 0 for v in zip(lengths, size, strides)]
    out = [-(-n // s) if padding == "same" else (n - k) // s + 1 for n, k, s in zip(lengths, size, strides)]
    result = np.zeros((x.shape[0], *out, x.shape[-1]), x.dtype)
    for place in itertools.product(*(range(n) for n in out)):
        starts = [p * s - b for p, s, b in zip(place, strides, before)]
        window = tuple(slice(max(a, 0), a + k) for a, k in zip(starts, size))
        cut = x[(slice(None), *window)].reshape(x.shape[0], -1, x.shape[-1])
        result[(slice(None), *place)] = reduce(cut, axis=1)
    return result


@st.composite
def poolings(draw):
    n = draw(st.integers(1, 3))
    sizes = draw(st.tuples(*[st.integers(1, 7)] * n))
    padding = draw(st.sampled_from(["valid", "same"]))
    windows = tuple(draw(st.integers(1, length if padding == "valid" else 5)) for length in sizes)
    strides = draw(st.one_of(st.none(), st.tuples(*[st.integers(1, 4)] * n)))
    return (2, *sizes, 3), windows, strides, padding


@settings(max_examples=150, deadline=None)
@given(poolings(), st.sampled_from(["channels_last", "channels_first"]))
def test_pooling_follows_the_definition(case, data_format):
    shape, size, strides, padding = case
    x = np.random.default_rng(0).standard_normal(shape).astype("float32") - 5  # negative: padded zeros would show
    given_x = x if data_format == "channels_last" else np.moveaxis(x, -1, 1)
    for function, reduce in ((max_pool, np.max), (average_pool, np.mean)):
        y = function(given_x, size, strides, padding, data_format).numpy()
        y = y if data_format == "channels_last" else np.moveaxis(y, 1, -1)
        np.testing.assert_allclose(y, by_definition(x, size, strides or size, padding, reduce), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", ["max", "average"])
def test_same_padding_copies_nothing(kind, monkeypatch):
    seen = []
    table = module._MAX if kind == "max" else module._AVERAGE
    original = table[2]

    def spy(x, *args, **kwargs):
        seen.append(x)
        return original(x, *args, **kwargs)

    monkeypatch.setitem(table, 2, spy)
    x = torch.randn(2, 6, 7, 3)
    for size, strides in (((2, 2), (1, 1)), ((3, 2), (2, 2)), ((4, 4), (1, 3))):
        pool(x, kind, size, strides, "same", "channels_last")
        assert seen[-1].data_ptr() == x.data_ptr() and seen[-1].shape == (2, 3, 6, 7)


@pytest.mark.parametrize("dtype", ["float64", "float16", "bfloat16"])
@pytest.mark.parametrize("n", [1, 2, 3])
def test_other_float_types_work_on_the_cpu(dtype, n):
    x = torch.rand(1, *[4] * n, 2).to(getattr(torch, dtype))
    for function in (max_pool, average_pool):
        y = function(x, 2, padding="same")
        assert y.dtype == x.dtype
        torch.testing.assert_close(y.double(), function(x.double(), 2, padding="same"), rtol=0.01, atol=0.01)


def test_integers_become_floats():
    assert max_pool(np.arange(4).reshape(1, 4, 1), 2).numpy().ravel().tolist() == [1.0, 3.0]


def test_gradients_flow():
    x = torch.randn(1, 5, 4, 2, dtype=torch.float64, requires_grad=True)
    for function in (max_pool, average_pool):
        assert torch.autograd.gradcheck(lambda t, f=function: f(t, (3, 2), (2, 1), "same"), (x,))
        assert torch.autograd.gradcheck(lambda t, f=function: f(t, 2, 1, "same"), (x,))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 8), st.integers(1, 9)), min_size=1, max_size=3))
def test_adaptive_windows_reach_from_floor_to_ceiling(axes):
    sizes, outputs = [a for a, _ in axes], [b for _, b in axes]
    x = np.random.default_rng(0).standard_normal((2, *sizes, 3)).astype("float32")
    for function, reduce in ((adaptive_max_pool, np.max), (adaptive_average_pool, np.mean)):
        expected = x
        for axis, (length, count) in enumerate(zip(sizes, outputs), 1):
            cuts = [(i * length // count, -(-(i + 1) * length // count)) for i in range(count)]
            expected = np.stack([reduce(expected.take(range(a, b), axis), axis=axis) for a, b in cuts], axis)
        np.testing.assert_allclose(function(x, tuple(outputs)).numpy(), expected, rtol=1e-5, atol=1e-5)
        swapped = function(np.moveaxis(x, -1, 1), tuple(outputs), data_format="channels_first").numpy()
        np.testing.assert_allclose(np.moveaxis(swapped, 1, -1), expected, rtol=1e-5, atol=1e-5)


def test_depth_to_space_reads_rows_of_a_block_first():
    x = np.arange(16, dtype="float32").reshape(1, 1, 2, 8)
    y = depth_to_space(x, 2).numpy()[0]
    assert y.tolist() == [[[0, 1], [2, 3], [8, 9], [10, 11]], [[4, 5], [6, 7], [12, 13], [14, 15]]]
    assert space_to_depth(y[None], 2).numpy().tolist() == x.tolist()


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 2), st.integers(1, 3), st.integers(1, 3), st.integers(1, 3), st.integers(2, 3))
def test_blocks_and_depth_are_inverse_in_both_formats(n, h, w, c, block):
    x = np.random.default_rng(0).integers(0, 100, (n, h, w, c * block * block))
    there = depth_to_space(x, block)
    assert np.array_equal(space_to_depth(there, block).numpy(), x)
    first = depth_to_space(np.moveaxis(x, -1, 1), block, data_format="channels_first")
    assert np.array_equal(np.moveaxis(first.numpy(), 1, -1), there.numpy())
    assert np.array_equal(space_to_depth(first, block, data_format="channels_first").numpy(), np.moveaxis(x, -1, 1))


def test_unfold_and_fold():
    x = np.arange(16, dtype="float32").reshape(1, 1, 4, 4)
    columns = unfold(x, 2)
    assert columns.shape == (1, 4, 9) and columns.numpy()[0, :, 0].tolist() == [0, 1, 4, 5]
    assert unfold(x.astype("int32"), 2).dtype == "int32"
    counts = fold(unfold(np.ones_like(x), 2), (4, 4), 2).numpy()
    assert counts[0, 0].tolist() == [[1, 2, 2, 1], [2, 4, 4, 2], [2, 4, 4, 2], [1, 2, 2, 1]]


X = np.ones((1, 4, 4, 3), "float32")


@pytest.mark.parametrize(
    ("kind", "call", "words"),
    [
        (ValueError, lambda: max_pool(X[0, 0], 2), "1D, 2D, or 3D"),
        (ValueError, lambda: max_pool(X, 0), "The `pool_size` argument must be a tuple of 2 integers"),
        (ValueError, lambda: average_pool(X, (1, 2, 3)), "`pool_size`"),
        (ValueError, lambda: max_pool(X, 2, padding="causal"), "'valid', 'same'"),
        (ValueError, lambda: max_pool(X, 2, data_format="last"), "`data_format`"),
        (ValueError, lambda: adaptive_max_pool(X, 0), "`output_size`"),
        (ValueError, lambda: depth_to_space(X, 1), "`block_size` must be at least 2"),
        (InvalidArgumentError, lambda: depth_to_space(X, 2), "depth dimension 3 should be divisible by: 4"),
        (InvalidArgumentError, lambda: space_to_depth(X[:, :3], 2), "height 3 should be divisible by block_size: 2"),
        (InvalidArgumentError, lambda: space_to_depth(X[0], 2), "rank should be: 4 instead of: 3"),
        (ValueError, lambda: unfold(X[0], 2), "4D tensor"),
        (ValueError, lambda: fold(X, 4, 2), "3D tensor"),
    ],
)
def test_wrong_arguments_raise(kind, call, words):
    with pytest.raises(kind) as error:
        call()
    assert words in str(error.value)
