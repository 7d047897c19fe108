"""``tf.train.ExponentialMovingAverage``: averages of variables in which older values count less."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kerasish.core.context import real_state, unique_name
from kerasish.core.variable import TFVariable, Variable

_FLOATS = ("float16", "float32", "float64", "bfloat16")


class ExponentialMovingAverage:
    """Averages of variables: ``average = decay · average + (1 - decay) · variable`` at each ``apply``.

    Args:
        decay: near 1.
        num_updates: a number or variable; then the decay is at most ``(1 + num_updates) / (10 + num_updates)``.
        zero_debias: is about tensors that are no variables, which only graphs of TensorFlow 1 could average.
        name: ends the averages' names.
    """

    def __init__(
        self, decay: float, num_updates: Any = None, zero_debias: bool = False, name: str = "ExponentialMovingAverage"
    ) -> None:
        self._decay = decay
        self._num_updates = num_updates
        self._name = name
        self._averages: dict[int, tuple[Any, TFVariable]] = {}  # id → variable, its average

    @property
    def name(self) -> str:
        return self._name

    def apply(self, var_list: Iterable[Any] | None = None) -> None:
        """Make averages of variables that have none, and move all of these on.

        Raises:
            TypeError: something is no variable, or of no floating-point dtype.
        """
        variables = list(var_list) if var_list is not None else [v for v, *_ in self._averages.values()]
        for variable in variables:
            if not isinstance(variable, Variable):
                raise TypeError(
                    "tf.train.ExponentialMovingAverage does not support non-Variable tensors when eager execution is "
                    "enabled."
                )
            if variable.dtype.name not in _FLOATS:
                raise TypeError(f"The variables must be half, float, or double: {variable.name}")
            if id(variable) not in self._averages:
                self._averages[id(variable)] = variable, self._new(variable)
        for variable in variables:
            self._move(*self._averages[id(variable)])

    def _new(self, variable: Any) -> TFVariable:
        with real_state():
            name = unique_name(f"{_plain(variable.name)}/{self._name}")
            return TFVariable(variable.numpy(), trainable=False, name=name)

    def _move(self, variable: Any, average: TFVariable) -> None:
        decay = float(self._decay)
        if self._num_updates is not None:
            updates = float(self._num_updates)
            decay = min(decay, (1.0 + updates) / (10.0 + updates))
        average.assign_sub((average.read_value() - variable.read_value()) * (1.0 - decay))

    def average(self, var: Any) -> TFVariable | None:
        """The average of a variable; None if it has none."""
        found = self._averages.get(id(var))
        return None if found is None else found[1]

    def average_name(self, var: Any) -> str:
        """The name of a variable's average."""
        found = self._averages.get(id(var))
        return f"{_plain(var.name)}/{self._name}" if found is None else _plain(found[1].name)

    def variables_to_restore(self, moving_avg_variables: Iterable[Any] | None = None) -> dict[str, Any]:
        """Variables by the names under which their averages are stored."""
        variables = [v for v, *_ in self._averages.values()] if moving_avg_variables is None else moving_avg_variables
        return {self.average_name(variable): variable for variable in variables}


def _plain(name: str) -> str:
    return name.removesuffix(":0")
