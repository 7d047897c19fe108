"""What packages take from ``keras.src.losses`` and ``keras.src.metrics``: ranks, weights, reductions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from kerasish.core import dispatch, dtypes
from kerasish.core.masks import mask_of
from kerasish.losses.base import combined_weight, reduce_weighted, same_rank
from kerasish.losses.base import standardize_reduction as standardize_reduction
from kerasish.losses.losses import LossFunctionWrapper as LossFunctionWrapper


def squeeze_or_expand_to_same_rank(x1: Any, x2: Any, expand_rank_1: bool = True) -> tuple:
    """Let a last axis of size 1 come or go where two tensors differ in rank by that axis.

    Args:
        expand_rank_1: whether a vector is given the axis, rather than the other losing it.
    """
    a, b = dispatch.raw(x1), dispatch.raw(x2)
    if not expand_rank_1 and abs(a.ndim - b.ndim) == 1 and min(a.ndim, b.ndim) == 1:
        a = a.squeeze(-1) if a.ndim > b.ndim and a.shape[-1] == 1 else a
        b = b.squeeze(-1) if b.ndim > a.ndim and b.shape[-1] == 1 else b
    else:
        a, b = same_rank(a, b)
    return dispatch.wrap(a), dispatch.wrap(b)


def reduce_weighted_values(
    values: Any,
    reduction: str | None = "sum_over_batch_size",
    sample_weight: Any = None,
    mask: Any = None,
    dtype: Any = None,
) -> Any:
    """Weight the values of a loss and reduce them; masked ones count neither in the sum nor in the mean."""
    raw = dispatch.raw(values)
    wanted = dtypes.to_torch(dtype) if dtype is not None else raw.dtype
    mask = None if mask is None else dispatch.raw(mask)
    weight = None if sample_weight is None else dispatch.raw(sample_weight)
    return dispatch.wrap(reduce_weighted(raw.to(wanted), weight, mask, standardize_reduction(reduction), wanted))


def reduce_to_samplewise_values(values: Any, sample_weight: Any, reduce_fn: Callable, dtype: Any) -> tuple:
    """One weighted value and one weight for each sample, as metrics of means count them.

    Args:
        reduce_fn: takes ``(x, axis=)``, ``ops.mean`` or ``ops.sum``; applied to all axes but the first.
    """
    wanted = dtypes.to_torch(dtypes.standardize(dtype))
    out, mask = dispatch.raw(values).to(wanted), mask_of(values)

    def reduced(x: torch.Tensor, first: int) -> torch.Tensor:
        return dispatch.raw(reduce_fn(dispatch.wrap(x), axis=list(range(first, x.ndim)))) if x.ndim > first else x

    if sample_weight is None:
        return dispatch.wrap(reduced(out, 1)), None
    weight = dispatch.raw(sample_weight).to(wanted)
    if mask is not None:
        weight = combined_weight(weight, dispatch.raw(mask).to(wanted))
    out, weight = same_rank(out, weight)
    out = reduced(out, weight.ndim)
    weight = weight.expand_as(out)
    return dispatch.wrap(reduced(out * weight, 1)), dispatch.wrap(reduced(weight, 1))


__all__ = [
    "LossFunctionWrapper", "reduce_to_samplewise_values", "reduce_weighted_values", "squeeze_or_expand_to_same_rank",
    "standardize_reduction",
]  # fmt: skip
