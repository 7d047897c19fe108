"""Weights of Keras 2's CuDNNLSTM and CuDNNGRU, as LSTM and GRU have them.

cuDNN's layers have a bias for the inputs and one for the state, one after the other, and keep the kernels of each gate
transposed. They are told by the size of the bias, as Keras 2 does it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kerasish.layers.recurrent import GRU, LSTM
from kerasish.layers.wrappers import Bidirectional

_GATES = {LSTM: 4, GRU: 3}


class Converted:
    """An array of a file in another form: what ``h5.Stored`` shows of itself.

    Args:
        stored: the array of the file.
        shape: the new shape.
        convert: from the old contents to the new.
    """

    def __init__(self, stored: Any, shape: tuple, convert: Callable[[np.ndarray], np.ndarray]) -> None:
        self.shape, self.dtype, self.path = shape, stored.dtype, stored.path
        self._stored, self._convert = stored, convert

    def read(self) -> np.ndarray:
        return self._convert(self._stored.read())


def todays(layer: Any, arrays: list) -> list:
    """A layer's stored arrays; those of a layer of cuDNN's in the form of today."""
    if isinstance(layer, Bidirectional) and len(arrays) == 6:
        return todays(layer.forward_layer, arrays[:3]) + todays(layer.backward_layer, arrays[3:])
    gates = next((count for kind, count in _GATES.items() if isinstance(layer, kind)), 0)
    if not gates or len(arrays) != 3:
        return arrays
    kernel, recurrent, bias = arrays
    if len(kernel.shape) != 2 or bias.shape != (2 * gates * layer.units,):
        return arrays
    if isinstance(layer, GRU) and not layer.reset_after:
        return arrays  # another computation: the report of what does not fit is right

    def by_gate(function: Callable) -> Callable[[np.ndarray], np.ndarray]:
        return lambda array: np.hstack([function(part) for part in np.hsplit(array, gates)])

    if isinstance(layer, LSTM):
        new_bias = Converted(bias, (gates * layer.units,), lambda b: b.reshape(2, -1).sum(0))
    else:
        new_bias = Converted(bias, (2, gates * layer.units), lambda b: b.reshape(2, -1))
    return [
        Converted(kernel, kernel.shape, by_gate(lambda k: k.T.reshape(k.shape, order="F"))),
        Converted(recurrent, recurrent.shape, by_gate(np.transpose)),
        new_bias,
    ]
