"""What can be computed of sparse tensors, on raw storage: ``tf.sparse``, ``keras.ops`` and layers share these functions.

A place has a *key*, its number when the dense tensor is read row by row. Functions take SparseTensors and give
SparseTensors or raw tensors. While a graph is drawn, sparse tensors have no places and may be of storage without content
(``meta``); functions that look at contents leave such ones as they are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from kerasish.core.context import local
from kerasish.core.dispatch import WIDE_UNSIGNED, dtype_mismatch
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.sparse import SparseTensor
from kerasish.core.storage import bits, of_bits

# places ---------------------------------------------------------------------------------------------------------------


def strides(shape: Sequence[int]) -> list[int]:
    """By how much the key grows with each index."""
    return [math.prod(shape[i + 1 :]) for i in range(len(shape))]


def keys(indices: torch.Tensor, shape: Sequence[int]) -> torch.Tensor:
    """The key of each place, int64 of shape (n,)."""
    out = torch.zeros(indices.shape[0], dtype=torch.int64, device=indices.device)
    for column, stride in zip(indices.unbind(1), strides(shape)):
        out = out + column * stride
    return out


def places(keyed: torch.Tensor, shape: Sequence[int]) -> torch.Tensor:
    """The indices of places with these keys, int64 of shape (n, rank)."""
    columns = [
        keyed // stride % max(size, 1) if size != 0 else keyed * 0 for stride, size in zip(strides(shape), shape)
    ]
    return torch.stack(columns, 1) if columns else keyed.new_zeros((len(keyed), 0))


def take(values: Any, chosen: torch.Tensor) -> Any:
    """Values (raw, or an object array of strings) by number or mask."""
    return values[chosen.cpu().numpy()] if isinstance(values, np.ndarray) else values[chosen]


def empty(x: Any) -> bool:
    """Whether it has no elements, or none that could be looked at."""
    size = x.size if isinstance(x, np.ndarray) else x.numel()
    if size == 0 or not isinstance(x, torch.Tensor):
        return size == 0
    return x.is_meta or (local.tracing and getattr(x, "constant", None) is None)


def ordered(sp: SparseTensor) -> bool:
    """Whether the places are in row-major order, each once."""
    if "ordered" not in sp._orders:
        keyed = keys(sp.raw_indices, sp.shape)
        sp._orders["ordered"] = empty(keyed) or bool((keyed[1:] > keyed[:-1]).all())
    return sp._orders["ordered"]


def reorder(sp: SparseTensor) -> SparseTensor:
    """The same in row-major order; places that occur several times stay, in the order that they had."""
    if ordered(sp):
        return sp
    order = torch.argsort(keys(sp.raw_indices, sp.shape), stable=True)
    return SparseTensor.of_raw(sp.raw_indices[order], take(sp.raw_values, order), sp.shape)


def retain(sp: SparseTensor, keep: torch.Tensor, shape: Sequence[int] | None = None) -> SparseTensor:
    """The places where ``keep`` is true, or of these numbers."""
    return SparseTensor.of_raw(sp.raw_indices[keep], take(sp.raw_values, keep), sp.shape if shape is None else shape)


def demand_inside(sp: SparseTensor, name: str) -> None:
    """Raise InvalidArgumentError where a place lies outside of the dense shape."""
    indices = sp.raw_indices
    if "inside" in sp._orders or empty(indices):
        return
    bad = (indices < 0) | (indices >= torch.tensor(tuple(sp.shape), device=indices.device))
    if bool(bad.any()):
        row = int(bad.any(1).nonzero()[0])
        raise InvalidArgumentError(
            f"indices[{row}] = {indices[row].tolist()} is out of bounds: need 0 <= index < {list(sp.shape)} [Op:{name}]"
        )
    sp._orders["inside"] = True


def demand_ordered(sp: SparseTensor, name: str) -> None:
    """Raise InvalidArgumentError unless the places are inside, in row-major order and each there once."""
    demand_inside(sp, name)
    if not ordered(sp):
        keyed = keys(sp.raw_indices, sp.shape)
        row = int((keyed[1:] <= keyed[:-1]).nonzero()[0]) + 1
        what = "is repeated" if bool(keyed[row] == keyed[row - 1]) else "is out of order"
        raise InvalidArgumentError(
            f"indices[{row}] = {sp.raw_indices[row].tolist()} {what}. Many sparse ops require sorted indices. "
            f"Use `tf.sparse.reorder` to create a correctly ordered copy. [Op:{name}]"
        )


def demand_same_dtype(first: SparseTensor, second: SparseTensor, name: str) -> None:
    """Raise unless the values have one dtype."""
    if first.dtype != second.dtype:
        raise dtype_mismatch(name, first.dtype.torch, second.dtype.torch)


# dense and sparse -----------------------------------------------------------------------------------------------------


def from_dense(x: Any, where: Any = None) -> SparseTensor:
    """The elements that are not zero (strings: not empty) at their places; with ``where``, those at which it is not zero."""
    if isinstance(x, np.ndarray):
        places_ = np.stack(np.nonzero(x != b""), 1) if x.ndim else np.zeros((0, 0), np.int64)
        return SparseTensor.of_raw(torch.from_numpy(places_), x[tuple(places_.T)], x.shape)
    if x.is_meta:
        indices = torch.empty((0, x.ndim), dtype=torch.int64, device=x.device)
        return SparseTensor.of_raw(indices, x.new_empty(0), x.shape)
    plain = bits(x)
    indices = torch.nonzero((plain if where is None else where).detach())
    values = plain[tuple(indices.unbind(1))] if x.ndim else plain[None]
    return SparseTensor.of_raw(indices, of_bits(values, x.dtype), x.shape)


def to_dense(sp: SparseTensor, default: Any = 0) -> Any:
    """The dense tensor, ``default`` where there is no value; of places that occur several times the last one counts."""
    indices, values, shape = sp.raw_indices, sp.raw_values, tuple(sp.shape)
    if isinstance(values, np.ndarray):
        filled = np.full(shape, b"" if isinstance(default, int) else default, dtype=object)
        filled[tuple(indices.cpu().numpy().T)] = values
        return filled
    out = (
        values.new_full((math.prod(shape),), default)
        if not torch.is_tensor(default)
        else default.expand(math.prod(shape)).clone()
    )
    if empty(indices) and shape:
        return out.reshape(shape)
    if not ordered(sp):
        sp = _last_of_each(sp)
        indices, values = sp.raw_indices, sp.raw_values
    filled = bits(out).index_put((keys(indices, shape),), bits(values))
    return of_bits(filled, out.dtype).reshape(shape)


def _last_of_each(sp: SparseTensor) -> SparseTensor:
    sorted_ = reorder(sp)
    keyed = keys(sorted_.raw_indices, sp.shape)
    return retain(sorted_, torch.cat([keyed[1:] != keyed[:-1], keyed.new_ones(1, dtype=torch.bool)]))


def summed_dense(sp: SparseTensor) -> torch.Tensor:
    """The dense tensor; values of places that occur several times are added."""
    values, size = sp.raw_values, math.prod(sp.shape)
    if empty(values):
        return values.new_zeros(tuple(sp.shape))
    return values.new_zeros(size).index_add(0, keys(sp.raw_indices, sp.shape), values).reshape(tuple(sp.shape))


# two sparse tensors ---------------------------------------------------------------------------------------------------


def union(first: SparseTensor, second: SparseTensor) -> tuple[torch.Tensor, Any, Any]:
    """The places of either tensor, and both tensors' values there, zeros where one has none.

    As TensorFlow does, the two lists of places are merged: where they are not in order, a place may come out twice.

    Raises:
        InvalidArgumentError: the dense shapes differ.
    """
    if tuple(first.shape) != tuple(second.shape):
        raise InvalidArgumentError(
            f"Operands' shapes do not match: got {list(first.shape)} and {list(second.shape)} for sparse tensors"
        )
    if first._orders is second._orders:
        return first.raw_indices, first.raw_values, second.raw_values
    a, b = keys(first.raw_indices, first.shape), keys(second.raw_indices, second.shape)
    if not (ordered(first) and ordered(second)):
        merged, of_first, of_second = _merged(a.tolist(), b.tolist())
        place = torch.tensor(merged, dtype=torch.int64, device=a.device)
        return places(place, first.shape), _spread(first, of_first), _spread(second, of_second)
    both = torch.cat([a, b])
    if empty(both):
        return first.raw_indices, first.raw_values, second.raw_values
    merged = torch.unique(both)
    if len(merged) == len(a) == len(b):
        return first.raw_indices, first.raw_values, second.raw_values
    return places(merged, first.shape), _at(merged, a, first.raw_values), _at(merged, b, second.raw_values)


def _at(merged: torch.Tensor, own: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    found = bits(values).new_zeros(len(merged)).index_put((torch.searchsorted(merged, own),), bits(values))
    return of_bits(found, values.dtype)


def _spread(sp: SparseTensor, numbers: list[int]) -> torch.Tensor:
    """The values of these numbers; zero for -1."""
    padded = F.pad(sp.raw_values, (0, 1))
    return padded[torch.tensor(numbers, dtype=torch.int64, device=padded.device)]


def _merged(a: list[int], b: list[int]) -> tuple[list[int], list[int], list[int]]:
    merged, of_a, of_b, i, j = [], [], [], 0, 0
    while i < len(a) or j < len(b):
        left, right = i < len(a) and (j == len(b) or a[i] <= b[j]), j < len(b) and (i == len(a) or b[j] <= a[i])
        merged.append(a[i] if left else b[j])
        of_a.append(i if left else -1)
        of_b.append(j if right else -1)
        i, j = i + left, j + right
    return merged, of_a, of_b


def combine(first: SparseTensor, second: SparseTensor, function: Callable) -> SparseTensor:
    """``function`` of the values at the places of either."""
    indices, x, y = union(first, second)
    made = SparseTensor.of_raw(indices, function(x, y), first.shape)
    if indices is first.raw_indices:
        made._orders = first._orders
    return made


# products -------------------------------------------------------------------------------------------------------------


def _lines(sp: SparseTensor, adjoint: bool) -> tuple[Any, torch.Tensor, torch.Tensor]:
    """The places of a matrix (or of its transpose) row by row: their order, their columns, and where each row begins."""
    name = "columns" if adjoint else "rows"
    if name not in sp._orders:
        rows, columns = sp.raw_indices.unbind(1)[:: -1 if adjoint else 1]
        order = None if bool((rows[1:] >= rows[:-1]).all()) else torch.argsort(rows, stable=True)
        if order is not None:
            rows, columns = rows[order], columns[order]
        starts = torch.searchsorted(rows.contiguous(), torch.arange(sp.shape[int(adjoint)] + 1, device=rows.device))
        sp._orders[name] = order, columns.contiguous(), starts
    return sp._orders[name]


class _Product(torch.autograd.Function):
    """Sparse times dense matrix, by the kernel for sums of rows of a table: 10 to 40 times as fast as index_add."""

    @staticmethod
    def forward(ctx: Any, values: torch.Tensor, b: torch.Tensor, sp: SparseTensor, adjoint: bool) -> torch.Tensor:
        ctx.save_for_backward(values, b)
        ctx.sp, ctx.adjoint = sp, adjoint
        order, columns, starts = _lines(sp, adjoint)
        weights = values if order is None else values[order]
        return F.embedding_bag(
            columns, b.contiguous(), starts, mode="sum", per_sample_weights=weights, include_last_offset=True
        )

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple:
        (values, b), gradient = ctx.saved_tensors, gradients[0]
        by_values = by_b = None
        if ctx.needs_input_grad[0]:
            rows, columns = ctx.sp.raw_indices.unbind(1)[:: -1 if ctx.adjoint else 1]
            by_values = (gradient[rows] * b[columns]).sum(1)
        if ctx.needs_input_grad[1]:
            by_b = _Product.apply(values, gradient, ctx.sp, not ctx.adjoint)
        return by_values, by_b, None, None


def matmul(sp: SparseTensor, b: torch.Tensor, adjoint: bool = False) -> torch.Tensor:
    """A sparse matrix (``adjoint``: transposed and conjugated) times a dense one.

    Raises:
        InvalidArgumentError: ranks, shapes or dtypes do not fit, or a place lies outside.
    """
    name = "SparseTensorDenseMatMul"
    if len(sp.shape) != 2 or b.ndim != 2:
        what = (
            f"Tensor 'a_shape' must have 2 elements: {list(sp.shape)}"
            if len(sp.shape) != 2
            else "Tensor 'b' is not a matrix"
        )
        raise InvalidArgumentError(f"{what} [Op:{name}]")
    if sp.dtype.torch is not b.dtype:
        raise dtype_mismatch(name, sp.dtype.torch, b.dtype)
    rows, inner = sp.shape[::-1] if adjoint else sp.shape
    if inner != b.shape[0]:
        raise InvalidArgumentError(
            f"Cannot multiply A and B because inner dimension does not match: {inner} vs. {b.shape[0]}. Did you forget a "
            f"transpose? Dimensions of A: {list(sp.shape)}, of B: {list(b.shape)} [Op:{name}]"
        )
    values = sp.raw_values
    if b.is_meta or values.is_meta:
        return b.new_empty((rows, b.shape[1]), device="meta")
    demand_inside(sp, name)
    if b.dtype in (torch.float32, torch.float64) and values.numel() and b.shape[1]:
        return _Product.apply(values, b, sp, adjoint)
    own_rows, columns = sp.raw_indices.unbind(1)[:: -1 if adjoint else 1]
    weights = values.conj().resolve_conj() if adjoint and values.is_complex() else values
    return b.new_zeros((rows, b.shape[1])).index_add(0, own_rows, weights[:, None] * b[columns])


# other shapes ---------------------------------------------------------------------------------------------------------


def transpose(sp: SparseTensor, perm: Sequence[int]) -> SparseTensor:
    """Axes in another order; the places are sorted."""
    axes = list(perm)
    moved = SparseTensor.of_raw(sp.raw_indices[:, axes], sp.raw_values, [sp.shape[i] for i in axes])
    return reorder(moved)


def reshape(sp: SparseTensor, shape: Sequence[int]) -> SparseTensor:
    """Another shape of as many elements."""
    made = SparseTensor.of_raw(places(keys(sp.raw_indices, sp.shape), shape), sp.raw_values, shape)
    if "ordered" in sp._orders:
        made._orders["ordered"] = sp._orders["ordered"]
    return made


def concat(parts: Sequence[SparseTensor], axis: int, shape: Sequence[int]) -> SparseTensor:
    """Tensors one after the other along an axis, in ``shape``, which the others' axes fit into."""
    shifted, start = [], 0
    for part in parts:
        indices = part.raw_indices.clone()
        indices[:, axis] += start
        shifted.append(indices)
        start += part.shape[axis]
    values = [part.raw_values for part in parts]
    joined = np.concatenate(values) if isinstance(values[0], np.ndarray) else torch.cat(values)
    return SparseTensor.of_raw(torch.cat(shifted), joined, shape)


def expand(sp: SparseTensor, axis: int) -> SparseTensor:
    """An axis of length 1 more."""
    indices, shape = sp.raw_indices, list(sp.shape)
    column = indices.new_zeros((len(indices), 1))
    shape.insert(axis, 1)
    return SparseTensor.of_raw(torch.cat([indices[:, :axis], column, indices[:, axis:]], 1), sp.raw_values, shape)


def grouped(sp: SparseTensor, kept: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor, list[int]]:
    """The distinct places of the axes ``kept`` in order, the number of each value's, and the shape of these axes."""
    shape = [sp.shape[i] for i in kept]
    keyed = keys(sp.raw_indices[:, list(kept)], shape)
    if empty(keyed):
        return keyed.new_zeros((0, len(shape))), keyed, shape
    distinct, number = torch.unique(keyed, return_inverse=True)
    return places(distinct, shape), number, shape


def reduce(sp: SparseTensor, kept: Sequence[int], largest: bool) -> SparseTensor:
    """Sums (or the largest) of the values over all axes but ``kept``; places without a value stay without."""
    indices, number, shape = grouped(sp, kept)
    values = sp.raw_values
    if empty(values):
        return SparseTensor.of_raw(indices, values, shape)
    plain = values.long() if largest and values.dtype in WIDE_UNSIGNED else bits(values)
    out = plain.new_zeros(len(indices))
    out = (
        out.scatter_reduce(0, number, plain, "amax", include_self=False) if largest else out.index_add(0, number, plain)
    )
    return SparseTensor.of_raw(indices, out.to(values.dtype) if largest else of_bits(out, values.dtype), shape)
