"""TorchModuleWrapper: torch modules as layers of models of every kind, and in files."""

import base64

import numpy as np
import pytest
import torch
from torch import nn

from kerasish import layers, losses
from kerasish.models import Model, Sequential, load_model

RNG = np.random.default_rng(3)
X = RNG.normal(size=(6, 4)).astype("float32")


def block():
    return nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.ReLU())


def built(kind):
    wrapped = layers.TorchModuleWrapper(block(), name="w")
    if kind == "sequential":
        return Sequential([layers.Input((4,)), wrapped, nn.Linear(3, 2)])
    x = layers.Input((4,))
    return Model(x, layers.Dense(2)(wrapped(x)))


@pytest.mark.parametrize("kind", ["sequential", "functional"])
@pytest.mark.parametrize("file", ["m.keras", "m.h5"])
def test_models_train_and_come_back_for_those_who_trust_them(tmp_path, kind, file):
    model = built(kind)
    assert model.layers[-2].output_shape == (None, 3) or model.get_layer("w").output.shape == (None, 3)
    model.compile("adam", "mse")
    before = model.get_layer("w").module[0].weight.detach().clone()
    model.fit(X, np.ones((6, 2)), epochs=2, verbose=0)
    assert not torch.equal(before, model.get_layer("w").module[0].weight)
    assert float(model.get_layer("w").module[1].running_mean.abs().sum()) > 0  # it followed the mode
    model.save(tmp_path / file)
    with pytest.raises(ValueError, match="safe_mode=False"):
        load_model(tmp_path / file)
    loaded = load_model(tmp_path / file, safe_mode=False)
    np.testing.assert_allclose(loaded(X), model(X), rtol=1e-6)


@pytest.mark.parametrize("kind", ["sequential", "functional"])
def test_weights_are_kept_under_torchs_names(tmp_path, kind):
    model, other = built(kind), built(kind)
    model.get_layer("w").module[1].running_mean.fill_(2.0)
    model.save_weights(tmp_path / "m.weights.h5")
    read = other.get_layer("w").weights[0].value
    kept = np.array(read)
    other.load_weights(tmp_path / "m.weights.h5")
    np.testing.assert_allclose(other(X), model(X), rtol=1e-6)
    np.testing.assert_array_equal(read, kept)
    store = {}
    model.get_layer("w").save_own_variables(store)
    assert {"0.weight", "1.running_mean", "1.num_batches_tracked"} <= set(store)
    with pytest.raises(ValueError, match="not those of its torch module"):
        other.get_layer("w").load_own_variables({"0.weight": store["0.weight"]})
    with pytest.raises(ValueError, match="'0.weight' has another shape"):
        other.get_layer("w").load_own_variables({**store, "0.weight": np.zeros((1, 4))})


class Hostile:
    def __reduce__(self):
        return (print, ("ran",))


@pytest.mark.parametrize("safe_mode", [None, True])
def test_a_pickle_is_not_read(capsys, safe_mode):
    """CVE-2025-49655."""
    import io

    buffer = io.BytesIO()
    torch.save(Hostile(), buffer)
    config = {"name": "w", "module": base64.b64encode(buffer.getvalue()).decode()}
    with pytest.raises(ValueError, match="pickled"):
        layers.TorchModuleWrapper.from_config(config, safe_mode=safe_mode)
    with pytest.raises(ValueError, match="pickled"):
        layers.deserialize({"module": "keras.layers", "class_name": "TorchModuleWrapper", "config": config})
    assert "ran" not in capsys.readouterr().out
    with pytest.raises(ValueError, match="holds no module"):
        layers.TorchModuleWrapper.from_config({"module": 3}, safe_mode=False)


def test_channels_stay_where_torch_has_them():
    x = layers.Input((3, 8, 8))
    y = layers.TorchModuleWrapper(nn.Conv2d(3, 5, 3, stride=2))(x)
    assert y.shape == (None, 5, 3, 3)
    stated = layers.TorchModuleWrapper(nn.Flatten(), output_shape=(None, 7))
    assert stated(layers.Input((7, 1))).shape == (None, 7)
    assert stated.get_config()["output_shape"] == (None, 7)


def test_lazy_modules_need_parameters():
    module = nn.LazyLinear(2)
    with pytest.raises(ValueError, match="lazy module"):
        layers.TorchModuleWrapper(module)
    module(torch.ones(1, 4))
    assert len(layers.TorchModuleWrapper(module).trainable_weights) == 2


def test_a_loop_of_torchs_trains_a_model_of_both(tmp_path):
    model = built("sequential")
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    loss, history = losses.MeanSquaredError(), []
    for _ in range(5):
        optimizer.zero_grad()
        value = loss(torch.ones(6, 2), model(torch.tensor(X), training=True))
        value.backward()
        optimizer.step()
        history.append(value.item())
    assert history[-1] < history[0]
    twin = built("sequential")
    twin.load_state_dict(model.state_dict())
    np.testing.assert_allclose(twin(X), model(X), rtol=1e-6)


@pytest.mark.parametrize("kind", ["sequential", "functional"])
def test_safetensors_round_trip(tmp_path, kind):
    torch_files = pytest.importorskip("safetensors.torch")
    model, twin = built(kind), built(kind)
    torch_files.save_file(model.state_dict(), tmp_path / "m.safetensors")
    twin.load_state_dict(torch_files.load_file(tmp_path / "m.safetensors"))
    np.testing.assert_allclose(twin(X), model(X), rtol=1e-6)
    conv, same = (Sequential([layers.Input((5, 5, 2)), layers.Conv2D(3, 2)]) for _ in range(2))
    torch_files.save_model(conv, tmp_path / "c.safetensors")
    torch_files.load_model(same, tmp_path / "c.safetensors")
    x = RNG.normal(size=(1, 5, 5, 2)).astype("float32")
    np.testing.assert_allclose(same(x), conv(x), rtol=1e-6)
