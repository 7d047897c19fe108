"""Two 4-bit integers in a byte: the even ones in the low half, the odd ones in the high half."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F

from kerasish.core.dispatch import Array, op
from kerasish.core.dtypes import as_dtype
from kerasish.ops.common import axis_index, torch_dtype


def _checked(dtype: str) -> torch.dtype:
    if dtype not in ("int8", "uint8"):
        raise ValueError(f"Expected dtype to be 'int8' or 'uint8', but got '{dtype}'.")
    return torch_dtype(dtype)


@op
def pack_int4(arr: Array, axis: int = 0, dtype: str = "int8") -> Any:
    """Put two neighbours along ``axis`` into one byte each.

    Args:
        arr: integers of ``dtype`` in [-8, 7], or [0, 15] of uint8.

    Returns:
        The packed tensor, half as long (rounded up) along ``axis``; its shape; the length along ``axis`` before.

    Raises:
        ValueError: ``dtype`` is neither "int8" nor "uint8".
        TypeError: ``arr`` is of another dtype.
    """
    kind = _checked(dtype)
    if arr.dtype is not kind:
        raise TypeError(f"Expected {dtype} tensor for packing, got {as_dtype(arr.dtype).name}.")
    axis = axis_index(axis, arr.ndim)
    moved = arr.movedim(axis, 0).view(torch.uint8) & 15
    if moved.shape[0] % 2:
        moved = F.pad(moved, (0, 0) * (moved.ndim - 1) + (0, 1))
    packed = (moved[::2] | (moved[1::2] << 4)).view(kind).movedim(0, axis).contiguous()
    return packed, tuple(packed.shape), arr.shape[axis]


@op
def unpack_int4(packed: Array, orig_len: int, axis: int = 0, dtype: str = "int8") -> Any:
    """The integers that ``pack_int4`` packed.

    Args:
        packed: bytes.
        orig_len: the length along ``axis`` before they were packed.
        dtype: "int8" gives [-8, 7], "uint8" [0, 15].

    Raises:
        ValueError: ``dtype`` is another one.
        TypeError: ``packed`` does not hold bytes.
    """
    kind = _checked(dtype)
    if packed.dtype not in (torch.int8, torch.uint8):
        raise TypeError(f"Expected int8 or uint8 tensor for unpacking, got {as_dtype(packed.dtype).name}")
    axis = axis_index(axis, packed.ndim)
    halves = torch.stack((packed & 15, (packed >> 4) & 15), dim=axis + 1)
    values = halves.flatten(axis, axis + 1).narrow(axis, 0, min(orig_len, 2 * packed.shape[axis]))
    if kind is torch.int8:
        values = (values.to(torch.int8) ^ 8) - 8
    return values.to(kind)
