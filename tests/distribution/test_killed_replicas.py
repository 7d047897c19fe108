"""One of two processes is killed at some batch, again and again: the other says so, and both go on to the same weights."""

import os
import random
import signal
import time

import numpy as np
import pytest
import replica_programs
from forked import forked

import kerasish as keras
from kerasish.core import replicas
from kerasish.core.replicas import process_id

pytestmark = pytest.mark.filterwarnings("ignore:.*fork")


class Dies(keras.callbacks.Callback):
    """A process is killed after some batches, or in the middle of them."""

    def __init__(self, process, batches):
        super().__init__()
        self.process, self.left = process, batches

    def on_train_batch_begin(self, batch, logs=None):
        self.left -= 1
        if self.left < 0 and process_id() == self.process:
            os.kill(os.getpid(), signal.SIGKILL)


def train(folder, process=None, batches=0):
    replicas._GRACE = 0.1
    keras.utils.set_random_seed(3)
    layers = [keras.Input((6,)), keras.layers.Dense(4), keras.layers.Dropout(0.3), keras.layers.Dense(1)]
    model = keras.Sequential(layers)
    model.compile(keras.optimizers.Adam(0.01), "mse", metrics=["mae"])
    backup = keras.callbacks.BackupAndRestore(os.path.join(folder, "b"), save_freq=2)
    calls = [backup, keras.callbacks.ReduceLROnPlateau("loss", 0.5, patience=1, min_delta=1.0), Dies(process, batches)]
    history = model.fit(
        replica_programs.X, replica_programs.CLASSES, batch_size=20, epochs=4, verbose=0, callbacks=calls
    )
    weights = [w.tolist() for w in model.get_weights()]
    return weights, float(model.optimizer.learning_rate), history.history["loss"][-1]


def test_a_run_of_which_processes_are_killed_ends_as_one_that_was_left_alone(tmp_path):
    numbers = random.Random(5)
    (done, whole), (_, other) = forked(train, (str(tmp_path / "whole"),), 2, tmp_path / "meet")
    assert done, whole
    assert whole == other
    for number in range(4):
        process, start = number % 2, time.monotonic()
        found = forked(
            train, (str(tmp_path / "killed"), process, numbers.randint(2, 7)), 2, tmp_path / f"meet_{number}"
        )
        if found[process] is not None:
            break  # it had come to its end
        well, text = found[1 - process]
        assert not well
        assert "waited for the others in vain" in text
        assert time.monotonic() - start < 50
    assert number > 1
    (_, last), (_, other) = forked(train, (str(tmp_path / "killed"),), 2, tmp_path / "again")
    assert last == other
    np.testing.assert_array_equal(
        np.concatenate([np.ravel(w) for w in last[0]]), np.concatenate([np.ravel(w) for w in whole[0]])
    )
    assert last[1:] == whole[1:]
