"""Tensors as TensorFlow's messages ``TensorProto``."""

from __future__ import annotations

import base64
import math
from typing import Any

import numpy as np
import torch

from kerasish.core import dispatch, wire
from kerasish.core.dtypes import DType, as_dtype, string
from kerasish.core.errors import InvalidArgumentError
from kerasish.core.storage import from_numpy, to_numpy
from kerasish.core.tensor import Tensor, convert
from kerasish.core.wire import DecodeError
from kerasish.tf.io.texts import C_NAMES, from_memory, text_array
from kerasish.tf.train.messages import Field, Message

_UNBOUNDED = 64 << 20  # bytes that a message may declare, whatever its own size
_RATIO = 1000  # times a message's size that it may declare beyond that


class Dim(Message):
    __slots__ = ()
    _name = "tensorflow.TensorShapeProto.Dim"
    _fields = {"size": Field(1, "int64"), "name": Field(2, "string")}


class TensorShapeProto(Message):
    __slots__ = ()
    _name = "tensorflow.TensorShapeProto"
    _fields = {"dim": Field(2, Dim, "repeated"), "unknown_rank": Field(3, "bool")}


class TensorProto(Message):
    """A tensor: ``tensor_content`` is its memory, or the field of its dtype has the values, the last one repeated."""

    __slots__ = ()
    _name = "tensorflow.TensorProto"
    _fields = {
        "dtype": Field(1, "int64"),
        "tensor_shape": Field(2, TensorShapeProto),
        "version_number": Field(3, "int64"),
        "tensor_content": Field(4, "bytes"),
        "float_val": Field(5, "float", "repeated"),
        "double_val": Field(6, "double", "repeated"),
        "int_val": Field(7, "int64", "repeated"),
        "string_val": Field(8, "bytes", "repeated"),
        "scomplex_val": Field(9, "float", "repeated"),
        "int64_val": Field(10, "int64", "repeated"),
        "bool_val": Field(11, "bool", "repeated"),
        "dcomplex_val": Field(12, "double", "repeated"),
        "half_val": Field(13, "int64", "repeated"),
        "uint32_val": Field(16, "int64", "repeated"),
        "uint64_val": Field(17, "int64", "repeated"),
    }


_VALUES = {
    "float32": "float_val", "float64": "double_val", "int32": "int_val", "uint8": "int_val", "int16": "int_val",
    "int8": "int_val", "uint16": "int_val", "string": "string_val", "complex64": "scomplex_val", "int64": "int64_val",
    "bool": "bool_val", "complex128": "dcomplex_val", "float16": "half_val", "bfloat16": "half_val",
    "uint32": "uint32_val", "uint64": "uint64_val",
}  # fmt: skip


def serialize_tensor(tensor: Any, name: str | None = None) -> Tensor:
    """A tensor as the bytes of a message, in a string tensor of rank 0."""
    return dispatch.wrap(np.asarray(message_of(convert(tensor)), dtype=object))


def message_of(given: Any, packed: bool = False) -> bytes:
    """The message of a tensor.

    Args:
        packed: write texts as one: all their lengths, then all their bytes.
    """
    dims = b"".join(wire.write_bytes(2, b"\x08" + wire.write_varint(size) if size else b"") for size in given.shape)
    head = b"\x08" + wire.write_varint(given.dtype.as_datatype_enum) + wire.write_bytes(2, dims)
    if given.dtype == string and packed:
        texts = given._t.reshape(-1).tolist()
        whole = wire.write_varints(map(len, texts)) + b"".join(texts)
        body = wire.write_bytes(4, whole) if texts else b""
    elif given.dtype == string:
        body = b"".join(wire.write_bytes(8, text) for text in given._t.reshape(-1).tolist())
    else:
        memory = _memory(given._t)
        body = wire.write_bytes(4, memory) if memory else b""
    return head + body


def _memory(raw: torch.Tensor) -> bytes:
    plain = raw.detach().cpu().contiguous()
    if plain.dtype is torch.bfloat16:
        plain = plain.view(torch.int16)
    return to_numpy(plain).tobytes()


def parse_tensor(serialized: Any, out_type: Any, name: str | None = None) -> Tensor:
    """The tensor whose message's bytes a string tensor of rank 0 holds.

    Raises:
        InvalidArgumentError: it holds something else, a message of another dtype, or one that declares far more values than
            it has.
    """
    text = text_array(serialized)
    if text.ndim:
        raise InvalidArgumentError(f"Expected `serialized` to be a scalar, got shape: {list(text.shape)}")
    wanted = as_dtype(out_type)
    data = text.item()
    try:
        proto = TensorProto.FromString(data)
    except DecodeError:
        shown = base64.b64encode(data[:200]).decode()
        raise InvalidArgumentError(f"Could not parse `serialized` as TensorProto, base64: {shown}") from None
    try:
        dtype = as_dtype(proto.dtype)
    except (TypeError, ValueError):
        raise InvalidArgumentError("Cannot parse tensor from proto: it has no dtype") from None
    if dtype != wanted:
        names = [C_NAMES.get(kind.name, kind.name) for kind in (dtype, wanted)]
        raise InvalidArgumentError(f"Type mismatch between parsed tensor ({names[0]}) and dtype ({names[1]})")
    return dispatch.wrap(_tensor(proto, dtype, len(data)))


def _tensor(proto: Any, dtype: DType, size: int) -> Any:
    shape = [dim.size for dim in proto.tensor_shape.dim]
    count = math.prod(shape)
    bound = max(_UNBOUNDED, _RATIO * size)
    if proto.tensor_shape.unknown_rank or any(dim < 0 for dim in shape) or count * max(dtype.size, 1) > bound:
        raise InvalidArgumentError(f"Cannot parse tensor from proto: a shape of {shape} in a message of {size} bytes")
    memory = proto.tensor_content
    if memory and dtype == string:
        return _unpacked(memory, count).reshape(shape)
    if memory:
        if len(memory) != count * dtype.size:
            raise InvalidArgumentError(
                f"Cannot parse tensor from proto: {len(memory)} bytes for a {dtype.name} tensor of shape {shape}"
            )
        return from_memory(memory, dtype).reshape(shape)
    given = getattr(proto, _VALUES[dtype.name])._items
    if dtype == string:
        texts = np.full(count, given[-1] if given else b"", dtype=object)
        texts[: len(given)] = given[:count]
        return texts.reshape(shape)
    return _repeated(_numbers(given, dtype), count, dtype).reshape(shape)


def _unpacked(memory: bytes, count: int) -> np.ndarray:
    """Texts that were written as one, see ``message_of``."""
    lengths, place = [], 0
    while len(lengths) < count and place < len(memory):
        length, place = wire.varint(memory, place, len(memory))
        lengths.append(length)
    if len(lengths) < count or place + sum(lengths) != len(memory):
        raise InvalidArgumentError(f"Cannot parse tensor from proto: {len(memory)} bytes are not {count} texts")
    texts = np.empty(count, dtype=object)
    for i, length in enumerate(lengths):
        texts[i], place = memory[place : place + length], place + length
    return texts


def _numbers(given: list, dtype: DType) -> np.ndarray:
    if dtype.is_complex:
        return np.array(given, np.float64).view(np.complex128)
    if dtype.name in ("float16", "bfloat16"):
        return np.array(given, np.int64).astype(np.uint16)
    return np.array(given, dtype=np.float64 if dtype.is_floating else np.int64)


def _repeated(values: np.ndarray, count: int, dtype: DType) -> torch.Tensor:
    """``count`` values: those given, then the last of them again."""
    out = np.zeros(count, dtype=values.dtype)
    if len(values):
        out[:] = values[-1]
        out[: len(values)] = values[:count]
    if dtype.name in ("float16", "bfloat16"):
        return torch.from_numpy(out.view(np.int16)).view(dtype.torch)
    if dtype.name == "uint64":
        return from_numpy(out.view(np.uint64))
    return from_numpy(out.astype(dtype.as_numpy_dtype))
