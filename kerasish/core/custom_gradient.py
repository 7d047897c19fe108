"""Gradients of one's own: constants, functions whose gradient the user computes."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import torch

from kerasish.core import dispatch, tree
from kerasish.core.autodiff import new_recording, recording
from kerasish.core.context import local, scope
from kerasish.core.variable import Variable


def stop_gradient(input: Any, name: str | None = None) -> Any:
    """``input`` as a constant: gradients do not pass (structures are mapped)."""
    return tree.map_structure(_detached, input)


def _detached(x: Any) -> Any:
    if isinstance(x, torch.Tensor):
        return x.detach()
    if dispatch.is_symbolic(x):
        return dispatch.OPS["stop_gradient"](x)
    return dispatch.wrap(dispatch.raw(x).detach())


class _Custom(torch.autograd.Function):
    """A function whose gradient the user computes; ``run`` returns results and that function."""

    @staticmethod
    def forward(ctx: Any, run: Callable, *inputs: torch.Tensor) -> Any:
        outputs, ctx.grad_function = run(inputs, False)
        ctx.run = run
        ctx.save_for_backward(*inputs)
        return outputs

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple:
        if not torch.is_grad_enabled():
            return (None, *ctx.grad_function(grads))
        with recording():  # the gradient will be differentiated: with what f computed for it as part of the graph
            _, grad_function = ctx.run(ctx.saved_tensors, True)
            return (None, *grad_function(grads))


def custom_gradient(f: Callable | None = None) -> Callable:
    """Decorate ``f(*args) -> (y, grad)`` so that ``grad(*dy)`` gives the gradients of the arguments.

    Where ``f`` reads variables, ``grad`` must take ``variables=None`` and return ``(grads, variable_grads)``. Arguments may
    be nested. As a method, ``f`` has the gradients of the other arguments than its instance.
    """
    if f is None:
        return custom_gradient
    is_method = next(iter(_parameters(f)), None) in ("self", "cls")

    @functools.wraps(f)
    def decorated(*args: Any, **kwargs: Any) -> Any:
        if is_method and args and not dispatch.is_tensor(args[0]):
            return _call(functools.partial(f, args[0]), args[1:], kwargs)
        return _call(f, args, kwargs)

    return decorated


def _parameters(function: Callable) -> Any:
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):  # of C
        return {}


class _Probe:
    """Stands in for a tape, to learn which variables a function reads."""

    def __init__(self, differentiated: bool) -> None:
        self.accessed: dict[int, Variable] = {}
        self.differentiated = differentiated  # whether a tape follows the function's arguments

    def note_access(self, variable: Variable) -> None:
        self.accessed.setdefault(id(variable), variable)


def differentiated() -> bool:
    """Whether this runs for a function with a gradient of its own whose arguments a tape follows."""
    return any(isinstance(tape, _Probe) and tape.differentiated for tape in local.tapes)


def _call(f: Callable, args: tuple, kwargs: dict) -> Any:
    """The results of a function with a gradient of its own."""
    if local.left_out is not None:
        local.left_out.append("The gradient of a function with a custom gradient")
    given = tree.flatten(args)
    tensors = [dispatch.raw(x) for x in given]
    torch_given = bool(given) and all(isinstance(x, torch.Tensor) for x in given)
    probe = _Probe(any(isinstance(t, torch.Tensor) and t.requires_grad for t in tensors))
    layout: dict[str, Any] = {}

    def run(inputs: tuple, attached: bool) -> tuple:
        with scope(recording=local.recording if attached else new_recording(), tapes=(probe,)):
            y, grad = f(*tree.pack_as(args, [dispatch.wrap(t) for t in inputs[: len(given)]]), **kwargs)
        layout["y"] = y
        variables = list(probe.accessed.values())

        def backward(dy: tuple) -> list:
            with recording():
                found = _gradients(grad, [dispatch.wrap(g) for g in dy], variables, len(given))
                return [None if g is None else dispatch.raw(g) for g in found]

        return tuple(dispatch.raw(part).detach() for part in tree.flatten(y)), backward

    # variables must be inputs of the autograd function to get gradients: a dry run tells which ones f reads
    with torch.no_grad():
        run(tuple(tensors), False)
    leaves = [variable.read() for variable in probe.accessed.values()]
    outputs = _Custom.apply(run, *tensors, *leaves)
    packed = tree.pack_as(layout["y"], outputs)
    return packed if torch_given else tree.map_structure(dispatch.wrap, packed)


def _gradients(grad: Callable, upstream: list, variables: list, count: int) -> list:
    """What the user's gradient function gives for ``count`` arguments and for the variables.

    Raises:
        TypeError: it does not take ``variables``, which the function uses.
        ValueError: it gives another number of gradients.
    """
    parameters = _parameters(grad)
    takes = "variables" in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    if variables and not takes:
        raise TypeError(
            "@tf.custom_gradient grad_fn must accept keyword argument 'variables', since function uses variables: "
            f"{variables}"
        )
    extra: list = []
    if variables:
        grads, of_variables = grad(*upstream, variables=variables)
        extra = _sequence(of_variables)
        if len(extra) != len(variables):
            raise ValueError("Must return gradient for each variable from @custom_gradient grad_fn.")
    else:
        grads = grad(*upstream)
        if "variables" in parameters and isinstance(grads, tuple) and len(grads) == 2 and count != 2:
            none_left = grads[1] is None or (isinstance(grads[1], (list, tuple)) and not grads[1])
            grads = grads[0] if none_left else grads  # (gradients, [] of no variables)
    found = tree.flatten(grads) if count else []
    if len(found) != count:
        raise ValueError(
            f"custom_gradient function expected to return {count} gradients, but returned {len(found)} instead."
        )
    return [*found, *extra]


def grad_pass_through(f: Callable) -> Callable:
    """``f`` with the gradient of the identity: what comes from above goes to its argument as it is."""

    def with_gradient(*args: Any, **kwargs: Any) -> tuple:
        def grad(*upstream: Any, variables: Any = None) -> Any:
            return upstream if variables is None else (upstream, [None] * len(variables))

        return f(*args, **kwargs), grad

    return functools.wraps(f)(custom_gradient(with_gradient))


def _sequence(value: Any) -> list:
    return list(value) if isinstance(value, (list, tuple)) else [value]
