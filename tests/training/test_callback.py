"""Callback, CallbackList, History and the logs: which hooks are called, when, and with what."""

from __future__ import annotations

import copy
import json
import pickle

import pytest
import torch
from training_checks import X, Y, ready

from kerasish import callbacks, models
from kerasish.training.callback import Logs

HOOKS = [f"on_{what}_{when}" for what in ("train", "test", "predict") for when in ("begin", "end")]
NUMBERED = [
    f"on_{what}_{when}" for what in ("epoch", "train_batch", "test_batch", "predict_batch") for when in ("begin", "end")
]


class Recorder(callbacks.Callback):
    """Notes each hook with its number and the names in its logs."""

    def __init__(self):
        super().__init__()
        self.seen = []


def _plain(name):
    return lambda self, logs=None: self.seen.append((name, sorted(logs)))


def _numbered(name):
    return lambda self, number, logs=None: self.seen.append((name, number, sorted(logs)))


for _name in HOOKS:
    setattr(Recorder, _name, _plain(_name))
for _name in NUMBERED:
    setattr(Recorder, _name, _numbered(_name))

VALUES = ["loss", "mae"]
ALL = ["loss", "mae", "val_loss", "val_mae"]


def one_epoch(number, batches, tests):
    yield "on_epoch_begin", number, []
    for batch in range(batches):
        yield "on_train_batch_begin", batch, []
        yield "on_train_batch_end", batch, VALUES
    yield "on_test_begin", []
    for batch in range(tests):
        yield "on_test_batch_begin", batch, []
        yield "on_test_batch_end", batch, VALUES
    yield "on_test_end", VALUES
    yield "on_epoch_end", number, ALL


def test_hooks_are_called_in_keras_order_with_its_logs():
    recorder = Recorder()
    arguments = {"batch_size": 8, "epochs": 2, "shuffle": False, "verbose": 0, "callbacks": [recorder]}
    model = ready()
    model.fit(X, Y, validation_data=(X[:10], Y[:10]), validation_batch_size=5, **arguments)
    expected = [("on_train_begin", []), *one_epoch(0, 3, 2), *one_epoch(1, 3, 2), ("on_train_end", ALL)]
    assert recorder.seen == expected
    assert recorder.params == {"verbose": 0, "epochs": 2, "steps": 3}
    assert recorder.model is model


def test_hooks_of_evaluate_and_predict():
    recorder, model = Recorder(), ready()
    model.evaluate(X, Y, batch_size=16, verbose=0, callbacks=[recorder])
    batches = [("on_test_batch_begin", []), ("on_test_batch_end", VALUES)]
    expected = [(name, i, logs) for i in range(2) for name, logs in batches]
    assert recorder.seen == [("on_test_begin", []), *expected, ("on_test_end", VALUES)]
    recorder.seen.clear()
    model.predict(X, batch_size=16, verbose=0, callbacks=[recorder])
    batches = [("on_predict_batch_begin", []), ("on_predict_batch_end", ["outputs"])]
    expected = [(name, i, logs) for i in range(2) for name, logs in batches]
    assert recorder.seen == [("on_predict_begin", []), *expected, ("on_predict_end", [])]


def test_steps_per_execution_calls_batch_hooks_once_per_group():
    seen = []
    spy = callbacks.LambdaCallback(
        on_train_batch_begin=lambda batch, logs: seen.append(("begin", batch)),
        on_train_batch_end=lambda batch, logs: seen.append(("end", batch)),
    )
    ready(steps_per_execution=2).fit(X, Y, batch_size=5, verbose=0, callbacks=[spy])
    assert seen == [("begin", 0), ("end", 1), ("begin", 2), ("end", 3)]


def test_batch_logs_are_the_means_so_far():
    class Old(callbacks.Callback):
        """Keras's old hook; Keras 3.15 gave it these losses."""

        losses: list = []

        def on_batch_end(self, batch, logs=None):
            self.losses.append(logs["loss"])

    ready().fit(X, Y, batch_size=8, shuffle=False, verbose=0, callbacks=[Old()])
    assert Old.losses == pytest.approx([1.2666, 1.8487, 1.5197], rel=1e-4)


def test_stop_training_ends_after_the_batch_and_still_validates():
    class Stop(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = batch == 1

    arguments = {"batch_size": 5, "epochs": 3, "shuffle": False, "verbose": 0}
    history = ready().fit(X, Y, validation_data=(X, Y), callbacks=[Stop()], **arguments)
    assert history.epoch == [0]
    assert history.history["loss"] == pytest.approx([1.6653], rel=1e-4)
    assert history.history["val_loss"] == pytest.approx([1.0425], rel=1e-4)


def test_history_is_the_model_s_too():
    model = ready()
    history = model.fit(X, Y, epochs=2, verbose=0)
    assert model.history is history
    assert isinstance(history, callbacks.History)
    assert history.params["epochs"] == 2
    assert history.model is model


def test_callbacks_may_be_one_or_nested_lists():
    assert len(ready().fit(X, Y, verbose=0, callbacks=callbacks.EarlyStopping("loss")).epoch) == 1
    seen = []
    inner = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch))
    ready().fit(X, Y, verbose=0, callbacks=[[inner], callbacks.History()])
    assert seen == [0]


def test_a_callback_list_of_the_user_s_is_used_as_it_is():
    model = ready()
    recorder = Recorder()
    calls = callbacks.CallbackList([recorder], add_history=True, model=model, epochs=1, verbose=0, steps=1)
    history = model.fit(X, Y, batch_size=20, verbose=0, callbacks=calls)
    assert history is calls.history
    assert [name for name, *_ in recorder.seen][:2] == ["on_train_begin", "on_epoch_begin"]


def test_values_that_callbacks_add_reach_those_after_them():
    class Adds(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["extra"] = 7.0

    assert ready().fit(X, Y, verbose=0, callbacks=[Adds()]).history["extra"] == [7.0]


def test_logs_kept_by_a_callback_stay_this_batch_s():
    kept = []
    spy = callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: kept.append(logs))
    ready().fit(X, Y, batch_size=8, shuffle=False, verbose=0, callbacks=[spy])
    assert [logs["loss"] for logs in kept] == pytest.approx([1.2666, 1.8487, 1.5197], rel=1e-4)


# Logs -------------------------------------------------------------------------------------------------------------------


def lazy():
    return Logs(lambda: {"loss": torch.tensor(0.5), "parts": {"a": torch.tensor(1.0)}, "v": torch.tensor([1.0, 2.0])})


@pytest.mark.parametrize(
    "look",
    [
        lambda logs: logs["loss"],
        lambda logs: logs.get("loss"),
        lambda logs: dict(logs)["loss"],
        lambda logs: {**logs}["loss"],
        lambda logs: dict(logs.items())["loss"],
        lambda logs: (logs | {})["loss"],
        lambda logs: logs.copy()["loss"],
        lambda logs: copy.deepcopy(logs)["loss"],
        lambda logs: pickle.loads(pickle.dumps(logs))["loss"],
        lambda logs: logs.pop("loss"),
    ],
)
def test_every_way_to_look_at_logs_reads_them(look):
    assert look(lazy()) == 0.5


def test_logs_hold_numbers_and_open_dictionaries():
    logs = lazy()
    assert list(logs) == ["loss", "a", "v"]
    assert (len(logs), "a" in logs, bool(logs)) == (3, True, True)
    assert logs["v"].tolist() == [1.0, 2.0]
    assert json.loads(json.dumps(Logs(lambda: {"loss": torch.tensor(0.5)}))) == {"loss": 0.5}
    assert repr(Logs(lambda: {"loss": torch.tensor(0.5)})) == "{'loss': 0.5}"


def test_logs_that_nobody_looks_at_are_never_read():
    read = []
    logs = Logs(lambda: read.append(1) or {})
    assert isinstance(logs, dict)
    assert read == []


def test_a_hook_set_on_the_class_of_a_model_s_callback_sees_the_model():
    seen = []

    class Spy(callbacks.Callback):
        def set_model(self, model):
            super().set_model(model)
            seen.append(isinstance(model, models.Model))

    ready().fit(X, Y, verbose=0, callbacks=[Spy()])
    assert seen == [True]
