"""``rearrange``: permuting, splitting and joining axes by a pattern, in the notation of einops."""

from __future__ import annotations

import math
import re
from typing import Any

import torch

from kerasish.core.dispatch import Array, op
from kerasish.core.errors import fail

_TOKEN = re.compile(r"\.\.\.|\(|\)|[A-Za-z_]\w*|1|\S")


def _parse(side: str, pattern: str) -> list[list[str]]:
    """One side of a pattern as its groups: ``"b (h w) ..."`` is ``[["b"], ["h", "w"], ["..."]]``; ``1`` is ``[]``."""
    groups: list[list[str]] = []
    inside = False
    for token in _TOKEN.findall(side):
        if token in "()":
            if (token == "(") == inside:
                raise fail(ValueError, "The parentheses of the pattern do not match", received=repr(pattern))
            inside = token == "("
            groups += [[]] if inside else []
        elif token != "..." and token != "1" and not token.isidentifier():
            raise fail(ValueError, f"The pattern has an unknown character {token!r}", received=repr(pattern))
        elif inside:
            groups[-1] += [] if token == "1" else [token]
        else:
            groups.append([] if token == "1" else [token])
    names = [name for group in groups for name in group]
    if inside or len(set(names)) < len(names):
        raise fail(ValueError, "The pattern leaves a parenthesis open or names an axis twice", received=repr(pattern))
    return groups


def _spread(groups: list[list[str]], extra: list[str]) -> list[list[str]]:
    """The groups with ``...`` replaced by the names of the axes it stands for."""
    out: list[list[str]] = []
    for group in groups:
        if group == ["..."]:
            out += [[name] for name in extra]
        else:
            out.append([name for part in group for name in (extra if part == "..." else [part])])
    return out


def _lengths(groups: list[list[str]], shape: torch.Size, known: dict[str, int], pattern: str) -> dict[str, int]:
    """The length of every axis that the left side names.

    Raises:
        ValueError: a length cannot be told, or does not fit.
    """
    lengths = dict(known)
    for group, size in zip(groups, shape, strict=True):
        missing = [name for name in group if name not in lengths]
        product = math.prod(lengths[name] for name in group if name in lengths)
        if len(missing) > 1 or (product != size if not missing else not product or size % product):
            raise fail(
                ValueError,
                f"An axis of length {size} does not fit '({' '.join(group)})' in the pattern '{pattern}'",
                received=f"shape {tuple(shape)} and {known}",
                hint="Pass the lengths of all but one of its parts.",
            )
        if missing:
            lengths[missing[0]] = size // product
    return lengths


@op
def rearrange(tensor: Array, pattern: str, **axes_lengths: int) -> Any:
    """The tensor with its axes permuted, split and joined as the pattern says: ``"b h w c -> b (h w) c"``.

    Args:
        pattern: names for the axes before and after ``->``; parentheses join several into one, ``...`` stands for any
            number of axes, ``1`` for one of length 1.
        axes_lengths: lengths of axes that stand in parentheses on the left.

    Raises:
        ValueError: the pattern is malformed, or does not fit the tensor's shape.
    """
    sides = pattern.split("->")
    if len(sides) != 2:
        raise fail(ValueError, "The pattern must have one '->'", "'input axes -> output axes'", repr(pattern))
    left, right = (_parse(side, pattern) for side in sides)
    hidden = max(tensor.ndim - sum(group != ["..."] for group in left), 0) if ["..."] in left else 0
    extra = [f"...{i}" for i in range(hidden)]
    left, right = _spread(left, extra), _spread(right, extra)
    names, wanted = ([name for group in groups for name in group] for groups in (left, right))
    if len(left) != tensor.ndim or sorted(names) != sorted(wanted):
        raise fail(
            ValueError,
            f"The pattern '{pattern}' does not fit a tensor of {tensor.ndim} dimensions, or names other axes on the right "
            "than on the left",
            received=f"shape {tuple(tensor.shape)}",
        )
    lengths = _lengths(left, tensor.shape, axes_lengths, pattern)
    split = tensor.reshape([lengths[name] for name in names])
    moved = split.permute([names.index(name) for name in wanted])
    return moved.reshape([math.prod(lengths[name] for name in group) for group in right])
