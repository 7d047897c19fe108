"""Steps that change how elements are distributed or held: resampling, reduction by keys, sparse batches, devices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import torch

from kerasish.core import device as devices
from kerasish.core import dispatch, tree
from kerasish.core.dtypes import int64
from kerasish.core.errors import DataLossError, InvalidArgumentError
from kerasish.core.shape import TensorShape
from kerasish.core.sparse import SparseTensor
from kerasish.core.tensor import Tensor
from kerasish.tf.data import elements
from kerasish.tf.data.elements import call, normalise
from kerasish.tf.data.functions import traced_at_first
from kerasish.tf.data.grouping import grouped
from kerasish.tf.data.node import UNKNOWN, Node, Run, result_spec
from kerasish.tf.data.randomness import Seeds, units
from kerasish.tf.data.transforms import FunctionStep
from kerasish.tf.sparse_spec import SparseTensorSpec


class Resampled(FunctionStep):
    """Pairs of class and element; an element stays with a probability in proportion to how much its class is wanted."""

    name = "_DirectedInterleaveDataset"

    def __init__(self, node: Node, class_func: Callable, target: Any, initial: Any, seed: int | None) -> None:
        super().__init__(node, class_func)
        self.static = False
        self._target = np.asarray(dispatch.raw(target, torch.float32).cpu(), dtype=np.float64)
        self._initial = None if initial is None else np.asarray(dispatch.raw(initial, torch.float32).cpu(), np.float64)
        self._seeds = Seeds(seed, renewed=True)

    def infer_spec(self) -> Any:
        kinds = result_spec(lambda element: normalise(call(self.function, element)), self.input)
        return kinds, self.input.spec

    def cardinality(self) -> int:
        return UNKNOWN

    def elements(self, run: Run) -> Iterator:
        draws = units(self._seeds.next_pass(run.probing))
        seen = np.ones(len(self._target))
        for element in self.input.stream(run):
            kind = normalise(call(self.function, element))
            number = int(kind)
            seen[number] += 1
            shares = self._initial if self._initial is not None else seen / seen.sum()
            wanted = np.divide(self._target, shares, out=np.zeros_like(shares), where=shares > 0)
            if next(draws) * wanted.max() < wanted[number]:
                yield kind, element


class Reducer(NamedTuple):
    """How elements of one key become one: a state from the key, the next state, a result from the last one."""

    init_func: Callable
    reduce_func: Callable
    finalize_func: Callable


class GroupByReducer(FunctionStep):
    """One element for each key; see ``tf.data.experimental.group_by_reducer``."""

    name = "_GroupByReducerDataset"

    def __init__(self, node: Node, key_func: Callable, reducer: Reducer) -> None:
        super().__init__(node, key_func)
        self.static = False
        self._reducer = Reducer(*map(traced_at_first, reducer))

    def infer_spec(self) -> Any:
        return result_spec(lambda element: self._finished(self._next(self._first(element), element)), self.input)

    def _first(self, element: Any) -> Any:
        return normalise(self._reducer.init_func(normalise(call(self.function, element))))

    def _next(self, state: Any, element: Any) -> Any:
        return normalise(self._reducer.reduce_func(state, elements.to_device(element)))

    def _finished(self, state: Any) -> Any:
        return elements.normalise_result(call(self._reducer.finalize_func, state))

    def cardinality(self) -> int:
        return UNKNOWN

    def elements(self, run: Run) -> Iterator:
        states: dict[int, Any] = {}
        for element in self.input.stream(run):
            key = normalise(call(self.function, element))
            if not (isinstance(key, Tensor) and key.dtype == int64 and key.shape.rank == 0):
                raise ValueError(f"Invalid `key_func`. It is to return a scalar tf.int64 tensor, but returned {key!r}.")
            number = int(key)
            if number not in states:
                states[number] = normalise(self._reducer.init_func(key))
            states[number] = self._next(states[number], element)
        return map(self._finished, states.values())


class SparseBatch(Node):
    """Tensors as the rows of sparse ones.

    Raises:
        TypeError: elements that are no tensors.
    """

    name = "_DenseToSparseBatchDataset"

    def __init__(self, node: Node, size: int, row_shape: Any) -> None:
        super().__init__(node)
        if size < 1:
            raise InvalidArgumentError(f"batch_size must be greater than 0, got {size}")
        self._size, self._row = size, TensorShape([None if n == -1 else n for n in TensorShape(row_shape)])
        if node.static:
            self.infer_spec()

    def infer_spec(self) -> Any:
        spec = self.input.spec
        if not hasattr(spec, "dtype"):
            raise TypeError(
                f"`dense_to_sparse_batch` requires an input dataset whose elements are tensors, got {spec}."
            )
        return SparseTensorSpec(TensorShape([None]) + self._row, spec.dtype)

    def cardinality(self) -> int:
        size = self.input.cardinality()
        return size if size < 0 else -(-size // self._size)

    def elements(self, run: Run) -> Iterator:
        return grouped(self.input.stream(run), self._size, False, self._together)

    def _together(self, rows: list) -> SparseTensor:
        shapes = [tuple(row.shape) for row in rows]
        for shape in shapes:
            if len(shape) != len(self._row):
                raise InvalidArgumentError(f"Input element had shape {list(shape)}, incompatible with {self._row}.")
            if any(known is not None and n > known for n, known in zip(shape, self._row)):
                raise DataLossError(f"Input element had shape {list(shape)} that exceeds the row shape {self._row}.")
        sizes = [max(column) if known is None else known for column, known in zip(zip(*shapes), self._row)]
        places = [np.argwhere(np.ones(shape, bool)) for shape in shapes]
        numbers = np.repeat(np.arange(len(rows)), [len(place) for place in places])[:, None]
        indices = torch.from_numpy(np.concatenate([numbers, np.concatenate(places)], 1))
        raw = [row._t.reshape(-1) for row in rows]
        values = torch.cat(raw) if isinstance(raw[0], torch.Tensor) else np.concatenate(raw)
        return SparseTensor.of_raw(indices, values, (len(rows), *sizes))


class CopyToDevice(Node):
    """The elements on another device."""

    name = "_CopyToDeviceDataset"

    def __init__(self, node: Node, target: str) -> None:
        super().__init__(node)
        with devices.scope(target):
            self._device = devices.current()

    def elements(self, run: Run) -> Iterator:
        return map(self._moved, self.input.stream(run))

    def _moved(self, element: Any) -> Any:
        return tree.map_structure(
            lambda leaf: Tensor(leaf._t.to(self._device)) if type(leaf) is Tensor else leaf, element
        )
