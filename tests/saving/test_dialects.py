"""Configurations of Keras 2, as tf_keras 2.21 and older ones write them, in Keras 3's words."""

import copy
import json
import zipfile

import h5py
import numpy as np
import pytest

from kerasish import layers, saving
from kerasish.models import Functional, Model, Sequential, load_model, model_from_json
from kerasish.saving.dialects import functional_to_keras_3, to_keras_2, to_keras_3


def obj(class_name, **config):
    return {"class_name": class_name, "config": config}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (obj("LSTM", units=2, time_major=False, implementation=2), obj("LSTM", units=2)),
        (obj("LSTM", units=2, time_major=True), obj("LSTM", units=2, time_major=True)),
        (obj("Mine", implementation=2, groups=1), obj("Mine", implementation=2, groups=1)),
        (obj("Conv2DTranspose", filters=1, groups=1), obj("Conv2DTranspose", filters=1)),
        (obj("DepthwiseConv2D", groups=2), obj("DepthwiseConv2D", groups=2)),
        (obj("BatchNormalization", axis=[3]), obj("BatchNormalization", axis=3)),
        (obj("BatchNormalization", axis=[1, 2]), obj("BatchNormalization", axis=[1, 2])),
        (obj("LeakyReLU", alpha=0.3), obj("LeakyReLU", negative_slope=0.3)),
        (obj("Dense", dtype=obj("Policy", name="mixed_float16")), obj("Dense", dtype="mixed_float16")),
        (obj("Dense", dtype=obj("PolicyV1", name="float32")), obj("Dense", dtype="float32")),
        (obj("Hinge", reduction="auto", fn="hinge"), obj("Hinge", reduction="sum_over_batch_size")),
        (obj("Dense", units=1, quantization_config=None), obj("Dense", units=1)),
        (obj("Dense", units=1, quantization_config="int8"), obj("Dense", units=1, quantization_config="int8")),
        ([1, "a", {"b": [obj("GRU", implementation=1)]}], [1, "a", {"b": [obj("GRU")]}]),
    ],
)  # fmt: skip
def test_what_only_keras_2_knows_is_translated(before, after):
    kept = copy.deepcopy(before)
    assert to_keras_3(before) == after
    assert before == kept


def test_registered_names_stand_in_the_class_name_in_keras_2():
    data = to_keras_3(obj("Package>Mine", units=2))
    assert data == {**obj("Mine", units=2), "registered_name": "Package>Mine"}


def test_functions_of_wrappers_are_names_in_keras_2():
    data = to_keras_3(obj("MeanMetricWrapper", name="mae", fn="mean_absolute_error"))
    assert data["config"]["fn"] == {"module": "builtins", "class_name": "function", "config": "mean_absolute_error"}


# tf_keras 2.21: a model inside a model, called twice; its own graph counts as call 0
NESTED = {
    "name": "model",
    "trainable": True,
    "layers": [
        {**obj("InputLayer", batch_input_shape=[None, 2], dtype="float32", name="a"), "name": "a", "inbound_nodes": []},
        {
            **obj(
                "Sequential",
                name="inner",
                layers=[
                    obj("InputLayer", batch_input_shape=[None, 2], dtype="float32", name="i_input"),
                    obj("Dense", name="i", units=2),
                ],
            ),
            "name": "inner",
            "inbound_nodes": [[["a", 0, 0, {}]], [["inner", 1, 0, {}]]],
        },
        {
            **obj("Concatenate", name="c", axis=-1),
            "name": "c",
            "inbound_nodes": [[["inner", 2, 0, {}], ["a", 0, 0, {}]]],
        },
    ],
    "input_layers": [["a", 0, 0]],
    "output_layers": [["c", 0, 0]],
}


def test_calls_of_keras_2_become_calls_of_keras_3():
    config = functional_to_keras_3(NESTED)
    tensor = lambda *place: {"class_name": "__keras_tensor__", "config": {"keras_history": list(place)}}  # noqa: E731
    calls = {layer["name"]: layer["inbound_nodes"] for layer in config["layers"]}
    assert calls["inner"] == [
        {"args": [tensor("a", 0, 0)], "kwargs": {}},
        {"args": [tensor("inner", 0, 0)], "kwargs": {}},
    ]
    assert calls["c"] == [{"args": [[tensor("inner", 1, 0), tensor("a", 0, 0)]], "kwargs": {}}]
    assert (config["input_layers"], config["output_layers"]) == (["a", 0, 0], ["c", 0, 0])
    assert functional_to_keras_3(config) is config


def test_a_keras_2_config_makes_the_model_it_describes():
    model = model_from_json(json.dumps({"class_name": "Functional", "config": NESTED}))
    assert isinstance(model, Functional)
    model.set_weights([np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, 0.0])])
    # inner(x) = x @ [[1, 2], [3, 4]] + [1, 0], twice
    np.testing.assert_allclose(model(np.array([[1.0, 0.0]], "float32")).numpy(), [[9.0, 12.0, 1.0, 0.0]])
    assert model_from_json(json.dumps({"class_name": "Model", "config": NESTED})).count_params() == 6


def test_slashes_in_layers_names_are_underscores():
    """Keras 2's MobileNetV3 has such names; weights are found by the order of layers."""
    config = json.loads(json.dumps(NESTED).replace('"inner"', '"inner/part"').replace('"a"', '"a/in"'))
    model = model_from_json(json.dumps({"class_name": "Functional", "config": config}))
    plain = model_from_json(json.dumps({"class_name": "Functional", "config": NESTED}))
    names = {"inner": "inner_part", "a": "a_in"}
    assert [layer.name for layer in model.layers] == [names.get(layer.name, layer.name) for layer in plain.layers]
    model.set_weights(plain.get_weights())
    x = np.ones((3, 2), "float32")
    np.testing.assert_array_equal(model(x), plain(x))
    assert '"inner/part"' in json.dumps(config), "the given data is left alone"


def test_tensors_and_modes_in_keyword_arguments_are_found():
    config = {
        "name": "m",
        "layers": [
            {**obj("InputLayer", batch_input_shape=[None, 3, 2], name="q"), "name": "q", "inbound_nodes": []},
            {**obj("Mine", name="att"), "name": "att",
             "inbound_nodes": [[["q", 0, 0, {"value": ["q", 0, 0], "training": False, "rate": [1, 2, 3]}]]]},
        ],
        "input_layers": [["q", 0, 0]],
        "output_layers": [["att", 0, 0]],
    }  # fmt: skip
    (call,) = functional_to_keras_3(config)["layers"][1]["inbound_nodes"]
    assert call["kwargs"]["value"]["class_name"] == "__keras_tensor__"
    assert call["kwargs"]["rate"] == [1, 2, 3]
    assert call["explicit_training"] is True  # Keras 2 writes a mode only where the user did


# tf_keras 2.21: functions of TensorFlow in a functional model
FUNCTIONS = {
    "name": "model_1",
    "trainable": True,
    "layers": [
        {**obj("InputLayer", batch_input_shape=[None, 2], dtype="float32", name="a"), "name": "a", "inbound_nodes": []},
        {**obj("TFOpLambda", name="tf.math.add", trainable=True, dtype="float32", function="math.add"),
         "name": "tf.math.add", "inbound_nodes": [["a", 0, 0, {"y": 1.0, "name": None}]]},
        {**obj("SlicingOpLambda", name="tf.__operators__.getitem", trainable=True, dtype="float32",
               function="__operators__.getitem"),
         "name": "tf.__operators__.getitem",
         "inbound_nodes": [["tf.math.add", 0, 0, {"slice_spec": [
             {"start": None, "stop": None, "step": None}, {"start": 0, "stop": 1, "step": None}]}]]},
        {**obj("TFOpLambda", name="tf.concat", trainable=True, dtype="float32", function="concat"),
         "name": "tf.concat",
         "inbound_nodes": [[["tf.__operators__.getitem", 0, 0, {"axis": -1}], ["a", 0, 0, {"axis": -1}]]]},
    ],
    "input_layers": [["a", 0, 0]],
    "output_layers": [["tf.concat", 0, 0]],
}  # fmt: skip


def test_functions_of_tensorflow_are_named_by_their_public_paths():
    add, item, concat = functional_to_keras_3(FUNCTIONS)["layers"][1:]
    assert (add["module"], add["class_name"], add["config"]) == ("tf.math", "function", "add")
    assert add["inbound_nodes"][0]["kwargs"] == {"y": 1.0}
    assert (item["module"], item["class_name"]) == ("keras.src.ops.numpy", "GetItem")
    assert [key["class_name"] for key in item["inbound_nodes"][0]["args"][1]] == ["__slice__", "__slice__"]
    assert (concat["module"], concat["config"]) == ("tf", "concat")
    assert len(concat["inbound_nodes"][0]["args"][0]) == 2


def test_a_function_that_files_may_not_name_is_refused():
    config = copy.deepcopy(FUNCTIONS)
    config["layers"][1]["config"]["function"] = "io.write_file"
    with pytest.raises(TypeError, match=r"Could not locate function 'tf\.io\.write_file'"):
        model_from_json(json.dumps({"class_name": "Functional", "config": config}))


# Keras 3 → Keras 2 ----------------------------------------------------------------------------------------------------


def test_what_only_keras_3_knows_is_left_out_where_it_is_the_default():
    policy = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}, "registered_name": None}
    data = to_keras_2(
        {
            **obj("LSTM", units=2, dtype=policy, seed=None, zero_output_for_mask=True, use_bias=False),
            "build_config": {"a": 1},
        }
    )
    assert data == obj("LSTM", units=2, dtype="float32", zero_output_for_mask=True, use_bias=False)
    mixed = copy.deepcopy(policy)
    mixed["config"]["name"] = "mixed_bfloat16"
    assert to_keras_2(obj("Dense", dtype=mixed))["config"]["dtype"] == "mixed_bfloat16"
    assert to_keras_2(obj("LeakyReLU", negative_slope=0.1)) == obj("LeakyReLU", alpha=0.1)
    assert to_keras_2(obj("ZeroPadding1D", data_format="channels_last")) == obj("ZeroPadding1D")
    registered = {**obj("Mine", a=1), "registered_name": "Package>Mine"}
    assert to_keras_2(registered)["class_name"] == "Package>Mine"


def round_trip(model, **custom):
    data = json.loads(json.dumps(to_keras_2(json.loads(model.to_json()))))
    return data, model_from_json(json.dumps(data), custom)


def test_functional_models_survive_the_way_to_keras_2_and_back():
    inner = Sequential([layers.Input((2,)), layers.Dense(2)], name="inner")
    a, b = layers.Input((2,), name="a"), layers.Input((2,), name="b")
    x = layers.Dropout(0.5)(layers.Add()([inner(a), b]), training=True)
    model = Model([a, b], {"x": inner(x), "y": b})
    data, again = round_trip(model)
    assert "__keras_tensor__" not in json.dumps(data)
    assert data["config"]["output_layers"] == {"x": ["inner", 3, 0], "y": ["b", 0, 0]}
    assert again.get_config()["output_layers"] == model.get_config()["output_layers"]
    for old, new in zip(model.get_config()["layers"], again.get_config()["layers"], strict=True):
        assert old["inbound_nodes"] == new["inbound_nodes"]


def test_calls_that_lists_cannot_express_stay_as_they_are():
    @saving.register_keras_serializable("tests")
    class Two(layers.Layer):
        def call(self, x, y):
            return x + y

    a = layers.Input((2,), name="a")
    for outputs in (Two()(a, a), a * 2.0):
        data, again = round_trip(Model(a, outputs))
        assert "__keras_tensor__" in json.dumps(data)
        np.testing.assert_array_equal(again(np.ones((1, 2), "float32")).numpy(), [[2.0, 2.0]])


@pytest.mark.parametrize(("version", "value"), [("2.3.1", 0.7), ("1.2.2", 0.7), ("3.15.1", 2 / 3), (None, 2 / 3)])
def test_hard_sigmoid_is_that_of_the_version_that_wrote_the_model(version, value):
    """Keras 1 and 2: x / 5 + 1/2; Keras 3: x / 6 + 1/2."""
    stack = [
        obj("InputLayer", batch_input_shape=[None, 1], name="x"),
        obj("Activation", name="a", activation="hard_sigmoid"),
    ]
    text = json.dumps({**obj("Sequential", name="s", layers=stack), **({"keras_version": version} if version else {})})
    model = model_from_json(text)
    for again in (model, model_from_json(model.to_json())):
        np.testing.assert_allclose(again(np.array([[1.0]], "float32")).numpy(), [[value]], rtol=1e-6)
        np.testing.assert_array_equal(again(np.array([[-4.0], [4.0]], "float32")).numpy(), [[0.0], [1.0]])


@pytest.mark.parametrize("extension", ["keras", "h5"])
def test_recurrent_layers_of_old_files_keep_their_hard_sigmoid(tmp_path, extension):
    model = Sequential([layers.Input((2, 1)), layers.GRU(1, recurrent_activation="hard_sigmoid", activation="linear")])
    model.set_weights([np.array([[0.0, 0.0, 1.0]]), np.zeros((1, 3)), np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])])
    model.save(tmp_path / f"m.{extension}")
    old = tmp_path / f"old.{extension}"
    if extension == "h5":
        old.write_bytes((tmp_path / "m.h5").read_bytes())
        with h5py.File(old, "a") as file:
            file.attrs["keras_version"] = "2.3.1"
    else:
        with zipfile.ZipFile(tmp_path / "m.keras") as source, zipfile.ZipFile(old, "w") as archive:
            for name in source.namelist():
                archive.writestr(name, b'{"keras_version": "2.15.0"}' if name == "metadata.json" else source.read(name))
    x = np.ones((1, 2, 1), "float32")
    for name, z in ((f"m.{extension}", 2 / 3), (f"old.{extension}", 0.7)):  # h = z h + (1 - z) 1, from 0, twice
        np.testing.assert_allclose(load_model(tmp_path / name).predict(x, verbose=0), [[1 - z**2]], rtol=1e-5)
    again = load_model(old)
    again.save(tmp_path / f"again.{extension}")
    np.testing.assert_allclose(load_model(tmp_path / f"again.{extension}").predict(x, verbose=0), [[0.51]], rtol=1e-5)


# functions in Keras 2's files --------------------------------------------------------------------------------------------


def called(function, *inputs, **kwargs):
    """The entry of a function, as tf_keras 2.21 writes it."""
    calls = [[*place, kwargs if i == 0 else {}] for i, place in enumerate(inputs)]
    kind = "SlicingOpLambda" if function.endswith("getitem") else "TFOpLambda"
    config = {"name": "f", "trainable": True, "dtype": "float32", "function": function}
    return {"class_name": kind, "config": config, "name": "f", "inbound_nodes": [calls] if len(calls) > 1 else calls}


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (called("math.add", ["x", 0, 0], y=["x", 0, 0], name=None), lambda x: x + x),
        (called("__operators__.add", ["x", 0, 0], y=1.0, name=None), lambda x: x + 1),
        (called("math.multiply", ["x", 0, 0], y=2.0, name=None), lambda x: 2 * x),
        (called("compat.v1.floor_div", ["x", 0, 0], y=2.0, name=None), lambda x: x // 2),
        (called("compat.v1.transpose", ["x", 0, 0], perm=[0, 2, 1]), lambda x: x.transpose(0, 2, 1)),
        (called("convert_to_tensor", ["x", 0, 0], dtype_hint=None), lambda x: x),
        (called("concat", ["x", 0, 0], ["x", 0, 0], axis=-1), lambda x: np.concatenate([x, x], -1)),
        (called("math.reduce_sum", ["x", 0, 0], axis=[1], keepdims=True), lambda x: x.sum(1, keepdims=True)),
        (called("nn.leaky_relu", ["x", 0, 0], alpha=0.5, name=None), lambda x: np.where(x > 0, x, x / 2)),
        (called("__operators__.getitem", ["x", 0, 0],
                slice_spec=[{"start": None, "stop": None, "step": None}, {"start": 1, "stop": None, "step": 2}, 0]),
         lambda x: x[:, 1::2, 0]),
        (called("__operators__.getitem", ["x", 0, 0],
                slice_spec=[{"class_name": "__ellipsis__"}, {"start": 0, "stop": 1, "step": None}]), lambda x: x[..., :1]),
    ],
)  # fmt: skip
def test_functions_of_keras_2s_files(entry, expected):
    x = {"class_name": "InputLayer", "name": "x", "inbound_nodes": [],
         "config": {"batch_input_shape": [None, 3, 4], "dtype": "float32", "name": "x"}}  # fmt: skip
    ends = {"input_layers": [["x", 0, 0]], "output_layers": [["f", 0, 0]]}
    data = {
        "class_name": "Functional",
        "config": {"name": "m", "layers": [x, entry], **ends},
        "keras_version": "2.15.0",
    }
    values = np.random.default_rng(0).normal(size=(2, 3, 4)).astype("float32")
    model = model_from_json(json.dumps(data))
    np.testing.assert_allclose(model(values), expected(values), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", [TypeError, ValueError])
def test_a_class_that_is_nowhere_is_both_errors(kind):
    """Keras raises ValueError where the module exists, TypeError otherwise."""
    config = Sequential([layers.Input((3,)), layers.Dense(2)]).get_config()
    config["layers"][-1]["class_name"] = "Nope"
    with pytest.raises(kind, match="Could not locate class 'keras.layers.Nope'"):
        Sequential.from_config(config)
