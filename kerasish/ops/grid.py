"""Larger tensors from smaller ones in ``keras.ops``: repeating, padding, grids, diagonals, windows."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from kerasish.core.dispatch import Array, Index, op, raw, strings, symbolic
from kerasish.core.errors import fail
from kerasish.ops import specs
from kerasish.ops.common import integer_shape, moves, numbers

# repeating and padding ------------------------------------------------------------------------------------------------


def _tile_strings(x: np.ndarray, repeats: Any) -> np.ndarray:
    return np.tile(x, integer_shape(repeats))


@op
@strings(_tile_strings)
def tile(x: Array, repeats: Any) -> Any:
    """x laid side by side so many times along each axis; fewer numbers than axes count for the last ones."""
    return torch.tile(x, integer_shape(repeats))


@op
@moves
def repeat(x: Array, repeats: Any, axis: int | None = None) -> Any:
    """Each element of x (flattened), or each slice along an axis, so many times in a row.

    Args:
        repeats: a number for all, or one for each.
    """
    if axis is None:
        x, axis = x.reshape(-1), 0
    counts = integer_shape(repeats)
    if len(counts) == 1:
        return torch.repeat_interleave(x, counts[0], axis)
    return torch.repeat_interleave(x, torch.tensor(counts, device=x.device), axis, output_size=sum(counts))


def _pad_pairs(pad_width: Any, rank: int) -> list[tuple[int, int]]:
    """(before, after) for each axis from a number, a pair, or one or ``rank`` pairs.

    Raises:
        ValueError: the lengths do not fit, or a number is negative.
    """
    widths = np.asarray(raw(pad_width).tolist() if hasattr(pad_width, "shape") else pad_width)
    try:
        pairs = np.broadcast_to(widths, (rank, 2)).astype(int).tolist()
    except ValueError:
        raise fail(
            ValueError, "`pad_width` does not fit the input", f"{rank} pairs (before, after)", f"pad_width={pad_width}"
        ) from None
    if any(n < 0 for pair in pairs for n in pair):
        raise fail(ValueError, "`pad_width` must not be negative", received=f"pad_width={pad_width}")
    return [tuple(pair) for pair in pairs]


def _source(length: int, before: int, after: int, mode: str, device: torch.device) -> torch.Tensor:
    """For each place of a padded axis, the index of the element that it repeats."""
    place = torch.arange(-before, length + after, device=device)
    if mode == "edge":
        return place.clamp(0, length - 1)
    if mode == "wrap":
        return place % length
    around = 2 * length if mode == "symmetric" else max(2 * length - 2, 1)
    place = place % around
    last = around - 1 if mode == "symmetric" else around
    return torch.where(place < length, place, last - place)


@op
def pad(x: Array, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> Any:
    """x with elements added before and after along its axes.

    Args:
        pad_width: a number for all, a pair (before, after), or a pair for each axis.
        mode: "constant" adds ``constant_values`` (0), "reflect" mirrors without the border element, "symmetric" with
            it, "edge" repeats the border element, "wrap" continues at the other end.

    Raises:
        ValueError: another mode, ``constant_values`` with another mode than "constant", or widths that do not fit.
    """
    mode = mode.lower()
    if mode not in ("constant", "reflect", "symmetric", "edge", "wrap"):
        raise fail(ValueError, "Invalid `mode`", "'constant', 'reflect', 'symmetric', 'edge' or 'wrap'", f"mode={mode}")
    if constant_values is not None and mode != "constant":
        raise fail(
            ValueError,
            "Argument `constant_values` can only be provided when `mode == 'constant'`",
            received=f"mode={mode}",
        )
    pairs = _pad_pairs(pad_width, x.ndim)
    if mode == "constant":
        return _pad_constant(x, pairs, constant_values)
    for axis, (before, after) in enumerate(pairs):
        if before or after:
            x = x.index_select(axis, _source(x.shape[axis], before, after, mode, x.device))
    return x


def _pad_constant(x: torch.Tensor, pairs: list[tuple[int, int]], value: Any) -> torch.Tensor:
    widths = [n for pair in reversed(pairs) for n in pair]
    if value is None or type(value) in (int, float):
        if isinstance(value, float) and not value.is_integer() and not x.is_floating_point() and not x.is_complex():
            raise fail(TypeError, f"Cannot pad a tensor of dtype {x.dtype} with {value}")
        return torch.nn.functional.pad(x, widths, value=value or 0)
    inside = torch.nn.functional.pad(torch.ones_like(x, dtype=torch.bool), widths)
    return torch.where(inside, torch.nn.functional.pad(x, widths), raw(value).to(x))


# grids and diagonals --------------------------------------------------------------------------------------------------


@op
def meshgrid(*x: Index, indexing: str = "xy") -> Any:
    """A list of tensors: the coordinates, along each axis, of all points of the grid that the vectors x span.

    Each has its vector's dtype.

    Args:
        indexing: "xy" has the first two axes exchanged, as pictures have them; "ij" not.
    """
    if indexing not in ("xy", "ij"):
        raise fail(ValueError, "Argument `indexing` parameter must be either 'xy' or 'ij'", received=indexing)
    vectors = [v.reshape(-1) for v in x]
    places = torch.meshgrid(*(torch.arange(len(v), device=v.device) for v in vectors), indexing=indexing)
    return [v[place] for v, place in zip(vectors, places, strict=True)]


@op
@symbolic(specs.diag)
def diag(x: Array, k: int = 0) -> Any:
    """The k-th diagonal of a matrix, or the matrix with a vector on its k-th diagonal.

    Raises:
        ValueError: x is neither.
    """
    if x.ndim not in (1, 2):
        raise fail(ValueError, "`x` must be 1d or 2d", received=f"x.shape={tuple(x.shape)}")
    return torch.diag(x, k)


@op
def diagflat(x: Array, k: int = 0) -> Any:
    """The matrix with the elements of x on its k-th diagonal."""
    return torch.diagflat(x, k)


@op
@symbolic(specs.diagonal)
def diagonal(x: Array, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The diagonals of the matrices in the plane of two axes; they become the last axis."""
    return torch.diagonal(x, offset, axis1, axis2)


@op
def tril(x: Array, k: int = 0) -> Any:
    """The matrices of the last two axes with zeros above the k-th diagonal."""
    return torch.tril(x, k)


@op
def triu(x: Array, k: int = 0) -> Any:
    """The matrices of the last two axes with zeros below the k-th diagonal."""
    return torch.triu(x, k)


@op
def vander(x: Array, N: int | None = None, increasing: bool = False) -> Any:
    """The matrix of the powers 0 … N - 1 of a vector's elements, descending by default; N is its length by default.

    Raises:
        ValueError: x is not a vector, or N is negative.
    """
    if x.ndim != 1:
        raise fail(ValueError, "Input tensor must be 1-dimensional", received=f"x.shape={tuple(x.shape)}")
    if N is not None and (not isinstance(N, int) or N < 0):
        raise fail(ValueError, "Argument `N` must be a non-negative integer", received=f"N={N}")
    x = numbers(x)
    columns = len(x) if N is None else N
    exponents = torch.arange(columns, device=x.device)
    powers = torch.where(exponents == 0, torch.ones_like(x[:, None]), x[:, None]).cumprod(1, dtype=x.dtype)
    return powers if increasing else powers.flip(1)


@op
def extract_sequences(x: Array, sequence_length: int, sequence_stride: int) -> Any:
    """Windows of ``sequence_length`` elements along the last axis, each ``sequence_stride`` after the one before.

    Returns:
        A tensor of shape (..., number of windows, sequence_length).
    """
    count = max((x.shape[-1] - sequence_length) // sequence_stride + 1, 0)
    if not count:
        return x.new_zeros((*x.shape[:-1], 0, sequence_length))
    return x.unfold(-1, sequence_length, sequence_stride)
