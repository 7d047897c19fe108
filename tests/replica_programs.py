"""Training programs that tests run in one process and in several: each returns plain data that must not depend on it."""

import os
import signal

import numpy as np
import torch

import kerasish as keras
from kerasish import tf
from kerasish.core import dispatch, replicas
from kerasish.core.replicas import num_processes, process_id
from kerasish.saving import parts

_rng = np.random.default_rng(0)
X = _rng.normal(size=(101, 6)).astype("float32")
CLASSES = (X.sum(1) > 0).astype("int64")
WEIGHTS = _rng.uniform(0, 2, 101).astype("float32")
WORDS, TAGS = _rng.integers(0, 5, (37, 9)), _rng.integers(0, 3, (37, 9))


def flat(value):
    """The numbers in nested dicts, lists and arrays."""
    if isinstance(value, dict):
        return [x for key in sorted(value) for x in flat(value[key])]
    if isinstance(value, (list, tuple, np.ndarray)):
        return [x for one in value for x in flat(one)]
    return [value]


def _state(model):
    return [v.numpy().tolist() for v in model.weights]


def arrays():
    """Sample weights, penalties, weighted metrics, validation; the last batch has one row."""
    layers = [
        keras.Input((6,)),
        keras.layers.Dense(8, "relu", kernel_regularizer="l2"),
        keras.layers.Dense(2, "softmax"),
    ]
    model = keras.Sequential(layers)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], weighted_metrics=["accuracy"])
    history = model.fit(
        X, CLASSES, batch_size=20, epochs=2, verbose=0, validation_data=(X[:33], CLASSES[:33]), sample_weight=WEIGHTS
    )
    results = model.evaluate(X, CLASSES, verbose=0, batch_size=7, sample_weight=WEIGHTS)
    return [history.history, results, model.predict(X[:13], batch_size=5, verbose=0).tolist(), _state(model)]


def dataset():
    """A shuffled dataset with batches of fewer rows than four processes."""
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    data = tf.data.Dataset.from_tensor_slices((X, CLASSES)).shuffle(50).batch(3)
    history = model.fit(data, epochs=2, verbose=0)
    return [history.history, model.evaluate(data, verbose=0), model.train_on_batch(X, CLASSES), _state(model)]


def masks():
    """Time steps that count in one process and not in another."""
    model = keras.Sequential(
        [
            keras.Input((9,)),
            keras.layers.Embedding(5, 4, mask_zero=True),
            keras.layers.LSTM(5, return_sequences=True),
            keras.layers.Dense(3),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("rmsprop", loss, metrics=["accuracy"])
    history = model.fit(WORDS, TAGS, batch_size=10, epochs=2, verbose=0)
    return [history.history, model.evaluate(WORDS, TAGS, verbose=0), _state(model)]


def outputs():
    """Several outputs, a sum as loss, gradients that are accumulated."""
    inputs = keras.Input((6,))
    a = keras.layers.Dense(3, name="a")(inputs)
    model = keras.Model(inputs, {"a": a, "b": keras.layers.Dense(1, name="b")(a)})
    optimizer = keras.optimizers.SGD(0.01, gradient_accumulation_steps=2, global_clipnorm=1.0)
    loss = {"a": "mse", "b": keras.losses.Huber(reduction="sum")}
    model.compile(optimizer, loss, loss_weights={"a": 0.5, "b": 0.01}, metrics={"b": ["mae"]})
    targets = {"a": X[:, :3], "b": X[:, :1]}
    history = model.fit(X, targets, batch_size=16, epochs=2, verbose=0)
    predicted = model.predict(X[:5], verbose=0)
    return [history.history, model.evaluate(X, targets, verbose=0), predicted["b"].tolist(), _state(model)]


class Own(keras.Model):
    """A model with a ``train_step`` of its own."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(1)
        self.mean = keras.metrics.Mean(name="mean")

    def call(self, x):
        return self.dense(x)

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            predicted = self(x, training=True)
            loss = keras.losses.MeanSquaredError()(y, predicted)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        self.mean.update_state(loss)
        return {"mean": self.mean.result()}


def own_step():
    model = Own()
    model.compile("adam", "mse")
    history = model.fit(X[:100], X[:100, :1], batch_size=20, epochs=2, verbose=0)
    return [history.history, _state(model)]


def batch_norm():
    model = keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.Dense(4),
            keras.layers.BatchNormalization(synchronized=True),
            keras.layers.Dense(1),
        ]
    )
    model.compile("sgd", "mse")
    history = model.fit(X, X[:, :1], batch_size=21, epochs=2, verbose=0)
    return [history.history, model.evaluate(X, X[:, :1], verbose=0), _state(model)]


def sparse_and_ragged():
    """Batches of sparse rows, and of rows of different lengths; the last one has fewer rows than there are processes."""
    dense = X * (X > 0.5)
    model = keras.Sequential([keras.Input((6,), sparse=True), keras.layers.Dense(3), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    found = [model.fit(tf.sparse.from_dense(dense), CLASSES, batch_size=20, shuffle=False, verbose=0).history]
    found += [model.predict(tf.sparse.from_dense(dense[:7]), verbose=0).tolist(), _state(model)]
    rows = tf.RaggedTensor.from_tensor(tf.constant(WORDS), lengths=[i % 9 + 1 for i in range(len(WORDS))])
    words = tf.keras.Input((None,), dtype="int64", ragged=True)
    pooled = keras.layers.GlobalAveragePooling1D()(keras.layers.Embedding(5, 4)(words))
    model = keras.Model(words, keras.layers.Dense(1)(pooled))
    model.compile("adam", "mse")
    found.append(model.fit(rows, TAGS[:, :1].astype("float32"), batch_size=12, shuffle=False, verbose=0).history)
    return [*found, _state(model)]


PROGRAMS = [arrays, dataset, masks, outputs, own_step, batch_norm, sparse_and_ragged]


def run(names):
    found = {}
    for name in names:
        keras.utils.set_random_seed(1)
        found[name] = globals()[name]()
    return found


# what concerns the processes themselves -------------------------------------------------------------------------------


class Draws(Own):
    """Notes what its steps draw from torch's generator."""

    drawn: list

    def train_step(self, data):
        self.drawn.append(float(torch.rand(())))
        return super().train_step(data)


class Stop(keras.callbacks.Callback):
    """One process alone wants to stop after the first epoch."""

    def on_epoch_end(self, epoch, logs=None):
        self.model.stop_training = process_id() == 1


def files_and_numbers(folder):
    """Who writes, what is drawn, who stops; from other weights and orders in each process."""
    rank = process_id()
    keras.utils.set_random_seed(rank)
    model = Draws()
    model.drawn = []
    model.compile("sgd", "mse")
    model(X[:1])
    callbacks = [
        keras.callbacks.CSVLogger(os.path.join(folder, f"log_{rank}.csv")),
        keras.callbacks.ModelCheckpoint(os.path.join(folder, f"best_{rank}.weights.h5"), save_weights_only=True),
        keras.callbacks.BackupAndRestore(os.path.join(folder, f"backup_{rank}"), delete_checkpoint=False),
        Stop(),
    ]
    history = model.fit(X, X[:, :1], epochs=5, verbose=2, callbacks=callbacks)
    model.save_weights(os.path.join(folder, f"saved_{rank}.weights.h5"))
    return {"weights": _state(model), "drawn": [float(x) for x in model.drawn], "epochs": len(history.epoch)}


class Dies(keras.callbacks.Callback):
    """One process is killed in the third epoch of the first run."""

    def __init__(self, folder):
        super().__init__()
        self.mark = os.path.join(folder, "died")

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2 and process_id() == 1 and not os.path.exists(self.mark):
            open(self.mark, "w").close()
            os.kill(os.getpid(), signal.SIGKILL)


def goes_on(folder):
    """A run with random numbers in data and steps that goes on from a backup, if there is one."""
    keras.utils.set_random_seed(3)
    model = keras.Sequential(
        [keras.Input((6,)), keras.layers.Dense(8), keras.layers.Dropout(0.3), keras.layers.Dense(1)]
    )
    model.compile("adam", "mse")
    callbacks = [keras.callbacks.BackupAndRestore(os.path.join(folder, "backup")), Dies(folder)]
    model.fit(X, CLASSES, batch_size=20, epochs=4, verbose=0, callbacks=callbacks)
    return _state(model)


class Batches(keras.metrics.Metric):
    """How many batches there were: the mean of what the processes counted."""

    def __init__(self, name="batches"):
        super().__init__(name=name)
        self.count = self.add_weight(shape=(), initializer="zeros", name="count", aggregation="mean")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.count.assign_add(1.0)

    def result(self):
        return self.count


class Stops(keras.callbacks.Callback):
    """Ends the program after the third batch."""

    def on_train_batch_end(self, batch, logs=None):
        if batch == 2:
            raise KeyboardInterrupt


def within_an_epoch(folder, stops):
    """The history of a run that writes its state at each batch, and may be stopped at the third one."""
    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=[Batches(), "mae"])
    callbacks = [keras.callbacks.BackupAndRestore(folder, save_freq=1), *([Stops()] if stops else [])]
    try:
        return model.fit(X, CLASSES, batch_size=20, epochs=1, verbose=0, callbacks=callbacks).history
    except KeyboardInterrupt:
        return None


def run_with_files(folder):
    return {**run([program.__name__ for program in PROGRAMS]), "files": files_and_numbers(folder)}


EVENTS: list[str] = []


class Watched(keras.layers.Layer):
    """Notes when the gradient of its input is made; has a weight that no loss depends on."""

    def build(self, shape):
        self.unused = self.add_weight(shape=(3,), name="unused")

    def call(self, x):
        if dispatch.raw(x).requires_grad:
            dispatch.raw(x).register_hook(lambda gradient: EVENTS.append("backward"))
        return x * 1.0


def early_sums():
    """The programs with gradients in buckets of few numbers, and in what order exchanges and the backward pass begin."""
    replicas._BUCKET, begin = 64, torch.distributed.all_reduce
    try:
        found = run(["arrays", "masks", "outputs", "sparse_and_ragged"])
        layers = [keras.layers.Dense(4), Watched(), keras.layers.Dense(5), keras.layers.Dense(1)]
        model = keras.Sequential([keras.Input((6,)), *layers])
        model.compile("sgd", "mse")
        model.fit(X[:8], X[:8, :1], batch_size=8, verbose=0)
        torch.distributed.all_reduce = lambda *args, **options: (EVENTS.append("exchange"), begin(*args, **options))[1]
        EVENTS.clear()
        model.train_on_batch(X[:8], X[:8, :1])
        return found, EVENTS
    finally:
        replicas._BUCKET = 32 << 20
        torch.distributed.all_reduce = begin


def captured(jit_compile=True):
    """Training by compiled steps, with a shorter last batch, weights, statistics of all processes and random numbers."""
    keras.utils.set_random_seed(3)
    layers = keras.layers
    parts = [layers.Dense(16, "relu", kernel_regularizer="l2"), layers.BatchNormalization(synchronized=True)]
    model = keras.Sequential([keras.Input((6,)), *parts, layers.Dense(2, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=jit_compile)
    history = model.fit(X, CLASSES, sample_weight=WEIGHTS, batch_size=32, epochs=2, verbose=0).history
    return {"history": history, "state": _state(model)}, model._the_step().tiers.captured


class OwnBatches:
    """A source that gives each process its own rows."""

    is_divided = True

    def __iter__(self):
        mine = slice(process_id(), None, num_processes())
        for start in range(0, 100, 20):
            yield X[start : start + 20][mine], CLASSES[start : start + 20][mine]


class OwnLoader(torch.utils.data.DataLoader):
    """Notes the epochs that its sampler is told of, and what rows it gives."""

    def __iter__(self):
        SEEN.append((self.sampler.epoch, []))
        for x, y in super().__iter__():
            SEEN[-1][1].extend(x[:, 0].tolist())
            yield x, y


SEEN: list[tuple] = []


def sources_in_parts():
    """Weights after sources that come in parts, and what a loader with a ``DistributedSampler`` gave in two epochs."""
    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(4, "tanh"), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    model.fit(OwnBatches(), epochs=2, verbose=0)
    state = _state(model)
    rows = torch.utils.data.TensorDataset(torch.tensor(X[:100]), torch.tensor(CLASSES[:100]))
    sampler = torch.utils.data.DistributedSampler(rows, num_processes(), process_id(), shuffle=True)
    model.fit(OwnLoader(rows, batch_size=10, sampler=sampler), epochs=2, verbose=0)
    return state, SEEN


def shares_values():
    """What the second process has of the first one's values, and how often they were exchanged."""
    mine, kinds = process_id(), (torch.float32, torch.int64, torch.bool, torch.complex64, torch.bfloat16)
    tensors = [torch.full(shape, 1 - mine).to(kind) for kind in kinds for shape in ((), (3, 5), (0,))]
    count, broadcast = [0], torch.distributed.broadcast

    def counted(*args):
        count[0] += 1
        return broadcast(*args)

    torch.distributed.broadcast = counted
    replicas.set_as_first(tensors)
    small = replicas.from_first({"of": mine})
    exchanges = count[0]
    large = replicas.from_first(bytes(range(256)) * (1 if mine else 1000))
    return [bool((t == 1).all()) for t in tensors], small, len(large), large[-1], exchanges, count[0]


def fail():
    if process_id() == 1:
        raise ValueError("this process fails")
    arrays()


# states in parts ------------------------------------------------------------------------------------------------------


def _mesh_tensor(value):
    from torch.distributed.tensor import Shard, distribute_tensor, init_device_mesh

    return distribute_tensor(value, init_device_mesh("cpu", (torch.distributed.get_world_size(),)), [Shard(0)])


def write_parts(folder):
    tensors = {"rows": _mesh_tensor(torch.arange(24.0).reshape(8, 3)), "same": torch.tensor([1.0, 2.0])}
    parts.write(folder, tensors, lambda path: None)


def read_parts(folder):
    tensors = {"rows": _mesh_tensor(torch.zeros(8, 3)), "same": torch.zeros(2)}
    parts.read(parts.states(folder)[-1], tensors)
    return tensors["rows"].to_local().tolist()


def backs_up_parts(folder, epochs):
    """A run whose kernel and its slots are divided among all processes."""
    count = num_processes()
    mesh = keras.distribution.DeviceMesh((1, count), ["batch", "model"], [f"cpu:{i}" for i in range(count)])
    layouts = keras.distribution.LayoutMap(mesh)
    layouts[".*hidden/kernel"] = (None, "model")
    keras.utils.set_random_seed(3)
    with keras.distribution.ModelParallel(layout_map=layouts, batch_dim_name="batch").scope():
        model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(9, name="hidden"), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        backup = keras.callbacks.BackupAndRestore(folder, delete_checkpoint=False)
        history = model.fit(X, CLASSES, batch_size=20, epochs=epochs, verbose=0, callbacks=[backup])
    return {"epochs": history.epoch, "loss": history.history["loss"]}
