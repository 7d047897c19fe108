"""Connectionist temporal classification in TensorFlow's forms: times first, sparse labels. ``ops.ctc`` computes."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from kerasish import ops
from kerasish.core import dispatch
from kerasish.core.dispatch import Array, Index, strict_op
from kerasish.core.errors import FailedPreconditionError, InvalidArgumentError, NotServedError
from kerasish.core.sparse import SparseTensor
from kerasish.ops.ctc import sparse_ctc_loss


@strict_op
def _dense_loss(
    labels: Index, logits: Array, label_length: Index, logit_length: Index, time_major: bool, blank: int
) -> Any:
    rows = logits.transpose(0, 1) if time_major else logits
    return ops.ctc_loss.raw(labels, rows, label_length, logit_length, blank)


@strict_op
def _sparse_loss(
    labels: Index, logits: Array, label_length: Index, logit_length: Index, time_major: bool, blank: int, skip: bool
) -> Any:
    rows = logits.transpose(0, 1) if time_major else logits
    return sparse_ctc_loss(labels, rows, label_length, logit_length, blank, skip)


def ctc_loss(
    labels: Any,
    logits: Any,
    label_length: Any,
    logit_length: Any,
    logits_time_major: bool = True,
    unique: Any = None,
    blank_index: int | None = None,
    name: str | None = None,
) -> Any:
    """-log of the probability of each label sequence, summed over its alignments (Graves et al. 2006): (batch,).

    Args:
        labels: (batch, longest sequence), or a SparseTensor of it.
        logits: (frames, batch, classes), or (batch, frames, classes) unless ``logits_time_major``.
        label_length, logit_length: how many labels and frames of each example count; sparse labels tell theirs.
        unique: precomputed unique labels, which spare TensorFlow some work; not needed here.
        blank_index: the class that stands for "no label"; 0 by default; negative ones count from the end.

    Raises:
        ValueError: sparse labels without ``blank_index``.
        InvalidArgumentError: an example without sparse labels, or with more than frames.
    """
    if not isinstance(labels, SparseTensor):
        return _dense_loss(labels, logits, label_length, logit_length, logits_time_major, blank_index or 0)
    if blank_index is None:
        raise ValueError("Argument `blank_index` must be provided when `labels` is a `SparseTensor`.")
    dense, lengths = _filled(labels)
    return _sparse_loss(dense, logits, lengths, logit_length, logits_time_major, blank_index, False)


def _filled(labels: SparseTensor) -> tuple[Any, Any]:
    """Sparse labels as rows that 0 fills up, and how many each row has."""
    rows, places = labels.raw_indices.cpu().unbind(1)
    size = [int(n) for n in labels.shape]
    dense = torch.zeros(size, dtype=labels.raw_values.dtype).index_put((rows, places), labels.raw_values.cpu())
    lengths = torch.zeros(size[0], dtype=torch.int64).index_add(0, rows, torch.ones_like(rows))
    return dispatch.wrap(dense), dispatch.wrap(lengths)


def ctc_loss_of_sparse_labels(
    labels: Any,
    inputs: Any = None,
    sequence_length: Any = None,
    preprocess_collapse_repeated: bool = False,
    ctc_merge_repeated: bool = True,
    ignore_longer_outputs_than_inputs: bool = False,
    time_major: bool = True,
    logits: Any = None,
) -> Any:
    """TensorFlow 1's CTC loss, (batch,): the last class stands for "no label".

    Args:
        labels: a SparseTensor of int32, (batch, longest sequence).
        inputs, logits: (frames, batch, classes), or (batch, frames, classes) unless ``time_major``; one of the two.
        sequence_length: how many frames of each example count.
        preprocess_collapse_repeated: whether equal successive labels are merged first.
        ignore_longer_outputs_than_inputs: whether examples with fewer frames than labels have a loss of 0 instead of
            raising.

    Raises:
        TypeError: labels that are not sparse.
        ValueError: no logits, or two.
        InvalidArgumentError: an example without labels, or with more labels than frames.
        NotServedError: ``ctc_merge_repeated=False``.
    """
    if not isinstance(labels, SparseTensor):
        raise TypeError(f"Expected argument `labels` to be a SparseTensor. Received labels={labels!r}")
    if inputs is not None and logits is not None:
        raise ValueError("Cannot specify both 'inputs' and 'logits'.")
    if not ctc_merge_repeated:
        raise NotServedError("tf.compat.v1.nn.ctc_loss(ctc_merge_repeated=False) is not served.")
    given = logits if inputs is None else inputs
    if given is None or sequence_length is None:
        raise ValueError("tf.compat.v1.nn.ctc_loss needs `inputs` and `sequence_length`.")
    dense, lengths = _filled(labels)
    if preprocess_collapse_repeated:
        dense, lengths = collapse_repeated(dense, lengths)
    skip = ignore_longer_outputs_than_inputs
    return _sparse_loss(dense, given, lengths, sequence_length, time_major, -1, skip)


def _decodable(inputs: torch.Tensor, sequence_length: torch.Tensor, name: str) -> None:
    if inputs.ndim != 3:
        raise InvalidArgumentError(f"inputs is not a 3-Tensor [Op:{name}]")
    if len(sequence_length) != inputs.shape[1]:
        raise FailedPreconditionError(f"len(sequence_length) != batch_size: {len(sequence_length)} [Op:{name}]")
    for row, length in enumerate(sequence_length.tolist()):
        if length > inputs.shape[0]:
            raise FailedPreconditionError(f"sequence_length({row}) <= {inputs.shape[0]} [Op:{name}]")


def _sparse(decoded: torch.Tensor) -> SparseTensor:
    """Sequences that -1 fills up."""
    rows = decoded.cpu().numpy()
    places = np.argwhere(rows >= 0)
    longest = int((rows >= 0).sum(1).max(initial=0))
    values = rows[tuple(places.T)].astype(np.int64)
    return SparseTensor.of_raw(torch.from_numpy(places), torch.from_numpy(values), (len(rows), longest))


def ctc_greedy_decoder(
    inputs: Any, sequence_length: Any, merge_repeated: bool = True, blank_index: int | None = None
) -> tuple[list[SparseTensor], Any]:
    """The sequences of the best class of each frame, and the negative sums of their logits, (batch, 1).

    Args:
        inputs: logits, (frames, batch, classes).
        sequence_length: how many frames of each example count.
        merge_repeated: whether a label in successive frames counts once.
        blank_index: the class that stands for "no label"; the last one by default.

    Raises:
        InvalidArgumentError: a wrong rank, or no such class.
        FailedPreconditionError: lengths beyond the frames.
    """
    x, lengths = dispatch.raw(inputs), dispatch.raw(sequence_length)
    _decodable(x, lengths, "CTCGreedyDecoder")
    classes, blank = x.shape[-1], -1 if blank_index is None else int(blank_index)
    if not -classes <= blank < classes:
        raise InvalidArgumentError(
            f"blank_index expected to be between {-classes} and {classes - 1} but was {blank} [Op:CTCGreedyDecoder]"
        )
    decoded, scores = ops.ctc_decode.raw(
        x.transpose(0, 1), lengths, "greedy", merge_repeated=merge_repeated, mask_index=blank
    )
    return [_sparse(decoded[0])], dispatch.wrap(scores)


def ctc_beam_search_decoder(
    inputs: Any, sequence_length: Any, beam_width: int = 100, top_paths: int = 1
) -> tuple[list[SparseTensor], Any]:
    """The most probable sequences that a search over prefixes finds, and their log probabilities, (batch, top_paths).

    Args:
        inputs: logits, (frames, batch, classes); the last class stands for "no label".
        sequence_length: how many frames of each example count.
        beam_width: prefixes kept at each frame.

    Raises:
        InvalidArgumentError: a wrong rank, or more paths than the beam is wide.
        FailedPreconditionError: lengths beyond the frames.
    """
    x, lengths = dispatch.raw(inputs), dispatch.raw(sequence_length)
    _decodable(x, lengths, "CTCBeamSearchDecoder")
    if top_paths > beam_width:
        raise InvalidArgumentError("requested more paths than the beam width. [Op:CTCBeamSearchDecoder]")
    decoded, scores = ops.ctc_decode.raw(
        x.transpose(0, 1), lengths, "beam_search", beam_width, top_paths, mask_index=-1
    )
    return [_sparse(path) for path in decoded], dispatch.wrap(scores)


@strict_op
def ctc_unique_labels(labels: Index, name: str | None = None) -> Any:
    """The different labels of each row, in order of appearance, filled up with 0; and the place of each label among them.

    Args:
        labels: (batch, longest sequence).

    Raises:
        InvalidArgumentError: another rank.
    """
    if labels.ndim != 2:
        raise InvalidArgumentError("unique expects a 1D vector. [Op:Unique]")
    different = torch.zeros(labels.shape, dtype=torch.int64)
    places = torch.zeros(labels.shape, dtype=torch.int32)
    for i, row in enumerate(labels.tolist()):
        found = {label: place for place, label in enumerate(dict.fromkeys(row))}
        different[i, : len(found)] = torch.tensor(list(found), dtype=torch.int64)
        places[i] = torch.tensor([found[label] for label in row], dtype=torch.int32)
    return [different.to(labels.device), places.to(labels.device)]


@strict_op
def collapse_repeated(labels: Index, seq_length: Index, name: str | None = None) -> Any:
    """Labels with successive equal ones merged, filled up with 0, and how many are left of each row."""
    kept = torch.arange(labels.shape[1], device=labels.device) < seq_length[:, None]
    kept[:, 1:] &= labels[:, 1:] != labels[:, :-1]
    lengths = kept.sum(1)
    order = torch.sort((~kept).to(torch.int8), dim=1, stable=True).indices
    merged = torch.where(kept, labels, 0).gather(1, order)[:, : int(lengths.max()) if len(lengths) else 0]
    return merged, lengths.to(seq_length.dtype)
