"""Reductions of ``tf``: sums, extremes, positions, norms and running sums over axes.

``axis`` is an integer, several of them (as a list, tuple, array or tensor) or ``None`` for all axes; an empty list reduces
nothing. Results have the dtype of the input.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch

from kerasish import ops
from kerasish.core import dtypes
from kerasish.core.dispatch import Array, Arrays, Index, strict_op, strings
from kerasish.core.errors import AxisError, DTypeMismatchError, InvalidArgumentError, ShapeMismatchError, fail
from kerasish.ops.common import Axis, whole
from kerasish.ops.reduce import over
from kerasish.tf.alias import (
    BOOLS,
    FLOATS,
    FLOATS_AND_COMPLEX,
    INTEGERS,
    NUMBERS,
    REALS,
    REALS_AND_BOOLS,
    SINGLE,
    check,
    define,
    refused,
)

# sums -----------------------------------------------------------------------------------------------------------------


def _sum(x: torch.Tensor, axis: Axis = None, keepdims: bool = False) -> torch.Tensor:
    """The sum over axes; integers wrap around."""
    if x.is_floating_point() or x.is_complex():
        return torch.sum(x) if axis is None and not keepdims else over(torch.sum, x, axis, keepdims)
    return over(lambda x, a, k: torch.sum(x, a, k, dtype=torch.int64), x, axis, keepdims).to(x.dtype)


def _mean(x: torch.Tensor, axis: Axis = None, keepdims: bool = False) -> torch.Tensor:
    """The mean over axes; of integers without its fraction."""
    if x.is_floating_point() or x.is_complex():
        return torch.mean(x) if axis is None and not keepdims else over(torch.mean, x, axis, keepdims)
    total = over(lambda x, a, k: torch.sum(x, a, k, dtype=torch.int64), x, axis, keepdims)
    count = x.numel() // max(total.numel(), 1)
    return torch.div(total, max(count, 1), rounding_mode="trunc").to(x.dtype)


def _prod(x: torch.Tensor, axis: Axis = None, keepdims: bool = False) -> torch.Tensor:
    """The product over axes; integers wrap around."""
    return ops.prod.raw(x, axis, keepdims).to(x.dtype)


def _maximum(x: torch.Tensor, axis: Axis = None, keepdims: bool = False) -> torch.Tensor:
    """The largest element over axes; of nothing the dtype's smallest number."""
    if x.numel():
        return over(torch.amax, x, axis, keepdims)
    lowest = -torch.inf if x.is_floating_point() else torch.iinfo(x.dtype).min
    return ops.max.raw(x, axis, keepdims, initial=lowest)


def _minimum(x: torch.Tensor, axis: Axis = None, keepdims: bool = False) -> torch.Tensor:
    """The smallest element over axes; of nothing the dtype's largest number."""
    if x.numel():
        return over(torch.amin, x, axis, keepdims)
    highest = torch.inf if x.is_floating_point() else torch.iinfo(x.dtype).max
    return ops.min.raw(x, axis, keepdims, initial=highest)


def _all(x: torch.Tensor, axis: Axis = None, keepdims: bool = False) -> torch.Tensor:
    """Whether all elements over axes are true."""
    return over(torch.all, x, axis, keepdims)


def _any(x: torch.Tensor, axis: Axis = None, keepdims: bool = False) -> torch.Tensor:
    """Whether an element over axes is true."""
    return over(torch.any, x, axis, keepdims)


def _euclidean_norm(x: torch.Tensor, axis: Axis = None, keepdims: bool = False) -> torch.Tensor:
    """√Σ|x|² over axes; of integers without its fraction."""
    wide = x if x.is_floating_point() or x.is_complex() else x.double()
    return over(lambda x, a, k: torch.sqrt(torch.sum(x * x.conj(), a, k)), wide, axis, keepdims).to(x.dtype)


define(globals(), NUMBERS, {
    "reduce_sum(input_tensor: Array, axis=None, keepdims=False, name=None)": _sum,
    "reduce_mean(input_tensor: Array, axis=None, keepdims=False, name=None)": _mean,
    "reduce_prod(input_tensor: Array, axis=None, keepdims=False, name=None)": _prod,
    "reduce_euclidean_norm(input_tensor: Array, axis=None, keepdims=False, name=None)": _euclidean_norm,
})  # fmt: skip
define(globals(), REALS, {
    "reduce_max(input_tensor: Array, axis=None, keepdims=False, name=None)": _maximum,
    "reduce_min(input_tensor: Array, axis=None, keepdims=False, name=None)": _minimum,
})  # fmt: skip
define(globals(), BOOLS, {
    "reduce_all(input_tensor: Array, axis=None, keepdims=False, name=None)": _all,
    "reduce_any(input_tensor: Array, axis=None, keepdims=False, name=None)": _any,
})  # fmt: skip
define(globals(), FLOATS, {
    "reduce_logsumexp(input_tensor, axis=None, keepdims=False, name=None)": ops.logsumexp,
})  # fmt: skip


def _demand_no_integers(x: torch.Tensor) -> None:
    if not x.is_floating_point() and not x.is_complex():
        raise DTypeMismatchError(
            f"Input must be either real or complex. Received integer type {dtypes.as_dtype(x.dtype)!s}."
        )


@strict_op
def reduce_variance(input_tensor: Array, axis: Axis = None, keepdims: bool = False, name: str | None = None) -> Any:
    """The variance over axes: the mean of |x - mean|².

    Raises:
        TypeError: x is of integers.
    """
    _demand_no_integers(input_tensor)
    return ops.var.raw(input_tensor, axis, bool(keepdims))


@strict_op
def reduce_std(input_tensor: Array, axis: Axis = None, keepdims: bool = False, name: str | None = None) -> Any:
    """The standard deviation over axes: the square root of ``reduce_variance``.

    Raises:
        TypeError: x is of integers.
    """
    _demand_no_integers(input_tensor)
    return ops.std.raw(input_tensor, axis, bool(keepdims))


def _count_strings(
    input: np.ndarray, axis: Axis = None, keepdims: Any = None, dtype: Any = "int64", name: Any = None
) -> torch.Tensor:
    filled = torch.from_numpy(np.asarray(input != b"", dtype=bool))
    return _nonzero_count(filled, axis, keepdims, dtype)


def _nonzero_count(x: torch.Tensor, axis: Axis, keepdims: bool | None, dtype: Any) -> torch.Tensor:
    return over(torch.sum, x != 0, axis, bool(keepdims)).to(dtypes.to_torch(dtype))


@strict_op
@strings(_count_strings)
def count_nonzero(
    input: Array, axis: Axis = None, keepdims: bool | None = None, dtype: Any = dtypes.int64, name: str | None = None
) -> Any:
    """How many elements over the axes are other than 0 (other than empty, for strings)."""
    return _nonzero_count(input, axis, keepdims, dtype)


@strict_op
def zero_fraction(value: Array, name: str | None = None) -> Any:
    """The share of zeros, as float32."""
    return torch.mean((value == 0).float())


# positions ------------------------------------------------------------------------------------------------------------


def _position(function: Callable, x: torch.Tensor, axis: Any, output_type: Any, name: str) -> torch.Tensor:
    axis = 0 if axis is None else axis if type(axis) is int else whole(axis, "axis")
    if output_type is dtypes.int64 and x.dtype is not torch.bool and x.ndim:
        try:
            return function(x, axis)
        except (RuntimeError, IndexError):  # worded below
            pass
    if not -x.ndim <= axis < x.ndim:
        raise InvalidArgumentError(f"Expected dimension in the range [{-x.ndim}, {x.ndim}), but got {axis} [Op:{name}]")
    if x.shape[axis] == 0:
        raise InvalidArgumentError(f"Reduction axis {axis} is empty in shape {list(x.shape)} [Op:{name}]")
    wanted = dtypes.as_dtype(output_type).torch
    if wanted not in INTEGERS:
        raise InvalidArgumentError(
            f"Value for attr 'output_type' of {dtypes.as_dtype(output_type).name} is not in the list of allowed values: "
            f"int16, uint16, int32, int64 [Op:{name}]"
        )
    found = function(x.byte() if x.dtype is torch.bool else x, axis)
    return found if wanted is torch.int64 else found.to(wanted)


def _argmax(x: torch.Tensor, axis: Any = None, output_type: Any = dtypes.int64) -> torch.Tensor:
    """The index of the first largest element along an axis, 0 by default; NaN counts as largest."""
    return _position(torch.argmax, x, axis, output_type, "ArgMax")


def _argmin(x: torch.Tensor, axis: Any = None, output_type: Any = dtypes.int64) -> torch.Tensor:
    """The index of the first smallest element along an axis, 0 by default; NaN counts as smallest."""
    return _position(torch.argmin, x, axis, output_type, "ArgMin")


define(globals(), REALS_AND_BOOLS, {
    "argmax(input: Array, axis=None, output_type=int64, name=None)": _argmax,
    "argmin(input: Array, axis=None, output_type=int64, name=None)": _argmin,
})  # fmt: skip


class TopKV2(NamedTuple):
    """The largest elements and where they are."""

    values: Any
    indices: Any


@strict_op
def top_k(
    input: Array, k: Any = 1, sorted: bool = True, index_type: Any = dtypes.int32, name: str | None = None
) -> Any:
    """The k largest elements along the last axis and their indices, largest first.

    Raises:
        InvalidArgumentError: the last axis has fewer than k elements.
    """
    check(input, REALS, "TopKV2")
    if input.ndim == 0:
        raise InvalidArgumentError("input must be >= 1-D, got shape [] [Op:TopKV2]")
    k = whole(k, "k")
    if k > input.shape[-1]:
        raise InvalidArgumentError(f"input must have at least k columns. Had {input.shape[-1]}, needed {k} [Op:TopKV2]")
    values, indices = ops.top_k.raw(input, k, sorted)
    return TopKV2(values, indices.to(dtypes.to_torch(index_type)))


@strict_op
def in_top_k(targets: Index, predictions: Array, k: Any, name: str | None = None) -> Any:
    """Whether ``predictions[i, targets[i]]`` is among the k largest of row i; ties count as in."""
    if predictions.dtype is not torch.float32:
        raise refused(predictions.dtype, SINGLE, "InTopKV2")
    if predictions.ndim != 2 or targets.ndim != 1 or len(targets) != len(predictions):
        raise fail(
            InvalidArgumentError,
            "in_top_k needs a row of predictions for each target",
            "shapes (n,) and (n, classes)",
            f"{tuple(targets.shape)} and {tuple(predictions.shape)}",
        )
    return ops.in_top_k.raw(targets, predictions, whole(k, "k"))


# running sums ---------------------------------------------------------------------------------------------------------


def _running(
    function: Callable, x: torch.Tensor, axis: Any, exclusive: bool, reverse: bool, start: float
) -> torch.Tensor:
    axis = whole(axis, "axis")
    if not -x.ndim <= axis < x.ndim:
        raise InvalidArgumentError(f"ScanOp: Expected scan axis in the range [{-x.ndim}, {x.ndim}), but got {axis}")
    if not exclusive and not reverse:
        return function(x, axis)
    x = x.flip(axis) if reverse else x
    result = function(x, axis)
    if exclusive and x.shape[axis]:  # one place later, from the neutral element
        first = torch.full_like(result.narrow(axis, 0, 1), start)
        result = torch.cat((first, result.narrow(axis, 0, x.shape[axis] - 1)), axis)
    return result.flip(axis) if reverse else result


def _cumsum(x: torch.Tensor, axis: Any = 0, exclusive: bool = False, reverse: bool = False) -> torch.Tensor:
    """Running sums along an axis.

    Args:
        exclusive: each without its own element, from 0.
        reverse: from the end.
    """
    return _running(lambda x, a: torch.cumsum(x, a, dtype=x.dtype), x, axis, exclusive, reverse, 0)


def _cumprod(x: torch.Tensor, axis: Any = 0, exclusive: bool = False, reverse: bool = False) -> torch.Tensor:
    """Running products along an axis; see ``cumsum``."""
    return _running(lambda x, a: torch.cumprod(x, a, dtype=x.dtype), x, axis, exclusive, reverse, 1)


def _cumulative_logsumexp(
    x: torch.Tensor, axis: Any = 0, exclusive: bool = False, reverse: bool = False
) -> torch.Tensor:
    """Running log Σ eˣ along an axis, without overflow; see ``cumsum``."""
    return _running(torch.logcumsumexp, x, axis, exclusive, reverse, -torch.inf)


define(globals(), NUMBERS, {
    "cumsum(x: Array, axis=0, exclusive=False, reverse=False, name=None)": _cumsum,
    "cumprod(x: Array, axis=0, exclusive=False, reverse=False, name=None)": _cumprod,
})  # fmt: skip
define(globals(), FLOATS, {
    "cumulative_logsumexp(x: Array, axis=0, exclusive=False, reverse=False, name=None)": _cumulative_logsumexp,
})  # fmt: skip


# sums of several tensors ----------------------------------------------------------------------------------------------


@strict_op
def add_n(inputs: Arrays, name: str | None = None) -> Any:
    """The sum of tensors of one shape and dtype.

    Raises:
        ValueError: there is none.
        InvalidArgumentError: the shapes differ.
    """
    parts = list(inputs)
    if not parts:
        raise ValueError(
            "Inputs must be an iterable of at least one Tensor/IndexedSlices with the same dtype and shape."
        )
    check(parts[0], NUMBERS, "AddN")
    total = parts[0]
    for i, part in enumerate(parts[1:], 1):
        if part.shape != total.shape:
            raise ShapeMismatchError(
                f"Inputs to operation AddN of type AddN must have the same size and shape. Input 0: {list(total.shape)} "
                f"!= input {i}: {list(part.shape)} [Op:AddN]"
            )
        total = total + part
    return total


def accumulate_n(inputs: Any, shape: Any = None, tensor_dtype: Any = None, name: str | None = None) -> Any:
    """The sum of tensors of one shape and dtype; ``shape`` and ``tensor_dtype`` are checked.

    Raises:
        ValueError: the sum is of another shape or dtype.
    """
    total = add_n(inputs)
    if shape is not None and not total.shape.is_compatible_with(shape):
        raise ValueError(f"Shapes {tuple(shape)} and {tuple(total.shape)} are not compatible")
    if tensor_dtype is not None and total.dtype != dtypes.as_dtype(tensor_dtype):
        raise fail(TypeError, "The tensors have another dtype", dtypes.as_dtype(tensor_dtype).name, total.dtype.name)
    return total


# norms ----------------------------------------------------------------------------------------------------------------


def _l2_normalize(x: torch.Tensor, axis: Any = None, epsilon: float = 1e-12, dim: Any = None) -> torch.Tensor:
    """x over √max(Σx², epsilon), the sum taken over axes; all by default.

    Raises:
        ValueError: both ``axis`` and ``dim``, its old name, are given.
    """
    if dim is not None:
        if axis is not None:
            raise ValueError("Cannot specify both 'dim' and 'axis'.")
        axis = dim
    total = over(torch.sum, (x * x.conj()).real if x.is_complex() else x * x, axis, True)
    return x * torch.rsqrt(torch.clamp(total, min=epsilon))


define(globals(), FLOATS_AND_COMPLEX, {
    "l2_normalize(x: Array, axis=None, epsilon=1e-12, name=None, dim=None)": _l2_normalize,
})  # fmt: skip


@strict_op
def lbeta(x: Array, name: str | None = None) -> Any:
    """log |B(x)|, the beta function of several numbers, along the last axis: Σ log Γ(x) - log Γ(Σx)."""
    check(x, FLOATS, "Lgamma")
    if x.ndim == 0:
        raise fail(AxisError, "lbeta needs at least one dimension", received="a scalar")
    return torch.lgamma(x).sum(-1) - torch.lgamma(x.sum(-1))


@strict_op
def bincount(
    arr: Index,
    weights: Array | None = None,
    minlength: Any = None,
    maxlength: Any = None,
    dtype: Any = dtypes.int32,
    name: str | None = None,
    axis: int | None = None,
    binary_output: bool = False,
) -> Any:
    """How often each integer 0, 1, ... occurs in ``arr``, or the sum of its ``weights``.

    Args:
        minlength, maxlength: bounds of the result's length; numbers from ``maxlength`` on are left out.
        dtype: of the counts; sums have that of the weights.
        axis: -1 counts in each row of a matrix; None and 0 count in all of it.
        binary_output: whether numbers occur, in place of how often.

    Raises:
        InvalidArgumentError: a number is negative.
    """
    if axis not in (None, 0, -1):
        raise fail(ValueError, "Unsupported value for argument axis", "0, -1 or None", axis)
    numbers = arr.long() if axis == -1 else arr.reshape(1, -1).long()
    rows = numbers.unsqueeze(0) if numbers.ndim == 1 else numbers
    amounts = None if weights is None else weights.reshape(rows.shape)
    if maxlength is not None:
        limit = int(maxlength)
        inside = rows < limit
        amounts = inside.to(dtypes.to_torch(dtype)) if amounts is None else torch.where(inside, amounts, 0)
        rows = rows.clamp(max=max(limit - 1, 0))
    shortest = 0 if minlength is None else int(minlength)
    used = None if binary_output and maxlength is None else amounts
    counts = ops.bincount.raw(rows, used, minlength=shortest)
    if maxlength is not None:
        counts = counts[:, : _bounded(arr, int(maxlength), shortest)]
    if binary_output:
        counts = (counts > 0).to(counts.dtype)
    if weights is None or binary_output:
        counts = counts.to(dtypes.to_torch(dtype))
    return counts if axis == -1 and arr.ndim > 1 else counts.reshape(-1)


def _bounded(arr: torch.Tensor, maxlength: int, minlength: int) -> int:
    longest = int(arr.max()) + 1 if arr.numel() else 0
    return min(max(longest, minlength), maxlength)


def _classes(labels: torch.Tensor, predictions: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Labels and predictions as two vectors of the same length; the one with a last axis of 1 too many loses it."""
    rows, columns = labels.long(), predictions.long()
    if rows.ndim == columns.ndim + 1 and rows.shape[-1] == 1:
        rows = rows.squeeze(-1)
    elif columns.ndim == rows.ndim + 1 and columns.shape[-1] == 1:
        columns = columns.squeeze(-1)
    if rows.ndim != 1 or rows.shape != columns.shape:
        raise fail(
            ShapeMismatchError,
            "Labels and predictions must be vectors of one length",
            received=f"{tuple(rows.shape)} and {tuple(columns.shape)}",
        )
    return rows, columns


@strict_op
def confusion_matrix(
    labels: Index,
    predictions: Index,
    num_classes: Any = None,
    weights: Index | None = None,
    dtype: Any = dtypes.int32,
    name: str | None = None,
) -> Any:
    """How often each label (row) met each prediction (column), or the sums of their weights.

    Raises:
        InvalidArgumentError: a class is negative, or not below ``num_classes``.
    """
    rows, columns = _classes(labels, predictions)
    largest = max((int(v.max()) for v in (rows, columns) if v.numel()), default=-1)
    count = largest + 1 if num_classes is None else int(num_classes)
    for name_of, values in (("labels", rows), ("predictions", columns)):
        if values.numel() and int(values.min()) < 0:
            raise InvalidArgumentError(
                f"`{name_of}` contains negative values. Condition x >= 0 did not hold element-wise"
            )
        if values.numel() and int(values.max()) >= count:
            raise InvalidArgumentError(f"`{name_of}` out of bound. Condition x < y did not hold: y = {count}")
    if weights is not None and weights.shape != rows.shape:
        raise ShapeMismatchError(f"Shapes {tuple(rows.shape)} and {tuple(weights.shape)} are incompatible")
    amounts = torch.ones_like(rows) if weights is None else weights
    wanted = dtypes.to_torch(dtype)
    flat = torch.zeros(count * count, dtype=wanted, device=rows.device)
    return flat.index_add(0, rows * count + columns, amounts.to(wanted)).reshape(count, count)
