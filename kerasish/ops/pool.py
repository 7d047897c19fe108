"""Pooling and the other functions of ``keras.ops`` that move windows or blocks between axes.

``pool`` is the raw function behind the pooling layers; channels-last data goes to torch as a view, as in ``conv``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional as F

from kerasish.core.dispatch import Array, op
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.core.shape import same_padding, tuple_of
from kerasish.ops.common import floating
from kerasish.ops.conv import FROM_TORCH, TO_TORCH, check_data_format, check_padding, spatial_axis

_MAX = {2: torch.max_pool2d, 3: torch.max_pool3d}
_AVERAGE = {2: F.avg_pool2d, 3: F.avg_pool3d}
_ADAPTIVE = {
    "max": {1: F.adaptive_max_pool1d, 2: F.adaptive_max_pool2d, 3: F.adaptive_max_pool3d},
    "average": {1: F.adaptive_avg_pool1d, 2: F.adaptive_avg_pool2d, 3: F.adaptive_avg_pool3d},
}


# raw ------------------------------------------------------------------------------------------------------------------


def pool(
    x: torch.Tensor, kind: str, size: tuple[int, ...], strides: tuple[int, ...], padding: str, data_format: str
) -> torch.Tensor:
    """The maximum or average of each window of a batch of floats.

    Args:
        x: (batch, *spatial, channels), or channels first.
        kind: "max" or "average"; what "same" padding adds never wins and is not counted.
        size, strides: one integer for each spatial axis.
        padding: "valid" or "same".
    """
    if x.ndim == 3:
        axis = spatial_axis(data_format)
        return pool(x.unsqueeze(axis), kind, (1, *size), (1, *strides), padding, data_format).squeeze(axis)
    if x.ndim == 5 and kind == "average" and x.dtype in (torch.float16, torch.bfloat16):
        return pool(x.float(), kind, size, strides, padding, data_format).to(x.dtype)  # torch's CPU has no such kernel
    last = data_format == "channels_last"
    if last:
        x = torch.permute(x, TO_TORCH[x.ndim])
    if padding == "same":
        y = _pool_same(x, kind, size, strides)
    elif kind == "max":
        y = _MAX[x.ndim - 2](x, size, strides)
    else:
        y = _AVERAGE[x.ndim - 2](x, size, strides)
    return torch.permute(y, FROM_TORCH[y.ndim]) if last else y


def pooler(
    kind: str, size: tuple[int, ...], strides: tuple[int, ...], data_format: str, refuse: Callable
) -> Callable[[torch.Tensor], torch.Tensor]:
    """``pool`` with "valid" padding, all but the data settled.

    Args:
        refuse: called with a shape that torch does not take, to raise an error that says so.
    """
    one = (1,) if len(size) == 1 else ()  # a sequence is an image of one row
    size, strides = one + size, one + strides
    function = (_MAX if kind == "max" else _AVERAGE)[len(size)]
    # torch.permute: the method takes 0.7 µs more to find out that a tuple was given
    there, back, permute = TO_TORCH[len(size) + 2], FROM_TORCH[len(size) + 2], torch.permute

    def channels_first(x: torch.Tensor) -> torch.Tensor:
        try:
            return function(x.unsqueeze(2), size, strides).squeeze(2) if one else function(x, size, strides)
        except RuntimeError:
            refuse(x.shape)
            raise

    def channels_last(x: torch.Tensor) -> torch.Tensor:
        try:
            return permute(function(permute(x, there), size, strides), back)
        except RuntimeError:
            refuse(x.shape)
            raise

    def sequence(x: torch.Tensor) -> torch.Tensor:
        try:
            return permute(function(permute(x.unsqueeze(1), there), size, strides), back).squeeze(1)
        except RuntimeError:
            refuse(x.shape)
            raise

    return channels_first if data_format == "channels_first" else sequence if one else channels_last


def _pool_same(x: torch.Tensor, kind: str, size: tuple[int, ...], strides: tuple[int, ...]) -> torch.Tensor:
    """Pooling with ceil(length / stride) windows an axis, without a padded copy.

    Torch pads both sides alike, and with ``ceil_mode`` lets the last window reach over the end; that is TensorFlow's
    "same" where the stride is larger than 1. Where it is 1, an even window needs one more place after than before: torch
    gets it on both sides, and the first window is dropped.
    """
    windows, sides, dropped, ceil = [], [], [], False
    for axis, (length, window, stride) in enumerate(zip(x.shape[2:], size, strides, strict=True), 2):
        if length <= stride:  # a single window; torch refuses one that is larger than the axis
            window = min(window, length)
        before, after = same_padding(length, window, stride)
        if before != after and stride == 1:
            dropped.append(axis)
            before = after
        ceil = ceil or before != after
        windows.append(window)
        sides.append(before)
    if kind == "max":
        y = _MAX[x.ndim - 2](x, windows, strides, sides, ceil_mode=ceil)
    elif x.ndim == 5 and any(window > length for window, length in zip(windows, x.shape[2:], strict=True)):
        return _average_padded(x, size, strides)
    else:
        y = _AVERAGE[x.ndim - 2](x, windows, strides, sides, ceil_mode=ceil, count_include_pad=False)
    for axis in dropped:
        y = y.narrow(axis, 1, y.shape[axis] - 1)
    return y


def _average_padded(x: torch.Tensor, size: tuple[int, ...], strides: tuple[int, ...]) -> torch.Tensor:
    """Average pooling of volumes with windows longer than the volume, which ``avg_pool3d`` refuses: sums over counts."""
    pairs = [same_padding(*values) for values in zip(x.shape[2:], size, strides, strict=True)]
    zeros = [side for pair in reversed(pairs) for side in pair]

    def total(t: torch.Tensor) -> torch.Tensor:
        return F.avg_pool3d(F.pad(t, zeros), size, strides, divisor_override=1)

    return total(x) / total(x.new_ones(1, 1, *x.shape[2:]))


def adaptive_pool(x: torch.Tensor, kind: str, size: tuple[int, ...], data_format: str) -> torch.Tensor:
    """The maximum or average of ``size`` windows an axis; window i of n reaches from ⌊i·length/n⌋ to ⌈(i+1)·length/n⌉."""
    function = _ADAPTIVE[kind][x.ndim - 2]
    if data_format == "channels_first":
        return function(x, size)
    return function(torch.permute(x, TO_TORCH[x.ndim]), size).permute(FROM_TORCH[x.ndim])


# keras.ops ------------------------------------------------------------------------------------------------------------


def _axes(inputs: torch.Tensor, name: str) -> int:
    if not 3 <= inputs.ndim <= 5:
        raise fail(
            ValueError, f"{name} supports 1D, 2D, or 3D inputs only", "rank 3, 4 or 5", f"shape {tuple(inputs.shape)}"
        )
    return inputs.ndim - 2


def _pool(inputs: torch.Tensor, kind: str, size: Any, strides: Any, padding: str, data_format: str | None) -> Any:
    n = _axes(inputs, f"{kind}_pool")
    size = tuple_of(size, n, "pool_size")
    strides = size if strides is None else tuple_of(strides, n, "strides")
    padding = check_padding(padding, ("valid", "same"))
    return pool(floating(inputs), kind, size, strides, padding, check_data_format(data_format))


@op
def max_pool(
    inputs: Array,
    pool_size: int | tuple,
    strides: int | tuple | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    """The largest value of each window.

    Args:
        inputs: (batch, *spatial, channels), or channels first.
        strides: default: ``pool_size``.
        padding: "valid" or "same".

    Raises:
        ValueError: rank or arguments do not fit.
    """
    return _pool(inputs, "max", pool_size, strides, padding, data_format)


@op
def average_pool(
    inputs: Array,
    pool_size: int | tuple,
    strides: int | tuple | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    """The mean of each window; places that "same" padding adds are not counted.

    Args:
        inputs: (batch, *spatial, channels), or channels first.
        strides: default: ``pool_size``.
        padding: "valid" or "same".

    Raises:
        ValueError: rank or arguments do not fit.
    """
    return _pool(inputs, "average", pool_size, strides, padding, data_format)


@op
def adaptive_max_pool(inputs: Array, output_size: int | tuple, data_format: str | None = None) -> Any:
    """The largest values of windows of about equal size, ``output_size`` of them an axis."""
    n = _axes(inputs, "adaptive_max_pool")
    size = tuple_of(output_size, n, "output_size")
    return adaptive_pool(floating(inputs), "max", size, check_data_format(data_format))


@op
def adaptive_average_pool(inputs: Array, output_size: int | tuple, data_format: str | None = None) -> Any:
    """The means of windows of about equal size, ``output_size`` of them an axis."""
    n = _axes(inputs, "adaptive_average_pool")
    size = tuple_of(output_size, n, "output_size")
    return adaptive_pool(floating(inputs), "average", size, check_data_format(data_format))


@op
def unfold(
    x: Array,
    kernel_size: int | tuple,
    dilation: int | tuple = 1,
    padding: int | tuple = 0,
    stride: int | tuple = 1,
) -> Any:
    """The patches of images (batch, channels, height, width) as columns: (batch, channels · window, patches)."""
    if x.ndim != 4:
        raise fail(ValueError, "Input must be a 4D tensor", received=f"input.shape={tuple(x.shape)}")
    window = _window(kernel_size, dilation, padding, stride)
    if not x.is_floating_point():  # torch unfolds floats only; float64 holds what it moves
        return F.unfold(x.double(), *window).to(x.dtype)
    return F.unfold(x, *window)


@op
def fold(
    x: Array,
    output_size: int | tuple,
    kernel_size: int | tuple,
    dilation: int | tuple = 1,
    padding: int | tuple = 0,
    stride: int | tuple = 1,
) -> Any:
    """The reverse of ``unfold``: columns back at their places in images of ``output_size``, overlaps added."""
    if x.ndim != 3:
        raise fail(ValueError, "Input must be a 3D tensor", received=f"input.shape={tuple(x.shape)}")
    return F.fold(
        floating(x), tuple_of(output_size, 2, "output_size"), *_window(kernel_size, dilation, padding, stride)
    )


def _window(kernel_size: Any, dilation: Any, padding: Any, stride: Any) -> tuple:
    return (
        tuple_of(kernel_size, 2, "kernel_size"),
        tuple_of(dilation, 2, "dilation"),
        tuple_of(padding, 2, "padding", allow_zero=True),
        tuple_of(stride, 2, "stride"),
    )


@op
def depth_to_space(x: Array, block_size: int, data_format: str | None = "channels_last") -> Any:
    """Blocks of channels laid out in the plane: (n, h, w, b² · c) becomes (n, h · b, w · b, c).

    Raises:
        ValueError: ``block_size`` is smaller than 2.
        InvalidArgumentError: the rank is not 4, or b² does not divide the channels.
    """
    last, b = _blocks(x, block_size, data_format)
    n, h, w, channels = x.shape if last else (x.shape[0], *x.shape[2:], x.shape[1])
    if channels % (b * b):
        raise InvalidArgumentError(f"Input depth dimension {channels} should be divisible by: {b * b}")
    c = channels // (b * b)
    if last:
        return x.reshape(n, h, w, b, b, c).permute(0, 1, 3, 2, 4, 5).reshape(n, h * b, w * b, c)
    return x.reshape(n, b, b, c, h, w).permute(0, 3, 4, 1, 5, 2).reshape(n, c, h * b, w * b)


@op
def space_to_depth(x: Array, block_size: int, data_format: str | None = "channels_last") -> Any:
    """Blocks of the plane stacked as channels: (n, h · b, w · b, c) becomes (n, h, w, b² · c).

    Raises:
        ValueError: ``block_size`` is smaller than 2.
        InvalidArgumentError: the rank is not 4, or b does not divide height and width.
    """
    last, b = _blocks(x, block_size, data_format)
    n, height, width, c = x.shape if last else (x.shape[0], *x.shape[2:], x.shape[1])
    if height % b or width % b:
        raise InvalidArgumentError(f"Image width {width} and height {height} should be divisible by block_size: {b}")
    h, w = height // b, width // b
    if last:
        return x.reshape(n, h, b, w, b, c).permute(0, 1, 3, 2, 4, 5).reshape(n, h, w, b * b * c)
    return x.reshape(n, c, h, b, w, b).permute(0, 3, 5, 1, 2, 4).reshape(n, b * b * c, h, w)


def _blocks(x: torch.Tensor, block_size: int, data_format: str | None) -> tuple[bool, int]:
    if not isinstance(block_size, int) or block_size < 2:
        raise fail(ValueError, "`block_size` must be at least 2", received=f"block_size={block_size}")
    if x.ndim != 4:
        raise InvalidArgumentError(f"Input rank should be: 4 instead of: {x.ndim}")
    return check_data_format(data_format) == "channels_last", block_size
