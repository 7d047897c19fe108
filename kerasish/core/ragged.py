"""RaggedTensor: rows of different lengths, as the values of all rows and, for each ragged dimension, where rows end.

``values`` are a Tensor (of strings, too) or a RaggedTensor of one dimension less. Gradients flow through ``flat_values``;
the partitions are constants.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn

import numpy as np
import torch

from kerasish.core import dispatch, dtypes
from kerasish.core import ragged_partition as partitions
from kerasish.core.composite import CompositeTensor
from kerasish.core.dtypes import DType, as_dtype
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.core.ragged_build import from_dense, to_dense
from kerasish.core.ragged_index import count_rows, getitem, slice_rows
from kerasish.core.ragged_partition import RowPartition
from kerasish.core.ragged_shape import broadcast
from kerasish.core.shape import TensorShape
from kerasish.core.sparse import SparseTensor
from kerasish.core.tensor import Tensor, convert


class RaggedTensor(CompositeTensor):
    """A tensor with rows of different lengths in some dimensions after the first. Made by its ``from_…`` methods.

    Raises:
        ValueError: the constructor is called.
    """

    __slots__ = ("__weakref__", "_inner", "_partition")
    __array_priority__ = 100
    _overrides_tensor_operators = True
    _spec: Any = None  # RaggedTensorSpec.from_value, which is defined above this level

    def __init__(self, values: Any, row_partition: Any, internal: bool = False) -> None:
        if not internal:
            raise ValueError(
                "RaggedTensor constructor is private; please use one of the factory methods instead (e.g., "
                "RaggedTensor.from_row_lengths())"
            )
        self._inner = values
        self._partition = row_partition

    # making one

    @classmethod
    def _remade(cls, values: Any, partition: RowPartition) -> RaggedTensor:
        return cls(values, partition, True)

    @classmethod
    def _made(cls, values: Any, partition: Callable[[Any, torch.dtype | None], RowPartition], validate: Any) -> Any:
        """With a partition that is made for the values, which users gave."""
        if not isinstance(validate, (bool, np.bool_)):
            raise TypeError(f"Argument `validate` must have type bool. Received {validate}.")
        values = values if isinstance(values, RaggedTensor) else convert(values)
        if not isinstance(values, RaggedTensor) and not values.shape.rank:
            raise InvalidArgumentError("slice index 0 of dimension 0 out of bounds. [Op:StridedSlice]")
        preferred = values._splits_dtype if isinstance(values, RaggedTensor) else None
        made = partition(values, preferred)
        if preferred is not None and made.splits.dtype is not preferred:
            raise ValueError(
                "Argument `row_splits` and the ragged `values` have different row_splits dtypes: "
                f"{as_dtype(made.splits.dtype)!r} and {as_dtype(preferred)!r}"
            )
        if validate:
            partitions.check_values(made, count_rows(values))
        return cls._remade(values, made)

    @classmethod
    def from_row_splits(cls, values: Any, row_splits: Any, name: str | None = None, validate: bool = True) -> Any:
        """Rows from ``row_splits[i]`` to ``row_splits[i + 1]``.

        Raises:
            ValueError, InvalidArgumentError: they do not start at 0, fall, or end elsewhere than the values.
        """
        return cls._made(values, lambda v, kind: partitions.from_splits(row_splits, validate, kind), validate)

    @classmethod
    def from_row_lengths(cls, values: Any, row_lengths: Any, name: str | None = None, validate: bool = True) -> Any:
        """Rows of these lengths."""
        return cls._made(values, lambda v, kind: partitions.from_lengths(row_lengths, validate, kind), validate)

    @classmethod
    def from_value_rowids(
        cls, values: Any, value_rowids: Any, nrows: Any = None, name: str | None = None, validate: bool = True
    ) -> Any:
        """Each value in the row that it names; the names rise.

        Args:
            nrows: how many rows there are; default: up to the last one that has a value.
        """

        def partition(v: Any, kind: Any) -> RowPartition:
            made = partitions.from_rowids(value_rowids, nrows, validate, kind)
            if made.nvals != count_rows(v):
                raise ValueError(f"Shapes ({count_rows(v)},) and ({made.nvals},) are incompatible")
            return made

        return cls._made(values, partition, validate)

    @classmethod
    def from_row_starts(cls, values: Any, row_starts: Any, name: str | None = None, validate: bool = True) -> Any:
        """Rows that start there."""
        return cls._made(
            values, lambda v, kind: partitions.from_starts(row_starts, count_rows(v), validate, kind), validate
        )

    @classmethod
    def from_row_limits(cls, values: Any, row_limits: Any, name: str | None = None, validate: bool = True) -> Any:
        """Rows that end there."""
        return cls._made(values, lambda v, kind: partitions.from_limits(row_limits, validate, kind), validate)

    @classmethod
    def from_uniform_row_length(
        cls, values: Any, uniform_row_length: Any, nrows: Any = None, validate: bool = True, name: str | None = None
    ) -> Any:
        """Rows of one length.

        Args:
            nrows: how many; needed where the length is 0.
        """

        def partition(v: Any, kind: Any) -> RowPartition:
            return partitions.from_uniform(uniform_row_length, count_rows(v), nrows, kind or torch.int64)

        return cls._made(values, partition, validate)

    @classmethod
    def _nested(cls, method: Callable, flat_values: Any, nested: Any, what: str, validate: bool, *more: Any) -> Any:
        if dispatch.is_tensor(nested) or isinstance(nested, np.ndarray):
            raise TypeError(f"Argument `{what}` must be a list of Tensors. Received {nested}.")
        result = flat_values
        for parts in reversed(list(zip(nested, *more))):
            result = method(result, *parts, validate=validate)
        return result

    @classmethod
    def from_nested_row_splits(
        cls, flat_values: Any, nested_row_splits: Any, name: str | None = None, validate: bool = True
    ) -> Any:
        """Rows of rows: row splits for each ragged dimension, outermost first."""
        return cls._nested(cls.from_row_splits, flat_values, nested_row_splits, "nested_row_splits", validate)

    @classmethod
    def from_nested_row_lengths(
        cls, flat_values: Any, nested_row_lengths: Any, name: str | None = None, validate: bool = True
    ) -> Any:
        """Rows of rows: row lengths for each ragged dimension, outermost first."""
        return cls._nested(cls.from_row_lengths, flat_values, nested_row_lengths, "nested_row_lengths", validate)

    @classmethod
    def from_nested_value_rowids(
        cls,
        flat_values: Any,
        nested_value_rowids: Any,
        nested_nrows: Any = None,
        name: str | None = None,
        validate: bool = True,
    ) -> Any:
        """Rows of rows: row numbers of the values for each ragged dimension, outermost first."""
        counts = [None] * len(nested_value_rowids) if nested_nrows is None else list(nested_nrows)
        if len(counts) != len(nested_value_rowids):
            raise ValueError(
                "Argument `nested_nrows` must have the same length as argument `nested_value_rowids`. len(nested_nrows) = "
                f"{len(counts)} vs. len(nested_values_rowids) = {len(nested_value_rowids)}."
            )
        return cls._nested(
            cls.from_value_rowids, flat_values, nested_value_rowids, "nested_value_rowids", validate, counts
        )

    @classmethod
    def from_tensor(
        cls,
        tensor: Any,
        lengths: Any = None,
        padding: Any = None,
        ragged_rank: int = 1,
        name: str | None = None,
        row_splits_dtype: Any = dtypes.int64,
    ) -> Any:
        """The rows of a dense tensor, as they are or cut.

        Args:
            lengths: how long each row is to be; a tuple for several ragged dimensions.
            padding: what is cut off at the ends of rows.
            ragged_rank: how many dimensions become ragged ones.

        Raises:
            ValueError: both ``lengths`` and ``padding``, or the tensor's rank is too small.
        """
        return from_dense(cls, tensor, lengths, padding, ragged_rank, splits_kind(row_splits_dtype))

    @classmethod
    def from_sparse(cls, st_input: Any, name: str | None = None, row_splits_dtype: Any = dtypes.int64) -> Any:
        """The rows of a sparse matrix whose values have nothing between them.

        Raises:
            TypeError: something else than a sparse tensor.
            ValueError: its rank is not 2.
            InvalidArgumentError: a row has a gap.
        """
        if not isinstance(st_input, SparseTensor):
            raise TypeError(f"Argument `st_input` must be of type SparseTensor, but is of type {type(st_input)}.")
        if st_input.shape.rank != 2:
            raise ValueError(f"rank(st_input) must be 2. Received rank {st_input.shape.rank}.")
        indices = dispatch.raw(st_input.indices).cpu()
        rows = int(dispatch.raw(st_input.dense_shape)[0])
        partition = partitions.from_rowids(indices[:, 0], rows)
        if not torch.equal(indices[:, 1], partition.offsets()):
            raise InvalidArgumentError(f"SparseTensor is not right-ragged. SparseTensor.indices = {indices.tolist()}")
        return cls._remade(st_input.values, partition.to(splits_kind(row_splits_dtype)))

    # what it is made of

    @property
    def values(self) -> Any:
        """The rows' values, one after another: a Tensor, or a RaggedTensor of one dimension less."""
        return self._inner

    @property
    def flat_values(self) -> Tensor:
        """The innermost values, a Tensor."""
        inner = self._inner
        while isinstance(inner, RaggedTensor):
            inner = inner._inner
        return inner

    @property
    def _partitions(self) -> tuple[RowPartition, ...]:
        """One for each ragged dimension, outermost first."""
        found, value = [], self
        while isinstance(value, RaggedTensor):
            found.append(value._partition)
            value = value._inner
        return tuple(found)

    @property
    def _splits_dtype(self) -> torch.dtype:
        return self._partition.splits.dtype

    @property
    def row_splits(self) -> Tensor:
        """Where rows begin and end; one number more than there are rows."""
        return Tensor(self._partition.splits)

    @property
    def nested_row_splits(self) -> tuple:
        """Row splits for each ragged dimension, outermost first."""
        return tuple(Tensor(partition.splits) for partition in self._partitions)

    @property
    def uniform_row_length(self) -> Tensor | None:
        """The length that every row is known to have, or None."""
        size = self._partition.uniform
        return None if size is None else Tensor(torch.tensor(size, dtype=self._splits_dtype))

    @property
    def ragged_rank(self) -> int:
        """How many dimensions are given by partitions."""
        return len(self._partitions)

    @property
    def dtype(self) -> DType:
        return self.flat_values.dtype

    @property
    def shape(self) -> TensorShape:
        """The sizes; None where rows differ in length."""
        head = [self._partition.nrows, *(partition.uniform for partition in self._partitions)]
        return TensorShape([*head, *self.flat_values.shape[1:]])

    def get_shape(self) -> TensorShape:
        return self.shape

    @property
    def ndim(self) -> int:
        return len(self._partitions) + self.flat_values.ndim

    def consumers(self) -> list:
        """No operations: those are of graphs."""
        return []

    @property
    def _tensors_within(self) -> tuple:
        return (self.flat_values, *self.nested_row_splits)

    def _with_tensors(self, components: Sequence[Any]) -> RaggedTensor:
        value = components[0]
        for splits, partition in zip(reversed(components[1:]), reversed(self._partitions)):
            raw = dispatch.raw(splits).cpu()
            same = torch.equal(raw, partition.splits)
            value = self._remade(value, partition if same else RowPartition(raw))
        return value

    @property
    def _differentiated(self) -> Tensor:
        return self.flat_values

    def _with_differentiated(self, gradient: Any) -> RaggedTensor:
        return self._around(gradient)

    @property
    def _type_spec(self) -> Any:
        return type(self)._spec(self)

    # its rows

    def nrows(self, out_type: Any = None, name: str | None = None) -> Tensor:
        """The number of rows."""
        return Tensor(torch.tensor(self._partition.nrows, dtype=self._kind(out_type)))

    def row_lengths(self, axis: int = 1, name: str | None = None) -> Any:
        """The rows' lengths; for a later axis those of the inner rows, in the rows' order."""
        axis = position(axis, self.ndim)
        if axis == 0:
            return self.nrows()
        if axis == 1:
            return Tensor(self._partition.lengths)
        inner = self._inner
        if isinstance(inner, RaggedTensor):
            return self.with_values(inner.row_lengths(axis - 1))
        sizes = torch.full(tuple(inner.shape[: axis - 1]), inner.shape[axis - 1], dtype=self._splits_dtype)
        return self.with_values(Tensor(sizes))

    def nested_row_lengths(self, name: str | None = None) -> tuple:
        """Row lengths for each ragged dimension, outermost first."""
        return tuple(Tensor(partition.lengths) for partition in self._partitions)

    def value_rowids(self, name: str | None = None) -> Tensor:
        """For each value the number of its row."""
        return Tensor(self._partition.rowids)

    def nested_value_rowids(self, name: str | None = None) -> tuple:
        """Row numbers of the values for each ragged dimension, outermost first."""
        return tuple(Tensor(partition.rowids) for partition in self._partitions)

    def row_starts(self, name: str | None = None) -> Tensor:
        return Tensor(self._partition.starts)

    def row_limits(self, name: str | None = None) -> Tensor:
        return Tensor(self._partition.limits)

    def bounding_shape(self, axis: Any = None, name: str | None = None, out_type: Any = None) -> Tensor:
        """The smallest shape that has room for all rows, or its sizes along some axes."""
        sizes = [self._partition.nrows, *(partition.longest for partition in self._partitions)]
        sizes += self.flat_values.shape[1:]
        made = torch.tensor(sizes, dtype=self._kind(out_type))
        if axis is None:
            return Tensor(made)
        if isinstance(axis, int):
            return Tensor(made[position(axis, len(sizes))])
        return Tensor(made[[position(int(a), len(sizes)) for a in axis]])

    def _kind(self, out_type: Any) -> torch.dtype:
        return self._splits_dtype if out_type is None else dtypes.to_torch(out_type)

    # the same rows otherwise

    def with_values(self, new_values: Any) -> RaggedTensor:
        """The same rows of other values.

        Raises:
            ValueError: they are not as many.
        """
        new = new_values if isinstance(new_values, RaggedTensor) else convert(new_values)
        have = count_rows(new)
        if have != self._partition.nvals:
            raise ValueError(f"Shapes ({self._partition.nvals},) and ({have},) are incompatible")
        partition = self._partition
        if isinstance(new, RaggedTensor) and new._splits_dtype is not self._splits_dtype:
            new, partition = new._as_kind(torch.int64), partition.to(torch.int64)
        return self._remade(new, partition)

    def with_flat_values(self, new_values: Any) -> RaggedTensor:
        """The same rows of other innermost values.

        Raises:
            ValueError: they are not as many.
        """
        if isinstance(self._inner, RaggedTensor):
            return self.with_values(self._inner.with_flat_values(new_values))
        return self.with_values(new_values)

    def _around(self, flat: Any) -> RaggedTensor:
        """The same rows of flat values that are known to fit."""
        return nested(flat, self._partitions)

    def _as_kind(self, dtype: torch.dtype) -> RaggedTensor:
        return nested(self.flat_values, [partition.to(dtype) for partition in self._partitions])

    def with_row_splits_dtype(self, dtype: Any) -> RaggedTensor:
        """With row splits of int32 or int64."""
        return self._as_kind(splits_kind(dtype))

    def merge_dims(self, outer_axis: int, inner_axis: int) -> Any:
        """The dimensions from ``outer_axis`` to ``inner_axis`` as one.

        Raises:
            ValueError: they are in the wrong order, or there are none such.
        """
        outer, inner = position(outer_axis, self.ndim), position(inner_axis, self.ndim)
        if outer == inner:
            return self
        if outer > inner:
            raise ValueError(f"Expected outer_axis ({outer}) to be less than or equal to inner_axis ({inner}).")
        return merged(self, outer, inner)

    # its values elsewhere

    def to_tensor(self, default_value: Any = None, name: str | None = None, shape: Any = None) -> Tensor:
        """A dense tensor, rows filled up at their ends.

        Args:
            default_value: what they are filled with; default: 0, or the empty string.
            shape: of the result; None for a size that is to be the largest. Rows are cut to it.

        Raises:
            TypeError: ``default_value`` does not fit the dtype.
            InvalidArgumentError: ``shape`` has another rank.
        """
        return to_dense(self, default_value, shape)

    def to_sparse(self, name: str | None = None) -> Any:
        """A sparse tensor with the values where they are."""
        places = self._places()
        flat = dispatch.raw(self.flat_values)
        inner = tuple(self.flat_values.shape[1:])
        if inner:
            more = torch.cartesian_prod(*map(torch.arange, inner)).reshape(-1, len(inner))
            places = torch.cat([places.repeat_interleave(len(more), 0), more.repeat(len(places), 1)], 1)
        return SparseTensor.of_raw(places, flat.reshape(-1), self.bounding_shape().numpy().tolist())

    def _places(self) -> torch.Tensor:
        """For each flat value its place: a row of indices, one for each dimension but the inner ones."""
        columns = [torch.arange(self._partition.nrows)]
        for partition in self._partitions:
            ids = partition.rowids.long()
            columns = [column[ids] for column in columns]
            columns.append(partition.offsets())
        return torch.stack(columns, 1)

    def to_list(self) -> list:
        """Nested lists."""
        if isinstance(self._inner, RaggedTensor):
            items = self._inner.to_list()
        else:
            items = np.asarray(self._inner.numpy()).tolist()
        ends = self._partition.splits.tolist()
        return [items[start:stop] for start, stop in zip(ends[:-1], ends[1:])]

    def numpy(self) -> np.ndarray:
        """An array; of objects, one for each row, where rows differ in length."""
        values, ends = self._inner.numpy(), self._partition.splits.tolist()
        rows = [values[start:stop] for start, stop in zip(ends[:-1], ends[1:])]
        if not rows:
            return np.zeros([size or 0 for size in self.shape], dtype=values.dtype)
        if all(len(row) == len(rows[0]) for row in rows):
            return np.array(rows, dtype=None if values.dtype != object or len(rows[0]) else object)
        out = np.empty(len(rows), dtype=object)
        out[:] = rows
        return out

    def __getitem__(self, key: Any) -> Any:
        return getitem(self, key)

    def __iter__(self) -> Iterator:
        ends = self._partition.splits.tolist()
        return (slice_rows(self._inner, start, stop) for start, stop in zip(ends[:-1], ends[1:]))

    def __repr__(self) -> str:
        def written(x: Any) -> str:
            return np.array2string(x, separator=", ") if isinstance(x, np.ndarray) else str(x)

        if not self.flat_values.shape.num_elements():
            return f"<tf.RaggedTensor {self.to_list()}>"
        with np.printoptions(formatter={"all": written}):
            return f"<tf.RaggedTensor {written(self.numpy())}>"

    def __bool__(self) -> NoReturn:
        raise TypeError("RaggedTensor may not be used as a boolean.")

    def __hash__(self) -> NoReturn:
        raise TypeError("RaggedTensor is unhashable.")

    def __copy__(self) -> RaggedTensor:
        return self

    def __deepcopy__(self, memo: dict) -> RaggedTensor:
        return self

    def __reduce__(self) -> tuple:
        return nested, (self.flat_values, [RowPartition(p.splits, p.uniform) for p in self._partitions])

    def _call(self, operation: Callable, args: tuple, kwargs: dict) -> Any:
        handler = type(self)._handlers.get(operation)
        if handler is None:
            raise fail(
                ValueError,
                f"{operation.__name__}() is not defined for RaggedTensor: it has rows of different lengths",
                hint="Use `to_tensor()` first, or `tf.ragged.map_flat_values`.",
            )
        return handler(*args, **kwargs)


def nested(flat: Any, parts: Sequence[RowPartition]) -> Any:
    """Flat values in these partitions, outermost first."""
    value = flat
    for partition in reversed(parts):
        value = RaggedTensor._remade(value, partition)
    return value


def splits_kind(dtype: Any) -> torch.dtype:
    """A dtype of row splits.

    Raises:
        ValueError: it is neither int32 nor int64.
    """
    kind = as_dtype(dtype)
    if kind not in ("int32", "int64"):
        raise ValueError(f"Argument `row_splits` dtype must be int32 or int64. Received {kind!r}.")
    return kind.torch


def position(axis: int, rank: int) -> int:
    """An axis counted from the front.

    Raises:
        ValueError: there is none such.
    """
    axis = operator.index(axis)
    if not -rank <= axis < rank:
        raise ValueError(f"axis={axis} out of bounds: expected -{rank}<=axis<{rank}")
    return axis + rank if axis < 0 else axis


def merged(value: Any, outer: int, inner: int) -> Any:
    """A value with its dimensions from ``outer`` to ``inner`` as one."""
    if not isinstance(value, RaggedTensor):
        shape = tuple(value.shape)
        raw = dispatch.raw(value)
        return dispatch.wrap(raw.reshape(*shape[:outer], -1, *shape[inner + 1 :]))
    if outer > 1:
        return value._remade(merged(value.values, outer - 1, inner - 1), value._partition)
    if outer == 0:
        return value.values if inner == 1 else merged(value.values, 0, inner - 1)
    sub = (
        value.values if inner == 2 else merged(value.values, 1, inner - 1)
    )  # the second dimension, and what it takes in
    part = value._partition
    if not isinstance(sub, RaggedTensor):  # dense dimensions
        size = sub.shape[1]
        uniform = None if part.uniform is None else part.uniform * size
        return value._remade(merged(sub, 0, 1), RowPartition(part.splits * size, uniform))
    both = part.uniform is not None and sub._partition.uniform is not None
    uniform = part.uniform * sub._partition.uniform if both else None
    return value._remade(sub.values, RowPartition(sub._partition.splits[part.splits.long()], uniform))


# operators ------------------------------------------------------------------------------------------------------------


def operands(values: Sequence[Any]) -> list:
    """The operands of an elementwise operation: Python and NumPy values are converted to the tensors' dtype."""
    typed = next(value for value in values if isinstance(value, (RaggedTensor, Tensor)))
    out = []
    for value in values:
        if isinstance(value, RaggedTensor):
            out.append(value)
        elif dispatch.is_tensor(value):
            out.append(convert(value))
        elif isinstance(value, (np.ndarray, np.generic)) and typed.dtype != "string":
            out.append(dispatch.wrap(dispatch.strict_constant(value, typed.dtype.torch, "Pack")))
        else:
            try:
                out.append(convert(value, typed.dtype))
            except TypeError:
                out.append(convert(value))
    return out


def elementwise(function: Callable, *values: Any) -> Any:
    """A function of tensors on the elements of ragged and dense ones, broadcast."""
    flat, parts = broadcast(operands(values))
    return nested(function(*flat), parts)


def _binary(name: str) -> Callable:
    function = getattr(operator, name)

    def method(self: Any, y: Any, name: str | None = None) -> Any:
        if y is None or isinstance(y, dispatch._types.symbolic):
            return NotImplemented
        return elementwise(function, self, y)

    return method


def _reflected(name: str) -> Callable:
    function = getattr(operator, name)

    def method(self: Any, y: Any, name: str | None = None) -> Any:
        return elementwise(function, y, self)

    return method


def _unary(function: Callable) -> Callable:
    def method(self: Any, name: str | None = None) -> Any:
        return self._around(function(self.flat_values))

    return method


def _equality(function: Callable, otherwise: bool) -> Callable:
    def method(self: Any, other: Any) -> Any:
        if other is None:
            return otherwise
        try:
            return elementwise(function, self, other)
        except (InvalidArgumentError, ValueError) as error:
            if isinstance(error, TypeError):  # another dtype
                raise
            return otherwise

    return method


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "and_", "or_", "xor"):
    setattr(RaggedTensor, f"__{_name.strip('_')}__", _binary(_name))
    setattr(RaggedTensor, f"__r{_name.strip('_')}__", _reflected(_name))
for _name in ("lt", "le", "gt", "ge"):
    setattr(RaggedTensor, f"__{_name}__", _binary(_name))
RaggedTensor.__div__, RaggedTensor.__rdiv__ = RaggedTensor.__truediv__, RaggedTensor.__rtruediv__  # type: ignore[attr-defined]
RaggedTensor.__neg__ = _unary(operator.neg)  # type: ignore[attr-defined]
RaggedTensor.__abs__ = _unary(abs)  # type: ignore[attr-defined]
RaggedTensor.__invert__ = _unary(operator.invert)  # type: ignore[attr-defined]
RaggedTensor.__eq__ = _equality(operator.eq, False)  # type: ignore[assignment]
RaggedTensor.__ne__ = _equality(operator.ne, True)  # type: ignore[assignment]
