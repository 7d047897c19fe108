"""The texts of functions as syntax trees, and code from rewritten trees."""

from __future__ import annotations
import __future__

import ast
import functools
import inspect
import linecache
import textwrap
import types

NAME = "__effects__"  # the free variable by which rewritten functions reach their trace
REWRITTEN = "__rewritten__"  # a definition's name while it is compiled: its own may be one that it reads


@functools.lru_cache(maxsize=1024)
def parsed(code: types.CodeType) -> ast.FunctionDef | None:
    """The definition that a code object comes from, with the file's line numbers; None if there is no text of it."""
    if code.co_name == "<lambda>":
        return _parsed_lambda(code)
    try:
        lines, first = inspect.getsourcelines(code)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError, IndentationError, ValueError):
        return None
    definition = tree.body[0] if len(tree.body) == 1 else None
    if not isinstance(definition, ast.FunctionDef) or definition.name != code.co_name:
        return None  # a coroutine
    ast.increment_lineno(tree, first - 1)
    return definition


def _parsed_lambda(code: types.CodeType) -> ast.FunctionDef | None:
    """The definition of a function that does what a lambda does; the place of its result in the text tells which one."""
    if not hasattr(code, "co_positions"):  # before Python 3.11
        return None
    places = {place for place in code.co_positions() if None not in place}
    for node in _lambdas("".join(linecache.getlines(code.co_filename))).get(code.co_firstlineno, ()):
        body = node.body
        if (body.lineno, body.end_lineno, body.col_offset, body.end_col_offset) in places:
            result = ast.copy_location(ast.Return(body), body)
            made = ast.FunctionDef(name="_", args=node.args, body=[result], decorator_list=[])
            return ast.copy_location(made, node)
    return None


@functools.lru_cache(maxsize=8)
def _lambdas(text: str) -> dict[int, list[ast.Lambda]]:
    """The lambdas of a file, by the lines on which they begin."""
    found: dict[int, list[ast.Lambda]] = {}
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):  # it is no Python, or has changed
        return found
    for node in ast.walk(tree):
        if isinstance(node, ast.Lambda):
            found.setdefault(node.lineno, []).append(node)
    return found


def compiled(function_code: types.CodeType, tree: ast.FunctionDef, owner: str | None) -> types.CodeType:
    """The code of a rewritten definition, with the free variables of the original one."""
    tree.name = REWRITTEN
    tree.args.defaults = [ast.Constant(None) for _ in tree.args.defaults]
    tree.args.kw_defaults = [None if default is None else ast.Constant(None) for default in tree.args.kw_defaults]
    inner: ast.stmt = tree
    if owner is not None:  # in a class: its private names, and super()
        inner = ast.ClassDef(name=owner, bases=[], keywords=[], body=[tree], decorator_list=[])
    names = [NAME, *(name for name in function_code.co_freevars if name != "__class__" or owner is None)]
    body: list[ast.stmt] = [ast.Assign([ast.Name(name, ast.Store())], ast.Constant(None)) for name in names]
    if owner is not None and owner not in names:  # what the function says of its own class is the global one
        body.append(ast.Global([owner]))
    empty = ast.parse("def outer(): pass").body[0]
    if owner is not None and owner not in function_code.co_freevars:  # its name stays what it was: the module's
        body.insert(0, ast.Global([owner]))  # type: ignore[arg-type]
    empty.body = [*body, inner]  # type: ignore[attr-defined]
    module = ast.fix_missing_locations(ast.Module([empty], []))
    code = compile(module, function_code.co_filename, "exec", dont_inherit=True, flags=_future(function_code))
    for name in ("outer", *([owner] if owner else []), REWRITTEN):
        code = next(c for c in code.co_consts if isinstance(c, types.CodeType) and c.co_name == name)
    return code.replace(co_name=function_code.co_name, co_qualname=function_code.co_qualname)


def _future(code: types.CodeType) -> int:
    return code.co_flags & __future__.annotations.compiler_flag


# parts of syntax trees -------------------------------------------------------------------------------------------------


def parts(target: ast.expr) -> list[ast.expr]:
    """The places that an assignment's target has."""
    if isinstance(target, (ast.Tuple, ast.List)):
        return [part for inner in target.elts for part in parts(inner)]
    return parts(target.value) if isinstance(target, ast.Starred) else [target]


def loaded(target: ast.expr) -> ast.expr:
    """An assignment's target as an expression."""
    text = ast.unparse(target)
    return ast.copy_location(ast.parse(text, mode="eval").body, target)


def is_of_super(function: ast.expr) -> bool:
    """Whether it is ``super().name``."""
    owner = function.value if isinstance(function, ast.Attribute) else None
    return isinstance(owner, ast.Call) and isinstance(owner.func, ast.Name) and owner.func.id == "super"
