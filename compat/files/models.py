"""The models of the round trip, built by whichever library is passed in, and the data to call and train them with."""

from __future__ import annotations

from typing import Any

import numpy as np

MODELS: dict[str, Any] = {}
KERAS_3_ONLY = {"attention", "operations", "preprocessing", "states", "subclassed"}


def model(function: Any) -> Any:
    """Enter a builder: ``(keras) -> (model, x, y or None)``."""
    MODELS[function.__name__] = function
    return function


def numbers(shape: tuple, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def weighted(net: Any) -> Any:
    """The model with weights that are drawn by a rule, the same in every library."""
    rng = np.random.default_rng(7)
    values = [rng.normal(size=np.shape(w), scale=0.4).astype(np.asarray(w).dtype) for w in net.get_weights()]
    net.set_weights([np.abs(v) + 0.5 if v.ndim == 1 else v for v in values])  # variances are positive
    return net


@model
def mlp(keras: Any) -> tuple:
    layers = keras.layers
    net = keras.Sequential(
        [
            layers.Input((5,)),
            layers.Dense(8, activation="relu", kernel_regularizer=keras.regularizers.L2(1e-3), name="first"),
            layers.BatchNormalization(name="norm"),
            layers.Dropout(0.3, name="drop"),
            layers.Dense(3, activation="softmax", name="last"),
        ],
        name="mlp",
    )
    net.compile(keras.optimizers.Adam(0.01, amsgrad=True), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return net, numbers((8, 5), 1), np.arange(8) % 3


@model
def convolutions(keras: Any) -> tuple:
    layers = keras.layers
    inputs = layers.Input((8, 8, 3), name="image")
    x = layers.Conv2D(4, 3, padding="same", activation="relu", name="conv")(inputs)
    x = layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same", name="depthwise")(x)
    x = layers.MaxPooling2D(name="pool")(x)
    x = layers.SeparableConv2D(5, 3, name="separable")(x)
    x = layers.Conv2DTranspose(4, 3, strides=2, name="transposed")(x)
    x = layers.ZeroPadding2D(1, name="pad")(x)
    x = layers.LeakyReLU(name="leaky")(x)
    x = layers.GlobalAveragePooling2D(name="mean")(x)
    net = keras.Model(inputs, layers.Dense(2, name="head")(x), name="convolutions")
    net.compile(keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True), "mean_squared_error")
    return net, numbers((4, 8, 8, 3), 2), numbers((4, 2), 3)


@model
def shared(keras: Any) -> tuple:
    layers = keras.layers
    a, b = layers.Input((6,), name="a"), layers.Input((6,), name="b")
    encode = layers.Dense(4, activation="tanh", name="encode")
    left, right = encode(a), encode(b)
    both = layers.Concatenate(name="both")([left, right])
    total = layers.Add(name="total")([left, encode(b)])
    net = keras.Model([a, b], [layers.Dense(1, name="one")(both), layers.Dense(2, name="two")(total)], name="shared")
    net.compile(
        keras.optimizers.RMSprop(0.01, momentum=0.5, centered=True),
        ["mean_squared_error", "mean_absolute_error"],
        loss_weights=[1.0, 0.5],
    )
    return net, [numbers((4, 6), 4), numbers((4, 6), 5)], [numbers((4, 1), 6), numbers((4, 2), 7)]


@model
def nested(keras: Any) -> tuple:
    layers = keras.layers
    inner = keras.Sequential(
        [layers.Input((4,)), layers.Dense(3, name="d"), layers.Activation("elu", name="e")], name="inner"
    )
    middle_in = layers.Input((4,), name="middle_in")
    middle = keras.Model(middle_in, layers.Multiply(name="m")([inner(middle_in), inner(middle_in)]), name="middle")
    inputs = layers.Input((4,), name="outer_in")
    out = layers.Dense(2, name="out")(middle(inputs))
    net = keras.Model(inputs, out, name="outer")
    net.compile(keras.optimizers.Adamax(0.01), "mean_squared_error")
    return net, numbers((4, 4), 8), numbers((4, 2), 9)


@model
def recurrent(keras: Any) -> tuple:
    layers = keras.layers
    inputs = layers.Input(batch_shape=(2, 5, 3), name="sequence")
    x = layers.LSTM(4, stateful=True, return_sequences=True, name="lstm")(inputs)
    x = layers.Bidirectional(layers.GRU(3, return_sequences=True, name="gru"), name="both_ways")(x)
    x = layers.TimeDistributed(layers.Dense(2, name="each"), name="at_each_step")(x)
    x = layers.SimpleRNN(3, name="simple")(x)
    net = keras.Model(inputs, x, name="recurrent")
    net.compile(keras.optimizers.Adagrad(0.05), "mean_squared_error")
    return net, numbers((2, 5, 3), 10), numbers((2, 3), 11)


@model
def custom(keras: Any) -> tuple:
    objects = custom_objects(keras)
    net = keras.Sequential(
        [
            keras.layers.Input((3,)),
            objects["Scale"](2.0, name="scale"),
            keras.layers.Dense(2, objects["bent"], name="d"),
        ],
        name="custom",
    )
    net.compile("adam", "mean_squared_error")
    return net, numbers((4, 3), 12), numbers((4, 2), 13)


@model
def attention(keras: Any) -> tuple:
    layers = keras.layers
    steps = layers.Input((6, 3), name="steps")
    x = layers.Dense(8, name="embed")(steps)
    x = layers.MultiHeadAttention(2, 4, name="attention")(x, x, use_causal_mask=True)
    x = layers.LayerNormalization(name="norm")(x)
    x = layers.EinsumDense("abc,cd->abd", output_shape=(None, 5), bias_axes="d", name="einsum")(x)
    net = keras.Model(steps, layers.GlobalAveragePooling1D(name="mean")(x), name="attention_model")
    net.compile(keras.optimizers.AdamW(0.01, weight_decay=0.02, epsilon=1e-2, use_ema=True), "mean_squared_error")
    return net, numbers((4, 6, 3), 14), numbers((4, 5), 15)


@model
def operations(keras: Any) -> tuple:
    ops = keras.ops
    inputs = keras.layers.Input((4,), name="x")
    x = keras.layers.Dense(6, name="d")(inputs)
    first, second = ops.split(x, 2, axis=-1)
    x = ops.concatenate([ops.tanh(first) * 2.0, second + ops.mean(first, axis=-1, keepdims=True)], axis=-1)
    net = keras.Model(inputs, ops.reshape(x[:, 1:], (-1, 5, 1)), name="operations")
    net.compile("sgd", "mean_squared_error")
    return net, numbers((4, 4), 16), numbers((4, 5, 1), 17)


@model
def preprocessing(keras: Any) -> tuple:
    layers = keras.layers
    norm = layers.Normalization(mean=[1.0, 2.0], variance=[4.0, 9.0], name="norm")
    inputs = layers.Input((2,), name="x")
    x = layers.Rescaling(0.5, offset=1.0, name="scaled")(norm(inputs))
    y = layers.Discretization(bin_boundaries=[-1.0, 0.0, 1.0], output_mode="one_hot", name="bins")(inputs[:, :1])
    words = layers.IntegerLookup(vocabulary=[5, 7, 9], output_mode="multi_hot", name="lookup")
    ids = layers.Input((3,), dtype="int64", name="ids")
    joined = layers.Concatenate(name="joined")([x, y, words(ids)])
    net = keras.Model([inputs, ids], layers.Dense(2, name="head")(joined), name="preprocessing")
    return net, [numbers((4, 2), 18), np.array([[5, 7, 1], [9, 9, 9], [2, 3, 5], [7, 5, 9]])], None


@model
def states(keras: Any) -> tuple:
    """An encoder whose states a decoder starts from."""
    layers = keras.layers
    source, target = layers.Input((3, 2), name="source"), layers.Input((4, 5), name="target")
    _, *state = layers.LSTM(3, return_state=True, name="encoder")(source)
    decoded = layers.LSTM(3, return_sequences=True, name="decoder")(target, initial_state=state)
    net = keras.Model([source, target], layers.Dense(2, name="head")(decoded), name="states")
    net.compile(keras.optimizers.Nadam(0.01), "mean_squared_error")
    return net, [numbers((4, 3, 2), 21), numbers((4, 4, 5), 22)], numbers((4, 4, 2), 23)


@model
def subclassed(keras: Any) -> tuple:
    net = custom_objects(keras)["Tower"](3, name="tower")
    x = numbers((4, 6), 19)
    net(x)
    net.compile("adam", "mean_squared_error")
    return net, x, numbers((4, 1), 20)


_made: dict[int, dict] = {}


def custom_objects(keras: Any) -> dict:
    """Classes and a function of a user's, one set for each library."""
    if id(keras) in _made:
        return _made[id(keras)]
    register = getattr(keras, "saving", keras.utils).register_keras_serializable

    @register("files")
    class Scale(keras.layers.Layer):
        def __init__(self, factor: float = 1.0, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.factor = factor

        def build(self, input_shape: Any) -> None:
            self.gain = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="gain")
            super().build(input_shape)

        def call(self, inputs: Any) -> Any:
            return inputs * self.gain * self.factor

        def get_config(self) -> dict:
            return {**super().get_config(), "factor": self.factor}

    @register("files")
    def bent(x: Any) -> Any:
        return keras.activations.softplus(x) - 0.5

    @register("files")
    class Tower(keras.Model):
        def __init__(self, depth: int = 2, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.depth = depth
            self.blocks = [keras.layers.Dense(4, activation="relu") for _ in range(depth)]
            self.parts = {"scale": Scale(0.5), "head": keras.layers.Dense(1)}

        def call(self, inputs: Any) -> Any:
            for block in self.blocks:
                inputs = block(inputs)
            return self.parts["head"](self.parts["scale"](inputs))

        def get_config(self) -> dict:
            return {**super().get_config(), "depth": self.depth}

    _made[id(keras)] = {"Scale": Scale, "bent": bent, "Tower": Tower}
    return _made[id(keras)]
