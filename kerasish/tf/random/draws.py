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
from kerasish.core.errors import DTypeMismatchError, InvalidArgumentError, fail
from kerasish.core.random import BLOCKS, Stream
from kerasish.core.random_discrete import binomial_raw, categorical_raw, poisson_raw
from kerasish.core.random_gamma import gamma_raw
from kerasish.tf.integrals import gamma_slope

Draw = Callable[[int], Stream]  # so many counters from a source of randomness


class Algorithm(enum.IntEnum):
    """Generators of random bits. Numbers are drawn by Philox only, as TensorFlow draws them without XLA."""

    PHILOX = 1
    THREEFRY = 2
    AUTO_SELECT = 3


def algorithm_of(alg: Any) -> Algorithm:
    """The algorithm that a name, a number or an ``Algorithm`` means.

    Raises:
        ValueError: it is another one.
    """
    if isinstance(alg, str) and alg.upper() in Algorithm.__members__:
        return Algorithm[alg.upper()]
    try:
        return Algorithm(int(dispatch.raw(alg)) if dispatch.is_tensor(alg) else alg)
    except ValueError:
        raise fail(
            ValueError, "Unsupported random algorithm", "'philox', 'threefry' or 'auto_select'", repr(alg)
        ) from None


def check_algorithm(alg: Any) -> None:
    """Raise unless ``alg`` names Philox, or leaves the choice."""
    if algorithm_of(alg) is Algorithm.THREEFRY:
        raise InvalidArgumentError(
            "ThreeFry draws no numbers without XLA, here as in TensorFlow; use alg='philox' or 'auto_select'"
        )


def tracing() -> bool:
    """Whether only shapes are being worked out: then nothing is drawn."""
    return local.tracing or devices.current().type == "meta"


def _float(dtype: Any) -> dtypes.DType:
    kind = dtypes.as_dtype(dtype)
    if not kind.is_floating:
        raise fail(DTypeMismatchError, "Random numbers of this kind are floats", "a floating-point dtype", kind.name)
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


def gamma(shape: Callable, draw: Draw, alpha: Any, beta: Any, dtype: Any, exact: bool = True) -> Any:
    """Gamma-distributed floats; gradients pass to alpha and beta.

    Args:
        shape: of the result, from the broadcast shape of alpha and beta, with which it ends.
        exact: whether the numbers are TensorFlow's; torch's are made faster.

    Raises:
        DTypeMismatchError: tensors of another dtype.
    """
    kind = _float(dtype)
    alpha, beta = (_of_kind(v, kind, name) for v, name in ((alpha, "alpha"), (1.0 if beta is None else beta, "beta")))
    return _gamma(alpha, beta, shape, draw, kind, exact)


def _of_kind(value: Any, kind: dtypes.DType, name: str) -> Any:
    if dispatch.is_tensor(value):
        if dtypes.as_dtype(value.dtype) != kind:
            raise DTypeMismatchError(f"{name}: Tensor conversion requested dtype {kind.name} for {value.dtype!r}")
        return value
    return dispatch.wrap(dispatch.raw(value, kind.torch))


class _ByShape(torch.autograd.Function):
    """Gamma numbers with their derivative by the distribution's shape parameter."""

    @staticmethod
    def forward(ctx: Any, alpha: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(alpha, numbers)
        return numbers.clone()

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple:
        alpha, numbers = ctx.saved_tensors
        return gradient * gamma_slope(alpha, numbers), None


@strict_op
def _gamma(alpha: Array, beta: Array, shape: Callable, draw: Draw, kind: Any, exact: bool) -> Any:
    alpha, beta = torch.broadcast_tensors(alpha, beta)
    sizes = shape(tuple(alpha.shape))
    if tracing():
        return alpha.new_zeros(sizes)
    stream = draw(torch.Size(sizes).numel() * BLOCKS)
    if not exact:
        wide = alpha.float() if kind.size == 2 else alpha
        return torch._standard_gamma(wide.expand(sizes), _generator(stream, alpha.device)).to(alpha.dtype) / beta
    parameters = alpha.detach().float() if kind.name == "bfloat16" else alpha.detach()
    numbers = gamma_raw(sizes, stream, parameters.cpu().numpy(), kind.name).to(alpha.device)
    return (_ByShape.apply(alpha.expand(sizes), numbers) if alpha.requires_grad else numbers) / beta


def poisson(shape: Callable, draw: Draw, lam: Any, dtype: Any, exact: bool = True) -> Any:
    """Poisson-distributed numbers; see ``gamma``."""
    rate = dispatch.raw(lam, torch.float32).detach()
    rate = rate if rate.dtype is torch.float64 else rate.float()
    sizes = shape(tuple(rate.shape))
    if tracing():
        return _zeros(sizes, dtypes.as_dtype(dtype))
    stream = draw(torch.Size(sizes).numel() * BLOCKS)
    if exact:
        drawn = torch.from_numpy(poisson_raw(sizes, stream, rate.cpu().numpy())).to(rate.device)
    else:
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
