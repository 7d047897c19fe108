"""Losses of overlapping regions, for segmentation."""

from __future__ import annotations

from typing import Any

import torch

from kerasish.core.context import settings
from kerasish.core.dispatch import Array, Index, op
from kerasish.losses.base import paired
from kerasish.ops.common import Axis


def _sum(x: torch.Tensor, axis: Axis) -> torch.Tensor:
    return x.sum() if axis is None else x.sum(axis)


@op
def dice(y_true: Index, y_pred: Array, axis: Axis = None) -> Any:
    """1 - 2 · Σ y_true · y_pred / (Σ y_true + Σ y_pred + ε), summed along ``axis``; None: over everything, a scalar."""
    y_true, y_pred = paired(y_true, y_pred)
    both = _sum(y_true * y_pred, axis)
    return 1 - 2.0 * both / (_sum(y_true, axis) + _sum(y_pred, axis) + settings.epsilon)


@op
def tversky(y_true: Index, y_pred: Array, alpha: float = 0.5, beta: float = 0.5, axis: Axis = None) -> Any:
    """1 - h / (h + ``alpha`` · Σ y_true · (1 - y_pred) + ``beta`` · Σ (1 - y_true) · y_pred + ε), h = Σ y_true · y_pred.

    Summed along ``axis``; None: over everything, a scalar (Salehi et al. 2017). As in Keras, ``alpha`` weighs what was
    missed and ``beta`` the false alarms, contrary to the paper. With both 0.5 it is ``dice``.
    """
    y_true, y_pred = paired(y_true, y_pred)
    hits = _sum(y_true * y_pred, axis)
    missed = _sum(y_true * (1 - y_pred), axis)
    false_alarms = _sum((1 - y_true) * y_pred, axis)
    return 1 - hits / (hits + alpha * missed + beta * false_alarms + settings.epsilon)
