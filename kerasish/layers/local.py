"""LocallyConnected1D and LocallyConnected2D: convolutions whose kernel differs from place to place (Keras 2's)."""

from __future__ import annotations

import math
from typing import Any

import torch

from kerasish import constraints, initializers, regularizers
from kerasish.core.dispatch import Array, op
from kerasish.core.dtypes import to_torch
from kerasish.core.errors import fail
from kerasish.layers.conv import WindowLayer, positive
from kerasish.ops.conv import spatial_axis


@op
def local_convolution(x: Array, kernel: Array, window: tuple, strides: tuple, sizes: tuple, first: bool) -> Any:
    """Windows of x, each multiplied by the matrix of its place.

    Args:
        x: (batch, \\*spatial, channels), or channels first.
        kernel: (places, window · channels, filters); channels are the innermost of the second axis unless they are first.
        sizes: how many windows there are along each spatial axis.

    Returns:
        A tensor of shape (batch, \\*sizes, filters), or with the filters first.
    """
    rank, sizes = len(window), tuple(int(size) for size in sizes)
    if first:
        x = x.movedim(1, -1)
    for axis, (size, k, stride) in enumerate(zip(sizes, window, strides), 1):
        x = x.unfold(axis, k, stride).narrow(axis, 0, size)
    order = range(rank + 1, 2 * rank + 2)  # channels, then the window's axes
    inner = order if first else (*order[1:], order[0])
    columns = x.permute(0, *range(1, rank + 1), *inner).flatten(rank + 1).flatten(1, rank)
    y = torch.einsum("bpk,pkf->bpf", columns, kernel).unflatten(1, sizes)
    return y.movedim(-1, 1) if first else y


class LocallyConnected(WindowLayer):
    """The common part of ``LocallyConnected1D`` and ``LocallyConnected2D``.

    Args:
        filters: number of output channels.
        kernel_size, strides: an integer, or one for each spatial axis.
        padding: "valid"; "same" with implementations 2 and 3.
        data_format: "channels_last" or "channels_first"; default: the image data format.
        activation: name or function; default: none.
        use_bias: whether ``bias``, one number for each element of an output, is added.
        kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, activity_regularizer,
        kernel_constraint, bias_constraint: names, objects or configs.
        implementation: how the kernel is stored: 1: a matrix for each place, (places, window · channels, filters); 2: one
            for all inputs and outputs, of which what lies outside of the windows counts as 0; 3: a vector of what lies
            inside.

    Raises:
        ValueError: "same" with implementation 1, or a spatial size is unknown or smaller than the window.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        implementation: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            kernel_size, strides, padding, data_format, 1, activation, use_bias,
            activity_regularizer=activity_regularizer, **kwargs,
        )  # fmt: skip
        if implementation not in (1, 2, 3):
            raise ValueError(f"Unrecognized implementation mode: {implementation}.")
        if self.padding != "valid" and implementation == 1:
            raise ValueError(
                f"Invalid border mode for {type(self).__name__} (only 'valid' is supported if implementation is 1): "
                f"{padding}"
            )
        self.filters = positive(filters, "filters")
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.implementation = implementation

    @property
    def _first(self) -> bool:
        return self.data_format == "channels_first"

    def _shaped(self, channels: int, sizes: tuple) -> tuple:
        return (channels, *sizes) if self._first else (*sizes, channels)

    def build(self, input_shape: Any) -> None:
        start = spatial_axis(self.data_format)
        sizes = tuple(input_shape)[start : start + self.rank]
        if None in sizes:
            raise fail(
                ValueError,
                f"The spatial dimensions of the inputs to layer '{self.name}' should be fully-defined",
                received=f"input_shape={tuple(input_shape)}",
            )
        channels = self._settle_channels(input_shape)
        outputs = self.compute_output_shape(input_shape)[start : start + self.rank]
        self.__dict__.update(_sizes=sizes, _outputs=outputs, _channels=channels)
        if self.implementation == 1:
            shape: tuple = (math.prod(outputs), math.prod(self.kernel_size) * channels, self.filters)
        elif self.implementation == 2:
            shape = (*self._shaped(channels, sizes), *self._shaped(self.filters, outputs))
        else:
            shape = (int(self._inside("cpu").sum()),)
        self.kernel = self._add("kernel", "kernel", shape)
        self.bias = self._add("bias", "bias", (*outputs, self.filters)) if self.use_bias else None

    def _inside(self, device: Any) -> torch.Tensor:
        """Which inputs each output depends on: booleans (\\*inputs of a sample, \\*outputs of a sample)."""
        rank, places = self.rank, torch.ones((), dtype=torch.bool, device=device)
        for axis, (size, count, k, stride) in enumerate(
            zip(self._sizes, self._outputs, self.kernel_size, self.strides, strict=True)
        ):
            before = k // 2 if self.padding == "same" else 0
            offset = torch.arange(size, device=device)[:, None] - torch.arange(count, device=device) * stride + before
            one = (offset >= 0) & (offset < k)
            shape = [1] * (2 * rank)
            shape[axis], shape[rank + axis] = size, count
            places = places & one.reshape(shape)
        side = 0 if self._first else rank
        spread = places.unsqueeze(side).unsqueeze((0 if self._first else rank) + rank + 1)
        shape = (*self._shaped(self._channels, self._sizes), *self._shaped(self.filters, self._outputs))
        return spread.expand(shape)

    def _matrix(self, kernel: torch.Tensor) -> torch.Tensor:
        """The kernel as one matrix, (inputs of a sample, outputs of a sample)."""
        inside = self._inside(kernel.device)
        if self.implementation == 2:
            return (kernel * inside).flatten(0, self.rank).flatten(1)
        matrix = inside.flatten(0, self.rank).flatten(1).T
        return torch.zeros(matrix.shape, dtype=kernel.dtype, device=kernel.device).masked_scatter(matrix, kernel).T

    def _convolve(self, inputs: torch.Tensor) -> torch.Tensor:
        kernel = self._parameters["kernel"].to(to_torch(self.compute_dtype))
        if self.implementation == 1:
            y = local_convolution.raw(inputs, kernel, self.kernel_size, self.strides, self._outputs, self._first)
        else:
            y = (inputs.flatten(1) @ self._matrix(kernel)).unflatten(1, self._shaped(self.filters, self._outputs))
        if not self.use_bias:
            return y
        bias = self._parameters["bias"]
        return y + (bias.movedim(-1, 0) if self._first else bias)

    def compute_output_shape(self, input_shape: Any) -> tuple:
        return self._output_shape(input_shape, self.filters)


class LocallyConnected1D(LocallyConnected):
    """A convolution along time whose kernel differs from place to place.

    Arguments: see ``LocallyConnected``.

    Input shape: ``(batch, time, channels)``, or channels first. Output shape: ``(batch, new time, filters)``.
    """

    rank = 1


class LocallyConnected2D(LocallyConnected):
    """A convolution over height and width whose kernel differs from place to place.

    Arguments: see ``LocallyConnected``.

    Input shape: ``(batch, height, width, channels)``, or channels first.
    Output shape: ``(batch, new height, new width, filters)``, or channels first.
    """

    rank = 2
