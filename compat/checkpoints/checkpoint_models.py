"""The models and objects of the checkpoints, built by whichever library is passed in."""

from __future__ import annotations

from typing import Any

import numpy as np


def models(keras: Any) -> dict[str, Any]:
    """Models by name, each with weights that are drawn by a rule; those that are compiled have made a step."""
    layers = keras.layers
    made: dict[str, Any] = {}
    stack = keras.Sequential(
        [keras.Input((3,)), layers.Dense(2), layers.Dropout(0.1), layers.BatchNormalization(), layers.Dense(2)]
    )
    stack.compile(keras.optimizers.Adam(1e-2), "mse")
    stack.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)
    made["stack"] = stack
    made["steps"] = _steps(keras)
    made["pictures"] = _pictures(keras)
    inner = keras.Sequential([keras.Input((3,)), layers.Dense(4), layers.Dense(2)])
    given = keras.Input((3,))
    made["nested"] = keras.Model(given, layers.Dense(1)(inner(given)))
    made["subclassed"] = _subclassed(keras)
    for number, model in enumerate(made.values()):
        rng = np.random.default_rng(number)
        model.set_weights([rng.normal(size=w.shape).astype(w.dtype) for w in model.get_weights()])
    return made


def _steps(keras: Any) -> Any:
    layers = keras.layers
    given = keras.Input((4, 3))
    x = layers.Conv1D(4, 2, padding="same")(given)
    x = layers.Bidirectional(layers.GRU(2, return_sequences=True))(layers.LSTM(3, return_sequences=True)(x))
    x = layers.MultiHeadAttention(2, 3)(x, x) + x  # an operation that is no layer counts among places
    x = layers.TimeDistributed(layers.Dense(2))(layers.LayerNormalization()(x))
    x = layers.Flatten()(layers.SeparableConv1D(2, 2)(x))
    model = keras.Model(given, layers.PReLU()(layers.Add()([layers.Dense(3)(x), layers.Dense(3)(x)])))
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), "mse")
    model.fit(np.ones((2, 4, 3)), np.ones((2, 3)), verbose=0)
    return model


def _pictures(keras: Any) -> Any:
    layers = keras.layers
    given = keras.Input((8, 8, 3))
    x = layers.Conv2DTranspose(3, 2)(layers.DepthwiseConv2D(3)(layers.Conv2D(4, 3)(given)))
    x = layers.GlobalAveragePooling2D()(layers.BatchNormalization()(layers.SeparableConv2D(3, 2)(x)))
    return keras.Model(given, layers.Dense(2, use_bias=False)(x))


def _subclassed(keras: Any) -> Any:
    class Blocks(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.first = keras.layers.Dense(2)
            self.norm = keras.layers.BatchNormalization()
            self.last = keras.layers.Dense(2)

        def call(self, x: Any) -> Any:
            return self.last(self.norm(self.first(x)))

    model = Blocks()
    model.compile(keras.optimizers.RMSprop(0.01), "mse")
    model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)
    return model


def variables(tf: Any) -> dict[str, Any]:
    """Variables of every dtype."""
    floats = {name: tf.Variable([1.5, -2.0], dtype=name) for name in ("float16", "bfloat16", "float32", "float64")}
    integers = {
        name: tf.Variable([[1, 2, 3]], dtype=name) for name in ("int8", "int16", "int32", "int64", "uint8", "uint64")
    }
    return {
        **floats,
        **integers,
        "bool": tf.Variable([True, False]),
        "complex64": tf.Variable([1 + 2j], dtype="complex64"),
        "string": tf.Variable(["a", "bc", "", "d" * 300]),
        "empty": tf.Variable(tf.zeros((0, 3))),
        "scalar": tf.Variable(7),
    }


def state(model: Any) -> dict[str, np.ndarray]:
    """A model's weights and its optimizer's slots, as arrays by place."""
    found = {f"weight_{i}": weight for i, weight in enumerate(model.get_weights())}
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None:
        own = optimizer.variables() if callable(optimizer.variables) else optimizer.variables
        slots = [v for v in own if "learning_rate" not in v.name and "iteration" not in v.name]
        found |= {f"slot_{i}": v.numpy() for i, v in enumerate(slots)}
    return found
