"""A text table in boxes, as Keras 3 draws one: columns of given widths, cells wrapped at spaces, long words cut with "…"."""

from __future__ import annotations

import math
import re

Cell = str
_WORD = re.compile(r"\s*\S+\s*")


def boxed_table(header: list[Cell], rows: list[list[Cell]], widths: list[int], align: str, width: int) -> list[str]:
    """The lines of a table ``width`` characters wide.

    Args:
        header: the columns' titles.
        rows: the cells' text.
        widths: the wanted width of each column; they are scaled to fill the table.
        align: one of "l", "r", "c" per column.
        width: of the whole table, with its edges.
    """
    inner = [max(w - 2, 0) for w in _fitted([w + 2 for w in widths], width - len(widths) - 1)]
    ruler = [w + 2 for w in inner]
    lines = [_rule("┏┳┓━", ruler), *_row(header, inner, align, "┃", bottom=True), _rule("┡╇┩━", ruler)]
    for i, row in enumerate(rows):
        lines += [_rule("├┼┤─", ruler)] if i else []
        lines += _row(row, inner, align, "│")
    return [*lines, _rule("└┴┘─", ruler)]


def _fitted(widths: list[int], total: int) -> list[int]:
    """Widths that sum to ``total``: each gives up the same amount, or gains in proportion."""
    missing = total - sum(widths)
    fitted = []
    left, share = abs(missing), len(widths) if missing < 0 else sum(widths)
    for w in widths:
        if missing < 0:
            part = min(w, round(left / share))
            fitted.append(w - part)
            share -= 1
        else:
            part = math.ceil(w * left / share) if share else 0
            fitted.append(w + part)
            share -= w
        left -= part
    return fitted


def _rule(edges: str, widths: list[int]) -> str:
    left, middle, right, dash = edges
    return left + middle.join(dash * w for w in widths) + right


def _row(cells: list[Cell], widths: list[int], align: str, bar: str, bottom: bool = False) -> list[str]:
    columns = [_wrapped(text, w) for text, w in zip(cells, widths, strict=True)]
    height = max(map(len, columns))
    place = {"l": str.ljust, "r": str.rjust, "c": _centred}
    lines = []
    for i in range(height):
        parts = []
        for column, w, how in zip(columns, widths, align, strict=True):
            at = i - (height - len(column)) if bottom else i
            parts.append(f" {place[how](column[at] if 0 <= at < len(column) else '', w)} ")
        lines.append(bar + bar.join(parts) + bar)
    return lines


def _centred(text: str, width: int) -> str:
    left = (width - len(text)) // 2
    return (" " * left + text).ljust(width)


def _wrapped(text: str, width: int) -> list[str]:
    """Lines of at most ``width`` characters, broken before words; a longer word has a line of its own and ends in "…"."""
    starts, used = [0], 0
    for match in _WORD.finditer(text):
        word, start = match.group(), match.start()
        length = len(word.rstrip())
        if width - used >= length:
            used += len(word)
        elif start and (length > width or used):
            starts.append(start)
            used = len(word)
        elif length > width:
            used = len(word)
    lines = [text[a:b].rstrip() for a, b in zip(starts, [*starts[1:], len(text)])]
    return [line if len(line) <= width else line[: max(width - 1, 0)] + "…" * (width > 0) for line in lines]
