"""BackupAndRestore: a run that was stopped, or killed, ends as one that was not."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch

import kerasish as keras
from kerasish import callbacks, layers, tf

_random = np.random.RandomState(0)
X = _random.randn(50, 4).astype("float32")
Y = _random.randn(50, 1).astype("float32")


class Stop(callbacks.Callback):
    """Raises after a batch."""

    def __init__(self, epoch, batch):
        super().__init__()
        self.at = epoch, batch

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == self.at:
            raise KeyboardInterrupt


class StopAfter(callbacks.Callback):
    """Raises after an epoch."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch = epoch

    def on_epoch_end(self, epoch, logs=None):
        if epoch == self.epoch:
            raise KeyboardInterrupt


def net():
    keras.utils.set_random_seed(3)
    inputs = layers.Input((4,))
    x = layers.Dropout(0.2, seed=5)(layers.BatchNormalization()(layers.Dense(8, activation="relu")(inputs)))
    model = keras.Model(inputs, layers.Dense(1)(layers.Dropout(0.3)(x)))
    model.compile(keras.optimizers.Adam(0.01, use_ema=True, ema_overwrite_frequency=7), "mse", metrics=["mae"])
    return model


def loader():
    return torch.utils.data.DataLoader(torch.utils.data.TensorDataset(*map(torch.tensor, (X, Y))), 8, shuffle=True)


DATA = {
    "arrays": lambda: ((X, Y), {"batch_size": 8}),
    "arrays in steps": lambda: ((X, Y), {"batch_size": 5, "steps_per_epoch": 5}),
    "loader": lambda: ((loader(),), {}),
}


def train(model, folder, data, *others, **options):
    x, arguments = DATA[data]()
    backup = callbacks.BackupAndRestore(folder, **options)
    return model.fit(*x, epochs=4, verbose=0, callbacks=[backup, *others], **arguments)


def state(model):
    return [v.numpy() for v in (*model.variables, *model.optimizer.variables)]


@pytest.mark.parametrize("save_freq", ["epoch", 2])
@pytest.mark.parametrize("data", DATA)
def test_a_run_that_was_stopped_ends_as_one_that_was_not(tmp_path, data, save_freq):
    whole = net()
    history = train(whole, tmp_path / "whole", data, save_freq=save_freq).history
    for stop in ((0, 2), (2, 1)):
        with pytest.raises(KeyboardInterrupt):
            train(net(), tmp_path / "b", data, Stop(*stop), save_freq=save_freq)
    model = net()
    rest = train(model, tmp_path / "b", data, save_freq=save_freq)
    assert rest.epoch[0] == 2
    for name, values in rest.history.items():
        assert values == history[name][2:], name
    for a, b in zip(state(model), state(whole), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("stop", [(0, 6), (1, 6), (1, 2)], ids=str)
def test_metrics_are_there_before_the_first_batch_of_a_run_that_goes_on(tmp_path, stop):
    """What a captured step is made for, so that it is the same one as before."""
    seen = []

    def look(batch, logs):
        seen.append([(v.path, tuple(v.shape)) for metric in model.metrics for v in metric.variables])

    x, options = DATA["arrays"]()
    ends = Stop(*stop) if stop[1] < 6 else StopAfter(stop[0])
    first = [callbacks.BackupAndRestore(tmp_path, save_freq=1), ends]
    with pytest.raises(KeyboardInterrupt):
        net().fit(*x, epochs=3, verbose=0, callbacks=first, **options)
    model = net()
    backup = callbacks.BackupAndRestore(tmp_path, save_freq=1)
    history = model.fit(
        *x, epochs=3, verbose=0, callbacks=[backup, callbacks.LambdaCallback(on_train_batch_begin=look)], **options
    )
    assert history.epoch[0] == stop[0] + (stop[1] == 6)
    assert len(seen[0]) == 4 and seen[0] == seen[-1]


SCRIPT = """
import sys, os, time, hashlib, numpy as np
import kerasish as keras
from kerasish import layers, tf
random = np.random.RandomState(0)
x, y = random.randn(40, 4).astype("float32"), random.randn(40, 1).astype("float32")
keras.utils.set_random_seed(1)
model = keras.Sequential([keras.Input((4,)), layers.Dense(8, "relu"), layers.Dropout(0.5), layers.Dense(1)])
model.compile("adam", "mse")
wait = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: time.sleep(float(sys.argv[2])))
data = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(30).batch(4)
backup = keras.callbacks.BackupAndRestore(sys.argv[1], save_freq=1)
history = model.fit(data, epochs=3, verbose=0, callbacks=[backup, wait])
print(len(history.epoch), hashlib.md5(b"".join(w.tobytes() for w in model.get_weights())).hexdigest())
"""


def test_a_process_killed_at_any_moment_is_gone_on_with(tmp_path):
    def start(folder, wait):
        arguments = [sys.executable, "-c", SCRIPT, str(tmp_path / folder), str(wait)]
        return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)

    whole = start("whole", 0)
    killed = start("b", 0.05)
    saved = tmp_path / "b" / "training_metadata.json"
    while not (saved.exists() and json.loads(saved.read_text() or '{"batch": 0}')["batch"] > 2):
        assert killed.poll() is None
        time.sleep(0.001)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    rest, _ = start("b", 0).communicate()
    expected, _ = whole.communicate()
    assert rest.split()[1] == expected.split()[1]
    assert not (tmp_path / "b").exists()


def test_the_folder_holds_a_file_of_weights_and_where_training_is(tmp_path):
    model = net()
    with pytest.raises(KeyboardInterrupt):
        train(model, tmp_path / "b", "arrays", Stop(2, 3), save_freq=3, double_checkpoint=True)
    assert json.loads((tmp_path / "b" / "training_metadata.json").read_text()) == {"epoch": 2, "batch": 4}
    other = net()
    other.optimizer.build(other.trainable_variables)
    other.load_weights(tmp_path / "b" / "latest.weights.h5")
    np.testing.assert_array_equal(other.get_weights()[0], model.get_weights()[0])


def test_a_damaged_state_falls_back_to_the_one_before(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        train(net(), tmp_path / "b", "arrays", Stop(2, 3), double_checkpoint=True)
    latest = tmp_path / "b" / "latest.weights.h5"
    latest.write_bytes(latest.read_bytes()[:500])
    model = net()
    with pytest.warns(UserWarning, match=r"state before the last one.*latest\.weights\.h5\.bkp.*cannot be read"):
        assert train(model, tmp_path / "b", "arrays").epoch == [1, 2, 3]
    whole = net()  # sets the seeds again
    train(whole, tmp_path / "c", "arrays")
    np.testing.assert_array_equal(model.get_weights()[0], whole.get_weights()[0])


def test_a_damaged_state_alone_is_an_error(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        train(net(), tmp_path / "b", "arrays", Stop(2, 3))
    (tmp_path / "b" / "latest.weights.h5").write_bytes(b"not HDF5")
    with pytest.raises(OSError, match="cannot be read"):
        train(net(), tmp_path / "b", "arrays")


def test_other_files_in_the_folder_are_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    train(net(), tmp_path, "arrays")
    assert os.listdir(tmp_path) == ["notes.txt"]


def test_a_state_of_which_only_the_place_is_left_is_none(tmp_path):
    """A process was killed while it deleted the state of a run that had ended."""
    train(net(), tmp_path, "arrays", delete_checkpoint=False)
    (tmp_path / "latest.weights.h5").unlink()
    assert train(net(), tmp_path, "arrays").epoch == [0, 1, 2, 3]


def test_the_state_can_be_kept(tmp_path):
    train(net(), tmp_path / "b", "arrays", delete_checkpoint=False)
    assert train(net(), tmp_path / "b", "arrays").epoch == []


@pytest.mark.parametrize(
    ("arguments", "words"), [({"backup_dir": ""}, "Empty"), ({"backup_dir": "x", "save_freq": "batch"}, "save_freq")]
)
def test_arguments_that_do_not_fit_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        callbacks.BackupAndRestore(**arguments)


def test_an_unbuilt_model_is_refused(tmp_path):
    model = keras.Sequential([layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="built before you call"):
        model.fit(X, Y, verbose=0, callbacks=[callbacks.BackupAndRestore(tmp_path)])


def test_a_state_of_another_form_is_an_error(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        train(net(), tmp_path / "b", "arrays", Stop(1, 3))
    import h5py

    with h5py.File(tmp_path / "b" / "latest.weights.h5", "a") as file:
        del file["training_state/json"]
        file["training_state/json"] = np.frombuffer(b'{"epoch": []}', np.uint8)
    with pytest.raises(ValueError, match="another form"):
        train(net(), tmp_path / "b", "arrays")


def test_the_old_place_of_the_class():
    assert keras.callbacks.experimental.BackupAndRestore is callbacks.BackupAndRestore
    assert tf.keras.callbacks.BackupAndRestore is callbacks.BackupAndRestore


@pytest.mark.parametrize("stops", [False, True])
def test_a_run_that_had_no_more_to_do_leaves_generators_and_logs_as_they_were(tmp_path, stops):
    class Last(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = stops and epoch == 1

        def on_train_end(self, logs=None):
            self.logs = logs

    def run(seed):
        keras.utils.set_random_seed(seed)
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dropout(0.5), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        last = Last()
        backup = keras.callbacks.BackupAndRestore(tmp_path, delete_checkpoint=False)
        x = np.ones((8, 2), "float32")
        model.fit(x, x[:, :1], batch_size=4, epochs=4 if stops else 2, verbose=0, callbacks=[last, backup])
        return last.logs, float(torch.rand(())), float(np.random.rand())

    assert run(1) == run(2)
