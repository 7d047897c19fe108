"""What recurrent cells share: weights, dropout masks, running a sequence; and the states of any cell."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import torch

from kerasish import activations, constraints, initializers, regularizers
from kerasish.core import device as devices
from kerasish.core import dispatch, tree
from kerasish.core.context import local
from kerasish.core.dtypes import to_torch
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.core.layout import Layout
from kerasish.core.random import SeedGenerator
from kerasish.core.shape import TensorShape
from kerasish.layers.calling import is_ours
from kerasish.layers.core import known_axis
from kerasish.layers.layer import Layer
from kerasish.ops import recurrent


class GateLayout(Layout):
    """The layout of a GRU's weights: Keras orders the gates z, r, h, torch's kernels r, z, n.

    Args:
        order: logical axis i is stored axis ``order[i]``.
        axis: the stored axis along which the gates lie.
    """

    def __init__(self, order: tuple[int, ...], axis: int) -> None:
        super().__init__(order)
        self.axis = axis

    def to_logical(self, stored: torch.Tensor) -> torch.Tensor:
        return super().to_logical(self._exchanged(stored))

    def to_stored(self, logical: torch.Tensor) -> torch.Tensor:
        return self._exchanged(super().to_stored(logical))

    def _exchanged(self, t: torch.Tensor) -> torch.Tensor:
        first, second, third = t.chunk(3, self.axis)
        return torch.cat([second, first, third], self.axis)


class RecurrentCell(Layer):
    """What the three cells share: arguments, weights, dropout masks, and running a sequence.

    A dropout mask is drawn once and used for every step until it is reset; the layers reset it after each call.
    """

    _gates = 1
    _states = 1
    _draws_seed_first = False  # before the initializers draw theirs; which is first decides on the seeded values

    def __init__(
        self,
        units: int,
        activation: Any,
        use_bias: bool,
        kernel_initializer: Any,
        recurrent_initializer: Any,
        bias_initializer: Any,
        kernel_regularizer: Any,
        recurrent_regularizer: Any,
        bias_regularizer: Any,
        kernel_constraint: Any,
        recurrent_constraint: Any,
        bias_constraint: Any,
        dropout: float,
        recurrent_dropout: float,
        seed: Any,
        **kwargs: Any,
    ) -> None:
        kwargs.pop("implementation", None)  # of two equal computations in Keras
        super().__init__(**kwargs)
        if not hasattr(units, "__index__") or isinstance(units, bool) or units <= 0:
            raise ValueError(
                f"Received an invalid value for argument `units`, expected a positive integer, got {units}."
            )
        self.units = int(units)
        self.seed = seed
        if self._draws_seed_first:
            self.seed_generator = SeedGenerator(seed)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.recurrent_initializer = initializers.get(recurrent_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.recurrent_regularizer = regularizers.get(recurrent_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.recurrent_constraint = constraints.get(recurrent_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.dropout = min(1.0, max(0.0, dropout))
        self.recurrent_dropout = min(1.0, max(0.0, recurrent_dropout))
        if not self._draws_seed_first:
            self.seed_generator = SeedGenerator(seed)
        self.__dict__["_k_drawn"] = {}  # dropout masks in use

    # sizes

    @property
    def state_size(self) -> Any:
        """Units of the state; a list where there are several states."""
        return self.units if self._states == 1 else [self.units] * self._states

    @property
    def output_size(self) -> int:
        return self.units

    def get_initial_state(self, batch_size: Any = None, inputs: Any = None, dtype: Any = None) -> Any:
        """Zeros (batch, units), one tensor for each state.

        Args:
            inputs: Keras 2's, which also takes them first: (batch, features).
            dtype: Keras 2's; default: the compute dtype.

        Raises:
            ValueError: no ``batch_size`` was given.
        """
        batch_size, dtype = sizes_of_states(batch_size, inputs, dtype)
        if batch_size is None:
            raise fail(
                ValueError, f"get_initial_state() of cell '{self.name}' needs `batch_size`", "an integer", "None"
            )
        states = self.raw_initial_state(batch_size, devices.current())
        if dtype is None:
            return dispatch.wrap(states)
        states = [state.to(to_torch(dtype)) for state in states]
        return dispatch.wrap(states if self._states > 1 else states[0])  # Keras 2 has no list of one

    def raw_initial_state(self, batch_size: int, device: torch.device) -> list[torch.Tensor]:
        return zero_states([self.units] * self._states, batch_size, self.compute_dtype, device)

    # weights

    def build(self, input_shape: Any) -> None:
        width = self._gates * self.units
        self.kernel = self.add_weight(
            name="kernel",
            shape=(known_axis(input_shape, -1, self), width),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            layout=self._layout((1, 0), 0),
        )
        self.recurrent_kernel = self.add_weight(
            name="recurrent_kernel",
            shape=(self.units, width),
            initializer=self.recurrent_initializer,
            regularizer=self.recurrent_regularizer,
            constraint=self.recurrent_constraint,
            layout=self._layout((1, 0), 0),
        )
        self.bias = None
        if self.use_bias:
            self._add_bias((width,), self.bias_initializer, self._layout((0,), 0))

    def _add_bias(self, shape: tuple, initializer: Any, layout: Layout | None) -> None:
        self.bias = self.add_weight(
            name="bias",
            shape=shape,
            initializer=initializer,
            regularizer=self.bias_regularizer,
            constraint=self.bias_constraint,
            layout=layout,
        )

    def _layout(self, order: tuple[int, ...], axis: int) -> Layout | None:
        return Layout(order) if len(order) > 1 else None

    def _raw_weights(self, dtype: torch.dtype) -> list[torch.Tensor | None]:
        """Kernel, recurrent kernel, and the biases of the inputs' and of the states' part, or None."""
        names = ("kernel", "recurrent_kernel", "bias") if self.use_bias else ("kernel", "recurrent_kernel")
        kernel, recurrent_kernel, *bias = [self._parameters[name].to(dtype) for name in names]
        return [kernel, recurrent_kernel, *self._biases(bias[0] if bias else None)]

    def _biases(self, bias: torch.Tensor | None) -> tuple[torch.Tensor | None, torch.Tensor | None]:
        return bias, None

    # dropout

    @dispatch.boundary
    def get_dropout_mask(self, step_input: torch.Tensor) -> Any:
        """The mask for the inputs of a step: a tensor, a list of one for each gate, or None without dropout."""
        return self._mask_for("dropout", step_input)

    @dispatch.boundary
    def get_recurrent_dropout_mask(self, step_input: torch.Tensor) -> Any:
        """The mask for the hidden state: a tensor, a list of one for each gate, or None without dropout."""
        return self._mask_for("recurrent_dropout", step_input)

    def get_dropout_mask_for_cell(self, inputs: Any, training: Any, count: int = 1) -> Any:
        """Keras 2's ``get_dropout_mask``: None outside of training; a list if there is more than one (``count``)."""
        return _counted(self.get_dropout_mask(inputs), count) if training else None

    def get_recurrent_dropout_mask_for_cell(self, inputs: Any, training: Any, count: int = 1) -> Any:
        """The same for the hidden state."""
        return _counted(self.get_recurrent_dropout_mask(inputs), count) if training else None

    def reset_dropout_mask(self) -> None:
        """Let the next step draw another mask for its inputs."""
        self._k_drawn.pop("dropout", None)

    def reset_recurrent_dropout_mask(self) -> None:
        """Let the next step draw another mask for the hidden state."""
        self._k_drawn.pop("recurrent_dropout", None)

    def _mask_for(self, name: str, like: torch.Tensor) -> Any:
        rate = getattr(self, name)
        if rate == 0:
            return None
        masks = self._k_drawn.get(name)
        if masks is None:
            drawn = [self._k_draw(like, rate) for _ in range(self._gates)]
            masks = drawn if self._gates > 1 else drawn[0]
            if not local.tracing:
                self._k_drawn[name] = masks
        return masks

    def _k_draw(self, like: torch.Tensor, rate: float) -> torch.Tensor:
        if self.seed is None:
            keep = torch.empty_like(like).bernoulli_(1 - rate)
        else:
            keep = self.seed_generator.noise(like, like.shape, "bernoulli_", 1 - rate)
        return keep if rate == 1 else keep / (1 - rate)

    def _masks(self, name: str, like: torch.Tensor, training: bool | None) -> list | None:
        """The masks of a call, one for each gate in stored order; None where nothing is dropped, as at rate 1 in Keras."""
        if not training or not 0 < getattr(self, name) < 1:
            return None
        masks = getattr(self, f"get_{name}_mask")(like)
        return self._in_stored_order(list(masks)) if self._gates > 1 else [masks]

    def _in_stored_order(self, masks: list) -> list:
        return masks

    # computation

    def _step(self, weights: list, masks: list | None) -> Callable[[torch.Tensor, list], list]:
        """The function (projected inputs, states) → new states, the first of which is the output."""
        raise NotImplementedError

    def _fused_kernel(self) -> str | None:
        """Which of torch's kernels computes this cell's formula."""
        return None

    def take_step(self, inputs: torch.Tensor, states: Any, training: bool | None) -> list:
        """The states after one step."""
        weights = self._raw_weights(to_torch(self.compute_dtype))
        inputs, *states = (x.to(weights[0].dtype) for x in (inputs, *states))
        projected = recurrent.gatewise(inputs, weights[0], weights[2], self._masks("dropout", inputs, training))
        return self._step(weights, self._masks("recurrent_dropout", states[0], training))(projected, states)

    def one_step(self, inputs: torch.Tensor, states: Any, training: bool | None) -> tuple:
        """What ``call`` returns; a single state may be given, and is then returned, without a list around it."""
        listed = isinstance(states, (list, tuple))
        new = self.take_step(inputs, states if listed else [states], training)
        return new[0], new if listed else new[0]

    @property
    def runs_sequences(self) -> bool:
        """Whether ``run`` may stand for calls of the cell: not if a user's code or hooks would be left out."""
        return not self._user_call and not self._k_has_hooks() and self.activity_regularizer is None

    def can_fuse(self, training: bool | None) -> bool:
        drops_state = training and 0 < self.recurrent_dropout < 1
        return self._fused_kernel() is not None and not drops_state

    def run(
        self, inputs: torch.Tensor, states: list, mask: torch.Tensor | None, training: bool | None, fuse: bool
    ) -> tuple[torch.Tensor, list]:
        """Outputs (batch, time, units) and last states for inputs (batch, time, features)."""
        weights = self._raw_weights(inputs.dtype)
        if inputs.shape[-1] != weights[0].shape[-1]:  # the fused LSTM would read past its weights without a word
            raise InvalidArgumentError(
                f"Cell '{self.name}' was built for {weights[0].shape[-1]} features. Received inputs of shape "
                f"{tuple(inputs.shape)}."
            )
        if fuse and self.can_fuse(training):
            if training and 0 < self.dropout < 1:  # one mask for all gates, as Keras has it for its fused kernels
                inputs = inputs * self._k_draw(inputs[:, 0], self.dropout).unsqueeze(1)
            return recurrent.fused(self._fused_kernel() or "", inputs, states, self._both_biases(weights), mask)
        masks = self._masks("dropout", inputs[:, 0], training)
        masks = None if masks is None else [m.unsqueeze(1) for m in masks]
        projected = recurrent.gatewise(inputs, weights[0], weights[2], masks)
        step = self._step(weights, self._masks("recurrent_dropout", states[0], training))
        self.reset_dropout_mask()
        self.reset_recurrent_dropout_mask()

        def output_and_states(x: torch.Tensor, states: list) -> tuple[torch.Tensor, list]:
            new = step(x, states)
            return new[0], new

        return recurrent.scan(output_and_states, projected.unbind(1), states, mask)

    def _both_biases(self, weights: list) -> list:
        """Weights as torch's kernels take them: with two biases or none."""
        if weights[2] is None:
            return weights[:2]
        return [*weights[:3], torch.zeros_like(weights[2]) if weights[3] is None else weights[3]]


# sizes and states of any cell -----------------------------------------------------------------------------------------


def output_size(cell: Any) -> Any:
    """A cell's output size: what it says, else that of its first state."""
    size = getattr(cell, "output_size", None)
    if size is None:
        size = cell.state_size
        while isinstance(size, (list, tuple)) and not isinstance(size, TensorShape):
            size = size[0]
    return size


def sizes_of_states(batch_size: Any, inputs: Any, dtype: Any) -> tuple[int | None, Any]:
    """Batch size and dtype for initial states; Keras 2 has the inputs before the size, and takes both from them."""
    if len(getattr(batch_size, "shape", ())):
        batch_size, inputs = inputs, batch_size
    if inputs is not None:
        batch_size, dtype = inputs.shape[0], dtype or inputs.dtype
    return None if batch_size is None else int(batch_size), dtype


def _counted(masks: Any, count: int) -> Any:
    """One mask, or as many as a cell wants."""
    if masks is None:
        return None
    first = masks if not isinstance(masks, list) else masks[0]
    return first if count == 1 else masks if isinstance(masks, list) and len(masks) == count else [first] * count


def zero_states(size: Any, batch_size: int, dtype: Any, device: torch.device) -> Any:
    """Zeros for a state size: an integer, a TensorShape, or a (nested) list of them."""
    if isinstance(size, int):
        size = TensorShape((size,))
    if isinstance(size, TensorShape):
        return torch.zeros((batch_size, *size), dtype=to_torch(dtype), device=device)
    return [zero_states(s, batch_size, dtype, device) for s in size]


def initial_state(cell: Any, batch_size: int, device: torch.device) -> list:
    """A cell's own initial state, else zeros, as raw tensors."""
    getter = getattr(type(cell), "get_initial_state", None)
    if getter is None:
        states = zero_states(cell.state_size, batch_size, cell.compute_dtype, device)
    elif is_ours(getter):
        return cell.raw_initial_state(batch_size, device)
    else:
        wanted = inspect.signature(getter).parameters
        given = {"batch_size": batch_size, "dtype": cell.compute_dtype}
        states = cell.get_initial_state(**{key: value for key, value in given.items() if key in wanted})
        states = tree.map_structure(lambda s: dispatch.raw(s).to(device), states)
    return list(states) if isinstance(states, (list, tuple)) else [states]


def state_template(size: Any) -> Any:
    """The structure of a cell's states: integers as they are, None for states of a higher rank.

    Raises:
        ValueError: the state size is not made of integers and TensorShapes.
    """
    if isinstance(size, int):
        return size
    if isinstance(size, TensorShape):
        return None if len(size) != 1 else size[0]
    if not isinstance(size, (list, tuple)):
        raise ValueError(
            "state_size must be an integer, or a list/tuple of integers (one for each state tensor). "
            f"Received: state_size={size}"
        )
    return [state_template(s) for s in size]
