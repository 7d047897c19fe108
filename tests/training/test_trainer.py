"""Trainer: compile, the batch methods, and what a subclass may override."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from training_checks import (
    HISTORY,
    LABELS,
    PLAIN,
    WEIGHTS,
    X,
    Y,
    assert_logs,
    batches,
    net,
    ready,
    with_weights,
)  # fmt: skip

from kerasish import layers, losses, metrics, models, ops, optimizers, tf
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.tensor import Tensor

# batches of one's own ---------------------------------------------------------------------------------------------------


def test_train_on_batch_returns_the_batch_s_results_and_updates():
    model = ready(weighted_metrics=["mse"])
    assert model.train_on_batch(X, Y) == pytest.approx([1.7178, 1.0379, 1.7178], rel=1e-4)
    assert model.train_on_batch(X, Y)[0] == pytest.approx(1.3027, rel=1e-4)  # evaluate's loss after one update
    assert int(model.optimizer.iterations) == 2


def test_train_on_batch_takes_weights_and_gives_a_dict():
    logs = ready(weighted_metrics=["mse"]).train_on_batch(X, Y, sample_weight=WEIGHTS, return_dict=True)
    assert_logs(logs, {"loss": 1.831, "mae": 1.0379, "mse": 1.7438})


def test_train_on_batch_takes_class_weights():
    model = ready(net(activation="sigmoid"), "bce", ["accuracy"])
    assert model.train_on_batch(X, LABELS, class_weight={0: 1.0, 1: 3.0}) == pytest.approx([1.197, 0.6], rel=1e-4)
    with pytest.raises(ValueError, match="cannot be specified at the same time"):
        model.train_on_batch(X, LABELS, sample_weight=WEIGHTS, class_weight={0: 1.0})


def test_train_on_batch_may_keep_the_running_means():
    model = ready(metrics=None)
    first = model.train_on_batch(X, Y)
    second = model.test_on_batch(X, Y, reset_metrics=False)
    alone = model.test_on_batch(X, Y)
    assert second == pytest.approx((first + alone) / 2, rel=1e-5)


def test_test_on_batch_changes_no_weights():
    model = ready()
    before = model.get_weights()
    assert model.test_on_batch(X, Y) == pytest.approx([1.7178, 1.0379], rel=1e-4)
    assert_logs(model.test_on_batch(X, Y, return_dict=True), {"loss": 1.7178, "mae": 1.0379})
    for then, now in zip(before, model.get_weights()):
        np.testing.assert_array_equal(then, now)


def test_make_train_function_runs_one_batch():
    model = ready()
    logs = model.make_train_function()(iter([(X, Y)]))
    assert float(logs["loss"]) == pytest.approx(1.7178, rel=1e-4)


def test_reset_metrics_sets_the_means_to_zero():
    model = ready()
    model.test_on_batch(X, Y)
    model.reset_metrics()
    assert {name: float(value) for name, value in model.get_metrics_result().items()} == {"loss": 0.0, "mae": 0.0}


# a train_step of one's own ----------------------------------------------------------------------------------------------


class Keras2Step(models.Model):
    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compiled_loss(y, y_pred, regularization_losses=self.losses)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        self.compiled_metrics.update_state(y, y_pred)
        return {m.name: m.result() for m in self.metrics}


class MinimizeStep(models.Model):
    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(x, y, y_pred)
        self.optimizer.minimize(loss, self.trainable_variables, tape=tape)
        return self.compute_metrics(x, y, y_pred, None)


class Keras3Step(models.Model):
    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=y_pred)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply(gradients, self.trainable_variables)
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss)
            else:
                metric.update_state(y, y_pred)
        return {m.name: m.result() for m in self.metrics}


class TorchStep(models.Model):
    def train_step(self, data):
        x, y = data
        self.zero_grad()
        y_pred = self(x, training=True)
        loss = self.compute_loss(y=y, y_pred=y_pred)
        loss.backward()
        variables = list(self.trainable_weights)
        with torch.no_grad():
            self.optimizer.apply([v.value.grad for v in variables], variables)
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss)
            else:
                metric.update_state(y, y_pred)
        return {m.name: m.result() for m in self.metrics}


# a step that gives the loss without the number of samples has the mean over batches: Keras's recorded 1.3003
BATCH_MEANS = {"loss": [1.3003, 0.74527], "mae": [0.97728, 0.7048]}


@pytest.mark.parametrize(
    ("cls", "history"),
    [(Keras2Step, HISTORY), (MinimizeStep, HISTORY), (Keras3Step, BATCH_MEANS), (TorchStep, BATCH_MEANS)],
)
@pytest.mark.parametrize("eagerly", [False, True])
def test_train_steps_of_all_dialects_train_alike(cls, history, eagerly):
    got = ready(net(cls), run_eagerly=eagerly).fit(X, Y, **PLAIN).history
    opened = {**got, **got.pop("compile_metrics", {})} if "compile_metrics" in got else got
    assert_logs(opened, history)


class OwnMetrics(models.Model):
    """No compiled loss: the whole of Keras's guide to customizing ``fit``."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.loss_mean = metrics.Mean(name="my_loss")
        self.error = metrics.MeanAbsoluteError(name="my_mae")

    @property
    def metrics(self):
        return [self.loss_mean, self.error]

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = tf.reduce_mean(tf.square(y - y_pred))
        self.optimizer.apply_gradients(zip(tape.gradient(loss, self.trainable_variables), self.trainable_variables))
        self.loss_mean.update_state(loss)
        self.error.update_state(y, y_pred)
        return {"loss": self.loss_mean.result(), "mae": self.error.result()}

    def test_step(self, data):
        x, y = data
        y_pred = self(x, training=False)
        self.loss_mean.update_state(tf.reduce_mean(tf.square(y - y_pred)))
        self.error.update_state(y, y_pred)
        return {m.name: m.result() for m in self.metrics}

    def predict_step(self, data):
        return self(data, training=False) * 2


def own():
    model = net(OwnMetrics)
    model.compile(optimizers.SGD(0.1))
    return model


def test_steps_and_metrics_of_ones_own_make_the_logs():
    history = own().fit(X, Y, validation_data=(X, Y), **PLAIN).history
    assert_logs(history, {**BATCH_MEANS, "val_my_loss": [0.81874, 0.48196], "val_my_mae": [0.75213, 0.5747]})
    assert own().evaluate(X, Y, verbose=0) == pytest.approx([1.7178, 1.0379], rel=1e-4)
    assert_logs(own().evaluate(X, Y, verbose=0, return_dict=True), {"my_loss": 1.7178, "my_mae": 1.0379})


def test_predict_step_makes_the_predictions():
    np.testing.assert_allclose(own().predict(X[:2], verbose=0), [[1.8211], [2.2698]], rtol=1e-4)
    np.testing.assert_allclose(own().predict_on_batch(X[:2]), [[1.8211], [2.2698]], rtol=1e-4)


def test_compute_loss_of_ones_own_counts_in_training_and_validation():
    class Penalized(models.Model):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            loss = super().compute_loss(x, y, y_pred, sample_weight)
            return loss + 0.1 * ops.mean(ops.square(y_pred))

    history = ready(net(Penalized)).fit(X, Y, validation_split=0.2, **PLAIN).history
    expected = {"loss": [1.8794, 1.101], "mae": [1.1064, 0.81422]}
    assert_logs(history, {**expected, "val_loss": [0.21656, 0.14906], "val_mae": [0.45082, 0.35985]})


def test_compute_metrics_of_ones_own_adds_to_the_logs():
    class Extra(models.Model):
        def compute_metrics(self, x, y, y_pred, sample_weight):
            return {**super().compute_metrics(x, y, y_pred, sample_weight), "extra": ops.max(y_pred)}

    assert_logs(ready(net(Extra)).fit(X, Y, **PLAIN).history, {**HISTORY, "extra": [0.43172, 0.49218]})


class Activity(layers.Layer):
    def call(self, x):
        self.add_loss(0.01 * ops.sum(ops.square(x)))
        return x


def penalized():
    x = layers.Input((3,))
    return with_weights(models.Model(x, layers.Dense(1, kernel_regularizer="l1")(Activity()(layers.Dense(4)(x)))))


def test_add_loss_and_regularizers_count_in_every_loss():
    history = ready(penalized()).fit(X, Y, validation_split=0.2, **PLAIN).history
    expected = {"loss": [2.2816, 0.96938], "mae": [1.1843, 0.71594]}
    assert_logs(history, {**expected, "val_loss": [0.24376, 0.13204], "val_mae": [0.45082, 0.2934]})


def test_penalties_alone_are_a_loss():
    model = penalized()
    model.compile("sgd")
    with pytest.warns(UserWarning, match="Gradients do not exist"):  # for the last bias
        history = model.fit(X, **PLAIN).history
    assert_logs(history, {"loss": [0.18775, 0.18579]})


def test_a_user_s_step_gets_tensors_and_a_result_that_is_no_dict_is_an_error():
    kinds = []

    class Bad(models.Model):
        def train_step(self, data):
            kinds.append([type(part) for part in data])
            return 3.0

    with pytest.raises(TypeError, match="must return a dictionary"):
        ready(net(Bad)).fit(X, Y, **PLAIN)
    assert kinds == [[Tensor, Tensor]]


def test_run_eagerly_gives_the_same_numbers():
    assert_logs(ready(run_eagerly=True).fit(X, Y, **PLAIN).history, HISTORY)


def test_training_keeps_to_what_was_trainable_at_compile():
    frozen = net()
    frozen.layers[1].trainable = False
    kernel = frozen.layers[1].get_weights()[0]
    assert_logs(ready(frozen).fit(X, Y, **PLAIN).history, {"loss": [1.5504, 1.04], "mae": [0.99245, 0.78456]})
    np.testing.assert_array_equal(frozen.layers[1].get_weights()[0], kernel)
    late = ready()
    late.layers[1].trainable = False
    assert_logs(late.fit(X, Y, **PLAIN).history, HISTORY)


# compile ----------------------------------------------------------------------------------------------------------------


def test_losses_and_metrics_may_be_functions_and_objects():
    def my_metric(y_true, y_pred):
        return ops.mean(ops.abs(y_true - y_pred), axis=-1)

    given = [
        my_metric,
        metrics.MeanSquaredError(),
        metrics.MeanSquaredError(name="q"),
        "MSE",
        lambda a, b: ops.abs(a - b),
    ]
    model = ready(loss=lambda a, b: ops.mean(ops.square(a - b), -1), metrics=given)
    mae, mse = HISTORY["mae"], HISTORY["loss"]
    expected = {"loss": mse, "my_metric": mae, "mean_squared_error": mse, "q": mse, "MSE": mse, "lambda": mae}
    assert_logs(model.fit(X, Y, **PLAIN).history, expected)


def test_a_loss_object_keeps_its_reduction_and_logits():
    model = ready(loss=losses.MeanSquaredError(reduction="sum"))
    assert_logs(model.fit(X, Y, **PLAIN).history, {"loss": [18.075, 18.392], "mae": [1.3061, 1.3797]})
    own_threshold = ["accuracy", metrics.BinaryAccuracy(threshold=0.0)]
    model = ready(loss=losses.BinaryCrossentropy(from_logits=True), metrics=own_threshold)
    expected = {"accuracy": [0.55, 0.6], "binary_accuracy": [0.6, 0.6], "loss": [0.74888, 0.72209]}
    assert_logs(model.fit(X, LABELS, **PLAIN).history, expected)


@pytest.mark.parametrize(
    ("compiled", "error", "words"),
    [
        ({"optimizer": "adamm"}, ValueError, "identifier: adamm.*'Adam'"),
        ({"loss": "mean_square_error"}, ValueError, "identifier: mean_square_error.*'mean_squared_error'"),
        ({"steps_per_execution": 0}, ValueError, "positive integer. Received: 0"),
        ({"jit_compile": "maybe"}, ValueError, "'auto' or a boolean"),
        ({"metrics": 3}, ValueError, "`metrics` argument to be a list, tuple, or dict"),
        ({"nope": 1}, TypeError, "unexpected keyword argument 'nope'"),
        ({"optimizer": {"a": 1}}, ValueError, "Could not interpret optimizer identifier"),
        ({"loss_weights": "abc"}, ValueError, "loss_weights='abc'"),
        ({"loss_weights": np.ones(2)}, ValueError, "must be a number"),
        ({"steps_per_execution": "2"}, TypeError, "Received: '2'"),
        ({"steps_per_execution": None}, TypeError, "positive integer"),
    ],
)
def test_compile_names_what_is_wrong(compiled, error, words):
    with pytest.raises(error, match=words):
        net().compile(**{"loss": "mse", **compiled})


def test_an_unknown_metric_is_named_with_close_ones():
    with pytest.raises(ValueError, match="identifier: acuracy.*'accuracy'"):
        ready(metrics=["acuracy"]).fit(X, Y, verbose=0)


def labelled():
    return ready(net(out=3, activation="softmax"), "sparse_categorical_crossentropy", None)


# errors -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: net().fit(X, Y), ValueError, r"must call `compile\(\)`"),
        (lambda: net().evaluate(X, Y), ValueError, r"must call `compile\(\)`"),
        (lambda: ready().fit(X, Y[:5], verbose=0), ValueError, r"'x' sizes: 20\n'y' sizes: 5"),
        (lambda: ready().fit(X, Y, sample_weight=WEIGHTS[:3], verbose=0), ValueError, "'sample_weight' sizes: 3"),
        (lambda: ready().fit(X[:, :2], Y, verbose=0), ValueError, r"expected shape=\(None, 3\), found shape=\(20, 2\)"),
        (lambda: ready(net(out=3)).fit(X, Y[:, [0, 0]], verbose=0), InvalidArgumentError, r"\[20,2\] vs. \[20,3\]"),
        (lambda: ready().fit(X, verbose=0), ValueError, "no targets"),
        (lambda: ready().fit(verbose=0), ValueError, "x=None"),
        (lambda: ready().fit(X[:0], Y[:0], verbose=0), ValueError, "non-empty"),
        (lambda: ready().predict(X[:0], verbose=0), ValueError, "non-empty"),
        (lambda: ready().fit("abc", Y, verbose=0), ValueError, "Unrecognized data type: x='abc'"),
        (lambda: ready().fit(X, Y, foo=1), TypeError, "unexpected keyword argument 'foo'"),
        (lambda: ready().fit(X, Y, batch_size=-1, verbose=0), ValueError, "batch_size=-1"),
        (lambda: ready().fit(X, Y, batch_size=2.5, verbose=0), TypeError, "batch_size=2.5"),
        (lambda: ready().fit(X, Y, steps_per_epoch="a", verbose=0), TypeError, "number of steps must be an integer"),
        (lambda: ready().fit(X.astype(str), Y, verbose=0), ValueError, "computes with numbers"),
        (lambda: ready().train_on_batch(None, Y), ValueError, "not optional"),
        (lambda: ready().fit(X, Y, sample_weight={"y": WEIGHTS}, verbose=0), ValueError, "names an output"),
        (lambda: ready(loss=[]).fit(X, Y, verbose=0), ValueError, "one loss"),
        (lambda: ready().fit(X, Y, shuffle="all", verbose=0), ValueError, "shuffle='all'"),
        (lambda: ready().fit(X, Y, validation_split=1.5, verbose=0), ValueError, "between 0 and 1"),
        (lambda: ready().fit(X, Y, validation_split=-0.5, verbose=0), ValueError, "between 0 and 1"),
        (lambda: ready().fit(X, Y, validation_split=1.0, verbose=0), ValueError, "not sufficient to split"),
        (lambda: ready().fit(X[:1], Y[:1], validation_split=0.2, verbose=0), ValueError, "contains 1 samples"),
        (lambda: ready().fit(batches(), validation_split=0.2, verbose=0), ValueError, "only supported for tensors or NumPy"),
        (lambda: ready().fit(X, Y, validation_data=(X, Y), validation_freq="a", verbose=0), ValueError, "validation_freq=a"),
        (lambda: ready().fit(X, Y, validation_data=(X, Y, WEIGHTS, Y), verbose=0), ValueError, "a tuple of 4"),
        (lambda: ready().fit(X, Y, class_weight={0: 1.0}, sample_weight=WEIGHTS, verbose=0), ValueError, "at the same time"),
        (lambda: ready().fit(batches(), Y, verbose=0), ValueError, "`y` should not be passed"),
        (lambda: ready().fit(X, Y, verbose=0, callbacks=["x"]), TypeError, "instances of `keras.callbacks.Callback`"),
        (lambda: labelled().fit(X, np.arange(20) % 4, verbose=0),
         InvalidArgumentError, r"label value of 3 .*\[0, 3\)"),
    ],
)  # fmt: skip
def test_fit_names_what_is_wrong(call, error, words):
    with pytest.raises(error, match=words):
        call()


@pytest.mark.parametrize(
    "arguments",
    [
        {"steps_per_epoch": 0},
        {"steps_per_epoch": -1},
        {"shuffle": None},
        {"validation_freq": "never"},
        {"callbacks": ()},
        {"class_weight": {}},
        {"class_weight": {"0": 5.0, "a": 3.0}},
    ],
)
def test_fit_takes_what_says_nothing(arguments):
    plain = ready().fit(X, Y, **PLAIN).history
    given = ready().fit(X, Y, **{**PLAIN, **arguments}).history
    assert_logs(given, plain)


def test_weights_of_the_one_output_may_be_in_a_list():
    model = ready(weighted_metrics=["mse"])
    assert model.evaluate(X, Y, sample_weight=[WEIGHTS], verbose=0) == pytest.approx(
        model.evaluate(X, Y, sample_weight=WEIGHTS, verbose=0)
    )
    assert model.test_on_batch(X, Y, sample_weight=[WEIGHTS]) == pytest.approx(
        model.test_on_batch(X, Y, sample_weight=WEIGHTS)
    )


def test_an_empty_class_weight_weighs_nothing():
    assert ready().train_on_batch(X, Y, class_weight={}) == pytest.approx(ready().train_on_batch(X, Y))


def test_a_model_that_is_not_compiled_has_no_results():
    assert net().get_metrics_result() == {}


def test_a_batch_of_unequal_inputs_says_which_sizes():
    a, b = keras_input(3), keras_input(2)
    model = models.Model([a, b], layers.Concatenate()([a, b]))
    for call in (model.predict_on_batch, model):
        with pytest.raises(InvalidArgumentError, match="Sizes of tensors"):
            call([np.ones((4, 3)), np.ones((5, 2))])


def keras_input(size):
    return layers.Input((size,))


# Keras 3.15: what stays, what lists hold, what is asked of an unfinished model ----------------------------------------


@pytest.mark.parametrize("trained", [False, True])
def test_metrics_stay_until_others_are_given(trained):
    model = ready()
    if trained:
        model.fit(X, Y, **PLAIN)
    model.compile("sgd", "mse")
    assert set(model.fit(X, Y, **PLAIN).history) == {"loss", "mae"}
    model.compile("sgd", "mse", metrics=["mape"])
    assert set(model.fit(X, Y, **PLAIN).history) == {"loss", "mape"}
    model.compile("sgd", "mse", metrics=[])
    assert set(model.fit(X, Y, **PLAIN).history) == {"loss"}


def test_lists_of_a_users_results_have_the_metrics_first_then_names():
    class Own(models.Model):
        def test_step(self, data):
            return {"foo": 2, "zoo": 3.0, "bar": 1.0}

        def compute_metrics(self, x, y, y_pred, sample_weight=None):
            return {"aaa": ops.sum(y) * 0 + 5, **super().compute_metrics(x, y, y_pred, sample_weight)}

    inputs = layers.Input((3,))
    model = Own(inputs, net()(inputs))
    model.compile("sgd", "mse", metrics=["mae"])
    assert model.evaluate(X, Y, verbose=0) == model.test_on_batch(X, Y) == [1.0, 2.0, 3.0]
    assert model.evaluate(X, Y, verbose=0, return_dict=True) == {"foo": 2.0, "zoo": 3.0, "bar": 1.0}
    assert model.train_on_batch(X, Y) == pytest.approx([1.7178, 1.0379, 5.0], rel=1e-4)


def test_predict_step_may_give_one_number_per_batch():
    class Total(models.Model):
        def predict_step(self, data):
            return ops.sum(data[0] if isinstance(data, tuple) else data)

    model = Total(inputs := layers.Input((3,)), layers.Dense(1)(inputs))
    expected = [X[start : start + 8].sum() for start in (0, 8, 16)]
    np.testing.assert_allclose(model.predict(X, batch_size=8, verbose=0), expected, rtol=1e-5)


def test_jit_compile_says_whether_the_step_is_compiled_for_sure():
    assert ready().jit_compile is False
    assert ready(jit_compile=False).jit_compile is False
    assert ready(jit_compile=True).jit_compile is True
    assert ready(jit_compile=True, run_eagerly=True).jit_compile is False


def test_compute_loss_without_any_loss_is_refused():
    model = net()
    model.compile("sgd")
    with pytest.raises(ValueError, match="No loss to compute"):
        model.compute_loss(X, Y, Y)


def test_a_step_may_update_the_running_loss():
    class Own(models.Model):
        def train_step(self, data):
            x, y = data
            with tf.GradientTape() as tape:
                y_pred = self(x, training=True)
                loss = self.compute_loss(x=x, y=y, y_pred=y_pred)
            self.optimizer.apply(tape.gradient(loss, self.trainable_variables), self.trainable_variables)
            self._loss_tracker.update_state(loss)
            self.compute_metrics(x, y, y_pred)
            return self.get_metrics_result()

    inputs = layers.Input((3,))
    model = Own(inputs, net()(inputs))
    model.compile("sgd", "mse", metrics=["mae"])
    assert model.train_on_batch(X, Y) == pytest.approx([1.7178, 1.0379], rel=1e-4)
    model._loss_tracker = metrics.Mean(name="mine")  # the name is free for a user's own
    assert model._loss_tracker.name == "mine"
