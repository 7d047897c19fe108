"""Names, modules and arguments of Keras 1 and 2."""

from __future__ import annotations

import importlib
import subprocess
import sys

import numpy as np
import pytest

import kerasish as keras
from kerasish.core import old_names
from kerasish.core.errors import NotServedError
from kerasish.layers import old_arguments

L = keras.layers


def resolve(path):
    thing = keras
    for part in path.split(".")[1:]:
        thing = getattr(thing, part)
    return thing


@pytest.mark.parametrize("path", sorted(old_names.NAMES))
def test_an_old_name_is_the_thing_of_today(path):
    assert resolve(path) is resolve(old_names.NAMES[path])


@pytest.mark.parametrize("path", sorted(old_names.MODULES))
def test_every_old_module_is_a_module_of_today(path):
    today = old_names.MODULES[path]
    importlib.import_module("kerasish" + today.removeprefix("keras"))
    ours = f"kerasish{path.removeprefix('keras')}"  # some are names of files of ours too, which have the layers as well
    assert resolve(path) is resolve(today) or resolve(path).__name__ == ours


@pytest.mark.parametrize(
    ("old", "today"),
    [
        ("keras.layers.core.Dropout", L.Dropout),
        ("keras.layers.merge.concatenate", L.concatenate),
        ("keras.layers.noise.GaussianNoise", L.GaussianNoise),
        ("keras.layers.wrappers.TimeDistributed", L.TimeDistributed),
        ("keras.layers.convolutional.MaxPooling2D", L.MaxPooling2D),
        ("keras.engine.topology.Layer", L.Layer),
        ("keras.objectives.mse", keras.losses.mean_squared_error),
        ("keras.optimizers.experimental.AdamW", keras.optimizers.AdamW),
        ("keras.optimizers.adam_v2.Adam", keras.optimizers.Adam),
        ("keras.initializations.glorot_uniform", keras.initializers.GlorotUniform),
    ],
)
def test_programs_find_what_old_modules_had(old, today):
    assert resolve(old) is today


@pytest.mark.parametrize("path", sorted(old_names.GONE))
def test_what_is_gone_says_what_to_write(path):
    with pytest.raises(NotServedError, match="of Keras 2 is not served"):
        resolve(path)


def test_other_names_are_missing_as_before():
    with pytest.raises(AttributeError, match="nonsense"):
        L.core.nonsense  # noqa: B018
    assert not hasattr(L.core, "__path__")
    assert old_names.today("keras.layers") is None


def test_old_modules_can_be_imported():
    code = (
        "import kerasish; kerasish.install()\n"
        "from keras.layers.core import Dropout\nfrom keras.engine.topology import Layer\n"
        "from keras.objectives import mse\nfrom tensorflow.keras.optimizers.experimental import AdamW\n"
        "from keras.layers.experimental.preprocessing import Rescaling\nprint(Dropout.__name__, AdamW.__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["Dropout", "AdamW"]


@pytest.mark.parametrize(
    ("old", "today"),
    [
        (lambda: L.Dense(output_dim=4, init="he_normal", bias=False),
         lambda: L.Dense(4, use_bias=False, kernel_initializer="he_normal")),
        (lambda: L.Convolution2D(8, 3, 2, border_mode="same", subsample=(2, 2), dim_ordering="tf"),
         lambda: L.Conv2D(8, (3, 2), padding="same", strides=(2, 2), data_format="channels_last")),
        (lambda: L.Conv2D(nb_filter=8, nb_row=3, nb_col=3, W_regularizer="l2", dim_ordering="th"),
         lambda: L.Conv2D(8, (3, 3), kernel_regularizer="l2", data_format="channels_first")),
        (lambda: L.Convolution1D(nb_filter=4, filter_length=3, subsample_length=2), lambda: L.Conv1D(4, 3, strides=2)),
        (lambda: L.Convolution3D(2, 2, 3, 4, border_mode="valid"), lambda: L.Conv3D(2, (2, 3, 4))),
        (lambda: L.MaxPooling1D(pool_length=3, stride=2), lambda: L.MaxPooling1D(3, 2)),
        (lambda: L.LSTM(output_dim=3, dropout_W=0.2, dropout_U=0.1, inner_activation="hard_sigmoid", consume_less="mem"),
         lambda: L.LSTM(3, dropout=0.2, recurrent_dropout=0.1, recurrent_activation="hard_sigmoid")),
        (lambda: L.Dropout(p=0.3), lambda: L.Dropout(0.3)),
        (lambda: L.GaussianNoise(sigma=0.3), lambda: L.GaussianNoise(0.3)),
        (lambda: L.Conv2D(8, 3, 2), lambda: L.Conv2D(8, kernel_size=3, strides=2)),
    ],
)  # fmt: skip
def test_old_arguments_are_todays(old, today):
    first, second = old().get_config(), today().get_config()
    assert {**first, "name": ""} == {**second, "name": ""}


def test_layers_of_the_table_exist_and_keep_their_signatures():
    for name in old_arguments.TABLE:
        assert "self" in str(importlib.import_module("inspect").signature(getattr(L, name).__init__))
    with pytest.raises(ValueError, match="nonsense"):
        L.Dense(4, nonsense=1)


def test_optimizers_take_lr_and_decay():
    optimizer = keras.optimizers.SGD(lr=0.5, decay=0.1)
    assert float(optimizer.learning_rate) == 0.5
    assert optimizer.decay == 0.1


def test_thresholded_relu():
    layer = L.ThresholdedReLU(0.5)
    np.testing.assert_array_equal(
        layer(np.array([-1.0, 0.5, 0.6, 2.0], "float32")), np.array([0, 0, 0.6, 2], "float32")
    )
    assert layer.get_config()["theta"] == 0.5
    for bad in (None, -1.0):
        with pytest.raises(ValueError, match="[Tt]heta"):
            L.ThresholdedReLU(bad)


# calls ----------------------------------------------------------------------------------------------------------------

X, Y = np.ones((4, 2), "float32"), np.ones((4, 3), "float32")


class Batches:
    batch_size = 4

    def __iter__(self):
        return self

    def __next__(self):
        return X, Y


@pytest.fixture
def model():
    made = keras.Sequential([keras.Input((2,)), L.Dense(3, activation="softmax")])
    made.compile("sgd", "mse")
    return made


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        ((3, 2), {"verbose": 0, "max_queue_size": 1, "workers": 1, "use_multiprocessing": False}),
        ((), {"samples_per_epoch": 12, "nb_epoch": 2, "verbose": 0, "nb_worker": 1, "pickle_safe": False}),
        ((), {"steps_per_epoch": 3, "epochs": 2, "verbose": 0}),
    ],
)
def test_generators_have_methods_of_their_own(model, args, kwargs):
    history = model.fit_generator(Batches(), *args, **kwargs)
    assert len(history.history["loss"]) == 2
    assert int(model.optimizer.iterations) == 6
    loss = model.evaluate(X, Y, verbose=0)
    assert model.evaluate_generator(Batches(), 2) == pytest.approx(loss)
    assert model.evaluate_generator(Batches(), val_samples=8) == pytest.approx(loss)
    assert model.predict_generator(Batches(), 2).shape == (8, 3)


def test_a_number_of_samples_needs_the_size_of_a_batch(model):
    with pytest.raises(TypeError, match="`samples_per_epoch` counts samples.*`steps_per_epoch`"):
        model.fit_generator(iter([(X, Y)]), samples_per_epoch=4)
    with pytest.raises(TypeError, match="Too many arguments"):
        model.evaluate_generator(iter([(X, Y)]), *range(9))


def test_keras_1_calls_of_models(model):
    assert len(model.fit(X, Y, nb_epoch=3, verbose=0).epoch) == 3
    with pytest.raises(TypeError, match="nonsense"):
        model.fit(X, Y, nonsense=3)
    np.testing.assert_array_equal(model.predict_classes(X), model.predict(X, verbose=0).argmax(-1))
    np.testing.assert_array_equal(model.predict_proba(X), model.predict(X, verbose=0))
    single = keras.Sequential([keras.Input((1,)), L.Dense(1, kernel_initializer="ones")])
    np.testing.assert_array_equal(single.predict_classes(np.array([[0.4], [0.6]], "float32")), [[0], [1]])


def test_models_take_input_and_output():
    inputs = keras.Input((2,))
    made = keras.Model(input=inputs, output=L.Dense(3)(inputs), name="m")
    assert (type(made).__name__, made.name, made.output_shape) == ("Functional", "m", (None, 3))
    with pytest.raises(ValueError, match="input"):
        keras.Model(input=inputs)


def test_both_spellings_of_the_experimental_layers():
    code = (
        "import kerasish; kerasish.install()\n"
        "import tensorflow as tf\nfrom tensorflow.keras.layers.experimental import preprocessing\n"
        "from keras.layers.experimental.preprocessing import RandomFlip\n"
        "same = tf.keras.layers.experimental.preprocessing.RandomFlip\n"
        "print(same is RandomFlip is preprocessing.RandomFlip is tf.keras.layers.RandomFlip)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True"]


def test_a_backend_function_that_only_raises_is_marked():
    assert keras.backend.get_session.__kerasish_stub__


def test_a_session_with_options_can_be_set_and_runs_nothing():
    v1 = keras.tf.compat.v1
    config = v1.ConfigProto(allow_soft_placement=True)
    config.gpu_options.allow_growth = True
    with v1.Session(config=config) as session:
        assert v1.keras.backend.set_session(session) is None
        with pytest.raises(NotServedError, match="Session.run"):
            session.run([])


def test_dim_orderings_of_keras_1():
    keras.backend.set_image_dim_ordering("th")
    try:
        assert keras.backend.image_data_format() == "channels_first"
        assert keras.backend.image_dim_ordering() == "th"
    finally:
        keras.backend.set_image_dim_ordering("tf")
    with pytest.raises(ValueError, match="Unknown dim_ordering"):
        keras.backend.set_image_dim_ordering("channels_last")
    assert keras.config.image_data_format() == "channels_last"


def test_modules_that_programs_of_keras_2_import_under_the_drop_in():
    program = (
        "from keras.wrappers.scikit_learn import KerasClassifier\n"
        "from tensorflow.keras.wrappers.scikit_learn import KerasRegressor\n"
        "from keras.backend.tensorflow_backend import set_session\n"
        "from tensorflow.python.client import device_lib\n"
        "print(KerasClassifier.__name__, [d.device_type for d in device_lib.list_local_devices()][0])\n"
    )
    done = subprocess.run([sys.executable, "-m", "kerasish", "-c", program], capture_output=True, text=True)
    assert done.stdout.split() == ["KerasClassifier", "CPU"], done.stderr
