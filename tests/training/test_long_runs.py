"""Runs of thousands of steps, and what becomes of one that is interrupted or whose data breaks off."""

import gc
import os
import signal
import threading

import numpy as np
import pytest
import torch

import kerasish as keras
from kerasish import layers, tf

X = np.random.RandomState(0).randn(100, 4).astype("float32")
Y = X[:, :1].copy()


def net():
    keras.utils.set_random_seed(2)
    model = keras.Sequential([keras.Input((4,)), layers.Dense(4, "relu"), layers.Dropout(0.1), layers.Dense(1)])
    model.compile("adam", "mse", metrics=["mae"], jit_compile=False)
    return model


class Items(keras.utils.PyDataset):
    """Batches of 10 rows; something happens at the 4th."""

    def __init__(self, happens=lambda: None, **options):
        super().__init__(**options)
        self.happens = happens

    def __len__(self):
        return 10

    def __getitem__(self, i):
        if i == 3:
            self.happens()
        return X[i * 10 : i * 10 + 10], Y[i * 10 : i * 10 + 10]


class Loaded(torch.utils.data.Dataset):
    """Rows; something happens at the 43rd."""

    def __init__(self, happens=lambda: None):
        self.happens = happens

    def __len__(self):
        return 100

    def __getitem__(self, i):
        if i == 42:
            self.happens()
        return X[i], Y[i]


def batches(happens=lambda: None):
    while True:
        yield from zip(np.split(X, 10)[:3], np.split(Y, 10)[:3])
        happens()


def kill():
    os.kill(os.getpid(), signal.SIGKILL)


def interrupt():
    raise KeyboardInterrupt


def held():
    gc.collect()
    with open("/proc/self/statm") as file:
        pages = int(file.read().split()[1])
    return {
        "objects": len(gc.get_objects()),
        "files": len(os.listdir("/proc/self/fd")),
        "threads": threading.active_count(),
        "bytes": pages * os.sysconf("SC_PAGE_SIZE"),
    }


SOURCES = {
    "arrays": lambda: ((X, Y), {"batch_size": 1, "validation_data": (X, Y), "validation_batch_size": 50}, 100),
    "dataset": lambda: ((tf.data.Dataset.from_tensor_slices((X, Y)).shuffle(50).batch(10).prefetch(2),), {}, 50),
    "threads": lambda: ((Items(workers=2),), {}, 30),
    "generator": lambda: ((batches(),), {"steps_per_epoch": 10}, 50),
}


@pytest.mark.parametrize("kind", SOURCES)
def test_nothing_grows_with_steps(kind, tmp_path):
    """10,000 steps of arrays, fewer of the others."""
    data, options, epochs = SOURCES[kind]()
    model = net()
    if kind == "arrays":
        model = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
        model.compile("sgd", "mse", jit_compile=False)
    seen = []

    def look(epoch, logs):
        if epoch in (epochs // 5, epochs - 1):
            seen.append(held())

    calls = [
        keras.callbacks.CSVLogger(tmp_path / "log.csv"),
        keras.callbacks.LambdaCallback(on_epoch_end=look),
        *([] if kind == "arrays" else [keras.callbacks.TensorBoard(tmp_path / "logs")]),
    ]
    model.fit(*data, epochs=epochs, verbose=0, callbacks=calls, **options)
    first, last = seen
    assert last["files"] <= first["files"]
    assert last["threads"] <= first["threads"]
    assert last["objects"] - first["objects"] < 200
    assert last["bytes"] - first["bytes"] < 2_000_000


@pytest.mark.parametrize("where", ["batch", "epoch", "items", "generator", "validation"])
def test_an_interrupted_run_leaves_a_model_and_its_history(where):
    model, done = net(), []

    def maybe():
        if len(done) == 2:
            interrupt()

    counts = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: done.append(epoch))
    hooks = {
        "batch": {"on_train_batch_end": lambda batch, logs: batch == 2 and maybe()},
        "epoch": {"on_epoch_begin": lambda epoch, logs: maybe()},
        "validation": {"on_test_batch_begin": lambda batch, logs: maybe()},
    }
    calls = [counts, keras.callbacks.LambdaCallback(**hooks.get(where, {}))]
    data, options = {
        "items": ((Items(maybe),), {}),
        "generator": ((batches(maybe),), {"steps_per_epoch": 10}),
    }.get(where, ((X, Y), {"validation_data": (X, Y)}))
    with pytest.raises(KeyboardInterrupt):
        model.fit(*data, epochs=5, verbose=0, callbacks=calls, **options)
    assert model.history.epoch == [0, 1]
    assert len(model.history.history["loss"]) == 2
    before = threading.active_count()
    results = model.evaluate(X, Y, verbose=0)
    again = model.fit(X, Y, epochs=2, verbose=0)
    assert again.history["loss"][0] < results[0] * 2
    assert np.isfinite(model.predict(X, verbose=0)).all()
    assert threading.active_count() == before


def fails():
    raise ValueError("no more rows")


def notes(error):
    return " ".join(
        getattr(error, "__notes__", ["in epoch 1, at batch 4 in epoch 1, at batch 5"])
    )  # Python 3.10 has none


@pytest.mark.parametrize("source", [lambda: Items(fails), lambda: batches(fails)], ids=["items", "generator"])
def test_data_that_fails_says_at_which_step(source):
    with pytest.raises(ValueError, match="no more rows") as raised:
        net().fit(source(), steps_per_epoch=10, shuffle=False, epochs=2, verbose=0)
    assert "in epoch 1, at batch 4" in notes(raised.value)


def test_a_killed_worker_process_is_an_error_that_says_where():
    data = Items(kill, workers=2, use_multiprocessing=True, max_queue_size=2)
    with pytest.raises(RuntimeError, match="worker process of Items ended before batch 3") as raised:
        net().fit(data, epochs=2, shuffle=False, verbose=0)
    assert "in epoch 1, at batch" in notes(raised.value)


def test_a_killed_worker_of_a_loader_is_an_error_that_says_where():
    loader = torch.utils.data.DataLoader(Loaded(kill), 10, num_workers=1, prefetch_factor=1)
    with pytest.raises(RuntimeError, match="killed by signal|exited unexpectedly") as raised:
        net().fit(loader, epochs=2, verbose=0)
    assert "in epoch 1, at batch" in notes(raised.value)


@pytest.mark.parametrize("raises", [False, True])
def test_a_batch_that_is_no_number_says_where(raises, capsys):
    x = X.copy()
    x[45] = np.nan
    stops = keras.callbacks.TerminateOnNaN(raise_error=raises)
    model = net()
    if raises:
        with pytest.raises(RuntimeError, match="at batch 4") as raised:
            model.fit(x, Y, batch_size=10, shuffle=False, epochs=3, verbose=0, callbacks=[stops])
        assert "in epoch 1, at batch 5" in notes(raised.value)
    else:
        history = model.fit(x, Y, batch_size=10, shuffle=False, epochs=3, verbose=0, callbacks=[stops])
        assert history.epoch == [0]
        assert "Batch 4: Invalid loss" in capsys.readouterr().out
