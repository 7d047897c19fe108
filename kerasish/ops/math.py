"""Elementwise mathematics, comparisons and reductions of ``keras.ops``, on raw torch tensors.

Dtypes follow Keras: the decorator promotes the arguments of a call to one dtype; functions that are only defined for
floats convert integers first (``_floating``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from kerasish.core import dtypes
from kerasish.core.dispatch import Array, Operand, op

Axis = int | Sequence[int] | None


def _floating(x: torch.Tensor) -> torch.Tensor:
    """``x`` as floats: integers and booleans become ``floatx``; int64 too, as in Keras."""
    return x if x.is_floating_point() or x.is_complex() else x.to(dtypes.floatx())


@op
def add(x1: Operand, x2: Operand) -> Any:
    """x1 + x2, elementwise with broadcasting."""
    return torch.add(x1, x2) if isinstance(x1, torch.Tensor) else torch.add(x2, x1)


@op
def exp(x: Array) -> Any:
    """eˣ, elementwise."""
    return torch.exp(_floating(x))


@op
def maximum(x1: Array, x2: Array) -> Any:
    """The larger of x1 and x2, elementwise with broadcasting; NaN wins."""
    return torch.maximum(x1, x2)
