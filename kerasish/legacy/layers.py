"""Layers of Keras 2 that Keras 3 has no more."""

from __future__ import annotations

from typing import Any

import torch

from kerasish.core import device as devices
from kerasish.core import dispatch, registry
from kerasish.core.errors import fail
from kerasish.layers import BatchNormalization, Layer
from kerasish.layers.cell_base import zero_states


class SyncBatchNormalization(BatchNormalization):
    """``BatchNormalization`` with the statistics of all processes' batches together."""

    def __init__(self, axis: int = -1, momentum: float = 0.99, epsilon: float = 0.001, **kwargs: Any) -> None:
        super().__init__(axis, momentum, epsilon, synchronized=True, **kwargs)

    def get_config(self) -> dict:
        config = super().get_config()
        config.pop("synchronized", None)
        return config


registry.publish("kerasish.layers.experimental", globals(), ["SyncBatchNormalization"])


class AbstractRNNCell(Layer):
    """Base class for cells of ``RNN``, whose states begin as zeros.

    A subclass has ``state_size`` and ``output_size``, and ``call(inputs, states)``, which returns the output and the new
    states.
    """

    @property
    def state_size(self) -> Any:
        """Units of the state; a list where there are several states."""
        raise NotImplementedError

    @property
    def output_size(self) -> Any:
        """Units of the output."""
        raise NotImplementedError

    def call(self, inputs: Any, states: Any) -> Any:
        """One time step.

        Args:
            inputs: (batch, features).
            states: (batch, state size), one for each.
        """
        raise NotImplementedError

    def get_initial_state(self, inputs: Any = None, batch_size: int | None = None, dtype: Any = None) -> Any:
        """Zeros of the states' sizes.

        Args:
            inputs: has the batch size and the dtype, if these are not given.

        Raises:
            ValueError: neither is known.
        """
        if inputs is not None:
            inputs = dispatch.wrap(dispatch.raw(inputs))
            batch_size, dtype = inputs.shape[0], inputs.dtype
        if batch_size is None or dtype is None:
            raise fail(
                ValueError,
                f"get_initial_state() of cell '{self.name}' needs `inputs`, or `batch_size` and `dtype`",
                received=f"batch_size={batch_size}, dtype={dtype}",
            )
        return dispatch.wrap(zero_states(self.state_size, batch_size, dtype, devices.current()))

    def raw_initial_state(self, batch_size: int, device: torch.device) -> list:
        states = zero_states(self.state_size, batch_size, self.compute_dtype, device)
        return states if isinstance(states, list) else [states]
