"""Losses between distributions: crossentropies, their focal and noise-robust kin, divergence, CTC.

Crossentropies of outputs that are known to come from sigmoid or softmax are computed from the logits (ops/crossentropy.py).
"""

from __future__ import annotations

import warnings
from typing import Any

import torch

from kerasish.core.context import settings
from kerasish.core.dispatch import Array, Index, op
from kerasish.core.errors import fail
from kerasish.core.logits import hand_on
from kerasish.losses.base import paired, same_rank
from kerasish.ops import crossentropy, nn
from kerasish.ops.common import floating
from kerasish.ops.ctc import ctc_loss


@op
def kl_divergence(y_true: Index, y_pred: Array) -> Any:
    """Σ y_true · log(y_true / y_pred) over the last axis; probabilities are clipped to [ε, 1]."""
    y_true, y_pred = paired(y_true, y_pred)
    p, q = torch.clamp(y_true, settings.epsilon, 1), torch.clamp(y_pred, settings.epsilon, 1)
    return (p * torch.log(p / q)).sum(-1)


@op
def poisson(y_true: Index, y_pred: Array) -> Any:
    """Mean of y_pred - y_true · log y_pred over the last axis."""
    y_true, y_pred = paired(y_true, y_pred)
    return (y_pred - y_true * torch.log(y_pred + settings.epsilon)).mean(-1)


# two classes ----------------------------------------------------------------------------------------------------------


def _binary(y_true: torch.Tensor, y_pred: torch.Tensor, label_smoothing: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Targets, moved towards 0.5, and predictions that keep their logits through a change of rank."""
    y_pred = floating(y_pred)
    t, p = same_rank(y_true.to(y_pred.dtype), y_pred)
    if p is not y_pred:
        hand_on(y_pred, p, lambda t: t.reshape(p.shape))
    return (t * (1.0 - label_smoothing) + 0.5 * label_smoothing if label_smoothing else t), p


@op
def binary_crossentropy(
    y_true: Index, y_pred: Array, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """Mean of -t · log p - (1 - t) · log(1 - p) along ``axis``.

    Args:
        y_true: t, of the shape of ``y_pred``: 0, 1 or between.
        y_pred: probabilities p, or logits.
        label_smoothing: from 0 to 1: how far the targets are moved towards 0.5.

    Raises:
        ValueError: the shapes differ.
    """
    t, p = _binary(y_true, y_pred, label_smoothing)
    return crossentropy.binary_crossentropy.raw(t, p, from_logits).mean(axis)


@op
def binary_focal_crossentropy(
    y_true: Index,
    y_pred: Array,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """Binary crossentropy times (1 - p_t)^γ, where p_t is the probability of the target's class (Lin et al. 2017).

    Args:
        apply_class_balancing: whether class 1 is weighted with ``alpha`` and class 0 with 1 - ``alpha``.
        gamma: the exponent γ.
    """
    t, p = _binary(y_true, y_pred, label_smoothing)
    if from_logits:
        p = nn.sigmoid.raw(p)
    entropy = crossentropy.binary_crossentropy.raw(t, p)
    focal = torch.pow(1.0 - (t * p + (1 - t) * (1 - p)), gamma) * entropy
    if apply_class_balancing:
        focal = (t * alpha + (1 - t) * (1 - alpha)) * focal
    return focal.mean(axis)


# several classes ------------------------------------------------------------------------------------------------------


def _categorical(
    y_true: torch.Tensor, y_pred: torch.Tensor, label_smoothing: float, axis: int, name: str
) -> tuple[torch.Tensor, torch.Tensor]:
    """Targets, moved towards the uniform distribution, and predictions."""
    if not isinstance(axis, int):
        raise fail(ValueError, "`axis` must be of type `int`", received=f"axis={axis} of type {type(axis)}")
    y_pred = floating(y_pred)
    if y_pred.ndim and y_pred.shape[-1] == 1:
        warnings.warn(
            f"In loss {name}, expected y_pred.shape to be (batch_size, num_classes) with num_classes > 1. Received: "
            f"y_pred.shape={tuple(y_pred.shape)}. Consider using 'binary_crossentropy' if you only have 2 classes.",
            SyntaxWarning,
            stacklevel=4,
        )
    t, y_pred = same_rank(y_true.to(y_pred.dtype), y_pred)
    if label_smoothing:
        t = t * (1.0 - label_smoothing) + label_smoothing / t.shape[-1]
    return t, y_pred


@op
def categorical_crossentropy(
    y_true: Index, y_pred: Array, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Any:
    """-Σ t · log p over the classes, which lie along ``axis``.

    Args:
        y_true: t, of the shape of ``y_pred``: one-hot codes or probabilities.
        y_pred: probabilities p, or logits.
        label_smoothing: from 0 to 1: how far the targets are moved towards the uniform distribution.

    Raises:
        ValueError: the shapes differ.
    """
    t, p = _categorical(y_true, y_pred, label_smoothing, axis, "categorical_crossentropy")
    return crossentropy.categorical_crossentropy.raw(t, p, from_logits, axis)


@op
def categorical_focal_crossentropy(
    y_true: Index,
    y_pred: Array,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """-Σ α · (1 - p)^γ · t · log p over the classes, which lie along ``axis`` (Lin et al. 2017).

    Args:
        alpha: the weight α: one number, or one for each class.
        gamma: the exponent γ.
    """
    t, p = _categorical(y_true, y_pred, label_smoothing, axis, "categorical_focal_crossentropy")
    if from_logits:
        p = torch.softmax(p, axis)
    p = p / p.sum(axis, keepdim=True)
    p = torch.clamp(p, settings.epsilon, 1.0 - settings.epsilon)
    if not isinstance(alpha, (int, float)):
        alpha = torch.as_tensor(alpha, dtype=p.dtype, device=p.device)
    return (alpha * torch.pow(1.0 - p, gamma) * -t * torch.log(p)).sum(axis)


@op
def sparse_categorical_crossentropy(
    y_true: Index, y_pred: Array, from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> Any:
    """-log of the probability of the class that ``y_true`` names.

    Args:
        y_true: class numbers, of the shape of ``y_pred`` without ``axis``, or with length 1 there.
        y_pred: probabilities, or logits; the classes lie along ``axis``.
        ignore_class: a number in ``y_true`` whose places give 0 and are left out of means.

    Raises:
        ValueError: the shapes do not fit.
        InvalidArgumentError: on a CPU, a number that is not one of the classes; elsewhere its loss is NaN.
    """
    if ignore_class is None:
        return _of_labels(y_true, y_pred, from_logits, axis)
    valid = y_true != ignore_class
    loss = _of_labels(torch.where(valid, y_true, 0), y_pred, from_logits, axis)
    valid = valid.reshape(loss.shape)
    loss = torch.where(valid, loss, 0.0)
    loss._keras_mask = valid  # type: ignore[attr-defined]
    return loss


def _of_labels(
    y_true: torch.Tensor, y_pred: torch.Tensor, from_logits: bool, axis: int, checked: bool | None = None
) -> torch.Tensor:
    """The crossentropy; NaN for labels that are no class where the device does not check them (``checked``).

    Torch's kernels for CPUs raise. Those of accelerators abort the process's use of the device, and to look first would wait
    for it, so labels are clamped there and their losses made NaN, which is what TensorFlow gives on a GPU.
    """
    checked = y_true.device.type == "cpu" if checked is None else checked
    if checked or not y_pred.ndim:
        return crossentropy.sparse_categorical_crossentropy.raw(y_true, y_pred, from_logits, axis)
    inside = y_true.clamp(0, y_pred.shape[axis] - 1)
    loss = crossentropy.sparse_categorical_crossentropy.raw(inside, y_pred, from_logits, axis)
    return torch.where((inside == y_true).reshape(loss.shape), loss, torch.nan)


@op
def categorical_generalized_cross_entropy(y_true: Index, y_pred: Array, q: float) -> Any:
    """(1 - p^q) / q for the probability p of the target's class: robust to wrong labels (Zhang and Sabuncu 2018).

    Args:
        y_true: class numbers, of the shape of ``y_pred`` without the last axis.
        y_pred: probabilities, (batch, ..., classes).
        q: between 0 (crossentropy) and 1 (absolute error).

    Raises:
        ValueError: the shapes do not fit.
    """
    y_pred = floating(y_pred)
    if y_true.ndim == y_pred.ndim and y_true.shape[-1] == 1:
        y_true = y_true.squeeze(-1)
    if y_true.shape != y_pred.shape[:-1]:
        raise fail(
            ValueError,
            "`y_true` must be class numbers, of the shape of `y_pred` without its last axis",
            received=f"y_true.shape={tuple(y_true.shape)}, y_pred.shape={tuple(y_pred.shape)}",
        )
    codes = nn.one_hot.raw(y_true.long(), y_pred.shape[-1], dtype=y_pred.dtype)
    p = (codes * y_pred).sum(-1)
    return (1 - torch.pow(p, q)) / q


@op
def ctc(y_true: Index, y_pred: Array) -> Any:
    """The connectionist temporal classification loss of each example (``keras.ops.ctc_loss``), (batch,).

    Args:
        y_true: labels, (batch, longest); 0 fills up shorter ones and stands for "no label".
        y_pred: logits, (batch, frames, classes).

    Raises:
        ValueError: other ranks.
    """
    if y_true.ndim != 2:
        raise fail(
            ValueError,
            "Targets `y_true` are expected to be a tensor of shape `(batch_size, max_length)` in integer format",
            received=f"y_true.shape={tuple(y_true.shape)}",
        )
    if y_pred.ndim != 3:
        raise fail(
            ValueError,
            "Logits `y_pred` are expected to be a tensor of shape `(batch_size, max_length, num_classes)`",
            received=f"y_pred.shape={tuple(y_pred.shape)}",
        )
    labels = (y_true != 0).sum(-1)
    frames = torch.full_like(labels, y_pred.shape[1])
    return ctc_loss.raw(y_true, y_pred, labels, frames, mask_index=0).to(y_pred.dtype)
