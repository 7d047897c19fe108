"""Normalizing layers: statistics, moving averages, masks, dtypes, axes; values from NumPy and from Keras 3.15."""

import random

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from kerasish.core.autodiff import GradientTape
from kerasish.core.tensor import Tensor, convert
from kerasish.layers.batch_norm import BatchNormalization
from kerasish.layers.core import Dense, Embedding, Input, Masking
from kerasish.layers.layer import Layer
from kerasish.layers.norm import GroupNormalization, LayerNormalization, RMSNormalization, UnitNormalization
from kerasish.layers.spectral_norm import SpectralNormalization
from kerasish.models.functional import Functional

NORMS = (
    BatchNormalization(),
    BatchNormalization(axis=1, center=False),
    BatchNormalization(renorm=True, renorm_clipping={"rmax": 2.0}),
    LayerNormalization(),
    LayerNormalization(axis=[1, 2], scale=False),
    LayerNormalization(axis=1),
    GroupNormalization(2),
    GroupNormalization(-1, axis=1),
    RMSNormalization(axis=-2),
    UnitNormalization(axis=[1, 2]),
)


def data(*shape, seed=0, dtype="float32"):
    return (np.random.default_rng(seed).normal(size=shape) * 2 + 1).astype(dtype)


def normalized(x, axes, epsilon=1e-3):
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + epsilon)


# all of them ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layer", NORMS, ids=lambda layer: type(layer).__name__)
def test_norm_round_trips_and_runs_in_a_model(layer):
    x = data(3, 4, 6)
    copy = type(layer).from_config(layer.get_config())
    assert copy.get_config() == layer.get_config()
    entry = Input((4, 6))
    output = copy(entry)
    assert output.shape == (None, 4, 6)
    assert np.array_equal(Functional(entry, output)(x), copy(x))


@pytest.mark.parametrize("layer", NORMS, ids=lambda layer: type(layer).__name__)
def test_norm_gives_back_the_kind_and_dtype_it_was_given(layer):
    x = torch.randn(3, 4, 6, dtype=torch.float64)
    wide = type(layer).from_config({**layer.get_config(), "dtype": "float64"})
    assert isinstance(wide(x), torch.Tensor) and wide(x).dtype is torch.float64
    assert isinstance(wide(x.numpy()), Tensor)
    assert wide(np.ones((3, 4, 6), "int32")).dtype == "float64"


@pytest.mark.parametrize("policy", ["float16", "mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize(
    "kind", [BatchNormalization, LayerNormalization, lambda **k: GroupNormalization(1, **k), RMSNormalization]
)
def test_norm_in_16_bits_sums_in_float32(kind, policy):
    x = np.array([[300, 400, 500, 600], [1000, -1000, 1000, 2000]], "float32")
    layer = kind(dtype=policy)
    options = {"training": True} if isinstance(layer, BatchNormalization) else {}
    y = layer(x, **options)
    assert y.dtype == policy.removeprefix("mixed_")
    expected = kind()(x, **options)
    assert np.allclose(np.array(y, "float32"), expected, atol=1e-2)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: BatchNormalization(axis=(1, 2)), "axis"),
        (lambda: LayerNormalization(axis="a"), "Expected an int or a list/tuple of ints for the argument 'axis'"),
        (lambda: LayerNormalization(axis=None), "but received: None"),
        (lambda: UnitNormalization(axis="a"), "Invalid value for `axis` argument: expected an int or a list/tuple"),
    ],
)
def test_norm_refuses_what_is_no_axis(make, words):
    with pytest.raises(TypeError) as error:
        make()
    assert words in str(error.value)


@pytest.mark.parametrize("kind", [BatchNormalization, LayerNormalization, GroupNormalization, RMSNormalization])
def test_norm_refuses_an_axis_that_the_inputs_do_not_have(kind):
    with pytest.raises(IndexError, match=r"axis \[5\] is out of range for inputs of shape \(2, 3\)"):
        kind(axis=5)(data(2, 3))


# BatchNormalization ---------------------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(
    shape=st.lists(st.integers(2, 5), min_size=2, max_size=5),
    axis=st.integers(1, 4),
    momentum=st.sampled_from([0.0, 0.5, 0.99]),
    epsilon=st.sampled_from([1e-3, 0.1]),
)
def test_batch_norm_follows_the_formula_on_any_axis(shape, axis, momentum, epsilon):
    axis = axis % len(shape) or -1
    layer = BatchNormalization(axis=axis, momentum=momentum, epsilon=epsilon, dtype="float64")
    axes = tuple(i for i in range(len(shape)) if i != axis % len(shape))
    mean, variance = 0.0, 1.0
    for seed in range(3):
        x = data(*shape, seed=seed, dtype="float64")
        assert np.allclose(layer(x, training=True), normalized(x, axes, epsilon), atol=1e-9)
        mean = momentum * mean + (1 - momentum) * x.mean(axes)
        variance = momentum * variance + (1 - momentum) * x.var(axes)
    assert np.allclose(layer.moving_mean, mean) and np.allclose(layer.moving_variance, variance)
    spread = [-1 if i == axis % len(shape) else 1 for i in range(len(shape))]
    expected = (x - mean.reshape(spread)) / np.sqrt(variance.reshape(spread) + epsilon)
    assert np.allclose(layer(x), expected)


def test_batch_norm_moves_the_biased_variance_in_keras_numbers():
    layer = BatchNormalization(momentum=0.5)
    layer(np.array([[1.0, 2.0], [3.0, 6.0]], "float32"), training=True)
    assert layer.moving_mean.numpy().tolist() == [1.0, 2.0]
    assert layer.moving_variance.numpy().tolist() == [1.0, 2.5]
    assert [w.name for w in layer.weights] == ["gamma", "beta", "moving_mean", "moving_variance"]
    assert [w.name for w in layer.trainable_weights] == ["gamma", "beta"]


def test_batch_norm_of_one_sample_has_variance_0():
    layer = BatchNormalization(momentum=0.5)
    assert np.allclose(layer(np.array([[1.0, 2.0]], "float32"), training=True), 0.0, atol=1e-5)
    assert layer.moving_mean.numpy().tolist() == [0.5, 1.0]
    assert layer.moving_variance.numpy().tolist() == [0.5, 0.5]


def test_batch_norm_does_not_copy_channels_last_data():
    x = torch.randn(2, 5, 5, 3)
    layer = BatchNormalization()
    for training in (False, True):
        assert layer(x, training=training).is_contiguous()
        strided = x.permute(0, 3, 1, 2).contiguous().permute(0, 2, 3, 1)
        assert torch.allclose(layer(strided, training=training), layer(x, training=training), atol=1e-5)


def test_batch_norm_that_is_not_trainable_uses_its_averages():
    layer = BatchNormalization()
    layer.trainable = False
    x = data(4, 3)
    assert np.allclose(layer(x, training=True), x / np.sqrt(1.001), atol=1e-6)
    assert layer.moving_mean.numpy().tolist() == [0.0, 0.0, 0.0]
    layer.trainable = True
    assert np.allclose(layer(x, training=True), normalized(x, 0), atol=1e-5)


def test_batch_norm_follows_torchs_train_and_eval():
    layer, x = BatchNormalization(), torch.randn(6, 3)
    assert torch.allclose(layer(x), x / 1.001**0.5)
    layer.train()
    assert torch.allclose(layer(x).mean(0), torch.zeros(3), atol=1e-6)
    assert float(layer.moving_mean.numpy().any())
    layer.eval()
    assert torch.equal(layer(x), layer(x, training=False))


def test_batch_norm_under_functional_call_changes_the_buffers_it_is_given():
    layer, x = BatchNormalization(momentum=0.0), torch.randn(6, 3)
    layer(x)
    state = {name: t.clone() for name, t in layer.state_dict().items()}
    torch.func.functional_call(layer, state, (x,), {"training": True})
    assert torch.allclose(state["moving_mean"], x.mean(0), atol=1e-6)
    assert not layer.moving_mean.numpy().any()


def test_batch_norm_masked_statistics_leave_out_masked_steps():
    x, mask = data(4, 5, 3, dtype="float64"), np.random.default_rng(1).random((4, 5)) > 0.4
    layer = BatchNormalization(momentum=0.0, dtype="float64")
    y = layer(x, training=True, mask=mask)
    rows = x[mask]
    assert np.allclose(layer.moving_mean, rows.mean(0), rtol=1e-6)
    assert np.allclose(layer.moving_variance, rows.var(0), rtol=1e-6)
    assert np.allclose(y, (x - rows.mean(0)) / np.sqrt(rows.var(0) + 1e-3), atol=1e-5)
    again = BatchNormalization(momentum=0.0, dtype="float64")
    padded = np.where(mask[..., None], x, 0.0)
    out = again(Masking(dtype="float64")(padded), training=True)
    assert np.allclose(again.moving_mean, layer.moving_mean)
    assert np.array_equal(out._keras_mask, mask)


def test_batch_norm_with_everything_masked_gives_finite_numbers():
    layer = BatchNormalization(momentum=0.0)
    y = layer(data(2, 3, 4), training=True, mask=np.zeros((2, 3), bool))
    assert np.isfinite(y).all()
    assert not layer.moving_mean.numpy().any() and not layer.moving_variance.numpy().any()


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("shape", [(4,), (4, 5, 3), (4, 5, 1)])
def test_batch_norm_refuses_a_mask_of_another_rank(shape, training):
    with pytest.raises(ValueError, match="The mask provided should be one dimension less than the inputs"):
        BatchNormalization()(data(4, 5, 3), training=training, mask=np.ones(shape, bool))


@pytest.mark.parametrize("limits", [None, {"rmax": 1.1, "rmin": 0.95, "dmax": 0.2}, {"dmax": 0.1}])
def test_batch_renorm_corrects_towards_its_averages(limits):
    layer = BatchNormalization(renorm=True, renorm_clipping=limits, renorm_momentum=0.6, momentum=0.8, dtype="float64")
    limits = limits or {}
    average, deviation, moving = 0.0, 1.0, 1.0
    for seed in range(3):
        x = data(8, 3, seed=seed, dtype="float64")
        own = np.sqrt(x.var(0) + 1e-3)
        r = np.clip(own / deviation, limits.get("rmin", 0), limits.get("rmax", np.inf))
        d = np.clip((x.mean(0) - average) / deviation, -limits.get("dmax", np.inf), limits.get("dmax", np.inf))
        assert np.allclose(layer(x, training=True), (x - x.mean(0)) / own * r + d)
        average, deviation = 0.6 * average + 0.4 * x.mean(0), 0.6 * deviation + 0.4 * own
        moving = 0.8 * moving + 0.2 * own
    assert np.allclose(layer.renorm_mean, average) and np.allclose(layer.renorm_stddev, deviation)
    assert np.allclose(layer.moving_stddev, moving) and np.allclose(layer.moving_variance, moving**2 - 1e-3)
    names = "gamma beta moving_mean moving_variance moving_stddev renorm_mean renorm_stddev"
    assert [w.name for w in layer.weights] == names.split()


def test_batch_renorm_divides_by_the_root_of_epsilon_at_least():
    layer = BatchNormalization(renorm=True, moving_variance_initializer="zeros", epsilon=0.01)
    x = np.arange(6, dtype="float32").reshape(3, 2) / 10
    assert np.allclose(layer(x, training=True), [[0, 1], [2, 3], [4, 5]], atol=1e-6)
    assert np.allclose(layer.renorm_stddev, 0.00191485) and layer.moving_variance.numpy().tolist() == [0, 0]


def test_batch_renorm_starts_from_the_root_of_the_variance():
    layer = BatchNormalization(renorm=True, moving_variance_initializer=lambda shape, dtype=None: np.full(shape, 4.0))
    layer.build((None, 2))
    assert layer.moving_stddev.numpy().tolist() == layer.renorm_stddev.numpy().tolist() == [2.0, 2.0]


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"foo": 1}, r"invalid keys for `renorm_clipping` argument: \{'foo': 1\}. Supported values: \['rmax'"),
        ({"rmax": 2, "rmin": 3}, "rmax should be greater than rmin in the `renorm_clipping` argument"),
        ({"dmax": -1}, "dmax should be non-negative in the `renorm_clipping` argument. Received: dmax=-1"),
    ],
)
def test_batch_renorm_refuses_wrong_limits(limits, words):
    with pytest.raises(ValueError, match=words):
        BatchNormalization(renorm=True, renorm_clipping=limits)


def test_batch_norm_statistics_stay_in_float32():
    for policy in ("float16", "bfloat16", "mixed_float16"):
        layer = BatchNormalization(dtype=policy)
        layer.build((None, 2))
        assert layer.moving_mean.dtype == layer.moving_variance.dtype == "float32"


def test_batch_norm_gradients_are_those_of_the_formula():
    x = torch.randn(5, 3, dtype=torch.float64, requires_grad=True)
    layer = BatchNormalization(dtype="float64")
    layer(x)
    weight = torch.randn(5, 3, dtype=torch.float64)
    (layer(x, training=True) ** 2 * weight).sum().backward()
    plain = x.detach().clone().requires_grad_()
    y = (plain - plain.mean(0)) * torch.rsqrt(plain.var(0, correction=0) + 1e-3)
    (y**2 * weight).sum().backward()
    assert torch.allclose(x.grad, plain.grad)
    assert np.allclose(layer.gamma.grad, (2 * y.detach() ** 2 * weight).sum(0))


def test_batch_norm_may_be_called_again_before_backward():
    layer, x = BatchNormalization(), torch.randn(6, 3)
    layer(x)
    total = layer(x, training=False).sum() + layer(x, training=True).sum() + (layer(x * 2, training=True) ** 2).sum()
    total.backward()
    assert layer.gamma.grad is not None


def test_batch_norm_gradient_of_a_tape_uses_the_averages_that_were_read():
    layer, x = BatchNormalization(momentum=0.0), convert(data(6, 3))
    layer(x)
    with GradientTape() as tape:
        before = layer(x, training=False)
        layer(x, training=True)
        loss = before * 1.0
    gradient = tape.gradient(loss, layer.gamma)
    assert np.allclose(gradient, before.numpy().sum(0), rtol=1e-4)


def test_batch_norm_average_that_was_read_does_not_change():
    layer, x = BatchNormalization(), data(6, 3)
    layer(x)
    read = layer.moving_mean.value
    layer(x, training=True)
    assert read.numpy().tolist() == [0.0, 0.0, 0.0]
    assert layer.moving_mean.numpy().any()


class Nested(Layer):
    def __init__(self):
        super().__init__()
        self.first = BatchNormalization()
        self.second = BatchNormalization(renorm=True)

    def call(self, x):
        return self.second(self.first(x, training=True), training=True)


def test_batch_norm_keeps_its_averages_while_shapes_are_traced():
    layer = Nested()
    assert layer(Input((3,))).shape == (None, 3)
    assert layer.first.moving_mean.numpy().tolist() == [0.0, 0.0, 0.0]
    assert layer.second.moving_variance.numpy().tolist() == [1.0, 1.0, 1.0]
    layer(data(4, 3))
    assert layer.first.moving_mean.numpy().all()


def test_batch_norm_takes_keras_2_arguments():
    layer = BatchNormalization(axis=[-1], fused=True, virtual_batch_size=None, input_shape=(3,))
    assert layer.get_config()["axis"] == -1
    with pytest.raises(NotImplementedError, match="virtual_batch_size"):
        BatchNormalization(virtual_batch_size=4)


def test_synchronized_batch_norm_of_one_process_is_plain():
    layer = BatchNormalization(synchronized=True)
    assert layer.get_config()["synchronized"]
    x = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
    np.testing.assert_array_equal(layer(x, training=True), BatchNormalization()(x, training=True))


def test_batch_norm_checks_its_inputs_once_built():
    layer = BatchNormalization()
    layer(data(4, 5, 6))
    with pytest.raises(ValueError, match="expected ndim=3, found ndim=2"):
        layer(data(4, 6))
    with pytest.raises(ValueError, match="expected axis -1 of input shape to have value 6"):
        layer(data(4, 5, 7))


# LayerNormalization ---------------------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(
    shape=st.lists(st.integers(2, 4), min_size=2, max_size=4),
    chosen=st.sets(st.integers(1, 3), min_size=1, max_size=2),
    negative=st.booleans(),
    center=st.booleans(),
    scale=st.booleans(),
)
def test_layer_norm_follows_the_formula_on_any_axes(shape, chosen, negative, center, scale):
    rank = len(shape)
    axes = sorted({a % rank or rank - 1 for a in chosen})
    layer = LayerNormalization(
        axis=[a - rank for a in axes] if negative else axes, center=center, scale=scale, dtype="float64"
    )
    x = data(*shape, dtype="float64")
    layer.build(shape)
    sizes = [shape[a] for a in axes]
    spread = [shape[i] if i in axes else 1 for i in range(rank)]
    expected = normalized(x, tuple(axes))
    if scale:
        gamma = data(*sizes, seed=1, dtype="float64")
        layer.gamma.assign(gamma)
        expected = expected * gamma.reshape(spread)
    if center:
        beta = data(*sizes, seed=2, dtype="float64")
        layer.beta.assign(beta)
        expected = expected + beta.reshape(spread)
    assert np.allclose(layer(x), expected)


def test_layer_norm_sorts_its_axes_as_keras_does():
    layer = LayerNormalization(axis=(2, 1))
    layer.build((None, 5, 6))
    assert layer.get_config()["axis"] == [1, 2] and layer.gamma.shape == (5, 6)
    mixed = LayerNormalization(axis=[1, -1])
    assert np.allclose(mixed(data(3, 5, 6)), normalized(data(3, 5, 6), (1, 2)), atol=1e-5)
    assert mixed.gamma.shape == (6, 5)


def test_layer_norm_takes_any_rank_that_has_its_axis():
    layer = LayerNormalization()
    layer(data(4, 5, 6))
    assert layer(data(4, 6)).shape == (4, 6)
    with pytest.raises(ValueError, match="expected axis -1 of input shape to have value 6"):
        layer(data(4, 7))


def test_layer_norm_rms_scaling_divides_by_the_deviation_and_warns():
    with pytest.warns(UserWarning, match="rms_scaling=True"):
        layer = LayerNormalization(rms_scaling=True, scale=False)
    x = data(4, 6)
    assert np.allclose(layer(x), x / np.sqrt(x.var(-1, keepdims=True) + 1e-3), atol=1e-5)
    assert [w.name for w in layer.weights] == ["gamma"]


def test_layer_norm_refuses_an_axis_named_twice():
    with pytest.raises(ValueError, match="names a dimension"):
        LayerNormalization(axis=[1, -1])(data(2, 3))


# GroupNormalization ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("groups", "axis"), [(1, -1), (2, -1), (6, -1), (-1, -1), (2, 1), (4, 2), (3, -1)])
@pytest.mark.parametrize(("center", "scale"), [(True, True), (True, False), (False, True), (False, False)])
def test_group_norm_follows_the_formula(groups, axis, center, scale):
    shape = {-1: (2, 3, 5, 6), 1: (2, 4, 3), 2: (2, 3, 4, 2)}[axis]
    x = data(*shape, dtype="float64")
    layer = GroupNormalization(groups, axis=axis, center=center, scale=scale, dtype="float64")
    y = layer(x)
    moved = np.moveaxis(x, axis, 1)
    count = moved.shape[1] if groups == -1 else groups
    grouped = moved.reshape(2, count, -1)
    expected = np.moveaxis(normalized(grouped, -1).reshape(moved.shape), 1, axis)
    assert np.allclose(y, expected)
    assert layer.groups == count


@pytest.mark.parametrize("shape", [(3, 4), (1, 4), (2, 1, 4)])
@pytest.mark.parametrize("scales", [{}, {"center": False}, {"scale": False}])
def test_groups_of_one_value_are_zero_and_one_sample_trains(shape, scales):
    x = data(*shape)
    layer = GroupNormalization(4, beta_initializer="ones", **scales)
    assert np.array_equal(layer(x), np.full(shape, float(layer.center)))
    assert np.isfinite(GroupNormalization(1)(data(1, 1, 1), training=True)).all()


def test_group_norm_is_accurate_where_the_mean_is_large():
    x = data(2, 8, 8, 4) + 30
    assert np.allclose(GroupNormalization(2)(x), GroupNormalization(2, dtype="float64")(x.astype("float64")), atol=1e-4)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda: GroupNormalization(0),
            "expected a positive integer (or `-1` for instance normalization). Received: gr",
        ),
        (
            lambda: GroupNormalization()(data(2, 6)),
            "Number of groups (32) cannot be more than the number of channels (6)",
        ),
        (lambda: GroupNormalization(4)(data(2, 6)), "Number of groups (4) must divide the number of channels (6)"),
        (lambda: GroupNormalization(2)(Input((None,))), "Axis -1 of input tensor should have a defined dimension but"),
        (lambda: GroupNormalization(2, axis=0)(data(2, 6)), "cannot be on the batch axis"),
    ],
)
def test_group_norm_refuses_what_cannot_be_grouped(make, words):
    with pytest.raises(ValueError) as error:
        make()
    assert words in str(error.value)


# RMSNormalization, UnitNormalization ----------------------------------------------------------------------------------


@pytest.mark.parametrize("axis", [-1, 1, [1, 2], (2, 1), -2])
def test_rms_norm_follows_the_formula(axis):
    x = data(4, 5, 6, dtype="float64")
    layer = RMSNormalization(axis=axis, epsilon=0.1, dtype="float64")
    layer.build(x.shape)
    axes = tuple(a % 3 for a in ([axis] if isinstance(axis, int) else sorted(axis)))
    scale = data(*(x.shape[a] for a in axes), dtype="float64")
    layer.scale.assign(scale)
    spread = [x.shape[i] if i in axes else 1 for i in range(3)]
    expected = x / np.sqrt((x**2).mean(axes, keepdims=True) + 0.1) * scale.reshape(spread)
    assert np.allclose(layer(x), expected)


def test_unit_norm_gives_length_1_and_keeps_zeros():
    x = np.array([[3.0, 4.0], [0.0, 0.0], [1e-7, 0.0]], "float32")
    assert np.allclose(UnitNormalization()(x), [[0.6, 0.8], [0.0, 0.0], [1.0, 0.0]])
    assert np.allclose(UnitNormalization(dtype="float16")(x * 100), [[0.6, 0.8], [0, 0], [1, 0]], atol=1e-2)
    assert np.allclose(np.linalg.norm(UnitNormalization(axis=[1, 2])(data(2, 3, 4)), axis=(1, 2)), 1.0)


# SpectralNormalization ------------------------------------------------------------------------------------------------


def unit(v):
    return v / np.linalg.norm(v)


def test_spectral_norm_divides_the_kernel_by_its_largest_singular_value():
    layer = SpectralNormalization(Dense(3), power_iterations=2)
    x = data(4, 6)
    layer(x)
    kernel, u = layer.kernel.numpy(), layer.vector_u.numpy()
    for _ in range(2):
        v = unit(u @ kernel.T)
        u = unit(v @ kernel)
    expected = kernel / (v @ kernel @ u.T)
    assert np.allclose(layer(x, training=True), x @ expected, atol=1e-5)
    assert np.allclose(layer.layer.kernel, expected, atol=1e-6) and np.allclose(layer.vector_u, u, atol=1e-6)
    assert np.allclose(layer(x), x @ expected, atol=1e-5)
    for _ in range(50):
        layer(x, training=True)
    assert np.allclose(np.linalg.norm(layer.kernel.numpy(), 2), 1.0, atol=1e-4)


def test_spectral_norm_gradient_is_that_of_the_divided_kernel():
    layer, x = SpectralNormalization(Dense(2, use_bias=False)), data(4, 3)
    layer(x)
    with GradientTape() as tape:
        loss = layer(x, training=True) ** 2
    expected = x.T @ (2 * x @ layer.kernel.numpy())
    assert np.allclose(tape.gradient(loss, layer.trainable_variables)[0], expected, rtol=1e-4)


def test_spectral_norm_keeps_weights_in_keras_order_and_round_trips():
    layer = SpectralNormalization(Dense(3))
    state = random.getstate()
    layer.build((None, 4))
    assert random.getstate() != state  # one draw, for the vector's initializer
    assert [w.name for w in layer.weights] == ["kernel", "vector_u", "bias"]
    assert [w.name for w in layer.trainable_weights] == ["kernel", "bias"]
    config = layer.get_config()
    assert config["power_iterations"] == 1 and config["layer"]["class_name"] == "Dense"
    entry = Input((4,))
    model = Functional(entry, layer(entry))
    assert np.array_equal(model(data(2, 4)), layer(data(2, 4)))


def test_spectral_norm_leaves_a_kernel_of_zeros():
    layer = SpectralNormalization(Dense(2, kernel_initializer="zeros"))
    assert np.array_equal(layer(data(3, 4), training=True), np.zeros((3, 2)))


def test_spectral_norm_of_embeddings_and_what_it_refuses():
    assert SpectralNormalization(Embedding(5, 6))(np.array([[1, 2]]), training=True).dtype == "float32"
    with pytest.raises(ValueError, match="`power_iterations` should be greater than zero"):
        SpectralNormalization(Dense(3), power_iterations=0)
    with pytest.raises(ValueError, match="UnitNormalization object has no attribute 'kernel' nor 'embeddings'"):
        SpectralNormalization(UnitNormalization())(data(2, 3))


@pytest.mark.parametrize("axis", [-1, [2, 1], [1, -1]])
def test_axes_are_kept_as_given_until_the_layer_is_built(axis):
    layer = LayerNormalization(axis=axis)
    assert layer.get_config()["axis"] == axis
    layer.build((2, 3, 4))
    assert layer.get_config()["axis"] == (sorted(axis) if isinstance(axis, list) else [axis])
    assert RMSNormalization(axis=axis).get_config()["axis"] == axis


def test_layer_normalization_without_weights_needs_no_sizes():
    layer = LayerNormalization(center=False, scale=False)
    assert layer(Input((3, None))).shape == (None, 3, None)
    np.testing.assert_allclose(layer(np.array([[0.0, 2.0]], "float32")), [[-0.9995004, 0.9995004]], rtol=1e-6)


def test_spectral_normalization_of_a_layer_with_another_dtype():
    layer = SpectralNormalization(Dense(2, dtype="float32"), dtype="float64")
    assert layer(np.ones((2, 3), "float16")).dtype == "float64"
    assert {w.dtype.name for w in layer.weights} == {"float32"}


@pytest.mark.parametrize("axis", [3, 5, -4, (1, 5)])
def test_unit_normalization_has_no_axis_outside(axis):
    with pytest.raises(ValueError, match="out of bounds for input shape"):
        UnitNormalization(axis=axis)(Input((3, 4)))
