"""Connectionist temporal classification (Graves et al. 2006): the loss, and decoding by the best path or a beam."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from kerasish.core.context import local
from kerasish.core.dispatch import Index, op
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.core.storage import to_numpy
from kerasish.ops.common import floating

# TensorFlow lets an alignment begin or end at any place of the labels, at the price of its log of zero: log(1e-307), rounded
# to float32. That is the loss of labels that do not fit into their frames, and of alignments that are less probable still.
_LOG_ZERO = -706.8936157226562
_MATTERS = 680.0  # what cannot change a result by one part in 10⁷ is left out: e^-706.9 beside a probability of e^-680


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
    target, target_length, output_length = target.long(), target_length.long(), output_length.long()
    if output.is_meta or local.tracing:
        return output.sum((1, 2))  # of the right shape, which is all that is asked for; torch cannot trace its own
    classes = output.shape[-1]
    blank = mask_index % classes
    log_p = torch.log_softmax(output, -1)
    loss, fits = _true_loss(target, log_p, target_length, output_length, blank)
    rows = (~fits | _improbable(loss, log_p, output_length, target.shape[1])).nonzero()[:, 0]
    if len(rows) == 0:
        return loss
    columns = [blank, *(c for c in range(classes) if c != blank)]
    target = torch.where(target < blank, target + 1, target)[rows]
    free = _FreeEnds.apply(output[rows][..., columns], target, target_length[rows], output_length[rows])
    return loss.index_put((rows,), free)


def _true_loss(
    target: torch.Tensor, log_p: torch.Tensor, target_length: torch.Tensor, output_length: torch.Tensor, blank: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """The loss of each example, without gradient where the labels do not fit into the frames; and whether they fit."""
    classes = log_p.shape[-1]
    used = torch.arange(target.shape[1], device=target.device) < target_length[:, None]
    if bool((used & ((target < 0) | (target >= classes))).any()):
        raise InvalidArgumentError(f"A label is outside of the valid range of [0, {classes}).")
    loss = F.ctc_loss(
        log_p.transpose(0, 1),
        torch.where(used, target, 0),
        output_length,
        target_length,
        blank=blank,
        reduction="none",
        zero_infinity=True,
    )
    repeats = ((target[:, 1:] == target[:, :-1]) & used[:, 1:]).sum(1)  # need a frame without label between them
    return loss, output_length >= target_length + repeats


def sparse_ctc_loss(
    target: torch.Tensor, output: torch.Tensor, target_length: Any, output_length: Any, blank: int, skip: bool
) -> torch.Tensor:
    """As TensorFlow's kernel of sparse labels: infinite where equal labels have no frame between them.

    Args:
        target, output: labels (batch, longest) and logits (batch, frames, classes).
        skip: whether examples with fewer frames than labels cost nothing instead of raising.

    Raises:
        InvalidArgumentError: no label, or more labels than frames.
    """
    if output.is_meta or local.tracing:
        return output.sum((1, 2))
    target, target_length, output_length = target.long(), target_length.long(), output_length.long()
    for row, (labels, frames) in enumerate(zip(target_length.tolist(), output_length.tolist(), strict=True)):
        if labels == 0:
            raise InvalidArgumentError(f"Labels length is zero in batch {row} [Op:CTCLoss]")
        if labels > frames and not skip:
            needs = f"(required: {labels}, available: {frames}){row}"
            raise InvalidArgumentError(f"Not enough time for target transition sequence {needs} [Op:CTCLoss]")
    loss, fits = _true_loss(
        target, torch.log_softmax(output, -1), target_length, output_length, blank % output.shape[-1]
    )
    counted = torch.arange(output.shape[1], device=output.device) < output_length[:, None]
    impossible = math.inf + (torch.logsumexp(output, -1) * counted).sum(1)  # its gradient is the softmax, as there
    return torch.where(target_length > output_length, 0.0, torch.where(fits, loss, impossible))


def _improbable(loss: torch.Tensor, log_p: torch.Tensor, lengths: torch.Tensor, labels: int) -> torch.Tensor:
    """Which examples may be less probable than alignments with free ends, of which 3 per frame and place is a bound."""
    with torch.no_grad():
        frames = torch.arange(log_p.shape[1], device=log_p.device) < lengths[:, None]
        best = (log_p.amax(-1) * frames).sum(1)
        return loss + best + lengths * math.log(3) + math.log(2 * labels + 2) > _MATTERS


class _FreeEnds(torch.autograd.Function):
    """The loss of logits whose first class is "no label", with free ends at the price of ``_LOG_ZERO``: (batch,).

    As in TensorFlow, only the end is free in the value, the start too in the gradient, and a label of padding that is
    "no label" has a part in the alignments but none in the gradient.
    """

    @staticmethod
    def forward(ctx: Any, logits: torch.Tensor, labels: torch.Tensor, label_length: Any, lengths: Any) -> torch.Tensor:
        log_p = torch.log_softmax(logits.double(), -1)
        chain = _Chain(log_p, labels)
        after, loss = chain.backward(label_length, lengths)
        posterior = (chain.forward() + after).softmax(-1)
        classes = log_p.shape[-1]
        expected = torch.zeros_like(log_p)
        expected[..., 0] = posterior[..., chain.blanks :].sum(-1)
        counts = (labels > 0) & (labels < classes)
        index = torch.where(counts, labels, 0)[:, None, :].expand(-1, log_p.shape[1], -1)
        expected.scatter_add_(-1, index, posterior[..., 1 : chain.blanks] * counts[:, None, :])
        used = torch.arange(log_p.shape[1], device=log_p.device) < lengths[:, None]
        ctx.save_for_backward(((log_p.exp() - expected) * used[..., None]).to(logits.dtype))
        return loss.to(logits.dtype)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple:
        return grad[:, None, None] * ctx.saved_tensors[0], None, None, None


class _Chain:
    """The alignments of labels as a chain of states: the start, one for each label, and "no label" after each of these.

    Args:
        log_p: log probabilities, (batch, frames, classes), of which the first is "no label".
        labels: (batch, longest); what is none of the classes counts as certain.
    """

    def __init__(self, log_p: torch.Tensor, labels: torch.Tensor) -> None:
        batch, self.frames, classes = log_p.shape
        self.blanks = labels.shape[1] + 1  # the place of the first "no label"
        known = (labels >= 0) & (labels < classes)
        index = torch.where(known, labels, 0)[:, None, :].expand(-1, self.frames, -1)
        seen = torch.where(known[:, None, :], log_p.gather(-1, index), 0)
        self.minus_infinity = log_p.new_full((batch, 1), -math.inf)
        start = self.minus_infinity[:, None].expand(-1, self.frames, -1)
        self.label = torch.cat([start, seen], -1)
        self.blank = log_p[..., :1]
        same = labels[:, 1:] == labels[:, :-1]
        free = log_p.new_zeros((batch, min(1, labels.shape[1])))
        self.step = torch.cat([free, torch.zeros_like(same, dtype=log_p.dtype).masked_fill(same, -math.inf)], 1)

    def forward(self) -> torch.Tensor:
        """Log probabilities up to and with each frame, (batch, frames, states)."""
        label = torch.full_like(self.label[:, 0], _LOG_ZERO)
        blank, label[:, 0] = label.clone(), 0
        found = []
        for t in range(self.frames):
            stay = torch.logaddexp(label[:, 1:], blank[:, :-1])
            stay = torch.logaddexp(stay, label[:, :-1] + self.step)
            blank = torch.logaddexp(blank, label) + self.blank[:, t]
            label = torch.cat([self.minus_infinity, stay], 1) + self.label[:, t]
            found.append(torch.cat([label, blank], 1))
        return torch.stack(found, 1)

    def backward(self, label_length: torch.Tensor, lengths: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Log probabilities after each frame, (batch, frames, states), and -log of all from the start, (batch,)."""
        place = torch.arange(self.blanks, device=lengths.device)
        label = torch.where(place == label_length[:, None], 0.0, _LOG_ZERO).to(self.label.dtype)
        blank, found = label.clone(), []
        for t in reversed(range(self.frames)):
            found.append(torch.cat([label, blank], 1))
            on, off = label + self.label[:, t], blank + self.blank[:, t]
            further = torch.cat([on[:, 1:] + self.step, self.minus_infinity], 1)
            next_label = torch.logaddexp(torch.logaddexp(on, off), further)
            next_blank = torch.logaddexp(off, torch.cat([on[:, 1:], self.minus_infinity], 1))
            runs = (t < lengths)[:, None]
            label, blank = torch.where(runs, next_label, label), torch.where(runs, next_blank, blank)
        return torch.stack(found[::-1], 1), -label[:, 0]


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
