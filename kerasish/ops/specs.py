"""Symbolic results of the operations whose sizes depend on values: ``None`` there, as Keras says.

Each function is the rule (``dispatch.symbolic``) of the operation of its name and has its signature.
"""

from __future__ import annotations

from typing import Any

from kerasish.core import dtypes
from kerasish.core.symbolic import KerasTensor
from kerasish.ops.common import axis_index, integer_shape


def nonzero(x: KerasTensor) -> Any:
    return tuple(KerasTensor((None,), "int32") for _ in x.shape)


def where(condition: Any, x1: Any = None, x2: Any = None) -> Any:
    """Of a condition alone, one tensor of the condition's shape, though the values are a tuple of vectors: Keras's word."""
    alone = x1 is None and x2 is None
    return KerasTensor(condition.shape, "int64") if alone else NotImplemented


def unique(
    x: KerasTensor,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    size: int | None = None,
    fill_value: Any = None,
) -> Any:
    if axis is None:
        shape, inverse = [size], x.shape
    else:
        place = axis_index(axis, x.ndim)
        shape, inverse = list(x.shape), x.shape[place : place + 1]
        shape[place] = size
    results = [KerasTensor(shape, x.dtype)]
    results += [KerasTensor((size,), "int32")] if return_index else []
    results += [KerasTensor(inverse, "int32")] if return_inverse else []
    results += [KerasTensor((size,), "int32")] if return_counts else []
    return tuple(results) if len(results) > 1 else results[0]


def bincount(x: Any, weights: Any = None, minlength: int = 0, sparse: bool = False) -> Any:
    if sparse:
        return NotImplemented
    return KerasTensor((*x.shape[:-1], None), "int32" if weights is None else dtypes.as_dtype(weights.dtype))


def histogram(x: KerasTensor, bins: int = 10, range: Any = None) -> Any:
    if not isinstance(bins, int) or bins < 0:
        return NotImplemented
    return KerasTensor((bins,), x.dtype), KerasTensor((bins + 1,), x.dtype)


def corrcoef(x: KerasTensor) -> Any:
    return KerasTensor(x.shape, "float64" if x.dtype == "int64" else dtypes.result_type(x.dtype, float))


def diag(x: KerasTensor, k: int = 0) -> Any:
    return diagonal(x, k) if x.ndim == 2 else NotImplemented


def diagonal(x: KerasTensor, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Of matrices of an unknown size, whose smaller side is not known either."""
    plane = [axis_index(axis, x.ndim) for axis in (axis1, axis2)]
    if all(x.shape[axis] is not None for axis in plane):
        return NotImplemented
    rest = [size for axis, size in enumerate(x.shape) if axis not in plane]
    return KerasTensor((*rest, None), x.dtype)


def slice(inputs: KerasTensor, start_indices: Any, shape: Any) -> Any:
    """Of a place that is not known yet; nor is then the size of what reaches to the end."""
    if not isinstance(start_indices, KerasTensor):
        return NotImplemented
    return KerasTensor([None if size == -1 else size for size in integer_shape(shape)], dtypes.as_dtype(inputs.dtype))


def slice_update(inputs: KerasTensor, start_indices: Any, updates: Any) -> Any:
    symbolic = isinstance(start_indices, KerasTensor)
    return KerasTensor(inputs.shape, dtypes.as_dtype(inputs.dtype)) if symbolic else NotImplemented


def segment(data: Any, segment_ids: Any, num_segments: int | None = None, sorted: bool = False) -> Any:
    """The rule of all segment reductions."""
    if num_segments is not None or len(segment_ids.shape) != 1:
        return NotImplemented
    return KerasTensor((None, *data.shape[1:]), dtypes.as_dtype(data.dtype))
