"""``.keras`` and ``.weights.h5`` files: their layout, as recorded from Keras 3.15.1, and round trips."""

import json
import os
import zipfile
from io import BytesIO

import h5py
import numpy as np
import pytest

import kerasish as keras
from kerasish import layers, optimizers, saving
from kerasish.models import Model, Sequential, load_model, model_from_json


@saving.register_keras_serializable("tests")
class Block(layers.Layer):
    """Layers in every sort of attribute."""

    def __init__(self, n=2, **kwargs):
        super().__init__(**kwargs)
        self.n = n
        self.dense = layers.Dense(n)
        self.ds = [layers.Dense(n), layers.Dense(n)]
        self.mp = {"z": layers.Dense(n), "a": [layers.Dense(n), layers.BatchNormalization()]}
        self.tup = (layers.Dense(n), layers.ReLU())
        self._hidden = layers.Dense(n)
        self.shared = self.dense
        self.Upper = layers.Dense(n)

    def build(self, input_shape):
        self.w = self.add_weight(name="w", shape=(self.n,), initializer="ones")
        self.fixed = self.add_weight(name="fixed", shape=(2,), trainable=False, initializer="ones")
        self.last = self.add_weight(name="last", shape=(1,), initializer="ones")
        inner = [self.dense, *self.ds, self.mp["z"], *self.mp["a"], self.tup[0], self._hidden, self.Upper]
        for layer in inner:
            layer.build((None, self.n))

    def call(self, x):
        for layer in [self.dense, *self.ds, self.mp["z"], *self.mp["a"], *self.tup, self._hidden, self.Upper]:
            x = layer(x)
        return x * self.w + self.last


@saving.register_keras_serializable("tests")
class Net(Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.b1 = Block()
        self.out = layers.Dense(1)
        self.emb = Sequential([layers.Dense(2)])
        self.seqs = [Sequential([layers.Dense(2)])]

    def call(self, x):
        return self.out(self.b1(self.seqs[0](self.emb(x))))


@saving.register_keras_serializable("tests")
class Scaled(layers.Layer):
    """Stores its weight in its own way."""

    def build(self, input_shape):
        self.w = self.add_weight(name="w", shape=(input_shape[-1],), initializer="ones")

    def call(self, x):
        return x * self.w

    def save_own_variables(self, store):
        store["tenfold"] = self.w.numpy() * 10
        store["more"] = np.arange(3)

    def load_own_variables(self, store):
        assert sorted(store.keys()) == ["more", "tenfold"]
        self.w.assign(store["tenfold"] / 10)


def layout(source):
    """Path → name attribute of a group, or shape of an array."""
    found = {}

    def note(path, thing):
        if isinstance(thing, h5py.Dataset):
            found[path] = thing.shape
        elif "name" in thing.attrs:
            found[path] = thing.attrs["name"]

    with h5py.File(source) as file:
        file.visititems(note)
    return found


def archive_layout(path):
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["metadata.json", "config.json", "model.weights.h5"]
        return layout(BytesIO(archive.read("model.weights.h5")))


def small_model():
    model = Sequential(
        [
            layers.Input((4,)),
            layers.Dense(3),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
            layers.Dense(2, name="last"),
        ],
        name="small",
    )
    model.compile("adam", "mse", metrics=["mae"])
    model.train_on_batch(np.ones((8, 4), "float32"), np.ones((8, 2), "float32"))
    return model


def test_the_layout_is_that_of_keras_3(tmp_path):
    model = small_model()
    model.save(tmp_path / "m.keras")
    model.save_weights(tmp_path / "m.weights.h5")
    expected = {
        "layers/dense/vars": model.layers[0].name,
        "layers/dense/vars/0": (4, 3),
        "layers/dense/vars/1": (3,),
        "layers/batch_normalization/vars": model.layers[1].name,
        **{f"layers/batch_normalization/vars/{i}": (3,) for i in range(4)},
        "layers/dropout/vars": model.layers[2].name,
        "layers/dense_1/vars": "last",
        "layers/dense_1/vars/0": (3, 2),
        "layers/dense_1/vars/1": (2,),
        "optimizer/vars": model.optimizer.name,
        "optimizer/vars/0": (),
        "optimizer/vars/1": (),
        **{f"optimizer/vars/{i}": (4, 3) for i in (2, 3)},
        **{f"optimizer/vars/{i}": (3,) for i in (4, 5, 6, 7, 8, 9)},
        **{f"optimizer/vars/{i}": (3, 2) for i in (10, 11)},
        **{f"optimizer/vars/{i}": (2,) for i in (12, 13)},
        "vars": "small",
    }
    assert archive_layout(tmp_path / "m.keras") == expected
    assert layout(tmp_path / "m.weights.h5") == expected


def test_metadata_and_config_are_what_keras_3_reads(tmp_path):
    small_model().save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        metadata = json.loads(archive.read("metadata.json"))
        config = json.loads(archive.read("config.json"))
    assert metadata["keras_version"].startswith("3.")
    assert set(metadata) == {"keras_version", "date_saved"}
    assert config["class_name"] == "Sequential"
    assert config["build_config"] == {"input_shape": [None, 4]}
    assert [layer["class_name"] for layer in config["config"]["layers"]] == [
        "InputLayer", "Dense", "BatchNormalization", "Dropout", "Dense"
    ]  # fmt: skip
    assert config["config"]["layers"][1]["module"] == "keras.layers"
    assert config["compile_config"]["loss"] == "mse"
    assert config["compile_config"]["optimizer"]["class_name"] == "Adam"
    assert "shared_object_id" not in json.dumps(config)
    assert "__tuple__" not in json.dumps(config)  # Keras 3 does not know it


def test_paths_follow_attributes_and_class_names(tmp_path):
    """Recorded from Keras 3.15.1 for the same classes."""
    model = Net()
    model(np.ones((2, 2), "float32"))
    model.save_weights(tmp_path / "m.weights.h5")
    groups = {path.removesuffix("/vars") for path in layout(tmp_path / "m.weights.h5") if path.endswith("/vars")}
    assert groups == {
        "b1", "b1/Upper", "b1/_hidden", "b1/dense", "b1/ds/dense", "b1/ds/dense_1", "b1/mp/dense",
        "b1/mp/container/dense", "b1/mp/container/batch_normalization", "b1/tup/dense", "b1/tup/re_lu",
        "emb", "emb/layers/dense", "layers/dense", "layers/sequential_1", "layers/sequential_1/layers/dense",
    }  # fmt: skip
    with h5py.File(tmp_path / "m.weights.h5") as file:
        own = {name: array.shape for name, array in file["b1/vars"].items()}
    assert own == {"0": (2,), "1": (1,), "2": (2,)}  # trainable ones first


def test_recurrent_wrappers_and_nested_models_have_keras_3s_paths(tmp_path):
    inner = Sequential([layers.Input((6,)), layers.Dense(3), layers.Dense(2)])
    inputs = layers.Input((5, 3))
    x = layers.Bidirectional(layers.LSTM(2, return_sequences=True))(inputs)
    x = layers.Concatenate()([layers.GRU(3)(x), layers.RNN([layers.LSTMCell(2), layers.GRUCell(3)])(inputs)])
    model = Model(inputs, inner(x))
    model.save_weights(tmp_path / "m.weights.h5")
    found = layout(tmp_path / "m.weights.h5")
    expected = {
        "layers/bidirectional/backward_layer/cell/vars/0": (3, 8),
        "layers/bidirectional/backward_layer/cell/vars/1": (2, 8),
        "layers/bidirectional/backward_layer/cell/vars/2": (8,),
        "layers/bidirectional/forward_layer/cell/vars/0": (3, 8),
        "layers/bidirectional/forward_layer/cell/vars/1": (2, 8),
        "layers/bidirectional/forward_layer/cell/vars/2": (8,),
        "layers/gru/cell/vars/0": (4, 9),
        "layers/gru/cell/vars/1": (3, 9),
        "layers/gru/cell/vars/2": (2, 9),
        "layers/rnn/cell/cells/gru_cell/vars/0": (2, 9),
        "layers/rnn/cell/cells/gru_cell/vars/1": (3, 9),
        "layers/rnn/cell/cells/gru_cell/vars/2": (2, 9),
        "layers/rnn/cell/cells/lstm_cell/vars/0": (3, 8),
        "layers/rnn/cell/cells/lstm_cell/vars/1": (2, 8),
        "layers/rnn/cell/cells/lstm_cell/vars/2": (8,),
        "layers/sequential/layers/dense/vars/0": (6, 3),
        "layers/sequential/layers/dense/vars/1": (3,),
        "layers/sequential/layers/dense_1/vars/0": (3, 2),
        "layers/sequential/layers/dense_1/vars/1": (2,),
    }
    assert {path: shape for path, shape in found.items() if isinstance(shape, tuple)} == expected
    assert "layers/input_layer/vars" in found
    assert "layers/concatenate/vars" in found


def test_a_loaded_model_predicts_and_trains_on_exactly(tmp_path):
    x = np.random.default_rng(0).random((8, 4), dtype="float32")
    y = np.random.default_rng(1).random((8, 2), dtype="float32")
    model = Sequential([layers.Input((4,)), layers.Dense(3, activation="tanh"), layers.Dense(2)])
    model.compile(optimizers.AdamW(0.01, amsgrad=True, use_ema=True), "mse", metrics=["mae"])
    model.fit(x, y, epochs=3, verbose=0)
    model.save(tmp_path / "m.keras")
    loaded = load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))
    assert int(loaded.optimizer.iterations.numpy()) == 3
    for ours, theirs in zip(loaded.optimizer.variables, model.optimizer.variables, strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
    for m in (model, loaded):
        m.fit(x, y, epochs=2, verbose=0, shuffle=False)
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))


def test_a_subclassed_model_comes_back_with_its_layers(tmp_path):
    x = np.random.default_rng(0).random((8, 2), dtype="float32")
    model = Net()
    model.compile("sgd", "mse")
    model.fit(x, x[:, :1], verbose=0)
    model.save(tmp_path / "m.keras")
    loaded = load_model(tmp_path / "m.keras")
    assert isinstance(loaded, Net)
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))
    other = Net()
    other(x)
    other.load_weights(tmp_path / "m.keras")
    np.testing.assert_array_equal(other.predict(x, verbose=0), model.predict(x, verbose=0))


def test_layers_that_store_their_variables_themselves_are_asked(tmp_path):
    model = Sequential([layers.Input((3,)), Scaled()])
    model.layers[0].w.assign([1.0, 2.0, 3.0])
    for name in ("m.keras", "m.weights.h5"):
        (model.save if name == "m.keras" else model.save_weights)(tmp_path / name)
    assert archive_layout(tmp_path / "m.keras")["layers/scaled/vars/tenfold"] == (3,)
    np.testing.assert_array_equal(load_model(tmp_path / "m.keras").layers[0].w.numpy(), [1.0, 2.0, 3.0])
    model.layers[0].w.assign([0.0, 0.0, 0.0])
    model.load_weights(tmp_path / "m.weights.h5")
    np.testing.assert_array_equal(model.layers[0].w.numpy(), [1.0, 2.0, 3.0])


def test_a_layers_own_loading_that_fails_leaves_all_as_it_was(tmp_path):
    model = Sequential([layers.Input((3,)), layers.Dense(3), Scaled()])
    model.save_weights(tmp_path / "m.weights.h5")
    with h5py.File(tmp_path / "m.weights.h5", "a") as file:
        del file["layers/scaled/vars/more"]
    model.layers[0].set_weights([np.full((3, 3), 5.0), np.full(3, 5.0)])
    before = model.get_weights()
    with pytest.raises(ValueError, match="'layers/scaled' of the file .* could not be loaded"):
        model.load_weights(tmp_path / "m.weights.h5")
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_layers_in_two_places_are_one_layer_again(tmp_path):
    shared = layers.Dense(2)
    inputs = layers.Input((2,))
    left, right = (Sequential([layers.Input((2,)), shared]) for _ in range(2))
    model = Model(inputs, layers.Add()([left(inputs), right(inputs)]))
    model.save(tmp_path / "m.keras")
    loaded = load_model(tmp_path / "m.keras")
    first, second = (layer.layers[0] for layer in loaded.layers if isinstance(layer, Sequential))
    assert first is second
    x = np.ones((1, 2), "float32")
    np.testing.assert_array_equal(loaded(x).numpy(), model(x).numpy())
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        assert archive.read("config.json").count(b'"shared_object_id": 0') == 2


def test_lists_that_are_made_anew_at_each_look_do_not_hide_one_another(tmp_path):
    """``model.layers`` is a new list each time; two nested models' lists may have one address, one after the other."""
    inputs = layers.Input((3,))
    two = Model(inputs, [layers.Dense(2)(inputs), layers.Dense(1)(inputs)])
    one = Sequential([layers.Input((3,)), layers.Dense(3)])
    model = Model(inputs, layers.Concatenate()(two(one(inputs))))
    for i in range(5):
        path = tmp_path / f"{i}.weights.h5"
        model.save_weights(path)
        arrays = [path for path, shape in layout(path).items() if isinstance(shape, tuple)]
        assert len(arrays) == 6


def test_frozen_layers_and_explicit_modes_are_kept(tmp_path):
    inner = Sequential([layers.Input((3,)), layers.Dense(3), layers.BatchNormalization()], name="inner")
    inner.trainable = False
    inputs = layers.Input((4,))
    x = layers.Dropout(0.9, name="always")(layers.Dense(3)(inputs), training=True)
    model = Model(inputs, layers.Dense(2)(inner(x, training=False)))
    model.compile("adam", "mse")
    model.save(tmp_path / "m.keras")
    loaded = load_model(tmp_path / "m.keras")
    assert not loaded.get_layer("inner").trainable
    assert loaded.trainable
    assert len(loaded.trainable_weights) == len(model.trainable_weights) == 4
    calls = {layer["name"]: layer["inbound_nodes"] for layer in loaded.get_config()["layers"]}
    assert calls["always"][0]["kwargs"] == {"training": True}
    assert calls["inner"][0]["kwargs"] == {"training": False}


def test_a_mode_that_keras_wrote_without_being_asked_is_not_one(tmp_path):
    """Keras 3 writes ``training=False`` into every call whose layer knows modes; that must not switch dropout off."""
    inputs = layers.Input((4,))
    model = Model(inputs, layers.Dropout(0.5, name="drop")(inputs))
    config = json.loads(model.to_json())
    config["config"]["layers"][1]["inbound_nodes"][0]["kwargs"] = {"training": False, "mask": None}
    loaded = model_from_json(json.dumps(config))
    assert (loaded(np.ones((50, 4), "float32"), training=True).numpy() == 0).any()


def test_assets_of_layers_travel_in_the_archive(tmp_path):
    class Keeper(layers.Layer):
        text = ""

        def call(self, x):
            return x

        def save_assets(self, folder):
            os.mkdir(os.path.join(folder, "deep"))
            with open(os.path.join(folder, "deep", "text.txt"), "w") as file:
                file.write(self.text)

        def load_assets(self, folder):
            with open(os.path.join(folder, "deep", "text.txt")) as file:
                self.text = file.read()

    model = Sequential([layers.Input((2,)), Keeper()])
    model.layers[0].text = "remember"
    model.save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        assert archive.namelist()[-1] == "assets/layers/keeper/deep/text.txt"
    loaded = load_model(tmp_path / "m.keras", custom_objects={"Keeper": Keeper})
    assert loaded.layers[0].text == "remember"


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_other_dtypes_come_back(tmp_path, dtype):
    model = Sequential([layers.Input((3,)), layers.Dense(2, dtype=dtype)])
    model.save(tmp_path / "m.keras")
    loaded = load_model(tmp_path / "m.keras")
    assert loaded.layers[0].kernel.dtype.name == dtype
    for old, new in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(np.asarray(old, "float64"), np.asarray(new, "float64"))


def test_a_file_of_tf_keras_has_its_optimizer_without_a_learning_rate(tmp_path):
    """tf_keras 2.21 writes the same layout, but 13 optimizer variables where Keras 3 has 14."""
    model = small_model()
    model.save_weights(tmp_path / "m.weights.h5")
    with h5py.File(tmp_path / "m.weights.h5", "a") as file:
        group = file["optimizer/vars"]
        del group["1"]
        for i in range(2, 14):
            group.move(str(i), str(i - 1))
    other = small_model()
    other.train_on_batch(np.ones((8, 4), "float32"), np.zeros((8, 2), "float32"))
    other.optimizer.learning_rate = 0.5
    other.load_weights(tmp_path / "m.weights.h5")
    assert int(other.optimizer.iterations.numpy()) == 1
    assert float(other.optimizer.learning_rate.numpy()) == 0.5
    for ours, theirs in list(zip(other.optimizer.variables, model.optimizer.variables, strict=True))[2:]:
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


def test_tf_keras_lists_a_subclassed_models_layers_first(tmp_path):
    """Its files have ``layers/dense`` for an attribute ``self.d``, where Keras 3 has ``d``."""

    class Simple(Model):
        def __init__(self):
            super().__init__()
            self.d = layers.Dense(2)
            self.e = [layers.Dense(3)]

        def call(self, x):
            return self.e[0](self.d(x))

    model = Simple()
    model(np.ones((1, 4), "float32"))
    with h5py.File(tmp_path / "m.weights.h5", "w") as file:
        for path, shape in (("layers/dense", (4, 2)), ("layers/dense_1", (2, 3))):
            file[f"{path}/vars/0"] = np.full(shape, 2.0)
            file[f"{path}/vars/1"] = np.full(shape[1:], 2.0)
    model.load_weights(tmp_path / "m.weights.h5")
    assert all((w == 2.0).all() for w in model.get_weights())


def test_dense_with_arrays_of_its_own_names_is_loaded(tmp_path):
    class Scaled(keras.layers.Dense):
        def build(self, input_shape):
            super().build(input_shape)
            self.factor = keras.Variable(np.ones(self.units), name="factor", dtype="float32", trainable=False)

        def save_own_variables(self, store):
            super().save_own_variables(store)
            store["factor"] = self.factor.numpy()

        def load_own_variables(self, store):
            self.factor.assign(store["factor"])
            self.kernel.assign(store["0"])
            self.bias.assign(store["1"])

    model = keras.Sequential([keras.Input((3,)), Scaled(2)])
    model.layers[0].factor.assign([3.0, 4.0])
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras", custom_objects={"Scaled": Scaled})
    assert again.layers[0].factor.numpy().tolist() == [3.0, 4.0]
    np.testing.assert_array_equal(again.layers[0].kernel.numpy(), model.layers[0].kernel.numpy())


class Added(keras.layers.Dense):
    """A Dense layer with a variable before and one after its own."""

    def __init__(self, units, **kwargs):
        super().__init__(units, **kwargs)
        self.before = self.add_weight(shape=(4,), name="before")

    def build(self, input_shape):
        super().build(input_shape)
        self.after = self.add_weight(shape=(5,), name="after")


def test_variables_that_subclasses_add_come_after_those_of_the_class(tmp_path):
    model = keras.Sequential([keras.Input((3,)), Added(2)])
    model.save_weights(tmp_path / "all.weights.h5")
    with h5py.File(tmp_path / "all.weights.h5") as file:
        group = file["layers/added/vars"]
        assert [group[str(i)].shape for i in range(4)] == [(3, 2), (2,), (4,), (5,)]
        kept = [group[str(i)][()] + 1 for i in range(2)]
    with h5py.File(tmp_path / "own.weights.h5", "w") as file:  # as Keras writes them
        for i, array in enumerate(kept):
            file[f"layers/added/vars/{i}"] = array
    layer = model.layers[0]
    others = layer.before.numpy(), layer.after.numpy()
    with pytest.warns(UserWarning, match="no values for .'before', 'after'."):
        model.load_weights(tmp_path / "own.weights.h5")
    for variable, value in zip((layer.kernel, layer.bias, layer.before, layer.after), (*kept, *others), strict=True):
        np.testing.assert_array_equal(variable, value)


@pytest.mark.parametrize("kind", ["Dropout", "MaxPooling1D", "ReLU", "GaussianNoise", "GlobalMaxPooling1D"])
def test_subclasses_of_layers_without_weights_may_build_some(kind):
    class Own(getattr(keras.layers, kind)):
        def build(self, input_shape):
            self.scale = self.add_weight(shape=(input_shape[-1],), name="scale")

    layer = Own(0.5) if kind in ("Dropout", "GaussianNoise") else Own()
    assert [w.name for w in keras.Sequential([keras.Input((4, 3)), layer]).weights] == ["scale"]
    assert getattr(keras.layers, kind)(*((0.5,) if kind in ("Dropout", "GaussianNoise") else ())).built


@pytest.mark.parametrize("missing", [layers.BatchNormalization, lambda: layers.GroupNormalization(2), Block])
def test_a_file_without_values_for_a_layer_is_refused(missing, tmp_path):
    path = tmp_path / "model.weights.h5"
    Sequential([layers.Input((3,)), layers.Dense(2)]).save_weights(path)
    model = Sequential([layers.Input((3,)), layers.Dense(2), missing()])
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"variables, but received 0 variables"):
        model.load_weights(path)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
