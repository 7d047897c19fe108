"""AUC: the area under a curve of two rates, by a Riemann sum over thresholds."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch
from kerasish.core.context import settings
from kerasish.core.dtypes import to_torch
from kerasish.core.errors import fail
from kerasish.losses.base import raw_numbers
from kerasish.metrics.confusion import AllCounts, count_all, prepare
from kerasish.ops.math import divide_no_nan

_CURVES = ("PR", "ROC", "PRGAIN")
_SUMMATIONS = ("interpolation", "majoring", "minoring")


class AUC(AllCounts):
    """The area under a curve.

    Args:
        num_thresholds: thresholds, spread evenly over [0, 1].
        curve: "ROC" (recall over the false positive rate), "PR" (precision over recall) or "PRGAIN" (their gains over
            always saying yes, Flach and Kull 2015).
        summation_method: between two thresholds the curve is straight ("interpolation"; for PR it is interpolated as
            Davis and Goadrich 2006 do), or its lower ("minoring") or higher ("majoring") end is taken.
        thresholds: own thresholds within (0, 1); 0 and 1 are added.
        multi_label: whether each column of (batch, labels) has an area of its own, of which the mean is given.
        num_labels: with ``multi_label``; default: as many as the first batch has.
        label_weights: of the labels: in that mean, or of the predictions.
        from_logits: whether predictions are logits instead of probabilities.

    Raises:
        ValueError: an argument that is none of these.
    """

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: Any = None,
        thresholds: Any = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Any = None,
        from_logits: bool = False,
    ) -> None:
        if str(curve).upper() not in _CURVES:
            raise ValueError(f'Invalid AUC curve value: "{curve}". Expected values are ["PR", "ROC", "PRGAIN"]')
        if str(summation_method).lower() not in _SUMMATIONS:
            raise ValueError(
                f'Invalid AUC summation method value: "{summation_method}". Expected values are '
                '["interpolation", "majoring", "minoring"]'
            )
        super().__init__(name=name, dtype=dtype)
        self._set_thresholds(thresholds, num_thresholds)
        self.curve, self.summation_method = str(curve).upper(), str(summation_method).lower()
        self.multi_label, self.num_labels, self._from_logits = multi_label, num_labels, from_logits
        self._set_label_weights(label_weights)
        if multi_label:
            self._built = False
            if num_labels:
                self._build(num_labels)
        else:
            if num_labels:
                raise ValueError("`num_labels` is needed only when `multi_label` is True.")
            self._build(None)

    def _set_thresholds(self, thresholds: Any, num_thresholds: int) -> None:
        self._init_from_thresholds = thresholds is not None
        if thresholds is not None:
            inner = sorted(float(t) for t in thresholds)
            spread = np.linspace(0, 1, len(inner) + 2)
            self._evenly = bool(np.allclose([0.0, *inner, 1.0], spread, atol=settings.epsilon))
        else:
            if num_thresholds <= 1:
                raise fail(
                    ValueError,
                    "Argument `num_thresholds` must be an integer > 1",
                    received=f"num_thresholds={num_thresholds}",
                )
            inner = [i / (num_thresholds - 1) for i in range(1, num_thresholds - 1)]
            self._evenly = True
        self.num_thresholds = len(inner) + 2
        self._thresholds = [-settings.epsilon, *inner, 1.0 + settings.epsilon]

    @property
    def thresholds(self) -> list[float]:
        """All thresholds, ascending, with one below 0 and one above 1 at the ends."""
        return self._thresholds

    def interpolate_pr_auc(self) -> Any:
        """The area under the precision-recall curve of the counts so far, whatever ``curve`` is."""
        with torch.no_grad():
            tp, fp, _, fn = self._counts()
            return dispatch.wrap(self._of_labels(_interpolated_precision(tp, fp, fn)))

    def _set_label_weights(self, label_weights: Any) -> None:
        self.label_weights = None
        if label_weights is not None:
            dtype = to_torch(self._dtype)
            weights = raw_numbers(label_weights, dtype).to(dtype)
            if bool((weights < 0).any()):
                raise fail(ValueError, "All values of `label_weights` must be non-negative", received=label_weights)
            self.label_weights = weights

    def _build(self, num_labels: int | None) -> None:
        self._add_counts((self.num_thresholds,) if num_labels is None else (self.num_thresholds, num_labels))
        self._built = True

    def raw_update(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        dtype = to_torch(self._dtype)
        if self._from_logits:
            y_pred = torch.sigmoid(raw_numbers(y_pred, dtype))
        labels, y_pred, weight = prepare(y_true, y_pred, sample_weight, dtype)
        if self.multi_label:
            if y_pred.ndim != 2:
                raise ValueError(
                    f"`y_pred` must have rank 2 when `multi_label=True`. Found rank {y_pred.ndim}. "
                    f"Full shape received for `y_pred`: {tuple(y_pred.shape)}"
                )
            if not self._built:
                self._build(y_pred.shape[1])
            self._check_labels(y_pred, self.true_positives.shape[1])
        else:
            if self.label_weights is not None:
                self._check_labels(y_pred, len(self.label_weights))
                label_weights = self.label_weights.to(y_pred.device).expand_as(y_pred)
                weight = label_weights if weight is None else weight * label_weights
            labels, y_pred, weight = (None if x is None else x.reshape(-1) for x in (labels, y_pred, weight))
        thresholds = self._device_thresholds(y_pred)
        self._accumulate_counts(count_all(labels, y_pred, weight, thresholds, self._evenly))

    def _check_labels(self, y_pred: torch.Tensor, labels: int) -> None:
        if not y_pred.ndim or y_pred.shape[-1] != labels:
            raise fail(
                ValueError, f"{self.name} was made for {labels} labels", f"(batch, {labels})", tuple(y_pred.shape)
            )

    def raw_result(self) -> torch.Tensor:
        if not self._built:
            return torch.zeros((), dtype=to_torch(self._dtype))
        tp, fp, tn, fn = self._counts()
        if self.curve == "PR" and self.summation_method == "interpolation":
            areas = _interpolated_precision(tp, fp, fn)
        else:
            areas = self._area(*_rates(self.curve, tp, fp, tn, fn))
        return self._of_labels(areas)

    def _of_labels(self, areas: torch.Tensor) -> torch.Tensor:
        """The weighted mean of the labels' areas; that of all predictions as it is."""
        if not self.multi_label:
            return areas
        if self.label_weights is None:
            return areas.mean()
        weights = self.label_weights.to(areas.device)
        return divide_no_nan.raw((areas * weights).sum(), weights.sum())

    def _area(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """The sum of widths times heights; thresholds ascend, so x falls."""
        first, second = y[:-1], y[1:]
        if self.summation_method == "interpolation":
            heights = (first + second) / 2.0
        elif self.summation_method == "minoring":
            heights = torch.minimum(first, second)
        else:
            heights = torch.maximum(first, second)
        return ((x[:-1] - x[1:]) * heights).sum(0)

    def get_config(self) -> dict:
        weights = None if self.label_weights is None else self.label_weights.tolist()
        config = {
            "name": self.name,
            "dtype": self._dtype,
            "num_thresholds": self.num_thresholds,
            "curve": self.curve,
            "summation_method": self.summation_method,
            "multi_label": self.multi_label,
            "num_labels": self.num_labels,
            "label_weights": weights,
            "from_logits": self._from_logits,
        }
        if self._init_from_thresholds:
            config["thresholds"] = self.thresholds[1:-1]
        return config


def _rates(curve: str, tp: torch.Tensor, fp: torch.Tensor, tn: torch.Tensor, fn: torch.Tensor) -> tuple:
    """x and y of the curve at each threshold."""
    recall = divide_no_nan.raw(tp, tp + fn)
    if curve == "ROC":
        return divide_no_nan.raw(fp, fp + tn), recall
    if curve == "PR":
        return recall, divide_no_nan.raw(tp, tp + fp)
    odds = divide_no_nan.raw(tp + fn, tn + fp)  # of the positives
    recall_gain = torch.where(tp > 0, torch.relu(1.0 - odds * divide_no_nan.raw(fn, tp)), 0.0)
    return recall_gain, 1.0 - odds * divide_no_nan.raw(fp, tp)


def _interpolated_precision(tp: torch.Tensor, fp: torch.Tensor, fn: torch.Tensor) -> torch.Tensor:
    """The area under the precision-recall curve: between two thresholds tp is linear in the number of positives p.

    With tp = slope · p + intercept, the integral of the precision tp / p over tp is
    slope · (Δtp + intercept · log(p_first / p_second)).
    """
    difference = tp[:-1] - tp[1:]
    p = tp + fp
    slope = divide_no_nan.raw(difference, torch.relu(p[:-1] - p[1:]))
    intercept = tp[1:] - slope * p[1:]
    both = (p[:-1] > 0) & (p[1:] > 0)
    ratio = torch.where(both, divide_no_nan.raw(p[:-1], torch.relu(p[1:])), 1.0)
    area = slope * (difference + intercept * torch.log(ratio))
    return divide_no_nan.raw(area, torch.relu(tp[1:] + fn[1:])).sum(0)
