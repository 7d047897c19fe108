"""Attention on torch's fused kernels, with Keras's numbers where a target may see nothing."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch.nn import functional as F
from torch.nn.attention import SDPBackend

from kerasish.core.context import local
from kerasish.core.dispatch import Array, Index, op
from kerasish.core.errors import ShapeMismatchError, fail
from kerasish.ops.common import floating

_KERNELS = {
    True: [SDPBackend.FLASH_ATTENTION],
    False: [SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH],
}


@op
def dot_product_attention(
    query: Array,
    key: Array,
    value: Array,
    bias: Index | None = None,
    mask: Index | None = None,
    scale: float | None = None,
    is_causal: bool = False,
    flash_attention: bool | None = None,
    attn_logits_soft_cap: float | None = None,
) -> Any:
    """softmax(query · keyᵀ · scale + bias) · value for each head (Vaswani et al. 2017).

    Args:
        query: (batch, targets, heads, features).
        key, value: (batch, sources, heads, features); a divisor of the heads shares them between groups of queries.
        bias: broadcast to (batch, heads, targets, sources).
        mask: of the same kind; true where a source may be seen. A target that sees none gets the mean of all values.
        scale: default: 1 / √features.
        is_causal: whether target i sees the sources 0 … i only.
        flash_attention: True demands torch's flash kernel, False forbids it; default: torch chooses.
        attn_logits_soft_cap: c for logits c · tanh(logits / c).

    Raises:
        ValueError: the inputs are not of rank 4.
    """
    if not query.ndim == key.ndim == value.ndim == 4:
        shapes = ", ".join(f"{n}.shape={tuple(t.shape)}" for n, t in (("query", query), ("key", key), ("value", value)))
        raise fail(ValueError, "`dot_product_attention` only supports 4D inputs", received=shapes)
    q, k, v = (floating(t).transpose(1, 2) for t in (query, key, value))
    if bias is not None:
        bias = _of_rank_4(bias.to(q.dtype))
    seen = None if mask is None else _of_rank_4(mask.bool())
    if is_causal and (bias is not None or seen is not None or attn_logits_soft_cap is not None):
        causal = causal_mask(q.shape[2], k.shape[2], q.device)
        seen = causal if seen is None else seen & causal
        is_causal = False
    if attn_logits_soft_cap is None:
        return attend(q, k, v, seen, scale, is_causal, bias, flash_attention).transpose(1, 2)
    if flash_attention:
        raise fail(ValueError, "Flash attention does not support `attn_logits_soft_cap`")
    return _capped_attention(q, k, v, bias, seen, scale, attn_logits_soft_cap).transpose(1, 2)


def _of_rank_4(t: torch.Tensor) -> torch.Tensor:
    return t.reshape((1,) * (4 - t.ndim) + t.shape) if t.ndim < 4 else t


def attend(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    seen: torch.Tensor | None = None,
    scale: float | None = None,
    is_causal: bool = False,
    bias: torch.Tensor | None = None,
    flash: bool | None = None,
    dropout: float = 0.0,
    blind_to_zero: bool = False,
) -> torch.Tensor:
    """Attention of tensors (batch, heads, positions, features) by torch's fused kernel.

    Args:
        seen: booleans that broadcast to (batch, heads, targets, sources); not together with ``is_causal``.
        bias: added to the logits.
        flash: True demands the flash kernel, False forbids it.
        dropout: the part of the weights to drop.
        blind_to_zero: whether a target that sees nothing gets zeros; otherwise it gets the mean of all values.
    """
    if k.shape[-2] != v.shape[-2]:  # torch 2.13 would read beyond the shorter one's end
        raise ShapeMismatchError(f"Keys and values have different lengths: {tuple(k.shape)} vs. {tuple(v.shape)}")
    sees = None
    if seen is not None:
        # Kernels give a target that sees nothing zeros, NaN or noise. Here it sees everything and looks for nothing: then
        # all weights are equal, and no gradient reaches the query and the keys.
        sees = seen.any(-1, keepdim=True)
        seen = seen | sees.logical_not()
        q = q * sees.to(q.dtype)
        if bias is not None:
            bias = (bias * sees.to(q.dtype)).masked_fill(seen.logical_not(), -math.inf)
    options = {
        "attn_mask": seen if bias is None else bias,
        "dropout_p": dropout,
        "is_causal": is_causal,
        "scale": scale,
        "enable_gqa": k.shape[1] != q.shape[1],
    }
    result = fused(q, k, v, flash, **options)
    return result if sees is None or not blind_to_zero else result * sees.to(result.dtype)


def fused(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, flash: bool | None = None, **options: Any) -> torch.Tensor:
    """torch's attention, under nested tapes by the one kernel that has a second derivative.

    Args:
        flash: True demands the flash kernel, False forbids it.
        options: as ``torch.nn.functional.scaled_dot_product_attention`` takes them.
    """
    if flash is None and len(local.tapes) < 2:
        return F.scaled_dot_product_attention(q, k, v, **options)
    with torch.nn.attention.sdpa_kernel(SDPBackend.MATH if flash is None else _KERNELS[flash]):
        return F.scaled_dot_product_attention(q, k, v, **options)


def causal_mask(targets: int, sources: int, device: torch.device) -> torch.Tensor:
    """(targets, sources): true where the source is not later than the target."""
    return torch.ones(targets, sources, dtype=torch.bool, device=device).tril()


def hidden(logits: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
    """The logits with a large negative number, finite so that no row becomes NaN, where ``seen`` is false."""
    return logits.masked_fill(seen.logical_not(), 0.7 * torch.finfo(logits.dtype).min)


def _capped_attention(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    bias: torch.Tensor | None,
    seen: torch.Tensor | None,
    scale: float | None,
    cap: float,
) -> torch.Tensor:
    """Attention with bounded logits, step by step: torch's kernels do not have it."""
    groups = q.shape[1] // k.shape[1]
    k, v = k.repeat_interleave(groups, 1), v.repeat_interleave(groups, 1)
    scale = 1 / math.sqrt(q.shape[-1]) if scale is None else scale
    logits = cap * torch.tanh(q @ k.transpose(-1, -2) * (scale / cap))
    if bias is not None:
        logits = logits + bias
    return torch.softmax(logits if seen is None else hidden(logits, seen), -1) @ v
