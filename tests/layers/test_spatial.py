"""What every convolution, pooling and reshaping layer promises: shapes, configs, dtypes, torch tensors, models, copies."""

import copy
import pickle

import numpy as np
import pytest
import torch

from kerasish.core.autodiff import GradientTape
from kerasish.core.symbolic import KerasTensor
from kerasish.core.tensor import Tensor, convert
from kerasish.layers import conv, conv_depthwise, conv_transpose, pool, reshape, upsampling
from kerasish.layers.core import Input
from kerasish.models.functional import Functional

MODULES = (conv, conv_transpose, conv_depthwise, pool, reshape, upsampling)
CLASSES = {name: thing for module in MODULES for name, thing in vars(module).items() if isinstance(thing, type)}

WITH_WEIGHTS = [
    ("Conv1D", {"filters": 3, "kernel_size": 2, "padding": "causal", "activation": "tanh"}, (5, 4)),
    ("Conv2D", {"filters": 4, "kernel_size": (3, 2), "strides": 2, "padding": "same", "groups": 2}, (6, 5, 4)),
    ("Conv2D", {"filters": 4, "kernel_size": 3, "data_format": "channels_first", "use_bias": False}, (2, 6, 5)),
    ("Conv3D", {"filters": 2, "kernel_size": 2, "dilation_rate": (1, 2, 1)}, (4, 5, 3, 2)),
    ("Conv1DTranspose", {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same"}, (5, 4)),
    ("Conv2DTranspose", {"filters": 3, "kernel_size": 3, "strides": 2, "output_padding": (1, 0)}, (3, 4, 2)),
    ("Conv2DTranspose", {"filters": 3, "kernel_size": 2, "data_format": "channels_first"}, (2, 3, 4)),
    ("Conv3DTranspose", {"filters": 2, "kernel_size": 2, "strides": (1, 2, 3), "activation": "relu"}, (2, 3, 2, 2)),
    ("SeparableConv1D", {"filters": 3, "kernel_size": 2, "strides": 2, "padding": "same"}, (5, 4)),
    ("SeparableConv2D", {"filters": 3, "kernel_size": 2, "depth_multiplier": 2, "dilation_rate": 2}, (5, 6, 2)),
    ("DepthwiseConv1D", {"kernel_size": 3, "depth_multiplier": 3, "padding": "same"}, (5, 2)),
    ("DepthwiseConv2D", {"kernel_size": 2, "data_format": "channels_first", "activation": "elu"}, (3, 4, 5)),
]
WITHOUT = [
    *((f"{kind}Pooling{n}D", {"pool_size": 2}, (5,) * n + (3,)) for kind in ("Max", "Average") for n in (1, 2, 3)),
    ("MaxPooling2D", {"pool_size": (2, 3), "strides": (1, 2), "padding": "same"}, (5, 4, 3)),
    ("AveragePooling1D", {"pool_size": 3, "padding": "same", "data_format": "channels_first"}, (3, 5)),
    *((f"Global{kind}Pooling{n}D", {}, (4,) * n + (3,)) for kind in ("Max", "Average") for n in (1, 2, 3)),
    ("GlobalMaxPooling2D", {"keepdims": True, "data_format": "channels_first"}, (3, 4, 5)),
    *(
        (f"Adaptive{kind}Pooling{n}D", {"output_size": 2}, (5,) * n + (3,))
        for kind in ("Max", "Average")
        for n in (1, 2, 3)
    ),
    ("AdaptiveAveragePooling2D", {"output_size": (2, 3), "data_format": "channels_first"}, (3, 4, 5)),
    ("Flatten", {}, (3, 4)),
    ("Flatten", {"data_format": "channels_first"}, (3, 4, 2)),
    ("Reshape", {"target_shape": (2, -1)}, (3, 4)),
    ("Permute", {"dims": (3, 1, 2)}, (3, 4, 5)),
    ("RepeatVector", {"n": 3}, (4,)),
    ("Cropping1D", {"cropping": (1, 2)}, (5, 3)),
    ("Cropping2D", {"cropping": ((1, 0), (2, 1)), "data_format": "channels_first"}, (3, 4, 5)),
    ("Cropping3D", {"cropping": 1}, (3, 4, 5, 2)),
    ("ZeroPadding1D", {"padding": (1, 2), "data_format": "channels_first"}, (3, 4)),
    ("ZeroPadding2D", {"padding": (1, 2)}, (3, 4, 5)),
    ("ZeroPadding3D", {"padding": ((1, 0), (0, 2), (1, 1))}, (3, 4, 2, 2)),
    ("UpSampling1D", {"size": 3}, (3, 4)),
    ("UpSampling2D", {"size": (2, 3), "interpolation": "bilinear"}, (3, 4, 2)),
    ("UpSampling2D", {"size": 2, "interpolation": "lanczos3", "data_format": "channels_first"}, (2, 3, 4)),
    ("UpSampling3D", {"size": (1, 2, 3)}, (3, 4, 2, 2)),
]
ALL = WITH_WEIGHTS + WITHOUT
KEEP_INTEGERS = [case for case in WITHOUT if "Average" not in case[0]]
every = pytest.mark.parametrize(("name", "arguments", "shape"), ALL, ids=[f"{c[0]}-{i}" for i, c in enumerate(ALL)])


def make(kind, arguments, **more):
    return CLASSES[kind](**arguments, **more)


def data(shape, batch=2, dtype="float32"):
    return np.random.default_rng(len(shape)).standard_normal((batch, *shape)).astype(dtype)


@every
def test_symbolic_shapes_are_those_of_real_calls(name, arguments, shape):
    layer = make(name, arguments)
    x = data(shape)
    symbolic = layer(KerasTensor((None, *shape)))
    y = layer(x)
    assert isinstance(y, Tensor)
    assert symbolic.shape == (None, *y.shape[1:]) and symbolic.dtype == y.dtype == "float32"
    assert tuple(layer.compute_output_shape(x.shape)) == tuple(y.shape)
    axis = 0 if arguments.get("data_format") == "channels_first" else -1
    open_shape = [None] * len(shape)
    open_shape[axis] = shape[axis]
    loose = make(name, arguments).compute_output_shape((None, *open_shape))
    assert len(loose) == y.ndim
    assert all(a is None or a == b for a, b in zip(loose[1:], y.shape[1:], strict=True))


@every
def test_configs_make_equal_layers(name, arguments, shape):
    layer = make(name, arguments, name="it")
    config = layer.get_config()
    again = type(layer).from_config(config)
    assert again.get_config() == config
    assert all(getattr(again, key) == getattr(layer, key) for key in arguments)
    x = data(shape)
    layer(x), again(x)
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(again(x).numpy(), layer(x).numpy())


@every
def test_torch_tensors_go_in_and_come_out(name, arguments, shape):
    layer = make(name, arguments)
    x = data(shape)
    y = layer(x).numpy()
    given = torch.tensor(x, requires_grad=True)
    out = layer(given)
    assert type(out) is torch.Tensor
    np.testing.assert_array_equal(out.detach().numpy(), y)
    out.square().sum().backward()
    assert given.grad is not None and all(p.grad is not None for p in layer.parameters())


@every
def test_a_model_computes_what_the_layer_does(name, arguments, shape):
    layer = make(name, arguments)
    inputs = Input(shape)
    model = Functional(inputs, layer(inputs))
    x = data(shape, batch=3)
    np.testing.assert_array_equal(model(x).numpy(), layer(x).numpy())


@every
@pytest.mark.parametrize("dtype", ["float64", "float16", "bfloat16", "mixed_bfloat16"])
def test_dtypes(name, arguments, shape, dtype):
    layer, exact = make(name, arguments, dtype=dtype), make(name, arguments)
    x = data(shape)
    y = layer(x)
    assert y.dtype == dtype.removeprefix("mixed_") == layer(KerasTensor((None, *shape))).dtype
    exact(x)
    exact.set_weights([w.numpy().astype("float32") for w in layer.weights])
    tolerance = {"float64": 1e-5, "float16": 1e-2}.get(dtype, 0.1)
    np.testing.assert_allclose(y.numpy().astype("float32"), exact(x).numpy(), rtol=tolerance, atol=tolerance)


@every
def test_copies_have_their_own_weights_in_the_same_layout(name, arguments, shape):
    layer = make(name, arguments)
    x = data(shape)
    y = layer(x).numpy()
    for clone in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert [w.stored.stride() for w in clone.weights] == [w.stored.stride() for w in layer.weights]
        np.testing.assert_array_equal(clone(x).numpy(), y)
        clone.set_weights([w + 1 for w in clone.get_weights()])
    np.testing.assert_array_equal(layer(x).numpy(), y)


@every
def test_empty_batches_pass(name, arguments, shape):
    layer = make(name, arguments)
    y = layer(data(shape))
    assert layer(data(shape, batch=0)).shape == (0, *y.shape[1:])


@pytest.mark.parametrize(("name", "arguments", "shape"), KEEP_INTEGERS)
@pytest.mark.parametrize("dtype", ["int32", "uint8"])
def test_integers_stay_integers(name, arguments, shape, dtype):
    x = np.random.default_rng(0).integers(0, 100, (2, *shape)).astype(dtype)
    layer = make(name, arguments)
    y = layer(x)
    assert y.dtype == dtype == layer(KerasTensor((None, *shape), dtype)).dtype
    floats = layer(x.astype("float32")).numpy()
    bounds = np.iinfo(dtype)
    np.testing.assert_array_equal(y.numpy(), floats.round().clip(bounds.min, bounds.max))  # interpolations round


@pytest.mark.parametrize(("name", "arguments", "shape"), [c for c in ALL if c not in KEEP_INTEGERS])
def test_integers_become_floats_where_means_and_sums_are_taken(name, arguments, shape):
    x = np.random.default_rng(0).integers(0, 100, (2, *shape))
    layer = make(name, arguments)
    y = layer(x)
    assert y.dtype == "float32" == layer(KerasTensor((None, *shape), "int64")).dtype
    np.testing.assert_array_equal(y.numpy(), layer(x.astype("float32")).numpy())


@pytest.mark.parametrize(("name", "arguments", "shape"), WITH_WEIGHTS)
def test_gradients_are_those_of_differences(name, arguments, shape):
    layer = make(name, arguments, dtype="float64")
    x = convert(data(shape, dtype="float64"))
    layer(x)
    rng = np.random.default_rng(0)
    layer.set_weights([rng.standard_normal(w.shape) for w in layer.weights])
    upstream = rng.standard_normal(layer(x).shape)
    with GradientTape() as tape:
        tape.watch(x)
        loss = layer(x) * upstream
    gradients = tape.gradient(loss, [x, *layer.trainable_weights])

    def value(inputs):
        return (layer(inputs).numpy() * upstream).sum()

    step = rng.standard_normal(x.shape) * 1e-6
    numeric = value(x.numpy() + step) - value(x.numpy() - step)
    assert numeric == pytest.approx(2 * (gradients[0].numpy() * step).sum(), rel=1e-4, abs=1e-12)
    for weight, gradient in zip(layer.trainable_weights, gradients[1:], strict=True):
        before = weight.numpy()
        assert gradient.shape == before.shape
        step = rng.standard_normal(before.shape) * 1e-6
        weight.assign(before + step)
        numeric = value(x)
        weight.assign(before - step)
        numeric -= value(x)
        weight.assign(before)
        assert numeric == pytest.approx(2 * (gradient.numpy() * step).sum(), rel=1e-4, abs=1e-12)


@pytest.mark.parametrize(
    ("name", "arguments", "shape"), [c for c in ALL if "data_format" in c[1] and c[0] != "Flatten"]
)
def test_channels_first_is_channels_last_turned(name, arguments, shape):
    x = data(shape)
    layer = make(name, arguments)
    y = layer(x).numpy()
    turned = make(name, {**arguments, "data_format": "channels_last"})
    turned(np.moveaxis(x, 1, -1))
    turned.set_weights(layer.get_weights())
    other = turned(np.moveaxis(x, 1, -1)).numpy()
    other = np.moveaxis(other, -1, 1) if other.ndim == x.ndim else other
    np.testing.assert_allclose(y, other, rtol=1e-5, atol=1e-6)
