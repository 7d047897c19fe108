"""``tf.lookup.experimental``: tables that change."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch
from kerasish.core.context import local
from kerasish.core.dtypes import DType, as_dtype, int64, string
from kerasish.core.errors import InvalidArgumentError, missing_name
from kerasish.core.shape import TensorShape
from kerasish.core.tensor import Tensor, convert
from kerasish.ops.hashing import fingerprint64
from kerasish.tf.lookup.initializers import host
from kerasish.tf.lookup.tables import Lookup, check_dtypes, empty_values

_NUMBERS = ("int32", "int64", "float32", "float64")
_MUTABLE = {
    "string": (*_NUMBERS, "bool"),
    "int32": ("int32", "float32", "float64"),
    "int64": ("string", *_NUMBERS),
}
_DENSE = {**_MUTABLE, "int64": (*_NUMBERS, "bool")}
_FULL = 0.8  # of a dense table's buckets, then their number doubles


class _Changing(Lookup):
    """Rows of an array that a dictionary finds; freed rows are used again."""

    _converts = True

    def _prepare(self, key_dtype: DType, value_dtype: DType, default_value: Any) -> None:
        self._key_dtype, self._value_dtype = key_dtype, value_dtype
        self._default_value = convert(default_value, value_dtype)
        self._value_shape = TensorShape(self._default_value.shape)
        self._rows: dict[Any, int] = {}
        self._free: list[int] = []
        self._values = self._blank(16)

    def _blank(self, count: int) -> np.ndarray:
        dtype = object if self._value_dtype == string else self._value_dtype.as_numpy_dtype
        return np.zeros([count, *self._value_shape], dtype=dtype)

    def _default(self) -> np.ndarray:
        return host(self._default_value._t)

    def _refuse_keys(self, keys: list) -> None:
        """Raise if there are keys that the table cannot have."""

    def _find(self, keys: Any, dynamic: Any = None) -> Any:
        if local.tracing and isinstance(keys, torch.Tensor):
            return empty_values(keys, self._value_shape, self._value_dtype)
        listed = keys.reshape(-1).tolist()
        self._refuse_keys(listed)
        rows = np.array([self._rows.get(key, -1) for key in listed], dtype=np.int64)
        shape = (*keys.shape, *self._value_shape)
        default = self._default() if dynamic is None else host(dynamic)
        default = np.broadcast_to(default, shape).reshape(len(rows), *self._value_shape)
        missing = (rows < 0).reshape(-1, *[1] * len(self._value_shape))
        found = np.where(missing, default, self._values[rows]).reshape(shape)
        if self._value_dtype == string:
            return found
        return torch.from_numpy(found).to(keys.device if isinstance(keys, torch.Tensor) else "cpu")

    def lookup(self, keys: Any, dynamic_default_values: Any = None, name: str | None = None) -> Any:
        """The values of keys, of shape ``keys.shape + value shape``.

        Args:
            dynamic_default_values: for keys that are not there, of the result's shape or of one value's.

        Raises:
            InvalidArgumentError: they are of another shape or dtype.
        """
        if dynamic_default_values is None:
            return self._look_up(keys)
        given = convert(dynamic_default_values)
        if given.dtype != self._value_dtype:
            raise InvalidArgumentError(
                f"Signature mismatch, have: {self._key_dtype.name}, {given.dtype.name} expected: {self._key_dtype.name}, "
                f"{self._value_dtype.name}"
            )
        return self._look_up(keys, given._t)

    def __getitem__(self, keys: Any) -> Any:
        return self.lookup(keys)

    def insert(self, keys: Any, values: Any, name: str | None = None) -> None:
        """Set the values of keys.

        Raises:
            TypeError: keys of another dtype. InvalidArgumentError: values of another shape.
        """
        given = convert(keys, self._key_dtype)
        self._check_keys(given)
        new = convert(values, self._value_dtype)
        expected = [*given.shape, *self._value_shape]
        if list(new.shape) != expected:
            raise InvalidArgumentError(f"Expected shape {expected} for value, got {list(new.shape)}")
        listed = host(given._t).reshape(-1).tolist()
        self._refuse_keys(listed)
        contents = host(new._t).reshape(len(listed), *self._value_shape)
        for key, content in zip(listed, contents, strict=True):
            row = self._row(key)  # may make the array larger
            self._values[row] = content

    def _row(self, key: Any) -> int:
        row = self._rows.get(key)
        if row is None:
            row = self._free.pop() if self._free else len(self._rows)
            if row >= len(self._values):
                self._values = np.concatenate([self._values, self._blank(len(self._values))])
            self._rows[key] = row
        return row

    def _remove(self, keys: Any) -> None:
        self._check_keys(keys)
        listed = host(dispatch.raw(keys)).reshape(-1).tolist()
        self._refuse_keys(listed)
        for key in listed:
            row = self._rows.pop(key, None)
            if row is not None:
                self._free.append(row)

    def remove(self, keys: Any, name: str | None = None) -> None:
        """Take keys out, if they are there.

        Raises:
            TypeError: keys of another dtype.
        """
        self._remove(keys)

    def size(self, name: str | None = None) -> Tensor:
        """The number of keys, int64."""
        return convert(len(self._rows), int64)

    def _key_array(self, keys: list) -> np.ndarray:
        out = np.empty(len(keys), dtype=object if self._key_dtype == string else self._key_dtype.as_numpy_dtype)
        out[:] = keys
        return out


class MutableHashTable(_Changing):
    """A table that grows.

    Args:
        default_value: for keys that are not there; a vector if the values are.
        checkpoint: whether checkpoints keep what is in it.

    Raises:
        NotFoundError: TensorFlow has no table of such dtypes.
    """

    def __init__(
        self,
        key_dtype: Any,
        value_dtype: Any,
        default_value: Any,
        name: str = "MutableHashTable",
        checkpoint: bool = True,
        experimental_is_anonymous: bool = False,
    ) -> None:
        self._prepare(as_dtype(key_dtype), as_dtype(value_dtype), default_value)
        check_dtypes("MutableHashTableV2", _MUTABLE, self._key_dtype, self._value_dtype)
        if len(self._value_shape) > 1:
            raise InvalidArgumentError(f"Default value must be a vector, got shape {list(self._value_shape)}")
        self._checkpoint = checkpoint

    def export(self, name: str | None = None) -> tuple[Tensor, Tensor]:
        """Keys and values, (keys,) and (keys, *value shape), in the order in which keys came."""
        keys = self._key_array(list(self._rows))
        return convert(keys, self._key_dtype), convert(self._values[list(self._rows.values())], self._value_dtype)


class DenseHashTable(_Changing):
    """A table that grows, in buckets.

    Args:
        default_value: for keys that are not there; a vector if the values are.
        empty_key, deleted_key: two keys that stand for empty and freed buckets, and can be no others.
        initial_num_buckets: a power of 2, at least 4; default: 131072.
        checkpoint: whether checkpoints keep what is in it.

    Raises:
        NotFoundError: TensorFlow has no table of such dtypes.
        InvalidArgumentError: both keys are equal, or no such number of buckets.
    """

    def __init__(
        self,
        key_dtype: Any,
        value_dtype: Any,
        default_value: Any,
        empty_key: Any,
        deleted_key: Any,
        initial_num_buckets: int | None = None,
        name: str = "MutableDenseHashTable",
        checkpoint: bool = True,
        experimental_is_anonymous: bool = False,
    ) -> None:
        self._prepare(as_dtype(key_dtype), as_dtype(value_dtype), default_value)
        check_dtypes("MutableDenseHashTableV2", _DENSE, self._key_dtype, self._value_dtype)
        self._empty, self._deleted = (self._only(key) for key in (empty_key, deleted_key))
        if self._empty == self._deleted:
            raise InvalidArgumentError("Empty and deleted keys cannot be equal")
        buckets = 131072 if initial_num_buckets is None else initial_num_buckets
        if buckets < 4 or buckets & (buckets - 1):
            raise InvalidArgumentError(f"Number of buckets must be at least 4 and a power of 2, got: {buckets}")
        self._buckets, self._checkpoint = buckets, checkpoint

    def _only(self, key: Any) -> Any:
        return host(convert(key, self._key_dtype)._t).reshape(-1)[0:1].tolist()[0]

    def _refuse_keys(self, keys: list) -> None:
        for what, key in (("empty_key", self._empty), ("deleted_key", self._deleted)):
            if key in keys:
                raise InvalidArgumentError(f"Using the {what} as a table key is not allowed")

    def insert_or_assign(self, keys: Any, values: Any, name: str | None = None) -> None:
        """``insert``."""
        self.insert(keys, values)

    def erase(self, keys: Any, name: str | None = None) -> None:
        """Take keys out, if they are there."""
        self._remove(keys)

    def export(self, name: str | None = None) -> tuple[Tensor, Tensor]:
        """Keys and values of all buckets, (buckets, 1) and (buckets, value size); empty ones have the empty key."""
        while len(self._rows) > _FULL * self._buckets:
            self._buckets *= 2
        keys = self._key_array([self._empty] * self._buckets)
        width = self._value_shape.num_elements() or 1
        values = self._blank(self._buckets).reshape(self._buckets, width)
        for key, row in self._rows.items():
            at = step = 0
            start = fingerprint64(key) if isinstance(key, bytes) else key
            while keys[at := (start + step * (step + 1) // 2) % self._buckets] != self._empty:
                step += 1
            keys[at], values[at] = key, self._values[row]
        return convert(keys[:, None], self._key_dtype), convert(values, self._value_dtype)


def __getattr__(name: str) -> Any:
    raise missing_name(__name__, name, globals())
