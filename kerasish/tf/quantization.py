"""``tf.quantization``: numbers stored in few bits, and numbers rounded as if they had been."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch

from kerasish.core.dispatch import Array, strict_op
from kerasish.core.errors import InvalidArgumentError, missing_name
from kerasish.tf.quantized import dequantize as dequantize
from kerasish.tf.quantized import quantize as quantize
from kerasish.tf.quantized import quantized_concat as quantized_concat


class FakeQuantWithMinMaxVarsGradient(NamedTuple):
    """Gradients with respect to the inputs and both bounds."""

    backprops_wrt_input: Any
    backprop_wrt_min: Any
    backprop_wrt_max: Any


class FakeQuantWithMinMaxVarsPerChannelGradient(NamedTuple):
    """Gradients with respect to the inputs and both bounds, which are vectors."""

    backprops_wrt_input: Any
    backprop_wrt_min: Any
    backprop_wrt_max: Any


class _Straight(torch.autograd.Function):
    """Rounded numbers whose gradient passes as if nothing had been rounded; outside of a range it goes to its bounds."""

    @staticmethod
    def forward(ctx: Any, x: Any, low: Any, high: Any, rounded: Any, bottom: Any, top: Any) -> Any:
        ctx.save_for_backward(x, low, high, bottom, top)
        return rounded

    @staticmethod
    def backward(ctx: Any, *outer: Any) -> Any:
        x, low, high, bottom, top = ctx.saved_tensors
        return (*_shares(outer[0], x, low, high, bottom, top), None, None, None)


def _shares(outer: torch.Tensor, x: torch.Tensor, low: Any, high: Any, bottom: Any, top: Any) -> tuple:
    inside = (x >= bottom) & (x <= top)
    below, above = outer * (x < bottom), outer * (x > top)
    axes = [] if low.ndim == 0 else [x.ndim - 1]
    others = [axis for axis in range(x.ndim) if axis not in axes]
    sums = [part.sum(others) if others else part for part in (below, above)]
    return outer * inside, sums[0].reshape(low.shape).to(low.dtype), sums[1].reshape(high.shape).to(high.dtype)


def _nudged(low: Any, high: Any, num_bits: int, narrow_range: bool, name: str) -> tuple:
    """Bounds moved so that 0 is one of the steps, and a step."""
    if not 2 <= num_bits <= 16:
        raise InvalidArgumentError(f"num_bits must be between 2 and 16, inclusive [Op:{name}]")
    first, last = float(narrow_range), float(2**num_bits - 1)
    step = (high - low) / (last - first)
    zero = torch.floor(first - low / step + 0.5).clamp(first, last)
    return (first - zero) * step, (last - zero) * step, step


def _faked(
    x: torch.Tensor, low: torch.Tensor, high: torch.Tensor, num_bits: int, narrow: bool, name: str
) -> torch.Tensor:
    bottom, top, step = _nudged(low, high, num_bits, narrow, name)
    moved = torch.minimum(torch.maximum(x.detach(), bottom), top) - bottom
    rounded = torch.floor(moved / step + 0.5) * step + bottom
    nothing = (low == 0) & (high == 0)
    rounded = torch.where(nothing, torch.zeros_like(rounded), rounded)
    bounds = torch.where(nothing, -torch.inf, bottom), torch.where(nothing, torch.inf, top)
    return _Straight.apply(x, low, high, rounded.detach(), *(bound.detach() for bound in bounds))


def _fake_gradient(outer: Any, x: Any, low: Any, high: Any, num_bits: int, narrow: bool, name: str) -> tuple:
    bottom, top, _ = _nudged(low, high, num_bits, narrow, name)
    nothing = (low == 0) & (high == 0)
    return _shares(outer, x, low, high, torch.where(nothing, -torch.inf, bottom), torch.where(nothing, torch.inf, top))


def _bounds(x: torch.Tensor, low: Any, high: Any) -> tuple[torch.Tensor, torch.Tensor]:
    if low >= high:
        raise InvalidArgumentError(f"min has to be smaller than max, was: {low} >= {high} [Op:FakeQuantWithMinMaxArgs]")
    return torch.tensor(float(low), device=x.device), torch.tensor(float(high), device=x.device)


@strict_op
def fake_quant_with_min_max_args(
    inputs: Array,
    min: float = -6,
    max: float = 6,
    num_bits: int = 8,
    narrow_range: bool = False,
    name: str | None = None,
) -> Any:
    """Numbers in [min, max] rounded to ``2 ** num_bits`` steps, of which 0 is one; those outside are moved to the ends.

    Args:
        num_bits: from 2 to 16.
        narrow_range: one step fewer.

    Raises:
        InvalidArgumentError: the arguments do not fit.
    """
    return _faked(inputs, *_bounds(inputs, min, max), num_bits, narrow_range, "FakeQuantWithMinMaxArgs")


@strict_op
def fake_quant_with_min_max_args_gradient(
    gradients: Array,
    inputs: Array,
    min: float = -6,
    max: float = 6,
    num_bits: int = 8,
    narrow_range: bool = False,
    name: str | None = None,
) -> Any:
    """The gradient of ``fake_quant_with_min_max_args``: that of the result, where the input is in the range."""
    bounds = _bounds(inputs, min, max)
    return _fake_gradient(gradients, inputs, *bounds, num_bits, narrow_range, "FakeQuantWithMinMaxArgsGradient")[0]


@strict_op
def fake_quant_with_min_max_vars(
    inputs: Array, min: Array, max: Array, num_bits: int = 8, narrow_range: bool = False, name: str | None = None
) -> Any:
    """``fake_quant_with_min_max_args`` with scalar tensors as bounds, which get gradients."""
    return _faked(inputs, min, max, num_bits, narrow_range, "FakeQuantWithMinMaxVars")


@strict_op
def fake_quant_with_min_max_vars_gradient(
    gradients: Array,
    inputs: Array,
    min: Array,
    max: Array,
    num_bits: int = 8,
    narrow_range: bool = False,
    name: str | None = None,
) -> Any:
    """The gradients of ``fake_quant_with_min_max_vars`` with respect to the inputs and both bounds."""
    name = "FakeQuantWithMinMaxVarsGradient"
    return FakeQuantWithMinMaxVarsGradient(*_fake_gradient(gradients, inputs, min, max, num_bits, narrow_range, name))


@strict_op
def fake_quant_with_min_max_vars_per_channel(
    inputs: Array, min: Array, max: Array, num_bits: int = 8, narrow_range: bool = False, name: str | None = None
) -> Any:
    """``fake_quant_with_min_max_vars`` with bounds for each index of the last axis."""
    return _faked(inputs, min, max, num_bits, narrow_range, "FakeQuantWithMinMaxVarsPerChannel")


@strict_op
def fake_quant_with_min_max_vars_per_channel_gradient(
    gradients: Array,
    inputs: Array,
    min: Array,
    max: Array,
    num_bits: int = 8,
    narrow_range: bool = False,
    name: str | None = None,
) -> Any:
    """The gradients of ``fake_quant_with_min_max_vars_per_channel``."""
    name = "FakeQuantWithMinMaxVarsPerChannelGradient"
    found = _fake_gradient(gradients, inputs, min, max, num_bits, narrow_range, name)
    return FakeQuantWithMinMaxVarsPerChannelGradient(*found)


def _two_ways(
    x: torch.Tensor,
    low: Any,
    high: Any,
    signed: bool,
    num_bits: int,
    given: bool,
    half_up: bool,
    narrow: bool,
    axis: Any,
) -> torch.Tensor:
    least, most = (-(2 ** (num_bits - 1)) + narrow, 2 ** (num_bits - 1) - 1) if signed else (0, 2**num_bits - 1)
    shape = [1] * x.ndim
    if axis is not None:
        shape[axis] = x.shape[axis]
    values = x.detach()
    if not given:
        others = [a for a in range(x.ndim) if axis is None or a != axis % x.ndim]
        bottom, top = values.amin(others, True), values.amax(others, True)
    else:
        bottom, top = (b.detach().reshape(shape if axis is not None else []) for b in (low, high))
    if bool((bottom > top).any()):
        raise InvalidArgumentError(f"Invalid range: input_min {bottom} > input_max {top} [Op:QuantizeAndDequantizeV4]")
    huge = torch.finfo(x.dtype).max
    by_low = torch.where(least * bottom > 0, least / bottom, huge)
    by_high = torch.where(most * top > 0, most / top, huge)
    scale = torch.minimum(by_low, by_high)
    step = torch.where(by_low < by_high, bottom / (least or 1), top / most)
    if given:
        values = torch.minimum(torch.maximum(values, least * step), most * step)
    scaled = values * scale
    rounded = (torch.floor(scaled + 0.5) if half_up else torch.round(scaled)) * step
    if axis is not None:
        return x + (rounded - x).detach()
    return _Straight.apply(x, low, high, rounded, low.detach(), high.detach())


@strict_op
def quantize_and_dequantize_v2(
    input: Array,
    input_min: Array,
    input_max: Array,
    signed_input: bool = True,
    num_bits: int = 8,
    range_given: bool = False,
    round_mode: str = "HALF_TO_EVEN",
    name: str | None = None,
    narrow_range: bool = False,
    axis: int | None = None,
) -> Any:
    """Numbers rounded to what integers of ``num_bits``, times a factor, can say.

    Args:
        input_min, input_max: what the largest integers stand for, if ``range_given``; otherwise the numbers' own range.
        signed_input: whether integers may be negative.
        round_mode: "HALF_TO_EVEN" or "HALF_UP".
        narrow_range: whether the least integer is left out.
        axis: there is a range for each index of it.

    Raises:
        InvalidArgumentError: the range is empty, or an unknown ``round_mode``.
    """
    if not 1 + bool(signed_input) <= num_bits < 63:
        raise InvalidArgumentError(f"num_bits is out of range: {num_bits} with signed_input {signed_input}")
    if round_mode not in ("HALF_TO_EVEN", "HALF_UP"):
        raise InvalidArgumentError(
            f"Round mode string must be 'HALF_TO_EVEN' or 'HALF_UP', is '{round_mode}' [Op:QuantizeAndDequantizeV4]"
        )
    if axis is None and (input_min.ndim or input_max.ndim):
        raise InvalidArgumentError("input_min must be a scalar. [Op:QuantizeAndDequantizeV4]")
    return _two_ways(
        input, input_min, input_max, signed_input, num_bits, range_given, round_mode == "HALF_UP", narrow_range, axis
    )


@strict_op
def _unrounded_gradient(input: Array, input_min: Array, input_max: Array, *rest: Any) -> Any:
    rounded = quantize_and_dequantize_v2.raw(input.detach(), input_min.detach(), input_max.detach(), *rest)
    return input + (rounded - input.detach()) if input.requires_grad else rounded


def quantize_and_dequantize(
    input: Any,
    input_min: Any,
    input_max: Any,
    signed_input: bool = True,
    num_bits: int = 8,
    range_given: bool = False,
    round_mode: str = "HALF_TO_EVEN",
    name: str | None = None,
    narrow_range: bool = False,
    axis: int | None = None,
) -> Any:
    """The older form of ``quantize_and_dequantize_v2``: the gradient passes as if nothing were done."""
    return _unrounded_gradient(
        input, input_min, input_max, signed_input, num_bits, range_given, round_mode, name, narrow_range, axis
    )


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
