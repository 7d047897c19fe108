"""Penalties on weights and outputs (``keras.regularizers``)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from kerasish.core import old_names, registry
from kerasish.core.autodiff import on_raw_tensors
from kerasish.core.dispatch import boundary
from kerasish.core.errors import fail
from kerasish.core.registry import publish

__all__ = [
    "L1", "L1L2", "L2", "OrthogonalRegularizer", "Regularizer", "deserialize", "get", "l1", "l1_l2", "l2",
    "orthogonal_regularizer", "serialize",
]  # fmt: skip


class Regularizer:
    """Base of the regularizers; a subclass implements ``__call__(x)``, which gives a scalar, and ``get_config``."""

    def __call__(self, x: Any) -> Any:
        return 0.0

    @classmethod
    def from_config(cls, config: dict) -> Regularizer:
        return cls(**config)

    def get_config(self) -> dict:
        """The constructor's arguments as plain data."""
        raise NotImplementedError(f"{self} does not implement get_config()")


def _coefficient(name: str, value: Any, old: dict, default: float) -> float:
    """A non-negative finite number; ``old`` holds Keras 2's spelling of the argument, if that was used."""
    value = old.pop("l", value)
    if old:
        raise fail(TypeError, f"The regularizer got an unexpected keyword argument '{next(iter(old))}'")
    value = default if value is None else value
    number = isinstance(value, (int, float, np.integer, np.floating))
    if not number or not math.isfinite(value) or value < 0:
        raise fail(
            ValueError, f"Invalid value for argument {name}: expected a non-negative float", received=f"{name}={value}"
        )
    return float(value)


def _rounded(value: float) -> float:
    """With float32's precision, which Keras's coefficients have; some (not all) of its configurations show it."""
    return float(np.float32(value))


class L1L2(Regularizer):
    """``l1`` · Σ|x| + ``l2`` · Σx².

    Raises:
        ValueError: a coefficient is negative or no number.
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1 = _coefficient("l1", l1, {}, 0.0)
        self.l2 = _coefficient("l2", l2, {}, 0.0)

    @boundary
    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        penalty = x.new_zeros(())
        if self.l1:
            penalty = penalty + _rounded(self.l1) * torch.sum(torch.abs(x))
        if self.l2:
            penalty = penalty + _rounded(self.l2) * torch.sum(torch.square(x))
        return penalty

    def get_config(self) -> dict:
        return {"l1": self.l1, "l2": self.l2}


class L1(Regularizer):
    """``l1`` · Σ|x|; Keras 2's ``l=`` is the same argument.

    Raises:
        ValueError: the coefficient is negative or no number.
    """

    def __init__(self, l1: float = 0.01, **old: float) -> None:
        self.l1 = _coefficient("l1", l1, old, 0.01)

    @boundary
    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return _rounded(self.l1) * torch.sum(torch.abs(x))

    def get_config(self) -> dict:
        return {"l1": _rounded(self.l1)}


class L2(Regularizer):
    """``l2`` · Σx²; Keras 2's ``l=`` is the same argument.

    Raises:
        ValueError: the coefficient is negative or no number.
    """

    def __init__(self, l2: float = 0.01, **old: float) -> None:
        self.l2 = _coefficient("l2", l2, old, 0.01)

    @boundary
    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return _rounded(self.l2) * torch.sum(torch.square(x))

    def get_config(self) -> dict:
        return {"l2": self.l2}


class OrthogonalRegularizer(Regularizer):
    """``factor`` times the mean |cosine| between the rows (or columns) of a matrix: 0 where they are orthogonal.

    Raises:
        ValueError: ``mode`` is neither "rows" nor "columns"; on a call, the input is no matrix.
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        if mode not in ("rows", "columns"):
            raise ValueError(
                f'Invalid value for argument `mode`. Expected one of {{"rows", "columns"}}. Received: mode={mode}'
            )
        self.factor = _coefficient("factor", factor, {}, 0.01)
        self.mode = mode

    @boundary
    def __call__(self, inputs: torch.Tensor) -> torch.Tensor:
        if inputs.ndim != 2:
            raise fail(
                ValueError,
                "Inputs to OrthogonalRegularizer must have rank 2",
                received=f"inputs.shape={tuple(inputs.shape)}",
            )
        rows = inputs if self.mode == "rows" else inputs.T
        count = rows.shape[0]
        if count < 2:
            return inputs.new_zeros(())
        rows = torch.nn.functional.normalize(rows, dim=1)
        cosines = torch.abs(rows @ rows.T)
        pairs = count * (count - 1) / 2
        return _rounded(self.factor) * (torch.sum(cosines) - cosines.diagonal().sum()) / 2 / pairs

    def get_config(self) -> dict:
        return {"factor": _rounded(self.factor), "mode": self.mode}


# names ----------------------------------------------------------------------------------------------------------------

l1, l2, l1_l2, orthogonal_regularizer = L1, L2, L1L2, OrthogonalRegularizer

_OURS: dict[str, Any] = {
    "L1": L1, "L2": L2, "L1L2": L1L2, "OrthogonalRegularizer": OrthogonalRegularizer,
    "l1": L1, "l2": L2, "l1l2": L1L2, "orthogonal_regularizer": OrthogonalRegularizer,
    "l1_l2": L1L2(0.01, 0.01),  # a string of Keras 2 only, with its defaults
}  # fmt: skip


def get(identifier: Any) -> Any:
    """The regularizer for a name, class, config, object or callable; ``None`` gives ``None``.

    Raises:
        ValueError: nothing of that name.
    """
    return registry.lookup("regularizer", identifier, _OURS)


def serialize(regularizer: Any) -> Any:
    """Plain data that ``deserialize`` turns into an equal regularizer."""
    return registry.serialize_keras_object(regularizer)


def deserialize(config: Any, custom_objects: dict | None = None) -> Any:
    """The regularizer for what ``serialize`` gave.

    Raises:
        ValueError, TypeError: nothing of that name.
    """
    with registry.CustomObjectScope(custom_objects or {}):
        return get(config)


def raw(regularizer: Any) -> Callable[[torch.Tensor], torch.Tensor]:
    """``regularizer`` as a function of a raw tensor, for library code; a user's class or function gets a Tensor."""
    return on_raw_tensors(regularizer)


def __getattr__(name: str) -> Any:
    return old_names.found(__name__, name, globals())


publish(__name__, globals(), __all__)
