"""Name scopes and the paths that they make; the values are those of Keras 3.15."""

import numpy as np
import pytest

import kerasish as keras


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
