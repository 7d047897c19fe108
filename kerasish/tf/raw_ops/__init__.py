"""``tf.raw_ops``: TensorFlow's operations under their own names, with keyword arguments only.

``table.ROWS`` says of each which public function computes it. The functions are made when they are first asked for. Arguments
that only tell TensorFlow's kernels how to compute (``use_cudnn_on_gpu``, ``grad_a``, ``validate_indices``) change nothing, as
on its CPU.
"""

from __future__ import annotations

import ast
import collections
import functools
import typing
from collections.abc import Callable

from kerasish import tf
from kerasish.core import dtypes
from kerasish.core.errors import NotServedError, missing_name
from kerasish.tf.raw_ops import composites, computed, draws, others, pictures, states, variables
from kerasish.tf.raw_ops.table import PRIVATE, ROWS, python_name

_MODULES = (composites, computed, draws, others, pictures, states, variables)


def _function(signature: str, expression: str) -> Callable:
    """The function of a row of the table."""
    name, _, arguments = signature.partition("(")
    own = python_name(name)
    own = f"_{own}" if name in PRIVATE else own
    arguments = arguments.removesuffix(")")
    definition = ast.parse(f"def {own}({arguments}{', ' if arguments else ''}name=None): pass").body[0]
    assert isinstance(definition, ast.FunctionDef)
    *passed, _ = keys = [argument.arg for argument in definition.args.args]
    names, _, call = expression.rpartition(" = ") if " = " in expression.partition("(")[0] else ("", "", expression)
    if not call.endswith(("]", ")")):  # a function that takes the same arguments in the same order
        call = f"{call}({', '.join(passed)})"
    definition.body = ast.parse(f"return _Results(*{call})" if names else f"return {call}").body
    tree = ast.fix_missing_locations(ast.Module([definition], type_ignores=[]))
    scope = {**dtypes.BY_NAME, "tf": tf}
    scope |= {module.__name__.rpartition(".")[2]: module for module in _MODULES}
    if names:
        scope["_Results"] = collections.namedtuple(name, names.split(", "))  # type: ignore[misc]
    exec(compile(tree, f"<tf.raw_ops.{name}, from a table>", "exec", dont_inherit=True), scope)
    function = scope[own]

    @functools.wraps(function)
    def of_keywords(*args: typing.Any, **kwargs: typing.Any) -> typing.Any:
        if args:
            raise TypeError(
                f"{own} only takes keyword args (possible keys: {keys}). Please pass these args as kwargs instead."
            )
        return function(**kwargs)

    of_keywords.__module__ = __name__
    of_keywords.__doc__ = f"TensorFlow's operation {name}: {expression}."
    return of_keywords


def __getattr__(name: str) -> typing.Any:
    if name not in ROWS and f"Resource{name}" in ROWS:
        raise NotServedError(
            f"'tf.raw_ops.{name}' changes references of TensorFlow 1's graphs, which are not served by kerasish. Use "
            f"'tf.raw_ops.Resource{name}' with `variable.handle` instead."
        )
    if name not in ROWS:
        raise missing_name(__name__, name, ROWS)
    globals()[name] = made = _function(*ROWS[name])
    return made


def __dir__() -> list[str]:
    return sorted(ROWS)
