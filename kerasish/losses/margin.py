"""Losses that ask for a margin: the hinges, for classes -1 and 1, and the circle loss, for embeddings."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F

from kerasish.core.dispatch import Array, Index, op
from kerasish.losses.base import paired
from kerasish.ops.common import floating


def _signed(y_true: torch.Tensor) -> torch.Tensor:
    """Targets that are all 0 or 1 as -1 and 1, others as they are; decided on the device."""
    binary = ((y_true == 0) | (y_true == 1)).all()
    return torch.where(binary, 2.0 * y_true - 1.0, y_true)


@op
def hinge(y_true: Index, y_pred: Array) -> Any:
    """Mean of max(1 - y_true · y_pred, 0) over the last axis, for targets -1 and 1, or 0 and 1."""
    y_true, y_pred = paired(y_true, y_pred)
    return torch.clamp_min(1.0 - _signed(y_true) * y_pred, 0.0).mean(-1)


@op
def squared_hinge(y_true: Index, y_pred: Array) -> Any:
    """Mean of max(1 - y_true · y_pred, 0)² over the last axis, for targets -1 and 1, or 0 and 1."""
    y_true, y_pred = paired(y_true, y_pred)
    return torch.square(torch.clamp_min(1.0 - _signed(y_true) * y_pred, 0.0)).mean(-1)


@op
def categorical_hinge(y_true: Index, y_pred: Array) -> Any:
    """max(1 + the best score of a wrong class - the score of the right one, 0); classes lie along the last axis."""
    y_true, y_pred = paired(y_true, y_pred)
    right = (y_true * y_pred).sum(-1)
    wrong = ((1.0 - y_true) * y_pred).amax(-1)
    return torch.clamp_min(wrong - right + 1.0, 0.0)


@op
def circle(
    y_true: Index,
    y_pred: Array,
    ref_labels: Index | None = None,
    ref_embeddings: Array | None = None,
    remove_diagonal: bool = True,
    gamma: float = 80,
    margin: float = 0.4,
) -> Any:
    """The circle loss of each embedding against all of ``ref_embeddings`` (Sun et al. 2020, equation 6).

    Args:
        y_true: labels, (batch,).
        y_pred: embeddings of length 1, (batch, d).
        ref_labels, ref_embeddings: what to compare with; default: the batch itself.
        remove_diagonal: whether the i-th embedding is not compared with the i-th reference, itself by default.
        gamma: the scale γ.
        margin: the relaxation m.

    Returns:
        (batch,); 0 for an embedding without a like or an unlike one, which means leave out.
    """
    y_pred = floating(y_pred)
    labels = y_true.reshape(-1, 1)
    others = labels if ref_labels is None else ref_labels.reshape(-1, 1)
    similarity = y_pred @ (y_pred if ref_embeddings is None else floating(ref_embeddings)).T
    similarity = torch.clamp(similarity, max=1)  # more only where the embeddings are longer than 1
    same = labels == others.T
    positive, negative = same, ~same
    if remove_diagonal:
        positive = positive & ~torch.eye(*same.shape, dtype=torch.bool, device=same.device)
    pull = -gamma * torch.relu(1 + margin - similarity) * (similarity - (1 - margin))
    push = gamma * torch.relu(similarity + margin) * (similarity - margin)
    nothing = torch.finfo(y_pred.dtype).min / 4  # not -inf, whose gradient is NaN for a row without any
    pull = torch.logsumexp(torch.where(positive, pull, nothing), 1)
    push = torch.logsumexp(torch.where(negative, push, nothing), 1)
    loss = F.softplus(pull + push)
    loss._keras_mask = loss.detach() > 0  # type: ignore[attr-defined]
    return loss
