"""Rounding in training as an integer computation would: floats in, floats on a grid out."""

from __future__ import annotations

from typing import Any

import torch

from kerasish.core.dispatch import Array, Index, op
from kerasish.ops.common import axis_index


class _OnGrid(torch.autograd.Function):
    """The last axis may have ranges of its own: then ``low`` and ``high`` are vectors, else scalars."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, low: torch.Tensor, high: torch.Tensor, bits: int, narrow: bool) -> Any:
        first, last = float(narrow), float(2**bits - 1)
        unset = (low == 0) & (high == 0)
        scale = (high - low) / (last - first)
        zero = torch.floor((first - low / scale).clamp(first, last) + 0.5)
        low, high = (first - zero) * scale, (last - zero) * scale
        inverse = 1 / scale
        steps = torch.floor((x.clamp(low, high) - low) * inverse - torch.floor(-low * inverse + 0.5) + 0.5)
        ctx.save_for_backward(x, low, high, unset)
        return torch.where(unset, 0.0, steps * scale)

    @staticmethod
    def backward(ctx: Any, upstream: torch.Tensor) -> Any:
        x, low, high, unset = ctx.saved_tensors

        def total(where: torch.Tensor) -> torch.Tensor:
            part = torch.where(where & ~unset, upstream, 0.0)
            return part.sum(tuple(range(part.ndim - 1))) if low.ndim else part.sum()

        inside = ((x >= low) & (x <= high)) | unset
        return torch.where(inside, upstream, 0.0), total(x < low), total(x > high), None, None


@op
def fake_quant_with_min_max_vars(
    inputs: Array,
    min_vals: Index,
    max_vals: Index,
    num_bits: int = 8,
    narrow_range: bool = False,
    axis: int | None = None,
) -> Any:
    """Round to a grid of 2^``num_bits`` points in [min, max], moved a little so that 0 is one of them.

    The gradient passes where the inputs are inside of the range; outside it goes to the end that they were clamped to.

    Args:
        inputs: floats; computed in float32.
        min_vals, max_vals: of the range: scalars, or vectors along ``axis``.
        num_bits: 2 to 16.
        narrow_range: whether the lowest point is left out.
        axis: the axis that has a range for each index; default: one range.
    """
    x, low, high = (t.to(torch.float32) for t in (inputs, min_vals, max_vals))
    if axis is None:
        return _OnGrid.apply(x, low.reshape(()), high.reshape(()), int(num_bits), narrow_range).to(inputs.dtype)
    axis = axis_index(axis, inputs.ndim)
    outputs = _OnGrid.apply(x.transpose(axis, -1), low, high, int(num_bits), narrow_range)
    return outputs.transpose(axis, -1).to(inputs.dtype)
