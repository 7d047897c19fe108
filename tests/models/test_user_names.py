"""Users' classes may have attributes and methods of any name; what the library keeps in them begins with ``_k_``."""

import re

import numpy as np
import pytest
import torch

import kerasish as keras

# Keras's own names of one word, those of quantized and adapted layers, and what has always been asked for by name.
KNOWN = {
    "_prepare",
    "_losses",
    "_metrics",
    "_layers",
    "_name",
    "_path",
    "_trainable",
    "_settled",
    "_lowered",
    "_weights",
    "_iterations",
    "_variables",
    "_hyper",
}
NAMES = ["_step", "_network", "_run", "_stack", "_prepare", "_collect", "_parts", "_results", "_compiled", "_entry"]
X, Y = np.linspace(0, 1, 12, dtype="float32").reshape(4, 3), np.ones((4, 2), "float32")


class Scaled(keras.Model):
    """Multiplies by what an attribute or a method of a given name holds."""

    def __init__(self, name, kind):
        super().__init__()
        self.known = name
        if kind == "layer":
            setattr(self, name, keras.layers.Dense(3))
        elif kind == "list":
            setattr(self, name, [1, 2])
        self.head = keras.layers.Dense(2)

    def call(self, x):
        held = getattr(self, self.known)
        if isinstance(held, list):
            x = x * held[1]
        elif isinstance(held, keras.layers.Layer):
            x = held(x)
        else:
            x = held(x, 2.0)
        return self.head(x)


def losses(make, **options):
    keras.utils.set_random_seed(0)
    model = make()
    model.compile(**{"optimizer": "sgd", "loss": "mse", **options})
    return model.fit(X, Y, epochs=2, verbose=0).history["loss"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["layer", "list", "method"])
def test_a_model_may_use_the_name(name, kind):
    made = type("Made", (Scaled,), {name: lambda self, x, factor: x * factor} if kind == "method" else {})
    plain = type("Plain", (Scaled,), {"of_users": lambda self, x, factor: x * factor} if kind == "method" else {})
    np.testing.assert_allclose(losses(lambda: made(name, kind)), losses(lambda: plain("of_users", kind)))


@pytest.mark.parametrize("name", ["_step", "_count", "_clip", "_average", "step", "rate", "phase", "advance"])
def test_an_optimizer_may_use_the_name(name):
    class Plain(keras.optimizers.Optimizer):
        def __init__(self):
            super().__init__(learning_rate=0.1)
            setattr(self, name, 2.0)

        def update_step(self, gradient, variable, learning_rate):
            variable.assign_sub(gradient * learning_rate * getattr(self, name))

    def model():
        return keras.Sequential([keras.layers.Dense(2)])

    expected = losses(model, optimizer=keras.optimizers.SGD(0.2))
    np.testing.assert_allclose(losses(model, optimizer=Plain()), expected, rtol=1e-6)


def test_a_loss_may_use_the_name():
    class Doubled(keras.losses.Loss):
        def call(self, y_true, y_pred):
            return keras.ops.mean(self._values(y_true - y_pred), axis=-1)

        def _values(self, x):
            return 2.0 * x * x

    assert float(Doubled()(np.zeros((2, 2), "float32"), np.ones((2, 2), "float32"))) == 2.0


@pytest.mark.parametrize("kind", [keras.Model, keras.Sequential, keras.layers.Layer, keras.optimizers.Optimizer])
def test_no_other_name_of_one_word_is_taken(kind):
    held = kind(learning_rate=0.1) if kind is keras.optimizers.Optimizer else kind()
    names = {name for base in kind.__mro__ if base.__module__.startswith("kerasish") for name in vars(base)} | set(
        vars(held)
    )
    taken = {name for name in names if re.fullmatch("_[a-z]+", name)} - set(dir(torch.nn.Module())) - KNOWN
    assert sorted(taken) == []


OVERRIDABLE = [
    "inputs",
    "outputs",
    "input_names",
    "output_names",
    "operations",
    "input_shape",
    "output_shape",
    "inbound_nodes",
]


@pytest.mark.parametrize("name", OVERRIDABLE)
@pytest.mark.parametrize("base", [keras.Model, keras.layers.Layer])
def test_users_classes_may_keep_their_own_under_names_of_graphs(base, name):
    class Own(base):
        def __init__(self):
            super().__init__()
            setattr(self, name, [3])

        def call(self, x):
            return x * 2.0

    own = Own()
    assert float(own(np.ones((1, 1), "float32"))[0, 0]) == 2.0
    assert getattr(own, name) == [3]


def test_a_model_that_trains_by_itself_may_keep_anything_as_its_optimizer():
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.optimizer = object()

    assert not Own().compiled
    with pytest.raises(ValueError, match="[Oo]ptimizer"):
        keras.Sequential([keras.layers.Dense(1)]).optimizer = "no such optimizer"
