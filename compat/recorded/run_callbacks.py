"""Cases of callbacks: what they do when they are shown made-up logs; and of distillation: short trainings."""

from __future__ import annotations

import contextlib
import io
import math
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
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            row = KINDS[case["kind"]](keras, case["args"], case["seed"])
        if case["args"].get("verbose"):
            row["facts"]["said"] = said.getvalue().split("\n")
        return row


def _model(keras: Any, optimizer: Any = None, seed: int = 0) -> Any:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="a"), keras.layers.Dense(2, name="b")])
    random = np.random.RandomState(seed)
    model.set_weights([random.uniform(-1, 1, w.shape).astype("float32") for w in model.get_weights()])
    model.compile(optimizer or keras.optimizers.SGD(0.25), "mse", metrics=["mae", "accuracy"], run_eagerly=True)
    x, y = random.standard_normal((8, 3)).astype("float32"), random.standard_normal((8, 2)).astype("float32")
    model.evaluate(x, y, verbose=0)  # the metrics are made
    return model


def _show(callback: Any, model: Any, seed: int, each_epoch: Any) -> None:
    """Epochs of made-up logs; by the seed, some without validation or with values that are no numbers."""
    random = np.random.RandomState(seed + 1)
    odd = {1: None, 2: math.nan}.get(seed % 4, 0)
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
        logs = {name: round(float(random.rand()), 1 + seed % 2) for name in names}
        if odd != 0 and epoch % 3 == 1:
            logs = {name: odd if name.startswith("val_") else value for name, value in logs.items()}
            logs = {name: value for name, value in logs.items() if value is not None}
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
    facts = [callback.stopped_epoch, callback.best_epoch, callback.wait, str(callback.best), bool(model.stop_training)]
    return {"facts": {"end": facts}, "arrays": {"weight": as_array(model.weights[1])}}


def plateau(keras: Any, args: dict, seed: int) -> dict:
    model, callback = _model(keras), keras.callbacks.ReduceLROnPlateau(**args)
    rates: list = []
    _show(callback, model, seed, lambda epoch, logs: rates.append(float(model.optimizer.learning_rate)))
    return {"facts": {"end": [callback.wait, callback.cooldown_counter]}, "arrays": {"rates": np.array(rates)}}


def checkpoint(keras: Any, args: dict, seed: int) -> dict:
    model = _model(keras)
    with tempfile.TemporaryDirectory() as folder:
        here = os.getcwd()
        os.chdir(folder)  # what is said names the file
        try:
            callback = keras.callbacks.ModelCheckpoint(**{**args, "filepath": f"inner/{args['filepath']}"})
            _show(callback, model, 4 * seed, lambda epoch, logs: None)
            files = sorted(os.listdir("inner")) if os.path.isdir("inner") else []
        finally:
            os.chdir(here)
        return {"facts": {"files": files, "best": callback.best}}


def schedule(keras: Any, args: dict, seed: int) -> dict:
    model, rates = _model(keras), []
    result = int if args["gives"] == "int" else float

    def of_both(epoch: int, rate: float) -> Any:
        return result(rate * 0.5 + epoch)

    def of_epoch(epoch: int) -> Any:
        return result(0.5 / (epoch + 1))

    function = of_both if args["of"] == "both" else of_epoch
    callback = keras.callbacks.LearningRateScheduler(function, verbose=args["verbose"])
    logs_rates: list = []

    def note(epoch: int, logs: dict) -> None:
        rates.append(float(model.optimizer.learning_rate))
        logs_rates.append(logs["learning_rate"])

    try:
        _show(callback, model, seed, note)
    except ValueError as error:
        return {"facts": {"raises": str(error)}}
    return {"facts": {}, "arrays": {"rates": np.array(rates), "logs": np.array(logs_rates)}}


def nan(keras: Any, args: dict, seed: int) -> dict:
    model, callback = _model(keras), keras.callbacks.TerminateOnNaN(**args)
    callback.set_model(model)
    model.stop_training = False
    found = []
    for batch, loss in enumerate([0.5, None, math.inf, math.nan, -math.inf]):
        try:
            callback.on_train_batch_end(batch, {"mae": math.nan} if loss is None else {"loss": loss})
            found.append(bool(model.stop_training))
        except RuntimeError as error:
            found.append(str(error))
    return {"facts": {"found": found}}


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
    logs = {name: np.array(values, "float32") for name, values in history.items()}
    evaluated = np.array(model.evaluate(x, y, verbose=0, callbacks=[callback]), "float32")
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
    return {
        "facts": {"config": config},
        "arrays": {name: np.array(values, "float32") for name, values in history.items()},
    }


KINDS = {
    "early_stopping": early_stopping,
    "plateau": plateau,
    "checkpoint": checkpoint,
    "csv": csv,
    "schedule": schedule,
    "nan": nan,
    "distillation": distillation,
    "averages": averages,
}
