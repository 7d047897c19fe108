"""Operations that stand in a captured graph as one call: what the compiler must not look into.

Torch's fused recurrent kernels (their decomposition is one piece of graph for each time step, and inductor mishandles the
CPU's own operator for LSTMs), random numbers from a generator with a seed of its own, and sums over several processes. They
exist only once ``register`` was called, in the process that traces a step and in the one that runs the compiled one.

Each call in a graph has a number, its ``site``: two calls are never merged into one, and a backward call finds the forward
call that it belongs to. Forward keeps its autograd graph for it, so both run the very kernels of an eager step.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import threading
from collections.abc import Callable, Sequence
from typing import Any

import torch

from kerasish.core import replicas

_kept: dict[tuple[int, int], tuple[list, list]] = {}  # (thread, site) -> inputs and results of a forward call
_running = threading.local()  # .sources: the generators of the model whose step is running
_states = {"lstm": 2, "gru": 1, "rnn_tanh": 1, "rnn_relu": 1}


class Sites:
    """The numbers of one graph's calls, and the kernels and generators behind them.

    Args:
        kernel: ``(kind, inputs, states, weights)`` → outputs and last states.
        generators: of the model, each with ``noise(like, shape, method, *parameters)``.
    """

    def __init__(self, kernel: Callable, generators: Sequence[Any]) -> None:
        register(kernel)
        self._next = itertools.count()
        self._generators = list(generators)
        self._exchanged: torch.Tensor | None = None  # what the last exchange gave
        self._last: dict[int, torch.Tensor] = {}  # generator -> what it drew last, so that draws keep their order

    def recurrent(self, kind: str, inputs: torch.Tensor, states: list, weights: list) -> tuple[torch.Tensor, list]:
        outputs, *last = torch.ops.kerasish.recurrent(inputs, states, weights, kind, next(self._next))
        return outputs, last[: len(states)]

    def noise(self, generator: Any, like: torch.Tensor, shape: Any, method: str, parameters: tuple) -> torch.Tensor:
        source = next(i for i, known in enumerate(self._generators) if known is generator)
        like = like.detach()
        drawn = torch.ops.kerasish.draw(
            like,
            self._last.get(source, like),
            list(shape),
            method,
            [float(p) for p in parameters],
            source,
            next(self._next),
        )
        self._last[source] = drawn
        return drawn

    def add_up(self, parts: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """The sums of all processes' tensors. An exchange waits for the one before: all have to make them in one order."""
        parts = [t.detach().contiguous() for t in parts]
        after = parts[0] if self._exchanged is None else self._exchanged
        sums = torch.ops.kerasish.add_up(parts, after, next(self._next))
        self._exchanged = sums[0]
        return sums


def use_sources(generators: Sequence[Any]) -> None:
    """Name the generators that the ``draw`` calls of the next graph draw from."""
    _running.sources = generators


def _recording() -> Any:
    """A block in which autograd records, inside of an operation, where torch has switched it off."""
    keys = torch._C._dispatch_tls_local_exclude_set()
    for name in ("AutogradOther", "AutogradCPU", "AutogradCUDA", "ADInplaceOrView"):
        keys = keys.remove(getattr(torch._C.DispatchKey, name))
    stack = contextlib.ExitStack()
    stack.enter_context(torch._C._ForceDispatchKeyGuard(torch._C._dispatch_tls_local_include_set(), keys))
    stack.enter_context(torch.enable_grad())
    return stack


@functools.cache
def register(kernel: Callable) -> None:
    """Make the operations known to torch; needed before a graph with them is traced or loaded."""

    def recurrent(inputs: torch.Tensor, states: list, weights: list, kind: str, site: int) -> tuple:
        with _recording():
            # copies: the compiler may use the memory of what it can compute again for something else before backward
            given = [t.detach().clone().requires_grad_() for t in (inputs, *states, *weights)]
            count = 1 + len(states)
            outputs, last = kernel(kind, given[0], given[1:count], given[count:])
        _kept[threading.get_ident(), site] = given, [outputs, *last]
        results = [t.detach().clone(memory_format=torch.contiguous_format) for t in (outputs, *last)]
        return tuple(results + [inputs.new_empty(0)] * (3 - len(results)))

    def fake_recurrent(inputs: Any, states: Any, weights: Any, kind: str, site: int) -> tuple:
        outputs = inputs.new_empty((*inputs.shape[:2], states[0].shape[-1]))
        last = [s.new_empty(s.shape) for s in states]
        return tuple([outputs, *last, *[inputs.new_empty(0)] * (2 - len(last))])

    def backward(grads: list, inputs: torch.Tensor, states: list, weights: list, site: int) -> list:
        given, results = _kept.pop((threading.get_ident(), site))
        return [g.contiguous() for g in torch.autograd.grad(results, given, grads[: len(results)])]

    def fake_backward(grads: Any, inputs: Any, states: Any, weights: Any, site: int) -> list:
        return [t.new_empty(t.shape) for t in (inputs, *states, *weights)]

    def set_up(ctx: Any, inputs: tuple, output: tuple) -> None:
        x, states, weights, _, ctx.site = inputs
        ctx.save_for_backward(x, *states, *weights)
        ctx.count = len(states)

    def differentiate(ctx: Any, *grads: torch.Tensor) -> tuple:
        x, *rest = ctx.saved_tensors
        states, weights = rest[: ctx.count], rest[ctx.count :]
        found = torch.ops.kerasish.recurrent_backward(
            [g.contiguous() for g in grads[: 1 + ctx.count]], x, states, weights, ctx.site
        )
        return found[0], found[1 : 1 + ctx.count], found[1 + ctx.count :], None, None

    def draw(like: Any, after: Any, shape: list, method: str, parameters: list, source: int, site: int) -> torch.Tensor:
        return _running.sources[source].noise(like, shape, method, *parameters)

    def fake_draw(like: Any, after: Any, shape: Any, method: str, parameters: Any, source: int, site: int) -> Any:
        return like.new_empty(shape)

    def add_up(parts: list, after: torch.Tensor, site: int) -> list:
        if not replicas.in_group():  # in the process that compiles
            return [t.clone() for t in parts]
        return [t.clone() for t in replicas.add_up(parts)]  # each of its own memory, as the compiler expects

    def fake_add_up(parts: Any, after: Any, site: int) -> list:
        return [t.new_empty(t.shape) for t in parts]

    def define(name: str, function: Callable, fake: Callable, schema: str) -> Any:
        made = torch.library.custom_op(f"kerasish::{name}", function, mutates_args=(), schema=schema)
        made.register_fake(fake)
        return made

    forward = define(
        "recurrent",
        recurrent,
        fake_recurrent,
        "(Tensor inputs, Tensor[] states, Tensor[] weights, str kind, SymInt site) -> (Tensor, Tensor, Tensor)",
    )
    forward.register_autograd(differentiate, setup_context=set_up)
    define(
        "recurrent_backward",
        backward,
        fake_backward,
        "(Tensor[] grads, Tensor inputs, Tensor[] states, Tensor[] weights, SymInt site) -> Tensor[]",
    )
    define(
        "draw",
        draw,
        fake_draw,
        "(Tensor like, Tensor after, SymInt[] shape, str method, float[] parameters, SymInt source, SymInt site) -> Tensor",
    )
    define("add_up", add_up, fake_add_up, "(Tensor[] parts, Tensor after, SymInt site) -> Tensor[]")
