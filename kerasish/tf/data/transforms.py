"""Steps that take elements one by one: functions on them, their choice, order and repetition."""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from kerasish.core import tree
from kerasish.core.dtypes import bool_
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.tensor import Tensor
from kerasish.tf import nodes
from kerasish.tf.data import composites, elements, rows
from kerasish.tf.data.elements import call, normalise, normalise_result
from kerasish.tf.data.functions import FirstCall, kept, traced_at_first
from kerasish.tf.data.mapped import mapped
from kerasish.tf.data.node import (
    INFINITE,
    UNKNOWN,
    Node,
    RowStep,
    Run,
    result_spec,
    run_without_values,
    spec_without_values,
)
from kerasish.tf.data.randomness import Seeds, shuffled
from kerasish.tf.data.rows import Block, Table
from kerasish.tf.data.threads import in_threads
from kerasish.tf.plain import is_plain
from kerasish.tf.spec import NoneTensorSpec, TensorSpec
from kerasish.tf.tracing import Trace

# users' functions -----------------------------------------------------------------------------------------------------


class FunctionStep(Node):
    """A step that runs a user's function.

    Raises:
        ValueError: it is not callable.
    """

    def __init__(self, node: Node, function: Callable) -> None:
        super().__init__(node)
        if not callable(function):
            raise ValueError(f"Argument `func` must be a callable. Received func={function} (of type {type(function)})")
        if node.static:
            _check_arguments(function, self._arguments(node.spec))
        self.function, trace = kept(function)
        nodes.graph_of(self.function)
        if trace is not None:
            self._trace(trace)

    def _trace(self, trace: Trace) -> None:
        """Let the function's effects on Python's own state happen, now; it runs without values if it can."""
        self.function = FirstCall(self.function, trace, self.input.spec)
        nodes.graph_of(self.function)
        run_without_values(self._traced, self.input)

    def _traced(self, element: Any) -> Any:
        return call(self.function, element)

    @property
    def runs_python(self) -> bool:
        return True

    def _arguments(self, element: Any) -> tuple:
        return element if type(element) is tuple else (element,)


def _check_arguments(function: Callable, specs: tuple) -> None:
    """Raise TypeError now, not at the first element, if the function does not take as many arguments as elements have."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # functions written in C have none
        return
    try:
        signature.bind(*specs)
    except TypeError as error:
        name = getattr(function, "__name__", type(function).__name__)
        raise TypeError(f"{name}(): {error}, for {specs}") from None


class Map(FunctionStep):
    """A function's results on the elements, in their order.

    Where the input is a table and the function nothing but tensor operations, the results are a table, too.

    Args:
        workers: threads that run it.
    """

    def __init__(self, node: Node, function: Callable, workers: int = 1, parallel: bool = False) -> None:
        super().__init__(node, function)
        self.static = False
        self._workers = workers
        self._tried: tuple[Table, Table | None] | None = None
        self.name = "_ParallelMapDataset" if parallel else "_MapDataset"

    def infer_spec(self) -> Any:
        found = result_spec(functools.partial(call, self.function), self.input)
        if isinstance(found, NoneTensorSpec):
            raise _no_result()
        return found

    @property
    def runs_python(self) -> bool:
        return self.input.runs_python or not is_plain(self.function)

    def table(self) -> Table | None:
        source = self.input.table()
        if source is None or not is_plain(self.function):
            return None
        if self._tried is None or self._tried[0] is not source:
            self._tried = (source, mapped(source, self._apply))
        return self._tried[1]

    def rows(self, run: Run) -> Iterator[Block]:
        return self.input.rows(run)

    def elements(self, run: Run) -> Iterator:
        stream = self.input.stream(run)
        if self._workers > 1 and not run.probing and not is_plain(self.function):
            return in_threads(self._apply, stream, self._workers, run)
        return map(self._apply, stream)

    def _apply(self, element: Any) -> Any:
        result = normalise_result(call(self.function, element))
        if result is None:
            raise _no_result()
        return result


def _no_result() -> InvalidArgumentError:
    return InvalidArgumentError(
        "Length for attr 'output_types' of 0 must be at least minimum 1: the function gave None"
    )


class Choice(FunctionStep):
    """Base of the steps with predicates.

    Raises:
        ValueError: the predicate gives no boolean scalar; now, if that can be told without elements.
    """

    def __init__(self, node: Node, function: Callable) -> None:
        super().__init__(node, function)
        if node.static:
            found = spec_without_values(self._traced, node)
            if found is not None and not isinstance(found, NoneTensorSpec):
                _demand_truth(found)

    def _holds(self, element: Any) -> bool:
        return truth(call(self.function, element))


class Filter(Choice):
    """The elements for which a predicate is true."""

    name = "_FilterDataset"

    def cardinality(self) -> int:
        return UNKNOWN

    def elements(self, run: Run) -> Iterator:
        return filter(self._holds, self.input.stream(run))


class TakeWhile(Choice):
    """The elements up to the first for which a predicate is false."""

    name = "_TakeWhileDataset"

    def cardinality(self) -> int:
        return UNKNOWN

    def elements(self, run: Run) -> Iterator:
        return itertools.takewhile(self._holds, self.input.stream(run))


def truth(value: Any) -> bool:
    """What a predicate returned.

    Raises:
        ValueError: it is no boolean scalar.
    """
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    result = normalise(value)
    if not isinstance(result, Tensor) or result.dtype != bool_ or result.ndim:
        _demand_truth(elements.spec(result))
    return bool(result)


def _demand_truth(found: Any) -> None:
    """Raise unless a predicate's results are boolean scalars, or may be."""
    if not isinstance(found, TensorSpec) or found.dtype != bool_ or found.shape.rank not in (0, None):
        raise ValueError(
            f"Invalid `predicate`. `predicate` must return a `tf.bool` scalar tensor, but its return type is {found}."
        )


class Scan(FunctionStep):
    """A function from state and element to new state and result."""

    name = "_ScanDataset"

    def __init__(self, node: Node, initial_state: Any, function: Callable) -> None:
        self._initial = normalise(initial_state)
        super().__init__(node, function)
        self.static = False

    def _traced(self, element: Any) -> Any:
        return self._step(elements.to_device(self._initial), element)

    def _arguments(self, element: Any) -> tuple:
        return None, element

    def infer_spec(self) -> Any:
        """Of the results for the initial state, and for those that follow it if their shapes differ."""
        initial = elements.to_device(self._initial)
        after, output = result_spec(lambda element: self._step(initial, element), self.input)
        states = elements.spec(self._initial)
        for _ in range(2):
            wider = elements.merge_specs(states, after)
            if wider is None or wider == states:
                break
            following = _AfterFirst(after, self)
            after, later = result_spec(lambda both: self._step(*both), following)
            states, output = wider, elements.merge_specs(output, later)
        return output

    def _step(self, state: Any, element: Any) -> tuple:
        result = self.function(state, elements.to_device(element))
        if not isinstance(result, (tuple, list)) or len(result) != 2:
            raise TypeError(
                "Invalid `scan_func`. `scan_func` should return a pair consisting of new state and the output value but "
                f"its return type is {elements.spec(normalise_result(result))}."
            )
        after = normalise(result[0])
        for old, new in zip(tree.flatten(state), tree.flatten(after)):
            if old.dtype != new.dtype:
                raise TypeError(
                    "Invalid `scan_func`. The element types for the new state must match the initial state. Expected "
                    f"{old.dtype!r}, got {new.dtype!r}."
                )
        return after, normalise(result[1])

    def elements(self, run: Run) -> Iterator:
        return self._scanned(self.input.stream(run))

    def _scanned(self, stream: Iterator) -> Iterator:
        state = elements.to_device(self._initial)
        for element in stream:
            state, output = self._step(state, element)
            yield output


class _AfterFirst(Node):
    """Pairs of a state and an element, from the second on."""

    def __init__(self, state_spec: Any, scan: Scan) -> None:
        super().__init__(scan.input)
        self._spec, self._scan = state_spec, scan

    def infer_spec(self) -> Any:
        return self._spec, self.input.spec

    def elements(self, run: Run) -> Iterator:
        state = elements.to_device(self._scan._initial)
        for i, element in enumerate(self.input.stream(run)):
            if i:
                yield state, element
            state, _ = self._scan._step(state, element)


def reduce(node: Node, initial_state: Any, function: Callable) -> Any:
    """The last state that ``function`` (state, element) gives.

    Raises:
        InvalidArgumentError: it returns another structure than the initial state's.
    """
    run, function = Run(), traced_at_first(function)
    with run.scope():
        state = elements.to_device(normalise(initial_state))
        count = len(tree.flatten(state))
        for element in node.stream(run):
            state = normalise_result(function(state, elements.to_device(element)))
            if len(tree.flatten(state)) != count:
                raise InvalidArgumentError(
                    "The number of components of the initial state and the reduce function output does not match. "
                    f"(initial_state={count}, output={len(tree.flatten(state))})."
                )
    return state


# choice ---------------------------------------------------------------------------------------------------------------


class Take(RowStep):
    """The first elements; a negative count takes all."""

    name = "_TakeDataset"

    def __init__(self, node: Node, count: int) -> None:
        super().__init__(node)
        self._count = count

    def cardinality(self) -> int:
        size = self.input.cardinality()
        if self._count < 0 or size == UNKNOWN:
            return size
        return self._count if size == INFINITE else min(size, self._count)

    def rows(self, run: Run) -> Iterator[Block]:
        stream = self.input.rows(run)
        return stream if self._count < 0 else rows.take_rows(stream, self._count)

    def elements(self, run: Run) -> Iterator:
        stream = self.input.stream(run)
        return stream if self._count < 0 else itertools.islice(stream, self._count)


class Skip(RowStep):
    """All but the first elements; a negative count skips all."""

    name = "_SkipDataset"

    def __init__(self, node: Node, count: int) -> None:
        super().__init__(node)
        self._count = count

    def cardinality(self) -> int:
        size = self.input.cardinality()
        if size < 0:
            return size
        return 0 if self._count < 0 else max(size - self._count, 0)

    def rows(self, run: Run) -> Iterator[Block]:
        return iter(()) if self._count < 0 else rows.skip_rows(self.input.rows(run), self._count)

    def elements(self, run: Run) -> Iterator:
        return iter(()) if self._count < 0 else itertools.islice(self.input.stream(run), self._count, None)


class Shard(RowStep):
    """Every ``count``-th element, from the one numbered ``index`` on.

    Raises:
        InvalidArgumentError: no shards, or an index beyond them.
    """

    name = "_ShardDataset"

    def __init__(self, node: Node, count: int, index: int) -> None:
        super().__init__(node)
        if count < 1:
            raise InvalidArgumentError(f"Number of shards must be greater than zero (currently num_shards = {count}).")
        if not 0 <= index < count:
            raise InvalidArgumentError(f"Index must be between 0 and {count - 1} (currently index = {index}).")
        self._count, self._index = count, index

    def cardinality(self) -> int:
        size = self.input.cardinality()
        return size if size < 0 else len(range(self._index, size, self._count))

    def rows(self, run: Run) -> Iterator[Block]:
        return rows.shard_rows(self.input.rows(run), self._count, self._index)

    def elements(self, run: Run) -> Iterator:
        return itertools.islice(self.input.stream(run), self._index, None, self._count)


class Unique(Node):
    """Each value at its first appearance.

    Raises:
        InvalidArgumentError: elements of several components.
        TypeError: another dtype than int32, int64 and string.
    """

    name = "_UniqueDataset"

    def __init__(self, node: Node) -> None:
        super().__init__(node)
        if node.static:
            self._check(node.spec)

    def _check(self, spec: Any) -> None:
        leaves = tree.flatten(spec)
        spec = leaves[0] if len(leaves) == 1 else spec
        if not isinstance(spec, TensorSpec):
            if tree.is_nested(spec) or isinstance(spec, composites.SPECS):
                raise InvalidArgumentError("UniqueDataset only supports inputs with a single component.")
            raise TypeError(
                f"`tf.data.Dataset.unique` does not support type {spec!r} -- only `tf.int32`, `tf.int64`, and "
                "`tf.string` are supported."
            )
        if spec.dtype not in ("int32", "int64", "string"):
            raise TypeError(
                f"`tf.data.Dataset.unique` does not support type {spec.dtype} -- only `tf.int32`, `tf.int64`, and "
                "`tf.string` are supported."
            )

    def cardinality(self) -> int:
        return UNKNOWN

    def elements(self, run: Run) -> Iterator:
        seen = set()
        for element in self.input.stream(run):
            if not seen:
                self._check(elements.spec(element))
            array = tree.flatten(element)[0].numpy()
            key = array if isinstance(array, bytes) else (array.shape, tuple(np.ravel(array).tolist()))
            if key not in seen:
                seen.add(key)
                yield element


# order and repetition -------------------------------------------------------------------------------------------------


class Shuffle(RowStep):
    """The elements in random order, drawn from a buffer of the next ``size`` ones (None: of all).

    Args:
        seed: two datasets with the same seeds (this one and the global one) give the same orders.
        reshuffle: whether each pass has an order of its own.
    """

    name = "_ShuffleDataset"

    def __init__(self, node: Node, size: int | None, seed: int | None, reshuffle: bool) -> None:
        super().__init__(node)
        self._size = size
        self._seeds = Seeds(seed, renewed=reshuffle)

    def rows(self, run: Run) -> Iterator[Block]:
        if run.probing or self._size == 1:
            return self.input.rows(run)
        return rows.shuffle_rows(self.input.rows(run), self._size, self._seeds.next_pass())

    def elements(self, run: Run) -> Iterator:
        stream = self.input.stream(run)
        if run.probing or self._size == 1:
            return stream
        return shuffled(stream, self._size, self._seeds.next_pass())


class Repeat(RowStep):
    """The elements again and again: ``count`` times, or without end if it is negative."""

    name = "_RepeatDataset"

    def __init__(self, node: Node, count: int) -> None:
        super().__init__(node)
        self._count = count

    def cardinality(self) -> int:
        size = self.input.cardinality()
        if self._count == 0 or size == 0:
            return 0
        if self._count < 0:
            return INFINITE
        return size if size < 0 else size * self._count

    def rows(self, run: Run) -> Iterator[Block]:
        return self._repeated(self.input.rows, run)

    def elements(self, run: Run) -> Iterator:
        return self._repeated(self.input.stream, run)

    def _repeated(self, one_pass: Callable[[Run], Iterator], run: Run) -> Iterator:
        # a counted repetition begins its first pass at once: it takes seeds before what stands beside it does
        return self._passes(one_pass, run, one_pass(run) if self._count > 0 else None)

    def _passes(self, one_pass: Callable[[Run], Iterator], run: Run, first: Iterator | None) -> Iterator:
        for _ in itertools.count() if self._count < 0 else range(self._count):
            empty = True
            stream, first = first if first is not None else one_pass(run), None
            for item in stream:
                empty = False
                yield item
            if empty:
                return
        if not isinstance(self.input, Shuffle):
            one_pass(run)  # TensorFlow begins one more: where it shuffles, it takes seeds


class Enumerate(RowStep):
    """Pairs of a number and an element."""

    name = "_ZipDataset"

    def __init__(self, node: Node, numbers: Node) -> None:
        super().__init__(node)
        self._numbers = numbers

    def infer_spec(self) -> Any:
        return self._numbers.spec, self.input.spec

    def table(self) -> Table | None:
        table, numbers = self.input.table(), self._numbers.table()
        return None if table is None else rows.Zipped((numbers, table))

    def rows(self, run: Run) -> Iterator[Block]:
        return rows.number_rows(self.input.rows(run))

    def elements(self, run: Run) -> Iterator:
        return zip(self._numbers.stream(run), self.input.stream(run))
