"""Random tensors from a stream of words: what the stateful, the stateless and the generators' functions share."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from kerasish.core import device as devices
from kerasish.core import dispatch, dtypes
from kerasish.core import random as streams
from kerasish.core.context import local
from kerasish.core.dispatch import Array, Operand, strict_op
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.core.random import Stream
from kerasish.core.random_discrete import binomial_raw, categorical_raw

BLOCKS = 256  # counters that TensorFlow sets aside for each number, since some are drawn by rejection
Draw = Callable[[int], Stream]  # so many counters from a source of randomness


class Algorithm(enum.IntEnum):
    """Generators of random bits; only Philox is served."""

    PHILOX = 1
    THREEFRY = 2
    AUTO_SELECT = 3


def check_algorithm(alg: Any) -> None:
    """Raise unless ``alg`` names Philox, or leaves the choice."""
    name = alg.name if isinstance(alg, Algorithm) else alg
    name = Algorithm(alg).name if isinstance(name, int) else str(name)
    if name.lower() not in ("philox", "auto_select"):
        raise fail(ValueError, "Unsupported random algorithm", "'philox' or 'auto_select'", repr(alg))


def tracing() -> bool:
    """Whether only shapes are being worked out: then nothing is drawn."""
    return local.tracing or devices.current().type == "meta"


def _float(dtype: Any) -> dtypes.DType:
    kind = dtypes.as_dtype(dtype)
    if not kind.is_floating:
        raise fail(ValueError, "Random numbers of this kind are floats", "a floating-point dtype", kind.name)
    return kind


@strict_op
def _scaled(numbers: Array, factor: Operand, offset: Operand) -> Any:
    return numbers * factor + offset


def _numbers_or_tensors(make: Callable, shape: tuple, stream: Stream, factor: Any, offset: Any, kind: Any) -> Any:
    """``make`` with two Python numbers, or its standard numbers scaled by tensors, through which gradients pass."""
    if isinstance(factor, (int, float)) and isinstance(offset, (int, float)):
        return dispatch.wrap(make(shape, stream, factor, offset, kind))
    return _scaled(dispatch.wrap(make(shape, stream, dtype=kind)), factor, offset)


def _zeros(shape: tuple, kind: dtypes.DType) -> Any:
    return dispatch.wrap(torch.zeros(shape, dtype=kind.torch, device=devices.current()))


def uniform(shape: tuple, draw: Draw, minval: Any, maxval: Any, dtype: Any) -> Any:
    """Floats or integers in [minval, maxval); floats in [0, 1) by default.

    Raises:
        ValueError: integers without ``maxval``.
        InvalidArgumentError: the range of integers is empty.
    """
    kind = dtypes.as_dtype(dtype)
    if maxval is None:
        if kind.is_integer:
            raise ValueError(f"Must specify maxval for integer dtype {kind!r}")
        maxval = 1
    if tracing():
        return _zeros(shape, kind)
    stream = draw(int(np.prod(shape)) * BLOCKS)
    if not kind.is_integer:
        if isinstance(minval, (int, float)) and isinstance(maxval, (int, float)):
            return dispatch.wrap(streams.uniform_raw(shape, stream, minval, maxval, kind))
        low, high = (dispatch.wrap(dispatch.raw(bound, kind.torch)) for bound in (minval, maxval))
        return _scaled(dispatch.wrap(streams.uniform_raw(shape, stream, dtype=kind)), high - low, low)
    low, high = int(minval), int(maxval)
    if low >= high:
        raise InvalidArgumentError(f"Need minval < maxval, got {low} >= {high} [Op:RandomUniformInt]")
    return dispatch.wrap(streams.integers_raw(shape, stream, low, high, kind))


def full_integers(shape: tuple, draw: Draw, dtype: Any) -> Any:
    """Integers of the dtype's whole range."""
    kind = dtypes.as_dtype(dtype)
    if tracing():
        return _zeros(shape, kind)
    count = int(np.prod(shape))
    words = draw(count * BLOCKS).take(count * (2 if kind.size > 4 else 1))
    if kind.size > 4:
        words = words[0::2].astype(np.uint64) | (words[1::2].astype(np.uint64) << np.uint64(32))
    values = words.view(np.int64 if kind.size > 4 else np.int32).reshape(shape)
    return dispatch.wrap(torch.from_numpy(values.copy()).to(devices.current()).view(kind.torch))


def normal(shape: tuple, draw: Draw, mean: Any, stddev: Any, dtype: Any) -> Any:
    """Normal floats."""
    kind = _float(dtype)
    if tracing():
        return _zeros(shape, kind)
    stream = draw(int(np.prod(shape)) * BLOCKS)

    def make(shape: tuple, stream: Stream, stddev: float = 1.0, mean: float = 0.0, dtype: Any = kind) -> torch.Tensor:
        return streams.normal_raw(shape, stream, mean, stddev, dtype)

    return _numbers_or_tensors(make, shape, stream, stddev, mean, kind)


def truncated_normal(shape: tuple, draw: Draw, mean: Any, stddev: Any, dtype: Any) -> Any:
    """Normal floats within two standard deviations of the mean."""
    kind = _float(dtype)
    if tracing():
        return _zeros(shape, kind)
    stream = draw(int(np.prod(shape)) * BLOCKS)

    def make(shape: tuple, stream: Stream, stddev: float = 1.0, mean: float = 0.0, dtype: Any = kind) -> torch.Tensor:
        return streams.truncated_raw(shape, stream, mean, stddev, dtype)

    return _numbers_or_tensors(make, shape, stream, stddev, mean, kind)


def categorical(logits: Any, num_samples: Any, draw: Draw, dtype: Any) -> Any:
    """Classes drawn from rows of unnormalised log-probabilities: (batch, classes) → (batch, num_samples).

    Raises:
        InvalidArgumentError: ``logits`` is no matrix.
    """
    rows = dispatch.raw(logits).detach()
    kind, count = dtypes.to_torch(dtype or "int64"), int(num_samples)
    if rows.ndim != 2:
        raise InvalidArgumentError(f"logits should be a matrix, got shape {list(rows.shape)} [Op:Multinomial]")
    batch = len(rows)
    if tracing():
        return _zeros((batch, count), dtypes.as_dtype(kind))
    drawn = categorical_raw(rows, count, draw(batch * -(-count // 4) * 4 * 2 * BLOCKS))
    return dispatch.wrap(drawn.to(kind))


# distributions that torch draws, from a generator that the stream seeds -------------------------------------------------


def _generator(stream: Stream, device: torch.device) -> torch.Generator:
    words = stream.take(2)
    return torch.Generator(device=device).manual_seed(int(words[0]) << 31 ^ int(words[1]))


def gamma(shape: tuple, draw: Draw, alpha: Any, beta: Any, dtype: Any) -> Any:
    """Gamma-distributed floats of shape ``shape`` + the broadcast shape of alpha and beta; gradients pass to both."""
    kind = _float(dtype)
    alpha = alpha if dispatch.is_tensor(alpha) else dispatch.wrap(dispatch.raw(alpha, kind.torch))
    return _gamma(alpha, 1.0 if beta is None else beta, tuple(shape), draw, kind.torch)


@strict_op
def _gamma(alpha: Array, beta: Array, shape: tuple, draw: Draw, dtype: torch.dtype) -> Any:
    alpha, beta = torch.broadcast_tensors(alpha.to(dtype), beta.to(dtype))
    if tracing():
        return alpha.new_zeros((*shape, *alpha.shape))
    stream = draw(torch.Size((*shape, *alpha.shape)).numel() * BLOCKS)
    wide = alpha.expand(*shape, *alpha.shape)
    wide = wide.float() if dtype in (torch.float16, torch.bfloat16) else wide
    return torch._standard_gamma(wide, _generator(stream, alpha.device)).to(dtype) / beta


def poisson(shape: tuple, draw: Draw, lam: Any, dtype: Any) -> Any:
    """Poisson-distributed numbers of shape ``shape`` + lam.shape."""
    rate = dispatch.raw(lam, torch.float32).detach()
    rate = rate if rate.dtype is torch.float64 else rate.float()
    sizes = (*shape, *rate.shape)
    if tracing():
        return _zeros(sizes, dtypes.as_dtype(dtype))
    stream = draw(torch.Size(sizes).numel() * BLOCKS)
    drawn = torch.poisson(rate.expand(sizes), _generator(stream, rate.device))
    return dispatch.wrap(drawn.to(dtypes.to_torch(dtype)))


def binomial(shape: tuple, draw: Draw, counts: Any, probs: Any, dtype: Any) -> Any:
    """Numbers of successes in ``counts`` trials, of shape ``shape``, to which counts and probs broadcast."""
    if tracing():
        return _zeros(shape, dtypes.as_dtype(dtype))
    stream = draw(torch.Size(shape).numel() * BLOCKS * 100)
    n, p = (dispatch.raw(v, torch.float32).detach().cpu().numpy() for v in (counts, probs))
    drawn = torch.from_numpy(binomial_raw(tuple(shape), stream, n, p))
    return dispatch.wrap(drawn.to(devices.current(), dtypes.to_torch(dtype)))
