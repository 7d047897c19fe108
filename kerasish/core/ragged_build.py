"""Ragged tensors of dense ones, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.ragged_index import take_raw
from kerasish.core.ragged_partition import RowPartition, integers, splits_of
from kerasish.core.storage import bits, of_bits
from kerasish.core.tensor import Tensor, convert


def from_dense(cls: Any, tensor: Any, lengths: Any, padding: Any, ragged_rank: int, kind: torch.dtype) -> Any:
    """See ``RaggedTensor.from_tensor``."""
    if lengths is not None and padding is not None:
        raise ValueError("Specify argument `lengths` or `padding`, but not both.")
    if not isinstance(ragged_rank, int) or isinstance(ragged_rank, bool):
        raise TypeError(f"Argument `ragged_rank` must be an int. Received {ragged_rank}.")
    if ragged_rank <= 0:
        raise ValueError(f"Argument `ragged_rank` must be greater than 0. Received {ragged_rank}.")
    dense = convert(tensor)
    rank = dense.shape.rank
    if rank <= 1:
        raise ValueError(
            "The rank of a RaggedTensor must be greater than 1, i.e., a list of scalars won't have ragged dimensions. "
            f"Received argument `tensor` with rank {rank}."
        )
    if lengths is not None and isinstance(lengths, (list, tuple)) and len(lengths) and _is_row(lengths[0]):
        return _cut_several(cls, dense, lengths, kind)
    if rank < ragged_rank + 1:
        raise ValueError(f"Shape {dense.shape} must have rank at least {ragged_rank + 1}")
    if ragged_rank > 1:
        return _deeper(cls, dense, lengths, padding, ragged_rank, kind)
    if lengths is None and padding is None:
        return cls._remade(_flattened(dense), _uniform(*dense.shape[:2], kind))
    if padding is not None:
        sizes = _without(dense, padding).to(kind)
    else:
        sizes = integers(lengths, "lengths", kind).to(kind).clamp(max=dense.shape[1])
        if len(sizes) != dense.shape[0]:
            raise ValueError(f"Shapes {dense.shape[:2]} and {(len(sizes), dense.shape[1])} are incompatible")
    width = dense.shape[1]
    kept = (torch.arange(width) < sizes[:, None]).reshape(-1).nonzero()[:, 0]
    values = dispatch.wrap(take_raw(dispatch.raw(_flattened(dense)), kept))
    return cls._remade(values, RowPartition(splits_of(sizes.clamp(min=0))))


def _is_row(value: Any) -> bool:
    return isinstance(value, (list, tuple)) or bool(getattr(value, "ndim", 0))


def _uniform(rows: int, width: int, kind: torch.dtype) -> RowPartition:
    return RowPartition(torch.arange(rows + 1, dtype=kind) * width, width)


def _flattened(dense: Tensor) -> Tensor:
    """The first two dimensions as one."""
    raw = dispatch.raw(dense)
    return dispatch.wrap(raw.reshape(raw.shape[0] * raw.shape[1], *raw.shape[2:]))


def _deeper(cls: Any, dense: Tensor, lengths: Any, padding: Any, ragged_rank: int, kind: torch.dtype) -> Any:
    """Outer dimensions uniform, the innermost ragged one cut."""
    if lengths is not None:
        raise ValueError(f"If Argument `lengths` is a vector, `ragged_rank` must be 1. Received {ragged_rank}.")
    inner = from_dense(cls, _flattened(dense), None, padding, ragged_rank - 1, kind)
    return cls._remade(inner, _uniform(*dense.shape[:2], kind))


def _cut_several(cls: Any, dense: Tensor, lengths: Sequence, kind: torch.dtype) -> Any:
    """Cut by lengths for several ragged dimensions: those of inner ones are of the rows that are left."""
    first = from_dense(cls, dense, lengths[0], None, 1, kind)
    if len(lengths) == 1:
        return first
    rest = lengths[1:] if len(lengths) > 2 else lengths[1]
    inner = from_dense(cls, first.values, list(rest) if len(lengths) > 2 else rest, None, 1, kind)
    return cls._remade(inner, first._partition)


def _without(dense: Tensor, padding: Any) -> torch.Tensor:
    """How long each row is without the padding at its end."""
    raw = dispatch.raw(dense)
    pad = dispatch.raw(convert(padding, dense.dtype))
    if tuple(pad.shape) != tuple(raw.shape[2:]):
        raise ValueError(f"Shapes {tuple(raw.shape[2:])} and {tuple(pad.shape)} are incompatible")
    if isinstance(raw, np.ndarray):
        other = torch.from_numpy(np.asarray(raw != pad, dtype=bool))
    else:
        other = (raw != pad).cpu()
    other = other.reshape(raw.shape[0], raw.shape[1], int(np.prod(raw.shape[2:]))).any(-1)
    return (other * torch.arange(1, raw.shape[1] + 1)).amax(1) if raw.shape[1] else torch.zeros(raw.shape[0]).long()


# to dense -------------------------------------------------------------------------------------------------------------


def to_dense(ragged: Any, default_value: Any, shape: Any) -> Tensor:
    """See ``RaggedTensor.to_tensor``."""
    parts = ragged._partitions
    flat = dispatch.raw(ragged.flat_values)
    bounds = [parts[0].nrows, *(p.longest if p.uniform is None else p.uniform for p in parts), *flat.shape[1:]]
    sizes = bounds if shape is None else _wanted(shape, bounds, len(parts))
    filler = _filler(default_value, flat, ragged.dtype, sizes[len(parts) + 1 :])
    places: Any = ragged._places().unbind(1)
    kept: Any = None
    for place, size, bound in zip(places, sizes, bounds):
        if size < bound:
            kept = place < size if kept is None else kept & (place < size)
    if kept is not None:
        places, flat = [place[kept] for place in places], take_raw(flat, kept.nonzero()[:, 0])
    if isinstance(flat, np.ndarray):
        out = np.empty(sizes, dtype=object)
        out[...] = filler
        out[tuple(place.numpy() for place in places)] = flat
        return dispatch.wrap(out)
    where = tuple(place.to(flat.device) for place in places)
    filled = bits(filler.expand(sizes).clone()).index_put(where, bits(flat))
    return dispatch.wrap(of_bits(filled, flat.dtype))


def _wanted(shape: Any, bounds: list[int], ragged_rank: int) -> list[int]:
    given = shape
    if dispatch.is_tensor(shape):
        given = dispatch.raw(shape).tolist()
    elif hasattr(shape, "rank") and shape.rank is None:
        return bounds
    given = [None if n is None or int(n) < 0 else int(n) for n in given]
    if len(given) != len(bounds):
        raise InvalidArgumentError(
            f"rt_input.shape and shape={given} are incompatible: rt_input.rank = {len(bounds)} but shape.rank = {len(given)} "
            "[Op:RaggedTensorToTensor]"
        )
    for axis in range(ragged_rank + 1, len(bounds)):
        if given[axis] is not None and given[axis] != bounds[axis]:
            raise InvalidArgumentError(
                f"rt_input.shape and shape={given} are incompatible: rt_input.shape[{axis}] = {bounds[axis]} but "
                f"shape[{axis}] = {given[axis]} [Op:RaggedTensorToTensor]"
            )
    return [bound if n is None else n for n, bound in zip(given, bounds)]


def _filler(value: Any, flat: Any, dtype: Any, inner: list[int]) -> Any:
    """What rows are filled up with, in a shape that repeats."""
    if value is None:
        return b"" if isinstance(flat, np.ndarray) else flat.new_zeros(())
    made = dispatch.raw(convert(value, dtype))
    try:
        np.broadcast_shapes(tuple(made.shape), tuple(inner))
        fits = len(made.shape) <= len(inner)
    except ValueError:
        fits = False
    if not fits:
        raise InvalidArgumentError(
            f"default_value.shape={list(made.shape)} and rt_input.flat_values.shape={list(flat.shape)} are incompatible: "
            "default_value must be broadcastable to the values' inner dimensions [Op:RaggedTensorToTensor]"
        )
    return made
