"""Functions rewritten so that what they do to Python's own state happens in their traced calls only.

A function of ``tf.function`` prints, appends to lists and counts while it is traced, not each time it runs. Here its body
runs at each call, so such statements are put under a condition, in its syntax tree:

    print("tracing", x)        →    if __effects__.of(print): print("tracing", x)
    self.calls += 1            →    if __effects__.on(self.calls): self.calls += 1
    y = helper(x)              →    y = __effects__.inside(helper)(x)
    y = x * self.rate          →    y = x * __effects__.read(self, "rate", 7)
    for x in data: ...         →    with __effects__.loop() as loop: for x in loop.over(data): ...

What a statement calls tells whether it is Python's own: printing, logging, methods of lists that the function did not make,
functions of the standard library, of NumPy and of packages that draw or report. Calls of the user's own functions are
followed. Plain values that it reads from objects are noted (see ``reads``). Line numbers stay, so tracebacks show the user's
text.
"""

from __future__ import annotations

import ast
import builtins
import copy
import inspect
import itertools
import types
import weakref
from collections.abc import Callable
from typing import Any

from kerasish.core.errors import fail
from kerasish.tf.callees import (
    draws,
    is_block,
    is_drawing,
    is_operation,
    is_ours,
    is_reporter,
    is_users,
    is_users_block,
    is_users_class,
    is_users_function,
)
from kerasish.tf.liveness import RESULT, Block, examine, own_parts
from kerasish.tf.sources import NAME, REWRITTEN, compiled, is_of_super, loaded, parsed, parts

_OF_TENSORS = {"shape", "dtype", "ndim", "T", "real", "imag"}  # attributes that are not worth a look at who has them
_COLLECTING = {"append", "extend", "insert", "add"}  # methods of lists and sets
_CHANGING = _COLLECTING | {
    "pop",
    "popleft",
    "popitem",
    "setdefault",
    "appendleft",
    "update",
    "remove",
    "discard",
    "clear",
}
_IN_PLACE = {"heapq", "bisect", "numpy", "operator"}  # modules with functions that change their first arguments
_IN_PYTHON = {"py_function", "numpy_function", "py_func", "eager_py_func"}  # what they are given is not traced
_places = itertools.count()


# the syntax tree ------------------------------------------------------------------------------------------------------


def _root(node: ast.expr) -> str | None:
    """The name that a chain of attributes and constant or named subscripts begins with; None for anything else."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        if isinstance(node, ast.Subscript) and not isinstance(node.slice, (ast.Constant, ast.Name)):
            return None
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


class _Rewriter(ast.NodeTransformer):
    """Rewrites one function's body.

    Args:
        local: names that the body assigns: what they hold was made in this call.
        given: names of the parameters.
        outer: names declared global, or nonlocal and not of this function's own.
        known: whether a name stands for something that is not to be followed (a module, a class, one of our functions).
        value: what a chain of names from outside stands for now.
    """

    def __init__(
        self,
        local: set[str],
        given: set[str],
        outer: set[str],
        known: Callable[[str], bool],
        value: Callable[[ast.expr], Any],
    ) -> None:
        self.local, self.given, self.outer, self.known, self.value = local, given, outer, known, value
        self.outside: set[str] = set()  # global and enclosing names
        self.blocks: dict[ast.AST, Block] = {}
        self.changed = False
        self.loops = 0
        self._around: list[str] = []  # names of the loops around the statement

    def rewrite(self, function: ast.FunctionDef) -> None:
        """Rewrite the body of the function itself."""
        function.body = self._visited(function.body)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        """A class within: its objects are made in this call."""
        for statement in node.body:
            if isinstance(statement, ast.FunctionDef):
                self._function_within(statement, {part.arg for part in statement.args.args[:1]})
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._function_within(node, set())

    def _function_within(self, node: ast.FunctionDef, made: set[str]) -> ast.AST:
        """A function within: its own names are made in its call, those that it shares with the functions around in theirs.

        Args:
            made: parameters that are made in this call, too.
        """
        names, inner = (self.local, self.outside, self.given), list(ast.walk(node))
        before = [set(held) for held in names]
        parameters = {part.arg for part in inner if isinstance(part, ast.arg)}
        stored = {part.id for part in inner if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}
        for part in inner:
            if isinstance(part, (ast.Global, ast.Nonlocal)):
                stored.difference_update(part.names)
        for held in (self.local, self.outside):
            held -= parameters | stored
        self.local |= made | (stored - parameters)
        self.given |= parameters
        around, self._around = self._around, []
        node.body = self._visited(node.body)
        self._around = around
        for held, was in zip(names, before):
            held.clear()
            held |= was
        return node

    def _visited(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        found: list = []
        for statement in statements:
            made = self.visit(statement)
            found += made if isinstance(made, list) else [made]
        return found

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        call = node.value
        if isinstance(call, ast.Call):
            root = _root(call.func)
            if is_of_super(call.func):
                node.value = self.visit(call)
                return node
            self.generic_visit(call) if root is None else self._arguments(call)
            if root is not None and root not in self.local and not is_operation(self.value(call.func)):
                test = self._method("of", call.func, *(self._owner(call.func) or self._changed_by(call)))
                test.keywords += self._within(call.func)
                call.func = self._followed(call.func)
                return ast.copy_location(ast.If(test, [node], []), node)
            call.func = self._followed(call.func)
            return node
        return self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        return self._stored([node.target], node, self._augmented)

    def _augmented(self, node: ast.AugAssign) -> ast.AST:
        node.target, node.value = self._target(node.target), self.visit(node.value)
        return self._guarded(node, node.target)

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        target = node.targets[0]
        if not isinstance(target, ast.Name) or len(node.targets) > 1:
            return self._stored(node.targets, node, self._assigned)
        return self._assigned(node)

    def _assigned(self, node: ast.Assign) -> ast.AST:
        target = node.targets[0]
        repeated = ast.dump(loaded(target)) in {ast.dump(part) for part in ast.walk(node.value) if _is_place(part)}
        node.targets, node.value = [self._target(part) for part in node.targets], self.visit(node.value)
        return self._guarded(node, node.targets[0]) if repeated else node  # n = n + 1

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.value = None if node.value is None else self.visit(node.value)
        return node

    def visit_Delete(self, node: ast.Delete) -> Any:
        return self._stored(node.targets, node, lambda same: same)

    def _stored(self, targets: list[ast.expr], node: Any, visit: Callable) -> Any:
        """A statement that assigns or deletes attributes and items: traced calls note those from outside before it."""
        notes = [note for target in targets for place in parts(target) for note in self._notes(place)]
        made = visit(node)
        if not notes or isinstance(made, ast.If):
            return made
        self.changed = True
        test = ast.Attribute(_member(NAME, "trace"), "tracing", ast.Load())
        return [ast.copy_location(ast.If(test, notes, []), node), made]

    def _notes(self, place: ast.expr) -> list[ast.stmt]:
        if not isinstance(place, (ast.Attribute, ast.Subscript)):
            return []
        inner = place.value
        of_class = isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name) and inner.func.id == "type"
        root = _root(inner.args[0] if of_class and len(inner.args) == 1 else inner)  # type: ignore[attr-defined]
        if root is None or root in self.local:
            return []
        name = [ast.Constant(place.attr)] if isinstance(place, ast.Attribute) else []
        return [ast.copy_location(ast.Expr(self._method("storing", loaded(inner), *name)), place)]

    def visit_Call(self, node: ast.Call) -> ast.AST:
        drawn = bool(node.args) and self._is_from_outside(node.args[0])
        self._arguments(node)
        function = self.value(node.func)
        if function is range:
            self.changed = True
            node.func = ast.copy_location(_member(NAME, "range"), node.func)
            return node
        if is_reporter(function):  # its result is None
            return ast.copy_location(ast.IfExp(self._method("of", node.func), node, ast.Constant(None)), node)
        if is_drawing(function) or (function is next and drawn):
            node.func = self._method("drawn", node.func, ast.Constant(next(_places)))
        elif is_users_class(function):
            node.func = self._method("made", node.func)
        elif (root := _root(node.func)) is not None:
            changes = isinstance(node.func, ast.Attribute) and node.func.attr in _CHANGING and root not in self.local
            changes = changes and not self._in_module(node.func)
            node.func = self._method("changing", node.func) if changes else self._followed(node.func)
        elif is_of_super(node.func):
            node.func = self._method("inside", node.func)
        elif isinstance(node.func, ast.Attribute):
            node.func.value = self.visit(node.func.value)
        else:
            node.func = self.visit(node.func)
        return node

    def _is_from_outside(self, chain: ast.expr) -> bool:
        root = _root(chain)
        return root in self.outside or (isinstance(chain, ast.Attribute) and root in self.given - self.local)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if not isinstance(node.ctx, ast.Load) or self._in_module(node):
            return node
        node.value = self.visit(node.value)
        if node.attr in _OF_TENSORS or node.attr.startswith("__"):
            return node
        return self._method("read", node.value, ast.Constant(node.attr), ast.Constant(next(_places)))

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        root = _root(node)
        held = isinstance(node.value, ast.Attribute) and node.value.attr not in _OF_TENSORS
        outer = isinstance(node.value, (ast.Name, ast.Subscript)) and root in self.outside
        fixed = isinstance(node.ctx, ast.Load) and root is not None and (held or outer) and not self._in_module(node)
        self.generic_visit(node)
        return self._method("item", node.value, node.slice, ast.Constant(next(_places))) if fixed else node

    def visit_With(self, node: ast.With) -> ast.AST:
        for item in node.items:
            called = item.context_expr.func if isinstance(item.context_expr, ast.Call) else item.context_expr
            root = _root(called)
            followed = root is not None and (not self.known(root) or is_users_block(self.value(called)))
            item.context_expr = self.visit(item.context_expr)
            if followed:
                item.context_expr = self._method("block", item.context_expr)
        node.body = self._visited(node.body)
        return node

    def visit_For(self, node: ast.For) -> Any:
        return self._looping(node, "over", "iter")

    def visit_While(self, node: ast.While) -> Any:
        return self._looping(node, "test", "test")

    def _looping(self, node: Any, method: str, part: str) -> Any:
        """A loop on tensors is traced once: its later rounds have no effects, its random operations are the same ones.

        What its rounds hand on are tensors.
        """
        block, name = self.blocks.get(node), self._new_loop()
        if block is None:  # it is never reached
            return node
        setattr(node, part, self.visit(getattr(node, part)))
        self._around.append(name)
        node.body = self._visited(node.body)
        self._around.pop()
        node.orelse = self._visited(node.orelse)
        uses_name = any(isinstance(inner, ast.Name) and inner.id == name for inner in ast.walk(node))
        if not block.names and not uses_name and not any(_is_effect_name(p) or _is_random(p) for p in ast.walk(node)):
            return node
        in_rounds = self._handed_on(name, [n for n in block.names if n in block.defined], node.body[0])
        made = self._in_block(node, method, part, name, ast.Constant(_place_of(block)))
        after = self._handed_on(name, list(block.names), node, method="last")
        node.body = in_rounds + node.body
        return [made, *after]

    def _handed_on(self, name: str, names: list[str], near: ast.AST, method: str = "value") -> list[ast.stmt]:
        """``x = loop.value(x)`` for what a loop or condition on tensors hands on, under a condition."""
        if not names:
            return []
        first = getattr(near, "lineno", 1)  # a place of more lines would be told as its last one
        near = ast.Pass(lineno=first, col_offset=0, end_lineno=first, end_col_offset=1)
        statements = []
        for own in names:
            value = ast.Call(_member(name, method), [ast.Constant(own), ast.Name(own, ast.Load())], [])
            statement = _unless_unknown(ast.copy_location(ast.Assign([ast.Name(own, ast.Store())], value), near))
            if method == "last":
                missing = ast.Call(_member(name, "missing"), [ast.Constant(own)], [])
                statement.handlers[0].body = [
                    ast.copy_location(ast.Assign([ast.Name(own, ast.Store())], missing), near)
                ]
            statements.append(statement)
        return [ast.copy_location(ast.If(_member(name, "on"), statements, []), near)]

    def visit_If(self, node: ast.If) -> Any:
        """The branches of a condition on a tensor are graphs of their own; tracing reports from the other one, too."""
        block = self.blocks.get(node)
        if block is None:  # it is never reached
            return node
        told = [self._told(branch) for branch in (node.body, node.orelse)]
        node.test = self.visit(node.test)
        node.body, node.orelse = self._visited(node.body), self._visited(node.orelse)
        plain = not any(told) and not any(map(_is_random, ast.walk(node)))
        if plain and (_is_of_python(node.test) or not (block.names or block.leaves or any(block.raises))):
            return node
        name = self._new_loop()
        around = ast.Name(self._around[-1], ast.Load()) if self._around and block.leaves else ast.Constant(None)
        for part in own_parts([*node.body, *node.orelse]):
            if isinstance(part, ast.Return) and part.value is not None:
                part.value = ast.copy_location(ast.Call(_member(name, "result"), [part.value], []), part.value)
        made = self._in_block(node, "branch", "test", name, ast.Constant(_place_of(block)), around)
        if told[1]:
            after = _if(_member(name, "tells"), told[1], node)
            jumps = any(
                isinstance(part, (ast.Return, ast.Break, ast.Continue)) for s in node.body for part in ast.walk(s)
            )
            node.body = [ast.copy_location(ast.Try(node.body, [], [], [after]), node)] if jumps else [*node.body, after]
        if told[0]:
            node.orelse = [_if(_member(name, "tells"), told[0], node), *node.orelse]
        return [made, *self._handed_on(name, [n for n in block.names if n != RESULT], node)]

    def _told(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        """What a branch that is not taken reports while it is traced: its calls of ``print`` and the like, in order.

        Those that name what the branch assigns, where that has no value yet, are left out.
        """
        inside = [part for statement in statements for part in ast.walk(statement)]
        assigned = {part.id for part in inside if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load)}
        return self._reports(statements, assigned)

    def _reports(self, statements: list[ast.stmt], assigned: set[str]) -> list[ast.stmt]:
        found: list[ast.stmt] = []
        for statement in statements:
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
                names = {part.id for part in ast.walk(statement) if isinstance(part, ast.Name)}
                called = statement.value.func
                collects = isinstance(called, ast.Attribute) and called.attr in _COLLECTING
                collects = collects and (root := _root(called)) is not None and root not in self.local
                if collects or is_reporter(self.value(called)):
                    report: ast.stmt = copy.deepcopy(statement)
                    if not collects:
                        tracing = ast.Attribute(_member(NAME, "trace"), "tracing", ast.Load())
                        report = ast.copy_location(ast.If(tracing, [report], []), statement)
                    if collects:
                        test = self._method("is_effect", copy.deepcopy(called), *self._owner(called))
                        report = ast.copy_location(ast.If(test, [report], []), statement)
                    if names & assigned:  # tensors print by dtype and shape, which are those that they had before
                        held = [ast.Name(name, ast.Load()) for name in sorted(names & assigned)]
                        tensors = self._method("are_tensors", *held)
                        report = ast.copy_location(ast.If(tensors, [report], []), statement)
                    found.append(_unless_unknown(report))
            elif isinstance(statement, ast.If):
                found += self._reports_of_either(statement, assigned)
            elif isinstance(statement, (ast.For, ast.While, ast.With, ast.Try)):
                found += self._reports(statement.body, assigned)
        return found

    def _reports_of_either(self, node: ast.If, assigned: set[str]) -> list[ast.stmt]:
        """Reports of a condition's branches: of both, unless its test is seen to be about values of Python."""
        branches = [self._reports(branch, assigned) for branch in (node.body, node.orelse)]
        names = {part.id for part in ast.walk(node.test) if isinstance(part, ast.Name)}
        if not any(branches) or names & assigned or not all(map(_is_harmless, ast.walk(node.test))):
            return branches[0] + branches[1]
        pairs = [(negated, branch) for negated, branch in zip((False, True), branches) if branch]
        return [
            _unless_unknown(_if(self._method("may_be", copy.deepcopy(node.test), ast.Constant(negated)), branch, node))
            for negated, branch in pairs
        ]

    def _new_loop(self) -> str:
        self.loops += 1
        return f"__loop_{self.loops}__"

    def _in_block(self, node: Any, method: str, part: str, name: str, *more: ast.expr) -> ast.AST:
        self.changed = True
        controlled = ast.Call(_member(name, method), [getattr(node, part), *more], [])
        setattr(node, part, ast.copy_location(controlled, getattr(node, part)))
        effects = ast.Attribute(ast.Name(NAME, ast.Load()), "loop", ast.Load())
        item = ast.withitem(ast.Call(effects, [], []), ast.Name(name, ast.Store()))
        return ast.copy_location(ast.With([item], [node]), node)

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        node.body = self.visit(node.body)
        return node

    def _target(self, target: ast.expr) -> ast.expr:
        return self.visit(target) if _root(target) is None else target

    def _in_module(self, chain: ast.expr) -> bool:
        """Whether it begins with a module: nothing in it is looked at."""
        root = _root(chain)
        return root is not None and isinstance(self.value(ast.Name(root, ast.Load())), types.ModuleType)

    def _arguments(self, call: ast.Call) -> None:
        traced = getattr(call.func, "attr", getattr(call.func, "id", "")) not in _IN_PYTHON
        handed = self._handed if traced else self.visit
        call.args = [handed(argument) for argument in call.args]
        for keyword in call.keywords:
            keyword.value = handed(keyword.value)

    def _handed(self, argument: ast.expr) -> Any:
        """An argument; a user's function, or a method, that the call may call is followed, too."""
        if isinstance(argument, ast.Name):
            value = self.value(argument)
            return self._method("inside", argument) if is_users_function(value) else argument
        made = self.visit(argument)
        read = isinstance(argument, ast.Attribute) and made is not argument
        return self._method("handed", made) if read else made

    def _guarded(self, node: Any, target: ast.expr) -> ast.AST:
        root = _root(target)
        if root is None or (isinstance(target, ast.Name) and root not in self.outer) or root in self.local - self.outer:
            return node
        self.changed = True
        if isinstance(target, ast.Name):
            test = self._method("on_name", loaded(target), ast.Constant(target.id))
            return ast.copy_location(ast.If(test, [node], []), node)
        name = ast.Constant(target.attr if isinstance(target, ast.Attribute) else None)
        test = self._method("on", loaded(target), loaded(target.value), name, *self._owner(target))
        test.keywords += self._within(target)
        return ast.copy_location(ast.If(test, [node], []), node)

    def _owner(self, place: ast.expr) -> list[ast.expr]:
        """The variable that a chain of names begins with, where it can be an object that the call itself made."""
        root = _root(place)
        inner = isinstance(place, (ast.Attribute, ast.Subscript)) and root is not None and not self.known(root)
        return [ast.copy_location(ast.Name(root, ast.Load()), place)] if inner and root is not None else []

    def _changed_by(self, call: ast.Call) -> list[ast.expr]:
        """The first argument of a function that changes that: ``heapq.heappush``."""
        module = getattr(self.value(call.func), "__module__", None) or ""
        root = _root(call.args[0]) if call.args else None
        return (
            [ast.copy_location(ast.Name(root, ast.Load()), call)]
            if root is not None and module.partition(".")[0].lstrip("_") in _IN_PLACE
            else []
        )

    @staticmethod
    def _within(place: ast.expr) -> list[ast.keyword]:
        """The attribute that holds what a method or item is one of."""
        inner = place.value if isinstance(place, (ast.Attribute, ast.Subscript)) else place
        while isinstance(inner, ast.Subscript):
            inner = inner.value
        return [ast.keyword("within", ast.Constant(inner.attr))] if isinstance(inner, ast.Attribute) else []

    def _followed(self, function: ast.expr) -> ast.expr:
        root = _root(function)
        if root is None or root == "super" or self.known(root):
            return function
        return self._method("inside", function)

    def _method(self, name: str, argument: ast.expr, *others: ast.expr) -> ast.Call:
        self.changed = True
        effects = ast.Attribute(ast.Name(NAME, ast.Load()), name, ast.Load())
        return ast.copy_location(ast.Call(effects, [argument, *others], []), argument)


def _if(test: ast.expr, body: list[ast.stmt], near: ast.AST) -> ast.stmt:
    return ast.copy_location(ast.If(test, copy.deepcopy(body), []), near)


def _member(name: str, attribute: str) -> ast.expr:
    return ast.Attribute(ast.Name(name, ast.Load()), attribute, ast.Load())


def _is_of_python(test: ast.expr) -> bool:
    """Whether a test is seen to be about Python's values."""
    if isinstance(test, ast.BoolOp):
        return all(map(_is_of_python, test.values))
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _is_of_python(test.operand)
    if isinstance(test, ast.Compare):
        return all(isinstance(op, (ast.Is, ast.IsNot)) for op in test.ops)
    called = test.func.id if isinstance(test, ast.Call) and isinstance(test.func, ast.Name) else None
    return isinstance(test, ast.Constant) or called in ("isinstance", "hasattr", "callable", "issubclass")


BLOCKS: list[Block] = []  # those of all rewritten functions, by the numbers in their texts


def _place_of(block: Block) -> int:
    BLOCKS.append(block)
    return len(BLOCKS) - 1


def _unless_unknown(statement: ast.stmt) -> ast.Try:
    """A statement that does nothing where a name in it has no value."""
    handler = ast.ExceptHandler(ast.Name("NameError", ast.Load()), None, [ast.Pass()])
    return ast.copy_location(ast.Try([statement], [handler], [], []), statement)


def _is_harmless(node: ast.AST) -> bool:
    """Whether a part of a test only looks at values."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in ("isinstance", "len", "hasattr", "callable")
    return not isinstance(node, (ast.Subscript, ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom))


def _is_effect_name(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == NAME


def _is_random(node: ast.AST) -> bool:
    """Whether it may lead to a random operation: ``tf.random``, ``random_flip_left_right``."""
    return isinstance(node, ast.Attribute) and "random" in node.attr


def _is_place(node: ast.AST) -> bool:
    return isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)) and isinstance(node.ctx, ast.Load)


# functions ------------------------------------------------------------------------------------------------------------


def definition(function: types.FunctionType) -> ast.FunctionDef | None:
    """The rewritten definition of a function; None if nothing in it needs to be, or if its text is not known."""
    code = function.__code__
    written = parsed(code)
    if written is None:
        return None
    tree = copy.deepcopy(written)
    arguments = inspect.getargs(code)
    given: set[Any] = {*arguments.args, arguments.varargs}  # the dictionary of ``**kwargs`` is made by the call
    declared = [node for node in ast.walk(tree) if isinstance(node, (ast.Global, ast.Nonlocal))]
    outer = {
        name for node in declared for name in node.names if isinstance(node, ast.Global) or name in code.co_freevars
    }
    local = {*code.co_varnames, *code.co_cellvars} - given
    local -= _aliases(tree, local)
    enclosing = inspect.getclosurevars(function).nonlocals

    def outside(name: str) -> Any:
        return enclosing.get(name, function.__globals__.get(name, builtins.__dict__.get(name)))

    def value_of(chain: ast.expr) -> Any:
        if isinstance(chain, ast.Name):
            return None if chain.id in local or chain.id in given else outside(chain.id)
        owner = value_of(chain.value) if isinstance(chain, ast.Attribute) else None
        return getattr(owner, chain.attr, None) if isinstance(owner, types.ModuleType) or draws(owner) else None

    def known(name: str) -> bool:
        if name in local or name in given:
            return False
        value = outside(name)
        if isinstance(value, types.FunctionType):
            return not is_users(value) and not is_block(value)
        return isinstance(value, (types.ModuleType, type, types.BuiltinFunctionType)) or is_ours(value)

    rewriter = _Rewriter(local, given, outer, known, value_of)
    rewriter.outside = {*enclosing, *function.__globals__} - local - given
    rewriter.blocks = examine(tree)
    rewriter.rewrite(tree)
    if not rewriter.changed:
        return None
    tree.decorator_list = []
    return tree


def _aliases(function: ast.FunctionDef, local: set[str]) -> set[str]:
    """The local names that only ever stand for what is there outside: ``history = self.history``."""
    given: dict[str, bool] = {}
    for part in ast.walk(function):
        if isinstance(part, ast.Assign) and len(part.targets) == 1 and isinstance(part.targets[0], ast.Name):
            root = _root(part.value) if isinstance(part.value, (ast.Name, ast.Attribute)) else None
            name = part.targets[0].id
            given[name] = root is not None and root not in local
    stores: dict[str, int] = {}
    for part in ast.walk(function):
        if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load):
            stores[part.id] = stores.get(part.id, 0) + 1
    return {name for name, alias in given.items() if alias and stores.get(name) == 1 and name in local}


_codes: weakref.WeakKeyDictionary[types.FunctionType, types.CodeType] = weakref.WeakKeyDictionary()


def rewritten_code(function: types.FunctionType) -> types.CodeType:
    """The code of a function with its Python effects under conditions; its own: it has none, or it has no text."""
    code = _codes.get(function)
    if code is None:
        tree = definition(function)
        names = function.__qualname__.split(".")
        owner = names[-2] if len(names) > 1 and names[-2] != "<locals>" else None
        code = function.__code__ if tree is None else compiled(function.__code__, tree, owner)
        _codes[function] = code
    return code


def is_within_rewritten(function: types.FunctionType) -> bool:
    """Whether a call of a rewritten function made it: then it is rewritten already, with what it shares with that call."""
    return f".{REWRITTEN}." in getattr(function.__code__, "co_qualname", function.__qualname__)


def source(function: Callable) -> str:
    """The text of the rewritten function, or of the function itself where nothing is rewritten.

    Raises:
        ValueError: its text is not known.
    """
    inner = inspect.unwrap(function)
    tree = definition(inner) or parsed(inner.__code__)
    if tree is None:
        raise fail(ValueError, "The source code of the function is not known", received=repr(function))
    return ast.unparse(tree) + "\n"
