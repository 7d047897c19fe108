"""Parts of ragged tensors: gathering, masks, ``where``; gathering from dense ones by ragged indices."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.ragged import RaggedTensor, elementwise, nested, position
from kerasish.core.ragged_index import count_rows, plain, take_rows
from kerasish.core.ragged_partition import RowPartition, from_uniform, splits_of
from kerasish.core.tensor import Tensor, convert
from kerasish.tf import arrays, indexing, nn
from kerasish.tf.ragged.arrays import deepened

# gathering ------------------------------------------------------------------------------------------------------------


@RaggedTensor.serve(indexing.gather)
def gather(
    params: Any,
    indices: Any,
    validate_indices: Any = None,
    axis: Any = None,
    batch_dims: int = 0,
    name: str | None = None,
) -> Any:
    """Rows of ``params`` by number; either may be ragged.

    Args:
        axis: the dimension that is indexed; default: the one after ``batch_dims``.

    Raises:
        InvalidArgumentError: there is no such row.
    """
    params = params if isinstance(params, RaggedTensor) else convert(params)
    indices = indices if isinstance(indices, RaggedTensor) else convert(indices)
    batch = position(batch_dims, indices.shape.rank + 1) if batch_dims < 0 else batch_dims
    axis = batch if axis is None else position(int(axis), params.shape.rank)
    if axis < batch:
        raise ValueError(f"batch_dims ({batch}) must be less than or equal to axis ({axis})")
    if batch:
        return _in_batches(params, indices, axis, batch)
    if axis:
        return _inside(params, indices, axis)
    return _rows(params, indices)


def _rows(params: Any, indices: Any) -> Any:
    if isinstance(indices, RaggedTensor):
        return indices._remade(_rows(params, indices.values), indices._partition)
    if not isinstance(params, RaggedTensor):
        return indexing.gather(params, indices)
    numbers = dispatch.raw(indices).cpu().long()
    flat, count = numbers.reshape(-1), count_rows(params)
    wrong = (flat < 0) | (flat >= count)
    if bool(wrong.any()):
        place = int(wrong.nonzero()[0])
        raise InvalidArgumentError(f"indices[{place}] = {int(flat[place])} is not in [0, {count}) [Op:RaggedGather]")
    if not numbers.ndim:
        return params[int(numbers)]
    return plain(_grouped(take_rows(params, flat), tuple(numbers.shape), params._splits_dtype))


def _grouped(rows: Any, shape: tuple, kind: torch.dtype) -> Any:
    """Rows in that shape."""
    for size in reversed(shape[1:]):
        total = count_rows(rows)
        rows = RaggedTensor._remade(rows, from_uniform(size, total, total // size if size else 0, kind))
    return rows


def _inside(params: Any, indices: Any, axis: int) -> Any:
    """Along a later dimension: the same places of each row."""
    if axis > 1 and isinstance(params, RaggedTensor):
        return params._remade(_inside(params.values, indices, axis - 1), params._partition)
    if not isinstance(params, RaggedTensor):
        if isinstance(indices, RaggedTensor):
            raise ValueError("Ragged indices along a later axis of dense params are not defined")
        return indexing.gather(params, indices, axis=axis)
    if isinstance(indices, RaggedTensor):
        raise ValueError("Ragged indices along a later axis are not defined")
    numbers = dispatch.raw(indices).cpu().long()
    starts = params._partition.starts.long()
    places = starts.reshape(-1, *[1] * numbers.ndim) + numbers
    return _rows(params.values, Tensor(places))


def _in_batches(params: Any, indices: Any, axis: int, batch: int) -> Any:
    if isinstance(indices, RaggedTensor) or isinstance(params, RaggedTensor):
        kind = (indices if isinstance(indices, RaggedTensor) else params)._splits_dtype
    if count_rows(params) != count_rows(indices):
        raise InvalidArgumentError(f"batch dimensions differ: {params.shape} and {indices.shape}")
    if batch > 1:
        params, deep = deepened(params, 1, kind), deepened(indices, 1, kind)
        if not params._partition.same(deep._partition):
            raise InvalidArgumentError("batch dimensions differ: rows have different lengths")
        inner = _any_gather(params.values, deep.values, axis - 1, batch - 1)
        return params._remade(inner, deep._partition)
    if axis > 1:
        rows = [_any_gather(p, i, axis - 1, 0) for p, i in zip(params, indices)]
        return arrays.stack([RaggedTensor.from_tensor(r) if not isinstance(r, RaggedTensor) else r for r in rows])
    params = deepened(params, 1, kind)
    starts = params._partition.starts.long()
    if isinstance(indices, RaggedTensor):
        top = indices._partition
        offset = starts[top.rowids.long()]
        for partition in indices._partitions[1:]:
            offset = offset[partition.rowids.long()]
        flat = dispatch.raw(indices.flat_values).cpu().long()
        places = flat + offset.reshape(-1, *[1] * (flat.ndim - 1))
        return _rows(params.values, nested(Tensor(places), indices._partitions))
    numbers = dispatch.raw(indices).cpu().long()
    return _rows(params.values, Tensor(numbers + starts.reshape(-1, *[1] * (numbers.ndim - 1))))


def _any_gather(params: Any, indices: Any, axis: int, batch: int) -> Any:
    if isinstance(params, RaggedTensor) or isinstance(indices, RaggedTensor):
        return gather(params, indices, axis=axis, batch_dims=batch)
    return indexing.gather(params, indices, axis=axis, batch_dims=batch)


@RaggedTensor.serve(indexing.gather_nd)
def gather_nd(params: Any, indices: Any, batch_dims: int = 0, *args: Any, **kwargs: Any) -> Any:
    """Parts of ``params`` whose places are the vectors of the last dimension of ``indices``; either may be ragged."""
    if batch_dims:
        raise ValueError("batch_dims != 0 is not supported for ragged gather yet.")
    if isinstance(indices, RaggedTensor):
        return indices._remade(gather_nd(params, indices.values), indices._partition)
    if not isinstance(params, RaggedTensor):
        return indexing.gather_nd(params, indices)
    places = dispatch.raw(convert(indices)).cpu().long()
    if not places.ndim:
        raise ValueError("indices must be at least rank 1.")
    *shape, width = places.shape
    flat = places.reshape(-1, width)
    if not width:
        raise ValueError("gather_nd: an index needs at least one dimension")
    value, at = params, flat[:, 0]
    for level in range(width):
        if level:
            at = value._partition.starts.long()[at] + flat[:, level]
            value = value.values
        if not isinstance(value, RaggedTensor):
            rest = torch.cat([at[:, None], flat[:, level + 1 :]], 1)
            out = indexing.gather_nd(value, Tensor(rest))
            return arrays.reshape(out, [*shape, *out.shape[1:]])
    picked = take_rows(value, at)
    return plain(_grouped(picked, tuple(shape), params._splits_dtype)) if shape else picked[0]


@RaggedTensor.serve(nn.embedding_lookup)
def embedding_lookup(params: Any, ids: Any, max_norm: Any = None, name: str | None = None) -> Any:
    """The rows of ``params`` that ``ids`` numbers, in their rows."""
    return ids._around(nn.embedding_lookup(params, ids.flat_values, max_norm))


# masks ----------------------------------------------------------------------------------------------------------------


def boolean_mask(data: Any, mask: Any, name: str | None = None) -> Any:
    """The values where ``mask`` holds; the dimensions that the mask has from the second on become ragged.

    Raises:
        ValueError: ``mask`` is a scalar.
        InvalidArgumentError: it does not fit ``data``.
        TypeError: it has no truth values.
    """
    data = data if isinstance(data, RaggedTensor) else convert(data)
    mask = mask if isinstance(mask, RaggedTensor) else convert(mask, "bool") if not dispatch.is_tensor(mask) else mask
    if mask.dtype != "bool":
        raise TypeError(f"mask must have dtype bool, got {mask.dtype.name}")
    if not mask.shape.rank:
        raise ValueError("mask cannot be scalar.")
    if isinstance(mask, RaggedTensor) or mask.shape.rank > 1:
        return _masked_inside(data, mask)
    kept = dispatch.raw(mask).cpu()
    if len(kept) != count_rows(data):
        raise InvalidArgumentError(f"Shapes ({count_rows(data)},) and ({len(kept)},) are incompatible")
    return plain(take_rows(data, kept.nonzero()[:, 0]))


def _masked_inside(data: Any, mask: Any) -> Any:
    kind = next((x._splits_dtype for x in (data, mask) if isinstance(x, RaggedTensor)), torch.int64)
    data, mask = deepened(data, 1, kind), deepened(mask, 1, kind)
    if not data._partition.same(mask._partition):
        raise InvalidArgumentError(
            "Inputs must have identical ragged splits\nCondition x == y did not hold.\nFirst 3 elements of x:\n"
            f"{mask._partition.splits[:3].tolist()}\nFirst 3 elements of y:\n{data._partition.splits[:3].tolist()}"
        )
    values = boolean_mask(data.values, mask.values)
    if isinstance(mask.values, RaggedTensor) or mask.values.shape.rank > 1:
        return data._remade(values, RowPartition(data._partition.splits))
    kept = dispatch.raw(mask.values).cpu().long()
    lengths = torch.zeros(data._partition.nrows, dtype=kind)
    lengths = lengths.index_add(0, data._partition.rowids.long(), kept.to(kind))
    return data._remade(values, RowPartition(splits_of(lengths)))


@RaggedTensor.serve(indexing.where)
def where(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Any:
    """``x`` where the condition holds and ``y`` elsewhere; without them the places where it does.

    Raises:
        ValueError: only one of them is given.
    """
    if (x is None) != (y is None):
        raise ValueError("x and y must both be non-None or both be None.")
    if x is None:
        return _places(condition)
    if not isinstance(condition, RaggedTensor):
        condition = convert(condition)
    typed = next((v for v in (x, y) if isinstance(v, RaggedTensor) or dispatch.is_tensor(v)), None)
    if typed is not None:
        x, y = (v if isinstance(v, RaggedTensor) or dispatch.is_tensor(v) else _fitting(v, typed) for v in (x, y))
    else:
        x, y = convert(x), convert(y)
    return elementwise(indexing.where, condition, x, y)


def _fitting(value: Any, like: Any) -> Tensor:
    return convert(value) if isinstance(value, np.ndarray) else convert(value, like.dtype)


def _places(condition: RaggedTensor) -> Tensor:
    inner = dispatch.raw(indexing.where(condition.flat_values)).cpu()
    return Tensor(torch.cat([condition._places()[inner[:, 0]], inner[:, 1:]], 1))
