"""Shapes, dtypes and type specifications as messages, and back: ``as_proto``, ``experimental_as_proto`` and their kin.

The methods are put into the classes from here, since messages stand above them.
"""

from __future__ import annotations

from typing import Any

from kerasish.core import dtypes
from kerasish.core.dtypes import DType
from kerasish.core.errors import fail
from kerasish.core.shape import TensorShape
from kerasish.tf.data.elements import DatasetSpec
from kerasish.tf.data.iterators import IteratorSpec, OptionalSpec
from kerasish.tf.io.tensors import TensorShapeProto
from kerasish.tf.ragged.spec import RaggedTensorSpec
from kerasish.tf.slices import IndexedSlicesSpec
from kerasish.tf.sparse_spec import SparseTensorSpec
from kerasish.tf.spec import NoneTensorSpec, TensorSpec, TypeSpec
from kerasish.tf.tensor_array import TensorArraySpec
from kerasish.tf.train.fields import Enum, Field
from kerasish.tf.train.messages import Message

_C_NAMES = {"float16": "HALF", "float32": "FLOAT", "float64": "DOUBLE"}
DATA_TYPE = Enum(
    "tensorflow.DataType",
    {"DT_INVALID": 0}
    | {
        f"DT_{_C_NAMES.get(kind.name, kind.name.upper())}": kind.as_datatype_enum
        for kind in sorted(dtypes.BY_NAME.values(), key=lambda kind: kind.as_datatype_enum)
    },
)
_CLASSES: dict[str, tuple[int, type[TypeSpec], int | None]] = {  # number, class, tensors of a value; None: counted
    "SPARSE_TENSOR_SPEC": (1, SparseTensorSpec, 3),
    "INDEXED_SLICES_SPEC": (2, IndexedSlicesSpec, None),
    "RAGGED_TENSOR_SPEC": (3, RaggedTensorSpec, None),
    "TENSOR_ARRAY_SPEC": (4, TensorArraySpec, 1),
    "DATA_DATASET_SPEC": (5, DatasetSpec, 1),
    "DATA_ITERATOR_SPEC": (6, IteratorSpec, 1),
    "OPTIONAL_SPEC": (7, OptionalSpec, 1),
    "REGISTERED_TYPE_SPEC": (12, NoneTensorSpec, 0),
}
_SPEC_CLASS = Enum(
    "tensorflow.TypeSpecProto.TypeSpecClass",
    {"UNKNOWN": 0} | {name: number for name, (number, _, _) in _CLASSES.items()} | {"EXTENSION_TYPE_SPEC": 13},
)


class SerializedDType(Message):
    """A dtype."""

    __slots__ = ()
    _name = "tensorflow.SerializedDType"
    _fields = {"datatype": Field(1, DATA_TYPE)}


class TensorSpecProto(Message):
    """A ``tf.TensorSpec``."""

    __slots__ = ()
    _name = "tensorflow.TensorSpecProto"
    _fields = {"name": Field(1, "string"), "shape": Field(2, TensorShapeProto), "dtype": Field(3, DATA_TYPE)}


class NoneValue(Message):
    """None."""

    __slots__ = ()
    _name = "tensorflow.NoneValue"


class StructuredValue(Message):
    """A value of Python: None, a number, a text, a shape, a dtype, a specification, or lists and dictionaries of them."""

    __slots__ = ()
    _name = "tensorflow.StructuredValue"
    _fields: dict[str, Field] = {}  # below: the classes hold one another


def _of_values(name: str, label: str, number: int = 1, field: str = "values") -> type[Message]:
    parts = {field: Field(number, StructuredValue, label)}
    return type(name, (Message,), {"_fields": parts, "_name": f"tensorflow.{name}", "__slots__": ()})


ListValue, TupleValue = _of_values("ListValue", "repeated"), _of_values("TupleValue", "repeated")
DictValue = _of_values("DictValue", "map", field="fields")


class TypeSpecProto(Message):
    """Any other specification: its class and what its constructor takes."""

    __slots__ = ()
    _name = "tensorflow.TypeSpecProto"
    _fields = {
        "type_spec_class": Field(1, _SPEC_CLASS),
        "type_state": Field(2, StructuredValue),
        "type_spec_class_name": Field(3, "string"),
        "num_flat_components": Field(4, "int32"),
    }


StructuredValue._fields.update({
    "none_value": Field(1, NoneValue, "kind"),
    "float64_value": Field(11, "double", "kind"),
    "int64_value": Field(12, "int64", "kind"),
    "string_value": Field(13, "string", "kind"),
    "bool_value": Field(14, "bool", "kind"),
    "tensor_shape_value": Field(31, TensorShapeProto, "kind"),
    "tensor_dtype_value": Field(32, DATA_TYPE, "kind"),
    "tensor_spec_value": Field(33, TensorSpecProto, "kind"),
    "type_spec_value": Field(34, TypeSpecProto, "kind"),
    "list_value": Field(51, ListValue, "kind"),
    "tuple_value": Field(52, TupleValue, "kind"),
    "dict_value": Field(53, DictValue, "kind"),
})  # fmt: skip
StructuredValue._read_table()


# shapes and dtypes ----------------------------------------------------------------------------------------------------


def shape_as_proto(shape: TensorShape) -> TensorShapeProto:
    """The shape as a message; unknown sizes are -1."""
    made = TensorShapeProto(unknown_rank=shape.rank is None)
    for size in shape:
        made.dim.add(size=-1 if size is None else size)
    return made


def _dtype_as_proto(dtype: DType) -> SerializedDType:
    return SerializedDType(datatype=dtype.as_datatype_enum)


# values ---------------------------------------------------------------------------------------------------------------


def _encoded(value: Any) -> StructuredValue:
    made = StructuredValue()
    if value is None:
        made.none_value.SetInParent()
    elif isinstance(value, bool):
        made.bool_value = value
    elif isinstance(value, DType):
        made.tensor_dtype_value = value.as_datatype_enum
    elif isinstance(value, (int, float, str)):
        kind = "int64" if isinstance(value, int) else "float64" if isinstance(value, float) else "string"
        setattr(made, f"{kind}_value", value)
    elif isinstance(value, TensorShape):
        made.tensor_shape_value.CopyFrom(shape_as_proto(value))
    elif isinstance(value, TypeSpec):
        kind = "tensor" if type(value) is TensorSpec else "type"
        getattr(made, f"{kind}_spec_value").CopyFrom(value.experimental_as_proto())  # type: ignore[attr-defined]
    elif isinstance(value, dict):
        made.dict_value.SetInParent()
        for key, inner in value.items():
            made.dict_value.fields[key].CopyFrom(_encoded(inner))
    elif type(value) in (list, tuple):
        holder = getattr(made, f"{type(value).__name__}_value")
        holder.SetInParent()
        holder.values.extend(map(_encoded, value))
    else:
        raise fail(TypeError, "A part of a type specification cannot be written as a message", received=repr(value))
    return made


def _decoded(value: StructuredValue) -> Any:
    kind = value.WhichOneof("kind")
    if kind is None:
        raise ValueError("A message of a value holds none of the kinds that are known")
    found = getattr(value, kind)
    decoders: dict[str, Any] = {
        "none_value": lambda part: None,
        "tensor_shape_value": TensorShape,
        "tensor_dtype_value": dtypes.as_dtype,
        "tensor_spec_value": TensorSpec.experimental_from_proto,  # type: ignore[attr-defined]
        "type_spec_value": spec_of,
        "list_value": lambda part: list(map(_decoded, part.values)),
        "tuple_value": lambda part: tuple(map(_decoded, part.values)),
        "dict_value": lambda part: {key: _decoded(part.fields[key]) for key in part.fields},
    }
    return decoders[kind](found) if kind in decoders else found


# specifications -------------------------------------------------------------------------------------------------------


def _tensor_spec_as_proto(spec: TensorSpec) -> TensorSpecProto:
    return TensorSpecProto(name=spec.name or None, shape=shape_as_proto(spec.shape), dtype=spec.dtype.as_datatype_enum)


def _tensor_spec_of(cls: type, proto: TensorSpecProto) -> TensorSpec:
    return cls(TensorShape(proto.shape), dtypes.as_dtype(proto.dtype), proto.name or None)


def spec_as_proto(spec: TypeSpec) -> TypeSpecProto:
    """The specification as a message.

    Raises:
        ValueError: one of a class of a program's own.
    """
    found = next((name for name, (_, cls, _) in _CLASSES.items() if type(spec) is cls), None)
    if found is None:
        raise fail(ValueError, f"{type(spec).__name__} has no form as a message", f"one of {', '.join(_CLASSES)}")
    registered, count = found == "REGISTERED_TYPE_SPEC", _CLASSES[found][2]
    return TypeSpecProto(
        type_spec_class=found,
        type_state=_encoded(spec._serialize()),
        type_spec_class_name=f"tf.{type(spec).__name__}" if registered else type(spec).__name__,
        num_flat_components=len(spec.flatten()) if count is None else count,
    )


def spec_of(proto: TypeSpecProto) -> TypeSpec:
    """The specification of a message.

    Raises:
        ValueError: one of a class that has no form as a message here.
    """
    name = _SPEC_CLASS.name_of(proto.type_spec_class)
    if name not in _CLASSES:
        raise fail(ValueError, f"A message of a {proto.type_spec_class_name or name} cannot be read")
    return _CLASSES[name][1]._deserialize(_decoded(proto.type_state))


def _methods(owner: type, write: Any, read: Any, kind: type[Message]) -> None:
    own: Any = owner
    own.experimental_as_proto = lambda self: write(self)
    own.experimental_from_proto = classmethod(read)
    own.experimental_type_proto = classmethod(lambda cls: kind)
    for name, words in {
        "experimental_as_proto": "The same as a message.",
        "experimental_from_proto": "What a message is of.",
        "experimental_type_proto": "The class of its messages.",
    }.items():
        method = vars(own)[name]
        getattr(method, "__func__", method).__name__ = name
        getattr(method, "__func__", method).__qualname__ = f"{owner.__qualname__}.{name}"
        getattr(method, "__func__", method).__doc__ = words


_methods(TensorShape, shape_as_proto, lambda cls, proto: TensorShape(proto), TensorShapeProto)
_methods(DType, _dtype_as_proto, lambda cls, proto: dtypes.as_dtype(proto.datatype), SerializedDType)
_methods(TypeSpec, spec_as_proto, lambda cls, proto: spec_of(proto), TypeSpecProto)
_methods(TensorSpec, _tensor_spec_as_proto, _tensor_spec_of, TensorSpecProto)
TensorShape.as_proto = shape_as_proto  # type: ignore[attr-defined]
