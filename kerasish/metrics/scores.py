"""Scores of several outputs: F-scores of classes and R² of regressions."""

from __future__ import annotations

import warnings
from typing import Any

import torch

from kerasish.core.context import settings
from kerasish.core.dtypes import to_torch
from kerasish.core.errors import fail
from kerasish.losses.base import TARGETS, aligned_weight, incompatible, raw_numbers, same_shape, times, to_dtype
from kerasish.metrics.base import Metric, accumulate
from kerasish.ops.math import divide_no_nan

_AVERAGES = (None, "micro", "macro", "weighted")
_AGGREGATIONS = (None, "uniform_average", "variance_weighted_average")


class _Tabular(Metric):
    """Base of the metrics of (batch, outputs) with one accumulator entry per output, made with the first batch."""

    def _inputs(
        self, y_true: Any, y_pred: Any, sample_weight: Any, kind: str
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
        dtype = to_torch(self._dtype)
        y_true, y_pred = to_dtype(raw_numbers(y_true, dtype), dtype), to_dtype(raw_numbers(y_pred, dtype), dtype)
        y_true, y_pred = same_shape(y_true, y_pred)
        if y_true.ndim != 2 or y_pred.ndim != 2:
            raise ValueError(
                f"{kind} expects 2D inputs with shape (batch_size, output_dim). Received input shapes: "
                f"y_pred.shape={tuple(y_pred.shape)} and y_true.shape={tuple(y_true.shape)}."
            )
        if y_true.shape != y_pred.shape:
            raise incompatible(y_true, y_pred, TARGETS)
        if sample_weight is None:
            return y_true, y_pred, None
        return y_true, y_pred, aligned_weight(y_pred, raw_numbers(sample_weight, dtype))[1]


def _weighted(values: torch.Tensor, weight: torch.Tensor | None) -> torch.Tensor:
    return values if weight is None else times(values, weight)


class FBetaScore(_Tabular):
    """(1 + β²) · precision · recall / (β² · precision + recall), for y_true and y_pred (batch, classes).

    Args:
        average: None gives one score per class, "macro" their mean, "weighted" the mean weighted with the classes' numbers
            of positives, "micro" the score of all classes' counts together.
        beta: β: how much recall weighs in comparison with precision.
        threshold: predictions above it are positive; None: the largest of each row is.

    Raises:
        ValueError: an argument that is none of these.
    """

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str | None = "fbeta_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if average not in _AVERAGES:
            raise fail(
                ValueError, "Invalid `average` argument value", f"one of: {set(_AVERAGES)}", f"average={average}"
            )
        self.beta = _positive_float("beta", beta)
        self.threshold = None if threshold is None else _positive_float("threshold", threshold, 1.0)
        self.average = average
        self.axis = None if average == "micro" else 0

    def _build(self, classes: int) -> None:
        shape = () if self.average == "micro" else (classes,)
        self.true_positives = self.add_variable(shape, name="true_positives")
        self.false_positives = self.add_variable(shape, name="false_positives")
        self.false_negatives = self.add_variable(shape, name="false_negatives")
        self.intermediate_weights = self.add_variable(shape, name="intermediate_weights")

    def raw_update(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred, weight = self._inputs(y_true, y_pred, sample_weight, "FBetaScore")
        if not self._variables:
            self._build(y_true.shape[-1])
        if self.threshold is None:
            chosen = (y_pred >= y_pred.amax(-1, keepdim=True)) & (torch.abs(y_pred) > 1e-9)
        else:
            chosen = y_pred > self.threshold
        y_pred = chosen.to(y_true.dtype)
        axis = [0, 1] if self.average == "micro" else [0]
        hits = y_pred * y_true
        accumulate(self.true_positives, _weighted(hits, weight).sum(axis))
        accumulate(self.false_positives, _weighted(y_pred - hits, weight).sum(axis))
        accumulate(self.false_negatives, _weighted(y_true - hits, weight).sum(axis))
        accumulate(self.intermediate_weights, _weighted(y_true, weight).sum(axis))

    def raw_result(self) -> torch.Tensor:
        if not self._variables:
            return torch.zeros((), dtype=to_torch(self._dtype))
        hits = self.true_positives.read()
        precision = hits / (hits + self.false_positives.read() + settings.epsilon)
        recall = hits / (hits + self.false_negatives.read() + settings.epsilon)
        square = self.beta**2
        score = (1 + square) * precision * recall / (precision * square + recall + settings.epsilon)
        if self.average == "weighted":
            weights = self.intermediate_weights.read()
            return (score * weights / (weights.sum() + settings.epsilon)).sum()
        return score.mean() if self.average is not None else score

    def get_config(self) -> dict:
        config = {"name": self.name, "dtype": self._dtype, "average": self.average}
        return {**config, "beta": self.beta, "threshold": self.threshold}


def _positive_float(name: str, value: Any, limit: float | None = None) -> float:
    if not isinstance(value, float):
        raise fail(
            ValueError,
            f"Invalid `{name}` argument value. It should be a Python float",
            received=f"{name}={value} of type '{type(value)}'",
        )
    if value <= 0.0 or (limit is not None and value > limit):
        rule = f"verify 0 < {name} <= 1" if limit else "be > 0"
        raise fail(ValueError, f"Invalid `{name}` argument value. It should {rule}", received=f"{name}={value}")
    return value


class F1Score(FBetaScore):
    """2 · precision · recall / (precision + recall); arguments as of ``FBetaScore``."""

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str | None = "f1_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(average=average, beta=1.0, threshold=threshold, name=name, dtype=dtype)

    def get_config(self) -> dict:
        config = super().get_config()
        del config["beta"]
        return config


class R2Score(_Tabular):
    """The coefficient of determination, 1 - Σ(y_true - y_pred)² / Σ(y_true - mean)², for (batch, outputs).

    Args:
        class_aggregation: None gives one score per output, "uniform_average" their mean, "variance_weighted_average" the
            mean weighted with the outputs' Σ(y_true - mean)².
        num_regressors: how many inputs p the regression has, for the adjusted score 1 - (1 - R²)·(n - 1)/(n - p - 1);
            0: not adjusted.

    Raises:
        ValueError: an argument that is none of these.
    """

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str | None = "r2_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if class_aggregation not in _AGGREGATIONS:
            raise fail(
                ValueError,
                "Invalid value for argument `class_aggregation`",
                f"one of {_AGGREGATIONS}",
                f"class_aggregation={class_aggregation}",
            )
        if num_regressors < 0:
            raise fail(
                ValueError,
                "Invalid value for argument `num_regressors`",
                "a value >= 0",
                f"num_regressors={num_regressors}",
            )
        self.class_aggregation, self.num_regressors = class_aggregation, num_regressors
        self.num_samples = self.add_variable(name="num_samples")

    def _build(self, outputs: int) -> None:
        self.squared_sum = self.add_variable((outputs,), name="squared_sum")
        self.sum = self.add_variable((outputs,), name="sum")
        self.total_mse = self.add_variable((outputs,), name="residual")
        self.count = self.add_variable((outputs,), name="count")

    def raw_update(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred, weight = self._inputs(y_true, y_pred, sample_weight, "R2Score")
        if len(self._variables) == 1:
            self._build(y_true.shape[-1])
        scaled = _weighted(y_true, weight)
        accumulate(self.squared_sum, (y_true * scaled).sum(0))
        accumulate(self.sum, scaled.sum(0))
        accumulate(self.total_mse, _weighted(torch.square(y_true - y_pred), weight).sum(0))
        accumulate(self.count, y_true.shape[0] if weight is None else weight.expand_as(y_true).sum(0))
        accumulate(self.num_samples, y_true.numel())

    def raw_result(self) -> torch.Tensor:
        if len(self._variables) == 1:
            return torch.zeros((), dtype=to_torch(self._dtype))
        total_sum = self.sum.read()
        spread = self.squared_sum.read() - total_sum * (total_sum / self.count.read())
        score = 1 - self.total_mse.read() / spread
        score = torch.where(torch.isinf(score), 0.0, score)
        if self.class_aggregation == "uniform_average":
            score = score.mean()
        elif self.class_aggregation == "variance_weighted_average":
            score = divide_no_nan.raw((score * spread).sum(), spread.sum())
        return self._adjusted(score) if self.num_regressors else score

    def _adjusted(self, score: torch.Tensor) -> torch.Tensor:
        n, p = float(self.num_samples.read()), self.num_regressors
        if p > n - 1:
            warnings.warn(
                "More independent predictors than datapoints in adjusted R2 score. Falling back to standard R2 score.",
                stacklevel=2,
            )
            return score
        if p == n - 1:
            warnings.warn("Division by zero in Adjusted R2 score. Falling back to standard R2 score.", stacklevel=2)
            return score
        return 1 - (1 - score) * (n - 1) / (n - p - 1)

    def get_config(self) -> dict:
        config = {"name": self.name, "dtype": self._dtype, "class_aggregation": self.class_aggregation}
        return {**config, "num_regressors": self.num_regressors}
