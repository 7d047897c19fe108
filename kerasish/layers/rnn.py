"""RNN: a cell run over time."""

from __future__ import annotations

from typing import Any

import torch

from kerasish.core import device as devices
from kerasish.core import dispatch, registry, tree
from kerasish.core.context import asks_for_keras_2, local, real_state
from kerasish.core.dtypes import to_torch
from kerasish.core.errors import ShapeMismatchError, fail
from kerasish.core.shape import TensorShape
from kerasish.core.variable import Weight
from kerasish.layers import tracking
from kerasish.layers.calling import has_tensors, is_number_list
from kerasish.layers.cell_base import initial_state, output_size, sizes_of_states, state_template
from kerasish.layers.cells import StackedRNNCells, as_keras_2_returns
from kerasish.layers.composites import run_padded
from kerasish.layers.layer import Layer
from kerasish.ops import recurrent

_NOT_FUSED = (
    "use_cudnn=True was specified, but cuDNN is not supported for this layer configuration with this backend. Pass "
    "use_cudnn='auto' to fallback to a non-cuDNN implementation."
)


class RNN(Layer):
    """Runs a cell over the time steps of sequences.

    Args:
        cell: has ``call(inputs, states) -> (output, new states)`` and ``state_size``, and may have ``output_size`` and
            ``get_initial_state(batch_size)``; a list of cells becomes ``StackedRNNCells``.
        return_sequences: whether to return the outputs of all steps, not just the last.
        return_state: whether to return the last states too.
        go_backwards: whether to begin with the last step; the outputs are then in that order.
        stateful: whether a batch begins with the last states of the one before; needs a fixed batch size.
        unroll: allowed for Keras's sake; the computation is the same.
        zero_output_for_mask: whether a masked step's output is zeros rather than the output before it.
        time_major: Keras 2's: whether sequences, masks and outputs are (time, batch, ...).

    Call arguments:
        sequences: (batch, time, ...); in Keras 2's way also a list of the sequences and the initial states.
        initial_state: tensors (batch, size), one for each state.
        mask: (batch, time), False where a step is to be left out.

    Output shape: ``(batch, units)``, or ``(batch, time, units)`` with ``return_sequences``; with ``return_state`` a tuple of
    that and of the states.

    Raises:
        ValueError: ``cell`` lacks ``call`` or ``state_size``.
    """

    _config_first = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll", "zero_output_for_mask")

    _compute_bound = True

    use_cudnn: Any = "auto"

    time_major = False

    def __init__(
        self,
        cell: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        **kwargs: Any,
    ) -> None:
        time_major = bool(kwargs.pop("time_major", False))
        kwargs.pop("implementation", None)
        super().__init__(**kwargs)
        if isinstance(cell, (list, tuple)):
            cell = StackedRNNCells(cell)
        if not hasattr(cell, "call"):
            raise ValueError(f"Argument `cell` should have a `call` method. Received: cell={cell}")
        if not hasattr(cell, "state_size"):
            raise ValueError(
                "The RNN cell should have a `state_size` attribute (single integer or list of integers, one integer per "
                f"RNN state). Received: cell={cell}"
            )
        if not isinstance(cell, Layer):
            raise fail(ValueError, "The RNN cell should be a `keras.layers.Layer` instance", received=f"cell={cell}")
        self.cell = cell
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.go_backwards = go_backwards
        self.stateful = stateful
        self.unroll = unroll
        self.zero_output_for_mask = zero_output_for_mask
        if time_major:
            self.time_major = True
        self.supports_masking = True
        self.__dict__["_states"] = None  # a structure of variables, none of which is a weight
        self.single_state = not isinstance(state_template(cell.state_size), list)

    @property
    def state_size(self) -> list:
        """The cell's state sizes, as a list."""
        size = self.cell.state_size
        return [size] if self.single_state else list(size)

    @property
    def states(self) -> Any:
        """The variables that hold the states of a stateful layer; None before it is built, or if it is not stateful."""
        return self._states

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        batch, _, *features = self._k_batch_first(sequences_shape)
        if not self.cell.built:
            self.cell.build((batch, *features))
        if self.stateful:
            if self._states is not None:
                self.reset_state()
            elif batch is None:
                raise ValueError(
                    "When using `stateful=True` in a RNN, the batch size must be static. Found dynamic batch size: "
                    f"sequence.shape={tuple(sequences_shape)}"
                )
            else:
                self._create_states(batch)

    def _create_states(self, batch_size: int) -> None:
        with real_state():
            states = initial_state(self.cell, batch_size, devices.current())
            self.__dict__["_states"] = tree.map_structure(self._state_variable, states)

    def _state_variable(self, value: torch.Tensor) -> Weight:
        """A variable that moves with the layer but is no weight of it, and is not saved."""
        variable = Weight(dispatch.wrap(value), trainable=False, autocast=False, name="rnn_state")
        key = tracking.free_key(self, "rnn_state")
        variable.move(self, key)
        self._non_persistent_buffers_set.add(key)
        return variable

    def reset_state(self) -> None:
        """Set the states of a stateful layer to zero."""
        for variable in tree.flatten(self._states) if self._states is not None else ():
            variable.write(torch.zeros_like(variable.read()))

    def reset_states(self, states: Any = None) -> None:
        """Set the states of a stateful layer, to zero or to the given values (Keras 2's name)."""
        if states is None:
            self.reset_state()
            return
        if self._states is None:
            raise AttributeError(f"Layer '{self.name}' must be stateful, and built, for its states to be set.")
        own, given = tree.flatten(self._states), tree.flatten(states)
        self._check_number(len(given))
        for variable, value in zip(own, given, strict=True):
            variable.assign(value)

    def get_initial_state(self, batch_size: Any = None, *, inputs: Any = None) -> list:
        """The states to begin with when none are given, one tensor for each.

        Args:
            batch_size: a number, or in Keras 2's way the sequences themselves (batch, time, ...).
            inputs: those sequences by name.

        Raises:
            ValueError: neither of the two was given.
        """
        batch_size, _ = sizes_of_states(batch_size, inputs, None)
        if batch_size is None:
            raise fail(
                ValueError, f"get_initial_state() of layer '{self.name}' needs `batch_size`", "an integer", "None"
            )
        return dispatch.wrap(initial_state(self.cell, batch_size, devices.current()))

    # the call

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        args, kwargs = split_states(args, kwargs)
        return super().__call__(*args, **kwargs)

    def call(
        self, sequences: torch.Tensor, initial_state: Any = None, mask: Any = None, training: bool | None = None
    ) -> Any:
        if not sequences.is_floating_point():
            sequences = sequences.to(to_torch(self.compute_dtype))
        if self.time_major:
            sequences = sequences.swapaxes(0, 1)
            mask = tree.map_structure(lambda m: m if m is None else m.swapaxes(0, 1), mask)
        if sequences.shape[1] == 0:
            raise fail(
                ValueError, f"Layer '{self.name}' was given sequences without time steps", received=sequences.shape
            )
        states = self._k_begin(sequences, initial_state)
        mask = _checked_mask(mask, sequences, self.name)
        last, outputs, states = self.inner_loop(sequences, states, mask, training)
        if self.stateful:
            tree.map_structure(lambda variable, value: variable.write(value.detach()), self._states, states)
        if self.time_major:
            outputs = outputs.swapaxes(0, 1)
        result = outputs if self.return_sequences else last
        return (result, *_as_returned(states)) if self.return_state else result

    def _call_on_composite(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        return run_padded(self, inputs, *args, **kwargs)

    def inner_loop(
        self, sequences: torch.Tensor, initial_state: list, mask: torch.Tensor | None, training: bool | None = False
    ) -> tuple[torch.Tensor, torch.Tensor, list]:
        """The last output, all outputs and the last states; ``go_backwards`` counts."""
        if self.go_backwards:
            sequences = sequences.flip(1)
            mask = None if mask is None else mask.flip(1)
        states = tree.flatten(initial_state)
        if getattr(self.cell, "runs_sequences", False) and self.cell.compute_dtype == self.compute_dtype:
            if self.use_cudnn is True and not self.cell.can_fuse(training):
                raise ValueError(_NOT_FUSED)
            # one tape inside another may ask for second derivatives, which cuDNN's kernels do not have
            fuse = self.use_cudnn is not False and len(local.tapes) < 2
            outputs, states = self.cell.run(sequences, states, mask, training, fuse)
        else:
            outputs, states = self._run_cell(sequences, states, mask, training)
            dtype = to_torch(self.compute_dtype)  # the cell may have another
            outputs, states = outputs.to(dtype), [state.to(dtype) for state in states]
        if mask is not None and self.zero_output_for_mask:
            outputs = recurrent.where(mask, outputs, 0)
        return outputs[:, -1], outputs, tree.pack_as(initial_state, states)

    def _run_cell(
        self, sequences: torch.Tensor, states: list, mask: torch.Tensor | None, training: bool | None
    ) -> tuple[torch.Tensor, list]:
        """The same for any cell, by calling it for each step."""
        template = state_template(self.state_size)

        def step(x: torch.Tensor, states: list) -> tuple[torch.Tensor, list]:
            output, new = self.cell(x, tree.pack_as(template, states), training=training)
            new = tree.flatten(new)
            self._check_number(len(new))
            return output, new

        try:
            return recurrent.scan(step, sequences.unbind(1), states, mask)
        finally:
            for cell in self._flatten_layers(include_self=False):
                for kind in ("reset_dropout_mask", "reset_recurrent_dropout_mask"):
                    getattr(cell, kind, lambda: None)()

    def _k_begin(self, sequences: torch.Tensor, given: Any) -> list:
        """The states of the first step, in the structure of ``state_size``."""
        batch = sequences.shape[0]
        if self.stateful and (first := tree.flatten(self._states)[0]).shape[0] != batch:
            raise ValueError(
                "If an RNN is stateful, the batch size of the input sequences must be the same as the batch size of the "
                f"initial state. \n- Expected batch size: {first.shape[0]}\n- Received batch size: {batch}"
            )
        if given is None and self.stateful:
            # a copy: backward still needs the old values when the new ones are written
            return tree.map_structure(lambda variable: variable.read().clone(), self._states)
        if given is None:
            return initial_state(self.cell, batch, sequences.device)
        flat = tree.flatten(given)
        self._check_number(len(flat))
        template = state_template(self.state_size)
        for i, (state, size) in enumerate(zip(flat, tree.flatten(template), strict=True)):
            if size is not None and tuple(state.shape) != (batch, size):
                raise fail(
                    ShapeMismatchError,
                    f"Initial state {i} of layer '{self.name}' has the wrong shape",
                    f"shape={(batch, size)}",
                    f"shape={tuple(state.shape)}",
                )
        return tree.pack_as(template, [s.to(sequences.dtype) for s in flat])

    def _check_number(self, count: int) -> None:
        expected = len(tree.flatten(state_template(self.state_size)))
        if count != expected:
            raise ValueError(f"Layer '{self.name}' has {expected} states but was passed {count} states.")

    # shapes and masks

    def _k_batch_first(self, sizes: Any) -> tuple:
        """The sizes of sequences as (batch, time, ...), or those in the order of ``time_major``."""
        sizes = tuple(sizes)
        return (sizes[1], sizes[0], *sizes[2:]) if self.time_major and len(sizes) > 1 else sizes

    def compute_mask(self, _: Any, mask: Any) -> Any:
        """The mask of the outputs: the inputs' if there is an output for each step; states have none."""
        mask = tree.flatten(mask)[0]
        own = mask if self.return_sequences else None
        return [own, *(None for _ in self.state_size)] if self.return_state else own

    def compute_output_shape(self, sequences_shape: Any, initial_state_shape: Any = None) -> Any:
        batch, time, *_ = self._k_batch_first(sequences_shape)
        size = output_size(self.cell)
        leading = (batch, time) if self.return_sequences else (batch,)
        output = (*self._k_batch_first(leading), *((size,) if isinstance(size, int) else size))
        return (output, *_as_returned(_state_shapes(self.state_size, batch))) if self.return_state else output

    # configuration

    def get_config(self) -> dict:
        own = {"time_major": True} if self.time_major else {}
        return {**super().get_config(), "zero_output_for_mask": self.zero_output_for_mask, **own}

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> Any:
        config = dict(config)
        if isinstance(config.get("cell"), dict):
            with registry.CustomObjectScope(custom_objects or {}):
                config["cell"] = registry.deserialize_inner(config["cell"])
        return super().from_config(config)


def split_states(args: tuple, kwargs: dict) -> tuple[tuple, dict]:
    """Keras 2's ``layer([x, state, ...])`` as ``layer(x, initial_state=[state, ...])``."""
    first = args[0] if args else None
    if not isinstance(first, (list, tuple)) or is_number_list(first) or not has_tensors(first):
        return args, kwargs
    sequences, *states = first
    return (sequences, *args[1:]), {**kwargs, "initial_state": states} if states else kwargs


def _as_returned(states: list) -> list:
    """The states, in Keras 2's way if the program asks for that: a stacked cell's only state stands for itself."""
    return as_keras_2_returns(states) if asks_for_keras_2() else states


def _state_shapes(size: Any, batch: Any) -> Any:
    if isinstance(size, int):
        return (batch, size)
    if isinstance(size, TensorShape):
        return (batch, *size)
    return [_state_shapes(s, batch) for s in size]


def _checked_mask(mask: Any, sequences: torch.Tensor, name: str) -> torch.Tensor | None:
    """The mask as booleans (batch, time).

    Raises:
        ValueError: it has another shape.
    """
    mask = tree.flatten(mask)[0]
    if mask is None:
        return None
    if mask.ndim == 3 and mask.shape[-1] == 1:
        mask = mask.squeeze(-1)
    if mask.shape != sequences.shape[:2]:
        raise fail(
            ValueError,
            f"The mask of layer '{name}' does not fit its inputs",
            f"shape={tuple(sequences.shape[:2])}",
            f"shape={tuple(mask.shape)}",
        )
    return mask.to(torch.bool)
