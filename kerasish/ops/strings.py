"""Text: functions of NumPy object arrays of bytes, which are the storage of string tensors.

Regular expressions are written in RE2's dialect, as TensorFlow has it; ``pattern`` translates what Python writes otherwise.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from kerasish.core.errors import InvalidArgumentError


def each(function: Callable[[bytes], Any], x: np.ndarray, dtype: Any = object) -> np.ndarray:
    """``function`` of each element, in an array of the same shape."""
    out = np.empty(x.shape, dtype=dtype)
    flat, source = out.reshape(-1), x.reshape(-1)
    for i, text in enumerate(source):
        flat[i] = function(text)
    return out


def lower(x: np.ndarray, encoding: str = "") -> np.ndarray:
    """Lower case: of ASCII letters, or of all with ``encoding="utf-8"``."""
    if encoding:
        return each(lambda text: text.decode("utf-8", "replace").lower().encode("utf-8"), x)
    return each(bytes.lower, x)


def upper(x: np.ndarray, encoding: str = "") -> np.ndarray:
    """Upper case: of ASCII letters, or of all with ``encoding="utf-8"``."""
    if encoding:
        return each(lambda text: text.decode("utf-8", "replace").upper().encode("utf-8"), x)
    return each(bytes.upper, x)


def split(text: bytes, separator: bytes = b"", maxsplit: int = -1) -> list[bytes]:
    """The parts of a text between separators; without one, between runs of white space.

    Of ``maxsplit`` parts between white space there is always a rest, be it empty, as TensorFlow has it.
    """
    if separator or maxsplit < 0:
        return text.split(separator or None, maxsplit)
    if not maxsplit:
        return [text]
    parts = text.split(None, maxsplit)
    return [*parts, b""] if len(parts) == maxsplit else parts


# regular expressions --------------------------------------------------------------------------------------------------

_POSIX = {
    "alnum": "0-9A-Za-z", "alpha": "A-Za-z", "ascii": r"\x00-\x7F", "blank": r"\t ", "cntrl": r"\x00-\x1F\x7F",
    "digit": "0-9", "graph": "!-~", "lower": "a-z", "print": " -~", "punct": r"!-/:-@\[-`{-~", "space": r"\t\n\v\f\r ",
    "upper": "A-Z", "word": "0-9A-Za-z_", "xdigit": "0-9A-Fa-f",
}  # fmt: skip
_ESCAPE = re.compile(r"\\(?:p\{\^?\w+\}|p\w|P\{\w+\}|P\w|[QEzC]|.)", re.DOTALL)


# what Python has and RE2 has not: looking around, references to groups, atomic and conditional groups, comments
_FOREIGN = re.compile(r"\(\?(?:[=!>#(]|<[=!]|P[=>])|[*+?}]\+|\*\*|\+\*")


def _translated(written: str) -> str:
    """RE2's ``$``, ``\\z``, ``[[:alpha:]]`` and ``[`` inside of classes as Python writes them.

    Raises:
        InvalidArgumentError: a construct that has no counterpart, such as Unicode classes.
    """
    out, i, inside = [], 0, False
    while i < len(written):
        char = written[i]
        if char == "\\":
            escape = _ESCAPE.match(written, i)
            token = escape[0] if escape else char
            if token[1:2] in ("p", "P", "C", "Q", "E", "Z") or (token[1:2] in tuple("123456789") and not inside):
                raise InvalidArgumentError(f"Invalid pattern: {written}, error: {token} is not supported")
            out.append(r"\Z" if token == r"\z" else token)
            i += len(token)
            continue
        foreign = None if inside else _FOREIGN.match(written, i)
        if foreign:
            raise InvalidArgumentError(f"Invalid pattern: {written}, error: invalid perl operator: {foreign[0]}")
        named = re.match(r"\[:(\^?)(\w+):\]", written[i:]) if inside else None
        if named:
            if named[1] or named[2] not in _POSIX:
                raise InvalidArgumentError(
                    f"Invalid pattern: {written}, error: invalid character class range: {named[0]}"
                )
            out.append(_POSIX[named[2]])
            i += len(named[0])
            continue
        if char == "[" and not inside:
            inside = True
            head = re.match(r"\[\^?\]?", written[i:])[0]  # a bracket that comes first stands for itself
            out.append(head.replace("]", r"\]"))
            i += len(head)
            continue
        if char == "]":
            inside = False
        elif char == "[":
            char = r"\["
        elif char == "$" and not inside:
            char = r"\Z"
        elif inside and char in "&|~-" and written[i : i + 2] == char * 2:
            char = "\\" + char  # Python warns of set operations to come
        out.append(char)
        i += 1
    return "".join(out)


@functools.lru_cache(maxsize=256)
def pattern(written: bytes) -> re.Pattern:
    """A compiled regular expression on text; classes such as ``\\d`` are ASCII, as in RE2.

    Raises:
        InvalidArgumentError: it is malformed.
    """
    text = written.decode("utf-8", "surrogateescape")
    try:
        return re.compile(_translated(text), re.ASCII)
    except re.error as error:
        raise InvalidArgumentError(f"Invalid pattern: {text}, error: {error}") from None


def _filled(match: re.Match, rewrite: str) -> str:
    """``rewrite`` with ``\\0`` … ``\\9`` replaced by what the groups matched."""

    def one(escape: re.Match) -> str:
        return "\\" if escape[1] == "\\" else match[int(escape[1])] or ""

    return re.sub(r"\\(.)", one, rewrite) if "\\" in rewrite else rewrite


_WELL_FORMED = re.compile(r"(?:[^\\]|\\[\\0-9])*", re.DOTALL)


def _can_fill(expression: re.Pattern, rewrite: str) -> bool:
    """Whether ``rewrite`` names only groups that there are; if not, RE2 replaces nothing."""
    return all(int(group) <= expression.groups for group in re.findall(r"\\(?:\\|(\d))", rewrite) if group)


def _replaced(text: str, expression: re.Pattern, rewrite: str, every: bool) -> str:
    parts, end, matched, earliest = [], 0, False, 0
    for match in expression.finditer(text):
        if match.start() < earliest or match.start() == match.end() == end and matched:
            continue  # RE2 does not take an empty match right after another one, nor two matches at one place
        parts += [text[end : match.start()], _filled(match, rewrite)]
        end, matched = match.end(), True
        earliest = end + (match.start() == end)
        if not every:
            break
    return "".join(parts) + text[end:] if matched else text


def regex_replace(x: np.ndarray, expression: bytes, rewrite: bytes, every: bool = True) -> np.ndarray:
    """What matches replaced by ``rewrite``, in which ``\\1`` is what the first group matched; all matches, or the first."""
    compiled = pattern(expression)
    new = _WELL_FORMED.match(rewrite.decode("utf-8", "surrogateescape"))[0]  # RE2 stops at an escape it does not know
    if not _can_fill(compiled, new):
        return x.copy()

    def one(text: bytes) -> bytes:
        decoded = text.decode("utf-8", "surrogateescape")
        return _replaced(decoded, compiled, new, every).encode("utf-8", "surrogateescape")

    return each(one, x)


def regex_full_match(x: np.ndarray, expression: bytes) -> np.ndarray:
    """Whether all of each text matches."""
    compiled = pattern(expression)
    return each(lambda text: compiled.fullmatch(text.decode("utf-8", "surrogateescape")) is not None, x, bool)
