"""Functions in functional models: how files name them, and that they come back."""

import json

import numpy as np
import pytest

from kerasish import KerasTensor, layers, ops, tf
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


# functions of tf ------------------------------------------------------------------------------------------------------

TF_GRAPHS = {
    "arithmetic": lambda x: tf.math.add(x, 1.0) * 2.0 - tf.divide(x, 3.0) + tf.pow(tf.abs(x), 2.0),
    "comparison": lambda x: tf.cast(tf.greater(x, 0.5), tf.float32) + tf.where(x > 0.2, x, tf.zeros_like(x)),
    "reductions": lambda x: tf.reduce_sum(x, axis=1) + tf.math.reduce_std(x, [1]) + tf.norm(x, axis=1),
    "indices": lambda x: x[:, 0, tf.newaxis] + x[..., 0:1] + tf.gather(x, [0, 2, 1], axis=1),
    "joining": lambda x: tf.concat([x, tf.stack(tf.unstack(x, axis=1), axis=1)], axis=-1),
    "parts": lambda x: tf.split(x, 2, axis=-1),
    "products": lambda x: tf.matmul(x, x, transpose_b=True) + tf.einsum("bij,bkj->bik", x, x),
    "activations": lambda x: tf.nn.softmax(tf.nn.relu(x)) + tf.nn.leaky_relu(x, alpha=0.3) + tf.nn.gelu(x) + tf.sigmoid(x),
    "shapes": lambda x: tf.squeeze(tf.expand_dims(tf.transpose(tf.tile(x, [1, 2, 1]), [0, 2, 1]), 1), [1]),
    "padding": lambda x: tf.pad(x, [[0, 0], [1, 1], [0, 0]]) + tf.constant([1.0, 2.0, 3.0, 4.0]),
    "sizes": lambda x: tf.reshape(x, [tf.shape(x)[0], 12]) + tf.reshape(x, tf.stack([-1, tf.shape(x)[1] * 4])),
    "made of sizes": lambda x: x + tf.cast(tf.range(tf.shape(x)[1]), "float32")[:, None] + tf.zeros([tf.shape(x)[0], 1, 1]),
    "order": lambda x: tf.one_hot(tf.argmax(x, axis=-1), 4) + tf.sort(x) + tf.math.top_k(x, 4)[0] + tf.cumsum(x, axis=1),
    "between layers": lambda x: layers.Dense(2)(tf.tanh(layers.Dense(3)(x)) * tf.stop_gradient(2.0 * x[..., :3])),
}  # fmt: skip


@pytest.mark.parametrize("name", list(TF_GRAPHS))
def test_graphs_of_functions_of_tf_come_back(tmp_path, name):
    inputs = layers.Input((3, 4))
    model = Model(inputs, TF_GRAPHS[name](inputs))
    (tmp_path / "m.json").write_text(model.to_json())
    again = [model_from_json((tmp_path / "m.json").read_text())]
    for file in ("m.keras", "m.h5"):
        model.save(tmp_path / file)
        again.append(load_model(tmp_path / file))
    again[0].set_weights(model.get_weights())
    for loaded in again:
        for old, new in zip(values(model(X)), values(loaded(X)), strict=True):
            np.testing.assert_array_equal(old, new)


def test_sizes_of_unknown_dimensions_are_followed():
    inputs = layers.Input((None, 4))
    size = tf.shape(inputs)
    assert tf.reshape(inputs, [size[0], size[1] * 2, 2]).shape == (None, None, 2)
    assert tf.reshape(inputs, [-1, 2, 2]).shape == (None, 2, 2)
    assert tf.fill(size[:2], 1.0).shape == (None, None)
    assert tf.broadcast_to(inputs[:, :1], size).shape == (None, None, 4)
    assert tf.argmax(inputs, axis=-1).shape == (None, None)


def test_tf_functions_have_their_path_in_files():
    inputs = layers.Input((3, 4), name="x")
    (found,) = entries(tf.add(inputs, 1.0), inputs).values()
    assert [found[key] for key in ("module", "class_name", "config")] == ["tf.math", "function", "add"]
    (found,) = entries(tf.nn.relu6(inputs), inputs).values()
    assert [found[key] for key in ("module", "class_name", "config")] == ["tf.nn", "function", "relu6"]


@pytest.mark.parametrize(
    ("module", "name"),
    [("tf", "py_function"), ("tf", "numpy_function"), ("tf", "map_fn"), ("tf", "function"), ("tf", "print"),
     ("tf", "device"), ("tf.random", "set_seed"), ("tf.debugging", "assert_equal"), ("tf.compat.v1", "gfile")],
)  # fmt: skip
def test_files_name_operations_only(module, name):
    model = Model(inputs := layers.Input((3,)), tf.abs(inputs))
    data = json.loads(model.to_json())
    entry = next(layer for layer in data["config"]["layers"] if layer["class_name"] == "function")
    entry.update(module=module, config=name, registered_name=name)
    with pytest.raises(TypeError, match=f"Could not locate function '{module}.{name}'"):
        model_from_json(json.dumps(data))


def test_functions_show_in_a_summary():
    inputs = layers.Input((3, 4), name="x")
    lines = []
    Model(inputs, tf.nn.softmax(ops.sum(inputs * 2.0, axis=1))[:, 0]).summary(print_fn=lines.append)
    text = "\n".join(lines)
    for row in ("multiply (Multiply)", "sum (Sum)", "softmax (TFOpLambda)", "get_item (GetItem)"):
        assert row.split(" ")[1] in text, text


KNOWN_SIZES = {  # what Keras gives for an unknown size beside a known one
    "add": (lambda ops, x, y: x + y, (None, None, 3), (None, 5, 3), (None, 5, 3)),
    "batch": (lambda ops, x, y: x * y, (None, 3), (2, 1), (2, 3)),
    "maximum": (lambda ops, x, y: ops.maximum(x, y), (None,), (5, 1), (5, None)),
    "matmul": (lambda ops, x, y: ops.matmul(x, y), (None, None), (4, 5), (None, 5)),
    "batched": (lambda ops, x, y: ops.matmul(x, y), (None, 3, 4), (2, 4, 5), (2, 3, 5)),
    "einsum": (lambda ops, x, y: ops.einsum("ij,jk->ik", x, y), (None, None), (4, 5), (None, 5)),
    "where": (lambda ops, x, y: ops.where(x > 0, y, 0.0), (None, 3), (2, 3), (2, 3)),
    "dot": (lambda ops, x, y: ops.dot(x, y), (3, None), (4, 5), (3, 5)),
}


@pytest.mark.parametrize("case", sorted(KNOWN_SIZES))
def test_unknown_size_beside_a_known_one(case):
    function, first, second, expected = KNOWN_SIZES[case]
    assert tuple(function(ops, KerasTensor(first), KerasTensor(second)).shape) == expected


def test_a_layer_of_ones_own_takes_an_unknown_size_beside_a_known_one():
    class Add(layers.Layer):
        def call(self, x, y):
            return x + y

    assert tuple(Add()(layers.Input((None, 3)), layers.Input((5, 3))).shape) == (None, 5, 3)


def test_sizes_that_cannot_fit_are_refused():
    with pytest.raises(ValueError, match="broadcast"):
        KerasTensor((None, 3)) + KerasTensor((2, 4))


@pytest.mark.parametrize(
    ("function", "config"),
    [
        (lambda x: ops.softmax(x), {"axis": -1}),
        (lambda x: ops.mean(x, axis=1), {"axis": 1, "keepdims": False}),
        (lambda x: ops.max(x), {"axis": None, "keepdims": False, "initial": None}),
        (
            lambda x: ops.max_pool(x, 2),
            {"pool_size": 2, "strides": None, "padding": "valid", "data_format": "channels_last"},
        ),
        (lambda x: ops.relu(x), {}),
    ],
)
def test_configurations_of_functions_name_every_argument(function, config):
    x = layers.Input((4, 3))
    found = Model(x, function(x)).get_config()["layers"][-1]["config"]
    assert {key: value for key, value in found.items() if key != "name"} == config
