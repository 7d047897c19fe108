"""Broadcasting with ragged tensors: which value of each operand meets which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from kerasish.core import dispatch
from kerasish.core.composite import CompositeTensor
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.ragged_index import take_rows
from kerasish.core.ragged_partition import RowPartition, ranges, splits_of


class _Operand:
    """One operand, seen as a tree: the nodes that the result's nodes correspond to, level by level.

    Args:
        value: a RaggedTensor or a Tensor.
        rank: of the result; the operand's dimensions are its last ones.
    """

    def __init__(self, value: Any, rank: int) -> None:
        self.value = value
        self.own = value.shape.rank
        self.missing = rank - self.own
        self.nodes = torch.zeros(1, dtype=torch.int64)  # of this operand, for each node of the result
        self.partitions = value._partitions if isinstance(value, CompositeTensor) else ()

    def _rows(self) -> int:
        return self.partitions[0].nrows if self.partitions else self.value.shape[0]

    def lengths(self, level: int) -> torch.Tensor:
        """How many children each node has in that dimension of the result."""
        axis = level - self.missing
        if axis < 0:
            return torch.ones_like(self.nodes)
        if axis == 0:
            return torch.full_like(self.nodes, self._rows())
        if axis <= len(self.partitions):
            return self.partitions[axis - 1].lengths.long()[self.nodes]
        return torch.full_like(self.nodes, self.value.shape[axis])

    def is_one(self, level: int) -> bool:
        """Whether the dimension is known to have size 1, so that it is repeated as often as the others need."""
        axis = level - self.missing
        if axis < 0:
            return True
        if axis == 0:
            return self._rows() == 1
        if axis <= len(self.partitions):
            return self.partitions[axis - 1].uniform == 1
        return self.value.shape[axis] == 1

    def is_uniform(self, level: int) -> bool:
        axis = level - self.missing
        return not 0 < axis <= len(self.partitions) or self.partitions[axis - 1].uniform is not None

    def descend(self, level: int, own: torch.Tensor, wanted: torch.Tensor) -> None:
        """Go to the children: each node's in order, or its only one again and again."""
        axis = level - self.missing
        if axis < 0:
            self.nodes = torch.repeat_interleave(self.nodes, wanted)
            return
        if axis == 0:
            starts = torch.zeros_like(self.nodes)
        elif axis <= len(self.partitions):
            starts = self.partitions[axis - 1].starts.long()[self.nodes]
        else:
            starts = self.nodes * self.value.shape[axis]
        within = ranges(torch.zeros_like(wanted), wanted)
        repeated = torch.repeat_interleave(own == 1, wanted)
        self.nodes = torch.repeat_interleave(starts, wanted) + torch.where(repeated, 0, within)

    def leaves(self, depth: int) -> Any:
        """The values at the nodes, where the result's first ``depth`` dimensions are one."""
        flat = self.value.flat_values if self.partitions else self.value
        inner = self.own - (depth - self.missing)  # dimensions that are left for ordinary broadcasting
        if depth <= self.missing:
            return flat
        kept = tuple(flat.shape[flat.shape.rank - inner :]) if inner else ()
        raw = dispatch.raw(flat)
        return take_rows(dispatch.wrap(raw.reshape(-1, *kept)), self.nodes)


def broadcast(values: Sequence[Any]) -> tuple[list, list[RowPartition]]:
    """Tensors and ragged tensors as flat values that fit each other, and the row partitions of what they give.

    Scalars stay what they are.

    Raises:
        InvalidArgumentError: the shapes do not go together.
    """
    ragged = [value for value in values if isinstance(value, CompositeTensor)]
    first = ragged[0]
    if len({value._splits_dtype for value in ragged}) > 1:
        raise ValueError(
            "Input RaggedTensors have mismatched row_splits dtypes; use RaggedTensor.with_row_splits_dtype() to convert "
            "them to compatible dtypes."
        )
    others = [v for v in values if not isinstance(v, CompositeTensor) and v.shape.rank]
    if not others and all(_same_shape(first, other) for other in ragged[1:]):
        return [v.flat_values if isinstance(v, CompositeTensor) else v for v in values], list(first._partitions)
    rank = max(value.shape.rank for value in values)
    depth = 1 + max(value.ragged_rank + rank - value.shape.rank for value in ragged)
    operands = [_Operand(value, rank) for value in values]
    partitions: list[RowPartition] = []
    for level in range(depth):
        wanted, own = _agreed(operands, level)
        if level:
            uniform = _uniform(operands, level, wanted)
            partitions.append(RowPartition(splits_of(wanted.to(first._splits_dtype)), uniform))
        for operand, lengths in zip(operands, own):
            operand.descend(level, lengths, wanted)
    return [operand.leaves(depth) for operand in operands], partitions


def _same_shape(a: Any, b: Any) -> bool:
    return (
        a.ragged_rank == b.ragged_rank
        and a.shape.rank == b.shape.rank
        and all(p.same(q) for p, q in zip(a._partitions, b._partitions))
    )


def _agreed(operands: list[_Operand], level: int) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """The result's lengths in a dimension, and each operand's own."""
    own = [operand.lengths(level) for operand in operands]
    ones = [operand.is_one(level) for operand in operands]
    fixed = [lengths for lengths, one in zip(own, ones) if not one]
    wanted = fixed[0] if fixed else own[0]
    for lengths in fixed[1:]:
        if not torch.equal(lengths, wanted):
            raise InvalidArgumentError(
                f"Unable to broadcast: dimension size mismatch in dimension {level}\nlengths={wanted.tolist()}\n"
                f"dim_size={lengths.tolist()}"
            )
    return wanted, own


def _uniform(operands: list[_Operand], level: int, wanted: torch.Tensor) -> int | None:
    """The common length that the result's rows are known to have."""
    deciding = [operand for operand in operands if not operand.is_one(level)] or operands
    if all(operand.is_uniform(level) for operand in deciding) and len(wanted):
        return int(wanted[0])
    return None
