"""Weights in several files; the layout and the names are those that Keras 3.15 writes."""

import json
import os

import numpy as np
import pytest

from kerasish import layers, optimizers
from kerasish.models import Sequential
from kerasish.saving.archive import CorruptFileError

X = np.random.RandomState(0).rand(4, 64).astype("float32")
LIMIT = 0.00004  # of 2³⁰ bytes: a kernel of 64 by 128 and little more


def trained():
    model = Sequential(
        [
            layers.Input((64,)),
            layers.Dense(64, name="a"),
            layers.BatchNormalization(name="bn"),
            layers.Dense(128, name="b"),
            layers.Dense(64, name="c"),
        ],
        name="s",
    )
    model.compile(optimizers.Adam(0.01), "mse")
    model.fit(X, X, verbose=0)
    return model


def test_weights_and_optimizer_come_back_from_several_files(tmp_path):
    model, other = trained(), trained()
    model.save_weights(tmp_path / "m.weights.json", max_shard_size=LIMIT)
    other.load_weights(tmp_path / "m.weights.json")
    for a, b in zip(
        model.variables + model.optimizer.variables, other.variables + other.optimizer.variables, strict=True
    ):
        np.testing.assert_array_equal(a, b)


def test_the_index_says_which_group_is_in_which_file(tmp_path):
    model = trained()
    model.save_weights(tmp_path / "m.weights.json", max_shard_size=LIMIT)
    index = json.loads((tmp_path / "m.weights.json").read_text())
    assert index["metadata"] == {"total_size": 250892.0}
    names = [f"m_{i:05d}.weights.h5" for i in range(8)]
    assert index["weight_map"] == {
        "/layers/dense/vars": names[:1],
        "/layers/batch_normalization/vars": names[:1],
        "/layers/dense_1/vars": names[1:2],
        "/layers/dense_2/vars": names[2:3],
        "/optimizer/vars": names[2:],
    }
    assert sorted(os.listdir(tmp_path)) == ["m.weights.json", *names]


def test_one_large_shard_and_a_name_in_h5(tmp_path):
    model, other = trained(), trained()
    model.save_weights(tmp_path / "m.weights.h5", max_shard_size=1)
    assert sorted(os.listdir(tmp_path)) == ["m.weights.json", "m_00000.weights.h5"]
    other.load_weights(tmp_path / "m.weights.json")
    np.testing.assert_array_equal(model.predict(X, verbose=0), other.predict(X, verbose=0))


def test_what_does_not_fit_is_refused(tmp_path):
    model = trained()
    with pytest.raises(
        ValueError, match=r"exceeds the maximum shard size of 11 bytes. You can increase the `max_shard_size`"
    ):
        model.save_weights(tmp_path / "m.weights.json", max_shard_size=1e-8)
    with pytest.raises(ValueError, match=r"must end in `\.weights\.json` when `max_shard_size` is specified"):
        model.save_weights(tmp_path / "m.h5", max_shard_size=1)
    with pytest.raises(ValueError, match=r"must end in `\.weights\.h5`"):
        model.save_weights(tmp_path / "m.weights.json")
    with pytest.raises(FileNotFoundError):
        model.load_weights(tmp_path / "none.weights.json")
    with pytest.raises(ValueError, match="`max_shard_size` is for files in Keras 3's format. Received: save_format=h5"):
        model.save_weights(tmp_path / "m.weights.json", max_shard_size=1, save_format="h5")


@pytest.mark.parametrize(
    "files",
    [["../other.weights.h5"], ["/etc/m.weights.h5"], ["m.txt"], [3], 3, "a\\b.weights.h5", ["c:m.weights.h5"]],
    ids=str,
)
def test_an_index_names_files_beside_it_only(tmp_path, files):
    (tmp_path / "m.weights.json").write_text(json.dumps({"metadata": {}, "weight_map": {"/layers/dense/vars": files}}))
    before = trained()
    weights = before.get_weights()
    with pytest.raises(CorruptFileError, match="names a file that is not beside it|names no files"):
        before.load_weights(tmp_path / "m.weights.json")
    for a, b in zip(weights, before.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"weight_map": 3}', "\0" * 40])
def test_an_index_that_is_none_is_refused(tmp_path, text):
    (tmp_path / "m.weights.json").write_text(text)
    with pytest.raises(CorruptFileError):
        trained().load_weights(tmp_path / "m.weights.json")


def test_a_missing_or_damaged_part_leaves_the_model_as_it_is(tmp_path):
    model, other = trained(), trained()
    model.save_weights(tmp_path / "m.weights.json", max_shard_size=LIMIT)
    part = tmp_path / "m_00001.weights.h5"
    whole, weights = part.read_bytes(), other.get_weights()
    part.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CorruptFileError):
        other.load_weights(tmp_path / "m.weights.json")
    part.unlink()
    with pytest.raises(FileNotFoundError):
        other.load_weights(tmp_path / "m.weights.json")
    for a, b in zip(weights, other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
