"""Rows of the table of advisories that are not about archives, HDF5 or extraction, one test each, named after the row.

The other rows are in test_configs.py, test_archives.py, test_hdf5.py and test_extraction.py.
"""

import json
import re
import zipfile
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
import torch
from test_configs import (
    CODE,
    KERAS_2_LAMBDA,
    KERAS_3_LAMBDA,
    calls,
    function,
    functional,
    h5_file,
    hostile,
    keras_file,
    layer,
    readers,
    refused,
    sequential,
)  # fmt: skip

import kerasish
from kerasish import callbacks, layers, saving
from kerasish.models import Functional, Model, Sequential, clone_model, load_model, model_from_json


def refused_everywhere(tmp_path, nothing_happens, config):
    """The words of the errors with which every way to read the config refuses it."""
    keras_file(tmp_path / "m.keras", config)
    h5_file(tmp_path / "m.h5", config)
    texts = []
    for name in ("m.keras", "m.h5"):
        for reader in readers(tmp_path / name):
            with nothing_happens(tmp_path / name):
                texts.append(refused(reader))
    with nothing_happens():
        texts.append(refused(lambda: model_from_json(json.dumps(config))))
        texts.append(refused(lambda: saving.deserialize_keras_object(config, safe_mode=False)))
        refused(lambda: Model.from_config(config["config"]))
    return texts


@pytest.mark.parametrize(
    "source", ["/etc/passwd", "http://hostile/vocabulary", "//hostile/share/file", "vocabulary.txt"]
)
@pytest.mark.parametrize("name", ["StringLookup", "IntegerLookup", "TextVectorization"])
def test_cve_2025_12058_vocabularies_named_by_a_path_are_not_read(tmp_path, nothing_happens, name, source):
    data = layer(name, vocabulary=source)
    for config in (functional(data), sequential(layer("TimeDistributed", layer=data))):
        assert all("names a vocabulary file" in text for text in refused_everywhere(tmp_path, nothing_happens, config))
    with nothing_happens():
        refused(lambda: getattr(layers, name).from_config(data["config"]))
        refused(lambda: layers.deserialize(data))


def test_cve_2025_12058_nor_by_a_path_in_disguise(nothing_happens):
    with nothing_happens():
        for value in ({"class_name": "__bytes__", "config": {"value": "/etc/passwd"}}, {"path": "/etc/passwd"}):
            made = layers.deserialize(layer("StringLookup", vocabulary=value))
            assert made.get_vocabulary() == ["[UNK]", *value]  # the keys of a dictionary: tokens like others
        refused(lambda: layers.deserialize(layer("StringLookup", vocabulary=3)))


@pytest.mark.parametrize("name", ["StringLookup", "IntegerLookup"])
def test_lookups_of_endless_tables_are_refused(name):
    for count in (10**8, 10**12, 1e300):
        data = functional(layer(name, num_oov_indices=count, vocabulary=["a"] if name == "StringLookup" else [1]))
        assert "num_oov_indices" in refused(lambda data=data: model_from_json(json.dumps(data)))


@pytest.mark.parametrize("name", ["TFSMLayer", "TorchModuleWrapper"])
def test_cve_2026_1462_and_2025_49655_foreign_programs_are_not_loaded(tmp_path, nothing_happens, name):
    data = layer(name, filepath="/hostile", module={"class_name": "__bytes__", "config": {"value": "hostile"}})
    for config in (
        functional(data),
        sequential(data),
        sequential(layer("TimeDistributed", layer=data)),
        sequential(layer("Lambda", function=function("keras.layers", name), arguments=data["config"])),
        sequential(layer("Lambda", function=data)),
    ):
        refused_everywhere(tmp_path, nothing_happens, config)
    with nothing_happens():
        refused(lambda: layers.deserialize(data))


@pytest.mark.parametrize("safe_mode", [None, 0, "", True, "false", [], np.bool_(True)])
def test_cve_2026_12481_anything_but_false_is_safe(tmp_path, nothing_happens, safe_mode):
    keras_file(tmp_path / "m.keras", sequential(layer("Lambda", function=KERAS_3_LAMBDA)))
    h5_file(tmp_path / "m.h5", sequential({"class_name": "Lambda", "config": {"name": "l", **KERAS_2_LAMBDA}}))
    for name in ("m.keras", "m.h5"):
        with nothing_happens(tmp_path / name):
            assert "asks for a Python lambda" in refused(
                lambda name=name: load_model(tmp_path / name, safe_mode=safe_mode)
            )
    with nothing_happens():
        refused(lambda: saving.deserialize_keras_object(KERAS_3_LAMBDA, safe_mode=safe_mode))
        refused(lambda: layers.Lambda.from_config({"name": "l", "function": KERAS_3_LAMBDA}, safe_mode=safe_mode))


def test_cve_2026_12481_what_a_file_says_of_safe_mode_does_not_count(tmp_path, nothing_happens):
    off = {"safe_mode": False, "custom_objects": {"hostile": None}}
    inner = layer("Lambda", function=KERAS_3_LAMBDA, **off)
    for config in (
        sequential({**inner, **off}),
        {**sequential(inner), **off},
        functional(layer("TimeDistributed", layer=inner, **off)),
        functional(inner, kwargs=off),
        {**sequential(layer("Dense", units=1)), "compile_config": {"optimizer": "sgd", "loss": KERAS_3_LAMBDA, **off}},
        {**sequential(layer("Dense", units=1)), "build_config": {"input_shape": [None, 4], "f": KERAS_3_LAMBDA}, "config":
            {"name": "s", "layers": [{**layer("Dense", units=1), "build_config": KERAS_3_LAMBDA}, inner]}},
    ):  # fmt: skip
        keras_file(tmp_path / "m.keras", config)
        with nothing_happens(tmp_path / "m.keras"):
            refused(lambda: load_model(tmp_path / "m.keras"))


def test_cve_2026_12481_a_file_read_on_the_way_has_a_gate_of_its_own(tmp_path, nothing_happens):
    """A class of the user's that reads a second file: its own argument counts, not that of the reader around it."""
    keras_file(tmp_path / "inner.keras", sequential(layer("Lambda", function=KERAS_3_LAMBDA)))

    class Reads(layers.Layer):
        @classmethod
        def from_config(cls, config):
            load_model(tmp_path / "inner.keras")
            return cls(**config)

    keras_file(tmp_path / "m.keras", sequential(layer("Reads", module=None)))
    with nothing_happens(tmp_path / "m.keras", tmp_path / "inner.keras"):
        text = refused(lambda: load_model(tmp_path / "m.keras", {"Reads": Reads}, safe_mode=False))
    assert "asks for a Python lambda" in text
    assert kerasish.core.context.local.safe_mode is None


def test_cve_2026_12481_an_inner_object_is_as_safe_as_what_it_is_in():
    """The other way round, a class cannot switch safety off for what lies in it, and need not say that it is off."""
    asked = []

    class Holder(layers.Layer):
        def __init__(self, function, **kwargs):
            super().__init__(**kwargs)
            self.function = function

        @classmethod
        def from_config(cls, config):
            asked.append(config["function"])
            options = {} if config["inherits"] else {"safe_mode": False}
            return cls(saving.deserialize_keras_object(config["function"], **options))

    code = saving.serialize_keras_object  # a lambda's own, so that it is one of this Python
    with pytest.warns(UserWarning, match="lambda"):
        data = code(lambda x: x + 1)
    for inherits in (True, False):
        config = {**layer("Holder", module=None, function=data, inherits=inherits)}
        assert "lambda" in refused(lambda config=config: saving.deserialize_keras_object(config, {"Holder": Holder}))
        made = saving.deserialize_keras_object(config, {"Holder": Holder}, safe_mode=False)
        assert made.function(1) == 2
    assert len(asked) == 4


def test_cve_2026_12481_cloning_reads_no_code(nothing_happens):
    model = Sequential([layers.Input((4,)), layers.Lambda(lambda x: x * 2)])
    with nothing_happens():
        copies = [clone_model(model), clone_model(Model(model.inputs, model.outputs))]
    for cloned in copies:
        np.testing.assert_array_equal(cloned(np.ones((1, 4), "float32")), 2 * np.ones((1, 4)))


def test_keras_22974_an_inner_config_that_is_no_dictionary(nothing_happens):
    with nothing_happens():
        for value in ("os.system", ["os.system"], 3, None, True):
            data = {**layer("Dense"), "config": value}
            for config in (sequential(data), functional(data), sequential(layer("TimeDistributed", layer=data))):
                refused(lambda config=config: model_from_json(json.dumps(config)))


def test_keras_22466_a_class_registered_under_a_public_name_stays_the_users():
    """What the user registered as "safety>Dense" is made for that registered name only, not for Keras's Dense."""

    class Other(layers.Layer):
        pass

    saving.register_keras_serializable("safety", "Dense")(Other)
    made = saving.deserialize_keras_object(layer("Dense", units=1))
    assert type(made) is layers.Dense
    own = {"module": "mine", "class_name": "Other", "config": {"name": "o"}, "registered_name": "safety>Dense"}
    assert type(saving.deserialize_keras_object(own)) is Other


def test_keras_mfv_poc_001_folders_that_look_like_checkpoints(tmp_path, model, nothing_happens):
    folder = tmp_path / "checkpoint"
    (folder / "default").mkdir(parents=True)
    (tmp_path / "victim").write_text("untouched")
    for name in ("_CHECKPOINT_METADATA", "_METADATA", "checkpoint", "config.json", "default/_METADATA"):
        (folder / name).write_text(json.dumps({"tree_metadata": {"assets": {"../../victim": "x", "/tmp/escape": "y"}}}))
    before = sorted(str(path) for path in tmp_path.rglob("*"))
    for action in (load_model, model.load_weights):
        with nothing_happens(), pytest.raises(ValueError, match="File format not supported"):
            action(folder)
    assert sorted(str(path) for path in tmp_path.rglob("*")) == before
    assert (tmp_path / "victim").read_text() == "untouched"


@pytest.mark.parametrize("name", ["m.keras", "m.h5", "m.weights.h5", "m.pt"])
@pytest.mark.parametrize("zipped", [True, False])
def test_torch_cve_2025_32434_torch_files_are_not_models(tmp_path, model, nothing_happens, monkeypatch, name, zipped):
    torch.save({"x": torch.ones(2)}, tmp_path / name, _use_new_zipfile_serialization=zipped)
    monkeypatch.setattr(torch, "load", hostile)
    calls.clear()
    for action in (load_model, model.load_weights):
        with nothing_happens(tmp_path / name), pytest.raises(ValueError):
            action(tmp_path / name)
    assert not calls


def test_torch_cve_2026_24747_nothing_that_reads_models_knows_of_pickles():
    """The readers' sources name neither torch.load nor pickle; what runs with ``safe_mode=False`` alone is in two files.

    (exported.py reads arrays with ``allow_pickle=False``, parts.py an index by an unpickler of its classes alone;
    exported_python.py reads functions for ``TFSMLayer`` and ``tf.saved_model.load``, to which no file of a model leads in
    safe mode; replicas.py takes objects from the processes that compute together.)
    """
    package = Path(kerasish.__file__).parent
    readers_of_files = [
        path for folder in ("saving", "core", "models", "layers") for path in package.glob(f"{folder}/**/*.py")
    ]
    words = r"torch\.load|^import (pickle|marshal)|allow_pickle"
    found = {path.name for path in readers_of_files if re.search(words, path.read_text("utf-8"), re.MULTILINE)}
    assert found - {"exported.py", "parts.py", "exported_python.py", "replicas.py"} == {
        "bytecode.py",
        "torch_module.py",
    }
    assert not [path for path in package.glob("saving/**/*.py") if "import_module" in path.read_text("utf-8")]


@pytest.mark.parametrize(
    "metadata", [b"{}", b'{"epoch": [1]}', b'{"epoch": "1"}', b"\x80\x04cos\nsystem\n(S'x'\ntR.", b"[1]"]
)
@pytest.mark.parametrize("weights", [None, b"\x80\x04cos\nsystem\n(S'echo hostile'\ntR.", b"PK\x03\x04", b""])
def test_backups_are_read_through_the_same_gate(tmp_path, model, nothing_happens, metadata, weights):
    """What ``BackupAndRestore`` finds in its folder is a file like others: the model keeps its weights."""
    before = model.get_weights()
    folder = tmp_path / "backup"
    folder.mkdir()
    (folder / "training_metadata.json").write_bytes(metadata)
    if weights is not None:
        (folder / "latest.weights.h5").write_bytes(weights)
    callback = callbacks.BackupAndRestore(str(folder))
    callback.set_model(model)
    refused = pytest.raises(ValueError) if weights is not None else nullcontext()  # without weights there is no backup
    with nothing_happens(folder / "latest.weights.h5", folder / "training_metadata.json"), refused:
        callback.on_train_begin()
    assert "_position" not in model.__dict__
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_keras_23101_assets_are_files_in_one_folder(tmp_path, nothing_happens):
    """Members whose names clash or are longer than a system takes are errors of the file, not of the system."""
    model = Sequential([layers.Input((1,), dtype="string"), layers.StringLookup()])
    model.layers[-1].set_vocabulary(["a", "b"])
    model.save(tmp_path / "good.keras")
    with zipfile.ZipFile(tmp_path / "good.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    (asset,) = [name for name in members if name.startswith("assets/")]
    for extra in (f"{asset}/below", asset.rpartition("/")[0] + "/" + "x" * 300, asset.rpartition("/")[0] + "/d" * 3000):
        with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
            for name, data in {**members, extra: b"data"}.items():
                archive.writestr(name, data)
        with pytest.raises(ValueError, match="asset|member"):
            load_model(tmp_path / "m.keras")


def test_functional_and_sequential_configs_of_wrong_structure_are_value_errors():
    for config in ({}, {"layers": 3}, {"layers": [3]}, {"layers": [{}], "input_layers": [], "output_layers": []}):
        for cls in (Functional, Sequential):
            refused(lambda cls=cls, config=config: cls.from_config(config))
    refused(lambda: Functional.from_config({"layers": [], "input_layers": [["x", 0, 0]], "output_layers": []}))
    for data in ({"class_name": "__numpy__", "config": {}}, {"class_name": "__tuple__", "config": 3},
                 {"class_name": "__bytes__", "config": {"value": 3}}, {"class_name": "__slice__", "config": {}}):  # fmt: skip
        refused(lambda data=data: saving.deserialize_keras_object(data))


def test_code_is_told_from_other_data():
    """With ``safe_mode=False`` what is no code of a function is a ValueError, not a crash of the interpreter."""
    for code in ("", "AAAA", CODE[:40], 3, None, "é"):
        for data in ({"code": code, "defaults": None, "closure": None}, [code, None, None], code):
            config = {"class_name": "__lambda__", "config": data}
            with pytest.raises((ValueError, TypeError)):
                saving.deserialize_keras_object(config, safe_mode=False)
