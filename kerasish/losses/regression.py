"""Losses between numbers: each function gives the mean over the last axis, (batch, ..., d) → (batch, ...)."""

from __future__ import annotations

import math
from typing import Any

import torch

from kerasish.core.context import settings
from kerasish.core.dispatch import Array, Index, op
from kerasish.losses.base import paired
from kerasish.ops.normalization import normalize


@op
def mean_squared_error(y_true: Index, y_pred: Array) -> Any:
    """Mean of (y_true - y_pred)²."""
    y_true, y_pred = paired(y_true, y_pred)
    return torch.square(y_true - y_pred).mean(-1)


@op
def mean_absolute_error(y_true: Index, y_pred: Array) -> Any:
    """Mean of |y_true - y_pred|."""
    y_true, y_pred = paired(y_true, y_pred)
    return torch.abs(y_true - y_pred).mean(-1)


@op
def mean_absolute_percentage_error(y_true: Index, y_pred: Array) -> Any:
    """100 times the mean of |y_true - y_pred| / |y_true|, with ε for smaller divisors."""
    y_true, y_pred = paired(y_true, y_pred)
    return 100.0 * torch.abs((y_true - y_pred) / torch.clamp(torch.abs(y_true), min=settings.epsilon)).mean(-1)


@op
def mean_squared_logarithmic_error(y_true: Index, y_pred: Array) -> Any:
    """Mean of (log(1 + y_true) - log(1 + y_pred))², with ε for what is smaller."""
    y_true, y_pred = paired(y_true, y_pred)
    first = torch.log(torch.clamp(y_pred, min=settings.epsilon) + 1.0)
    second = torch.log(torch.clamp(y_true, min=settings.epsilon) + 1.0)
    return torch.square(first - second).mean(-1)


@op
def huber(y_true: Index, y_pred: Array, delta: float = 1.0) -> Any:
    """Mean of e²/2 where the error |e| is at most ``delta``, of ``delta`` · (|e| - ``delta``/2) beyond (Huber 1964)."""
    y_true, y_pred = paired(y_true, y_pred)
    error = torch.abs(y_pred - y_true)
    return torch.where(error <= delta, 0.5 * torch.square(error), delta * error - 0.5 * delta * delta).mean(-1)


@op
def log_cosh(y_true: Index, y_pred: Array) -> Any:
    """Mean of log cosh(y_pred - y_true)."""
    y_true, y_pred = paired(y_true, y_pred)
    error = y_pred - y_true
    return (torch.logaddexp(error, -error) - math.log(2.0)).mean(-1)


@op
def cosine_similarity(y_true: Index, y_pred: Array, axis: int = -1) -> Any:
    """-cos of the angle between the vectors along ``axis``: -1 for equal directions, 0 if one of them is zero."""
    y_true, y_pred = paired(y_true, y_pred)
    return -cosine(y_true, y_pred, axis)


def cosine(y_true: torch.Tensor, y_pred: torch.Tensor, axis: int) -> torch.Tensor:
    """cos of the angle between the vectors along ``axis``."""
    return (normalize.raw(y_true, axis) * normalize.raw(y_pred, axis)).sum(axis)
