"""Numbers of 8 bits with an exponent, and the scales that keep tensors in their range."""

from __future__ import annotations

from typing import Any

import torch

from kerasish.core.dispatch import Array, Index, op
from kerasish.ops.common import torch_dtype


@op
def compute_float8_scale(amax: Array, scale: Array, dtype_max: Array, margin: int = 0) -> Any:
    """The scale by which a tensor is to be divided, so that its largest magnitude becomes the dtype's largest number.

    Args:
        amax: the largest magnitude; where it is 0 or not finite the scale stays.
        scale: the one until now.
        dtype_max: the largest number of the dtype.
        margin: powers of two to stay below it.
    """
    inverse = 1 / scale
    wanted = dtype_max / amax / 2**margin
    wanted = torch.where(amax > 0.0, wanted, inverse)
    return 1 / torch.where(torch.isfinite(amax), wanted, inverse)


@op
def compute_float8_amax_history(x: Index, amax_history: Array) -> Any:
    """The history of largest magnitudes, (steps,), with the newest in its first place and the others moved up."""
    rolled = torch.roll(amax_history, -1)
    newest = torch.amax(x.abs()).to(rolled.dtype).reshape(1)
    return torch.cat((newest, rolled[1:]))


@op
def quantize_and_dequantize(inputs: Array, scale: Index, quantized_dtype: str, compute_dtype: str) -> Any:
    """``inputs`` rounded to what a float8 dtype can hold after a division by ``scale``; in ``compute_dtype``."""
    kind, compute = torch_dtype(quantized_dtype), torch_dtype(compute_dtype)
    largest, scale = torch.finfo(kind).max, scale.to(compute)
    return (inputs / scale).clamp(-largest, largest).to(kind).to(compute) * scale
