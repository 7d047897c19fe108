"""Activations as layers: values and gradients recorded from Keras 3.15."""

import numpy as np
import pytest
import torch

from kerasish import layers
from kerasish.core.tensor import Tensor
from kerasish.layers.advanced_activations import ELU, LeakyReLU, PReLU, ReLU, Softmax
from kerasish.layers.core import Input, Masking
from kerasish.models.functional import Functional

X = np.array([[-3, -1, -0.5, 0, 0.5, 1, 7]], "float32")
LAYERS = (
    ReLU(),
    ReLU(6),
    ReLU(6.0, 0.1, 0.5),
    LeakyReLU(),
    ELU(2.0),
    PReLU("ones", shared_axes=[1]),
    Softmax(),
    Softmax(axis=(1, 2)),
    Softmax(axis=[-1, 1]),
    Softmax(axis=None),
)


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (ReLU(), [0, 0, 0, 0, 0.5, 1, 7]),
        (ReLU(6), [0, 0, 0, 0, 0.5, 1, 6]),
        (ReLU(1), [0, 0, 0, 0, 0.5, 1, 1]),
        (ReLU(0), [0, 0, 0, 0, 0, 0, 0]),
        (ReLU(6.0, 0.1, 0.5), [-0.35, -0.15, -0.1, -0.05, 0, 1, 6]),
        (ReLU(max_value=2, negative_slope=0.3), [-0.9, -0.3, -0.15, 0, 0.5, 1, 2]),
        (ReLU(threshold=1), [0, 0, 0, 0, 0, 0, 7]),
        (ReLU(negative_slope=0.2), [-0.6, -0.2, -0.1, 0, 0.5, 1, 7]),
        (LeakyReLU(), [-0.9, -0.3, -0.15, 0, 0.5, 1, 7]),
        (LeakyReLU(0.1), [-0.3, -0.1, -0.05, 0, 0.5, 1, 7]),
        (LeakyReLU(alpha=0.1), [-0.3, -0.1, -0.05, 0, 0.5, 1, 7]),
        (PReLU(), [0, 0, 0, 0, 0.5, 1, 7]),
        (PReLU("ones"), [-3, -1, -0.5, 0, 0.5, 1, 7]),
        (ELU(), [-0.9502129, -0.6321205, -0.3934693, 0, 0.5, 1, 7]),
        (ELU(2.0), [-1.9004259, -1.2642411, -0.7869387, 0, 0.5, 1, 7]),
        (Softmax(), [4.5136872e-05, 0.000333519, 0.00054988, 0.0009066, 0.0014947, 0.0024644, 0.9942058]),
    ],
)
def test_activation_layer_gives_keras_values(layer, expected):
    assert np.allclose(layer(X), [expected], atol=1e-6)


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (ReLU(), [0.0, 0.0, 1.0, 1.0, 1.0]),
        (ReLU(6), [0.0, 0.0, 1.0, 0.0, 0.0]),
        (LeakyReLU(0.1), [0.1, 0.1, 1.0, 1.0, 1.0]),
        (ELU(2.0), [0.7357589, 2.0, 1.0, 1.0, 1.0]),
        (PReLU(lambda shape, dtype=None: np.full(shape, 0.3)), [0.3, 0.0, 1.0, 1.0, 1.0]),
    ],
)
def test_activation_layer_gives_keras_gradients_also_at_the_corners(layer, expected):
    x = torch.tensor([[-1.0, 0.0, 0.5, 6.0, 7.0]], requires_grad=True)
    layer(x).sum().backward()
    assert torch.allclose(x.grad, torch.tensor([expected]), atol=1e-6)


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: type(layer).__name__)
def test_activation_layer_round_trips_and_runs_in_a_model(layer):
    x = np.random.default_rng(0).normal(size=(2, 3, 4)).astype("float32")
    copy = type(layer).from_config(layer.get_config())
    assert copy.get_config() == layer.get_config()
    entry = Input((3, 4))
    output = copy(entry)
    assert output.shape == (None, 3, 4)
    assert np.array_equal(Functional(entry, output)(x), copy(x))
    assert isinstance(copy(torch.from_numpy(x)), torch.Tensor) and isinstance(copy(x), Tensor)
    wide = type(layer).from_config({**layer.get_config(), "dtype": "float64"})
    assert wide(x).dtype == "float64"


def test_relu_keeps_integers():
    x = np.array([[-1, 9]], "int32")
    assert ReLU()(x).numpy().tolist() == [[0, 9]] and ReLU(6)(x).numpy().tolist() == [[0, 6]]
    assert ReLU()(x).dtype == ReLU()(Input((2,), dtype="int32")).dtype == "int32"
    for layer in (LeakyReLU(), ELU(), PReLU(), Softmax()):
        assert layer(x).dtype == layer(Input((2,), dtype="int32")).dtype == "float32"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: ReLU(-1), "max_value of a ReLU layer cannot be a negative value. Received: max_value=-1"),
        (
            lambda: ReLU(negative_slope=-1),
            "negative_slope of a ReLU layer cannot be None or a negative value. Received",
        ),
        (lambda: ReLU(threshold=None), "threshold of a ReLU layer cannot be None or a negative value. Received: thres"),
        (lambda: LeakyReLU(-1), "The negative_slope value of a Leaky ReLU layer cannot be None or negative value. Exp"),
        (lambda: LeakyReLU(alpha=None), "Expected a float. Received: negative_slope=None"),
        (lambda: ReLU(alpha=1), "Unrecognized keyword arguments passed to ReLU: {'alpha': 1}"),
        (lambda: PReLU()(Input((None, 3))), "axis 1 of its input must be known"),
    ],
)
def test_activation_layer_refuses_wrong_arguments(make, words):
    with pytest.raises(ValueError) as error:
        make()
    assert words in str(error.value)


# PReLU ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shared", "shape"),
    [(None, (3, 4, 5)), ([1], (1, 4, 5)), ([1, 2], (1, 1, 5)), (2, (3, 1, 5)), ((1, 2, 3), (1, 1, 1))],
)
def test_prelu_has_one_slope_for_the_axes_it_shares(shared, shape):
    x = np.random.default_rng(0).normal(size=(2, 3, 4, 5)).astype("float32")
    layer = PReLU(shared_axes=shared)
    layer.build(x.shape)
    slope = np.random.default_rng(1).random(shape).astype("float32")
    layer.alpha.assign(slope)
    assert np.allclose(layer(x), np.where(x > 0, x, slope * x))
    assert layer.get_config()["shared_axes"] == (
        shared if shared is None else [shared] if shared == 2 else list(shared)
    )


def test_prelu_learns_its_slope():
    layer, x = PReLU(), torch.tensor([[-2.0, 3.0], [-4.0, 5.0]])
    layer(x)
    layer(x).sum().backward()
    assert layer.alpha.grad.numpy().tolist() == [-6.0, 0.0]


def test_prelu_checks_its_inputs_but_along_shared_axes():
    layer = PReLU(shared_axes=[1])
    assert layer(Input((None, 3))).shape == (None, None, 3)
    layer(np.zeros((2, 9, 3)))
    with pytest.raises(ValueError, match="expected axis 2 of input shape to have value 3"):
        layer(np.zeros((2, 9, 4)))
    with pytest.raises(IndexError, match="`shared_axes` are counted from 1"):
        PReLU(shared_axes=[7])(np.zeros((2, 3)))


# Softmax --------------------------------------------------------------------------------------------------------------


def softmax(x, axis):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


@pytest.mark.parametrize("axis", [-1, 1, 0, (1, 2), [-1, -2], [-1], None])
def test_softmax_goes_along_one_axis_or_several(axis):
    x = np.random.default_rng(0).normal(size=(2, 3, 4)).astype("float32")
    axes = tuple(axis) if isinstance(axis, (tuple, list)) else axis
    assert np.allclose(Softmax(axis=axis)(x), softmax(x, axes), atol=1e-6)


@pytest.mark.parametrize("policy", ["float32", "float64", "float16", "mixed_bfloat16"])
def test_softmax_gives_masked_places_nothing(policy):
    x = np.random.default_rng(0).normal(size=(3, 4, 5)) * 100
    mask = np.random.default_rng(1).random((4, 5)) > 0.4
    mask[1] = False
    y = np.array(Softmax(dtype=policy)(x, mask=mask), "float64")
    assert not y[:, ~mask].any()
    assert np.allclose(y.sum(-1)[:, mask.any(-1)], 1, atol=2e-2) and not y[:, 1].any()


def test_softmax_with_a_mask_equals_that_of_what_is_left():
    x, mask = X, np.array([[1, 0, 1, 1, 0, 1, 0]])
    y = Softmax()(x, mask=mask).numpy()
    kept = mask.astype(bool)[0]
    assert np.allclose(y[:, kept], softmax(x[:, kept], -1)) and not y[:, ~kept].any()
    both = Softmax(axis=(0, 1))(np.repeat(x, 2, 0), mask=mask).numpy()
    assert np.allclose(both, np.repeat(y, 2, 0) / 2)


def test_softmax_refuses_a_mask_that_does_not_broadcast():
    words = r"The `mask` must be broadcastable to `inputs`. .* inputs.shape=\(4, 5\), mask.shape=\(4, 3\)"
    with pytest.raises(ValueError, match=words):
        Softmax()(np.zeros((4, 5)), mask=np.ones((4, 3), bool))
    with pytest.raises(ValueError, match=r"inputs.shape=\(2, 3, 5\), mask.shape=\(2, 3\)"):
        Softmax()(Masking()(np.ones((2, 3, 5))))


def test_thresholded_relu_of_keras_2():
    layer = layers.ThresholdedReLU(theta=0.5)
    np.testing.assert_array_equal(layer(np.array([0.1, 0.5, 0.6, 2.0, -3.0], "float32")), np.float32([0, 0, 0.6, 2, 0]))
    assert layer.get_config()["theta"] == 0.5
    for theta, words in [(-0.5, "should be >=0. Received: -0.5"), (None, "cannot be None")]:
        with pytest.raises(ValueError, match=words):
            layers.ThresholdedReLU(theta=theta)


def test_leaky_relu_tells_its_slope_by_keras_2s_name_too():
    assert LeakyReLU(alpha=0.1).alpha == 0.1
