"""A step as one graph: what it computes is what the eager step computes, for every optimizer, loss and family of layers.

The graphs are run here by torch's interpreter. That the compiler keeps their meaning is tested in ``test_capture.py``; with
``KERASISH_COMPILED=1`` all of these cases are compiled (``compat/captured/run``), which takes about 15 seconds for each.
"""

import os
import warnings

import numpy as np
import pytest
import torch

import kerasish as keras
from kerasish.training import capture, compile_job
from kerasish.training import graph as graphs

L = keras.layers
STEPS = 50


class Interpreted:
    """A job, done, whose library is the graph itself."""

    swap_at = 0

    def __init__(self, step, batch, phase, *options, **more):
        compile_job.check_capturable(step)
        count = len(step.compiled.optimizer.step_values(phase))
        self.graph = graphs.trace(step, batch, phase, count)
        self.used, self.key = self.graph.used, str(id(self))

    def wait(self):
        return self

    def load(self):
        return lambda inputs: list(self.graph.module(*inputs))


@pytest.fixture(autouse=True)
def interpreted(monkeypatch):
    if not os.environ.get("KERASISH_COMPILED"):
        monkeypatch.setattr(capture, "start", Interpreted)


def train(make, x, y, jit_compile, sample_weight=None, steps=STEPS, **options):
    """Weights, optimizer state and history of a model after some steps."""
    keras.utils.set_random_seed(5)
    model = make()
    model.compile(**{**compile_options(**options), "jit_compile": jit_compile})
    keras.utils.set_random_seed(6)
    epochs = -(-steps * 8 // len(x if isinstance(x, np.ndarray) else x[0]))
    history = model.fit(x, y, sample_weight=sample_weight, batch_size=8, epochs=epochs, verbose=0, shuffle=False)
    return model, [v.numpy() for v in [*model.variables, *model.optimizer.variables]], history.history


def compile_options(optimizer="adam", loss="mse", **more):
    made = {"optimizer": optimizer, "loss": loss, **more}
    fresh = {name: made[name]() for name in ("optimizer", "metrics") if callable(made.get(name))}
    return {**made, **fresh}


def assert_same(make, x, y, rtol=1e-5, atol=1e-6, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        eager, expected, history = train(make, x, y, False, **options)
        model, found, captured_history = train(make, x, y, True, **options)
    assert not eager._k_tiers().captured
    assert model._k_tiers().captured
    for variable, e, f in zip([*model.variables, *model.optimizer.variables], expected, found, strict=True):
        np.testing.assert_allclose(f, e, rtol, atol, err_msg=variable.path)
    assert history.keys() == captured_history.keys()
    for name, values in history.items():
        np.testing.assert_allclose(captured_history[name], values, 1e-4, 1e-5, err_msg=name)
    return model


rng = np.random.default_rng(3)
X, Y = rng.normal(size=(40, 5)).astype("f"), rng.normal(size=(40, 2)).astype("f")
CLASSES = rng.integers(0, 3, 40)


def mlp():
    return keras.Sequential([keras.Input((5,)), L.Dense(6, "tanh"), L.Dense(2)])


# optimizers -----------------------------------------------------------------------------------------------------------

O = keras.optimizers  # noqa: E741
OPTIMIZERS = {
    "sgd": lambda: O.SGD(0.05),
    "momentum": lambda: O.SGD(0.05, momentum=0.9),
    "nesterov": lambda: O.SGD(0.05, momentum=0.9, nesterov=True),
    "rmsprop": lambda: O.RMSprop(0.01),
    "rmsprop centered": lambda: O.RMSprop(0.01, momentum=0.5, centered=True),
    "adam": lambda: O.Adam(0.01),
    "amsgrad": lambda: O.Adam(0.01, amsgrad=True),
    "adamw": lambda: O.AdamW(0.01, weight_decay=0.01),
    "adamax": lambda: O.Adamax(0.01),
    "nadam": lambda: O.Nadam(0.01),
    "adagrad": lambda: O.Adagrad(0.05),
    "adadelta": lambda: O.Adadelta(0.5),
    "ftrl": lambda: O.Ftrl(0.05, l1_regularization_strength=0.01, l2_regularization_strength=0.01),
    "lion": lambda: O.Lion(0.01),
    "lamb": lambda: O.Lamb(0.01),
    "adafactor": lambda: O.Adafactor(0.05),
    "muon": lambda: O.Muon(0.01),
    "schedule free": lambda: O.ScheduleFreeAdamW(0.01, warmup_steps=10),
    "clipnorm": lambda: O.Adam(0.01, clipnorm=0.1),
    "global clipnorm": lambda: O.Adam(0.01, global_clipnorm=0.1),
    "clipvalue": lambda: O.SGD(0.05, clipvalue=0.01),
    "decay": lambda: O.SGD(0.05, weight_decay=0.1),
    "averages": lambda: O.Adam(0.01, use_ema=True, ema_momentum=0.9),
    "overwriting averages": lambda: O.Adam(0.01, use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=7),
    "accumulation": lambda: O.Adam(0.01, gradient_accumulation_steps=4),
    "all at once": lambda: O.AdamW(
        0.01, clipnorm=0.2, use_ema=True, gradient_accumulation_steps=3, loss_scale_factor=8.0
    ),
    "schedule": lambda: O.Adam(O.schedules.CosineDecay(0.05, 30, warmup_steps=5, warmup_target=0.1)),
    "several": lambda: O.MultiOptimizer(O.OptimizerMap(O.Adam(0.01), {".*bias": O.SGD(0.1)})),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer(name):
    assert_same(mlp, X, Y, optimizer=OPTIMIZERS[name])


# losses ---------------------------------------------------------------------------------------------------------------

REGRESSION = {
    name: getattr(keras.losses, name)()
    for name in (
        "MeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanSquaredLogarithmicError",
        "CosineSimilarity", "Huber", "LogCosh", "Hinge", "SquaredHinge", "CategoricalHinge", "Poisson", "KLDivergence",
    )
}  # fmt: skip


@pytest.mark.parametrize("weights", [None, rng.random(40).astype("f")])
def test_losses_of_numbers(weights):
    def make():
        inputs = keras.Input((5,))
        hidden = L.Dense(6, "tanh")(inputs)
        return keras.Model(inputs, [L.Dense(2, "sigmoid", name=name.lower())(hidden) for name in REGRESSION])

    targets = [rng.random((40, 2)).astype("f") for _ in REGRESSION]
    given = None if weights is None else [weights] * len(targets)
    assert_same(make, X, targets, loss=list(REGRESSION.values()), sample_weight=given, rtol=1e-4, atol=1e-5)


PROBABILITIES = {
    "softmax": (L.Softmax, "sparse_categorical_crossentropy", CLASSES),
    "one-hot": (L.Softmax, "categorical_crossentropy", np.eye(3, dtype="f")[CLASSES]),
    "binary": (lambda: L.Activation("sigmoid"), "binary_crossentropy", np.eye(3, dtype="f")[CLASSES]),
    "from logits": (L.Identity, keras.losses.SparseCategoricalCrossentropy(from_logits=True), CLASSES),
    "smoothed": (L.Softmax, keras.losses.CategoricalCrossentropy(label_smoothing=0.1), np.eye(3, dtype="f")[CLASSES]),
    "focal": (L.Softmax, keras.losses.CategoricalFocalCrossentropy(), np.eye(3, dtype="f")[CLASSES]),
    "binary focal": (lambda: L.Activation("sigmoid"), "binary_focal_crossentropy", np.eye(3, dtype="f")[CLASSES]),
    "dice": (L.Softmax, keras.losses.Dice(), np.eye(3, dtype="f")[CLASSES]),
    "tversky": (L.Softmax, keras.losses.Tversky(), np.eye(3, dtype="f")[CLASSES]),
}


@pytest.mark.parametrize("name", PROBABILITIES)
def test_losses_of_classes(name):
    last, loss, y = PROBABILITIES[name]
    metrics = [] if name in ("dice", "tversky") else ["accuracy"]
    assert_same(lambda: keras.Sequential([keras.Input((5,)), L.Dense(3), last()]), X, y, loss=loss, metrics=metrics)


def test_metrics():
    def make():
        return keras.Sequential([keras.Input((5,)), L.Dense(1, "sigmoid")])

    def metrics():
        m = keras.metrics
        classes = (m.AUC, m.Precision, m.Recall, m.BinaryAccuracy, m.TruePositives)
        return ["mae", m.F1Score(threshold=0.5), *(cls(name=cls.__name__) for cls in classes)]

    y = (CLASSES[:, None] > 1).astype("f")
    options = {"metrics": metrics, "weighted_metrics": ["mse"], "sample_weight": rng.random(40).astype("f")}
    assert_same(make, X, y, loss="binary_crossentropy", **options)


# layers ---------------------------------------------------------------------------------------------------------------

IMAGES, SERIES = rng.normal(size=(16, 12, 12, 3)).astype("f"), rng.normal(size=(16, 7, 4)).astype("f")
WORDS = rng.integers(0, 9, (16, 7))
FAMILIES = {
    "dense": (X, [L.Dense(4, "gelu", kernel_regularizer="l2", bias_constraint="non_neg"), L.LeakyReLU(), L.PReLU()]),
    "penalties": (X, [L.Dense(4, activity_regularizer="l1"), L.ActivityRegularization(0.1), L.ELU(), L.ReLU(6.0)]),
    "dropout": (X, [L.Dense(8), L.Dropout(0.3), L.GaussianNoise(0.1), L.GaussianDropout(0.2), L.AlphaDropout(0.1)]),
    "seeded dropout": (X, [L.Dense(8), L.Dropout(0.3, seed=1), L.GaussianNoise(0.1, seed=2), L.Dropout(0.1)]),
    "batch norm": (
        X,
        [L.Dense(4, use_bias=False), L.BatchNormalization(), L.Dense(4, "selu"), L.BatchNormalization(momentum=0.5)],
    ),
    "norms": (X, [L.Dense(4), L.LayerNormalization(), L.UnitNormalization(), L.Dense(4), L.GroupNormalization(2)]),
    "conv": (IMAGES, [L.Conv2D(4, 3, padding="same"), L.MaxPooling2D(), L.Conv2D(4, 3, strides=2), L.Flatten()]),
    "conv norm": (
        IMAGES,
        [L.Conv2D(4, 3, use_bias=False), L.BatchNormalization(), L.ReLU(), L.GlobalAveragePooling2D()],
    ),
    "conv depthwise": (IMAGES, [L.DepthwiseConv2D(3), L.SeparableConv2D(4, 3), L.AveragePooling2D(), L.Flatten()]),
    "conv transposed": (
        IMAGES,
        [L.Conv2DTranspose(3, 3, 2), L.Cropping2D(1), L.UpSampling2D(), L.GlobalMaxPooling2D()],
    ),
    "conv 1d": (SERIES, [L.Conv1D(4, 3, padding="causal"), L.SpatialDropout1D(0.2), L.ZeroPadding1D(1), L.Flatten()]),
    "embedding": (WORDS, [L.Embedding(9, 4), L.GlobalAveragePooling1D()]),
    "masked embedding": (WORDS, [L.Embedding(9, 4, mask_zero=True), L.GlobalAveragePooling1D()]),
    "lstm": (SERIES, [L.LSTM(4, return_sequences=True), L.LSTM(3)]),
    "gru": (SERIES, [L.GRU(4, return_sequences=True), L.GRU(3, reset_after=False)]),
    "simple rnn": (SERIES, [L.SimpleRNN(4, return_sequences=True), L.SimpleRNN(3, "relu")]),
    "masked lstm": (WORDS, [L.Embedding(9, 4, mask_zero=True), L.LSTM(4)]),
    "bidirectional": (SERIES, [L.Bidirectional(L.LSTM(3, dropout=0.2)), L.RepeatVector(2), L.GRU(2)]),
    "recurrent dropout": (SERIES, [L.LSTM(3, recurrent_dropout=0.2)]),
    "over time": (SERIES, [L.TimeDistributed(L.Dense(3)), L.Permute((2, 1)), L.Reshape((21,))]),
    "nested": (
        X,
        [keras.Sequential([keras.Input((5,)), L.Dense(4, use_bias=False), L.BatchNormalization()]), L.Dense(3)],
    ),
    "frozen": (X, [L.Dense(4, trainable=False), L.Dense(3)]),
    "mixed precision": (X, [L.Dense(8, dtype="mixed_bfloat16"), L.Dense(4, dtype="float32")]),
    "double": (X, [L.Dense(8, dtype="float64"), L.Dense(4, dtype="float64")]),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_layers(name):
    x, layers = FAMILIES[name]
    configs = [(type(layer), layer.get_config()) for layer in layers]

    def make():
        inputs = keras.Input(x.shape[1:], dtype=str(x.dtype))
        fresh = [cls.from_config(config) for cls, config in configs]
        return keras.Sequential([inputs, *fresh, L.Dense(2, name="last")])  # no name is taken

    tolerance = 0.02 if name == "mixed precision" else 1e-4
    assert_same(make, x, Y[: len(x)], rtol=tolerance, atol=tolerance / 10)


def test_models_with_several_inputs_and_outputs():
    def make():
        a, b = keras.Input((5,), name="a"), keras.Input((7, 4), name="b")
        both = L.Concatenate()([L.Dense(4)(a), L.LSTM(3)(b)])
        shared = L.Dense(3)
        total = L.Add()([shared(both), L.Multiply()([shared(both), shared(both)])])
        return keras.Model({"a": a, "b": b}, {"y": L.Dense(2, name="y")(total), "z": L.Dense(1, name="z")(total)})

    x = {"a": X[:16], "b": SERIES}
    keras.utils.set_random_seed(1)
    model, again = make(), make()
    again.set_weights(model.get_weights())
    for m, jit in ((model, False), (again, True)):
        m.compile("adam", {"y": "mse", "z": "mae"}, loss_weights={"y": 1.0, "z": 0.3}, metrics={"z": ["mse"]},
                  jit_compile=jit)  # fmt: skip
        m.fit(x, {"y": Y[:16], "z": Y[:16, :1]}, batch_size=8, epochs=25, shuffle=False, verbose=0)
    assert again._k_tiers().captured
    for a, b in zip(model.get_weights(), again.get_weights()):
        np.testing.assert_allclose(b, a, 1e-4, 1e-5)


@pytest.mark.parametrize("causal", [False, True])
def test_attention(causal):
    def make():
        inputs = keras.Input((7, 4))
        attended = L.MultiHeadAttention(2, 4, dropout=0.1)(inputs, inputs, use_causal_mask=causal)
        x = L.LayerNormalization()(L.Add()([inputs, attended]))
        x = L.EinsumDense("abc,cd->abd", (None, 5), bias_axes="d", activation="relu")(x)
        x = L.GroupQueryAttention(3, 4, 2)(x, x)
        return keras.Model(inputs, L.Dense(2)(L.GlobalAveragePooling1D()(x)))

    assert_same(make, SERIES, Y[:16], optimizer="sgd", rtol=1e-4, atol=1e-5)


def test_class_weights():
    def run(jit):
        keras.utils.set_random_seed(1)
        model = keras.Sequential([keras.Input((5,)), L.Dense(3, "softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", jit_compile=jit)
        model.fit(X, CLASSES, class_weight={0: 1.0, 1: 5.0, 2: 0.1}, batch_size=8, epochs=10, shuffle=False, verbose=0)
        return model.get_weights()

    for a, b in zip(run(False), run(True)):
        np.testing.assert_allclose(b, a, 1e-5, 1e-6)


def test_users_code_is_traced_where_capture_is_asked_for():
    class Scaled(L.Layer):
        def build(self, shape):
            self.scale = self.add_weight(shape=(shape[-1],), initializer="ones", name="scale")

        def call(self, x):
            return keras.ops.tanh(x * self.scale)

    def loss(y_true, y_pred):
        return keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1) * 2.0

    assert_same(lambda: keras.Sequential([keras.Input((5,)), Scaled(), L.Dense(2)]), X, Y, loss=loss, metrics=[loss])


def test_the_iteration_count_and_schedules_go_on():
    model = assert_same(mlp, X, Y, optimizer=lambda: O.SGD(O.schedules.ExponentialDecay(0.1, 10, 0.5)))
    assert int(model.optimizer.iterations) == STEPS
    np.testing.assert_allclose(float(model.optimizer.learning_rate), 0.1 * 0.5 ** (STEPS / 10), rtol=1e-6)


def test_rates_set_by_callbacks_count():
    rates = {True: [], False: []}

    def run(jit):
        keras.utils.set_random_seed(1)
        model = mlp()
        model.compile(O.SGD(0.1), "mse", jit_compile=jit)
        callback = keras.callbacks.LearningRateScheduler(lambda epoch: 0.1 / (1 + epoch))
        model.fit(X, Y, batch_size=8, epochs=5, shuffle=False, verbose=0, callbacks=[callback])
        rates[jit] = [float(model.optimizer.learning_rate)]
        return model.get_weights()

    for a, b in zip(run(False), run(True)):
        np.testing.assert_allclose(b, a, 1e-5, 1e-6)
    assert rates[True] == rates[False]


def test_a_graph_takes_only_the_state_that_the_step_uses():
    model = keras.Sequential([keras.Input((5,)), L.Dense(4, trainable=False), L.Dense(2)])
    model.compile("sgd", "mse", jit_compile=False)
    model.train_on_batch(X[:8], Y[:8])
    step, batch = model._the_step(), (torch.from_numpy(X[:8]), torch.from_numpy(Y[:8]), None)
    phase = model.optimizer._k_phase()
    graph = graphs.trace(step, batch, phase, 1)
    state = graphs.step_state(model)
    assert [state[i].path.rpartition("/")[2] for i in graph.used] == [
        "kernel",
        "bias",
        "kernel",
        "bias",
        "total",
        "count",
    ]
    assert len([n for n in graph.module.graph.nodes if n.op == "placeholder"]) == len(graph.used) + 3


def test_tracing_leaves_the_model_as_it_is():
    model = mlp()
    model.compile("adam", "mse", jit_compile=False)
    model.train_on_batch(X[:8], Y[:8])
    variables = graphs.step_state(model)
    before = [(v.stored, v.stored.detach().clone()) for v in variables]
    random = torch.get_rng_state()
    step, batch = model._the_step(), (torch.from_numpy(X[:8]), torch.from_numpy(Y[:8]), None)
    graphs.trace(step, batch, model.optimizer._k_phase(), 1)
    assert all(v.stored is t and torch.equal(t, copy) for v, (t, copy) in zip(variables, before))
    assert torch.equal(torch.get_rng_state(), random)
    assert int(model.optimizer.iterations) == 1


class ReadsValues(L.Layer):
    def call(self, x):
        return x * 2.0 if float(keras.ops.sum(x)) > 0 else x

    def compute_output_shape(self, input_shape):
        return input_shape


def test_steps_that_read_values_are_not_captured():
    model = keras.Sequential([keras.Input((5,)), ReadsValues(), L.Dense(2)])
    model.compile("sgd", "mse", jit_compile=True)
    with pytest.warns(UserWarning, match="training goes on without a compiled step"):
        model.fit(X, Y, batch_size=8, verbose=0)
    assert not model._k_tiers().captured


def test_variables_of_others_are_no_constants():
    scale = keras.Variable(2.0, name="scale")

    def loss(y_true, y_pred):
        return keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1) * scale

    model = mlp()
    model.compile("sgd", loss, jit_compile=True)
    with pytest.warns(UserWarning, match="uses the variable 'scale', which is none of the model's"):
        model.fit(X, Y, batch_size=8, verbose=0)


def test_graphs_go_through_text():
    layers = [keras.Input((5,)), L.Dense(4), L.Dropout(0.5), L.Dense(2)]
    model = keras.Sequential(layers)
    model.compile("adam", "mse", jit_compile=False, metrics=[keras.metrics.AUC()])
    y = (Y > 0).astype("f")
    model.train_on_batch(X[:8], y[:8])
    batch = (torch.from_numpy(X[:8]), torch.from_numpy(y[:8]), None)
    graph = graphs.trace(model._the_step(), batch, model.optimizer._k_phase(), 1)
    state = graphs.step_state(model)
    results = []
    for text in (False, True):
        inputs = [state[i].stored.detach().clone() for i in graph.used] + [torch.tensor([0.1]), batch[0], batch[1]]
        module = graphs.from_text(*graphs.as_text(graph.module), inputs) if text else graph.module
        torch.manual_seed(1)
        results.append([*module(*inputs), *inputs])
        torch.manual_seed(2)
        assert not torch.equal(module(*inputs)[0], results[-1][0])  # random numbers are drawn each time
    for a, b in zip(*results, strict=True):
        assert torch.equal(a, b)
