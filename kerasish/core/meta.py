"""Runs on tensors without storage, without loading torch's compiler.

For such tensors torch has its elementwise functions and reductions in Python, each behind a guard that hides it from
torch.compile. The first call of any of them imports ``torch._dynamo`` for that guard: 2 s, and 10 s on a busy machine, for
the first ``x * y`` of a functional model.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import _compile, _decomp

_GUARDED = "__dynamo_disable"  # where torch's guard keeps the hidden function once it has made it


@functools.cache
def without_compiler() -> None:
    """Give torch's functions for tensors without storage guards that wait with the import until the compiler is there."""
    table = getattr(_decomp, "global_decomposition_table", {})
    for registered in {id(f): f for kind in table.values() for f in kind.values()}.values():
        for function in _behind_guards(registered):
            if not hasattr(function, _GUARDED):
                setattr(function, _GUARDED, _waiting(function))


def _behind_guards(function: Any) -> Iterator[Callable]:
    """The functions that guards hide, among those that wrap one another."""
    code = getattr(function, "__code__", None)
    inside = getattr(function, "__wrapped__", None)
    if code is not None and "fn" in code.co_freevars:
        wrapped = function.__closure__[code.co_freevars.index("fn")].cell_contents  # functools.wraps may name another
        if code.co_filename == _compile.__file__:
            yield wrapped
        yield from _behind_guards(wrapped)
        inside = None if wrapped is inside else inside
    if inside is not None:
        yield from _behind_guards(inside)


def _waiting(function: Callable) -> Callable:
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if "torch._dynamo" in sys.modules:  # it may be tracing: from now on torch's own guard
            function.__dict__.pop(_GUARDED, None)
            return torch._dynamo.disable(function, wrapping=False)(*args, **kwargs)
        return function(*args, **kwargs)

    return guarded
