"""Which users' functions do nothing but tensor operations: those may run on many elements at once.

A function is plain if all that its code can reach is harmless: tensor operations of this library without randomness, numbers,
dtypes, other plain functions. Then it has no effects (nothing is printed, counted, drawn or read from a file), and what it
gives depends on its arguments only. The bytecode is read, never guessed at: whatever is not known makes a function not plain.
"""

from __future__ import annotations

import builtins
import dis
import functools
import types
from typing import Any

import numpy as np
import torch

from kerasish.core.dtypes import DType
from kerasish.core.shape import TensorShape
from kerasish.core.tensor import Tensor

_OPERATIONS = {
    "kerasish.tf.arrays", "kerasish.tf.bitwise", "kerasish.tf.clipping", "kerasish.tf.creation", "kerasish.tf.crossentropy",
    "kerasish.tf.diagonals", "kerasish.tf.indexing", "kerasish.tf.linalg.functions", "kerasish.tf.math", "kerasish.tf.nn",
    "kerasish.tf.reductions", "kerasish.tf.segments", "kerasish.tf.special", "kerasish.tf.tiling", "kerasish.tf.windows",
    "kerasish.ops.array", "kerasish.ops.conv", "kerasish.ops.create", "kerasish.ops.crossentropy", "kerasish.ops.grid",
    "kerasish.ops.index", "kerasish.ops.linalg", "kerasish.ops.logic", "kerasish.ops.math", "kerasish.ops.nn",
    "kerasish.ops.normalization", "kerasish.ops.pool", "kerasish.ops.reduce", "kerasish.ops.sorting",
    "kerasish.ops.special",
}  # fmt: skip
_OTHERS = {"dropout", "get_static_value"}  # of these modules: random, or else for what they see without values
_BUILTINS = (
    abs, bool, dict, enumerate, float, int, len, list, max, min, pow, range, reversed, round, slice, sum, tuple, zip
)  # fmt: skip
# of values that the function is given or makes; attributes that change lists count as writes
_ATTRIBUTES = {
    "T",
    "as_list",
    "dtype",
    "get",
    "get_shape",
    "items",
    "keys",
    "max",
    "min",
    "ndim",
    "rank",
    "shape",
    "values",
}
_WRITES = {"append", "extend", "insert", "pop", "update"}

_READS = {"LOAD_CLASSDEREF", "LOAD_DEREF", "LOAD_GLOBAL"}
_MEMBERS = {"LOAD_ATTR", "LOAD_METHOD"}
_STEPS = {
    "BUILD_CONST_KEY_MAP", "BUILD_LIST", "BUILD_MAP", "BUILD_SLICE", "BUILD_TUPLE", "CALL", "CALL_FUNCTION",
    "CALL_FUNCTION_EX", "CALL_FUNCTION_KW", "CALL_KW", "CALL_METHOD", "COMPARE_OP", "CONTAINS_OP", "COPY",
    "COPY_FREE_VARS", "DELETE_FAST", "DICT_MERGE", "DICT_UPDATE", "DUP_TOP", "DUP_TOP_TWO", "END_FOR", "EXTENDED_ARG",
    "FOR_ITER", "GET_ITER", "GET_LEN", "IS_OP", "KW_NAMES", "LIST_APPEND", "LIST_EXTEND", "LIST_TO_TUPLE", "LOAD_CONST",
    "LOAD_SMALL_INT", "MAP_ADD", "NOP", "NOT_TAKEN", "POP_ITER", "POP_TOP", "PRECALL", "PUSH_NULL", "RESUME", "RETURN_CONST",
    "RETURN_VALUE", "ROT_FOUR", "ROT_N", "ROT_THREE", "ROT_TWO", "SWAP", "TO_BOOL", "UNPACK_EX", "UNPACK_SEQUENCE",
}  # fmt: skip
_STEP_KINDS = ("BINARY_", "JUMP_", "LOAD_FAST", "POP_JUMP_", "STORE_FAST", "UNARY_")
_WRITING_STEPS = ("INPLACE_", "STORE_SUBSCR")


def is_plain(function: Any) -> bool:
    """Whether a function does nothing but tensor operations, as things are now."""
    return _is_plain(function, set())


def _is_plain(function: Any, seen: set) -> bool:
    function = getattr(function, "python_function", function)  # of tf.function
    if type(function) is not types.FunctionType:
        return False
    if function in seen:  # it is being looked at
        return True
    seen.add(function)
    if _is_operation(function):
        return True
    defaults = (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values())
    if function.__code__.co_flags & _GENERATES or getattr(function.__code__, "co_exceptiontable", b""):
        return False
    try:
        reached, writes = _reach(function)
    except _NotPlainError:
        return False
    values = [*defaults, *reached]
    if writes and any(isinstance(value, (list, dict, np.ndarray, torch.Tensor)) for value in values):
        return False  # it may be what is written to
    return all(_is_harmless(value, seen) for value in values)


_GENERATES = 0x20 | 0x80 | 0x100 | 0x200  # generators and coroutines: inspect.CO_*


def _is_operation(function: types.FunctionType) -> bool:
    module = function.__module__
    if module == "kerasish.ops":  # where the public ones say that they are
        module = getattr(getattr(function, "raw", None), "__module__", None)
    return module in _OPERATIONS and function.__name__ not in _OTHERS


def _is_harmless(value: Any, seen: set) -> bool:
    if value is None or value is Ellipsis:
        return True
    if isinstance(value, (bool, int, float, complex, str, bytes, np.generic, DType, torch.dtype, TensorShape)):
        return True
    if isinstance(value, (tuple, list)):
        return all(_is_harmless(part, seen) for part in value)
    if isinstance(value, dict):
        return all(_is_harmless(part, seen) for part in value.values())
    if isinstance(value, np.ndarray):
        return value.dtype != object
    if type(value) in (Tensor, torch.Tensor):
        return not value.requires_grad if type(value) is torch.Tensor else not value._t.requires_grad
    if any(value is known for known in _BUILTINS) or (isinstance(value, type) and issubclass(value, np.generic)):
        return True
    return _is_plain(value, seen)


class _NotPlainError(Exception):
    """The code does something that is not known to be harmless."""


def _reach(function: types.FunctionType) -> tuple[list, bool]:
    """The values from outside that a function's code uses, and whether it writes to anything but its own names."""
    read = _reads(function.__code__)
    if read is None:
        raise _NotPlainError
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or ()))
    reached = []
    for is_global, name, members in read[0]:
        value = _global(function, name) if is_global else _cell(cells, name)
        for member in members:
            value = _member(value, member)
        reached.append(value)
    return reached, read[1]


@functools.lru_cache(256)
def _reads(code: types.CodeType) -> tuple[list, bool] | None:
    """What code reads from outside: (is it a global name?, name, members of it); and whether it writes.

    None if there is a step that is not known to be harmless.
    """
    reads: list[tuple[bool, str, list]] = []
    writes = follows = False  # follows: the value read last is on top, a member would be its
    for step in dis.get_instructions(code):
        name = step.opname
        if name in _MEMBERS and follows:
            reads[-1][2].append(step.argval)
            continue
        follows = name in _READS
        if follows:
            reads.append((name == "LOAD_GLOBAL", step.argval, []))
        elif name in _MEMBERS:
            if step.argval not in _ATTRIBUTES and step.argval not in _WRITES:
                return None
            writes = writes or step.argval in _WRITES
        elif name.startswith(_WRITING_STEPS) or (name == "BINARY_OP" and step.argrepr.endswith("=")):
            writes = True
        elif not (name in _STEPS or name.startswith(_STEP_KINDS) or _is_conversion(step)):
            return None
    return reads, writes


def _is_conversion(step: dis.Instruction) -> bool:
    return step.opname == "CALL_INTRINSIC_1" and step.argrepr in ("INTRINSIC_LIST_TO_TUPLE", "INTRINSIC_UNARY_POSITIVE")


def _global(function: types.FunctionType, name: str) -> Any:
    try:
        return function.__globals__[name] if name in function.__globals__ else getattr(builtins, name)
    except AttributeError:
        raise _NotPlainError(name) from None


def _cell(cells: dict, name: str) -> Any:
    try:
        return cells[name].cell_contents
    except (KeyError, ValueError):
        raise _NotPlainError(name) from None


def _member(value: Any, name: str) -> Any:
    """A module's member, or a number that a dtype tells."""
    if isinstance(value, (types.ModuleType, DType)) and not name.startswith("_"):
        try:
            return getattr(value, name)
        except AttributeError:
            raise _NotPlainError(name) from None
    raise _NotPlainError(name)
