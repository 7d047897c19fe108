"""What ``compile`` was given, bound to a model's outputs: losses, metrics and their names.

Names and structures are settled with the first batch, when the shapes of targets and predictions are known ("accuracy" means
one of three metrics, depending on them).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch

from kerasish import losses, metrics
from kerasish.core import dispatch, tree
from kerasish.core.autodiff import recording
from kerasish.core.context import asks_for_keras_2, local, settings, snake_case
from kerasish.core.errors import fail, torch_failure
from kerasish.core.masks import wrap_with_mask
from kerasish.losses.base import Loss
from kerasish.losses.losses import LossFunctionWrapper
from kerasish.metrics.base import Mean, Metric, accumulate
from kerasish.metrics.values import MeanMetricWrapper
from kerasish.training.outputs import Outputs


class LossTracker(Mean):
    """The running loss of an epoch.

    A loss that a user's ``train_step`` got from ``compute_loss`` counts, unless that code adds one itself: Keras 2's
    ``compute_loss`` adds it to the metric, with Keras 3's the user does.
    """

    _pending: tuple[torch.Tensor, int] | None = None

    def note(self, loss: torch.Tensor, samples: int) -> None:
        """Keep the loss of a batch until somebody asks for the mean or adds a loss."""
        object.__setattr__(self, "_pending", (loss.detach(), samples))

    def raw_update(self, values: Any, sample_weight: Any = None) -> None:
        if self._pending is not None:
            object.__setattr__(self, "_pending", None)
        super().raw_update(values, sample_weight)

    def add(self, total: torch.Tensor, number: int, samples: int) -> None:
        """Add the loss of a batch, which is ``total`` ÷ ``number``."""
        if self._pending is not None:
            object.__setattr__(self, "_pending", None)
        accumulate(self.total, total, samples / number)
        accumulate(self.count, samples)

    def raw_result(self) -> torch.Tensor:
        if self._pending is not None:
            self.raw_update(*self._pending)
        return super().raw_result()

    def reset_state(self) -> None:
        object.__setattr__(self, "_pending", None)
        super().reset_state()


def add_loss(tracker: Mean, value: torch.Tensor, rows: int | None) -> None:
    """Add the loss of a batch of ``rows`` to a running mean, or that of any batch; of several processes, a share of it."""
    share, value = local.share, value.detach()
    if share is None:
        tracker.raw_update(value.mean() if value.ndim and rows is None else value, rows)
        return
    value = value if not value.ndim else share.of_mean(value.mean())
    accumulate(tracker.total, value, 1 if rows is None else share.total)
    accumulate(tracker.count, share.fraction if rows is None else share.rows)


class Term(NamedTuple):
    """One summand of the total loss: the output's number, the loss, its factor, and what logs call it."""

    output: int
    function: Loss
    weight: float | None
    label: str


class CompiledLoss:
    """The total loss: a weighted sum over the outputs, each output's own tracked when there are several.

    Args:
        output_names: gives the names of the model's outputs, or None.
        by_rows: whether an output's running loss is the mean over samples. Otherwise it is the mean over batches, a shorter
            one included, as it is in a graph of Keras's on TensorFlow.
    """

    def __init__(
        self, loss: Any, loss_weights: Any, output_names: Callable[[], list[str] | None], by_rows: bool = False
    ) -> None:
        self._by_rows = by_rows
        self.loss = loss
        self.loss_weights = _checked_weights(loss_weights)
        if isinstance(loss, str) and loss.lower() not in _CROSSENTROPY:
            losses.get(loss)  # an unknown name is told at once
        self._output_names = output_names
        self.outputs: Outputs | None = None
        self._terms: list[Term] | None = None
        self._only: LossFunctionWrapper | None = None  # the one loss, if it is simple
        self.trackers: list[Mean] = []

    def _bind(self, outputs: Outputs, y: Any, y_pred: Any) -> None:
        """Settle which losses belong to which output; an output may have several, of which it gets the sum."""
        self.outputs = outputs
        specs = [_as_list(spec) for spec in outputs.spread(self.loss, "loss", broadcast=True)]
        outputs.active = {i for i, entries in enumerate(specs) if any(spec is not None for spec in entries)}
        targets, predictions = outputs.spread(y, "y"), outputs.flatten_predictions(y_pred)
        if outputs.single and len(specs[0]) != 1:
            raise fail(ValueError, "`loss` does not fit the model's one output", "one loss", self.loss)
        places = [(i, spec) for i, entries in enumerate(specs) for spec in entries]
        terms = []
        for (i, spec), weight in zip(places, self._weights([len(entries) for entries in specs]), strict=True):
            function = as_loss(spec, targets[i], predictions[i])
            if function is not None:
                terms.append(Term(i, function, weight, outputs.label(i, _loss_label(spec, function))))
        taken: set[str] = set()
        names = [_free_name("", f"{term.label}_loss", taken, False) for term in terms]
        self.trackers = [Mean(name=name) for name in names] if len(terms) > 1 else []
        self._terms = [term._replace(function=called_as_written(term.function)) for term in terms]
        function = terms[0].function if terms else None
        simple = outputs.single and isinstance(function, LossFunctionWrapper) and terms[0].weight is None
        self._only = function if simple and type(function).raw_loss is LossFunctionWrapper.raw_loss else None

    def _weights(self, counts: list[int]) -> list[float | None]:
        """The factor of each loss, where outputs have ``counts`` losses."""
        weights, total = self.loss_weights, sum(counts)
        flat = isinstance(weights, (list, tuple)) and not any(map(tree.is_nested, weights))
        if flat and len(weights) != total and len(weights) != len(counts):
            raise ValueError(
                f"`loss_weights` must match the number of losses, got {total} losses and {len(weights)} weights."
            )
        if flat and len(weights) == total:
            found = list(weights)
        else:
            of_outputs = self.outputs.spread(weights, "loss_weights")
            found = [w for part, n in zip(of_outputs, counts) for w in (_as_list(part) if n > 1 and part else [part])]
        return [None if weight is None else float(weight) for weight in found]

    def total(self, y: Any, y_pred: Any, sample_weight: Any) -> torch.Tensor | None:
        """The total loss for raw tensors; None if no output has a loss.

        Of a loss without reduction it has one value per sample; training then follows the gradient of their sum.
        """
        if self._terms is None:
            self._bind(Outputs(y_pred, self._output_names()), y, y_pred)
        outputs = self.outputs
        if outputs.single and not isinstance(y, _SEVERAL) and not isinstance(sample_weight, _SEVERAL):
            if not self._terms:
                return None
            term = self._terms[0]
            value = self._one(term.function, y, y_pred, sample_weight)
            return value if term.weight is None else value * term.weight
        targets, predictions = outputs.spread(y, "y"), outputs.flatten_predictions(y_pred)
        sample_weights = outputs.spread(sample_weight, "sample_weight", broadcast=True)
        total = None
        trackers = iter(self.trackers)
        by_rows = self._by_rows or settings.run_functions_eagerly
        for i, function, factor, _ in self._terms:
            if targets[i] is None:
                raise fail(ValueError, f"Output '{outputs.names[i]}' has a loss but was given no target")
            value = self._one(function, targets[i], predictions[i], sample_weights[i])
            if self.trackers:
                add_loss(next(trackers), value, predictions[i].shape[0] if by_rows else None)
            value = value if factor is None else value * factor
            total = value if total is None else total + value
        return total

    def sum(self, y: Any, y_pred: Any) -> tuple[torch.Tensor, int] | None:
        """A sum and a number whose quotient is the total loss of a batch without weights; None if that is not so simple."""
        if self._only is None or not isinstance(y, torch.Tensor) or not isinstance(y_pred, torch.Tensor):
            return None
        if getattr(y_pred, "_keras_mask", None) is not None:
            return None
        return self._only.raw_sum(y, y_pred)

    def _one(self, function: Loss, y: Any, y_pred: Any, sample_weight: Any) -> torch.Tensor:
        if y is None:
            raise fail(ValueError, "The model has a loss but was given no targets", "y=...", "None")
        y = _of_rank_2(y, y_pred)
        return function.raw_loss(y, y_pred, sample_weight, getattr(y_pred, "_keras_mask", None))


def _of_rank_2(y: Any, y_pred: Any) -> Any:
    """Targets (batch,) as (batch, 1) for predictions (batch, n) in programs for Keras 2, whose losses see them so."""
    if isinstance(y, torch.Tensor) and y.ndim == 1 and getattr(y_pred, "ndim", 0) == 2 and asks_for_keras_2():
        return y.unsqueeze(-1)
    return y


def _checked_weights(weights: Any) -> Any:
    """What ``compile(loss_weights=...)`` takes: a number, or a list or dict.

    Raises:
        ValueError: something else.
    """
    if weights is not None and not isinstance(weights, (*_SEVERAL, int, float, np.number)):
        raise fail(
            ValueError,
            "`loss_weights` must be a number (for one output), or a list, tuple or dict",
            received=f"loss_weights={weights!r} of type {type(weights)}",
        )
    return weights


def _loss_label(spec: Any, function: Loss | None) -> str:
    """The name of a loss in logs, where outputs have none: as it was written, or the object's."""
    return spec if isinstance(spec, str) else getattr(function, "name", "")


def called_as_written(function: Loss | None) -> Any:
    """A loss, or what stands for one whose class has a ``__call__`` of its own, which then is the loss."""
    return function if type(function).__call__ is Loss.__call__ or function is None else _CalledLoss(function)


class _CalledLoss:
    """A loss with a ``__call__`` of its own, for raw tensors."""

    def __init__(self, loss: Loss) -> None:
        self.loss = loss

    def raw_loss(self, y_true: Any, y_pred: Any, sample_weight: Any, mask: Any) -> torch.Tensor:
        with recording():
            y_true, y_pred, sample_weight = tree.map_structure(wrap_with_mask, (y_true, y_pred, sample_weight))
            return dispatch.raw(self.loss(y_true, y_pred, sample_weight=sample_weight))


def as_loss(spec: Any, y: Any, y_pred: Any) -> Loss | None:
    """What ``compile(loss=...)`` takes for one output, as a Loss; "crossentropy" by the shapes."""
    if spec is None:
        return None
    if isinstance(spec, str) and spec.lower() in _CROSSENTROPY:
        spec = f"{_kind_by_shapes(spec, y, y_pred)}Crossentropy"
    function = losses.get(spec)
    if isinstance(function, Loss):
        return function
    name = getattr(function, "name", None) or getattr(function, "__name__", type(function).__name__)
    return LossFunctionWrapper(function, name=snake_case(name))


def _as_list(spec: Any) -> list:
    return list(spec) if isinstance(spec, (list, tuple)) else [spec]


class CompiledMetrics(Metric):
    """The metrics of each output, weighted and unweighted, under the names that logs use.

    A metric itself, as in Keras 3: its result is a dictionary, and a user's ``train_step`` may update it like any other.

    Args:
        output_names: gives the names of the model's outputs, or None.
        loss: tells for which outputs there are targets.
    """

    def __init__(
        self,
        unweighted: Any,
        weighted: Any,
        output_names: Callable[[], list[str] | None],
        loss: CompiledLoss | None = None,
    ) -> None:
        super().__init__(name="compile_metrics")
        for name, spec in (("metrics", unweighted), ("weighted_metrics", weighted)):
            if spec is not None and not isinstance(spec, (list, tuple, dict, str, Metric)) and not callable(spec):
                raise ValueError(
                    f"Expected `{name}` argument to be a list, tuple, or dict. Received instead: {name}={spec} of type "
                    f"{type(spec)}"
                )
        self.unweighted = unweighted
        self.weighted = weighted
        self._output_names = output_names
        self._loss = loss
        self._table: list[tuple[str, Metric, int, bool]] | None = None  # name, metric, index of output, weighted

    def follow(self, loss: CompiledLoss | None) -> None:
        """Go by the targets of this loss, as long as the metrics are not bound to outputs."""
        self._loss = loss

    @property
    def metrics(self) -> list[Metric]:
        """The metrics, output by output; none before the first batch."""
        return [metric for _, metric in self.named()]

    def named(self) -> list[tuple[str, Metric]]:
        """The metrics with the names that logs use."""
        return [(name, metric) for name, metric, _, _ in self._table or []]

    def _bind(self, outputs: Outputs, y: Any, y_pred: Any) -> None:
        """Make the metrics for the shapes of the first batch."""
        self.outputs = outputs
        if self._loss is not None and self._loss.outputs is not None:
            outputs.active = self._loss.outputs.active
        targets = outputs.spread(y, "y")
        predictions = outputs.flatten_predictions(y_pred)
        names: set[str] = set()
        table: list[tuple[str, Metric, int, bool]] = []
        unweighted = self._per_output(self.unweighted, "metrics")
        weighted = self._per_output(self.weighted, "weighted_metrics")
        for i, output in enumerate(outputs.names):
            prefix = f"{output}_" if outputs.prefixed else ""
            for identifier, is_weighted in [(m, False) for m in unweighted[i]] + [(m, True) for m in weighted[i]]:
                metric = as_metric(identifier, targets[i], predictions[i])
                if metric is not None:
                    table.append((_free_name(prefix, metric.name, names, is_weighted), metric, i, is_weighted))
        self._table = sorted(table, key=lambda row: row[0]) if outputs.prefixed else table  # Keras's orders

    def _per_output(self, specs: Any, what: str) -> list[list]:
        """For each output the list of its metrics."""
        count = len(self.outputs.names)
        if specs is None:
            return [[] for _ in range(count)]
        if isinstance(specs, dict) and count == 1:  # all are for it, whatever the keys
            entries = [tree.flatten(specs)]
        elif isinstance(specs, dict) or self.outputs.deep and isinstance(specs, (list, tuple)):
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
                entries = [specs, *([_clone(spec) for spec in specs] for _ in range(count - 1))]
            else:
                raise fail(
                    ValueError, f"`{what}` does not fit the outputs {self.outputs.names}", f"{count} lists", specs
                )
        return [list(e) if isinstance(e, (list, tuple)) else [] if e is None else [e] for e in entries]

    def raw_update(self, y: Any, y_pred: Any, sample_weight: Any = None) -> None:
        if self._table is None:
            self._bind(Outputs(y_pred, self._output_names()), y, y_pred)
        try:
            self._update_each(y, y_pred, sample_weight)
        except (RuntimeError, IndexError) as error:
            raise torch_failure(error) from error.__cause__

    def _update_each(self, y: Any, y_pred: Any, sample_weight: Any) -> None:
        table, outputs = self._table, self.outputs
        if outputs.single and not isinstance(y, _SEVERAL) and not isinstance(sample_weight, _SEVERAL):
            y = _of_rank_2(y, y_pred)
            for _, metric, _, is_weighted in table:
                if is_weighted:
                    metric.raw_update(y, y_pred, sample_weight)
                else:
                    metric.raw_update(y, y_pred)
            return
        targets, predictions = outputs.spread(y, "y"), outputs.flatten_predictions(y_pred)
        weights = outputs.spread(sample_weight, "sample_weight", broadcast=True)
        targets = [_of_rank_2(target, prediction) for target, prediction in zip(targets, predictions)]
        for _, metric, i, is_weighted in table:
            if is_weighted:
                metric.raw_update(targets[i], predictions[i], weights[i])
            else:
                metric.raw_update(targets[i], predictions[i])

    def raw_result(self) -> dict[str, Any]:
        """Name in the logs → raw result."""
        found: dict[str, Any] = {}
        for name, metric in self.named():
            value = metric.raw_result()
            if isinstance(value, dict):
                found.update(value)
            else:
                found[name] = value
        return found

    def reset_state(self) -> None:
        for metric in self.metrics:
            metric.reset_state()


def _free_name(prefix: str, name: str, taken: set[str], is_weighted: bool) -> str:
    """The name in logs, with the output's in front; a second metric of that name is told apart."""
    if prefix + name in taken and is_weighted:
        name = f"weighted_{name}"
    name = base = prefix + name
    count = 1
    while name in taken:
        name, count = f"{base}_{count}", count + 1
    taken.add(name)
    return name


def as_metric(identifier: Any, y: Any, y_pred: Any) -> Metric | None:
    """What ``compile(metrics=...)`` takes for one output, as a Metric; "accuracy" by the shapes."""
    if identifier is None:
        return None
    if isinstance(identifier, str) and identifier.lower() in ("accuracy", "acc", *_CROSSENTROPY):
        return _by_shapes(identifier, y, y_pred)
    found: Any = metrics.get(identifier)
    if isinstance(found, Metric):
        if isinstance(identifier, str):
            found.name = identifier  # logs go by the name as it was written: "mse", "AUC"
        return found
    label = identifier if isinstance(identifier, str) else _name_of(found)
    return MeanMetricWrapper(found, name=label)


def _clone(spec: Any) -> Any:
    """A metric object of its own for another output; names and functions may be shared."""
    return spec.from_config(spec.get_config()) if isinstance(spec, Metric) else spec


def _name_of(function: Callable) -> str:
    name = getattr(function, "name", None) or getattr(function, "__name__", type(function).__name__)
    return "lambda" if name == "<lambda>" else name


def _by_shapes(name: str, y: Any, y_pred: Any) -> Metric:
    what = "Accuracy" if name.lower() in ("accuracy", "acc") else "Crossentropy"
    return getattr(metrics, f"{_kind_by_shapes(name, y, y_pred)}{what}")(name=name)


def _kind_by_shapes(name: str, y: Any, y_pred: Any) -> str:
    """Binary: one value per sample; sparse: targets with fewer numbers than predictions; else categorical."""
    if y is None or not hasattr(y, "shape") or not hasattr(y_pred, "shape"):
        raise fail(ValueError, f"'{name}' needs one target and one prediction", received=f"y of type {type(y)}")
    y_shape, pred_shape = tuple(y.shape), tuple(y_pred.shape)
    if not pred_shape or pred_shape[-1] == 1 or len(pred_shape) < 2:
        return "Binary"
    sparse = len(y_shape) < len(pred_shape) or (bool(y_shape) and y_shape[-1] == 1 and pred_shape[-1] > 1)
    return "SparseCategorical" if sparse else "Categorical"


_CROSSENTROPY = ("crossentropy", "ce")
_SEVERAL = (list, tuple, dict)
