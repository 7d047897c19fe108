"""How a variable's stored tensor lies in memory, and what of it users see."""

from __future__ import annotations

import torch


class Layout:
    """How a variable's stored tensor relates to the logical one; this one permutes axes, without a copy.

    Args:
        order: logical axis i is stored axis ``order[i]``.
        memory_format: of the stored tensor.
    """

    def __init__(self, order: tuple[int, ...], memory_format: torch.memory_format = torch.contiguous_format) -> None:
        self.order = order
        self.inverse = tuple(order.index(i) for i in range(len(order)))
        self.memory_format = memory_format

    def to_logical(self, stored: torch.Tensor) -> torch.Tensor:
        return stored.permute(self.order)

    def to_stored(self, logical: torch.Tensor) -> torch.Tensor:
        return logical.permute(self.inverse)

    def logical_shape(self, stored: torch.Size) -> tuple[int, ...]:
        return tuple(stored[i] for i in self.order)

    def allocate(self, logical: torch.Tensor) -> torch.Tensor:
        """A stored tensor with the strides that kernels want."""
        return self.to_stored(logical).clone(memory_format=self.memory_format)
