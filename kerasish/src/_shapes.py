"""What packages take from ``keras.src.ops``: rules of output shapes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kerasish.core.shape import broadcast_shapes as _broadcast_shapes
from kerasish.core.shape import tuple_of, window_output
from kerasish.src._backend import any_symbolic_tensors as any_symbolic_tensors


def broadcast_shapes(shape1: Sequence, shape2: Sequence) -> list:
    """The shape of an elementwise result.

    Raises:
        ValueError: the shapes do not broadcast.
    """
    return list(_broadcast_shapes(tuple(shape1), tuple(shape2)))


def compute_expand_dims_output_shape(input_shape: Sequence, axis: Any) -> tuple:
    """The shape with axes of size 1 put in."""
    axes = list(axis) if isinstance(axis, (list, tuple)) else [axis]
    rank = len(input_shape) + len(axes)
    wanted = {a % rank for a in axes}
    rest = iter(input_shape)
    return tuple(1 if i in wanted else next(rest) for i in range(rank))


def compute_conv_output_shape(
    input_shape: Sequence,
    filters: int,
    kernel_size: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str = "channels_last",
    dilation_rate: Any = 1,
) -> tuple:
    """The shape after a convolution.

    Raises:
        ValueError: a dimension would be smaller than 1.
    """
    spatial = _spatial(input_shape, data_format)
    rank = len(spatial)
    sizes = (
        tuple_of(kernel_size, rank, "kernel_size"),
        tuple_of(strides, rank, "strides"),
        tuple_of(dilation_rate, rank, "dilation_rate"),
    )
    out = [window_output(n, k, s, padding, d) for n, k, s, d in zip(spatial, *sizes)]
    if any(n is not None and n < 1 for n in out):
        raise ValueError(
            f"Computed output size would be negative. Received `inputs shape={input_shape}`, "
            f"`kernel_size={kernel_size}`, `dilation_rate={dilation_rate}`."
        )
    return _with_channels(input_shape[0], out, filters, data_format)


def compute_pooling_output_shape(
    input_shape: Sequence, pool_size: Any, strides: Any, padding: str = "valid", data_format: str = "channels_last"
) -> tuple:
    """The shape after pooling; strides None: those of the window."""
    spatial = _spatial(input_shape, data_format)
    rank = len(spatial)
    pool = tuple_of(pool_size, rank, "pool_size")
    steps = pool if strides is None else tuple_of(strides, rank, "strides")
    out = [window_output(n, k, s, padding) for n, k, s in zip(spatial, pool, steps)]
    channels = input_shape[1] if data_format == "channels_first" else input_shape[-1]
    return _with_channels(input_shape[0], out, channels, data_format)


def _spatial(input_shape: Sequence, data_format: str) -> tuple:
    return tuple(input_shape[2:] if data_format == "channels_first" else input_shape[1:-1])


def _with_channels(batch: Any, spatial: list, channels: Any, data_format: str) -> tuple:
    return (batch, channels, *spatial) if data_format == "channels_first" else (batch, *spatial, channels)


def compute_matmul_output_shape(shape1: Sequence, shape2: Sequence) -> tuple:
    """The shape of ``matmul``'s result.

    Raises:
        ValueError: the inner dimensions differ.
    """
    a, b = tuple(shape1), tuple(shape2)
    drop_first, drop_last = len(a) == 1, len(b) == 1
    a, b = (1, *a) if drop_first else a, (*b, 1) if drop_last else b
    if a[-1] is not None and b[-2] is not None and a[-1] != b[-2]:
        raise ValueError(
            "Inner dimensions (`x1.shape[-1]` and `x2.shape[-2]`) must be equal. "
            f"Received: x1.shape={shape1}, x2.shape={shape2}"
        )
    out = [*_broadcast_shapes(a[:-2], b[:-2]), a[-2], b[-1]]
    if drop_first:
        del out[-2]
    if drop_last:
        del out[-1]
    return tuple(out)


def compute_reshape_output_shape(input_shape: Sequence, newshape: Sequence, newshape_arg_name: str) -> tuple:
    """The target of a reshape with its -1 worked out, where all else is known.

    Raises:
        ValueError: the sizes do not fit.
    """
    unknown = [d for d in newshape if d == -1]
    if len(unknown) > 1:
        raise ValueError(
            f"There must be at most one unknown dimension (-1) in {newshape_arg_name}. Received: {newshape}."
        )
    if None in input_shape:
        return tuple(None if d == -1 else d for d in newshape)
    total, known = _product(input_shape), _product(d for d in newshape if d != -1)
    if (unknown and (known == 0 or total % known)) or (not unknown and total != known):
        raise ValueError(
            f"The total size of the tensor must be unchanged. Received: input_shape={input_shape}, "
            f"{newshape_arg_name}={newshape}"
        )
    return tuple(total // known if d == -1 else d for d in newshape)


def _product(sizes: Any) -> int:
    result = 1
    for size in sizes:
        result *= size
    return result


def compute_transpose_output_shape(input_shape: Sequence, axes: Sequence | None) -> tuple:
    """The shape with its axes in another order; None: reversed.

    Raises:
        ValueError: not one axis for each dimension.
    """
    if axes is None:
        return tuple(input_shape[::-1])
    if len(axes) != len(input_shape):
        raise ValueError(
            f"axis must be a list of the same length as the input shape, expected {len(input_shape)}, "
            f"but received {len(axes)}."
        )
    return tuple(input_shape[axis] for axis in axes)


def reduce_shape(shape: Sequence, axis: Any = None, keepdims: bool = False) -> tuple:
    """The shape after a reduction along ``axis``; None: along all."""
    rank = len(shape)
    axes = range(rank) if axis is None else [a % rank for a in (axis if isinstance(axis, (list, tuple)) else [axis])]
    if keepdims:
        return tuple(1 if i in axes else d for i, d in enumerate(shape))
    return tuple(d for i, d in enumerate(shape) if i not in axes)


__all__ = [
    "any_symbolic_tensors", "broadcast_shapes", "compute_conv_output_shape", "compute_expand_dims_output_shape",
    "compute_matmul_output_shape", "compute_pooling_output_shape", "compute_reshape_output_shape",
    "compute_transpose_output_shape", "reduce_shape",
]  # fmt: skip
