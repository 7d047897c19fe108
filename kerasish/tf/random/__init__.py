"""``tf.random``: random tensors with TensorFlow's own numbers.

Uniform and normal numbers, integers, categorical draws and shuffles are the very ones that TensorFlow gives for the same
seeds; gamma, Poisson and binomial numbers have the same distribution, and depend on the same seeds.
"""

from __future__ import annotations

from typing import Any

import torch

from kerasish.core import dispatch, dtypes, symbolic
from kerasish.core import random as streams
from kerasish.core.dispatch import Array, strict_op
from kerasish.core.errors import missing_name
from kerasish.core.random import Stream, shape_of
from kerasish.core.random import set_seed as set_seed
from kerasish.tf.alias import moves
from kerasish.tf.random import draws
from kerasish.tf.random.draws import Algorithm as Algorithm
from kerasish.tf.random.draws import check_algorithm
from kerasish.tf.random.generator import Generator as Generator
from kerasish.tf.random.generator import create_rng_state as create_rng_state
from kerasish.tf.random.generator import get_global_generator as get_global_generator
from kerasish.tf.random.generator import set_global_generator as set_global_generator

# stateful -------------------------------------------------------------------------------------------------------------


def _drawn(kind: str, seed: Any) -> draws.Draw:
    return lambda blocks: streams.op_stream(kind, seed, blocks)


def _kind(name: str, dtype: Any) -> str:
    """What TensorFlow's kernel depends on beside the seeds."""
    return f"{name} {dtypes.as_dtype(dtype).name}"


def uniform(
    shape: Any,
    minval: Any = 0,
    maxval: Any = None,
    dtype: Any = dtypes.float32,
    seed: int | None = None,
    name: str | None = None,
) -> Any:
    """Floats in [minval, maxval), [0, 1) by default, or integers.

    Raises:
        ValueError: integers without ``maxval``.
        InvalidArgumentError: the range of integers is empty.
    """
    if symbolic.any_symbolic((shape, minval, maxval)):
        return symbolic.call(uniform, (shape, minval, maxval, dtype, seed), {})
    return draws.uniform(shape_of(shape), _drawn(_kind("uniform", dtype), seed), minval, maxval, dtype)


def normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = dtypes.float32,
    seed: int | None = None,
    name: str | None = None,
) -> Any:
    """Normal floats; ``mean`` and ``stddev`` may be tensors that broadcast, and get gradients."""
    if symbolic.any_symbolic((shape, mean, stddev)):
        return symbolic.call(normal, (shape, mean, stddev, dtype, seed), {})
    return draws.normal(shape_of(shape), _drawn(_kind("normal", dtype), seed), mean, stddev, dtype)


def truncated_normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = dtypes.float32,
    seed: int | None = None,
    name: str | None = None,
) -> Any:
    """Normal floats within two standard deviations of the mean."""
    if symbolic.any_symbolic((shape, mean, stddev)):
        return symbolic.call(truncated_normal, (shape, mean, stddev, dtype, seed), {})
    return draws.truncated_normal(shape_of(shape), _drawn(_kind("truncated", dtype), seed), mean, stddev, dtype)


def categorical(
    logits: Any, num_samples: Any, dtype: Any = None, seed: int | None = None, name: str | None = None
) -> Any:
    """Class numbers (int64 by default) drawn from rows of unnormalised log-probabilities.

    Args:
        logits: (batch, classes).

    Returns:
        (batch, num_samples).
    """
    if symbolic.any_symbolic(logits):
        return symbolic.call(categorical, (logits, num_samples, dtype, seed), {})
    return draws.categorical(logits, num_samples, _drawn("categorical", seed), dtype)


@strict_op
@moves
def shuffle(value: Array, seed: int | None = None, name: str | None = None) -> Any:
    """The slices of a tensor along its first axis in random order."""
    if draws.tracing() or not value.ndim:
        return value
    stream = streams.op_stream("shuffle", seed, -(-(len(value) - 1) // 4))
    return value[torch.from_numpy(draws.order(len(value), stream)).to(value.device)]


def gamma(
    shape: Any,
    alpha: Any,
    beta: Any = None,
    dtype: Any = dtypes.float32,
    seed: int | None = None,
    name: str | None = None,
) -> Any:
    """Gamma-distributed floats with shape parameter ``alpha`` and rate ``beta`` (1): ``shape`` of them for each of these."""
    return draws.gamma(shape_of(shape), _drawn(_kind("gamma", dtype), seed), alpha, beta, dtype)


def poisson(shape: Any, lam: Any, dtype: Any = dtypes.float32, seed: int | None = None, name: str | None = None) -> Any:
    """Poisson-distributed numbers with mean ``lam``: ``shape`` of them for each of its elements."""
    return draws.poisson(shape_of(shape), _drawn(_kind("poisson", dtype), seed), lam, dtype)


# stateless ------------------------------------------------------------------------------------------------------------


def _seeded(seed: Any, alg: Any = "auto_select") -> draws.Draw:
    """The stream of a stateless function, for a seed of two integers."""
    check_algorithm(alg)
    numbers = dispatch.raw(seed)
    if tuple(numbers.shape) != (2,):
        raise ValueError(f"seed must have shape [2], got {list(numbers.shape)}")
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
    return draws.normal(shape_of(shape), _seeded(seed, alg), mean, stddev, dtype)


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
    return draws.truncated_normal(shape_of(shape), _seeded(seed, alg), mean, stddev, dtype)


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
    alpha = dispatch.raw(alpha, dtypes.to_torch(dtype))
    return draws.gamma((), _seeded(seed), alpha.expand(sizes) if sizes else alpha, beta, dtype)


def stateless_poisson(shape: Any, seed: Any, lam: Any, dtype: Any = dtypes.int32, name: str | None = None) -> Any:
    """Poisson-distributed numbers of ``shape``, to which ``lam`` broadcasts; the same for the same seed."""
    rate = dispatch.raw(lam, torch.float32)
    return draws.poisson((), _seeded(seed), rate.expand(shape_of(shape)), dtype)


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


from kerasish.tf.random import experimental as experimental  # noqa: E402 - it shows names of this file


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
