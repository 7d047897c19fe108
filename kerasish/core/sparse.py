"""SparseTensor: values at some places of a larger tensor of zeros, as ``tf.SparseTensor``.

It is made of three Tensors: indices of shape (n, rank), n values, and the dense shape, whose numbers are also kept on the
host. Nothing here says what operations do with one; they register handlers (``SparseTensor.serve``). Library code makes
one of raw tensors with ``of_raw`` and reads ``raw_indices`` and ``raw_values``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch
from kerasish.core.arithmetic import divide
from kerasish.core.composite import CompositeTensor
from kerasish.core.dtypes import DType
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.shape import TensorShape
from kerasish.core.tensor import Tensor, convert
from kerasish.core.variable import Variable


class SparseTensor(CompositeTensor):
    """Values at some places of a tensor; the other places hold zeros (of strings: empty ones).

    Operations want the places in row-major order and each once; ``tf.sparse.reorder`` sorts them.

    Args:
        indices: int64 of shape (n, rank): the places.
        values: of shape (n,): what is there.
        dense_shape: int64 of shape (rank,).

    Raises:
        ValueError: the shapes do not fit each other, or a tensor of indices is not of int64.
    """

    __slots__ = ("__weakref__", "_indices", "_orders", "_shape", "_values")

    def __init__(self, indices: Any, values: Any, dense_shape: Any) -> None:
        own_indices, own_values = _integers(indices, "indices"), convert(values)
        shape = _integers(dense_shape, "dense_shape")
        if not shape.ndim:
            raise TypeError(f"dense_shape must be a vector. Received: {dense_shape!r}")
        own_indices.shape.assert_has_rank(2)
        own_values.shape.assert_has_rank(1)
        shape.shape.assert_has_rank(1)
        _demand_equal(own_indices.shape[0], own_values.shape[0])
        _demand_equal(own_indices.shape[1], shape.shape[0])
        self._indices, self._values = own_indices, own_values
        self._shape = TensorShape(tuple(map(int, shape.numpy())))
        self._orders: dict = {}  # what was found out about the places; see ops/coordinates.py

    @classmethod
    def of_raw(cls, indices: torch.Tensor, values: Any, shape: Sequence[int]) -> SparseTensor:
        """One of raw tensors (an object array, if the values are strings) that fit each other."""
        made = object.__new__(cls)
        made._indices, made._values, made._shape = Tensor(indices), dispatch.wrap(values), TensorShape(tuple(shape))
        made._orders = {}
        return made

    @classmethod
    def from_value(cls, sparse_tensor_value: Any) -> SparseTensor:
        """A SparseTensor of a ``tf.compat.v1.SparseTensorValue`` or of another SparseTensor.

        Raises:
            TypeError: it is neither.
        """
        value = sparse_tensor_value
        if not is_sparse_value(value):
            raise TypeError(f"Argument sparse_tensor_value={value} is neither a SparseTensor nor SparseTensorValue.")
        return cls(value.indices, value.values, value.dense_shape)

    # what it is made of

    indices = property(lambda self: self._indices)
    values = property(lambda self: self._values)

    @property
    def dense_shape(self) -> Tensor:
        return Tensor(torch.tensor(tuple(self._shape), dtype=torch.int64))

    @property
    def shape(self) -> TensorShape:
        return self._shape

    @property
    def dtype(self) -> DType:
        return self._values.dtype

    @property
    def raw_indices(self) -> torch.Tensor:
        return self._indices._t

    @property
    def raw_values(self) -> Any:
        """The values as the recording in progress may see them (see ``dispatch.live``)."""
        return dispatch.raw(self._values)

    def get_shape(self) -> TensorShape:
        return self._shape

    def set_shape(self, shape: Any) -> None:
        """Say what the shape is, where it is known already.

        Raises:
            ValueError: it is another one.
        """
        self._shape.assert_is_compatible_with(shape)

    def with_values(self, new_values: Any) -> SparseTensor:
        """The same places with other values.

        Raises:
            ValueError: there are more or fewer values than places.
        """
        return SparseTensor(self._indices, new_values, self.dense_shape)

    def with_raw(self, values: Any) -> SparseTensor:
        """The same places with other raw values."""
        made = SparseTensor.of_raw(self.raw_indices, values, self._shape)
        made._orders = self._orders
        return made

    def consumers(self) -> list:
        return []

    def eval(self, feed_dict: Any = None, session: Any = None) -> Any:
        """In TensorFlow 1: its value in a session. There are no sessions.

        Raises:
            AttributeError: always, as in eager TensorFlow.
        """
        raise AttributeError("Tensor.graph is undefined when eager execution is enabled.")

    def __getattr__(self, name: str) -> Any:
        if name in ("op", "graph"):
            raise AttributeError(f"Tensor.{name} is undefined when eager execution is enabled.", name=name, obj=self)
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'", name=name, obj=self)

    def _numpy(self) -> np.ndarray:
        dense = np.zeros(tuple(self._shape), self._values.numpy().dtype)
        dense[tuple(self._indices.numpy().T)] = self._values.numpy()
        return dense

    def __repr__(self) -> str:
        return f"SparseTensor(indices={self._indices!s}, values={self._values!s}, dense_shape={self.dense_shape!s})"

    def __reduce__(self) -> tuple:
        return SparseTensor, (self._indices, self._values, self.dense_shape)

    # as a composite

    @property
    def _tensors_within(self) -> tuple:
        return self._indices, self._values, self.dense_shape

    def _with_tensors(self, components: Sequence[Any]) -> SparseTensor:
        return SparseTensor(*components)

    @property
    def _differentiated(self) -> Tensor:
        return self._values

    def _with_differentiated(self, gradient: Any) -> SparseTensor:
        return self.with_values(gradient)

    def _call(self, operation: Callable, args: tuple, kwargs: dict) -> Any:
        """See ``CompositeTensor``; TensorFlow words the refusal as that of any object that is no tensor."""
        handler = self._handlers.get(operation)
        if handler is None:
            raise not_dense(self, operation.__name__)
        return handler(*args, **kwargs)

    # operators: with dense tensors only, which are read at the places

    _operators_of_tensors = frozenset(("Mul",))  # `dense * sparse` is left to __rmul__

    def __mul__(self, other: Any) -> Any:
        return times_dense(self, other)

    def __truediv__(self, other: Any) -> Any:
        return over_dense(self, other)

    __div__ = __truediv__

    def __rmul__(self, other: Any) -> Any:
        return times_dense(self, other) if isinstance(other, (Tensor, Variable)) else NotImplemented


def is_sparse_value(value: Any) -> bool:
    """Whether ``value`` is a SparseTensor or a triple of its parts (``tf.compat.v1.SparseTensorValue``)."""
    fields = ("indices", "values", "dense_shape")
    return isinstance(value, SparseTensor) or getattr(value, "_fields", None) == fields


def not_dense(value: SparseTensor, name: str) -> ValueError:
    """The error of an operation that takes dense tensors only."""
    return ValueError(
        f"Attempt to convert a value ({value}) with an unsupported type ({type(value)}) to a Tensor. [Op:{name}] "
        "The operation takes dense tensors: tf.sparse.to_dense() makes one; tf.sparse has operations on sparse ones."
    )


def _integers(value: Any, name: str) -> Tensor:
    try:
        return convert(value, "int64") if not isinstance(value, np.ndarray) else convert(value.astype(np.int64))
    except ValueError as error:
        raise ValueError(f"{name}: {error}" if isinstance(value, Tensor) else str(error)) from None


def _demand_equal(first: int, second: int) -> None:
    if first != second:
        raise ValueError(f"Dimensions {first} and {second} are not compatible")


# dense tensors at the places ------------------------------------------------------------------------------------------


def dense_at(sp: SparseTensor, dense: torch.Tensor, name: str) -> torch.Tensor:
    """The numbers of a dense tensor, spread over the shape of a sparse one, at its places.

    Raises:
        InvalidArgumentError: the dense tensor's shape does not spread over the sparse one's.
    """
    shape, own = list(sp.shape), list(dense.shape)
    if len(own) > len(shape) or any(a not in (1, b) for a, b in zip(reversed(own), reversed(shape))):
        raise InvalidArgumentError(
            f"SparseDenseBinaryOpShared broadcasts dense to sparse only; got incompatible shapes: {shape} vs. {own} "
            f"[Op:SparseDenseCwise{name}]"
        )
    places = sp.raw_indices
    if not own:
        return dense
    columns = places[:, len(shape) - len(own) :]
    return dense[tuple(columns[:, i] if size != 1 else columns[:, i] * 0 for i, size in enumerate(own))]


def _operand(sp: SparseTensor, other: Any) -> torch.Tensor:
    """The dense side of an operator, in the dtype of the sparse one.

    Raises:
        ValueError: it is of another dtype, or sparse.
    """
    if isinstance(other, SparseTensor):
        raise not_dense(other, "SparseDenseCwise")
    if dispatch.is_tensor(other):
        raw = dispatch.raw(other)
        if dispatch.wrap(raw).dtype != sp.dtype:
            raise ValueError(
                f"y: Tensor conversion requested dtype {sp.dtype.name} for Tensor with dtype "
                f"{dispatch.wrap(raw).dtype.name}: {other!r}"
            )
        return raw
    return dispatch.raw(convert(other, sp.dtype))


def times_dense(sp: SparseTensor, other: Any) -> SparseTensor:
    """The product with a dense tensor: zeros stay zeros, whatever the dense tensor has there."""
    return sp.with_raw(sp.raw_values * dense_at(sp, _operand(sp, other), "Mul"))


def over_dense(sp: SparseTensor, other: Any) -> SparseTensor:
    """The quotient with a dense tensor, of integers in floats."""
    values, dense = sp.raw_values, dense_at(sp, _operand(sp, other), "Div")
    return sp.with_raw(divide(values, dense))
