"""Runs of ``fit`` that are killed again and again, and gone on with, against one that is not: the weights have to be equal.

    python compat/killed.py [kills] [kinds of data, ...]

A process trains with ``BackupAndRestore`` and is killed with SIGKILL at a random moment, of its start too; the next goes on.
Says for each kind of data whether the last process ended with the weights of the run that was left alone.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time

KINDS = ("arrays", "steps", "sequence", "dataset", "unseeded", "captured")

SCRIPT = """
import hashlib, sys, time
import numpy as np
import kerasish as keras
from kerasish import layers, tf

kind, folder, wait = sys.argv[1], sys.argv[2], float(sys.argv[3])
numbers = np.random.RandomState(0)
x, y = numbers.randn(60, 4).astype("float32"), numbers.randn(60, 1).astype("float32")
seed = 3 if kind == "unseeded" else None
if seed is None:
    keras.utils.set_random_seed(1)
model = keras.Sequential([keras.Input((4,)), layers.Dense(16, "relu"), layers.Dropout(0.5, seed=seed), layers.Dense(1)])
model.set_weights([np.random.RandomState(1).uniform(-0.5, 0.5, w.shape) for w in model.get_weights()])
model.compile(keras.optimizers.Adam(0.01), "mse", metrics=["mae"], jit_compile=kind == "captured")


class Sequence(keras.utils.PyDataset):
    def __len__(self):
        return 10

    def __getitem__(self, i):
        return x[i * 6 : i * 6 + 6], y[i * 6 : i * 6 + 6]


data, options = (x, y), {"batch_size": 6, "shuffle": kind != "unseeded"}
if kind == "steps":
    options["steps_per_epoch"] = 7
if kind == "sequence":
    data, options = (Sequence(),), {}
if kind == "dataset":
    data, options = (tf.data.Dataset.from_tensor_slices((x, y)).shuffle(40).batch(6),), {}
pause = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: time.sleep(wait))
backup = keras.callbacks.BackupAndRestore(folder, save_freq=1)
model.fit(*data, epochs=8, verbose=0, callbacks=[backup, pause], **options)
print(hashlib.md5(b"".join(w.tobytes() for w in model.get_weights())).hexdigest())
"""


def start(kind: str, folder: str, wait: float) -> subprocess.Popen:
    arguments = [sys.executable, "-W", "ignore", "-c", SCRIPT, kind, folder, str(wait)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)


def result(process: subprocess.Popen) -> str:
    out, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"a run ended with {process.returncode}")
    return out.split()[-1]


def check(kind: str, kills: int) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        expected = result(start(kind, os.path.join(folder, "whole"), 0))
        killed, early = os.path.join(folder, "killed"), 0
        state = os.path.join(killed, "latest.weights.h5")
        for number in range(kills):
            process = start(kind, killed, 0.02)
            before = os.path.getmtime(state) if os.path.exists(state) else None
            if number % 4:  # one of four is killed before it trains
                while process.poll() is None and (not os.path.exists(state) or os.path.getmtime(state) == before):
                    time.sleep(0.002)
            time.sleep(random.uniform(0, 0.15))
            early += process.poll() is not None
            process.kill()
            process.communicate()
        same = result(start(kind, killed, 0)) == expected
    print(f"{kind}: killed {kills} times ({early} had ended before), {'the same' if same else 'OTHER'} weights")
    return same


def main() -> None:
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    kinds = sys.argv[2:] or KINDS
    sys.exit(not all([check(kind, kills) for kind in kinds]))


if __name__ == "__main__":
    main()
