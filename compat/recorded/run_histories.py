"""A training history: initial weights from a global seed, data from NumPy's, losses and metrics of each epoch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from case_values import as_array

EPOCHS = 3
ROWS = 22
BATCH = 6  # the last one is smaller


def run(keras: Any, tf: Any, case: dict) -> dict:
    """What the library makes of a case."""
    keras.utils.clear_session(free_memory=False)
    keras.utils.set_random_seed(11)
    options = case["options"]
    policy = keras.config.dtype_policy()
    if "policy" in options:
        keras.config.set_dtype_policy(options["policy"])
    try:
        model, x, y, compiled = MODELS[case["model"]](keras, tf, options)
        if "optimizer" in options:
            compiled["optimizer"] = options["optimizer"]
        fitted = fit_options(options, y)
        model.compile(**{"optimizer": "sgd", **compiled, **how(keras, case)})
        history = model.fit(x, y, epochs=EPOCHS, verbose=0, **fitted).history
        evaluated = model.evaluate(x, y, batch_size=BATCH, verbose=0, return_dict=True)
        predicted = model.predict(x, batch_size=BATCH, verbose=0)
    finally:
        keras.config.set_dtype_policy(policy)
    arrays = {f"history/{key}": np.array(values, "float32") for key, values in history.items()}
    arrays |= {f"evaluate/{key}": np.array(value, "float32") for key, value in evaluated.items()}
    for index, part in enumerate(predicted if isinstance(predicted, list) else [predicted]):
        arrays[f"predict{index}"] = as_array(part)[:3].astype("float32")
    last = as_array(model.weights[-1]).ravel()[:5].astype("float32")
    return {
        "facts": {"logs": sorted(history), "steps": int(model.optimizer.iterations.numpy())},
        "arrays": {**arrays, "last": last},
    }


def how(keras: Any, case: dict) -> dict:
    """The real library runs eagerly: tracing would take minutes. Running losses of several outputs tell whether it does."""
    if keras.__name__ == "keras" or case["model"] == "several":
        return {"run_eagerly": True}
    return {"jit_compile": case["options"].get("jit", False)}


def fit_options(options: dict, y: Any) -> dict:
    fitted: dict = {"batch_size": BATCH, "shuffle": options.get("shuffle", False)}
    if "validation_split" in options:
        fitted["validation_split"] = options["validation_split"]
    if options.get("class_weight"):
        fitted["class_weight"] = {0: 2.0, 1: 0.5, 2: 1.5}
    if options.get("sample_weight"):
        weight = _random(1, ROWS, low=0.2)
        fitted["sample_weight"] = [weight, weight[::-1].copy()] if isinstance(y, list) else weight
    return fitted


def _random(seed: int, *shape: int, low: float | None = None) -> np.ndarray:
    random = np.random.RandomState(seed)
    return (random.standard_normal(shape) if low is None else random.uniform(low, 1.0, shape)).astype("float32")


def _classes(seed: int, *shape: int, count: int) -> np.ndarray:
    return np.random.RandomState(seed).randint(0, count, shape).astype("int32")


def _tokens(seed: int, *shape: int, count: int, options: dict) -> tuple[np.ndarray, int]:
    """Tokens and how many there are; "distinct": each occurs once, "padded": but for zeros at the end of rows."""
    if not options.get("distinct"):
        return _classes(seed, *shape, count=count), count
    random = np.random.RandomState(seed)
    tokens = random.permutation(np.arange(1, int(np.prod(shape)) + 1)).reshape(shape).astype("int32")
    if options.get("padded"):
        tokens[np.arange(shape[1]) >= random.randint(2, shape[1] + 1, (shape[0], 1))] = 0
    return tokens, int(tokens.max()) + 1


def mlp(keras: Any, tf: Any, options: dict) -> tuple:
    layers = [keras.layers.Dense(8, "tanh"), keras.layers.Dense(5, "relu"), keras.layers.Dense(1)]
    x = _random(2, ROWS, 4)
    return keras.Sequential(layers), x, x[:, :1] * 2 - x[:, 1:2], {"loss": "mse", "metrics": ["mae", "mse"]}


def classes(keras: Any, tf: Any, options: dict) -> tuple:
    model = keras.Sequential([keras.layers.Dense(6, "gelu"), keras.layers.Dense(3, "softmax")])
    compiled = {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}
    if options.get("weighted_metrics"):
        compiled["weighted_metrics"] = ["accuracy"]
    return model, _random(2, ROWS, 4), _classes(3, ROWS, count=3), compiled


def binary(keras: Any, tf: Any, options: dict) -> tuple:
    model = keras.Sequential([keras.layers.Dense(6, "relu"), keras.layers.Dense(1, "sigmoid")])
    compiled = {
        "loss": "binary_crossentropy",
        "metrics": ["accuracy", keras.metrics.AUC(name="auc", num_thresholds=20)],
    }
    return model, _random(2, ROWS, 4), _classes(3, ROWS, 1, count=2), compiled


def cnn(keras: Any, tf: Any, options: dict) -> tuple:
    layers = keras.layers
    model = keras.Sequential(
        [layers.Conv2D(4, 3, activation="relu", padding="same"), layers.MaxPooling2D(), layers.Conv2D(3, 2)]
        + [layers.GlobalAveragePooling2D(), layers.Dense(3)]
    )
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)
    y = np.eye(3, dtype="float32")[_classes(3, ROWS, count=3)]
    return (
        model,
        _random(2, ROWS, 6, 5, 2),
        y,
        {"loss": loss, "metrics": ["categorical_accuracy", "top_k_categorical_accuracy"]},
    )


def rnn(keras: Any, tf: Any, options: dict) -> tuple:
    layers = keras.layers
    model = keras.Sequential(
        [layers.LSTM(4, return_sequences=True), layers.Bidirectional(layers.GRU(3)), layers.Dense(1)]
    )
    return model, _random(2, ROWS, 5, 3), _random(3, ROWS, 1), {"loss": "huber", "metrics": ["mae"]}


def masked(keras: Any, tf: Any, options: dict) -> tuple:
    layers = keras.layers
    inputs = keras.Input((6,))
    x, count = _tokens(2, ROWS, 6, count=7, options=options)
    hidden = layers.LSTM(4, return_sequences=True)(layers.Embedding(count, 4, mask_zero=True)(inputs))
    model = keras.Model(inputs, layers.TimeDistributed(layers.Dense(3, "softmax"))(hidden))
    compiled = {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}
    return model, x, _classes(3, ROWS, 6, count=3), compiled


def attention(keras: Any, tf: Any, options: dict) -> tuple:
    layers = keras.layers
    inputs = keras.Input((5,))
    x, count = _tokens(2, ROWS, 5, count=9, options=options)
    hidden = layers.Embedding(count, 6)(inputs)
    hidden = layers.LayerNormalization()(hidden + layers.MultiHeadAttention(2, 3)(hidden, hidden, use_causal_mask=True))
    hidden = layers.Dense(6, "gelu")(hidden)
    model = keras.Model(inputs, layers.Dense(2)(layers.GlobalAveragePooling1D()(hidden)))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    return model, x, _classes(3, ROWS, count=2), {"loss": loss, "metrics": ["accuracy"]}


def several(keras: Any, tf: Any, options: dict) -> tuple:
    layers = keras.layers
    left, right = keras.Input((4,), name="left"), keras.Input((3,), name="right")
    both = layers.Concatenate()([layers.Dense(5, "relu")(left), layers.Dense(4, "tanh")(right)])
    model = keras.Model(
        [left, right], [layers.Dense(1, name="number")(both), layers.Dense(3, "softmax", name="kind")(both)]
    )
    compiled: dict = {"loss": ["mse", "sparse_categorical_crossentropy"], "metrics": [["mae"], ["accuracy"]]}
    if options.get("loss_weights"):
        compiled["loss_weights"] = [0.3, 2.0]
    x = [_random(2, ROWS, 4), _random(4, ROWS, 3)]
    return model, x, [_random(5, ROWS, 1), _classes(3, ROWS, count=3)], compiled


def nested(keras: Any, tf: Any, options: dict) -> tuple:
    layers = keras.layers
    encoder = keras.Sequential([keras.Input((4,)), layers.Dense(5, "relu"), layers.Dense(2)], name="encoder")
    inner = keras.Input((2,))
    decoder = keras.Model(inner, layers.Dense(4)(layers.Dense(5, "swish")(inner)), name="decoder")
    inputs = keras.Input((4,))
    x = _random(2, ROWS, 4)
    return keras.Model(inputs, decoder(encoder(inputs))), x, x, {"loss": "mae", "metrics": ["mse", "cosine_similarity"]}


def shared(keras: Any, tf: Any, options: dict) -> tuple:
    layers = keras.layers
    left, right = keras.Input((4,)), keras.Input((4,))
    tower = layers.Dense(5, "tanh")
    model = keras.Model([left, right], layers.Dot(-1, normalize=True)([tower(left), tower(right)]))
    return model, [_random(2, ROWS, 4), _random(4, ROWS, 4)], _random(3, ROWS, 1), {"loss": "log_cosh"}


def regular(keras: Any, tf: Any, options: dict) -> tuple:
    layers = keras.layers
    model = keras.Sequential(
        [
            layers.Dense(6, "elu", kernel_regularizer="l2", bias_regularizer=keras.regularizers.L1(0.1)),
            layers.Dense(4, activity_regularizer=keras.regularizers.L2(0.02), kernel_constraint="unit_norm"),
            layers.Dense(1, kernel_regularizer=keras.regularizers.L1L2(0.01, 0.02)),
        ]
    )
    return model, _random(2, ROWS, 4), _random(3, ROWS, 1), {"loss": "mse", "metrics": ["mae"]}


def custom(keras: Any, tf: Any, options: dict) -> tuple:
    """A model with a step of its own, which scales the loss and clips the gradients."""

    class Stepped(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.hidden, self.out = keras.layers.Dense(5, "relu"), keras.layers.Dense(1)

        def call(self, x: Any) -> Any:
            return self.out(self.hidden(x))

        def train_step(self, data: Any) -> dict:
            x, y = data
            with tf.GradientTape() as tape:
                predicted = self(x, training=True)
                loss = 2.0 * self.compute_loss(x=x, y=y, y_pred=predicted)
            gradients = tape.gradient(loss, self.trainable_variables)
            gradients = [tf.clip_by_norm(gradient, 0.5) for gradient in gradients]
            self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
            for metric in self.metrics:
                metric.update_state(loss) if metric.name == "loss" else metric.update_state(y, predicted)
            return {metric.name: metric.result() for metric in self.metrics}

    return Stepped(), _random(2, ROWS, 4), _random(3, ROWS, 1), {"loss": "mse", "metrics": ["mae"]}


def embedding(keras: Any, tf: Any, options: dict) -> tuple:
    layers = keras.layers
    x, count = _tokens(2, ROWS, 4, count=8, options=options)
    model = keras.Sequential([layers.Embedding(count, 3), layers.Flatten(), layers.Dense(4, "relu"), layers.Dense(1)])
    return model, x, _random(3, ROWS, 1), {"loss": "mse", "metrics": ["mape"]}


def batchnorm(keras: Any, tf: Any, options: dict) -> tuple:
    layers = keras.layers
    model = keras.Sequential([layers.Dense(5), layers.BatchNormalization(momentum=0.8), layers.ReLU(), layers.Dense(1)])
    return model, _random(2, ROWS, 4), _random(3, ROWS, 1), {"loss": "mse"}


def schedule(keras: Any, tf: Any, options: dict) -> tuple:
    model, x, y, compiled = mlp(keras, tf, options)
    rate = keras.optimizers.schedules.ExponentialDecay(0.05, 4, 0.7)
    return model, x, y, {**compiled, "optimizer": keras.optimizers.Adam(rate, clipnorm=0.5, weight_decay=0.01)}


def frozen(keras: Any, tf: Any, options: dict) -> tuple:
    model, x, y, compiled = nested(keras, tf, options)
    model.get_layer("encoder").trainable = False
    return model, x, y, {**compiled, "optimizer": keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True)}


def batches(keras: Any, tf: Any, options: dict) -> tuple:
    """``train_on_batch``, wrapped so that it looks like a history."""
    model, x, y, compiled = mlp(keras, tf, options)
    model.compile(**{"optimizer": "sgd", **compiled})
    for start in range(0, ROWS, BATCH):
        model.train_on_batch(x[start : start + BATCH], y[start : start + BATCH])
    return model, x, y, {**compiled, "optimizer": model.optimizer}


def steps(keras: Any, tf: Any, options: dict) -> tuple:
    model, x, y, compiled = mlp(keras, tf, options)
    return model, x, y, {**compiled, "steps_per_execution": options.get("per_execution", 2), "optimizer": "nadam"}


MODELS: dict[str, Callable] = {
    function.__name__: function
    for function in (
        *(mlp, classes, binary, cnn, rnn, masked, attention, several, nested, shared, regular, custom, embedding),
        *(batchnorm, schedule, frozen, batches, steps),
    )
}
