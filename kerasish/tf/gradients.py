"""Gradients without a tape: ``tf.gradients`` and ``tf.hessians`` in functions of ``tf.function``; recomputed ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from kerasish.core import dispatch, remat, tree
from kerasish.core.autodiff import GradientTape, UnconnectedGradients, _gradient_node, _zeros
from kerasish.core.context import local
from kerasish.core.tensor import Tensor


class TapeNeededError(RuntimeError):
    """Something that the running function calls asks for gradients: the call is to begin anew, under a tape."""


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
    tape = _tape()
    with _stopped(tree.flatten(stop_gradients) if stop_gradients is not None else []):
        return tape.gradient(tree.flatten(ys), tree.flatten(xs), _flat(grad_ys), unconnected_gradients)


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
    tape, flat = _tape(), tree.flatten(xs)
    first = tape.gradient(tree.flatten(ys), flat)
    return [tape.jacobian(g, x, unconnected_gradients="zero") for g, x in zip(first, flat)]


def recompute_grad(f: Callable) -> Callable:
    """A function that keeps nothing but its arguments for its gradient, for which it is computed again."""
    return remat.remat(f)


def watched(tape: GradientTape, values: Any) -> None:
    """Let a function's tape see the floating-point tensors among its arguments."""
    tape.watch([x for x in tree.flatten(values) if type(x) is Tensor and (x.dtype.is_floating or x.dtype.is_complex)])
