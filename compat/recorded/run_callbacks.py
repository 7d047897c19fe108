"""Cases of callbacks: what they do when they are shown made-up logs; and of distillation: short trainings."""

from __future__ import annotations

import os
import tempfile
import warnings
from typing import Any

import numpy as np
from case_values import as_array

EPOCHS, BATCHES = 8, 5


def run(keras: Any, tf: Any, case: dict) -> dict:
    keras.utils.clear_session(free_memory=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return KINDS[case["kind"]](keras, case["args"], case["seed"])


def _model(keras: Any, optimizer: Any = None, seed: int = 0) -> Any:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="a"), keras.layers.Dense(2, name="b")])
    random = np.random.RandomState(seed)
    model.set_weights([random.uniform(-1, 1, w.shape).astype("float32") for w in model.get_weights()])
    model.compile(optimizer or keras.optimizers.SGD(0.25), "mse", metrics=["mae", "accuracy"], run_eagerly=True)
    x, y = random.standard_normal((8, 3)).astype("float32"), random.standard_normal((8, 2)).astype("float32")
    model.evaluate(x, y, verbose=0)  # the metrics are made
    return model


def _show(callback: Any, model: Any, seed: int, each_epoch: Any) -> None:
    """Epochs of made-up logs."""
    random = np.random.RandomState(seed + 1)
    callback.set_params({"epochs": EPOCHS, "steps": BATCHES, "verbose": 0})
    callback.set_model(model)
    model.stop_training = False
    callback.on_train_begin({})
    for epoch in range(EPOCHS):
        callback.on_epoch_begin(epoch, {})
        for batch in range(BATCHES):
            callback.on_train_batch_begin(batch, {})
            callback.on_train_batch_end(batch, {"loss": round(float(random.rand()), 3)})
        names = ("loss", "mae", "accuracy", "val_loss", "val_mae", "val_accuracy")
        logs = {name: round(float(random.rand()), 2) for name in names}
        callback.on_epoch_end(epoch, logs)
        each_epoch(epoch, logs)
        if model.stop_training:
            break
    callback.on_train_end({})


def early_stopping(keras: Any, args: dict, seed: int) -> dict:
    model, callback = _model(keras), keras.callbacks.EarlyStopping(**args)

    def mark(epoch: int, logs: dict) -> None:
        model.set_weights([np.full(w.shape, epoch + 1, "float32") for w in model.get_weights()])

    _show(callback, model, seed, mark)
    facts = [callback.stopped_epoch, callback.best_epoch, callback.wait, callback.best, bool(model.stop_training)]
    return {"facts": {"end": facts}, "arrays": {"weight": as_array(model.weights[1])}}


def plateau(keras: Any, args: dict, seed: int) -> dict:
    model, callback = _model(keras), keras.callbacks.ReduceLROnPlateau(**args)
    rates: list = []
    _show(callback, model, seed, lambda epoch, logs: rates.append(float(model.optimizer.learning_rate)))
    return {"facts": {"end": [callback.wait, callback.cooldown_counter]}, "arrays": {"rates": np.array(rates)}}


def checkpoint(keras: Any, args: dict, seed: int) -> dict:
    model = _model(keras)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "inner", args["filepath"])
        callback = keras.callbacks.ModelCheckpoint(**{**args, "filepath": path})
        _show(callback, model, seed, lambda epoch, logs: None)
        return {"facts": {"files": sorted(os.listdir(os.path.join(folder, "inner"))), "best": callback.best}}


def csv(keras: Any, args: dict, seed: int) -> dict:
    model = _model(keras)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "log.csv")
        for run in range(2):
            _show(keras.callbacks.CSVLogger(path, **args), model, seed + run, lambda epoch, logs: None)
        with open(path, newline="") as file:
            return {"facts": {"text": file.read().splitlines()}}


def averages(keras: Any, args: dict, seed: int) -> dict:
    model = _model(keras, keras.optimizers.Adam(0.05, use_ema=True, ema_momentum=0.8), seed)
    random = np.random.RandomState(seed)
    x, y = random.standard_normal((24, 3)).astype("float32"), random.standard_normal((24, 2)).astype("float32")
    callback = keras.callbacks.SwapEMAWeights(**args)
    history = model.fit(x, y, 8, 3, 0, [callback], validation_data=(x[:8], y[:8]), shuffle=False).history
    logs = {name: np.array(values) for name, values in history.items()}
    evaluated = np.array(model.evaluate(x, y, verbose=0, callbacks=[callback]))
    return {"arrays": {**logs, "evaluated": evaluated, "kernel": as_array(model.weights[0])}}


def distillation(keras: Any, args: dict, seed: int) -> dict:
    teacher, student = _model(keras, seed=seed), _model(keras, seed=seed + 1)
    if args["features"]:
        loss = keras.distillation.FeatureDistillation(args["loss"], "a", "a")
    else:
        loss = keras.distillation.LogitsDistillation(args["temperature"], args["loss"])
    several = args["weight"] is not None
    distiller = keras.distillation.Distiller(
        teacher,
        student,
        [loss] if several else loss,
        [args["weight"]] if several else None,
        args["student_loss_weight"],
    )
    distiller.compile(
        keras.optimizers.SGD(0.05), keras.losses.CategoricalCrossentropy(from_logits=True), ["mae"], run_eagerly=True
    )
    random = np.random.RandomState(seed)
    x, y = random.standard_normal((16, 3)).astype("float32"), np.eye(2, dtype="float32")[random.randint(0, 2, 16)]
    history = distiller.fit(x, y, 8, 2, 0, shuffle=False).history
    config = loss.get_config()
    config.pop("loss")
    return {"facts": {"config": config}, "arrays": {name: np.array(values) for name, values in history.items()}}


KINDS = {
    "early_stopping": early_stopping,
    "plateau": plateau,
    "checkpoint": checkpoint,
    "csv": csv,
    "distillation": distillation,
    "averages": averages,
}
