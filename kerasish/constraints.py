"""What weights are made to satisfy after each update (``keras.constraints``)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from kerasish.core import old_names, registry
from kerasish.core.autodiff import on_raw_tensors
from kerasish.core.context import settings
from kerasish.core.dispatch import boundary
from kerasish.core.registry import publish
from kerasish.ops.common import axis_indices, floating

__all__ = [
    "Constraint", "MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm", "deserialize", "get", "max_norm", "min_max_norm",
    "non_neg", "serialize", "unit_norm",
]  # fmt: skip

Axes = int | Sequence[int] | None


class Constraint:
    """Base of the constraints; a subclass implements ``__call__(w)``, which gives the value to assign, and
    ``get_config``."""

    def __call__(self, w: Any) -> Any:
        return w

    def get_config(self) -> dict:
        """The constructor's arguments as plain data."""
        return {}

    @classmethod
    def from_config(cls, config: dict) -> Constraint:
        return cls(**config)


def _norms(w: torch.Tensor, axis: Axes) -> torch.Tensor:
    """Norms along ``axis``, summed up in float32 at least; their gradient at zero is 0."""
    axes = axis_indices(list(axis) if isinstance(axis, Sequence) else axis, w.ndim)
    return torch.linalg.vector_norm(w, 2, axes, keepdim=True, dtype=torch.promote_types(w.dtype, torch.float32))


def _rescale(w: torch.Tensor, low: float, high: float, rate: float, axis: Axes) -> torch.Tensor:
    """``w`` with norms that are ``rate`` of the way to [low, high]; zeros stay zeros."""
    w = floating(w)
    norms = _norms(w, axis)
    within = norms.clamp(max=high).clamp(min=low)  # the lower limit counts where they cross, as in TensorFlow
    wanted = rate * within + (1 - rate) * norms
    return w * (wanted / (settings.epsilon + norms)).to(w.dtype)


class MaxNorm(Constraint):
    """Norms along ``axis`` are at most ``max_value``.

    Args:
        axis: an axis or several; the input axes of a unit: 0 for a Dense kernel, [0, 1, 2] for a Conv2D kernel.
    """

    def __init__(self, max_value: float = 2, axis: Axes = 0) -> None:
        self.max_value, self.axis = max_value, axis

    @boundary
    def __call__(self, w: torch.Tensor) -> torch.Tensor:
        return _rescale(w, 0.0, self.max_value, 1.0, self.axis)

    def get_config(self) -> dict:
        return {"max_value": self.max_value, "axis": self.axis}


class MinMaxNorm(Constraint):
    """Norms along ``axis`` move ``rate`` of the way to [``min_value``, ``max_value``] at each update."""

    def __init__(self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: Axes = 0) -> None:
        self.min_value, self.max_value, self.rate, self.axis = min_value, max_value, rate, axis

    @boundary
    def __call__(self, w: torch.Tensor) -> torch.Tensor:
        return _rescale(w, self.min_value, self.max_value, self.rate, self.axis)

    def get_config(self) -> dict:
        return {"min_value": self.min_value, "max_value": self.max_value, "rate": self.rate, "axis": self.axis}


class UnitNorm(Constraint):
    """Norms along ``axis`` are 1, but for zeros."""

    def __init__(self, axis: Axes = 0) -> None:
        self.axis = axis

    @boundary
    def __call__(self, w: torch.Tensor) -> torch.Tensor:
        w = floating(w)
        return w / (settings.epsilon + _norms(w, self.axis)).to(w.dtype)

    def get_config(self) -> dict:
        return {"axis": self.axis}


class NonNeg(Constraint):
    """No negative weights: they become 0."""

    @boundary
    def __call__(self, w: torch.Tensor) -> torch.Tensor:
        return torch.clamp(w, min=0)


# names ----------------------------------------------------------------------------------------------------------------

max_norm, min_max_norm, non_neg, unit_norm = MaxNorm, MinMaxNorm, NonNeg, UnitNorm

_OURS: dict[str, type] = {
    "Constraint": Constraint, "constraint": Constraint,
    "MaxNorm": MaxNorm, "MinMaxNorm": MinMaxNorm, "NonNeg": NonNeg, "UnitNorm": UnitNorm,
    "max_norm": MaxNorm, "min_max_norm": MinMaxNorm, "non_neg": NonNeg, "unit_norm": UnitNorm,
    "maxnorm": MaxNorm, "minmaxnorm": MinMaxNorm, "nonneg": NonNeg, "unitnorm": UnitNorm,
}  # fmt: skip


def get(identifier: Any) -> Any:
    """The constraint for a name, class, config, object or callable; ``None`` gives ``None``.

    Raises:
        ValueError: nothing of that name.
    """
    return registry.lookup("constraint", identifier, _OURS)


def serialize(constraint: Any) -> Any:
    """Plain data that ``deserialize`` turns into an equal constraint."""
    return registry.serialize_keras_object(constraint)


def deserialize(config: Any, custom_objects: dict | None = None) -> Any:
    """The constraint for what ``serialize`` gave.

    Raises:
        ValueError, TypeError: nothing of that name.
    """
    with registry.CustomObjectScope(custom_objects or {}):
        return get(config)


def raw(constraint: Any) -> Callable[[torch.Tensor], torch.Tensor]:
    """``constraint`` as a function of a raw tensor, for library code; a user's class or function gets a Tensor."""
    return on_raw_tensors(constraint)


def __getattr__(name: str) -> Any:
    return old_names.found(__name__, name, globals())


publish(__name__, globals(), __all__)
