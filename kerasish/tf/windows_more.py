"""More windows of ``tf.nn``: places of maxima, random regions, greyscale morphology, gradients of convolutions."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.nn import functional as F

from kerasish.core import dispatch, dtypes
from kerasish.core import random as streams
from kerasish.core.dispatch import Array, strict_op
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.random import Stream
from kerasish.core.shape import window_output
from kerasish.ops.common import integer_shape
from kerasish.tf.alias import REALS, check
from kerasish.tf.candidates import Words
from kerasish.tf.tiling import batch_to_space, required_space_to_batch_paddings, space_to_batch
from kerasish.tf.windows import _numbers, _padding, depthwise_conv2d

# windows as an axis of their own ---------------------------------------------------------------------------------------


def _channels_last_only(data_format: Any) -> None:
    if data_format != "NHWC":
        raise ValueError(
            f"`data_format` values other  than 'NHWC' are not supported. Received: data_format={data_format}"
        )


def _before_and_after(size: int, window: int, step: int, rate: int, pads: Any) -> tuple[int, int]:
    if not isinstance(pads, str):
        return tuple(pads)
    if pads == "valid":
        return 0, 0
    reach = (window - 1) * rate + 1
    total = max((window_output(size, window, step, "same", rate) - 1) * step + reach - size, 0)
    return total // 2, total - total // 2


def _offsets(x: torch.Tensor, windows: tuple, steps: tuple, rates: tuple, pads: Any, value: Any) -> tuple:
    """What each place of the window sees: (rows · columns) slices of x, padded; and how much was added before."""
    sizes = x.shape[1:3]
    each = [pads] * 2 if isinstance(pads, str) else pads
    (top, bottom), (left, right) = (_before_and_after(*args) for args in zip(sizes, windows, steps, rates, each))
    padded = F.pad(x, [0, 0, left, right, top, bottom], value=value)
    counts = [
        max((padded.shape[axis + 1] - (windows[axis] - 1) * rates[axis] - 1) // steps[axis] + 1, 0) for axis in (0, 1)
    ]
    slices = []
    for i, j in itertools.product(range(windows[0]), range(windows[1])):
        first, second = i * rates[0], j * rates[1]
        rows = slice(first, first + (counts[0] - 1) * steps[0] + 1, steps[0])
        slices.append(padded[:, rows, second : second + (counts[1] - 1) * steps[1] + 1 : steps[1]])
    return slices, (top, left)


def _lowest(dtype: torch.dtype) -> Any:
    return -math.inf if dtype.is_floating_point else torch.iinfo(dtype).min


class MaxPoolWithArgmax(NamedTuple):
    """The largest values, and where in the flattened images they are."""

    output: Any
    argmax: Any


@strict_op
def max_pool_with_argmax(
    input: Array,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NHWC",
    output_dtype: Any = dtypes.int64,
    include_batch_in_index: bool = False,
    name: str | None = None,
) -> Any:
    """The largest value of each window of images, and its place in the flattened image, (y · width + x) · channels + c.

    Args:
        include_batch_in_index: whether places are those in the flattened batch.

    Raises:
        ValueError: another data format than "NHWC".
    """
    _channels_last_only(data_format)
    check(input, REALS, "MaxPoolWithArgmax")
    windows, steps = _numbers(ksize, 2, False, "ksize"), _numbers(strides, 2, False, "strides")
    pads = _padding(padding, 2, False)
    batch, height, width, channels = input.shape
    slices, (top, left) = _offsets(input, windows, steps, (1, 1), pads, _lowest(input.dtype))
    values, which = torch.stack(slices).max(0)
    device = input.device
    y = torch.arange(values.shape[1], device=device)[:, None, None] * steps[0] - top + which // windows[1]
    x = torch.arange(values.shape[2], device=device)[None, :, None] * steps[1] - left + which % windows[1]
    places = (y * width + x) * channels + torch.arange(channels, device=device)
    if include_batch_in_index:
        places = places + torch.arange(batch, device=device)[:, None, None, None] * (height * width * channels)
    return MaxPoolWithArgmax(values, places.to(dtypes.to_torch(output_dtype)))


# greyscale morphology ---------------------------------------------------------------------------------------------------


def _dilated(x: torch.Tensor, filters: torch.Tensor, strides: Any, padding: Any, dilations: Any, name: str) -> Any:
    check(x, REALS, name)
    if x.ndim != 4:
        raise InvalidArgumentError(f"input must be 4-dimensional: {list(x.shape)} [Op:{name}]")
    if filters.ndim != 3:
        raise InvalidArgumentError(f"filter must be 3-dimensional: {list(filters.shape)} [Op:{name}]")
    if filters.shape[2] != x.shape[3]:
        raise InvalidArgumentError(f"input and filter must have the same depth: {x.shape[3]} vs {filters.shape[2]}")
    steps, rates = _numbers(strides, 2, False, "strides"), _numbers(dilations, 2, False, "dilations")
    windows = (int(filters.shape[0]), int(filters.shape[1]))
    wide = x if x.is_floating_point() else x.double()
    slices, _ = _offsets(wide, windows, steps, rates, _padding(padding, 2, False), -math.inf)
    offsets = filters.to(wide.dtype).reshape(-1, filters.shape[2])
    return torch.stack([part + offset for part, offset in zip(slices, offsets)]).amax(0).to(x.dtype)


@strict_op
def dilation2d(
    input: Array,
    filters: Array,
    strides: Any,
    padding: Any,
    data_format: str,
    dilations: Any,
    name: str | None = None,
) -> Any:
    """The largest sum of image and filter in each window.

    Args:
        input: (batch, height, width, channels).
        filters: (rows, columns, channels).

    Raises:
        ValueError: another data format than "NHWC".
    """
    _channels_last_only(data_format)
    return _dilated(input, filters, strides, padding, dilations, "Dilation2D")


@strict_op
def erosion2d(
    value: Array,
    filters: Array,
    strides: Any,
    padding: Any,
    data_format: str,
    dilations: Any,
    name: str | None = None,
) -> Any:
    """The smallest difference of image and filter in each window; see ``dilation2d``."""
    _channels_last_only(data_format)
    return -_dilated(-value, filters.flip(0, 1), strides, padding, dilations, "Dilation2D")


# random regions --------------------------------------------------------------------------------------------------------


class FractionalMaxPool(NamedTuple):
    """The pooled images, and where rows and columns were cut."""

    output: Any
    row_pooling_sequence: Any
    col_pooling_sequence: Any


class FractionalAvgPool(NamedTuple):
    """The pooled images, and where rows and columns were cut."""

    output: Any
    row_pooling_sequence: Any
    col_pooling_sequence: Any


def _cuts(size: int, parts: int, words: Words, pseudo_random: bool) -> list[int]:
    """Where a side is cut into parts of n and n + 1 pixels (Graham 2015)."""
    least, more = divmod(size, parts)
    if not more:
        return [least * i for i in range(parts + 1)]
    if pseudo_random:
        ratio = size / parts
        top = min((least + 2) / ratio - 1, (size + 1 - least) / ratio - (parts - 1))
        start = words.unit_double() * top
        return [0, *(math.ceil(ratio * (i + start)) - 1 for i in range(1, parts)), size]
    lengths = [least + 1] * more + [least] * (parts - more)
    for i in range(parts - 1):
        j = i + words.word() % (parts - i)
        lengths[i], lengths[j] = lengths[j], lengths[i]
    return [0, *itertools.accumulate(lengths)]


def _sequences(shape: tuple, ratios: list[float], pseudo_random: bool, seed: int) -> list[list[int]]:
    counts = [int(size / ratio) for size, ratio in zip(shape[1:3], ratios[1:3])]
    stream = streams.op_stream("fractional pooling", seed if seed else None, 0)
    used, found = 0, []
    for size, parts in zip(shape[1:3], counts):
        words = Words(Stream.at(stream.key[0] | stream.key[1] << 32, stream.start + used))
        found.append(_cuts(size, parts, words, pseudo_random))
        if size % parts:
            used += 1 if pseudo_random else -(-parts // 4)
    return found


def _ratios(pooling_ratio: Any) -> list[float]:
    """One ratio for each axis of the batch, from one, two or four.

    Raises:
        ValueError: one is less than 1, or those of batch and channels are not 1.
    """
    if isinstance(pooling_ratio, (int, float)):
        pooling_ratio = [1.0, pooling_ratio, pooling_ratio, 1.0]
    given = [float(ratio) for ratio in pooling_ratio]
    if any(ratio < 1.0 for ratio in given):
        raise ValueError(f"`pooling_ratio` elements should be >= 1.0. Received: pooling_ratio={pooling_ratio}")
    if len(given) not in (1, 2, 4):
        raise ValueError(
            f"pooling_ratio should be of length 1, 2 or 4. Received: pooling_ratio={pooling_ratio} of length {len(given)}"
        )
    if given[0] != 1.0 or given[-1] != 1.0:
        raise ValueError(
            f"`pooling_ratio` should have first and last elements with value 1.0. Received: pooling_ratio={pooling_ratio}"
        )
    return given


def _regions(x: torch.Tensor, axis: int, cuts: list[int], overlapping: bool, reduce: Callable) -> torch.Tensor:
    size = x.shape[axis]
    parts = [
        reduce(x.narrow(axis, start, min(end + overlapping, size) - start), axis)
        for start, end in itertools.pairwise(cuts)
    ]
    return torch.stack(parts, axis)


def _fractional(
    x: torch.Tensor, ratios: list[float], pseudo_random: bool, overlapping: bool, seed: int, mean: bool
) -> Any:
    rows, columns = _sequences(tuple(x.shape), ratios, bool(pseudo_random), seed)
    reduce = torch.sum if mean else torch.amax
    y = x
    for axis, cuts in ((1, rows), (2, columns)):
        y = _regions(y, axis, cuts, bool(overlapping), reduce)
    if mean:
        heights, widths = (
            torch.tensor([min(b + bool(overlapping), size) - a for a, b in itertools.pairwise(cuts)], device=x.device)
            for cuts, size in ((rows, x.shape[1]), (columns, x.shape[2]))
        )
        count = (heights[:, None] * widths[None, :])[None, :, :, None]
        y = y / count.to(y.dtype) if y.is_floating_point() else torch.div(y, count, rounding_mode="trunc").to(x.dtype)
    return y, *(torch.from_numpy(np.array(cuts, dtype=np.int64)) for cuts in (rows, columns))


@strict_op
def fractional_max_pool(
    value: Array,
    pooling_ratio: Any,
    pseudo_random: bool = False,
    overlapping: bool = False,
    seed: int = 0,
    name: str | None = None,
) -> Any:
    """The largest values of regions of random sizes (Graham 2015).

    Args:
        value: (batch, height, width, channels).
        pooling_ratio: how many times smaller images become: a number at least 1, or one for each axis.
        pseudo_random: whether regions follow from one random number.
        overlapping: whether regions share their borders.
        seed: not 0: the same regions each time, TensorFlow's.

    Raises:
        ValueError: ratios less than 1, or of batch and channels.
    """
    return FractionalMaxPool(*_fractional(value, _ratios(pooling_ratio), pseudo_random, overlapping, seed, False))


@strict_op
def fractional_avg_pool(
    value: Array,
    pooling_ratio: Any,
    pseudo_random: bool = False,
    overlapping: bool = False,
    seed: int = 0,
    name: str | None = None,
) -> Any:
    """The means of regions of random sizes; see ``fractional_max_pool``.

    Raises:
        TypeError: ``pooling_ratio`` is no list.
        InvalidArgumentError: it has fewer than 4 numbers.
    """
    if not isinstance(pooling_ratio, (list, tuple)):
        raise TypeError(f"Expected list for 'pooling_ratio' argument to 'fractional_avg_pool' Op, not {pooling_ratio}.")
    if len(pooling_ratio) < 4:
        raise InvalidArgumentError(
            f"Length for attr 'pooling_ratio' of {len(pooling_ratio)} must be at least minimum 4 [Op:FractionalAvgPool]"
        )
    return FractionalAvgPool(*_fractional(value, _ratios(pooling_ratio), pseudo_random, overlapping, seed, True))


# gradients of convolutions ----------------------------------------------------------------------------------------------


@strict_op
def depthwise_conv2d_backprop_input(
    input_sizes: Any,
    filter: Array,
    out_backprop: Array,
    strides: Any,
    padding: Any,
    data_format: str = "NHWC",
    dilations: Any = (1, 1, 1, 1),
    name: str | None = None,
) -> Any:
    """The gradient of ``depthwise_conv2d`` with respect to its input, of shape ``input_sizes``."""
    x = torch.zeros(integer_shape(input_sizes), dtype=filter.dtype, device=filter.device)
    return _gradient(
        lambda x: depthwise_conv2d.raw(x, filter, strides, padding, data_format, dilations), x, out_backprop
    )


@strict_op
def depthwise_conv2d_backprop_filter(
    input: Array,
    filter_sizes: Any,
    out_backprop: Array,
    strides: Any,
    padding: Any,
    data_format: str = "NHWC",
    dilations: Any = (1, 1, 1, 1),
    name: str | None = None,
) -> Any:
    """The gradient of ``depthwise_conv2d`` with respect to its filter, of shape ``filter_sizes``."""
    w = torch.zeros(integer_shape(filter_sizes), dtype=input.dtype, device=input.device)
    return _gradient(
        lambda w: depthwise_conv2d.raw(input, w, strides, padding, data_format, dilations), w, out_backprop
    )


def _gradient(function: Callable, at: torch.Tensor, outer: torch.Tensor) -> torch.Tensor:
    with dispatch.grad_mode(True):
        at = at.requires_grad_()
        (found,) = torch.autograd.grad(function(at), at, outer, create_graph=outer.requires_grad)
    return found


def with_space_to_batch(
    input: Any,
    dilation_rate: Any,
    padding: str,
    op: Callable,
    filter_shape: Any = None,
    spatial_dims: Any = None,
    data_format: str | None = None,
) -> Any:
    """``op`` on the parts of ``input`` that lie ``dilation_rate`` apart, so that its windows are dilated.

    Args:
        op: called with the input, the number of spatial axes and a padding.
        filter_shape: the window's, needed for "SAME".
        spatial_dims: axes that ``dilation_rate`` is for; default: those after the first.

    Raises:
        ValueError: the arguments do not fit.
    """
    rates = integer_shape(dilation_rate)
    count = len(rates)
    first = data_format is not None and data_format.startswith("NC")
    axes = (
        sorted(integer_shape(spatial_dims))
        if spatial_dims is not None
        else [i + (2 if first else 1) for i in range(count)]
    )
    if all(rate == 1 for rate in rates):
        return op(input, count, padding)
    if padding == "SAME":
        if filter_shape is None:
            raise ValueError("`filter_shape` must be specified for `padding='SAME'`")
        windows = integer_shape(filter_shape)[:count]
        extra = [(window - 1) * rate for window, rate in zip(windows, rates)]
        base = [[total // 2, total - total // 2] for total in extra]
    elif padding == "VALID":
        base = [[0, 0]] * count
    else:
        raise ValueError(f"Invalid padding method {padding}")
    sizes = [int(input.shape[axis]) for axis in axes]
    pads, crops = required_space_to_batch_paddings(sizes, rates, base)
    low = min(axes)
    between = range(low, max(axes) + 1)
    blocks = [rates[axes.index(axis)] if axis in axes else 1 for axis in between]
    full = [
        [dispatch.raw(part)[axes.index(axis)].tolist() if axis in axes else [0, 0] for axis in between]
        for part in (pads, crops)
    ]
    if low > 1:  # the axes before are left alone: blocks of 1
        blocks = [1] * (low - 1) + blocks
        full = [[[0, 0]] * (low - 1) + part for part in full]
    return batch_to_space(op(space_to_batch(input, blocks, full[0]), count, "VALID"), blocks, full[1])
