"""Keras 2's functions on windows: convolutions, pooling, padding, resizing. Kernels are (*window, in, out)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn import functional as F

from kerasish import ops
from kerasish.config import image_data_format
from kerasish.core.dispatch import Array, op
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.shape import same_padding, tuple_of, window_output
from kerasish.layers.local import local_convolution
from kerasish.layers.upsampling import INTERPOLATIONS, enlarge
from kerasish.ops.conv import full_transposed


def settled_format(data_format: str | None) -> str:
    """``data_format``, or the image data format where it is None.

    Raises:
        ValueError: neither "channels_first" nor "channels_last".
    """
    data_format = data_format or image_data_format()
    if data_format not in ("channels_first", "channels_last"):
        raise ValueError(f"Unknown data_format: {data_format}")
    return data_format


def _settled_padding(padding: str) -> str:
    if padding not in ("same", "valid"):
        raise ValueError(f"Invalid padding: {padding}")
    return padding


# convolutions ---------------------------------------------------------------------------------------------------------


def conv1d(
    x: Any,
    kernel: Any,
    strides: int = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: int = 1,
) -> Any:
    """A convolution along time; ``padding`` may be "causal"."""
    data_format = settled_format(data_format)
    if padding == "causal":
        x, padding = temporal_padding(x, (dilation_rate * (kernel.shape[0] - 1), 0)), "valid"
    return ops.conv(x, kernel, strides, _settled_padding(padding), data_format, dilation_rate)


def conv2d(
    x: Any,
    kernel: Any,
    strides: Any = (1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = (1, 1),
) -> Any:
    """A convolution over height and width."""
    return ops.conv(x, kernel, strides, _settled_padding(padding), settled_format(data_format), dilation_rate)


def conv3d(
    x: Any,
    kernel: Any,
    strides: Any = (1, 1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = (1, 1, 1),
) -> Any:
    """A convolution over depth, height and width."""
    return ops.conv(x, kernel, strides, _settled_padding(padding), settled_format(data_format), dilation_rate)


def depthwise_conv2d(
    x: Any,
    depthwise_kernel: Any,
    strides: Any = (1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = (1, 1),
) -> Any:
    """Each channel convolved by itself; the kernel is (height, width, channels, multiplier)."""
    padding, data_format = _settled_padding(padding), settled_format(data_format)
    return ops.depthwise_conv(x, depthwise_kernel, strides, padding, data_format, dilation_rate)


def separable_conv2d(
    x: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: Any = (1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = (1, 1),
) -> Any:
    """A depthwise convolution, then one of 1 × 1 that mixes the channels."""
    padding, data_format = _settled_padding(padding), settled_format(data_format)
    if len(strides) != 2:
        raise ValueError("`strides` must be a tuple of 2 integers.")
    return ops.separable_conv(x, depthwise_kernel, pointwise_kernel, strides, padding, data_format, dilation_rate)


def conv2d_transpose(
    x: Any,
    kernel: Any,
    output_shape: Any,
    strides: Any = (1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = (1, 1),
) -> Any:
    """The gradient of ``conv2d`` with respect to its inputs, which had ``output_shape``; the kernel is (h, w, out, in).

    Raises:
        ValueError: another padding or data format.
        InvalidArgumentError: ``conv2d`` does not make inputs of x's size from ``output_shape``.
    """
    padding, data_format = _settled_padding(padding), settled_format(data_format)
    sizes = tuple(output_shape)[1:-1] if data_format == "channels_last" else tuple(output_shape)[2:]
    sizes = tuple(None if size is None else int(size) for size in sizes)
    return _transposed(x, kernel, sizes, tuple_of(strides, 2, "strides"), padding, data_format, dilation_rate)


@op
def _transposed(
    x: Array, kernel: Array, sizes: tuple, strides: tuple, padding: str, data_format: str, dilation: Any
) -> Any:
    dilation = tuple_of(dilation, 2, "dilation_rate")
    last = data_format == "channels_last"
    if last:
        x = x.permute(0, 3, 1, 2)
    full = full_transposed(x, kernel.permute(3, 2, 0, 1), strides, dilation)
    widths: list[int] = []
    for axis, (size, k, stride, rate) in enumerate(zip(sizes, kernel.shape[:2], strides, dilation), 2):
        if window_output(size, k, stride, padding, rate) != x.shape[axis]:
            raise InvalidArgumentError(
                f"A convolution of {size} elements with a window of {k}, strides of {stride} and padding={padding!r} "
                f"does not give {x.shape[axis]}."
            )
        before = same_padding(size, k, stride, rate)[0] if padding == "same" else 0
        widths = [-before, size + before - full.shape[axis], *widths]
    y = F.pad(full, widths)
    return y.permute(0, 2, 3, 1) if last else y


# pooling --------------------------------------------------------------------------------------------------------------


def pool2d(
    x: Any,
    pool_size: Any,
    strides: Any = (1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    pool_mode: str = "max",
) -> Any:
    """The largest element ("max") or the mean ("avg") of each window."""
    for name, value in (("pool_size", pool_size), ("strides", strides)):
        if len(value) != 2:
            raise ValueError(f"`{name}` must be a tuple of 2 integers.")
    return _pool(x, pool_size, strides, padding, data_format, pool_mode)


def pool3d(
    x: Any,
    pool_size: Any,
    strides: Any = (1, 1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    pool_mode: str = "max",
) -> Any:
    """The largest element ("max") or the mean ("avg") of each window."""
    return _pool(x, pool_size, strides, padding, data_format, pool_mode)


def _pool(x: Any, pool_size: Any, strides: Any, padding: str, data_format: str | None, pool_mode: str) -> Any:
    data_format, padding = settled_format(data_format), _settled_padding(padding)
    if pool_mode not in ("max", "avg"):
        raise ValueError(f"Invalid pooling mode: {pool_mode}")
    pool = ops.max_pool if pool_mode == "max" else ops.average_pool
    return pool(x, tuple(pool_size), tuple(strides), padding, data_format)


# padding and sizes ----------------------------------------------------------------------------------------------------


def temporal_padding(x: Any, padding: Any = (1, 1)) -> Any:
    """(batch, time, features) with zeros before and after."""
    if len(padding) != 2:
        raise ValueError(f"Expected `padding` to be a tuple of 2 integers. Received: padding={padding}")
    return ops.pad(x, [(0, 0), tuple(padding), (0, 0)])


def spatial_2d_padding(x: Any, padding: Any = ((1, 1), (1, 1)), data_format: str | None = None) -> Any:
    """Images with zeros above, below, to the left and to the right."""
    return _spatial_padding(x, padding, data_format, 2)


def spatial_3d_padding(x: Any, padding: Any = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None) -> Any:
    """Volumes with zeros before and after along each axis."""
    return _spatial_padding(x, padding, data_format, 3)


def _spatial_padding(x: Any, padding: Sequence, data_format: str | None, rank: int) -> Any:
    if len(padding) != rank or any(len(pair) != 2 for pair in padding):
        raise ValueError(
            f"Expected `padding` to be a tuple of {rank} tuples of 2 integers. Received: padding={padding}"
        )
    pairs = [tuple(pair) for pair in padding]
    first = settled_format(data_format) == "channels_first"
    return ops.pad(x, [(0, 0), (0, 0), *pairs] if first else [(0, 0), *pairs, (0, 0)])


def resize_images(
    x: Any, height_factor: int, width_factor: int, data_format: str, interpolation: str = "nearest"
) -> Any:
    """Images so many times as high and as wide.

    Raises:
        ValueError: an unknown data format or interpolation.
    """
    if data_format not in ("channels_first", "channels_last"):
        raise ValueError(f"Invalid `data_format` argument: {data_format}")
    if interpolation not in INTERPOLATIONS:
        raise ValueError(
            f'`interpolation` argument should be one of: {sorted(INTERPOLATIONS)}. Received: "{interpolation}".'
        )
    return _enlarged(x, (int(height_factor), int(width_factor)), data_format, interpolation)


@op
def _enlarged(x: Array, factors: tuple, data_format: str, interpolation: str) -> Any:
    if interpolation != "nearest" and not x.is_floating_point():
        x = x.to(torch.float32)
    return enlarge(x, factors, data_format, interpolation)


def resize_volumes(x: Any, depth_factor: int, height_factor: int, width_factor: int, data_format: str) -> Any:
    """Volumes so many times as deep, high and wide, by repetition."""
    if data_format not in ("channels_first", "channels_last"):
        raise ValueError(f"Invalid data_format: {data_format}")
    first = 2 if data_format == "channels_first" else 1
    for axis, factor in enumerate((depth_factor, height_factor, width_factor), first):
        x = ops.repeat(x, factor, axis)
    return x


# windows with weights of their own ------------------------------------------------------------------------------------


def local_conv1d(inputs: Any, kernel: Any, kernel_size: Any, strides: Any, data_format: str | None = None) -> Any:
    """A convolution whose kernel differs from place to place: (places, window · channels, filters)."""
    return local_conv(inputs, kernel, kernel_size, strides, (kernel.shape[0],), data_format)


def local_conv2d(
    inputs: Any, kernel: Any, kernel_size: Any, strides: Any, output_shape: Any, data_format: str | None = None
) -> Any:
    """A convolution whose kernel differs from place to place: (rows · columns, window · channels, filters)."""
    return local_conv(inputs, kernel, kernel_size, strides, output_shape, data_format)


def local_conv(
    inputs: Any, kernel: Any, kernel_size: Any, strides: Any, output_shape: Any, data_format: str | None = None
) -> Any:
    """Windows of the inputs, each multiplied by the matrix of its place."""
    first = settled_format(data_format) == "channels_first"
    return local_convolution(inputs, kernel, tuple(kernel_size), tuple(strides), tuple(output_shape), first)
