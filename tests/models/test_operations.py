"""Functions in functional models: how files name them, and that they come back."""

import json

import numpy as np
import pytest

from kerasish import layers, ops
from kerasish.core.dispatch import OPS
from kerasish.models import Model, load_model, model_from_json
from kerasish.models.operations import _forms

X = np.random.default_rng(0).random((5, 3, 4), dtype="float32")


def graphs():
    return {
        "arithmetic": lambda x: 1.0 - (x + x * 2.0) / 3.0 - (-x) ** 2,
        "comparison": lambda x: ops.where(x > 0.5, x, 0.0) + ops.cast(ops.greater(x, 0.1), "float32"),
        "indices": lambda x: x[:, 0, :2][..., None] + x[:, 1:3, 1:2][:, :2],
        "a list as an index": lambda x: x[:, [2, 0]],
        "reductions": lambda x: ops.sum(x, axis=(1, 2), keepdims=True) + ops.max(x, axis=1, keepdims=True),
        "shapes": lambda x: ops.concatenate([ops.reshape(y, (-1, 12)) for y in (x, ops.transpose(x, (0, 2, 1)))], axis=-1),
        "linear algebra": lambda x: ops.matmul(x, ops.transpose(x, (0, 2, 1))) + ops.einsum("bij,bkj->bik", x, x),
        "activations": lambda x: ops.softmax(ops.relu(x)) + ops.leaky_relu(x, 0.3) + ops.one_hot(ops.argmax(x, axis=-1), 4),
        "several results": lambda x: ops.split(ops.pad(x, [[0, 0], [1, 1], [0, 0]]), [2], axis=1),
        "arrays": lambda x: ops.take(x, np.array([1, 0]), axis=1) * np.arange(4, dtype="float32"),
        "between layers": lambda x: layers.Dense(2)(ops.tanh(layers.Dense(3)(x))),
    }  # fmt: skip


def values(outputs):
    return [np.asarray(y) for y in (outputs if isinstance(outputs, (list, tuple)) else [outputs])]


@pytest.mark.parametrize("name", list(graphs()))
@pytest.mark.parametrize("file", ["m.keras", "m.h5"])
def test_graphs_of_functions_come_back(tmp_path, name, file):
    inputs = layers.Input((3, 4))
    model = Model(inputs, graphs()[name](inputs))
    model.save(tmp_path / file)
    loaded = load_model(tmp_path / file)
    for old, new in zip(values(model(X)), values(loaded(X)), strict=True):
        np.testing.assert_array_equal(old, new)
    assert json.dumps(loaded.get_config()["layers"]) == json.dumps(model.get_config()["layers"])


def entries(outputs, inputs):
    model = Model(inputs, outputs)
    return {layer["name"]: layer for layer in json.loads(json.dumps(model.get_config()))["layers"][1:]}


def test_files_name_functions_as_keras_3_does():
    """Recorded from Keras 3.15.1."""
    inputs = layers.Input((3, 4), name="x")
    tensor = {"class_name": "__keras_tensor__",
              "config": {"shape": [None, 3, 4], "dtype": "float32", "keras_history": ["x", 0, 0]}}  # fmt: skip
    (found,) = entries(ops.sum(inputs, axis=(0, 1)), inputs).values()
    assert found["module"] == "keras.src.ops.numpy"
    assert found["class_name"] == found["registered_name"] == "Sum"
    assert found["config"]["axis"] == [0, 1]
    assert found["inbound_nodes"] == [{"args": [tensor], "kwargs": {}}]
    (found,) = entries(ops.take(inputs, [0, 1], axis=1), inputs).values()
    assert found["class_name"] == "Take"
    assert found["config"]["axis"] == 1
    assert found["inbound_nodes"] == [{"args": [tensor, [0, 1]], "kwargs": {}}]
    (found,) = entries(inputs[:, 0, :2], inputs).values()
    whole = {"class_name": "__slice__", "config": {"start": None, "stop": None, "step": None}}
    part = {"class_name": "__slice__", "config": {"start": None, "stop": 2, "step": None}}
    assert found["class_name"] == "GetItem"
    assert found["inbound_nodes"] == [{"args": [tensor, [whole, 0, part]], "kwargs": {}}]
    (found,) = entries(1.0 + inputs, inputs).values()
    assert found["class_name"] == "Add"
    assert found["inbound_nodes"] == [{"args": [1.0, tensor], "kwargs": {}}]


def test_every_function_of_the_table_has_the_arguments_it_names():
    import inspect

    for form in _forms().values():
        function = OPS.get(form.function)
        if function is not None:
            parameters = inspect.signature(function).parameters
            assert {name.lstrip("*") for name in form.call} <= set(parameters), form


def config_with(entry):
    inputs = layers.Input((2,), name="x")
    model = Model(inputs, inputs * 2.0)
    config = json.loads(model.to_json())
    config["config"]["layers"][1].update(entry)
    return json.dumps(config)


def test_unknown_functions_are_named():
    with pytest.raises(TypeError, match=r"operation 'keras\.src\.ops\.numpy\.Multipli'.*Did you mean 'Multiply'"):
        model_from_json(config_with({"class_name": "Multipli"}))


def test_a_call_without_the_models_tensors_is_refused():
    """It would be computed while the file is read, on numbers of any size."""
    entry = {"class_name": "Ones", "config": {"name": "ones", "shape": [10**9, 10**9]}}
    calls = [{"args": [1.0, 2.0], "kwargs": {}}]
    for data in ({"inbound_nodes": calls}, {**entry, "inbound_nodes": [{"args": [], "kwargs": {}}]}):
        with pytest.raises(
            (ValueError, TypeError), match="without any of the model's tensors|Could not locate the operation"
        ):
            model_from_json(config_with(data))


def test_functions_of_the_users_in_a_graph_cannot_be_saved(tmp_path):
    from kerasish.core.symbolic import FunctionCall

    inputs = layers.Input((2,))
    model = Model(inputs, FunctionCall(lambda x: x * 2)(inputs))
    with pytest.raises(ValueError, match="not a public one of keras.ops or tf"):
        model.save(tmp_path / "m.keras")
