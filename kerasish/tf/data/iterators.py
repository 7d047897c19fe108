"""Iterators over datasets, and values that may be absent."""

from __future__ import annotations

import collections.abc
import itertools
import re
from collections.abc import Callable
from collections.abc import Iterator as PythonIterator
from typing import Any

import numpy as np

from kerasish.core import tree
from kerasish.core.errors import InvalidArgumentError, OpError, OutOfRangeError, name_operation
from kerasish.core.sparse import SparseTensor
from kerasish.core.tensor import Tensor, convert
from kerasish.tf.data import elements
from kerasish.tf.data.elements import DatasetSpec, ElementsSpec, NestedDataset
from kerasish.tf.data.node import Node, Run
from kerasish.tf.data.randomness import Seeds


class IteratorSpec(ElementsSpec):
    """Describes an iterator over a dataset by its elements."""

    @property
    def value_type(self) -> type:
        return Iterator


class OptionalSpec(ElementsSpec):
    """Describes a value that may be absent."""

    @property
    def value_type(self) -> type:
        return Optional


class Optional:
    """An element, or none (``tf.experimental.Optional``)."""

    def __init__(self, value: tuple, spec: Callable[[], Any]) -> None:
        self._value = value  # of one element, or empty
        self._spec = spec  # a function, since some specifications take work to find

    @property
    def element_spec(self) -> Any:
        return self._spec()

    @property
    def _type_spec(self) -> OptionalSpec:
        return OptionalSpec(self.element_spec)

    @staticmethod
    def from_value(value: Any) -> Optional:
        """With that value."""
        element = elements.normalise(value)
        return Optional((element,), lambda: elements.spec(element))

    @staticmethod
    def empty(element_spec: Any) -> Optional:
        """Without a value of that specification."""
        return Optional((), lambda: element_spec)

    def has_value(self, name: str | None = None) -> Tensor:
        return convert(bool(self._value))

    def get_value(self, name: str | None = None) -> Any:
        """The element.

        Raises:
            InvalidArgumentError: there is none.
        """
        if not self._value:
            raise InvalidArgumentError("The given optional does not have a value.")
        return self._value[0]


class Iterator(collections.abc.Iterator):
    """One pass over a dataset: ``iter(dataset)``."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._random = _seeds(node)
        self._begun = [seeds.state for seeds in self._random]  # before the pass
        self._run = Run()
        self._stream = node.stream(self._run)
        self._apart = node.runs_python
        self.taken = 0  # elements given so far

    @property
    def element_spec(self) -> Any:
        """The structure of specifications of an element."""
        return self._node.spec

    @property
    def _type_spec(self) -> IteratorSpec:
        return IteratorSpec(self.element_spec)

    def __iter__(self) -> PythonIterator:
        return self

    def __next__(self) -> Any:
        try:
            if not self._apart:
                element = next(self._stream)
            else:
                with self._run.scope():
                    element = next(self._stream)
        except OpError as error:
            name_operation(error, "IteratorGetNext")
            raise
        self.taken += 1
        return elements.to_device(element)

    def next(self) -> Any:
        """The next element, as ``next(iterator)``."""
        return next(self)

    @property
    def position(self) -> np.ndarray:
        """Where the iterator is, as whole numbers: how many elements it gave, and what its random steps draw from."""
        numbers = [self.taken, *itertools.chain.from_iterable(self._begun)]
        return np.array(numbers, dtype=np.uint64).view(np.int64)

    def go_to(self, position: Any) -> None:
        """Begin a new pass, of the same random numbers, and leave out the elements that ``position`` says were given."""
        taken, *rest = np.ravel(np.asarray(position, dtype=np.int64)).view(np.uint64).tolist()
        if len(rest) == 3 * len(self._random):  # else of another dataset, or written by an earlier version
            self._begun = [tuple(rest[i : i + 3]) for i in range(0, len(rest), 3)]
        for seeds, state in zip(self._random, self._begun):
            seeds.go_to(state)
        self._run = Run()
        self._stream = self._node.stream(self._run)
        self.taken = 0
        with self._run.scope():
            for _ in itertools.islice(self._stream, taken):
                self.taken += 1

    def get_next(self, name: str | None = None) -> Any:
        """The next element.

        Raises:
            OutOfRangeError: there are no more.
        """
        try:
            return next(self)
        except StopIteration:
            raise OutOfRangeError("End of sequence") from None

    def get_next_as_optional(self, name: str | None = None) -> Optional:
        """The next element, or an Optional without a value."""
        return Optional(tuple(itertools.islice(self, 1)), lambda: self.element_spec)


def _seeds(node: Node) -> list[Seeds]:
    """What the random steps of a dataset draw from."""
    found = {id(seeds): seeds for part in node.inputs for seeds in _seeds(part)}
    own = getattr(node, "_seeds", None)
    return [*found.values(), *([own] if isinstance(own, Seeds) else [])]


class NumpyIterator(collections.abc.Iterator):
    """One pass over a dataset, with NumPy values in place of tensors."""

    def __init__(self, dataset: NestedDataset) -> None:
        for leaf in tree.flatten(dataset.element_spec) if dataset._node.static else ():
            if isinstance(leaf, DatasetSpec):
                raise _nested(type(dataset))
        self._iterator = Iterator(dataset._node)

    def __iter__(self) -> PythonIterator:
        return self

    def __next__(self) -> Any:
        return tree.map_structure(_to_numpy, next(self._iterator))

    def next(self) -> Any:
        return next(self)

    def save(self) -> Tensor:
        """Where it is, as a text."""
        return convert(" ".join(map(str, self._iterator.position)).encode())

    def restore(self, state: Any) -> None:
        """Go where an iterator of this dataset was when it was saved.

        Raises:
            InvalidArgumentError: ``state`` is no result of ``save``.
        """
        text = state.numpy() if hasattr(state, "numpy") else state
        if not isinstance(text, bytes) or not re.fullmatch(rb"-?\d+( -?\d+)*", text):
            raise InvalidArgumentError(f"The state of an iterator must be what `save` gave. Received: {state!r}")
        self._iterator.go_to([int(number) for number in text.split()])

    def __repr__(self) -> str:
        return f"NumpyIterator(iterator={self._iterator!r})"


def _nested(kind: type) -> TypeError:
    return TypeError(
        f"`tf.data.Dataset.as_numpy_iterator()` is not supported for datasets that produce values of type {kind}"
    )


def _to_numpy(leaf: Any) -> Any:
    if isinstance(leaf, NestedDataset):
        raise _nested(type(leaf))
    if isinstance(leaf, SparseTensor):
        dense = (
            np.zeros(leaf.shape, leaf.dtype.as_numpy_dtype)
            if leaf.dtype != "string"
            else np.full(leaf.shape, b"", object)
        )
        dense[tuple(leaf.indices.numpy().T)] = leaf.values.numpy()
        return dense
    return None if leaf is None else leaf.numpy()
