"""What ``compile`` was given, bound to a model's outputs: losses, metrics and their names.

Names and structures are settled with the first batch, when the shapes of targets and predictions are known ("accuracy" means
one of three metrics, depending on them).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from kerasish import losses, metrics
from kerasish.core import tree
from kerasish.core.errors import fail
from kerasish.losses.base import Loss
from kerasish.losses.losses import LossFunctionWrapper
from kerasish.metrics.base import Mean, Metric
from kerasish.metrics.values import MeanMetricWrapper


class Outputs:
    """The flat view of a model's predictions: a name for each, in order.

    Args:
        y_pred: the first predictions, nested as the model returns them.
        names: names of a functional model's outputs, if it has them.
    """

    def __init__(self, y_pred: Any, names: list[str] | None) -> None:
        self.single = not isinstance(y_pred, (list, tuple, dict))
        if isinstance(y_pred, dict):
            self.keys: list | None = sorted(y_pred)
            self.names = [str(key) for key in self.keys]
        else:
            self.keys = None
            count = 1 if self.single else len(tree.flatten(y_pred))
            self.names = list(names) if names and len(names) == count else [f"output_{i + 1}" for i in range(count)]
            if count == 1 and not names:
                self.names = ["output"]
        self.aliases = {name: i for i, name in enumerate(names or [])}  # a dict may also go by the layers' names

    def flatten_predictions(self, y_pred: Any) -> list:
        if self.single:
            return [y_pred]
        return [y_pred[key] for key in self.keys] if self.keys is not None else tree.flatten(y_pred)

    def spread(self, value: Any, what: str, broadcast: bool = False) -> list:
        """A structure of the user's (targets, weights, losses ...) as a list with one entry per output.

        Args:
            broadcast: whether one value alone stands for every output.

        Raises:
            ValueError: it fits neither the outputs' number nor their names.
        """
        count = len(self.names)
        if value is None:
            return [None] * count
        if isinstance(value, dict):
            return self._by_name(value, what)
        if count == 1:
            if isinstance(value, (list, tuple)) and len(value) == 1:
                return list(value)
            return [value]
        if isinstance(value, (list, tuple)):
            if len(value) == count:
                return list(value)
            raise fail(
                ValueError, f"`{what}` does not fit the model's outputs {self.names}", f"{count} entries", len(value)
            )
        if broadcast:
            return [value] * count
        raise fail(
            ValueError, f"`{what}` does not fit the model's outputs", f"one entry for each of {self.names}", value
        )

    def _by_name(self, value: dict, what: str) -> list:
        found = [None] * len(self.names)
        for key, entry in value.items():
            if key in self.names:
                found[self.names.index(key)] = entry
            elif self.keys is not None and key in self.keys:
                found[self.keys.index(key)] = entry
            elif key in self.aliases:
                found[self.aliases[key]] = entry
            else:
                raise fail(ValueError, f"`{what}` names an output that the model does not have: '{key}'", self.names)
        return found


class CompiledLoss:
    """The total loss: a weighted sum over the outputs, each output's own tracked when there are several."""

    def __init__(self, loss: Any, loss_weights: Any) -> None:
        self.loss = loss
        self.loss_weights = loss_weights
        if isinstance(loss, str):
            losses.get(loss)  # an unknown name is told at once
        self._functions: list[Loss | None] | None = None
        self.trackers: list[Mean] = []

    def bind(self, outputs: Outputs) -> None:
        """Settle which loss belongs to which output."""
        self.outputs = outputs
        specs = outputs.spread(self.loss, "loss", broadcast=True)
        self._functions = [as_loss(spec) for spec in specs]
        weights = outputs.spread(self.loss_weights, "loss_weights", broadcast=False)
        self._weights = [None if weight is None else float(weight) for weight in weights]
        active = [name for name, function in zip(outputs.names, self._functions) if function is not None]
        self.trackers = [Mean(name=f"{name}_loss") for name in active] if len(active) > 1 else []

    @property
    def bound(self) -> bool:
        return self._functions is not None

    def total(self, y: Any, y_pred: Any, sample_weight: Any) -> torch.Tensor | None:
        """The total loss for raw tensors; None if no output has a loss."""
        outputs = self.outputs
        if outputs.single and not isinstance(y, (list, tuple, dict)):
            function = self._functions[0]
            if function is None:
                return None
            value = self._one(function, y, y_pred, sample_weight)
            return value if self._weights[0] is None else value * self._weights[0]
        targets = outputs.spread(y, "y")
        sample_weights = outputs.spread(sample_weight, "sample_weight", broadcast=True)
        total = None
        trackers = iter(self.trackers)
        everything = zip(
            self._functions, targets, outputs.flatten_predictions(y_pred), sample_weights, self._weights, outputs.names
        )
        for function, target, prediction, weight, factor, name in everything:
            if function is None:
                continue
            if target is None:
                raise fail(ValueError, f"Output '{name}' has a loss but was given no target")
            value = self._one(function, target, prediction, weight)
            if self.trackers:
                next(trackers).raw_update(value.detach(), prediction.shape[0])
            value = value if factor is None else value * factor
            total = value if total is None else total + value
        return total

    def _one(self, function: Loss, y: Any, y_pred: Any, sample_weight: Any) -> torch.Tensor:
        if y is None:
            raise fail(ValueError, "The model has a loss but was given no targets", "y=...", "None")
        value = function.raw_loss(y, y_pred, sample_weight, getattr(y_pred, "_keras_mask", None))
        return value if value.ndim == 0 else value.mean()


def as_loss(spec: Any) -> Loss | None:
    """What ``compile(loss=...)`` takes for one output, as a Loss."""
    if spec is None:
        return None
    function = losses.get(spec)
    return function if isinstance(function, Loss) else LossFunctionWrapper(function)


class CompiledMetrics:
    """The metrics of each output, weighted and unweighted, under the names that logs use."""

    def __init__(self, unweighted: Any, weighted: Any) -> None:
        for name, spec in (("metrics", unweighted), ("weighted_metrics", weighted)):
            if spec is not None and not isinstance(spec, (list, tuple, dict, str, Metric)) and not callable(spec):
                raise ValueError(
                    f"Expected `{name}` argument to be a list, tuple, or dict. Received instead: {name}={spec} of type "
                    f"{type(spec)}"
                )
        self.unweighted = unweighted
        self.weighted = weighted
        self._table: list[tuple[str, Metric, int, bool]] | None = None  # name, metric, index of output, weighted

    @property
    def bound(self) -> bool:
        return self._table is not None

    @property
    def metrics(self) -> list[Metric]:
        return [metric for _, metric, _, _ in self._table or []]

    def bind(self, outputs: Outputs, y: Any, y_pred: Any) -> None:
        """Make the metrics for the shapes of the first batch."""
        self.outputs = outputs
        targets = outputs.spread(y, "y")
        predictions = outputs.flatten_predictions(y_pred)
        names: set[str] = set()
        self._table = []
        for specs, is_weighted in ((self.unweighted, False), (self.weighted, True)):
            for i, spec in enumerate(self._per_output(specs, "weighted_metrics" if is_weighted else "metrics")):
                for identifier in spec:
                    metric = as_metric(identifier, targets[i], predictions[i])
                    if metric is None:
                        continue
                    prefix = f"{outputs.names[i]}_" if len(outputs.names) > 1 else ""
                    self._table.append((_free_name(prefix + metric.name, names, is_weighted), metric, i, is_weighted))

    def _per_output(self, specs: Any, what: str) -> list[list]:
        """For each output the list of its metrics."""
        count = len(self.outputs.names)
        if specs is None:
            return [[] for _ in range(count)]
        if isinstance(specs, dict):
            entries = self.outputs.spread(specs, what)
        else:
            if not isinstance(specs, (list, tuple)):
                specs = [specs]
            flat = not any(isinstance(spec, (list, tuple)) for spec in specs)
            if count == 1:
                entries = [specs if flat else specs[0]]
            elif len(specs) == count:
                entries = list(specs)
            elif flat:  # Keras 2: a flat list is for every output
                entries = [list(specs) for _ in range(count)]
            else:
                raise fail(
                    ValueError, f"`{what}` does not fit the outputs {self.outputs.names}", f"{count} lists", specs
                )
        return [list(e) if isinstance(e, (list, tuple)) else [] if e is None else [e] for e in entries]

    def update(self, y: Any, y_pred: Any, sample_weight: Any) -> None:
        """Add a batch of raw tensors."""
        table = self._table
        if not table:
            return
        outputs = self.outputs
        if outputs.single and not isinstance(y, (list, tuple, dict)):
            for _, metric, _, is_weighted in table:
                if is_weighted:
                    metric.raw_update(y, y_pred, sample_weight)
                else:
                    metric.raw_update(y, y_pred)
            return
        targets, predictions = outputs.spread(y, "y"), outputs.flatten_predictions(y_pred)
        weights = outputs.spread(sample_weight, "sample_weight", broadcast=True)
        for _, metric, i, is_weighted in table:
            if is_weighted:
                metric.raw_update(targets[i], predictions[i], weights[i])
            else:
                metric.raw_update(targets[i], predictions[i])

    def results(self) -> dict[str, Any]:
        """Name → raw result."""
        found = {}
        for name, metric, _, _ in self._table or []:
            value = metric.raw_result()
            if isinstance(value, dict):
                found.update(value)
            else:
                found[name] = value
        return found


def _free_name(name: str, taken: set[str], is_weighted: bool) -> str:
    if name in taken and is_weighted:
        name = f"weighted_{name}"
    base, count = name, 1
    while name in taken:
        name, count = f"{base}_{count}", count + 1
    taken.add(name)
    return name


def as_metric(identifier: Any, y: Any, y_pred: Any) -> Metric | None:
    """What ``compile(metrics=...)`` takes for one output, as a Metric; "accuracy" by the shapes."""
    if identifier is None:
        return None
    name = str(identifier).lower()
    if name in ("accuracy", "acc", "crossentropy", "ce"):
        return _by_shapes(name, y, y_pred)
    found: Any = metrics.get(identifier)
    if isinstance(found, Metric):
        if isinstance(identifier, str):
            found.name = identifier  # logs go by the name as it was written: "mse", "AUC"
        return found
    label = identifier if isinstance(identifier, str) else _name_of(found)
    return MeanMetricWrapper(found, name=label)


def _name_of(function: Callable) -> str:
    name = getattr(function, "__name__", type(function).__name__)
    return "lambda" if name == "<lambda>" else name


def _by_shapes(name: str, y: Any, y_pred: Any) -> Metric:
    """Binary: one value per sample; sparse: targets with fewer numbers than predictions; else categorical."""
    if y is None or not hasattr(y, "shape") or not hasattr(y_pred, "shape"):
        raise fail(ValueError, f"Metric '{name}' needs one target and one prediction", received=f"y of type {type(y)}")
    y_shape, pred_shape = tuple(y.shape), tuple(y_pred.shape)
    binary = not pred_shape or pred_shape[-1] == 1 or len(pred_shape) < 2
    sparse = len(y_shape) < len(pred_shape) or (bool(y_shape) and y_shape[-1] == 1 and pred_shape[-1] > 1)
    kind = "Binary" if binary else "SparseCategorical" if sparse else "Categorical"
    if name in ("accuracy", "acc"):
        return getattr(metrics, f"{kind}Accuracy")(name=name)
    return getattr(metrics, f"{kind}Crossentropy")(name=name)
