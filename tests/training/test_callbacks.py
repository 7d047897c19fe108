"""The callbacks that come with the library, against what Keras 3.15 did on the same scripted values."""

from __future__ import annotations

import numpy as np
import pytest
from training_checks import X, Y, net, ready

from kerasish import callbacks, models, optimizers

VALUES = [5.0, 4.0, 4.5, 4.2, 4.1, 3.9, 4.0, 4.0, 4.0, 4.0, 4.0]
NAN = float("nan")


class Scripted(callbacks.Callback):
    """Puts a prepared value into each epoch's logs."""

    def __init__(self, values, name="val_loss"):
        super().__init__()
        self.values, self.name = values, name

    def on_epoch_end(self, epoch, logs=None):
        logs[self.name] = self.values[epoch]


def run(values, *given, name="val_loss"):
    model = ready()
    history = model.fit(
        X, Y, batch_size=10, epochs=len(values), shuffle=False, verbose=0, callbacks=[Scripted(values, name), *given]
    )
    return model, history


# EarlyStopping ----------------------------------------------------------------------------------------------------------

# values, arguments, then Keras's: epochs run, wait, stopped_epoch, best, best_epoch, sum of the first kernel at the end
STOPS = [
    (VALUES, {}, (3, 1, 2, 4.0, 1, -1.861)),
    (VALUES, {"patience": 2}, (4, 2, 3, 4.0, 1, -1.8618)),
    (VALUES, {"patience": 3, "restore_best_weights": True}, (5, 3, 4, 4.0, 1, -1.8723)),
    (VALUES, {"patience": 3, "min_delta": 0.5, "restore_best_weights": True}, (5, 3, 4, 4.0, 1, -1.8723)),
    (VALUES, {"patience": 2, "baseline": 1.0, "restore_best_weights": True}, (3, 3, 2, 4.0, 1, -1.8723)),
    (VALUES, {"patience": 2, "baseline": 4.15}, (4, 2, 3, 4.0, 1, -1.8618)),
    (VALUES, {"patience": 1, "start_from_epoch": 4, "restore_best_weights": True}, (7, 1, 6, 3.9, 5, -1.8623)),
    (VALUES, {"patience": 2, "start_from_epoch": 3}, (8, 2, 7, 3.9, 5, -1.8649)),
    (VALUES, {"patience": 1, "mode": "max", "restore_best_weights": True}, (2, 1, 1, 5.0, 0, -1.9261)),
    ([5.0, 4.0, 3.0, 2.0], {"patience": 2, "restore_best_weights": True}, (4, 0, 0, 2.0, 3, -1.8618)),
    ([3.0, 4.0, 5.0], {"patience": 10, "restore_best_weights": True}, (3, 2, 0, 3.0, 0, -1.9261)),
    ([NAN] * 4, {"patience": 2}, (3, 2, 2, NAN, 0, -1.861)),
    ([1.0, 2.0, 2.0, 2.0], {}, (2, 1, 1, 1.0, 0, -1.8723)),
]


@pytest.mark.parametrize(("values", "arguments", "expected"), STOPS)
def test_early_stopping_stops_where_keras_does(values, arguments, expected):
    stopping = callbacks.EarlyStopping(**arguments)
    model, history = run(values, stopping)
    kernel = float(model.get_weights()[0].sum())
    found = (len(history.epoch), stopping.wait, stopping.stopped_epoch, stopping.best, stopping.best_epoch, kernel)
    assert found == pytest.approx(expected, rel=1e-4, nan_ok=True)


@pytest.mark.parametrize(
    ("name", "mode", "epochs"), [("val_accuracy", "auto", 3), ("val_mae", "auto", 2), ("auc", "auto", 3)]
)
def test_auto_mode_goes_by_the_name(name, mode, epochs):
    values = [0.1, 0.2, 0.15, 0.3] if epochs == 3 else [0.1, 0.2, 0.3]
    _, history = run(values, callbacks.EarlyStopping(monitor=name, mode=mode, patience=1), name=name)
    assert len(history.epoch) == epochs


def test_early_stopping_says_what_it_does_if_verbose(capsys):
    run(VALUES, callbacks.EarlyStopping(patience=2, restore_best_weights=True, verbose=1))
    assert capsys.readouterr().out == (
        "Epoch 4: early stopping\nRestoring model weights from the end of the best epoch: 2.\n"
    )


def test_a_monitor_that_logs_lack_is_a_warning_that_lists_them():
    with pytest.warns(UserWarning, match="`?val_x`?.*not available. Available metrics are: loss,mae,val_loss"):
        _, history = run([1.0], callbacks.EarlyStopping(monitor="val_x"))
    assert len(history.epoch) == 1


def test_an_unknown_mode_falls_back_to_auto():
    with pytest.warns(UserWarning, match="mode 'best' is unknown"):
        assert callbacks.EarlyStopping(mode="best").mode == "auto"


# learning rates ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "rates"),
    [
        ({"patience": 2}, [0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05, 0.025, 0.025, 0.0125]),
        ({"patience": 1, "cooldown": 2}, [0.1, 0.1, 0.1, 0.05, 0.05, 0.025, 0.025, 0.0125, 0.0125, 0.00625, 0.00625]),
        ({"patience": 1, "factor": 0.1, "min_lr": 0.005}, [0.1, 0.1, 0.1, 0.01] + [0.005] * 7),
        ({"patience": 0}, [0.1, 0.1, 0.1, 0.05, 0.025, 0.0125, 0.0125, 0.00625, 0.003125, 0.0015625, 0.00078125]),
        (
            {"patience": 1, "min_delta": 1.0},
            [0.1, 0.1, 0.05, 0.025, 0.0125, 0.00625, 0.00625, 0.003125, 0.0015625, 0.00078125, 0.000390625],
        ),
        (
            {"patience": 2, "mode": "max"},
            [0.1, 0.1, 0.1, 0.05, 0.05, 0.025, 0.025, 0.0125, 0.0125, 0.00625, 0.00625],
        ),
    ],
)
def test_reduce_lr_on_plateau_has_keras_rates(arguments, rates):
    _, history = run(VALUES, callbacks.ReduceLROnPlateau(**{"factor": 0.5, **arguments}))
    assert history.history["learning_rate"] == pytest.approx(rates, rel=1e-5)
    assert list(history.history) == ["loss", "mae", "val_loss", "learning_rate"]


def test_reduce_lr_says_the_new_rate(capsys):
    run(VALUES[:4], callbacks.ReduceLROnPlateau(factor=0.5, patience=2, verbose=1))
    expected = "\nEpoch 4: ReduceLROnPlateau reducing learning rate to 0.05000000074505806.\n"
    assert capsys.readouterr().out == expected


def test_reduce_lr_refuses_a_factor_of_one():
    with pytest.raises(ValueError, match="factor >= 1.0. Received factor=1.0"):
        callbacks.ReduceLROnPlateau(factor=1.0)


def test_learning_rate_scheduler_takes_functions_of_one_or_two(capsys):
    _, history = run([1.0] * 3, callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5, verbose=1))
    assert history.history["learning_rate"] == pytest.approx([0.05, 0.025, 0.0125])
    assert "\nEpoch 2: LearningRateScheduler setting learning rate to 0.02500000037252903.\n" in capsys.readouterr().out
    _, history = run([1.0] * 3, callbacks.LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1)))
    assert history.history["learning_rate"] == pytest.approx([0.1, 0.05, 0.1 / 3])
    assert history.history["lr"] == history.history.get("lr") == history.history["learning_rate"]  # Keras 2's name
    with pytest.raises(KeyError):
        history.history["rate"]
    assert "lr" not in history.history
    _, history = run([1.0] * 2, callbacks.LearningRateScheduler(optimizers.schedules.ExponentialDecay(0.1, 1, 0.5)))
    assert history.history["learning_rate"] == pytest.approx([0.1, 0.05])


@pytest.mark.parametrize("bad", ["x", 1, None])
def test_a_schedule_must_give_a_float(bad):
    with pytest.raises(ValueError, match="should be a float. Got"):
        run([1.0], callbacks.LearningRateScheduler(lambda epoch: bad))


# ModelCheckpoint --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "name", "arguments", "files"),
    [
        (VALUES[:3], "m-{epoch:02d}-{val_loss:.2f}.keras", {},
         ["m-01-5.00.keras", "m-02-4.00.keras", "m-03-4.50.keras"]),
        (VALUES[:6], "m-{epoch:02d}-{val_loss:.2f}.keras", {"save_best_only": True},
         ["m-01-5.00.keras", "m-02-4.00.keras", "m-06-3.90.keras"]),
        (VALUES[:6], "m{epoch}.keras", {"save_best_only": True, "initial_value_threshold": 4.15}, ["m2.keras", "m6.keras"]),
        (VALUES[:4], "m{epoch}.keras", {"save_best_only": True, "mode": "max"}, ["m1.keras"]),
        (VALUES[:2], "w-{epoch}.weights.h5", {"save_weights_only": True}, ["w-1.weights.h5", "w-2.weights.h5"]),
        (VALUES[:2], "a{epoch}.h5", {}, ["a1.h5", "a2.h5"]),
        (VALUES[:4], "b-{epoch}-{batch}.keras", {"save_freq": 3}, ["b-2-1.keras", "b-3-2.keras"]),
        (VALUES[:4], "b-{loss:.3f}.keras", {"save_freq": 3, "monitor": "loss", "save_best_only": True},
         ["b-0.659.keras", "b-1.124.keras"]),
        (VALUES[:1], "deep/er/m.keras", {}, ["deep"]),
    ],
)  # fmt: skip
def test_model_checkpoint_writes_keras_files(tmp_path, values, name, arguments, files):
    run(values, callbacks.ModelCheckpoint(tmp_path / name, **arguments))
    assert sorted(path.name for path in tmp_path.iterdir()) == files


def test_a_checkpoint_holds_the_model_of_its_epoch(tmp_path):
    path = tmp_path / "best.keras"
    stopping = callbacks.EarlyStopping(patience=20, restore_best_weights=True)
    model, _ = run(VALUES[:5], stopping, callbacks.ModelCheckpoint(path, save_best_only=True))
    loaded = models.load_model(path)
    np.testing.assert_allclose(loaded.predict(X, verbose=0), model.predict(X, verbose=0), rtol=1e-6)


def test_checkpoint_says_what_it_does(tmp_path, capsys):
    path = tmp_path / "m.keras"
    run(VALUES[:3], callbacks.ModelCheckpoint(path, save_best_only=True, verbose=1))
    out = capsys.readouterr().out
    assert f"\nEpoch 2: val_loss improved from 5.00000 to 4.00000, saving model to {path}\n" in out
    assert out.endswith("\nEpoch 3: val_loss did not improve from 4.00000\n")


@pytest.mark.parametrize(
    ("name", "arguments", "error", "words"),
    [
        ("foo.txt", {}, ValueError, r"must end in `.keras`.*foo.txt"),
        ("foo.keras", {"save_weights_only": True}, ValueError, r"`.weights.h5`"),
        ("foo.keras", {"save_freq": "x"}, ValueError, "save_freq: x"),
        ("foo.keras", {"nope": 1}, TypeError, "'nope'"),
    ],
)
def test_checkpoint_refuses_what_does_not_fit(name, arguments, error, words):
    with pytest.raises(error, match=words):
        callbacks.ModelCheckpoint(name, **arguments)


def test_a_file_name_with_an_unknown_log_is_an_error(tmp_path):
    with pytest.raises(KeyError, match="nope.*is not among the logs"):
        run([1.0], callbacks.ModelCheckpoint(tmp_path / "a-{nope}.keras"))


# CSVLogger, TerminateOnNaN, LambdaCallback ------------------------------------------------------------------------------


def test_csv_logger_writes_a_line_per_epoch(tmp_path):
    path = tmp_path / "log.csv"
    _, history = run([1.0, 2.0], callbacks.CSVLogger(path))
    lines = [line.split(",") for line in path.read_text().splitlines()]
    assert lines[0] == ["epoch", "loss", "mae", "val_loss"]
    assert [line[0] for line in lines[1:]] == ["0", "1"]
    assert [float(line[1]) for line in lines[1:]] == pytest.approx(history.history["loss"])
    run([1.0], callbacks.CSVLogger(path))
    assert len(path.read_text().splitlines()) == 2


def test_csv_logger_appends_without_a_second_header(tmp_path):
    path = tmp_path / "log.csv"
    for _ in range(2):
        run([1.0, 2.0], callbacks.CSVLogger(path, separator=";", append=True))
    lines = path.read_text().splitlines()
    assert [line.split(";")[0] for line in lines] == ["epoch", "0", "1", "0", "1"]


def test_csv_logger_has_columns_for_validation_that_begins_later(tmp_path):
    path = tmp_path / "log.csv"
    arguments = {"epochs": 2, "verbose": 0, "validation_data": (X, Y), "validation_freq": 2}
    ready().fit(X, Y, callbacks=callbacks.CSVLogger(path), **arguments)
    header, first, second = path.read_text().splitlines()
    assert header == "epoch,loss,mae,val_loss,val_mae"
    assert first.endswith(",NA,NA")
    assert "NA" not in second


@pytest.mark.parametrize("bad", [NAN, float("inf")])
def test_terminate_on_nan_stops_at_the_batch(bad, capsys):
    x = X.copy()
    x[9] = bad
    model = ready(net(activation=None) if bad != bad else net(activation="relu"))
    y = Y.copy()
    y[9] = bad
    history = model.fit(x if bad != bad else X, y, batch_size=4, epochs=3, shuffle=False, verbose=0,
                        callbacks=[callbacks.TerminateOnNaN()])  # fmt: skip
    assert history.epoch == [0]
    assert not np.isfinite(history.history["loss"][0])
    assert capsys.readouterr().out == "Batch 2: Invalid loss, terminating training\n"


def test_lambda_callback_calls_its_functions():
    seen = []
    given = callbacks.LambdaCallback(
        on_train_begin=lambda logs: seen.append("begin"),
        on_epoch_end=lambda epoch, logs: seen.append((epoch, round(logs["loss"], 3))),
        on_train_batch_end=lambda batch, logs: seen.append(batch),
        on_train_end=lambda logs: seen.append("end"),
    )
    ready().fit(X, Y, batch_size=10, shuffle=False, verbose=0, callbacks=[given])
    assert seen == ["begin", 0, 1, (0, 1.527), "end"]
    with pytest.raises(TypeError, match="'on_nothing'"):
        callbacks.LambdaCallback(on_nothing=print)


def test_callbacks_lists_what_is_there():
    with pytest.raises(AttributeError, match="EarlyStoping"):
        callbacks.EarlyStoping  # noqa: B018
