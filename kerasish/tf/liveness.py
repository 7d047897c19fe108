"""Which names a condition or loop of a function hands on: what a graph would have as its results.

A graph's branches must both give every name that is used afterwards, and a loop's names keep their dtypes and shapes. Which
names these are is told by the text alone: those that the statement assigns and that are read after it, or in a loop's next
round, before they are assigned anew. Jumps count as falling through, since in a graph they are values, too; what follows a
branch that returns belongs to the other branch.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

RESULT = "retval_"  # stands for what the function returns
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_HARMLESS = (
    ast.Compare,
    ast.cmpop,
    ast.BinOp,
    ast.operator,
    ast.UnaryOp,
    ast.unaryop,
    ast.Name,
    ast.Constant,
    ast.Load,
)
_Known: TypeAlias = "dict[str, ast.expr | None]"  # names with values, and the expressions that gave them
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class Block:
    """A condition or loop.

    Attributes:
        names: what it hands on, sorted; a condition that returns has ``RESULT`` among them.
        defined: those of the names that have a value before it, on all ways to it.
        entries: the expressions that the names were given last before it, where all ways lead there.
        branches: of a condition: the names that may be assigned in either branch; in what follows a branch that returns, too.
        last: of a condition: by branch, the expressions that names are assigned last, where nothing decides about that.
        inner: of a condition: by branch, if that begins with another condition which only compares names (``elif``), its
            compiled test and the names that its branches may assign.
        raises: of a condition: whether a branch always raises.
        leaves: of a condition: it ends the loop around it, or the function.
        returns: of a loop: it returns from the function.
        target: of a loop: the single name that it gives its values.
    """

    def __init__(self) -> None:
        self.names: tuple[str, ...] = ()
        self.defined: frozenset[str] = frozenset()
        self.entries: dict[str, ast.expr] = {}
        self.branches: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
        self.last: tuple[dict[str, ast.expr], dict[str, ast.expr]] = ({}, {})
        self.inner: tuple[Any, Any] = (None, None)
        self.raises = (False, False)
        self.leaves = self.returns = False
        self.target: str | None = None


class _If:
    """A condition with what follows a branch that returns in the other one."""

    def __init__(self, node: ast.If, branches: list[list]) -> None:
        self.node, self.branches = node, branches


def examine(function: ast.FunctionDef) -> dict[ast.AST, Block]:
    """The blocks of a function, and of those within it."""
    found: dict[ast.AST, Block] = {}
    waiting = [function]
    while waiting:
        waiting += _Reader(found, waiting.pop()).inner
    return found


class _Reader:
    """Reads one function, from its end to its beginning, then the other way."""

    def __init__(self, found: dict, function: ast.FunctionDef) -> None:
        self.found = found
        self.inner: list[ast.FunctionDef] = []
        arguments = function.args
        given = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        self.outer = {
            name
            for part in own_parts(function.body)
            if isinstance(part, (ast.Global, ast.Nonlocal))
            for name in part.names
        }
        body, _ = _arranged(function.body)
        self._live(body, {RESULT})
        self._define(function.body, {a.arg: None for a in given if a is not None})

    # names that are read later

    def _live(self, statements: list, after: set[str]) -> set[str]:
        for statement in reversed(statements):
            after = self._before(statement, after)
        return after

    def _before(self, statement: Any, after: set[str]) -> set[str]:
        if isinstance(statement, _If):
            return self._before_if(statement, after)
        if isinstance(statement, (ast.For, ast.While)):
            return self._before_loop(statement, after)
        if isinstance(statement, ast.With):
            live = self._live(_arranged(statement.body)[0], after)
            for item in reversed(statement.items):
                live = (live - _stored(item.optional_vars)) | _read(item.context_expr)
            return live
        if isinstance(statement, ast.Try):
            last = self._live(_arranged(statement.finalbody)[0], after)
            live = set(last)
            for handler in statement.handlers:
                live |= self._live(_arranged(handler.body)[0], last) | _read(handler.type)
            ended = self._live(_arranged(statement.orelse)[0], last)
            return live | self._live(_arranged(statement.body)[0], ended | live)
        if isinstance(statement, ast.Return):
            return after | {RESULT} | _read(statement.value)  # what follows is under a condition of a graph
        if isinstance(statement, ast.FunctionDef):
            if statement not in self.inner:
                self.inner.append(statement)
            return (after - {statement.name}) | _read(statement)
        return (after - _stored(statement)) | _read(statement)

    def _before_if(self, statement: _If, after: set[str]) -> set[str]:
        node = statement.node
        block = self.found.setdefault(node, Block())
        branches = [_assigned(branch) for branch in statement.branches]
        names = ((branches[0] | branches[1]) & after) - self.outer
        block.names = tuple(sorted(names | set(block.names)))  # of all rounds of a loop
        block.branches = (frozenset(branches[0]), frozenset(branches[1]))
        block.last = (_last(statement.branches[0]), _last(statement.branches[1]))
        block.inner = tuple(map(_first_condition, statement.branches))  # type: ignore[assignment]
        block.raises = tuple(any(isinstance(part, ast.Raise) for part in branch) for branch in (node.body, node.orelse))
        jumps = [part for part in own_parts([*node.body, *node.orelse]) if isinstance(part, ast.Return)]
        block.leaves = bool(jumps) or any(map(_breaks, (node.body, node.orelse)))
        live = set().union(*(self._live(branch, after) for branch in statement.branches))
        return live | _read(node.test)

    def _before_loop(self, statement: Any, after: set[str]) -> set[str]:
        block = self.found.setdefault(statement, Block())
        body, _ = _arranged(statement.body)
        ended = self._live(_arranged(statement.orelse)[0], after)
        target = _stored(statement.target) if isinstance(statement, ast.For) else set()
        test = _read(statement.test) if isinstance(statement, ast.While) else set()
        live = ended | test
        for _ in range(2):  # what a round leaves to the next one
            live = ended | test | (self._live(body, live - target) - target)
        live = live - target  # a graph's loop gives its target a value even if it has no round
        modified = (_assigned(body) | target) - self.outer - {RESULT}
        block.names = tuple(sorted(modified & (live | after)))
        if isinstance(statement, ast.For) and isinstance(statement.target, ast.Name):
            block.target = statement.target.id
        block.returns = any(isinstance(part, ast.Return) for part in own_parts(statement.body))
        return live | (_read(statement.iter) if isinstance(statement, ast.For) else set())

    # names that have values

    def _define(self, statements: Iterable[ast.stmt], known: _Known) -> _Known:
        for statement in statements:
            known = self._after(statement, known)
        return known

    def _after(self, statement: ast.stmt, known: _Known) -> _Known:
        block = self.found.get(statement)
        if block is not None:
            block.defined = frozenset(known).intersection(block.names)
            block.entries = {name: value for name in block.names if (value := known.get(name)) is not None}
        if isinstance(statement, ast.If):
            first, second = (self._define(branch, dict(known)) for branch in (statement.body, statement.orelse))
            return {name: value if second[name] is value else None for name, value in first.items() if name in second}
        if isinstance(statement, (ast.For, ast.While)):
            target = _stored(statement.target) if isinstance(statement, ast.For) else set()
            self._define(statement.body, known | dict.fromkeys(target))
            self._define(statement.orelse, dict(known))
            return known | dict.fromkeys(_stored(statement) & set(known))
        if isinstance(statement, ast.With):
            targets = set().union(*(_stored(item.optional_vars) for item in statement.items))
            return self._define(statement.body, known | dict.fromkeys(targets))
        if isinstance(statement, ast.Try):
            for part in (statement.body, *(handler.body for handler in statement.handlers), statement.orelse):
                self._define(part, dict(known))
            known = known | dict.fromkeys(_stored(statement) & set(known))
            return self._define(statement.finalbody, dict(known))
        if isinstance(statement, ast.Delete):
            gone = {part.id for part in ast.walk(statement) if isinstance(part, ast.Name)}
            return {name: value for name, value in known.items() if name not in gone}
        name = _single(statement)
        return known | (dict.fromkeys(_stored(statement)) if name is None else {name: statement.value})  # type: ignore


def _single(statement: Any) -> str | None:
    """The name that a statement only assigns."""
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return None
    target = statement.targets[0]
    return target.id if isinstance(target, ast.Name) and not any(map(_walrus, ast.walk(statement.value))) else None


def _walrus(node: ast.AST) -> bool:
    return isinstance(node, ast.NamedExpr)


def _arranged(statements: Sequence[ast.stmt]) -> tuple[list, bool]:
    """Statements, with what follows a branch that returns in the other branch; and whether they always return."""
    made: list = []
    for i, statement in enumerate(statements):
        if not isinstance(statement, ast.If):
            made.append(statement)
            if isinstance(statement, ast.Return) or (isinstance(statement, ast.With) and _arranged(statement.body)[1]):
                return made, True
            continue
        branches, ends = zip(*(_arranged(branch) for branch in (statement.body, statement.orelse)))
        rest = list(statements[i + 1 :])
        if ends[0] != ends[1] and rest:
            other = int(ends[0])
            parts = [statement.body, statement.orelse]
            moved, ended = _arranged([*parts[other], *rest])
            made.append(_If(statement, [branches[0], moved] if other else [moved, branches[1]]))
            return made, ended
        made.append(_If(statement, list(branches)))
        if all(ends):
            return made, True
    return made, False


def own_parts(statements: Iterable[Any]) -> list[ast.AST]:
    """All parts of statements but those of functions and classes within them."""
    found: list[ast.AST] = []
    waiting: list[Any] = list(statements)
    while waiting:
        part = waiting.pop()
        if isinstance(part, _If):
            waiting += [part.node.test, *part.branches[0], *part.branches[1]]
            continue
        found.append(part)
        if not isinstance(part, (*_FUNCTIONS, ast.ClassDef)):
            waiting += ast.iter_child_nodes(part)
    return found


def _first_condition(statements: list) -> Any:
    if not statements or not isinstance(statements[0], _If):
        return None
    test = statements[0].node.test
    if not all(isinstance(part, _HARMLESS) for part in ast.walk(test)):
        return None
    code = compile(ast.Expression(test), "<condition>", "eval")
    rest = frozenset(_assigned(statements[1:]))
    return code, tuple(frozenset(_assigned(branch)) | rest for branch in statements[0].branches)


def _breaks(statements: Iterable[ast.stmt]) -> bool:
    """Whether statements end the loop that they stand in."""
    for part in statements:
        if isinstance(part, ast.Break):
            return True
        if isinstance(part, (ast.If, ast.Try, ast.With)):
            inner = [getattr(part, name, []) for name in ("body", "orelse", "finalbody")]
            inner += [handler.body for handler in getattr(part, "handlers", ())]
            if any(map(_breaks, inner)):
                return True
    return False


def _stored(node: Any) -> set[str]:
    """The names that a statement or target assigns itself."""
    if node is None:
        return set()
    found: set[str] = set()
    for part in own_parts([node]):
        if isinstance(part, ast.Name) and isinstance(part.ctx, (ast.Store, ast.Del)):
            found.add(part.id)
        elif isinstance(part, (ast.FunctionDef, ast.ClassDef)):
            found.add(part.name)
        elif isinstance(part, ast.alias):
            found.add((part.asname or part.name).partition(".")[0])
        elif isinstance(part, ast.ExceptHandler) and part.name:
            found.add(part.name)
        elif isinstance(part, ast.Return):
            found.add(RESULT)
    return found - _of_comprehensions(node)


def _of_comprehensions(node: Any) -> set[str]:
    """The names that only comprehensions within a node assign."""
    inside: set[str] = set()
    for part in own_parts([node]):
        if isinstance(part, _COMPREHENSIONS):
            targets = [generator.target for generator in part.generators]
            inside |= {p.id for target in targets for p in ast.walk(target) if isinstance(p, ast.Name)}
    if not inside:
        return inside
    outside: set[str] = set()
    waiting = [node]
    while waiting:
        part = waiting.pop()
        if isinstance(part, _COMPREHENSIONS):
            continue
        if isinstance(part, _If):
            waiting += [*part.branches[0], *part.branches[1]]
            continue
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            outside.add(part.id)
        waiting += ast.iter_child_nodes(part)
    return inside - outside


def _assigned(statements: Iterable[Any]) -> set[str]:
    return set().union(*(_stored(statement) for statement in statements)) if statements else set()


def _read(node: Any) -> set[str]:
    """The names that a statement or expression reads, in functions within it too."""
    if node is None:
        return set()
    found: set[str] = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load):
            found.add(part.id)
        elif isinstance(part, ast.AugAssign) and isinstance(part.target, ast.Name):
            found.add(part.target.id)
    local: set[str] = set()
    for part in ast.walk(node):
        if isinstance(part, _FUNCTIONS):
            arguments = part.args
            given = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
            local |= {a.arg for a in given if a is not None}
        if isinstance(part, ast.FunctionDef):
            outer = {
                name for p in own_parts(part.body) if isinstance(p, (ast.Global, ast.Nonlocal)) for name in p.names
            }
            local |= _assigned(part.body) - outer
    local |= _of_comprehensions(node)
    return found - local


def _last(statements: Iterable[Any]) -> dict[str, ast.expr]:
    """The expressions that single names are given last, where every way leads there."""
    found: dict[str, ast.expr] = {}
    for statement in statements:
        name = _single(statement)
        if name is not None:
            found[name] = copy.deepcopy(statement.value)  # the statement itself is going to be rewritten
        elif isinstance(statement, ast.Return):
            found[RESULT] = ast.Constant(None) if statement.value is None else copy.deepcopy(statement.value)
        else:
            for name in _stored(statement):
                found.pop(name, None)
    return found
