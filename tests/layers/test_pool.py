"""Pooling layers: values, masks, errors. Recorded numbers are Keras 3.15's on TensorFlow 2.21.

``test_spatial`` has what these layers share with the convolution and reshaping ones.
"""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish.core.autodiff import GradientTape
from kerasish.core.shape import same_padding
from kerasish.core.symbolic import KerasTensor
from kerasish.core.tensor import convert
from kerasish.layers import pool
from kerasish.layers.core import Embedding, Input, Masking
from kerasish.layers.pool import (
    AdaptiveAveragePooling1D,
    AdaptiveAveragePooling2D,
    AdaptiveMaxPooling2D,
    AveragePooling2D,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalMaxPooling1D,
    MaxPooling1D,
    MaxPooling2D,
)
from kerasish.models.functional import Functional


def array(*shape):
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype("float32")


def by_definition(x, kind, size, strides, padding):
    """Pooling of (batch, *spatial, channels): what lies outside does not count."""
    ranges = []
    for length, window, stride in zip(x.shape[1:-1], size, strides):
        before = same_padding(length, window, stride)[0] if padding == "same" else 0
        count = -(-length // stride) if padding == "same" else (length - window) // stride + 1
        ends = [(i * stride - before, i * stride - before + window) for i in range(count)]
        ranges.append([slice(max(a, 0), min(b, length)) for a, b in ends])
    y = np.zeros((x.shape[0], *map(len, ranges), x.shape[-1]))
    reduce = np.max if kind == "Max" else np.mean
    for place in itertools.product(*(range(len(r)) for r in ranges)):
        part = x[(slice(None), *(r[i] for r, i in zip(ranges, place)))]
        y[(slice(None), *place)] = reduce(part, axis=tuple(range(1, x.ndim - 1)))
    return y


@st.composite
def poolings(draw):
    n = draw(st.integers(1, 3))
    size = draw(st.tuples(*[st.integers(1, 4)] * n))
    strides = draw(st.none() | st.tuples(*[st.integers(1, 4)] * n))
    padding = draw(st.sampled_from(["valid", "same"]))
    sizes = tuple(draw(st.integers(k if padding == "valid" else 1, 7)) for k in size)
    return sizes, size, strides, padding


@settings(max_examples=100, deadline=None)
@given(poolings(), st.sampled_from(["Max", "Average"]))
def test_pooling_follows_the_definition(case, kind):
    sizes, size, strides, padding = case
    x = array(2, *sizes, 2)
    layer = getattr(pool, f"{kind}Pooling{len(sizes)}D")(size, strides, padding)
    y = layer(x)
    expected = by_definition(x, kind, size, strides or size, padding)
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-5, atol=1e-5)
    assert layer.compute_output_shape((None, *x.shape[1:])) == (None, *expected.shape[1:])


RAMP = np.arange(25, dtype="float32").reshape(1, 5, 5, 1)


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (AveragePooling2D(3, 2, "same"), [[3, 4.5, 6], [10.5, 12, 13.5], [18, 19.5, 21]]),
        (AveragePooling2D(2, 2, "same"), [[3, 5, 6.5], [13, 15, 16.5], [20.5, 22.5, 24]]),
        (MaxPooling2D(2, 2, "same"), [[6, 8, 9], [16, 18, 19], [21, 23, 24]]),
        (MaxPooling2D(3, (3, 2)), [[12, 14]]),
        (
            MaxPooling2D((2, 4), 1, "same"),
            [[7, 8, 9, 9, 9], [12, 13, 14, 14, 14], [17, 18, 19, 19, 19], [22, 23, 24, 24, 24], [22, 23, 24, 24, 24]],
        ),
        (
            AveragePooling2D((2, 4), 1, "same"),
            [
                [3.5, 4, 5, 5.5, 6],
                [8.5, 9, 10, 10.5, 11],
                [13.5, 14, 15, 15.5, 16],
                [18.5, 19, 20, 20.5, 21],
                [21, 21.5, 22.5, 23, 23.5],
            ],
        ),
    ],
)
def test_pooling_gives_the_recorded_numbers(layer, expected):
    np.testing.assert_array_equal(layer(RAMP)[0, :, :, 0], expected)
    np.testing.assert_array_equal(layer(torch.tensor(RAMP))[0, :, :, 0], expected)


def test_max_pooling_sends_the_gradient_to_the_first_maximum():
    x = convert(np.array([[[1.0], [1.0], [0.0], [2.0]]]))
    with GradientTape() as tape:
        tape.watch(x)
        y = MaxPooling1D(2)(x)
    np.testing.assert_array_equal(tape.gradient(y, x).numpy().ravel(), [1, 0, 0, 1])


@pytest.mark.parametrize("shape", [(1, 2), (2, 3), (7, 5)])
def test_adaptive_windows(shape):
    x = array(2, 5, 4, 3)
    averages, maxima = AdaptiveAveragePooling2D(shape)(x).numpy(), AdaptiveMaxPooling2D(shape)(x).numpy()
    assert averages.shape == maxima.shape == (2, *shape, 3)
    for i, j in itertools.product(*map(range, shape)):
        rows = slice(i * 5 // shape[0], -(-(i + 1) * 5 // shape[0]))
        columns = slice(j * 4 // shape[1], -(-(j + 1) * 4 // shape[1]))
        part = x[:, rows, columns]
        np.testing.assert_allclose(averages[:, i, j], part.mean((1, 2)), rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(maxima[:, i, j], part.max((1, 2)))


def test_global_pooling():
    x = array(2, 3, 4, 5)
    np.testing.assert_allclose(GlobalAveragePooling2D()(x).numpy(), x.mean((1, 2)), rtol=1e-5)
    kept = GlobalAveragePooling2D(data_format="channels_first", keepdims=True)(x)
    np.testing.assert_allclose(kept.numpy(), x.mean((2, 3), keepdims=True), rtol=1e-5)
    np.testing.assert_array_equal(GlobalMaxPooling1D()(x[0]).numpy(), x[0].max(1))


# masks ----------------------------------------------------------------------------------------------------------------

MASK = np.array([[True, True, False], [False, True, False]])


def test_global_average_leaves_masked_steps_out():
    x = array(2, 3, 4)
    expected = np.stack([x[0, :2].mean(0), x[1, 1]])
    np.testing.assert_allclose(GlobalAveragePooling1D()(x, mask=MASK).numpy(), expected, rtol=1e-5)
    kept = GlobalAveragePooling1D(keepdims=True)(x, mask=convert(MASK))
    np.testing.assert_allclose(kept.numpy(), expected[:, None], rtol=1e-5)
    turned = GlobalAveragePooling1D(data_format="channels_first", keepdims=True)(np.moveaxis(x, 1, 2), mask=MASK)
    np.testing.assert_allclose(turned.numpy(), expected[:, :, None], rtol=1e-5)
    given_torch = GlobalAveragePooling1D()(torch.tensor(x), mask=torch.tensor(MASK))
    np.testing.assert_allclose(given_torch.numpy(), expected, rtol=1e-5)
    weighted = GlobalAveragePooling1D()(np.ones((2, 3, 4)), mask=np.array([[2.0, 1, 0], [0, 0.5, 0]]))
    np.testing.assert_array_equal(weighted.numpy(), np.ones((2, 4)))
    assert np.isnan(GlobalAveragePooling1D()(x, mask=np.zeros((2, 3), bool)).numpy()).all()  # a mean of nothing


def test_masks_reach_the_global_average_in_models():
    ids = np.array([[3, 1, 0, 0], [2, 0, 0, 0]])
    inputs = Input((None,), dtype="int32")
    embedding = Embedding(5, 3, mask_zero=True)
    model = Functional(inputs, GlobalAveragePooling1D()(embedding(inputs)))
    table = embedding.get_weights()[0]
    expected = np.stack([table[[3, 1]].mean(0), table[2]])
    np.testing.assert_allclose(model(ids).numpy(), expected, rtol=1e-5)
    y = GlobalAveragePooling1D()(embedding(ids))
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-5)
    assert getattr(y, "_keras_mask", None) is None


@pytest.mark.parametrize("layer", [MaxPooling1D(), GlobalMaxPooling1D(), AdaptiveAveragePooling1D(2)])
def test_masks_end_at_other_poolings(layer):
    x = Masking()(array(2, 5, 3))
    with pytest.warns(UserWarning, match="does not support masking"):
        y = layer(x)
    assert getattr(y, "_keras_mask", None) is None


# names and errors -----------------------------------------------------------------------------------------------------


def test_aliases():
    for n, (short, long) in itertools.product((1, 2, 3), (("Max", "Max"), ("Avg", "Average"))):
        assert getattr(pool, f"{short}Pool{n}D") is getattr(pool, f"{long}Pooling{n}D")
        assert getattr(pool, f"Global{short}Pool{n}D") is getattr(pool, f"Global{long}Pooling{n}D")


def test_name_may_come_by_position():
    assert MaxPooling2D(2, None, "VALID", None, "p").name == "p"
    assert MaxPooling2D(2, None, "VALID").get_config()["padding"] == "valid"


X = np.ones((1, 4, 4, 3), "float32")


@pytest.mark.parametrize(
    ("kind", "call", "words"),
    [
        (
            ValueError,
            lambda: MaxPooling2D(0),
            "The `pool_size` argument must be a tuple of 2 integers. Received pool_size=0",
        ),
        (ValueError, lambda: MaxPooling2D((2,)), "The `pool_size` argument must be a tuple of 2 integers"),
        (ValueError, lambda: MaxPooling2D(2, 0), "The `strides` argument must be a tuple of 2 integers"),
        (
            ValueError,
            lambda: MaxPooling1D(2, padding="causal"),
            "The `padding` argument must be one of 'valid', 'same'",
        ),
        (ValueError, lambda: GlobalAveragePooling2D("last"), "The `data_format` argument must be one of"),
        (ValueError, lambda: MaxPooling2D(5)(X), "Computed output size would be zero or negative"),
        (
            ValueError,
            lambda: AveragePooling2D(5)(KerasTensor((None, 4, None, 3))),
            "Computed output size would be zero",
        ),
        (ValueError, lambda: MaxPooling2D()(X[0]), "expected ndim=4, found ndim=3. Full shape received: (4, 4, 3)"),
        (ValueError, lambda: GlobalAveragePooling1D()(X), "expected ndim=3, found ndim=4"),
        (ValueError, lambda: AdaptiveAveragePooling2D(2)(X[0]), "expected ndim=4, found ndim=3"),
        (TypeError, lambda: AdaptiveAveragePooling2D("a"), "`output_size` must be an integer or (height, width) tuple"),
        (TypeError, lambda: AdaptiveMaxPooling2D((2, 0)), "all positive. Received: (2, 0) of type <class 'tuple'>"),
    ],
)
def test_wrong_arguments_raise(kind, call, words):
    with pytest.raises(kind) as error:
        call()
    assert words in str(error.value)
