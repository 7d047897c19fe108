"""Connectionist temporal classification (Graves et al. 2006): the loss, and decoding by the best path or a beam."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from kerasish.core.context import local
from kerasish.core.dispatch import Index, op
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.core.storage import to_numpy
from kerasish.ops.common import floating

_IMPOSSIBLE = 710.0  # about what TensorFlow gives for labels that do not fit into their frames: its log of zero


@op
def ctc_loss(target: Index, output: Index, target_length: Index, output_length: Index, mask_index: int = 0) -> Any:
    """-log of the probability of each label sequence, summed over its alignments: (batch,).

    Args:
        target: labels, (batch, longest sequence); what comes after a sequence's length is ignored.
        output: logits, (batch, frames, classes).
        target_length, output_length: how many labels and frames of each example count, (batch,).
        mask_index: the class that stands for "no label".

    Raises:
        ValueError: ranks do not fit.
        InvalidArgumentError: a label is not one of the classes.
    """
    if target.ndim != 2 or output.ndim != 3:
        shapes = f"target.shape={tuple(target.shape)}, output.shape={tuple(output.shape)}"
        raise fail(ValueError, "ctc_loss takes `target` of rank 2 and `output` of rank 3", received=shapes)
    output = floating(output)
    if output.dtype in (torch.float16, torch.bfloat16):
        output = output.float()
    classes = output.shape[-1]
    target, target_length, output_length = target.long(), target_length.long(), output_length.long()
    place = torch.arange(target.shape[1], device=target.device)
    used = place < target_length[:, None]
    if output.is_meta or local.tracing:
        return output.sum((1, 2))  # of the right shape, which is all that is asked for; torch cannot trace its own
    if bool((used & ((target < 0) | (target >= classes))).any()):
        raise InvalidArgumentError(f"A label is outside of the valid range of [0, {classes}).")
    target = torch.where(used, target, 0)
    log_p = torch.log_softmax(output, -1).transpose(0, 1)
    loss = F.ctc_loss(
        log_p, target, output_length, target_length, blank=mask_index % classes, reduction="none", zero_infinity=True
    )
    repeats = ((target[:, 1:] == target[:, :-1]) & used[:, 1:]).sum(1)  # need a frame without label between them
    return loss + _IMPOSSIBLE * (output_length < target_length + repeats).to(loss.dtype)


@op
def ctc_decode(
    inputs: Index,
    sequence_lengths: Index,
    strategy: str = "greedy",
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool = True,
    mask_index: int = 0,
) -> Any:
    """The most probable label sequences of logits (batch, frames, classes).

    Args:
        sequence_lengths: how many frames of each example count, (batch,).
        strategy: "greedy" (the best class of each frame) or "beam_search" (prefixes, with the sum of their alignments).
        beam_width, top_paths: of "beam_search": prefixes kept at each frame, and how many are returned.
        merge_repeated: of "greedy": whether a label in successive frames counts once.
        mask_index: the class that stands for "no label".

    Returns:
        The sequences as int32, (paths, batch, frames), filled up with -1, and scores, (batch, paths): log probabilities
        for "beam_search", the negative sum of the best logits for "greedy".

    Raises:
        ValueError: an unknown strategy, or a rank other than 3.
    """
    if inputs.ndim != 3:
        raise fail(ValueError, "ctc_decode takes `inputs` of rank 3", received=f"inputs.shape={tuple(inputs.shape)}")
    inputs = floating(inputs)
    if strategy == "greedy":
        return _greedy(inputs, sequence_lengths, merge_repeated, mask_index)
    if strategy == "beam_search":
        return _beam_search(inputs, sequence_lengths, beam_width, top_paths, mask_index)
    raise fail(ValueError, f"Invalid strategy {strategy}. Supported values are 'greedy' and 'beam_search'")


def _greedy(x: torch.Tensor, lengths: torch.Tensor, merge_repeated: bool, mask_index: int) -> tuple:
    best, labels = x.max(-1)
    counted = torch.arange(x.shape[1], device=x.device) < lengths[:, None]
    kept = counted & (labels != mask_index % x.shape[-1])
    if merge_repeated:
        kept[:, 1:] &= labels[:, 1:] != labels[:, :-1]
    order = torch.sort((~kept).to(torch.int8), dim=1, stable=True).indices  # the kept ones first, in their order
    decoded = torch.where(kept, labels, -1).gather(1, order)
    return decoded.to(torch.int32).unsqueeze(0), -(best * counted).sum(1, keepdim=True)


def _beam_search(x: torch.Tensor, lengths: torch.Tensor, width: int, paths: int, mask_index: int) -> tuple:
    batch, frames, classes = x.shape
    log_p = to_numpy(torch.log_softmax(x.double(), -1))
    decoded = np.full((paths, batch, frames), -1, dtype=np.int32)
    scores = np.full((batch, paths), -np.inf)
    for i, length in enumerate(lengths.tolist()):
        found = _best_prefixes(log_p[i, :length], width, mask_index % classes)[:paths]
        for j, (prefix, score) in enumerate(found):
            decoded[j, i, : len(prefix)] = prefix
            scores[i, j] = score
    return torch.from_numpy(decoded).to(x.device), torch.from_numpy(scores).to(x.device, x.dtype)


def _best_prefixes(log_p: np.ndarray, width: int, blank: int) -> list[tuple[tuple, float]]:
    """Prefix search over the frames of one example (Hannun 2017, without a language model), best first."""
    beam = {(): (0.0, -np.inf)}  # labels so far: log probability of the alignments that end blank, and of the others
    for frame in log_p:
        grown: dict[tuple, tuple[float, float]] = {}

        def add(prefix: tuple, ends_blank: float, ends_label: float, grown: dict = grown) -> None:
            before = grown.get(prefix, (-np.inf, -np.inf))
            grown[prefix] = (np.logaddexp(before[0], ends_blank), np.logaddexp(before[1], ends_label))

        for prefix, (ends_blank, ends_label) in beam.items():
            either = np.logaddexp(ends_blank, ends_label)
            add(prefix, either + frame[blank], -np.inf)
            for label, log_probability in enumerate(frame):
                if label == blank:
                    continue
                if prefix and prefix[-1] == label:
                    add(prefix, -np.inf, ends_label + log_probability)
                    add((*prefix, label), -np.inf, ends_blank + log_probability)
                else:
                    add((*prefix, label), -np.inf, either + log_probability)
        ranked = sorted(grown.items(), key=lambda item: -np.logaddexp(*item[1]))
        beam = dict(ranked[:width])
    return [(prefix, float(np.logaddexp(*ends))) for prefix, ends in beam.items()]
