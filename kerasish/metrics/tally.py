"""A count that the host keeps: of how many samples a mean is made, where batch sizes alone tell.

    variable._owner = Tally(variable)
    variable._owner.add(32, 1)

To add a number on the device takes 4 µs at each step. The variable's tensor is made when somebody first asks for it, whoever
that is (user code, a checkpoint, a graph that a step is traced into); from then on it is a variable like any other.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import torch
from torch.compiler import is_dynamo_compiling

from kerasish.core.context import local, real_state
from kerasish.core.device import fill
from kerasish.core.variable import Cell, Variable

_EXACT = (torch.float32, torch.float64)  # shorter floats stop counting early, as on the device


class Tally(Cell):
    """The owner of a variable whose tensor nobody has asked for: the variable is the sum of a number and a tensor.

    The tensor takes part where torch.compile traces the code, since numbers are constants there.
    """

    __slots__ = ("_in_use", "_number", "_tensor", "_variable")

    def __init__(self, variable: Variable) -> None:
        self._variable, self._tensor, self._number, self._in_use = variable, variable.stored, 0, False

    def add(self, value: Any, scale: float) -> None:
        """Add ``scale`` · a number; of code that is compiled also a tensor."""
        if not is_dynamo_compiling():
            self._number += scale * value
            return
        self._tensor.add_(value * scale)
        self._in_use = True

    def set(self, number: float) -> None:
        if is_dynamo_compiling() or self._in_use:
            fill(self._tensor, 0)
        self._number = number

    def value(self) -> Any:
        """The variable's value, a Python number or a tensor."""
        if is_dynamo_compiling() or self._in_use:
            return self._tensor + self._number
        return self._number

    @property
    def _parameters(self) -> dict[str, Any]:
        return self._give_way()._parameters

    @property
    def _buffers(self) -> dict[str, Any]:
        return self._give_way()._buffers

    def __reduce__(self) -> tuple:
        return _itself, (self._give_way(),)  # copies begin with the number written

    def _give_way(self) -> Cell:
        """Write the number and leave the variable to an ordinary owner."""
        cell, variable = Cell(), self._variable
        cell._buffers[variable._key] = self._tensor
        variable._owner = cell
        # a run that leaves variables as they are may look too, with tensors that have no storage: the number is written still
        with nullcontext() if local.overlay is None else real_state():
            if self._in_use:
                self._tensor.add_(self._number)
            elif self._number:
                fill(self._tensor, self._number)
        return cell


def _itself(cell: Cell) -> Cell:
    return cell


def keep_tally(variable: Variable) -> None:
    """Let the host count for a scalar that is 0, if its dtype counts exactly."""
    if variable.stored.dtype in _EXACT:
        variable._owner = Tally(variable)
