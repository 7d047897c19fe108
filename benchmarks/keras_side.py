"""Keras's side of the race: one text for kerasish and for the real Keras on torch or TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from workloads import TRAININGS, Clock, Skip, Training, difference, labels, uniform

Work = Callable[[], Any]
LOSSES = {
    "binary": ("binary_crossentropy", ["accuracy"]),
    "classes": ("sparse_categorical_crossentropy", ["accuracy"]),
    "mse": ("mse", None),
}


def _seeds_mlp(keras: Any) -> Any:
    dense = keras.layers.Dense
    return keras.Sequential([keras.Input((4,)), dense(16, "relu"), dense(8, "relu"), dense(1, "sigmoid")])


def _norm_mlp(keras: Any) -> Any:
    layers = keras.layers
    hidden = [
        [layers.Dense(n), layers.BatchNormalization(), layers.Activation("relu"), layers.Dropout(0.3)]
        for n in (128, 64)
    ]
    return keras.Sequential([keras.Input((784,)), *hidden[0], *hidden[1], layers.Dense(10, "softmax")])


def _wide_mlp(keras: Any) -> Any:
    dense = keras.layers.Dense
    return keras.Sequential([keras.Input((784,)), dense(512, "relu"), dense(256, "relu"), dense(10, "softmax")])


def _cnn(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential([
        keras.Input((28, 28, 1)), layers.Conv2D(16, 3, activation="relu"), layers.MaxPooling2D(),
        layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D(), layers.Flatten(), layers.Dense(64, "relu"),
        layers.Dense(10, "softmax"),
    ])  # fmt: skip


def _recurrent(kind: str) -> Callable:
    def model(keras: Any) -> Any:
        cells = getattr(keras.layers, kind)(64)
        return keras.Sequential([keras.Input((30, 16)), cells, keras.layers.Dense(1, "sigmoid")])

    return model


def _masked_lstm(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential([keras.Input((60, 32)), layers.Masking(), layers.LSTM(64), layers.Dense(1, "sigmoid")])


def _text(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential([
        keras.Input((50,), dtype="int64"), layers.Embedding(5000, 32), layers.GlobalAveragePooling1D(),
        layers.Dense(16, "relu"), layers.Dense(1, "sigmoid"),
    ])  # fmt: skip


def _resnet(keras: Any) -> Any:
    layers = keras.layers

    def convolution(x: Any, filters: int, size: int, stride: int = 1) -> Any:
        return layers.Conv2D(filters, size, stride, padding="same", use_bias=False)(x)

    def block(x: Any, filters: int, stride: int) -> Any:
        y = layers.ReLU()(layers.BatchNormalization()(convolution(x, filters, 3, stride)))
        y = layers.BatchNormalization()(convolution(y, filters, 3))
        short = convolution(x, filters, 1, stride) if stride > 1 else x
        return layers.ReLU()(layers.Add()([y, short]))

    inputs = keras.Input((16, 16, 3))
    x = layers.ReLU()(layers.BatchNormalization()(convolution(inputs, 16, 3)))
    for filters, stride in ((16, 1), (32, 2), (64, 2)):
        x = block(x, filters, stride)
    return keras.Model(inputs, layers.Dense(10, "softmax")(layers.GlobalAveragePooling2D()(x)))


def _transformer(keras: Any) -> Any:
    layers = keras.layers
    inputs = keras.Input((32, 64))
    x = layers.LayerNormalization()(inputs + _attention(keras)(inputs, inputs))
    x = layers.LayerNormalization()(x + layers.Dense(64)(layers.Dense(128, "relu")(x)))
    return keras.Model(inputs, layers.Dense(10, "softmax")(layers.GlobalAveragePooling1D()(x)))


def _attention(keras: Any) -> Any:
    try:
        return keras.layers.MultiHeadAttention(4, 16)
    except NotImplementedError:
        raise Skip("keras.layers.MultiHeadAttention is missing") from None


def _autoencoder(keras: Any) -> Any:
    dense = keras.layers.Dense
    return keras.Sequential([keras.Input((784,)), dense(64, "relu"), dense(784, "sigmoid")])


def _two_inputs(keras: Any) -> Any:
    layers = keras.layers
    left, right = keras.Input((16,)), keras.Input((8,))
    x = layers.Concatenate()([layers.Dense(32, "relu")(left), layers.Dense(32, "relu")(right)])
    return keras.Model([left, right], layers.Dense(1, "sigmoid")(layers.Dense(32, "relu")(x)))


def _custom_layer(keras: Any) -> Any:
    tf = tensorflow_of(keras)

    class Scaled(keras.layers.Layer):
        def __init__(self, units: int) -> None:
            super().__init__()
            self.units = units

        def build(self, input_shape: Any) -> None:
            self.kernel = self.add_weight(shape=(input_shape[-1], self.units), initializer="glorot_uniform")
            self.bias = self.add_weight(shape=(self.units,), initializer="zeros")
            self.scale = self.add_weight(shape=(self.units,), initializer="ones")

        def call(self, inputs: Any) -> Any:
            return tf.nn.relu((tf.matmul(inputs, self.kernel) + self.bias) * self.scale)

    return keras.Sequential([keras.Input((4,)), Scaled(16), Scaled(8), keras.layers.Dense(1, "sigmoid")])


MODELS: dict[str, Callable[[Any], Any]] = {
    "seeds_mlp": _seeds_mlp,
    "norm_mlp": _norm_mlp,
    "wide_mlp": _wide_mlp,
    "cnn": _cnn,
    "lstm": _recurrent("LSTM"),
    "gru": _recurrent("GRU"),
    "text": _text,
    "resnet": _resnet,
    "transformer": _transformer,
    "autoencoder": _autoencoder,
    "two_inputs": _two_inputs,
    "custom_layer": _custom_layer,
    "execution": _seeds_mlp,
    "cnn_memory": _cnn,
    "masked_lstm": _masked_lstm,
}


def tensorflow_of(keras: Any) -> Any:
    """The TensorFlow names that belong to a Keras.

    Raises:
        Skip: it has none.
    """
    if keras.__name__ == "kerasish":
        from kerasish import tf

        return tf
    if keras.backend.backend() != "tensorflow":
        raise Skip("has no TensorFlow")
    import tensorflow

    return tensorflow


class Side:
    """Makes the work of each row.

    Args:
        keras: kerasish or keras.
        jit_compile: for ``compile``; None leaves it out.
        clock: what the time of single calls is told by.
    """

    def __init__(self, keras: Any, jit_compile: bool | None, clock: Clock) -> None:
        self.keras, self.clock = keras, clock
        self.options = {} if jit_compile is None else {"jit_compile": jit_compile}

    def work(self, name: str) -> Work:
        """What one round does; of rows with a unit, a function that returns the value.

        Raises:
            Skip: this Keras cannot do it.
        """
        if name in TRAININGS:
            return self.training(name, TRAININGS[name])
        if name.startswith("conv"):
            return self.convolution(name)
        if name.startswith("attention"):
            return self.attention(name)
        return getattr(self, name)()

    # training

    def training(self, name: str, training: Training) -> Work:
        x, y = training.data()
        model = self.compiled(MODELS[name](self.keras), training.loss, steps_per_execution=training.execution)
        return lambda: model.fit(x, y, batch_size=training.batch, epochs=training.epochs, verbose=0)

    def compiled(self, model: Any, loss: str, **options: Any) -> Any:
        loss, metrics = LOSSES[loss]
        model.compile("adam", loss, metrics=metrics, **options, **self.options)
        return model

    def tape(self) -> Work:
        keras, tf = self.keras, tensorflow_of(self.keras)
        model, optimizer = _seeds_mlp(keras), keras.optimizers.Adam()
        loss_function, accuracy, mean = (
            keras.losses.BinaryCrossentropy(), keras.metrics.BinaryAccuracy(), keras.metrics.Mean(),
        )  # fmt: skip
        x, y = tf.constant(uniform(3200, 4)), tf.constant(labels(3200, 2))

        def work() -> None:
            for _ in range(2):
                order = tf.random.shuffle(tf.range(3200))
                for start in range(0, 3200, 32):
                    index = order[start : start + 32]
                    inputs, target = tf.gather(x, index), tf.gather(y, index)
                    with tf.GradientTape() as tape:
                        prediction = model(inputs, training=True)
                        loss = loss_function(target, prediction)
                    gradients = tape.gradient(loss, model.trainable_variables)
                    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
                    mean.update_state(loss)
                    accuracy.update_state(target, prediction)
                float(mean.result()), float(accuracy.result())

        return work

    def pipeline(self) -> Work:
        tf = tensorflow_of(self.keras)
        data = tf.data.Dataset.from_tensor_slices((uniform(3200, 4), labels(3200, 2))).shuffle(3200).batch(32)
        data = data.map(lambda x, y: (x * 2.0 - 1.0, y)).prefetch(tf.data.AUTOTUNE)
        model = self.compiled(_seeds_mlp(self.keras), "binary")
        return lambda: model.fit(data, epochs=2, verbose=0)

    # inference

    def predict(self) -> Work:
        model, x = self.compiled(_seeds_mlp(self.keras), "binary"), uniform(3200, 4)
        return lambda: [model.predict(x, verbose=0) for _ in range(4)]

    def evaluate(self) -> Work:
        model, x, y = self.compiled(_seeds_mlp(self.keras), "binary"), uniform(3200, 4), labels(3200, 2)
        return lambda: [model.evaluate(x, y, batch_size=32, verbose=0) for _ in range(4)]

    def one_sample(self) -> Work:
        model, x = _seeds_mlp(self.keras), self.keras.ops.convert_to_tensor(uniform(1, 4))
        return lambda: [model(x) for _ in range(500)] and None

    def predict_call(self) -> Work:
        model, values = self.compiled(_seeds_mlp(self.keras), "binary"), uniform(32, 4)
        x = self.keras.ops.convert_to_tensor(values)
        return lambda: difference(self.clock, lambda: model.predict(values, verbose=0), lambda: model(x), 20) * 1e6

    def fifty_layers(self, **options: bool) -> Work:
        layers = [self.keras.layers.Dense(8) for _ in range(50)]
        first = inputs = self.keras.Input((8,))
        for layer in layers:
            inputs = layer(inputs)
        model, x = self.keras.Model(first, inputs), self.keras.ops.convert_to_tensor(uniform(1, 8))
        return lambda: [model(x, **options) for _ in range(100)] and None

    def fifty_layers_flag(self) -> Work:
        return self.fifty_layers(training=False)

    # single operations and layers

    def eager_op(self) -> Work:
        torch, tf = self.torch(), tensorflow_of(self.keras)
        a, b = torch.rand(32), torch.rand(32)
        x, y = tf.constant(a.numpy()), tf.constant(b.numpy())
        return lambda: difference(self.clock, lambda: tf.add(x, y), lambda: torch.add(a, b), 500) * 1e9

    def one_tensor_op(self) -> Work:
        torch, ops = self.torch(), self.keras.ops
        a = torch.rand(32)
        x = ops.convert_to_tensor(a.numpy())
        return lambda: difference(self.clock, lambda: ops.exp(x), lambda: torch.exp(a), 500) * 1e9

    def torch_tensor_op(self) -> Work:
        torch, ops = self.torch(), self.keras.ops
        a = torch.rand(32)
        return lambda: difference(self.clock, lambda: ops.exp(a), lambda: torch.exp(a), 500) * 1e9

    def layer_call(self) -> Work:
        torch, layer = self.torch(), self.keras.layers.Dense(8)
        a, bias, kernel = torch.rand(1, 8), torch.zeros(8), torch.rand(8, 8)
        x = self.keras.ops.convert_to_tensor(a.numpy())
        return lambda: difference(self.clock, lambda: layer(x), lambda: torch.addmm(bias, a, kernel), 200) * 1e6

    def torch(self) -> Any:
        """torch, of a Keras that computes with it.

        Raises:
            Skip: it does not.
        """
        if self.keras.backend.backend() != "torch":
            raise Skip("does not compute with torch")
        import torch

        return torch

    def convolution(self, name: str) -> Work:
        layers = self.keras.layers
        if name == "conv_depthwise":
            layer = layers.DepthwiseConv2D(3, padding="same")
        else:
            layer = layers.Conv2D(32, 1 if name == "conv1x1" else 3, padding="same")
        return self.repeat_gradient(layer, layer, uniform(16, 28, 28, 32))

    def attention(self, name: str) -> Work:
        torch, layer = self.torch(), _attention(self.keras)
        x, other = uniform(16, 32, 64), torch.from_numpy(uniform(16, 48, 64))
        options: dict[str, Any] = {"use_causal_mask": True} if name == "attention_causal" else {}
        if name == "attention_padded":
            options = {"attention_mask": (torch.arange(32) < torch.randint(10, 33, (16, 1)))[:, None, :]}
        cross = name == "attention_cross"
        return self.repeat_gradient(lambda q: layer(q, other if cross else q, **options), layer, x)

    def repeat_gradient(self, function: Callable, layer: Any, values: np.ndarray, number: int = 30) -> Work:
        """Forward and backward passes of a layer on torch tensors, with the gradients of its weights and its input."""
        torch = self.torch()
        x = torch.from_numpy(values).requires_grad_()
        function(x)  # builds
        wanted = [x, *(p for p in layer.parameters() if p.requires_grad)]

        def work() -> None:
            for _ in range(number):
                torch.autograd.grad(function(x).sum(), wanted)

        return work

    # metrics and memory

    def mean_iou(self) -> Work:
        metric = self.keras.metrics.MeanIoU(10)
        truth, found = (self.keras.ops.convert_to_tensor(np.random.randint(0, 10, 4096)) for _ in range(2))
        return lambda: [metric.update_state(truth, found) for _ in range(50)] and None

    def slowest_metric(self) -> Work:
        made = [getattr(self.keras.metrics, name)() for name in METRICS]
        truth, found = (self.keras.ops.convert_to_tensor(v) for v in (labels(256, 2), uniform(256, 1)))

        def cost(metric: Any) -> float:
            return difference(self.clock, lambda: metric.update_state(truth, found), lambda: None, 20, 5)

        return lambda: max(map(cost, made)) * 1e6

    def masked_softmax(self) -> Work:
        convert, layer = self.keras.ops.convert_to_tensor, self.keras.layers.Softmax()
        x, mask = convert(uniform(64, 512, 512)), convert(uniform(64, 512, 512) > 0.3)
        return lambda: layer(x, mask=mask)


METRICS = (
    "AUC", "Accuracy", "BinaryAccuracy", "BinaryCrossentropy", "CategoricalAccuracy", "CosineSimilarity",
    "F1Score", "FalseNegatives", "FalsePositives", "Hinge", "KLDivergence", "MeanAbsoluteError", "MeanSquaredError",
    "MeanSquaredLogarithmicError", "Poisson", "Precision", "R2Score", "Recall", "RootMeanSquaredError", "TruePositives",
)  # fmt: skip
