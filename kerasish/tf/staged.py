"""What TensorFlow demands of conditions and loops on tensors while it traces them, found while they run.

Both branches of a condition must give the names that are used afterwards, of one dtype and structure; a loop's names keep
theirs. Here only the branch that is taken runs. What the other one would give is known where it leaves a name alone or gives
it a constant, and else is not judged. ``liveness`` tells which names these are.
"""

from __future__ import annotations

import ast
import types
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import numpy as np
import torch

from kerasish.core import tree
from kerasish.core.context import scope
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.tensor import Tensor, convert
from kerasish.core.variable import Variable
from kerasish.tf.liveness import RESULT, Block

_BRANCHES = ("main", "else")
_UNKNOWN: Any = object()
_NUMBERS = (bool, int, float, complex, str, bytes, np.ndarray, np.generic)
_PURE = (
    ast.Attribute,
    ast.BinOp,
    ast.Compare,
    ast.Constant,
    ast.Dict,
    ast.List,
    ast.Tuple,
    ast.UnaryOp,
    ast.cmpop,
    ast.expr_context,
    ast.keyword,
    ast.operator,
    ast.unaryop,
)
_DOING = (
    "random",
    "print",
    "summary",
    "function",
    "io.",
    "debugging",
    "map",
    "while",
    "cond",
    "scan",
    "fold",
    "raw_ops",
)
_PLAIN_CALLS = frozenset(("constant", "eye", "fill", "ones", "zeros"))


class Staged:
    """A condition or loop; ``tracing`` makes them.

    Attributes:
        on: it is one on tensors.
        has_invariants: shapes of what a loop hands on were stated.
    """

    __slots__ = ("_block", "_held", "_taken", "has_invariants", "on")

    on: bool
    has_invariants: bool
    _block: Block | None
    _held: dict[str, Any] | None  # in traced calls: the names' values before it

    # conditions

    def decide(self, value: Any, block: Block, frame: types.FrameType, around: Any) -> bool:
        """Which branch of a condition on a tensor runs, in a traced call: with what tracing would have raised.

        Args:
            frame: of the function.
            around: the loop that its branches may end.

        Raises:
            ValueError: the condition is no truth value, or a branch does not give a name, or None.
            TypeError: the branches give different dtypes.
            NotImplementedError: a branch ends a loop of Python's.
        """
        self.on, self._block = True, block
        _check_condition(value, "if statement")
        truth = bool(value)
        known = frame.f_locals
        for which, label in enumerate(_BRANCHES):
            if block.raises[which]:
                return which == 0  # graphs have both branches: this one raises in any case
            for name in block.names:
                if name in known or (name in block.branches[which] and not self._lacks(name, block, which, frame)):
                    continue
                if name == RESULT:
                    raise ValueError(f"the {label} branch must also have a return statement.")
                raise ValueError(f"'{name}' must also be initialized in the {label} branch")
        if RESULT in block.names:
            _check_branches(RESULT, *(_last_value(block, which, RESULT, frame) for which in (0, 1)))
        if around is not None and block.leaves and not around.on:
            raise NotImplementedError(
                "break and return statements which depend on a TF condition are not supported in Python for loops. Did you "
                "intend to make it a TF loop?"
                if around.is_for
                else "The condition of while loop started as non-Tensor, then changed to Tensor. A break or return statement "
                "inside the loop depends on a Tensor condition."
            )
        self._taken = 0 if truth else 1
        self._held = {name: known[name] for name in block.names if name in known}
        other = 1 - self._taken
        for name in block.branches[other].intersection(block.names):
            self._held[name] = _last_value(block, other, name, frame)
        return truth

    @staticmethod
    def _lacks(name: str, block: Block, which: int, frame: types.FrameType) -> bool:
        """Whether a branch that is another condition on a tensor (``elif``) does not give a name in one of its branches."""
        inner = block.inner[which]
        if inner is None:
            return False
        test, branches = inner
        if all(name in branch for branch in branches):
            return False
        try:
            value = eval(test, _names(test.co_names, frame))
        except Exception:  # its names have no values yet, or it cannot be computed
            return False
        return isinstance(value, (Tensor, Variable))

    def value(self, name: str, value: Any) -> Any:
        """What a condition or loop hands on under a name: Python's numbers as tensors.

        Raises:
            TypeError, ValueError: the other branch gives something else; see ``decide``.
        """
        if self._held is not None and not self.repeats:  # type: ignore[attr-defined]
            other = 1 - self._taken
            its = self._held.get(name, _UNKNOWN)
            _check_branches(name, *((value, its) if other else (its, value)))
        return value if type(value) is Tensor else as_tensors(value)

    # loops

    def begin(self, block: Block, frame: types.FrameType, traced: bool, test: Any = None, rounds: int = 0) -> None:
        """A loop on tensors begins.

        Args:
            test: of a ``while``.
            rounds: that it has had while its test was no tensor.

        Raises:
            NotImplementedError: it returns from the function, or was one of Python's first.
            ValueError: the test is no truth value.
        """
        self.on, self._block = True, block
        if not traced:
            return
        if rounds:
            raise NotImplementedError(
                "The condition of while loop started as non-Tensor, then changed to Tensor. This may happen because "
                "variables changed type."
            )
        if test is not None:
            _check_condition(test, "while loop")
        if block.returns:
            raise NotImplementedError(
                "a return statement cannot be placed inside this TensorFlow loop; this may happen if a return statement "
                "depends on a static Python condition such as a hyperparameter"
            )
        known = frame.f_locals
        self._held = {name: known[name] for name in block.names if name in known}

    def check_round(self, frame: types.FrameType) -> None:
        """After the first round: what it hands on must be of the kinds that came in.

        Raises:
            TypeError: of other dtypes or structures.
            ValueError: None, or of another shape.
        """
        held, self._held = self._held, None
        known = frame.f_locals
        for name in self._block.names if held is not None else ():  # type: ignore[union-attr]
            before, after = held.get(name), known.get(name, _UNKNOWN)  # type: ignore[union-attr]
            if before is None or after is _UNKNOWN:
                continue
            if after is None:
                raise ValueError(f"'{name}' is None at the end of the iteration.")
            _same_structure(before, after, f"'{name}' does not have the same nested structure after one iteration.")
            own = self._block.entries.get(name)  # type: ignore[union-attr]
            for first, last in zip(tree.flatten(before), tree.flatten(after)):
                _check_kept(name, first, last, own is not None and not self.has_invariants and _is_plain(own))

    def last(self, name: str, value: Any) -> Any:
        """What a loop hands on under a name in the end.

        Raises:
            InvalidArgumentError: None, since it had no round that would have given it a value.
        """
        return self.missing(name) if value is None and not self._rounds_done() else self.value(name, value)

    def missing(self, name: str) -> Any:
        """What a name without a value stands for after a loop: a ``for`` that had no round gives zeros.

        Raises:
            InvalidArgumentError: the loop had no round, in which it would have been given one.
            ValueError: it had rounds.
        """
        if self._rounds_done():
            raise ValueError(f"'{name}' must be defined before the loop")
        if name == self._block.target and (zeros := self.first_zeros()) is not None:  # type: ignore
            return zeros
        raise InvalidArgumentError(f"loop must iterate at least once to initialize {name}")

    def _rounds_done(self) -> bool:
        return self._done > (0 if self.is_for else 1)  # type: ignore[attr-defined]

    def result(self, value: Any) -> Any:
        """What a branch returns."""
        return as_tensors(value) if self.on else value


def as_tensors(value: Any) -> Any:
    """Python's and NumPy's numbers and texts as tensors, in lists, tuples and dictionaries too."""
    if isinstance(value, _NUMBERS):
        return convert(value)
    if isinstance(value, (list, tuple, dict)) and any(isinstance(x, _NUMBERS) for x in tree.flatten(value)):
        return tree.map_structure(lambda x: convert(x) if isinstance(x, _NUMBERS) else x, value)
    return value


def _check_condition(value: Any, what: str) -> None:
    sizes = [size for size in value.shape if size is not None]
    if value.dtype.name == "bool" and int(np.prod(sizes)) <= 1:
        return
    cast = "to use as boolean Tensor, use `tf.cast`; " if value.dtype.name != "bool" else ""
    raise ValueError(
        f"condition of {what} expected to be `tf.bool` scalar, got {value}; {cast}to check for None, use `is not None`"
    )


def _constant(expression: ast.expr | None) -> Any:
    """What a constant stands for."""
    if isinstance(expression, ast.UnaryOp) and isinstance(expression.op, ast.USub):
        inner = _constant(expression.operand)
        return -inner if isinstance(inner, (int, float)) else _UNKNOWN
    return expression.value if isinstance(expression, ast.Constant) else _UNKNOWN


def _last_value(block: Block, which: int, name: str, frame: types.FrameType) -> Any:
    """What a branch gives a name at last, if that takes no more than to compute with what is there before the branch."""
    return _value_of(block.last[which].get(name), block, which, frame)


def _value_of(expression: ast.expr | None, block: Block, which: int, frame: types.FrameType) -> Any:
    if isinstance(expression, ast.Tuple) and not any(isinstance(x, ast.Starred) for x in expression.elts):
        return tuple(_value_of(x, block, which, frame) for x in expression.elts)
    if isinstance(expression, ast.Name) and expression.id in block.branches[which]:
        own = block.last[which].get(expression.id)  # itself given by the branch, in one step
        return _UNKNOWN if own is None or isinstance(own, ast.Name) else _value_of(own, block, which, frame)
    value = _constant(expression)
    if value is not _UNKNOWN or expression is None or not _is_pure(expression, block.branches[which], frame):
        return value
    try:
        code = compile(ast.Expression(expression), "<branch>", "eval")
        with scope(overlay={}, recording=0, tapes=()), torch.no_grad():
            return eval(code, _names(code.co_names, frame))
    except Exception:  # it is not run here
        return _UNKNOWN


def _is_pure(expression: ast.expr, assigned: frozenset[str], frame: types.FrameType) -> bool:
    """Whether an expression only computes, by operators and functions of ours, with values that its branch leaves alone."""
    for part in ast.walk(expression):
        if isinstance(part, ast.Name):
            if part.id in assigned:
                return False
        elif isinstance(part, ast.Call):
            function = _function(part.func, frame)
            module = (getattr(function, "__module__", None) or "").partition(".")[0]
            if not isinstance(function, types.FunctionType) or module != "kerasish" or not _computes(part.func):
                return False
        elif not isinstance(part, _PURE):
            return False
    return True


def _names(names: Iterable[str], frame: types.FrameType) -> dict[str, Any]:
    """What names stand for in a function that runs."""
    found, known = {}, frame.f_locals
    for name in names:
        if name in known:
            found[name] = known[name]
            continue
        with suppress(KeyError):
            found[name] = frame.f_globals[name]  # a trace's own dictionary, which looks up what it has not got
    return found


def _function(chain: ast.expr, frame: types.FrameType) -> Any:
    """What a chain of attributes in a module stands for."""
    if isinstance(chain, ast.Name):
        found = _names((chain.id,), frame).get(chain.id)
        return found if isinstance(found, types.ModuleType) else None
    owner = _function(chain.value, frame) if isinstance(chain, ast.Attribute) else None
    return None if owner is None else getattr(owner, chain.attr, None)  # type: ignore[attr-defined]


def _computes(chain: ast.expr) -> bool:
    text = ast.unparse(chain)
    return not any(word in text for word in _DOING)


def _is_plain(expression: ast.expr) -> bool:
    """Whether an expression makes a tensor of constants alone: a graph knows its shape."""
    if isinstance(expression, ast.Call):
        function, arguments = expression.func, [*expression.args, *(k.value for k in expression.keywords)]
        return isinstance(function, ast.Attribute) and function.attr in _PLAIN_CALLS and all(map(_is_plain, arguments))
    if isinstance(expression, (ast.List, ast.Tuple)):
        return all(map(_is_plain, expression.elts))
    if isinstance(expression, ast.Attribute):  # a dtype
        return isinstance(expression.value, ast.Name) and expression.value.id == "tf"
    return _constant(expression) is not _UNKNOWN


def _kind(value: Any) -> Any:
    """A value as a tensor; None if it is none."""
    if isinstance(value, _NUMBERS):
        return convert(value)
    return value if isinstance(value, (Tensor, Variable)) else None


def _check_branches(name: str, main: Any, other: Any) -> None:
    for label, value in zip(_BRANCHES, (main, other)):
        if value is None:
            raise ValueError(f"'{name}' is None at the end of the {label} branch.")
    if main is _UNKNOWN or other is _UNKNOWN:
        return
    unknown = any(x is _UNKNOWN for x in tree.flatten((main, other)))
    if unknown and not (_is_flat(main) and _is_flat(other)):
        return  # what is not known may be a structure
    _same_structure(main, other, f"'{name}' must have the same nested structure in the main and else branches:")
    for first, second in zip(tree.flatten(main), tree.flatten(other)):
        first, second = _kind(first), _kind(second)
        if first is not None and second is not None and first.dtype != second.dtype:
            raise TypeError(
                f"'{name}' has dtype {first.dtype.name} in the main branch, but dtype {second.dtype.name} in the else branch"
            )


def _is_flat(value: Any) -> bool:
    """Whether it is one value, or a tuple of such."""
    return not tree.is_nested(value) or (isinstance(value, tuple) and not any(map(tree.is_nested, value)))


def _check_kept(name: str, first: Any, last: Any, shape_is_known: bool) -> None:
    first, last = _kind(first), _kind(last)
    if first is None or last is None:
        return
    if first.dtype != last.dtype:
        raise TypeError(
            f"'{name}' has dtype {first.dtype.name} before the loop, but dtype {last.dtype.name} after one iteration"
        )
    if shape_is_known and tuple(first.shape) != tuple(last.shape):
        raise ValueError(
            f"'{name}' has shape {first.shape} before the loop, but shape {last.shape} after one iteration. Use "
            "tf.autograph.experimental.set_loop_options to set shape invariants."
        )


def _same_structure(first: Any, second: Any, what: str) -> None:
    if not (tree.is_nested(first) or tree.is_nested(second)):
        return
    blank: Callable = lambda x: 0  # noqa: E731
    try:
        tree.assert_same_structure(tree.map_structure(blank, first), tree.map_structure(blank, second))
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"{what}\n\nThe two structures don't have the same nested structure.\n\nFirst structure: {first}\n\nSecond "
            f"structure: {second}\n\n{error}"
        ) from None
