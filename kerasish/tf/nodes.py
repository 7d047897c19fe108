"""Which operation of a graph a random operation is, where code runs that TensorFlow would have made a graph of.

In a graph each random operation has a count of its own, which goes on from call to call. The operations without a seed have
the seeds 0, 1, 2, … in the order in which they stand in their graph, and the body of a loop on tensors is a graph of its own.
The global seed is that of the time when the function was traced.

The body of a ``tf.function``, or a dataset's function, runs here each time; so an operation is known by the places in the
code that led to it. One that such places lead to several times is several operations, unless a loop on tensors does it.
"""

from __future__ import annotations

import dis
import sys
import types
import weakref
from collections.abc import Callable
from typing import Any

from kerasish.core import random as streams
from kerasish.core.context import local, settings
from kerasish.tf import rewriting

_LIBRARY = __name__.partition(".")[0]
_LOOPS_OF_FUNCTIONS = ("kerasish.tf.control", "kerasish.ops.control")
_WAYS = ("kerasish.tf.function", "kerasish.tf.concrete", "kerasish.tf.data")
_BRANCHES = frozenset(("case", "cond", "switch_case"))
_COMPREHENSIONS = frozenset(("<listcomp>", "<dictcomp>", "<setcomp>", "<genexpr>"))


class Graph:
    """What the random operations of one traced function have in common.

    Attributes:
        seed: the global seed of the time when it was traced.
    """

    __slots__ = ("__weakref__", "_numbers", "seed")

    def __init__(self) -> None:
        outer = local.function
        self.seed = settings.global_seed if outer is None else outer.graph.seed
        self._numbers: dict[tuple, dict[tuple, int]] = {}  # by loop: operations without a seed, in order

    def number(self, body: tuple, node: tuple) -> int:
        """The place of an operation without a seed among those of the same body."""
        numbers = self._numbers.setdefault(body, {})
        return numbers.setdefault(node, len(numbers))


_entries: dict[types.CodeType, bool] = {}  # where functions of graphs are called; whether a dataset does it
_of_steps: weakref.WeakKeyDictionary[Any, Graph] = weakref.WeakKeyDictionary()


_others = Graph()


def entry(of_dataset: bool) -> Callable:
    """Decorate what calls functions that are graphs.

    A dataset's has the function in its variable ``function``; that of ``tf.function`` the ``trace``, and ``before``, the one
    around it.
    """

    def decorate(function: Any) -> Any:
        _entries[function.__code__] = of_dataset
        return function

    return decorate


def graph_of(function: Any) -> Graph:
    """The graph of a dataset's function; made when it is first asked for."""
    try:
        graph = _of_steps.get(function)
        if graph is None and local.in_dataset and type(function) is types.FunctionType:
            function = function.__code__  # of a step that is made for each element anew
            graph = _of_steps.get(function)
        if graph is None:
            graph = _of_steps[function] = Graph()
        return graph
    except TypeError:  # it cannot be referred to weakly
        return _others


def find(seeded: bool) -> tuple[tuple, int | None, int | None] | None:
    """The operation that is drawing numbers: its identity, the global seed and, unless it has one, a seed of its own.

    None where no graph would have been made.
    """
    frame = sys._getframe(2)
    path: list[tuple[int, int]] = []
    body: list = []
    whole: tuple | None = None
    looped, graph = any(taken is None for *_, taken in local.loops), None
    while frame is not None:
        code = frame.f_code
        kind = _entries.get(code)
        if kind is None:
            module = frame.f_globals.get("__name__") or ""
            if not module.startswith(_WAYS):  # a first call takes another way to the same place
                path.append((id(code), frame.f_lasti))
            if module in _LOOPS_OF_FUNCTIONS:
                if graph is None:
                    body.append(path[-1])
                looped = looped or code.co_name not in _BRANCHES
            elif module.partition(".")[0] != _LIBRARY and code.co_name not in _COMPREHENSIONS:
                looped = looped or (rewriting.NAME not in code.co_freevars and _has_loop(code))
        else:
            inner = frame.f_locals
            mine = graph_of(inner["function"]) if kind else inner["trace"].graph
            path.append((id(mine), 0))
            if graph is None:
                graph, whole = mine, tuple(path)
            if kind or (inner["before"] is None and not local.in_dataset):
                break
        frame = frame.f_back
    if frame is None or graph is None or whole is None:
        return None
    node = tuple(path)
    if not looped:
        if local.draws is None:
            local.draws = {}
        count = local.draws.get(node, 0)
        local.draws[node] = count + 1
        node, whole = (*node, count), (*whole, count)
    number = None if seeded else graph.number((*local.loops, *body), whole)
    return node, graph.seed, number


_loops_in: weakref.WeakKeyDictionary[types.CodeType, bool] = weakref.WeakKeyDictionary()


def _has_loop(code: types.CodeType) -> bool:
    """Whether a code that was not rewritten may have a loop on tensors: it jumps back."""
    found = _loops_in.get(code)
    if found is None:
        found = _loops_in[code] = any("JUMP_BACKWARD" in op.opname for op in dis.get_instructions(code))
    return found


streams.find_node = find
