"""Crossentropies of ``keras.ops``.

Where the output is known to come from a sigmoid or softmax (it carries ``_keras_logits``, see ``nn``), the loss is computed
from the logits, as TensorFlow does: exact where probabilities are saturated (50.0, not the 15.94 of clipped ones).
Probabilities of unknown origin are clipped to [ε, 1 - ε] with ``keras.config.epsilon()``.
"""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch.nn import functional as F

from kerasish.core.context import settings
from kerasish.core.dispatch import Array, Index, op
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.core.logits import carried
from kerasish.ops.common import axis_index, floating, nan_note


def _logits(output: torch.Tensor, from_logits: bool, name: str, kind: str) -> torch.Tensor | None:
    """The logits of ``output``, if it is or carries them."""
    logits = carried(output, kind)
    if logits is None:
        return output if from_logits else None
    if from_logits:
        warnings.warn(
            f"`{name}` received `from_logits=True`, but the `output` argument was produced by a {kind} activation and "
            "thus does not represent logits. The logits that it was computed from are used. Was this intended?",
            stacklevel=4,
        )
    return logits


def _wide(x: torch.Tensor) -> torch.Tensor:
    """``x`` in at least 32 bits: 1 - ε is 1 in float16."""
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x


def _clipped(probabilities: torch.Tensor) -> torch.Tensor:
    return torch.clamp(probabilities, settings.epsilon, 1 - settings.epsilon)


def _check_same_shape(target: torch.Tensor, output: torch.Tensor) -> None:
    shapes = f"target.shape={tuple(target.shape)}, output.shape={tuple(output.shape)}"
    if target.ndim != output.ndim:
        raise fail(ValueError, "Arguments `target` and `output` must have the same rank (ndim)", received=shapes)
    if target.shape != output.shape:
        raise fail(ValueError, "Arguments `target` and `output` must have the same shape", received=shapes)


@op
def binary_crossentropy(target: Index, output: Array, from_logits: bool = False) -> Any:
    """-t · log p - (1 - t) · log(1 - p), elementwise, in the dtype of ``output``.

    Args:
        target: t, of the shape of ``output``.
        output: the probabilities p, or logits.

    Raises:
        ValueError: the shapes differ.
    """
    _check_same_shape(target, output)
    output = floating(output)
    logits = _logits(output, from_logits, "binary_crossentropy", "Sigmoid")
    t = _wide(target.to(output.dtype))
    if logits is not None:
        return F.binary_cross_entropy_with_logits(_wide(logits), t, reduction="none").to(output.dtype)
    p = _clipped(_wide(output))
    return -(t * torch.log(p) + (1 - t) * torch.log(1 - p)).to(output.dtype)


class _FromLogits(torch.autograd.Function):
    """-Σ t · log softmax(x), with TensorFlow's gradient: softmax(x) - t, also where the labels t do not sum to 1.

    So padding of zeros pulls at the logits, which training in TensorFlow has always had. ``share`` is None for the losses
    along ``axis``, or a factor of their sum. Without ``setup_context``, with which a call costs half as much again.
    """

    @staticmethod
    def forward(ctx: Any, logits: torch.Tensor, target: torch.Tensor, axis: int, share: float | None) -> torch.Tensor:
        log_p = torch.log_softmax(logits, axis)
        ctx.save_for_backward(logits, target, log_p)
        ctx.axis, ctx.share = axis, share
        return -(target * log_p).sum(axis) if share is None else (target * log_p).sum() * -share

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple:
        logits, target, log_p = ctx.saved_tensors
        gradient = gradient.unsqueeze(ctx.axis) if ctx.share is None else gradient * ctx.share
        if torch.is_grad_enabled():  # it will be differentiated itself
            log_p = torch.log_softmax(logits, ctx.axis)
        to_logits, to_target, *_ = ctx.needs_input_grad
        return (
            (log_p.exp() - target) * gradient if to_logits else None,
            -gradient * log_p if to_target else None,
            None,
            None,
        )


def soft_label_loss(
    logits: torch.Tensor, target: torch.Tensor, axis: int = -1, share: float | None = None
) -> torch.Tensor:
    """-Σ target · log softmax(logits) along an axis; both have one shape and dtype.

    Args:
        share: a factor: their sum times it, instead of each loss.
    """
    transformed = torch._C._are_functorch_transforms_active()  # by torch.func, which takes no such class
    if (logits.requires_grad or target.requires_grad) and not transformed:
        return _FromLogits.apply(logits, target, axis, share)
    losses = -(target * torch.log_softmax(logits, axis)).sum(axis)
    if transformed:
        size = torch.logsumexp(logits, axis)
        losses = losses + (1 - target.sum(axis)) * (size - size.detach())
    return losses if share is None else losses.sum() * share


@op
def categorical_crossentropy(target: Index, output: Array, from_logits: bool = False, axis: int = -1) -> Any:
    """-Σ t · log p over the classes, which lie along ``axis``, in the dtype of ``output``.

    Args:
        target: t, of the shape of ``output``: one-hot codes or probabilities.
        output: probabilities (each example's are divided by their sum), or logits.

    Raises:
        ValueError: the shapes differ, or are ``()``.
    """
    if not target.ndim or not output.ndim:
        shapes = f"target.shape={tuple(target.shape)}, output.shape={tuple(output.shape)}"
        raise fail(ValueError, "Arguments `target` and `output` must be at least rank 1", received=shapes)
    _check_same_shape(target, output)
    output = floating(output)
    axis = axis_index(axis, output.ndim)
    t = _wide(target.to(output.dtype))
    given = from_logits or axis == output.ndim - 1
    logits = _logits(output, from_logits, "categorical_crossentropy", "Softmax") if given else None
    if logits is not None:
        return soft_label_loss(_wide(logits), t, axis).to(output.dtype)
    p = _wide(output)
    log_p = torch.log(_clipped(p / p.sum(axis, keepdim=True)))
    return -(t * log_p).sum(axis).to(output.dtype)


@op
def sparse_categorical_crossentropy(target: Index, output: Array, from_logits: bool = False, axis: int = -1) -> Any:
    """-log of the probability of the class that ``target`` names, in the dtype of ``output``.

    Args:
        target: class numbers, of the shape of ``output`` without ``axis``, or with length 1 there.
        output: probabilities (they are clipped, then each example's divided by their sum), or logits.

    Raises:
        ValueError: the shapes do not fit.
        InvalidArgumentError: a number is not one of the classes.
    """
    if not output.ndim:
        raise fail(ValueError, "Argument `output` must be at least rank 1", received=f"output.shape={()}")
    output = floating(output)
    axis = axis_index(axis, output.ndim)
    classes = output.shape[axis]
    shapes = f"target.shape={tuple(target.shape)}, output.shape={tuple(output.shape)}"
    if target.ndim == output.ndim and target.shape[axis] == 1:
        target = target.squeeze(axis)
    if target.ndim != output.ndim - 1:
        raise fail(ValueError, "Argument `output` must have rank (ndim) `target.ndim + 1`", received=shapes)
    logits = _logits(output, from_logits, "sparse_categorical_crossentropy", "Softmax")
    if logits is None or (axis != output.ndim - 1 and not from_logits):
        logits = torch.log(_clipped(_wide(output)))
    rows = _wide(logits).movedim(axis, -1)
    if target.shape != rows.shape[:-1]:
        raise fail(
            ValueError,
            "Arguments `target` and `output` must have the same shape up until the last dimension",
            received=shapes,
        )
    labels = target.reshape(-1).long()
    try:
        # 2**31 as the class to ignore: none is, -100 (torch's default) must fail as any other number that is no class
        loss = F.cross_entropy(rows.reshape(-1, classes), labels, reduction="none", ignore_index=2**31)
    except IndexError:
        wrong = labels[(labels < 0) | (labels >= classes)][0].item()
        raise InvalidArgumentError(
            f"Received a label value of {wrong} which is outside the valid range of [0, {classes}).{nan_note(target)} "
            "Labels are class numbers from 0, and the output needs one unit for each class."
        ) from None
    return loss.reshape(target.shape).to(output.dtype)
