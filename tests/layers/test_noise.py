"""Dropout and noise: what they do in training, their seeds and their statistics; values and words from Keras 3.15."""

import copy
import random

import numpy as np
import pytest
import torch

from kerasish.core.tensor import Tensor
from kerasish.layers.core import Input
from kerasish.layers.layer import Layer
from kerasish.layers.noise import (
    ActivityRegularization,
    AlphaDropout,
    Dropout,
    GaussianDropout,
    GaussianNoise,
    SpatialDropout1D,
    SpatialDropout2D,
    SpatialDropout3D,
)
from kerasish.models.functional import Functional

TWOS = np.full((1000, 200), 2, "float32")
LAYERS = (Dropout, SpatialDropout1D, SpatialDropout2D, SpatialDropout3D, GaussianDropout, GaussianNoise, AlphaDropout)
SHAPES = {SpatialDropout1D: (4, 6, 3), SpatialDropout2D: (4, 6, 5, 3), SpatialDropout3D: (4, 2, 6, 5, 3)}


def ones(kind):
    return np.ones(SHAPES.get(kind, (4, 6)), "float32")


@pytest.mark.parametrize("kind", LAYERS)
def test_noise_acts_in_training_only(kind):
    layer, x = kind(0.5), ones(kind)
    assert np.array_equal(layer(x), x) and np.array_equal(layer(x, training=False), x)
    assert not np.array_equal(layer(x, training=True), x)
    assert np.array_equal(kind(0)(x, training=True), x)
    assert isinstance(layer(torch.from_numpy(x), training=True), torch.Tensor)
    assert isinstance(layer(x, training=True), Tensor)
    layer.train()
    assert not np.array_equal(layer(x), x)


@pytest.mark.parametrize("kind", LAYERS)
def test_noise_round_trips_and_runs_in_a_model(kind):
    layer, x = kind.from_config(kind(0.5, seed=3).get_config()), ones(kind)
    assert kind.from_config(layer.get_config()).get_config() == layer.get_config()
    entry = Input(x.shape[1:])
    output = layer(entry)
    assert output.shape[1:] == x.shape[1:]
    model = Functional(entry, output)
    assert np.array_equal(model(x), x)
    assert np.array_equal(model(x, training=True), kind(0.5, seed=3)(x, training=True))


@pytest.mark.parametrize("kind", LAYERS)
def test_noise_with_a_seed_repeats_in_a_new_layer_only(kind):
    x = np.repeat(ones(kind), 20, axis=0)
    layer = kind(0.5, seed=7)
    first, second = layer(x, training=True), layer(x, training=True)
    torch.manual_seed(1)
    assert not np.array_equal(first, second)
    assert np.array_equal(first, kind(0.5, seed=7)(x, training=True))
    assert copy.deepcopy(layer)(x, training=True).shape == x.shape


def test_noise_without_a_seed_follows_torchs_global_one():
    for kind in LAYERS:
        x, layer = np.repeat(ones(kind), 20, axis=0), kind(0.5)
        torch.manual_seed(5)
        first = layer(x, training=True)
        torch.manual_seed(5)
        assert np.array_equal(first, layer(x, training=True))


def draws(make):
    """How many numbers ``make`` takes from Python's generator."""
    start = random.getstate()
    make()
    after = random.getstate()
    random.setstate(start)
    count = 0
    while random.getstate() != after:
        random.randint(1, int(1e9))
        count += 1
        assert count < 10
    return count


@pytest.mark.parametrize("kind", LAYERS)
def test_noise_draws_one_python_number_for_its_seed(kind):
    assert draws(lambda: kind(0.5)) == 1
    assert draws(lambda: kind(0)) == 0
    assert draws(lambda: kind(0.5, seed=3)) == 0
    assert not hasattr(kind(0), "seed_generator")


def test_noise_keeps_the_state_of_its_generator_as_a_variable():
    layer = Dropout(0.5, seed=3)
    assert layer.seed_generator.seed == 3
    assert [v.shape for v in layer.variables] == [(2,)]
    assert layer.weights == []


@pytest.mark.parametrize(
    ("layer", "mean", "deviation"),
    [
        (Dropout(0.3, seed=1), 2.0, 1.3093),
        (Dropout(0.3), 2.0, 1.3093),
        (GaussianNoise(0.5, seed=1), 2.0, 0.5),
        (GaussianDropout(0.3, seed=1), 2.0, 1.3093),
        (AlphaDropout(0.3, seed=1), 1.2053, 1.4828),
    ],
)
def test_noise_has_the_moments_of_keras(layer, mean, deviation):
    torch.manual_seed(0)
    y = layer(TWOS, training=True).numpy()
    assert abs(y.mean() - mean) < 0.02 and abs(y.std() - deviation) < 0.02


def test_dropout_scales_what_it_keeps():
    for layer in (Dropout(0.3), Dropout(0.3, seed=1), Dropout(np.float32(0.3))):
        assert np.allclose(np.unique(layer(TWOS, training=True)), [0.0, 2 / 0.7])
    assert not Dropout(1.0)(TWOS, training=True).numpy().any()
    assert not Dropout(1, seed=1)(TWOS, training=True).numpy().any()


def test_alpha_dropout_has_two_values_and_keeps_the_moments():
    y = AlphaDropout(0.3, seed=1)(TWOS, training=True).numpy()
    assert np.allclose(np.unique(y), [-1.0595481, 2.1759973])
    normal = np.random.default_rng(0).normal(size=(1000, 200)).astype("float32")
    y = AlphaDropout(0.3, seed=1)(normal, training=True).numpy()
    assert abs(y.mean()) < 0.01 and abs(y.std() - 1) < 0.01


@pytest.mark.parametrize("seed", [None, 3])
@pytest.mark.parametrize("kind", [Dropout, AlphaDropout])
@pytest.mark.parametrize(("noise_shape", "axes"), [((None, 1, None), 1), ((8, 1, 1), (1, 2)), ((3,), (0, 1))])
def test_noise_shape_is_broadcast(kind, noise_shape, axes, seed):
    y = kind(0.5, noise_shape=noise_shape, seed=seed)(np.ones((8, 6, 3), "float32"), training=True).numpy()
    assert np.allclose(y.std(axes), 0, atol=1e-6)
    assert kind(0.5, noise_shape=list(noise_shape)).get_config()["noise_shape"] == noise_shape


@pytest.mark.parametrize(
    ("layer", "axes"),
    [
        (SpatialDropout1D(0.5, seed=1), (1,)),
        (SpatialDropout2D(0.5, seed=1), (1, 2)),
        (SpatialDropout2D(0.5, data_format="channels_first", seed=1), (2, 3)),
        (SpatialDropout3D(0.5), (1, 2, 3)),
        (SpatialDropout3D(0.5, data_format="channels_first"), (2, 3, 4)),
    ],
)
def test_spatial_dropout_drops_whole_channels(layer, axes):
    x = np.ones((40, 3, 4, 5, 6)[: len(axes) + 2], "float32")
    y = layer(x, training=True).numpy()
    assert np.array_equal(np.unique(y), [0.0, 2.0]) and not y.std(axes).any()
    assert isinstance(layer, Dropout)


def test_spatial_dropout_config_is_what_keras_takes():
    layer = SpatialDropout2D(0.5, seed=3, name="drop", dtype="mixed_float16")
    expected = {"rate": 0.5, "seed": 3, "name": "drop", "dtype": "mixed_float16", "data_format": "channels_last"}
    assert layer.get_config() == expected
    assert set(SpatialDropout1D(0.5).get_config()) == {"rate", "seed", "name", "dtype"}


@pytest.mark.parametrize("policy", ["float16", "mixed_bfloat16", "float64"])
@pytest.mark.parametrize("kind", [Dropout, GaussianNoise, GaussianDropout, AlphaDropout])
def test_noise_computes_in_the_policys_dtype(kind, policy):
    for seed in (None, 1):
        assert kind(0.5, seed=seed, dtype=policy)(TWOS[:3], training=True).dtype == policy.removeprefix("mixed_")


def test_noise_passes_gradients_through_what_it_keeps():
    x = torch.ones(4, 50, requires_grad=True)
    for layer in (Dropout(0.5), Dropout(0.5, seed=1), GaussianDropout(0.5, seed=1)):
        y = layer(x, training=True)
        (gradient,) = torch.autograd.grad(y.sum(), x)
        assert torch.allclose(gradient, y.detach())


def test_noise_keeps_integers_out_of_training():
    layer, x = Dropout(0.5), np.ones((2, 3), "int32")
    assert layer(x).dtype == "int32" and layer(Input((3,), dtype="int32")).dtype == "int32"
    with pytest.raises(ValueError, match="`x.dtype` must be a floating point type"):
        layer(x, training=True)


class Nested(Layer):
    def __init__(self):
        super().__init__()
        self.parts = [Dropout(0.5, seed=3), GaussianNoise(0.5), AlphaDropout(0.5, seed=4), Dropout(0.5)]

    def call(self, x):
        for part in self.parts:
            x = part(x, training=True)
        return x


def test_noise_leaves_generators_alone_while_shapes_are_traced():
    layer, x = Nested(), TWOS[:5]
    before = torch.get_rng_state()
    assert layer(Input((200,))).shape == (None, 200)
    assert torch.equal(before, torch.get_rng_state())
    assert np.array_equal(layer.parts[0](x, training=True), Dropout(0.5, seed=3)(x, training=True))


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("value", [-0.1, 1.5, 2])
def test_noise_refuses_a_rate_out_of_range(kind, value):
    name = "stddev" if kind is GaussianNoise else "rate"
    with pytest.raises(ValueError) as error:
        kind(value)
    assert str(error.value) == (
        f"Invalid value received for argument `{name}`. Expected a float value between 0 and 1. "
        f"Received: {name}={value}"
    )


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda: Dropout(0.5, noise_shape="a"),
            "`noise_shape`. Expected a tuple or list of integers. Received: noise_s",
        ),
        (lambda: Dropout(0.5, noise_shape=3), "Invalid value received for argument `noise_shape`"),
        (lambda: AlphaDropout(0.5, noise_shape=(-1, 1)), "Received negative or zero value at index 0: -1"),
        (lambda: Dropout(0.5, noise_shape=(0, 1)), "Expected all dimensions to be positive integers or None"),
        (lambda: Dropout(0.5, noise_shape=(1.0, 1)), "Received element at index 0: 1.0 (type: float)"),
        (lambda: Dropout(0.5, noise_shape=(2, 1))(TWOS, training=True), "must broadcast to the inputs' shape"),
        (lambda: Dropout(0.5, noise_shape=(1, 1, 1))(TWOS, training=True), "must broadcast to the inputs' shape"),
        (lambda: Dropout(0.5, seed=1.5), "Argument `seed` must be an integer"),
        (lambda: SpatialDropout2D(0.5, data_format="a"), "The `data_format` argument must be one of"),
        (lambda: SpatialDropout1D(0.5)(TWOS), "expected ndim=3, found ndim=2. Full shape received: (1000, 200)"),
        (lambda: ActivityRegularization(-0.1), "Invalid value for argument l1: expected a non-negative float"),
    ],
)
def test_noise_refuses_other_arguments(make, words):
    with pytest.raises(ValueError) as error:
        make()
    assert words in str(error.value)


def test_activity_regularization_adds_the_mean_penalty_of_a_sample():
    layer = ActivityRegularization(0.1, 0.2)
    assert np.array_equal(layer(TWOS), TWOS)
    assert np.allclose([float(loss) for loss in layer.losses], [0.1 * 2 * 200 + 0.2 * 4 * 200])
    config = layer.get_config()
    assert (config["l1"], config["l2"]) == (0.1, 0.2) and "activity_regularizer" not in config
    entry = Input((200,))
    assert np.array_equal(Functional(entry, ActivityRegularization.from_config(config)(entry))(TWOS), TWOS)
