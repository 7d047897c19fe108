"""Metrics of the confusion matrix of two classes: counts, precision, recall, and what one costs the other.

A prediction is positive at a threshold t if it is above t. The four counts at every threshold are accumulators: vectors, one
entry per threshold.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from kerasish.core import dispatch
from kerasish.core.dtypes import to_torch
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.core.variable import Variable
from kerasish.losses.base import TARGETS, incompatible, raw_numbers, same_shape, to_float
from kerasish.metrics.base import Metric, accumulate, weight_of_each
from kerasish.ops.math import divide_no_nan
from kerasish.ops.sorting import top_k as largest

_NEVER = -1e10  # the score of what is not among the top k, and the threshold above it


# counting -------------------------------------------------------------------------------------------------------------


def prepare(
    y_true: Any,
    y_pred: Any,
    sample_weight: Any,
    dtype: torch.dtype,
    top_k: int | None = None,
    class_id: int | None = None,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
    """Labels as booleans, predictions, and weights (None, or of the predictions' shape) in the metric's dtype.

    Args:
        top_k: predictions that are not among the ``top_k`` largest of their row count as negative.
        class_id: only this entry of the last axis counts.

    Raises:
        InvalidArgumentError: shapes that do not fit, or no such class.
    """
    compared = torch.float32 if dtype is torch.float64 else dtype  # as in Keras, whose thresholds are never wider
    y_true, y_pred = same_shape(dispatch.raw(y_true), to_float(raw_numbers(y_pred, dtype), compared))
    if y_true.shape != y_pred.shape:
        raise incompatible(y_true, y_pred, TARGETS)
    labels = y_true if y_true.dtype is torch.bool else y_true != 0
    if top_k is not None:
        kept = torch.zeros_like(y_pred, dtype=torch.bool)
        kept.scatter_(-1, largest.raw(y_pred, min(top_k, y_pred.shape[-1])).indices.long(), True)
        y_pred = torch.where(kept, y_pred, _NEVER)
    weight = None if sample_weight is None else weight_of_each(y_pred, sample_weight, dtype)
    if class_id is not None:
        if not -y_pred.shape[-1] <= class_id < y_pred.shape[-1]:
            raise InvalidArgumentError(f"slice index {class_id} of dimension {y_pred.ndim - 1} out of bounds.")
        labels, y_pred = labels[..., class_id], y_pred[..., class_id]
        weight = None if weight is None else weight[..., class_id]
    return labels, y_pred, weight


def count_each(
    labels: torch.Tensor, y_pred: torch.Tensor, weight: torch.Tensor | None, thresholds: torch.Tensor, wanted: tuple
) -> list[torch.Tensor]:
    """The wanted counts at each of a few thresholds, (thresholds,), by comparing with every one of them.

    Each count is a sum of its own: differences of sums of weights would not be exact.
    """
    labels, y_pred = labels.reshape(1, -1), y_pred.reshape(1, -1)
    positive = y_pred > thresholds.reshape(-1, 1)
    found = []
    for count in wanted:
        chosen = _CHOSEN[count](positive, labels)
        found.append((chosen if weight is None else chosen * weight.reshape(1, -1)).sum(1))
    return found


_CHOSEN: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {  # a > b: a and not b
    "true_positives": torch.logical_and,
    "false_positives": torch.gt,
    "true_negatives": lambda positive, labels: ~(positive | labels),
    "false_negatives": lambda positive, labels: torch.gt(labels, positive),
}
COUNTS = tuple(_CHOSEN)


def count_all(
    labels: torch.Tensor,
    y_pred: torch.Tensor,
    weight: torch.Tensor | None,
    thresholds: torch.Tensor,
    evenly: bool,
    from_zero: bool = False,
) -> list[torch.Tensor]:
    """The four counts at each of many ascending thresholds, (thresholds, ...) for labels (n, ...).

    Every prediction is put into a bucket, that of the number of thresholds below it. It is positive at all of those, so a
    sum from the end over the buckets counts the positives.

    Args:
        evenly: the thresholds are 0, 1/(n-1), ..., 1, but for an ε at the ends: the bucket is computed by one
            multiplication, as Keras does, with the same rounding. Predictions are clipped to [0, 1] then.
        from_zero: the first of them is 0, without ε, so that a prediction of 0 is not above it.
    """
    buckets = len(thresholds) + 1
    if evenly:
        bucket = torch.ceil(torch.clamp(y_pred, 0.0, 1.0) * (buckets - 2)).long()
        bucket = bucket.clamp_(0 if from_zero else 1, buckets - 2)  # NaN has become any number
    else:
        bucket = torch.searchsorted(thresholds, y_pred.contiguous())
    columns = labels.shape[1] if labels.ndim > 1 else 1
    if columns > 1:
        bucket = bucket * columns + torch.arange(columns, device=bucket.device)
    place = torch.add(bucket, labels, alpha=buckets * columns).reshape(-1)  # negatives first, then positives
    each = y_pred.new_ones(1).expand(len(place)) if weight is None else weight.reshape(-1)
    sums = torch.zeros(2 * buckets * columns, dtype=each.dtype, device=each.device).index_add_(0, place, each)
    above = sums.reshape(2, buckets, *labels.shape[1:]).flip(1).cumsum(1).flip(1)
    false, true = above[:, 1:]
    below_false, below_true = above[:, :1] - above[:, 1:]
    return [true, false, below_false, below_true]


def standardize_thresholds(thresholds: Any, default: float) -> list[float]:
    """Thresholds as a list.

    Raises:
        ValueError: one of them is not in [0, 1].
    """
    if thresholds is None:
        return [default]
    found = (
        list(thresholds) if isinstance(thresholds, (list, tuple)) or hasattr(thresholds, "__len__") else [thresholds]
    )
    invalid = [t for t in found if t is None or t < 0 or t > 1]
    if invalid:
        raise ValueError(f"Threshold values must be in [0, 1]. Received: {invalid}")
    return found


class Thresholded(Metric):
    """Base of the metrics with thresholds: their list, and a copy of it on the device."""

    thresholds: list[float]
    _on_device: torch.Tensor | None = None

    def _device_thresholds(self, like: torch.Tensor) -> torch.Tensor:
        held = self._on_device
        if (
            held is None
            or held.device != like.device
            or held.dtype is not like.dtype
            or len(held) != len(self.thresholds)
        ):
            held = torch.tensor(self.thresholds, dtype=torch.float64).to(like.dtype).to(like.device)
            self._on_device = held
        return held


# counts ---------------------------------------------------------------------------------------------------------------


class _Count(Thresholded):
    _count: str

    def __init__(self, thresholds: Any = None, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds = thresholds
        self.thresholds = standardize_thresholds(thresholds, 0.5)
        self.accumulator = self.add_variable((len(self.thresholds),), name="accumulator")

    def raw_update(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        labels, y_pred, weight = prepare(y_true, y_pred, sample_weight, to_torch(self._dtype))
        thresholds = self._device_thresholds(y_pred)
        accumulate(self.accumulator, count_each(labels, y_pred, weight, thresholds, (self._count,))[0])

    def raw_result(self) -> torch.Tensor:
        return _only(self.accumulator.read())

    def get_config(self) -> dict:
        return {"name": self.name, "dtype": self._dtype, "thresholds": self.init_thresholds}


def _only(values: torch.Tensor) -> torch.Tensor:
    """A copy; of a vector of one entry, the entry."""
    return values[0].clone() if len(values) == 1 else values.clone()


class TruePositives(_Count):
    """How many positives were predicted as such.

    Args:
        thresholds: a number in [0, 1], or several for a vector of counts; default 0.5.

    Raises:
        ValueError: a threshold outside of [0, 1].
    """

    _count = "true_positives"


class FalsePositives(_Count):
    """How many negatives were predicted to be positive; arguments as of ``TruePositives``."""

    _count = "false_positives"


class TrueNegatives(_Count):
    """How many negatives were predicted as such; arguments as of ``TruePositives``."""

    _count = "true_negatives"


class FalseNegatives(_Count):
    """How many positives were predicted to be negative; arguments as of ``TruePositives``."""

    _count = "false_negatives"


# precision and recall -------------------------------------------------------------------------------------------------


class _Share(Thresholded):
    """Base of Precision and Recall: the share of the true positives in two counts."""

    _other: str

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds, self.top_k, self.class_id = thresholds, top_k, class_id
        self.thresholds = standardize_thresholds(thresholds, 0.5 if top_k is None else _NEVER)
        shape = (len(self.thresholds),)
        self.true_positives = self.add_variable(shape, name="true_positives")
        setattr(self, self._other, self.add_variable(shape, name=self._other))

    def raw_update(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        prepared = prepare(y_true, y_pred, sample_weight, to_torch(self._dtype), self.top_k, self.class_id)
        thresholds = self._device_thresholds(prepared[1])
        right, other = count_each(*prepared, thresholds, ("true_positives", self._other))
        accumulate(self.true_positives, right)
        accumulate(getattr(self, self._other), other)

    def raw_result(self) -> torch.Tensor:
        right = self.true_positives.read()
        return _only(divide_no_nan.raw(right, right + getattr(self, self._other).read()))

    def get_config(self) -> dict:
        config = {"name": self.name, "dtype": self._dtype, "thresholds": self.init_thresholds}
        return {**config, "top_k": self.top_k, "class_id": self.class_id}


class Precision(_Share):
    """The share of positives among those predicted to be positive.

    Args:
        thresholds: a number in [0, 1], or several for a vector of results; default 0.5, or with ``top_k`` none.
        top_k: only the ``top_k`` largest predictions of a sample can be positive.
        class_id: only this class counts.

    Raises:
        ValueError: a threshold outside of [0, 1].
    """

    _other = "false_positives"


class Recall(_Share):
    """The share of those predicted to be positive among the positives; arguments as of ``Precision``."""

    _other = "false_negatives"


# one rate at a given other --------------------------------------------------------------------------------------------


class AllCounts(Thresholded):
    """Base of the metrics that need the four counts at many thresholds."""

    true_positives: Variable
    false_positives: Variable
    true_negatives: Variable
    false_negatives: Variable

    def _add_counts(self, shape: tuple[int, ...]) -> None:
        for count in COUNTS:
            setattr(self, count, self.add_variable(shape, name=count))

    def _accumulate_counts(self, counts: list[torch.Tensor]) -> None:
        for name, value in zip(COUNTS, counts):
            accumulate(getattr(self, name), value)

    def _counts(self) -> list[torch.Tensor]:
        return [getattr(self, name).read() for name in COUNTS]


class _RateAtRate(AllCounts):
    """The best value of one rate over the thresholds where another is at least ``value``.

    Args:
        value: from 0 to 1.
        num_thresholds: thresholds, spread evenly over [0, 1].
        class_id: only this class counts.

    Raises:
        ValueError: an argument out of range.
    """

    _given: str  # the argument's name

    def __init__(
        self, value: float, num_thresholds: int = 200, class_id: int | None = None, name: Any = None, dtype: Any = None
    ) -> None:
        if value < 0 or value > 1:
            raise fail(
                ValueError,
                f"Argument `{self._given}` must be in the range [0, 1]",
                received=f"{self._given}={value}",
            )
        if num_thresholds <= 0:
            raise fail(
                ValueError,
                "Argument `num_thresholds` must be an integer > 0",
                received=f"num_thresholds={num_thresholds}",
            )
        super().__init__(name=name, dtype=dtype)
        setattr(self, self._given, value)
        self.value, self.num_thresholds, self.class_id = value, num_thresholds, class_id
        n = num_thresholds
        self.thresholds = [0.5] if n == 1 else [0.0, *(i / (n - 1) for i in range(1, n - 1)), 1.0]
        self._add_counts((n,))

    def raw_update(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        labels, y_pred, weight = prepare(y_true, y_pred, sample_weight, to_torch(self._dtype), class_id=self.class_id)
        thresholds = self._device_thresholds(y_pred)
        if self.num_thresholds == 1:
            self._accumulate_counts(count_each(labels, y_pred, weight, thresholds, COUNTS))
            return
        flat = (None if x is None else x.reshape(-1) for x in (labels, y_pred, weight))
        self._accumulate_counts(count_all(*flat, thresholds, evenly=True, from_zero=True))

    def raw_result(self) -> torch.Tensor:
        given, wanted = self._rates(*self._counts())
        return torch.where(given >= self.value, wanted, 0.0).max()

    def _rates(self, tp: torch.Tensor, fp: torch.Tensor, tn: torch.Tensor, fn: torch.Tensor) -> tuple:
        """The rate that is demanded and the one that is maximized, at each threshold."""
        raise NotImplementedError

    def get_config(self) -> dict:
        config = {"name": self.name, "dtype": self._dtype, "class_id": self.class_id}
        return {**config, "num_thresholds": self.num_thresholds, self._given: self.value}


def _rate(part: torch.Tensor, rest: torch.Tensor) -> torch.Tensor:
    return divide_no_nan.raw(part, part + rest)


class SensitivityAtSpecificity(_RateAtRate):
    """The best sensitivity tp / (tp + fn) where the specificity tn / (tn + fp) is at least ``specificity``."""

    _given = "specificity"

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(specificity, num_thresholds, class_id, name, dtype)

    def _rates(self, tp: torch.Tensor, fp: torch.Tensor, tn: torch.Tensor, fn: torch.Tensor) -> tuple:
        return _rate(tn, fp), _rate(tp, fn)


class SpecificityAtSensitivity(_RateAtRate):
    """The best specificity tn / (tn + fp) where the sensitivity tp / (tp + fn) is at least ``sensitivity``."""

    _given = "sensitivity"

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)

    def _rates(self, tp: torch.Tensor, fp: torch.Tensor, tn: torch.Tensor, fn: torch.Tensor) -> tuple:
        return _rate(tp, fn), _rate(tn, fp)


class PrecisionAtRecall(_RateAtRate):
    """The best precision tp / (tp + fp) where the recall tp / (tp + fn) is at least ``recall``."""

    _given = "recall"

    def __init__(
        self,
        recall: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(recall, num_thresholds, class_id, name, dtype)

    def _rates(self, tp: torch.Tensor, fp: torch.Tensor, tn: torch.Tensor, fn: torch.Tensor) -> tuple:
        return _rate(tp, fn), _rate(tp, fp)


class RecallAtPrecision(_RateAtRate):
    """The best recall tp / (tp + fn) where the precision tp / (tp + fp) is at least ``precision``."""

    _given = "precision"

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(precision, num_thresholds, class_id, name, dtype)

    def _rates(self, tp: torch.Tensor, fp: torch.Tensor, tn: torch.Tensor, fn: torch.Tensor) -> tuple:
        return _rate(tp, fp), _rate(tp, fn)
