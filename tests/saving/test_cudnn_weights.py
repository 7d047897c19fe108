"""Files of Keras 2's CuDNNLSTM and CuDNNGRU. Expected weights follow the definition, written out with loops."""

import json

import h5py
import numpy as np
import pytest

from kerasish import layers, models

UNITS, FEATURES = 3, 2


def stored(gates, seed=0):
    rng = np.random.default_rng(seed)
    shapes = [(FEATURES, gates * UNITS), (UNITS, gates * UNITS), (2 * gates * UNITS,)]
    return [rng.normal(size=shape).astype("float32") for shape in shapes]


def write(path, cls, weights, config=None):
    """A file in the layout of Keras 2: one layer, under the name "r"."""
    with h5py.File(path, "w") as file:
        root = file
        if config is not None:
            layer = {"class_name": cls, "config": {"name": "r", "batch_input_shape": [None, 4, FEATURES], **config}}
            model = {"class_name": "Sequential", "config": {"name": "s", "layers": [layer]}}
            file.attrs["model_config"] = json.dumps(model)
            file.attrs["keras_version"] = "2.4.0"
            root = file.create_group("model_weights")
        names = [f"r/w{i}:0" for i in range(len(weights))]
        root.attrs["layer_names"] = [b"r"]
        group = root.create_group("r")
        group.attrs["weight_names"] = [name.encode() for name in names]
        for name, weight in zip(names, weights, strict=True):
            group[name] = weight


def expected(weights, gates):
    kernel, recurrent, bias = weights
    new_kernel, new_recurrent = np.empty_like(kernel), np.empty_like(recurrent)
    for gate in range(gates):
        columns = slice(gate * UNITS, (gate + 1) * UNITS)
        numbers = iter(kernel[:, columns].ravel())  # cuDNN's matrix is (units, features), row after row
        for unit in range(UNITS):
            for feature in range(FEATURES):
                new_kernel[feature, gate * UNITS + unit] = next(numbers)
        new_recurrent[:, columns] = recurrent[:, columns].T
    first, second = np.split(bias, 2)
    return [new_kernel, new_recurrent, first + second if gates == 4 else np.stack([first, second])]


@pytest.mark.parametrize(("cls", "gates"), [("CuDNNLSTM", 4), ("CuDNNGRU", 3)])
def test_a_whole_model_loads_as_todays_class(tmp_path, cls, gates):
    weights = stored(gates)
    write(tmp_path / "m.h5", cls, weights, {"trainable": True, "units": UNITS, "return_sequences": True})
    model = models.load_model(tmp_path / "m.h5", compile=False)
    assert type(model.layers[-1]).__name__ == cls.removeprefix("CuDNN")
    for got, want in zip(model.get_weights(), expected(weights, gates), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-6)
    assert model(np.ones((1, 4, FEATURES), "float32")).shape == (1, 4, UNITS)


@pytest.mark.parametrize(("cls", "gates"), [(layers.LSTM, 4), (layers.GRU, 3)])
def test_weights_load_into_plain_layers_also_in_both_directions(tmp_path, cls, gates):
    first, second = stored(gates), stored(gates, seed=1)
    write(tmp_path / "w.h5", "", first + second)
    model = models.Sequential([layers.Input((4, FEATURES)), layers.Bidirectional(cls(UNITS), name="r")])
    model.load_weights(tmp_path / "w.h5")
    for got, want in zip(model.get_weights(), expected(first, gates) + expected(second, gates), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-6)


def test_what_computes_otherwise_is_refused(tmp_path):
    write(tmp_path / "w.h5", "", stored(3))
    model = models.Sequential([layers.Input((4, FEATURES)), layers.GRU(UNITS, reset_after=False, name="r")])
    with pytest.raises(ValueError, match="r"):
        model.load_weights(tmp_path / "w.h5")
