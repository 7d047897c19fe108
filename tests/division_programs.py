"""Programs whose variables are divided among processes; what they return must not depend on how many there are."""

import os

import numpy as np

import kerasish as keras
from kerasish import tf
from kerasish.core import divided
from kerasish.core.replicas import num_processes
from kerasish.distribution import (
    DeviceMesh,
    LayoutMap,
    ModelParallel,
    TensorLayout,
    distribute_tensor,
    distribution,
)

_rng = np.random.default_rng(0)
X = _rng.normal(size=(50, 6)).astype("float32")
CLASSES = (X.sum(1) > 0).astype("int64")
WORDS, TAGS = _rng.integers(0, 7, (30, 5)), _rng.integers(0, 3, (30, 5))
IMAGES = _rng.normal(size=(20, 6, 6, 3)).astype("float32")


def layouts(model_axis=2, **patterns):
    """A distribution over all processes, ``model_axis`` of which divide each variable."""
    count = num_processes()
    model_axis = min(model_axis, count)
    mesh = DeviceMesh((count // model_axis, model_axis), ["batch", "model"], [f"cpu:{i}" for i in range(count)])
    found = LayoutMap(mesh)
    for pattern, axes in patterns.items():
        found[pattern] = axes
    return ModelParallel(layout_map=found, batch_dim_name="batch")


def _state(model):
    assert num_processes() == 1 or any(divided.is_divided(v) for v in model.weights)
    return [v.numpy().tolist() for v in model.weights]


def _mlp(optimizer, **options):
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.Dense(7, "relu", name="first", kernel_regularizer="l2", **options),
            keras.layers.Dense(5, name="second"),
            keras.layers.Dense(2, "softmax", name="last"),
        ]
    )
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def _fit_mlp(optimizer, **options):
    """Of sizes that do not divide evenly; the kernels along one axis of the mesh or both, one bias too."""
    patterns = {".*first/kernel": (None, "model"), ".*first/bias": ("model",), ".*second/kernel": ("batch", "model")}
    with layouts(**patterns).scope():
        model = _mlp(optimizer, **options)
        history = model.fit(X, CLASSES, batch_size=16, epochs=2, verbose=0, validation_data=(X[:9], CLASSES[:9]))
        results = model.evaluate(X, CLASSES, verbose=0)
        return [history.history, results, model.predict(X[:5], verbose=0).tolist(), _state(model)]


OPTIMIZERS = {
    "adam": lambda: keras.optimizers.Adam(0.01, global_clipnorm=0.5, weight_decay=0.01),
    "momentum": lambda: keras.optimizers.SGD(0.05, momentum=0.9, clipnorm=0.1, use_ema=True, ema_overwrite_frequency=3),
    "accumulated": lambda: keras.optimizers.RMSprop(0.01, gradient_accumulation_steps=2, clipvalue=0.01),
    "scaled": lambda: keras.optimizers.LossScaleOptimizer(
        keras.optimizers.Adam(0.01), initial_scale=8.0, dynamic_growth_steps=3
    ),
    "lamb": lambda: keras.optimizers.Lamb(0.01),
    "adafactor": lambda: keras.optimizers.Adafactor(0.05),
    "muon": lambda: keras.optimizers.Muon(0.01),
    "ftrl": lambda: keras.optimizers.Ftrl(0.05),
}


def optimizers():
    return [_fit_mlp(make()) for make in OPTIMIZERS.values()]


def constraint():
    return _fit_mlp("adam", kernel_constraint=keras.constraints.MaxNorm(0.3))


def sequences():
    """Layers that read their sublayers' weights: recurrent and attention layers, under a mask."""
    keras.utils.set_random_seed(2)
    patterns = {
        ".*embeddings": ("model", None),
        ".*lstm.*kernel": (None, "model"),
        ".*(query|key|value)/kernel": (None, "model", None),
        ".*attention_output/kernel": ("model", None, None),
        ".*gamma": ("model",),
    }
    with layouts(**patterns).scope():
        words = keras.Input((5,))
        x = keras.layers.Embedding(7, 4, mask_zero=True)(words)
        x = keras.layers.Bidirectional(keras.layers.LSTM(3, return_sequences=True))(x)
        x = keras.layers.MultiHeadAttention(2, 3)(x, x)
        x = keras.layers.LayerNormalization()(x)
        model = keras.Model(words, keras.layers.Dense(3)(x))
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
        history = model.fit(WORDS, TAGS, batch_size=8, epochs=2, verbose=0)
        return [history.history, model.evaluate(WORDS, TAGS, verbose=0), _state(model)]


def images():
    """Kernels that are stored in another order of axes, a layer that is shared, a model in a model."""
    keras.utils.set_random_seed(3)
    patterns = {".*conv2d.*kernel": (None, None, None, "model"), ".*dense_out/kernel": ("model", None)}
    with layouts(**patterns).scope():
        inner = keras.Sequential(
            [keras.Input((6, 6, 3)), keras.layers.Conv2D(3, 3, padding="same"), keras.layers.ReLU()]
        )
        x = pixels = keras.Input((6, 6, 3))
        x = inner(inner(x))
        x = keras.layers.SeparableConv2D(4, 3)(x)
        x = keras.layers.BatchNormalization(synchronized=True)(x)
        x = keras.layers.GlobalAveragePooling2D()(x)
        model = keras.Model(pixels, keras.layers.Dense(1, name="dense_out")(x))
        model.compile("sgd", "mse")
        history = model.fit(IMAGES, IMAGES[:, 0, 0, 0], batch_size=6, epochs=2, verbose=0)
        return [history.history, model.predict(IMAGES[:3], verbose=0).tolist(), _state(model)]


class Own(keras.Model):
    """A model that is built by its first batch, with a variable, a layer and a ``train_step`` of its own."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(4, name="dense")
        self.mean = keras.metrics.Mean(name="mean")

    def build(self, shape):
        self.mix = self.add_weight(shape=(4, 1), name="mix")
        self.dense.build(shape)

    def call(self, x):
        hidden = self.dense(x)
        hidden = distribute_tensor(hidden, TensorLayout(("batch", None), distribution().device_mesh))
        return keras.ops.matmul(hidden, self.mix)

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = keras.losses.MeanSquaredError()(y, self(x, training=True))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        self.mean.update_state(loss)
        return {"mean": self.mean.result()}


def own_step():
    keras.utils.set_random_seed(4)
    with layouts(**{".*mix": ("model", None), ".*dense/kernel": (None, "model")}).scope():
        model = Own()
        model.compile("adam", "mse")
        histories = [model.fit(X[:48], X[:48, :1], batch_size=12, epochs=2, verbose=0).history for _ in range(2)]
        return [histories, _state(model)]


PROGRAMS = [optimizers, constraint, sequences, images, own_step]


def run(names):
    return {name: globals()[name]() for name in names}


# what concerns the processes themselves -------------------------------------------------------------------------------


def _gathered(model):
    """How often a whole is gathered in the forward pass, and in a backward pass that needs one of the two kernels again."""
    calls, gathered = [], divided.gathered
    divided.gathered = lambda part: (calls.append(part), gathered(part))[1]
    try:
        with tf.GradientTape() as tape:
            loss = keras.ops.sum(model(X))
        forward = len(calls)
        tape.gradient(loss, model.layers[0].bias)
    finally:
        divided.gathered = gathered
    return forward, len(calls) - forward


def stored(folder):
    """What each process stores, and files that the first one writes of the whole."""
    with layouts(**{".*first/kernel": (None, "model"), ".*second/kernel": ("model", None)}).scope():
        model = _mlp("adam")
        path = os.path.join(folder, "best.keras")
        saves = keras.callbacks.ModelCheckpoint(path, monitor="loss")
        model.fit(X, CLASSES, batch_size=16, epochs=1, verbose=0, callbacks=[saves])
        model.save_weights(os.path.join(folder, "end.weights.h5"))
        kernel = model.layers[0].kernel
        sizes = [v.stored.to_local().numel() for v in [kernel, *model.optimizer.slots_of(kernel)]]
        weights, slots = _state(model), [v.numpy().tolist() for v in model.optimizer.variables]
        gathered = _gathered(model)
        model.set_weights([np.ones(v.shape, "float32") for v in model.weights])
        return {
            "sizes": sizes,
            "shape": tuple(kernel.shape),
            "weights": weights,
            "optimizer": slots,
            "gathered": gathered,
            "set": float(np.sum(kernel.numpy())),
        }


def goes_on(folder, epochs):
    """A run that goes on from a backup, if there is one."""
    with layouts(**{".*first/kernel": (None, "model")}).scope():
        model = _mlp("adam")
        backup = keras.callbacks.BackupAndRestore(os.path.join(folder, "backup"), delete_checkpoint=False)
        model.fit(X, CLASSES, batch_size=16, epochs=epochs, verbose=0, callbacks=[backup])
        return _state(model)


def run_with_files(folder):
    return {**run([program.__name__ for program in PROGRAMS]), "files": stored(folder)}
