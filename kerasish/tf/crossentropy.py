"""Losses of ``tf.nn``."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch.nn import functional as F

from kerasish.core import dispatch
from kerasish.core.arithmetic import divide as divide_raw
from kerasish.core.dispatch import Array, Index, strict_op
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.ops.common import whole
from kerasish.ops.crossentropy import soft_label_loss
from kerasish.tf.alias import FLOATS, check
from kerasish.tf.reductions import reduce_sum

_SIXTEEN_BITS = (torch.float16, torch.bfloat16)


@strict_op
def softmax_cross_entropy_with_logits(labels: Index, logits: Array, axis: int = -1, name: str | None = None) -> Any:
    """-Σ label · log softmax(logits) over the classes, which lie along ``axis``.

    Args:
        labels: probabilities, usually one-hot; they broadcast with the logits.

    Raises:
        InvalidArgumentError: the shapes do not fit.
    """
    check(logits, FLOATS, "SoftmaxCrossEntropyWithLogits")
    axis = axis if type(axis) is int else whole(axis, "axis")
    wide = logits.float() if logits.dtype in _SIXTEEN_BITS else logits
    try:
        wide, labels = torch.broadcast_tensors(wide, labels.to(wide.dtype))
        return soft_label_loss(wide, labels, axis).to(logits.dtype)
    except RuntimeError:
        raise InvalidArgumentError(
            f"logits and labels must be broadcastable: logits_size={list(logits.shape)} labels_size={list(labels.shape)}"
        ) from None


@strict_op
def sparse_softmax_cross_entropy_with_logits(labels: Index, logits: Array, name: str | None = None) -> Any:
    """-log softmax(logits) at the class that a label names; the classes lie along the last axis.

    Args:
        labels: integers, of the shape of ``logits`` without its last axis.

    Raises:
        ValueError: the shapes do not fit.
        InvalidArgumentError: a label is not one of the classes, or the labels are no integers.
    """
    check(logits, FLOATS, "SparseSoftmaxCrossEntropyWithLogits")
    if labels.is_floating_point():
        raise InvalidArgumentError(
            "Value for attr 'Tlabels' of float is not in the list of allowed values: int32, int64"
        )
    shapes = f"labels.shape={tuple(labels.shape)} and logits.shape={tuple(logits.shape)}"
    if labels.ndim != logits.ndim - 1:
        raise ValueError(f"`labels.shape.rank` must equal `logits.shape.rank - 1`. Received: {shapes}")
    if labels.shape != logits.shape[:-1]:
        raise ValueError(f"`labels.shape` must equal `logits.shape` except for the last dimension. Received: {shapes}")
    classes = logits.shape[-1]
    wide = logits.float() if logits.dtype in _SIXTEEN_BITS else logits
    rows, flat = wide.reshape(-1, classes), labels.reshape(-1).long()
    try:
        # 2**31 as the class to ignore: none is; -100 (torch's default) must fail as any other number that is no class
        loss = F.cross_entropy(rows, flat, reduction="none", ignore_index=2**31)
    except IndexError:
        wrong = flat[(flat < 0) | (flat >= classes)][0].item()
        raise InvalidArgumentError(
            f"Received a label value of {wrong} which is outside the valid range of [0, {classes}).  Label values: "
            f"{' '.join(map(str, flat.tolist()[:100]))} [Op:SparseSoftmaxCrossEntropyWithLogits]"
        ) from None
    return loss.reshape(labels.shape).to(logits.dtype)


def _check_same_shape(labels: torch.Tensor, logits: torch.Tensor) -> None:
    if labels.shape != logits.shape:
        raise ValueError(
            f"`logits` and `labels` must have the same shape, received ({tuple(logits.shape)} vs {tuple(labels.shape)})."
        )


@strict_op
def _sigmoid_loss(labels: Array, logits: Array) -> Any:
    check(logits, FLOATS, "LogisticLoss")
    _check_same_shape(labels, logits)
    return F.binary_cross_entropy_with_logits(logits, labels, reduction="none")


def sigmoid_cross_entropy_with_logits(labels: Any = None, logits: Any = None, name: str | None = None) -> Any:
    """-label · log p - (1 - label) · log(1 - p) for p = sigmoid(logits), elementwise.

    Raises:
        ValueError: one of them is missing, or the shapes differ.
    """
    if labels is None or logits is None:
        raise ValueError("Both `labels` and `logits` must be provided.")
    return _sigmoid_loss(labels, logits)


@strict_op
def weighted_cross_entropy_with_logits(labels: Array, logits: Array, pos_weight: Array, name: str | None = None) -> Any:
    """-label · pos_weight · log p - (1 - label) · log(1 - p) for p = sigmoid(logits), elementwise.

    Raises:
        ValueError: the shapes of labels and logits differ.
    """
    check(logits, FLOATS, "LogisticLoss")
    _check_same_shape(labels, logits)
    positive = 1 + (pos_weight - 1) * labels
    return (1 - labels) * logits + positive * (torch.log1p(torch.exp(-torch.abs(logits))) + torch.relu(-logits))


@strict_op
def log_poisson_loss(targets: Array, log_input: Array, compute_full_loss: bool = False, name: str | None = None) -> Any:
    """exp(log_input) - targets · log_input, elementwise.

    Args:
        compute_full_loss: whether to add Stirling's approximation of log(targets!), 0 for targets up to 1.

    Raises:
        ValueError: the shapes differ.
    """
    if targets.shape != log_input.shape:
        raise ValueError(
            f"`log_input` and `targets` must have the same shape, received ({tuple(log_input.shape)} vs "
            f"{tuple(targets.shape)})."
        )
    loss = torch.exp(log_input) - log_input * targets
    if compute_full_loss:
        factorial = targets * torch.log(targets) - targets + 0.5 * torch.log(2 * math.pi * targets)
        loss = loss + torch.where((targets >= 0) & (targets <= 1), torch.zeros_like(targets), factorial)
    return loss


@strict_op
def l2_loss(t: Array, name: str | None = None) -> Any:
    """Σt² / 2."""
    check(t, FLOATS, "L2Loss")
    return (t * t).sum() / 2


# averages over replicas -----------------------------------------------------------------------------------------------


def _replicas() -> int:
    """How many processes train together."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return torch.distributed.get_world_size()
    return 1


def compute_average_loss(per_example_loss: Any, sample_weight: Any = None, global_batch_size: Any = None) -> Any:
    """The sum of a loss over its batch, divided by the size of the batch of all processes together.

    Args:
        per_example_loss: (batch, ...).
        sample_weight: multiplied with it.
        global_batch_size: default: the size of this batch times the number of processes.

    Raises:
        ValueError: the loss is a scalar.
    """
    shape = dispatch.raw(per_example_loss).shape
    if not len(shape):
        raise ValueError(
            "Invalid value passed for `per_example_loss`. Expected a tensor with at least rank 1. Received "
            f"per_example_loss={per_example_loss} with rank 0"
        )
    if global_batch_size is None:
        global_batch_size = shape[0] * _replicas()
    elif isinstance(global_batch_size, float):
        raise fail(TypeError, "global_batch_size must be an integer", received=f"{global_batch_size}")
    elif int(global_batch_size) <= 0:
        raise fail(ValueError, "global_batch_size must be positive", received=f"{global_batch_size}")
    if sample_weight is not None:
        per_example_loss = _weighted(per_example_loss, sample_weight)
    return _over(reduce_sum(per_example_loss), global_batch_size)


@strict_op
def _over(total: Array, count: Any) -> Any:
    """``total / count``, in float64 for integers; 0 where there is nothing."""
    count = float(count)
    return divide_raw(total, count) if count else torch.zeros_like(total)


@strict_op
def _weighted(loss: Array, weight: Array) -> Any:
    """``loss`` times ``weight``, whose axes are the first ones of the loss."""
    while weight.ndim < loss.ndim:
        weight = weight.unsqueeze(-1)
    if weight.ndim == loss.ndim + 1 and weight.shape[-1] == 1:
        weight = weight.squeeze(-1)
    return loss * weight


def scale_regularization_loss(regularization_loss: Any) -> Any:
    """The sum of regularization losses, divided by the number of processes that train together."""
    return _over(reduce_sum(regularization_loss), _replicas())
