"""Gradients without a tape: ``tf.gradients`` and ``tf.hessians`` in functions of ``tf.function``; recomputed ones.

A graph knows the way from any tensor to any other, and torch only what was recorded. So a function that asks is run under a
tape that watches its arguments and constants, which nearly always is enough. Where it is not, the call is made once more with
``Everything`` recorded.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from kerasish.core import dispatch, remat, tree
from kerasish.core.autodiff import GradientTape, UnconnectedGradients, _gradient_node, _zeros
from kerasish.core.context import local
from kerasish.core.random import current_op_seeds
from kerasish.core.tensor import Tensor
from kerasish.core.variable import live_tapes

_VIEWS = frozenset(("T", "mT", "H", "mH", "real", "imag"))  # properties that compute


_NOT_RECORDED, _READ, _IN_PLACE, _RECORDED = range(4)
_kinds: dict[Any, int] = {}  # of torch's functions


def _kind(function: Any) -> int:
    """Whether a function of torch's computes something that a graph would hold."""
    name = getattr(function, "__name__", "")
    if name == "__get__":
        return _RECORDED if getattr(function.__self__, "__name__", "") in _VIEWS else _NOT_RECORDED
    if name in ("__set__", "detach", "requires_grad_"):
        return _NOT_RECORDED
    if name in ("numpy", "__array__"):
        return _READ
    in_place = name == "__setitem__" or (name.endswith("_") and not name.endswith("__"))
    return _IN_PLACE if in_place else _RECORDED


class TapeNeededError(RuntimeError):
    """Something that the running function calls asks for gradients: the call is to begin anew, under a tape."""


class Everything(TorchFunctionMode):
    """A block in which torch records all operations on floating-point tensors, as if each of them had been watched."""

    def __init__(self) -> None:
        super().__init__()
        self._made_leaves: list[weakref.ref] = []

    def __torch_function__(self, func: Callable, types: Any, args: tuple = (), kwargs: Any = None) -> Any:
        kind = _kinds.get(func)
        if kind is None:
            kind = _kinds[func] = _kind(func)
        if kind == _READ:
            args = (args[0].detach(), *args[1:])
        elif kind and torch.is_grad_enabled():
            if kind == _IN_PLACE:
                self._writable(args[0])
            self._reachable(args[1:] if kind == _IN_PLACE else args)
            if kwargs:
                self._reachable(kwargs.values())
        return func(*args, **kwargs) if kwargs else func(*args)

    def _reachable(self, values: Any) -> None:
        for x in values:
            if isinstance(x, (list, tuple)):
                self._reachable(x)
            elif type(x) is torch.Tensor and not x.requires_grad and (x.is_floating_point() or x.is_complex()):
                x.requires_grad_(True)
                self._made_leaves.append(weakref.ref(x))

    @staticmethod
    def _writable(x: Any) -> None:
        """Let a buffer be written to, which torch refuses of tensors that gradients may be asked by."""
        if type(x) is torch.Tensor and x.is_leaf and x.requires_grad:
            x.requires_grad_(False)

    def __exit__(self, *exception: Any) -> None:
        super().__exit__(*exception)
        for reference in self._made_leaves:
            leaf = reference()
            if leaf is not None and leaf.is_leaf:
                leaf.requires_grad_(False)


class Journal:
    """A block that notes what variables held before they were written, and drawn numbers, so that it can be begun anew.

    A tape to variables, which tell tapes before they change; see ``Variable.make_writable``.
    """

    _recording = 0
    _limit = 2**28  # bytes

    def __init__(self) -> None:
        self._held: dict[int, tuple[Any, torch.Tensor]] = {}
        self._bytes = 0
        self._draws = None if local.draws is None else dict(local.draws)
        self._seeds = current_op_seeds()
        self._progress = self._seeds.progress()

    def __enter__(self) -> Journal:
        live_tapes.add(self)
        return self

    def __exit__(self, *exception: Any) -> None:
        live_tapes.discard(self)

    def keep_leaf(self, variable: Any, leaf: torch.Tensor) -> bool:
        if id(variable) not in self._held:
            self._bytes += leaf.nbytes
            if self._bytes <= self._limit:
                self._held[id(variable)] = (variable, leaf.detach().clone())
        return False

    def undo(self) -> None:
        """Give the variables their values back; random operations draw the same numbers again.

        Raises:
            RuntimeError: they are too large to have been kept.
        """
        if self._bytes > self._limit:
            raise RuntimeError(
                "tf.gradients was asked for the gradient by a tensor that nothing watched, after large variables were "
                "written. Use tf.GradientTape, or ask for gradients first."
            )
        live_tapes.discard(self)
        local.draws = self._draws
        self._seeds.go_back(self._progress)
        for variable, value in self._held.values():
            variable.make_writable()
            variable.stored.data.copy_(value)


def _tape() -> GradientTape:
    """That of the running function.

    Raises:
        RuntimeError: none is running.
        TapeNeededError: it has none yet.
    """
    tape = getattr(local.function, "tape", None)
    if tape is None and local.function is not None:
        raise TapeNeededError("tf.gradients was called in a function that is not recorded")
    if tape is None:
        raise RuntimeError(
            "tf.gradients is not supported when eager execution is enabled. Use tf.GradientTape instead."
        )
    return tape


def _tape_for(xs: Any) -> tuple[GradientTape, list]:
    """The running function's tape, and the tensors ``xs``.

    Raises:
        TapeNeededError: it did not record what is done with one of them.
    """
    tape, sources = _tape(), tree.flatten(xs)
    if not local.function.records_all:
        kinds = (x._t for x in sources if isinstance(x, Tensor) and x.dtype != "string" and not x._t.requires_grad)
        if any(t.is_floating_point() or t.is_complex() for t in kinds):
            raise TapeNeededError("tf.gradients by a tensor that was not recorded")
    return tape, sources


@contextmanager
def _stopped(tensors: list) -> Iterator[None]:
    """A block in which gradients do not pass these tensors."""
    raws = [dispatch.raw(x) for x in tensors]
    handles = [_gradient_node(t).register_prehook(_zeros) for t in raws if t.requires_grad and not t.is_leaf]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def gradients(
    ys: Any,
    xs: Any,
    grad_ys: Any = None,
    name: str = "gradients",
    gate_gradients: bool = False,
    aggregation_method: Any = None,
    stop_gradients: Any = None,
    unconnected_gradients: Any = UnconnectedGradients.NONE,
) -> list:
    """The derivative of the sum of ``ys`` with respect to each of ``xs``, in a function of ``tf.function``.

    Args:
        grad_ys: what to weight the elements of ``ys`` with; default: ones.
        stop_gradients: tensors that count as constants.
        unconnected_gradients: "none" or "zero" for ``xs`` that ``ys`` do not depend on.
        gate_gradients, aggregation_method: of TensorFlow's graphs; the results are the same.

    Raises:
        RuntimeError: no function of ``tf.function`` is running.
    """
    tape, sources = _tape_for(xs)
    with _stopped(tree.flatten(stop_gradients) if stop_gradients is not None else []):
        return tape.gradient(tree.flatten(ys), sources, _flat(grad_ys), unconnected_gradients)


def _flat(weights: Any) -> list | None:
    return None if weights is None else tree.flatten(weights)


def hessians(
    ys: Any,
    xs: Any,
    gate_gradients: bool = False,
    aggregation_method: Any = None,
    name: str = "hessians",
) -> list:
    """The second derivatives of the sum of ``ys``: of shape ``x.shape + x.shape`` for each of ``xs``.

    Args:
        gate_gradients, aggregation_method: of TensorFlow's graphs; the results are the same.

    Raises:
        RuntimeError: no function of ``tf.function`` is running.
    """
    tape, flat = _tape_for(xs)
    first = tape.gradient(tree.flatten(ys), flat)
    return [tape.jacobian(g, x, unconnected_gradients="zero") for g, x in zip(first, flat)]


def recompute_grad(f: Callable) -> Callable:
    """A function that keeps nothing but its arguments for its gradient, for which it is computed again."""
    return remat.remat(f)


def watched(tape: GradientTape, values: Any) -> None:
    """Let a function's tape see the floating-point tensors among its arguments."""
    tape.watch(
        [x for x in tree.flatten(values) if isinstance(x, Tensor) and (x.dtype.is_floating or x.dtype.is_complex)]
    )
