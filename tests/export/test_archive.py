"""ExportArchive and TFSMLayer: what is written in one process serves in another, without the model's code."""

import json
import shutil

import numpy as np
import pytest
import torch

from kerasish import InputSpec, layers, saving, tf
from kerasish.core import wire
from kerasish.export import ExportArchive
from kerasish.layers.exported import INDEX, Exported
from kerasish.models import Model, Sequential, load_model

X = np.random.default_rng(1).normal(size=(5, 3)).astype("float32")
SPEC = [InputSpec(shape=(None, 3), dtype="float32")]


def small():
    return Sequential([layers.Input((3,)), layers.Dense(4), layers.BatchNormalization(), layers.Dropout(0.5)])


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported")
    model = small()
    archive = ExportArchive()
    archive.track(model)
    archive.add_endpoint("serve", model.call, SPEC)
    archive.add_endpoint("noisy", lambda x: model(x, training=True), [tf.TensorSpec((None, 3), tf.float32)])
    archive.add_endpoint(
        "plus", lambda x, y: model(x) + y, [*SPEC, InputSpec(shape=(None, 4), dtype="float32", name="y")]
    )
    archive.add_variable_collection("kernels", [model.layers[0].kernel])
    archive.write_out(folder, verbose=False)
    return model, folder


def test_endpoints_and_collections_come_back(written):
    model, folder = written
    exported = Exported(folder)
    assert list(exported.signatures) == ["serve", "noisy", "plus", "serving_default"]
    np.testing.assert_allclose(exported.serve(X), model(X), rtol=1e-6)
    np.testing.assert_allclose(exported.plus(X, y=np.ones((5, 4))), model(X) + 1.0, rtol=1e-6)
    assert isinstance(exported.serve(X), tf.Tensor)
    assert isinstance(exported.serve(torch.tensor(X)), torch.Tensor)
    np.testing.assert_array_equal(exported.kernels[0].numpy(), model.layers[0].kernel.numpy())
    with pytest.raises(TypeError, match="has no argument 'z'"):
        exported.plus(X, z=1.0)
    with pytest.raises(TypeError, match=r"takes 2 argument"):
        exported.plus(X)


def test_a_layer_of_it_is_trained_with_the_weights_of_both_modes(written):
    _, folder = written
    layer = layers.TFSMLayer(folder, call_training_endpoint="noisy")
    assert [len(layer.trainable_weights), len(layer.non_trainable_weights)] == [4, 2]
    share = np.mean(np.asarray(layer(np.ones((200, 3), "float32"), training=True)) == 0)
    assert 0.4 < share < 0.6
    model = Sequential([layers.Input((3,)), layer, layers.Dense(1)])
    assert model.output_shape == (None, 1)
    before = [w.numpy() for w in layer.weights]
    model.compile("sgd", "mse")
    model.fit(X, np.ones((5, 1)), epochs=2, verbose=0)
    changed = [not np.array_equal(old, w.numpy()) for old, w in zip(before, layer.weights)]
    assert changed[0]
    assert sum(changed) >= 4
    assert not layers.TFSMLayer(folder, trainable=False).trainable_weights


def test_models_of_every_kind_are_exported_by_default(tmp_path, capsys):
    a, b = layers.Input((2,), name="a"), layers.Input((3,), name="b")
    model = Model({"a": a, "b": b}, {"sum": layers.Dense(2)(layers.Concatenate()([a, b]))})
    model.export(tmp_path / "m")
    assert "* Endpoint 'serve'\n  a: shape (None, 2), float32" in capsys.readouterr().out
    x = {"a": np.ones((4, 2), "float32"), "b": X[:4]}
    layer = layers.TFSMLayer(tmp_path / "m")
    np.testing.assert_allclose(layer(x)["sum"], model(x)["sum"], rtol=1e-6)
    model.export(tmp_path / "m", verbose=False)  # over itself
    assert sorted(path.name for path in (tmp_path / "m").iterdir()) == [
        "endpoint_0.pt2",
        "endpoints.json",
        "saved_model.pb",
    ]


def test_the_file_that_tells_an_exported_model_has_its_signatures(tmp_path):
    protobuf = pytest.importorskip("tensorboard.compat.proto.meta_graph_pb2")
    a, b = layers.Input((2,), name="a"), layers.Input((3,), name="b", dtype="float64")
    Model({"a": a, "b": b}, {"sum": layers.Dense(2)(layers.Concatenate()([a, b]))}).export(
        tmp_path / "m", verbose=False
    )
    fields = list(wire.fields(data := (tmp_path / "m" / "saved_model.pb").read_bytes(), 0, len(data)))
    assert [(number, value) for number, _, value, _ in fields[:1]] == [(1, 1)]
    graph = protobuf.MetaGraphDef.FromString(data[slice(*fields[1][2])])
    assert list(graph.meta_info_def.tags) == ["serve"]
    signature = graph.signature_def["serve"]
    told = {name: (x.dtype, [d.size for d in x.tensor_shape.dim]) for name, x in signature.inputs.items()}
    assert told == {"a": (1, [-1, 2]), "b": (2, [-1, 3])}
    assert [d.size for d in signature.outputs["sum"].tensor_shape.dim] == [-1, 2]


def test_no_file_leads_to_an_exported_model(written, tmp_path):
    """CVE-2026-1462: what lies at the path that a config names would be run."""
    _, folder = written
    model = Sequential([layers.Input((3,)), layers.TFSMLayer(folder)])
    config = model.layers[0].get_config()
    assert config["filepath"] == str(folder)
    assert set(config) == {"name", "trainable", "dtype", "filepath", "call_endpoint", "call_training_endpoint"}
    with pytest.raises(ValueError, match="safe_mode=False"):
        layers.TFSMLayer.from_config(config)
    with pytest.raises(ValueError, match="safe_mode=False"):
        layers.deserialize(layers.serialize(model.layers[0]))
    with pytest.raises(ValueError, match="safe_mode=False"):
        Sequential.from_config(model.get_config())
    model.save(tmp_path / "m.keras")
    with pytest.raises(ValueError, match="safe_mode=False"):
        load_model(tmp_path / "m.keras")
    loaded = load_model(tmp_path / "m.keras", safe_mode=False)
    np.testing.assert_allclose(loaded(X), model(X), rtol=1e-6)
    assert saving.get_registered_object("TFSMLayer") is None


def test_folders_of_others_are_explained(tmp_path, written):
    (tmp_path / "tensorflow").mkdir()
    (tmp_path / "tensorflow" / "saved_model.pb").write_bytes(b"\x08\x01")
    with pytest.raises(ValueError, match=r"only TensorFlow can run(.|\n)*model\.keras"):
        layers.TFSMLayer(tmp_path / "tensorflow")
    with pytest.raises(ValueError, match="no exported model"):
        layers.TFSMLayer(tmp_path / "nothing")
    with pytest.raises(ValueError, match="has no endpoint 'call'(.|\n)*'serve', 'noisy'"):
        layers.TFSMLayer(written[1], call_endpoint="call")


@pytest.mark.parametrize(
    "change", [{"format": "other"}, {"version": 2}, {"endpoints": []}, {"endpoints": [{"name": 3}]}]
)
def test_damaged_folders(tmp_path, written, change):
    shutil.copytree(written[1], tmp_path / "copy")
    index = json.loads((tmp_path / "copy" / INDEX).read_text())
    (tmp_path / "copy" / INDEX).write_text(json.dumps({**index, **change}))
    with pytest.raises(ValueError, match="cannot be read"):
        Exported(tmp_path / "copy")


def test_wrong_uses(tmp_path):
    model, archive = small(), ExportArchive()
    with pytest.raises(ValueError, match="No endpoints have been set yet"):
        archive.write_out(tmp_path)
    with pytest.raises(ValueError, match="needs an `input_signature`"):
        archive.add_endpoint("serve", model.call)
    with pytest.raises(ValueError, match="has not yet been built"):
        archive.track(layers.Dense(2))
    with pytest.raises(ValueError, match="Invalid resource type"):
        archive.track("model")
    with pytest.raises(ValueError, match="list/tuple/set"):
        archive.add_variable_collection("v", model.weights[0])
    with pytest.raises(ValueError, match="Unsupported format"):
        ExportArchive(format="neptune")
    archive.track_and_add_endpoint("serve", model, SPEC)
    with pytest.raises(ValueError, match="'serve' is already taken"):
        archive.add_endpoint("serve", model.call, SPEC)


def test_what_is_no_program_is_written_as_python_with_a_warning(tmp_path):
    model = Sequential([layers.Input((None, 2)), layers.LSTM(3)])
    with pytest.warns(
        UserWarning, match="written as functions of Python. torch can export the model only for one size"
    ):
        model.export(tmp_path, verbose=False)
    layer = layers.TFSMLayer(tmp_path, call_endpoint="serve")
    for steps in (1, 4):
        x = np.ones((2, steps, 2), "float32")
        np.testing.assert_allclose(layer(x), model(x), rtol=1e-6)
    with pytest.raises(ValueError, match="no endpoint 'other'"):
        layers.TFSMLayer(tmp_path, call_endpoint="other")
