"""The part on training: compile, fit, evaluate, predict; the printed lines, History, early stopping, saving."""

import re

import numpy as np
import pytest

from kerasish import tf

keras = tf.keras
Dense, Sequential = keras.layers.Dense, keras.Sequential

RNG = np.random.default_rng(0)
X = RNG.random((200, 4)).astype("float32")
Y = (X.sum(axis=1) > 2).astype("int32")
X_VAL, Y_VAL = X[:50], Y[:50]


def model_of_three(loss="binary_crossentropy", metrics=("accuracy",), optimizer="adam"):
    model = Sequential(
        [Dense(16, activation="relu", input_shape=(4,)), Dense(8, activation="relu"), Dense(1, activation="sigmoid")]
    )
    model.compile(optimizer=optimizer, loss=loss, metrics=list(metrics))
    return model


def lines_of(capsys):
    return capsys.readouterr().out.strip("\n").split("\n")


# 1. The pipeline ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch"])
def test_1_a_model_must_be_compiled_first(method):
    model = Sequential([Dense(1, input_shape=(4,))])
    with pytest.raises((RuntimeError, ValueError), match=r"compile"):
        getattr(model, method)(X, Y)


def test_1_predicting_needs_no_compile():
    assert Sequential([Dense(1, input_shape=(4,))]).predict(X, verbose=0).shape == (200, 1)


# 2. Compile ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "kind"), [("adam", "Adam"), ("sgd", "SGD"), ("rmsprop", "RMSprop")])
def test_2_optimizers_by_name(name, kind):
    model = model_of_three(optimizer=name)
    assert isinstance(model.optimizer, getattr(keras.optimizers, kind))
    model.fit(X, Y, epochs=1, verbose=0)
    assert model.optimizer.iterations.numpy() == 7  # ceil(200 / 32)


@pytest.mark.parametrize("loss", ["mse", "binary_crossentropy", "categorical_crossentropy"])
def test_2_losses_by_name(loss):
    target, predicted = np.float32([[0, 1], [1, 0]]), np.float32([[0.2, 0.8], [0.6, 0.4]])
    rows = {
        "mse": [(0.04 + 0.04) / 2, (0.16 + 0.16) / 2],
        "binary_crossentropy": [-np.log(0.8), -np.log(0.6)],
        "categorical_crossentropy": [-np.log(0.8), -np.log(0.6)],
    }[loss]
    values = keras.losses.get(loss)(tf.constant(target), tf.constant(predicted))
    np.testing.assert_allclose(values.numpy(), rows, rtol=1e-5)


def test_2_sparse_categorical_crossentropy_is_for_several_classes():
    keras.utils.set_random_seed(0)
    model = Sequential([Dense(3, activation="softmax", input_shape=(4,))])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    classes = np.arange(200) % 3
    p = model.predict(X, verbose=0)
    loss, accuracy = model.evaluate(X, classes, verbose=0)
    assert loss == pytest.approx(-np.log(p[np.arange(200), classes]).mean(), rel=1e-4)
    assert accuracy == pytest.approx((p.argmax(axis=1) == classes).mean(), abs=1e-6)


def test_2_metrics_by_name():
    model = model_of_three(metrics=["accuracy", "mae", "Precision", "Recall"])
    p = model.predict(X, verbose=0)[:, 0]
    results = model.evaluate(X, Y, verbose=0)
    hits, claimed, true = ((p > 0.5) & (Y == 1)).sum(), (p > 0.5).sum(), (Y == 1).sum()
    expected = [((p > 0.5) == Y).mean(), np.abs(p - Y).mean(), hits / max(claimed, 1), hits / true]
    np.testing.assert_allclose(results[1:], expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ["precision", "recall"])
def test_2_metrics_may_be_written_in_small_letters(name):
    history = model_of_three(metrics=[name]).fit(X, Y, epochs=1, verbose=0)
    assert set(history.history) == {"loss", name}


def test_2_adam_takes_steps_of_its_rate_whatever_the_gradients_size():
    for scale in (1.0, 1000.0):
        w = tf.Variable([1.0, -1.0])
        keras.optimizers.Adam(0.01).apply_gradients([(tf.constant([scale, -2 * scale]), w)])
        np.testing.assert_allclose(w.numpy(), [0.99, -0.99], rtol=1e-5)


# 3. Fit -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("batch_size", "steps"), [(32, 7), (64, 4), (200, 1), (None, 7), (1000, 1)])
def test_3_batch_size_is_the_samples_of_one_update(batch_size, steps):
    model = model_of_three()
    model.fit(X, Y, epochs=2, batch_size=batch_size, verbose=0)
    assert model.optimizer.iterations.numpy() == 2 * steps


def test_3_an_epoch_passes_over_all_the_data_once():
    seen = []

    class Counting(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            seen.append([epoch, 0])

        def on_train_batch_end(self, batch, logs=None):
            seen[-1][1] += 1

    model_of_three().fit(X, Y, epochs=3, batch_size=50, verbose=0, callbacks=[Counting()])
    assert seen == [[0, 4], [1, 4], [2, 4]]


EPOCH = re.compile(
    r"(\d+)/(\d+) \[={30}\] - \d+s \d+(?:ms|us|s)/step - loss: \d+\.\d{4} - accuracy: \d\.\d{4}"
    r"( - val_loss: \d+\.\d{4} - val_accuracy: \d\.\d{4})?"
)


@pytest.mark.parametrize(
    ("arguments", "steps", "validated"),
    [({}, 7, False), ({"validation_split": 0.2}, 5, True), ({"validation_data": (X_VAL, Y_VAL)}, 7, True)],
)
def test_3_verbose_1_draws_a_bar_for_each_epoch(capsys, arguments, steps, validated):
    model_of_three().fit(X, Y, epochs=2, batch_size=32, verbose=1, **arguments)
    lines = lines_of(capsys)
    assert lines[::2] == ["Epoch 1/2", "Epoch 2/2"]
    for line in lines[1::2]:
        match = EPOCH.fullmatch(line)
        assert match, line
        assert (match[1], match[2], match[3] is not None) == (str(steps), str(steps), validated)


def test_3_verbose_0_is_silent(capsys):
    model_of_three().fit(X, Y, epochs=2, verbose=0)
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


def test_3_verbose_2_is_one_line_an_epoch(capsys):
    model_of_three().fit(X, Y, epochs=2, verbose=2)
    lines = lines_of(capsys)
    assert lines[::2] == ["Epoch 1/2", "Epoch 2/2"]
    for line in lines[1::2]:
        assert re.fullmatch(
            r"7/7 - \d+s - loss: \d+\.\d{4} - accuracy: \d\.\d{4} - \d+m?s/epoch - \d+(ms|us|s)/step", line
        )


def test_3_the_history_holds_every_epochs_values():
    history = model_of_three().fit(X, Y, epochs=4, validation_split=0.25, verbose=0)
    assert isinstance(history, keras.callbacks.History)
    assert set(history.history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert {len(values) for values in history.history.values()} == {4}
    assert all(isinstance(value, float) for values in history.history.values() for value in values)
    assert history.epoch == [0, 1, 2, 3]
    assert history.params["epochs"] == 4


def test_3_the_history_can_be_plotted():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    history = model_of_three().fit(X, Y, epochs=2, validation_split=0.2, verbose=0)
    figure = plt.figure()
    (line,) = plt.plot(history.history["accuracy"], label="train_acc")
    plt.plot(history.history["val_accuracy"], label="val_acc")
    plt.legend()
    assert line.get_ydata().tolist() == history.history["accuracy"]
    plt.close(figure)


def test_3_validation_data_does_not_train():
    one, other = model_of_three(), model_of_three()
    other.set_weights(one.get_weights())
    one.fit(X, Y, epochs=2, shuffle=False, verbose=0)
    other.fit(X, Y, epochs=2, shuffle=False, verbose=0, validation_data=(X_VAL, Y_VAL))
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_3_a_validation_split_is_the_last_part():
    one, other = model_of_three(), model_of_three()
    other.set_weights(one.get_weights())
    first = one.fit(X, Y, epochs=2, shuffle=False, verbose=0, validation_split=0.2).history
    second = other.fit(X[:160], Y[:160], epochs=2, shuffle=False, verbose=0, validation_data=(X[160:], Y[160:])).history
    assert set(first) == set(second)
    for name in first:
        assert first[name] == pytest.approx(second[name])


def test_3_validation_is_measured_after_the_epochs_updates():
    model = model_of_three()
    history = model.fit(X, Y, epochs=1, verbose=0, validation_data=(X_VAL, Y_VAL)).history
    assert [history["val_loss"][0], history["val_accuracy"][0]] == pytest.approx(
        model.evaluate(X_VAL, Y_VAL, verbose=0), rel=1e-5
    )


# 4. Evaluate and predict --------------------------------------------------------------------------------------------


def test_4_evaluate_prints_one_line_and_returns_loss_and_metrics(capsys):
    model = model_of_three()
    loss, accuracy = model.evaluate(X, Y)
    line = lines_of(capsys)[0]
    assert EPOCH.fullmatch(line)
    assert line.startswith("7/7 [")
    assert f"loss: {loss:.4f} - accuracy: {accuracy:.4f}" in line
    named = model.evaluate(X, Y, verbose=0, return_dict=True)
    assert named == pytest.approx({"loss": loss, "accuracy": accuracy})


def test_4_evaluate_leaves_the_weights_alone():
    model = model_of_three()
    before = model.get_weights()
    model.evaluate(X, Y, verbose=0)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_4_predictions_do_not_depend_on_the_batch_size():
    model = model_of_three()
    np.testing.assert_allclose(model.predict(X, batch_size=7, verbose=0), model.predict(X, verbose=0), rtol=1e-6)


# 5, 8. All together -------------------------------------------------------------------------------------------------


def test_5_the_final_line():
    keras.utils.set_random_seed(1)
    model = model_of_three()
    model.fit(X, Y, epochs=10, batch_size=32, validation_split=0.2, verbose=0)
    loss, acc = model.evaluate(X, Y, verbose=0)
    assert re.fullmatch(
        r"Test Loss: \d\.\d{4}, Test Accuracy: \d\.\d{4}", f"Test Loss: {loss:.4f}, Test Accuracy: {acc:.4f}"
    )


# 7. Extra notes -----------------------------------------------------------------------------------------------------


def test_7_a_model_too_small_underfits_and_a_larger_one_does_not():
    keras.utils.set_random_seed(0)
    x = np.linspace(-3, 3, 128, dtype="float32")[:, None]
    y = x**2
    line, curve = Sequential([Dense(1)]), Sequential([Dense(32, activation="relu"), Dense(1)])
    losses = []
    for model in (line, curve):
        model.compile(keras.optimizers.Adam(0.05), "mse")
        losses.append(model.fit(x, y, epochs=60, verbose=0).history["loss"][-1])
    assert losses[0] > 4  # a line through a parabola leaves a variance of about 7
    assert losses[1] < 1


def test_7_a_model_too_large_overfits():
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(40, 10)).astype("float32"), rng.integers(0, 2, 40)  # nothing to learn but the samples
    model = Sequential([Dense(64, activation="relu"), Dense(64, activation="relu"), Dense(1, activation="sigmoid")])
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, epochs=60, validation_split=0.5, verbose=0).history
    assert history["accuracy"][-1] == 1
    assert history["loss"][-1] < 0.1
    assert history["val_loss"][-1] > 1


def test_7_early_stopping_stops_when_the_validation_accuracy_stops_improving():
    model = model_of_three(optimizer=keras.optimizers.SGD(0.0))  # nothing improves
    stop = keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=3)
    history = model.fit(X, Y, epochs=20, validation_split=0.2, verbose=0, callbacks=[stop])
    assert history.epoch == [0, 1, 2, 3]
    assert stop.stopped_epoch == 3


def test_7_early_stopping_may_restore_the_best_weights():
    model = Sequential([Dense(1, use_bias=False, kernel_initializer="zeros", input_shape=(1,))])
    model.compile(keras.optimizers.SGD(0.75), "mse")  # overshoots: the error doubles with every update
    x = y = np.ones((1, 1), "float32")
    stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=2, restore_best_weights=True)
    rate = keras.callbacks.LearningRateScheduler(lambda epoch: 0.25 if epoch < 2 else 1.5)
    history = model.fit(x, y, epochs=20, validation_data=(x, y), verbose=0, callbacks=[stop, rate])
    assert len(history.epoch) == 4  # errors: 1/2, 1/4, then 1/2 and 1 of the other sign
    np.testing.assert_allclose(history.history["val_loss"], [0.25, 0.0625, 0.25, 1.0], rtol=1e-5)
    np.testing.assert_allclose(model.get_weights()[0], [[0.75]])


@pytest.mark.filterwarnings("ignore:.*HDF5.*")
@pytest.mark.parametrize("name", ["trained_model.h5", "trained_model.keras"])
def test_7_a_trained_model_is_saved_and_loaded(tmp_path, name):
    model = model_of_three()
    model.fit(X, Y, epochs=2, verbose=0)
    path = str(tmp_path / name)
    model.save(path)
    loaded = keras.models.load_model(path)
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))
    assert loaded.evaluate(X, Y, verbose=0) == pytest.approx(model.evaluate(X, Y, verbose=0), rel=1e-6)
    assert loaded.optimizer.iterations.numpy() == 14
    loaded.fit(X, Y, epochs=1, verbose=0)  # goes on where the training stopped
    assert loaded.optimizer.iterations.numpy() == 21
