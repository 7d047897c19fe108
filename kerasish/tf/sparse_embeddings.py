"""``tf.nn.embedding_lookup_sparse`` and its kin: rows of a table, combined for each row of a sparse tensor of ids."""

from __future__ import annotations

from typing import Any

import torch

from kerasish.core import dispatch
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.ragged import RaggedTensor
from kerasish.core.sparse import SparseTensor, is_sparse_value
from kerasish.ops import coordinates
from kerasish.tf.clipping import clipped
from kerasish.tf.sparse_arrays import filled_rows
from kerasish.tf.sparse_op import largest, raw, sparse, sparse_op

_COMBINERS = ("mean", "sqrtn", "sum")


@sparse_op
def embedding_lookup_sparse(
    params: Any,
    sp_ids: Any,
    sp_weights: Any,
    combiner: str | None = None,
    max_norm: Any = None,
    name: str | None = None,
    allow_fast_lookup: bool = False,
) -> Any:
    """Rows of a table, weighted and combined for each row of ids.

    Args:
        params: the table, or a list of its parts in order.
        sp_ids: int32 or int64 ids, ordered by row; or rows of them, as a ragged tensor.
        sp_weights: floats at the same places, or None for ones.
        combiner: "sum", "mean" (over the sum of weights, the default) or "sqrtn" (over the root of their squares' sum).
        max_norm: rows with a larger norm are scaled down to it.
        allow_fast_lookup: in TensorFlow, whether ids of a special form may be looked up faster; the result is the same.

    Raises:
        TypeError: ids or weights are neither sparse nor ragged.
        ValueError: an unknown combiner, no table, or weights at other places.
        InvalidArgumentError: an id is outside of the table, or rows are not in order.
    """
    how = "mean" if combiner is None else combiner
    if how not in _COMBINERS:
        raise ValueError(f"combiner must be one of 'mean', 'sqrtn' or 'sum', got {combiner}")
    table = _table(params, "Length of params is currently 0. Need at least one param.")
    sp_ids, sp_weights = _rows_as_sparse(sp_ids, sp_weights)
    for what, given in (("sp_ids", sp_ids), ("sp_weights", sp_weights)):
        if not is_sparse_value(given) and not (what == "sp_weights" and given is None):
            raise TypeError(f"{what} must be SparseTensor, got {type(given)}")
    ids, weights = sparse(sp_ids), None if sp_weights is None else sparse(sp_weights)
    if weights is not None and weights.values.shape != ids.values.shape:
        raise ValueError(f"Shapes {ids.values.shape} and {weights.values.shape} are incompatible")
    amounts = None if weights is None else weights.raw_values
    return _combined(table, ids.raw_values.long(), ids.raw_indices[:, 0], amounts, how, max_norm)


def _rows_as_sparse(ids: Any, weights: Any) -> tuple[Any, Any]:
    """Ragged ids, and weights, as sparse tensors.

    Raises:
        TypeError: one is ragged, the other not.
    """
    if not isinstance(ids, RaggedTensor):
        return ids, weights
    if weights is not None and not isinstance(weights, RaggedTensor):
        raise TypeError(
            f"sp_ids must be of the same type as sp_weights, received {type(ids).__name__!r} for sp_ids and "
            f"{type(weights).__name__!r} for sp_weights."
        )
    return ids.to_sparse(), None if weights is None else weights.to_sparse()


def _table(params: Any, message: str) -> torch.Tensor:
    parts = params if isinstance(params, (list, tuple)) else [params]
    if not parts:
        raise ValueError(message)
    tensors = [raw(part) for part in parts]
    return tensors[0] if len(tensors) == 1 else torch.cat(tensors)


def _combined(
    table: torch.Tensor, ids: torch.Tensor, rows: torch.Tensor, weights: Any, how: str, max_norm: Any
) -> torch.Tensor:
    outside = ((ids < 0) | (ids >= len(table))).nonzero()
    if len(outside):
        where = int(outside[0])
        raise InvalidArgumentError(f"Bad: indices[{where}] == {int(ids[where])} out of range [0, {len(table)})")
    if len(rows) and bool((rows[1:] < rows[:-1]).any()):
        raise InvalidArgumentError("segment ids are not increasing")
    count = largest(rows) + 1
    chosen = table[ids]
    if max_norm is not None:
        chosen = clipped(chosen, max_norm, list(range(1, chosen.ndim)))
    flat = [-1, *[1] * (table.ndim - 1)]
    amounts = (
        torch.ones(len(ids), dtype=table.dtype, device=table.device) if weights is None else weights.to(table.dtype)
    )
    total = table.new_zeros((count, *table.shape[1:])).index_add(0, rows, chosen * amounts.reshape(flat))
    if how == "sum":
        return total
    parts = amounts if how == "mean" else amounts * amounts
    size = amounts.new_zeros(count).index_add(0, rows, parts).reshape(flat)
    size = size if how == "mean" else size.sqrt()
    return torch.where(size == 0, torch.zeros_like(total), total / torch.where(size == 0, 1, size))


@sparse_op
def safe_embedding_lookup_sparse(
    embedding_weights: Any,
    sparse_ids: Any,
    sparse_weights: Any = None,
    combiner: str = "mean",
    default_id: int | None = None,
    max_norm: Any = None,
    name: str | None = None,
    allow_fast_lookup: bool = False,
) -> Any:
    """As ``embedding_lookup_sparse``, without negative ids and, unless summed, weights of at most 0.

    Args:
        default_id: the row of the table for rows without ids; zeros by default.

    Returns:
        ids.shape[:-1] + table.shape[1:].

    Raises:
        ValueError: there is no table.
    """
    if embedding_weights is None:
        raise ValueError(f"Missing embedding_weights {embedding_weights}.")
    table = _table(embedding_weights, f"Missing embedding_weights {embedding_weights}.")
    sparse_ids, sparse_weights = _rows_as_sparse(sparse_ids, sparse_weights)
    ids = sparse(sparse_ids)
    outer = ids.shape[:-1]
    rows = torch.Size(outer).numel()
    flat = coordinates.reshape(ids, (rows, ids.shape[-1]))
    weights = None if sparse_weights is None else sparse(sparse_weights).raw_values
    keep = flat.raw_values >= 0
    if weights is not None and combiner != "sum":
        keep = keep & (weights > 0)
    flat, weights = coordinates.retain(flat, keep), None if weights is None else weights[keep]
    filled, missing = filled_rows(flat, torch.tensor(default_id or 0))
    if weights is not None:
        given = SparseTensor.of_raw(flat.raw_indices, weights, flat.shape)
        weights = filled_rows(given, torch.ones((), dtype=weights.dtype))[0]
    found = dispatch.raw(
        embedding_lookup_sparse(table, filled, weights, combiner, max_norm, allow_fast_lookup=allow_fast_lookup)
    )
    if default_id is None:
        found = torch.where(missing.reshape(-1, *[1] * (found.ndim - 1)), torch.zeros_like(found), found)
    return found.reshape(*outer, *table.shape[1:])


@sparse_op
def edit_distance(hypothesis: Any, truth: Any, normalize: bool = True, name: str = "edit_distance") -> Any:
    """How many insertions, deletions and replacements make each sequence of ``hypothesis`` that of ``truth``.

    Args:
        hypothesis, truth: sparse, of one dtype; sequences are along the last axis.
        normalize: whether to divide by the length of the true sequence.

    Returns:
        float32 of the shape of the other axes.

    Raises:
        TypeError: an argument is not sparse.
    """
    for what, given in (("Hypothesis", hypothesis), ("Truth", truth)):
        if not is_sparse_value(given):
            raise TypeError(f"{what} must be a SparseTensor.")
    first, second = sparse(hypothesis), sparse(truth)
    coordinates.demand_same_dtype(first, second, "EditDistance")
    if len(first.shape) != len(second.shape):
        raise InvalidArgumentError("truth_shape and hypothesis_shape must have the same rank [Op:EditDistance]")
    shape = [max(a, b) for a, b in zip(first.shape[:-1], second.shape[:-1])]
    mine, theirs = _sequences(first, shape), _sequences(second, shape)
    out = torch.zeros(torch.Size(shape).numel(), dtype=torch.float32)
    for key in {**mine, **theirs}:
        a, b = mine.get(key, []), theirs.get(key, [])
        steps = float(_distance(a, b))
        out[key] = steps if not normalize else steps / len(b) if b else float("inf") if a else 0.0
    return out.reshape(shape)


def _sequences(sp: SparseTensor, shape: list[int]) -> dict[int, list]:
    found: dict[int, list] = {}
    for key, value in zip(coordinates.keys(sp.raw_indices[:, :-1], shape).tolist(), sp.raw_values.tolist()):
        found.setdefault(key, []).append(value)
    return found


def _distance(a: list, b: list) -> int:
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1]
