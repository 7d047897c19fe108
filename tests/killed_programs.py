"""Runs of ``fit`` that are killed again and again: ``python killed_programs.py folder kind:kills ...``.

Each run is a child of this process, which has imported everything: it dies by SIGKILL at one of its own operations (a batch,
an array, a sync, a rename, a removal), or at some moment from outside; the next one goes on. Prints, as JSON, for each kind
what a run that was left alone ended with, what the last one of the others did, and at which operations they died.
"""

import collections
import hashlib
import json
import os
import random
import signal
import sys
import time
import traceback

import numpy as np
import torch

import kerasish as keras
from kerasish import layers, tf
from kerasish.saving import h5

_rng = np.random.RandomState(0)
X = _rng.randn(45, 4).astype("float32")
Y = _rng.randn(45, 1).astype("float32")
EPOCHS = 4


class Items(keras.utils.PyDataset):
    """Batches in an order that it draws itself at the end of each epoch."""

    def __init__(self, **options):
        super().__init__(**options)
        self.order = np.arange(9)

    def __len__(self):
        return 9

    def __getitem__(self, i):
        rows = slice(self.order[i] * 5, self.order[i] * 5 + 5)
        return X[rows], Y[rows]

    def on_epoch_end(self):
        self.order = np.random.permutation(self.order)


def endless(seed):
    order = np.random.RandomState(seed)
    while True:
        rows = order.randint(0, 45, 6)
        yield X[rows], Y[rows]


def dataset():
    return tf.data.Dataset.from_tensor_slices((X, Y)).shuffle(20).batch(6)


def loader(workers=0):
    data = torch.utils.data.TensorDataset(torch.tensor(X), torch.tensor(Y))
    return torch.utils.data.DataLoader(data, 6, shuffle=True, num_workers=workers)


DATA = {
    "arrays": lambda: ((X, Y), {"batch_size": 6, "validation_split": 0.2}),
    "steps": lambda: ((X, Y), {"batch_size": 6, "steps_per_epoch": 5, "validation_data": (X, Y), "validation_freq": 2}),
    "dataset": lambda: ((dataset(),), {"validation_data": dataset()}),
    "items": lambda: ((Items(),), {"shuffle": True}),
    "generator": lambda: (
        (endless(1),),
        {"steps_per_epoch": 7, "validation_data": endless(2), "validation_steps": 2},
    ),
    "loader": lambda: ((loader(),), {"validation_data": loader()}),
}


def _model(kind):
    keras.utils.set_random_seed(3)
    inputs = keras.Input((4,))
    x = layers.Dense(6, "relu")(inputs)
    x = layers.BatchNormalization()(x) if kind == "dataset" else x
    x = layers.Dropout(0.3)(layers.GaussianNoise(0.1, seed=4)(x))
    model = keras.Model(inputs, layers.Dense(1)(x))
    rate = keras.optimizers.schedules.ExponentialDecay(0.02, 5, 0.9) if kind == "dataset" else 0.02
    optimizer = keras.optimizers.Adam(
        rate,
        use_ema=kind == "steps",
        ema_overwrite_frequency=7,
        gradient_accumulation_steps=2 if kind == "items" else None,
    )
    if kind == "loader":
        optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.02, momentum=0.9), 8.0, 5)
    model.compile(optimizer, "mse", metrics=["mae", keras.metrics.RootMeanSquaredError()])
    return model


class Noise(keras.callbacks.Callback):
    """A user's: counts, and changes a weight when an epoch ends."""

    count = 0

    def on_train_batch_end(self, batch, logs=None):
        self.count += 1

    def on_epoch_end(self, epoch, logs=None):
        self.model.layers[-1].bias.assign_add([0.001 * self.count])

    def state_dict(self):
        return {"count": self.count}

    def load_state_dict(self, state):
        self.count = state["count"]


def _callbacks(kind, folder):
    backup = keras.callbacks.BackupAndRestore(os.path.join(folder, "b"), 3 if kind == "arrays" else 4)
    found = [
        keras.callbacks.CSVLogger(os.path.join(folder, "log.csv")),
        backup,
        keras.callbacks.EarlyStopping("loss", patience=3, min_delta=0.02, restore_best_weights=True),
        Noise(),
    ]
    if kind != "dataset":
        found += [
            keras.callbacks.ReduceLROnPlateau("loss", 0.5, patience=1, min_delta=0.5, cooldown=1),
            keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.9),
        ]
    return found


def train(kind, folder):
    """What a run ends with."""
    model, callbacks = _model(kind), _callbacks(kind, folder)
    data, options = DATA[kind]()
    model.fit(*data, epochs=EPOCHS, verbose=0, callbacks=callbacks, **options)
    values = [v.numpy() for v in (*model.variables, *model.optimizer.variables)]
    kept = {name: float(getattr(callbacks[2], name)) for name in ("best", "best_epoch", "stopped_epoch", "wait")}
    with open(os.path.join(folder, "log.csv"), encoding="utf-8") as file:
        lines = file.read().splitlines()
    drawn = [float(torch.rand(())), float(np.random.rand()), random.random()]
    return {
        "weights": hashlib.md5(b"".join(v.tobytes() for v in values)).hexdigest(),
        "rate": float(model.optimizer.learning_rate),
        "kept": kept,
        "lines": lines,
        "drawn": drawn,
    }


class Dying:
    """Kills this process at one of its operations.

    Args:
        after: how many of them it may do.
        note: of a file that is told which one it was.
    """

    def __init__(self, after, note):
        self.left, self.note = after, note
        for owner, name in [(os, "fsync"), (os, "replace"), (os, "remove"), (os, "rmdir"), (h5.Writer, "array")]:
            self._watch(owner, name)
        self._watch(Noise, "on_train_batch_end")
        self._watch(Noise, "on_epoch_end")

    def _watch(self, owner, name):
        original = getattr(owner, name)

        def watched(*args, **kwargs):
            self.left -= 1
            if self.left < 0:
                with open(self.note, "w") as file:
                    file.write(name)
                os.kill(os.getpid(), signal.SIGKILL)
            return None if name == "fsync" else original(*args, **kwargs)  # which only a machine's end would need

        setattr(owner, name, watched)


def _child(work, *args):
    """Run a function in a child of this process; the number of it."""
    number = os.fork()
    if number:
        return number
    code = 1
    try:
        work(*args)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _ended(number):
    return os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])


def check(kind, folder, kills):
    """See the module."""
    draws = random.Random(kind)
    result, note = os.path.join(folder, "result.json"), os.path.join(folder, "died")

    def run(where, after=1 << 30):
        os.makedirs(where, exist_ok=True)
        Dying(after, note)
        with open(result, "w", encoding="utf-8") as file:
            json.dump(train(kind, where), file)

    def found(code):
        if code:
            raise SystemExit(f"{kind}: a run ended with {code}")
        with open(result, encoding="utf-8") as file:
            return json.load(file)

    whole = found(_ended(_child(run, os.path.join(folder, "whole"))))
    where, places, code = os.path.join(folder, "killed"), collections.Counter(), None
    while sum(places.values()) < kills:
        if code == 0:  # it came to its end: another one
            if found(code) != whole:
                break
            where += "+"
        if draws.random() < 0.2:
            child = _child(run, where)
            time.sleep(draws.uniform(0, 0.3))
            os.kill(child, signal.SIGKILL)
            code, place = _ended(child), "outside"
        else:
            after = int(draws.expovariate(1 / 60))
            code = _ended(_child(run, where, after))
            place = open(note).read() if code else ""
        if code not in (0, -signal.SIGKILL):
            raise SystemExit(f"{kind}: a run ended with {code}")
        if code:
            places[place] += 1
    last = found(_ended(_child(run, where))) if code else found(0)
    return {"whole": whole, "last": last, "places": places, "left": os.listdir(where)}


def main():
    folder, *kinds = sys.argv[1:]
    results = {}
    for kind, _, kills in (kind.partition(":") for kind in kinds):
        own = os.path.join(folder, kind)
        os.makedirs(own)
        results[kind] = check(kind, own, int(kills))
    print(json.dumps(results))


if __name__ == "__main__":
    main()
