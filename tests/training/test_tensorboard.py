"""TensorBoard's event files, read back record by record."""

import glob
import json
import os
import pathlib
import struct

import numpy as np
import pytest

import kerasish as keras
from kerasish import callbacks, layers
from kerasish.training import events

X = np.random.RandomState(0).randn(20, 3).astype("float32")


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value, shift, at = value | (byte & 127) << shift, shift + 7, at + 1
        if byte < 128:
            return value, at


def fields(data):
    """Field number → values, of a serialized message."""
    found, at = {}, 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        else:
            size = {1: 8, 5: 4}.get(key & 7)
            if size is None:
                size, at = varint(data, at)
            value, at = data[at : at + size], at + size
        found.setdefault(key >> 3, []).append(value)
    return found


def values(folder):
    """(tag, plugin, step, tensor) of all events of a folder."""
    found = []
    for path in glob.glob(os.path.join(folder, "events*")):
        data, at = pathlib.Path(path).read_bytes(), 0
        while at < len(data):
            (size,) = struct.unpack("<Q", data[at : at + 8])
            body = data[at + 12 : at + 12 + size]
            assert data[at + 12 + size : at + 16 + size] == events._checksum(body)
            event = fields(body)
            at += 16 + size
            for summary in event.get(5, []):
                value = fields(fields(summary)[1][0])
                plugin = fields(fields(value[9][0])[1][0])[1][0].decode()
                found.append((value[1][0].decode(), plugin, event.get(2, [0])[0], fields(value[8][0])))
    return found


def fit(folder, epochs=2, **options):
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2, name="d")], name="m")
    model.compile(keras.optimizers.SGD(0.125), "mse", metrics=["mae"])
    board = callbacks.TensorBoard(folder, **options)
    history = model.fit(X, X[:, :2], 5, epochs, 0, [board], validation_data=(X, X[:, :2]))
    return model, history.history


def test_scalars_have_keras_tags_and_the_logs_values(tmp_path):
    _, history = fit(tmp_path, write_graph=False)
    train = {(tag, step): tensor for tag, plugin, step, tensor in values(tmp_path / "train") if plugin == "scalars"}
    tags = ("epoch_loss", "epoch_mae", "epoch_learning_rate")
    assert set(train) == {(tag, step) for tag in tags for step in (0, 1)}
    assert struct.unpack("<f", train["epoch_loss", 1][4][0])[0] == pytest.approx(history["loss"][1], rel=1e-6)
    assert struct.unpack("<f", train["epoch_learning_rate", 0][4][0])[0] == 0.125
    validation = {(tag, step) for tag, _, step, _ in values(tmp_path / "validation")}
    expected = {(f"epoch_{name}", step) for name in ("loss", "mae") for step in (0, 1)}
    assert validation == expected | {(f"evaluation_{n}_vs_iterations", s) for n in ("loss", "mae") for s in (4, 8)}


def test_batches_weights_and_graph(tmp_path):
    options = {"histogram_freq": 1, "write_images": True, "update_freq": 2, "write_steps_per_second": True}
    fit(tmp_path, epochs=1, **options)
    found = values(tmp_path / "train")
    kinds = {(tag, plugin) for tag, plugin, _, _ in found}
    assert {("m/d/kernel/histogram", "histograms"), ("m/d/bias/histogram", "histograms")} <= kinds
    assert {("m/d/kernel/image", "images"), ("m/d/bias/image", "images"), ("keras", "graph_keras_model")} <= kinds
    assert [step for tag, _, step, _ in found if tag == "batch_loss"] == [2, 4]
    assert {"batch_steps_per_second", "epoch_steps_per_second"} <= {tag for tag, _ in kinds}
    image = next(tensor for tag, _, _, tensor in found if tag == "m/d/kernel/image")
    assert image[8][:2] == [b"3", b"2"] and image[8][2].startswith(b"\x89PNG")


def test_tensorboard_itself_reads_the_files(tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    from tensorboard.util.tensor_util import make_ndarray

    _, history = fit(tmp_path, epochs=3, histogram_freq=2, write_images=True)
    read = accumulator.EventAccumulator(str(tmp_path / "train"), size_guidance={"tensors": 0}).Reload()
    losses = {event.step: float(make_ndarray(event.tensor_proto)) for event in read.Tensors("epoch_loss")}
    np.testing.assert_allclose([losses[epoch] for epoch in range(3)], history["loss"], rtol=1e-6)
    (first, second) = read.Tensors("m/d/kernel/histogram")
    counts = make_ndarray(second.tensor_proto)
    assert (first.step, second.step, counts.shape, counts[:, 2].sum()) == (0, 2, (30, 3), 6)
    assert read.SummaryMetadata("m/d/kernel/image").plugin_data.plugin_name == "images"
    graph = json.loads(make_ndarray(read.Tensors("keras")[0].tensor_proto).item())
    assert graph["class_name"] == "Sequential"


def test_the_checksum_is_crc32c():
    masked = struct.unpack("<I", events._checksum(b"123456789"))[0]
    rotated = (masked - 0xA282EAD8) & 0xFFFFFFFF
    assert (rotated >> 17 | rotated << 15) & 0xFFFFFFFF == 0xE3069283


@pytest.mark.parametrize("batches", ["a,b,c", (3, 1), -1, (1, 2, 3)])
def test_a_profile_that_is_none_is_refused(batches):
    with pytest.raises(ValueError):
        callbacks.TensorBoard(profile_batch=batches)


def test_metadata_of_layers_that_are_not_there_are_refused(tmp_path):
    with pytest.raises(ValueError, match="Unrecognized `Embedding` layer names"):
        fit(tmp_path, embeddings_freq=1, embeddings_metadata={"words": "w.tsv"})


@pytest.mark.parametrize("update_freq", ["epochs", 0, -1, 2.5, None])
def test_a_frequency_that_is_none_is_refused(update_freq):
    with pytest.raises(ValueError, match="Invalid `update_freq` of TensorBoard"):
        callbacks.TensorBoard("logs", update_freq=update_freq)
