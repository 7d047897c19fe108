"""Datasets that are whole arrays: shuffling and batching them is arithmetic on row numbers, and one gather a batch.

A Table holds the arrays. What the steps of a pipeline pass on are blocks: tuples of columns of row numbers (as many columns
as the table has sources, since zipped datasets may be shuffled apart). A column is a ``range`` as long as rows follow each
other, so that a batch of them is a view, or else an array of int64.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

import numpy as np
import torch

from kerasish.core import device as devices
from kerasish.core import tree
from kerasish.core.dtypes import DType, to_torch
from kerasish.tf.data.elements import packer, rows_of, wrapped
from kerasish.tf.data.randomness import Words, moves

Column: TypeAlias = "range | np.ndarray"
Block: TypeAlias = "tuple[Column, ...]"

_RESIDENT_LIMIT = 4 << 30  # bytes; larger arrays stay on the host, and their batches are moved
_UNSTACKED = 128  # rows gathered at a time where single elements are asked for
_SHUFFLED = 4096  # rows that pass a shuffle buffer at a time, at least

# tables ---------------------------------------------------------------------------------------------------------------


class Table:
    """Arrays of equal length. ``columns`` is how many columns of row numbers ``gather`` takes."""

    columns = 1
    structure: Any  # an element whose leaves stand for the arrays

    def gather(self, block: Block) -> list:
        """The rows of a block: the leaves' storage, with a first axis of its length."""
        raise NotImplementedError

    def batch(self, block: Block) -> Any:
        """The rows of a block as one element."""
        return self.pack(map(wrapped, self.gather(block)))

    @functools.cached_property
    def pack(self) -> Callable[[Iterable], Any]:
        return packer(self.structure)

    def elements(self, blocks: Iterable[Block]) -> Iterator:
        """The rows of the blocks, one by one."""
        pack = self.pack
        for block in blocks:
            for start in range(0, len(block[0]), _UNSTACKED):
                part = cut(block, start, start + _UNSTACKED)
                leaves = [rows_of(raw, len(part[0])) for raw in self.gather(part)]
                yield from map(pack, zip(*leaves))


class Arrays(Table):
    """Tensors (or object arrays of strings, or None) and the structure that they have in an element."""

    def __init__(self, structure: Any, arrays: list) -> None:
        self.structure = structure
        self.arrays = arrays
        self._resident: tuple[torch.device, list] | None = None

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

    def __init__(self, start: int, step: int, dtype: DType) -> None:
        self.start, self.step, self.dtype = start, step, dtype

    def gather(self, block: Block) -> list:
        (rows,) = block
        numbers = np.asarray(rows, dtype=np.int64) * self.step + self.start
        return [torch.from_numpy(numbers).to(devices.current(), to_torch(self.dtype))]


class Zipped(Table):
    """Tables side by side, in a structure of them."""

    def __init__(self, tables: Any) -> None:
        self.structure = tree.map_structure(lambda table: table.structure, tables)
        self.parts = tree.flatten(tables)
        self.columns = sum(part.columns for part in self.parts)

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
        rows = np.asarray(rows)
    if isinstance(array, np.ndarray):
        return array[rows]
    return array.index_select(0, torch.from_numpy(rows).to(array.device))


def _on(device: torch.device, raw: list) -> list:
    return [leaf.to(device, non_blocking=True) if isinstance(leaf, torch.Tensor) else leaf for leaf in raw]


# blocks ---------------------------------------------------------------------------------------------------------------


def cut(block: Block, start: int, stop: int | None, step: int = 1) -> Block:
    return tuple(column[start:stop:step] for column in block)


def permute(block: Block, order: np.ndarray) -> Block:
    return tuple(np.asarray(column)[order] for column in block)


def join(blocks: list[Block]) -> Block:
    """Blocks one after another as one."""
    return blocks[0] if len(blocks) == 1 else tuple(map(_join_column, zip(*blocks)))


def _join_column(columns: tuple[Column, ...]) -> Column:
    first = columns[0]
    if all(isinstance(column, range) and column.step == 1 for column in columns) and all(
        before.stop == after.start for before, after in itertools.pairwise(columns)
    ):
        return range(first.start, columns[-1].stop)
    return np.concatenate([np.asarray(column, dtype=np.int64) for column in columns])


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


def regroup(blocks: Iterable[Block], size: int) -> Iterator[Block]:
    """The same rows in blocks of ``size``; the last may be smaller."""
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
        for at in range(start, whole, size):
            yield cut(block, at, at + size)
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
        steps = moves(words, done, np.full(count, size), size)
        out, buffer = _exchange(join([buffer, arriving]), size, steps)
        done += count
        yield out
    left = np.arange(size, 0, -1)
    yield _exchange(buffer, size, moves(words, done, left, size))[0]


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


def _exchange(both: Block, size: int, steps: Iterable[tuple[int, int]]) -> tuple[Block, Block]:
    """``size`` rows of a shuffle buffer and those that arrive: the rows that leave it, and the buffer afterwards.

    Args:
        steps: for each row that leaves, its place in the buffer and the place whose row moves there.
    """
    inside = list(range(size))
    leaving = []
    for number, (place, slot) in enumerate(steps, size):
        leaving.append(inside[place])
        inside[place], inside[slot] = inside[slot], number
    after = both if len(both[0]) == size else permute(both, np.asarray(inside))
    return permute(both, np.asarray(leaving)), after
