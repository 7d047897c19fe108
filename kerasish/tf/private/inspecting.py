"""``tensorflow.python.util.tf_inspect`` and ``function_utils``: Python's ``inspect`` through TensorFlow's decorators."""

from __future__ import annotations

import functools
import inspect
from inspect import (
    FullArgSpec,
    Parameter,
    Signature,
    currentframe,
    getframeinfo,
    getmembers,
    getmodule,
    getmro,
    isbuiltin,
    isclass,
    isframe,
    isfunction,
    isgenerator,
    isgeneratorfunction,
    ismethod,
    ismodule,
    isroutine,
    stack,
)
from typing import Any, NamedTuple

from kerasish.tf.function import Function
from kerasish.tf.private.decorators import unwrap

_inspect = inspect


class ArgSpec(NamedTuple):
    """Names of parameters, of ``*args`` and ``**kwargs``, and defaults."""

    args: list[str]
    varargs: str | None
    keywords: str | None
    defaults: tuple | None


def signature(obj: Any, *, follow_wrapped: bool = True) -> Signature:
    """The signature of a function, or what a decorator says it is."""
    return inspect.signature(obj, follow_wrapped=follow_wrapped)


def getfullargspec(obj: Any) -> FullArgSpec:
    """The parameters of the innermost function, or of the outermost decorator that states them."""
    decorators, target = unwrap(obj)
    for decorator in decorators:
        if decorator.decorator_argspec is not None:
            return decorator.decorator_argspec
    if isinstance(target, Function):
        return inspect.getfullargspec(target.python_function)  # of a method with its ``self``
    if not (getattr(target, "__module__", None) or "").startswith("kerasish."):
        return inspect.getfullargspec(target)
    if inspect.isfunction(target):
        target = inspect.unwrap(target)
    return inspect.getfullargspec(target)._replace(annotations={})  # ours are not TensorFlow's


def getargspec(obj: Any) -> ArgSpec:
    """The same, without parameters that are keywords only."""
    found = getfullargspec(obj)
    return ArgSpec(found.args, found.varargs, found.varkw, found.defaults)


def getcallargs(*func_and_positional: Any, **named: Any) -> dict[str, Any]:
    """The arguments of a call, by parameter's name."""
    function, *positional = func_and_positional
    spec = getfullargspec(function)
    given = dict(zip(reversed(spec.args), reversed(spec.defaults or ())))
    given |= dict(spec.kwonlydefaults or {})
    if inspect.ismethod(function):
        positional.insert(0, function.__self__)
    given.update(zip(spec.args, positional))
    given.update(named)
    return given


def getdoc(object: Any) -> str | None:  # noqa: A002 - TensorFlow's name
    """The docstring of the innermost function."""
    return inspect.getdoc(object)


def _inner(object: Any) -> Any:  # noqa: A002
    return unwrap(object)[1]


def getfile(object: Any) -> str:  # noqa: A002
    """The file of the innermost function."""
    return inspect.getfile(_inner(object))


def getsource(object: Any) -> str:  # noqa: A002
    """The source text of the innermost function."""
    return inspect.getsource(_inner(object))


def getsourcefile(object: Any) -> str | None:  # noqa: A002
    """The source file of the innermost function."""
    return inspect.getsourcefile(_inner(object))


def getsourcelines(object: Any) -> tuple[list[str], int]:  # noqa: A002
    """The source lines of the innermost function, and the number of the first."""
    return inspect.getsourcelines(_inner(object))


def isanytargetmethod(object: Any) -> bool:  # noqa: A002
    """Whether the function, or one below its decorators, is a bound method."""
    decorators, target = unwrap(object)
    return any(inspect.ismethod(found) for found in (target, *(d.decorated_target for d in decorators)))


def fn_args(fn: Any) -> tuple[str, ...]:
    """The names of the arguments that a function takes by position; of what a ``functools.partial`` leaves open."""
    if isinstance(fn, functools.partial):
        left = fn_args(fn.func)[len(fn.args) :]
        return tuple(name for name in left if name not in fn.keywords)
    called = fn if inspect.isroutine(unwrap(fn)[1]) or inspect.isclass(fn) else fn.__call__
    names = getfullargspec(called).args
    return tuple(names[1:] if isanytargetmethod(called) else names)


__all__ = [
    "ArgSpec",
    "FullArgSpec",
    "Parameter",
    "Signature",
    "_inspect",
    "currentframe",
    "fn_args",
    "getargspec",
    "getcallargs",
    "getdoc",
    "getfile",
    "getframeinfo",
    "getfullargspec",
    "getmembers",
    "getmodule",
    "getmro",
    "getsource",
    "getsourcefile",
    "getsourcelines",
    "isanytargetmethod",
    "isbuiltin",
    "isclass",
    "isframe",
    "isfunction",
    "isgenerator",
    "isgeneratorfunction",
    "ismethod",
    "ismodule",
    "isroutine",
    "signature",
    "stack",
]
