"""Legacy ``.h5`` files: of Keras 2, as recorded from tf_keras 2.21, and our own."""

import json

import h5py
import numpy as np
import pytest

import kerasish as keras
from kerasish import layers, optimizers
from kerasish.models import Model, Sequential, load_model

X = np.array([[0.1, 0.2, 0.3], [0.4, -0.5, 0.6]], "float32")
Y = np.array([[1.0, 0.0], [0.0, 1.0]], "float32")
CLOSE = {"rtol": 1e-5, "atol": 1e-6}

# tf_keras 2.21: Sequential([Dense(2, "tanh", input_shape=(3,), name="d")], name="s") after two steps on X, Y
CONFIG = {
    "class_name": "Sequential",
    "config": {
        "name": "s",
        "layers": [
            {
                "class_name": "InputLayer",
                "config": {"batch_input_shape": [None, 3], "dtype": "float32", "sparse": False, "ragged": False, "name": "i"},
            },
            {
                "class_name": "Dense",
                "config": {
                    "name": "d", "trainable": True, "dtype": "float32", "batch_input_shape": [None, 3], "units": 2,
                    "activation": "tanh", "use_bias": True,
                    "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": None}},
                    "bias_initializer": {"class_name": "Zeros", "config": {}}, "kernel_regularizer": None,
                    "bias_regularizer": None, "activity_regularizer": None, "kernel_constraint": None,
                    "bias_constraint": None,
                },
            },
        ],
    },
}  # fmt: skip
METRICS = [
    [{"class_name": "MeanMetricWrapper", "config": {"name": "mae", "dtype": "float32", "fn": "mean_absolute_error"}}]
]
COMMON = {"weight_decay": None, "clipnorm": None, "global_clipnorm": None, "clipvalue": None, "use_ema": False,
          "ema_momentum": 0.99, "ema_overwrite_frequency": None, "jit_compile": False,
          "is_legacy_optimizer": False}  # fmt: skip

RECORDED = {
    "Adam": {
        "optimizer": {
            "class_name": "Custom>Adam",
            "config": {"name": "Adam", **COMMON, "learning_rate": 0.10000000149011612, "beta_1": 0.9, "beta_2": 0.999,
                       "epsilon": 1e-07, "amsgrad": False},
        },
        "weights": [
            [[-0.19202987849712372, 0.2962356507778168], [0.39989715814590454, 0.10206297785043716],
             [0.5621179342269897, 0.6952898502349854]],
            [0.29435721039772034, 0.09265539050102234],
        ],
        "state": {
            "iteration:0": 2,
            "Adam/m/d/kernel:0": [[0.003678938607, -0.026618547738], [-0.023420661688, 0.03860944882],
                                  [-0.00316866464, -0.037464931607]],
            "Adam/v/d/kernel:0": [[8.84047e-07, 4.2360192e-05], [3.0433064e-05, 8.6052409e-05],
                                  [1.440182e-06, 8.5590771e-05]],
            "Adam/m/d/bias:0": [-0.034238010645, -0.054231904447],
            "Adam/v/d/bias:0": [7.2901261e-05, 0.000189690356],
        },
        "now": [[0.48060372471809387, 0.3375089168548584], [0.3406851887702942, 0.5206944942474365]],
        "next": [[0.5488848090171814, 0.41529837250709534], [0.33573612570762634, 0.6560363173484802]],
    },
    "Adam before 2.11": {
        "optimizer": {
            "class_name": "Adam",
            "config": {"name": "Adam", "learning_rate": 0.10000000149011612, "decay": 0.0, "beta_1": 0.8999999761581421,
                       "beta_2": 0.9990000128746033, "epsilon": 1e-07, "amsgrad": False},
        },
        "weights": [
            [[-0.1920311003923416, 0.29623693227767944], [0.3998984694480896, 0.1020616665482521],
             [0.5621184706687927, 0.6952910423278809]],
            [0.2943584620952606, 0.09265656024217606],
        ],
        "state": {
            "Adam/iter:0": 2,
            "Adam/d/kernel/m:0": [[0.00367895118, -0.026618510485], [-0.023420665413, 0.038609415293],
                                  [-0.003168639261, -0.037464868277]],
            "Adam/d/bias/m:0": [-0.03423795104, -0.054231785238],
            "Adam/d/kernel/v:0": [[8.84042e-07, 4.2359548e-05], [3.0432664e-05, 8.605115e-05],
                                  [1.440165e-06, 8.5589461e-05]],
            "Adam/d/bias/v:0": [7.290014e-05, 0.000189687416],
        },
        "now": [[0.480604887008667, 0.3375101387500763], [0.34068551659584045, 0.5206966996192932]],
        "next": [[0.5488860011100769, 0.41529974341392517], [0.33573588728904724, 0.6560386419296265]],
    },
    "RMSprop before 2.11": {
        "optimizer": {
            "class_name": "RMSprop",
            "config": {"name": "RMSprop", "learning_rate": 0.10000000149011612, "decay": 0.0, "rho": 0.8999999761581421,
                       "momentum": 0.5, "epsilon": 1e-07, "centered": False},
        },
        "weights": [
            [[-0.7841127514839172, 0.5956541299819946], [0.8918645977973938, -0.27184388041496277],
             [0.594627320766449, 0.9605984091758728]],
            [0.5044490098953247, 0.2860957384109497],
        ],
        "state": {
            "RMSprop/iter:0": 2,
            "RMSprop/d/kernel/rms:0": [[0.000342317391, 0.002759212395], [0.002684928942, 0.00560992118],
                                       [0.000591694901, 0.005781479646]],
            "RMSprop/d/bias/rms:0": [0.005338315386, 0.015043015592],
            "RMSprop/d/kernel/momentum:0": [[0.469582259655, -0.17943161726], [-0.37564688921, 0.255618989468],
                                            [0.121490374207, -0.144373193383]],
            "RMSprop/d/bias/momentum:0": [-0.088224135339, -0.069869019091],
        },
        "now": [[0.6543102860450745, 0.5222815275192261], [0.10129938274621964, 0.8444940447807312]],
        "next": [[0.7175902724266052, 0.4260435402393341], [-0.07745770364999771, 0.8547931909561157]],
    },
}  # fmt: skip


def write_arrays(group, arrays):
    group.attrs["weight_names"] = np.array([name.encode() for name in arrays])
    for name, value in arrays.items():
        group[name] = np.asarray(value, "int64" if isinstance(value, int) else "float32")


def write_keras_2(path, recorded, config=CONFIG, loss="mse"):
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"], file.attrs["backend"] = "2.21.0", "tensorflow"
        file.attrs["model_config"] = json.dumps(config)
        file.attrs["training_config"] = json.dumps(
            {"loss": loss, "metrics": METRICS, "weighted_metrics": None, "loss_weights": None,
             "optimizer_config": recorded["optimizer"]}
        )  # fmt: skip
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = np.array([b"d"])
        weights.attrs["backend"], weights.attrs["keras_version"] = b"tensorflow", b"2.21.0"
        write_arrays(weights.create_group("d"), dict(zip(("d/kernel:0", "d/bias:0"), recorded["weights"])))
        write_arrays(file.create_group("optimizer_weights"), recorded["state"])


@pytest.mark.parametrize("name", list(RECORDED))
def test_a_keras_2_file_predicts_and_trains_on_as_it_did_there(tmp_path, name):
    recorded = RECORDED[name]
    write_keras_2(tmp_path / "m.h5", recorded)
    model = load_model(tmp_path / "m.h5")
    np.testing.assert_allclose(model.predict(X, verbose=0), recorded["now"], **CLOSE)
    assert int(model.optimizer.iterations.numpy()) == 2
    assert model.optimizer.get_config()["learning_rate"] == pytest.approx(0.1)
    logs = model.train_on_batch(X, Y, return_dict=True)
    assert set(logs) == {"loss", "mae"}
    np.testing.assert_allclose(model.predict(X, verbose=0), recorded["next"], rtol=1e-4, atol=1e-5)


def test_compile_false_leaves_the_compilation_out(tmp_path):
    write_keras_2(tmp_path / "m.h5", RECORDED["Adam"], loss="a loss that nobody has")
    model = load_model(tmp_path / "m.h5", compile=False)
    assert model.optimizer is None
    np.testing.assert_allclose(model.predict(X, verbose=0), RECORDED["Adam"]["now"], **CLOSE)


def test_weights_of_a_whole_model_file_load_into_a_model_made_in_python(tmp_path):
    write_keras_2(tmp_path / "m.h5", RECORDED["Adam"])
    model = Sequential([layers.Dense(2, activation="tanh", input_shape=(3,))])
    model.load_weights(tmp_path / "m.h5")
    np.testing.assert_allclose(model.predict(X, verbose=0), RECORDED["Adam"]["now"], **CLOSE)


def test_losses_and_metrics_of_keras_2_belong_to_their_outputs(tmp_path):
    """Recorded: losses by name with their functions, one list of metrics for each output, names with the output's."""
    inputs = layers.Input((2,), name="a")
    model = Model(inputs, [layers.Dense(1, name="one")(inputs), layers.Dense(1, name="two")(inputs)])
    model.compile("sgd", "mse")
    model.save(tmp_path / "m.h5")
    mae = {
        "class_name": "MeanMetricWrapper",
        "config": {"name": "one_mae", "dtype": "float32", "fn": "mean_absolute_error"},
    }
    loss = {"class_name": "MeanAbsoluteError",
            "config": {"reduction": "auto", "name": "mean_absolute_error", "fn": "mean_absolute_error"}}  # fmt: skip
    with h5py.File(tmp_path / "m.h5", "a") as file:
        training = json.loads(file.attrs["training_config"])
        training |= {"loss": {"one": "mse", "two": loss}, "metrics": [[mae], [None]], "loss_weights": [1.0, 0.5]}
        file.attrs["training_config"] = json.dumps(training)
    loaded = load_model(tmp_path / "m.h5")
    zeros, ones = np.zeros((1, 2), "float32"), np.ones((1, 1), "float32")
    logs = loaded.train_on_batch(zeros, [2 * ones, 4 * ones], return_dict=True)
    assert logs["loss"] == pytest.approx(4.0 + 0.5 * 4.0)
    assert logs["one_mae"] == pytest.approx(2.0)


def test_bytecode_of_old_lambdas_is_refused(tmp_path):
    config = json.loads(json.dumps(CONFIG))
    config["config"]["layers"][1] = {
        "class_name": "Lambda",
        "config": {"name": "l", "trainable": True, "dtype": "float32", "function": ["4wEAAAAAAAAA", None, None],
                   "function_type": "lambda", "module": "__main__", "output_shape": None, "output_shape_type": "raw",
                   "output_shape_module": None, "arguments": {}},
    }  # fmt: skip
    write_keras_2(tmp_path / "m.h5", RECORDED["Adam"], config)
    with pytest.raises(ValueError, match="asks for a Python lambda"):
        load_model(tmp_path / "m.h5")
    with pytest.raises(ValueError, match="one version of Python"):  # it is cut off
        load_model(tmp_path / "m.h5", safe_mode=False)


# our own files --------------------------------------------------------------------------------------------------------


def models():
    def plain():
        return Sequential(
            [layers.Input((3,)), layers.Dense(4, activation="relu"), layers.BatchNormalization(), layers.Dense(2)]
        )

    def nested():
        inner = Sequential([layers.Input((3,)), layers.Dense(3), layers.BatchNormalization()], name="inner")
        ends = layers.Input((3,))
        two = Model(ends, [layers.Dense(2)(ends), layers.Dense(1)(ends)], name="two")
        inputs = layers.Input((3,))
        a, b = two(inner(inner(inputs)))
        return Model(inputs, layers.Dense(2)(layers.Concatenate()([a, b])))

    def frozen():
        inner = Sequential([layers.Input((3,)), layers.Dense(3), layers.BatchNormalization()])
        inner.trainable = False
        return Sequential([layers.Input((3,)), inner, layers.Dense(2)])

    return {"plain": plain, "nested": nested, "frozen": frozen}


@pytest.mark.parametrize("name", list(models()))
@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: optimizers.Adam(0.01),
        lambda: optimizers.SGD(0.01),
        lambda: optimizers.SGD(0.01, momentum=0.9),
        lambda: optimizers.RMSprop(0.01, momentum=0.5, centered=True),
        lambda: optimizers.AdamW(0.01, amsgrad=True, use_ema=True),
        lambda: optimizers.Adamax(0.01),
        lambda: optimizers.Lion(0.01),
    ],
)
def test_a_loaded_model_predicts_and_trains_on_exactly(tmp_path, name, optimizer):
    model = models()[name]()
    model.compile(optimizer(), "mse", metrics=["mae"])
    for _ in range(2):
        model.train_on_batch(X, Y)
    model.save(tmp_path / "m.h5")
    loaded = load_model(tmp_path / "m.h5")
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))
    assert int(loaded.optimizer.iterations.numpy()) == 2
    for m in (model, loaded):
        m.train_on_batch(X, Y)
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))


def test_the_file_is_in_keras_2s_words(tmp_path):
    model = models()["nested"]()
    model.compile(optimizers.Adam(0.01), "mse", metrics=["mae"])
    model.train_on_batch(X, Y)
    model.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5") as file:
        assert set(file.attrs) == {"model_config", "training_config", "keras_version", "backend"}
        assert file.attrs["backend"] == "tensorflow"
        config, training = json.loads(file.attrs["model_config"]), json.loads(file.attrs["training_config"])
        names = [name.decode() for name in file["model_weights"].attrs["layer_names"]]
        state = [name.decode() for name in file["optimizer_weights"].attrs["weight_names"]]
    assert config["class_name"] == "Functional"
    assert names == [layer["name"] for layer in config["config"]["layers"]]
    by_name = {layer["name"]: layer for layer in config["config"]["layers"]}
    assert by_name[names[0]]["config"]["batch_input_shape"] == [None, 3]
    first, second = [[names[0], 0, 0, {}]], [["inner", 1, 0, {}]]
    # each call twice: number 2i + 1 is call i for Keras 2, which counts from 1, and for Keras 3, which counts from 0
    assert by_name["inner"]["inbound_nodes"] == [first, first, second, second]
    assert by_name["two"]["inbound_nodes"] == [[["inner", 3, 0, {}]]] * 2
    assert config["config"]["input_layers"] == [[names[0], 0, 0]]
    text = json.dumps(config)
    for word in ("DTypePolicy", "quantization_config", "input_axes", "build_config", "__keras_tensor__"):
        assert word not in text
    assert training["loss"] == "mean_squared_error"  # Keras 3 does not find "mse" in these files
    assert training["optimizer_config"]["class_name"] == "Custom>Adam"
    assert training["optimizer_config"]["config"]["name"] == "Adam"
    assert state[0] == "iteration:0"
    assert not any("learning_rate" in name for name in state)
    assert state[1].startswith("Adam/m/")
    assert state[2].startswith("Adam/v/")


def test_include_optimizer_false_leaves_the_compilation_out(tmp_path):
    model = models()["plain"]()
    model.compile("adam", "mse")
    model.save(tmp_path / "m.h5", include_optimizer=False)
    with h5py.File(tmp_path / "m.h5") as file:
        assert "training_config" not in file.attrs
        assert "optimizer_weights" not in file
    assert load_model(tmp_path / "m.h5").optimizer is None


class Net(Model):
    def __init__(self, ready=False, **kwargs):
        super().__init__(**kwargs)
        self.ready = ready
        self.d = layers.Dense(2)
        if ready:
            self(X)

    def call(self, x):
        return self.d(x)

    def get_config(self):
        return {**super().get_config(), "ready": self.ready}


def test_subclassed_models_are_made_from_their_configuration(tmp_path):
    model = Net(ready=True)
    model.compile("adam", "mean_squared_error")
    model.fit(X, np.ones((len(X), 2)), verbose=0)
    model.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5") as file:  # as Keras 3.15 writes it
        config = json.loads(file.attrs["model_config"])
        assert config["class_name"] == "Net"
        assert sorted(config["config"]) == ["dtype", "name", "ready", "trainable"]
        assert list(file["model_weights"].attrs["layer_names"]) == [model.d.name]
    other = load_model(tmp_path / "m.h5", custom_objects={"Net": Net})
    np.testing.assert_array_equal(other(X).numpy(), model(X).numpy())
    assert int(other.optimizer.iterations) == 1
    with pytest.raises(TypeError, match="Could not locate class 'Net'"):
        load_model(tmp_path / "m.h5")


def test_a_subclassed_model_without_weights_of_its_own_making_takes_them_only_once_it_is_built(tmp_path):
    model = Net()
    model(X)
    model.save(tmp_path / "m.h5")
    with pytest.raises(ValueError, match="expected 0 layers, found 1"):
        load_model(tmp_path / "m.h5", custom_objects={"Net": Net})
    other = Net()
    other(X)
    other.load_weights(tmp_path / "m.h5")
    np.testing.assert_array_equal(other(X).numpy(), model(X).numpy())


def test_states_from_another_layer_are_written_as_keras_3_reads_them(tmp_path):
    source, target = layers.Input((3, 4)), layers.Input((2, 4))
    _, *states = layers.LSTM(3, return_state=True)(source)
    model = Model([source, target], layers.LSTM(2 + 1)(target, initial_state=states))
    model.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5") as file:
        calls = [layer["inbound_nodes"] for layer in json.loads(file.attrs["model_config"])["config"]["layers"]]
    (last,) = calls[-1]
    assert [part["config"]["keras_history"][2] for part in last["kwargs"]["initial_state"]] == [1, 2]
    given = [np.ones((2, 3, 4), "float32"), np.ones((2, 2, 4), "float32")]
    np.testing.assert_array_equal(load_model(tmp_path / "m.h5")(given).numpy(), model(given).numpy())


def test_by_name_loads_the_layers_whose_names_agree(tmp_path):
    model = Sequential([layers.Input((3,)), layers.Dense(2, name="a"), layers.Dense(2, name="b")])
    model.save_weights(tmp_path / "w.h5")
    other = Sequential([layers.Input((3,)), layers.Dense(2, name="a"), layers.Dense(5, name="new"), layers.Dense(1)])
    kept = other.layers[1].get_weights()
    with pytest.raises(ValueError, match="Model expected 3 layers, found 2 saved layers"):
        other.load_weights(tmp_path / "w.h5")
    other.load_weights(tmp_path / "w.h5", by_name=True)
    np.testing.assert_array_equal(other.layers[0].get_weights()[0], model.layers[0].get_weights()[0])
    np.testing.assert_array_equal(other.layers[1].get_weights()[0], kept[0])


def test_skip_mismatch_leaves_out_what_does_not_fit(tmp_path):
    model = Sequential([layers.Input((3,)), layers.Dense(2, name="a"), layers.Dense(2, name="b")])
    model.save_weights(tmp_path / "w.h5")
    other = Sequential([layers.Input((3,)), layers.Dense(2, name="a"), layers.Dense(5, name="b")])
    before = [w.copy() for w in other.get_weights()]
    with pytest.raises(ValueError, match=r"b: Shape mismatch.*'kernel' has shape \(2, 5\), but the file's .* \(2, 2\)"):
        other.load_weights(tmp_path / "w.h5")
    for old, new in zip(before, other.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    with pytest.warns(UserWarning, match="A total of 1 objects could not be loaded"):
        other.load_weights(tmp_path / "w.h5", skip_mismatch=True)
    np.testing.assert_array_equal(other.get_weights()[0], model.get_weights()[0])
    np.testing.assert_array_equal(other.get_weights()[2], before[2])


def test_an_optimizer_state_that_does_not_fit_is_left_out_with_a_warning(tmp_path):
    recorded = dict(RECORDED["Adam"])
    recorded["state"] = {**recorded["state"], "Adam/m/d/bias:0": [0.0, 0.0, 0.0]}
    write_keras_2(tmp_path / "m.h5", recorded)
    with pytest.warns(UserWarning, match="Error in loading the saved optimizer state.*freshly initialized"):
        model = load_model(tmp_path / "m.h5")
    assert int(model.optimizer.iterations.numpy()) == 0


def test_a_file_of_weights_is_no_model(tmp_path):
    models()["plain"]().save_weights(tmp_path / "w.h5")
    with pytest.raises(ValueError, match=r"No model config found.*load_weights"):
        load_model(tmp_path / "w.h5")


def test_outputs_of_nested_models_are_found_again(tmp_path):
    sequential = Sequential([layers.Input((4,)), layers.Dense(3)])
    inside, x = layers.Input((4,)), layers.Input((4,))
    nested = Model(inside, [sequential(inside), layers.Dense(2)(inside)])
    first, second = nested(x), nested(layers.ReLU()(x))
    model = Model(x, [layers.Concatenate()([first[0], second[1]]), first[0], second[1], sequential(x)])
    model.save(tmp_path / "model.h5")
    data = np.linspace(-1, 1, 8, dtype="float32").reshape(2, 4)
    for given, expected in zip(load_model(tmp_path / "model.h5")(data), model(data), strict=True):
        np.testing.assert_allclose(given, expected, rtol=1e-6)


def test_adapters_are_kept(tmp_path):
    model = Sequential([layers.Input((4,)), layers.Dense(3)])
    layer = model.layers[0]
    layer.enable_lora(2)
    layer.lora_kernel_b.assign(np.ones((2, 3)))
    model.save(tmp_path / "model.h5")
    loaded = load_model(tmp_path / "model.h5")
    np.testing.assert_allclose(loaded.layers[0].lora_kernel_b, np.ones((2, 3)))
    np.testing.assert_allclose(loaded(np.ones((1, 4))), model(np.ones((1, 4))), rtol=1e-6)


def _without_modules(data):
    """A config as Keras 3 writes it into such files: layers and metrics do not say where they are from."""
    if isinstance(data, list):
        return [_without_modules(value) for value in data]
    if not isinstance(data, dict):
        return data
    return {k: _without_modules(v) for k, v in data.items() if k not in ("module", "registered_name")}


def test_classes_of_one_name_are_told_by_their_place(tmp_path):
    model = Sequential([layers.Input((3,)), layers.Identity(name="same"), layers.Dense(2)])
    model.compile("sgd", "mse", weighted_metrics=[keras.metrics.MeanSquaredError(name="own")])
    x, y, weight = np.ones((4, 3), "float32"), np.ones((4, 2), "float32"), np.array([1.0, 2.0, 0.5, 1.0])
    expected = model.evaluate(x, y, sample_weight=weight, verbose=0, return_dict=True)
    model.save(tmp_path / "model.h5")
    with h5py.File(tmp_path / "model.h5", "r+") as file:
        for name in ("model_config", "training_config"):
            file.attrs[name] = json.dumps(_without_modules(json.loads(file.attrs[name])))
    loaded = load_model(tmp_path / "model.h5")
    assert type(loaded.layers[0]) is layers.Identity
    assert loaded.evaluate(x, y, sample_weight=weight, verbose=0, return_dict=True) == pytest.approx(expected)


def test_skip_mismatch_sets_the_weights_of_a_layer_that_do_fit(tmp_path):
    model = Sequential([layers.Input((3,)), layers.Dense(4, name="a"), layers.Dense(2, name="b")])
    model.layers[1].bias.assign([5.0, 6.0])
    model.save(tmp_path / "model.h5")
    wider = Sequential([layers.Input((3,)), layers.Dense(6, name="a"), layers.Dense(2, name="b")])
    with pytest.warns(UserWarning, match="2 objects could not be loaded"):
        wider.load_weights(tmp_path / "model.h5", skip_mismatch=True)
    np.testing.assert_array_equal(wider.layers[1].bias, [5.0, 6.0])


@pytest.mark.parametrize("kind", ["Adafactor", "Nadam"])
def test_states_are_written_as_keras_2_has_them(kind, tmp_path):
    """Without the numbers that it keeps elsewhere or not at all: Adafactor's of vectors, Nadam's product."""
    model = Sequential([layers.Input((3,)), layers.Dense(2, name="d")])
    model.compile(getattr(optimizers, kind)(), "mse")
    x, y = np.arange(12.0).reshape(4, 3) / 12, np.ones((4, 2))
    model.fit(x, y, epochs=3, verbose=0, shuffle=False)
    model.save(tmp_path / "model.h5")
    slots = {"Adafactor": [*"rcv", "v"], "Nadam": [*"mv", *"mv"]}[kind]
    with h5py.File(tmp_path / "model.h5") as file:
        names = [str(np.char.decode(name)) for name in file["optimizer_weights"].attrs["weight_names"]]
    assert [name.split("/")[1] for name in names[1:]] == slots
    loaded = load_model(tmp_path / "model.h5")
    for own, read in zip(model.optimizer.variables, loaded.optimizer.variables, strict=True):
        np.testing.assert_allclose(own, read, rtol=1e-6)
    assert loaded.fit(x, y, verbose=0, shuffle=False).history == model.fit(x, y, verbose=0, shuffle=False).history


def test_states_of_keras_2_by_position(tmp_path):
    """tf_keras's ``.keras`` files: momenta even of plain SGD, no rate, no product."""
    for optimizer, count in ((optimizers.SGD(optimizers.schedules.CosineDecay(0.1, 9)), 0), (optimizers.Nadam(), 4)):
        model = Sequential([layers.Input((3,)), layers.Dense(2)])
        model.compile(optimizer, "mse")
        model.fit(np.ones((4, 3)), np.ones((4, 2)), epochs=3, verbose=0)
        model.save_weights(tmp_path / "model.weights.h5")
        with h5py.File(tmp_path / "model.weights.h5", "r+") as file:
            state = [v.numpy() for v in model.optimizer.variables if v.shape.rank]
            assert len(state) == count
            state = state or [np.zeros((3, 2), "float32"), np.zeros(2, "float32")]
            del file["optimizer/vars"]
            for i, array in enumerate([np.int64(3), *state]):
                file[f"optimizer/vars/{i}"] = array
        again = Sequential([layers.Input((3,)), layers.Dense(2)])
        again.compile(type(optimizer).from_config(optimizer.get_config()), "mse")
        again.optimizer.build(again.trainable_variables)
        again.load_weights(tmp_path / "model.weights.h5")
        for own, read in zip(model.optimizer.variables, again.optimizer.variables, strict=True):
            np.testing.assert_allclose(own, read, rtol=1e-6)
