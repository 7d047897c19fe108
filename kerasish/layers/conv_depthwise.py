"""Convolution layers that keep channels apart: depthwise ones, and separable ones, which mix the channels afterwards.

Users see depthwise kernels as Keras has them, (\\*window, channels, multiplier); they are stored (channels, multiplier,
\\*window), which torch's kernel reads as (channels · multiplier, 1, \\*window) without a copy.
"""

from __future__ import annotations

from typing import Any

import torch

from kerasish import constraints, initializers, regularizers
from kerasish.core.layout import Layout
from kerasish.layers.conv import LAYOUTS, WindowLayer, positive
from kerasish.ops.conv import convolve, depthwise

_DEPTHWISE_LAYOUTS = {1: Layout((2, 0, 1)), 2: Layout((2, 3, 0, 1)), 3: Layout((2, 3, 4, 0, 1))}


class ChannelwiseLayer(WindowLayer):
    """What depthwise and separable layers share: ``depth_multiplier`` kernels for each channel."""

    depth_multiplier: int

    def _depthwise_shape(self, channels: int) -> tuple:
        return (*self.kernel_size, channels, self.depth_multiplier)

    def _convolve_channels(self, inputs: torch.Tensor, kernel: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
        flat = kernel.flatten(0, 1).unsqueeze(1)
        return depthwise(inputs, flat, bias, self.strides, self.padding, self.dilation_rate, self.data_format)


# depthwise ------------------------------------------------------------------------------------------------------------


class DepthwiseConvolution(ChannelwiseLayer):
    """The common part of ``DepthwiseConv1D`` and ``DepthwiseConv2D``: each channel convolved with kernels of its own.

    Args:
        kernel_size, strides, dilation_rate: an integer, or one for each spatial axis.
        padding: "valid", or "same": zeros are added so that stride 1 keeps the length, the odd one at the end.
        depth_multiplier: how many output channels are computed from each input channel.
        data_format: "channels_last" or "channels_first"; default: the image data format.
        activation: name or function; default: none.
        use_bias: whether ``bias`` is added.
        depthwise_initializer, bias_initializer, depthwise_regularizer, bias_regularizer, activity_regularizer,
        depthwise_constraint, bias_constraint: names, objects or configs.

    ``kernel`` has the shape ``(*kernel_size, channels, depth_multiplier)``.

    Raises:
        ValueError: an argument is out of its range, or the inputs are smaller than the window.
    """

    _config_first = ("depth_multiplier",)

    def __init__(
        self,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            kernel_size,
            strides,
            padding,
            data_format,
            dilation_rate,
            activation,
            use_bias,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        self.depth_multiplier = positive(depth_multiplier, "depth_multiplier")
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)
        self.bias_constraint = constraints.get(bias_constraint)

    def build(self, input_shape: Any) -> None:
        channels = self._settle_channels(input_shape)
        shape = self._depthwise_shape(channels)
        self.kernel = self._add("kernel", "depthwise", shape, _DEPTHWISE_LAYOUTS[self.rank])
        self.bias = self._add("bias", "bias", (channels * self.depth_multiplier,)) if self.use_bias else None

    @property
    def depthwise_kernel(self) -> Any:
        """Keras 2's name of ``kernel``."""
        return self.kernel

    def _convolve(self, inputs: torch.Tensor) -> torch.Tensor:
        weights = self._parameters
        return self._convolve_channels(inputs, weights["kernel"], weights["bias"] if self.use_bias else None)

    def compute_output_shape(self, input_shape: Any) -> tuple:
        channels = input_shape[1 if self.data_format == "channels_first" else -1]
        return self._output_shape(input_shape, None if channels is None else channels * self.depth_multiplier)


class DepthwiseConv1D(DepthwiseConvolution):
    """A convolution along time of each channel with its own kernels.

    Arguments: see ``DepthwiseConvolution``.

    Input shape: ``(batch, time, channels)``, or channels first.
    Output shape: ``(batch, new time, channels · depth_multiplier)``; the outputs of a channel stand together.
    """

    rank = 1


class DepthwiseConv2D(DepthwiseConvolution):
    """A convolution over height and width of each channel with its own kernels.

    Arguments: see ``DepthwiseConvolution``.

    Input shape: ``(batch, height, width, channels)``, or channels first.
    Output shape: ``(batch, new height, new width, channels · depth_multiplier)``; the outputs of a channel stand together.

    >>> DepthwiseConv2D(3, depth_multiplier=2)(np.ones((2, 8, 8, 4))).shape
    TensorShape([2, 6, 6, 8])
    """

    rank = 2


# separable ------------------------------------------------------------------------------------------------------------


class SeparableConvolution(ChannelwiseLayer):
    """The common part of ``SeparableConv1D`` and ``SeparableConv2D``.

    A depthwise convolution, then one with a window of size 1 that mixes the channels, then bias and activation.

    Args:
        filters: number of output channels.
        kernel_size, strides, dilation_rate: of the depthwise convolution; an integer, or one for each spatial axis.
        padding: "valid", or "same": zeros are added so that stride 1 keeps the length, the odd one at the end.
        data_format: "channels_last" or "channels_first"; default: the image data format.
        depth_multiplier: how many channels the depthwise convolution makes of each input channel.
        activation: name or function; default: none.
        use_bias: whether ``bias`` is added.
        depthwise_initializer, pointwise_initializer, bias_initializer, depthwise_regularizer, pointwise_regularizer,
        bias_regularizer, activity_regularizer, depthwise_constraint, pointwise_constraint, bias_constraint: names,
        objects or configs.

    ``depthwise_kernel`` has the shape ``(*kernel_size, channels, depth_multiplier)``, ``pointwise_kernel``
    ``(1, ..., 1, channels · depth_multiplier, filters)``.

    Raises:
        ValueError: an argument is out of its range, or the inputs are smaller than the window.
    """

    _config_first = ("depth_multiplier",)

    _keras_2_leftovers = ("groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint")

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            kernel_size,
            strides,
            padding,
            data_format,
            dilation_rate,
            activation,
            use_bias,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        self.filters = positive(filters, "filters")
        self.depth_multiplier = positive(depth_multiplier, "depth_multiplier")
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.pointwise_initializer = initializers.get(pointwise_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.pointwise_regularizer = regularizers.get(pointwise_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)
        self.pointwise_constraint = constraints.get(pointwise_constraint)
        self.bias_constraint = constraints.get(bias_constraint)

    def build(self, input_shape: Any) -> None:
        channels = self._settle_channels(input_shape)
        shape = self._depthwise_shape(channels)
        self.depthwise_kernel = self._add("depthwise_kernel", "depthwise", shape, _DEPTHWISE_LAYOUTS[self.rank])
        shape = (*(1,) * self.rank, channels * self.depth_multiplier, self.filters)
        self.pointwise_kernel = self._add("pointwise_kernel", "pointwise", shape, LAYOUTS[self.data_format][self.rank])
        self.bias = self._add("bias", "bias", (self.filters,)) if self.use_bias else None

    def _convolve(self, inputs: torch.Tensor) -> torch.Tensor:
        weights, ones = self._parameters, (1,) * self.rank
        y = self._convolve_channels(inputs, weights["depthwise_kernel"], None)
        bias = weights["bias"] if self.use_bias else None
        return convolve(y, weights["pointwise_kernel"], bias, ones, "valid", ones, 1, self.data_format)

    def compute_output_shape(self, input_shape: Any) -> tuple:
        return self._output_shape(input_shape, self.filters)


class SeparableConv1D(SeparableConvolution):
    """A depthwise convolution along time followed by a mixing of the channels.

    Arguments: see ``SeparableConvolution``.

    Input shape: ``(batch, time, channels)``, or channels first. Output shape: ``(batch, new time, filters)``.
    """

    rank = 1


class SeparableConv2D(SeparableConvolution):
    """A depthwise convolution over height and width followed by a mixing of the channels.

    Arguments: see ``SeparableConvolution``.

    Input shape: ``(batch, height, width, channels)``, or channels first.
    Output shape: ``(batch, new height, new width, filters)``, or channels first.

    >>> SeparableConv2D(16, 3, padding="same")(np.ones((2, 8, 8, 4))).shape
    TensorShape([2, 8, 8, 16])
    """

    rank = 2


SeparableConvolution1D, SeparableConvolution2D = SeparableConv1D, SeparableConv2D
