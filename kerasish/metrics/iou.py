"""Intersection over union, for segmentation: the confusion matrix of the classes, and what the diagonal is of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from kerasish.core import dispatch
from kerasish.core.context import settings
from kerasish.core.dtypes import as_dtype, floatx
from kerasish.core.errors import fail
from kerasish.losses.base import TARGETS, incompatible
from kerasish.metrics.base import Metric, accumulate, weight_of_each
from kerasish.metrics.values import largest


class IoU(Metric):
    """Mean over ``target_class_ids`` of true positives / (true positives + false positives + false negatives).

    Args:
        num_classes: labels are from 0 to ``num_classes`` - 1; others are left out.
        target_class_ids: the classes whose values are averaged; those that never occur are left out.
        ignore_class: a label in y_true whose places are left out.
        sparse_y_true, sparse_y_pred: whether they are class numbers; otherwise the place of the maximum along ``axis``.
        axis: of the classes.
        dtype: of the confusion matrix; default int64.

    Raises:
        ValueError: a target class that is not one of the classes.
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(name=name, dtype=dtype or "int64")
        if not hasattr(num_classes, "__index__"):
            raise fail(ValueError, "`num_classes` must be an integer", received=repr(num_classes))
        self.num_classes, self.ignore_class, self.axis = num_classes, ignore_class, axis
        self.sparse_y_true, self.sparse_y_pred = sparse_y_true, sparse_y_pred
        if target_class_ids and max(target_class_ids) >= num_classes:
            raise fail(
                ValueError, f"Target class id {max(target_class_ids)} is out of range, which is [0, {num_classes})"
            )
        self.target_class_ids = list(target_class_ids)
        self.total_cm = self.add_variable((num_classes, num_classes), name="total_confusion_matrix")

    def raw_update(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = dispatch.raw(y_true), dispatch.raw(y_pred)
        y_true = y_true if self.sparse_y_true else largest(y_true, self.axis)
        y_pred = y_pred if self.sparse_y_pred else largest(y_pred, self.axis)
        y_true, y_pred = y_true.long(), y_pred.long()
        if y_true.numel() != y_pred.numel():
            raise incompatible(y_true, y_pred, TARGETS)
        weight = None if sample_weight is None else self._weights(sample_weight, y_true)
        y_true, y_pred = y_true.reshape(-1), y_pred.reshape(-1)
        n = self.num_classes
        if self.ignore_class is not None:
            y_true = y_true.masked_fill(y_true == self.ignore_class, -1)
        # a border around the matrix takes what is no class
        cell = (y_true.clamp(-1, n) * (n + 2)).add_(y_pred.clamp(-1, n)).add_(n + 3)
        dtype = self.total_cm.stored.dtype
        each = torch.ones((), dtype=dtype, device=cell.device).expand(cell.shape) if weight is None else weight
        counts = torch.zeros((n + 2) ** 2, dtype=dtype, device=cell.device).index_add_(0, cell, each)
        accumulate(self.total_cm, counts.reshape(n + 2, n + 2)[1:-1, 1:-1])

    def _weights(self, sample_weight: Any, labels: torch.Tensor) -> torch.Tensor:
        """The labels' weights. Fractions turn a matrix of integers into one of float64: they would count 0."""
        weight = dispatch.raw(sample_weight)
        if weight.is_floating_point() and not self.total_cm.stored.is_floating_point():
            self.total_cm._install(self.total_cm.stored.to(torch.float64))
        return weight_of_each(labels, weight, self.total_cm.stored.dtype).reshape(-1)

    def raw_result(self) -> torch.Tensor:
        matrix = self.total_cm.read()
        matrix = matrix.to(floatx()) if not as_dtype(self._dtype).is_floating else matrix
        hits = matrix.diagonal()
        union = matrix.sum(0) + matrix.sum(1) - hits
        chosen = torch.tensor(self.target_class_ids, device=matrix.device)
        hits, union = hits[chosen], union[chosen]
        present = (union > 0).sum()
        return ((hits / (union + settings.epsilon)).sum() / (present + settings.epsilon)).to(matrix.dtype)

    def get_config(self) -> dict:
        return {
            "name": self.name,
            "dtype": self._dtype,
            "num_classes": self.num_classes,
            "target_class_ids": self.target_class_ids,
            "ignore_class": self.ignore_class,
            "sparse_y_true": self.sparse_y_true,
            "sparse_y_pred": self.sparse_y_pred,
            "axis": self.axis,
        }


class BinaryIoU(IoU):
    """``IoU`` of two classes, for predictions that are class 1 from ``threshold`` on."""

    def __init__(
        self,
        target_class_ids: Sequence[int] = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(2, target_class_ids, name=name, dtype=dtype)
        self.threshold = threshold

    def raw_update(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        super().raw_update(y_true, dispatch.raw(y_pred) >= self.threshold, sample_weight)

    def get_config(self) -> dict:
        config = {"target_class_ids": self.target_class_ids, "threshold": self.threshold}
        return {**config, "name": self.name, "dtype": self._dtype}


class MeanIoU(IoU):
    """``IoU`` of all classes; arguments as of ``IoU``."""

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, range(num_classes), name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis)

    def get_config(self) -> dict:
        config = super().get_config()
        del config["target_class_ids"]
        return {"num_classes": config.pop("num_classes"), **config}  # in Keras's order


class OneHotIoU(IoU):
    """``IoU`` for one-hot y_true; arguments as of ``IoU``."""

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self) -> dict:
        config = super().get_config()
        del config["sparse_y_true"]
        return {**{key: config.pop(key) for key in ("num_classes", "target_class_ids")}, **config}


class OneHotMeanIoU(MeanIoU):
    """``MeanIoU`` for one-hot y_true; arguments as of ``IoU``."""

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self) -> dict:
        config = super().get_config()
        del config["sparse_y_true"]
        return config
