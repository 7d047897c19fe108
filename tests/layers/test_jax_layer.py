"""JaxLayer and FlaxLayer; most of it runs where jax is installed. Recorded numbers are those of Keras 3.15 with jax."""

import copy
import sys

import numpy as np
import pytest
import torch

import kerasish as keras
from kerasish import tf
from kerasish.layers import Dense, FlaxLayer, Input, JaxLayer

X = np.random.default_rng(0).random((4, 2)).astype("float32")


@pytest.fixture(autouse=True)
def registered():
    with keras.saving.CustomObjectScope({f.__name__: f for f in (affine_init, affine, noisy_init, noisy)}):
        yield


def affine_init(rng, inputs):
    import jax

    shape = (inputs.shape[-1], 3)
    return {
        "W": jax.random.normal(rng, shape),
        "b": jax.numpy.zeros((3,)),
        "deep": [jax.numpy.ones((2,), "int32"), 1.5],
    }


def affine(params, inputs):
    return inputs @ params["W"] + params["b"] * params["deep"][1]


def noisy_init(rng, inputs, training):
    import jax

    assert training is True
    return [jax.random.normal(rng, (inputs.shape[-1], 3))], {
        "c": jax.numpy.zeros((), "int32"),
        "m": jax.numpy.zeros((3,)),
    }


def noisy(params, state, rng, inputs, training):
    import jax

    y = inputs @ params[0]
    if training:
        y = y * jax.random.bernoulli(rng, 0.5, y.shape)
    return {"y": y, "i": jax.numpy.argmax(y, -1)}, {"c": state["c"] + 1, "m": state["m"] * 0.9 + 0.1 * y.mean(0)}


# arguments: checked without jax ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"call_fn": lambda params, x: x}, "Missing required argument in `call_fn`: `inputs`"),
        ({"call_fn": lambda params, inputs, zz: 1}, "Unsupported argument in `call_fn`: `zz`, supported arguments are"),
        ({"call_fn": lambda params, inputs: 1, "init_fn": lambda rng: 1}, "Missing required argument in `init_fn`"),
        (
            {"call_fn": lambda params, inputs: 1, "init_fn": lambda inputs, x: 1},
            "Unsupported argument in `init_fn`: `x`",
        ),
        ({"call_fn": lambda params, inputs: 1}, "`init_fn`, `params` and `state` cannot all be `None`"),
        ({"call_fn": lambda state, inputs: 1}, "`init_fn`, `params` and `state` cannot all be `None`"),
    ],
)
def test_functions_of_other_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        JaxLayer(**arguments)


@pytest.mark.parametrize("make", [lambda: JaxLayer(lambda inputs: inputs), lambda: FlaxLayer(object())])
def test_without_jax_the_error_says_what_to_install(monkeypatch, make):
    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(ImportError, match="pip install"):
        make()


# functions ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def jax():
    return pytest.importorskip("jax")


def test_parameters_are_weights_with_keras_names_and_values(jax):
    keras.utils.clear_session()
    keras.utils.set_random_seed(3)
    layer = JaxLayer(affine, affine_init)
    y = layer(X)
    recorded = [[1.8173745, -0.34840542, 1.1360272], [0.11576745, -0.02153957, 0.07222775]]
    np.testing.assert_allclose(y.numpy()[:2], recorded, rtol=1e-5)
    assert [(v.path, tuple(v.shape), v.dtype.name) for v in layer.weights] == [
        ("jax_layer/variable", (2, 3), "float32"),
        ("jax_layer/variable_1", (3,), "float32"),
        ("jax_layer/variable_2", (2,), "int32"),
        ("jax_layer/variable_3", (), "float32"),
    ]


def test_gradients_are_those_of_the_function(jax):
    layer = JaxLayer(affine, affine_init)
    layer(X)
    x = tf.constant(X)
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_sum(layer(x) ** 2)
    kernel, bias, scale = layer.trainable_variables
    by_kernel, by_bias, by_x = tape.gradient(loss, [kernel, bias, x])
    y = X @ kernel.numpy() + bias.numpy() * scale.numpy()
    np.testing.assert_allclose(by_kernel, X.T @ (2 * y), rtol=1e-5)
    np.testing.assert_allclose(by_bias, (2 * y).sum(0) * 1.5, rtol=1e-5)
    np.testing.assert_allclose(by_x, 2 * y @ kernel.numpy().T, rtol=1e-5)


def test_gradients_of_gradients(jax):
    layer = JaxLayer(lambda params, inputs: params * inputs**3, params=np.float32(2.0))
    x = tf.constant([1.0, 2.0])
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = tf.reduce_sum(layer(x))
        first = inner.gradient(y, x)
        penalty = tf.reduce_sum(first)
    np.testing.assert_allclose(first, [6.0, 24.0])
    by_x, by_scale = outer.gradient(penalty, [x, layer.trainable_variables[0]])
    np.testing.assert_allclose(by_x, [12.0, 24.0])
    np.testing.assert_allclose(by_scale, 15.0)


def test_state_random_numbers_and_mode(jax):
    layer = JaxLayer(noisy, noisy_init, seed=5)
    plain = layer(X)
    kernel, count, mean = layer.weights[:3]
    np.testing.assert_allclose(plain["y"], X @ kernel.numpy(), rtol=1e-5)
    np.testing.assert_array_equal(plain["i"], (X @ kernel.numpy()).argmax(-1))
    np.testing.assert_allclose(mean, 0.1 * (X @ kernel.numpy()).mean(0), rtol=1e-5)
    seen = [layer(X, training=True)["y"].numpy() != 0.0 for _ in range(2)]
    kept = [[1, 1, 0, 1, 1, 0, 0, 1, 0, 0, 0, 0], [1, 0, 0, 0, 0, 1, 0, 1, 1, 1, 0, 0]]  # by Keras with this seed
    np.testing.assert_array_equal(np.reshape(seen, (2, 12)), kept)
    assert int(count) == 3
    assert not count.trainable
    assert any(v is layer.seed_generator.state for v in layer.variables)


def test_a_state_of_another_structure_is_refused(jax):
    layer = JaxLayer(lambda params, state, inputs: (inputs, {"a": 1, "b": 2}), params={}, state={"a": 0})
    with pytest.raises(ValueError, match="Structure mismatch"):
        layer(X)


def test_functions_that_look_at_values_run_uncompiled(jax):
    def call(params, inputs):
        return inputs * (params if inputs.sum() > 0 else -params)

    layer = JaxLayer(call, params=np.float32(3.0))
    x = tf.constant([1.0, 2.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
    np.testing.assert_allclose(y, [3.0, 6.0])
    np.testing.assert_allclose(tape.gradient(y, x), [3.0, 3.0])
    np.testing.assert_allclose(layer(-x), [3.0, 6.0])


def test_structures_of_inputs_and_integers(jax):
    def call(inputs):
        return (inputs["a"] + 1, inputs["b"][0] * 2.0, inputs["b"][1])

    layer = JaxLayer(call)
    a, b, c = layer({"a": np.arange(3, dtype="int32"), "b": (X, np.array([True, False]))})
    np.testing.assert_array_equal(a, [1, 2, 3])
    np.testing.assert_array_equal(b, X * 2)
    np.testing.assert_array_equal(c, [True, False])
    assert (a.dtype, c.dtype) == ("int32", "bool")


@pytest.mark.parametrize(("dtype", "variable", "output"), [
    ("float64", "float64", "float64"), ("bfloat16", "bfloat16", "bfloat16"), ("mixed_float16", "float32", "float16"),
])  # fmt: skip
def test_dtypes(jax, dtype, variable, output):
    layer = JaxLayer(affine, affine_init, dtype=dtype)
    y = layer(X)
    assert (layer.weights[0].dtype, y.dtype) == (variable, output)
    assert layer(Input((2,))).dtype == output
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(X))
    assert tape.gradient(loss, layer.weights[0]).dtype == variable
    if dtype == "float64":
        exact = X.astype("float64") @ layer.weights[0].numpy()
        np.testing.assert_allclose(y, exact, rtol=1e-14)


# in models ------------------------------------------------------------------------------------------------------------


def test_symbolic_calls_and_shapes(jax):
    layer = JaxLayer(noisy, noisy_init)
    outputs = layer(Input((2,)))
    assert {key: (tuple(x.shape), x.dtype) for key, x in outputs.items()} == {
        "y": ((None, 3), "float32"), "i": ((None,), "int32"),
    }  # fmt: skip
    assert int(layer.weights[1]) == 0
    assert layer.compute_output_shape((None, 2)) == {"y": (None, 3), "i": (None,)}
    assert JaxLayer(lambda inputs: inputs.T).compute_output_shape((5, 2)) == (2, 5)


def test_training_reaches_the_solution(jax):
    x = np.random.default_rng(1).normal(size=(64, 2)).astype("float32")
    y = x @ np.array([[1.0], [-2.0]], "float32")
    model = keras.Sequential([Input((2,)), JaxLayer(affine, affine_init), Dense(1)])
    model.compile(keras.optimizers.Adam(0.05), "mse")
    history = model.fit(x, y, epochs=30, batch_size=16, verbose=0).history["loss"]
    assert history[-1] < 1e-2 < history[0]
    np.testing.assert_allclose(model.predict(x, verbose=0), y, atol=0.5)


@pytest.mark.parametrize("suffix", ["keras", "weights.h5"])
def test_models_are_saved_and_loaded(jax, tmp_path, suffix):
    inputs = Input((2,))
    model = keras.Model(inputs, JaxLayer(noisy, noisy_init, name="noisy")(inputs)["y"])
    expected = model(X).numpy()
    path = tmp_path / f"m.{suffix}"
    if suffix == "keras":
        model.save(path)
        other = keras.models.load_model(path)
    else:
        model.save_weights(path)
        other = keras.models.clone_model(model)
        other.load_weights(path)
    assert int(other.layers[1].weights[1]) == 1
    np.testing.assert_allclose(other(X), expected, rtol=1e-6)


def test_copies_have_weights_of_their_own(jax):
    layer = JaxLayer(affine, affine_init)
    before = layer(X).numpy()
    other = copy.deepcopy(layer)
    np.testing.assert_array_equal(other(X), before)
    other.weights[0].assign(np.zeros((2, 3)))
    np.testing.assert_array_equal(other(X), np.zeros((4, 3)))
    np.testing.assert_array_equal(layer(X), before)


def test_configurations_are_keras_own(jax):
    keras.saving.register_keras_serializable("jl")(affine)
    layer = JaxLayer(affine, affine_init, name="a", dtype="float32")
    function = {"module": "builtins", "class_name": "function", "config": "jl>affine", "registered_name": "function"}
    config = layer.get_config()
    assert list(config) == ["name", "trainable", "dtype", "call_fn", "init_fn", "native_serialization_platforms"]
    assert config["call_fn"] == function
    assert JaxLayer.from_config(config).call_fn is affine
    for module in ("os", None):
        with pytest.raises((TypeError, ValueError)):
            JaxLayer.from_config({**config, "call_fn": {**function, "module": module, "config": "system"}})


def test_torch_sees_the_parameters(jax):
    layer = JaxLayer(lambda params, inputs: inputs * params, params=np.ones(2, "float32"))
    layer(torch.ones(2)).sum().backward()
    (parameter,) = layer.parameters()
    np.testing.assert_allclose(parameter.grad, [1.0, 1.0])


# Flax -----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def block(jax):
    nn = pytest.importorskip("flax.linen")

    class Block(nn.Module):
        units: int = 3

        @nn.compact
        def __call__(self, inputs, training=False):
            x = nn.BatchNorm(use_running_average=not training)(nn.Dense(self.units)(inputs))
            return nn.Dropout(0.5, deterministic=not training)(x)

        def twice(self, inputs, training=False):
            return self(inputs, training) * 2

        def get_config(self):
            return {"units": self.units}

        @classmethod
        def from_config(cls, config):
            return cls(**config)

    keras.saving.register_keras_serializable("jl")(Block)
    return Block


def test_a_flax_module_is_a_layer(block):
    layer = FlaxLayer(block())
    y = layer(X).numpy()
    shapes = [(tuple(v.shape), v.trainable) for v in layer.variables]
    assert shapes == [((3,), True)] * 3 + [((2, 3), True)] + [((3,), False)] * 2 + [((2,), False)]
    np.testing.assert_allclose(y, X @ layer.weights[3].numpy() / np.sqrt(1 + 1e-5), rtol=1e-4)
    mean = layer.weights[4].numpy()
    assert not np.array_equal(layer(X, training=True), y)
    assert not np.array_equal(layer.weights[4].numpy(), mean)


def test_flax_methods_variables_and_configurations(block, jax):
    module = block(units=4)
    variables = module.init(jax.random.PRNGKey(0), X)
    expected = np.asarray(module.apply(variables, X)) * 2
    for method in (module.twice, lambda module, inputs: module(inputs) * 2):
        np.testing.assert_allclose(FlaxLayer(module, method, variables)(X), expected, rtol=1e-5)
    layer = FlaxLayer(module, module.twice, name="f")
    config = layer.get_config()
    assert list(config) == ["name", "trainable", "dtype", "native_serialization_platforms", "module", "method"]
    assert (config["method"], config["module"]["registered_name"]) == ("twice", "jl>Block")
    other = FlaxLayer.from_config(config)
    assert other.module == module
    other(X)
    other.set_weights(layer(X) is not None and layer.get_weights())
    np.testing.assert_allclose(other(X), layer(X), rtol=1e-6)
