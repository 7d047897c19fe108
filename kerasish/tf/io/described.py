"""``tf.io.decode_proto`` and ``tf.io.encode_proto``: fields of Protocol Buffers' messages as tensors and back.

Messages of TensorFlow's, such as ``tensorflow.Example``, are this library's; others need the package ``protobuf``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from kerasish.core import dispatch, wire
from kerasish.core.dtypes import DType, as_dtype, string
from kerasish.core.errors import DataLossError, InvalidArgumentError, NotFoundError
from kerasish.core.tensor import convert
from kerasish.tf.train.messages import Message

# Which dtypes a field of each type may be read as: the numbers are ``FieldDescriptor.TYPE_…``.
_DTYPES: dict[int, tuple[str, ...]] = {
    1: ("float64",), 2: ("float32", "float64"), 3: ("int64",), 4: ("uint64",), 5: ("int32", "int64"), 6: ("uint64",),
    7: ("uint32", "uint64"), 8: ("bool",), 9: ("string",), 10: ("string",), 11: ("string",), 12: ("string",),
    13: ("uint32", "uint64"), 14: ("int32",), 15: ("int32", "int64"), 16: ("int64",), 17: ("int32", "int64"),
    18: ("int64",),
}  # fmt: skip
_PACKED = {1: "<f8", 2: "<f4", 6: "<u8", 7: "<u4", 15: "<i4", 16: "<i8"}  # numbers of a fixed size
_MESSAGES, _TEXTS, _ZIGZAG = (10, 11), (9, 10, 11, 12), (17, 18)


class DecodeProtoV2(NamedTuple):
    """How often each field occurs, (…, fields), and the values of each, (…, largest of these)."""

    sizes: Any
    values: list


def _message_class(message_type: str, descriptor_source: Any) -> Any:
    """The class of a message: of the program's own, or of a ``FileDescriptorSet`` in a file or in bytes.

    Raises:
        ImportError: Protocol Buffers' package is not installed.
        InvalidArgumentError: there is no such message.
    """
    own = {cls._name: cls for cls in Message.__subclasses__()}
    if message_type in own and descriptor_source in ("", b"", "local://", b"local://"):
        return own[message_type]
    try:
        from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
    except ImportError:
        raise ImportError("Messages' descriptors need Protocol Buffers' package: pip install protobuf") from None
    source = descriptor_source.decode("latin-1") if isinstance(descriptor_source, bytes) else str(descriptor_source)
    pool = descriptor_pool.Default()
    if source and source != "local://":
        if source.startswith("bytes://"):
            data = (
                descriptor_source[len("bytes://") :]
                if isinstance(descriptor_source, bytes)
                else source[len("bytes://") :].encode("latin-1")
            )
        else:
            try:
                with open(source, "rb") as file:
                    data = file.read()
            except OSError as error:
                raise NotFoundError(None, None, f"{source}: {error.strerror}") from None
        pool = descriptor_pool.DescriptorPool()
        for file in descriptor_pb2.FileDescriptorSet.FromString(data).file:
            pool.Add(file)
    try:
        return message_factory.GetMessageClass(pool.FindMessageTypeByName(message_type))
    except KeyError:
        raise InvalidArgumentError(None, None, f"No descriptor found for message type {message_type}") from None


def _field(message: Any, name: str, what: str) -> Any:
    found = message.DESCRIPTOR.fields_by_name.get(name)
    if found is None:
        raise InvalidArgumentError(None, None, f"Unknown field: {name} in message type {what}")
    return found


def _check_dtype(field: Any, dtype: DType) -> None:
    if dtype.name not in _DTYPES[field.type]:
        raise InvalidArgumentError(
            None, None,
            f"Unexpected output type for {field.full_name}: {dtype.name}. Expected {' or '.join(_DTYPES[field.type])}",
        )  # fmt: skip


def _is_repeated(field: Any) -> bool:
    return field.is_repeated if hasattr(field, "is_repeated") else field.label == 3


def _values(message: Any, field: Any) -> list:
    """What a field holds, as a list: empty if it is not set and has no default that is written."""
    value = getattr(message, field.name)
    if _is_repeated(field):
        items = list(value)
    elif field.has_presence:
        items = [value] if message.HasField(field.name) else []
    else:
        items = [value] if value else []
    if field.type in _MESSAGES:
        return [item.SerializeToString() for item in items]
    return [item.encode() if isinstance(item, str) else item for item in items]


def _default(field: Any, dtype: DType) -> Any:
    """What stands where a field has fewer values than in other messages."""
    own = None if _is_repeated(field) or field.type in _MESSAGES else field.default_value
    if dtype == string:
        return own.encode() if isinstance(own, str) else own or b""
    return own or 0


def decode_proto(
    bytes: Any,  # noqa: A002 - TensorFlow's name
    message_type: str,
    field_names: Sequence[str],
    output_types: Sequence[Any],
    descriptor_source: Any = "local://",
    message_format: str = "binary",
    sanitize: bool = False,
    name: str | None = None,
) -> DecodeProtoV2:
    """Fields of messages.

    Args:
        bytes: messages, of any shape.
        message_type: their full name.
        field_names: which fields; messages in messages come as texts.
        output_types: a dtype for each.
        descriptor_source: "local://" for messages that the program imported, "bytes://" and a ``FileDescriptorSet``, or a
            file that holds one.
        message_format: "binary" or "text".
        sanitize: whether messages are brought into a normal form first, which parsing does in any case.

    Raises:
        ImportError: the package ``protobuf`` is not installed.
        InvalidArgumentError: unknown messages or fields, dtypes that do not fit.
        DataLossError: bytes that are no message.
    """
    kinds = [as_dtype(kind) for kind in output_types]
    if len(kinds) != len(field_names):
        raise InvalidArgumentError(None, None, "field_names and output_types attributes must be the same length")
    if message_format not in ("binary", "text"):
        raise InvalidArgumentError(None, None, f"format must be one of binary or text. Received: {message_format!r}")
    cls = _message_class(message_type, descriptor_source)
    fields = [_field(cls, field, message_type) for field in field_names]
    for field, kind in zip(fields, kinds):
        _check_dtype(field, kind)
    texts = np.asarray(convert(bytes, string).numpy(), dtype=object)
    found = [[_values(_parsed(cls, text, message_format), field) for field in fields] for text in texts.reshape(-1)]
    sizes = np.array([[len(values) for values in row] for row in found], np.int32).reshape(*texts.shape, len(fields))
    made = []
    for i, (field, kind) in enumerate(zip(fields, kinds)):
        longest = max((len(row[i]) for row in found), default=0)
        fill = _default(field, kind)
        whole = np.array(
            [[*row[i], *[fill] * (longest - len(row[i]))] for row in found],
            dtype=object if kind == string else kind.as_numpy_dtype,
        ).reshape(*texts.shape, longest)
        made.append(dispatch.wrap(whole) if kind == string else convert(whole, kind))
    return DecodeProtoV2(convert(sizes), made)


def _parsed(cls: Any, text: bytes, message_format: str) -> Any:
    if message_format == "binary":
        try:
            return cls.FromString(text)
        except Exception:  # DecodeError, of protobuf's or of ours
            raise DataLossError(None, None, "Unable to parse binary protobuf") from None
    from google.protobuf import text_format

    try:
        return text_format.Parse(text, cls())
    except text_format.ParseError:
        raise DataLossError(None, None, "Unable to parse text protobuf") from None


def encode_proto(
    sizes: Any,
    values: Sequence[Any],
    field_names: Sequence[str],
    message_type: str,
    descriptor_source: Any = "local://",
    name: str | None = None,
) -> Any:
    """Messages of fields' values.

    Args:
        sizes: how many values of each field count: (…, fields), int32.
        values: for each field (…, at least as many as that).
        field_names, message_type, descriptor_source: see ``decode_proto``.

    Returns:
        Texts (…).

    Raises:
        ImportError: the package ``protobuf`` is not installed.
        InvalidArgumentError: unknown messages or fields, shapes or dtypes that do not fit.
    """
    cls = _message_class(message_type, descriptor_source)
    fields = [_field(cls, field, message_type) for field in field_names]
    counts = np.asarray(convert(sizes, "int32").numpy())
    tensors = [convert(value) for value in values]
    if len(tensors) != len(fields) or counts.shape[-1:] != (len(fields),):
        raise InvalidArgumentError(
            None, None, f"Values, field names and the last axis of sizes must be as many: {len(tensors)}, {len(fields)}, "
            f"{counts.shape[-1:]}",
        )  # fmt: skip
    for field, tensor in zip(fields, tensors):
        _check_dtype(field, tensor.dtype)
        if tensor.shape.rank < 2:
            raise InvalidArgumentError(
                None, None,
                f"Invalid shape for field {field.name}. Saw shape {tensor.shape} but it should be at least a matrix.",
            )  # fmt: skip
        if tuple(tensor.shape[:-1]) != counts.shape[:-1]:
            raise InvalidArgumentError(
                None, None, f"Values must match up to the last dimension: {tensor.shape} and sizes {list(counts.shape)}"
            )
    outer = counts.shape[:-1]
    rows = [np.asarray(t.numpy()).reshape(math.prod(outer), t.shape[-1]) for t in tensors]
    made = np.empty(math.prod(outer), dtype=object)
    for i, wanted in enumerate(counts.reshape(math.prod(outer), len(fields))):
        parts = {}
        for field, row, count in zip(fields, rows, wanted.tolist()):
            if count > row.shape[1]:
                raise InvalidArgumentError(
                    None, None, f"Size to write must not be larger than value tensor; but saw: {count} > {row.shape[1]}"
                )
            parts[field.number] = _written(field, row[i, :count].tolist())
        made[i] = b"".join(parts[number] for number in sorted(parts))
    return dispatch.wrap(made.reshape(outer))


def _written(field: Any, items: list) -> bytes:
    """Values of a field on the wire, whatever they are: one after the other, or packed."""
    if field.type in _TEXTS:
        return b"".join(wire.write_bytes(field.number, item) for item in items)
    if field.type in _PACKED:
        content = [np.array([item], _PACKED[field.type]).tobytes() for item in items]
        kind = wire.FIXED64 if len(content[:1] and content[0]) == 8 else wire.FIXED32
    else:
        numbers = [(item << 1) ^ (item >> 63) if field.type in _ZIGZAG else int(item) for item in items]
        content, kind = [wire.write_varint(number) for number in numbers], wire.VARINT
    if _is_repeated(field) and field.is_packed:
        return wire.write_bytes(field.number, b"".join(content)) if items else b""
    key = wire.write_varint(field.number << 3 | kind)
    return b"".join(key + item for item in content)
