"""``tf.ragged_fill_empty_rows``: a value for each row that has none."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch

from kerasish.core import dispatch
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.tensor import Tensor, convert


class RaggedFillEmptyRows(NamedTuple):
    """What ``ragged_fill_empty_rows`` gives."""

    output_value_rowids: Tensor
    output_values: Tensor
    empty_row_indicator: Tensor
    reverse_index_map: Tensor


class RaggedFillEmptyRowsGrad(NamedTuple):
    """What ``ragged_fill_empty_rows_grad`` gives."""

    d_values: Tensor
    d_default_value: Tensor


def ragged_fill_empty_rows(
    value_rowids: Any, values: Any, nrows: Any, default_value: Any, name: str | None = None
) -> RaggedFillEmptyRows:
    """Values by rows, with ``default_value`` in rows that have none.

    Args:
        value_rowids: (n,) int64, the row of each value.
        values: (n,).
        nrows: how many rows there are, int64.
        default_value: of ``values``' dtype.

    Returns:
        Row numbers and values, by rows; which rows were empty, (nrows,); where each of the n values is now.

    Raises:
        InvalidArgumentError: shapes do not fit, or a row is not within 0 … nrows - 1.
    """
    rows, flat = dispatch.raw(convert(value_rowids, "int64")), convert(values)
    default = convert(default_value, flat.dtype)
    count = int(nrows)
    if flat.ndim != 1:
        raise InvalidArgumentError(f"values must be a vector, saw: {list(flat.shape)} [Op:RaggedFillEmptyRows]")
    if default.ndim:
        raise InvalidArgumentError(
            f"default_value must be a scalar, saw: {list(default.shape)} [Op:RaggedFillEmptyRows]"
        )
    if rows.shape != tuple(flat.shape):
        raise InvalidArgumentError(
            f"The length of `values` ({len(flat)}) must match the first dimension of `value_rowids` ({len(rows)}). "
            "[Op:RaggedFillEmptyRows]"
        )
    outside = ((rows < 0) | (rows >= count)).nonzero()
    if len(outside):
        place = int(outside[0])
        raise InvalidArgumentError(
            f"indices({place}, 0) is invalid: {int(rows[place])} >= {count} [Op:RaggedFillEmptyRows]"
        )
    empty = torch.ones(count, dtype=torch.bool, device=rows.device)
    empty[rows] = False
    order = torch.argsort(torch.cat([rows, empty.nonzero().reshape(-1)]), stable=True)
    places = torch.empty_like(order)
    places[order] = torch.arange(len(order), device=order.device)
    source, filler = dispatch.raw(flat), dispatch.raw(default)
    if isinstance(source, np.ndarray):
        both: Any = np.concatenate([source, np.broadcast_to(filler, (int(empty.sum()),))])[order.cpu().numpy()]
    else:
        both = torch.cat([source, filler.expand(int(empty.sum()))])[order]
    new_rows = torch.sort(torch.cat([rows, empty.nonzero().reshape(-1)])).values
    if not count:
        new_rows = new_rows.reshape(0, 1)  # as TensorFlow has it
    return RaggedFillEmptyRows(*map(dispatch.wrap, (new_rows, both, empty, places[: len(rows)])))


def ragged_fill_empty_rows_grad(
    reverse_index_map: Any, grad_values: Any, name: str | None = None
) -> RaggedFillEmptyRowsGrad:
    """Gradients of the values that ``ragged_fill_empty_rows`` was given, and of its default value.

    Args:
        reverse_index_map: (n,) int64, as that function returned it.
        grad_values: (m,), the gradient of its ``output_values``.

    Raises:
        InvalidArgumentError: a place is not within 0 … m - 1.
    """
    places, gradient = dispatch.raw(convert(reverse_index_map, "int64")), dispatch.raw(convert(grad_values))
    outside = places[(places < 0) | (places >= len(gradient))]
    if len(outside):
        raise InvalidArgumentError(
            f"Elements in reverse index must be in [0, {len(gradient)}) but got {int(outside[0])} "
            "[Op:RaggedFillEmptyRowsGrad]"
        )
    rest = gradient.index_fill(0, places, 0)
    return RaggedFillEmptyRowsGrad(dispatch.wrap(gradient[places]), dispatch.wrap(rest.sum().to(gradient.dtype)))
