"""Most functions of ``tf`` are another function under other argument names: tables of signatures, made into real functions.

    define(globals(), FLOATS, {
        "softplus(features, name=None)": ops.softplus,
        "erf(x, name=None)": (torch.erf, "The error function."),
    })

puts a function of each signature into a module. It passes its arguments, without ``name``, on in their order. ``dispatch``
makes it public, so that it takes and returns what the written ones do; its dtypes must agree, as TensorFlow demands.
The signature may say which arguments are tensors (``x: Array``); otherwise the target's annotations do, and of a function
of torch, which has none, all required arguments are.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

import torch

from kerasish.core import dtypes, kernels
from kerasish.core.dispatch import bool_op, strict_op
from kerasish.core.errors import DTypeMismatchError
from kerasish.core.shortcut import Direct

F = TypeVar("F", bound=Callable)

# dtypes that a function takes ------------------------------------------------------------------------------------------


class Kinds(frozenset):
    """A set of torch dtypes that remembers TensorFlow's words for them."""

    words: str

    def __new__(cls, words: str) -> Kinds:
        kinds = super().__new__(cls, (dtypes.to_torch(word) for word in words.split()))
        kinds.words = ", ".join(words.split())
        return kinds


_FLOATS = "bfloat16 half float double"
_SIGNED_INTEGERS = "int8 int16 int32 int64"
_UNSIGNED = "uint8 uint16 uint32 uint64"
_COMPLEX = "complex64 complex128"

FLOATS = Kinds(_FLOATS)
SINGLE = Kinds("float")
SINGLE_OR_DOUBLE = Kinds("float double")
COMPLEX = Kinds(_COMPLEX)
FLOATS_AND_COMPLEX = Kinds(f"{_FLOATS} {_COMPLEX}")
INTEGERS = Kinds(f"{_SIGNED_INTEGERS} {_UNSIGNED}")
SIGNED = Kinds(f"{_FLOATS} {_SIGNED_INTEGERS} {_COMPLEX}")
REALS = Kinds(f"{_FLOATS} {_SIGNED_INTEGERS} {_UNSIGNED}")
NUMBERS = Kinds(f"{_FLOATS} {_SIGNED_INTEGERS} {_UNSIGNED} {_COMPLEX}")
REALS_AND_BOOLS = Kinds(f"{_FLOATS} {_SIGNED_INTEGERS} {_UNSIGNED} bool")
BOOLS = Kinds("bool")
INTEGERS_AND_BOOLS = Kinds(f"{_SIGNED_INTEGERS} {_UNSIGNED} bool")
ANY = Kinds(f"{_FLOATS} {_SIGNED_INTEGERS} {_UNSIGNED} {_COMPLEX} bool float8_e4m3fn float8_e5m2")


def refused(dtype: torch.dtype, kinds: Kinds, name: str) -> DTypeMismatchError:
    """The error for a dtype that an operation does not take, in TensorFlow's words."""
    own = dtypes.as_dtype(dtype).name
    word = kernels.word(own)
    return DTypeMismatchError(
        kernels.refusal(name, word)
        or f"Value for attr 'T' of {word} is not in the list of allowed values: {kinds.words} [Op:{name}]"
    )


def check(x: torch.Tensor, kinds: Kinds, name: str) -> None:
    """Raise ``DTypeMismatchError`` unless the operation takes x's dtype."""
    if x.dtype not in kinds:
        raise refused(x.dtype, kinds, name)


# tables of signatures -------------------------------------------------------------------------------------------------

IGNORED = frozenset(("name",))  # names of nodes in graphs: accepted and without effect, as in TensorFlow's eager mode
_TENSORS = ("Array", "Operand", "Strong", "Arrays", "Index")


def define(namespace: dict[str, Any], kinds: Kinds, table: dict[str, Any]) -> None:
    """Put the functions of a table into a module's namespace.

    Args:
        kinds: the dtypes that the (first) tensor argument may have.
        table: signatures as text; each with its target, or with a pair of target and docstring.
    """
    for signature, target in table.items():
        function, doc = target if isinstance(target, tuple) else (target, inspect.getdoc(target))
        made = _make(signature, getattr(function, "raw", function), kinds, namespace["__name__"])
        made.__doc__ = doc
        made.__module__ = namespace["__name__"]
        namespace[made.__name__] = bool_op(made) if kinds is BOOLS else strict_op(made)


def _make(signature: str, target: Callable, kinds: Kinds, module: str) -> Callable:
    """A function of that signature that checks the dtype and calls ``target``."""
    definition = ast.parse(f"def {signature}: pass").body[0]
    assert isinstance(definition, ast.FunctionDef)
    passed = [argument for argument in definition.args.args if argument.arg not in IGNORED]
    _annotate(definition, passed, target)
    first = next(a.arg for a in passed if _kind(a) in _TENSORS and _kind(a) != "Index")
    arguments = ", ".join(argument.arg for argument in passed)
    every = kinds is ANY
    head = (
        "" if every else f"if {first}.dtype not in _kinds: raise _refused({first}.dtype, _kinds, {definition.name!r})\n"
    )
    definition.body = ast.parse(f"{head}return _target({arguments})").body
    made = _compiled(definition, {"_target": target, "_kinds": kinds, "_refused": refused}, module)
    short = getattr(target, "direct", Direct(target, None, ()))
    made.direct = short._replace(kinds=None if every else kinds, ignored=IGNORED)  # type: ignore[attr-defined]
    on_strings = getattr(target, "strings", None)
    if on_strings is not None:
        definition.body = ast.parse(f"return _target({arguments})").body
        made.strings = _compiled(definition, {"_target": on_strings}, module)  # type: ignore[attr-defined]
    return made


def _kind(argument: ast.arg) -> str:
    return argument.annotation.value if isinstance(argument.annotation, ast.Constant) else ""


def _annotate(definition: ast.FunctionDef, passed: list[ast.arg], target: Callable) -> None:
    """Say of each argument, as text, whether it is a tensor: from the table, the target's annotations, or by default."""
    try:
        annotations = [str(p.annotation) for p in inspect.signature(target).parameters.values()]
    except (ValueError, TypeError):  # functions of torch that are written in C
        annotations = []
    theirs = [annotation.removesuffix(" | None") for annotation in annotations]
    known = any(annotation in _TENSORS for annotation in theirs)
    required = len(definition.args.args) - len(definition.args.defaults)
    for i, argument in enumerate(passed):
        if argument.annotation is not None:
            kind = ast.unparse(argument.annotation)
        elif known:
            kind = theirs[i] if i < len(theirs) else ""
        else:
            kind = "Array" if i < required else ""
        argument.annotation = ast.Constant(kind if kind in _TENSORS else "Any")


def _compiled(definition: ast.FunctionDef, names: dict[str, Any], module: str) -> Callable:
    tree = ast.fix_missing_locations(ast.Module([definition], type_ignores=[]))
    scope = {**dtypes.BY_NAME, **names}
    exec(compile(tree, f"<{module}.{definition.name}, from a table>", "exec", dont_inherit=True), scope)
    return scope[definition.name]
