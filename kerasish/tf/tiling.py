"""Larger tensors, and rearranged ones, in ``tf``: repeating, padding, rolling, blocks, masks of lengths, bits."""

from __future__ import annotations

import math
from typing import Any

import torch

from kerasish import ops
from kerasish.core import dispatch, dtypes
from kerasish.core.dispatch import Array, Index, strict_op
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.core.tensor import Tensor
from kerasish.ops.common import integer_shape, moves, needs_values

# repeating and padding ------------------------------------------------------------------------------------------------


@strict_op
@moves
def tile(input: Array, multiples: Any, name: str | None = None) -> Any:
    """The tensor laid side by side so many times along each axis.

    Raises:
        InvalidArgumentError: there is not one number for each axis.
    """
    if hasattr(multiples, "__index__") and not getattr(multiples, "ndim", 0):
        raise InvalidArgumentError("Expected multiples to be 1-D, but got shape [] [Op:Tile]")
    times = integer_shape(multiples)
    if len(times) != input.ndim:
        raise InvalidArgumentError(
            f"Expected multiples argument to be a vector of length {input.ndim} but got length {len(times)} [Op:Tile]"
        )
    return input.repeat(times)


@strict_op
@moves
def repeat(input: Array, repeats: Any, axis: int | None = None, name: str | None = None) -> Any:
    """Each element of the flattened tensor, or each slice along an axis, so many times in a row.

    Args:
        repeats: a number for all, or one for each.

    Raises:
        ValueError: there are as many numbers as neither one nor the slices.
    """
    if axis is None:
        input, axis = input.reshape(-1), 0
    counts = integer_shape(repeats)
    if len(counts) not in (1, input.shape[axis]):
        raise ValueError(f"Dimensions {input.shape[axis]} and {len(counts)} are not compatible")
    return ops.repeat.raw(input, counts, axis)


def _pairs(paddings: Any, rank: int) -> list[list[int]]:
    """``paddings`` as (before, after) for each axis.

    Raises:
        InvalidArgumentError: it has another shape, or a negative number.
    """
    rows = dispatch.raw(paddings)
    if rows.ndim != 2 or rows.shape[1] != 2:
        raise InvalidArgumentError(f"paddings must be a matrix with 2 columns: {list(rows.shape)} [Op:Pad]")
    if len(rows) != rank:
        raise InvalidArgumentError(
            f"The first dimension of paddings must be the rank of inputs {list(rows.shape)} {rank} [Op:Pad]"
        )
    pairs = rows.tolist()
    for before, after in pairs:
        if before < 0 or after < 0:
            raise InvalidArgumentError(f"Paddings must be non-negative: {before} {after} [Op:Pad]")
    return pairs


def _padding_value(value: Any, dtype: torch.dtype) -> Any:
    """What ``pad`` adds, as a number or raw tensor; None for zeros.

    Raises:
        DTypeMismatchError: it cannot be had in the tensor's dtype.
    """
    if type(value) in (int, float):
        if value:
            dispatch.strict_constant(value, dtype, "PadV2")
        return value or None
    element = dispatch.raw(value, dtype)
    if element.dtype is not dtype:
        raise dispatch.dtype_mismatch("PadV2", dtype, element.dtype)
    return element


@strict_op
@moves
def pad(tensor: Array, paddings: Any, mode: str = "CONSTANT", constant_values: Any = 0, name: str | None = None) -> Any:
    """The tensor with elements added before and after along its axes.

    Args:
        paddings: (before, after) for each axis.
        mode: "CONSTANT" adds ``constant_values``, "REFLECT" mirrors without the border element, "SYMMETRIC" with it.

    Raises:
        ValueError: another mode.
        InvalidArgumentError: ``paddings`` do not fit, or a mirror image would be longer than the axis.
    """
    kind = mode.upper()
    if kind not in ("CONSTANT", "REFLECT", "SYMMETRIC"):
        raise ValueError(
            'Value of argument `mode` expected to be one of "CONSTANT", "REFLECT", or "SYMMETRIC". Received `mode` = '
            f"{kind}"
        )
    pairs = _pairs(paddings, tensor.ndim)
    if not tensor.ndim:
        return tensor
    if kind == "CONSTANT":
        return ops.pad.raw(tensor, pairs, "constant", _padding_value(constant_values, tensor.dtype))
    for (before, after), length in zip(pairs, tensor.shape):
        if max(before, after) > length - (kind == "REFLECT"):
            bound = f"less than the dimension size: {before}, {after} not less than {length}"
            if kind == "SYMMETRIC":
                bound = f"no greater than the dimension size: {before}, {after} greater than {length}"
            raise InvalidArgumentError(f"paddings must be {bound} [Op:MirrorPad]")
    return ops.pad.raw(tensor, pairs, mode)


# order of elements ----------------------------------------------------------------------------------------------------


@strict_op
@moves
def reverse(tensor: Array, axis: Any, name: str | None = None) -> Any:
    """The tensor in reverse order along axes, given as a list.

    Raises:
        InvalidArgumentError: ``axis`` is no list, or names no axis, or one twice.
    """
    if hasattr(axis, "__index__") and not getattr(axis, "ndim", 0):
        raise InvalidArgumentError("'dims' must be 1-dimension, not 0 [Op:ReverseV2]")
    return ops.flip.raw(tensor, integer_shape(axis))


@strict_op
@moves
def roll(input: Array, shift: Any, axis: Any, name: str | None = None) -> Any:
    """The tensor shifted along axes, what leaves one end entering at the other; one axis may be named twice."""
    shifts, axes = integer_shape(shift), integer_shape(axis)
    if len(shifts) != len(axes):
        raise InvalidArgumentError(
            f"shift and axis must have the same size, but got {len(shifts)} and {len(axes)} [Op:Roll]"
        )
    for n, place in zip(shifts, axes):
        input = torch.roll(input, n, place)
    return input


@strict_op
@moves
def reverse_sequence(
    input: Array,
    seq_lengths: Index,
    seq_axis: int | None = None,
    batch_axis: int | None = None,
    name: str | None = None,
) -> Any:
    """Each sequence's first ``seq_lengths`` elements along ``seq_axis`` in reverse order.

    Args:
        seq_lengths: for each example along ``batch_axis`` (0 by default).

    Raises:
        ValueError: ``seq_axis`` is missing.
    """
    if seq_axis is None:
        raise fail(ValueError, "reverse_sequence needs `seq_axis`")
    batch = (0 if batch_axis is None else batch_axis) % input.ndim
    along = seq_axis % input.ndim
    if along == batch:
        raise InvalidArgumentError(f"batch_dim == seq_dim == {along} [Op:ReverseSequence]")
    length = input.shape[along]
    if seq_lengths.device.type != "meta" and bool((seq_lengths > length).any()):
        raise InvalidArgumentError(f"seq_lens must be <= {length}, the length of axis {along} [Op:ReverseSequence]")
    lengths = seq_lengths.long()[:, None]
    place = torch.arange(length, device=input.device)
    source = torch.where(place < lengths, lengths - 1 - place, place)
    shape = [1] * input.ndim
    shape[batch], shape[along] = source.shape
    index = (source if batch < along else source.T).reshape(shape)
    return input.gather(along, index.expand(input.shape))


@strict_op
def sequence_mask(lengths: Index, maxlen: Any = None, dtype: Any = dtypes.bool_, name: str | None = None) -> Any:
    """Whether each place 0 … maxlen - 1 of a new last axis comes before the length; maxlen is the longest by default."""
    if maxlen is None:
        needs_values(lengths, "sequence_mask")
        maxlen = lengths.max().clamp(min=0) if lengths.numel() else 0
    elif type(maxlen) is not int:
        maxlen = dispatch.raw(maxlen)
        if maxlen.ndim:
            raise fail(ValueError, "Argument `maxlen` must be scalar for sequence_mask", received=repr(maxlen))
    lengths = lengths.long() if type(maxlen) is int else lengths.to(maxlen.dtype)
    place = torch.arange(maxlen if type(maxlen) is int else math.ceil(maxlen), device=lengths.device)
    mask = place < lengths.unsqueeze(-1)
    return mask.to(dtypes.to_torch(dtype))


# blocks ---------------------------------------------------------------------------------------------------------------


def _check_blocks(given: Any, blocks: list[int]) -> None:
    if isinstance(given, int):
        raise InvalidArgumentError("block_shape rank should be 1 instead of 0 [Op:SpaceToBatchND]")
    if min(blocks, default=1) < 1:
        raise InvalidArgumentError("All values in block_shape must be positive [Op:SpaceToBatchND]")


@strict_op
@moves
def space_to_batch(input: Array, block_shape: Any, paddings: Any, name: str | None = None) -> Any:
    """Blocks of the axes after the batch, zero-padded, spread over the batch: (b, n·k, …) becomes (k·b, n, …).

    Args:
        block_shape: k for each of these axes.
        paddings: (before, after) for each.

    Raises:
        InvalidArgumentError: a block does not divide its axis.
    """
    blocks = integer_shape(block_shape)
    _check_blocks(block_shape, blocks)
    before = dispatch.raw(paddings).reshape(-1, 2).tolist()
    pairs = [(0, 0), *map(tuple, before), *[(0, 0)] * (input.ndim - 1 - len(blocks))]
    padded = ops.pad.raw(input, pairs)
    sizes, count = list(padded.shape), len(blocks)
    for n, k in zip(sizes[1:], blocks):
        if n % k:
            raise InvalidArgumentError(f"padded_shape = {n} is not divisible by block_shape = {k} [Op:SpaceToBatchND]")
    split = [sizes[0]]
    for n, k in zip(sizes[1:], blocks):
        split += [n // k, k]
    rest = sizes[1 + count :]
    order = [
        *range(2, 2 + 2 * count, 2),
        0,
        *range(1, 1 + 2 * count, 2),
        *range(1 + 2 * count, 1 + 2 * count + len(rest)),
    ]
    return padded.reshape(*split, *rest).permute(order).reshape(-1, *(n // k for n, k in zip(sizes[1:], blocks)), *rest)


space_to_batch_nd = space_to_batch


@strict_op
@moves
def batch_to_space(input: Array, block_shape: Any, crops: Any, name: str | None = None) -> Any:
    """The reverse of ``space_to_batch``: blocks back from the batch, then ``crops`` (before, after) cut off each axis.

    Raises:
        InvalidArgumentError: the batch is not divisible by the blocks.
    """
    blocks = [block_shape] * 2 if isinstance(block_shape, int) else integer_shape(block_shape)
    _check_blocks(None, blocks)
    count, total = len(blocks), torch.Size(blocks).numel()
    if input.shape[0] % total:
        raise InvalidArgumentError(
            f"Input batch dimension ({input.shape[0]}) is not divisible by {total} [Op:BatchToSpaceND]"
        )
    rest = list(input.shape[1 + count :])
    parts = input.reshape(*blocks, input.shape[0] // total, *input.shape[1:])
    order = [count]
    for i in range(count):
        order += [count + 1 + i, i]
    order += range(2 * count + 1, parts.ndim)
    sizes = [n * k for n, k in zip(input.shape[1:], blocks)]
    joined = parts.permute(order).reshape(-1, *sizes, *rest)
    for axis, (before, after) in enumerate(dispatch.raw(crops).reshape(-1, 2).tolist(), 1):
        joined = joined.narrow(axis, before, joined.shape[axis] - before - after)
    return joined


def required_space_to_batch_paddings(
    input_shape: Any, block_shape: Any, base_paddings: Any = None, name: str | None = None
) -> tuple[Tensor, Tensor]:
    """The paddings, at least ``base_paddings``, that make the blocks divide the axes, and the crops that undo them."""
    lengths, blocks = integer_shape(input_shape), integer_shape(block_shape)
    if len(lengths) != len(blocks):
        raise ValueError(f"Shapes ({len(lengths)},) and ({len(blocks)},) are incompatible")
    base = [[0, 0]] * len(lengths) if base_paddings is None else dispatch.raw(base_paddings).tolist()
    paddings, crops = [], []
    for n, k, (before, after) in zip(lengths, blocks, base):
        extra = -(n + before + after) % k
        paddings.append([before, after + extra])
        crops.append([0, extra])
    return dispatch.wrap(torch.tensor(paddings, dtype=torch.int32)), dispatch.wrap(
        torch.tensor(crops, dtype=torch.int32)
    )


@strict_op
def bitcast(input: Array, type: Any, name: str | None = None) -> Any:
    """The same bytes read as another dtype; a last axis appears or goes where the sizes of the elements differ."""
    target = dtypes.to_torch(type)
    mine, theirs = input.element_size(), torch.empty((), dtype=target).element_size()
    if mine == theirs:
        return input.view(target)
    if mine > theirs:
        return input.unsqueeze(-1).contiguous().view(target)
    if not input.ndim or input.shape[-1] * mine != theirs:
        raise InvalidArgumentError(
            f"Cannot bitcast from {input.dtype} to {target}: shape {list(input.shape)} [Op:Bitcast]"
        )
    return input.contiguous().view(target).squeeze(-1)
