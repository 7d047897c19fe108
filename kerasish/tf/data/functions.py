"""Users' functions as a dataset's steps hold them: what TensorFlow's graph of them would be.

A step's function is traced when the step is made. So what it finds in global and enclosing names is what they stood for then
(a loop's variable, a number that the next cell of a notebook changes), and what it does to Python's own state (``print``,
appending to a list) is done once, not for each element. See ``tracing``.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

from kerasish.core import tree
from kerasish.core.context import local
from kerasish.core.tensor import Tensor
from kerasish.tf import callees, code_names
from kerasish.tf.plain import is_plain
from kerasish.tf.spec import TensorSpec
from kerasish.tf.tracing import Trace


def kept(function: Callable) -> tuple[Callable, Trace | None]:
    """What runs for a step's function; and its trace, if it has effects which are yet to happen.

    Functions that do nothing but tensor operations stay such, so that they may run on many elements at once.
    """
    if local.in_dataset:  # the step is made for one element, and runs at once
        return function, local.function if local.function is not None and local.function.tracing else None
    if is_plain(function):
        return _plain_copy(function, {}), None
    trace = Trace(((), {}), {}, may_make=True)
    made = trace.keep(function)
    if trace.has_effects:
        return made, trace
    trace.tracing = False
    return made, None


def traced_at_first(function: Callable) -> Callable:
    """The same for a function that is traced where it is first called."""
    made, trace = kept(function)
    return made if trace is None else FirstCall(made, trace, ())


def _plain_copy(function: Any, copies: dict) -> Any:
    """A plain function with the names that it reads as they are now; operations and other values are what they are."""
    if type(function) is not types.FunctionType or not callees.is_users(function):
        return function
    if function in copies:
        return copies[function]
    names = {"__builtins__": function.__globals__["__builtins__"], "__name__": function.__globals__.get("__name__")}
    cells = tuple(types.CellType() for _ in function.__closure__ or ())
    made = copies[function] = types.FunctionType(
        function.__code__, names, function.__name__, function.__defaults__, cells
    )
    made.__kwdefaults__, made.__dict__ = function.__kwdefaults__, dict(function.__dict__)
    for name in code_names.names_in(function.__code__) & set(function.__globals__):
        names[name] = _plain_copy(function.__globals__[name], copies)
    for mine, cell in zip(cells, function.__closure__ or ()):
        mine.cell_contents = _plain_copy(cell.cell_contents, copies)
    return made


class FirstCall:
    """A function whose first call is the traced one: its effects happen there, and tensors print by name.

    Args:
        function, trace: from ``kept``.
        specs: of its arguments.
    """

    def __init__(self, function: Callable, trace: Trace, specs: Any) -> None:
        self._function, self._trace = function, trace
        self._is_inner = trace is local.function  # of a step made by a function that is being traced
        self._shapes = [spec.shape if isinstance(spec, TensorSpec) else None for spec in tree.flatten(specs)]

    def __call__(self, *args: Any) -> Any:
        if not self._trace.tracing:
            return self._function(*args)
        leaves = tree.flatten(args)
        shapes = self._shapes if len(self._shapes) == len(leaves) else [None] * len(leaves)
        for number, (leaf, shape) in enumerate(zip(leaves, shapes)):
            if isinstance(leaf, Tensor):
                self._trace.names[id(leaf)] = (f"args_{number}", shape)
        before, local.function = local.function, self._trace
        try:
            return self._function(*args)
        finally:
            local.function = before
            if not self._is_inner:
                self._trace.tracing = False
                self._trace.names.clear()
