"""``clone_model`` and its arguments."""

import numpy as np
import pytest

import kerasish as keras
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


class Trained(keras.Model):
    def train_step(self, data):
        return super().train_step(data)


class Forwarding(keras.Model):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)


class Named(keras.Model):
    def __init__(self, inputs, outputs, name=None, **kwargs):
        super().__init__(inputs=inputs, outputs=outputs, name=name, **kwargs)


@pytest.mark.parametrize("kind", [Trained, Forwarding, Named])
def test_subclass_made_of_inputs_and_outputs_is_known_by_its_graph(kind, tmp_path):
    inputs = keras.Input((4,))
    model = kind(inputs, keras.layers.Dense(2)(inputs))
    assert sorted(model.get_config()) == ["input_layers", "layers", "name", "output_layers", "trainable"]
    model.compile("sgd", "mse")
    model.save(tmp_path / "m.keras")
    copies = [
        keras.models.load_model(tmp_path / "m.keras", custom_objects={kind.__name__: kind}),
        kind.from_config(model.get_config()),
        keras.models.clone_model(model),
    ]
    assert [type(copy) for copy in copies] == [kind] * 3
    x = np.ones((3, 4), "float32")
    np.testing.assert_allclose(copies[0].predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-6)


def test_subclass_with_other_arguments_is_not_made_of_a_graph():
    class More(keras.Model):
        def __init__(self, inputs, outputs, k=3, **kwargs):
            super().__init__(inputs, outputs, **kwargs)

        def get_config(self):
            return {"k": 3}

    inputs = keras.Input((4,))
    model = More(inputs, keras.layers.Dense(2)(inputs))
    assert type(keras.models.clone_model(model)) is type(keras.Model(inputs, inputs))
    with pytest.raises(TypeError, match="More"):
        More.from_config(model.get_config())
