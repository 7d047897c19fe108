"""Datasets that are whole arrays: shuffling and batching them is arithmetic on row numbers, and one gather a batch.

A Table holds the arrays. What the steps of a pipeline pass on are blocks: tuples of columns of row numbers (as many columns
as the table has sources, since zipped datasets may be shuffled apart). A column is a ``range`` as long as rows follow each
other, so that a batch of them is a view, or else an array of int64.
"""

from __future__ import annotations

import functools
import itertools
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

import numpy as np
import torch

from kerasish.core import device as devices
from kerasish.core import tree
from kerasish.core.dtypes import DType, to_torch
from kerasish.core.tensor import StringTensor, Tensor
from kerasish.tf.data.elements import packer, rows_of, wrapped
from kerasish.tf.data.randomness import Words, exchanged, places

Column: TypeAlias = "range | np.ndarray"
Block: TypeAlias = "tuple[Column, ...]"

_RESIDENT_LIMIT = 4 << 30  # bytes; larger arrays stay on the host, and their batches are moved
_CUT_TOGETHER = 1024  # batches that one operation cuts, at most: each is an object
_UNSTACKED = 128  # rows gathered at a time, at most, where single elements are asked for
_SHUFFLED = 4096  # rows that pass a shuffle buffer at a time, at least

# tables ---------------------------------------------------------------------------------------------------------------


class Table:
    """Arrays of equal length.

    Attributes:
        columns: how many columns of row numbers ``gather`` takes.
        may_fail: whether making rows can raise an exception.
        remade: whether rows are computed each time they are gathered.
        eager: how many times as many rows to gather at once as memory suggests.
    """

    columns = 1
    may_fail = False
    remade = False
    eager = 1
    structure: Any  # an element whose leaves stand for the arrays

    def gather(self, block: Block) -> list:
        """The rows of a block: the leaves' storage, with a first axis of its length."""
        raise NotImplementedError

    def row_bytes(self) -> int:
        """About the memory that a row takes."""
        raise NotImplementedError

    def rows(self) -> int:
        """How many there are; more than there will ever be asked for, if there is no end."""
        raise NotImplementedError

    def together(self, size: int) -> int:
        """How many batches of ``size`` rows are best gathered in one operation and then cut."""
        limit = devices.gathered_together(devices.current()) * self.eager
        return max(1, min(_CUT_TOGETHER, limit // max(1, size * self.row_bytes())))

    def batches(self, block: Block, size: int, drop_remainder: bool = False) -> Iterator:
        """The rows of a block as elements of ``size`` rows; the last may have fewer."""
        count = len(block[0])
        if drop_remainder and count % size:
            count -= count % size
            block = cut(block, 0, count)
        if not count:
            return iter(())
        if count <= size:
            return iter([self.pack(map(wrapped, self.gather(block)))])
        return map(self.pack, zip(*[_cut_leaf(raw, size, count) for raw in self.gather(block)]))

    @functools.cached_property
    def pack(self) -> Callable[[Iterable], Any]:
        return packer(self.structure)

    def elements(self, blocks: Iterable[Block]) -> Iterator:
        """The rows of the blocks, one by one."""
        size = min(_UNSTACKED, self.together(1))
        parts = (cut(block, at, at + size) for block in blocks for at in range(0, len(block[0]), size))
        if not self.may_fail:
            return itertools.chain.from_iterable(map(self._unstacked, parts))
        return Careful(parts, self._unstacked, self.one_by_one)

    def _unstacked(self, block: Block) -> Iterator:
        return map(self.pack, zip(*[rows_of(raw, len(block[0])) for raw in self.gather(block)]))

    def one_by_one(self, blocks: Iterable[Block]) -> Iterator:
        """The rows of the blocks, each made when it is asked for; after one that fails it goes on."""
        return map(self._single, (cut(block, at, at + 1) for block in blocks for at in range(len(block[0]))))

    def _single(self, block: Block) -> Any:
        return next(self._unstacked(block))


class Careful(Iterator):
    """What is made of blocks, several items at a time; one by one from the first block on that fails as a whole.

    Args:
        fast: the items of a block.
        slow: the items of all blocks of an iterator.
    """

    def __init__(
        self, blocks: Iterator[Block], fast: Callable[[Block], Iterator], slow: Callable[[Iterable[Block]], Iterator]
    ) -> None:
        self._blocks, self._fast, self._slow = blocks, fast, slow
        self._ready: Iterator = iter(())
        self._is_slow = False

    def __next__(self) -> Any:
        for item in self._ready:
            return item
        if self._is_slow:
            raise StopIteration
        for block in self._blocks:
            try:
                self._ready = self._fast(block)
            except Exception:  # whatever it is: made one by one, it comes in its place
                self._is_slow = True
                self._ready = self._slow(itertools.chain([block], self._blocks))
            for item in self._ready:
                return item
        raise StopIteration


class Arrays(Table):
    """Tensors (or object arrays of strings, or None) and the structure that they have in an element."""

    def __init__(self, structure: Any, arrays: list) -> None:
        self.structure = structure
        self.arrays = arrays
        self._resident: tuple[torch.device, list] | None = None

    def rows(self) -> int:
        return next(len(array) for array in self.arrays if array is not None)

    def row_bytes(self) -> int:
        return sum(getattr(array, "nbytes", 0) for array in self.arrays) // max(1, self.rows())

    def gather(self, block: Block) -> list:
        (rows,) = block
        device = devices.current()
        if device.type == "cpu":
            return [take(array, rows) for array in self.arrays]
        if sum(array.nbytes for array in self.arrays if isinstance(array, torch.Tensor)) > _RESIDENT_LIMIT:
            return _on(device, [take(array, rows) for array in self.arrays])
        if self._resident is None or self._resident[0] != device:
            self._resident = (device, _on(device, self.arrays))
        return [take(array, rows) for array in self._resident[1]]


class Counting(Table):
    """Numbers: row i holds start + i·step."""

    structure = 0

    def __init__(self, start: float, step: float, dtype: DType) -> None:
        self.start, self.step, self.dtype = start, step, dtype

    def rows(self) -> int:
        return sys.maxsize

    def row_bytes(self) -> int:
        return 8

    def gather(self, block: Block) -> list:
        (rows,) = block
        numbers = _numbers(rows) * self.step + self.start
        return [torch.from_numpy(numbers).to(devices.current(), to_torch(self.dtype))]


class Zipped(Table):
    """Tables side by side, in a structure of them."""

    def __init__(self, tables: Any) -> None:
        self.structure = tree.map_structure(lambda table: table.structure, tables)
        self.parts = tree.flatten(tables)
        self.columns = sum(part.columns for part in self.parts)
        self.may_fail = any(part.may_fail for part in self.parts)
        self.remade = any(part.remade for part in self.parts)
        self.eager = max(part.eager for part in self.parts)

    def rows(self) -> int:
        return min(part.rows() for part in self.parts)

    def row_bytes(self) -> int:
        return sum(part.row_bytes() for part in self.parts)

    def gather(self, block: Block) -> list:
        columns = iter(block)
        gathered = [part.gather(tuple(itertools.islice(columns, part.columns))) for part in self.parts]
        return [raw for leaves in gathered for raw in leaves]


def take(array: Any, rows: Column) -> Any:
    """Rows of an array; a view if they follow each other."""
    if array is None:
        return None
    if isinstance(rows, range):
        if rows.step > 0:
            return array[rows.start : rows.stop : rows.step]
        rows = _numbers(rows)
    if isinstance(array, np.ndarray):
        return array[rows]
    return array.index_select(0, torch.from_numpy(rows).to(array.device))


def _cut_leaf(raw: Any, size: int, count: int) -> Iterator:
    """A leaf's storage as leaves of ``size`` rows."""
    if isinstance(raw, torch.Tensor):
        return map(Tensor, raw.split(size))
    return (None if raw is None else StringTensor(raw[at : at + size]) for at in range(0, count, size))


def _on(device: torch.device, raw: list) -> list:
    return [leaf.to(device, non_blocking=True) if isinstance(leaf, torch.Tensor) else leaf for leaf in raw]


# blocks ---------------------------------------------------------------------------------------------------------------


def cut(block: Block, start: int, stop: int | None, step: int = 1) -> Block:
    return tuple(column[start:stop:step] for column in block)


def permute(block: Block, order: np.ndarray) -> Block:
    return tuple(_numbers(column)[order] for column in block)


def _numbers(column: Column) -> np.ndarray:
    return np.arange(column.start, column.stop, column.step) if isinstance(column, range) else column


def join(blocks: list[Block]) -> Block:
    """Blocks one after another as one."""
    return blocks[0] if len(blocks) == 1 else tuple(map(_join_column, zip(*blocks)))


def _join_column(columns: tuple[Column, ...]) -> Column:
    first = columns[0]
    if all(isinstance(column, range) and column.step == 1 for column in columns) and all(
        before.stop == after.start for before, after in itertools.pairwise(columns)
    ):
        return range(first.start, columns[-1].stop)
    return np.concatenate([_numbers(column) for column in columns])


def take_rows(blocks: Iterable[Block], count: int) -> Iterator[Block]:
    """The first ``count`` rows; nothing more is asked for."""
    left = count
    if left <= 0:
        return
    for block in blocks:
        if len(block[0]) >= left:
            yield cut(block, 0, left)
            return
        left -= len(block[0])
        yield block


def skip_rows(blocks: Iterable[Block], count: int) -> Iterator[Block]:
    left = count
    for block in blocks:
        if len(block[0]) > left:
            yield cut(block, left, None)
        left = max(left - len(block[0]), 0)


def shard_rows(blocks: Iterable[Block], count: int, index: int) -> Iterator[Block]:
    """Every ``count``-th row, from the one numbered ``index`` on."""
    offset = index
    for block in blocks:
        if offset < len(block[0]):
            yield cut(block, offset, None, count)
        offset = (offset - len(block[0])) % count


def regroup(blocks: Iterable[Block], size: int, most: int = 1) -> Iterator[Block]:
    """The same rows in blocks of ``size``, or up to ``most`` times that where so many are there; the last may be smaller.

    No block is asked for before it is needed: the next one may be another pass of what shuffles.
    """
    held: list[Block] = []
    count = 0
    for block in blocks:
        length, start = len(block[0]), 0
        if count:
            start = min(size - count, length)
            held.append(cut(block, 0, start))
            count += start
            if count < size:
                continue
            yield join(held)
        whole = start + (length - start) // size * size
        for at in range(start, whole, size * most):
            yield cut(block, at, min(at + size * most, whole))
        held, count = ([cut(block, whole, None)], length - whole) if whole < length else ([], 0)
    if held:
        yield join(held)


def zip_rows(streams: list[Iterator[Block]]) -> Iterator[Block]:
    """Blocks side by side, as long as every stream has rows."""
    heads: list[Block | None] = [None] * len(streams)
    while True:
        for i, stream in enumerate(streams):
            if heads[i] is None:
                heads[i] = next(stream, None)
                if heads[i] is None:
                    return
        size = min(len(head[0]) for head in heads)
        yield tuple(column for head in heads for column in cut(head, 0, size))
        heads = [cut(head, size, None) if len(head[0]) > size else None for head in heads]


def number_rows(blocks: Iterable[Block]) -> Iterator[Block]:
    """Rows with a first column that counts them."""
    count = 0
    for block in blocks:
        yield (range(count, count + len(block[0])), *block)
        count += len(block[0])


def shuffle_rows(blocks: Iterable[Block], size: int | None, words: Words) -> Iterator[Block]:
    """The rows in random order: each is drawn from the ``size`` first ones that are still there (None: from all)."""
    stream = iter(blocks)
    buffer, rest = _fill(stream, size)
    if buffer is None:
        return
    size, done = len(buffer[0]), 0
    for arriving in regroup(itertools.chain(rest, stream), max(size, _SHUFFLED)):
        count = len(arriving[0])
        out, buffer = _exchange(join([buffer, arriving]), places(words, done, np.full(count, size)))
        done += count
        yield out
    yield _exchange(buffer, places(words, done, np.arange(size, 0, -1)))[0]


def _fill(stream: Iterator[Block], size: int | None) -> tuple[Block | None, list[Block]]:
    """The first ``size`` rows, and what is left of the last block asked for."""
    held: list[Block] = []
    count = 0
    for block in stream:
        held.append(block)
        count += len(block[0])
        if size is not None and count > size:
            rows = join(held)
            return cut(rows, 0, size), [cut(rows, size, None)]
    return (join(held) if held else None), []


def _exchange(both: Block, drawn: np.ndarray) -> tuple[Block, Block]:
    """A shuffle buffer's rows and those that arrive: the rows that leave it, and the buffer afterwards."""
    leaving, staying = exchanged(drawn, len(both[0]))
    return permute(both, leaving), permute(both, staying)
