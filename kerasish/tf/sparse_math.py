"""``tf.sparse``: products, sums, reductions and counts of sparse tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from kerasish.core import tree
from kerasish.core.dispatch import WIDE_UNSIGNED, dtype_mismatch
from kerasish.core.dtypes import as_dtype, float32
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.ragged import RaggedTensor
from kerasish.core.sparse import SparseTensor, is_sparse_value
from kerasish.core.storage import bits, of_bits
from kerasish.ops import coordinates
from kerasish.tf.sparse_op import check_kind, integers, largest, raw, sparse, sparse_op

# products and sums ----------------------------------------------------------------------------------------------------


@sparse_op
def sparse_dense_matmul(
    sp_a: Any, b: Any, adjoint_a: bool = False, adjoint_b: bool = False, name: str | None = None
) -> Any:
    """The product of two matrices, of which one is sparse, as a dense one.

    Args:
        adjoint_a, adjoint_b: whether to transpose and conjugate a factor first.

    Raises:
        InvalidArgumentError: ranks, shapes or dtypes do not fit.
        TypeError: neither is sparse, or both are.
    """
    if is_sparse_value(b):
        if is_sparse_value(sp_a):
            raise TypeError("One of the two matrices must be dense.")
        product = _product(sparse(b), sp_a, not adjoint_b, not adjoint_a)  # (A B)' = B' A'
        return product.mH if product.is_complex() else product.mT
    return _product(sparse(sp_a), b, adjoint_a, adjoint_b)


def _product(sp: SparseTensor, b: Any, adjoint: bool, adjoint_b: bool) -> torch.Tensor:
    dense = raw(b)
    if adjoint_b and dense.ndim == 2:
        dense = dense.mH.resolve_conj() if dense.is_complex() else dense.mT
    return coordinates.matmul(sp, dense, adjoint)


@sparse_op
def add(a: Any, b: Any, threshold: Any = 0) -> Any:
    """The sum of two tensors, of which one or both are sparse; dense unless both are.

    Args:
        threshold: of two sparse tensors, sums of two elements whose magnitude is smaller are left out.

    Raises:
        TypeError: neither is sparse.
        InvalidArgumentError: shapes or dtypes differ.
    """
    if not is_sparse_value(a) and not is_sparse_value(b):
        raise TypeError("At least one input should be SparseTensor; do you mean to use tf.add()?")
    if is_sparse_value(a) and is_sparse_value(b):
        first, second = sparse(a), sparse(b)
        limit = raw(threshold, as_dtype(first.dtype).real_dtype)
        coordinates.demand_same_dtype(first, second, "SparseAdd")
        total = coordinates.combine(first, second, torch.add)
        keep = total.raw_values.abs() >= limit
        if not bool(keep.all()):  # what only one of the two has stays
            ones = (SparseTensor.of_raw(t.raw_indices, torch.ones_like(t.raw_values), t.shape) for t in (first, second))
            keep |= coordinates.combine(*ones, torch.add).raw_values.real < 1.5
        return total if bool(keep.all()) else coordinates.retain(total, keep)
    sp, dense = (sparse(a), raw(b)) if is_sparse_value(a) else (sparse(b), raw(a))
    if dense.dtype is not sp.dtype.torch:
        raise dtype_mismatch("SparseTensorDenseAdd", sp.dtype.torch, dense.dtype)
    if tuple(dense.shape) != tuple(sp.shape):
        raise InvalidArgumentError(
            f"Two operands have different ranks or shapes: {list(sp.shape)}, {list(dense.shape)}"
        )
    coordinates.demand_inside(sp, "SparseTensorDenseAdd")
    flat = dense.reshape(-1).index_add(0, coordinates.keys(sp.raw_indices, sp.shape), sp.raw_values)
    return flat.reshape(dense.shape)


def _extreme(function: Callable, name: str, sp_a: Any, sp_b: Any) -> SparseTensor:
    first, second = _with_parts(sp_a), _with_parts(sp_b)
    coordinates.demand_same_dtype(first, second, name)
    kind = first.raw_values.dtype
    if kind not in WIDE_UNSIGNED:
        return coordinates.combine(first, second, function)
    return coordinates.combine(first, second, lambda a, b: function(a.long(), b.long()).to(kind))


@sparse_op
def maximum(sp_a: Any, sp_b: Any, name: str | None = None) -> Any:
    """The larger of two sparse tensors' elements, at the places of either."""
    return _extreme(torch.maximum, "SparseSparseMaximum", sp_a, sp_b)


@sparse_op
def minimum(sp_a: Any, sp_b: Any, name: str | None = None) -> Any:
    """The smaller of two sparse tensors' elements, at the places of either."""
    return _extreme(torch.minimum, "SparseSparseMinimum", sp_a, sp_b)


@sparse_op
def softmax(sp_input: Any, name: str | None = None) -> Any:
    """The softmax along the last axis, of the values alone: places without one count as minus infinity.

    Raises:
        InvalidArgumentError: the rank is below 2, or the values are no floats.
    """
    sp = sparse(sp_input)
    check_kind(sp, ("float",), "SparseSoftmax")
    if len(sp.shape) < 2:
        raise InvalidArgumentError(f"Input should have rank >= 2, but received shape: {list(sp.shape)}")
    values = sp.raw_values
    if coordinates.empty(values):
        return sp
    distinct, row, _ = coordinates.grouped(sp, range(len(sp.shape) - 1))
    top = values.new_zeros(len(distinct)).scatter_reduce(0, row, values.detach(), "amax", include_self=False)
    powers = torch.exp(values - top[row])
    return sp.with_raw(powers / powers.new_zeros(len(distinct)).index_add(0, row, powers)[row])


@sparse_op
def sampled_addmm(
    indices: Any,
    values: Any,
    dense_shape: Any,
    mat1: Any,
    mat2: Any,
    beta: Any = 1.0,
    alpha: Any = 1.0,
    output_type: Any = float32,
) -> Any:
    """``alpha · mat1 mat2 + beta · values`` at the places of a sparse tensor.

    Args:
        mat1, mat2: (..., m, k) and (..., k, n).

    Returns:
        Indices, values and dense shape of the result.
    """
    place, dtype = raw(indices).long(), as_dtype(output_type).torch
    left, right = raw(mat1), raw(mat2)
    at = tuple(place[:, :-2].unbind(1))
    rows, columns = left[(*at, place[:, -2])], right.mT[(*at, place[:, -1])]
    sums = (rows * columns).sum(-1)
    return indices, (alpha * sums + beta * raw(values)).to(dtype), dense_shape


# reductions -----------------------------------------------------------------------------------------------------------


def _reduced(sp_input: Any, axis: Any, keepdims: Any, as_sparse: bool, is_max: bool, name: str) -> Any:
    sp = _with_parts(sp_input)
    check_kind(sp, ("int", "uint", "float") if is_max else ("int", "uint", "float", "complex"), name)
    rank = len(sp.shape)
    axes = set(range(rank)) if axis is None else set(integers(axis))
    for number in axes:
        if not -rank <= number < rank:
            raise InvalidArgumentError(f"Invalid reduction dimension {number}, for input with {rank} dimensions.")
    gone = {number % rank for number in axes}
    out = coordinates.reduce(sp, [i for i in range(rank) if i not in gone], is_max)
    if keepdims:
        for i in sorted(gone):
            out = coordinates.expand(out, i)
    return out if as_sparse else coordinates.to_dense(out)


def _with_parts(value: Any) -> SparseTensor:
    return value if isinstance(value, SparseTensor) else SparseTensor(value.indices, value.values, value.dense_shape)


@sparse_op
def reduce_sum(
    sp_input: Any, axis: Any = None, keepdims: Any = None, output_is_sparse: bool = False, name: str | None = None
) -> Any:
    """Sums over axes, all by default.

    Args:
        output_is_sparse: whether the result is sparse, with the places that any value was added up for.

    Raises:
        InvalidArgumentError: there is no such axis, or the values are no numbers.
    """
    return _reduced(sp_input, axis, keepdims, output_is_sparse, False, "SparseReduceSum")


@sparse_op
def reduce_max(
    sp_input: Any, axis: Any = None, keepdims: Any = None, output_is_sparse: bool = False, name: str | None = None
) -> Any:
    """The largest values over axes, all by default; zeros that are not stored do not count. See ``reduce_sum``."""
    return _reduced(sp_input, axis, keepdims, output_is_sparse, True, "SparseReduceMax")


# values ---------------------------------------------------------------------------------------------------------------


@sparse_op
def map_values(op: Callable, *args: Any, **kwargs: Any) -> Any:
    """``op`` of the values of sparse arguments, at their places.

    Args:
        op: takes the arguments, in which values stand for sparse tensors, and gives as many values.

    Raises:
        ValueError: no argument is sparse, or the values do not fit the places.
        InvalidArgumentError: sparse arguments have different places or shapes.
    """
    found = [x for x in tree.flatten((args, kwargs)) if isinstance(x, SparseTensor)]
    if not found:
        raise ValueError("No SparseTensor in argument list of map_values")
    first = found[0]
    for other in found[1:]:
        _demand_same_places(first, other)
    plain_args, plain_kwargs = tree.map_structure(
        lambda x: x.values if isinstance(x, SparseTensor) else x, (args, kwargs)
    )
    return first.with_values(op(*plain_args, **plain_kwargs))


def _demand_same_places(first: SparseTensor, other: SparseTensor) -> None:
    if tuple(first.shape) != tuple(other.shape):
        raise InvalidArgumentError(f"Mismatched shapes! {list(first.shape)} and {list(other.shape)}")
    if first._indices is not other._indices and not torch.equal(first.raw_indices, other.raw_indices):
        raise InvalidArgumentError(f"Mismatched indices! {first.indices!r} and {other.indices!r}")


# counts ---------------------------------------------------------------------------------------------------------------


@sparse_op
def bincount(
    values: Any,
    weights: Any = None,
    axis: Any = 0,
    minlength: Any = None,
    maxlength: Any = None,
    binary_output: bool = False,
    name: str | None = None,
) -> Any:
    """How often each number occurs, or the sum of its weights, as a sparse tensor.

    Args:
        values: int32 or int64, dense or sparse, of rank 1 or 2.
        axis: 0 counts all values together, -1 each row's.
        minlength, maxlength: of the result; numbers from ``maxlength`` on are left out.
        binary_output: whether to give 1 instead of counts.

    Raises:
        ValueError: another axis, weights that do not fit the values' kind, or weights for a binary result.
        InvalidArgumentError: a value is negative, or shapes do not fit.
    """
    if axis not in (None, 0, -1):
        raise ValueError(f"Unsupported value for argument axis={axis}. Only 0 and -1 are currently supported.")
    if binary_output and weights is not None:
        raise ValueError("Arguments `binary_output` and `weights` are mutually exclusive. Please specify only one.")
    numbers, rows, amounts, count = _counted(values, weights)
    if axis != -1:
        rows, count = torch.zeros_like(rows), None
    if numbers.dtype not in (torch.int32, torch.int64):
        raise InvalidArgumentError("Value for attr 'T' is not in the list of allowed values: int32, int64")
    if numbers.numel() and int(numbers.min()) < 0:
        raise InvalidArgumentError("Input values must all be non-negative")
    length = max(largest(numbers) + 1, int(minlength or 0))
    length = max(length, 1)
    if maxlength is not None:
        length = int(maxlength)
        keep = numbers < length
        numbers, rows, amounts = numbers[keep], rows[keep], None if amounts is None else amounts[keep]
    dtype = numbers.dtype if amounts is None else amounts.dtype
    if amounts is None:
        amounts = torch.ones_like(numbers)
    shape = [length] if count is None else [count, length]
    indices = numbers[:, None].long() if count is None else torch.stack([rows, numbers.long()], 1)
    total = coordinates.reduce(SparseTensor.of_raw(indices, amounts, shape), range(len(shape)), False)
    return total.with_raw(torch.ones_like(total.raw_values, dtype=dtype)) if binary_output else total


def _counted(values: Any, weights: Any) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None, int | None]:
    """The numbers, their rows, their weights, and how many rows there are (None: the numbers are a vector)."""
    if isinstance(values, SparseTensor):
        if weights is not None and not isinstance(weights, SparseTensor):
            raise ValueError(
                "Argument `weights` must be a SparseTensor if `values` is a SparseTensor. "
                f"Received weights={weights} of type: {type(weights).__name__}"
            )
        if weights is not None:
            _demand_same_places(values, weights)
        indices = values.raw_indices
        one = len(values.shape) == 1
        rows = torch.zeros(len(indices), dtype=torch.int64) if one else indices[:, 0]
        return (
            values.raw_values,
            rows,
            None if weights is None else weights.raw_values,
            None if one else values.shape[0],
        )
    if isinstance(values, RaggedTensor):
        partition = values._partition
        amounts = None if weights is None else raw(weights.flat_values)
        return raw(values.flat_values), partition.rowids.long(), amounts, partition.nrows
    dense = raw(values)
    if dense.ndim not in (1, 2):
        raise InvalidArgumentError(f"Input must be a 1 or 2-dimensional tensor. Got: {dense.ndim}")
    amounts = None if weights is None else raw(weights)
    if amounts is not None and amounts.shape != dense.shape:
        raise InvalidArgumentError(
            f"Weights and data must have the same shape. Weight shape: {list(amounts.shape)}; data: {list(dense.shape)}"
        )
    grid = dense if dense.ndim == 2 else dense[None]
    rows = torch.arange(len(grid), device=dense.device)[:, None].expand(grid.shape).reshape(-1)
    flat = None if amounts is None else amounts.reshape(-1)
    return dense.reshape(-1), rows, flat, None if dense.ndim == 1 else len(grid)


# segments of slices ---------------------------------------------------------------------------------------------------


def _segments(data: Any, indices: Any, segment_ids: Any, num_segments: Any, name: str) -> tuple[torch.Tensor, ...]:
    """The sums of the slices of each segment, and how many slices each has."""
    table = raw(data)
    chosen, ids = (raw(v, None if np.size(v) else "int32").long() for v in (indices, segment_ids))
    if name != "Sum" and not table.is_floating_point():
        raise InvalidArgumentError(
            f"Value for attr 'T' is not in the list of allowed values: floats [Op:SparseSegment{name}]"
        )
    if chosen.shape != ids.shape:
        raise InvalidArgumentError("segment_ids and indices should have same size.")
    if len(ids) and bool((ids[1:] < ids[:-1]).any()):
        raise InvalidArgumentError("segment ids are not increasing")
    if len(ids) and int(ids[0]) < 0:
        raise InvalidArgumentError(
            f"Segment id {int(ids[0])} out of range, possibly because 'segment_ids' is not sorted."
        )
    outside = ((chosen < 0) | (chosen >= len(table))).nonzero()
    if len(outside):
        where = int(outside[0])
        raise InvalidArgumentError(f"Bad: indices[{where}] == {int(chosen[where])} out of range [0, {len(table)})")
    count = largest(ids) + 1 if num_segments is None else int(num_segments)
    if largest(ids) >= count:
        raise InvalidArgumentError("segment ids must be < num_segments")
    plain = bits(table)
    sums = of_bits(plain.new_zeros((count, *table.shape[1:])).index_add(0, ids, plain[chosen]), table.dtype)
    sizes = torch.bincount(ids, minlength=count).clamp(min=1)
    return sums, sizes.reshape(count, *[1] * (table.ndim - 1)).to(table.dtype)


@sparse_op
def segment_sum(
    data: Any,
    indices: Any,
    segment_ids: Any,
    num_segments: Any = None,
    name: str | None = None,
    sparse_gradient: bool = False,
) -> Any:
    """Sums of the slices ``data[indices]`` that have the same id; ids ascend.

    Args:
        num_segments: the length of the result; the last id + 1 by default.
        sparse_gradient: in TensorFlow, how gradients are represented; here they are dense.

    Raises:
        InvalidArgumentError: ids do not ascend or are too large, or an index is out of range.
    """
    return _segments(data, indices, segment_ids, num_segments, "Sum")[0]


@sparse_op
def segment_mean(
    data: Any,
    indices: Any,
    segment_ids: Any,
    num_segments: Any = None,
    name: str | None = None,
    sparse_gradient: bool = False,
) -> Any:
    """Means of the slices ``data[indices]`` that have the same id. See ``segment_sum``."""
    sums, sizes = _segments(data, indices, segment_ids, num_segments, "Mean")
    return sums * (1 / sizes)


@sparse_op
def segment_sqrt_n(
    data: Any,
    indices: Any,
    segment_ids: Any,
    num_segments: Any = None,
    name: str | None = None,
    sparse_gradient: bool = False,
) -> Any:
    """Sums of the slices ``data[indices]`` of each id over the square root of their number. See ``segment_sum``."""
    sums, sizes = _segments(data, indices, segment_ids, num_segments, "SqrtN")
    return sums * (1 / sizes.sqrt())
