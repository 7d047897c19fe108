"""Convolutions and patches in the forms of TensorFlow's kernels: ``tf.conv``, gradients, ``extract_volume_patches``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.nn import functional as F

from kerasish.core import dispatch
from kerasish.core.dispatch import Array, strict_op
from kerasish.core.errors import ChoiceError, InvalidArgumentError, fail
from kerasish.core.shape import same_padding
from kerasish.ops.common import integer_shape
from kerasish.tf.windows import convolution


def _pads(padding: str, explicit_paddings: Sequence) -> Any:
    """``padding`` as ``convolution`` takes it; "EXPLICIT" stands for the numbers (before, after) of all axes in one row."""
    if padding not in ("SAME", "VALID", "EXPLICIT"):
        raise fail(ChoiceError, "Unknown `padding`", "'SAME', 'VALID' or 'EXPLICIT'", repr(padding))
    if padding != "EXPLICIT":
        return padding
    numbers = integer_shape(explicit_paddings)
    return list(zip(numbers[::2], numbers[1::2]))


@strict_op
def conv(
    input: Array,
    filter: Array,
    strides: Any,
    padding: str,
    explicit_paddings: Any = (),
    data_format: str = "CHANNELS_LAST",
    dilations: Any = (),
    batch_dims: int = 1,
    groups: int = 1,
    name: str | None = None,
) -> Any:
    """The convolution (cross-correlation) over as many axes as ``filter`` has windows.

    Args:
        input: (batch, *spatial, channels); the channels come second with ``data_format="CHANNELS_FIRST"``.
        filter: (*window, channels / groups, out channels).
        strides, dilations: a number for each axis of the input.
        padding: "SAME", "VALID", or "EXPLICIT" with ``explicit_paddings``, zeros (before, after) for each axis in one row.
        batch_dims: the number of batch axes; more than one with channels last only.

    Raises:
        InvalidArgumentError: arguments do not fit.
    """
    n = filter.ndim - 2
    if data_format not in ("CHANNELS_LAST", "CHANNELS_FIRST"):
        raise fail(ChoiceError, "Unknown `data_format`", "'CHANNELS_LAST' or 'CHANNELS_FIRST'", repr(data_format))
    letters = "DHW"[3 - n :]
    form = f"N{letters}C" if data_format == "CHANNELS_LAST" else f"NC{letters}"
    if groups != 1 and input.shape[-1 if form[-1] == "C" else 1] != filter.shape[-2] * groups:
        raise InvalidArgumentError(f"{groups} groups do not fit channels {input.shape} and filters {filter.shape}")
    rates = integer_shape(dilations) or None
    return convolution.raw(input, filter, strides, _pads(padding, explicit_paddings), form, rates)


def _gradient(function: Callable, at: torch.Tensor, outer: torch.Tensor) -> torch.Tensor:
    with dispatch.grad_mode(True):
        at = at.detach().requires_grad_()
        (found,) = torch.autograd.grad(function(at), at, outer, create_graph=outer.requires_grad)
    return found


@strict_op
def conv2d_backprop_filter_v2(
    input: Array,
    filter: Array,
    out_backprop: Array,
    strides: Any,
    padding: str,
    use_cudnn_on_gpu: bool = True,
    explicit_paddings: Any = (),
    data_format: str = "NHWC",
    dilations: Any = (1, 1, 1, 1),
    name: str | None = None,
) -> Any:
    """The gradient of ``tf.nn.conv2d`` with respect to its filter, of which only the shape counts."""
    pads = _pads(padding, explicit_paddings)
    zeros = torch.zeros_like(filter)
    return _gradient(lambda w: convolution.raw(input, w, strides, pads, data_format, dilations), zeros, out_backprop)


@strict_op
def conv2d_backprop_input_v2(
    input: Array,
    filter: Array,
    out_backprop: Array,
    strides: Any,
    padding: str,
    use_cudnn_on_gpu: bool = True,
    explicit_paddings: Any = (),
    data_format: str = "NHWC",
    dilations: Any = (1, 1, 1, 1),
    name: str | None = None,
) -> Any:
    """The gradient of ``tf.nn.conv2d`` with respect to its input, of which only the shape counts."""
    pads = _pads(padding, explicit_paddings)
    zeros = torch.zeros_like(input)
    return _gradient(lambda x: convolution.raw(x, filter, strides, pads, data_format, dilations), zeros, out_backprop)


@strict_op
def extract_volume_patches(input: Array, ksizes: Any, strides: Any, padding: str, name: str | None = None) -> Any:
    """The patches of volumes, each as the channels of one place: (batch, depth, height, width, channels).

    Args:
        ksizes, strides: (1, planes, rows, columns, 1): of a patch, and from patch to patch.
        padding: "VALID", or "SAME": patches may reach over the ends, where zeros are.

    Raises:
        InvalidArgumentError: arguments do not fit.
    """
    windows, steps = integer_shape(ksizes), integer_shape(strides)
    for words, numbers in (("ksizes", windows), ("strides", steps)):
        if len(numbers) != 5 or numbers[0] != 1 or numbers[4] != 1:
            raise InvalidArgumentError(f"Length for attr '{words}' must be 5, the first and last number 1: {numbers}")
    if padding not in ("SAME", "VALID"):
        raise fail(ChoiceError, "Unknown `padding`", "'SAME' or 'VALID'", repr(padding))
    if input.ndim != 5:
        raise InvalidArgumentError(f"input must be 5-dimensional {list(input.shape)}")
    x, outer = input, []
    if padding == "SAME":
        sides = [same_padding(x.shape[axis], windows[axis], steps[axis], 1) for axis in (1, 2, 3)]
        x = F.pad(x, [0, 0, *(side for pair in reversed(sides) for side in pair)])
    for axis in (1, 2, 3):
        x = x.unfold(axis, windows[axis], steps[axis])
        outer.append(x.shape[axis])
    x = x.permute(0, 1, 2, 3, 5, 6, 7, 4)  # the channels come last within a patch
    return x.reshape(len(x), *outer, -1)
