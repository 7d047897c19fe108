"""Convolutions of ``keras.ops``, and the raw functions behind the convolution layers.

One implementation serves 1, 2 and 3 spatial axes. Channels-last data goes to torch as a view (its ``channels_last``
format) and comes back as one: nothing is copied. One spatial axis is computed as two, the first of length 1: torch's
kernels for channels-last data exist for 2 and 3 axes only, and are 2 to 3 times faster than ``conv1d`` (measured on a CPU).

The raw functions take kernels in torch's layout, (out, in / groups, *spatial) and for the transposed convolution
(in, out, *spatial), and tuples for ``strides``, ``dilation`` and ``output_padding``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.nn import functional as F

from kerasish.core.context import settings
from kerasish.core.dispatch import Array, op
from kerasish.core.errors import fail
from kerasish.core.shape import same_padding, tuple_of

TO_TORCH = {3: (0, 2, 1), 4: (0, 3, 1, 2), 5: (0, 4, 1, 2, 3)}  # by rank: channels last to channels first
FROM_TORCH = {3: (0, 2, 1), 4: (0, 2, 3, 1), 5: (0, 2, 3, 4, 1)}
_CHANNELS_LAST = {2: torch.channels_last, 3: torch.channels_last_3d}
CONV = {2: F.conv2d, 3: F.conv3d}
_TRANSPOSED = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}


def spatial_axis(data_format: str) -> int:
    """Index of the first spatial axis of a batch."""
    return 2 if data_format == "channels_first" else 1


def spatial_sizes(x: torch.Tensor, data_format: str) -> tuple[int, ...]:
    return tuple(x.shape[2:] if data_format == "channels_first" else x.shape[1:-1])


# raw ------------------------------------------------------------------------------------------------------------------


def is_misread(channels: int, strides: tuple[int, ...]) -> bool:
    """Whether torch may misread images with channels last, as ``permute`` gives them.

    With one channel their strides fit both layouts; oneDNN then takes the wrong one where the result is one column wide and
    leaves columns of the image out, and reads them as the next image (torch 2.13 on AVX-512: wrong numbers).
    """
    return channels == 1 < strides[-1]


def convolve(
    x: torch.Tensor,
    kernel: torch.Tensor,
    bias: torch.Tensor | None,
    strides: tuple[int, ...],
    padding: str,
    dilation: tuple[int, ...],
    groups: int,
    data_format: str,
) -> torch.Tensor:
    """Cross-correlation of a batch with ``kernel``, plus ``bias``.

    Args:
        x: (batch, *spatial, channels), or channels first.
        kernel: (out channels, channels / groups, *window).
        padding: "valid", "same" (TensorFlow's: the odd zero goes after) or "causal" (all zeros go before).
    """
    if x.ndim == 3:
        axis = spatial_axis(data_format)
        wide = (1, *strides), padding, (1, *dilation), groups, data_format
        return convolve(x.unsqueeze(axis), kernel.unsqueeze(2), bias, *wide).squeeze(axis)
    last = data_format == "channels_last"
    if last and is_misread(x.shape[-1], strides):
        x, kernel = x.squeeze(-1).unsqueeze(1), kernel.squeeze(1).unsqueeze(1)  # in strides of one layout alone
    elif last:
        x = torch.permute(x, TO_TORCH[x.ndim])
    if max(kernel.shape[2:]) == 1 < max(strides):
        # each output sees one input, so the others may go first; oneDNN's backward pass of such a convolution on
        # channels-last data writes beyond its buffers where the stride divides the size (torch 2.13 on AVX2: heap corruption)
        x, strides = x[(..., *(slice(None, None, stride) for stride in strides))], (1,) * len(strides)
    zeros: Any = 0
    if padding != "valid":
        x, zeros = _pad(x, kernel.shape[2:], strides, padding, dilation)
    y = CONV[x.ndim - 2](x, kernel, bias, strides, zeros, dilation, groups)
    return torch.permute(y, FROM_TORCH[y.ndim]) if last else y


def settled_padding(
    window: tuple[int, ...], strides: tuple[int, ...], padding: str, dilation: tuple[int, ...]
) -> tuple[int, ...] | None:
    """The zeros that ``convolve`` has torch add on both sides of each axis; None where data of some sizes needs more."""
    if max(window) == 1 < max(strides):
        return None
    if padding == "valid":
        return (0,) * len(window)
    reach = [(k - 1) * rate for k, rate in zip(window, dilation)]
    return None if max(strides) > 1 or any(r % 2 for r in reach) else tuple(r // 2 for r in reach)


def _pad(
    x: torch.Tensor, window: tuple[int, ...], strides: tuple[int, ...], padding: str, dilation: tuple[int, ...]
) -> tuple[torch.Tensor, list[int]]:
    """``x`` with the zeros that differ between the two sides, and how many torch is to add on both."""
    both, uneven = [], []
    for size, k, stride, rate in zip(x.shape[2:], window, strides, dilation, strict=True):
        if padding == "causal":
            before, after = (k - 1) * rate, 0
        else:
            before, after = same_padding(size, k, stride, rate)
        common = min(before, after)
        both.append(common)
        uneven = [before - common, after - common, *uneven]  # F.pad counts from the last axis
    return (F.pad(x, uneven) if any(uneven) else x), both


def depthwise(
    x: torch.Tensor,
    kernel: torch.Tensor,
    bias: torch.Tensor | None,
    strides: tuple[int, ...],
    padding: str,
    dilation: tuple[int, ...],
    data_format: str,
) -> torch.Tensor:
    """Each channel convolved with kernels of its own; ``kernel``: (channels · multiplier, 1, *window)."""
    channels = x.shape[1] if data_format == "channels_first" else x.shape[-1]
    return convolve(x, kernel, bias, strides, padding, dilation, channels, data_format)


def convolve_transpose(
    x: torch.Tensor,
    kernel: torch.Tensor,
    bias: torch.Tensor | None,
    strides: tuple[int, ...],
    padding: str,
    output_padding: tuple[int | None, ...],
    dilation: tuple[int, ...],
    data_format: str,
) -> torch.Tensor:
    """The transposed convolution: the gradient of the convolution with these arguments, plus ``bias``.

    Args:
        x: (batch, *spatial, channels), or channels first.
        kernel: (channels, out channels, *window).
        padding: "valid" or "same".
        output_padding: how much longer than the shortest possible the output is; ``None``: Keras's default length.
    """
    if x.ndim == 3:
        axis = spatial_axis(data_format)
        wide = (1, *strides), padding, (0, *output_padding), (1, *dilation), data_format
        return convolve_transpose(x.unsqueeze(axis), kernel.unsqueeze(2), bias, *wide).squeeze(axis)
    last = data_format == "channels_last"
    if last:
        x = torch.permute(x, TO_TORCH[x.ndim])
    crop, longer, lengths = [], [], []
    for size, k, stride, extra, rate in zip(
        x.shape[2:], kernel.shape[2:], strides, output_padding, dilation, strict=True
    ):
        length = transposed_length(size, k, stride, padding, extra, rate)
        surplus = (size - 1) * stride + (k - 1) * rate + 1 - length  # of the uncropped result
        before = max(surplus, 0) // 2 if padding == "same" else 0
        crop.append(before)  # torch crops as much on both sides, and then adds
        longer.append(max(2 * before - surplus, 0))
        lengths.append(length)
    if _has_single_weights(kernel, strides):
        y = _spread(_TRANSPOSED[x.ndim - 2](x, kernel), strides, lengths)
        y = y if bias is None else y + bias.reshape(-1, *(1,) * (x.ndim - 2))
        return torch.permute(y, FROM_TORCH[y.ndim]) if last else y
    y = _TRANSPOSED[x.ndim - 2](x, kernel, bias, strides, crop, longer, 1, dilation)
    for axis, length in enumerate(lengths, 2):
        if y.shape[axis] > length:
            y = y.narrow(axis, 0, length)
    return torch.permute(y, FROM_TORCH[y.ndim]) if last else y


def full_transposed(
    x: torch.Tensor, kernel: torch.Tensor, strides: Sequence[int], dilation: Sequence[int]
) -> torch.Tensor:
    """The whole transposed convolution, channels first, before anything is cropped."""
    n = x.ndim - 2
    if _has_single_weights(kernel, strides):
        lengths = [(size - 1) * stride + 1 for size, stride in zip(x.shape[2:], strides)]
        return _spread(_TRANSPOSED[n](x, kernel), strides, lengths)
    return _TRANSPOSED[n](x, kernel, None, tuple(strides), 0, 0, 1, tuple(dilation))


def _has_single_weights(kernel: torch.Tensor, strides: Sequence[int]) -> bool:
    """Whether oneDNN's backward pass would write beyond its buffers (torch 2.13, see ``convolve``)."""
    return kernel.shape[2:].numel() == 1 and max(strides) > 1


def _spread(x: torch.Tensor, strides: Sequence[int], lengths: list[int]) -> torch.Tensor:
    """The values of ``x``, channels first, ``strides`` apart from each other among zeros."""
    spread = x.new_zeros(*x.shape[:2], *lengths)
    spread[(..., *(slice(None, (n - 1) * s + 1, s) for n, s in zip(x.shape[2:], strides)))] = x
    return spread


def transposed_length(
    size: int | None, window: int, stride: int, padding: str, output_padding: int | None = None, dilation: int = 1
) -> int | None:
    """Length of one axis after a transposed convolution; ``None`` for an unknown one."""
    if size is None:
        return None
    reach = (window - 1) * dilation + 1
    if output_padding is None:
        return size * stride + (max(reach - stride, 0) if padding == "valid" else 0)
    return (size - 1) * stride + reach - (2 * (reach // 2) if padding == "same" else 0) + output_padding


# keras.ops ------------------------------------------------------------------------------------------------------------


@op
def conv(
    inputs: Array,
    kernel: Array,
    strides: int | tuple = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: int | tuple = 1,
) -> Any:
    """The N-D convolution of a batch with ``kernel``.

    Args:
        inputs: (batch, *spatial, channels), or channels first.
        kernel: (*window, channels / groups, out channels).
        padding: "valid", "same", or "causal" with one spatial axis.

    Raises:
        ValueError: ranks, channels or arguments do not fit, or both strides and dilation are larger than 1.
    """
    n, data_format, padding = _settle(inputs, data_format, padding, ("valid", "same", "causal"))
    strides, dilation = tuple_of(strides, n, "strides"), tuple_of(dilation_rate, n, "dilation_rate")
    if max(strides) > 1 and max(dilation) > 1:
        raise fail(
            ValueError,
            "`strides > 1` not supported in conjunction with `dilation_rate > 1`",
            received=f"strides={strides} and dilation_rate={dilation}",
        )
    _check_rank(kernel, n + 2, "kernel")
    channels, wanted = _channels(inputs, data_format), kernel.shape[-2]
    if wanted == 0 or channels % wanted or kernel.shape[-1] % (channels // wanted):
        raise fail(
            ValueError,
            "The number of input channels must be evenly divisible by kernel's in_channels, and its output channels "
            "by the number of groups",
            received=f"input channels={channels}, kernel shape={tuple(kernel.shape)}",
        )
    stored = stored_kernel(kernel, data_format)
    return convolve(inputs, stored, None, strides, padding, dilation, channels // wanted, data_format)


@op
def conv_transpose(
    inputs: Array,
    kernel: Array,
    strides: int | tuple = 1,
    padding: str = "valid",
    output_padding: int | tuple | None = None,
    data_format: str | None = None,
    dilation_rate: int | tuple = 1,
) -> Any:
    """The N-D transposed convolution of a batch with ``kernel``.

    Args:
        inputs: (batch, *spatial, channels), or channels first.
        kernel: (*window, out channels, channels).
        padding: "valid" or "same".
        output_padding: smaller than ``strides``; ``None``: the default length, ``size · stride`` with "same".

    Raises:
        ValueError: ranks, channels or arguments do not fit.
    """
    n, data_format, padding = _settle(inputs, data_format, padding, ("valid", "same"))
    strides, dilation = tuple_of(strides, n, "strides"), tuple_of(dilation_rate, n, "dilation_rate")
    _check_rank(kernel, n + 2, "kernel")
    _check_channels(inputs, kernel.shape[-1], data_format)
    extra: tuple = (None,) * n
    if output_padding is not None:
        extra = tuple_of(output_padding, n, "output_padding", allow_zero=True)
        if any(more >= stride for more, stride in zip(extra, strides, strict=True)):
            raise fail(
                ValueError,
                "`output_padding` must be smaller than `strides`",
                received=f"output_padding={output_padding}, strides={strides}",
            )
    stored = stored_kernel(kernel, data_format)
    return convolve_transpose(inputs, stored, None, strides, padding, extra, dilation, data_format)


@op
def depthwise_conv(
    inputs: Array,
    kernel: Array,
    strides: int | tuple = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: int | tuple = 1,
) -> Any:
    """The N-D convolution of each channel with its own ``multiplier`` kernels.

    Args:
        inputs: (batch, *spatial, channels), or channels first.
        kernel: (*window, channels, multiplier); output channel ``c · multiplier + m`` comes from channel c.
        padding: "valid" or "same".

    Raises:
        ValueError: ranks, channels or arguments do not fit.
    """
    n, data_format, padding = _settle(inputs, data_format, padding, ("valid", "same"))
    strides, dilation = tuple_of(strides, n, "strides"), tuple_of(dilation_rate, n, "dilation_rate")
    _check_rank(kernel, n + 2, "kernel")
    _check_channels(inputs, kernel.shape[-2], data_format)
    stored = kernel.flatten(-2).movedim(-1, 0).unsqueeze(1)
    return depthwise(inputs, stored, None, strides, padding, dilation, data_format)


@op
def separable_conv(
    inputs: Array,
    depthwise_kernel: Array,
    pointwise_kernel: Array,
    strides: int | tuple = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: int | tuple = 1,
) -> Any:
    """A depthwise convolution followed by one with a window of size 1 that mixes the channels.

    Args:
        inputs: (batch, *spatial, channels), or channels first.
        depthwise_kernel: (*window, channels, multiplier).
        pointwise_kernel: (1, ..., 1, channels · multiplier, out channels).

    Raises:
        ValueError: ranks, channels or arguments do not fit.
    """
    y = depthwise_conv.raw(inputs, depthwise_kernel, strides, padding, data_format, dilation_rate)
    return conv.raw(y, pointwise_kernel, data_format=data_format)


# arguments ------------------------------------------------------------------------------------------------------------


def check_data_format(data_format: str | None) -> str:
    """``data_format``, or the default one of ``keras.config``.

    Raises:
        ValueError: it is neither "channels_first" nor "channels_last".
    """
    chosen = settings.image_data_format if data_format is None else str(data_format).lower()
    if chosen not in ("channels_first", "channels_last"):
        raise fail(
            ValueError,
            "The `data_format` argument must be one of {'channels_first', 'channels_last'}",
            received=f"data_format={data_format}",
        )
    return chosen


def check_padding(padding: str, allowed: tuple[str, ...]) -> str:
    """``padding`` in lower case.

    Raises:
        ValueError: it is not one of ``allowed``.
    """
    lower = padding.lower() if isinstance(padding, str) else None
    if lower not in allowed:
        names = ", ".join(f"'{name}'" for name in allowed)
        raise fail(ValueError, f"The `padding` argument must be one of {names}", received=f"padding={padding}")
    return lower


def _settle(inputs: torch.Tensor, data_format: str | None, padding: str, paddings: tuple) -> tuple[int, str, str]:
    """The number of spatial axes, the data format and the padding of a call."""
    if not 3 <= inputs.ndim <= 5:
        raise fail(
            ValueError,
            "`inputs` must have 1, 2 or 3 spatial axes",
            "rank 3, 4 or 5",
            f"inputs.shape={tuple(inputs.shape)}",
        )
    padding = check_padding(padding, paddings)
    if padding == "causal" and inputs.ndim != 3:
        raise fail(ValueError, "'causal' padding is for one spatial axis", received=f"inputs.ndim={inputs.ndim}")
    return inputs.ndim - 2, check_data_format(data_format), padding


def stored_kernel(kernel: torch.Tensor, data_format: str) -> torch.Tensor:
    """A kernel (\\*window, a, b) as torch takes it, (b, a, \\*window).

    A copy with canonical strides: where an axis has length 1, torch's backward pass fails on those of a permuted view.
    """
    n = kernel.ndim - 2
    memory_format = _CHANNELS_LAST.get(n) if data_format == "channels_last" else None
    return kernel.permute(n + 1, n, *range(n)).clone(memory_format=memory_format or torch.contiguous_format)


def _channels(inputs: torch.Tensor, data_format: str) -> int:
    return inputs.shape[1] if data_format == "channels_first" else inputs.shape[-1]


def _check_rank(kernel: torch.Tensor, rank: int, name: str) -> None:
    if kernel.ndim != rank:
        raise fail(ValueError, f"`{name}` does not fit `inputs`", f"rank {rank}", f"{name}.shape={tuple(kernel.shape)}")


def _check_channels(inputs: torch.Tensor, wanted: int, data_format: str) -> None:
    channels = _channels(inputs, data_format)
    if channels != wanted:
        raise fail(
            ValueError,
            "The number of input channels must match the kernel's input channels",
            received=f"input channels={channels}, kernel input channels={wanted}, data_format='{data_format}'",
        )
