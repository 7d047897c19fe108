"""Lowered layers: in a plan they compute what their ``call`` does, without copies of the data."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode

from kerasish import Model, Sequential, layers


class Kernels(TorchDispatchMode):
    """Notes which kernels run."""

    def __init__(self):
        super().__init__()
        self.names = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.names.append(function._schema.name.removeprefix("aten::"))
        return function(*args, **(kwargs or {}))


def compare(layer, x, training):
    """Output, gradients and state in a plan and by ``call``."""
    inputs = layers.Input(x.shape[1:], dtype=str(x.dtype).removeprefix("torch."))
    model = Model(inputs, layer(inputs))
    for variable in layer.variables:
        variable.assign(torch.rand(variable.shape) + 0.5)
    assert type(layer)._lowered is not layers.Layer._lowered
    assert layer._lowered(inputs, training) is not None
    before = [b.clone() for b in layer.buffers()]
    options = {"training": training} if layer._call_spec.takes_training else {}
    found = []
    for function in (lambda t: model._k_network.plan(training).program(t)[0], lambda t: layer._raw_call(t, **options)):
        leaf = x.clone().requires_grad_(x.is_floating_point())
        out = function(leaf)
        wanted = [t for t in (leaf, *layer.parameters()) if t.requires_grad]
        grads = torch.autograd.grad(out.sin().sum(), wanted) if wanted else []
        found.append([out.detach(), *grads, *(b.clone() for b in layer.buffers())])
        for buffer, value in zip(layer.buffers(), before):
            buffer.copy_(value)
    for got, want in zip(*found, strict=True):
        torch.testing.assert_close(got, want, rtol=0, atol=0)


CASES = {
    "conv1d": (lambda: layers.Conv1D(3, 3, activation="relu"), (2, 7, 4)),
    "conv1d_strides": (lambda: layers.Conv1D(3, 2, strides=2, use_bias=False), (2, 7, 4)),
    "conv2d": (lambda: layers.Conv2D(3, 3, activation="tanh"), (2, 6, 5, 4)),
    "conv2d_same": (lambda: layers.Conv2D(3, (3, 5), padding="same", use_bias=False), (2, 6, 5, 4)),
    "conv2d_dilated": (lambda: layers.Conv2D(4, 2, padding="same", dilation_rate=2, groups=2), (2, 6, 5, 4)),
    "conv2d_first": (lambda: layers.Conv2D(3, 3, strides=2, data_format="channels_first"), (2, 4, 6, 5)),
    "conv3d": (lambda: layers.Conv3D(2, 2), (2, 4, 3, 3, 2)),
    "max1d": (lambda: layers.MaxPooling1D(2), (2, 7, 4)),
    "max1d_first": (lambda: layers.MaxPooling1D(2, data_format="channels_first"), (2, 4, 7)),
    "max2d": (lambda: layers.MaxPooling2D((3, 2), 1), (2, 6, 5, 4)),
    "average2d": (lambda: layers.AveragePooling2D(2), (2, 6, 5, 4)),
    "average3d": (lambda: layers.AveragePooling3D(2), (2, 4, 3, 3, 2)),
    "global1d": (lambda: layers.GlobalAveragePooling1D(keepdims=True), (2, 7, 4)),
    "global2d": (lambda: layers.GlobalAveragePooling2D(), (2, 6, 5, 4)),
    "global_max": (lambda: layers.GlobalMaxPooling2D(data_format="channels_first"), (2, 4, 6, 5)),
    "batch_norm": (lambda: layers.BatchNormalization(), (6, 4)),
    "batch_norm_images": (lambda: layers.BatchNormalization(momentum=0.9, epsilon=1e-2), (2, 6, 5, 4)),
    "batch_norm_frozen": (lambda: layers.BatchNormalization(trainable=False), (6, 5, 4)),
    "layer_norm": (lambda: layers.LayerNormalization(), (6, 4)),
    "layer_norm_axes": (lambda: layers.LayerNormalization([1, 2], epsilon=1e-2), (6, 5, 4)),
    "layer_norm_scale": (lambda: layers.LayerNormalization(center=False), (6, 5, 4)),
    "layer_norm_offset": (lambda: layers.LayerNormalization(scale=False), (6, 5, 4)),
}  # fmt: skip


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_a_lowered_layer_computes_what_its_call_does(case, training):
    make, shape = CASES[case]
    torch.manual_seed(0)
    compare(make(), torch.randn(shape), training)


def test_batch_normalization_takes_images_that_are_not_contiguous():
    layer = layers.BatchNormalization()
    compare(layer, torch.randn(2, 6, 5, 4), True)
    x = torch.randn(2, 4, 6, 5).permute(0, 2, 3, 1)
    model = Sequential([layers.Input((6, 5, 4)), layer])
    torch.testing.assert_close(model._k_network.plan(True).program(x)[0], layer._raw_call(x, training=True))


def test_batch_normalization_looks_at_trainable_when_it_runs():
    layer = layers.BatchNormalization()
    model = Sequential([layers.Input((4,)), layer])
    x = torch.randn(8, 4) + 3
    model._k_network.plan(True).program(x)
    moved = layer.moving_mean.numpy()
    assert np.all(moved > 0)
    layer.trainable = False
    model._k_network.plan(True).program(x)
    np.testing.assert_array_equal(layer.moving_mean.numpy(), moved)


def test_an_attribute_that_lowering_looked_at_may_change():
    layer = layers.Conv2D(2, 3, kernel_initializer="ones")
    model = Sequential([layers.Input((4, 4, 1)), layer])
    x = -np.ones((1, 4, 4, 1), "float32")
    assert np.all(np.asarray(model(x)) == -9)
    layer.activation = torch.relu
    assert np.all(np.asarray(model(x)) == 0)


@given(st.integers(1, 3), st.integers(1, 4), st.integers(1, 3), st.sampled_from(["valid", "same"]), st.data())
@settings(deadline=None, max_examples=30)
def test_convolutions_of_any_window(rank, window, stride, padding, data):
    dilation = data.draw(st.integers(1, 2)) if stride == 1 else 1
    make = [layers.Conv1D, layers.Conv2D, layers.Conv3D][rank - 1]
    layer = make(2, window, strides=stride, padding=padding, dilation_rate=dilation)
    x = torch.randn(2, *(data.draw(st.integers(7, 9)) for _ in range(rank)), 3)
    inputs = layers.Input(x.shape[1:])
    model = Model(inputs, layer(inputs))
    with torch.no_grad():
        torch.testing.assert_close(model._k_network.plan(False).program(x)[0], layer._raw_call(x))


def test_embedding_in_a_plan_names_the_wrong_index():
    inputs = layers.Input((3,), dtype="int32")
    model = Model(inputs, layers.Embedding(5, 2, name="words")(inputs))
    assert model(np.array([[0, 4, 1]])).shape == (1, 3, 2)
    with pytest.raises(Exception, match=r"'words': index 5 is not in \[0, 5\)"):
        model(np.array([[0, 5, 1]]))


JOINS = {
    "Add": lambda a, b: a + b,
    "Subtract": lambda a, b: a - b,
    "Multiply": lambda a, b: a * b,
    "Maximum": torch.maximum,
    "Minimum": torch.minimum,
    "Concatenate": lambda a, b: torch.cat((a, b), -1),
}


@pytest.mark.parametrize("name", JOINS)
def test_layers_of_two_inputs_are_lowered_to_one_call(name):
    left, right = layers.Input((3,)), layers.Input((3,))
    model = Model([left, right], getattr(layers, name)()([left, right]))
    plan = model._k_network.plan(False)
    assert "(x0, x1)" in plan.source
    a, b = torch.randn(4, 3), torch.randn(4, 3)
    torch.testing.assert_close(plan.program(a, b)[0], JOINS[name](a, b), rtol=0, atol=0)


@pytest.mark.parametrize(("shapes", "expected"), [(((3,), (2, 3)), (4, 2, 3)), (((3,), (3,), (3,)), (4, 3))])
def test_other_sums_keep_their_rule(shapes, expected):
    inputs = [layers.Input(shape) for shape in shapes]
    model = Model(inputs, layers.Add()(inputs))
    values = [torch.randn(4, *shape) for shape in shapes]
    assert model(values).shape == expected


def test_a_users_join_is_called():
    class Twice(layers.Add):
        def combine(self, x, y):
            return 2 * (x + y)

    left, right = layers.Input((3,)), layers.Input((3,))
    model = Model([left, right], Twice()([left, right]))
    assert float(np.asarray(model([np.ones((1, 3)), np.ones((1, 3))]))[0, 0]) == 4


@pytest.mark.parametrize("training", [False, True])
def test_images_are_never_copied(training):
    model = Sequential([
        layers.Input((16, 16, 3)), layers.Conv2D(8, 3), layers.BatchNormalization(), layers.ReLU(), layers.MaxPooling2D(),
        layers.Conv2D(8, 3, padding="same", activation="relu"), layers.AveragePooling2D(), layers.Flatten(),
        layers.Dense(2),
    ])  # fmt: skip
    x, parameters = torch.rand(4, 16, 16, 3), [p for p in model.parameters() if p.requires_grad]
    model.forward_raw(x, training)
    with Kernels() as kernels:
        torch.autograd.grad(model.forward_raw(x, training).sum(), parameters)
    copies = [name for name in kernels.names if name in ("copy_", "contiguous", "_to_copy", "clone")]
    assert copies == ([] if training else ["clone"] * 2)  # of two statistics, which later steps change
