"""The short way through an operation: a function made for the shape of its signature.

``dispatch`` serves every argument that users give: symbolic tensors, strings, arrays, lists, other dtypes. Nearly all calls
give Tensors of one dtype, and then finding that out costs more than a small tensor's arithmetic. So each operation gets, in
front, a function with its own signature that looks at each tensor argument once, in straight lines. That of
``maximum(x: Array, y: Operand, name=None)`` reads:

    def maximum(x, y, name=None):
        reads = None
        try:
            kind = type(x)
            if kind is Tensor:
                t0 = x._t
                if t0.requires_grad and x._recording != local.recording: t0 = live(x)
            elif ...                                    # torch's tensors, variables
            else: return general((x, y, name))
            ...                                         # the same for y, which has to have the dtype of x
            out = function(t0, t1, name)
            if reads is not None: out = settle_views(reads, out)
            if type(out) is Torch: return Tensor(out, local.recording) if out.requires_grad else Tensor(out)
            return wrap(out)
        except NotImplementedError: return general((x, y, name))
        except (RuntimeError, IndexError) as error: raise translate(error, name_of_op) from error

Python compiles such a text once for each sequence of kinds of parameters; functions share it under their own names.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence

_KINDS = {"Array": "A", "Operand": "O", "Arrays": "S", "Index": "I"}


def kinds_of(signature: inspect.Signature) -> str | None:
    """A letter for each parameter: A, O, I or S as annotated, small if it may be None, "-" for other ones.

    None: it has parameters of a sort that the short way does not serve.
    """
    letters: list[str] = []
    for parameter in signature.parameters.values():
        if parameter.kind is not parameter.POSITIONAL_OR_KEYWORD:
            return None
        annotation = str(parameter.annotation)
        letter = _KINDS.get(annotation.removesuffix(" | None"), "-")
        letters.append(letter.lower() if annotation.endswith("| None") else letter)
    group = [i for i, letter in enumerate(letters) if letter in "AOSaos"]
    if set(letters) == {"-"} or "s" in letters or ("S" in letters and len(group) > 1):
        return None
    if group:  # the first tells the dtype: without it the call is an unusual one
        letters[group[0]] = letters[group[0]].upper()
    return "".join(letters)


def named_after(short: Callable, function: Callable, parameters: Sequence[inspect.Parameter]) -> Callable:
    """Give a short way the names and defaults of ``function``'s parameters.

    It gets code of its own also for torch.compile, which keeps graphs with the code, and gives up at the ninth.
    """
    code = short.__code__
    names = tuple(parameter.name for parameter in parameters)
    short.__code__ = code.replace(co_name=function.__name__, co_varnames=names + code.co_varnames[len(names) :])
    short.__defaults__ = tuple(p.default for p in parameters if p.default is not p.empty) or None
    return short


def text(kinds: str) -> str:
    """The source of ``bind(function, general, name, Tensor)``, which returns the short way of ``function``.

    What it hands to ``general`` are the values of all parameters, in a tuple. Other names are those of ``dispatch``.
    """
    parameters = ", ".join(f"p{i}" for i in range(len(kinds)))
    given = f"_general(({parameters},))"
    passed = ", ".join(f"_t{i}" if kind != "-" else f"p{i}" for i, kind in enumerate(kinds))
    slots = [i for i, kind in enumerate(kinds) if kind != "-"]
    typed = [i for i in slots if kinds[i] in "AOao"]
    lines = ["_reads = None", "try:"]
    for i in slots:
        torch_only = _torch_only(kinds, slots, typed, f"_function({parameters})") if i == slots[0] else []
        lines += [f" {line}" for line in _unwrapped(i, kinds, typed, given, torch_only)]
        lines += [f" else: return {given}"]
    lines += [
        f" _out = _function({passed})",
        " if _reads is not None: _out = _settle_views(_reads, _out)",
        " if type(_out) is _Torch:",
        "  return _Tensor(_out, local.recording) if _out.requires_grad else _Tensor(_out)",
        " return wrap(_out)",
        "except NotImplementedError:",
        f" return {given}",
        "except (RuntimeError, IndexError) as _error:",
        " raise _translate(_error, _name) from _error",
    ]
    body = "\n".join("  " + line for line in lines)
    return f"def bind(_function, _general, _name, _Tensor):\n def short({parameters}):\n{body}\n return short\n"


def _unwrapped(i: int, kinds: str, typed: list[int], given: str, torch_only: list[str]) -> list[str]:
    """Lines that put the raw tensor of parameter i into ``_ti``, up to the final ``else``."""
    kind, p, t = kinds[i], f"p{i}", f"_t{i}"
    if kind == "S":
        return [f"if (type({p}) is list or type({p}) is tuple) and ({t} := _raw_parts({p})) is not None: pass"]
    follows = i in typed[1:]  # it has to have the dtype of the first
    same_dtype = [f" if {t}.dtype is not _t{typed[0]}.dtype: return {given}"] if follows else []
    lines = [
        f"_kind = type({p})",
        "if _kind is _Tensor:",
        f" {t} = {p}._t",
        *same_dtype,
        f" if {t}.requires_grad and {p}._recording != local.recording: {t} = live({p})",
        *torch_only,
    ]
    if kind.islower():
        lines += [f"elif {p} is None: {t} = None"]
    if kind in "Oo" and follows:
        lines += [
            f"elif _kind is float and _t{typed[0]}.is_floating_point(): {t} = {p}",
            f"elif _kind is int and _t{typed[0]}.dtype is not _bool: {t} = {p}",
        ]
    lines += [
        f"elif isinstance({p}, _types.variable) and (_read := _noted({p}, _reads)) is not None:",
        f" _reads, {t} = _read, _read[-1][1]",
        *same_dtype,
    ]
    return lines


def _torch_only(kinds: str, slots: list[int], typed: list[int], call: str) -> list[str]:
    """If all tensors are torch's, there is nothing to unwrap or wrap."""
    conditions = ["_kind is _Torch", *(f"type(p{i}) is _Torch" for i in slots[1:])]
    conditions += [f"p{i}.dtype is p{typed[0]}.dtype" for i in typed[1:]]
    return [f"elif {' and '.join(conditions)}: return {call}"]
