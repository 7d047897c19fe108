"""Metrics that are sums or means of a value per sample: errors, hinges, crossentropies, correlations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from kerasish.core import dispatch, registry
from kerasish.core.context import settings
from kerasish.core.dispatch import Array, Index, op
from kerasish.core.dtypes import to_torch
from kerasish.core.masks import wrap_with_mask
from kerasish.losses import margin, probabilistic, regression
from kerasish.losses.base import combined_weight, paired, raw_numbers, times, to_float
from kerasish.metrics.base import Mean, Metric, accumulate, weighted
from kerasish.ops.math import divide_no_nan

SHORT_FLOATS = (torch.float16, torch.bfloat16)


def predictions(y_pred: Any, dtype: torch.dtype) -> torch.Tensor:
    """Predictions as a raw tensor; those of 16 bits in ``dtype``, so that a mixed policy does not blur the metrics."""
    y_pred = y_pred if isinstance(y_pred, torch.Tensor) else raw_numbers(y_pred, dtype)
    return to_float(y_pred, dtype) if y_pred.dtype in SHORT_FLOATS else y_pred


def largest(x: torch.Tensor, axis: int = -1) -> torch.Tensor:
    """The places of the largest elements along an axis; torch has no such function of booleans."""
    return (x.byte() if x.dtype is torch.bool else x).argmax(axis)


class Sum(Metric):
    """The weighted sum of the values given so far.

    Args:
        name, dtype: as of ``Metric``.
    """

    def __init__(self, name: str | None = "sum", dtype: Any = None) -> None:
        super().__init__(dtype=dtype, name=name)
        self.total = self.add_variable(name="total")

    def raw_update(self, values: Any, sample_weight: Any = None) -> None:
        values, weight = weighted(values, sample_weight, to_torch(self._dtype))
        if isinstance(weight, torch.Tensor):
            accumulate(self.total, times(values, weight).sum())
        else:
            accumulate(self.total, values.sum(), 1 if weight is None else weight)

    def raw_result(self) -> torch.Tensor:
        return self.total.read().clone()


class MeanMetricWrapper(Mean):
    """The weighted mean of a function ``fn(y_true, y_pred, **kwargs)`` that gives one value per sample, or several.

    A function of the library computes on raw tensors, a user's gets Tensors.
    """

    def __init__(self, fn: Callable, name: str | None = None, dtype: Any = None, **kwargs: Any) -> None:
        super().__init__(name=name, dtype=dtype)
        self._fn = fn
        self._fn_kwargs = kwargs
        self._raw_fn: Callable | None = getattr(fn, "raw", None)

    def raw_update(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        mask = getattr(y_pred, "_keras_mask", None)
        if self._raw_fn is not None:
            y_true = y_true if isinstance(y_true, torch.Tensor) else dispatch.raw(y_true)
            values = self._raw_fn(y_true, predictions(y_pred, self._raw_dtype), **self._fn_kwargs)
        else:
            values = dispatch.raw(self._fn(wrap_with_mask(y_true), wrap_with_mask(y_pred), **self._fn_kwargs))
        if mask is not None:
            own = getattr(values, "_keras_mask", None)
            values._keras_mask = mask if own is None else combined_weight(own.to(values.dtype), mask.to(values.dtype))
        super().raw_update(values, sample_weight)

    def get_config(self) -> dict:
        config = {"name": self.name, "dtype": self._dtype}
        if type(self) is MeanMetricWrapper or not registry.is_builtin(type(self)):
            config["fn"] = registry.serialize_keras_object(self._fn)
        return {**config, **self._fn_kwargs}

    @classmethod
    def from_config(cls, config: dict) -> Any:
        if "fn" in config:
            config = {**config, "fn": registry.deserialize_inner(config["fn"])}
        return cls(**config)


# errors ---------------------------------------------------------------------------------------------------------------


class MeanSquaredError(MeanMetricWrapper):
    """Mean of (y_true - y_pred)²."""

    def __init__(self, name: str | None = "mean_squared_error", dtype: Any = None) -> None:
        super().__init__(regression.mean_squared_error, name, dtype)


class MeanAbsoluteError(MeanMetricWrapper):
    """Mean of |y_true - y_pred|."""

    def __init__(self, name: str | None = "mean_absolute_error", dtype: Any = None) -> None:
        super().__init__(regression.mean_absolute_error, name, dtype)


class MeanAbsolutePercentageError(MeanMetricWrapper):
    """100 times the mean of |y_true - y_pred| / |y_true|."""

    def __init__(self, name: str | None = "mean_absolute_percentage_error", dtype: Any = None) -> None:
        super().__init__(regression.mean_absolute_percentage_error, name, dtype)


class MeanSquaredLogarithmicError(MeanMetricWrapper):
    """Mean of (log(1 + y_true) - log(1 + y_pred))²."""

    def __init__(self, name: str | None = "mean_squared_logarithmic_error", dtype: Any = None) -> None:
        super().__init__(regression.mean_squared_logarithmic_error, name, dtype)


class RootMeanSquaredError(Mean):
    """Square root of the mean of (y_true - y_pred)². As in Keras, a mask of the predictions does not count here."""

    def __init__(self, name: str | None = "root_mean_squared_error", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)

    def raw_update(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        dtype = self._raw_dtype
        y_true, y_pred = paired(raw_numbers(y_true, dtype), to_float(raw_numbers(y_pred, dtype), dtype))
        super().raw_update(torch.square(y_true - y_pred), sample_weight)

    def raw_result(self) -> torch.Tensor:
        return torch.sqrt(super().raw_result())


class LogCoshError(MeanMetricWrapper):
    """Mean of log cosh(y_pred - y_true)."""

    def __init__(self, name: str | None = "logcosh", dtype: Any = None) -> None:
        super().__init__(regression.log_cosh, name, dtype)


class MeanRelativeError(Mean):
    """Mean of |y_true - y_pred| / ``normalizer``, 0 where that is 0; Keras 2's.

    Args:
        normalizer: broadcasts against the predictions.
    """

    def __init__(self, normalizer: Any, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.normalizer = raw_numbers(normalizer, to_torch(self._dtype)).to(to_torch(self._dtype))

    def raw_update(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        dtype = self._raw_dtype
        y_true, y_pred = paired(raw_numbers(y_true, dtype), to_float(raw_numbers(y_pred, dtype), dtype))
        error = torch.abs(y_true - y_pred)
        super().raw_update(divide_no_nan.raw(error, self.normalizer.to(error.device)), sample_weight)

    def get_config(self) -> dict:
        return {"name": self.name, "dtype": self._dtype, "normalizer": self.normalizer.tolist()}


class MeanTensor(Metric):
    """The elementwise weighted mean of tensors of one shape; Keras 2's.

    Args:
        shape: of the tensors; default: that of the first one.

    Raises:
        ValueError: on an update, a tensor of another shape.
    """

    def __init__(self, name: str | None = "mean_tensor", dtype: Any = None, shape: Any = None) -> None:
        super().__init__(dtype=dtype, name=name)
        self.shape = None if shape is None else tuple(shape)
        if self.shape is not None:
            self._build(self.shape)

    def _build(self, shape: tuple) -> None:
        self.total = self.add_variable(shape, name="total")
        self.count = self.add_variable(shape, name="count")

    def raw_update(self, values: Any, sample_weight: Any = None) -> None:
        dtype = to_torch(self._dtype)
        values = to_float(raw_numbers(values, dtype), dtype)
        if not self._variables:
            self._build(tuple(values.shape))
        if tuple(values.shape) != tuple(self.total.shape):
            shapes = f"{tuple(self.total.shape)} and {tuple(values.shape)}"
            raise ValueError(
                f"MeanTensor input values must always have the same shape. Expected and received: {shapes}."
            )
        values, weight = weighted(values, 1.0 if sample_weight is None else sample_weight, dtype)
        weight = torch.as_tensor(weight, dtype=dtype, device=values.device).expand_as(values)
        accumulate(self.total, values * weight)
        accumulate(self.count, weight)

    def raw_result(self) -> torch.Tensor:
        if not self._variables:
            raise ValueError("MeanTensor does not have any value yet. Call `update_state` first.")
        return divide_no_nan.raw(self.total.read(), self.count.read())


# angles and correlations ----------------------------------------------------------------------------------------------


def _cosine(y_true: torch.Tensor, y_pred: torch.Tensor, axis: int) -> torch.Tensor:
    return regression.cosine(*paired(y_true, y_pred), axis)


class CosineSimilarity(MeanMetricWrapper):
    """Mean cosine of the angle between y_true and y_pred along ``axis``: 1 for equal directions, unlike the loss."""

    def __init__(self, name: str | None = "cosine_similarity", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(regression.cosine_similarity, name, dtype, axis=axis)
        self._raw_fn = _cosine

    def get_config(self) -> dict:
        config = super().get_config()
        if config["axis"] == -1:  # Keras's config leaves it out
            del config["axis"]
        return config


@op
def pearson_correlation(y_true: Index, y_pred: Array, axis: int = -1) -> Any:
    """Pearson's coefficient of correlation along ``axis``; NaN if one side is constant."""
    y_true, y_pred = paired(y_true, y_pred)
    y_true = y_true - y_true.mean(axis, keepdim=True)
    y_pred = y_pred - y_pred.mean(axis, keepdim=True)
    spreads = torch.square(y_true).mean(axis, keepdim=True).sqrt(), torch.square(y_pred).mean(axis, keepdim=True).sqrt()
    return (y_true / spreads[0] * (y_pred / spreads[1])).mean(axis)


@op
def concordance_correlation(y_true: Index, y_pred: Array, axis: int = -1) -> Any:
    """2·cov / (var y_true + var y_pred + (mean y_true - mean y_pred)²) along ``axis`` (Lin 1989)."""
    y_true, y_pred = paired(y_true, y_pred)
    mean_true, mean_pred = y_true.mean(axis, keepdim=True), y_pred.mean(axis, keepdim=True)
    y_true, y_pred = y_true - mean_true, y_pred - mean_pred
    covariance = (y_true * y_pred).mean(axis)
    spread = torch.square(y_true).mean(axis) + torch.square(y_pred).mean(axis)
    distance = torch.square(mean_true - mean_pred).squeeze(axis)
    return 2 * covariance / (spread + distance + settings.epsilon)


class PearsonCorrelation(MeanMetricWrapper):
    """Mean over the samples of Pearson's correlation along ``axis``."""

    def __init__(self, name: str | None = "pearson_correlation", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(pearson_correlation, name, dtype, axis=axis)
        self.axis = axis


class ConcordanceCorrelation(MeanMetricWrapper):
    """Mean over the samples of Lin's concordance along ``axis``."""

    def __init__(self, name: str | None = "concordance_correlation", dtype: Any = None, axis: int = -1) -> None:
        super().__init__(concordance_correlation, name, dtype, axis=axis)
        self.axis = axis


# hinges ---------------------------------------------------------------------------------------------------------------


class Hinge(MeanMetricWrapper):
    """Mean of max(1 - y_true · y_pred, 0), for targets -1 and 1, or 0 and 1."""

    def __init__(self, name: str | None = "hinge", dtype: Any = None) -> None:
        super().__init__(margin.hinge, name, dtype)


class SquaredHinge(MeanMetricWrapper):
    """Mean of max(1 - y_true · y_pred, 0)², for targets -1 and 1, or 0 and 1."""

    def __init__(self, name: str | None = "squared_hinge", dtype: Any = None) -> None:
        super().__init__(margin.squared_hinge, name, dtype)


class CategoricalHinge(MeanMetricWrapper):
    """Mean of max(1 + the best score of a wrong class - the score of the right one, 0)."""

    def __init__(self, name: str | None = "categorical_hinge", dtype: Any = None) -> None:
        super().__init__(margin.categorical_hinge, name, dtype)


# distributions --------------------------------------------------------------------------------------------------------


class KLDivergence(MeanMetricWrapper):
    """Mean of Σ y_true · log(y_true / y_pred)."""

    def __init__(self, name: str | None = "kl_divergence", dtype: Any = None) -> None:
        super().__init__(probabilistic.kl_divergence, name, dtype)


class Poisson(MeanMetricWrapper):
    """Mean of y_pred - y_true · log y_pred."""

    def __init__(self, name: str | None = "poisson", dtype: Any = None) -> None:
        super().__init__(probabilistic.poisson, name, dtype)


class BinaryCrossentropy(MeanMetricWrapper):
    """Mean of -y_true · log y_pred - (1 - y_true) · log(1 - y_pred); arguments as of the loss."""

    def __init__(
        self,
        name: str | None = "binary_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
    ) -> None:
        options = {"from_logits": from_logits, "label_smoothing": label_smoothing}
        super().__init__(probabilistic.binary_crossentropy, name, dtype, **options)
        self.from_logits, self.label_smoothing = from_logits, label_smoothing


class CategoricalCrossentropy(MeanMetricWrapper):
    """Mean of -Σ y_true · log y_pred; arguments as of the loss."""

    def __init__(
        self,
        name: str | None = "categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        axis: int = -1,
    ) -> None:
        options = {"from_logits": from_logits, "label_smoothing": label_smoothing, "axis": axis}
        super().__init__(probabilistic.categorical_crossentropy, name, dtype, **options)
        self.from_logits, self.label_smoothing, self.axis = from_logits, label_smoothing, axis


class SparseCategoricalCrossentropy(MeanMetricWrapper):
    """Mean of -log of the probability of the class that y_true names; arguments as of the loss."""

    def __init__(
        self,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        options = {"from_logits": from_logits, "ignore_class": ignore_class, "axis": axis}
        super().__init__(probabilistic.sparse_categorical_crossentropy, name, dtype, **options)
        self.from_logits, self.ignore_class, self.axis = from_logits, ignore_class, axis
