"""What a sigmoid or softmax was computed from goes along with its result: crossentropies are computed from that.

Keras's own activations are known to every crossentropy (a softmax's input counts as a sigmoid's in the binary one),
TensorFlow's to those that fit them only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch


def note(result: torch.Tensor, logits: torch.Tensor, kind: str = "") -> torch.Tensor:
    """The result, which from now on carries its logits.

    Args:
        kind: "Sigmoid" or "Softmax" if only crossentropies of that kind may use them.
    """
    result._keras_logits = logits  # type: ignore[attr-defined]
    if kind:
        result._logits_kind = kind  # type: ignore[attr-defined]
    return result


def carried(output: torch.Tensor, kind: str) -> torch.Tensor | None:
    """The logits that an output carries for crossentropies of a kind."""
    logits: Any = getattr(output, "_keras_logits", None)
    return None if logits is None or getattr(output, "_logits_kind", kind) != kind else logits


def hand_on(source: torch.Tensor, target: torch.Tensor, change: Callable[[torch.Tensor], torch.Tensor]) -> None:
    """Let a changed output carry the logits, changed likewise."""
    logits = getattr(source, "_keras_logits", None)
    if logits is not None:
        note(target, change(logits), getattr(source, "_logits_kind", ""))
