"""ConvLSTM1D, ConvLSTM2D, ConvLSTM3D: LSTMs whose products with the inputs and the state are convolutions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from kerasish import activations
from kerasish.core.dtypes import to_torch
from kerasish.core.errors import fail
from kerasish.core.shape import TensorShape, channels_axis, tuple_of, window_output
from kerasish.layers.cells import LSTMCell
from kerasish.layers.configuration import init_arguments
from kerasish.layers.conv import LAYOUTS, positive
from kerasish.layers.core import known_axis
from kerasish.layers.input_spec import InputSpec
from kerasish.layers.recurrent import for_cell, of_cell
from kerasish.layers.rnn import RNN
from kerasish.ops import recurrent
from kerasish.ops.conv import check_data_format, check_padding, convolve, spatial_axis


class ConvLSTMCell(LSTMCell):
    """One step of a convolutional LSTM (Shi et al. 2015); gates in the order i, f, c, o.

    Args:
        rank: number of spatial axes.
        Others: as of ``ConvLSTM``.
    """

    _draws_seed_first = True

    def __init__(
        self,
        rank: int,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            positive(filters, "filters"), activation, recurrent_activation, use_bias, kernel_initializer,
            recurrent_initializer, bias_initializer, unit_forget_bias, kernel_regularizer, recurrent_regularizer,
            bias_regularizer, kernel_constraint, recurrent_constraint, bias_constraint, dropout, recurrent_dropout, seed,
            **kwargs,
        )  # fmt: skip
        if rank > 3:
            raise ValueError(f"Rank {rank} convolutions are not currently implemented. Received: rank={rank}")
        self.rank = rank
        self.filters = self.units
        self.kernel_size = tuple_of(kernel_size, rank, "kernel_size")
        self.strides = tuple_of(strides, rank, "strides")
        self.padding = check_padding(padding, ("valid", "same"))
        self.data_format = check_data_format(data_format)
        self.dilation_rate = tuple_of(dilation_rate, rank, "dilation_rate")
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                "Specifying `strides > 1` is not compatible with `dilation_rate > 1`. Please provide `strides=1` or "
                f"`dilation_rate=1`. Received: strides={self.strides} and dilation_rate={self.dilation_rate}"
            )

    # sizes

    @property
    def state_size(self) -> list:
        """The shapes of the two states without the batch axis; the spatial sizes are known once the cell is built."""
        shape = (None,) * (self.rank + 1) if not self.built else self._state_shape
        return [TensorShape(shape)] * 2

    @property
    def output_size(self) -> Any:
        return self.state_size[0]

    def raw_initial_state(self, batch_size: int, device: torch.device) -> list[torch.Tensor]:
        shape = (batch_size, *self._state_shape)
        return [torch.zeros(shape, dtype=to_torch(self.compute_dtype), device=device) for _ in range(2)]

    def compute_output_shape(self, inputs_shape: Any, states_shape: Any = None) -> tuple:
        shape = list(inputs_shape)
        first = spatial_axis(self.data_format)
        for i in range(self.rank):
            size = window_output(
                shape[first + i], self.kernel_size[i], self.strides[i], self.padding, self.dilation_rate[i]
            )
            if size is not None and size <= 0:
                raise fail(
                    ValueError,
                    "Computed output size would be zero or negative",
                    received=f"inputs_shape={tuple(inputs_shape)}, kernel_size={self.kernel_size}, "
                    f"strides={self.strides}, dilation_rate={self.dilation_rate}, padding={self.padding!r}",
                )
            shape[first + i] = size
        shape[channels_axis(self.data_format, self.rank + 2)] = self.filters
        return tuple(shape), [tuple(shape), tuple(shape)]

    # weights

    def build(self, inputs_shape: Any, states_shape: Any = None) -> None:
        shape = tuple(inputs_shape)
        first = spatial_axis(self.data_format)
        if None in shape[first : first + self.rank]:
            raise ValueError(
                "ConvLSTM layers only support static input shapes for the spatial dimension. "
                f"Received invalid input shape: input_shape={shape}"
            )
        channels = known_axis(shape, channels_axis(self.data_format, self.rank + 2), self)
        self.__dict__["_input_shape"] = shape[1:]
        self.__dict__["_state_shape"] = self.compute_output_shape(shape)[0][1:]
        for name, role, inputs in (("kernel", "kernel", channels), ("recurrent_kernel", "recurrent", self.filters)):
            weight = self.add_weight(
                name=name,
                shape=(*self.kernel_size, inputs, 4 * self.filters),
                initializer=getattr(self, f"{role}_initializer"),
                regularizer=getattr(self, f"{role}_regularizer"),
                constraint=getattr(self, f"{role}_constraint"),
                layout=LAYOUTS[self.data_format][self.rank],
            )
            setattr(self, name, weight)
        self.bias = None
        if self.use_bias:
            self._add_bias((4 * self.filters,), self.bias_initializer, None)

    # computation

    def _project(self, inputs: torch.Tensor, weights: list, masks: list | None) -> torch.Tensor:
        """The inputs' part of the four gates, of (batch, ...) to (batch, ...), the gates along the channels."""
        settings = (self.strides, self.padding, self.dilation_rate, 1, self.data_format)
        kernel, _, bias, _ = weights
        if masks is None:
            return convolve(inputs, kernel, bias, *settings)
        biases = [None] * 4 if bias is None else bias.chunk(4)
        gates = zip(masks, kernel.chunk(4), biases, strict=True)
        return torch.cat([convolve(inputs * m, k, b, *settings) for m, k, b in gates], self._channels)

    @property
    def _channels(self) -> int:
        return 1 if self.data_format == "channels_first" else -1

    def _add_state(self, x: torch.Tensor, hidden: torch.Tensor, kernel: torch.Tensor, masks: list | None) -> Any:
        """The four gates before their activations."""
        ones = (1,) * self.rank
        settings = (None, ones, "same", ones, 1, self.data_format)
        if masks is None:
            return (x + convolve(hidden, kernel, *settings)).chunk(4, self._channels)
        gates = zip(x.chunk(4, self._channels), masks, kernel.chunk(4), strict=True)
        return [part + convolve(hidden * m, k, *settings) for part, m, k in gates]

    def _step(self, weights: list, masks: list | None) -> Callable[[torch.Tensor, list], list]:
        activation, gate = activations.raw(self.activation), activations.raw(self.recurrent_activation)

        def step(x: torch.Tensor, states: list) -> list:
            hidden, cell = states
            i, f, g, o = self._add_state(x, hidden, weights[1], masks)
            cell = gate(f) * cell + gate(i) * activation(g)
            return [gate(o) * activation(cell), cell]

        return step

    def _fused_kernel(self) -> str | None:
        return None

    def take_step(self, inputs: torch.Tensor, states: Any, training: bool | None) -> list:
        weights = self._raw_weights(to_torch(self.compute_dtype))
        inputs, *states = (x.to(weights[0].dtype) for x in (inputs, *states))
        projected = self._project(inputs, weights, self._masks("dropout", inputs, training))
        return self._step(weights, self._masks("recurrent_dropout", states[0], training))(projected, states)

    def run(
        self, inputs: torch.Tensor, states: list, mask: torch.Tensor | None, training: bool | None, fuse: bool
    ) -> tuple[torch.Tensor, list]:
        """Outputs and last states of a sequence (batch, time, ...); the inputs of all steps are convolved at once."""
        if tuple(inputs.shape[2:]) != self._input_shape:
            raise fail(
                ValueError,
                f"Cell '{self.name}' was built for other inputs",
                f"shape=(batch, time, {', '.join(map(str, self._input_shape))})",
                f"shape={tuple(inputs.shape)}",
            )
        weights = self._raw_weights(inputs.dtype)
        batch, time = inputs.shape[:2]
        masks = self._masks("dropout", inputs[:, 0], training)
        if masks is not None:
            masks = [m.repeat_interleave(time, 0) for m in masks]
        projected = self._project(inputs.flatten(0, 1), weights, masks).unflatten(0, (batch, time))
        step = self._step(weights, self._masks("recurrent_dropout", states[0], training))
        self.reset_dropout_mask()
        self.reset_recurrent_dropout_mask()

        def output_and_states(x: torch.Tensor, states: list) -> tuple[torch.Tensor, list]:
            new = step(x, states)
            return new[0], new

        return recurrent.scan(output_and_states, projected.unbind(1), states, mask)


class ConvLSTM(RNN):
    """The common part of ``ConvLSTM1D``, ``ConvLSTM2D`` and ``ConvLSTM3D``.

    Args:
        filters: number of output channels, and of channels of each state.
        kernel_size: an integer, or one for each spatial axis; of both convolutions.
        strides, dilation_rate: of the inputs' convolution; an integer, or one for each spatial axis.
        padding: "valid" or "same", of the inputs' convolution. That of the state keeps its size.
        data_format: "channels_last" or "channels_first"; default: the image data format.
        activation: of the candidate and of the cell state in the output.
        recurrent_activation: of the gates.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer, kernel_regularizer, recurrent_regularizer,
        bias_regularizer, activity_regularizer, kernel_constraint, recurrent_constraint, bias_constraint: names, objects or
            configs.
        unit_forget_bias: whether the forget gate's bias starts at 1.
        dropout, recurrent_dropout: shares of the inputs and of the state to drop in training; one mask serves all steps of
            a batch.
        seed: of the dropout masks.
        Others: as of ``RNN``.

    Raises:
        ValueError: an argument is out of its range, or a spatial size is unknown or smaller than the window.
    """

    rank: int

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        **kwargs: Any,
    ) -> None:
        cell = ConvLSTMCell(
            self.rank, filters, kernel_size, strides, padding, data_format, dilation_rate, activation,
            recurrent_activation, use_bias, kernel_initializer, recurrent_initializer, bias_initializer,
            unit_forget_bias, kernel_regularizer, recurrent_regularizer, bias_regularizer, kernel_constraint,
            recurrent_constraint, bias_constraint, dropout, recurrent_dropout, seed, name="conv_lstm_cell",
            **for_cell(kwargs),
        )  # fmt: skip
        super().__init__(
            cell, return_sequences, return_state, go_backwards, stateful,
            activity_regularizer=activity_regularizer, **kwargs,
        )  # fmt: skip
        self.input_spec = InputSpec(ndim=self.rank + 3)

    def compute_output_shape(self, sequences_shape: Any, initial_state_shape: Any = None) -> Any:
        batch, time, *features = sequences_shape
        state = self.cell.compute_output_shape((batch, *features))[0]
        output = (batch, time, *state[1:]) if self.return_sequences else state
        return (output, state, state) if self.return_state else output

    def get_config(self) -> dict:
        return {**super().get_config(), "unroll": self.unroll}


class ConvLSTM1D(ConvLSTM):
    """An LSTM of sequences with one spatial axis, whose products are convolutions.

    Arguments: see ``ConvLSTM``.

    Input shape: ``(batch, time, rows, channels)``, or channels first after the time.

    >>> ConvLSTM1D(4, 3, padding="same")(np.ones((2, 5, 8, 3))).shape
    TensorShape([2, 8, 4])
    """

    rank = 1


class ConvLSTM2D(ConvLSTM):
    """An LSTM of sequences of images, whose products are convolutions (Shi et al. 2015).

    Arguments: see ``ConvLSTM``.

    Input shape: ``(batch, time, height, width, channels)``, or channels first after the time.

    >>> ConvLSTM2D(4, 3, return_sequences=True)(np.ones((2, 5, 8, 8, 3))).shape
    TensorShape([2, 5, 6, 6, 4])
    """

    rank = 2


class ConvLSTM3D(ConvLSTM):
    """An LSTM of sequences of volumes, whose products are convolutions.

    Arguments: see ``ConvLSTM``.

    Input shape: ``(batch, time, depth, height, width, channels)``, or channels first after the time.
    """

    rank = 3


for _name in init_arguments(ConvLSTMCell):
    if _name != "rank":
        setattr(ConvLSTM, _name, of_cell(_name))
