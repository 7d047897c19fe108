"""What the code of functions names, reads and assigns, with the functions within and those that it calls."""

from __future__ import annotations

import dis
import functools
import types
from typing import Any

from kerasish.tf.callees import is_users
from kerasish.tf.rewriting import NAME


def has_effects(code: types.CodeType) -> bool:
    """Whether rewritten code has statements under conditions."""
    return NAME in code.co_freevars and not names_in(code).isdisjoint(("of", "on"))


def assigned_outside(code: types.CodeType) -> tuple[set[str], set[str]]:
    """The global names, and the variables of enclosing functions, that a function or one within it assigns."""
    names: tuple[set[str], set[str]] = set(), set()
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("STORE_GLOBAL", "DELETE_GLOBAL"):
            names[0].add(instruction.argval)
        elif instruction.opname in ("STORE_DEREF", "DELETE_DEREF"):
            names[1].add(instruction.argval)
    for part in code.co_consts:
        if isinstance(part, types.CodeType):
            for mine, inner in zip(names, assigned_outside(part)):
                mine |= inner
    return names


@functools.lru_cache(maxsize=1024)
def attributes_set(code: types.CodeType) -> frozenset[str]:
    """The attributes that a function or one within it assigns."""
    names = {part.argval for part in dis.get_instructions(code) if part.opname == "STORE_ATTR"}
    return frozenset(names).union(
        *(attributes_set(part) for part in code.co_consts if isinstance(part, types.CodeType))
    )


def mentions(function: Any, names: set[str], seen: set[Any] | None = None) -> bool:
    """Whether a user's function, or one that it names, reads an attribute or variable of one of these names."""
    seen = set() if seen is None else seen
    function = getattr(function, "__func__", function)
    if not isinstance(function, types.FunctionType) or function in seen or not is_users(function):
        return False
    seen.add(function)
    used = names_in(function.__code__)
    if names & used:
        return True
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or ()))
    inner = [function.__globals__.get(name) for name in used - set(cells)]
    inner += [cell.cell_contents for cell in cells.values() if cell != types.CellType()]
    return any(mentions(value, names, seen) for value in inner)


def names_in(code: types.CodeType) -> set[str]:
    """The names of globals and attributes in a function's code and in that of functions within it."""
    return {*code.co_names}.union(*(names_in(part) for part in code.co_consts if isinstance(part, types.CodeType)))
