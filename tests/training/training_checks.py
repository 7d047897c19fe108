"""Small models with fixed weights and the data that the recorded numbers belong to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kerasish import layers, models, optimizers

_random = np.random.RandomState(0)
X = _random.randn(20, 3).astype("float32")
Y = (X[:, :1] * 0.5 - X[:, 1:2] + 0.1).astype("float32")
LABELS = (Y > 0).astype("int32")
WEIGHTS = np.linspace(0.1, 2, 20).astype("float32")
PLAIN: dict[str, Any] = {"epochs": 2, "batch_size": 8, "shuffle": False, "verbose": 0}
HISTORY = {
    "loss": [1.5197, 0.87136],
    "mae": [0.97728, 0.7048],
}  # of net() compiled by ready(), fitted to X, Y with PLAIN


def with_weights(model: Any, seed: int = 1) -> Any:
    random = np.random.RandomState(seed)
    model.set_weights([random.uniform(-0.6, 0.6, w.shape).astype("float32") for w in model.weights])
    return model


def net(cls: Any = models.Model, out: int = 1, activation: Any = None) -> Any:
    x = layers.Input((3,))
    return with_weights(cls(x, layers.Dense(out, activation=activation)(layers.Dense(4, activation="tanh")(x))))


def ready(model: Any = None, loss: Any = "mse", metrics: Any = ("mae",), **options: Any) -> Any:
    model = net() if model is None else model
    model.compile(optimizers.SGD(0.1), loss, metrics=None if metrics is None else list(metrics), **options)
    return model


def batches(x: Any = X, y: Any = Y, size: int = 8) -> Any:
    """The arrays once, batch by batch."""
    for start in range(0, len(x), size):
        yield x[start : start + size], y[start : start + size]


def forever(size: int = 8) -> Any:
    while True:
        yield from batches(size=size)


def assert_logs(got: dict, expected: dict, rel: float = 1e-4) -> None:
    """The same names, and values that agree to the recorded digits."""
    assert sorted(got) == sorted(expected)
    for name, values in expected.items():
        assert got[name] == pytest.approx(values, rel=rel, abs=1e-6), name
