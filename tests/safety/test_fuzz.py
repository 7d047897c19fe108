"""Damaged files, cut off, with bytes changed at random or with other data in their configs: a clear error or a model.

Never a crash, half a model, or an error that says nothing of the file. The number of files is fixed: ``KERASISH_FUZZ=50``
makes it fifty times as many.
"""

import copy
import json
import os
import random
import zipfile

import h5py
import numpy as np
import pytest

from kerasish import layers, losses, metrics, ops, optimizers, saving
from kerasish.models import Functional, Model, Sequential, load_model, model_from_json

TIMES = int(os.environ.get("KERASISH_FUZZ", "1"))
FILES = 60 * TIMES  # for each kind of file and seed
CONFIGS = 60 * TIMES


def damaged(data, rng):
    data = bytearray(data)
    if rng.random() < 0.2:
        return data[: rng.randrange(len(data))]
    for _ in range(rng.choice([1, 1, 2, 4, 16, 64])):
        place = rng.randrange(len(data))
        data[place] = rng.choice([data[place] ^ (1 << rng.randrange(8)), rng.randrange(256), 0, 255])
    return data


@pytest.mark.filterwarnings("ignore::UserWarning")  # of optimizer states that do not fit
@pytest.mark.parametrize("kind", ["keras", "h5", "weights.h5"])
@pytest.mark.parametrize("seed", [0, 1])
def test_damaged_files_are_value_errors(model, tmp_path, kind, seed):
    path = tmp_path / f"m.{kind}"
    (model.save_weights if kind == "weights.h5" else model.save)(path)
    data = path.read_bytes()
    before = model.get_weights()
    rng = random.Random(seed)
    for _ in range(FILES):
        path.write_bytes(damaged(data, rng))
        try:
            if kind == "weights.h5":
                model.load_weights(path)
                model.set_weights(before)
            else:
                load_model(path)
        except (ValueError, TypeError):  # a TypeError where a damaged config names something unknown
            pass
        for old, new in zip(before, model.get_weights(), strict=True):
            np.testing.assert_array_equal(old, new)


def test_every_truncation_of_a_small_file_is_refused(model, tmp_path):
    for kind in ("keras", "h5", "weights.h5"):
        path = tmp_path / f"m.{kind}"
        (model.save_weights if kind == "weights.h5" else model.save)(path)
        data = path.read_bytes()
        for size in [*range(0, 200, 7), *range(200, len(data) - 1, len(data) // 100), len(data) - 1]:
            path.write_bytes(data[:size])
            with pytest.raises(ValueError):
                model.load_weights(path)


# configs of wrong structure ---------------------------------------------------------------------------------------------

WRONG = [
    None, True, -1, 0, 3, 10**20, 1e30, float("nan"), "", "x", "../x", "float16", "channels_first", "mixed_float16",
    [], [1], [None], ["a"], [[]], {}, {"a": 1}, {"class_name": "Dense"}, {"class_name": "Dense", "config": None},
    {"class_name": "Dense", "config": {}}, {"class_name": "__tuple__", "config": {}},
    {"class_name": "__numpy__", "config": {}}, {"class_name": "__keras_tensor__", "config": {}},
    {"class_name": "__bytes__", "config": {"value": 3}}, {"class_name": "__slice__", "config": {}},
    {"class_name": "__tensor__", "config": {"value": [[1], [1, 2]], "dtype": "float32"}},
    {"class_name": "TensorShape", "config": {"items": "x"}}, {"class_name": "function", "config": "relu"},
    {"class_name": "function", "config": None}, {"class_name": "Adam", "config": {}},
    {"class_name": "Functional", "config": {"layers": []}}, {"class_name": "Sequential", "config": {"layers": 3}},
]  # fmt: skip
KEYS = ["x", "name", "class_name", "config", "axis", "units", "layers", "dtype", "build_config", "shared_object_id"]


def of_many_layers():
    tokens, image = layers.Input((6,), name="a", dtype="int32"), layers.Input((4, 4, 3), name="b")
    x = layers.Bidirectional(layers.LSTM(3, return_sequences=True))(layers.Embedding(5, 4, mask_zero=True)(tokens))
    x = layers.GRU(2)(layers.TimeDistributed(layers.Dense(2, kernel_regularizer="l2", activation="relu"))(x))
    y = layers.MaxPooling2D()(layers.BatchNormalization()(layers.Conv2D(2, 3, padding="same")(image)))
    y = (ops.concatenate([layers.Flatten()(y), x], axis=-1) * 2.0)[:, 1:4]
    y = Sequential([layers.Input((3,)), layers.Dense(2), layers.Dropout(0.1)], name="inner")(y)
    y = ops.sum(y, axis=-1, keepdims=True) + ops.mean(x, axis=1, keepdims=True)
    model = Model({"a": tokens, "b": image}, [y, x], name="many")
    rate = optimizers.schedules.ExponentialDecay(0.1, 3, 0.5)
    model.compile(optimizers.Adam(rate), ["mse", None], metrics=[["mae"], [metrics.MeanSquaredError()]])
    return model


def of_cells():
    cells = layers.RNN([layers.LSTMCell(2), layers.GRUCell(3)])
    model = Sequential([layers.Input((5, 3)), layers.Dense(4), cells, layers.Lambda(ops.tanh)])
    model.compile("sgd", losses.Huber(), metrics=["mae"])
    return model


def of_features():
    x = layers.Input((1,), dtype="string")
    y = layers.CategoryEncoding(4, output_mode="multi_hot")(layers.StringLookup(vocabulary=["a", "b"])(x))
    return Model(x, layers.Discretization([0.0, 1.0])(y))


def places(data, path=()):
    yield path
    for key, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield from places(value, (*path, key))


def at(data, path):
    for key in path:
        data = data[key]
    return data


def altered(data, rng):
    """A copy with one to three of its values replaced, removed, added, or exchanged for others of its own."""
    data = copy.deepcopy(data)
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        found = [path for path in places(data) if path]
        path = rng.choice(found)
        parent, key, kind = at(data, path[:-1]), path[-1], rng.random()
        if kind < 0.6:
            parent[key] = copy.deepcopy(rng.choice(WRONG))
        elif kind < 0.8:
            del parent[key]
        elif kind < 0.9:
            parent[key] = copy.deepcopy(at(data, rng.choice(found)))
        elif isinstance(parent, dict):
            parent[rng.choice(KEYS)] = copy.deepcopy(rng.choice(WRONG))
    return data


def read(data, way, tmp_path):
    if way == "json":
        model_from_json(json.dumps(data))
    elif way == "object":
        saving.deserialize_keras_object(data)
    elif way == "class":
        config = data.get("config")
        cls = Functional if data.get("class_name") == "Functional" else Sequential
        cls.from_config(config if isinstance(config, dict) else {})
    elif way == "keras":
        with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
            archive.writestr("config.json", json.dumps(data))
            archive.writestr("model.weights.h5", b"")
        load_model(tmp_path / "m.keras")
    else:
        with h5py.File(tmp_path / "m.h5", "w") as file:
            file.attrs["model_config"] = json.dumps(data)
            file.create_group("model_weights").attrs["layer_names"] = []
        load_model(tmp_path / "m.h5")


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("make", [of_many_layers, of_cells, of_features])
def test_configs_of_wrong_structure_are_value_or_type_errors(tmp_path, make):
    data = json.loads(make().to_json())
    rng = random.Random(make.__name__)
    refused = 0
    for _ in range(CONFIGS):
        wrong, way = altered(data, rng), rng.choice(["json", "object", "class", "keras", "h5"])
        try:
            read(wrong, way, tmp_path)
        except (ValueError, TypeError):
            refused += 1
    assert refused > CONFIGS // 4
