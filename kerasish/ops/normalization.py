"""Moments and normalizations of ``keras.ops``. Sums over 16-bit floats are taken in float32."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import torch
from torch.nn import functional as F

from kerasish.core.context import settings
from kerasish.core.dispatch import Array, Index, op
from kerasish.core.errors import fail
from kerasish.ops.common import Axis, axis_index, axis_indices, floating, in_float32

_SIXTEEN_BITS = (torch.float16, torch.bfloat16)


@op
def moments(x: Array, axes: int | Sequence[int] | None, keepdims: bool = False, synchronized: bool = False) -> Any:
    """Mean and (biased) variance along ``axes``; 16-bit floats are summed in float32.

    Args:
        synchronized: whether they are those of all processes of a distributed run together.
    """
    x = floating(x)
    wide = x.float() if x.dtype in _SIXTEEN_BITS else x
    named = axis_indices(axes, x.ndim)
    if named or not x.ndim:
        variance, mean = torch.var_mean(wide, named, correction=0, keepdim=keepdims)
    else:  # torch takes no axes for all of them
        mean, variance = wide, wide - wide
    if synchronized and torch.distributed.is_available() and torch.distributed.is_initialized():
        mean, variance = _of_all_processes(mean, variance)
    if wide is not x:
        limit = torch.finfo(x.dtype).max
        mean, variance = (m.clamp(-limit, limit).to(x.dtype) for m in (mean, variance))
    return mean, variance


class _SumOverProcesses(torch.autograd.Function):
    """The sum of a tensor over all processes; every process's loss depends on every summand."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        total = x.clone()
        torch.distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> torch.Tensor:
        return _SumOverProcesses.apply(grad)


def _of_all_processes(mean: torch.Tensor, variance: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The moments of all processes' data, of which each has as much."""
    both = torch.stack([mean, variance + mean * mean])
    mean, square = _SumOverProcesses.apply(both) / torch.distributed.get_world_size()
    return mean, torch.clamp(square - mean * mean, min=0)


def _along(weight: torch.Tensor, x: torch.Tensor, axes: list[int]) -> torch.Tensor:
    """``weight``, whose axes are ``axes`` of ``x``, shaped to broadcast with ``x``."""
    if weight.ndim != len(axes) or axes == list(range(x.ndim - len(axes), x.ndim)):
        return weight
    return weight.reshape([x.shape[i] if i in axes else 1 for i in range(x.ndim)])


@op
def batch_normalization(
    x: Array,
    mean: Index,
    variance: Index,
    axis: int,
    offset: Index | None = None,
    scale: Index | None = None,
    epsilon: float = 0.001,
) -> Any:
    """(x - mean) / √(variance + epsilon) · scale + offset; the other tensors belong to ``axis`` of ``x``."""
    x = floating(x)
    axes = [axis_index(axis, x.ndim)]
    mean, variance, offset, scale = (
        None if t is None else _along(floating(t), x, axes).to(torch.promote_types(t.dtype, torch.float32))
        for t in (mean, variance, offset, scale)
    )
    factor = torch.rsqrt(variance + epsilon)
    factor = factor if scale is None else factor * scale
    shift = -mean * factor if offset is None else offset - mean * factor
    return torch.addcmul(shift.to(x.dtype), x, factor.to(x.dtype))


@op
def layer_normalization(
    x: Array,
    gamma: Index | None = None,
    beta: Index | None = None,
    axis: Axis = -1,
    epsilon: float | None = None,
    **kwargs: Any,
) -> Any:
    """(x - mean) / √(variance + epsilon) · gamma + beta, with the moments along ``axis`` (Ba et al. 2016).

    Args:
        gamma, beta: of the shape that ``x`` has along ``axis``.
        epsilon: default: ``keras.config.epsilon()``.
    """
    only_scale = kwargs.pop("rms_scaling", False)
    if kwargs:
        raise fail(TypeError, f"layer_normalization() got an unexpected keyword argument '{next(iter(kwargs))}'")
    epsilon = settings.epsilon if epsilon is None else epsilon
    x = floating(x)
    axes = sorted(axis_indices(axis, x.ndim))
    last = axes == list(range(x.ndim - len(axes), x.ndim))
    shape = [x.shape[i] for i in axes]
    if only_scale:
        warnings.warn(
            "`rms_scaling=True` is deprecated and divides by the standard deviation, not by the root mean square: use "
            "`keras.ops.rms_normalization`.",
            stacklevel=2,
        )
        return in_float32(lambda t: t * torch.rsqrt(_variance(t, axes) + epsilon), x) * _weight(gamma, x, axes, 1)
    if last and all(w is None or list(w.shape) == shape for w in (gamma, beta)):
        gamma, beta = (None if w is None else w.to(x.dtype) for w in (gamma, beta))
        return F.layer_norm(x, shape, gamma, beta, epsilon)

    def normalized(t: torch.Tensor) -> torch.Tensor:
        variance, mean = torch.var_mean(t, axes, correction=0, keepdim=True)
        return (t - mean) * torch.rsqrt(variance + epsilon)

    return in_float32(normalized, x) * _weight(gamma, x, axes, 1) + _weight(beta, x, axes, 0)


def _variance(t: torch.Tensor, axes: list[int]) -> torch.Tensor:
    return torch.var(t, axes, correction=0, keepdim=True)


def _weight(weight: torch.Tensor | None, x: torch.Tensor, axes: list[int], default: int) -> Any:
    return default if weight is None else _along(weight, x, axes).to(x.dtype)


@op
def rms_normalization(x: Array, scale: Index | None = None, axis: Axis = -1, epsilon: float | None = None) -> Any:
    """x / √(mean(x²) + epsilon) · scale, with the mean along ``axis`` (Zhang and Sennrich 2019); ``scale`` broadcasts."""
    epsilon = settings.epsilon if epsilon is None else epsilon
    x = floating(x)
    axes = sorted(axis_indices(axis, x.ndim))
    result = in_float32(lambda t: t * torch.rsqrt(torch.mean(t * t, axes, keepdim=True) + epsilon), x)
    return result if scale is None else result * scale.to(x.dtype)


@op
def normalize(x: Array, axis: Axis = -1, order: int = 2, epsilon: float | None = None) -> Any:
    """x over its norm of ``order`` along ``axis``, or over ``epsilon`` where that is larger.

    Raises:
        ValueError: ``order`` is not a positive integer.
    """
    if not isinstance(order, int) or order < 1:
        raise fail(ValueError, "Argument `order` must be an int >= 1", received=f"order={order}")
    epsilon = settings.epsilon if epsilon is None else epsilon
    x = floating(x)
    norm = torch.linalg.vector_norm(x, order, axis_indices(axis, x.ndim), keepdim=True)
    return x / torch.clamp(norm, min=epsilon)
