"""Convolution layers with 1, 2 and 3 spatial axes, and what the layers of ``conv_transpose`` and ``conv_depthwise`` share.

Users see kernels as Keras has them, (\\*window, in, out) and for transposed ones (\\*window, out, in). They are stored as
torch's kernels want them, (out, in, \\*window) and (in, out, \\*window), and in memory as the data: with the channels
innermost for channels-last data. So neither data nor kernel is copied.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from kerasish import activations, constraints, initializers, regularizers
from kerasish.core import registry
from kerasish.core.autodiff import on_raw_tensors
from kerasish.core.dtypes import to_torch
from kerasish.core.layout import Layout
from kerasish.core.shape import channels_axis, tuple_of, window_output
from kerasish.core.symbolic import KerasTensor
from kerasish.core.variable import Weight
from kerasish.layers.adapters import LowRank, large_weight, stored_weight
from kerasish.layers.core import known_axis
from kerasish.layers.input_spec import InputSpec
from kerasish.layers.layer import Layer
from kerasish.ops.conv import (
    CONV,
    FROM_TORCH,
    TO_TORCH,
    check_data_format,
    check_padding,
    conv,
    convolve,
    is_misread,
    settled_padding,
    spatial_axis,
)


class _SequenceLayout(Layout):
    """The layout of kernels with one spatial axis, which ``convolve`` takes for two, the first of length 1."""

    def allocate(self, logical: torch.Tensor) -> torch.Tensor:
        stored = self.to_stored(logical).unsqueeze(2)
        return stored.clone(memory_format=torch.channels_last).squeeze(2)


LAYOUTS = {  # by data format and number of spatial axes: (*window, in, out) is stored as (out, in, *window)
    "channels_last": {
        1: _SequenceLayout((2, 1, 0)),
        2: Layout((2, 3, 1, 0), torch.channels_last),
        3: Layout((2, 3, 4, 1, 0), torch.channels_last_3d),
    },
    "channels_first": {1: Layout((2, 1, 0)), 2: Layout((2, 3, 1, 0)), 3: Layout((2, 3, 4, 1, 0))},
}


class WindowLayer(Layer):
    """What all convolution layers share: the window's arguments, shapes, weights, the activation.

    A subclass has ``rank`` spatial axes and states ``_convolve``, the computation without the activation.
    """

    _compute_bound = True

    rank: int
    _paddings: tuple[str, ...] = ("valid", "same")
    _keras_2_leftovers: tuple[str, ...] = ("groups",)  # what Keras 2 put into configs of layers that do not use it

    def __init__(
        self,
        kernel_size: Any,
        strides: Any,
        padding: str,
        data_format: str | None,
        dilation_rate: Any,
        activation: Any,
        use_bias: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.kernel_size = tuple_of(kernel_size, self.rank, "kernel_size")
        self.strides = tuple_of(strides, self.rank, "strides")
        self.padding = check_padding(padding, self._paddings)
        self.data_format = check_data_format(data_format)
        self.dilation_rate = tuple_of(dilation_rate, self.rank, "dilation_rate")
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.input_spec = InputSpec(min_ndim=self.rank + 2, max_ndim=self.rank + 2)

    def _refuse_stride_with_dilation(self) -> None:
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                "`strides > 1` not supported in conjunction with `dilation_rate > 1`. "
                f"Received: strides={self.strides} and dilation_rate={self.dilation_rate}"
            )

    @classmethod
    def from_config(cls, config: dict) -> Any:
        if registry.is_builtin(cls):
            config = {key: value for key, value in config.items() if key not in cls._keras_2_leftovers}
        return super().from_config(config)

    # building

    def _settle_channels(self, input_shape: Any) -> int:
        """The number of input channels, which later inputs must have too."""
        self.compute_output_shape(input_shape)  # raises if nothing would be left
        axis = 1 if self.data_format == "channels_first" else -1
        channels = known_axis(input_shape, axis, self)
        self.input_spec = InputSpec(min_ndim=self.rank + 2, max_ndim=self.rank + 2, axes={axis: channels})
        return channels

    def _add(self, name: str, role: str, shape: tuple, layout: Layout | None = None) -> Weight:
        """A weight with the initializer, regularizer and constraint of its role: "kernel", "bias", "depthwise" ..."""
        return self.add_weight(
            name=name,
            shape=shape,
            initializer=getattr(self, f"{role}_initializer"),
            regularizer=getattr(self, f"{role}_regularizer"),
            constraint=getattr(self, f"{role}_constraint"),
            layout=layout,
        )

    # computing

    def call(self, inputs: torch.Tensor) -> torch.Tensor:
        if not inputs.is_floating_point():
            inputs = inputs.to(to_torch(self.compute_dtype))
        try:
            outputs = self._convolve(inputs)
        except RuntimeError:
            self.compute_output_shape(inputs.shape)  # words it if the shape is at fault
            raise
        return activations.raw(self.activation)(outputs)

    def _convolve(self, inputs: torch.Tensor) -> torch.Tensor:
        raise NotImplementedError

    # shapes

    def _output_shape(self, input_shape: Any, channels: int) -> tuple:
        """The shape after a convolution to so many channels."""
        rank, shape = self.rank, list(input_shape)
        self._check_rank(shape)
        first = spatial_axis(self.data_format)
        for i in range(rank):
            shape[first + i] = window_output(
                shape[first + i], self.kernel_size[i], self.strides[i], self.padding, self.dilation_rate[i]
            )
            self._refuse_empty(shape[first + i], input_shape)
        shape[channels_axis(self.data_format, rank + 2)] = channels
        return tuple(shape)

    def _refuse_empty(self, length: int | None, input_shape: Any) -> None:
        if length is not None and length <= 0:
            raise ValueError(
                f"Computed output size would be zero or negative. Received `inputs shape={tuple(input_shape)}`, "
                f"`kernel_size={self.kernel_size}`, `dilation_rate={self.dilation_rate}`, `strides={self.strides}`, "
                f"`padding={self.padding}`."
            )

    def _check_rank(self, shape: list) -> None:
        if len(shape) != self.rank + 2:
            raise ValueError(
                f"Layer '{self.name}' of type {type(self).__name__} expects inputs of rank {self.rank + 2}. "
                f"Received: input_shape={tuple(shape)}"
            )


def positive(value: Any, name: str) -> int:
    """``value``, the argument ``name``, as an int.

    Raises:
        ValueError: it is not a positive integer.
    """
    whole = hasattr(value, "__index__") or (isinstance(value, float) and value.is_integer())
    if not whole or value <= 0:
        raise ValueError(
            f"Invalid value for argument `{name}`. Expected a strictly positive value. Received {name}={value}."
        )
    return int(value)


# convolutions ---------------------------------------------------------------------------------------------------------


class Convolution(LowRank, WindowLayer):
    """The common part of ``Conv1D``, ``Conv2D`` and ``Conv3D``: ``activation(convolution(inputs, kernel) + bias)``.

    Args:
        filters: number of output channels.
        kernel_size, strides, dilation_rate: an integer, or one for each spatial axis; strides and dilation cannot both
            be larger than 1.
        padding: "valid"; "same" adds zeros so that stride 1 keeps the length, the odd one at the end; ``Conv1D`` also has
            "causal", which adds them all before the sequence, so that no output depends on later inputs.
        data_format: "channels_last" or "channels_first"; default: the image data format.
        groups: into how many equal parts the channels are split; each part of the outputs is computed from one part of
            the inputs.
        activation: name or function; default: none.
        use_bias: whether ``bias`` is added.
        kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, activity_regularizer,
        kernel_constraint, bias_constraint: names, objects or configs.
        lora_rank, lora_alpha: as of ``enable_lora``, which is then called when the layer is built.

    ``kernel`` has the shape ``(*kernel_size, channels / groups, filters)``.

    Raises:
        ValueError: an argument is out of its range, or the inputs are smaller than the window.
    """

    _keras_2_leftovers = ()
    _settled = ("activation", "use_bias", "strides", "padding", "data_format", "dilation_rate", "groups")
    kernel = large_weight("kernel")
    _kernel = stored_weight("kernel")

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        groups: int = 1,
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
        adapters = kwargs.pop("lora_rank", None), kwargs.pop("lora_alpha", None)
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
        self._take_adapter_arguments(*adapters)
        self.filters = positive(filters, "filters")
        self.groups = groups
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        if not hasattr(groups, "__index__") or groups <= 0:
            raise ValueError(f"The number of groups must be a positive integer. Received: groups={groups}.")
        if self.filters % groups:
            raise ValueError(
                "The number of filters must be evenly divisible by the number of groups. "
                f"Received: groups={groups}, filters={filters}."
            )
        self._refuse_stride_with_dilation()

    def build(self, input_shape: Any) -> None:
        channels = self._settle_channels(input_shape)
        if channels % self.groups:
            raise ValueError(
                "The number of input channels must be evenly divisible by the number of groups. Received "
                f"groups={self.groups}, but the input has {channels} channels (full input shape is {tuple(input_shape)})."
            )
        shape = (*self.kernel_size, channels // self.groups, self.filters)
        self.kernel = self._add("kernel", "kernel", shape, LAYOUTS[self.data_format][self.rank])
        self.bias = self._add("bias", "bias", (self.filters,)) if self.use_bias else None
        self._end_build()

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        """The convolution without bias and activation; a subclass may override it, to change the kernel for example."""
        return conv(inputs, kernel, self.strides, self.padding, self.data_format, self.dilation_rate)

    def _effective(self) -> torch.Tensor:
        return self._with_adapters(self._value(self._stored))

    def _convolve(self, inputs: torch.Tensor) -> torch.Tensor:
        weights = self._parameters
        if type(self).convolution_op is not Convolution.convolution_op or self._adapted:
            kernel = self._effective() if self._adapted else self.kernel.logical
            outputs = on_raw_tensors(self.convolution_op)(inputs, kernel)
            if not self.use_bias:
                return outputs
            bias = weights["bias"]
            return outputs + (bias if self.data_format == "channels_last" else bias.reshape(-1, *(1,) * self.rank))
        return convolve(
            inputs,
            weights["kernel"],
            weights["bias"] if self.use_bias else None,
            self.strides,
            self.padding,
            self.dilation_rate,
            self.groups,
            self.data_format,
        )

    def _lowered(self, inputs: KerasTensor, training: bool) -> tuple[Callable, ...] | None:
        ours = type(self).convolution_op is Convolution.convolution_op and type(self)._convolve is Convolution._convolve
        if not ours or self._adapted or not inputs.dtype.is_floating or len(inputs.shape) != self.rank + 2:
            return None
        one = (1,) if self.rank == 1 else ()  # a sequence is an image of one row
        strides, dilation, groups = one + self.strides, one + self.dilation_rate, self.groups
        zeros = (
            None
            if self.padding == "causal"
            else settled_padding(one + self.kernel_size, strides, self.padding, dilation)
        )
        if zeros is None or (one and self.data_format == "channels_first"):
            return None
        weights, biased, refuse, function = (
            self._parameters,
            self.use_bias,
            self.compute_output_shape,
            CONV[len(strides)],
        )
        there, back, permute = TO_TORCH[len(strides) + 2], FROM_TORCH[len(strides) + 2], torch.permute
        if self.data_format == "channels_last" and is_misread(inputs.shape[-1], strides):
            return None

        def channels_last(x: torch.Tensor) -> torch.Tensor:
            try:
                bias = weights["bias"] if biased else None
                y = function(permute(x, there), weights["kernel"], bias, strides, zeros, dilation, groups)
                return permute(y, back)
            except RuntimeError:
                refuse(x.shape)  # words it if the shape is at fault
                raise

        def channels_first(x: torch.Tensor) -> torch.Tensor:
            try:
                bias = weights["bias"] if biased else None
                return function(x, weights["kernel"], bias, strides, zeros, dilation, groups)
            except RuntimeError:
                refuse(x.shape)
                raise

        def sequence(x: torch.Tensor) -> torch.Tensor:
            try:
                kernel, bias = weights["kernel"].unsqueeze(2), weights["bias"] if biased else None
                y = function(permute(x.unsqueeze(1), there), kernel, bias, strides, zeros, dilation, groups)
                return permute(y, back).squeeze(1)
            except RuntimeError:
                refuse(x.shape)
                raise

        images = channels_first if self.data_format == "channels_first" else channels_last
        return sequence if one else images, *activations.on_floats(self.activation)

    def compute_output_shape(self, input_shape: Any) -> tuple:
        return self._output_shape(input_shape, self.filters)


class Conv1D(Convolution):
    """A convolution along time: ``activation(convolution(inputs, kernel) + bias)``.

    Arguments: see ``Convolution``.

    Input shape: ``(batch, time, channels)``, or channels first. Output shape: ``(batch, new time, filters)``.

    >>> Conv1D(8, 3, padding="causal")(np.ones((2, 10, 4))).shape
    TensorShape([2, 10, 8])
    """

    rank = 1
    _paddings = ("valid", "same", "causal")


class Conv2D(Convolution):
    """A convolution over height and width: ``activation(convolution(inputs, kernel) + bias)``.

    Arguments: see ``Convolution``.

    Input shape: ``(batch, height, width, channels)``, or channels first.
    Output shape: ``(batch, new height, new width, filters)``, or channels first.

    >>> Conv2D(8, 3, strides=2, padding="same", activation="relu")(np.ones((2, 28, 28, 1))).shape
    TensorShape([2, 14, 14, 8])
    """

    rank = 2


class Conv3D(Convolution):
    """A convolution over depth, height and width: ``activation(convolution(inputs, kernel) + bias)``.

    Arguments: see ``Convolution``.

    Input shape: ``(batch, depth, height, width, channels)``, or channels first.
    Output shape: ``(batch, new depth, new height, new width, filters)``, or channels first.
    """

    rank = 3


Convolution1D, Convolution2D, Convolution3D = Conv1D, Conv2D, Conv3D
