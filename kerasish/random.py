"""Random tensors with TensorFlow's own numbers (``keras.random``).

``seed`` is an integer (the same numbers each time), a ``SeedGenerator`` (others each time) or None (the global generator).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from kerasish.core import device as devices
from kerasish.core import dispatch
from kerasish.core import random as streams
from kerasish.core.dtypes import as_dtype, standardize
from kerasish.core.errors import fail, missing_name
from kerasish.core.random import SeedGenerator as SeedGenerator
from kerasish.core.random import draw_seed, shape_of
from kerasish.core.random_discrete import binomial_raw, categorical_raw
from kerasish.core.random_gamma import beta_raw, gamma_raw
from kerasish.core.registry import publish


def _float_dtype(dtype: Any) -> str:
    name = standardize(dtype)
    if not as_dtype(name).is_floating:
        raise ValueError(f"Argument `dtype` must be a floating point dtype. Received: dtype={dtype}")
    return name


def uniform(shape: Any, minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Uniform floats in [minval, maxval)."""
    made = streams.keras_uniform_raw(shape_of(shape), draw_seed(seed), minval, maxval, _float_dtype(dtype))
    return dispatch.wrap(made)


def normal(shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Normal floats."""
    made = streams.normal_raw(shape_of(shape), draw_seed(seed), float(mean), float(stddev), _float_dtype(dtype))
    return dispatch.wrap(made)


def truncated_normal(shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Normal floats within two standard deviations of the mean."""
    made = streams.truncated_raw(shape_of(shape), draw_seed(seed), float(mean), float(stddev), _float_dtype(dtype))
    return dispatch.wrap(made)


def randint(shape: Any, minval: int, maxval: int, dtype: Any = "int32", seed: Any = None) -> Any:
    """Integers in [minval, maxval).

    Raises:
        ValueError: ``dtype`` is not an integer type.
    """
    if not as_dtype(dtype).is_integer:
        raise ValueError(f"`keras.random.randint` requires an integer `dtype`. Received: dtype={dtype}")
    made = streams.keras_integers_raw(shape_of(shape), draw_seed(seed), int(minval), int(maxval), dtype)
    return dispatch.wrap(made)


def categorical(logits: Any, num_samples: int, dtype: Any = "int32", seed: Any = None) -> Any:
    """Class indices drawn from rows of unnormalised log-probabilities: (batch, classes) → (batch, num_samples)."""
    t = dispatch.raw(logits).detach()
    if t.ndim != 2:
        raise fail(ValueError, "`logits` should be of shape [batch_size, num_classes]", received=tuple(t.shape))
    drawn = categorical_raw(t, int(num_samples), streams.Stream(draw_seed(seed)))
    return dispatch.wrap(drawn.to(as_dtype(dtype).torch))


def shuffle(x: Any, axis: int = 0, seed: Any = None) -> Any:
    """``x`` with its slices along ``axis`` in random order."""
    t = dispatch.raw(x)
    order = streams.order_raw(t.shape[axis], draw_seed(seed)).to(t.device)
    return dispatch.wrap(t.index_select(axis, order))


def dropout(inputs: Any, rate: float, noise_shape: Any = None, seed: Any = None) -> Any:
    """``inputs`` with a fraction ``rate`` of elements set to 0 and the others scaled by 1 / (1 - rate)."""
    t = dispatch.raw(inputs)
    shape = t.shape if noise_shape is None else tuple(s if n is None else n for s, n in zip(t.shape, noise_shape))
    drawn = streams.uniform_raw(tuple(shape), draw_seed(seed), dtype=standardize(t.dtype)).to(t.device)
    out = torch.where(drawn >= rate, t * (1.0 / (1.0 - rate)), torch.zeros((), dtype=t.dtype, device=t.device))
    return out if isinstance(inputs, torch.Tensor) else dispatch.wrap(out)


def gamma(shape: Any, alpha: Any, dtype: Any = None, seed: Any = None) -> Any:
    """Gamma-distributed floats with shape parameter ``alpha`` and scale 1."""
    made = gamma_raw(shape_of(shape), draw_seed(seed), np.asarray(alpha), _float_dtype(dtype))
    return dispatch.wrap(made)


def beta(shape: Any, alpha: Any, beta: Any, dtype: Any = None, seed: Any = None) -> Any:
    """Beta-distributed floats."""
    made = beta_raw(shape_of(shape), draw_seed(seed), np.asarray(alpha), np.asarray(beta), _float_dtype(dtype))
    return dispatch.wrap(made)


def binomial(shape: Any, counts: Any, probabilities: Any, dtype: Any = None, seed: Any = None) -> Any:
    """Numbers of successes in ``counts`` trials."""
    kind = _float_dtype(dtype)
    stream = streams.Stream(draw_seed(seed))
    drawn = binomial_raw(shape_of(shape), stream, np.asarray(counts), np.asarray(probabilities))
    return dispatch.wrap(torch.from_numpy(drawn).to(devices.current(), as_dtype(kind).torch))


__all__ = [
    "SeedGenerator", "beta", "binomial", "categorical", "dropout", "gamma", "normal", "randint", "shuffle",
    "truncated_normal", "uniform",
]  # fmt: skip
publish(__name__, globals(), __all__)


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
