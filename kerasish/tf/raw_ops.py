"""Those of ``tf.raw_ops`` that packages call and no other name has; arguments are keywords, as in TensorFlow."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np

from kerasish.core import dispatch
from kerasish.core.dispatch import Array, strict_op
from kerasish.core.dtypes import as_dtype, int32
from kerasish.core.errors import InvalidArgumentError, missing_name
from kerasish.core.tensor import convert
from kerasish.tf.diagonals import diag_part
from kerasish.tf.integrals import gamma_slope, slope_by_order

_Axes = namedtuple("BroadcastGradientArgs", ["r0", "r1"])


def BroadcastGradientArgs(*, s0: Any, s1: Any, name: str | None = None) -> Any:  # noqa: N802
    """The axes to sum gradients along of two arguments of shapes ``s0`` and ``s1`` that broadcast: ``r0`` and ``r1``.

    Raises:
        InvalidArgumentError: the shapes do not broadcast.
    """
    kind = convert(s0).dtype
    first, second = (np.asarray(dispatch.raw(s)).astype(np.int64).tolist() for s in (s0, s1))
    rank = max(len(first), len(second))
    first, second = ([1] * (rank - len(s)) + s for s in (first, second))
    if any(a != b and 1 not in (a, b) for a, b in zip(first, second)):
        raise InvalidArgumentError(f"Incompatible shapes: {first} vs. {second}")
    if first == second:
        return _Axes(convert(np.zeros(0, np.int64), kind), convert(np.zeros(0, np.int64), kind))
    sums = ([axis for axis in range(rank) if one[axis] == 1] for one in (first, second))
    return _Axes(*(convert(np.array(axes, kind.as_numpy_dtype)) for axes in sums))


@strict_op
def _igamma_grad(a: Array, x: Array) -> Any:
    return slope_by_order(a, x)


@strict_op
def _gamma_grad(alpha: Array, sample: Array) -> Any:
    return gamma_slope(alpha, sample)


def IgammaGradA(*, a: Any, x: Any, name: str | None = None) -> Any:  # noqa: N802
    """The derivative of ``tf.math.igamma(a, x)`` by a."""
    return _igamma_grad(a, x)


def RandomGammaGrad(*, alpha: Any, sample: Any, name: str | None = None) -> Any:  # noqa: N802
    """The derivative of a gamma number by the parameter of its distribution."""
    return _gamma_grad(alpha, sample)


_Counts = namedtuple("UniqueWithCountsV2", ["y", "idx", "count"])


def UniqueWithCountsV2(*, x: Any, axis: Any, out_idx: Any = int32, name: str | None = None) -> Any:  # noqa: N802
    """The different slices along an axis in the order they come in, which of them each is, and how often each occurs.

    Args:
        axis: a vector with the axis; without elements: ``x`` is a vector.
    """
    x, kind = convert(x), as_dtype(out_idx).as_numpy_dtype
    axes = np.asarray(dispatch.raw(axis)).reshape(-1).tolist()
    values = np.moveaxis(x.numpy(), axes[0] if axes else 0, 0)
    _, first, of, counts = np.unique(values, axis=0, return_index=True, return_inverse=True, return_counts=True)
    order = np.argsort(first)
    places = np.argsort(order)[of.reshape(-1)]
    kept = np.moveaxis(values[first[order]], 0, axes[0] if axes else 0)
    return _Counts(convert(kept, x.dtype), convert(places.astype(kind)), convert(counts[order].astype(kind)))


def MatrixDiagPartV2(*, input: Any, k: Any, padding_value: Any, name: str | None = None) -> Any:  # noqa: A002, N802
    """``tf.linalg.diag_part`` with diagonals at the left of their rows."""
    return diag_part(input, k=k, padding_value=padding_value, align="LEFT_LEFT")


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
