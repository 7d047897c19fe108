"""Tables from keys to values. Text is looked up in a dictionary, numbers by bisection where the table does not change."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch
from kerasish.core.context import local
from kerasish.core.dispatch import Array, strict_op
from kerasish.core.dtypes import DType, as_dtype, int64, string, to_torch
from kerasish.core.errors import DTypeMismatchError, FailedPreconditionError, InvalidArgumentError, NotFoundError
from kerasish.core.shape import TensorShape
from kerasish.core.symbolic import KerasTensor
from kerasish.core.tensor import Tensor, convert
from kerasish.core.variable import Variable
from kerasish.ops.hashing import fingerprint64
from kerasish.tf.lookup.initializers import host

_NUMBERS = ("int32", "int64", "float32", "float64")
_STATIC = {
    "string": ("string", *_NUMBERS, "bool"),
    "int32": ("string", "int32", "float32", "float64"),
    "int64": ("string", *_NUMBERS),
}


def check_dtypes(kernel: str, kinds: dict[str, Iterable[str]], key_dtype: DType, value_dtype: DType) -> None:
    """Refuse what TensorFlow has no table for.

    Raises:
        NotFoundError: always then.
    """
    if value_dtype.name not in kinds.get(key_dtype.name, ()):
        raise NotFoundError(
            f"Could not find device for node: {kernel}: there is no table from {key_dtype.name} to {value_dtype.name}. "
            f"There are {', '.join(f'{key} to {value}' for key in kinds for value in kinds[key])}."
        )


def _lookup(keys: Array, table: Any, *more: Any) -> Any:
    return table._find(keys, *more)


def _lookup_texts(keys: Array, table: Any, *more: Any) -> Any:
    return table._find(keys, *more)


_lookup.strings = _lookup_texts  # type: ignore[attr-defined]
_lookup = strict_op(_lookup)


class Lookup:
    """What tables have in common: ``table[keys]``, and keys that are ragged or sparse.

    Attributes:
        _converts: whether keys may be given as Python values.
    """

    _key_dtype: DType
    _value_dtype: DType
    _converts = False

    @property
    def key_dtype(self) -> DType:
        """The dtype of the keys."""
        return self._key_dtype

    @property
    def value_dtype(self) -> DType:
        """The dtype of the values."""
        return self._value_dtype

    @property
    def name(self) -> str | None:
        return None

    @property
    def resource_handle(self) -> Any:
        """What stands for the table: itself, as ``handle`` of a variable."""
        return self

    def _accepted(self, keys: Any) -> tuple[DType, ...]:
        return (self._key_dtype,)

    def _look_up(self, keys: Any, *more: Any) -> Any:
        if hasattr(keys, "with_flat_values"):
            return keys.with_flat_values(self._look_up(keys.flat_values, *more))
        if hasattr(keys, "dense_shape") and hasattr(keys, "indices"):
            return type(keys)(keys.indices, self._look_up(keys.values, *more), keys.dense_shape)
        if self._converts and not isinstance(keys, (Tensor, Variable, torch.Tensor, KerasTensor)):
            keys = convert(keys, self._key_dtype)
        self._check_keys(keys)
        return _lookup(keys, self, *more)

    def _check_keys(self, keys: Any) -> None:
        if not isinstance(keys, (Tensor, Variable, torch.Tensor, KerasTensor)):
            kind = type(keys).__name__
            raise AttributeError(
                f"{kind!r} object has no attribute 'dtype': keys are tensors, as tf.constant gives them"
            )
        dtype = as_dtype(keys.dtype)
        if dtype not in self._accepted(keys):
            raise DTypeMismatchError(f"Dtype of argument `keys` must be {str(self._key_dtype)}, received: {str(dtype)}")

    def _find(self, keys: Any) -> Any:
        """The values of raw keys."""
        raise NotImplementedError(type(self).__name__)


def scalar_default(value: Any, dtype: DType) -> Any:
    """The default value of a table from keys to single values, in its storage."""
    default = convert(value, dtype)
    if default.ndim:
        raise ValueError(f"Shapes {tuple(default.shape)} and () are not compatible")
    return default


class StaticHashTable(Lookup):
    """A table that stays as it is.

    Args:
        initializer: what fills it.
        default_value: for keys that are not there.

    Raises:
        FailedPreconditionError: a key has two different values.
        NotFoundError: TensorFlow has no table of such dtypes.
    """

    def __init__(
        self, initializer: Any, default_value: Any, name: str | None = None, experimental_is_anonymous: bool = False
    ) -> None:
        self._initializer = initializer
        self._key_dtype, self._value_dtype = initializer.key_dtype, initializer.value_dtype
        self._default_value = scalar_default(default_value, self._value_dtype)
        check_dtypes("HashTableV2", _STATIC, self._key_dtype, self._value_dtype)
        self._index: dict[bytes, int] = {}
        self._sorted: tuple[torch.Tensor, torch.Tensor] | None = None
        initializer.initialize(self)

    @property
    def default_value(self) -> Tensor:
        return self._default_value

    def _fill(self, keys: np.ndarray, values: np.ndarray) -> None:
        if keys.shape != values.shape:
            raise InvalidArgumentError(f"Expected shape {list(keys.shape)} for value, got {list(values.shape)}")
        keys, values = keys.reshape(-1), values.reshape(-1)
        if not len(keys):
            raise InvalidArgumentError("keys and values cannot be empty tensors.")
        places: dict[Any, int] = {}
        for i, key in enumerate(keys.tolist()):
            first = places.setdefault(key, i)
            if first != i and values[first] != values[i]:
                raise FailedPreconditionError(
                    f"HashTable has different value for same key. Key {_shown(key)} has {_shown(values[first])} and trying "
                    f"to add value {_shown(values[i])}"
                )
        kept = list(places.values())
        self._keys, self._values = keys[kept], np.append(values[kept], host(self._default_value._t))
        if self._key_dtype == string:
            self._index = {key: i for i, key in enumerate(self._keys)}
        else:
            order = np.argsort(self._keys, kind="stable")
            self._sorted = torch.from_numpy(self._keys[order].copy()), torch.from_numpy(order)

    def _positions(self, keys: Any) -> torch.Tensor:
        """Where the keys' values are; behind the last one for those that are not there."""
        missing = len(self._keys)
        if self._sorted is None:
            get = self._index.get
            found = np.array([get(key, missing) for key in keys.reshape(-1)], dtype=np.int64)
            return torch.from_numpy(found.reshape(keys.shape))
        ordered, places = (t.to(keys.device) for t in self._sorted)
        at = torch.searchsorted(ordered, keys.contiguous()).clamp(max=missing - 1)
        return torch.where(ordered[at] == keys, places[at], missing)

    def _find(self, keys: Any) -> Any:
        at = self._positions(keys)
        if self._value_dtype == string:
            return self._values[host(at)] if at.ndim else np.asarray(self._values[int(at)], dtype=object)
        return torch.from_numpy(self._values).to(at.device)[at]

    def lookup(self, keys: Any, name: str | None = None) -> Any:
        """The values of keys, in a tensor of their shape.

        Raises:
            TypeError: keys of another dtype.
        """
        return self._look_up(keys)

    __getitem__ = lookup

    def size(self, name: str | None = None) -> Tensor:
        """The number of keys, int64."""
        return convert(len(self._keys), int64)

    def export(self, name: str | None = None) -> tuple[Tensor, Tensor]:
        """Keys and values, of shape (keys,), in the order in which they were given."""
        return dispatch.wrap((_storage(self._keys), _storage(self._values[:-1])))


def _storage(array: np.ndarray) -> Any:
    return array if array.dtype == object else torch.from_numpy(array.copy())


def _shown(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


class StaticVocabularyTable(Lookup):
    """From a vocabulary to its numbers; what is not in it goes to one of the buckets behind, by FarmHash's fingerprint.

    Args:
        initializer: a vocabulary with int64 values; None: everything goes to the buckets.
        num_oov_buckets: their number.
        lookup_key_dtype: of the keys to look up, if they are other integers than the vocabulary's.

    Raises:
        ValueError: no buckets.
        TypeError: dtypes that do not go together.
    """

    def __init__(
        self,
        initializer: Any,
        num_oov_buckets: int,
        lookup_key_dtype: Any = None,
        name: str | None = None,
        experimental_is_anonymous: bool = False,
    ) -> None:
        if num_oov_buckets <= 0:
            raise ValueError("`num_oov_buckets` must be > 0; use StaticHashTable.")
        self._buckets, self._value_dtype = num_oov_buckets, int64
        self._table = None
        self._key_dtype = string
        if initializer is not None:
            self._key_dtype = self._known_dtype(initializer, lookup_key_dtype)
            self._table = StaticHashTable(initializer, -1)

    @staticmethod
    def _known_dtype(initializer: Any, lookup_key_dtype: Any) -> DType:
        own = initializer.key_dtype
        if initializer.value_dtype != int64:
            raise TypeError(f"Invalid `value_dtype`, expected {str(int64)} but got {str(initializer.value_dtype)}.")
        wanted = own if lookup_key_dtype is None else as_dtype(lookup_key_dtype)
        if wanted.is_integer != own.is_integer:
            kind = "integer" if wanted.is_integer else "string"
            raise TypeError(f"Invalid `key_dtype`, expected {kind} but got {str(own)}.")
        if own not in (int64, string):
            raise TypeError(f"Invalid `key_dtype`, expected one of (tf.int64, tf.string), but got {str(own)}.")
        return wanted

    @property
    def name(self) -> str | None:
        return "hash_bucket" if self._table is None else self._table.name

    def _find(self, keys: Any) -> torch.Tensor:
        known = 0 if self._table is None else len(self._table._keys)
        if isinstance(keys, np.ndarray):
            found: Any = None if self._table is None else self._table._find(keys)
            hashed = np.array([fingerprint64(key) % self._buckets for key in keys.reshape(-1)], dtype=np.int64)
            unknown = torch.from_numpy(hashed.reshape(keys.shape)) + known
            return unknown if found is None else torch.where(found < 0, unknown, found)
        keys = keys.long()
        found = self._table._find(keys)
        if local.tracing:
            return found
        unknown = torch.empty_like(keys)
        numbers = [fingerprint64(b"%d" % key) % self._buckets for key in keys.reshape(-1).tolist()]
        unknown.copy_(torch.tensor(numbers, dtype=torch.int64).reshape(keys.shape) + known)
        return torch.where(found < 0, unknown, found)

    def lookup(self, keys: Any, name: str | None = None) -> Any:
        """The numbers of keys, int64, in a tensor of their shape.

        Raises:
            TypeError: keys of another dtype.
        """
        return self._look_up(keys)

    __getitem__ = lookup

    def size(self, name: str | None = None) -> Tensor:
        """The number of keys and buckets, int64."""
        return convert((0 if self._table is None else len(self._table._keys)) + self._buckets, int64)


def empty_values(keys: Any, shape: TensorShape, dtype: DType) -> Any:
    """What stands for values where keys have no storage."""
    return torch.zeros([*keys.shape, *shape], dtype=to_torch(dtype), device=keys.device)
