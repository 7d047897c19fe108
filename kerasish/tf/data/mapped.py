"""Rows that a plain function makes of the rows of a table: of many at once, as by ``torch.vmap``.

Inside, the function sees one element: it need not be written for batches. Whether that gives what it gives for each element
is tried on the first rows, to the last bit. What cannot be done at once (a value is read, shapes differ) is done one by one.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch._C import _functorch
from torch._functorch.vmap import lazy_load_decompositions

from kerasish.core import tree
from kerasish.tf.data import elements
from kerasish.tf.data.rows import Block, Table

_TRIED = 3  # rows


class Mapped(Table):
    """The results of a function on the rows of a table.

    Args:
        apply: a plain function from element to element (plain.py).
        structure: a result of it; None stands where its leaves are None.
    """

    may_fail = True
    remade = True
    eager = 8  # a call of vmap costs 180 µs

    def __init__(self, source: Table, apply: Callable[[Any], Any], structure: Any) -> None:
        self.columns = source.columns
        self.structure = structure
        self._source, self._apply = source, apply
        self._filled = [leaf is not None for leaf in tree.flatten(structure)]
        made = sum(leaf._t.nbytes for leaf in tree.flatten(structure) if leaf is not None)
        self._row_bytes = max(made, source.row_bytes())

    def rows(self) -> int:
        return self._source.rows()

    def row_bytes(self) -> int:
        return self._row_bytes

    def gather(self, block: Block) -> list:
        if len(block[0]) == 1:
            return self.of_each(block)
        leaves = self._source.gather(block)
        given = [leaf is not None for leaf in leaves]

        def on_one(*tensors: torch.Tensor) -> tuple:
            rest = iter(tensors)
            element = self._source.pack([elements.wrapped(next(rest)) if there else None for there in given])
            result = elements.raw_leaves(self._apply(element))
            return tuple(leaf for leaf, there in zip(result, self._filled, strict=True) if there)

        made = iter(_at_once(on_one, [leaf for leaf in leaves if leaf is not None]))
        return [next(made).contiguous() if there else None for there in self._filled]

    def of_each(self, block: Block) -> list:
        """The same, by running the function on each row."""
        results = [self._apply(element) for element in self._source.one_by_one([block])]
        return elements.raw_leaves(elements.stack(results))


def _at_once(function: Callable[..., tuple], tensors: list[torch.Tensor]) -> list[torch.Tensor]:
    """``torch.vmap(function)(*tensors)`` without its trees: each call of them leaves cycles to the garbage collector."""
    lazy_load_decompositions()
    rows = len(tensors[0])
    level = _functorch._vmap_increment_nesting(rows, "error")
    try:
        made = function(*[_functorch._add_batch_dim(t, 0, level) for t in tensors])
        return [_functorch._remove_batch_dim(t, level, rows, 0) for t in made]
    finally:
        _functorch._vmap_decrement_nesting()


def mapped(source: Table, apply: Callable[[Any], Any]) -> Mapped | None:
    """The table of a plain function's results; None if it has to run on each element."""
    count = min(_TRIED, source.rows())
    first = tuple(range(count) for _ in range(source.columns))
    if count < 2:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # torch tells so what it would do one by one
            if any(leaf is not None and not isinstance(leaf, torch.Tensor) for leaf in source.gather(first)):
                return None
            table = Mapped(source, apply, apply(next(source.one_by_one([first]))))
            together, each = table.gather(first), table.of_each(first)
    except Exception:  # it reads values, its results differ in shape, it has datasets in it, ...
        return None
    return table if all(map(_same, together, each)) else None


def _same(a: Any, b: Any) -> bool:
    if a is None or b is None:
        return a is b
    if not (isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor)):
        return False
    same_kind = a.dtype is b.dtype and a.shape == b.shape
    return same_kind and bool(((a == b) | ((a != a) & (b != b))).all())  # NaN is NaN
