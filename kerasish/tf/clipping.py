"""Bounds in ``tf``: clipping by value and by norm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from kerasish.core import dispatch
from kerasish.core.dispatch import Array, Arrays, Operand, strict_op
from kerasish.core.errors import ShapeMismatchError, fail
from kerasish.core.storage import cast_raw
from kerasish.ops.reduce import over
from kerasish.tf.alias import FLOATS_AND_COMPLEX, REALS, check
from kerasish.tf.slices import IndexedSlices, like, own_values


@strict_op
def clip_by_value(t: Array, clip_value_min: Operand, clip_value_max: Operand, name: str | None = None) -> Any:
    """The tensor between two bounds, elementwise; these broadcast to it."""
    check(t, REALS, "ClipByValue")
    for bound in (clip_value_min, clip_value_max):
        if getattr(bound, "ndim", 0) and torch.broadcast_shapes(t.shape, bound.shape) != t.shape:
            raise ShapeMismatchError(f"Shapes {tuple(t.shape)} and {tuple(bound.shape)} are incompatible")
    ordered = type(clip_value_min) is type(clip_value_max) is float and clip_value_min <= clip_value_max
    if ordered and not t.requires_grad:
        return t.clamp(clip_value_min, clip_value_max)
    return t.clamp(max=clip_value_max).clamp(min=clip_value_min)  # where they cross, the lower bound wins


def clipped(t: torch.Tensor, limit: Any, axes: Any) -> torch.Tensor:
    """``clip_by_norm`` of a raw tensor."""
    total = over(torch.sum, t * t, axes, True)
    positive = total > 0
    norm = torch.where(positive, torch.sqrt(torch.where(positive, total, 1)), total)  # no NaN into the gradient of 0
    return t * limit / torch.maximum(norm, torch.as_tensor(limit, dtype=t.dtype, device=t.device))


@strict_op
def clip_by_norm(t: Array, clip_norm: Any, axes: Any = None, name: str | None = None) -> Any:
    """The tensor, scaled down so that its norm (√Σt²) over ``axes``, all by default, is at most ``clip_norm``.

    Args:
        clip_norm: a number of any dtype, or such numbers that broadcast with the tensor.
    """
    check(t, FLOATS_AND_COMPLEX, "Sqrt")
    if not isinstance(clip_norm, (int, float)):
        clip_norm = cast_raw(dispatch.raw(clip_norm), t.dtype)
    return clipped(t, clip_norm, axes)


@IndexedSlices.serve(clip_by_value)
def _slices_by_value(t: Any, clip_value_min: Any, clip_value_max: Any, name: str | None = None) -> Any:
    return like(t, clip_by_value(own_values(t), clip_value_min, clip_value_max))


@IndexedSlices.serve(clip_by_norm)
def _slices_by_norm(t: Any, clip_norm: Any, axes: Any = None, name: str | None = None) -> Any:
    return like(t, clip_by_norm(own_values(t), clip_norm, axes))


@strict_op
def _norm_of_all(tensors: Arrays) -> Any:
    if not len(tensors):
        return torch.zeros(())
    return torch.sqrt(torch.stack([(t * t).sum() for t in tensors]).sum())


@strict_op
def _scaled(tensors: Arrays, clip_norm: Operand, norm: Operand) -> Any:
    if not len(tensors):
        return []
    limit = torch.as_tensor(clip_norm, dtype=tensors[0].dtype, device=tensors[0].device)
    norm = torch.as_tensor(norm, dtype=limit.dtype, device=limit.device)
    # an infinite or undefined norm makes everything NaN, so that it is noticed
    scale = limit * torch.minimum(1 / norm, 1 / limit) + (norm - norm)
    return [t * scale for t in tensors]


def _given(t_list: Sequence) -> list:
    if not isinstance(t_list, (list, tuple)):
        raise fail(TypeError, "`t_list` should be a sequence of tensors", received=type(t_list).__name__)
    return [t for t in t_list if t is not None]


def global_norm(t_list: Sequence, name: str | None = None) -> Any:
    """The norm of all tensors of a list together: √Σ Σt²; ``None`` counts nothing."""
    return _norm_of_all([own_values(t) for t in _given(t_list)])


def clip_by_global_norm(
    t_list: Sequence, clip_norm: Any, use_norm: Any = None, name: str | None = None
) -> tuple[list, Any]:
    """The tensors of a list, scaled down together so that their ``global_norm`` is at most ``clip_norm``; and that norm.

    Args:
        use_norm: their global norm, if it is known.
    """
    tensors = [own_values(t) for t in _given(t_list)]
    norm = _norm_of_all(tensors) if use_norm is None else use_norm
    scaled = iter(_scaled(tensors, clip_norm, norm))
    return [None if t is None else like(t, next(scaled)) for t in t_list], norm
