"""fit, evaluate and predict: histories equal to recorded ones of Keras 3.15, and what happens around the batches."""

from __future__ import annotations

import numpy as np
import pytest
from training_checks import HISTORY, PLAIN, WEIGHTS, X, Y, assert_logs, batches, forever, net, ready

import kerasish as keras
from kerasish import layers, models

T = np.sin(np.arange(33, dtype="float32")).reshape(11, 3)
CLASSES = np.arange(11) % 3
W = np.linspace(0.2, 2, 11).astype("float32")


def fixed(model):
    """Weights from cosines, so that the recorded numbers need no file."""
    model.set_weights(
        [
            np.cos(np.arange(np.prod(w.shape), dtype="float32") + k).reshape(tuple(w.shape)) * 0.5
            for k, w in enumerate(model.weights)
        ]
    )
    return model


TASKS = {
    "bin": ((T[:, 0] > 0).astype("float32"), 1, "sigmoid"),
    "bin2": ((T[:, :1] > 0).astype("int32"), 1, "sigmoid"),
    "cat": (np.eye(3, dtype="float32")[CLASSES], 3, "softmax"),
    "sparse": (CLASSES, 3, "softmax"),
    "sparse2": (CLASSES[:, None], 3, "softmax"),
    "reg": (T[:, :1] * 2, 1, None),
    "reg1": (T[:, 1].astype("float64"), 1, None),
    "regk": (T[:, :2], 2, None),
}
# task, loss, optimizer, metrics, arguments, then Keras's history and evaluation
RECORDED = [
    (
        "bin",
        "binary_crossentropy",
        "sgd",
        ["accuracy", "auc"],
        {},
        {"accuracy": [0.181818, 0.181818, 0.181818], "auc": [0.0, 0.0, 0.0], "loss": [0.89906, 0.891057, 0.883307]},
        [0.877877, 0.181818, 0.0],
    ),
    (
        "bin2",
        "bce",
        "adam",
        ["accuracy", "precision", "recall"],
        {"class_weight": {0: 0.5, 1: 2.0}},
        {
            "accuracy": [0.181818, 0.181818, 0.181818],
            "loss": [1.22199, 1.21233, 1.20294],
            "precision": [0.0, 0.0, 0.0],
            "recall": [0.0, 0.0, 0.0],
        },
        [0.887388, 0.181818, 0.0, 0.0],
    ),
    (
        "bin",
        "mse",
        "rmsprop",
        ["acc", "binary_accuracy"],
        {"validation_split": 0.3},
        {
            "acc": [0.285714, 0.285714, 0.285714],
            "binary_accuracy": [0.285714, 0.285714, 0.285714],
            "loss": [0.334988, 0.331105, 0.328473],
            "val_acc": [0.0, 0.0, 0.0],
            "val_binary_accuracy": [0.0, 0.0, 0.0],
            "val_loss": [0.368441, 0.365913, 0.363849],
        },
        [0.340165, 0.181818, 0.181818],
    ),
    (
        "bin2",
        "hinge",
        "adagrad",
        ["accuracy"],
        {"sample_weight": W},
        {"accuracy": [0.181818, 0.181818, 0.181818], "loss": [1.25066, 1.25018, 1.24974]},
        [1.1288, 0.181818],
    ),
    (
        "cat",
        "categorical_crossentropy",
        "adam",
        ["accuracy", "top_k_categorical_accuracy"],
        {"class_weight": {0: 1.0, 1: 2.0, 2: 0.5}},
        {
            "accuracy": [0.272727, 0.272727, 0.272727],
            "loss": [1.52223, 1.51647, 1.51126],
            "top_k_categorical_accuracy": [1.0, 1.0, 1.0],
        },
        [1.15942, 0.272727, 1.0],
    ),
    (
        "cat",
        "kl_divergence",
        "nadam",
        ["categorical_accuracy"],
        {"batch_size": 100},
        {"categorical_accuracy": [0.272727, 0.272727, 0.272727], "loss": [1.16594, 1.16478, 1.16395]},
        [1.16318, 0.272727],
    ),
    (
        "sparse",
        "sparse_categorical_crossentropy",
        "adam",
        ["accuracy"],
        {"validation_data": True},
        {
            "accuracy": [0.272727, 0.272727, 0.272727],
            "loss": [1.16598, 1.16338, 1.1612],
            "val_accuracy": [0.2, 0.2, 0.2],
            "val_loss": [1.19425, 1.1913, 1.18838],
        },
        [1.15955, 0.272727],
    ),
    (
        "sparse2",
        "sparse_categorical_crossentropy",
        "adamw",
        ["acc"],
        {"sample_weight": W, "validation_data": True},
        {
            "acc": [0.272727, 0.272727, 0.272727],
            "loss": [1.26902, 1.26631, 1.26399],
            "val_acc": [0.2, 0.2, 0.2],
            "val_loss": [1.19442, 1.19155, 1.18868],
        },
        [1.16018, 0.272727],
    ),
    (
        "reg",
        "mae",
        "sgd",
        ["mse", "root_mean_squared_error"],
        {"steps_per_epoch": 2},
        {
            "loss": [1.29401, 2.20561, 1.27661],
            "mse": [2.20652, 4.98574, 2.14819],
            "root_mean_squared_error": [1.48543, 2.23288, 1.46567],
        },
        [1.51745, 2.87697, 1.69616],
    ),
    (
        "reg1",
        "huber",
        "adamax",
        ["mae"],
        {"validation_split": 0.25, "validation_freq": 2},
        {
            "loss": [0.150585, 0.147963, 0.145587],
            "mae": [0.45457, 0.450115, 0.445948],
            "mse": [0.301169, 0.295925, 0.291175],
            "val_loss": [0.23373],
            "val_mae": [0.588354],
            "val_mse": [0.468783],
        },
        [0.168105, 0.483049, 0.336511],
    ),
    (
        "regk",
        "log_cosh",
        "lion",
        ["mae", "r2_score"],
        {"initial_epoch": 1},
        {
            "loss": [0.312787, 0.307828],
            "mae": [0.707656, 0.700943],
            "mse": [0.788625, 0.773898],
            "r2_score": [-1.30391, -1.25792],
        },
        [0.304024, 0.695819, -1.22233, 0.762843],
    ),
    (
        "regk",
        "mse",
        "adadelta",
        ["mean_absolute_error", "cosine_similarity"],
        {"validation_data": "weighted"},
        {
            "cosine_similarity": [-0.106288, -0.106283, -0.106278],
            "loss": [0.791963, 0.791943, 0.791923],
            "mean_absolute_error": [0.709017, 0.709008, 0.708999],
            "mse": [0.791963, 0.791943, 0.791923],
            "val_cosine_similarity": [-0.167608, -0.167602, -0.167595],
            "val_loss": [0.375046, 0.375036, 0.375026],
            "val_mean_absolute_error": [0.69528, 0.695273, 0.695266],
            "val_mse": [0.669726, 0.669708, 0.66969],
        },
        [0.791909, 0.708993, -0.106275, 0.791909],
    ),
    (
        "reg",
        "msle",
        "ftrl",
        ["mape"],
        {"steps_per_execution": 2},
        {"loss": [0.293386, 0.293386, 0.293386], "mape": [9777540.0, 90.9091, 90.9091]},
        [0.293385, 90.9091],
    ),
]


@pytest.mark.filterwarnings("ignore:Your input ran out of data")  # steps_per_epoch: 2, then the 1 that is left
@pytest.mark.parametrize(("task", "loss", "optimizer", "names", "arguments", "history", "evaluated"), RECORDED)
def test_fit_has_keras_history(task, loss, optimizer, names, arguments, history, evaluated):
    y, out, activation = TASKS[task]
    x = layers.Input((3,))
    hidden = layers.Dense(4, activation="tanh")(x)
    model = fixed(models.Model(x, layers.Dense(out, activation=activation)(hidden)))
    arguments = {"epochs": 3, "batch_size": 4, "shuffle": False, "verbose": 0, **arguments}
    group = arguments.pop("steps_per_execution", 1)
    weighted = ["mse"] if task in ("reg1", "regk") else None
    model.compile(optimizer, loss, metrics=names, weighted_metrics=weighted, steps_per_execution=group)
    if "validation_data" in arguments:
        weights = (W[:5],) if arguments["validation_data"] == "weighted" else ()
        arguments["validation_data"] = (T[:5], y[:5], *weights)
    got = model.fit(T, y, **arguments)
    assert_logs(got.history, history, rel=1e-5)
    assert got.epoch == list(range(arguments.get("initial_epoch", 0), 3))
    assert model.evaluate(T, y, verbose=0) == pytest.approx(evaluated, rel=1e-5)
    assert model.metrics_names == ["loss", *names, *(weighted or [])]


LOSSES = ["binary_crossentropy", "sparse_categorical_crossentropy"]
YA, YB = (T[:, :1] > 0).astype("float32"), CLASSES
FLIPPED = W[::-1].copy()


def both(a, b, names=("oa", "ob")):
    return dict(zip(names, (a, b)))


@pytest.mark.parametrize(
    ("kind", "y", "compiled", "arguments", "history", "evaluated"),
    [
        (
            "list", [YA, YB], {"loss": LOSSES, "metrics": [["accuracy"], ["accuracy"]]}, {},
            {"loss": [2.04763, 2.03732], "oa_accuracy": [0.181818, 0.181818], "oa_loss": [0.899125, 0.891084],
             "ob_accuracy": [0.272727, 0.272727], "ob_loss": [1.14851, 1.14624]},
            [2.02902, 0.885392, 1.14363, 0.181818, 0.272727],
        ),
        (
            "list", both(YA, YB),
            {"loss": both(*LOSSES), "metrics": both(["accuracy", "auc"], "acc"), "loss_weights": both(1.0, 0.5)},
            {"validation_split": 0.3},
            {"loss": [1.4423, 1.43689], "oa_accuracy": [0.285714, 0.285714], "oa_auc": [0.0, 0.0],
             "oa_loss": [0.871677, 0.866572], "ob_acc": [0.285714, 0.285714], "ob_loss": [1.14125, 1.14065],
             "val_loss": [1.52696, 1.52207], "val_oa_accuracy": [0.0, 0.0], "val_oa_auc": [0.0, 0.0],
             "val_oa_loss": [0.946381, 0.941372], "val_ob_acc": [0.25, 0.25], "val_ob_loss": [1.16116, 1.1614]},
            [1.46498, 0.891214, 1.14753, 0.181818, 0.0, 0.272727],
        ),
        (
            "dict", both(YA, YB),
            {"loss": both(*LOSSES), "metrics": both(["accuracy"], ["accuracy"]),
             "weighted_metrics": both(["accuracy"], ["sparse_categorical_accuracy"])},
            {"sample_weight": both(W, FLIPPED)},
            {"loss": [2.27477, 2.26132], "oa_accuracy": [0.181818, 0.181818], "oa_loss": [1.00776, 0.99688],
             "oa_weighted_accuracy": [0.0628099, 0.0628099], "ob_accuracy": [0.272727, 0.272727],
             "ob_loss": [1.26702, 1.26444], "ob_sparse_categorical_accuracy": [0.213223, 0.213223]},
            [2.02656, 0.882915, 1.14365, 0.181818, 0.181818, 0.272727, 0.272727],
        ),
        (
            "keys", both(YA, YB, ("k1", "k0")), {"loss": both(*LOSSES, ("k1", "k0")), "metrics": {"k0": ["accuracy"]}}, {},
            {"k0_accuracy": [0.272727, 0.272727], "k0_loss": [1.16588, 1.16332], "k1_loss": [0.762557, 0.755332],
             "loss": [1.92844, 1.91865]},
            [1.91115, 0.750293, 1.16085, 0.272727],
        ),
        (
            "list", [YA, YB], {"loss": LOSSES, "loss_weights": [0.2, 2.0]}, {"sample_weight": [W, FLIPPED]},
            {"loss": [2.73753, 2.72652], "oa_loss": [1.0101, 1.00802], "ob_loss": [1.26775, 1.26246]},
            [2.45872, 0.897977, 1.13956],
        ),
    ],
)  # fmt: skip
def test_fit_of_two_outputs_has_keras_history(kind, y, compiled, arguments, history, evaluated):
    a = layers.Input((3,), name="a")
    hidden = layers.Dense(4, activation="tanh", name="h")(a)
    oa = layers.Dense(1, activation="sigmoid", name="oa")(hidden)
    ob = layers.Dense(3, activation="softmax", name="ob")(hidden)
    outputs = {"list": [oa, ob], "dict": both(oa, ob), "keys": both(oa, ob, ("k1", "k0"))}[kind]
    model = fixed(models.Model(a, outputs))
    model.compile("sgd", **compiled, run_eagerly=True)  # as it was recorded: in a graph running losses differ
    got = model.fit(T, y, epochs=2, batch_size=4, shuffle=False, verbose=0, **arguments)
    assert_logs(got.history, history, rel=1e-5)
    assert model.evaluate(T, y, verbose=0) == pytest.approx(evaluated, rel=1e-5)


def test_running_losses_of_outputs_are_means_over_batches_in_graphs():
    x = np.random.RandomState(0).randn(10, 3).astype("float32")
    y = [x[:, :1] * 3, x[:, 1:2] + 2]
    keras.utils.set_random_seed(0)
    inputs = layers.Input((3,))
    model = models.Model(inputs, [layers.Dense(1, name="a")(inputs), layers.Dense(1, name="b")(inputs)])
    model.compile("sgd", ["mse", "mae"])
    history = model.fit(x, y, batch_size=4, shuffle=False, verbose=0).history  # Keras 3.15 on TensorFlow
    assert_logs(history, {"a_loss": [15.364769], "b_loss": [3.1691287], "loss": [18.331558]}, rel=1e-5)
    results = model.evaluate(x, y, batch_size=4, verbose=0)
    assert results == pytest.approx([15.217712, 12.341316, 3.1263819], rel=1e-5)


def test_masked_steps_count_neither_in_loss_nor_in_metrics():
    x = layers.Input((4, 2))
    hidden = layers.SimpleRNN(4, return_sequences=True)(layers.Masking()(x))
    model = fixed(models.Model(x, layers.Dense(3, activation="softmax")(hidden)))
    data = np.sin(np.arange(56, dtype="float32")).reshape(7, 4, 2)
    for k in range(7):
        data[k, 1 + k % 4 :] = 0
    labels = (np.arange(28) % 3).reshape(7, 4)
    model.compile("sgd", LOSSES[1], metrics=["accuracy"], weighted_metrics=["accuracy"])
    plain = {"batch_size": 3, "shuffle": False, "verbose": 0}
    validation = (data[:3], labels[:3])
    history = model.fit(data, labels, epochs=2, validation_data=validation, **plain).history
    assert_logs(
        history,
        {
            "accuracy": [0.3125, 0.3125],
            "loss": [1.12779, 1.12325],
            "val_accuracy": [0.333333, 0.333333],
            "val_loss": [1.11987, 1.1165],
            "val_weighted_accuracy": [0.333333, 0.333333],
            "weighted_accuracy": [0.3125, 0.3125],
        },
        rel=1e-5,
    )
    steps = np.linspace(0.1, 1, 28).reshape(7, 4).astype("float32")
    history = model.fit(data, labels, sample_weight=steps, **plain).history
    assert_logs(history, {"accuracy": [0.3125], "loss": [0.588057], "weighted_accuracy": [0.325926]}, rel=1e-5)


# epochs, steps, sources -------------------------------------------------------------------------------------------------


def test_steps_per_epoch_goes_on_in_a_repeating_source():
    history = ready().fit(forever(), steps_per_epoch=3, epochs=2, verbose=0).history
    assert_logs(history, HISTORY)


def test_a_generator_that_ends_stops_training_with_a_warning():
    with pytest.warns(UserWarning, match="ran out of data"):
        history = ready().fit(batches(), epochs=3, verbose=0)
    assert history.epoch == [0]
    assert_logs(history.history, {"loss": [1.5197], "mae": [0.97728]})


def test_a_validation_generator_that_ends_is_a_warning():
    with pytest.warns(UserWarning, match="validation_data"):
        history = ready().fit(X, Y, validation_data=batches(), **PLAIN).history
    assert (len(history["loss"]), len(history["val_loss"])) == (2, 1)


def test_validation_steps_bound_each_validation():
    history = ready().fit(X, Y, validation_data=(X, Y), validation_steps=2, validation_batch_size=4, **PLAIN).history
    assert_logs(history, {**HISTORY, "val_loss": [0.51997, 0.26502], "val_mae": [0.53461, 0.41791]})


def test_validation_freq_as_a_list_names_epochs():
    arguments = {"epochs": 4, "batch_size": 20, "verbose": 0, "shuffle": False}
    history = ready().fit(X, Y, validation_data=(X, Y), validation_freq=[1, 4], **arguments).history
    assert history["loss"] == pytest.approx([1.7178, 1.3027, 1.0532, 0.87003], rel=1e-4)
    assert history["val_loss"] == pytest.approx([1.3027, 0.71701], rel=1e-4)


def test_validation_split_takes_the_end_before_shuffling():
    split = ready().fit(X, Y, validation_split=0.25, epochs=1, shuffle=True, batch_size=15, verbose=0).history
    given = ready().fit(X[:15], Y[:15], validation_data=(X[15:], Y[15:]), batch_size=15, verbose=0).history
    assert split["val_loss"] == pytest.approx(given["val_loss"], rel=1e-5)


def test_shuffle_visits_every_sample_once_and_changes_the_order():
    seen = []

    class Spy(models.Model):
        def train_step(self, data):
            seen.append(data.numpy()[:, 0].tolist())
            return {"loss": 0.0}

    Spy(*(lambda x: (x, layers.Dense(1)(x)))(layers.Input((1,)))).fit(
        np.arange(10.0)[:, None], epochs=2, batch_size=4, verbose=0
    )
    first, second = sum(seen[:3], []), sum(seen[3:], [])
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second or first != list(range(10))


def test_no_epochs_give_an_empty_history():
    history = ready().fit(X, Y, epochs=0, verbose=0)
    assert history.history == {}
    assert history.params["epochs"] == 0


def test_a_second_fit_goes_on_with_the_weights():
    model = ready()
    one = {**PLAIN, "epochs": 1}
    losses_ = [model.fit(X, Y, **one).history["loss"][0] for _ in range(2)]
    assert losses_ == pytest.approx(HISTORY["loss"], rel=1e-4)


# evaluate, predict ------------------------------------------------------------------------------------------------------


def test_evaluate_returns_a_number_a_list_or_a_dict():
    assert ready(metrics=None).evaluate(X, Y, verbose=0) == pytest.approx(1.7178, rel=1e-4)
    model = ready(weighted_metrics=["mse"])
    assert model.evaluate(X, Y, sample_weight=WEIGHTS, verbose=0) == pytest.approx([1.831, 1.0379, 1.7438], rel=1e-4)
    assert_logs(model.evaluate(X, Y, verbose=0, return_dict=True), {"loss": 1.7178, "mae": 1.0379, "mse": 1.7178})


def test_evaluate_does_not_depend_on_the_batch_size():
    results = [ready().evaluate(X, Y, batch_size=size, verbose=0) for size in (1, 7, 20)]
    assert results[1:] == [pytest.approx(results[0], rel=1e-5)] * 2


def test_evaluate_stops_after_its_steps():
    assert ready().evaluate(forever(), steps=2, verbose=0) == pytest.approx([2.0626, 1.1728], rel=1e-4)


def test_predict_keeps_the_structure_of_the_outputs():
    x = layers.Input((3,))
    a, b = layers.Dense(2)(x), layers.Dense(1)(x)
    as_dict, as_list = models.Model(x, {"p": a, "q": b}), models.Model(x, [a, b])
    found = as_dict.predict(X, batch_size=7, verbose=0)
    first, second = as_list.predict(X, verbose=0)
    assert {name: value.shape for name, value in found.items()} == {"p": (20, 2), "q": (20, 1)}
    np.testing.assert_allclose(found["p"], first, rtol=1e-6)
    np.testing.assert_allclose(found["q"], second, rtol=1e-6)


def test_predict_gives_arrays_of_its_own():
    out = net().predict(X[:2], verbose=0)
    assert isinstance(out, np.ndarray)
    assert out.flags.owndata
    np.testing.assert_allclose(net().predict_on_batch(X[:2]), out, rtol=1e-6)


def test_predict_on_a_generator_with_steps():
    assert net().predict(forever(), steps=2, verbose=0).shape == (16, 1)
    assert net().predict((x for x, _ in batches()), verbose=0).shape == (20, 1)


def test_predict_calls_hooks_for_several_batches_at_once():
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse", steps_per_execution=2)
    seen = []
    hooks = keras.callbacks.LambdaCallback(
        on_predict_batch_begin=lambda batch, logs: seen.append(batch),
        on_predict_batch_end=lambda batch, logs: seen.append((batch, logs["outputs"].shape[0])),
    )
    assert model.predict(np.ones((10, 3)), batch_size=2, verbose=0, callbacks=[hooks]).shape == (10, 1)
    assert seen == [0, (1, 4), 2, (3, 4), 4, (4, 2)]


def test_what_callbacks_add_to_logs_is_seen_by_later_callbacks_only():
    class Adds(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["extra"] = epoch

        def on_test_end(self, logs=None):
            logs["more"] = 1.0

        def on_train_end(self, logs=None):
            self.last = sorted(logs)

    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    adds, x = Adds(), np.ones((4, 3))
    history = model.fit(x, x[:, :1], validation_data=(x, x[:, :1]), epochs=2, verbose=0, callbacks=[adds]).history
    assert sorted(history) == ["extra", "loss", "val_loss"]
    assert adds.last == ["loss", "val_loss"]


@pytest.mark.parametrize(("style", "expected"), [("keras2", ["loss", "accuracy"]), ("keras3", ["accuracy", "loss"])])
def test_logs_have_the_order_of_the_style(style, expected):
    before = keras.config.style()
    keras.config.set_style(style)
    try:
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile("sgd", "mse", metrics=["accuracy"])
        x = np.ones((4, 3))
        history = model.fit(x, x[:, :1], validation_split=0.5, verbose=0).history
    finally:
        keras.config.set_style(before)
    assert list(history) == [*expected, *(f"val_{name}" for name in expected)]


@pytest.mark.parametrize(("policy", "name"), [("mixed_float16", "LossScaleOptimizer"), ("float16", "SGD")])
def test_the_loss_is_scaled_for_mixed_precision(policy, name):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile("sgd", "mse")
    finally:
        keras.config.set_dtype_policy(before)
    assert type(model.optimizer).__name__ == name


def test_a_validation_set_without_batches_gives_no_results():
    import kerasish.tf as tf

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    data = tf.data.Dataset.from_tensor_slices((np.ones((8, 2), "float32"), np.ones((8, 1), "float32"))).batch(4)
    history = model.fit(data, validation_data=data.take(0), epochs=2, verbose=0).history
    assert sorted(history) == ["loss", "mae"]
    assert len(history["loss"]) == 2
