"""Means and sums of losses over a whole batch by torch's fused kernels: what training asks for at each step.

Each function gives the mean or the sum of all values of the loss that it is listed with, or None where the arguments ask for
more than the kernel does. Measured for (32, 1) on a CPU core, forward and backward: mean squared error 114 µs in steps, 60 µs
fused. ``torch.nn.functional`` is passed by where shapes are known to be equal: there mse_loss takes 13 µs, the kernel 7.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional as F

from kerasish.core.logits import carried
from kerasish.losses import probabilistic, regression
from kerasish.ops.crossentropy import soft_label_loss

MEAN, SUM = 1, 2  # torch's numbers for ``reduction``
_NAMES = {MEAN: "mean", SUM: "sum"}
_kernels = torch._C._nn


def _pair(y_true: torch.Tensor, y_pred: torch.Tensor) -> torch.Tensor | None:
    """Targets in the predictions' dtype and shape, if they differ by an axis of size 1 at most."""
    if y_pred.dtype not in (torch.float32, torch.float64) or not y_pred.numel():
        return None
    if y_true.shape != y_pred.shape:
        if (*y_true.shape, 1) != y_pred.shape and y_true.shape != (*y_pred.shape, 1):
            return None
        y_true = y_true.reshape(y_pred.shape)
    return y_true if y_true.dtype is y_pred.dtype else y_true.to(y_pred.dtype)


def _mean_squared_error(y_true: torch.Tensor, y_pred: torch.Tensor, reduction: int = MEAN) -> torch.Tensor | None:
    target = _pair(y_true, y_pred)
    return None if target is None else _kernels.mse_loss(y_pred, target, reduction)


def _mean_absolute_error(y_true: torch.Tensor, y_pred: torch.Tensor, reduction: int = MEAN) -> torch.Tensor | None:
    target = _pair(y_true, y_pred)
    return None if target is None else _kernels.l1_loss(y_pred, target, reduction)


def _huber(
    y_true: torch.Tensor, y_pred: torch.Tensor, reduction: int = MEAN, delta: float = 1.0
) -> torch.Tensor | None:
    target = _pair(y_true, y_pred)
    return None if target is None or delta <= 0 else _kernels.huber_loss(y_pred, target, reduction, delta)


def _logits(y_pred: torch.Tensor, from_logits: bool, kind: str = "Softmax") -> torch.Tensor | None:
    """The logits that the loss is computed from; None also where ops/crossentropy has to warn."""
    logits = carried(y_pred, kind)
    if from_logits:
        return y_pred if logits is None else None
    return logits


def _binary_crossentropy(
    y_true: torch.Tensor,
    y_pred: torch.Tensor,
    reduction: int = MEAN,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> torch.Tensor | None:
    logits = _logits(y_pred, from_logits, "Sigmoid")
    if logits is None or label_smoothing:
        return None
    target = _pair(y_true, y_pred)
    return None if target is None else torch.binary_cross_entropy_with_logits(logits, target, None, None, reduction)


def _categorical_crossentropy(
    y_true: torch.Tensor,
    y_pred: torch.Tensor,
    reduction: int = MEAN,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> torch.Tensor | None:
    logits = _logits(y_pred, from_logits)
    if logits is None or label_smoothing or logits.ndim != 2 or axis not in (-1, 1) or logits.shape[1] == 1:
        return None
    target = _pair(y_true, y_pred)
    if target is None:
        return None
    return soft_label_loss(logits, target, share=1 / max(len(logits), 1) if reduction == MEAN else 1.0)


def _sparse_categorical_crossentropy(
    y_true: torch.Tensor,
    y_pred: torch.Tensor,
    reduction: int = MEAN,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
) -> torch.Tensor | None:
    logits = _logits(y_pred, from_logits)
    if logits is None or ignore_class is not None or axis not in (-1, logits.ndim - 1) or y_true.device.type != "cpu":
        return None
    if y_true.shape not in (logits.shape[:-1], (*logits.shape[:-1], 1)) or not y_true.numel():
        return None
    if logits.dtype not in (torch.float32, torch.float64):
        return None
    try:
        rows = logits.reshape(-1, logits.shape[-1])
        return F.cross_entropy(rows, y_true.reshape(-1).long(), ignore_index=_NO_CLASS, reduction=_NAMES[reduction])
    except IndexError:  # a label that is no class: the function itself tells which
        return None


_NO_CLASS = 2**31  # torch's own number to ignore, -100, has to fail as any other that is no class
MEANS: dict[Callable, Callable[..., Any]] = {
    regression.mean_squared_error: _mean_squared_error,
    regression.mean_absolute_error: _mean_absolute_error,
    regression.huber: _huber,
    probabilistic.binary_crossentropy: _binary_crossentropy,
    probabilistic.categorical_crossentropy: _categorical_crossentropy,
    probabilistic.sparse_categorical_crossentropy: _sparse_categorical_crossentropy,
}
OF_CLASSES = (
    probabilistic.categorical_crossentropy,
    probabilistic.sparse_categorical_crossentropy,
)  # a value for each row
