"""Nothing is kept from call to call, without the garbage collector's help; and a step needs no more memory than torch's."""

import collections
import gc
import threading
import warnings
import weakref

import numpy as np
import pytest
import torch
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode

from kerasish import Input, Model, Sequential, callbacks, layers, losses, optimizers, tf

X = np.random.RandomState(0).rand(8, 4).astype("float32")
Y = (X[:, :1] > 0.5).astype("float32")


def net(**options):
    model = Sequential(
        [
            Input((4,)),
            layers.Dense(6, activation="relu", activity_regularizer="l2"),
            layers.BatchNormalization(),
            layers.Dropout(0.2),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"], **options)
    return model


class Own(Model):
    """A user's model with a step of its own."""

    def __init__(self):
        super().__init__()
        self.blocks = [layers.Dense(4), layers.Dense(1)]

    def call(self, x):
        for block in self.blocks:
            x = block(x)
        self.add_loss(tf.reduce_mean(x**2))
        return x

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.compute_loss(x=x, y=y, y_pred=self(x, training=True))
        variables = self.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return {"loss": loss}


def own():
    model = Own()
    model.compile("sgd", "mse")
    return model


def recurrent():
    model = Sequential([layers.Embedding(5, 3, mask_zero=True), layers.LSTM(3, dropout=0.1), layers.Dense(1)])
    model.compile("rmsprop", "mse")
    return model


IDS = (X * 4).astype("int32")
PIPELINE = tf.data.Dataset.from_tensor_slices((X, Y)).shuffle(8).batch(4).map(lambda x, y: (x * 2, y)).prefetch(1)

MAPPED = tf.data.Dataset.from_tensor_slices((X, Y)).repeat(8).map(lambda x, y: (x * 2 + tf.reduce_sum(x), y)).batch(16)


def custom_loop(persistent):
    model, optimizer, loss = net(), optimizers.Adam(), losses.BinaryCrossentropy()

    def step():
        with tf.GradientTape(persistent=persistent) as tape:
            value = loss(Y, model(X, training=True))
        for _ in range(2 if persistent else 1):
            grads = tape.gradient(value, model.trainable_variables)
        optimizer.apply_gradients(zip(grads, model.trainable_variables, strict=True))

    return step


def drain(dataset):
    for _ in dataset:
        pass


def calls_of(make, call):
    model = make()
    return lambda: call(model)


# What is repeated → how to make it, and how often.
LOOPS = {
    "predict": (lambda: calls_of(net, lambda m: m.predict(X, verbose=0)), 400),
    "predict in batches": (lambda: calls_of(net, lambda m: m.predict(X, batch_size=3, verbose=0)), 300),
    "call": (lambda: calls_of(net, lambda m: m(X)), 400),
    "train_on_batch": (lambda: calls_of(net, lambda m: m.train_on_batch(X, Y)), 400),
    "test_on_batch": (lambda: calls_of(net, lambda m: m.test_on_batch(X, Y)), 500),
    "evaluate": (lambda: calls_of(net, lambda m: m.evaluate(X, Y, verbose=0)), 500),
    "fit": (lambda: calls_of(net, lambda m: m.fit(X, Y, verbose=0)), 400),
    "fit with validation": (lambda: calls_of(net, lambda m: m.fit(X, Y, validation_split=0.3, verbose=0)), 200),
    "fit of a pipeline": (lambda: calls_of(net, lambda m: m.fit(PIPELINE, verbose=0)), 100),
    "fit of a user's step": (lambda: calls_of(own, lambda m: m.fit(X, Y, verbose=0)), 200),
    "fit of a masked LSTM": (lambda: calls_of(recurrent, lambda m: m.fit(IDS, Y, verbose=0)), 200),
    "epochs of a pipeline": (lambda: lambda: drain(PIPELINE), 100),
    "epochs of a pipeline that maps rows": (lambda: lambda: drain(MAPPED), 100),
    "a tape": (lambda: custom_loop(False), 300),
    "a persistent tape": (lambda: custom_loop(True), 300),
}


def census():
    """How many objects of each type are alive; threads that are about to end have ended."""
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and thread.daemon:
            thread.join(0.2)
    return collections.Counter(type(x) for x in gc.get_objects())


def growth(action, count):
    """Objects by type that came to stay between the first half of the calls and the second, without the collector."""
    for _ in range(10):
        action()
    gc.collect()
    gc.disable()
    try:
        for _ in range(count // 2):
            action()
        before = census()
        for _ in range(count // 2):
            action()
        after = census()
    finally:
        gc.enable()
    return {kind.__name__: n - before[kind] for kind, n in after.items() if n - before[kind] > max(count // 8, 8)}


def test_the_census_sees_a_cycle():
    class Ring:
        def __init__(self):
            self.me = self

    assert growth(lambda: Ring(), 100)["Ring"] == 50


@pytest.mark.parametrize("name", LOOPS)
def test_nothing_is_kept(name):
    make, count = LOOPS[name]
    assert growth(make(), count) == {}


def test_nothing_is_kept_over_many_steps():
    model = net()
    counts = []

    class Count(callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch in (200, 999):
                counts.append(census())

    gc.collect()
    gc.disable()
    try:
        model.fit(np.tile(X, (1000, 1)), np.tile(Y, (1000, 1)), batch_size=8, verbose=0, callbacks=[Count()])
    finally:
        gc.enable()
    assert {k.__name__: n - counts[0][k] for k, n in counts[1].items() if n - counts[0][k] > 40} == {}


def test_deleted_models_are_collected():
    def make():
        model = net()
        model.fit(X, Y, verbose=0)
        model.predict(X, verbose=0)
        model(X)
        return weakref.ref(model)

    for _ in range(3):  # caches of torch's and ours that later models share
        make()
    gc.collect()
    before = len(gc.get_objects())
    models = [make() for _ in range(5)]
    gc.collect()
    assert all(ref() is None for ref in models)
    assert len(gc.get_objects()) - before < 150  # one model has thousands


def test_histories_and_logs_hold_numbers():
    seen = []
    model = net()
    history = model.fit(
        X,
        Y,
        epochs=2,
        verbose=0,
        validation_data=(X, Y),
        callbacks=[callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(logs))],
    )
    assert {type(v) for values in history.history.values() for v in values} == {float}
    assert {type(v) for logs in seen for v in dict(logs).values()} <= {float}


# the peak of a step


class Peak(TorchDispatchMode):
    """Follows the bytes of the storages that operations made and that are still alive."""

    def __init__(self):
        super().__init__()
        self.live, self.peak = {}, 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        for t in out if isinstance(out, (tuple, list)) else [out]:
            if isinstance(t, torch.Tensor):
                storage = t.untyped_storage()
                self.live[storage._cdata] = (StorageWeakRef(storage), storage.nbytes())
        self.live = {key: entry for key, entry in self.live.items() if not entry[0].expired()}
        self.peak = max(self.peak, sum(size for _, size in self.live.values()))
        return out


WIDTH, DEPTH, ROWS = 128, 8, 4096  # 2 MB an activation
BIG_X = np.random.RandomState(1).rand(ROWS, WIDTH).astype("float32")
BIG_Y = np.random.RandomState(2).randint(0, 10, ROWS)


def torch_layers():
    hidden = [part for _ in range(DEPTH) for part in (torch.nn.Linear(WIDTH, WIDTH), torch.nn.ReLU())]
    return torch.nn.Sequential(*hidden[:4], torch.nn.BatchNorm1d(WIDTH), torch.nn.Dropout(0.1), *hidden[4:],
                               torch.nn.Linear(WIDTH, 10))  # fmt: skip


def our_layers():
    hidden = [layers.Dense(WIDTH, activation="relu") for _ in range(DEPTH)]
    return Sequential(
        [Input((WIDTH,)), *hidden[:2], layers.BatchNormalization(), layers.Dropout(0.1), *hidden[2:], layers.Dense(10)]
    )


def peak_of(step):
    step()
    gc.collect()
    with Peak() as peak:
        step()
    return peak.peak


def test_peak_of_a_training_step_is_torchs():
    bare = torch_layers()
    adam = torch.optim.Adam(bare.parameters())
    x, y = torch.from_numpy(BIG_X), torch.from_numpy(BIG_Y)

    def bare_step():
        adam.zero_grad()
        torch.nn.functional.cross_entropy(bare(x), y).backward()
        adam.step()

    model = our_layers()
    model.compile("adam", losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    step = model._k_runner("train")
    assert peak_of(lambda: step((x, y, None))) <= 1.05 * peak_of(bare_step)


def test_peak_of_inference_is_torchs():
    bare, x = torch_layers().eval(), torch.from_numpy(BIG_X)
    model = our_layers()

    def bare_step():
        with torch.no_grad():
            return bare(x)

    step = model._k_runner("predict")
    assert peak_of(lambda: step((x, None, None))) <= 1.05 * peak_of(bare_step)


warnings.filterwarnings("ignore", message=".*reduce_op.*")  # torch's own, met while objects are counted
