"""``tf.nn.experimental``: dropout with a seed of its own, or with any source of numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kerasish.core.errors import missing_name
from kerasish.tf import creation, math
from kerasish.tf.random.stateless import stateless_uniform


def general_dropout(
    x: Any, rate: Any, uniform_sampler: Callable, noise_shape: Any = None, name: str | None = None
) -> Any:
    """x with a fraction ``rate`` of its elements set to 0 and the others scaled by 1 / (1 - rate).

    Args:
        uniform_sampler: a function of ``shape`` and ``dtype`` that gives numbers from 0 to 1; those below ``rate`` drop.
        noise_shape: where it has 1, elements along that axis share their fate.

    Raises:
        ValueError: ``rate`` is not in [0, 1), or x not a float.
    """
    x = creation.convert_to_tensor(x)
    if not x.dtype.is_floating:
        raise ValueError(f"`x.dtype` must be a floating point tensor. Received: {x.dtype}")
    share = float(rate)
    if not 0 <= share < 1:
        raise ValueError(f"`rate` must be a scalar tensor or a float in the range [0, 1). Received: rate={rate}")
    if share == 0:
        return x
    shape = [int(n) if m is None else int(m) for m, n in zip(noise_shape or [None] * len(x.shape), x.shape)]
    kept = uniform_sampler(shape=shape, dtype=x.dtype) >= creation.cast(share, x.dtype)
    scaled = x * creation.cast(1.0 / (1.0 - share), x.dtype)
    return math.multiply(scaled, creation.cast(kept, x.dtype))


def stateless_dropout(
    x: Any, rate: Any, seed: Any, rng_alg: Any = None, noise_shape: Any = None, name: str | None = None
) -> Any:
    """``general_dropout`` with the numbers of ``tf.random.stateless_uniform``.

    Args:
        seed: two integers.
        rng_alg: of ``stateless_uniform``.
    """

    def sample(shape: Any, dtype: Any) -> Any:
        return stateless_uniform(shape, seed, dtype=dtype, alg="auto_select" if rng_alg is None else rng_alg)

    return general_dropout(x, rate, sample, noise_shape, name)


def __getattr__(name: str) -> Any:
    raise missing_name("kerasish.tf.nn.experimental", name, globals())
