"""On XLA: the numbers are the CPU's, the programs few, and nothing is read back but what somebody looks at.

Runs where torch_xla is installed and ``PJRT_DEVICE`` names a runtime; ``run`` in this folder sees to both.
"""

import collections
import gc
import os
import pathlib
import subprocess
import sys
import warnings

import numpy as np
import pytest

import kerasish as keras
from kerasish import tf
from kerasish.core import device as devices

layers = keras.layers
ROOT = pathlib.Path(__file__).parents[2]

pytestmark = [
    pytest.mark.xla,
    pytest.mark.skipif(not devices.present("xla"), reason="torch_xla is not installed, or PJRT_DEVICE is not set"),
]


# what XLA did ---------------------------------------------------------------------------------------------------------


def tally():
    """Programs compiled, programs run, and reads from the device, so far."""
    from torch_xla.debug import metrics

    names = ("CompileTime", "ExecuteTime", "TransferFromDeviceTime")
    counts = [(metrics.metric_data(name) or [0])[0] for name in names]
    fallbacks = sum(metrics.counter_value(name) for name in metrics.counter_names() if name.startswith("aten::"))
    return np.array([*counts, fallbacks])


Work = collections.namedtuple("Work", "compiled executed reads fallbacks")


def work_of(function):
    """The result of a function, and the work that it made."""
    gc.collect()  # what earlier tests left on the device is no part of it
    before = tally()
    result = function()
    return result, Work(*(int(n) for n in tally() - before))


# models and data ------------------------------------------------------------------------------------------------------


def numbers(*shape):
    return np.random.default_rng(0).random(shape).astype("float32")


def words(samples, length, count):
    return np.random.default_rng(0).integers(0, count, (samples, length)).astype("int32")


def mlp():
    model = keras.Sequential(
        [
            layers.Dense(16, activation="relu", input_shape=(4,)),
            layers.Dense(8, activation="relu"),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy", "precision", "auc"])
    x = numbers(100, 4)
    return model, x, (x.sum(1) > 2).astype("int32")


def cnn():
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(8, 3, activation="relu", padding="same"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.Conv2D(8, 3),
            layers.Flatten(),
            layers.Dropout(0.3, seed=3),
            layers.Dense(4, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.SGD(0.05, momentum=0.9), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, numbers(80, 8, 8, 1), words(80, 1, 4)[:, 0]


def lstm():
    model = keras.Sequential(
        [keras.Input((3, 3)), layers.LSTM(8, return_sequences=True), layers.GRU(6), layers.Dense(1)]
    )
    model.compile(keras.optimizers.RMSprop(0.01), "mse", metrics=["mae"])
    x = numbers(72, 3, 3)
    return model, x, x.mean((1, 2))


def masked():
    model = keras.Sequential(
        [layers.Embedding(12, 6, mask_zero=True), layers.Bidirectional(layers.LSTM(5)), layers.Dense(12, "softmax")]
    )
    rate = keras.optimizers.schedules.ExponentialDecay(0.01, 3, 0.9)
    model.compile(keras.optimizers.AdamW(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    x = words(72, 3, 12)
    x[:, 2:] = 0
    return model, x, x[:, 0]


def residual():
    inputs = keras.Input((4,), name="a"), keras.Input((2,), name="b")
    x = layers.Dense(8, activation="relu", kernel_regularizer="l2")(layers.Concatenate()(inputs))
    x = layers.LayerNormalization()(layers.Add()([x, layers.Dense(8)(x)]))
    model = keras.Model(inputs, [layers.Dense(1, name="p")(x), layers.Dense(1, activation="sigmoid", name="q")(x)])
    model.compile("nadam", {"p": "mse", "q": "binary_crossentropy"}, metrics={"p": "mae", "q": "accuracy"})
    x = numbers(70, 4)
    return model, {"a": x, "b": x[:, :2]}, {"p": x[:, 0], "q": x[:, 1] > 0.5}


MODELS = [mlp, cnn, lstm, masked, residual]


def trained(make, device, epochs=3):
    with tf.device(device):
        keras.utils.set_random_seed(7)
        model, x, y = make()
        history = model.fit(x, y, epochs=epochs, batch_size=32, shuffle=False, verbose=0).history
        return model, x, y, history


def assert_close(found, expected, tolerance=1e-4):
    assert found.keys() == expected.keys()
    for name in expected:
        np.testing.assert_allclose(found[name], expected[name], atol=tolerance, err_msg=name)


# training -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", MODELS)
def test_fit_gives_the_history_of_the_cpu_with_few_programs(make):
    expected = trained(make, "/CPU:0", epochs=5)[-1]
    (model, x, y, history), work = work_of(lambda: trained(make, "/TPU:0", epochs=5))
    assert {w.device for w in model.weights} == {"/job:localhost/replica:0/task:0/device:TPU:0"}
    assert_close(history, expected)
    # a program for whole batches, one for the last, shorter batch, one for results; a small one for initial values
    assert work.compiled <= 4
    assert work.reads <= 5 + 1, "one read an epoch"
    assert work.fallbacks == 0
    again, work = work_of(lambda: model.fit(x, y, epochs=6, batch_size=32, shuffle=True, verbose=0))
    assert work.compiled == 0
    assert work.reads <= 6


@pytest.mark.parametrize("make", [mlp, cnn, residual])
def test_evaluate_and_predict_give_the_numbers_of_the_cpu_with_few_programs(make):
    cpu_model = trained(make, "/CPU:0")[0]
    model, x, y, _ = trained(make, "/TPU:0")
    with tf.device("/CPU:0"):
        expected = cpu_model.evaluate(x, y, verbose=0, return_dict=True)
        predicted = cpu_model.predict(x, verbose=0)
    found, work = work_of(lambda: model.evaluate(x, y, verbose=0, return_dict=True))
    assert_close(found, expected)
    assert work.compiled <= 2
    assert work.reads == 1
    values, work = work_of(lambda: model.predict(x, verbose=0))
    for value, wanted in zip(tf.nest.flatten(values), tf.nest.flatten(predicted)):
        np.testing.assert_allclose(value, wanted, atol=1e-4)
    assert work.compiled <= 2
    assert work_of(lambda: model.predict(x, verbose=0))[1].compiled == 0


def test_dropout_without_a_seed_draws_anew_each_step_in_one_program():
    model = keras.Sequential([keras.Input((200,)), layers.Dropout(0.5)])
    model.compile("sgd", lambda y, p: tf.reduce_mean(p, axis=-1))
    x = np.ones((64, 200), "float32")
    keras.utils.set_random_seed(1)
    first = model(x, training=True).numpy()
    assert 0.4 < (first == 0).mean() < 0.6
    assert (model(x, training=True).numpy() != first).any()
    keras.utils.set_random_seed(1)
    assert (model(x, training=True).numpy() == first).all()


OPTIMIZERS = "SGD Adam AdamW RMSprop Adagrad Adadelta Adamax Nadam Ftrl Lion Adafactor Lamb".split()


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_each_optimizer_updates_as_on_the_cpu_with_programs_that_do_not_grow(optimizer):
    def run(device):
        with tf.device(device):
            keras.utils.set_random_seed(3)
            model = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="tanh"), layers.Dense(1)])
            rule = getattr(keras.optimizers, optimizer)(learning_rate=0.01, clipnorm=1.0)
            model.compile(rule, "mse")
            x = numbers(32, 4)
            fit = lambda n: model.fit(x, x[:, :1], epochs=n, verbose=0).history  # noqa: E731
            first = fit(4)
            return first, *work_of(lambda: fit(6))

    expected, later, _ = run("/CPU:0")
    found, afterwards, work = run("/TPU:0")
    assert_close(found, expected)
    assert_close(afterwards, later)
    assert work.compiled == 0


def test_callbacks_may_change_the_learning_rate_without_new_programs():
    model, x, y, _ = trained(mlp, "/TPU:0")
    schedule = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.9)
    work = work_of(lambda: model.fit(x, y, epochs=5, verbose=0, callbacks=[schedule]))[1]
    assert work.compiled == 0
    assert float(model.optimizer.learning_rate) == pytest.approx(0.001 * 0.9**5)


def test_early_stopping_restores_the_best_weights():
    def run(device):
        with tf.device(device):
            keras.utils.set_random_seed(7)
            model, x, y = mlp()
            stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=1, restore_best_weights=True, mode="max")
            history = model.fit(x, y, epochs=6, validation_split=0.25, shuffle=False, verbose=0, callbacks=[stop])
            return history.history, model.get_weights()

    (expected, weights), (found, own) = run("/CPU:0"), run("/TPU:0")
    assert_close(found, expected)
    for a, b in zip(own, weights):
        np.testing.assert_allclose(a, b, atol=1e-4)


@pytest.mark.parametrize("kind", ["dataset", "generator", "sequence"])
def test_sources_of_batches_train_as_on_the_cpu(kind):
    x = numbers(64, 4)
    y = x.sum(1)

    class Items(keras.utils.PyDataset):
        def __len__(self):
            return 4

        def __getitem__(self, i):
            return x[16 * i : 16 * i + 16], y[16 * i : 16 * i + 16]

    def source():
        if kind == "dataset":
            return tf.data.Dataset.from_tensor_slices((x, y)).batch(16)
        return (
            Items()
            if kind == "sequence"
            else ((x[i : i + 16], y[i : i + 16]) for _ in range(6) for i in range(0, 64, 16))
        )

    def run(device):
        with tf.device(device):
            keras.utils.set_random_seed(7)
            model = keras.Sequential([keras.Input((4,)), layers.Dense(4, activation="relu"), layers.Dense(1)])
            model.compile("adam", "mse", metrics=["mae"])
            return model.fit(source(), epochs=6, steps_per_epoch=4, shuffle=False, verbose=0).history

    expected = run("/CPU:0")
    found, work = work_of(lambda: run("/TPU:0"))
    assert_close(found, expected)
    assert work.compiled <= 4


def test_train_on_batch_compiles_once():
    def run(device):
        with tf.device(device):
            keras.utils.set_random_seed(7)
            model, x, y = mlp()
            first = [model.train_on_batch(x, y) for _ in range(2)]
            later, work = work_of(lambda: [model.train_on_batch(x, y) for _ in range(5)])
            return np.array(first + later), work

    (expected, _), (found, work) = run("/CPU:0"), run("/TPU:0")
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert work.compiled == 0


def test_a_model_is_trained_where_it_was_made():
    with tf.device("/CPU:0"):
        model, x, y = mlp()
    model.fit(x, y, epochs=1, verbose=0)
    assert {w.device for w in model.weights} == {"/job:localhost/replica:0/task:0/device:CPU:0"}
    model, x, y = mlp()
    with tf.device("/CPU:0"):
        model.train_on_batch(x, y)
        assert model.predict(x, verbose=0).shape == (100, 1)
    assert {w.device for w in model.weights} == {"/job:localhost/replica:0/task:0/device:TPU:0"}


# loops of one's own ---------------------------------------------------------------------------------------------------


def test_a_loop_with_a_tape_and_an_optimizer_has_a_program_for_each_step():
    def run(device, steps=8):
        with tf.device(device):
            keras.utils.set_random_seed(5)
            model = keras.Sequential([keras.Input((4,)), layers.Dense(8, activation="relu"), layers.Dense(1)])
            optimizer, seen = keras.optimizers.Adam(0.01), keras.metrics.Mean()
            x = tf.constant(numbers(32, 4))

            def step():
                with tf.GradientTape() as tape:
                    loss = tf.reduce_mean(tf.square(model(x, training=True) - x[:, :1]))
                gradients = tape.gradient(loss, model.trainable_variables)
                optimizer.apply_gradients(zip(gradients, model.trainable_variables))
                seen.update_state(loss)
                return loss

            for _ in range(3):
                step()
            losses, work = work_of(lambda: [step() for _ in range(steps)])
            return [float(loss) for loss in losses] + [float(seen.result())], work

    expected, _ = run("/CPU:0")
    found, work = run("/TPU:0")
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert work.compiled == 0
    assert work.reads == 0


def test_a_loop_that_assigns_does_not_grow():
    with tf.device("/TPU:0"):
        v = tf.Variable([1.0, 2.0])

        def step():
            with tf.GradientTape() as tape:
                loss = tf.reduce_sum(v**2)
            v.assign_sub(0.1 * tape.gradient(loss, v))

        step()
        step()
        work = work_of(lambda: [step() for _ in range(20)])[1]
    assert work.compiled == 0
    np.testing.assert_allclose(v.numpy(), np.array([1, 2]) * 0.8**22, rtol=1e-4)


def test_a_train_step_of_ones_own():
    class Own(keras.Model):
        def train_step(self, data):
            x, y = data
            with tf.GradientTape() as tape:
                loss = self.compute_loss(y=y, y_pred=self(x, training=True))
            gradients = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
            return {"loss": loss}

    def run(device):
        with tf.device(device):
            keras.utils.set_random_seed(5)
            inputs = keras.Input((4,))
            model = Own(inputs, layers.Dense(1)(layers.Dense(8, activation="relu")(inputs)))
            model.compile("adam", "mse")
            x = numbers(64, 4)
            return model.fit(x, x[:, :1], epochs=5, shuffle=False, verbose=0).history

    expected = run("/CPU:0")
    found, work = work_of(lambda: run("/TPU:0"))
    assert_close(found, expected)
    assert work.compiled <= 4


def test_layers_of_ones_own_and_subclassed_models():
    class Scale(layers.Layer):
        def build(self, shape):
            self.factor = self.add_weight(name="factor", shape=(shape[-1],), initializer="ones")
            self.calls = self.add_weight(name="calls", shape=(), initializer="zeros", trainable=False)

        def call(self, x):
            self.calls.assign_add(1.0)
            return x * self.factor

    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.scale, self.dense = Scale(), layers.Dense(1)

        def call(self, x, training=False):
            return self.dense(self.scale(x))

    def run(device):
        with tf.device(device):
            keras.utils.set_random_seed(5)
            model = Net()
            model.compile("adam", "mse")
            x = numbers(64, 4)
            return model.fit(x, x[:, :1], epochs=5, shuffle=False, verbose=0).history, float(model.scale.calls)

    expected = run("/CPU:0")
    found, work = work_of(lambda: run("/TPU:0"))
    assert_close(found[0], expected[0])
    assert found[1] == expected[1]
    assert work.compiled <= 4


# files ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["m.keras", "m.h5", "m.weights.h5"])
@pytest.mark.parametrize("make", [mlp, cnn])
def test_models_are_saved_from_the_device_and_loaded_to_it(make, name, tmp_path):
    model, x, y, _ = trained(make, "/TPU:0")
    path = str(tmp_path / name)
    if name.endswith(".weights.h5"):
        model.save_weights(path)
        loaded = make()[0]
        loaded.predict(x[:2], verbose=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # its optimizer is not built yet
            loaded.load_weights(path)
    else:
        model.save(path)
        loaded = keras.models.load_model(path)
    assert {w.device for w in loaded.weights} == {"/job:localhost/replica:0/task:0/device:TPU:0"}
    np.testing.assert_allclose(loaded.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-6)
    if not name.endswith(".weights.h5"):
        with tf.device("/CPU:0"):
            on_host = keras.models.load_model(path)
            np.testing.assert_allclose(on_host.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-4)
        options = {"epochs": 2, "shuffle": False, "verbose": 0}
        if make is not cnn:  # Dropout's generator begins anew in the loaded model
            assert_close(loaded.fit(x, y, **options).history, model.fit(x, y, **options).history)


# tensors --------------------------------------------------------------------------------------------------------------


def test_the_device_is_the_default_and_scopes_choose():
    assert tf.constant(1.0).device == "/job:localhost/replica:0/task:0/device:TPU:0"
    with tf.device("/CPU:0"):
        assert tf.constant(1.0).device == "/job:localhost/replica:0/task:0/device:CPU:0"
        with tf.device("/device:TPU:0"):
            assert tf.Variable([1.0]).device.endswith("TPU:0")
    assert [d.name for d in tf.config.list_physical_devices("TPU")] == ["/physical_device:TPU:0"]
    assert tf.config.list_physical_devices("GPU") == []


def test_printing():
    t = tf.constant([[1, 2, 3], [4, 5, 6]])
    assert (
        repr(t) == "<tf.Tensor: shape=(2, 3), dtype=int32, numpy=\narray([[1, 2, 3],\n       [4, 5, 6]], dtype=int32)>"
    )
    assert str(t) == "tf.Tensor(\n[[1 2 3]\n [4 5 6]], shape=(2, 3), dtype=int32)"
    assert repr(tf.Variable([1.5])) == (
        "<tf.Variable 'Variable:0' shape=(1,) dtype=float32, numpy=array([1.5], dtype=float32)>"
    )
    assert str(tf.constant("text")) == "tf.Tensor(b'text', shape=(), dtype=string)"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (lambda: tf.constant([1.0, 2.0]) + 1, [2, 3]),
        (lambda: tf.reduce_sum(tf.constant([[1.0, 2.0]]), axis=1), [3]),
        (lambda: tf.matmul([[1.0, 2.0]], [[3.0], [4.0]]), [[11]]),
        (lambda: tf.constant([1, 2, 3])[::-1][tf.newaxis], [[3, 2, 1]]),
        (lambda: tf.boolean_mask([1.0, 2.0, 3.0], [True, False, True]), [1, 3]),
        (lambda: tf.where(tf.constant([1.0, -1.0]) > 0, 1.0, 0.0), [1, 0]),
        (lambda: tf.gather([1.0, 2.0, 3.0], [2, 0]), [3, 1]),
        (lambda: tf.one_hot([1, 0], 2), [[0, 1], [1, 0]]),
        (lambda: tf.cast([1.7, -1.7], tf.int32), [1, -1]),
        (lambda: tf.linalg.inv([[2.0, 0.0], [0.0, 4.0]]), [[0.5, 0], [0, 0.25]]),
        (lambda: tf.sort([3.0, 1.0, 2.0]), [1, 2, 3]),
        (lambda: tf.math.top_k([3.0, 1.0, 2.0], 2).indices, [0, 2]),
        (lambda: tf.range(5) % 2, [0, 1, 0, 1, 0]),
        (lambda: keras.ops.mean(np.ones((2, 3)), axis=0), [1, 1, 1]),
    ],
)  # fmt: skip
def test_operations_give_the_numbers_of_the_cpu(expression, expected):
    value = expression()
    assert value.device.endswith("TPU:0")
    np.testing.assert_allclose(value.numpy(), expected, atol=1e-6)


def test_random_numbers_are_those_of_the_cpu():
    def run(device):
        with tf.device(device):
            tf.random.set_seed(3)
            return tf.random.normal((4,)).numpy(), tf.random.stateless_uniform((4,), (1, 2)).numpy()

    for found, expected in zip(run("/TPU:0"), run("/CPU:0")):
        np.testing.assert_array_equal(found, expected)


def test_gradients():
    x = tf.Variable(3.0)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            y = x**3
        slope = inner.gradient(y, x)
    assert slope.numpy() == pytest.approx(27)
    assert outer.gradient(slope, x).numpy() == pytest.approx(18)
    x.assign_add(1.0)
    assert x.numpy() == pytest.approx(4)


def test_what_was_read_before_an_assignment_does_not_change():
    v = tf.Variable([1.0, 2.0])
    before = v.value()
    v.assign([5.0, 6.0])
    np.testing.assert_array_equal(before.numpy(), [1, 2])
    mean = keras.metrics.Mean()
    mean.update_state([4.0])
    held = mean.total.value
    mean.reset_state()
    assert float(held) == 4.0
    assert float(mean.total) == 0.0


# whole programs -------------------------------------------------------------------------------------------------------

EXAMPLES = {
    "iris_classifier.py": "accuracy",
    "breast_cancer_classifier.py": "AUC",
    "digits_cnn.py": "accuracy",
    "diabetes_functional.py": "features: (89, 32)",
    "char_lstm.py": "goes on",
    "gradient_tape_loop.py": "accuracy",
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_run(name, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "kerasish", str(ROOT / "examples" / name)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr[-2000:]
    print(done.stdout)
    assert EXAMPLES[name].lower() in done.stdout.lower()
