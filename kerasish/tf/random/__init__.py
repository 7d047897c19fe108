"""``tf.random``: random tensors with TensorFlow's own numbers.

Uniform and normal numbers, integers, categorical draws and shuffles are the very ones that TensorFlow gives for the same
seeds; gamma, Poisson and binomial numbers have the same distribution, and depend on the same seeds.
"""

from __future__ import annotations

from typing import Any

import torch

from kerasish.core import dtypes, symbolic
from kerasish.core import random as streams
from kerasish.core.context import settings
from kerasish.core.dispatch import Array, strict_op
from kerasish.core.errors import missing_name
from kerasish.core.random import set_seed as set_seed
from kerasish.core.random import shape_of
from kerasish.core.random_discrete import order
from kerasish.ops.common import moves
from kerasish.tf.candidates import all_candidate_sampler as all_candidate_sampler
from kerasish.tf.candidates import fixed_unigram_candidate_sampler as fixed_unigram_candidate_sampler
from kerasish.tf.candidates import learned_unigram_candidate_sampler as learned_unigram_candidate_sampler
from kerasish.tf.candidates import log_uniform_candidate_sampler as log_uniform_candidate_sampler
from kerasish.tf.candidates import uniform_candidate_sampler as uniform_candidate_sampler
from kerasish.tf.random import draws
from kerasish.tf.random import experimental as experimental
from kerasish.tf.random.draws import Algorithm as Algorithm
from kerasish.tf.random.generator import Generator as Generator
from kerasish.tf.random.generator import create_rng_state as create_rng_state
from kerasish.tf.random.generator import get_global_generator as get_global_generator
from kerasish.tf.random.generator import set_global_generator as set_global_generator
from kerasish.tf.random.stateless import fold_in as fold_in
from kerasish.tf.random.stateless import split as split
from kerasish.tf.random.stateless import stateless_binomial as stateless_binomial
from kerasish.tf.random.stateless import stateless_categorical as stateless_categorical
from kerasish.tf.random.stateless import stateless_gamma as stateless_gamma
from kerasish.tf.random.stateless import stateless_normal as stateless_normal
from kerasish.tf.random.stateless import stateless_poisson as stateless_poisson
from kerasish.tf.random.stateless import stateless_truncated_normal as stateless_truncated_normal
from kerasish.tf.random.stateless import stateless_uniform as stateless_uniform
from kerasish.tf.random.truncated import (
    stateless_parameterized_truncated_normal as stateless_parameterized_truncated_normal,
)

# stateful -------------------------------------------------------------------------------------------------------------


def _drawn(kind: str, seed: Any) -> draws.Draw:
    return lambda blocks: streams.op_stream(kind, seed, blocks)


def _kind(name: str, dtype: Any) -> str:
    """What TensorFlow's kernel depends on beside the seeds."""
    return f"{name} {dtypes.as_dtype(dtype).name}"


_UNIFORM = ("float16", "bfloat16", "float32", "float64", "int32", "int64")


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
    kind = dtypes.as_dtype(dtype)
    if kind.name not in _UNIFORM:
        accepted = ", ".join(f"tf.{name}" for name in _UNIFORM)
        raise ValueError(f"Argument `dtype` got invalid value {kind!r}. Accepted dtypes are ({accepted}).")
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
    return value[torch.from_numpy(order(len(value), stream)).to(value.device)]


def gamma(
    shape: Any,
    alpha: Any,
    beta: Any = None,
    dtype: Any = dtypes.float32,
    seed: int | None = None,
    name: str | None = None,
) -> Any:
    """Gamma-distributed floats with shape parameter ``alpha`` and rate ``beta`` (1): ``shape`` of them for each of these."""
    sizes, exact = shape_of(shape), seed is not None or settings.global_seed is not None
    drawn = _drawn(_kind("gamma", dtype), seed)
    return draws.gamma(lambda parameters: (*sizes, *parameters), drawn, alpha, beta, dtype, exact)


def poisson(shape: Any, lam: Any, dtype: Any = dtypes.float32, seed: int | None = None, name: str | None = None) -> Any:
    """Poisson-distributed numbers with mean ``lam``: ``shape`` of them for each of its elements."""
    sizes, exact = shape_of(shape), seed is not None or settings.global_seed is not None
    drawn = _drawn(_kind("poisson", dtype), seed)
    return draws.poisson(lambda parameters: (*sizes, *parameters), drawn, lam, dtype, exact)


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
