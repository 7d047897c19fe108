import inspect

import numpy as np
import pytest
import torch

from kerasish import activations, layers, models
from kerasish.core import registry
from kerasish.core.autodiff import GradientTape
from kerasish.core.symbolic import KerasTensor
from kerasish.core.tensor import Tensor, convert
from kerasish.ops import nn

NAMES = [name for name in activations.__all__ if name not in ("deserialize", "get", "serialize")]
X = np.linspace(-4, 4.1, 32).astype("float32").reshape(2, 16)


@pytest.mark.parametrize("name", NAMES)
def test_activations_agree_raw_and_wrapped(name):
    function = activations.get(name)
    arguments = (1.0, 9.0) if name == "threshold" else ()
    wrapped = function(X, *arguments)
    raw = function.raw(torch.from_numpy(X), *arguments)
    assert type(wrapped) is Tensor and type(raw) is torch.Tensor
    assert np.array_equal(wrapped.numpy(), raw.numpy())
    assert function(KerasTensor((None, 4)), *arguments).shape[0] is None
    own = nn.__dict__.get(name)
    if own is not None and name not in ("gelu",):
        assert np.array_equal(own(X, *arguments).numpy(), wrapped.numpy())
        assert own is not function


@pytest.mark.parametrize(
    ("name", "formula"),
    [
        ("linear", lambda x: x),
        ("tanh", np.tanh),
        ("exponential", np.exp),
        ("mish", lambda x: x * np.tanh(np.log1p(np.exp(x)))),
    ],
)
def test_activations_that_ops_do_not_have(name, formula):
    x = X.astype("float64")
    np.testing.assert_allclose(activations.get(name)(x).numpy(), formula(x), rtol=1e-9)


@pytest.mark.parametrize("slope", [0.0, 0.1])
@pytest.mark.parametrize("most", [None, 2.0])
@pytest.mark.parametrize("threshold", [0.0, 1.0])
def test_relu_with_arguments(slope, most, threshold):
    x = np.array([-2.0, 0.0, 0.5, 1.0, 1.5, 3.0])
    expected = np.where(x > threshold, x if most is None else np.minimum(x, most), slope * (x - threshold))
    y = activations.relu(x, negative_slope=slope, max_value=most, threshold=threshold)
    np.testing.assert_allclose(y.numpy(), expected, atol=1e-12)


def test_relu_keeps_integers():
    assert activations.relu(np.array([-1, 5], "int32"), max_value=3).numpy().tolist() == [0, 3]


def test_defaults_are_those_of_keras_activations():
    assert inspect.signature(activations.gelu).parameters["approximate"].default is False
    assert inspect.signature(activations.leaky_relu).parameters["negative_slope"].default == 0.2
    assert list(inspect.signature(activations.relu).parameters) == ["x", "negative_slope", "max_value", "threshold"]


def test_get():
    assert activations.get("relu") is activations.relu
    assert activations.get(None) is activations.linear
    assert activations.get("swish") is activations.get("silu") is activations.silu
    assert activations.get(np.tanh) is np.tanh
    config = {"module": "keras.activations", "class_name": "function", "config": "relu", "registered_name": "relu"}
    assert activations.get(config) is activations.relu


def mine(x):
    return x * 2


@registry.register_keras_serializable("package")
def registered(x):
    return x


def test_serialize_gives_the_name():
    assert activations.serialize(activations.relu) == "relu"
    assert activations.serialize(activations.hard_swish) == "hard_silu"
    assert activations.serialize(nn.relu) == "relu"
    assert activations.deserialize(activations.serialize(registered)) is registered
    assert activations.deserialize("mine", custom_objects={"mine": mine}) is mine
    assert activations.deserialize("tanh") is activations.tanh
    with registry.CustomObjectScope({"mine": mine}):
        assert activations.get("mine") is mine


@pytest.mark.parametrize("name", NAMES)
def test_names_survive_serialization(name):
    function = getattr(activations, name)
    assert activations.deserialize(activations.serialize(function)) is function


def test_raw_of_ours_is_the_undecorated_function():
    assert activations.raw(activations.relu) is activations.relu.raw
    relu = torch.nn.ReLU()
    assert activations.raw(relu) is relu


def test_raw_of_a_user_s_function_gives_it_tensors():
    def custom(x):
        assert type(x) is Tensor
        return x * 3

    t = torch.ones(2, requires_grad=True)
    y = activations.raw(custom)(t)
    assert type(y) is torch.Tensor
    y.sum().backward()
    assert t.grad.tolist() == [3, 3]
    with torch.no_grad():
        assert not activations.raw(custom)(t).requires_grad


def test_gradients():
    x = convert(X)
    with GradientTape() as tape:
        tape.watch(x)
        y = activations.tanh(x)
    np.testing.assert_allclose(tape.gradient(y, x).numpy(), 1 - np.tanh(X) ** 2, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("identifier", "words"),
    [
        ("foo", "Could not interpret activation function identifier: foo"),
        ("Relu", "Did you mean 'relu'"),
        (3, "Could not interpret activation function identifier: 3"),
    ],
)
def test_unknown_names_raise(identifier, words):
    with pytest.raises(ValueError) as error:
        activations.get(identifier)
    assert words in str(error.value)
    with pytest.raises(ValueError):
        activations.serialize("relu")


def test_ops_keep_their_own_names():
    from kerasish.core.dispatch import OPS

    assert OPS["relu"] is nn.relu and OPS["gelu"] is nn.gelu
    with pytest.raises(AttributeError):
        activations.hardtanh  # noqa: B018


def test_sparsemax_projects_onto_the_simplex():
    rows = activations.sparsemax(np.array([[1.0, 2.0, 3.0], [0.1, 0.2, 0.3], [2.0, 2.0, 0.0]], "float32"))
    np.testing.assert_allclose(rows, [[0, 0, 1], [7 / 30, 1 / 3, 13 / 30], [0.5, 0.5, 0]], rtol=1e-6)


def test_a_layer_whose_activation_is_taken_away_gives_its_logits():
    x = np.random.RandomState(0).rand(2, 8, 8, 3).astype("float32")
    for layer in (layers.Dense(3, "softmax"), layers.Conv2D(3, 3, activation="relu"), layers.Activation("tanh")):
        inputs = layers.Input((8, 8, 3))
        model = models.Model(inputs, layer(inputs))
        model(x)
        layer.activation = None
        logits = layer(x)
        layer.activation = activations.linear
        np.testing.assert_array_equal(logits, layer(x))
        layer.activation = None
        np.testing.assert_array_equal(model(x), logits)
        np.testing.assert_array_equal(model.predict(x, verbose=0), logits)
        assert layer.get_config()["activation"] is None
