"""Accuracies: how often predictions and targets agree, by each notion of agreeing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.compiler import is_dynamo_compiling

from kerasish.core.dispatch import Array, Index, op
from kerasish.core.dtypes import floatx
from kerasish.losses.base import same_shape
from kerasish.metrics.base import accumulate
from kerasish.metrics.values import SHORT_FLOATS, MeanMetricWrapper, largest
from kerasish.ops.sorting import in_top_k

# What follows computes booleans, of which the metrics below take the sum; the public functions make floats of them.


def _equal(y_true: torch.Tensor, y_pred: torch.Tensor) -> torch.Tensor:
    y_true, y_pred = same_shape(y_true, y_pred)
    return y_true == y_pred


def _binary(y_true: torch.Tensor, y_pred: torch.Tensor, threshold: float = 0.5) -> torch.Tensor:
    y_true, y_pred = same_shape(y_true, y_pred)
    return y_true == (y_pred > _as_tensor(threshold, y_pred))


_thresholds: dict[tuple, torch.Tensor] = {}


def _as_tensor(threshold: Any, like: torch.Tensor) -> Any:
    """A number in the form that the host compares with fastest, made once: torch takes 2 µs to make a tensor of one."""
    if type(like) is not torch.Tensor or not like.is_cpu or not like.is_floating_point() or is_dynamo_compiling():
        return threshold
    key = (threshold, like.dtype)
    found = _thresholds.get(key)
    if found is None:
        found = torch.full((), threshold, dtype=like.dtype, device=like.device)
        if type(found) is torch.Tensor and not found.is_inference() and len(_thresholds) < _KEPT:
            _thresholds[key] = found
    return found


_KEPT = 64  # thresholds; more than a program has


def _categorical(y_true: torch.Tensor, y_pred: torch.Tensor) -> torch.Tensor:
    return largest(y_true) == largest(y_pred)


def _labels(y_true: torch.Tensor, y_pred: torch.Tensor) -> torch.Tensor:
    """Class numbers (batch, ...) or (batch, ..., 1) without the last axis."""
    if y_true.ndim == y_pred.ndim and y_true.shape[-1] == 1:
        return y_true.squeeze(-1)
    return y_true


def _sparse(y_true: torch.Tensor, y_pred: torch.Tensor) -> torch.Tensor:
    return _labels(y_true, y_pred) == largest(y_pred)


def _top_k(y_true: torch.Tensor, y_pred: torch.Tensor, k: int = 5) -> torch.Tensor:
    return in_top_k.raw(largest(y_true), y_pred, k)


def _sparse_top_k(
    y_true: torch.Tensor, y_pred: torch.Tensor, k: int = 5, from_sorted_ids: bool = False
) -> torch.Tensor:
    labels = _labels(y_true, y_pred)
    if from_sorted_ids:
        return (labels.unsqueeze(-1) == y_pred[..., :k]).any(-1)
    return in_top_k.raw(labels, y_pred, k)


@op
def binary_accuracy(y_true: Index, y_pred: Array, threshold: float = 0.5) -> Any:
    """1 where y_pred is above ``threshold`` and y_true is 1, or neither; 0 elsewhere."""
    return _binary(y_true, y_pred, threshold).to(floatx())


@op
def categorical_accuracy(y_true: Index, y_pred: Array) -> Any:
    """1 where y_true and y_pred are largest at the same place along the last axis; 0 elsewhere."""
    return _categorical(y_true, y_pred).to(floatx())


@op
def sparse_categorical_accuracy(y_true: Index, y_pred: Array) -> Any:
    """1 where y_pred is largest at the place that y_true names; 0 elsewhere."""
    return _sparse(y_true, y_pred).to(floatx())


@op
def top_k_categorical_accuracy(y_true: Index, y_pred: Array, k: int = 5) -> Any:
    """1 where the place of y_true's maximum is among the ``k`` largest of y_pred; 0 elsewhere."""
    return _top_k(y_true, y_pred, k).to(floatx())


@op
def sparse_top_k_categorical_accuracy(y_true: Index, y_pred: Array, k: int = 5, from_sorted_ids: bool = False) -> Any:
    """1 where the class that y_true names is among the ``k`` largest of y_pred; 0 elsewhere.

    Args:
        from_sorted_ids: whether y_pred are class numbers, best first, instead of scores.
    """
    found = _sparse_top_k(y_true, y_pred, k, from_sorted_ids).to(floatx())
    return found.reshape(y_true.shape) if y_true.ndim > 1 else found


@op
def accuracy(y_true: Index, y_pred: Array) -> Any:
    """1 where y_true equals y_pred; 0 elsewhere."""
    return _equal(y_true, y_pred).to(floatx())


class _Accuracy(MeanMetricWrapper):
    """The mean of booleans: ``hits`` is ``fn`` before their conversion to floats."""

    def __init__(self, fn: Callable, hits: Callable, name: str | None, dtype: Any, **kwargs: Any) -> None:
        super().__init__(fn, name, dtype, **kwargs)
        self._raw_fn = self._hits = hits
        self.__dict__.update(kwargs)

    def raw_update(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        if sample_weight is None and _is_plain(y_true) and _is_plain(y_pred):
            hits = self._hits(y_true, y_pred, **self._fn_kwargs)
            number = hits.numel()
            if number and hits.ndim:  # as Mean does, in fewer steps
                samples = hits.shape[0]
                accumulate(self.total, torch.count_nonzero(hits), samples / number)
                accumulate(self.count, samples)
                return
        super().raw_update(y_true, y_pred, sample_weight)


def _is_plain(x: Any) -> bool:
    """Whether a tensor is one of the host's without a mask, and not one of a graph that is traced."""
    return (
        type(x) is torch.Tensor and x.is_cpu and x.dtype not in SHORT_FLOATS and getattr(x, "_keras_mask", None) is None
    )


class Accuracy(_Accuracy):
    """How often y_true equals y_pred."""

    def __init__(self, name: str | None = "accuracy", dtype: Any = None) -> None:
        super().__init__(accuracy, _equal, name, dtype)


class BinaryAccuracy(_Accuracy):
    """How often y_pred is above ``threshold`` where y_true is 1, and not where it is 0."""

    def __init__(self, name: str | None = "binary_accuracy", dtype: Any = None, threshold: float | None = 0.5) -> None:
        super().__init__(binary_accuracy, _binary, name, dtype, threshold=0.5 if threshold is None else threshold)


class CategoricalAccuracy(_Accuracy):
    """How often y_pred is largest where the one-hot y_true is."""

    def __init__(self, name: str | None = "categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(categorical_accuracy, _categorical, name, dtype)


class SparseCategoricalAccuracy(_Accuracy):
    """How often y_pred is largest at the class that y_true names."""

    def __init__(self, name: str | None = "sparse_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(sparse_categorical_accuracy, _sparse, name, dtype)


class TopKCategoricalAccuracy(_Accuracy):
    """How often the class of the one-hot y_true is among the ``k`` largest of y_pred."""

    def __init__(self, k: int = 5, name: str | None = "top_k_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(top_k_categorical_accuracy, _top_k, name, dtype, k=k)


class SparseTopKCategoricalAccuracy(_Accuracy):
    """How often the class that y_true names is among the ``k`` largest of y_pred.

    Args:
        from_sorted_ids: whether y_pred are class numbers, best first, instead of scores.
    """

    def __init__(
        self,
        k: int = 5,
        name: str | None = "sparse_top_k_categorical_accuracy",
        dtype: Any = None,
        from_sorted_ids: bool = False,
    ) -> None:
        options = {"k": k, "from_sorted_ids": from_sorted_ids}
        super().__init__(sparse_top_k_categorical_accuracy, _sparse_top_k, name, dtype, **options)

    def get_config(self) -> dict:
        config = super().get_config()
        if not config["from_sorted_ids"]:  # Keras's config has it only where it is set
            del config["from_sorted_ids"]
        return config
