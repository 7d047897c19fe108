"""Diagonals and bands of matrices in ``tf.linalg``.

Diagonal d of a matrix has the elements (i, i + d): 0 is the main one, positive ones lie above. A band of several diagonals
is stored with the highest in the first row; shorter ones are aligned to the left or right, and filled up.
"""

from __future__ import annotations

from typing import Any

import torch

from kerasish.core import dispatch
from kerasish.core.dispatch import Array, strict_op
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.ops.common import integer_shape


def _need_matrix(x: torch.Tensor, name: str) -> None:
    if x.ndim < 2:
        raise InvalidArgumentError(f"input must be at least 2-dim, received shape: {list(x.shape)} [Op:{name}]")


def _band(k: Any) -> tuple[int, int]:
    """The lowest and highest diagonal that ``k`` names: a number, or a pair."""
    numbers = integer_shape(k)
    low, high = numbers[0], numbers[-1]
    if low > high or len(numbers) > 2:
        raise InvalidArgumentError(f"lower_diag_index must not be larger than upper_diag_index: {low} > {high}")
    return low, high


def _length(d: int, rows: int, columns: int) -> int:
    return min(rows + min(d, 0), columns - max(d, 0))


def _longest(low: int, high: int, rows: int, columns: int) -> int:
    return min(rows + min(high, 0), columns - max(low, 0))


def _shift(d: int, rows: int, columns: int, longest: int, align: str) -> int:
    """How many places of the stored row come before diagonal d."""
    if align not in ("LEFT_RIGHT", "RIGHT_LEFT", "LEFT_LEFT", "RIGHT_RIGHT"):
        raise fail(ValueError, "Unknown `align`", "LEFT_RIGHT, RIGHT_LEFT, LEFT_LEFT or RIGHT_RIGHT", align)
    above, below = (side == "LEFT" for side in align.split("_"))
    left = (d >= 0 and above) or (d <= 0 and below)
    return 0 if left else longest - _length(d, rows, columns)


def _scattered(
    matrix: torch.Tensor, diagonal: torch.Tensor, band: tuple[int, int], align: str, longest: int
) -> torch.Tensor:
    """``matrix`` with the diagonals of a band replaced."""
    low, high = band
    rows, columns = matrix.shape[-2:]
    stored = diagonal.unsqueeze(-2) if low == high else diagonal
    result = matrix.clone()
    for d in range(low, high + 1):
        start, length = _shift(d, rows, columns, longest, align), _length(d, rows, columns)
        part = stored[..., high - d, start : start + length]
        torch.diagonal(result, d, -2, -1)[..., :length] = part
    return result


def _filling(value: Any, like: torch.Tensor) -> torch.Tensor:
    if type(value) is int and value == 0:
        return like.new_zeros(())
    return dispatch.raw(value, like.dtype).to(like)


@strict_op
def diag(
    diagonal: Array,
    name: str | None = "diag",
    k: Any = 0,
    num_rows: Any = -1,
    num_cols: Any = -1,
    padding_value: Any = 0,
    align: str = "RIGHT_LEFT",
) -> Any:
    """Matrices with given diagonals, and ``padding_value`` elsewhere.

    Args:
        diagonal: (..., length), or (..., diagonals, longest) for a band.
        k: the diagonal's number, or the lowest and highest of a band.
        num_rows, num_cols: -1: as many as the diagonals need.
        align: where shorter diagonals stand in a band: those above, and those below the main one.

    Raises:
        InvalidArgumentError: the matrix is too small or too large for the diagonals.
    """
    if diagonal.ndim == 0:
        raise InvalidArgumentError("diagonal must be at least 1-dim, received shape: [] [Op:MatrixDiagV3]")
    low, high = _band(k)
    if low != high and (diagonal.ndim < 2 or diagonal.shape[-2] != high - low + 1):
        raise InvalidArgumentError(
            f"The number of diagonals provided in the input does not match the lower_diag_index and upper_diag_index "
            f"range: {list(diagonal.shape)} for k={(low, high)} [Op:MatrixDiagV3]"
        )
    longest = diagonal.shape[-1]
    rows, columns = longest - min(high, 0), longest + max(low, 0)
    given_rows, given_columns = int(num_rows), int(num_cols)
    if given_rows == given_columns == -1:
        given_rows = given_columns = max(rows, columns)
    given_rows = rows if given_rows == -1 else given_rows
    given_columns = columns if given_columns == -1 else given_columns
    if given_rows < rows or given_columns < columns or (given_rows != rows and given_columns != columns):
        raise InvalidArgumentError(
            "The number of rows or columns is not consistent with the specified d_lower, d_upper, and diagonal. "
            "[Op:MatrixDiagV3]"
        )
    batch = diagonal.shape[: -1 if low == high else -2]
    filling = _filling(padding_value, diagonal)
    return _scattered(filling.expand(*batch, given_rows, given_columns), diagonal, (low, high), align, longest)


@strict_op
def diag_part(
    input: Array, name: str | None = "diag_part", k: Any = 0, padding_value: Any = 0, align: str = "RIGHT_LEFT"
) -> Any:
    """A diagonal of matrices, or a band of them; see ``diag``.

    Returns:
        (..., length) for one diagonal, (..., diagonals, longest) for a band, filled up with ``padding_value``.
    """
    _need_matrix(input, "MatrixDiagPartV3")
    low, high = _band(k)
    rows, columns = input.shape[-2:]
    if not -rows < low <= high < columns and not (low == high == 0):
        raise InvalidArgumentError(f"diagonals {low} to {high} lie outside of a matrix {rows} x {columns}")
    if low == high:
        return torch.diagonal(input, low, -2, -1)
    longest = _longest(low, high, rows, columns)
    filling = _filling(padding_value, input)
    parts = []
    for d in range(high, low - 1, -1):
        part = filling.expand(*input.shape[:-2], longest).clone()
        start, length = _shift(d, rows, columns, longest, align), _length(d, rows, columns)
        part[..., start : start + length] = torch.diagonal(input, d, -2, -1)
        parts.append(part)
    return torch.stack(parts, -2)


@strict_op
def set_diag(
    input: Array, diagonal: Array, name: str | None = "set_diag", k: Any = 0, align: str = "RIGHT_LEFT"
) -> Any:
    """Matrices with a diagonal, or a band of them, replaced; see ``diag``.

    Raises:
        InvalidArgumentError: the diagonals do not fit.
    """
    _need_matrix(input, "MatrixSetDiagV3")
    low, high = _band(k)
    longest = _longest(low, high, *input.shape[-2:])
    wanted = [*input.shape[:-2], *([] if low == high else [high - low + 1]), longest]
    if list(diagonal.shape) != wanted:
        raise InvalidArgumentError(
            "Either first dimensions of diagonal don't match input.shape[:-2], or diagonal.shape[:-1] is not equal to the "
            f"longests diagonal in range [lower_diag_index:upper_diag_index]. Input shape: {list(input.shape)} Diagonal "
            f"shape: {list(diagonal.shape)} Expected diagonal shape: {wanted} [Op:MatrixSetDiagV3]"
        )
    return _scattered(input, diagonal, (low, high), align, longest)


@strict_op
def band_part(input: Array, num_lower: Any, num_upper: Any, name: str | None = None) -> Any:
    """Matrices with zeros outside of a band around the main diagonal.

    Args:
        num_lower, num_upper: how many diagonals below and above are kept; -1: all.

    Raises:
        InvalidArgumentError: there are not so many.
    """
    _need_matrix(input, "MatrixBandPart")
    below, above = int(num_lower), int(num_upper)
    for what, side, number, limit in (
        ("num_lower", "rows", below, input.shape[-2]),
        ("num_upper", "columns", above, input.shape[-1]),
    ):
        if number > limit:
            raise InvalidArgumentError(
                f"{what} must be negative or less or equal to number of {side} ({limit}) got: {number} [Op:MatrixBandPart]"
            )
    result = input if below < 0 else torch.triu(input, -below)
    return result.clone() if above < 0 and below < 0 else result if above < 0 else torch.tril(result, above)


@strict_op
def tensor_diag(diagonal: Array, name: str | None = None) -> Any:
    """The tensor of shape 2 · diagonal.shape with the elements (i, ..., i, ...) given, and zeros elsewhere."""
    return torch.diag(diagonal.reshape(-1)).reshape(*diagonal.shape, *diagonal.shape)


@strict_op
def tensor_diag_part(input: Array, name: str | None = None) -> Any:
    """The elements (i, ..., i, ...) of a tensor of shape (n, ..., n, ...).

    Raises:
        InvalidArgumentError: the halves of the shape differ.
    """
    half = input.ndim // 2
    first, second = input.shape[:half], input.shape[half:]
    if first != second or not half:
        raise InvalidArgumentError(
            f"Invalid shape {list(input.shape)}: the first half must equal the second [Op:DiagPart]"
        )
    return torch.diagonal(input.reshape(first.numel(), first.numel())).reshape(first)


@strict_op
def trace(x: Array, name: str | None = None) -> Any:
    """The sum of the main diagonal of matrices."""
    _need_matrix(x, "MatrixDiagPartV3")
    return torch.diagonal(x, 0, -2, -1).sum(-1, dtype=x.dtype)
