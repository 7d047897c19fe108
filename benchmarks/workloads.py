"""What the race times: the rows, and the data of those that train. Needs NumPy only, since every interpreter reads it."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Clock = Callable[[], float]  # seconds


class Skip(Exception):
    """A side cannot take part in a row; the message says why."""


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Args:
        name: as ``--only`` takes it.
        about: what is timed.
        steps: per round; times are given per step.
        goal: the ratio to the hand-written loop, or the value, that is not to be passed.
        unit: "" for a ratio to the hand-written loop, else what the value of each side is in.
        memory: measured in processes of its own, in MB.
        often: how many times more rounds, where they are short.
    """

    name: str
    about: str
    steps: int = 1
    goal: float | None = None
    unit: str = ""
    memory: bool = False
    often: int = 1


@dataclass(frozen=True)
class Training:
    """A model that is trained: its data, its loss ("binary", "classes", "mse") and how much of it a round does."""

    data: Callable[[], tuple[Any, np.ndarray]]
    loss: str
    batch: int
    epochs: int = 1
    execution: int = 1  # Keras's steps_per_execution


def uniform(*shape: int) -> np.ndarray:
    """Random inputs."""
    return np.random.rand(*shape).astype("float32")


def labels(number: int, classes: int) -> np.ndarray:
    """Random class numbers; of two classes, as a column of floats."""
    found = np.random.randint(0, classes, number)
    return found.reshape(-1, 1).astype("float32") if classes == 2 else found


def _reconstruct() -> tuple[np.ndarray, np.ndarray]:
    x = uniform(1024, 784)
    return x, x


def _padded(number: int, steps: int, features: int) -> np.ndarray:
    """Sequences whose ends are zeros, for a Masking layer."""
    x = uniform(number, steps, features) + 0.1
    x[np.arange(steps) >= np.random.randint(steps // 3, steps + 1, (number, 1))] = 0
    return x


def difference(
    clock: Clock, function: Callable[[], Any], base: Callable[[], Any], number: int, blocks: int = 15
) -> float:
    """Seconds that one call costs beyond a call of another function: the median over alternating blocks of calls."""

    def seconds(called: Callable[[], Any]) -> float:
        begin = clock()
        for _ in range(number):
            called()
        return (clock() - begin) / number

    return statistics.median(seconds(function) - seconds(base) for _ in range(blocks))


TRAININGS = {
    "seeds_mlp": Training(lambda: (uniform(3200, 4), labels(3200, 2)), "binary", 32, 2),
    "norm_mlp": Training(lambda: (uniform(3200, 784), labels(3200, 10)), "classes", 64, 2),
    "wide_mlp": Training(lambda: (uniform(2048, 784), labels(2048, 10)), "classes", 128, 2),
    "cnn": Training(lambda: (uniform(512, 28, 28, 1), labels(512, 10)), "classes", 32, 2),
    "lstm": Training(lambda: (uniform(512, 30, 16), labels(512, 2)), "binary", 32, 2),
    "text": Training(lambda: (np.random.randint(0, 5000, (1600, 50)), labels(1600, 2)), "binary", 32, 2),
    "resnet": Training(lambda: (uniform(256, 16, 16, 3), labels(256, 10)), "classes", 16),
    "transformer": Training(lambda: (uniform(512, 32, 64), labels(512, 10)), "classes", 16),
    "autoencoder": Training(_reconstruct, "mse", 64, 4),
    "two_inputs": Training(lambda: ([uniform(1600, 16), uniform(1600, 8)], labels(1600, 2)), "binary", 32, 2),
    "gru": Training(lambda: (uniform(512, 30, 16), labels(512, 2)), "binary", 32, 2),
    "custom_layer": Training(lambda: (uniform(3200, 4), labels(3200, 2)), "binary", 32, 2),
    "execution": Training(lambda: (uniform(3200, 4), labels(3200, 2)), "binary", 32, 2, execution=8),
    "cnn_memory": Training(lambda: (uniform(1024, 28, 28, 1), labels(1024, 10)), "classes", 256, 3),
    "masked_lstm": Training(lambda: (_padded(512, 60, 32), labels(512, 2)), "binary", 256),
}


def _training(name: str, about: str, goal: float | None = 1.05, memory: bool = False) -> Row:
    training = TRAININGS[name]
    steps = -(-len(training.data()[1]) // training.batch) * training.epochs
    return Row(name, about, steps, goal, memory=memory)


MEAN = (
    _training("seeds_mlp", "4-16-8-1 perceptron, batch 32"),
    _training("norm_mlp", "784-128-64-10 with batch norm and dropout, batch 64"),
    _training("wide_mlp", "784-512-256-10 perceptron, batch 128"),
    _training("cnn", "two convolutions, 28×28×1, batch 32"),
    _training("lstm", "LSTM, 30 steps of 16, 64 units, batch 32"),
    _training("text", "embedding 5000×32 of 50 tokens, pooling, batch 32"),
    _training("resnet", "three residual stages, batch norm, 16×16×3, batch 16"),
    _training("transformer", "attention block on 32 tokens of 64, batch 16"),
    _training("autoencoder", "784-64-784, squared error, batch 64"),
    _training("two_inputs", "functional model of two inputs, batch 32"),
    Row("predict", "predict of the 4-16-8-1 perceptron, batch 32", 400, 1.0, often=3),
    Row("evaluate", "evaluate of the 4-16-8-1 perceptron, batch 32", 400, 1.0, often=3),
    Row("one_sample", "model(x) of the 4-16-8-1 perceptron on one sample", 500, 1.3, often=3),
)
EXTRA = (
    _training("gru", "GRU, 30 steps of 16, 64 units, batch 32"),
    Row("tape", "GradientTape loop over the 4-16-8-1 perceptron", 200, 1.3),
    _training("custom_layer", "a user's Layer with tf operations, trained by fit"),
    Row("pipeline", "tf.data: slices, shuffle, batch, map, prefetch into fit", 200, 1.05),
    Row("predict_call", "predict on one batch of 32 minus model(x)", goal=30, unit="µs"),
    Row("fifty_layers", "model(x) of 50 Dense(8) against bare addmm calls", 100, 1.2, often=3),
    Row("eager_op", "tf.add minus torch.add", goal=1000, unit="ns"),
    _training("cnn_memory", "peak memory of training the CNN, batch 256", memory=True),
)
CAUSES = (
    Row("fifty_layers_flag", "model(x, training=False) of 50 Dense(8) against bare addmm calls", 100, 1.2, often=3),
    Row("one_tensor_op", "keras.ops.exp of a tensor minus torch.exp", goal=1000, unit="ns"),
    Row("torch_tensor_op", "keras.ops.exp of a torch tensor minus torch.exp", goal=1000, unit="ns"),
    Row("layer_call", "one Dense(8) called by itself minus addmm", unit="µs"),
    Row("conv3x3", "Conv2D 3×3 forward and backward, NHWC against torch's NCHW", 30, 1.05),
    Row("conv1x1", "Conv2D 1×1 forward and backward, NHWC against torch's NCHW", 30, 1.05),
    Row("conv_depthwise", "DepthwiseConv2D forward and backward, NHWC against torch's NCHW", 30, 1.05),
    Row("attention", "MultiHeadAttention forward and backward", 30, 1.05),
    Row("attention_causal", "with use_causal_mask", 30, 1.05),
    Row("attention_padded", "with a padding mask", 30, 1.05),
    Row("attention_cross", "on another sequence", 30, 1.05),
    Row("mean_iou", "MeanIoU.update_state on 4096 labels of 10 classes against bincount", 50, 1.3, often=3),
    Row("slowest_metric", "update_state of the slowest of 20 metrics, 256 values", unit="µs"),
    Row("masked_softmax", "peak memory of Softmax with a mask, 64 MB", goal=1.05, memory=True),
    _training("masked_lstm", "peak memory of training a masked LSTM", memory=True),
    _training("execution", "4-16-8-1 perceptron with steps_per_execution=8"),
)
ROWS = {row.name: row for row in MEAN + EXTRA + CAUSES}
ON_GPU = ("seeds_mlp", "norm_mlp", "wide_mlp", "cnn", "lstm", "transformer", "resnet")
