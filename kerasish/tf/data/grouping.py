"""Steps that put elements together, and take them apart: batches, windows, groups."""

from __future__ import annotations

import bisect
import functools
import itertools
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch

from kerasish.core import tree
from kerasish.core.dtypes import int64
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.core.shape import TensorShape
from kerasish.core.tensor import Tensor, convert
from kerasish.tf.data import composites, elements, rows
from kerasish.tf.data.elements import DatasetSpec, NestedDataset, call
from kerasish.tf.data.functions import traced_at_first
from kerasish.tf.data.node import UNKNOWN, Node, Pull, Run, result_spec
from kerasish.tf.data.sources import Given
from kerasish.tf.spec import TensorSpec

# batches --------------------------------------------------------------------------------------------------------------


def _batch_count(size: int, batch_size: int, drop_remainder: bool) -> int:
    if size < 0:
        return size
    return size // batch_size if drop_remainder else -(-size // batch_size)


class Batch(Node):
    """Each ``size`` elements as one, with a new first axis; the last may have fewer.

    Attributes:
        size: how many.

    Raises:
        InvalidArgumentError: ``size`` is not positive; while iterating: shapes differ.
    """

    def __init__(self, node: Node, size: int, drop_remainder: bool, parallel: bool = False) -> None:
        super().__init__(node)
        if size < 1:
            raise InvalidArgumentError("Batch size must be greater than zero.")
        self.size, self._drop = size, drop_remainder
        self.name = "_ParallelBatchDataset" if parallel else "_BatchDataset"

    def _described(self) -> Any:
        """The elements' specification where batches have to follow it."""
        return self.input.spec if _may_give_rows(self.input) and composites.any_in(self.input.spec) else None

    def infer_spec(self) -> Any:
        return elements.batched_spec(self._described() or self.input.spec, self.size if self._drop else None)

    def cardinality(self) -> int:
        return _batch_count(self.input.cardinality(), self.size, self._drop)

    def elements(self, run: Run) -> Iterator:
        table = self.input.table()
        if table is None:
            return self._of_stream(self.input.stream(run))
        size = self.size
        blocks = rows.regroup(self.input.rows(run), size, table.together(size))
        if not table.may_fail:
            return itertools.chain.from_iterable(table.batches(block, size, self._drop) for block in blocks)
        return rows.Careful(
            blocks,
            lambda block: table.batches(block, size, self._drop),
            lambda rest: self._of_stream(table.one_by_one(rest)),
        )

    def _of_stream(self, stream: Iterator) -> Iterator:
        described = self._described()
        together = elements.stack if described is None else functools.partial(elements.stack, specs=described)
        return grouped(stream, self.size, self._drop, together)


def _may_give_rows(node: Node) -> bool:
    """Whether elements may be rows of ragged tensors, which look like dense ones."""
    if node.static:
        return composites.any_in(node.spec)
    return isinstance(node, RaggedBatch) or any(map(_may_give_rows, node.inputs))


class RaggedBatch(Batch):
    """Each ``size`` elements as one; tensors that differ in size become rows of ragged tensors.

    Raises:
        NotImplementedError: the rank of a tensor is unknown.
    """

    name = "_DenseToRaggedDataset"

    def __init__(self, node: Node, size: int, drop_remainder: bool, row_splits_dtype: Any) -> None:
        super().__init__(node, size, drop_remainder)
        self._kind = row_splits_dtype

    def _described(self) -> Any:
        return tree.map_structure(lambda leaf: composites.ragged_spec(leaf, self._kind), self.input.spec)


def grouped(stream: Iterator, size: int, drop_remainder: bool, together: Callable[[list], Any]) -> Iterator:
    """``together`` of each ``size`` elements, and of the rest of them."""

    def one() -> Any:
        group = list(itertools.islice(stream, size))
        if not group or (drop_remainder and len(group) < size):
            raise StopIteration
        return together(group)

    return Pull(one)


class PaddedBatch(Node):
    """Each ``size`` elements as one; where their shapes differ, they are filled up.

    Args:
        shapes: structure of shapes to fill up to; None (or -1) stands for the largest size in the batch. None alone: that
            of all dimensions that are not known.
        fillers: structure of values to fill with; None: zero, or the empty string. A single value is for all components.

    Raises:
        InvalidArgumentError: ``size`` is not positive.
        ValueError: ``shapes`` is missing and a component's rank is unknown.
        TypeError: a filler has another dtype than its component.
    """

    name = "_PaddedBatchDataset"

    def __init__(self, node: Node, size: int, shapes: Any, fillers: Any, drop_remainder: bool) -> None:
        super().__init__(node)
        if size < 1:
            raise InvalidArgumentError("Batch size must be greater than zero.")
        self._size, self._drop = size, drop_remainder
        self._asked = (shapes, fillers)
        if node.static:
            self._padding(node.spec)

    def _padding(self, spec: Any) -> tuple[list[TensorShape], list]:
        """Shape and filler for each component, the spec of which is given."""
        shapes, fillers = self._asked
        leaves = tree.flatten(spec)
        for leaf in leaves:
            if isinstance(leaf, DatasetSpec):
                raise TypeError("`padded_batch` is not supported for datasets of datasets")
            if isinstance(leaf, composites.SPECS):
                raise TypeError(
                    "`padded_batch` is only supported for datasets that produce tensor elements but type spec of elements in "
                    f"the input dataset is not a subclass of TensorSpec: `{leaf!r}`."
                )
        if shapes is None:
            for i, leaf in enumerate(leaves):
                if isinstance(leaf, TensorSpec) and leaf.shape.rank is None:
                    raise ValueError(
                        f"You must provide `padded_shapes` argument because component {i} has unknown rank."
                    )
            flat = [getattr(leaf, "shape", None) for leaf in leaves]
        else:
            flat = _given_shapes(spec, shapes)
        if not tree.is_nested(fillers):
            fillers = tree.map_structure(lambda _: fillers, spec)
        return flat, [_filler(value, leaf) for value, leaf in zip(_leaves_up_to(spec, fillers), leaves)]

    def infer_spec(self) -> Any:
        spec, size = self.input.spec, self._size if self._drop else None
        shapes, _ = self._padding(spec)
        leaves = [elements.with_shape(leaf, TensorShape([size]) + s) for leaf, s in zip(tree.flatten(spec), shapes)]
        return tree.pack_as(spec, leaves)

    def cardinality(self) -> int:
        return _batch_count(self.input.cardinality(), self._size, self._drop)

    def elements(self, run: Run) -> Iterator:
        return grouped(self.input.stream(run), self._size, self._drop, self._together)

    def _together(self, group: list) -> Any:
        first = elements.spec(group[0])
        shapes, fillers = self._padding(self.input.spec if self.input.static else first)
        if self._asked[0] is None:  # sizes that are known are the same in all elements
            shapes = [None if s is None else TensorShape([None] * len(s)) for s in shapes]
        return elements.stack_padded(group, shapes, fillers)


def _given_shapes(spec: Any, shapes: Any) -> list[TensorShape]:
    """The shapes to fill components up to, which are given for a structure of specifications."""
    for kind in (tuple, dict):
        if isinstance(spec, kind) and not isinstance(shapes, kind):
            raise fail(
                TypeError, "`padded_shapes` must have the elements' structure", f"a {kind.__name__}", repr(shapes)
            )
    flat = [_shape(shape) for shape in _leaves_up_to(spec, shapes)]
    for shape, leaf in zip(flat, tree.flatten(spec), strict=True):
        if isinstance(leaf, TensorSpec) and leaf.shape.rank not in (None, len(shape)):
            raise ValueError(
                f"The padded shape {shape} is not compatible with the shape {leaf.shape} of the corresponding input "
                "component."
            )
    return flat


def _leaves_up_to(structure: Any, values: Any) -> list:
    """What ``values`` has where ``structure`` has leaves."""
    found: list = []
    tree.map_structure_up_to(structure, lambda _, value: found.append(value), structure, values)
    return found


def _shape(shape: Any) -> TensorShape:
    dims = shape.numpy().tolist() if isinstance(shape, Tensor) else shape
    return TensorShape([None if dim is None or int(dim) == -1 else dim for dim in dims])


def _filler(value: Any, spec: Any) -> Any:
    if not isinstance(spec, TensorSpec):
        return None
    if value is None:
        return convert("") if spec.dtype == "string" else Tensor(torch.zeros((), dtype=spec.dtype.torch))
    given = convert(value)
    if given.dtype != spec.dtype:
        raise TypeError(
            f"Invalid `padding_values`. `padding_values` values type {given.dtype} does not match type {spec.dtype} of the "
            "corresponding input component."
        )
    return given


class Unbatch(Node):
    """The rows of the elements.

    Raises:
        ValueError: a component is a scalar.
    """

    name = "_UnbatchDataset"

    def __init__(self, node: Node) -> None:
        super().__init__(node)
        if node.static:
            elements.unbatched_spec(node.spec)

    def infer_spec(self) -> Any:
        return elements.unbatched_spec(self.input.spec)

    def cardinality(self) -> int:
        size = self.input.cardinality()
        if size < 0:
            return size
        try:
            spec = self.input.spec
        except Exception:  # what is wrong with a function shows where elements are asked for
            return UNKNOWN
        lengths = [shape[0] for shape in composites.shapes(spec) if shape.rank and shape[0] is not None]
        return size * lengths[0] if lengths else UNKNOWN

    def elements(self, run: Run) -> Iterator:
        return itertools.chain.from_iterable(map(elements.unstack, self.input.stream(run)))


class Rebatch(Node):
    """The rows of batches in batches of other sizes, taken in turn.

    Raises:
        ValueError: a component is a scalar, or a size is not positive.
    """

    name = "_RebatchDataset"

    def __init__(self, node: Node, sizes: Sequence[int], drop_remainder: bool) -> None:
        super().__init__(node)
        self._sizes, self._drop = list(sizes), drop_remainder
        if not self._sizes or min(self._sizes) < 1:
            raise fail(ValueError, "Invalid `batch_size`", "positive sizes", self._sizes)
        if node.static and any(getattr(leaf, "shape", TensorShape([1])).rank == 0 for leaf in tree.flatten(node.spec)):
            raise ValueError(
                "Invalid `batch_sizes`. Expected dataset with rank of >= 1 but found a dataset with scalar elements. Fix "
                "the issue by adding the `batch` transformation to the dataset."
            )
        if node.static:
            elements.unbatched_spec(node.spec)

    def infer_spec(self) -> Any:
        size = self._sizes[0] if self._drop and len(set(self._sizes)) == 1 else None
        return elements.batched_spec(elements.unbatched_spec(self.input.spec), size)

    def cardinality(self) -> int:
        return UNKNOWN

    def elements(self, run: Run) -> Iterator:
        unbatched = Unbatch(self.input)
        return self._cut(unbatched, unbatched.elements(run))

    def _cut(self, unbatched: Node, stream: Iterator) -> Iterator:
        described = unbatched.spec if self.input.static and composites.any_in(self.input.spec) else None
        for size in itertools.cycle(self._sizes):
            group = list(itertools.islice(stream, size))
            if not group or (self._drop and len(group) < size):
                return
            yield elements.stack(group, described)


# windows and groups ---------------------------------------------------------------------------------------------------


class Window(Node):
    """Datasets of ``size`` elements (one for each component), ``stride`` apart; their starts are ``shift`` apart.

    Args:
        dataset: makes a dataset of a node.

    Raises:
        InvalidArgumentError: size, shift or stride is not positive.
    """

    name = "_WindowDataset"

    def __init__(
        self,
        node: Node,
        size: int,
        shift: int | None,
        stride: int,
        drop_remainder: bool,
        dataset: Callable[[Node], Any],
    ) -> None:
        super().__init__(node)
        shift = size if shift is None else shift
        for what, value in {"size": size, "shift": shift, "stride": stride}.items():
            if value < 1:
                raise InvalidArgumentError(f"Window {what} must be greater than zero.")
        self._size, self._shift, self._stride, self._drop = size, shift, stride, drop_remainder
        self._dataset = dataset

    def infer_spec(self) -> Any:
        return tree.map_structure(DatasetSpec, self.input.spec)

    def cardinality(self) -> int:
        size = self.input.cardinality()
        if size < 0:
            return size
        reach = (self._size - 1) * self._stride + 1
        if self._drop:
            return max(0, (size - reach) // self._shift + 1)
        return -(-size // self._shift)

    def elements(self, run: Run) -> Iterator:
        return self._windows(self.input.stream(run))

    def _windows(self, stream: Iterator) -> Iterator:
        reach = (self._size - 1) * self._stride + 1
        held = deque(itertools.islice(stream, reach))
        while held and (len(held) == reach or not self._drop):
            yield self._window(list(itertools.islice(held, 0, None, self._stride)))
            for _ in range(min(self._shift, len(held))):
                held.popleft()
            held.extend(itertools.islice(stream, max(0, self._shift - reach), max(self._shift, reach) - len(held)))

    def _window(self, members: list) -> Any:
        columns = zip(*(tree.flatten(member) for member in members))
        spec = tree.flatten(self.input.spec if self.input.static else elements.spec(members[0]))
        given = [Given(list(column), leaf, "_VariantDataset") for column, leaf in zip(columns, spec)]
        return tree.pack_as(members[0], [self._dataset(node) for node in given])


class GroupByWindow(Node):
    """Elements gathered by key; when ``window_size`` of one key are there, a function's dataset of them comes out.

    Args:
        key_function: from element to int64.
        reduce_function: from key and dataset to dataset.
        window_size: from key to int64.
        dataset: makes a dataset of a node.
        spec: a function that tells the specification, if it can be known otherwise than by running the functions.
    """

    name = "_GroupByWindowDataset"

    def __init__(
        self,
        node: Node,
        key_function: Callable,
        reduce_function: Callable,
        window_size: Callable,
        dataset: Callable[[Node], Any],
        spec: Callable[[], Any] | None = None,
    ) -> None:
        super().__init__(node)
        self._spec = spec
        self._key, self._reduce = traced_at_first(key_function), traced_at_first(reduce_function)
        self._window_size = window_size
        self._dataset = dataset
        self.static = False

    @property
    def runs_python(self) -> bool:
        return True

    def infer_spec(self) -> Any:
        def reduced(element: Any) -> Any:
            key = convert(call(self._key, element), int64)
            return self._reduced(key, [element], self.input.spec)

        if self._spec is not None:
            return self._spec()
        return result_spec(reduced, self.input).element_spec

    def cardinality(self) -> int:
        return UNKNOWN

    def elements(self, run: Run) -> Iterator:
        return self._grouped(self.input.stream(run), run)

    def _grouped(self, stream: Iterator, run: Run) -> Iterator:
        groups: dict[int, list] = {}
        sizes: dict[int, int] = {}
        for element in stream:
            key = _int64(call(self._key, element), "key_func")
            if key not in groups:
                groups[key] = []
                sizes[key] = self._size_of(key)
            groups[key].append(element)
            if len(groups[key]) == sizes[key]:
                yield from self._finished(key, groups.pop(key), run)
        for key in sorted(groups):
            yield from self._finished(key, groups[key], run)

    def _size_of(self, key: int) -> int:
        size = _int64(self._window_size(convert(key, int64)), "window_size_func")
        if size < 1:
            raise InvalidArgumentError(f"Window size must be greater than zero, but got {size}.")
        return size

    def _finished(self, key: int, members: list, run: Run) -> Iterator:
        spec = self.input.spec if self.input.static else elements.spec(members[0])
        return self._reduced(convert(key, int64), members, spec)._node.stream(run)

    def _reduced(self, key: Any, members: list, spec: Any) -> Any:
        result = self._reduce(key, self._dataset(Given(members, spec, "_VariantDataset")))
        if not isinstance(result, NestedDataset):
            raise fail(TypeError, "Invalid `reduce_func`", "a `tf.data.Dataset` object", type(result))
        return result


def _int64(value: Any, name: str) -> int:
    try:
        number = convert(value, int64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"Invalid `{name}`. `{name}` must return a scalar tf.int64 tensor. {error}") from None
    if number.ndim:
        raise ValueError(f"Invalid `{name}`. `{name}` must return a scalar tf.int64 tensor, but gave {number}.")
    return int(number)


class Buckets:
    """Elements sorted by length, for ``bucket_by_sequence_length``.

    Args:
        length: from element to a number.
        boundaries: upper ends of the buckets, exclusive; there is one bucket more.
        sizes: elements of a batch, for each bucket.
    """

    def __init__(self, length: Callable, boundaries: Sequence[int], sizes: Sequence[int]) -> None:
        self._length = length
        self._boundaries = [int(boundary) for boundary in boundaries]
        self.sizes = [int(size) for size in sizes]

    def number(self, *element: Any) -> Tensor:
        """The bucket of an element: a key function."""
        return convert(bisect.bisect_right(self._boundaries, int(self._length(*element))), int64)

    def size(self, key: Any) -> Tensor:
        """Elements of a batch: a function from key to window size."""
        return convert(self.sizes[int(key)], int64)

    def shapes(self, number: int, spec: Any, shapes: Any) -> Any:
        """Shapes for padding, with one less than the bucket's end for what is unknown.

        Raises:
            InvalidArgumentError: the last bucket, which has no end.
        """
        if number == len(self._boundaries):
            raise InvalidArgumentError(
                "When pad_to_bucket_boundary=True, elements must have length < max(bucket_boundaries)."
            )
        size = self._boundaries[number] - 1
        found = (
            [leaf.shape for leaf in tree.flatten(spec)] if shapes is None else map(_shape, _leaves_up_to(spec, shapes))
        )
        return tree.pack_as(spec, [TensorShape([size if dim is None else dim for dim in shape]) for shape in found])
