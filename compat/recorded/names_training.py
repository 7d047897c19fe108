"""Programs with callbacks, optimizers of several parts, scikit-learn's wrappers, distillation's losses."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import tempfile
from typing import Any

import numpy as np
from program_help import attempt, attempts

X = np.random.RandomState(0).standard_normal((12, 3)).astype("float32")
Y = np.random.RandomState(1).standard_normal((12, 2)).astype("float32")
TIMES = r"\d+(s|ms|us)(/\w+)?"
HOOKS = [f"on_{mode}_{when}" for mode in ("train", "test", "predict", "epoch") for when in ("begin", "end")] + [
    f"on_{mode}_batch_{when}" for mode in ("train", "test", "predict") for when in ("begin", "end")
]


def small(keras: Any, **options: Any) -> Any:
    """A compiled model of two layers with weights from a formula."""
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="a"), keras.layers.Dense(2, name="b")])
    random = np.random.RandomState(3)
    model.set_weights([random.uniform(-1, 1, w.shape).astype("float32") for w in model.get_weights()])
    model.compile(keras.optimizers.SGD(0.1, momentum=0.5), "mse", metrics=["mae"], **options)
    return model


def rounded(logs: dict | None) -> dict | None:
    """Logs with few digits, as plain numbers; arrays by their shapes."""
    if logs is None:
        return None
    return {key: list(np.shape(value)) or round(float(value), 4) for key, value in logs.items()}


def noting(keras: Any, log: list) -> Any:
    """A callback that notes every hook, with what it is given."""

    class Noting(keras.callbacks.Callback):
        pass

    def hook(name: str) -> Any:
        def call(self, *args, **kwargs):
            values = [rounded(value) if isinstance(value, dict) else value for value in args]
            log.append([name, *values, *(rounded(v) for v in kwargs.values() if isinstance(v, dict))])

        return call

    for name in HOOKS:
        setattr(Noting, name, hook(name))
    return Noting()


def hooks(keras: Any, tf: Any) -> Any:
    """What is called when, with which numbers and logs, by fit, evaluate, predict and their steps."""
    found: dict = {}
    for name, options in {
        "plain": {"batch_size": 4, "epochs": 2},
        "validation": {"batch_size": 5, "epochs": 2, "validation_split": 0.25, "initial_epoch": 1},
        "frequency": {"batch_size": 6, "epochs": 3, "validation_data": (X[:4], Y[:4]), "validation_freq": 2},
        "steps": {"epochs": 2, "steps_per_epoch": 2, "batch_size": 3},
    }.items():
        log: list = []
        callback = noting(keras, log)
        history = small(keras).fit(X, Y, verbose=0, shuffle=False, callbacks=[callback], **options)
        found[name] = [log, history.epoch, sorted(history.params), {k: len(v) for k, v in history.history.items()}]
        found[f"{name} params"] = {k: v for k, v in callback.params.items() if k != "verbose"}
    log = []
    small(keras, steps_per_execution=2).fit(
        X, Y, batch_size=3, verbose=0, shuffle=False, callbacks=[noting(keras, log)]
    )
    found["several at once"] = [entry[:2] for entry in log]
    model = small(keras)
    for name, call in {
        "evaluate": lambda c: model.evaluate(X, Y, batch_size=5, verbose=0, callbacks=[c]),
        "predict": lambda c: [model.predict(X, batch_size=5, verbose=0, callbacks=[c]), None][1],
    }.items():
        log = []
        result = call(noting(keras, log))
        names = [[entry[0], *(v if not isinstance(v, dict) else sorted(v) for v in entry[1:])] for entry in log]
        found[name] = [names, result and [round(number, 4) for number in result]]
    return found


def callback_objects(keras: Any, tf: Any) -> Any:
    """Callback's attributes, LambdaCallback, CallbackList, History by themselves."""
    callbacks = keras.callbacks
    log: list = []
    model = small(keras)
    base = callbacks.Callback()
    base.set_params({"epochs": 2})
    base.set_model(model)
    stated = callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: log.append(["begin", epoch]),
        on_epoch_end=lambda epoch, logs: log.append(["end", epoch, sorted(logs)]),
        on_train_begin=lambda logs: log.append(["train", logs]),
        on_train_batch_end=lambda batch, logs: log.append(["batch", batch]),
        on_test_end=lambda logs: log.append(["test", sorted(logs)]),
    )
    history = model.fit(X, Y, batch_size=6, epochs=2, verbose=0, callbacks=[stated], validation_data=(X[:3], Y[:3]))
    noted: list = []
    row = callbacks.CallbackList([noting(keras, noted)], add_history=True, model=model, epochs=3)
    row.on_train_begin()
    row.on_epoch_begin(0)
    row.on_train_batch_begin(0)
    row.on_train_batch_end(0, {"loss": 2.0})
    row.on_epoch_end(0, {"loss": 1.0})
    row.on_epoch_end(1, {"loss": 0.5, "extra": 3.0})
    row.on_test_begin()
    row.on_test_batch_end(0, {})
    row.on_test_end({"loss": 4.0})
    row.on_predict_begin({})
    row.on_predict_end()
    row.on_train_end({"loss": 0.5})
    kept = [type(c).__name__ for c in row.callbacks]
    alone = callbacks.History()
    alone.set_model(model)
    alone.on_train_begin()
    alone.on_epoch_end(0, {"loss": 1.0, "mae": 2.0})
    alone.on_epoch_end(3, {"loss": 3.0})
    return {
        "log": log,
        "history": [history.epoch, sorted(history.history), history.model is model],
        "list": [noted, kept, row.params],
        "base": [
            base.model is model,
            base.params,
            [attempt(lambda h=h: getattr(base, h)(0, {})) for h in ("on_epoch_end",)],
        ],
        "alone": [alone.epoch, alone.history],
        "refused": attempt(lambda: callbacks.Callback().model),
    }


def progress(keras: Any, tf: Any) -> Any:
    """Lines of progress in verbose=2, and Progbar; times are cut out; the order within a line is Keras 2's."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        small(keras).fit(X, Y, batch_size=4, epochs=2, verbose=2, shuffle=False, validation_data=(X[:4], Y[:4]))
        small(keras).evaluate(X, Y, batch_size=4, verbose=2)
        small(keras).fit(X, Y, epochs=1, verbose=2, shuffle=False, callbacks=[keras.callbacks.ProgbarLogger()])
    parts = [sorted(set(line.split(" - "))) for line in re.sub(TIMES, "TIME", said.getvalue()).split("\n")]
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        bar = keras.utils.Progbar(4, verbose=2, stateful_metrics=["a", "b"])
        bar.update(1, [("a", 1.0), ("b", 2.0)])
        bar.update(3, [("a", 3.0), ("b", 5.0)])
        bar.add(1, [("a", 0.5), ("b", 7.0)])
    text = sorted(set(re.sub(TIMES, "TIME", said.getvalue()).strip().split(" - ")))
    refused = attempts(both=lambda: keras.utils.Progbar(4, stateful_metrics=["a"], stateless_metrics=["b"]))
    return [parts, text, refused]


def backups(keras: Any, tf: Any) -> Any:
    """Training that is broken off and goes on, and what lies in the folder meanwhile."""
    found: dict = {}
    for name, options in {
        "epochs": {},
        "kept": {"delete_checkpoint": False},
        "double": {"double_checkpoint": True},
    }.items():
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "backup")
            seen: list = []

            class Stop(keras.callbacks.Callback):
                def on_epoch_begin(self, epoch, logs=None):
                    if epoch == 2:
                        raise RuntimeError("stop")

            def look(epoch, logs, seen=seen, path=path):
                seen.append([epoch, os.path.isdir(path)])

            callbacks = [keras.callbacks.BackupAndRestore(path, **options)]
            model = small(keras)
            failed = attempt(
                lambda m=model, c=callbacks: m.fit(X, Y, 4, epochs=4, verbose=0, shuffle=False, callbacks=[*c, Stop()])
            )
            files = sorted(os.listdir(path))
            again = small(keras)
            callbacks = [
                keras.callbacks.BackupAndRestore(path, **options),
                keras.callbacks.LambdaCallback(on_epoch_begin=look),
            ]
            history = again.fit(X, Y, 4, epochs=4, verbose=0, shuffle=False, callbacks=callbacks)
            left = sorted(os.listdir(path)) if os.path.isdir(path) else None
            found[name] = [failed, files, history.epoch, seen, left]
            found[f"{name} weights"] = [again.get_weights()[0], int(again.optimizer.iterations)]
    found["refused"] = attempts(
        empty=lambda: keras.callbacks.BackupAndRestore(""),
        freq=lambda: keras.callbacks.BackupAndRestore("x", save_freq="day"),
    )
    return found


def remote(keras: Any, tf: Any) -> Any:
    """What RemoteMonitor sends, without a network: requests.post is replaced."""
    import sys
    import types

    sent: list = []
    fake = types.ModuleType("requests")
    fake.exceptions = types.SimpleNamespace(RequestException=OSError)  # type: ignore[attr-defined]
    fake.post = lambda url, data=None, json=None, headers=None: sent.append([url, data, json, headers])  # type: ignore[attr-defined]
    modules = [module for name, module in list(sys.modules.items()) if name.endswith("remote_monitor")]
    before = [(module, getattr(module, "requests", None)) for module in modules]
    known = sys.modules.get("requests")
    sys.modules["requests"] = fake
    for module in modules:
        module.requests = fake
    try:
        for options in (
            {},
            {"send_as_json": True, "headers": {"a": "b"}},
            {"root": "http://x", "path": "/y/", "field": "z"},
        ):
            callback = keras.callbacks.RemoteMonitor(**options)
            callback.on_epoch_end(2, {"loss": 0.5, "mae": 1.0})
    finally:
        for module, requests in before:
            module.requests = requests
        sys.modules.pop("requests")
        if known is not None:
            sys.modules["requests"] = known
    return json.loads(json.dumps(sent, default=str))


def several_optimizers(keras: Any, tf: Any) -> Any:
    """Optimizers for parts of a model."""
    o = keras.optimizers
    model = small(keras)
    table = o.OptimizerMap(o.SGD(0.1))
    table["a/.*"] = o.Adam(0.05)
    table["b/kernel"] = o.RMSprop(0.01)
    many = o.MultiOptimizer(table)
    model.compile(many, "mse")
    history = model.fit(X, Y, 4, epochs=2, verbose=0, shuffle=False).history["loss"]
    chosen = [type(table(w)).__name__ for w in model.trainable_variables]
    config = many.get_config()
    again = o.MultiOptimizer.from_config(config)
    return {
        "history": np.array(history, "float32"),
        "weights": model.get_weights(),
        "chosen": chosen,
        "keys": [list(table), len(table), "a/.*" in table, "nothing" in table, type(table["a/.*"]).__name__],
        "names": [many.name, sorted(config), type(again).__name__, many.iterations],
        "variables": [v.path for v in many.variables],
        "deleted": [table.__delitem__("a/.*"), len(table)],
        "refused": attempts(
            value=lambda: table.__setitem__("x", 3),
            key=lambda: table.__setitem__(3, o.SGD()),
            twice=lambda: table.__setitem__("b/kernel", o.SGD()),
            unmatched=lambda: type(table["missing"]).__name__,
            scaled=lambda: table.__setitem__("y", o.LossScaleOptimizer(o.SGD())),
            nested=lambda: table.__setitem__("z", o.MultiOptimizer(table)),
            no_dictionary=lambda: o.OptimizerMap(o.SGD(), [("a", o.SGD())]),
            default=lambda: o.OptimizerMap(None),
        ),
    }


def distances(keras: Any, tf: Any) -> Any:
    """Losses of distillation by themselves."""
    d = keras.distillation
    found: dict = {}
    for loss in ("mse", "categorical_crossentropy", "mae"):
        for temperature in (1.0, 4.0):
            one = d.LogitsDistillation(temperature, loss)
            found[f"{loss} {temperature}"] = attempt(lambda one=one: one.compute_loss(X, X[::-1].copy()))
    features = d.FeatureDistillation("mse", "a", "b")
    cosine = d.FeatureDistillation("cosine_similarity")
    teacher, student = small(keras), small(keras)
    return {
        **found,
        "features": [features.compute_loss(X, X * 2.0), cosine.compute_loss(X, X * 2.0)],
        "names": [features.teacher_layer_name, features.student_layer_name, cosine.teacher_layer_name],
        "config": {k: v for k, v in features.get_config().items() if k != "loss"},
        "valid": attempts(
            outputs=lambda: features.validate_outputs(X, X),
            other=lambda: d.LogitsDistillation().validate_outputs(X, X[:, :2]),
            models=lambda: features.validate_model_compatibility(teacher, student),
            missing=lambda: d.FeatureDistillation("mse", "q", "b").validate_model_compatibility(teacher, student),
            base=lambda: d.DistillationLoss().compute_loss(X, X),
            base_valid=lambda: d.DistillationLoss().validate_outputs(X, X),
            temperature=lambda: d.LogitsDistillation(-1.0),
            text=lambda: d.LogitsDistillation("hot"),
            loss=lambda: d.LogitsDistillation(2.0, "wobbly"),
        ),
    }


def estimators(keras: Any, tf: Any) -> Any:
    """Models as scikit-learn's estimators."""

    def build(X, y, units=3, loss="mse", out=None):
        out = out if out is not None else (y.shape[1] if len(y.shape) > 1 else 1)
        ones = keras.initializers.Constant(0.1)
        inputs = keras.Input((X.shape[1],))
        hidden = keras.layers.Dense(units, "tanh", kernel_initializer=ones)(inputs)
        activation = "softmax" if loss != "mse" else None
        model = keras.Model(inputs, keras.layers.Dense(out, activation, kernel_initializer=ones)(hidden))
        model.compile(keras.optimizers.SGD(0.1), loss)
        return model

    w = keras.wrappers
    target = X @ np.array([1.0, -1.0, 0.5], "float32")
    labels = np.where(target > 0, "up", "down")
    options = {"epochs": 3, "verbose": 0, "shuffle": False, "batch_size": 4}
    regressor = w.SKLearnRegressor(build, model_kwargs={"units": 4}, fit_kwargs=options)
    classifier = w.SKLearnClassifier(build, model_kwargs={"loss": "categorical_crossentropy"}, fit_kwargs=options)
    transformer = w.SKLearnTransformer(build, fit_kwargs=options)
    regressor.fit(X, target)
    classifier.fit(X, labels)
    transformer.fit(X, target)
    return {
        "regressor": [regressor.predict(X), regressor.score(X, target), len(regressor.history_.history["loss"])],
        "classifier": [classifier.predict(X).tolist(), list(classifier.classes_), classifier.score(X, labels)],
        "transformer": transformer.transform(X),
        "parameters": [sorted(regressor.get_params(deep=False)), classifier.n_features_in_],
        "refused": attempts(
            unfitted=lambda: w.SKLearnRegressor(build).predict(X) is None,
            kind=lambda: w.SKLearnClassifier(3).fit(X, labels) is None,
            lengths=lambda: w.SKLearnRegressor(build).fit(X, target[:3]) is None,
            features=lambda: regressor.predict(X[:, :2]) is None,
            labels=lambda: w.SKLearnClassifier(build).fit(X, target) is None,
        ),
    }


USES = {
    "hooks": "callbacks.Callback callbacks.History callbacks.CallbackList",
    "callback_objects": "callbacks.Callback callbacks.LambdaCallback callbacks.CallbackList callbacks.History",
    "progress": "callbacks.ProgbarLogger utils.Progbar",
    "backups": "callbacks.BackupAndRestore",
    "remote": "callbacks.RemoteMonitor",
    "several_optimizers": "optimizers.MultiOptimizer optimizers.OptimizerMap",
    "distances": "distillation.DistillationLoss distillation.LogitsDistillation distillation.FeatureDistillation",
    "estimators": "wrappers.SKLearnClassifier wrappers.SKLearnRegressor wrappers.SKLearnTransformer",
}
PROGRAMS = {name: globals()[name] for name in USES}
