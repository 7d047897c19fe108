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
from kerasish.core.errors import InvalidArgumentError, fail, missing_name
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


def _parameter(value: Any) -> Any:
    """A distribution's parameter: a number, or an array of them.

    Raises:
        ValueError: ``value`` is None.
    """
    if value is None:
        raise fail(ValueError, "Attempt to convert a value (None) to a Tensor")
    return value if isinstance(value, (int, float)) else np.asarray(value)


def uniform(shape: Any, minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Uniform floats in [minval, maxval); the limits may be arrays that broadcast with ``shape``."""
    low, high = _parameter(minval), _parameter(maxval)
    return dispatch.wrap(streams.keras_uniform_raw(shape_of(shape), draw_seed(seed), low, high, _float_dtype(dtype)))


def normal(shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Normal floats; ``mean`` and ``stddev`` may be arrays that broadcast with ``shape``."""
    mean, stddev = _parameter(mean), _parameter(stddev)
    return dispatch.wrap(streams.normal_raw(shape_of(shape), draw_seed(seed), mean, stddev, _float_dtype(dtype)))


def truncated_normal(shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Normal floats within two standard deviations of the mean."""
    mean, stddev = _parameter(mean), _parameter(stddev)
    return dispatch.wrap(streams.truncated_raw(shape_of(shape), draw_seed(seed), mean, stddev, _float_dtype(dtype)))


def randint(shape: Any, minval: int, maxval: int, dtype: Any = "int32", seed: Any = None) -> Any:
    """Integers in [minval, maxval).

    Raises:
        ValueError: ``dtype`` is not an integer type.
        TypeError: a limit is a Python float.
        InvalidArgumentError: ``minval`` is not below ``maxval``.
    """
    if not as_dtype(dtype).is_integer:
        raise ValueError(f"`keras.random.randint` requires an integer `dtype`. Received: dtype={dtype}")
    for name, limit in (("minval", minval), ("maxval", maxval)):
        if isinstance(limit, float):
            raise fail(TypeError, f"The limits of `keras.random.randint` are integers, `{name}` is not", received=limit)
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
    """``inputs`` with a fraction ``rate`` of elements set to 0 and the others scaled by 1 / (1 - rate).

    Args:
        noise_shape: of the decisions, which broadcast with ``inputs``; None stands for the inputs' size there.

    Raises:
        ValueError: ``rate`` is not in [0, 1], or the inputs are integers that would have to be scaled.
        InvalidArgumentError: ``noise_shape`` does not broadcast with the inputs' shape.
    """
    rate = float(rate)
    if not 0.0 <= rate <= 1.0:
        raise fail(ValueError, "`rate` must be a scalar tensor or a float in the range [0, 1)", received=f"rate={rate}")
    if rate == 0.0:
        return inputs
    t = dispatch.raw(inputs)
    if rate == 1.0:
        out = torch.zeros_like(t)
    else:
        out = _dropped(t, rate, t.shape if noise_shape is None else noise_shape, seed)
    return out if isinstance(inputs, torch.Tensor) else dispatch.wrap(out)


def _dropped(t: torch.Tensor, rate: float, noise_shape: Any, seed: Any) -> torch.Tensor:
    if not t.is_floating_point():
        kind = standardize(t.dtype)
        raise fail(ValueError, "`x` must be a floating point tensor, as it will be scaled", received=f"x_dtype={kind}")
    shape = tuple(t.shape[i] if size is None else int(size) for i, size in enumerate(noise_shape))
    drawn = streams.uniform_raw(shape, draw_seed(seed), dtype=standardize(t.dtype)).to(t.device)
    try:
        return torch.where(drawn >= rate, t * (1.0 / (1.0 - rate)), torch.zeros((), dtype=t.dtype, device=t.device))
    except RuntimeError:
        raise fail(
            InvalidArgumentError, "`noise_shape` must broadcast with the inputs' shape", tuple(t.shape), shape
        ) from None


def gamma(shape: Any, alpha: Any, dtype: Any = None, seed: Any = None) -> Any:
    """Gamma-distributed floats with shape parameter ``alpha`` and scale 1; NaN where ``alpha`` is negative.

    Raises:
        InvalidArgumentError: ``shape`` does not end with the shape of ``alpha``.
    """
    made = gamma_raw(shape_of(shape), draw_seed(seed), np.asarray(alpha), _float_dtype(dtype))
    return dispatch.wrap(made)


def beta(shape: Any, alpha: Any, beta: Any, dtype: Any = None, seed: Any = None) -> Any:
    """Beta-distributed floats."""
    made = beta_raw(shape_of(shape), draw_seed(seed), np.asarray(alpha), np.asarray(beta), _float_dtype(dtype))
    return dispatch.wrap(made)


def binomial(shape: Any, counts: Any, probabilities: Any, dtype: Any = None, seed: Any = None) -> Any:
    """Numbers of successes in ``counts`` trials; ``dtype`` may be int32 and int64, too.

    Raises:
        InvalidArgumentError: ``shape`` does not end with the shape of ``counts`` and ``probabilities``.
    """
    kind = standardize(dtype)
    kind = kind if kind in ("int32", "int64") else _float_dtype(kind)
    stream = streams.Stream(draw_seed(seed))
    # what is no double tensor goes through float32, as in Keras, which decides how numbers are drawn in border cases
    both = [v if _is_double(v) else np.asarray(v, "float32") for v in (counts, probabilities)]
    drawn = binomial_raw(shape_of(shape), stream, *both)
    return dispatch.wrap(torch.from_numpy(drawn).to(devices.current(), as_dtype(kind).torch))


def _is_double(value: Any) -> bool:
    return dispatch.is_tensor(value) and standardize(value.dtype) == "float64"


__all__ = [
    "SeedGenerator", "beta", "binomial", "categorical", "dropout", "gamma", "normal", "randint", "shuffle",
    "truncated_normal", "uniform",
]  # fmt: skip
publish(__name__, globals(), __all__)


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
