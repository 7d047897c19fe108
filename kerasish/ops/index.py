"""Reading and writing parts of tensors in ``keras.ops``: gather, scatter, slices, conditions."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from kerasish.core.dispatch import Array, Arrays, Index, Operand, op, raw, strings, symbolic
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.core.indexing import index_raw
from kerasish.core.storage import host
from kerasish.ops import specs
from kerasish.ops.common import axis_index, integer_shape, moves

# reading --------------------------------------------------------------------------------------------------------------


def _positions(indices: torch.Tensor, name: str) -> torch.Tensor:
    """Indices as int64.

    Raises:
        InvalidArgumentError: they are not integers.
    """
    if indices.is_floating_point() or indices.is_complex() or indices.dtype is torch.bool:
        raise InvalidArgumentError(f"Indices must be integers, received {indices.dtype} [Op:{name}]")
    return indices.long()


def _from_front(indices: torch.Tensor, size: int) -> torch.Tensor:
    """Integer indices as int64, negative ones counted from the end of an axis."""
    indices = _positions(indices, "GatherV2")
    return torch.where(indices < 0, indices + size, indices)


def _take_strings(x: np.ndarray, indices: torch.Tensor, axis: int | None = None) -> np.ndarray:
    return np.asarray(np.take(x, host(indices), axis), dtype=object)


@op
@strings(_take_strings)
def take(x: Array, indices: Index, axis: int | None = None) -> Any:
    """The elements of x (flattened), or its slices along an axis, at integer indices; negative ones count from the end.

    Raises:
        InvalidArgumentError: an index is out of bounds.
    """
    if axis is None:
        x, axis = x.reshape(-1), 0
    axis = axis_index(axis, x.ndim)
    indices = _from_front(indices, x.shape[axis])
    if indices.ndim == 1:
        return x.index_select(axis, indices)
    return x.index_select(axis, indices.reshape(-1)).reshape(x.shape[:axis] + indices.shape + x.shape[axis + 1 :])


@op
@moves
def take_along_axis(x: Array, indices: Index, axis: int | None = None) -> Any:
    """For each place of ``indices``, the element of x at that index along an axis and that place along the others.

    Raises:
        InvalidArgumentError: an index is out of bounds.
    """
    if axis is None:
        x, axis = x.reshape(-1), 0
        indices = indices.reshape(-1)
    axis = axis_index(axis, x.ndim)
    indices = _from_front(indices, x.shape[axis])
    # not torch.take_along_dim, which takes an index out of bounds modulo the size
    others = torch.broadcast_shapes(*((*t.shape[:axis], 1, *t.shape[axis + 1 :]) for t in (x, indices)))
    shapes = ((*others[:axis], t.shape[axis], *others[axis + 1 :]) for t in (x, indices))
    x, indices = (t.expand(shape) for t, shape in zip((x, indices), shapes, strict=True))
    return x.gather(axis, indices)


@op
@moves
def get_item(x: Array, key: Any) -> Any:
    """``x[key]``: integers, slices, ``...``, ``None``, a boolean mask, or integer tensors as in NumPy."""
    keys = key if isinstance(key, tuple) else (key,)
    if any(isinstance(k, list) or getattr(k, "ndim", 0) for k in keys):
        return x[tuple(raw(k) if isinstance(k, list) or hasattr(k, "shape") else k for k in keys)]
    return index_raw(x, key)


@op
@symbolic(specs.slice)
@moves
def slice(inputs: Array, start_indices: Any, shape: Any) -> Any:
    """The block of ``shape`` at ``start_indices``; a size of -1 reaches to the end.

    Raises:
        InvalidArgumentError: the block reaches outside.
    """
    starts, sizes = integer_shape(start_indices), integer_shape(shape)
    for axis, (start, size) in enumerate(zip(starts, sizes, strict=True)):
        room = inputs.shape[axis] - start
        size = room if size == -1 else size
        if start < 0 or not 0 <= size <= room:
            raise InvalidArgumentError(f"Expected size[{axis}] in [0, {room}], but got {size} [Op:Slice]")
        inputs = inputs.narrow(axis, start, size)
    return inputs


@op
@symbolic(specs.nonzero)
def nonzero(x: Array) -> Any:
    """The places of the elements that are not 0: for each axis a vector of indices (int32)."""
    return tuple(index.int() for index in torch.nonzero(x, as_tuple=True))


@op
def unravel_index(indices: Index, shape: Any) -> Any:
    """Indices into a flattened tensor as one tensor of indices for each axis of ``shape``; negative ones from the end."""
    sizes = integer_shape(shape)
    remaining = indices
    parts = []
    for size in reversed(sizes):
        parts.append(torch.remainder(remaining, size))
        remaining = torch.div(remaining, size, rounding_mode="floor")
    return tuple(reversed(parts))


# writing --------------------------------------------------------------------------------------------------------------


@op
@symbolic(specs.slice_update)
@moves
def slice_update(inputs: Array, start_indices: Any, updates: Index) -> Any:
    """``inputs`` with the block at ``start_indices`` replaced by ``updates``, in the dtype of ``inputs``.

    A block that would reach outside is moved inside.
    """
    starts = integer_shape(start_indices)
    if not len(starts) == updates.ndim == inputs.ndim:
        raise InvalidArgumentError(
            f"slice_update takes a start for each axis of a tensor, and updates of the same rank: {inputs.ndim}. Received: "
            f"{len(starts)} starts and updates of rank {updates.ndim} [Op:slice_update]"
        )
    result = inputs.clone()
    block = result
    for axis, size in enumerate(updates.shape):
        start = min(max(starts[axis], 0), inputs.shape[axis] - size)
        block = block.narrow(axis, start, size)
    block.copy_(updates)
    return result


def _coordinates(indices: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Rows of indices as one tensor of indices for each of the axes that they name."""
    return _positions(indices, "ScatterNd").unbind(-1)


@op
def scatter(indices: Index, values: Array, shape: Any) -> Any:
    """Zeros of ``shape`` with ``values`` added at ``indices``: each row of these names an element, or a slice.

    Raises:
        InvalidArgumentError: an index is out of bounds.
    """
    return values.new_zeros(integer_shape(shape)).index_put(_coordinates(indices), values, accumulate=True)


_REDUCTIONS = {"max": "amax", "min": "amin", "mul": "prod"}


@op
def scatter_update(inputs: Array, indices: Index, updates: Index, reduction: str | None = None) -> Any:
    """``inputs`` with the elements, or slices, that rows of ``indices`` name replaced by ``updates``.

    Args:
        reduction: "add", "max", "min" or "mul" joins old and new instead. Without it the last update of a place counts.

    Raises:
        ValueError: another reduction.
        InvalidArgumentError: an index is out of bounds, or the updates have another shape than what they replace.
    """
    updates = updates.to(inputs.dtype)
    places = _coordinates(indices)
    wanted = (*indices.shape[:-1], *inputs.shape[len(places) :])
    if tuple(updates.shape) != wanted:
        raise InvalidArgumentError(
            f"Updates of indices of shape {list(indices.shape)} into a tensor of shape {list(inputs.shape)} have the shape "
            f"{list(wanted)}. Received: {list(updates.shape)} [Op:TensorScatterUpdate]"
        )
    if reduction is None or reduction == "add":
        return inputs.index_put(places, updates, accumulate=reduction == "add")
    if reduction not in _REDUCTIONS:
        raise fail(
            ValueError,
            f"Invalid reduction: {reduction}",
            hint="Supported values are: None, 'add', 'max', 'min', 'mul'.",
        )
    named, rest = inputs.shape[: len(places)], inputs.shape[len(places) :]
    count = torch.Size(named).numel()
    flat = torch.arange(count, device=inputs.device).reshape(named)[places].reshape(-1)
    updates = updates.expand(*indices.shape[:-1], *rest).reshape(-1, *rest)
    index = flat.reshape(-1, *[1] * len(rest)).expand(updates.shape)
    result = inputs.reshape(count, *rest).scatter_reduce(0, index, updates, _REDUCTIONS[reduction])
    return result.reshape(inputs.shape)


# conditions -----------------------------------------------------------------------------------------------------------


def _where_strings(condition: torch.Tensor, x1: Any = None, x2: Any = None) -> np.ndarray:
    return np.where(host(condition), x1, x2)


@op
@strings(_where_strings)
@symbolic(specs.where)
def where(condition: Index, x1: Operand | None = None, x2: Operand | None = None) -> Any:
    """x1 where the condition holds (is not 0), x2 elsewhere, with broadcasting; with a condition alone, ``nonzero``.

    Raises:
        ValueError: only one of x1 and x2 is given.
    """
    if (x1 is None) != (x2 is None):
        raise ValueError("`x1` and `x2` either both should be `None` or both should have non-None value.")
    if x1 is None:
        return tuple(index.int() for index in torch.nonzero(condition, as_tuple=True))
    return torch.where(condition if condition.dtype is torch.bool else condition != 0, x1, x2)


@op
def select(condlist: Any, choicelist: Arrays, default: Operand = 0) -> Any:
    """For each place the element of the first choice whose condition holds there, else ``default``."""
    if len(condlist) != len(choicelist) or not condlist:
        raise fail(
            ValueError,
            "select needs as many conditions as choices, and at least one",
            received=f"{len(condlist)} conditions and {len(choicelist)} choices",
        )
    result = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        result = torch.where(raw(condition) != 0, choice, result)
    return result
