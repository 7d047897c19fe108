"""Variables divided among processes: each keeps a part, and computes with the whole, which it gathers where it is used.

What is stored is torch's ``DTensor``, whose placements say which axes are divided among which processes. A ``Divided``
layout lies between it and what users see: reading gathers the whole, writing keeps the own part. The gradient of what was
gathered is added up over all processes as it is divided again. Optimizers update parts where they look at single elements
only (``parts``), and the whole otherwise (``wholes``).
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import distributed

from kerasish.core import replicas
from kerasish.core.context import local
from kerasish.core.layout import Layout
from kerasish.core.replicas import exchange
from kerasish.core.variable import Variable

in_use = False  # whether any variable is divided; the class of parts takes seconds to import


class Divided(Layout):
    """The layout of a variable of which a process stores a part.

    Args:
        inner: of the whole; None: it is stored as users see it.
        mesh: torch's grid of processes.
        placements: for each axis of the mesh, how the stored tensor is placed along it.
    """

    def __init__(self, inner: Layout | None, mesh: Any, placements: tuple) -> None:
        self.inner, self.mesh, self.placements = inner, mesh, placements

    def to_logical(self, stored: torch.Tensor) -> torch.Tensor:
        whole = gathered(stored) if is_part(stored) else stored
        return self.inner.to_logical(whole) if self.inner is not None else whole

    def to_stored(self, logical: torch.Tensor) -> torch.Tensor:
        return self.part_of(self.inner.to_stored(logical) if self.inner is not None else logical)

    def logical_shape(self, stored: torch.Size) -> tuple[int, ...]:
        return self.inner.logical_shape(stored) if self.inner is not None else tuple(stored)

    def allocate(self, logical: torch.Tensor) -> torch.Tensor:
        return self.part_of(self.inner.allocate(logical) if self.inner is not None else logical)

    def part_of(self, whole: torch.Tensor) -> torch.Tensor:
        """This process's part of a tensor that all processes have; nothing is exchanged."""
        from torch.distributed.tensor import distribute_tensor

        part = distribute_tensor(whole.detach(), self.mesh, self.placements, src_data_rank=None)
        own = part.to_local()
        if own.numel() and own.untyped_storage().nbytes() > own.nbytes:  # a view would keep the whole alive
            from torch.distributed.tensor import DTensor

            return DTensor.from_local(
                own.clone(), self.mesh, self.placements, run_check=False, shape=whole.shape, stride=part.stride()
            )
        return part


def divide(variable: Variable, mesh: Any, placements: tuple) -> None:
    """Let each process keep its part of a variable, which all have until now, and give the rest of the memory back."""
    global in_use
    in_use = True
    layout = Divided(variable._layout, mesh, placements)
    part = layout.part_of(variable.stored)
    variable._layout = layout
    variable._install(part)


def is_part(tensor: Any) -> bool:
    """Whether a raw tensor is this process's part of one."""
    return in_use and hasattr(tensor, "placements")


def is_divided(variable: Variable) -> bool:
    """Whether processes store parts of a variable."""
    return in_use and type(variable._layout) is Divided and is_part(variable.stored)


def gathered(part: Any) -> torch.Tensor:
    """The whole of which each process has a part; all processes have to ask for it.

    Its gradient is the sum of the processes' in a step, whose losses are shares of one; else their mean.
    """
    from torch.distributed.tensor import Partial

    with exchange():
        whole = part.full_tensor(grad_placements=[Partial()] * part.device_mesh.ndim)
    if whole.requires_grad and local.share is None and not (local.strategies and local.strategies[-1][1] is not None):
        whole.register_hook(functools.partial(torch.mul, 1.0 / part.device_mesh.size()))
    return whole


@contextmanager
def computing(variables: Sequence[Variable]) -> Iterator[None]:
    """A block that computes with the whole of divided variables; what it leaves for the backward pass are parts.

    The backward pass gathers them once more, in the order in which it needs them: the same in all processes.
    """
    held = _held(variables)
    wholes: dict[int, tuple[Any, torch.Tensor]] = {}

    def pack(t: torch.Tensor) -> Any:
        part, _ = wholes.get(t.untyped_storage().data_ptr(), (None, None))
        return t if part is None else (part.detach(), t.size(), t.stride(), t.storage_offset())

    def unpack(kept: Any) -> torch.Tensor:
        if isinstance(kept, torch.Tensor):
            return kept
        part, *place = kept
        return gathered(part).as_strided(*place)

    try:
        for variable, part, layout in held:
            whole = gathered(part if torch.is_grad_enabled() else part.detach())
            wholes[whole.untyped_storage().data_ptr()] = part, whole
            variable._layout = layout.inner
            _put(variable, whole)
        with torch.autograd.graph.saved_tensors_hooks(pack, unpack):
            yield
    finally:
        wholes.clear()
        for variable, part, layout in held:
            variable._layout = layout
            _put(variable, part)


# what an optimizer works on -------------------------------------------------------------------------------------------


@contextmanager
def parts(variables: Iterable[Variable], grads: Sequence[torch.Tensor]) -> Iterator[list[torch.Tensor]]:
    """A block in which divided variables are this process's parts, as plain tensors; gives the parts of their gradients."""
    held = _held(variables)
    for variable, part, _ in held:
        _put(variable, part.detach().to_local())
    try:
        yield [g.to_local() if is_part(g) else g for g in grads]
    finally:
        for variable, part, _ in held:
            _put(variable, part)


@contextmanager
def wholes(variables: Iterable[Variable], grads: Sequence[torch.Tensor] = (), keep: bool = True) -> Iterator[list]:
    """A block in which divided variables are whole, as if they were not divided; gives their gradients, whole.

    Args:
        keep: whether what the block writes to them is kept.
    """
    held = _held(variables)
    with torch.no_grad():
        for variable, part, layout in held:
            variable._layout = layout.inner
            _put(variable, gathered(part.detach()))
        whole_grads = [gathered(g) if is_part(g) else g for g in grads]
    try:
        yield whole_grads
    finally:
        for variable, part, layout in held:
            if keep:
                with torch.no_grad():
                    part.detach().to_local().copy_(layout.part_of(variable.stored).to_local())
            variable._layout = layout
            _put(variable, part)


def _held(variables: Iterable[Variable]) -> list[tuple[Variable, Any, Divided]]:
    different = {id(v): v for v in variables}.values()
    return [(v, v.stored, v._layout) for v in different if is_divided(v)]  # type: ignore[misc]


def _put(variable: Variable, stored: torch.Tensor) -> None:
    variable._slots[variable._key] = stored
    variable.renew_ties()


def add_up_gradients(grads: Sequence[torch.Tensor | None], variables: Sequence[Variable]) -> list:
    """Gradients added up over the processes; those of divided variables are sums already."""
    if not in_use:
        return replicas.add_up_gradients(grads)
    sums = [is_divided(variable) for variable in variables]
    own = replicas.add_up_gradients([None if is_sum else g for g, is_sum in zip(grads, sums)])
    return [g if is_sum else total for g, total, is_sum in zip(grads, own, sums)]


def quotients(grads: Sequence[torch.Tensor], divisor: float) -> list[torch.Tensor]:
    """Gradients, or parts of them, divided by a number."""
    return [g / divisor for g in grads] if in_use else list(torch._foreach_div(grads, divisor))


def norms(grads: Sequence[torch.Tensor], variables: Sequence[Variable], order: float = 2.0) -> list[torch.Tensor]:
    """The norms of gradients, of the whole ones where these are parts.

    Args:
        order: 2, or infinity for the largest magnitude.
    """
    if not in_use:
        return list(torch._foreach_norm(grads, order))
    own = [g.to_local() if is_part(g) else g for g in grads]
    found = list(torch._foreach_norm([g if g.numel() else g.new_zeros(1) for g in own], order))
    for i, variable in enumerate(variables):
        if type(variable._layout) is Divided:
            found[i] = _norm_of_all(found[i], variable._layout, order)
    return found


def _norm_of_all(own: torch.Tensor, layout: Divided, order: float) -> torch.Tensor:
    total = own**2 if order == 2.0 else own.clone()
    operation = distributed.ReduceOp.SUM if order == 2.0 else distributed.ReduceOp.MAX
    with exchange():
        for axis, placement in enumerate(layout.placements):
            if placement.is_shard():
                distributed.all_reduce(total, operation, layout.mesh.get_group(axis))
    return total.sqrt() if order == 2.0 else total
