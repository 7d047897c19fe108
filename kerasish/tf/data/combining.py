"""Steps with several inputs, and functions whose results are datasets."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from kerasish.core import tree
from kerasish.core.dtypes import int64
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.core.tensor import Tensor, convert
from kerasish.tf.data import elements, rows
from kerasish.tf.data.elements import NestedDataset, call
from kerasish.tf.data.node import INFINITE, UNKNOWN, Node, RowStep, Run, result_spec
from kerasish.tf.data.randomness import Seeds, units
from kerasish.tf.data.rows import Block, Table
from kerasish.tf.data.transforms import FunctionStep, Take
from kerasish.tf.spec import TensorSpec

# several inputs -------------------------------------------------------------------------------------------------------


class Zip(RowStep):
    """Elements of several datasets side by side, in a structure of nodes; as many as the shortest has."""

    name = "_ZipDataset"

    def __init__(self, structure: Any) -> None:
        super().__init__(*tree.flatten(structure))
        self._structure = structure

    def infer_spec(self) -> Any:
        return tree.map_structure(lambda node: node.spec, self._structure)

    def cardinality(self) -> int:
        sizes = [node.cardinality() for node in self.inputs]
        if UNKNOWN in sizes:
            return UNKNOWN
        return min((size for size in sizes if size >= 0), default=INFINITE)

    def table(self) -> Table | None:
        tables = tree.map_structure(lambda node: node.table(), self._structure)
        return None if None in tree.flatten(tables) else rows.Zipped(tables)

    def rows(self, run: Run) -> Iterator[Block]:
        return rows.zip_rows([node.rows(run) for node in self.inputs])

    def elements(self, run: Run) -> Iterator:
        streams = [node.stream(run) for node in self.inputs]
        return map(elements.packer(self._structure), zip(*streams))


class Concatenate(Node):
    """The elements of one dataset, then those of another.

    Raises:
        TypeError: they differ in more than shapes.
    """

    name = "_ConcatenateDataset"

    def __init__(self, first: Node, second: Node) -> None:
        super().__init__(first, second)
        if self.static:
            self.infer_spec()

    def infer_spec(self) -> Any:
        first, second = (node.spec for node in self.inputs)
        merged = elements.merge_specs(first, second)
        if merged is None:
            raise TypeError(f"Incompatible dataset elements:\n  {first} vs.   {second}")
        return merged

    def cardinality(self) -> int:
        sizes = [node.cardinality() for node in self.inputs]
        if INFINITE in sizes:
            return INFINITE
        return UNKNOWN if UNKNOWN in sizes else sum(sizes)

    def elements(self, run: Run) -> Iterator:
        first, second = self.inputs
        stream = first.stream(run)  # begins at once, the other when it is needed
        return itertools.chain(stream, itertools.chain.from_iterable(node.stream(run) for node in [second]))


class Directed(Node):
    """Elements of several datasets, each taken from the one whose number a selector dataset gives.

    Args:
        stop_on_empty: whether all ends when the chosen dataset has no more elements; otherwise the choice is skipped.
    """

    name = "_DirectedInterleaveDataset"

    def __init__(self, selector: Node, nodes: Sequence[Node], stop_on_empty: bool) -> None:
        super().__init__(selector, *nodes)
        self._stop_on_empty = stop_on_empty
        if self.static:
            self.infer_spec()

    def infer_spec(self) -> Any:
        _, first, *others = (node.spec for node in self.inputs)
        merged = first
        for other in others:
            merged = elements.merge_specs(merged, other)
            if merged is None:
                raise TypeError(
                    f"Invalid `datasets`. `datasets` must have compatible element specs. {first} vs. {other}."
                )
        return merged

    def cardinality(self) -> int:
        sizes = [node.cardinality() for node in self.inputs[1:]]
        endless = all if self._stop_on_empty else any
        return INFINITE if endless(size == INFINITE for size in sizes) else UNKNOWN

    def elements(self, run: Run) -> Iterator:
        selector, *streams = [node.stream(run) for node in self.inputs]
        return self._chosen(selector, streams)

    def _chosen(self, selector: Iterator, streams: list[Iterator]) -> Iterator:
        left = len(streams)
        finished: set[int] = set()
        nothing = object()
        for choice in selector:
            if isinstance(choice, Tensor) and choice.dtype != int64:
                raise TypeError(f"Invalid `choice_dataset`. Its elements must be scalar `tf.int64` but are {choice!r}.")
            number = int(choice)
            if not 0 <= number < len(streams):
                raise InvalidArgumentError(f"Selector index out of range: {number} >= {len(streams)}")
            element = next(streams[number], nothing)
            if element is not nothing:
                yield element
                continue
            finished.add(number)
            if self._stop_on_empty or len(finished) == left:
                return


def weighted(nodes: Sequence[Node], weights: Any) -> tuple[list[Node], np.ndarray]:
    """The nodes that can be chosen, and their weights; None: equal ones.

    Raises:
        ValueError: another number of weights.
        TypeError: weights that are not floats.
    """
    if weights is None:
        return list(nodes), np.ones(len(nodes), dtype=np.float32)
    if len(weights) != len(nodes):
        raise ValueError(
            "Invalid `weights`. `weights` should have the same length as `datasets` but got "
            f"`len(weights)={len(weights)}` vs. `len(datasets)={len(nodes)}`."
        )
    kept = [i for i, weight in enumerate(weights) if isinstance(weights, Tensor) or weight > 0]
    if not kept:
        return [Take(nodes[0], 0)], np.ones(1, dtype=np.float32)
    given = weights if isinstance(weights, Tensor) else convert([weights[i] for i in kept])
    if given.dtype not in ("float32", "float64"):
        raise TypeError(
            f"Invalid `weights`. `weights` type must be either `tf.float32` or `tf.float64` but is {given.dtype!r}."
        )
    return [nodes[i] for i in kept], given.numpy()


class Choices(Node):
    """Numbers of datasets, drawn with weights: a vector of them, or one for each draw (a node)."""

    def __init__(self, weights: np.ndarray | Node, seed: int | None, rerandomize: bool) -> None:
        super().__init__(*([weights] if isinstance(weights, Node) else []))
        self._weights = weights
        self._seeds = Seeds(seed, renewed=rerandomize)

    def infer_spec(self) -> Any:
        return TensorSpec([], "int64")

    def cardinality(self) -> int:
        return self.input.cardinality() if self.inputs else INFINITE

    def elements(self, run: Run) -> Iterator:
        return self._drawn(units(self._seeds.next_pass(run.probing)), run)

    def _drawn(self, draws: Iterator, run: Run) -> Iterator:
        if isinstance(self._weights, Node):
            for weights, unit in zip(self.input.stream(run), draws):
                yield _choice(_cumulated(weights.numpy()), unit)
        else:
            sums = _cumulated(self._weights)
            for unit in draws:
                yield _choice(sums, unit)


def _cumulated(weights: np.ndarray) -> list[float]:
    """Cumulative sums of weights, rounded as TensorFlow rounds: it takes their logarithms."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logits = np.log(weights).astype(np.float64)
    if logits.ndim != 1 or np.isnan(logits).any() or np.isneginf(logits).all():
        raise fail(
            InvalidArgumentError,
            "Invalid `weights`",
            "a vector of numbers that are not negative, one positive",
            weights,
        )
    return np.cumsum(np.exp(logits - logits.max())).tolist()


def _choice(sums: list[float], unit: float) -> int:
    return min(bisect.bisect_right(sums, unit * sums[-1]), len(sums) - 1)


# functions whose results are datasets ---------------------------------------------------------------------------------


class FlatMap(FunctionStep):
    """The elements of the datasets that a function makes of the elements, one dataset after another."""

    name = "_FlatMapDataset"

    def __init__(self, node: Node, function: Callable) -> None:
        super().__init__(node, function)
        self.static = False

    def infer_spec(self) -> Any:
        return result_spec(self._dataset, self.input).element_spec

    def cardinality(self) -> int:
        return UNKNOWN

    def _dataset(self, element: Any) -> Any:
        result = call(self.function, element)
        if not isinstance(result, NestedDataset):
            raise TypeError(f"Invalid `map_func`. `map_func` must return a `Dataset` object. Got {type(result)}.")
        return result

    def elements(self, run: Run) -> Iterator:
        datasets = map(self._dataset, self.input.stream(run))
        return itertools.chain.from_iterable(dataset._node.stream(run) for dataset in datasets)


class Interleave(FlatMap):
    """The same, but from ``cycle`` datasets in turn, ``block`` elements from each."""

    name = "_InterleaveDataset"

    def __init__(self, node: Node, function: Callable, cycle: int, block: int, parallel: bool = False) -> None:
        super().__init__(node, function)
        for what, value in {"cycle_length": cycle, "block_length": block}.items():
            if value < 1:
                raise InvalidArgumentError(f"{what} must be greater than zero.")
        self._cycle, self._block = cycle, block
        if parallel:
            self.name = "_ParallelInterleaveDataset"

    def elements(self, run: Run) -> Iterator:
        return self._in_turn(map(self._dataset, self.input.stream(run)), run)

    def _in_turn(self, datasets: Iterator, run: Run) -> Iterator:
        slots: list[Iterator | None] = [None] * self._cycle
        ended = False
        for number in itertools.cycle(range(self._cycle)):
            if slots[number] is None and not ended:
                dataset = next(datasets, None)
                ended = dataset is None
                slots[number] = None if ended else dataset._node.stream(run)
            slot = slots[number]
            if slot is None:
                if ended and slots.count(None) == self._cycle:
                    return
                continue
            taken = 0
            for item in itertools.islice(slot, self._block):
                taken += 1
                yield item
            if taken < self._block:
                slots[number] = None
