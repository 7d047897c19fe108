"""The functions of ``tf.random`` whose seed is an argument."""

from __future__ import annotations

from typing import Any

import torch

from kerasish.core import dispatch, dtypes
from kerasish.core.context import local
from kerasish.core.dispatch import Array, strict_op
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.random import Stream, shape_of
from kerasish.core.random_discrete import order
from kerasish.ops.common import moves
from kerasish.tf.random import draws
from kerasish.tf.random.draws import check_algorithm

# stateless ------------------------------------------------------------------------------------------------------------


def _seeded(seed: Any, alg: Any = "auto_select") -> draws.Draw:
    """The stream of a stateless function, for a seed of two integers."""
    check_algorithm(alg)
    numbers = dispatch.raw(seed)
    if tuple(numbers.shape) != (2,):
        raise InvalidArgumentError(f"seed must have shape [2], not {list(numbers.shape)}")
    if not dtypes.as_dtype(numbers.dtype).is_integer:
        raise dispatch.unsupported_dtype("StatelessRandomGetKeyCounter", numbers.dtype, "int32, int64")
    if numbers.is_meta or (local.tracing and hasattr(numbers, "fake_mode")):  # only the shape is wanted
        numbers = getattr(numbers, "constant", None)
        numbers = (0, 0) if numbers is None else numbers
    first, second = (int(v) for v in numbers)
    return lambda blocks: Stream((first, second))


def stateless_uniform(
    shape: Any,
    seed: Any,
    minval: Any = 0,
    maxval: Any = None,
    dtype: Any = dtypes.float32,
    name: str | None = None,
    alg: Any = "auto_select",
) -> Any:
    """Floats in [minval, maxval), or integers; the same for the same seed, two integers.

    Args:
        minval: ``None`` together with ``maxval=None``: integers of the dtype's whole range.
    """
    if dtypes.as_dtype(dtype).is_integer and minval is None and maxval is None:
        return draws.full_integers(shape_of(shape), _seeded(seed, alg), dtype)
    return draws.uniform(shape_of(shape), _seeded(seed, alg), minval, maxval, dtype)


@strict_op
@moves
def stateless_shuffle(value: Array, seed: Any, alg: Any = "auto_select", name: str | None = None) -> Any:
    """The slices of a tensor along its first axis in an order that the seed, two integers, tells."""
    stream = _seeded(seed, alg)
    if draws.tracing() or not value.ndim:
        return value
    return value[torch.from_numpy(order(len(value), stream(0))).to(value.device)]


def stateless_normal(
    shape: Any,
    seed: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = dtypes.float32,
    name: str | None = None,
    alg: Any = "auto_select",
) -> Any:
    """Normal floats; the same for the same seed, two integers."""
    return draws.normal(shape_of(shape), _seeded(seed, alg), mean, stddev, dtype or dtypes.float32)


def stateless_truncated_normal(
    shape: Any,
    seed: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = dtypes.float32,
    name: str | None = None,
    alg: Any = "auto_select",
) -> Any:
    """Normal floats within two standard deviations of the mean; the same for the same seed, two integers."""
    return draws.truncated_normal(shape_of(shape), _seeded(seed, alg), mean, stddev, dtype or dtypes.float32)


def stateless_categorical(
    logits: Any, num_samples: Any, seed: Any, dtype: Any = dtypes.int64, name: str | None = None
) -> Any:
    """Class numbers drawn from rows of unnormalised log-probabilities; the same for the same seed, two integers."""
    return draws.categorical(logits, num_samples, _seeded(seed), dtype)


def stateless_gamma(
    shape: Any, seed: Any, alpha: Any, beta: Any = None, dtype: Any = dtypes.float32, name: str | None = None
) -> Any:
    """Gamma-distributed floats of ``shape``, to which alpha and beta broadcast; the same for the same seed."""
    sizes = shape_of(shape)
    return draws.gamma(lambda parameters: sizes, _seeded(seed), alpha, beta, dtype)


def stateless_poisson(shape: Any, seed: Any, lam: Any, dtype: Any = dtypes.int32, name: str | None = None) -> Any:
    """Poisson-distributed numbers of ``shape``, to which ``lam`` broadcasts; the same for the same seed."""
    sizes = shape_of(shape)
    return draws.poisson(lambda parameters: sizes, _seeded(seed), lam, dtype)


def stateless_binomial(
    shape: Any, seed: Any, counts: Any, probs: Any, output_dtype: Any = dtypes.int32, name: str | None = None
) -> Any:
    """Numbers of successes in ``counts`` trials, of ``shape``; the same for the same seed."""
    return draws.binomial(shape_of(shape), _seeded(seed), counts, probs, output_dtype)


# seeds ----------------------------------------------------------------------------------------------------------------


def split(seed: Any, num: int = 2, alg: Any = "auto_select") -> Any:
    """``num`` seeds from one: (num, 2), in its dtype."""
    kind = dispatch.wrap(dispatch.raw(seed)).dtype
    return draws.full_integers((int(num), 2), _seeded(seed, alg), kind)


def fold_in(seed: Any, data: Any, alg: Any = "auto_select") -> Any:
    """A seed from a seed and an integer, such as the number of a step."""
    number = dispatch.wrap(dispatch.raw(data))
    first = draws.full_integers((), _seeded(seed, alg), number.dtype)
    return dispatch.wrap(torch.stack([dispatch.raw(first), dispatch.raw(number)]))
