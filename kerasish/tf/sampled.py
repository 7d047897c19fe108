"""Losses of many classes that look at a few of them: noise-contrastive estimation, and a softmax over candidates."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F

from kerasish.core import dispatch
from kerasish.core.dispatch import Array, Arrays, Index, strict_op
from kerasish.tf.candidates import compute_accidental_hits, log_uniform_candidate_sampler


@strict_op
def _logits(
    weights: Arrays,
    biases: Arrays,
    inputs: Array,
    true: Index,
    chosen: Index,
    true_count: Index,
    chosen_count: Index,
    hits: Any,
) -> Any:
    """Logits of the true classes and of the candidates, side by side, and labels that add up to 1."""
    table = weights if isinstance(weights, torch.Tensor) else torch.cat(list(weights))
    offsets = biases if isinstance(biases, torch.Tensor) else torch.cat(list(biases))
    batch, num_true = true.shape
    of_true = (inputs.unsqueeze(1) * F.embedding(true, table)).sum(-1) + offsets[true]
    of_chosen = inputs @ F.embedding(chosen, table).mT + offsets[chosen]
    if hits is not None:
        rows, places, amounts = hits
        mask = torch.zeros_like(of_chosen)
        mask[rows.long(), places] = amounts.to(mask)
        of_chosen = of_chosen + mask
    of_true, of_chosen = of_true - torch.log(true_count), of_chosen - torch.log(chosen_count)
    logits = torch.cat([of_true, of_chosen], 1)
    labels = torch.zeros_like(logits)
    labels[:, :num_true] = 1 / num_true
    return logits, labels


def _computed(
    weights: Any, biases: Any, labels: Any, inputs: Any, num_sampled: Any, num_classes: Any, num_true: int,
    sampled_values: Any, without_hits: bool, seed: int | None,
) -> Any:  # fmt: skip
    true = dispatch.raw(labels).detach().reshape(-1, num_true).long()
    if sampled_values is None:
        sampled_values = log_uniform_candidate_sampler(true, num_true, num_sampled, True, num_classes, seed)
    chosen, true_count, chosen_count = (dispatch.raw(part).detach() for part in sampled_values)
    hits = None
    if without_hits:
        hits = tuple(dispatch.raw(part) for part in compute_accidental_hits(true, chosen, num_true))
    return _logits(weights, biases, inputs, true, chosen.long(), true_count, chosen_count, hits)


@strict_op
def _binary(labels: Array, logits: Array) -> Any:
    return F.binary_cross_entropy_with_logits(logits, labels, reduction="none").sum(1)


@strict_op
def _softmax(labels: Array, logits: Array) -> Any:
    return -(labels * torch.log_softmax(logits, 1)).sum(1)


def nce_loss(
    weights: Any,
    biases: Any,
    labels: Any,
    inputs: Any,
    num_sampled: Any,
    num_classes: Any,
    num_true: int = 1,
    sampled_values: Any = None,
    remove_accidental_hits: bool = False,
    name: str | None = "nce_loss",
) -> Any:
    """Noise-contrastive estimation (Gutmann and Hyvärinen 2010): (batch,).

    Args:
        weights: (num_classes, width), or a list of its parts in order.
        biases: (num_classes,).
        labels: the true classes, (batch, num_true).
        inputs: (batch, width).
        num_sampled: how many candidates are drawn, for the whole batch.
        sampled_values: what a candidate sampler returned; default: ``tf.random.log_uniform_candidate_sampler``.
        remove_accidental_hits: whether candidates that are true classes count as such.
    """
    logits, wanted = _computed(
        weights,
        biases,
        labels,
        inputs,
        num_sampled,
        num_classes,
        num_true,
        sampled_values,
        remove_accidental_hits,
        None,
    )
    return _binary(wanted, logits)


def sampled_softmax_loss(
    weights: Any,
    biases: Any,
    labels: Any,
    inputs: Any,
    num_sampled: Any,
    num_classes: Any,
    num_true: int = 1,
    sampled_values: Any = None,
    remove_accidental_hits: bool = True,
    seed: int | None = None,
    name: str | None = "sampled_softmax_loss",
) -> Any:
    """The crossentropy of a softmax over the true classes and candidates only (Jean et al. 2014): (batch,).

    See ``nce_loss``.
    """
    logits, wanted = _computed(
        weights,
        biases,
        labels,
        inputs,
        num_sampled,
        num_classes,
        num_true,
        sampled_values,
        remove_accidental_hits,
        seed,
    )
    return _softmax(wanted, logits)
