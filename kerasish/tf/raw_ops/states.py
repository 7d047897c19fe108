"""Raw operations on what has a state of its own: lists of tensors, tables, generators of random numbers; parsed examples.

Lists are values: an operation that changes one gives a new one. Tables and queues are their own handles.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

import numpy as np

from kerasish import tf
from kerasish.core import dispatch, dtypes
from kerasish.core.errors import FailedPreconditionError, InvalidArgumentError, NotFoundError
from kerasish.core.random import Stream, shape_of
from kerasish.core.shape import TensorShape
from kerasish.tf.random import draws
from kerasish.tf.raw_ops.variables import variable_of

# lists of tensors -----------------------------------------------------------------------------------------------------


class TensorList:
    """A list of tensors of one dtype, as the operations ``TensorList…`` pass it on.

    Args:
        items: tensors; None where nothing was set yet.
        shape: what is known of the elements' shape.
        dtype: theirs.
        most: how many there may be; -1: any number.
    """

    dtype = dtypes.HANDLES[1]
    shape = TensorShape(())

    def __init__(self, items: Sequence[Any], shape: TensorShape, dtype: Any, most: int = -1) -> None:
        self.items, self.element_shape, self.element_dtype, self.most = (
            tuple(items),
            shape,
            dtypes.as_dtype(dtype),
            most,
        )

    def with_items(self, items: Sequence[Any]) -> TensorList:
        return TensorList(items, self.element_shape, self.element_dtype, self.most)

    def at(self, index: int, shape: Any = None) -> Any:
        """An element; zeros where nothing was set.

        Raises:
            InvalidArgumentError: there is none, or its shape is needed and not known.
        """
        if not 0 <= index < len(self.items):
            raise InvalidArgumentError(f"Trying to access element {index} in a list with {len(self.items)} elements.")
        if self.items[index] is not None:
            return self.items[index]
        known = self.element_shape.merge_with(_shape(shape)) if shape is not None else self.element_shape
        known = next((known.merge_with(item.shape) for item in self.items if item is not None), known)
        if not known.is_fully_defined():
            raise InvalidArgumentError(
                "Trying to read an uninitialized tensor but element_shape is not fully defined and no other element is set: "
                f"{known}"
            )
        return tf.zeros(known.as_list(), self.element_dtype)


def _shape(given: Any) -> TensorShape:
    """What a tensor of sizes says, of which -1 (or a scalar -1) is unknown."""
    sizes = np.asarray(given.as_list() if isinstance(given, TensorShape) else tf.convert_to_tensor(given)).tolist()
    return TensorShape(None) if sizes == -1 else TensorShape([None if n == -1 else n for n in sizes])


def _of(handle: Any, dtype: Any) -> TensorList:
    if not isinstance(handle, TensorList):
        raise InvalidArgumentError(f"Input handle is not a list. Saw: {type(handle).__name__!r}")
    if dtypes.as_dtype(dtype) != handle.element_dtype:
        raise InvalidArgumentError(
            f"Invalid data types; op elements {dtypes.as_dtype(dtype).name} but list elements {handle.element_dtype.name}"
        )
    return handle


def reserve(element_shape: Any, num_elements: Any, element_dtype: Any) -> TensorList:
    """A list of a length, of which nothing is set."""
    return TensorList([None] * int(num_elements), _shape(element_shape), element_dtype)


def empty(element_shape: Any, max_num_elements: Any, element_dtype: Any) -> TensorList:
    """A list of nothing."""
    return TensorList([], _shape(element_shape), element_dtype, int(max_num_elements))


def push(handle: Any, tensor: Any) -> TensorList:
    """With one more at the end."""
    tensor = tf.convert_to_tensor(tensor)
    given = _of(handle, tensor.dtype)
    if not given.element_shape.is_compatible_with(tensor.shape):
        raise InvalidArgumentError(
            f"Tried to append a tensor with incompatible shape to a list. Op element shape: {tensor.shape} list shape: "
            f"{given.element_shape}"
        )
    if 0 <= given.most <= len(given.items):
        raise InvalidArgumentError(
            f"Tried to push item into a full list list size: {len(given.items)} max_num_elements: {given.most}"
        )
    return given.with_items([*given.items, tensor])


def pop(handle: Any, element_shape: Any, element_dtype: Any) -> tuple:
    """Without the last one, and that."""
    given = _of(handle, element_dtype)
    if not given.items:
        raise InvalidArgumentError("Trying to pop from an empty list.")
    last = given.at(len(given.items) - 1, element_shape)
    return given.with_items(given.items[:-1]), last


def get(handle: Any, index: Any, element_shape: Any, element_dtype: Any) -> Any:
    return _of(handle, element_dtype).at(int(index), element_shape)


def put(handle: Any, index: Any, item: Any, resize: bool) -> TensorList:
    """With another element at a place."""
    item, place = tf.convert_to_tensor(item), int(index)
    given = _of(handle, item.dtype)
    items = list(given.items)
    if resize and place >= len(items):
        items += [None] * (place + 1 - len(items))
    if not 0 <= place < len(items):
        raise InvalidArgumentError(f"Trying to modify element {place} in a list with {len(items)} elements.")
    if not given.element_shape.is_compatible_with(item.shape):
        raise InvalidArgumentError(
            f"Tried to set a tensor with incompatible shape at a list index. Item element shape: {item.shape} list shape: "
            f"{given.element_shape}"
        )
    items[place] = item
    return given.with_items(items)


def resized(handle: Any, size: Any) -> TensorList:
    """Cut, or with unset elements at the end."""
    if int(size) < 0:
        raise InvalidArgumentError(f"TensorListSlice expects size to be non-negative. Got: {int(size)}")
    items = list(handle.items)[: int(size)]
    return handle.with_items(items + [None] * (int(size) - len(items)))


def stacked(handle: Any, element_shape: Any, element_dtype: Any, num_elements: int) -> Any:
    """All elements in one tensor."""
    given = _of(handle, element_dtype)
    if num_elements not in (-1, len(given.items)):
        raise InvalidArgumentError(
            f"Operation expected a list with {num_elements} elements but got a list with {len(given.items)} elements."
        )
    return gathered(handle, range(len(given.items)), element_shape, element_dtype)


def gathered(handle: Any, indices: Any, element_shape: Any, element_dtype: Any) -> Any:
    """Some elements in one tensor."""
    given = _of(handle, element_dtype)
    places = [int(i) for i in (indices if isinstance(indices, range) else tf.convert_to_tensor(indices).numpy())]
    if not places:
        known = given.element_shape.merge_with(_shape(element_shape))
        if not known.is_fully_defined():
            raise InvalidArgumentError(
                f"Tried to gather zero-elements from a list with non-fully-defined element shape: {known}"
            )
        return tf.zeros([0, *known.as_list()], given.element_dtype)
    return tf.stack([given.at(i, element_shape) for i in places])


def from_tensor(tensor: Any, element_shape: Any) -> TensorList:
    """The slices of a tensor along its first axis."""
    tensor = tf.convert_to_tensor(tensor)
    return TensorList(tf.unstack(tensor), _shape(element_shape), tensor.dtype)


def scattered(tensor: Any, indices: Any, element_shape: Any, num_elements: Any = -1) -> TensorList:
    """A list with the slices of a tensor at these places; others are not set."""
    tensor, places = tf.convert_to_tensor(tensor), [int(i) for i in tf.convert_to_tensor(indices).numpy()]
    if any(i < 0 for i in places):
        raise InvalidArgumentError("Indices in TensorListScatter must all be non-negative.")
    count = int(num_elements) if int(num_elements) >= 0 else max(places, default=-1) + 1
    if any(i >= count for i in places):
        raise InvalidArgumentError(
            f"TensorListScatter: Trying to scatter at index {max(places)} in list with size {count}"
        )
    items: list[Any] = [None] * count
    for place, item in zip(places, tf.unstack(tensor)):
        items[place] = item
    return TensorList(items, _shape(element_shape), tensor.dtype)


def scattered_into(handle: Any, tensor: Any, indices: Any) -> TensorList:
    """With the slices of a tensor at these places."""
    for place, item in zip(tf.convert_to_tensor(indices).numpy(), tf.unstack(tf.convert_to_tensor(tensor))):
        handle = put(handle, place, item, resize=True)
    return handle


def joined(handle: Any, element_dtype: Any) -> tuple:
    """All elements along their first axis, and their lengths."""
    given = _of(handle, element_dtype)
    items = [given.at(i) for i in range(len(given.items))]
    if any(not item.shape.rank for item in items):
        raise InvalidArgumentError("Concat requires elements to be at least vectors, found scalars instead.")
    lengths = tf.constant([item.shape[0] for item in items], tf.int64)
    if not items:
        rest = given.element_shape[1:].as_list() if given.element_shape.rank else []
        return tf.zeros([0, *rest], given.element_dtype), lengths
    return tf.concat(items, 0), lengths


def split(tensor: Any, element_shape: Any, lengths: Any) -> TensorList:
    """Parts of a tensor along its first axis."""
    tensor, sizes = tf.convert_to_tensor(tensor), [int(n) for n in tf.convert_to_tensor(lengths).numpy()]
    if sum(sizes) != tensor.shape[0]:
        raise InvalidArgumentError(
            f"Unused values in tensor. Length of tensor: {tensor.shape[0]} Values used: {sum(sizes)}"
        )
    return TensorList(tf.split(tensor, sizes) if sizes else [], _shape(element_shape), tensor.dtype)


def both(input_a: Any, input_b: Any, element_dtype: Any) -> TensorList:
    """One list after the other."""
    first, second = _of(input_a, element_dtype), _of(input_b, element_dtype)
    return first.with_items([*first.items, *second.items])


def element_shape(handle: Any, shape_type: Any) -> Any:
    """The elements' shape with -1 for what is not known, or -1."""
    known = handle.element_shape
    sizes = -1 if known.rank is None else [-1 if n is None else n for n in known.as_list()]
    return tf.constant(sizes, dtypes.as_dtype(shape_type))


# tables ---------------------------------------------------------------------------------------------------------------

_shared: dict[str, Table] = {}


class Table:
    """A table of keys and values, as the operations ``LookupTable…`` pass it on.

    Args:
        value_shape: of a value.
        is_static: whether it is filled once, by ``InitializeTable``.
    """

    dtype = dtypes.HANDLES[0]
    shape = TensorShape(())

    def __init__(self, key_dtype: Any, value_dtype: Any, value_shape: Any = (), is_static: bool = False) -> None:
        self.key_dtype, self.value_dtype = dtypes.as_dtype(key_dtype), dtypes.as_dtype(value_dtype)
        self.value_shape, self.is_static = list(TensorShape(value_shape)), is_static
        self.rows: dict[Any, Any] | None = None if is_static else {}

    def filled(self) -> dict[Any, Any]:
        if self.rows is None:
            raise FailedPreconditionError("Table not initialized.")
        return self.rows


def table(
    key_dtype: Any, value_dtype: Any, shared_name: str = "", value_shape: Any = (), is_static: bool = False
) -> Table:
    """A new table, or the one of that shared name."""
    if not shared_name:
        return Table(key_dtype, value_dtype, value_shape, is_static)
    return _shared.setdefault(shared_name, Table(key_dtype, value_dtype, value_shape, is_static))


def _table(handle: Any) -> Table:
    if not isinstance(handle, Table):
        raise NotFoundError(f"No table is behind {handle!r}")
    return handle


def _pairs(of: Table, keys: Any, values: Any) -> list[tuple]:
    keys, values = tf.convert_to_tensor(keys, of.key_dtype), tf.convert_to_tensor(values, of.value_dtype)
    expected = [*keys.shape.as_list(), *of.value_shape]
    if values.shape.as_list() != expected:
        raise InvalidArgumentError(f"Expected shape {expected} for value, got {values.shape.as_list()}")
    flat = np.asarray(values).reshape(-1, *of.value_shape)
    return list(zip(np.asarray(keys).reshape(-1).tolist(), flat))


def initialize(table_handle: Any, keys: Any, values: Any) -> None:
    """Fill a static table.

    Raises:
        FailedPreconditionError: it is filled, or a key has two values.
    """
    given, rows = _table(table_handle), {}
    if given.rows is not None and given.is_static:
        return  # the same again, as sessions do
    for key, value in _pairs(given, keys, values):
        if key in rows and not np.array_equal(rows[key], value):
            raise FailedPreconditionError(
                f"HashTable has different value for same key. Key {key} has {rows[key]} and trying to add value {value}"
            )
        rows[key] = value
    given.rows = rows


def insert(table_handle: Any, keys: Any, values: Any, anew: bool = False) -> None:
    """Set the values of keys; of no other keys, if ``anew``."""
    given = _table(table_handle)
    if given.is_static:
        raise FailedPreconditionError("A table that is filled once cannot be changed.")
    pairs = _pairs(given, keys, values)
    if anew:
        given.rows = {}
    given.filled().update(pairs)


def remove(table_handle: Any, keys: Any) -> None:
    """Take keys away."""
    given = _table(table_handle)
    for key in np.asarray(tf.convert_to_tensor(keys, given.key_dtype)).reshape(-1).tolist():
        given.filled().pop(key, None)


def find(table_handle: Any, keys: Any, default_value: Any) -> Any:
    """The values of keys, and the default of those that are not there."""
    given = _table(table_handle)
    keys = tf.convert_to_tensor(keys, given.key_dtype)
    default = np.asarray(tf.convert_to_tensor(default_value, given.value_dtype))
    flat = [given.filled().get(key, default) for key in np.asarray(keys).reshape(-1).tolist()]
    return _values(given, flat, keys.shape.as_list())


def _values(of: Table, flat: list, shape: list[int]) -> Any:
    whole = [*shape, *of.value_shape]
    return tf.reshape(
        tf.constant([np.asarray(v).tolist() for v in flat], of.value_dtype, [len(flat), *of.value_shape]), whole
    )


def size(table_handle: Any) -> Any:
    return tf.constant(len(_table(table_handle).filled()), tf.int64)


def exported(table_handle: Any) -> tuple:
    """All keys and values."""
    given = _table(table_handle)
    rows = given.filled()
    return tf.constant(list(rows), given.key_dtype, [len(rows)]), _values(given, list(rows.values()), [len(rows)])


# random numbers -------------------------------------------------------------------------------------------------------


def _generator(resource: Any, algorithm: Any) -> Any:
    variable = variable_of(resource)
    return tf.random.Generator(state=variable, alg=int(np.asarray(algorithm)))


def full_integers(resource: Any, algorithm: Any, shape: Any, dtype: Any) -> Any:
    return _generator(resource, algorithm).uniform_full_int(shape, dtype)


def integers(resource: Any, algorithm: Any, shape: Any, minval: Any, maxval: Any) -> Any:
    kind = getattr(minval, "dtype", getattr(maxval, "dtype", dtypes.int64))
    return _generator(resource, algorithm).uniform(shape, minval, maxval, kind)


def drawn(kind: str, resource: Any, algorithm: Any, shape: Any, dtype: Any) -> Any:
    """Numbers of a generator's method."""
    return getattr(_generator(resource, algorithm), kind)(shape, dtype=dtype)


def skip(resource: Any, alg: Any, delta: Any) -> Any:
    """The state before some numbers are left out."""
    return _generator(resource, alg).skip(np.asarray(delta))


def keyed(kind: str, shape: Any, key: Any, counter: Any, alg: Any, *arguments: Any) -> Any:
    """Numbers of a key and counter."""
    draws.check_algorithm(int(np.asarray(alg)))
    low, high = (int(n) for n in np.asarray(counter).reshape(-1))
    first = int(np.asarray(key).reshape(-1)[0])

    def draw(blocks: int) -> Stream:
        return Stream.at(first % 2**64, (high % 2**64) << 64 | low % 2**64)

    return getattr(draws, kind)(shape_of(shape), draw, *arguments)


def key_and_counter(seed: Any) -> tuple:
    """What the stateless operations make of a seed."""
    stream = Stream(tuple(int(n) for n in np.asarray(seed)))
    key = stream.key[1] << 32 | stream.key[0]
    numbers = np.array([key, stream.start % 2**64, stream.start >> 64], np.uint64)
    return tf.constant(numbers[:1]), tf.constant(numbers[1:])


def from_the_system(shape: Any, dtype: Any) -> Any:
    """Integers of the whole range, from the system's entropy."""
    kind, sizes = dtypes.as_dtype(dtype), shape_of(shape)
    data = np.frombuffer(secrets.token_bytes(int(np.prod(sizes)) * kind.size), kind.as_numpy_dtype)
    return tf.constant(data.reshape(sizes))


# examples -------------------------------------------------------------------------------------------------------------


def parsed(
    serialized: Any,
    sparse_keys: Any,
    dense_keys: Any,
    ragged_keys: Any,
    dense_defaults: Sequence[Any],
    sparse_types: Sequence[Any],
    ragged_value_types: Sequence[Any],
    ragged_split_types: Sequence[Any],
    dense_shapes: Sequence[Any],
    single: bool = False,
) -> tuple:
    """Examples in parts: lists of the parts of sparse tensors, of dense ones, of the values and splits of ragged ones."""
    sparse_names, dense_names, ragged_names = (
        [name.decode() if isinstance(name, bytes) else name for name in _names(keys)]
        for keys in (sparse_keys, dense_keys, ragged_keys)
    )
    features: dict[str, Any] = dict(zip(sparse_names, map(tf.io.VarLenFeature, sparse_types)))
    for name, default, shape in zip(dense_names, dense_defaults, dense_shapes):
        default = tf.convert_to_tensor(default)
        given = None if default.shape.num_elements() == 0 else default
        known = TensorShape(shape)
        if known.rank and known[0] is None:
            features[name] = tf.io.FixedLenSequenceFeature(
                known[1:], default.dtype, allow_missing=True, default_value=given
            )
        else:
            features[name] = tf.io.FixedLenFeature(known, default.dtype, given)
    for name, kind, splits in zip(ragged_names, ragged_value_types, ragged_split_types):
        features[name] = tf.io.RaggedFeature(kind, row_splits_dtype=splits)
    found = (tf.io.parse_single_example if single else tf.io.parse_example)(serialized, features)
    sparse = [found[name] for name in sparse_names]
    ragged = [found[name] for name in ragged_names]
    return (
        [s.indices for s in sparse],
        [s.values for s in sparse],
        [s.dense_shape for s in sparse],
        [found[name] for name in dense_names],
        [r.values for r in ragged],
        [r.row_splits for r in ragged],
    )


def _names(keys: Any) -> list:
    return list(keys) if isinstance(keys, (list, tuple)) else np.asarray(tf.convert_to_tensor(keys, tf.string)).tolist()


# places changed in copies ---------------------------------------------------------------------------------------------


def changed(x: Any, i: Any, v: Any, change: Any) -> Any:
    """A tensor with ``change(slices, v)`` in the place of its slices at ``i``."""
    x = tf.convert_to_tensor(x)
    places, v = tf.reshape(tf.convert_to_tensor(i), [-1, 1]), tf.convert_to_tensor(v, x.dtype)
    v = tf.reshape(v, [places.shape[0], *x.shape.as_list()[1:]])
    return change(x, places, v)


def dense_of(indices: Any, shape: Any, values: Any, default: Any, validate: bool) -> Any:
    return dispatch.wrap(dispatch.raw(tf.compat.v1.sparse_to_dense(indices, shape, values, default, validate)))
