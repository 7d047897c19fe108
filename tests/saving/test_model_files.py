"""``save_model``, ``load_model``, ``save_weights``, ``load_weights``: names, arguments, errors."""

import io
import json
import os
import pathlib

import h5py
import numpy as np
import pytest

from kerasish import callbacks, layers, losses, metrics, optimizers, saving
from kerasish.models import Model, Sequential, load_model, model_from_json


def dense(first=3, second=2, names=("a", "b"), extra=False):
    stack = [layers.Input((4,)), layers.Dense(first, name=names[0]), layers.Dense(second, name=names[1])]
    return Sequential(stack + ([layers.Dense(1, name="extra")] if extra else []))


# names ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["m.keras", "m.h5", "m.hdf5"])
@pytest.mark.parametrize("kind", [str, pathlib.Path])
def test_models_are_saved_by_the_extension_of_the_name(tmp_path, name, kind):
    model = dense()
    model.save(kind(tmp_path / name))
    loaded = load_model(kind(tmp_path / name))
    for old, new in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("name", ["m", "m.pb", "m.tf", "m.pt"])
def test_other_names_are_refused_as_keras_3_refuses_them(tmp_path, name):
    with pytest.raises(ValueError, match=r"Invalid filepath extension for saving\. Please add either a `\.keras`"):
        dense().save(tmp_path / name)
    assert not os.listdir(tmp_path)


def test_something_that_is_no_path_is_refused():
    with pytest.raises(ValueError, match="Invalid filepath for saving"):
        dense().save(io.BytesIO())


def test_addresses_are_refused():
    model = dense()
    for action in (model.save, model.save_weights, model.load_weights, load_model):
        with pytest.raises(ValueError, match="Only local files"):
            action("gs://bucket/model.weights.h5")


def test_a_program_for_keras_2_gets_a_folder_for_a_saved_model(tmp_path, monkeypatch):
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "1")
    model, x, y = dense(), np.ones((4, 4), "float32"), np.ones((4, 2), "float32")
    model.save(tmp_path / "named")
    model.save(tmp_path / "stated", save_format="tf")
    callback = callbacks.ModelCheckpoint(str(tmp_path / "at_{epoch}"), monitor="loss", save_best_only=True)
    model.compile("sgd", "mse")
    model.fit(x, y, verbose=0, callbacks=[callback])
    for name in ("named", "stated"):
        loaded = load_model(tmp_path / name)
        assert [w.shape for w in loaded.get_weights()] == [w.shape for w in model.get_weights()]
    np.testing.assert_array_equal(load_model(tmp_path / "at_1").predict(x, verbose=0), model.predict(x, verbose=0))
    monkeypatch.delenv("TF_USE_LEGACY_KERAS")
    with pytest.raises(ValueError, match="Invalid filepath extension"):
        model.save(tmp_path / "other")


def test_keras_2s_save_format_names_the_format(tmp_path):
    model = dense()
    model.save(tmp_path / "m", save_format="h5")
    assert h5py.is_hdf5(tmp_path / "m")
    assert load_model(tmp_path / "m").name == model.name
    model.save(tmp_path / "m.keras", save_format="keras")
    with pytest.raises(ValueError, match="The `save_format` argument is deprecated in Keras 3.*save_format=tf"):
        model.save(tmp_path / "m", save_format="tf")


def test_a_file_to_read_has_the_format_of_its_contents(tmp_path):
    model = dense()
    model.save(tmp_path / "m.h5")
    os.rename(tmp_path / "m.h5", tmp_path / "m.keras")  # tf.keras before 2.12 wrote HDF5 under any name
    assert load_model(tmp_path / "m.keras").count_params() == model.count_params()


def test_a_folder_instead_of_an_archive(tmp_path):
    model = dense()
    model.save(tmp_path / "m", zipped=False)
    assert sorted(os.listdir(tmp_path / "m")) == ["assets", "config.json", "metadata.json", "model.weights.h5"]
    again = load_model(tmp_path / "m")
    assert all(np.array_equal(a, b) for a, b in zip(again.get_weights(), model.get_weights()))


def test_a_link_in_a_models_folder_is_refused(tmp_path):
    dense().save(tmp_path / "m", zipped=False)
    (tmp_path / "m" / "assets" / "a.txt").symlink_to(__file__)
    with pytest.raises(ValueError, match="a.txt' is a link"):
        load_model(tmp_path / "m")


def test_unknown_arguments_are_named(tmp_path):
    model = dense()
    with pytest.raises(ValueError, match=r"argument\(s\) are not supported: \['foo'\]"):
        model.save(tmp_path / "m.keras", foo=1)
    with pytest.raises(ValueError, match=r"not supported: \['signatures'\]"):
        model.save(tmp_path / "m.keras", signatures={})
    with pytest.raises(TypeError, match="foo"):
        model.save_weights(tmp_path / "m.weights.h5", foo=1)
    model.save_weights(tmp_path / "m.weights.h5")
    with pytest.raises(ValueError, match="Invalid keyword arguments: {'foo': 1}"):
        model.load_weights(tmp_path / "m.weights.h5", foo=1)
    with pytest.raises(ValueError, match="`by_name` only supports loading legacy"):
        model.load_weights(tmp_path / "m.weights.h5", by_name=True)
    for path in (None, 3, ["a"]):
        with pytest.raises(ValueError, match=r"The filename must end in `\.weights\.h5`"):
            model.save_weights(path)
    with pytest.raises(ValueError, match=r"The filename must end in `\.weights\.h5`\. Received: filepath=.*ww"):
        model.save_weights(tmp_path / "ww")


def test_functions_need_models(tmp_path):
    for thing in ("model", None):
        with pytest.raises(ValueError, match="needs a model"):
            saving.save_model(thing, tmp_path / "m.keras")
    with pytest.raises(ValueError, match="needs a model"):
        saving.save_model(layers.Dense(2), tmp_path / "m.h5")


def test_overwrite_false_asks(tmp_path, monkeypatch):
    answers = iter(["maybe", "n", "y"])
    monkeypatch.setattr("builtins.input", lambda text: next(answers))
    path = tmp_path / "m.keras"
    model = dense()
    model.save(path, overwrite=False)
    first = path.read_bytes()
    model.set_weights([w + 1 for w in model.get_weights()])
    model.save(path, overwrite=False)
    assert path.read_bytes() == first
    model.save(path, overwrite=False)
    assert path.read_bytes() != first


# files that are not there, or are something else -----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["no.keras", "no.h5", "no.weights.h5", "no"])
def test_a_missing_file_is_named(tmp_path, name):
    with pytest.raises(FileNotFoundError, match=f"filepath=.*{name}"):
        load_model(tmp_path / name)
    with pytest.raises(FileNotFoundError, match=f"filepath=.*{name}"):
        dense().load_weights(tmp_path / name)


def test_folders_and_checkpoints_say_what_to_do(tmp_path):
    with pytest.raises(ValueError, match=r"File format not supported: .*SavedModels.*save it again as model\.save"):
        load_model(tmp_path)
    (tmp_path / "cp.index").write_bytes(b"")
    with pytest.raises(ValueError, match=r"a checkpoint of TensorFlow's, which model\.load_weights"):
        load_model(tmp_path / "cp")


@pytest.mark.parametrize("name", ["m.keras", "m.h5"])
def test_other_files_are_value_errors(tmp_path, name):
    (tmp_path / name).write_bytes(b"junk" * 100)
    with pytest.raises(ValueError, match="neither a `.keras` archive nor an HDF5 file"):
        load_model(tmp_path / name)
    (tmp_path / "m.txt").write_text("text")
    with pytest.raises(ValueError, match=r"File format not supported: filepath=.*m\.txt"):
        load_model(tmp_path / "m.txt")


# weights that do not fit ------------------------------------------------------------------------------------------------


@pytest.fixture
def weights_file(tmp_path):
    dense().save_weights(tmp_path / "w.weights.h5")
    return tmp_path / "w.weights.h5"


def unchanged(model, action):
    before = model.get_weights()
    with pytest.raises(ValueError) as error:
        action()
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    return str(error.value)


def test_other_shapes_are_told_layer_by_layer(weights_file):
    model = dense(5)
    text = unchanged(model, lambda: model.load_weights(weights_file))
    assert text.startswith("A total of 2 objects could not be loaded")
    assert "layers/dense: Shape mismatch in layer 'a' (Dense): 'kernel' has shape (4, 5)" in text
    assert "'layers/dense/vars/0' has shape (4, 3)" in text
    assert "layers/dense_1: Shape mismatch in layer 'b' (Dense): 'kernel' has shape (5, 2)" in text


def test_layers_that_the_file_lacks_are_told(weights_file):
    model = dense(extra=True)
    text = unchanged(model, lambda: model.load_weights(weights_file))
    assert "Layer 'extra' (Dense) expected 2 variables, but received 0 variables" in text
    assert "'kernel' (2, 1), 'bias' (1,)" in text


def test_layers_that_only_the_file_has_are_told_when_others_are_missing(tmp_path):
    Sequential([layers.Input((4,)), layers.Dense(3), layers.BatchNormalization()]).save_weights(
        tmp_path / "w.weights.h5"
    )
    model = dense(4)
    text = unchanged(model, lambda: model.load_weights(tmp_path / "w.weights.h5"))
    assert "In the file, but not in the model: layers/batch_normalization/vars" in text


def test_layers_that_only_the_file_has_are_no_obstacle(tmp_path):
    full = dense(extra=True)
    full.save_weights(tmp_path / "w.weights.h5")
    part = dense()
    part.load_weights(tmp_path / "w.weights.h5")
    np.testing.assert_array_equal(part.get_weights()[0], full.get_weights()[0])


def test_skip_mismatch_loads_the_rest_with_a_warning(weights_file):
    model = dense(second=7)
    with pytest.warns(UserWarning, match="A total of 1 objects could not be loaded.*\n.*layers/dense_1"):
        model.load_weights(weights_file, skip_mismatch=True)
    other = dense()
    other.load_weights(weights_file)
    np.testing.assert_array_equal(model.get_weights()[0], other.get_weights()[0])


def test_texts_and_complex_numbers_are_no_weights(tmp_path):
    model = dense()
    for value in (np.zeros((4, 3), "S3"), np.zeros((4, 3), "complex64")):
        model.save_weights(tmp_path / "w.weights.h5")
        with h5py.File(tmp_path / "w.weights.h5", "a") as file:
            del file["layers/dense/vars/0"]
            file["layers/dense/vars/0"] = value
        assert "dtype" in unchanged(model, lambda: model.load_weights(tmp_path / "w.weights.h5"))


def test_unbuilt_models_have_no_weights_to_save_or_load(tmp_path, weights_file):
    model = Sequential([layers.Dense(3), layers.Dense(2)])
    with pytest.raises(ValueError, match="You are saving a model that has not yet been built"):
        model.save_weights(tmp_path / "x.weights.h5")
    with pytest.raises(ValueError, match="You are loading weights into a model that has not yet been built"):
        model.load_weights(weights_file)
    with pytest.warns(UserWarning, match="You are saving a model that has not yet been built"):
        model.save(tmp_path / "x.keras")
    loaded = load_model(tmp_path / "x.keras")
    assert not loaded.built
    assert loaded(np.ones((1, 4), "float32")).shape == (1, 2)


def test_an_optimizer_of_another_size_is_left_alone_with_keras_3s_warning(tmp_path):
    x, y = np.ones((2, 4), "float32"), np.ones((2, 2), "float32")
    model = dense()
    model.compile("adam", "mse")
    model.train_on_batch(x, y)
    model.save_weights(tmp_path / "w.weights.h5")
    other = dense()
    other.compile("sgd", "mse")
    with pytest.warns(
        UserWarning, match="Skipping variable loading for optimizer 'sgd.*2 variables whereas .* 10 variables"
    ):
        other.load_weights(tmp_path / "w.weights.h5")
    np.testing.assert_array_equal(other.get_weights()[0], model.get_weights()[0])
    uncompiled = dense()
    uncompiled.load_weights(tmp_path / "w.weights.h5")
    np.testing.assert_array_equal(uncompiled.get_weights()[0], model.get_weights()[0])


# the compiled state -----------------------------------------------------------------------------------------------------


@saving.register_keras_serializable("tests")
def registered_loss(y_true, y_pred):
    return losses.mean_squared_error(y_true, y_pred) * 2


def unregistered_loss(y_true, y_pred):
    return losses.mean_squared_error(y_true, y_pred) * 3


@pytest.mark.parametrize("name", ["m.keras", "m.h5"])
@pytest.mark.parametrize("loss", ["mse", losses.Huber(0.5), losses.mean_absolute_error, registered_loss])
def test_losses_metrics_and_schedules_come_back(tmp_path, name, loss):
    x, y = np.ones((4, 4), "float32"), np.zeros((4, 2), "float32")
    rate = optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)
    model = dense()
    model.compile(optimizers.SGD(rate), loss, metrics=["mae", metrics.MeanSquaredError(name="second")])
    model.train_on_batch(x, y)
    model.save(tmp_path / name)
    loaded = load_model(tmp_path / name)
    ours, theirs = (m.test_on_batch(x, y, return_dict=True) for m in (model, loaded))
    assert set(ours) == {"loss", "mae", "second"}
    assert ours == pytest.approx(theirs)
    assert float(loaded.optimizer.learning_rate) == pytest.approx(float(model.optimizer.learning_rate))


@pytest.mark.parametrize("name", ["m.keras", "m.h5"])
def test_functions_that_are_not_registered_are_passed_by_name(tmp_path, name):
    model = dense()
    model.compile("sgd", unregistered_loss)
    model.save(tmp_path / name)
    loaded = load_model(tmp_path / name, custom_objects={"unregistered_loss": unregistered_loss})
    assert loaded.loss is unregistered_loss
    assert load_model(tmp_path / name, compile=False).optimizer is None


@saving.register_keras_serializable("tests")
class TwoOptimizers(Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.d = layers.Dense(1)

    def call(self, x):
        return self.d(x)

    def compile(self, first, second):
        super().compile()
        self.first, self.second = first, second


def test_a_model_with_a_compile_of_its_own_is_not_compiled(tmp_path):
    model = TwoOptimizers()
    model(np.ones((1, 2), "float32"))
    model.compile(optimizers.Adam(), optimizers.SGD())
    model.save(tmp_path / "m.keras")
    with pytest.warns(UserWarning, match=r"`compile\(\)` was not called as part of model loading"):
        loaded = load_model(tmp_path / "m.keras")
    assert loaded.optimizer is None
    np.testing.assert_array_equal(loaded.get_weights()[0], model.get_weights()[0])
    assert load_model(tmp_path / "m.keras", compile=False).optimizer is None


# custom objects -----------------------------------------------------------------------------------------------------------


class Double(layers.Layer):
    def __init__(self, factor=2, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, x):
        return x * self.factor

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


@pytest.mark.parametrize("name", ["m.keras", "m.h5"])
def test_custom_layers_are_found_by_argument_or_scope(tmp_path, name):
    model = Sequential([layers.Input((2,)), Double(5)])
    model.save(tmp_path / name)
    with pytest.raises(
        TypeError, match=r"Could not locate class '.*Double'.*@keras\.saving\.register_keras_serializable\(\)"
    ):
        load_model(tmp_path / name)
    assert load_model(tmp_path / name, custom_objects={"Double": Double}).layers[0].factor == 5
    with saving.custom_object_scope({"Double": Double}):
        assert load_model(tmp_path / name).layers[0].factor == 5


def test_the_error_for_a_class_of_main_says_what_to_write(tmp_path):
    mine = type("Mine", (Double,), {"__module__": "__main__"})
    Sequential([layers.Input((2,)), mine()]).save(tmp_path / "m.keras")
    with pytest.raises(TypeError, match=r"on the line above its definition, or pass custom_objects=\{'Mine': Mine\}"):
        load_model(tmp_path / "m.keras")


@pytest.mark.parametrize("name", ["m.keras", "m.h5"])
def test_a_lambda_expression_runs_only_for_a_reader_who_says_so(tmp_path, name):
    shift = 3.0
    stack = [layers.Input((2,)), layers.Lambda(lambda x, a=2.0: a * x + shift), layers.Dense(1, lambda x: -x)]
    model = Sequential(stack)
    with pytest.warns(UserWarning, match="safe_mode=False"):
        model.save(tmp_path / name)
    with pytest.raises(ValueError, match="asks for a Python lambda.*safe_mode=False"):
        load_model(tmp_path / name)
    loaded = load_model(tmp_path / name, safe_mode=False)
    x = np.array([[1.0, 2.0]], "float32")
    np.testing.assert_array_equal(loaded.layers[0](x).numpy(), [[5.0, 7.0]])
    np.testing.assert_array_equal(loaded(x).numpy(), model(x).numpy())


def test_a_lambda_finds_the_names_of_custom_objects(tmp_path):
    model = Sequential(
        [layers.Input((2,)), layers.Lambda(eval("lambda x: scaled_by_five(x)", {"scaled_by_five": abs}))]
    )
    with pytest.warns(UserWarning, match="lambda"):
        model.save(tmp_path / "m.keras")
    names = {"scaled_by_five": lambda x: 5 * x}
    loaded = load_model(tmp_path / "m.keras", custom_objects=names, safe_mode=False)
    np.testing.assert_array_equal(loaded(np.ones((1, 2), "float32")).numpy(), [[5.0, 5.0]])


def test_code_that_is_none_is_a_value_error():
    for config in ({"code": "AAAA"}, {"code": None}, {}, ["4wEAAAAAAAAA", None, None], {"code": "6QEAAAA="}):
        data = {"class_name": "__lambda__", "config": config}
        with pytest.raises(ValueError, match="one version of Python"):
            saving.deserialize_keras_object(data, safe_mode=False)


@saving.register_keras_serializable("tests")
def triple(x):
    return x * 3


@pytest.mark.parametrize("name", ["m.keras", "m.h5"])
def test_a_lambda_layer_of_a_registered_function_comes_back(tmp_path, name):
    model = Sequential([layers.Input((2,)), layers.Lambda(triple)])
    model.save(tmp_path / name)
    np.testing.assert_array_equal(load_model(tmp_path / name)(np.ones((1, 2), "float32")).numpy(), [[3.0, 3.0]])


def test_json_is_the_architecture_alone():
    model = dense()
    loaded = model_from_json(model.to_json())
    assert [layer.name for layer in loaded.layers] == ["a", "b"]
    assert loaded.count_params() == model.count_params()
    assert json.loads(model.to_json(indent=2)) == json.loads(model.to_json())
    for text in ("", "[1]", "{", '{"a": 1}', json.dumps({"class_name": "Dense", "config": {"units": 2}})):
        with pytest.raises(ValueError):
            model_from_json(text)


def test_a_user_may_open_the_file_while_it_is_saved_and_loaded(tmp_path):
    model = dense()
    model.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5"):
        load_model(tmp_path / "m.h5")
        model.save(tmp_path / "m.h5")


def test_model_with_a_config_of_its_own_is_made_by_its_class(tmp_path):
    @saving.register_keras_serializable("tests")
    class Sized(Model):
        def __init__(self, size, **kwargs):
            super().__init__(**kwargs)
            self.size = size
            self.dense = layers.Dense(size)

        def call(self, x):
            return self.dense(x)

        def get_config(self):
            return {**super().get_config(), "size": self.size}

    model = Sized(3)
    x = np.ones((2, 4), "float32")
    model(x)
    model.save(tmp_path / "m.keras")
    loaded = load_model(tmp_path / "m.keras")
    assert loaded.size == 3
    np.testing.assert_array_equal(loaded(x).numpy(), model(x).numpy())


def test_weights_of_a_model_that_trains_its_parts_and_is_never_called_are_saved(tmp_path):
    class Trainer(Model):
        def __init__(self):
            super().__init__()
            self.net = Sequential([layers.Input((2,)), layers.Dense(1)])

        def train_step(self, data):
            return {"seen": 1.0}

    saved, loaded = Trainer(), Trainer()
    saved.compile("sgd")
    saved.fit(np.ones((2, 2)), verbose=0)
    saved.save_weights(tmp_path / "a.weights.h5")
    loaded.load_weights(tmp_path / "a.weights.h5")
    np.testing.assert_array_equal(loaded.net.layers[0].kernel.numpy(), saved.net.layers[0].kernel.numpy())
    loaded.head = layers.Dense(1)
    with pytest.raises(ValueError, match="not yet been built"):
        loaded.save_weights(tmp_path / "b.weights.h5")
