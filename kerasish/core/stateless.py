"""StatelessScope: a block in which variables have given values, and writes go to the scope instead of the variables."""

from __future__ import annotations

from typing import Any

import torch

from kerasish.core import dispatch
from kerasish.core.context import local
from kerasish.core.errors import fail
from kerasish.core.tensor import Tensor
from kerasish.core.variable import Variable


class _Values(dict):
    """An overlay (id of a variable → the variable, its stored tensor) that is in the variables' places as well.

    Layers look parameters up where their modules keep them, so the tensors are exchanged there, as torch's
    ``functional_call`` does.
    """

    def __init__(self) -> None:
        super().__init__()
        self._before: dict[int, tuple[Variable, Any, bool]] = {}

    def __setitem__(self, key: int, value: tuple[Variable, Any]) -> None:
        variable, stored = value
        self._before.setdefault(key, (variable, variable.stored, variable._shared))
        _place(variable, stored)
        variable._shared = True  # who writes in place must not write to a tensor of the user's
        super().__setitem__(key, value)

    def end(self) -> None:
        """Put the variables' own tensors back, and keep what is in their places now."""
        for key, (variable, stored, shared) in self._before.items():
            super().__setitem__(key, (variable, variable.stored))
            _place(variable, stored)
            variable._shared = shared
        self._before.clear()


def _place(variable: Variable, stored: Any) -> None:
    variable._slots[variable._key] = stored
    variable.renew_ties()


class StatelessScope:
    """``with keras.StatelessScope([(variable, value), ...]) as scope:`` — nothing in the block changes a variable.

    The exchange is seen by all threads. Values are given, and got, with their gradients.

    Args:
        state_mapping: pairs of a variable and the value that it has in the block; others have their own.
        collect_losses: whether ``losses`` gets what layers are given by ``add_loss``.
        initialize_variables: whether variables that are made in the block are initialized, which they always are here.

    Raises:
        ValueError: something else than a variable, or a value of another shape.
    """

    def __init__(
        self, state_mapping: Any = None, collect_losses: bool = False, initialize_variables: bool = True
    ) -> None:
        self.collect_losses = collect_losses
        self.initialize_variables = initialize_variables
        self.losses: list = []
        self._given: dict[
            int, tuple[Variable, Any, Any]
        ] = {}  # id → variable, value as given, alias that is its stored tensor
        self._values = _Values()
        for variable, value in state_mapping or ():
            if not isinstance(variable, Variable):
                raise ValueError(
                    "Invalid reference variable in StatelessScope: all keys in argument `mapping` must be Variable "
                    f"instances. Received instead: {variable}"
                )
            self._given[id(variable)] = (variable, value, _stored(variable, value))

    @property
    def state_mapping(self) -> dict[int, Any]:
        """id of a variable → its value in the scope."""
        return {key: self.get_current_value(self._variable(key)) for key in {**self._given, **self._values}}

    def _variable(self, key: int) -> Variable:
        return self._values[key][0] if key in self._values else self._given[key][0]

    def __enter__(self) -> StatelessScope:
        self._before = local.stateless_scope, local.overlay, local.losses
        for key, (variable, _, stored) in self._given.items():
            self._values[key] = (variable, stored)
        local.stateless_scope, local.overlay = self, self._values
        if self.collect_losses:
            local.losses = self.losses
        return self

    def __exit__(self, *args: Any, **kwargs: Any) -> None:
        self._values.end()
        local.stateless_scope, local.overlay, local.losses = self._before

    def add_loss(self, loss: Any) -> None:
        self.losses.append(loss)

    def add_update(self, update: tuple[Variable, Any]) -> None:
        """Give a variable, the first of a pair, the value that is the second."""
        variable, value = update
        stored = _stored(variable, value)
        self._given[id(variable)] = (variable, value, stored)
        if local.stateless_scope is self:
            self._values[id(variable)] = (variable, stored)

    def get_current_value(self, variable: Variable) -> Any:
        """The value that a variable was given or got in the block; None for a variable that the scope knows nothing of."""
        key = id(variable)
        if key not in self._values and key not in self._given:
            return None
        stored = self._values[key][1] if key in self._values else self._given[key][2]
        given = self._given.get(key)
        if local.stateless_scope is self:
            stored = variable.stored
        if given is not None and stored is given[2] and stored._version == 0:
            return (
                given[1] if isinstance(given[1], (Tensor, torch.Tensor)) else dispatch.wrap(_logical(variable, stored))
            )
        value = _logical(variable, stored)
        return value if given is not None and isinstance(given[1], torch.Tensor) else dispatch.wrap(value)


def _logical(variable: Variable, stored: Any) -> Any:
    return variable._layout.to_logical(stored) if variable._layout is not None else stored


def _stored(variable: Variable, value: Any) -> torch.Tensor:
    """A value as the variable's stored tensor: another object on the same memory, with the same gradient."""
    if isinstance(value, Variable):
        value = value.snapshot()
    t = dispatch.live(value) if isinstance(value, Tensor) else dispatch.raw(value)
    if tuple(t.shape) != tuple(variable.shape):
        raise fail(
            ValueError,
            "Invalid variable value in StatelessScope: all values in argument `mapping` must be tensors with a shape that "
            f"matches the corresponding variable shape. For variable {variable.path}",
            tuple(variable.shape),
            f"a value of shape {tuple(t.shape)}",
        )
    t = t.to(variable.stored.device, variable.stored.dtype)
    t = variable._layout.to_stored(t) if variable._layout is not None else t
    return t.view_as(t)


class SymbolicScope:
    """A block in which shapes are worked out rather than values; for code that asks for it."""

    def __enter__(self) -> SymbolicScope:
        self._before = local.symbolic_scope
        local.symbolic_scope = self
        return self

    def __exit__(self, *args: Any, **kwargs: Any) -> None:
        local.symbolic_scope = self._before
