"""SimpleRNNCell, LSTMCell, GRUCell, and StackedRNNCells, which chains cells into one.

A cell takes one step, ``cell(inputs, states) -> (output, new states)``. The three of ours can also run a whole sequence
(``run``), in one call of a fused kernel where there is one for what they were asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from kerasish import activations, initializers
from kerasish.core import device as devices
from kerasish.core import dispatch, registry, tree
from kerasish.core.context import asks_for_keras_2
from kerasish.core.dtypes import to_torch
from kerasish.core.layout import Layout
from kerasish.layers.cell_base import GateLayout, RecurrentCell, initial_state, output_size, sizes_of_states
from kerasish.layers.layer import Layer
from kerasish.ops import recurrent


class SimpleRNNCell(RecurrentCell):
    """One step of a fully connected recurrent network: ``h' = activation(x @ kernel + h @ recurrent_kernel + bias)``.

    Args:
        units: size of the state and of the output.
        activation: name or function.
        use_bias: whether ``bias`` is added.
        kernel_initializer, recurrent_initializer, bias_initializer, kernel_regularizer, recurrent_regularizer,
        bias_regularizer, kernel_constraint, recurrent_constraint, bias_constraint: names, objects or configs.
        dropout: share of the inputs to drop in training.
        recurrent_dropout: share of the state's units to drop in training.
        seed: of the dropout masks.
    """

    _draws_seed_first = True

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
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
            units, activation, use_bias, kernel_initializer, recurrent_initializer, bias_initializer, kernel_regularizer,
            recurrent_regularizer, bias_regularizer, kernel_constraint, recurrent_constraint, bias_constraint, dropout,
            recurrent_dropout, seed, **kwargs,
        )  # fmt: skip

    def call(self, sequence: torch.Tensor, states: Any, training: bool | None = None) -> tuple:
        return self.one_step(sequence, states, training)

    def _fused_kernel(self) -> str | None:
        return {activations.tanh: "rnn_tanh", activations.relu: "rnn_relu"}.get(self.activation)

    def _step(self, weights: list, masks: list | None) -> Callable[[torch.Tensor, list], list]:
        recurrent_kernel, activation = weights[1], activations.raw(self.activation)
        return lambda x, states: recurrent.rnn_step(x, states[0], recurrent_kernel, activation, masks)


class LSTMCell(RecurrentCell):
    """One step of an LSTM (Hochreiter and Schmidhuber 1997); gates in the order i, f, c, o.

    Args:
        units: size of each state and of the output.
        activation: of the candidate and of the cell state in the output.
        recurrent_activation: of the gates.
        unit_forget_bias: whether the forget gate's bias starts at 1.
        seed: of the dropout masks.
        Others: as of ``SimpleRNNCell``.
    """

    _config_first = ("units", "activation", "recurrent_activation", "use_bias", "unit_forget_bias")

    _gates = 4
    _states = 2

    def __init__(
        self,
        units: int,
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
            units, activation, use_bias, kernel_initializer, recurrent_initializer, bias_initializer, kernel_regularizer,
            recurrent_regularizer, bias_regularizer, kernel_constraint, recurrent_constraint, bias_constraint, dropout,
            recurrent_dropout, seed, **kwargs,
        )  # fmt: skip
        self.recurrent_activation = activations.get(recurrent_activation)
        self.unit_forget_bias = unit_forget_bias

    def _add_bias(self, shape: tuple, initializer: Any, layout: Layout | None) -> None:
        super()._add_bias(shape, self._open_forget_gate if self.unit_forget_bias else initializer, layout)

    def _open_forget_gate(self, shape: tuple, dtype: Any = None) -> torch.Tensor:
        """The first bias: ones for the forget gate, what the initializer gives for the others."""
        input_gate, others = ((self.units,), (2 * self.units,))
        return torch.cat(
            [
                initializers.make(self.bias_initializer, input_gate, dtype),
                initializers.make(initializers.Ones(), input_gate, dtype),
                initializers.make(self.bias_initializer, others, dtype),
            ]
        )

    def call(self, inputs: torch.Tensor, states: Any, training: bool | None = None) -> tuple:
        return self.one_step(inputs, states, training)

    def _fused_kernel(self) -> str | None:
        gates = self.activation is activations.tanh and self.recurrent_activation is activations.sigmoid
        return "lstm" if gates else None

    def _step(self, weights: list, masks: list | None) -> Callable[[torch.Tensor, list], list]:
        recurrent_kernel, activation = weights[1], activations.raw(self.activation)
        gate = activations.raw(self.recurrent_activation)
        return lambda x, states: recurrent.lstm_step(x, states, recurrent_kernel, activation, gate, masks)


class GRUCell(RecurrentCell):
    """One step of a GRU (Cho et al. 2014); gates in the order z, r, h.

    Args:
        units: size of the state and of the output.
        activation: of the candidate.
        recurrent_activation: of the gates.
        reset_after: whether the reset gate applies after the product with the recurrent kernel, which then has a bias of
            its own: ``bias`` is (2, 3·units).
        seed: of the dropout masks.
        Others: as of ``SimpleRNNCell``.
    """

    _gates = 3

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        reset_after: bool = True,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            units, activation, use_bias, kernel_initializer, recurrent_initializer, bias_initializer, kernel_regularizer,
            recurrent_regularizer, bias_regularizer, kernel_constraint, recurrent_constraint, bias_constraint, dropout,
            recurrent_dropout, seed, **kwargs,
        )  # fmt: skip
        self.recurrent_activation = activations.get(recurrent_activation)
        self.reset_after = reset_after

    def _add_bias(self, shape: tuple, initializer: Any, layout: Layout | None) -> None:
        if self.reset_after:
            shape, layout = (2, *shape), self._layout((0, 1), 1)
        super()._add_bias(shape, initializer, layout)

    def _layout(self, order: tuple[int, ...], axis: int) -> Layout:
        return GateLayout(order, axis)

    def _biases(self, bias: torch.Tensor | None) -> tuple[torch.Tensor | None, torch.Tensor | None]:
        return (bias[0], bias[1]) if bias is not None and self.reset_after else (bias, None)

    def _in_stored_order(self, masks: list) -> list:
        return [masks[1], masks[0], masks[2]]

    def call(self, inputs: torch.Tensor, states: Any, training: bool | None = None) -> tuple:
        return self.one_step(inputs, states, training)

    def _fused_kernel(self) -> str | None:
        gates = self.activation is activations.tanh and self.recurrent_activation is activations.sigmoid
        return "gru" if gates and self.reset_after else None

    def _step(self, weights: list, masks: list | None) -> Callable[[torch.Tensor, list], list]:
        _, recurrent_kernel, _, bias = weights
        activation, gate = activations.raw(self.activation), activations.raw(self.recurrent_activation)
        after = self.reset_after
        return lambda x, h: recurrent.gru_step(x, h[0], recurrent_kernel, bias, activation, gate, after, masks)


def as_keras_2_returns(states: list) -> list:
    """The states of stacked cells, in Keras 2's way: a cell's only state stands for itself."""
    return [state[0] if isinstance(state, list) and len(state) == 1 else state for state in states]


class StackedRNNCells(Layer):
    """Cells that act as one: each takes the output of the one before.

    Args:
        cells: cells, the one that gets the inputs first.

    Raises:
        ValueError: a cell without ``call`` or ``state_size``.
    """

    def __init__(self, cells: list, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for cell in cells:
            if not hasattr(cell, "call"):
                raise ValueError(f"All cells must have a `call` method. Received cell without a `call` method: {cell}")
            if not hasattr(cell, "state_size"):
                raise ValueError(
                    f"All cells must have a `state_size` attribute. Received cell without a `state_size`: {cell}"
                )
        self.cells = list(cells)

    @property
    def state_size(self) -> Any:
        """The cells' state sizes; a tuple in programs for Keras 2."""
        sizes = [cell.state_size for cell in self.cells]
        return tuple(sizes) if asks_for_keras_2() else sizes

    @property
    def output_size(self) -> Any:
        return output_size(self.cells[-1])

    def get_initial_state(self, batch_size: Any = None, inputs: Any = None, dtype: Any = None) -> Any:
        """The cells' initial states, a list for each; in programs for Keras 2 a tuple, with an only state by itself.

        Args:
            inputs, dtype: Keras 2's: in place of the batch size; of the states.
        """
        batch_size, dtype = sizes_of_states(batch_size, inputs, dtype)
        states = self.raw_initial_state(batch_size, devices.current())
        found = dispatch.wrap(states if dtype is None else tree.map_structure(lambda s: s.to(to_torch(dtype)), states))
        return tuple(as_keras_2_returns(found)) if asks_for_keras_2() else found

    def raw_initial_state(self, batch_size: int, device: torch.device) -> list[list]:
        return [initial_state(cell, batch_size, device) for cell in self.cells]

    def build(self, input_shape: Any) -> None:
        shape = tuple(input_shape)
        for cell in self.cells:
            if isinstance(cell, Layer) and not cell.built:
                cell.build(shape)
            size = output_size(cell)
            shape = (shape[0], *([size] if isinstance(size, int) else size))

    def call(self, inputs: torch.Tensor, states: Any, training: bool | None = None, **kwargs: Any) -> tuple:
        new_states = []
        for cell, state in zip(self.cells, states, strict=True):
            listed = list(state) if isinstance(state, (list, tuple)) else [state]
            inputs, new = cell(inputs, listed, training=training, **kwargs)
            new = new if isinstance(new, (list, tuple)) else [new]
            new_states.append(list(new) if isinstance(state, (list, tuple)) else new[0])
        return inputs, tuple(new_states) if asks_for_keras_2() else new_states

    @property
    def runs_sequences(self) -> bool:
        own = not self._user_call and not self._k_has_hooks() and self.activity_regularizer is None
        return own and all(getattr(cell, "runs_sequences", False) for cell in self.cells)

    def can_fuse(self, training: bool | None) -> bool:
        return all(cell.can_fuse(training) for cell in self.cells)

    def run(
        self, inputs: torch.Tensor, states: list, mask: torch.Tensor | None, training: bool | None, fuse: bool
    ) -> tuple[torch.Tensor, list]:
        """The whole sequence through the first cell, then through the next: the same as step by step."""
        last = []
        for cell in self.cells:
            count = len(tree.flatten(cell.state_size))
            own, states = states[:count], states[count:]
            inputs, new = cell.run(inputs, own, mask, training, fuse)
            last.extend(new)
        return inputs, last

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> StackedRNNCells:
        config = dict(config)
        with registry.CustomObjectScope(custom_objects or {}):
            config["cells"] = [registry.deserialize_inner(cell) for cell in config["cells"]]
        return cls(**config)
