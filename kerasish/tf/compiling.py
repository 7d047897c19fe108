"""``tf.function(jit_compile=True)``: bodies that ``torch.compile`` makes one program of.

That takes seconds to minutes, so it is done for a function that is called often; and only for one that does nothing but
tensor operations (see ``plain``), because a program would leave out what else a body does: variables, tapes, random
numbers.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import torch

from kerasish.core import dispatch, tree
from kerasish.core.context import local
from kerasish.core.tensor import StringTensor, Tensor
from kerasish.tf.plain import is_plain

CALLS = 100  # of a trace, before it is compiled


class Program:
    """One trace's compiled body.

    Args:
        function: the Python function.
        name: for the notice that it is not compiled.
    """

    def __init__(self, function: Callable, name: str) -> None:
        self._function, self._name = function, name
        self._calls = 0
        self._compiled: Callable | None = None
        self._structure: Any = None
        self._excluded = False

    def __call__(self, args: tuple, kwargs: dict, run: Callable) -> Any:
        """The result for arguments of the trace; ``run()`` is the body, operation by operation."""
        self._calls += 1
        if self._excluded or self._calls < CALLS or local.recording:
            return run()
        leaves = tree.flatten((args, kwargs))
        if self._compiled is None:
            expected = run()
            self._compile(leaves, (args, kwargs), expected)
            return expected
        results = self._compiled(*[x._t for x in leaves if isinstance(x, Tensor)])
        return tree.pack_as(self._structure, [dispatch.wrap(t) for t in results])

    def _compile(self, leaves: list, structure: Any, expected: Any) -> None:
        if not is_plain(self._function):
            self._give_up("it does more than tensor operations")
            return
        if not all(type(x) is Tensor for x in tree.flatten(expected)) or any(type(x) is StringTensor for x in leaves):
            self._give_up("not all that it takes and gives are tensors of numbers")
            return

        def raw(*tensors: torch.Tensor) -> tuple:
            parts = iter(tensors)
            filled = [Tensor(next(parts)) if isinstance(x, Tensor) else x for x in leaves]
            args, kwargs = tree.pack_as(structure, filled)
            return tuple(dispatch.raw(x) for x in tree.flatten(self._function(*args, **kwargs)))

        from torch.fx.experimental.proxy_tensor import make_fx  # takes a second: only where it is asked for

        inputs = [x._t for x in leaves if isinstance(x, Tensor)]
        try:
            program = torch.compile(make_fx(raw)(*inputs))
            found = program(*inputs)
            torch.testing.assert_close(list(found), [x._t for x in tree.flatten(expected)], equal_nan=True)
        except Exception as error:
            self._give_up(str(error).strip().partition("\n")[0] or type(error).__name__)
            return
        self._structure, self._compiled = expected, program

    def _give_up(self, reason: str) -> None:
        self._excluded = True
        warnings.warn(
            f"tf.function '{self._name}' was to be compiled (jit_compile=True) but runs operation by operation: {reason}.",
            stacklevel=5,
        )
