"""Transposed convolution layers with 1, 2 and 3 spatial axes."""

from __future__ import annotations

from typing import Any

import torch

from kerasish import constraints, initializers, regularizers
from kerasish.core.shape import channels_axis, tuple_of
from kerasish.layers.conv import LAYOUTS, WindowLayer, positive
from kerasish.ops.conv import convolve_transpose, spatial_axis, transposed_length


class TransposedConvolution(WindowLayer):
    """The common part of ``Conv1DTranspose``, ``Conv2DTranspose`` and ``Conv3DTranspose``.

    The transposed convolution is the gradient of a convolution with respect to its inputs: strides make the outputs longer.

    Args:
        filters: number of output channels.
        kernel_size, strides, dilation_rate: an integer, or one for each spatial axis; strides and dilation cannot both
            be larger than 1.
        padding: "valid", or "same": the outputs are ``strides`` times as long as the inputs.
        output_padding: an integer, or one for each spatial axis, smaller than ``strides``: how much longer than
            ``(length - 1) · strides + window - 2 · cropped`` the outputs are, where "same" crops half of the window;
            default: the length that ``padding`` says.
        data_format: "channels_last" or "channels_first"; default: the image data format. By position, it may also come
            before ``output_padding``, as in Keras 3's Conv3DTranspose.
        activation: name or function; default: none.
        use_bias: whether ``bias`` is added.
        kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, activity_regularizer,
        kernel_constraint, bias_constraint: names, objects or configs.

    ``kernel`` has the shape ``(*kernel_size, filters, channels)``.

    Raises:
        ValueError: an argument is out of its range.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        output_padding: Any = None,
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        if isinstance(output_padding, str):
            output_padding, data_format = data_format, output_padding
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
        self.output_padding = self._check_output_padding(output_padding)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self._refuse_stride_with_dilation()

    def _check_output_padding(self, value: Any) -> tuple | None:
        if value is None:
            return None
        extra = tuple_of(value, self.rank, "output_padding", allow_zero=True)
        for axis, (more, stride) in enumerate(zip(extra, self.strides)):
            if more >= stride:
                raise ValueError(
                    f"`output_padding` must be strictly less than `strides` for all dimensions. At dimension {axis}, "
                    f"`output_padding` is {more} but `strides` is {stride}. "
                    f"Received: output_padding={extra}, strides={self.strides}"
                )
        return extra

    def build(self, input_shape: Any) -> None:
        channels = self._settle_channels(input_shape)
        self.kernel = self._add(
            "kernel", "kernel", (*self.kernel_size, self.filters, channels), LAYOUTS[self.data_format][self.rank]
        )
        self.bias = self._add("bias", "bias", (self.filters,)) if self.use_bias else None

    def _convolve(self, inputs: torch.Tensor) -> torch.Tensor:
        return convolve_transpose(
            inputs,
            self._parameters["kernel"],
            self._parameters["bias"] if self.use_bias else None,
            self.strides,
            self.padding,
            self.output_padding or (None,) * self.rank,
            self.dilation_rate,
            self.data_format,
        )

    def compute_output_shape(self, input_shape: Any) -> tuple:
        shape = list(input_shape)
        self._check_rank(shape)
        first, extra = spatial_axis(self.data_format), self.output_padding or (None,) * self.rank
        for i in range(self.rank):
            shape[first + i] = transposed_length(
                shape[first + i], self.kernel_size[i], self.strides[i], self.padding, extra[i], self.dilation_rate[i]
            )
            self._refuse_empty(shape[first + i], input_shape)
        shape[channels_axis(self.data_format, self.rank + 2)] = self.filters
        return tuple(shape)


class Conv1DTranspose(TransposedConvolution):
    """A transposed convolution along time.

    Arguments: see ``TransposedConvolution``.

    Input shape: ``(batch, time, channels)``, or channels first. Output shape: ``(batch, new time, filters)``.

    >>> Conv1DTranspose(8, 3, strides=2, padding="same")(np.ones((2, 10, 4))).shape
    TensorShape([2, 20, 8])
    """

    rank = 1


class Conv2DTranspose(TransposedConvolution):
    """A transposed convolution over height and width.

    Arguments: see ``TransposedConvolution``.

    Input shape: ``(batch, height, width, channels)``, or channels first.
    Output shape: ``(batch, new height, new width, filters)``, or channels first.

    >>> Conv2DTranspose(8, 4, strides=2, padding="same")(np.ones((2, 7, 7, 4))).shape
    TensorShape([2, 14, 14, 8])
    """

    rank = 2


class Conv3DTranspose(TransposedConvolution):
    """A transposed convolution over depth, height and width.

    Arguments: see ``TransposedConvolution``.

    Input shape: ``(batch, depth, height, width, channels)``, or channels first.
    Output shape: ``(batch, new depth, new height, new width, filters)``, or channels first.
    """

    _config_first = ("filters", "kernel_size", "strides", "padding", "output_padding")

    rank = 3

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        output_padding: Any = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:  # Keras has the data format before the output padding here
        if data_format is not None and not isinstance(data_format, str):
            output_padding, data_format = data_format, output_padding
        super().__init__(
            filters, kernel_size, strides, padding, output_padding, data_format, dilation_rate, activation, use_bias,
            kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, activity_regularizer,
            kernel_constraint, bias_constraint, **kwargs,
        )  # fmt: skip


Convolution1DTranspose = Conv1DTranspose
Convolution2DTranspose = Conv2DTranspose
Convolution3DTranspose = Conv3DTranspose
