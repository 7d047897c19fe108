"""Files whose architecture asks for code: nothing of it is imported or called; ``safe_mode=False`` lets lambdas run, no more.

Each test names the advisory that it answers; see the table of public advisories in docs/safety.md.
"""

import base64
import json
import marshal
import resource
import zipfile

import h5py
import pytest

from kerasish import layers, losses, metrics, optimizers, saving
from kerasish.models import Functional, Model, Sequential, clone_model, load_model, model_from_json

calls = []


def hostile(*args, **kwargs):
    calls.append((args, kwargs))
    return args[0] if args else None


CODE = base64.b64encode(marshal.dumps(compile("lambda x: hostile_call(x)", "file", "eval"))).decode()
KERAS_3_LAMBDA = {"class_name": "__lambda__", "config": {"code": CODE, "defaults": None, "closure": None}}
KERAS_2_LAMBDA = {"function": [CODE, None, None], "function_type": "lambda", "module": "hostile_module",
                  "output_shape": None, "output_shape_type": "raw", "output_shape_module": None, "arguments": {}}  # fmt: skip
INPUT = {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [None, 4], "name": "x"}}


def function(module, name, registered=None):
    return {"module": module, "class_name": "function", "config": name, "registered_name": registered or name}


def layer(class_name, module="keras.layers", **config):
    return {"module": module, "class_name": class_name, "config": {"name": "l", **config}, "registered_name": None}


def sequential(*stack):
    return {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [INPUT, *stack]}}


def functional(entry, args=None, kwargs=None):
    tensor = {"class_name": "__keras_tensor__", "config": {"keras_history": ["x", 0, 0]}}
    nodes = [{"args": [tensor] if args is None else args, "kwargs": kwargs or {}}]
    stack = [{**INPUT, "name": "x", "inbound_nodes": []}, {**entry, "name": "l", "inbound_nodes": nodes}]
    config = {"name": "f", "layers": stack, "input_layers": ["x", 0, 0], "output_layers": ["l", 0, 0]}
    return {"module": "keras.src.models.functional", "class_name": "Functional", "config": config}


def keras_file(path, config):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", '{"keras_version": "3.15.1", "date_saved": "2026-01-01@00:00:00"}')
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("model.weights.h5", b"")


def h5_file(path, config, training=None):
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps(config)
        if training is not None:
            file.attrs["training_config"] = json.dumps(training)
        file.create_group("model_weights").attrs["layer_names"] = []


FUNCTIONS = {
    "CVE-2024-3660 a lambda of Keras 3": KERAS_3_LAMBDA,
    "CVE-2025-1550 a function of any module": function("hostile_module", "run"),
    "CVE-2025-1550 of the standard library": function("os", "system"),
    "CVE-2025-1550 of builtins": function("builtins", "eval"),
    "CVE-2025-8747 a download by Keras": function("keras.utils", "get_file"),
    "CVE-2025-8747 the same by its inner path": function("keras.src.utils.file_utils", "get_file"),
    "CVE-2025-9906 switching safety off": function("keras.config", "enable_unsafe_deserialization"),
    "CVE-2025-9906 loading another file": function("keras.saving", "load_model"),
    "a setting of ours": function("kerasish.config", "set_floatx"),
    "a helper that makes objects": function("keras.losses", "deserialize"),
    "a name with a path": function("builtins", "os.system"),
    "TensorFlow's files": function("tf.io", "read_file"),
    "TensorFlow's calls of Python": function("tf", "py_function"),
}
CLASSES = {
    "CVE-2025-1550 a class of any module": {**layer("Popen", "subprocess", args="hostile"), "registered_name": None},
    "CVE-2025-1550 registered by any name": {**layer("Popen", "subprocess"), "registered_name": "subprocess>Popen"},
    "CVE-2025-49655 a pickled torch module": layer("TorchModuleWrapper", module={"class_name": "__bytes__"}),
    "CVE-2026-1462 a SavedModel to run": layer("TFSMLayer", filepath="hostile_folder"),
    "a class of utils": layer("PyDataset", "keras.utils"),
    "GHSA class confusion by a list": {"module": "keras.layers", "class_name": "Dense", "config": ["os.system"]},
    "GHSA class confusion by a text": {"module": "keras.layers", "class_name": "Dense", "config": "os.system"},
    "a class whose name is no text": {"module": "keras.layers", "class_name": ["Dense"], "config": {}},
}


def readers(path, data=None):
    """Ways to read a file; bytecode may run where its reader asked for that, so that way is left out for it."""
    yield lambda: load_model(path)
    if data is not KERAS_3_LAMBDA:
        yield lambda: load_model(path, safe_mode=False)
    yield lambda: load_model(path, compile=False, custom_objects={"other": hostile})


def refused(reader):
    calls.clear()
    with pytest.raises((ValueError, TypeError)) as error:
        reader()
    assert not calls
    return str(error.value)


@pytest.mark.parametrize("data", FUNCTIONS.values(), ids=FUNCTIONS)
@pytest.mark.parametrize("place", ["lambda layer", "operation", "activation", "initializer", "loss", "output shape"])
def test_functions_outside_the_allowed_ones_are_never_called(tmp_path, nothing_happens, data, place):
    config = {
        "lambda layer": sequential(layer("Lambda", function=data, arguments={"fname": "x", "origin": "http://hostile"})),
        "operation": functional(data, kwargs={"command": "touch x"}),
        "activation": sequential(layer("Dense", units=1, activation=data)),
        "initializer": sequential(layer("Dense", units=1, kernel_initializer=data)),
        "loss": {**sequential(layer("Dense", units=1)), "compile_config": {"optimizer": "sgd", "loss": data}},
        "output shape": sequential(layer("Lambda", function=function("keras.ops", "sum"), output_shape=data)),
    }[place]  # fmt: skip
    keras_file(tmp_path / "m.keras", config)
    h5_file(tmp_path / "m.h5", {k: v for k, v in config.items() if k != "compile_config"},
            {"loss": data, "optimizer_config": layer("SGD")} if place == "loss" else None)  # fmt: skip
    for file in ("m.keras", "m.h5"):
        reading = list(readers(tmp_path / file, data))
        for reader in reading[:-1] if place == "loss" else reading:
            with nothing_happens(tmp_path / file):
                refused(reader)
    with nothing_happens():
        refused(lambda: model_from_json(json.dumps(config)))


@pytest.mark.parametrize("data", CLASSES.values(), ids=CLASSES)
def test_classes_outside_the_allowed_ones_are_never_made(tmp_path, nothing_happens, data):
    for config in (sequential(data), functional(data), data):
        keras_file(tmp_path / "m.keras", config)
        h5_file(tmp_path / "m.h5", config)
        for file in ("m.keras", "m.h5"):
            for reader in readers(tmp_path / file):
                with nothing_happens(tmp_path / file):
                    refused(reader)
        with nothing_happens():
            refused(lambda config=config: model_from_json(json.dumps(config)))


def test_cve_2025_9905_bytecode_in_h5_files_meets_the_same_gate(tmp_path, nothing_happens):
    config = {"class_name": "Sequential", "config": {"name": "s", "layers": [
        {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 4], "name": "x"}},
        {"class_name": "Lambda", "config": {"name": "l", **KERAS_2_LAMBDA}}]}}  # fmt: skip
    for name in ("m.h5", "m.hdf5"):
        h5_file(tmp_path / name, config)
        for reader in readers(tmp_path / name, KERAS_3_LAMBDA):
            with nothing_happens(tmp_path / name):
                assert "asks for a Python lambda" in refused(reader)


def test_cve_2026_12481_the_gate_does_not_depend_on_the_way_in(nothing_happens):
    keras_3 = layer("Lambda", function=KERAS_3_LAMBDA)
    keras_2 = {"class_name": "Lambda", "config": {"name": "l", **KERAS_2_LAMBDA}}
    inside = functional(keras_3)["config"]
    ways = [
        lambda: layers.Lambda.from_config(keras_3["config"]),
        lambda: layers.Lambda.from_config(keras_2["config"]),
        lambda: saving.deserialize_keras_object(keras_3),
        lambda: saving.deserialize_keras_object(KERAS_3_LAMBDA),
        lambda: Sequential.from_config(sequential(keras_3)["config"]),
        lambda: Functional.from_config(inside),
        lambda: Model.from_config(inside),
        lambda: losses.get(KERAS_3_LAMBDA),
        lambda: metrics.get(KERAS_3_LAMBDA),
        lambda: optimizers.get({"class_name": "SGD", "config": {"learning_rate": KERAS_3_LAMBDA}}),
        lambda: layers.Dense.from_config({"units": 1, "activation": KERAS_3_LAMBDA}),
    ]
    with nothing_happens():
        for way in ways:
            refused(way)


def test_a_lambda_hidden_deep_inside_is_found(tmp_path, nothing_happens):
    wrapped = layer("TimeDistributed", layer=layer("TimeDistributed", layer=layer("Lambda", function=KERAS_3_LAMBDA)))
    config = sequential(sequential(wrapped))
    keras_file(tmp_path / "m.keras", config)
    with nothing_happens(tmp_path / "m.keras"):
        assert "asks for a Python lambda" in refused(lambda: load_model(tmp_path / "m.keras"))


def test_functions_of_the_files_choice_are_not_called_by_cloning():
    model = Sequential([layers.Input((4,)), layers.Dense(2)])
    calls.clear()
    clone_model(model)
    assert not calls


def test_a_registered_name_does_not_replace_a_public_class(tmp_path):
    """keras#22729: a file that calls its Dense by the name of something the user registered."""

    @saving.register_keras_serializable("safety")
    class Registered(layers.Layer):
        def __init__(self, **kwargs):
            calls.append(kwargs)
            super().__init__()

    data = {**layer("Dense", units=1), "registered_name": "safety>Registered"}
    calls.clear()
    model = model_from_json(json.dumps(sequential(data)))
    assert type(model.layers[0]) is layers.Dense
    assert not calls


def test_a_registered_function_is_not_a_class_and_a_class_no_function():
    saving.register_keras_serializable("safety")(hostile)
    by_name = {"module": None, "class_name": "hostile", "config": {}, "registered_name": "safety>hostile"}
    refused(lambda: saving.deserialize_keras_object(by_name))
    for data in (function("keras.layers", "Dense"), function("keras.losses", "MeanSquaredError")):
        refused(lambda data=data: saving.deserialize_keras_object(data))


def test_cve_2026_12479_names_with_paths_touch_no_file(tmp_path, nothing_happens):
    for name in ("../../escape", "..\\escape", "/absolute", "a/b"):
        data = layer("Dense", units=1)
        data["config"]["name"] = name
        keras_file(tmp_path / "m.keras", sequential(data))
        with nothing_happens(tmp_path / "m.keras"):
            refused(lambda: load_model(tmp_path / "m.keras"))
    assert sorted(path.name for path in tmp_path.parent.rglob("*escape*")) == []


def test_cve_2021_37678_yaml_is_not_read():
    import kerasish.models

    with pytest.raises(AttributeError):
        kerasish.models.model_from_yaml  # noqa: B018


def test_arrays_in_configs_hold_numbers_only():
    for dtype in ("O", "object", "S1000000000", "V1000000000", "datetime64[s]"):
        data = {"class_name": "__numpy__", "config": {"value": [1], "dtype": dtype}}
        refused(lambda data=data: saving.deserialize_keras_object(data))


def test_configs_that_are_not_models_are_value_errors(tmp_path):
    deep = "[" * 100_000
    for text in ("", "null", "[]", "{", deep, '{"class_name": "Sequential"}', '{"class_name": 1, "config": {}}'):
        with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
            archive.writestr("config.json", text)
        refused(lambda: load_model(tmp_path / "m.keras"))
    nested = {"class_name": "Sequential", "config": {"name": "s", "layers": []}}
    for _ in range(300):
        nested = {"class_name": "Sequential", "config": {"name": "s", "layers": [nested]}}
    refused(lambda: model_from_json(json.dumps(nested)))


@pytest.mark.parametrize("units", [10**6, 10**12, 10**18])
def test_layers_out_of_proportion_to_their_file_are_not_allocated(tmp_path, units):
    """The bound on arrays in files means nothing if the file's architecture may ask for weights of any size."""
    wide = sequential(
        layer("Dense", units=1000), {**layer("Dense", units=units), "config": {"name": "m", "units": units}}
    )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    keras_file(tmp_path / "m.keras", wide)
    h5_file(tmp_path / "m.h5", wide)
    for name in ("m.keras", "m.h5"):
        with pytest.raises(ValueError, match=r"asks for a weight of shape \(1000, .* pass safe_mode=False"):
            load_model(tmp_path / name)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 << 10


def test_ordinary_files_are_in_proportion(tmp_path):
    model = Sequential([layers.Input((100,)), layers.Dense(1000), layers.Dense(1000)])
    model.compile("adam", "mse")
    model.save(tmp_path / "m.keras")
    assert load_model(tmp_path / "m.keras").count_params() == model.count_params()
