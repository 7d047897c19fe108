"""Scales and zero points: quantization of a range that need not lie around zero, for whole rows or groups in them.

The functions without ``@op`` are for library code and compute on raw tensors; rows are outputs, columns inputs, and groups
are runs of columns.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch.nn import functional as F

from kerasish.core.dispatch import Array, op
from kerasish.core.errors import fail
from kerasish.ops.common import torch_dtype


def quantization_parameters(
    x: torch.Tensor,
    bits: int,
    symmetric: bool = False,
    per_channel: bool = False,
    group_size: int = -1,
) -> tuple[torch.Tensor, torch.Tensor, int]:
    """What maps a matrix to integers from 0.

    Args:
        x: (rows, columns).
        bits: of an integer.
        symmetric: whether the range is made symmetric.
        per_channel: whether each row, and each group in it, has its own range.
        group_size: columns that share a range; -1 for all.

    Returns:
        Scales (rows, groups), zero points (rows, groups) of uint8, the largest integer.
    """
    rows, columns = x.shape
    groups = -(-columns // group_size) if per_channel and group_size > 0 else 1
    if groups > 1:
        parts = F.pad(x, (0, groups * group_size - columns)).reshape(rows, groups, group_size)
        low, high = parts.amin(2), parts.amax(2)
    else:
        flat = x.reshape(rows if per_channel else 1, -1)
        low, high = flat.amin(1), flat.amax(1)
    if symmetric:
        high = torch.maximum(low.abs(), high)
        low = torch.where(low < 0, -high, low)
    empty = low == high
    low, high = torch.where(empty, low - 1, low), torch.where(empty, high + 1, high)
    largest = 2**bits - 1
    scale = (high - low) / largest
    scale = torch.where(scale <= 0, 1e-8, scale)
    zero = torch.full_like(scale, (largest + 1) / 2) if symmetric else torch.round(-low / scale)
    if groups == 1:
        scale, zero = (t.reshape(-1, 1).expand(rows, 1) for t in (scale, zero))
    # through a wider integer, as a zero point outside of uint8's range is cut to its low byte
    return scale, zero.to(torch.int64).to(torch.uint8), largest


def quantize(x: torch.Tensor, scale: torch.Tensor, zero: torch.Tensor, largest: int) -> torch.Tensor:
    """Floats as whole numbers in [0, largest]; scale and zero point broadcast to them."""
    safe = torch.where(scale == 0, 1e-8, scale)
    return torch.round(x / safe + zero.to(scale.dtype)).clamp(0, largest)


def dequantize(x: torch.Tensor, scale: torch.Tensor, zero: torch.Tensor) -> torch.Tensor:
    """The floats that ``quantize`` rounded."""
    return scale * (x - zero.to(scale.dtype))


def of_groups(values: torch.Tensor, group_of: torch.Tensor, axis: int = -1) -> torch.Tensor:
    """Values of groups along ``axis`` as values of columns; ``group_of`` says to which group a column belongs."""
    return values.index_select(axis, group_of.to(torch.int64))


def dequantize_groups(
    x: torch.Tensor, scale: torch.Tensor, zero: torch.Tensor, group_of: torch.Tensor, axis: int = -1
) -> torch.Tensor:
    """``dequantize`` with scales and zero points of groups along ``axis``."""
    scale, zero = of_groups(scale, group_of, axis), of_groups(zero, group_of, axis)
    return (x - zero.to(scale.dtype)) * scale


@op
def abs_max_quantize_grouped_with_zero_point(
    inputs: Array,
    block_size: int,
    value_range: tuple = (-8, 7),
    dtype: str = "int8",
    epsilon: float = 1e-07,
    to_numpy: bool = False,
) -> Any:
    """Quantize a matrix in groups of rows, each with its own range.

    Args:
        inputs: (rows, columns), floats.
        block_size: rows in a group; the last group may be shorter.
        value_range: the least and the largest result.
        dtype: of the result.
        epsilon: added to the width of a range.
        to_numpy: whether the ranges of short groups reach to 0, and those of constant groups stay as they are.

    Returns:
        The integers (rows, columns); scales (groups, columns) in the dtype of ``inputs``; zero points (groups, columns) of
        int8. An integer less its zero point, times its scale, is about the float.

    Raises:
        ValueError: ``block_size`` is not positive.
    """
    if block_size <= 0:
        raise fail(ValueError, "block_size must be positive", received=f"{block_size=}")
    rows, columns = inputs.shape
    least, most = value_range
    groups = math.ceil(rows / block_size)
    parts = F.pad(inputs, (0, 0, 0, groups * block_size - rows)).reshape(groups, block_size, columns)
    seen = parts if to_numpy or groups > 1 else inputs.unsqueeze(0)
    low, high = seen.amin(1, keepdim=True), seen.amax(1, keepdim=True)
    if not to_numpy:
        empty = low == high
        low, high = torch.where(empty, low - 1, low), torch.where(empty, high + 1, high)
    scale = (high - low + epsilon) / (most - least)
    zero = (torch.round(-low / scale) + least).clamp(least, most)
    outputs = (torch.round(parts / scale) + zero).clamp(least, most)
    outputs = outputs.to(torch_dtype(dtype)).reshape(groups * block_size, columns)[:rows]
    return outputs, scale.squeeze(1), zero.squeeze(1).to(torch.int8)
