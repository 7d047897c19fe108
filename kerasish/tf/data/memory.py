"""Steps that leave the elements as they are: memory, errors, count, options."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

from kerasish.core import tree
from kerasish.core.errors import FailedPreconditionError, InvalidArgumentError
from kerasish.tf.data import composites, elements, rows
from kerasish.tf.data.node import INFINITE, UNKNOWN, Node, Pull, RowStep, Run
from kerasish.tf.data.rows import Arrays, Block, Table


class Cache(Node):
    """The elements of the first complete pass, kept in memory for the later ones.

    If they are all of one shape they are kept as whole arrays, so that later passes are shuffled and batched as such.
    """

    name = "CacheDataset"

    def __init__(self, node: Node) -> None:
        super().__init__(node)
        self._kept: list | None = None
        self._arrays: Arrays | None = None
        self._count = 0

    def table(self) -> Table | None:
        return self._arrays or self._input_table()

    def _input_table(self) -> Table | None:
        """What the input's elements are rows of, unless functions make them: those run once."""
        table = self.input.table()
        return None if table is None or table.remade else table

    def rows(self, run: Run) -> Iterator[Block]:
        if self._arrays is not None:
            return iter([(range(self._count),)])
        return self._keeping(self.input.rows, run, self._keep_rows)

    def elements(self, run: Run) -> Iterator:
        return self._keeping(self.input.stream, run, self._keep)

    def _keeping(self, one_pass: Callable[[Run], Iterator], run: Run, keep: Callable[[list], None]) -> Iterator:
        return iter(self._kept) if self._kept is not None else self._passed_on(one_pass(run), keep)

    def _passed_on(self, stream: Iterator, keep: Callable[[list], None]) -> Iterator:
        kept: list | None = []
        size = self.input.cardinality()
        for item in stream:
            if kept is not None:
                kept.append(item)
                if len(kept) == size:  # a loop that counts its steps never asks for the end
                    kept = keep(kept)
            yield item
        if kept is not None:
            keep(kept)

    def _keep(self, items: list) -> None:
        """Remember a whole pass; as arrays, if the elements are tensors of one shape each."""
        self._count = len(items)
        try:
            whole = elements.stack(items) if items and not composites.any_in(self._kept_as(items)) else None
        except (InvalidArgumentError, TypeError, ValueError):
            whole = None
        if whole is None:
            self._kept = items
        else:
            self._arrays = Arrays(tree.map_structure(lambda _: 0, whole), elements.raw_leaves(whole))

    def _kept_as(self, items: list) -> Any:
        return self.input.spec if self.input.static else elements.spec(items[0])

    def _keep_rows(self, blocks: list) -> None:
        self._kept = blocks


class IgnoreErrors(RowStep):
    """The elements that could be made, without those whose making failed."""

    name = "_IgnoreErrorsDataset"

    def __init__(self, node: Node, warn: bool) -> None:
        super().__init__(node)
        self._warn = warn

    def table(self) -> Table | None:
        table = self.input.table()
        return None if table is None or table.may_fail else table

    def cardinality(self) -> int:
        return UNKNOWN

    def rows(self, run: Run) -> Iterator[Block]:
        return self.input.rows(run)

    def elements(self, run: Run) -> Iterator:
        stream = self.input.stream(run)

        def next_good() -> Any:
            while True:
                try:
                    return next(stream)
                except StopIteration:
                    raise
                except Exception as error:
                    if self._warn:
                        warnings.warn(f"Error raised with error message {error}", stacklevel=2)

        return Pull(next_good)


class AssertCardinality(RowStep):
    """The same elements, whose number is known to be ``size``.

    Raises:
        FailedPreconditionError: while iterating, where it turns out to be another.
    """

    name = "_AssertCardinalityDataset"

    def __init__(self, node: Node, size: int) -> None:
        super().__init__(node)
        self._size = size

    def cardinality(self) -> int:
        return self._size

    def rows(self, run: Run) -> Iterator[Block]:
        count = 0
        for block in self.input.rows(run):
            room = self._size - count
            count += len(block[0])
            if 0 <= self._size < count:
                if room:
                    yield rows.cut(block, 0, room)
                raise self._wrong(f"at least {self._size + 1}")
            yield block
        self._check_end(count)

    def elements(self, run: Run) -> Iterator:
        count = 0
        for element in self.input.stream(run):
            count += 1
            if 0 <= self._size < count:
                raise self._wrong(f"at least {count}")
            yield element
        self._check_end(count)

    def _check_end(self, count: int) -> None:
        if count < self._size or self._size == INFINITE:
            raise self._wrong(f"only {count}")

    def _wrong(self, found: str) -> FailedPreconditionError:
        wanted = "an infinite number of" if self._size == INFINITE else self._size
        return FailedPreconditionError(
            f"Input dataset was expected to contain {wanted} elements but contained {found} elements."
        )


class WithOptions(RowStep):
    """The same elements; ``options`` are the pipeline's."""

    name = "_OptionsDataset"

    def __init__(self, node: Node, options: Any) -> None:
        super().__init__(node)
        self.options = options

    def rows(self, run: Run) -> Iterator[Block]:
        return self.input.rows(run)

    def elements(self, run: Run) -> Iterator:
        return self.input.stream(run)
