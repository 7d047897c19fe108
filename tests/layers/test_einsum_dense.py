"""EinsumDense: products against numpy.einsum, shapes, weights, errors; values under a seed from Keras 3.15."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import kerasish as keras
from kerasish.layers import EinsumDense

# equation, input shape, output_shape, kernel shape, (bias axes, bias shape), output shape, one matrix product?
CASES = [
    ("ab,bc->ac", (2, 3), 5, (3, 5), ("c", (5,)), (2, 5), True),
    ("abc,cd->abd", (2, 3, 4), (None, 5), (4, 5), ("d", (5,)), (2, 3, 5), True),
    ("abc,cd->abd", (2, 3, 4), (3, 5), (4, 5), ("bd", (3, 5)), (2, 3, 5), True),
    ("abc,dc->abd", (2, 3, 4), (None, 5), (5, 4), ("d", (5,)), (2, 3, 5), True),
    ("abc,cde->abde", (2, 3, 4), (None, 5, 6), (4, 5, 6), ("de", (5, 6)), (2, 3, 5, 6), True),
    ("abc,cde->abde", (2, 3, 4), (None, 5, 6), (4, 5, 6), ("d", (5, 1)), (2, 3, 5, 6), True),
    ("abc,dec->abde", (2, 3, 4), (None, 5, 6), (5, 6, 4), ("de", (5, 6)), (2, 3, 5, 6), True),
    ("abcd,cde->abe", (2, 3, 4, 5), (None, 6), (4, 5, 6), ("e", (6,)), (2, 3, 6), True),
    ("abcd,dce->abe", (2, 3, 4, 5), (None, 6), (5, 4, 6), ("e", (6,)), (2, 3, 6), False),
    ("abc,cde->abed", (2, 3, 4), (None, 6, 5), (4, 5, 6), ("d", (5,)), (2, 3, 6, 5), False),
    ("abc,bd->adc", (2, 3, 4), (5, 4), (3, 5), ("dc", (5, 4)), (2, 5, 4), False),
    ("abc,c->abc", (2, 3, 4), (3, 4), (4,), ("c", (4,)), (2, 3, 4), False),
    ("abc,cd->ad", (2, 3, 4), (5,), (4, 5), ("d", (5,)), (2, 5), False),
    ("abc,bcd->abd", (2, 3, 4), (3, 5), (3, 4, 5), ("d", (5,)), (2, 3, 5), False),
    ("...x,xy->...y", (2, 3, 4, 5), 6, (5, 6), ("y", (6,)), (2, 3, 4, 6), True),
    ("...x,xy->...y", (2, 5), 6, (5, 6), ("y", (6,)), (2, 6), True),
    ("ab...,bc->ac...", (2, 3, 4, 5), 6, (3, 6), ("c", (6, 1, 1)), (2, 6, 4, 5), False),
]


def data(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}{case[1]}")
@pytest.mark.parametrize("biased", [True, False])
def test_einsum_dense_is_numpys_einsum(case, biased):
    equation, shape, output_shape, kernel_shape, (bias_axes, bias_shape), expected_shape, is_product = case
    layer = EinsumDense(equation, output_shape, "tanh", bias_axes if biased else None, dtype="float64")
    layer.build(shape)
    assert [tuple(w.shape) for w in layer.weights] == [kernel_shape] + [bias_shape] * biased
    assert (layer._rows is not None) is is_product
    weights = [data(*w.shape, seed=i) for i, w in enumerate(layer.weights, 1)]
    layer.set_weights(weights)
    assert all(np.array_equal(a, b) for a, b in zip(layer.get_weights(), weights))
    x = data(*shape)
    expected = np.tanh(np.einsum(equation, x, weights[0]) + (weights[1] if biased else 0))
    np.testing.assert_allclose(layer(x), expected, atol=1e-12)
    assert layer(x).shape == expected_shape
    symbolic = layer.compute_output_shape((None, *shape[1:]))
    assert len(symbolic) == len(expected_shape) and all(a in (None, b) for a, b in zip(symbolic, expected_shape))


@settings(max_examples=30, deadline=None)
@given(
    case=st.sampled_from([c for c in CASES if c[6]]),
    batch=st.integers(0, 3),
    kind=st.sampled_from(["float32", "int32"]),
)
def test_gradients_and_dtypes_follow_the_equation(case, batch, kind):
    equation, shape, output_shape, _, (bias_axes, _), _, _ = case
    layer = EinsumDense(equation, output_shape, bias_axes=bias_axes)
    layer.build(shape)
    x = torch.from_numpy((data(batch, *shape[1:]) * 5).astype(kind))
    y = layer(x)
    assert y.dtype is torch.float32
    kernel = torch.from_numpy(layer.weights[0].numpy()).requires_grad_()
    expected = torch.einsum(equation, x.float(), kernel)
    (wanted,) = torch.autograd.grad(expected.square().sum(), kernel)
    (found,) = torch.autograd.grad((y - layer.bias.logical.detach()).square().sum(), layer.kernel.stored)
    torch.testing.assert_close(found.reshape(wanted.shape), wanted, rtol=1e-4, atol=1e-4)


def test_weights_under_a_seed_are_keras_ones():
    keras.utils.set_random_seed(7)
    layer = EinsumDense("abc,cde->abde", (None, 2, 3), bias_axes="de")
    layer.build((1, 4, 5))
    assert layer.kernel.numpy()[0, 0, 0] == pytest.approx(-0.2696899175643921, rel=1e-6)
    layer = EinsumDense("abc,cde->abde", (None, 2, 3), kernel_initializer=keras.initializers.HeNormal(seed=3))
    layer.build((1, 4, 5))
    told = keras.initializers.HeNormal(seed=3, input_axes=[0], output_axes=[1, 2])
    assert np.array_equal(layer.kernel, told((5, 2, 3)))


def test_optimizers_and_tapes_see_the_logical_kernel():
    layer = EinsumDense("abc,cde->abde", (None, 2, 3), bias_axes="de", kernel_regularizer="l2")
    x = data(2, 3, 4).astype("float32")
    layer(x)
    before = layer.get_weights()
    with keras.tf.GradientTape() as tape:
        loss = keras.ops.sum(layer(x))
    gradients = tape.gradient(loss, layer.trainable_weights)
    assert [tuple(g.shape) for g in gradients] == [(4, 2, 3), (2, 3)]
    keras.optimizers.SGD(0.1).apply_gradients(zip(gradients, layer.trainable_weights))
    for old, gradient, weight in zip(before, gradients, layer.weights):
        np.testing.assert_allclose(weight, old - 0.1 * gradient.numpy(), rtol=1e-6)
    assert len(layer.losses) == 1 and len(layer.kernel) == 4 and layer.kernel.ndim == 3


def test_config_round_trips():
    layer = EinsumDense("abc,cd->abd", (None, 5), "relu", "d", "he_normal", kernel_regularizer="l1", name="e")
    config = layer.get_config()
    assert config["output_shape"] == (None, 5) and config["activity_regularizer"] is None
    assert config["quantization_config"] is None and "lora_rank" not in config
    assert EinsumDense.from_config(config).get_config() == config


@pytest.mark.parametrize(
    ("arguments", "shape", "words"),
    [
        (("ab,bc>ac", 3), (2, 3), "Invalid einsum equation 'ab,bc>ac'"),
        (("...ab,bc->ac", 3), (2, 3), "Equations must be in the form [X],[Y]->[Z]"),
        (("a...,bc->ac...", 3), (2, 3), "Invalid einsum equation"),
        (("abc,cd->abd", (4, 5)), (2, 3, 4), "do not match at shared dimension 'b'. Input shape is 3"),
        (("ab,bc->ad", 3), (2, 3), "Dimension 'd' was specified in the output"),
        (("ab,bcd->ac", 3), (2, 3), "Weight dimension 'd' did not have a match"),
        (("ab,bc->ac", 3, None, "d"), (2, 3), "Bias dimension 'd' was requested"),
        (("ab,bc->ac", 3), (2, 3, 4), "is for inputs of rank 2"),
        (("ab,bc->ac", (3, 4)), (2, 3), "`output_shape` gives rank 3"),
        (("ab,bc->ac", 3), (2, None), "must be known"),
    ],
)
def test_wrong_equations_raise(arguments, shape, words):
    with pytest.raises(ValueError) as error:
        EinsumDense(*arguments).build(shape)
    assert words in str(error.value)


def test_other_ranks_are_refused_by_the_input_spec():
    layer = EinsumDense("...x,xy->...y", 3)
    layer(np.ones((2, 4)))
    with pytest.raises(ValueError, match="expected ndim=2"):
        layer(np.ones((2, 3, 4)))
