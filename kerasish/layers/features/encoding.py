"""Indices of categories as vectors: one-hot, multi-hot and counts. Text given to layers, as tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.compiler import is_dynamo_compiling

from kerasish.core import dispatch
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.core.ragged import RaggedTensor
from kerasish.core.sparse import SparseTensor, not_dense
from kerasish.core.tensor import convert
from kerasish.layers.layer import Layer
from kerasish.ops import coordinates

MODES = ("int", "one_hot", "multi_hot", "count")


class TextLayer(Layer):
    """A layer that is also called on text, and on lists of text or numbers, as they are."""

    _follows_policy = False  # indices and codes have dtypes of their own

    def _k_prepare(self, args: tuple, kwargs: dict) -> tuple[tuple, dict, bool]:
        if args and isinstance(args[0], (str, bytes, int, float, list, tuple)):
            args = (self._given(args[0]), *args[1:])
        return super()._k_prepare(args, kwargs)

    def _k_compute(self, call: Callable, args: tuple, kwargs: dict) -> Any:
        return call(*args, **kwargs)

    def _given(self, inputs: Any) -> Any:
        """Inputs that are Python values, as one tensor."""
        return convert(inputs)


def check_mode(layer: str, mode: Any, modes: tuple[str, ...] = MODES) -> None:
    if mode not in modes:
        raise fail(ValueError, f"Unknown value for `output_mode` of layer {layer}", f"one of {modes}", repr(mode))


def salt_words(layer: str, salt: Any) -> list[int] | None:
    """The two words that a ``salt`` stands for.

    Raises:
        ValueError: it is neither an integer nor two of them.
    """
    if salt is None:
        return None
    if isinstance(salt, (tuple, list)) and len(salt) == 2:
        return list(salt)
    if isinstance(salt, int):
        return [salt, salt]
    raise fail(ValueError, f"Bad `salt` for layer {layer}", "an integer or a tuple of 2 integers", repr(salt))


def as_text(x: Any) -> np.ndarray:
    """Raw integers, truth values or text, as an object array of bytes; the numbers in decimal."""
    if isinstance(x, np.ndarray):
        return x
    flat = x.reshape(-1).tolist()
    out = np.empty(len(flat), dtype=object)
    out[:] = [(str(v).lower() if isinstance(v, bool) else str(v)).encode() for v in flat]
    return out.reshape(tuple(x.shape))


def numbers(x: Any, layer: str) -> torch.Tensor:
    """A raw tensor that has to hold numbers.

    Raises:
        InvalidArgumentError: it holds text.
    """
    if isinstance(x, np.ndarray):
        raise fail(InvalidArgumentError, f"Layer {layer} takes numbers", received="text")
    return x


# indices to vectors ---------------------------------------------------------------------------------------------------


def encode(indices: torch.Tensor, mode: str, depth: int, dtype: torch.dtype, weights: Any = None) -> torch.Tensor:
    """Indices in one of ``MODES``.

    Args:
        indices: of any shape for "int" and "one_hot"; (indices,) or (batch, indices, ...) for "multi_hot" and "count",
            whose axis of indices goes.
        depth: the number of categories, the length of the new last axis. Larger indices count for nothing.
        weights: for "count", what each index counts, in the shape of ``indices``.

    Raises:
        InvalidArgumentError: a negative index for "multi_hot" or "count" at rank 1 or 2.
    """
    if mode == "int":
        return indices.to(dtype)
    if indices.ndim == 0:
        indices = indices.unsqueeze(-1)
    if mode == "one_hot":
        return one_hot(indices.squeeze(-1) if indices.ndim > 1 else indices, depth, dtype)
    if indices.ndim > 2:
        codes = one_hot(indices, depth, dtype if weights is None else weights.dtype)
        if mode == "multi_hot":
            return codes.amax(1)
        codes = codes if weights is None else codes * weights.unsqueeze(-1)
        return codes.sum(1, dtype=codes.dtype)
    indices = indices.long()
    rows = indices.shape[0] if indices.ndim == 2 else 1
    owners = torch.arange(rows, device=indices.device).repeat_interleave(indices.numel() // max(rows, 1))
    flat = None if weights is None else weights.expand(indices.shape).reshape(-1)
    out = tally(indices.reshape(-1), owners, rows, depth, dtype, mode == "multi_hot", flat)
    return out if indices.ndim == 2 else out[0]


def encode_rows(
    rows: RaggedTensor, flat: torch.Tensor, mode: str, depth: int, dtype: torch.dtype, weights: Any = None
) -> Any:
    """The indices ``flat`` of the values of ragged rows, in one of ``MODES``: ragged again, or a vector for each row.

    Raises:
        ValueError: rows of rows, or rows of vectors, for "multi_hot" or "count".
    """
    if mode in ("int", "one_hot"):
        made = flat.to(dtype) if mode == "int" else one_hot(flat, depth, dtype)
        return rows._around(dispatch.wrap(made))
    if rows.shape.rank != 2:
        raise fail(ValueError, f"output_mode='{mode}' takes ragged tensors of rank 2", received=f"shape {rows.shape}")
    owners = rows._partition.rowids.long().to(flat.device)
    return tally(flat.long(), owners, rows._partition.nrows, depth, dtype, mode == "multi_hot", weights)


def encode_sparse(sp: SparseTensor, mode: str, depth: int, dtype: torch.dtype, weights: Any = None) -> SparseTensor:
    """Sparse indices in one of ``MODES``: only those that are there count, and for "int" keep their places.

    Raises:
        ValueError: "one_hot", or a rank above 2, for which there is no such code; weights at other places.
        InvalidArgumentError: a negative index.
    """
    indices = sp.raw_values
    if mode == "int":
        return sp.with_raw(indices.to(dtype))
    if mode == "one_hot" or len(sp.shape) > 2:
        raise not_dense(sp, mode)
    if indices.numel() and int(indices.min()) < 0:
        raise fail(InvalidArgumentError, "Indices of categories must be non-negative", received=int(indices.min()))
    amounts = torch.ones(len(indices), dtype=dtype, device=indices.device)
    if weights is not None:
        if not isinstance(weights, SparseTensor) or weights.values.shape != sp.values.shape:
            raise fail(ValueError, "Weights of sparse indices must be sparse, at the same places", received=weights)
        amounts = weights.raw_values.to(dtype)
    keep = indices < depth
    places = torch.cat([sp.raw_indices[:, :-1], indices[:, None].long()], 1)[keep]
    made = SparseTensor.of_raw(places, amounts[keep], (*sp.shape[:-1], depth))
    counts = coordinates.reduce(made, range(len(sp.shape)), False)
    return counts.with_raw(torch.ones_like(counts.raw_values)) if mode == "multi_hot" else counts


def in_form(codes: Any, sparse: bool, counts: Any = None) -> Any:
    """Codes as a sparse or a dense tensor, whichever they are; a sparse one has values where ``counts`` are not zero."""
    if isinstance(codes, SparseTensor):
        return codes if sparse else coordinates.to_dense(codes)
    return coordinates.from_dense(codes, counts) if sparse else codes


def one_hot(indices: torch.Tensor, depth: int, dtype: torch.dtype) -> torch.Tensor:
    return (indices.unsqueeze(-1) == torch.arange(depth, device=indices.device)).to(dtype)


def tally(
    indices: torch.Tensor,
    owners: torch.Tensor,
    rows: int,
    depth: int,
    dtype: torch.dtype,
    binary: bool,
    weights: torch.Tensor | None = None,
) -> torch.Tensor:
    """How often each index occurs in each row, or whether it does.

    Args:
        indices, owners: for each occurrence, the category and the row.
        weights: what each occurrence counts; 1 by default.

    Returns:
        (rows, depth)
    """
    plain = type(indices) is torch.Tensor and indices.is_cpu and not is_dynamo_compiling()
    if plain and indices.numel() and int(indices.min()) < 0:
        raise fail(InvalidArgumentError, "Indices of categories must be non-negative", received=int(indices.min()))
    fits = (indices >= 0) & (indices < depth)
    places = owners * (depth + 1) + torch.where(fits, indices, depth).long()  # one more column, for what does not fit
    kind = dtype if weights is None or binary else weights.dtype
    out = torch.zeros(rows * (depth + 1), dtype=kind, device=indices.device)
    if binary:
        out = out.scatter(0, places, torch.ones_like(places, dtype=kind))
    else:
        out = out.index_add(0, places, torch.ones_like(places, dtype=kind) if weights is None else weights)
    return out.reshape(rows, depth + 1)[:, :depth].to(dtype)
