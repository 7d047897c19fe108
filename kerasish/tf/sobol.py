"""``tf.math.sobol_sample``: points that fill the unit cube evenly."""

from __future__ import annotations

from typing import Any

import torch

from kerasish.core import dispatch
from kerasish.core.dtypes import as_dtype, float32, to_torch
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.tensor import Tensor

_MOST = 1111  # dimensions that TensorFlow knows


def sobol_sample(dim: int, num_results: Any, skip: Any = 0, dtype: Any = float32, name: str | None = None) -> Tensor:
    """Points of the Sobol sequence, ``(num_results, dim)``, each number from 0 to 1.

    Args:
        dim: of each point.
        num_results: how many points.
        skip: how many first ones to leave out.
        dtype: float32 or float64.

    Raises:
        InvalidArgumentError: a number is out of range.
    """
    dim, number, start = int(dim), int(num_results), int(skip)
    if not 1 <= dim <= _MOST:
        raise InvalidArgumentError(f"dim must be in [1, {_MOST}] [Op:SobolSample]")
    if number < 1:
        raise InvalidArgumentError("num_results must be at least one [Op:SobolSample]")
    if start < 0:
        raise InvalidArgumentError("skip must not be negative [Op:SobolSample]")
    engine = torch.quasirandom.SobolEngine(dim, scramble=False)
    engine.fast_forward(start + 1)  # the origin is none of them
    return dispatch.wrap(engine.draw(number, dtype=torch.float64).to(to_torch(as_dtype(dtype))))
