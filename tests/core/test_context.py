"""Name scopes and the paths that they make; the values are those of Keras 3.15."""

import numpy as np
import pytest

import kerasish as keras
from kerasish import tf


class Nested(keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.a = keras.Variable(1.0, name="a")
        with keras.name_scope("early"):
            self.b = keras.Variable(1.0, name="b")
            self.c = self.add_weight(name="c")
        self.inner = keras.layers.Dense(2, name="dense")

    def build(self, input_shape):
        self.d = keras.Variable(1.0, name="d")
        with keras.name_scope("block"):
            self.e = keras.Variable(1.0, name="e")
            self.f = self.add_weight(name="f")
            self.inner.build((None, 2))

    def call(self, x):
        return x

    def paths(self):
        return [v.path for v in (self.a, self.b, self.c, self.d, self.e, self.f, self.inner.kernel)]


PATHS = ["a", "early/b", "early/outer/c", "outer/d", "outer/block/e", "outer/f", "outer/block/dense/kernel"]


def test_paths_of_variables_tell_the_scopes_that_they_were_made_in():
    with keras.name_scope("a"), keras.name_scope("b"):
        variable = keras.Variable(1.0, name="v")
    assert (variable.path, variable.name) == ("a/b/v", "v")


def test_weights_have_the_path_of_their_layer_and_other_variables_that_of_the_open_scopes():
    layer = Nested(name="outer")
    layer(np.ones((1, 2), "float32"))
    assert layer.paths() == PATHS


def test_a_scope_around_is_part_of_every_path():
    with keras.name_scope("top"):
        layer = Nested(name="outer")
        layer(np.ones((1, 2), "float32"))
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="d")], name="s")
        optimizer = keras.optimizers.SGD(momentum=0.9, name="sgd")
        optimizer.build(model.trainable_variables)
        mean = keras.metrics.Mean(name="m")
        generator = keras.random.SeedGenerator(1, name="g")
    assert layer.paths() == [f"top/{path}" for path in PATHS]
    assert [v.path for v in model.weights] == ["top/s/d/kernel", "top/s/d/bias"]
    assert [v.path for v in optimizer.variables[2:]] == [
        "top/sgd/top_s_d_kernel_momentum",
        "top/sgd/top_s_d_bias_momentum",
    ]
    assert mean.variables[0].path == "top/m/total"
    assert generator.state.path == "top/g/seed_generator_state"


def test_a_caller_opens_its_scope_once():
    caller = object()
    with keras.name_scope("a", caller=caller), keras.name_scope("a", caller=caller):
        assert keras.Variable(1.0, name="v").path == "a/v"
    with keras.name_scope("a", caller=caller), keras.name_scope("a", caller=caller, deduplicate=False):
        assert keras.Variable(1.0, name="v").path == "a/a/v"
    with keras.name_scope("a"), keras.name_scope("b", override_parent="x/y"):
        assert keras.Variable(1.0, name="v").path == "x/y/b/v"


@pytest.mark.parametrize("name", [3, None, "a/b"])
def test_names_of_scopes_are_strings_without_slashes(name):
    with pytest.raises(ValueError, match=f"must be a string and cannot contain character `/`. Received: name={name}"):
        keras.name_scope(name)


def test_symbolic_scopes_are_for_shapes_only():
    with keras.SymbolicScope():
        assert keras.ops.add(keras.KerasTensor((None, 3)), 1).shape == (None, 3)


def scoped_names(model):
    return [weight.name for weight in model.weights]


class Outer(keras.Model):
    """Builds one layer by itself in scopes of TensorFlow's, and lets the other be built by its call."""

    def __init__(self):
        super().__init__(name="outer")
        self.first, self.second = keras.layers.Dense(2, name="first"), keras.layers.Dense(2, name="second")

    def build(self, input_shape):
        with tf.name_scope("scope"), tf.name_scope(self.first.name):
            self.first.build((None, 2))
        with tf.name_scope("elsewhere/"):
            self.own = self.add_weight(name="own/part")

    def call(self, x):
        return self.second(self.first(x))


def test_programs_for_keras_2_get_names_of_weights_with_all_scopes(monkeypatch):
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "1")
    model = Outer()
    model(np.ones((1, 2), "float32"))
    assert scoped_names(model) == [
        "outer/scope/first/kernel:0", "outer/scope/first/bias:0", "outer/second/kernel:0", "outer/second/bias:0",
        "elsewhere/own/part:0",
    ]  # fmt: skip
    assert str(tf.Variable(1.0, name="plain").name) == "plain:0"


def test_programs_for_keras_3_get_names_without_scopes(monkeypatch):
    monkeypatch.delenv("TF_USE_LEGACY_KERAS", raising=False)
    with tf.name_scope("scope"):
        layer = keras.layers.Dense(1, name="d")
        layer.build((None, 2))
    assert scoped_names(layer) == ["kernel", "bias"]


def test_programs_for_keras_2_get_trainable_weights_first(monkeypatch):
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "1")

    class Block(keras.layers.Layer):
        def __init__(self):
            super().__init__(name="block")
            self.norm, self.dense = keras.layers.BatchNormalization(), keras.layers.Dense(1)

        def call(self, x):
            return self.dense(self.norm(x))

    block = Block()
    block(np.ones((1, 2), "float32"))
    assert [name.rpartition("/")[2] for name in scoped_names(block)] == [
        "gamma:0", "beta:0", "kernel:0", "bias:0", "moving_mean:0", "moving_variance:0",
    ]  # fmt: skip
    model = keras.Sequential([keras.layers.BatchNormalization(), keras.layers.Dense(1)])
    model(np.ones((1, 2), "float32"))
    assert [name.rpartition("/")[2] for name in scoped_names(model)] == [
        "gamma:0", "beta:0", "moving_mean:0", "moving_variance:0", "kernel:0", "bias:0",
    ]  # fmt: skip


def test_graphs_of_programs_for_keras_2_are_called_model(monkeypatch):
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "1")
    keras.backend.clear_session()
    x = keras.Input((2,))
    assert keras.Model(x, keras.layers.Dense(1)(x)).name == "model"
