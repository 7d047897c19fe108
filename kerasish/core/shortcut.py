"""The short way through an operation: a function made for the shape of its signature.

``dispatch`` serves every argument that users give: symbolic tensors, strings, arrays, lists, other dtypes. Nearly all calls
give Tensors of one dtype, and then finding that out costs more than a small tensor's arithmetic. So each operation gets, in
front, a function with its own signature that looks at each tensor argument once, in straight lines. That of
``multiply(x: Array, y: Operand, name=None)`` reads, without what it does for variables and torch's tensors:

    def multiply(x, y, name=None):
        try:
            now = -1                                    # the recording, if a tensor belongs to one
            if type(x) is Tensor:
                t0 = x._t
                if t0.requires_grad:
                    now = local.recording
                    if x._recording != now: t0 = live(x)
            else: return general((x, y, name))
            dtype = t0.dtype
            if dtype not in kinds: return general((x, y, name))
            ...                                         # the same for y, which is of this dtype, or a number that fits
            out = function(t0, t1)
            if type(out) is not Torch: return wrap(out)
            result = new(Tensor); result._t = out; result._recording = now
            return result
        except NotImplementedError: return general((x, y, name))
        except (RuntimeError, IndexError) as error: raise translate(error, name_of_op) from error

Python compiles such a text once for each sequence of kinds of parameters; functions share it under their own names.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Container, Iterable, Sequence
from typing import NamedTuple

_KINDS = {"Array": "A", "Operand": "O", "Strong": "A", "Arrays": "S", "Index": "I"}


def kinds_of(signature: inspect.Signature) -> str | None:
    """A letter for each parameter: A, O, I or S as annotated, small if it may be None, V for ``*xs``, "-" for other ones.

    None: it has parameters of a sort that the short way does not serve.
    """
    letters: list[str] = []
    for parameter in signature.parameters.values():
        annotation = str(parameter.annotation)
        if parameter.kind is parameter.VAR_POSITIONAL and annotation == "Array":
            letters.append("V")
            continue
        if parameter.kind is not parameter.POSITIONAL_OR_KEYWORD:
            return None
        letter = _KINDS.get(annotation.removesuffix(" | None"), "-")
        letters.append(letter.lower() if annotation.endswith("| None") else letter)
    group = [i for i, letter in enumerate(letters) if letter in "AOSVaos"]
    if set(letters) == {"-"} or "s" in letters or ({"S", "V"} & set(letters) and len(group) > 1):
        return None
    if group:  # the first tells the dtype: without it the call is an unusual one
        letters[group[0]] = letters[group[0]].upper()
    return "".join(letters)


def named_after(short: Callable, parameters: Sequence[inspect.Parameter]) -> Callable:
    """Give a short way the names and defaults of these parameters."""
    code, names = short.__code__, tuple(parameter.name for parameter in parameters)
    short.__code__ = code.replace(co_varnames=names + code.co_varnames[len(names) :])
    short.__defaults__ = tuple(p.default for p in parameters if p.default is not p.empty) or None
    return short


class Direct(NamedTuple):
    """What an operation of a table calls, so that its short way need not go through the table's function.

    Args:
        function: gets the parameters without those that are ignored.
        kinds: the dtypes that the first tensor may have; None: all.
        ignored: names of parameters.
        constant: the operand that must not require a gradient; of one that does, the operation's own rule is needed.
    """

    function: Callable
    kinds: Container | None
    ignored: Container[str]
    constant: str = ""

    def letters(self, names: Iterable[str], kinds: str) -> str:
        """The letters of ``kinds_of`` as this function takes the parameters: " " if not at all, C if only constants."""
        pairs = zip(names, kinds, strict=True)
        return "".join(" " if n in self.ignored else "C" if n == self.constant else kind for n, kind in pairs)


def text(kinds: str, checked: bool = False) -> str:
    """The source of ``bind``, which returns the short way of a function.

    What that hands to ``_general`` are the values of all parameters, in a tuple. Other names are those of ``dispatch``.

    Args:
        kinds: a letter for each parameter, as ``Direct.letters`` tells.
        checked: whether the dtype of the first tensor has to be in ``_kinds``.
    """
    parameters = ", ".join(f"*p{i}" if kind == "V" else f"p{i}" for i, kind in enumerate(kinds))
    given = f"_general(({parameters},))"
    raw = {"-": "p{}", "V": "*_t{}"}
    passed = ", ".join(raw.get(kind, "_t{}").format(i) for i, kind in enumerate(kinds) if kind != " ")
    slots = [i for i, kind in enumerate(kinds) if kind not in " -"]
    typed = [i for i in slots if kinds[i] in "AOCao"]
    lines = ["_now, _reads = -1, None", "try:"]
    for i in slots:
        torch_only = _torch_only(kinds, slots, typed, checked) if i == slots[0] and "V" not in kinds else []
        lines += [f" {line}" for line in _unwrapped(i, kinds, typed, given, torch_only)]
        lines += [f" else: return {given}"]
        if i in typed[:1] and (checked or len(typed) > 1):
            lines += [f" _dtype = _t{i}.dtype"]
            lines += [f" if _dtype not in _kinds: return {given}"] * checked
    same = "".join(f" or _out is _t{i}" for i in slots if kinds[i] not in "SV")
    lines += [
        f" _out = _function({passed})",
        f" if _reads is not None and (type(_out) is not _Torch{same} or _out._is_view()):",
        "  _out = _settle_views(_reads, _out)",
        " if type(_out) is not _Torch: return wrap(_out)",
        # which matters only if the result requires a gradient: other arguments may have brought that
        *([" if _out.requires_grad: _now = local.recording"] if {"-", "S", "V"} & set(kinds) else []),
        " _result = _new(_Tensor); _result._t = _out; _result._recording = _now",
        " return _result",
        "except NotImplementedError:",
        f" try: return {given}",
        f" except (RuntimeError, IndexError) as _error: raise _translate(_error, _name, ({parameters},)) from _error",
        "except (RuntimeError, IndexError) as _error:",
        f" raise _translate(_error, _name, ({parameters},)) from _error",
        "except _FAILURES as _error:",
        " _told = _tell(_error, _name)",
        " if _told is _error: raise",
        " raise _told from _error",
    ]
    body = "\n".join("  " + line for line in lines)
    head = "def bind(_function, _kinds, _general, _name, _Tensor, _tell):"
    return f"{head}\n def short({parameters}):\n{body}\n return short\n"


def _unwrapped(i: int, kinds: str, typed: list[int], given: str, torch_only: list[str]) -> list[str]:
    """Lines that put the raw tensor of parameter i into ``_ti``, up to the final ``else``."""
    kind, p, t = kinds[i], f"p{i}", f"_t{i}"
    if kind == "S":
        return [f"if (type({p}) is list or type({p}) is tuple) and ({t} := _raw_parts({p})) is not None: pass"]
    if kind == "V":
        return [f"if ({t} := _raw_parts({p})) is not None: pass"]
    follows = i in typed[1:]  # it has to have the dtype of the first
    same_dtype = [f" if {t}.dtype is not _dtype: return {given}"] if follows else []
    lines = [
        f"_kind = type({p})",
        "if _kind is _Tensor:",
        f" {t} = {p}._t",
        *same_dtype,
        f" if {t}.requires_grad:",
        *([f"  return {given}"] if kind == "C" else []),
        "  _now = local.recording",
        f"  if {p}._recording != _now: {t} = live({p})",
        *torch_only,
    ]
    if kind.islower():
        lines += [f"elif {p} is None: {t} = None"]
    if kind in "OCo" and follows:
        lines += [
            f"elif _kind is float and _dtype in _floats: {t} = {p}",
            f"elif _kind is int and _dtype is not _bool: {t} = {p}",
        ]
    lines += [
        f"elif isinstance({p}, _types.variable):",
        f" {t} = {p}.read()",
        f" if type({t}) is _strings: return {given}",
        *same_dtype,
        f" if {t}.requires_grad: {f'return {given}' if kind == 'C' else '_now = local.recording'}",
        f" _reads = (({p}, {t}),) if _reads is None else (*_reads, ({p}, {t}))",
    ]
    return lines


def _torch_only(kinds: str, slots: list[int], typed: list[int], checked: bool) -> list[str]:
    """If all tensors are torch's, there is nothing to unwrap or wrap."""
    conditions = ["_kind is _Torch", *(f"type(p{i}) is _Torch" for i in slots[1:])]
    conditions += [f"p{i}.dtype is p{typed[0]}.dtype" for i in typed[1:]]
    conditions += [f"p{i}.dtype in _kinds" for i in typed[:1] if checked]
    conditions += [f"not p{i}.requires_grad" for i in typed if kinds[i] == "C"]
    passed = ", ".join(f"p{i}" for i, kind in enumerate(kinds) if kind != " ")
    return [f"elif {' and '.join(conditions)}: return _function({passed})"]
