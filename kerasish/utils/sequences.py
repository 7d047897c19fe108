"""Sequences of different lengths as one array."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish.core.errors import fail


def pad_sequences(
    sequences: Any,
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> np.ndarray:
    """Sequences of different lengths as one array (samples, maxlen, ...).

    Args:
        maxlen: default: the longest sequence's length.
        padding: "pre" fills on the left, "post" on the right.
        truncating: "pre" cuts on the left, "post" on the right.
        value: what to fill with.

    Raises:
        ValueError: not a sequence of sequences, unequal inner shapes, or an unknown side.
    """
    for name, side in (("padding", padding), ("truncating", truncating)):
        if side not in ("pre", "post"):
            raise fail(ValueError, f"`{name}` must be 'pre' or 'post'", received=repr(side))
    try:
        lengths = [len(sequence) for sequence in sequences]
    except TypeError:
        raise fail(ValueError, "`sequences` must be a list of iterables", received=f"{sequences!r}"[:200]) from None
    maxlen = max(lengths, default=0) if maxlen is None else maxlen
    inner = next((np.asarray(s).shape[1:] for s, n in zip(sequences, lengths) if n), ())
    is_text = np.issubdtype(np.dtype(dtype), np.str_) or np.dtype(dtype) == object
    if isinstance(value, str) and not is_text:
        raise ValueError(f"`dtype` {dtype} is not compatible with `value`'s type: {type(value)}\nUse dtype=object.")
    out = np.full((len(lengths), maxlen, *inner), value, dtype=dtype)
    for i, sequence in enumerate(sequences):
        if not len(sequence) or maxlen == 0:
            continue
        kept = np.asarray(sequence[-maxlen:] if truncating == "pre" else sequence[:maxlen], dtype=dtype)
        if kept.shape[1:] != inner:
            raise ValueError(
                f"Shape of sample {kept.shape[1:]} of sequence at position {i} is different from expected shape {inner}"
            )
        if padding == "post":
            out[i, : len(kept)] = kept
        else:
            out[i, -len(kept) :] = kept
    return out
