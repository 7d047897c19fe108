"""What callbacks have in common that watch a value, or act every so many batches."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from kerasish.core.context import settings
from kerasish.training.callback import Callback
from kerasish.training.compiled import CompiledMetrics


class Monitor(Callback):
    """Base of the callbacks that watch one value of the logs (``keras.callbacks.MonitorCallback``).

    Args:
        monitor: name of the value.
        mode: "min", "max", or "auto": by the name, metrics such as accuracy and AUC growing.
        baseline: the first best value, or None.
        min_delta: least change that counts as an improvement.
    """

    _kept: tuple[str, ...] = ("best",)

    def __init__(
        self, monitor: str = "val_loss", mode: str = "auto", baseline: float | None = None, min_delta: float = 0
    ) -> None:
        super().__init__()
        if mode not in ("auto", "min", "max"):
            warnings.warn(f"{type(self).__name__} mode '{mode}' is unknown, fallback to auto mode.", stacklevel=3)
            mode = "auto"
        self.monitor = monitor
        self.mode = mode
        self.best = baseline
        self.min_delta = abs(min_delta)

    @property
    def grows(self) -> bool:
        """Whether larger is better."""
        if self.mode != "auto":
            return self.mode == "max"
        name = self.monitor.removeprefix("val_")
        for label, metric in self._metrics_by_name():
            direction = getattr(metric, "_direction", None)
            if label == name and direction is not None:
                return direction == "up"
        growing = ("acc", "auc", "precision", "recall", "fmeasure", "f1", "iou", "top_k", "r2", "similarity")
        return any(part in name for part in growing)

    def _metrics_by_name(self) -> Iterator[tuple[str, Any]]:
        """The model's metrics under the names that they have in logs."""
        for metric in getattr(self.model, "metrics", ()):
            yield from metric.named() if isinstance(metric, CompiledMetrics) else [(metric.name, metric)]

    def improves(self, value: float, best: float | None) -> bool:
        """Whether ``value`` beats ``best`` by at least ``min_delta``."""
        if best is None:
            return True
        precision = np.dtype(settings.floatx).type  # Keras compares tensors: 0.8 - 0.1 is no better than 0.7
        if self.grows:
            return bool(precision(value - self.min_delta) > precision(best))
        return bool(precision(value + self.min_delta) < precision(best))

    _unavailable = "Callback conditioned on metric `{}` which is not available."

    def value(self, logs: dict | None) -> float | None:
        """The watched value; warns if the logs do not have it."""
        found = (logs or {}).get(self.monitor)
        if found is None:
            names = ",".join(logs or {})
            warnings.warn(f"{self._unavailable.format(self.monitor)} Available metrics are: {names}", stacklevel=4)
        return found


def optimizers_of(model: Any) -> dict[str, Any]:
    """A model's optimizer, or those within a MultiOptimizer, under the names that logs have for their learning rates."""
    optimizer = model.optimizer
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    if hasattr(optimizer, "optimizers"):
        return {f"learning_rate_{inner.name}": inner for inner in optimizer.optimizers}
    return {"learning_rate": optimizer}


class BatchCount:
    """Tells every how many batches something is due; hooks may be called for several batches at once.

    Args:
        every: that number.
    """

    KEPT = ("_count.total", "_count._since", "_count._last")  # of a callback that has one as ``_count``

    def __init__(self, every: Any) -> None:
        self.every = every
        self.total = 0  # batches seen
        self._since = 0
        self._last: int | None = None

    def is_due(self, batch: int) -> bool:
        """Whether it is after the batch of that number in its epoch."""
        new_epoch = self._last is None or batch <= self._last
        seen = batch + 1 if new_epoch else batch - self._last  # type: ignore[operator]
        self.total += seen
        self._since += seen
        self._last = batch
        due = self._since >= self.every
        if due:
            self._since = 0
        return due
