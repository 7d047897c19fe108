"""Tensors as messages and back: ``tf.make_tensor_proto``, sparse ones as three messages, and fingerprints."""

from __future__ import annotations

from typing import Any

import numpy as np

from kerasish.core import dispatch
from kerasish.core.dtypes import as_dtype, int64, string
from kerasish.core.errors import InvalidArgumentError, fail
from kerasish.core.sparse import SparseTensor
from kerasish.core.tensor import convert
from kerasish.ops.hashing import fingerprint64
from kerasish.tf.io.tensors import TensorProto, message_of, parse_tensor, serialize_tensor


def make_tensor_proto(
    values: Any, dtype: Any = None, shape: Any = None, verify_shape: bool = False, allow_broadcast: bool = False
) -> TensorProto:
    """A message ``TensorProto`` of values.

    Args:
        shape: of the message; one value stands for all if there are not as many.
        verify_shape: whether the values must have that shape.
        allow_broadcast: whether one value may stand for all; it may in any case.

    Raises:
        TypeError: the values have another shape and ``verify_shape``.
        ValueError: there are more values than the shape has places.
    """
    if isinstance(values, TensorProto):
        return values
    tensor = convert(values, None if dtype is None else as_dtype(dtype))
    if shape is not None:
        wanted = tuple(int(size) for size in shape)
        if verify_shape and tuple(tensor.shape) != wanted:
            raise TypeError(f"Expected Tensor's shape: {wanted}, got {tuple(tensor.shape)}.")
        array = np.asarray(tensor.numpy())
        count = int(np.prod(wanted))
        if array.size > count:
            raise ValueError(f"Too many elements provided. Takes at most {count:d}, but got {array.size:d}")
        filled = np.concatenate([array.reshape(-1), np.repeat(array.reshape(-1)[-1:], count - array.size)])
        tensor = convert(filled.reshape(wanted), tensor.dtype)
    return TensorProto.FromString(serialize_tensor(tensor).numpy())


def make_ndarray(tensor: TensorProto) -> np.ndarray:
    """The array of a message ``TensorProto``; texts are bytes."""
    made = parse_tensor(dispatch.wrap(np.asarray(tensor.SerializeToString(), dtype=object)), as_dtype(tensor.dtype))
    return np.array(made.numpy(), dtype=object) if made.dtype == string else np.asarray(made.numpy())


# sparse tensors -------------------------------------------------------------------------------------------------------


def serialize_sparse(sp_input: SparseTensor, out_type: Any = string, name: str | None = None) -> Any:
    """A sparse tensor as three messages: indices, values, shape; a string tensor (3,).

    Raises:
        TypeError: no sparse tensor.
        NotImplementedError: ``out_type`` is not ``tf.string``.
    """
    _check(sp_input, out_type)
    return dispatch.wrap(_messages(sp_input.indices, sp_input.values, sp_input.dense_shape))


def _check(sp_input: Any, out_type: Any) -> None:
    if not isinstance(sp_input, SparseTensor):
        raise TypeError(f"Input must be a SparseTensor. Received: {sp_input!r}")
    if as_dtype(out_type) != string:
        raise fail(NotImplementedError, "Sparse tensors are serialized as texts", "out_type=tf.string", out_type)


def _messages(*parts: Any) -> np.ndarray:
    made = np.empty(len(parts), dtype=object)
    for i, part in enumerate(parts):
        made[i] = message_of(convert(part), packed=True)
    return made


def serialize_many_sparse(sp_input: SparseTensor, out_type: Any = string, name: str | None = None) -> Any:
    """Each row of a sparse tensor as three messages; a string tensor (rows, 3). See ``serialize_sparse``."""
    _check(sp_input, out_type)
    if sp_input.shape.rank < 2:
        raise InvalidArgumentError(f"Rank of input SparseTensor should be > 1, but saw rank: {sp_input.shape.rank}")
    indices, values, shape = (np.asarray(x.numpy()) for x in (sp_input.indices, sp_input.values, sp_input.dense_shape))
    rows = np.empty((int(shape[0]), 3), dtype=object)
    for i in range(int(shape[0])):
        mine = indices[:, 0] == i
        parts = (convert(indices[mine, 1:], int64), convert(values[mine], sp_input.dtype), convert(shape[1:], int64))
        rows[i] = _messages(*parts)
    return dispatch.wrap(rows)


def deserialize_many_sparse(
    serialized_sparse: Any, dtype: Any, rank: int | None = None, name: str | None = None
) -> Any:
    """The sparse tensor of the rows that ``serialize_many_sparse`` wrote; its shape is the largest of theirs.

    Raises:
        InvalidArgumentError: rows of other messages.
    """
    rows = np.asarray(dispatch.raw(serialized_sparse))
    if rows.ndim != 2 or rows.shape[1] != 3:
        raise InvalidArgumentError(f"Serialized sparse should have 3 columns but has the shape {list(rows.shape)}")
    indices, values, shapes = [], [], []
    for i, row in enumerate(rows):
        kinds = (int64, dtype, int64)
        places, own, shape = (np.asarray(parse_tensor(_scalar(x), kind).numpy()) for x, kind in zip(row, kinds))
        indices.append(np.concatenate([np.full((len(places), 1), i, np.int64), places], 1))
        values.append(own)
        shapes.append(shape)
    whole = [len(rows), *np.max(shapes, axis=0).tolist()]
    return SparseTensor(np.concatenate(indices), convert(np.concatenate(values), as_dtype(dtype)), whole)


def _scalar(text: bytes) -> Any:
    return dispatch.wrap(np.asarray(text, dtype=object))


# fingerprints ---------------------------------------------------------------------------------------------------------


def fingerprint(data: Any, method: Any = "farmhash64", name: str | None = None) -> Any:
    """FarmHash's fingerprint of each row, as 8 bytes: uint8 (rows, 8).

    Raises:
        InvalidArgumentError: another method, or ``data`` is a scalar.
    """
    tensor = convert(data)
    if (method.decode() if isinstance(method, bytes) else str(method)) != "farmhash64":
        raise InvalidArgumentError(f"Unsupported fingerprint method: {method}")
    if not tensor.shape.rank:
        raise InvalidArgumentError("Data must have at least one dimension.")
    array = np.asarray(tensor.numpy())
    hashed = [np.frombuffer(_hash(row).to_bytes(8, "little"), np.uint8) for row in array]
    return convert(np.array(hashed, np.uint8).reshape(len(array), 8))


def _hash(row: Any) -> int:
    if isinstance(row, bytes):
        return fingerprint64(row)
    if isinstance(row, np.ndarray) and row.dtype == object:
        texts = row.reshape(-1).tolist()
        return fingerprint64(b"".join(fingerprint64(text).to_bytes(8, "little") for text in texts))
    return fingerprint64(np.ascontiguousarray(row).tobytes())
