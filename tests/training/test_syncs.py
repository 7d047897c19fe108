"""Training reads nothing back from the device between two drawings of the progress line."""

import time

import numpy as np
import pytest
import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from kerasish import Input, Model, Sequential, callbacks, layers, losses, metrics, optimizers
from kerasish.training import progress

READS = "item tolist numpy __bool__ __float__ __int__ __index__ __complex__ __array__ cpu __repr__ __format__".split()
BY_VALUE = "_local_scalar_dense equal nonzero masked_select _unique2 unique_dim unique_consecutive".split()


class _Methods(TorchFunctionMode):
    """Counts the methods of tensors that bring values to the host."""

    def __init__(self, note):
        super().__init__()
        self.note = note
        self.methods = {getattr(torch.Tensor, name) for name in READS}

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if func in self.methods:
            self.note(func.__name__, args[0])
        return func(*args, **(kwargs or {}))


class _Kernels(TorchDispatchMode):
    """Counts the kernels that wait for values: scalars, comparisons, results whose shape depends on values."""

    def __init__(self, note):
        super().__init__()
        self.note = note

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.overloadpacket.__name__
        masked = name in ("index", "index_put", "index_put_", "_index_put_impl_") and any(
            x is not None and x.dtype in (torch.bool, torch.uint8) for x in args[1]
        )
        repeats = name == "repeat_interleave" and "output_size" not in (kwargs or {})
        if name in BY_VALUE or masked or repeats:
            self.note(f"aten.{name}", args[0])
        return func(*args, **(kwargs or {}))


class HostReads(callbacks.Callback):
    """Counts host reads from the end of one training step to the end of a later one, what lies between them included."""

    def __init__(self, first=1, last=4):
        super().__init__()
        self.found, self.first, self.last, self.counted = [], first, last, 0
        self.modes = ()

    def on_train_batch_end(self, batch, logs=None):
        if batch == self.first:
            self.modes = (_Methods(self.note), _Kernels(self.note))
            for mode in self.modes:
                mode.__enter__()
        elif batch == self.last:
            for mode in reversed(self.modes):
                mode.__exit__(None, None, None)
            self.counted = self.last - self.first

    def note(self, name, tensor):
        """A read counts but for the optimizer's counters, which are kept in the host's memory."""
        if not any(tensor.data_ptr() == v.stored.data_ptr() for v in host_variables(self.model.optimizer)):
            self.found.append(name)


def host_variables(optimizer):
    """What optimizers make by ``_host_variable``: counts of steps, the learning rate, the product of Nadam's momenta."""
    parts = getattr(optimizer, "_optimizers", [optimizer])
    names = ("_iterations", "_learning_rate", "_u_product")
    found = [getattr(part, name, None) for part in parts for name in names]
    return [v for v in found if hasattr(v, "stored") and v.stored.device.type == "cpu"]


RANDOM = np.random.RandomState(0)
X = RANDOM.rand(24, 3).astype("float32")
PROBABILITIES = RANDOM.dirichlet(np.ones(3), 24).astype("float32")
ONE_HOT = np.eye(3, dtype="float32")[RANDOM.randint(0, 3, 24)]
CLASSES = RANDOM.randint(0, 3, 24)


def count(model, y, x=X, **options):
    reads = HostReads()
    model.fit(x, y, batch_size=4, epochs=1, verbose=0, callbacks=[reads], **options)
    assert reads.counted == 3
    return reads.found


def classifier(units=3, activation="softmax"):
    return Sequential([Input((3,)), layers.Dense(4, activation="relu"), layers.Dense(units, activation=activation)])


def test_the_count_sees_what_it_is_for():
    class Reading(callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            self.seen = (float(torch.ones(())), torch.ones(2).numpy(), torch.ones(2)[torch.ones(2) > 0])

    model = classifier()
    model.compile("sgd", "mse")
    reads = HostReads()
    model.fit(X, ONE_HOT, batch_size=4, verbose=0, callbacks=[reads, Reading()])
    assert {"__float__", "numpy", "aten.index"} <= set(reads.found)
    assert len(reads.found) >= 3 * 3


LOSSES = sorted(
    name for name in losses.__all__ if isinstance(cls := getattr(losses, name), type) and issubclass(cls, losses.Loss)
)


@pytest.mark.parametrize("name", [name for name in LOSSES if name not in ("Loss", "LossFunctionWrapper", "CTC")])
def test_no_reads_with_loss(name):
    model = classifier()
    model.compile("sgd", getattr(losses, name)())
    y = (
        CLASSES
        if name in ("SparseCategoricalCrossentropy", "CategoricalGeneralizedCrossEntropy", "Circle")
        else ONE_HOT
    )
    assert count(model, y, sample_weight=np.ones(24, "float32")) == []


MEASURES = {"MeanIoU": (3,), "IoU": (2, [0]), "BinaryIoU": (), "OneHotIoU": (3, [0]), "OneHotMeanIoU": (3,)}
MEASURES |= {"SensitivityAtSpecificity": (0.5,), "SpecificityAtSensitivity": (0.5,), "PrecisionAtRecall": (0.5,)}
MEASURES |= {"RecallAtPrecision": (0.5,), "MeanRelativeError": ([1.0, 2.0, 3.0],)}
CUSTOM = ("Metric", "MeanMetricWrapper", "Mean", "Sum", "ConcordanceCorrelation")
METRICS = sorted(
    name
    for name in metrics.__all__
    if isinstance(cls := getattr(metrics, name), type) and issubclass(cls, metrics.Metric)
)


@pytest.mark.parametrize("name", [name for name in METRICS if name not in CUSTOM])
def test_no_reads_with_metric(name):
    model = classifier()
    model.compile("sgd", "mse", metrics=[getattr(metrics, name)(*MEASURES.get(name, ()))])
    y = CLASSES.reshape(-1, 1) if "Sparse" in name else ONE_HOT
    if name in ("MeanIoU", "IoU", "BinaryIoU"):
        model = classifier(1, "sigmoid")
        model.compile("sgd", "mse", metrics=[getattr(metrics, name)(*MEASURES[name])])
        y = ONE_HOT[:, :1]
    elif "Sparse" in name:
        model.compile("sgd", "sparse_categorical_crossentropy", metrics=[getattr(metrics, name)()])
    assert count(model, y) == []


RULES = sorted(
    name
    for name in optimizers.__all__
    if isinstance(cls := getattr(optimizers, name), type)
    and issubclass(cls, optimizers.Optimizer)
    and name not in ("Optimizer", "LossScaleOptimizer", "MultiOptimizer")
)


@pytest.mark.parametrize("name", RULES)
def test_no_reads_with_optimizer(name):
    model = classifier()
    model.compile(getattr(optimizers, name)(), "mse")
    assert count(model, ONE_HOT) == []


@pytest.mark.parametrize(
    "options",
    [
        {"clipnorm": 1.0},
        {"global_clipnorm": 1.0},
        {"clipvalue": 0.5},
        {"use_ema": True, "ema_overwrite_frequency": 2},
        {"weight_decay": 0.1},
        {"gradient_accumulation_steps": 2},
        {"learning_rate": optimizers.schedules.ExponentialDecay(0.1, 2, 0.9)},
        {"learning_rate": optimizers.schedules.CosineDecay(0.1, 10, warmup_steps=2, warmup_target=0.2)},
    ],
    ids=lambda options: next(iter(options)) + str(next(iter(options.values())))[:12],
)
def test_no_reads_with_optimizer_options(options):
    model = classifier()
    model.compile(optimizers.Adam(**options), "mse")
    assert count(model, ONE_HOT) == []


def convolutional():
    return Sequential(
        [
            Input((3,)), layers.Reshape((3, 1, 1)), layers.Conv2D(2, (2, 1)), layers.BatchNormalization(),
            layers.MaxPooling2D((2, 1), padding="same"), layers.SpatialDropout2D(0.2), layers.Flatten(),
            layers.GaussianNoise(0.1, seed=1), layers.Dense(3, kernel_regularizer="l2", kernel_constraint="max_norm"),
        ]
    )  # fmt: skip


def recurrent():
    ids = Input((3,), dtype="int32")
    x = layers.Embedding(4, 3, mask_zero=True)(ids)
    x = layers.Bidirectional(layers.LSTM(2, return_sequences=True, dropout=0.2))(x)
    return Model(ids, layers.Dense(3, activity_regularizer="l1")(layers.GRU(2)(x)))


@pytest.mark.parametrize("make", [convolutional, recurrent])
def test_no_reads_in_layers(make):
    model = make()
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"], weighted_metrics=["mse"])
    x = RANDOM.randint(0, 4, (24, 3)) if make is recurrent else X
    weights = {0: 1.0, 1: 2.0, 2: 0.5}
    assert count(model, ONE_HOT, x=x, class_weight=weights) == []


# the progress line


class Clock:
    """A clock that only goes on when it is told to."""

    def __init__(self):
        self.now = 1000.0

    def time(self):
        return self.now


@pytest.mark.parametrize(("notebook", "per_second"), [(False, 5), (True, 1)])
def test_progress_line_is_drawn_at_most_so_often(notebook, per_second, monkeypatch):
    clock = Clock()
    monkeypatch.setattr(progress.time, "time", clock.time)
    monkeypatch.setattr(progress, "_in_notebook", lambda: notebook)
    monkeypatch.setattr(progress.sys.stdout, "isatty", lambda: True, raising=False)
    lines, reads = [], []
    monkeypatch.setattr(progress.Progbar, "_write", lambda self, text, current: lines.append((clock.now, current)))
    bar = progress.Progbar(1000, stateful_metrics=["loss"], interval=progress.redraw_interval())
    for step in range(1, 1001):
        clock.now += 0.01
        bar.draw(step, lambda: reads.append(clock.now) or {"loss": 0.5}, step == 1000)
    times = [now for now, _ in lines[:-1]]
    assert len(times) >= 8 * per_second  # ten seconds
    assert min(b - a for a, b in zip(times, times[1:], strict=False)) >= 1 / per_second - 1e-6
    assert lines[-1][1] == 1000
    assert len(reads) == len(lines)  # values are read for a drawing only


def test_fit_reads_the_metrics_once_for_each_drawing(monkeypatch):
    model = classifier()
    model.compile("sgd", "mse")
    drawn, read = [], []
    results = type(model).get_metrics_result_raw
    monkeypatch.setattr(type(model), "get_metrics_result_raw", lambda self: read.append(1) or results(self))
    monkeypatch.setattr(progress, "_in_notebook", lambda: True)
    monkeypatch.setattr(progress.Progbar, "_write", lambda self, text, current: drawn.append(current))
    start = time.time()
    model.fit(X, ONE_HOT, batch_size=1, verbose=1)
    assert len(drawn) <= 3 + (time.time() - start)
    assert len(read) <= len(drawn) + 1  # and once for the history
