"""Convolutions and pooling of ``tf.nn``.

Arguments come in TensorFlow's forms: a number, one for each spatial axis, or one for each axis of the batch; padding as
"SAME", "VALID" or numbers (before, after) for each axis of the batch. The computations are those of the layers (``ops``).
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch.nn import functional as F

from kerasish import ops
from kerasish.core.dispatch import Array, strict_op
from kerasish.core.errors import ChoiceError, InvalidArgumentError, ShapeMismatchError, UnimplementedError, fail
from kerasish.core.shape import window_output
from kerasish.ops.common import integer_shape
from kerasish.ops.conv import FROM_TORCH, TO_TORCH, convolve, full_transposed, spatial_sizes, stored_kernel
from kerasish.ops.pool import pool as pool_raw
from kerasish.tf.alias import FLOATS, REALS, Kinds, check

_CONV_KINDS = Kinds("half bfloat16 float double int32")

# arguments ------------------------------------------------------------------------------------------------------------


def _channels_first(data_format: Any, n: int) -> bool:
    """Whether the channels come second, from "NHWC", "NCHW" and the like; last by default.

    Raises:
        ValueError: something else.
    """
    if data_format is None:
        return False
    letters = "DHW"[-n:] if n > 1 else "W"
    if data_format not in (f"N{letters}C", f"NC{letters}"):
        raise fail(ChoiceError, "Unknown `data_format`", f"'N{letters}C' or 'NC{letters}'", repr(data_format))
    return str(data_format).startswith("NC")


def _numbers(value: Any, n: int, channels_first: bool, name: str) -> tuple[int, ...]:
    """Strides, dilations or window sizes as one number for each spatial axis.

    Raises:
        ValueError: there are as many as neither 1, n nor n + 2.
        InvalidArgumentError: those of batch and channels are not 1.
    """
    if value is None:
        return (1,) * n
    numbers = integer_shape(value)
    if len(numbers) == 1:
        return tuple(numbers * n)
    if len(numbers) == n:
        return tuple(numbers)
    if len(numbers) != n + 2:
        raise ValueError(
            f"`{name}` should be of length 1, {n} or {n + 2}. Received: {name}={value} of length {len(numbers)}"
        )
    spatial = numbers[2:] if channels_first else numbers[1:-1]
    if numbers[0] != 1 or numbers[1 if channels_first else -1] != 1:
        raise InvalidArgumentError(f"{name} in the batch and depth dimensions must be 1: {numbers}")
    return tuple(spatial)


def _padding(padding: Any, n: int, channels_first: bool) -> str | list[list[int]]:
    """The kind of padding ("same" or "valid"), or the zeros before and after each spatial axis.

    Raises:
        InvalidArgumentError: another kind.
        ValueError: the numbers do not fit.
    """
    if isinstance(padding, str):
        lower = padding.lower()
        if lower not in ("same", "valid"):
            raise InvalidArgumentError(
                f'Value for attr \'padding\' of "{padding}" is not in the list of allowed values: "SAME", "VALID"'
            )
        return lower
    pairs = [list(map(int, pair)) for pair in padding]
    if len(pairs) != n + 2:
        raise ValueError(
            f"Explicit padding must be a list of {n + 2} pairs (before, after). Received: padding={padding}"
        )
    spatial = pairs[2:] if channels_first else pairs[1:-1]
    if any(any(pair) for pair in pairs if pair not in spatial):
        raise ValueError(f"Explicit padding of batch and channels must be 0. Received: padding={padding}")
    return spatial


def _padded(x: torch.Tensor, pairs: list[list[int]], channels_first: bool, value: float = 0) -> torch.Tensor:
    outer = [] if channels_first else [0, 0]
    return F.pad(x, [*outer, *(side for pair in reversed(pairs) for side in pair)], value=value)


def _batched(x: torch.Tensor, n: int, name: str) -> tuple[torch.Tensor, torch.Size]:
    """x with one batch axis, and the batch axes that it had."""
    if x.ndim < n + 2:
        raise fail(
            ShapeMismatchError,
            f"`input` of {name} must have at least {n + 2} dimensions",
            received=f"shape {tuple(x.shape)}",
        )
    batch = x.shape[: x.ndim - n - 1]
    return (x if x.ndim == n + 2 else x.reshape(-1, *x.shape[x.ndim - n - 1 :])), batch


def _nothing(x: torch.Tensor, sizes: list[int], channels: int, channels_first: bool) -> torch.Tensor:
    """The result where a window is larger than the input."""
    return x.new_zeros((len(x), channels, *sizes) if channels_first else (len(x), *sizes, channels))


def _unbatched(y: torch.Tensor, batch: torch.Size) -> torch.Tensor:
    return y if len(batch) == 1 else y.reshape(*batch, *y.shape[1:])


# convolutions ---------------------------------------------------------------------------------------------------------


def _convolve(
    x: torch.Tensor,
    filters: torch.Tensor,
    n: int,
    strides: Any,
    padding: Any,
    data_format: Any,
    dilations: Any,
    name: str,
) -> torch.Tensor:
    check(x, _CONV_KINDS, name)
    first = _channels_first(data_format, n)
    if filters.ndim != n + 2:
        raise fail(
            ShapeMismatchError,
            f"`filters` of {name} must have {n + 2} dimensions",
            received=f"shape {tuple(filters.shape)}",
        )
    x, batch = _batched(x, n, name)
    channels, wanted = x.shape[1 if first else -1], filters.shape[-2]
    if not wanted or channels % wanted:
        raise InvalidArgumentError(
            f"input depth must be evenly divisible by filter depth: {channels} vs {wanted} [Op:{name}]"
        )
    form = "channels_first" if first else "channels_last"
    steps = _numbers(strides, n, first, "strides")
    rates = _numbers(dilations, n, first, "dilations")
    pads = _padding(padding, n, first)
    if not isinstance(pads, str):
        x, pads = _padded(x, pads, first), "valid"
    dtype = x.dtype
    # where an axis has length 1, torch's backward pass fails on the strides of a permuted view
    copied = filters.requires_grad or x.requires_grad
    stored = stored_kernel(filters, "channels_last") if copied else filters.permute(n + 1, n, *range(n))
    if min(steps) < 1:
        raise InvalidArgumentError(f"Strides must be positive. Received: {steps} [Op:{name}]")
    sizes = [window_output(*of, pads, rate) for *of, rate in zip(spatial_sizes(x, form), filters.shape, steps, rates)]
    if min(sizes) <= 0:
        return _unbatched(_nothing(x, [max(size, 0) for size in sizes], filters.shape[-1], first), batch)
    if dtype is torch.int32:  # torch's kernels are for floats; float64 holds the sums of 32-bit products up to 2⁵³
        x, stored = x.double(), stored.double()
    return _unbatched(convolve(x, stored, None, steps, pads, rates, channels // wanted, form).to(dtype), batch)


@strict_op
def conv1d(
    input: Array,
    filters: Array,
    stride: Any,
    padding: Any,
    data_format: str | None = "NWC",
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """The convolution (cross-correlation) of sequences.

    Args:
        input: (batch, width, channels), or as ``data_format`` says.
        filters: (window, channels / groups, out channels).

    Raises:
        ValueError: ranks or arguments do not fit.
        InvalidArgumentError: the channels do not fit.
    """
    return _convolve(input, filters, 1, stride, padding, data_format, dilations, "Conv1D")


@strict_op
def conv2d(
    input: Array,
    filters: Array,
    strides: Any,
    padding: Any,
    data_format: str | None = "NHWC",
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """The convolution (cross-correlation) of images.

    Args:
        input: (batch, height, width, channels), or as ``data_format`` says.
        filters: (*window, channels / groups, out channels).

    Raises:
        ValueError: ranks or arguments do not fit.
        InvalidArgumentError: the channels do not fit.
    """
    return _convolve(input, filters, 2, strides, padding, data_format, dilations, "Conv2D")


@strict_op
def conv3d(
    input: Array,
    filters: Array,
    strides: Any,
    padding: Any,
    data_format: str | None = "NDHWC",
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """The convolution (cross-correlation) of volumes: (batch, depth, height, width, channels); see ``conv2d``."""
    return _convolve(input, filters, 3, strides, padding, data_format, dilations, "Conv3D")


@strict_op
def convolution(
    input: Array,
    filters: Array,
    strides: Any = None,
    padding: Any = "VALID",
    data_format: str | None = None,
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """The convolution (cross-correlation) over as many axes as ``filters`` has windows; see ``conv2d``."""
    return _convolve(input, filters, filters.ndim - 2, strides, padding, data_format, dilations, "Convolution")


@strict_op
def atrous_conv2d(value: Array, filters: Array, rate: Any, padding: Any, name: str | None = None) -> Any:
    """``conv2d`` with windows whose elements are ``rate`` apart."""
    return _convolve(value, filters, 2, 1, padding, None, rate, "Conv2D")


@strict_op
def depthwise_conv2d(
    input: Array,
    filter: Array,
    strides: Any,
    padding: Any,
    data_format: str | None = None,
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """The convolution of each channel of images with its own filters: (*window, channels, multiplier)."""
    height, width, channels, multiplier = filter.shape
    if input.shape[1 if _channels_first(data_format, 2) else -1] != channels:
        raise InvalidArgumentError(f"input and filter must have the same depth: {input.shape} vs {filter.shape}")
    grouped = filter.reshape(height, width, 1, channels * multiplier)
    return _convolve(input, grouped, 2, strides, padding, data_format, dilations, "DepthwiseConv2dNative")


@strict_op
def separable_conv2d(
    input: Array,
    depthwise_filter: Array,
    pointwise_filter: Array,
    strides: Any,
    padding: Any,
    data_format: str | None = None,
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """``depthwise_conv2d``, then a convolution with windows of size 1 that mixes the channels."""
    y = depthwise_conv2d.raw(input, depthwise_filter, strides, padding, data_format, dilations)
    return _convolve(y, pointwise_filter, 2, 1, "VALID", data_format, None, "Conv2D")


# transposed convolutions ----------------------------------------------------------------------------------------------


def _transpose(
    x: torch.Tensor,
    filters: torch.Tensor,
    n: int,
    output_shape: Any,
    strides: Any,
    padding: Any,
    data_format: Any,
    dilations: Any,
) -> torch.Tensor:
    """The gradient of the convolution that takes ``output_shape`` to the shape of x."""
    check(x, FLOATS, "ConvBackpropInput")
    first = _channels_first(data_format, n)
    steps, rates = _numbers(strides, n, first, "strides"), _numbers(dilations, n, first, "dilations")
    pads = _padding(padding, n, first)
    if not isinstance(pads, str):
        raise fail(NotImplementedError, "Explicit padding of transposed convolutions is not served", received=padding)
    wanted = integer_shape(output_shape)
    lengths = wanted[2:] if first else wanted[1:-1] if len(wanted) == n + 2 else wanted
    y = x if first else x.permute(TO_TORCH[n + 2])
    windows, sizes = filters.shape[:n], y.shape[2:]
    for length, window, step, rate, size in zip(lengths, windows, steps, rates, sizes):
        if window_output(length, window, step, pads, rate) != size:
            raise InvalidArgumentError(
                f"Conv2DBackpropInput: Size of out_backprop doesn't match computed: actual = {size}, computed = "
                f"{window_output(length, window, step, pads, rate)} for an output of {length}"
            )
    full = full_transposed(y, filters.permute(n + 1, n, *range(n)).contiguous(), steps, rates)
    for axis, (length, window, step, rate, size) in enumerate(zip(lengths, windows, steps, rates, sizes), 2):
        reach = (window - 1) * rate + 1
        before = max((size - 1) * step + reach - length, 0) // 2 if pads == "same" else 0
        missing = before + length - full.shape[axis]
        if missing > 0:
            full = F.pad(full, [0, 0] * (full.ndim - 1 - axis) + [0, missing])
        full = full.narrow(axis, before, length)
    return full if first else full.permute(FROM_TORCH[n + 2])


@strict_op
def conv1d_transpose(
    input: Array,
    filters: Array,
    output_shape: Any,
    strides: Any,
    padding: Any = "SAME",
    data_format: str | None = "NWC",
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """The transposed convolution of sequences; filters: (window, out channels, channels). See ``conv2d_transpose``."""
    return _transpose(input, filters, 1, output_shape, strides, padding, data_format, dilations)


@strict_op
def conv2d_transpose(
    input: Array,
    filters: Array,
    output_shape: Any,
    strides: Any,
    padding: Any = "SAME",
    data_format: str | None = "NHWC",
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """The transposed convolution of images: the gradient of ``conv2d`` with respect to its input.

    Args:
        filters: (*window, out channels, channels).
        output_shape: of the result, which several shapes of the same convolution could be.

    Raises:
        InvalidArgumentError: the convolution of ``output_shape`` would have another shape than ``input``.
    """
    return _transpose(input, filters, 2, output_shape, strides, padding, data_format, dilations)


@strict_op
def conv3d_transpose(
    input: Array,
    filters: Array,
    output_shape: Any,
    strides: Any,
    padding: Any = "SAME",
    data_format: str | None = "NDHWC",
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """The transposed convolution of volumes; see ``conv2d_transpose``."""
    return _transpose(input, filters, 3, output_shape, strides, padding, data_format, dilations)


@strict_op
def conv_transpose(
    input: Array,
    filters: Array,
    output_shape: Any,
    strides: Any,
    padding: Any = "SAME",
    data_format: str | None = None,
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """The transposed convolution over as many axes as ``filters`` has windows; see ``conv2d_transpose``."""
    return _transpose(input, filters, filters.ndim - 2, output_shape, strides, padding, data_format, dilations)


@strict_op
def atrous_conv2d_transpose(
    value: Array, filters: Array, output_shape: Any, rate: Any, padding: Any, name: str | None = None
) -> Any:
    """``conv2d_transpose`` with windows whose elements are ``rate`` apart."""
    return _transpose(value, filters, 2, output_shape, 1, padding, None, rate)


# pooling --------------------------------------------------------------------------------------------------------------


def _pool(x: torch.Tensor, kind: str, n: int, ksize: Any, strides: Any, padding: Any, data_format: Any) -> torch.Tensor:
    check(x, REALS if kind == "max" else FLOATS, "MaxPool" if kind == "max" else "AvgPool")
    if x.ndim != n + 2 or n < 1:
        raise fail(ShapeMismatchError, f"`input` must have {n + 2} dimensions", received=f"shape {tuple(x.shape)}")
    first = _channels_first(data_format, n)
    if kind == "max" and n == 2 and (depth := _depth(ksize, first)) > 1:
        return _pool_depth(x, depth, integer_shape(ksize), integer_shape(strides), first)
    windows, steps = _numbers(ksize, n, first, "ksize"), _numbers(strides, n, first, "strides")
    pads = _padding(padding, n, first)
    dtype = x.dtype
    if not x.is_floating_point():  # torch pools floats only; float64 holds all 32-bit integers
        x = x.double()
    if not isinstance(pads, str):
        if kind != "max":
            raise fail(ValueError, "Explicit padding is for max_pool only", "'SAME' or 'VALID'", padding)
        x, pads = _padded(x, pads, first, -math.inf), "valid"
    form = "channels_first" if first else "channels_last"
    sizes = [window_output(*of, pads, 1) for of in zip(spatial_sizes(x, form), windows, steps)]
    if min(sizes) <= 0 < min(windows):
        return _nothing(x, [max(size, 0) for size in sizes], x.shape[1 if first else -1], first).to(dtype)
    return pool_raw(x, kind, windows, steps, pads, form).to(dtype)


def _depth(ksize: Any, channels_first: bool) -> int:
    """How many channels a window of images holds; 0 if it is told for the spatial axes only."""
    numbers = integer_shape(ksize)
    return numbers[1 if channels_first else 3] if len(numbers) == 4 else 0


def _pool_depth(x: torch.Tensor, depth: int, ksize: list, strides: list, channels_first: bool) -> torch.Tensor:
    """The largest of every ``depth`` channels that follow each other.

    Raises:
        UnimplementedError: the window is larger than 1 in another dimension, its stride is another, or channels are left.
    """
    axis = 1 if channels_first else 3
    others = [size for sizes in (ksize, strides) for at, size in enumerate(sizes) if at != axis]
    if max(others, default=1) > 1:
        raise UnimplementedError(
            "MaxPooling supports exactly one of pooling across depth or pooling across width/height. [Op:MaxPool]"
        )
    if x.shape[axis] % depth:
        raise UnimplementedError(
            "Depthwise max pooling requires the depth window to evenly divide the input depth [Op:MaxPool]"
        )
    if len(strides) != 4 or strides[axis] != depth:
        raise UnimplementedError(
            "Depthwise max pooling requires the depth window to equal the depth stride [Op:MaxPool]"
        )
    return x.unflatten(axis, (-1, depth)).amax(axis + 1)


@strict_op
def max_pool1d(
    input: Array, ksize: Any, strides: Any, padding: Any, data_format: str | None = "NWC", name: str | None = None
) -> Any:
    """The largest value of each window of sequences; see ``max_pool2d``."""
    return _pool(input, "max", 1, ksize, strides, padding, data_format)


@strict_op
def max_pool2d(
    input: Array, ksize: Any, strides: Any, padding: Any, data_format: str | None = "NHWC", name: str | None = None
) -> Any:
    """The largest value of each window of images.

    Args:
        ksize: the window's size.
        padding: "VALID", "SAME" or numbers (before, after) for each axis.
    """
    return _pool(input, "max", 2, ksize, strides, padding, data_format)


@strict_op
def max_pool3d(
    input: Array, ksize: Any, strides: Any, padding: Any, data_format: str | None = "NDHWC", name: str | None = None
) -> Any:
    """The largest value of each window of volumes; see ``max_pool2d``."""
    return _pool(input, "max", 3, ksize, strides, padding, data_format)


@strict_op
def max_pool(
    input: Array, ksize: Any, strides: Any, padding: Any, data_format: str | None = None, name: str | None = None
) -> Any:
    """The largest value of each window; see ``max_pool2d``."""
    return _pool(input, "max", input.ndim - 2, ksize, strides, padding, data_format)


@strict_op
def avg_pool1d(
    input: Array, ksize: Any, strides: Any, padding: str, data_format: str | None = "NWC", name: str | None = None
) -> Any:
    """The mean of each window of sequences, without what "SAME" adds."""
    return _pool(input, "average", 1, ksize, strides, padding, data_format)


@strict_op
def avg_pool2d(
    input: Array, ksize: Any, strides: Any, padding: str, data_format: str | None = "NHWC", name: str | None = None
) -> Any:
    """The mean of each window of images, without what "SAME" adds."""
    return _pool(input, "average", 2, ksize, strides, padding, data_format)


@strict_op
def avg_pool3d(
    input: Array, ksize: Any, strides: Any, padding: str, data_format: str | None = "NDHWC", name: str | None = None
) -> Any:
    """The mean of each window of volumes, without what "SAME" adds."""
    return _pool(input, "average", 3, ksize, strides, padding, data_format)


@strict_op
def avg_pool(
    input: Array, ksize: Any, strides: Any, padding: str, data_format: str | None = None, name: str | None = None
) -> Any:
    """The mean of each window, without what "SAME" adds."""
    return _pool(input, "average", input.ndim - 2, ksize, strides, padding, data_format)


def _dilated(x: torch.Tensor, kind: str, windows: tuple, rates: tuple, axis: int) -> torch.Tensor:
    """Pooling of windows whose elements are ``rates`` apart; the first spatial axis is ``axis``."""
    for place, (window, rate) in enumerate(zip(windows, rates), axis):
        size = max(x.shape[place] - (window - 1) * rate, 0)
        parts = torch.stack([x.narrow(place, i * rate, size) for i in range(window)])
        x = parts.amax(0) if kind == "max" else parts.mean(0)
    return x


@strict_op
def pool(
    input: Array,
    window_shape: Any,
    pooling_type: str,
    strides: Any = None,
    padding: Any = "VALID",
    data_format: str | None = None,
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """The largest value or mean ("MAX" or "AVG") of each window.

    Raises:
        ValueError: another ``pooling_type``.
        ValueError: dilated windows with strides or with "SAME".
    """
    kinds = {"MAX": "max", "AVG": "average"}
    if pooling_type not in kinds:
        raise fail(ValueError, "Unknown `pooling_type`", "'MAX' or 'AVG'", repr(pooling_type))
    n, first = input.ndim - 2, _channels_first(data_format, input.ndim - 2)
    rates = _numbers(dilations, n, first, "dilations")
    if max(rates, default=1) > 1:
        if max(_numbers(strides, n, first, "strides")) > 1 or str(padding).upper() != "VALID":
            raise fail(ValueError, "Dilated windows have strides of 1 and 'VALID' padding", received=f"{dilations=}")
        windows = _numbers(window_shape, n, first, "window_shape")
        return _dilated(input, kinds[pooling_type], windows, rates, 2 if first else 1)
    return _pool(input, kinds[pooling_type], input.ndim - 2, window_shape, strides, padding, data_format)


# blocks ---------------------------------------------------------------------------------------------------------------


def _format(data_format: str) -> str:
    if data_format not in ("NHWC", "NCHW"):
        raise fail(ChoiceError, "Unsupported data format", "'NHWC' or 'NCHW'", repr(data_format))
    return "channels_first" if data_format == "NCHW" else "channels_last"


def _block(block_size: int) -> int:
    if block_size < 2:
        raise InvalidArgumentError(f"Value for attr 'block_size' of {block_size} must be at least minimum 2")
    return block_size


@strict_op
def depth_to_space(input: Array, block_size: int, data_format: str = "NHWC", name: str | None = None) -> Any:
    """Blocks of channels laid out in the plane: (n, h, w, b² · c) becomes (n, h · b, w · b, c)."""
    return ops.depth_to_space.raw(input, _block(block_size), _format(data_format))


@strict_op
def space_to_depth(input: Array, block_size: int, data_format: str = "NHWC", name: str | None = None) -> Any:
    """Blocks of the plane stacked as channels: (n, h · b, w · b, c) becomes (n, h, w, b² · c)."""
    return ops.space_to_depth.raw(input, _block(block_size), _format(data_format))
