"""Wrappers of recurrent cells in ``tf.nn``: a cell between dropout, with a residual connection, on a device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from kerasish.core import device as devices
from kerasish.core import dispatch, tree
from kerasish.core.errors import fail
from kerasish.layers.cells import initial_state, output_size
from kerasish.layers.layer import Layer
from kerasish.tf.dropping import dropout


class _CellWrapper(Layer):
    """A recurrent cell that changes what another takes or gives."""

    def __init__(self, cell: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.cell = cell

    @property
    def wrapped_cell(self) -> Any:
        """The cell within."""
        return self.cell

    @property
    def state_size(self) -> Any:
        """The state size of the cell within."""
        return self.cell.state_size

    @property
    def output_size(self) -> Any:
        """The output size of the cell within."""
        return output_size(self.cell)

    def build(self, input_shape: Any) -> None:
        if isinstance(self.cell, Layer) and not self.cell.built:
            self.cell.build(input_shape)

    def get_initial_state(self, batch_size: int | None = None) -> Any:
        """The initial state of the cell within."""
        return dispatch.wrap(self.raw_initial_state(batch_size, devices.current()))

    def zero_state(self, batch_size: int, dtype: Any = None) -> Any:
        """The initial state; the older name."""
        return self.get_initial_state(batch_size)

    def raw_initial_state(self, batch_size: int, device: torch.device) -> Any:
        return initial_state(self.cell, batch_size, device)

    def _step(self, inputs: Any, state: Any, kwargs: dict) -> tuple[Any, Any]:
        return self.cell(inputs, state, **kwargs)


def _added(inputs: Any, outputs: Any) -> Any:
    def add(x: Any, y: Any) -> Any:
        if tuple(x.shape) != tuple(y.shape):
            raise ValueError(f"Dimensions of inputs and outputs differ: {tuple(x.shape)} and {tuple(y.shape)}")
        return x + y

    return tree.map_structure(add, inputs, outputs)


class RNNCellResidualWrapper(_CellWrapper):
    """A cell whose inputs are added to its outputs.

    Args:
        cell: a recurrent cell.
        residual_fn: (inputs, outputs) → outputs, in place of the sum.

    Raises:
        ValueError: in a call, if inputs and outputs have different shapes.
    """

    def __init__(self, cell: Any, residual_fn: Callable | None = None, **kwargs: Any) -> None:
        super().__init__(cell, **kwargs)
        self._residual_fn = residual_fn

    def call(self, inputs: Any, state: Any, **kwargs: Any) -> tuple:
        outputs, new = self._step(inputs, state, kwargs)
        return (self._residual_fn or _added)(inputs, outputs), new


class RNNCellDeviceWrapper(_CellWrapper):
    """A cell that computes on a device.

    Args:
        cell: a recurrent cell.
        device: a device string.
    """

    def __init__(self, cell: Any, device: Any, **kwargs: Any) -> None:
        super().__init__(cell, **kwargs)
        self._device = device

    def call(self, inputs: Any, state: Any, **kwargs: Any) -> tuple:
        with devices.scope(self._device):
            return self._step(inputs, state, kwargs)


class RNNCellDropoutWrapper(_CellWrapper):
    """A cell with dropout before it, after it and on its state; always, whether it trains or not.

    Args:
        cell: a recurrent cell.
        input_keep_prob, output_keep_prob, state_keep_prob: the shares of elements that stay.
        variational_recurrent: not served: one mask for all steps.
        seed: of the random choice.
        dropout_state_filter_visitor: tells, of a state, whether dropout changes it; all by default.

    Raises:
        ValueError: a share is not between 0 and 1.
        NotImplementedError: ``variational_recurrent``.
    """

    def __init__(
        self,
        cell: Any,
        input_keep_prob: Any = 1.0,
        output_keep_prob: Any = 1.0,
        state_keep_prob: Any = 1.0,
        variational_recurrent: bool = False,
        input_size: Any = None,
        dtype: Any = None,
        seed: int | None = None,
        dropout_state_filter_visitor: Callable | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(cell, dtype=dtype, **kwargs)
        shares = {"input": input_keep_prob, "output": output_keep_prob, "state": state_keep_prob}
        for name, share in shares.items():
            if not 0 <= float(share) <= 1:
                raise ValueError(f"Parameter {name}_keep_prob must be between 0 and 1: {share}")
        if variational_recurrent:
            raise fail(NotImplementedError, "RNNCellDropoutWrapper(variational_recurrent=True) is not served")
        self._rates = {name: 1 - float(share) for name, share in shares.items()}
        self._seed = seed
        self._filter = dropout_state_filter_visitor

    def _dropped(self, values: Any, which: str) -> Any:
        rate = self._rates[which]
        return values if not rate else tree.map_structure(lambda x: dropout.raw(x, rate, None, self._seed), values)

    def call(self, inputs: Any, state: Any, **kwargs: Any) -> tuple:
        outputs, new = self._step(self._dropped(inputs, "input"), state, kwargs)
        if self._filter is None or self._filter(new):
            new = self._dropped(new, "state")
        return self._dropped(outputs, "output"), new
