"""``clone_model`` and its arguments."""

import numpy as np
import pytest

from kerasish.layers import Dense, Dropout, Input, Lambda
from kerasish.models import Model, Sequential, clone_model, model_from_json

X = np.random.default_rng(0).random((4, 3), dtype="float32")


def functional():
    inputs = Input((3,), name="i")
    return Model(inputs, Dense(1, name="b")(Dense(4, name="a")(inputs)))


def sequential():
    return Sequential([Input((3,)), Dense(4, name="a"), Dense(1, name="b")])


def wider(layer):
    return Dense(7, name="wide") if layer.name == "a" else type(layer).from_config(layer.get_config())


@pytest.mark.parametrize("make", [functional, sequential])
def test_a_clone_has_weights_of_its_own(make):
    model = make()
    clone = clone_model(model)
    assert type(clone) is type(model) and clone.count_params() == model.count_params()
    before = clone.get_weights()
    model.set_weights([w * 0 for w in before])
    np.testing.assert_array_equal(clone.get_weights()[0], before[0])


@pytest.mark.parametrize("make", [functional, sequential])
def test_clone_function_makes_the_layers(make):
    clone = clone_model(make(), clone_function=wider)
    assert [layer.name for layer in clone.layers if isinstance(layer, Dense)] == ["wide", "b"]
    assert clone.count_params() == 3 * 7 + 7 + 7 + 1 and clone(X).shape == (4, 1)


@pytest.mark.parametrize("make", [functional, sequential])
def test_input_tensors_are_built_on(make):
    tensor = Input((3,), name="other")
    clone = clone_model(make(), input_tensors=[tensor])
    assert clone.input_names == ["other"] and clone.inputs[0] is tensor


def test_recursive_cloning_reaches_nested_models():
    outer = Sequential([Input((3,)), sequential(), Dropout(0.1)])
    assert clone_model(outer, clone_function=wider, recursive=True).layers[0].layers[0].units == 7
    assert clone_model(outer).layers[0].layers[0].units == 4


def test_lambda_layers_are_cloned_with_their_function():
    model = Sequential([Input((2,)), Lambda(lambda x: x * 2, name="twice"), Dense(1)])
    clone = clone_model(model)
    assert clone.layers[0] is not model.layers[0]
    assert (clone.layers[0].function, clone.layers[0].name) == (model.layers[0].function, "twice")


def test_call_function_calls_the_layers():
    called = []

    def call(layer, *args, **kwargs):
        called.append(layer.name)
        return layer(*args, **kwargs)

    clone_model(functional(), clone_function=wider, call_function=call)
    assert called == ["wide", "b"]


@pytest.mark.parametrize(
    ("words", "arguments"),
    [
        ("Keras Model instance", (3, {})),
        ("call_function", (sequential(), {"call_function": print})),
        ("single KerasTensor", (sequential(), {"input_tensors": [X]})),
        ("must fit the model's inputs", (functional(), {"input_tensors": [X]})),
        ("Unexpected keyword", (functional(), {"nothing": 1})),
    ],
)
def test_wrong_arguments(words, arguments):
    model, options = arguments
    with pytest.raises(ValueError, match=words):
        clone_model(model, **options)


def test_a_layer_that_stands_twice_in_a_sequential_is_one_in_its_copies():
    dense = Dense(4)
    model = Sequential([Input((4,)), dense, Dropout(0.1), dense])
    again = Sequential.from_config(model.get_config())
    for copy in (clone_model(model), again, model_from_json(model.to_json())):
        assert copy.layers[0] is copy.layers[2]
        assert len(copy.weights) == 2
        copy.set_weights(model.get_weights())
        np.testing.assert_array_equal(copy(np.eye(4)), model(np.eye(4)))
